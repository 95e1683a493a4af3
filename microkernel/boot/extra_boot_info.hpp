// SPDX-License-Identifier: BSD-2-Clause
// The extra boot information: chunks behind the boot-information page, packed without padding.
#pragma once

#include <boot/boot_image.hpp>

namespace kernel {

class ExtraBootInfo {
public:
    void write(const BootImage& image, Word tsc_mhz);

    std::span<const std::byte> bytes() const { return {bytes_.data(), used_}; }

private:
    /// Room for all modules, and some for the rest.
    static constexpr size_t capacity = BootImage::max_modules * sizeof(abi::BootModule) + 2048;

    std::array<std::byte, capacity> bytes_{};
    size_t used_ = 0;
};

} // namespace kernel
