// SPDX-License-Identifier: BSD-2-Clause
// Copies of processes: the memory is the pager's to clone, the registers are read while the parent waits for its answer.
#include <init/process_service.hpp>

#include <sys/ipc/call.hpp>
#include <sys/protocol/pager.hpp>

namespace init {

/// Everything that is made for a copy; on failure the caller takes it all away again.
Result<void> ProcessService::place_copy(Process& parent, Process& child) {
    ProcessObjects& objects = objects_of(child);
    TRY(objects.ensure_allotment(memory_));
    ledger_.open(table_.index_of(child), process::default_untyped_quota);
    TRY(clone_program(services_.pager_of_init, parent.pid(),
                      {.pid = child.pid(),
                       .vspace_slot = objects.slot(place_slot::vspace),
                       .ipc_frame_slot = objects.slot(place_slot::ipc_frame)}));
    const Shape shape{.pid = child.pid(), .priority = child.entry.priority};
    TRY(objects.build(services_, shape));
    TRY(remember(child));
    return objects.start_copy(services_, shape, sys::Tcb(objects_of(parent).slot(place_slot::tcb)));
}

Result<Word> ProcessService::fork(Process& parent) {
    const Word pid = table_.next_number(false);
    Process* const child =
        TRY(table_.add(pid, parent.pid(), sys::text_in(parent.entry.name), parent.entry.priority, 0, clock_.now()));
    child->file = parent.file;
    child->base = parent.base;
    const Result<void> placed = place_copy(parent, *child);
    sys::set_receive_slot(own_cnode, receive_slot_, abi::word_bits);
    if (placed)
        return pid;
    destroy_objects(*child);
    static_cast<void>(sys::call(services_.pager_of_init, sys::protocol::pager::DestroySpace{pid}));
    table_.forget(*child);
    return placed.error();
}

} // namespace init
