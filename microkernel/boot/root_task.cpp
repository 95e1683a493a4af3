// SPDX-License-Identifier: BSD-2-Clause
#include <boot/elf.hpp>
#include <boot/extra_boot_info.hpp>
#include <boot/root_task.hpp>
#include <boot/untyped_plan.hpp>
#include <cap/copying.hpp>
#include <cap/derivation.hpp>
#include <check/watch.hpp>
#include <lib/assert.hpp>
#include <lib/log.hpp>
#include <lifetime/retype.hpp>
#include <lifetime/thread_space.hpp>
#include <sched/scheduler.hpp>
#include <space/address_space.hpp>
#include <space/mapping.hpp>
#include <syscall/syscall.hpp>

#include <cstring>

namespace kernel {

extern "C" [[noreturn]] void enter_user(Context* context);

namespace {

namespace at = abi::root_slot;

constexpr Word page_size = bit(abi::page_bits);
constexpr unsigned root_cnode_bits = 16;
constexpr unsigned small_root_cnode_bits = 13;
constexpr unsigned root_context_bits = 8;
constexpr Asid root_asid{1};
/// A machine with less free memory gets the smaller CNode.
constexpr Word comfortable_memory = Word{48} << 20;

/// Its address space: the image, then these, each on a page of its own: IPC buffer, boot information, the extra chunks.
class RootTask {
public:
    void read_image(const BootImage& boot) {
        const PhysRange range = boot.modules[0].range();
        file_ = std::span(window<const std::byte>(range.start), range.size());
        read_elf(file_, image_);
        extra_.write(boot, kernel_state.tsc_mhz);
        extra_end_ = extra_start() + align_up(extra_.bytes().size(), page_size);
    }

    void make_objects(BootMemory& memory) {
        memory_ = &memory;
        cnode_bits_ = memory.free_bytes() < comfortable_memory ? small_root_cnode_bits : root_cnode_bits;
        const Word cnode_bytes = sizeof(Slot) << cnode_bits_;
        const PhysAddr cnode = allocate(cnode_bytes, cnode_bytes);
        slots_ = window<Slot>(cnode);
        const PhysAddr tcb = allocate(page_size);
        const PhysAddr context = allocate(page_size);
        init_thread(*window<Tcb>(tcb));
        root_ = allocate(page_size);
        init_space(root_);
        info_ = window<abi::BootInfo>(allocate(page_size));

        place(slots_[at::tcb], Capability::tcb(tcb));
        Capability cnode_cap = Capability::cnode(cnode, cnode_bits_);
        cnode_cap.set_guard(abi::CNodeData(0, abi::word_bits - cnode_bits_).raw());
        place(slots_[at::cnode], cnode_cap);
        Capability vspace = Capability::table(CapType::pml4, root_);
        vspace.set_asid(root_asid);
        kernel_state.asid_pools[0] = true;
        kernel_state.spaces[0] = 1;
        kernel_state.spaces[root_asid.value] = vspace.raw0();
        place(slots_[at::vspace], vspace);
        place(slots_[at::irq_control], Capability::control(CapType::irq_control));
        place(slots_[at::asid_control], Capability::control(CapType::asid_control));
        place(slots_[at::asid_pool], Capability::asid_pool(allocate(page_size), 0));
        place(slots_[at::io_port_control], Capability::control(CapType::io_port_control));
        place(slots_[at::domain_set], Capability::control(CapType::domain_set));
        place(slots_[at::sched_context], Capability::sched_context(context, root_context_bits));
        next_ = at::first_region;
        place(next_slot(), Capability::control(CapType::sched_control));
        info_->sched_control = {at::first_region, next_};
    }

    void map_paging() {
        const Word first = next_;
        for (const CapType type : {CapType::pdpt, CapType::page_directory, CapType::page_table}) {
            const Level level = level_above(table_level(type));
            const Word span = bit(span_bits(level));
            for (VirtAddr address = image_.start().aligned_down(span); address < extra_end_; address = address + span) {
                Slot& table = next_slot();
                place(table, Capability::table(type, allocate(page_size)));
                map_table(table, *walk(root_, address, level).entry, root_asid, address);
            }
        }
        info_->user_image_paging = {first, next_};
    }

    void map_pages() {
        Word first = next_;
        std::ranges::copy(extra_.bytes(), map_new_pages(extra_start(), extra_end_ - extra_start()));
        info_->extra_frames = {first, next_};

        first = next_;
        const Word image_bytes = image_.page_count() * page_size;
        load_image(file_, image_, {map_new_pages(image_.start(), image_bytes), image_bytes});
        info_->user_image_frames = {first, next_};

        map_page(slots_[at::ipc_buffer], allocate(page_size), ipc_buffer());
        map_page(slots_[at::boot_info_frame], physical(info_), boot_info());
    }

