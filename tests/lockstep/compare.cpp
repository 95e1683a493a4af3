// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/compare.hpp>

#include <lockstep/kernel_view.hpp>
#include <lockstep/spec_view.hpp>

#include <spec/message.hpp>

#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace lockstep {
namespace {

using namespace spec;
using kernel_view::Place;

[[noreturn]] void differ(const char* what, Word address, Word index, const std::string& how) {
    char text[120];
    std::snprintf(text, sizeof text, "%s 0x%" PRIx64 "[%" PRIu64 "]: ", what, address, index);
    throw Divergence(text + how);
}

[[noreturn]] void differ(const Slot& slot, const char* how) {
    differ("slot", slot.place.holder, slot.place.index, how + (" (" + spec_view::slot(slot).text()) + ")");
}

void same(const char* what, Word address, Word index, const Record& kernel, const Record& specification) {
    if (!(kernel == specification))
        differ(what, address, index, Record::difference(kernel, specification));
}

void same(const char* what, Word kernel, Word specification) {
    if (kernel == specification)
        return;
    Record one, other;
    one.add(what, kernel);
    other.add(what, specification);
    throw Divergence(Record::difference(one, other));
}

/// The kernel's slot for one of the specification's.
Place place_of(const System& system, const Slot& slot) {
    if (slot.place.holder < irq_line_count)
        return kernel_view::irq_slot(slot.place.holder);
    const Object& holder = *system.objects.at(slot.place.holder);
    return holder.type == Type::cnode
               ? kernel_view::cnode_slot(holder.address, slot.place.index)
               : kernel_view::thread_slot(holder.address, static_cast<unsigned>(slot.place.index));
}

void compare_slot(const char* what, const Slot& slot, Place place) {
    if (slot.empty() && kernel_view::is_empty(place))
        return;
    same(what, slot.place.holder, slot.place.index, kernel_view::slot(place), spec_view::slot(slot));
}

void compare_thread(Thread& thread) {
    same("thread", thread.address, 0, kernel_view::thread(thread.address), spec_view::thread(thread));
    same("FPU registers", thread.address, 0, kernel_view::fpu(thread.address), spec_view::fpu(thread));
}

void compare_object(const System& system, Object& object) {
    const Word address = object.address;
    switch (object.type) {
    case Type::cnode: {
        for (const auto& [index, slot] : static_cast<const CNode&>(object).slots)
            compare_slot("slot", slot, kernel_view::cnode_slot(address, index));
        break;
    }
    case Type::tcb: {
        auto& thread = static_cast<Thread&>(object);
        compare_thread(thread);
        for (unsigned i = 0; i < thread_slot_count; i++)
            compare_slot("TCB's slot", thread.slots[i], kernel_view::thread_slot(address, i));
        break;
    }
    case Type::endpoint:
        same("endpoint", address, 0, kernel_view::endpoint(address),
             spec_view::endpoint(static_cast<const Endpoint&>(object)));
        break;
    case Type::notification:
        same("notification", address, 0, kernel_view::notification(address),
             spec_view::notification(static_cast<const Notification&>(object)));
        break;
    case Type::reply:
        same("reply", address, 0, kernel_view::reply(address), spec_view::reply(static_cast<const Reply&>(object)));
        break;
    case Type::sched_context:
        same("scheduling context", address, 0, kernel_view::sched_context(address),
             spec_view::sched_context(system, static_cast<const SchedContext&>(object)));
        break;
    case Type::page_table:
    case Type::page_directory:
    case Type::pdpt:
    case Type::pml4: compare_table(static_cast<const Table&>(object)); break;
    default: break;
    }
}

/// The slots in the order in which Revoke would reach them.
class Order {
public:
    explicit Order(const System& system) : system_(system) {}

    /// `root` and its descendants, one behind the other in the kernel's list.
    void follow(const Slot& root) {
        last_ = nullptr;
        visit(root);
        // What stands behind the last descendant is nobody's child.
        const Place behind = kernel_view::next(last_);
        if (behind && kernel_view::is_parent(place_of(system_, root), behind))
            differ(root, "the kernel knows a further descendant");
    }

private:
    void visit(const Slot& slot) {
        const Place place = place_of(system_, slot);
        if (last_ && kernel_view::next(last_) != place)
            differ(slot, "stands elsewhere in the kernel's derivation list");
        if (kernel_view::has_children(place) != has_children(slot))
            differ(slot, has_children(slot) ? "has no children in the kernel" : "has children in the kernel");
        last_ = place;
        for (const Slot* child : slot.children)
            visit(*child);
    }

