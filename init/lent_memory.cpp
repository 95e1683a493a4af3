// SPDX-License-Identifier: BSD-2-Clause
#include <init/lent_memory.hpp>

#include <atomic>

namespace init {

namespace layout = sys::protocol::pager_startup;

Result<void> LentMemory::lend_device(DeviceMemory& device, Word physical, Word pages) {
    for (Word i = 0; i < block_->lent_count; ++i) {
        const layout::LentRange& lent = block_->lent[i];
        if (lent.kind == layout::LentKind::device && lent.physical == physical && lent.pages == pages)
            return {};
    }
    if (block_->lent_count == layout::max_lent_ranges || pages > (Word{1} << bits_) - used_)
        return sys::Error(sys::ErrorCode::out_of_slots, spare_pages);
    const Word first = TRY(device.take(physical, pages));
    for (Word i = 0; i < pages; ++i)
        TRY(cnode_.at(used_ + i, bits_).copy_from(own_cnode.at(first + i)));
    block_->lent[block_->lent_count] = {used_, pages, physical, layout::LentKind::device};
    std::atomic_signal_fence(std::memory_order_release); // the pager, a thread like this one, sees a whole range
    block_->lent_count = block_->lent_count + 1;
    used_ += pages;
    return {};
}

} // namespace init
