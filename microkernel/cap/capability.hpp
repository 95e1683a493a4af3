// SPDX-License-Identifier: BSD-2-Clause
// A capability: sixteen bytes that name an object and say what their holder may do with it.
//
//   word 0:  63    59 58         47 46                             4 3      0
//           | type   | detail (12) | physical address of the object | rights |
//   word 1: what the type needs besides (badge, guard, mapping, watermark, ...)
#pragma once

#include <abi/object.hpp>
#include <abi/rights.hpp>
#include <lib/bits.hpp>
#include <mem/address.hpp>

namespace kernel {

enum class CapType : uint8_t {
    null,
    untyped,
    endpoint,
    notification,
    reply,
    cnode,
    tcb,
    sched_context,
    frame,
    page_table,
    page_directory,
    pdpt,
    pml4,
    asid_pool,
    zombie,       ///< what is left of a CNode or TCB while it is being emptied
    outer_zombie, ///< a zombie set aside, in a slot of its own object, until one found inside it is empty
    // From here on capabilities without memory of their own.
    irq_control,
    irq_handler,
    io_port_control,
    io_port,
    sched_control,
    asid_control,
    domain_set,
};

/// An address-space identifier; 0 = none. Also the PCID where the CPU has them.
struct Asid {
    uint16_t value = 0;
    constexpr bool operator==(const Asid&) const = default;
    constexpr explicit operator bool() const { return value != 0; }
};

enum class FrameSize : uint8_t { small_4k, large_2m, huge_1g };

constexpr unsigned frame_bits(FrameSize size) { return abi::page_bits + 9 * static_cast<unsigned>(size); }
static_assert(frame_bits(FrameSize::large_2m) == abi::large_page_bits);
static_assert(frame_bits(FrameSize::huge_1g) == abi::huge_page_bits);

/// Bytes that Untyped.Retype clears between two looks for interrupts; the unit of an untyped's clearing progress.
inline constexpr unsigned clear_chunk_bits = 15;

class Capability {
public:
    constexpr Capability() = default;

    // --- factories ---
    static constexpr Capability untyped(PhysAddr base, unsigned bits, bool device) {
        return {CapType::untyped, base, bits | Word{device} << 6};
    }
    static constexpr Capability endpoint(PhysAddr object) { return {CapType::endpoint, object, 0, 0, all_rights}; }
    static constexpr Capability notification(PhysAddr object) {
        return {CapType::notification, object, 0, 0, all_rights};
    }
    static constexpr Capability reply(PhysAddr object) { return {CapType::reply, object, 0, 0, all_rights}; }
    static constexpr Capability cnode(PhysAddr object, unsigned radix) { return {CapType::cnode, object, radix}; }
    static constexpr Capability tcb(PhysAddr object) { return {CapType::tcb, object}; }
    static constexpr Capability sched_context(PhysAddr object, unsigned bits) {
        return {CapType::sched_context, object, bits};
    }
    static constexpr Capability frame(PhysAddr base, FrameSize size, bool device) {
        return {CapType::frame, base, 0, static_cast<Word>(size) | Word{device} << 2, all_rights};
    }
    /// `type`: page_table, page_directory, pdpt or pml4.
    static constexpr Capability table(CapType type, PhysAddr object) { return {type, object}; }
    static constexpr Capability asid_pool(PhysAddr object, unsigned index) {
        return {CapType::asid_pool, object, index};
    }
    static constexpr Capability irq_handler(unsigned vector) { return {CapType::irq_handler, {}, 0, vector}; }
    /// Ports `first` to `last`, both included.
    static constexpr Capability io_port(uint16_t first, uint16_t last) {
        return {CapType::io_port, {}, 0, first | Word{last} << 16};
    }
    /// irq_control, io_port_control, sched_control, asid_control or domain_set.
    static constexpr Capability control(CapType type) { return {type, {}}; }

    // --- what every capability has ---
    constexpr CapType type() const { return static_cast<CapType>(a_ >> 59); }
    constexpr bool is(CapType type) const { return this->type() == type; }
    constexpr bool is_null() const { return is(CapType::null); }
    constexpr PhysAddr object() const { return PhysAddr(a_ & address_mask); }
    constexpr abi::Rights rights() const { return abi::Rights(a_ & 15); }
    /// Whether a call or a fault may be sent through it: write, and grant or grant-reply.
    constexpr bool can_call() const { return (a_ & 1) && (a_ & 12); }
    constexpr void restrict_rights(abi::Rights rights) { a_ &= ~Word{15} | rights.raw(); }
    /// Type and object as one word: equal for all capabilities to one object (not for zombies, frames' sizes).
    constexpr Word identity() const { return a_ & (type_mask | address_mask); }
    constexpr bool operator==(const Capability&) const = default;
    constexpr Word raw0() const { return a_; }
    constexpr Word raw1() const { return b_; }

    // --- endpoints and notifications ---
    constexpr Word badge() const { return b_; }
    constexpr void set_badge(Word badge) { b_ = badge; }

    // --- CNodes ---
    constexpr unsigned radix() const { return detail() & 63; }
    constexpr unsigned guard_size() const { return static_cast<unsigned>(b_ & 63); }
    constexpr Word guard() const { return b_ >> 6; }
    constexpr void set_guard(Word cnode_data) { b_ = cnode_data; }

