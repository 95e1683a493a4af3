// SPDX-License-Identifier: BSD-2-Clause
// What the measurements run in: objects out of one untyped, a second address space with the same image, threads.
#pragma once

#include <abi/boot_info.hpp>
#include <sys/cap/asid.hpp>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/reply.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/cap/untyped.hpp>
#include <utility>

namespace bench {

using abi::Word;

/// Ends the run: prints what went wrong.
[[noreturn]] void fail(const char* what);

/// The value, or the end of the run.
template <class T>
T must(const char* what, const sys::Result<T>& result) {
    if (!result)
        fail(what);
    return *result;
}
inline void must(const char* what, const sys::Result<void>& result) {
    if (!result)
        fail(what);
}

class World {
public:
    explicit World(const abi::BootInfo& boot_info);

    /// A new object in a slot of its own.
    template <class T>
    T make(unsigned size_bits = 0) {
        return T(make_slots(T::type, size_bits, 1));
    }
    /// `count` neighbouring objects; the first slot.
    Word make_slots(abi::ObjectType type, unsigned size_bits, Word count);
    Word next_slot() { return next_slots(1); }
    /// `count` neighbouring empty slots; the first.
    Word next_slots(Word count) { return std::exchange(next_slot_, next_slot_ + count); }

    /// A PML4 with an ASID, and everything of the root task's image mapped at the same addresses.
    sys::VSpace make_space();
    /// Tables for a megabyte at `address`, which none has yet.
    void make_tables(sys::VSpace space, Word address);
    /// The frame of the root task's own page at `address`.
    sys::Frame frame_of(const void* address) const;
    /// A copy of a capability, unmapped if it is a frame.
    Word copy(Word slot);

    sys::CNode cnode() const { return sys::CNode(abi::root_slot::cnode); }
    sys::VSpace own_space() const { return sys::VSpace(abi::root_slot::vspace); }
    sys::Tcb own_thread() const { return sys::Tcb(abi::root_slot::tcb); }
    sys::SchedControl sched_control() const { return sys::SchedControl(info_.sched_control.start); }
    /// A round-robin context of 100 ms: no slice ends while something is measured.
    sys::SchedContext make_context();

private:
    const abi::BootInfo& info_;
    sys::Untyped untyped_;
    Word next_slot_;
};

inline constexpr Word thread_stack_size = 16384;

/// A thread of its own over a function of the image, with a stack and an IPC buffer in the image.
struct Thread {
    alignas(4096) uint8_t buffer[4096];
    sys::raw::ThreadBlock block; ///< behind the buffer page's 1 KiB, what libsys finds through the FS base
    sys::Tcb tcb;
    alignas(16) uint8_t stack[thread_stack_size];
};

/// Makes `thread` run `entry(argument)`. A null context: it waits for a donated one.
void start(World& world, Thread& thread, sys::VSpace space, sys::SchedContext context, uint8_t priority,
           sys::Object fault_handler, void (*entry)(Word), Word argument);

} // namespace bench
