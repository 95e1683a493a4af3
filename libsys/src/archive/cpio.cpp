// SPDX-License-Identifier: BSD-2-Clause
// The newc format: a header of 13 hexadecimal fields, the name, the content, the last two padded to four bytes.
#include <sys/archive/cpio.hpp>
#include <sys/archive/path.hpp>

namespace sys::archive {

namespace {

constexpr size_t magic_size = 6;
constexpr size_t field_size = 8;
constexpr size_t field_count = 13;
constexpr size_t header_size = magic_size + field_count * field_size;
constexpr size_t field_mode = 1, field_file_size = 6, field_name_size = 11;
constexpr std::string_view trailer = "TRAILER!!!";
constexpr uint32_t kind_mask = 0170000, kind_file = 0100000, kind_directory = 0040000, kind_link = 0120000;

constexpr size_t padded(size_t offset) { return (offset + 3) & ~size_t{3}; }

struct Parsed {
    Entry entry;
    size_t next = 0; ///< offset of the following entry
    bool is_trailer = false;
};

Error fault(Fault why, size_t offset) { return Error(ErrorCode::bad_archive, static_cast<Word>(why), offset); }

Result<uint32_t> hexadecimal(std::string_view digits, size_t offset) {
    uint32_t value = 0;
    for (const char digit : digits) {
        if (digit >= '0' && digit <= '9')
            value = value << 4 | static_cast<uint32_t>(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | static_cast<uint32_t>(digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            value = value << 4 | static_cast<uint32_t>(digit - 'A' + 10);
        else
            return fault(Fault::bad_number, offset);
    }
    return value;
}

constexpr Kind kind_of(uint32_t mode) {
    switch (mode & kind_mask) {
    case kind_file: return Kind::file;
    case kind_directory: return Kind::directory;
    case kind_link: return Kind::link;
    default: return Kind::other;
    }
}

/// The entry whose header is at `start`.
Result<Parsed> parse(std::span<const uint8_t> file, size_t start) {
    if (start > file.size() || file.size() - start < header_size)
        return fault(Fault::truncated, start);
    const std::string_view header(reinterpret_cast<const char*>(file.data()) + start, header_size);
    if (header.substr(0, magic_size) != "070701")
        return fault(Fault::bad_magic, start);
    uint32_t fields[field_count];
    for (size_t i = 0; i < field_count; ++i)
        fields[i] = TRY(hexadecimal(header.substr(magic_size + i * field_size, field_size), start));

    const size_t name_size = fields[field_name_size]; // its terminating zero included
    const size_t name_start = start + header_size;
    if (name_size == 0)
        return fault(Fault::bad_name, start);
    if (name_size > file.size() - name_start)
        return fault(Fault::bad_size, start);
    const std::string_view raw_name(reinterpret_cast<const char*>(file.data()) + name_start, name_size - 1);
    if (file[name_start + name_size - 1] != 0)
        return fault(Fault::bad_name, start);

    const size_t content_start = padded(name_start + name_size);
    const size_t content_size = fields[field_file_size];
    Parsed parsed;
    if (raw_name == trailer) {
        parsed.is_trailer = true;
        parsed.next = name_start + name_size;
        return parsed;
    }
    if (content_start > file.size())
        return fault(Fault::truncated, start);
    if (content_size > file.size() - content_start)
        return fault(Fault::bad_size, start);
    if (!is_plain_name(raw_name))
        return fault(Fault::bad_name, start);
    parsed.entry = {normal_form(raw_name), kind_of(fields[field_mode]), fields[field_mode],
                    file.subspan(content_start, content_size), content_start};
    parsed.next = padded(content_start + content_size);
    return parsed;
}

Result<Entry> find_in(std::span<const uint8_t> file, std::string_view name) {
    Archive::Cursor cursor(file);
    Entry entry;
    while (cursor.next(entry))
        if (entry.name == name)
            return entry;
    return ErrorCode::not_found;
}

} // namespace

Result<Archive> Archive::open(std::span<const uint8_t> file) {
    Archive archive;
    size_t position = 0;
    for (;;) {
        const Parsed parsed = TRY(parse(file, position));
        if (parsed.is_trailer) {
            archive.file_ = file.first(parsed.next);
            return archive;
        }
        if (find_in(file.first(position), parsed.entry.name))
            return fault(Fault::duplicate_name, position);
        if (archive.entry_count_ == max_entries)
            return fault(Fault::too_many_entries, position);
        ++archive.entry_count_;
        position = parsed.next;
    }
}

bool Archive::Cursor::next(Entry& entry) {
    if (position_ >= file_.size())
        return false;
    const Result<Parsed> parsed = parse(file_, position_);
    if (!parsed || parsed->is_trailer)
        return false;
    entry = parsed->entry;
    position_ = parsed->next;
    return true;
}

Result<Entry> Archive::find(std::string_view path) const { return find_in(file_, normal_form(path)); }

Result<Entry> Archive::resolve(std::string_view path) const {
    PathBuffer rest;
    PathBuffer done;
    if (!rest.assign(path))
        return fault(Fault::path_too_long, 0);
    unsigned links = 0;
    while (!rest.is_empty()) {
        const PathBuffer component = rest.take_first();
        if (component.is_empty() || component.text() == ".")
            continue;
        if (component.text() == "..") {
            if (!done.remove_last())
                return fault(Fault::bad_link, 0);
            continue;
        }
        if (!done.append(component.text()))
            return fault(Fault::path_too_long, 0);
        const Result<Entry> entry = find_in(file_, done.text());
        if (!entry || entry->kind != Kind::link)
            continue;

        if (++links > max_link_depth)
            return fault(Fault::too_many_links, entry->offset);
        const std::string_view target = entry->text();
        if (target.empty())
            return fault(Fault::bad_link, entry->offset);
        PathBuffer onwards;
        if (!onwards.assign(target) || !onwards.append(rest.text()))
            return fault(Fault::path_too_long, entry->offset);
        rest = onwards;
        if (target.front() == '/')
            done.clear();
        else
            done.remove_last();
    }
    return find_in(file_, done.text());
}

} // namespace sys::archive
