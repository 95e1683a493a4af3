// SPDX-License-Identifier: BSD-2-Clause
// A pager whose program is a list of system calls, and who dies where init's guardian wants.
#include <catch.hpp>
#include <init/pager_steps.hpp>
#include <vector>

using init::PagerSteps;
using init::Word;

namespace {

constexpr Word base = 0x40'0000;
/// SYSCALL at 1, 4 and 8; the last two bytes could be half of one.
const std::vector<uint8_t> program = {0x90, 0x0f, 0x05, 0x90, 0x0f, 0x05, 0x05, 0x0f, 0x0f, 0x05, 0xc3, 0x0f};
constexpr Word places[] = {1, 4, 8};

sys::Received illegal_instruction(Word address) {
    sys::Received fault;
    fault.info = abi::MessageInfo(static_cast<Word>(abi::Fault::user_exception), 5);
    fault.mr0 = address;
    fault.mr3 = 6;
    return fault;
}

sys::UserRegisters registers_at(Word address, abi::Syscall number, Word label) {
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = address;
    registers[abi::UserRegister::rdx] = static_cast<Word>(number);
    registers[abi::UserRegister::rsi] = abi::MessageInfo(label, 0).raw();
    return registers;
}

struct Machine {
    PagerSteps steps;
    std::vector<uint8_t> code = program;
    explicit Machine(Word deaths) : steps(deaths) { REQUIRE(steps.watch(code, base)); }

    /// One system call; false: the instance died before or after it.
    bool call(unsigned which, abi::Syscall number = abi::Syscall::call, Word label = 0) {
        const Word address = base + places[which];
        if (steps.is_over())
            return true;
        REQUIRE(steps.is_step(illegal_instruction(address)));
        const auto detour = steps.take(registers_at(address, number, label));
        if (!detour)
            return died();
        REQUIRE(*detour == PagerSteps::detour_address);
        REQUIRE(!steps.is_step(illegal_instruction(address)));
        REQUIRE(steps.is_step(illegal_instruction(*detour + 2)));
        const auto behind = steps.take(registers_at(*detour + 2, number, label));
        if (!behind)
            return died();
        REQUIRE(*behind == address + 2);
        return true;
    }
    bool died() {
        ++deaths;
        steps.begin();
        return false;
    }
    Word deaths = 0;
};

} // namespace

TEST_CASE("the pager's steps: each SYSCALL becomes an illegal instruction, and all come back", "[init]") {
    Machine machine(1);
    std::vector<uint8_t> watched = program;
    for (const Word place : places)
        watched[place + 1] = 0x0b;
    CHECK(machine.code == watched);
    CHECK_FALSE(machine.call(0));
    CHECK(machine.code == program);
    CHECK_FALSE(machine.steps.is_step(illegal_instruction(base + 1)));
}

TEST_CASE("the pager's steps: other faults are none", "[init]") {
    Machine machine(1);
    CHECK_FALSE(machine.steps.is_step(illegal_instruction(base)));
    CHECK_FALSE(machine.steps.is_step(illegal_instruction(PagerSteps::detour_address + 2)));
    sys::Received other = illegal_instruction(base + 1);
    other.mr3 = 13;
    CHECK_FALSE(machine.steps.is_step(other));
    other = illegal_instruction(base + 1);
    other.info = abi::MessageInfo(static_cast<Word>(abi::Fault::cap_fault), 5);
    CHECK_FALSE(machine.steps.is_step(other));
}

TEST_CASE("the pager's steps: an instance dies at each of them, and at each new operation", "[init]") {
    Machine machine(12);
    const auto live = [&] {
        return machine.call(0, abi::Syscall::call, 1) && machine.call(0, abi::Syscall::call, 2) &&
               machine.call(1, abi::Syscall::recv) && machine.call(2, abi::Syscall::call, 7);
    };
    while (!machine.steps.is_over())
        live();
    CHECK(machine.deaths == 12);
    const PagerSteps::Figures all = machine.steps.figures();
    CHECK(all.operations == 4);
    CHECK(all.died_before == 4);
    CHECK(all.died_after == 4);
    CHECK(all.steps >= 8);
    CHECK(live());
}

TEST_CASE("the pager's steps: what comes before the first receive is the recovery", "[init]") {
    Machine machine(7);
    while (!machine.steps.is_over())
        static_cast<void>(machine.call(0) && machine.call(2) && machine.call(1, abi::Syscall::reply_map_recv));
    CHECK(machine.steps.figures().longest_recovery == 4);
    CHECK(machine.steps.figures().steps == 7);
}
