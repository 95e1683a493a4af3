// SPDX-License-Identifier: BSD-2-Clause
#include <init/thread_history.hpp>

namespace init {

void ThreadHistory::put(unsigned index, Word tcb, Word since, Word pid, std::string_view name) {
    Life& life = lives_[index];
    life = {tcb, since, pid, {}};
    name.copy(life.name, sizeof(life.name) - 1);
}

void ThreadHistory::add_lasting(Word tcb, std::string_view name) {
    put(lasting_++, tcb, 0, 0, name);
    next_ = count_ = lasting_;
}

void ThreadHistory::add(Word tcb, Word since, Word pid, std::string_view name) {
    put(next_, tcb, since, pid, name);
    if (count_ < capacity)
        ++count_;
    next_ = next_ + 1 < capacity ? next_ + 1 : lasting_;
}

const ThreadHistory::Life* ThreadHistory::find(Word tcb, Word at) const {
    const Life* found = nullptr;
    for (unsigned i = 0; i < count_; ++i) {
        const Life& life = lives_[i];
        if (life.tcb == tcb && life.since <= at && (found == nullptr || life.since >= found->since))
            found = &life;
    }
    return found;
}

} // namespace init
