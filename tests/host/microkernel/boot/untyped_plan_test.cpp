// SPDX-License-Identifier: BSD-2-Clause
// The list of untyped memory: every address in exactly one piece, aligned, ordered, never more than there is room for.
#include <support/catch.hpp>

#include <boot/untyped_plan.hpp>
#include <support/memory_maps.hpp>
#include <support/random.hpp>

#include <algorithm>

namespace {

using namespace kernel;
using test::claim_all;
using test::range;

constexpr uint64_t mib = 1 << 20, gib = 1 << 30;

struct Sums {
    uint64_t device = 0, ram = 0;
    bool operator==(const Sums&) const = default;
};

Sums sums_of(const BootMemory& memory) {
    Sums sums;
    for (const MemoryRegion& region : memory.regions())
        if (region.use != MemoryUse::held)
            (region.use == MemoryUse::ram ? sums.ram : sums.device) += region.range.size();
    return sums;
}

using Piece = abi::UntypedDescriptor;

uint64_t size_of(const Piece& piece) { return uint64_t{1} << piece.size_bits; }
PhysRange range_of(const Piece& piece) { return range(piece.paddr, piece.paddr + size_of(piece)); }
bool is_device(MemoryUse use) { return use == MemoryUse::device || use == MemoryUse::module; }

Sums sums_of(const UntypedPlan& plan) {
    Sums sums;
    for (const Piece& piece : plan.pieces)
        (piece.is_device ? sums.device : sums.ram) += size_of(piece);
    return sums;
}

/// Checks what must hold of every plan.
void check_plan(const BootMemory& memory, const UntypedPlan& plan) {
    size_t wrong_size = 0, wrong_order = 0, wrong_use = 0;
    bool seen_ram = false;
    uint64_t reached = 0;
    for (const Piece& piece : plan.pieces) {
        wrong_size += piece.size_bits < 4 || piece.size_bits > 47 || piece.paddr % size_of(piece) != 0;
        if (!piece.is_device && !seen_ram) {
            seen_ram = true;
            reached = 0;
        }
        wrong_order += (piece.is_device && seen_ram) || piece.paddr < reached;
        reached = piece.paddr + size_of(piece);
        const MemoryRegion region = memory.region_at(PhysAddr(piece.paddr));
        wrong_use += !region.range.contains(range_of(piece)) || region.use == MemoryUse::held ||
                     is_device(region.use) != piece.is_device;
        wrong_size += !piece.is_device && piece.size_bits < 12;
    }
    CHECK(plan.pieces.size() <= 230);
    CHECK(wrong_size == 0);
    CHECK(wrong_order == 0);
    CHECK(wrong_use == 0);
    Sums sums = sums_of(plan);
    sums.device += plan.lost_device_bytes;
    sums.ram += plan.lost_ram_bytes;
    CHECK(sums == sums_of(memory));
    if (plan.lost_device_bytes + plan.lost_ram_bytes != 0)
        CHECK(plan.pieces.size() == 230);
}

struct Planned {
    explicit Planned(const std::vector<test::Map>& map, const std::vector<test::ModuleAt>& modules = {},
                     const std::vector<PhysRange>& held = {}) {
        claim_all(memory, map, modules);
        for (const PhysRange& kept : held)
            memory.claim(kept, MemoryUse::held);
        make_untyped_plan(memory, plan);
        check_plan(memory, plan);
    }
    /// The piece that holds an address, or none.
    const Piece* piece_at(uint64_t address) const {
        for (const Piece& piece : plan.pieces)
            if (range_of(piece).contains(PhysAddr(address)))
                return &piece;
        return nullptr;
    }

