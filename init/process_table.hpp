// SPDX-License-Identifier: BSD-2-Clause
// Who runs, who started whom, and whose end has not been told yet. Pure: it keeps the books, others do the deeds.
#pragma once

#include <sys/protocol/process.hpp>
#include <sys/result.hpp>

namespace init {

using sys::Result;
using sys::Word;
namespace process = sys::protocol::process;

/// The number that stands for init itself as a parent.
inline constexpr Word init_pid = 0;

struct Process {
    process::List::Entry entry; ///< state none: this place is free
    uint16_t grants = 0;
    uint8_t kept_pages = 0; ///< mapped at process::kept_address
    uint8_t dma_pages = 0; ///< mapped at process::dma_address
    Word dma_physical = 0;
    std::string_view file; ///< path of its program in the boot archive
    Word base = 0; ///< is added to all addresses of its ELF file
    Word device_first = 0, device_end = 0; ///< physical addresses that it may map, half-open
    process::NextExit::Reply end; ///< once it has ended

    bool is_running() const { return entry.state == process::State::running; }
    Word pid() const { return entry.pid; }
};

/// How a process ended.
struct Ending {
    process::Cause cause = process::Cause::none;
    Word status = 0;
    Word fault_label = 0;
    Word instruction = 0;
    Word address = 0;
    Word refusal = 0;
};

class ProcessTable {
public:
    static constexpr unsigned capacity = 64;

    /// The number that the next process gets: 1 for the system manager, else one never used before.
    Word next_number(bool is_system_manager) const { return is_system_manager ? process::system_manager : next_; }
    /// Enters a running process. The number counts as used from now on. too_many_processes, or busy if it still runs.
    Result<Process*> add(Word pid, Word parent, std::string_view path, uint8_t priority, uint16_t grants, Word now);
    /// Null for one that never was, has been reaped, or has ended.
    Process* find_running(Word pid);
    /// The running process with the least number from `from` on; null: there is none.
    Process* next_running(Word from);

    /// Its running children get `heir` as parent, its ended ones are forgotten unless `heir` can still hear of them. Its own
    /// end waits for its parent; if that is init, it is reaped at once.
    void end(Process& ended, const Ending& how, Word now, Word heir);
    /// The end of one child of `parent`, which is thereby forgotten; pid 0 if none waits. First ended, first told.
    process::NextExit::Reply next_exit(Word parent);
    bool has_exit(Word parent) const;

    /// Takes back an `add`: the process never ran.
    void forget(Process& process) { process = {}; }

    process::List::Reply list(Word from) const;
    unsigned index_of(const Process& process) const { return static_cast<unsigned>(&process - processes_); }
    Process& at(unsigned index) { return processes_[index]; }
    unsigned count() const;

private:
    Process processes_[capacity];
    Word next_ = process::system_manager + 1;
    Word endings_ = 0; ///< how many processes have ended so far
    Word ended_as_[capacity] = {}; ///< the value of `endings_` when that one ended
};

} // namespace init
