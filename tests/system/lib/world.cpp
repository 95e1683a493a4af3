// SPDX-License-Identifier: BSD-2-Clause
#include <sys/util/panic.hpp>
#include <tests/system/lib/world.hpp>

namespace test {
namespace {

constexpr size_t managed_slots = 2048;
constexpr uint16_t debug_exit_port = 0xf4;
/// The window: one page table in the root task's first GiB, far behind its image.
constexpr Word window_base = 0x2800'0000;
constexpr size_t window_pages = 128;

const abi::BootInfo* the_boot_info;
sys::CSpace* the_space;
Word arena_slot;
Word debug_exit_slot;
Word first_free_slot; ///< those before are taken for good
Word tsc_mhz;
bool page_taken[window_pages];

/// The thread that waits for faults of the case's own, and what it needs.
Word guard_endpoint_slot;
Word guard_reply_slot;
sys::Untyped guard_memory;
FaultReport guard_report;
sys::raw::ThreadBlock guard_block{&guard_block, nullptr};
alignas(16) uint8_t guard_stack[4096];
constexpr unsigned guard_memory_bits = 14;
constexpr uint8_t guard_exit_code = 0x11;

/// The smallest piece of RAM that holds the arena and a little more.
sys::Untyped choose_memory() {
    unsigned best_bits = 64;
    Word best = 0;
    const abi::SlotRegion region = the_boot_info->untyped;
    for (Word i = 0; i < region.count(); ++i) {
        const abi::UntypedDescriptor& piece = the_boot_info->untyped_list[i];
        if (piece.is_device || piece.size_bits <= arena_bits || piece.size_bits >= best_bits)
            continue;
        best_bits = piece.size_bits;
        best = region.start + i;
    }
    sys::require(best != 0, "no untyped memory for the tests");
    return sys::Untyped(best);
}

/// A slot that is taken for good.
Word permanent_slot() {
    const Word slot = the_space->allocate().take().detach();
    first_free_slot = slot + 1;
    return slot;
}

bool arena_is_whole() {
    const auto all = sys::make_object<sys::Untyped>(space(), arena(), arena_bits);
    return all.is_ok();
}

Word count_strays() {
    Word strays = 0;
    const sys::SlotAllocator& slots = the_space->slots();
    for (Word slot = slots.first(); slot < slots.end(); ++slot) {
        if (is_empty(slot))
            continue;
        if (the_space->slots().reserve(slot).is_ok()) { // counted as free, and it is not
            ++strays;
            static_cast<void>(the_space->slots().release(slot));
        }
    }
    return strays;
}

/// An object of the guard's, for good.
Word make_permanent(abi::ObjectType type, unsigned size_bits = 0) {
    const Word slot = permanent_slot();
    guard_memory.retype_into(type, size_bits, own_cnode(), slot).take();
    return slot;
}

[[noreturn]] void wait_for_own_fault() {
    guard_report(sys::Endpoint(guard_endpoint_slot).receive(sys::Reply(guard_reply_slot)));
    leave_machine(guard_exit_code);
}

} // namespace

void set_up_world(const abi::BootInfo& boot_info) {
    the_boot_info = &boot_info;
    static sys::StaticSlotAllocator<managed_slots> slots(boot_info.empty.start);
    static sys::CSpace own(own_cnode(), slots);
    the_space = &own;

    const std::span<const uint8_t> chunk = boot_chunk(abi::boot_chunk::tsc_mhz);
    for (size_t i = 0; i < 4 && i < chunk.size(); ++i)
        tsc_mhz |= Word{chunk[i]} << (8 * i);
    sys::require(tsc_mhz != 0, "the boot information has no TSC frequency");

    const sys::Untyped memory = choose_memory();
    arena_slot = permanent_slot();
    memory.retype_into(abi::ObjectType::untyped, arena_bits, own_cnode(), arena_slot).take();
    const sys::PageTable table(permanent_slot());
    memory.retype_into(abi::ObjectType::page_table, 0, own_cnode(), table.slot()).take();
    table.map(own_space(), window_base).take();
    debug_exit_slot = permanent_slot();
    sys::IoPortControl(abi::root_slot::io_port_control)
        .issue(debug_exit_port, debug_exit_port, space().at(debug_exit_slot))
        .take();
    own_tcb().set_priority(own_tcb(), base_priority).take();
    guard_memory = sys::Untyped(permanent_slot());
    memory.retype_into(abi::ObjectType::untyped, guard_memory_bits, own_cnode(), guard_memory.slot()).take();
}

sys::Endpoint own_fault_handler() { return sys::Endpoint(guard_endpoint_slot); }

void guard_own_thread(FaultReport report) {
    guard_report = report;
    guard_endpoint_slot = make_permanent(abi::ObjectType::endpoint);
    guard_reply_slot = make_permanent(abi::ObjectType::reply);
    const sys::Tcb tcb(make_permanent(abi::ObjectType::tcb));
    const sys::SchedContext context(make_permanent(abi::ObjectType::sched_context, 8));
    sched_control().configure(context, {{5000}, {5000}}).take();
    tcb.configure(own_cnode(), 0, own_space(), 0, {}).take();
    tcb.set_sched_params(own_tcb(), {}, sys::Priority{255}, context, {}).take();
    sys::UserRegisters registers;
    registers[abi::UserRegister::rip] = reinterpret_cast<Word>(&wait_for_own_fault);
    registers[abi::UserRegister::rsp] = reinterpret_cast<Word>(guard_stack + sizeof(guard_stack) - 8);
    registers[abi::UserRegister::fs_base] = reinterpret_cast<Word>(&guard_block);
    tcb.write_registers(registers, abi::user_register_count, true).take();
    own_tcb()
        .set_sched_params(own_tcb(), sys::Priority{255}, base_priority,
                          sys::SchedContext(abi::root_slot::sched_context), own_fault_handler())
        .take();
}

void leave_machine(uint8_t code) {
    static_cast<void>(sys::IoPorts(debug_exit_slot).out8(debug_exit_port, code));
    sys::panic("the machine has no debug-exit device");
}

const abi::BootInfo& boot_info() { return *the_boot_info; }

std::span<const uint8_t> boot_chunk(Word id) {
    const auto* at = reinterpret_cast<const uint8_t*>(the_boot_info) + page_size;
    const uint8_t* const end = at + the_boot_info->extra_length;
    while (at < end) {
        abi::BootChunk header;
        __builtin_memcpy(&header, at, sizeof(header));
        if (header.length < sizeof(header))
            break;
        if (header.id == id)
            return {at + sizeof(header), at + header.length};
        at += header.length;
    }
    return {};
}

sys::CSpace& space() { return *the_space; }
sys::Untyped arena() { return sys::Untyped(arena_slot); }
Word ticks_per_microsecond() { return tsc_mhz; }

bool is_empty(Word slot) {
    const sys::SlotRef ref = space().at(slot);
    return ref.move_from(ref).error() != abi::Error::delete_first; // onto itself: that is looked at first
}

Census take_census() { return {the_space->slots().free_count(), count_strays(), arena_is_whole()}; }

void recover() {
    static_cast<void>(space().at(arena_slot).revoke());
    const sys::SlotAllocator& slots = the_space->slots();
    for (Word slot = slots.first(); slot < slots.end(); ++slot) {
        const bool permanent = slot < first_free_slot;
        if (permanent)
            continue;
        if (!is_empty(slot))
            static_cast<void>(space().at(slot).remove());
        static_cast<void>(the_space->slots().release(slot));
    }
    for (bool& taken : page_taken)
        taken = false;
}

Result<Cap<sys::Object>> make(sys::Untyped memory, abi::ObjectType type, unsigned size_bits) {
    sys::Slot slot = TRY(space().allocate());
    TRY(memory.retype_into(type, size_bits, own_cnode(), slot.number()));
    return Cap<sys::Object>::adopt(std::move(slot));
}

Word take_window_page() {
    for (size_t i = 0; i < window_pages; ++i) {
        if (page_taken[i])
            continue;
        page_taken[i] = true;
        return window_base + i * page_size;
    }
    sys::panic("the window is full");
}

void release_window_page(Word address) { page_taken[(address - window_base) / page_size] = false; }

View::View(View&& other) : mapping_(std::move(other.mapping_)), bytes_(std::exchange(other.bytes_, nullptr)) {}

View::~View() {
    mapping_.reset();
    if (bytes_ != nullptr)
        release_window_page(reinterpret_cast<Word>(bytes_));
}

Result<View> View::of(sys::Frame frame, abi::MemoryType memory) {
    View view;
    view.mapping_ = TRY(sys::copy_cap(space(), frame));
    view.bytes_ = reinterpret_cast<uint8_t*>(take_window_page());
    sys::PageAccess access = sys::PageAccess::read_write();
    access.memory = memory;
    TRY(view.mapping_->map(own_space(), reinterpret_cast<Word>(view.bytes_), access));
    return view;
}

std::span<const Word> hostile_words() {
    // reliability: capability pointers, addresses around every edge, lengths, wrap-arounds.
    static constexpr Word words[] = {
        0,
        1,
        2,
        3,
        7,
        8,
        63,
        64,
        65,
        119,
        120,
        121,
        127,
        128,
        255,
        256,
        4095,
        4096,
        0x3fff'ffff,
        0x400000,
        0x400001,
        0xffff'ffff,
        0x1'0000'0000,
        0x7fff'ffff'efff,
        0x7fff'ffff'f000,
        0x7fff'ffff'ffff,
        0x8000'0000'0000,
        0xffff'7fff'ffff'ffff,
        0xffff'8000'0000'0000,
        0xffff'8000'0010'0000,
        0xffff'ffff'7fff'f000,
        0xffff'ffff'8000'0000,
        0xffff'ffff'8010'0000,
        0xffff'ffff'ffff'f000,
        0xffff'ffff'ffff'fff8,
        ~Word{0},
        0x8000'0000'0000'0000,
        0x7fff'ffff'ffff'ffff,
        0x8000'0000,
    };
    return words;
}

} // namespace test
