# SPDX-License-Identifier: GPL-2.0-or-later
# Run by CPack when the files of all packages lie in their folders, before they are packed. What
# debhelper does elsewhere: binaries stripped, pages and change logs compressed; and one time for
# all files.
set(staged ${CPACK_TEMPORARY_DIRECTORY})

if(NOT CPACK_GENERATOR STREQUAL "DEB")
  # for Debian only
  file(GLOB debian ${staged}/*/usr/share/doc/*/changelog.Debian ${staged}/*/usr/share/lintian)
  if(debian)
    file(REMOVE_RECURSE ${debian})
  endif()
endif()

set(sections --remove-section=.comment --remove-section=.note)
file(GLOB programs ${staged}/*/usr/bin/*)
foreach(program ${programs})
  file(READ ${program} magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46")
    execute_process(COMMAND strip ${sections} ${program} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
file(GLOB_RECURSE libraries ${staged}/*/usr/*.so ${staged}/*/usr/*.so.*)
foreach(library ${libraries})
  if(NOT IS_SYMLINK ${library})
    execute_process(COMMAND strip --strip-unneeded ${sections} ${library} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
file(GLOB_RECURSE archives ${staged}/*/usr/*.a)
foreach(archive ${archives})
  execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${sections} ${archive}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()

file(GLOB_RECURSE pages ${staged}/*/usr/share/man/*.[1-9]
  ${staged}/*/usr/share/doc/*/changelog ${staged}/*/usr/share/doc/*/changelog.Debian)
foreach(page ${pages})
  execute_process(COMMAND gzip -9nf ${page} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
execute_process(COMMAND find ${staged} -exec
  touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} + COMMAND_ERROR_IS_FATAL ANY)
