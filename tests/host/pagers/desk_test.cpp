// SPDX-License-Identifier: BSD-2-Clause
// The kit's loop with pagers whose answers need mending, on the kernel's core.
#include <support/catch.hpp>
#include <support/random.hpp>

#include <pagers/host_platform.hpp>
#include <servers/pagers/zero_fill_pager.hpp>
#include <tests/pagers/subject.hpp>

using namespace sys::pager;
using abi::Word;
using conformance::Outcome;
using conformance::Post;
using conformance::Stage;
using conformance::Touch;
using sys::MapItem;

namespace {

constexpr sys::PageRights read_write{3};

/// A stage, and a pager that a test writes.
struct Bench {
    test::HostPlatform platform;
    Stage stage{platform};
    Post post{0};

    Bench() {
        REQUIRE(stage.make().is_ok());
        REQUIRE(post.make(stage, {64}).is_ok());
        REQUIRE(stage.set_keeper(post.endpoint).is_ok());
    }
    Word address(Word page) const { return Stage::start + page * page_size; }
    bool stores(Word page, Word value) { return stage.store(0, address(page), value).is(Outcome::Kind::done); }
    bool is_present(Word page) {
        bool present = false;
        REQUIRE(post.region.survey([&](Word, TableEntry entry) { present = entry.is_present(); }, page, 1).is_ok());
        return present;
    }
};

/// Maps what was asked for, and what `more` adds.
struct Mapper {
    Post& post;
    std::function<void(Answer&, const Fault&)> more = [](Answer&, const Fault&) {};
    unsigned asked = 0;

    MapItem item(Word page, bool only_if_empty = false) {
        const auto frame = post.frames->take_clear(page);
        return post.region.item(page, post.frames->capability(*frame), read_write, only_if_empty);
    }
    Answer on_fault(const Fault& fault) {
        ++asked;
        Answer answer = Answer::map(item(*post.region.page_of(fault.address)));
        more(answer, fault);
        return answer;
    }
};

} // namespace

TEST_CASE("pager kit: neighbours go with the answer, those that are taken are left out") {
    Bench bench;
    Mapper mapper{bench.post};
    REQUIRE(bench.post.run(bench.stage, mapper).is_ok());
    REQUIRE(bench.stores(19, 7)); // makes the table, and one page of the 16 around
    mapper.more = [&](Answer& answer, const Fault& fault) {
        for (Word page = 16; page < 32; ++page)
            if (page != 20)
                answer.with(mapper.item(page, true));
        CHECK(fault.is_free(bench.address(21)));
        CHECK_FALSE(fault.is_free(bench.address(19)));
        CHECK_FALSE(fault.is_free(bench.address(33)));
    };
    REQUIRE(bench.stores(20, 8));
    CHECK(mapper.asked == 2);
    for (Word page = 16; page < 32; ++page)
        CHECK(bench.is_present(page));
    CHECK(bench.stage.load(1, bench.address(19)).value == 7); // it was not replaced
    CHECK(bench.stage.load(1, bench.address(31)).value == 0);
    CHECK(mapper.asked == 2);
}

TEST_CASE("pager kit: a full answer gives up its last items for the tables that it lacks") {
    Bench bench;
    Mapper mapper{bench.post};
    mapper.more = [&](Answer& answer, const Fault&) {
        for (Word page = 17; page < 17 + abi::max_items; ++page)
            answer.with(mapper.item(page, true));
        CHECK(answer.items().size() == abi::max_items);
    };
    REQUIRE(bench.post.run(bench.stage, mapper).is_ok());
    CHECK(bench.stores(16, 1)); // behind the border: its table is missing
    CHECK(mapper.asked == 1);
    CHECK(bench.is_present(16));
    CHECK(bench.is_present(34));
    CHECK_FALSE(bench.is_present(35));
}

