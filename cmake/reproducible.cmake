# SPDX-License-Identifier: GPL-2.0-or-later
# What is released is the same wherever it is built: no name of a folder gets into it. Builds for
# development keep theirs, where debuggers look for the sources.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
endif()
