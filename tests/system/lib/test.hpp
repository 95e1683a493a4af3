// SPDX-License-Identifier: BSD-2-Clause
// System tests: a root task that is a list of named cases. A topic is one <topic>.cpp in tests/system; each of its
//     SYSTEM_TEST("R7: a check of a user address never faults") { ... }
// runs once, in the order of the file, reports PASS or FAIL on the serial line, and must leave memory and slots as they were.
#pragma once

#include <sys/result.hpp>
#include <tests/system/lib/world.hpp>

namespace test {

/// A named case; they register themselves before main.
class Case {
public:
    using Body = void (*)();
    Case(const char* name, Body body);
    const char* name() const { return name_; }
    void run() const { body_(); }
    const Case* next() const { return next_; }

private:
    const char* name_;
    Body body_;
    const Case* next_ = nullptr;
};

/// The place and the words of a check.
struct Where {
    const char* file;
    int line;
    const char* text;
};

/// Each of these notes the first failure of the running case and says whether the check held.
bool check(bool held, const Where& where);
bool check_equal(Word actual, Word expected, const Where& where);
bool check_ok(const sys::Error* error, const Where& where);
/// The label of an answer, and its first words for the message of a failure.
bool check_error_label(Word label, abi::Error expected, const Word* details, const Where& where);
/// `error` null: the operation succeeded, which is the failure here.
bool check_error(const sys::Error* error, abi::Error expected, const Where& where);

template <class T>
bool check_result(const sys::Result<T>& result, const Where& where) {
    return check_ok(result ? nullptr : &result.error(), where);
}
template <class T>
bool check_refused(const sys::Result<T>& result, abi::Error expected, const Where& where) {
    return check_error(result ? nullptr : &result.error(), expected, where);
}
/// As check_refused; the first details must be these as well.
template <class T>
bool check_refused(const sys::Result<T>& result, abi::Error expected, Word detail, const Where& where) {
    return check_refused(result, expected, where) && check_equal(result.error().detail(0), detail, where);
}
template <class T>
bool check_refused(const sys::Result<T>& result, abi::Error expected, Word detail0, Word detail1, const Where& where) {
    if (!check_refused(result, expected, where))
        return false;
    return check_equal(result.error().detail(0), detail0, where) &&
           check_equal(result.error().detail(1), detail1, where);
}

/// A line that belongs to no case.
void say(const char* line);

} // namespace test

#define TEST_JOIN2(a, b) a##b
#define TEST_JOIN(a, b) TEST_JOIN2(a, b)
#define SYSTEM_TEST(title)                                                                                             \
    static void TEST_JOIN(case_body_, __LINE__)();                                                                     \
    static test::Case TEST_JOIN(case_, __LINE__)(title, TEST_JOIN(case_body_, __LINE__));                              \
    static void TEST_JOIN(case_body_, __LINE__)()

#define TEST_WHERE(text)                                                                                               \
    test::Where { __FILE__, __LINE__, text }
#define CHECK(condition) test::check(static_cast<bool>(condition), TEST_WHERE(#condition))
#define CHECK_EQUAL(actual, expected)                                                                                  \
    test::check_equal(static_cast<abi::Word>(actual), static_cast<abi::Word>(expected), TEST_WHERE(#actual))
#define CHECK_OK(operation) test::check_result((operation), TEST_WHERE(#operation))
/// CHECK_REFUSED(operation, error[, detail 0[, detail 1]])
#define CHECK_REFUSED(operation, ...) test::check_refused((operation), __VA_ARGS__, TEST_WHERE(#operation))
/// As the checks, and leave the case (a void function) if they fail.
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!CHECK(condition))                                                                                         \
            return;                                                                                                    \
    } while (false)
#define REQUIRE_OK(operation)                                                                                          \
    do {                                                                                                               \
        if (!CHECK_OK(operation))                                                                                      \
            return;                                                                                                    \
    } while (false)
/// Declares `name` as the value of a Result.
#define REQUIRE_VALUE(name, operation)                                                                                 \
    auto name##_result = (operation);                                                                                  \
    if (!test::check_result(name##_result, TEST_WHERE(#operation)))                                                    \
        return;                                                                                                        \
    auto name = name##_result.take()
