// SPDX-License-Identifier: BSD-2-Clause
// The two 8259 interrupt controllers of old PCs: moved away from the exceptions, masked, and forgotten.
#pragma once

namespace kernel::x86 {

void pic_disable();

} // namespace kernel::x86
