// SPDX-License-Identifier: BSD-2-Clause
// I/O ports: ranges are issued once at a time, and used by capability only.
#include <tests/system/devices/ports.hpp>

using namespace ports;
using abi::Invocation;
using test::Answer;
using test::AnyCap;
using test::Cap;
using test::invoke;
using test::own_cnode;
using test::Word;

namespace {

constexpr Word no_device = 0x80; // the port that firmware writes progress to: a write does nothing

Answer issue_raw(Word first, Word last, Word index, Word depth = 64, AnyCap root = own_cnode()) {
    return invoke(abi::root_slot::io_port_control, Invocation::io_port_control_issue, {first, last, index, depth},
                  {root});
}
Answer in(AnyCap ports, Invocation method, Word port) { return invoke(ports, method, {port}); }
Answer out(AnyCap ports, Invocation method, Word port, Word value) { return invoke(ports, method, {port, value}); }

} // namespace

SYSTEM_TEST("I/O ports: only inside the range, which is issued once at a time") {
    REQUIRE_VALUE(ports, issue(rtc_index, rtc_data));
    CHECK_REFUSED(issue(rtc_data, rtc_data + 4), abi::Error::revoke_first);
    CHECK_REFUSED(issue(0x80, 0x7f), abi::Error::invalid_argument, 1);
    CHECK_OK(ports->out8(rtc_index, 0));
    CHECK_OK(ports->in16(rtc_index));
    CHECK_REFUSED(ports->in8(rtc_index - 1), abi::Error::illegal_operation);
    CHECK_REFUSED(ports->in16(rtc_data), abi::Error::illegal_operation);
    CHECK_REFUSED(ports->in32(rtc_index), abi::Error::illegal_operation);
    REQUIRE_VALUE(seconds, rtc_read(ports, 0));
    CHECK((seconds & 0xf) <= 9 && seconds <= 0x59);
    ports.reset();
    REQUIRE_VALUE(again, issue(rtc_index, rtc_data));
}

