// SPDX-License-Identifier: BSD-2-Clause
// One invocation of a kernel object: who called what with which arguments, and what came of it.
#pragma once

#include <abi/invocation.hpp>
#include <ipc/message.hpp>
#include <lifetime/delete.hpp>

#include <initializer_list>
#include <span>

namespace kernel {

/// What came of an invocation: an error, or what is left to do for the caller. As an error, without one: a reply has the
/// same form.
class [[nodiscard]] Outcome : public SyscallError {
public:
    constexpr Outcome(Failure<SyscallError> failure) : SyscallError(failure.error) {}
    constexpr Outcome(Progress progress) : Outcome(progress == Progress::preempted ? preempted() : done()) {}
    /// The reply has no words.
    static constexpr Outcome done() { return Outcome(0, answered, 0); }
    static constexpr Outcome value(Word word) { return Outcome(1, answered, word); }
    /// The caller executes its system call again and so goes on.
    static constexpr Outcome preempted() { return Outcome(0, again, 0); }
    /// The caller's registers are as they shall be.
    static constexpr Outcome settled() { return Outcome(0, no_reply, 0); }

    constexpr bool has_word() const { return length() != 0; }
    constexpr bool is_preempted() const { return is_none() && small() == again; }
    constexpr bool is_settled() const { return is_none() && small() == no_reply; }

private:
    enum Kind : Word { answered, again, no_reply };
    constexpr Outcome(Word length, Kind kind, Word word) : SyscallError(abi::Error::none, length, kind, word) {}
};

class Invocation {
public:
    Invocation(Tcb& caller, Slot& slot, bool is_call)
        : caller(caller), slot(slot), is_call(is_call), length_(message_length(caller)) {}

    Tcb& caller;
    Slot& slot; ///< holds the invoked capability
    const bool is_call;

    const Capability& cap() const { return slot.cap; }
    abi::Invocation method() const { return static_cast<abi::Invocation>(message_info(caller).label()); }
    unsigned length() const { return length_; }
    /// Message register `index`; only below the length that was asked for.
    Word word(unsigned index) const { return message_word(caller, index); }
    /// Slot of an extra capability; may be empty.
    Slot& extra(unsigned index) const { return *extra_[index]; }
    /// TruncatedMessage unless there are so many words and capabilities.
    Checked need(unsigned words, unsigned caps = 0) const {
        if (length_ < words || extra_count_ < caps) [[unlikely]]
            return refuse(SyscallError::truncated());
        return ok;
    }

    /// Finds the slots of the extra capabilities. On failure `failed` is the pointer that led nowhere.
    Status<LookupError> look_up_extras(Word& failed) {
        const unsigned wanted = caller.buffer ? message_info(caller).extra_caps() : 0;
        for (unsigned i = 0; i < wanted; i++) {
            failed = caller.buffer->caps_or_badges[i];
            extra_[i] = TRY(caller.find_slot(failed));
        }
        extra_count_ = wanted;
        return ok;
    }

private:
    unsigned length_;
    unsigned extra_count_ = 0;
    Slot* extra_[abi::max_extra_caps]; ///< the first `extra_count_`
};

// One decoder per object type: checks everything, then has the object do it.
Outcome decode_untyped(const Invocation& call);
Outcome decode_cnode(const Invocation& call);
Outcome decode_tcb(const Invocation& call);
Outcome decode_spawn(const Invocation& call);
Outcome decode_sched_context(const Invocation& call);
Outcome decode_sched_control(const Invocation& call);
Outcome decode_domain_set(const Invocation& call);
Outcome decode_frame(const Invocation& call);
Outcome decode_table(const Invocation& call);
Outcome decode_range(const Invocation& call);
Outcome decode_asid_control(const Invocation& call);
Outcome decode_asid_pool(const Invocation& call);
Outcome decode_irq_control(const Invocation& call);
Outcome decode_irq_handler(const Invocation& call);
Outcome decode_io_port_control(const Invocation& call);
Outcome decode_io_port(const Invocation& call);

/// Ends a call whose answer has been written already; nothing if the caller does not listen.
Outcome finish_answer(const Invocation& call, MessageWriter& answer);
/// Answers with many words, if the caller listens.
Outcome answer_with(const Invocation& call, std::initializer_list<Word> first, std::span<const Word> others = {});

/// Fails with IllegalOperation: a label that the object does not know.
inline Outcome unknown_method() { return refuse(SyscallError::illegal_operation()); }
} // namespace kernel
