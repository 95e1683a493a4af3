// SPDX-License-Identifier: BSD-2-Clause
// Makes up operations. It looks at the specification's state only, so that most of them succeed and lead into deep states;
// some are hostile.
#pragma once

#include <lockstep/world.hpp>
#include <support/random.hpp>

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
    Operation context_method();
    Operation paging_method();
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
    const Word from = random_.below(slot_count);
    for (Word i = 0; i < slot_count; i++) {
        const Word index = first_slot + (from + i) % slot_count;
        if (!slot_at(index).empty() && condition(slot_at(index).cap))
            return index;
    }
    return 0;
}

} // namespace lockstep
