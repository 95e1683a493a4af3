// SPDX-License-Identifier: BSD-2-Clause
#include <support/translation_caches.hpp>

#include <cinttypes>
#include <cstdio>

namespace test {
namespace {

using spec::Word;
using spec::mmu::Entry;
using spec::mmu::index_of;
using spec::mmu::span_bits;

constexpr unsigned user_entries = 256;

} // namespace

template <class Condition>
void TranslationCaches::forget(Condition&& condition) {
    std::erase_if(cached_, [&](const auto& item) { return condition(item.first); });
}

void TranslationCaches::load_cr3(Word value) {
    look();
    const bool keep = pcids_ && value >> 63 != 0;
    const Word target = pcids_ ? value & 4095 : 0;
    if (!keep)
        forget([&](const Key& key) { return key.pcid == target; });
    cr3_ = value & ~(Word{1} << 63);
    roots_[target] = root();
    look();
}

/// A change of PGE throws everything away, for all PCIDs.
void TranslationCaches::load_cr4(Word value) {
    look();
    if ((value ^ cr4_) & 0x80)
        cached_.clear();
    cr4_ = value;
    look();
}

/// All paging-structure caches of the PCID go, and translations of the page (SDM: INVLPG, INVPCID type 0).
void TranslationCaches::forget_address(Word pcid, Word address) {
    forget([&](const Key& key) {
        if (key.pcid != pcid)
            return false;
        if (!Entry{key.entry}.maps_page(key.level))
            return true;
        return address >> span_bits(key.level) == key.prefix;
    });
}

void TranslationCaches::invlpg(Word address) {
    look();
    forget_address(pcid(), address);
    look();
}

void TranslationCaches::invpcid_address(Word pcid, Word address) {
    look();
    forget_address(pcid, address);
    look();
}

void TranslationCaches::invpcid_context(Word pcid) {
    look();
    forget([&](const Key& key) { return key.pcid == pcid; });
    look();
}

void TranslationCaches::invpcid_all() {
    cached_.clear();
    look();
}

void TranslationCaches::walk(Word table, unsigned level, Word prefix) {
    const Word* const entries = memory_(table);
    const unsigned count = level == 4 ? user_entries : 512;
    for (unsigned i = 0; i < count; i++) {
        const Entry entry = Entry{entries[i]}.without_marks();
        if (!entry.present())
            continue;
        const Word here = prefix << 9 | i;
        cached_[{pcid(), level, here, entry.raw}] = pass_;
        if (!entry.maps_page(level))
            walk(entry.next_table(), level - 1, here);
    }
}

void TranslationCaches::look() {
    if (root() == 0)
        return;
    pass_++;
    stale_ = false;
    walk(root(), 4, 0);
    // What was cached earlier and is no longer in the tables may be the start of a walk as well.
    for (bool found = true; found;) {
        found = false;
        for (auto& [key, pass] : cached_) {
            if (pass == pass_ || key.pcid != pcid())
                continue;
            pass = pass_;
            stale_ = true;
            if (Entry{key.entry}.maps_page(key.level))
                continue;
            found = true;
            const Key stale = key;
            walk(Entry{stale.entry}.next_table(), stale.level - 1, stale.prefix);
            break; // the walk may have moved everything
        }
    }
}

void TranslationCaches::mark(bool dirty, const Marked& marked) {
    if (root() == 0)
        return;
    for (const auto& [key, pass] : cached_) {
        if (pass != pass_ || key.pcid != pcid())
            continue;
        Word table = root();
        for (unsigned level = 4;; level--) {
            const unsigned index = index_of(key.prefix << span_bits(key.level), level);
            Word& raw = const_cast<Word*>(memory_(table))[index];
            const Entry entry{raw};
            if (!entry.present())
                break;
            const bool is_written = dirty && entry.maps_page(level) && entry.writable();
            raw |= 0x20 | (is_written ? 0x40 : 0);
            marked(table, index, is_written);
            if (entry.maps_page(level) || level == key.level)
                break;
            table = entry.next_table();
        }
    }
}

std::string TranslationCaches::check(const Key& key, const Truth& truth) const {
    const Entry cached{key.entry};
    Word table = roots_.at(key.pcid);
    if (pcids_ && key.pcid != 0 && truth.root_of(key.pcid) != table)
        return truth.root_of(key.pcid) == 0 ? "" : "is from an earlier space of that number";
    const Word address = key.prefix << span_bits(key.level);
    for (unsigned level = 4;; level--) {
        if (!truth.is_live(table, level))
            return "was read from a table that is gone";
        const Entry entry = Entry{memory_(table)[index_of(address, level)]}.without_marks();
        if (!entry.present())
            return "is no longer in the tables";
        if (level > key.level) {
            if (entry.maps_page(level))
                return "lies below a large page";
            table = entry.next_table();
            continue;
        }
        if (entry.maps_page(level) != cached.maps_page(level))
            return "is a page here and a table there";
        if (cached.next_table() != entry.next_table())
            return "leads elsewhere";
        if ((cached.writable() && !entry.writable()) || (cached.user() && !entry.user()) ||
            (!cached.execute_disable() && entry.execute_disable()))
            return "grants more than the tables";
        if (cached.maps_page(level) && cached.memory_type(level) != entry.memory_type(level))
            return "has another memory type";
        if (!truth.is_live(cached.maps_page(level) ? entry.page(level) : entry.next_table(),
                           cached.maps_page(level) ? 0 : level - 1))
            return "names memory that is gone or of another type";
        return {};
    }
}

std::string TranslationCaches::wrong(const Truth& truth) const {
    for (const auto& [key, _] : cached_) {
        const std::string what = check(key, truth);
        if (what.empty())
            continue;
        char text[200];
        std::snprintf(text, sizeof text,
                      "cached for PCID %" PRIu64 " at 0x%" PRIx64 ", level %u: entry 0x%" PRIx64 " %s", key.pcid,
                      key.prefix << span_bits(key.level), key.level, key.entry, what.c_str());
        return text;
    }
    return {};
}

} // namespace test
