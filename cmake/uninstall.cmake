# SPDX-License-Identifier: GPL-2.0-or-later
# Removes what `cmake --install` has installed, from the list that it has left in the build folder:
#
#   cmake -DMANIFEST=build/release/install_manifest.txt -P cmake/uninstall.cmake
#
# Of folders, those that have plato or Plato in their names, and those below them, once they are
# empty. All names begin with DESTDIR, if they did when they were installed.
cmake_minimum_required(VERSION 3.18)
if(NOT MANIFEST)
  message(FATAL_ERROR "which list? -DMANIFEST=build/release/install_manifest.txt")
endif()
file(STRINGS "${MANIFEST}" files)
set(folders)
foreach(file IN LISTS files)
  string(PREPEND file "$ENV{DESTDIR}")
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    file(REMOVE "${file}")
    message(STATUS "Removed: ${file}")
  endif()
  get_filename_component(folder "${file}" DIRECTORY)
  while(folder MATCHES "/[^/]*[Pp]lato[^/]*(/|$)")
    list(APPEND folders "${folder}")
    get_filename_component(folder "${folder}" DIRECTORY)
  endwhile()
endforeach()
# the innermost first
list(REMOVE_DUPLICATES folders)
list(SORT folders ORDER DESCENDING)
foreach(folder IN LISTS folders)
  file(GLOB there LIST_DIRECTORIES true "${folder}/*" "${folder}/.[!.]*")
  if(IS_DIRECTORY "${folder}" AND NOT there)
    file(REMOVE_RECURSE "${folder}")
    message(STATUS "Removed: ${folder}")
  endif()
endforeach()
