// SPDX-License-Identifier: BSD-2-Clause
// Spaces, IPC buffer and handlers of a thread: what is refused, in which order, and what the thread then has.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::Invocation;
using abi::UserRegister;
using sys::Rights;
using test::AnyCap;
using test::Cap;
using test::Fault;
using test::invoke;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;

namespace {

constexpr Word guard_of_58 = abi::CNodeData(0, 58).raw();
const AnyCap no_cap = Word{0};

sys::UserRegisters call_registers(Word target, Word label, unsigned length = 0, unsigned caps = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
    registers[UserRegister::rdi] = target;
    registers[UserRegister::rsi] = abi::MessageInfo(label, length, caps).raw();
    return registers;
}

/// A device frame: the first page of low memory that a device untyped has.
sys::Result<Cap<sys::Frame>> make_device_frame() {
    const abi::SlotRegion region = test::boot_info().untyped;
    for (Word i = 0; i < region.count(); ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        if (!piece.is_device || piece.size_bits < abi::page_bits)
            continue;
        return sys::make_object<sys::Frame>(test::space(), sys::Untyped(region.start + i));
    }
    return sys::ErrorCode::not_found;
}

/// What the answer to a victim's call says; none if the call did not come back.
abi::Error error_of(Subject& subject, const sys::UserRegisters& registers) {
    if (!subject.victim.run(snippet_syscall, registers).is_done())
        return abi::Error::none;
    return static_cast<abi::Error>(subject.victim.registers()[UserRegister::rsi] >> 12);
}

} // namespace

SYSTEM_TEST("Configure: the IPC buffer is checked first, then the CSpace, then the VSpace") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    REQUIRE_VALUE(full, test::make_untyped(12)); // with a child: its derivation is refused by an error of its own
    REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), full));
    const auto configure = [&](AnyCap cspace, AnyCap vspace, AnyCap frame, Word buffer, Word guard = 0) {
        return invoke(subject.victim.tcb(), Invocation::tcb_configure, {guard, 0, buffer}, {cspace, vspace, frame});
    };
    const AnyCap cnode = subject.victim.cnode(), space = subject.victim.space().root();
    const AnyCap frame = subject.victim.buffer_frame();
    CHECK_ANSWER(configure(no_cap, no_cap, full, 8), revoke_first);
    CHECK_ANSWER(configure(full, full, no_cap, 8), illegal_operation);
    CHECK_ANSWER(configure(full, full, frame, 8), alignment_error);
    CHECK_ANSWER(configure(full, no_cap, frame, 1024), revoke_first);
    CHECK_ANSWER(configure(no_cap, full, frame, 1024), illegal_operation);
    CHECK_ANSWER(configure(cnode, full, frame, 1024), revoke_first);
    CHECK_ANSWER(configure(cnode, no_cap, frame, 1024), illegal_operation);
    CHECK_ANSWER(configure(cnode, full, frame, 1024, abi::CNodeData(0, 59).raw()), illegal_operation); // 59 + 6 bits
    CHECK_DONE(configure(cnode, space, frame, 1024));
}

SYSTEM_TEST("SetSpace: the CSpace is checked first, then the VSpace, then the handler") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    REQUIRE_VALUE(full, test::make_untyped(12));
    REQUIRE_VALUE(child, sys::make_object<sys::Endpoint>(test::space(), full));
    const auto set = [&](AnyCap handler, AnyCap cspace, AnyCap vspace) {
        return invoke(subject.victim.tcb(), Invocation::tcb_set_space, {0, 0}, {handler, cspace, vspace});
    };
    const AnyCap cnode = subject.victim.cnode(), space = subject.victim.space().root();
    CHECK_ANSWER(set(full, no_cap, full), illegal_operation);
    CHECK_ANSWER(set(cnode, full, no_cap), revoke_first);
    CHECK_ANSWER(set(full, cnode, no_cap), illegal_operation);
    CHECK_ANSWER(set(cnode, cnode, full), revoke_first);
    CHECK_ANSWER(set(full, cnode, space), revoke_first);
    CHECK_ANSWER(set(space, cnode, space), invalid_capability, 1); // neither endpoint nor keeper table
    CHECK_DONE(set(no_cap, cnode, space));
}

