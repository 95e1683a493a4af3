// SPDX-License-Identifier: BSD-2-Clause
// A reply object: links the thread that waits for an answer to whoever may give it, and is one place in the stack of
// callers that a scheduling context went through.
#pragma once

#include <mem/address.hpp>

namespace kernel {

struct Tcb;
struct SchedContext;

class Reply {
public:
    /// The caller that waits for the answer, or the receiver that offered this object; null = idle.
    Tcb* thread;
    /// The caller before this one in the context's stack.
    Reply* previous;

    /// The reply above this one in the stack; null at the top and outside of any stack.
    Reply* next() const { return above_ & context_flag ? nullptr : reinterpret_cast<Reply*>(above_); }
    /// The context whose stack this reply is on top of; null elsewhere.
    SchedContext* context() const {
        return above_ & context_flag ? reinterpret_cast<SchedContext*>(above_ & ~context_flag) : nullptr;
    }
    bool is_stacked() const { return above_ != 0; }
    void set_next(Reply* reply) { above_ = reinterpret_cast<Word>(reply); }
    void set_context(SchedContext* context) { above_ = reinterpret_cast<Word>(context) | context_flag; }

private:
    static constexpr Word context_flag = 1;
    Word above_;
    [[maybe_unused]] Word reserved_;
};

static_assert(sizeof(Reply) == 32);

} // namespace kernel
