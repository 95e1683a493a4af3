// SPDX-License-Identifier: BSD-2-Clause
#include <spec/address_space.hpp>

#include <spec/cspace.hpp>
#include <spec/deletion.hpp>
#include <spec/invocation.hpp>

namespace spec {

unsigned span(Type table) {
    switch (table) {
    case Type::page_table: return 12;
    case Type::page_directory: return 21;
    case Type::pdpt: return 30;
    default: return 39;
    }
}

unsigned index_in(const Table& table, Word address) { return address >> span(table.type) & 511; }

namespace {

Type above(Type table) { return static_cast<Type>(static_cast<unsigned>(table) + 1); }

/// The table whose entries span 2^bits bytes, on the way to `address`; null and `missing`, the span of the entry
/// that leads no further.
Table* find_table(const System& system, Table& pml4, Word address, unsigned bits, unsigned& missing) {
    Table* table = &pml4;
    while (span(table->type) > bits) {
        const TableEntry entry = table->entry(index_in(*table, address));
        if (!entry.is_table()) {
            missing = span(table->type);
            return nullptr;
        }
        table = static_cast<Table*>(system.objects.at(entry.address).get());
    }
    return table;
}

/// The space behind a capability that has been given, whose number must still be good.
Table& need_space(const System& system, const Capability& cap) {
    Table* const space = space_of(system, cap.mapping->asid);
    if (space != cap.object)
        throw failed_lookup(false, invalid_root());
    return *space;
}

/// log2 of what the entry spans in which `cap`, a frame or table, would be.
unsigned entry_span(const Capability& cap) {
    return cap.is(Type::frame) ? object_of<Frame>(cap).bits : span(above(cap.type));
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
    const TableEntry old = table.entry(index);
    if (old.is_table())
        throw delete_first();

    const Rights rights = cap.rights & Rights::of(invocation.word(1));
    table.set(index,
              {TableEntry::Kind::page, frame.address, rights.read, rights.write, invocation.word(2) & 15, old.keeper});
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
    const TableEntry old = upper.entry(index_in(upper, address));
    if (!old.empty())
        throw delete_first();
    upper.set(index_in(upper, address),
              {.kind = TableEntry::Kind::table, .address = table.address, .keeper = old.keeper});
    cap.mapping = Mapping{space_cap.mapping->asid, address};
    return {};
}

/// The page is taken out, and a cookie left in its place.
Words evict(Invocation& invocation) {
    invocation.need(1);
    Capability& cap = invocation.target.cap;
    if (invocation.word(0) >= power(cookie_bits))
        throw invalid_argument(0);
    const std::optional<Location> place = location_of(invocation.system, cap);
    if (!place)
        throw illegal_operation();
    const TableEntry old = place->entry();
    place->set(old.without(invocation.word(0)));
    cap.mapping.reset();
    return {Word{old.accessed} | Word{old.dirty} << 1};
}

} // namespace

Table& need_table(const System& system, Table& pml4, Word address, unsigned bits) {
    unsigned missing = 0;
    Table* const table = find_table(system, pml4, address, bits, missing);
    if (!table)
        throw failed_lookup(false, missing_capability(missing));
    return *table;
}

std::optional<Location> location_of(const System& system, const Capability& cap) {
    Table* const space = cap.mapping ? space_of(system, cap.mapping->asid) : nullptr;
    unsigned missing = 0;
    Table* const table = space ? find_table(system, *space, cap.mapping->address, entry_span(cap), missing) : nullptr;
    if (!table)
        return {};
    const Location place{table, index_in(*table, cap.mapping->address)};
    const TableEntry entry = place.entry();
    const bool same = entry.is_page() == cap.is(Type::frame) && entry.present() && entry.address == cap.object->address;
    return same ? std::optional(place) : std::nullopt;
}

bool is_hooked_in(const System& system, const Capability& table) {
    return table.is(Type::pml4) ? is_live_space(system, table) : location_of(system, table).has_value();
}

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

void unmap(System& system, const Capability& cap) {
    if (const std::optional<Location> place = location_of(system, cap))
        place->set(place->entry().without());
}

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
        unmap(invocation.system, cap);
        cap.mapping.reset();
        return {};
    case Method::page_get_address: return {cap.object->address};
    case Method::page_evict: return evict(invocation);
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
        unmap(invocation.system, cap);
        object_of<Table>(cap).entries.clear();
        cap.mapping.reset();
        return {};
    }
    return invoke_range(invocation);
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
