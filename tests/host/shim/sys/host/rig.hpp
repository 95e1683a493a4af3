// SPDX-License-Identifier: BSD-2-Clause
// Rig: a server object and its clients in one host program, with the kernel between them played. Everything else that the
// server calls is answered here too: lines that it logs are collected, its ports lead to a device of the test's.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <sys/ipc/server.hpp>
#include <sys/proc/slots.hpp>
#include <vector>

namespace sys::host {

/// On target the caller would wait for ever, or until somebody else makes the server answer.
struct NotAnswered : std::runtime_error {
    NotAnswered() : std::runtime_error("the server did not answer this call") {}
};

template <ServerObject Server>
class Rig : public Kernel {
public:
    explicit Rig(Server& server) : server_(server) { kernel = this; }
    ~Rig() override { kernel = nullptr; }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// A capability to the server, with a badge.
    Endpoint connect(Word badge) {
        badges_.push_back(badge);
        return Endpoint(first_endpoint + badges_.size() - 1);
    }
    /// The server's notification is signalled.
    void signal(Word bits) { server_.handle_signal(Badge{bits | signal_badge_bit}); }

    std::vector<std::string> log; ///< lines that the server has written
    std::function<uint8_t(uint16_t port)> read_port = [](uint16_t) { return uint8_t{0xff}; };
    std::function<void(uint16_t port, uint8_t value)> write_port = [](uint16_t, uint8_t) {};

    void enter(const Call& call, raw::Registers& registers, abi::IpcBuffer& buffer) override {
        if (call.number == abi::Syscall::debug_put_char)
            take_character(static_cast<char>(call.target));
        else if (call.number == abi::Syscall::call && is_ours(call.target))
            registers = deliver(call);
        else
            registers = answer_others(call, buffer);
    }

private:
    static constexpr Word first_endpoint = Word{1} << 20;

    bool is_ours(Word target) const { return target - first_endpoint < badges_.size(); }

    raw::Registers deliver(const Call& call) {
        const auto word = [&](size_t i) { return i < call.words.size() ? call.words[i] : 0; };
        const Received received{{call.info, word(0), word(1), word(2), word(3)},
                                Badge{badges_[call.target - first_endpoint]}};
        const std::optional<Message> answer = serve_one(server_, received);
        if (!answer)
            throw NotAnswered();
        return {0, answer->info.raw(), answer->mr0, answer->mr1, answer->mr2, answer->mr3};
    }

    /// As on target, a call spoils the IPC buffer of whoever makes it.
    raw::Registers answer_others(const Call& call, abi::IpcBuffer& buffer) {
        raw::Registers answer{};
        if (call.target == slot::console && !call.words.empty()) {
            const auto* const text = reinterpret_cast<const char*>(call.words.data() + 1);
            log.emplace_back(text, call.words[0]);
        } else if (call.target == slot::io_ports) {
            answer = reach_port(call);
        }
        for (Word& word : buffer.message)
            word = 0xdddd'dddd'dddd'dddd;
        return answer;
    }

    void take_character(char character) {
        if (character != '\n') {
            line_ += character;
            return;
        }
        log.push_back(line_);
        line_.clear();
    }

    raw::Registers reach_port(const Call& call) {
        const auto port = static_cast<uint16_t>(call.words[0]);
        switch (static_cast<abi::Invocation>(call.info.label())) {
        case abi::Invocation::io_port_in8: return {.info = abi::MessageInfo(0, 1).raw(), .mr0 = read_port(port)};
        case abi::Invocation::io_port_out8: write_port(port, static_cast<uint8_t>(call.words[1])); return {};
        default: return {.info = abi::MessageInfo(static_cast<Word>(abi::Error::illegal_operation), 0).raw()};
        }
    }

    Server& server_;
    std::vector<Word> badges_;
    std::string line_;
};

} // namespace sys::host
