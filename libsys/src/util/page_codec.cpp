// SPDX-License-Identifier: BSD-2-Clause
#include <sys/util/page_codec.hpp>

#include <string.h>

namespace sys {
namespace {

constexpr size_t least_copy = 4, hash_bits = 10;
constexpr uint8_t more = 15; ///< in a token: bytes follow

/// Writes until there is no room; then it is full for good.
class Writer {
public:
    explicit Writer(std::span<uint8_t> room) : room_(room) {}
    void byte(size_t value) {
        if (used_ < room_.size())
            room_[used_++] = static_cast<uint8_t>(value);
        else
            overflowed_ = true;
    }
    void bytes(std::span<const uint8_t> from) {
        for (const uint8_t value : from)
            byte(value);
    }
    /// What a token had no room for.
    void rest(size_t count) {
        if (count < more)
            return;
        for (count -= more; count >= 255; count -= 255)
            byte(255);
        byte(count);
    }
    size_t used() const { return overflowed_ ? 0 : used_; }

private:
    std::span<uint8_t> room_;
    size_t used_ = 0;
    bool overflowed_ = false;
};

size_t in_token(size_t count) { return count < more ? count : more; }

uint32_t word_at(std::span<const uint8_t> page, size_t at) {
    uint32_t word;
    memcpy(&word, page.data() + at, sizeof word);
    return word;
}

void write_literals(Writer& out, std::span<const uint8_t> literals, size_t copy_in_token) {
    out.byte(in_token(literals.size()) << 4 | copy_in_token);
    out.rest(literals.size());
    out.bytes(literals);
}

/// Reads, and never beyond the end.
class Reader {
public:
    explicit Reader(std::span<const uint8_t> block) : left_(block) {}
    size_t byte() {
        if (left_.empty()) {
            failed_ = true;
            return 0;
        }
        const uint8_t value = left_[0];
        left_ = left_.subspan(1);
        return value;
    }
    size_t count(size_t in_token) {
        size_t total = in_token;
        for (size_t next = 255; in_token == more && next == 255 && !failed_;)
            total += next = byte();
        return total;
    }
    bool copy_to(std::span<uint8_t> to) {
        if (to.size() > left_.size())
            return false;
        if (!to.empty())
            memcpy(to.data(), left_.data(), to.size());
        left_ = left_.subspan(to.size());
        return true;
    }
    bool failed() const { return failed_; }
    bool is_at_end() const { return left_.empty(); }

private:
    std::span<const uint8_t> left_;
    bool failed_ = false;
};

} // namespace

size_t compress(std::span<const uint8_t> page, std::span<uint8_t> block) {
    uint16_t last_at[size_t{1} << hash_bits] = {}; // where four bytes with this hash were seen last; 0 may be nowhere
    Writer out(block);
    size_t written = 0; // what sequences cover
    for (size_t at = 1; at + least_copy <= page.size();) {
        const uint32_t word = word_at(page, at);
        uint16_t& last = last_at[word * 2654435761u >> (32 - hash_bits)];
        const size_t from = last;
        last = static_cast<uint16_t>(at);
        if (word_at(page, from) != word || from >= at) {
            ++at;
            continue;
        }
        size_t length = least_copy;
        while (at + length < page.size() && page[from + length] == page[at + length])
            ++length;
        write_literals(out, page.subspan(written, at - written), in_token(length - least_copy));
        out.byte((at - from) & 255);
        out.byte((at - from) >> 8);
        out.rest(length - least_copy);
        at += length;
        written = at;
    }
    write_literals(out, page.subspan(written), 0);
    return out.used();
}

bool decompress(std::span<const uint8_t> block, std::span<uint8_t> page) {
    Reader in(block);
    for (size_t at = 0;;) {
        const size_t token = in.byte();
        const size_t literals = in.count(token >> 4);
        if (in.failed() || literals > page.size() - at || !in.copy_to(page.subspan(at, literals)))
            return false;
        at += literals;
        if (in.is_at_end())
            return at == page.size();
        const size_t low = in.byte();
        const size_t distance = low | in.byte() << 8;
        const size_t length = in.count(token & more) + least_copy;
        if (in.failed() || distance == 0 || distance > at || length > page.size() - at)
            return false;
        for (const size_t end = at + length; at < end; ++at)
            page[at] = page[at - distance];
    }
}

} // namespace sys
