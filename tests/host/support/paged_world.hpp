// SPDX-License-Identifier: BSD-2-Clause
// A client whose page faults go through a keeper table, and its pagers: for the tests of the paging extension.
#pragma once

#include <support/fake_machine.hpp>

#include <abi/paging.hpp>

namespace test {

inline constexpr Word fault_ip = 0x40'2000;
inline constexpr Word area = 0x1'4020'0000; ///< 2 MiB with a page table
inline constexpr Word write_error = 6, read_error = 4, fetch_error = 20;
inline constexpr abi::PageRights read_only{2}, read_write{3}, read_execute{6}, write_execute{7};

/// Slots of the keeper table: the supervisor, and two keepers.
struct PagedWorld : FakeMachine {
    Word pdpt = make(ObjectType::pdpt);
    Word directory = make(ObjectType::page_directory);
    Word table = make(ObjectType::page_table);
    Word keepers = make(ObjectType::cnode, 3);
    Word supervised = make(ObjectType::endpoint);
    Word faults = make(ObjectType::endpoint);
    Word other_faults = make(ObjectType::endpoint);
    Word reply = make(ObjectType::reply);
    Word supervisor_reply = make(ObjectType::reply);
    Word pager_cap = make_thread(200);
    Word other_cap = make_thread(200);
    Word supervisor_cap = make_thread(210);
    Word client_cap = make_thread(100);
    Tcb& pager = thread(pager_cap);
    Tcb& other = thread(other_cap);
    Tcb& supervisor = thread(supervisor_cap);
    Tcb& client = thread(client_cap);

    PagedWorld() {
        REQUIRE(invoke(pdpt, Method::pdpt_map, {area, 0}, {at::vspace}).ok());
        REQUIRE(invoke(directory, Method::page_directory_map, {area, 0}, {at::vspace}).ok());
        REQUIRE(invoke(table, Method::page_table_map, {area, 0}, {at::vspace}).ok());
        put_keeper(0, supervised, 0x50);
        put_keeper(1, faults, 0x51);
        put_keeper(2, other_faults, 0x52);
        REQUIRE(set_space(keepers).ok());
        REQUIRE(invoke(at::tcb, Method::tcb_set_priority, {50}, {at::tcb}).ok());
    }
    void put_keeper(Word index, Word endpoint, Word badge) {
        REQUIRE(invoke(keepers, Method::cnode_mint, {index, 64, endpoint, 64, 15, badge}, {at::cnode}).ok());
    }
    void empty_keeper(Word index) { REQUIRE(as_root(keepers, Method::cnode_delete, {index, 64}).ok()); }
    CallResult set_space(Word handler) {
        return as_root(client_cap, Method::tcb_set_space, {0, 0}, {handler, at::cnode, at::vspace});
    }
    /// The root invokes, whoever runs.
    CallResult as_root(Word pointer, Method method, const Words& words = {}, const Words& caps = {}) {
        run(root());
        return invoke(pointer, method, words, caps);
    }
    /// Entries of the page table from `address` on get the index.
    void keep(Word address, Word count, Word keeper, Word cookie = abi::unchanged, Word step = 0) {
        const CallResult done = as_root(table, Method::range_set_keeper, {address, 12, count, keeper, cookie, step});
        REQUIRE(done.ok());
        REQUIRE(done.words == Words{count});
    }
    /// The pagers and the supervisor wait.
    void wait_for_faults() {
        if (pager.state != ThreadState::receiving) {
            run(pager);
            receive(pager, faults, reply);
        }
        if (supervisor.state != ThreadState::receiving) {
            run(supervisor);
            receive(supervisor, supervised, supervisor_reply);
        }
    }
    /// The pager, which waits, runs on the contexts of those who fault from now on.
    void make_pager_passive() {
        for (Word slot = at::first_free; pager.sched_context != nullptr; slot++) {
            if (cap(slot).is(CapType::sched_context) && &context(slot) == pager.sched_context)
                REQUIRE(as_root(slot, Method::sched_context_unbind).ok());
        }
    }
    /// The client runs and faults.
    void fault(Word address, Word error_code = write_error, Word ip = fault_ip) {
        if (client.state == ThreadState::stopped)
            REQUIRE(as_root(client_cap, Method::tcb_resume).ok());
        run(client);
        exception(x86::vector::page_fault, ip, error_code, address);
    }
    static Word item(Word address, abi::PageRights rights, bool replace = false, bool copy = false) {
        return abi::Place(address, rights, 0, replace, copy).raw();
    }
    /// The pager answers.
    CallResult answer_fault(const Words& items, abi::PagerAnswer how = abi::PagerAnswer::map) {
        run(pager);
        put_message(pager, static_cast<Word>(how), items);
        pager.context.r12 = reply;
        return enter(pager, Syscall::reply_map_recv, faults);
    }
    /// It could not: `error`, after so many items.
    bool failed(const Words& items, Error error, Word done = 0, abi::PagerAnswer how = abi::PagerAnswer::map) {
        answer_fault(items, how);
        return (pager.context.rsi & 127) == abi::failed_length && pager.context.rsi >> 12 == static_cast<Word>(error) &&
               pager.context.rdi == done && client.state == ThreadState::awaiting_reply;
    }
    abi::KeeperFaultInfo info_of(const Tcb& thread) { return abi::KeeperFaultInfo(thread.context.r9); }
    Entry entry(Word address) { return Entry(window<Table>(cap(table).object())->entries[address >> 12 & 511]); }
    PhysAddr frame_at(Word address) { return entry(address).page_address(Level::pt); }
};

} // namespace test
