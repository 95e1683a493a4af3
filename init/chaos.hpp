// SPDX-License-Identifier: BSD-2-Clause
// The boot word `pager.kill=SEED:COUNT`: the pager is killed COUNT times, at random instructions; `pager.kill=steps:COUNT`: at its
// steps (pager_steps.hpp).
#pragma once

#include <optional>
#include <string_view>
#include <sys/result.hpp>

namespace init {

struct Chaos {
    bool by_steps = false;
    sys::Word seed = 0;
    sys::Word kills = 0;
};

inline constexpr std::string_view chaos_word = "pager.kill=";

/// Digits at the beginning of a text, which are taken from it.
constexpr sys::Word take_number(std::string_view& text) {
    sys::Word number = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1))
        number = number * 10 + static_cast<sys::Word>(text.front() - '0');
    return number;
}

constexpr std::optional<Chaos> chaos_in(std::string_view boot_words) {
    const size_t found = boot_words.find(chaos_word);
    if (found == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = boot_words.substr(found + chaos_word.size());
    constexpr std::string_view steps = "steps";
    Chaos chaos{.by_steps = rest.starts_with(steps)};
    if (chaos.by_steps)
        rest.remove_prefix(steps.size());
    else
        chaos.seed = take_number(rest);
    if (!rest.starts_with(':'))
        return std::nullopt;
    rest.remove_prefix(1);
    chaos.kills = take_number(rest);
    return chaos;
}
static_assert(chaos_in(" a pager.kill=7:120 b")->kills == 120 && chaos_in("pager.kill=7:1")->seed == 7);
static_assert(chaos_in("pager.kill=steps:9")->kills == 9 && chaos_in("pager.kill=steps:9")->by_steps);
static_assert(!chaos_in("pager.kill=7") && !chaos_in("pager.kill=steps") && !chaos_in(""));

} // namespace init
