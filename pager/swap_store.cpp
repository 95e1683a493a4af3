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

/// device_failed, too, if the server is gone, and its capability with it.
template <sys::Request R>
Result<void> ask(const R& request) {
    const auto answer = sys::call(capabilities::swap_server(), request);
    if (answer)
        return {};
    return answer.error().is_kernel() ? sys::Error(protocol::Error::device_failed) : answer.error();
}

} // namespace

void use(Page page) { window = page; }

void wait_until_idle() { static_cast<void>(ask(protocol::Read{0})); }

void greet() { capabilities::swap_server().send_if_awaited(sys::pack(protocol::Hello::label, protocol::Hello{})); }

Result<void> write(uint32_t slot, const uint8_t* bytes) {
    memcpy(kernel_memory::bytes(window), bytes, page_size);
    return ask(protocol::Write{slot});
}

Result<void> read(uint32_t slot, uint8_t* bytes) {
    TRY(ask(protocol::Read{slot}));
    memcpy(bytes, kernel_memory::bytes(window), page_size);
    return {};
}

} // namespace pager::swap_store
