// SPDX-License-Identifier: BSD-2-Clause
// Invocations as they are: any label on any capability with any words and capabilities, and the whole answer.
#pragma once

#include <initializer_list>
#include <tests/system/lib/test.hpp>

namespace test {

/// A capability as an argument: a slot number, a typed capability, or one that somebody owns.
struct AnyCap {
    Word slot;
    AnyCap(Word number) : slot(number) {}
    AnyCap(sys::Object object) : slot(object.slot()) {}
    template <class T>
    AnyCap(const Cap<T>& owned) : slot(owned.get().slot()) {}
};

/// Everything that a kernel object answers.
struct Answer {
    static constexpr unsigned capacity = 24;
    Word label = 0;
    unsigned length = 0;
    unsigned extra_caps = 0;
    Word badge = 0;
    Word words[capacity] = {};

    bool is_done() const { return label == 0; }
    bool is(abi::Error error) const { return label == static_cast<Word>(error); }
};

/// Arguments in braces, or as many of an array as are wanted.
template <class T>
class List {
public:
    List() = default;
    List(std::initializer_list<T> items) : items_(items.begin(), items.size()) {}
    List(std::span<const T> items) : items_(items) {}
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }
    size_t size() const { return items_.size(); }

private:
    std::span<const T> items_;
};
using Words = List<Word>;
using Caps = List<AnyCap>;

/// Calls; nothing is checked on this side.
Answer invoke(AnyCap target, abi::Invocation method, Words words = {}, Caps caps = {});
Answer invoke(AnyCap target, Word label, Words words = {}, Caps caps = {});
/// The same by Send or NBSend: nobody answers.
void invoke_silently(abi::Syscall by, AnyCap target, abi::Invocation method, Words words = {}, Caps caps = {});

/// Label, number of words, and each word of an answer; its badge is 0 and it brings no capability.
bool check_answer(const Answer& answer, abi::Error expected, Words details, const Where& where);

/// A slot of the root task's CSpace that is free, and counted as taken as long as this lives; what is in it at the end
/// is deleted.
class Place {
public:
    static Result<Place> take() {
        Place place;
        place.slot_ = TRY(space().allocate());
        return place;
    }
    Place() = default;
    Place(Place&&) = default;
    Place& operator=(Place&&) = delete;
    ~Place() {
        if (slot_)
            static_cast<void>(slot_.ref().remove());
    }
    Word number() const { return slot_.number(); }
    operator AnyCap() const { return slot_.number(); }
    sys::SlotRef ref() const { return slot_.ref(); }

private:
    sys::Slot slot_;
};

} // namespace test

/// CHECK_ANSWER(answer, error, details...): that error with exactly these words.
#define CHECK_ANSWER(answer, error, ...)                                                                               \
    test::check_answer((answer), abi::Error::error, {__VA_ARGS__}, TEST_WHERE(#answer))
/// Success, with exactly these words.
#define CHECK_DONE(answer, ...) test::check_answer((answer), abi::Error::none, {__VA_ARGS__}, TEST_WHERE(#answer))
#define REQUIRE_DONE(answer)                                                                                           \
    do {                                                                                                               \
        if (!CHECK_DONE(answer))                                                                                       \
            return;                                                                                                    \
    } while (false)
/// Declares `name` as an empty slot of the root task.
#define REQUIRE_PLACE(name) REQUIRE_VALUE(name, test::Place::take())
