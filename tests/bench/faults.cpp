// SPDX-License-Identifier: BSD-2-Clause
// Faults: to a passive handler in another address space and back, and page faults with a pager that has nothing to decide.
#include "measure.hpp"

#include <abi/paging.hpp>
#include <iterator>
#include <sys/cap/range.hpp>

namespace bench {
namespace {

/// What is there when a page is touched.
enum class Before : uint8_t {
    nothing,
    cookie, ///< its bytes are elsewhere
    shared_page, ///< a page that may only be read, because others have it, too
};

/// What is measured of page faults, each in an area of its own.
struct PageFaults {
    const char* name;
    Word area;
    unsigned pages; ///< of one answer
    bool is_stacked; ///< another pager in front forwards the fault
    Before before;
};
constexpr unsigned fault_around = 16;
constexpr PageFaults page_faults[] = {
    {"page_fault.warm", 0x2000'0000, 1, false, Before::nothing},
    {"page_fault.around16", 0x2800'0000, fault_around, false, Before::nothing},
    {"page_fault.stacked", 0x2400'0000, 1, true, Before::nothing},
    {"page_fault.cow", 0x3800'0000, 1, false, Before::shared_page},
    {"page_fault.swap", 0x3c00'0000, 1, false, Before::cookie},
};
constexpr Word trap_size = 2; ///< bytes of UD2
constexpr Word table_span = 0x20'0000;
constexpr abi::PageRights read_write(3);

constinit Thread handler_thread{};
constinit Thread faulter_thread{};
constinit Thread pager_thread{};
constinit Thread front_thread{};

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

/// How the pages of a round are answered for: so many neighbours in one answer.
struct PagerWork {
    Word frames;
    unsigned pages; ///< per fault
    bool replaces; ///< what is there
    Word copies; ///< slots of the capabilities that are mapped, if those are copies; else 0
};
constinit PagerWork pager_work{};

/// A passive pager that has nothing to decide: the next frames that are ready go to the faulting page and its neighbours.
void serve_pages(Word) {
    constexpr Word page_fault = static_cast<Word>(abi::Fault::keeper_fault);
    abi::IpcBuffer& buffer = *sys::raw::ipc_buffer();
    sys::raw::Registers message{.target = objects.endpoint};
    sys::raw::enter(abi::Syscall::recv, message, objects.reply);
    for (Word frame = pager_work.frames;; frame += pager_work.pages) {
        if (abi::MessageInfo(message.info).label() != page_fault)
            fail("no page fault came");
        const Word page = message.mr1 & ~(page_size - 1);
        for (unsigned i = 2; i < pager_work.pages; i++) {
            buffer.message[2 * i] = frame + i;
            buffer.message[2 * i + 1] = abi::Place(page + i * page_size, read_write).raw();
        }
        message = {.target = objects.endpoint,
                   .info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::map), 2 * pager_work.pages).raw(),
                   .mr0 = frame,
                   .mr1 = abi::Place(page, read_write).raw(),
                   .mr2 = frame + 1,
                   .mr3 = abi::Place(page + page_size, read_write).raw()};
        sys::raw::enter(abi::Syscall::reply_map_recv, message, objects.reply);
    }
}

/// As serve_pages, one page at a time where something is already. What the page held would be read or copied before: that is
/// the same work whoever does it, and not measured.
void serve_replacements(Word) {
    sys::raw::Registers message{.target = objects.endpoint};
    sys::raw::enter(abi::Syscall::recv, message, objects.reply);
    for (Word done = 0;; ++done) {
        const abi::Place place(message.mr1 & ~(page_size - 1), read_write, 0, true, pager_work.copies != 0);
        const unsigned words = pager_work.copies != 0 ? 3 : 2;
        message = {.target = objects.endpoint,
                   .info = abi::MessageInfo(static_cast<Word>(abi::PagerAnswer::map), words).raw(),
                   .mr0 = pager_work.frames + done,
                   .mr1 = place.raw(),
                   .mr2 = pager_work.copies + done};
        sys::raw::enter(abi::Syscall::reply_map_recv, message, objects.reply);
    }
}

constinit FaultObjects front{};

/// A passive pager in front of the other: every fault is the other's.
void forward_faults(Word) {
    constexpr abi::MessageInfo forward(static_cast<Word>(abi::PagerAnswer::forward), 3);
    sys::raw::Registers message{.target = front.endpoint};
    sys::raw::enter(abi::Syscall::recv, message, front.reply);
    for (;;) {
        message = {.target = front.endpoint,
                   .info = forward.raw(),
                   .mr0 = objects.endpoint,
                   .mr1 = message.mr3,
                   .mr2 = read_write.raw()};
        sys::raw::enter(abi::Syscall::reply_map_recv, message, front.reply);
    }
}

/// Touches a page and, as the next fault, the one behind what was mapped with it.
void touch_pages(Word which) {
    const PageFaults& what = page_faults[which];
    Figure faults(what.name);
    for (unsigned i = 0; i < all_rounds; i++) {
        note(shared.client_events);
        stamped_touch(reinterpret_cast<volatile uint8_t*>(what.area + i * what.pages * page_size), shared.client);
        Events after{};
        note(after);
        faults.add(i, shared.client.after - shared.client.before - touch_clock_cost, shared.client_events, after);
    }
    faults.print();
    end_thread();
}

/// A pager waits, with no context of its own, for those who fault.
void start_pager(World& world, Thread& thread, sys::VSpace space, void (*serve)(Word)) {
    const auto context = world.make_context();
    start(world, thread, space, context, server_priority, {}, serve, 0);
    must("passive pager", context.unbind());
}

/// All faults of the space go to slot 1 of the table, which holds the handler.
sys::Object make_keeper_table(World& world, sys::VSpace space, sys::Object handler) {
    const auto table = world.make<sys::CNode>(1);
    must("keeper", table.at(1, 1).copy_from(world.cnode().at(handler.slot())));
    must("keeper index", sys::PageTables(space).set_keeper({0, 256, 39}, 1));
    return table;
}

/// The pager in front is in a third address space.
sys::Object start_front(World& world) {
    const auto endpoint = world.make<sys::Endpoint>();
    front = {endpoint.slot(), world.make<sys::Reply>().slot()};
    start_pager(world, front_thread, world.make_space(), forward_faults);
    return endpoint;
}

/// Puts there what is to be there. The slots of the copies that are mapped, if any are.
Word prepare(World& world, sys::VSpace space, const PageFaults& what) {
    const sys::PageTables tables(space);
    if (what.before == Before::cookie)
        must("cookies", tables.set_keeper({what.area, all_rounds, abi::page_bits}, abi::unchanged, 1, 1));
    if (what.before != Before::shared_page)
        return 0;
    const Word shared_frames = world.make_slots(abi::ObjectType::frame_4k, 0, all_rounds);
    const Word copies = world.next_slots(all_rounds);
    must("shared pages",
         tables.map(abi::Place(what.area, abi::PageRights(2), 0, false, true), shared_frames, all_rounds, copies));
    return copies;
}

void measure_page_faults(World& world, sys::VSpace space, Word which) {
    const PageFaults& what = page_faults[which];
    for (Word table = what.area; table < what.area + all_rounds * what.pages * page_size; table += table_span)
        world.make_tables(space, table);
    sys::Object handler = make_handler(world);
    if (what.is_stacked)
        handler = start_front(world);
    const sys::Object table = make_keeper_table(world, space, handler);
    const bool replaces = what.before != Before::nothing;
    pager_work = {world.make_slots(abi::ObjectType::frame_4k, 0, all_rounds * what.pages), what.pages, replaces,
                  prepare(world, space, what)};
    start_pager(world, pager_thread, world.own_space(), replaces ? serve_replacements : serve_pages);
    // Above this thread: it is done when we run again.
    start(world, faulter_thread, space, world.make_context(), server_priority, table, touch_pages, which);
}
} // namespace

void measure_faults(World& world, sys::VSpace space) {
    measure_traps(world, space);
    for (Word which = 0; which < std::size(page_faults); which++)
        measure_page_faults(world, space, which);
}

} // namespace bench
