// SPDX-License-Identifier: BSD-2-Clause
// The base of every capability type: a pointer into the caller's CSpace, and how an object's methods are invoked.
// Types like `Endpoint` or `Frame` are borrowed references: cheap to copy, they own nothing. `Cap<T>` (cap/cap.hpp)
// owns.
#pragma once

#include <abi/error.hpp>
#include <abi/invocation.hpp>
#include <abi/types.hpp>
#include <array>
#include <stddef.h>
#include <sys/raw/syscall.hpp>
#include <sys/result.hpp>

namespace sys {

using abi::Badge;
using abi::CapPtr;

/// A capability by the pointer that names it; owns nothing.
class Object {
public:
    constexpr Object() = default;
    /// Names a capability; nothing is asked or checked.
    explicit constexpr Object(CapPtr pointer) : pointer_(pointer) {}
    /// By the number of its slot.
    explicit constexpr Object(Word slot) : pointer_{slot} {}

    /// The pointer as the ABI has it.
    constexpr CapPtr pointer() const { return pointer_; }
    /// The same as a number.
    constexpr Word slot() const { return pointer_.value; }
    /// Slot 0 is always empty: "no capability".
    constexpr bool is_null() const { return pointer_.value == 0; }
    constexpr bool operator==(const Object&) const = default;

private:
    CapPtr pointer_;
};

/// The capabilities that accompany an invocation, in the order of the ABI.
template <class... Capabilities>
constexpr std::array<Word, sizeof...(Capabilities)> with_caps(Capabilities... capabilities) {
    return {capabilities.slot()...};
}

/// The error in an answer: its label, with as many of MR0-MR3 as it has words as details.
constexpr Error to_error(abi::MessageInfo info, Word mr0, Word mr1, Word mr2, Word mr3) {
    const unsigned length = info.length();
    return Error(static_cast<ErrorCode>(info.label()), length > 0 ? mr0 : 0, length > 1 ? mr1 : 0, length > 2 ? mr2 : 0,
                 length > 3 ? mr3 : 0);
}
/// As above, out of the registers of a system call.
constexpr Error to_error(const raw::Registers& answer) {
    return to_error(abi::MessageInfo(answer.info), answer.mr0, answer.mr1, answer.mr2, answer.mr3);
}

/// Word `index` of an answer: the first four are in registers, the others still in the IPC buffer.
inline Word answered_word(const raw::Registers& answer, unsigned index) {
    switch (index) {
    case 0: return answer.mr0;
    case 1: return answer.mr1;
    case 2: return answer.mr2;
    case 3: return answer.mr3;
    default: return raw::ipc_buffer()->message[index];
    }
}

/// Sends `words` and `capabilities` to a kernel object and returns the registers of the answer, whatever it says.
template <size_t capability_count, class... Words>
[[gnu::always_inline]] inline raw::Registers invoke_raw(Object object, abi::Invocation method,
                                                        const std::array<Word, capability_count>& capabilities,
                                                        Words... words) {
    static_assert(capability_count <= abi::max_extra_caps && sizeof...(words) <= abi::max_message_words);
    const std::array<Word, sizeof...(words)> all{static_cast<Word>(words)...};
    raw::Registers message;
    message.target = object.slot();
    message.info = abi::MessageInfo(static_cast<Word>(method), sizeof...(words), capability_count).raw();
    if constexpr (sizeof...(words) > 0)
        message.mr0 = all[0];
    if constexpr (sizeof...(words) > 1)
        message.mr1 = all[1];
    if constexpr (sizeof...(words) > 2)
        message.mr2 = all[2];
    if constexpr (sizeof...(words) > 3)
        message.mr3 = all[3];
    if constexpr (capability_count > 0 || sizeof...(words) > abi::register_message_words) {
        abi::IpcBuffer* const buffer = raw::ipc_buffer();
        for (size_t i = 0; i < capability_count; ++i)
            buffer->caps_or_badges[i] = capabilities[i];
        for (size_t i = abi::register_message_words; i < all.size(); ++i)
            buffer->message[i] = all[i];
    }
    raw::enter(abi::Syscall::call, message);
    return message;
}

/// As invoke_raw, for methods that answer nothing but success or an error.
template <size_t capability_count, class... Words>
[[gnu::always_inline]] inline Result<void>
invoke(Object object, abi::Invocation method, const std::array<Word, capability_count>& capabilities, Words... words) {
    const raw::Registers answer = invoke_raw(object, method, capabilities, words...);
    if (abi::MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    return {};
}

/// As invoke_raw, for methods whose answer is one word.
template <size_t capability_count, class... Words>
[[gnu::always_inline]] inline Result<Word> invoke_for_word(Object object, abi::Invocation method,
                                                           const std::array<Word, capability_count>& capabilities,
                                                           Words... words) {
    const raw::Registers answer = invoke_raw(object, method, capabilities, words...);
    if (abi::MessageInfo(answer.info).label() != 0)
        return to_error(answer);
    return answer.mr0;
}

} // namespace sys
