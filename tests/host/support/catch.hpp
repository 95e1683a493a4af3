// SPDX-License-Identifier: BSD-2-Clause
// Catch2, whichever version the machine has: 2.13 (one header) or 3 (a library). Host tests include this only.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
