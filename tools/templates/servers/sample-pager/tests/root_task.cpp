// SPDX-License-Identifier: BSD-2-Clause
// The system test: a root task that is the pager of a thread of its own, on the real MMU. A case a line, as root tasks do it.
#include <abi/boot_info.hpp>
#include <servers/sample-pager/service.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/range.hpp>
#include <sys/cap/sched_context.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/cap/untyped.hpp>
#include <sys/mem/mapping.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

using namespace sample_pager;

constexpr Word region_start = 0x50'0000'0000;
constexpr Word region_pages = 8;
constexpr Word frame_count = 4;
constexpr uint8_t own_priority = 100;
constexpr uint8_t client_priority = 50;
constexpr sys::CNode own(abi::root_slot::cnode);
constexpr sys::VSpace own_space(abi::root_slot::vspace);
constexpr sys::Tcb own_thread(abi::root_slot::tcb);

/// The value, or the end of the test.
template <class T>
T must(sys::Result<T> result, const char* what) {
    sys::require(result.is_ok(), what);
    return result.take();
}
void must(const sys::Result<void>& result, const char* what) { sys::require(result.is_ok(), what); }

/// Objects out of the largest piece of memory, in slots one after the other.
class Memory {
public:
    explicit Memory(const abi::BootInfo& info) : info_(info), next_(info.empty.start) {
        unsigned bits = 0;
        for (Word i = 0; i < info.untyped.count(); ++i) {
            if (info.untyped_list[i].is_device != 0 || info.untyped_list[i].size_bits <= bits)
                continue;
            bits = info.untyped_list[i].size_bits;
            untyped_ = sys::Untyped(info.untyped.start + i);
        }
    }
    Word slot() { return next_++; }
    Word make(abi::ObjectType type, unsigned size_bits = 0) {
        const Word made = slot();
        must(untyped_.retype_into(type, size_bits, own, made), "no memory");
        return made;
    }
    /// The tables that a page needs, without the page.
    void make_tables(Word address) {
        const sys::Frame frame(make(abi::ObjectType::frame_4k));
        const auto table = [&](abi::ObjectType type) { return sys::Result<sys::Object>(sys::Object(make(type))); };
        must(sys::map_with_tables(frame, own_space, address, sys::PageAccess::read_write(), table), "no tables");
        must(frame.unmap(), "no unmapping");
    }
    sys::SchedContext make_context() {
        constexpr unsigned bits = 8;
        constexpr sys::Microseconds slice{10'000};
        const sys::SchedContext context(make(abi::ObjectType::sched_context, bits));
        must(sys::SchedControl(info_.sched_control.start).configure(context, {.budget = slice, .period = slice}),
             "no time");
        return context;
    }

private:
    const abi::BootInfo& info_;
    sys::Untyped untyped_;
    Word next_;
};

/// What the client and the test share: the image is theirs together.
struct Shared {
    sys::Endpoint pager;
    bool was_zero = true;
    bool keeps = true;
};
constinit Shared shared{};
alignas(16) constinit uint8_t client_stack[16384]{};
constinit sys::raw::ThreadBlock client_block{};

/// Touches pages of the region, then one outside of it, which it does not survive.
void client(Word) {
    auto* const words = reinterpret_cast<volatile Word*>(region_start);
    constexpr Word step = page_size / sizeof(Word);
    for (Word page = 0; page < frame_count; ++page) {
        shared.was_zero = shared.was_zero && words[page * step] == 0;
        words[page * step] = page + 1;
    }
    for (Word page = 0; page < frame_count; ++page)
        shared.keeps = shared.keeps && words[page * step] == page + 1;
    shared.pager.send(sys::Message::of_label(1)); // done with what is allowed
    words[region_pages * step] = 1;
}

/// Faults of the client go to the pager through slot 1 of its keeper table; what that denies to its supervisor, through slot
/// 0. Here both are the same endpoint.
void start_client(Memory& memory) {
    const sys::CNode table(memory.make(abi::ObjectType::cnode, 1));
    for (const Word keeper : {0, 1})
        must(table.at(keeper, 1).copy_from(own.at(shared.pager.slot())), "no keeper");
    static_cast<void>(must(sys::PageTables(own_space).set_keeper({0, 256, 39}, 1), "no keeper index"));

    const sys::Tcb thread(memory.make(abi::ObjectType::tcb));
    client_block = {&client_block, nullptr};
    must(thread.configure(own, 0, own_space, 0, sys::Frame()), "no client");
    must(thread.set_sched_params(own_thread, {client_priority}, {client_priority}, memory.make_context(), {}),
         "no priority");
    must(thread.set_space(table, own, 0, own_space), "no keeper table");
    must(thread.set_tls_base(reinterpret_cast<Word>(&client_block)), "no thread block");
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = reinterpret_cast<Word>(&client);
    registers[abi::UserRegister::rsp] = reinterpret_cast<Word>(client_stack) + sizeof(client_stack) - 8;
    constexpr unsigned written = 9;
    must(thread.write_registers(registers, written, true), "no start");
}

unsigned passed = 0;
unsigned failed = 0;

void check(bool holds, const char* what) {
    sys::log("{} {}", holds ? "PASS" : "FAIL", what);
    ++(holds ? passed : failed);
}

} // namespace

int main(const abi::BootInfo& info) {
    Memory memory(info);
    must(own_thread.set_priority(own_thread, {own_priority}), "no priority");
    memory.make_tables(region_start);
    static sys::Frame frames[frame_count];
    for (sys::Frame& frame : frames)
        frame = sys::Frame(memory.make(abi::ObjectType::frame_4k));
    Pager pager({region_start, region_pages}, frames);

    shared.pager = sys::Endpoint(memory.make(abi::ObjectType::endpoint));
    const sys::PagerPort port(shared.pager, sys::Reply(memory.make(abi::ObjectType::reply)));
    start_client(memory);
    const sys::Received done = must(serve(port, pager), "the kernel took no answer");
    check(done.label() == 1 && pager.frames_left() == 0, "the pager answers each first touch with a frame");
    check(shared.was_zero, "pages are zero at first");
    check(shared.keeps, "pages keep what was written");

    // The next fault is outside: it is denied, and comes back to us as the thread's supervisor, with the reason.
    const sys::Received outside = port.receive();
    const Answer answer = pager.answer(sys::KeeperFault::from(outside));
    check(sys::KeeperFault::is_one(outside) && !answer.maps, "what is outside of the region is not answered for");
    const sys::Received told = must(port.deny_receive(static_cast<uint8_t>(answer.why)), "the kernel took no denial");
    const abi::KeeperFaultInfo why = sys::KeeperFault::from(told).info;
    check(why.why() == abi::WhySupervisor::denied && why.denial() == static_cast<uint8_t>(Denied::outside),
          "the supervisor is told why");

    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    const Word exit_port = memory.slot();
    must(sys::IoPortControl(abi::root_slot::io_port_control).issue(0xf4, 0xf4, own.at(exit_port)), "no debug exit");
    must(sys::IoPorts(exit_port).out8(0xf4, failed == 0 ? 0x10 : 0x11), "no debug exit");
    for (;;) {
    }
}
