// SPDX-License-Identifier: BSD-2-Clause
// The archive reader: well-formed archives, and every way in which one may lie.
#include <catch.hpp>
#include <sys/archive/cpio.hpp>
#include <vector>

using namespace sys;
using archive::Archive;
using archive::Fault;
using archive::Kind;

namespace {

class CpioBuilder {
public:
    /// `sizes`: claimed instead of the true ones, if not -1.
    CpioBuilder& add(const std::string& name, unsigned mode, const std::string& content, int64_t file_size = -1,
                     int64_t name_size = -1) {
        char header[111];
        snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1u, mode, 0u, 0u,
                 1u, 0u, static_cast<unsigned>(file_size < 0 ? static_cast<int64_t>(content.size()) : file_size), 0u,
                 0u, 0u, 0u, static_cast<unsigned>(name_size < 0 ? static_cast<int64_t>(name.size() + 1) : name_size),
                 0u);
        bytes += header;
        bytes += name;
        bytes += '\0';
        pad();
        bytes += content;
        pad();
        return *this;
    }
    CpioBuilder& file(const std::string& name, const std::string& content) { return add(name, 0100755, content); }
    CpioBuilder& directory(const std::string& name) { return add(name, 0040755, ""); }
    CpioBuilder& link(const std::string& name, const std::string& target) { return add(name, 0120777, target); }
    std::vector<uint8_t> finish() {
        add("TRAILER!!!", 0, "");
        return raw();
    }
    std::vector<uint8_t> raw() const { return {bytes.begin(), bytes.end()}; }

    std::string bytes;

private:
    void pad() {
        while (bytes.size() % 4 != 0)
            bytes += '\0';
    }
};

CpioBuilder ordinary() {
    CpioBuilder builder;
    builder.directory(".").directory("sbin").file("sbin/eclipse-systemd", "ELF!").link("sbin/init", "eclipse-systemd");
    builder.file("./etc/motd", "hello").link("bin", "/sbin");
    return builder;
}

Fault fault_in(const std::vector<uint8_t>& file) {
    const auto archive = Archive::open(file);
    return archive ? Fault::none : archive::fault_of(archive.error());
}

Fault resolve_fault(CpioBuilder& builder, const char* path) {
    const auto file = builder.finish();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    const auto entry = archive->resolve(path);
    REQUIRE_FALSE(entry);
    return archive::fault_of(entry.error());
}

} // namespace

TEST_CASE("cpio: entries are found under their paths", "[libsys][archive]") {
    const auto file = ordinary().finish();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->entry_count() == 6);
    const auto program = archive->find("/sbin/eclipse-systemd");
    REQUIRE(program);
    CHECK(program->kind == Kind::file);
    CHECK(program->mode == 0100755);
    CHECK(program->text() == "ELF!");
    CHECK(program->content.data() == file.data() + program->offset);
    CHECK(archive->find("etc/motd")->text() == "hello");
    CHECK(archive->find("./etc/motd")->text() == "hello");
    CHECK(archive->find("/")->kind == Kind::directory);
    CHECK(archive->find("sbin/init")->kind == Kind::link);
    CHECK(archive->find("sbin/missing").error() == ErrorCode::not_found);
    CHECK(archive->find("sbin/eclipse-system").error() == ErrorCode::not_found);
}

TEST_CASE("cpio: links are followed inside the archive, in the middle of a path too", "[libsys][archive]") {
    const auto file = ordinary().finish();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->resolve("/sbin/init")->text() == "ELF!");
    CHECK(archive->resolve("/bin/init")->text() == "ELF!");
    CHECK(archive->resolve("/bin/../etc/motd")->text() == "hello");
    CHECK(archive->resolve("//sbin/./eclipse-systemd")->text() == "ELF!");
    CHECK(archive->resolve("/sbin/init/x").error() == ErrorCode::not_found);
}

TEST_CASE("cpio: entries come in the order of the archive", "[libsys][archive]") {
    const auto file = ordinary().finish();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    std::vector<std::string> names;
    auto cursor = archive->entries();
    for (archive::Entry entry; cursor.next(entry);)
        names.emplace_back(entry.name);
    CHECK(names == std::vector<std::string>{"", "sbin", "sbin/eclipse-systemd", "sbin/init", "etc/motd", "bin"});
}

