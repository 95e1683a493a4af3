// SPDX-License-Identifier: BSD-2-Clause
// The unit file parser against files good and bad.
#include <catch.hpp>
#include <memory>
#include <random>
#include <servers/eclipse-systemd/unit_parser.hpp>
#include <servers/eclipse-systemd/values.hpp>
#include <string>
#include <tests/host/servers/seed_units.hpp>

using namespace systemd;

namespace {

struct Parsed {
    std::unique_ptr<TextStore> store = std::make_unique<TextStore>();
    std::unique_ptr<Unit> unit = std::make_unique<Unit>();
    Warnings warnings;
    std::optional<UnitError> error;
};

Parsed parse(std::string_view text, std::string_view name = "a.service") {
    Parsed parsed;
    parsed.error = parse_unit(name, text, *parsed.store, *parsed.unit, parsed.warnings);
    return parsed;
}

/// A unit that is right, with `unit` and `service` as further lines of these sections.
std::string service_file(const std::string& unit, const std::string& service, const std::string& rest = "") {
    return "[Unit]\nDescription=x\n" + unit + "\n[Service]\nExecStart=/bin/x\n" + service + "\n" + rest + "\n";
}

std::vector<std::string> texts(const List<Text, 16>& list) { return {list.begin(), list.end()}; }

using Strings = std::vector<std::string>;

} // namespace

TEST_CASE("behaviour 30: the seven units of the original tree load", "[systemd][units]") {
    for (const auto& file : seed_units::files) {
        INFO(file.name);
        const Parsed parsed = parse(file.text, file.name);
        CHECK_FALSE(parsed.error);
        CHECK(parsed.warnings.total == 0);
        CHECK(parsed.unit->name == file.name);
    }
    const Parsed drm = parse(seed_units::files[3].text, seed_units::files[3].name);
    CHECK(drm.unit->service.type == ServiceType::oneshot);
    CHECK(drm.unit->service.remain_after_exit);
    CHECK(texts(drm.unit->wanted_by) == Strings{"hardware.target"});
    const Parsed syslog = parse(seed_units::files[0].text, seed_units::files[0].name);
    CHECK(syslog.unit->service.restart == RestartPolicy::always);
    CHECK_FALSE(syslog.unit->default_dependencies);
    CHECK(texts(syslog.unit->wanted_by) == Strings{"basic.target", "multi-user.target"});
}

TEST_CASE("behaviour 30: both Environment= lines of the README example survive", "[systemd][units]") {
    const Parsed parsed = parse(seed_units::readme_example.text, seed_units::readme_example.name);
    REQUIRE_FALSE(parsed.error);
    const Unit& unit = *parsed.unit;
    CHECK(texts(unit.service.environment) == Strings{"DISPLAY=:0", "XDG_SESSION_TYPE=wayland"});
    CHECK(unit.service.type == ServiceType::notify);
    CHECK(unit.service.restart == RestartPolicy::on_failure);
    CHECK(unit.service.restart_delay == Duration::seconds(5));
    CHECK(unit.service.reload_command == "/bin/kill -HUP $MAINPID");
    CHECK(texts(unit.requirements) == Strings{"basic.target"});
    CHECK(texts(unit.wishes) == Strings{"network.service"});
    // What nothing answers to here is said, not silently dropped.
    CHECK(parsed.warnings.total == 4);
    for (size_t i = 0; i < 4; ++i)
        CHECK(parsed.warnings.first[i].kind() == WarningKind::without_effect);
}

TEST_CASE("unit files: repeated list keys add up, of other keys the last one counts", "[systemd][units]") {
    const Parsed parsed = parse(service_file("After=a.service\nAfter=b.service c.target\nDescription=y",
                                             "Restart=no\nRestart=always\nEnvironment=A=1 B=2\nEnvironment=C=3"));
    REQUIRE_FALSE(parsed.error);
    CHECK(texts(parsed.unit->after) == Strings{"a.service", "b.service", "c.target"});
    CHECK(parsed.unit->description == "y");
    CHECK(parsed.unit->service.restart == RestartPolicy::always);
    CHECK(texts(parsed.unit->service.environment) == Strings{"A=1", "B=2", "C=3"});
}

