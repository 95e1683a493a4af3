// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/linker.hpp>
#include <boot/command_line.hpp>
#include <check/machine_record.hpp>
#include <check/memory_order.hpp>
#include <check/watch.hpp>
#include <mem/layout.hpp>
#include <system.hpp>

namespace kernel {
namespace {

/// A check takes a million instructions and more: often enough for tests, seldom enough for people.
constexpr unsigned entries_between_checks = 4096;

constinit bool check_regularly = true;

PhysAddr physical_of(const char* symbol) {
    return PhysAddr(reinterpret_cast<Word>(symbol) - layout::kernel_image.raw());
}

/// The lower half of the kernel stack, above its guard page. We are in the upper one.
std::span<Word> unused_stack() {
    const Word lowest = reinterpret_cast<Word>(kernel_stack_guard) + bit(abi::page_bits);
    const Word size = reinterpret_cast<Word>(kernel_stack_top) - lowest;
    return {reinterpret_cast<Word*>(lowest), size / 2 / sizeof(Word)};
}

} // namespace

void choose_checks(Text command_line) {
    check_regularly = command_line::value_of(command_line, "check") != Text("off");
}

void begin_checks() {
    put_in_order(kernel_state.capabilities);
    remember_machine({physical_of(image_start), physical_of(rodata_start)}, unused_stack());
    check_every(check_regularly ? entries_between_checks : 0);
}

} // namespace kernel
