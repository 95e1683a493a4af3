// SPDX-License-Identifier: BSD-2-Clause
#include <support/entry_stub.hpp>
#include <support/fake_machine.hpp>

#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <arch/x86_64/interrupt/ioapic.hpp>
#include <arch/x86_64/interrupt/lapic.hpp>
#include <check/invariants.hpp>
#include <check/machine_record.hpp>
#include <check/memory_order.hpp>
#include <ipc/message.hpp>
#include <lifetime/retype.hpp>
#include <lifetime/thread_space.hpp>
#include <paging_ring.hpp>
#include <sched/refill.hpp>
#include <sched/scheduler.hpp>
#include <syscall/syscall.hpp>

#include <algorithm>
#include <sys/mman.h>

namespace test {
namespace {

using x86::simulated;

constexpr Word ram_bytes = Word{64} << 20;
constexpr Word ram_at = Word{1} << 45;
constexpr PhysAddr kernel_pml4{0x10'0000}, root_pml4{0x10'1000}, first_pool{0x10'2000}, root_tcb{0x10'4000},
    root_context{0x10'4800}, root_buffer{0x10'5000}, small_untyped_base{0x10'6000}, untyped_base{0x40'0000};
constexpr PhysAddr window_pdpt{0x10'8000}, window_directory{0x10'9000}, image_pdpt{0x10'a000},
    image_directory{0x10'b000};
constexpr PhysRange kernel_text{PhysAddr(ram_bytes), PhysAddr(ram_bytes + (Word{2} << 20))};
constexpr unsigned root_context_bits = 8;
constexpr Asid root_asid{1};
constexpr Word buffer_address = 0x50'0000;
/// What memory holds before the kernel clears it.
constexpr int junk = 0xa5;

struct Idle {};

/// Always at the same address, so that what depends on addresses is the same in each run.
std::byte* ram() {
    static auto* const memory =
        static_cast<std::byte*>(mmap(reinterpret_cast<void*>(ram_at), ram_bytes, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0));
    return memory;
}

/// GDT and IDT, as far as anybody looks at them.
std::array<Word, 4> descriptors = {1, 2, 3, 4};
std::array<Word, 8> unused_stack;

void set_up_context(SchedContext& context, unsigned size_bits, Word budget_us, Word period_us, bool sporadic) {
    context.budget = kernel_state.ticks(budget_us);
    context.period = kernel_state.ticks(period_us);
    context.sporadic = sporadic;
    set_refills(context, static_cast<uint32_t>((bit(size_bits) - sizeof(SchedContext)) / sizeof(Refill)), cpu.now);
}

/// One I/O APIC with 24 pins: a select register and a data register.
std::map<uint32_t, uint32_t> ioapic_registers;

void emulate_ioapic(Word address, uint32_t value) {
    static uint32_t selected = 0;
    const Word base = (layout::device_window + x86::ioapic_window_page(0) * 4096).raw();
    if (address == base) {
        selected = value;
        ioapic_registers[1] = 23 << 16;
        simulated.mmio[base + 0x10] = ioapic_registers[selected];
    } else if (address == base + 0x10) {
        ioapic_registers[selected] = value;
    }
}

} // namespace

FakeMachine::FakeMachine(const x86::CpuFeatures& features) {
    // Fresh pages are zero; those that get junk need not be fresh.
    const Word junk_end = untyped_base.raw() + bit(untyped_bits);
    madvise(ram(), untyped_base.raw(), MADV_DONTNEED);
    madvise(ram() + junk_end, ram_bytes - junk_end, MADV_DONTNEED);
    host_window_base = reinterpret_cast<Word>(ram());
    simulated.reset();
    simulated.tsc = us(1000);
    cpu = Cpu{};
    kernel_state = KernelState{};
    kernel_state.tsc_mhz = tsc_mhz;
    paging_ring.written = 0;
    kernel_state.release.seed(tsc_mhz);
    kernel_state.min_budget = kernel_state.ticks(min_budget_us);
    kernel_state.features = features;
    kernel_state.kernel_pml4 = kernel_state.visible_pml4 = kernel_pml4;
    (void)kernel_state.ram.push({PhysAddr(0x10'0000), PhysAddr(ram_bytes)});
    prepare_devices();
    update_time();
    build_root();
    std::memset(window<void>(untyped_base), junk, bit(untyped_bits));
    std::memset(window<void>(small_untyped_base), junk, bit(small_untyped_bits));
    schedule();
    put_in_order(kernel_state.capabilities);
    remember_machine(kernel_text, unused_stack);
}

FakeMachine::~FakeMachine() { simulated.reset(); }

void FakeMachine::prepare_devices() {
    ioapic_registers.clear();
    simulated.deliver_interrupt = [](Word vector) { kernel_interrupt(vector); };
    simulated.on_idle = [] {
        if (simulated.pending_interrupts.empty())
            throw Idle();
    };
    simulated.on_mmio_write = emulate_ioapic;
    simulated.gdt = {sizeof(Word) * 2 - 1, reinterpret_cast<Word>(&descriptors[0])};
    simulated.idt = {sizeof(Word) * 2 - 1, reinterpret_cast<Word>(&descriptors[2])};
    simulated.msrs[x86::msr::apic_base] = 0xfee0'0000 | 1 << 11;
    x86::lapic_init(PhysAddr(0xfee0'0000), true);
    x86::ioapic_init(1);
}

void FakeMachine::build_kernel_space() {
    constexpr Word table = 3, global_data = Word{1} << 63 | 0x1e3, global_code = 0x1e1;
    const auto entry = [](PhysAddr table, unsigned index, PhysAddr to, Word bits) {
        window<Table>(table)->entries[index] = Entry(to.raw() | bits);
    };
    entry(kernel_pml4, 256, window_pdpt, table);
    entry(window_pdpt, 0, window_directory, table);
    for (unsigned i = 0; i < ram_bytes >> 21; i++)
        entry(window_directory, i, PhysAddr(Word{i} << 21), global_data);
    entry(kernel_pml4, 511, image_pdpt, table);
    entry(image_pdpt, 510, image_directory, table);
    entry(image_directory, 0, kernel_text.start, global_code);
    entry(image_directory, 1, kernel_text.end, global_data);
}

void FakeMachine::build_root() {
    build_kernel_space();
    init_space(root_pml4);
    kernel_state.asid_pools[0] = true;
    make_world_slots();
    kernel_state.spaces[0] = 1;
    kernel_state.spaces[root_asid.value] = cap(at::vspace).raw0();

    Tcb& thread = *window<Tcb>(root_tcb);
    init_thread(thread);
    give_spaces(thread, at::ipc_buffer, buffer_address);
    thread.context.rip = syscall_ip;
    thread.priority = thread.mcp = 255;
    set_up_context(*window<SchedContext>(root_context), root_context_bits, 5000, 5000, false);
    bind_context(*window<SchedContext>(root_context), thread);
    thread.state = ThreadState::runnable;
    cpu.current = &thread;
}

void FakeMachine::make_world_slots() {
    const auto place = [&](Word index, const Capability& cap) {
        insert_original(slot(index), cap, &kernel_state.capabilities);
    };
    place(at::tcb, Capability::tcb(root_tcb));
    Capability cnode = Capability::cnode(root_cnode, root_radix);
    cnode.set_guard(abi::CNodeData(0, abi::word_bits - root_radix).raw());
    place(at::cnode, cnode);
    Capability space = Capability::table(CapType::pml4, root_pml4);
    space.set_asid(root_asid);
    place(at::vspace, space);
    place(at::irq_control, Capability::control(CapType::irq_control));
    place(at::asid_control, Capability::control(CapType::asid_control));
    place(at::asid_pool, Capability::asid_pool(first_pool, 0));
    place(at::io_port_control, Capability::control(CapType::io_port_control));
    place(at::ipc_buffer, Capability::frame(root_buffer, FrameSize::small_4k, false));
    place(at::domain_set, Capability::control(CapType::domain_set));
    place(at::sched_context, Capability::sched_context(root_context, root_context_bits));
    place(at::sched_control, Capability::control(CapType::sched_control));
    place(at::untyped, Capability::untyped(untyped_base, untyped_bits, false));
    place(at::device, Capability::untyped(PhysAddr(device_base), 32, true));
    place(at::small_untyped, Capability::untyped(small_untyped_base, small_untyped_bits, false));
}

Word FakeMachine::make(ObjectType type, Word size_bits) {
    Slot& untyped = slot(at::untyped);
    const auto bits = static_cast<unsigned>(size_bits);
    const unsigned object_bits = abi::object_bits(type, bits);
    const Word used = has_children(untyped) ? untyped.cap.watermark() : 0;
    const Word index = free_slot();
    const RetypePlan plan{type, bits, object_bits, align_up(used, bit(object_bits)), 1, &slot(index)};
    if (plan.start + bit(object_bits) > bit(untyped.cap.size_bits()))
        FAIL("the test's untyped memory is used up");
    while (clear_for(untyped, plan) == Progress::preempted) {
    }
    make_objects(untyped, plan);
    if (type == ObjectType::cnode) {
        // Small integers shall work as pointers.
        slot(index).cap.set_guard(abi::CNodeData(0, abi::word_bits - bits).raw());
    }
    return index;
}

Word FakeMachine::mint(Word source, Rights rights, Word badge) {
    const Word index = free_slot();
    Capability derived = cap(source);
    derived.restrict_rights(rights);
    if (badge != 0)
        derived.set_badge(badge);
    insert_derived(slot(index), derived, slot(source));
    return index;
}

Word FakeMachine::make_context(Word budget_us, Word period_us, unsigned size_bits, bool sporadic) {
    const Word index = make(ObjectType::sched_context, size_bits);
    set_up_context(context(index), size_bits, budget_us, period_us, sporadic);
    return index;
}

Word FakeMachine::make_thread(uint8_t priority, bool with_context) {
    const Word index = make(ObjectType::tcb);
    const Word frame = make(ObjectType::frame_4k);
    Tcb& thread = this->thread(index);
    give_spaces(thread, frame, buffer_address + index * 0x1000);
    thread.context.rip = syscall_ip;
    thread.priority = priority;
    thread.mcp = 255;
    if (with_context)
        bind_context(context(make_context()), thread);
    return index;
}

void FakeMachine::give_spaces(Tcb& thread, Word frame, Word buffer_at) {
    install(thread, TcbSlot::cspace, {cap(at::cnode), &slot(at::cnode), cap(at::cnode)});
    install(thread, TcbSlot::vspace, {cap(at::vspace), &slot(at::vspace), cap(at::vspace)});
    install(thread, TcbSlot::ipc_buffer, {cap(frame), &slot(frame), cap(frame), buffer_at});
}

abi::IpcBuffer& FakeMachine::buffer(Tcb& thread) { return *thread.buffer; }

void FakeMachine::run(Tcb& thread) {
    update_time();
    if (thread.state == ThreadState::stopped)
        thread.state = ThreadState::runnable;
    if (thread.state != ThreadState::runnable || !thread.sched_context)
        FAIL("only a runnable thread with a context can run");
    if (thread.in_ready_queue)
        kernel_state.ready.remove(thread);
    Tcb* const current = cpu.current;
    if (current && current != &thread && is_schedulable(*current) && !current->in_ready_queue)
        kernel_state.ready.push_front(*current);
    cpu.current = &thread;
    schedule();
    outranked_ = kernel_state.ready.any_above(thread.priority);
    if (cpu.current != &thread)
        FAIL("another thread took the CPU");
}

template <class Entry>
void FakeMachine::enter_kernel(Entry&& entry) {
    try {
        const Context* resumed = entry();
        if (cpu.unsettled)
            FAIL("the kernel leaves something undone");
        if (!cpu.current || resumed != &cpu.current->context || cpu.current->state != ThreadState::runnable)
            FAIL("the kernel resumes a thread that is not the running one");
        if (x86::entry_area.tss.rsp0 != reinterpret_cast<Word>(resumed + 1))
            FAIL("the next entry would save its registers in another thread");
        const Word in_ring_3 = kernel_state.features.isolation ? x86::entry_area.user_cr3 : simulated.cr3;
        if (((in_ring_3 ^ loaded_cr3(true).raw()) & ~x86::Cr3::no_flush) != 0)
            FAIL("the CPU uses other tables than the kernel believes");
        if (simulated.fs_base != resumed->fs_base && cpu.loaded != cpu.current)
            FAIL("the segment bases are another thread's");
    } catch (const Idle&) {
        if (cpu.current)
            FAIL("the kernel idles while a thread could run");
    }
    if (checks_each_entry)
        check_invariants();
}

void FakeMachine::check_invariants() {
    const char* const broken = broken_invariant();
    outranked_ = outranked_ && broken;
    if (broken && !(outranked_ && std::string(broken).starts_with("27: nobody is ready above")))
        FAIL("no longer true: " << broken);
}

void FakeMachine::put_message(Tcb& thread, Word label, const Words& words, const Words& caps) {
    abi::IpcBuffer* const buffer = thread.buffer;
    for (unsigned i = 0; i < words.size(); i++) {
        if (i < abi::register_message_words)
            message_register(thread.context, i) = words[i];
        else if (buffer)
            buffer->message[i] = words[i];
    }
    for (unsigned i = 0; i < caps.size() && buffer; i++)
        buffer->caps_or_badges[i] = caps[i];
    thread.context.rsi =
        abi::MessageInfo(label, static_cast<unsigned>(words.size()), static_cast<unsigned>(caps.size())).raw();
}

CallResult FakeMachine::enter_again(Tcb& thread) {
    if (cpu.current != &thread)
        FAIL("only the running thread can make a system call");
    Context& context = thread.context;
    context.rip = syscall_ip + 2;
    context.rcx = context.rip;
    context.r11 = context.rflags;
    context.cs = user_code_selector;
    context.ss = user_data_selector;
    context.origin = origin_syscall;
    context.error_code = 0;
    enter_kernel([&] { return syscall_stub(context); });
    return answer_of(thread);
}

CallResult FakeMachine::enter(Tcb& thread, Syscall number, Word rdi) {
    thread.context.rdx = static_cast<Word>(number);
    thread.context.rdi = rdi;
    return enter_again(thread);
}

CallResult FakeMachine::answer_of(Tcb& thread) {
    const abi::MessageInfo info = message_info(thread);
    CallResult answer{thread.state == ThreadState::runnable && thread.context.rip == syscall_ip + 2,
                      info.label(),
                      thread.context.rdi,
                      info.length(),
                      info.extra_caps(),
                      info.caps_unwrapped(),
                      {}};
    const abi::IpcBuffer* const buffer = thread.buffer;
    for (unsigned i = 0; i < answer.length; i++) {
        if (i < abi::register_message_words)
            answer.words.push_back(message_register(thread.context, i));
        else if (buffer)
            answer.words.push_back(buffer->message[i]);
    }
    return answer;
}

CallResult FakeMachine::call(Tcb& thread, Word pointer, Word label, const Words& words, const Words& caps) {
    put_message(thread, label, words, caps);
    CallResult answer = enter(thread, Syscall::call, pointer);
    for (unsigned entries = 0; !answer.completed && cpu.current == &thread && waits(thread); entries++) {
        if (entries == 100'000)
            FAIL("method " << label << " of a capability of type " << static_cast<int>(cap(pointer).type())
                           << " makes no progress");
        answer = enter_again(thread);
    }
    return answer;
}

CallResult FakeMachine::send(Tcb& thread, Word pointer, Word label, const Words& words, const Words& caps,
                             Syscall number) {
    put_message(thread, label, words, caps);
    return enter(thread, number, pointer);
}

CallResult FakeMachine::receive(Tcb& thread, Word pointer, Word reply, Syscall number) {
    thread.context.r12 = reply;
    return enter(thread, number, pointer);
}

CallResult FakeMachine::reply_receive(Tcb& thread, Word pointer, Word reply, Word label, const Words& words) {
    put_message(thread, label, words);
    return receive(thread, pointer, reply, Syscall::reply_recv);
}

void FakeMachine::exception(Word vector, Word rip, Word error_code, Word address) {
    Context& context = cpu.current->context;
    context.rip = rip;
    context.origin = vector;
    context.error_code = error_code;
    simulated.cr2 = address;
    enter_kernel([&] { return exception_entry(&context); });
}

void FakeMachine::interrupt(Word vector) {
    if (cpu.current) {
        Context& context = cpu.current->context;
        context.origin = vector;
        return enter_kernel([&] { return interrupt_entry(&context); });
    }
    kernel_interrupt(vector);
    update_time();
    enter_kernel([] { return leave_kernel(); });
}

uint32_t ioapic_register(uint32_t number) { return ioapic_registers[number]; }

bool is_zero(const void* start, size_t bytes) {
    const auto* at = static_cast<const unsigned char*>(start);
    return std::all_of(at, at + bytes, [](unsigned char byte) { return byte == 0; });
}

} // namespace test
