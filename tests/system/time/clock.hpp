// SPDX-License-Identifier: BSD-2-Clause
// What cases about time share: contexts by microseconds, threads that use up time, and a record of who ran when.
#pragma once

#include <tests/system/lib/invoke.hpp>
#include <tests/system/lib/thread.hpp>
#include <tests/system/lib/victim.hpp>

namespace test {

inline Word microseconds(Word ticks) { return ticks / ticks_per_microsecond(); }
inline Word ticks(Word microseconds) { return microseconds * ticks_per_microsecond(); }

/// Burns time without a system call.
inline void burn(Word microseconds) {
    const Word start = now();
    while (now() - start < ticks(microseconds)) {
    }
}

/// A context of 10 refills.
inline Result<Cap<sys::SchedContext>> make_context(sys::Untyped memory, const sys::SchedControl::Budget& budget) {
    auto context = TRY(sys::make_object<sys::SchedContext>(space(), memory, 8));
    TRY(sched_control().configure(context, budget));
    return context;
}

/// Who did something, in order.
class Record {
public:
    void add(Word who) {
        if (length_ < capacity)
            entries_[length_] = who;
        length_ = length_ + 1;
    }
    unsigned length() const { return length_; }
    Word operator[](unsigned index) const { return entries_[index]; }
    /// Exactly these, in this order.
    bool is(std::initializer_list<Word> expected, const Where& where) const {
        unsigned index = 0;
        for (const Word who : expected)
            if (!check_equal(index < length_ ? entries_[index] : ~Word{0}, who, where))
                return false;
            else
                ++index;
        return check_equal(length_, expected.size(), where);
    }
    void clear() { length_ = 0; }

private:
    static constexpr unsigned capacity = 64;
    volatile Word entries_[capacity] = {};
    volatile unsigned length_ = 0;
};
#define CHECK_RECORD(record, ...) CHECK((record).is({__VA_ARGS__}, TEST_WHERE(#record)))

/// Notes itself once.
struct Note {
    Record* in;
    Word who = 0;
    void operator()() { in->add(who); }
};

/// When a thread ran, as it sees it itself: stretches without a gap.
class Activity {
public:
    static constexpr unsigned capacity = 64;
    static constexpr Word gap_us = 100; ///< more than this without running is one

    /// Runs for so long: the time of gaps does not count.
    void work(Word us) {
        Word last = begin();
        for (Word done = 0; done < ticks(us);) {
            const Word time = now();
            if (time - last > ticks(gap_us))
                begin();
            else
                done += time - last;
            last = time;
            stretches_[index()].end = time;
        }
    }
    unsigned count() const { return count_; }
    Word start(unsigned which) const { return stretches_[which].start; }
    Word length_us(unsigned which) const { return microseconds(stretches_[which].end - stretches_[which].start); }
    /// From the start of this one to the start of the next.
    Word period_us(unsigned which) const { return microseconds(stretches_[which + 1].start - stretches_[which].start); }
    /// The most that it ran in any window of this length.
    Word most_in_window_us(Word window_us) const {
        Word most = 0;
        for (unsigned first = 0; first < count_; ++first) {
            const Word end = stretches_[first].start + ticks(window_us);
            Word sum = 0;
            for (unsigned i = first; i < count_ && stretches_[i].start < end; ++i)
                sum += (stretches_[i].end < end ? stretches_[i].end : end) - stretches_[i].start;
            most = sum > most ? sum : most;
        }
        return microseconds(most);
    }

private:
    struct Stretch {
        volatile Word start, end;
    };
    unsigned index() const { return count_ - 1; }
    Word begin() {
        if (count_ < capacity)
            count_ = count_ + 1;
        const Word time = now();
        stretches_[index()].start = time;
        stretches_[index()].end = time;
        return time;
    }
    volatile unsigned count_ = 0;
    Stretch stretches_[capacity] = {};
};

/// Uses all the time it gets.
struct Burner : Activity {
    void operator()() { work(~Word{0} / ticks_per_microsecond()); }
};

/// Lets everybody below run until `us` have passed. The case itself runs again afterwards, whatever its priority.
inline void sleep(Word us) {
    const Word end = now() + ticks(us);
    while (now() < end)
        yield();
}

} // namespace test
