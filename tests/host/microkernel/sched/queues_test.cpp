// SPDX-License-Identifier: BSD-2-Clause
// The scheduler's queues against simple models with random operations, and the arithmetic of refills.
#include <support/catch.hpp>
#include <support/random.hpp>

#include <object/tcb.hpp>
#include <object/wait_queue.hpp>
#include <sched/ready_queues.hpp>
#include <sched/refill.hpp>
#include <sched/release_queue.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

using namespace kernel;
using test::Random;

namespace {

constexpr unsigned thread_count = 48;

/// Few priorities, the limits of the bitmap's words among them, so that queues grow and run empty.
uint8_t some_priority(Random& random) {
    static constexpr uint8_t priorities[] = {0, 1, 63, 64, 127, 128, 191, 192, 254, 255};
    return priorities[random.below(std::size(priorities))];
}

/// Threads by priority, each queue from first to last.
using ReadyModel = std::map<unsigned, std::list<Tcb*>, std::greater<>>;

void compare(const ReadyQueues& queues, const ReadyModel& model) {
    const unsigned highest = model.empty() ? 0 : model.begin()->first;
    REQUIRE(queues.is_empty() == model.empty());
    for (unsigned priority = 0; priority < priority_count; priority++) {
        const auto level = static_cast<uint8_t>(priority);
        REQUIRE(queues.any_above(level) == (!model.empty() && highest > priority));
        const auto queue = model.find(priority);
        if (queue == model.end()) {
            REQUIRE(queues.first(level) == nullptr);
            continue;
        }
        Tcb* thread = queues.first(level);
        Tcb* previous = nullptr;
        for (Tcb* expected : queue->second) {
            REQUIRE(thread == expected);
            REQUIRE(thread->queue.previous == previous);
            REQUIRE(thread->in_ready_queue);
            previous = std::exchange(thread, thread->queue.next);
        }
        REQUIRE(thread == nullptr);
    }
}

void remove_from(ReadyModel& model, Tcb& thread) {
    const auto queue = model.find(thread.priority);
    REQUIRE(queue != model.end());
    queue->second.remove(&thread);
    if (queue->second.empty())
        model.erase(queue);
}

/// A context with room for refills behind it, as in its object.
struct alignas(64) ContextMemory {
    static constexpr unsigned room = 12;
    SchedContext context{};
    Refill refills[room]{};
};

bool is_released_before(SchedContext* a, SchedContext* b) {
    return a->first().time != b->first().time ? a->first().time < b->first().time : a < b;
}

constexpr Ticks min_budget{20};

Ticks sum_of(SchedContext& context) {
    Ticks sum{};
    for (uint32_t i = 0; i < context.count; i++)
        sum += context.refill(i).amount;
    return sum;
}

/// Time in which a context's budget was used; the total of all up to its end.
struct Use {
    Word start, end;
};

/// What was used up to `time`.
Word used_until(const std::vector<Use>& uses, Word time) {
    Word total = 0;
    for (const Use& use : uses)
        total += std::clamp(time, use.start, use.end) - use.start;
    return total;
}

/// Uses the context at random, whenever it has budget, from `now` on.
std::vector<Use> use_at_random(SchedContext& context, Ticks now, unsigned rounds, Random& random) {
    std::vector<Use> uses;
    for (unsigned round = 0; round < rounds; round++) {
        if (random.one_in(3))
            now += Ticks{random.below(context.period.value)};
        now = std::max(now, context.first().time);
        merge_due_refills(context, now);
        REQUIRE(has_budget(context, now, Ticks{}, min_budget));
        const Word most = context.first().amount.value;
        const Ticks used{random.one_in(3) ? most : 1 + random.below(most)};
        const Ticks consumed = context.consumed;
        charge(context, used, min_budget);
        REQUIRE(context.consumed == consumed + used);
        REQUIRE(sum_of(context) == context.budget);
        REQUIRE(context.count >= 1);
        REQUIRE(context.count <= context.max);
        REQUIRE(context.first().amount >= min_budget);
        for (uint32_t i = 1; i < context.count; i++)
            REQUIRE(context.refill(i).time > context.refill(i - 1).time + context.refill(i - 1).amount);
        uses.push_back({now.value, (now + used).value});
        now += used;
    }
    return uses;
}

} // namespace

