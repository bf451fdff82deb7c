# SPDX-License-Identifier: GPL-2.0-or-later
# With PLATO_SANITIZE everything is built with ASan and UBSan, and every finding ends the program.
if(PLATO_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# For what has threads: the server.
if(PLATO_THREAD_SANITIZER)
  if(PLATO_SANITIZE)
    message(FATAL_ERROR "PLATO_SANITIZE and PLATO_THREAD_SANITIZER exclude each other")
  endif()
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
