// SPDX-License-Identifier: BSD-2-Clause
// A service that is there to fail: its arguments name one misdeed for each of its lives. It reports ready, works for a
// second, then commits the one of this life; when they are used up it stays. Which life it is, eclipse-systemd says in
// SERVICE_RESTARTS.
#include <servers/crasher/faults.hpp>
#include <sys/cap/notification.hpp>
#include <sys/proc/exit.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace crasher {

namespace {

constexpr sys::Word work_time = 1'000'000; ///< microseconds

/// The number behind `name=` in the environment; 0 if there is none.
unsigned number_from(char** environment, std::string_view name) {
    for (; *environment != nullptr; ++environment) {
        std::string_view entry = *environment;
        if (!entry.starts_with(name) || entry.size() == name.size() || entry[name.size()] != '=')
            continue;
        unsigned value = 0;
        for (const char c : entry.substr(name.size() + 1)) {
            if (c < '0' || c > '9' || value > 1'000'000)
                return 0;
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        return value;
    }
    return 0;
}

/// False if there is no alarm to be had.
bool sleep(sys::Word microseconds) {
    const sys::CNode own(sys::slot::cnode);
    const sys::Notification wake(sys::slot::first_free); // a copy with a badge: a signal of 0 is no signal
    if (!own.at(wake.slot()).mint_from(own.at(sys::slot::notification), sys::Rights::all(), sys::signal_badge_bit))
        return false;
    const sys::protocol::process::Alarm alarm{microseconds};
    if (!sys::call(sys::Endpoint(sys::slot::process_service), alarm, wake))
        return false;
    if ((sys::Notification(sys::slot::notification).wait().value & sys::stop_badge_bit) != 0)
        sys::exit(0); // asked to end
    return true;
}

int run(int argc, char** argv, char** environment) {
    const unsigned life = number_from(environment, "SERVICE_RESTARTS");
    if (const auto told = sys::service::report_ready(); !told)
        sys::log("[CRASHER] no service manager: {}", told.error());
    if (life + 1 >= static_cast<unsigned>(argc)) {
        sys::log("[CRASHER] Life {}: done with misdeeds, staying", life + 1);
        while ((sys::Notification(sys::slot::notification).wait().value & sys::stop_badge_bit) == 0) {
        }
        return 0; // asked to end
    }
    const auto misdeed = misdeed_of(argv[life + 1]);
    if (!misdeed) {
        sys::log("[CRASHER] no such misdeed: {}", argv[life + 1]);
        return 2;
    }
    if (!sleep(work_time))
        sys::log("[CRASHER] no alarm, no patience");
    sys::log("[CRASHER] Life {}: {} now", life + 1, describe(*misdeed));
    commit(*misdeed);
    sys::log("[CRASHER] Life {}: the machine let {} pass", life + 1, describe(*misdeed));
    return 3;
}

} // namespace

} // namespace crasher

extern "C" int main(int argc, char** argv, char** environment) { return crasher::run(argc, argv, environment); }
