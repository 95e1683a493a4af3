// SPDX-License-Identifier: BSD-2-Clause
// Precompiled for the host tests: Catch2 2.13 alone costs seconds a file. Only ever a main file, hence no pragma.
#include <catch.hpp>
