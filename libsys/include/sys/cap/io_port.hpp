// SPDX-License-Identifier: BSD-2-Clause
// I/O ports: a range that may be read and written through the kernel; IOPortControl issues ranges.
#pragma once

#include <sys/cap/cnode.hpp>

namespace sys {

/// A range of I/O ports.
class IoPorts : public Object {
public:
    using Object::Object;

    /// A port outside of the range is a RangeError, here and below.
    Result<uint8_t> in8(uint16_t port) const {
        return static_cast<uint8_t>(TRY(invoke_for_word(*this, abi::Invocation::io_port_in8, with_caps(), port)));
    }
    /// Two ports from `port` on, in one access.
    Result<uint16_t> in16(uint16_t port) const {
        return static_cast<uint16_t>(TRY(invoke_for_word(*this, abi::Invocation::io_port_in16, with_caps(), port)));
    }
    /// Four ports.
    Result<uint32_t> in32(uint16_t port) const {
        return static_cast<uint32_t>(TRY(invoke_for_word(*this, abi::Invocation::io_port_in32, with_caps(), port)));
    }
    /// Writes one port.
    Result<void> out8(uint16_t port, uint8_t value) const {
        return invoke(*this, abi::Invocation::io_port_out8, with_caps(), port, value);
    }
    /// Two ports, in one access.
    Result<void> out16(uint16_t port, uint16_t value) const {
        return invoke(*this, abi::Invocation::io_port_out16, with_caps(), port, value);
    }
    /// Four ports.
    Result<void> out32(uint16_t port, uint32_t value) const {
        return invoke(*this, abi::Invocation::io_port_out32, with_caps(), port, value);
    }
};

/// Issues ranges of I/O ports, each once.
class IoPortControl : public Object {
public:
    using Object::Object;
    /// Ports `first` up to and including `last`; no port can be issued twice.
    Result<void> issue(uint16_t first, uint16_t last, const SlotRef& into) const {
        return invoke(*this, abi::Invocation::io_port_control_issue, with_caps(into.root), first, last, into.index,
                      into.depth);
    }
};

} // namespace sys
