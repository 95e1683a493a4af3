// SPDX-License-Identifier: BSD-2-Clause
// Rig: a server object and its clients in one host program, with the kernel between them played. Everything else that the
// server calls is answered here too: lines that it logs are collected, its ports lead to a device of the test's, time passes
// when the test says so.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <sys/ipc/call.hpp>
#include <sys/protocol/process.hpp>
#include <sys/server/replies.hpp>
#include <sys/util/log.hpp>
#include <vector>

namespace sys::host {

/// On target the caller would wait for ever, or until somebody else makes the server answer: see Rig::post.
struct NotAnswered : std::runtime_error {
    NotAnswered() : std::runtime_error("the server did not answer this call") {}
};

template <ServerObject Server>
class Rig : public Kernel {
public:
    explicit Rig(Server& server) : server_(server) {
        kernel = this;
        set_log_sink(log_to_kernel);
    }
    /// For a server that keeps callers in `replies`.
    Rig(Server& server, Replies& replies) : Rig(server) { replies_ = &replies; }
    ~Rig() override { kernel = nullptr; }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    /// A capability to the server, with a badge.
    Endpoint connect(Word badge) {
        badges_.push_back(badge);
        return Endpoint(first_endpoint + badges_.size() - 1);
    }
    /// The server's notification is signalled with these bits.
    void signal(Word bits) { server_.handle_signal(Badge{bits | signal_badge_bit}); }
    /// Time passes; an alarm of the server that comes due signals it.
    void advance(Word microseconds) {
        const Word end = now_ + microseconds;
        while (alarm_at_ != 0 && alarm_at_ <= end) {
            now_ = std::exchange(alarm_at_, 0);
            signal(alarm_badge_);
        }
        now_ = end;
    }

    /// A call whose answer may come later: a number for answer_to.
    template <Request R>
    size_t post(Endpoint server, const R& request) {
        const Message message = pack(R::label, request);
        Call call{abi::Syscall::call, server.slot(), message.info, {}, {}, 0, 0};
        const Word first[] = {message.mr0, message.mr1, message.mr2, message.mr3};
        for (unsigned i = 0; i < message.length(); ++i)
            call.words.push_back(i < abi::register_message_words ? first[i] : ipc_buffer.message[i]);
        return deliver(call);
    }
    /// What a call was answered with; nothing while its caller still waits.
    template <Request R>
    std::optional<Result<typename R::Reply>> answer_to(size_t number) const {
        const std::optional<Message>& answer = calls_[number];
        if (!answer)
            return std::nullopt;
        if (answer->label() != 0)
            return to_error(answer->info, answer->mr0, answer->mr1, answer->mr2, answer->mr3);
        return unpack<typename R::Reply>(*answer);
    }

    std::vector<std::string> log; ///< lines that the server has written
    std::function<uint8_t(uint16_t port)> read_port = [](uint16_t) { return uint8_t{0xff}; };
    std::function<void(uint16_t port, uint8_t value)> write_port = [](uint16_t, uint8_t) {};
    Word untyped_left =
        protocol::process::default_untyped_quota; ///< bytes that the server may still have for objects of its own
    std::function<bool(Badge client)> is_alive = [](Badge) { return true; };

    void enter(const Call& call, raw::Registers& registers, abi::IpcBuffer& buffer) override {
        if (call.number == abi::Syscall::debug_put_char) {
            take_character(static_cast<char>(call.target));
        } else if (call.number == abi::Syscall::send) {
            take_answer(call.target, {call.info, registers.mr0, registers.mr1, registers.mr2, registers.mr3});
        } else if (call.target - first_endpoint < badges_.size()) {
            const std::optional<Message> answer = calls_[deliver(call)];
            if (!answer)
                throw NotAnswered();
            registers = {0, answer->info.raw(), answer->mr0, answer->mr1, answer->mr2, answer->mr3};
        } else {
            registers = answer_others(call);
            for (Word& word : buffer.message) // as on target, a call spoils the buffer of whoever makes it
                word = 0xdddd'dddd'dddd'dddd;
        }
    }

private:
    static constexpr Word first_endpoint = Word{1} << 20;

    size_t deliver(const Call& call) {
        const auto word = [&](size_t i) { return i < call.words.size() ? call.words[i] : 0; };
        const Received received{{call.info, word(0), word(1), word(2), word(3)},
                                Badge{badges_[call.target - first_endpoint]}};
        const size_t number = calls_.size();
        calls_.emplace_back();
        if (replies_ != nullptr)
            callers_[replies_->receiving().slot()] = number;
        if (const std::optional<Message> answer = serve_one(server_, received))
            calls_[number] = answer;
        return number;
    }
    /// Whoever waits at a reply object is answered once.
    void take_answer(Word reply, const Message& message) {
        const auto caller = callers_.find(reply);
        if (caller == callers_.end())
            return;
        calls_[caller->second] = message;
        callers_.erase(caller);
    }

    void take_character(char character) {
        if (character != '\n') {
            line_ += character;
            return;
        }
        log.push_back(line_);
        line_.clear();
    }

    raw::Registers answer_others(const Call& call) {
        namespace process = protocol::process;
        switch (call.target) {
        case slot::io_ports: return reach_port(call);
        case slot::cnode:
            if (call.info.label() == static_cast<Word>(abi::Invocation::cnode_mint))
                signals_[call.words[0]] = call.words[5];
            return {};
        case slot::process_service:
            if (call.info.label() == process::GetUntyped::label)
                return grant_untyped(call);
            if (call.info.label() == process::Alarm::label) {
                alarm_at_ = call.words[0] == 0 ? 0 : now_ + call.words[0];
                alarm_badge_ = call.caps.empty() ? alarm_badge_ : signals_[call.caps[0]];
            }
            return {.info = abi::MessageInfo(0, 2).raw(), .mr0 = now_, .mr1 = 1};
        case slot::service_manager:
            return {.info = abi::MessageInfo(0, 1).raw(), .mr0 = !call.words.empty() && is_alive(Badge{call.words[0]})};
        default: return {};
        }
    }

    /// Kernel objects are made of numbers here: every size that the quota has room for is there.
    raw::Registers grant_untyped(const Call& call) {
        const Word size = Word{1} << call.words[0];
        if (size > untyped_left)
            return {.info = abi::MessageInfo(static_cast<Word>(protocol::process::Error::quota_exceeded), 0).raw()};
        untyped_left -= size;
        return {.info = abi::MessageInfo(0, 2, 1).raw()};
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
    Replies* replies_ = nullptr;
    std::vector<Word> badges_; ///< of our capabilities to the server
    std::vector<std::optional<Message>> calls_; ///< with their answers
    std::map<Word, size_t> callers_; ///< by the reply object that they wait at
    std::map<Word, Word> signals_; ///< badges of notifications, by slot
    std::string line_;
    Word now_ = 0;
    Word alarm_at_ = 0; ///< 0: none
    Word alarm_badge_ = 0;
};

} // namespace sys::host
