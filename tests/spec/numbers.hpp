// SPDX-License-Identifier: BSD-2-Clause
// The numbers of the interface, typed afresh from its description: the specification shares nothing with the kernel.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

namespace spec {

using Word = uint64_t;
/// TSC ticks.
using Time = uint64_t;

constexpr Word power(unsigned bits) { return Word{1} << bits; }
constexpr Word low_bits(Word word, unsigned bits) { return bits >= 64 ? word : word & (power(bits) - 1); }
constexpr Word aligned_up(Word value, Word unit) { return (value + unit - 1) / unit * unit; }

/// Words of a message: an answer, details of an error, the words of a lookup failure.
class Words {
public:
    constexpr Words() : size_(0) {}
    constexpr Words(const Words& other) : Words() { add(other); }
    constexpr Words& operator=(const Words& other) {
        size_ = 0;
        add(other);
        return *this;
    }
    constexpr Words(std::initializer_list<Word> words) : Words() {
        for (Word word : words)
            add(word);
    }
    constexpr void add(Word word) { words_[size_++] = word; }
    constexpr void add(const Words& more) {
        for (Word word : more)
            add(word);
    }
    constexpr unsigned size() const { return size_; }
    constexpr Word operator[](unsigned index) const { return words_[index]; }
    constexpr const Word* begin() const { return words_.data(); }
    constexpr const Word* end() const { return words_.data() + size_; }

private:
    std::array<Word, 120> words_; ///< the first `size_`
    unsigned size_;
};

namespace system_call {
enum Number : int64_t {
    call = -1,
    reply_recv = -2,
    nb_send_recv = -3,
    nb_send_wait = -4,
    send = -5,
    nb_send = -6,
    recv = -7,
    nb_recv = -8,
    wait = -9,
    nb_wait = -10,
    yield = -11,
    debug_put_char = -12,
    set_tls_base = -33,
    reply_map_recv = -64,
};
}

enum class Error : Word {
    none,
    invalid_argument,
    invalid_capability,
    illegal_operation,
    range_error,
    alignment_error,
    failed_lookup,
    truncated_message,
    delete_first,
    revoke_first,
    not_enough_memory,
    nobody_waits,
};
inline constexpr unsigned error_count = 12;

/// What an invocation answers if it does not succeed. Thrown before anything has changed.
struct Refusal {
    Error error;
    Words details;
};

inline Refusal invalid_argument(Word number) { return {Error::invalid_argument, {number}}; }
inline Refusal invalid_capability(Word number) { return {Error::invalid_capability, {number}}; }
inline Refusal illegal_operation() { return {Error::illegal_operation, {}}; }
inline Refusal range_error(Word least, Word most) { return {Error::range_error, {least, most}}; }
inline Refusal alignment_error() { return {Error::alignment_error, {}}; }
inline Refusal truncated_message() { return {Error::truncated_message, {}}; }
inline Refusal delete_first() { return {Error::delete_first, {}}; }
inline Refusal revoke_first() { return {Error::revoke_first, {}}; }
inline Refusal not_enough_memory(Word bytes) { return {Error::not_enough_memory, {bytes}}; }

inline Refusal nobody_waits() { return {Error::nobody_waits, {}}; }

/// Why a capability could not be found, as the words that say so.
struct LookupFailure {
    Words words;
};

inline LookupFailure invalid_root() { return {{1}}; }
inline LookupFailure missing_capability(Word bits_left) { return {{2, bits_left}}; }
inline LookupFailure depth_mismatch(Word bits_left, Word bits_found) { return {{3, bits_left, bits_found}}; }
inline LookupFailure guard_mismatch(Word bits_left, Word guard, Word guard_bits) {
    return {{4, bits_left, guard, guard_bits}};
}
inline Refusal failed_lookup(bool source, const LookupFailure& failure) {
    Words details{source};
    details.add(failure.words);
    return {Error::failed_lookup, details};
}

/// A system call that names a capability it cannot have: a fault of the caller.
struct CapabilityFault {
    Word pointer;
    bool receiving;
    LookupFailure failure;
};

struct Rights {
    bool write = false, read = false, grant = false, grant_reply = false;

