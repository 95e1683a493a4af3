// SPDX-License-Identifier: BSD-2-Clause
// sample-server: its unit file is sample-server.service.
#include <servers/sample-server/service.hpp>
#include <sys/server/run.hpp>

extern "C" int main(int, char**, char**) {
    static sample_server::Service service;
    sys::log("[sample-server] ready");
    return sys::service::run("sample-server", service);
}
