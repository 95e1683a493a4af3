// SPDX-License-Identifier: BSD-2-Clause
// Child processes: a space and a CSpace of their own, built by hand; their faults, handled by hand.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

namespace {

constexpr Word code_at = 0x40'0000, buffer_at = 0x50'0000, data_at = 0x60'0000;
constexpr Word cnode_bits = 6;
constexpr Word to_parent = 5, given = 9; ///< slots in the child's CNode

struct Child {
    Word memory = make(type_untyped, 17), space = 0, cnode = 0, tcb = 0, context = 0;
    Word endpoint = 0, reply = 0, faults = 0;

    Word object(Word type, Word size_bits = 0) const { return make_from(memory, type, size_bits); }

    bool build() {
        space = object(type_pml4);
        cnode = object(type_cnode, cnode_bits);
        tcb = object(type_tcb);
        context = object(type_sched_context, 8);
        endpoint = object(type_endpoint);
        faults = object(type_endpoint);
        reply = object(type_reply);
        const Word code = object(type_frame_4k), buffer = object(type_frame_4k);
        if (!invoke_caps(cap_asid_pool, asid_assign, {space}).ok())
            return false;
        // Filled through a copy, which then goes: copies have mappings of their own.
        const Word window = new_slot();
        if (!copy(window, code))
            return false;
        memcpy(map_here(window), child_code, static_cast<size_t>(child_end - child_code));
        if (!remove(window) || !map(code, space, code_at, 2) || !map(buffer, space, buffer_at))
            return false;
        const bool to_parent_given =
            invoke(cnode, cnode_mint, {to_parent, cnode_bits, endpoint, 64, 15, 0xc0}, {cap_cnode}).ok();
        return to_parent_given && configure_context(context, 5000, 5000) &&
               invoke(tcb, tcb_configure, {Word{58}, 0, buffer_at}, {cnode, space, buffer}).ok() &&
               invoke(tcb, tcb_set_sched_params, {0, base_priority + 1}, {cap_tcb, context, faults}).ok();
    }
    bool start(const uint8_t* entry, Word rsi = 0, Word rdx = 0) const {
        const Word registers[] = {
            1, 10, code_at + static_cast<Word>(entry - child_code), 0, 0x202, 0, 0, 0, rdx, rsi, to_parent, 0};
        return invoke(tcb, tcb_write_registers, registers).ok();
    }
    void end() const {
        revoke(memory);
        remove(memory);
    }
};

} // namespace

SYSTEM_TEST("foreign: a child in a space of its own calls its parent through the one capability that it has") {
    Child child;
    NEED(child.build());
    NEED(child.start(child_echo));
    Word value = 1;
    for (unsigned i = 0; i < 20; ++i) {
        const Message message = receive(child.endpoint, child.reply);
        EXPECT_EQUAL(message.badge, 0xc0);
        EXPECT_EQUAL(message.label(), 7);
        NEED(EXPECT_EQUAL(message.words[0], value));
        value = message.words[0] * 3;
        send(child.reply, 0, {&value, 1});
        ++value; // it adds one
    }
    child.end();
}

SYSTEM_TEST("foreign: the parent is the child's pager: every first touch is a message, and one frame answers it") {
    constexpr Word pages = 12;
    Child child;
    NEED(child.build());
    NEED(child.start(child_touch, data_at, pages));
    for (Word i = 0; i < pages; ++i) {
        const Message fault = poll(child.faults, child.reply);
        NEED(EXPECT_EQUAL(fault.label(), fault_page));
        EXPECT_EQUAL(fault.length(), 4);
        EXPECT_EQUAL(fault.words[1], data_at + i * 4096);
        EXPECT_EQUAL(fault.words[2], 0);
        EXPECT_EQUAL(fault.words[3] | 2, 6); // from user mode, nothing there; a write, which QEMU begins by reading
        const Word frame = child.object(type_frame_4k);
        NEED(map(frame, child.space, fault.words[1]));
        send(child.reply, 0);
    }
    EXPECT_EQUAL(poll(child.endpoint, child.reply).words[0], pages); // each counted from 0 to 1
    child.end();
}

SYSTEM_TEST("foreign: a page taken away faults again, one made read-only refuses the write") {
    Child child;
    NEED(child.build());
    const Word frame = child.object(type_frame_4k);
    NEED(map(frame, child.space, data_at));
    NEED(child.start(child_touch, data_at, 1));
    EXPECT_EQUAL(poll(child.endpoint, child.reply).words[0], 1);
    NEED(invoke(frame, page_map, {data_at, 2, 0}, {child.space}).ok());
    NEED(child.start(child_touch, data_at, 1));
    Message fault = poll(child.faults, child.reply);
    EXPECT_EQUAL(fault.label(), fault_page);
    EXPECT_EQUAL(fault.words[3], 7);
    NEED(invoke(frame, page_unmap).ok());
    send(child.reply, 0);
    fault = poll(child.faults, child.reply);
    EXPECT_EQUAL(fault.words[1], data_at);
    EXPECT_EQUAL(fault.words[3] | 2, 6);
    NEED(map(frame, child.space, data_at));
    send(child.reply, 0);
    EXPECT_EQUAL(poll(child.endpoint, child.reply).words[0], 2);
    child.end();
}

