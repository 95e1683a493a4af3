// SPDX-License-Identifier: BSD-2-Clause
// A world with a little of everything in it, sound, and ways to break it.
#pragma once

#include <support/ipc_pair.hpp>

#include <check/invariants.hpp>

#include <span>
#include <string>

namespace test {

/// Two callers on a stack of replies, a receiver, queued senders of two priorities, a waiting thread, a bound
/// notification, a lent context, ready threads, contexts that wait for refills, mapped pages, devices, and what is left of
/// a CNode, of one found inside it, and of a thread. Objects that were made later lie higher, and are looked at earlier.
struct Everything : Pair {
    // What is bound or queued.
    Word inner_endpoint = make(ObjectType::endpoint);
    Word inner_reply = make(ObjectType::reply);
    Word inner_cap = make_thread();
    Word listener_cap = make_thread(60);
    Word listen_endpoint = make(ObjectType::endpoint);
    Word listen_reply = make(ObjectType::reply);
    Word queue = make(ObjectType::endpoint);
    Word idle_endpoint = make(ObjectType::endpoint);
    Words queued;
    Word bell = make(ObjectType::notification);
    Word idle_bell = make(ObjectType::notification);
    Word bound_bell = make(ObjectType::notification);
    Word bound_cap = make_thread(100, false);
    Word waiter_cap = make_thread();
    Word ready_cap = make_thread(10);
    Word ready_too_cap = make_thread(10);
    Word lent = make_context();
    Word poor_cap = make_thread(250, false);
    Word poor_context = make_context(1000, 10'000);
    Word poor_too_cap = make_thread(250, false);
    Word poor_too_context = make_context(1000, 20'000);
    // What belongs to nobody.
    Word node = make(ObjectType::cnode, 4);
    Word node_copy = mint(node, Rights::all());
    Word spare = make_context();
    Word spare_thread_cap = make_thread(255, false);
    Word idle_reply = make(ObjectType::reply);
    Word idle_cap = make_thread(100, false);
    Word badged = mint(queue, Rights::write(), 5);
    // Memory.
    Word pdpt = make(ObjectType::pdpt), directory = make(ObjectType::page_directory),
         table = make(ObjectType::page_table);
    Word frame = make(ObjectType::frame_4k);
    Word read_only = make(ObjectType::frame_4k);
    Word read_only_copy = mint(read_only, Rights::read());
    Word other_space = make(ObjectType::pml4);
    Word device_frame = free_slot();
    // Devices.
    Word handler = free_slot();
    Word handler_bell = make(ObjectType::notification);
    Word ports = free_slot();
    // Half deleted.
    Word outer_node = make(ObjectType::cnode, 2), inner_node = make(ObjectType::cnode, 2);
    Slot* outer_slots = slots_of(cap(outer_node));
    Slot* inner_slots = slots_of(cap(inner_node));
    Word dying_cap = make_thread(100, false);
    Tcb& dying = thread(dying_cap);

    static constexpr Word page = 0x1'4020'3000, read_only_page = page + 0x1000, line = 7;

    Everything();
    /// Words for the first broken invariant; empty: none is.
    std::string broken();

    Tcb& in_queue(unsigned index) { return thread(queued[index]); }
    Tcb& waiter() { return thread(waiter_cap); }
    /// The first and the second of the ready queue of priority 10.
    static Tcb& ready() { return *kernel_state.ready.first(10); }
    static Tcb& ready_too() { return *ready().queue.next; }
    Tcb& running() { return thread(inner_cap); }
    Tcb& idle() { return thread(idle_cap); }

    /// A table entry on the way to `page`, in the root's space; level 4 = in the PML4.
    Entry& entry(unsigned level, Word address = page);
    /// The entry of the kernel's own tables that shows physical memory from 0 on, a large page.
    static Entry& window_entry();

    /// All capabilities of a thread go, and the one to it: nothing can name it any more.
    void vanish(Word thread);
    /// `thread`, which does nothing, awaits an answer by way of `reply`.
    static void let_await(Tcb& thread, Reply& reply);

private:
    void make_queues();
    void let_wait_for_refills();
    void map_pages();
    void make_devices();
    void delete_halfway();
    void offer_reply(Word who, Word on, Word with);
    /// The same, and gives its context up.
    void serve(Word who, Word on, Word with);
    /// As many steps of deleting what is in a slot.
    void delete_partly(Word index, unsigned steps);
};

/// The sentence, and how to break it.
struct Breaking {
    const char* words;
    void (*what)(Everything&);
};

std::span<const Breaking> breakings_of_capabilities();
std::span<const Breaking> breakings_of_memory();
std::span<const Breaking> breakings_of_threads();
std::span<const Breaking> breakings_of_queues();

} // namespace test
