// SPDX-License-Identifier: BSD-2-Clause
// A formatted line of at most 160 characters.
#pragma once

#include <servers/console/commands.hpp>
#include <sys/util/format.hpp>

namespace console {

template <class... Arguments>
void print(Output& out, sys::FormatString<std::type_identity_t<Arguments>...> format, const Arguments&... arguments) {
    char storage[160];
    sys::TextBuffer buffer(storage);
    sys::format_to(buffer, format, arguments...);
    out.print(buffer.text());
}

} // namespace console
