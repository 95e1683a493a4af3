// SPDX-License-Identifier: BSD-2-Clause
#include <boot/deliberate_bug.hpp>

#include <arch/x86_64/linker.hpp>
#include <boot/command_line.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <mem/layout.hpp>

namespace kernel {

namespace {

[[gnu::noinline]] void read_at(Word address) { (void)*reinterpret_cast<const volatile char*>(address); }

[[gnu::noinline]] void write_at(Word address) { *reinterpret_cast<volatile char*>(address) = 0; }

[[gnu::noinline]] void execute_at(Word address) {
    reinterpret_cast<void (*)()>(address)();
    read_at(address); // keeps the call from being the last thing: the backtrace shall show this function
}

/// The array and the addition keep compilers from turning this into a loop; `end` is never reached.
[[gnu::noinline]] Word recurse(Word depth, Word end) {
    volatile Word frame[16];
    frame[depth % 16] = depth;
    return depth == end ? 0 : recurse(depth + 1, end) + frame[depth % 16];
}

} // namespace

void commit_deliberate_bug(Text command_line) {
    const auto bug = command_line::value_of(command_line, "bug");
    if (!config::debug || !bug)
        return;
    const Word text = reinterpret_cast<Word>(text_start);
    const Word physical_text = text - layout::kernel_image.raw();
    if (*bug == "null")
        read_at(0);
    if (*bug == "text")
        write_at(text);
    if (*bug == "alias")
        read_at(layout::physical_window.raw() + physical_text);
    if (*bug == "user")
        execute_at(0x400000);
    if (*bug == "stack")
        log("{}", recurse(0, ~Word{0}));
    ASSERT(*bug != "assert", "nobody asks for a broken invariant");
}

} // namespace kernel
