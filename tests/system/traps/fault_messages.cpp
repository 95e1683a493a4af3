// SPDX-License-Identifier: BSD-2-Clause
// Fault messages word by word, and what their answers do to the thread.
#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

using abi::MessageInfo;
using abi::UserRegister;
using sys::PageAccess;
using test::above;
using test::Cap;
using test::Fault;
using test::page_size;
using test::Subject;
using test::Victim;
using test::Word;
namespace page_fault = test::page_fault;

namespace {

constexpr Word heap = 0x600000;
constexpr UserRegister unknown_syscall_order[] = {
    UserRegister::rax, UserRegister::rbx, UserRegister::rcx,   UserRegister::rdx, UserRegister::rsi,
    UserRegister::rdi, UserRegister::rbp, UserRegister::r8,    UserRegister::r9,  UserRegister::r10,
    UserRegister::r11, UserRegister::r12, UserRegister::r13,   UserRegister::r14, UserRegister::r15,
    UserRegister::rip, UserRegister::rsp, UserRegister::rflags};

sys::UserRegisters with(Word rdi, Word rsi = 0) {
    sys::UserRegisters registers;
    registers[UserRegister::rdi] = rdi;
    registers[UserRegister::rsi] = rsi;
    return registers;
}

/// Answers a fault with these words under a label.
void answer(Subject& subject, Word label, std::span<const Word> words) {
    Word first[4] = {};
    for (unsigned i = 0; i < words.size(); ++i) {
        if (i < 4)
            first[i] = words[i];
        else
            sys::raw::ipc_buffer()->message[i] = words[i];
    }
    subject.victim.reply_object().send(
        {MessageInfo(label, static_cast<unsigned>(words.size())), first[0], first[1], first[2], first[3]});
}

bool is_vm_fault(const Fault& fault, Word ip, Word address, Word code, const test::Where& where) {
    return test::check_equal(static_cast<Word>(fault.kind), 6, where) && test::check_equal(fault.length, 4, where) &&
           test::check_equal(fault.words[0], ip, where) && test::check_equal(fault.words[1], address, where) &&
           test::check_equal(fault.words[2], code >> 4 & 1, where) && test::check_equal(fault.words[3], code, where);
}
#define CHECK_VM_FAULT(fault, ip, address, code)                                                                       \
    CHECK(is_vm_fault((fault), (ip), (address), (code), TEST_WHERE(#fault)))

} // namespace

SYSTEM_TEST("UnknownSyscall: 19 words: the registers in the ABI's order, the IP of the SYSCALL, the number") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    sys::UserRegisters registers;
    for (unsigned i = 3; i < 18; ++i)
        registers.words[i] = 0x4321'0000 + i;
    registers[UserRegister::rsp] = 0x99'9990;
    registers[UserRegister::rflags] = 0xad7;
    const Fault fault = subject.victim.run(snippet_syscall, registers);
    CHECK_EQUAL(static_cast<Word>(fault.kind), 2);
    CHECK_EQUAL(fault.length, 19);
    for (unsigned i = 0; i < 18; ++i) {
        const UserRegister which = unknown_syscall_order[i];
        if (which == UserRegister::rcx || which == UserRegister::r11)
            continue; // clobbered by the instruction itself
        const Word expected = which == UserRegister::rip      ? Victim::address_of(snippet_syscall)
                              : which == UserRegister::rflags ? 0xad7 | 0x200
                                                              : registers[which];
        CHECK_EQUAL(fault.words[i], expected);
    }
    CHECK_EQUAL(fault.words[18], registers[UserRegister::rdx]);
}

SYSTEM_TEST("UnknownSyscall: an answer of n words writes the first n of 18 registers, and no more") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    for (unsigned length = 0; length <= 19; ++length) {
        REQUIRE(subject.victim.run(snippet_syscall, with(1, 2)).kind == abi::Fault::unknown_syscall);
        const sys::UserRegisters before = subject.victim.registers();
        Word words[19];
        for (unsigned i = 0; i < 19; ++i)
            words[i] = 0x8000 + 0x100 * i;
        words[17] = 0xfff;
        answer(subject, 1, std::span(words, length)); // left stopped, its registers written all the same
        const sys::UserRegisters after = subject.victim.registers();
        for (unsigned i = 0; i < 18; ++i) {
            const Word written = i == 17 ? 0xed7 : words[i];
            CHECK_EQUAL(after[unknown_syscall_order[i]], i < length ? written : before[unknown_syscall_order[i]]);
        }
        CHECK_EQUAL(after[UserRegister::fs_base], before[UserRegister::fs_base]);
    }
}

SYSTEM_TEST("UnknownSyscall: a handler that leaves the IP alone sees the same call again; plus 2 steps over it") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.start(snippet_syscall, with(5)));
    for (unsigned i = 0; i < 5; ++i) {
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault && fault->kind == abi::Fault::unknown_syscall);
        CHECK_EQUAL(fault->words[abi::unknown_syscall::rdi], 5);
        subject.victim.reply();
    }
    const auto fault = subject.victim.next_fault(0);
    REQUIRE(fault.has_value());
    Word words[16];
    for (unsigned i = 0; i < 16; ++i)
        words[i] = fault->words[i];
    words[15] += 2;
    answer(subject, 0, words);
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
}

