// SPDX-License-Identifier: BSD-2-Clause
// The console server: COM1 through its I/O ports and interrupt, mirrored on the VGA text screen if there is one ("vga").
#include <servers/console/console.hpp>
#include <sys/cap/irq.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

constexpr uint16_t com1 = 0x3f8;
constexpr sys::Word vga_text_address = 0xb8000; ///< identity-mapped by init
constexpr sys::Word badged_notification = sys::slot::first_free;

/// The interrupt signals a copy of our notification whose badge says that it is a signal.
void connect_interrupt(sys::IrqHandler interrupt) {
    const sys::CNode cnode(sys::slot::cnode);
    const sys::SlotRef badged = cnode.at(badged_notification);
    if (!badged.mint_from(cnode.at(sys::slot::notification), abi::Rights::all(), sys::signal_badge_bit) ||
        !interrupt.set_notification(sys::Notification(badged_notification)))
        sys::panic("no interrupt for the serial port");
}

std::span<volatile uint16_t> screen_cells(int argc, char** argv) {
    if (argc < 2 || std::string_view(argv[1]) != "vga")
        return {};
    return {reinterpret_cast<volatile uint16_t*>(vga_text_address),
            console::TextScreen::rows * console::TextScreen::columns};
}

} // namespace

int main(int argc, char** argv, char**) {
    sys::set_program_name("console");
    sys::set_log_sink(sys::log_to_kernel); // it cannot call itself
    const sys::IrqHandler interrupt(sys::slot::irq_handler);
    static console::Console console(console::Uart(sys::IoPorts(sys::slot::io_ports), com1),
                                    console::TextScreen(screen_cells(argc, argv)), interrupt);
    console.start();
    connect_interrupt(interrupt);
    console.serve(sys::Endpoint(sys::slot::endpoint));
}
