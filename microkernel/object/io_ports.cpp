// SPDX-License-Identifier: BSD-2-Clause
#include <lib/count.hpp>
#include <object/io_ports.hpp>

namespace kernel {
namespace {

/// Calls `visit(word, mask)` for the words of the map that hold ports first..last, with the bits that are theirs.
template <class Visitor>
void for_each_word(uint16_t first, uint16_t last, Visitor visit) {
    for (unsigned word = first / 64u; word <= last / 64u; word++) {
        const uint64_t from_first = word == first / 64u ? ~ones(first % 64) : ~uint64_t{0};
        const uint64_t to_last = word == last / 64u ? ones(last % 64 + 1) : ~uint64_t{0};
        visit(kernel_state.issued_ports[word], from_first & to_last);
        if (word % 128 == 127)
            let_interrupts_in();
    }
}

} // namespace

bool any_port_issued(uint16_t first, uint16_t last) {
    uint64_t issued = 0;
    for_each_word(first, last, [&](uint64_t word, uint64_t mask) { issued |= word & mask; });
    return issued != 0;
}

void issue_ports(uint16_t first, uint16_t last) {
    for_each_word(first, last, [](uint64_t& word, uint64_t mask) { word |= mask; });
}

void free_ports(uint16_t first, uint16_t last) {
    for_each_word(first, last, [](uint64_t& word, uint64_t mask) { word &= ~mask; });
}

} // namespace kernel
