// SPDX-License-Identifier: BSD-2-Clause
// Devices: ACPI tables, ports, timers by memory and by port, interrupts by pin and by message.
#include <tests/system/foreign/kit.hpp>

using namespace foreign;

namespace {

constexpr Word uncached = 3;

/// Device memory is handed out upwards, so each page of a region is taken once, in one go.
struct Tables {
    const uint8_t* start = nullptr;
    Word address = 0, pages = 0;
    bool holds(Word at, Word bytes) const { return at >= address && at + bytes <= address + pages * 4096; }
    const uint8_t* at(Word physical) const { return start + (physical - address); }
};
Tables tables;

template <class T>
T get(const uint8_t* at) {
    T value;
    memcpy(&value, at, sizeof(value));
    return value;
}

const uint8_t* rsdp() {
    const auto* chunk = reinterpret_cast<const uint8_t*>(boot) + 4096;
    for (const uint8_t* end = chunk + boot->extra_length; chunk < end; chunk += get<Word>(chunk + 8))
        if (get<Word>(chunk) == 3)
            return chunk + 16;
    return nullptr;
}

/// Maps the whole piece of device memory that a table lies in.
bool map_tables(Word physical) {
    for (Word i = 0; i < boot->untyped.end - boot->untyped.start; ++i) {
        const UntypedPiece& piece = boot->pieces[i];
        if (!piece.is_device || physical < piece.address || physical - piece.address >= Word{1} << piece.size_bits)
            continue;
        tables.address = piece.address;
        tables.pages = (Word{1} << piece.size_bits) / 4096;
        if (tables.pages > 512)
            return false;
        for (Word page = 0; page < tables.pages; ++page) {
            const Word frame = make_from(boot->untyped.start + i, type_frame_4k);
            const uint8_t* const at = frame == 0 ? nullptr : map_here(frame);
            if (at == nullptr)
                return false;
            tables.start = page == 0 ? at : tables.start;
        }
        return true;
    }
    return false;
}

/// The table with this signature, by the root table; null if there is none.
const uint8_t* find_table(const char* signature) {
    const Word root = get<uint32_t>(rsdp() + 16);
    if (tables.start == nullptr && !map_tables(root))
        return nullptr;
    const Word entries = (get<uint32_t>(tables.at(root) + 4) - 36) / 4;
    for (Word i = 0; i < entries; ++i) {
        const Word at = get<uint32_t>(tables.at(root) + 36 + 4 * i);
        if (tables.holds(at, 36) &&
            get<uint32_t>(tables.at(at)) == get<uint32_t>(reinterpret_cast<const uint8_t*>(signature)))
            return tables.at(at);
    }
    return nullptr;
}

volatile uint8_t* hpet;
Word read_hpet(Word offset) { return *reinterpret_cast<volatile Word*>(hpet + offset); }
void write_hpet(Word offset, Word value) { *reinterpret_cast<volatile Word*>(hpet + offset) = value; }

bool start_hpet() {
    if (hpet != nullptr)
        return true;
    const uint8_t* const table = find_table("HPET");
    if (table == nullptr)
        return false;
    const Word frame = device_frame(get<Word>(table + 44));
    hpet = frame == 0 ? nullptr : map_here(frame, uncached);
    if (hpet == nullptr)
        return false;
    write_hpet(0x10, 1);
    return true;
}
/// One interrupt of timer 0, so many counter ticks from now.
void arm(Word mode, Word pin, Word ticks) {
    write_hpet(0x100, mode | pin << 9);
    write_hpet(0x108, read_hpet(0xf0) + ticks);
    write_hpet(0x100, mode | pin << 9 | 1 << 2);
}
void disarm() {
    write_hpet(0x100, read_hpet(0x100) & ~Word{4});
    write_hpet(0x20, 1);
}

} // namespace

