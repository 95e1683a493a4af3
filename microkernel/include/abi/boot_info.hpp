// SPDX-License-Identifier: BSD-2-Clause
// What the root task finds: its first capabilities, and the boot-information page.
//
// It starts at its ELF entry with RDI = address of the boot-information page, all other registers 0, flags 0x202;
// priority and MCP 255, a round-robin scheduling context of 5 ms. Its image, gaps included, is mapped in 4 KiB frames;
// behind it come one page with the IPC buffer, the boot-information page, and the extra chunks. Nothing else is
// mapped. docs/reference/boot-information.md is generated from this file (tools/abi_doc).
#pragma once

#include <abi/types.hpp>

namespace abi {

/// Fixed slots of the root task's CNode, which resolves exactly 64 bits. Slots that are not named are empty.
namespace root_slot {
/// Empty, so that 0 names nothing.
inline constexpr Word null = 0;
/// The root task's own thread.
inline constexpr Word tcb = 1;
/// This CNode.
inline constexpr Word cnode = 2;
/// Its address space, a PML4.
inline constexpr Word vspace = 3;
/// Issues interrupt handlers.
inline constexpr Word irq_control = 4;
/// Makes ASID pools.
inline constexpr Word asid_control = 5;
/// The pool that the root task's own ASID is from.
inline constexpr Word asid_pool = 6;
/// Issues I/O ports.
inline constexpr Word io_port_control = 7;
/// Empty: there is no IOMMU.
inline constexpr Word io_space = 8;
/// The frame of the boot-information page.
inline constexpr Word boot_info_frame = 9;
/// The frame of the IPC buffer.
inline constexpr Word ipc_buffer = 10;
/// Sets scheduling domains.
inline constexpr Word domain_set = 11;
/// Its scheduling context.
inline constexpr Word sched_context = 14;
/// From here on the regions that the boot information names: sched_control, user_image_paging, extra_frames,
/// user_image_frames, untyped, empty.
inline constexpr Word first_region = 16;
} // namespace root_slot

/// Slots `start` up to, not including, `end`; 0, 0 if there are none.
struct SlotRegion {
    Word start = 0;
    Word end = 0;
    constexpr Word count() const { return end - start; }
};

/// One piece of memory: 2^size_bits bytes from `paddr`. Plain untyped is RAM from 1 MiB up that nobody holds; all
/// other physical addresses up to 2^47 are device untyped, but for the pages of the local and the I/O APIC and the
/// last 16 bytes below 4 GiB.
struct UntypedDescriptor {
    Word paddr;
    uint8_t size_bits;
    uint8_t is_device;
    uint8_t padding[6];
};

inline constexpr unsigned max_boot_untyped = 230;

struct BootInfo {
    /// Bytes of all extra chunks; they start one page behind this page.
    Word extra_length;
    /// 0: the number of this core.
    Word node_id;
    /// 1: the number of cores.
    Word node_count;
    /// All ones: there is no IOMMU.
    Word io_page_table_levels;
    /// User address of the root task's IPC buffer.
    Word ipc_buffer;
    /// Slots that are free, up to the CNode's last.
    SlotRegion empty;
    /// None: frames that several cores' root tasks would share.
    SlotRegion shared_frames;
    /// Frames of the root task's image, by address.
    SlotRegion user_image_frames;
    /// Paging structures of the root task: PDPTs, then page directories, then page tables.
    SlotRegion user_image_paging;
    /// None: IOMMU spaces.
    SlotRegion io_space_caps;
    /// Frames of the extra chunks.
    SlotRegion extra_frames;
    /// log2 of the slots of the root CNode; at least 13.
    Word cnode_bits;
    /// 0: the scheduling domain of the root task.
    Word domain;
    /// One SchedControl capability for each core.
    SlotRegion sched_control;
    /// Untyped memory, in the order of the list below.
    SlotRegion untyped;
    /// As many as `untyped` has slots: device memory first, then RAM, each by ascending address.
    UntypedDescriptor untyped_list[max_boot_untyped];
};

/// Header of an extra boot-information chunk; `length` counts it too. Packed without padding.
struct BootChunk {
    Word id;
    Word length;
};

namespace boot_chunk {
/// Nothing that means anything.
inline constexpr Word padding = 0;
/// VBE mode information. This kernel has none to give.
inline constexpr Word vbe = 1;
/// Memory map of the loader: u32 bytes used, then room for 50 packed entries of u32 size, u64 base, u64 length, u32
/// type; always 1220 bytes.
inline constexpr Word memory_map = 2;
/// ACPI root pointer, the 36 bytes of version 2. Where the loader had one.
inline constexpr Word acpi_rsdp = 3;
/// Framebuffer: u64 address, u32 pitch, width, height, u8 bits per pixel, u8 type. Where the loader set one up.
inline constexpr Word framebuffer = 4;
/// Frequency of the TSC in MHz, u32. Always there.
inline constexpr Word tsc_mhz = 5;
/// The further boot modules: Word count, then that many abi::BootModule. Our extension; always there.
inline constexpr Word modules = 0x4d4f'4453;
} // namespace boot_chunk

/// One boot module. Its memory is device untyped, so that the root task can map it.
struct BootModule {
    /// Physical address, page-aligned.
    Word paddr;
    /// Bytes; the rest of the last page is zero.
    Word size;
    /// The module's command line, cut to fit, always ended by a zero byte.
    char name[112];
};

static_assert(sizeof(UntypedDescriptor) == 16 && sizeof(BootModule) == 128);
static_assert(sizeof(BootInfo) == 3864);

} // namespace abi
