// SPDX-License-Identifier: BSD-2-Clause
// The log service: takes records from whoever has a capability to it, keeps the latest ones, and prints at once what is
// at least a notice.
#include <servers/log/ring.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/process.hpp>
#include <sys/server/run.hpp>
#include <sys/util/log.hpp>

namespace log_service {

namespace protocol = sys::protocol::log;
using sys::Result;

namespace {

class Server {
public:
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<protocol::Write>([&](const protocol::Write& request) { return write(incoming, request); })
            .on<protocol::Read>([&](const protocol::Read& request) { return read(request); })
            .answer();
    }
    void handle_signal(sys::Badge) {} // nobody signals this service

private:
    Result<protocol::Write::Reply> write(const sys::Incoming& incoming, const protocol::Write& request) {
        if (request.priority >= static_cast<Word>(Priority::count))
            return protocol::Error::bad_priority;
        const std::string_view sent = TRY(incoming.text<protocol::Write>());
        if (!is_line(sent))
            return protocol::Error::not_text;
        char text[protocol::max_text]; // the message is gone with the next call
        const std::string_view kept(text, sent.copy(text, sizeof text));
        const auto priority = static_cast<Priority>(request.priority);
        const Word sender = incoming.badge().value;
        const Word number = ring_.add(priority, sender, uptime(), kept);
        if (priority <= Priority::notice)
            print(number);
        return protocol::Write::Reply{number};
    }

    Result<sys::Message> read(const protocol::Read& request) {
        const auto record = ring_.at_or_after(request.from);
        if (!record)
            return sys::Error(protocol::Error::no_record, ring_.next_number());
        const protocol::Read::Reply reply{record->number, static_cast<Word>(record->priority), record->sender,
                                          record->uptime};
        return sys::reply_with_payload(reply, record->text);
    }

    void print(Word number) {
        const auto record = ring_.at_or_after(number);
        if (!record)
            return;
        sys::log("[LOG] {}.{:06} {}: {}", record->uptime / 1'000'000, record->uptime % 1'000'000,
                 describe(record->priority), record->text);
    }

    static Word uptime() {
        const auto answer = sys::call(sys::Endpoint(sys::slot::process_service), sys::protocol::process::Uptime{});
        return answer ? answer->microseconds : 0;
    }

    Ring ring_;
};

constinit Server server;

} // namespace

} // namespace log_service

extern "C" int main(int, char**, char**) {
    if (const auto published = sys::service::publish("log"); !published)
        sys::log("[LOG-SERVICE] cannot be found by others: {}", published.error());
    sys::log("[LOG-SERVICE] Ready to accept log messages from other services");
    if (const auto told = sys::service::report_ready(); !told)
        sys::log("[LOG-SERVICE] no service manager: {}", told.error());
    return sys::service::serve_until_asked_to_end(log_service::server);
}
