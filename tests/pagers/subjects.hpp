// SPDX-License-Identifier: BSD-2-Clause
// The example pagers (servers/pagers/), each as a subject.
#pragma once

#include <servers/pagers/checkpoint_pager.hpp>
#include <servers/pagers/compressing_pager.hpp>
#include <servers/pagers/zero_fill_pager.hpp>
#include <tests/pagers/subject.hpp>

namespace conformance {

class ZeroFill : public Subject {
public:
    Result<void> start(Stage& stage, const Provision& provision) override;
    void kill(Stage& stage) override { post_.end(stage); }
    sys::Endpoint endpoint() const override { return post_.endpoint; }
    Word free_frames() const override { return post_.frames->free_count(); }

private:
    Post post_{0};
    std::optional<pagers::ZeroFillPager> pager_;
    std::optional<Observed<pagers::ZeroFillPager>> observed_;
};

/// In front of a zero-fill pager, with a third of the frames, half of these for compressed pages. Only the one in front is killed.
class Compressing : public Subject {
public:
    Result<void> start(Stage& stage, const Provision& provision) override;
    void kill(Stage& stage) override { post_.end(stage); }
    sys::Endpoint endpoint() const override { return post_.endpoint; }
    Word free_frames() const override { return post_.frames->free_count() + behind_.frames->free_count(); }
    const pagers::CompressingPager::Figures& figures() const { return pager_->figures(); }

private:
    Post post_{0};
    Post behind_{1};
    uint16_t pool_[Post::most_frames] = {};
    std::optional<pagers::CompressingPager> pager_;
    std::optional<Observed<pagers::CompressingPager>> observed_;
    std::optional<pagers::ZeroFillPager> pager_behind_;
};

class Checkpointing : public Subject {
public:
    Result<void> start(Stage& stage, const Provision& provision) override;
    void kill(Stage& stage) override { post_.end(stage); }
    sys::Endpoint endpoint() const override { return post_.endpoint; }
    Word free_frames() const override { return post_.frames->free_count(); }

private:
    Post post_{0};
    pagers::PageRecord records_[Stage::pages];
    pagers::CheckpointLedger ledger_{.pages = records_};
    std::optional<pagers::CheckpointPager> pager_;
    std::optional<Observed<pagers::CheckpointPager>> observed_;
};

} // namespace conformance
