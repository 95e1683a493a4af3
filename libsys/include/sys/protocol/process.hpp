// SPDX-License-Identifier: BSD-2-Clause
// Protocol of the process service (init): starting, watching and ending processes; time; power.
//
// Badge = process number. Number 1 is eclipse-systemd and may do everything; others what their grants say. Numbers come
// from a 64-bit counter and are never used again (1 excepted, which is always PID 1's). A capability to send along is
// named at each request.
#pragma once

#include <string_view>
#include <sys/cap/endpoint.hpp>
#include <sys/cap/notification.hpp>
#include <sys/cap/untyped.hpp>
#include <sys/error.hpp>
#include <sys/ipc/protocol.hpp>

namespace sys::protocol::process {

inline constexpr Word system_manager = 1; ///< the process number of eclipse-systemd

/// What it answers instead of what was asked for.
enum class Error : Word {
    not_permitted = protocol_error_base(Protocol::process), ///< this process may not ask this
    no_such_process, ///< never was, or has ended; detail 0 = number
    no_such_file,
    not_an_executable, ///< detail 0 = what the ELF reader found (elf::Fault)
    no_code, ///< the entry point's page is not executable, or its first 16 bytes are zero
    too_many_processes,
    bad_arguments, ///< texts malformed, or too long for the stack
    out_of_memory,
    port_refused, ///< the I/O ports are taken, or no range
    interrupt_refused, ///< the interrupt line is taken, or there is none
    no_capability, ///< the request needs one with it
    spawn_refused, ///< by the kernel; detail 0 = its error, 1 and 2 = details
    no_power_off, ///< the machine's ACPI tables name no way
    device_refused, ///< the device memory is none, or RAM, or another's, or not the caller's to map
    quota_exceeded, ///< more untyped memory than the process may have; detail 0 = bytes that it has, detail 1 = may have
    last,
};

/// What a new process gets besides the ordinary.
namespace grant {
inline constexpr uint16_t io_ports = 1; ///< first_port..last_port, in slot::io_ports
inline constexpr uint16_t interrupt = 2; ///< I/O APIC 0 pin `pin`, in slot::irq_handler
inline constexpr uint16_t spawn = 4; ///< may itself start, watch and kill (its own) processes
inline constexpr uint16_t swap = 8; ///< its memory stays, and it may offer swap to the pager
inline constexpr uint16_t inspect = 16; ///< may look at other processes (inspection.hpp); only who may can hand it on
} // namespace grant

/// Starts a program of the boot archive. Payload: the texts, as SpawnTexts packs them. A capability sent along lands in
/// the child's slot::service_manager.
struct Spawn {
    static constexpr Word label = request_label(Protocol::process, 0);
    using Carries = CapabilityList<Endpoint>;
    struct Reply {
        Word pid = 0; ///< of the new process
    };
    uint16_t argument_count = 0; ///< argv[0] included
    uint16_t environment_count = 0;
    uint16_t grants = 0; ///< namespace grant, together
    uint16_t first_port = 0; ///< with grant::io_ports
    uint16_t last_port = 0; ///< included
    uint16_t pin = 0; ///< with grant::interrupt
    uint16_t level_triggered = 0; ///< 1: PCI's lines; 0: ISA's
    uint16_t priority = 0; ///< 0 = default_priority; never above the parent's
    Word quota_pages = 0; ///< 0 = default
    Word kept_pages = 0; ///< memory that is kept when the process ends: PID 1 only, at most max_kept_pages
    Word kept_for = 0; ///< any number: the next process that is started with the same one gets the same pages
    Word untyped_quota = 0; ///< bytes of memory for kernel objects of its own; 0 = default_untyped_quota
    Word dma_pages = 0; ///< memory for devices, as kept_pages
    Word device_first = 0; ///< physical addresses that it may map, half-open, multiples of pages: PID 1 only
    Word device_end = 0; ///< 0: none
};

/// Bytes of untyped memory that a process may have if its parent does not say.
inline constexpr Word default_untyped_quota = Word{256} << 10;

/// The most pages that are kept for one unit, and the most for its device.
inline constexpr Word max_kept_pages = 16;
/// Where a process finds the pages that are kept for it.
inline constexpr Word kept_address = 0x110'0000;
/// And its memory for devices.
inline constexpr Word dma_address = 0x112'0000;
/// What it maps of a device lies here, its physical address further up.
inline constexpr Word device_window = 0x6000'0000'0000;

/// The payload of Spawn: path, arguments, environment, each ended by a zero byte.
class SpawnTexts {
public:
    /// Path first, then all arguments, then the environment. False if it does not fit, or holds a zero byte.
    bool set_path(std::string_view path) { return add(path); }
    bool add_argument(std::string_view argument) { return add(argument) && ++argument_count_ != 0; }
    bool add_environment(std::string_view entry) { return add(entry) && ++environment_count_ != 0; }
    /// The request with the counts filled in.
    Spawn request() const {
        Spawn spawn;
        spawn.argument_count = argument_count_;
        spawn.environment_count = environment_count_;
        return spawn;
    }
    /// For call_with_payload; borrowed from this.
    std::string_view payload() const { return {text_, size_}; }

private:
    static constexpr unsigned max_text = 880;
    bool add(std::string_view piece) {
        if (piece.find('\0') != std::string_view::npos || piece.size() >= max_text - size_)
            return false;
        for (const char c : piece)
            text_[size_++] = c;
        text_[size_++] = '\0';
        return true;
    }

