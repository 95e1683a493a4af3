// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1 and tries what the process service and the pager promise; then switches the
// machine off. One line a test: PASS or FAIL.
#include <abi/fault.hpp>
#include <string_view>
#include <sys/cap/cnode.hpp>
#include <sys/cap/notification.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/inspection.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using process::Cause;
using sys::Word;

namespace {

const sys::Endpoint pager_service(sys::slot::pager);
const sys::Endpoint process_service(sys::slot::process_service);
const sys::Notification events(sys::slot::notification);
constexpr Word exit_slot = sys::slot::first_free, alarm_slot = exit_slot + 1;
constexpr Word exit_badge = 1, alarm_badge = 2;

unsigned passed = 0, failed = 0;

void report(bool good, std::string_view name, Word detail = 0) {
    if (good)
        sys::log("PASS {}", name);
    else
        sys::log("FAIL {}: {} ({:#x})", name, detail, detail);
    ++(good ? passed : failed);
}

struct Start {
    uint16_t grants = 0;
    uint16_t first_port = 0;
    uint16_t last_port = 0;
    Word quota_pages = 0;
    Word untyped_quota = 0;
};

sys::Result<Word> start(std::string_view path, std::string_view order, const Start& how = {}) {
    process::SpawnTexts texts;
    texts.set_path(path);
    texts.add_argument("child");
    texts.add_argument(order);
    if (order == "start") {
        texts.add_argument("third");
        texts.add_environment("A=1");
        texts.add_environment("B=2");
    }
    process::Spawn request = texts.request();
    request.grants = how.grants;
    request.first_port = how.first_port;
    request.last_port = how.last_port;
    request.quota_pages = how.quota_pages;
    request.untyped_quota = how.untyped_quota;
    const auto answer = TRY(sys::call_with_payload(process_service, request, sys::Payload(texts.payload())));
    return answer.reply.pid;
}

/// The next end of a child, waited for.
process::NextExit::Reply wait_for_end() {
    for (;;) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (!exit || exit->pid != 0)
            return exit ? *exit : process::NextExit::Reply{};
        static_cast<void>(events.wait());
    }
}

/// Runs a child to its end.
process::NextExit::Reply run(std::string_view order, const Start& how = {}) {
    const auto pid = start("/sbin/child", order, how);
    if (!pid)
        return {.pid = 0, .status = pid.error().label()};
    const auto end = wait_for_end();
    return end.pid == *pid ? end : process::NextExit::Reply{};
}

void expect_status(std::string_view name, std::string_view order, Word status, const Start& how = {}) {
    const auto end = run(order, how);
    report(end.cause == Cause::exited && end.status == status, name, end.status);
}

void expect_fault(std::string_view name, std::string_view order, abi::Fault fault, pager::Refusal refusal) {
    const auto end = run(order);
    report(end.cause == Cause::faulted && end.fault_label == static_cast<Word>(fault) &&
               end.refusal == static_cast<Word>(refusal) && end.fault_instruction >= 0x400000,
           name, end.refusal);
}

void expect_refusal(std::string_view name, std::string_view path, process::Error error, const Start& how = {}) {
    const auto pid = start(path, "nothing", how);
    report(!pid && pid.error() == error, name, pid ? *pid : pid.error().label());
}

void connect_events() {
    const sys::CNode cnode(sys::slot::cnode);
    static_cast<void>(cnode.at(exit_slot).mint_from(cnode.at(events.slot()), abi::Rights::all(), exit_badge));
    static_cast<void>(cnode.at(alarm_slot).mint_from(cnode.at(events.slot()), abi::Rights::all(), alarm_badge));
    const auto watching = sys::call(process_service, process::WatchExits{}, sys::Signal(exit_slot));
    report(watching.is_ok(), "PID 1 can watch the ends of its children");
}

void test_ends() {
    expect_status("R28 an exit status reaches the parent", "exit-7", 7);
    const auto again = sys::call(process_service, process::NextExit{});
    report(again && again->pid == 0, "R28 an end is told once");
    expect_status("arguments, environment and auxiliary vector are on the stack", "start", 0);
    expect_fault("R38 reading address 0 ends the process, and its parent hears why", "read-null", abi::Fault::vm_fault,
                 pager::Refusal::no_region);
    expect_fault("writing to its code ends the process", "write-text", abi::Fault::vm_fault,
                 pager::Refusal::not_writable);
    expect_fault("writing to the kernel half ends the process", "write-kernel", abi::Fault::vm_fault,
                 pager::Refusal::not_user_half);
    expect_fault("R17 running code on the stack ends the process", "run-stack", abi::Fault::vm_fault,
                 pager::Refusal::not_executable);
    expect_fault("a stack that overflows hits its guard page", "overflow", abi::Fault::vm_fault,
                 pager::Refusal::guard_page);
    expect_fault("dividing by zero ends the process", "divide", abi::Fault::user_exception,
                 pager::Refusal::not_a_page_fault);
}

void test_memory() {
    expect_status("a stack grows by being touched", "deep-stack", 0);
    expect_status("mapping requests are refused by their own errors", "hostile", 0);
    expect_status("memory is zero, and a secret is left in it", "secret", 0);
    expect_status("memory is zero again after another process's secret", "secret", 0);
    const Start small{.quota_pages = 40};
    const auto end = run("deep-stack", small);
    report(end.cause == Cause::faulted && end.refusal == static_cast<Word>(pager::Refusal::over_quota),
           "a process over its quota ends", end.refusal);
}

