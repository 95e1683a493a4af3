// SPDX-License-Identifier: BSD-2-Clause
// A pager under test: it can be started, stopped at a certain step, killed, and started anew over what it left behind.
#pragma once

#include <sys/ipc/call.hpp>
#include <sys/pager/requests.hpp>
#include <sys/pager/serve.hpp>
#include <tests/pagers/stage.hpp>

namespace conformance {

/// How much a pager gets, and what its clients may do.
struct Provision {
    Word frames = 64;
    sys::PageRights rights{3};
};

/// Where in its work a pager stops, and for how long.
class Fuse {
public:
    /// It stops at the `steps`th step from now on; 0: never.
    void set(unsigned steps) { left_ = steps; }
    bool is_blown() const { return blown_; }
    /// It may go on.
    void release() {
        if (blown_)
            gate_.send(sys::Message::of_label(1));
    }
    /// A new pager; it stops at an endpoint that nobody else knows.
    Result<void> put_in(Stage& stage) {
        if (gate_.is_null())
            inner_gate_ = gate_ = TRY(stage.object<sys::Endpoint>());
        blown_ = false;
        left_ = 0;
        return {};
    }
    sys::Endpoint gate() const { return gate_; }
    /// The pager has it elsewhere in its own CSpace.
    void set_inner_gate(sys::Endpoint gate) { inner_gate_ = gate; }
    /// A step of the pager.
    void burn() {
        if (left_ == 0)
            return;
        left_ = left_ - 1;
        if (left_ != 0)
            return;
        blown_ = true;
        static_cast<void>(inner_gate_.wait());
        blown_ = false;
    }

private:
    sys::Endpoint gate_, inner_gate_;
    volatile unsigned left_ = 0;
    volatile bool blown_ = false;
};

/// A pager, with the steps at which it may be stopped: before and after each decision.
template <class P>
struct Observed {
    P& pager;
    Fuse& fuse;
    unsigned& most_repeats;

    sys::pager::Answer on_fault(const sys::pager::Fault& fault) {
        most_repeats = std::max(most_repeats, fault.info.repeats());
        fuse.burn();
        const sys::pager::Answer answer = pager.on_fault(fault);
        fuse.burn();
        return answer;
    }
    void on_answered(const sys::pager::Fault& fault, bool carried_out) {
        if constexpr (requires { pager.on_answered(fault, carried_out); })
            pager.on_answered(fault, carried_out);
    }
    std::optional<sys::Message> handle(sys::Incoming& incoming) {
        fuse.burn();
        const auto answer = pager.handle(incoming);
        fuse.burn();
        return answer;
    }
    void handle_signal(sys::Badge badge) { pager.handle_signal(badge); }
};

class Subject {
public:
    virtual ~Subject() = default;
    /// Before the first start: makes the stage.
    virtual Result<void> set_up(Stage& stage, const Provision&) { return stage.make(); }
    /// The first time, or after `kill`: it goes on with what it finds.
    virtual Result<void> start(Stage& stage, const Provision& provision) = 0;
    /// It dies where it is. What waited for it is told to the next.
    virtual void kill(Stage& stage) = 0;
    /// Where requests go (sys/pager/requests.hpp).
    virtual sys::Endpoint endpoint() const = 0;
    /// Frames that belong to no page.
    virtual Word free_frames() const = 0;

    virtual Result<void> evict(Word first, Word count) { return request(sys::pager::Evict{first, count}); }
    template <class R>
    Result<void> request(const R& what) {
        TRY(sys::call(endpoint(), what));
        return {};
    }
    Fuse fuse;
    unsigned most_repeats = 0; ///< of one fault in a row
    unsigned lives = 0;
};

/// The objects of one pager thread of the kit; all of them outlive it.
class Post {
public:
    static constexpr Word most_frames = 128, most_tables = 16;

    explicit Post(unsigned thread) : thread_(thread) {}
    /// Makes what is not there yet.
    Result<void> make(Stage& stage, const Provision& provision);
    template <class P>
    Result<void> run(Stage& stage, P& pager, std::span<sys::Reply> spare = {}) {
        desk_.emplace(endpoint, reply_, tables_, spare);
        return stage.platform().start_thread(thread_, &serve<P>, new (serving_) Serving<P>{*desk_, pager},
                                             pager_priority);
    }
    sys::pager::Desk& desk() { return *desk_; }
    sys::pager::TableStock& tables() { return tables_; }
    /// The thread goes, and who waits for its answer tries again.
    void end(Stage& stage);

    sys::pager::Region region;
    std::optional<sys::pager::FrameStore> frames;
    sys::Endpoint endpoint;

private:
    template <class P>
    struct Serving {
        sys::pager::Desk& desk;
        P& pager;
    };
    template <class P>
    static void serve(void* argument) {
        auto& serving = *static_cast<Serving<P>*>(argument);
        sys::pager::serve(serving.desk, serving.pager);
    }

    unsigned thread_;
    Word first_frame_ = 0;
    Word first_table_ = 0;
    sys::Reply reply_;
    uint32_t owners_[most_frames] = {};
    sys::pager::TableStock tables_;
    std::optional<sys::pager::Desk> desk_;
    alignas(16) uint8_t serving_[64];
};

} // namespace conformance
