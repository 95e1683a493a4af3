// SPDX-License-Identifier: BSD-2-Clause
// Packing and unpacking messages; calls and the server's dispatcher, against a fake kernel.
#include <catch.hpp>
#include <libsys/recording_kernel.hpp>
#include <sys/cap/frame.hpp>
#include <sys/cap/notification.hpp>
#include <sys/ipc/call.hpp>
#include <sys/ipc/server.hpp>

using namespace sys;

namespace {

struct Small {
    static constexpr Word label = request_label(Protocol::test, 1);
    struct Reply {
        uint32_t low = 0;
        uint32_t high = 0;
    };
    Word a = 0;
    Word b = 0;
};

struct Large {
    static constexpr Word label = request_label(Protocol::test, 2);
    using Carries = CapabilityList<Signal>;
    struct Reply {
        Word words[7] = {};
    };
    Word words[6] = {};
};

struct Fetch {
    static constexpr Word label = request_label(Protocol::test, 9);
    using Brings = Frame;
    struct Reply {
        Word value = 0;
    };
    Word which = 0;
};

struct Odd {
    static constexpr Word label = request_label(Protocol::test, 3);
    using Reply = Empty;
    uint16_t pieces[3] = {};
};

struct Quiet {
    static constexpr Word label = request_label(Protocol::test, 4);
    using Reply = Empty;
};

Received received(const sys::host::Call& call, Badge badge) {
    const auto word = [&](size_t i) { return i < call.words.size() ? call.words[i] : 0; };
    return {{call.info, word(0), word(1), word(2), word(3)}, badge};
}

struct TestServer {
    std::optional<Message> handle(Incoming& incoming) {
        return Dispatch(incoming)
            .on<Small>([&](const Small& request) -> Result<Small::Reply> {
                if (request.a == 0)
                    return Error(ErrorCode::invalid_value, 7, 8);
                return Small::Reply{static_cast<uint32_t>(request.a), static_cast<uint32_t>(request.b)};
            })
            .on<Large>([&](const Large& request) -> Result<Large::Reply> {
                Large::Reply reply;
                for (int i = 0; i < 6; ++i)
                    reply.words[i] = request.words[i] * 2;
                reply.words[6] = incoming.badge().value;
                return reply;
            })
            .on<Odd>([&](const Odd& request) -> Result<Message> {
                const std::string text(TRY(incoming.text<Odd>()));
                last_text = text;
                pieces = request.pieces[2];
                return reply_with_payload(Empty{}, std::span(reinterpret_cast<const uint8_t*>("pong"), 4));
            })
            .on<Quiet>([&](const Quiet&) -> std::optional<Message> { return std::nullopt; })
            .answer();
    }
    void handle_signal(Badge badge) { signals |= badge.value; }

    std::string last_text;
    unsigned pieces = 0;
    Word signals = 0;
};

/// A kernel whose every endpoint leads to a TestServer.
class LoopbackKernel : public sys::host::Kernel {
public:
    LoopbackKernel() { sys::host::kernel = this; }
    ~LoopbackKernel() override { sys::host::kernel = nullptr; }
    void enter(const sys::host::Call& call, raw::Registers& registers, abi::IpcBuffer&) override {
        const auto answer = serve_one(server, received(call, Badge{99}));
        if (!answer)
            return;
        registers = {0, answer->info.raw(), answer->mr0, answer->mr1, answer->mr2, answer->mr3};
    }
    TestServer server;
};

// What goes with a request is of its types, all or none; a notification may be handed over as one to be signalled, not the reverse.
static_assert(CarriedWith<Large> && CarriedWith<Large, Signal> && CarriedWith<Large, Notification>);
static_assert(!CarriedWith<Large, Endpoint> && !CarriedWith<Large, Object> && !CarriedWith<Large, Signal, Signal>);
static_assert(CarriedWith<Odd> && !CarriedWith<Odd, Signal>);
static_assert(!std::is_convertible_v<Signal, Notification> && !BringsCapability<Large>);

} // namespace

