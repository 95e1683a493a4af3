// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/panic.hpp>

#include <arch/x86_64/backtrace.hpp>
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/interrupt/vectors.hpp>
#include <lib/log.hpp>

namespace kernel {

namespace {

constexpr uint16_t debug_exit_port = 0xf4;

constinit bool panicking = false;

/// A bug in the panic itself must not go round in circles.
void begin_panic() {
    if (panicking)
        leave_machine(panic_exit_code);
    panicking = true;
}

const char* exception_name(Word vector) {
    static constexpr const char* names[] = {"divide error",
                                            "debug",
                                            "NMI",
                                            "breakpoint",
                                            "overflow",
                                            "bound range",
                                            "invalid opcode",
                                            "device not available",
                                            "double fault",
                                            "coprocessor overrun",
                                            "invalid TSS",
                                            "segment not present",
                                            "stack fault",
                                            "general protection",
                                            "page fault",
                                            "reserved",
                                            "x87 error",
                                            "alignment check",
                                            "machine check",
                                            "SIMD error",
                                            "virtualization",
                                            "control protection"};
    constexpr Word count = sizeof(names) / sizeof(names[0]);
    return vector < count ? names[vector] : "reserved";
}

void log_registers(const x86::KernelFrame& f) {
    log("  rip {x}  rsp {x}  rflags {x}  cs {x}  ss {x}", f.rip, f.rsp, f.rflags, f.cs, f.ss);
    log("  rax {x}  rbx {x}  rcx {x}  rdx {x}", f.rax, f.rbx, f.rcx, f.rdx);
    log("  rsi {x}  rdi {x}  rbp {x}  r8 {x}", f.rsi, f.rdi, f.rbp, f.r8);
    log("  r9 {x}  r10 {x}  r11 {x}  r12 {x}", f.r9, f.r10, f.r11, f.r12);
    log("  r13 {x}  r14 {x}  r15 {x}", f.r13, f.r14, f.r15);
    log("  cr0 {x}  cr2 {x}  cr3 {x}  cr4 {x}", x86::read_cr0(), x86::read_cr2(), x86::read_cr3(), x86::read_cr4());
}

} // namespace

void leave_machine(uint8_t code) {
    x86::out8(debug_exit_port, code);
    for (;;) {
        x86::cli();
        x86::hlt();
    }
}

void panic_values(Text text, std::span<const Argument> values) {
    begin_panic();
    char reason[log_line_size];
    const size_t length = format_values(reason, text, values);
    log("\nKERNEL PANIC: {}", Text(reason, length));
    x86::log_backtrace(reinterpret_cast<Word>(__builtin_frame_address(0)));
    leave_machine(panic_exit_code);
}

void panic(const char* reason) { panic_formatted("{}", reason); }

namespace x86 {

void kernel_exception(const KernelFrame* frame) {
    begin_panic();
    log("\nKERNEL PANIC: vector {} ({}), error code {x}, at {x}, CR2 {x}", frame->vector, exception_name(frame->vector),
        frame->error_code, frame->rip, read_cr2());
    log_registers(*frame);
    log_symbol(frame->rip);
    log_backtrace_of(frame->rbp, frame->rsp);
    leave_machine(panic_exit_code);
}

/// Nobody sends NMIs on purpose but a person at the machine's monitor: noted, and the machine goes on.
void non_maskable_interrupt(Word rip, Word cs) { log("NMI at {x} in ring {}: ignored", rip, cs & 3); }

} // namespace x86

} // namespace kernel