SYSTEM_TEST("Issue: a last port below the first is argument 1; only the low 16 bits of both count") {
    REQUIRE_PLACE(place);
    CHECK_ANSWER(issue_raw(0x81, 0x80, place.number()), invalid_argument, 1);
    CHECK_ANSWER(issue_raw(0xffff, 0, place.number()), invalid_argument, 1);
    CHECK_ANSWER(issue_raw(0xffff, 0x1'0000, place.number()), invalid_argument, 1); // wraps
    CHECK_ANSWER(issue_raw(0x1'0081, 0x2'0080, place.number()), invalid_argument, 1);
    CHECK_DONE(issue_raw(0x5'0000 | no_device, Word{0x7777'0000} | no_device, place.number()));
    CHECK_DONE(out(place, Invocation::io_port_out8, no_device, 1));
    CHECK_ANSWER(out(place, Invocation::io_port_out8, no_device + 1, 1), illegal_operation);
    CHECK_DONE(out(place, Invocation::io_port_out8, 0xabc'0000 | no_device, 1));
}

SYSTEM_TEST("Issue: ranges that overlap an issued one in any way must wait until that is gone") {
    REQUIRE_PLACE(place);
    REQUIRE_PLACE(other);
    REQUIRE_DONE(issue_raw(0x2000, 0x2fff, place.number()));
    struct Range {
        Word first, last;
    };
    for (const Range& range : {Range{0x2000, 0x2fff}, Range{0x1fff, 0x2000}, Range{0x2fff, 0x3000},
                               Range{0x2800, 0x2800}, Range{0x1000, 0x4000}, Range{0x2001, 0x2ffe}})
        CHECK_ANSWER(issue_raw(range.first, range.last, other.number()), revoke_first);
    CHECK_DONE(issue_raw(0x1000, 0x1fff, other.number()));
    REQUIRE_OK(other.ref().remove());
    CHECK_DONE(issue_raw(0x3000, 0x3000, other.number()));
    REQUIRE_OK(place.ref().remove());
    REQUIRE_OK(other.ref().remove());
    CHECK_DONE(issue_raw(0x2fff, 0x3000, other.number()));
}

SYSTEM_TEST("Issue: the range is checked before the ports, the ports before the destination") {
    REQUIRE_PLACE(place);
    REQUIRE_PLACE(other);
    REQUIRE_DONE(issue_raw(0x2000, 0x20ff, place.number()));
    CHECK_ANSWER(issue_raw(0x2001, 0x2000, place.number(), 99), invalid_argument, 1);
    CHECK_ANSWER(issue_raw(0x2000, 0x2001, place.number(), 99), revoke_first);
    CHECK_ANSWER(issue_raw(0x3000, 0x3001, place.number(), 99), range_error, 1, 64);
    CHECK_ANSWER(issue_raw(0x3000, 0x3001, place.number(), 0), range_error, 1, 64);
    CHECK_ANSWER(issue_raw(0x3000, 0x3001, place.number()), delete_first);
    CHECK_ANSWER(issue_raw(0x3000, 0x3001, Word{1} << 50), failed_lookup, 0, 4, 64, 0,
                 64 - test::boot_info().cnode_bits);
    CHECK_DONE(issue_raw(0x3000, 0x3001, other.number())); // a refusal has issued nothing
}

SYSTEM_TEST("Issue: from the first port to the last, 65536 in all") {
    // One port is the tests' own, to end the machine: the ranges on both sides of it.
    REQUIRE_PLACE(low);
    REQUIRE_PLACE(high);
    CHECK_DONE(issue_raw(0, 0xf3, low.number()));
    CHECK_DONE(issue_raw(0xf5, 0xffff, high.number()));
    CHECK_DONE(out(low, Invocation::io_port_out8, no_device, 0));
    CHECK(in(high, Invocation::io_port_in8, 0xffff).is_done());
    CHECK(in(low, Invocation::io_port_in8, 0).is_done());
}

SYSTEM_TEST("In and Out: not wholly inside the range is an illegal operation, for 8, 16 and 32 bits") {
    REQUIRE_PLACE(place);
    REQUIRE_DONE(issue_raw(0x2000, 0x2007, place.number()));
    struct Width {
        Invocation in, out;
        Word bytes;
    };
    for (const Width& width : {Width{Invocation::io_port_in8, Invocation::io_port_out8, 1},
                               Width{Invocation::io_port_in16, Invocation::io_port_out16, 2},
                               Width{Invocation::io_port_in32, Invocation::io_port_out32, 4}}) {
        for (Word port = 0x1ffc; port < 0x200c; ++port) {
            const bool inside = port >= 0x2000 && port + width.bytes - 1 <= 0x2007;
            const Answer read = in(place, width.in, port);
            const Answer written = out(place, width.out, port, 0);
            if (inside) {
                CHECK(read.is_done() && read.length == 1);
                CHECK_DONE(written);
            } else {
                CHECK_ANSWER(read, illegal_operation);
                CHECK_ANSWER(written, illegal_operation);
            }
        }
        for (const Word port : {Word{0}, Word{0xffff}, Word{0x1'ffff}, ~Word{0}})
            CHECK_ANSWER(in(place, width.in, port), illegal_operation);
    }
}

SYSTEM_TEST("In and Out: an access at the last ports does not wrap around") {
    REQUIRE_PLACE(place);
    REQUIRE_DONE(issue_raw(0xfffc, 0xffff, place.number()));
    CHECK(in(place, Invocation::io_port_in32, 0xfffc).is_done());
    CHECK(in(place, Invocation::io_port_in16, 0xfffe).is_done());
    CHECK(in(place, Invocation::io_port_in8, 0xffff).is_done());
    CHECK_ANSWER(in(place, Invocation::io_port_in16, 0xffff), illegal_operation);
    CHECK_ANSWER(in(place, Invocation::io_port_in32, 0xfffd), illegal_operation);
}

SYSTEM_TEST("In answers as many bits as it reads, Out writes the low ones") {
    REQUIRE_VALUE(ports, issue(rtc_index, rtc_data));
    constexpr uint8_t spare = 0x3e; // a byte of the clock's memory
    REQUIRE_VALUE(before, rtc_read(ports, spare));
    CHECK_DONE(out(ports, Invocation::io_port_out8, rtc_index, 0xffff'ff00 | spare));
    CHECK_DONE(out(ports, Invocation::io_port_out8, rtc_data, 0x1234'5678'9abc'dea5));
    CHECK_DONE(out(ports, Invocation::io_port_out8, rtc_index, spare));
    CHECK_DONE(in(ports, Invocation::io_port_in8, rtc_data), 0xa5);
    const Answer both = in(ports, Invocation::io_port_in16, rtc_index);
    CHECK(both.is_done() && both.words[0] <= 0xffff);
    CHECK_OK(rtc_write(ports, spare, before));
}

SYSTEM_TEST("a thread has no ports without the capability, whatever it sends") {
    REQUIRE_PLACE(place);
    REQUIRE_DONE(issue_raw(0x2000, 0x2000, place.number()));
    for (const AnyCap& wrong : {AnyCap(abi::root_slot::io_port_control), AnyCap(test::own_tcb()), AnyCap(own_cnode())})
        CHECK_ANSWER(in(wrong, Invocation::io_port_in8, 0x2000), illegal_operation);
    REQUIRE_OK(place.ref().remove());
    CHECK_ANSWER(in(place, Invocation::io_port_in8, 0x2000), invalid_capability, 0);
}

SYSTEM_TEST("the console's ports are not kept back") {
    REQUIRE_PLACE(place);
    REQUIRE_DONE(issue_raw(0x3f8, 0x3ff, place.number()));
    CHECK(in(place, Invocation::io_port_in8, 0x3fd).is_done()); // line status
}

SYSTEM_TEST("device memory is handed out as it is: never cleared, frames only") {
    const abi::SlotRegion region = test::boot_info().untyped;
    for (Word i = 0; i < region.count(); ++i) {
        const abi::UntypedDescriptor& piece = test::boot_info().untyped_list[i];
        const bool holds_bios =
            piece.is_device && piece.paddr <= 0xf0000 && piece.paddr + (Word{1} << piece.size_bits) > 0xf0000;
        if (!holds_bios)
            continue;
        const sys::Untyped device(region.start + i);
        CHECK_REFUSED(sys::make_object<sys::Endpoint>(test::space(), device), abi::Error::invalid_argument, 1);
        CHECK_REFUSED(sys::make_object<sys::PageTable>(test::space(), device), abi::Error::invalid_argument, 1);
        REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), device));
        REQUIRE_VALUE(view, test::View::of(frame));
        CHECK_OK(frame->physical_address());
        return;
    }
    CHECK(!"no device untyped covers the BIOS area");
}
