// SPDX-License-Identifier: BSD-2-Clause
// What init lends the pager: frames by physical address, which it maps for clients when init asks it to (MapLent). Further ones can
// be lent at any time: the pager looks the range up in its start-up block, which init sees too, and which outlives each pager.
#pragma once

#include <init/device_memory.hpp>
#include <sys/protocol/pager_startup.hpp>

namespace init {

class LentMemory {
public:
    static constexpr Word spare_pages = 64; ///< room for what is lent later

    /// A CNode of 2^bits slots, of which the first `used` hold what was lent at the start; the block names it.
    void open(sys::CNode cnode, unsigned bits, Word used, sys::protocol::pager_startup::StartupBlock& block) {
        cnode_ = cnode;
        bits_ = bits;
        used_ = used;
        block_ = &block;
    }
    /// Device memory from `physical` on, which is lent for good the first time. not_found: it is RAM, or the machine has none there,
    /// or it overlaps what was lent as another range; out_of_slots: as much is lent as can be.
    Result<void> lend_device(DeviceMemory& device, Word physical, Word pages);

private:
    sys::CNode cnode_;
    unsigned bits_ = 0;
    Word used_ = 0;
    sys::protocol::pager_startup::StartupBlock* block_ = nullptr;
};

} // namespace init
