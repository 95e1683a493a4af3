// SPDX-License-Identifier: BSD-2-Clause
// Labels of invocations, and the types that Untyped.Retype makes.
#pragma once

#include <spec/numbers.hpp>

namespace spec {

enum class Method : Word {
    untyped_retype = 1,
    tcb_read_registers,
    tcb_write_registers,
    tcb_copy_registers,
    tcb_configure,
    tcb_set_priority,
    tcb_set_mc_priority,
    tcb_set_sched_params,
    tcb_set_timeout_endpoint,
    tcb_set_ipc_buffer,
    tcb_set_space,
    tcb_suspend,
    tcb_resume,
    tcb_bind_notification,
    tcb_unbind_notification,
    tcb_set_tls_base,
    tcb_set_flags,
    cnode_revoke,
    cnode_delete,
    cnode_cancel_badged_sends,
    cnode_copy,
    cnode_mint,
    cnode_move,
    cnode_mutate,
    cnode_rotate,
    irq_control_get,
    irq_handler_ack,
    irq_handler_set_notification,
    irq_handler_clear,
    domain_set_set,
    domain_set_schedule_configure,
    domain_set_schedule_set_start,
    sched_control_configure_flags,
    sched_context_bind,
    sched_context_unbind,
    sched_context_unbind_object,
    sched_context_consumed,
    sched_context_yield_to,
    pdpt_map,
    pdpt_unmap,
    page_directory_map,
    page_directory_unmap,
    page_table_map,
    page_table_unmap,
    page_map,
    page_unmap,
    page_get_address,
    asid_control_make_pool,
    asid_pool_assign,
    io_port_control_issue,
    io_port_in8,
    io_port_in16,
    io_port_in32,
    io_port_out8,
    io_port_out16,
    io_port_out32,
    irq_control_get_ioapic,
    irq_control_get_msi,
};
static_assert(static_cast<Word>(Method::irq_control_get_msi) == 58);

enum class MadeType : Word {
    untyped,
    tcb,
    endpoint,
    notification,
    cnode,
    sched_context,
    reply,
    pdpt,
    pml4,
    frame_1g,
    frame_4k,
    frame_2m,
    page_table,
    page_directory,
};
inline constexpr Word made_type_count = 14;

} // namespace spec
