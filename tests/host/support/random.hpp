// SPDX-License-Identifier: BSD-2-Clause
// Random numbers for tests: the same seed gives the same test. The seed is printed, and UMBRA_SEED sets another one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace test {

class Random {
public:
    /// `name` says in the output whose seed it is.
    explicit Random(const char* name, uint64_t default_seed = 0x756d'6272'61) : state_(default_seed) {
        if (const char* text = std::getenv("UMBRA_SEED"))
            state_ = std::strtoull(text, nullptr, 0);
        seed_ = state_;
        std::printf("seed of %s: UMBRA_SEED=0x%llx\n", name, static_cast<unsigned long long>(state_));
    }

    /// Without a word.
    explicit Random(uint64_t seed) : state_(seed), seed_(seed) {}

    uint64_t seed() const { return seed_; }

    /// splitmix64: every seed is good.
    uint64_t next() {
        state_ += 0x9e37'79b9'7f4a'7c15;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
        return z ^ (z >> 31);
    }
    /// Below `bound`, which is not 0.
    uint64_t below(uint64_t bound) { return next() % bound; }
    bool one_in(uint64_t count) { return below(count) == 0; }
    /// A number of at most `bits` bits whose magnitude is evenly spread.
    uint64_t of_any_size(unsigned bits) {
        const uint64_t width = below(bits + 1);
        return width == 0 ? 0 : next() >> (64 - width);
    }

private:
    uint64_t state_;
    uint64_t seed_;
};

} // namespace test
