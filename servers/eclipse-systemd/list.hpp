// SPDX-License-Identifier: BSD-2-Clause
// List<T, N>: up to N values in place. PID 1 allocates nothing: what it can hold is known when it is built.
#pragma once

#include <stddef.h>

namespace systemd {

template <class T, size_t N>
class List {
public:
    static constexpr size_t capacity = N;

    constexpr size_t size() const { return size_; }
    constexpr bool empty() const { return size_ == 0; }
    constexpr void clear() { size_ = 0; }

    /// False if there is no room; nothing has changed then.
    [[nodiscard]] constexpr bool push(const T& value) {
        if (size_ == N) return false;
        values_[size_++] = value;
        return true;
    }

    /// Takes back the last value; there must be one.
    constexpr void drop_back() { --size_; }

    constexpr T& operator[](size_t index) { return values_[index]; }
    constexpr const T& operator[](size_t index) const { return values_[index]; }
    constexpr T& back() { return values_[size_ - 1]; }

    constexpr T* begin() { return values_; }
    constexpr T* end() { return values_ + size_; }
    constexpr const T* begin() const { return values_; }
    constexpr const T* end() const { return values_ + size_; }

private:
    T values_[N] = {};
    size_t size_ = 0;
};

/// First in, first out, of up to N values.
template <class T, size_t N>
class Queue {
public:
    constexpr bool empty() const { return count_ == 0; }
    constexpr size_t size() const { return count_; }

    /// False if there is no room; nothing has changed then.
    [[nodiscard]] constexpr bool push(const T& value) {
        if (count_ == N) return false;
        values_[(first_ + count_++) % N] = value;
        return true;
    }

    /// The oldest value; the queue must not be empty.
    constexpr T pop() {
        const T value = values_[first_];
        first_ = (first_ + 1) % N;
        --count_;
        return value;
    }

private:
    T values_[N] = {};
    size_t first_ = 0;
    size_t count_ = 0;
};

} // namespace systemd
