// SPDX-License-Identifier: BSD-2-Clause
// Client: how other programs use sample-driver.
#pragma once

#include <servers/sample-driver/protocol.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/service.hpp>

namespace sample_driver {

class Client {
public:
    explicit Client(sys::Endpoint server) : server_(server) {}
    /// Asks the service manager for the server; `slot` is an empty slot of this program.
    static sys::Result<Client> connect(Word slot) { return Client(TRY(sys::service::connect("sample-driver", slot))); }

    sys::Result<Count::Reply> count() const { return sys::call(server_, Count{}); }
    /// Comes back after that many further ticks, with how many there are then.
    sys::Result<Word> wait(Word ticks) const { return TRY(sys::call(server_, Wait{ticks})).ticks; }

private:
    sys::Endpoint server_;
};

} // namespace sample_driver
