// SPDX-License-Identifier: BSD-2-Clause
#include <servers/console/memory_commands.hpp>

#include <servers/console/arguments.hpp>
#include <servers/console/print.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>

namespace console {

namespace pager = sys::protocol::pager;

namespace {

const sys::Endpoint pager_service(sys::slot::pager);

} // namespace

void show_memory(Output& out, std::string_view) {
    const auto statistics = sys::call(pager_service, pager::Statistics{});
    if (!statistics)
        return out.print("mem: the pager does not answer\n");
    print(out, "pages: {} in all, {} free; {} clients\n", statistics->pages_total, statistics->pages_free,
          statistics->clients);
    print(out, "page faults: {} served, {} refused; {} requests\n", statistics->faults_served,
          statistics->faults_refused, statistics->requests);
    print(out, "swap: {} of {} slots in use; {} pages written, {} read back\n", statistics->swap_used,
          statistics->swap_slots, statistics->swap_writes, statistics->swap_reads);
    print(out, "the pager was started {} times\n", statistics->instances);
}

void show_clients(Output& out, std::string_view) {
    out.print(
        "  PID  PAGES TABLES SWAPPED  FAULTS   ZERO   FILE SHARED COPIED SWAPIN AROUND EVICTED  HUGE CYCLES/FAULT\n");
    for (sys::Word from = 1;;) {
        const auto client = sys::call(pager_service, pager::InspectClient{from});
        if (!client)
            return print(out, "vmstat: {}\n", pager::describe(static_cast<pager::Error>(client.error().label())));
        if (client->client == 0)
            return;
        if (client->client >= pager::object_bit)
            print(out, "  obj {:6} {:6} {:7}\n", client->frames, client->tables, client->swapped);
        else
            print(out, "{:5} {:6} {:6} {:7} {:7} {:6} {:6} {:6} {:6} {:6} {:6} {:7} {:5} {:12}\n", client->client,
                  client->frames, client->tables, client->swapped, client->served, client->zero, client->file,
                  client->shared, client->copied, client->swapped_in, client->around, client->evicted, client->huge,
                  client->served == 0 ? 0 : client->cycles / client->served);
        from = client->client + 1;
    }
}

void show_regions(Output& out, std::string_view arguments) {
    const sys::Word pid = Arguments(arguments).number().value_or(0);
    if (pid == 0)
        return out.print("pmap: which process? pmap PID\n");
    out.print("         START            END RIGHTS KIND         RESIDENT    HUGE  SHARED SWAPPED FAULTS\n");
    for (sys::Word from = 0;;) {
        const auto region = sys::call(pager_service, pager::InspectRegion{pid, from});
        if (!region)
            return print(out, "pmap: {}\n", pager::describe(static_cast<pager::Error>(region.error().label())));
        if (region->end == 0)
            return;
        const bool writes = (region->rights & pager::access::write) != 0;
        const bool executes = (region->rights & pager::access::execute) != 0;
        print(out, "{:14x} {:14x} r{}{}    {:<12} {:8} {:7} {:7} {:7} {:6}\n", region->start, region->end,
              writes ? 'w' : '-', executes ? 'x' : '-',
              std::string_view(name_of(static_cast<pager::RegionKind>(region->backing))), region->resident,
              region->huge, region->shared, region->swapped, region->faults);
        from = region->end;
    }
}

} // namespace console
