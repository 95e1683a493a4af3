// SPDX-License-Identifier: BSD-2-Clause
// The pager: serves page faults and builds address spaces from the memory that init handed over. It may be killed anywhere
// and started again: what it needs to know it finds again (recovery.hpp).
#include <pager/capabilities.hpp>
#include <pager/recovery.hpp>
#include <pager/server.hpp>
#include <pager/startup.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace layout = sys::protocol::pager_startup;
using sys::PagerPort;
using sys::Received;

constinit pager::Memory memory;
constinit pager::Swap swap;

/// All chunks that the start-up block lists.
void take_over_memory() {
    const layout::StartupBlock& block = pager::startup();
    for (sys::Word i = 0; i < block.chunk_count; ++i)
        if (!memory.pool().add_chunk(block.chunk_physical[i]))
            sys::panic("more chunks than the pager can count");
}

/// The thread that waits could not be given its pages, or denied them: if it is still there it tries again.
Received after_failure(const PagerPort& port, const sys::Error& error) {
    return error == abi::Error::nobody_waits ? port.receive() : port.reply_receive({});
}

Received map_and_receive(const PagerPort& port, pager::Server& server, const pager::Reaction& reaction) {
    sys::MapItem items[pager::Reaction::max_pages];
    for (unsigned i = 0; i < reaction.page_count; ++i)
        items[i] = reaction.pages[i].item();
    unsigned mapped = 0;
    const auto next = port.map_receive({items, reaction.page_count}, &mapped);
    server.settle(reaction, next ? reaction.page_count : mapped);
    return next ? *next : after_failure(port, next.error());
}

Received deny_and_receive(const PagerPort& port, pager::Refusal refusal) {
    const auto next = port.deny_receive(static_cast<uint8_t>(refusal));
    return next ? *next : after_failure(port, next.error());
}

/// Answers and receives in one system call, whatever the answer is. The stock of ready frames is filled before that, when
/// it is low: the one whose turn it is pays for the next fifteen.
[[noreturn]] void serve(pager::Server& server) {
    const PagerPort port{sys::Endpoint(sys::slot::endpoint), sys::Reply(sys::slot::reply)};
    pager::capabilities::expect();
    pager::capabilities::drop_received(); // what came for a predecessor comes again
    Received received = port.receive();
    pager::Reaction reaction;
    for (;;) {
        reaction.reset();
        server.handle(sys::Incoming(received), reaction);
        if (memory.is_stock_low() && !reaction.answer)
            memory.refill_stock();
        if (reaction.page_count != 0)
            received = map_and_receive(port, server, reaction);
        else if (reaction.refusal != pager::Refusal::none)
            received = deny_and_receive(port, reaction.refusal);
        else
            received = port.reply_receive(*reaction.answer);
    }
}

} // namespace

int main(int, char**, char**) {
    sys::set_program_name("pager");
    sys::set_log_sink(sys::log_to_kernel); // the console is one of its clients
    take_over_memory();
    const pager::Archive bytes(reinterpret_cast<const uint8_t*>(layout::archive_address),
                               pager::startup().archive_size);
    const auto archive = sys::archive::Archive::open(bytes);
    if (!archive)
        sys::panic("the boot archive is malformed");
    static pager::ClientTable clients(memory);
    static pager::Tables tables(memory, swap);
    static pager::Clock clock(memory, clients, tables, swap);
    static pager::AddressSpaces spaces(memory, clients, tables, swap, clock, bytes);
    static pager::Server server(memory, clients, tables, swap, spaces, *archive);
    const sys::Word found = pager::Recovery(memory, clients, tables, swap, spaces).run();
    memory.refill_stock();
    if (found == 0)
        sys::log("PAGER: {} MiB in {} chunks, boot archive of {} bytes", memory.pool().total() * 4096 >> 20,
                 pager::startup().chunk_count, pager::startup().archive_size);
    serve(server);
}
