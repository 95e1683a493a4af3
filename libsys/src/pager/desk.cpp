// SPDX-License-Identifier: BSD-2-Clause
#include <sys/pager/desk.hpp>

#include <algorithm>

namespace sys::pager {

void Answer::drop(unsigned count) {
    const unsigned dropped = std::min<unsigned>(count, count_);
    std::move(items_.begin() + dropped, items_.begin() + count_, items_.begin());
    count_ = static_cast<uint8_t>(count_ - dropped);
}

bool Answer::take_write_right() {
    if (count_ == 0 || !items_[0].place.rights().can_write())
        return false;
    items_[0].place = abi::Place(items_[0].place.raw() & ~abi::PageRights(1).raw());
    return true;
}

void Answer::put_first(const MapItem& item) {
    if (count_ == items_.size())
        --count_;
    std::move_backward(items_.begin(), items_.begin() + count_, items_.begin() + count_ + 1);
    items_[0] = item;
    ++count_;
}

Result<Received> Desk::deliver(const Answer& answer, unsigned& mapped) const {
    switch (answer.kind()) {
    case Answer::Kind::map: return port_.map_receive(answer.items(), &mapped);
    case Answer::Kind::deny: return port_.deny_receive(answer.code());
    case Answer::Kind::forward: return port_.forward_receive(answer.pager(), answer.cookie(), answer.rights());
    case Answer::Kind::later: break;
    }
    return ErrorCode::invalid_value;
}

Received Desk::answer(Answer answer, Access access) {
    if (answer.kind() == Answer::Kind::later && can_wait())
        return set_aside();
    if (answer.kind() == Answer::Kind::later)
        answer = Answer::retry();
    carried_out_ = true;
    const Object missing_page = answer.items().empty() ? Object() : answer.items()[0].capability;
    for (;;) {
        unsigned mapped = 0;
        Result<Received> next = deliver(answer, mapped);
        if (next)
            return next.take();
        // The thread is gone, or its fault is no longer ours to answer; whoever denies has nothing left to say either.
        if (next.error() == abi::Error::nobody_waits || answer.kind() == Answer::Kind::deny) {
            carried_out_ = false;
            return receive();
        }
        answer.drop(mapped);
        const bool is_first = !answer.items().empty() && answer.items()[0].capability == missing_page;
        carried_out_ = carried_out_ && !(is_first && next.error() == abi::Error::delete_first);
        mend(answer, next.error(), access);
        carried_out_ = carried_out_ && answer.kind() != Answer::Kind::deny;
    }
}

void Desk::mend(Answer& answer, const Error& error, Access access) {
    const bool has_items = answer.kind() == Answer::Kind::map && !answer.items().empty();
    if (has_items && is_missing_level(error)) {
        const MissingLevel level = missing_level(error);
        const Word span = Word{1} << static_cast<unsigned>(level);
        const Result<Object> table = tables_.make(level);
        if (!table) {
            answer = Answer::deny(Denial::no_memory);
            return;
        }
        const Word address = answer.items()[0].place.address() & ~(span - 1);
        answer.put_first({*table, abi::Place(address)});
    } else if (has_items && error == abi::Error::delete_first) {
        answer.drop(1); // taken: the thread finds what is there
    } else if (has_items && error == abi::Error::illegal_operation && answer.take_write_right()) {
        if (access == Access::write)
            answer = Answer::deny(Denial::not_writable);
    } else {
        answer = Answer::deny(Denial::refused);
    }
}

Received Desk::set_aside() {
    port_ = PagerPort(port_.endpoint(), spare_[--spare_count_]);
    return receive();
}

void Desk::wake(Reply waiter) {
    waiter.send(Message::of_label(0));
    spare_[spare_count_++] = waiter;
}

} // namespace sys::pager
