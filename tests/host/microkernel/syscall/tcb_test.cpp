// SPDX-License-Identifier: BSD-2-Clause
// Methods of threads: spaces, buffers, handlers, priorities, registers, flags.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

struct Threads : FakeMachine {
    Word thread_cap = make_thread(100);
    Tcb& thread = FakeMachine::thread(thread_cap);
    Word nothing = free_slot();
    Word frame = make(ObjectType::frame_4k);
    Word endpoint = make(ObjectType::endpoint);

    CallResult configure(const Words& words, const Words& caps) {
        return invoke(thread_cap, Method::tcb_configure, words, caps);
    }
    CallResult set_space(const Words& words, const Words& caps) {
        return invoke(thread_cap, Method::tcb_set_space, words, caps);
    }
    CallResult set_buffer(Word address, Word cap) {
        return invoke(thread_cap, Method::tcb_set_ipc_buffer, {address}, {cap});
    }
    Word full_untyped() {
        REQUIRE(invoke(at::small_untyped, Method::untyped_retype, {2, 0, 0, 0, free_slot(), 1}, {at::cnode}).ok());
        return at::small_untyped;
    }
};

} // namespace

TEST_CASE("Configure checks the buffer, then CSpace, then VSpace", "[tcb]") {
    Threads world;
    const Word full = world.full_untyped();
    const Word device = world.free_slot();
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {10, 0, 0, 0, device, 1}, {at::cnode}).ok());
    const Word unassigned = world.make(ObjectType::pml4);
    const Word bad_data = abi::CNodeData(0, 53).raw();
    CHECK(world.configure({0, 0}, {at::cnode, at::vspace, world.frame}) == Error::truncated_message);
    CHECK(world.configure({0, 0, 1024}, {at::cnode, at::vspace}) == Error::truncated_message);
    CHECK(world.configure({0, 0, 1000}, {full, full, full}) == Error::revoke_first);
    CHECK(world.configure({0, 0, 1000}, {full, full, at::cnode}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1000}, {full, full, world.nothing}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1000}, {full, full, device}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1000}, {full, full, world.frame}) == Error::alignment_error);
    CHECK(world.configure({0, 0, 1024}, {full, full, world.frame}) == Error::revoke_first);
    CHECK(world.configure({0, 0, 1024}, {at::vspace, full, world.frame}) == Error::illegal_operation);
    CHECK(world.configure({bad_data, 0, 1024}, {at::cnode, full, world.frame}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1024}, {at::cnode, full, world.frame}) == Error::revoke_first);
    CHECK(world.configure({0, 0, 1024}, {at::cnode, at::cnode, world.frame}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1024}, {at::cnode, unassigned, world.frame}) == Error::illegal_operation);
    CHECK(world.configure({0, 0, 1024}, {at::cnode, at::vspace, world.frame}).ok());
    // Without a buffer its capability is not looked at.
    CHECK(world.configure({0, 0, 0}, {at::cnode, at::vspace, full}).ok());
}

TEST_CASE("Configure gives CSpace with a new guard, VSpace and buffer", "[tcb]") {
    Threads world;
    const Word node = world.make(ObjectType::cnode, 4);
    REQUIRE(world.configure({abi::CNodeData(3, 60).raw(), 7, 0x7400}, {node, at::vspace, world.frame}).ok());
    REQUIRE(world.invoke(node, Method::cnode_copy, {2, 64, world.endpoint, 64, 15}, {at::cnode}).completed);
    world.run(world.thread);
    world.put_message(world.thread, 1, {1, 2, 3, 4, 5});
    // The fifth word is where the kernel has been told: 1 KiB into the frame.
    auto* page = window<abi::IpcBuffer>(world.cap(world.frame).object() + 0x400);
    page->message[4] = 0x55;
    const Word receiver = world.make_thread(200);
    world.run(world.FakeMachine::thread(receiver));
    world.receive(world.FakeMachine::thread(receiver), world.endpoint, 0, Syscall::wait);
    world.run(world.thread);
    // Guard 3 in the high 60 bits, then four bits of index.
    CHECK(world.enter(world.thread, Syscall::send, Word{3} << 4 | 2).completed);
    CHECK(world.answer_of(world.FakeMachine::thread(receiver)).words == Words{1, 2, 3, 4, 0x55});
}

