// SPDX-License-Identifier: BSD-2-Clause
#include <tests/shipped_pager/shipped_pager.hpp>

#include <abi/boot_info.hpp>
#include <pager/startup.hpp>
#include <sys/ipc/server.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/swap.hpp>

namespace conformance {
namespace {

namespace layout = sys::protocol::pager_startup;
namespace protocol = sys::protocol::pager;
namespace swap = sys::protocol::swap;

constexpr unsigned below_root = layout::leaf_bits + layout::copy_bits;
constexpr unsigned root_bits = 2, small_bits = 8;
constexpr unsigned below_small = below_root - small_bits;
constexpr Word gate_slot = 32; ///< of the pager: where the fuse stops it
constexpr Word enough_frames = 200, tables = 40;
constexpr Word pages_beside = 32; ///< that the pager needs beside them: its reserve, and tables

/// A boot archive (cpio, "newc") with one file: what clients execute.
struct BootArchive {
    static constexpr Word name_at = 110, code_at = 116, trailer_at = 164;
    alignas(8) uint8_t bytes[512] = {};
    BootArchive() {
        put_header(0, "000081a4", "00000030", "00000005", "code");
        memcpy(bytes + code_at, Stage::client_code().data(), Stage::client_code().size());
        put_header(trailer_at, "00000000", "00000000", "0000000b", "TRAILER!!!");
    }

private:
    void put_header(Word at, std::string_view mode, std::string_view size, std::string_view name_size,
                    std::string_view name) {
        constexpr Word field_bytes = 8, mode_at = 14, size_at = 54, name_size_at = 94;
        const auto put = [&](Word offset, std::string_view text) {
            memcpy(bytes + at + offset, text.data(), text.size());
        };
        for (Word field = 6; field < name_at; field += field_bytes)
            put(field, "00000000");
        put(0, "070701");
        put(mode_at, mode);
        put(size_at, size);
        put(name_size_at, name_size);
        put(name_at, name);
    }
};

const BootArchive& boot_archive() {
    static const BootArchive made;
    return made;
}

} // namespace

std::optional<Shipped::Instance> Shipped::instance;
uint8_t Shipped::swapped[most_swap_slots][page_size];

class Shipped::SwapServer {
public:
    explicit SwapServer(Shipped& subject) : subject_(subject) {}
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<swap::Write>([&](const swap::Write& request) -> Result<sys::Empty> {
                memcpy(swapped[request.slot % most_swap_slots], window(), page_size);
                return sys::Empty{};
            })
            .on<swap::Read>([&](const swap::Read& request) -> Result<sys::Empty> {
                memcpy(window(), swapped[request.slot % most_swap_slots], page_size);
                return sys::Empty{};
            })
            .on<swap::Hello>([&](const swap::Hello&) -> std::optional<sys::Message> {
                static_cast<void>(subject_.offer_swap());
                return std::nullopt;
            })
            .answer();
    }
    void handle_signal(sys::Badge) {}

private:
    void* window() const { return sys::raw::memory(subject_.swap_window_); }
    Shipped& subject_;
};

void Shipped::Watched::handle(const sys::Incoming& incoming, pager::Reaction& reaction) {
    if (sys::KeeperFault::is_one(incoming.message()))
        subject.most_repeats =
            std::max(subject.most_repeats, sys::KeeperFault::from(incoming.message()).info.repeats());
    subject.fuse.burn();
    instance->server.handle(incoming, reaction);
    subject.fuse.burn();
}

void Shipped::live(void* self) {
    const std::span<const uint8_t> bytes(boot_archive().bytes);
    static std::optional<sys::archive::Archive> archive;
    archive.emplace(*sys::archive::Archive::open(bytes));
    Instance& made = instance.emplace(bytes, *archive);
    static_cast<void>(made.memory.pool().add_chunk(pager::startup().chunk_physical[0]));
    pager::Recovery(made.memory, made.clients, made.tables, made.swap, made.spaces).run();
    made.memory.refill_stock();
    Watched watched{*static_cast<Shipped*>(self)};
    pager::serve(watched, made.memory);
}

void Shipped::serve_swap(void* self) {
    Shipped& subject = *static_cast<Shipped*>(self);
    SwapServer server(subject);
    sys::serve(subject.swap_endpoint_, subject.swap_reply_, server);
}

Result<void> Shipped::make_chunk(Stage& stage) {
    chunk_ = TRY(stage.object<sys::Untyped>(layout::chunk_bits));
    const sys::Frame probe(TRY(stage.slots(1)));
    TRY(chunk_.retype_into(sys::Frame::type, 0, stage.space().cnode(), probe.slot()));
    chunk_physical_ = TRY(probe.physical_address());
    return stage.space().at(chunk_.slot()).revoke();
}

/// As pager_startup.hpp draws it, with one chunk and nothing lent.
Result<void> Shipped::make_cspace(Stage& stage) {
    const sys::CSpace& own = stage.space();
    root_ = TRY(stage.object<sys::CNode>(root_bits));
    small_ = TRY(stage.object<sys::CNode>(small_bits));
    endpoint_ = TRY(stage.object<sys::Endpoint>());
    reply_ = TRY(stage.object<sys::Reply>());
    TRY(root_.at(layout::first_chunk, root_bits).move_from(own.at(chunk_.slot())));
    const auto lend = [&](Word slot, Word from) { return small_.at(slot, small_bits).copy_from(own.at(from)); };
    TRY(lend(sys::slot::reply, reply_.slot()));
    TRY(lend(sys::slot::endpoint, endpoint_.slot()));
    TRY(lend(sys::slot::cnode, root_.slot()));
    TRY(lend(layout::vspace_slot, abi::root_slot::vspace));
    TRY(lend(layout::asid_pool_slot, abi::root_slot::asid_pool));
    TRY(fuse.put_in(stage));
    TRY(lend(gate_slot, fuse.gate().slot()));
    fuse.set_inner_gate(sys::Endpoint(gate_slot));
    return root_.at(0, root_bits)
        .mint_from(own.at(small_.slot()), sys::Rights::all(), abi::CNodeData(0, below_small).raw());
}

