# SPDX-License-Identifier: GPL-2.0-or-later
# Run by `cmake -P`: the folders of Wireshark as cmake/wireshark.cmake names them for three systems, and
# what install-user and uninstall-user do in them.
cmake_minimum_required(VERSION 3.25)
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
include(${root}/cmake/wireshark.cmake)

function(expect name got wanted)
  if(NOT got STREQUAL wanted)
    message(SEND_ERROR "${name}: wanted ${wanted}, got ${got}")
  endif()
endfunction()
# names SYSTEM PREFIX PLUGINS, then what is wanted
function(names system prefix plugins version profiles user_epan user_profiles)
  plato_wireshark_folders(${system} "${prefix}" "${plugins}")
  expect("${plugins}: dissectors" "${WIRESHARK_EPAN}" "${plugins}/epan")
  expect("${plugins}: version" "${WIRESHARK_VERSION_NAME}" "${version}")
  expect("${plugins}: profiles" "${WIRESHARK_PROFILES}" "${profiles}")
  expect("${plugins}: a user's dissectors" "${WIRESHARK_USER_EPAN}" "${user_epan}")
  expect("${plugins}: a user's profiles" "${WIRESHARK_USER_PROFILES}" "${user_profiles}")
endfunction()

names(Linux /usr /usr/lib/x86_64-linux-gnu/wireshark/plugins/4.0
  4.0 /usr/share/wireshark/profiles
  HOME/.local/lib/wireshark/plugins/4.0/epan HOME/.config/wireshark/profiles)
names(Darwin /opt/homebrew /opt/homebrew/lib/wireshark/plugins/4.6
  4.6 /opt/homebrew/share/wireshark/profiles
  HOME/.local/lib/wireshark/plugins/4.6/epan HOME/.config/wireshark/profiles)
names(Darwin /Applications/Wireshark.app/Contents
  /Applications/Wireshark.app/Contents/PlugIns/wireshark/4-6
  4-6 /Applications/Wireshark.app/Contents/Resources/share/wireshark/profiles
  HOME/.local/lib/wireshark/plugins/4-6/epan HOME/.config/wireshark/profiles)
names(Windows "C:/Program Files/Wireshark" "C:/Program Files/Wireshark/plugins/4.6"
  4.6 "C:/Program Files/Wireshark/profiles"
  APPDATA/Wireshark/plugins/4.6/epan APPDATA/Wireshark/profiles)

# ---- install-user, uninstall-user ----

set(work "$ENV{TMPDIR}")
if(work STREQUAL "")
  set(work /tmp)
endif()
string(RANDOM LENGTH 12 name)
set(work "${work}/plato folders ${name}")
set(plugins "${work}/build/plato.so;${work}/build/platocheck.so")
foreach(plugin IN LISTS plugins)
  file(WRITE "${plugin}" "a plugin")
endforeach()

function(user do)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env --unset=XDG_CONFIG_HOME --unset=HOME ${ARGN}
    ${CMAKE_COMMAND} -DDO=${do} "-DEPAN=${WIRESHARK_USER_EPAN}" "-DPROFILES=${WIRESHARK_USER_PROFILES}"
    "-DPLUGINS=${plugins}" "-DPROFILE=${root}/plugin/profile/Plato" -P ${root}/cmake/install-user.cmake
    RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  set(code "${code}" PARENT_SCOPE)
  set(said "${said}" PARENT_SCOPE)
endfunction()
function(round name epan profiles) # then the environment
  user(install ${ARGN})
  expect("${name}: install-user" "${code}" 0)
  foreach(file "${epan}/plato.so" "${epan}/platocheck.so" "${profiles}/Plato/preferences")
    if(NOT EXISTS "${file}")
      message(SEND_ERROR "${name}: ${file} is not there. ${said}")
    endif()
  endforeach()
  file(WRITE "${epan}/other.so" "somebody else's")
  file(WRITE "${profiles}/Other/preferences" "# somebody else's\n")
  user(uninstall ${ARGN})
  expect("${name}: uninstall-user" "${code}" 0)
  file(GLOB_RECURSE left RELATIVE "${work}" "${epan}/*" "${profiles}/*")
  file(RELATIVE_PATH other "${work}" "${epan}/other.so")
  file(RELATIVE_PATH other_profile "${work}" "${profiles}/Other/preferences")
  list(SORT left)
  set(wanted "${other}" "${other_profile}")
  list(SORT wanted)
  expect("${name}: what others have stays" "${left}" "${wanted}")
endfunction()

plato_wireshark_folders(Linux /usr /usr/lib/wireshark/plugins/4.0)
round("a home" "${work}/home/.local/lib/wireshark/plugins/4.0/epan" "${work}/home/.config/wireshark/profiles"
  "HOME=${work}/home")
round("XDG_CONFIG_HOME" "${work}/second/.local/lib/wireshark/plugins/4.0/epan" "${work}/settings/wireshark/profiles"
  "HOME=${work}/second" "XDG_CONFIG_HOME=${work}/settings")
user(install)
if(code EQUAL 0 OR NOT said MATCHES "HOME is not set")
  message(SEND_ERROR "without a home: got ${code} and ${said}")
endif()
plato_wireshark_folders(Windows C:/Wireshark C:/Wireshark/plugins/4.6)
round("APPDATA" "${work}/roaming/Wireshark/plugins/4.6/epan" "${work}/roaming/Wireshark/profiles"
  "APPDATA=${work}/roaming" "XDG_CONFIG_HOME=${work}/settings")
file(REMOVE_RECURSE "${work}")