TEST_CASE("ready queues hand out threads by priority and in turn", "[sched]") {
    Random random("ready queues");
    const auto threads = std::make_unique<Tcb[]>(thread_count);
    ReadyQueues queues;
    ReadyModel model;
    for (unsigned round = 0; round < 4000; round++) {
        Tcb& thread = threads[random.below(thread_count)];
        const uint64_t operation = random.below(4);
        if (operation == 0) {
            Tcb* expected = nullptr;
            if (!model.empty())
                expected = model.begin()->second.front();
            REQUIRE(queues.pop_highest() == expected);
            if (expected) {
                REQUIRE_FALSE(expected->in_ready_queue);
                remove_from(model, *expected);
            }
        } else if (thread.in_ready_queue) {
            queues.remove(thread);
            REQUIRE_FALSE(thread.in_ready_queue);
            remove_from(model, thread);
        } else {
            thread.priority = some_priority(random);
            if (operation == 1) {
                queues.push_front(thread);
                model[thread.priority].push_front(&thread);
            } else {
                queues.push_back(thread);
                model[thread.priority].push_back(&thread);
            }
        }
        if (round % 4 == 0)
            compare(queues, model);
    }
    while (Tcb* thread = queues.pop_highest())
        remove_from(model, *thread);
    compare(queues, model);
    CHECK(model.empty());
}

TEST_CASE("the release queue knows which context comes first", "[sched]") {
    Random random("release queue");
    constexpr unsigned context_count = 100;
    const auto memory = std::make_unique<ContextMemory[]>(context_count);
    ReleaseQueue queue;
    queue.seed(1);
    std::set<SchedContext*, decltype(&is_released_before)> model(is_released_before);
    const auto compare_first = [&] { REQUIRE(queue.earliest() == (model.empty() ? nullptr : *model.begin())); };
    compare_first();
    for (unsigned round = 0; round < 20'000; round++) {
        SchedContext& context = memory[random.below(context_count)].context;
        if (context.in_release_queue()) {
            queue.remove(context);
            REQUIRE_FALSE(context.in_release_queue());
            REQUIRE(model.erase(&context) == 1);
        } else {
            // Many equal times, and the limits.
            const Word time = random.one_in(2) ? random.below(16) : random.of_any_size(64);
            context.max = ContextMemory::room;
            context.first() = {Ticks{time}, Ticks{1}};
            queue.insert(context);
            REQUIRE(context.in_release_queue());
            model.insert(&context);
        }
        compare_first();
    }
    while (SchedContext* first = queue.earliest()) {
        REQUIRE(first == *model.begin());
        model.erase(first);
        queue.remove(*first);
    }
    CHECK(model.empty());
}

TEST_CASE("contexts released at rising times leave in that order", "[sched]") {
    constexpr unsigned context_count = 1000;
    const auto memory = std::make_unique<ContextMemory[]>(context_count);
    ReleaseQueue queue;
    queue.seed(1);
    for (unsigned i = 0; i < context_count; i++) {
        memory[i].context.max = ContextMemory::room;
        memory[i].context.first().time = Ticks{i};
        queue.insert(memory[i].context);
        REQUIRE(queue.earliest() == &memory[0].context);
    }
    for (unsigned i = 0; i < context_count; i++) {
        REQUIRE(queue.earliest() == &memory[i].context);
        queue.remove(memory[i].context);
    }
    CHECK(queue.earliest() == nullptr);
}

TEST_CASE("a wait queue is ordered by priority, then by arrival", "[sched]") {
    Random random("wait queue");
    const auto threads = std::make_unique<Tcb[]>(thread_count);
    std::vector<bool> queued(thread_count);
    std::list<Tcb*> model;
    Tcb* first = nullptr;
    for (unsigned round = 0; round < 20'000; round++) {
        const unsigned index = static_cast<unsigned>(random.below(thread_count));
        Tcb& thread = threads[index];
        if (queued[index]) {
            first = queue_remove(first, thread);
            model.remove(&thread);
        } else {
            thread.priority = some_priority(random);
            first = queue_insert(first, thread);
            const auto behind = std::find_if(model.begin(), model.end(),
                                             [&](const Tcb* other) { return other->priority < thread.priority; });
            model.insert(behind, &thread);
        }
        queued[index] = !queued[index];
        Tcb* at = first;
        Tcb* previous = nullptr;
        for (Tcb* expected : model) {
            REQUIRE(at == expected);
            REQUIRE(at->queue.previous == previous);
            previous = std::exchange(at, at->queue.next);
        }
        REQUIRE(at == nullptr);
    }
}

TEST_CASE("equals wait in turn and leave from anywhere", "[sched]") {
    const auto threads = std::make_unique<Tcb[]>(5);
    for (unsigned removed = 0; removed < 4; removed++) {
        Tcb* first = nullptr;
        for (unsigned i = 0; i < 4; i++) {
            threads[i].priority = 7;
            first = queue_insert(first, threads[i]);
        }
        first = queue_remove(first, threads[removed]);
        // Goes behind the last of its equals, whichever that is now.
        threads[4].priority = 7;
        first = queue_insert(first, threads[4]);
        std::vector<Tcb*> order;
        for (Tcb* thread = first; thread; thread = thread->queue.next)
            order.push_back(thread);
        std::vector<Tcb*> expected;
        for (unsigned i = 0; i < 5; i++) {
            if (i != removed)
                expected.push_back(&threads[i]);
        }
        CHECK(order == expected);
    }
}

