// SPDX-License-Identifier: BSD-2-Clause
// lockstep OPS SEED [MINUTES [EACH]]: plays until so many operations have succeeded, or so much time has passed, and compares
// everything after each EACH-th operation (1). tools/fuzz calls it.
// lockstep self-test SEED: whether differences are found.
#include <lockstep/coverage.hpp>
#include <lockstep/fuzz.hpp>
#include <lockstep/self_test.hpp>

#include <cinttypes>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace {

using namespace lockstep;

const Fuzz* running = nullptr;

void print(const Sequence& sequence) {
    std::printf("world %u, PCIDs %s, INVPCID %s\n", sequence.variant, sequence.options.pcid ? "on" : "off",
                sequence.options.invpcid ? "on" : "off");
    for (size_t i = 0; i < sequence.operations.size(); i++)
        std::printf("%4zu  %s\n", i, sequence.operations[i].text().c_str());
}

/// The kernel or the test itself has crashed or hangs: what was being played is all that can be said.
void give_up(int signal) {
    std::printf("%s in this sequence:\n", signal == SIGALRM ? "hangs" : "crashed");
    if (running)
        print(running->current());
    std::fflush(stdout);
    _exit(1);
}

void explain(const Sequence& sequence, Word seed, const Counts& counts) {
    std::printf("seed 0x%" PRIx64 ": kernel and specification part after %" PRIu64 " operations, %" PRIu64
                " of them successful:\n  %s\n",
                seed, counts.operations, counts.successes, play(sequence).c_str());
    std::fflush(stdout);
    const Sequence shrunk = shrink(sequence);
    std::printf("shrunk to %zu of %zu operations:\n", shrunk.operations.size(), sequence.operations.size());
    print(shrunk);
    std::printf("  %s\n", play(shrunk).c_str());
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
    for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM})
        std::signal(signal, give_up);
    const auto failed = fuzz.run({wanted, std::chrono::steady_clock::now() + std::chrono::minutes(minutes)});
    alarm(0);
    if (failed)
        explain(*failed, seed, fuzz.counts());
    fuzz.counts().print(stdout);
    std::printf("%zu ways through the kernel, %zu sequences kept\n", coverage::total(), fuzz.corpus_size());
    return failed ? 1 : 0;
}
