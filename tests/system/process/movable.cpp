// SPDX-License-Identifier: BSD-2-Clause
// A position-independent program. Without an argument it is PID 1: it starts itself some times more, elsewhere. With one it tells by
// its status whether its own addresses are right, and whether data that holds addresses is read-only.
#include <string_view>
#include <sys/cap/notification.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/memory.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace {

namespace process = sys::protocol::process;
namespace pager = sys::protocol::pager;
using sys::Word;

const sys::Endpoint process_service(sys::slot::process_service);

int one() { return 1; }
int two() { return 2; }
using Function = int (*)();
/// Addresses in data: without relocation they would name page 0.
constinit const Function constant_table[] = {one, two};
constinit Function table[] = {two, one};

struct Base {
    virtual int number() const { return 3; }
};
struct Derived final : Base {
    int number() const override { return 4; }
};

/// A variable that the compiler knows nothing of.
template <class T>
T unknown(T value) {
    asm volatile("" : "+r"(value));
    return value;
}

int check() {
    const Derived derived;
    const Base* const base = unknown<const Base*>(&derived);
    const Function* const constants = unknown(&constant_table[0]);
    Function* const variables = unknown(&table[0]);
    if (constants[0]() != 1 || constants[1]() != 2 || variables[0]() != 2 || variables[1]() != 1 || base->number() != 4)
        return 1;
    variables[0] = one;
    return unknown(&table[0])[0]() == 1 ? 0 : 2;
}

/// Must not come back.
int write_constant() {
    *const_cast<volatile Function*>(unknown(&constant_table[0])) = two;
    return 3;
}

bool start(std::string_view what) {
    process::SpawnTexts texts;
    texts.set_path("/sbin/movable");
    texts.add_argument("/sbin/movable");
    texts.add_argument(what);
    return sys::call_with_payload(process_service, texts.request(), sys::Payload(texts.payload())).is_ok();
}

process::NextExit::Reply wait_for_end() {
    for (;;) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (!exit || exit->pid != 0)
            return exit ? *exit : process::NextExit::Reply{};
        static_cast<void>(sys::Notification(sys::slot::notification).wait());
    }
}

void report(bool good, std::string_view name) { sys::log("{} {}", good ? "PASS" : "FAIL", name); }

} // namespace

int main(int argc, char** argv, char**) {
    const int here = check();
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "check" || here != 0)
        return here;
    if (what == "write")
        return write_constant();
    report(true, "PID 1 is position-independent");
    const sys::CNode own(sys::slot::cnode);
    static_cast<void>(
        own.at(sys::slot::first_free).mint_from(own.at(sys::slot::notification), abi::Rights::write(), 1));
    static_cast<void>(sys::call(process_service, process::WatchExits{}, sys::Signal(sys::slot::first_free)));
    bool good = true;
    for (int i = 0; i < 4; ++i) {
        good = good && start("check");
        const auto end = wait_for_end();
        good = good && end.cause == process::Cause::exited && end.status == 0;
    }
    report(good, "its copies run wherever they are put");
    const bool started = start("write");
    const auto end = wait_for_end();
    report(started && end.cause == process::Cause::faulted &&
               end.refusal == static_cast<Word>(pager::Refusal::not_writable),
           "data with addresses in it cannot be written to");
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
