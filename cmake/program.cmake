# SPDX-License-Identifier: GPL-2.0-or-later
# plato_program_help(PROGRAM COMPONENT): installs what comes with a program: its manual page,
# docs/man/PROGRAM.1, and the completion for bash, which is one file for all, under the program's name.
function(plato_program_help program component)
  install(FILES ${PROJECT_SOURCE_DIR}/docs/man/${program}.1
    DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT ${component})
  install(FILES ${PROJECT_SOURCE_DIR}/tools/completion/plato.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME ${program} COMPONENT ${component})
endfunction()
