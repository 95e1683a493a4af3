// SPDX-License-Identifier: BSD-2-Clause
// Power-off out of the firmware's tables: what QEMU's and Bochs's look like, and what broken ones do.
#include <catch.hpp>
#include <cstring>
#include <init/acpi.hpp>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace init::acpi;

namespace {

using Bytes = std::vector<uint8_t>;

void put(Bytes& bytes, size_t offset, uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
        bytes.at(offset + i) = static_cast<uint8_t>(value >> 8 * i);
}
void fix_checksum(Bytes& table) {
    table[9] = 0;
    uint8_t sum = 0;
    for (const uint8_t byte : table)
        sum = static_cast<uint8_t>(sum + byte);
    table[9] = static_cast<uint8_t>(-sum);
}
Bytes make_table(const char* signature, size_t length) {
    Bytes table(length);
    std::memcpy(table.data(), signature, 4);
    put(table, 4, length, 4);
    return table;
}

struct Firmware {
    static constexpr Word rsdt_at = 0x7fe0000, fadt_at = 0x7fe1100, dsdt_at = 0x7fe2200;
    std::map<Word, Bytes> memory;
    Bytes rsdp = Bytes(36);

    explicit Firmware(const Bytes& s5) {
        std::memcpy(rsdp.data(), "RSD PTR ", 8);
        put(rsdp, 16, rsdt_at, 4);
        Bytes rsdt = make_table("RSDT", 36 + 8);
        put(rsdt, 36, 0x7fe0f00, 4); // some other table
        put(rsdt, 40, fadt_at, 4);
        memory[0x7fe0f00] = make_table("APIC", 44);
        Bytes fadt = make_table("FACP", 116);
        put(fadt, 40, dsdt_at, 4);
        put(fadt, 48, 0xb2, 4);
        fadt[52] = 2;
        put(fadt, 64, 0x604, 4);
        Bytes dsdt = make_table("DSDT", 36 + 50);
        std::copy(s5.begin(), s5.end(), dsdt.begin() + 60);
        set(rsdt_at, rsdt);
        set(fadt_at, fadt);
        set(dsdt_at, dsdt);
    }
    void set(Word at, Bytes table) {
        fix_checksum(table);
        memory[at] = table;
    }
    static bool read(void* context, Word physical, std::span<uint8_t> into) {
        for (const auto& [start, bytes] : static_cast<Firmware*>(context)->memory) {
            if (physical < start || physical - start > bytes.size() || into.size() > bytes.size() - (physical - start))
                continue;
            std::copy_n(bytes.begin() + static_cast<long>(physical - start), into.size(), into.begin());
            return true;
        }
        return false;
    }
    Result<PowerOff> find() { return find_power_off(PhysicalReader(read, this), rsdp); }
    Fault fault() {
        const auto result = find();
        REQUIRE(!result);
        return static_cast<Fault>(result.error().detail(0));
    }
};

// Name (_S5, Package (4) {5, 5, 0, 0}), as iasl writes it
const Bytes bochs_s5{0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x0a, 0x05, 0x00, 0x00};
// Name (\_S5, Package (4) {Zero, Zero, Zero, Zero}), as QEMU writes it
const Bytes qemu_s5{0x08, '\\', '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00};

} // namespace

TEST_CASE("power-off is found in tables such as Bochs has", "[init][acpi]") {
    Firmware firmware(bochs_s5);
    const auto how = firmware.find();
    REQUIRE(how);
    CHECK(how->pm1a_control == 0x604);
    CHECK(how->pm1b_control == 0);
    CHECK(how->sleep_type_a == 5);
    CHECK(how->smi_command == 0xb2);
    CHECK(how->acpi_enable == 2);
    CHECK(PowerOff::control_word(1, how->sleep_type_a) == (5 << 10 | 1 << 13 | 1));
}

TEST_CASE("power-off is found in tables such as QEMU has", "[init][acpi]") {
    Firmware firmware(qemu_s5);
    const auto how = firmware.find();
    REQUIRE(how);
    CHECK(how->sleep_type_a == 0);
    CHECK(PowerOff::control_word(0x1c00, 0) == 0x2000);
}

TEST_CASE("broken firmware tables are refused by name", "[init][acpi]") {
    SECTION("no root pointer") {
        Firmware firmware(qemu_s5);
        firmware.rsdp[0] = 'X';
        CHECK(firmware.fault() == Fault::bad_signature);
        firmware.rsdp.clear();
        CHECK(firmware.fault() == Fault::bad_signature);
    }
    SECTION("tables that cannot be read") {
        for (const Word at : {Firmware::rsdt_at, Firmware::dsdt_at}) {
            Firmware firmware(qemu_s5);
            firmware.memory.erase(at);
            CHECK(firmware.fault() == Fault::unreadable);
        }
    }
    SECTION("no FADT") {
        Firmware firmware(qemu_s5);
        firmware.memory.erase(Firmware::fadt_at);
        CHECK(firmware.fault() == Fault::no_fadt);
    }
    SECTION("checksum") {
        Firmware firmware(qemu_s5);
        firmware.memory[Firmware::dsdt_at][50] ^= 1;
        CHECK(firmware.fault() == Fault::bad_checksum);
    }
    SECTION("length") {
        for (const uint32_t length : {0u, 35u, 0xffff'ffffu}) {
            Firmware firmware(qemu_s5);
            put(firmware.memory[Firmware::rsdt_at], 4, length, 4);
            CHECK(firmware.fault() == Fault::bad_length);
        }
    }
    SECTION("no control registers") {
        for (const uint32_t port : {0u, 0x1'0000u}) {
            Firmware firmware(qemu_s5);
            Bytes fadt = firmware.memory[Firmware::fadt_at];
            put(fadt, 64, port, 4);
            firmware.set(Firmware::fadt_at, fadt);
            CHECK(firmware.fault() == Fault::no_registers);
        }
    }
    SECTION("no \\_S5") {
        Firmware firmware(Bytes{0x08, '_', 'S', '4', '_', 0x12, 0x06, 0x04, 0, 0, 0, 0});
        CHECK(firmware.fault() == Fault::no_s5);
    }
}

TEST_CASE("a cut or damaged \\_S5 package is never read beyond its end", "[init][acpi][property]") {
    for (size_t length = 0; length < qemu_s5.size(); ++length) {
        const Bytes cut(qemu_s5.begin(), qemu_s5.begin() + static_cast<long>(length)); // ASan watches the end
        const auto types = find_s5(cut);
        CHECK(!types);
    }
    std::mt19937 random(5);
    for (int i = 0; i < 20000; ++i) {
        Bytes aml(bochs_s5);
        for (int k = 0; k < 3; ++k)
            aml[random() % aml.size()] = static_cast<uint8_t>(random());
        aml.resize(random() % (aml.size() + 1));
        const auto types = find_s5(aml);
        static_cast<void>(types);
    }
}

TEST_CASE("random bytes in the tables never hang or crash the search", "[init][acpi][property]") {
    std::mt19937 random(6);
    for (int i = 0; i < 2000; ++i) {
        Firmware firmware(i % 2 != 0 ? qemu_s5 : bochs_s5);
        for (auto& [at, table] : firmware.memory) {
            for (int k = 0; k < 2; ++k)
                table[random() % table.size()] = static_cast<uint8_t>(random());
            if (random() % 2 != 0)
                fix_checksum(table);
        }
        const auto how = firmware.find();
        static_cast<void>(how);
    }
}
