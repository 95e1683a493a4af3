// SPDX-License-Identifier: BSD-2-Clause
// The pager: serves page faults and builds address spaces from the memory that init handed over.
#include <pager/server.hpp>
#include <pager/startup.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace layout = sys::protocol::pager_startup;

constinit pager::Memory memory;

/// All chunks that the start-up block lists.
void take_over_memory() {
    const layout::StartupBlock& block = pager::startup();
    for (sys::Word i = 0; i < block.chunk_count; ++i)
        if (!memory.pool().add_chunk(block.chunk_physical[i]))
            sys::panic("more chunks than the pager can count");
}

/// As sys::serve, and the stock of ready frames is filled while nobody waits for an answer.
[[noreturn]] void serve(pager::Server& server) {
    const sys::PagerPort port{sys::Endpoint(sys::slot::endpoint), sys::Reply(sys::slot::reply)};
    sys::Received received = port.receive();
    for (;;) {
        sys::Incoming incoming(received);
        const pager::Reaction reaction = server.handle(incoming);
        if (!reaction.item.capability.is_null()) {
            const sys::Result<sys::Received> next = port.map_receive(reaction.item.capability, reaction.item.place);
            // Not mapped: the thread is gone, or tries again, and is given the page that it has now in the other way.
            received = next ? *next : port.reply_receive({});
        } else if (memory.is_stock_low()) {
            if (reaction.answer)
                port.reply().send(*reaction.answer);
            memory.refill_stock();
            received = port.receive();
        } else {
            received = reaction.answer ? port.reply_receive(*reaction.answer) : port.receive();
        }
    }
}

} // namespace

int main(int, char**, char**) {
    sys::set_program_name("pager");
    sys::set_log_sink(sys::log_to_kernel); // the console is one of its clients
    take_over_memory();
    memory.refill_stock();
    const pager::Archive archive(reinterpret_cast<const uint8_t*>(layout::archive_address),
                                 pager::startup().archive_size);
    static pager::Server server(memory, archive, sys::Notification(layout::init_notification_slot));
    sys::log("PAGER: {} MiB in {} chunks, boot archive of {} bytes", memory.pool().total() * 4096 >> 20,
             pager::startup().chunk_count, pager::startup().archive_size);
    serve(server);
}
