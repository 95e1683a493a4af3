// SPDX-License-Identifier: BSD-2-Clause
// Memory maps for tests: by hand, at random, and a model that says of a single address what it is for.
#pragma once

#include <boot/boot_memory.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <vector>

namespace test {

inline kernel::PhysRange range(uint64_t start, uint64_t end) {
    return {kernel::PhysAddr(start), kernel::PhysAddr(end)};
}

struct Map {
    uint64_t base, length;
    uint32_t type;
};

struct ModuleAt {
    uint64_t start, end;
};

/// What boot/multiboot2.cpp makes of a memory map and modules.
inline void claim_all(kernel::BootMemory& memory, const std::vector<Map>& map,
                      const std::vector<ModuleAt>& modules = {}) {
    memory.start();
    for (const Map& entry : map)
        memory.claim(range(entry.base, entry.base + entry.length),
                     entry.type == 1 ? kernel::MemoryUse::ram : kernel::MemoryUse::device);
    memory.settle();
    for (const ModuleAt& module : modules)
        memory.claim(range(module.start, kernel::align_up(module.end, 4096)), kernel::MemoryUse::module);
}

/// The rules of boot/boot_memory.hpp, said again for one page at a time.
class MemoryModel {
public:
    std::vector<Map> map;
    std::vector<ModuleAt> modules;
    std::vector<kernel::PhysRange> held;

    kernel::MemoryUse use_of(uint64_t address) const {
        using kernel::MemoryUse;
        const uint64_t page = address & ~uint64_t{0xfff};
        if (address >= 0xffff'fff0 && address <= 0xffff'ffff)
            return MemoryUse::held;
        for (const kernel::PhysRange& kept : held)
            if (overlaps_page(page, kept.start.raw(), kept.end.raw()))
                return MemoryUse::held;
        for (const ModuleAt& module : modules)
            if (overlaps_page(page, module.start, module.end))
                return MemoryUse::module;
        if (!is_usable_page(page))
            return MemoryUse::device;
        return page < (uint64_t{8} << 40) ? MemoryUse::ram : MemoryUse::held;
    }

    /// Addresses worth looking at inside a range: its ends and some in between.
    std::vector<uint64_t> probes(kernel::PhysRange range) const {
        const uint64_t start = range.start.raw(), size = range.size();
        return {start, start + size - 1, start + size / 2, start + size / 3, start + size - size / 5 - 1};
    }

private:
    static bool overlaps_page(uint64_t page, uint64_t start, uint64_t end) {
        return start < end && start < page + 4096 && page < end;
    }

    bool is_usable_page(uint64_t page) const {
        if (page < 0x10'0000 || page == 0xffff'f000)
            return false;
        std::vector<uint64_t> points{page};
        for (const Map& entry : map) {
            if (!overlaps_page(page, entry.base, entry.base + entry.length))
                continue;
            if (entry.type != 1)
                return false;
            points.push_back(std::max(page, entry.base));
            points.push_back(std::min(page + 4095, entry.base + entry.length));
        }
        return std::all_of(points.begin(), points.end(), [&](uint64_t point) {
            return std::any_of(map.begin(), map.end(), [&](const Map& entry) {
                return entry.type == 1 && entry.base <= point && point - entry.base < entry.length;
            });
        });
    }
};

/// A memory map such as firmware might report at its worst: unsorted, overlapping, unaligned; modules and held ranges.
inline void make_random_machine(Random& random, kernel::BootMemory& memory, MemoryModel& model,
                                unsigned most_entries = 20) {
    const unsigned entries = 1 + static_cast<unsigned>(random.below(most_entries));
    const bool aligned = random.one_in(2);
    for (unsigned i = 0; i < entries; ++i) {
        uint64_t base = random.of_any_size(random.one_in(8) ? 46 : 33), length = 1 + random.of_any_size(31);
        if (aligned)
            base &= ~uint64_t{0xfff}, length = (length + 4095) & ~uint64_t{0xfff};
        model.map.push_back({base, length, random.one_in(3) ? static_cast<uint32_t>(random.below(6)) : 1});
    }
    for (uint64_t i = random.below(4); i != 0; --i) {
        const uint64_t start = random.of_any_size(31) & ~uint64_t{0xfff};
        model.modules.push_back({start, start + random.of_any_size(20)});
    }
    claim_all(memory, model.map, model.modules);
    for (uint64_t i = random.below(5); i != 0; --i) {
        const uint64_t start = kernel::align_down(random.of_any_size(32), 4096);
        const auto kept = range(start, start + kernel::align_up(random.of_any_size(20), 4096));
        memory.claim(kept, kernel::MemoryUse::held);
        model.held.push_back(kept);
    }
}

} // namespace test
