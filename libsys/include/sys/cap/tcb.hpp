// SPDX-License-Identifier: BSD-2-Clause
// Threads.
#pragma once

#include <abi/fault.hpp>
#include <span>
#include <sys/cap/cnode.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/frame.hpp>
#include <sys/cap/notification.hpp>
#include <sys/cap/sched_context.hpp>
#include <sys/cap/vspace.hpp>

namespace sys {

/// 0 (least) to 255.
struct Priority {
    uint8_t value = 0; ///< 255 is the most urgent
    constexpr auto operator<=>(const Priority&) const = default;
};

/// The user-visible registers in the order of the ABI (abi::UserRegister).
struct UserRegisters {
    Word words[abi::user_register_count] = {}; ///< as ReadRegisters and WriteRegisters have them
    /// A register by its name.
    Word& operator[](abi::UserRegister index) { return words[static_cast<unsigned>(index)]; }
    /// A register by its name.
    Word operator[](abi::UserRegister index) const { return words[static_cast<unsigned>(index)]; }
};

/// Everything a thread needs to run, given in one kernel call that does all of it or nothing (paging.md section 6).
struct SpawnArguments {
    CNode cspace; ///< its capability space; mandatory
    Word cspace_data = 0; ///< guard word; 0 leaves the guard as it is
    VSpace vspace; ///< its address space; mandatory
    Object fault_handler; ///< endpoint or keeper table; null: none
    SchedContext sched_context; ///< its time
    Frame ipc_buffer_frame; ///< null: no IPC buffer
    Word ipc_buffer = 0; ///< its address, 1024-aligned
    Object authority; ///< a TCB whose MCP bounds the two priorities
    Priority priority; ///< at most that of `authority`'s MCP
    Priority max_controlled_priority; ///< the most that it may give others
    Word entry = 0; ///< in an executable page, and not 16 zero bytes
    Word stack_pointer = 0; ///< 16-aligned, behind a writable page
    Word argument = 0; ///< arrives in RDI
    Word fs_base = 0; ///< for its raw::ThreadBlock; 0: whoever it is sets it itself
};

/// Why TCB.Spawn refused word MR0 of its arguments: detail 1 of InvalidArgument.
enum class SpawnRefusal : Word {
    not_user_half = 1,
    not_mapped = 2,
    not_executable = 3,
    not_writable = 4,
    no_code = 5,
    not_ram = 6,
    not_aligned = 7,
};

/// A thread.
class Tcb : public Object {
public:
    static constexpr abi::ObjectType type = abi::ObjectType::tcb;
    using Object::Object;

    /// Sets all of it and lets the thread run, or changes nothing. InvalidArgument: detail 0 is the word of the arguments, detail 1 a
    /// SpawnRefusal.
    Result<void> spawn(const SpawnArguments& with) const;