Result<void> Shipped::make_startup_block(Stage& stage) {
    TRY(stage.map_own(layout::block_address));
    auto& block = *static_cast<layout::StartupBlock*>(sys::raw::memory(layout::block_address));
    block.instances = 1;
    block.root_bits = root_bits;
    block.chunk_count = 1;
    block.archive_size = sizeof boot_archive().bytes;
    block.chunk_physical[0] = chunk_physical_;
    return {};
}

Result<sys::Endpoint> Shipped::pager_for(Stage& stage, Word badge) {
    const sys::Endpoint made(TRY(stage.slots(1)));
    TRY(stage.space().at(made.slot()).mint_from(stage.space().at(endpoint_.slot()), sys::Rights::all(), badge));
    return made;
}

Result<void> Shipped::run(Stage& stage) {
    return stage.platform().start_thread(pager_thread, live, this, pager_priority,
                                         {root_, abi::CNodeData(0, abi::word_bits - root_bits - below_root).raw()});
}

Result<void> Shipped::make_space(Stage& stage) {
    space_ = sys::VSpace(TRY(stage.slots(1)));
    sys::set_receive_slot(stage.space().cnode(), space_.slot(), abi::word_bits);
    TRY(sys::call(as_init_, protocol::CreateSpace{client, enough_frames, tables, 0, 1}));
    sys::clear_receive_slot();
    TRY(sys::call(as_init_, protocol::MapImage{.client = client,
                                               .address = Stage::code,
                                               .memory_size = page_size,
                                               .archive_offset = BootArchive::code_at,
                                               .file_size = Stage::client_code().size(),
                                               .rights = protocol::access::execute,
                                               .request = 2}));
    return {};
}

Result<void> Shipped::offer_swap() {
    const protocol::AttachSwap request{swap_slots_};
    const auto attached =
        TRY(sys::call(as_swap_client_, request, sys::protocol::pager::MemoryObject(swap_object_.pointer()),
                      sys::Endpoint(swap_endpoint_.pointer())));
    swap_window_ = layout::window_address + (attached.physical - chunk_physical_); // this program sees the pager's
    return {};
}

Result<void> Shipped::add_swap(Stage& stage, Word slots) {
    swap_slots_ = slots;
    swap_endpoint_ = TRY(stage.object<sys::Endpoint>());
    swap_reply_ = TRY(stage.object<sys::Reply>());
    swap_object_ = sys::Object(TRY(stage.slots(1)));
    TRY(stage.platform().start_thread(swap_thread, serve_swap, this, held_priority));
    TRY(sys::call(as_init_, protocol::CreateSpace{swap_client, enough_frames, tables, protocol::trait::swap, 1}));
    sys::set_receive_slot(stage.space().cnode(), swap_object_.slot(), abi::word_bits);
    TRY(sys::call(as_swap_client_, protocol::CreateObject{page_size, 2}));
    sys::clear_receive_slot();
    return offer_swap();
}

Result<void> Shipped::add_ballast(Word left) {
    const Word free = instance->memory.free_count();
    if (free <= left)
        return {};
    TRY(sys::call(as_init_, protocol::CreateSpace{ballast_client, free, tables, protocol::trait::pinned, 1}));
    TRY(sys::call(as_init_, protocol::MapAnonymous{.client = ballast_client,
                                                   .address = 0x1000'0000,
                                                   .size = (free - left) * page_size,
                                                   .options = protocol::option::populate,
                                                   .request = 2}));
    return {};
}

Result<void> Shipped::set_up(Stage& stage, const Provision& provision) {
    TRY(stage.begin());
    TRY(make_chunk(stage));
    TRY(make_cspace(stage));
    TRY(make_startup_block(stage));
    as_init_ = TRY(pager_for(stage, protocol::init_badge));
    as_client_ = TRY(pager_for(stage, client));
    as_swap_client_ = TRY(pager_for(stage, swap_client));
    TRY(run(stage));
    TRY(make_space(stage));
    TRY(add_swap(stage, std::min(provision.frames, most_swap_slots)));
    TRY(stage.make_clients(space_));
    return stage.set_keeper(endpoint_, client);
}

Result<void> Shipped::start(Stage& stage, const Provision& provision) {
    ++lives;
    TRY(fuse.put_in(stage));
    if (has_region_)
        return run(stage);
    has_region_ = true;
    TRY(sys::call(as_init_, protocol::MapAnonymous{.client = client,
                                                   .address = Stage::start,
                                                   .size = Stage::pages * page_size,
                                                   .rights = provision.rights.can_write() ? protocol::access::write
                                                                                          : protocol::access::read,
                                                   .request = 3}));
    if (provision.frames < Stage::pages)
        return add_ballast(provision.frames + pages_beside);
    return {};
}

void Shipped::kill(Stage& stage) {
    stage.platform().end_thread(pager_thread);
    static_cast<void>(stage.space().at(reply_.slot()).recall());
}

Result<void> Shipped::evict(Word first, Word count) {
    constexpr Word evict = static_cast<Word>(protocol::Advice::evict);
    TRY(sys::call(as_client_, protocol::Advise{Stage::start + first * page_size, count * page_size, evict}));
    return {};
}

} // namespace conformance
