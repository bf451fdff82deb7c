# SPDX-License-Identifier: GPL-2.0-or-later
# plato_program_help(PROGRAM COMPONENT): installs what comes with a program, where it is there: its
# manual page, docs/man/PROGRAM.N, and its completion for bash, tools/completion/PROGRAM.
function(plato_program_help program component)
  file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/${program}.[1-9])
  foreach(page ${pages})
    string(REGEX REPLACE ".*\\." "" section ${page})
    install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} COMPONENT ${component})
  endforeach()
  file(GLOB completion CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tools/completion/${program})
  if(completion)
    install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
      COMPONENT ${component})
  endif()
endfunction()
