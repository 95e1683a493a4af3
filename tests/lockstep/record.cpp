// SPDX-License-Identifier: BSD-2-Clause
#include <lockstep/record.hpp>

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace lockstep {

std::string Record::text() const {
    std::string text;
    char field[80];
    for (unsigned i = 0; i < size_; i++) {
        std::snprintf(field, sizeof field, "%s%s 0x%" PRIx64, i == 0 ? "" : ", ", names_[i], words_[i]);
        text += field;
    }
    return text;
}

std::string Record::difference(const Record& kernel, const Record& specification) {
    std::string text;
    const unsigned both = std::min(kernel.size_, specification.size_);
    char line[160];
    for (unsigned i = 0; i < both; i++) {
        if (kernel.words_[i] == specification.words_[i])
            continue;
        std::snprintf(line, sizeof line, "%s%s: kernel 0x%" PRIx64 ", specification 0x%" PRIx64,
                      text.empty() ? "" : "; ", specification.names_[i], kernel.words_[i], specification.words_[i]);
        text += line;
    }
    for (unsigned i = both; i < kernel.size_; i++) {
        std::snprintf(line, sizeof line, "; only the kernel has %s: 0x%" PRIx64, kernel.names_[i], kernel.words_[i]);
        text += line;
    }
    for (unsigned i = both; i < specification.size_; i++) {
        std::snprintf(line, sizeof line, "; only the specification has %s: 0x%" PRIx64, specification.names_[i],
                      specification.words_[i]);
        text += line;
    }
    return text;
}

} // namespace lockstep
