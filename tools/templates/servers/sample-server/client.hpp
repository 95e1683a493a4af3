// SPDX-License-Identifier: BSD-2-Clause
// Client: how other programs use sample-server.
#pragma once

#include <servers/sample-server/protocol.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/service.hpp>

namespace sample_server {

class Client {
public:
    explicit Client(sys::Endpoint server) : server_(server) {}
    /// Asks the service manager for the server; `slot` is an empty slot of this program.
    static sys::Result<Client> connect(Word slot) { return Client(TRY(sys::service::connect("sample-server", slot))); }

    /// The new total of this client's tally.
    sys::Result<Word> add(Word amount) const { return TRY(sys::call(server_, Add{amount})).total; }

    /// The greeting lies in `storage`.
    sys::Result<std::string_view> greet(std::string_view name, std::span<char> storage) const {
        const std::span<uint8_t> bytes(reinterpret_cast<uint8_t*>(storage.data()), storage.size());
        const auto answer = TRY(sys::call_with_payload(server_, Greet{}, sys::Payload(name), bytes));
        return std::string_view(storage.data(), answer.payload.size());
    }

private:
    sys::Endpoint server_;
};

} // namespace sample_server
