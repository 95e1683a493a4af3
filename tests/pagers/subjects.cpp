// SPDX-License-Identifier: BSD-2-Clause
#include <tests/pagers/subjects.hpp>

namespace conformance {
namespace {

/// The clients' faults go to the pager, which may be stopped at its steps.
Result<void> open(Stage& stage, Subject& subject) {
    ++subject.lives;
    TRY(subject.fuse.put_in(stage));
    return stage.set_keeper(subject.endpoint());
}

} // namespace

Result<void> ZeroFill::start(Stage& stage, const Provision& provision) {
    TRY(post_.make(stage, provision));
    pager_.emplace(post_.region, *post_.frames);
    TRY(pager_->recover());
    TRY(open(stage, *this));
    observed_.emplace(Observed<pagers::ZeroFillPager>{*pager_, fuse, most_repeats});
    return post_.run(stage, *observed_);
}

Result<void> Compressing::start(Stage& stage, const Provision& provision) {
    const Word in_front = provision.frames / 3;
    if (!pager_behind_) {
        TRY(behind_.make(stage, {provision.frames - in_front, provision.rights}));
        pager_behind_.emplace(behind_.region, *behind_.frames);
        TRY(behind_.run(stage, *pager_behind_));
    }
    TRY(post_.make(stage, {in_front, provision.rights}));
    pager_.emplace(post_.region, *post_.frames, std::span(pool_).first(in_front / 2), behind_.endpoint);
    TRY(pager_->recover());
    TRY(open(stage, *this));
    observed_.emplace(Observed<pagers::CompressingPager>{*pager_, fuse, most_repeats});
    return post_.run(stage, *observed_);
}

Result<void> Checkpointing::start(Stage& stage, const Provision& provision) {
    TRY(post_.make(stage, provision));
    pager_.emplace(post_.region, *post_.frames, ledger_);
    TRY(pager_->recover());
    TRY(open(stage, *this));
    observed_.emplace(Observed<pagers::CheckpointPager>{*pager_, fuse, most_repeats});
    return post_.run(stage, *observed_);
}

} // namespace conformance
