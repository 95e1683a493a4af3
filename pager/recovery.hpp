// SPDX-License-Identifier: BSD-2-Clause
// What a new instance of the pager does first: it learns from the kernel what its predecessor made, from the ledger whose it
// is, and from the tables where each page is. Half-done steps are undone or finished. On a fresh machine there is nothing.
#pragma once

#include <pager/address_space.hpp>

namespace pager {

class Recovery {
public:
    Recovery(Memory& memory, ClientTable& clients, Tables& tables, Swap& swap, AddressSpaces& spaces)
        : memory_(memory), clients_(clients), tables_(tables), swap_(swap), spaces_(spaces) {}

    /// Returns how many clients there are.
    Word run();

private:
    void adopt_giants();
    void adopt_chunks();
    void look_at_pages(uint32_t chunk);
    void look_at(Page page, const kernel_memory::Made& made);
    void keep(Page page);
    void adopt_block(Client& client, Mirror& mirror);
    void put_back_unused_blocks();
    template <class Visit>
    void for_each_held(Use use, const Visit& visit);
    Client* owner_of(const PageRecord& record) const;
    void enter(Client& client, Page page);
    void destroy(Page page);
    void connect();
    void read_table(Client& client, Mirror& mirror, Word base);
    void read_entry(Client& client, Mirror& mirror, Word address, sys::pager::TableEntry entry);
    void put_back_unmapped();
    void count_users();
    bool finish_step(Client& client);

    Memory& memory_;
    ClientTable& clients_;
    Tables& tables_;
    Swap& swap_;
    AddressSpaces& spaces_;
};

} // namespace pager
