// SPDX-License-Identifier: BSD-2-Clause
// Memory from init, into an allocator over the process's CNode.
#include <sys/ipc/call.hpp>
#include <sys/proc/objects.hpp>
#include <sys/proc/slots.hpp>
#include <sys/protocol/process.hpp>

namespace sys {

namespace {

constexpr Word most_slots = Word{1} << (slot::cnode_bits + slot::wide_bits);
constexpr Word first_slots = (Word{1} << slot::cnode_bits) - slot::first_allocated;

class Init final : public MemorySource {
public:
    Result<void> get(unsigned bits, Word into) override {
        TRY(call_for(Endpoint(slot::process_service), protocol::process::GetUntyped{bits}, Object(slot::cnode), into));
        return {};
    }
    Result<void> widen() override {
        TRY(call(Endpoint(slot::process_service), protocol::process::WidenCSpace{}));
        return {};
    }
};

constinit uint16_t links[most_slots]; // a page of it is there when its slots are
struct Own {
    StaticSlotAllocator<most_slots - slot::first_allocated> slots{slot::first_allocated, first_slots};
    CSpace space{CNode(slot::cnode), slots};
    Init init;
    ObjectAllocator objects{space, init, links, slot::cnode_bits, slot::wide_bits};
};

Own& own() {
    static Own instance;
    return instance;
}

} // namespace

ObjectAllocator& objects() { return own().objects; }
CSpace& own_space() { return own().space; }

} // namespace sys
