// SPDX-License-Identifier: BSD-2-Clause
#include <init/fault_report.hpp>

#include <abi/fault.hpp>
#include <iterator>
#include <sys/pager/table_entry.hpp>
#include <sys/util/paging_event.hpp>

namespace init {

namespace pager = sys::protocol::pager;
using pager::Refusal;

namespace {

const char* kind_of(abi::Fault fault) {
    switch (fault) {
    case abi::Fault::cap_fault: return "capability fault";
    case abi::Fault::unknown_syscall: return "unknown system call";
    case abi::Fault::user_exception: return "exception";
    case abi::Fault::vm_fault:
    case abi::Fault::keeper_fault: return "page fault";
    default: return "fault";
    }
}

const char* name_of_level(unsigned level) {
    constexpr const char* names[] = {"?", "page table", "page directory", "PDPT", "PML4"};
    return names[level < std::size(names) ? level : 0];
}

const char* attempt(abi::KeeperFaultInfo info) {
    if (info.is_fetch())
        return "execute";
    return info.is_write() ? "write" : "read";
}

void describe_region(sys::TextBuffer& out, Word address, const pager::InspectRegion::Reply& region) {
    if (address < region.start || address >= region.end)
        return out.put("no region there");
    sys::format_to(out, "region {:#x}-{:#x} r{}{} ({})", region.start, region.end,
                   (region.rights & pager::access::write) != 0 ? 'w' : '-',
                   (region.rights & pager::access::execute) != 0 ? 'x' : '-',
                   name_of(static_cast<pager::RegionKind>(region.backing)));
}

} // namespace

FaultReport read_fault(const sys::Message& message, const Word* words) {
    const auto fault = static_cast<abi::Fault>(message.label());
    FaultReport report;
    report.kind = kind_of(fault);
    report.ending.fault_label = message.label();
    report.ending.instruction = message.mr0;
    report.ending.address = message.mr1;
    report.ending.refusal = static_cast<Word>(Refusal::not_a_page_fault);
    report.error_code = message.mr3;
    switch (fault) {
    case abi::Fault::unknown_syscall:
        report.ending.instruction = words[abi::unknown_syscall::fault_ip];
        report.ending.address = words[abi::unknown_syscall::number];
        break;
    case abi::Fault::user_exception:
        report.ending.address = message.mr3;
        report.error_code = words[abi::user_exception::error_code];
        break;
    case abi::Fault::keeper_fault:
        report.has_keeper_info = true;
        report.info = abi::KeeperFaultInfo(message.mr2);
        // How it was told is nobody else's business.
        report.ending.fault_label = static_cast<Word>(abi::Fault::vm_fault);
        report.error_code = report.info.error_code();
        report.ending.refusal = report.info.why() == abi::WhySupervisor::denied
                                    ? report.info.denial()
                                    : static_cast<Word>(Refusal::not_user_half);
        break;
    default: break;
    }
    return report;
}

FaultReport read_fault(const sys::Message& message) { return read_fault(message, sys::raw::ipc_buffer()->message); }

void describe_keeper(sys::TextBuffer& out, const FaultReport& report, const pager::InspectRegion::Reply& region) {
    const abi::KeeperFaultInfo info = report.info;
    describe_region(out, report.ending.address, region);
    switch (info.why()) {
    case abi::WhySupervisor::no_keeper: out.put("; no keeper is in force"); break;
    case abi::WhySupervisor::no_endpoint: sys::format_to(out, "; keeper {} cannot be told", info.keeper()); break;
    case abi::WhySupervisor::denied:
        sys::format_to(out, "; keeper {} refused: {}", info.keeper(), describe(static_cast<Refusal>(info.denial())));
        break;
    case abi::WhySupervisor::is_not: sys::format_to(out, "; keeper {} was asked", info.keeper()); break;
    }
    if (info.repeats() != 0)
        sys::format_to(out, "; the same {} times before", info.repeats());
    if (info.repeats() >= sys::livelock_repeats)
        out.put(": a livelock");
}

void describe_step(sys::TextBuffer& out, Word address, unsigned level, Word raw) {
    const sys::pager::TableEntry entry(raw);
    const unsigned shift = 12 + 9 * (level - 1);
    sys::format_to(out, "{}[{}] {:#x}: ", name_of_level(level), address >> shift & 511, raw);
    if (entry.is_present())
        sys::format_to(out, "{} r{}{}{}", entry.is_table(level) ? "table" : "page", entry.is_writable() ? 'w' : '-',
                       entry.is_executable() ? 'x' : '-', entry.is_for_user() ? "" : ", the kernel's alone");
    else if (entry.cookie() != 0)
        sys::format_to(out, "not present, cookie {:#x}", entry.cookie());
    else
        out.put("not present");
    if (entry.keeper() != 0)
        sys::format_to(out, ", keeper {}", entry.keeper());
}

void describe_stop(sys::TextBuffer& out, const FaultReport& report, unsigned level) {
    constexpr Word reserved_bit = 8; // SDM Vol. 3A, "Page-Fault Exceptions"
    const char* const on_the_way = report.info.was_present() ? "what is there does not permit it" : "nothing is there";
    const char* const why =
        (report.info.error_code() & reserved_bit) != 0 ? "a reserved bit is set on the way" : on_the_way;
    sys::format_to(out, "{} from ring 3 stopped at level {} ({}): {}", attempt(report.info), level,
                   name_of_level(level), why);
}

} // namespace init
