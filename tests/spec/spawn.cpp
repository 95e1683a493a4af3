// SPDX-License-Identifier: BSD-2-Clause
// TCB.Spawn: what a thread needs to start in a world of its own, and it starts; or nothing happens at all.
#include <spec/cspace.hpp>
#include <spec/keeper.hpp>
#include <spec/registers.hpp>
#include <spec/sched_context.hpp>
#include <spec/scheduler.hpp>
#include <spec/tcb_space.hpp>
#include <spec/thread.hpp>

#include <algorithm>

namespace spec {
namespace {

/// Words of the message. Capabilities come as pointers; an error about one has its number.
enum SpawnWord : unsigned {
    cspace_pointer,
    cspace_datum,
    vspace_pointer,
    handler_pointer,
    context_pointer,
    frame_pointer,
    buffer_at,
    authority_pointer,
    priorities,
    entry,
    stack,
    argument,
    tls,
    word_count
};

enum class Why : Word { not_user_half = 1, not_mapped, not_executable, not_writable, no_code, not_ram, not_aligned };

Refusal about_word(SpawnWord word, Why why) { return {Error::invalid_argument, {word, static_cast<Word>(why)}}; }

/// The slots that the pointers name.
struct Named {
    Slot nothing; ///< what a pointer of 0 names
    Slot& at(Invocation& invocation, SpawnWord word) {
        try {
            return invocation.word(word) == 0 ? nothing : lookup(invocation.caller, invocation.word(word));
        } catch (const LookupFailure& failure) {
            throw failed_lookup(true, failure);
        }
    }
};

/// A capability of the wrong kind is told by the number of its word.
template <class Check>
Capability checked(SpawnWord word, const Check& check) {
    try {
        return check();
    } catch (const Refusal& refusal) {
        throw refusal.error == Error::illegal_operation ? invalid_capability(word) : refusal;
    }
}

unsigned allowed(const Thread& authority, Word priority) {
    if (priority > authority.mcp)
        throw range_error(0, authority.mcp);
    return static_cast<unsigned>(priority);
}

SchedContext* check_context(const Thread& thread, const Capability& cap) {
    if (cap.is(Type::null))
        return nullptr;
    if (!cap.is(Type::sched_context))
        throw invalid_capability(context_pointer);
    SchedContext& context = object_of<SchedContext>(cap);
    if (thread.context != &context && (thread.context || context.thread))
        throw illegal_operation();
    return &context;
}

TableEntry page_at(const System& system, Table& space, Word address, SpawnWord word) {
    const TableEntry page = walk_to_keeper(system, space, address).entry();
    if (!page.is_page() || !page.read)
        throw about_word(word, Why::not_mapped);
    return page;
}

/// Code must be there: not all zero, as far as 16 bytes and the page go.
void check_entry(const System& system, Table& space, Word address) {
    if (address >= user_end)
        throw about_word(entry, Why::not_user_half);
    const TableEntry page = page_at(system, space, address, entry);
    if (page.attributes & execute_never)
        throw about_word(entry, Why::not_executable);
    const auto& frame = static_cast<const Frame&>(*system.objects.at(page.address));
    if (frame.device)
        throw about_word(entry, Why::not_ram);
    const Word end = std::min(address + 16, (address / 4096 + 1) * 4096);
    for (Word byte = address; byte < end; byte++) {
        const Word offset = byte & (power(frame.bits) - 1);
        if (frame.read(offset / 8 * 8) >> offset % 8 * 8 & 255)
            return;
    }
    throw about_word(entry, Why::no_code);
}

void check_stack(const System& system, Table& space, Word pointer) {
    if (pointer == 0 || pointer > user_end)
        throw about_word(stack, Why::not_user_half);
    if (pointer % 16 != 0)
        throw about_word(stack, Why::not_aligned);
    if (!page_at(system, space, pointer - 1, stack).write)
        throw about_word(stack, Why::not_writable);
}

void start(Invocation& invocation, Thread& thread) {
    end_yield(invocation.system, thread);
    write_register(thread, rip, invocation.word(entry));
    write_register(thread, rsp, invocation.word(stack));
    write_register(thread, rdi, invocation.word(argument));
    write_register(thread, fs_base, invocation.word(tls));
}

} // namespace

void spawn(Invocation& invocation, Thread& thread) {
    System& system = invocation.system;
    invocation.need(word_count);
    if (!thread.cap(vspace).is(Type::null) || thread.state != ThreadState::stopped)
        throw illegal_operation();

    Named named;
    Slot &root = named.at(invocation, cspace_pointer), &pml4 = named.at(invocation, vspace_pointer);
    const Capability cspace_cap =
        checked(cspace_pointer, [&] { return check_cspace(root, invocation.word(cspace_datum)); });
    const Capability vspace_cap = checked(vspace_pointer, [&] { return check_vspace(pml4, 0); });
    Slot &handler = named.at(invocation, handler_pointer), &frame = named.at(invocation, frame_pointer);
    const Capability handler_cap = check_handler(handler, handler_pointer, true);
    const Capability buffer_cap =
        checked(frame_pointer, [&] { return check_buffer(frame, invocation.word(buffer_at)); });
    const Slot &authority = named.at(invocation, authority_pointer), &context = named.at(invocation, context_pointer);
    if (!authority.cap.is(Type::tcb))
        throw invalid_capability(authority_pointer);
    const auto& by = object_of<Thread>(authority.cap);
    const unsigned priority = allowed(by, invocation.word(priorities) & 255);
    const unsigned mcp = allowed(by, invocation.word(priorities) >> 8);
    SchedContext* const given = check_context(thread, context.cap);
    if (!is_live_space(system, vspace_cap))
        throw failed_lookup(false, invalid_root());
    check_entry(system, object_of<Table>(vspace_cap), invocation.word(entry));
    check_stack(system, object_of<Table>(vspace_cap), invocation.word(stack));

    thread.buffer_address = invocation.word(buffer_at);
    exchange(invocation, thread,
             {{cspace, cspace_cap, &root},
              {vspace, vspace_cap, &pml4},
              {fault_handler, handler_cap, &handler},
              {ipc_buffer, buffer_cap, &frame}});
    if (invocation.answered)
        return;
    start(invocation, thread);
    thread.mcp = mcp;
    set_priority(system, thread, priority);
    if (given && given != thread.context)
        bind_context(system, *given, thread);
    restart(system, thread);
}

} // namespace spec