SYSTEM_TEST("UnknownSyscall: after the answer RSP, RCX and R11 are what it says") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE(subject.victim.run(snippet_syscall).kind == abi::Fault::unknown_syscall);
    Word words[18];
    for (unsigned i = 0; i < 18; ++i)
        words[i] = 0x1000 + i;
    words[15] = Victim::address_of(snippet_done);
    words[17] = 0x246;
    answer(subject, 0, words);
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    const sys::UserRegisters found = subject.victim.registers();
    for (unsigned i = 0; i < 15; ++i)
        CHECK_EQUAL(found[unknown_syscall_order[i]], words[i]);
    CHECK_EQUAL(found[UserRegister::rsp], words[16]);
    CHECK_EQUAL(found[UserRegister::rflags] & 0xfff, 0x246);
}

SYSTEM_TEST("answers are made safe: a non-canonical IP becomes 0, flags are masked") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    for (const Word bad : {Word{0x8000'0000'0000}, Word{1} << 63, Word{0x7fff'ffff'ffff'ffff}}) {
        REQUIRE(subject.victim.run(snippet_done).is_done());
        const Word words[] = {bad, 0x1230, ~Word{0}};
        answer(subject, 0, words);
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault.has_value());
        CHECK(fault->kind == abi::Fault::vm_fault);
        CHECK_EQUAL(fault->ip(), 0);
        CHECK_EQUAL(subject.victim.registers()[UserRegister::rflags] & ~Word{0x10000}, 0xed7);
    }
}

SYSTEM_TEST("UserException: five words; an answer of n words writes the first n of IP, stack pointer, flags") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    for (unsigned length = 0; length <= 4; ++length) {
        const Fault fault = subject.victim.run(snippet_divide);
        CHECK_EQUAL(fault.length, 5);
        CHECK_EQUAL(fault.words[3], 0);
        CHECK_EQUAL(fault.words[4], 0);
        const sys::UserRegisters before = subject.victim.registers();
        CHECK_EQUAL(fault.words[0], before[UserRegister::rip]);
        CHECK_EQUAL(fault.words[1], before[UserRegister::rsp]);
        CHECK_EQUAL(fault.words[2], before[UserRegister::rflags]);
        const Word words[4] = {0x1111, 0x2222, 0xfff, 0x4444};
        answer(subject, 9, std::span(words, length));
        const sys::UserRegisters after = subject.victim.registers();
        CHECK_EQUAL(after[UserRegister::rip], length > 0 ? 0x1111 : before[UserRegister::rip]);
        CHECK_EQUAL(after[UserRegister::rsp], length > 1 ? 0x2222 : before[UserRegister::rsp]);
        CHECK_EQUAL(after[UserRegister::rflags], length > 2 ? 0xed7 : before[UserRegister::rflags]);
        CHECK_EQUAL(after[UserRegister::rax], before[UserRegister::rax]);
        CHECK(!subject.victim.next_fault(0).has_value()); // a label other than 0 leaves it stopped
    }
}

