// SPDX-License-Identifier: BSD-2-Clause
// Capabilities that travel with messages: which, where to, with which rights, and where the transfer ends.
#include <support/ipc_pair.hpp>

using namespace test;

namespace {

struct Parcel : Pair {
    Word place = free_slot();
    Word other_endpoint = make(ObjectType::endpoint);
    Word weak = mint(other_endpoint, Rights::read(), 5);

    void server_has_place(Word index, Word cnode = at::cnode, Word depth = 64) {
        abi::IpcBuffer& buffer = this->buffer(server);
        buffer.receive_cnode = cnode;
        buffer.receive_index = index;
        buffer.receive_depth = depth;
    }
    /// The server waits, with a place for a capability.
    void server_wants(Word index, Word cnode = at::cnode, Word depth = 64) {
        server_has_place(index, cnode, depth);
        server_waits();
    }
    /// What arrives when the client sends `caps` through `through`.
    CallResult sent(const Words& caps, Word through = 0) {
        run(client);
        send(client, through ? through : endpoint_cap, 1, {7}, caps);
        return answer_of(server);
    }
};

} // namespace

TEST_CASE("a capability goes into the receive slot, with its rights and as a child", "[transfer]") {
    Parcel world;
    world.server_wants(world.place);
    const CallResult message = world.sent({world.weak});
    CHECK(message.extra_caps == 1);
    CHECK(message.unwrapped == 0);
    CHECK(message.words == Words{7});
    CHECK(world.cap(world.place) == world.cap(world.weak));
    world.run(world.root());
    REQUIRE(world.invoke(at::cnode, Method::cnode_revoke, {world.other_endpoint, 64}).ok());
    CHECK(world.cap(world.place).is_null());
}

TEST_CASE("without grant nothing travels but words", "[transfer]") {
    Parcel world;
    const Word no_grant = world.mint(world.endpoint_cap, Rights::write() | Rights::grant_reply());
    world.server_wants(world.place);
    const CallResult message = world.sent({world.weak}, no_grant);
    CHECK(message.extra_caps == 0);
    CHECK(message.words == Words{7});
    CHECK(world.cap(world.place).is_null());
}

TEST_CASE("capabilities to the endpoint in use arrive as badges, wherever they stand", "[transfer]") {
    Parcel world;
    const Word badged = world.mint(world.endpoint_cap, Rights::all(), 0x99);
    world.server_wants(world.place);
    const CallResult message = world.sent({badged, world.weak, world.endpoint_cap});
    CHECK(message.extra_caps == 3);
    CHECK(message.unwrapped == 5);
    CHECK(world.buffer(world.server).caps_or_badges[0] == 0x99);
    CHECK(world.buffer(world.server).caps_or_badges[2] == 0);
    CHECK(world.cap(world.place) == world.cap(world.weak));
}

TEST_CASE("one capability is installed, the second ends the transfer", "[transfer]") {
    Parcel world;
    world.server_wants(world.place);
    const CallResult message = world.sent({world.weak, at::tcb, world.endpoint_cap});
    CHECK(message.extra_caps == 1);
    CHECK(world.cap(world.place).is(CapType::endpoint));
}

TEST_CASE("what cannot be delivered ends the transfer, the words arrive", "[transfer]") {
    Parcel world;
    SECTION("the receive slot is taken") { world.server_wants(world.weak); }
    SECTION("the receive CNode is none") { world.server_wants(world.place, at::tcb); }
    SECTION("the receive CNode cannot be found") { world.server_wants(world.place, bit(40)); }
    SECTION("the receive depth is 0") { world.server_wants(world.place, at::cnode, 0); }
    SECTION("the receive index leads nowhere") { world.server_wants(bit(40)); }
    const CallResult message = world.sent({at::tcb});
    CHECK(message.completed);
    CHECK(message.extra_caps == 0);
    CHECK(message.words == Words{7});
}

