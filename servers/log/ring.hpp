// SPDX-License-Identifier: BSD-2-Clause
// Ring: the latest log records. Numbers count from 1 and are never used again, so that a reader sees what it missed.
#pragma once

#include <optional>
#include <string_view>
#include <sys/protocol/log.hpp>

namespace log_service {

using sys::Word;
using Priority = sys::protocol::log::Priority;

struct Record {
    Word number = 0;
    Priority priority = Priority::informational;
    Word sender = 0;
    Word uptime = 0; ///< microseconds
    std::string_view text;
};

class Ring {
public:
    static constexpr size_t capacity = 256;

    /// Keeps a record, in place of the oldest one if there is no room; returns its number. Longer text is cut, at a
    /// boundary between two UTF-8 characters.
    Word add(Priority priority, Word sender, Word uptime, std::string_view text);
    /// The first record kept with a number of at least `from`.
    std::optional<Record> at_or_after(Word from) const;
    /// The number that the next record gets.
    Word next_number() const { return added_ + 1; }

private:
    struct Place {
        Word number = 0;
        Word sender = 0;
        Word uptime = 0;
        Priority priority{};
        uint16_t size = 0;
        char text[sys::protocol::log::max_text] = {};
    };
    Place places_[capacity] = {};
    Word added_ = 0; ///< all zero at the start: a ring takes no room in the program file
};

/// A line of text: not empty, no control characters.
bool is_line(std::string_view text);

const char* describe(Priority priority);

} // namespace log_service
