// SPDX-License-Identifier: BSD-2-Clause
// The console: whole lines out to serial port and screen, typed lines to whoever reads, else to the built-in commands.
#pragma once

#include <servers/console/commands.hpp>
#include <servers/console/line_editor.hpp>
#include <servers/console/text_screen.hpp>
#include <servers/console/uart.hpp>
#include <sys/driver/interrupt.hpp>
#include <sys/server/replies.hpp>

namespace console {

class Console : public Output {
public:
    Console(Uart uart, TextScreen screen, sys::Interrupt interrupt);

    void start();
    sys::Result<void> connect_interrupt() const { return interrupt_.connect(); }
    [[noreturn]] void serve(sys::Endpoint endpoint);
    void print(std::string_view text) override;

private:
    void handle_input();
    void finish_line();
    void write_lines(std::string_view text);
    void raw(std::string_view bytes);
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    std::optional<sys::Message> keep_reader(sys::Badge caller);
    void forget_gone_readers();

    Uart uart_;
    TextScreen screen_;
    sys::Interrupt interrupt_;
    LineEditor editor_;
    sys::Replies replies_;
    sys::PendingReply readers_[sys::Replies::capacity]; ///< callers of ReadLine, oldest first
    unsigned reader_count_ = 0;
};

} // namespace console