TEST_CASE("unit files: an empty Environment= takes back what stood before", "[systemd][units]") {
    const Parsed parsed = parse(service_file("", "Environment=A=1\nEnvironment=\nEnvironment=B=2"));
    REQUIRE_FALSE(parsed.error);
    CHECK(texts(parsed.unit->service.environment) == Strings{"B=2"});
}

TEST_CASE("unit files: comments, blank lines and carriage returns", "[systemd][units]") {
    const Parsed parsed =
        parse("# one\r\n; two\r\n\r\n  [Unit]\r\n Description = x # y\r\n[Service]\r\nExecStart=/bin/x\r\n");
    REQUIRE_FALSE(parsed.error);
    CHECK(parsed.unit->description == "x # y");
}

TEST_CASE("unit files: continued lines join with a blank and skip comments between", "[systemd][units]") {
    const Parsed parsed =
        parse("[Unit]\nDescription=a \\\n  b \\\n# no\n; no\nc\n[Service]\nExecStart=/bin/x \\\n  y\nBogus=1\n");
    REQUIRE_FALSE(parsed.error);
    CHECK(parsed.unit->description == "a b c");
    CHECK(texts(parsed.unit->service.command) == Strings{"/bin/x", "y"});
    REQUIRE(parsed.warnings.total == 1);
    CHECK(parsed.warnings.first[0].line() == 10);
}

TEST_CASE("unit files: quotes and escapes in commands and environments", "[systemd][units]") {
    const Parsed parsed =
        parse("[Unit]\nDescription=x\n[Service]\nExecStart=/bin/x \"a b\" 'c \"d' e\\sf \"\" g\"h i\"\n"
              "Environment=\"A=b c\" 'D=\\\\'\n");
    REQUIRE_FALSE(parsed.error);
    CHECK(texts(parsed.unit->service.command) == Strings{"/bin/x", "a b", "c \"d", "e f", "", "gh i"});
    CHECK(texts(parsed.unit->service.environment) == Strings{"A=b c", "D=\\"});
}

TEST_CASE("unit files: unknown keys and sections warn with their line", "[systemd][units]") {
    const Parsed parsed =
        parse("[Unit]\nDescription=x\nFoo=1\n[Socket]\nListenStream=1\n[Service]\nExecStart=/x\nTypo=2\n");
    REQUIRE_FALSE(parsed.error);
    REQUIRE(parsed.warnings.total == 3);
    CHECK(parsed.warnings.first[0].subject() == "Foo");
    CHECK(parsed.warnings.first[0].line() == 3);
    CHECK(parsed.warnings.first[1].kind() == WarningKind::unknown_section);
    CHECK(parsed.warnings.first[1].subject() == "Socket");
    CHECK(parsed.warnings.first[2].line() == 8);
}

TEST_CASE("unit files: a service names the pages that it keeps", "[systemd][units]") {
    CHECK(parse(service_file("", "", "[Capabilities]\nKeptPages=16\n")).unit->capabilities.kept_pages == 16);
    CHECK(parse(service_file("", "", "")).unit->capabilities.kept_pages == 0);
    CHECK(parse(service_file("", "", "[Capabilities]\nUntypedQuota=64K\n")).unit->capabilities.untyped_quota == 65536);
    CHECK(parse(service_file("", "", "[Capabilities]\nUntypedQuota=16M\n")).unit->capabilities.untyped_quota ==
          16 << 20);
    CHECK(parse(service_file("", "", "")).unit->capabilities.untyped_quota == 0);
    CHECK(*parse(service_file("", "", "[Capabilities]\nDeviceMemory=0xfe000000-0xfe000fff\n"))
               .unit->capabilities.device_memory == MemoryRange{0xfe00'0000, 0xfe00'1000});
    CHECK(parse(service_file("", "", "[Capabilities]\nDmaPages=4\n")).unit->capabilities.dma_pages == 4);
    CHECK(parse(service_file("", "", "[Capabilities]\nSwap=yes\n")).unit->capabilities.swap);
    CHECK(!parse(service_file("", "", "")).unit->capabilities.swap);
}

TEST_CASE("unit files: drivers name their ports and interrupt", "[systemd][units]") {
    const Parsed parsed = parse(service_file("", "", "[Capabilities]\nIoPorts=0x70-0x71\nInterrupt=8\n"));
    REQUIRE_FALSE(parsed.error);
    CHECK(parsed.unit->capabilities.io_ports == IoPortRange{0x70, 0x71});
    CHECK(parsed.unit->capabilities.interrupt == 8);
    CHECK(parse(service_file("", "", "[Capabilities]\nIoPorts=80\n")).unit->capabilities.io_ports ==
          IoPortRange{80, 80});
}