TEST_CASE("used budget is conserved and comes back one period later, not before", "[sched]") {
    Random random("refills");
    for (unsigned run = 0; run < 200; run++) {
        ContextMemory memory;
        SchedContext& context = memory.context;
        context.period = Ticks{1000 + random.below(10'000)};
        context.budget = Ticks{2 * min_budget.value + random.below(context.period.value - 2 * min_budget.value)};
        context.sporadic = random.one_in(2);
        const Ticks start{100'000 + random.below(1000)};
        set_refills(context, 2 + static_cast<uint32_t>(random.below(ContextMemory::room - 1)), start);
        REQUIRE(sum_of(context) == context.budget);
        const std::vector<Use> uses = use_at_random(context, start, 100, random);
        // What is used in a window of one period is extreme where the window begins or ends with a use.
        const Word period = context.period.value;
        for (const Use& use : uses) {
            for (const Word begin : {use.start, use.end, use.start - period, use.end - period})
                REQUIRE(used_until(uses, begin + period) - used_until(uses, begin) <= context.budget.value);
        }
    }
}

TEST_CASE("a budget that is overdrawn stays the same sum", "[sched]") {
    Random random("overdrawn refills");
    ContextMemory memory;
    SchedContext& context = memory.context;
    context.period = Ticks{1000};
    context.budget = Ticks{400};
    Ticks now{100'000};
    set_refills(context, 4, now);
    for (unsigned round = 0; round < 2000; round++) {
        now = std::max(now, context.first().time);
        merge_due_refills(context, now);
        const Ticks used = context.first().amount + Ticks{random.below(300)};
        charge(context, used, min_budget);
        now += used;
        REQUIRE(sum_of(context) == context.budget);
        REQUIRE(context.first().amount >= min_budget);
    }
}

TEST_CASE("a spent budget is back after exactly one period", "[sched]") {
    ContextMemory memory;
    SchedContext& context = memory.context;
    context.period = Ticks{1000};
    context.budget = Ticks{400};
    const Ticks start{50'000};
    set_refills(context, 3, start);
    charge(context, Ticks{400}, min_budget);
    CHECK(context.count == 1);
    CHECK(context.first().time == start + context.period);
    CHECK_FALSE(has_budget(context, start + Ticks{999}, Ticks{}, min_budget));
    CHECK(has_budget(context, start + Ticks{1000}, Ticks{}, min_budget));
    merge_due_refills(context, start + Ticks{1000});
    CHECK(has_budget(context, start + Ticks{1000}, Ticks{380}, min_budget));
    CHECK_FALSE(has_budget(context, start + Ticks{1000}, Ticks{381}, min_budget));
}

TEST_CASE("a timer that is a little late costs nobody a period, with the fewest refills", "[sched]") {
    Random random("late timers");
    ContextMemory memory;
    SchedContext& context = memory.context;
    context.period = Ticks{10'000};
    context.budget = Ticks{1000};
    Ticks now{100'000};
    set_refills(context, 2, now);
    for (unsigned round = 0; round < 2000; round++) {
        now = context.first().time + Ticks{random.below(10)};
        merge_due_refills(context, now);
        const Ticks start = now;
        charge(context, context.first().amount + Ticks{random.below(10)}, min_budget);
        REQUIRE(sum_of(context) == context.budget);
        REQUIRE(context.first().time < start + context.period + Ticks{100});
    }
}

TEST_CASE("what is forfeited comes back one period later without counting as consumed", "[sched]") {
    ContextMemory memory;
    SchedContext& context = memory.context;
    context.period = Ticks{1000};
    context.budget = Ticks{400};
    const Ticks start{50'000};
    set_refills(context, 3, start);
    charge(context, Ticks{100}, min_budget);
    forfeit(context, min_budget);
    CHECK(context.consumed == Ticks{100});
    CHECK(sum_of(context) == context.budget);
    CHECK(context.first().time == start + context.period);
}

TEST_CASE("a round-robin slice is full again as soon as it is spent", "[sched]") {
    ContextMemory memory;
    SchedContext& context = memory.context;
    context.period = context.budget = Ticks{1000};
    const Ticks start{50'000};
    set_refills(context, 2, start);
    charge(context, Ticks{600}, min_budget);
    CHECK(context.first().amount == Ticks{400});
    charge(context, Ticks{380}, min_budget);
    CHECK(context.first().amount == Ticks{20});
    charge(context, Ticks{1}, min_budget);
    CHECK(context.first().amount == Ticks{1000});
    CHECK(context.count == 1);
    CHECK(context.consumed == Ticks{981});
    CHECK(has_budget(context, start, Ticks{}, min_budget));
}
