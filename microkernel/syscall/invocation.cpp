// SPDX-License-Identifier: BSD-2-Clause
#include <cap/lookup.hpp>
#include <syscall/invocation.hpp>

namespace kernel {

Status<LookupError> Invocation::look_up_extras(Word& failed) {
    const unsigned wanted = abi::MessageInfo(caller.context.rsi).extra_caps();
    if (wanted == 0)
        return ok;
    const abi::IpcBuffer* buffer = ipc_buffer(caller);
    if (!buffer)
        return ok;
    for (unsigned i = 0; i < wanted; i++) {
        failed = buffer->caps_or_badges[i];
        const auto found = resolve(caller.cap(TcbSlot::cspace), failed, abi::word_bits);
        if (!found)
            return Failure{found.error()};
        extra_[extra_count_++] = found->slot;
    }
    return ok;
}

Answer<Slot*> lookup_empty_slot(const Capability& root, Word index, Word depth) {
    Slot* const slot = TRY(lookup_slot(root, index, depth, false));
    if (!slot->is_empty())
        return refuse(SyscallError::delete_first());
    return slot;
}

} // namespace kernel