void test_permissions() {
    expect_status("a process without the grant may not spawn, kill, watch or switch off", "forbidden", 0);
    expect_refusal("a program that is not there is refused", "/sbin/nobody", process::Error::no_such_file);
    expect_refusal("a file that is no program is refused", "/etc/eclipse/systemd/system/multi-user.target",
                   process::Error::not_an_executable);
    expect_refusal("ports that the console has are refused", "/sbin/child", process::Error::port_refused,
                   {.grants = process::grant::io_ports, .first_port = 0x3f8, .last_port = 0x3f8});
    const auto stale = run("nothing").pid;
    const auto killed = sys::call(process_service, process::Kill{stale});
    report(!killed && killed.error() == process::Error::no_such_process, "R39 a stale number is refused");
}

void test_kill_and_orphans() {
    const auto pid = start("/sbin/child", "wait");
    const bool killed = pid && sys::call(process_service, process::Kill{*pid});
    const auto end = wait_for_end();
    report(killed && end.pid == *pid && end.cause == Cause::killed, "a killed process is told as killed");

    const auto listener = start("/sbin/child", "listen");
    const bool asked = listener && sys::call(process_service, process::AskToEnd{*listener});
    const auto answered = wait_for_end();
    report(asked && answered.pid == *listener && answered.cause == Cause::exited && answered.status == 8,
           "a process that is asked to end hears it, and ends by itself", answered.status);

    const auto sleeper = start("/sbin/child", "doze");
    const bool woken = sleeper && sys::call(process_service, process::AskToEnd{*sleeper});
    const auto slept = wait_for_end();
    report(woken && slept.pid == *sleeper && slept.status == 8,
           "a process that is asked to end in its sleep hears it later", slept.status);

    const auto parent = run("orphan", {.grants = process::grant::spawn});
    const auto list = sys::call(process_service, process::List{parent.pid + 1});
    const bool adopted = list && list->count == 1 && list->entries[0].parent == 1;
    report(parent.status == 0 && adopted, "R40 an orphan is adopted by PID 1");
    const Word orphan = adopted ? list->entries[0].pid : 0;
    const bool ended = adopted && sys::call(process_service, process::Kill{orphan});
    report(ended && wait_for_end().pid == orphan, "the end of an orphan reaches PID 1");
}

void test_alarm() {
    constexpr Word delay = 50'000, latest = 150'000;
    const auto before = sys::call(process_service, process::Uptime{});
    const auto set = sys::call(process_service, process::Alarm{delay}, sys::Signal(alarm_slot));
    sys::Badge badge; // signals of ends told long ago may still be there
    while (set && (badge.value & alarm_badge) == 0)
        badge = events.wait();
    const auto after = sys::call(process_service, process::Uptime{});
    const Word took = before && after ? after->microseconds - before->microseconds : 0;
    report(set && took >= delay && took < latest, "an alarm comes in time and never early", took);
}

Word free_pages() {
    const auto statistics = sys::call(pager_service, pager::Statistics{});
    return statistics ? statistics->pages_free : 0;
}

/// Untyped memory that no process has; what this one holds must be as it is, too.
Word free_untyped() {
    const auto holdings = sys::call(process_service, process::Holdings{});
    const bool good = holdings && holdings->count == 2 && holdings->holders[0].pid == 1 &&
                      holdings->holders[0].untyped_given == 0 && holdings->holders[0].slots_given == 256 &&
                      holdings->untyped_free <= holdings->untyped_total;
    return good ? holdings->untyped_free : 0;
}

void test_objects() {
    static_cast<void>(run("nothing")); // its place may be used for the first time
    const Word untyped = free_untyped(), pages = free_pages();
    expect_status("a process makes ten thousand objects, and its slots and memory grow", "make-many", 0,
                  {.untyped_quota = 2 << 20});
    expect_status("a process over its quota of untyped memory is told so, and goes on", "exceed-quota", 0,
                  {.untyped_quota = 64 << 10});
    expect_status("a process may not have more than its quota", "make-many", 1, {.untyped_quota = 16 << 10});
    report(untyped != 0 && free_untyped() == untyped && free_pages() == pages,
           "objects of processes go with them, and their memory is free again", untyped - free_untyped());
}

/// The first cycles may split a chunk or use a place for the first time: counted from then on.
void test_cycles(unsigned cycles) {
    for (int i = 0; i < 3; ++i)
        static_cast<void>(run("nothing"));
    const Word before = free_pages();
    unsigned good = 0;
    for (unsigned i = 0; i < cycles; ++i) {
        const process::NextExit::Reply end = run("nothing");
        good += end.cause == Cause::exited ? 1 : 0;
        if (end.cause != Cause::exited)
            sys::log("cycle {}: PID {} ended by {}, status {:#x}", i, end.pid, static_cast<Word>(end.cause),
                     end.status);
    }
    report(good == cycles, "R39 every spawn and exit of ten thousand is told", good);
    report(free_pages() == before, "R39 ten thousand spawns and exits leave memory unchanged", before - free_pages());
    const auto list = sys::call(process_service, process::List{});
    report(list && list->count == 2, "ten thousand spawns and exits leave the process table unchanged");
}

} // namespace

int main(int, char**, char**) {
    connect_events();
    test_ends();
    test_memory();
    test_permissions();
    test_kill_and_orphans();
    test_alarm();
    test_objects();
    test_cycles(10'000);
    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 1;
}
