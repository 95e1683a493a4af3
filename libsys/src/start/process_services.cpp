// SPDX-License-Identifier: BSD-2-Clause
// What the start-up code of a process ties to the services it was given: logging to the console, ending by Exit.
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/console.hpp>
#include <sys/protocol/process.hpp>
#include <sys/start/runtime.hpp>
#include <sys/util/log.hpp>

namespace sys {

void log_to_console(std::string_view line) {
    const auto written = call_with_payload(Endpoint(slot::console), protocol::console::Write{}, Payload(line));
    if (!written)
        log_to_kernel(line); // no console (yet): the line must not be lost
}

} // namespace sys

namespace sys::start {

void exit_process(int status) {
    static_cast<void>(call(Endpoint(slot::process_service),
                           protocol::process::Exit{static_cast<Word>(static_cast<int64_t>(status))}));
}

} // namespace sys::start
