// SPDX-License-Identifier: BSD-2-Clause
// TCB.Spawn: everything is checked, by the word it came in; then all of it happens.
#include <support/fake_machine.hpp>

#include <lifetime/thread_space.hpp>

using namespace test;

namespace {

constexpr Word entry = 0x40'0000, stack = 0x7f'0000'1000;
enum SpawnWord {
    cspace,
    cspace_data,
    vspace,
    handler,
    context,
    buffer,
    buffer_at,
    authority,
    priorities,
    entry_at,
    stack_at
};

/// A thread without VSpace, and a space with code at the entry and a page below the stack pointer.
struct Spawning : FakeMachine {
    Word thread_cap = make(ObjectType::tcb);
    Tcb& thread = FakeMachine::thread(thread_cap);
    Word space = make(ObjectType::pml4);
    Word code = make(ObjectType::frame_4k);
    Word stack_page = make(ObjectType::frame_4k);
    Word buffer_frame = make(ObjectType::frame_4k);
    Word endpoint = make(ObjectType::endpoint);
    Word context_cap = make_context();
    Words words{at::cnode,     0,     space, endpoint, context_cap, buffer_frame, 0x7000, at::tcb,
                100 | 50 << 8, entry, stack, 0xa46,    0xf50};

    Spawning() {
        REQUIRE(invoke(at::asid_pool, Method::asid_pool_assign, {}, {space}).ok());
        map(code, entry, 2, 0);
        map(stack_page, stack - 4096, 3, 8);
        window<uint8_t>(cap(code).object())[15] = 0x90;
    }
    /// Maps a frame, with the tables that it needs.
    void map(Word frame, Word address, Word rights, Word attributes) {
        for (auto [type, method] : {std::pair{ObjectType::pdpt, Method::pdpt_map},
                                    std::pair{ObjectType::page_directory, Method::page_directory_map},
                                    std::pair{ObjectType::page_table, Method::page_table_map}}) {
            const Word table = make(type);
            const CallResult mapped = invoke(table, method, {address, 0}, {space});
            REQUIRE((mapped.ok() || mapped == Error::delete_first));
        }
        REQUIRE(invoke(frame, Method::page_map, {address, rights, attributes}, {space}).ok());
    }
    CallResult spawn() { return invoke(thread_cap, Method::tcb_spawn, words); }
    CallResult spawn_with(unsigned word, Word value) {
        Words changed = words;
        changed[word] = value;
        return invoke(thread_cap, Method::tcb_spawn, changed);
    }
    bool is_untouched() {
        return thread.state == ThreadState::stopped && thread.cap(TcbSlot::cspace).is_null() &&
               thread.cap(TcbSlot::vspace).is_null() && thread.cap(TcbSlot::fault_handler).is_null() &&
               !thread.sched_context && thread.priority == 0 && thread.context.rip == 0;
    }
};

Words argument(Word word, Word why) { return {word, why}; }

} // namespace

TEST_CASE("spawn gives a thread everything, and it runs", "[spawn]") {
    Spawning world;
    REQUIRE(world.spawn().ok());
    const Context& now = world.thread.context;
    CHECK(now.rip == entry);
    CHECK(now.rsp == stack);
    CHECK(now.rdi == 0xa46);
    CHECK(now.fs_base == 0xf50);
    CHECK(now.rsi == 0);
    CHECK(world.thread.priority == 100);
    CHECK(world.thread.mcp == 50);
    CHECK(world.thread.in_ready_queue);
    CHECK(world.thread.sched_context == &world.context(world.context_cap));
    CHECK(world.thread.cap(TcbSlot::vspace).object() == world.cap(world.space).object());
    CHECK(world.thread.cap(TcbSlot::fault_handler).is(CapType::endpoint));
    CHECK(world.thread.cap(TcbSlot::ipc_buffer).is(CapType::frame));
    // Once it has a space there is nothing to spawn any more.
    CHECK(world.spawn() == Error::illegal_operation);
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_suspend).ok());
    CHECK(world.spawn() == Error::illegal_operation);
}

