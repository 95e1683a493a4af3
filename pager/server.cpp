// SPDX-License-Identifier: BSD-2-Clause
// Which message goes where.
#include <pager/server.hpp>

#include <sys/util/log.hpp>

namespace pager {

using protocol::Error;
using sys::Incoming;
using sys::Message;

namespace {

constexpr bool is_fault(Word label) { return label <= static_cast<Word>(abi::Fault::keeper_fault); }

const char* name_of(Word label) {
    switch (static_cast<abi::Fault>(label)) {
    case abi::Fault::cap_fault: return "capability fault";
    case abi::Fault::unknown_syscall: return "unknown system call";
    case abi::Fault::user_exception: return "exception";
    case abi::Fault::vm_fault:
    case abi::Fault::keeper_fault: return "page fault";
    default: return "fault";
    }
}

/// The words of a fault message that a casualty report shows.
Casualty describe_fault(const Message& message) {
    Casualty casualty;
    casualty.fault_label = message.label();
    casualty.instruction = message.mr0;
    switch (static_cast<abi::Fault>(message.label())) {
    case abi::Fault::unknown_syscall:
        casualty.instruction = sys::raw::ipc_buffer()->message[abi::unknown_syscall::fault_ip];
        casualty.address = sys::raw::ipc_buffer()->message[abi::unknown_syscall::number];
        break;
    case abi::Fault::user_exception:
        casualty.address = message.mr3;
        casualty.error_code = sys::raw::ipc_buffer()->message[abi::user_exception::error_code];
        break;
    case abi::Fault::keeper_fault:
        casualty.fault_label = static_cast<Word>(abi::Fault::vm_fault); // how it was told is nobody else's business
        casualty.address = message.mr1;
        casualty.error_code = abi::KeeperFaultInfo(message.mr2).error_code();
        break;
    default:
        casualty.address = message.mr1;
        casualty.error_code = message.mr3;
        break;
    }
    return casualty;
}

} // namespace

Reaction Server::handle(Incoming& incoming) {
    if (is_fault(incoming.label()))
        return handle_fault(incoming);
    ++requests_;
    return {incoming.badge().value == protocol::init_badge ? handle_init(incoming) : handle_request(incoming)};
}

std::optional<Message> Server::handle_init(Incoming& incoming) {
    using namespace protocol;
    switch (incoming.label()) {
    case CreateSpace::label:
    case DestroySpace::label:
    case MapImage::label:
    case MapStack::label:
    case MapLent::label:
    case GetFrame::label:
    case WriteMemory::label:
    case NextCasualty::label: break;
    default: return handle_request(incoming);
    }
    return sys::Dispatch(incoming)
        .on<CreateSpace>([&](const CreateSpace& request) { return create_space(request); })
        .on<DestroySpace>([&](const DestroySpace& request) { return destroy_space(request); })
        .on<MapImage>([&](const MapImage& request) { return map_image(request); })
        .on<MapStack>([&](const MapStack& request) { return map_stack(request); })
        .on<MapLent>([&](const MapLent& request) { return map_lent(request); })
        .on<GetFrame>([&](const GetFrame& request) { return get_frame(request); })
        .on<WriteMemory>([&](const WriteMemory& request) { return write_memory(request, incoming); })
        .on<NextCasualty>([&](const NextCasualty&) { return Result<NextCasualty::Reply>(clients_.next_casualty()); })
        .answer();
}

std::optional<Message> Server::handle_request(Incoming& incoming) {
    using namespace protocol;
    const Badge badge = incoming.badge();
    if (incoming.label() >= CreateSpace::label && incoming.label() <= NextCasualty::label)
        return Message::of_error(Error::not_init);
    return sys::Dispatch(incoming)
        .on<MapAnonymous>([&](const MapAnonymous& request) { return map_anonymous(badge, request); })
        .on<Unmap>([&](const Unmap& request) { return unmap(badge, request); })
        .on<Populate>([&](const Populate& request) { return populate(badge, request); })
        .on<MapArchive>([&](const MapArchive& request) { return map_archive(badge, request); })
        .on<Statistics>([&](const Statistics&) { return statistics(badge); })
        .answer();
}

Reaction Server::handle_fault(const Incoming& incoming) {
    Client* const client = clients_.find(incoming.badge().value);
    if (client == nullptr)
        return {}; // its space is gone already
    if (!sys::KeeperFault::is_one(incoming.message())) {
        refuse(*client, incoming, Refusal::not_a_page_fault);
        return {};
    }
    const Message message = incoming.message();
    const auto fault = sys::KeeperFault::from(message);
    const Decision decision = decide(client->space.regions(), PageFault::from(fault));
    if (decision.refusal != Refusal::none) {
        refuse(*client, incoming, decision.refusal);
        return {};
    }
    // Where there is a page table the answer is the mapping; else the tables are made first. To fill the stock takes a
    // moment between answer and next message.
    constexpr unsigned page_table = 1;
    if (fault.info.level() == page_table && fault.info.keeper() == protocol::keeper && !memory_.is_stock_low()) {
        const Result<sys::MapItem> item =
            client->space.take_for_answer(memory_, archive_, *decision.region, decision.page);
        if (item && !item->capability.is_null()) {
            ++faults_served_;
            return {Message{}, *item};
        }
    }
    const Result<void> provided = client->space.provide(memory_, archive_, *decision.region, decision.page);
    if (!provided) {
        const sys::Received kept{message, incoming.badge()};
        refuse(*client, Incoming(kept),
               provided.error() == Error::over_quota ? Refusal::over_quota : Refusal::no_memory);
        return {};
    }
    ++faults_served_;
    return {Message{}}; // try again
}

void Server::refuse(Client& client, const Incoming& incoming, Refusal refusal) {
    ++faults_refused_;
    Casualty casualty = describe_fault(incoming.message());
    casualty.client = client.space.number();
    casualty.reason = static_cast<Word>(refusal);
    clients_.add_casualty(client, casualty);
    sys::log("[FAULT] process {}: {} at rip={:#x} address={:#x} error={:#x}: {}", casualty.client,
             name_of(casualty.fault_label), casualty.instruction, casualty.address, casualty.error_code,
             protocol::describe(refusal));
    casualties_.signal();
}

Result<Client*> Server::existing(Word number) {
    Client* const client = clients_.find(number);
    if (client == nullptr)
        return Error::no_such_space;
    return client;
}

Result<Client*> Server::client_of(Badge badge, Word named) {
    if (badge.value == protocol::init_badge)
        return existing(named);
    if (named != protocol::own_space && named != badge.value)
        return Error::not_init;
    return existing(badge.value);
}

} // namespace pager
