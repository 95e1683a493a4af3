// SPDX-License-Identifier: BSD-2-Clause
// Threads that make random system calls in a small world, interrupted at random, with all invariants checked after
// every kernel entry. Afterwards everything must be given back.
#include <support/fake_machine.hpp>
#include <support/random.hpp>

#include <lifetime/delete.hpp>
#include <sched/scheduler.hpp>

using namespace test;

namespace {

constexpr Word pool_slots = 72; ///< the slots that operations use: at::first_free and up

/// How to make up the arguments of a method: one letter per message word, and per extra capability.
struct Recipe {
    Method method;
    const char* words;
    const char* caps;
};

// T type, B size bits, 0 zero, S slot, D depth, N count, R rights, G badge, P priority, U microseconds, V address,
// F flags, I flags without bit 2 (a caller with another's frame registers would repeat its call), X anything; capabilities: C root CNode, ? anything.
constexpr Recipe recipes[] = {
    {Method::untyped_retype, "TB00SN", "C"},
    {Method::untyped_retype, "TB00SN", "C"},
    {Method::tcb_read_registers, "FN", ""},
    {Method::tcb_write_registers, "FNXXX", ""},
    {Method::tcb_copy_registers, "I", "?"},
    {Method::tcb_configure, "00V", "C??"},
    {Method::tcb_set_priority, "P", "?"},
    {Method::tcb_set_mc_priority, "P", "?"},
    {Method::tcb_set_sched_params, "PP", "???"},
    {Method::tcb_set_timeout_endpoint, "", "?"},
    {Method::tcb_set_ipc_buffer, "V", "?"},
    {Method::tcb_set_space, "00", "?C?"},
    {Method::tcb_suspend, "", ""},
    {Method::tcb_resume, "", ""},
    {Method::tcb_resume, "", ""},
    {Method::tcb_bind_notification, "", "?"},
    {Method::tcb_unbind_notification, "", ""},
    {Method::tcb_set_tls_base, "X", ""},
    {Method::tcb_set_flags, "FF", ""},
    {Method::cnode_revoke, "SD", ""},
    {Method::cnode_delete, "SD", ""},
    {Method::cnode_delete, "SD", ""},
    {Method::cnode_cancel_badged_sends, "SD", ""},
    {Method::cnode_copy, "SDSDR", "C"},
    {Method::cnode_copy, "SDSDR", "C"},
    {Method::cnode_mint, "SDSDRG", "C"},
    {Method::cnode_move, "SDSD", "C"},
    {Method::cnode_mutate, "SDSDG", "C"},
    {Method::cnode_rotate, "SDGSDGSD", "CC"},
    {Method::irq_handler_set_notification, "", "?"},
    {Method::irq_handler_clear, "", ""},
    {Method::irq_control_get_msi, "SD000XN", "C"},
    {Method::sched_control_configure_flags, "UUNGF", "?"},
    {Method::sched_control_configure_flags, "UUNGF", "?"},
    {Method::sched_context_bind, "", "?"},
    {Method::sched_context_bind, "", "?"},
    {Method::sched_context_unbind, "", ""},
    {Method::sched_context_unbind_object, "", "?"},
    {Method::sched_context_consumed, "", ""},
    {Method::sched_context_yield_to, "", ""},
    {Method::pdpt_map, "VF", "?"},
    {Method::pdpt_unmap, "", ""},
    {Method::page_directory_map, "VF", "?"},
    {Method::page_table_map, "VF", "?"},
    {Method::page_table_unmap, "", ""},
    {Method::page_map, "VRF", "?"},
    {Method::page_unmap, "", ""},
    {Method::asid_control_make_pool, "SD", "?C"},
    {Method::asid_pool_assign, "", "?"},
    {Method::io_port_control_issue, "XXSD", "C"},
};

/// Types of the capability that a method is invoked on, so that most calls reach it.
bool fits(Method method, CapType type) {
    const auto label = static_cast<Word>(method);
    switch (type) {
    case CapType::untyped: return label == 1;
    case CapType::tcb: return (label >= 2 && label <= 17) || label == 74;
    case CapType::cnode: return label >= 18 && label <= 25;
    case CapType::irq_control: return label == 58;
    case CapType::irq_handler: return label >= 27 && label <= 29;
    case CapType::sched_control: return label == 33;
    case CapType::sched_context: return label >= 34 && label <= 38;
    case CapType::pdpt: return label == 39 || label == 40;
    case CapType::page_directory: return label == 41 || label == 42;
    case CapType::page_table: return label == 43 || label == 44;
    case CapType::frame: return label >= 45 && label <= 47;
    case CapType::asid_control: return label == 48;
    case CapType::asid_pool: return label == 49;
    case CapType::io_port_control: return label == 50;
    default: return false;
    }
}

struct Counts {
    Word operations = 0, succeeded = 0, refused = 0, unfinished = 0;
};

class RandomWorld : public FakeMachine {
public:
    RandomWorld(Random& random, Counts& counts) : random_(random), counts_(counts) {
        for (uint8_t priority : {7, 100, 100, 255, 255})
            threads_.push_back(make_thread(priority));
        for (int i = 0; i < 3; i++) {
            make(ObjectType::endpoint);
            make(ObjectType::reply);
            make_context(random_.one_in(2) ? 100 : 1000, 1000, 8, random_.one_in(2));
        }
        make(ObjectType::notification);
        make(ObjectType::notification);
        make(ObjectType::cnode, 3);
        make(ObjectType::cnode, 2);
        make(ObjectType::untyped, 14);
        make(ObjectType::frame_4k);
        make(ObjectType::page_table);
        for (Word thread : threads_)
            run(this->thread(thread));
        x86::simulated.on_interrupt_window = [this] {
            if (random_.one_in(3))
                x86::simulated.pending_interrupts.push_back(x86::vector::timer);
        };
    }