TEST_CASE("SetSpace checks CSpace, VSpace, then the handler", "[tcb]") {
    Threads world;
    const Word full = world.full_untyped();
    CHECK(world.set_space({0}, {world.nothing, at::cnode, at::vspace}) == Error::truncated_message);
    CHECK(world.set_space({0, 0}, {at::cnode, at::vspace, at::vspace}) == Error::illegal_operation);
    CHECK(world.set_space({0, 0}, {at::cnode, at::cnode, at::cnode}) == Error::illegal_operation);
    CHECK(world.set_space({0, 0}, {full, at::cnode, at::vspace}) == Error::revoke_first);
    CHECK(world.set_space({0, 0}, {at::irq_control, at::cnode, at::vspace}) == Error::illegal_operation);
    CHECK(world.set_space({0, 0}, {at::vspace, at::cnode, at::vspace}).is(Error::invalid_capability, {1}));
    for (Rights weak : {Rights::read() | Rights::grant(), Rights::write() | Rights::read()}) {
        const Word handler = world.mint(world.endpoint, weak);
        CHECK(world.set_space({0, 0}, {handler, at::cnode, at::vspace}).is(Error::invalid_capability, {1}));
        CHECK(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {handler})
                  .is(Error::invalid_capability, {1}));
    }
    for (Rights enough : {Rights::write() | Rights::grant(), Rights::write() | Rights::grant_reply()}) {
        const Word handler = world.mint(world.endpoint, enough);
        CHECK(world.set_space({0, 0}, {handler, at::cnode, at::vspace}).ok());
        CHECK(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {handler}).ok());
    }
    CHECK(world.set_space({0, 0}, {world.nothing, at::cnode, at::vspace}).ok());
    CHECK(world.thread.cap(TcbSlot::fault_handler).is_null());
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint) == Error::truncated_message);
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {world.nothing}).ok());
    CHECK(world.thread.cap(TcbSlot::timeout_handler).is_null());
}

TEST_CASE("SetIPCBuffer takes frames of any size, but no device memory", "[tcb]") {
    Threads world;
    const Word large = world.make(ObjectType::frame_2m);
    const Word full = world.full_untyped();
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_ipc_buffer, {1024}) == Error::truncated_message);
    CHECK(world.set_buffer(1024, full) == Error::revoke_first);
    CHECK(world.set_buffer(1024, world.nothing) == Error::illegal_operation);
    CHECK(world.set_buffer(512, large) == Error::alignment_error);
    CHECK(world.set_buffer(0x12'3400, large).ok());
    auto* buffer = window<abi::IpcBuffer>(world.cap(large).object() + 0x12'3400);
    world.run(world.thread);
    world.put_message(world.thread, static_cast<Word>(Method::tcb_read_registers), {0, 12});
    CHECK(world.enter(world.thread, Syscall::call, at::tcb).length == 12);
    CHECK(buffer->message[11] == world.root().context.r9);
    world.run(world.root());
    CHECK(world.set_buffer(0, world.nothing).ok());
    CHECK(world.thread.cap(TcbSlot::ipc_buffer).is_null());
}

TEST_CASE("capabilities in a thread keep objects alive, and are taken by Revoke", "[tcb]") {
    Threads world;
    const Word node = world.make(ObjectType::cnode, 4);
    REQUIRE(world.invoke(node, Method::cnode_copy, {1, 64, world.endpoint, 64, 15}, {at::cnode}).completed);
    REQUIRE(world.set_space({0, 0}, {world.nothing, node, at::vspace}).ok());
    SECTION("deleted outside, it lives on inside") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
        CHECK(world.thread.cap(TcbSlot::cspace).is(CapType::cnode));
        world.run(world.thread);
        CHECK(world.send(world.thread, 1, 0, {}, {}, Syscall::nb_send).completed);
    }
    SECTION("revoked, it is gone inside as well") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {node, 64}).ok());
        CHECK(world.thread.cap(TcbSlot::cspace).is_null());
    }
}

