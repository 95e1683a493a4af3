// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/generator.hpp>

#include <algorithm>

namespace lockstep {

using namespace spec;

namespace {

constexpr Word root_cnode_slot = 2;
constexpr unsigned few_runnable = 3;

Word call_number(system_call::Number number) { return static_cast<Word>(number); }

} // namespace

const Slot& Generator::slot_at(Word index) const {
    static const Slot empty;
    const auto found = root_->slots.find(index);
    return found == root_->slots.end() ? empty : found->second;
}

Word Generator::find(Type type) {
    return find_if([&](const Capability& cap) { return cap.is(type); });
}

Word Generator::any_capability() {
    if (chance(1, 10))
        return random_.below(first_slot);
    return find_if([](const Capability&) { return true; });
}

Word Generator::free_slot() {
    const Word from = random_.below(slot_count);
    for (Word i = 0; i < slot_count; i++) {
        const Word index = first_slot + (from + i) % slot_count;
        if (slot_at(index).empty())
            return index;
    }
    return first_slot + from;
}

Word Generator::thread_capability() {
    const Word found = chance(1, 12) ? 1 : find(Type::tcb);
    return found != 0 ? found : 1;
}

unsigned Generator::runnable() const {
    unsigned count = 0;
    for (const auto& [_, object] : state_->objects) {
        if (object->type == Type::tcb) {
            const auto& thread = static_cast<const Thread&>(*object);
            count += thread.state == ThreadState::running && thread.context && thread.context->configured();
        }
    }
    return count;
}

Operation Generator::message(Word number, Word rdi) {
    Operation operation = system_call(number, rdi);
    operation.label = chance(2, 3) ? 0 : random_.below(4);
    operation.length = static_cast<unsigned>(chance(1, 40) ? random_.below(128) : random_.below(9));
    for (unsigned i = 0; i < std::min(operation.length, 24u); i++)
        operation.words.push_back(random_.of_any_size(64));
    if (chance(1, 4)) {
        operation.cap_count = static_cast<unsigned>(random_.below(4));
        for (unsigned i = 0; i < operation.cap_count; i++)
            operation.caps.push_back(chance(1, 3) ? find(Type::endpoint) : any_capability());
    }
    if (chance(1, 4))
        operation.place = ReceivePlace{root_cnode_slot, free_slot(), 64};
    operation.r12 = find(Type::reply);
    operation.r13 = find(Type::endpoint);
    return operation;
}

/// Somebody waits there already: for a message, with one, for an answer, for a signal.
Operation Generator::meet_somebody() {
    const auto is_wanted = [&](const Capability& cap) {
        switch (cap.type) {
        case Type::endpoint: {
            const auto& endpoint = object_of<Endpoint>(cap);
            return (cap.rights.write && !endpoint.receivers.empty()) || (cap.rights.read && !endpoint.senders.empty());
        }
        case Type::notification: return !object_of<Notification>(cap).waiters.empty();
        case Type::reply: {
            const Thread* const thread = object_of<Reply>(cap).thread;
            return thread && thread->state == ThreadState::awaiting_reply;
        }
        default: return false;
        }
    };
    const Word passive = find_if([](const Capability& cap) {
        return cap.is(Type::endpoint) && cap.rights.write && (cap.rights.grant || cap.rights.grant_reply) &&
               !object_of<Endpoint>(cap).receivers.empty() && !object_of<Endpoint>(cap).receivers.front()->context;
    });
    if (passive != 0 && chance(3, 4))
        return message(call_number(system_call::call), passive);
    const Word found = find_if(is_wanted);
    if (found == 0)
        return chance(1, 4) ? message(call_number(system_call::nb_send), find(Type::notification)) : invoke_something();
    const Capability& cap = slot_at(found).cap;
    if (cap.is(Type::endpoint)) {
        if (object_of<Endpoint>(cap).receivers.empty())
            return message(call_number(chance(3, 4) ? system_call::recv : system_call::nb_recv), found);
        static constexpr system_call::Number sends[] = {system_call::call, system_call::call, system_call::send,
                                                        system_call::nb_send};
        return message(call_number(sends[random_.below(std::size(sends))]), found);
    }
    if (cap.is(Type::reply) && chance(2, 3)) {
        Operation operation = message(call_number(system_call::reply_recv), find(Type::endpoint));
        operation.r12 = found;
        if (runnable() < few_runnable && chance(1, 2))
            operation.rdi = find(Type::notification);
        return operation;
    }
    static constexpr system_call::Number sends[] = {system_call::send, system_call::nb_send, system_call::call};
    return message(call_number(sends[random_.below(std::size(sends))]), found);
}

Operation Generator::communicate() {
    if (chance(1, 2) || (runnable() < few_runnable && !chance(1, 6)))
        return meet_somebody();
    static constexpr system_call::Number calls[] = {
        system_call::call,    system_call::call,         system_call::reply_recv,  system_call::reply_recv,
        system_call::send,    system_call::nb_send,      system_call::recv,        system_call::recv,
        system_call::nb_recv, system_call::wait,         system_call::nb_wait,     system_call::yield,
        system_call::yield,   system_call::nb_send_recv, system_call::nb_send_wait};
    const system_call::Number number = calls[random_.below(std::size(calls))];
    const Type target = chance(1, 4) ? Type::notification : chance(1, 10) ? Type::reply : Type::endpoint;
    Operation operation = message(call_number(number), find(target));
    if (number == system_call::nb_send_wait)
        operation.r12 = chance(1, 2) ? find(Type::endpoint) : find(Type::notification);
    return operation;
}

/// Makes threads run again that do not.
Operation Generator::revive() {
    const bool all = chance(1, 6);
    const Word target = find_if([&](const Capability& cap) {
        return cap.is(Type::tcb) && (all || !takes_part_in_call(object_of<Thread>(cap))) &&
               (object_of<Thread>(cap).state != ThreadState::running || !object_of<Thread>(cap).context);
    });
    if (target == 0)
        return untyped_method();
    const auto& thread = object_of<Thread>(slot_at(target).cap);
    if (thread.slots[cspace].empty() || thread.slots[vspace].empty()) {
        const Word space = find_if([](const Capability& cap) { return cap.is(Type::pml4) && cap.mapping; });
        const Word frame =
            find_if([](const Capability& cap) { return cap.is(Type::frame) && !object_of<Frame>(cap).device; });
        return invocation(target, Method::tcb_configure, {0, 0, frame ? Word{0x50'0000} : 0},
                          {root_cnode_slot, space ? space : 3, frame});
    }
    if (!thread.context) {
        const Word context = find_if([](const Capability& cap) {
            return cap.is(Type::sched_context) && object_of<SchedContext>(cap).configured() &&
                   !object_of<SchedContext>(cap).thread;
        });
        if (context == 0)
            return context_method();
        return invocation(target, Method::tcb_set_sched_params, {255, priority()},
                          {1, context, chance(1, 2) ? find(Type::endpoint) : Word{0}});
    }
    if (chance(1, 3))
        return invocation(target, Method::tcb_write_registers,
                          {1, 3, KernelMachine::system_call_ip(), random_.of_any_size(64), random_.of_any_size(64)});
    return invocation(target, Method::tcb_resume);
}

Operation Generator::invoke_something() {
    switch (random_.below(20)) {
    case 16:
    case 17:
    case 18:
    case 19: return pager_method();
    case 0:
    case 1: return untyped_method();
    case 2:
    case 3:
    case 4: return cnode_method();
    case 5:
    case 6: return tcb_method();
    case 7:
    case 8: return tcb_setting();
    case 9:
    case 10: return context_method();
    case 11:
    case 12:
    case 13: return paging_method();
    case 14: return device_method();
    default: return chance(1, 3) ? control_method() : revive();
    }
}

Operation Generator::event() {
    Operation operation;
    if (chance(1, 2)) {
        operation.kind = Operation::Kind::interrupt;
        operation.vector = chance(1, 3) ? random_.below(irq_line_count) : 3 + random_.below(2);
        return operation;
    }
    operation.kind = Operation::Kind::exception;
    static constexpr Word vectors[] = {exception::page_fault, exception::page_fault, 3, 6, exception::no_fpu, 13, 0};
    operation.vector = vectors[random_.below(std::size(vectors))];
    operation.error_code = random_.below(32);
    operation.address = chance(1, 3) ? random_.of_any_size(64) : address() + random_.below(64) * 0x1000;
    return operation;
}

Operation Generator::hostile() { return changed(chance(1, 3) ? communicate() : invoke_something()); }

Operation Generator::changed(Operation operation) {
    const auto anything = [&]() -> Word {
        static constexpr Word edges[] = {0,   1,   19,  20,   63,           64,       65,       108,
                                         255, 256, 257, 4095, user_end - 1, user_end, power(47)};
        if (chance(1, 3))
            return edges[random_.below(std::size(edges))];
        return chance(1, 4) ? ~Word{0} >> random_.below(64) : random_.of_any_size(64);
    };
    const auto pointer = [&] { return chance(1, 2) && root_ ? any_capability() : anything(); };
    switch (random_.below(10)) {
    case 0: operation.rdi = pointer(); break;
    case 1: operation.label = chance(3, 4) ? random_.below(75) : low_bits(anything(), 52); break;
    case 2: operation.length = static_cast<unsigned>(random_.below(128)); break;
    case 3: operation.cap_count = static_cast<unsigned>(random_.below(4)); break;
    case 4:
        if (!operation.caps.empty())
            operation.caps[random_.below(operation.caps.size())] = pointer();
        break;
    case 5: operation.r12 = pointer(); break;
    case 6: operation.number = chance(1, 2) ? Word{0} - random_.below(65) : anything(); break;
    default:
        if (!operation.words.empty()) {
            Word& word = operation.words[random_.below(operation.words.size())];
            word = chance(1, 4) ? word + 1 : chance(1, 4) ? word - 1 : anything();
        }
    }
    // DomainSet.ReadEvents and what only debug kernels have are not specified.
    if (operation.label == 75)
        operation.label = 63;
    const auto number = static_cast<int64_t>(operation.number);
    if ((number <= -13 && number >= -17) || number == -25 || number == -65)
        operation.number = call_number(system_call::debug_put_char);
    return operation;
}

/// Time that passes, interrupts, what the CPU does by itself.
void Generator::decorate(Operation& operation) {
    operation.advance = chance(1, 25) ? random_.below(3'000'000) : random_.below(12'000);
    if (chance(1, 40))
        operation.advance = random_.below(40) * 1000;
    operation.lateness = chance(1, 8) ? random_.below(30'000) : 0;
    const auto method = static_cast<Method>(operation.label);
    const bool long_operation = method == Method::cnode_revoke || method == Method::cnode_delete ||
                                method == Method::untyped_retype || method == Method::tcb_configure ||
                                method == Method::tcb_spawn ||
                                (Method::range_set_keeper <= method && method <= Method::range_harvest);
    if (chance(long_operation ? 7 : 1, 8))
        operation.pattern = random_.next();
    if (chance(1, 3))
        operation.edge = static_cast<unsigned>(1 + random_.below(400));
    operation.marks = chance(1, 16);
    operation.writes = chance(1, 2);
    if (chance(1, 16))
        operation.fpu = random_.next() | 1;
}

Operation Generator::next(const System& state) {
    state_ = &state;
    for (const auto& [_, object] : state.objects) {
        if (object->type == Type::cnode && static_cast<const CNode&>(*object).size() >= first_slot + slot_count)
            root_ = static_cast<const CNode*>(object.get());
    }
    Operation operation;
    const Word kind = random_.below(100);
    const bool has_keepers = state.current && state.current->cap(fault_handler).is(Type::cnode);
    if (!state.current || kind < (has_keepers ? 20 : 6))
        operation = event();
    else if (kind < 14)
        operation = hostile();
    else if (keeper_reply() != 0 && chance(1, 2))
        operation = answer_keeper_fault(keeper_reply());
    else if (runnable() < few_runnable && chance(1, 2))
        operation = revive();
    else if (kind < 52)
        operation = communicate();
    else
        operation = invoke_something();
    if (!state.current)
        operation.kind = Operation::Kind::interrupt, operation.vector = 3 + random_.below(2);
    decorate(operation);
    return operation;
}

} // namespace lockstep
