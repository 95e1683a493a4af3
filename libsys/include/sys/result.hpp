// SPDX-License-Identifier: BSD-2-Clause
// Result<T>: a value or an Error, never both; and TRY, which passes the error on.
#pragma once

#include <new>
#include <sys/error.hpp>
#include <utility>

namespace sys {

/// Stops the program: a broken assumption of its own, never a caller's mistake. (util/panic.hpp)
[[noreturn]] void panic(const char* reason);

/// A value, or the error that stands in its place.
template <class T>
class [[nodiscard]] Result {
    static_assert(!std::is_reference_v<T> && !std::is_same_v<std::remove_cv_t<T>, Error>);

public:
    using Value = T;

    /// Success.
    constexpr Result(const T& value)
        requires std::is_copy_constructible_v<T>
        : value_(value), ok_(true) {}
    /// Success.
    constexpr Result(T&& value) : value_(std::move(value)), ok_(true) {}
    /// Failure.
    constexpr Result(const Error& error) : error_(error), ok_(false) {}
    /// Failure, by an enumerator without details.
    template <class Code>
        requires(std::is_enum_v<Code> && !std::is_convertible_v<Code, T>)
    constexpr Result(Code code) : error_(code), ok_(false) {}

    /// Results are handed on, never copied.
    constexpr Result(Result&& other) : ok_(other.ok_) {
        if (ok_)
            ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
        else
            ::new (static_cast<void*>(&error_)) Error(other.error_);
    }
    Result(const Result&) = delete;
    Result& operator=(const Result&) = delete;
    Result& operator=(Result&&) = delete;

    constexpr ~Result()
        requires std::is_trivially_destructible_v<T>
    = default;
    constexpr ~Result() {
        if (ok_)
            value_.~T();
    }

    /// Whether there is a value.
    constexpr explicit operator bool() const { return ok_; }
    /// The same, for where no bool is expected.
    constexpr bool is_ok() const { return ok_; }

    /// The value. Asking for the value of a failure is a bug of the program and stops it.
    constexpr T& value() & { return require_value(), value_; }
    constexpr const T& value() const& { return require_value(), value_; }
    constexpr T value() && { return require_value(), std::move(value_); }
    /// The value, moved out; once.
    constexpr T take() { return require_value(), std::move(value_); }
    /// As value().
    constexpr T& operator*() & { return value(); }
    constexpr const T& operator*() const& { return value(); }
    constexpr T* operator->() { return &value(); }
    constexpr const T* operator->() const { return &value(); }
    /// The value, moved out, or else the other one.
    constexpr T value_or(T other) && { return ok_ ? std::move(value_) : std::move(other); }

    /// The error. Asking for that of a success is a bug of the program and stops it.
    constexpr const Error& error() const {
        if (ok_)
            panic("Result: error() of a success");
        return error_;
    }

private:
    constexpr void require_value() const {
        if (!ok_)
            panic("Result: value() of a failure");
    }

    union {
        T value_;
        Error error_;
    };
    bool ok_;
};

/// Success, or an error.
template <>
class [[nodiscard]] Result<void> {
public:
    using Value = void;

    constexpr Result() = default;
    constexpr Result(const Error& error) : error_(error), ok_(false) {}
    template <class Code>
        requires std::is_enum_v<Code>
    constexpr Result(Code code) : error_(code), ok_(false) {}

    constexpr explicit operator bool() const { return ok_; }
    constexpr bool is_ok() const { return ok_; }
    constexpr void take() const {
        if (!ok_)
            panic("Result: value() of a failure");
    }
    constexpr const Error& error() const {
        if (ok_)
            panic("Result: error() of a success");
        return error_;
    }

private:
    Error error_;
    bool ok_ = true;
};

} // namespace sys

/// The value of a Result; on failure the enclosing function returns the error.
#define TRY(expression)                                                                                                \
    __extension__({                                                                                                    \
        auto try_result = (expression);                                                                                \
        if (!try_result)                                                                                               \
            return try_result.error();                                                                                 \
        try_result.take();                                                                                             \
    })
