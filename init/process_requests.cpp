// SPDX-License-Identifier: BSD-2-Clause
// The requests of the process service: who may, then what.
#include <init/process_service.hpp>

#include <init/ticker.hpp>
#include <sys/ipc/call.hpp>
#include <sys/protocol/pager.hpp>

namespace init {

using process::Error;
using sys::Message;
namespace pager_trait = sys::protocol::pager::trait;

std::optional<Message> ProcessService::handle_request(const sys::Incoming& incoming, bool has_capability) {
    using namespace process;
    const Badge badge = incoming.badge();
    return sys::Dispatch(incoming)
        .on<Spawn>([&](const Spawn& request) { return handle_spawn(badge, request, incoming); })
        .on<Exit>([&](const Exit& request) { return handle_exit(badge, request); })
        .on<NextExit>(
            [&](const NextExit&) -> std::optional<Message> { return sys::pack(0, table_.next_exit(badge.value)); })
        .on<WatchExits>([&](const WatchExits&) { return watch_exits(badge, has_capability); })
        .on<Kill>([&](const Kill& request) { return kill(badge, request); })
        .on<List>([&](const List& request) { return Result<List::Reply>(table_.list(request.from)); })
        .on<Alarm>([&](const Alarm& request) { return set_alarm(badge, request, has_capability); })
        .on<Uptime>([&](const Uptime&) { return Result<Uptime::Reply>(Uptime::Reply{clock_.now(), clock_.mhz()}); })
        .on<AskToEnd>([&](const AskToEnd& request) -> Result<sys::Empty> {
            ask_to_end(*TRY(victim_of(badge, request.pid)));
            return sys::Empty{};
        })
        .on<PowerOff>([&](const PowerOff&) -> Result<sys::Empty> {
            const Process* const asker = TRY(caller(badge));
            if (asker->entry.parent != init_pid)
                return Error::not_permitted; // PID 1 and the console
            TRY(power_off(*asker));
            return sys::Empty{};
        })
        .on<Fork>([&](const Fork&) -> Result<Fork::Reply> {
            Process* const parent = TRY(caller(badge));
            TRY(require_permission(*parent, process::grant::spawn));
            return Fork::Reply{TRY(fork(*parent))};
        })
        .on<process::KeptMemory>([&](const process::KeptMemory&) -> Result<process::KeptMemory::Reply> {
            return process::KeptMemory::Reply{TRY(caller(badge))->kept_pages};
        })
        .on<DmaMemory>([&](const DmaMemory&) -> Result<DmaMemory::Reply> {
            const Process* const driver = TRY(caller(badge));
            return DmaMemory::Reply{driver->dma_pages, driver->dma_physical};
        })
        .on<MapDevice>([&](const MapDevice& request) { return map_device(badge, request); })
        .on<GetUntyped>([&](const GetUntyped& request) { return give_untyped(badge, request); })
        .on<WidenCSpace>([&](const WidenCSpace&) -> Result<sys::Empty> {
            TRY(objects_of(*TRY(caller(badge))).widen());
            return sys::Empty{};
        })
        .on<WhoAmI>([&](const WhoAmI&) { return who_am_i(badge); })
        .answer();
}

std::optional<Message> ProcessService::handle(sys::Incoming& incoming) {
    using namespace process;
    const Badge badge = incoming.badge();
    if (incoming.label() <= static_cast<Word>(abi::Fault::keeper_fault)) {
        handle_fault(badge, incoming.message());
        return std::nullopt;
    }
    const bool has_capability = incoming.capabilities() != 0;
    const std::optional<Message> answer =
        is_inspection(incoming.label()) ? handle_inspection(incoming) : handle_request(incoming, has_capability);
    if (has_capability)
        drop_received_capability();
    // Whoever exits, or kills itself by it, is no longer there to be answered.
    return table_.find_running(badge.value) == nullptr ? std::nullopt : answer;
}

Result<Process*> ProcessService::caller(Badge badge) {
    Process* const process = table_.find_running(badge.value);
    if (process == nullptr)
        return sys::Error(Error::no_such_process, badge.value);
    return process;
}

Result<void> ProcessService::require_permission(const Process& process, uint16_t grant) const {
    if (process.pid() == process::system_manager || (process.grants & grant) != 0)
        return {};
    return Error::not_permitted;
}

/// Moves what came in the receive slot to the process's own; what was there before goes.
Result<void> ProcessService::keep_capability(Process& process, Word which) {
    const sys::SlotRef place = own_cnode.at(objects_of(process).slot(which));
    TRY(place.remove());
    return place.move_from(own_cnode.at(receive_slot_));
}

void ProcessService::drop_received_capability() { static_cast<void>(own_cnode.at(receive_slot_).remove()); }

Result<Message> ProcessService::handle_spawn(Badge badge, const process::Spawn& request,
                                             const sys::Incoming& incoming) {
    static char storage[960];
    const std::string_view payload = TRY(incoming.text<process::Spawn>());
    const std::string_view copy(storage, payload.copy(storage, sizeof(storage))); // calls reuse the IPC buffer
    const Process* const parent = TRY(caller(badge));
    TRY(require_permission(*parent, process::grant::spawn));
    if ((request.grants & process::grant::inspect) != 0)
        TRY(require_permission(*parent, process::grant::inspect));
    const Texts texts = TRY(Texts::parse(copy, request.argument_count, request.environment_count));
    const unsigned wanted = request.priority == 0 ? unsigned{process::default_priority} : request.priority;
    SpawnOptions options;
    options.parent = parent->pid();
    options.shape.priority = static_cast<uint8_t>(wanted < parent->entry.priority ? wanted : parent->entry.priority);
    options.shape.grants = request.grants;
    options.shape.first_port = request.first_port;
    options.shape.last_port = request.last_port;
    options.shape.pin = request.pin;
    options.shape.level_triggered = request.level_triggered != 0;
    options.quota_pages = request.quota_pages;
    if ((request.grants & process::grant::swap) != 0)
        options.traits = pager_trait::pinned | pager_trait::swap;
    if (request.kept_pages > process::max_kept_pages || request.dma_pages > process::max_kept_pages ||
        request.device_first % page_size != 0 || request.device_end % page_size != 0)
        return sys::ErrorCode::invalid_value;
    const bool has_more = request.kept_pages != 0 || request.dma_pages != 0 || request.device_end != 0;
    if (has_more && parent->pid() != process::system_manager)
        return Error::not_permitted;
    options.kept_pages = request.kept_pages;
    options.dma_pages = request.dma_pages;
    options.device_first = request.device_first;
    options.device_end = request.device_end;
    options.kept_for = request.kept_for;
    options.untyped_quota = request.untyped_quota;
    return sys::pack(0, process::Spawn::Reply{TRY(spawn(texts, options))});
}

Result<sys::Empty> ProcessService::handle_exit(Badge badge, const process::Exit& request) {
    end(*TRY(caller(badge)), {.cause = process::Cause::exited, .status = request.status});
    return sys::Empty{};
}

Result<sys::Empty> ProcessService::watch_exits(Badge badge, bool has_capability) {
    Process* const watcher = TRY(caller(badge));
    TRY(require_permission(*watcher, process::grant::spawn));
    if (!has_capability)
        return Error::no_capability;
    TRY(keep_capability(*watcher, place_slot::exit_watch));
    if (table_.has_exit(watcher->pid()))
        signal(*watcher, place_slot::exit_watch);
    return sys::Empty{};
}

/// The process `pid`, if whoever has this badge may end it.
Result<Process*> ProcessService::victim_of(Badge badge, Word pid) {
    const Process* const killer = TRY(caller(badge));
    Process* const victim = table_.find_running(pid);
    if (victim == nullptr)
        return sys::Error(Error::no_such_process, pid);
    const bool is_manager = killer->pid() == process::system_manager;
    const bool is_child = victim->entry.parent == killer->pid();
    if (victim == killer || !(is_child || (is_manager && victim->entry.parent != init_pid)))
        return Error::not_permitted;
    return victim;
}

Result<sys::Empty> ProcessService::kill(Badge badge, const process::Kill& request) {
    end(*TRY(victim_of(badge, request.pid)), {.cause = process::Cause::killed});
    return sys::Empty{};
}

Result<sys::Empty> ProcessService::set_alarm(Badge badge, const process::Alarm& request, bool has_capability) {
    Process* const sleeper = TRY(caller(badge));
    if (has_capability)
        TRY(keep_capability(*sleeper, place_slot::alarm));
    else if (!objects_of(*sleeper).has(place_slot::alarm))
        return Error::no_capability;
    const unsigned place = table_.index_of(*sleeper);
    if (request.microseconds == 0) {
        alarms_.cancel(place);
        return sys::Empty{};
    }
    Word deadline = 0;
    if (__builtin_add_overflow(clock_.now(), request.microseconds, &deadline))
        return sys::ErrorCode::invalid_value;
    alarms_.set(place, deadline);
    Ticker::set_running(true);
    return sys::Empty{};
}

Result<process::MapDevice::Reply> ProcessService::map_device(Badge badge, const process::MapDevice& request) {
    const Process* const driver = TRY(caller(badge));
    const Word first = request.physical, size = request.size;
    if (first % page_size != 0 || size % page_size != 0 || size == 0)
        return sys::ErrorCode::invalid_value;
    if (first < driver->device_first || first >= driver->device_end || size > driver->device_end - first)
        return Error::device_refused;
    if (!lent_.lend_device(device_, first, size / page_size))
        return Error::device_refused;
    const Word address = process::device_window + first;
    TRY(sys::call(services_.pager_of_init,
                  sys::protocol::pager::MapLent{.client = driver->pid(),
                                                .address = address,
                                                .physical = first,
                                                .size = size,
                                                .rights = sys::protocol::pager::access::write,
                                                .memory_type = static_cast<Word>(abi::MemoryType::uncacheable),
                                                .request = next_pager_request()}));
    return process::MapDevice::Reply{address};
}

/// The capability goes with the answer.
Result<Message> ProcessService::give_untyped(Badge badge, const process::GetUntyped& request) {
    const unsigned place = table_.index_of(*TRY(caller(badge)));
    if (request.size_bits > UntypedLedger::max_bits)
        return sys::ErrorCode::out_of_range;
    const sys::Untyped memory = TRY(ledger_.give(place, static_cast<unsigned>(request.size_bits)));
    const process::GetUntyped::Reply reply{ledger_.given(place), ledger_.limit(place)};
    return sys::reply_with_capability(reply, memory);
}

Result<process::WhoAmI::Reply> ProcessService::who_am_i(Badge badge) {
    const Process* const process = TRY(caller(badge));
    return process::WhoAmI::Reply{process->pid(), process->entry.parent};
}

} // namespace init
