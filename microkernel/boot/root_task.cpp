// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/instructions.hpp>
#include <arch/x86_64/paging/walk.hpp>
#include <arch/x86_64/panic.hpp>
#include <boot/boot_info_writer.hpp>
#include <boot/elf.hpp>
#include <boot/root_task.hpp>
#include <boot/untyped_plan.hpp>
#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <lib/log.hpp>
#include <lifetime/retype.hpp>
#include <lifetime/thread_space.hpp>
#include <mem/direct_map.hpp>
#include <sched/refill.hpp>
#include <sched/scheduler.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>
#include <syscall/syscall.hpp>

namespace kernel {

extern "C" [[noreturn]] void enter_user(Context* context);

namespace {

constexpr Word page_size = bit(abi::page_bits);
constexpr unsigned root_cnode_bits = 16;
constexpr unsigned small_root_cnode_bits = 13;
constexpr unsigned root_context_bits = 8;
constexpr Asid root_asid{1};
/// A machine with less free memory gets the smaller CNode.
constexpr Word comfortable_memory = Word{48} << 20;

/// Where things are in the root task's address space: the image, then these, each on a page of its own.
struct RootLayout {
    VirtAddr image;
    VirtAddr ipc_buffer;
    VirtAddr boot_info;
    VirtAddr extra;
    VirtAddr end;
};

/// Everything that is too large for the kernel stack.
struct Workspace {
    ElfImage image;
    UntypedPlan untyped;
};
constinit Workspace workspace{};

class RootTask {
public:
    explicit RootTask(Machine& machine) : machine_(machine) {}

    void read_image();
    void make_objects();
    void map_paging();
    void map_frames();
    void hand_out_memory();
    void write_boot_info();
    void start();

private:
    PhysAddr allocate(Word bytes, Word alignment) {
        const auto place = machine_.memory.allocate(bytes, alignment);
        if (!place)
            panic_formatted("no memory for the root task: {} bytes", bytes);
        x86::stosq_zero(window<void>(*place), bytes);
        return *place;
    }
    Slot& slot(Word index) { return slots_[index]; }
    Slot& next_slot() {
        if (next_ == bit(cnode_bits_))
            panic("the root task's image needs more capabilities than its CNode holds");
        return slots_[next_++];
    }
    void place(Word index, const Capability& cap) { insert_original(slot(index), cap, nullptr); }
    /// Maps a page of RAM at `address` and puts its capability into `slot`.
    void map_page(Slot& slot, PhysAddr page, VirtAddr address);
    abi::SlotRegion since(Word start) const { return {start, next_}; }
    std::span<const std::byte> file() const {
        const PhysRange range = machine_.image.modules[0].range;
        return {window<const std::byte>(range.start), range.size()};
    }

