// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own page tables, walked as the CPU would.
#include <support/catch.hpp>

#include <arch/x86_64/boot/early_paging.hpp>
#include <mem/direct_map.hpp>
#include <support/memory_maps.hpp>

#include <cstdlib>
#include <memory>

namespace {

using namespace kernel;
using namespace kernel::x86;
using test::range;

constexpr uint64_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;

/// Kernel image at 1-2 MiB, page tables from there on; only this much of the machine's memory exists.
class Machine {
public:
    static constexpr size_t real_bytes = 16 * mib;

    explicit Machine(std::vector<test::Map> map, std::vector<test::ModuleAt> modules = {})
        : bytes_(static_cast<uint8_t*>(std::aligned_alloc(4096, real_bytes)), &std::free), old_base_(host_window_base) {
        host_window_base = reinterpret_cast<Word>(bytes_.get());
        test::make_image(image, map, modules);
        image.info = range(0x9000, 0x9800);
        memory.start(image);
        REQUIRE(memory.hold(image_range));
        features.no_execute = features.global_pages = features.huge_pages = true;
    }
    ~Machine() { host_window_base = old_base_; }
    Machine(const Machine&) = delete;

    void map() {
        REQUIRE(list_ram(memory, image, ram));
        REQUIRE(tables.start());
        const ImagePart parts[] = {{range(mib, mib + 64 * kib), Mapping::code},
                                   {range(mib + 64 * kib, mib + 128 * kib), Mapping::constants},
                                   {range(mib + 128 * kib, mib + 256 * kib), Mapping::data},
                                   {range(mib + 260 * kib, 2 * mib), Mapping::data}};
        REQUIRE(map_kernel(tables, parts, ram.values()));
    }
    KernelEntry in_window(uint64_t address) const { return tables.find(layout::physical_window + address); }
    KernelEntry in_image(uint64_t address) const { return tables.find(layout::kernel_image + address); }