namespace {

struct BadFile {
    UnitFault fault;
    uint32_t line;
    std::string text;
    const char* name = "a.service";
};

std::vector<BadFile> bad_files() {
    const std::string long_line(3000, 'x');
    std::string names = "After=";
    for (int i = 0; i < 17; ++i)
        names += " a.service";
    using enum UnitFault;
    return {
        {bad_file_name, 0, service_file("", ""), "a.socket"},
        {bad_file_name, 0, service_file("", ""), ".service"},
        {bad_file_name, 0, service_file("", ""), "a b.service"},
        {bad_byte, 2, std::string("[Unit]\nDescription=a\0b\n", 23)},
        {bad_byte, 2, "[Unit]\nDescription=a\x1b[31m\n"},
        {bad_section_line, 1, "[Unit\nDescription=x\n"},
        {key_outside_section, 1, "Description=x\n[Unit]\n"},
        {missing_equals, 3, service_file("After", "")},
        {line_too_long, 3, service_file("After=" + long_line, "")},
        {line_too_long, 3, service_file("After=a \\\n" + long_line.substr(0, 2045), "")},
        {open_continuation, 3, "[Unit]\nDescription=x\nAfter=a.service \\"},
        {open_quote, 6, service_file("", "Environment=\"A=b")},
        {bad_escape, 6, service_file("", "Environment=A=\\q")},
        {too_many_values, 3, service_file(names, "")},
        {no_unit_section, 0, "[Service]\nExecStart=/bin/x\n"},
        {no_service_or_install, 0, "[Unit]\nDescription=x\n"},
        {no_description, 0, "[Unit]\n[Service]\nExecStart=/bin/x\n"},
        {no_description, 0, "[Unit]\nDescription=\n[Service]\nExecStart=/bin/x\n"},
        {empty_after, 3, service_file("After=", "")},
        {empty_before, 3, service_file("Before=", "")},
        {empty_requires, 3, service_file("Requires=", "")},
        {empty_wants, 3, service_file("Wants=  ", "")},
        {empty_conflicts, 3, service_file("Conflicts=", "")},
        {empty_wanted_by, 8, service_file("", "", "[Install]\nWantedBy=")},
        {empty_required_by, 8, service_file("", "", "[Install]\nRequiredBy=")},
        {empty_user, 6, service_file("", "User=")},
        {empty_group, 6, service_file("", "Group=")},
        {bad_dependency_name, 3, service_file("After=network", "")},
        {bad_type, 6, service_file("", "Type=daemon")},
        {no_bus, 6, service_file("", "Type=dbus")},
        {no_exec_start, 0, "[Unit]\nDescription=x\n[Service]\nType=simple\n"},
        {no_exec_start, 0, "[Unit]\nDescription=x\n[Service]\nExecStart=/a\nExecStart=\n"},
        {no_exec_start, 0, "[Unit]\nDescription=x\n[Install]\nWantedBy=a.target\n"},
        {second_exec_start, 6, service_file("", "ExecStart=/bin/y")},
        {relative_exec_start, 4, "[Unit]\nDescription=x\n[Service]\nExecStart=bin/x\n"},
        {bad_environment, 6, service_file("", "Environment=A")},
        {bad_environment, 6, service_file("", "Environment==A")},
        {bad_restart, 6, service_file("", "Restart=sometimes")},
        {oneshot_restart, 0, service_file("", "Type=oneshot\nRestart=always")},
        {bad_time, 6, service_file("", "RestartSec=soon")},
        {bad_boolean, 6, service_file("", "RemainAfterExit=maybe")},
        {bad_number, 3, service_file("StartLimitBurst=-1", "")},
        {bad_io_ports, 8, service_file("", "", "[Capabilities]\nIoPorts=0x71-0x70")},
        {bad_interrupt, 8, service_file("", "", "[Capabilities]\nInterrupt=240")},
        {bad_boolean, 8, service_file("", "", "[Capabilities]\nSwap=perhaps")},
        {bad_device_memory, 8, service_file("", "", "[Capabilities]\nDeviceMemory=0xfe000000")},
        {bad_device_memory, 8, service_file("", "", "[Capabilities]\nDeviceMemory=0xfe000000-0xfe000ffe")},
        {bad_device_memory, 8, service_file("", "", "[Capabilities]\nDeviceMemory=0xfe000010-0xfe000fff")},
        {bad_device_memory, 8, service_file("", "", "[Capabilities]\nDeviceMemory=0xfe001000-0xfe000fff")},
        {bad_device_memory, 8, service_file("", "", "[Capabilities]\nDeviceMemory=0x0-0xffffffffffff")},
        {bad_dma_pages, 8, service_file("", "", "[Capabilities]\nDmaPages=17")},
        {bad_untyped_quota, 8, service_file("", "", "[Capabilities]\nUntypedQuota=8K")},
        {bad_untyped_quota, 8, service_file("", "", "[Capabilities]\nUntypedQuota=17M")},
        {bad_untyped_quota, 8, service_file("", "", "[Capabilities]\nUntypedQuota=65536")},
        {bad_untyped_quota, 8, service_file("", "", "[Capabilities]\nUntypedQuota=K")},
        {bad_kept_pages, 8, service_file("", "", "[Capabilities]\nKeptPages=17")},
        {service_in_target, 3, "[Unit]\nDescription=x\n[Service]\n", "a.target"},
        {file_too_big, 0, std::string(max_file_bytes + 1, '\n')},
    };
}

} // namespace

