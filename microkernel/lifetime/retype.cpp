// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <lifetime/preemption.hpp>
#include <lifetime/retype.hpp>
#include <space/address_space.hpp>

namespace kernel {
namespace {

Capability make_object(const RetypePlan& plan, PhysAddr place, bool device) {
    using abi::ObjectType;
    switch (plan.type) {
    case ObjectType::untyped: return Capability::untyped(place, plan.size_bits, device);
    case ObjectType::tcb: init_thread(*window<Tcb>(place)); return Capability::tcb(place);
    case ObjectType::endpoint: return Capability::endpoint(place);
    case ObjectType::notification: return Capability::notification(place);
    case ObjectType::cnode: return Capability::cnode(place, plan.size_bits);
    case ObjectType::sched_context: return Capability::sched_context(place, plan.size_bits);
    case ObjectType::reply: return Capability::reply(place);
    case ObjectType::pdpt: return Capability::table(CapType::pdpt, place);
    case ObjectType::pml4: init_space(place); return Capability::table(CapType::pml4, place);
    case ObjectType::frame_1g: return Capability::frame(place, FrameSize::huge_1g, device);
    case ObjectType::frame_4k: return Capability::frame(place, FrameSize::small_4k, device);
    case ObjectType::frame_2m: return Capability::frame(place, FrameSize::large_2m, device);
    case ObjectType::page_table: return Capability::table(CapType::page_table, place);
    case ObjectType::page_directory: return Capability::table(CapType::page_directory, place);
    }
    return {};
}

} // namespace

void init_thread(Tcb& thread) {
    thread.context.rflags = sanitised_rflags(0);
    thread.context.cs = user_code_selector;
    thread.context.ss = user_data_selector;
    thread.context.origin = origin_written;
    static constexpr x86::FpuState clean = x86::initial_fpu_state();
    thread.fpu = clean.bytes;
    thread.cspace = {};
    for (Slot& slot : thread.slots)
        slot.mark_in_thread();
}

Progress clear_for(Slot& untyped, const RetypePlan& plan) {
    Capability& cap = untyped.cap;
    if (plan.start < cap.watermark()) { // the children are gone: it starts anew
        cap.set_watermark(0);
        cap.set_cleared(0);
    }
    if (cap.is_device_untyped() || plan.type == abi::ObjectType::untyped)
        return Progress::finished;
    const Word end = plan.start + (Word{plan.count} << plan.object_bits);
    constexpr Word chunk = bit(clear_chunk_bits);
    constexpr Word piece = 8192;
    for (Word from = std::max(plan.start, cap.cleared()); from < end;) {
        const Word to = std::min(end, align_down(from, piece) + piece);
        x86::stosq_zero(window<void>(cap.object() + from), to - from);
        from = to;
        // Everything between the watermark and what is recorded must be clear: the gap before the start is given up.
        cap.set_watermark(plan.start);
        cap.set_cleared(align_down(from, chunk));
        if (from < end && must_preempt() && from % chunk == 0)
            return Progress::preempted;
    }
    return Progress::finished;
}

void make_objects(Slot& untyped, const RetypePlan& plan) {
    const bool device = untyped.cap.is_device_untyped();
    const unsigned steps = plan.type == abi::ObjectType::pml4 ? 5 : plan.type == abi::ObjectType::tcb ? 2 : 1;
    const PhysAddr first = untyped.cap.object() + plan.start;
    untyped.cap.set_watermark(plan.start + (Word{plan.count} << plan.object_bits));
    for (unsigned i = 0; i < plan.count; i++) {
        insert_original(plan.first_slot[i], make_object(plan, first + (Word{i} << plan.object_bits), device), &untyped);
        interrupt_point(steps);
    }
}

} // namespace kernel
