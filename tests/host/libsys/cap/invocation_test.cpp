// SPDX-License-Identifier: BSD-2-Clause
// Every typed invocation sends the words and capabilities that the ABI's table gives for it.
#include <catch.hpp>
#include <libsys/recording_kernel.hpp>
#include <sys/cap/asid.hpp>
#include <sys/cap/cap.hpp>
#include <sys/cap/domain.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/irq.hpp>
#include <sys/cap/tcb.hpp>

using namespace sys;

namespace {

using Words = std::vector<Word>;

/// Runs one invocation and compares what the kernel saw.
template <class Invocation>
void check(Word label, Word target, const Words& caps, const Words& words, Invocation invocation) {
    RecordingKernel kernel;
    REQUIRE(invocation());
    REQUIRE(kernel.calls.size() == 1);
    const sys::host::Call& call = kernel.calls[0];
    CAPTURE(label);
    CHECK(call.number == abi::Syscall::call);
    CHECK(call.info.label() == label);
    CHECK(call.target == target);
    CHECK(call.caps == caps);
    CHECK(call.words == words);
}

const CNode root(Word{2});
const CNode other(Word{20});
const Notification notification(Word{6});
const VSpace space(Word{3});
const Tcb thread(Word{30});
const SchedContext context(Word{31});
const Frame frame(Word{32});
const Tcb authority(Word{1});

} // namespace

TEST_CASE("invocations: untyped and CNode", "[libsys][cap]") {
    const Untyped memory(Word{40});
    check(1, 40, {2}, {4, 8, 9, 64, 5, 7}, [&] { return memory.retype(abi::ObjectType::cnode, 8, root.at(9), 5, 7); });
    check(1, 40, {20}, {10, 0, 0, 0, 5, 1}, [&] { return memory.retype_into(abi::ObjectType::frame_4k, 0, other, 5); });
    const SlotRef slot = root.at(50, 16);
    check(18, 2, {}, {50, 16}, [&] { return slot.revoke(); });
    check(19, 2, {}, {50, 16}, [&] { return slot.remove(); });
    check(20, 2, {}, {50, 16}, [&] { return slot.cancel_badged_sends(); });
    check(21, 2, {20}, {50, 16, 60, 64, 3}, [&] { return slot.copy_from(other.at(60), Rights(3)); });
    check(22, 2, {20}, {50, 16, 60, 64, 15, 77}, [&] { return slot.mint_from(other.at(60), Rights::all(), 77); });
    check(23, 2, {20}, {50, 16, 60, 64}, [&] { return slot.move_from(other.at(60)); });
    check(24, 2, {20}, {50, 16, 60, 64, 5}, [&] { return slot.mutate_from(other.at(60), 5); });
    check(25, 2, {20, 2}, {50, 16, 1, 60, 64, 2, 70, 64},
          [&] { return slot.rotate_from(other.at(60), root.at(70), 1, 2); });
}

TEST_CASE("invocations: threads", "[libsys][cap]") {
    check(5, 30, {2, 3, 32}, {4, 0, 0x1001000}, [&] { return thread.configure(root, 4, space, 0x1001000, frame); });
    check(6, 30, {1}, {100}, [&] { return thread.set_priority(authority, Priority{100}); });
    check(7, 30, {1}, {100}, [&] { return thread.set_max_controlled_priority(authority, Priority{100}); });
    check(8, 30, {1, 31, 7}, {200, 100},
          [&] { return thread.set_sched_params(authority, Priority{200}, Priority{100}, context, Endpoint(Word{7})); });
    check(9, 30, {7}, {}, [&] { return thread.set_timeout_endpoint(Endpoint(Word{7})); });
    check(10, 30, {32}, {0x1000}, [&] { return thread.set_ipc_buffer(0x1000, frame); });
    check(11, 30, {7, 2, 3}, {4, 0}, [&] { return thread.set_space(Endpoint(Word{7}), root, 4, space); });
    check(12, 30, {}, {}, [&] { return thread.suspend(); });
    check(13, 30, {}, {}, [&] { return thread.resume(); });
    check(14, 30, {6}, {}, [&] { return thread.bind_notification(notification); });
    check(15, 30, {}, {}, [&] { return thread.unbind_notification(); });
    check(16, 30, {}, {0x2000}, [&] { return thread.set_tls_base(0x2000); });
    check(17, 30, {}, {1, 0}, [&] { return thread.set_flags(1, 0); });
    check(4, 30, {1}, {0b1010},
          [&] { return thread.copy_registers(authority, {.resume_target = true, .transfer_integer = true}); });
}

