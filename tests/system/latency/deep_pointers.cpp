// SPDX-License-Identifier: BSD-2-Clause
// Capability pointers that take as many steps as there can be, as many of them as one system call can have.
#include <tests/system/latency/stretch.hpp>
#include <tests/system/lib/thread.hpp>

using abi::Invocation;
using test::Word;

namespace {

/// A CSpace whose CNode of two slots holds itself: a pointer of zeros comes back to it 64 times. Behind its other slot is
/// a CNode of four, which takes the last two bits.
constexpr unsigned depth = 64;
constexpr Word root = 0, endpoint_at = 0b100, reply_at = 0b101, empty_at = 0b110;

struct DeepSpace {
    test::Cap<sys::CNode> node, end;
    test::Cap<sys::Endpoint> endpoint;
    test::Cap<sys::Reply> reply;

    sys::Result<void> make(sys::Untyped memory) {
        node = TRY(sys::make_object<sys::CNode>(test::space(), memory, 1));
        end = TRY(sys::make_object<sys::CNode>(test::space(), memory, 2));
        endpoint = TRY(sys::make_object<sys::Endpoint>(test::space(), memory));
        reply = TRY(sys::make_object<sys::Reply>(test::space(), memory));
        TRY(node->at(0, 1).copy_from(node.ref()));
        TRY(node->at(1, 1).copy_from(end.ref()));
        TRY(end->at(endpoint_at & 3, 2).copy_from(endpoint.ref()));
        return end->at(reply_at & 3, 2).copy_from(reply.ref());
    }
    /// Starts a thread in this CSpace. At its end it waits for ever.
    template <class Body>
    sys::Result<void> start(test::Thread& thread, sys::Untyped memory, Body& body) {
        TRY(thread.prepare(memory, body, {.priority = test::above}));
        TRY(thread.tcb().set_space({}, node, 0, test::own_space()));
        return thread.tcb().resume();
    }
};

void wait_for_ever() {
    for (;;)
        sys::Endpoint(endpoint_at).receive(sys::Reply(reply_at));
}

} // namespace

SYSTEM_TEST("invocations look up nine pointers of 64 steps") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    DeepSpace deep;
    REQUIRE_OK(deep.make(memory));
    bool done = false;
    auto body = [&] {
        CHECK_STRETCH(test::invoke(root, Invocation::cnode_rotate,
                                   {empty_at, depth, 0, endpoint_at, depth, 0, reply_at, depth}, {root, root, root}));
        CHECK_STRETCH(test::invoke(root, Invocation::cnode_rotate,
                                   {endpoint_at, depth, 0, reply_at, depth, 0, empty_at, depth}, {root, root, root}));
        CHECK_STRETCH(
            test::invoke(root, Invocation::cnode_copy, {empty_at, depth, endpoint_at, depth, 15}, {root, root, root}));
        CHECK_STRETCH(test::invoke(root, Invocation::cnode_delete, {empty_at, depth}, {root, root, root}));
        done = true;
        wait_for_ever();
    };
    test::Thread thread;
    REQUIRE_OK(deep.start(thread, memory, body));
    CHECK(test::wait_until([&] { return static_cast<volatile bool&>(done); }));
    CHECK_OK(memory.ref().revoke()); // a CNode that holds itself does not go otherwise
}

SYSTEM_TEST("a call brings 120 words and three capabilities, all pointers of 64 steps, to a slot of 64 steps") {
    REQUIRE_VALUE(memory, test::make_untyped(16));
    DeepSpace deep;
    REQUIRE_OK(deep.make(memory));
    Word received = 0;
    auto receives = [&] {
        sys::set_receive_slot(sys::CNode(root), empty_at, depth);
        received = sys::Endpoint(endpoint_at).receive(sys::Reply(reply_at)).info.raw();
        wait_for_ever();
    };
    static constexpr Word words[abi::max_message_words] = {};
    auto calls = [&] {
        test::invoke(endpoint_at, Word{1}, std::span<const Word>(words), {root, root, root});
        wait_for_ever();
    };
    test::Thread receiver, caller;
    test::take_longest_stretch();
    REQUIRE_OK(deep.start(receiver, memory, receives));
    REQUIRE_OK(deep.start(caller, memory, calls));
    CHECK(test::wait_until([&] { return static_cast<volatile Word&>(received) != 0; }));
    test::check_longest_stretch(TEST_WHERE("a call with pointers of 64 steps"));
    CHECK_EQUAL(abi::MessageInfo(received).extra_caps(), 1);
    CHECK_OK(memory.ref().revoke());
}
