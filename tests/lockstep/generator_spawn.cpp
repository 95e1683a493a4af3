// SPDX-License-Identifier: BSD-2-Clause
// TCB.Spawn, with code at the entry and a stack below the stack pointer where a space has them.
#include <lockstep/generator.hpp>

#include <spec/address_space.hpp>

namespace lockstep {

using namespace spec;

namespace {

struct MappedPage {
    Word address;
    const Frame* frame;
    TableEntry entry;
};

void collect(const System& state, const Table& table, Word base, std::vector<MappedPage>& pages) {
    for (const auto& [index, entry] : table.entries) {
        const Word address = base + (Word{index} << span(table.type));
        const auto found = state.objects.find(entry.address);
        if (address >= user_end || !entry.present() || found == state.objects.end())
            continue;
        if (entry.is_page())
            pages.push_back({address, static_cast<const Frame*>(found->second.get()), entry});
        else
            collect(state, static_cast<const Table&>(*found->second), address, pages);
    }
}

/// Pages of a space that `fit`.
template <class Condition>
std::vector<MappedPage> pages_of(const System& state, const Capability& space, Condition&& fits) {
    std::vector<MappedPage> pages;
    if (is_live_space(state, space))
        collect(state, object_of<Table>(space), 0, pages);
    std::erase_if(pages, [&](const MappedPage& page) { return !fits(page); });
    return pages;
}

/// Where something is in a frame that has been written to: the nth such word, round and round.
Word written_place(const Frame& frame, Word n) {
    std::vector<Word> places;
    for (const auto& [page, words] : frame.pages)
        for (Word i = 0; i < words.size(); i++)
            if (words[i] != 0)
                places.push_back(page * 4096 + i * 8);
    return places.empty() ? 0 : places[n % places.size()];
}

} // namespace

/// Somebody's IPC buffer as a page: nothing else has anything in it, where a thread could begin.
Operation Generator::show_written_frame() {
    const Word frame = find_if([](const Capability& cap) {
        return cap.is(Type::frame) && !cap.mapping && !object_of<Frame>(cap).pages.empty();
    });
    const Word space = find_if([&](const Capability& cap) { return is_live_space(*state_, cap); });
    return invocation(frame, Method::page_map, {0x41'0000 + random_.below(4) * 4096, 3, 0}, {space});
}

Operation Generator::spawn() {
    constexpr Word root = 2, big_untyped = 17, most = 255;
    const Word fresh = find_if([](const Capability& cap) {
        return cap.is(Type::tcb) && object_of<Thread>(cap).cap(vspace).is(Type::null) &&
               object_of<Thread>(cap).state == ThreadState::stopped;
    });
    if (fresh == 0 && chance(7, 8))
        return invocation(big_untyped, Method::untyped_retype,
                          {static_cast<Word>(MadeType::tcb), 0, 0, 0, free_slot(), 1}, {root});
    const auto is_code = [](const MappedPage& page) {
        return !(page.entry.attributes & execute_never) && !page.frame->pages.empty();
    };
    const Word with_code = find_if([&](const Capability& cap) { return !pages_of(*state_, cap, is_code).empty(); });
    if (with_code == 0 && chance(7, 8))
        return show_written_frame();
    const Word space = with_code != 0 && chance(7, 8)
                           ? with_code
                           : find_if([&](const Capability& cap) { return is_live_space(*state_, cap); });
    const auto code = pages_of(*state_, slot_at(space).cap, is_code);
    const auto stacks = pages_of(*state_, slot_at(space).cap, [](const MappedPage& page) { return page.entry.write; });
    Word entry = address(), stack = address();
    if (!code.empty() && chance(9, 10)) {
        const MappedPage& page = code[random_.below(code.size())];
        entry = page.address + (chance(1, 8) ? random_.below(4096) : written_place(*page.frame, random_.next()));
    }
    if (!stacks.empty() && chance(9, 10))
        stack = stacks[random_.below(stacks.size())].address + (1 + random_.below(256)) * 16;
    const Word context = find_if(
        [](const Capability& cap) { return cap.is(Type::sched_context) && !object_of<SchedContext>(cap).thread; });
    const Word handler = chance(1, 3) ? 0 : chance(1, 2) ? find(Type::endpoint) : find(Type::cnode);
    const bool has_buffer = chance(3, 4);
    std::vector<Word> words{root,
                            0,
                            space,
                            handler,
                            chance(1, 4) ? 0 : context,
                            has_buffer ? find(Type::frame) : 0,
                            has_buffer ? random_.below(64) << 10 : 0,
                            1,
                            priority() | most << 8,
                            entry,
                            stack,
                            random_.of_any_size(64),
                            random_.of_any_size(64)};
    if (chance(1, 5))
        words[random_.below(words.size())] = chance(1, 2) ? random_.below(200) : random_.of_any_size(64);
    return invocation(fresh && chance(7, 8) ? fresh : thread_capability(), Method::tcb_spawn, std::move(words));
}

} // namespace lockstep
