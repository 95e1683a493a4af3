// SPDX-License-Identifier: BSD-2-Clause
#include <support/tiny_world.hpp>

#include <arch/x86_64/cpu/entry_area.hpp>

#include <cstring>
#include <type_traits>

namespace test {
namespace {

using x86::simulated;

/// Everything that operations change: the root's TCB, context and buffer, the slots in use, the untyped as far as it is
/// used, and the kernel's own variables.
std::vector<std::span<std::byte>> changing_memory() {
    static_assert(std::is_trivially_copyable_v<Cpu> && std::is_trivially_copyable_v<KernelState>);
    const auto physical_memory = [](Word start, Word bytes) {
        return std::span(window<std::byte>(PhysAddr(start)), bytes);
    };
    const auto variable = [](auto& which) { return std::as_writable_bytes(std::span(&which, 1)); };
    return {physical_memory(0x10'4000, 0x2000),
            physical_memory(root_cnode.raw(), 64 * sizeof(Slot)),
            physical_memory(0x40'0000, 0x1'0000),
            variable(cpu),
            variable(kernel_state),
            variable(x86::entry_area)};
}

/// Two sums that are independent of one another.
[[gnu::no_sanitize("address", "undefined")]] void add(Fingerprint& sum, std::span<const std::byte> bytes) {
    Word a = sum[0], b = sum[1];
    const auto* word = reinterpret_cast<const Word*>(bytes.data());
    for (const Word* const end = word + bytes.size() / sizeof(Word); word != end; word++) {
        a = (a ^ *word) * 0x9e37'79b9'7f4a'7c15 + (a >> 29);
        b = (b + *word) * 0xbf58'476d'1ce4'e5b9 ^ (b >> 31);
    }
    sum = {a, b};
}

} // namespace

TinyWorld::TinyWorld() {
    REQUIRE(invoke(other, Method::tcb_set_space, {0, 0}, {endpoint, at::cnode, at::vspace}).ok());
    REQUIRE(invoke(other, Method::tcb_resume).ok());
    forget_the_past();
}

TinyWorld::Snapshot::Snapshot() : simulated_(simulated) {
    for (const auto& part : changing_memory())
        bytes_.insert(bytes_.end(), part.begin(), part.end());
}

void TinyWorld::Snapshot::restore() const {
    const std::byte* from = bytes_.data();
    for (const auto& part : changing_memory()) {
        std::memcpy(part.data(), from, part.size());
        from += part.size();
    }
    simulated = simulated_;
}

void TinyWorld::forget_the_past() {
    const auto forget = [](Tcb& thread) {
        if (thread.state != ThreadState::runnable)
            return;
        Context clean{};
        clean.fs_base = thread.context.fs_base;
        clean.gs_base = thread.context.gs_base;
        clean.origin = origin_syscall;
        clean.rip = syscall_ip;
        clean.rflags = 0x202;
        clean.cs = user_code_selector;
        clean.ss = user_data_selector;
        thread.context = clean;
        if (thread.buffer)
            *thread.buffer = {};
    };
    for (Word index = 0; index < 64; index++) {
        if (cap(index).is(CapType::tcb))
            forget(thread(index));
    }
    if (running())
        forget(*running());
    cpu.steps = 0;
    simulated.cr3_loads.clear();
    simulated.invlpg.clear();
    simulated.invpcid.clear();
    simulated.port_writes.clear();
    simulated.mmio_writes.clear();
}

Fingerprint TinyWorld::fingerprint() {
    Fingerprint sum{};
    for (const auto& part : changing_memory())
        add(sum, part);
    const std::array<Word, 5> machine = {simulated.tsc, simulated.cr3, simulated.cr0, simulated.fs_base,
                                         simulated.msrs[0x6e0]};
    add(sum, std::as_bytes(std::span(machine)));
    return sum;
}

void TinyWorld::interrupted(unsigned steps, Word pointer, Method method, const Words& words) {
    look_after_steps(steps);
    interrupt_at_look(1);
    put_message(*running(), static_cast<Word>(method), words);
    enter(*running(), Syscall::call, pointer);
    no_interrupts();
}

} // namespace test
