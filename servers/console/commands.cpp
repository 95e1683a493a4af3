// SPDX-License-Identifier: BSD-2-Clause
// help, ps, mem, uptime, poweroff: all but the first ask the process service or the pager.
#include <servers/console/commands.hpp>

#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/format.hpp>

namespace console {

namespace process = sys::protocol::process;
namespace pager = sys::protocol::pager;

namespace {

const sys::Endpoint process_service(sys::slot::process_service);
const sys::Endpoint pager_service(sys::slot::pager);

template <class... Arguments>
void print(Output& out, sys::FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
    char storage[160];
    sys::TextBuffer buffer(storage);
    sys::format_to(buffer, format, arguments...);
    out.print(buffer.text());
}

void help(Output& out) {
    out.print("help      this list\n"
              "ps        processes\n"
              "mem       memory, as the pager counts it\n"
              "uptime    time since the system started\n"
              "poweroff  switch the machine off\n");
}

std::string_view name_of(const process::List::Entry& entry) {
    const std::string_view field(entry.name, sizeof(entry.name));
    return field.substr(0, field.find('\0'));
}

void list_processes(Output& out) {
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
                  entry.state == process::State::running ? "running" : "ended", entry.priority, age, name_of(entry));
        }
        if (list->next == 0)
            return;
        from = list->next;
    }
}

void show_memory(Output& out) {
    const auto statistics = sys::call(pager_service, pager::Statistics{});
    if (!statistics)
        return out.print("mem: the pager does not answer\n");
    print(out, "pages: {} in all, {} free; {} clients\n", statistics->pages_total, statistics->pages_free,
          statistics->clients);
    print(out, "page faults: {} served, {} refused; {} requests\n", statistics->faults_served,
          statistics->faults_refused, statistics->requests);
}

void show_uptime(Output& out) {
    const auto uptime = sys::call(process_service, process::Uptime{});
    if (!uptime)
        return out.print("uptime: the process service does not answer\n");
    print(out, "up {}.{:03} s\n", uptime->microseconds / 1'000'000, uptime->microseconds / 1000 % 1000);
}

void power_off(Output& out) {
    const auto result = sys::call(process_service, process::PowerOff{});
    if (!result)
        print(out, "poweroff: {}\n", process::describe(static_cast<process::Error>(result.error().label())));
}

struct Command {
    std::string_view name;
    void (*run)(Output& out);
};
constexpr Command commands[] = {
    {"help", help}, {"ps", list_processes}, {"mem", show_memory}, {"uptime", show_uptime}, {"poweroff", power_off}};

} // namespace

void run_command(std::string_view line, Output& out) {
    const size_t start = line.find_first_not_of(' ');
    if (start == std::string_view::npos)
        return;
    const std::string_view name = line.substr(start, line.find(' ', start) - start);
    for (const Command& command : commands)
        if (command.name == name)
            return command.run(out);
    print(out, "{}: unknown command (try help)\n", name.substr(0, 60));
}

} // namespace console
