// SPDX-License-Identifier: BSD-2-Clause
// The device of sample-driver: channel 0 of the 8254 interval timer. Data sheet: Intel 8254, "Programming the 8254".
#pragma once

#include <stdint.h>

namespace sample_driver::device {

inline constexpr uint16_t first_port = 0x40;
inline constexpr uint16_t channel_0 = 0; ///< offsets from the first port
inline constexpr uint16_t control = 3;

/// Channel 0, low byte then high byte, mode 2 (rate generator), binary.
inline constexpr uint8_t rate_generator = 0x34;

inline constexpr uint32_t input_hertz = 1'193'182;
inline constexpr uint32_t hertz = 100;
inline constexpr uint16_t divisor = input_hertz / hertz;

} // namespace sample_driver::device
