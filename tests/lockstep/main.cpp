// SPDX-License-Identifier: BSD-2-Clause
// lockstep OPS SEED [MINUTES [EACH]]: plays until so many operations have succeeded, or so much time has passed, and compares
// everything after each EACH-th operation (1). tools/fuzz calls it.
// lockstep self-test SEED: whether differences are found.
#include <lockstep/coverage.hpp>
#include <lockstep/fuzz.hpp>
#include <lockstep/play.hpp>
#include <lockstep/self_test.hpp>
#include <lockstep/shrink.hpp>

#include <cinttypes>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace {

using namespace lockstep;

const Fuzz* running = nullptr;
sigjmp_buf crash;

void print(const Sequence& sequence) {
    std::printf("world %u, PCIDs %s, INVPCID %s\n", sequence.variant, sequence.options.pcid ? "on" : "off",
                sequence.options.invpcid ? "on" : "off");
    for (size_t i = 0; i < sequence.operations.size(); i++)
        std::printf("%4zu  %s\n", i, sequence.operations[i].text().c_str());
}

/// The kernel or the test itself has crashed, or hangs. What was being played can be played again; if not even that, it is
/// all that can be said.
void leave(int signal) {
    static bool leaving = false;
    if (!std::exchange(leaving, true))
        siglongjmp(crash, signal);
    std::printf("crashed in this sequence:\n");
    print(running->current());
    std::fflush(stdout);
    _exit(1);
}

void explain(const Sequence& sequence, Word seed, const Counts& counts) {
    std::printf("seed 0x%" PRIx64 ": kernel and specification part after %" PRIu64 " operations, %" PRIu64
                " of them successful:\n  %s\n",
                seed, counts.operations, counts.successes, play_apart(sequence, true).c_str());
    std::fflush(stdout);
    const Sequence shrunk = shrink(sequence);
    std::printf("shrunk to %zu of %zu operations:\n", shrunk.operations.size(), sequence.operations.size());
    print(shrunk);
    std::fflush(stdout);
    std::printf("  %s\n", play_apart(shrunk, false).c_str());
}

void stop_clock() {
    const itimerval never{};
    setitimer(ITIMER_PROF, &never, nullptr);
}

} // namespace

int main(int count, char** arguments) {
    if (count < 3 || count > 5) {
        std::fprintf(stderr, "usage: %s OPS|self-test SEED [MINUTES [EACH]]\n", arguments[0]);
        return 2;
    }
    if (std::strcmp(arguments[1], "self-test") == 0)
        return self_test(std::strtoull(arguments[2], nullptr, 0)) ? 0 : 1;
    const Word wanted = std::strtoull(arguments[1], nullptr, 0), seed = std::strtoull(arguments[2], nullptr, 0);
    const Word minutes = count > 3 ? std::strtoull(arguments[3], nullptr, 0) : 60 * 24 * 365;
    const Word each = count > 4 ? std::strtoull(arguments[4], nullptr, 0) : 1;
    std::printf("seed 0x%" PRIx64 "\n", seed);
    Fuzz fuzz(seed, static_cast<unsigned>(each));
    running = &fuzz;
    std::optional<Sequence> failed;
    if (sigsetjmp(crash, 1) != 0) {
        failed = fuzz.current();
    } else {
        for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPROF})
            std::signal(signal, leave);
        failed = fuzz.run({wanted, std::chrono::steady_clock::now() + std::chrono::minutes(minutes)});
    }
    stop_clock();
    if (failed)
        explain(*failed, seed, fuzz.counts());
    fuzz.counts().print(stdout);
    std::printf("%zu ways through the kernel, %zu sequences kept\n", coverage::total(), fuzz.corpus_size());
    return failed ? 1 : 0;
}
