// SPDX-License-Identifier: BSD-2-Clause
// Texts grow down from the top of the stack; then the table of pointers is put below them.
#include <abi/object.hpp>
#include <string.h>
#include <sys/proc/initial_stack.hpp>

namespace sys {

namespace {

constexpr size_t aux_count = 7; // PHDR PHENT PHNUM PAGESZ ENTRY RANDOM NULL
constexpr Word program_header_bytes = 56;

/// Writes downwards from the end of a buffer that will be copied to addresses below `top`.
class DownwardWriter {
public:
    DownwardWriter(std::span<uint8_t> buffer, Word top) : buffer_(buffer), top_(top), free_(buffer.size()) {}

    Result<void> put(const void* data, size_t size) {
        if (size > free_)
            return Error(ErrorCode::too_long, buffer_.size());
        free_ -= size;
        if (size != 0)
            memcpy(buffer_.data() + free_, data, size);
        return {};
    }
    Result<void> text(std::string_view text) {
        if (text.find('\0') != std::string_view::npos)
            return {ErrorCode::invalid_value};
        TRY(put("", 1));
        return put(text.data(), text.size());
    }
    /// Zero bytes until the address is a multiple of `alignment`, a power of two.
    Result<void> align(Word alignment) {
        while (address() % alignment != 0)
            TRY(put("", 1));
        return {};
    }
    /// Where the last thing put is going to be.
    Word address() const { return top_ - (buffer_.size() - free_); }
    std::span<const uint8_t> written() const { return buffer_.subspan(free_); }

private:
    std::span<uint8_t> buffer_;
    Word top_;
    size_t free_;
};

/// The texts, last one highest; their addresses follow from their lengths.
Result<void> put_texts(DownwardWriter& out, std::span<const std::string_view> texts) {
    for (size_t i = texts.size(); i > 0; --i)
        TRY(out.text(texts[i - 1]));
    return {};
}

/// A null pointer and below it the pointers to texts of which the first is at `address`.
Result<void> put_pointers(DownwardWriter& out, std::span<const std::string_view> texts, Word address) {
    for (const std::string_view text : texts)
        address += text.size() + 1;
    const Word null = 0;
    TRY(out.put(&null, sizeof(null)));
    for (size_t i = texts.size(); i > 0; --i) {
        address -= texts[i - 1].size() + 1;
        TRY(out.put(&address, sizeof(address)));
    }
    return {};
}

} // namespace

Result<InitialStack> build_initial_stack(std::span<uint8_t> buffer, Word top, const StackContents& contents) {
    if (top % 16 != 0 || contents.program_headers.size() > contents.program_header_count * program_header_bytes)
        return ErrorCode::invalid_value;
    DownwardWriter out(buffer, top);
    TRY(put_texts(out, contents.environment));
    const Word environment = out.address();
    TRY(put_texts(out, contents.arguments));
    const Word arguments = out.address();
    TRY(out.put(contents.random, sizeof(contents.random)));
    const Word random = out.address();
    TRY(out.align(8));
    TRY(out.put(contents.program_headers.data(), contents.program_headers.size()));
    const Word headers = contents.program_headers_address != 0 ? contents.program_headers_address : out.address();

    const size_t words = 1 + contents.arguments.size() + 1 + contents.environment.size() + 1 + 2 * aux_count;
    TRY(out.align(16));
    if (words % 2 != 0)
        TRY(out.put("\0\0\0\0\0\0\0", 8)); // so that argc ends up 16-aligned

    const AuxEntry auxv[aux_count] = {{aux::program_headers, headers},
                                      {aux::program_header_size, program_header_bytes},
                                      {aux::program_header_count, contents.program_header_count},
                                      {aux::page_size, Word{1} << abi::page_bits},
                                      {aux::entry, contents.entry},
                                      {aux::random, random},
                                      {aux::null, 0}};
    TRY(out.put(auxv, sizeof(auxv)));
    TRY(put_pointers(out, contents.environment, environment));
    TRY(put_pointers(out, contents.arguments, arguments));
    const Word argc = contents.arguments.size();
    TRY(out.put(&argc, sizeof(argc)));
    return InitialStack{out.address(), out.written()};
}

} // namespace sys
