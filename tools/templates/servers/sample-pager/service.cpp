// SPDX-License-Identifier: BSD-2-Clause
// A fault is a message; its answer is a page, or a reason.
#include <servers/sample-pager/service.hpp>

namespace sample_pager {

Answer Pager::on_fault(const Fault& fault) {
    if (const auto denial = region_.denial(fault))
        return Answer::deny(*denial);
    const Word page = *region_.page_of(fault.address);
    if (const auto present = fault.is_protection() ? frames_.owned_by(page) : std::nullopt)
        return Answer::map(region_.item(page, frames_.capability(*present))); // with the rights that it should have
    const auto frame = frames_.take_clear(page);
    if (!frame)
        return Answer::deny(Denial::no_memory);
    return Answer::map(region_.item(page, frames_.capability(*frame)));
}

void Pager::on_answered(const Fault& fault, bool carried_out) {
    const auto page = region_.page_of(fault.address);
    if (!carried_out && page && !fault.is_protection())
        frames_.give_back_of(*page);
}

} // namespace sample_pager
