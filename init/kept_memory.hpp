// SPDX-License-Identifier: BSD-2-Clause
// What outlives processes: pages that init owns for good and lends to the pager, which maps them into whoever they are kept
// for; and the endpoint that this one serves on, so that its clients need not find it again. Nobody else ever gets a page
// that was given once, so a service's secrets stay its own.
#pragma once

#include <init/own_memory.hpp>
#include <sys/cap/endpoint.hpp>

namespace init {

class KeptMemory {
public:
    static constexpr Word pages = 128; ///< all there are
    static constexpr unsigned max_owners = 64;

    /// Makes the frames, which are zero.
    Result<void> prepare(OwnMemory& memory);
    Word first_slot() const { return first_slot_; }
    Word physical() const { return physical_; }

    /// Physical address of the pages of `owner`, neighbours, the same ones each time. out_of_memory: all are given, or the owner had
    /// fewer when it first came.
    Result<Word> pages_for(Word owner, Word count);
    /// The endpoint of an owner that has pages, the same one each time.
    Result<sys::Endpoint> endpoint_for(OwnMemory& memory, Word owner);

private:
    struct Share {
        Word owner = 0;
        Word first = 0;
        Word count = 0;
        sys::Endpoint endpoint{};
    };
    Word first_slot_ = 0;
    Word physical_ = 0;
    Share shares_[max_owners] = {};
    unsigned share_count_ = 0;
    Word given_ = 0;
};

} // namespace init