TEST_CASE("call: small structures travel in registers", "[libsys][ipc]") {
    RecordingKernel kernel;
    kernel.script.push_back({0, {0x0000000500000004}});
    const auto reply = call(Endpoint(Word{7}), Small{1, 2});
    REQUIRE(reply);
    CHECK(reply->low == 4);
    CHECK(reply->high == 5);
    REQUIRE(kernel.calls.size() == 1);
    CHECK(kernel.calls[0].number == abi::Syscall::call);
    CHECK(kernel.calls[0].target == 7);
    CHECK(kernel.calls[0].info.label() == Small::label);
    CHECK(kernel.calls[0].words == std::vector<Word>{1, 2});
}

TEST_CASE("call: long structures and capabilities use the IPC buffer", "[libsys][ipc]") {
    RecordingKernel kernel;
    kernel.script.push_back({0, {1, 2, 3, 4, 5, 6, 7}});
    const auto reply = call(Endpoint(Word{7}), Large{{10, 11, 12, 13, 14, 15}}, Notification(Word{6}));
    REQUIRE(reply);
    CHECK(reply->words[3] == 4);
    CHECK(reply->words[6] == 7);
    CHECK(kernel.calls[0].words == std::vector<Word>{10, 11, 12, 13, 14, 15});
    CHECK(kernel.calls[0].caps == std::vector<Word>{6});
}

TEST_CASE("call: an error comes back with its details", "[libsys][ipc]") {
    RecordingKernel kernel;
    kernel.script.push_back({static_cast<Word>(abi::Error::range_error), {3, 9, 0, 0}});
    const auto reply = call(Endpoint(Word{7}), Small{1, 2});
    REQUIRE_FALSE(reply);
    CHECK(reply.error() == abi::Error::range_error);
    CHECK(reply.error().detail(1) == 9);
}

TEST_CASE("call: a reply that is too short is a bad message", "[libsys][ipc]") {
    RecordingKernel kernel;
    kernel.script.push_back({0, {}});
    CHECK(call(Endpoint(Word{7}), Small{1, 2}).error() == ErrorCode::bad_message);
    kernel.script.push_back({0, {1, 2, 3, 4, 5, 6}});
    CHECK(call(Endpoint(Word{7}), Large{}).error() == ErrorCode::bad_message);
}

TEST_CASE("server: requests reach their handlers and answers their callers", "[libsys][ipc]") {
    LoopbackKernel kernel;
    const Endpoint server(Word{7});
    CHECK(call(server, Small{3, 4})->high == 4);
    const auto refused = call(server, Small{0, 4});
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == ErrorCode::invalid_value);
    CHECK(refused.error().detail(1) == 8);
    const auto large = call(server, Large{{1, 2, 3, 4, 5, 6}});
    REQUIRE(large);
    CHECK(large->words[5] == 12);
    CHECK(large->words[6] == 99);
}

TEST_CASE("server: payloads go both ways", "[libsys][ipc]") {
    LoopbackKernel kernel;
    uint8_t buffer[8];
    const auto answer = call_with_payload(Endpoint(Word{7}), Odd{{1, 2, 3}}, Payload("ping pong ping"), buffer);
    REQUIRE(answer);
    CHECK(kernel.server.last_text == "ping pong ping");
    CHECK(kernel.server.pieces == 3);
    CHECK(std::string(answer->payload.begin(), answer->payload.end()) == "pong");
    uint8_t small[3];
    const auto too_long = call_with_payload(Endpoint(Word{7}), Odd{}, Payload(), small);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error() == ErrorCode::too_long);
}

