// SPDX-License-Identifier: BSD-2-Clause
#include <init/pager_image.hpp>

#include <string.h>

namespace init {

Result<void> PagerImage::add(const Part& part) {
    if (part_count_ == capacity)
        return sys::Error(sys::ErrorCode::too_long, capacity);
    parts_[part_count_++] = part;
    return {};
}

void PagerImage::set_start(sys::Tcb thread, Word reply, Word entry, Word stack_pointer, Word argument) {
    thread_ = thread;
    reply_ = reply;
    entry_ = entry;
    stack_pointer_ = stack_pointer;
    argument_ = argument;
}

Result<void> PagerImage::restart() const {
    TRY(thread_.suspend());
    TRY(own_cnode.at(reply_).recall());
    for (unsigned i = 0; i < part_count_; ++i) {
        const Part& part = parts_[i];
        auto* const bytes = reinterpret_cast<uint8_t*>(part.seen_at);
        memcpy(bytes, part.content.data(), part.content.size());
        memset(bytes + part.content.size(), 0, part.size - part.content.size());
    }
    ++block_->instances;
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = entry_;
    registers[abi::UserRegister::rsp] = stack_pointer_;
    registers[abi::UserRegister::rflags] = 0x202;
    registers[abi::UserRegister::rdi] = argument_;
    return thread_.write_registers(registers, abi::user_register_count, true);
}

} // namespace init
