// SPDX-License-Identifier: BSD-2-Clause
// Objects and capabilities by the numbers of the description.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

namespace {

/// log2 of the bytes of each type, by the table.
struct Size {
    Word type, size_bits, bits;
};
constexpr Size sizes[] = {{type_untyped, 14, 14},    {type_tcb, 0, 11},        {type_endpoint, 0, 4},
                          {type_notification, 0, 6}, {type_cnode, 5, 10},      {type_sched_context, 9, 9},
                          {type_reply, 0, 5},        {type_pdpt, 0, 12},       {type_pml4, 0, 12},
                          {type_frame_4k, 0, 12},    {type_page_table, 0, 12}, {type_page_directory, 0, 12}};

bool refused(const Answer& answer, Word label, Words words, int line) {
    if (!check_equal(answer.label, label, "error", line) || !check_equal(answer.length, words.count, "words", line))
        return false;
    for (Word i = 0; i < words.count; ++i)
        if (!check_equal(answer.words[i], words.at[i], "detail", line))
            return false;
    return true;
}
#define REFUSED(answer, label, ...)                                                                                    \
    do {                                                                                                               \
        const Word details[] = {__VA_ARGS__};                                                                          \
        refused((answer), (label), details, __LINE__);                                                                 \
    } while (false)

} // namespace

SYSTEM_TEST("foreign: each object takes its size, and revoking their untyped frees them all") {
    const Word memory = make(type_untyped, 16);
    NEED(memory != 0);
    for (const Size& size : sizes) {
        Word made = 0;
        while (make_from(memory, size.type, size.size_bits) != 0)
            if (++made == 64)
                break;
        const Word fit = Word{1} << (16 - size.bits);
        EXPECT_EQUAL(made, fit < 64 ? fit : 64);
        EXPECT(revoke(memory));
    }
}

SYSTEM_TEST("foreign: a whole GiB of RAM is cleared and mapped as one frame") {
    const Word gib = find_ram(30);
    NEED(gib != 0);
    const Word frame = make_from(gib, type_frame_1g);
    NEED(frame != 0);
    constexpr Word address = Word{3} << 39;
    NEED(map(frame, cap_vspace, address));
    auto* const words = reinterpret_cast<volatile Word*>(address);
    constexpr Word last = (Word{1} << 27) - 1;
    Word sum = 0;
    for (Word i = 0; i <= last; i += 4096) // a word of every eighth page
        sum |= words[i];
    EXPECT_EQUAL(sum | words[last], 0);
    words[0] = 1;
    words[last] = 2;
    EXPECT_EQUAL(words[0] + words[last], 3);
    // An IPC buffer near its end: an invocation whose fifth and sixth word lie there.
    constexpr Word offset = (Word{1} << 30) - 1024;
    IpcBuffer* const old = ipc_buffer;
    NEED(invoke(cap_tcb, tcb_set_ipc_buffer, {address + offset}, {frame}).ok());
    ipc_buffer = reinterpret_cast<IpcBuffer*>(address + offset);
    const Word endpoint = make(type_endpoint);
    const bool mint_worked = endpoint != 0 && mint(new_slot(), endpoint, 5);
    const bool back = invoke(cap_tcb, tcb_set_ipc_buffer, {reinterpret_cast<Word>(old)}, {cap_ipc_buffer}).ok();
    ipc_buffer = old;
    EXPECT(mint_worked && back);
    EXPECT(invoke(frame, page_unmap).ok());
    EXPECT(revoke(gib));
}

