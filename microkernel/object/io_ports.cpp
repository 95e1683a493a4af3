// SPDX-License-Identifier: BSD-2-Clause
#include <object/io_ports.hpp>
#include <system.hpp>

namespace kernel {
namespace {

/// Bits of word `word` of the map that belong to ports first..last.
uint64_t mask_in_word(unsigned word, uint16_t first, uint16_t last) {
    uint64_t mask = ~uint64_t{0};
    if (word == first / 64u)
        mask &= ~ones(first % 64);
    if (word == last / 64u)
        mask &= ones(last % 64 + 1);
    return mask;
}

} // namespace

bool any_port_issued(uint16_t first, uint16_t last) {
    for (unsigned word = first / 64u; word <= last / 64u; word++) {
        if (kernel_state.issued_ports[word] & mask_in_word(word, first, last))
            return true;
    }
    return false;
}

void issue_ports(uint16_t first, uint16_t last) {
    for (unsigned word = first / 64u; word <= last / 64u; word++)
        kernel_state.issued_ports[word] |= mask_in_word(word, first, last);
}

void free_ports(uint16_t first, uint16_t last) {
    for (unsigned word = first / 64u; word <= last / 64u; word++)
        kernel_state.issued_ports[word] &= ~mask_in_word(word, first, last);
}

} // namespace kernel
