// SPDX-License-Identifier: BSD-2-Clause
// The HPET from user space: its page out of device memory, its registers (IA-PC HPET Specification, 2.3).
#pragma once

#include <sys/cap/irq.hpp>
#include <tests/system/lib/invoke.hpp>

namespace test {

class Hpet {
public:
    static constexpr Word address = 0xfed0'0000;
    static constexpr Word level = 1 << 1, enabled = 1 << 2, message = 1 << 14; ///< of a timer's configuration

    /// Maps its page and starts the main counter; the timer is off.
    Result<void> make() {
        frame_ = TRY(take_frame());
        view_address_ = take_window_page();
        TRY(frame_->map(own_space(), view_address_,
                        {.read = true, .write = true, .memory = abi::MemoryType::uncacheable}));
        at(general_configuration) = 1;
        stop();
        return {};
    }
    ~Hpet() {
        if (view_address_ == 0)
            return;
        stop();
        frame_.reset();
        release_window_page(view_address_);
    }

    Word counter() const { return at(main_counter); }
    /// Ticks of the counter in a nanosecond are less than one: so nanoseconds a tick.
    Word nanoseconds_a_tick() const { return (at(0) >> 32) / 1'000'000; }
    /// Pins of the I/O APIC that timer 0 can use, as a mask.
    Word pins() const { return at(timer_configuration) >> 32; }
    /// Interrupts once, so many counter ticks from now.
    void start(Word mode, Word pin, Word ticks) {
        at(timer_configuration) = mode | pin << 9;
        at(timer_comparator) = counter() + ticks;
        at(timer_configuration) = mode | pin << 9 | enabled;
    }
    /// What it writes, and where, with `message`.
    void set_message(Word data, Word target = 0xfee0'0000) { at(timer_message) = target << 32 | data; }
    void stop() {
        at(timer_configuration) = at(timer_configuration) & ~enabled; // at its pin still, which a request holds up
        clear();
        at(timer_configuration) = 0;
    }
    /// Ends a level-triggered request.
    void clear() { at(interrupt_status) = 1; }
    /// The comparator's register, for code that starts the timer itself.
    Word comparator_address() const { return view_address_ + timer_comparator; }

private:
    static constexpr Word general_configuration = 0x10, interrupt_status = 0x20, main_counter = 0xf0,
                          timer_configuration = 0x100, timer_comparator = 0x108, timer_message = 0x110;

    volatile Word& at(Word offset) const { return *reinterpret_cast<volatile Word*>(view_address_ + offset); }

    /// The frame at the HPET's address, out of the device untyped that begins there or before.
    static Result<Cap<sys::Frame>> take_frame() {
        const abi::SlotRegion region = boot_info().untyped;
        for (Word i = 0; i < region.count(); ++i) {
            const abi::UntypedDescriptor& piece = boot_info().untyped_list[i];
            if (!piece.is_device || piece.paddr > address || address - piece.paddr >= Word{1} << piece.size_bits)
                continue;
            sys::Untyped from(region.start + i);
            Cap<sys::Untyped> halves[40];
            Word base = piece.paddr;
            // Halved until the piece is a page, each time keeping the half that holds it.
            for (unsigned bits = piece.size_bits; bits > abi::page_bits; --bits) {
                Cap<sys::Untyped>& half = halves[bits - abi::page_bits];
                half = TRY(make_untyped(bits - 1, from));
                if (address >= base + (Word{1} << (bits - 1))) {
                    base += Word{1} << (bits - 1);
                    Cap<sys::Untyped> upper = TRY(make_untyped(bits - 1, from));
                    half = std::move(upper);
                }
                from = half;
            }
            return sys::make_object<sys::Frame>(space(), from);
        }
        return sys::ErrorCode::not_found;
    }

    Cap<sys::Frame> frame_;
    Word view_address_ = 0;
};

} // namespace test
