// SPDX-License-Identifier: BSD-2-Clause
#include <tests/pagers/cases.hpp>

namespace conformance {
namespace {

using Kind = Outcome::Kind;
using sys::pager::Denial;

constexpr Word first = Stage::start, end = Stage::start + Stage::pages * page_size;
constexpr Word address(Word page) { return first + page * page_size; }

#define EXPECT(...)                                                                                                    \
    do {                                                                                                               \
        if (!trial.expect(__VA_ARGS__))                                                                                \
            return;                                                                                                    \
    } while (false)

void reads_zero(Trial& trial) {
    for (Word page = 0; page < Stage::pages; ++page)
        for (const Word offset : {Word{0}, Word{2040}, page_size - sizeof(Word)}) {
            const Outcome outcome = trial.stage.load(0, address(page) + offset);
            EXPECT(outcome.is(Kind::done) && outcome.value == 0, "an untouched page reads zero", page);
        }
}

void writes_stick(Trial& trial) {
    Model model(1);
    for (Word page = Stage::pages; page-- > 0;) // each page, from the last on
        EXPECT(model.store(trial, 0, page, 3, page + 1), "every page takes a store", page);
    EXPECT(model.check_all(trial), "every page keeps its own", 0);
}

void random_order(Trial& trial) {
    Model model(0x5eed);
    for (unsigned i = 0; i < 800; ++i)
        if (!model.step(trial))
            return;
    model.check_all(trial);
}

void evicted_pages_come_back(Trial& trial) {
    Model model(7);
    for (unsigned round = 0; round < 3; ++round) {
        for (Word page = 0; page < Stage::pages; page += 1 + round)
            EXPECT(model.store(trial, 1, page, round, page * 3 + round), "a store is answered", page);
        EXPECT(trial.subject.evict(0, Stage::pages).is_ok(), "all pages are evicted");
        Word present = 0;
        const sys::pager::Region region{first, Stage::pages, 0, sys::PageTables(trial.stage.client_space())};
        EXPECT(region.survey([&](Word, sys::pager::TableEntry entry) { present += entry.is_present(); }).is_ok(),
               "the tables can be read");
        EXPECT(present == 0, "no page is left in the tables", present);
        EXPECT(model.check_all(trial), "and all come back");
    }
}

void discarded_pages_are_zero(Trial& trial) {
    Model model(21);
    constexpr Word half = Stage::pages / 2;
    for (Word round = 0; round < 4; ++round) {
        for (Word page = round; page < Stage::pages; ++page)
            EXPECT(model.store(trial, 1, page, round, page + 1), "a store is answered", page);
        if (round % 2 == 1)
            EXPECT(trial.subject.evict(0, Stage::pages).is_ok(), "all pages are evicted");
        EXPECT(trial.subject.request(sys::pager::Discard{half, 10}).is_ok(), "pages are discarded", round);
        for (Word page = half; page < half + 10; ++page)
            model.forget(page);
        for (Word page = 0; page < 4; ++page) // what was freed is used again
            EXPECT(model.store(trial, 2, page, 7, round + 1), "a store is answered", page);
        trial.subject.kill(trial.stage);
        EXPECT(trial.subject.start(trial.stage, trial.provision).is_ok(), "a pager starts anew", round);
        if (!model.check_all(trial))
            return;
    }
    EXPECT(!trial.subject.request(sys::pager::Discard{1, Stage::pages}).is_ok(), "there are no pages behind the last");
    model.check_all(trial);
}

void outside_is_denied(Trial& trial) {
    for (const Word where : {first - 8, first - page_size, end, end + 5 * page_size, Word{0x1000}, Word{1} << 46}) {
        EXPECT(trial.stage.load(0, where).is_denied(Denial::outside), "a load outside of the region is denied", where);
        EXPECT(trial.stage.store(1, where, 1).is_denied(Denial::outside), "and a store", where);
    }
    EXPECT(trial.stage.store(0, first, 5).is(Kind::done), "the first page is not outside");
    EXPECT(trial.stage.load(1, end - 8).is(Kind::done), "nor is the last");
}

void fetches_are_denied(Trial& trial) {
    for (const bool present : {false, true}) {
        if (present)
            EXPECT(trial.stage.store(0, address(2), ~Word{0}).is(Kind::done), "a store is answered");
        trial.stage.begin(0, Touch::jump, address(2));
        EXPECT(trial.stage.end(0).is_denied(Denial::not_executable), "what is not executable is not executed", present);
    }
}

void read_only_refuses_stores(Trial& trial) {
    for (Word page = 0; page < 4; ++page) {
        if (page % 2 == 1)
            EXPECT(trial.stage.load(0, address(page)).is(Kind::done), "a load is answered", page);
        EXPECT(trial.stage.store(0, address(page), 1).is_denied(Denial::not_writable), "a store is denied", page);
        EXPECT(trial.stage.load(1, address(page)).value == 0, "and nothing was stored", page);
    }
}

/// More than the kernel lets go by itself because the page is there by the time that their turn comes.
void all_at_one_page(Trial& trial) {
    for (Word round = 0; round < 3; ++round) {
        for (const Word page : {Word{0}, Word{17}, Stage::pages - 1}) {
            trial.stage.hold_pagers(true);
            for (unsigned client = 0; client < Stage::clients; ++client)
                trial.stage.begin(client, Touch::store, address(page) + client * 64 + round * 8, page + client + round);
            trial.stage.hold_pagers(false);
            for (unsigned client = 0; client < Stage::clients; ++client)
                EXPECT(trial.stage.end(client).is(Kind::done), "each of many at one page goes on", page);
            for (Word word = 0; word <= round; ++word)
                for (unsigned client = 0; client < Stage::clients; ++client)
                    EXPECT(trial.stage.load(0, address(page) + client * 64 + word * 8).value == page + client + word,
                           "and what each of them stored is there", client);
        }
        EXPECT(trial.subject.evict(0, Stage::pages).is_ok(), "pages are evicted in between", round);
    }
}

void storm(Trial& trial) {
    Word expected[Stage::pages] = {};
    for (Word round = 0; round < 24; ++round) {
        trial.stage.hold_pagers(true);
        for (unsigned client = 0; client < Stage::clients; ++client) {
            const Word page = (round * 7 + client * 11) % Stage::pages; // no two the same
            expected[page] = round * 8 + client + 1;
            trial.stage.begin(client, Touch::store, address(page), expected[page]);
        }
        trial.stage.hold_pagers(false);
        for (unsigned client = 0; client < Stage::clients; ++client)
            EXPECT(trial.stage.end(client).is(Kind::done), "each of many at once goes on", round);
        if (round % 8 == 7)
            EXPECT(trial.subject.evict(0, Stage::pages).is_ok(), "pages are evicted in between", round);
    }
    for (Word page = 0; page < Stage::pages; ++page)
        EXPECT(trial.stage.load(0, address(page)).value == expected[page], "no store is lost", page);
}

void one_fault_one_answer(Trial& trial) {
    trial.subject.most_repeats = 0;
    Model model(99);
    for (unsigned i = 0; i < 200; ++i)
        if (!model.step(trial))
            return;
    EXPECT(trial.subject.most_repeats <= 1, "nobody faults at the same place again and again",
           trial.subject.most_repeats);
}

void out_of_memory(Trial& trial) {
    Word accepted = 0;
    Model values(3);
    for (; accepted < Stage::pages; ++accepted) {
        Outcome outcome;
        for (Word word = 0; word < 512; word += 1 + word / 4) // hard to compress where it matters
            outcome = trial.stage.store(0, address(accepted) + word * 8, values.random(~Word{0}) | 1);
        if (!outcome.is(Kind::done)) {
            EXPECT(outcome.is_denied(Denial::no_memory), "the supervisor is told why", accepted);
            break;
        }
    }
    EXPECT(accepted > 0, "there is some memory");
    EXPECT(accepted < Stage::pages, "and not for all pages", accepted);
    for (Word page = 0; page < accepted; ++page) {
        const Outcome outcome = trial.stage.load(1, address(page));
        EXPECT(outcome.is(Kind::done) && (outcome.value & 1) == 1, "what was there before is not lost", page);
    }
}

void client_goes_away(Trial& trial) {
    EXPECT(trial.stage.store(1, address(0), 1).is(Kind::done), "a store is answered");
    const Word free = trial.subject.free_frames();
    constexpr Word last = 5;
    for (Word page = 1; page <= last; ++page) {
        trial.subject.fuse.set(2); // it has decided, and has not answered yet
        trial.stage.begin(0, Touch::store, address(page), 4);
        EXPECT(trial.subject.fuse.is_blown(), "the pager is about to answer", page);
        trial.stage.interrupt(0);
        trial.subject.fuse.release();
        EXPECT(trial.stage.load(1, address(0)).value == 1, "the pager goes on", page);
    }
    for (Word page = 1; page <= last; ++page)
        EXPECT(trial.stage.store(0, address(page), 4).is(Kind::done), "who comes back is served", page);
    EXPECT(trial.subject.free_frames() == free - last, "each page has cost one frame", trial.subject.free_frames());
}

void dies_at_each_step(Trial& trial) {
    Model model(0xdead);
    for (unsigned life = 0; life < 24; ++life) {
        trial.subject.fuse.set(1 + life % 6);
        for (unsigned i = 0; i < 12; ++i) {
            const Word page = model.random(Stage::pages);
            if (!(model.random(3) == 0
                      ? model.load(trial, life % Stage::clients, page, i % 8)
                      : model.store(trial, life % Stage::clients, page, i % 8, model.random(~Word{0}))))
                return;
        }
        trial.subject.fuse.set(0);
        if (life % 4 == 3)
            EXPECT(trial.subject.evict(0, Stage::pages / 2).is_ok(), "pages are evicted in between", life);
    }
    model.check_all(trial);
}

struct Request {
    Subject& subject;
    volatile bool done;
    volatile bool ok;
};

void call_evict(void* argument) {
    auto& request = *static_cast<Request*>(argument);
    request.ok = request.subject.evict(0, Stage::pages).is_ok();
    request.done = true;
}

void dies_in_a_request(Trial& trial) {
    Model model(5);
    for (unsigned step = 1; step <= 2; ++step) {
        for (Word page = 0; page < Stage::pages; ++page)
            if (!model.store(trial, 2, page, 4, page ^ step))
                return;
        trial.subject.fuse.set(step);
        Request request{trial.subject, false, false};
        constexpr unsigned caller = 2;
        EXPECT(trial.stage.platform().start_thread(caller, call_evict, &request, pager_priority).is_ok(),
               "a thread starts");
        EXPECT(trial.subject.fuse.is_blown() && !request.done, "the pager stops in the request", step);
        trial.subject.kill(trial.stage);
        EXPECT(trial.subject.start(trial.stage, trial.provision).is_ok(), "a pager starts anew");
        EXPECT(request.done && request.ok, "the request is repeated, and answered", step);
        trial.stage.platform().end_thread(caller);
    }
    model.check_all(trial);
}

void starts_over_and_over(Trial& trial) {
    Model model(0xabc);
    for (unsigned life = 0; life < 10; ++life) {
        for (unsigned i = 0; i < 40; ++i)
            if (!model.step(trial))
                return;
        trial.subject.kill(trial.stage);
        EXPECT(trial.subject.start(trial.stage, trial.provision).is_ok(), "a pager starts anew", life);
    }
    model.check_all(trial);
}

constexpr Case all[] = {
    {"an untouched page reads zero", reads_zero},
    {"every page takes a store and keeps its own", writes_stick},
    {"loads, stores and evictions in random order", random_order},
    {"evicted pages come back as they were", evicted_pages_come_back},
    {"outside of the region all is denied", outside_is_denied},
    {"what is not executable is not executed", fetches_are_denied},
    {"a read-only region refuses stores", read_only_refuses_stores, {64, sys::PageRights(2)}},
    {"many at one page at once all go on", all_at_one_page},
    {"a storm of faults loses none", storm},
    {"one answer settles a fault", one_fault_one_answer},
    {"when memory is gone, who asks is told so", out_of_memory, {18}},
    {"a client that goes away costs nothing", client_goes_away},
    {"a pager that dies at any step is replaced", dies_at_each_step},
    {"a pager that dies in a request is replaced", dies_in_a_request},
    {"many lives of a pager lose nothing", starts_over_and_over},
};

void rolls_back(Trial& trial) {
    Model model(11);
    Model before(11);
    for (unsigned round = 0; round < 4; ++round) {
        for (unsigned i = 0; i < 60; ++i)
            if (!model.step(trial))
                return;
        EXPECT(trial.subject.request(sys::pager::Checkpoint{}).is_ok(), "a checkpoint is taken", round);
        before = model;
        for (unsigned rolled = 0; rolled < 2; ++rolled) { // one checkpoint serves more than once
            for (unsigned i = 0; i < 20; ++i)
                if (!model.step(trial))
                    return;
            EXPECT(trial.subject.request(sys::pager::RollBack{}).is_ok(), "the region is rolled back", round);
            model = before;
            if (!model.check_all(trial))
                return;
        }
    }
}

void rolls_back_after_death(Trial& trial) {
    Model model(12);
    for (unsigned life = 0; life < 12; ++life) {
        for (Word page = 0; page < 8; ++page)
            if (!model.store(trial, 0, page, 1, life * 8 + page))
                return;
        EXPECT(trial.subject.request(sys::pager::Checkpoint{}).is_ok(), "a checkpoint is taken", life);
        const Model before = model;
        trial.subject.fuse.set(1 + life % 6);
        for (Word page = 0; page < 8; page += 1 + life % 3) // the pager dies on the way
            if (!model.store(trial, 0, page, 1, ~page))
                return;
        trial.subject.fuse.set(0);
        EXPECT(trial.subject.request(sys::pager::RollBack{}).is_ok(), "the region is rolled back", life);
        model = before;
        if (!model.check_all(trial))
            return;
    }
}

void nothing_to_roll_back_to(Trial& trial) {
    const auto refused = trial.subject.request(sys::pager::RollBack{});
    EXPECT(!refused && refused.error() == sys::ErrorCode::not_found, "without a checkpoint there is no way back");
}

constexpr Case with_discard[] = {
    {"discarded pages read zero", discarded_pages_are_zero},
};

constexpr Case with_checkpoints[] = {
    {"a region is brought back to its checkpoint", rolls_back, {112}},
    {"a pager that dies keeps its checkpoint", rolls_back_after_death, {112}},
    {"without a checkpoint there is no way back", nothing_to_roll_back_to},
};

} // namespace

std::span<const Case> cases() { return all; }
std::span<const Case> discard_cases() { return with_discard; }
std::span<const Case> checkpoint_cases() { return with_checkpoints; }

const char* run(const Case& which, Platform& platform, Subject& subject, Word& detail) {
    Stage stage(platform);
    if (const auto made = subject.set_up(stage, which.provision); !made) {
        detail = made.error().label();
        return "the stage is made";
    }
    if (const auto started = subject.start(stage, which.provision); !started) {
        detail = started.error().label();
        return "the pager starts";
    }
    Trial trial{stage, subject, which.provision};
    which.run(trial);
    detail = trial.detail;
    return trial.complaint;
}

} // namespace conformance
