// SPDX-License-Identifier: BSD-2-Clause
// The table of commands, and those about processes; memory_commands.cpp has those about memory.
#include <servers/console/commands.hpp>

#include <algorithm>
#include <servers/console/inspection_commands.hpp>
#include <servers/console/memory_commands.hpp>
#include <servers/console/print.hpp>

#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/format.hpp>

namespace console {

namespace process = sys::protocol::process;

namespace {

const sys::Endpoint process_service(sys::slot::process_service);

void help(Output& out, std::string_view) {
    out.print("help      this list\n"
              "ps        processes\n"
              "mem       memory, as the pager counts it\n"
              "vmstat    memory, faults and swap of each process\n"
              "pmap PID  the regions of a process\n"
              "threads   what the threads do, and what they wait for\n"
              "caps PID  the capabilities of a process\n"
              "walk PID ADDR  the way through its page tables, and whose memory it is\n"
              "quota     untyped memory, slots and pages: who holds what, and may\n"
              "faults [N]  the last N paging events\n"
              "uptime    time since the system started\n"
              "poweroff  switch the machine off\n");
}

void list_processes(Output& out, std::string_view) {
    out.print("  PID PARENT STATE   PRIO  AGE(s) NAME\n");
    const auto uptime = sys::call(process_service, process::Uptime{});
    for (sys::Word from = 0;;) {
        auto list = sys::call(process_service, process::List{from});
        if (!list)
            return out.print("ps: the process service does not answer\n");
        for (sys::Word i = 0; i < list->count && i < sizeof(list->entries) / sizeof(list->entries[0]); ++i) {
            const process::List::Entry& entry = list->entries[i];
            const sys::Word age = uptime ? (uptime->microseconds - entry.started_at) / 1'000'000 : 0;
            print(out, "{:5} {:6} {:<7} {:4} {:7} {}\n", entry.pid, entry.parent,
                  entry.state == process::State::running ? "running" : "ended", entry.priority, age,
                  sys::text_in(entry.name));
        }
        if (list->next == 0)
            return;
        from = list->next;
    }
}

void show_uptime(Output& out, std::string_view) {
    const auto uptime = sys::call(process_service, process::Uptime{});
    if (!uptime)
        return out.print("uptime: the process service does not answer\n");
    print(out, "up {}.{:03} s\n", uptime->microseconds / 1'000'000, uptime->microseconds / 1000 % 1000);
}

void power_off(Output& out, std::string_view) {
    const auto result = sys::call(process_service, process::PowerOff{});
    if (!result)
        print(out, "poweroff: {}\n", process::describe(static_cast<process::Error>(result.error().label())));
}

struct Command {
    std::string_view name;
    void (*run)(Output& out, std::string_view arguments);
};
constexpr Command commands[] = {
    {"help", help},         {"ps", list_processes},    {"mem", show_memory},        {"vmstat", show_clients},
    {"pmap", show_regions}, {"threads", show_threads}, {"caps", show_capabilities}, {"walk", show_walk},
    {"quota", show_quotas}, {"faults", show_faults},   {"uptime", show_uptime},     {"poweroff", power_off}};

} // namespace

void run_command(std::string_view line, Output& out) {
    const size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos)
        return;
    const size_t end = std::min(line.find(' ', start), line.size());
    const std::string_view name = line.substr(start, end - start);
    const size_t next = std::min(line.find_first_not_of(' ', end), line.size());
    const std::string_view arguments = line.substr(next);
    for (const Command& command : commands)
        if (command.name == name)
            return command.run(out, arguments);
    print(out, "{}: unknown command (try help)\n", name.substr(0, 60));
}

} // namespace console
