// SPDX-License-Identifier: BSD-2-Clause
// What the root task finds: its first capabilities, and the boot-information page.
#pragma once

#include <abi/types.hpp>

namespace abi {

/// Fixed slots of the root task's CNode.
namespace root_slot {
inline constexpr Word null = 0, tcb = 1, cnode = 2, vspace = 3, irq_control = 4, asid_control = 5, asid_pool = 6,
                      io_port_control = 7, io_space = 8, boot_info_frame = 9, ipc_buffer = 10, domain_set = 11,
                      sched_context = 14, first_region = 16;
}

/// Slots `start` up to, not including, `end`.
struct SlotRegion {
    Word start = 0;
    Word end = 0;
    constexpr Word count() const { return end - start; }
};

struct UntypedDescriptor {
    Word paddr;
    uint8_t size_bits;
    uint8_t is_device;
    uint8_t padding[6];
};

inline constexpr unsigned max_boot_untyped = 230;

struct BootInfo {
    Word extra_length; ///< bytes of all extra chunks; they start one page behind this page
    Word node_id;
    Word node_count;
    Word io_page_table_levels; ///< all ones: no IOMMU
    Word ipc_buffer;           ///< user address of the root task's IPC buffer
    SlotRegion empty;
    SlotRegion shared_frames;
    SlotRegion user_image_frames;
    SlotRegion user_image_paging;
    SlotRegion io_space_caps;
    SlotRegion extra_frames;
    Word cnode_bits;
    Word domain;
    SlotRegion sched_control;
    SlotRegion untyped;
    UntypedDescriptor untyped_list[max_boot_untyped];
};

/// Header of an extra boot-information chunk; `length` counts it too. Packed without padding.
struct BootChunk {
    Word id;
    Word length;
};

namespace boot_chunk {
inline constexpr Word padding = 0, vbe = 1, memory_map = 2, acpi_rsdp = 3, framebuffer = 4, tsc_mhz = 5,
                      modules = 0x4d4f'4453;
}

/// One boot module in chunk `modules`: Word count, then that many of these. The name is the module's command line,
/// cut to fit, always ended by a zero byte.
struct BootModule {
    Word paddr; ///< page-aligned
    Word size;  ///< bytes; the rest of the last page is zero
    char name[112];
};

static_assert(sizeof(UntypedDescriptor) == 16 && sizeof(BootModule) == 128);
static_assert(sizeof(BootInfo) == 3864);

} // namespace abi
