// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/kernel_view.hpp>

#include <arch/x86_64/cpu/instructions.hpp>
#include <cap/derivation.hpp>
#include <mem/direct_map.hpp>
#include <object/endpoint.hpp>
#include <object/notification.hpp>
#include <object/registers.hpp>
#include <object/reply.hpp>
#include <object/sched_context.hpp>
#include <sched/refill.hpp>
#include <space/address_space.hpp>
#include <spec/capability.hpp>
#include <spec/objects.hpp>
#include <support/fake_machine.hpp>
#include <system.hpp>

#include <cstring>
#include <vector>

namespace lockstep::kernel_view {
namespace {

using kernel::CapType, kernel::kernel_state, kernel::window;

Word address(const void* object) { return object ? kernel::physical(object).raw() : 0; }
kernel::Ticks now() { return kernel::Ticks{kernel::x86::simulated.tsc}; }
const kernel::Slot& at(Place slot) { return *static_cast<const kernel::Slot*>(slot); }

template <class T>
T& object(Word address) {
    return *window<T>(kernel::PhysAddr(address));
}

Word type(CapType type) {
    using spec::Type;
    switch (type) {
    case CapType::null: return static_cast<Word>(Type::null);
    case CapType::untyped: return static_cast<Word>(Type::untyped);
    case CapType::endpoint: return static_cast<Word>(Type::endpoint);
    case CapType::notification: return static_cast<Word>(Type::notification);
    case CapType::reply: return static_cast<Word>(Type::reply);
    case CapType::cnode: return static_cast<Word>(Type::cnode);
    case CapType::tcb: return static_cast<Word>(Type::tcb);
    case CapType::sched_context: return static_cast<Word>(Type::sched_context);
    case CapType::frame: return static_cast<Word>(Type::frame);
    case CapType::page_table: return static_cast<Word>(Type::page_table);
    case CapType::page_directory: return static_cast<Word>(Type::page_directory);
    case CapType::pdpt: return static_cast<Word>(Type::pdpt);
    case CapType::pml4: return static_cast<Word>(Type::pml4);
    case CapType::asid_pool: return static_cast<Word>(Type::asid_pool);
    case CapType::irq_control: return static_cast<Word>(Type::irq_control);
    case CapType::irq_handler: return static_cast<Word>(Type::irq_handler);
    case CapType::io_port_control: return static_cast<Word>(Type::io_port_control);
    case CapType::io_port: return static_cast<Word>(Type::io_ports);
    case CapType::sched_control: return static_cast<Word>(Type::sched_control);
    case CapType::asid_control: return static_cast<Word>(Type::asid_control);
    case CapType::domain_set: return static_cast<Word>(Type::domain_set);
    case CapType::zombie:
    case CapType::outer_zombie: break;
    }
    return 1000;
}

void add_mapping(Record& record, const kernel::Capability& cap) {
    record.add("mapped", cap.is_mapped());
    record.add("ASID", cap.asid().value);
    record.add("mapped at", cap.is_mapped() ? cap.mapped_at().raw() : 0);
}

void add_queue(Record& record, const kernel::Tcb* first) {
    unsigned count = 0;
    for (const kernel::Tcb* thread = first; thread && count < most_queued; thread = thread->queue.next, count++)
        record.add("queued", address(thread));
}

void add_keeping(Record& record, const kernel::Tcb& thread) {
    const kernel::KeeperRecord& keeper = thread.keeper;
    record.add("last fault's IP", keeper.ip);
    record.add("last fault's page", keeper.page);
    record.add("repeats", keeper.repeats);
    record.add("went on", keeper.went_on);
    if (thread.fault.type != abi::Fault::keeper_fault || !thread.is_blocked())
        return;
    record.add("keeper", keeper.keeper);
    record.add("why", static_cast<Word>(keeper.why));
    record.add("denial", keeper.denial);
    record.add("rights", keeper.rights);
    record.add("forwarded", keeper.forwarded);
    record.add("cookie", keeper.forwarded ? keeper.cookie : 0);
    record.add("authority ended", keeper.orphaned);
}

void add_waiting(Record& record, const kernel::Tcb& thread) {
    using kernel::ThreadState;
    const bool sending = thread.state == ThreadState::sending, receiving = thread.state == ThreadState::receiving;
    record.add("endpoint", sending || receiving ? address(thread.endpoint) : 0);
    record.add("waits on", thread.state == ThreadState::waiting ? address(thread.waits_on) : 0);
    record.add("reply", address(thread.reply));
    record.add("badge", sending ? thread.send.badge : 0);
    record.add("is call", sending && thread.send.is_call);
    record.add("grant", sending && thread.send.can_grant);
    record.add("can be answered", sending && thread.send.can_call);
    const bool faulted = thread.fault.type != abi::Fault::none;
    record.add("fault", faulted ? static_cast<Word>(thread.fault.type) : 0);
    record.add("fault's subject", faulted ? thread.fault.subject : 0);
    record.add("fault's detail", faulted ? thread.fault.detail : 0);
    record.add("stopped at", thread.state == ThreadState::runnable ? 0 : thread.stopped_at.value);
    add_keeping(record, thread);
}

} // namespace

Word running() { return address(kernel::cpu.current); }
Word timer() { return kernel::cpu.timer.value; }
Word charged_until() { return kernel::cpu.charged_until.value; }

Place cnode_slot(Word cnode, Word index) { return &object<kernel::Slot>(cnode + index * sizeof(kernel::Slot)); }
Place thread_slot(Word thread, unsigned index) { return &object<kernel::Tcb>(thread).slots[index]; }
Place irq_slot(Word line) { return &kernel_state.irqs[line].handler; }
bool is_empty(Place slot) { return at(slot).is_empty(); }
Place next(Place slot) { return at(slot).next(); }
Place previous(Place slot) { return at(slot).previous(); }
bool has_children(Place slot) { return kernel::has_children(at(slot)); }
bool is_parent(Place parent, Place child) { return kernel::is_parent(at(parent), at(child)); }

Record slot(Place place) {
    const kernel::Capability& cap = at(place).cap;
    Record record;
    record.add("type", type(cap.type()));
    switch (cap.type()) {
    case CapType::untyped:
        record.add("base", cap.object().raw());
        record.add("bits", cap.size_bits());
        record.add("device", cap.is_device_untyped());
        record.add("given out", kernel::has_children(at(place)) ? cap.watermark() : 0);
        break;
    case CapType::endpoint:
    case CapType::notification:
        record.add("object", cap.object().raw());
        record.add("rights", cap.rights().raw());
        record.add("badge", cap.badge());
        break;
    case CapType::reply:
        record.add("object", cap.object().raw());
        record.add("grant", cap.rights().can_grant());
        break;
    case CapType::cnode:
        record.add("object", cap.object().raw());
        record.add("radix", cap.radix());
        record.add("guard", cap.guard());
        record.add("guard bits", cap.guard_size());
        break;
    case CapType::frame:
        record.add("object", cap.object().raw());
        record.add("readable", cap.rights().can_read());
        record.add("writable", cap.rights().can_write());
        record.add("bits", kernel::frame_bits(cap.frame_size()));
        record.add("device", cap.is_device_frame());
        add_mapping(record, cap);
        break;
    case CapType::page_table:
    case CapType::page_directory:
    case CapType::pdpt:
        record.add("object", cap.object().raw());
        add_mapping(record, cap);
        break;
    case CapType::pml4:
        record.add("object", cap.object().raw());
        record.add("ASID", cap.asid().value);
        break;
    case CapType::asid_pool:
        record.add("object", cap.object().raw());
        record.add("index", cap.pool_index());
        break;
    case CapType::irq_handler: record.add("line", cap.irq_vector()); break;
    case CapType::io_port:
        record.add("first", cap.first_port());
        record.add("last", cap.last_port());
        break;
    case CapType::tcb:
    case CapType::sched_context: record.add("object", cap.object().raw()); break;
    default: break;
    }
    return record;
}

Record thread(Word address_of_thread) {
    const auto& thread = object<kernel::Tcb>(address_of_thread);
    static constexpr const char* register_names[] = {"rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx",
                                                     "rsi", "rdi", "rbp",    "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14",    "r15", "fs",  "gs"};
    Record record;
    for (unsigned i = 0; i < std::size(register_names); i++)
        record.add(register_names[i], thread.context.*kernel::user_registers[i]);
    record.add("state", static_cast<Word>(thread.state));
    record.add("priority", thread.priority);
    record.add("MCP", thread.mcp);
    record.add("FPU disabled", thread.fpu_disabled);
    record.add("buffer", address(thread.buffer));
    add_waiting(record, thread);
    record.add("context", address(thread.sched_context));
    record.add("yielded to", address(thread.yielded_to));
    record.add("yield is call", thread.yielded_to && thread.yield_wants_answer);
    record.add("bound", address(thread.bound_notification));
    return record;
}

Word answered(Word address_of_thread) {
    const kernel::Context& context = object<kernel::Tcb>(address_of_thread).context;
    return context.rsi >> 12 == 0 ? context.r10 : ~Word{0};
}

Record fpu(Word address_of_thread) {
    const auto& thread = object<kernel::Tcb>(address_of_thread);
    const bool loaded = kernel::cpu.loaded == &thread && !thread.fpu_disabled;
    const uint8_t* const state = loaded ? kernel::x86::simulated.fpu.data() : thread.fpu.data();
    Record record;
    for (unsigned offset : {first_fpu_register, last_fpu_register}) {
        Word word;
        std::memcpy(&word, state + offset, sizeof word);
        record.add("word", word);
    }
    return record;
}

Record endpoint(Word address) {
    const auto& endpoint = object<kernel::Endpoint>(address);
    Record record;
    record.add("senders", endpoint.state() == kernel::Endpoint::State::senders);
    add_queue(record, endpoint.first());
    return record;
}

Record notification(Word address_of_object) {
    const auto& notification = object<kernel::Notification>(address_of_object);
    const bool active = notification.state == kernel::Notification::State::active;
    Record record;
    record.add("active", active);
    record.add("signals", active ? notification.signals : 0);
    record.add("bound", address(notification.bound));
    record.add("context", address(notification.sched_context));
    add_queue(record, notification.waiters);
    return record;
}

Record reply(Word address_of_object) {
    const auto& reply = object<kernel::Reply>(address_of_object);
    Record record;
    record.add("thread", address(reply.thread));
    return record;
}

/// The context that pays has not paid up to now yet, perhaps: a copy that has.
kernel::SchedContext& paid_up(kernel::SchedContext& context) {
    if (&context != kernel::cpu.context || now() == kernel::cpu.charged_until)
        return context;
    static std::vector<std::byte> copy;
    const auto* const bytes = reinterpret_cast<const std::byte*>(&context);
    copy.assign(bytes, bytes + sizeof(kernel::SchedContext) + context.max * sizeof(kernel::Refill));
    auto& paid = *reinterpret_cast<kernel::SchedContext*>(copy.data());
    kernel::charge(paid, now() - kernel::cpu.charged_until, kernel_state.min_budget);
    return paid;
}

Record sched_context(Word address_of_object) {
    auto& context = paid_up(object<kernel::SchedContext>(address_of_object));
    Record record;
    record.add("thread", address(context.thread));
    record.add("notification", address(context.notification));
    record.add("yielded from", address(context.yielded_from));
    record.add("budget", context.budget.value);
    record.add("period", context.period.value);
    record.add("consumed", context.consumed.value);
    record.add("badge", context.badge);
    record.add("sporadic", context.sporadic);
    record.add("waits for refill", context.in_release_queue());
    unsigned count = 0;
    for (const kernel::Reply* reply = context.top_reply; reply && count < most_queued; reply = reply->previous, count++)
        record.add("stack, from the top", address(reply));
    if (!context.is_configured())
        return record;
    record.add("most refills", context.max);
    record.add("refills", context.count);
    for (unsigned i = 0; i < context.count && i < most_refills; i++) {
        record.add("refill's time", context.is_round_robin() ? 0 : context.refill(i).time.value);
        record.add("refill's amount", context.refill(i).amount.value);
    }
    return record;
}

Record asid_pool(unsigned index) {
    Record record;
    record.add("exists", kernel_state.asid_pools[index]);
    for (unsigned i = 0; i < abi::asid_pool_entries; i++) {
        const Word space = kernel_state.spaces[kernel::first_asid(index) + i];
        if (space != 0 && (index != 0 || i != 0)) {
            record.add("number", i);
            record.add("PML4", kernel::object_in(space).raw());
        }
    }
    return record;
}

Record ready(unsigned priority) {
    Record record;
    add_queue(record, kernel_state.ready.first(static_cast<uint8_t>(priority)));
    return record;
}

Record pin(unsigned number) {
    const uint32_t entry = test::ioapic_register(0x10 + 2 * number);
    Record record;
    record.add("masked", entry >> 16 & 1);
    record.add("line", (entry >> 16 & 1) ? 0 : (entry & 255) - kernel::x86::vector::device_first);
    record.add("level-triggered", entry >> 15 & 1);
    record.add("active-low", entry >> 13 & 1);
    return record;
}

Record irq_line(Word line) {
    const kernel::IrqLine& irq = kernel_state.irqs[line];
    Record record;
    record.add("in use", irq.kind != kernel::IrqLine::Kind::free);
    record.add("message-signalled", irq.kind == kernel::IrqLine::Kind::msi);
    return record;
}

bool port_is_issued(Word port) { return kernel_state.issued_ports[port / 64] >> port % 64 & 1; }

const uint64_t* memory(Word address) { return window<uint64_t>(kernel::PhysAddr(address)); }

} // namespace lockstep::kernel_view
