// SPDX-License-Identifier: BSD-2-Clause
// List and Queue of up to N values in place. PID 1 allocates nothing: what it can hold is known when it is built.
// Places without a value are left untouched, so that a big table costs only the pages that are in use.
#pragma once

#include <new>
#include <stddef.h>
#include <type_traits>

namespace systemd {

template <class T, size_t N>
class List {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    static constexpr size_t capacity = N;

    List() {}
    List(const List& other) { append(other); }
    List& operator=(const List& other) {
        if (this == &other)
            return *this;
        size_ = 0;
        append(other);
        return *this;
    }

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    void clear() { size_ = 0; }

    /// False if there is no room; nothing has changed then.
    [[nodiscard]] bool push(const T& value) {
        if (size_ == N)
            return false;
        ::new (static_cast<void*>(&values_[size_++])) T(value);
        return true;
    }
    /// Takes back the last value; there must be one.
    void drop_back() { --size_; }

    T& operator[](size_t index) { return values_[index]; }
    const T& operator[](size_t index) const { return values_[index]; }
    T& back() { return values_[size_ - 1]; }

    const T* begin() const { return values_; }
    const T* end() const { return values_ + size_; }

private:
    void append(const List& other) {
        for (const T& value : other)
            ::new (static_cast<void*>(&values_[size_++])) T(value);
    }

    union {
        T values_[N];
    };
    size_t size_ = 0;
};

/// First in, first out.
template <class T, size_t N>
class Queue {
    static_assert(std::is_trivially_destructible_v<T>);

public:
    Queue() {}
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    bool empty() const { return count_ == 0; }
    size_t size() const { return count_; }

    /// False if there is no room; nothing has changed then.
    [[nodiscard]] bool push(const T& value) {
        if (count_ == N)
            return false;
        ::new (static_cast<void*>(&values_[(first_ + count_++) % N])) T(value);
        return true;
    }
    /// The oldest value; the queue must not be empty. An empty queue starts over at its first place.
    T pop() {
        const T value = values_[first_];
        --count_;
        first_ = count_ == 0 ? 0 : (first_ + 1) % N;
        return value;
    }

private:
    union {
        T values_[N];
    };
    size_t first_ = 0;
    size_t count_ = 0;
};

} // namespace systemd
