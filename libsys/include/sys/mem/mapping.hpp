// SPDX-License-Identifier: BSD-2-Clause
// Mapping a frame where the levels above may be missing: asks for each missing one and tries again.
#pragma once

#include <sys/cap/frame.hpp>

namespace sys {

/// `make_table(abi::ObjectType)` returns Result<Object>: a new, unmapped paging structure of that type.
template <class MakeTable>
Result<void> map_with_tables(Frame frame, VSpace space, Word address, const PageAccess& access,
                             MakeTable&& make_table) {
    constexpr unsigned levels = 3;
    for (unsigned made = 0;; ++made) {
        const Result<void> mapped = frame.map(space, address, access);
        if (mapped)
            return {};
        if (!is_missing_level(mapped.error()) || made == levels)
            return mapped.error();
        const MissingLevel level = missing_level(mapped.error());
        const Object table = TRY(make_table(object_for(level)));
        TRY(map_level(level, table, space, address));
    }
}

} // namespace sys
