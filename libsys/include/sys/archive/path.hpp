// SPDX-License-Identifier: BSD-2-Clause
// Paths inside an archive: their normal form, and a buffer to take them apart and put them together.
#pragma once

#include <stddef.h>
#include <string_view>

namespace sys::archive {

inline constexpr size_t max_path = 255;

/// Without leading "/" and "./", without trailing "/"; the root directory is "".
constexpr std::string_view normal_form(std::string_view path) {
    for (;;) {
        if (path.starts_with('/'))
            path.remove_prefix(1);
        else if (path.starts_with("./"))
            path.remove_prefix(2);
        else
            break;
    }
    while (path.ends_with('/'))
        path.remove_suffix(1);
    return path == "." ? std::string_view() : path;
}

/// Whether an archive may call an entry so: no component is "..", "." (but a leading one) or empty; no zero byte.
constexpr bool is_plain_name(std::string_view name) {
    if (name.empty() || name.size() > max_path || name.find('\0') != std::string_view::npos)
        return false;
    std::string_view rest = normal_form(name);
    while (!rest.empty()) {
        const size_t slash = rest.find('/');
        const std::string_view component = rest.substr(0, slash);
        if (component.empty() || component == "." || component == "..")
            return false;
        rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    }
    return true;
}

/// A path of at most max_path bytes.
class PathBuffer {
public:
    std::string_view text() const { return {text_, size_}; }
    bool is_empty() const { return size_ == 0; }
    void clear() { size_ = 0; }

    /// False if it does not fit; then nothing has changed. So for append.
    bool assign(std::string_view path) {
        if (path.size() > max_path)
            return false;
        size_ = path.copy(text_, path.size());
        return true;
    }
    /// Adds "/" and `path`; just `path` if the buffer is empty, nothing if `path` is.
    bool append(std::string_view path) {
        const size_t separator = is_empty() || path.empty() ? 0 : 1;
        if (path.size() > max_path || size_ + separator + path.size() > max_path)
            return false;
        if (separator != 0)
            text_[size_++] = '/';
        size_ += path.copy(text_ + size_, path.size());
        return true;
    }
    /// Cuts off the first component (perhaps empty) and returns it.
    PathBuffer take_first() {
        PathBuffer first;
        const std::string_view all = text();
        const size_t slash = all.find('/');
        first.assign(all.substr(0, slash));
        PathBuffer rest;
        if (slash != std::string_view::npos)
            rest.assign(all.substr(slash + 1));
        *this = rest;
        return first;
    }
    /// Cuts off the last component; false if there is none.
    bool remove_last() {
        if (is_empty())
            return false;
        const size_t slash = text().rfind('/');
        size_ = slash == std::string_view::npos ? 0 : slash;
        return true;
    }

private:
    char text_[max_path] = {};
    size_t size_ = 0;
};

static_assert(normal_form("./sbin/init") == "sbin/init" && normal_form("/sbin/") == "sbin" && normal_form(".").empty());
static_assert(is_plain_name("a/b") && !is_plain_name("a/../b") && !is_plain_name("a//b") && !is_plain_name(""));

} // namespace sys::archive
