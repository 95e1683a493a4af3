// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/endpoint_ipc.hpp>
#include <object/registers.hpp>
#include <sched/switch.hpp>
#include <sched/yield.hpp>
#include <syscall/decode_tcb.hpp>

namespace kernel {

Outcome read_registers(const Invocation& call, Tcb& thread) {
    TRY(call.need(2));
    if (&thread == &call.caller)
        return refuse(SyscallError::illegal_operation());
    const Word count = call.word(1);
    TRY(in_range(count, 1, abi::user_register_count));
    if (call.word(0) & 1)
        suspend(thread);
    save_loaded(thread);
    Word words[abi::user_register_count];
    for (unsigned i = 0; i < count; i++)
        words[i] = thread.context.*user_registers[i];
    return answer_with(call, {}, {words, count});
}

Outcome write_registers(const Invocation& call, Tcb& thread) {
    TRY(call.need(2));
    const Word count = call.word(1);
    if (call.length() - 2 < count)
        return refuse(SyscallError::truncated());
    if (&thread == &call.caller)
        return refuse(SyscallError::illegal_operation());
    // The answer to its YieldTo comes before, not on top of what is written.
    complete_yield(thread);
    begin_register_write(thread);
    for (unsigned i = 0; i < std::min<Word>(count, abi::user_register_count); i++)
        write_register(thread, user_registers[i], call.word(2 + i));
    if (call.word(0) & 1)
        restart(thread);
    return Outcome::done();
}

Outcome copy_registers(const Invocation& call, Tcb& thread) {
    TRY(call.need(1, 1));
    if (!call.extra(0).cap.is(CapType::tcb))
        return refuse(SyscallError::invalid_capability(1));
    Tcb& source = *window<Tcb>(call.extra(0).cap.object());
    const Word flags = call.word(0);
    const bool frame = flags & 4;
    const bool integer = flags & 8;
    if (flags & 1)
        suspend(source);
    save_loaded(source);
    if (frame || integer) {
        complete_yield(thread);
        begin_register_write(thread);
    }
    const unsigned from = frame ? 0 : abi::frame_register_count;
    const unsigned to = integer ? abi::user_register_count : abi::frame_register_count;
    for (unsigned i = from; i < to; i++)
        write_register(thread, user_registers[i], source.context.*user_registers[i]);
    if (flags & 2)
        restart(thread);
    // A caller that gave itself another's registers has no place left for an answer.
    return frame && &thread == &call.caller ? Outcome::settled() : Outcome::done();
}

} // namespace kernel
