// SPDX-License-Identifier: BSD-2-Clause
// Switching the machine off. PID 1 is asked first: it ends its services and then asks for the same thing itself.
#include <init/process_service.hpp>

#include <init/ticker.hpp>
#include <sys/util/log.hpp>

namespace init {

namespace {
constexpr Word patience = 30'000'000; ///< microseconds that PID 1 has
}

void ProcessService::ask_to_end(const Process& process) {
    sys::Notification(objects_of(process).slot(place_slot::stop_signal)).signal();
}

Result<void> ProcessService::power_off(const Process& asker) {
    const Process* const manager = table_.find_running(process::system_manager);
    if (manager == nullptr || manager == &asker || is_shutting_down_)
        return power_.off();
    is_shutting_down_ = true;
    sys::log("INIT: asking PID 1 to end everything");
    alarms_.set(shutdown_alarm, clock_.now() + patience);
    Ticker::set_running(true);
    ask_to_end(*manager);
    return {};
}

/// PID 1 has ended without asking for it, or did nothing for too long.
void ProcessService::power_off_without_manager() {
    sys::log("INIT: PID 1 does not power off");
    static_cast<void>(power_.off());
    is_shutting_down_ = false; // the machine is still here: all goes on
}

} // namespace init
