// SPDX-License-Identifier: BSD-2-Clause
#include <sys/util/panic.hpp>
#include <tests/system/lib/thread.hpp>

namespace test {
namespace {

constexpr size_t stack_count = 24;
constexpr size_t stack_size = 16384;
constexpr unsigned context_bits = 8;

alignas(16) uint8_t stacks[stack_count][stack_size];
bool stack_taken[stack_count];

int take_stack() {
    for (size_t i = 0; i < stack_count; ++i) {
        if (stack_taken[i])
            continue;
        stack_taken[i] = true;
        return static_cast<int>(i);
    }
    sys::panic("too many threads at once");
}

} // namespace

Thread::~Thread() {
    tcb_.reset();
    buffer_.reset();
    if (buffer_address_ != 0)
        release_window_page(buffer_address_);
    if (stack_ >= 0)
        stack_taken[stack_] = false;
}

void Thread::enter(Thread* thread) {
    thread->body_(thread->argument_);
    thread->done_ = true;
    for (;;)
        static_cast<void>(thread->tcb().suspend());
}

Result<void> Thread::make_objects(sys::Untyped memory, const ThreadOptions& options) {
    tcb_ = TRY(sys::make_object<sys::Tcb>(space(), memory));
    buffer_ = TRY(sys::make_object<sys::Frame>(space(), memory));
    buffer_address_ = take_window_page();
    TRY(buffer_->map(own_space(), buffer_address_, sys::PageAccess::read_write()));
    block_ = {&block_, reinterpret_cast<abi::IpcBuffer*>(buffer_address_)};
    if (!options.passive) {
        context_ = TRY(sys::make_object<sys::SchedContext>(space(), memory, context_bits));
        TRY(sched_control().configure(context_, options.budget));
    }
    return {};
}

Result<void> Thread::prepare(sys::Untyped memory, Body body, Word argument, const ThreadOptions& options) {
    TRY(make_objects(memory, options));
    body_ = body;
    argument_ = argument;
    stack_ = take_stack();
    TRY(tcb_->configure(own_cnode(), 0, own_space(), buffer_address_, buffer_));
    TRY(tcb_->set_sched_params(own_tcb(), sys::Priority{255}, options.priority, context_, options.fault_handler));
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = reinterpret_cast<Word>(&Thread::enter);
    // As behind a CALL: the return address would lie at rsp.
    registers[abi::UserRegister::rsp] = reinterpret_cast<Word>(stacks[stack_] + stack_size - 8);
    registers[abi::UserRegister::rdi] = reinterpret_cast<Word>(this);
    registers[abi::UserRegister::fs_base] = reinterpret_cast<Word>(&block_);
    return tcb_->write_registers(registers, abi::user_register_count, false);
}

Result<void> Thread::start(sys::Untyped memory, Body body, Word argument, const ThreadOptions& options) {
    TRY(prepare(memory, body, argument, options));
    return tcb_->resume();
}

bool Thread::join(Word limit_ms) {
    return wait_until([&] { return done_; }, limit_ms);
}

} // namespace test
