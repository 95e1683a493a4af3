// SPDX-License-Identifier: BSD-2-Clause
#include <abi/object.hpp>
#include <check/panic_cause.hpp>
#include <lib/bits.hpp>

namespace kernel {
namespace {

/// Error code of a page fault (SDM Vol. 3A, "Page-Fault Exceptions").
enum PageFaultBit : Word { was_present = 1, was_write = 2, reserved_bit = 8, was_fetch = 16 };

Text cause_of_fetch(bool present, bool of_user) {
    if (!present)
        return "it jumped to an address at which nothing is mapped";
    return of_user ? "it was to execute code of ring 3, which SMEP forbids" : "it was to execute what is not code";
}

Text cause_of_access(bool present, bool of_user, bool writes) {
    if (!present)
        return of_user ? "it used an address of ring 3 at which nothing is mapped"
                       : "it used an address of its own half at which nothing is mapped";
    if (of_user)
        return "it touched memory of ring 3, which SMAP forbids, or which may not be written";
    return writes ? "it wrote to its own memory that may only be read" : "it may not reach that memory";
}

Text cause_of_page_fault(const KernelException& exception) {
    const Word code = exception.error_code;
    const bool of_user = exception.address >> 47 == 0;
    if (code & reserved_bit)
        return "an entry of the page tables on the way to that address has a reserved bit set";
    if (exception.hit_guard)
        return "its stack has overflown into the guard page";
    if (exception.address < bit(abi::page_bits))
        return code & was_fetch ? "it called a null pointer" : "it used a null pointer";
    return code & was_fetch ? cause_of_fetch(code & was_present, of_user)
                            : cause_of_access(code & was_present, of_user, code & was_write);
}

} // namespace

Text cause_of(const KernelException& exception) {
    constexpr Word divide = 0, invalid_opcode = 6, double_fault = 8, general_protection = 13, page_fault = 14,
                   machine_check = 18;
    switch (exception.vector) {
    case divide: return "it divided by zero";
    case invalid_opcode: return "it executed what is no instruction, or one that says that it must not be reached";
    case double_fault:
        return exception.hit_guard ? "its stack has overflown into the guard page, so that no page fault could be told"
                                   : "the CPU could not deliver an exception";
    case general_protection: return "it used an address that is not canonical, or did what the CPU forbids";
    case page_fault: return cause_of_page_fault(exception);
    case machine_check: return "the machine reports broken hardware";
    default: return "the kernel raises no such exception on purpose";
    }
}

} // namespace kernel
