// SPDX-License-Identifier: BSD-2-Clause
// How each world begins: some of everything, made by the same operations that are tested.
#include <lockstep/world.hpp>

namespace lockstep {
namespace {

using spec::MadeType;
using spec::Method;

// Capabilities that every world has from the start (tests/host/support/fake_machine.hpp).
constexpr Word own_tcb = 1, root = 2, own_space = 3, irq_control = 4, asid_pool = 6, io_port_control = 7,
               sched_control = 16, untyped = 17;

constexpr Word endpoints = first_slot, notifications = endpoints + 3, replies = notifications + 3,
               contexts = replies + 4, threads = contexts + 7, buffers = threads + 5, frames = buffers + 5,
               spaces = frames + 4, pdpts = spaces + 2, directories = pdpts + 2, page_tables = directories + 2,
               wide_cnode = page_tables + 3, narrow_cnode = wide_cnode + 1, untypeds = narrow_cnode + 1,
               small_untyped = untypeds + 2, badged = small_untyped + 1, handlers = badged + 4, ports = handlers + 2,
               large_frame = ports + 1, keeper_table = large_frame + 1, fresh_thread = keeper_table + 1;
static_assert(fresh_thread < first_slot + slot_count);
constexpr unsigned thread_count = 5;
constexpr Word depth = 64;

class Builder {
public:
    explicit Builder(unsigned variant) : variant_(variant) {}

    std::vector<Operation> build() {
        make_objects();
        make_spaces();
        make_capabilities();
        if (choice(11))
            make_keepers();
        for (unsigned i = 0; i < thread_count; i++)
            make_thread(i);
        if (choice(10)) {
            make_server(0);
            make_server(1);
        }
        return std::move(operations_);
    }

private:
    bool choice(unsigned bit) const { return variant_ >> bit & 1; }
    void invoke(Word capability, Method method, std::vector<Word> words = {}, std::vector<Word> caps = {}) {
        operations_.push_back(invocation(capability, method, std::move(words), std::move(caps)));
    }
    void make(MadeType type, Word first, Word count, Word size_bits = 0) {
        invoke(untyped, Method::untyped_retype, {static_cast<Word>(type), size_bits, 0, 0, first, count}, {root});
    }
    void mint(Word to, Word from, Word rights, Word datum) {
        invoke(root, Method::cnode_mint, {to, depth, from, depth, rights, datum}, {root});
    }

    void make_objects() {
        if (choice(9))
            make(MadeType::frame_2m, large_frame, 1);
        make(MadeType::endpoint, endpoints, 3);
        make(MadeType::notification, notifications, 3);
        make(MadeType::reply, replies, 4);
        make(MadeType::sched_context, contexts, 7, choice(0) ? 8 : 7);
        make(MadeType::tcb, threads, 5);
        make(MadeType::tcb, fresh_thread, 1); // for TCB.Spawn
        make(MadeType::frame_4k, buffers, 9);
        make(MadeType::pml4, spaces, 2);
        make(MadeType::pdpt, pdpts, 2);
        make(MadeType::page_directory, directories, 2);
        make(MadeType::page_table, page_tables, 3);
        make(MadeType::cnode, wide_cnode, 1, 3);
        make(MadeType::cnode, narrow_cnode, 1, 2);
        make(MadeType::untyped, untypeds, 2, 14);
        make(MadeType::untyped, small_untyped, 1, 12);
    }