TEST_CASE("priorities are bounded by the authority's MCP, not by the target's", "[tcb]") {
    Threads world;
    const Word authority = world.make_thread();
    REQUIRE(world.invoke(authority, Method::tcb_set_mc_priority, {120}, {at::tcb}).ok());
    for (Method method : {Method::tcb_set_priority, Method::tcb_set_mc_priority}) {
        CHECK(world.invoke(world.thread_cap, method, {}, {authority}) == Error::truncated_message);
        CHECK(world.invoke(world.thread_cap, method, {1}, {at::cnode}).is(Error::invalid_capability, {1}));
        CHECK(world.invoke(world.thread_cap, method, {121}, {authority}).is(Error::range_error, {0, 120}));
        CHECK(world.invoke(world.thread_cap, method, {~Word{0}}, {authority}).is(Error::range_error, {0, 120}));
    }
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_mc_priority, {3}, {authority}).ok());
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_priority, {120}, {authority}).ok());
    CHECK(world.thread.priority == 120);
    CHECK(world.thread.mcp == 3);
}

TEST_CASE("ReadRegisters tells as many as asked for, oneself never", "[tcb]") {
    Threads world;
    const auto read = [&](Word flags, Word count) {
        return world.invoke(world.thread_cap, Method::tcb_read_registers, {flags, count});
    };
    world.thread.context.rsp = 0x7770;
    world.thread.context.gs_base = 0x6660;
    CHECK(world.invoke(world.thread_cap, Method::tcb_read_registers, {0}) == Error::truncated_message);
    CHECK(world.invoke(at::tcb, Method::tcb_read_registers, {0, 0}) == Error::illegal_operation);
    CHECK(read(0, 0).is(Error::range_error, {1, 20}));
    CHECK(read(0, 21).is(Error::range_error, {1, 20}));
    CHECK(read(0, 2).words == Words{syscall_ip, 0x7770});
    const CallResult all = read(0, 20);
    CHECK(all.length == 20);
    CHECK(all.words.at(19) == 0x6660);
    SECTION("suspending the other first") {
        REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
        CHECK(read(1, 1).ok());
        CHECK(world.thread.state == ThreadState::stopped);
    }
    SECTION("by Send it suspends and tells nothing") {
        REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
        world.root().context.r10 = 1;
        CHECK(world.send(world.root(), world.thread_cap, 2, {1, 3}).completed);
        CHECK(world.root().context.r10 == 1);
        CHECK(world.thread.state == ThreadState::stopped);
    }
    SECTION("without a buffer the first four words arrive") {
        REQUIRE(world.invoke(at::tcb, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
        CHECK(read(0, 9).words == Words{syscall_ip, 0x7770, 0x202, 0});
    }
}

TEST_CASE("WriteRegisters writes what the message holds, made safe", "[tcb]") {
    Threads world;
    const auto write = [&](const Words& words) {
        return world.invoke(world.thread_cap, Method::tcb_write_registers, words);
    };
    CHECK(write({0}) == Error::truncated_message);
    CHECK(write({0, 2, 1}) == Error::truncated_message);
    CHECK(world.invoke(at::tcb, Method::tcb_write_registers, {0, 1}) == Error::truncated_message);
    CHECK(world.invoke(at::tcb, Method::tcb_write_registers, {0, 0}) == Error::illegal_operation);
    Words words{0, 25};
    for (Word i = 0; i < 25; i++)
        words.push_back(bit(63) | i);
    world.thread.context.origin = origin_syscall; // its last way in is not its way out
    CHECK(write(words).ok());
    const Context& now = world.thread.context;
    CHECK(now.rip == 0);
    CHECK(now.fs_base == 0);
    CHECK(now.gs_base == 0);
    CHECK(now.rsp == (bit(63) | 1));
    CHECK(now.r15 == (bit(63) | 17));
    CHECK(now.rflags == 0x202);
    CHECK(now.origin == origin_written);
    CHECK(world.thread.state == ThreadState::stopped);
    CHECK(write({1, 3, 0x40'2000, 0x7000, 0xfff}).ok());
    CHECK(now.rip == 0x40'2000);
    CHECK(now.rflags == 0xed7);
    CHECK(world.thread.state == ThreadState::runnable);
}

TEST_CASE("CopyRegisters copies frame and integer registers as told", "[tcb]") {
    Threads world;
    const Word source_cap = world.make_thread();
    Tcb& source = world.FakeMachine::thread(source_cap);
    source.context.rip = 0x40'4000;
    source.context.r15 = 0x15;
    source.context.fs_base = 0xf50;
    world.thread.context.r15 = 0x99;
    const auto copy = [&](Word flags) {
        return world.invoke(world.thread_cap, Method::tcb_copy_registers, {flags}, {source_cap});
    };
    CHECK(world.invoke(world.thread_cap, Method::tcb_copy_registers, {4}) == Error::truncated_message);
    CHECK(world.invoke(world.thread_cap, Method::tcb_copy_registers, {4}, {at::cnode})
              .is(Error::invalid_capability, {1}));
    SECTION("nothing") {
        CHECK(copy(0).ok());
        CHECK(world.thread.context.rip == syscall_ip);
        CHECK(world.thread.context.fs_base == 0);
    }
    SECTION("frame registers") {
        CHECK(copy(4).ok());
        CHECK(world.thread.context.rip == 0x40'4000);
        CHECK(world.thread.context.r15 == 0x15);
        CHECK(world.thread.context.fs_base == 0);
    }
    SECTION("integer registers") {
        CHECK(copy(8).ok());
        CHECK(world.thread.context.r15 == 0x99);
        CHECK(world.thread.context.fs_base == 0xf50);
    }
    SECTION("suspending and resuming") {
        REQUIRE(world.invoke(source_cap, Method::tcb_resume).ok());
        CHECK(copy(3).ok());
        CHECK(source.state == ThreadState::stopped);
        CHECK(world.thread.state == ThreadState::runnable);
    }
    SECTION("into the caller: it goes on as the other") {
        world.put_message(world.root(), 4, {4}, {source_cap});
        world.enter(world.root(), Syscall::call, at::tcb);
        CHECK(world.root().context.rip == 0x40'4000);
        CHECK(world.root().context.r15 == 0x15);
    }
    SECTION("from the caller, whose registers may be in the CPU") {
        x86::simulated.fs_base = 0x1230;
        CHECK(world.invoke(world.thread_cap, Method::tcb_copy_registers, {8}, {at::tcb}).ok());
        CHECK(world.thread.context.fs_base == 0x1230);
    }
}

TEST_CASE("SetTLSBase of another thread, and of oneself by the system call", "[tcb]") {
    Threads world;
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_tls_base) == Error::truncated_message);
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_tls_base, {0x1230}).ok());
    CHECK(world.thread.context.fs_base == 0x1230);
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_tls_base, {bit(63)}).ok());
    CHECK(world.thread.context.fs_base == 0);
    CHECK(world.enter(world.root(), Syscall::set_tls_base, 0x4560).completed);
    CHECK(x86::simulated.fs_base == 0x4560);
    CHECK(world.enter(world.root(), Syscall::set_tls_base, bit(47)).completed);
    CHECK(x86::simulated.fs_base == 0);
    // What ring 3 wrote itself stays in the other base.
    x86::simulated.gs_base = 0x7890;
    CHECK(world.enter(world.root(), Syscall::set_tls_base, 0x1000).completed);
    CHECK(x86::simulated.gs_base == 0x7890);
    CHECK(world.invoke(at::tcb, Method::tcb_set_tls_base, {0x2000}).ok());
    CHECK(x86::simulated.fs_base == 0x2000);
}

TEST_CASE("SetFlags clears, then sets, and answers the flags", "[tcb]") {
    Threads world;
    const auto set = [&](Word clear, Word flags) {
        return world.invoke(world.thread_cap, Method::tcb_set_flags, {clear, flags});
    };
    CHECK(world.invoke(world.thread_cap, Method::tcb_set_flags, {0}) == Error::truncated_message);
    CHECK(set(0, 0).words == Words{0});
    CHECK(set(0, 0xff).words == Words{1});
    CHECK(set(0, 0).words == Words{1});
    CHECK(set(1, 0).words == Words{0});
    CHECK(set(1, 1).words == Words{1});
}

TEST_CASE("FPU registers belong to their thread, and are hidden from one that may not use them", "[tcb]") {
    // All of the legacy region behind MXCSR and its mask.
    const auto fill_registers = [](uint8_t value) { std::fill_n(x86::simulated.fpu.begin() + 32, 480, value); };
    Threads world;
    world.run(world.thread);
    fill_registers(0x11);
    world.run(world.root());
    CHECK(x86::simulated.fpu[100] != 0x11);
    fill_registers(0x22);
    world.run(world.thread);
    CHECK(x86::simulated.fpu[100] == 0x11);
    world.run(world.root());
    CHECK(x86::simulated.fpu[100] == 0x22);
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_flags, {0, 1}).ok());
    world.run(world.thread);
    CHECK((x86::simulated.cr0 & 8) != 0);
    CHECK(x86::simulated.fpu[100] != 0x22);
    world.run(world.root());
    CHECK((x86::simulated.cr0 & 8) == 0);
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_flags, {1, 0}).ok());
    world.run(world.thread);
    CHECK(x86::simulated.fpu[100] == 0x11);
}

