// SPDX-License-Identifier: BSD-2-Clause
// The pager's CSpace and address space, piece by piece.
#include <init/pager_starter.hpp>

#include <sys/cap/asid.hpp>
#include <sys/proc/slots.hpp>

namespace init {

namespace layout = sys::protocol::pager_startup;

namespace {

constexpr unsigned small_bits = 8;
constexpr unsigned below_root = layout::leaf_bits + layout::copy_bits;
constinit layout::StartupBlock startup_block;

constexpr unsigned bits_for(Word slots) {
    unsigned bits = 1;
    while (Word{1} << bits < slots)
        ++bits;
    return bits;
}

sys::SlotRef own(sys::Object object) { return own_cnode.at(object.slot()); }

} // namespace

Result<void> PagerStarter::lend(sys::CNode lent_cnode, std::span<const Lending> lent) {
    Word next = 0;
    for (const Lending& lending : lent) {
        startup_block.lent[startup_block.lent_count++] = {next, lending.pages, lending.physical, lending.kind};
        for (Word i = 0; i < lending.pages; ++i, ++next)
            TRY(lent_cnode.at(next, lent_bits_).copy_from(own_cnode.at(lending.first_slot + i)));
    }
    return {};
}

/// The root CNode, with the pager's memory in it.
Result<void> PagerStarter::hand_over_memory() {
    const Word plain = chunks_.count(chunk_bits, layout::max_chunks);
    const Word first_giant = (plain + layout::giant_chunks - 1) / layout::giant_chunks;
    const Word giants = chunks_.count(giant_bits, layout::max_chunks / layout::giant_chunks - first_giant);
    chunk_count_ = giants == 0 ? plain : (first_giant + giants) * layout::giant_chunks;
    startup_block.giant_count = giants;
    root_bits_ = bits_for(layout::first_chunk + 2 * chunk_count_ + giants);
    root_ = sys::CNode(TRY(memory_.make(abi::ObjectType::cnode, root_bits_)));
    TRY(chunks_.hand_over(chunk_bits, root_, layout::first_chunk, plain,
                          [](Word number, Word physical) { startup_block.chunk_physical[number] = physical; }));
    const Word untypeds = layout::first_chunk + 2 * chunk_count_;
    return chunks_.hand_over(giant_bits, root_, untypeds, giants, [&](Word number, Word physical) {
        Word* const chunks = &startup_block.chunk_physical[(first_giant + number) * layout::giant_chunks];
        for (Word i = 0; i < layout::giant_chunks; ++i)
            chunks[i] = physical + (i << layout::chunk_bits);
    });
}

Result<void> PagerStarter::make_cspace(std::span<const Lending> lent) {
    TRY(hand_over_memory());

    for (const Lending& lending : lent)
        lent_pages_ += lending.pages;
    lent_bits_ = bits_for(lent_pages_ + LentMemory::spare_pages);
    if (lent_bits_ > below_root)
        return sys::Error(sys::ErrorCode::too_long, Word{1} << below_root);
    lent_cnode_ = sys::CNode(TRY(memory_.make(abi::ObjectType::cnode, lent_bits_)));
    TRY(lend(lent_cnode_, lent));
    const abi::CNodeData lent_guard(0, below_root - lent_bits_);
    TRY(root_.at(layout::lent_root, root_bits_).mint_from(own(lent_cnode_), abi::Rights::all(), lent_guard.raw()));

    const sys::CNode small(TRY(memory_.make(abi::ObjectType::cnode, small_bits)));
    const auto slot = [&](Word index) { return small.at(index, small_bits); };
    reply_ = sys::Reply(TRY(memory_.make(abi::ObjectType::reply)));
    TRY(slot(sys::slot::reply).copy_from(own(reply_)));
    TRY(slot(sys::slot::endpoint).copy_from(own(services_.pager)));
    TRY(slot(sys::slot::cnode).copy_from(own(root_)));
    TRY(slot(layout::vspace_slot).copy_from(own(space_)));
    TRY(slot(layout::asid_pool_slot).copy_from(own_cnode.at(abi::root_slot::asid_pool)));
    const abi::CNodeData small_guard(0, below_root - small_bits);
    return root_.at(0, root_bits_).mint_from(own(small), abi::Rights::all(), small_guard.raw());
}

/// What is writable stays visible to init, who fills it again when the pager has died; code does if its steps are watched.
Result<void> PagerStarter::load_segments(ForeignSpaceBuilder& builder, const Program& program) {
    for (const sys::elf::Segment& segment : program.image.segments()) {
        const auto content = program.file.content.subspan(segment.file_offset, segment.file_size);
        const sys::PageAccess access{.read = true, .write = segment.writable, .execute = segment.executable};
        const bool is_watched = segment.executable && steps_ != nullptr;
        if (!segment.writable && !is_watched) {
            TRY(builder.load(segment.address, segment.memory_size, content, access));
            continue;
        }
        TRY(builder.load_shared(segment.address, segment.memory_size, content, access, next_window_));
        const Word offset = segment.address % page_size;
        if (segment.writable)
            TRY(image_.add({next_window_ + offset, segment.memory_size, content}));
        else
            TRY(steps_->watch({reinterpret_cast<uint8_t*>(next_window_ + offset), content.size()}, segment.address));
        next_window_ += (offset + segment.memory_size + 2 * page_size) / page_size * page_size;
    }
    return {};
}

Result<Word> PagerStarter::make_space(const Program& program, std::span<const Lending> lent, Word archive_size) {
    SpaceBuilder foreign(memory_, space_);
    ForeignSpaceBuilder builder(own_, foreign, memory_);
    TRY(load_segments(builder, program));
    if (steps_ != nullptr)
        TRY(builder.load(PagerSteps::detour_address, sizeof PagerSteps::detour, PagerSteps::detour,
                         sys::PageAccess::read_execute()));
    const Lending& archive = lent.front();
    for (Word i = 0; i < archive.pages; ++i) {
        const Word copy = TRY(memory_.slots().take());
        TRY(own_cnode.at(copy).copy_from(own_cnode.at(archive.first_slot + i)));
        TRY(foreign.map(sys::Frame(copy), layout::archive_address + i * page_size, sys::PageAccess::read_only()));
    }
    startup_block.root_bits = root_bits_;
    startup_block.chunk_count = chunk_count_;
    startup_block.archive_size = archive_size;
    const Word block_size = __builtin_offsetof(layout::StartupBlock, chunk_physical) + chunk_count_ * sizeof(Word);
    startup_block.instances = 1;
    TRY(builder.load_shared(layout::block_address, block_size,
                            {reinterpret_cast<const uint8_t*>(&startup_block), block_size},
                            sys::PageAccess::read_only(), next_window_));
    image_.set_block(next_window_);
    image_.lent().open(lent_cnode_, lent_bits_, lent_pages_, *reinterpret_cast<layout::StartupBlock*>(next_window_));
    next_window_ += (block_size + page_size) / page_size * page_size;
    ipc_frame_ = TRY(builder.page(ipc_buffer_address, sys::PageAccess::read_write()));

    static uint8_t buffer[1024];
    const std::string_view arguments[] = {program.path};
    sys::StackContents contents;
    contents.arguments = arguments;
    contents.entry = program.image.entry();
    const auto stack = TRY(sys::build_initial_stack(buffer, stack_top, contents));
    constexpr Word own_stack = 0x1'0000;
    const Word top_page = (stack.stack_pointer / page_size) * page_size;
    TRY(builder.load(stack_top - own_stack, own_stack - (stack_top - top_page), {}, sys::PageAccess::read_write()));
    TRY(builder.load_shared(stack.stack_pointer, stack_top - stack.stack_pointer, stack.bytes,
                            sys::PageAccess::read_write(), next_window_));
    TRY(image_.add({next_window_ + (stack.stack_pointer - top_page), stack.bytes.size(), stack.bytes}));
    return stack.stack_pointer;
}

Result<void> PagerStarter::start(const Program& program, std::span<const Lending> lent, Word archive_size,
                                 sys::Endpoint guardian, uint8_t priority) {
    space_ = sys::VSpace(TRY(memory_.make(abi::ObjectType::pml4)));
    TRY(sys::AsidPool(abi::root_slot::asid_pool).assign(space_));
    TRY(make_cspace(lent));
    const Word stack_pointer = TRY(make_space(program, lent, archive_size));

    const sys::Tcb thread(TRY(memory_.make(abi::ObjectType::tcb)));
    const sys::SchedContext context(TRY(memory_.make(abi::ObjectType::sched_context, 8)));
    TRY(services_.sched_control.configure(context, {.budget = {5000}, .period = {5000}}));
    image_.set_start(thread, reply_.slot(), program.image.entry(), stack_pointer, ipc_buffer_address);
    return thread.spawn({.cspace = root_,
                         .cspace_data = abi::CNodeData(0, abi::word_bits - root_bits_ - below_root).raw(),
                         .vspace = space_,
                         .fault_handler = guardian,
                         .sched_context = context,
                         .ipc_buffer_frame = ipc_frame_,
                         .ipc_buffer = ipc_buffer_address,
                         .authority = services_.authority,
                         .priority = {priority},
                         .max_controlled_priority = {priority},
                         .entry = program.image.entry(),
                         .stack_pointer = stack_pointer,
                         .argument = ipc_buffer_address,
                         .fs_base = 0});
}

} // namespace init
