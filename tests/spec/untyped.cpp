// SPDX-License-Identifier: BSD-2-Clause
// Untyped memory and what is made of it.
#include <spec/cspace.hpp>
#include <spec/invocation.hpp>

namespace spec {
namespace {

unsigned object_bits(MadeType type, Word size_bits) {
    switch (type) {
    case MadeType::untyped:
    case MadeType::sched_context: return static_cast<unsigned>(size_bits);
    case MadeType::cnode: return static_cast<unsigned>(size_bits) + 5;
    case MadeType::tcb: return 11;
    case MadeType::endpoint: return 4;
    case MadeType::notification: return 6;
    case MadeType::reply: return 5;
    case MadeType::frame_1g: return 30;
    case MadeType::frame_2m: return 21;
    default: return 12;
    }
}

bool is_frame(MadeType type) {
    return type == MadeType::frame_4k || type == MadeType::frame_2m || type == MadeType::frame_1g;
}

Type table_type(MadeType type) {
    switch (type) {
    case MadeType::page_table: return Type::page_table;
    case MadeType::page_directory: return Type::page_directory;
    case MadeType::pdpt: return Type::pdpt;
    default: return Type::pml4;
    }
}

/// A new object at `address`, and the capability to all of it.
Capability make_object(System& system, MadeType type, Word address, Word size_bits, bool device) {
    Capability cap;
    cap.rights = Rights::all();
    switch (type) {
    case MadeType::untyped:
        cap.type = Type::untyped;
        cap.base = address;
        cap.bits = static_cast<unsigned>(size_bits);
        cap.device = device;
        return cap;
    case MadeType::tcb: cap.object = &system.make<Thread>(address); break;
    case MadeType::endpoint: cap.object = &system.make<Endpoint>(address); break;
    case MadeType::notification: cap.object = &system.make<Notification>(address); break;
    case MadeType::cnode: cap.object = &system.make<CNode>(address, static_cast<unsigned>(size_bits)); break;
    case MadeType::sched_context:
        cap.object = &system.make<SchedContext>(address, static_cast<unsigned>(size_bits));
        break;
    case MadeType::reply: cap.object = &system.make<Reply>(address); break;
    default:
        if (is_frame(type))
            cap.object = &system.make<Frame>(address, object_bits(type, size_bits), device);
        else
            cap.object = &system.make_table(table_type(type), address);
    }
    cap.type = cap.object->type;
    return cap;
}

/// The CNode whose slots are to be filled.
CNode& destination(const Capability& root, Word index, Word depth) {
    const Capability& node = depth == 0 ? root : lookup_slot(root, index, depth, false).cap;
    if (!node.is(Type::cnode))
        throw failed_lookup(false, missing_capability(depth));
    return object_of<CNode>(node);
}

} // namespace

Words invoke_untyped(Invocation& invocation) {
    if (invocation.method != Method::untyped_retype)
        throw illegal_operation();
    invocation.need(6, 1);
    const Word type_word = invocation.word(0), size_bits = invocation.word(1), offset = invocation.word(4),
               count = invocation.word(5);
    if (type_word >= made_type_count)
        throw invalid_argument(0);
    const auto type = static_cast<MadeType>(type_word);
    if (size_bits >= 64 || object_bits(type, size_bits) > 47)
        throw range_error(0, 47);
    if ((type == MadeType::cnode && size_bits == 0) || (type == MadeType::untyped && size_bits < 4) ||
        (type == MadeType::sched_context && size_bits < 7))
        throw invalid_argument(1);
    CNode& node = destination(invocation.cap(0), invocation.word(2), invocation.word(3));
    if (offset >= node.size())
        throw range_error(0, node.size() - 1);
    if (count < 1 || count > 256)
        throw range_error(1, 256);
    if (count > node.size() - offset)
        throw range_error(1, node.size() - offset);
    for (Word i = 0; i < count; i++) {
        if (!node.slot(offset + i).empty())
            throw delete_first();
    }
    Capability& untyped = invocation.target.cap;
    const Word given_out = has_children(invocation.target) ? untyped.given_out : 0;
    const Word free = power(untyped.bits) - given_out;
    const unsigned bits = object_bits(type, size_bits);
    if (free >> bits < count)
        throw not_enough_memory(free);
    if (untyped.device && type != MadeType::untyped && !is_frame(type))
        throw invalid_argument(1);

    const Word start = aligned_up(given_out, power(bits));
    for (Word i = 0; i < count; i++) {
        const Word address = untyped.base + start + (i << bits);
        insert_original(node.slot(offset + i), make_object(invocation.system, type, address, size_bits, untyped.device),
                        &invocation.target);
    }
    untyped.given_out = start + (count << bits);
    return {};
}

} // namespace spec
