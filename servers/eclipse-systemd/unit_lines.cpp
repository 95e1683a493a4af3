// SPDX-License-Identifier: BSD-2-Clause
// Cutting a unit file into logical lines.
#include <servers/eclipse-systemd/unit_lines.hpp>

namespace systemd {

namespace {

bool is_comment(Text line) { return line.front() == '#' || line.front() == ';'; }

/// Tab, and everything that is no control character; bytes from 0x80 up are UTF-8 and nobody's business here.
bool is_text(Text line) {
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return false;
    }
    return true;
}

} // namespace

std::nullopt_t LineReader::fail(UnitFault fault, uint32_t line) {
    error_ = UnitError{fault, line};
    rest_ = {};
    return std::nullopt;
}

Text LineReader::physical_line() {
    const size_t end = rest_.find('\n');
    const Text line = rest_.substr(0, end);
    rest_.remove_prefix(end == Text::npos ? rest_.size() : end + 1);
    ++number_;
    return trim(line);
}

std::optional<Line> LineReader::next() {
    while (!rest_.empty()) {
        const Text line = physical_line();
        if (!is_text(line))
            return fail(UnitFault::bad_byte, number_);
        if (line.empty() || is_comment(line))
            continue;
        if (line.size() > max_line_bytes)
            return fail(UnitFault::line_too_long, number_);
        if (line.back() == '\\')
            return join(line);
        return Line{number_, line};
    }
    return std::nullopt;
}

std::optional<Line> LineReader::join(Text first) {
    const uint32_t start = number_;
    joined_size_ = 0;
    Text piece = first;
    while (piece.size() > 0 && piece.back() == '\\') {
        piece.remove_suffix(1);
        if (!append(trim(piece)) || !append(" "))
            return fail(UnitFault::line_too_long, start);
        do { // Comments between the lines of one value are skipped, as systemd does.
            if (rest_.empty())
                return fail(UnitFault::open_continuation, start);
            piece = physical_line();
            if (!is_text(piece))
                return fail(UnitFault::bad_byte, number_);
        } while (!piece.empty() && is_comment(piece));
    }
    if (!append(piece))
        return fail(UnitFault::line_too_long, start);
    const Text joined = trim(Text(joined_, joined_size_));
    if (joined.empty())
        return next();
    return Line{start, joined};
}

bool LineReader::append(Text piece) {
    if (piece.size() > max_line_bytes - joined_size_)
        return false;
    for (const char c : piece)
        joined_[joined_size_++] = c;
    return true;
}

} // namespace systemd
