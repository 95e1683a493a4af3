// SPDX-License-Identifier: BSD-2-Clause
// Thread-local storage, threads, and the run of all cases of the foreign root task.
#include <tests/system/foreign/kit.hpp>

extern "C" {
void thread_start();
extern const uint8_t __ehdr_start[]; // the linker's: the image's first byte
extern void (*__init_array_start[])();
extern void (*__init_array_end[])();

void* memcpy(void* to, const void* from, size_t count) {
    for (size_t i = 0; i < count; ++i)
        static_cast<volatile uint8_t*>(to)[i] = static_cast<const uint8_t*>(from)[i];
    return to;
}
void* memset(void* to, int value, size_t count) {
    for (size_t i = 0; i < count; ++i)
        static_cast<volatile uint8_t*>(to)[i] = static_cast<uint8_t>(value);
    return to;
}
}

namespace foreign {

const BootInfo* boot;
thread_local IpcBuffer* ipc_buffer = nullptr;

namespace {

constexpr Word debug_exit_port = 0xf4;
constexpr unsigned max_threads = 24;
constexpr Word stack_size = 8192, block_size = 256;

Case* first_case = nullptr;
Case** last_case = &first_case;
const char* failure_text;
int failure_line;
Word failure_is, failure_expected;

alignas(64) uint8_t blocks[max_threads + 1][block_size];
alignas(16) uint8_t stacks[max_threads][stack_size];
unsigned threads_started = 0;

/// The part of the ELF header and of a program header that matters here (System V gABI).
struct ElfHeader {
    uint8_t ident[32];
    uint64_t table;
    uint8_t between[14];
    uint16_t entry_size, entries;
};
struct ProgramHeader {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};
constexpr uint32_t pt_tls = 7;

/// Lays out a thread's storage: the image's thread-local data right below its thread pointer. Answers the pointer.
Word lay_out_block(uint8_t* block) {
    const auto& header = *reinterpret_cast<const ElfHeader*>(__ehdr_start);
    const uint8_t* entry = __ehdr_start + header.table;
    Word pointer = reinterpret_cast<Word>(block) + block_size - 64;
    for (unsigned i = 0; i < header.entries; ++i, entry += header.entry_size) {
        const auto& program = *reinterpret_cast<const ProgramHeader*>(entry);
        if (program.type != pt_tls)
            continue;
        pointer &= ~(program.alignment - 1);
        const Word size = (program.memory_size + program.alignment - 1) & ~(program.alignment - 1);
        memcpy(reinterpret_cast<void*>(pointer - size), reinterpret_cast<const void*>(program.address),
               program.file_size);
    }
    *reinterpret_cast<Word*>(pointer) = pointer; // points to itself
    return pointer;
}

/// Where `ipc_buffer` lies in a block that is not this thread's.
IpcBuffer*& buffer_in(Word pointer) {
    Word own;
    asm("movq %%fs:0, %0" : "=r"(own));
    return *reinterpret_cast<IpcBuffer**>(pointer + (reinterpret_cast<Word>(&ipc_buffer) - own));
}

void put(const char* text) {
    for (; *text != 0; ++text)
        enter(sys_debug_put_char, {static_cast<Word>(*text)});
}
void put_number(Word value, Word base) {
    char digits[24];
    unsigned count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (count > 0)
        enter(sys_debug_put_char, {static_cast<Word>(digits[--count])});
}

bool run(const Case& which) {
    failure_text = nullptr;
    which.body();
    put(failure_text == nullptr ? "PASS " : "FAIL ");
    put(which.name);
    if (failure_text != nullptr) {
        put(": line ");
        put_number(static_cast<Word>(failure_line), 10);
        put(": ");
        put(failure_text);
        put(" is 0x");
        put_number(failure_is, 16);
        put(", expected 0x");
        put_number(failure_expected, 16);
    }
    put("\n");
    return failure_text == nullptr;
}

} // namespace

Word ticks_per_microsecond() {
    const auto* chunk = reinterpret_cast<const uint8_t*>(boot) + 4096;
    const uint8_t* const end = chunk + boot->extra_length;
    for (; chunk < end; chunk += reinterpret_cast<const Word*>(chunk)[1]) {
        if (reinterpret_cast<const Word*>(chunk)[0] == 5)
            return *reinterpret_cast<const uint32_t*>(chunk + 16);
    }
    return 0;
}

bool Thread::start(void (*function)(void*), void* argument, Word priority, Word fault_handler, Word budget,
                   Word period) {
    if (threads_started == max_threads)
        return false;
    const unsigned index = threads_started++;
    tcb = make(type_tcb);
    const Word frame = make(type_frame_4k);
    uint8_t* const buffer = map_here(frame);
    if (budget != 0) {
        context = make_context(budget, period);
        if (context == 0)
            return false;
    }
    const Word pointer = lay_out_block(blocks[index + 1]);
    buffer_in(pointer) = reinterpret_cast<IpcBuffer*>(buffer);
    const Word registers[] = {1,
                              20,
                              reinterpret_cast<Word>(&thread_start),
                              reinterpret_cast<Word>(stacks[index]) + stack_size,
                              0x202,
                              0,
                              0,
                              0,
                              0,
                              reinterpret_cast<Word>(argument),
                              reinterpret_cast<Word>(function),
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              0,
                              pointer,
                              0};
    return invoke(tcb, tcb_configure, {0, 0, reinterpret_cast<Word>(buffer)}, {cap_cnode, cap_vspace, frame}).ok() &&
           invoke(tcb, tcb_set_sched_params, {255, priority}, {cap_tcb, context, fault_handler}).ok() &&
           invoke(tcb, tcb_write_registers, registers).ok();
}

Case::Case(const char* title, void (*function)()) : name(title), body(function) {
    *last_case = this;
    last_case = &next;
}

bool check_equal(Word is, Word expected, const char* text, int line) {
    if (is == expected)
        return true;
    if (failure_text == nullptr) {
        failure_text = text;
        failure_line = line;
        failure_is = is;
        failure_expected = expected;
    }
    return false;
}
bool check(bool held, const char* text, int line) { return check_equal(held, true, text, line); }

extern "C" [[noreturn]] void foreign_main(const BootInfo* info) {
    boot = info;
    enter(sys_set_tls_base, {lay_out_block(blocks[0])});
    ipc_buffer = reinterpret_cast<IpcBuffer*>(info->ipc_buffer);
    for (void (**constructor)() = __init_array_start; constructor < __init_array_end; ++constructor)
        (*constructor)();
    const Word port = new_slot();
    const bool can_leave =
        invoke(cap_port_control, port_issue, {debug_exit_port, debug_exit_port, port, 64}, {cap_cnode}).ok();
    set_priority(cap_tcb, base_priority);
    Word passed = 0, failed = can_leave ? 0 : 1;
    for (const Case* each = first_case; each != nullptr; each = each->next)
        ++(run(*each) ? passed : failed);
    put("TESTS DONE ");
    put_number(passed, 10);
    put(" passed ");
    put_number(failed, 10);
    put(" failed\n");
    for (;;)
        invoke(port, port_out8, {debug_exit_port, failed == 0 ? Word{0x10} : Word{0x11}});
}

} // namespace foreign
