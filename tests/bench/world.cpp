// SPDX-License-Identifier: BSD-2-Clause
#include "world.hpp"

#include <sys/util/log.hpp>

#include <algorithm>

extern "C" uint8_t __image_start[];

namespace bench {
namespace {

constexpr Word page_size = 4096;
constexpr unsigned context_bits = 8;

sys::Untyped largest_untyped(const abi::BootInfo& info) {
    Word best = 0;
    for (Word i = 0; i < info.untyped.count(); i++) {
        const auto& piece = info.untyped_list[i];
        if (!piece.is_device && (best == 0 || piece.size_bits > info.untyped_list[best - info.untyped.start].size_bits))
            best = info.untyped.start + i;
    }
    return sys::Untyped(best);
}

} // namespace

World::World(const abi::BootInfo& info) : info_(info), untyped_(largest_untyped(info)), next_slot_(info.empty.start) {}

Word World::make_slots(abi::ObjectType type, unsigned size_bits, Word count) {
    const Word slot = next_slots(count);
    for (Word made = 0; made < count; made += abi::max_retype_count) {
        const Word part = std::min<Word>(count - made, abi::max_retype_count);
        must("retype", untyped_.retype(type, size_bits, {cnode(), 0, 0}, slot + made, part));
    }
    return slot;
}

Word World::copy(Word slot) {
    const Word to = next_slot();
    must("copy", cnode().at(to).copy_from(cnode().at(slot)));
    return to;
}

sys::Frame World::frame_of(const void* address) const {
    const Word page = (reinterpret_cast<Word>(address) - reinterpret_cast<Word>(__image_start)) / page_size;
    return sys::Frame(info_.user_image_frames.start + page);
}

void World::make_tables(sys::VSpace space, Word address) {
    // A table may be there already: then the level below is what is missing.
    static_cast<void>(make<sys::Pdpt>().map(space, address));
    static_cast<void>(make<sys::PageDirectory>().map(space, address));
    must("page table", make<sys::PageTable>().map(space, address));
}

sys::VSpace World::make_space() {
    const auto space = make<sys::VSpace>();
    must("assign", sys::AsidPool(abi::root_slot::asid_pool).assign(space));
    const auto start = reinterpret_cast<Word>(__image_start);
    make_tables(space, start);
    for (Word i = 0; i < info_.user_image_frames.count(); i++)
        must("map image", sys::Frame(copy(info_.user_image_frames.start + i))
                              .map(space, start + i * page_size, {.write = true, .execute = true}));
    return space;
}

sys::SchedContext World::make_context() {
    const auto context = make<sys::SchedContext>(context_bits);
    constexpr sys::Microseconds slice{100'000};
    must("configure context", sched_control().configure(context, {.budget = slice, .period = slice}));
    return context;
}

void start(World& world, Thread& thread, sys::VSpace space, sys::SchedContext context, uint8_t priority,
           sys::Object fault_handler, void (*entry)(Word), Word argument) {
    thread.tcb = world.make<sys::Tcb>();
    const auto buffer = reinterpret_cast<Word>(thread.buffer);
    thread.block = {&thread.block, reinterpret_cast<abi::IpcBuffer*>(thread.buffer)};
    must("configure", thread.tcb.configure(world.cnode(), 0, space, buffer, world.frame_of(thread.buffer)));
    must("sched params", thread.tcb.set_sched_params(world.own_thread(), {priority}, {priority}, context, {}));
    must("handler", thread.tcb.set_space(fault_handler, world.cnode(), 0, space));
    must("tls", thread.tcb.set_tls_base(reinterpret_cast<Word>(&thread.block)));
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = reinterpret_cast<Word>(entry);
    // As after a call: the stack is 8 off a multiple of 16.
    registers[abi::UserRegister::rsp] = reinterpret_cast<Word>(thread.stack) + thread_stack_size - 8;
    registers[abi::UserRegister::rdi] = argument;
    must("start", thread.tcb.write_registers(registers, 9, true));
}

} // namespace bench
