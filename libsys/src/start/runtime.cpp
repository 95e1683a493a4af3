// SPDX-License-Identifier: BSD-2-Clause
// Constructors of global objects, and what the compiler calls behind our back.
#include <sys/result.hpp>
#include <sys/start/runtime.hpp>

extern "C" {

using Constructor = void (*)();
extern const Constructor __init_array_start[];
extern const Constructor __init_array_end[];

/// Destructors of global objects never run: a process ends by giving everything back at once.
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }
void* __dso_handle = nullptr;

[[noreturn]] void abort() { sys::panic("abort"); }

void __cxa_pure_virtual() { sys::panic("a pure virtual function was called"); }
}

/// libstdc++'s assertions (operator[] of span and array with -D_GLIBCXX_ASSERTIONS) end here.
namespace std {
[[noreturn]] void __glibcxx_assert_fail(const char*, int, const char*, const char* condition) noexcept {
    sys::panic(condition);
}
/// Older headers' name for it; also thrown-by-function errors of headers that know no -fno-exceptions.
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { sys::panic(format); }
[[noreturn]] void __throw_bad_optional_access() { sys::panic("bad optional access"); }
} // namespace std

namespace sys::start {

void run_constructors() {
    for (const Constructor* constructor = __init_array_start; constructor != __init_array_end; ++constructor)
        (*constructor)();
}

} // namespace sys::start
