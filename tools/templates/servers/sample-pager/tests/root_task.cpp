// SPDX-License-Identifier: BSD-2-Clause
// The system test: a root task that is the pager of a thread of its own, on the real MMU. A case a line, as root tasks do it.
#include <abi/boot_info.hpp>
#include <servers/sample-pager/service.hpp>
#include <servers/sample-pager/tests/conversation.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/sched_context.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

using namespace sample_pager;

constexpr Word window = 0x60'0000'0000; ///< where the pager sees its frames
constexpr Word table_count = 8;
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
    Word slots(Word count = 1) { return std::exchange(next_, next_ + count); }
    Word make(abi::ObjectType type, unsigned size_bits = 0) {
        const Word made = slots();
        must(untyped_.retype_into(type, size_bits, own, made), "no memory");
        return made;
    }
    sys::Untyped untyped() const { return untyped_; }
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

unsigned passed = 0;
unsigned failed = 0;

void check(const char* what, bool holds) {
    sys::log("{} {}", holds ? "PASS" : "FAIL", what);
    ++(holds ? passed : failed);
}

/// What the client and the test share: the image is theirs together.
constinit sys::Endpoint shared_endpoint{};
alignas(16) constinit uint8_t client_stack[16384]{};
constinit sys::raw::ThreadBlock client_block{};
alignas(abi::IpcBuffer) constinit abi::IpcBuffer unused_buffer{};

/// The client's own memory, which is what the MMU makes of the pager's answers.
struct OwnMemory {
    static volatile Word& at(Word address) { return *reinterpret_cast<volatile Word*>(address); }
    Word load(Word address) { return at(address); }
    void store(Word address, Word value) { at(address) = value; }
};

/// Does what is allowed, says so, then touches what is outside, which it does not survive.
void client(Word) {
    OwnMemory memory;
    converse(memory, check);
    shared_endpoint.send(sys::Message::of_label(1));
    memory.store(region_start + region_pages * page_size, 1);
}

/// Faults of the client go to the pager through slot 1 of its keeper table; what that denies to its supervisor, through slot
/// 0. Here both are the same endpoint.
void start_client(Memory& memory) {
    const sys::CNode table(memory.make(abi::ObjectType::cnode, 1));
    for (const Word keeper : {0, 1})
        must(table.at(keeper, 1).copy_from(own.at(shared_endpoint.slot())), "no keeper");
    static_cast<void>(must(sys::PageTables(own_space).set_keeper({0, 256, 39}, 1), "no keeper index"));

    const sys::Tcb thread(memory.make(abi::ObjectType::tcb));
    client_block = {&client_block, &unused_buffer};
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

} // namespace

int main(const abi::BootInfo& info) {
    static Memory memory(info);
    must(own_thread.set_priority(own_thread, {own_priority}), "no priority");
    shared_endpoint = sys::Endpoint(memory.make(abi::ObjectType::endpoint));

    static TableStock tables(memory.untyped(), own, memory.slots(table_count), table_count);
    static StaticFrameStore<frame_count> frames({.first_slot = memory.slots(frame_count), .window = window});
    must(frames.fill(memory.untyped(), own, own_space, tables), "no frames");
    const Region region{region_start, region_pages, memory.slots(region_pages), sys::PageTables(own_space)};
    static Pager pager(region, frames);
    must(pager.recover(), "the tables cannot be read");
    static Desk desk(shared_endpoint, sys::Reply(memory.make(abi::ObjectType::reply)), tables);
    start_client(memory);

    sys::Received received = desk.receive(); // as sys::pager::serve, which never comes back
    while (sys::KeeperFault::is_one(received))
        received = serve_one(desk, pager, received);
    check("the pager answers each first touch with a frame", received.label() == 1 && frames.free_count() == 0);

    // The next fault is outside: it is denied, and comes back to us as the thread's supervisor, with the reason.
    const sys::Received outside = desk.receive();
    const sys::Received told = serve_one(desk, pager, outside);
    const abi::KeeperFaultInfo why = sys::KeeperFault::from(told).info;
    check("the supervisor is told why",
          why.why() == abi::WhySupervisor::denied && why.denial() == static_cast<uint8_t>(Denial::outside));

    sys::log("TESTS DONE {} passed {} failed", passed, failed);
    const Word exit_port = memory.slots();
    must(sys::IoPortControl(abi::root_slot::io_port_control).issue(0xf4, 0xf4, own.at(exit_port)), "no debug exit");
    must(sys::IoPorts(exit_port).out8(0xf4, failed == 0 ? 0x10 : 0x11), "no debug exit");
    for (;;) {
    }
}
