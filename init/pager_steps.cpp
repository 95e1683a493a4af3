// SPDX-License-Identifier: BSD-2-Clause
// SYSCALL is 0F 05, UD2 is 0F 0B (SDM Vol. 2B). That 0F 05 is nothing else in the pager's code tools/test sees to.
#include <init/pager_steps.hpp>

#include <algorithm>

namespace init {

namespace {

constexpr uint8_t escape = 0x0f, syscall = 0x05, ud2 = 0x0b;
constexpr Word length = 2; ///< of each of the two
constexpr Word invalid_opcode = 6;

bool receives(abi::Syscall number) {
    return number == abi::Syscall::recv || number == abi::Syscall::reply_recv ||
           number == abi::Syscall::reply_map_recv || number == abi::Syscall::nb_send_recv;
}

} // namespace

Result<void> PagerSteps::watch(std::span<uint8_t> code, Word address) {
    for (size_t at = 0; at + length <= code.size(); ++at) {
        if (code[at] != escape || code[at + 1] != syscall)
            continue;
        if (call_count_ == most_calls)
            return sys::Error(sys::ErrorCode::too_long, most_calls);
        calls_[call_count_++] = {&code[at], address + at};
    }
    put_code(ud2);
    return {};
}

void PagerSteps::put_code(uint8_t second_byte) {
    for (unsigned i = 0; i < call_count_; ++i)
        calls_[i].code[1] = second_byte;
}

bool PagerSteps::is_step(const sys::Received& fault) const {
    if (is_over() || fault.label() != static_cast<Word>(abi::Fault::user_exception) || fault.mr3 != invalid_opcode)
        return false;
    if (carried_out_ != nullptr)
        return fault.mr0 == detour_address + length;
    return std::any_of(calls_, calls_ + call_count_, [&](const Call& call) { return call.address == fault.mr0; });
}

PagerSteps::Operation& PagerSteps::operation_of(const sys::UserRegisters& registers) {
    const Word address = registers[abi::UserRegister::rip];
    const bool is_call = static_cast<abi::Syscall>(registers[abi::UserRegister::rdx]) == abi::Syscall::call;
    const Word label = is_call ? abi::MessageInfo(registers[abi::UserRegister::rsi]).label() : 0;
    Operation* const end = operations_ + operation_count_;
    Operation* const found = std::find_if(operations_, end, [&](const Operation& operation) {
        return operation.address == address && operation.label == label;
    });
    if (found != end || operation_count_ == most_operations)
        return found != end ? *found : operations_[most_operations - 1];
    ++operation_count_;
    return *found = {address, label};
}

std::optional<Word> PagerSteps::take(const sys::UserRegisters& registers) {
    if (carried_out_ != nullptr) {
        Operation& done = *carried_out_;
        carried_out_ = nullptr;
        return dies(done.died_after) ? std::nullopt : std::optional(done.address + length);
    }
    if (receives(static_cast<abi::Syscall>(registers[abi::UserRegister::rdx])))
        has_served_ = true;
    Operation& operation = operation_of(registers);
    if (dies(operation.died_before))
        return std::nullopt;
    carried_out_ = &operation;
    return detour_address;
}

bool PagerSteps::dies(bool& died_here) {
    ++step_;
    if (!has_served_)
        longest_recovery_ = std::max(longest_recovery_, step_);
    if (step_ != next_ && died_here)
        return false;
    next_ += step_ == next_ ? 1 : 0;
    died_here = true;
    --deaths_left_;
    return true;
}

void PagerSteps::begin() {
    if (is_over())
        put_code(syscall);
    carried_out_ = nullptr;
    step_ = 0;
    has_served_ = false;
}

PagerSteps::Figures PagerSteps::figures() const {
    Figures all{.steps = next_ - 1, .longest_recovery = longest_recovery_, .operations = operation_count_};
    for (const Operation& operation : operations_) {
        all.died_before += operation.died_before ? 1 : 0;
        all.died_after += operation.died_after ? 1 : 0;
    }
    return all;
}

} // namespace init
