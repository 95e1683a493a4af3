// SPDX-License-Identifier: BSD-2-Clause
// Faults: to a passive handler in another address space and back, and page faults with a pager that has nothing to decide.
#include "measure.hpp"

namespace bench {
namespace {

constexpr Word fault_area = 0x2000'0000;
constexpr Word trap_size = 2; ///< bytes of UD2

constinit Thread handler_thread{};
constinit Thread faulter_thread{};

struct FaultObjects {
    Word endpoint;
    Word reply;
};
constinit FaultObjects objects{};

[[noreturn]] void end_thread() {
    for (;;)
        must("end", sys::Tcb(faulter_thread.tcb).suspend());
}

/// Lets the faulter go on behind its instruction.
void handle_traps(Word) {
    sys::raw::Registers message{.target = objects.endpoint};
    stamped_syscall(abi::Syscall::recv, message, objects.reply, shared.server);
    for (;;) {
        note(shared.server_events);
        message = {.target = objects.endpoint, .info = abi::MessageInfo(0, 1).raw(), .mr0 = message.mr0 + trap_size};
        stamped_syscall(abi::Syscall::reply_recv, message, objects.reply, shared.server);
    }
}

void raise_traps(Word) {
    Figure to_handler("fault.to_handler");
    Figure reply("fault.reply");
    for (unsigned i = 0; i < all_rounds; i++) {
        note(shared.client_events);
        stamped_trap(shared.client);
        Events after{};
        note(after);
        to_handler.add(i, shared.server.after - shared.client.before - touch_clock_cost, shared.client_events,
                       shared.server_events);
        reply.add(i, shared.client.after - shared.server.before - touch_clock_cost, shared.server_events, after);
    }
    to_handler.print();
    reply.print();
    end_thread();
}

sys::Object make_handler(World& world) {
    const auto endpoint = world.make<sys::Endpoint>();
    objects = {endpoint.slot(), world.make<sys::Reply>().slot()};
    const Word handler = world.next_slot();
    must("handler", world.cnode().at(handler).mint_from(world.cnode().at(endpoint.slot()), abi::Rights::all(), 1));
    return sys::Object(handler);
}

void measure_traps(World& world, sys::VSpace space) {
    const sys::Object handler = make_handler(world);
    const auto context = world.make_context();
    start(world, handler_thread, space, context, server_priority, {}, handle_traps, 0);
    must("passive handler", context.unbind());
    // Above this thread: it is done when we run again.
    start(world, faulter_thread, world.own_space(), world.make_context(), server_priority, handler, raise_traps, 0);
}

/// Touches one page after the other, each for the first time.
void touch_pages(Word) {
    for (unsigned i = 0; i < all_rounds; i++) {
        note(shared.client_events);
        stamped_touch(reinterpret_cast<volatile uint8_t*>(fault_area + i * page_size), shared.client);
        note(shared.server_events);
        sys::raw::Registers message{.target = objects.endpoint, .info = abi::MessageInfo(0, 0).raw()};
        sys::raw::enter(abi::Syscall::call, message);
    }
    end_thread();
}

/// Maps a frame that is ready at the faulting page, answers, and waits again. Between two faults the faulter reports.
void measure_page_faults(World& world, sys::VSpace space) {
    const sys::Object handler = make_handler(world);
    world.make_tables(space, fault_area);
    const Word frames = world.make_slots(abi::ObjectType::frame_4k, 0, all_rounds);
    start(world, faulter_thread, space, world.make_context(), client_priority, handler, touch_pages, 0);

    Figure faults("page_fault.warm");
    sys::raw::Registers message{.target = objects.endpoint};
    sys::raw::enter(abi::Syscall::recv, message, objects.reply);
    for (unsigned i = 0; i < all_rounds; i++) {
        if (abi::MessageInfo(message.info).label() != static_cast<Word>(abi::Fault::vm_fault))
            fail("no page fault came");
        const Word page = message.mr1 & ~(page_size - 1);
        must("map", sys::Frame(frames + i).map(space, page, sys::PageAccess::read_write()));
        message = {.target = objects.endpoint};
        sys::raw::enter(abi::Syscall::reply_recv, message, objects.reply);
        // The report after the fault: the figure is complete.
        faults.add(i, shared.client.after - shared.client.before - touch_clock_cost, shared.client_events,
                   shared.server_events);
        if (i == all_rounds - 1)
            break;
        message = {.target = objects.endpoint};
        sys::raw::enter(abi::Syscall::reply_recv, message, objects.reply);
    }
    faults.print();
}

} // namespace

void measure_faults(World& world, sys::VSpace space) {
    measure_traps(world, space);
    // The pager: above its clients, whose first fault must find it waiting.
    must("priority", world.own_thread().set_priority(world.own_thread(), {server_priority}));
    measure_page_faults(world, space);
    must("priority", world.own_thread().set_priority(world.own_thread(), {client_priority}));
}

} // namespace bench
