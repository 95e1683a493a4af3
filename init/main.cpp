// SPDX-License-Identifier: BSD-2-Clause
// Init, the root task: owns everything, gives it away, then serves as process service.
#include <init/boot_information.hpp>
#include <init/chaos.hpp>
#include <init/own_image.hpp>
#include <init/pager_guardian.hpp>
#include <init/pager_starter.hpp>
#include <init/system_manager.hpp>
#include <init/ticker.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace layout = sys::protocol::pager_startup;
using init::Word;

constexpr Word archive_window = 0x12'0000'0000; ///< where init sees the boot archive
constexpr uint8_t init_priority = 250, pager_priority = 252;
constexpr Word vga_text_address = 0xb8000, vga_text_pages = init::ProcessService::vga_text_size / init::page_size;

/// Ends the boot with the line that everybody waits for.
[[noreturn]] void fail(const char* what, const sys::Error& error) {
    sys::log("INIT: {}: error {} ({}, {}, {}, {})", what, error.label(), error.detail(0), error.detail(1),
             error.detail(2), error.detail(3));
    sys::log("SYSTEM FAILED: {}", what);
    static_cast<void>(sys::Tcb(abi::root_slot::tcb).suspend());
    for (;;) {
    }
}

template <class T>
T need(sys::Result<T> result, const char* what) {
    if (!result)
        fail(what, result.error());
    return result.take();
}
void need(const sys::Result<void>& result, const char* what) {
    if (!result)
        fail(what, result.error());
}

/// The books of what is set aside for kernel objects of processes.
init::UntypedLedger& ledger_of_processes(const init::ChunkShare& chunks, init::Slots& slots) {
    constexpr size_t most_pieces = 2 * init::UntypedLedger::max_pieces;
    static sys::UntypedTree::Node nodes[most_pieces];
    static sys::UntypedTree tree(nodes);
    const Word count = chunks.process_chunks() * (2 << (init::chunk_bits - init::UntypedLedger::min_bits));
    static sys::StaticSlotAllocator<most_pieces> free_slots(need(slots.take(count), "no slots"), count);
    static sys::CSpace space(init::own_cnode, free_slots);
    static sys::UntypedAllocator allocator(space, tree);
    for (Word i = 0; i < chunks.process_chunks(); ++i)
        need(allocator.add(sys::Untyped(chunks.first_process_chunk() + i), init::chunk_bits),
             "no memory for processes");
    static init::UntypedLedger ledger(allocator);
    return ledger;
}

struct ArchiveView {
    init::Lending lending;
    sys::archive::Archive archive;
};

/// What stands behind the first word of the boot archive's command line: the arguments of PID 1.
std::string_view boot_words(const init::BootInformation& boot) {
    static abi::BootModule module; // the words stay in it
    if (const auto found = boot.module(0))
        module = *found;
    module.name[sizeof module.name - 1] = '\0';
    const std::string_view line = module.name;
    const size_t first_blank = line.find(' ');
    return first_blank == std::string_view::npos ? std::string_view() : line.substr(first_blank);
}

/// The first further module, mapped read-only.
ArchiveView map_archive(const init::BootInformation& boot, init::DeviceMemory& device, init::SpaceBuilder& space) {
    const auto module = boot.module(0);
    if (!module)
        fail("no boot archive was loaded", sys::Error(sys::ErrorCode::not_found));
    const Word pages = (module->size + init::page_size - 1) / init::page_size;
    const Word first = need(device.take(module->paddr, pages), "the boot archive's memory is not there");
    for (Word i = 0; i < pages; ++i)
        need(space.map(sys::Frame(first + i), archive_window + i * init::page_size, sys::PageAccess::read_only()),
             "the boot archive cannot be mapped");
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(archive_window), module->size);
    return {{first, pages, module->paddr, layout::LentKind::archive},
            need(sys::archive::Archive::open(bytes), "the boot archive is malformed")};
}

init::Services make_services(init::OwnMemory& memory, const abi::BootInfo& info, std::string_view words) {
    const auto endpoint = [&] {
        return sys::Endpoint(need(memory.make(abi::ObjectType::endpoint), "no memory for an endpoint"));
    };
    init::Services services;
    services.process_service = endpoint();
    services.pager = endpoint();
    services.console = endpoint();
    services.sched_control = sys::SchedControl(info.sched_control.start);
    const Word badged = need(memory.slots().take(), "no slot");
    need(init::own_cnode.at(badged).mint_from(init::own_cnode.at(services.pager.slot()), abi::Rights::all(),
                                              sys::protocol::pager::init_badge),
         "the pager's endpoint cannot be badged");
    services.pager_of_init = sys::Endpoint(badged);
    services.fixed_addresses = words.find(" aslr=off") != std::string_view::npos;
    return services;
}

