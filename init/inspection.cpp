// SPDX-License-Identifier: BSD-2-Clause
// Requests of those who may look at other processes (protocol/inspection.hpp).
#include <init/process_service.hpp>

#include <algorithm>
#include <sys/cap/range.hpp>
#include <sys/proc/slots.hpp>

namespace init {

using process::Error;

bool ProcessService::is_inspection(Word label) {
    return (label >= process::PagingEvents::label && label <= process::Walk::label) ||
           label == process::Holdings::label;
}

std::optional<sys::Message> ProcessService::handle_inspection(const sys::Incoming& incoming) {
    const Process* const asking = table_.find_running(incoming.badge().value);
    if (asking == nullptr || !require_permission(*asking, process::grant::inspect))
        return sys::Message::of_error(Error::not_permitted);
    return sys::Dispatch(incoming)
        .on<process::PagingEvents>([&](const process::PagingEvents& request) { return paging_events(request); })
        .on<process::Threads>([&](const process::Threads& request) { return threads(request); })
        .on<process::Capabilities>([&](const process::Capabilities& request) { return capabilities(request); })
        .on<process::Walk>([&](const process::Walk& request) { return walk(request); })
        .on<process::Holdings>([&](const process::Holdings& request) { return holdings(request); })
        .answer();
}

void ProcessService::know_lasting_threads(sys::Tcb init, sys::Tcb pager, uint8_t pager_priority) {
    const auto know = [&](sys::Tcb thread, std::string_view name) {
        if (const auto shown = own_cnode.at(thread.slot()).inspect())
            history_.add_lasting(shown->physical, name);
    };
    know(init, "init");
    know(pager, "pager");
    pager_thread_ = pager;
    pager_priority_ = pager_priority;
}

Result<void> ProcessService::remember(const Process& process) {
    const auto shown = TRY(own_cnode.at(objects_of(process).slot(place_slot::tcb)).inspect());
    history_.add(shown.physical, sys::raw::read_time_stamp(), process.pid(), process.entry.name);
    return {};
}

Result<process::PagingEvents::Reply> ProcessService::paging_events(const process::PagingEvents& request) const {
    const auto shown = TRY(sys::DomainSet(abi::root_slot::domain_set).read_events(request.from));
    process::PagingEvents::Reply reply;
    reply.written = shown.written;
    reply.first = shown.first;
    reply.count = std::min(shown.count, process::PagingEvents::max_events);
    for (Word i = 0; i < reply.count; ++i) {
        const abi::PagingEvent& event = shown.events[i];
        process::PagingEvents::Event& told = reply.events[i];
        told = {clock_.time_of(event.time), event.subject, event.place, event.detail, 0, "?"};
        if (const auto* const life = history_.find(sys::PagingEventView(event).thread(), event.time)) {
            told.pid = life->pid;
            std::ranges::copy(life->name, told.name);
        }
    }
    return reply;
}

namespace {

/// A thread without a number, a name and a priority.
Result<process::Threads::Thread> look_at(sys::Tcb thread) {
    const auto status = TRY(thread.status());
    const sys::UserRegisters registers = TRY(thread.read_registers(false));
    process::Threads::Thread found;
    found.waited = status.microseconds;
    found.instruction = registers[abi::UserRegister::rip];
    found.about = status.address;
    found.state = static_cast<uint8_t>(status.state);
    found.fault = static_cast<uint8_t>(status.fault);
    return found;
}

} // namespace

Result<process::Threads::Reply> ProcessService::threads(const process::Threads& request) {
    process::Threads::Reply reply;
    const auto add = [&](sys::Tcb thread, Word pid, uint8_t priority, std::string_view name) -> Result<void> {
        process::Threads::Thread& told = reply.threads[reply.count++];
        told = TRY(look_at(thread));
        told.pid = pid;
        told.priority = priority;
        name.copy(told.name, sizeof(told.name) - 1);
        return {};
    };
    if (request.from == 0)
        TRY(add(pager_thread_, 0, pager_priority_, "pager"));
    for (Word pid = std::max<Word>(request.from, process::system_manager);;) {
        Process* const found = table_.next_running(pid);
        if (found == nullptr)
            return reply;
        if (reply.count == process::Threads::max_threads) {
            reply.next = found->pid();
            return reply;
        }
        TRY(add(sys::Tcb(objects_of(*found).slot(place_slot::tcb)), found->pid(), found->entry.priority,
                found->entry.name));
        pid = found->pid() + 1;
    }
}

Result<process::Capabilities::Reply> ProcessService::capabilities(const process::Capabilities& request) {
    const Process* const found = table_.find_running(request.pid);
    if (found == nullptr)
        return sys::Error(Error::no_such_process, request.pid);
    process::Capabilities::Reply reply;
    sys::SlotRef::Inspected slots[abi::max_inspect];
    for (Word from = request.from;;) {
        const unsigned count = TRY(objects_of(*found).inspect(from, slots));
        if (count == 0)
            return reply;
        for (unsigned i = 0; i < count; ++i) {
            if (slots[i].slot.type() == abi::SlotType::empty)
                continue;
            if (reply.count == process::Capabilities::max_slots) {
                reply.next = from + i;
                return reply;
            }
            reply.held[reply.count++] = {from + i, slots[i].slot.raw(), slots[i].physical, slots[i].detail};
        }
        from += count;
    }
}

Result<process::Holdings::Reply> ProcessService::holdings(const process::Holdings& request) {
    process::Holdings::Reply reply{.untyped_free = ledger_.free_bytes(), .untyped_total = ledger_.total_bytes()};
    for (Word pid = std::max<Word>(request.from, process::system_manager);;) {
        Process* const found = table_.next_running(pid);
        if (found == nullptr)
            return reply;
        if (reply.count == process::Holdings::max_processes) {
            reply.next = found->pid();
            return reply;
        }
        process::Holdings::Holder& told = reply.holders[reply.count++];
        const unsigned place = table_.index_of(*found);
        const auto slots = TRY(objects_of(*found).count_slots());
        told = {found->pid(), ledger_.given(place), ledger_.limit(place), slots.given, slots.used, {}};
        sys::text_in(found->entry.name).copy(told.name, sizeof(told.name) - 1);
        pid = found->pid() + 1;
    }
}

Result<process::Walk::Reply> ProcessService::walk(const process::Walk& request) {
    const Process* const found = table_.find_running(request.pid);
    if (found == nullptr)
        return sys::Error(Error::no_such_process, request.pid);
    const sys::PageTables tables(sys::Object(objects_of(*found).slot(place_slot::vspace)));
    const auto way = TRY(tables.read_way(request.address));
    process::Walk::Reply reply;
    reply.count = way.count;
    std::copy_n(way.entries.begin(), way.count, reply.entries);
    return reply;
}

} // namespace init
