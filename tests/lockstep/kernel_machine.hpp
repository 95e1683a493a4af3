// SPDX-License-Identifier: BSD-2-Clause
// The kernel's unchanged ring-0 core on the simulated machine, driven as user code and devices drive it.
#pragma once

#include <spec/system.hpp>
#include <support/translation_caches.hpp>

#include <memory>
#include <vector>

namespace kernel {
struct Tcb;
}

namespace lockstep {

using spec::Word;

/// What the CPU can do, and where interrupts arrive in long operations.
struct MachineOptions {
    bool pcid = false;
    bool invpcid = false;
};

/// A capability of the root CNode at the start.
struct BootCapability {
    Word slot;
    spec::Type type;
    Word address; ///< of the object, where there is one
    unsigned bits = 0;
    bool device = false;
};

class KernelMachine {
public:
    explicit KernelMachine(const MachineOptions& options);
    ~KernelMachine();
    KernelMachine(const KernelMachine&) = delete;

    static std::vector<BootCapability> boot_capabilities();
    /// Where the first thread's IPC buffer is for user code, and its SYSCALL instruction.
    static Word boot_buffer_address();
    static Word system_call_ip();

    // --- the running thread ---
    void set_register(spec::Register which, Word value);
    void set_fpu(Word value);

    // --- kernel entries ---
    void set_time(Word now);
    Word now() const;
    /// Interrupts that change nothing arrive at looks chosen by `pattern` (0: none); the call is then made again. `edge`:
    /// after so many steps of the kernel's code the CPU walks the page tables (0: not).
    void system_call(Word pattern, unsigned edge);
    void exception(Word vector, Word ip, Word error_code, Word address);
    void interrupt(Word vector);
    static Word device_vector(Word line);
    static Word timer_vector();
    /// Of a device that has no handler.
    static Word idle_vector();

    void write_memory(Word address, Word value);
    void check_invariants();
    /// Empty, or what the CPU might still believe that is no longer so.
    std::string wrong_translation(const test::TranslationCaches::Truth& truth);
    /// The CPU marks what it has walked as accessed, or written, and says which entries.
    void mark_tables(bool dirty, const test::TranslationCaches::Marked& marked);
    /// Interrupts taken at looks so far.
    Word interruptions() const { return interruptions_; }

    /// Whether something may be cached that is no longer true: cheap, of the loaded space only.
    bool may_be_stale() const;
    /// Deletes everything made from the memory in this slot of the root CNode, as if by Revoke.
    void take_back(Word slot);
    /// Port writes since the last kernel entry began: port, bits, value.
    std::vector<std::array<Word, 3>> port_writes() const;

private:
    struct Parts;
    void interrupt_looks(Word pattern, const kernel::Tcb& thread);

    std::unique_ptr<Parts> parts_;
    Word interruptions_ = 0;
};

} // namespace lockstep
