// SPDX-License-Identifier: BSD-2-Clause
// Stands in for the host tests' header of this name: FakeMachine without Catch2. What fails there is a divergence here.
#pragma once

#include <sstream>
#include <stdexcept>

namespace lockstep {
/// The kernel on the simulated machine did something that no kernel may do.
struct MachineFailure : std::runtime_error {
    using std::runtime_error::runtime_error;
};
} // namespace lockstep

#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            throw lockstep::MachineFailure("not so: " #condition);                                                     \
    } while (false)

#define FAIL(words)                                                                                                    \
    do {                                                                                                               \
        std::ostringstream text;                                                                                       \
        text << words;                                                                                                 \
        throw lockstep::MachineFailure(text.str());                                                                    \
    } while (false)
