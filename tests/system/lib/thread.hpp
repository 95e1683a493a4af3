// SPDX-License-Identifier: BSD-2-Clause
// A further thread of the root task: same address space and capabilities, a C++ function, its own stack and IPC buffer.
#pragma once

#include <tests/system/lib/world.hpp>

namespace test {

/// A thread of this priority runs as soon as it can, and the case goes on once it blocks or ends.
inline constexpr sys::Priority above{base_priority.value + 1};
/// And this one above those.
inline constexpr sys::Priority far_above{base_priority.value + 2};
/// A thread of this priority runs when the case waits.
inline constexpr sys::Priority below{base_priority.value - 1};

/// Parameters of Thread::start.
struct ThreadOptions {
    sys::Priority priority = base_priority;
    sys::Endpoint fault_handler = {}; ///< null: none
    bool passive = false; ///< no scheduling context of its own
    sys::SchedControl::Budget budget{{5000}, {5000}};
};

class Thread {
public:
    using Body = void (*)(Word argument);

    Thread() = default;
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;
    ~Thread();

    /// Makes the thread out of `memory` and lets it run. This object must stay where it is until the thread is gone.
    Result<void> start(sys::Untyped memory, Body body, Word argument, const ThreadOptions& options = {});
    /// Everything as `start`, but it does not run before `tcb().resume()`.
    Result<void> prepare(sys::Untyped memory, Body body, Word argument, const ThreadOptions& options = {});

    /// The same for anything that can be called. `body` must live as long as the thread: declare it before.
    template <class Callable>
    Result<void> start(sys::Untyped memory, Callable& body, const ThreadOptions& options = {}) {
        return start(memory, &call<Callable>, reinterpret_cast<Word>(&body), options);
    }
    template <class Callable>
    Result<void> prepare(sys::Untyped memory, Callable& body, const ThreadOptions& options = {}) {
        return prepare(memory, &call<Callable>, reinterpret_cast<Word>(&body), options);
    }

    sys::Tcb tcb() const { return tcb_; }
    sys::SchedContext context() const { return context_; }
    /// The body came to its end.
    bool is_done() const { return done_; }
    /// Lets it run until its body ends; false if that takes too long.
    bool join(Word limit_ms = 3000);

private:
    template <class Callable>
    static void call(Word body) {
        (*reinterpret_cast<Callable*>(body))();
    }
    static void enter(Thread* thread);
    Result<void> make_objects(sys::Untyped memory, const ThreadOptions& options);

    Cap<sys::Tcb> tcb_;
    Cap<sys::SchedContext> context_;
    Cap<sys::Frame> buffer_;
    Word buffer_address_ = 0;
    int stack_ = -1;
    sys::raw::ThreadBlock block_;
    Body body_ = nullptr;
    Word argument_ = 0;
    volatile bool done_ = false;
};

} // namespace test
