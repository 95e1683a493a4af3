// SPDX-License-Identifier: BSD-2-Clause
// The objects that capabilities name.
#pragma once

#include <spec/capability.hpp>

#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace spec {

struct Thread;
struct Reply;
struct SchedContext;

struct Object {
    Type type = Type::null;
    Word address = 0;          ///< physical; of an interrupt line or port range, its number
    unsigned capabilities = 0; ///< slots that name it: with the last one it goes
    Object(Type type, Word address) : type(type), address(address) {}
    Object(const Object&) = delete;
    virtual ~Object() = default;
};

struct CNode : Object {
    unsigned radix;
    std::map<Word, Slot> slots; ///< those that somebody has looked at; the others are empty
    CNode(Word address, unsigned radix) : Object(Type::cnode, address), radix(radix) {}
    Word size() const { return power(radix); }
    Slot& slot(Word index);
};

/// Threads in the order in which they will be served: by priority, first come first served among equals.
using Queue = std::vector<Thread*>;

struct Endpoint : Object {
    Queue senders, receivers; ///< never both
    explicit Endpoint(Word address) : Object(Type::endpoint, address) {}
};

struct Notification : Object {
    std::optional<Word> signals; ///< badges OR-ed, of all signals nobody has seen
    Queue waiters;
    Thread* bound = nullptr;
    SchedContext* context = nullptr;
    explicit Notification(Word address) : Object(Type::notification, address) {}
};

struct Reply : Object {
    Thread* thread = nullptr;        ///< waits for the answer, or receives with this object
    SchedContext* context = nullptr; ///< in whose stack it is
    explicit Reply(Word address) : Object(Type::reply, address) {}
};

/// `amount` ticks that may be used from `time` on.
struct Refill {
    Time time;
    Time amount;
    bool operator==(const Refill&) const = default;
};

struct SchedContext : Object {
    unsigned max_refills;      ///< room in the object
    Thread* thread = nullptr;
    Notification* notification = nullptr;
    std::vector<Reply*> stack; ///< callers that it went through, the last on top (at the back)
    Thread* yielded_from = nullptr;
    Time budget = 0, period = 0; ///< period 0: not configured
    Time consumed = 0;
    Word badge = 0;
    bool sporadic = false;
    unsigned used_refills = 0;   ///< as many as the configuration allows
    std::deque<Refill> refills;
    bool waits = false; ///< for its first refill: until then its thread does not run
    SchedContext(Word address, unsigned bits)
        : Object(Type::sched_context, address), max_refills(2 + static_cast<unsigned>((power(bits) - 128) / 16)) {}
    bool configured() const { return period != 0; }
    bool round_robin() const { return budget == period; }
};

struct Fault {
    FaultType type;
    Word subject = 0; ///< address, capability pointer, vector, system call number, or the context's badge
    Word detail = 0;  ///< error code; whether receiving
    Words lookup;
};

/// A page fault that is told through a keeper table; and the last one, to see that it repeats.
struct Keeping {
    enum class Why : uint8_t { not_supervisor, no_keeper, no_endpoint, denied };
    Word ip = 0, page = ~Word{0};
    unsigned repeats = 0;
    bool went_on = false; ///< it ended because the tables permitted it when it was to be told
    unsigned keeper = 0; ///< who was asked; 0: the supervisor
    Why why = Why::not_supervisor; ///< why it is the supervisor's
    Word denial = 0;
    PageRights rights; ///< that pages may get
    std::optional<Word> shown_cookie; ///< by who forwarded it
    bool authority_ended = false; ///< space or table of the thread have changed: no answer may map
};

/// What a thread does with an endpoint that it is queued on.
struct Sending {
    Word badge = 0;
    bool call = false;
    bool grant = false, grant_reply = false;
};

enum class ThreadState : uint8_t { stopped, running, sending, receiving, awaiting_reply, waiting };

/// Capabilities inside a TCB.
enum ThreadSlot : unsigned { cspace, vspace, fault_handler, timeout_handler, ipc_buffer };
inline constexpr unsigned thread_slot_count = 5;

