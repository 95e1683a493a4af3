// SPDX-License-Identifier: BSD-2-Clause
// Result<T, E>: a value or the error that kept it from coming about. TRY hands an error on to the caller.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace kernel {

/// Wraps an error on its way into a Result, so that value and error can never be confused.
template <class E>
struct Failure {
    E error;
};
template <class E>
Failure(E) -> Failure<E>;

/// Success without a value.
struct Nothing {};

template <class T, class E>
class [[nodiscard]] Result {
public:
    constexpr Result(T value) : value_(value), ok_(true) {}
    template <class F>
    constexpr Result(Failure<F> failure) : error_(failure.error), ok_(false) {}

    constexpr explicit operator bool() const { return ok_; }
    /// Only after the check that there is one.
    constexpr const T& operator*() const { return value_; }
    constexpr const T* operator->() const { return &value_; }
    constexpr const E& error() const { return error_; }

private:
    union {
        T value_;
        E error_;
    };
    bool ok_;
};

/// An error of two words with a value for "none", whose second word, `carried`, may then hold something else.
template <class E>
concept Carrier = sizeof(E) == 16 && requires(E error) {
    { error.is_none() } -> std::same_as<bool>;
    { error.carried } -> std::same_as<uint64_t&>;
};

/// A small value and such an error share two words, which functions return in registers.
template <class T, Carrier E>
    requires(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>)
class [[nodiscard]] Result<T, E> {
public:
    Result(T value) { __builtin_memcpy(&error_.carried, &value, sizeof value); }
    template <class F>
    constexpr Result(Failure<F> failure) : error_(failure.error) {}

    constexpr explicit operator bool() const { return error_.is_none(); }
    T operator*() const {
        T value;
        __builtin_memcpy(static_cast<void*>(&value), &error_.carried, sizeof value);
        return value;
    }
    constexpr const E& error() const { return error_; }

private:
    E error_;
};

template <class E>
using Status = Result<Nothing, E>;

} // namespace kernel

/// The value of `expression`; on failure leaves the function with its error.
#define TRY(expression)                                                                                                \
    ({                                                                                                                 \
        auto&& try_result = (expression);                                                                              \
        if (!try_result) [[unlikely]]                                                                                  \
            return ::kernel::Failure{try_result.error()};                                                              \
        *try_result;                                                                                                   \
    })
