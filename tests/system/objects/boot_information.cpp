// SPDX-License-Identifier: BSD-2-Clause
// The boot-information page, its extra chunks, and the capabilities that the root task finds: each as the ABI says.
#include <tests/system/lib/invoke.hpp>

using abi::Invocation;
using test::boot_info;
using test::invoke;
using test::own_space;
using test::page_size;
using test::Word;

namespace {

constexpr Word four_gib = Word{1} << 32;

template <class T>
T read_at(const uint8_t* place) {
    T value;
    __builtin_memcpy(&value, place, sizeof(value));
    return value;
}

/// Whether the slot holds a capability that knows this method: told nothing it says that the message is too short.
bool knows(Word slot, Invocation method) { return invoke(slot, method).is(abi::Error::truncated_message); }

std::span<const abi::UntypedDescriptor> pieces() { return {boot_info().untyped_list, boot_info().untyped.count()}; }
Word end_of(const abi::UntypedDescriptor& piece) { return piece.paddr + (Word{1} << piece.size_bits); }

/// Whether the frame in `slot` is the page that the root task sees at `address`.
bool is_page_at(Word slot, Word address) {
    const auto view = test::View::of(sys::Frame(slot));
    if (!view)
        return false;
    auto* const here = reinterpret_cast<volatile uint8_t*>(address);
    const uint8_t before = *here;
    *here = static_cast<uint8_t>(before + 1);
    const bool same = view->bytes()[0] == static_cast<uint8_t>(before + 1);
    *here = before;
    return same;
}

} // namespace

SYSTEM_TEST("boot information: one node, one core, no IOMMU, domain 0, this IPC buffer") {
    const abi::BootInfo& info = boot_info();
    CHECK_EQUAL(info.node_id, 0);
    CHECK_EQUAL(info.node_count, 1);
    CHECK_EQUAL(info.io_page_table_levels, ~Word{0});
    CHECK_EQUAL(info.domain, 0);
    CHECK_EQUAL(info.ipc_buffer, reinterpret_cast<Word>(sys::raw::ipc_buffer()));
    CHECK(info.cnode_bits >= 13);
    CHECK_EQUAL(reinterpret_cast<Word>(&info) % page_size, 0);
    CHECK_EQUAL(info.ipc_buffer + page_size, reinterpret_cast<Word>(&info)); // the buffer is one page before it
}

SYSTEM_TEST("boot information: regions that are not used are 0, 0") {
    CHECK(boot_info().shared_frames.start == 0 && boot_info().shared_frames.end == 0);
    CHECK(boot_info().io_space_caps.start == 0 && boot_info().io_space_caps.end == 0);
}

SYSTEM_TEST("boot information: regions follow each other from slot 16 on, untyped before the empty slots") {
    const abi::BootInfo& info = boot_info();
    CHECK_EQUAL(info.sched_control.start, 16);
    CHECK_EQUAL(info.sched_control.count(), 1);
    CHECK_EQUAL(info.user_image_paging.start, info.sched_control.end);
    CHECK_EQUAL(info.extra_frames.start, info.user_image_paging.end);
    CHECK_EQUAL(info.user_image_frames.start, info.extra_frames.end);
    CHECK_EQUAL(info.untyped.start, info.user_image_frames.end);
    CHECK_EQUAL(info.empty.start, info.untyped.end);
    CHECK_EQUAL(info.empty.end, Word{1} << info.cnode_bits);
    CHECK(info.untyped.count() <= abi::max_boot_untyped);
}

SYSTEM_TEST("boot information: slots 1 to 14 hold what they shall") {
    namespace at = abi::root_slot;
    CHECK_ANSWER(invoke(at::tcb, Invocation::tcb_read_registers, {0, 1}), illegal_operation); // oneself
    CHECK(knows(at::tcb, Invocation::tcb_configure));
    CHECK(knows(at::cnode, Invocation::cnode_copy));
    CHECK_ANSWER(invoke(at::vspace, Invocation::page_map), illegal_operation); // has no methods, but is a space:
    REQUIRE_VALUE(frame, sys::make_object<sys::Frame>(test::space(), test::arena()));
    const Word page = test::take_window_page();
    CHECK_OK(frame->map(sys::VSpace(at::vspace), page, sys::PageAccess::read_write()));
    *reinterpret_cast<volatile Word*>(page) = 1;
    test::release_window_page(page);
    CHECK(knows(at::irq_control, Invocation::irq_control_get_ioapic));
    CHECK(knows(at::asid_control, Invocation::asid_control_make_pool));
    CHECK(knows(at::asid_pool, Invocation::asid_pool_assign));
    CHECK(knows(at::io_port_control, Invocation::io_port_control_issue));
    CHECK(knows(at::boot_info_frame, Invocation::page_map));
    CHECK(knows(at::ipc_buffer, Invocation::page_map));
    CHECK(knows(at::domain_set, Invocation::domain_set_set));
    CHECK(knows(at::sched_context, Invocation::sched_context_bind));
    for (const Word null : {Word{0}, at::io_space, Word{12}, Word{13}, Word{15}}) {
        CHECK_ANSWER(invoke(null, Word{1}), invalid_capability, 0);
        CHECK(test::is_empty(null));
    }
}