TEST_CASE("pager kit: who is answered later waits, others are served meanwhile") {
    struct Patient {
        Post& post;
        Desk* desk = nullptr;
        bool open = false;
        std::optional<sys::Reply> waiting{};
        unsigned asked = 0;
        Mapper mapper{post};

        Answer on_fault(const Fault& fault) {
            ++asked;
            if (open || fault.page() != Stage::start)
                return mapper.on_fault(fault);
            if (desk->can_wait())
                waiting = fault.waiter;
            return Answer::later();
        }
        std::optional<sys::Message> handle(sys::Incoming&) {
            open = true;
            desk->wake(*waiting);
            return sys::Message::of_label(0);
        }
        void handle_signal(sys::Badge) {}
    };
    Bench bench;
    Patient patient{bench.post};
    const auto spare = bench.stage.object<sys::Reply>();
    sys::Reply spares[] = {*spare};
    REQUIRE(bench.post.run(bench.stage, patient, spares).is_ok());
    patient.desk = &bench.post.desk();
    bench.stage.begin(0, Touch::store, Stage::start, 5);
    CHECK(bench.stage.end(0).is(Outcome::Kind::lost)); // it waits
    CHECK_FALSE(bench.post.desk().can_wait());
    CHECK(bench.stage.store(1, bench.address(1), 6).is(Outcome::Kind::done));
    CHECK(bench.post.endpoint.call(sys::Message::of_label(Evict::label)).label() == 0);
    CHECK(bench.stage.end(0).is(Outcome::Kind::done));
    CHECK(bench.stage.load(1, Stage::start).value == 5);
    CHECK(bench.post.desk().can_wait());
    CHECK(patient.asked == 3);
}

TEST_CASE("pager kit: a fault that no answer helps is denied in the end") {
    struct Useless {
        unsigned asked = 0;
        Answer on_fault(const Fault&) { return ++asked, Answer::retry(); }
    };
    Bench bench;
    Useless useless;
    REQUIRE(bench.post.run(bench.stage, useless).is_ok());
    CHECK(bench.stage.load(0, bench.address(3)).is_denied(Denial::no_progress));
    CHECK(useless.asked == Desk::most_repeats + 1);
}

TEST_CASE("pager kit: what the kernel refuses is told to the supervisor") {
    struct Wrong {
        Answer answer = Answer::retry();
        std::optional<bool> carried_out{};
        Answer on_fault(const Fault&) { return answer; }
        void on_answered(const Fault&, bool done) { carried_out = done; }
    };
    Bench bench;
    Wrong wrong;
    REQUIRE(bench.post.run(bench.stage, wrong).is_ok());
    const Word frame = *bench.post.frames->take_clear(0);
    const MapItem outside{bench.post.frames->capability(frame), sys::Place(Word{1} << 46, sys::PageRights(7))};
    for (const Answer& answer : {Answer::forward(sys::Endpoint(), 0), Answer::map(outside)}) {
        wrong.answer = answer;
        CHECK(bench.stage.load(0, bench.address(0)).is_denied(Denial::refused));
    }
    wrong.answer = Answer::deny(uint8_t{99});
    const Outcome outcome = bench.stage.load(0, bench.address(0));
    CHECK(outcome.is(Outcome::Kind::denied));
    CHECK(outcome.code == 99);
    CHECK(wrong.carried_out == false); // of the fault before
}

TEST_CASE("pager kit: without memory for a table the fault is denied, and the next one is asked about again") {
    Bench bench;
    Mapper mapper{bench.post};
    REQUIRE(bench.post.run(bench.stage, mapper).is_ok());
    while (bench.post.tables().make(sys::MissingLevel::page_table))
        ;
    CHECK(bench.stage.load(0, bench.address(0)).is_denied(Denial::no_memory));
    CHECK(bench.stage.load(0, bench.address(0)).is_denied(Denial::no_memory));
    CHECK(mapper.asked == 2);
}

