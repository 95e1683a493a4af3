// SPDX-License-Identifier: BSD-2-Clause
// The units that the boot archive ships, the loader that reads them from it, and the directory of names.
#include <catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <repository.hpp>
#include <servers/crasher/faults.hpp>
#include <servers/eclipse-systemd/name_directory.hpp>
#include <servers/eclipse-systemd/unit_loader.hpp>
#include <sstream>
#include <tests/host/servers/supervisor_world.hpp>

using namespace systemd;

namespace {

using Strings = std::vector<std::string>;

std::string cpio_member(const std::string& name, const std::string& content, unsigned mode) {
    char header[111];
    snprintf(header, sizeof header, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0,
             static_cast<unsigned>(content.size()), 0, 0, 0, 0, static_cast<unsigned>(name.size() + 1), 0);
    std::string member = header + name + '\0';
    member.resize((member.size() + 3) / 4 * 4);
    member += content;
    member.resize((member.size() + 3) / 4 * 4);
    return member;
}

struct TestArchive {
    std::string bytes;
    void file(const std::string& name, const std::string& content) { bytes += cpio_member(name, content, 0100644); }
    void link(const std::string& name, const std::string& target) { bytes += cpio_member(name, target, 0120777); }
    sys::archive::Archive open() {
        bytes += cpio_member("TRAILER!!!", "", 0);
        auto archive = sys::archive::Archive::open({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
        REQUIRE(archive);
        return *archive;
    }
};

std::vector<std::string> remarks;
void note(const LoadRemark& remark) {
    std::ostringstream line;
    line << remark.file << ":";
    if (remark.error != nullptr)
        line << remark.error->line << ": " << describe(remark.error->fault);
    if (remark.warning != nullptr)
        line << remark.warning->line() << ": " << remark.warning->subject();
    remarks.push_back(line.str());
}

const std::string directory = "etc/eclipse/systemd/system/";
const std::string good = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/x\n";

} // namespace

TEST_CASE("behaviour 30: a bad unit is skipped with the reason and counted, the others load", "[systemd][loader]") {
    TestArchive files;
    files.file("etc/hostname", "x");
    files.file(directory + "a.service", good);
    files.file(directory + "bad.service", "[Unit]\nDescription=x\n[Service]\nType=bogus\n");
    files.file(directory + "odd.service", good + "Colour=red\n");
    files.file(directory + "README", "not a unit");
    files.file(directory + "deep/b.service", good);
    files.link(directory + "alias.service", "a.service");
    files.link(directory + "nowhere.service", "ghost.service");
    auto table = std::make_unique<UnitTable>();
    remarks.clear();
    const LoadCount count = load_units(files.open(), *table, note);
    CHECK(count.directory_found);
    CHECK(count.loaded == 3);
    CHECK(count.refused == 2);
    CHECK(remarks == Strings{"bad.service:4: unknown Type=", "odd.service:5: Colour", "nowhere.service:0: not a file"});
    CHECK(table->find("alias.service"));
    CHECK_FALSE(table->find("bad.service"));
    CHECK_FALSE(table->find("b.service"));
}

TEST_CASE("loader: an archive without unit directory is told", "[systemd][loader]") {
    TestArchive files;
    files.file("sbin/init", "x");
    auto table = std::make_unique<UnitTable>();
    CHECK_FALSE(load_units(files.open(), *table, note).directory_found);
}

TEST_CASE("shipped units: all load without a warning and all become ready", "[systemd][rootfs]") {
    SupervisorWorld world;
    const std::filesystem::path servers = std::string(UMBRA_REPOSITORY) + "/servers";
    std::vector<std::filesystem::path> folders{servers / "rootfs" / directory};
    for (const char* shipped : {"clock", "crasher", "log"})
        folders.push_back(servers / shipped);
    size_t count = 0;
    for (const auto& folder : folders) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::filesystem::path extension = entry.path().extension();
            if (extension != ".service" && extension != ".target")
                continue;
            std::ifstream file(entry.path());
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            Warnings warnings;
            INFO(entry.path());
            CHECK_FALSE(world.table.load(entry.path().filename().string(), text, warnings));
            CHECK(warnings.total == 0);
            ++count;
        }
    }
    CHECK(count >= 7);
    world.start("multi-user.target");
    const UnitSet members = world.graph->plan(world["multi-user.target"]).members;
    for (const UnitIndex unit : members) {
        if (world.table[unit].kind != UnitKind::service)
            continue;
        CHECK(world.table[unit].service.type == ServiceType::notify); // ready means: has said so
    }
    CHECK(world.names(members) ==
          Strings{"basic.target", "clock.service", "crasher.service", "log.service", "multi-user.target"});
    CHECK(world.spawned == Strings{"log.service"}); // the others come after basic.target
    world.ready("log.service");
    CHECK(world.spawned.size() == 3);
    CHECK(world.state("multi-user.target") == UnitState::queued);
    world.ready("clock.service");
    world.ready("crasher.service");
    CHECK(world.state("multi-user.target") == UnitState::active);
    CHECK(world.supervisor->not_ready(members).empty());
    CHECK(world.graph->cycle_count() == 0);
    const CapabilityPart& clock = world.table[world["clock.service"]].capabilities;
    CHECK(clock.io_ports == IoPortRange{0x70, 0x71});
    CHECK(clock.interrupt == 8);
    const WordList& crashes = world.table[world["crasher.service"]].service.command;
    for (size_t i = 1; i < crashes.size(); ++i)
        CHECK(crasher::misdeed_of(crashes[i]));
    CHECK(world.table[world["crasher.service"]].start_limit >= crashes.size() - 1);
}

TEST_CASE("names: a name belongs to one unit, whose later processes keep its place", "[systemd][names]") {
    namespace protocol = sys::protocol::service_manager;
    using Name = NameDirectory::Name;
    NameDirectory names;
    const auto place = names.publish(Name::of("log"), {3});
    REQUIRE(place);
    CHECK(*names.publish(Name::of("log"), {3}) == *place);
    CHECK(names.publish(Name::of("log"), {4}).error() == protocol::Error::name_taken);
    CHECK(*names.find(Name::of("log")) == *place);
    CHECK(names.find(Name::of("lo")).error() == protocol::Error::no_such_name);
    CHECK(names.find(Name::of("")).error() == protocol::Error::no_such_name);
    names.forget(*place);
    CHECK(names.find(Name::of("log")).error() == protocol::Error::no_such_name);
}

TEST_CASE("names: malformed names and too many of them are refused", "[systemd][names]") {
    namespace protocol = sys::protocol::service_manager;
    using Name = NameDirectory::Name;
    NameDirectory names;
    Name unterminated;
    for (char& c : unterminated.text)
        c = 'x';
    for (const Name& bad : {Name::of(""), Name::of("a b"), Name::of("\x1b"), unterminated,
                            Name::of("a name that is longer than any name may be")})
        CHECK(names.publish(bad, {0}).error() == protocol::Error::bad_name);
    for (size_t i = 0; i < NameDirectory::capacity; ++i) {
        const auto unit = static_cast<uint16_t>(i / NameDirectory::most_per_unit);
        CHECK(names.publish(Name::of("n" + std::to_string(i)), {unit}));
    }
    CHECK(names.publish(Name::of("more"), {60}).error() == protocol::Error::too_many_names);
}