    /// `cspace_data` and `ipc_buffer` 0: guard left as it is, no buffer.
    Result<void> configure(CNode cspace, Word cspace_data, VSpace vspace, Word ipc_buffer, Frame buffer_frame) const {
        return invoke(*this, abi::Invocation::tcb_configure, with_caps(cspace, vspace, buffer_frame), cspace_data,
                      Word{0}, ipc_buffer);
    }
    /// CSpace, VSpace and fault handler (endpoint, keeper table or null) at once. `cspace_data` 0: the guard stays.
    Result<void> set_space(Object fault_handler, CNode cspace, Word cspace_data, VSpace vspace) const {
        return invoke(*this, abi::Invocation::tcb_set_space, with_caps(fault_handler, cspace, vspace), cspace_data,
                      Word{0});
    }
    /// At most the MCP of `authority`, a TCB: RangeError.
    Result<void> set_priority(Object authority, Priority priority) const {
        return invoke(*this, abi::Invocation::tcb_set_priority, with_caps(authority), priority.value);
    }
    /// The most that this thread may give; at most the MCP of `authority`.
    Result<void> set_max_controlled_priority(Object authority, Priority limit) const {
        return invoke(*this, abi::Invocation::tcb_set_mc_priority, with_caps(authority), limit.value);
    }
    /// Limit, priority, scheduling context (null: none) and fault handler at once; bounded by the MCP of `authority`.
    Result<void> set_sched_params(Object authority, Priority limit, Priority priority, SchedContext context,
                                  Object fault_handler) const {
        return invoke(*this, abi::Invocation::tcb_set_sched_params, with_caps(authority, context, fault_handler),
                      limit.value, priority.value);
    }
    /// Who is told when the thread's budget is used up; null: nobody.
    Result<void> set_timeout_endpoint(Endpoint handler) const {
        return invoke(*this, abi::Invocation::tcb_set_timeout_endpoint, with_caps(handler));
    }
    /// `address` is 1024-aligned, where the thread has `frame` mapped; 0: no buffer.
    Result<void> set_ipc_buffer(Word address, Frame frame) const {
        return invoke(*this, abi::Invocation::tcb_set_ipc_buffer, with_caps(frame), address);
    }
    /// What a thread is doing.
    struct Status {
        abi::StatusState state; ///< runs, waits, or is stopped
        Word microseconds; ///< since it last stopped or began to wait
        abi::Fault fault; ///< that it waits with
        Word address; ///< what that is about
    };
    /// What it is doing now.
    Result<Status> status() const {
        const raw::Registers answer = invoke_raw(*this, abi::Invocation::tcb_status, with_caps());
        if (abi::MessageInfo(answer.info).label() != 0)
            return to_error(answer);
        return Status{static_cast<abi::StatusState>(answer.mr0), answer.mr1, static_cast<abi::Fault>(answer.mr2),
                      answer.mr3};
    }
    /// It stops where it is; what it waited for is given up. The caller may mean itself.
    Result<void> suspend() const { return invoke(*this, abi::Invocation::tcb_suspend, with_caps()); }
    /// It runs: a system call that waits starts again, a fault is forgotten and its instruction executed again.
    Result<void> resume() const { return invoke(*this, abi::Invocation::tcb_resume, with_caps()); }
    /// Signals reach the thread where it receives messages. One each.
    Result<void> bind_notification(Notification notification) const {
        return invoke(*this, abi::Invocation::tcb_bind_notification, with_caps(notification));
    }
    /// Its notification is its own again.
    Result<void> unbind_notification() const {
        return invoke(*this, abi::Invocation::tcb_unbind_notification, with_caps());
    }
    /// The FS base; what is no canonical address becomes 0.
    Result<void> set_tls_base(Word address) const {
        return invoke(*this, abi::Invocation::tcb_set_tls_base, with_caps(), address);
    }
    /// Bit 0: FPU disabled. Returns the flags afterwards.
    Result<Word> set_flags(Word clear, Word set) const {
        return invoke_for_word(*this, abi::Invocation::tcb_set_flags, with_caps(), clear, set);
    }
    /// All 20 registers of another thread.
    Result<UserRegisters> read_registers(bool suspend_it) const;
    /// The first `count` registers (1..20) of another thread.
    Result<void> write_registers(const UserRegisters& registers, unsigned count, bool resume_it) const;

    /// What CopyRegisters copies, and which of the two threads it stops or starts.
    struct CopyRegisters {
        bool suspend_source = false; ///< the source stops
        bool resume_target = false; ///< the target runs
        bool transfer_frame = false; ///< the first 18 registers
        bool transfer_integer = false; ///< FS and GS base, the last two
    };
    /// From another thread to this one.
    Result<void> copy_registers(Tcb source, const CopyRegisters& what) const {
        return invoke(*this, abi::Invocation::tcb_copy_registers, with_caps(source),
                      Word{what.suspend_source} | Word{what.resume_target} << 1 | Word{what.transfer_frame} << 2 |
                          Word{what.transfer_integer} << 3);
    }
};

} // namespace sys
