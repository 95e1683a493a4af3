// SPDX-License-Identifier: BSD-2-Clause
// A process that does what its first argument says, and tells by its exit status whether it went as it must (0).
#include <string_view>
#include <sys/cap/notification.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/ipc/call.hpp>
#include <sys/proc/objects.hpp>
#include <sys/proc/sleep.hpp>
#include <sys/proc/slots.hpp>
#include <sys/proc/startup.hpp>
#include <sys/protocol/inspection.hpp>
#include <sys/protocol/pager.hpp>
#include <sys/protocol/process.hpp>

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using sys::Word;

namespace {

const sys::Endpoint pager_service(sys::slot::pager);
const sys::Endpoint process_service(sys::slot::process_service);
constexpr Word page_size = 4096;

/// Each mapping request that must be refused, and by which name. Status: number of the first that was not, from 1 on.
int hostile_requests() {
    struct Case {
        pager::MapAnonymous request;
        pager::Error error;
    };
    const Case cases[] = {
        {{.address = 0x2000'0000, .size = 0}, pager::Error::zero_size},
        {{.address = 0x2000'0001, .size = page_size}, pager::Error::unaligned},
        {{.address = 0x2000'0000, .size = page_size + 1}, pager::Error::unaligned},
        {{.address = ~Word{0xfff}, .size = 2 * page_size}, pager::Error::wraps},
        {{.address = 0xffff'8000'0000'0000, .size = page_size}, pager::Error::kernel_half},
        {{.address = 0x7fff'ffff'f000, .size = page_size}, pager::Error::kernel_half},
        {{.address = 0x2000'0000, .size = (Word{1} << 30) + page_size}, pager::Error::too_large},
        {{.address = 0x40'0000, .size = page_size}, pager::Error::overlap},
        {{.address = 0x2000'0000, .size = page_size, .rights = 3}, pager::Error::write_and_execute},
        {{.client = 1, .address = 0x2000'0000, .size = page_size}, pager::Error::not_init},
        {{.address = 0x2000'0000, .size = 64 << 20, .options = pager::option::populate}, pager::Error::over_quota},
    };
    for (int i = 0; const Case& test : cases) {
        ++i;
        const auto answer = sys::call(pager_service, test.request);
        if (answer || answer.error() != test.error)
            return i;
    }
    const auto create = sys::call(pager_service, pager::CreateSpace{.client = 99, .quota_pages = 9});
    if (create || create.error() != pager::Error::not_init)
        return 101;
    const auto lent = sys::call(pager_service, pager::MapLent{.client = 99, .address = 0xb8000, .physical = 0xb8000});
    if (lent || lent.error() != pager::Error::not_init)
        return 102;
    const auto destroy = sys::call(pager_service, pager::DestroySpace{.client = 1});
    if (destroy || destroy.error() != pager::Error::not_init)
        return 103;
    const auto unmap = sys::call(pager_service, pager::Unmap{.address = 0x3000'0000});
    if (unmap || unmap.error() != pager::Error::no_such_region)
        return 104;
    return 0;
}

/// Anonymous memory reads as zero, is left full of a secret, and comes back as zero after Unmap.
int secret() {
    const pager::MapAnonymous request{.address = 0x2000'0000, .size = 64 * page_size};
    for (int round = 0; round < 2; ++round) {
        if (!sys::call(pager_service, request))
            return 1;
        auto* const words = reinterpret_cast<volatile Word*>(request.address);
        for (Word i = 0; i < request.size / sizeof(Word); ++i) {
            if (words[i] != 0)
                return 2;
            words[i] = 0x5ec2'e75e'c2e7'5ec2;
        }
        const auto freed = sys::call(pager_service, pager::Unmap{.address = request.address});
        if (round == 0 && (!freed || freed->pages_freed != 64))
            return 3;
    }
    return 0;
}

/// Uses `depth` KiB of stack.
int use_stack(unsigned depth) {
    volatile char frame[1024];
    for (unsigned i = 0; i < sizeof(frame); ++i)
        frame[i] = static_cast<char>(i);
    return depth <= 1 ? frame[7] - 7 : use_stack(depth - 1) + frame[9] - 9;
}

/// The start-up block as the System V ABI says.
int check_start(int argc, char** argv, char** envp) {
    if (argc != 3 || std::string_view(argv[2]) != "third" || argv[3] != nullptr)
        return 1;
    if (std::string_view(envp[0]) != "A=1" || std::string_view(envp[1]) != "B=2" || envp[2] != nullptr)
        return 2;
    if (sys::aux_value(sys::aux::page_size) != page_size || sys::aux_value(sys::aux::entry) != 0x400000)
        return 3;
    if (sys::aux_value(sys::aux::program_header_count) == 0 || sys::aux_value(sys::aux::random) == 0)
        return 4;
    return sys::aux_value(sys::aux::program_headers) == 0 ? 5 : 0;
}

/// Whether each request to look at a process, itself included, is refused by name.
template <class Request>
bool is_forbidden(const Request& request) {
    const auto answer = sys::call(process_service, request);
    return !answer && answer.error() == process::Error::not_permitted;
}
int look_at_others() {
    const auto self = sys::call(process_service, process::WhoAmI{});
    if (!self || !is_forbidden(process::PagingEvents{0}) || !is_forbidden(process::Threads{0}))
        return 6;
    for (const Word pid : {Word{1}, Word{2}, self->pid}) {
        if (!is_forbidden(process::Holdings{}) || !is_forbidden(process::Capabilities{pid, 0}) ||
            !is_forbidden(process::Walk{pid, 0x400000}))
            return 7;
    }
    return 0;
}

/// What only others may do.
int forbidden() {
    process::SpawnTexts texts;
    texts.set_path("/sbin/child");
    const auto spawned = sys::call_with_payload(process_service, texts.request(), sys::Payload(texts.payload()));
    if (spawned || spawned.error() != process::Error::not_permitted)
        return 1;
    for (const Word pid : {Word{1}, Word{2}}) {
        const auto killed = sys::call(process_service, process::Kill{pid});
        if (killed || killed.error() != process::Error::not_permitted)
            return 2;
        const auto asked = sys::call(process_service, process::AskToEnd{pid});
        if (asked || asked.error() != process::Error::not_permitted)
            return 6;
    }
    const auto power = sys::call(process_service, process::PowerOff{});
    if (power || power.error() != process::Error::not_permitted)
        return 3;
    const auto watch = sys::call(process_service, process::WatchExits{});
    if (watch || watch.error() != process::Error::not_permitted)
        return 4;
    if (const int looked = look_at_others(); looked != 0)
        return looked;
    const auto nothing = sys::call(process_service, process::NextExit{});
    return nothing && nothing->pid == 0 ? 0 : 5;
}

/// Starts a child that waits for ever, and goes. What it may not do itself it cannot hand on.
int leave_orphan() {
    process::SpawnTexts texts;
    texts.set_path("/sbin/child");
    texts.add_argument("child");
    texts.add_argument("wait");
    process::Spawn too_much = texts.request();
    too_much.grants = process::grant::inspect;
    const auto refused = sys::call_with_payload(process_service, too_much, sys::Payload(texts.payload()));
    if (refused || refused.error() != process::Error::not_permitted)
        return 2;
    return sys::call_with_payload(process_service, texts.request(), sys::Payload(texts.payload())) ? 0 : 1;
}

/// Ten thousand objects, more slots than it was started with; each is one of its own, and they go and come again.
int make_many() {
    constexpr unsigned count = 5000;
    static sys::Made<sys::Endpoint> endpoints[count];
    static sys::Made<sys::Notification> notifications[count];
    for (unsigned i = 0; i < count; ++i) {
        auto endpoint = sys::objects().make<sys::Endpoint>();
        auto notification = sys::objects().make<sys::Notification>();
        if (!endpoint || !notification)
            return 1;
        endpoints[i] = endpoint.take();
        notifications[i] = notification.take();
        notifications[i].get().signal_untrusted();
    }
    const Word given = sys::objects().given_bytes();
    for (unsigned i = 0; i < count; i += 2)
        notifications[i].reset();
    for (unsigned i = 0; i < count; i += 2) {
        auto again = sys::objects().make<sys::Notification>();
        if (!again)
            return 2;
        notifications[i] = again.take();
    }
    if (sys::objects().given_bytes() != given)
        return 3;
    const sys::Notification last = notifications[count - 1]; // its slot is one that came later
    auto badged = sys::mint_cap(sys::own_space(), last, abi::Rights::all(), sys::Badge{5});
    if (!badged || last.slot() < Word{1} << sys::slot::cnode_bits)
        return 4;
    badged->get().signal();
    return last.poll().value == 5 ? 0 : 5;
}

/// More than the quota allows is an error, and what there is goes on.
int exceed_quota() {
    static sys::Made<sys::Notification> first;
    auto made = sys::objects().make<sys::Notification>();
    if (!made)
        return 1;
    first = made.take();
    unsigned count = 0;
    for (;; ++count) {
        auto thread = sys::objects().make<sys::Tcb>();
        if (thread) {
            thread->detach();
            continue;
        }
        if (thread.error() != process::Error::quota_exceeded || thread.error().detail(1) != 64 << 10)
            return 2;
        break;
    }
    if (count < 20 || sys::objects().given_bytes() != 64 << 10)
        return 3;
    auto endpoint = sys::objects().make<sys::Endpoint>(); // of what is left of the last grant, or of none
    if (!endpoint && endpoint.error() != process::Error::quota_exceeded)
        return 4;
    auto badged = sys::mint_cap(sys::own_space(), first.get(), abi::Rights::all(), sys::Badge{5});
    if (!badged)
        return 5;
    badged->get().signal();
    return first.get().poll().value == 5 ? 0 : 6;
}

using Code = void (*)();

} // namespace

int main(int argc, char** argv, char** envp) {
    const std::string_view order = argc > 1 ? argv[1] : "";
    if (order == "exit-7")
        return 7;
    if (order == "start")
        return check_start(argc, argv, envp);
    if (order == "hostile")
        return hostile_requests();
    if (order == "secret")
        return secret();
    if (order == "forbidden")
        return forbidden();
    if (order == "make-many")
        return make_many();
    if (order == "exceed-quota")
        return exceed_quota();
    if (order == "orphan")
        return leave_orphan();
    if (order == "deep-stack")
        return use_stack(800);
    if (order == "overflow")
        return use_stack(4000);
    if (order == "wait")
        static_cast<void>(sys::Notification(sys::slot::notification).wait());
    if (order == "listen") {
        constexpr Word asked = sys::signal_badge_bit | sys::stop_badge_bit;
        return sys::Notification(sys::slot::notification).wait().value == asked ? 8 : 9;
    }
    if (order == "doze") { // who is asked to end while it sleeps hears it afterwards
        constexpr Word asked = sys::signal_badge_bit | sys::stop_badge_bit;
        const auto slept = sys::sleep(50'000, sys::slot::first_free);
        return slept && sys::Notification(sys::slot::notification).poll().value == asked ? 8 : 9;
    }
    if (order == "read-null")
        return *reinterpret_cast<volatile char*>(0);
    if (order == "write-text")
        *reinterpret_cast<volatile char*>(0x400000) = 1;
    if (order == "write-kernel")
        *reinterpret_cast<volatile char*>(0xffff'ffff'8010'0000) = 1;
    if (order == "run-stack") {
        volatile unsigned char code[1] = {0xc3};
        reinterpret_cast<Code>(reinterpret_cast<Word>(code))();
    }
    if (order == "divide") {
        volatile int zero = 0;
        return 1000 / zero;
    }
    return order == "nothing" ? 0 : 99;
}
