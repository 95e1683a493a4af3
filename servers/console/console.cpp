// SPDX-License-Identifier: BSD-2-Clause
// Lines in and out.
#include <servers/console/console.hpp>

#include <sys/protocol/console.hpp>
#include <sys/protocol/process.hpp>

namespace console {

namespace protocol = sys::protocol::console;

namespace {

/// The process service knows who lives; if it does not answer, everybody does.
bool process_lives(sys::Badge process) {
    const auto list = sys::call(sys::Endpoint(sys::slot::process_service), sys::protocol::process::List{process.value});
    return !list || (list->count > 0 && list->entries[0].pid == process.value &&
                     list->entries[0].state == sys::protocol::process::State::running);
}

/// Badges are numbers of processes.
constexpr sys::ReplyClients processes{[](sys::Badge badge) -> sys::Word { return badge.value; }, process_lives};

} // namespace

Console::Console(Uart uart, TextScreen screen, sys::Interrupt interrupt)
    : uart_(uart), screen_(screen), interrupt_(interrupt), replies_(processes) {}

void Console::start() {
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
    if (reader_count_ > 0)
        replies_.take_back_dead(); // or the line would go to somebody who is not there
    forget_gone_readers();
    if (reader_count_ == 0)
        return run_command(line, *this);
    const auto answer = sys::reply_with_payload(sys::Empty{}, line);
    readers_[0].answer(answer ? *answer : sys::Message::of_error(answer.error()));
    forget_gone_readers();
}

void Console::forget_gone_readers() {
    unsigned kept = 0;
    for (unsigned i = 0; i < reader_count_; ++i) {
        if (!readers_[i])
            continue;
        if (i != kept)
            readers_[kept] = std::move(readers_[i]);
        ++kept;
    }
    reader_count_ = kept;
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

std::optional<sys::Message> Console::keep_reader(sys::Badge caller) {
    sys::Result<sys::PendingReply> kept = replies_.keep(caller);
    if (!kept)
        return sys::Message::of_error(sys::Error(protocol::Error::too_many_readers, sys::slot::spare_reply_count));
    forget_gone_readers(); // of those that were taken back
    readers_[reader_count_++] = kept.take();
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
        .on<protocol::ReadLine>([&](const protocol::ReadLine&) { return keep_reader(incoming.badge()); })
        .answer();
}

void Console::serve(sys::Endpoint endpoint) {
    handle_input(); // what was typed before the interrupt was on
    sys::Received received = endpoint.receive(replies_.receiving());
    for (;;) {
        std::optional<sys::Message> answer;
        if (interrupt_.is_in(received.badge)) {
            handle_input();
            static_cast<void>(interrupt_.acknowledge());
            handle_input(); // what came between: the line is edge-triggered
        } else {
            sys::Incoming incoming(received);
            answer = handle(incoming);
        }
        received =
            answer ? endpoint.reply_receive(*answer, replies_.receiving()) : endpoint.receive(replies_.receiving());
    }
}

} // namespace console
