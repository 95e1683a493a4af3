// SPDX-License-Identifier: BSD-2-Clause
// Slots of the swap server: which are in use, and by how many entries and frames. The server is a store and knows nothing.
#pragma once

#include <pager/page.hpp>
#include <sys/result.hpp>

namespace pager {

using sys::Result;

/// The swap server. The host tests have one of their own (tests/host/support/fake_swap_store.cpp).
namespace swap_store {
/// Pages travel through this one.
void use(Page page);
/// A server that a former instance asked may still be about to write there: returns when it is not.
void wait_until_idle();
/// A server of which nobody knows whether it has been told that it is attached offers its slots once more.
void greet();
Result<void> write(uint32_t slot, const uint8_t* bytes);
Result<void> read(uint32_t slot, uint8_t* bytes);
} // namespace swap_store

class Swap {
public:
    static constexpr uint32_t max_slots = 1u << 17; ///< 512 MiB

    /// From now on there are `slots` slots, all of them free but those that were retained before.
    void attach(uint32_t slots) { slots_ = slots < max_slots ? slots : max_slots; }
    /// The server is gone, and the page with it through which pages travelled: nothing is written or read any more.
    void detach() { slots_ = 0; }
    uint32_t slots() const { return slots_; }
    uint32_t used() const { return used_; }
    /// As swap_store's functions; they count. device_failed: nothing is attached.
    Result<void> write(uint32_t slot, const uint8_t* bytes);
    Result<void> read(uint32_t slot, uint8_t* bytes);
    uint64_t written() const { return written_; }
    uint64_t pages_read() const { return read_; }

    /// A free slot, used once; no_memory_page if there is none.
    Result<uint32_t> take();
    void retain(uint32_t slot);
    void release(uint32_t slot);
    bool is_used_once(uint32_t slot) const { return uses_[slot] == 1; }

private:
    uint32_t slots_ = 0;
    uint32_t used_ = 0;
    uint32_t hint_ = 0;
    uint64_t written_ = 0;
    uint64_t read_ = 0;
    uint16_t uses_[max_slots] = {};
};

} // namespace pager