SYSTEM_TEST("flags that an answer is too short to write stay as they are, those that it could not set among them") {
    constexpr Word ac_id_nt = 1 << 18 | 1 << 21 | 1 << 14;
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE(subject.victim.run(snippet_flags_and_trap, with(ac_id_nt | 0x246)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rflags] & ~Word{0x10000}, ac_id_nt | 0x246);
    const Word words[] = {Victim::address_of(snippet_done), Victim::stack_top};
    answer(subject, 0, words);
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rflags] & ~Word{0x10000}, ac_id_nt | 0x246);
    const Word flags[] = {Victim::address_of(snippet_done), Victim::stack_top, 0x202};
    answer(subject, 0, flags);
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rflags] & ~Word{0x10000}, 0x202);
}

SYSTEM_TEST("a thread that an answer left stopped can be resumed, with the registers of that answer") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE(subject.victim.run(snippet_divide).is_exception(0));
    const Word words[] = {Victim::address_of(snippet_int3)};
    answer(subject, 1, words);
    CHECK(!subject.victim.next_fault(0).has_value());
    REQUIRE_OK(subject.victim.tcb().resume());
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_exception(3));
}

SYSTEM_TEST("VMFault and CapFault: the answer's content and label are ignored; the instruction restarts") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    const Word words[] = {Victim::address_of(snippet_int3), 0x1, 0x2, 0x3, 0x4};
    REQUIRE_OK(subject.victim.start(snippet_load, with(heap)));
    for (const Word label : {Word{0}, Word{1}, Word{6}, (Word{1} << 52) - 1}) {
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault.has_value());
        CHECK_VM_FAULT(*fault, Victim::address_of(snippet_load), heap, page_fault::user);
        answer(subject, label, words);
    }
    REQUIRE(subject.victim.next_fault(0).has_value());
    REQUIRE_OK(subject.victim.space().map_new(heap, PageAccess::read_only()));
    answer(subject, 1, words);
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    sys::UserRegisters registers = with(Word{1} << 40);
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::call);
    REQUIRE_OK(subject.victim.start(snippet_syscall, registers));
    for (const Word label : {Word{0}, Word{1}, Word{7}}) {
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault && fault->kind == abi::Fault::cap_fault);
        CHECK_EQUAL(fault->words[0], Victim::address_of(snippet_syscall));
        answer(subject, label, words);
    }
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rdi], Word{1} << 40);
}

SYSTEM_TEST("VMFault: the error code tells reading, writing, fetching and what forbids it") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    const auto at = [](const uint8_t* snippet) { return Victim::address_of(snippet); };
    REQUIRE_OK(subject.victim.space().map_new(heap, PageAccess::read_only()));
    REQUIRE_OK(subject.victim.space().map_new(heap + page_size, {.read = false, .write = true}));
    const Word hidden = heap + page_size, nothing = heap + 8 * page_size;
    using namespace page_fault;
    CHECK_VM_FAULT(subject.victim.run(snippet_load, with(nothing)), at(snippet_load), nothing, user);
    CHECK_VM_FAULT(subject.victim.run(snippet_store, with(nothing)), at(snippet_store), nothing, user | write);
    CHECK_VM_FAULT(subject.victim.run(snippet_call, with(nothing)), nothing, nothing, user | fetch);
    CHECK_VM_FAULT(subject.victim.run(snippet_store, with(heap)), at(snippet_store), heap, user | write | present);
    CHECK_VM_FAULT(subject.victim.run(snippet_call, with(heap)), heap, heap, user | fetch | present);
    CHECK_VM_FAULT(subject.victim.run(snippet_load, with(hidden)), at(snippet_load), hidden, user | present);
    CHECK_VM_FAULT(subject.victim.run(snippet_store, with(hidden)), at(snippet_store), hidden, user | write | present);
    CHECK_VM_FAULT(subject.victim.run(snippet_exchange, with(heap)), at(snippet_exchange), heap,
                   user | write | present);
}

