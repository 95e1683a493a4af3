# SPDX-License-Identifier: BSD-2-Clause
"""A capability from its two words, as microkernel/cap/capability.hpp lays it out. Pure."""
import dataclasses

ADDRESS_MASK = (1 << 47) - 16
MAPPING_MASK = (1 << 47) - (1 << 12)
FRAME_BITS = (12, 21, 30)
PAGING = ("page_table", "page_directory", "pdpt", "pml4")


@dataclasses.dataclass(frozen=True)
class Capability:
    """types: the names of kernel::CapType by number."""
    a: int
    b: int
    types: tuple[str, ...]

    @property
    def type(self) -> str:
        number = self.a >> 59
        return self.types[number] if number < len(self.types) else f"type {number}"

    object = property(lambda self: self.a & ADDRESS_MASK)
    detail = property(lambda self: self.a >> 47 & 0xFFF)
    badge = property(lambda self: self.b)
    radix = property(lambda self: self.detail & 63)
    size_bits = property(lambda self: self.detail & 63)
    watermark = property(lambda self: (self.b & (1 << 44) - 1) << 4)
    is_device = property(lambda self: bool(self.detail >> 6 & 1))
    frame_bits = property(lambda self: FRAME_BITS[min(self.b & 3, 2)])
    asid = property(lambda self: self.detail)
    mapped_at = property(lambda self: self.b & MAPPING_MASK if self.b >> 3 & 1 else None)

    def describe(self) -> str:
        kind, words = self.type, [self.type]
        if kind == "null":
            return "empty"
        if self.object:
            words.append(f"at {self.object:#x}")
        if kind in ("endpoint", "notification"):
            words.append(f"badge {self.badge:#x}")
        elif kind == "cnode":
            words.append(f"{1 << self.radix} slots, guard {self.b >> 6:#x} of {self.b & 63} bits")
        elif kind == "untyped":
            words.append(f"2^{self.size_bits} bytes, {self.watermark:#x} used{', device' if self.is_device else ''}")
        elif kind == "frame" or kind in PAGING:
            words += [f"2^{self.frame_bits} bytes"] if kind == "frame" else []
            if kind == "pml4":
                words.append(f"ASID {self.asid}" if self.asid else "without ASID")
            elif self.mapped_at is not None:
                words.append(f"mapped at {self.mapped_at:#x} in ASID {self.asid}")
        return " ".join(words)
