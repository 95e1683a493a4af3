// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/kernel_machine.hpp>

#include <lockstep/coverage.hpp>
#include <lockstep/kernel_view.hpp>

#include <interrupt/irq_lines.hpp>
#include <ipc/message.hpp>
#include <lifetime/delete.hpp>
#include <object/registers.hpp>
#include <sched/scheduler.hpp>
#include <support/fake_machine.hpp>

namespace lockstep {

using kernel::x86::simulated;

struct KernelMachine::Parts {
    test::TranslationCaches caches;
    test::FakeMachine machine;
    bool interrupted = false;

    explicit Parts(const MachineOptions& options)
        : caches([](Word address) { return kernel_view::memory(address); }, options.pcid), machine(features(options)) {}

    template <class Entry>
    void enter(Entry&& entry) {
        const struct Watching {
            Watching() { coverage::watch(true); }
            ~Watching() { coverage::watch(false); }
        } watching;
        entry();
    }

    static kernel::x86::CpuFeatures features(const MachineOptions& options) {
        return {
            .fsgsbase = true, .pcid = options.pcid, .invpcid = options.invpcid, .no_execute = true, .huge_pages = true};
    }
};

namespace {

/// Whether a Revoke has met a CNode or TCB inside another. Interrupted there it finds the outer one when it starts again,
/// and leaves the inner one, which need not be a descendant, as a zombie: a known weakness.
bool revokes_nested_zombie(const kernel::Tcb& thread, const kernel::Capability& cnode) {
    const kernel::Context& context = thread.context;
    if (kernel::message_info(thread).label() != static_cast<Word>(spec::Method::cnode_revoke) ||
        !cnode.is(kernel::CapType::cnode))
        return false;
    const auto slot = kernel::lookup_slot(cnode, context.r10, context.r8, false);
    return slot && (*slot)->next() && (*slot)->next()->cap.is(kernel::CapType::outer_zombie);
}

/// Whether the caller of a long operation would make its call again at once: it might be about to lose what it needs for
/// that, or have woken somebody more important, who would then see the operation half done.
bool can_repeat(const kernel::Tcb& thread) {
    const auto invoked = thread.find_slot(thread.context.rdi);
    return kernel::is_schedulable(thread) && !kernel::cpu.choosing && invoked && !(*invoked)->is_empty() &&
           !kernel::is_zombie((*invoked)->cap.type()) && !revokes_nested_zombie(thread, (*invoked)->cap);
}

} // namespace

KernelMachine::KernelMachine(const MachineOptions& options) : parts_(std::make_unique<Parts>(options)) {
    test::TranslationCaches& caches = parts_->caches;
    parts_->machine.checks_each_entry = false;
    caches.load_cr3(simulated.cr3);
    simulated.on_cr3_load = [&](Word value) { caches.load_cr3(value); };
    simulated.on_cr4_load = [&](Word value) { caches.load_cr4(value); };
    simulated.on_invlpg = [&](kernel::VirtAddr address) { caches.invlpg(address.raw()); };
    simulated.on_invpcid = [&](const kernel::x86::SimulatedCpu::Invpcid& operation) {
        using kernel::x86::InvpcidType;
        switch (operation.type) {
        case InvpcidType::address: return caches.invpcid_address(operation.pcid, operation.address);
        case InvpcidType::context: return caches.invpcid_context(operation.pcid);
        case InvpcidType::all_and_global:
        case InvpcidType::all: return caches.invpcid_all();
        }
    };
}

KernelMachine::~KernelMachine() = default;

std::vector<BootCapability> KernelMachine::boot_capabilities() {
    using namespace test;
    using spec::Type;
    const auto address = [](Word slot) { return window<Slot>(root_cnode)[slot].cap.object().raw(); };
    return {
        {at::tcb, Type::tcb, address(at::tcb)},
        {at::cnode, Type::cnode, address(at::cnode), root_radix},
        {at::vspace, Type::pml4, address(at::vspace)},
        {at::irq_control, Type::irq_control, 0},
        {at::asid_control, Type::asid_control, 0},
        {at::asid_pool, Type::asid_pool, address(at::asid_pool)},
        {at::io_port_control, Type::io_port_control, 0},
        {at::ipc_buffer, Type::frame, address(at::ipc_buffer), 12},
        {at::domain_set, Type::domain_set, 0},
        {at::sched_context, Type::sched_context, address(at::sched_context),
         window<Slot>(root_cnode)[at::sched_context].cap.size_bits()},
        {at::sched_control, Type::sched_control, 0},
        {at::untyped, Type::untyped, address(at::untyped), untyped_bits},
        {at::device, Type::untyped, address(at::device), 32, true},
        {at::small_untyped, Type::untyped, address(at::small_untyped), small_untyped_bits},
    };
}

Word KernelMachine::boot_buffer_address() {
    return 0x50'0000; // within its frame
}

Word KernelMachine::system_call_ip() { return test::syscall_ip; }

void KernelMachine::set_register(spec::Register which, Word value) {
    kernel::write_register(*kernel::cpu.current, kernel::user_registers[which], value);
}

void KernelMachine::set_fpu(Word value) {
    // The legacy region of the registers; MXCSR and its mask keep a value that can be loaded.
    for (unsigned i = kernel_view::first_fpu_register; i < kernel_view::last_fpu_register + 16; i += 8)
        std::memcpy(simulated.fpu.data() + i, &value, 8);
}

void KernelMachine::set_time(Word now) { simulated.tsc = now; }
Word KernelMachine::now() const { return simulated.tsc; }

void KernelMachine::system_call(Word pattern, unsigned edge) {
    simulated.forget_history();
    kernel::Tcb& thread = *kernel::cpu.current;
    coverage::at_step(edge, [&] { parts_->caches.look(); });
    do {
        parts_->interrupted = false;
        if (pattern != 0)
            interrupt_looks(pattern, thread);
        parts_->enter([&] { parts_->machine.enter_again(thread); });
        if (parts_->interrupted)
            parts_->machine.check_invariants();
        pattern >>= 1;
    } while (parts_->interrupted && kernel::cpu.current == &thread && parts_->machine.waits(thread));
    simulated.on_interrupt_window = nullptr;
    coverage::at_step(0, nullptr);
    parts_->caches.look();
}

/// The next look comes after as many steps as the low byte of `pattern` says, mostly few; the other bits say at which
/// looks there is an interrupt.
void KernelMachine::interrupt_looks(Word pattern, const kernel::Tcb& thread) {
    constexpr unsigned most_steps = 24;
    simulated.on_interrupt_window = nullptr;
    const Word low = pattern & 255;
    parts_->machine.look_after_steps(static_cast<unsigned>(1 + (low < 192 ? low % 3 : low % most_steps)));
    simulated.on_interrupt_window = [this, pattern, &thread, look = 0u]() mutable {
        if (!(pattern >> (8 + look++ % 56) & 1) || !can_repeat(thread))
            return;
        parts_->interrupted = true;
        interruptions_++;
        simulated.pending_interrupts.push_back(idle_vector());
    };
}

void KernelMachine::exception(Word vector, Word ip, Word error_code, Word address) {
    simulated.forget_history();
    parts_->enter([&] { parts_->machine.exception(vector, ip, error_code, address); });
    parts_->caches.look();
}

void KernelMachine::interrupt(Word vector) {
    simulated.forget_history();
    parts_->enter([&] { parts_->machine.interrupt(vector); });
    parts_->caches.look();
}

Word KernelMachine::device_vector(Word line) { return kernel::x86::vector::device_first + line; }
Word KernelMachine::timer_vector() { return kernel::x86::vector::timer; }

Word KernelMachine::idle_vector() {
    Word line = kernel::irq_line_count - 1;
    while (line > 0 && kernel::irq_line_in_use(static_cast<unsigned>(line)))
        line--;
    return device_vector(line);
}

void KernelMachine::write_memory(Word address, Word value) { *kernel::window<Word>(kernel::PhysAddr(address)) = value; }

void KernelMachine::check_invariants() { parts_->machine.check_invariants(); }

std::string KernelMachine::wrong_translation(const test::TranslationCaches::Truth& truth) {
    return parts_->caches.wrong(truth);
}

bool KernelMachine::may_be_stale() const { return parts_->caches.has_stale(); }

void KernelMachine::take_back(Word slot) {
    simulated.forget_history();
    kernel::update_time();
    while (kernel::revoke(parts_->machine.slot(slot)) == kernel::Progress::preempted) {
    }
    kernel::schedule();
    parts_->caches.look();
}

std::vector<std::array<Word, 3>> KernelMachine::port_writes() const {
    std::vector<std::array<Word, 3>> writes;
    for (const auto& write : simulated.port_writes)
        writes.push_back({write.port, write.bits, write.value});
    return writes;
}

void KernelMachine::mark_tables(bool dirty, const test::TranslationCaches::Marked& marked) {
    parts_->caches.mark(dirty, marked);
}

} // namespace lockstep
