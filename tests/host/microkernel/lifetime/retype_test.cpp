// SPDX-License-Identifier: BSD-2-Clause
// Untyped memory: where objects are placed, what is refused, when all of it is free again, and that it starts clear.
#include <support/fake_machine.hpp>

using namespace test;

namespace {

struct Memory : FakeMachine {
    /// Retype of the small untyped (one page) into the root CNode, one object unless told.
    CallResult retype(ObjectType type, Word bits, Word slot, Word count = 1, Word untyped = at::small_untyped) {
        return invoke(untyped, Method::untyped_retype, {static_cast<Word>(type), bits, 0, 0, slot, count}, {at::cnode});
    }
    CallResult remove(Word slot) { return invoke(at::cnode, Method::cnode_delete, {slot, 64}); }
    Word base() { return cap(at::small_untyped).object().raw(); }
    Word offset_of(Word slot) { return cap(slot).object().raw() - base(); }
};

} // namespace

TEST_CASE("objects are given out upwards, each aligned to its size", "[retype]") {
    Memory memory;
    const Word first = memory.free_slot(), second = memory.free_slot(), third = memory.free_slot();
    REQUIRE(memory.retype(ObjectType::endpoint, 0, first).ok());
    REQUIRE(memory.retype(ObjectType::tcb, 0, second).ok());
    CHECK(memory.offset_of(first) == 0);
    CHECK(memory.offset_of(second) == 2048);
    // Full to the last byte: what was skipped for the alignment is not used later.
    CHECK(memory.retype(ObjectType::endpoint, 0, third).is(Error::not_enough_memory, {0}));
}

TEST_CASE("with AVX a TCB is a page", "[retype]") {
    for (const bool with_avx : {false, true}) {
        Memory memory;
        kernel_state.features.avx = with_avx;
        const Word first = memory.free_slot(), second = memory.free_slot();
        REQUIRE(memory.retype(ObjectType::tcb, 0, first).ok());
        CHECK(memory.retype(ObjectType::tcb, 0, second).ok() == !with_avx);
    }
}

TEST_CASE("an exact fit succeeds, one object more does not", "[retype]") {
    Memory memory;
    const Word slot = memory.free_slot();
    CHECK(memory.retype(ObjectType::endpoint, 0, 512, 256 + 1).is(Error::range_error, {1, 256}));
    CHECK(memory.retype(ObjectType::endpoint, 0, 512, 256).ok());
    CHECK(memory.retype(ObjectType::notification, 0, slot).is(Error::not_enough_memory, {0}));
}

TEST_CASE("what Retype refuses, in the order in which it looks", "[retype]") {
    Memory memory;
    const Word slot = memory.free_slot();
    const auto with_type = [&](Word type, Word bits) {
        return memory.invoke(at::small_untyped, Method::untyped_retype, {type, bits, 0, 0, slot, 1}, {at::cnode});
    };
    CHECK(memory.invoke(at::small_untyped, Method::untyped_retype, {2, 0, 0, 0, slot}, {at::cnode}) ==
          Error::truncated_message);
    CHECK(with_type(14, 64).is(Error::invalid_argument, {0}));
    CHECK(with_type(10, 64).is(Error::range_error, {0, 47}));
    CHECK(with_type(0, 48).is(Error::range_error, {0, 47}));
    CHECK(with_type(4, 43).is(Error::range_error, {0, 47}));
    CHECK(with_type(4, 0).is(Error::invalid_argument, {1}));
    CHECK(with_type(0, 3).is(Error::invalid_argument, {1}));
    CHECK(with_type(5, 6).is(Error::invalid_argument, {1}));
    CHECK(memory.invoke(at::small_untyped, Method::untyped_retype, {2, 0, 0, 0, slot, 1}, {at::tcb})
              .is(Error::failed_lookup, {0, 2, 0}));
    const Word slots = Word{1} << root_radix;
    CHECK(memory.retype(ObjectType::endpoint, 0, slots).is(Error::range_error, {0, slots - 1}));
    CHECK(memory.retype(ObjectType::endpoint, 0, slot, 0).is(Error::range_error, {1, 256}));
    CHECK(memory.retype(ObjectType::endpoint, 0, slots - 1, 2).is(Error::range_error, {1, 1}));
    CHECK(memory.retype(ObjectType::endpoint, 0, at::tcb) == Error::delete_first);
    CHECK(memory.retype(ObjectType::endpoint, 0, at::tcb - 1, 2) == Error::delete_first);
    CHECK(memory.retype(ObjectType::frame_2m, 0, slot).is(Error::not_enough_memory, {4096}));
    CHECK(memory.retype(ObjectType::tcb, 0, slot, 1, at::device).is(Error::invalid_argument, {1}));
    CHECK(memory.slot(slot).is_empty());
}

TEST_CASE("memory is free again when the last child is gone, and not before", "[retype]") {
    Memory memory;
    const Word first = memory.free_slot(), second = memory.free_slot(), page = memory.free_slot();
    REQUIRE(memory.retype(ObjectType::endpoint, 0, first).ok());
    REQUIRE(memory.retype(ObjectType::endpoint, 0, second).ok());
    REQUIRE(memory.remove(first).ok());
    CHECK(memory.retype(ObjectType::frame_4k, 0, page).is(Error::not_enough_memory, {4096 - 32}));
    REQUIRE(memory.remove(second).ok());
    CHECK(memory.retype(ObjectType::frame_4k, 0, page).ok());
}

TEST_CASE("behaviour 9: an object starts clear, whatever its memory held before", "[retype]") {
    Memory memory;
    const Word slot = memory.free_slot();
    REQUIRE(memory.retype(ObjectType::frame_4k, 0, slot).ok());
    auto* bytes = window<uint8_t>(memory.cap(slot).object());
    CHECK(is_zero(bytes, 4096));
    std::fill_n(bytes, 4096, uint8_t{0xa5});
    REQUIRE(memory.remove(slot).ok());
    REQUIRE(memory.retype(ObjectType::frame_4k, 0, slot).ok());
    CHECK(is_zero(bytes, 4096));
}

TEST_CASE("the source of an untyped copy is full until the copy is gone", "[retype]") {
    Memory memory;
    const Word copy = memory.free_slot(), object = memory.free_slot();
    REQUIRE(memory.invoke(at::cnode, Method::cnode_copy, {copy, 64, at::small_untyped, 64, 15}, {at::cnode}).ok());
    CHECK(memory.retype(ObjectType::endpoint, 0, object).is(Error::not_enough_memory, {0}));
    CHECK(memory.retype(ObjectType::endpoint, 0, object, 1, copy).ok());
    CHECK(memory.invoke(at::cnode, Method::cnode_copy, {memory.free_slot(), 64, copy, 64, 15}, {at::cnode}) ==
          Error::revoke_first);
    REQUIRE(memory.remove(object).ok());
    REQUIRE(memory.remove(copy).ok());
    CHECK(memory.retype(ObjectType::endpoint, 0, object).ok());
}
