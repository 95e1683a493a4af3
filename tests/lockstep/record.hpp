// SPDX-License-Identifier: BSD-2-Clause
// What one object is, in words that mean the same on both sides: named, so that a difference can be printed.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace lockstep {

using Word = uint64_t;

/// So many of a queue, or of a context's refills, go into a record.
inline constexpr unsigned most_queued = 40, most_refills = 12;

class Record {
public:
    void add(const char* name, Word value) {
        if (size_ == capacity)
            throw std::length_error("a record is too small");
        names_[size_] = name;
        words_[size_++] = value;
    }
    bool operator==(const Record& other) const {
        if (size_ != other.size_)
            return false;
        for (unsigned i = 0; i < size_; i++) {
            if (words_[i] != other.words_[i])
                return false;
        }
        return true;
    }
    std::string text() const;
    /// "name kernel / specification" for each field that differs.
    static std::string difference(const Record& kernel, const Record& specification);

private:
    static constexpr unsigned capacity = 96;
    std::array<const char*, capacity> names_;
    std::array<Word, capacity> words_;
    unsigned size_ = 0;
};

} // namespace lockstep