TEST_CASE("spawn with as little as possible: no CSpace is refused, all else may be missing", "[spawn]") {
    Spawning world;
    CHECK(world.spawn_with(cspace, 0).is(Error::invalid_capability, {cspace}));
    CHECK(world.spawn_with(vspace, 0).is(Error::invalid_capability, {vspace}));
    CHECK(world.spawn_with(authority, 0).is(Error::invalid_capability, {authority}));
    CHECK(world.is_untouched());
    world.words[handler] = world.words[context] = world.words[buffer] = world.words[buffer_at] = 0;
    REQUIRE(world.spawn().ok());
    CHECK(world.thread.state == ThreadState::runnable);
    CHECK_FALSE(world.thread.in_ready_queue);
}

TEST_CASE("spawn refuses each capability by the word that it came in", "[spawn]") {
    Spawning world;
    const Word full = at::untyped;
    const Word no_write = world.mint(world.endpoint, Rights::read());
    const Word nowhere = bit(60);
    constexpr Word guard_mismatch = 4;
    Words truncated = world.words;
    truncated.pop_back();
    CHECK(world.invoke(world.thread_cap, Method::tcb_spawn, truncated) == Error::truncated_message);
    for (SpawnWord word : {cspace, vspace, handler, buffer, authority, context})
        CHECK(world.spawn_with(word, nowhere).is(Error::failed_lookup, {1, guard_mismatch, 64, 0, 52}));
    CHECK(world.spawn_with(cspace, full) == Error::revoke_first);
    CHECK(world.spawn_with(cspace, at::tcb).is(Error::invalid_capability, {cspace}));
    CHECK(world.spawn_with(cspace_data, abi::CNodeData(0, 53).raw()).is(Error::invalid_capability, {cspace}));
    CHECK(world.spawn_with(vspace, at::tcb).is(Error::invalid_capability, {vspace}));
    CHECK(world.spawn_with(vspace, world.make(ObjectType::pml4)).is(Error::invalid_capability, {vspace}));
    CHECK(world.spawn_with(handler, no_write).is(Error::invalid_capability, {handler}));
    CHECK(world.spawn_with(buffer, at::tcb).is(Error::invalid_capability, {buffer}));
    CHECK(world.spawn_with(buffer_at, 0x7001) == Error::alignment_error);
    CHECK(world.spawn_with(authority, at::cnode).is(Error::invalid_capability, {authority}));
    CHECK(world.spawn_with(context, at::cnode).is(Error::invalid_capability, {context}));
    CHECK(world.spawn_with(context, at::sched_context) == Error::illegal_operation);
    REQUIRE(world.invoke(at::tcb, Method::tcb_set_mc_priority, {100}, {at::tcb}).ok());
    CHECK(world.spawn_with(priorities, 101 | 1 << 8).is(Error::range_error, {0, 100}));
    CHECK(world.spawn_with(priorities, 1 | 101 << 8).is(Error::range_error, {0, 100}));
    CHECK(world.is_untouched());
    CHECK(world.spawn().ok());
}

