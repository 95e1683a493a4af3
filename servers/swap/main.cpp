// SPDX-License-Identifier: BSD-2-Clause
// A swap server over RAM of its own: slots of one page, in memory that stays. Argument: how many MiB.
#include <string.h>
#include <string_view>
#include <sys/ipc/server.hpp>
#include <sys/proc/memory.hpp>
#include <sys/proc/service.hpp>
#include <sys/protocol/swap.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

namespace swap = sys::protocol::swap;
using sys::Word;

constexpr Word page_size = 4096, object_slot = sys::slot::first_free;
constexpr Word default_mib = 16, most_mib = 512, most_in_one_request = 512;

Word slots_offered = 0;

/// The memory object and the endpoint, to the pager.
sys::Result<void> offer() {
    const sys::protocol::pager::AttachSwap request{slots_offered};
    TRY(sys::call(sys::Endpoint(sys::slot::pager), request,
                  sys::with_caps(sys::Object(object_slot), sys::Object(sys::slot::endpoint))));
    return {};
}

class RamStore {
public:
    RamStore(uint8_t* window, uint8_t* pages, Word slots) : window_(window), pages_(pages), slots_(slots) {}

    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        return sys::Dispatch(incoming)
            .on<swap::Write>([&](const swap::Write& request) -> sys::Result<sys::Empty> {
                memcpy(TRY(place(request.slot)), window_, page_size);
                return sys::Empty{};
            })
            .on<swap::Read>([&](const swap::Read& request) -> sys::Result<sys::Empty> {
                memcpy(window_, TRY(place(request.slot)), page_size);
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
    sys::Result<uint8_t*> place(Word slot) const {
        if (slot >= slots_)
            return swap::Error::no_such_slot;
        return pages_ + slot * page_size;
    }

    uint8_t* window_;
    uint8_t* pages_;
    Word slots_;
};

Word mib_wanted(int argc, char** argv) {
    Word mib = 0;
    for (const char digit : std::string_view(argc > 1 ? argv[1] : ""))
        mib =
            digit >= '0' && digit <= '9' && mib <= most_mib ? mib * 10 + static_cast<Word>(digit - '0') : most_mib + 1;
    return mib == 0 || mib > most_mib ? default_mib : mib;
}

/// All of the store, present from the start.
sys::Result<uint8_t*> make_store(Word slots) {
    const Word address = TRY(sys::memory::map(slots * page_size));
    for (Word done = 0; done < slots; done += most_in_one_request) {
        const Word count = slots - done < most_in_one_request ? slots - done : most_in_one_request;
        const sys::protocol::pager::Populate now{.address = address + done * page_size, .size = count * page_size};
        TRY(sys::call(sys::Endpoint(sys::slot::pager), now));
    }
    return reinterpret_cast<uint8_t*>(address);
}

sys::Result<void> run(Word slots) {
    uint8_t* const pages = TRY(make_store(slots));
    TRY(sys::memory::create_object(page_size, object_slot));
    const Word window = TRY(sys::memory::map_object(sys::Object(object_slot)));
    *reinterpret_cast<volatile uint8_t*>(window) = 0; // it is there before the first page travels
    slots_offered = slots;
    TRY(offer());
    sys::log("[SWAP-SERVICE] {} MiB of swap in RAM", slots * page_size >> 20);
    static_cast<void>(sys::service::report_ready());
    static RamStore store(reinterpret_cast<uint8_t*>(window), pages, slots);
    sys::serve(sys::Endpoint(sys::slot::endpoint), sys::Reply(sys::slot::reply), store);
}

} // namespace

int main(int argc, char** argv, char**) {
    sys::set_program_name("swap");
    const auto done = run(mib_wanted(argc, argv) * (Word{1} << 20) / page_size);
    sys::log("[SWAP-SERVICE] cannot start: error {}", done.error().label());
    return 1;
}
