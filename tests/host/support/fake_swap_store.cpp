// SPDX-License-Identifier: BSD-2-Clause
// The simulated swap server behind pager/swap.hpp, and who was told of memory pressure.
#include <fake_kernel_memory.hpp>
#include <pager/clock.hpp>

#include <algorithm>
#include <sys/protocol/swap.hpp>

namespace pager {

void signal_pressure(const Client& client) { ++fake::kernel_memory().pressure_signals[client.number]; }

} // namespace pager

namespace pager::swap_store {

void use(Page) {}
void wait_until_idle() {}
void greet() {}

Result<void> write(uint32_t slot, const uint8_t* bytes) {
    auto& kernel = fake::kernel_memory();
    fake::may_die();
    if (kernel.swap_fails)
        return sys::protocol::swap::Error::device_failed;
    std::copy_n(bytes, page_size, kernel.swapped[slot].begin());
    ++kernel.swap_writes;
    fake::may_die();
    return {};
}

Result<void> read(uint32_t slot, uint8_t* bytes) {
    auto& kernel = fake::kernel_memory();
    fake::may_die();
    if (kernel.swap_fails)
        return sys::protocol::swap::Error::device_failed;
    std::copy_n(kernel.swapped.at(slot).begin(), page_size, bytes);
    ++kernel.swap_reads;
    return {};
}

} // namespace pager::swap_store