SYSTEM_TEST("Configure: a refusal changes nothing: the thread keeps spaces, buffer and handler") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE(subject.victim.run(snippet_done).is_done());
    const AnyCap cnode = subject.victim.cnode(), space = subject.victim.space().root();
    REQUIRE_VALUE(other, sys::make_object<sys::CNode>(test::space(), test::arena(), 6));
    CHECK_ANSWER(invoke(subject.victim.tcb(), Invocation::tcb_configure, {0, 0, 0x400000}, {other, no_cap, cnode}),
                 illegal_operation);
    CHECK_ANSWER(invoke(subject.victim.tcb(), Invocation::tcb_configure, {0, 0, 0}, {other, no_cap, no_cap}),
                 illegal_operation);
    CHECK_ANSWER(invoke(subject.victim.tcb(), Invocation::tcb_set_space, {0, 0}, {space, other, space}),
                 invalid_capability, 1);
    // Still its own CSpace, space and handler, and an IPC buffer: without one this would be a truncated message.
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_OK(subject.victim.slot(1).copy_from(memory.ref()));
    sys::UserRegisters registers = call_registers(1, 1, 6, 1);
    registers[UserRegister::r10] = static_cast<Word>(abi::ObjectType::endpoint); // into the null capability as a node
    CHECK(error_of(subject, registers) == abi::Error::failed_lookup);
}

SYSTEM_TEST("IPC buffer: address 0 is none, and its capability is not looked at") {
    Subject subject;
    REQUIRE_OK(subject.make_raw());
    const sys::Tcb tcb = subject.victim.tcb();
    const AnyCap cnode = subject.victim.cnode(), space = subject.victim.space().root();
    for (const AnyCap& any : {no_cap, cnode, AnyCap(subject.memory), AnyCap(abi::root_slot::irq_control)}) {
        CHECK_DONE(invoke(tcb, Invocation::tcb_configure, {0, 0, 0}, {cnode, space, any}));
        CHECK_DONE(invoke(tcb, Invocation::tcb_set_ipc_buffer, {0}, {any}));
    }
}

SYSTEM_TEST("IPC buffer: not aligned to 1024 is an alignment error, what is no RAM frame an illegal operation") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::Tcb tcb = subject.victim.tcb();
    for (const Word address : {Word{1}, Word{8}, Word{512}, Word{0x401200}, ~Word{0}, Word{0xffff'8000'0000'0200}}) {
        CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_ipc_buffer, {address}, {subject.victim.buffer_frame()}),
                     alignment_error);
        CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_ipc_buffer, {address}, {subject.victim.cnode()}),
                     illegal_operation);
    }
    REQUIRE_VALUE(device, make_device_frame());
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_ipc_buffer, {0x400000}, {device}), illegal_operation);
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_ipc_buffer, {0x400001}, {device}), illegal_operation);
}

SYSTEM_TEST("IPC buffer: the kernel finds it by the frame and the address within it, mapped or not") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_VALUE(view, test::View::of(frame));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_OK(subject.victim.slot(1).copy_from(endpoint.ref()));
    // Any address will do, also one that nobody could map: only its low 12 bits count.
    for (const Word address : {Word{0x55'5555'5000}, Word{0x400400}, Word{0x800}, Word{0xffff'ffff'ffff'fc00}}) {
        REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(address, frame));
        auto& buffer = *reinterpret_cast<abi::IpcBuffer*>(view.bytes() + address % page_size);
        buffer.message[4] = address;
        buffer.message[5] = 0x66;
        sys::UserRegisters registers = call_registers(1, 9, 6);
        registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
        REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
        const auto received = test::receive_within(endpoint, subject.victim.reply_object());
        REQUIRE(received.has_value());
        CHECK_EQUAL(received->length(), 6);
        CHECK_EQUAL(sys::raw::ipc_buffer()->message[4], address);
        CHECK_EQUAL(sys::raw::ipc_buffer()->message[5], 0x66);
        REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    }
}

