// SPDX-License-Identifier: BSD-2-Clause
// Proves that the host tests run under the sanitizers they claim.
#include <catch.hpp>

#include <version>

TEST_CASE("host tests run under the address sanitizer", "[host]") {
#ifdef __SANITIZE_ADDRESS__
    SUCCEED();
#else
    FAIL("umbra-tests was built without -fsanitize=address");
#endif
}
