// SPDX-License-Identifier: BSD-2-Clause
// Methods of frames, paging structures and ASIDs.
#include <cap/derivation.hpp>
#include <paging_ring.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>
#include <syscall/invocation.hpp>

#include <algorithm>

namespace kernel {
namespace {

/// The ASID of a PML4 capability; InvalidCapability 1 if it is none or has none.
Answer<Asid> space_of(const Capability& cap) {
    if (!cap.is(CapType::pml4) || !cap.asid())
        return refuse(SyscallError::invalid_capability(1));
    return cap.asid();
}

/// The root of a PML4 capability that has an ASID; FailedLookup if that is no longer its own.
Answer<PhysAddr> root_of(const Capability& vspace) {
    if (!is_live_space(vspace))
        return refuse(SyscallError::failed_lookup(false, LookupError::invalid_root()));
    return vspace.object();
}

Outcome map(const Invocation& call) {
    TRY(call.need(3, 1));
    const Capability& frame = call.cap();
    const Capability& vspace = call.extra(0).cap;
    const VirtAddr address(call.word(0));
    const abi::Rights rights = frame.rights() & abi::Rights(call.word(1));
    const Word attributes = call.word(2);
    const Asid asid = TRY(space_of(vspace));
    const Word size = bit(frame_bits(frame.frame_size()));
    if (frame.is_mapped()) {
        if (frame.asid() != asid)
            return refuse(SyscallError::invalid_capability(1));
        if (frame.mapped_at() != address)
            return refuse(SyscallError::invalid_argument(0));
    } else if (address.raw() >= abi::user_end || address.raw() + size > abi::user_end) {
        return refuse(SyscallError::invalid_argument(0));
    }
    const PhysAddr root = TRY(root_of(vspace));
    if (!address.is_aligned_to(size))
        return refuse(SyscallError::alignment());
    if (frame.frame_size() == FrameSize::huge_1g && !kernel_state.features.huge_pages)
        return refuse(SyscallError::illegal_operation());
    const Level level = entry_level(frame);
    Entry& entry = *TRY(find_place(root, address, level));
    if (entry.is_table(level))
        return refuse(SyscallError::delete_first());
    const Permissions permissions{rights.can_read(), rights.can_write(), !(attributes & abi::attribute_execute_never)};
    const Entry page =
        Entry::page(frame.object(), level, permissions, attributes & 7, kernel_state.features.no_execute);
    map_frame(call.slot, page, entry, asid, address);
    return Outcome::done();
}

Outcome evict(const Invocation& call) {
    TRY(call.need(1));
    const Capability& frame = call.cap();
    if (call.word(0) > ones(abi::cookie_bits))
        return refuse(SyscallError::invalid_argument(0));
    Entry* const entry = mapped_entry(frame);
    if (!entry)
        return refuse(SyscallError::illegal_operation());
    const Entry old = exchange(*entry, Entry::absent(entry->keeper(), call.word(0)));
    invalidate_page(frame.asid(), frame.mapped_at());
    note_removal(abi::PagingEventKind::evict, call.caller, frame, call.word(0));
    call.slot.cap.clear_mapping();
    return Outcome::value((old.is_accessed() ? abi::was_accessed : 0) | (old.is_dirty() ? abi::was_dirty : 0));
}

Outcome map_structure(const Invocation& call) {
    TRY(call.need(2, 1));
    const Capability& table = call.cap();
    if (table.is_mapped())
        return refuse(SyscallError::invalid_capability(0));
    const Capability& vspace = call.extra(0).cap;
    const Asid asid = TRY(space_of(vspace));
    const Level level = entry_level(table);
    if (call.word(0) >= abi::user_end)
        return refuse(SyscallError::invalid_argument(0));
    const VirtAddr address = VirtAddr(call.word(0)).aligned_down(bit(span_bits(level)));
    const PhysAddr root = TRY(root_of(vspace));
    Entry& entry = *TRY(find_place(root, address, level));
    if (!entry.is_empty())
        return refuse(SyscallError::delete_first());
    map_table(call.slot, entry, asid, address);
    return Outcome::done();
}

Outcome unmap_structure(const Invocation& call) {
    if (!is_final(call.slot))
        return refuse(SyscallError::revoke_first());
    unmap(call.cap());
    Table& table = *window<Table>(call.cap().object());
    for (Entry& entry : table.entries)
        entry = Entry{};
    call.slot.cap.clear_mapping();
    return Outcome::done();
}

} // namespace

Outcome decode_frame(const Invocation& call) {
    switch (call.method()) {
    case abi::Invocation::page_map: return map(call);
    case abi::Invocation::page_unmap:
        note_removal(abi::PagingEventKind::unmap, call.caller, call.cap(), 1);
        unmap(call.cap());
        call.slot.cap.clear_mapping();
        return Outcome::done();
    case abi::Invocation::page_evict: return evict(call);
    case abi::Invocation::page_get_address: return Outcome::value(call.cap().object().raw());
    default: return unknown_method();
    }
}

Outcome decode_table(const Invocation& call) {
    const Level level = table_level(call.cap().type());
    if (level == Level::pml4)
        return decode_range(call);
    // PDPT, page directory and page table have Map and Unmap, with neighbouring labels.
    const Word map = static_cast<Word>(abi::Invocation::pdpt_map) + 2 * static_cast<Word>(Level::pdpt) -
                     2 * static_cast<Word>(level);
    switch (static_cast<Word>(call.method()) - map) {
    case 0: return map_structure(call);
    case 1: return unmap_structure(call);
    default: return decode_range(call);
    }
}

Outcome decode_asid_control(const Invocation& call) {
    if (call.method() != abi::Invocation::asid_control_make_pool)
        return unknown_method();
    TRY(call.need(2, 2));
    const auto free = std::find(kernel_state.asid_pools.begin(), kernel_state.asid_pools.end(), false);
    if (free == kernel_state.asid_pools.end())
        return refuse(SyscallError::delete_first());
    Slot& untyped = call.extra(0);
    if (!untyped.cap.is(CapType::untyped) || untyped.cap.size_bits() != abi::page_bits ||
        untyped.cap.is_device_untyped())
        return refuse(SyscallError::invalid_capability(1));
    if (has_children(untyped))
        return refuse(SyscallError::revoke_first());
    Slot& slot = *TRY(lookup_empty_slot(call.extra(1).cap, call.word(0), call.word(1)));

    // The memory is the price of a pool; which space has which number is the kernel's own table.
    untyped.cap.set_watermark(bit(abi::page_bits));
    *free = true;
    const auto index = static_cast<unsigned>(free - kernel_state.asid_pools.begin());
    insert_original(slot, Capability::asid_pool(untyped.cap.object(), index), &untyped);
    return Outcome::done();
}

Outcome decode_asid_pool(const Invocation& call) {
    if (call.method() != abi::Invocation::asid_pool_assign)
        return unknown_method();
    TRY(call.need(0, 1));
    Slot& vspace = call.extra(0);
    if (!vspace.cap.is(CapType::pml4) || vspace.cap.asid())
        return refuse(SyscallError::invalid_capability(1));
    const unsigned first = first_asid(call.cap().pool_index());
    for (unsigned asid = first; asid < first + abi::asid_pool_entries; asid++) {
        if (kernel_state.spaces[asid] != 0)
            continue;
        vspace.cap.set_asid(Asid{static_cast<uint16_t>(asid)});
        kernel_state.spaces[asid] = vspace.cap.raw0();
        // The identifier may have been that of a space whose pool went first: nothing of it may still be cached.
        invalidate_space(vspace.cap.asid());
        return Outcome::done();
    }
    return refuse(SyscallError::delete_first());
}

} // namespace kernel
