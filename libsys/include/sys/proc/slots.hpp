// SPDX-License-Identifier: BSD-2-Clause
// Where every process finds the capabilities it was started with: fixed slots of its own CNode.
#pragma once

#include <abi/types.hpp>

namespace sys::slot {

using abi::Word;

inline constexpr Word null = 0;
inline constexpr Word process_service = 1; ///< endpoint of init, badge = process number
inline constexpr Word pager = 2;           ///< endpoint of the pager, badge = client number
inline constexpr Word console = 3;         ///< endpoint of the console server, badge = process number
inline constexpr Word service_manager = 4; ///< endpoint, badge given by the parent; may be empty
inline constexpr Word reply = 5;           ///< a reply object to receive with
inline constexpr Word notification = 6;    ///< the process's own notification, all rights
inline constexpr Word endpoint = 7;        ///< the process's own endpoint, to serve on, all rights
inline constexpr Word cnode = 8;           ///< the process's own CNode
inline constexpr Word irq_handler = 9;     ///< if granted
inline constexpr Word io_ports = 10;       ///< a port range, if granted
inline constexpr Word spare_replies = 12; ///< four more reply objects, for servers that let callers wait
inline constexpr unsigned spare_reply_count = 4;
inline constexpr Word first_free = 16;     ///< from here on: the program's own, by number
inline constexpr Word first_allocated = 64; ///< from here on: those of own_space() (sys/proc/objects.hpp)

/// log2 of the slots that a process's CNode has.
inline constexpr unsigned cnode_bits = 8;
/// log2 of the CNodes of that size that a process may have once it has asked for more (process::WidenCSpace).
inline constexpr unsigned wide_bits = 7;

static_assert(spare_replies + spare_reply_count <= first_free && first_free < first_allocated &&
              first_allocated < Word{1} << cnode_bits);

} // namespace sys::slot
