// SPDX-License-Identifier: BSD-2-Clause
#include <ipc/keeper_fault.hpp>
#include <ipc/message.hpp>
#include <space/address_space.hpp>

#include <algorithm>

namespace kernel {
namespace {

constexpr unsigned pages_shown = 16;

/// The slot's endpoint, if a fault can be sent through it.
const Capability* endpoint_in(const Capability& table, unsigned index) {
    if (index >= bit(table.radix()))
        return nullptr;
    const Capability& cap = cnode_slots(table)[index].cap;
    return cap.is(CapType::endpoint) && cap.can_call() ? &cap : nullptr;
}

/// Of the aligned 16 pages around the one whose entry is `entry`: not empty, or with another index.
Word hands_off(const Entry* entry) {
    const auto* first =
        reinterpret_cast<const Entry*>(align_down(reinterpret_cast<Word>(entry), pages_shown * sizeof(Entry)));
    const Entry free = Entry::absent(entry->keeper());
    Word bits = 0;
#pragma GCC unroll 16
    for (unsigned i = pages_shown; i-- > 0;)
        bits = bits * 2 + (first[i] != free);
    return bits;
}

void note_repeat(KeeperRecord& record, Word ip, Word address) {
    const Word page = address | ones(abi::page_bits);
    const bool repeats = record.ip == ip && record.page == page;
    record.repeats = repeats ? static_cast<uint16_t>(std::min(record.repeats + 1, 0xffff)) : 0;
    record.went_on = record.went_on && repeats;
    record.ip = ip;
    record.page = page;
}

} // namespace

KeeperWalk walk_of(const Tcb& thread) {
    static Entry nothing;
    const Capability& vspace = thread.cap(TcbSlot::vspace);
    const VirtAddr address(thread.fault.subject);
    if (address.raw() >= abi::user_end || !is_live_space(vspace)) [[unlikely]]
        return {&nothing, Level::pml4, 0, 0};
    return walk_to_keeper(vspace.object(), address);
}

const Capability* supervisor(const Tcb& thread) { return endpoint_in(thread.cap(TcbSlot::fault_handler), 0); }

const Capability* begin_keeper_fault(Tcb& thread, const KeeperWalk& found) {
    thread.fault.type = abi::Fault::keeper_fault;
    KeeperRecord& record = thread.keeper;
    note_repeat(record, thread.context.rip, thread.fault.subject);
    record.rights = static_cast<uint8_t>(abi::PageRights::all().raw());
    record.denial = 0;
    record.forwarded = record.orphaned = false;
    const Capability* const handler =
        found.keeper != 0 ? endpoint_in(thread.cap(TcbSlot::fault_handler), found.keeper) : nullptr;
    if (handler) [[likely]] {
        record.keeper = found.keeper;
        record.why = abi::WhySupervisor::is_not;
        return handler;
    }
    record.keeper = 0;
    record.why = found.keeper == 0 ? abi::WhySupervisor::no_keeper : abi::WhySupervisor::no_endpoint;
    return supervisor(thread);
}

Word write_keeper_message(const Tcb& thread, const KeeperWalk& found, Word badge, Tcb& receiver) {
    const KeeperRecord& record = thread.keeper;
    Word info = thread.fault.detail & 255;
    info |= static_cast<Word>(found.level) << 8 | Word{found.keeper_level} << 11;
    info |= Word{record.why == abi::WhySupervisor::is_not ? record.keeper : found.keeper} << 14;
    info |= static_cast<Word>(record.why) << 21 | Word{record.denial} << 24 | Word{record.repeats} << 32;
    if (found.level == Level::pt)
        info |= hands_off(found.entry) << 48;
    Context& message = receiver.context;
    message.r10 = thread.context.rip;
    message.r8 = thread.fault.subject;
    message.r9 = info;
    message.r15 = record.forwarded ? record.cookie : found.entry->cookie();
    message.rsi = abi::MessageInfo(static_cast<Word>(abi::Fault::keeper_fault), abi::keeper_fault::length).raw();
    message.rdi = badge;
    return info;
}

bool is_settled_meanwhile(Tcb& thread) {
    const KeeperWalk found = walk_of(thread);
    const bool permitted = found.entry->is_page(found.level) && found.entry->permits(thread.fault.detail);
    thread.keeper.went_on = permitted && !thread.keeper.went_on;
    return thread.keeper.went_on;
}

} // namespace kernel
