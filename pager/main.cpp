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

/// All chunks that the start-up block lists; how many.
sys::Word take_over_memory() {
    const layout::StartupBlock& block = pager::startup();
    const sys::Word first_giant = block.chunk_count - block.giant_count * layout::giant_chunks;
    bool all = true;
    sys::Word plain = 0;
    for (; plain < first_giant && block.chunk_physical[plain] != 0; ++plain)
        all &= memory.pool().add_chunk(block.chunk_physical[plain]).is_ok();
    for (sys::Word i = first_giant; i < block.chunk_count; i += layout::giant_chunks)
        all &= memory.pool().add_giant(block.chunk_physical[i]).is_ok();
    if (!all)
        sys::panic("more chunks than the pager can count");
    return plain + (block.chunk_count - first_giant);
}

} // namespace

int main(int, char**, char**) {
    sys::set_program_name("pager");
    sys::set_log_sink(sys::log_to_kernel); // the console is one of its clients
    const sys::Word chunks = take_over_memory();
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
        sys::log("PAGER: {} MiB in {} chunks, boot archive of {} bytes", memory.pool().total() * 4096 >> 20, chunks,
                 pager::startup().archive_size);
    pager::serve(server, memory);
}