TEST_CASE("without FSGSBASE the segment bases are those of the TCB", "[tcb]") {
    Threads world;
    kernel_state.features.fsgsbase = false;
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_tls_base, {0x1230}).ok());
    world.thread.context.gs_base = 0x4560;
    x86::simulated.msrs[0xc000'0100] = 0;
    world.run(world.thread);
    CHECK(x86::simulated.msrs[0xc000'0100] == 0x1230);
    CHECK(x86::simulated.msrs[0xc000'0101] == 0x4560);
    x86::simulated.fs_base = world.thread.context.fs_base;
    world.run(world.root());
    CHECK(world.thread.context.fs_base == 0x1230);
    x86::simulated.fs_base = world.root().context.fs_base;
}

TEST_CASE("a thread may take its own CSpace away, or its own last capability, in the middle of a call", "[tcb]") {
    Threads world;
    SECTION("Configure with a CNode that holds the thread's last capability") {
        const Word node = world.make(ObjectType::cnode, 4);
        REQUIRE(world.set_space({0, 0}, {world.nothing, node, at::vspace}).ok());
        REQUIRE(world.invoke(node, Method::cnode_move, {1, 64, world.thread_cap, 64}, {at::cnode}).completed);
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
        CHECK(world.thread.cap(TcbSlot::cspace).is(CapType::cnode));
        world.check_invariants();
    }
    SECTION("Delete of the running thread's last capability") {
        const Word other = world.make_thread();
        world.run(world.FakeMachine::thread(other));
        world.put_message(world.FakeMachine::thread(other), 19, {other, 64});
        world.enter(world.FakeMachine::thread(other), Syscall::call, at::cnode);
        CHECK(world.cap(other).is_null());
        CHECK(world.is_running(world.root()));
    }
}

TEST_CASE("an unknown label of a thread is IllegalOperation", "[tcb]") {
    Threads world;
    for (Word label : {0, 1, 18, 59, 75, 1'000'000})
        CHECK(world.call(world.root(), world.thread_cap, label) == Error::illegal_operation);
}

TEST_CASE("a buffer whose frame is revoked is used no longer", "[tcb]") {
    Threads world;
    REQUIRE(world.set_buffer(0x7000, world.frame).ok());
    auto* buffer = window<abi::IpcBuffer>(world.cap(world.frame).object());
    REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.frame, 64}).ok());
    const Word receiver = world.make_thread(200);
    world.run(world.FakeMachine::thread(receiver));
    world.receive(world.FakeMachine::thread(receiver), world.endpoint, 0, Syscall::wait);
    world.run(world.thread);
    buffer->message[4] = 0x5ec7e7;
    world.thread.context.rsi = abi::MessageInfo(1, 5).raw();
    CHECK(world.enter(world.thread, Syscall::send, world.endpoint).completed);
    CHECK(world.answer_of(world.FakeMachine::thread(receiver)).length == 4);
}

TEST_CASE("nothing is saved into the memory of a thread that is gone", "[tcb]") {
    Threads world;
    const Word victim = world.make_thread();
    Tcb& thread = world.FakeMachine::thread(victim);
    world.run(thread);
    x86::simulated.fpu.fill(0x77);
    x86::simulated.gs_base = 0x7777'7770;
    world.put_message(thread, static_cast<Word>(Method::cnode_delete), {victim, 64});
    world.enter(thread, Syscall::call, at::cnode);
    REQUIRE(world.is_running(world.root()));
    CHECK(thread.fpu[100] != 0x77);
    CHECK(thread.context.gs_base != 0x7777'7770);
}

TEST_CASE("I/O privilege is never written", "[tcb]") {
    Threads world;
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_write_registers, {0, 3, 0x40'0000, 0x7000, ~Word{0}}).ok());
    CHECK((world.thread.context.rflags & 0x3000) == 0);
    CHECK(world.thread.context.rflags == 0xed7);
}
