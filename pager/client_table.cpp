// SPDX-License-Identifier: BSD-2-Clause
// A hash by number, a list of all.
#include <pager/client_table.hpp>

#include <new>

namespace pager {

Client* ClientTable::find(Word number) const { return number == 0 ? nullptr : at(memory_.pool().find(0, number)); }

void ClientTable::link(Client& client) {
    client.next = first_;
    first_ = client.self;
    ++count_;
}

Result<Client*> ClientTable::add(Word number, Word request) {
    Client blank;
    const Page page = TRY(memory_.take_for(blank, abi::ObjectType::frame_4k, Use::client, number));
    Client* const client = ::new (kernel_memory::bytes(page)) Client;
    client->number = number;
    client->request = request;
    client->self = page;
    client->newest = page;
    client->tables = 1;
    link(*client);
    commit(client->state, ClientState::coming);
    return client;
}

void ClientTable::remove(Client& client) {
    commit(client.state, ClientState::none);
    Page* place = &first_;
    while (*place != client.self)
        place = &at(*place)->next;
    *place = client.next;
    --count_;
    Client blank;
    blank.newest = client.self;
    memory_.give_back_newest(blank);
}

void ClientTable::adopt(Page page) {
    Client& client = *at(page);
    Page list;
    memory_.pool().mark_taken(page);
    memory_.pool().enter(page, 0, client.number, Use::client, list);
    client.self = page;
    client.newest = page;
    client.pml4 = no_page;
    client.frames = 0;
    client.swapped = 0;
    client.users = 0;
    client.tables = 1;
    link(client);
}

} // namespace pager
