// SPDX-License-Identifier: BSD-2-Clause
// Starting and ending processes.
#include <init/process_service.hpp>

#include <init/symbols.hpp>
#include <init/ticker.hpp>
#include <sys/cap/range.hpp>
#include <sys/ipc/call.hpp>
#include <sys/ipc/pager.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>

namespace init {

namespace pager_protocol = sys::protocol::pager;
using process::Error;

Result<void> ProcessService::prepare() {
    const Word first = TRY(memory_.slots().take(ProcessTable::capacity * place_slot::count));
    for (unsigned i = 0; i < ProcessTable::capacity; ++i)
        objects_[i] = ProcessObjects(first + i * place_slot::count);
    receive_slot_ = TRY(memory_.slots().take());
    sys::set_receive_slot(own_cnode, receive_slot_, abi::word_bits);
    return {};
}

/// Everything that is made for a process; on failure the caller takes it all away again.
Result<Word> ProcessService::place(const Program& program, const Texts& texts, const SpawnOptions& options,
                                   Process& process) {
    Shape shape = options.shape;
    shape.pid = process.pid();
    ProcessObjects& objects = objects_of(process);
    TRY(objects.ensure_allotment(memory_));
    ledger_.open(table_.index_of(process),
                 options.untyped_quota == 0 ? process::default_untyped_quota : options.untyped_quota);
    const Word fixed = services_.fixed_addresses ? pager_protocol::trait::fixed : 0;
    const Word announced = options.announce ? pager_protocol::trait::announce : 0;
    const LoadRequest request{.pid = shape.pid,
                              .quota_pages = options.quota_pages == 0 ? default_quota : options.quota_pages,
                              .traits = options.traits | announced | fixed,
                              // The boot log names the system manager's addresses before it is loaded.
                              .fixed_addresses = services_.fixed_addresses || options.announce,
                              .resident = options.resident,
                              .vspace_slot = objects.slot(place_slot::vspace),
                              .ipc_frame_slot = objects.slot(place_slot::ipc_frame)};
    const Loaded loaded = TRY(load_program(services_.pager_of_init, program, texts, request));
    process.file = program.file.name;
    process.base = loaded.base;
    if (options.vga_text != 0)
        TRY(sys::call(services_.pager_of_init,
                      pager_protocol::MapLent{.client = shape.pid,
                                              .address = options.vga_text,
                                              .physical = options.vga_text,
                                              .size = vga_text_size,
                                              .rights = pager_protocol::access::write,
                                              .memory_type = static_cast<Word>(abi::MemoryType::uncacheable),
                                              .request = next_pager_request()}));
    TRY(map_kept(options, process));
    TRY(reserve_device(options, process));
    TRY(objects.build(services_, shape));
    TRY(remember(process));
    if (!options.own_endpoint.is_null())
        TRY(objects.give_own_endpoint(options.own_endpoint));
    else if (options.kept_pages != 0)
        TRY(objects.give_own_endpoint(TRY(kept_.endpoint_for(memory_, options.kept_for))));
    if (options.announce)
        sys::log("PROCESS_TRANSFER: Userland environment setup successful");
    TRY(objects.start(services_, shape, loaded));
    if (options.announce) // init's priority is higher: the process has not yet run
        sys::log("PROCESS_TRANSFER: Transferring to RIP={:#x}, RSP={:#x}, PML4={:#x}", loaded.entry,
                 loaded.stack_pointer, loaded.pml4_physical);
    return shape.pid;
}

/// Maps the pages that are kept for whoever the process is started for.
Result<void> ProcessService::map_kept(const SpawnOptions& options, Process& process) {
    if (options.kept_pages != 0)
        TRY(map_pages_for(options.kept_for, options.kept_pages, process.pid(), process::kept_address));
    process.kept_pages = static_cast<uint8_t>(options.kept_pages);
    constexpr Word for_devices = Word{1} << 63; // no device writes to what is kept, and nothing but that to what is its
    if (options.dma_pages != 0)
        process.dma_physical =
            TRY(map_pages_for(options.kept_for | for_devices, options.dma_pages, process.pid(), process::dma_address));
    process.dma_pages = static_cast<uint8_t>(options.dma_pages);
    return {};
}

Result<Word> ProcessService::map_pages_for(Word owner, Word pages, Word pid, Word address) {
    const Word physical = TRY(kept_.pages_for(owner, pages));
    TRY(sys::call(services_.pager_of_init, pager_protocol::MapLent{.client = pid,
                                                                   .address = address,
                                                                   .physical = physical,
                                                                   .size = pages * page_size,
                                                                   .rights = pager_protocol::access::write,
                                                                   .request = next_pager_request()}));
    return physical;
}

/// No two running processes may map the same device.
Result<void> ProcessService::reserve_device(const SpawnOptions& options, Process& process) {
    for (Word from = 0; const Process* const other = table_.next_running(from); from = other->pid() + 1)
        if (options.device_first < other->device_end && other->device_first < options.device_end)
            return Error::device_refused;
    process.device_first = options.device_first;
    process.device_end = options.device_end;
    return {};
}

Result<Word> ProcessService::spawn(const Texts& texts, const SpawnOptions& options) {
    const Program program = TRY(find_program(archive_, texts.path));
    if (options.announce)
        sys::log("ELF_LOADER: Loaded {} bytes from {}", program.file.content.size(), texts.path);
    const Word pid = table_.next_number(options.announce);
    Process* const process =
        TRY(table_.add(pid, options.parent, texts.path, options.shape.priority, options.shape.grants, clock_.now()));
    // A capability that came for the child waits in the receive slot: it must be in its place before the pager sends others.
    static_cast<void>(keep_capability(*process, place_slot::manager_endpoint));
    Result<Word> placed = place(program, texts, options, *process);
    sys::set_receive_slot(own_cnode, receive_slot_, abi::word_bits);
    if (!placed) {
        destroy_objects(*process);
        static_cast<void>(sys::call(services_.pager_of_init, pager_protocol::DestroySpace{pid}));
        table_.forget(*process);
    }
    return placed;
}

/// What the process has made itself goes after its thread.
void ProcessService::destroy_objects(const Process& process) {
    objects_of(process).destroy();
    ledger_.take_back(table_.index_of(process));
}

void ProcessService::end_descendants(Word pid) {
    for (unsigned i = 0; i < ProcessTable::capacity; ++i) {
        Process& child = table_.at(i);
        if (child.is_running() && child.entry.parent == pid)
            end(child, {.cause = process::Cause::killed});
    }
}

void ProcessService::end(Process& ended, const Ending& how) {
    const Word pid = ended.pid();
    const Word parent = ended.entry.parent;
    const Word now = clock_.now();
    const Word ran_for = now - ended.entry.started_at;
    // What PID 1 started was connected to it by capabilities that die with it: it ends, too. Others' orphans go to PID 1.
    if (pid == process::system_manager)
        end_descendants(pid);
    destroy_objects(ended);
    alarms_.cancel(table_.index_of(ended));
    static_cast<void>(sys::call(services_.pager_of_init, pager_protocol::DestroySpace{pid}));
    table_.end(ended, how, now, pid == process::system_manager ? init_pid : process::system_manager);
    if (Process* const told = table_.find_running(parent); told != nullptr)
        signal(*told, place_slot::exit_watch);
    if (pid == process::system_manager && is_shutting_down_)
        power_off_without_manager();
    if (parent == init_pid && observer_ != nullptr)
        observer_->ended(pid, how, ran_for);
}

/// A process has done what its pager refuses, or what is no page fault at all: it ends.
void ProcessService::handle_fault(Badge badge, const sys::Message& message) {
    Process* const process = table_.find_running(badge.value);
    if (process == nullptr)
        return;
    const FaultReport report = read_fault(message);
    const Ending& ending = report.ending;
    sys::log("[FAULT] process {}: {} at rip={:#x} address={:#x} error={:#x}: {}", badge.value, report.kind,
             ending.instruction, ending.address, report.error_code,
             pager_protocol::describe(static_cast<pager_protocol::Refusal>(ending.refusal)));
    if (report.has_keeper_info)
        log_keeper(*process, report);
    log_function(*process, ending.instruction);
    if (report.has_keeper_info)
        log_walk(*process, report);
    end(*process, ending);
}

void ProcessService::log_keeper(const Process& process, const FaultReport& report) const {
    const pager_protocol::InspectRegion question{process.pid(), report.ending.address};
    const auto region = sys::call(services_.pager_of_init, question);
    char storage[200];
    sys::TextBuffer text(storage);
    describe_keeper(text, report, region ? *region : pager_protocol::InspectRegion::Reply{});
    sys::log("[FAULT] process {} ({}): {}", process.pid(), sys::text_in(process.entry.name), text.text());
}

void ProcessService::log_function(const Process& process, Word instruction) const {
    char path[200];
    const auto symbols = archive_.resolve(sys::format(path, "/usr/lib/symbols/{}", process.file));
    const auto function = symbols ? function_at(symbols->text(), instruction - process.base) : std::nullopt;
    if (function)
        sys::log("[FAULT]   in {}+{:#x} of {}", function->name, function->offset, sys::text_in(process.entry.name));
}

void ProcessService::log_walk(const Process& process, const FaultReport& report) {
    const Word address = report.ending.address;
    const sys::PageTables tables(sys::Object(objects_of(process).slot(place_slot::vspace)));
    const auto way = tables.read_way(address);
    if (!way || way->count == 0)
        return;
    constexpr unsigned top_level = 4;
    char storage[120];
    for (unsigned i = 0; i < way->count && i < top_level; ++i) {
        sys::TextBuffer text(storage);
        describe_step(text, address, top_level - i, way->entries[i]);
        sys::log("[FAULT]   {}", text.text());
    }
    sys::TextBuffer text(storage);
    describe_stop(text, report, top_level + 1 - way->count);
    sys::log("[FAULT]   {}", text.text());
}

void ProcessService::signal(const Process& process, Word which) {
    if (objects_of(process).has(which))
        sys::Notification(objects_of(process).slot(which)).signal_untrusted();
}

void ProcessService::set_own_alarm(Word microseconds) {
    alarms_.set(own_alarm, clock_.now() + microseconds);
    Ticker::set_running(true);
}

void ProcessService::handle_signal(Badge) {
    alarms_.run(clock_.now(), [&](unsigned place) {
        if (place == own_alarm)
            observer_->alarm();
        else if (place == shutdown_alarm)
            power_off_without_manager();
        else
            signal(table_.at(place), place_slot::alarm);
    });
    Ticker::set_running(alarms_.any());
}

} // namespace init
