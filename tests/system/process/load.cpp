// SPDX-License-Identifier: BSD-2-Clause
// A client that lives on paging: it keeps running checksums of its memory, maps and unmaps, gives pages away and takes them
// back. Arguments: its number, pages of memory that it keeps; with a third it goes through all of them and ends. The memory object of load.hpp is in slot::service_manager.
#include "load.hpp"

#include <string_view>
#include <sys/proc/exit.hpp>
#include <sys/proc/memory.hpp>
#include <sys/util/log.hpp>

namespace {

using load::Wrong;
using sys::Word;

constexpr Word page_size = 4096, words_per_page = page_size / sizeof(Word);
constexpr Word most_kept = 16384;

volatile load::Shared* shared = nullptr;
unsigned self = 0;
Word kept_pages = 0;
/// Seed of what is in each kept page; 0: never written.
Word seeds[most_kept];
Word state = 0;

Word next_random() {
    state += 0x9e37'79b9'7f4a'7c15;
    Word z = state;
    z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
    return z ^ z >> 27;
}

[[noreturn]] void fail(Wrong what, Word detail) {
    shared->detail[self] = detail;
    shared->wrong[self] = static_cast<Word>(what);
    sys::exit(1);
}

/// Words that are looked at: all would cost more than the paging.
constexpr Word looked_at[] = {0, 1, 77, 255, 256, words_per_page - 1};

void fill(volatile Word* page, Word seed) {
    for (const Word i : looked_at)
        page[i] = seed * (i + 1);
}
bool holds(volatile const Word* page, Word seed) {
    for (const Word i : looked_at)
        if (page[i] != seed * (i + 1))
            return false;
    return true;
}

Word need(const sys::Result<Word>& result, Word which) {
    if (!result)
        fail(Wrong::request_refused, which << 32 | result.error().label());
    return *result;
}

/// A huge page, if there is memory for one: some of it is written to, a part is evicted, and all is read again.
void play_huge() {
    constexpr Word pages = 512, step = 37, evicted = 5;
    const Word address = need(sys::memory::map(pages * page_size, 0, sys::protocol::pager::option::huge), 4);
    auto* const fresh = reinterpret_cast<volatile Word*>(address);
    const Word seed = next_random();
    for (Word page = 0; page < pages; page += step)
        fill(fresh + page * words_per_page, seed + page);
    need(sys::memory::advise(address + step * page_size, evicted * page_size, sys::protocol::pager::Advice::evict), 5);
    for (Word page = 0; page < pages; page += step)
        if (!holds(fresh + page * words_per_page, seed + page) || !holds(fresh + (page + 1) * words_per_page, 0))
            fail(Wrong::huge_page, page);
    if (const auto unmapped = sys::memory::unmap(address); !unmapped)
        fail(Wrong::request_refused, Word{6} << 32 | unmapped.error().label());
}

void play_round(volatile Word* kept) {
    for (int i = 0; i < 8; ++i) {
        const Word page = next_random() % kept_pages;
        volatile Word* const words = kept + page * words_per_page;
        if (!holds(words, seeds[page]))
            fail(Wrong::kept_page, page << 32 | (words[0] & 0xffff'ffff));
        if (next_random() % 2 == 0) {
            seeds[page] = next_random();
            fill(words, seeds[page]);
        }
    }
    if (next_random() % 4 == 0) {
        const Word pages = 1 + next_random() % 12;
        const Word address = need(sys::memory::map(pages * page_size), 1);
        auto* const fresh = reinterpret_cast<volatile Word*>(address);
        for (Word i = 0; i < pages; ++i) {
            if (!holds(fresh + i * words_per_page, 0))
                fail(Wrong::new_page_not_clear, i);
            fill(fresh + i * words_per_page, next_random() | i);
        }
        if (const auto unmapped = sys::memory::unmap(address); !unmapped)
            fail(Wrong::request_refused, Word{2} << 32 | unmapped.error().label());
    }
    if (next_random() % 8 == 0) {
        const Word page = next_random() % kept_pages;
        need(sys::memory::advise(reinterpret_cast<Word>(kept + page * words_per_page), page_size,
                                 sys::protocol::pager::Advice::evict),
             3);
    }
    if (next_random() % 64 == 0)
        play_huge();
}

/// A line of eight words, all over the page.
void fill_all(volatile Word* page, Word seed) {
    for (Word i = 0; i < words_per_page; ++i)
        page[i] = seed * (1 + i % 8);
}
bool all_holds(volatile const Word* page, Word seed) {
    for (Word i = 0; i < words_per_page; ++i)
        if (page[i] != seed * (1 + i % 8))
            return false;
    return true;
}

/// Each page with a pattern of its own, and read again in another order, twice.
void sweep(volatile Word* kept) {
    for (Word turn = 1; turn <= 2; ++turn) {
        const auto seed = [&](Word page) { return (Word{self} << 40 | page << 8 | turn) * 2 + 1; };
        for (Word page = 0; page < kept_pages; ++page)
            fill_all(kept + page * words_per_page, seed(page));
        const Word stride = kept_pages * 3 / 8 | 1;
        for (Word i = 0, page = 0; i < kept_pages; ++i, page = (page + stride) % kept_pages)
            if (!all_holds(kept + page * words_per_page, seed(page)))
                fail(Wrong::kept_page, page);
        shared->rounds[self] = shared->rounds[self] + 1;
    }
}

Word number_in(std::string_view text) {
    Word number = 0;
    for (const char digit : text)
        number = number * 10 + static_cast<Word>(digit - '0');
    return number;
}

} // namespace

int main(int argc, char** argv, char**) {
    if (argc != 3 && argc != 4)
        return 2;
    self = static_cast<unsigned>(number_in(argv[1]));
    kept_pages = number_in(argv[2]);
    if (self >= load::max_clients || kept_pages == 0 || kept_pages > most_kept)
        return 2;
    state = self * 1000 + 1;
    const auto at = sys::memory::map_object(sys::protocol::pager::MemoryObject(sys::slot::service_manager));
    if (!at)
        return 3;
    shared = reinterpret_cast<volatile load::Shared*>(*at);
    auto* const kept = reinterpret_cast<volatile Word*>(need(sys::memory::map(kept_pages * page_size), 0));
    if (argc == 4) {
        sweep(kept);
        return 0;
    }
    while (shared->stop == 0) {
        play_round(kept);
        shared->rounds[self] = shared->rounds[self] + 1;
    }
    for (Word page = 0; page < kept_pages; ++page)
        if (!holds(kept + page * words_per_page, seeds[page]))
            fail(Wrong::kept_page, page);
    return 0;
}
