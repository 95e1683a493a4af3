// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/play.hpp>

#include <lockstep/world.hpp>

#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lockstep {
namespace {

/// Processor time; a sequence takes some milliseconds, under sanitizers a tenth of a second.
constexpr timeval longest_play{.tv_sec = 3, .tv_usec = 0};

/// What both processes see.
struct Shared {
    size_t played;
    bool is_over;
    char what[4000];
};

Shared& shared() {
    static void* const memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return *static_cast<Shared*>(memory);
}

[[noreturn]] void play_and_leave(const Sequence& sequence, bool quiet) {
    for (int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGPROF})
        std::signal(signal, SIG_DFL);
    const itimerval limit{.it_interval = {}, .it_value = longest_play};
    setitimer(ITIMER_PROF, &limit, nullptr);
    if (quiet)
        close(STDERR_FILENO);
    Shared& result = shared();
    const std::string what = play(sequence, &result.played);
    std::strncpy(result.what, what.c_str(), sizeof result.what - 1);
    result.is_over = true;
    _exit(0);
}

} // namespace

std::string play(const Sequence& sequence, size_t* played) {
    Counts counts;
    size_t ignored;
    size_t& done = played ? *played : ignored;
    done = 0;
    try {
        World world(sequence.options, sequence.variant, counts);
        for (const Operation& operation : sequence.operations) {
            world.apply(operation);
            done++;
        }
        world.finish();
    } catch (const std::exception& error) {
        return error.what();
    }
    return {};
}

std::string play_apart(const Sequence& sequence, bool quiet, size_t* played) {
    Shared& result = shared();
    result = {};
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0)
        return play(sequence, played);
    if (child == 0)
        play_and_leave(sequence, quiet);
    int status = 0;
    waitpid(child, &status, 0);
    if (played)
        *played = result.played;
    if (result.is_over)
        return result.what;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
        return "hangs";
    return WIFSIGNALED(status) ? std::string("crashes: ") + strsignal(WTERMSIG(status)) : "crashes";
}

} // namespace lockstep
