// SPDX-License-Identifier: BSD-2-Clause
// Result<T, E>: a value or the error that kept it from coming about. TRY hands an error on to the caller.
#pragma once

#include <utility>

namespace kernel {

/// Wraps an error on its way into a Result, so that value and error can never be confused.
template <class E>
struct Failure {
    E error;
};
template <class E>
Failure(E) -> Failure<E>;

template <class T, class E>
class [[nodiscard]] Result {
public:
    using Value = T;
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

/// Success without a value.
struct Nothing {};

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
