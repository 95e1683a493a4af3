// SPDX-License-Identifier: BSD-2-Clause
// Timers: events after a span of time, any number of them over the one alarm that a process has.
#pragma once

#include <sys/cap/notification.hpp>
#include <sys/ipc/protocol.hpp>
#include <sys/proc/slots.hpp>
#include <sys/server/task.hpp>

namespace sys {

class Timers;

/// One span of time; awaited like any event. It must live until it was raised, or ends with whoever waits.
class Timer : public Event {
public:
    ~Timer() { cancel(); }
    /// It is not raised any more; nothing happens if it is not set.
    void cancel();
    /// Whether it will be raised.
    bool is_set() const { return owner_ != nullptr; }

private:
    friend class Timers;
    Timers* owner_ = nullptr;
    Timer* next_ = nullptr;
    Word deadline_ = 0; ///< microseconds of uptime
};

/// The alarm of a process, shared by any number of timers.
class Timers {
public:
    /// `bit`: which of the signal's bits 0 to 61 stands for the alarm; `slot`: an empty slot, kept for good.
    explicit constexpr Timers(unsigned bit, Word slot) : slot_(slot), badge_(signal_badge_bit | Word{1} << bit) {}
    Timers(const Timers&) = delete;
    Timers& operator=(const Timers&) = delete;

    /// Makes the notification that the alarm signals.
    Result<void> start();
    /// The timer is raised after `microseconds`, in steps of 10 ms and never early. One that is set already starts over.
    Result<void> set(Timer& timer, Word microseconds);
    /// To be called with every signal: raises what is due.
    void handle_signal(Badge signal);

private:
    friend class Timer;
    void remove(Timer& timer);
    Result<void> set_alarm(Word now);

    Word slot_;
    Word badge_;
    Timer* first_ = nullptr; ///< soonest first
};

} // namespace sys
