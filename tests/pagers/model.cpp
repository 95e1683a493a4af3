// SPDX-License-Identifier: BSD-2-Clause
#include <tests/pagers/cases.hpp>

namespace conformance {
namespace {

Word address_of(Word page, Word word) { return Stage::start + page * page_size + word * sizeof(Word); }

/// Does it; a pager that has stopped dies, and the next one answers.
Outcome surely(Trial& trial, unsigned client, Touch touch, Word address, Word value = 0) {
    trial.stage.begin(client, touch, address, value);
    for (unsigned deaths = 0;; ++deaths) {
        const Outcome outcome = trial.stage.end(client);
        if (!outcome.is(Outcome::Kind::lost) || !trial.subject.fuse.is_blown() || deaths == 8)
            return outcome;
        trial.subject.kill(trial.stage);
        if (!trial.expect(trial.subject.start(trial.stage, trial.provision).is_ok(), "a pager starts anew"))
            return {};
    }
}

} // namespace

Word Model::random(Word limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ * 0x2545'f491'4f6c'dd1d % limit;
}

bool Model::load(Trial& trial, unsigned client, Word page, Word slot) {
    const Outcome outcome = surely(trial, client, Touch::load, address_of(page, word_of(slot)));
    return trial.expect(outcome.is(Outcome::Kind::done), "a load is answered", page) &&
           trial.expect(outcome.value == values_[page][slot], "what was stored is loaded", page);
}

bool Model::store(Trial& trial, unsigned client, Word page, Word slot, Word value) {
    values_[page][slot] = value;
    return trial.expect(
        surely(trial, client, Touch::store, address_of(page, word_of(slot)), value).is(Outcome::Kind::done),
        "a store is answered", page);
}

bool Model::step(Trial& trial) {
    const Word page = random(Stage::pages);
    const Word slot = random(slots);
    const auto client = static_cast<unsigned>(random(Stage::clients));
    if (random(16) == 0)
        return trial.expect(trial.subject.evict(page, 1 + random(Stage::pages - page)).is_ok(), "pages are evicted",
                            page);
    return random(2) == 0 ? load(trial, client, page, slot) : store(trial, client, page, slot, random(~Word{0}));
}

bool Model::check_all(Trial& trial) {
    for (Word page = 0; page < Stage::pages; ++page)
        for (Word slot = 0; slot < slots; ++slot)
            if (!load(trial, static_cast<unsigned>(page % Stage::clients), page, slot))
                return false;
    return true;
}

} // namespace conformance