SYSTEM_TEST("foreign: copy, mint, move, mutate and rotate by their words") {
    const Word endpoint = make(type_endpoint), cnode = make(type_cnode, 4);
    const Word a = new_slot(), b = new_slot(), c = new_slot();
    NEED(endpoint != 0 && cnode != 0);
    EXPECT(copy(a, endpoint, 3));
    EXPECT(mint(b, endpoint, 0x99));
    EXPECT(invoke(cap_cnode, cnode_move, {c, 64, a, 64}, {cap_cnode}).ok());
    REFUSED(invoke(cap_cnode, cnode_move, {a, 64, a, 64}, {cap_cnode}), 6, 1, 2, 64);
    EXPECT(invoke(cap_cnode, cnode_mutate, {a, 64, cnode, 64, 0b101 << 6 | 3}, {cap_cnode}).ok());
    EXPECT(invoke(a, cnode_delete, {0b101 << 4 | 2, 7}).ok());
    REFUSED(invoke(a, cnode_delete, {0b100 << 4 | 2, 7}), 6, 0, 4, 7, 0b101, 3);
    // Frames: c's place is free again after it moves on.
    const Word first = make(type_frame_4k), second = make(type_frame_4k), third = new_slot();
    const Word address = invoke(first, page_get_address).words[0];
    EXPECT(invoke(cap_cnode, cnode_rotate, {third, 64, 0, second, 64, 0, first, 64}, {cap_cnode, cap_cnode}).ok());
    EXPECT_EQUAL(invoke(second, page_get_address).words[0], address);
    EXPECT_EQUAL(invoke(third, page_get_address).words[0], address + 4096);
    EXPECT_EQUAL(invoke(first, page_get_address).label, 2);
}

SYSTEM_TEST("foreign: errors have the numbers and words of the table") {
    const Word untyped = make(type_untyped, 12), endpoint = make(type_endpoint), cnode = make(type_cnode, 4);
    REFUSED(invoke(untyped, untyped_retype, {14, 0, 0, 0, 0, 1}, {cnode}), 1, 0);
    EXPECT_EQUAL(invoke(Word{0}, untyped_retype).label, 2);
    EXPECT_EQUAL(invoke(untyped, Word{99}).label, 3);
    EXPECT_EQUAL(invoke(untyped, Word{99}).length, 0);
    REFUSED(invoke(untyped, untyped_retype, {2, 0, 0, 0, 16, 1}, {cnode}), 4, 0, 15);
    EXPECT_EQUAL(invoke(make(type_frame_4k), page_map, {0x400001, 3, 0}, {cap_vspace}).label, 5);
    REFUSED(invoke(untyped, untyped_retype, {2, 0, 0, 64, 0, 1}, {endpoint}), 6, 0, 1);
    EXPECT_EQUAL(invoke(untyped, untyped_retype).label, 7);
    EXPECT_EQUAL(invoke(untyped, untyped_retype, {2, 0, 0, 0, untyped, 1}, {cap_cnode}).label, 8);
    const Word child = make_from(untyped, type_endpoint);
    EXPECT_EQUAL(invoke(cap_cnode, cnode_copy, {new_slot(), 64, untyped, 64, 15}, {cap_cnode}).label, 9);
    REFUSED(invoke(untyped, untyped_retype, {type_frame_4k, 0, 0, 0, 0, 1}, {cnode}), 10, 4096 - 16);
    EXPECT(child != 0);
}

SYSTEM_TEST("foreign: revoking a badged capability takes its copies, and cancels what was sent through them") {
    const Word endpoint = make(type_endpoint), badged = new_slot(), client = new_slot();
    NEED(mint(badged, endpoint, 0x42) && copy(client, badged));
    struct Sender {
        Word to;
        volatile Word label = ~Word{0};
    } sender{client};
    Thread thread;
    NEED(thread.start(
        [](void* argument) {
            auto* const self = static_cast<Sender*>(argument);
            self->label = call(self->to, 3).label();
        },
        &sender, base_priority + 1));
    EXPECT(revoke(badged));
    EXPECT(invoke(cap_cnode, cnode_cancel_badged_sends, {badged, 64}).ok());
    EXPECT_EQUAL(sender.label, 2); // invalid capability
    thread.end();
}

SYSTEM_TEST("foreign: there is one domain, and the calls about it say so") {
    EXPECT(invoke(cap_domain, domain_set, {0}, {cap_tcb}).ok());
    REFUSED(invoke(cap_domain, domain_set, {1}, {cap_tcb}), 1, 0);
    EXPECT(invoke(cap_domain, domain_schedule_configure, {0, 0, 1000}).ok());
    EXPECT(invoke(cap_domain, domain_schedule_set_start, {0}).ok());
}

SYSTEM_TEST("foreign: a further ASID pool serves an address space") {
    const Word page = make(type_untyped, 12), pool = new_slot(), space = make(type_pml4);
    NEED(invoke(cap_asid_control, asid_make_pool, {pool, 64}, {page, cap_cnode}).ok());
    EXPECT(invoke_caps(pool, asid_assign, {space}).ok());
    EXPECT(map(make(type_frame_4k), space, 0x400000));
    EXPECT(remove(pool));
}
