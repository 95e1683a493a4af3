// SPDX-License-Identifier: BSD-2-Clause
// ReplyMapRecv: the answer to a page fault that is a mapping, a denial, or somebody else's.
#include <spec/cspace.hpp>
#include <spec/endpoint.hpp>
#include <spec/fault.hpp>
#include <spec/keeper.hpp>
#include <spec/message.hpp>
#include <spec/pager.hpp>
#include <spec/reply.hpp>

namespace spec {
namespace {

enum Answer : Word { answer_map, answer_deny, answer_forward };
constexpr unsigned most_items = 20;

/// A capability of this type that `pointer` names. InvalidCapability `number`.
const Capability& need_capability(Thread& pager, Word pointer, Type type, Word number) {
    try {
        const Capability& cap = lookup(pager, pointer).cap;
        if (cap.is(type))
            return cap;
    } catch (const LookupFailure&) {
        // Nothing there, either.
    }
    throw invalid_capability(number);
}

Thread& need_waiter(const Reply& reply) {
    Thread* const thread = reply.thread;
    if (!thread || thread->state != ThreadState::awaiting_reply)
        throw nobody_waits();
    if (!thread->fault || thread->fault->type != FaultType::keeper || thread->keeping.authority_ended)
        throw illegal_operation();
    return *thread;
}

/// The entry for `address` in the table whose entries span 2^bits bytes, where the keeper that was asked is in force.
Location need_place(const System& system, Table& space, const Keeping& keeping, Word address, unsigned bits) {
    const KeeperWalk walk = walk_to_keeper(system, space, address, bits);
    if (walk.keeper != keeping.keeper || keeping.keeper == 0)
        throw range_error(keeping.keeper, keeping.keeper);
    if (span(walk.end->table->type) != bits)
        throw failed_lookup(false, missing_capability(span(walk.end->table->type)));
    return *walk.end;
}

/// One item of an answer: what its words say.
struct Item {
    Slot& source;
    Place place;
    Slot* copy;
    unsigned word; ///< number of its first
};

void hook_in(const System& system, const Capability& space, const Keeping& keeping, const Item& item) {
    Capability& cap = item.source.cap;
    const unsigned bits = span(cap.type) + 9;
    if (item.place.raw != item.place.address)
        throw invalid_argument(item.word + 1);
    if (item.place.address >= user_end)
        throw range_error(0, user_end - 1);
    if (item.place.address % power(bits) != 0)
        throw alignment_error();
    if (cap.mapping)
        throw invalid_capability(item.word);
    const Location entry = need_place(system, object_of<Table>(space), keeping, item.place.address, bits);
    if (!entry.entry().empty())
        throw delete_first();
    entry.set({.kind = TableEntry::Kind::table, .address = cap.object->address, .keeper = entry.entry().keeper});
    cap.mapping = Mapping{space.mapping->asid, item.place.address};
}

void map_item(System& system, const Capability& space, const Keeping& keeping, const Item& item) {
    const Capability& cap = item.source.cap;
    if (is_table(cap.type) && !cap.is(Type::pml4))
        return hook_in(system, space, keeping, item);
    if (!cap.is(Type::frame))
        throw invalid_capability(item.word);
    check_place(item.place, keeping.rights, item.word + 1);
    const unsigned bits = object_of<Frame>(cap).bits;
    const Word address = item.place.address;
    if (address >= user_end || address + power(bits) > user_end)
        throw range_error(0, user_end - power(bits));
    if (address % power(bits) != 0)
        throw alignment_error();
    const Location entry = need_place(system, object_of<Table>(space), keeping, address, bits);
    map_page(system, item.source, item.place, {space.mapping->asid, address}, entry, item.copy, item.word);
}

/// Items in order, until one is refused; `done` counts them.
void map_items(System& system, Thread& pager, const Thread& waiter, unsigned& done) {
    const Capability& space = waiter.cap(vspace);
    if (!is_live_space(system, space))
        throw illegal_operation();
    const unsigned length = sent_info(pager).length;
    for (unsigned word = 0; word < length; done++) {
        const Place place = Place::of(word + 1 < length ? message_word(pager, word + 1) : 0);
        const unsigned next = word + (place.copy ? 3 : 2);
        if (next > length || done == most_items)
            throw invalid_argument(word);
        Slot& source = source_slot(pager, message_word(pager, word));
        Slot* const copy = place.copy ? &source_slot(pager, message_word(pager, word + 2)) : nullptr;
        map_item(system, space, waiter.keeping, {source, place, copy, word});
        word = next;
    }
}

void deny(System& system, Thread& pager, Reply& reply) {
    const Word code = message_word(pager, 0);
    if (sent_info(pager).length != 1 || code > 255)
        throw invalid_argument(0);
    Thread& waiter = need_waiter(reply);
    if (waiter.keeping.keeper == 0)
        throw illegal_operation();
    resolve(system, reply);
    waiter.state = ThreadState::running; // as if it had just faulted
    waiter.keeping.keeper = 0;
    waiter.keeping.why = Keeping::Why::denied;
    waiter.keeping.denial = code;
    tell_fault(system, waiter, keeper_endpoint(waiter, 0));
}

void forward(System& system, Thread& pager, Reply& reply) {
    if (sent_info(pager).length != 3)
        throw invalid_argument(0);
    const Capability to = need_capability(pager, message_word(pager, 0), Type::endpoint, 2);
    if (!to.rights.write || !(to.rights.grant || to.rights.grant_reply))
        throw invalid_capability(2);
    const Word cookie = message_word(pager, 1), rights = message_word(pager, 2);
    if (cookie >= power(cookie_bits))
        throw invalid_argument(1);
    if (rights > 7)
        throw invalid_argument(2);
    Thread& waiter = need_waiter(reply);
    resolve(system, reply);
    waiter.state = ThreadState::running; // as if it had just faulted
    const PageRights left = PageRights::of(rights);
    PageRights& most = waiter.keeping.rights;
    most = {most.write && left.write, most.read && left.read, most.execute && left.execute};
    waiter.keeping.shown_cookie = cookie;
    tell_fault(system, waiter, &to);
}

void answer_fault(System& system, Thread& pager, Reply& reply, unsigned& done) {
    const MessageInfo info = MessageInfo::of(pager.registers[rsi]);
    if (info.extra_caps != 0 || info.unwrapped != 0)
        throw invalid_argument(0);
    switch (info.label) {
    case answer_map:
        map_items(system, pager, need_waiter(reply), done);
        recall(system, reply);
        break;
    case answer_deny: deny(system, pager, reply); break;
    case answer_forward: forward(system, pager, reply); break;
    default: throw invalid_argument(0);
    }
}

} // namespace

void reply_map_recv(System& system, Thread& pager) {
    unsigned done = 0;
    try {
        const Capability from = need_capability(pager, pager.registers[rdi], Type::endpoint, 0);
        if (!from.rights.read)
            throw invalid_capability(0);
        Reply& reply = object_of<Reply>(need_capability(pager, pager.registers[r12], Type::reply, 1));
        answer_fault(system, pager, reply, done);
        system.outcome.items = done;
        receive(system, pager, object_of<Endpoint>(from), &reply, true);
    } catch (const Refusal& refusal) {
        system.outcome.error = refusal.error;
        system.outcome.items = done;
        for (unsigned i = 0; i < refusal.details.size() && i < words_in_registers; i++)
            pager.registers[message_registers[i]] = refusal.details[i];
        pager.registers[rsi] = static_cast<Word>(refusal.error) << 12 | failed_length;
        pager.registers[rdi] = done;
        complete(pager);
    }
}

} // namespace spec
