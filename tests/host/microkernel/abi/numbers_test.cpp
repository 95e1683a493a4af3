// SPDX-License-Identifier: BSD-2-Clause
// The interface is seL4's number for number: every number and layout once more, written down independently of the
// headers. Programs were built with these numbers: a change here is never a correction.
#include <support/catch.hpp>

#include <abi/boot_info.hpp>
#include <abi/error.hpp>
#include <abi/fault.hpp>
#include <abi/invocation.hpp>
#include <abi/message.hpp>
#include <abi/object.hpp>
#include <abi/rights.hpp>
#include <abi/syscall.hpp>

#include <cstddef>

using namespace abi;

namespace {

template <class Enum>
constexpr int64_t number(Enum value) {
    return static_cast<int64_t>(value);
}

} // namespace

TEST_CASE("system calls have the numbers of seL4", "[abi]") {
    CHECK(number(Syscall::call) == -1);
    CHECK(number(Syscall::reply_recv) == -2);
    CHECK(number(Syscall::nb_send_recv) == -3);
    CHECK(number(Syscall::nb_send_wait) == -4);
    CHECK(number(Syscall::send) == -5);
    CHECK(number(Syscall::nb_send) == -6);
    CHECK(number(Syscall::recv) == -7);
    CHECK(number(Syscall::nb_recv) == -8);
    CHECK(number(Syscall::wait) == -9);
    CHECK(number(Syscall::nb_wait) == -10);
    CHECK(number(Syscall::yield) == -11);
    CHECK(number(Syscall::debug_put_char) == -12);
    CHECK(number(Syscall::debug_dump_scheduler) == -13);
    CHECK(number(Syscall::debug_halt) == -14);
    CHECK(number(Syscall::debug_cap_identify) == -15);
    CHECK(number(Syscall::debug_snapshot) == -16);
    CHECK(number(Syscall::debug_name_thread) == -17);
    CHECK(number(Syscall::benchmark_null) == -25);
    CHECK(number(Syscall::write_msr) == -30);
    CHECK(number(Syscall::read_msr) == -31);
    CHECK(number(Syscall::set_tls_base) == -33);
    CHECK(number(Syscall::reply_map_recv) == -64);
    CHECK(number(Syscall::debug_provoke) == -65);
}