    void make_spaces() {
        for (Word i = 0; i < 2; i++) {
            invoke(asid_pool, Method::asid_pool_assign, {}, {spaces + i});
            invoke(pdpts + i, Method::pdpt_map, {0, 0}, {spaces + i});
            invoke(directories + i, Method::page_directory_map, {0, 0}, {spaces + i});
            invoke(page_tables + i, Method::page_table_map, {0x40'0000, 0}, {spaces + i});
            invoke(frames + i, Method::page_map, {0x40'1000, 3, i}, {spaces + i});
            // Somebody's IPC buffer: only these have anything in them, so only there a thread can begin.
            invoke(buffers + i, Method::page_map, {0x41'0000, 3, 0}, {spaces + i});
        }
    }

    void make_capabilities() {
        for (Word i = 0; i < 4; i++)
            mint(badged + i, (i < 3 ? endpoints : notifications) + i % 3, 15, i + 1);
        // A capability space of two levels, in which small numbers mean the same as in the root CNode.
        constexpr Word bits_of_root = 12, bits_of_narrow = 2;
        invoke(narrow_cnode, Method::cnode_mint,
               {0, bits_of_narrow, root, depth, 15, depth - bits_of_narrow - bits_of_root}, {root});
        invoke(narrow_cnode, Method::cnode_copy, {1, bits_of_narrow, wide_cnode, depth, 15}, {root});
        invoke(irq_control, Method::irq_control_get_ioapic, {handlers, depth, 0, 3, 1, 0, 3}, {root});
        invoke(irq_control, Method::irq_control_get_msi, {handlers + 1, depth, 0, 0, 0, 0, 4}, {root});
        invoke(handlers, Method::irq_handler_set_notification, {}, {notifications});
        invoke(handlers + 1, Method::irq_handler_set_notification, {}, {badged + 3});
        invoke(io_port_control, Method::io_port_control_issue, {0x60, 0x6f, ports, depth}, {root});
    }

    /// Slot 0 is the supervisor's; who is in slot 3 cannot be told anything.
    void make_keepers() {
        constexpr Word radix = 3;
        make(MadeType::cnode, keeper_table, 1, radix);
        for (Word i = 0; i < 4; i++)
            invoke(keeper_table, Method::cnode_mint,
                   {i, radix, endpoints + i % 3, depth, i == 3 ? Word{1} : Word{15}, 50 + i}, {root});
        for (Word i = 0; i < 2; i++) {
            invoke(spaces + i, Method::range_set_keeper, {0, 39, 1, i + 1, spec::unchanged, 0});
            invoke(page_tables + i, Method::range_set_keeper, {0x40'2000, 12, 4, 2, 7 + i, 1});
            invoke(page_tables + i, Method::range_set_keeper, {0x40'8000, 12, 2, 3, 0, 0});
        }
    }

    void make_thread(unsigned i) {
        static constexpr Word priorities[2][thread_count] = {{255, 255, 200, 100, 255}, {255, 254, 255, 254, 10}};
        const Word thread = threads + i, context = contexts + i;
        const Word space = i == 0 ? own_space : spaces + (i & 1);
        const Word cspace = choice(1) && i % 2 == 1 ? narrow_cnode : root;
        const Word period = i < 2 ? 2000 : 1000 + 100 * i, budget = i < 2 && choice(2) ? period : 200 * i + 100;
        const Word handler = choice(3 + i % 2) ? badged + i % 3 : 0;
        invoke(thread, Method::tcb_configure, {0, 0, 0x50'0000 + 0x1000 * i + 0x400 * (i % 4)},
               {cspace, space, buffers + i});
        invoke(sched_control, Method::sched_control_configure_flags,
               {budget, period, choice(0) ? i : 0, 100 + i, choice(5) && i % 2}, {context});
        invoke(thread, Method::tcb_set_sched_params, {255, priorities[choice(6)][i]}, {own_tcb, context, handler});
        if (choice(11) && i != 4)
            invoke(thread, Method::tcb_set_space, {0, 0}, {keeper_table, cspace, space});
        if (choice(7) && i < 3)
            invoke(thread, Method::tcb_set_timeout_endpoint, {}, {badged + i});
        if (choice(8) && i < 2)
            invoke(thread, Method::tcb_bind_notification, {}, {notifications + i});
        invoke(thread, Method::tcb_write_registers, {1, 3, KernelMachine::system_call_ip(), 0x7000, 0x202});
    }

    /// The thread waits in Recv, and has no context: it will run on those of its callers.
    void make_server(unsigned i) {
        invoke(threads + i, Method::tcb_set_priority, {255}, {own_tcb});
        operations_.push_back(system_call(static_cast<Word>(spec::system_call::yield), 0));
        Operation wait = system_call(static_cast<Word>(spec::system_call::recv), endpoints + i);
        wait.r12 = replies + i;
        operations_.push_back(wait);
        invoke(contexts + i, Method::sched_context_unbind);
    }

    unsigned variant_;
    std::vector<Operation> operations_;
};

} // namespace

std::vector<Operation> first_operations(unsigned variant) { return Builder(variant).build(); }

} // namespace lockstep