TEST_CASE("pager kit: behind a pager that lends for reading only, pages are mapped so") {
    struct Lender {
        sys::Endpoint behind;
        sys::PageRights rights{2};
        Answer on_fault(const Fault& fault) { return Answer::forward(behind, fault.cookie, rights); }
    };
    Bench bench;
    Post behind{1};
    REQUIRE(behind.make(bench.stage, {8}).is_ok());
    pagers::ZeroFillPager zero(behind.region, *behind.frames);
    REQUIRE(behind.run(bench.stage, zero).is_ok());
    Lender lender{behind.endpoint};
    REQUIRE(bench.post.run(bench.stage, lender).is_ok());
    CHECK(bench.stage.store(0, bench.address(1), 5).is_denied(Denial::not_writable));
    CHECK(behind.frames->free_count() == 7); // until the next fault is answered
    CHECK(bench.stage.load(0, bench.address(1)).is(Outcome::Kind::done));
    CHECK(bench.stage.store(0, bench.address(1), 5).is_denied(Denial::not_writable));
    CHECK(bench.stage.load(1, bench.address(2)).is(Outcome::Kind::done));
    CHECK(behind.frames->free_count() == 6);
    lender.rights = sys::PageRights::all();
    CHECK(bench.stores(1, 5));
    CHECK(bench.stores(2, 6));
    CHECK(bench.stage.load(1, bench.address(1)).value == 5);
    CHECK(behind.frames->free_count() == 6);
}

TEST_CASE("pager kit: a request that a pager does not take is refused") {
    Bench bench;
    Mapper mapper{bench.post};
    REQUIRE(bench.post.run(bench.stage, mapper).is_ok());
    const auto refused = sys::call(bench.post.endpoint, Evict{0, 1});
    REQUIRE_FALSE(refused.is_ok());
    CHECK(refused.error() == sys::ErrorCode::unknown_request);
}

TEST_CASE("pager kit: whatever a pager answers, the desk comes to an end and the kernel stays sound") {
    /// Any capability of the test's, any place, any answer.
    struct Liar {
        Post& post;
        test::Random random{0x11a5};
        unsigned asked = 0, done = 0;

        MapItem item(const Fault& fault) {
            const Word page = random.one_in(3) ? random.of_any_size(47) & ~(page_size - 1) : fault.page();
            const sys::Place place(page | random.below(random.one_in(4) ? 4096 : 16) | (random.one_in(3) ? 0 : 2));
            const bool is_frame = !random.one_in(3);
            const Word frame = post.frames->capability(random.below(post.frames->count())).slot();
            const Word slot = is_frame ? frame : random.below(64) == 0 ? random.of_any_size(64) : 0;
            return {sys::Object(slot), place, post.region.mapped(random.below(Stage::pages))};
        }
        Answer on_fault(const Fault& fault) {
            ++asked;
            switch (random.below(8)) {
            case 0: return Answer::deny(static_cast<uint8_t>(random.below(256)));
            case 1:
                return Answer::forward(sys::Endpoint(random.below(8)), random.of_any_size(64),
                                       sys::PageRights(random.below(8)));
            case 2: return Answer::later();
            case 3: return Answer::retry();
            default: break;
            }
            Answer answer = Answer::map(item(fault));
            for (Word more = random.below(random.one_in(4) ? 30 : 3); more > 0; --more)
                answer.with(item(fault));
            return answer;
        }
        void on_answered(const Fault&, bool carried_out) { done += carried_out; }
    };
    Bench bench;
    Liar liar{bench.post};
    REQUIRE(bench.post.run(bench.stage, liar).is_ok());
    test::Random random(7);
    for (unsigned round = 0; round < 2000; ++round) {
        const auto touch = static_cast<Touch>(random.below(2));
        const auto client = static_cast<unsigned>(random.below(Stage::clients));
        bench.stage.begin(client, touch, bench.address(random.below(Stage::pages)), round);
        REQUIRE_FALSE(bench.stage.end(client).is(Outcome::Kind::lost));
        if (round % 16 == 0)
            bench.platform.rig.check_invariants();
    }
    CHECK(liar.asked > 1000);
    CHECK(liar.done > 300);
    CHECK(liar.done < liar.asked);
}