SYSTEM_TEST("boot information: every slot of the empty region can take a capability") {
    for (Word slot = test::space().slots().end(); slot < boot_info().empty.end; ++slot)
        REQUIRE(test::is_empty(slot)); // those before are the tests' own
    const Word last = boot_info().empty.end - 1;
    REQUIRE_OK(test::space().at(last).copy_from(test::space().at(abi::root_slot::tcb)));
    CHECK_ANSWER(invoke(last, Invocation::tcb_configure), truncated_message);
    CHECK_OK(test::space().at(last).remove());
}

SYSTEM_TEST("the root CNode resolves exactly 64 bits behind a guard of zeros") {
    const Word bits = boot_info().cnode_bits;
    for (const Word pointer : {Word{1} << bits | 1, Word{1} << 63 | 1, ~Word{0}})
        CHECK_ANSWER(invoke(test::own_cnode(), Invocation::cnode_revoke, {pointer, 64}), failed_lookup, 0, 4, 64, 0,
                     64 - bits);
    CHECK_DONE(invoke(test::own_cnode(), Invocation::cnode_revoke, {boot_info().empty.end - 1, 64}));
}

SYSTEM_TEST("boot information: scheduling control, paging and frame slots hold such capabilities") {
    const abi::BootInfo& info = boot_info();
    CHECK(knows(info.sched_control.start, Invocation::sched_control_configure_flags));
    // PDPTs, then page directories, then page tables: one of each covers an image at 4 MiB.
    Word level = 0;
    const Invocation methods[] = {Invocation::pdpt_map, Invocation::page_directory_map, Invocation::page_table_map};
    for (Word slot = info.user_image_paging.start; slot < info.user_image_paging.end; ++slot) {
        while (level < 3 && !knows(slot, methods[level]))
            ++level;
        REQUIRE(level < 3);
    }
    CHECK_EQUAL(level, 2);
    for (Word slot = info.user_image_frames.start; slot < info.user_image_frames.end; ++slot)
        REQUIRE(knows(slot, Invocation::page_map));
    for (Word slot = info.extra_frames.start; slot < info.extra_frames.end; ++slot)
        REQUIRE(knows(slot, Invocation::page_map));
    for (Word slot = info.untyped.start; slot < info.untyped.end; ++slot)
        REQUIRE(knows(slot, Invocation::untyped_retype));
}

SYSTEM_TEST(
    "boot information: the frames are those of the image by address, the extra pages, the page and the buffer") {
    const abi::BootInfo& info = boot_info();
    const Word image_end = info.ipc_buffer;
    const Word image = image_end - info.user_image_frames.count() * page_size;
    for (Word i = 0; i < info.user_image_frames.count(); ++i)
        REQUIRE(is_page_at(info.user_image_frames.start + i, image + i * page_size));
    CHECK(is_page_at(abi::root_slot::ipc_buffer, info.ipc_buffer));
    CHECK(is_page_at(abi::root_slot::boot_info_frame, info.ipc_buffer + page_size));
    for (Word i = 0; i < info.extra_frames.count(); ++i)
        CHECK(is_page_at(info.extra_frames.start + i, info.ipc_buffer + (2 + i) * page_size));
    CHECK_EQUAL(info.extra_frames.count(), (info.extra_length + page_size - 1) / page_size);
}

SYSTEM_TEST("boot information: extra chunks fill extraLen exactly, and those that are required are there once") {
    const auto* at = reinterpret_cast<const uint8_t*>(&boot_info()) + page_size;
    Word offset = 0;
    unsigned times[6] = {};
    while (offset < boot_info().extra_length) {
        const auto header = read_at<abi::BootChunk>(at + offset);
        REQUIRE(header.length >= sizeof(header));
        REQUIRE(header.id < 6 || header.id == abi::boot_chunk::modules);
        if (header.id < 6)
            ++times[header.id];
        offset += header.length;
    }
    CHECK_EQUAL(offset, boot_info().extra_length);
    CHECK_EQUAL(times[abi::boot_chunk::padding], 0); // nothing needs any
    CHECK_EQUAL(times[abi::boot_chunk::vbe], 0);     // GRUB leaves a framebuffer, not a VBE mode
    CHECK_EQUAL(times[abi::boot_chunk::acpi_rsdp], 1);
    CHECK_EQUAL(times[abi::boot_chunk::tsc_mhz], 1);
    for (const unsigned count : times)
        CHECK(count <= 1);
}

