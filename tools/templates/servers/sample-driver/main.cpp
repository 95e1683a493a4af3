// SPDX-License-Identifier: BSD-2-Clause
// sample-driver: its unit file, sample-driver.service, says which ports and which interrupt it is granted.
#include <servers/sample-driver/service.hpp>
#include <sys/server/run.hpp>

extern "C" int main(int, char**, char**) {
    static sys::StaticTaskPool<sample_driver::Service::max_tasks> tasks;
    static sys::Replies replies;
    static sample_driver::Service service(replies);
    if (const auto started = service.start(); !started) {
        sys::log("[sample-driver] cannot take its interrupt: {}", started.error());
        return 1;
    }
    sys::log("[sample-driver] ready");
    return sys::service::run("sample-driver", service, replies);
}