    static constexpr Rights of(Word word) {
        return {(word & 1) != 0, (word & 2) != 0, (word & 4) != 0, (word & 8) != 0};
    }
    static constexpr Rights all() { return of(15); }
    constexpr Word word() const { return Word{write} | Word{read} << 1 | Word{grant} << 2 | Word{grant_reply} << 3; }
    constexpr Rights operator&(Rights other) const { return of(word() & other.word()); }
    constexpr bool operator==(const Rights&) const = default;
};

/// label 52 bits, capsUnwrapped 3, extraCaps 2, length 7.
struct MessageInfo {
    Word label = 0;
    Word unwrapped = 0;
    unsigned extra_caps = 0;
    unsigned length = 0;

    static constexpr MessageInfo of(Word word) {
        const auto length = static_cast<unsigned>(word & 127);
        return {word >> 12, word >> 9 & 7, static_cast<unsigned>(word >> 7 & 3), length > 120 ? 120 : length};
    }
    constexpr Word word() const { return label << 12 | unwrapped << 9 | Word{extra_caps} << 7 | length; }
};

inline constexpr unsigned words_in_registers = 4;
/// Length of the answer of a ReplyMapRecv that failed: no message has it.
inline constexpr unsigned failed_length = 127;

/// The user context, in the order of register reads and writes.
enum Register : unsigned {
    rip,
    rsp,
    rflags,
    rax,
    rbx,
    rcx,
    rdx,
    rsi,
    rdi,
    rbp,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    fs_base,
    gs_base,
};
inline constexpr unsigned register_count = 20;
inline constexpr unsigned frame_register_count = 18;
using Registers = std::array<Word, register_count>;
inline constexpr Word initial_flags = 0x202;

/// Registers that carry the first words of a message.
inline constexpr std::array<Register, words_in_registers> message_registers{r10, r8, r9, r15};

/// Places in the IPC buffer, in words.
namespace buffer {
inline constexpr unsigned tag = 0, message = 1, user_data = 121, caps = 122, receive_cnode = 125, receive_index = 126,
                          receive_depth = 127, words = 128, bytes = 1024;
}

enum class FaultType : Word {
    none = 0,
    capability = 1,
    unknown_system_call = 2,
    user_exception = 3,
    timeout = 5,
    page = 6,
    keeper = 64,
};

namespace exception {
inline constexpr Word no_fpu = 7, page_fault = 14;
}

/// What pagers may note in an entry: an index of a keeper, a cookie.
inline constexpr unsigned keeper_bits = 7, cookie_bits = 36;
/// In SetKeeper: leave it as it is.
inline constexpr Word unchanged = ~Word{0};
/// What they may let ring 3 do with a page.
struct PageRights {
    bool write = false, read = false, execute = false;
    static constexpr PageRights of(Word word) { return {(word & 1) != 0, (word & 2) != 0, (word & 4) != 0}; }
};
/// Attribute of a page: nothing on it is executed.
inline constexpr Word execute_never = 8;

/// Addresses of the user half; the last canonical page is never mapped.
inline constexpr Word user_end = 0x0000'7fff'ffff'f000;
constexpr bool is_canonical(Word address) { return address < power(47) || address >= ~Word{0} << 47; }

/// Written registers are made safe, not refused.
constexpr Word safe_flags(Word flags) { return (flags & 0xfff & ~Word{1 << 3 | 1 << 5 | 1 << 8}) | 1 << 1 | 1 << 9; }
constexpr Word safe_address(Word address) { return is_canonical(address) ? address : 0; }
/// The IP of a thread that waits is that of its SYSCALL: it must stay canonical when the call completes.
inline constexpr Word system_call_bytes = 2;
constexpr Word safe_ip(Word ip) { return is_canonical(ip + system_call_bytes) ? safe_address(ip) : 0; }

static_assert(safe_flags(0xfff) == 0xed7);
static_assert(is_canonical(0x7fff'ffff'ffff) && !is_canonical(0x8000'0000'0000) && is_canonical(~Word{0} << 47));

} // namespace spec
