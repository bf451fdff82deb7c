# SPDX-License-Identifier: GPL-2.0-or-later
# Warnings are errors. plato_warnings(TARGET [STRICT]) turns them on for our own code;
# STRICT (codec, stream, analysis) adds the conversions, which the headers of epan and libevent do not bear.
function(plato_warnings target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror)
  if("STRICT" IN_LIST ARGN)
    target_compile_options(${target} PRIVATE -Wconversion -Wsign-conversion -pedantic)
  endif()
endfunction()
