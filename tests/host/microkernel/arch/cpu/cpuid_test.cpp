// SPDX-License-Identifier: BSD-2-Clause
// Features of canned CPUID dumps, and the control registers that follow from them.
#include <support/catch.hpp>

#include <arch/x86_64/cpu/cpuid.hpp>
#include <arch/x86_64/cpu/fpu.hpp>
#include <arch/x86_64/cpu/registers.hpp>
#include <kernel_host.hpp>

#include <string>

namespace {

using namespace kernel;
using namespace kernel::x86;

void put_vendor(uint32_t highest, const char* name) {
    const auto word = [&](unsigned at) {
        uint32_t value;
        std::memcpy(&value, name + at, 4);
        return value;
    };
    simulated.cpuid[{0, 0}] = {highest, word(0), word(8), word(4)};
}

/// QEMU 7.2, -accel tcg -cpu max.
void use_qemu_max() {
    simulated.reset();
    put_vendor(0xd, "AuthenticAMD");
    simulated.cpuid[{1, 0}] = {0x000606a3, 0x800, 0xfed83203, 0x0f8bfbfd};
    simulated.cpuid[{7, 0}] = {0, 0x219c07ab, 0x0040'001c, 0};
    simulated.cpuid[{0xd, 2}] = {0x100, 0x240, 0, 0};
    simulated.cpuid[{0x8000'0000, 0}] = {0x8000'0008, 0, 0, 0};
    simulated.cpuid[{0x8000'0001, 0}] = {0, 0, 0, 0x2c10'0800};
    simulated.cpuid[{0x8000'0008, 0}] = {0x3028, 0, 0, 0};
}

/// QEMU 7.2, -cpu qemu64: leaf 7 is beyond what it has anything in.
void use_qemu64() {
    simulated.reset();
    put_vendor(0xd, "AuthenticAMD");
    simulated.cpuid[{1, 0}] = {0x60fb1, 0x800, 0x8000'2001, 0x078b'fbfd};
    simulated.cpuid[{0x8000'0000, 0}] = {0x8000'000a, 0, 0, 0};
    simulated.cpuid[{0x8000'0001, 0}] = {0, 0, 0, 0x2010'0800};
    simulated.cpuid[{0x8000'0008, 0}] = {0x3028, 0, 0, 0};
}

TEST_CASE("CPUID: a CPU with the hardening") {
    use_qemu_max();
    const CpuFeatures f = read_features();
    CHECK((f.no_execute && f.smep && f.smap && f.umip && f.fsgsbase && f.huge_pages && f.xsave));
    CHECK_FALSE(f.pcid);
    CHECK_NOTHROW(check_features(f));
    constexpr Word hardening = cr4::smep | cr4::smap | cr4::umip | cr4::fsgsbase | cr4::xsave | cr4::global_pages;
    CHECK((wanted_cr4(f) & hardening) == hardening);
    CHECK((wanted_cr4(f) & cr4::pcid) == 0);
}

TEST_CASE("CPUID: a CPU without the hardening gets none of its bits") {
    use_qemu64();
    const CpuFeatures f = read_features();
    CHECK(f.no_execute);
    CHECK_FALSE((f.smep || f.smap || f.umip || f.fsgsbase || f.xsave || f.huge_pages || f.pcid));
    CHECK_NOTHROW(check_features(f));
    CHECK(wanted_cr4(f) == (cr4::pae | cr4::fxsave | cr4::simd_exceptions | cr4::machine_check | cr4::global_pages));
}

TEST_CASE("CPUID: leaves beyond the highest are not believed") {
    use_qemu_max();
    put_vendor(1, "GenuineIntel"); // most CPUs answer a leaf too high with the highest one
    const CpuFeatures f = read_features();
    CHECK_FALSE((f.smep || f.smap || f.xsave));
    simulated.cpuid[{0x8000'0000, 0}] = {0x8000'0000, 0, 0, 0};
    CHECK_FALSE((read_features().no_execute || read_features().huge_pages));
}

TEST_CASE("CPUID: a CPU that lacks what the kernel needs is refused by name") {
    use_qemu_max();
    simulated.cpuid[{1, 0}].edx &= ~(1u << 9);
    CHECK(test::complaint_of([] { check_features(read_features()); }) == "this CPU has no local APIC");
    simulated.reset();
    CHECK_THROWS_AS(check_features(read_features()), KernelPanic);
}

TEST_CASE("CR0: writes to read-only pages fault in ring 0, caches are on") {
    constexpr Word needed = cr0::write_protect | cr0::paging | cr0::protection_enable | cr0::numeric_error;
    CHECK((cr0::wanted & needed) == needed);
    constexpr Word not_write_through = 1u << 29, cache_disable = 1u << 30;
    CHECK((cr0::wanted & (not_write_through | cache_disable | cr0::emulation | cr0::task_switched)) == 0);
}

TEST_CASE("control registers are written whole, and only what the CPU has is switched on") {
    use_qemu_max();
    simulated.cr0 = 0x6000'0011;
    simulated.cr4 = 1 << 3; // debugging extensions
    simulated.msrs[msr::efer] = 0x500;
    set_control_registers(read_features());
    CHECK(simulated.cr0 == cr0::wanted);
    CHECK(simulated.cr4 == wanted_cr4(read_features()));
    CHECK(simulated.msrs[msr::efer] == (0x500 | efer::syscall | efer::no_execute));
    CHECK(simulated.msrs[msr::pat] == 0x0007'0401'0007'0406);
    use_qemu64();
    simulated.cpuid[{0x8000'0001, 0}].edx = 0;
    set_control_registers(read_features());
    CHECK((simulated.msrs[msr::efer] & efer::no_execute) == 0);
}

TEST_CASE("FPU: saved and restored with the instruction that the CPU has") {
    FpuState first, second;
    CpuFeatures f;
    for (const bool with_xsave : {false, true}) {
        simulated.reset();
        f.xsave = with_xsave;
        enable_fpu(f);
        CHECK(simulated.xcr0 == (with_xsave ? xcr0::x87 | xcr0::sse : 0));
        CHECK(simulated.fpu[0] == 0x7f); // loaded with the initial state
        CHECK(simulated.fpu[25] == 0x1f);
        simulated.fpu[160] = 0x5a;  // XMM0
        simulated.fpu[520] = 0x11;  // behind FXSAVE's 512 bytes
        first.bytes.fill(0xee);
        fpu_save(first.bytes.data());
        CHECK(first.bytes[160] == 0x5a);
        CHECK(first.bytes[520] == (with_xsave ? 0x11 : 0xee));
        second = initial_fpu_state();
        fpu_restore(second.bytes.data());
        CHECK(simulated.fpu[160] == 0); // nothing is left of the other thread's
    }
}

TEST_CASE("FPU: AVX state is kept if it is asked for") {
    struct alignas(64) Area {
        std::array<uint8_t, fpu_state_size + avx_state_size> bytes{};
    } area;
    CpuFeatures f;
    f.xsave = true;
    for (const bool with_avx : {false, true}) {
        simulated.reset();
        f.avx = with_avx;
        enable_fpu(f);
        CHECK((simulated.xcr0 & xcr0::avx) == (with_avx ? xcr0::avx : 0));
        simulated.fpu[fpu_state_size + avx_state_size - 1] = 0x5a;
        fpu_save(area.bytes.data());
        CHECK(area.bytes.back() == (with_avx ? 0x5a : 0));
    }
    enable_fpu({});
}

TEST_CASE("Meltdown: AMD's CPUs have not got it, others have unless they say no") {
    use_qemu_max();
    CHECK_FALSE(leaks_kernel_memory());
    put_vendor(0xd, "HygonGenuine");
    CHECK_FALSE(leaks_kernel_memory());
    put_vendor(0xd, "GenuineIntel");
    CHECK(leaks_kernel_memory());
    simulated.cpuid[{7, 0}].edx |= 1u << 29; // there is IA32_ARCH_CAPABILITIES
    CHECK(leaks_kernel_memory());
    simulated.msrs[msr::arch_capabilities] = 1;
    CHECK_FALSE(leaks_kernel_memory());
    put_vendor(6, "GenuineIntel"); // no leaf 7
    CHECK(leaks_kernel_memory());
}

TEST_CASE("RDPMC is for ring 3 only if it is asked for") {
    use_qemu_max();
    CpuFeatures f = read_features();
    CHECK((wanted_cr4(f) & cr4::rdpmc) == 0);
    f.rdpmc = true;
    CHECK((wanted_cr4(f) & cr4::rdpmc) != 0);
}

TEST_CASE("FPU: one thread's registers go out, another's come in") {
    FpuState out, in;
    CpuFeatures f;
    for (const bool with_xsave : {false, true}) {
        simulated.reset();
        f.xsave = with_xsave;
        enable_fpu(f);
        simulated.fpu[160] = 0x5a;
        in = initial_fpu_state();
        in.bytes[160] = 0xa5;
        fpu_exchange(out.bytes.data(), in.bytes.data());
        CHECK(out.bytes[160] == 0x5a);
        CHECK(simulated.fpu[160] == 0xa5);
    }
}

TEST_CASE("CPUID: the log names the features that the CPU has, on one line") {
    use_qemu_max();
    host_log.clear();
    log_features(read_features());
    CHECK(host_log.find("CPU:") == 0);
    CHECK(host_log.find("SMEP") != std::string::npos);
    CHECK(host_log.find(" PCID") == std::string::npos);
    CHECK(host_log.back() == '\n');
}

} // namespace
