// SPDX-License-Identifier: BSD-2-Clause
// The kernel's own page tables, walked as the CPU would.
#include <support/catch.hpp>

#include <arch/x86_64/boot/early_paging.hpp>
#include <arch/x86_64/paging/walk.hpp>
#include <kernel_host.hpp>
#include <mem/direct_map.hpp>
#include <support/memory_maps.hpp>

#include <cstdlib>
#include <memory>
#include <optional>

namespace {

using namespace kernel;
using namespace kernel::x86;
using test::range;

constexpr uint64_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;

struct Leaf {
    Entry entry;
    Level level;

    bool is_present() const { return entry.is_present(); }
    bool is_large() const { return level != Level::pt; }
    bool is_uncacheable() const { return (entry.raw() >> 3 & 3) == 3; }
    uint64_t address() const { return entry.page_address(level).raw(); }
};

/// Kernel image at 1-2 MiB, page tables from there on; only this much of the machine's memory exists.
class Machine {
public:
    static constexpr size_t real_bytes = 16 * mib;

    explicit Machine(std::vector<test::Map> map, std::vector<test::ModuleAt> modules = {})
        : bytes_(static_cast<uint8_t*>(std::aligned_alloc(4096, real_bytes)), &std::free), old_base_(host_window_base) {
        host_window_base = reinterpret_cast<Word>(bytes_.get());
        test::claim_all(memory, map, modules);
        memory.claim(image_range, MemoryUse::held);
        features.no_execute = features.global_pages = features.huge_pages = true;
    }
    ~Machine() { host_window_base = old_base_; }
    Machine(const Machine&) = delete;

    void map() {
        list_ram(memory, ram);
        tables.emplace(memory, features);
        const auto map_image = [&](PhysRange part, Mapping mapping) {
            tables->map(layout::kernel_image + part.start.raw(), part, mapping);
        };
        map_image(range(mib, mib + 64 * kib), Mapping::code);
        map_image(range(mib + 64 * kib, mib + 128 * kib), Mapping::constants);
        map_image(range(mib + 128 * kib, mib + 256 * kib), Mapping::data);
        map_image(range(mib + 260 * kib, 2 * mib), Mapping::data);
        for (const PhysRange& piece : ram)
            tables->map(layout::physical_window + piece.start.raw(), piece, Mapping::data);
    }
    /// The leaf entry that maps `address`, or an entry that is not present; and where it stands.
    Leaf find(VirtAddr address) const {
        const WalkResult found = walk(tables->pml4(), address);
        return {*found.entry, found.level};
    }
    Leaf in_window(uint64_t address) const { return find(layout::physical_window + address); }
    Leaf in_image(uint64_t address) const { return find(layout::kernel_image + address); }

    static constexpr PhysRange image_range{PhysAddr(mib), PhysAddr(2 * mib)};
    BootMemory memory;
    CpuFeatures features{};
    RangeList ram;
    std::optional<KernelTables> tables;

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
        const Leaf leaf = machine.in_window(at);
        if (!leaf.is_present())
            continue;
        CHECK_FALSE(leaf.entry.is_executable());
        CHECK_FALSE(leaf.entry.is_user());
    }
    for (uint64_t at = mib; at < 2 * mib; at += 4096) {
        const Leaf leaf = machine.in_image(at);
        CHECK_FALSE((leaf.entry.is_writable() && leaf.entry.is_executable()));
        CHECK_FALSE(leaf.entry.is_user());
        CHECK_FALSE(leaf.is_large());
    }
}

TEST_CASE("kernel map: the image has the rights of its parts, and a hole where no part is") {
    Machine machine(map_of_4_gib);
    machine.map();
    CHECK((machine.in_image(mib).entry.is_executable() && !machine.in_image(mib).entry.is_writable()));
    CHECK_FALSE(machine.in_image(mib + 64 * kib).entry.is_executable());
    CHECK_FALSE(machine.in_image(mib + 64 * kib).entry.is_writable());
    CHECK(machine.in_image(mib + 128 * kib).entry.is_writable());
    CHECK(machine.in_image(mib + 252 * kib).address() == mib + 252 * kib);
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
        CHECK(machine.in_window(gib + 12345).address() == gib);
        CHECK(machine.in_window(gib + 4 * mib).address() == (huge ? gib : gib + 4 * mib));
        CHECK(machine.in_window(4 * mib).is_large());
        const uint64_t edge = 3 * gib - 0x2'1000 - 4096;
        CHECK_FALSE(machine.in_window(edge).is_large());
        CHECK(machine.in_window(edge).address() == edge);
    }
}

TEST_CASE("kernel map: boot modules are in the window, to the end of their last page") {
    Machine machine({{mib, 63 * mib, 1}}, {{8 * mib, 8 * mib + 5000}});
    machine.map();
    CHECK(machine.ram.size() == 1); // all RAM behind the image: the module is no gap
    CHECK(machine.in_window(8 * mib).is_present());
    CHECK(machine.in_window(8 * mib + 8191).is_present());
}

TEST_CASE("kernel map: execute-never only where the CPU has it") {
    Machine machine(map_of_4_gib);
    machine.features.no_execute = false;
    machine.map();
    CHECK((machine.in_window(4 * mib).entry.raw() >> 63) == 0);
    CHECK((machine.in_image(mib + 128 * kib).entry.raw() >> 63) == 0);
}

TEST_CASE("kernel map: the tables themselves are for ring 0 only") {
    Machine machine(map_of_4_gib);
    machine.map();
    for (const VirtAddr at : {layout::physical_window + 2 * mib, layout::kernel_image + mib})
        for (const Level level : {Level::pml4, Level::pdpt})
            CHECK_FALSE(walk(machine.tables->pml4(), at, level).entry->is_user());
}

TEST_CASE("kernel map: device registers are uncached and stay out of reach of a large page") {
    Machine machine(map_of_4_gib);
    machine.map();
    machine.tables->map(layout::device_window, range(0xfee0'0000, 0xfee0'1000), Mapping::device);
    const Leaf leaf = machine.find(layout::device_window);
    CHECK((leaf.is_uncacheable() && leaf.entry.is_writable() && !leaf.entry.is_executable() && !leaf.is_large()));
    CHECK_FALSE(machine.find(layout::device_window + 4096).is_present());
}

TEST_CASE("kernel map: the pages of the tables are held, and running out of them is an error") {
    Machine machine(map_of_4_gib);
    const Word before = machine.memory.free_bytes();
    machine.map();
    const Word taken = before - machine.memory.free_bytes();
    CHECK(taken % 4096 == 0);
    CHECK(taken >= 6 * 4096);
    CHECK(machine.memory.region_at(machine.tables->pml4()).use == MemoryUse::held);

    Machine tiny({{mib, mib + 8 * kib, 1}}); // image, and two pages
    CHECK(test::complaint_of([&] { tiny.map(); }) == "there is not enough memory");
    Machine high({{mib, mib, 1}, {4 * gib, gib, 1}}); // image, and nothing that boot/head.S's tables show
    CHECK(test::complaint_of([&] { high.map(); }) == "there is not enough memory below 4 GiB");
}

} // namespace
