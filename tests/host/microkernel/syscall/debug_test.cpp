// SPDX-License-Identifier: BSD-2-Clause
// Debug system calls, and numbers that are none (this is a debug kernel).
#include <support/fake_machine.hpp>
#include <support/kernel_host.hpp>

#include <cstring>

using namespace test;

namespace {

struct Debugging : FakeMachine {
    Debugging() { host_log.clear(); }
    bool logged(const std::string& text) { return host_log.find(text) != std::string::npos; }
    CallResult debug(Syscall number, Word rdi = 0) { return enter(root(), number, rdi); }
};

} // namespace

TEST_CASE("DebugPutChar writes a character", "[debug]") {
    Debugging world;
    CHECK(world.debug(Syscall::debug_put_char, 'x').completed);
    CHECK(world.debug(Syscall::debug_put_char, 'y').completed);
    CHECK(host_log == "xy");
}

TEST_CASE("DebugCapIdentify tells types apart, 0 is nothing", "[debug]") {
    Debugging world;
    const auto identify = [&](Word pointer) {
        CHECK(world.debug(Syscall::debug_cap_identify, pointer).completed);
        return world.root().context.rdi;
    };
    CHECK(identify(4000) == 0);
    CHECK(identify(bit(60)) == 0);
    CHECK(identify(at::tcb) != 0);
    CHECK(identify(at::tcb) != identify(at::cnode));
}

TEST_CASE("DebugNameThread takes printable characters from the buffer, at most 31", "[debug]") {
    Debugging world;
    const Word thread = world.make_thread();
    const auto name = [&](const char* text, Word target) {
        std::strncpy(reinterpret_cast<char*>(world.buffer(world.root()).message), text, 100);
        CHECK(world.debug(Syscall::debug_name_thread, target).completed);
        return std::string(world.thread(thread).name.data());
    };
    CHECK(name("clock", thread) == "clock");
    CHECK(name("a\nb", thread) == "a");
    CHECK(name("0123456789012345678901234567890123456789", thread) == "0123456789012345678901234567890");
    CHECK(name("other", at::cnode) == "0123456789012345678901234567890");
    CHECK(name("other", bit(60)) == "0123456789012345678901234567890");
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
    CHECK(world.debug(Syscall::debug_name_thread, thread).completed);
    CHECK(std::string(world.thread(thread).name.data()) == "0123456789012345678901234567890");
}

TEST_CASE("DebugProvoke commits the bug that the buffer names, at the address", "[debug]") {
    Debugging world;
    std::strcpy(reinterpret_cast<char*>(world.buffer(world.root()).message), "no such bug");
    CHECK(world.debug(Syscall::debug_provoke, 0x1234).completed);
    std::strcpy(reinterpret_cast<char*>(world.buffer(world.root()).message), "null");
    CHECK_THROWS_WITH(world.debug(Syscall::debug_provoke, 0x1234), "a bug at 4660");
}

TEST_CASE("DebugDumpScheduler shows the running and the ready threads", "[debug]") {
    Debugging world;
    const Word thread = world.make_thread(77);
    REQUIRE(world.invoke(thread, Method::tcb_resume).ok());
    std::strcpy(reinterpret_cast<char*>(world.buffer(world.root()).message), "busy");
    CHECK(world.debug(Syscall::debug_name_thread, thread).completed);
    CHECK(world.debug(Syscall::debug_dump_scheduler).completed);
    CHECK(world.logged("priority 255"));
    CHECK(world.logged("busy"));
    CHECK(world.logged("priority 77"));
    CHECK(world.logged("runnable"));
}

TEST_CASE("DebugSnapshot tells how long interrupts had to wait at most, and starts anew", "[debug]") {
    Debugging world;
    CHECK(world.debug(Syscall::debug_snapshot).completed);
    x86::simulated.tsc_step = 1000;
    CHECK(world.invoke(at::tcb, Method::tcb_set_flags, {0, 0}).ok());
    x86::simulated.tsc_step = 0;
    CHECK(world.debug(Syscall::debug_snapshot).completed);
    CHECK(world.root().context.r10 >= 1000);
    CHECK(world.root().context.r10 < 100'000);
    CHECK(world.debug(Syscall::debug_snapshot).completed);
    CHECK(world.root().context.r10 == 0);
}

TEST_CASE("model-specific registers are read and written with the boot option only", "[debug]") {
    constexpr Word there = 0x186, not_there = 0x187;
    Debugging world;
    x86::simulated.msrs[there] = 0x1234'5678'9abc'def0;
    CHECK_FALSE(world.debug(Syscall::read_msr, there).completed); // an unknown system call, and no handler
    kernel_state.msr_calls = true;
    Debugging with_option;
    kernel_state.msr_calls = true;
    x86::simulated.msrs[there] = 0x1234'5678'9abc'def0;
    CallResult answer = with_option.debug(Syscall::read_msr, there);
    CHECK((answer.ok() && answer.words == Words{0x1234'5678'9abc'def0}));
    with_option.root().context.r10 = 77;
    CHECK(with_option.debug(Syscall::write_msr, there).completed);
    CHECK(x86::simulated.msrs[there] == 77);
    // What the CPU refuses reads 0 and takes nothing.
    answer = with_option.debug(Syscall::read_msr, not_there);
    CHECK((answer.ok() && answer.words == Words{0}));
    with_option.root().context.r10 = 78;
    CHECK(with_option.debug(Syscall::write_msr, not_there).completed);
    CHECK_FALSE(x86::simulated.msrs.contains(not_there));
}

TEST_CASE("DebugHalt ends the machine and says so", "[debug]") {
    Debugging world;
    CHECK_THROWS_AS(world.debug(Syscall::debug_halt), KernelPanic);
    CHECK(world.logged("halted on request"));
}

TEST_CASE("every number that this kernel does not have is an unknown system call, by all 64 bits", "[debug]") {
    for (Word number :
         {Word{0}, Word{1}, Word{60}, static_cast<Word>(-18), static_cast<Word>(-24), static_cast<Word>(-25),
          static_cast<Word>(-26), static_cast<Word>(-30), static_cast<Word>(-31), static_cast<Word>(-32),
          static_cast<Word>(-34), static_cast<Word>(-66), Word{0xffff'ffff}, Word{0xffff'fffb}, bit(63)}) {
        CAPTURE(number);
        Debugging world;
        const Word thread = world.make_thread();
        world.run(world.thread(thread));
        CHECK_FALSE(world.enter(world.thread(thread), static_cast<Syscall>(number), 0).completed);
        CHECK(world.thread(thread).state == ThreadState::stopped);
        CHECK(world.thread(thread).fault.type == Fault::unknown_syscall);
    }
}
