// SPDX-License-Identifier: BSD-2-Clause
#include <sys/cap/cnode.hpp>

namespace sys {

Result<unsigned> SlotRef::inspect(std::span<Inspected> slots) const {
    const raw::Registers answer =
        invoke_raw(root, abi::Invocation::cnode_inspect, with_caps(), index, depth, slots.size());
    const abi::MessageInfo info(answer.info);
    if (info.label() != 0)
        return to_error(answer);
    const auto word = [&](unsigned i) { return answered_word(answer, i); };
    const unsigned count = info.length() / abi::inspect_words;
    for (unsigned i = 0; i < count; ++i)
        slots[i] = {abi::InspectedSlot(word(3 * i)), word(3 * i + 1), word(3 * i + 2)};
    return count;
}

} // namespace sys