    // --- untyped memory and scheduling contexts ---
    constexpr unsigned size_bits() const { return detail() & 63; }
    constexpr bool is_device_untyped() const { return detail() >> 6 & 1; }
    /// Bytes given out from the start; [0, 2^size_bits].
    constexpr Word watermark() const { return (b_ & ones(44)) << 4; }
    /// Up to this offset (a multiple of 32 KiB) the memory above the watermark is known to be zero.
    constexpr Word cleared() const {
        return (b_ >> 44 | (a_ & 15) << 20 | (detail() >> 7 & 31) << 24) << clear_chunk_bits;
    }
    constexpr void set_watermark(Word bytes) { b_ = (b_ & ~ones(44)) | bytes >> 4; }
    constexpr void set_cleared(Word bytes) {
        const Word chunks = bytes >> clear_chunk_bits;
        b_ = (b_ & ones(44)) | chunks << 44;
        a_ = (a_ & ~(Word{15} | Word{31} << 54)) | (chunks >> 20 & 15) | (chunks >> 24 & 31) << 54;
    }

    // --- frames and paging structures: where they are mapped ---
    constexpr FrameSize frame_size() const { return static_cast<FrameSize>(b_ & 3); }
    constexpr bool is_device_frame() const { return b_ >> 2 & 1; }
    constexpr bool is_mapped() const { return b_ >> 3 & 1; }
    constexpr VirtAddr mapped_at() const { return VirtAddr(b_ & mapping_mask); }
    constexpr Asid asid() const { return Asid{static_cast<uint16_t>(detail())}; }
    constexpr void set_mapping(Asid asid, VirtAddr address) {
        a_ = (a_ & ~detail_mask) | Word{asid.value} << 47;
        b_ = (b_ & 7) | 8 | (address.raw() & mapping_mask);
    }
    constexpr void clear_mapping() {
        a_ &= ~detail_mask;
        b_ &= 7;
    }
    /// For a PML4, whose only mapping is its identifier.
    constexpr void set_asid(Asid asid) { a_ = (a_ & ~detail_mask) | Word{asid.value} << 47; }

    constexpr unsigned pool_index() const { return detail(); }
    constexpr unsigned irq_vector() const { return static_cast<unsigned>(b_); }
    constexpr uint16_t first_port() const { return static_cast<uint16_t>(b_); }
    constexpr uint16_t last_port() const { return static_cast<uint16_t>(b_ >> 16); }

    // --- zombies (lifetime/delete.cpp) ---
    /// Radix of a TCB's zombie: it has tcb_slot_count slots.
    static constexpr unsigned tcb_radix = 63;
    /// `slots` = how many, from the first, may still hold something; below 2^35.
    static constexpr Capability zombie(PhysAddr object, unsigned radix, Word slots, PhysAddr outer) {
        return {CapType::zombie, object, radix | (slots >> 26 & 31) << 6, (slots & ones(26)) << 38 | outer.raw() >> 5,
                slots >> 31 & 15};
    }
    constexpr Word zombie_slots() const { return b_ >> 38 | Word{detail() >> 6 & 31} << 26 | (a_ & 15) << 31; }
    /// Slot that holds the zombie set aside for this one; 0 = none.
    constexpr PhysAddr zombie_outer() const { return PhysAddr((b_ & ones(38)) << 5); }
    /// `inner`: the slot of the zombie that goes first; 0 = none any more. The object is the one that the slot itself lies in.
    static constexpr Capability outer_zombie(PhysAddr inner, unsigned radix, PhysAddr outer) {
        return {CapType::outer_zombie, inner, radix, outer.raw()};
    }
    constexpr PhysAddr zombie_inner() const { return object(); }
    constexpr PhysAddr set_aside_outer() const { return PhysAddr(b_); }

private:
    constexpr Capability(CapType type, PhysAddr object, Word detail = 0, Word b = 0, Word low_bits = 0)
        : a_(static_cast<Word>(type) << 59 | detail << 47 | object.raw() | low_bits), b_(b) {}
    constexpr unsigned detail() const { return static_cast<unsigned>(a_ >> 47 & ones(12)); }

    static constexpr Word all_rights = abi::Rights::all().raw();
    static constexpr Word address_mask = ones(47) & ~Word{15};
    static constexpr Word mapping_mask = ones(47) & ~ones(12);
    static constexpr Word detail_mask = ones(12) << 47;
    static constexpr Word type_mask = Word{31} << 59;

    Word a_ = 0;
    Word b_ = 0;
};

/// Parts of the first word of a capability, where that is all there is.
constexpr PhysAddr object_in(Word word0) { return PhysAddr(word0 & ones(47) & ~Word{15}); }
constexpr Asid asid_in(Word word0) { return Asid{static_cast<uint16_t>(word0 >> 47 & ones(12))}; }

/// Whether its object is a piece of memory.
constexpr bool has_memory(CapType type) { return CapType::null < type && type < CapType::irq_control; }
constexpr bool is_paging_structure(CapType type) { return CapType::page_table <= type && type <= CapType::pml4; }
constexpr bool is_zombie(CapType type) { return type == CapType::zombie || type == CapType::outer_zombie; }

static_assert(sizeof(Capability) == 16);
static_assert(Capability::zombie(PhysAddr(0x4000), 5, Word{1} << 34 | 3, PhysAddr(0x7ff'ffff'ffe0)).zombie_slots() ==
              (Word{1} << 34 | 3));
static_assert(Capability::zombie(PhysAddr(0x4000), 5, 32, PhysAddr(0x7ff'ffff'ffe0)).zombie_outer() ==
              PhysAddr(0x7ff'ffff'ffe0));

} // namespace kernel
