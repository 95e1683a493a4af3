// SPDX-License-Identifier: BSD-2-Clause
// Remapping init's own pages at their addresses.
#include <init/own_image.hpp>

#include <sys/cap/frame.hpp>

extern "C" {
extern const char __image_start[];
extern const char __text_end[];   // page-aligned ends, from libsys/user.ld
extern const char __rodata_end[];
}

namespace init {

sys::Result<void> restrict_own_image(const abi::BootInfo& boot_info) {
    constexpr abi::Word page_size = abi::Word{1} << abi::page_bits;
    const sys::VSpace space(abi::root_slot::vspace);
    auto address = reinterpret_cast<abi::Word>(__image_start);
    for (abi::Word slot = boot_info.user_image_frames.start; slot < boot_info.user_image_frames.end; ++slot) {
        const bool is_text = address < reinterpret_cast<abi::Word>(__text_end);
        const bool is_constant = !is_text && address < reinterpret_cast<abi::Word>(__rodata_end);
        const sys::PageAccess access = is_text       ? sys::PageAccess::read_execute()
                                       : is_constant ? sys::PageAccess::read_only()
                                                     : sys::PageAccess::read_write();
        TRY(sys::Frame(slot).map(space, address, access));
        address += page_size;
    }
    TRY(sys::Frame(abi::root_slot::ipc_buffer).map(space, boot_info.ipc_buffer, sys::PageAccess::read_write()));
    return sys::Frame(abi::root_slot::boot_info_frame)
        .map(space, reinterpret_cast<abi::Word>(&boot_info), sys::PageAccess::read_only());
}

} // namespace init