SYSTEM_TEST("IPC buffer: it may lie anywhere in a 2 MiB frame") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(abi::large_page_bits));
    REQUIRE_VALUE(large, sys::make_object<sys::LargeFrame>(test::space(), memory));
    REQUIRE_VALUE(directory, sys::make_object<sys::PageDirectory>(test::space(), test::arena()));
    constexpr Word window = Word{5} << 30;
    REQUIRE_OK(directory->map(test::own_space(), window));
    REQUIRE_OK(large->map(test::own_space(), window, sys::PageAccess::read_write()));
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_OK(subject.victim.slot(1).copy_from(endpoint.ref()));
    for (const Word offset : {Word{0x400}, Word{0x1000}, Word{0xabc00}, Word{0x1ffc00}}) {
        REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0x4000'0000 + offset, large));
        auto& buffer = *reinterpret_cast<abi::IpcBuffer*>(window + offset);
        buffer.message[119] = offset + 1;
        sys::UserRegisters registers = call_registers(1, 9, 120);
        registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
        REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
        const auto received = test::receive_within(endpoint, subject.victim.reply_object());
        REQUIRE(received.has_value());
        CHECK_EQUAL(received->length(), 120);
        CHECK_EQUAL(sys::raw::ipc_buffer()->message[119], offset + 1);
        REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
    }
}

SYSTEM_TEST("IPC buffer: without one, or after its frame was revoked, a message has four words and no capability") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_OK(subject.victim.slot(1).copy_from(endpoint.ref()));
    const auto send = [&](unsigned expected_length) {
        sys::UserRegisters registers = call_registers(1, 3, 7, 2);
        registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
        registers[UserRegister::r15] = 44;
        if (!subject.victim.start(snippet_syscall, registers))
            return false;
        const auto received = test::receive_within(endpoint, subject.victim.reply_object());
        return received && CHECK_EQUAL(received->length(), expected_length) && CHECK_EQUAL(received->mr3, 44) &&
               CHECK_EQUAL(received->info.extra_caps(), 0) &&
               CHECK(subject.victim.next_fault().value_or(Fault{}).is_done());
    };
    REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0x400000, frame));
    // Its two capability pointers are 0: an empty slot, so nothing arrives, but the words do.
    REQUIRE(send(7));
    REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0, {}));
    REQUIRE(send(4));
    REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0x400000, frame));
    REQUIRE(send(7));
    REQUIRE_OK(frame.ref().revoke()); // the thread's own capability goes
    REQUIRE(send(4));
}

SYSTEM_TEST("IPC buffer: an invocation without one is a truncated message from the fifth word or first capability on") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(memory, test::make_untyped(12));
    REQUIRE_OK(subject.victim.slot(1).copy_from(memory.ref()));
    REQUIRE_OK(subject.victim.slot(2).copy_from(test::space().at(subject.victim.cnode().slot())));
    REQUIRE_OK(subject.victim.tcb().set_ipc_buffer(0, {}));
    CHECK(error_of(subject, call_registers(1, 1, 6, 1)) == abi::Error::truncated_message);
    sys::UserRegisters registers = call_registers(2, static_cast<Word>(Invocation::cnode_revoke), 2);
    registers[UserRegister::r10] = 5;
    registers[UserRegister::r8] = Victim::cnode_bits;
    CHECK(error_of(subject, registers) == abi::Error::none); // needs two words and no capability
    REQUIRE_OK(subject.victim.slot(2).remove());
}

SYSTEM_TEST("IPC buffer: words 0 to 3 of a message travel in registers; the buffer keeps its own") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(endpoint, sys::make_object<sys::Endpoint>(test::space(), test::arena()));
    REQUIRE_OK(subject.victim.slot(1).copy_from(endpoint.ref()));
    REQUIRE_VALUE(view, test::View::of(subject.victim.buffer_frame()));
    auto& theirs = *reinterpret_cast<abi::IpcBuffer*>(view.bytes());
    abi::IpcBuffer& own = *sys::raw::ipc_buffer();
    sys::UserRegisters registers = call_registers(1, 5, 6);
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::send);
    registers[UserRegister::r10] = 10;
    registers[UserRegister::r8] = 11;
    registers[UserRegister::r9] = 12;
    registers[UserRegister::r15] = 13;
    REQUIRE_OK(subject.victim.start(snippet_syscall, registers)); // runs when the case waits
    for (unsigned i = 0; i < 8; ++i) {
        theirs.message[i] = 0x100 + i;
        own.message[i] = 0x200 + i;
    }
    theirs.tag = own.tag = 0x77;
    theirs.user_data = own.user_data = 0x99;
    const auto received = test::receive_within(endpoint, subject.victim.reply_object());
    REQUIRE(received.has_value());
    CHECK_EQUAL(received->mr0, 10);
    CHECK_EQUAL(received->mr3, 13);
    for (unsigned i = 0; i < 8; ++i)
        CHECK_EQUAL(own.message[i], i == 4 || i == 5 ? 0x100 + i : 0x200 + i);
    CHECK_EQUAL(own.tag, 0x77);
    CHECK_EQUAL(own.user_data, 0x99);
    REQUIRE(subject.victim.next_fault().value_or(Fault{}).is_done());
}

