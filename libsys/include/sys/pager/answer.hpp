// SPDX-License-Identifier: BSD-2-Clause
// What a pager answers to a fault, as a value: it decides, `Desk` carries it out.
#pragma once

#include <sys/pager/fault.hpp>

namespace sys::pager {

/// The answer to a fault.
class Answer {
public:
    enum class Kind : uint8_t { map, deny, forward, later };

    /// The page that is missing, and the thread goes on.
    static Answer map(const MapItem& page) { return Answer(Kind::map).with(page); }
    /// The thread tries again: it faults anew unless the tables permit the access by now.
    static Answer retry() { return Answer(Kind::map); }
    /// The supervisor of the thread is told the code.
    static Answer deny(Denial code) { return deny(static_cast<uint8_t>(code)); }
    static Answer deny(uint8_t code) {
        Answer answer(Kind::deny);
        answer.code_ = code;
        return answer;
    }
    /// Another pager answers; it is shown `cookie`, and what it maps has at most `rights`.
    static Answer forward(Endpoint pager, Word cookie, abi::PageRights rights = abi::PageRights::all()) {
        Answer answer(Kind::forward);
        answer.pager_ = pager;
        answer.cookie_ = cookie;
        answer.rights_ = rights;
        return answer;
    }
    /// The thread goes on waiting until Desk::wake(fault.waiter); then it faults anew.
    static Answer later() { return Answer(Kind::later); }

    /// One item more, behind the missing page: a neighbour. There is room for 20; what does not fit is left out.
    Answer& with(const MapItem& item) {
        if (count_ < items_.size())
            items_[count_++] = item;
        return *this;
    }

    Kind kind() const { return kind_; }
    std::span<const MapItem> items() const { return {items_.data(), count_}; }
    uint8_t code() const { return code_; }
    Endpoint pager() const { return pager_; }
    Word cookie() const { return cookie_; }
    abi::PageRights rights() const { return rights_; }

    /// The first items are done, or cannot be.
    void drop(unsigned count);
    /// The first item without the right to write; false if it had none.
    bool take_write_right();
    /// What must come first: a table that the others are in. If the answer is full its last item gives way.
    void put_first(const MapItem& item);

private:
    explicit Answer(Kind kind) : kind_(kind) {}

    Kind kind_;
    uint8_t code_ = 0;
    uint8_t count_ = 0;
    abi::PageRights rights_;
    Endpoint pager_;
    Word cookie_ = 0;
    std::array<MapItem, abi::max_items> items_{};
};

} // namespace sys::pager
