// SPDX-License-Identifier: BSD-2-Clause
// Frames of tasks, and lists of waiting ones.
#include <sys/server/task.hpp>

namespace sys {

namespace {
TaskPool* pool_of_program = nullptr;
Task::promise_type* first_task = nullptr;
} // namespace

TaskPool* TaskPool::program_pool() { return pool_of_program; }

TaskPool::TaskPool(std::span<uint8_t> storage, size_t place_size) : place_size_(place_size) {
    for (size_t offset = 0; offset + place_size <= storage.size(); offset += place_size)
        free_ = ::new (static_cast<void*>(&storage[offset])) Free{free_};
    pool_of_program = this;
}

TaskPool::~TaskPool() { pool_of_program = nullptr; }

void* TaskPool::allocate(size_t size) {
    if (size > largest_)
        largest_ = size;
    if (size > place_size_ || free_ == nullptr)
        return nullptr;
    Free* const place = free_;
    free_ = place->next;
    ++in_use_;
    return place;
}

void TaskPool::release(void* frame) {
    free_ = ::new (frame) Free{free_};
    --in_use_;
}

Task::promise_type::promise_type() : next(first_task) {
    if (next != nullptr)
        next->previous = this;
    first_task = this;
}

Task::promise_type::~promise_type() {
    (previous != nullptr ? previous->next : first_task) = next;
    if (next != nullptr)
        next->previous = previous;
}

void Task::cancel_all() {
    while (first_task != nullptr)
        std::coroutine_handle<promise_type>::from_promise(*first_task).destroy();
}

void Waiter::wait(Event& event, std::coroutine_handle<> task) {
    event_ = &event;
    task_ = task;
    raised_ = false;
    previous_ = event.last_;
    next_ = nullptr;
    (event.last_ != nullptr ? event.last_->next_ : event.first_) = this;
    event.last_ = this;
}

void Waiter::leave() {
    if (event_ == nullptr)
        return;
    (previous_ != nullptr ? previous_->next_ : event_->first_) = next_;
    (next_ != nullptr ? next_->previous_ : event_->last_) = previous_;
    event_ = nullptr;
}

/// Those who wait now, and no others: one that is resumed may wait here again, behind them.
void Event::raise() {
    Event now;
    now.first_ = first_;
    now.last_ = last_;
    first_ = last_ = nullptr;
    for (Waiter* waiter = now.first_; waiter != nullptr; waiter = waiter->next_)
        waiter->event_ = &now;
    while (Waiter* const waiter = now.first_) {
        waiter->leave();
        waiter->raised_ = true;
        waiter->task_.resume();
    }
}

} // namespace sys
