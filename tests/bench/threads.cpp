// SPDX-License-Identifier: BSD-2-Clause
// Yield to an equal in another address space, and TCB.Spawn.
#include "measure.hpp"

#include <algorithm>

namespace bench {
namespace {

constinit Thread yielder_thread{};

void yield_back(Word) {
    for (;;) {
        sys::raw::Registers nothing;
        stamped_syscall(abi::Syscall::yield, nothing, 0, shared.server);
        note(shared.server_events);
    }
}

void measure_yield(World& world, sys::VSpace space) {
    start(world, yielder_thread, space, world.make_context(), client_priority, {}, yield_back, 0);
    Figure yields("yield");
    for (unsigned i = 0; i < all_rounds; i++) {
        sys::raw::Registers nothing;
        note(shared.client_events);
        stamped_syscall(abi::Syscall::yield, nothing, 0, shared.client);
        yields.add(i, shared.server.after - shared.client.before - syscall_clock_cost, shared.client_events,
                   shared.server_events);
    }
    yields.print();
    must("stop", yielder_thread.tcb.suspend());
}

constexpr uint8_t spawned_priority = 200;
constinit Thread spawned_stack{};

/// What a spawned thread finds behind its first argument.
struct Spawned {
    Word first_instruction; ///< the clock at it
    Word tcb;
};
constinit Spawned spawned{};

extern "C" [[noreturn]] void end_spawned() {
    for (;;)
        must("spawned", sys::Tcb(spawned.tcb).suspend());
}

/// Reads the clock before anything else.
[[gnu::naked]] void spawned_thread() { asm volatile(BENCH_READ_CLOCK("(%%rdi)") "jmp end_spawned\n" ::: "memory"); }

/// In a counting kernel: reads the event counts before anything else.
[[noreturn]] void spawned_counter() {
    shared.server_events = read_events();
    end_spawned();
}

/// TCB.Spawn, from before the call to the first instruction of the new thread in the other address space.
void measure_spawn(World& world, sys::VSpace space) {
    const auto context = world.make_context();
    const Word tcbs = world.make_slots(abi::ObjectType::tcb, 0, all_rounds);
    Figure spawns("spawn");
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    for (unsigned i = 0; i < all_rounds; i++) {
        spawned.tcb = tcbs + i;
        const Word behind_registers[] = {context.slot(),
                                         0,
                                         0,
                                         abi::root_slot::tcb,
                                         Word{spawned_priority} | Word{spawned_priority} << 8,
                                         reinterpret_cast<Word>(shared.counting ? spawned_counter : spawned_thread),
                                         reinterpret_cast<Word>(spawned_stack.stack) + thread_stack_size - 16,
                                         reinterpret_cast<Word>(&spawned),
                                         0};
        std::copy(std::begin(behind_registers), std::end(behind_registers), &buffer.message[4]);
        sys::raw::Registers message{
            .target = spawned.tcb,
            .info = abi::MessageInfo(static_cast<Word>(abi::Invocation::tcb_spawn), 13).raw(),
            .mr0 = abi::root_slot::cnode,
            .mr2 = space.slot(),
        };
        note(shared.client_events);
        stamped_syscall(abi::Syscall::call, message, 0, shared.client);
        if (abi::MessageInfo(message.info).label() != 0)
            fail("spawn was refused");
        spawns.add(i, spawned.first_instruction - shared.client.before - syscall_clock_cost, shared.client_events,
                   shared.server_events);
        must("take the context back", context.unbind());
    }
    spawns.print();
}

} // namespace

void measure_threads(World& world, sys::VSpace space) {
    measure_yield(world, space);
    measure_spawn(world, space);
}

} // namespace bench