SYSTEM_TEST("CSpace datum: 0 leaves the guard of the capability as it is, another sets it") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_VALUE(guarded,
                  sys::mint_cap(test::space(), subject.victim.cnode(), Rights::all(), sys::Badge{guard_of_58}));
    const auto configure = [&](Word datum) {
        return subject.victim.tcb().set_space(subject.victim.faults(), guarded, datum, subject.victim.space().root());
    };
    REQUIRE_OK(configure(0));
    CHECK(error_of(subject, call_registers(3, 1)) == abi::Error::invalid_capability); // slot 3 by its number
    REQUIRE_OK(configure(abi::CNodeData(1, 58).raw()));
    REQUIRE(subject.victim.run(snippet_syscall, call_registers(3, 1)).kind == abi::Fault::cap_fault);
    CHECK(error_of(subject, call_registers(1 << 6 | 3, 1)) == abi::Error::invalid_capability);
    CHECK_REFUSED(configure(abi::CNodeData(0, 59).raw()), abi::Error::illegal_operation);
    CHECK_REFUSED(configure(abi::CNodeData(0, 63).raw()), abi::Error::illegal_operation);
}

SYSTEM_TEST("fault handler: an endpoint with write and grant or grant-reply, or nothing") {
    Subject subject;
    REQUIRE_OK(subject.make());
    const sys::Tcb tcb = subject.victim.tcb();
    const AnyCap cnode = subject.victim.cnode(), space = subject.victim.space().root();
    for (Word mask = 0; mask < 16; ++mask) {
        REQUIRE_VALUE(handler, sys::copy_cap(test::space(), subject.victim.faults(), Rights(mask)));
        const bool usable = (mask & 1) != 0 && (mask & 12) != 0;
        const auto by_space = invoke(tcb, Invocation::tcb_set_space, {guard_of_58, 0}, {handler, cnode, space});
        const auto by_params = invoke(tcb, Invocation::tcb_set_sched_params, {0, 100},
                                      {test::own_tcb(), subject.victim.context(), handler});
        if (usable) {
            CHECK_DONE(by_space);
            CHECK_DONE(by_params);
        } else {
            CHECK_ANSWER(by_space, invalid_capability, 1);
            CHECK_ANSWER(by_params, invalid_capability, 3);
        }
    }
}

SYSTEM_TEST(
    "fault handler: it is kept as a capability: neither a pointer of the thread's nor the copy that was given") {
    Subject subject;
    REQUIRE_OK(subject.make());
    {
        REQUIRE_VALUE(handler,
                      sys::mint_cap(test::space(), subject.victim.faults(), Rights::all(), sys::Badge{0x4242}));
        REQUIRE_VALUE(copy, sys::copy_cap(test::space(), handler.get()));
        REQUIRE_OK(subject.victim.tcb().set_space(copy.get(), subject.victim.cnode(), guard_of_58,
                                                  subject.victim.space().root()));
        copy.reset();
        REQUIRE_OK(subject.victim.start(snippet_done));
        const auto fault = subject.victim.next_fault();
        REQUIRE(fault.has_value());
        CHECK_EQUAL(fault->badge.value, 0x4242);
        // A descendant of the badged one: revoking that takes it out of the thread, which then just stops.
        REQUIRE_OK(handler.ref().revoke());
    }
    REQUIRE_OK(subject.victim.start(snippet_done));
    CHECK(!subject.victim.next_fault(5).has_value());
}

