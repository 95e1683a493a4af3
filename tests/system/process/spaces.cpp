// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1 and forks: address spaces are created, filled, cloned and destroyed, and memory is what it
// was at the end. What that costs is told in time-stamp ticks, as numbers grow: tools/bench --plot draws it. Boot word: spaces=N.
#include <string_view>
#include <sys/cap/notification.hpp>
#include <sys/proc/exit.hpp>
#include <sys/proc/memory.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace {

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using sys::Word;

constexpr Word page_size = 4096, words_per_page = page_size / sizeof(Word);
constexpr Word exit_slot = sys::slot::first_free;
const sys::Endpoint process_service(sys::slot::process_service);
unsigned passed = 0, failed = 0;

void report(bool good, std::string_view name, Word detail = 0) {
    sys::log("{} {} ({:#x})", good ? "PASS" : "FAIL", name, detail);
    ++(good ? passed : failed);
}

Word used_pages() {
    const auto now = sys::call(sys::Endpoint(sys::slot::pager), pager::Statistics{});
    return now ? now->pages_total - now->pages_free - now->own_pages - now->own_tables : 0;
}

Word value_of(Word page, Word turn) { return page * 1000 + turn; }

/// In the child: it has what the parent had, writes to all of it, and has that.
[[noreturn]] void live(volatile Word* memory, Word pages, Word turn) {
    int wrong = 0;
    for (Word page = 0; page < pages; ++page) {
        wrong += memory[page * words_per_page] != value_of(page, turn) ? 1 : 0;
        memory[page * words_per_page] = ~value_of(page, turn);
    }
    for (Word page = 0; page < pages; ++page)
        wrong += memory[page * words_per_page] != ~value_of(page, turn) ? 1 : 0;
    sys::exit(wrong == 0 ? 0 : 1);
}

/// The status of the child's end; not 0 if anything went wrong.
Word fork_once(volatile Word* memory, Word pages, Word turn) {
    for (Word page = 0; page < pages; ++page)
        memory[page * words_per_page] = value_of(page, turn);
    const auto child = sys::call(process_service, process::Fork{});
    if (!child)
        return child.error().label();
    if (child->pid == 0)
        live(memory, pages, turn);
    for (;;) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (!exit || (exit->pid != 0 && exit->pid != child->pid))
            return 1000;
        if (exit->pid == child->pid)
            return exit->cause == process::Cause::exited ? exit->status : 1001;
        static_cast<void>(sys::Notification(sys::slot::notification).wait());
    }
}

/// Forks so many times; how many children were as they should be. Ticks for each, on the average, in `ticks`.
Word fork_many(volatile Word* memory, Word pages, Word count, Word& ticks) {
    Word good = 0;
    const Word start = sys::raw::read_time_stamp();
    for (Word i = 0; i < count; ++i) {
        good += fork_once(memory, pages, i) == 0 ? 1 : 0;
        // What the parent wrote it still has, whatever the child did.
        for (Word page = 0; page < pages; ++page)
            good -= memory[page * words_per_page] != value_of(page, i) && good > 0 ? 1 : 0;
    }
    ticks = (sys::raw::read_time_stamp() - start) / count;
    return good;
}

Word huge_pages_at(Word address) {
    const auto region = sys::call(sys::Endpoint(sys::slot::pager), pager::InspectRegion{1, address});
    return region && region->start == address ? region->huge : 0;
}

/// Memory of huge pages: what parent and child write is their own, as with small pages.
void run_huge() {
    constexpr Word pages = 2 * 512;
    const Word before = used_pages();
    const auto at = sys::memory::map(pages * page_size, 0, pager::option::huge);
    if (!at)
        return report(false, "there is memory for huge pages", at.error().label());
    auto* const memory = reinterpret_cast<volatile Word*>(*at);
    Word good = 0, ticks = 0;
    for (Word page = 0; page < pages; ++page)
        good += memory[page * words_per_page] == 0 ? 1 : 0;
    report(good == pages && huge_pages_at(*at) == pages, "memory is huge pages, and clear", huge_pages_at(*at));
    report(fork_many(memory, pages, 2, ticks) == 2, "huge pages fall apart where a child writes", huge_pages_at(*at));
    const auto evicted = sys::memory::advise(*at, 3 * page_size, pager::Advice::evict);
    report(evicted && memory[2 * words_per_page] == value_of(2, 1), "without swap huge pages stay",
           evicted ? *evicted : 0);
    report(sys::memory::unmap(*at).is_ok() && used_pages() <= before + pages / 100, "huge pages come back whole",
           used_pages() - before);
    const auto populated = sys::memory::map(pages * page_size, 0, pager::option::populate);
    report(populated && huge_pages_at(*populated) == pages, "populating takes huge pages",
           populated ? huge_pages_at(*populated) : populated.error().label());
    if (populated)
        static_cast<void>(sys::memory::unmap(*populated));
}

void run(Word spaces) {
    constexpr Word few = 4, steps = 20, most_pages = 2048;
    const auto at = sys::memory::map(most_pages * page_size);
    if (!at)
        return report(false, "there is memory", at.error().label());
    auto* const memory = reinterpret_cast<volatile Word*>(*at);
    Word ticks = 0;
    fork_many(memory, few, 3, ticks); // what is needed for the first time
    for (Word page = 0; page < most_pages; ++page)
        memory[page * words_per_page] = 0;
    const Word before = used_pages();
    Word good = 0;
    for (Word done = 0; done < spaces; done += spaces / steps) {
        good += fork_many(memory, few, spaces / steps, ticks);
        sys::log("SPACES {} {}", done + spaces / steps, ticks);
    }
    report(good == spaces / steps * steps, "every address space has its parent's memory and its own", good);
    report(used_pages() == before, "no page is lost", used_pages() - before);
    // In one space of 2048 pages, so that what is measured grows with the pages that are written to only.
    good = 0;
    for (Word pages = 64; pages <= most_pages; pages *= 2) {
        constexpr Word times = 4;
        good += fork_many(memory, pages, times, ticks);
        sys::log("PAGES {} {}", pages, ticks);
    }
    report(good == 6 * 4, "large address spaces, too", good);
    report(used_pages() == before, "nor of large ones", used_pages() - before);
    run_huge();
}

} // namespace

int main(int argc, char** argv, char**) {
    Word spaces = 1000;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        if (!word.starts_with("spaces="))
            continue;
        spaces = 0;
        for (const char digit : word.substr(7))
            spaces = spaces * 10 + static_cast<Word>(digit - '0');
    }
    const sys::CNode own(sys::slot::cnode);
    static_cast<void>(own.at(exit_slot).mint_from(own.at(sys::slot::notification), abi::Rights::write(), 1));
    static_cast<void>(sys::call(process_service, process::WatchExits{}, sys::with_caps(sys::Object(exit_slot))));
    run(spaces);
    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
