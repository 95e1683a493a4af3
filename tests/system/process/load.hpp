// SPDX-License-Identifier: BSD-2-Clause
// What chaos and its clients share: a memory object of one page.
#pragma once

#include <abi/types.hpp>

namespace load {

inline constexpr unsigned max_clients = 16;

enum class Wrong : abi::Word { nothing, kept_page, new_page_not_clear, new_page, request_refused, huge_page };

struct Shared {
    abi::Word stop; ///< not 0: clients end
    abi::Word rounds[max_clients];
    abi::Word wrong[max_clients]; ///< Wrong
    abi::Word detail[max_clients];
};

} // namespace load
