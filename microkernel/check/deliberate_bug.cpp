// SPDX-License-Identifier: BSD-2-Clause
#include <check/deliberate_bug.hpp>

#include <arch/x86_64/interrupt/vectors.hpp>
#include <arch/x86_64/paging/walk.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <mem/layout.hpp>
#include <space/address_space.hpp>

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

/// The running thread's page at `address` gets a bit that must be 0: of a physical address that no CPU this runs on has.
void spoil(VirtAddr address) {
    const Capability& vspace = cpu.current ? cpu.current->cap(TcbSlot::vspace) : Capability{};
    if (address.raw() >= abi::user_end || !is_live_space(vspace))
        return;
    const WalkResult place = walk(vspace.object(), address, Level::pt);
    if (!place.entry->is_page(place.level))
        return;
    *place.entry = Entry(place.entry->raw() | bit(51));
    x86::invlpg(address);
}

/// The CPU finds no way into the kernel for a page fault.
void close_page_fault_gate() {
    constexpr unsigned gate_bytes = 16, type_byte = 5;
    x86::TablePointer idt{};
    x86::sidt(idt);
    *reinterpret_cast<volatile uint8_t*>(idt.base + x86::vector::page_fault * gate_bytes + type_byte) = 0;
}

} // namespace

Bug bug_named(Text name) {
    struct Named {
        Bug bug;
        Text name;
    };
    constexpr Named bugs[] = {{Bug::null, "null"},        {Bug::text, "text"},          {Bug::alias, "alias"},
                              {Bug::user, "user"},        {Bug::touch, "touch"},        {Bug::reserved, "reserved"},
                              {Bug::spoil, "spoil"},      {Bug::stack, "stack"},        {Bug::gate, "gate"},
                              {Bug::assertion, "assert"}, {Bug::invariant, "invariant"}};
    for (const Named& named : bugs)
        if (named.name == name)
            return named.bug;
    return Bug::none;
}

void commit(Bug bug, Word address) {
    constexpr PhysAddr image(0x10'0000);
    switch (bug) {
    case Bug::none: return;
    case Bug::null: read_at(0); break;
    case Bug::text: write_at((layout::kernel_image + image.raw()).raw()); break;
    case Bug::alias: read_at((layout::physical_window + image.raw()).raw()); break;
    case Bug::user: execute_at(address); break;
    case Bug::touch: read_at(address); break;
    case Bug::spoil: spoil(VirtAddr(address)); return;
    case Bug::reserved:
        spoil(VirtAddr(address));
        read_at(address);
        break;
    case Bug::gate:
        close_page_fault_gate();
        read_at(0);
        break;
    case Bug::stack: log("{}", recurse(0, ~Word{0})); break;
    case Bug::assertion: ASSERT(bug == Bug::none, "nobody asks for a broken invariant"); break;
    case Bug::invariant: kernel_state.issued_ports[0] |= 1; return;
    }
    panic("a deliberate bug went unnoticed");
}

} // namespace kernel
