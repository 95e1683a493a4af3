// SPDX-License-Identifier: BSD-2-Clause
// Manager: PID 1 at work. Receives messages of services and signals of the process service, feeds the supervisor, and
// carries out what it says.
#pragma once

#include <servers/eclipse-systemd/name_directory.hpp>
#include <servers/eclipse-systemd/process_client.hpp>
#include <servers/eclipse-systemd/supervisor.hpp>
#include <sys/ipc/server.hpp>

namespace systemd {

/// What PID 1 was started with.
struct Options {
    char** environment = nullptr;
    Text default_target;  ///< DEFAULT_TARGET of the environment; empty: multi-user.target
    bool measure = false; ///< print the time-stamp counter before the ready line
};

class Manager {
public:
    Manager(const UnitTable& units, const DependencyGraph& graph, ProcessClient& processes, const Options& options)
        : units_(units), graph_(graph), processes_(processes), options_(options), supervisor_(units, graph) {}

    /// Signals and messages can arrive from now on.
    sys::Result<void> open();
    /// Starts the default target; where that is missing or fails, multi-user.target, then rescue.target. Comes back when
    /// one of them is reached, or none can be.
    void start_services();
    [[noreturn]] void run();

private:
    static constexpr size_t candidate_count = 3;

    bool start_next_candidate();
    bool start_has_ended();
    void say_ready_if_so();

    void step();
    std::optional<sys::Message> handle(const sys::Received& received);
    std::optional<sys::Message> handle_request(sys::Incoming& incoming, UnitIndex unit, uint32_t incarnation);
    void handle_signal(sys::Badge badge);
    void reap();
    sys::Result<sys::Empty> publish(const sys::Incoming& incoming, UnitIndex unit,
                                    const sys::protocol::service_manager::Publish& request);
    sys::Result<sys::Empty> connect(sys::Badge client, const sys::protocol::service_manager::Connect& request);

    bool is_alive(sys::Word badge) const;

    void carry_out();
    void spawn(UnitIndex unit);
    void announce_pass();
    void begin_shutdown();
    void end_shutdown_if_over();
    void set_alarm();
    void heartbeat(Instant now);

    const UnitTable& units_;
    const DependencyGraph& graph_;
    ProcessClient& processes_;
    const Options& options_;
    Supervisor supervisor_;
    NameDirectory names_;

    size_t candidate_ = 0;
    std::optional<UnitIndex> target_;
    bool is_starting_ = false; ///< phase 3
    bool is_first_wave_ = true;
    bool is_wave_announced_ = false;
    unsigned passes_ = 0;
    bool said_ready_ = false;
    bool said_degraded_ = false;
    bool is_shutting_down_ = false; ///< init has asked us to end
    unsigned heartbeats_ = 0;
    Instant next_heartbeat_ = Instant::never();
    Instant alarm_ = Instant::never();
    std::optional<sys::Message> answer_;
    bool answer_has_capability_ = false;
};

} // namespace systemd