    void hand_out_memory() {
        make_untyped_plan(*memory_, untyped_);
        if (untyped_.lost_ram_bytes != 0 || untyped_.lost_device_bytes != 0)
            log("KERNEL: the memory map is too fragmented: {} bytes of RAM and {} of device memory are not handed out",
                untyped_.lost_ram_bytes, untyped_.lost_device_bytes);
        const Word first = next_;
        for (const abi::UntypedDescriptor& piece : untyped_.pieces) {
            info_->untyped_list[next_ - first] = piece;
            place(next_slot(), Capability::untyped(PhysAddr(piece.paddr), piece.size_bits, piece.is_device));
        }
        info_->untyped = {first, next_};
        info_->empty = {next_, bit(cnode_bits_)};
    }

    void write_boot_info() {
        info_->extra_length = extra_.bytes().size();
        info_->node_count = 1;
        info_->io_page_table_levels = ~Word{0};
        info_->ipc_buffer = ipc_buffer().raw();
        info_->cnode_bits = cnode_bits_;
    }

    void start() {
        Tcb& thread = *window<Tcb>(slots_[at::tcb].cap.object());
        const auto give = [&](TcbSlot which, Slot& source, Word buffer_at = 0) {
            install(thread, which, {*derive(source), &source, source.cap, buffer_at});
        };
        give(TcbSlot::cspace, slots_[at::cnode]);
        give(TcbSlot::vspace, slots_[at::vspace]);
        give(TcbSlot::ipc_buffer, slots_[at::ipc_buffer], ipc_buffer().raw());
        thread.context.rip = image_.entry.raw();
        thread.context.rdi = boot_info().raw();
        thread.priority = 255;
        thread.mcp = 255;
        thread.name = {'r', 'o', 'o', 't'};
        thread.state = ThreadState::runnable;
        auto& context = *window<SchedContext>(slots_[at::sched_context].cap.object());
        context.budget = kernel_state.ticks(boot_time_slice_us);
        context.period = context.budget;
        update_time();
        cpu.charged_until = cpu.now;
        set_refills(context, 2, cpu.now);
        bind_context(context, thread);
    }

private:
    VirtAddr ipc_buffer() const { return image_.end(); }
    VirtAddr boot_info() const { return ipc_buffer() + page_size; }
    VirtAddr extra_start() const { return boot_info() + page_size; }

    PhysAddr allocate(Word bytes, Word alignment = page_size) {
        const PhysAddr place = memory_->allocate(bytes, alignment);
        x86::stosq_zero(window<void>(place), bytes);
        return place;
    }
    Slot& next_slot() {
        require(next_ < bit(cnode_bits_), "the root task's image needs more capabilities than its CNode holds");
        return slots_[next_++];
    }
    static void place(Slot& slot, const Capability& cap) { insert_original(slot, cap, &kernel_state.capabilities); }
    void map_page(Slot& slot, PhysAddr page, VirtAddr address) {
        place(slot, Capability::frame(page, FrameSize::small_4k, false));
        const Entry entry = Entry::page(page, Level::pt, {true, true, true}, 0, kernel_state.features.no_execute);
        map_frame(slot, entry, *walk(root_, address).entry, root_asid, address);
    }
    /// `bytes`, whole pages, of zeros at `address`, with a capability for each page.
    std::byte* map_new_pages(VirtAddr address, Word bytes) {
        const PhysAddr pages = allocate(bytes);
        for (Word offset = 0; offset < bytes; offset += page_size)
            map_page(next_slot(), pages + offset, address + offset);
        return window<std::byte>(pages);
    }

    ByteView file_;
    ElfImage image_;
    ExtraBootInfo extra_;
    VirtAddr extra_end_;
    BootMemory* memory_ = nullptr;
    UntypedPlan untyped_;
    unsigned cnode_bits_ = 0;
    Slot* slots_ = nullptr;
    Word next_ = 0; ///< slot
    PhysAddr root_;
    abi::BootInfo* info_ = nullptr;
};

constinit RootTask task{}; // too large for the stack

/// What a module's last page holds behind it is nobody's business.
void clear_module_tails(const BootImage& image) {
    for (const Module& module : image.modules) {
        const PhysAddr end = module.range().end;
        std::memset(window<void>(end), 0, align_up(end.raw(), page_size) - end.raw());
    }
}

} // namespace

void start_root_task(BootImage& image) {
    clear_module_tails(image);
    task.read_image(image);
    task.make_objects(image.memory);
    task.map_paging();
    task.map_pages();
    task.hand_out_memory();
    task.write_boot_info();
    task.start();
    log("KERNEL: root task starts, {} KiB of memory are free", image.memory.free_bytes() / 1024);
    if constexpr (config::debug)
        begin_checks();
    enter_user(leave_kernel());
}

} // namespace kernel