SYSTEM_TEST("fault handler: a null capability takes it away") {
    Subject subject;
    REQUIRE_OK(subject.make());
    REQUIRE_OK(subject.victim.tcb().set_space(sys::Object(), subject.victim.cnode(), guard_of_58,
                                              subject.victim.space().root()));
    REQUIRE_OK(subject.victim.start(snippet_done));
    CHECK(!subject.victim.next_fault(5).has_value());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rip], Victim::address_of(snippet_done));
}

SYSTEM_TEST("a thread without any space faults on its first instruction, and its handler hears of it") {
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), memory));
    REQUIRE_VALUE(context, sys::make_object<sys::SchedContext>(test::space(), memory, 8));
    REQUIRE_VALUE(faults, sys::make_object<sys::Endpoint>(test::space(), memory));
    REQUIRE_VALUE(reply, sys::make_object<sys::Reply>(test::space(), memory));
    REQUIRE_OK(test::sched_control().configure(context, {{5000}, {5000}}));
    REQUIRE_OK(tcb->set_sched_params(test::own_tcb(), {}, test::base_priority, context, faults));
    sys::UserRegisters registers;
    registers[UserRegister::rip] = 0x400000;
    REQUIRE_OK(tcb->write_registers(registers, abi::user_register_count, true));
    const auto received = test::receive_within(faults, reply);
    REQUIRE(received.has_value());
    const Fault fault = test::to_fault(*received);
    CHECK(fault.kind == abi::Fault::vm_fault);
    CHECK_EQUAL(fault.ip(), 0x400000);
    CHECK_EQUAL(fault.address(), 0x400000);
}

SYSTEM_TEST("SetSpace: a running thread goes on in its new space, and can be given its old one back") {
    Subject subjects[2];
    for (Word i = 0; i < 2; ++i) {
        REQUIRE_OK(subjects[i].make());
        REQUIRE_VALUE(frame, subjects[i].victim.space().map_new(0x600000, sys::PageAccess::read_write()));
        REQUIRE_VALUE(view, test::View::of(frame));
        view.words()[0] = 0x5000 + i;
    }
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = 0x600000;
    for (const Word which : {Word{1}, Word{0}, Word{1}}) {
        REQUIRE_OK(subjects[0].victim.tcb().set_space(subjects[0].victim.faults(), subjects[0].victim.cnode(),
                                                      guard_of_58, subjects[which].victim.space().root()));
        REQUIRE(subjects[0].victim.run(snippet_load, registers).is_done());
        CHECK_EQUAL(subjects[0].victim.registers()[UserRegister::rax], 0x5000 + which);
    }
}

SYSTEM_TEST("the caller may give itself another IPC buffer, and uses it from its next call on") {
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    REQUIRE_VALUE(view, test::View::of(frame));
    auto& other = *reinterpret_cast<abi::IpcBuffer*>(view.bytes() + 2048);
    const Word old_address = test::boot_info().ipc_buffer;
    REQUIRE_OK(test::own_tcb().set_ipc_buffer(0x1800, frame));
    // The library still writes its arguments into the old one: this Copy takes them from the new one.
    other.message[4] = 15;
    other.caps_or_badges[0] = abi::root_slot::cnode;
    sys::raw::Registers registers{abi::root_slot::cnode,
                                  abi::MessageInfo(static_cast<Word>(Invocation::cnode_copy), 5, 1).raw(),
                                  test::boot_info().empty.end - 1,
                                  64,
                                  abi::root_slot::tcb,
                                  64};
    sys::raw::enter(abi::Syscall::call, registers);
    const Word label = abi::MessageInfo(registers.info).label();
    other.caps_or_badges[0] = abi::root_slot::ipc_buffer;
    registers = {abi::root_slot::tcb, abi::MessageInfo(static_cast<Word>(Invocation::tcb_set_ipc_buffer), 1, 1).raw(),
                 old_address};
    sys::raw::enter(abi::Syscall::call, registers);
    CHECK_EQUAL(abi::MessageInfo(registers.info).label(), 0);
    CHECK_EQUAL(label, 0);
    CHECK_OK(test::space().at(test::boot_info().empty.end - 1).remove());
}
