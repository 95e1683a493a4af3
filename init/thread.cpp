// SPDX-License-Identifier: BSD-2-Clause
#include <init/thread.hpp>

namespace init {

Result<void> Thread::start(OwnMemory& memory, SpaceBuilder& own_space, const Services& services, const Start& start) {
    const sys::Frame frame = TRY(own_space.map_new(start.buffer, sys::PageAccess::read_write()));
    block_ = {&block_, reinterpret_cast<abi::IpcBuffer*>(start.buffer)};
    tcb_ = sys::Tcb(TRY(memory.make(abi::ObjectType::tcb)));
    sys::SchedContext context = start.context;
    if (context.is_null()) {
        context = sys::SchedContext(TRY(memory.make(abi::ObjectType::sched_context, 8)));
        TRY(services.sched_control.configure(context, {.budget = {5000}, .period = {5000}}));
    }
    return tcb_.spawn({.cspace = own_cnode,
                       .cspace_data = 0,
                       .vspace = sys::VSpace(abi::root_slot::vspace),
                       .fault_handler = sys::Object(),
                       .sched_context = context,
                       .ipc_buffer_frame = frame,
                       .ipc_buffer = start.buffer,
                       .authority = services.authority,
                       .priority = {start.priority},
                       .max_controlled_priority = {start.priority},
                       .entry = reinterpret_cast<Word>(start.entry),
                       .stack_pointer = reinterpret_cast<Word>(stack_ + sizeof(stack_)),
                       .argument = 0,
                       .fs_base = reinterpret_cast<Word>(&block_)});
}

} // namespace init
