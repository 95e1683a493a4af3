// SPDX-License-Identifier: BSD-2-Clause
// A small table, searched.
#include <pager/client_table.hpp>

namespace pager {

Client* ClientTable::find(Word number) {
    if (number == 0)
        return nullptr;
    for (Client& client : clients_)
        if (client.space.number() == number)
            return &client;
    return nullptr;
}

Client* ClientTable::free_entry() {
    for (Client& client : clients_)
        if (client.space.is_free())
            return &client;
    return nullptr;
}

Word ClientTable::count() const {
    Word count = 0;
    for (const Client& client : clients_)
        count += client.space.is_free() ? 0 : 1;
    return count;
}

void ClientTable::add_casualty(Client& client, const Casualty& casualty) {
    if (client.casualty.client == 0)
        casualties_[casualty_count_++] = &client;
    client.casualty = casualty;
}

void ClientTable::remove_casualty(Client& client) {
    unsigned kept = 0;
    for (unsigned i = 0; i < casualty_count_; ++i)
        if (casualties_[i] != &client)
            casualties_[kept++] = casualties_[i];
    casualty_count_ = kept;
    client.casualty = {};
}

Casualty ClientTable::next_casualty() {
    if (casualty_count_ == 0)
        return {};
    const Casualty first = casualties_[0]->casualty;
    remove_casualty(*casualties_[0]);
    return first;
}

} // namespace pager
