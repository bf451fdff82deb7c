# SPDX-License-Identifier: GPL-2.0-or-later
# Warnings are errors. plato_warnings(TARGET [STRICT]) turns them on for our own code; STRICT adds
# conversions and what is not ISO C. Without it: programs on libevent and sockets, whose macros
# convert implicitly, and tests.
function(plato_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror)
  if("STRICT" IN_LIST ARGN)
    target_compile_options(${target} PRIVATE -Wconversion -Wsign-conversion -pedantic)
  endif()
endfunction()
