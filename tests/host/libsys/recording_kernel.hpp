// SPDX-License-Identifier: BSD-2-Clause
// A fake kernel that writes down every call and answers from a script (success with no words, if the script is empty).
#pragma once

#include <deque>
#include <string>
#include <sys/cap/object.hpp>
#include <sys/raw/syscall.hpp>

class RecordingKernel : public sys::host::Kernel {
public:
    struct Reply {
        abi::Word label = 0;
        std::vector<abi::Word> words;
        abi::Word badge = 0;
        unsigned capabilities = 0;
    };

    RecordingKernel() { sys::host::kernel = this; }
    ~RecordingKernel() override { sys::host::kernel = nullptr; }
    RecordingKernel(const RecordingKernel&) = delete;
    RecordingKernel& operator=(const RecordingKernel&) = delete;

    void enter(const sys::host::Call& call, sys::raw::Registers& registers, abi::IpcBuffer& buffer) override {
        if (call.number == abi::Syscall::debug_put_char) {
            output += static_cast<char>(call.target);
            return;
        }
        calls.push_back(call);
        receive_indices.push_back(buffer.receive_index);
        Reply reply;
        if (!script.empty()) {
            reply = script.front();
            script.pop_front();
        }
        const auto word = [&](size_t i) -> abi::Word {
            return i < reply.words.size() ? reply.words[i] : stale_registers ? 0xdead : 0;
        };
        registers = {reply.badge,
                     abi::MessageInfo(reply.label, static_cast<unsigned>(reply.words.size()), reply.capabilities).raw(),
                     word(0),
                     word(1),
                     word(2),
                     word(3)};
        for (size_t i = abi::register_message_words; i < reply.words.size(); ++i)
            buffer.message[i] = reply.words[i];
    }

    std::vector<sys::host::Call> calls;
    std::vector<abi::Word> receive_indices; ///< the receive slot at each call
    std::deque<Reply> script;
    std::string output;           ///< of DebugPutChar
    bool stale_registers = false; ///< registers behind the answer's words hold garbage instead of 0
};
