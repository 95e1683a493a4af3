// SPDX-License-Identifier: BSD-2-Clause
// KeptState: a structure that outlives the process that fills it. A service whose unit says KeptPages= finds at its start what
// the one before it had committed last, whole, wherever that one died: of two copies one is always complete.
#pragma once

#include <span>
#include <string_view>
#include <sys/ipc/call.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>

namespace sys {

/// The pages that are kept for this process; not_found if its unit asks for none.
inline Result<std::span<uint8_t>> kept_memory() {
    const auto kept = TRY(call(Endpoint(slot::process_service), protocol::process::KeptMemory{}));
    if (kept.pages == 0)
        return ErrorCode::not_found;
    return std::span(reinterpret_cast<uint8_t*>(protocol::process::kept_address), kept.pages << abi::page_bits);
}

namespace detail {
/// FNV-1a over what one copy holds.
constexpr uint64_t kept_checksum(uint64_t start, std::span<const uint8_t> bytes) {
    constexpr uint64_t prime = 0x100'0000'01b3;
    for (const uint8_t byte : bytes)
        start = (start ^ byte) * prime;
    return start;
}
} // namespace detail

/// `T`: plain data that is all zero at first. Change its number of `version` whenever its layout or meaning changes: what
/// another version has left is not taken over.
template <class T>
class KeptState {
    static_assert(std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T>);

public:
    /// In memory of the caller's, at least bytes_needed, 8-aligned. too_long: it is smaller.
    static Result<KeptState> open(std::span<uint8_t> memory, uint64_t version) {
        if (memory.size() < bytes_needed || reinterpret_cast<uintptr_t>(memory.data()) % alignof(Copy) != 0)
            return Error(ErrorCode::too_long, memory.size());
        return KeptState(reinterpret_cast<Copy*>(memory.data()), version);
    }
    /// In the pages that are kept for this process.
    static Result<KeptState> open(uint64_t version) { return open(TRY(kept_memory()), version); }

    /// What was committed last.
    const T& get() const { return copies_[current_].value; }
    /// False: nobody has committed anything of this version yet.
    bool is_inherited() const { return inherited_; }
    /// `change(T&)` makes the next state out of a copy of this one; it holds once this comes back, and not before.
    template <class Change>
    void commit(Change&& change) {
        Copy& next = copies_[1 - current_];
        next.sequence = 0; // not complete
        barrier();
        next.value = copies_[current_].value;
        change(next.value);
        next.version = version_;
        next.checksum = checksum(next, sequence_ + 1);
        barrier();
        next.sequence = ++sequence_;
        barrier();
        current_ = 1 - current_;
    }

private:
    struct Copy {
        uint64_t sequence; ///< 0: not complete
        uint64_t version;
        uint64_t checksum;
        T value;
    };

public:
    /// Of memory: two copies.
    static constexpr size_t bytes_needed = 2 * sizeof(Copy);

private:
    KeptState(Copy* copies, uint64_t version) : copies_(copies), version_(version) {
        const bool first = is_complete(copies_[0]);
        const bool second = is_complete(copies_[1]);
        inherited_ = first || second;
        current_ = second && (!first || copies_[1].sequence > copies_[0].sequence) ? 1 : 0;
        if (inherited_) {
            sequence_ = copies_[current_].sequence;
            return;
        }
        __builtin_memset(static_cast<void*>(copies_), 0, bytes_needed);
    }
    uint64_t checksum(const Copy& copy, uint64_t sequence) const {
        constexpr uint64_t offset_basis = 0xcbf2'9ce4'8422'2325;
        return detail::kept_checksum((offset_basis ^ sequence) * 31 + version_ + sizeof(T),
                                     {reinterpret_cast<const uint8_t*>(&copy.value), sizeof(T)});
    }
    bool is_complete(const Copy& copy) const {
        return copy.sequence != 0 && copy.version == version_ && copy.checksum == checksum(copy, copy.sequence);
    }
    /// The process may end between any two instructions: memory must have been written in this order by then.
    static void barrier() { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

    Copy* copies_;
    uint64_t version_;
    uint64_t sequence_ = 0;
    unsigned current_ = 0;
    bool inherited_ = false;
};

} // namespace sys
