// SPDX-License-Identifier: BSD-2-Clause
// The pager's clients by number, and which of them faulted for good.
#pragma once

#include <pager/address_space.hpp>

namespace pager {

using Casualty = protocol::NextCasualty::Reply;

struct Client {
    AddressSpace space;
    bool announce = false; ///< what happens to this space is told on the log
    Casualty casualty;     ///< client 0: none
};

class ClientTable {
public:
    static constexpr unsigned capacity = 128;

    /// Null if there is no such client.
    Client* find(Word number);
    /// A free entry, not yet in use; null if the table is full.
    Client* free_entry();
    uint32_t index_of(const Client& client) const { return static_cast<uint32_t>(&client - clients_); }
    Word count() const;

    /// Hands out the oldest casualty not yet handed out; client 0 if there is none.
    Casualty next_casualty();
    void add_casualty(Client& client, const Casualty& casualty);
    void remove_casualty(Client& client);

private:
    Client clients_[capacity];
    Client* casualties_[capacity] = {}; ///< in the order in which they faulted
    unsigned casualty_count_ = 0;
};

} // namespace pager