TEST_CASE("methods have the labels of seL4, those of the paging extension begin at 64", "[abi]") {
    CHECK(number(Invocation::untyped_retype) == 1);
    CHECK(number(Invocation::tcb_read_registers) == 2);
    CHECK(number(Invocation::tcb_write_registers) == 3);
    CHECK(number(Invocation::tcb_copy_registers) == 4);
    CHECK(number(Invocation::tcb_configure) == 5);
    CHECK(number(Invocation::tcb_set_priority) == 6);
    CHECK(number(Invocation::tcb_set_mc_priority) == 7);
    CHECK(number(Invocation::tcb_set_sched_params) == 8);
    CHECK(number(Invocation::tcb_set_timeout_endpoint) == 9);
    CHECK(number(Invocation::tcb_set_ipc_buffer) == 10);
    CHECK(number(Invocation::tcb_set_space) == 11);
    CHECK(number(Invocation::tcb_suspend) == 12);
    CHECK(number(Invocation::tcb_resume) == 13);
    CHECK(number(Invocation::tcb_bind_notification) == 14);
    CHECK(number(Invocation::tcb_unbind_notification) == 15);
    CHECK(number(Invocation::tcb_set_tls_base) == 16);
    CHECK(number(Invocation::tcb_set_flags) == 17);
    CHECK(number(Invocation::cnode_revoke) == 18);
    CHECK(number(Invocation::cnode_delete) == 19);
    CHECK(number(Invocation::cnode_cancel_badged_sends) == 20);
    CHECK(number(Invocation::cnode_copy) == 21);
    CHECK(number(Invocation::cnode_mint) == 22);
    CHECK(number(Invocation::cnode_move) == 23);
    CHECK(number(Invocation::cnode_mutate) == 24);
    CHECK(number(Invocation::cnode_rotate) == 25);
    CHECK(number(Invocation::irq_control_get) == 26);
    CHECK(number(Invocation::irq_handler_ack) == 27);
    CHECK(number(Invocation::irq_handler_set_notification) == 28);
    CHECK(number(Invocation::irq_handler_clear) == 29);
    CHECK(number(Invocation::domain_set_set) == 30);
    CHECK(number(Invocation::domain_set_schedule_configure) == 31);
    CHECK(number(Invocation::domain_set_schedule_set_start) == 32);
    CHECK(number(Invocation::sched_control_configure_flags) == 33);
    CHECK(number(Invocation::sched_context_bind) == 34);
    CHECK(number(Invocation::sched_context_unbind) == 35);
    CHECK(number(Invocation::sched_context_unbind_object) == 36);
    CHECK(number(Invocation::sched_context_consumed) == 37);
    CHECK(number(Invocation::sched_context_yield_to) == 38);
    CHECK(number(Invocation::pdpt_map) == 39);
    CHECK(number(Invocation::pdpt_unmap) == 40);
    CHECK(number(Invocation::page_directory_map) == 41);
    CHECK(number(Invocation::page_directory_unmap) == 42);
    CHECK(number(Invocation::page_table_map) == 43);
    CHECK(number(Invocation::page_table_unmap) == 44);
    CHECK(number(Invocation::page_map) == 45);
    CHECK(number(Invocation::page_unmap) == 46);
    CHECK(number(Invocation::page_get_address) == 47);
    CHECK(number(Invocation::asid_control_make_pool) == 48);
    CHECK(number(Invocation::asid_pool_assign) == 49);
    CHECK(number(Invocation::io_port_control_issue) == 50);
    CHECK(number(Invocation::io_port_in8) == 51);
    CHECK(number(Invocation::io_port_in16) == 52);
    CHECK(number(Invocation::io_port_in32) == 53);
    CHECK(number(Invocation::io_port_out8) == 54);
    CHECK(number(Invocation::io_port_out16) == 55);
    CHECK(number(Invocation::io_port_out32) == 56);
    CHECK(number(Invocation::irq_control_get_ioapic) == 57);
    CHECK(number(Invocation::irq_control_get_msi) == 58);
    CHECK(number(Invocation::range_set_keeper) == 64);
    CHECK(number(Invocation::range_map) == 65);
    CHECK(number(Invocation::range_protect) == 66);
    CHECK(number(Invocation::range_unmap) == 67);
    CHECK(number(Invocation::range_harvest) == 68);
    CHECK(number(Invocation::range_read) == 69);
    CHECK(number(Invocation::page_evict) == 70);
    CHECK(number(Invocation::cnode_recall) == 71);
    CHECK(number(Invocation::cnode_inspect) == 72);
    CHECK(number(Invocation::tcb_status) == 73);
    CHECK(number(Invocation::tcb_spawn) == 74);
    CHECK(number(Invocation::domain_set_read_events) == 75);
}

TEST_CASE("errors and lookup failures have the numbers of seL4", "[abi]") {
    CHECK(number(Error::none) == 0);
    CHECK(number(Error::invalid_argument) == 1);
    CHECK(number(Error::invalid_capability) == 2);
    CHECK(number(Error::illegal_operation) == 3);
    CHECK(number(Error::range_error) == 4);
    CHECK(number(Error::alignment_error) == 5);
    CHECK(number(Error::failed_lookup) == 6);
    CHECK(number(Error::truncated_message) == 7);
    CHECK(number(Error::delete_first) == 8);
    CHECK(number(Error::revoke_first) == 9);
    CHECK(number(Error::not_enough_memory) == 10);
    CHECK(number(Error::nobody_waits) == 11);
    CHECK(number(LookupFailure::none) == 0);
    CHECK(number(LookupFailure::invalid_root) == 1);
    CHECK(number(LookupFailure::missing_capability) == 2);
    CHECK(number(LookupFailure::depth_mismatch) == 3);
    CHECK(number(LookupFailure::guard_mismatch) == 4);
}

