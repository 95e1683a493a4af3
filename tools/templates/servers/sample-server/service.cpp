// SPDX-License-Identifier: BSD-2-Clause
// Nothing in a message is trusted: every length and every number is checked before it is used.
#include <servers/sample-server/service.hpp>
#include <sys/util/format.hpp>

namespace sample_server {

std::optional<sys::Message> Service::handle(sys::Incoming& incoming) {
    const auto session = sessions_.of(incoming.badge());
    if (!session)
        return sys::Message::of_error(session.error());
    return sys::Dispatch(incoming)
        .on<Add>([&](const Add& request) { return add(**session, request); })
        .on<Greet>([&](const Greet&) { return greet(incoming); })
        .answer();
}

sys::Result<Add::Reply> Service::add(Session& session, const Add& request) {
    const Word left = Add::limit - session.total;
    if (request.amount > left)
        return sys::Error(Error::above_limit, left);
    session.total += request.amount;
    return Add::Reply{session.total};
}

sys::Result<sys::Message> Service::greet(const sys::Incoming& incoming) {
    const std::string_view name = TRY(incoming.text<Greet>());
    if (name.empty() || name.size() > Greet::max_name)
        return Error::not_a_name;
    char storage[Greet::max_greeting];
    const std::string_view greeting = sys::format(storage, "Hello, {}!", name);
    return sys::reply_with_payload(sys::Empty{}, greeting);
}

} // namespace sample_server
