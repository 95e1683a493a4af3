// SPDX-License-Identifier: BSD-2-Clause
// The pager: serves page faults and builds address spaces from the memory that init handed over. It may be killed anywhere
// and started again: what it needs to know it finds again (recovery.hpp).
#include <pager/recovery.hpp>
#include <pager/serve.hpp>
#include <pager/startup.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace layout = sys::protocol::pager_startup;
constinit pager::Memory memory;
constinit pager::Swap swap;

/// All chunks that the start-up block lists.
void take_over_memory() {
    const layout::StartupBlock& block = pager::startup();
    for (sys::Word i = 0; i < block.chunk_count; ++i)
        if (!memory.pool().add_chunk(block.chunk_physical[i]))
            sys::panic("more chunks than the pager can count");
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
    pager::serve(server, memory);
}
