// SPDX-License-Identifier: BSD-2-Clause
// Objects, mappings, threads and messages for the foreign root task.
#include <tests/system/foreign/kit.hpp>

extern "C" void thread_start();

namespace foreign {
namespace {

constexpr Word page = 4096;
constexpr Word first_free_page = 0x1'0000'0000; // far behind the image, in a part of the space of its own
constexpr Word cnode_depth = 64;

Word next_slot;
Word next_page = first_free_page;
Word memory; ///< the untyped that objects come from

void put_words(Registers& registers, Words words) {
    for (Word i = 0; i < words.count; ++i) {
        if (i < 4)
            registers.mr[i] = words.at[i];
        else
            ipc_buffer->words[i] = words.at[i];
    }
}

template <class To>
void take_words(const Registers& registers, To& to) {
    for (Word i = 0; i < length_of(registers.info) && i < 24; ++i)
        to.words[i] = i < 4 ? registers.mr[i] : ipc_buffer->words[i];
}

Message to_message(const Registers& registers) {
    Message message;
    message.badge = registers.target;
    message.info = registers.info;
    take_words(registers, message);
    return message;
}

} // namespace

Answer invoke_list(Word target, Word label, Words words, Words caps) {
    Registers registers{target, make_info(label, words.count, caps.count), {}};
    put_words(registers, words);
    for (Word i = 0; i < caps.count; ++i)
        ipc_buffer->caps_or_badges[i] = caps.at[i];
    registers = enter(sys_call, registers);
    Answer answer;
    answer.label = label_of(registers.info);
    answer.length = length_of(registers.info);
    answer.badge = registers.target;
    take_words(registers, answer);
    return answer;
}

Word new_slot() {
    if (next_slot == 0)
        next_slot = boot->empty.start;
    return next_slot++;
}

Word find_ram(unsigned size_bits) {
    for (Word i = 0; i < boot->untyped.end - boot->untyped.start; ++i) {
        if (!boot->pieces[i].is_device && boot->pieces[i].size_bits == size_bits)
            return boot->untyped.start + i;
    }
    return 0;
}

Word make_from(Word untyped, Word type, Word size_bits) {
    const Word slot = new_slot();
    const bool made = invoke(untyped, untyped_retype, {type, size_bits, 0, 0, slot, 1}, {cap_cnode}).ok();
    return made ? slot : 0;
}

Word make(Word type, Word size_bits) {
    // The largest below 1 GiB: that one has a case of its own.
    for (unsigned bits = 29; memory == 0 && bits > 20; --bits)
        memory = find_ram(bits);
    return make_from(memory, type, size_bits);
}

Word device_frame(Word address) {
    for (Word i = 0; i < boot->untyped.end - boot->untyped.start; ++i) {
        const UntypedPiece& piece = boot->pieces[i];
        if (!piece.is_device || address < piece.address || address - piece.address >= Word{1} << piece.size_bits)
            continue;
        Word base = piece.address, from = boot->untyped.start + i;
        for (unsigned bits = piece.size_bits; bits > 12; --bits) {
            Word half = make_from(from, type_untyped, bits - 1);
            const Word middle = base + (Word{1} << (bits - 1));
            if (address >= middle) {
                half = make_from(from, type_untyped, bits - 1);
                base = middle;
            }
            from = half;
        }
        return make_from(from, type_frame_4k);
    }
    return 0;
}

bool copy(Word to, Word from, Word rights) {
    return invoke(cap_cnode, cnode_copy, {to, cnode_depth, from, cnode_depth, rights}, {cap_cnode}).ok();
}
bool mint(Word to, Word from, Word badge) {
    return invoke(cap_cnode, cnode_mint, {to, cnode_depth, from, cnode_depth, 15, badge}, {cap_cnode}).ok();
}
bool remove(Word slot) { return invoke(cap_cnode, cnode_delete, {slot, cnode_depth}).ok(); }
bool revoke(Word slot) { return invoke(cap_cnode, cnode_revoke, {slot, cnode_depth}).ok(); }

bool map(Word frame, Word space, Word address, Word rights, Word attributes) {
    for (unsigned attempts = 0; attempts < 4; ++attempts) {
        const Answer answer = invoke(frame, page_map, {address, rights, attributes}, {space});
        if (answer.ok())
            return true;
        if (answer.label != 6 || answer.words[1] != 2) // a lookup that failed, for want of something
            return false;
        const Word left = answer.words[2];
        const Word type = left == 39 ? type_pdpt : left == 30 ? type_page_directory : type_page_table;
        const Word method = left == 39 ? pdpt_map : left == 30 ? directory_map : table_map;
        if (!invoke(make(type), method, {address, 0}, {space}).ok())
            return false;
    }
    return false;
}

Word new_page() {
    next_page += page;
    return next_page - page;
}

uint8_t* map_here(Word frame, Word attributes) {
    const Word address = new_page();
    return map(frame, cap_vspace, address, 3, attributes) ? reinterpret_cast<uint8_t*>(address) : nullptr;
}

bool configure_context(Word context, Word budget, Word period, Word badge, Word flags) {
    return invoke(boot->sched_control.start, sched_configure_flags, {budget, period, 0, badge, flags}, {context}).ok();
}

Word make_context(Word budget, Word period, Word badge) {
    const Word context = make(type_sched_context, 9);
    return context != 0 && configure_context(context, budget, period, badge) ? context : 0;
}

bool set_priority(Word tcb, Word priority) { return invoke(tcb, tcb_set_priority, {priority}, {cap_tcb}).ok(); }

void Thread::end() {
    remove(tcb);
    remove(context);
}

Word now() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return Word{high} << 32 | low;
}

void burn(Word microseconds) {
    const Word start = now();
    while (now() - start < microseconds * ticks_per_microsecond()) {
    }
}

Message receive(Word endpoint, Word reply) { return to_message(enter(sys_recv, {endpoint}, reply)); }
Message poll(Word endpoint, Word reply) { return to_message(enter(sys_nb_recv, {endpoint}, reply)); }

Message call(Word endpoint, Word label, Words words) {
    Registers registers{endpoint, make_info(label, words.count), {}};
    put_words(registers, words);
    return to_message(enter(sys_call, registers));
}

void send(Word target, Word label, Words words) {
    Registers registers{target, make_info(label, words.count), {}};
    put_words(registers, words);
    enter(sys_send, registers);
}

Word wait(Word notification) { return enter(sys_wait, {notification}).target; }
Word poll_notification(Word notification) { return enter(sys_nb_wait, {notification}).target; }
void signal(Word notification) { enter(sys_nb_send, {notification}); }

} // namespace foreign
