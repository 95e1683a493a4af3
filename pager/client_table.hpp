// SPDX-License-Identifier: BSD-2-Clause
// The pager's clients: each is a page of the pool, found by its number.
#pragma once

#include <pager/memory.hpp>

namespace pager {

class ClientTable {
public:
    explicit ClientTable(Memory& memory) : memory_(memory) {}

    /// Null if there is no such client.
    Client* find(Word number) const;
    /// A new client, `coming`, with nothing but its page.
    Result<Client*> add(Word number, Word request);
    /// Gives its page back; everything else must be gone.
    void remove(Client& client);
    /// One that an earlier instance made.
    void adopt(Page page);

    Client* first() const { return at(first_); }
    Client* next(const Client& client) const { return at(client.next); }
    Word count() const { return count_; }

    static Client* at(Page page) {
        return page.is_none() ? nullptr : reinterpret_cast<Client*>(kernel_memory::bytes(page));
    }

private:
    void link(Client& client);

    Memory& memory_;
    Page first_;
    Word count_ = 0;
};

} // namespace pager