SYSTEM_TEST("VMFault: accesses over a page boundary name the page that is missing, and complete once it is there") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_OK(subject.victim.space().map_new(heap, PageAccess::read_write()));
    for (const Word offset : {Word{1}, Word{4}, Word{7}}) {
        const Word address = heap + page_size - offset;
        CHECK_VM_FAULT(subject.victim.run(snippet_load, with(address)), Victim::address_of(snippet_load),
                       heap + page_size, page_fault::user);
        const Fault fault = subject.victim.run(snippet_lock_add, with(address));
        CHECK_EQUAL(fault.address(), heap + page_size);
        CHECK_EQUAL(fault.error_code() & ~page_fault::write, page_fault::user); // QEMU's interpreter reads first
    }
    REQUIRE_OK(subject.victim.start(snippet_lock_add, with(heap + page_size - 4)));
    REQUIRE(subject.victim.next_fault(0).has_value());
    REQUIRE_VALUE(second, subject.victim.space().map_new(heap + page_size, PageAccess::read_write()));
    subject.victim.reply();
    CHECK(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    REQUIRE(subject.victim.run(snippet_load, with(heap + page_size - 4)).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 1); // once, not twice
    static_cast<void>(second);
}

SYSTEM_TEST("VMFault: an instruction over a page boundary faults at the second page's start, and is then executed") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    REQUIRE_VALUE(first, subject.victim.space().map_new(heap, PageAccess::read_execute()));
    {
        REQUIRE_VALUE(view, test::View::of(first));
        view.bytes()[page_size - 3] = 0x48; // movabsq $..., %rax: ten bytes, three of them here
        view.bytes()[page_size - 2] = 0xb8;
        view.bytes()[page_size - 1] = 0x11;
    }
    sys::UserRegisters registers;
    registers[UserRegister::rip] = heap + page_size - 3;
    CHECK_VM_FAULT(subject.victim.run(snippet_done, registers), heap + page_size - 3, heap + page_size,
                   page_fault::user | page_fault::fetch);
    REQUIRE_VALUE(second, subject.victim.space().map_new(heap + page_size, PageAccess::read_execute()));
    {
        REQUIRE_VALUE(view, test::View::of(second));
        for (unsigned i = 0; i < 7; ++i)
            view.bytes()[i] = 0x22;
        view.bytes()[7] = 0x0f; // UD2
        view.bytes()[8] = 0x0b;
    }
    subject.victim.reply();
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rax], 0x2222'2222'2222'2211);
}

SYSTEM_TEST("VMFault: both operands of a string move fault one after the other") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    const Word source = heap, target = heap + 4 * page_size;
    REQUIRE_OK(subject.victim.start(snippet_movs, with(target, source)));
    bool seen[2] = {};
    for (unsigned i = 0; i < 2; ++i) {
        const auto fault = subject.victim.next_fault(0);
        REQUIRE(fault && fault->kind == abi::Fault::vm_fault);
        CHECK(fault->address() == source || fault->address() == target);
        seen[fault->address() == target] = true;
        CHECK_EQUAL(fault->error_code() & page_fault::write, fault->address() == target ? page_fault::write : 0);
        REQUIRE_OK(subject.victim.space().map_new(fault->address(), PageAccess::read_write()));
        subject.victim.reply();
    }
    CHECK(seen[0] && seen[1]);
    REQUIRE(subject.victim.next_fault(0).value_or(Fault{}).is_done());
    CHECK_EQUAL(subject.victim.registers()[UserRegister::rdi], target + 8);
}

