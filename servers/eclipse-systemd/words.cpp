// SPDX-License-Identifier: BSD-2-Clause
// The word splitter: one state, the quote that is open.
#include <servers/eclipse-systemd/words.hpp>

namespace systemd {

namespace {

std::optional<char> unescape(char c) {
    switch (c) {
    case '\\':
    case '"':
    case '\'': return c;
    case 'n': return '\n';
    case 't': return '\t';
    case 's': return ' ';
    default: return std::nullopt;
    }
}

/// Takes one word off `rest`, which does not begin with a blank.
std::optional<UnitFault> take_word(Text& rest, TextStore& store) {
    char quote = 0;
    while (!rest.empty() && (quote != 0 || !is_blank(rest.front()))) {
        char c = rest.front();
        rest.remove_prefix(1);
        if (c == quote) {
            quote = 0;
            continue;
        }
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
            continue;
        }
        if (c == '\\') {
            const auto plain = rest.empty() ? std::nullopt : unescape(rest.front());
            if (!plain)
                return UnitFault::bad_escape;
            c = *plain;
            rest.remove_prefix(1);
        }
        if (!store.put(c))
            return UnitFault::too_much_text;
    }
    if (quote != 0)
        return UnitFault::open_quote;
    return std::nullopt;
}

} // namespace

std::optional<UnitFault> split_words(Text value, TextStore& store, WordList& words) {
    for (Text rest = trim(value); !rest.empty(); rest = trim(rest)) {
        if (const auto fault = take_word(rest, store)) {
            store.abandon();
            return fault;
        }
        if (!words.push(store.finish()))
            return UnitFault::too_many_values;
    }
    return std::nullopt;
}

} // namespace systemd
