// SPDX-License-Identifier: BSD-2-Clause
// Which reply objects are free.
#include <sys/server/replies.hpp>

namespace sys {

PendingReply& PendingReply::operator=(PendingReply&& other) {
    if (this == &other)
        return *this;
    abandon();
    owner_ = std::exchange(other.owner_, nullptr);
    place_ = other.place_;
    serial_ = other.serial_;
    return *this;
}

void PendingReply::answer(const Message& message) {
    if (Replies* const owner = std::exchange(owner_, nullptr); owner != nullptr)
        owner->answer(place_, serial_, message);
}

PendingReply::operator bool() const { return owner_ != nullptr && owner_->places_[place_].serial == serial_; }

template <class Condition>
void Replies::take_back_if(Condition&& condition) {
    for (unsigned i = 0; i < capacity; ++i)
        if (places_[i].serial != 0 && condition(places_[i].caller))
            answer(i, places_[i].serial, Message::of_error(ErrorCode::busy));
}

/// Asking who lives spoils the IPC buffer, so what the caller sent must have been read by now.
Result<PendingReply> Replies::keep(Badge caller) {
    take_back_if([&](Badge other) { return clients_.client_of(other) == clients_.client_of(caller); });
    if (find_free() == capacity)
        take_back_dead();
    const unsigned next = find_free();
    if (next == capacity)
        return Error(ErrorCode::busy, capacity - 1);
    Place& kept = places_[receiving_];
    kept.serial = ++serials_;
    kept.caller = caller;
    return PendingReply(*this, std::exchange(receiving_, next), kept.serial);
}

unsigned Replies::waiting() const {
    unsigned count = 0;
    for (const Place& place : places_)
        count += place.serial != 0 ? 1 : 0;
    return count;
}

unsigned Replies::find_free() const {
    for (unsigned i = 0; i < capacity; ++i)
        if (i != receiving_ && places_[i].serial == 0)
            return i;
    return capacity;
}

void Replies::take_back_dead() {
    take_back_if([&](Badge other) { return !clients_.lives(other); });
}

void Replies::answer(unsigned place, Word serial, const Message& message) {
    if (places_[place].serial != serial)
        return; // taken back
    places_[place].serial = 0;
    places_[place].reply.send(message);
}

} // namespace sys
