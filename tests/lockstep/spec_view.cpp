// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/spec_view.hpp>

#include <spec/message.hpp>
#include <spec/refills.hpp>

namespace lockstep::spec_view {
namespace {

using namespace spec;

Word address(const Object* object) { return object ? object->address : 0; }

void add_mapping(Record& record, const Capability& cap) {
    record.add("mapped", cap.mapping.has_value());
    record.add("ASID", cap.mapping ? cap.mapping->asid : 0);
    record.add("mapped at", cap.mapping ? cap.mapping->address : 0);
}

template <class Threads>
void add_queue(Record& record, const Threads& threads) {
    for (const Thread* thread : threads)
        record.add("queued", thread->address);
}

void add_keeping(Record& record, const Thread& thread) {
    const Keeping& keeping = thread.keeping;
    record.add("last fault's IP", keeping.ip);
    record.add("last fault's page", keeping.page == ~Word{0} ? 0 : keeping.page << 12 | 0xfff);
    record.add("repeats", keeping.repeats);
    record.add("went on", keeping.went_on);
    const bool in_keeper_fault = thread.fault && thread.fault->type == FaultType::keeper && thread.blocked();
    if (!in_keeper_fault)
        return;
    record.add("keeper", keeping.keeper);
    record.add("why", static_cast<Word>(keeping.why));
    record.add("denial", keeping.denial);
    record.add("rights",
               Word{keeping.rights.write} | Word{keeping.rights.read} << 1 | Word{keeping.rights.execute} << 2);
    record.add("forwarded", keeping.shown_cookie.has_value());
    record.add("cookie", keeping.shown_cookie.value_or(0));
    record.add("authority ended", keeping.authority_ended);
}

void add_waiting(Record& record, const Thread& thread) {
    const bool sending = thread.state == ThreadState::sending, receiving = thread.state == ThreadState::receiving;
    record.add("endpoint", sending || receiving ? address(thread.endpoint) : 0);
    record.add("waits on", thread.state == ThreadState::waiting ? address(thread.waits_on) : 0);
    record.add("reply", address(thread.reply));
    record.add("badge", sending ? thread.sending.badge : 0);
    record.add("is call", sending && thread.sending.call);
    record.add("grant", sending && thread.sending.grant);
    record.add("can be answered", sending && (thread.sending.grant || thread.sending.grant_reply));
    record.add("fault", thread.fault ? static_cast<Word>(thread.fault->type) : 0);
    record.add("fault's subject", thread.fault ? thread.fault->subject : 0);
    record.add("fault's detail", thread.fault ? thread.fault->detail : 0);
    record.add("stopped at", thread.state == ThreadState::running ? 0 : thread.stopped_at);
    add_keeping(record, thread);
}

} // namespace

Record slot(const Slot& slot) {
    const Capability& cap = slot.cap;
    Record record;
    record.add("type", static_cast<Word>(cap.type));
    switch (cap.type) {
    case Type::untyped:
        record.add("base", cap.base);
        record.add("bits", cap.bits);
        record.add("device", cap.device);
        record.add("given out", has_children(slot) ? cap.given_out : 0);
        break;
    case Type::endpoint:
    case Type::notification:
        record.add("object", cap.object->address);
        record.add("rights", cap.rights.word());
        record.add("badge", cap.badge);
        break;
    case Type::reply:
        record.add("object", cap.object->address);
        record.add("grant", cap.rights.grant);
        break;
    case Type::cnode:
        record.add("object", cap.object->address);
        record.add("radix", object_of<CNode>(cap).radix);
        record.add("guard", cap.guard);
        record.add("guard bits", cap.guard_bits);
        break;
    case Type::frame:
        record.add("object", cap.object->address);
        record.add("readable", cap.rights.read);
        record.add("writable", cap.rights.write);
        record.add("bits", object_of<Frame>(cap).bits);
        record.add("device", object_of<Frame>(cap).device);
        add_mapping(record, cap);
        break;
    case Type::page_table:
    case Type::page_directory:
    case Type::pdpt:
        record.add("object", cap.object->address);
        add_mapping(record, cap);
        break;
    case Type::pml4:
        record.add("object", cap.object->address);
        record.add("ASID", cap.mapping ? cap.mapping->asid : 0);
        break;
    case Type::asid_pool:
        record.add("object", cap.object->address);
        record.add("index", object_of<AsidPool>(cap).index);
        break;
    case Type::irq_handler: record.add("line", cap.object->address); break;
    case Type::io_ports:
        record.add("first", object_of<PortRange>(cap).first);
        record.add("last", object_of<PortRange>(cap).last);
        break;
    case Type::tcb:
    case Type::sched_context: record.add("object", cap.object->address); break;
    default: break;
    }
    return record;
}

Record thread(Thread& thread) {
    static constexpr const char* register_names[] = {"rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx",
                                                     "rsi", "rdi", "rbp",    "r8",  "r9",  "r10", "r11",
                                                     "r12", "r13", "r14",    "r15", "fs",  "gs"};
    Record record;
    for (unsigned i = 0; i < register_count; i++)
        record.add(register_names[i], thread.registers[i]);
    record.add("state", static_cast<Word>(thread.state));
    record.add("priority", thread.priority);
    record.add("MCP", thread.mcp);
    record.add("FPU disabled", thread.fpu_disabled);
    const Buffer buffer = buffer_of(thread);
    record.add("buffer", buffer ? buffer.frame->address + buffer.offset : 0);
    add_waiting(record, thread);
    record.add("context", address(thread.context));
    record.add("yielded to", address(thread.yielded_to));
    record.add("yield is call", thread.yielded_to && thread.yield_is_call);
    record.add("bound", address(thread.bound));
    return record;
}

Record endpoint(const Endpoint& endpoint) {
    Record record;
    record.add("senders", !endpoint.senders.empty());
    add_queue(record, endpoint.senders);
    add_queue(record, endpoint.receivers);
    return record;
}

Record notification(const Notification& notification) {
    Record record;
    record.add("active", notification.signals.has_value());
    record.add("signals", notification.signals.value_or(0));
    record.add("bound", address(notification.bound));
    record.add("context", address(notification.context));
    add_queue(record, notification.waiters);
    return record;
}

Record reply(const Reply& reply) {
    Record record;
    record.add("thread", address(reply.thread));
    return record;
}

Record sched_context(const System& system, const SchedContext& context) {
    Record record;
    const Time unpaid = system.paying == &context ? system.now - system.charged_until : 0;
    // As if it had paid up to now already.
    SchedContext paid(context.address, 7);
    paid.budget = context.budget;
    paid.period = context.period;
    paid.used_refills = context.used_refills;
    paid.refills = context.refills;
    if (unpaid != 0)
        use(paid, unpaid, min_budget_us * system.machine.tsc_mhz);
    record.add("thread", address(context.thread));
    record.add("notification", address(context.notification));
    record.add("yielded from", address(context.yielded_from));
    record.add("budget", context.budget);
    record.add("period", context.period);
    record.add("consumed", context.consumed + unpaid);
    record.add("badge", context.badge);
    record.add("sporadic", context.sporadic);
    record.add("waits for refill", context.waits);
    for (auto reply = context.stack.rbegin(); reply != context.stack.rend(); ++reply)
        record.add("stack, from the top", (*reply)->address);
    if (!context.configured())
        return record;
    record.add("most refills", context.used_refills);
    record.add("refills", paid.refills.size());
    for (size_t i = 0; i < paid.refills.size() && i < most_refills; i++) {
        record.add("refill's time", context.round_robin() ? 0 : paid.refills[i].time);
        record.add("refill's amount", paid.refills[i].amount);
    }
    return record;
}

Record asid_pool(const AsidPool* pool) {
    Record record;
    record.add("exists", pool != nullptr);
    if (!pool)
        return record;
    for (const auto& [number, pml4] : pool->spaces) {
        record.add("number", number);
        record.add("PML4", pml4->address);
    }
    return record;
}

Record queue(const std::deque<Thread*>& queue) {
    Record record;
    add_queue(record, queue);
    return record;
}

Record fpu(const Thread& thread) {
    Record record;
    record.add("word", thread.fpu);
    record.add("word", thread.fpu);
    return record;
}

Record pin(const Pin& pin) {
    Record record;
    record.add("masked", pin.masked);
    record.add("line", pin.masked ? 0 : pin.line);
    record.add("level-triggered", pin.level_triggered);
    record.add("active-low", pin.active_low);
    return record;
}

Record irq_line(const IrqLine* line) {
    Record record;
    record.add("in use", line != nullptr);
    record.add("message-signalled", line && !line->pin);
    return record;
}

} // namespace lockstep::spec_view