SYSTEM_TEST("VMFault: the IP runs off the end of the user half: a fault at the first address behind it") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    constexpr Word last = abi::user_end - page_size;
    REQUIRE_VALUE(frame, subject.victim.space().map_new(last, PageAccess::read_execute()));
    {
        REQUIRE_VALUE(view, test::View::of(frame));
        for (unsigned i = 0; i < page_size; ++i)
            view.bytes()[i] = 0x90;
    }
    sys::UserRegisters registers;
    registers[UserRegister::rip] = abi::user_end - 5;
    CHECK_VM_FAULT(subject.victim.run(snippet_done, registers), abi::user_end, abi::user_end,
                   page_fault::user | page_fault::fetch);
}

SYSTEM_TEST("VMFault: the last canonical addresses of the user half can be read from nowhere") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    for (const Word address : {abi::user_end, Word{0x7fff'ffff'fff8}}) {
        CHECK_VM_FAULT(subject.victim.run(snippet_load, with(address)), Victim::address_of(snippet_load), address,
                       page_fault::user);
    }
    // One that reaches over the end is no page fault any more.
    const Fault fault = subject.victim.run(snippet_load, with(0x7fff'ffff'fffc));
    CHECK(fault.is_exception(13) || (fault.kind == abi::Fault::vm_fault && fault.address() == 0x7fff'ffff'fffc));
}

SYSTEM_TEST("UserException: an invalid selector is #GP with the selector as error code") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    for (const uint8_t* snippet : {snippet_load_ds, snippet_load_es, snippet_load_fs, snippet_load_gs}) {
        const Fault fault = subject.victim.run(snippet, with(0x1230 | 3));
        REQUIRE(fault.is_exception(13));
        CHECK_EQUAL(fault.words[4], 0x1230);
    }
}

SYSTEM_TEST("a fault whose handler waits, and one whose handler comes later, bring the same message") {
    Subject subject;
    REQUIRE_OK(subject.make(above));
    Fault faults[2];
    REQUIRE_OK(subject.victim.start(snippet_syscall, with(0x1010, 0x2020))); // queued; taken now:
    faults[0] = subject.victim.next_fault(0).value_or(Fault{});
    struct Handler {
        sys::Endpoint on;
        sys::Reply reply;
        Fault got;
        void operator()() { got = test::to_fault(on.receive(reply)); }
    } handles{subject.victim.faults(), subject.victim.reply_object(), {}};
    test::Thread handler;
    REQUIRE_VALUE(memory, test::make_untyped(14));
    REQUIRE_OK(handler.start(memory, handles, {.priority = test::far_above}));
    REQUIRE_OK(subject.victim.start(snippet_syscall, with(0x1010, 0x2020)));
    CHECK(handler.is_done());
    faults[1] = handles.got;
    CHECK_EQUAL(faults[0].length, faults[1].length);
    for (unsigned i = 0; i < faults[0].length; ++i)
        CHECK_EQUAL(faults[0].words[i], faults[1].words[i]);
}

SYSTEM_TEST("a handler without IPC buffer gets the first four words of a fault message") {
    Subject subjects[2]; // the second one handles the first one's faults
    REQUIRE_OK(subjects[0].make(above));
    REQUIRE_OK(subjects[1].make(test::far_above));
    REQUIRE_OK(subjects[1].victim.tcb().set_ipc_buffer(0, {}));
    REQUIRE_OK(subjects[1].victim.slot(1).copy_from(test::space().at(subjects[0].victim.faults().slot())));
    sys::UserRegisters registers = with(1);
    registers[UserRegister::rdx] = static_cast<Word>(abi::Syscall::wait);
    REQUIRE_OK(subjects[1].victim.start(snippet_syscall, registers));
    REQUIRE_OK(subjects[0].victim.start(snippet_syscall, with(7)));
    REQUIRE(subjects[1].victim.next_fault(0).value_or(Fault{}).is_done());
    const sys::UserRegisters got = subjects[1].victim.registers();
    CHECK_EQUAL(got[UserRegister::rsi], MessageInfo(2, 4).raw());
    CHECK_EQUAL(got[UserRegister::r10], 0); // rax of the faulted thread
    CHECK_EQUAL(got[UserRegister::r15], 0); // its rdx
}
