// SPDX-License-Identifier: BSD-2-Clause
#include <spec/objects.hpp>

namespace spec {

Slot& CNode::slot(Word index) {
    Slot& slot = slots[index];
    slot.place = {address, index};
    return slot;
}

Thread::Thread(Word address) : Object(Type::tcb, address) {
    registers[rflags] = initial_flags;
    for (Word i = 0; i < slots.size(); i++)
        slots[i].place = {address, i};
}

IrqLine::IrqLine(Word vector) : Object(Type::irq_handler, vector) { handler.place = {vector, 0}; }

Word Frame::read(Word offset) const {
    const auto page = pages.find(offset / 4096);
    return page == pages.end() ? 0 : page->second[offset % 4096 / 8];
}

TableEntry Table::entry(unsigned index) const {
    const auto found = entries.find(index);
    return found == entries.end() ? TableEntry{} : found->second;
}

void Table::set(unsigned index, const TableEntry& entry) {
    if (entry == TableEntry{})
        entries.erase(index);
    else
        entries[index] = entry;
}

void Frame::write(Word offset, Word value) { pages[offset / 4096][offset % 4096 / 8] = value; }

} // namespace spec