    /// False: nothing will ever run again.
    bool step() {
        advance_us(random_.below(random_.one_in(20) ? 3000 : 15));
        if (!running() || timer() <= now()) {
            if (timer() > now() + us(100'000'000))
                return false;
            fire_timer();
            return true;
        }
        counts_.operations++;
        Tcb& actor = *running();
        switch (random_.below(8)) {
        case 0:
        case 1:
        case 2:
        case 3: invoke_something(actor); break;
        case 4:
        case 5:
        case 6: communicate(actor); break;
        default:
            if (random_.one_in(4))
                exception(14, 0x1000, 4, random_.next());
            else if (random_.one_in(3))
                fire_timer();
            else
                device_interrupt(random_.below(4));
        }
        return true;
    }

    void give_everything_back() {
        x86::simulated.on_interrupt_window = nullptr;
        while (revoke(slot(at::untyped)) == Progress::preempted) {
        }
        schedule();
        check_invariants();
        REQUIRE_FALSE(has_children(slot(at::untyped)));
        const PhysRange memory{cap(at::untyped).object(), cap(at::untyped).object() + bit(untyped_bits)};
        for (Word i = 0; i < bit(root_radix); i++) {
            const Slot& left = slot(i);
            if (i != at::untyped && !left.is_empty() && left.cap.type() < CapType::irq_control &&
                memory.contains(object_address(left)))
                FAIL("slot " << i << " still holds something");
        }
    }

private:
    Word some_slot() {
        // The untyped itself stays where it is: it is what gives everything back.
        if (const Word fixed = random_.below(at::first_free); random_.one_in(60) && fixed != at::untyped)
            return fixed;
        return at::first_free + random_.below(pool_slots);
    }
    Word some_cap() {
        if (random_.one_in(12))
            return random_.below(at::first_free);
        for (int i = 0; i < 6; i++) {
            const Word index = at::first_free + random_.below(pool_slots);
            if (!slot(index).is_empty())
                return index;
        }
        return random_.one_in(10) ? random_.next() : some_slot();
    }
    Word cap_for(Method method) {
        const Word from = random_.below(at::first_free + pool_slots);
        for (Word i = 0; i < at::first_free + pool_slots; i++) {
            const Word index = (from + i) % (at::first_free + pool_slots);
            if (fits(method, cap(index).type()))
                return index;
        }
        return some_cap();
    }
    Word word_for(char kind) {
        if (random_.one_in(50))
            return random_.of_any_size(64);
        switch (kind) {
        case 'T': return random_.below(15);
        case 'B': return 4 + random_.below(9);
        case '0': return 0;
        case 'S': return some_slot();
        case 'D': return 64;
        case 'N': return 1 + random_.below(3);
        case 'R':
        case 'F': return random_.below(16);
        case 'I': return random_.below(16) & ~Word{4};
        case 'G': return random_.below(3);
        case 'P': return random_.one_in(2) ? 255 : random_.below(256);
        case 'U': return 20 + random_.below(200);
        case 'V': return random_.below(4) << 12 | (random_.one_in(2) ? 0x40'0000 : 0);
        default: return random_.of_any_size(64);
        }
    }
    void invoke_something(Tcb& actor) {
        const Recipe& recipe = recipes[random_.below(std::size(recipes))];
        Words words, caps;
        for (const char* kind = recipe.words; *kind; kind++)
            words.push_back(word_for(*kind));
        for (const char* kind = recipe.caps; *kind; kind++)
            caps.push_back(*kind == 'C' && !random_.one_in(40) ? at::cnode : some_cap());
        const Word target = random_.one_in(30) ? some_cap() : cap_for(recipe.method);
        const bool cnode_method = static_cast<Word>(recipe.method) >= 18 && static_cast<Word>(recipe.method) <= 25;
        count(invoke(actor, cnode_method && !random_.one_in(8) ? at::cnode : target, recipe.method, words, caps));
    }
    void communicate(Tcb& actor) {
        static constexpr Syscall calls[] = {
            Syscall::call,    Syscall::call,  Syscall::reply_recv,   Syscall::reply_recv,  Syscall::send,
            Syscall::nb_send, Syscall::recv,  Syscall::recv,         Syscall::nb_recv,     Syscall::wait,
            Syscall::nb_wait, Syscall::yield, Syscall::nb_send_recv, Syscall::nb_send_wait};
        Words words(random_.below(8)), caps;
        for (Word& word : words)
            word = random_.of_any_size(64);
        while (random_.one_in(3) && caps.size() < 3)
            caps.push_back(some_cap());
        put_message(actor, random_.below(3), words, caps);
        if (random_.one_in(4)) {
            if (!actor.cap(TcbSlot::ipc_buffer).is_null())
                want_cap_in(buffer(actor), some_slot());
        }
        actor.context.r12 = of_type(random_.one_in(3) ? CapType::endpoint : CapType::reply);
        actor.context.r13 = of_type(CapType::endpoint);
        const CapType target = random_.one_in(4)   ? CapType::notification
                               : random_.one_in(8) ? CapType::reply
                                                   : CapType::endpoint;
        count(enter(actor, calls[random_.below(std::size(calls))], random_.one_in(30) ? some_cap() : of_type(target)));
    }
    static void want_cap_in(abi::IpcBuffer& buffer, Word slot) {
        buffer.receive_cnode = at::cnode;
        buffer.receive_index = slot;
        buffer.receive_depth = 64;
    }
    Word of_type(CapType type) {
        for (int i = 0; i < 40; i++) {
            const Word index = at::first_free + random_.below(pool_slots);
            if (cap(index).is(type))
                return index;
        }
        return some_cap();
    }
    void count(const CallResult& result) {
        (result.completed ? result.label == 0 ? counts_.succeeded : counts_.refused : counts_.unfinished)++;
    }

    Random& random_;
    Counts& counts_;
    Words threads_;
};

} // namespace

TEST_CASE("random system calls break no invariant and all memory comes back", "[check]") {
    Random random("random operations");
    const char* const wanted = std::getenv("UMBRA_OPERATIONS");
    const Word operations = wanted ? std::strtoull(wanted, nullptr, 0) : 20'000;
    Counts counts;
    while (counts.operations < operations) {
        const Word seed = random.next();
        INFO("world of seed " << seed << ", operation " << counts.operations);
        CAPTURE(counts.operations);
        RandomWorld world(random, counts);
        for (int i = 0; i < 400 && world.step(); i++) {
        }
        world.give_everything_back();
    }
    std::printf("random operations: %llu, of these succeeded %llu, refused %llu, not finished at once %llu\n",
                static_cast<unsigned long long>(counts.operations), static_cast<unsigned long long>(counts.succeeded),
                static_cast<unsigned long long>(counts.refused), static_cast<unsigned long long>(counts.unfinished));
    CHECK(counts.succeeded > counts.operations / 10);
}
