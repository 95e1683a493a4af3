// SPDX-License-Identifier: BSD-2-Clause
// Messages: where their words are, and how they get from one thread to another.
#pragma once

#include <spec/system.hpp>

namespace spec {

/// The IPC buffer of a thread: its frame and where in it.
struct Buffer {
    Frame* frame = nullptr;
    Word offset = 0;
    explicit operator bool() const { return frame != nullptr; }
    Word read(unsigned word) const { return frame->read(offset + 8 * word); }
    void write(unsigned word, Word value) const { frame->write(offset + 8 * word, value); }
};
Buffer buffer_of(Thread& thread);

/// What the registers of `thread` say it sends: at most as much as it has room for.
MessageInfo sent_info(Thread& thread);
Word message_word(Thread& thread, unsigned index);
/// Words from `first` on that have no place are left out; returns how many of the message's words there are then.
unsigned put_words(Thread& thread, const Words& words);

/// What the kernel answers to an invocation.
void answer(Thread& thread, Word label, const Words& words);
/// The system call that `thread` is in has been completed.
inline void complete(Thread& thread) { thread.registers[rip] += system_call_bytes; }

/// The slots that the extra capabilities of the message name. Throws CapabilityFault.
std::vector<Slot*> extra_capabilities(Thread& sender);

/// The message that `sender` has in its registers and buffer goes to `receiver`; `through` is the endpoint used, null for
/// an answer.
void transfer_message(Thread& sender, Thread& receiver, Endpoint* through, Word badge, bool grant);
/// The fault of `sender` goes to `receiver` as a message.
void transfer_fault(System& system, Thread& sender, Thread& receiver, Word badge);

} // namespace spec
