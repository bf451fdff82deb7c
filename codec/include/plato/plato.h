/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libplato: bytes <-> frames of the Plato instant-messaging protocol.
 *
 * In the order in which they are worth reading:
 *
 *   plato/frame.h      frames, limits, lengths: pure functions
 *   plato/crc.h        the checksum and its variants
 *   plato/decoder.h    the incremental decoder
 *   plato/head.h       variable headers as structs
 *   plato/wire.h       the protobuf wire reader
 *   plato/resync.h     finding frames in damaged streams
 *   plato/json.h       whether bytes are JSON
 *   plato/ports.h      default ports and protocol names
 *   plato/command.h    what the small protocols beside it share
 *   plato/textcmd.h    the text command protocol
 *   plato/bincmd.h     the binary command protocol
 *   plato/error.h      error codes
 *   plato/allocator.h  giving it your memory
 *   plato/version.h    version of the library
 *
 * Not included here, because they need protobuf-c's headers:
 *
 *   plato/arena.h              a capped allocator for unpacking
 *   plato/schema/plato.pb-c.h  the messages as protobuf-c compiles them
 */
#ifndef PLATO_PLATO_H
#define PLATO_PLATO_H

#include "plato/allocator.h"
#include "plato/bincmd.h"
#include "plato/command.h"
#include "plato/crc.h"
#include "plato/decoder.h"
#include "plato/error.h"
#include "plato/frame.h"
#include "plato/head.h"
#include "plato/json.h"
#include "plato/ports.h"
#include "plato/resync.h"
#include "plato/textcmd.h"
#include "plato/version.h"
#include "plato/wire.h"

#endif
