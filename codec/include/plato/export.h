/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libplato shows to the outside; everything else is hidden. */
#ifndef PLATO_EXPORT_H
#define PLATO_EXPORT_H

#if defined(_WIN32) && defined(PLATO_SHARED)
#ifdef PLATO_BUILDING
#define PLATO_API __declspec(dllexport)
#else
#define PLATO_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && defined(PLATO_SHARED)
#define PLATO_API __attribute__((visibility("default")))
#else
#define PLATO_API
#endif

#ifdef __cplusplus
#define PLATO_BEGIN extern "C" {
#define PLATO_END }
#else
#define PLATO_BEGIN
#define PLATO_END
#endif

#endif