SYSTEM_TEST("foreign: a personality: the child's foreign system calls are emulated from their fault messages") {
    Child child;
    NEED(child.build());
    NEED(child.start(child_foreign_call));
    Message fault = poll(child.faults, child.reply);
    NEED(EXPECT_EQUAL(fault.label(), fault_unknown_call));
    EXPECT_EQUAL(fault.length(), 19);
    EXPECT_EQUAL(fault.words[0], 1);      // rax
    EXPECT_EQUAL(fault.words[4], 0x1234); // rsi
    EXPECT_EQUAL(fault.words[5], 1);      // rdi
    EXPECT_EQUAL(fault.words[18], 5);     // the number: rdx
    fault.words[0] = 5;
    fault.words[15] += 2; // over the SYSCALL
    send(child.reply, 0, {fault.words, 18});
    fault = poll(child.faults, child.reply);
    EXPECT_EQUAL(fault.label(), fault_unknown_call);
    EXPECT_EQUAL(fault.words[0], 60);
    EXPECT_EQUAL(fault.words[1], 5); // rbx holds what the first one answered
    child.end();
}

SYSTEM_TEST("foreign: an exception is answered with a new IP") {
    Child child;
    NEED(child.build());
    NEED(child.start(child_divide));
    Message fault = poll(child.faults, child.reply);
    NEED(EXPECT_EQUAL(fault.label(), fault_exception));
    EXPECT_EQUAL(fault.length(), 5);
    EXPECT_EQUAL(fault.words[3], 0);
    fault.words[0] += 2;
    send(child.reply, 0, {fault.words, 3});
    fault = poll(child.faults, child.reply);
    EXPECT_EQUAL(fault.label(), fault_exception);
    EXPECT_EQUAL(fault.words[3], 6);
    EXPECT_EQUAL(invoke(child.tcb, tcb_read_registers, {0, 20}).words[reg_rbx], 0x55);
    child.end();
}

SYSTEM_TEST("foreign: a child receives a capability with an answer, and can use it") {
    Child child;
    NEED(child.build());
    const Word notification = make(type_notification), badged = new_slot();
    NEED(mint(badged, notification, 0x21));
    // The child's receive slot is named in its IPC buffer, which the parent fills before it starts.
    const Word buffer = child.object(type_frame_4k), window = new_slot();
    NEED(copy(window, buffer));
    auto* const theirs = reinterpret_cast<IpcBuffer*>(map_here(window));
    NEED(invoke(child.tcb, tcb_set_ipc_buffer, {buffer_at}, {buffer}).ok());
    NEED(invoke(child.cnode, cnode_copy, {8, cnode_bits, child.cnode, 64, 15}, {cap_cnode}).ok());
    theirs->receive_root = 8;
    theirs->receive_index = given;
    theirs->receive_depth = cnode_bits;
    NEED(child.start(child_use_given));
    EXPECT_EQUAL(receive(child.endpoint, child.reply).label(), 9);
    ipc_buffer->caps_or_badges[0] = badged;
    enter(sys_send, {child.reply, make_info(0, 0, 1)});
    EXPECT_EQUAL(poll_notification(notification), 0x21);
    const Message message = poll(child.endpoint, child.reply);
    EXPECT_EQUAL(caps_of(message.words[0]), 1); // what it was told about the answer
    child.end();
}

SYSTEM_TEST("foreign: a child without a capability faults with the pointer, in which phase, and why") {
    Child child;
    NEED(child.build());
    const Word registers[] = {1, 10, code_at, 0, 0x202, 0, 0, 0, 0, 0, Word{1} << 50, 0};
    NEED(invoke(child.tcb, tcb_write_registers, registers).ok());
    const Message fault = poll(child.faults, child.reply);
    NEED(EXPECT_EQUAL(fault.label(), fault_cap));
    EXPECT_EQUAL(fault.words[1], Word{1} << 50);
    EXPECT_EQUAL(fault.words[2], 0);
    EXPECT_EQUAL(fault.words[3], 4); // guard mismatch
    EXPECT_EQUAL(fault.words[4], 64);
    EXPECT_EQUAL(fault.words[6], 58);
    child.end();
}

SYSTEM_TEST("foreign: a hundred children live and die in the same memory") {
    const Word memory = make(type_untyped, 17);
    NEED(memory != 0);
    for (unsigned i = 0; i < 100; ++i) {
        Child child;
        child.memory = memory;
        NEED(child.build());
        NEED(child.start(child_divide));
        NEED(EXPECT_EQUAL(poll(child.faults, child.reply).label(), fault_exception));
        NEED(revoke(memory));
    }
}
