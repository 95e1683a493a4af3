// SPDX-License-Identifier: BSD-2-Clause
// What init says about a fault that ends a process.
#include <abi/fault.hpp>
#include <catch.hpp>
#include <init/fault_report.hpp>
#include <string>

using init::FaultReport;
using sys::Word;
namespace pager = sys::protocol::pager;
using pager::Refusal;

namespace {

constexpr Word fault_ip = 0x40'0746;

/// MR2 of a keeper fault, from its parts.
Word info(Word error_code, abi::WhySupervisor why, Word keeper, Word denial = 0, Word repeats = 0) {
    return error_code | keeper << 14 | static_cast<Word>(why) << 21 | denial << 24 | repeats << 32;
}

FaultReport keeper_fault(Word address, Word mr2) {
    sys::Message message = sys::Message::of_label(static_cast<Word>(abi::Fault::keeper_fault));
    message.mr0 = fault_ip;
    message.mr1 = address;
    message.mr2 = mr2;
    return init::read_fault(message, nullptr);
}

std::string told(const FaultReport& report, const pager::InspectRegion::Reply& region) {
    char storage[200];
    sys::TextBuffer text(storage);
    init::describe_keeper(text, report, region);
    return std::string(text.text());
}

} // namespace

TEST_CASE("a page fault is reported with region, keeper, refusal and repetitions", "[init]") {
    const auto denied = [](Refusal refusal, Word repeats = 0) {
        return info(7, abi::WhySupervisor::denied, 1, static_cast<Word>(refusal), repeats);
    };
    const FaultReport report = keeper_fault(0x40'1008, denied(Refusal::not_writable));
    CHECK(std::string(report.kind) == "page fault");
    CHECK(report.ending.fault_label == static_cast<Word>(abi::Fault::vm_fault));
    CHECK(report.ending.instruction == fault_ip);
    CHECK(report.ending.refusal == static_cast<Word>(Refusal::not_writable));
    CHECK(report.error_code == 7);
    const pager::InspectRegion::Reply code{0x40'0000, 0x40'2000, static_cast<Word>(pager::RegionKind::image),
                                           pager::access::execute};
    CHECK(told(report, code) == "region 0x400000-0x402000 r-x (image); keeper 1 refused: the page is not writable");
    CHECK(told(keeper_fault(0, denied(Refusal::no_region)), code) ==
          "no region there; keeper 1 refused: nothing is mapped there");
    CHECK(told(keeper_fault(0x40'2000, denied(Refusal::no_region, 7)), {}) ==
          "no region there; keeper 1 refused: nothing is mapped there; the same 7 times before");
    CHECK(told(keeper_fault(0, denied(Refusal::no_region, 8)), {}) ==
          "no region there; keeper 1 refused: nothing is mapped there; the same 8 times before: a livelock");
}

TEST_CASE("a page fault that no keeper could be told says why", "[init]") {
    const FaultReport outside = keeper_fault(0xffff'8000'0000'0000, info(5, abi::WhySupervisor::no_keeper, 0));
    CHECK(outside.ending.refusal == static_cast<Word>(Refusal::not_user_half));
    CHECK(told(outside, {}) == "no region there; no keeper is in force");
    CHECK(told(keeper_fault(0x1000, info(4, abi::WhySupervisor::no_endpoint, 3)), {}) ==
          "no region there; keeper 3 cannot be told");
}

TEST_CASE("the walk is told entry by entry, and where it stopped", "[init]") {
    const auto step = [](Word address, unsigned level, Word entry) {
        char storage[120];
        sys::TextBuffer text(storage);
        init::describe_step(text, address, level, entry);
        return std::string(text.text());
    };
    CHECK(step(0x80'0000'0000, 4, 0x10'0000'006d'e027) == "PML4[1] 0x100000006de027: table rwx, keeper 1");
    CHECK(step(0x60'3008, 2, 0x40'0085) == "page directory[3] 0x400085: page r-x");
    CHECK(step(0x60'3008, 1, Word{1} << 63 | 0x9003) ==
          "page table[3] 0x8000000000009003: page rw-, the kernel's alone");
    CHECK(step(0x4000'0000, 3, 0) == "PDPT[1] 0x0: not present");
    CHECK(step(0x3000, 1, Word{0x77} << 7) == "page table[3] 0x3b80: not present, cookie 0x77");
    const auto stop = [](Word error_code, unsigned level) {
        char storage[120];
        sys::TextBuffer text(storage);
        init::describe_stop(text, keeper_fault(0, info(error_code, abi::WhySupervisor::denied, 1)), level);
        return std::string(text.text());
    };
    CHECK(stop(4, 2) == "read from ring 3 stopped at level 2 (page directory): nothing is there");
    CHECK(stop(7, 1) == "write from ring 3 stopped at level 1 (page table): what is there does not permit it");
    CHECK(stop(0x14, 4) == "execute from ring 3 stopped at level 4 (PML4): nothing is there");
    CHECK(stop(0xd, 3) == "read from ring 3 stopped at level 3 (PDPT): a reserved bit is set on the way");
}

TEST_CASE("other faults are reported with their own words", "[init]") {
    Word words[abi::unknown_syscall::number + 1] = {};
    sys::Message message = sys::Message::of_label(static_cast<Word>(abi::Fault::user_exception));
    message.mr0 = fault_ip;
    message.mr3 = 13;
    words[abi::user_exception::error_code] = 0x18;
    const FaultReport exception = init::read_fault(message, words);
    CHECK(std::string(exception.kind) == "exception");
    CHECK(exception.ending.address == 13);
    CHECK(exception.error_code == 0x18);
    CHECK_FALSE(exception.has_keeper_info);
    message = sys::Message::of_label(static_cast<Word>(abi::Fault::unknown_syscall));
    words[abi::unknown_syscall::fault_ip] = fault_ip;
    words[abi::unknown_syscall::number] = 99;
    const FaultReport unknown = init::read_fault(message, words);
    CHECK(unknown.ending.instruction == fault_ip);
    CHECK(unknown.ending.address == 99);
    message = sys::Message::of_label(static_cast<Word>(abi::Fault::cap_fault));
    message.mr1 = 77;
    CHECK(std::string(init::read_fault(message, words).kind) == "capability fault");
    CHECK(init::read_fault(message, words).ending.address == 77);
}
