// SPDX-License-Identifier: BSD-2-Clause
// Stands in for eclipse-systemd as PID 1 and makes faults that the shipped pager answers, for tools/fault-scenarios: of a page that
// is new, of one that is in swap, and, as its own child, of memory that is not its.
#include <sys/cap/notification.hpp>
#include <sys/proc/memory.hpp>
#include <sys/proc/sleep.hpp>
#include <sys/protocol/process.hpp>
#include <sys/util/log.hpp>

namespace {

namespace pager = sys::protocol::pager;
namespace process = sys::protocol::process;
using sys::Word;

constexpr Word own_memory = 0x1000'0000, no_memory = 0x2000'0000, page_size = 4096;
const sys::Endpoint pager_service(sys::slot::pager);
const sys::Endpoint process_service(sys::slot::process_service);

[[gnu::noinline]] void write(Word address) { *reinterpret_cast<volatile Word*>(address) = 1; }

[[gnu::noinline]] Word read(Word address) { return *reinterpret_cast<volatile Word*>(address); }

bool start(std::string_view path, std::string_view argument, uint16_t grants, Word quota) {
    process::SpawnTexts texts;
    texts.set_path(path);
    texts.add_argument(path);
    texts.add_argument(argument);
    process::Spawn request = texts.request();
    request.grants = grants;
    request.quota_pages = quota;
    return sys::call_with_payload(process_service, request, sys::Payload(texts.payload())).is_ok();
}

bool has_swap() {
    for (int tries = 0; tries < 200; ++tries) {
        const auto statistics = sys::call(pager_service, pager::Statistics{});
        if (statistics && statistics->swap_slots != 0)
            return true;
        static_cast<void>(sys::sleep(10'000, sys::slot::first_free));
    }
    return false;
}

bool comes_back_from_swap() {
    const pager::MapAnonymous memory{.address = own_memory, .size = 2 * page_size};
    if (!start("/sbin/swap", "1", process::grant::swap, 1024) || !has_swap() || !sys::call(pager_service, memory))
        return false;
    write(own_memory);
    const auto evicted =
        sys::call(pager_service, pager::Advise{own_memory, page_size, static_cast<Word>(pager::Advice::evict)});
    return evicted && evicted->pages == 1 && read(own_memory) == 1;
}

bool child_ends_with_its_fault() {
    if (!start("/sbin/paged", "child", 0, 256))
        return false;
    for (int tries = 0; tries < 200; ++tries) {
        const auto exit = sys::call(process_service, process::NextExit{});
        if (exit && exit->pid != 0)
            return exit->cause != process::Cause::exited;
        static_cast<void>(sys::sleep(10'000, sys::slot::first_free));
    }
    return false;
}

} // namespace

int main(int argc, char** argv, char**) {
    if (argc > 1 && std::string_view(argv[1]) == "child") {
        read(no_memory);
        return 0;
    }
    const int passed = (comes_back_from_swap() ? 1 : 0) + (child_ends_with_its_fault() ? 1 : 0);
    write(own_memory + page_size); // at a further fault tracers say what came of the one before
    sys::log("TESTS DONE {} passed {} failed", passed, 2 - passed);
    static_cast<void>(sys::call(process_service, process::PowerOff{}));
    return 0;
}
