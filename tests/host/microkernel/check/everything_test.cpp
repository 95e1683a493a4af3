// SPDX-License-Identifier: BSD-2-Clause
#include "everything.hpp"

#include <lifetime/delete.hpp>
#include <sched/scheduler.hpp>

namespace test {

Everything::Everything() {
    make_queues();
    let_wait_for_refills();
    map_pages();
    make_devices();
    delete_halfway();
    run(client);
    call(client, endpoint_cap, 1);
    call(server, inner_endpoint, 1);
    REQUIRE(is_running(running()));
    REQUIRE(broken() == "");
}

std::string Everything::broken() {
    const char* const words = broken_invariant();
    return words ? words : "";
}

void Everything::make_queues() {
    serve(server_cap, endpoint_cap, reply_cap);
    serve(inner_cap, inner_endpoint, inner_reply);
    offer_reply(listener_cap, listen_endpoint, listen_reply);
    for (uint8_t priority : {90, 90, 80, 70}) {
        queued.push_back(make_thread(priority));
        run(thread(queued.back()));
        send(thread(queued.back()), queue, 0);
    }
    run(waiter());
    receive(waiter(), bell, 0, Syscall::wait);
    run(root());
    REQUIRE(invoke(bound_cap, Method::tcb_bind_notification, {}, {bound_bell}).ok());
    REQUIRE(invoke(ready_cap, Method::tcb_resume).ok());
    REQUIRE(invoke(ready_too_cap, Method::tcb_resume).ok());
    REQUIRE(invoke(lent, Method::sched_context_bind, {}, {bell}).ok());
}

void Everything::let_wait_for_refills() {
    REQUIRE(invoke(poor_context, Method::sched_context_bind, {}, {poor_cap}).ok());
    REQUIRE(invoke(poor_too_context, Method::sched_context_bind, {}, {poor_too_cap}).ok());
    for (const Word poor : {poor_cap, poor_too_cap}) {
        run(thread(poor));
        advance_us(1000);
        fire_timer();
    }
    REQUIRE(context(poor_context).in_release_queue());
    REQUIRE(context(poor_too_context).in_release_queue());
    run(root());
}

void Everything::map_pages() {
    REQUIRE(invoke(pdpt, Method::pdpt_map, {page, 0}, {at::vspace}).ok());
    REQUIRE(invoke(directory, Method::page_directory_map, {page, 0}, {at::vspace}).ok());
    REQUIRE(invoke(table, Method::page_table_map, {page, 0}, {at::vspace}).ok());
    REQUIRE(invoke(frame, Method::page_map, {page, 3, 0}, {at::vspace}).ok());
    REQUIRE(invoke(read_only_copy, Method::page_map, {read_only_page, 2, 0}, {at::vspace}).ok());
    REQUIRE(invoke(at::asid_pool, Method::asid_pool_assign, {}, {other_space}).ok());
    const Word frame_type = static_cast<Word>(ObjectType::frame_4k);
    REQUIRE(invoke(at::device, Method::untyped_retype, {frame_type, 0, 0, 0, device_frame, 1}, {at::cnode}).ok());
}

void Everything::make_devices() {
    REQUIRE(invoke(at::irq_control, Method::irq_control_get_ioapic, {handler, 64, 0, 3, 0, 1, line}, {at::cnode}).ok());
    REQUIRE(invoke(handler, Method::irq_handler_set_notification, {}, {handler_bell}).ok());
    REQUIRE(invoke(at::io_port_control, Method::io_port_control_issue, {0x3f8, 0x3ff, ports, 64}, {at::cnode}).ok());
}

void Everything::delete_halfway() {
    move_capability(outer_slots[3], cap(inner_node), slot(inner_node));
    delete_partly(outer_node, 3);
    delete_partly(dying_cap, 3);
    REQUIRE(cap(outer_node).is(CapType::zombie));
    REQUIRE(outer_slots[3].cap.is(CapType::outer_zombie));
    REQUIRE(cap(dying_cap).is(CapType::zombie));
}

void Everything::delete_partly(Word index, unsigned steps) {
    x86::simulated.on_interrupt_window = [] { cpu.interrupted = true; };
    look_after_steps(steps);
    REQUIRE(delete_slot(slot(index)) == Progress::preempted);
    x86::simulated.on_interrupt_window = nullptr;
    cpu.interrupted = false;
}

void Everything::offer_reply(Word who, Word on, Word with) {
    run(thread(who));
    receive(thread(who), on, with);
    run(root());
}

void Everything::serve(Word who, Word on, Word with) {
    offer_reply(who, on, with);
    for (Word index = at::first_free; index < bit(root_radix); index++) {
        if (cap(index).is(CapType::sched_context) && context(index).thread == &thread(who))
            REQUIRE(invoke(index, Method::sched_context_unbind).ok());
    }
}

Entry& Everything::entry(unsigned level, Word address) {
    PhysAddr at = root_space();
    for (unsigned above = 4;; above--) {
        Entry& found = window<Table>(at)->entries[table_index(VirtAddr(address), static_cast<Level>(above))];
        if (above == level)
            return found;
        at = found.table_address();
    }
}

Entry& Everything::window_entry() {
    const PhysAddr pdpt = window<Table>(kernel_state.kernel_pml4)->entries[256].table_address();
    return window<Table>(window<Table>(pdpt)->entries[0].table_address())->entries[0];
}

void Everything::vanish(Word index) {
    for (Slot& own : thread(index).slots) {
        if (!own.is_empty())
            remove_capability(own);
    }
    remove_capability(slot(index));
}

void Everything::let_await(Tcb& thread, Reply& reply) {
    thread.state = ThreadState::awaiting_reply;
    thread.reply = &reply;
    reply.thread = &thread;
}

} // namespace test
