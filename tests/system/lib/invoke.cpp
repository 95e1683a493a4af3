// SPDX-License-Identifier: BSD-2-Clause
#include <tests/system/lib/invoke.hpp>

namespace test {
namespace {

sys::raw::Registers message_of(AnyCap target, Word label, Words words, Caps caps) {
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    unsigned count = 0;
    for (const AnyCap& cap : caps)
        buffer.caps_or_badges[count++] = cap.slot;
    Word in_registers[abi::register_message_words] = {};
    unsigned length = 0;
    for (const Word word : words) {
        if (length < abi::register_message_words)
            in_registers[length] = word;
        else
            buffer.message[length] = word;
        ++length;
    }
    return {target.slot,     abi::MessageInfo(label, length, count).raw(),
            in_registers[0], in_registers[1],
            in_registers[2], in_registers[3]};
}

Answer answer_in(const sys::raw::Registers& registers) {
    const abi::MessageInfo info(registers.info);
    Answer answer{info.label(), info.length(), info.extra_caps(), registers.target, {}};
    const Word in_registers[] = {registers.mr0, registers.mr1, registers.mr2, registers.mr3};
    for (unsigned i = 0; i < answer.length && i < Answer::capacity; ++i)
        answer.words[i] = i < abi::register_message_words ? in_registers[i] : sys::raw::ipc_buffer()->message[i];
    return answer;
}

} // namespace

Answer invoke(AnyCap target, Word label, Words words, Caps caps) {
    sys::raw::Registers registers = message_of(target, label, words, caps);
    sys::raw::enter(abi::Syscall::call, registers);
    return answer_in(registers);
}

Answer invoke(AnyCap target, abi::Invocation method, Words words, Caps caps) {
    return invoke(target, static_cast<Word>(method), words, caps);
}

void invoke_silently(abi::Syscall by, AnyCap target, abi::Invocation method, Words words, Caps caps) {
    sys::raw::Registers registers = message_of(target, static_cast<Word>(method), words, caps);
    sys::raw::enter(by, registers);
}

bool check_answer(const Answer& answer, abi::Error expected, Words details, const Where& where) {
    if (!check_error_label(answer.label, expected, answer.words, where))
        return false;
    if (!check_equal(answer.badge, 0, where) || !check_equal(answer.extra_caps, 0, where))
        return false;
    unsigned index = 0;
    for (const Word detail : details) {
        if (!check_equal(answer.words[index++], detail, where))
            return false;
    }
    return check_equal(answer.length, details.size(), where);
}

} // namespace test