TEST_CASE("server: unknown labels, short messages and lying lengths are answered with errors", "[libsys][ipc]") {
    TestServer server;
    const auto answer = [&](const Message& message) { return serve_one(server, Received{message, Badge{1}}); };
    const auto unknown = answer(Message::of_label(0xdead));
    REQUIRE(unknown);
    CHECK(unknown->label() == static_cast<Word>(ErrorCode::unknown_request));
    CHECK(unknown->mr0 == 0xdead);
    for (unsigned length = 0; length < 6; ++length)
        CHECK(answer({MessageInfo(Large::label, length)})->label() == static_cast<Word>(ErrorCode::bad_message));
    for (const Word size : {Word{9}, Word{1000}, ~Word{0}, Word{1} << 63})
        CHECK(answer({MessageInfo(Odd::label, 3), 0, size, 0, 0})->label() ==
              static_cast<Word>(ErrorCode::bad_message));
    CHECK(answer({MessageInfo(Odd::label, 3), 0, 8, 0, 0})->label() == 0);
}

TEST_CASE("server: an answer may come later, and a signal is no message", "[libsys][ipc]") {
    TestServer server;
    CHECK_FALSE(serve_one(server, Received{Message::of_label(Quiet::label), Badge{1}}));
    CHECK_FALSE(serve_one(server, Received{{MessageInfo(Small::label, 2), 1, 2}, Badge{signal_badge_bit | 4}}));
    CHECK(server.signals == (signal_badge_bit | 4));
}

TEST_CASE("message writer: never writes beyond the buffer", "[libsys][ipc]") {
    RecordingKernel kernel;
    MessageWriter writer;
    for (unsigned i = 0; i < abi::max_message_words - 1; ++i)
        REQUIRE(writer.word(i));
    const uint8_t nine[9] = {};
    CHECK(writer.structure(nine).error() == ErrorCode::too_long);
    CHECK(writer.string("x").error() == ErrorCode::too_long); // takes the last word, but not the text
    CHECK(writer.word(1).error() == ErrorCode::too_long);
    for (unsigned i = 0; i < 3; ++i)
        REQUIRE(writer.capability(Object(Word{i})));
    CHECK(writer.capability(Object(Word{4})).error() == ErrorCode::too_long);
    CHECK(writer.finish(5).info.length() == abi::max_message_words);
    CHECK(writer.finish(5).info.extra_caps() == 3);
}

TEST_CASE("message writer and reader: what goes in comes out", "[libsys][ipc]") {
    RecordingKernel kernel;
    MessageWriter writer;
    REQUIRE(writer.word(42));
    REQUIRE(writer.string("eclipse"));
    REQUIRE(writer.structure(Large{{1, 2, 3, 4, 5, 6}}));
    REQUIRE(writer.string(""));
    MessageReader reader(writer.finish(1));
    CHECK(reader.word().value() == 42);
    CHECK(reader.string().value() == "eclipse");
    CHECK(reader.structure<Large>().value().words[5] == 6);
    CHECK(reader.string().value().empty());
    CHECK(reader.words_left() == 0);
    CHECK(reader.word().error() == ErrorCode::bad_message);
    CHECK(reader.string().error() == ErrorCode::bad_message);
}

TEST_CASE("call_for: the capability comes to its slot, and the receive slot is as it was", "[libsys][ipc]") {
    RecordingKernel kernel;
    set_receive_slot(Object(Word{3}), 40, 8);
    kernel.script.push_back({.label = 0, .words = {5}, .badge = 0, .capabilities = 1});
    const auto got = call_for(Endpoint(Word{7}), Fetch{1}, Object(Word{2}), 99);
    REQUIRE(got);
    CHECK(got->reply.value == 5);
    CHECK(got->capability == Frame(Word{99}));
    CHECK(kernel.receive_indices.at(0) == 99);
    const abi::IpcBuffer& buffer = *raw::ipc_buffer();
    CHECK((buffer.receive_cnode == 3 && buffer.receive_index == 40 && buffer.receive_depth == 8));
    kernel.script.push_back({.label = 0, .words = {5}});
    CHECK(call_for(Endpoint(Word{7}), Fetch{1}, Object(Word{2}), 99).error() == ErrorCode::bad_message);
    kernel.script.push_back({.label = 40, .words = {}});
    CHECK(call_for(Endpoint(Word{7}), Fetch{1}, Object(Word{2}), 99).error() == ErrorCode::not_permitted);
    CHECK(buffer.receive_index == 40);
}
