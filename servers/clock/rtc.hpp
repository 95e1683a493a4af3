// SPDX-License-Identifier: BSD-2-Clause
// The MC146818 real-time clock and its descendants in every PC: registers behind ports 0x70 (index) and 0x71 (data).
// Data sheet: Motorola MC146818, "Address Map", "Registers". Pure: the ports come in as a template parameter.
#pragma once

#include <optional>
#include <stdint.h>

namespace clock_service {

enum class RtcRegister : uint8_t {
    seconds = 0x00,
    minutes = 0x02,
    hours = 0x04,
    day = 0x07,
    month = 0x08,
    year = 0x09,
    a = 0x0a,
    b = 0x0b,
    c = 0x0c,
};

inline constexpr uint16_t rtc_first_port = 0x70;
inline constexpr uint16_t rtc_last_port = 0x71;
inline constexpr uint8_t rtc_pin = 8; ///< of the I/O APIC

inline constexpr uint8_t update_in_progress = 0x80; ///< register A
inline constexpr uint8_t set_mode = 0x80;           ///< register B: updates are stopped
inline constexpr uint8_t periodic_enable = 0x40;
inline constexpr uint8_t alarm_enable = 0x20;
inline constexpr uint8_t update_enable = 0x10; ///< an interrupt after each update, once a second
inline constexpr uint8_t binary_mode = 0x04;
inline constexpr uint8_t hours_24 = 0x02;
inline constexpr uint8_t afternoon = 0x80; ///< in the hours register, where it counts to 12

/// What the clock's registers hold, undecoded.
struct RtcReading {
    uint8_t seconds = 0;
    uint8_t minutes = 0;
    uint8_t hours = 0;
    uint8_t day = 0;
    uint8_t month = 0;
    uint8_t year = 0;
    uint8_t mode = 0; ///< register B
    constexpr bool operator==(const RtcReading&) const = default;
};

struct DateTime {
    uint16_t year = 0;
    uint8_t month = 0; ///< 1..12
    uint8_t day = 0;   ///< 1..31
    uint8_t hour = 0;
    uint8_t minute = 0;
    uint8_t second = 0;
    constexpr bool operator==(const DateTime&) const = default;
};

/// Two-digit years are 2000 to 2099. Nothing if a register holds what is no time.
std::optional<DateTime> decode(const RtcReading& reading);

/// Seconds since 1970-01-01 00:00:00.
uint64_t to_unix_seconds(const DateTime& time);

/// The clock through its two ports; `Ports` has `uint8_t in(uint16_t port)` and `void out(uint16_t port, uint8_t value)`.
template <class Ports>
class Rtc {
public:
    explicit Rtc(Ports& ports) : ports_(ports) {}

    /// The time of day; nothing if the clock never settles (there is none) or holds no time.
    std::optional<DateTime> now() {
        constexpr int patience = 1000;
        for (int i = 0; i < patience; ++i) {
            // An update may begin between two reads: only two equal readings are one.
            if ((read(RtcRegister::a) & update_in_progress) != 0)
                continue;
            const RtcReading first = read_all();
            if ((read(RtcRegister::a) & update_in_progress) != 0)
                continue;
            if (read_all() == first)
                return decode(first);
        }
        return std::nullopt;
    }

    /// Interrupts once a second, after each update, and no others.
    void enable_update_interrupts() {
        const uint8_t mode = read(RtcRegister::b);
        write(RtcRegister::b,
              static_cast<uint8_t>((mode & ~(set_mode | periodic_enable | alarm_enable)) | update_enable));
        take_interrupt();
    }
    /// Why the clock has interrupted (bits of register C); it does so again only after this was read.
    uint8_t take_interrupt() { return read(RtcRegister::c); }

private:
    uint8_t read(RtcRegister which) {
        ports_.out(rtc_first_port, static_cast<uint8_t>(which));
        return ports_.in(rtc_last_port);
    }
    void write(RtcRegister which, uint8_t value) {
        ports_.out(rtc_first_port, static_cast<uint8_t>(which));
        ports_.out(rtc_last_port, value);
    }
    RtcReading read_all() {
        return {read(RtcRegister::seconds), read(RtcRegister::minutes), read(RtcRegister::hours),
                read(RtcRegister::day),     read(RtcRegister::month),   read(RtcRegister::year),
                read(RtcRegister::b)};
    }

    Ports& ports_;
};

} // namespace clock_service
