// SPDX-License-Identifier: BSD-2-Clause
// Faults as messages: which words a handler gets, what its answer does, and what happens without one.
#include <support/faulting.hpp>
#include <support/ipc_pair.hpp>

using namespace test;

namespace {

constexpr Word fault_ip = 0x40'2345;
constexpr Word fault_address = 0x7fff'1234'5678;
constexpr unsigned page_fault = 14, general_protection = 13;

/// Registers whose values tell them apart.
void fill_registers(Context& context) {
    Word value = 0x1000;
    for (Word Context::* which :
         {&Context::rax, &Context::rbx, &Context::rcx, &Context::rdx, &Context::rsi, &Context::rdi, &Context::rbp,
          &Context::r8, &Context::r9, &Context::r10, &Context::r11, &Context::r12, &Context::r13, &Context::r14,
          &Context::r15, &Context::rsp})
        context.*which = value += 0x111;
    context.rflags = 0x246;
}

Words words_from(Word first, unsigned count) {
    Words words;
    for (unsigned i = 0; i < count; i++)
        words.push_back(first + i);
    return words;
}

} // namespace

TEST_CASE("a page fault tells IP, address, whether an instruction was fetched, and the error code", "[fault]") {
    for (bool handler_first : {true, false}) {
        for (Word error_code : {Word{4}, Word{7}, Word{0x15}, Word{0xffff'fff6}}) {
            Faulting world;
            if (handler_first)
                world.handler_waits();
            world.run(world.client);
            world.exception(page_fault, fault_ip, error_code, fault_address);
            const CallResult message = world.fault_message();
            CHECK(message.completed);
            CHECK(message.label == 6);
            CHECK(message.badge == handler_badge);
            CHECK(message.words == Words{fault_ip, fault_address, error_code >> 4 & 1, error_code & 31});
            CHECK_FALSE(world.client_goes_on());
        }
    }
}

TEST_CASE("an exception tells IP, stack pointer, flags, vector and error code", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    world.client.context.rsp = 0x7000;
    world.client.context.rflags = 0x246;
    world.exception(general_protection, fault_ip, 0x18);
    const CallResult message = world.fault_message();
    CHECK(message.label == 3);
    CHECK(message.badge == handler_badge);
    CHECK(message.words == Words{fault_ip, 0x7000, 0x246, general_protection, 0x18});
}

TEST_CASE("an unknown system call tells all registers and its number", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    Context& context = world.client.context;
    fill_registers(context);
    const Context before = context;
    world.enter(world.client, static_cast<Syscall>(0x1234'5678'9abc), before.rdi);
    const CallResult message = world.fault_message();
    CHECK(message.label == 2);
    CHECK(message.words == Words{before.rax, before.rbx, syscall_ip + 2, 0x1234'5678'9abc, before.rsi, before.rdi,
                                 before.rbp, before.r8, before.r9, before.r10, before.rflags, before.r12, before.r13,
                                 before.r14, before.r15, syscall_ip, before.rsp, before.rflags, 0x1234'5678'9abc});
}

TEST_CASE("a capability fault tells IP, pointer, phase and why the lookup failed", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    SECTION("sending, against a guard") {
        world.call(world.client, bit(40), 5);
        CHECK(world.fault_message().words == Words{syscall_ip, bit(40), 0, 4, 64, 0, 52});
    }
    SECTION("receiving, on an empty slot") {
        world.receive(world.client, 4000, 0, Syscall::wait);
        CHECK(world.fault_message().words == Words{syscall_ip, 4000, 1, 2, 0});
    }
    SECTION("sending, with a CSpace that is gone") {
        const Word other = world.make(ObjectType::cnode, 4);
        world.run(world.root());
        REQUIRE(world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {world.badged, other, at::vspace}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {other, 64}).ok());
        world.run(world.client);
        world.call(world.client, 5, 0);
        CHECK(world.fault_message().words == Words{syscall_ip, 5, 0, 1});
    }
    SECTION("through a CNode that needs more bits") {
        // 32 slots below a slot of the root CNode whose guard leaves 3 bits: no path can end there.
        const Word wide = world.make(ObjectType::cnode, 5);
        world.slot(wide).cap.set_guard(0);
        world.slot(at::cnode).cap.set_guard(abi::CNodeData(0, 49).raw());
        world.run(world.root());
        world.handle_faults(world.badged);
        world.slot(at::cnode).cap.set_guard(abi::CNodeData(0, 52).raw());
        world.run(world.client);
        world.receive(world.client, wide << 3, 0, Syscall::wait);
        CHECK(world.fault_message().words == Words{syscall_ip, wide << 3, 1, 3, 3, 5});
    }
    CHECK(world.fault_message().label == 1);
}

TEST_CASE("a foreign system call may be emulated: the answer writes 18 registers", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    fill_registers(world.client.context);
    const Context before = world.client.context;
    world.enter(world.client, static_cast<Syscall>(60), 0);
    REQUIRE(world.is_running(world.handler));
    Words registers = words_from(0x9000, 18);
    SECTION("all of them") {
        registers[15] = syscall_ip + 2;
        registers[17] = 0xfff;
        world.answer_fault(0, registers);
        const Context& now = world.client.context;
        CHECK(Words{now.rax, now.rbx, now.rcx, now.rdx, now.rsi, now.rdi, now.rbp, now.r8, now.r9, now.r10, now.r11,
                    now.r12, now.r13, now.r14, now.r15} == words_from(0x9000, 15));
        CHECK(now.rip == syscall_ip + 2);
        CHECK(now.rsp == 0x9010);
        CHECK(now.rflags == 0xed7);
        CHECK(now.origin == origin_written);
        CHECK(world.client_goes_on());
    }
    SECTION("as many as the answer has: the IP stays, the call is made again") {
        registers.resize(2);
        world.answer_fault(0, registers);
        CHECK(world.client.context.rax == 0x9000);
        CHECK(world.client.context.rbx == 0x9001);
        CHECK(world.client.context.r8 == before.r8);
        CHECK(world.client.context.rip == syscall_ip);
        CHECK(world.client_goes_on());
    }
    SECTION("a label that is not 0 leaves it stopped, with its registers written") {
        registers[15] = Word{1} << 63;
        world.answer_fault(1, registers);
        CHECK(world.client.context.rax == 0x9000);
        CHECK(world.client.context.rip == 0);
        CHECK(world.client.state == ThreadState::stopped);
    }
}

TEST_CASE("the answer to an exception writes IP, stack pointer and flags", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    world.client.context.rax = 0x1111;
    world.exception(general_protection, fault_ip, 0);
    REQUIRE(world.is_running(world.handler));
    SECTION("and nothing else") {
        world.answer_fault(0, {0x40'5000, 0x6000, 0x203, 0xbad, 0xbad, 0xbad});
        CHECK(world.client.context.rip == 0x40'5000);
        CHECK(world.client.context.rsp == 0x6000);
        CHECK(world.client.context.rflags == 0x203);
        CHECK(world.client.context.rax == 0x1111);
        CHECK(world.client_goes_on());
    }
    SECTION("as many of them as it is long") {
        world.client.context.rflags = 0x246;
        world.handler.context.r9 = 0x203;
        world.answer_fault(0, {0x40'5000, 0x6000});
        CHECK(world.client.context.rsp == 0x6000);
        CHECK(world.client.context.rflags == 0x246);
    }
    SECTION("an empty one has it try again") {
        world.answer_fault(0);
        CHECK(world.client.context.rip == fault_ip);
        CHECK(world.client_goes_on());
    }
    SECTION("with a label it stays stopped") {
        world.answer_fault(7, {0x40'5000});
        CHECK(world.client.context.rip == 0x40'5000);
        CHECK(world.client.state == ThreadState::stopped);
    }
}

TEST_CASE("whatever answers a page fault or a capability fault, the instruction is executed again", "[fault]") {
    for (bool by_page_fault : {true, false}) {
        for (Word label : {0, 9}) {
            Faulting world;
            world.handler_waits();
            world.run(world.client);
            if (by_page_fault)
                world.exception(page_fault, fault_ip, 4, fault_address);
            else
                world.call(world.client, bit(40), 5);
            REQUIRE(world.is_running(world.handler));
            const Context before = world.client.context;
            world.answer_fault(label, {1, 2, 3, 4});
            CHECK(world.client_goes_on());
            CHECK(world.client.context.rip == (by_page_fault ? fault_ip : syscall_ip));
            CHECK(world.client.context.rdi == before.rdi);
            CHECK(world.client.context.rsi == before.rsi);
            CHECK(world.client.context.r10 == before.r10);
        }
    }
}

TEST_CASE("a thread without a handler stops, and goes on at its fault when it is resumed", "[fault]") {
    Faulting world;
    world.handle_faults(world.free_slot());
    world.run(world.client);
    world.exception(page_fault, fault_ip, 4, fault_address);
    CHECK(world.client.state == ThreadState::stopped);
    world.run(world.root());
    CHECK(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.client_goes_on());
    CHECK(world.client.context.rip == fault_ip);
}

TEST_CASE("the handler is kept as a capability: it works whatever the thread's CSpace holds", "[fault]") {
    Faulting world;
    const Word other = world.make(ObjectType::cnode, 4);
    REQUIRE(world.invoke(world.client_cap, Method::tcb_set_space, {0, 0}, {world.badged, other, at::vspace}).ok());
    SECTION("the slot that it was given from may be used otherwise") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.badged, 64}).ok());
        world.handler_waits();
        world.run(world.client);
        world.exception(page_fault, fault_ip, 4, fault_address);
        CHECK(world.fault_message().badge == handler_badge);
    }
    SECTION("but to revoke the endpoint takes it, too") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.endpoint_cap, 64}).ok());
        world.run(world.client);
        world.exception(page_fault, fault_ip, 4, fault_address);
        CHECK(world.client.state == ThreadState::stopped);
    }
}

TEST_CASE("a fault that nobody can answer is told, and the thread stops for good", "[fault]") {
    Faulting world;
    world.run(world.handler);
    world.receive(world.handler, world.endpoint_cap, 0, Syscall::wait);
    world.run(world.client);
    world.exception(page_fault, fault_ip, 4, fault_address);
    CHECK(world.answer_of(world.handler).label == 6);
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("a suspended thread's fault is forgotten, its handler's answer does nothing", "[fault]") {
    Faulting world;
    world.handler_waits();
    world.run(world.client);
    world.exception(page_fault, fault_ip, 4, fault_address);
    world.run(world.root());
    REQUIRE(world.invoke(world.client_cap, Method::tcb_suspend).ok());
    world.run(world.handler);
    world.answer_fault(0);
    CHECK(world.client.state == ThreadState::stopped);
    world.run(world.root());
    REQUIRE(world.invoke(world.client_cap, Method::tcb_resume).ok());
    CHECK(world.client_goes_on());
    CHECK(world.client.context.rip == fault_ip);
}

TEST_CASE("a fault that is queued goes with its endpoint: the thread stops", "[fault]") {
    Faulting world;
    world.run(world.client);
    world.exception(page_fault, fault_ip, 4, fault_address);
    REQUIRE(world.client.state == ThreadState::sending);
    world.run(world.root());
    SECTION("deleted") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.endpoint_cap, 64}).ok());
        REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {world.endpoint_cap, 64}).ok());
    }
    SECTION("its badge cancelled") {
        REQUIRE(world.invoke(at::cnode, Method::cnode_cancel_badged_sends, {world.badged, 64}).ok());
    }
    CHECK(world.client.state == ThreadState::stopped);
}

