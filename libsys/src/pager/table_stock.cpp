// SPDX-License-Identifier: BSD-2-Clause
#include <sys/pager/table_stock.hpp>

namespace sys::pager {

Result<Object> TableStock::make(MissingLevel level) {
    while (next_ != end_) {
        const Word slot = next_++;
        const Result<void> made = memory_.retype_into(object_for(level), 0, cnode_, slot);
        if (made)
            return Object(slot);
        if (!(made.error() == abi::Error::delete_first))
            return made.error();
    }
    return ErrorCode::out_of_slots;
}

Result<void> TableStock::add(const Error& missing, VSpace space, Word address) {
    if (!is_missing_level(missing))
        return missing;
    const MissingLevel level = missing_level(missing);
    return map_level(level, TRY(make(level)), space, address);
}

} // namespace sys::pager
