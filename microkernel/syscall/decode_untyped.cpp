// SPDX-License-Identifier: BSD-2-Clause
#include <cap/derivation.hpp>
#include <lifetime/retype.hpp>
#include <syscall/invocation.hpp>
#include <system.hpp>

namespace kernel {
namespace {

using abi::ObjectType;

bool may_be_device(ObjectType type) {
    return type == ObjectType::untyped || type == ObjectType::frame_4k || type == ObjectType::frame_2m ||
           type == ObjectType::frame_1g;
}

bool is_too_small(ObjectType type, Word size_bits) {
    switch (type) {
    case ObjectType::untyped: return size_bits < abi::min_untyped_bits;
    case ObjectType::cnode: return size_bits < 1;
    case ObjectType::sched_context: return size_bits < abi::min_sched_context_bits;
    default: return false;
    }
}

/// The CNode that the new capabilities go into.
Answer<Capability> destination_node(const Capability& root, Word index, Word depth) {
    const Capability& node = depth == 0 ? root : TRY(lookup_slot(root, index, depth, false))->cap;
    if (!node.is(CapType::cnode))
        return refuse(SyscallError::failed_lookup(false, LookupError::missing(depth)));
    return node;
}

/// The first of `count` empty slots.
Answer<Slot*> destination_window(const Capability& node, Word offset, Word count) {
    const Word slots = bit(node.radix());
    TRY(in_range(offset, 0, slots - 1));
    TRY(in_range(count, 1, abi::max_retype_count));
    TRY(in_range(count, 1, slots - offset));
    Slot* const first = cnode_slots(node) + offset;
    if (!std::ranges::all_of(first, first + count, [](const Slot& slot) { return slot.is_empty(); }))
        return refuse(SyscallError::delete_first());
    return first;
}

} // namespace

Outcome decode_untyped(const Invocation& call) {
    if (call.method() != abi::Invocation::untyped_retype)
        return unknown_method();
    TRY(call.need(6, 1));
    const Word type_word = call.word(0);
    const Word size_bits = call.word(1);
    if (type_word >= abi::object_type_count)
        return refuse(SyscallError::invalid_argument(0));
    const auto type = static_cast<ObjectType>(type_word);
    if (size_bits >= abi::word_bits || abi::object_bits(type, static_cast<unsigned>(size_bits)) > abi::max_untyped_bits)
        return refuse(SyscallError::range(0, abi::max_untyped_bits));
    if (is_too_small(type, size_bits))
        return refuse(SyscallError::invalid_argument(1));

    const Capability node = TRY(destination_node(call.extra(0).cap, call.word(2), call.word(3)));
    const Word count = call.word(5);
    Slot* const first_slot = TRY(destination_window(node, call.word(4), count));

    const Capability& untyped = call.cap();
    const Word used = has_children(call.slot) ? untyped.watermark() : 0;
    const Word free = bit(untyped.size_bits()) - used;
    const unsigned object_bits = type == ObjectType::tcb && kernel_state.features.avx
                                     ? tcb_bits_with_avx
                                     : abi::object_bits(type, static_cast<unsigned>(size_bits));
    const Word start = align_up(used, bit(object_bits));
    if (start > bit(untyped.size_bits()) || (bit(untyped.size_bits()) - start) >> object_bits < count)
        return refuse(SyscallError::not_enough_memory(free));
    if (untyped.is_device_untyped() && !may_be_device(type))
        return refuse(SyscallError::invalid_argument(1));

    const RetypePlan plan{type,  static_cast<unsigned>(size_bits), object_bits,
                          start, static_cast<unsigned>(count),     first_slot};
    if (clear_for(call.slot, plan) == Progress::preempted)
        return Outcome::preempted();
    make_objects(call.slot, plan);
    return Outcome::done();
}

} // namespace kernel
