// SPDX-License-Identifier: BSD-2-Clause
#include <spec/address_space.hpp>

#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/invocation.hpp>

namespace spec {
namespace {

/// log2 of what one entry of a table spans.
unsigned span(Type table) {
    switch (table) {
    case Type::page_table: return 12;
    case Type::page_directory: return 21;
    case Type::pdpt: return 30;
    default: return 39;
    }
}

Type above(Type table) { return static_cast<Type>(static_cast<unsigned>(table) + 1); }
unsigned index_in(const Table& table, Word address) { return address >> span(table.type) & 511; }

/// The table whose entries span 2^bits bytes, on the way to `address`; null and `missing`, the span of the entry
/// that leads no further.
Table* find_table(const System& system, Table& pml4, Word address, unsigned bits, unsigned& missing) {
    Table* table = &pml4;
    while (span(table->type) > bits) {
        const auto entry = table->entries.find(index_in(*table, address));
        if (entry == table->entries.end() || entry->second.page) {
            missing = span(table->type);
            return nullptr;
        }
        table = static_cast<Table*>(system.objects.at(entry->second.address).get());
    }
    return table;
}

Table& need_table(const System& system, Table& pml4, Word address, unsigned bits) {
    unsigned missing = 0;
    Table* const table = find_table(system, pml4, address, bits, missing);
    if (!table)
        throw failed_lookup(false, missing_capability(missing));
    return *table;
}

/// The space behind a capability that has been given, whose number must still be good.
Table& need_space(const System& system, const Capability& cap) {
    Table* const space = space_of(system, cap.mapping->asid);
    if (space != cap.object)
        throw failed_lookup(false, invalid_root());
    return *space;
}

/// What `cap` notes as mapped leaves the table whose entries span 2^bits bytes, if it is still there.
void unmap(System& system, const Capability& cap, unsigned bits) {
    Table* const space = cap.mapping ? space_of(system, cap.mapping->asid) : nullptr;
    unsigned missing = 0;
    Table* const table = space ? find_table(system, *space, cap.mapping->address, bits, missing) : nullptr;
    if (!table)
        return;
    const auto entry = table->entries.find(index_in(*table, cap.mapping->address));
    if (entry != table->entries.end() && entry->second.page == cap.is(Type::frame) &&
        entry->second.address == cap.object->address)
        table->entries.erase(entry);
}

bool is_space(const Capability& cap) { return cap.is(Type::pml4) && cap.mapping; }

Words map_frame(Invocation& invocation) {
    invocation.need(3, 1);
    Capability& cap = invocation.target.cap;
    const Capability& space_cap = invocation.cap(0);
    const Word address = invocation.word(0);
    Frame& frame = object_of<Frame>(cap);
    if (!is_space(space_cap))
        throw invalid_capability(1);
    const Mapping wanted{space_cap.mapping->asid, address};
    if (cap.mapping) {
        if (cap.mapping->asid != wanted.asid)
            throw invalid_capability(1);
        if (cap.mapping->address != address)
            throw invalid_argument(0);
    } else if (address + power(frame.bits) > user_end || address >= user_end) {
        throw invalid_argument(0);
    }
    Table& space = need_space(invocation.system, space_cap);
    if (address % power(frame.bits) != 0)
        throw alignment_error();
    Table& table = need_table(invocation.system, space, address, frame.bits);
    const unsigned index = index_in(table, address);
    const auto entry = table.entries.find(index);
    if (entry != table.entries.end() && !entry->second.page)
        throw delete_first();

    const Rights rights = cap.rights & Rights::of(invocation.word(1));
    table.entries[index] = {frame.address, true, rights.read, rights.write, invocation.word(2) & 15};
    cap.mapping = wanted;
    return {};
}

Words map_table(Invocation& invocation) {
    invocation.need(2, 1);
    Capability& cap = invocation.target.cap;
    const Capability& space_cap = invocation.cap(0);
    Table& table = object_of<Table>(cap);
    const unsigned bits = span(above(table.type));
    const Word address = invocation.word(0) >> bits << bits;
    if (cap.mapping)
        throw invalid_capability(0);
    if (!is_space(space_cap))
        throw invalid_capability(1);
    if (invocation.word(0) >= user_end)
        throw invalid_argument(0);
    Table& space = need_space(invocation.system, space_cap);
    Table& upper = need_table(invocation.system, space, address, bits);
    if (upper.entries.contains(index_in(upper, address)))
        throw delete_first();
    upper.entries[index_in(upper, address)] = {.address = table.address};
    cap.mapping = Mapping{space_cap.mapping->asid, address};
    return {};
}

} // namespace

Table* space_of(const System& system, unsigned asid) {
    const AsidPool* const pool = system.asid_pools[asid / spaces_per_pool];
    if (asid == 0 || !pool)
        return nullptr;
    const auto space = pool->spaces.find(asid % spaces_per_pool);
    return space == pool->spaces.end() ? nullptr : space->second;
}

bool is_live_space(const System& system, const Capability& cap) {
    return is_space(cap) && space_of(system, cap.mapping->asid) == cap.object;
}

void unmap_frame(System& system, const Capability& cap) { unmap(system, cap, object_of<Frame>(cap).bits); }
void unmap_table(System& system, const Capability& cap) { unmap(system, cap, span(above(cap.type))); }

void forget_space(System& system, Table& pml4) {
    for (AsidPool* pool : system.asid_pools) {
        if (pool)
            std::erase_if(pool->spaces, [&](const auto& space) { return space.second == &pml4; });
    }
}

void forget_pool(System& system, AsidPool& pool) { system.asid_pools[pool.index] = nullptr; }

Words invoke_frame(Invocation& invocation) {
    Capability& cap = invocation.target.cap;
    switch (invocation.method) {
    case Method::page_map: return map_frame(invocation);
    case Method::page_unmap:
        unmap_frame(invocation.system, cap);
        cap.mapping.reset();
        return {};
    case Method::page_get_address: return {cap.object->address};
    default: throw illegal_operation();
    }
}

Words invoke_table(Invocation& invocation) {
    Capability& cap = invocation.target.cap;
    const Type type = cap.type;
    const Method method = invocation.method;
    if ((type == Type::pdpt && method == Method::pdpt_map) ||
        (type == Type::page_directory && method == Method::page_directory_map) ||
        (type == Type::page_table && method == Method::page_table_map))
        return map_table(invocation);
    if ((type == Type::pdpt && method == Method::pdpt_unmap) ||
        (type == Type::page_directory && method == Method::page_directory_unmap) ||
        (type == Type::page_table && method == Method::page_table_unmap)) {
        if (cap.object->capabilities > 1)
            throw revoke_first();
        unmap_table(invocation.system, cap);
        object_of<Table>(cap).entries.clear();
        cap.mapping.reset();
        return {};
    }
    throw illegal_operation();
}

Words invoke_asid_control(Invocation& invocation) {
    if (invocation.method != Method::asid_control_make_pool)
        throw illegal_operation();
    invocation.need(2, 2);
    System& system = invocation.system;
    unsigned index = 0;
    while (index < pool_count && system.asid_pools[index])
        index++;
    if (index == pool_count)
        throw delete_first();
    Slot& source = *invocation.extra[0];
    if (!source.cap.is(Type::untyped) || source.cap.bits != 12 || source.cap.device)
        throw invalid_capability(1);
    if (has_children(source))
        throw revoke_first();
    Slot& slot = lookup_slot(invocation.cap(1), invocation.word(0), invocation.word(1), false);
    if (!slot.empty())
        throw delete_first();

    source.cap.given_out = power(source.cap.bits);
    AsidPool& pool = system.make<AsidPool>(source.cap.base, index);
    system.asid_pools[index] = &pool;
    Capability cap;
    cap.type = Type::asid_pool;
    cap.object = &pool;
    insert_original(slot, cap, &source); // as if it came from Retype
    return {};
}

Words invoke_asid_pool(Invocation& invocation) {
    if (invocation.method != Method::asid_pool_assign)
        throw illegal_operation();
    invocation.need(0, 1);
    AsidPool& pool = object_of<AsidPool>(invocation.target.cap);
    Capability& cap = invocation.extra[0]->cap;
    if (!cap.is(Type::pml4) || cap.mapping)
        throw invalid_capability(1);
    if (invocation.system.asid_pools[pool.index] != &pool)
        throw failed_lookup(false, invalid_root());
    unsigned place = pool.index == 0 ? 1 : 0; // number 0 is never used
    while (place < spaces_per_pool && pool.spaces.contains(place))
        place++;
    if (place == spaces_per_pool)
        throw delete_first();
    pool.spaces[place] = &object_of<Table>(cap);
    cap.mapping = Mapping{pool.index * spaces_per_pool + place, 0};
    return {};
}

} // namespace spec
