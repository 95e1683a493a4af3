// SPDX-License-Identifier: BSD-2-Clause
// The books of the process service.
#include <init/process_table.hpp>

namespace init {

using process::State;

Result<Process*> ProcessTable::add(Word pid, Word parent, std::string_view path, uint8_t priority, uint16_t grants,
                                   Word now) {
    if (find_running(pid) != nullptr)
        return sys::ErrorCode::busy;
    for (Process& place : processes_) {
        if (place.entry.state != State::none)
            continue;
        place = {};
        place.entry.pid = pid;
        place.entry.parent = parent;
        place.entry.started_at = now;
        place.entry.state = State::running;
        place.entry.priority = priority;
        place.grants = grants;
        const std::string_view name = path.substr(path.rfind('/') + 1);
        name.copy(place.entry.name, sizeof(place.entry.name) - 1);
        if (pid >= next_)
            next_ = pid + 1;
        return &place;
    }
    return sys::Error(process::Error::too_many_processes, capacity);
}

Process* ProcessTable::find_running(Word pid) {
    if (pid == init_pid)
        return nullptr;
    for (Process& process : processes_)
        if (process.is_running() && process.pid() == pid)
            return &process;
    return nullptr;
}

void ProcessTable::end(Process& ended, const Ending& how, Word now, Word heir) {
    for (Process& child : processes_) {
        if (child.entry.state == State::none || child.entry.parent != ended.pid())
            continue;
        child.entry.parent = heir;
        if (heir == init_pid && child.entry.state == State::ended)
            child = {};
    }
    if (ended.entry.parent == init_pid) {
        ended = {};
        return;
    }
    ended.entry.state = State::ended;
    ended_as_[index_of(ended)] = ++endings_;
    ended.end = {.pid = ended.pid(),
                 .cause = how.cause,
                 .status = how.status,
                 .ended_at = now,
                 .started_at = ended.entry.started_at,
                 .fault_label = how.fault_label,
                 .fault_instruction = how.instruction,
                 .fault_address = how.address,
                 .refusal = how.refusal};
}

process::NextExit::Reply ProcessTable::next_exit(Word parent) {
    Process* first = nullptr;
    for (Process& process : processes_) {
        if (process.entry.state != State::ended || process.entry.parent != parent)
            continue;
        if (first == nullptr || ended_as_[index_of(process)] < ended_as_[index_of(*first)])
            first = &process;
    }
    if (first == nullptr)
        return {};
    const process::NextExit::Reply reply = first->end;
    *first = {};
    return reply;
}

bool ProcessTable::has_exit(Word parent) const {
    for (const Process& process : processes_)
        if (process.entry.state == State::ended && process.entry.parent == parent)
            return true;
    return false;
}

unsigned ProcessTable::count() const {
    unsigned count = 0;
    for (const Process& process : processes_)
        count += process.entry.state == State::none ? 0 : 1;
    return count;
}

Process* ProcessTable::next_running(Word from) {
    Process* lowest = nullptr;
    for (Process& process : processes_) {
        if (process.is_running() && process.pid() >= from && (lowest == nullptr || process.pid() < lowest->pid()))
            lowest = &process;
    }
    return lowest;
}

process::List::Reply ProcessTable::list(Word from) const {
    process::List::Reply reply;
    constexpr unsigned room = sizeof(reply.entries) / sizeof(reply.entries[0]);
    for (Word at = from;;) {
        const Process* lowest = nullptr;
        for (const Process& process : processes_)
            if (process.entry.state != State::none && process.pid() >= at &&
                (lowest == nullptr || process.pid() < lowest->pid()))
                lowest = &process;
        if (lowest == nullptr)
            return reply;
        if (reply.count == room) {
            reply.next = lowest->pid();
            return reply;
        }
        reply.entries[reply.count++] = lowest->entry;
        at = lowest->pid() + 1;
    }
}

} // namespace init
