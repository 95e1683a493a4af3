// SPDX-License-Identifier: BSD-2-Clause
// The benchmark root task. Run by tools/bench under QEMU's deterministic clock: one instruction is one tick.
// Prints `BENCH <name> <instructions>`, or in counting kernels `COUNT <name> <entries> <cr3> <invalidations> <fpu>`.
// How each figure is taken: docs/measurements.md.
#include "measure.hpp"

#include <sys/cap/io_port.hpp>
#include <sys/util/format.hpp>
#include <sys/util/log.hpp>

namespace bench {
namespace {

constinit Thread probe_thread{};

/// Makes the system call that only counting kernels have: in others it is a fault.
void probe(Word endpoint) {
    sys::raw::Registers nothing;
    sys::raw::enter(abi::Syscall::benchmark_null, nothing);
    sys::raw::Registers message{.target = endpoint};
    sys::raw::enter(abi::Syscall::send, message);
    for (;;)
        must("probe", sys::Tcb(probe_thread.tcb).suspend());
}

bool kernel_counts(World& world) {
    const auto endpoint = world.make<sys::Endpoint>();
    const auto reply = world.make<sys::Reply>();
    start(world, probe_thread, world.own_space(), world.make_context(), server_priority, endpoint, probe,
          endpoint.slot());
    sys::raw::Registers message{.target = endpoint.slot()};
    sys::raw::enter(abi::Syscall::recv, message, reply.slot());
    return abi::MessageInfo(message.info).label() == 0;
}

} // namespace

void fail(const char* what) {
    sys::log("BENCH FAILED {}", what);
    for (;;)
        static_cast<void>(sys::Tcb(abi::root_slot::tcb).suspend());
}

} // namespace bench

int main(const abi::BootInfo& boot_info) {
    using namespace bench;
    World world(boot_info);
    syscall_clock_cost = clock_cost(true);
    touch_clock_cost = clock_cost(false);
    must("priority", world.own_thread().set_priority(world.own_thread(), {client_priority}));
    shared.counting = kernel_counts(world);
    const sys::VSpace space = world.make_space();
    measure_ipc(world, space);
    measure_protocol(world, space);
    measure_faults(world, space);
    measure_signals(world, space);
    measure_interrupts(world, space);
    measure_threads(world, space);
    measure_memory(world, space);

    const Word port = world.next_slot();
    must("debug exit", sys::IoPortControl(abi::root_slot::io_port_control).issue(0xf4, 0xf4, world.cnode().at(port)));
    sys::log("BENCH DONE");
    must("leave", sys::IoPorts(port).out8(0xf4, 0x10));
    for (;;) {
    }
}
