// SPDX-License-Identifier: BSD-2-Clause
// The process service: requests of processes, faults that end them, alarms.
#pragma once

#include <init/alarms.hpp>
#include <init/clock.hpp>
#include <init/fault_report.hpp>
#include <init/kept_memory.hpp>
#include <init/lent_memory.hpp>
#include <init/power.hpp>
#include <init/process_objects.hpp>
#include <init/process_table.hpp>
#include <init/thread_history.hpp>
#include <init/untyped_ledger.hpp>
#include <sys/cap/domain.hpp>
#include <sys/ipc/server.hpp>
#include <sys/protocol/inspection.hpp>
#include <sys/util/paging_event.hpp>

namespace init {

/// What init's notification is signalled with.
namespace signal {
inline constexpr Word tick = sys::signal_badge_bit | 2;
} // namespace signal

/// How a process is started.
struct SpawnOptions {
    Shape shape;              ///< pid is filled in
    Word parent = init_pid;
    Word quota_pages = 0;     ///< 0 = default_quota
    Word untyped_quota = 0;   ///< bytes; 0 = process::default_untyped_quota
    Word kept_pages = 0;      ///< memory that outlives it
    Word dma_pages = 0;       ///< of them, for devices to read and write
    Word kept_for = 0;        ///< whose the pages are
    Word device_first = 0;    ///< physical addresses that it may map, half-open; a multiple of pages
    Word device_end = 0;
    bool announce = false;
    Word traits = 0;          ///< protocol::pager::trait, besides announce
    bool resident = false;
    sys::Endpoint own_endpoint; ///< the endpoint it serves on, if init made it
    Word vga_text = 0;          ///< physical address of the text screen to be identity-mapped; 0 = none
};

/// Memory besides the pager's pages that processes are given.
struct Reserves {
    KeptMemory& kept;
    UntypedLedger& ledger;
    DeviceMemory& device;
    LentMemory& lent;
};

class ProcessService {
public:
    static constexpr Word default_quota = 4096; ///< pages
    static constexpr Word vga_text_size = 0x8000;

    ProcessService(OwnMemory& memory, Services& services, const sys::archive::Archive& archive, Clock clock,
                   Power& power, const Reserves& reserves)
        : memory_(memory), services_(services), archive_(archive), clock_(clock), power_(power), kept_(reserves.kept),
          ledger_(reserves.ledger), device_(reserves.device), lent_(reserves.lent) {}
    /// Makes the slots of all places.
    Result<void> prepare();

    Result<Word> spawn(const Texts& texts, const SpawnOptions& options);
    /// A copy of a process that waits for an answer (fork.cpp).
    Result<Word> fork(Process& parent);
    void end(Process& ended, const Ending& how);
    std::optional<sys::Message> handle(sys::Incoming& incoming);
    void handle_signal(sys::Badge badge);

    /// Init's own processes: told when one of them ends, and reminded of what it set an alarm for.
    class Observer {
    public:
        virtual void ended(Word pid, const Ending& how, Word ran_for) = 0;
        virtual void alarm() = 0;
    };
    void set_observer(Observer& observer) { observer_ = &observer; }
    void set_own_alarm(Word microseconds);
    /// The threads that are no processes, so that what the kernel says about them has a name.
    void know_lasting_threads(sys::Tcb init, sys::Tcb pager, uint8_t pager_priority);

    const sys::archive::Archive& archive() const { return archive_; }
    const Clock& clock() const { return clock_; }
    Process* find(Word pid) { return table_.find_running(pid); }

private:
    using Badge = sys::Badge;
    static constexpr unsigned own_alarm = ProcessTable::capacity, shutdown_alarm = own_alarm + 1;

    Result<Word> place(const Program& program, const Texts& texts, const SpawnOptions& options, Process& process);
    Result<void> place_copy(Process& parent, Process& child);
    Result<void> map_kept(const SpawnOptions& options, Process& process);
    Result<Word> map_pages_for(Word owner, Word pages, Word pid, Word address);
    Result<void> reserve_device(const SpawnOptions& options, Process& process);
    std::optional<sys::Message> handle_request(const sys::Incoming& incoming, bool has_capability);
    Result<sys::Message> handle_spawn(Badge badge, const process::Spawn& request, const sys::Incoming& incoming);
    Result<sys::Empty> handle_exit(Badge badge, const process::Exit& request);
    Result<sys::Empty> watch_exits(Badge badge, bool has_capability);
    Result<Process*> victim_of(Badge badge, Word pid);
    Result<sys::Empty> kill(Badge badge, const process::Kill& request);
    Result<sys::Empty> set_alarm(Badge badge, const process::Alarm& request, bool has_capability);
    Result<process::WhoAmI::Reply> who_am_i(Badge badge);
    Result<process::MapDevice::Reply> map_device(Badge badge, const process::MapDevice& request);
    Result<sys::Message> give_untyped(Badge badge, const process::GetUntyped& request);
    void destroy_objects(const Process& process);
    // inspection.cpp
    static bool is_inspection(Word label);
    std::optional<sys::Message> handle_inspection(const sys::Incoming& incoming);
    Result<process::PagingEvents::Reply> paging_events(const process::PagingEvents& request) const;
    Result<process::Threads::Reply> threads(const process::Threads& request);
    Result<process::Capabilities::Reply> capabilities(const process::Capabilities& request);
    Result<process::Walk::Reply> walk(const process::Walk& request);
    Result<process::Holdings::Reply> holdings(const process::Holdings& request);
    Result<void> remember(const Process& process);

    Result<Process*> caller(Badge badge);
    Result<void> require_permission(const Process& process, uint16_t grant) const;
    Result<void> keep_capability(Process& process, Word which);
    void end_descendants(Word pid);
    void handle_fault(Badge badge, const sys::Message& message);
    void log_keeper(const Process& process, const FaultReport& report) const;
    /// The function that holds an instruction, if the boot archive says so.
    void log_function(const Process& process, Word instruction) const;
    /// Entry by entry, as the tables are now.
    void log_walk(const Process& process, const FaultReport& report);
    void signal(const Process& process, Word which);
    void ask_to_end(const Process& process); // this and what follows: shutdown.cpp
    Result<void> power_off(const Process& asker);
    void power_off_without_manager();
    void drop_received_capability();
    ProcessObjects& objects_of(const Process& process) { return objects_[table_.index_of(process)]; }

    OwnMemory& memory_;
    Services& services_;
    const sys::archive::Archive& archive_;
    Clock clock_;
    Power& power_;
    KeptMemory& kept_;
    UntypedLedger& ledger_;
    DeviceMemory& device_;
    LentMemory& lent_;
    Observer* observer_ = nullptr;
    ProcessTable table_;
    ThreadHistory history_;
    sys::Tcb pager_thread_;
    uint8_t pager_priority_ = 0;
    ProcessObjects objects_[ProcessTable::capacity];
    Alarms<ProcessTable::capacity + 2> alarms_;
    bool is_shutting_down_ = false; ///< PID 1 was asked
    Word receive_slot_ = 0;
};

} // namespace init
