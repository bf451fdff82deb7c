# SPDX-License-Identifier: GPL-2.0-or-later
# plato_linker_option(TARGET OPTION): for the linker, where it knows that option. Apple's does not
# know all that GNU's does.
include(CheckLinkerFlag)
function(plato_linker_option target option)
  string(MAKE_C_IDENTIFIER "PLATO_LINKER_${option}" known)
  check_linker_flag(C "LINKER:${option}" ${known})
  if(${known})
    target_link_options(${target} PRIVATE "LINKER:${option}")
  endif()
endfunction()
