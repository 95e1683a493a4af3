// SPDX-License-Identifier: BSD-2-Clause
// Compression of a page: copies of what came before (LZ77), byte-aligned so that it is quick to read.
//
// A block is a row of sequences. A sequence begins with a token: its upper four bits are the number of literal bytes, its lower
// four the length of the copy less 4. 15 in either means that further bytes add to it, up to and including the first below 255.
// The row is: token, more of the number of literals, the literals, distance (2 bytes, the lower first; 1 = the byte before), more
// of the length. The last sequence ends with its literals: the page is full then.
#pragma once

#include <span>
#include <stddef.h>
#include <stdint.h>

namespace sys {

/// How many bytes of `block` the page takes; 0 if it has no room for them. Pages have at most 64 KiB.
size_t compress(std::span<const uint8_t> page, std::span<uint8_t> block);
/// Fills the page. False if the block is none that `compress` made of a page of this size; the page is then anything.
bool decompress(std::span<const uint8_t> block, std::span<uint8_t> page);

} // namespace sys