    BootMemory memory;
    UntypedPlan plan;
};

/// As QEMU's q35 reports 4 GiB: half of it above the PCI hole.
const std::vector<test::Map> four_gib{{0, 0x9'fc00, 1},
                                      {0x9'fc00, 0x400, 2},
                                      {0xf'0000, 0x1'0000, 2},
                                      {0x10'0000, 0x7fee'0000, 1},
                                      {0x7ffe'0000, 0x2'0000, 2},
                                      {0xb000'0000, 0x1000'0000, 2},
                                      {0xfed1'c000, 0x4000, 2},
                                      {0xfffc'0000, 0x4'0000, 2},
                                      {0x1'0000'0000, 0x8000'0000, 1}};

TEST_CASE("an ordinary machine's untyped memory") {
    const PhysRange kernel_image = range(0x10'0000, 0x18'0000), io_apic = range(0xfec0'0000, 0xfec0'1000),
                    local_apic = range(0xfee0'0000, 0xfee0'1000);
    const Planned planned(four_gib, {{0x20'0000, 0x27'1234}}, {kernel_image, io_apic, local_apic});
    const UntypedPlan& plan = planned.plan;
    SECTION("is far from filling the list") {
        CHECK(plan.pieces.size() < 150);
        CHECK(plan.lost_device_bytes == 0);
        CHECK(plan.lost_ram_bytes == 0);
    }
    SECTION("has all RAM, on both sides of the PCI hole") {
        CHECK(sums_of(plan).ram == 0x7fee'0000 - 0x8'0000 - 0x7'2000 + 2 * gib);
        const Piece* high = planned.piece_at(4 * gib);
        REQUIRE(high);
        CHECK(high->size_bits == 31);
        CHECK_FALSE(high->is_device);
    }
    SECTION("has boot modules, low memory and what lies beyond RAM as device memory") {
        for (uint64_t address : {uint64_t{0}, uint64_t{0xf'0000}, uint64_t{0x20'0000}, uint64_t{0x27'1fff},
                                 uint64_t{0xfed0'0000}, 6 * gib, (uint64_t{1} << 47) - 1}) {
            const Piece* piece = planned.piece_at(address);
            REQUIRE(piece);
            CHECK(piece->is_device);
        }
    }
    SECTION("has neither kernel nor APIC pages nor the last 16 bytes below 4 GiB") {
        for (uint64_t address : {0x10'0000u, 0x17'ffffu, 0xfec0'0000u, 0xfee0'0fffu, 0xffff'fff0u, 0xffff'ffffu})
            CHECK(planned.piece_at(address) == nullptr);
        CHECK(planned.piece_at(0xffff'ffef));
    }
}

/// As OVMF reports 128 MiB, entries joined that continue each other; 4 GiB look the same with larger numbers.
const std::vector<test::Map> ovmf{
    {0, 0xa'0000, 1},          {0x10'0000, 0x70'0000, 1},  {0x80'0000, 0x8000, 4},       {0x80'8000, 0x3000, 1},
    {0x80'b000, 0x1000, 4},    {0x80'c000, 0x4000, 1},     {0x81'0000, 0xf'0000, 4},     {0x90'0000, 0x65b'7000, 1},
    {0x6eb'7000, 0xc'1000, 2}, {0x6f7'8000, 0x97'5000, 1}, {0x78e'd000, 0x10'0000, 2},   {0x79e'd000, 0x10'0000, 20},
    {0x7ae'd000, 0x8'0000, 2}, {0x7b6'd000, 0x1'2000, 3},  {0x7b7'f000, 0x8'0000, 4},    {0x7bf'f000, 0x35'9000, 1},
    {0x7f5'8000, 0x2'0000, 2}, {0x7f7'8000, 0x8'8000, 4},  {0xb000'0000, 0x1000'0000, 2}};

TEST_CASE("an UEFI machine's untyped memory has room in the list, modules and root task included") {
    const PhysRange kernel_image = range(0x10'0000, 0x18'7000), io_apic = range(0xfec0'0000, 0xfec0'1000),
                    local_apic = range(0xfee0'0000, 0xfee0'1000), root_task = range(0x23'4000, 0x34'5000);
    std::vector<PhysRange> held{kernel_image, io_apic, local_apic, root_task};
    const Planned planned(ovmf, {{0x18'7000, 0x1b'd123}, {0x59a'b000, 0x5ff'e042}}, held);
    INFO(planned.plan.pieces.size() << " pieces");
    CHECK(planned.plan.pieces.size() < 220);
    CHECK(planned.plan.lost_ram_bytes + planned.plan.lost_device_bytes == 0);
}

TEST_CASE("device remnants are cut down to 16 bytes, RAM to pages") {
    const Planned planned({{0x10'0000, 64 * mib + 0x123, 1}});
    CHECK(planned.piece_at(0xffff'ffe0)->size_bits == 4);
    CHECK(planned.piece_at(65 * mib)->is_device);
}

TEST_CASE("without any RAM all addresses but the last 16 bytes below 4 GiB are device memory") {
    const Planned planned({});
    CHECK(planned.plan.pieces.size() == 28 + 15);
    CHECK(sums_of(planned.plan).device == (uint64_t{1} << 47) - 16);
}

/// `count` stretches of RAM that each need many pieces, as does what lies between them.
std::vector<test::Map> scattered(uint64_t count) {
    std::vector<test::Map> map;
    for (uint64_t i = 0; i < count; ++i)
        map.push_back({gib + i * 64 * mib + 0x5000, 23 * mib, 1});
    return map;
}

TEST_CASE("a list that would be too long leaves out the smallest pieces, and counts them") {
    const Planned planned(scattered(12));
    CHECK(planned.plan.pieces.size() == 230);
    const uint64_t lost = planned.plan.lost_ram_bytes + planned.plan.lost_device_bytes;
    CHECK(lost > 0);
    CHECK(lost < 2 * mib);
    unsigned smallest = 47;
    for (const Piece& piece : planned.plan.pieces)
        smallest = std::min<unsigned>(smallest, piece.size_bits);
    CHECK(smallest >= 12);
    CHECK(planned.piece_at((uint64_t{1} << 47) - 1));
}

TEST_CASE("of pieces of the same size device memory is left out first") {
    // Each stretch of RAM is one page with a hole of one page behind it: all small pieces have the same size.
    std::vector<test::Map> map;
    for (uint64_t i = 0; i < 128; ++i)
        map.push_back({gib + i * 8192, 4096, 1});
    const Planned planned(map);
    CHECK(planned.plan.pieces.size() == 230);
    CHECK(planned.plan.lost_ram_bytes == 0);
    CHECK(planned.plan.lost_device_bytes > 0);
}

TEST_CASE("every plan is a partition in order, within its room, for any memory map") {
    test::Random random("untyped plan");
    INFO("UMBRA_SEED=" << random.seed());
    size_t whole = 0, cut = 0;
    for (unsigned round = 0; round < 400; ++round) {
        BootMemory memory;
        test::MemoryModel model;
        test::make_random_machine(random, memory, model, round % 4 == 0 ? 100 : 12);
        UntypedPlan plan;
        make_untyped_plan(memory, plan);
        INFO("round " << round);
        check_plan(memory, plan);
        size_t wrong = 0;
        for (const Piece& piece : plan.pieces)
            for (uint64_t probe : model.probes(range_of(piece)))
                wrong += model.use_of(probe) == MemoryUse::held || is_device(model.use_of(probe)) != piece.is_device;
        CHECK(wrong == 0);
        ++(plan.lost_device_bytes + plan.lost_ram_bytes == 0 ? whole : cut);
    }
    CHECK(whole > 50);
    CHECK(cut > 10);
}

TEST_CASE("a plan has what is left after boot allocations") {
    BootMemory memory;
    claim_all(memory, {{0x10'0000, 64 * mib, 1}});
    UntypedPlan before, after;
    make_untyped_plan(memory, before);
    memory.allocate(3 * mib, 4096);
    make_untyped_plan(memory, after);
    check_plan(memory, after);
    CHECK(sums_of(after).ram == sums_of(before).ram - 3 * mib);
}

} // namespace
