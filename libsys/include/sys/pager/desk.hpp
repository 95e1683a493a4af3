// SPDX-License-Identifier: BSD-2-Clause
// Where a pager receives faults and requests and hands out its answers. An answer that the kernel cannot carry out as it is gets
// mended: missing tables are put before it, a neighbour whose place is taken is left out, a page that a pager in front lends for reading only is mapped so, a thread that is gone needs none.
#pragma once

#include <sys/pager/answer.hpp>
#include <sys/pager/table_stock.hpp>

namespace sys::pager {

/// A pager's endpoint, its reply objects, and the mending of its answers.
class Desk {
public:
    /// Threads that wait for Answer::later take a reply object each; `spare` are those beyond `reply`.
    Desk(Endpoint endpoint, Reply reply, TableStock& tables, std::span<Reply> spare = {})
        : port_(endpoint, reply), tables_(tables), spare_(spare) {}

    /// What whoever is being served waits on.
    Reply reply() const { return port_.reply(); }

    Received receive() { return port_.receive(); }
    /// To a fault by such an access.
    Received answer(Answer answer, Access access);
    /// Whether the last of these was carried out: the missing page mapped, the fault denied or forwarded as it said.
    bool carried_out() const { return carried_out_; }
    Received answer(const Message& reply) { return port_.reply_receive(reply); }
    /// The thread tries again: it waited on this since its Answer::later.
    void wake(Reply waiter);
    /// Whether there is a reply object for one more Answer::later; without one it is a retry.
    bool can_wait() const { return spare_count_ > 0; }

    /// A thread that repeats the same fault so often is denied: no answer helps it.
    static constexpr unsigned most_repeats = 10'000;

private:
    Result<Received> deliver(const Answer& answer, unsigned& mapped) const;
    Received set_aside();
    /// Changes the answer so that it may succeed: it always gets shorter, or brings a table.
    void mend(Answer& answer, const Error& error, Access access);

    PagerPort port_;
    TableStock& tables_;
    std::span<Reply> spare_; ///< the first `spare_count_` are free
    size_t spare_count_ = spare_.size();
    bool carried_out_ = false;
};

} // namespace sys::pager
