// SPDX-License-Identifier: BSD-2-Clause
// A typed view of what the kernel left for the root task.
#pragma once

#include <abi/boot_info.hpp>
#include <abi/object.hpp>
#include <optional>
#include <span>
#include <stddef.h>

namespace init {

class BootInformation {
public:
    explicit BootInformation(const abi::BootInfo& info) : info_(info) {}

    const abi::BootInfo& info() const { return info_; }
    /// The content of an extra chunk; empty if there is none.
    std::span<const uint8_t> chunk(abi::Word id) const;
    uint32_t tsc_mhz() const;
    /// The further multiboot2 modules, by number; nothing behind the last.
    std::optional<abi::BootModule> module(abi::Word number) const;
    /// Whether the firmware left the screen in EGA text mode (framebuffer type 2).
    bool has_text_screen() const;

private:
    const abi::BootInfo& info_;
};

} // namespace init