struct Thread : Object {
    Registers registers{};
    std::array<Slot, thread_slot_count> slots;
    Word buffer_address = 0; ///< 0: none
    ThreadState state = ThreadState::stopped;
    Time stopped_at = 0; ///< when it last stopped running, began to wait, or was suspended
    unsigned priority = 0, mcp = 0;
    bool fpu_disabled = false;
    Word fpu = 0; ///< stands for the content of its FPU registers; 0 = as a new thread finds them

    Endpoint* endpoint = nullptr;         ///< sending, receiving
    Notification* waits_on = nullptr;     ///< waiting
    Reply* reply = nullptr;               ///< receiving: offered; awaiting_reply
    Sending sending;
    std::optional<Fault> fault;           ///< what its handler has not answered
    Keeping keeping;

    SchedContext* context = nullptr;
    SchedContext* yielded_to = nullptr;   ///< its YieldTo has not been answered
    bool yield_is_call = false;
    Notification* bound = nullptr;

    explicit Thread(Word address);
    Capability& cap(ThreadSlot which) { return slots[which].cap; }
    const Capability& cap(ThreadSlot which) const { return slots[which].cap; }
    bool blocked() const { return state > ThreadState::running; }
};

/// Memory: pages of words, made when first written.
struct Frame : Object {
    unsigned bits;
    bool device;
    std::map<Word, std::array<Word, 512>> pages;
    Frame(Word address, unsigned bits, bool device) : Object(Type::frame, address), bits(bits), device(device) {}
    Word read(Word offset) const;
    void write(Word offset, Word value);
};

/// An entry of a table: nothing, another table, or a page; and what pagers note in it. Objects by address: in a table that
/// no space contains any more, entries may outlive what they name.
struct TableEntry {
    enum class Kind : uint8_t { absent, table, page };
    Kind kind = Kind::absent;
    Word address = 0; ///< of the table or frame
    bool read = false, write = false; ///< pages
    Word attributes = 0; ///< pages
    unsigned keeper = 0; ///< index of who pages what lies below; 0: as the level above says
    Word cookie = 0; ///< absent: the pager's own; 0: none
    bool accessed = false, dirty = false; ///< what the CPU has noted
    bool is_page() const { return kind == Kind::page; }
    bool is_table() const { return kind == Kind::table; }
    bool present() const { return kind != Kind::absent; }
    bool empty() const { return !present() && cookie == 0; }
    /// The same place with nothing there but a cookie.
    TableEntry without(Word new_cookie = 0) const { return {.keeper = keeper, .cookie = new_cookie}; }
    bool operator==(const TableEntry&) const = default;
};

/// Page table, page directory, PDPT or PML4 (its user half).
struct Table : Object {
    std::map<unsigned, TableEntry> entries; ///< those that are not all zero
    Table(Type type, Word address) : Object(type, address) {}
    TableEntry entry(unsigned index) const;
    void set(unsigned index, const TableEntry& entry);
};

inline constexpr unsigned spaces_per_pool = 512, pool_count = 8;

struct AsidPool : Object {
    unsigned index;
    std::map<unsigned, Table*> spaces;
    AsidPool(Word address, unsigned index) : Object(Type::asid_pool, address), index(index) {}
};

/// A pin of the I/O APIC: which line it interrupts, and how.
struct Pin {
    Word line = 0;
    bool masked = true, level_triggered = false, active_low = false;
};

/// An interrupt line that has handlers.
struct IrqLine : Object {
    Slot handler; ///< the notification to signal
    std::optional<Word> pin; ///< of the I/O APIC; none: message-signalled
    Pin routing; ///< of that pin
    explicit IrqLine(Word vector);
};

/// Ports first..last, both included.
struct PortRange : Object {
    Word first, last;
    PortRange(Word first, Word last) : Object(Type::io_ports, first | last << 16), first(first), last(last) {}
};

// Typed access, where the type has been checked.
template <class T>
T& object_of(const Capability& cap) {
    return static_cast<T&>(*cap.object);
}

} // namespace spec
