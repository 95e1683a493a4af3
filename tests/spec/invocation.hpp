// SPDX-License-Identifier: BSD-2-Clause
// A kernel object is invoked: with what, and the methods. Each first checks, in the order of the interface's description,
// and throws Refusal; then it changes the state. It returns the words of the answer.
#pragma once

#include <spec/system.hpp>

namespace spec {

struct Invocation {
    System& system;
    Thread& caller;
    Slot& target;
    Method method;
    unsigned length; ///< words of the message
    std::vector<Slot*> extra; ///< extra capabilities
    bool is_call;
    bool answered = false; ///< the caller gets no answer, its call is not completed

    Word word(unsigned index) const;
    const Capability& cap(unsigned index) const { return extra[index]->cap; }
    /// At least this many words and extra capabilities. Throws Refusal.
    void need(unsigned words, unsigned capabilities = 0) const {
        if (length < words || extra.size() < capabilities)
            throw truncated_message();
    }
};

// Methods, by type of the object.
Words invoke_untyped(Invocation& invocation);
Words invoke_cnode(Invocation& invocation);
Words invoke_tcb(Invocation& invocation);
Words invoke_sched_control(Invocation& invocation);
Words invoke_sched_context(Invocation& invocation);
Words invoke_table(Invocation& invocation);
Words invoke_range(Invocation& invocation);
Words invoke_frame(Invocation& invocation);
Words invoke_asid_control(Invocation& invocation);
Words invoke_asid_pool(Invocation& invocation);
Words invoke_irq_control(Invocation& invocation);
Words invoke_irq_handler(Invocation& invocation);
Words invoke_io_port_control(Invocation& invocation);
Words invoke_io_ports(Invocation& invocation);
Words invoke_domain_set(Invocation& invocation);

} // namespace spec
