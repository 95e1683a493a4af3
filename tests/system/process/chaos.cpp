// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1: starts clients that page all the time, while init kills the pager (boot word
// pager.kill), and sees to it that nothing is lost. One line a test: PASS or FAIL. Boot words: clients=N pages=N kills=N swap=MIB sweep=1 steps=1.
#include "load.hpp"

#include <initializer_list>
#include <string_view>
#include <sys/cap/notification.hpp>
#include <sys/proc/exit.hpp>
#include <sys/proc/memory.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/format.hpp>
#include <sys/util/log.hpp>

namespace {

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using sys::Word;

constexpr Word page_size = 4096;
constexpr Word fork_pages = 3;
constexpr Word object_slot = sys::slot::first_free, exit_slot = object_slot + 1, alarm_slot = object_slot + 2;
const sys::Endpoint pager_service(sys::slot::pager);
const sys::Endpoint process_service(sys::slot::process_service);
const sys::Notification events(sys::slot::notification);

unsigned passed = 0, failed = 0;

void report(bool good, std::string_view name, Word detail = 0) {
    sys::log("{} {} ({:#x})", good ? "PASS" : "FAIL", name, detail);
    ++(good ? passed : failed);
}

struct Settings {
    Word clients = 8;
    Word pages = 64;
    Word kills = 100;
    Word swap_mib = 4;
    bool sweep = false; ///< clients go through their memory and end
    bool steps = false; ///< the pager dies so often that nothing gets done for long
};

Settings read_settings(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const size_t equals = word.find('=');
        if (equals == std::string_view::npos)
            continue;
        Word value = 0;
        for (const char digit : word.substr(equals + 1))
            value = value * 10 + static_cast<Word>(digit - '0');
        const std::string_view name = word.substr(0, equals);
        if (name == "clients")
            settings.clients = value < load::max_clients ? value : Word{load::max_clients};
        if (name == "pages")
            settings.pages = value;
        if (name == "kills")
            settings.kills = value;
        if (name == "swap")
            settings.swap_mib = value;
        if (name == "sweep")
            settings.sweep = value != 0;
        if (name == "steps")
            settings.steps = value != 0;
    }
    return settings;
}

bool start(std::string_view path, std::initializer_list<Word> arguments, uint16_t grants, Word quota,
           bool with_object) {
    process::SpawnTexts texts;
    texts.set_path(path);
    texts.add_argument(path);
    for (const Word argument : arguments) {
        char text[24];
        texts.add_argument(sys::format(text, "{}", argument));
    }
    process::Spawn request = texts.request();
    request.grants = grants;
    request.quota_pages = quota;
    const sys::Payload payload(texts.payload());
    const auto spawned = with_object
                             ? sys::call_with_payload(process_service, request, payload, {}, sys::Endpoint(object_slot))
                             : sys::call_with_payload(process_service, request, payload);
    if (!spawned)
        sys::log("cannot start {}: error {}", path, spawned.error().label());
    return spawned.is_ok();
}

pager::Statistics::Reply statistics() {
    const auto answer = sys::call(pager_service, pager::Statistics{});
    return answer ? *answer : pager::Statistics::Reply{};
}

/// Pages in use, but for those of this process, which may get one more at any time.
Word used_pages() {
    const auto now = statistics();
    return now.pages_total - now.pages_free - now.own_pages - now.own_tables;
}

void pause(Word microseconds) {
    static_cast<void>(sys::call(process_service, process::Alarm{microseconds}, sys::Signal(alarm_slot)));
    while ((events.wait().value & 2) == 0) {
    }
}

Word wait_for_ends(Word count) {
    Word clean = 0;
    for (Word ended = 0; ended < count;) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (!exit)
            break;
        if (exit->pid == 0) {
            static_cast<void>(events.wait());
            continue;
        }
        ++ended;
        clean += exit->cause == process::Cause::exited && exit->status == 0 ? 1 : 0;
    }
    return clean;
}

void connect_events() {
    const sys::CNode own(sys::slot::cnode);
    static_cast<void>(own.at(exit_slot).mint_from(own.at(sys::slot::notification), abi::Rights::write(), 1));
    static_cast<void>(own.at(alarm_slot).mint_from(own.at(sys::slot::notification), abi::Rights::write(), 2));
    static_cast<void>(sys::call(process_service, process::WatchExits{}, sys::Signal(exit_slot)));
}

bool anything_wrong(const volatile load::Shared& shared) {
    for (unsigned i = 0; i < load::max_clients; ++i)
        if (shared.wrong[i] != 0)
            return true;
    return false;
}

bool all_have_worked(const volatile load::Shared& shared, const Settings& settings) {
    constexpr Word enough = 200;
    for (unsigned i = 0; i < settings.clients; ++i)
        if (shared.rounds[i] < enough)
            return false;
    return true;
}

/// The child reads what it was born with, writes to it, and ends.
[[noreturn]] void live(volatile Word* pages) {
    for (Word page = 0; page < fork_pages; ++page) {
        volatile Word& word = pages[page * page_size / sizeof(Word)];
        if (word != page + 1)
            sys::exit(1);
        word = 0;
    }
    sys::exit(0);
}

/// A copy of this process is made, and ends. False: it was not a copy.
bool fork_once() {
    const auto memory = sys::memory::map(fork_pages * page_size);
    if (!memory)
        return false;
    auto* const pages = reinterpret_cast<volatile Word*>(*memory);
    for (Word page = 0; page < fork_pages; ++page)
        pages[page * page_size / sizeof(Word)] = page + 1;
    const auto child = sys::call(process_service, process::Fork{});
    if (child && child->pid == 0)
        live(pages);
    bool good = child && wait_for_ends(1) == 1;
    for (Word page = 0; page < fork_pages; ++page)
        good = good && pages[page * page_size / sizeof(Word)] == page + 1;
    return sys::memory::unmap(*memory) && good;
}