    char text_[max_text] = {};
    unsigned size_ = 0;
    uint16_t argument_count_ = 0;
    uint16_t environment_count_ = 0;
};

/// Of processes whose parents do not say, and of PID 1.
inline constexpr uint8_t default_priority = 100;
inline constexpr uint8_t system_manager_priority = 200;

/// Ends the caller. No reply ever comes.
struct Exit {
    static constexpr Word label = request_label(Protocol::process, 1);
    using Reply = Empty;
    Word status = 0; ///< what main returned; 0: well
};

/// How a process ended.
enum class Cause : Word {
    none = 0,
    exited, ///< by Exit; `status`
    faulted, ///< fault_label, fault_instruction, fault_address, refusal
    killed,
};

/// The next ended child of the caller, each exactly once; pid 0 if none waits. Never blocks: see WatchExits.
struct NextExit {
    static constexpr Word label = request_label(Protocol::process, 2);
    struct Reply {
        Word pid = 0; ///< 0: no child has ended
        Cause cause = Cause::none;
        Word status = 0; ///< of Exit
        Word ended_at = 0; ///< microseconds of uptime: when it ended, not when it was reaped
        Word started_at = 0; ///< microseconds of uptime
        Word fault_label = 0; ///< abi::Fault
        Word fault_instruction = 0;
        Word fault_address = 0; ///< or vector, or number of the system call
        Word refusal = 0; ///< pager::Refusal
    };
};

/// With a notification capability: it is signalled whenever a child of the caller has ended.
struct WatchExits {
    static constexpr Word label = request_label(Protocol::process, 3);
    using Carries = CapabilityList<Signal>;
    using Reply = Empty;
};

/// Ends a process: PID 1 any but itself, others their own children. Its end is reported as killed.
struct Kill {
    static constexpr Word label = request_label(Protocol::process, 4);
    using Reply = Empty;
    Word pid = 0;
};

/// Asks a process to end by itself, by a signal with stop_badge_bit on its own notification: whom Kill may end. Whether it
/// does, and when, is its own affair: whoever asks waits for its end, and kills it if that does not come.
struct AskToEnd {
    static constexpr Word label = request_label(Protocol::process, 16);
    using Reply = Empty;
    Word pid = 0;
};

/// ended: it waits to be reaped by NextExit.
enum class State : uint8_t { none, running, ended };

/// Processes in ascending order of their numbers, from `from` on; ended ones not yet reaped included.
struct List {
    static constexpr Word label = request_label(Protocol::process, 5);
    /// One process.
    struct Entry {
        Word pid = 0;
        Word parent = 0; ///< 0 = init
        Word started_at = 0; ///< microseconds of uptime
        State state = State::none;
        uint8_t priority = 0;
        char name[30] = {}; ///< zero-terminated, the last part of the path, cut to fit
    };
    struct Reply {
        Word count = 0;
        Word next = 0; ///< ask again with this; 0 = that was all
        Entry entries[14] = {};
    };
    Word from = 0;
};

/// Signals a notification once, after `microseconds`, in steps of 10 ms, never early. With a notification capability,
/// which is kept for later alarms of this process. One alarm at a time: a new one replaces it, 0 takes it back.
struct Alarm {
    static constexpr Word label = request_label(Protocol::process, 6);
    using Carries = CapabilityList<Signal>;
    using Reply = Empty;
    Word microseconds = 0; ///< from now; 0: no alarm
};

/// How long the system has been up, and how fast the time-stamp counter runs.
struct Uptime {
    static constexpr Word label = request_label(Protocol::process, 7);
    struct Reply {
        Word microseconds = 0; ///< since init started
        Word tsc_mhz = 0; ///< ticks in a microsecond
    };
};

/// Switches the machine off. From PID 1, at once: it comes back only with an error. From the console: PID 1 is asked to end, which
/// ends its services and then comes with this request itself; if it does not in 30 s, or at a second request, at once.
struct PowerOff {
    static constexpr Word label = request_label(Protocol::process, 8);
    using Reply = Empty;
};

/// The pages at kept_address that outlive the caller: zero for the first process that has them, then as the last one left
/// them. 0: none.
struct KeptMemory {
    static constexpr Word label = request_label(Protocol::process, 10);
    struct Reply {
        Word pages = 0; ///< of 4 KiB
    };
};

/// The caller's own number, and its parent's.
struct WhoAmI {
    static constexpr Word label = request_label(Protocol::process, 9);
    struct Reply {
        Word pid = 0;
        Word parent = 0;
    };
};

/// A copy of the caller: the same memory, copied where either writes, and the same registers. It goes on behind this call
/// with pid 0 as answer, as a child with no grants; of the caller's capabilities it has those that every process starts with,
/// its own. For programs of one thread.
struct Fork {
    static constexpr Word label = request_label(Protocol::process, 11);
    struct Reply {
        Word pid = 0; ///< of the child; in the child 0
    };
};

/// Untyped memory of 2^size_bits bytes, 14 to 21, for kernel objects of the caller's own. Its capability comes with the answer, into
/// the receive slot; init takes it back, with all that was made of it, when the caller ends. quota_exceeded, or out_of_memory: of
/// what the machine has set aside for that, no such piece is left.
struct GetUntyped {
    static constexpr Word label = request_label(Protocol::process, 17);
    using Brings = Untyped;
    struct Reply {
        Word given = 0; ///< bytes that the caller has now
        Word limit = 0; ///< and may have
    };
    Word size_bits = 0; ///< log2 of the bytes
};

/// More slots: from now on the caller's CNode (slot::cnode) holds up to 128 CNodes of 256 slots each (sys/proc/slots.hpp). The first
/// is the one that it was, so that all slots keep their numbers; the others the caller makes itself, where it wants them. A second
/// time is already_exists.
struct WidenCSpace {
    static constexpr Word label = request_label(Protocol::process, 18);
    using Reply = Empty;
};

/// Memory of the caller's at dma_address that devices may read and write: neighbours in physical memory, never moved, never another
/// unit's. Zero for the first process of the unit that has them, then as the last one, or a device, has left them. 0: none.
struct DmaMemory {
    static constexpr Word label = request_label(Protocol::process, 20);
    struct Reply {
        Word pages = 0; ///< of 4 KiB
        Word physical = 0; ///< address for the device
    };
};

/// Maps memory of a device, not cached, readable and writable, for as long as the caller lives: within its own range
/// (Spawn::device_first). device_refused, or the pager's overlap: it has that already.
struct MapDevice {
    static constexpr Word label = request_label(Protocol::process, 21);
    struct Reply {
        Word address = 0; ///< in the caller's space
    };
    Word physical = 0; ///< a multiple of the page size, as is
    Word size = 0; ///< bytes
};

/// One English sentence.
constexpr const char* describe(Error value) {
    switch (value) {
    case Error::not_permitted: return "this process may not ask that";
    case Error::no_such_process: return "no such process";
    case Error::no_such_file: return "no such file in the boot archive";
    case Error::not_an_executable: return "not an executable";
    case Error::no_code: return "no executable code at the entry point";
    case Error::too_many_processes: return "too many processes";
    case Error::bad_arguments: return "malformed or too long arguments";
    case Error::out_of_memory: return "out of memory";
    case Error::port_refused: return "these I/O ports cannot be had";
    case Error::interrupt_refused: return "this interrupt line cannot be had";
    case Error::no_capability: return "the request needs a capability";
    case Error::spawn_refused: return "the kernel refused to spawn";
    case Error::no_power_off: return "the machine tells no way to switch it off";
    case Error::device_refused: return "this device memory cannot be had";
    case Error::quota_exceeded: return "more untyped memory than the quota allows";
    case Error::last: break;
    }
    return "unknown error of the process service";
}

static_assert(Request<Spawn> && Request<List> && Request<NextExit> && Request<KeptMemory>);

} // namespace sys::protocol::process