TEST_CASE("invocations: registers beyond the fourth word are in the buffer", "[libsys][cap]") {
    UserRegisters registers;
    for (unsigned i = 0; i < abi::user_register_count; ++i)
        registers.words[i] = 100 + i;
    Words expected{1, 20};
    for (unsigned i = 0; i < 20; ++i)
        expected.push_back(100 + i);
    check(3, 30, {}, expected, [&] { return thread.write_registers(registers, 20, true); });
    check(3, 30, {}, {0, 1, 100}, [&] { return thread.write_registers(registers, 1, false); });
    CHECK(thread.write_registers(registers, 21, true).error() == ErrorCode::out_of_range);
    CHECK(thread.write_registers(registers, 0, true).error() == ErrorCode::out_of_range);

    RecordingKernel kernel;
    kernel.script.push_back({0, Words(expected.begin() + 2, expected.end())});
    const auto read = thread.read_registers(true);
    REQUIRE(read);
    CHECK((*read)[abi::UserRegister::rip] == 100);
    CHECK((*read)[abi::UserRegister::gs_base] == 119);
    CHECK(kernel.calls[0].words == Words{1, 20});
}

TEST_CASE("invocations: spawn carries everything in message words", "[libsys][cap]") {
    const SpawnArguments with{.cspace = root,
                              .cspace_data = 11,
                              .vspace = space,
                              .fault_handler = Endpoint(Word{7}),
                              .sched_context = context,
                              .ipc_buffer_frame = frame,
                              .ipc_buffer = 0x1001000,
                              .authority = authority,
                              .priority = Priority{200},
                              .max_controlled_priority = Priority{201},
                              .entry = 0x400000,
                              .stack_pointer = 0xffffe0,
                              .argument = 0x1001000,
                              .fs_base = 0x55};
    check(74, 30, {}, {2, 11, 3, 7, 31, 32, 0x1001000, 1, 200 | 201 << 8, 0x400000, 0xffffe0, 0x1001000, 0x55},
          [&] { return thread.spawn(with); });
}

TEST_CASE("invocations: time", "[libsys][cap]") {
    check(33, 50, {31}, {1000, 5000, 2, 9, 1}, [&] {
        return SchedControl(Word{50}).configure(context, {Microseconds{1000}, Microseconds{5000}, 2, 9, true});
    });
    check(34, 31, {30}, {}, [&] { return context.bind(thread); });
    check(35, 31, {}, {}, [&] { return context.unbind(); });
    check(36, 31, {30}, {}, [&] { return context.unbind_object(thread); });
    check(37, 31, {}, {}, [&] { return context.consumed(); });
    check(38, 31, {}, {}, [&] { return context.yield_to(); });
    const DomainSet domains(Word{11});
    check(30, 11, {30}, {0}, [&] { return domains.set(thread, 0); });
    check(31, 11, {}, {0, 0, 5}, [&] { return domains.configure_schedule(0, 0, 5); });
    check(32, 11, {}, {0}, [&] { return domains.set_schedule_start(0); });
    check(75, 11, {}, {40}, [&] { return domains.read_events(40); });
}

TEST_CASE("invocations: events come back one by one, with the number of the first", "[libsys][cap]") {
    RecordingKernel kernel;
    const DomainSet domains(Word{11});
    kernel.script = {{0, {9, 7, 1, 2, 3, 4, 5, 6, 7, 8}}, {0, {9, 9}}, {2, {}}};
    const auto two = domains.read_events(3);
    REQUIRE(two);
    CHECK(two->written == 9);
    CHECK(two->first == 7);
    REQUIRE(two->count == 2);
    CHECK(two->events[0].time == 1);
    CHECK(two->events[0].detail == 4);
    CHECK(two->events[1].subject == 6);
    CHECK(two->events[1].place == 7);
    const auto none = domains.read_events(9);
    REQUIRE(none);
    CHECK(none->count == 0);
    CHECK_FALSE(domains.read_events(0));
}

TEST_CASE("invocations: address spaces", "[libsys][cap]") {
    check(39, 60, {3}, {0x400000, 0}, [&] { return Pdpt(Word{60}).map(space, 0x400000); });
    check(40, 60, {}, {}, [&] { return Pdpt(Word{60}).unmap(); });
    check(41, 60, {3}, {0x400000, 0}, [&] { return PageDirectory(Word{60}).map(space, 0x400000); });
    check(42, 60, {}, {}, [&] { return PageDirectory(Word{60}).unmap(); });
    check(43, 60, {3}, {0x400000, 0}, [&] { return PageTable(Word{60}).map(space, 0x400000); });
    check(44, 60, {}, {}, [&] { return PageTable(Word{60}).unmap(); });
    check(45, 32, {3}, {0x400000, 2, 0}, [&] { return frame.map(space, 0x400000, PageAccess::read_execute()); });
    check(45, 32, {3}, {0x400000, 3, 8}, [&] { return frame.map(space, 0x400000, PageAccess::read_write()); });
    check(45, 32, {3}, {0xb8000, 3, 8 | 3},
          [&] { return frame.map(space, 0xb8000, {.write = true, .memory = abi::MemoryType::uncacheable}); });
    check(46, 32, {}, {}, [&] { return frame.unmap(); });
    check(47, 32, {}, {}, [&] { return frame.physical_address(); });
    check(48, 5, {40, 2}, {70, 64}, [&] { return AsidControl(Word{5}).make_pool(Untyped(Word{40}), root.at(70)); });
    check(49, 6, {3}, {}, [&] { return AsidPool(Word{6}).assign(space); });
}

