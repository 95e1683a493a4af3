// SPDX-License-Identifier: BSD-2-Clause
// The console's own commands: what is left when nothing else runs.
#pragma once

#include <string_view>

namespace console {

/// Prints text, line ends included.
class Output {
public:
    virtual void print(std::string_view text) = 0;
};

/// The command named by the first word of `line`; says so if there is none.
void run_command(std::string_view line, Output& out);

} // namespace console
