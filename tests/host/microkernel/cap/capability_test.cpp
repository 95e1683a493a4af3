// SPDX-License-Identifier: BSD-2-Clause
#include <support/catch.hpp>
#include <support/random.hpp>

#include <cap/capability.hpp>

using namespace kernel;

namespace {

/// Addresses at the ends of what the format can hold, aligned to 2^bits.
std::vector<PhysAddr> addresses(unsigned bits) {
    return {PhysAddr(0), PhysAddr(bit(bits)), PhysAddr(ones(47) & ~ones(bits)), PhysAddr(bit(46))};
}

} // namespace

TEST_CASE("a default capability is null and all zero", "[cap]") {
    const Capability cap;
    CHECK(cap.is_null());
    CHECK(cap.raw0() == 0);
    CHECK(cap.raw1() == 0);
}

TEST_CASE("every object capability keeps its type and address", "[cap]") {
    for (PhysAddr address : addresses(12)) {
        const std::pair<CapType, Capability> caps[] = {
            {CapType::endpoint, Capability::endpoint(address)},
            {CapType::notification, Capability::notification(address)},
            {CapType::reply, Capability::reply(address)},
            {CapType::cnode, Capability::cnode(address, 7)},
            {CapType::tcb, Capability::tcb(address)},
            {CapType::sched_context, Capability::sched_context(address, 8)},
            {CapType::frame, Capability::frame(address, FrameSize::small_4k, false)},
            {CapType::page_table, Capability::table(CapType::page_table, address)},
            {CapType::page_directory, Capability::table(CapType::page_directory, address)},
            {CapType::pdpt, Capability::table(CapType::pdpt, address)},
            {CapType::pml4, Capability::table(CapType::pml4, address)},
            {CapType::asid_pool, Capability::asid_pool(address, 7)},
            {CapType::untyped, Capability::untyped(address, 12, false)},
        };
        for (const auto& [type, cap] : caps) {
            CHECK(cap.is(type));
            CHECK(cap.object() == address);
        }
    }
}

TEST_CASE("the smallest objects keep all bits of their address", "[cap]") {
    CHECK(Capability::endpoint(PhysAddr(0x7fff'ffff'fff0)).object() == PhysAddr(0x7fff'ffff'fff0));
    CHECK(Capability::endpoint(PhysAddr(0x7fff'ffff'fff0)).rights() == abi::Rights::all());
    CHECK(Capability::untyped(PhysAddr(0x7fff'ffff'fff0), 4, true).object() == PhysAddr(0x7fff'ffff'fff0));
}

TEST_CASE("rights only shrink and leave everything else alone", "[cap]") {
    for (Word first = 0; first < 16; first++) {
        for (Word second = 0; second < 16; second++) {
            Capability cap = Capability::endpoint(PhysAddr(0x1230));
            cap.set_badge(~Word{0});
            cap.restrict_rights(abi::Rights(first));
            cap.restrict_rights(abi::Rights(second));
            CHECK(cap.rights().raw() == (first & second));
            CHECK(cap.object() == PhysAddr(0x1230));
            CHECK(cap.badge() == ~Word{0});
            CHECK(cap.is(CapType::endpoint));
        }
    }
}

TEST_CASE("an untyped keeps size, watermark and cleared mark of every size", "[cap][untyped]") {
    for (unsigned bits = abi::min_untyped_bits; bits <= abi::max_untyped_bits; bits++) {
        for (bool device : {false, true}) {
            Capability cap = Capability::untyped(PhysAddr(0), bits, device);
            CHECK(cap.size_bits() == bits);
            CHECK(cap.is_device_untyped() == device);
            CHECK(cap.watermark() == 0);
            CHECK(cap.cleared() == 0);
            for (Word mark : {Word{16}, bit(bits) / 2 & ~Word{15}, bit(bits) - 16, bit(bits)}) {
                cap.set_watermark(mark);
                CHECK(cap.watermark() == mark);
                CHECK(cap.size_bits() == bits);
                CHECK(cap.is_device_untyped() == device);
                CHECK(cap.cleared() == 0);
            }
        }
    }
}

TEST_CASE("watermark and cleared mark do not disturb each other", "[cap][untyped]") {
    test::Random random("untyped marks");
    Capability cap = Capability::untyped(PhysAddr(bit(42)), 42, false);
    for (int i = 0; i < 2000; i++) {
        const Word watermark = random.of_any_size(42) & ~Word{15};
        const Word cleared = random.of_any_size(43) & ~ones(clear_chunk_bits);
        if (random.one_in(2)) {
            cap.set_watermark(watermark);
            cap.set_cleared(cleared);
        } else {
            cap.set_cleared(cleared);
            cap.set_watermark(watermark);
        }
        REQUIRE(cap.watermark() == watermark);
        REQUIRE(cap.cleared() == cleared);
        REQUIRE(cap.size_bits() == 42);
        REQUIRE(cap.object() == PhysAddr(bit(42)));
        REQUIRE_FALSE(cap.is_device_untyped());
        REQUIRE(cap.is(CapType::untyped));
    }
}

