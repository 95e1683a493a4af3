// SPDX-License-Identifier: BSD-2-Clause
// Record n lies in place n mod capacity.
#include <servers/log/ring.hpp>

namespace log_service {

namespace {

constexpr size_t max_text = sys::protocol::log::max_text;

/// At most max_text bytes, without half a character at the end (a UTF-8 continuation byte is 10xxxxxx).
std::string_view cut(std::string_view text) {
    if (text.size() <= max_text)
        return text;
    size_t size = max_text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
        --size;
    return text.substr(0, size);
}

} // namespace

Word Ring::add(Priority priority, Word sender, Word uptime, std::string_view text) {
    const std::string_view kept = cut(text);
    const Word number = ++added_;
    Place& place = places_[number % capacity];
    place.number = number;
    place.sender = sender;
    place.uptime = uptime;
    place.priority = priority;
    place.size = static_cast<uint16_t>(kept.copy(place.text, max_text));
    return number;
}

std::optional<Record> Ring::at_or_after(Word from) const {
    const Word oldest = added_ > capacity ? added_ - capacity + 1 : 1;
    const Word number = from > oldest ? from : oldest;
    if (number > added_)
        return std::nullopt;
    const Place& place = places_[number % capacity];
    return Record{place.number, place.priority, place.sender, place.uptime, {place.text, place.size}};
}

bool is_line(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return !text.empty();
}

const char* describe(Priority priority) {
    switch (priority) {
    case Priority::emergency: return "emerg";
    case Priority::alert: return "alert";
    case Priority::critical: return "crit";
    case Priority::error: return "err";
    case Priority::warning: return "warning";
    case Priority::notice: return "notice";
    case Priority::informational: return "info";
    case Priority::debug: return "debug";
    case Priority::count: break;
    }
    return "?";
}

} // namespace log_service
