// SPDX-License-Identifier: BSD-2-Clause
// A driver for QEMU's device for teaching (docs/specs/edu.rst of QEMU): finds it on the PCI bus, maps its registers, and lets it
// copy one DMA buffer to another through its own memory.
#include <algorithm>
#include <sys/driver/dma.hpp>
#include <sys/driver/ports.hpp>
#include <sys/driver/registers.hpp>
#include <sys/util/log.hpp>

namespace {

using sys::Word;

// PCI Local Bus Specification 3.0, "Configuration Mechanism #1", and type 0 headers.
constexpr sys::DevicePorts configuration(0xcf8);
constexpr uint16_t address_port = 0, data_port = 4;
constexpr unsigned command_register = 0x04, bar_0 = 0x10;
constexpr uint32_t memory_space = 2, bus_master = 4;

void select(unsigned device, unsigned offset) {
    configuration.out32(address_port, uint32_t{1} << 31 | device << 11 | offset);
}
uint32_t read_configuration(unsigned device, unsigned offset) {
    select(device, offset);
    return configuration.in32(data_port);
}
void write_configuration(unsigned device, unsigned offset, uint32_t value) {
    select(device, offset);
    configuration.out32(data_port, value);
}

// Registers of the device.
constexpr size_t identification = 0x00, liveness = 0x04, source = 0x80, destination = 0x88, count = 0x90,
                 command = 0x98;
constexpr size_t registers_size = 0xa0;
constexpr uint32_t edu_vendor_and_device = 0x11e8'1234;
constexpr uint64_t device_buffer = 0x40000; ///< 4096 bytes of the device's own memory, as it names them
constexpr uint64_t start = 1, from_device = 2;

int fail(const char* what, const sys::Error& error = {}) {
    sys::log("[EDU] FAIL {}: {}", what, error);
    return 1;
}

/// Physical address of the device's registers; 0: no such device.
Word find() {
    for (unsigned device = 0; device < 32; ++device) {
        if (read_configuration(device, 0) != edu_vendor_and_device)
            continue;
        write_configuration(device, command_register, memory_space | bus_master);
        return read_configuration(device, bar_0) & ~uint32_t{15};
    }
    return 0;
}

bool is_refused(Word physical, size_t size) {
    const auto mapped = sys::DeviceRegisters::map(physical, size);
    return !mapped && mapped.error() == sys::protocol::process::Error::device_refused;
}

/// The device copies; comes back when it has.
void copy(const sys::DeviceRegisters& device, uint64_t from, uint64_t to, uint64_t bytes, uint64_t direction) {
    device.write<uint64_t>(source, from);
    device.write<uint64_t>(destination, to);
    device.write<uint64_t>(count, bytes);
    device.write<uint64_t>(command, start | direction);
    while ((device.read<uint64_t>(command) & start) != 0) {
    }
}

int copy_by_device(const sys::DeviceRegisters& device) {
    constexpr size_t size = 4000;
    auto memory = sys::DmaMemory::own();
    if (!memory)
        return fail("no memory for the device", memory.error());
    static sys::DmaPool pool(*memory);
    auto sent = pool.allocate(size), received = pool.allocate(size);
    if (!sent || !received || pool.allocate(1))
        return fail("two pages are not two buffers");
    for (size_t i = 0; i < size; ++i)
        sent->bytes()[i] = static_cast<uint8_t>(i * 7 + i / 251);
    sent->hand_over();
    copy(device, sent->physical(), device_buffer, size, 0);
    copy(device, device_buffer, received->physical(), size, from_device);
    received->take_back();
    if (!std::ranges::equal(sent->bytes(), received->bytes()))
        return fail("what came back is something else");
    sys::log("[EDU] {} bytes went to the device and came back into another buffer", size);
    return 0;
}

} // namespace

int main(int, char**, char**) {
    constexpr Word ram = 0x10'0000, io_apic = 0xfec0'0000, nothing = 0xc000'0000;
    if (!is_refused(ram, 16) || !is_refused(io_apic, 16) || !is_refused(nothing, Word{1} << 40))
        return fail("what no driver may have is mapped");
    sys::log("[EDU] RAM, a part of somebody else's range and no device at all are refused");
    const Word registers = find();
    if (registers == 0)
        return fail("there is no such device");
    const auto device = sys::DeviceRegisters::map(registers, registers_size);
    if (!device)
        return fail("the registers cannot be mapped", device.error());
    constexpr uint32_t question = 0x1234'5678;
    device->write<uint32_t>(liveness, question);
    if ((device->read<uint32_t>(identification) & 0xffff) != 0xed || device->read<uint32_t>(liveness) != ~question)
        return fail("the registers are those of something else");
    sys::log("[EDU] the device is there, and its registers answer");
    return copy_by_device(*device);
}
