# SPDX-License-Identifier: GPL-2.0-or-later
# Run by the targets install-user and uninstall-user: plugins and profile into, or out of, the folders
# of whoever runs them.
#
#   cmake -DDO=install|uninstall -DEPAN=FOLDER -DPROFILES=FOLDER -DPLUGINS=FILE;... -DPROFILE=FOLDER -P install-user.cmake
#
# The first part of EPAN and PROFILES is the name of an environment variable, as cmake/wireshark.cmake
# writes them.
function(in_environment folder result)
  string(REGEX MATCH "^([A-Z]+)/(.*)$" matched "${folder}")
  set(top "$ENV{${CMAKE_MATCH_1}}")
  if(top STREQUAL "")
    message(FATAL_ERROR "The environment variable ${CMAKE_MATCH_1} is not set")
  endif()
  file(TO_CMAKE_PATH "${top}" top)
  set(${result} "${top}/${CMAKE_MATCH_2}" PARENT_SCOPE)
endfunction()

in_environment("${EPAN}" epan)
if(PROFILES MATCHES "^HOME/[.]config/(.*)$" AND NOT "$ENV{XDG_CONFIG_HOME}" STREQUAL "")
  set(profiles "$ENV{XDG_CONFIG_HOME}/${CMAKE_MATCH_1}")
else()
  in_environment("${PROFILES}" profiles)
endif()
get_filename_component(name "${PROFILE}" NAME)

if(DO STREQUAL "install")
  file(COPY ${PLUGINS} DESTINATION "${epan}")
  file(COPY "${PROFILE}" DESTINATION "${profiles}")
  message(STATUS "Installed in ${epan}, and the profile ${name} in ${profiles}")
else()
  foreach(plugin IN LISTS PLUGINS)
    get_filename_component(plugin "${plugin}" NAME)
    file(REMOVE "${epan}/${plugin}")
  endforeach()
  file(REMOVE_RECURSE "${profiles}/${name}")
  message(STATUS "Removed from ${epan} and ${profiles}")
endif()
