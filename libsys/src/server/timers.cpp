// SPDX-License-Identifier: BSD-2-Clause
// A list of timers by deadline, and the process's alarm set for the first.
#include <sys/cap/cnode.hpp>
#include <sys/ipc/call.hpp>
#include <sys/protocol/process.hpp>
#include <sys/server/timers.hpp>

namespace sys {

namespace {

constexpr Endpoint process_service(slot::process_service);

Result<Word> uptime() { return TRY(call(process_service, protocol::process::Uptime{})).microseconds; }

} // namespace

void Timer::cancel() {
    if (owner_ != nullptr)
        owner_->remove(*this);
}

Result<void> Timers::start() {
    const CNode own(slot::cnode);
    return own.at(slot_).mint_from(own.at(slot::notification), Rights::write(), badge_);
}

Result<void> Timers::set(Timer& timer, Word microseconds) {
    timer.cancel();
    const Word now = TRY(uptime());
    if (__builtin_add_overflow(now, microseconds, &timer.deadline_))
        return ErrorCode::invalid_value;
    Timer** place = &first_;
    while (*place != nullptr && (*place)->deadline_ <= timer.deadline_)
        place = &(*place)->next_;
    timer.next_ = *place;
    timer.owner_ = this;
    *place = &timer;
    return first_ == &timer ? set_alarm(now) : Result<void>();
}

void Timers::remove(Timer& timer) {
    for (Timer** place = &first_; *place != nullptr; place = &(*place)->next_) {
        if (*place != &timer)
            continue;
        *place = timer.next_;
        break;
    }
    timer.owner_ = nullptr; // the alarm may come for nothing
}

/// An alarm of 0 microseconds would be none: what is due already comes after one.
Result<void> Timers::set_alarm(Word now) {
    const Word span = first_ == nullptr ? 0 : first_->deadline_ > now ? first_->deadline_ - now : 1;
    TRY(call(process_service, protocol::process::Alarm{span}, Signal(slot_)));
    return {};
}

void Timers::handle_signal(Badge signal) {
    if ((signal.value & badge_) != badge_)
        return;
    const auto now = uptime();
    if (!now)
        return;
    while (first_ != nullptr && first_->deadline_ <= *now) {
        Timer& due = *first_;
        remove(due);
        due.raise();
    }
    if (first_ != nullptr)
        static_cast<void>(set_alarm(*now));
}

} // namespace sys
