// SPDX-License-Identifier: BSD-2-Clause
// Which page goes when memory runs short: a hand goes round the page tables of all clients; what was accessed since it last
// came by stays (the clock algorithm). Pages that were written to go to the swap server, and their slot becomes the cookie.
#pragma once

#include <pager/tables.hpp>

namespace pager {

/// Signals the notification that a client has left with the pager (capabilities.cpp; the host tests count instead).
void signal_pressure(const Client& client);

class Clock {
public:
    Clock(Memory& memory, ClientTable& clients, Tables& tables, Swap& swap)
        : memory_(memory), clients_(clients), tables_(tables), swap_(swap) {}

    /// Takes pages away until some more are free; whether any are.
    bool make_room();
    /// Takes one page away from a client, at once. Returns whether it could.
    bool evict(Client& client, Mirror& mirror, Word address);
    /// The same for a piece of a huge page, which falls apart.
    bool evict_piece(Client& client, Mirror& mirror, Word address);
    /// Tells those who want to know that memory is running short, once until there is plenty again.
    void watch_pressure();
    /// A client has just got this page: the hand passes by it, and the last few others, however short memory is. An instruction
    /// that needs two pages would else take each away from itself for the other, for ever.
    void spare(const Client& client, Word address);
    /// The hand does not stay on what goes away.
    void forget(const Client& client);

private:
    static constexpr Word batch = 32;
    static constexpr unsigned spared_count = 7; ///< with the one that is asked for all that an instruction can need
    struct Spared {
        const Client* client = nullptr;
        Word address = 0;
        bool operator==(const Spared&) const = default;
    };
    bool is_spared(const Client& client, Word address) const;
    bool step();
    void visit(Client& client, Mirror& mirror, Word base);
    void visit_block(Client& client, Mirror& mirror, Word base);
    bool may_go(const Client& client, Page page) const;
    bool is_kept_by_object(const Region& region, Word address, Page page) const;
    Result<Entry> save(Page page, bool dirty);

    Memory& memory_;
    ClientTable& clients_;
    Tables& tables_;
    Swap& swap_;
    Client* client_ = nullptr; ///< where the hand is
    bool has_told_pressure_ = false;
    Spared spared_[spared_count] = {};
    unsigned next_spared_ = 0;
    Page table_; ///< its mirror there; none: at the client's beginning
};

} // namespace pager