TEST_CASE("a page fault of a thread that may not use the FPU is told all the same", "[fault]") {
    Faulting world;
    REQUIRE(world.invoke(world.client_cap, Method::tcb_set_flags, {0, 1}).is(Error::none, {1}));
    world.handler_waits();
    world.run(world.client);
    CHECK((x86::simulated.cr0 & 8) != 0);
    world.exception(7, fault_ip, 0);
    CHECK(world.fault_message().words[3] == 7);
    CHECK((x86::simulated.cr0 & 8) == 0);
}

TEST_CASE("a handler without IPC buffer gets the first four words", "[fault]") {
    Faulting world;
    REQUIRE(world.invoke(world.handler_cap, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
    world.handler_waits();
    world.run(world.client);
    world.exception(general_protection, fault_ip, 0x18);
    CHECK(world.fault_message().length == 4);
}

TEST_CASE("ReplyRecv answers nothing if an extra capability cannot be found", "[ipc]") {
    for (const bool is_fault : {false, true}) {
        Pair pair;
        pair.run(pair.root());
        REQUIRE(pair.invoke(pair.client_cap, Method::tcb_set_space, {0, 0}, {pair.endpoint_cap, at::cnode, at::vspace})
                    .ok());
        pair.server_waits();
        pair.run(pair.client);
        if (is_fault)
            pair.exception(14, 0x1000, 4, 0x2000);
        else
            pair.call(pair.client, pair.endpoint_cap, 1);
        REQUIRE(pair.is_running(pair.server));
        pair.put_message(pair.server, 0, {}, {Word{1} << 40});
        pair.receive(pair.server, pair.endpoint_cap, pair.reply_cap, Syscall::reply_recv);
        // The reply object is offered anew: whoever waited on it stops.
        CHECK(pair.client.state == ThreadState::stopped);
        CHECK(pair.server.state == ThreadState::receiving);
    }
}
