// SPDX-License-Identifier: BSD-2-Clause
// How to break what always holds of memory, address spaces and the CPU.
#include "everything.hpp"

#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <check/machine_record.hpp>

namespace test {
namespace {

void change(Entry& entry, Word set, Word cleared = 0) { entry = Entry((entry.raw() & ~cleared) | set); }

/// The page shows up once more, as the last of the lower half.
void map_last_page(Everything& world) {
    constexpr Word last = abi::user_end;
    world.entry(4, last) = world.entry(4);
    world.entry(3, last) = world.entry(3);
    world.entry(2, last) = world.entry(2);
    world.entry(1, last) = world.entry(1);
}

constexpr Breaking all[] = {
    // --- objects and untyped memory ---
    {"1: objects are in RAM",
     [](Everything& w) { w.slot(at::small_untyped).cap = Capability::untyped(PhysAddr(0x6000), 12, false); }},
    {"2: objects are aligned to their size",
     [](Everything& w) { w.slot(w.lent).cap = Capability::sched_context(w.cap(w.lent).object() + 16, 8); }},
    {"2: no two objects share memory, and those above stand before those below",
     [](Everything& w) { w.slot(w.idle_endpoint).cap = Capability::endpoint(w.cap(w.lent).object()); }},
    {"3: no untyped has given out more than it has",
     [](Everything& w) { w.slot(at::small_untyped).cap.set_watermark(8192); }},
    {"3: no untyped has cleared more than it has",
     [](Everything& w) { w.slot(at::small_untyped).cap.set_cleared(bit(clear_chunk_bits)); }},
    {"3: memory that an untyped has cleared and not given out is zero",
     [](Everything& w) { w.slot(at::untyped).cap.set_cleared(bit(untyped_bits)); }},
    {"3: what is made of an untyped lies below its watermark",
     [](Everything& w) {
         w.slot(at::untyped).cap.set_cleared(0);
         w.slot(at::untyped).cap.set_watermark(16);
     }},
    {"4: device memory becomes device memory only",
     [](Everything& w) {
         w.slot(w.device_frame).cap = Capability::frame(w.cap(w.device_frame).object(), FrameSize::small_4k, false);
     }},
    {"4: an IPC buffer is no device memory",
     [](Everything& w) {
         Slot& place = w.idle().slot(TcbSlot::ipc_buffer);
         remove_capability(place);
         insert_derived(place, w.cap(w.device_frame), w.slot(w.device_frame));
     }},
    {"8: untyped memory is an ancestor of what is made of it",
     [](Everything& w) { w.slot(at::small_untyped).next_word &= ~Slot::original_flag; }},

    // --- tables ---
    {"15: an entry that maps a page has no bit that it should not have",
     [](Everything& w) { change(w.entry(1), bit(9)); }},
    {"15: an entry that leads to a table has all rights and no bit that it should not have",
     [](Everything& w) { change(w.entry(2), 0, bit(1)); }},
    {"15: tables are in RAM", [](Everything& w) { w.entry(4, 0x300'0000'0000) = Entry::table(PhysAddr(0x1000), 0); }},
    {"16: each paging structure is linked once, where its capability records it",
     [](Everything& w) { remove_capability(w.slot(w.table)); }},
    {"17: the last page of the lower half is never mapped", map_last_page},
    {"17: all address spaces have the same kernel half",
     [](Everything& w) { change(window<Table>(w.root_space())->entries[300], bit(12)); }},
    {"17: ring 3 cannot reach the kernel half", [](Everything& w) { change(w.window_entry(), bit(2)); }},
    {"17: the kernel's own tables show nothing in the user half",
     [](Everything&) { window<Table>(kernel_state.kernel_pml4)->entries[0] = Entry(bit(12)); }},
    {"18: nothing in the kernel half is writable and executable",
     [](Everything& w) { change(w.window_entry(), 0, bit(63)); }},
    {"18: the kernel's text is writable nowhere",
     [](Everything& w) { change(w.window_entry(), machine_record().text.start.raw()); }},
    {"19: a mapped page has no right that no capability which records it has",
     [](Everything& w) { change(w.entry(1, Everything::read_only_page), bit(1)); }},
    {"19: each mapped page is recorded by a capability to its frame",
     [](Everything& w) { remove_capability(w.slot(w.frame)); }},
    {"22b: an entry that is not present names no memory",
     [](Everything& w) { w.entry(1, 0x1'4020'0000) = Entry(0x1000); }},
    {"42: an entry that is not present holds a keeper index and a cookie, and nothing else",
     [](Everything& w) { w.entry(1, Everything::page + 0x5000) = Entry(ones(9) << 43); }},

    // --- address spaces ---
    {"22: no address space has the number 0", [](Everything&) { kernel_state.spaces[0] = 0; }},
    {"22: a space has the number that it is found by, out of a pool that exists",
     [](Everything&) { kernel_state.spaces[7] = kernel_state.spaces[1]; }},
    {"22: every ASID in use is that of one PML4 with a capability",
     [](Everything& w) { remove_capability(w.slot(w.other_space)); }},
    {"22: what is loaded is a live space",
     [](Everything& w) {
         Capability dead = w.cap(w.other_space);
         dead.set_asid(Asid{7});
         cpu.loaded_space = dead.raw0();
     }},
    {"22: the running thread's space is loaded", [](Everything& w) { cpu.loaded_space = w.cap(w.other_space).raw0(); }},
    {"22: CR3 is what the kernel believes", [](Everything&) { x86::simulated.cr3 ^= bit(12); }},

    // --- the CPU ---
    {"29: the next entry saves its registers in the running thread",
     [](Everything&) { x86::entry_area.tss.rsp0 += 8; }},
    {"30: the running thread's registers are in the CPU", [](Everything& w) { cpu.loaded = &w.ready(); }},
    {"30: the thread whose registers are in the CPU has a capability",
     [](Everything& w) {
         cpu.loaded = &w.idle();
         w.vanish(w.idle_cap);
     }},
    {"30: the FPU is trapped for who may not use it", [](Everything&) { cpu.fpu_trapped = true; }},
    {"30: CR0.TS is as the kernel believes", [](Everything&) { x86::simulated.cr0 ^= x86::cr0::task_switched; }},
    {"31: a long operation looks for interrupts in time", [](Everything&) { cpu.steps = 16; }},
    {"31: half of the kernel stack has never been used", [](Everything&) { machine_record().unused_stack[5] = 0; }},
    {"33: descriptor tables, control and model-specific registers are as the kernel set them up",
     [](Everything&) { x86::simulated.msrs[x86::msr::lstar] ^= 1; }},
};

} // namespace

std::span<const Breaking> breakings_of_memory() { return all; }

} // namespace test
