// SPDX-License-Identifier: BSD-2-Clause
#include <object/registers.hpp>
#include <sched/switch.hpp>

namespace kernel {
namespace {

using abi::UserRegister;

constexpr Word Context::* registers[] = {
    &Context::rip, &Context::rsp, &Context::rflags, &Context::rax, &Context::rbx,     &Context::rcx,     &Context::rdx,
    &Context::rsi, &Context::rdi, &Context::rbp,    &Context::r8,  &Context::r9,      &Context::r10,     &Context::r11,
    &Context::r12, &Context::r13, &Context::r14,    &Context::r15, &Context::fs_base, &Context::gs_base,
};
static_assert(std::size(registers) == abi::user_register_count);

} // namespace

Word read_register(const Tcb& thread, unsigned number) { return thread.context.*registers[number]; }

void write_register(Tcb& thread, unsigned number, Word value) {
    switch (static_cast<UserRegister>(number)) {
    case UserRegister::rip: value = sanitised_ip(value); break;
    case UserRegister::fs_base:
    case UserRegister::gs_base: value = sanitised_address(value); break;
    case UserRegister::rflags: value = sanitised_rflags(value); break;
    default: break;
    }
    thread.context.*registers[number] = value;
}

void begin_register_write(Tcb& thread) {
    save_loaded(thread);
    forget_loaded(thread);
    thread.context.origin = origin_written;
}

} // namespace kernel
