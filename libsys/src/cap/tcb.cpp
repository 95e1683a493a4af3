// SPDX-License-Identifier: BSD-2-Clause
// The thread methods whose messages are longer than a line.
#include <sys/cap/tcb.hpp>

namespace sys {

Result<void> Tcb::spawn(const SpawnArguments& with) const {
    return invoke(*this, abi::Invocation::tcb_spawn, with_caps(), with.cspace.slot(), with.cspace_data,
                  with.vspace.slot(), with.fault_handler.slot(), with.sched_context.slot(),
                  with.ipc_buffer_frame.slot(), with.ipc_buffer, with.authority.slot(),
                  Word{with.priority.value} | Word{with.max_controlled_priority.value} << 8, with.entry,
                  with.stack_pointer, with.argument, with.fs_base);
}

Result<UserRegisters> Tcb::read_registers(bool suspend_it) const {
    const raw::Registers answer = invoke_raw(*this, abi::Invocation::tcb_read_registers, with_caps(), Word{suspend_it},
                                             Word{abi::user_register_count});
    if (MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    UserRegisters registers;
    registers.words[0] = answer.mr0;
    registers.words[1] = answer.mr1;
    registers.words[2] = answer.mr2;
    registers.words[3] = answer.mr3;
    const abi::IpcBuffer& buffer = *raw::ipc_buffer();
    for (unsigned i = abi::register_message_words; i < abi::user_register_count; ++i)
        registers.words[i] = buffer.message[i];
    return registers;
}

Result<void> Tcb::write_registers(const UserRegisters& registers, unsigned count, bool resume_it) const {
    if (count < 1 || count > abi::user_register_count)
        return {ErrorCode::out_of_range};
    abi::IpcBuffer& buffer = *raw::ipc_buffer();
    constexpr unsigned header = 2;
    for (unsigned i = 0; i < count; ++i)
        buffer.message[header + i] = registers.words[i];
    raw::Registers message{slot(),
                           MessageInfo(static_cast<Word>(abi::Invocation::tcb_write_registers), header + count).raw(),
                           Word{resume_it},
                           count,
                           registers.words[0],
                           count > 1 ? registers.words[1] : 0};
    raw::enter(abi::Syscall::call, message);
    if (MessageInfo(message.info).label() != 0)
        return to_error(message);
    return {};
}

} // namespace sys
