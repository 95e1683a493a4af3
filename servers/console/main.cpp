// SPDX-License-Identifier: BSD-2-Clause
// The console server: COM1 through its I/O ports and interrupt, mirrored on the VGA text screen if there is one ("vga").
#include <servers/console/console.hpp>
#include <sys/util/log.hpp>
#include <sys/util/panic.hpp>

namespace {

constexpr uint16_t com1 = 0x3f8;
constexpr sys::Word vga_text_address = 0xb8000; ///< identity-mapped by init
constexpr unsigned interrupt_bit = 0;

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
    static console::Console console(console::Uart(com1), console::TextScreen(screen_cells(argc, argv)),
                                    sys::Interrupt(interrupt_bit));
    console.start();
    sys::require(console.connect_interrupt().is_ok(), "no interrupt for the serial port");
    console.serve(sys::Endpoint(sys::slot::endpoint));
}
