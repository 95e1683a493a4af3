// SPDX-License-Identifier: BSD-2-Clause
// What compilers may refer to behind the programmer's back. The kernel must never get here: it has no virtual
// functions, and nothing is destroyed at exit.
#include <lib/assert.hpp>

extern "C" {

[[noreturn]] void __cxa_pure_virtual() { kernel::panic("a pure virtual function was called"); }

int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

void* __dso_handle = nullptr;

} // extern "C"