TEST_CASE("a CNode keeps radix and guard", "[cap]") {
    for (unsigned radix = 1; radix <= 42; radix++) {
        Capability cap = Capability::cnode(PhysAddr(bit(46)), radix);
        cap.set_guard(abi::CNodeData(ones(58), 63).raw());
        CHECK(cap.radix() == radix);
        CHECK(cap.guard_size() == 63);
        CHECK(cap.guard() == ones(58));
        CHECK(cap.object() == PhysAddr(bit(46)));
    }
}

TEST_CASE("a frame keeps size, kind and mapping", "[cap][space]") {
    for (FrameSize size : {FrameSize::small_4k, FrameSize::large_2m, FrameSize::huge_1g}) {
        for (bool device : {false, true}) {
            for (PhysAddr address : addresses(frame_bits(size))) {
                Capability cap = Capability::frame(address, size, device);
                CHECK_FALSE(cap.is_mapped());
                cap.set_mapping(Asid{4095}, VirtAddr(0x7fff'ffff'e000));
                CHECK(cap.is_mapped());
                CHECK(cap.asid() == Asid{4095});
                CHECK(cap.mapped_at() == VirtAddr(0x7fff'ffff'e000));
                CHECK(cap.frame_size() == size);
                CHECK(cap.is_device_frame() == device);
                CHECK(cap.object() == address);
                CHECK(cap.rights() == abi::Rights::all());
                cap.clear_mapping();
                CHECK(cap == Capability::frame(address, size, device));
            }
        }
    }
}

TEST_CASE("a mapping at address 0 is a mapping", "[cap][space]") {
    Capability cap = Capability::frame(PhysAddr(0x1000), FrameSize::small_4k, false);
    cap.set_mapping(Asid{1}, VirtAddr(0));
    CHECK(cap.is_mapped());
    CHECK(cap.mapped_at() == VirtAddr(0));
}

TEST_CASE("a PML4's identifier changes neither type nor address", "[cap][space]") {
    Capability cap = Capability::table(CapType::pml4, PhysAddr(0x7fff'ffff'f000));
    CHECK_FALSE(cap.asid());
    cap.set_asid(Asid{4095});
    CHECK(cap.asid() == Asid{4095});
    CHECK(cap.is(CapType::pml4));
    CHECK(cap.object() == PhysAddr(0x7fff'ffff'f000));
    cap.set_asid(Asid{});
    CHECK(cap == Capability::table(CapType::pml4, PhysAddr(0x7fff'ffff'f000)));
}

TEST_CASE("ports, vectors and pool numbers keep their whole range", "[cap]") {
    CHECK(Capability::io_port(0, 0xffff).first_port() == 0);
    CHECK(Capability::io_port(0, 0xffff).last_port() == 0xffff);
    CHECK(Capability::io_port(0xffff, 0xffff).first_port() == 0xffff);
    CHECK(Capability::irq_handler(107).irq_vector() == 107);
    CHECK(Capability::asid_pool(PhysAddr(0x1000), 7).pool_index() == 7);
}

TEST_CASE("identity ignores rights, badge, guard and mapping, but neither type nor object", "[cap]") {
    Capability a = Capability::endpoint(PhysAddr(0x40));
    Capability b = a;
    b.restrict_rights(abi::Rights::none());
    b.set_badge(5);
    CHECK(a.identity() == b.identity());
    CHECK(a.identity() != Capability::endpoint(PhysAddr(0x50)).identity());
    CHECK(a.identity() != Capability::notification(PhysAddr(0x40)).identity());
    Capability c = Capability::cnode(PhysAddr(0x1000), 4);
    Capability d = c;
    d.set_guard(abi::CNodeData(3, 5).raw());
    CHECK(c.identity() == d.identity());
}

TEST_CASE("a zombie keeps object, radix, count and the zombie set aside for it", "[cap][lifetime]") {
    test::Random random("zombies");
    for (int i = 0; i < 2000; i++) {
        const PhysAddr object(random.of_any_size(43) & ~ones(5));
        const PhysAddr outer(random.of_any_size(43) & ~ones(5));
        const auto radix = static_cast<unsigned>(random.below(64));
        const Word slots = random.of_any_size(35);
        const Capability cap = Capability::zombie(object, radix, slots, outer);
        REQUIRE(cap.is(CapType::zombie));
        REQUIRE(cap.object() == object);
        REQUIRE(cap.radix() == radix);
        REQUIRE(cap.zombie_slots() == slots);
        REQUIRE(cap.zombie_outer() == outer);
        const Capability aside = Capability::outer_zombie(object, radix, outer);
        REQUIRE(aside.is(CapType::outer_zombie));
        REQUIRE(aside.zombie_inner() == object);
        REQUIRE(aside.radix() == radix);
        REQUIRE(aside.set_aside_outer() == outer);
    }
}
