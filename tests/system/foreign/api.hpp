// SPDX-License-Identifier: BSD-2-Clause
// The kernel's interface, typed in from its written description: numbers, layouts, and the eleven system calls.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace foreign {

using Word = uint64_t;

// --- system calls, in RDX ---
enum : int64_t {
    sys_call = -1,
    sys_reply_recv = -2,
    sys_nb_send_recv = -3,
    sys_nb_send_wait = -4,
    sys_send = -5,
    sys_nb_send = -6,
    sys_recv = -7,
    sys_nb_recv = -8,
    sys_wait = -9,
    sys_nb_wait = -10,
    sys_yield = -11,
    sys_debug_put_char = -12,
    sys_debug_cap_identify = -15,
    sys_debug_name_thread = -17,
    sys_set_tls_base = -33,
};

/// RDI, RSI, MR0-MR3, and RAX, RBX of whoever looks at them.
struct Registers {
    Word target = 0;
    Word info = 0;
    Word mr[4] = {};
};

/// RSP is kept in RBX and restored, as programs do that do not count on getting it back.
inline Registers enter(int64_t number, Registers in, Word r12 = 0, Word r13 = 0) {
    register Word mr0 asm("r10") = in.mr[0];
    register Word mr1 asm("r8") = in.mr[1];
    register Word mr2 asm("r9") = in.mr[2];
    register Word mr3 asm("r15") = in.mr[3];
    register Word second asm("r12") = r12;
    register Word third asm("r13") = r13;
    asm volatile("movq %%rsp, %%rbx\n"
                 "syscall\n"
                 "movq %%rbx, %%rsp\n"
                 : "+D"(in.target), "+S"(in.info), "+r"(mr0), "+r"(mr1), "+r"(mr2), "+r"(mr3)
                 : "d"(number), "r"(second), "r"(third)
                 : "rcx", "r11", "rbx", "memory");
    return {in.target, in.info, {mr0, mr1, mr2, mr3}};
}

constexpr Word make_info(Word label, Word length, Word caps = 0) { return label << 12 | caps << 7 | length; }
constexpr Word label_of(Word info) { return info >> 12; }
constexpr Word length_of(Word info) { return info & 127; }
constexpr Word caps_of(Word info) { return info >> 7 & 3; }
constexpr Word unwrapped_of(Word info) { return info >> 9 & 7; }

/// 1024 bytes.
struct IpcBuffer {
    Word tag;
    Word words[120];
    Word user_data;
    Word caps_or_badges[3];
    Word receive_root;
    Word receive_index;
    Word receive_depth;
};
static_assert(sizeof(IpcBuffer) == 1024);

// --- objects ---
enum : Word {
    type_untyped = 0,
    type_tcb = 1,
    type_endpoint = 2,
    type_notification = 3,
    type_cnode = 4,
    type_sched_context = 5,
    type_reply = 6,
    type_pdpt = 7,
    type_pml4 = 8,
    type_frame_1g = 9,
    type_frame_4k = 10,
    type_frame_2m = 11,
    type_page_table = 12,
    type_page_directory = 13,
};

// --- methods ---
enum : Word {
    untyped_retype = 1,
    tcb_read_registers = 2,
    tcb_write_registers = 3,
    tcb_copy_registers = 4,
    tcb_configure = 5,
    tcb_set_priority = 6,
    tcb_set_mc_priority = 7,
    tcb_set_sched_params = 8,
    tcb_set_timeout_endpoint = 9,
    tcb_set_ipc_buffer = 10,
    tcb_set_space = 11,
    tcb_suspend = 12,
    tcb_resume = 13,
    tcb_bind_notification = 14,
    tcb_unbind_notification = 15,
    tcb_set_tls_base = 16,
    tcb_set_flags = 17,
    cnode_revoke = 18,
    cnode_delete = 19,
    cnode_cancel_badged_sends = 20,
    cnode_copy = 21,
    cnode_mint = 22,
    cnode_move = 23,
    cnode_mutate = 24,
    cnode_rotate = 25,
    irq_get = 26,
    irq_ack = 27,
    irq_set_notification = 28,
    irq_clear = 29,
    domain_set = 30,
    domain_schedule_configure = 31,
    domain_schedule_set_start = 32,
    sched_configure_flags = 33,
    sched_bind = 34,
    sched_unbind = 35,
    sched_unbind_object = 36,
    sched_consumed = 37,
    sched_yield_to = 38,
    pdpt_map = 39,
    pdpt_unmap = 40,
    directory_map = 41,
    directory_unmap = 42,
    table_map = 43,
    table_unmap = 44,
    page_map = 45,
    page_unmap = 46,
    page_get_address = 47,
    asid_make_pool = 48,
    asid_assign = 49,
    port_issue = 50,
    port_in8 = 51,
    port_in16 = 52,
    port_in32 = 53,
    port_out8 = 54,
    port_out16 = 55,
    port_out32 = 56,
    irq_get_ioapic = 57,
    irq_get_msi = 58,
};

// --- faults ---
enum : Word { fault_cap = 1, fault_unknown_call = 2, fault_exception = 3, fault_timeout = 5, fault_page = 6 };

// --- what the root task finds ---
enum : Word {
    cap_tcb = 1,
    cap_cnode = 2,
    cap_vspace = 3,
    cap_irq_control = 4,
    cap_asid_control = 5,
    cap_asid_pool = 6,
    cap_port_control = 7,
    cap_io_space = 8,
    cap_boot_info = 9,
    cap_ipc_buffer = 10,
    cap_domain = 11,
    cap_sched_context = 14,
};

struct Region {
    Word start, end;
};
struct UntypedPiece {
    Word address;
    uint8_t size_bits;
    uint8_t is_device;
    uint8_t padding[6];
};
struct BootInfo {
    Word extra_length, node_id, node_count, io_levels, ipc_buffer;
    Region empty, shared_frames, image_frames, image_paging, io_spaces, extra_pages;
    Word cnode_bits, domain;
    Region sched_control, untyped;
    UntypedPiece pieces[230];
};
static_assert(sizeof(BootInfo) == 3864);

/// Order of the registers in ReadRegisters and WriteRegisters.
enum {
    reg_rip,
    reg_rsp,
    reg_rflags,
    reg_rax,
    reg_rbx,
    reg_rcx,
    reg_rdx,
    reg_rsi,
    reg_rdi,
    reg_rbp,
    reg_r8,
    reg_fs = 18
};

} // namespace foreign