/// Init's notification, bound to its thread: a capability with a badge for the ticker.
sys::Notification make_notification(init::OwnMemory& memory, Word badge) {
    const sys::Notification notification(need(memory.make(abi::ObjectType::notification), "no memory"));
    need(sys::Tcb(abi::root_slot::tcb).bind_notification(notification), "the notification cannot be bound");
    const Word slot = need(memory.slots().take(), "no slot");
    need(init::own_cnode.at(slot).mint_from(init::own_cnode.at(notification.slot()), abi::Rights::write(), badge),
         "no badge");
    return sys::Notification(slot);
}

/// Null: nobody counts the pager's steps.
init::PagerSteps* steps_for(const std::optional<init::Chaos>& chaos) {
    static init::PagerSteps steps(chaos && chaos->by_steps ? chaos->kills : 0);
    return steps.is_over() ? nullptr : &steps;
}

} // namespace

int main(const abi::BootInfo& info) {
    sys::set_program_name("init");
    const init::BootInformation boot(info);
    const sys::Tcb self(abi::root_slot::tcb);
    need(init::restrict_own_image(info), "init cannot take rights from its own image");
    need(self.set_priority(self, {init_priority}), "init cannot set its priority");

    static init::Slots slots(info.empty);
    static init::OwnMemory memory(slots);
    static init::ChunkShare chunks(info);
    need(chunks.keep_own(memory), "no memory for init");
    static init::DeviceMemory device(slots, info);
    static init::SpaceBuilder own_space(memory, sys::VSpace(abi::root_slot::vspace));

    static const ArchiveView archive = map_archive(boot, device, own_space);
    const std::string_view words = boot_words(boot);
    static init::Services services = make_services(memory, info, words);
    const sys::Notification ticks = make_notification(memory, init::signal::tick);

    static init::KeptMemory kept;
    need(kept.prepare(memory), "no memory that outlives processes");
    init::Lending lent[3] = {archive.lending,
                             {kept.first_slot(), kept.pages, kept.physical(), layout::LentKind::device}};
    Word lent_count = 2;
    Word vga_text = 0;
    if (boot.has_text_screen()) {
        if (const auto first = device.take(vga_text_address, vga_text_pages)) {
            lent[lent_count++] = {*first, vga_text_pages, vga_text_address, layout::LentKind::device};
            vga_text = vga_text_address;
        }
    }
    static init::PagerImage pager_image;
    const sys::Endpoint guarded(need(memory.make(abi::ObjectType::endpoint), "no memory for an endpoint"));
    init::PagerSteps* const steps = steps_for(init::chaos_in(words));
    init::PagerStarter pager(memory, own_space, chunks, services, pager_image, steps);
    need(pager.start(need(init::find_program(archive.archive, "/sbin/pager", false), "/sbin/pager cannot be loaded"),
                     {lent, lent_count}, archive.archive.size(), guarded, pager_priority),
         "the pager cannot be started");
    need(init::PagerGuardian::start(memory, own_space, services, pager_image, steps, guarded),
         "the pager's guardian cannot be started");
    if (const auto chaos = init::chaos_in(words); chaos && steps == nullptr)
        need(init::PagerGuardian::start_killer(memory, own_space, services, guarded, chaos->seed, chaos->kills),
             "the pager's killer cannot be started");

    need(init::Ticker::start(memory, own_space, services, ticks), "the ticker cannot be started");
    const init::Clock clock(boot.tsc_mhz());
    static init::PhysicalMemory physical(device, own_space);
    static init::Power power(physical, slots, boot.chunk(abi::boot_chunk::acpi_rsdp), clock);
    static init::ProcessService processes(memory, services, archive.archive, clock, power,
                                          {kept, ledger_of_processes(chunks, slots), device, pager_image.lent()});
    need(processes.prepare(), "no slots for processes");
    static init::SystemManager manager(processes, words);
    processes.set_observer(manager);
    processes.know_lasting_threads(self, pager_image.thread(), pager_priority);

    if (const auto console = manager.start_console(services.console, vga_text); !console)
        sys::log("INIT: the console cannot be started: error {}", console.error().label());
    manager.start_system_manager();
    sys::serve(services.process_service, sys::Reply(need(memory.make(abi::ObjectType::reply), "no memory")), processes);
}
