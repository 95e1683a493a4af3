// SPDX-License-Identifier: BSD-2-Clause
// Catch2 2.13's main program, apart because it compiles slowly. Catch2 3 brings its own.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
