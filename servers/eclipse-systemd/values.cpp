// SPDX-License-Identifier: BSD-2-Clause
// Tables of words, and the two little number grammars.
#include <servers/eclipse-systemd/values.hpp>

namespace systemd {

namespace {

template <class T>
struct Word {
    const char* text;
    T value;
};

template <class T, size_t N>
std::optional<T> look_up(const Word<T> (&table)[N], Text text) {
    for (const auto& word : table) {
        if (text == word.text)
            return word.value;
    }
    return std::nullopt;
}

constexpr Word<bool> booleans[] = {{"yes", true}, {"true", true},   {"on", true},   {"1", true},
                                   {"no", false}, {"false", false}, {"off", false}, {"0", false}};

constexpr Word<ServiceType> types[] = {{"simple", ServiceType::simple},
                                       {"idle", ServiceType::idle},
                                       {"notify", ServiceType::notify},
                                       {"oneshot", ServiceType::oneshot},
                                       {"forking", ServiceType::forking}};

constexpr Word<RestartPolicy> policies[] = {{"no", RestartPolicy::no},
                                            {"on-success", RestartPolicy::on_success},
                                            {"on-failure", RestartPolicy::on_failure},
                                            {"on-abnormal", RestartPolicy::on_abnormal},
                                            {"on-watchdog", RestartPolicy::on_watchdog},
                                            {"on-abort", RestartPolicy::on_abort},
                                            {"always", RestartPolicy::always}};

constexpr Word<uint64_t> time_units[] = {{"", 1'000'000},     {"us", 1},          {"ms", 1000},
                                         {"s", 1'000'000},    {"sec", 1'000'000}, {"m", 60'000'000},
                                         {"min", 60'000'000}, {"h", 3600'000'000}};

/// The longest span that is not infinity: about 31 years.
constexpr uint64_t max_seconds = 1'000'000'000;

std::optional<uint64_t> hexadecimal_digit(char c) {
    if (is_digit(c))
        return static_cast<uint64_t>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<uint64_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return static_cast<uint64_t>(c - 'A' + 10);
    return std::nullopt;
}

/// `0x` and one digit or more.
std::optional<uint64_t> parse_hexadecimal(Text text, size_t most_digits) {
    if (!text.starts_with("0x"))
        return std::nullopt;
    text.remove_prefix(2);
    if (text.empty() || text.size() > most_digits)
        return std::nullopt;
    uint64_t value = 0;
    for (const char c : text) {
        const auto digit = hexadecimal_digit(c);
        if (!digit)
            return std::nullopt;
        value = value * 16 + *digit;
    }
    return value;
}

std::optional<uint16_t> parse_port(Text text) {
    const auto port = text.starts_with("0x") ? parse_hexadecimal(text, 4) : parse_number(text, 0xffff);
    return port ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || Text("-_.@:").find(c) != Text::npos;
}

} // namespace

std::optional<bool> parse_boolean(Text text) { return look_up(booleans, text); }
std::optional<ServiceType> parse_service_type(Text text) { return look_up(types, text); }
std::optional<RestartPolicy> parse_restart_policy(Text text) { return look_up(policies, text); }

const char* to_word(RestartPolicy policy) {
    for (const auto& word : policies) {
        if (word.value == policy)
            return word.text;
    }
    return "?";
}

std::optional<Duration> parse_duration(Text text) {
    if (text == "infinity")
        return Duration::infinite();
    Duration total;
    Text rest = trim(text);
    if (rest.empty())
        return std::nullopt;
    while (!rest.empty()) {
        size_t digits = 0;
        while (digits < rest.size() && is_digit(rest[digits]))
            ++digits;
        size_t end = digits;
        while (end < rest.size() && !is_blank(rest[end]) && !is_digit(rest[end]))
            ++end;
        const auto count = parse_number(rest.substr(0, digits), max_seconds);
        const auto unit = look_up(time_units, rest.substr(digits, end - digits));
        if (!count || !unit || *count > max_seconds * 1'000'000 / *unit)
            return std::nullopt;
        total.microseconds += *count * *unit;
        if (total.microseconds > max_seconds * 1'000'000)
            return std::nullopt;
        rest = trim(rest.substr(end));
    }
    return total;
}

std::optional<MemoryRange> parse_memory_range(Text text) {
    constexpr uint64_t page = 4096, most = uint64_t{1} << 47;
    const size_t dash = text.find('-');
    if (dash == Text::npos)
        return std::nullopt;
    const auto first = parse_hexadecimal(trim(text.substr(0, dash)), 12);
    const auto last = parse_hexadecimal(trim(text.substr(dash + 1)), 12);
    if (!first || !last || *first > *last || *last >= most || *first % page != 0 || (*last + 1) % page != 0)
        return std::nullopt;
    return MemoryRange{*first, *last + 1};
}

std::optional<uint32_t> parse_size(Text text, uint32_t least, uint32_t most) {
    if (text.empty() || (text.back() != 'K' && text.back() != 'M'))
        return std::nullopt;
    const uint32_t unit = text.back() == 'K' ? 1 << 10 : 1 << 20;
    text.remove_suffix(1);
    const auto count = parse_number(text, most / unit);
    if (!count || *count * unit < least)
        return std::nullopt;
    return static_cast<uint32_t>(*count * unit);
}

std::optional<IoPortRange> parse_io_ports(Text text) {
    const size_t dash = text.find('-');
    const auto first = parse_port(trim(text.substr(0, dash)));
    const auto last = dash == Text::npos ? first : parse_port(trim(text.substr(dash + 1)));
    if (!first || !last || *first > *last)
        return std::nullopt;
    return IoPortRange{*first, *last};
}

std::optional<UnitKind> unit_kind_of(Text name) {
    const size_t dot = name.rfind('.');
    if (dot == Text::npos || dot == 0 || name.size() > 128)
        return std::nullopt;
    for (const char c : name) {
        if (!is_name_character(c))
            return std::nullopt;
    }
    const Text suffix = name.substr(dot);
    if (suffix == ".service")
        return UnitKind::service;
    if (suffix == ".target")
        return UnitKind::target;
    return std::nullopt;
}

} // namespace systemd
