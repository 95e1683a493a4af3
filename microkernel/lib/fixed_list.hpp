// SPDX-License-Identifier: BSD-2-Clause
// FixedList<T, N>: up to N values in place, in the order in which they came. No allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace kernel {

template <class T, size_t N>
class FixedList {
public:
    constexpr size_t size() const { return size_; }
    constexpr bool is_empty() const { return size_ == 0; }
    constexpr void clear() { size_ = 0; }

    /// False if the list is full; it is unchanged then.
    [[nodiscard]] constexpr bool push(const T& value) {
        if (size_ == N)
            return false;
        items_[size_++] = value;
        return true;
    }

    /// Moves what stands from `index` on, at most size(), up by one. False if the list is full; it is unchanged then.
    [[nodiscard]] constexpr bool insert(size_t index, const T& value) {
        if (size_ == N)
            return false;
        std::move_backward(begin() + index, end(), end() + 1);
        items_[index] = value;
        size_++;
        return true;
    }
    /// Keeps the first `count`, at most size().
    constexpr void truncate(size_t count) { size_ = count; }

    /// `index` below size().
    constexpr T& operator[](size_t index) { return items_[index]; }
    constexpr const T& operator[](size_t index) const { return items_[index]; }
    constexpr T& last() { return items_[size_ - 1]; }
    constexpr const T& last() const { return items_[size_ - 1]; }
    constexpr T* begin() { return items_.data(); }
    constexpr T* end() { return items_.data() + size_; }
    constexpr const T* begin() const { return items_.data(); }
    constexpr const T* end() const { return items_.data() + size_; }

private:
    std::array<T, N> items_{};
    size_t size_ = 0;
};

} // namespace kernel