SYSTEM_TEST("boot information: the memory map is 1220 bytes of packed entries, and its RAM is what is handed out") {
    const auto map = test::boot_chunk(abi::boot_chunk::memory_map);
    REQUIRE(CHECK_EQUAL(map.size() + sizeof(abi::BootChunk), 1220));
    constexpr Word entry_size = 24;
    const auto used = read_at<uint32_t>(map.data());
    CHECK_EQUAL(used % entry_size, 0);
    REQUIRE(used > 0 && used <= 50 * entry_size);
    Word usable = 0;
    for (Word offset = 4; offset < 4 + used; offset += entry_size) {
        const auto base = read_at<uint64_t>(map.data() + offset + 4);
        const auto length = read_at<uint64_t>(map.data() + offset + 12);
        CHECK_EQUAL(read_at<uint32_t>(map.data() + offset), 20); // bytes behind the size itself
        if (read_at<uint32_t>(map.data() + offset + 20) == 1 && base >= 0x100000)
            usable += length;
    }
    Word handed_out = 0;
    for (const abi::UntypedDescriptor& piece : pieces())
        handed_out += piece.is_device ? 0 : Word{1} << piece.size_bits;
    CHECK(handed_out <= usable);
    CHECK(usable - handed_out < Word{24} << 20); // kernel, modules, root task
}

SYSTEM_TEST("boot information: the RSDP is a copy of version 2 with both checksums right") {
    const auto rsdp = test::boot_chunk(abi::boot_chunk::acpi_rsdp);
    REQUIRE(CHECK_EQUAL(rsdp.size(), 36));
    CHECK_EQUAL(__builtin_memcmp(rsdp.data(), "RSD PTR ", 8), 0);
    uint8_t sum = 0;
    for (unsigned i = 0; i < 20; ++i)
        sum = static_cast<uint8_t>(sum + rsdp[i]);
    CHECK_EQUAL(sum, 0);
    CHECK(read_at<uint32_t>(rsdp.data() + 16) != 0 || read_at<uint64_t>(rsdp.data() + 24) != 0);
}

SYSTEM_TEST("untyped descriptors: device pieces first, each ascending, aligned, from 2^4 to 2^47 bytes, apart") {
    bool ram_seen = false;
    Word previous_end[2] = {};
    for (const abi::UntypedDescriptor& piece : pieces()) {
        CHECK(piece.is_device <= 1);
        CHECK(piece.size_bits >= 4 && piece.size_bits <= 47);
        CHECK(!(ram_seen && piece.is_device));
        ram_seen = ram_seen || !piece.is_device;
        if (piece.size_bits < 40)
            CHECK_EQUAL(piece.paddr & ((Word{1} << piece.size_bits) - 1), 0);
        CHECK(piece.paddr >= previous_end[piece.is_device]);
        previous_end[piece.is_device] = end_of(piece);
        for (const uint8_t byte : piece.padding)
            CHECK_EQUAL(byte, 0);
    }
    CHECK(ram_seen);
    for (Word unused = pieces().size(); unused < abi::max_boot_untyped; ++unused)
        CHECK_EQUAL(boot_info().untyped_list[unused].paddr | boot_info().untyped_list[unused].size_bits, 0);
}

