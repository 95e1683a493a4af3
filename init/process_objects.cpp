// SPDX-License-Identifier: BSD-2-Clause
// Making, connecting and ending the objects of a process.
#include <init/process_objects.hpp>

#include <algorithm>
#include <sys/ipc/protocol.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/process.hpp>

namespace init {

namespace grant = sys::protocol::process::grant;
using sys::protocol::process::Error;

namespace {

constexpr sys::Microseconds time_slice{5000};
constexpr unsigned sched_context_bits = 8;
constexpr unsigned keeper_table_bits = 1;
/// A client may call and hand capabilities on; it never receives on a server's endpoint.
constexpr abi::Rights caller = abi::Rights::write() | abi::Rights::grant() | abi::Rights::grant_reply();
constexpr abi::Rights plain_caller = abi::Rights::write() | abi::Rights::grant_reply();
using sys::slot::cnode_bits, sys::slot::wide_bits;
/// Small numbers name the slots of a process's CNode with all 64 bits, and those of the CNodes in a wide one.
constexpr abi::CNodeData small_numbers(0, abi::word_bits - cnode_bits);
constexpr abi::CNodeData wide_numbers(0, abi::word_bits - cnode_bits - wide_bits);
constexpr abi::CNodeData no_guard(0, 0);

sys::SlotRef own(sys::Object object) { return own_cnode.at(object.slot()); }

} // namespace

Result<void> ProcessObjects::ensure_allotment(OwnMemory& memory) {
    if (has_allotment_)
        return {};
    TRY(memory.make_at(abi::ObjectType::untyped, allotment_bits, slot(place_slot::allotment)));
    has_allotment_ = true;
    return {};
}

Result<void> ProcessObjects::make_objects() {
    const sys::Untyped memory(slot(place_slot::allotment));
    TRY(memory.retype_into(abi::ObjectType::cnode, cnode_bits, own_cnode, slot(place_slot::cnode)));
    TRY(memory.retype_into(abi::ObjectType::tcb, 0, own_cnode, slot(place_slot::tcb)));
    TRY(memory.retype_into(abi::ObjectType::sched_context, sched_context_bits, own_cnode,
                           slot(place_slot::sched_context)));
    TRY(memory.retype_into(abi::ObjectType::notification, 0, own_cnode, slot(place_slot::notification)));
    TRY(memory.retype_into(abi::ObjectType::endpoint, 0, own_cnode, slot(place_slot::endpoint)));
    TRY(memory.retype_into(abi::ObjectType::cnode, keeper_table_bits, own_cnode, slot(place_slot::keeper_table)));
    const sys::CNode cnode(slot(place_slot::cnode));
    TRY(memory.retype_into(abi::ObjectType::reply, 0, cnode, sys::slot::reply));
    return memory.retype(abi::ObjectType::reply, 0, sys::SlotRef{cnode, 0, 0}, sys::slot::spare_replies,
                         sys::slot::spare_reply_count);
}

Result<void> ProcessObjects::fill_cnode(const Services& services, const Shape& shape) {
    TRY(child(sys::slot::process_service).mint_from(own(services.process_service), caller, shape.pid));
    TRY(own_cnode.at(slot(place_slot::pager_endpoint)).mint_from(own(services.pager), caller, shape.pid));
    TRY(child(sys::slot::pager).copy_from(own_cnode.at(slot(place_slot::pager_endpoint))));
    // The pager is the keeper of all its clients' memory; what it denies, and all other faults, are init's.
    const sys::CNode keepers(slot(place_slot::keeper_table));
    TRY(keepers.at(sys::protocol::pager::supervisor, keeper_table_bits).copy_from(child(sys::slot::process_service)));
    TRY(keepers.at(sys::protocol::pager::keeper, keeper_table_bits)
            .copy_from(own_cnode.at(slot(place_slot::pager_endpoint))));
    if (!services.console.is_null())
        TRY(child(sys::slot::console).mint_from(own(services.console), plain_caller, shape.pid));
    if (has(place_slot::manager_endpoint))
        TRY(child(sys::slot::service_manager).move_from(own_cnode.at(slot(place_slot::manager_endpoint))));
    TRY(child(sys::slot::notification).copy_from(own_cnode.at(slot(place_slot::notification))));
    TRY(own_cnode.at(slot(place_slot::stop_signal))
            .mint_from(own_cnode.at(slot(place_slot::notification)), abi::Rights::write(),
                       sys::signal_badge_bit | sys::stop_badge_bit));
    TRY(child(sys::slot::endpoint).copy_from(own_cnode.at(slot(place_slot::endpoint))));
    return child(sys::slot::cnode)
        .mint_from(own_cnode.at(slot(place_slot::cnode)), abi::Rights::all(), small_numbers.raw());
}

Result<void> ProcessObjects::grant_hardware(const Services& services, const Shape& shape) {
    if ((shape.grants & grant::io_ports) != 0 &&
        !services.io_ports.issue(shape.first_port, shape.last_port, child(sys::slot::io_ports)))
        return Error::port_refused;
    if ((shape.grants & grant::interrupt) != 0) {
        const sys::IrqControl::IoApicPin line{0, shape.pin, shape.level_triggered, shape.level_triggered};
        if (!services.interrupts.get_ioapic(child(sys::slot::irq_handler), line, shape.pin))
            return Error::interrupt_refused;
    }
    return {};
}

Result<void> ProcessObjects::build(const Services& services, const Shape& shape) {
    TRY(make_objects());
    TRY(fill_cnode(services, shape));
    TRY(grant_hardware(services, shape));
    const sys::SchedContext context(slot(place_slot::sched_context));
    return services.sched_control.configure(context, {.budget = time_slice, .period = time_slice});
}

Result<void> ProcessObjects::widen() {
    if (has(place_slot::wide_cnode))
        return sys::ErrorCode::already_exists;
    TRY(sys::Untyped(slot(place_slot::allotment))
            .retype_into(abi::ObjectType::cnode, wide_bits, own_cnode, slot(place_slot::wide_cnode)));
    const sys::CNode wide(slot(place_slot::wide_cnode));
    TRY(wide.at(0, wide_bits).mint_from(own_cnode.at(slot(place_slot::cnode)), abi::Rights::all(), no_guard.raw()));
    TRY(child(sys::slot::cnode).remove());
    TRY(child(sys::slot::cnode)
            .mint_from(own_cnode.at(slot(place_slot::wide_cnode)), abi::Rights::all(), wide_numbers.raw()));
    return sys::Tcb(slot(place_slot::tcb))
        .set_space(sys::Object(slot(place_slot::keeper_table)), wide, wide_numbers.raw(),
                   sys::VSpace(slot(place_slot::vspace)));
}

Result<void> ProcessObjects::give_own_endpoint(sys::Endpoint endpoint) {
    TRY(child(sys::slot::endpoint).remove());
    return child(sys::slot::endpoint).copy_from(own(endpoint));
}

Result<void> ProcessObjects::start(const Services& services, const Shape& shape, const Loaded& loaded) {
    const sys::Tcb thread(slot(place_slot::tcb));
    TRY(thread.bind_notification(sys::Notification(slot(place_slot::notification))));
    const sys::SpawnArguments arguments{.cspace = sys::CNode(slot(place_slot::cnode)),
                                        .cspace_data = small_numbers.raw(),
                                        .vspace = sys::VSpace(slot(place_slot::vspace)),
                                        .fault_handler = sys::Object(slot(place_slot::keeper_table)),
                                        .sched_context = sys::SchedContext(slot(place_slot::sched_context)),
                                        .ipc_buffer_frame = sys::Frame(slot(place_slot::ipc_frame)),
                                        .ipc_buffer = ipc_buffer_address,
                                        .authority = services.authority,
                                        .priority = {shape.priority},
                                        .max_controlled_priority = {shape.priority},
                                        .entry = loaded.entry,
                                        .stack_pointer = loaded.stack_pointer,
                                        .argument = ipc_buffer_address,
                                        .fs_base = 0};
    const auto spawned = thread.spawn(arguments);
    if (spawned)
        return {};
    const sys::Error& error = spawned.error();
    constexpr Word entry_word = 9;
    if (error == abi::Error::invalid_argument && error.detail(0) == entry_word)
        return sys::Error(Error::no_code, error.detail(0), error.detail(1));
    return sys::Error(Error::spawn_refused, error.label(), error.detail(0), error.detail(1));
}

Result<void> ProcessObjects::start_copy(const Services& services, const Shape& shape, sys::Tcb caller) {
    const sys::Tcb thread(slot(place_slot::tcb));
    sys::UserRegisters registers = TRY(caller.read_registers(false));
    constexpr Word syscall_size = 2;
    registers[abi::UserRegister::rip] += syscall_size; // a call moves it only when it is answered
    registers[abi::UserRegister::rdi] = 0;
    registers[abi::UserRegister::rsi] = abi::MessageInfo(0, 1).raw();
    registers[abi::UserRegister::r10] = 0;
    TRY(thread.bind_notification(sys::Notification(slot(place_slot::notification))));
    TRY(thread.set_space(sys::Object(slot(place_slot::keeper_table)), sys::CNode(slot(place_slot::cnode)),
                         small_numbers.raw(), sys::VSpace(slot(place_slot::vspace))));
    TRY(thread.set_ipc_buffer(ipc_buffer_address, sys::Frame(slot(place_slot::ipc_frame))));
    TRY(sys::SchedContext(slot(place_slot::sched_context)).bind(thread));
    TRY(thread.set_max_controlled_priority(services.authority, {shape.priority}));
    TRY(thread.set_priority(services.authority, {shape.priority}));
    return thread.write_registers(registers, abi::user_register_count, true);
}

bool ProcessObjects::has(Word which) const {
    // Copying a slot onto itself fails with DeleteFirst if it is taken (abi.md: the destination is looked at first).
    const sys::SlotRef ref = own_cnode.at(slot(which));
    const auto copied = ref.copy_from(ref);
    return !copied && copied.error() == abi::Error::delete_first;
}

/// Whoever waits for an answer of this process would wait for ever: it calls again, to be served by the next process if the
/// endpoint is kept for that one, or else to find that nobody is there.
void ProcessObjects::release_callers() {
    if (!has(place_slot::tcb) || !has(place_slot::cnode))
        return;
    static_cast<void>(sys::Tcb(slot(place_slot::tcb)).suspend()); // or it would receive them again
    static_cast<void>(child(sys::slot::reply).recall());
    for (Word i = 0; i < sys::slot::spare_reply_count; ++i)
        static_cast<void>(child(sys::slot::spare_replies + i).recall());
}

void ProcessObjects::destroy() {
    release_callers();
    static_cast<void>(own_cnode.at(slot(place_slot::allotment)).revoke());
    for (Word which = place_slot::tcb; which < place_slot::count; ++which)
        static_cast<void>(own_cnode.at(slot(which)).remove());
}

Result<unsigned> ProcessObjects::inspect(Word first, std::span<sys::SlotRef::Inspected> slots) const {
    constexpr Word leaf = Word{1} << cnode_bits;
    slots = slots.first(std::min<size_t>(slots.size(), leaf - first % leaf));
    if (first < leaf)
        return child(first).inspect(slots);
    if (first >> cnode_bits >> wide_bits != 0 || !has(place_slot::wide_cnode))
        return 0u;
    const sys::CNode wide(slot(place_slot::wide_cnode));
    const auto shown = wide.at(first, wide_bits + cnode_bits).inspect(slots);
    if (!shown && shown.error() == abi::Error::failed_lookup) // that CNode is not there
        return 0u;
    return shown ? *shown : Result<unsigned>(shown.error());
}

Result<ProcessObjects::SlotCount> ProcessObjects::count_slots() const {
    sys::SlotRef::Inspected shown[abi::max_inspect];
    SlotCount counted;
    for (Word first = 0;;) {
        const unsigned count = TRY(inspect(first, shown));
        if (count == 0)
            return counted;
        counted.given += count;
        for (unsigned i = 0; i < count; ++i)
            counted.used += shown[i].slot.type() == abi::SlotType::empty ? 0 : 1;
        first += count;
    }
}

} // namespace init
