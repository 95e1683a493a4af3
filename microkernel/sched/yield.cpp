// SPDX-License-Identifier: BSD-2-Clause
#include <sched/scheduler.hpp>
#include <sched/yield.hpp>

namespace kernel {

void begin_yield(Tcb& thread, SchedContext& context, bool wants_answer) {
    if (context.yielded_from)
        complete_yield(*context.yielded_from);
    thread.yielded_to = &context;
    thread.yield_wants_answer = wants_answer;
    context.yielded_from = &thread;
}

void finish_yield(Tcb& thread) {
    const Ticks consumed = take_consumed(*thread.yielded_to);
    if (thread.yield_wants_answer) {
        thread.context.r10 = kernel_state.microseconds(consumed);
        thread.context.rsi = abi::MessageInfo(0, 1).raw();
        thread.context.rdi = 0;
    }
    complete_syscall(thread);
    cancel_yield(thread);
}

void cancel_yield(Tcb& thread) {
    if (thread.yielded_to)
        thread.yielded_to->yielded_from = nullptr;
    thread.yielded_to = nullptr;
}

} // namespace kernel
