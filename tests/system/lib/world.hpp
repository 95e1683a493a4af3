// SPDX-License-Identifier: BSD-2-Clause
// What a test root task owns: its capabilities, memory for the cases, a window into frames, and the census that shows
// whether a case gave everything back.
#pragma once

#include <abi/boot_info.hpp>
#include <span>
#include <sys/cap/cap.hpp>
#include <sys/cap/frame.hpp>
#include <sys/cap/io_port.hpp>
#include <sys/cap/tcb.hpp>

namespace test {

using abi::Word;
using sys::Cap;
using sys::Result;

inline constexpr Word page_size = Word{1} << abi::page_bits;
/// Memory that each case starts with, whole and free.
inline constexpr unsigned arena_bits = 23;
/// The root task's own priority while cases run; its MCP stays 255.
inline constexpr sys::Priority base_priority{100};

/// Reads boot information, sets memory aside, and lowers the priority. Called once.
void set_up_world(const abi::BootInfo& boot_info);
/// Ends the machine through the debug-exit device.
[[noreturn]] void leave_machine(uint8_t code);

const abi::BootInfo& boot_info();
/// The extra boot-information chunk with this number; empty if there is none. Behind its header.
std::span<const uint8_t> boot_chunk(Word id);
/// Free slots of the root task's CNode.
sys::CSpace& space();
/// Memory of the running case.
sys::Untyped arena();

inline sys::Tcb own_tcb() { return sys::Tcb(abi::root_slot::tcb); }
inline sys::VSpace own_space() { return sys::VSpace(abi::root_slot::vspace); }
inline sys::CNode own_cnode() { return sys::CNode(abi::root_slot::cnode); }
inline sys::SchedControl sched_control() { return sys::SchedControl(boot_info().sched_control.start); }

/// Where faults of the case's own thread go: they end the suite with a line that says so.
sys::Endpoint own_fault_handler();
/// Told the message of such a fault.
using FaultReport = void (*)(const sys::Received& fault);
/// Lets a thread of the highest priority wait for such faults; it calls `report`, and then ends the machine.
void guard_own_thread(FaultReport report);

/// Whether a slot of the root task's CSpace holds nothing.
bool is_empty(Word slot);
/// What must be the same before and after a case.
struct Census {
    Word free_slots = 0;
    Word stray_capabilities = 0; ///< in slots that count as free
    bool memory_is_whole = false; ///< the whole arena can be made one object
    bool operator==(const Census&) const = default;
};
Census take_census();
/// After a case that left something behind: takes all of it back.
void recover();

/// A new object of a type that is known at run time only.
Result<Cap<sys::Object>> make(sys::Untyped memory, abi::ObjectType type, unsigned size_bits = 0);
/// A part of the arena of its own: with everything made of it gone, it can be used again.
inline Result<Cap<sys::Untyped>> make_untyped(unsigned bits, sys::Untyped from = arena()) {
    return sys::make_object<sys::Untyped>(space(), from, bits);
}

/// A page of the root task's window with a frame in it, for as long as this lives.
class View {
public:
    View() = default;
    View(View&& other);
    View& operator=(View&&) = delete;
    ~View();
    /// Maps a copy of the frame's capability, readable and writable.
    static Result<View> of(sys::Frame frame, abi::MemoryType memory = abi::MemoryType::write_back);

    uint8_t* bytes() const { return bytes_; }
    Word* words() const { return reinterpret_cast<Word*>(bytes_); }
    std::span<uint8_t> span() const { return {bytes_, page_size}; }

private:
    Cap<sys::Frame> mapping_;
    uint8_t* bytes_ = nullptr;
};
/// A free page of the window, for mappings by hand; `release_window_page` gives it back.
Word take_window_page();
void release_window_page(Word address);

// --- time ---
/// Ticks of the time-stamp counter in a microsecond.
Word ticks_per_microsecond();
inline Word now() { return sys::raw::read_time_stamp(); }
inline Word milliseconds(Word count) { return count * 1000 * ticks_per_microsecond(); }
using sys::yield;
/// Lets others of this priority run until `condition` holds; false if it does not within the time.
template <class Condition>
bool wait_until(Condition condition, Word limit_ms = 3000) {
    const Word start = now();
    while (!condition()) {
        if (now() - start > milliseconds(limit_ms))
            return false;
        yield();
    }
    return true;
}

/// Hostile values for words that a system call takes (addresses, counts, pointers).
std::span<const Word> hostile_words();

/// A generator with a fixed seed: every run is the same.
class Random {
public:
    explicit Random(Word seed) : state_(seed) {}
    Word next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ * 0x2545'f491'4f6c'dd1d;
    }
    Word below(Word limit) { return next() % limit; }

private:
    Word state_;
};

} // namespace test
