// SPDX-License-Identifier: BSD-2-Clause
// Runs the cases of a topic one after the other and ends the machine with the agreed line and status.
#include <sys/util/log.hpp>
#include <tests/system/lib/test.hpp>

namespace test {
namespace {

/// What isa-debug-exit is told.
constexpr uint8_t exit_passed = 0x10;
constexpr uint8_t exit_failed = 0x11;

Case* first_case = nullptr;
Case** last_link = &first_case;

const Case* running = nullptr;
unsigned passed = 0;
unsigned failed = 0;

char reason_storage[384];
std::string_view reason;

std::string_view file_name(const char* path) {
    const std::string_view text(path);
    const size_t slash = text.rfind('/');
    return slash == std::string_view::npos ? text : text.substr(slash + 1);
}

/// Only the first failure of a case counts: the others follow from it.
template <class... Arguments>
bool fail(const Where& where, sys::FormatString<std::type_identity_t<Arguments>...> text,
          const Arguments&... arguments) {
    if (!reason.empty())
        return false;
    sys::TextBuffer buffer(reason_storage);
    sys::format_to(buffer, "{}:{}: {}: ", file_name(where.file), where.line, where.text);
    sys::format_to(buffer, text, arguments...);
    reason = buffer.text();
    return false;
}

void say_end() { sys::log("TESTS DONE {} passed {} failed", passed, failed); }

void report_own_fault(const sys::Received& fault) {
    sys::log("FAIL {}: its own thread faulted: kind {}, words {:#x} {:#x} {:#x} {:#x}",
             running == nullptr ? "before the first case" : running->name(), fault.label(), fault.mr0, fault.mr1,
             fault.mr2, fault.mr3);
    ++failed;
    say_end();
}

/// `before`: what there was before the first case, and is before each.
bool run(const Case& which, const Census& before) {
    running = &which;
    reason = {};
    which.run();
    const Census after = take_census();
    if (reason.empty() && !(before == after)) {
        sys::TextBuffer buffer(reason_storage);
        sys::format_to(buffer, "left behind: {} free slots before, {} after; {} capabilities in free slots; memory {}",
                       before.free_slots, after.free_slots, after.stray_capabilities,
                       after.memory_is_whole ? "whole" : "in use");
        reason = buffer.text();
    }
    if (!(before == after))
        recover();
    if (reason.empty())
        sys::log("PASS {}", which.name());
    else
        sys::log("FAIL {}: {}", which.name(), reason);
    return reason.empty();
}

} // namespace

Case::Case(const char* name, Body body) : name_(name), body_(body) {
    *last_link = this;
    last_link = const_cast<Case**>(&next_);
}

bool check(bool held, const Where& where) { return held || fail(where, "does not hold"); }
bool check_equal(Word actual, Word expected, const Where& where) {
    return actual == expected || fail(where, "is {:#x}, expected {:#x}", actual, expected);
}
bool check_ok(const sys::Error* error, const Where& where) {
    return error == nullptr ||
           fail(where, "{} (details {:#x} {:#x} {:#x})", *error, error->detail(0), error->detail(1), error->detail(2));
}
bool check_error_label(Word label, abi::Error expected, const Word* details, const Where& where) {
    if (label == static_cast<Word>(expected))
        return true;
    return fail(where, "error {} (details {:#x} {:#x} {:#x} {:#x}), expected {}: {}", label, details[0], details[1],
                details[2], details[3], static_cast<Word>(expected), sys::Error(expected).describe());
}
bool check_error(const sys::Error* error, abi::Error expected, const Where& where) {
    if (error == nullptr)
        return fail(where, "succeeded, expected: {}", sys::Error(expected).describe());
    return *error == expected || fail(where, "{} (details {:#x} {:#x}), expected: {}", *error, error->detail(0),
                                      error->detail(1), sys::Error(expected).describe());
}

void say(const char* line) { sys::log_line(line); }

} // namespace test

int main(const abi::BootInfo& boot_info) {
    test::set_up_world(boot_info);
    test::guard_own_thread(test::report_own_fault);
    const test::Census census = test::take_census();
    for (const test::Case* which = test::first_case; which != nullptr; which = which->next())
        ++(test::run(*which, census) ? test::passed : test::failed);
    test::say_end();
    test::leave_machine(test::failed == 0 ? test::exit_passed : test::exit_failed);
}
