// SPDX-License-Identifier: BSD-2-Clause
#include <servers/console/event_text.hpp>

#include <abi/rights.hpp>
#include <sys/ipc/refusal.hpp>

namespace console {

using abi::PagingCause;
using abi::PagingEventKind;
using sys::format_to;
using sys::PagingEventView;
using sys::TextBuffer;
using sys::Word;

namespace {

const char* what_was_tried(abi::KeeperFaultInfo fault) {
    if (fault.is_fetch())
        return "execute";
    return fault.is_write() ? "write" : "read";
}

const char* why_not(abi::KeeperFaultInfo fault) {
    constexpr Word reserved_bit = 8; // SDM Vol. 3A, "Page-Fault Exceptions"
    if ((fault.error_code() & reserved_bit) != 0)
        return "a reserved bit is set in its page tables";
    return fault.was_present() ? "what is there does not permit it" : "nothing is there";
}

const char* describe_cause(PagingCause cause) {
    switch (cause) {
    case PagingCause::answered: return "its handler answered";
    case PagingCause::settled: return "the tables permit it by now";
    case PagingCause::recalled: return "the reply object was taken away";
    case PagingCause::released: return "the endpoint is gone";
    case PagingCause::resumed: return "somebody resumed it";
    case PagingCause::nobody: return "nobody can be told";
    case PagingCause::refused: return "its handler lets it stop";
    case PagingCause::ended: return "it was ended";
    }
    return "for an unknown reason";
}

void put_rights(TextBuffer& out, abi::PageRights rights) {
    out.put(rights.can_read() ? 'r' : '-');
    out.put(rights.can_write() ? 'w' : '-');
    out.put(rights.can_execute() ? 'x' : '-');
}

void describe_delivery(TextBuffer& out, const PagingEventView& event) {
    const abi::KeeperFaultInfo info = event.fault_info();
    format_to(out, "fault at {:#x} told to ", event.address());
    switch (info.why()) {
    case abi::WhySupervisor::is_not:
        if (info.level() == 0)
            out.put("its fault handler");
        else
            format_to(out, "keeper {}", info.keeper());
        break;
    case abi::WhySupervisor::no_keeper: out.put("the supervisor: no keeper is in force"); break;
    case abi::WhySupervisor::no_endpoint:
        format_to(out, "the supervisor: keeper {} cannot be told", info.keeper());
        break;
    case abi::WhySupervisor::denied:
        format_to(out, "the supervisor: keeper {} refused, {}", info.keeper(),
                  describe(static_cast<sys::protocol::pager::Refusal>(info.denial())));
        break;
    }
    if (info.repeats() != 0)
        format_to(out, ", the same {} times before", info.repeats());
    if (info.repeats() >= sys::livelock_repeats)
        out.put(": a livelock");
}

void describe_mapping(TextBuffer& out, const PagingEventView& event) {
    out.put(event.goes_on() ? "gets " : "maps ");
    if (event.rights().raw() == 0) {
        format_to(out, "a page table at {:#x}", event.first_page());
    } else {
        format_to(out, "{} page{} at {:#x} ", event.count(), event.count() == 1 ? "" : "s", event.first_page());
        put_rights(out, event.rights());
    }
    if (event.frame() != 0)
        format_to(out, " (memory {:#x})", event.frame());
    if (event.goes_on())
        out.put(", and goes on");
}

void describe_fault(TextBuffer& out, abi::Fault fault, Word about) {
    switch (fault) {
    case abi::Fault::none: return;
    case abi::Fault::vm_fault:
    case abi::Fault::keeper_fault: return format_to(out, "page fault at {:#x}, ", about);
    case abi::Fault::cap_fault: return format_to(out, "capability fault of {:#x}, ", about);
    case abi::Fault::unknown_syscall: return format_to(out, "unknown system call {:#x}, ", about);
    case abi::Fault::user_exception: return format_to(out, "exception {}, ", about);
    case abi::Fault::timeout: return out.put("its budget used up, ");
    }
}

void describe_rights(TextBuffer& out, abi::SlotType type, abi::Rights rights) {
    const char* separator = ", may ";
    const auto add = [&](bool has, const char* what) {
        if (has)
            format_to(out, "{}{}", separator, what);
        separator = has ? ", " : separator;
    };
    const bool can_call = rights.can_grant() || rights.contains(abi::Rights::grant_reply());
    switch (type) {
    case abi::SlotType::endpoint:
        add(rights.can_write(), "send");
        add(rights.can_read(), "receive");
        add(rights.can_write() && can_call, "call");
        add(rights.can_write() && rights.can_grant(), "hand capabilities on");
        break;
    case abi::SlotType::notification:
        add(rights.can_write(), "signal");
        add(rights.can_read(), "wait");
        break;
    case abi::SlotType::frame:
        add(rights.can_read(), "read");
        add(rights.can_write(), "write");
        break;
    default: break;
    }
}

} // namespace

void describe_event(TextBuffer& out, const PagingEventView& event) {
    switch (event.kind()) {
    case PagingEventKind::trap:
        return format_to(out, "{} {:#x} at ip {:#x}: {}", what_was_tried(abi::KeeperFaultInfo(event.error_code())),
                         event.address(), event.ip(), why_not(abi::KeeperFaultInfo(event.error_code())));
    case PagingEventKind::exception:
        return format_to(out, "exception {} at ip {:#x}, error code {:#x}", event.address(), event.ip(),
                         event.error_code());
    case PagingEventKind::deliver: return describe_delivery(out, event);
    case PagingEventKind::map: return describe_mapping(out, event);
    case PagingEventKind::unmap:
        return format_to(out, "unmaps up to {} pages from {:#x}", event.count(), event.first_page());
    case PagingEventKind::evict:
        return format_to(out, "evicts {:#x}, leaves cookie {:#x}", event.first_page(), event.cookie());
    case PagingEventKind::protect:
        format_to(out, "leaves {} pages from {:#x} at most ", event.count(), event.first_page());
        return put_rights(out, event.rights());
    case PagingEventKind::refuse:
        return format_to(out, "its answer is refused after {} items: error {}", event.items_done(), event.error());
    case PagingEventKind::restart:
        return format_to(out, "goes on after its fault at {:#x}: {}", event.address(), describe_cause(event.cause()));
    case PagingEventKind::kill:
        return format_to(out, "stops with its fault at {:#x}: {}", event.address(), describe_cause(event.cause()));
    }
    format_to(out, "event of kind {}", static_cast<Word>(event.kind()));
}

void describe_entry(TextBuffer& out, sys::pager::TableEntry entry, unsigned level) {
    if (!entry.is_present()) {
        format_to(out, "not present");
        if (entry.cookie() != 0)
            format_to(out, ", cookie {:#x}", entry.cookie());
    } else if (entry.is_table(level)) {
        format_to(out, "table {:#x}", entry.physical());
    } else {
        const Word size = Word{1} << (12 + 9 * (level - 1));
        format_to(out, "page {:#x} r{}{}{}{}{}", entry.physical() & ~(size - 1), entry.is_writable() ? 'w' : '-',
                  entry.is_executable() ? 'x' : '-', entry.is_for_user() ? "" : ", the kernel's alone",
                  entry.was_accessed() ? ", read" : "", entry.was_dirty() ? ", written" : "");
    }
    if (entry.keeper() != 0)
        format_to(out, ", keeper {}", entry.keeper());
}

void describe_thread(TextBuffer& out, const sys::protocol::process::Threads::Thread& thread) {
    describe_fault(out, static_cast<abi::Fault>(thread.fault), thread.about);
    switch (static_cast<abi::StatusState>(thread.state)) {
    case abi::StatusState::stopped: return out.put("stopped");
    case abi::StatusState::runnable: return out.put("running, or ready to");
    case abi::StatusState::sending: return out.put("until somebody takes its message");
    case abi::StatusState::receiving: return out.put("for a message");
    case abi::StatusState::awaiting_reply: return out.put("for an answer");
    case abi::StatusState::waiting: return out.put("for a signal");
    }
    format_to(out, "in state {}", thread.state);
}

void describe_capability(TextBuffer& out, const sys::protocol::process::Capabilities::Held& held) {
    constexpr std::string_view names[] = {"empty",
                                          "untyped memory",
                                          "endpoint",
                                          "notification",
                                          "reply",
                                          "CNode",
                                          "thread",
                                          "scheduling context",
                                          "frame",
                                          "page table",
                                          "page directory",
                                          "PDPT",
                                          "PML4",
                                          "ASID pool",
                                          "what is being deleted",
                                          "what is being deleted",
                                          "IRQ control",
                                          "IRQ handler",
                                          "I/O port control",
                                          "I/O ports",
                                          "scheduling control",
                                          "ASID control",
                                          "domain set"};
    const abi::InspectedSlot what(held.what);
    const auto type = static_cast<Word>(what.type());
    out.put(type < std::size(names) ? names[type] : "unknown");
    describe_rights(out, what.type(), abi::Rights(what.rights()));
    if (what.size_bits() != 0)
        format_to(out, ", {} bytes at {:#x}", Word{1} << what.size_bits(), held.object);
    if (what.is_mapped())
        format_to(out, ", mapped at {:#x}", held.detail);
}

} // namespace console
