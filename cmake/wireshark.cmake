# SPDX-License-Identifier: GPL-2.0-or-later
# plato_wireshark_folders(SYSTEM PREFIX PLUGINS): where Wireshark looks for plugins and profiles, for
# SYSTEM (CMAKE_SYSTEM_NAME), from what Wireshark's own CMake file says of its prefix and its folder
# of plugins. Sets
#
#   WIRESHARK_EPAN           folder of dissectors, for everybody
#   WIRESHARK_PROFILES       folder of profiles, for everybody
#   WIRESHARK_VERSION_NAME   the folder of this version: 4.6; in the application for macOS 4-6
#   WIRESHARK_USER_EPAN      folder of dissectors, for one user; begins with an environment variable's
#                            name: HOME/.local/...
#   WIRESHARK_USER_PROFILES  the same for profiles
function(plato_wireshark_folders system prefix plugins)
  get_filename_component(version "${plugins}" NAME)
  set(profiles "${prefix}/share/wireshark/profiles")
  set(user_plugins HOME/.local/lib/wireshark/plugins)
  set(user_profiles HOME/.config/wireshark/profiles)
  if(system STREQUAL "Windows")
    set(profiles "${prefix}/profiles")
    set(user_plugins APPDATA/Wireshark/plugins)
    set(user_profiles APPDATA/Wireshark/profiles)
  elseif(plugins MATCHES "^(.*\\.app/Contents)/PlugIns/")
    set(profiles "${CMAKE_MATCH_1}/Resources/share/wireshark/profiles")
  endif()
  set(WIRESHARK_EPAN "${plugins}/epan" PARENT_SCOPE)
  set(WIRESHARK_PROFILES "${profiles}" PARENT_SCOPE)
  set(WIRESHARK_VERSION_NAME "${version}" PARENT_SCOPE)
  set(WIRESHARK_USER_EPAN "${user_plugins}/${version}/epan" PARENT_SCOPE)
  set(WIRESHARK_USER_PROFILES "${user_profiles}" PARENT_SCOPE)
endfunction()
