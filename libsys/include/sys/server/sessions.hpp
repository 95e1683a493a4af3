// SPDX-License-Identifier: BSD-2-Clause
// Sessions: what a server keeps for each of its clients, found by the badge of a message.
//
// The service manager gives a unit's process a badge of unit and incarnation. A unit has one session: a later process of
// it takes the place of the earlier one. So a client that dies without a word leaves nothing behind for long, and none can
// fill the table by dying again and again.
#pragma once

#include <array>
#include <sys/cap/object.hpp>
#include <sys/protocol/service_manager.hpp>

namespace sys {

/// What a server keeps for each of its clients.
template <class Session, size_t capacity = 64>
class Sessions {
public:
    /// The session of the sender; a new one, if this is its first message. busy: every place is taken. not_permitted: no
    /// service's badge, or that of an earlier process of its unit.
    Result<Session*> of(Badge badge) {
        const uint16_t unit = protocol::service_manager::unit_of_badge(badge.value);
        const uint32_t life = protocol::service_manager::incarnation_of_badge(badge.value);
        if (badge.value == 0 || (badge.value & signal_badge_bit) != 0)
            return ErrorCode::not_permitted;
        Place* const place = place_of(unit);
        if (place == nullptr)
            return Error(ErrorCode::busy, capacity);
        if (place->begun && place->life > life)
            return ErrorCode::not_permitted;
        if (!place->begun || place->life != life) {
            place->unit = unit;
            place->life = life;
            place->begun = true;
            place->session = Session();
        }
        return &place->session;
    }
    /// Forgets a client.
    void end(Badge badge) {
        Place* const place = place_of(protocol::service_manager::unit_of_badge(badge.value));
        if (place != nullptr && place->life == protocol::service_manager::incarnation_of_badge(badge.value))
            place->begun = false;
    }
    /// Clients with a session.
    size_t count() const {
        size_t found = 0;
        for (const Place& place : places_)
            found += place.begun ? 1 : 0;
        return found;
    }

private:
    struct Place {
        uint16_t unit = 0;
        uint32_t life = 0;
        bool begun = false; ///< not std::optional: clang asks too early whether a nested Session can be made
        Session session;
    };
    /// The unit's place, or else a free one; null if there is neither.
    Place* place_of(uint16_t unit) {
        Place* free = nullptr;
        for (Place& place : places_) {
            if (place.begun && place.unit == unit)
                return &place;
            if (!place.begun && free == nullptr)
                free = &place;
        }
        return free;
    }

    std::array<Place, capacity> places_{};
};

} // namespace sys
