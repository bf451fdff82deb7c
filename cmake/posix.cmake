# SPDX-License-Identifier: GPL-2.0-or-later
# plato_posix(TARGET): this target uses POSIX, beyond C11: files, sockets, clocks, signals.
function(plato_posix target)
  target_compile_definitions(${target} PRIVATE _DEFAULT_SOURCE)
endfunction()