    Machine& machine_;
    RootLayout layout_{};
    unsigned cnode_bits_ = root_cnode_bits;
    Slot* slots_ = nullptr;
    Word next_ = abi::root_slot::first_region;
    Tcb* thread_ = nullptr;
    PhysAddr root_;
    PhysAddr boot_info_page_;
    PhysAddr extra_pages_;
    abi::BootInfo* info_ = nullptr;
};

void RootTask::read_image() {
    if (machine_.image.modules.is_empty())
        panic("no root task: the boot loader loaded no module");
    if (const auto read = read_elf(file(), workspace.image); !read)
        panic_formatted("the root task's file is refused: {}", describe(read.error()));
    layout_.image = workspace.image.start();
    layout_.ipc_buffer = workspace.image.end();
    layout_.boot_info = layout_.ipc_buffer + page_size;
    layout_.extra = layout_.boot_info + page_size;
    layout_.end = layout_.extra + align_up(extra_boot_info_bytes(machine_.image), page_size);
}

void RootTask::make_objects() {
    namespace at = abi::root_slot;
    if (machine_.memory.free_bytes() < comfortable_memory)
        cnode_bits_ = small_root_cnode_bits;
    const Word cnode_bytes = sizeof(Slot) << cnode_bits_;
    const PhysAddr cnode = allocate(cnode_bytes, cnode_bytes);
    slots_ = window<Slot>(cnode);
    // One page holds the TCB and the scheduling context.
    const PhysAddr tcb = allocate(page_size, page_size);
    const PhysAddr context = tcb + bit(abi::object_bits(abi::ObjectType::tcb, 0));
    thread_ = window<Tcb>(tcb);
    init_thread(*thread_);
    root_ = allocate(page_size, page_size);
    init_space(root_);
    const PhysAddr pool = allocate(page_size, page_size);
    kernel_state.asid_pools[0] = true;

    place(at::tcb, Capability::tcb(tcb));
    Capability cnode_cap = Capability::cnode(cnode, cnode_bits_);
    cnode_cap.set_guard(abi::CNodeData(0, abi::word_bits - cnode_bits_).raw());
    place(at::cnode, cnode_cap);
    Capability vspace = Capability::table(CapType::pml4, root_);
    vspace.set_asid(root_asid);
    kernel_state.spaces[root_asid.value] = vspace.raw0();
    place(at::vspace, vspace);
    place(at::irq_control, Capability::control(CapType::irq_control));
    place(at::asid_control, Capability::control(CapType::asid_control));
    place(at::asid_pool, Capability::asid_pool(pool, 0));
    place(at::io_port_control, Capability::control(CapType::io_port_control));
    place(at::domain_set, Capability::control(CapType::domain_set));
    place(at::sched_context, Capability::sched_context(context, root_context_bits));
    insert_original(next_slot(), Capability::control(CapType::sched_control), nullptr);

    boot_info_page_ = allocate(page_size, page_size);
    info_ = window<abi::BootInfo>(boot_info_page_);
    info_->sched_control = since(at::first_region);
}

void RootTask::map_paging() {
    const Word first = next_;
    for (CapType type : {CapType::pdpt, CapType::page_directory, CapType::page_table}) {
        const Level level = level_above(table_level(type));
        const Word span = bit(span_bits(level));
        for (Word address = align_down(layout_.image.raw(), span); address < layout_.end.raw(); address += span) {
            Slot& table = next_slot();
            insert_original(table, Capability::table(type, allocate(page_size, page_size)), nullptr);
            map_table(table, *walk(root_, VirtAddr(address), level).entry, root_asid, VirtAddr(address));
        }
    }
    info_->user_image_paging = since(first);
}

void RootTask::map_page(Slot& slot, PhysAddr page, VirtAddr address) {
    insert_original(slot, Capability::frame(page, FrameSize::small_4k, false), nullptr);
    const Entry entry = Entry::page(page, Level::pt, {true, true, true}, 0, kernel_state.features.no_execute);
    map_frame(slot, entry, *walk(root_, address).entry, root_asid, address);
}

void RootTask::map_frames() {
    namespace at = abi::root_slot;
    const Word extra_bytes = layout_.end - layout_.extra;
    extra_pages_ = allocate(extra_bytes, page_size);
    Word first = next_;
    for (Word offset = 0; offset < extra_bytes; offset += page_size)
        map_page(next_slot(), extra_pages_ + offset, layout_.extra + offset);
    info_->extra_frames = since(first);

    const ElfImage& image = workspace.image;
    const PhysAddr pages = allocate(image.page_count() * page_size, page_size);
    first = next_;
    for (Word offset = 0; offset < image.page_count() * page_size; offset += page_size) {
        const std::span<std::byte, page_size> target(window<std::byte>(pages + offset), page_size);
        fill_image_page(file(), image, layout_.image + offset, target);
        map_page(next_slot(), pages + offset, layout_.image + offset);
    }
    info_->user_image_frames = since(first);
    map_page(slot(at::boot_info_frame), boot_info_page_, layout_.boot_info);
    map_page(slot(at::ipc_buffer), allocate(page_size, page_size), layout_.ipc_buffer);
}

void RootTask::hand_out_memory() {
    UntypedPlan& plan = workspace.untyped;
    make_untyped_plan(machine_.memory, plan);
    if (plan.lost_ram_bytes != 0 || plan.lost_device_bytes != 0)
        log("KERNEL: the memory map is too fragmented: {} bytes of RAM and {} of device memory are not handed out",
            plan.lost_ram_bytes, plan.lost_device_bytes);
    const Word first = next_;
    for (size_t i = 0; i < plan.pieces.size(); i++) {
        const UntypedPiece& piece = plan.pieces[i];
        insert_original(next_slot(), Capability::untyped(piece.base, piece.size_bits, piece.is_device), nullptr);
        info_->untyped_list[i] = {piece.base.raw(), piece.size_bits, piece.is_device, {}};
    }
    info_->untyped = since(first);
    info_->empty = {next_, bit(cnode_bits_)};
}

void RootTask::write_boot_info() {
    info_->node_count = 1;
    info_->io_page_table_levels = ~Word{0};
    info_->ipc_buffer = layout_.ipc_buffer.raw();
    info_->cnode_bits = cnode_bits_;
    info_->extra_length = write_extra_boot_info(machine_.image, kernel_state.tsc_mhz,
                                                {window<std::byte>(extra_pages_), layout_.end - layout_.extra});
}

void RootTask::start() {
    namespace at = abi::root_slot;
    Tcb& thread = *thread_;
    const auto give = [&](TcbSlot which, Word index, Word buffer_at = 0) {
        Slot& source = slot(index);
        install(thread, which, {*derive(source), &source, source.cap, buffer_at});
    };
    give(TcbSlot::cspace, at::cnode);
    give(TcbSlot::vspace, at::vspace);
    give(TcbSlot::ipc_buffer, at::ipc_buffer, layout_.ipc_buffer.raw());
    thread.context.rip = workspace.image.entry.raw();
    thread.context.rdi = layout_.boot_info.raw();
    thread.priority = 255;
    thread.mcp = 255;
    thread.name = {'r', 'o', 'o', 't'};
    thread.state = ThreadState::runnable;
    auto& context = *window<SchedContext>(slot(at::sched_context).cap.object());
    context.budget = kernel_state.ticks(boot_time_slice_us);
    context.period = context.budget;
    update_time();
    cpu.charged_until = cpu.now;
    set_refills(context, 2, cpu.now);
    bind_context(context, thread);
}

void note_machine(const Machine& machine) {
    kernel_state.kernel_pml4 = machine.kernel_pml4;
    kernel_state.tsc_mhz = machine.tsc_hz / 1'000'000;
    kernel_state.release.seed(x86::rdtsc());
    kernel_state.min_budget = kernel_state.ticks(min_budget_us);
    kernel_state.features = {machine.features.fsgsbase, machine.features.pcid, machine.features.invpcid,
                             machine.features.no_execute, machine.features.huge_pages};
    // Only what the window shows: memory below 1 MiB, or on a page that is not all RAM, cannot be read through it.
    for (const PhysRange& range : machine.window.values()) {
        if (!kernel_state.ram.push(range))
            log("KERNEL: more pieces of RAM than Spawn will know: {}", range.start);
    }
}

/// What a module's last page holds behind it is nobody's business. The boot loader may have put its own information
/// there, module names included: only when nobody needs that any more.
void clear_module_tails(const BootImage& image) {
    for (const Module& module : image.modules) {
        const PhysAddr end = module.range.end;
        const Word tail = align_up(end.raw(), page_size) - end.raw();
        auto* bytes = window<std::byte>(end);
        for (Word i = 0; i < tail; i++)
            bytes[i] = std::byte{0};
    }
}

} // namespace

void start_root_task(Machine& machine) {
    note_machine(machine);
    RootTask task(machine);
    task.read_image();
    task.make_objects();
    task.map_paging();
    task.map_frames();
    task.hand_out_memory();
    task.write_boot_info();
    clear_module_tails(machine.image);
    task.start();
    log("KERNEL: root task starts, {} KiB of memory are free", machine.memory.free_bytes() / 1024);
    enter_user(leave_kernel());
}

} // namespace kernel
