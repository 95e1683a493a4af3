// SPDX-License-Identifier: BSD-2-Clause
// TCB.Spawn: everything that a thread needs to start in a world of its own, in one invocation that happens whole or not
// at all (docs/reference: label 74).
#include <ipc/endpoint_ipc.hpp>
#include <object/registers.hpp>
#include <sched/scheduler.hpp>
#include <space/address_space.hpp>
#include <syscall/decode_tcb.hpp>
#include <syscall/map_item.hpp>

namespace kernel {
namespace {

/// Message words of the call.
enum SpawnWord : unsigned {
    cspace_word,
    cspace_data_word,
    vspace_word,
    handler_word,
    context_word,
    buffer_word,
    buffer_address_word,
    authority_word,
    priority_word,
    entry_word,
    stack_word,
    argument_word,
    fs_base_word,
    spawn_words,
};

/// InvalidArgument with the word and what is wrong with it.
enum class SpawnFault : Word {
    not_user_half = 1,
    not_mapped = 2,
    not_executable = 3,
    not_writable = 4,
    no_code = 5,
    not_ram = 6,
    not_aligned = 7,
};

Failure<SyscallError> refuse_word(SpawnWord word, SpawnFault why) {
    return refuse(SyscallError::invalid_argument(word, static_cast<Word>(why)));
}

struct MappedPage {
    Entry entry;
    PhysAddr byte; ///< the physical address behind the virtual one
};

Answer<MappedPage> mapped_page(PhysAddr root, VirtAddr address, SpawnWord word) {
    const WalkResult place = walk(root, address);
    if (!place.entry->is_page(place.level) || !place.entry->is_user())
        return refuse_word(word, SpawnFault::not_mapped);
    const Word offset = address.raw() & ones(span_bits(place.level));
    return MappedPage{*place.entry, place.entry->page_address(place.level) + offset};
}

/// The code is read through the window, never at its user address.
Checked check_entry(PhysAddr root, Word entry) {
    if (entry >= abi::user_end)
        return refuse_word(entry_word, SpawnFault::not_user_half);
    const MappedPage page = TRY(mapped_page(root, VirtAddr(entry), entry_word));
    if (!page.entry.is_executable())
        return refuse_word(entry_word, SpawnFault::not_executable);
    if (!is_ram(page.byte))
        return refuse_word(entry_word, SpawnFault::not_ram);
    const Word to_page_end = bit(abi::page_bits) - (entry & ones(abi::page_bits));
    const auto* code = window<const uint8_t>(page.byte);
    for (Word i = 0; i < 16 && i < to_page_end; i++) {
        if (code[i] != 0)
            return ok;
    }
    return refuse_word(entry_word, SpawnFault::no_code);
}

Checked check_stack(PhysAddr root, Word stack) {
    if (stack == 0 || stack > abi::user_end)
        return refuse_word(stack_word, SpawnFault::not_user_half);
    if (!is_aligned(stack, 16))
        return refuse_word(stack_word, SpawnFault::not_aligned);
    const MappedPage page = TRY(mapped_page(root, VirtAddr(stack - 1), stack_word));
    if (!page.entry.is_writable())
        return refuse_word(stack_word, SpawnFault::not_writable);
    return ok;
}

/// The slot that pointer `word` names; a pointer of 0 names none, which is an empty slot of its own.
Answer<Slot*> named_slot(const Invocation& call, SpawnWord word, Slot& none) {
    const Word pointer = call.word(word);
    if (pointer == 0)
        return &none;
    return find_source(call.caller, pointer);
}

/// An error about a capability names the message word it came in.
template <class T>
Answer<T> about(SpawnWord word, Answer<T> answer) {
    if (answer || answer.error().error() != abi::Error::illegal_operation)
        return answer;
    return refuse(SyscallError::invalid_capability(word));
}

/// Everything that a new thread gets, found and checked.
struct SpawnPlan {
    Installation cspace, vspace, handler, buffer;
    SchedContext* context = nullptr;
    uint8_t priority = 0;
    uint8_t mcp = 0;
};

// Not inlined: together they would need more of the kernel stack than one function may.
[[gnu::noinline]] Checked find_spaces(const Invocation& call, SpawnPlan& plan) {
    Slot none;
    Slot& cspace = *TRY(named_slot(call, cspace_word, none));
    Slot& vspace = *TRY(named_slot(call, vspace_word, none));
    plan.cspace = TRY(about(cspace_word, cspace_installation(cspace, call.word(cspace_data_word))));
    plan.vspace = TRY(about(vspace_word, vspace_installation(vspace)));
    return ok;
}

[[gnu::noinline]] Checked find_handler_and_buffer(const Invocation& call, SpawnPlan& plan) {
    Slot none;
    Slot& handler = *TRY(named_slot(call, handler_word, none));
    Slot& buffer = *TRY(named_slot(call, buffer_word, none));
    plan.handler = TRY(handler_installation(handler, handler_word, true));
    plan.buffer = TRY(about(buffer_word, ipc_buffer_installation(buffer, call.word(buffer_address_word))));
    return ok;
}

[[gnu::noinline]] Checked find_scheduling(const Invocation& call, const Tcb& thread, SpawnPlan& plan) {
    Slot none;
    const Slot& authority = *TRY(named_slot(call, authority_word, none));
    const Slot& context = *TRY(named_slot(call, context_word, none));
    const Word most = TRY(authority_mcp(authority, authority_word));
    plan.priority = static_cast<uint8_t>(TRY(permitted_priority(call.word(priority_word) & 255, most)));
    plan.mcp = static_cast<uint8_t>(TRY(permitted_priority(call.word(priority_word) >> 8, most)));
    if (!context.is_empty())
        plan.context = TRY(bindable_context(context.cap, thread, context_word));
    return ok;
}

[[gnu::noinline]] Checked check_addresses(const Invocation& call, const SpawnPlan& plan) {
    if (!is_live_space(plan.vspace.cap))
        return refuse(SyscallError::failed_lookup(false, LookupError::invalid_root()));
    TRY(check_entry(plan.vspace.cap.object(), call.word(entry_word)));
    return check_stack(plan.vspace.cap.object(), call.word(stack_word));
}

[[gnu::noinline]] void start(const Invocation& call, Tcb& thread, const SpawnPlan& plan) {
    begin_register_write(thread);
    write_register(thread, &Context::rip, call.word(entry_word));
    write_register(thread, &Context::rsp, call.word(stack_word));
    write_register(thread, &Context::rdi, call.word(argument_word));
    write_register(thread, &Context::fs_base, call.word(fs_base_word));
    thread.mcp = plan.mcp;
    set_priority(thread, plan.priority);
    if (plan.context && plan.context != thread.sched_context)
        bind_context(*plan.context, thread);
    restart(thread);
}

} // namespace

Outcome decode_spawn(const Invocation& call) {
    TRY(call.need(spawn_words));
    Tcb& thread = *window<Tcb>(call.cap().object());
    if (!thread.cap(TcbSlot::vspace).is_null() || thread.state != ThreadState::stopped)
        return refuse(SyscallError::illegal_operation());
    SpawnPlan plan;
    TRY(find_spaces(call, plan));
    TRY(find_handler_and_buffer(call, plan));
    TRY(find_scheduling(call, thread, plan));
    TRY(check_addresses(call, plan));
    if (replace(call, thread,
                {{TcbSlot::cspace, plan.cspace},
                 {TcbSlot::vspace, plan.vspace},
                 {TcbSlot::fault_handler, plan.handler},
                 {TcbSlot::ipc_buffer, plan.buffer}}) == Progress::preempted)
        return Outcome::preempted();
    start(call, thread, plan);
    return Outcome::done();
}

} // namespace kernel
