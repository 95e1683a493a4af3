// SPDX-License-Identifier: BSD-2-Clause
// The pager as a client of the swap server.
#include <pager/swap.hpp>

#include <pager/capabilities.hpp>
#include <pager/kernel_memory.hpp>
#include <string.h>
#include <sys/ipc/call.hpp>
#include <sys/protocol/swap.hpp>

namespace pager::swap_store {

namespace {

namespace protocol = sys::protocol::swap;
constinit Page window; ///< that of the memory object through which pages travel

} // namespace

void use(Page page) { window = page; }

Result<void> write(uint32_t slot, const uint8_t* bytes) {
    memcpy(kernel_memory::bytes(window), bytes, page_size);
    TRY(sys::call(capabilities::swap_server(), protocol::Write{slot}));
    return {};
}

Result<void> read(uint32_t slot, uint8_t* bytes) {
    TRY(sys::call(capabilities::swap_server(), protocol::Read{slot}));
    memcpy(bytes, kernel_memory::bytes(window), page_size);
    return {};
}

} // namespace pager::swap_store