SYSTEM_TEST("foreign: ACPI tables are read out of device memory: MADT with a checksum and an I/O APIC") {
    const uint8_t* const madt = find_table("APIC");
    NEED(madt != nullptr);
    const auto length = get<uint32_t>(madt + 4);
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; ++i)
        sum = static_cast<uint8_t>(sum + madt[i]);
    EXPECT_EQUAL(sum, 0);
    EXPECT_EQUAL(get<uint32_t>(madt + 36), 0xfee0'0000);
    bool io_apic = false;
    for (uint32_t at = 44; at + 1 < length && madt[at + 1] != 0; at += madt[at + 1])
        io_apic = io_apic || (madt[at] == 1 && get<uint32_t>(madt + at + 4) == 0xfec0'0000);
    EXPECT(io_apic);
}

SYSTEM_TEST("foreign: the HPET is found by its table, mapped as device memory, and counts") {
    NEED(start_hpet());
    EXPECT_EQUAL(read_hpet(0) >> 32, 10'000'000); // femtoseconds a tick
    const Word first = read_hpet(0xf0);
    burn(100);
    const Word later = read_hpet(0xf0);
    EXPECT(later - first >= 9000 && later - first <= 12000); // ticks of 10 ns
}

SYSTEM_TEST("foreign: an interrupt through the I/O APIC wakes who waits, is masked, and comes again after Ack") {
    NEED(start_hpet());
    constexpr Word pin = 21;
    const Word notification = make(type_notification), badged = new_slot(), handler = new_slot();
    NEED(mint(badged, notification, 0x100));
    NEED(invoke(cap_irq_control, irq_get_ioapic, {handler, 64, 0, pin, 1, 0, 70}, {cap_cnode}).ok());
    NEED(invoke_caps(handler, irq_set_notification, {badged}).ok());
    for (unsigned i = 0; i < 5; ++i) {
        arm(1 << 1, pin, 5000); // level, in 50 us
        const Word start = now();
        EXPECT_EQUAL(wait(notification), 0x100);
        EXPECT(now() - start >= 45 * ticks_per_microsecond());
        burn(50);
        EXPECT_EQUAL(poll_notification(notification), 0); // still asserted, and masked
        disarm();
        EXPECT(invoke(handler, irq_ack).ok());
    }
    EXPECT(remove(handler));
}

SYSTEM_TEST("foreign: an interrupt by message needs no Ack") {
    NEED(start_hpet());
    const Word notification = make(type_notification), badged = new_slot(), handler = new_slot();
    NEED(mint(badged, notification, 0x200));
    NEED(invoke(cap_irq_control, irq_get_msi, {handler, 64, 0, 0, 0, 0, 71}, {cap_cnode}).ok());
    NEED(invoke_caps(handler, irq_set_notification, {badged}).ok());
    write_hpet(0x110, Word{0xfee0'0000} << 32 | (48 + 71));
    for (unsigned i = 0; i < 5; ++i) {
        arm(1 << 14, 0, 3000);
        EXPECT_EQUAL(wait(notification), 0x200);
    }
    disarm();
    EXPECT(invoke(handler, irq_clear).ok());
    EXPECT(remove(handler));
}

SYSTEM_TEST("foreign: an interrupt preempts a thread that never enters the kernel") {
    NEED(start_hpet());
    static volatile Word turns;
    const Word notification = make(type_notification), handler = new_slot();
    NEED(invoke(cap_irq_control, irq_get_msi, {handler, 64, 0, 0, 0, 0, 72}, {cap_cnode}).ok());
    NEED(invoke_caps(handler, irq_set_notification, {notification}).ok());
    write_hpet(0x110, Word{0xfee0'0000} << 32 | (48 + 72));
    Thread spinner;
    NEED(spinner.start(
        [](void*) {
            for (;;)
                turns = turns + 1;
        },
        nullptr, base_priority - 1, 0, 50000, 50000));
    arm(1 << 14, 0, 20000); // 200 us
    wait(notification);
    const Word at_wake = turns;
    EXPECT(at_wake > 100);
    disarm();
    spinner.end();
    EXPECT(remove(handler));
}

SYSTEM_TEST("foreign: the PIT is programmed through ports and interrupts through pin 2") {
    const Word ports = new_slot(), handler = new_slot(), notification = make(type_notification);
    NEED(invoke(cap_port_control, port_issue, {0x40, 0x43, ports, 64}, {cap_cnode}).ok());
    NEED(invoke(cap_irq_control, irq_get_ioapic, {handler, 64, 0, 2, 0, 0, 73}, {cap_cnode}).ok());
    const Word badged = new_slot();
    NEED(mint(badged, notification, 1));
    NEED(invoke_caps(handler, irq_set_notification, {badged}).ok());
    EXPECT(invoke(ports, port_out8, {0x43, 0x34}).ok());
    EXPECT(invoke(ports, port_out8, {0x40, 1193 & 0xff}).ok());
    EXPECT(invoke(ports, port_out8, {0x40, 1193 >> 8}).ok());
    wait(notification);
    invoke(handler, irq_ack);
    const Word start = now();
    for (unsigned i = 0; i < 10; ++i) {
        wait(notification);
        EXPECT(invoke(handler, irq_ack).ok());
    }
    const Word milliseconds = (now() - start) / ticks_per_microsecond() / 1000;
    EXPECT(milliseconds >= 9 && milliseconds <= 11);
    EXPECT(invoke(ports, port_out8, {0x43, 0x30}).ok());
    EXPECT_EQUAL(invoke(ports, port_in16, {0x43}).label, 3); // not wholly inside
    EXPECT(remove(handler) && remove(ports));
}

SYSTEM_TEST("foreign: the clock chip's time is read through its two ports") {
    const Word ports = new_slot();
    NEED(invoke(cap_port_control, port_issue, {0x70, 0x71, ports, 64}, {cap_cnode}).ok());
    NEED(invoke(ports, port_out8, {0x70, 0x09}).ok());
    EXPECT_EQUAL(invoke(ports, port_in8, {0x71}).words[0], 0x00); // the machine's year is 2000
    EXPECT(remove(ports));
}

SYSTEM_TEST("foreign: the BIOS area is device memory with the firmware in it") {
    const Word frame = device_frame(0xff000);
    NEED(frame != 0);
    const uint8_t* const bytes = map_here(frame);
    NEED(bytes != nullptr);
    EXPECT_EQUAL(bytes[0xff0], 0xea); // the jump at the reset vector
}