/// Clients that did nothing since they had done `rounds`, which become those of now.
Word count_idle(const volatile load::Shared& shared, const Settings& settings, Word (&rounds)[load::max_clients]) {
    Word idle = 0;
    for (unsigned i = 0; i < settings.clients; ++i) {
        idle += shared.rounds[i] == rounds[i] ? 1 : 0;
        rounds[i] = shared.rounds[i];
    }
    return idle;
}

/// Until the pager has been killed often enough; how many times somebody had got nothing done for too many kills, or during
/// all of them where an instance dies at each step. `copies`: of this process, made between kills.
Word watch(const volatile load::Shared& shared, const Settings& settings, Word& copies) {
    const Word kills_at_most = settings.steps ? settings.kills : 200; // a client is scheduled a few times among so many
    Word stalled = 0, seen_at = statistics().instances;
    Word rounds[load::max_clients] = {};
    if (settings.steps)
        seen_at = 1;
    for (;;) {
        pause(50'000);
        const Word instances = statistics().instances;
        if (!fork_once())
            report(false, "a copy of a process is what it was");
        copies += instances <= settings.kills ? 1 : 0;
        if (instances - seen_at >= kills_at_most) {
            seen_at = instances;
            stalled += count_idle(shared, settings, rounds);
        }
        if (anything_wrong(shared) || (instances > settings.kills && all_have_worked(shared, settings)))
            return stalled;
    }
}

/// What all clients have, in memory and in swap.
Word pages_of_the_living() {
    Word pages = 0;
    for (Word from = 1;;) {
        const auto client = sys::call(pager_service, pager::InspectClient{from});
        if (!client || client->client == 0)
            return pages;
        pages += client->frames + client->swapped;
        from = client->client + 1;
    }
}

/// Clients whose memory together is more than the machine's go through all of it.
void run_sweep(const Settings& settings) {
    Word started = 0;
    for (Word i = 0; i < settings.clients; ++i)
        started += start("/sbin/load", {i, settings.pages, 1}, 0, settings.pages + 1024, true) ? 1 : 0;
    report(started == settings.clients, "all clients start", started);
    const Word clean = wait_for_ends(started);
    report(clean == started, "all clients read what they have written", clean);
    const auto after = statistics();
    const Word all = settings.clients * settings.pages;
    sys::log("SWEEP {} pages of clients in {} of the machine: {} written to swap, {} read back", all, after.pages_total,
             after.swap_writes, after.swap_reads);
    report(all >= 3 * after.pages_total, "their memory is three times the machine's", all * 100 / after.pages_total);
    report(after.swap_writes > all - after.pages_total && after.swap_reads > all - after.pages_total,
           "most of it went to swap and came back", after.swap_reads);
    report(after.swap_used <= pages_of_the_living(), "slots of those who are gone are free", after.swap_used);
}

void run(const Settings& settings) {
    connect_events();
    const Word swap_quota = settings.swap_mib * 280 + 256;
    const bool has_swap = settings.swap_mib != 0;
    if (has_swap)
        report(start("/sbin/swap", {settings.swap_mib}, process::grant::swap, swap_quota, false),
               "the swap server starts");
    for (int tries = 0; has_swap && statistics().swap_slots == 0 && tries < 200; ++tries)
        pause(10'000);
    report(!has_swap || statistics().swap_slots != 0, "the swap server is attached");
    const auto object = sys::memory::create_object(page_size, object_slot);
    const auto at = sys::memory::map_object(pager::MemoryObject(object_slot));
    if (!object || !at) {
        return report(false, "there is a memory object");
    }
    volatile load::Shared& shared = *reinterpret_cast<volatile load::Shared*>(*at);
    shared.stop = 0;
    if (settings.sweep)
        return run_sweep(settings);
    // Those who stay (console, swap server) may touch a page for the first time: let them.
    static_cast<void>(start("/sbin/load", {0, settings.pages}, 0, settings.pages + 1024, true));
    pause(100'000);
    shared.stop = 1;
    wait_for_ends(1);
    shared.stop = 0;
    const Word used_before = used_pages();
    Word started = 0;
    for (Word i = 0; i < settings.clients; ++i)
        started += start("/sbin/load", {i, settings.pages}, 0, settings.pages + 1024, true) ? 1 : 0;
    report(started == settings.clients, "all clients start", started);
    Word copies = 0;
    const Word stalled = watch(shared, settings, copies);
    const auto after = statistics();
    shared.stop = 1;
    const Word clean = wait_for_ends(started);
    Word rounds = 0;
    for (unsigned i = 0; i < settings.clients; ++i) {
        rounds += shared.rounds[i];
        if (shared.wrong[i] != 0)
            sys::log("client {}: wrong {} {:#x}", i, Word{shared.wrong[i]}, Word{shared.detail[i]});
    }
    report(after.instances > settings.kills, "the pager was killed as often as it should be", after.instances);
    report(clean == started, "no client lost a byte or a fault", clean);
    report(stalled == 0, "each client got work done between kills", stalled);
    if (settings.steps)
        report(copies != 0, "a process was copied between kills", copies);
    const Word used_after = used_pages();
    report(used_after == used_before, "no page is lost", used_after - used_before);
    const Word in_swap = statistics().swap_used;
    report(in_swap == 0, "no swap slot is lost", in_swap);
    sys::log("CHAOS {} instances of the pager, {} rounds", statistics().instances, rounds);
}

} // namespace

int main(int argc, char** argv, char**) {
    run(read_settings(argc, argv));
    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
