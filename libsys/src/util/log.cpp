// SPDX-License-Identifier: BSD-2-Clause
// Where log lines go.
#include <sys/raw/syscall.hpp>
#include <sys/util/log.hpp>

namespace sys {

namespace {

LogSink log_sink = log_to_kernel;

void put_char(char character) {
    raw::Registers registers;
    registers.target = static_cast<uint8_t>(character);
    raw::enter(abi::Syscall::debug_put_char, registers);
}

} // namespace

void set_log_sink(LogSink sink) { log_sink = sink; }

void log_to_kernel(std::string_view line) {
    for (const char character : line)
        put_char(character);
    put_char('\n');
}

void log_line(std::string_view line) { log_sink(line); }

} // namespace sys