TEST_CASE("what a waiting sender cannot find any more is not sent, the words arrive", "[transfer]") {
    // In its new CSpace the slot is empty, or the pointer does not fit the guard.
    for (const abi::CNodeData guard : {abi::CNodeData(0, 60), abi::CNodeData(5, 60)}) {
        Parcel world;
        world.run(world.client);
        world.send(world.client, world.endpoint_cap, 1, {7}, {at::tcb});
        REQUIRE(world.client.state == ThreadState::sending);
        world.run(world.root());
        const Word cspace = world.make(ObjectType::cnode, 4);
        REQUIRE(
            world.invoke(world.client_cap, Method::tcb_set_space, {guard.raw(), 0}, {world.place, cspace, at::vspace})
                .ok());
        world.server_has_place(world.place);
        world.run(world.server);
        const CallResult message = world.receive(world.server, world.endpoint_cap, world.reply_cap);
        CHECK(message.extra_caps == 0);
        CHECK(message.words == Words{7});
        CHECK(world.cap(world.place).is_null());
    }
}

TEST_CASE("what cannot be copied is not sent", "[transfer]") {
    Parcel world;
    const Word frame = world.make(ObjectType::frame_4k);
    const Word table = world.make(ObjectType::page_table);
    const Word space = world.make(ObjectType::pml4);
    for (Word what : {at::irq_control, at::io_port_control, at::untyped, table, space, Word{4000}}) {
        CAPTURE(what);
        Parcel fresh;
        const Word same = what == table || what == space
                              ? fresh.make(what == table ? ObjectType::page_table : ObjectType::pml4)
                              : what;
        fresh.server_wants(fresh.place);
        CHECK(fresh.sent({same}).extra_caps == 0);
        CHECK(fresh.cap(fresh.place).is_null());
    }
    CHECK(frame != 0);
}

TEST_CASE("a sent frame is not mapped, a sent untyped makes its source full", "[transfer]") {
    Parcel world;
    SECTION("a frame") {
        const Word frame = world.make(ObjectType::frame_4k);
        world.slot(frame).cap.set_mapping(Asid{1}, VirtAddr(0x7000));
        world.server_wants(world.place);
        CHECK(world.sent({frame}).extra_caps == 1);
        CHECK_FALSE(world.cap(world.place).is_mapped());
        world.slot(frame).cap.clear_mapping();
    }
    SECTION("an untyped") {
        world.server_wants(world.place);
        CHECK(world.sent({at::small_untyped}).extra_caps == 1);
        world.run(world.root());
        CHECK(world.invoke(at::small_untyped, Method::untyped_retype, {2, 0, 0, 0, world.free_slot(), 1}, {at::cnode})
                  .is(Error::not_enough_memory, {0}));
    }
}

TEST_CASE("in an answer the reply capability's grant decides", "[transfer]") {
    for (bool grant : {true, false}) {
        Parcel world;
        const Word reply = grant ? world.reply_cap : world.mint(world.reply_cap, Rights::write());
        abi::IpcBuffer& buffer = world.buffer(world.client);
        buffer.receive_cnode = at::cnode;
        buffer.receive_index = world.place;
        buffer.receive_depth = 64;
        world.server_waits();
        world.run(world.client);
        world.call(world.client, world.endpoint_cap, 1);
        REQUIRE(world.is_running(world.server));
        world.send(world.server, reply, 2, {}, {world.weak, world.endpoint_cap});
        const CallResult answer = world.answer_of(world.client);
        CHECK(answer.extra_caps == (grant ? 1 : 0));
        // An answer comes through no endpoint: nothing is unwrapped.
        CHECK(answer.unwrapped == 0);
        CHECK(world.cap(world.place).is_null() == !grant);
    }
}

TEST_CASE("a receiver with little room gets what fits", "[transfer]") {
    Parcel world;
    SECTION("without IPC buffer no capability arrives") {
        REQUIRE(world.invoke(world.server_cap, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
        world.server_waits();
    }
    SECTION("without IPC buffer none is sent") {
        world.server_wants(world.place);
        world.run(world.root());
        REQUIRE(world.invoke(world.client_cap, Method::tcb_set_ipc_buffer, {0}, {at::ipc_buffer}).ok());
    }
    world.run(world.client);
    world.put_message(world.client, 1, {7});
    world.client.context.rsi = abi::MessageInfo(1, 1, 2).raw();
    world.enter(world.client, Syscall::send, world.endpoint_cap);
    CHECK(world.answer_of(world.server).extra_caps == 0);
    CHECK(world.answer_of(world.server).words == Words{7});
}