TEST_CASE("faults have the labels and words of seL4", "[abi]") {
    CHECK(number(Fault::none) == 0);
    CHECK(number(Fault::cap_fault) == 1);
    CHECK(number(Fault::unknown_syscall) == 2);
    CHECK(number(Fault::user_exception) == 3);
    CHECK(number(Fault::timeout) == 5);
    CHECK(number(Fault::vm_fault) == 6);
    CHECK(number(Fault::keeper_fault) == 64);
    CHECK(cap_fault::ip == 0);
    CHECK(cap_fault::address == 1);
    CHECK(cap_fault::in_receive_phase == 2);
    CHECK(cap_fault::lookup_failure == 3);
    CHECK(cap_fault::bits_left == 4);
    CHECK(cap_fault::bits_found == 5);
    CHECK(cap_fault::guard_found == 5);
    CHECK(cap_fault::guard_size == 6);
    CHECK(cap_fault::length == 7);
    CHECK(unknown_syscall::rax == 0);
    CHECK(unknown_syscall::rbx == 1);
    CHECK(unknown_syscall::rcx == 2);
    CHECK(unknown_syscall::rdx == 3);
    CHECK(unknown_syscall::rsi == 4);
    CHECK(unknown_syscall::rdi == 5);
    CHECK(unknown_syscall::rbp == 6);
    CHECK(unknown_syscall::r8 == 7);
    CHECK(unknown_syscall::fault_ip == 15);
    CHECK(unknown_syscall::rsp == 16);
    CHECK(unknown_syscall::rflags == 17);
    CHECK(unknown_syscall::number == 18);
    CHECK(unknown_syscall::length == 19);
    CHECK(unknown_syscall::reply_length == 18);
    CHECK(user_exception::ip == 0);
    CHECK(user_exception::rsp == 1);
    CHECK(user_exception::rflags == 2);
    CHECK(user_exception::vector == 3);
    CHECK(user_exception::error_code == 4);
    CHECK(user_exception::length == 5);
    CHECK(user_exception::reply_length == 3);
    CHECK(timeout_fault::badge == 0);
    CHECK(timeout_fault::consumed == 1);
    CHECK(timeout_fault::length == 2);
    CHECK(timeout_fault::reply_length == 19);
    CHECK(vm_fault::ip == 0);
    CHECK(vm_fault::address == 1);
    CHECK(vm_fault::instruction_fetch == 2);
    CHECK(vm_fault::error_code == 3);
    CHECK(vm_fault::length == 4);
}

TEST_CASE("registers are numbered as seL4 numbers them", "[abi]") {
    CHECK(number(UserRegister::rip) == 0);
    CHECK(number(UserRegister::rsp) == 1);
    CHECK(number(UserRegister::rflags) == 2);
    CHECK(number(UserRegister::rax) == 3);
    CHECK(number(UserRegister::rbx) == 4);
    CHECK(number(UserRegister::rcx) == 5);
    CHECK(number(UserRegister::rdx) == 6);
    CHECK(number(UserRegister::rsi) == 7);
    CHECK(number(UserRegister::rdi) == 8);
    CHECK(number(UserRegister::rbp) == 9);
    CHECK(number(UserRegister::r8) == 10);
    CHECK(number(UserRegister::r9) == 11);
    CHECK(number(UserRegister::r10) == 12);
    CHECK(number(UserRegister::r11) == 13);
    CHECK(number(UserRegister::r12) == 14);
    CHECK(number(UserRegister::r13) == 15);
    CHECK(number(UserRegister::r14) == 16);
    CHECK(number(UserRegister::r15) == 17);
    CHECK(number(UserRegister::fs_base) == 18);
    CHECK(number(UserRegister::gs_base) == 19);
    CHECK(user_register_count == 20);
    CHECK(frame_register_count == 18);
}

