// SPDX-License-Identifier: BSD-2-Clause
// How a foreign root task starts, and what it is told.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

extern "C" const uint8_t __ehdr_start[];

namespace {

Word image_word = 0x1234'5678;
Word empty_words[3000]; // more than a page of zeros behind the file's part
thread_local Word thread_word = 77;

Word sum_of(const uint8_t* bytes, unsigned count) {
    uint8_t sum = 0;
    for (unsigned i = 0; i < count; ++i)
        sum = static_cast<uint8_t>(sum + bytes[i]);
    return sum;
}

} // namespace

SYSTEM_TEST("foreign: the first thread starts with every register 0 but RDI, and flags 0x202") {
    for (unsigned i = 0; i < 15; ++i)
        EXPECT_EQUAL(first_registers[i], 0);
    EXPECT_EQUAL(first_registers[15] & 0xfff, 0x202 | (first_registers[15] & 0x8d5)); // arithmetic may have touched it
    EXPECT_EQUAL(first_registers[15] & ~Word{0xfff}, 0);
    EXPECT_EQUAL(first_registers[16], 0);
    EXPECT_EQUAL(first_registers[17], 0);
}

SYSTEM_TEST(
    "foreign: the image is there whole: data, zeroes behind it, ELF header; all of it can be written and executed") {
    EXPECT_EQUAL(image_word, 0x1234'5678);
    image_word = 5;
    EXPECT_EQUAL(image_word, 5);
    image_word = 0x1234'5678;
    Word sum = 0;
    for (const Word word : empty_words)
        sum |= word;
    EXPECT_EQUAL(sum, 0);
    EXPECT_EQUAL(*reinterpret_cast<const uint32_t*>(__ehdr_start), 0x464c'457f);
    // Data can be code: a RET in a data page.
    auto* const code = reinterpret_cast<volatile uint8_t*>(&empty_words[1000]);
    code[0] = 0xc3;
    asm volatile("call *%0" : : "r"(code) : "memory");
    code[0] = 0;
}

SYSTEM_TEST("foreign: thread-local storage by SetTLSBase, and the same by WRFSBASE") {
    EXPECT_EQUAL(thread_word, 77);
    Word base;
    asm volatile("rdfsbase %0" : "=r"(base));
    asm volatile("wrfsbase %0" : : "r"(base));
    thread_word = 78;
    enter(sys_yield, {});
    EXPECT_EQUAL(thread_word, 78);
    Word other_block[8] = {};
    other_block[0] = reinterpret_cast<Word>(other_block);
    Word seen;
    asm volatile("wrfsbase %2\n"
                 "movq $-11, %%rdx\n"
                 "syscall\n"
                 "movq %%fs:0, %0\n"
                 "wrfsbase %1\n"
                 : "=&r"(seen)
                 : "r"(base), "r"(other_block)
                 : "rdx", "rcx", "r11", "memory");
    EXPECT_EQUAL(seen, reinterpret_cast<Word>(other_block));
    EXPECT_EQUAL(thread_word, 78);
    thread_word = 77;
}

SYSTEM_TEST("foreign: boot information: one node, this buffer, regions in their order") {
    EXPECT_EQUAL(boot->node_id, 0);
    EXPECT_EQUAL(boot->node_count, 1);
    EXPECT_EQUAL(boot->io_levels, ~Word{0});
    EXPECT_EQUAL(boot->domain, 0);
    EXPECT_EQUAL(boot->ipc_buffer + 4096, reinterpret_cast<Word>(boot));
    EXPECT(boot->cnode_bits >= 13);
    EXPECT_EQUAL(boot->empty.end, Word{1} << boot->cnode_bits);
    EXPECT_EQUAL(boot->sched_control.start, 16);
    EXPECT(boot->image_paging.end <= boot->extra_pages.start);
    EXPECT_EQUAL(boot->untyped.end, boot->empty.start);
    EXPECT(boot->image_frames.end - boot->image_frames.start >= 10);
}

SYSTEM_TEST("foreign: three GiB of RAM are handed out, a whole GiB in one piece above the hole") {
    Word ram = 0;
    for (Word i = 0; i < boot->untyped.end - boot->untyped.start; ++i)
        ram += boot->pieces[i].is_device ? 0 : Word{1} << boot->pieces[i].size_bits;
    EXPECT(ram > (Word{3} << 30) - (Word{24} << 20));
    EXPECT(find_ram(30) != 0);
}

SYSTEM_TEST("foreign: extra information: RSDP and TSC frequency") {
    const auto* chunk = reinterpret_cast<const uint8_t*>(boot) + 4096;
    const uint8_t* const end = chunk + boot->extra_length;
    bool rsdp = false, tsc = false;
    while (chunk < end) {
        const Word id = reinterpret_cast<const Word*>(chunk)[0], length = reinterpret_cast<const Word*>(chunk)[1];
        NEED(length >= 16);
        if (id == 3) {
            rsdp = true;
            EXPECT_EQUAL(length, 16 + 36);
            EXPECT_EQUAL(sum_of(chunk + 16, 20), 0);
        }
        tsc = tsc || (id == 5 && length == 20);
        chunk += length;
    }
    EXPECT(chunk == end);
    EXPECT(rsdp && tsc);
    EXPECT_EQUAL(ticks_per_microsecond(), 1000); // the deterministic clock: one instruction, one nanosecond
}

SYSTEM_TEST("foreign: debug calls: a capability's type, a thread's name") {
    EXPECT_EQUAL(enter(sys_debug_cap_identify, {0}).target, 0);
    EXPECT(enter(sys_debug_cap_identify, {cap_tcb}).target != 0);
    EXPECT(enter(sys_debug_cap_identify, {cap_tcb}).target != enter(sys_debug_cap_identify, {cap_cnode}).target);
    memcpy(ipc_buffer->words, "foreign", 8);
    const Registers after = enter(sys_debug_name_thread, {cap_tcb, 5});
    EXPECT_EQUAL(after.info, 5);
}
