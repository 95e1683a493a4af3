// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1 and forks: address spaces are created, filled, cloned and destroyed, and memory is what it
// was at the end. What that costs is told in time-stamp ticks, as numbers grow: tools/bench --plot draws it. Boot words: spaces=N;
// giant: instead of that, a process that it starts has a giant page.
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
constexpr std::string_view giant_program = "/sbin/spaces";
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

/// Waits for a child's end; 1000 or more if it did not exit.
Word status_of(Word pid) {
    for (;;) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (!exit || (exit->pid != 0 && exit->pid != pid))
            return 1000;
        if (exit->pid == pid)
            return exit->cause == process::Cause::exited ? exit->status : 1001;
        static_cast<void>(sys::Notification(sys::slot::notification).wait());
    }
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
    return status_of(child->pid);
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
    const sys::Endpoint service(sys::slot::pager);
    const auto self = sys::call(service, pager::InspectClient{}); // all it shows
    const auto region = sys::call(service, pager::InspectRegion{self ? self->client : 0, address});
    return region && region->start == address ? region->huge : 0;
}

/// No more than `most` pages are in use when a region is gone.
void report_unmapped(Word address, Word most, std::string_view name) {
    const bool is_gone = sys::memory::unmap(address).is_ok();
    const Word used = used_pages();
    report(is_gone && used <= most, name, used);
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
    report_unmapped(*at, before + pages / 100, "huge pages come back whole");
    const auto populated = sys::memory::map(pages * page_size, 0, pager::option::populate);
    report(populated && huge_pages_at(*populated) == pages, "populating takes huge pages",
           populated ? huge_pages_at(*populated) : populated.error().label());
    if (populated)
        static_cast<void>(sys::memory::unmap(*populated));
}

/// Memory of one giant page: as with huge pages.
void run_giant() {
    constexpr Word size = Word{1} << 30, pages = size / page_size, few = 8;
    const Word before = used_pages();
    const auto at = sys::memory::map(size, 0, pager::option::huge);
    if (!at)
        return report(false, "there is memory for a giant page", at.error().label());
    auto* const memory = reinterpret_cast<volatile Word*>(*at);
    volatile Word& last = memory[size / sizeof(Word) - 1];
    bool is_clear = last == 0;
    for (Word page = 0; page < pages; page += 1021)
        is_clear &= memory[page * words_per_page] == 0;
    report(is_clear && huge_pages_at(*at) == pages, "memory is a giant page, and clear", huge_pages_at(*at));
    last = 77;
    Word ticks = 0;
    report(fork_many(memory, few, 3, ticks) == 3 && last == 77, "a giant page falls apart where a child writes", last);
    report(huge_pages_at(*at) == pages, "and is whole where nobody else has it", huge_pages_at(*at));
    report_unmapped(*at, before, "a giant page comes back whole");
    const auto again = sys::memory::map(size, 0, pager::option::populate);
    report(again && huge_pages_at(*again) == pages, "populating takes a giant page",
           again ? huge_pages_at(*again) : again.error().label());
}

/// PID 1 has no quota for that, but may give one to a child.
void start_giant() {
    process::SpawnTexts texts;
    texts.set_path(giant_program);
    texts.add_argument(giant_program);
    texts.add_argument("giant");
    process::Spawn request = texts.request();
    request.grants = process::grant::spawn;
    constexpr Word three_gigabytes = Word{3} << 18;
    request.quota_pages = three_gigabytes;
    const auto child = sys::call_with_payload(process_service, request, sys::Payload(texts.payload()));
    if (!child)
        return report(false, "a child can be started", child.error().label());
    const Word status = status_of(child->reply.pid);
    report(status == 0, "a child with a giant page ends well", status);
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
    bool is_giant = false;
    for (int i = 1; i < argc; ++i) {
        std::string_view word = argv[i];
        is_giant |= word == "giant";
        if (!word.starts_with("spaces="))
            continue;
        spaces = 0;
        for (const char digit : word.substr(7))
            spaces = spaces * 10 + static_cast<Word>(digit - '0');
    }
    const sys::CNode own(sys::slot::cnode);
    static_cast<void>(own.at(exit_slot).mint_from(own.at(sys::slot::notification), abi::Rights::write(), 1));
    static_cast<void>(sys::call(process_service, process::WatchExits{}, sys::Signal(exit_slot)));
    if (is_giant && std::string_view(argv[0]) == giant_program) {
        run_giant();
        return static_cast<int>(failed);
    }
    is_giant ? start_giant() : run(spaces);
    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