    const System& system_;
    Place last_ = nullptr;
};

template <class Visitor>
void for_each_slot(const System& system, Visitor&& visit) {
    for (const auto& [_, object] : system.objects) {
        if (object->type == Type::cnode) {
            for (const auto& [_, slot] : static_cast<const CNode&>(*object).slots) {
                if (!slot.empty())
                    visit(slot);
            }
        } else if (object->type == Type::tcb) {
            for (const Slot& slot : static_cast<const Thread&>(*object).slots) {
                if (!slot.empty())
                    visit(slot);
            }
        }
    }
    for (const auto& [_, line] : system.irq_lines) {
        if (!line->handler.empty())
            visit(line->handler);
    }
}

void compare_buffer(Thread& thread) {
    const Buffer buffer = buffer_of(thread);
    if (!buffer)
        return;
    const Word* const kernel = kernel_view::memory(buffer.frame->address + buffer.offset);
    static constexpr std::array<Word, 512> zeroes{};
    const auto page = buffer.frame->pages.find(buffer.offset / 4096);
    const Word* const specification =
        (page == buffer.frame->pages.end() ? zeroes.data() : page->second.data()) + buffer.offset % 4096 / 8;
    if (std::memcmp(kernel, specification, buffer::bytes) == 0)
        return;
    for (unsigned i = 0; i < buffer::words; i++) {
        Record one, other;
        one.add("word", kernel[i]);
        other.add("word", specification[i]);
        same("IPC buffer", buffer.frame->address + buffer.offset, i, one, other);
    }
}

void compare_processor(const System& system) {
    same("running thread", kernel_view::running(), system.current ? system.current->address : 0);
    // The timer may go off too early, never too late.
    if (kernel_view::timer() > system.deadline)
        same("timer", kernel_view::timer(), system.deadline);
}

void compare_ready(const System& system) {
    auto queue = system.ready.begin();
    static const std::deque<Thread*> nobody;
    for (unsigned priority = 256; priority-- > 0;) {
        const bool known = queue != system.ready.end() && queue->first == priority;
        same("ready queue", priority, 0, kernel_view::ready(priority),
             spec_view::queue(known ? queue->second : nobody));
        if (known)
            ++queue;
    }
}

/// Slots that nobody has looked at are empty.
void compare_untouched(const CNode& cnode) {
    for (Word i = 0; i < cnode.size(); i++) {
        if (!kernel_view::is_empty(kernel_view::cnode_slot(cnode.address, i)) && !cnode.slots.contains(i))
            differ("slot", cnode.address, i, "only the kernel has something there");
    }
}

void compare_frame(const Frame& frame) {
    if (frame.device)
        return;
    static constexpr std::array<Word, 512> zeroes{};
    for (Word page = 0; page < power(frame.bits) / 4096; page++) {
        const auto found = frame.pages.find(page);
        const Word* const expected = found == frame.pages.end() ? zeroes.data() : found->second.data();
        if (std::memcmp(kernel_view::memory(frame.address + page * 4096), expected, 4096) != 0)
            differ("frame", frame.address, page, "its memory is not what was written to it");
    }
}

} // namespace

void compare_running(const System& system, Word caller) {
    compare_processor(system);
    for (const Word address : {caller, system.current ? system.current->address : 0}) {
        const auto found = system.objects.find(address);
        if (found == system.objects.end() || found->second->type != Type::tcb)
            continue;
        auto& thread = static_cast<Thread&>(*found->second);
        compare_thread(thread);
        compare_buffer(thread);
    }
}

void compare(const System& system) {
    for (const auto& [_, object] : system.objects)
        compare_object(system, *object);
    for (const auto& [_, line] : system.irq_lines)
        compare_slot("interrupt handler", line->handler, kernel_view::irq_slot(line->address));
    Order order(system);
    for_each_slot(system, [&](const Slot& slot) {
        if (!slot.parent)
            order.follow(slot);
    });
    for (const auto& [_, object] : system.objects) {
        if (object->type == Type::tcb)
            compare_buffer(static_cast<Thread&>(*object));
    }
    compare_processor(system);
    compare_ready(system);
}

void compare_thoroughly(const System& system) {
    for_each_slot(system, [&](const Slot& slot) {
        for (const Slot* ancestor = slot.parent; ancestor; ancestor = ancestor->parent) {
            if (!kernel_view::is_parent(place_of(system, *ancestor), place_of(system, slot)))
                differ(slot, "is not the descendant it should be");
        }
    });
    for (const auto& [_, object] : system.objects) {
        if (object->type == Type::cnode)
            compare_untouched(static_cast<const CNode&>(*object));
    }
    for (unsigned line = 0; line < irq_line_count; line++) {
        const auto found = system.irq_lines.find(line);
        same("interrupt line", line, 0, kernel_view::irq_line(line),
             spec_view::irq_line(found == system.irq_lines.end() ? nullptr : found->second.get()));
    }
    for (unsigned i = 0; i < pool_count; i++) {
        same("ASID pool", i, 0, kernel_view::asid_pool(i), spec_view::asid_pool(system.asid_pools[i]));
    }
    for (unsigned i = 0; i < system.machine.pins_each; i++) {
        const auto found = system.pins.find(i);
        same("pin", i, 0, kernel_view::pin(i), spec_view::pin(found == system.pins.end() ? Pin{} : found->second));
    }
    compare_spaces(system);
    for (const auto& [_, object] : system.objects) {
        if (object->type == Type::frame)
            compare_frame(static_cast<const Frame&>(*object));
    }
}

} // namespace lockstep