TEST_CASE("objects have the types and sizes of seL4", "[abi]") {
    CHECK(number(ObjectType::untyped) == 0);
    CHECK(number(ObjectType::tcb) == 1);
    CHECK(number(ObjectType::endpoint) == 2);
    CHECK(number(ObjectType::notification) == 3);
    CHECK(number(ObjectType::cnode) == 4);
    CHECK(number(ObjectType::sched_context) == 5);
    CHECK(number(ObjectType::reply) == 6);
    CHECK(number(ObjectType::pdpt) == 7);
    CHECK(number(ObjectType::pml4) == 8);
    CHECK(number(ObjectType::frame_1g) == 9);
    CHECK(number(ObjectType::frame_4k) == 10);
    CHECK(number(ObjectType::frame_2m) == 11);
    CHECK(number(ObjectType::page_table) == 12);
    CHECK(number(ObjectType::page_directory) == 13);
    CHECK(object_bits(ObjectType::untyped, 20) == 20);
    CHECK(object_bits(ObjectType::tcb, 20) == 11);
    CHECK(object_bits(ObjectType::endpoint, 20) == 4);
    CHECK(object_bits(ObjectType::notification, 20) == 6);
    CHECK(object_bits(ObjectType::cnode, 20) == 25);
    CHECK(object_bits(ObjectType::sched_context, 20) == 20);
    CHECK(object_bits(ObjectType::reply, 20) == 5);
    CHECK(object_bits(ObjectType::frame_4k, 20) == 12);
    CHECK(object_bits(ObjectType::frame_2m, 20) == 21);
    CHECK(object_bits(ObjectType::frame_1g, 20) == 30);
    for (ObjectType table : {ObjectType::page_table, ObjectType::page_directory, ObjectType::pdpt, ObjectType::pml4})
        CHECK(object_bits(table, 20) == 12);
    CHECK(max_retype_count == 256);
    CHECK(asid_pool_count == 8);
    CHECK(asid_pool_entries == 512);
    CHECK(user_end == 0x7fff'ffff'f000);
}

TEST_CASE("page attributes have the values of seL4, execute-never is bit 3", "[abi]") {
    CHECK(number(MemoryType::write_back) == 0);
    CHECK(number(MemoryType::write_through) == 1);
    CHECK(number(MemoryType::cache_disabled) == 2);
    CHECK(number(MemoryType::uncacheable) == 3);
    CHECK(number(MemoryType::write_combining) == 4);
    CHECK(attribute_execute_never == 8);
}

