// SPDX-License-Identifier: BSD-2-Clause
// From the root pointer to the interrupt controllers: sound tables of both versions, and malformed ones by name.
#include <support/catch.hpp>

#include <acpi/tables.hpp>
#include <support/acpi_builder.hpp>
#include <support/multiboot2_builder.hpp>

#include <algorithm>
#include <set>
#include <string>

namespace {

using namespace kernel;
using test::acpi_table;
using test::ByteBuilder;
using test::MadtBuilder;

constexpr uint64_t rsdt_address = 0x7fe'0000, xsdt_address = 0x7fe'1000, other_address = 0x7fe'2000,
                   madt_address = 0x7fe'3000;

/// As QEMU's q35 has it.
MadtBuilder ordinary_madt() {
    MadtBuilder madt;
    madt.local_apic(0, 1).io_apic(0, 0xfec0'0000, 0).source_override(0, 0, 2, 0).source_override(0, 9, 9, 0xd);
    return madt;
}

/// A machine with both root tables, another table and a MADT.
struct Machine {
    explicit Machine(uint8_t revision = 2) {
        const ByteBuilder bytes = test::acpi_pointer(revision, rsdt_address, xsdt_address);
        std::copy(bytes.bytes().begin(), bytes.bytes().end(), pointer.begin());
        memory.put(
            rsdt_address,
            acpi_table("RSDT", ByteBuilder().add<uint32_t>(other_address).add<uint32_t>(madt_address).bytes()).bytes());
        memory.put(xsdt_address,
                   acpi_table("XSDT", ByteBuilder().add(other_address).add(madt_address).bytes()).bytes());
        memory.put(other_address, acpi_table("FACP", ByteBuilder().zeros(80).bytes()).bytes());
        memory.put(madt_address, ordinary_madt().table().bytes());
    }
    Machine& madt(const MadtBuilder& builder) {
        memory.put(madt_address, builder.table().bytes());
        return *this;
    }
    bool read() {
        const auto status = find_interrupt_controllers(pointer, memory, controllers);
        if (!status)
            error = status.error();
        return static_cast<bool>(status);
    }
    bool fails_with(AcpiError expected) { return !read() && error == expected; }

    AcpiRootPointer pointer{};
    test::FakePhysicalMemory memory;
    InterruptControllers controllers;
    AcpiError error{};
};

TEST_CASE("interrupt controllers are found through RSDT and XSDT") {
    for (uint8_t revision : {0, 2}) {
        Machine machine(revision);
        machine.memory.remove(revision == 0 ? xsdt_address : rsdt_address);
        REQUIRE(machine.read());
        const InterruptControllers& found = machine.controllers;
        CHECK(found.local_apic == PhysAddr(0xfee0'0000));
        CHECK(found.has_legacy_pics);
        CHECK(found.enabled_processors == 1);
        REQUIRE(found.io_apics.size() == 1);
        CHECK(found.io_apics[0].address == PhysAddr(0xfec0'0000));
        CHECK(found.io_apics[0].first_interrupt == 0);
        CHECK(found.isa_routes[0].global_interrupt == 2);
        CHECK(found.isa_routes[4].global_interrupt == 4);
        CHECK_FALSE(found.isa_routes[4].level_triggered);
        CHECK(found.isa_routes[9].level_triggered);
        CHECK_FALSE(found.isa_routes[9].active_low);
    }
}

TEST_CASE("version 2 without an XSDT falls back to the RSDT") {
    Machine machine;
    const ByteBuilder bytes = test::acpi_pointer(2, rsdt_address, 0);
    std::copy(bytes.bytes().begin(), bytes.bytes().end(), machine.pointer.begin());
    CHECK(machine.read());
}

TEST_CASE("malformed ACPI root tables: each case by its name") {
    Machine machine;
    const auto put_root = [&](const ByteBuilder& table) { machine.memory.put(xsdt_address, table.bytes()); };
    const ByteBuilder sound = acpi_table("XSDT", ByteBuilder().add(other_address).add(madt_address).bytes());
    SECTION("the pointer names none") {
        machine.pointer = {};
        CHECK(machine.fails_with(AcpiError::no_root_table));
    }
    SECTION("out of reach, wholly or in part, or beyond any physical address") {
        machine.memory.remove(xsdt_address);
        CHECK(machine.fails_with(AcpiError::root_unreachable));
        for (size_t size : {35, 36, 51}) {
            put_root(ByteBuilder(sound).cut(size));
            CHECK(machine.fails_with(AcpiError::root_unreachable));
        }
        for (uint64_t address : {~uint64_t{0}, ~uint64_t{0} - 35, (uint64_t{1} << 52) - 8}) {
            const ByteBuilder bytes = test::acpi_pointer(2, 0, address);
            std::copy(bytes.bytes().begin(), bytes.bytes().end(), machine.pointer.begin());
            CHECK(machine.fails_with(AcpiError::root_unreachable));
        }
    }
    SECTION("impossible length: below the header, absurd, or not whole entries") {
        for (uint32_t length : {0u, 35u, (1u << 20) + 1, 0xffff'ffffu}) {
            put_root(ByteBuilder(sound).set(4, length));
            CHECK(machine.fails_with(AcpiError::root_bad_length));
        }
        put_root(acpi_table("XSDT", ByteBuilder().add(madt_address).zeros(4).bytes()));
        CHECK(machine.fails_with(AcpiError::root_bad_length));
    }
    SECTION("wrong checksum") {
        put_root(ByteBuilder(sound).flip(40 * 8));
        CHECK(machine.fails_with(AcpiError::root_bad_checksum));
    }
    SECTION("wrong signature: an RSDT where an XSDT should be") {
        put_root(acpi_table("RSDT", ByteBuilder().add(madt_address).bytes()));
        CHECK(machine.fails_with(AcpiError::root_bad_signature));
    }
    SECTION("no MADT: no entries, or others only") {
        put_root(acpi_table("XSDT", {}));
        CHECK(machine.fails_with(AcpiError::no_madt));
        put_root(acpi_table("XSDT", ByteBuilder().add(other_address).bytes()));
        CHECK(machine.fails_with(AcpiError::no_madt));
    }
    SECTION("entries that are 0, out of reach, or the root table itself are passed over without a loop") {
        put_root(acpi_table("XSDT", ByteBuilder()
                                        .add<uint64_t>(0)
                                        .add(~uint64_t{0})
                                        .add<uint64_t>(0xdead'0000)
                                        .add(xsdt_address)
                                        .add(madt_address)
                                        .bytes()));
        CHECK(machine.read());
        CHECK(machine.memory.accesses < 10);
    }
    SECTION("an absurd number of entries is walked once") {
        ByteBuilder entries;
        for (unsigned i = 0; i < 100'000; ++i)
            entries.add(xsdt_address);
        put_root(acpi_table("XSDT", entries.bytes()));
        CHECK(machine.fails_with(AcpiError::no_madt));
        CHECK(machine.memory.accesses < 100'010);
    }
    SECTION("other tables may be as broken as they like") {
        machine.memory.put(other_address, acpi_table("FACP", {}).flip(33).set<uint32_t>(4, 1).bytes());
        CHECK(machine.read());
    }
    SECTION("of two MADTs the first counts") {
        machine.memory.put(0x9000, MadtBuilder(0x1000).io_apic(0, 0x2000, 0).table().bytes());
        put_root(acpi_table("XSDT", ByteBuilder().add(madt_address).add<uint64_t>(0x9000).bytes()));
        REQUIRE(machine.read());
        CHECK(machine.controllers.local_apic == PhysAddr(0xfee0'0000));
    }
}

TEST_CASE("malformed MADT: each case by its name") {
    Machine machine;
    const ByteBuilder sound = ordinary_madt().table();
    const auto put_madt = [&](const ByteBuilder& table) { machine.memory.put(madt_address, table.bytes()); };
    SECTION("out of reach in part") {
        put_madt(ByteBuilder(sound).cut(sound.size() - 1));
        CHECK(machine.fails_with(AcpiError::madt_unreachable));
    }
    SECTION("impossible length") {
        for (uint32_t length : {0u, 35u, 0xffff'ffffu}) {
            put_madt(ByteBuilder(sound).set(4, length));
            CHECK(machine.fails_with(AcpiError::madt_bad_length));
        }
        put_madt(acpi_table("APIC", ByteBuilder().zeros(7).bytes()));
        CHECK(machine.fails_with(AcpiError::madt_bad_length));
    }
    SECTION("wrong checksum") {
        put_madt(ByteBuilder(sound).flip(300));
        CHECK(machine.fails_with(AcpiError::madt_bad_checksum));
    }
    SECTION("entry of length 0 or 1 does not loop") {
        for (uint8_t length : {0, 1})
            CHECK(machine.madt(ordinary_madt().raw(3, length, 6)).fails_with(AcpiError::madt_entry_too_short));
        CHECK(machine.madt(ordinary_madt().raw(99, 0, 0)).fails_with(AcpiError::madt_entry_too_short));
    }
    SECTION("entry past the end, and half a header") {
        CHECK(machine.madt(ordinary_madt().raw(1, 12, 9)).fails_with(AcpiError::madt_entry_past_end));
        CHECK(machine.madt(ordinary_madt().raw(99, 255, 0)).fails_with(AcpiError::madt_entry_past_end));
        ByteBuilder half = ordinary_madt().table();
        half.add<uint8_t>(1).set<uint32_t>(4, static_cast<uint32_t>(half.size()));
        put_madt(half.fix_checksum(0, half.size(), 9));
        CHECK(machine.fails_with(AcpiError::madt_entry_too_short));
    }
    SECTION("entry shorter than its fields") {
        for (auto [type, length] : {std::pair<uint8_t, uint8_t>{0, 7}, {1, 11}, {2, 9}, {5, 11}, {9, 15}})
            CHECK(machine.madt(ordinary_madt().raw(type, length, length - 2u))
                      .fails_with(AcpiError::madt_entry_bad_length));
    }
    SECTION("longer entries and unknown types are passed over") {
        CHECK(machine.madt(MadtBuilder().raw(127, 40, 38).raw(0, 20, 18).io_apic(1, 0xfec0'0000, 0)).read());
    }
    SECTION("no I/O APIC") { CHECK(machine.madt(MadtBuilder().local_apic(0, 1)).fails_with(AcpiError::no_io_apic)); }
    SECTION("no local APIC address, or an unaligned one") {
        CHECK(machine.madt(MadtBuilder(0).io_apic(0, 0xfec0'0000, 0)).fails_with(AcpiError::no_local_apic));
        CHECK(machine.madt(MadtBuilder(0xfee0'0800).io_apic(0, 0xfec0'0000, 0)).fails_with(AcpiError::no_local_apic));
    }
    SECTION("a 64-bit local APIC address replaces the other one") {
        REQUIRE(machine.madt(ordinary_madt().local_apic_address(0x8'0000'0000)).read());
        CHECK(machine.controllers.local_apic == PhysAddr(0x8'0000'0000));
    }
    SECTION("impossible I/O APIC addresses") {
        for (uint32_t address : {0u, 0xfec0'0001u, 0xfec0'0ff0u})
            CHECK(machine.madt(MadtBuilder().io_apic(0, address, 0)).fails_with(AcpiError::bad_io_apic_address));
    }
    SECTION("two I/O APICs at one address or for the same interrupts") {
        CHECK(machine.madt(ordinary_madt().io_apic(1, 0xfec0'0000, 24)).fails_with(AcpiError::duplicate_io_apic));
        CHECK(machine.madt(ordinary_madt().io_apic(1, 0xfec0'1000, 0)).fails_with(AcpiError::duplicate_io_apic));
        CHECK(machine.madt(ordinary_madt().io_apic(1, 0xfec0'1000, 24)).read());
        CHECK(machine.controllers.io_apics.size() == 2);
    }
    SECTION("more I/O APICs than there is room for") {
        MadtBuilder madt;
        for (uint8_t i = 0; i < 16; ++i)
            madt.io_apic(i, 0xfec0'0000 + i * 0x1000u, i * 24u);
        CHECK(machine.madt(madt).read());
        CHECK(machine.madt(madt.io_apic(16, 0xfed0'0000, 1000)).fails_with(AcpiError::too_many_io_apics));
    }
    SECTION("an override of a line that ISA does not have; of another bus it is passed over") {
        CHECK(machine.madt(ordinary_madt().source_override(0, 16, 16, 0)).fails_with(AcpiError::bad_override));
        CHECK(machine.madt(ordinary_madt().source_override(1, 16, 16, 0)).read());
    }
    SECTION("polarity and trigger mode: 3 is low and level, anything else the bus's own") {
        for (uint16_t flags = 0; flags < 16; ++flags) {
            REQUIRE(machine.madt(ordinary_madt().source_override(0, 5, 21, flags)).read());
            const IsaRoute route = machine.controllers.isa_routes[5];
            CHECK(route.global_interrupt == 21);
            CHECK(route.active_low == (flags % 4 == 3));
            CHECK(route.level_triggered == (flags / 4 == 3));
        }
    }
    SECTION("processors that are not enabled are not counted") {
        REQUIRE(machine.madt(ordinary_madt().local_apic(1, 1).local_apic(2, 0).local_apic(3, 2)).read());
        CHECK(machine.controllers.enabled_processors == 2);
    }
}

TEST_CASE("every prefix and every flipped bit of a MADT with a right checksum is read within bounds") {
    const ByteBuilder sound = ordinary_madt().local_apic_address(0xfee0'0000).raw(4, 6, 4).table();
    size_t accepted = 0, refused = 0;
    const auto read = [&](const ByteBuilder& table) {
        const test::ExactBytes memory(table.bytes());
        InterruptControllers controllers;
        const bool ok = static_cast<bool>(read_madt(ByteView(memory.span()), controllers));
        ++(ok ? accepted : refused);
        if (ok)
            CHECK(controllers.io_apics.size() == 1);
    };
    for (size_t size = 0; size <= sound.size(); ++size)
        read(ByteBuilder(sound).cut(size));
    for (size_t bit = 0; bit < sound.size() * 8; ++bit)
        read(ByteBuilder(sound).flip(bit));
    CHECK(accepted > 100);
    CHECK(refused > 100);
}

TEST_CASE("every flipped bit of a root table or MADT ends in a checksum, length or reach error") {
    for (uint64_t address : {xsdt_address, madt_address}) {
        Machine machine;
        const ByteBuilder sound = address == madt_address
                                      ? ordinary_madt().table()
                                      : acpi_table("XSDT", ByteBuilder().add(other_address).add(madt_address).bytes());
        for (size_t bit = 0; bit < sound.size() * 8; ++bit) {
            machine.memory.put(address, ByteBuilder(sound).flip(bit).bytes());
            INFO("table " << std::hex << address << " bit " << std::dec << bit);
            CHECK_FALSE(machine.read());
        }
    }
}

TEST_CASE("every ACPI error has a sentence of its own") {
    std::set<std::string> sentences;
    for (unsigned i = 0; i <= static_cast<unsigned>(AcpiError::bad_override); ++i)
        sentences.insert(describe(static_cast<AcpiError>(i)));
    CHECK(sentences.size() == static_cast<unsigned>(AcpiError::bad_override) + 1);
    CHECK(sentences.count("unknown ACPI error") == 0);
}

} // namespace
