// SPDX-License-Identifier: BSD-2-Clause
// Reader of cpio archives in the "newc" format (magic 070701): the boot archive. Pure; never trusts a byte.
// Names are paths below the archive's root: "sbin/init", "./sbin/init" and "/sbin/init" are the same entry.
#pragma once

#include <span>
#include <string_view>
#include <sys/archive/path.hpp>
#include <sys/result.hpp>

namespace sys::archive {

enum class Fault : Word {
    none = 0,
    truncated,      ///< the file ends inside an entry, or before the trailer
    bad_magic,      ///< an entry does not begin with 070701
    bad_number,     ///< a field is not hexadecimal
    bad_size,       ///< a size that reaches beyond the file
    bad_name,       ///< empty, not terminated, too long, with a zero byte inside or with ".." in it
    duplicate_name, ///< the same path twice
    too_many_links, ///< symbolic links in a circle, or too deep
    bad_link,       ///< a link with an empty target, or one that leads out of the archive
    path_too_long,
    too_many_entries,
};

constexpr const char* describe(Fault fault) {
    switch (fault) {
    case Fault::none: return "the archive is valid";
    case Fault::truncated: return "the archive ends too early";
    case Fault::bad_magic: return "not a cpio archive in the newc format";
    case Fault::bad_number: return "a malformed number in the archive";
    case Fault::bad_size: return "an entry larger than the archive";
    case Fault::bad_name: return "an entry with a malformed name";
    case Fault::duplicate_name: return "two entries of the same name";
    case Fault::too_many_links: return "too many levels of symbolic links";
    case Fault::bad_link: return "a symbolic link that leads nowhere";
    case Fault::path_too_long: return "a path that is too long";
    case Fault::too_many_entries: return "too many entries";
    }
    return "unknown fault";
}

constexpr Fault fault_of(const Error& error) {
    return error == ErrorCode::bad_archive ? static_cast<Fault>(error.detail(0)) : Fault::none;
}

inline constexpr unsigned max_link_depth = 8;
/// Names are compared pairwise when an archive is opened; this bounds the work that a hostile one can cause.
inline constexpr unsigned max_entries = 4096;

enum class Kind : uint8_t { file, directory, link, other };

/// A member of an archive: a view into the archive's bytes.
struct Entry {
    std::string_view name; ///< normal form: no leading "/" or "./", no "//"; the root directory is ""
    Kind kind = Kind::other;
    uint32_t mode = 0;
    std::span<const uint8_t> content; ///< of a link: its target
    size_t offset = 0;                ///< of the content, from the start of the archive

    std::string_view text() const { return {reinterpret_cast<const char*>(content.data()), content.size()}; }
};

/// An archive that is whole and well-formed: checked once, when it is opened.
class Archive {
public:
    Archive() = default;
    /// Checks every entry. Error: bad_archive, detail 0 = Fault, detail 1 = offset in the file.
    static Result<Archive> open(std::span<const uint8_t> file);

    /// Goes through all entries in the order of the archive.
    class Cursor {
    public:
        explicit Cursor(std::span<const uint8_t> file) : file_(file) {}
        /// False at the end (and at an entry that has become malformed since the archive was opened).
        bool next(Entry& entry);

    private:
        std::span<const uint8_t> file_;
        size_t position_ = 0;
    };
    Cursor entries() const { return Cursor(file_); }

    /// The entry of that very path; links are not followed.
    Result<Entry> find(std::string_view path) const;
    /// As find, following symbolic links (in the middle of the path too), within the archive. Error not_found, or
    /// bad_archive with too_many_links, bad_link.
    Result<Entry> resolve(std::string_view path) const;

    size_t size() const { return file_.size(); }
    unsigned entry_count() const { return entry_count_; }

private:
    std::span<const uint8_t> file_; ///< up to and including the trailer
    unsigned entry_count_ = 0;
};

} // namespace sys::archive
