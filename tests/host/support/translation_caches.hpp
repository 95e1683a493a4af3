// SPDX-License-Identifier: BSD-2-Clause
// What the simulated CPU may have cached of the page tables: TLB entries and paging-structure caches, by PCID (SDM
// Vol. 3A, "Caching Translation Information"). The most hostile CPU that the manual allows: whatever could be reached
// while a space was loaded may be cached, for ever, until an instruction is executed that must throw it away. It sees
// the tables only in memory, and only when it looks: at invalidations, at the end of kernel entries, and in between.
#pragma once

#include <spec/mmu.hpp>

#include <array>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace test {

class TranslationCaches {
public:
    using Word = spec::Word;

    TranslationCaches(spec::mmu::Memory memory, bool pcids) : memory_(std::move(memory)), pcids_(pcids) {}

    // --- instructions ---
    void load_cr3(Word value);
    void load_cr4(Word value);
    void invlpg(Word address);
    void invpcid_address(Word pcid, Word address);
    void invpcid_context(Word pcid);
    void invpcid_all();

    /// Walks everywhere it can, from CR3 and from what it has cached, and caches all of it.
    void look();
    using Marked = std::function<void(Word table, unsigned index, bool dirty)>;
    /// Sets accessed and dirty bits where it may, in what it has just walked, and says where.
    void mark(bool dirty, const Marked& marked);
    /// What is in use, as somebody knows who does not look at the tables.
    struct Truth {
        /// 4 to 1: a paging structure of that level is there; 0: a frame begins there.
        std::function<bool(Word address, unsigned level)> is_live;
        /// The PML4 of the space with this PCID; 0 = the number is free. What is cached for it then does no harm, as long
        /// as it is gone when the number is given out again.
        std::function<Word(Word pcid)> root_of;
    };
    /// Words for the first cached entry that no longer tells the truth (it may grant less); empty if all do.
    std::string wrong(const Truth& truth) const;
    /// Whether something was cached, when last looked, that was in the tables no longer.
    bool has_stale() const { return stale_; }

private:
    struct Key {
        Word pcid;
        unsigned level; ///< of the entry: 4 to 1
        Word prefix; ///< address >> span
        Word entry; ///< as cached, without accessed and dirty
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        size_t operator()(const Key& key) const {
            return (key.entry * 0x9e37'79b9'7f4a'7c15 ^ key.prefix << 14 ^ key.pcid << 3 ^ key.level) *
                   0xbf58'476d'1ce4'e5b9;
        }
    };

    Word root() const { return cr3_ & 0x000f'ffff'ffff'f000; }
    Word pcid() const { return pcids_ ? cr3_ & 4095 : 0; }
    void walk(Word table, unsigned level, Word prefix);
    void forget_address(Word pcid, Word address);
    template <class Condition>
    void forget(Condition&& condition);
    std::string check(const Key& key, const Truth& truth) const;

    spec::mmu::Memory memory_;
    bool pcids_;
    Word cr3_ = 0, cr4_ = 0;
    unsigned pass_ = 0;
    bool stale_ = false;
    std::unordered_map<Word, Word> roots_; ///< by PCID: the PML4 last loaded with it
    std::unordered_map<Key, unsigned, Hash> cached_; ///< and the pass that saw it last
};

} // namespace test
