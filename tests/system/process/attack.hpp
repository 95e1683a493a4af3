// SPDX-License-Identifier: BSD-2-Clause
// Messages that no server expects: wrong labels, lengths, words and capabilities, the same ones for the same seed.
#pragma once

#include <sys/cap/endpoint.hpp>
#include <sys/ipc/protocol.hpp>
#include <sys/proc/slots.hpp>

namespace attack {

using sys::Word;

class Messages {
public:
    /// `harmless(label)`: what would end the attacker, or never be answered, is left out.
    Messages(sys::Protocol protocol, bool (*harmless)(Word label), Word seed)
        : protocol_(protocol), harmless_(harmless), state_(seed) {}

    /// The next one; its further words and its capabilities are in the IPC buffer.
    sys::Message next() {
        Word label = any_label();
        while (!harmless_(label))
            label = any_label();
        abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
        const auto length = static_cast<unsigned>(random() % (abi::max_message_words + 1));
        const auto capabilities = static_cast<unsigned>(random() % (abi::max_extra_caps + 1));
        for (unsigned i = 0; i < length; ++i)
            buffer.message[i] = any_word();
        for (unsigned i = 0; i < capabilities; ++i)
            buffer.caps_or_badges[i] = any_slot();
        return {abi::MessageInfo(label, length, capabilities), any_word(), any_word(), any_word(), any_word()};
    }

private:
    Word random() { // splitmix64
        state_ += 0x9e37'79b9'7f4a'7c15;
        Word z = state_;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    Word any_label() {
        constexpr Word label_bits = 52, operations = 24;
        switch (random() % 4) {
        case 0: return random() % 64; // faults, methods of the kernel, and none
        case 1: return random() >> (64 - label_bits);
        default: return sys::request_label(protocol_, static_cast<uint16_t>(random() % operations));
        }
    }
    Word any_word() {
        constexpr Word special[] = {
            0, 1, 2, 0xfff, 4096, 904, 905, ~Word{0}, ~Word{0xfff}, Word{1} << 62, Word{1} << 63};
        const Word choice = random() % 16;
        return choice < sizeof(special) / sizeof(special[0]) ? special[choice] : random() >> random() % 64;
    }
    Word any_slot() { // one that leads nowhere would be the attacker's own fault
        constexpr Word slots[] = {sys::slot::null, sys::slot::endpoint, sys::slot::notification, sys::slot::cnode,
                                  sys::slot::console};
        return slots[random() % (sizeof(slots) / sizeof(slots[0]))];
    }

    sys::Protocol protocol_;
    bool (*harmless_)(Word);
    Word state_;
};

} // namespace attack
