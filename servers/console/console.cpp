// SPDX-License-Identifier: BSD-2-Clause
// Lines in and out.
#include <servers/console/console.hpp>

#include <sys/protocol/console.hpp>

namespace console {

namespace protocol = sys::protocol::console;

void Console::start() {
    for (unsigned i = 0; i < sys::slot::spare_reply_count; ++i)
        spare_[spare_count_++] = sys::Reply(sys::slot::spare_replies + i);
    uart_.start();
    screen_.clear();
}

void Console::raw(std::string_view bytes) {
    uart_.write(bytes);
    screen_.write(bytes);
}

void Console::print(std::string_view text) {
    while (!text.empty()) {
        const size_t end = text.find('\n');
        raw(text.substr(0, end));
        if (end == std::string_view::npos)
            return;
        raw("\r\n");
        text.remove_prefix(end + 1);
    }
}

/// A line that is being typed gives way and is shown again below.
void Console::write_lines(std::string_view text) {
    const bool is_typing = !editor_.text().empty();
    if (is_typing)
        uart_.write("\r\x1b[K");
    print(text);
    if (text.empty() || text.back() != '\n')
        print("\n");
    if (is_typing)
        uart_.write(editor_.text());
}

void Console::finish_line() {
    raw("\r\n");
    const std::string_view line = editor_.take_line();
    if (reader_count_ == 0)
        return run_command(line, *this);
    const sys::Reply reader = readers_[0];
    for (unsigned i = 1; i < reader_count_; ++i)
        readers_[i - 1] = readers_[i];
    --reader_count_;
    const auto bytes = std::span(reinterpret_cast<const uint8_t*>(line.data()), line.size());
    auto answer = sys::reply_with_payload(sys::Empty{}, bytes);
    reader.send(answer ? *answer : sys::Message::of_error(answer.error()));
    spare_[spare_count_++] = reader;
}

void Console::handle_input() {
    while (const std::optional<char> byte = uart_.read()) {
        const size_t before = editor_.text().size();
        switch (editor_.type(*byte)) {
        case LineEditor::Echo::nothing: break;
        case LineEditor::Echo::character: raw({&*byte, 1}); break;
        case LineEditor::Echo::erase: raw("\b \b"); break;
        case LineEditor::Echo::erase_all:
            for (size_t i = 0; i < before; ++i)
                raw("\b \b");
            break;
        case LineEditor::Echo::new_line: finish_line(); break;
        }
    }
}

/// The caller waits on the reply object it was received with; the next message needs another.
std::optional<sys::Message> Console::keep_reader() {
    if (spare_count_ == 0)
        return sys::Message::of_error(sys::Error(protocol::Error::too_many_readers, sys::slot::spare_reply_count));
    readers_[reader_count_++] = current_;
    current_ = spare_[--spare_count_];
    return std::nullopt;
}

std::optional<sys::Message> Console::handle(sys::Incoming& incoming) {
    return sys::Dispatch(incoming)
        .on<protocol::Write>([&](const protocol::Write&) -> sys::Result<sys::Empty> {
            static char line[protocol::Write::max_bytes];
            const std::string_view text = TRY(incoming.text<protocol::Write>());
            const std::string_view copy(line, text.copy(line, sizeof(line))); // port calls reuse the IPC buffer
            write_lines(copy);
            return sys::Empty{};
        })
        .on<protocol::ReadLine>([&](const protocol::ReadLine&) { return keep_reader(); })
        .answer();
}

void Console::serve(sys::Endpoint endpoint) {
    handle_input(); // what was typed before the interrupt was on
    sys::Received received = endpoint.receive(current_);
    for (;;) {
        std::optional<sys::Message> answer;
        if ((received.badge.value & sys::signal_badge_bit) != 0) {
            handle_input();
            static_cast<void>(interrupt_.acknowledge());
            handle_input(); // what came between: the line is edge-triggered
        } else {
            sys::Incoming incoming(received);
            answer = handle(incoming);
        }
        received = answer ? endpoint.reply_receive(*answer, current_) : endpoint.receive(current_);
    }
}

} // namespace console
