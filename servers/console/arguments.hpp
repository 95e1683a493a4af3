// SPDX-License-Identifier: BSD-2-Clause
// The words behind a command, one after the other.
#pragma once

#include <optional>
#include <string_view>
#include <sys/ipc/protocol.hpp>

namespace console {

class Arguments {
public:
    explicit Arguments(std::string_view text) : rest_(text) {}
    /// The next word; empty: there is none.
    std::string_view word();
    /// The next word as a number, with 0x in front hexadecimal; nothing if it is none, or too large.
    std::optional<sys::Word> number();

private:
    std::string_view rest_;
};

} // namespace console