TEST_CASE("message info, rights and guard words have the fields of seL4", "[abi]") {
    const MessageInfo info(0x0fff'ffff'ffff'fabc);
    CHECK(info.label() == 0xffff'ffff'ffff);
    CHECK(info.caps_unwrapped() == 5);
    CHECK(info.extra_caps() == 1);
    CHECK(info.length() == 0x3c);
    CHECK(MessageInfo(0xffff'ffff'ffff, 0x3c, 1, 5).raw() == 0x0fff'ffff'ffff'fabc);
    CHECK(Rights::write().raw() == 1);
    CHECK(Rights::read().raw() == 2);
    CHECK(Rights::grant().raw() == 4);
    CHECK(Rights::grant_reply().raw() == 8);
    CHECK(CNodeData(0x123, 9).raw() == (0x123 << 6 | 9));
    CHECK(CNodeData(~Word{0}).guard_size() == 63);
    CHECK(CNodeData(~Word{0}).guard() == ~Word{0} >> 6);
}

TEST_CASE("the IPC buffer has the words of seL4", "[abi]") {
    CHECK(offsetof(IpcBuffer, tag) == 0);
    CHECK(offsetof(IpcBuffer, message) == 1 * 8);
    CHECK(offsetof(IpcBuffer, user_data) == 121 * 8);
    CHECK(offsetof(IpcBuffer, caps_or_badges) == 122 * 8);
    CHECK(offsetof(IpcBuffer, receive_cnode) == 125 * 8);
    CHECK(offsetof(IpcBuffer, receive_index) == 126 * 8);
    CHECK(offsetof(IpcBuffer, receive_depth) == 127 * 8);
    CHECK(sizeof(IpcBuffer) == 1024);
}

TEST_CASE("the root task's slots have the numbers of seL4", "[abi]") {
    CHECK(root_slot::null == 0);
    CHECK(root_slot::tcb == 1);
    CHECK(root_slot::cnode == 2);
    CHECK(root_slot::vspace == 3);
    CHECK(root_slot::irq_control == 4);
    CHECK(root_slot::asid_control == 5);
    CHECK(root_slot::asid_pool == 6);
    CHECK(root_slot::io_port_control == 7);
    CHECK(root_slot::io_space == 8);
    CHECK(root_slot::boot_info_frame == 9);
    CHECK(root_slot::ipc_buffer == 10);
    CHECK(root_slot::domain_set == 11);
    CHECK(root_slot::sched_context == 14);
    CHECK(root_slot::first_region == 16);
}

TEST_CASE("the boot-information page has the words of seL4, 230 descriptors behind them", "[abi]") {
    CHECK(offsetof(BootInfo, extra_length) == 0 * 8);
    CHECK(offsetof(BootInfo, node_id) == 1 * 8);
    CHECK(offsetof(BootInfo, node_count) == 2 * 8);
    CHECK(offsetof(BootInfo, io_page_table_levels) == 3 * 8);
    CHECK(offsetof(BootInfo, ipc_buffer) == 4 * 8);
    CHECK(offsetof(BootInfo, empty) == 5 * 8);
    CHECK(offsetof(BootInfo, shared_frames) == 7 * 8);
    CHECK(offsetof(BootInfo, user_image_frames) == 9 * 8);
    CHECK(offsetof(BootInfo, user_image_paging) == 11 * 8);
    CHECK(offsetof(BootInfo, io_space_caps) == 13 * 8);
    CHECK(offsetof(BootInfo, extra_frames) == 15 * 8);
    CHECK(offsetof(BootInfo, cnode_bits) == 17 * 8);
    CHECK(offsetof(BootInfo, domain) == 18 * 8);
    CHECK(offsetof(BootInfo, sched_control) == 19 * 8);
    CHECK(offsetof(BootInfo, untyped) == 21 * 8);
    CHECK(offsetof(BootInfo, untyped_list) == 23 * 8);
    CHECK(offsetof(UntypedDescriptor, paddr) == 0);
    CHECK(offsetof(UntypedDescriptor, size_bits) == 8);
    CHECK(offsetof(UntypedDescriptor, is_device) == 9);
    CHECK(sizeof(UntypedDescriptor) == 16);
    CHECK(sizeof(BootInfo) == 3864);
}

TEST_CASE("extra boot-information chunks have the numbers of seL4, modules one of their own", "[abi]") {
    CHECK(boot_chunk::padding == 0);
    CHECK(boot_chunk::vbe == 1);
    CHECK(boot_chunk::memory_map == 2);
    CHECK(boot_chunk::acpi_rsdp == 3);
    CHECK(boot_chunk::framebuffer == 4);
    CHECK(boot_chunk::tsc_mhz == 5);
    CHECK(boot_chunk::modules == 0x4d4f4453);
    CHECK(offsetof(BootChunk, id) == 0);
    CHECK(offsetof(BootChunk, length) == 8);
    CHECK(offsetof(BootModule, paddr) == 0);
    CHECK(offsetof(BootModule, size) == 8);
    CHECK(offsetof(BootModule, name) == 16);
    CHECK(sizeof(BootModule) == 128);
}
