# SPDX-License-Identifier: GPL-2.0-or-later
# With PLATO_SANITIZE everything is built with ASan and UBSan, and every finding ends the program.
if(PLATO_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
