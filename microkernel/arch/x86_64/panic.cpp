// SPDX-License-Identifier: BSD-2-Clause
// The end of a kernel with a bug: what happened, where, how it got there; then the emulator's debug exit, and halt.
#include <arch/x86_64/context/context.hpp>
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/linker.hpp>
#include <arch/x86_64/symbols.hpp>
#include <check/panic_cause.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <paging_ring.hpp>

extern "C" {
// Generated (tools/lib/symbol_table.py).
extern const kernel::x86::Symbol symbol_table[];
extern const uint32_t symbol_count;
extern const char symbol_names[];
}

namespace kernel {

namespace {

/// What the debug-exit device is told by a panic: QEMU ends with status 127.
constexpr uint8_t panic_exit_code = 0x3f;
constexpr uint16_t debug_exit_port = 0xf4;
constexpr unsigned most_backtrace_lines = 24;

constinit bool panicking = false;

/// A bug in the panic itself must not go round in circles.
void begin_panic() {
    if (panicking)
        leave_machine(panic_exit_code);
    panicking = true;
}

/// Vectors 0-21 (SDM Vol. 3A, "Exceptions and Interrupts").
constexpr Text exception_names("divide error|debug|NMI|breakpoint|overflow|bound range|invalid opcode|"
                               "device not available|double fault|coprocessor overrun|invalid TSS|segment not present|"
                               "stack fault|general protection|page fault|reserved|x87 error|alignment check|"
                               "machine check|SIMD error|virtualization|control protection");

Text exception_name(Word vector) {
    Text names = exception_names;
    for (; vector > 0; vector--)
        names = names.part(names.find('|') + 1);
    return names.part(0, names.find('|'));
}

void log_registers(const Context& f) {
    log("  rip {x}  rsp {x}  rflags {x}  cs {x}  ss {x}", f.rip, f.rsp, f.rflags, f.cs, f.ss);
    log("  rax {x}  rbx {x}  rcx {x}  rdx {x}", f.rax, f.rbx, f.rcx, f.rdx);
    log("  rsi {x}  rdi {x}  rbp {x}  r8 {x}", f.rsi, f.rdi, f.rbp, f.r8);
    log("  r9 {x}  r10 {x}  r11 {x}  r12 {x}", f.r9, f.r10, f.r11, f.r12);
    log("  r13 {x}  r14 {x}  r15 {x}", f.r13, f.r14, f.r15);
    log("  cr0 {x}  cr2 {x}  cr3 {x}  cr4 {x}", x86::read_cr0(), x86::read_cr2(), x86::read_cr3(), x86::read_cr4());
}

Word address(const char* symbol) { return reinterpret_cast<Word>(symbol); }
bool is_code(Word value) { return value >= address(image_start) && value < address(rodata_start); }
bool follows_call(Word value) {
    constexpr unsigned char near_call = 0xe8; // 5 bytes, ending where it returns to
    return is_code(value) && is_code(value - 5) && *reinterpret_cast<const unsigned char*>(value - 5) == near_call;
}

/// Where the kernel stack ends on which `pointer` lies; 0 if it lies on none. A stack starts one page above its guard.
Word end_of_stack(Word pointer) {
    for (const x86::StackSymbols& stack : x86::stacks) {
        if (pointer >= address(stack.guard) + 4096 && pointer < address(stack.top))
            return address(stack.top);
    }
    return 0;
}

void log_symbol(Word where) {
    const auto place = x86::find_symbol({symbol_table, symbol_count}, symbol_names, static_cast<uint32_t>(where));
    log("    {x} {} + {x}", where, place.name, place.offset);
}

/// One line per return address. Debug kernels follow frame pointers: a frame is the caller's frame pointer and, above
/// it, the return address. The others have none and show every address on the stack that follows a call.
void log_backtrace(Word frame, Word stack_pointer) {
    log("  backtrace:");
    const Word end = end_of_stack(stack_pointer);
    unsigned lines = 0;
    for (Word at = align_up(stack_pointer, 8); at < end && lines < most_backtrace_lines; at += 8) {
        const Word value = *reinterpret_cast<const Word*>(at);
        if (config::frame_pointers ? at != frame + 8 : !follows_call(value))
            continue;
        if (config::frame_pointers)
            frame = *reinterpret_cast<const Word*>(frame);
        log_symbol(value);
        lines++;
    }
}

[[noreturn]] void end_panic(Word frame, Word stack_pointer) {
    log_backtrace(frame, stack_pointer);
    if constexpr (config::debug)
        log_paging_events(16);
    leave_machine(panic_exit_code);
}

} // namespace

void leave_machine(uint8_t code) {
    x86::out8(debug_exit_port, code);
    for (;;) {
        x86::cli();
        x86::hlt();
    }
}

void panic(const char* reason) {
    const Word frame = reinterpret_cast<Word>(__builtin_frame_address(0));
    begin_panic();
    log("\nKERNEL PANIC: {}", reason);
    end_panic(frame, frame);
}

void assertion_failed(const char* words, const char* file, unsigned line) {
    const Word frame = reinterpret_cast<Word>(__builtin_frame_address(0));
    begin_panic();
    log("\nKERNEL PANIC: {} ({}:{})", words, file, line);
    end_panic(frame, frame);
}

// The next two are called by trap/entry.S.

/// What `frame` says of segment bases is not there.
extern "C" [[noreturn]] void kernel_exception(const Context* frame) {
    begin_panic();
    log("\nKERNEL PANIC: vector {} ({}), error code {x}, at {x}, CR2 {x}", frame->origin, exception_name(frame->origin),
        frame->error_code, frame->rip, x86::read_cr2());
    if constexpr (config::debug)
        log_cause(*frame);
    log_registers(*frame);
    log_symbol(frame->rip);
    end_panic(frame->rbp, frame->rsp);
}

/// Nobody sends NMIs on purpose but a person at the machine's monitor: noted, and the machine goes on.
extern "C" void non_maskable_interrupt(Word rip, Word cs) { log("NMI at {x} in ring {}: ignored", rip, cs & 3); }

} // namespace kernel
