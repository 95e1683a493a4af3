// SPDX-License-Identifier: BSD-2-Clause
// Where pagers are tested: a few clients in one address space, whose region a pager keeps, and which touch it as they are told. It is
// written with libsys only, so that the same cases run on a machine and, in the host rig, on the kernel's core in a process.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <sys/cap/asid.hpp>
#include <sys/cap/cap.hpp>
#include <sys/cap/tcb.hpp>
#include <sys/pager/frame_store.hpp>

namespace conformance {

using sys::Result;
using sys::Word;
using sys::pager::page_size;

inline constexpr sys::Priority test_priority{100}, pager_priority{101}, held_priority{102}, client_priority{103};

/// What a thread sees; null: what this one does.
struct View {
    sys::CNode cspace;
    Word cspace_data = 0;
};

/// The machine under the stage: memory, and threads of this program.
class Platform {
public:
    virtual ~Platform() = default;
    virtual sys::CSpace& space() = 0;
    /// Whole and free when a stage begins; the stage gives it back by Revoke.
    virtual sys::SlotRef memory() = 0;
    virtual sys::SchedControl sched_control() = 0;
    using Body = void (*)(void* argument);
    static constexpr unsigned thread_count = 3;
    virtual Result<void> start_thread(unsigned which, Body body, void* argument, sys::Priority priority,
                                      const View& view = {}) = 0;
    /// Wherever it is, it goes no further.
    virtual void end_thread(unsigned which) = 0;
};

/// What became of an access.
struct Outcome {
    enum class Kind { done, denied, no_pager, lost } kind = Kind::lost;
    Word value = 0; ///< that was loaded
    unsigned code = 0; ///< of the denial
    bool is(Kind other) const { return kind == other; }
    bool is_denied(sys::pager::Denial why) const { return is(Kind::denied) && code == static_cast<unsigned>(why); }
};

enum class Touch { load, store, jump };

class Stage {
public:
    static constexpr unsigned clients = 12;
    static constexpr Word pages = 48;
    static constexpr Word start = 0x7f'0000; ///< across the border of two page tables, which are not there at first
    static constexpr Word pager_window = 0x3000'0000;
    static constexpr Word window_bytes = Word{1} << 20; ///< of each pager

    explicit Stage(Platform& platform) : platform_(platform) {}
    ~Stage();
    Stage(const Stage&) = delete;
    /// Clients in a space that the stage makes.
    Result<void> make() {
        TRY(begin());
        return make_clients(TRY(make_space()));
    }
    /// Or, one after the other: what pagers need, and clients in a space of somebody else's, with code at `code`.
    Result<void> begin();
    Result<void> make_clients(sys::VSpace space);
    static constexpr Word code = 0x40'0000;
    /// What clients execute.
    static std::span<const uint8_t> client_code();

    // --- clients ---
    /// The client does it; whoever is more important than this thread runs. `end` tells what became of it.
    void begin(unsigned client, Touch touch, Word address, Word value = 0);
    Outcome end(unsigned client);
    Outcome load(unsigned client, Word address) { return begin(client, Touch::load, address), end(client); }
    Outcome store(unsigned client, Word address, Word value) {
        return begin(client, Touch::store, address, value), end(client);
    }
    /// The client is taken away from what it waits for.
    void interrupt(unsigned client) { static_cast<void>(client_threads_[client]->suspend()); }
    /// While this is so, pagers do not run: faults queue.
    void hold_pagers(bool held);

    // --- for pagers ---
    Platform& platform() { return platform_; }
    sys::CSpace& space() { return platform_.space(); }
    sys::Untyped memory() const { return sys::Untyped(memory_.index); }
    sys::VSpace client_space() const { return client_space_; }
    /// Keeper 1 of the clients is this endpoint; their badges are different, or this one.
    Result<void> set_keeper(sys::Endpoint pager, Word badge = 0);
    /// Maps a new frame for this program, whose threads share a space; it reads zero.
    Result<sys::Frame> map_own(Word address);
    /// Neighbouring slots; they are free again when the stage is gone.
    Result<Word> slots(Word count);
    template <class T>
    Result<T> object(unsigned size_bits = 0) {
        const Word slot = TRY(slots(1));
        TRY(memory().retype_into(T::type, size_bits, space().cnode(), slot));
        return T(slot);
    }

private:
    static constexpr unsigned most_slot_rows = 96;
    Result<sys::VSpace> make_space();
    Result<void> make_client(unsigned client);
    void note(const sys::Received& message);

    Platform& platform_;
    sys::SlotRef memory_{};
    struct Row {
        Word first, count;
    };
    std::array<Row, most_slot_rows> rows_{};
    unsigned row_count_ = 0;
    sys::pager::TableStock tables_;
    sys::VSpace client_space_;
    sys::CNode empty_cspace_;
    sys::Endpoint supervisor_;
    sys::Reply supervisor_reply_;
    struct Client {
        sys::Tcb tcb;
        sys::CNode keepers;
        std::optional<Outcome> outcome;
        const sys::Tcb* operator->() const { return &tcb; }
    };
    std::array<Client, clients> client_threads_{};
};

} // namespace conformance
