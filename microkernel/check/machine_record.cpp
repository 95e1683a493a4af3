// SPDX-License-Identifier: BSD-2-Clause
#include <arch/x86_64/cpu/entry_area.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <check/machine_record.hpp>

#include <algorithm>

namespace kernel {
namespace {

constexpr Word paint = 0x756e'7573'6564'2e2e;

constinit MachineRecord record{};

/// Many words as one, which differs if any of them does.
class Fingerprint {
public:
    void add(Word word) { value_ = (value_ ^ word) * 0x9e37'79b9'7f4a'7c15 + (value_ >> 29); }
    void add(const x86::TablePointer& table) {
        add(table.base);
        add(table.limit);
        for (Word offset = 0; offset < table.limit + Word{1}; offset += sizeof(Word))
            add(*reinterpret_cast<const Word*>(table.base + offset));
    }
    Word value() const { return value_; }

private:
    Word value_ = 0;
};

Word fingerprint_now() {
    Fingerprint all;
    for (const uint32_t msr :
         {x86::msr::efer, x86::msr::star, x86::msr::lstar, x86::msr::fmask, x86::msr::pat, x86::msr::apic_base})
        all.add(x86::rdmsr(msr));
    all.add(x86::read_cr0() & ~x86::cr0::task_switched);
    all.add(x86::read_cr4());
    x86::TablePointer table{};
    x86::sgdt(table);
    all.add(table);
    x86::sidt(table);
    all.add(table);
    const x86::Tss& tss = x86::entry_area.tss;
    for (unsigned i = 0; i < std::size(tss.ist); i++)
        all.add(tss.ist[i]);
    all.add(tss.io_bitmap);
    all.add(x86::entry_area.kernel_cr3);
    return all.value();
}

} // namespace

const MachineRecord& machine_record() { return record; }

void remember_machine(PhysRange text, std::span<Word> unused_stack) {
    std::ranges::fill(unused_stack, paint);
    record = {text, unused_stack, fingerprint_now()};
}

Sound check_machine() {
    TRY(holds(fingerprint_now() == record.fingerprint,
              "33: descriptor tables, control and model-specific registers are as the kernel set them up"));
    return holds(std::ranges::all_of(record.unused_stack, [](Word word) { return word == paint; }),
                 "31: half of the kernel stack has never been used");
}

} // namespace kernel
