// SPDX-License-Identifier: BSD-2-Clause
#include <sys/cap/range.hpp>

namespace sys {
namespace {

EntryBits bits_from(const raw::Registers& answer, unsigned first) {
    EntryBits bits;
    for (unsigned i = 0; i < bits.words.size(); ++i)
        bits.words[i] = answered_word(answer, first + i);
    return bits;
}

} // namespace

Result<PageTables::Unmapped> PageTables::unmap(const EntryRange& range, Word cookie, Word step) const {
    const raw::Registers answer = invoke_raw(*this, abi::Invocation::range_unmap, with_caps(), range.address,
                                             range.size_bits, range.count, cookie, step);
    if (abi::MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    return Unmapped{answer.mr0, bits_from(answer, 1)};
}

Result<PageTables::Harvested> PageTables::harvest(const EntryRange& range, Word clear) const {
    const raw::Registers answer = invoke_raw(*this, abi::Invocation::range_harvest, with_caps(), range.address,
                                             range.size_bits, range.count, clear);
    if (abi::MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    return Harvested{answer.mr0, bits_from(answer, 1), bits_from(answer, 9)};
}

Result<PageTables::Entries> PageTables::read(const EntryRange& range) const {
    const raw::Registers answer =
        invoke_raw(*this, abi::Invocation::range_read, with_caps(), range.address, range.size_bits, range.count);
    if (abi::MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    Entries shown{static_cast<unsigned>(answer.mr0), {}};
    for (unsigned i = 0; i < shown.count; ++i)
        shown.entries[i] = answered_word(answer, 1 + i);
    return shown;
}

} // namespace sys
