// SPDX-License-Identifier: BSD-2-Clause
// The benchmark root task. Run by tools/bench under QEMU's deterministic clock: one instruction is one tick.
// Prints `BENCH <name> <instructions>`, and in counting kernels `COUNT <name> <entries> <cr3> <invalidations> <fpu>`.
// How each figure is taken: docs/measurements.md.
#include "stamp.hpp"
#include "world.hpp"

#include <algorithm>
#include <array>
#include <sys/cap/io_port.hpp>
#include <sys/util/format.hpp>
#include <sys/util/log.hpp>

namespace bench {
namespace {

constexpr unsigned warm_up = 16;
constexpr unsigned rounds = 65;
constexpr unsigned all_rounds = warm_up + rounds;
constexpr uint8_t client_priority = 100;
constexpr uint8_t server_priority = 150;
constexpr unsigned event_count = 4;

using Events = std::array<Word, event_count>;
using Samples = std::array<Word, rounds>;

/// Shared by the threads: the image is mapped in both address spaces.
struct Shared {
    Stamp client;
    Stamp server;
    bool counting = false; ///< this kernel counts events, and this pass asks for them
    Events client_events;
    Events server_events;
};
constinit Shared shared{};
constinit Thread server_thread{};
constinit Thread probe_thread{};
constinit Thread faulter_thread{};

Word syscall_clock_cost = 0;
Word touch_clock_cost = 0;

void print(const char* name, Word value) { sys::log("BENCH {} {}", name, value); }

Word median(Samples& samples) {
    std::sort(samples.begin(), samples.end());
    return samples[rounds / 2];
}

/// What the kernel has counted so far; one kernel entry itself.
Events read_events() {
    sys::raw::Registers registers;
    sys::raw::enter(abi::Syscall::debug_snapshot, registers);
    return {registers.mr0, registers.mr1, registers.mr2, registers.mr3};
}

void print_events(const char* name, const Events& from, const Events& to) {
    // The reading that ends the stretch is an entry of its own.
    sys::log("COUNT {} {} {} {} {}", name, to[0] - from[0] - 1, to[1] - from[1], to[2] - from[2], to[3] - from[3]);
}

// --- which kernel is this? -------------------------------------------------------------------------------------------

/// Makes the system call that only counting kernels have: in others it is a fault.
void probe(Word endpoint) {
    sys::raw::Registers nothing;
    sys::raw::enter(abi::Syscall::benchmark_null, nothing);
    sys::raw::Registers message{.target = endpoint};
    sys::raw::enter(abi::Syscall::send, message);
    for (;;)
        must("probe", sys::Tcb(probe_thread.tcb).suspend());
}

bool kernel_counts(World& world) {
    const auto endpoint = world.make<sys::Endpoint>();
    const auto reply = world.make<sys::Reply>();
    start(world, probe_thread, world.own_space(), world.make_context(), server_priority, endpoint, probe,
          endpoint.slot());
    sys::raw::Registers message{.target = endpoint.slot()};
    sys::raw::enter(abi::Syscall::recv, message, reply.slot());
    return abi::MessageInfo(message.info).label() == 0;
}

// --- IPC -------------------------------------------------------------------------------------------------------------

struct IpcObjects {
    Word endpoint;
    Word reply;
    unsigned words;
};
constinit IpcObjects ipc{};

/// Answers each call with as many words as came.
void serve(Word) {
    sys::raw::Registers message{.target = ipc.endpoint};
    stamped_syscall(abi::Syscall::recv, message, ipc.reply, shared.server);
    for (;;) {
        if (shared.counting)
            shared.server_events = read_events();
        message.target = ipc.endpoint;
        message.info = abi::MessageInfo(0, ipc.words).raw();
        stamped_syscall(abi::Syscall::reply_recv, message, ipc.reply, shared.server);
    }
}

void call_once() {
    sys::raw::Registers message{.target = ipc.endpoint, .info = abi::MessageInfo(0, ipc.words).raw()};
    if (shared.counting)
        shared.client_events = read_events();
    stamped_syscall(abi::Syscall::call, message, 0, shared.client);
}

void measure_ipc(const char* call_name, const char* reply_name, unsigned words) {
    ipc.words = words;
    Samples calls{};
    Samples replies{};
    for (unsigned i = 0; i < all_rounds; i++) {
        const Word server_before = shared.server.before;
        call_once();
        if (i < warm_up)
            continue;
        calls[i - warm_up] = shared.server.after - shared.client.before - syscall_clock_cost;
        replies[i - warm_up] = shared.client.after - shared.server.before - syscall_clock_cost;
        if (shared.server.before == server_before)
            fail("the server did not answer");
    }
    print(call_name, median(calls));
    print(reply_name, median(replies));
}

void count_ipc(const char* call_name, const char* reply_name, unsigned words) {
    ipc.words = words;
    shared.counting = true;
    for (unsigned i = 0; i < warm_up; i++)
        call_once();
    const Events after = read_events();
    print_events(call_name, shared.client_events, shared.server_events);
    print_events(reply_name, shared.server_events, after);
    shared.counting = false;
}

void bench_ipc(World& world, sys::VSpace space, bool counts) {
    ipc = {world.make<sys::Endpoint>().slot(), world.make<sys::Reply>().slot(), 0};
    // The server starts on a context of its own and gives it up: from then on it runs on its callers' time.
    const auto context = world.make_context();
    start(world, server_thread, space, context, server_priority, {}, serve, 0);
    must("passive server", context.unbind());
    const auto run = counts ? count_ipc : measure_ipc;
    run("ipc.call.0", "ipc.reply_recv.0", 0);
    run("ipc.call.10", "ipc.reply_recv.10", 10);
}

// --- page faults -----------------------------------------------------------------------------------------------------

constexpr Word fault_area = 0x2000'0000;
constexpr Word page_size = 4096;

/// Touches one page after the other, each for the first time.
void fault_pages(Word) {
    for (unsigned i = 0; i < all_rounds; i++) {
        if (shared.counting)
            shared.client_events = read_events();
        stamped_touch(reinterpret_cast<volatile uint8_t*>(fault_area + i * page_size), shared.client);
        if (shared.counting)
            shared.server_events = read_events();
        sys::raw::Registers message{.target = ipc.endpoint, .info = abi::MessageInfo(0, 0).raw()};
        sys::raw::enter(abi::Syscall::call, message);
    }
    for (;;)
        must("faulter", sys::Tcb(faulter_thread.tcb).suspend());
}

/// Maps a frame that is ready at the faulting page, answers, and waits again. Between two faults the faulter reports.
void bench_page_fault(World& world, sys::VSpace space, bool counts) {
    const auto endpoint = world.make<sys::Endpoint>();
    const auto reply = world.make<sys::Reply>();
    ipc.endpoint = endpoint.slot();
    world.make_tables(space, fault_area);
    const Word frames = world.make_slots(abi::ObjectType::frame_4k, 0, all_rounds);
    const Word handler = world.next_slot();
    must("handler", world.cnode().at(handler).mint_from(world.cnode().at(endpoint.slot()), abi::Rights::all(), 1));
    shared.counting = counts;
    start(world, faulter_thread, space, world.make_context(), client_priority, sys::Object(handler), fault_pages, 0);

    Samples samples{};
    sys::raw::Registers message{.target = endpoint.slot()};
    sys::raw::enter(abi::Syscall::recv, message, reply.slot());
    for (unsigned i = 0; i < all_rounds; i++) {
        if (abi::MessageInfo(message.info).label() != static_cast<Word>(abi::Fault::vm_fault))
            fail("no page fault came");
        const Word page = message.mr1 & ~(page_size - 1);
        must("map", sys::Frame(frames + i).map(space, page, sys::PageAccess::read_write()));
        message = {.target = endpoint.slot()};
        sys::raw::enter(abi::Syscall::reply_recv, message, reply.slot());
        // The report after the fault: the figure is complete.
        if (i >= warm_up)
            samples[i - warm_up] = shared.client.after - shared.client.before - touch_clock_cost;
        if (i == all_rounds - 1)
            break;
        message = {.target = endpoint.slot()};
        sys::raw::enter(abi::Syscall::reply_recv, message, reply.slot());
    }
    if (counts)
        print_events("page_fault.warm", shared.client_events, shared.server_events);
    else
        print("page_fault.warm", median(samples));
    shared.counting = false;
}

// --- spawn -----------------------------------------------------------------------------------------------------------

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
void bench_spawn(World& world, sys::VSpace space, bool counts) {
    const auto context = world.make_context();
    const Word tcbs = world.make_slots(abi::ObjectType::tcb, 0, all_rounds);
    Samples samples{};
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    for (unsigned i = 0; i < all_rounds; i++) {
        spawned.tcb = tcbs + i;
        const Word behind_registers[] = {context.slot(),
                                         0,
                                         0,
                                         abi::root_slot::tcb,
                                         Word{spawned_priority} | Word{spawned_priority} << 8,
                                         reinterpret_cast<Word>(counts ? spawned_counter : spawned_thread),
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
        const Events before = counts ? read_events() : Events{};
        stamped_syscall(abi::Syscall::call, message, 0, shared.client);
        if (abi::MessageInfo(message.info).label() != 0)
            fail("spawn was refused");
        if (counts && i == all_rounds - 1)
            print_events("spawn", before, shared.server_events);
        if (i >= warm_up)
            samples[i - warm_up] = spawned.first_instruction - shared.client.before - syscall_clock_cost;
        must("take the context back", context.unbind());
    }
    if (!counts)
        print("spawn", median(samples));
}

} // namespace

void fail(const char* what) {
    sys::log("BENCH FAILED {}", what);
    for (;;)
        static_cast<void>(sys::Tcb(abi::root_slot::tcb).suspend());
}

} // namespace bench

int main(const abi::BootInfo& boot_info) {
    using namespace bench;
    World world(boot_info);
    syscall_clock_cost = clock_cost(true);
    touch_clock_cost = clock_cost(false);
    must("priority", world.own_thread().set_priority(world.own_thread(), {client_priority}));
    const bool counts = kernel_counts(world);
    const sys::VSpace space = world.make_space();
    bench_ipc(world, space, counts);
    must("priority", world.own_thread().set_priority(world.own_thread(), {server_priority}));
    bench_page_fault(world, space, counts);
    bench_spawn(world, space, counts);

    const Word port = world.next_slot();
    must("debug exit", sys::IoPortControl(abi::root_slot::io_port_control).issue(0xf4, 0xf4, world.cnode().at(port)));
    sys::log("BENCH DONE");
    must("leave", sys::IoPorts(port).out8(0xf4, 0x10));
    for (;;) {
    }
}