    static constexpr PhysRange image_range{PhysAddr(mib), PhysAddr(2 * mib)};
    BootImage image{};
    BootMemory memory;
    CpuFeatures features;
    RangeList ram;
    KernelTables tables{memory, features};

private:
    std::unique_ptr<uint8_t, void (*)(void*)> bytes_;
    Word old_base_;
};

const std::vector<test::Map> map_of_4_gib = {
    {0, 0x9'fc00, 1}, {mib, 3 * gib - mib - 0x2'1000, 1}, {3 * gib - 0x2'1000, 0x2'1000, 2}, {4 * gib, gib, 1}};

TEST_CASE("kernel map: nothing is writable and executable, nothing is for ring 3") {
    Machine machine(map_of_4_gib);
    machine.map();
    for (uint64_t at = 0; at < 6 * gib; at += 256 * kib + 4096) {
        const KernelEntry entry = machine.in_window(at);
        if (!entry.is_present())
            continue;
        CHECK_FALSE(entry.is_executable());
        CHECK_FALSE(entry.is_user());
    }
    for (uint64_t at = mib; at < 2 * mib; at += 4096) {
        const KernelEntry entry = machine.in_image(at);
        CHECK_FALSE((entry.is_writable() && entry.is_executable()));
        CHECK_FALSE(entry.is_user());
        CHECK_FALSE(entry.is_large());
    }
}

TEST_CASE("kernel map: the image has the rights of its parts, and a hole where no part is") {
    Machine machine(map_of_4_gib);
    machine.map();
    CHECK((machine.in_image(mib).is_executable() && !machine.in_image(mib).is_writable()));
    CHECK_FALSE(machine.in_image(mib + 64 * kib).is_executable());
    CHECK_FALSE(machine.in_image(mib + 64 * kib).is_writable());
    CHECK(machine.in_image(mib + 128 * kib).is_writable());
    CHECK(machine.in_image(mib + 252 * kib).address() == PhysAddr(mib + 252 * kib));
    CHECK_FALSE(machine.in_image(mib + 256 * kib).is_present()); // the guard page
    CHECK(machine.in_image(mib + 260 * kib).is_present());
    CHECK_FALSE(machine.in_image(2 * mib).is_present());
}

TEST_CASE("kernel map: the window shows RAM on both sides of the PCI hole, and nothing else") {
    Machine machine(map_of_4_gib);
    machine.map();
    const uint64_t low_end = 3 * gib - 0x2'1000;
    CHECK(machine.in_window(2 * mib).is_present());
    CHECK(machine.in_window(low_end - 1).is_present());
    CHECK_FALSE(machine.in_window(low_end).is_present());
    CHECK_FALSE(machine.in_window(3 * gib).is_present());
    CHECK(machine.in_window(4 * gib).is_present());
    CHECK(machine.in_window(5 * gib - 1).is_present());
    CHECK_FALSE(machine.in_window(5 * gib).is_present());
    CHECK(machine.in_window(0x9123).is_present()); // the multiboot2 information
    CHECK_FALSE(machine.in_window(0x8000).is_present());
}

TEST_CASE("kernel map: the window has no alias of the kernel image") {
    Machine machine(map_of_4_gib);
    machine.map();
    for (uint64_t at = mib; at < 2 * mib; at += 4096)
        CHECK_FALSE(machine.in_window(at).is_present());
}

TEST_CASE("kernel map: pages are as large as alignment and CPU permit") {
    for (const bool huge : {false, true}) {
        Machine machine(map_of_4_gib);
        machine.features.huge_pages = huge;
        machine.map();
        CHECK(machine.in_window(gib + 12345).address() == PhysAddr(gib));
        CHECK(machine.in_window(gib + 4 * mib).address() == PhysAddr(huge ? gib : gib + 4 * mib));
        CHECK(machine.in_window(4 * mib).is_large());
        const uint64_t edge = 3 * gib - 0x2'1000 - 4096;
        CHECK_FALSE(machine.in_window(edge).is_large());
        CHECK(machine.in_window(edge).address() == PhysAddr(edge));
    }
}

TEST_CASE("kernel map: boot modules are in the window, to the end of their last page") {
    Machine machine({{mib, 63 * mib, 1}}, {{8 * mib, 8 * mib + 5000}});
    machine.map();
    CHECK(machine.ram.size() == 2); // the information, and all RAM behind the image: the module is no gap
    CHECK(machine.in_window(8 * mib).is_present());
    CHECK(machine.in_window(8 * mib + 8191).is_present());
}

TEST_CASE("kernel map: execute-never only where the CPU has it") {
    Machine machine(map_of_4_gib);
    machine.features.no_execute = false;
    machine.map();
    CHECK((machine.in_window(4 * mib).raw() >> 63) == 0);
    CHECK((machine.in_image(mib + 128 * kib).raw() >> 63) == 0);
}

TEST_CASE("kernel map: device registers are uncached and stay out of reach of a large page") {
    Machine machine(map_of_4_gib);
    REQUIRE(machine.tables.start());
    REQUIRE(machine.tables.map(layout::device_window, range(0xfee0'0000, 0xfee0'1000), Mapping::device));
    const KernelEntry entry = machine.tables.find(layout::device_window);
    CHECK((entry.is_uncacheable() && entry.is_writable() && !entry.is_executable() && !entry.is_large()));
    CHECK_FALSE(machine.tables.find(layout::device_window + 4096).is_present());
}

TEST_CASE("kernel map: the pages of the tables are held, and running out of them is an error") {
    Machine machine(map_of_4_gib);
    const Word before = machine.memory.free_bytes();
    machine.map();
    const Word taken = before - machine.memory.free_bytes();
    CHECK(taken % 4096 == 0);
    CHECK(taken >= 6 * 4096);
    CHECK(machine.memory.region_at(machine.tables.pml4()).use == MemoryUse::held);

    Machine tiny({{mib, mib + 8 * kib, 1}}); // image, and two pages
    RangeList ram;
    REQUIRE(tiny.tables.start());
    const auto mapped = tiny.tables.map(layout::physical_window, range(4 * mib, 4 * mib + 4096), Mapping::data);
    REQUIRE_FALSE(mapped);
    CHECK(mapped.error() == BootError::out_of_memory);
}

} // namespace
