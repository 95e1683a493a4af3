// SPDX-License-Identifier: BSD-2-Clause
// Makes up operations. It looks at the specification's state only, so that most of them succeed and lead into deep states;
// some are hostile.
#pragma once

#include <lockstep/world.hpp>
#include <support/random.hpp>

#include <algorithm>

namespace lockstep {

class Generator {
public:
    explicit Generator(test::Random& random) : random_(random) {}

    Operation next(const spec::System& state);
    /// `operation` with something about it changed.
    Operation changed(Operation operation);

private:
    // --- capabilities by what they are for (pointers as the running thread knows them) ---
    bool chance(unsigned of, unsigned in) { return random_.below(in) < of; }
    const spec::Slot& slot_at(Word index) const;
    /// A slot of the root CNode that holds a capability of this type; 0 if there is none.
    Word find(spec::Type type);
    template <class Condition>
    Word find_if(Condition&& condition);
    Word any_capability();
    Word free_slot();
    Word thread_capability();
    unsigned runnable() const;

    Operation invoke_something();
    static bool waits_as_server(const spec::Thread& thread) {
        return thread.state == spec::ThreadState::receiving && thread.reply;
    }
    static bool takes_part_in_call(const spec::Thread& thread) {
        return waits_as_server(thread) || thread.state == spec::ThreadState::awaiting_reply;
    }
    Operation revive();
    Operation communicate();
    Operation meet_somebody();
    Operation message(Word number, Word rdi);
    Operation event();
    Operation hostile();
    void decorate(Operation& operation);

    // --- methods, by object (generator_methods.cpp) ---
    Operation untyped_method();
    Operation cnode_method();
    Operation tcb_method();
    Operation tcb_setting();
    Operation spawn();
    Operation show_written_frame();
    Operation context_method();
    Operation paging_method();
    /// A reply object on which a thread waits in a keeper fault; 0 if there is none.
    Word keeper_reply();
    Operation answer_keeper_fault(Word reply);
    void add_item(std::vector<Word>& words, const spec::Thread& waiter);
    Operation pager_method();
    Operation range_method();
    Operation map_range(Word structure, Word at, Word bits);
    Operation map_page();
    Operation map_table();
    Operation device_method();
    Operation control_method();
    Word address();
    Word guard(Word slot);
    Word rights() { return chance(1, 2) ? 15 : random_.below(16); }
    Word priority() { return chance(1, 2) ? 255 : chance(1, 2) ? 254 : random_.below(256); }

    test::Random& random_;
    const spec::System* state_ = nullptr;
    const spec::CNode* root_ = nullptr;
};

template <class Condition>
Word Generator::find_if(Condition&& condition) {
    const auto start = root_->slots.lower_bound(first_slot + random_.below(slot_count));
    const auto end = root_->slots.lower_bound(first_slot + slot_count);
    const auto fits = [&](const auto& item) { return !item.second.empty() && condition(item.second.cap); };
    auto found = std::find_if(start, end, fits);
    if (found != end)
        return found->first;
    found = std::find_if(root_->slots.lower_bound(first_slot), start, fits);
    return found != start ? found->first : 0;
}

} // namespace lockstep
