// SPDX-License-Identifier: BSD-2-Clause
#include <tests/system/lib/victim.hpp>

namespace test {
namespace {

constexpr unsigned context_bits = 8;
constexpr Word time_slice_us = 5000;

} // namespace

Result<void> Victim::make(sys::Untyped memory) {
    TRY(space_.make(memory));
    code_frame_ = TRY(space_.map_new(code, sys::PageAccess::read_execute()));
    {
        const View view = TRY(View::of(code_frame_));
        __builtin_memcpy(view.bytes(), snippets_start, static_cast<size_t>(snippets_end - snippets_start));
    }
    stack_frame_ = TRY(space_.map_new(stack_top - page_size, sys::PageAccess::read_write()));
    buffer_frame_ = TRY(space_.map_new(buffer, sys::PageAccess::read_write()));
    cnode_ = TRY(sys::make_object<sys::CNode>(test::space(), memory, cnode_bits));
    context_ = TRY(sys::make_object<sys::SchedContext>(test::space(), memory, context_bits));
    TRY(sched_control().configure(context_, {{time_slice_us}, {time_slice_us}}));
    faults_ = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
    reply_ = TRY(sys::make_object<sys::Reply>(test::space(), memory));
    tcb_ = TRY(sys::make_object<sys::Tcb>(test::space(), memory));
    return {};
}

Result<void> Victim::configure(sys::Priority priority, Word badge) {
    handler_ = TRY(sys::mint_cap(test::space(), faults_.get(), sys::Rights::all(), sys::Badge{badge}));
    TRY(tcb_->configure(cnode_, abi::CNodeData(0, abi::word_bits - cnode_bits).raw(), space_.root(), buffer,
                        buffer_frame_));
    return tcb_->set_sched_params(own_tcb(), sys::Priority{0}, priority, context_, handler_);
}

Result<void> Victim::start(const uint8_t* snippet, sys::UserRegisters registers) {
    if (registers[abi::UserRegister::rip] == 0)
        registers[abi::UserRegister::rip] = address_of(snippet);
    if (registers[abi::UserRegister::rsp] == 0)
        registers[abi::UserRegister::rsp] = stack_top;
    return tcb_->write_registers(registers, abi::user_register_count, true);
}

sys::SpawnArguments Victim::spawn_arguments(const uint8_t* snippet) const {
    return {.cspace = cnode_,
            .cspace_data = abi::CNodeData(0, abi::word_bits - cnode_bits).raw(),
            .vspace = space_.root(),
            .fault_handler = faults_,
            .sched_context = context_,
            .ipc_buffer_frame = buffer_frame_,
            .ipc_buffer = buffer,
            .authority = own_tcb(),
            .priority = base_priority,
            .max_controlled_priority = sys::Priority{0},
            .entry = address_of(snippet),
            .stack_pointer = stack_top};
}

std::optional<Fault> Victim::next_fault(Word limit_ms) {
    const auto received = receive_within(faults_, reply_, limit_ms);
    if (!received)
        return std::nullopt;
    return to_fault(*received);
}

Fault Victim::run(const uint8_t* snippet, const sys::UserRegisters& registers) {
    if (!start(snippet, registers))
        return {};
    return next_fault().value_or(Fault{});
}

sys::UserRegisters Victim::registers() const {
    auto read = tcb_->read_registers(false);
    return read ? read.take() : sys::UserRegisters{};
}

Result<void> Subject::make_raw() {
    memory = TRY(make_untyped(Victim::memory_bits));
    return victim.make(memory);
}

Result<void> Subject::make(sys::Priority priority, Word badge) {
    TRY(make_raw());
    return victim.configure(priority, badge);
}

std::optional<sys::Received> receive_within(sys::Endpoint endpoint, sys::Reply reply, Word limit_ms) {
    // A poll that finds nobody answers with message information 0; every message of these tests has a label or a badge.
    sys::Received received;
    const bool came = wait_until(
        [&] {
            received = endpoint.receive_if_there(reply);
            return received.badge.value != 0 || received.info.raw() != 0;
        },
        limit_ms);
    if (!came)
        return std::nullopt;
    return received;
}

Fault to_fault(const sys::Received& received) {
    Fault fault{static_cast<abi::Fault>(received.label()), received.length(), received.badge, {}};
    const Word in_registers[] = {received.mr0, received.mr1, received.mr2, received.mr3};
    for (unsigned i = 0; i < fault.length && i < Fault::capacity; ++i)
        fault.words[i] = i < 4 ? in_registers[i] : sys::raw::ipc_buffer()->message[i];
    return fault;
}

} // namespace test