TEST_CASE("spawn looks at the entry through the page tables", "[spawn]") {
    Spawning world;
    const Word data = world.make(ObjectType::frame_4k), zeros = world.make(ObjectType::frame_4k);
    const Word device = world.free_slot(), hidden = world.make(ObjectType::frame_4k);
    REQUIRE(world.invoke(at::device, Method::untyped_retype, {10, 0, 0, 0, device, 1}, {at::cnode}).ok());
    world.map(data, entry + 0x1000, 3, 8);
    world.map(zeros, entry + 0x2000, 2, 0);
    world.map(device, entry + 0x3000, 2, 0);
    world.map(hidden, entry + 0x4000, 1, 0);
    CHECK(world.spawn_with(entry_at, abi::user_end).is(Error::invalid_argument, argument(entry_at, 1)));
    CHECK(world.spawn_with(entry_at, bit(63)).is(Error::invalid_argument, argument(entry_at, 1)));
    CHECK(world.spawn_with(entry_at, 0x50'0000).is(Error::invalid_argument, argument(entry_at, 2)));
    CHECK(world.spawn_with(entry_at, bit(40)).is(Error::invalid_argument, argument(entry_at, 2)));
    CHECK(world.spawn_with(entry_at, entry + 0x4000).is(Error::invalid_argument, argument(entry_at, 2)));
    CHECK(world.spawn_with(entry_at, entry + 0x1000).is(Error::invalid_argument, argument(entry_at, 3)));
    CHECK(world.spawn_with(entry_at, entry + 0x3000).is(Error::invalid_argument, argument(entry_at, 6)));
    CHECK(world.spawn_with(entry_at, entry + 0x2000).is(Error::invalid_argument, argument(entry_at, 5)));
    // Sixteen bytes count, up to the end of the page.
    CHECK(world.spawn_with(entry_at, entry + 16).is(Error::invalid_argument, argument(entry_at, 5)));
    window<uint8_t>(world.cap(world.code).object())[0xfff] = 0;
    CHECK(world.spawn_with(entry_at, entry + 0xff8).is(Error::invalid_argument, argument(entry_at, 5)));
    CHECK(world.is_untouched());
    window<uint8_t>(world.cap(world.code).object())[0xfff] = 1;
    CHECK(world.spawn_with(entry_at, entry + 0xff8).ok());
}

TEST_CASE("spawn looks at the page below the stack pointer", "[spawn]") {
    Spawning world;
    const Word read_only = world.make(ObjectType::frame_4k);
    world.map(read_only, stack, 2, 8);
    CHECK(world.spawn_with(stack_at, 0).is(Error::invalid_argument, argument(stack_at, 1)));
    CHECK(world.spawn_with(stack_at, abi::user_end + 16).is(Error::invalid_argument, argument(stack_at, 1)));
    CHECK(world.spawn_with(stack_at, stack - 8).is(Error::invalid_argument, argument(stack_at, 7)));
    CHECK(world.spawn_with(stack_at, stack - 4096).is(Error::invalid_argument, argument(stack_at, 2)));
    CHECK(world.spawn_with(stack_at, stack + 16).is(Error::invalid_argument, argument(stack_at, 4)));
    CHECK(world.spawn_with(stack_at, abi::user_end).is(Error::invalid_argument, argument(stack_at, 2)));
    CHECK(world.is_untouched());
    CHECK(world.spawn_with(stack_at, stack - 4080).ok());
}

TEST_CASE("spawn refuses a space whose ASID has gone with its pool", "[spawn]") {
    Spawning world;
    constexpr Word invalid_root = 1;
    const Word pool_memory = world.free_slot(), pool = world.free_slot(), space = world.make(ObjectType::pml4);
    REQUIRE(world.invoke(at::untyped, Method::untyped_retype, {0, 12, 0, 0, pool_memory, 1}, {at::cnode}).ok());
    REQUIRE(world.invoke(at::asid_control, Method::asid_control_make_pool, {pool, 64}, {pool_memory, at::cnode}).ok());
    REQUIRE(world.invoke(pool, Method::asid_pool_assign, {}, {space}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {pool, 64}).ok());
    CHECK(world.spawn_with(vspace, space).is(Error::failed_lookup, {0, invalid_root}));
    CHECK(world.is_untouched());
}

TEST_CASE("spawn wants a stopped thread", "[spawn]") {
    Spawning world;
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_resume).ok());
    CHECK(world.spawn() == Error::illegal_operation);
}

TEST_CASE("spawn keeps a context that is bound to the thread already", "[spawn]") {
    Spawning world;
    REQUIRE(world.invoke(world.context_cap, Method::sched_context_bind, {}, {world.thread_cap}).ok());
    CHECK(world.spawn_with(context, world.make_context()) == Error::illegal_operation);
    CHECK(world.spawn().ok());
    CHECK(world.thread.in_ready_queue);
}

TEST_CASE("spawn replaces a CSpace that the thread has, whatever that held", "[spawn]") {
    Spawning world;
    const Word node = world.make(ObjectType::cnode, 8);
    REQUIRE(world.invoke(world.thread_cap, Method::tcb_set_timeout_endpoint, {}, {world.endpoint}).ok());
    install(world.thread, TcbSlot::cspace, {world.cap(node), &world.slot(node), world.cap(node)});
    for (Word i = 0; i < 200; i++)
        REQUIRE(world.invoke(node, Method::cnode_copy, {i, 64, world.endpoint, 64, 15}, {at::cnode}).ok());
    REQUIRE(world.invoke(at::cnode, Method::cnode_delete, {node, 64}).ok());
    world.interrupt_at_look(3);
    world.put_message(world.root(), static_cast<Word>(Method::tcb_spawn), world.words);
    CHECK_FALSE(world.enter(world.root(), Syscall::call, world.thread_cap).completed);
    world.no_interrupts();
    CHECK(world.enter_again(world.root()).ok());
    CHECK(world.thread.cap(TcbSlot::cspace).object() == root_cnode);
    CHECK(world.thread.in_ready_queue);
}
