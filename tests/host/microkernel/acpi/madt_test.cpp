// SPDX-License-Identifier: BSD-2-Clause
// From the root pointer to the interrupt controllers: sound tables of both versions, and malformed ones by name.
#include <support/catch.hpp>

#include <acpi/madt.hpp>
#include <kernel_host.hpp>
#include <support/acpi_builder.hpp>
#include <support/multiboot2_builder.hpp>

#include <algorithm>
#include <string>

namespace {

using namespace kernel;
using test::acpi_table;
using test::ByteBuilder;
using test::MadtBuilder;

constexpr uint64_t other_address = 0x1000, rsdt_address = 0x2000, madt_address = 0x3000, xsdt_address = 0x4000;

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
        const test::ExactBytes bytes = memory.bytes();
        controllers = {};
        complaint = test::complaint_of([&] { find_interrupt_controllers(pointer, bytes.span(), controllers); });
        return complaint.empty();
    }
    bool refused_because(std::string_view expected) { return !read() && complaint == expected; }

    AcpiRootPointer pointer{};
    test::FakePhysicalMemory memory;
    InterruptControllers controllers;
    std::string complaint;
};

TEST_CASE("interrupt controllers are found through RSDT and XSDT") {
    for (uint8_t revision : {0, 2}) {
        Machine machine(revision);
        machine.memory.remove(revision == 0 ? xsdt_address : rsdt_address);
        REQUIRE(machine.read());
        const InterruptControllers& found = machine.controllers;
        CHECK(found.local_apic == PhysAddr(0xfee0'0000));
        REQUIRE(found.io_apics.size() == 1);
        CHECK(found.io_apics[0] == PhysAddr(0xfec0'0000));
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
        CHECK(machine.refused_because("the ACPI root pointer names no table"));
    }
    SECTION("out of reach, wholly or in part, or beyond any physical address") {
        machine.memory.remove(xsdt_address);
        CHECK(machine.refused_because("the ACPI root table lies outside accessible memory"));
        for (size_t size : {35, 36, 51}) {
            put_root(ByteBuilder(sound).cut(size));
            CHECK(machine.refused_because("the ACPI root table lies outside accessible memory"));
        }
        for (uint64_t address : {~uint64_t{0}, ~uint64_t{0} - 35, (uint64_t{1} << 52) - 8}) {
            const ByteBuilder bytes = test::acpi_pointer(2, 0, address);
            std::copy(bytes.bytes().begin(), bytes.bytes().end(), machine.pointer.begin());
            CHECK(machine.refused_because("the ACPI root table lies outside accessible memory"));
        }
    }
    SECTION("impossible length: below the header, absurd, or not whole entries") {
        for (uint32_t length : {0u, 35u, (1u << 20) + 1, 0xffff'ffffu}) {
            put_root(ByteBuilder(sound).set(4, length));
            CHECK(machine.refused_because("the ACPI root table states an impossible length"));
        }
        put_root(acpi_table("XSDT", ByteBuilder().add(madt_address).zeros(4).bytes()));
        CHECK(machine.refused_because("the ACPI root table states an impossible length"));
    }
    SECTION("wrong checksum") {
        put_root(ByteBuilder(sound).flip(40 * 8));
        CHECK(machine.refused_because("the ACPI root table has a wrong checksum"));
    }
    SECTION("wrong signature: an RSDT where an XSDT should be") {
        put_root(acpi_table("RSDT", ByteBuilder().add(madt_address).bytes()));
        CHECK(machine.refused_because("the ACPI root table is neither RSDT nor XSDT"));
    }
    SECTION("no MADT: no entries, or others only") {
        put_root(acpi_table("XSDT", {}));
        CHECK(machine.refused_because("there is no ACPI interrupt controller table (MADT)"));
        put_root(acpi_table("XSDT", ByteBuilder().add(other_address).bytes()));
        CHECK(machine.refused_because("there is no ACPI interrupt controller table (MADT)"));
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
    }
    SECTION("an absurd number of entries is walked once") {
        ByteBuilder entries;
        for (unsigned i = 0; i < 100'000; ++i)
            entries.add(xsdt_address);
        put_root(acpi_table("XSDT", entries.bytes()));
        CHECK(machine.refused_because("there is no ACPI interrupt controller table (MADT)"));
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
        Machine old(0);
        old.memory.remove(xsdt_address); // the MADT is the end of memory
        old.memory.put(madt_address, ByteBuilder(sound).cut(sound.size() - 1).bytes());
        CHECK(old.refused_because("the MADT lies outside accessible memory"));
    }
    SECTION("impossible length") {
        for (uint32_t length : {0u, 35u, 0xffff'ffffu}) {
            put_madt(ByteBuilder(sound).set(4, length));
            CHECK(machine.refused_because("the MADT states an impossible length"));
        }
        put_madt(acpi_table("APIC", ByteBuilder().zeros(7).bytes()));
        CHECK(machine.refused_because("the MADT states an impossible length"));
    }
    SECTION("wrong checksum") {
        put_madt(ByteBuilder(sound).flip(300));
        CHECK(machine.refused_because("the MADT has a wrong checksum"));
    }
    SECTION("entry of length 0 or 1 does not loop") {
        for (uint8_t length : {0, 1})
            CHECK(machine.madt(ordinary_madt().raw(3, length, 6))
                      .refused_because("a MADT entry is shorter than its header"));
        CHECK(machine.madt(ordinary_madt().raw(99, 0, 0)).refused_because("a MADT entry is shorter than its header"));
    }
    SECTION("entry past the end, and half a header") {
        CHECK(machine.madt(ordinary_madt().raw(1, 12, 9))
                  .refused_because("a MADT entry extends past the end of the table"));
        CHECK(machine.madt(ordinary_madt().raw(99, 255, 0))
                  .refused_because("a MADT entry extends past the end of the table"));
        ByteBuilder half = ordinary_madt().table();
        half.add<uint8_t>(1).set<uint32_t>(4, static_cast<uint32_t>(half.size()));
        put_madt(half.fix_checksum(0, half.size(), 9));
        CHECK(machine.refused_because("a MADT entry is shorter than its header"));
    }
    SECTION("entry shorter than its fields") {
        for (auto [type, length] : {std::pair<uint8_t, uint8_t>{1, 11}, {5, 11}})
            CHECK(machine.madt(ordinary_madt().raw(type, length, length - 2u))
                      .refused_because("a MADT entry is shorter than its fields"));
    }
    SECTION("longer entries, and types that are not read, are passed over") {
        CHECK(machine.madt(MadtBuilder().raw(127, 40, 38).raw(0, 20, 18).io_apic(1, 0xfec0'0000, 0)).read());
        CHECK(machine.madt(ordinary_madt().raw(0, 7, 5).raw(2, 2, 0).source_override(0, 16, 16, 0)).read());
    }
    SECTION("no I/O APIC") {
        CHECK(machine.madt(MadtBuilder().local_apic(0, 1)).refused_because("the MADT names no I/O APIC"));
    }
    SECTION("no local APIC address, or an unaligned one") {
        CHECK(machine.madt(MadtBuilder(0).io_apic(0, 0xfec0'0000, 0))
                  .refused_because("the MADT names no local APIC address"));
        CHECK(machine.madt(MadtBuilder(0xfee0'0800).io_apic(0, 0xfec0'0000, 0))
                  .refused_because("the MADT names no local APIC address"));
    }
    SECTION("a 64-bit local APIC address replaces the other one") {
        REQUIRE(machine.madt(ordinary_madt().local_apic_address(0x8'0000'0000)).read());
        CHECK(machine.controllers.local_apic == PhysAddr(0x8'0000'0000));
    }
    SECTION("impossible I/O APIC addresses") {
        for (uint32_t address : {0u, 0xfec0'0001u, 0xfec0'0ff0u})
            CHECK(machine.madt(MadtBuilder().io_apic(0, address, 0))
                      .refused_because("the registers of an I/O APIC do not start a page"));
    }
    SECTION("two I/O APICs at one address") {
        CHECK(machine.madt(ordinary_madt().io_apic(1, 0xfec0'0000, 24))
                  .refused_because("the MADT names an I/O APIC twice"));
        CHECK(machine.madt(ordinary_madt().io_apic(1, 0xfec0'1000, 24)).read());
        CHECK(machine.controllers.io_apics.size() == 2);
    }
    SECTION("more I/O APICs than there is room for") {
        MadtBuilder madt;
        for (uint8_t i = 0; i < 16; ++i)
            madt.io_apic(i, 0xfec0'0000 + i * 0x1000u, i * 24u);
        CHECK(machine.madt(madt).read());
        CHECK(machine.madt(madt.io_apic(16, 0xfed0'0000, 1000)).refused_because("the MADT names too many I/O APICs"));
    }
}

TEST_CASE("every prefix and every flipped bit of a MADT with a right checksum is read within bounds") {
    const ByteBuilder sound = ordinary_madt().local_apic_address(0xfee0'0000).raw(4, 6, 4).table();
    size_t accepted = 0, refused = 0;
    const auto read = [&](const ByteBuilder& table) {
        const test::ExactBytes memory(table.bytes());
        InterruptControllers controllers;
        const bool ok = test::complaint_of([&] { read_madt(memory.span(), controllers); }).empty();
        ++(ok ? accepted : refused);
        if (!ok)
            return;
        CHECK_FALSE(controllers.io_apics.is_empty());
        for (const PhysAddr address : controllers.io_apics)
            CHECK((address != PhysAddr(0) && address.is_aligned_to(4096)));
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

} // namespace
