// SPDX-License-Identifier: BSD-2-Clause
#include <check/deliberate_bug.hpp>

#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <mem/layout.hpp>
#include <system.hpp>

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

Bug bug_named(Text name) {
    struct Named {
        Bug bug;
        Text name;
    };
    constexpr Named bugs[] = {{Bug::null, "null"},          {Bug::text, "text"},   {Bug::alias, "alias"},
                              {Bug::user, "user"},          {Bug::stack, "stack"}, {Bug::assertion, "assert"},
                              {Bug::invariant, "invariant"}};
    for (const Named& named : bugs)
        if (named.name == name)
            return named.bug;
    return Bug::none;
}

void commit(Bug bug) {
    constexpr PhysAddr image(0x10'0000);
    switch (bug) {
    case Bug::none: return;
    case Bug::null: read_at(0); break;
    case Bug::text: write_at((layout::kernel_image + image.raw()).raw()); break;
    case Bug::alias: read_at((layout::physical_window + image.raw()).raw()); break;
    case Bug::user: execute_at(0x400000); break;
    case Bug::stack: log("{}", recurse(0, ~Word{0})); break;
    case Bug::assertion: ASSERT(bug == Bug::none, "nobody asks for a broken invariant"); break;
    case Bug::invariant: kernel_state.issued_ports[0] |= 1; return;
    }
    panic("a deliberate bug went unnoticed");
}

} // namespace kernel
