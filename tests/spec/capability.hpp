// SPDX-License-Identifier: BSD-2-Clause
// Capabilities, and the slots that hold them. Slots are the nodes of the derivation tree: each knows its parent and its
// children, the newest child first.
#pragma once

#include <spec/numbers.hpp>

#include <optional>
#include <vector>

namespace spec {

struct Object;

enum class Type : uint8_t {
    null,
    untyped,
    tcb,
    endpoint,
    notification,
    cnode,
    sched_context,
    reply,
    frame,
    page_table,
    page_directory,
    pdpt,
    pml4,
    asid_pool,
    irq_handler,
    io_ports,
    irq_control,
    io_port_control,
    sched_control,
    asid_control,
    domain_set,
};

constexpr bool is_table(Type type) { return Type::page_table <= type && type <= Type::pml4; }

/// Where a frame or table is mapped: a capability's own note, right or outdated. Of a PML4 only the number counts.
struct Mapping {
    unsigned asid = 0;
    Word address = 0;
    bool operator==(const Mapping&) const = default;
};

struct Capability {
    Type type = Type::null;
    Object* object = nullptr; ///< null for untyped memory and the controls
    Rights rights; ///< endpoints, notifications, replies, frames
    Word badge = 0; ///< endpoints, notifications

    // Untyped memory: [base, base + 2^bits), of which the first `given_out` bytes are used while there are children.
    Word base = 0;
    unsigned bits = 0;
    bool device = false;
    Word given_out = 0;

    // CNodes.
    Word guard = 0;
    unsigned guard_bits = 0;

    std::optional<Mapping> mapping; ///< frames, tables

    bool is(Type which) const { return type == which; }
};

/// Which slot this is, for comparing and printing: the CNode's or TCB's address, or an interrupt line; and the index.
struct SlotPlace {
    Word holder = 0;
    Word index = 0;
    auto operator<=>(const SlotPlace&) const = default;
};

struct Slot {
    SlotPlace place;
    Capability cap;
    bool original = false; ///< what is derived from it becomes its child, not its sibling
    Slot* parent = nullptr;
    std::vector<Slot*> children;

    bool empty() const { return cap.type == Type::null; }
};

// --- The derivation tree (derivation.cpp) ---

/// Fills the empty `slot` with something derived from what is in `source`.
void derive(Slot& slot, const Capability& cap, Slot& source);
/// Fills the empty `slot` with the first capability to a new object, as a child of `parent` (null: of nobody).
void insert_original(Slot& slot, const Capability& cap, Slot* parent);
/// What is in `source` moves to the empty `slot`, with its place in the tree.
void move(Slot& slot, Slot& source);
void swap(Slot& one, Slot& other);
/// Empties `slot`; its children become its parent's.
void remove(Slot& slot);
inline bool has_children(const Slot& slot) { return !slot.children.empty(); }

} // namespace spec
