// SPDX-License-Identifier: BSD-2-Clause
// A swap server over RAM of its own, in which pages lie compressed. Argument: how many MiB. It offers more slots than fit if
// nothing compresses: what does not fit is refused, and stays where it is.
#include <servers/swap/compressed_store.hpp>
#include <string_view>
#include <sys/proc/memory.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/swap.hpp>
#include <sys/server/run.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace swap = sys::protocol::swap;
using swap_server::CompressedStore;
using sys::Word;

constexpr Word page_size = CompressedStore::page_size, object_slot = sys::slot::first_free;
constexpr Word default_mib = 4, most_mib = 256, most_in_one_request = 512, slots_per_page = 12;

Word slots_offered = 0;

/// The memory object and the endpoint, to the pager.
sys::Result<void> offer() {
    const sys::protocol::pager::AttachSwap request{slots_offered};
    TRY(sys::call(sys::Endpoint(sys::slot::pager), request, sys::protocol::pager::MemoryObject(object_slot),
                  sys::Endpoint(sys::slot::endpoint)));
    return {};
}

class SwapServer {
public:
    SwapServer(uint8_t* window, CompressedStore& store) : window_(window, page_size), store_(store) {}

    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<swap::Write>([&](const swap::Write& request) -> sys::Result<sys::Empty> {
                TRY(store_.write(request.slot, window_));
                return sys::Empty{};
            })
            .on<swap::Read>([&](const swap::Read& request) -> sys::Result<sys::Empty> {
                TRY(store_.read(request.slot, window_));
                return sys::Empty{};
            })
            .on<swap::Hello>([](const swap::Hello&) -> std::optional<sys::Message> {
                static_cast<void>(offer());
                return std::nullopt;
            })
            .answer();
    }
    void handle_signal(sys::Badge) {}

private:
    std::span<uint8_t, page_size> window_;
    CompressedStore& store_;
};

Word mib_wanted(int argc, char** argv) {
    Word mib = 0;
    for (const char digit : std::string_view(argc > 1 ? argv[1] : ""))
        mib =
            digit >= '0' && digit <= '9' && mib <= most_mib ? mib * 10 + static_cast<Word>(digit - '0') : most_mib + 1;
    return mib == 0 || mib > most_mib ? default_mib : mib;
}

/// Memory that is there from the start: the pager waits for this server and cannot bring it a page.
sys::Result<uint8_t*> present_memory(Word bytes) {
    const Word pages = (bytes + page_size - 1) / page_size;
    const Word address = TRY(sys::memory::map(pages * page_size));
    for (Word done = 0; done < pages; done += most_in_one_request) {
        const Word count = pages - done < most_in_one_request ? pages - done : most_in_one_request;
        const sys::protocol::pager::Populate now{.address = address + done * page_size, .size = count * page_size};
        TRY(sys::call(sys::Endpoint(sys::slot::pager), now));
    }
    return reinterpret_cast<uint8_t*>(address);
}

sys::Result<void> run(Word pages) {
    const Word units = pages * page_size / CompressedStore::unit_size;
    slots_offered = pages * slots_per_page;
    uint8_t* const memory = TRY(present_memory(pages * page_size));
    uint8_t* const taken = TRY(present_memory(units));
    auto* const places =
        reinterpret_cast<CompressedStore::Place*>(TRY(present_memory(slots_offered * sizeof(CompressedStore::Place))));
    TRY(sys::memory::create_object(page_size, object_slot));
    auto* const window =
        reinterpret_cast<uint8_t*>(TRY(sys::memory::map_object(sys::protocol::pager::MemoryObject(object_slot))));
    *const_cast<volatile uint8_t*>(window) = 0; // it is there before the first page travels
    static CompressedStore store({memory, pages * page_size}, {taken, units}, {places, slots_offered});
    TRY(offer());
    sys::log("[SWAP-SERVICE] {} MiB of RAM for {} slots of swap", pages * page_size >> 20, slots_offered);
    static_cast<void>(sys::service::report_ready());
    static SwapServer server(window, store);
    sys::service::serve_until_asked_to_end(server);
    return {};
}

} // namespace

int main(int argc, char** argv, char**) {
    sys::set_program_name("swap");
    const auto done = run(mib_wanted(argc, argv) * (Word{1} << 20) / page_size);
    if (done)
        return 0;
    sys::log("[SWAP-SERVICE] cannot start: error {}", done.error().label());
    return 1;
}
