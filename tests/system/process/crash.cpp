// SPDX-License-Identifier: BSD-2-Clause
// Stands in for a program that faults as soon as it runs.
#include <sys/raw/syscall.hpp>

int main(int, char**, char**) { sys::raw::trap(); }
