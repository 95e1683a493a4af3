// SPDX-License-Identifier: BSD-2-Clause
#include <pager/swap.hpp>

#include <sys/protocol/pager.hpp>
#include <sys/protocol/swap.hpp>
#include <sys/util/panic.hpp>

namespace pager {

Result<uint32_t> Swap::take() {
    for (uint32_t tried = 0; tried < slots_; ++tried, ++hint_) {
        if (hint_ >= slots_)
            hint_ = 0;
        if (uses_[hint_] != 0)
            continue;
        uses_[hint_] = 1;
        ++used_;
        return uint32_t{hint_++};
    }
    return sys::protocol::pager::Error::no_memory_page;
}

Result<void> Swap::write(uint32_t slot, const uint8_t* bytes) {
    if (slots_ == 0)
        return sys::protocol::swap::Error::device_failed;
    ++written_;
    return swap_store::write(slot, bytes);
}

Result<void> Swap::read(uint32_t slot, uint8_t* bytes) {
    if (slots_ == 0)
        return sys::protocol::swap::Error::device_failed;
    ++read_;
    return swap_store::read(slot, bytes);
}

void Swap::retain(uint32_t slot) {
    if (slot >= max_slots || uses_[slot] == 0xffff)
        sys::panic("a swap slot that is used too often, or does not exist");
    used_ += uses_[slot]++ == 0 ? 1 : 0;
}

void Swap::release(uint32_t slot) {
    if (slot >= max_slots || uses_[slot] == 0)
        sys::panic("a swap slot that is not in use");
    used_ -= --uses_[slot] == 0 ? 1 : 0;
}

} // namespace pager
