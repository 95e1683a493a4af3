// SPDX-License-Identifier: BSD-2-Clause
#include <servers/console/inspection_commands.hpp>

#include <algorithm>
#include <servers/console/arguments.hpp>
#include <servers/console/event_text.hpp>
#include <servers/console/print.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>

namespace console {

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using sys::Word;

namespace {

const sys::Endpoint process_service(sys::slot::process_service);
const sys::Endpoint pager_service(sys::slot::pager);

/// The service's own errors by their sentence, the kernel's by number.
void print_error(Output& out, std::string_view command, const sys::Error& error) {
    const bool is_own = error.label() >= static_cast<Word>(process::Error::not_permitted) &&
                        error.label() < static_cast<Word>(process::Error::last);
    if (is_own)
        return print(out, "{}: {}\n", command, process::describe(static_cast<process::Error>(error.label())));
    print(out, "{}: {}\n", command, error);
}

void print_event(Output& out, Word number, const process::PagingEvents::Event& event) {
    char storage[110];
    sys::TextBuffer text(storage);
    describe_event(text, sys::PagingEventView({event.time, event.subject, event.place, event.detail}));
    print(out, "{:6} {:4}.{:06} {:>4} {:<15} {}\n", number, event.time / 1'000'000, event.time % 1'000'000, event.pid,
          sys::text_in(event.name), text.text());
}

void print_region(Output& out, Word pid, Word address) {
    const auto region = sys::call(pager_service, pager::InspectRegion{pid, address});
    if (!region || address < region->start || address >= region->end)
        return out.print("  no region of the pager's is there\n");
    const bool writes = (region->rights & pager::access::write) != 0;
    const bool executes = (region->rights & pager::access::execute) != 0;
    print(out, "  region {:#x}-{:#x} r{}{} ({}): the pager's, {} pages resident\n", region->start, region->end,
          writes ? 'w' : '-', executes ? 'x' : '-', name_of(static_cast<pager::RegionKind>(region->backing)),
          region->resident);
}

} // namespace

void show_faults(Output& out, std::string_view arguments) {
    constexpr Word usual = 20;
    const Word wanted = Arguments(arguments).number().value_or(usual);
    const auto state = sys::call(process_service, process::PagingEvents{~Word{0}});
    if (!state)
        return print_error(out, "faults", state.error());
    out.print("NUMBER  UPTIME(s)   PID NAME            WHAT\n");
    for (Word from = state->written - std::min(state->written, wanted); from < state->written;) {
        const auto shown = sys::call(process_service, process::PagingEvents{from});
        if (!shown)
            return print_error(out, "faults", shown.error());
        if (shown->first > from)
            print(out, "  {} events are gone\n", shown->first - from);
        for (Word i = 0; i < shown->count && i < process::PagingEvents::max_events; ++i)
            print_event(out, shown->first + i, shown->events[i]);
        from = shown->first + std::max<Word>(shown->count, 1);
    }
}

void show_walk(Output& out, std::string_view arguments) {
    Arguments words(arguments);
    const auto pid = words.number();
    const auto address = words.number();
    if (!pid || !address)
        return out.print("walk: whose address? walk PID ADDR, ADDR with 0x in front\n");
    const auto way = sys::call(process_service, process::Walk{*pid, *address});
    if (!way)
        return print_error(out, "walk", way.error());
    constexpr std::string_view levels[] = {"PML4", "PDPT", "page directory", "page table"};
    Word keeper = 0;
    for (unsigned i = 0; i < way->count && i < std::size(levels); ++i) {
        char storage[110];
        sys::TextBuffer text(storage);
        const sys::pager::TableEntry entry(way->entries[i]);
        describe_entry(text, entry, 4 - i);
        print(out, "  {:<14} {:3}  {:016x}  {}\n", levels[i], *address >> (39 - 9 * i) & 511, way->entries[i],
              text.text());
        keeper = entry.keeper() != 0 ? entry.keeper() : keeper;
    }
    const unsigned last = static_cast<unsigned>(std::clamp<Word>(way->count, 1, 4) - 1);
    print(out, "  the walk ends at the {}; keeper in force: {}\n", levels[last], keeper);
    print_region(out, *pid, *address);
}

void show_threads(Output& out, std::string_view) {
    out.print("  PID PRIO                IP WAITED(ms) NAME             DOES, OR WAITS\n");
    for (Word from = 0;;) {
        const auto list = sys::call(process_service, process::Threads{from});
        if (!list)
            return print_error(out, "threads", list.error());
        for (Word i = 0; i < list->count && i < process::Threads::max_threads; ++i) {
            const process::Threads::Thread& thread = list->threads[i];
            const bool runs = thread.state == static_cast<uint8_t>(abi::StatusState::runnable);
            char storage[80];
            sys::TextBuffer text(storage);
            describe_thread(text, thread);
            print(out, "{:5} {:4} {:17x} {:10} {:<16} {}\n", thread.pid, thread.priority, thread.instruction,
                  runs ? 0 : thread.waited / 1000, sys::text_in(thread.name), text.text());
        }
        if (list->next == 0)
            return;
        from = list->next;
    }
}

void show_quotas(Output& out, std::string_view) {
    out.print("  PID   UNTYPED(KiB) OF      SLOTS IN USE      PAGES     OF NAME\n");
    for (Word from = 0;;) {
        const auto list = sys::call(process_service, process::Holdings{from});
        if (!list)
            return print_error(out, "quota", list.error());
        for (Word i = 0; i < list->count && i < process::Holdings::max_processes; ++i) {
            const process::Holdings::Holder& holder = list->holders[i];
            const auto pages = sys::call(pager_service, pager::InspectClient{holder.pid});
            const bool known = pages && pages->client == holder.pid;
            print(out, "{:5} {:12} {:5} {:7} {:6} {:10} {:6} {}\n", holder.pid, holder.untyped_given >> 10,
                  holder.untyped_limit >> 10, holder.slots_given, holder.slots_used, known ? pages->frames : 0,
                  known ? pages->quota_frames : 0, sys::text_in(holder.name));
        }
        if (list->next == 0)
            return print(out, "untyped memory for processes: {} KiB, {} KiB free\n", list->untyped_total >> 10,
                         list->untyped_free >> 10);
        from = list->next;
    }
}

void show_capabilities(Output& out, std::string_view arguments) {
    const auto pid = Arguments(arguments).number();
    if (!pid)
        return out.print("caps: which process? caps PID\n");
    for (Word from = 0;;) {
        const auto shown = sys::call(process_service, process::Capabilities{*pid, from});
        if (!shown)
            return print_error(out, "caps", shown.error());
        for (Word i = 0; i < shown->count && i < process::Capabilities::max_slots; ++i) {
            char storage[120];
            sys::TextBuffer text(storage);
            describe_capability(text, shown->held[i]);
            print(out, "{:5}  {}\n", shown->held[i].slot, text.text());
        }
        if (shown->next == 0)
            return;
        from = shown->next;
    }
}

} // namespace console
