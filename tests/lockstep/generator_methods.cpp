// SPDX-License-Identifier: BSD-2-Clause
// Invocations that have a chance: each with the capabilities and words that its method wants.
#include <lockstep/generator.hpp>

namespace lockstep {

using namespace spec;

namespace {

constexpr Word root = 2, asid_control = 5, asid_pool = 6, io_port_control = 7, domain_set = 11, sched_control = 16,
               irq_control = 4, big_untyped = 17, device_untyped = 18, small_untyped = 19;
constexpr Word depth = 64;

} // namespace

Word Generator::address() {
    static constexpr Word bases[] = {0, 0x40'0000, 0x4000'0000, 0x80'0000'0000, user_end - 0x2000};
    const Word base = bases[chance(1, 12) ? random_.below(std::size(bases)) : random_.below(2)];
    return base + random_.below(4) * 0x1000;
}

Operation Generator::untyped_method() {
    static constexpr Word types[] = {0, 1, 2, 2, 3, 4, 5, 5, 6, 6, 10, 10, 10, 12, 13, 7, 8};
    Word type = types[random_.below(std::size(types))];
    const Word other = find(Type::untyped);
    Word source = chance(1, 2) && other ? other : big_untyped;
    if (chance(1, 25)) {
        source = device_untyped;
        type = chance(1, 2) ? 9 : 10 + random_.below(2);
    } else if (chance(1, 40)) {
        type = 11;
    }
    Word size_bits = 0;
    if (type == 0)
        size_bits = chance(1, 3) ? 12 : 4 + random_.below(11);
    else if (type == 4)
        size_bits = 1 + random_.below(4);
    else if (type == 5)
        size_bits = 7 + random_.below(3);
    const Word count = chance(2, 3) ? 1 : 1 + random_.below(4);
    return invocation(source, Method::untyped_retype, {type, size_bits, 0, 0, free_slot(), count}, {root});
}

/// A guard that a CNode could have: mostly one that resolves all bits.
Word Generator::guard(Word slot) {
    const Capability& cap = slot_at(slot).cap;
    const unsigned radix = cap.is(Type::cnode) ? object_of<CNode>(cap).radix : 4;
    const Word bits = chance(1, 2) ? 64 - radix : random_.below(64);
    return (chance(2, 3) ? 0 : random_.of_any_size(58)) << 6 | bits;
}

Operation Generator::cnode_method() {
    // Small CNodes are places, too.
    const Word small = find_if([](const Capability& cap) {
        return cap.is(Type::cnode) && object_of<CNode>(cap).radix <= 4 && cap.guard_bits == 0;
    });
    const bool into_small = small != 0 && chance(1, 4), out_of_small = small != 0 && chance(1, 5);
    const auto radix = [&] { return Word{object_of<CNode>(slot_at(small).cap).radix}; };
    const Word to_root = into_small ? small : root, from_root = out_of_small ? small : root;
    const Word to = into_small ? random_.below(power(static_cast<unsigned>(radix()))) : free_slot();
    const Word from = out_of_small ? random_.below(power(static_cast<unsigned>(radix()))) : any_capability();
    const Word to_depth = into_small ? radix() : depth, from_depth = out_of_small ? radix() : depth;
    const Word datum = chance(1, 3) ? random_.below(4) : chance(1, 2) ? random_.of_any_size(12) : guard(from);
    switch (random_.below(12)) {
    case 0: {
        Word target = chance(1, 4) ? from : find_if([](const Capability& cap) {
            return cap.is(Type::endpoint) || cap.is(Type::notification) || cap.is(Type::untyped) || cap.is(Type::frame);
        });
        if (chance(1, 1500))
            target = big_untyped;
        return invocation(from_root, Method::cnode_revoke, {target, from_depth});
    }
    case 1:
    case 2: return invocation(from_root, Method::cnode_delete, {from, from_depth});
    case 3: return invocation(root, Method::cnode_cancel_badged_sends, {find(Type::endpoint), depth});
    case 4:
    case 5:
    case 6: return invocation(to_root, Method::cnode_copy, {to, to_depth, from, from_depth, rights()}, {from_root});
    case 7:
    case 8: {
        const Word source = chance(1, 2) ? find_if([](const Capability& cap) {
            return (cap.is(Type::endpoint) || cap.is(Type::notification)) && cap.badge == 0;
        })
                                         : from;
        const bool direct = source != from;
        return invocation(to_root, Method::cnode_mint,
                          {to, to_depth, source, direct ? depth : from_depth, rights(), datum},
                          {direct ? root : from_root});
    }
    case 9: return invocation(to_root, Method::cnode_move, {to, to_depth, from, from_depth}, {from_root});
    case 10:
        return invocation(to_root, Method::cnode_mutate, {to, to_depth, from, from_depth, chance(1, 2) ? 0 : datum},
                          {from_root});
    default: {
        const Word pivot = any_capability(), destination = chance(1, 2) ? from : free_slot();
        return invocation(root, Method::cnode_rotate,
                          {destination, depth, 0, pivot, depth, 0, chance(1, 2) ? from : any_capability(), depth},
                          {root, root});
    }
    }
}

Operation Generator::tcb_method() {
    const Word thread = thread_capability();
    switch (random_.below(10)) {
    case 0:
    case 1: return invocation(thread, Method::tcb_read_registers, {chance(1, 8), 1 + random_.below(20)});
    case 2:
    case 3: {
        std::vector<Word> words{chance(1, 2), 0, KernelMachine::system_call_ip()};
        for (Word more = random_.below(19); more-- > 0;)
            words.push_back(random_.of_any_size(64));
        words[1] = words.size() - 2;
        return invocation(thread, Method::tcb_write_registers, std::move(words));
    }
    case 4: {
        // Registers of another thread in the caller itself: what that means is open.
        const bool self = slot_at(thread).cap.object == state_->current;
        return invocation(thread, Method::tcb_copy_registers, {random_.below(16) & (self ? ~Word{12} : ~Word{0})},
                          {thread_capability()});
    }
    case 5: {
        const Word caller = find_if([](const Capability& cap) {
            return cap.is(Type::tcb) && object_of<Thread>(cap).state == ThreadState::awaiting_reply;
        });
        return invocation(caller && chance(1, 2) ? caller : thread, Method::tcb_suspend);
    }
    case 6: return invocation(thread, Method::tcb_resume);
    case 7: return revive();
    case 8: return invocation(thread, Method::tcb_set_tls_base, {random_.of_any_size(64)});
    default: return invocation(thread, Method::tcb_set_flags, {random_.below(4), chance(1, 3)});
    }
}

Operation Generator::tcb_setting() {
    const Word thread = thread_capability();
    if (!slot_at(thread).cap.is(Type::tcb))
        return untyped_method();
    const Word handler = chance(1, 3) ? 0 : find(Type::endpoint);
    const auto free_context = [&] {
        return find_if(
            [](const Capability& cap) { return cap.is(Type::sched_context) && !object_of<SchedContext>(cap).thread; });
    };
    switch (random_.below(15)) {
    case 12:
    case 13:
    case 14: return spawn();
    case 0: {
        const Word space = find_if([](const Capability& cap) { return cap.is(Type::pml4) && cap.mapping; });
        return invocation(thread, Method::tcb_configure, {0, 0, 0x50'0000 + (random_.below(8) << 10)},
                          {root, space, find(Type::frame)});
    }
    case 1:
    case 2: return invocation(thread, Method::tcb_set_priority, {priority()}, {1});
    case 3:
        return invocation(thread, Method::tcb_set_mc_priority, {chance(3, 4) ? 255 : priority()},
                          {chance(7, 8) ? 1 : thread_capability()});
    case 4: {
        const auto& object = object_of<Thread>(slot_at(thread).cap);
        Word context = free_context();
        if (object.context && chance(3, 4))
            context = find_if([&](const Capability& cap) { return cap.object == object.context; });
        return invocation(thread, Method::tcb_set_sched_params, {255, priority()},
                          {1, chance(1, 10) ? 0 : context, handler});
    }
    case 5: return invocation(thread, Method::tcb_set_timeout_endpoint, {}, {handler});
    case 6: return invocation(thread, Method::tcb_set_ipc_buffer, {random_.below(20) << 10}, {find(Type::frame)});
    case 7: {
        const Word space = find_if([](const Capability& cap) { return cap.is(Type::pml4) && cap.mapping; });
        const Word table = find(Type::cnode);
        return invocation(thread, Method::tcb_set_space, {0, 0},
                          {chance(1, 2) ? handler : table, root, chance(1, 2) ? 3 : space});
    }
    case 8: {
        const Word notification = find_if([](const Capability& cap) {
            return cap.is(Type::notification) && !object_of<Notification>(cap).bound && cap.rights.read;
        });
        return invocation(thread, Method::tcb_bind_notification, {}, {notification});
    }
    case 9: return invocation(thread, Method::tcb_unbind_notification);
    default: return revive();
    }
}

Operation Generator::context_method() {
    const Word context = find(Type::sched_context);
    switch (random_.below(10)) {
    case 0:
    case 1:
    case 2: {
        const Word period = 100 + random_.below(3000), budget = chance(1, 4) ? period : 20 + random_.below(period);
        const auto* object = context ? &object_of<SchedContext>(slot_at(context).cap) : nullptr;
        return invocation(sched_control, Method::sched_control_configure_flags,
                          {chance(1, 20) ? period : std::min(budget, period), period,
                           object ? random_.below(object->max_refills - 1) : 0, random_.below(8), chance(1, 2)},
                          {context});
    }
    case 3: {
        const Word target = chance(1, 3) ? find(Type::notification) : find_if([](const Capability& cap) {
            return cap.is(Type::tcb) && !object_of<Thread>(cap).context;
        });
        const Word unbound = find_if(
            [](const Capability& cap) { return cap.is(Type::sched_context) && !object_of<SchedContext>(cap).thread; });
        return invocation(unbound ? unbound : context, Method::sched_context_bind, {}, {target});
    }
    case 4: {
        // A server that waits without a context takes those of its callers: so replies come to be stacked.
        const Word of_server = find_if([](const Capability& cap) {
            return cap.is(Type::sched_context) && object_of<SchedContext>(cap).thread &&
                   waits_as_server(*object_of<SchedContext>(cap).thread);
        });
        return invocation(of_server && chance(3, 4) ? of_server : context, Method::sched_context_unbind);
    }
    case 5:
        return invocation(context, Method::sched_context_unbind_object, {},
                          {chance(1, 2) ? find(Type::notification) : thread_capability()});
    case 6:
    case 7: return invocation(context, Method::sched_context_consumed);
    default: {
        const Word target = find_if([&](const Capability& cap) {
            return cap.is(Type::sched_context) && object_of<SchedContext>(cap).thread &&
                   object_of<SchedContext>(cap).thread != state_->current;
        });
        return invocation(target, Method::sched_context_yield_to);
    }
    }
}

Operation Generator::map_page() {
    const Word frame = chance(1, 2)
                           ? find(Type::frame)
                           : find_if([](const Capability& cap) { return cap.is(Type::frame) && !cap.mapping; });
    if (frame == 0)
        return untyped_method();
    const Capability& cap = slot_at(frame).cap;
    const unsigned bits = object_of<Frame>(cap).bits;
    Word space = find_if([](const Capability& other) { return other.is(Type::pml4) && other.mapping; });
    Word at = bits == 12 ? address() : random_.below(4) << bits;
    if (cap.mapping && chance(3, 4)) {
        at = cap.mapping->address;
        space = find_if([&](const Capability& other) {
            return other.is(Type::pml4) && other.mapping && other.mapping->asid == cap.mapping->asid;
        });
    }
    return invocation(frame, Method::page_map, {at, rights(), random_.below(16)}, {chance(1, 6) ? 3 : space});
}

Operation Generator::map_table() {
    const Word table =
        chance(1, 4)
            ? find_if([](const Capability& cap) { return cap.is(Type::page_table); })
            : find_if([](const Capability& cap) { return is_table(cap.type) && !cap.is(Type::pml4) && !cap.mapping; });
    if (table == 0)
        return untyped_method();
    const Word space = find_if([](const Capability& other) { return other.is(Type::pml4) && other.mapping; });
    const Type type = slot_at(table).cap.type;
    const Method method = type == Type::page_table       ? Method::page_table_map
                          : type == Type::page_directory ? Method::page_directory_map
                                                         : Method::pdpt_map;
    const Word at = type == Type::page_table       ? random_.below(4) << 21
                    : type == Type::page_directory ? random_.below(3) << 30
                                                   : random_.below(2) << 39;
    return invocation(table, method, {at + random_.below(2), 0}, {chance(1, 6) ? 3 : space});
}

Operation Generator::paging_method() {
    switch (random_.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3: return map_page();
    case 4:
    case 5: return map_table();
    case 6:
        return invocation(find_if([](const Capability& cap) { return cap.is(Type::frame) && cap.mapping; }),
                          Method::page_unmap);
    case 7: return invocation(find(Type::frame), Method::page_get_address);
    case 8: {
        const Word table =
            find_if([](const Capability& cap) { return is_table(cap.type) && !cap.is(Type::pml4) && cap.mapping; });
        const Type type = table ? slot_at(table).cap.type : Type::page_table;
        return invocation(table, type == Type::page_table       ? Method::page_table_unmap
                                 : type == Type::page_directory ? Method::page_directory_unmap
                                                                : Method::pdpt_unmap);
    }
    case 9: {
        const Word memory = find_if([](const Capability& cap) { return cap.is(Type::untyped) && cap.bits == 12; });
        return invocation(asid_control, Method::asid_control_make_pool, {free_slot(), depth},
                          {chance(1, 8) ? small_untyped : memory, root});
    }
    default: {
        const Word space = find_if([](const Capability& cap) { return cap.is(Type::pml4) && !cap.mapping; });
        const Word pool = find(Type::asid_pool);
        return invocation(pool && chance(1, 2) ? pool : asid_pool, Method::asid_pool_assign, {}, {space});
    }
    }
}

Operation Generator::device_method() {
    const Word handler = find(Type::irq_handler), ports = find(Type::io_ports);
    switch (random_.below(12)) {
    case 0:
        return invocation(
            irq_control, Method::irq_control_get_ioapic,
            {free_slot(), depth, 0, random_.below(24), random_.below(2), random_.below(2), random_.below(8)}, {root});
    case 1:
        return invocation(
            irq_control, Method::irq_control_get_msi,
            {free_slot(), depth, random_.below(256), random_.below(32), random_.below(8), 0, random_.below(8)}, {root});
    case 2:
    case 3: return invocation(handler, Method::irq_handler_ack);
    case 4: return invocation(handler, Method::irq_handler_set_notification, {}, {find(Type::notification)});
    case 5: return invocation(handler, Method::irq_handler_clear);
    case 6: {
        const Word first = random_.below(32) * 16;
        return invocation(io_port_control, Method::io_port_control_issue,
                          {first, first + random_.below(20), free_slot(), depth}, {root});
    }
    default: {
        const Word first = ports ? object_of<PortRange>(slot_at(ports).cap).first : 0;
        const Word method = static_cast<Word>(Method::io_port_in8) + random_.below(6);
        return invocation(ports, static_cast<Method>(method), {first + random_.below(4), random_.next()});
    }
    }
}

Operation Generator::control_method() {
    switch (random_.below(4)) {
    case 0: return invocation(domain_set, Method::domain_set_set, {0}, {thread_capability()});
    case 1: return invocation(domain_set, Method::domain_set_schedule_configure, {0, 0, 1 + random_.of_any_size(50)});
    case 2: return invocation(domain_set, Method::domain_set_schedule_set_start, {0});
    default: return invocation(irq_control, Method::irq_control_get, {0, free_slot(), depth}, {root});
    }
}

} // namespace lockstep
