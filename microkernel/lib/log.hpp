// SPDX-License-Identifier: BSD-2-Clause
// The kernel's log: whole lines on the serial port (arch/x86_64/io/serial.cpp). Once user space has a console it owns
// COM1; the kernel then writes only DebugPutChar and panics. Host tests collect the log (tests/host/support).
#pragma once

#include <lib/text.hpp>
#include <mem/address.hpp>

#include <concepts>
#include <initializer_list>

namespace kernel {

/// Readies the port.
void start_log();

/// Writes characters as they are, without a line end.
void log_text(Text text);

/// A value to be printed, whatever its type.
struct LogValue {
    template <std::unsigned_integral T>
    constexpr LogValue(T value) : number(value) {}
    constexpr LogValue(Text value) : text(value), kind(Kind::text) {}
    constexpr LogValue(const char* value) : text(value), kind(Kind::text) {}
    constexpr LogValue(PhysAddr value) : number(value.raw()), kind(Kind::address) {}
    constexpr LogValue(VirtAddr value) : number(value.raw()), kind(Kind::address) {}

    uint64_t number = 0;
    Text text;
    enum class Kind : uint8_t { number, text, address } kind = Kind::number;
};

void log_line(Text text, std::initializer_list<LogValue> values);

/// One line, with values in it: `{}` a value as it is (integers in decimal), `{x}` an integer as 0x1f. A placeholder
/// without a value is printed as it stands.
template <class... Values>
void log(Text text, const Values&... values) {
    log_line(text, {LogValue(values)...});
}

} // namespace kernel
