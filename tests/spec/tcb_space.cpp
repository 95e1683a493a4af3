// SPDX-License-Identifier: BSD-2-Clause
#include <spec/tcb_space.hpp>

#include <spec/copying.hpp>
#include <spec/deletion.hpp>

namespace spec {
void exchange(Invocation& invocation, Thread& thread, std::initializer_list<Installation> installations) {
    std::vector<Capability> before;
    for (const Installation& installation : installations)
        before.push_back(installation.source->cap);
    for (const Installation& installation : installations)
        delete_capability(invocation.system, thread.slots[installation.place]);
    if (!invocation.target.cap.is(Type::tcb)) {
        invocation.answered = true;
        return;
    }
    auto expected = before.begin();
    for (const auto& [place, cap, source] : installations) {
        const Capability& was = *expected++;
        if (!cap.is(Type::null) && source->cap.type == was.type && source->cap.object == was.object)
            derive(thread.slots[place], cap, *source);
    }
}

namespace {

/// CSpace and VSpace as they shall be put into the TCB.
struct Space {
    Capability cspace, vspace;
};

Capability derived_with(const Slot& source, Word datum) {
    return derived(source, datum == 0 ? source.cap : with_datum(source.cap, datum, true));
}

Space check_space(const Slot& cspace, Word cspace_datum, const Slot& vspace, Word vspace_datum) {
    const Capability root = check_cspace(cspace, cspace_datum);
    return {root, check_vspace(vspace, vspace_datum)};
}

} // namespace

Capability check_cspace(const Slot& source, Word datum) {
    const Capability cap = derived_with(source, datum);
    if (!cap.is(Type::cnode))
        throw illegal_operation();
    return cap;
}

Capability check_vspace(const Slot& source, Word datum) {
    const Capability cap = derived_with(source, datum);
    if (!cap.is(Type::pml4))
        throw illegal_operation();
    return cap;
}

Capability check_buffer(const Slot& source, Word address) {
    if (address == 0)
        return {};
    const Capability cap = derived(source, source.cap);
    if (!cap.is(Type::frame) || object_of<Frame>(cap).device)
        throw illegal_operation();
    if (address % buffer::bytes != 0)
        throw alignment_error();
    return cap;
}

Capability check_handler(const Slot& source, Word number, bool may_be_table) {
    const Capability cap = derived(source, source.cap);
    const bool usable = cap.is(Type::endpoint) && cap.rights.write && (cap.rights.grant || cap.rights.grant_reply);
    if (!cap.is(Type::null) && !usable && !(cap.is(Type::cnode) && may_be_table))
        throw invalid_capability(number);
    return cap;
}

void install_handler(Invocation& invocation, Thread& thread, ThreadSlot place, const Capability& cap, Slot& source) {
    exchange(invocation, thread, {{place, cap, &source}});
}

void configure_space(Invocation& invocation, Thread& thread) {
    invocation.need(3, 3);
    Slot &root = *invocation.extra[0], &pml4 = *invocation.extra[1], &frame = *invocation.extra[2];
    const Word address = invocation.word(2);
    const Capability buffer = check_buffer(frame, address);
    const Space space = check_space(root, invocation.word(0), pml4, invocation.word(1));

    thread.buffer_address = address;
    // A keeper table gives out authority over the address space that it was installed for.
    const Capability& handler = thread.cap(fault_handler);
    if (handler.is(Type::cnode) && thread.cap(vspace).object != space.vspace.object)
        return exchange(invocation, thread,
                        {{fault_handler, {}, &thread.slots[fault_handler]},
                         {cspace, space.cspace, &root},
                         {vspace, space.vspace, &pml4},
                         {ipc_buffer, buffer, &frame}});
    exchange(invocation, thread,
             {{cspace, space.cspace, &root}, {vspace, space.vspace, &pml4}, {ipc_buffer, buffer, &frame}});
}

void set_space(Invocation& invocation, Thread& thread) {
    invocation.need(2, 3);
    Slot &handler = *invocation.extra[0], &root = *invocation.extra[1], &pml4 = *invocation.extra[2];
    const Space space = check_space(root, invocation.word(0), pml4, invocation.word(1));
    const Capability handler_cap = check_handler(handler, 1, true);

    exchange(invocation, thread,
             {{cspace, space.cspace, &root}, {vspace, space.vspace, &pml4}, {fault_handler, handler_cap, &handler}});
}

void set_timeout_endpoint(Invocation& invocation, Thread& thread) {
    invocation.need(0, 1);
    const Capability cap = check_handler(*invocation.extra[0], 1);
    install_handler(invocation, thread, timeout_handler, cap, *invocation.extra[0]);
}

void set_ipc_buffer(Invocation& invocation, Thread& thread) {
    invocation.need(1, 1);
    const Word address = invocation.word(0);
    const Capability buffer = check_buffer(*invocation.extra[0], address);
    thread.buffer_address = address;
    exchange(invocation, thread, {{ipc_buffer, buffer, invocation.extra[0]}});
}

} // namespace spec
