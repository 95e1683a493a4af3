// SPDX-License-Identifier: BSD-2-Clause
// The functions of a program, from the file that tools/lib/archive.py puts into the boot archive beside it.
#pragma once

#include <abi/object.hpp>
#include <optional>
#include <string_view>

namespace init {

struct Function {
    std::string_view name;
    abi::Word offset = 0; ///< bytes from its first instruction to the address
};

/// The last function that begins at `address` or below it. `symbols`: a line for each function, ascending: 16 hexadecimal
/// digits, a space, the name. Nothing if there is none, or the lines are not like that.
std::optional<Function> function_at(std::string_view symbols, abi::Word address);

} // namespace init
