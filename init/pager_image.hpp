// SPDX-License-Identifier: BSD-2-Clause
// What a new instance of the pager starts with: its writable memory as it was at the first start, seen from init's own space,
// and its registers. All else that it has stays with it when it dies: its address space, its capabilities, its page records.
#pragma once

#include <init/lent_memory.hpp>
#include <init/slots.hpp>
#include <span>
#include <sys/cap/tcb.hpp>
#include <sys/protocol/pager_startup.hpp>

namespace init {

class PagerImage {
public:
    /// Memory of `size` bytes that begins with `content`, and lies at `seen_at` in init's space.
    struct Part {
        Word seen_at = 0;
        Word size = 0;
        std::span<const uint8_t> content;
    };
    Result<void> add(const Part& part);
    void set_start(sys::Tcb thread, Word reply, Word entry, Word stack_pointer, Word argument);

    /// Where init sees the pager's start-up block.
    void set_block(Word seen_at) { block_ = reinterpret_cast<sys::protocol::pager_startup::StartupBlock*>(seen_at); }
    /// What init has lent the pager.
    LentMemory& lent() { return lent_; }
    sys::Tcb thread() const { return thread_; }
    /// Stops the pager, wherever it is, and starts it afresh: who waits for its answer asks again.
    Result<void> restart() const;

private:
    static constexpr unsigned capacity = 6;
    Part parts_[capacity] = {};
    unsigned part_count_ = 0;
    sys::protocol::pager_startup::StartupBlock* block_ = nullptr;
    LentMemory lent_;
    sys::Tcb thread_;
    Word reply_ = 0;
    Word entry_ = 0;
    Word stack_pointer_ = 0;
    Word argument_ = 0;
};

} // namespace init
