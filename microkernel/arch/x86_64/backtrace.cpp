// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/backtrace.hpp>

#include <arch/x86_64/linker.hpp>
#include <arch/x86_64/symbols.hpp>
#include <config.hpp>
#include <lib/log.hpp>

extern "C" {
// Generated (tools/lib/symbol_table.py).
extern const kernel::x86::Symbol symbol_table[];
extern const uint32_t symbol_count;
extern const char symbol_names[];
}

namespace kernel::x86 {

namespace {

constexpr unsigned most_lines = 24;

Word address(const char* symbol) { return reinterpret_cast<Word>(symbol); }

bool is_code(Word value) { return value >= address(image_start) && value < address(rodata_start); }

struct StackRange {
    Word bottom = 0, top = 0;
    bool has_word(Word at) const { return is_aligned(at, 8) && at >= bottom && at < top; }
};

/// The kernel stack on which `pointer` lies; a stack starts one page above its guard.
StackRange stack_of(Word pointer) {
    const StackRange stacks[] = {
        {address(kernel_stack_guard) + 4096, address(kernel_stack_top)},
        {address(double_fault_stack_guard) + 4096, address(double_fault_stack_top)},
        {address(nmi_stack_guard) + 4096, address(nmi_stack_top)},
        {address(machine_check_stack_guard) + 4096, address(machine_check_stack_top)},
        {address(debug_stack_guard) + 4096, address(debug_stack_top)},
    };
    for (const StackRange& stack : stacks) {
        if (pointer >= stack.bottom && pointer < stack.top)
            return stack;
    }
    return {};
}

Word word_at(Word at) { return *reinterpret_cast<const Word*>(at); }

/// A frame is the caller's frame pointer and, above it, the return address.
void follow_frames(Word frame) {
    const StackRange stack = stack_of(frame);
    for (unsigned i = 0; i < most_lines && stack.has_word(frame) && stack.has_word(frame + 8); i++) {
        const Word return_address = word_at(frame + 8);
        if (!is_code(return_address))
            return;
        log_symbol(return_address);
        const Word next = word_at(frame);
        if (next <= frame) // callers' frames lie above
            return;
        frame = next;
    }
}

void scan_stack(Word from) {
    const StackRange stack = stack_of(from);
    unsigned lines = 0;
    for (Word at = align_up(from, 8); stack.has_word(at) && lines < most_lines; at += 8) {
        constexpr unsigned char near_call = 0xe8; // 5 bytes, ending where it returns to
        const Word value = word_at(at);
        if (is_code(value) && is_code(value - 5) && *reinterpret_cast<const unsigned char*>(value - 5) == near_call) {
            log_symbol(value);
            lines++;
        }
    }
}

} // namespace

void log_symbol(Word where) {
    if (!is_code(where))
        return log("    {x}", where);
    const Place place = find_symbol(std::span(symbol_table, symbol_count), symbol_names, static_cast<uint32_t>(where));
    log("    {x} {} + {x}", where, place.name, place.offset);
}

void log_backtrace(Word frame_pointer) { log_backtrace_of(frame_pointer, frame_pointer); }

void log_backtrace_of(Word frame_pointer, Word stack_pointer) {
    log("  backtrace:");
    if (config::frame_pointers)
        follow_frames(frame_pointer);
    else
        scan_stack(stack_pointer);
}

} // namespace kernel::x86
