// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/tables.hpp>

#include <arch/x86_64/cpu/descriptor.hpp>
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <arch/x86_64/linker.hpp>

#include <algorithm>
#include <bit>

extern "C" {
// trap/entry.S and trap/syscall_entry.S
extern const char exception_stubs[], interrupt_stubs[], isolated_exception_stubs[], isolated_interrupt_stubs[];
extern const char double_fault_stub[], machine_check_stub[], nmi_stub[], debug_stub[], ignored_stub[];
extern const char syscall_stub[], isolated_syscall_stub[], resume_isolated[];
extern char clac_place_1[], clac_place_2[], resume_user[];
}

namespace kernel::x86 {

namespace {

constexpr unsigned vector_stub_size = 16;

[[gnu::section(".entry_data")]] constinit std::array<uint64_t, 7> gdt = {
    0, code_segment(ring_0), data_segment(ring_0), data_segment(ring_3), code_segment(ring_3),
    0, // TSS: its address is not known to the compiler
    0,
};
[[gnu::section(".entry_data")]] constinit std::array<Gate, 256> idt{};

/// Interrupt stacks, by index into `stacks` and number in the TSS: for a fault on the kernel stack itself, and for what
/// may come before the kernel has its stack. With page-table isolation the others have one as well.
enum Ist : unsigned { none, double_fault_ist, nmi_ist, machine_check_ist, debug_ist, entry_ist };

Word address(const char* symbol) { return reinterpret_cast<Word>(symbol); }

void set_gate(unsigned vector, const char* stub, Ist ist) { idt[vector] = Gate(address(stub), ring_0, ist); }

void fill_idt(const char* exceptions, const char* interrupts, Ist ist) {
    for (unsigned v = 0; v < vector::exception_count; v++)
        set_gate(v, exceptions + v * vector_stub_size, ist);
    // INT3 and INTO (which 64-bit mode does not have) are for programs; INT n to any other gate is #GP.
    for (const unsigned v : {vector::breakpoint, vector::overflow})
        idt[v] = Gate(address(exceptions) + v * vector_stub_size, ring_3, ist);
    set_gate(vector::double_fault, double_fault_stub, double_fault_ist);
    set_gate(vector::nmi, nmi_stub, nmi_ist);
    set_gate(vector::debug, debug_stub, debug_ist);
    set_gate(vector::machine_check, machine_check_stub, machine_check_ist);

    for (unsigned v = vector::legacy_first; v < vector::device_first; v++)
        set_gate(v, ignored_stub, ist);
    for (unsigned i = 0; i < vector::device_count; i++)
        set_gate(vector::device_first + i, interrupts + i * vector_stub_size, ist);
    set_gate(vector::timer, interrupts + vector::device_count * vector_stub_size, ist);
    set_gate(vector::spurious, ignored_stub, ist);
}

void fill_tss() {
    Tss& tss = entry_area.tss;
    tss.rsp0 = address(kernel_stack_top);
    for (unsigned ist = 1; ist < std::size(stacks); ist++)
        tss.ist[ist - 1] = address(stacks[ist].top);
    tss.io_bitmap = sizeof(Tss); // none: every port access in ring 3 is #GP
    const auto descriptor = tss_descriptor(reinterpret_cast<Word>(&tss), sizeof(Tss) - 1);
    gdt[selector::tss / 8] = descriptor[0];
    gdt[selector::tss / 8 + 1] = descriptor[1];
}

} // namespace

void load_tables() {
    fill_tss();
    fill_idt(exception_stubs, interrupt_stubs, none);
    lgdt(TablePointer{sizeof(gdt) - 1, reinterpret_cast<Word>(gdt.data())});
    load_segments(selector::kernel_code, selector::kernel_data);
    // None: after reset there is one, at address 0 and 64 KiB long, where ring 3 could map descriptors of its own.
    lldt(0);
    ltr(selector::tss);
    lidt(TablePointer{sizeof(idt) - 1, reinterpret_cast<Word>(idt.data())});
}

void enable_syscall() {
    // SYSRET takes SS from bits 48-63 + 8 and CS from + 16.
    constexpr uint64_t sysret_base = selector::user_data - 8;
    static_assert(sysret_base + 16 == selector::user_code && selector::kernel_code + 8 == selector::kernel_data);
    wrmsr(msr::star, sysret_base << 48 | uint64_t{selector::kernel_code} << 32);
    wrmsr(msr::lstar, address(entry_area.kernel_cr3 != 0 ? isolated_syscall_stub : syscall_stub));
    wrmsr(msr::fmask, rflags::interrupt | rflags::trap | rflags::direction | rflags::alignment_check |
                          rflags::nested_task | rflags::io_privilege);
}

void patch_clac() {
    constexpr char clac[] = {0x0f, 0x01, static_cast<char>(0xca)};
    std::ranges::copy(clac, clac_place_1);
    std::ranges::copy(clac, clac_place_2);
}

void isolate_entries() {
    fill_idt(isolated_exception_stubs, isolated_interrupt_stubs, entry_ist);
    constexpr char near_jump = static_cast<char>(0xe9);
    constexpr size_t length = 5;
    const auto distance =
        std::bit_cast<std::array<char, 4>>(static_cast<int32_t>(resume_isolated - resume_user - length));
    resume_user[0] = near_jump;
    std::ranges::copy(distance, resume_user + 1);
}

} // namespace kernel::x86
