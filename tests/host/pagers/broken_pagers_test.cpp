// SPDX-License-Identifier: BSD-2-Clause
// The conformance cases notice what is wrong with a pager: each of these has one bug.
#include <support/catch.hpp>

#include <pagers/host_platform.hpp>
#include <tests/pagers/cases.hpp>
#include <tests/pagers/subjects.hpp>

#include <set>
#include <string>

using namespace sys::pager;
using abi::Word;

namespace {

enum class Bug {
    none,
    dirty_frames,    ///< frames are not cleared
    forgets_evicted, ///< a cookie means nothing to it
    wrong_frame,     ///< of two pages in one frame the second gets the first's
    maps_anything,   ///< outside of the region, too
    ignores_rights,
    never_answers,
    asks_again, ///< each fault is retried a few times before it is answered
    lost_on_restart,
    leaks_frames,
    silent_when_full, ///< no memory: it lets the thread try again
};

class BuggyPager {
public:
    BuggyPager(Bug bug, const Region& region, FrameStore& frames)
        : bug_(bug), region_(region), frames_(frames), right_(region, frames) {}

    sys::Result<void> recover() {
        if (bug_ == Bug::lost_on_restart)
            return {};
        return right_.recover();
    }
    Answer on_fault(const Fault& fault) {
        const auto page = region_.page_of(fault.address);
        switch (bug_) {
        case Bug::maps_anything:
            if (!page)
                return Answer::map({frames_.capability(0), sys::Place(fault.page(), region_.rights, 0, true, true),
                                    region_.mapped(0)});
            break;
        case Bug::ignores_rights:
            if (fault.access() == Access::write)
                return map(*page, frames_.take_clear(*page), sys::PageRights(3));
            break;
        case Bug::dirty_frames:
            if (page && fault.cookie == 0)
                return map(*page, frames_.take(*page), region_.rights);
            break;
        case Bug::forgets_evicted:
            if (page && fault.cookie != 0)
                return map(*page, frames_.take_clear(*page), region_.rights);
            break;
        case Bug::wrong_frame:
            if (page && fault.cookie == 0 && *page % 7 == 5)
                if (const auto other = frames_.owned_by(*page + 1))
                    return map(*page, sys::Result<Word>(*other), region_.rights);
            break;
        case Bug::never_answers:
            if (faults_++ % 16 == 15)
                return Answer::forward(sys::Endpoint(nowhere), 0);
            break;
        case Bug::asks_again:
            if (fault.info.repeats() < 3)
                return Answer::retry();
            break;
        case Bug::silent_when_full:
            if (frames_.free_count() == 0 && fault.cookie == 0 && fault.info.repeats() < 200)
                return Answer::retry();
            if (frames_.free_count() == 0 && fault.cookie == 0)
                return Answer::deny(Denial::refused);
            break;
        case Bug::none:
        case Bug::lost_on_restart:
        case Bug::leaks_frames: break;
        }
        return right_.on_fault(fault);
    }
    void on_answered(const Fault& fault, bool carried_out) {
        if (bug_ != Bug::leaks_frames)
            right_.on_answered(fault, carried_out);
    }
    std::optional<sys::Message> handle(sys::Incoming& incoming) { return right_.handle(incoming); }
    void handle_signal(sys::Badge) {}

private:
    Answer map(Word page, const sys::Result<Word>& frame, sys::PageRights rights) {
        return frame ? Answer::map(region_.item(page, frames_.capability(*frame), rights))
                     : Answer::deny(Denial::no_memory);
    }

public:
    Word nowhere = 0; ///< an endpoint at which nobody receives

private:
    Bug bug_;
    unsigned faults_ = 0;
    Region region_;
    FrameStore& frames_;
    pagers::ZeroFillPager right_;
};

class Buggy : public conformance::Subject {
public:
    explicit Buggy(Bug bug) : bug_(bug) {}
    sys::Result<void> start(conformance::Stage& stage, const conformance::Provision& provision) override {
        TRY(post_.make(stage, provision));
        if (lives++ == 0) {
            nowhere_ = TRY(stage.object<sys::Endpoint>());
            for (Word frame = 0; frame < provision.frames; ++frame)
                memset(post_.frames->bytes(frame).data(), 0x5a, page_size); // as somebody left them
        }
        pager_.emplace(bug_, post_.region, *post_.frames);
        pager_->nowhere = nowhere_.slot();
        TRY(pager_->recover());
        TRY(fuse.put_in(stage));
        TRY(stage.set_keeper(post_.endpoint));
        observed_.emplace(conformance::Observed<BuggyPager>{*pager_, fuse, most_repeats});
        return post_.run(stage, *observed_);
    }
    void kill(conformance::Stage& stage) override { post_.end(stage); }
    sys::Endpoint endpoint() const override { return post_.endpoint; }
    Word free_frames() const override { return post_.frames->free_count(); }

private:
    Bug bug_;
    conformance::Post post_{0};
    sys::Endpoint nowhere_;
    std::optional<BuggyPager> pager_;
    std::optional<conformance::Observed<BuggyPager>> observed_;
};

/// The cases that notice the bug.
std::set<std::string> noticed_by(Bug bug) {
    std::set<std::string> names;
    for (const conformance::Case& which : conformance::cases()) {
        test::HostPlatform platform;
        Buggy subject(bug);
        Word detail = 0;
        if (conformance::run(which, platform, subject, detail) != nullptr)
            names.insert(which.name);
    }
    return names;
}

} // namespace

TEST_CASE("pagers: the cases notice what is wrong with a pager") {
    CHECK(noticed_by(Bug::none).empty());
    const std::pair<Bug, const char*> known[] = {
        {Bug::dirty_frames, "an untouched page reads zero"},
        {Bug::forgets_evicted, "evicted pages come back as they were"},
        {Bug::wrong_frame, "every page takes a store and keeps its own"},
        {Bug::maps_anything, "outside of the region all is denied"},
        {Bug::ignores_rights, "a read-only region refuses stores"},
        {Bug::never_answers, "a storm of faults loses none"},
        {Bug::asks_again, "one answer settles a fault"},
        {Bug::lost_on_restart, "many lives of a pager lose nothing"},
        {Bug::leaks_frames, "a client that goes away costs nothing"},
        {Bug::silent_when_full, "when memory is gone, who asks is told so"},
    };
    for (const auto& [bug, name] : known) {
        const auto names = noticed_by(bug);
        INFO("bug " << static_cast<int>(bug) << " should be noticed by: " << name);
        CHECK(names.contains(name));
    }
}
