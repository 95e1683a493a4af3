// SPDX-License-Identifier: BSD-2-Clause
// What every pager must do, as named cases. They run against each pager on a machine (tests/system/pagers) and, under sanitizers, on the
// kernel's core in a process (tests/host/pagers).
#pragma once

#include <span>
#include <tests/pagers/subject.hpp>

namespace conformance {

/// The run of one case, and the first thing that was not as it should be.
struct Trial {
    Stage& stage;
    Subject& subject;
    Provision provision{};
    const char* complaint = nullptr;
    Word detail = 0; ///< a page, or whatever says which

    bool expect(bool holds, const char* what, Word which = 0) {
        if (holds || complaint != nullptr)
            return holds;
        complaint = what;
        detail = which;
        return false;
    }
};

struct Case {
    const char* name;
    void (*run)(Trial& trial);
    Provision provision{};
};

/// For all pagers.
std::span<const Case> cases();
/// For those that take Discard.
std::span<const Case> discard_cases();
/// For those that can be brought back to a checkpoint.
std::span<const Case> checkpoint_cases();

/// Makes a stage, starts the pager and runs the case. Null, or what was not as it should be.
const char* run(const Case& which, Platform& platform, Subject& subject, Word& detail);

/// The contents that the region should have, and operations in random order that keep to it.
class Model {
public:
    static constexpr Word words_per_page = 512;
    explicit Model(Word seed) : state_(seed) {}
    Word random(Word limit);
    /// One load, store or, seldom, eviction by one of the clients. False: something was not as it should be.
    bool step(Trial& trial);
    /// Loads one word of each page, and every word that was stored.
    bool check_all(Trial& trial);
    bool load(Trial& trial, unsigned client, Word page, Word word);
    bool store(Trial& trial, unsigned client, Word page, Word word, Word value);
    /// The page is zero again.
    void forget(Word page) {
        for (Word& value : values_[page])
            value = 0;
    }

private:
    static constexpr Word slots = 8; ///< different words of a page that are used
    static Word word_of(Word slot) { return slot * 73 % words_per_page; }
    Word state_;
    Word values_[Stage::pages][slots] = {};
};

} // namespace conformance
