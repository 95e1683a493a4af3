// SPDX-License-Identifier: BSD-2-Clause
// What the foreign root task's cases stand on: invocations, objects, threads, checks, and the lines that they report by.
#pragma once

#include <tests/system/foreign/api.hpp>

extern "C" {
void* memcpy(void* to, const void* from, size_t count);
void* memset(void* to, int value, size_t count);
}
extern "C" foreign::Word first_registers[18];
extern "C" const uint8_t child_code[], child_echo[], child_touch[], child_foreign_call[], child_divide[],
    child_use_given[], child_spin[], child_end[];

namespace foreign {

extern const BootInfo* boot;
/// Each thread's own: real thread-local storage, by the image's PT_TLS.
extern thread_local IpcBuffer* ipc_buffer;

// --- invocations ---
struct Answer {
    Word label = 0, length = 0, badge = 0;
    Word words[24] = {};
    bool ok() const { return label == 0; }
};
struct Words {
    const Word* at;
    Word count;
    template <size_t n>
    Words(const Word (&words)[n]) : at(words), count(n) {}
    Words() : at(nullptr), count(0) {}
    Words(const Word* from, Word number) : at(from), count(number) {}
};
/// A list of one word, which lives as long as the word.
inline Words only(const Word& word) { return {&word, 1}; }
Answer invoke_list(Word target, Word label, Words words, Words caps);
/// invoke(target, label, words in braces, capabilities in braces)
inline Answer invoke(Word target, Word label) { return invoke_list(target, label, {}, {}); }
template <size_t n>
Answer invoke(Word target, Word label, const Word (&words)[n]) {
    return invoke_list(target, label, words, {});
}
template <size_t n, size_t m>
Answer invoke(Word target, Word label, const Word (&words)[n], const Word (&caps)[m]) {
    return invoke_list(target, label, words, caps);
}
template <size_t m>
Answer invoke_caps(Word target, Word label, const Word (&caps)[m]) {
    return invoke_list(target, label, {}, caps);
}

// --- objects ---
/// A free slot of the root CNode; they are handed out upwards.
Word new_slot();
/// A new object out of the largest RAM untyped; 0 if there is none.
Word make(Word type, Word size_bits = 0);
Word make_from(Word untyped, Word type, Word size_bits = 0);
/// The RAM untyped of exactly this size, or 0.
Word find_ram(unsigned size_bits);
/// A frame of device memory at this address, page-aligned; 0 if it is not handed out.
Word device_frame(Word address);
bool copy(Word to, Word from, Word rights = 15);
bool mint(Word to, Word from, Word badge);
bool remove(Word slot);
bool revoke(Word slot);
/// Maps into a space at an address, making tables as they are missed.
bool map(Word frame, Word space, Word address, Word rights = 3, Word attributes = 0);
/// A page of the root task's space that nothing is mapped at.
Word new_page();
/// A frame in such a page.
uint8_t* map_here(Word frame, Word attributes = 0);

// --- threads ---
constexpr Word base_priority = 100;
struct Thread {
    Word tcb = 0, context = 0;
    bool start(void (*function)(void*), void* argument, Word priority, Word fault_handler = 0, Word budget = 5000,
               Word period = 5000);
    void end();
};
bool set_priority(Word tcb, Word priority);
bool configure_context(Word context, Word budget, Word period, Word badge = 0, Word flags = 0);
/// A context of 512 bytes.
Word make_context(Word budget = 5000, Word period = 5000, Word badge = 0);

// --- time ---
Word now();
Word ticks_per_microsecond();
void burn(Word microseconds);

// --- messages ---
struct Message {
    Word badge = 0, info = 0;
    Word words[24] = {};
    Word label() const { return label_of(info); }
    Word length() const { return length_of(info); }
    bool is_there() const { return badge != 0 || info != 0; }
};
Message receive(Word endpoint, Word reply);
Message poll(Word endpoint, Word reply);
Message call(Word endpoint, Word label, Words words = {});
void send(Word target, Word label, Words words = {});
Word wait(Word notification);
Word poll_notification(Word notification);
void signal(Word notification);

// --- cases ---
struct Case {
    Case(const char* name, void (*body)());
    const char* name;
    void (*body)();
    Case* next = nullptr;
};
bool check(bool held, const char* text, int line);
bool check_equal(Word is, Word expected, const char* text, int line);

} // namespace foreign

#define FOREIGN_JOIN2(a, b) a##b
#define FOREIGN_JOIN(a, b) FOREIGN_JOIN2(a, b)
#define SYSTEM_TEST(title)                                                                                             \
    static void FOREIGN_JOIN(body_, __LINE__)();                                                                       \
    static foreign::Case FOREIGN_JOIN(case_, __LINE__)(title, FOREIGN_JOIN(body_, __LINE__));                          \
    static void FOREIGN_JOIN(body_, __LINE__)()
#define EXPECT(condition) foreign::check(static_cast<bool>(condition), #condition, __LINE__)
#define EXPECT_EQUAL(is, expected)                                                                                     \
    foreign::check_equal(static_cast<foreign::Word>(is), static_cast<foreign::Word>(expected), #is, __LINE__)
#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        if (!EXPECT(condition))                                                                                        \
            return;                                                                                                    \
    } while (false)