TEST_CASE("cpio: circles and chains of links end", "[libsys][archive]") {
    CHECK(resolve_fault(CpioBuilder().link("a", "b").link("b", "a"), "a") == Fault::too_many_links);
    CHECK(resolve_fault(CpioBuilder().link("a", "a/x"), "a") == Fault::too_many_links);
    CpioBuilder chain;
    for (int i = 0; i < 9; ++i)
        chain.link("l" + std::to_string(i), "l" + std::to_string(i + 1));
    chain.file("l9", "end");
    const auto file = chain.finish();
    const auto archive = Archive::open(file);
    REQUIRE(archive);
    CHECK(archive->resolve("l1")->text() == "end");
    CHECK(archive::fault_of(archive->resolve("l0").error()) == Fault::too_many_links);
}

TEST_CASE("cpio: links that lead out of the archive, or nowhere", "[libsys][archive]") {
    CHECK(resolve_fault(CpioBuilder().link("a", "../etc/passwd"), "a") == Fault::bad_link);
    CHECK(resolve_fault(CpioBuilder().link("d/a", "../../x"), "d/a") == Fault::bad_link);
    CHECK(resolve_fault(CpioBuilder().link("a", ""), "a") == Fault::bad_link);
    CHECK(resolve_fault(CpioBuilder().link("a", std::string(300, 'x')), "a") == Fault::path_too_long);
    CHECK(resolve_fault(CpioBuilder().link("a", std::string(250, 'x')), "a/yyyyyyyyyyyyyy") == Fault::path_too_long);
    CHECK(resolve_fault(CpioBuilder().file("a", ""), "../a") == Fault::bad_link);
    CHECK(resolve_fault(CpioBuilder().link("a", "missing"), "a") == Fault::none); // not_found, not a fault
}

TEST_CASE("cpio: names that no archive may have", "[libsys][archive]") {
    CHECK(fault_in(CpioBuilder().file("../a", "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file("a/../b", "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file("a//b", "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file("a/./b", "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file("", "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file(std::string(256, 'n'), "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file(std::string("a\0b", 3), "").finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().add("abc", 0100644, "", -1, 3).finish()) == Fault::bad_name); // no zero at its end
    CHECK(fault_in(CpioBuilder().add("abc", 0100644, "", -1, 0).finish()) == Fault::bad_name);
    CHECK(fault_in(CpioBuilder().file("a", "1").file("./a", "2").finish()) == Fault::duplicate_name);
}

TEST_CASE("cpio: sizes and numbers that lie", "[libsys][archive]") {
    CHECK(fault_in(CpioBuilder().add("a", 0100644, "x", 0xffffffff).finish()) == Fault::bad_size);
    CHECK(fault_in(CpioBuilder().add("a", 0100644, "x", -1, 0xffffffff).finish()) == Fault::bad_size);
    CHECK(fault_in(CpioBuilder().add("a", 0100644, "x", 0x7fffffff).finish()) == Fault::bad_size);
    auto file = ordinary().finish();
    file[20] = 'g';
    CHECK(fault_in(file) == Fault::bad_number);
    file[5] = '2'; // 070702: the format with checksums
    CHECK(fault_in(file) == Fault::bad_magic);
}

TEST_CASE("cpio: no trailer, or nothing at all", "[libsys][archive]") {
    CHECK(fault_in({}) == Fault::truncated);
    CHECK(fault_in(CpioBuilder().file("a", "b").raw()) == Fault::truncated);
    CHECK(fault_in(std::vector<uint8_t>(4096, 0)) == Fault::bad_magic);
    CHECK(fault_in(CpioBuilder().finish()) == Fault::none);
}

TEST_CASE("cpio: every prefix of an archive is refused", "[libsys][archive]") {
    const auto whole = ordinary().finish();
    const size_t last = Archive::open(whole)->size();
    for (size_t size = 0; size < last; ++size) {
        const std::vector<uint8_t> prefix(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        REQUIRE_FALSE(Archive::open(prefix));
    }
}

TEST_CASE("cpio: every single-bit flip is refused or harmless", "[libsys][archive]") {
    auto file = ordinary().finish();
    for (size_t bit = 0; bit < file.size() * 8; ++bit) {
        const auto mask = static_cast<uint8_t>(1u << (bit % 8));
        file[bit / 8] ^= mask;
        if (const auto archive = Archive::open(file)) {
            auto cursor = archive->entries();
            for (archive::Entry entry; cursor.next(entry);) {
                REQUIRE(entry.offset + entry.content.size() <= file.size());
                REQUIRE((entry.name.empty() || archive::is_plain_name(entry.name)));
            }
            static_cast<void>(archive->resolve("/bin/init"));
        }
        file[bit / 8] ^= mask;
    }
}

TEST_CASE("cpio: the number of entries is bounded", "[libsys][archive]") {
    CpioBuilder builder;
    for (unsigned i = 0; i <= archive::max_entries; ++i)
        builder.file(std::to_string(i), "");
    CHECK(fault_in(builder.finish()) == Fault::too_many_entries);
}
