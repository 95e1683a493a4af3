// SPDX-License-Identifier: BSD-2-Clause
#include <sys/cap/domain.hpp>

namespace sys {

Result<DomainSet::Events> DomainSet::read_events(Word from) const {
    const raw::Registers answer = invoke_raw(*this, abi::Invocation::domain_set_read_events, with_caps(), from);
    const abi::MessageInfo info(answer.info);
    if (info.label() != 0)
        return to_error(answer);
    const auto word = [&](unsigned i) { return answered_word(answer, i); };
    Events shown{word(0), word(1), info.length() / 4, {}}; // the two words before them leave a remainder
    for (unsigned i = 0; i < shown.count; ++i)
        shown.events[i] = {word(2 + 4 * i), word(3 + 4 * i), word(4 + 4 * i), word(5 + 4 * i)};
    return shown;
}

} // namespace sys
