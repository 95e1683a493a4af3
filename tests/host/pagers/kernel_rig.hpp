// SPDX-License-Identifier: BSD-2-Clause
// User programs in the test process on the kernel's unchanged core: libsys' system calls enter it, and whom it lets run goes on. A
// thread of the program is a thread of the host, of which one runs at a time; other threads execute the few instructions of
// machine code that `step_client` knows, through the simulated page tables.
#pragma once

#include <sys/raw/syscall.hpp>

#include <functional>
#include <memory>

namespace test {

/// Its user needs no header of the kernel.
class KernelRig : public sys::host::Kernel {
public:
    using Word = abi::Word;
    /// Slots of the first thread's CNode, besides those of abi::root_slot.
    static const Word untyped, sched_control;

    KernelRig();
    ~KernelRig() override;

    void enter(const sys::host::Call& call, sys::raw::Registers& registers, abi::IpcBuffer& buffer) override;
    void* memory(Word address) override;

    /// A stopped thread of the program: same space, same CSpace, an IPC buffer, a context. Once it runs it executes `body`. The
    /// slot of its TCB.
    Word make_thread(uint8_t priority, std::function<void()> body);
    /// Its body ends where it is. Before the TCB is deleted.
    void end_thread(Word tcb_slot);
    /// The thread ends by itself at the nth step from now on: a step is what comes before a kernel entry, and what comes after it.
    /// 0: never.
    void kill_at(Word tcb_slot, unsigned step);
    bool was_killed(Word tcb_slot) const;
    void check_invariants();
    /// From now on an interrupt waits whenever the kernel looks.
    void interrupt_at_each_look();
    /// Of the kernel, by system calls of the program.
    Word entries() const;

private:
    struct Parts;
    struct Fibre;
    std::unique_ptr<Parts> parts_;
};

} // namespace test
