// SPDX-License-Identifier: BSD-2-Clause
// Binary-coded decimals, twelve-hour clocks and the calendar.
#include <servers/clock/rtc.hpp>

namespace clock_service {

namespace {

constexpr uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

constexpr bool is_leap(unsigned year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

constexpr unsigned days_in(unsigned year, unsigned month) {
    return month_days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

/// 0xff, above every limit, if it is no number in this mode.
constexpr unsigned number(uint8_t raw, bool binary) {
    if (binary)
        return raw;
    const unsigned tens = raw >> 4;
    const unsigned ones = raw & 15;
    return tens > 9 || ones > 9 ? 0xff : tens * 10 + ones;
}

} // namespace

std::optional<DateTime> decode(const RtcReading& reading) {
    const bool binary = (reading.mode & binary_mode) != 0;
    const bool twelve = (reading.mode & hours_24) == 0;
    const unsigned second = number(reading.seconds, binary);
    const unsigned minute = number(reading.minutes, binary);
    unsigned hour = number(twelve ? reading.hours & ~afternoon : reading.hours, binary);
    const unsigned day = number(reading.day, binary);
    const unsigned month = number(reading.month, binary);
    const unsigned century_year = number(reading.year, binary);
    if (twelve) { // 12 am, 1 am .. 11 am, 12 pm, 1 pm .. 11 pm
        if (hour < 1 || hour > 12)
            return std::nullopt;
        hour = hour % 12 + ((reading.hours & afternoon) != 0 ? 12 : 0);
    }
    if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 || century_year > 99)
        return std::nullopt;
    const unsigned year = 2000 + century_year;
    if (day < 1 || day > days_in(year, month))
        return std::nullopt;
    return DateTime{static_cast<uint16_t>(year), static_cast<uint8_t>(month),  static_cast<uint8_t>(day),
                    static_cast<uint8_t>(hour),  static_cast<uint8_t>(minute), static_cast<uint8_t>(second)};
}

uint64_t to_unix_seconds(const DateTime& time) {
    uint64_t days = 0;
    for (unsigned year = 1970; year < time.year; ++year)
        days += is_leap(year) ? 366 : 365;
    for (unsigned month = 1; month < time.month; ++month)
        days += days_in(time.year, month);
    days += time.day - 1u;
    return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second;
}

} // namespace clock_service