TEST_CASE("unit files: each fault is refused by its own name and line, and keeps no text", "[systemd][units]") {
    for (const BadFile& bad : bad_files()) {
        INFO(describe(bad.fault) << "\n" << bad.text.substr(0, 200));
        const Parsed parsed = parse(bad.text, bad.name);
        REQUIRE(parsed.error);
        CHECK(std::string(describe(parsed.error->fault)) == describe(bad.fault));
        CHECK(parsed.error->line == bad.line);
        CHECK(parsed.store->used() == 0);
    }
}

TEST_CASE("unit files: the store of texts may be full", "[systemd][units]") {
    TextStore store;
    Warnings warnings;
    Unit unit;
    const std::string file = service_file("", "Environment=A=" + std::string(1900, 'x'));
    size_t loaded = 0;
    std::optional<UnitError> error;
    while (!(error = parse_unit("a.service", file, store, unit, warnings)))
        ++loaded;
    CHECK(error->fault == UnitFault::too_much_text);
    CHECK(loaded == TextStore::capacity / (1902 + 9 + 1 + 6));
}

TEST_CASE("unit files: spans of time", "[systemd][units]") {
    CHECK(parse_duration("5") == Duration::seconds(5));
    CHECK(parse_duration("250ms") == Duration::milliseconds(250));
    CHECK(parse_duration("1min 30s") == Duration::seconds(90));
    CHECK(parse_duration("2h") == Duration::seconds(7200));
    CHECK(parse_duration("7us") == Duration{7});
    CHECK(parse_duration("infinity") == Duration::infinite());
    CHECK(parse_duration("0") == Duration{});
    for (const char* bad : {"", "s", "5x", "-1", "99999999999999999999", "1000000001", "5 .", "infinity 5"}) {
        INFO(bad);
        CHECK_FALSE(parse_duration(bad));
    }
}

TEST_CASE("unit files: no prefix, bit flip or random bytes do harm", "[systemd][units][hostile]") {
    const std::string text(seed_units::readme_example.text);
    for (size_t length = 0; length <= text.size(); ++length)
        parse(text.substr(0, length));
    size_t accepted = 0;
    for (size_t bit = 0; bit < text.size() * 8; ++bit) {
        std::string damaged = text;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
        accepted += !parse(damaged).error;
    }
    CHECK(accepted > 0);
    CHECK(accepted < text.size() * 8);
    const unsigned seed = GENERATE(1u, 2u, 3u);
    INFO("seed " << seed);
    std::mt19937 random(seed);
    constexpr std::string_view alphabet = "[]=#;\\\n\"' \tUnitServceDxpo./-0";
    for (int round = 0; round < 2000; ++round) {
        std::string noise;
        for (size_t i = random() % 200; i > 0; --i)
            noise += alphabet[random() % alphabet.size()];
        CHECK(parse(noise).error); // no random text has a [Unit] section with a Description and an ExecStart
    }
}
