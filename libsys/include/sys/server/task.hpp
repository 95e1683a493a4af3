// SPDX-License-Identifier: BSD-2-Clause
// Coroutines for servers that wait for several things at once. A Task runs until it awaits an Event that is not there, lets
// the server go on, and is resumed by whoever raises the event: all in one thread, so nothing needs a lock.
//
//     sys::Task Service::answer_later(sys::PendingReply caller) {
//         sys::Timer patience;
//         if (timers_.set(patience, 1'000'000) && co_await sys::any_of(data_, patience) == 0)
//             caller.answer(take_data());
//     }
//
// A task's frame comes from the program's TaskPool, of fixed size: if that is full the task does not start, and what it was
// given (its PendingReply) is destroyed, which answers the caller with `busy`.
#pragma once

#include <coroutine>
#include <span>
#include <stddef.h>
#include <stdint.h>
#include <sys/result.hpp>

namespace sys {

/// Places for the frames of tasks, all of one size.
class TaskPool {
public:
    TaskPool(const TaskPool&) = delete;
    TaskPool& operator=(const TaskPool&) = delete;

    /// Null: full, or the frame is larger than a place.
    void* allocate(size_t size);
    /// A frame that allocate gave.
    void release(void* frame);
    /// Tasks that there are.
    size_t in_use() const { return in_use_; }
    /// The largest frame that was asked for: what a place should hold.
    size_t largest() const { return largest_; }

    /// The pool that tasks of this program are made in. A program has one at a time.
    static TaskPool* program_pool();

protected:
    TaskPool(std::span<uint8_t> storage, size_t place_size);
    ~TaskPool();

private:
    struct Free {
        Free* next;
    };
    Free* free_ = nullptr;
    size_t place_size_;
    size_t in_use_ = 0;
    size_t largest_ = 0;
};

/// A pool that brings its places.
template <size_t places, size_t place_size = 512>
class StaticTaskPool : public TaskPool {
public:
    StaticTaskPool() : TaskPool(storage_, place_size) {}

private:
    static_assert(place_size % 16 == 0);
    alignas(16) uint8_t storage_[places * place_size];
};

/// A coroutine that runs on its own; it frees itself at its end.
class Task {
public:
    /// What the compiler asks for: a task starts at once and frees itself at its end.
    struct promise_type {
        promise_type();
        ~promise_type();
        promise_type(const promise_type&) = delete;
        promise_type& operator=(const promise_type&) = delete;
        static void* operator new(size_t size) noexcept {
            TaskPool* const pool = TaskPool::program_pool();
            return pool == nullptr ? nullptr : pool->allocate(size);
        }
        static void operator delete(void* frame) { TaskPool::program_pool()->release(frame); }
        static Task get_return_object_on_allocation_failure() { return Task(false); }
        Task get_return_object() { return Task(true); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { panic("an exception left a task"); }

        promise_type* next = nullptr; ///< all tasks that there are
        promise_type* previous = nullptr;
    };
    /// Ends every task where it waits: what it holds is destroyed, so that whoever it would have answered is told `busy`. Not
    /// from inside a task.
    static void cancel_all();
    /// False: there was no place for it, it has not run.
    bool has_started() const { return started_; }

private:
    explicit Task(bool started) : started_(started) {}
    bool started_;
};

class Event;

/// A task that waits for an event: part of the awaiting expression, in the task's own frame.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { leave(); }

    /// Until the event is raised; then `task` is resumed.
    void wait(Event& event, std::coroutine_handle<> task);
    /// Waits no longer.
    void leave();
    /// Since wait().
    bool was_raised() const { return raised_; }

private:
    friend class Event;
    Event* event_ = nullptr;
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
    std::coroutine_handle<> task_;
    bool raised_ = false;
};

/// Something that happens. raise() resumes all tasks that await it now, in the order in which they came; it is not
/// remembered for later ones.
class Event {
public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;

    /// Resumes who waits.
    void raise();
    /// Whether raise() would resume somebody.
    bool is_awaited() const { return first_ != nullptr; }

private:
    friend class Waiter;
    Waiter* first_ = nullptr;
    Waiter* last_ = nullptr;
};

/// Awaits the first of several events; the value is its index.
template <size_t count>
class AnyOf {
public:
    template <class... Events>
    explicit AnyOf(Events&... events) : events_{&events...} {}

    bool await_ready() const { return false; }
    void await_suspend(std::coroutine_handle<> task) {
        for (size_t i = 0; i < count; ++i)
            waiters_[i].wait(*events_[i], task);
    }
    unsigned await_resume() {
        unsigned first = count;
        for (unsigned i = 0; i < count; ++i) {
            if (waiters_[i].was_raised() && first == count)
                first = i;
            waiters_[i].leave();
        }
        return first;
    }

private:
    Event* events_[count];
    Waiter waiters_[count];
};

/// `co_await any_of(a, b)` is 0 if `a` came first, 1 if `b` did.
template <class... Events>
AnyOf<sizeof...(Events)> any_of(Events&... events) {
    return AnyOf<sizeof...(Events)>(events...);
}
/// `co_await event`.
inline AnyOf<1> operator co_await(Event & event) { return AnyOf<1>(event); }

} // namespace sys