TEST_CASE("invocations: interrupts and ports", "[libsys][cap]") {
    const IrqControl control(Word{4});
    check(26, 4, {2}, {1, 70, 64}, [&] { return control.get(1, root.at(70)); });
    check(57, 4, {2}, {70, 64, 0, 4, 1, 0, 12},
          [&] { return control.get_ioapic(root.at(70), {.ioapic = 0, .pin = 4, .level_triggered = true}, 12); });
    check(58, 4, {2}, {70, 64, 1, 2, 3, 4, 5}, [&] { return control.get_msi(root.at(70), {1, 2, 3}, 4, 5); });
    const IrqHandler handler(Word{9});
    check(27, 9, {}, {}, [&] { return handler.acknowledge(); });
    check(28, 9, {6}, {}, [&] { return handler.set_notification(notification); });
    check(29, 9, {}, {}, [&] { return handler.clear(); });
    check(50, 7, {2}, {0x3f8, 0x3ff, 70, 64}, [&] { return IoPortControl(Word{7}).issue(0x3f8, 0x3ff, root.at(70)); });
    const IoPorts ports(Word{10});
    check(51, 10, {}, {0x3fd}, [&] { return ports.in8(0x3fd); });
    check(52, 10, {}, {0x604}, [&] { return ports.in16(0x604); });
    check(53, 10, {}, {0xcf8}, [&] { return ports.in32(0xcf8); });
    check(54, 10, {}, {0x3f8, 0x41}, [&] { return ports.out8(0x3f8, 0x41); });
    check(55, 10, {}, {0x604, 0x2000}, [&] { return ports.out16(0x604, 0x2000); });
    check(56, 10, {}, {0xcf8, 0x80000000}, [&] { return ports.out32(0xcf8, 0x80000000); });
}

TEST_CASE("invocations: a kernel error becomes an Error with its details", "[libsys][cap]") {
    RecordingKernel kernel;
    kernel.script.push_back({6, {0, 2, 21, 0}});
    const auto mapped = frame.map(space, 0x400000, PageAccess::read_only());
    REQUIRE_FALSE(mapped);
    CHECK(is_missing_level(mapped.error()));
    CHECK(missing_level(mapped.error()) == MissingLevel::page_table);
    CHECK(object_for(missing_level(mapped.error())) == abi::ObjectType::page_table);
}

TEST_CASE("invocations: an error has only the details that the kernel sent", "[libsys][cap]") {
    RecordingKernel kernel;
    kernel.stale_registers = true;
    kernel.script.push_back({3, {}});
    CHECK(thread.resume().error().detail(0) == 0);
    kernel.script.push_back({4, {20, 40}});
    const auto refused = thread.set_priority(authority, Priority{200});
    CHECK(refused.error().detail(0) == 20);
    CHECK(refused.error().detail(1) == 40);
    CHECK(refused.error().detail(2) == 0);
}

TEST_CASE("owners: a capability is deleted and its slot free at the end of its life", "[libsys][cap]") {
    RecordingKernel kernel;
    StaticSlotAllocator<16> slots(16);
    CSpace cspace(root, slots);
    {
        auto made = make_object<Tcb>(cspace, Untyped(Word{40}));
        REQUIRE(made);
        Cap<Tcb> owner = made.take();
        CHECK(owner.get().slot() == 16);
        CHECK(slots.free_count() == 15);
        REQUIRE(owner->resume());
        Cap<Tcb> moved = std::move(owner);
        CHECK_FALSE(owner);
        CHECK(kernel.calls.size() == 2);
    }
    CHECK(slots.free_count() == 16);
    REQUIRE(kernel.calls.size() == 3);
    CHECK(kernel.calls[2].info.label() == static_cast<Word>(abi::Invocation::cnode_delete));
    CHECK(kernel.calls[2].words == Words{16, 64});
}

TEST_CASE("owners: a failed retype gives the slot back and deletes nothing", "[libsys][cap]") {
    RecordingKernel kernel;
    StaticSlotAllocator<16> slots(16);
    CSpace cspace(root, slots);
    kernel.script.push_back({10, {512}});
    const auto made = make_object<Tcb>(cspace, Untyped(Word{40}));
    REQUIRE_FALSE(made);
    CHECK(made.error() == abi::Error::not_enough_memory);
    CHECK(made.error().detail(0) == 512);
    CHECK(slots.free_count() == 16);
    CHECK(kernel.calls.size() == 1);
}

TEST_CASE("owners: a detached capability stays", "[libsys][cap]") {
    RecordingKernel kernel;
    StaticSlotAllocator<16> slots(16);
    CSpace cspace(root, slots);
    {
        Cap<Endpoint> owner = mint_cap(cspace, Endpoint(Word{7}), Rights::all(), Badge{5}).take();
        CHECK(owner.detach().slot() == 16);
    }
    CHECK(slots.free_count() == 15);
    CHECK(kernel.calls.size() == 1);
}