SYSTEM_TEST("untyped descriptors: all addresses below 2^47 are there but what is in use, APICs and reset vector") {
    Word total = 0;
    bool low = false, local_apic = false, io_apic = false, reset_vector = false, top = false;
    for (const abi::UntypedDescriptor& piece : pieces()) {
        total += Word{1} << piece.size_bits;
        const auto covers = [&](Word address) { return piece.paddr <= address && address < end_of(piece); };
        low = low || covers(0x1000);
        local_apic = local_apic || covers(0xfee0'0000);
        io_apic = io_apic || covers(0xfec0'0000);
        reset_vector = reset_vector || covers(four_gib - 16);
        top = top || covers((Word{1} << 47) - 1);
    }
    CHECK(low && top);
    CHECK(!local_apic && !io_apic && !reset_vector);
    CHECK((Word{1} << 47) - total < Word{24} << 20);
}

SYSTEM_TEST("untyped descriptors: RAM pieces are RAM, device pieces are device") {
    Word slot = boot_info().untyped.start;
    for (const abi::UntypedDescriptor& piece : pieces()) {
        // As many of the smallest object as nothing holds: what it is says only whether it may be an endpoint.
        REQUIRE_PLACE(place);
        const auto answer =
            invoke(slot++, Invocation::untyped_retype, {2, 0, 0, 0, place.number(), 1}, {test::own_cnode()});
        if (piece.is_device)
            CHECK_ANSWER(answer, invalid_argument, 1);
        else
            CHECK(answer.is_done() || answer.is(abi::Error::not_enough_memory)); // the tests' own may be full
    }
}

SYSTEM_TEST("the root task has priority and MCP 255 to start with: it may set both") {
    REQUIRE_VALUE(tcb, sys::make_object<sys::Tcb>(test::space(), test::arena()));
    CHECK_OK(tcb->set_priority(test::own_tcb(), sys::Priority{255}));
    CHECK_OK(tcb->set_max_controlled_priority(test::own_tcb(), sys::Priority{255}));
    CHECK_ANSWER(invoke(tcb, Invocation::tcb_set_priority, {256}, {test::own_tcb()}), range_error, 0, 255);
}

SYSTEM_TEST("ACPI: from the RSDP through device memory to a MADT whose I/O APIC can be used") {
    const auto rsdp = test::boot_chunk(abi::boot_chunk::acpi_rsdp);
    REQUIRE(rsdp.size() == 36);
    const bool extended = rsdp[15] >= 2 && read_at<uint64_t>(rsdp.data() + 24) != 0;
    const Word root_table = extended ? read_at<uint64_t>(rsdp.data() + 24) : read_at<uint32_t>(rsdp.data() + 16);
    // The piece of device memory that holds all tables, as frames from its start to a page behind the root table.
    Word base = 0;
    Word slot = 0;
    Word piece_pages = 0;
    for (Word i = 0; i < pieces().size(); ++i) {
        const abi::UntypedDescriptor& piece = pieces()[i];
        if (piece.is_device && piece.paddr <= root_table && root_table < end_of(piece)) {
            base = piece.paddr;
            slot = boot_info().untyped.start + i;
            piece_pages = (Word{1} << piece.size_bits) / page_size;
        }
    }
    REQUIRE(slot != 0);
    REQUIRE(piece_pages <= 256);
    REQUIRE_VALUE(node, sys::make_object<sys::CNode>(test::space(), test::arena(), 8));
    REQUIRE_OK(sys::Untyped(slot).retype(abi::ObjectType::frame_4k, 0, {node, 0, 0}, 0, piece_pages));
    REQUIRE_VALUE(table, sys::make_object<sys::PageTable>(test::space(), test::arena()));
    constexpr Word window = 0x3000'0000;
    REQUIRE_OK(table->map(own_space(), window));
    for (Word page = 0; page < piece_pages; ++page) {
        REQUIRE_PLACE(frame);
        REQUIRE_OK(frame.ref().move_from(node->at(page, 8)));
        REQUIRE_OK(
            sys::Frame(frame.number()).map(own_space(), window + page * page_size, sys::PageAccess::read_only()));
        REQUIRE_OK(node->at(page, 8).move_from(frame.ref()));
    }
    const auto at = [&](Word address) { return reinterpret_cast<const uint8_t*>(window + (address - base)); };
    const auto is_inside = [&](Word address) { return address >= base && address - base < piece_pages * page_size; };
    const Word entries = (read_at<uint32_t>(at(root_table) + 4) - 36) / (extended ? 8 : 4);
    Word madt = 0;
    for (Word i = 0; i < entries; ++i) {
        const uint8_t* entry = at(root_table) + 36 + i * (extended ? 8 : 4);
        const Word address = extended ? read_at<uint64_t>(entry) : read_at<uint32_t>(entry);
        if (is_inside(address) && __builtin_memcmp(at(address), "APIC", 4) == 0)
            madt = address;
    }
    REQUIRE(madt != 0);
    uint8_t sum = 0;
    const auto length = read_at<uint32_t>(at(madt) + 4);
    for (uint32_t i = 0; i < length; ++i)
        sum = static_cast<uint8_t>(sum + at(madt)[i]);
    CHECK_EQUAL(sum, 0);
    unsigned io_apics = 0;
    for (uint32_t offset = 44; offset + 1 < length && at(madt)[offset + 1] != 0; offset += at(madt)[offset + 1])
        io_apics += at(madt)[offset] == 1;
    CHECK(io_apics >= 1);
    REQUIRE_PLACE(handler);
    const auto refused = invoke(abi::root_slot::irq_control, Invocation::irq_control_get_ioapic,
                                {handler.number(), 64, io_apics, 0, 0, 0, 50}, {test::own_cnode()});
    CHECK_ANSWER(refused, range_error, 0, io_apics - 1);
}
