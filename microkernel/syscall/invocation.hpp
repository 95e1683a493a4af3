// SPDX-License-Identifier: BSD-2-Clause
// One invocation of a kernel object: who called what with which arguments, and what came of it.
#pragma once

#include <abi/invocation.hpp>
#include <cap/error.hpp>
#include <ipc/message.hpp>

namespace kernel {

/// What a successful method leaves to do for the caller.
struct Outcome {
    enum class Kind : uint8_t {
        answered,  ///< the reply has `length` words: none, or `word`, or what the method wrote itself
        preempted, ///< the caller executes its system call again and so goes on
        settled,   ///< the caller's registers are as they shall be
    };
    Kind kind = Kind::answered;
    uint8_t length = 0;
    Word word = 0;

    static constexpr Outcome done() { return {}; }
    static constexpr Outcome value(Word word) { return {Kind::answered, 1, word}; }
    static constexpr Outcome preempted() { return {Kind::preempted}; }
    static constexpr Outcome settled() { return {Kind::settled}; }
};

using Decoded = Answer<Outcome>;

class Invocation {
public:
    Invocation(Tcb& caller, Slot& slot, bool is_call)
        : caller(caller), slot(slot), is_call(is_call), message_(caller),
          label_(abi::MessageInfo(caller.context.rsi).label()) {}

    Tcb& caller;
    Slot& slot; ///< holds the invoked capability
    const bool is_call;

    const Capability& cap() const { return slot.cap; }
    abi::Invocation method() const { return static_cast<abi::Invocation>(label_); }
    unsigned length() const { return message_.length(); }
    /// Message register `index`; only below the length that was asked for.
    Word word(unsigned index) const { return message_[index]; }
    /// Slot of an extra capability; may be empty.
    Slot& extra(unsigned index) const { return *extra_[index]; }
    /// TruncatedMessage unless there are so many words and capabilities.
    Checked need(unsigned words, unsigned caps = 0) const {
        if (message_.length() < words || extra_count_ < caps)
            return refuse(SyscallError::truncated());
        return ok;
    }

    /// Finds the slots of the extra capabilities. On failure `failed` is the pointer that led nowhere.
    Status<LookupError> look_up_extras(Word& failed) {
        const unsigned wanted = message_info(caller).extra_caps();
        if (!caller.buffer)
            return ok;
        for (; extra_count_ < wanted; extra_count_++) {
            failed = caller.buffer->caps_or_badges[extra_count_];
            extra_[extra_count_] = TRY(caller.find_slot(failed));
        }
        return ok;
    }

private:
    MessageReader message_;
    Word label_;
    Slot* extra_[abi::max_extra_caps]; ///< the first `extra_count_`
    unsigned extra_count_ = 0;
};

// One decoder per object type: checks everything, then has the object do it.
Decoded decode_untyped(const Invocation& call);
Decoded decode_cnode(const Invocation& call);
Decoded decode_tcb(const Invocation& call);
Decoded decode_spawn(const Invocation& call);
Decoded decode_sched_context(const Invocation& call);
Decoded decode_sched_control(const Invocation& call);
Decoded decode_domain_set(const Invocation& call);
Decoded decode_frame(const Invocation& call);
Decoded decode_table(const Invocation& call);
Decoded decode_asid_control(const Invocation& call);
Decoded decode_asid_pool(const Invocation& call);
Decoded decode_irq_control(const Invocation& call);
Decoded decode_irq_handler(const Invocation& call);
Decoded decode_io_port_control(const Invocation& call);
Decoded decode_io_port(const Invocation& call);

/// Fails with IllegalOperation: a label that the object does not know.
inline Decoded unknown_method() { return refuse(SyscallError::illegal_operation()); }
} // namespace kernel
