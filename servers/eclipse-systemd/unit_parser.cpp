// SPDX-License-Identifier: BSD-2-Clause
// One table of keys, one handler per kind of value; then the checks that need the whole file.
#include <servers/eclipse-systemd/unit_lines.hpp>
#include <servers/eclipse-systemd/unit_parser.hpp>
#include <servers/eclipse-systemd/values.hpp>
#include <servers/eclipse-systemd/words.hpp>
#include <sys/protocol/process.hpp>

namespace systemd {

namespace {

using Fault = std::optional<UnitFault>;

enum class Section : uint8_t { none, unit, service, install, capabilities, unknown };

enum class Key : uint8_t {
    description,
    documentation,
    after,
    before,
    requirements,
    wishes,
    conflicts,
    default_dependencies,
    start_limit,
    start_limit_interval,
    type,
    exec_start,
    exec_reload,
    restart,
    restart_delay,
    start_timeout,
    stop_timeout,
    watchdog,
    user,
    group,
    working_directory,
    environment,
    remain_after_exit,
    wanted_by,
    required_by,
    io_ports,
    interrupt,
    kept_pages,
    swap,
    untyped_quota,
    device_memory,
    dma_pages,
};

struct KnownKey {
    Section section;
    const char* name;
    Key key;
};

constexpr KnownKey known_keys[] = {
    {Section::unit, "Description", Key::description},
    {Section::unit, "Documentation", Key::documentation},
    {Section::unit, "After", Key::after},
    {Section::unit, "Before", Key::before},
    {Section::unit, "Requires", Key::requirements},
    {Section::unit, "Wants", Key::wishes},
    {Section::unit, "Conflicts", Key::conflicts},
    {Section::unit, "DefaultDependencies", Key::default_dependencies},
    {Section::unit, "StartLimitBurst", Key::start_limit},
    {Section::unit, "StartLimitIntervalSec", Key::start_limit_interval},
    {Section::service, "Type", Key::type},
    {Section::service, "ExecStart", Key::exec_start},
    {Section::service, "ExecReload", Key::exec_reload},
    {Section::service, "Restart", Key::restart},
    {Section::service, "RestartSec", Key::restart_delay},
    {Section::service, "TimeoutStartSec", Key::start_timeout},
    {Section::service, "TimeoutStopSec", Key::stop_timeout},
    {Section::service, "WatchdogSec", Key::watchdog},
    {Section::service, "User", Key::user},
    {Section::service, "Group", Key::group},
    {Section::service, "WorkingDirectory", Key::working_directory},
    {Section::service, "Environment", Key::environment},
    {Section::service, "RemainAfterExit", Key::remain_after_exit},
    {Section::install, "WantedBy", Key::wanted_by},
    {Section::install, "RequiredBy", Key::required_by},
    {Section::capabilities, "IoPorts", Key::io_ports},
    {Section::capabilities, "Interrupt", Key::interrupt},
    {Section::capabilities, "KeptPages", Key::kept_pages},
    {Section::capabilities, "Swap", Key::swap},
    {Section::capabilities, "DeviceMemory", Key::device_memory},
    {Section::capabilities, "DmaPages", Key::dma_pages},
    {Section::capabilities, "UntypedQuota", Key::untyped_quota},
};

Section section_of(Text name) {
    if (name == "Unit")
        return Section::unit;
    if (name == "Service")
        return Section::service;
    if (name == "Install")
        return Section::install;
    if (name == "Capabilities")
        return Section::capabilities;
    return Section::unknown;
}

template <class T, class Parsed>
Fault assign(T& target, const std::optional<Parsed>& parsed, UnitFault otherwise) {
    if (!parsed)
        return otherwise;
    target = static_cast<T>(*parsed);
    return std::nullopt;
}

class Parser {
public:
    Parser(Text name, Text file, TextStore& store, Unit& unit, Warnings& warnings)
        : name_(name), file_(file), store_(store), unit_(unit), warnings_(warnings) {}

    std::optional<UnitError> run();

private:
    Fault take(Text line);
    Fault take_section(Text line);
    Fault take_key(Text key, Text value);
    Fault apply(Key key, Text value);
    Fault apply_service(Key key, Text value);
    Fault apply_capability(Key key, Text value);
    Fault keep(Text& target, Text value);
    Fault keep_filled(Text& target, Text value, UnitFault if_empty);
    Fault add_names(NameList& list, Text value, UnitFault if_empty);
    Fault set_command(Text value);
    Fault add_environment(Text value);
    Fault check() const;
    void warn(WarningKind kind, Text subject);

    Text name_;
    Text file_;
    TextStore& store_;
    Unit& unit_;
    Warnings& warnings_;
    Section section_ = Section::none;
    uint32_t line_ = 0;
    bool has_unit_ = false;
    bool has_service_ = false;
    bool has_install_ = false;
};

std::optional<UnitError> Parser::run() {
    const auto kind = unit_kind_of(name_);
    if (!kind)
        return UnitError{UnitFault::bad_file_name, 0};
    if (file_.size() > max_file_bytes)
        return UnitError{UnitFault::file_too_big, 0};
    unit_ = Unit{};
    unit_.kind = *kind;
    if (const auto fault = keep(unit_.name, name_))
        return UnitError{*fault, 0};

    LineReader lines(file_);
    while (const auto line = lines.next()) {
        line_ = line->number;
        if (const auto fault = take(line->text))
            return UnitError{*fault, line_};
    }
    if (lines.error())
        return lines.error();
    if (const auto fault = check())
        return UnitError{*fault, 0};
    return std::nullopt;
}

Fault Parser::take(Text line) {
    if (line.front() == '[')
        return take_section(line);
    const size_t equals = line.find('=');
    if (equals == Text::npos)
        return UnitFault::missing_equals;
    if (section_ == Section::none)
        return UnitFault::key_outside_section;
    return take_key(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
}

Fault Parser::take_section(Text line) {
    if (line.back() != ']')
        return UnitFault::bad_section_line;
    const Text name = trim(line.substr(1, line.size() - 2));
    section_ = section_of(name);
    switch (section_) {
    case Section::unit: has_unit_ = true; break;
    case Section::install: has_install_ = true; break;
    case Section::service: has_service_ = true; [[fallthrough]];
    case Section::capabilities:
        if (unit_.kind == UnitKind::target)
            return UnitFault::service_in_target;
        break;
    case Section::unknown: warn(WarningKind::unknown_section, name); break;
    case Section::none: break;
    }
    return std::nullopt;
}

Fault Parser::take_key(Text key, Text value) {
    if (section_ == Section::unknown)
        return std::nullopt; // its section line has warned
    for (const auto& known : known_keys) {
        if (known.section == section_ && key == known.name)
            return apply(known.key, value);
    }
    warn(WarningKind::unknown_key, key);
    return std::nullopt;
}

Fault Parser::apply(Key key, Text value) {
    switch (key) {
    case Key::description: return keep(unit_.description, value);
    case Key::documentation: return keep(unit_.documentation, value);
    case Key::after: return add_names(unit_.after, value, UnitFault::empty_after);
    case Key::before: return add_names(unit_.before, value, UnitFault::empty_before);
    case Key::requirements: return add_names(unit_.requirements, value, UnitFault::empty_requires);
    case Key::wishes: return add_names(unit_.wishes, value, UnitFault::empty_wants);
    case Key::conflicts: return add_names(unit_.conflicts, value, UnitFault::empty_conflicts);
    case Key::wanted_by: return add_names(unit_.wanted_by, value, UnitFault::empty_wanted_by);
    case Key::required_by: return add_names(unit_.required_by, value, UnitFault::empty_required_by);
    case Key::default_dependencies:
        return assign(unit_.default_dependencies, parse_boolean(value), UnitFault::bad_boolean);
    case Key::start_limit: return assign(unit_.start_limit, parse_number(value, 1000), UnitFault::bad_number);
    case Key::start_limit_interval:
        return assign(unit_.start_limit_interval, parse_duration(value), UnitFault::bad_time);
    case Key::io_ports:
    case Key::interrupt:
    case Key::kept_pages:
    case Key::swap:
    case Key::untyped_quota:
    case Key::device_memory:
    case Key::dma_pages: return apply_capability(key, value);
    default: return apply_service(key, value);
    }
}

Fault Parser::apply_service(Key key, Text value) {
    ServicePart& service = unit_.service;
    switch (key) {
    case Key::type:
        if (value == "dbus")
            return UnitFault::no_bus;
        return assign(service.type, parse_service_type(value), UnitFault::bad_type);
    case Key::exec_start: return set_command(value);
    case Key::exec_reload: warn(WarningKind::without_effect, "ExecReload"); return keep(service.reload_command, value);
    case Key::restart: return assign(service.restart, parse_restart_policy(value), UnitFault::bad_restart);
    case Key::restart_delay: return assign(service.restart_delay.emplace(), parse_duration(value), UnitFault::bad_time);
    case Key::start_timeout: return assign(service.start_timeout, parse_duration(value), UnitFault::bad_time);
    case Key::stop_timeout: return assign(service.stop_timeout, parse_duration(value), UnitFault::bad_time);
    case Key::watchdog: return assign(service.watchdog, parse_duration(value), UnitFault::bad_time);
    case Key::user:
        warn(WarningKind::without_effect, "User");
        return keep_filled(service.user, value, UnitFault::empty_user);
    case Key::group:
        warn(WarningKind::without_effect, "Group");
        return keep_filled(service.group, value, UnitFault::empty_group);
    case Key::working_directory:
        warn(WarningKind::without_effect, "WorkingDirectory");
        return keep(service.working_directory, value);
    case Key::environment: return add_environment(value);
    case Key::remain_after_exit: return assign(service.remain_after_exit, parse_boolean(value), UnitFault::bad_boolean);
    default: return std::nullopt;
    }
}

Fault Parser::apply_capability(Key key, Text value) {
    if (key == Key::io_ports)
        return assign(unit_.capabilities.io_ports.emplace(), parse_io_ports(value), UnitFault::bad_io_ports);
    if (key == Key::swap)
        return assign(unit_.capabilities.swap, parse_boolean(value), UnitFault::bad_boolean);
    if (key == Key::kept_pages)
        return assign(unit_.capabilities.kept_pages, parse_number(value, sys::protocol::process::max_kept_pages),
                      UnitFault::bad_kept_pages);
    if (key == Key::device_memory)
        return assign(unit_.capabilities.device_memory.emplace(), parse_memory_range(value),
                      UnitFault::bad_device_memory);
    if (key == Key::dma_pages)
        return assign(unit_.capabilities.dma_pages, parse_number(value, sys::protocol::process::max_kept_pages),
                      UnitFault::bad_dma_pages);
    if (key == Key::untyped_quota)
        return assign(unit_.capabilities.untyped_quota, parse_size(value, min_untyped_quota, max_untyped_quota),
                      UnitFault::bad_untyped_quota);
    return assign(unit_.capabilities.interrupt.emplace(), parse_number(value, 239), UnitFault::bad_interrupt);
}

Fault Parser::keep(Text& target, Text value) {
    if (!store_.put(value)) {
        store_.abandon();
        return UnitFault::too_much_text;
    }
    target = store_.finish();
    return std::nullopt;
}

Fault Parser::keep_filled(Text& target, Text value, UnitFault if_empty) {
    if (value.empty())
        return if_empty;
    return keep(target, value);
}

Fault Parser::add_names(NameList& list, Text value, UnitFault if_empty) {
    if (value.empty())
        return if_empty;
    for (Text name = next_word(value); !name.empty(); name = next_word(value)) {
        if (!unit_kind_of(name))
            return UnitFault::bad_dependency_name;
        Text kept;
        if (const auto fault = keep(kept, name))
            return fault;
        if (!list.push(kept))
            return UnitFault::too_many_values;
    }
    return std::nullopt;
}

Fault Parser::set_command(Text value) {
    WordList& command = unit_.service.command;
    if (value.empty()) { // as in systemd: an empty ExecStart= takes back the one before
        command.clear();
        return std::nullopt;
    }
    if (!command.empty())
        return UnitFault::second_exec_start;
    if (const auto fault = split_words(value, store_, command))
        return fault;
    if (!command[0].starts_with('/'))
        return UnitFault::relative_exec_start;
    return std::nullopt;
}

Fault Parser::add_environment(Text value) {
    WordList& environment = unit_.service.environment;
    if (value.empty()) { // as in systemd: an empty Environment= takes back all before
        environment.clear();
        return std::nullopt;
    }
    const size_t before = environment.size();
    if (const auto fault = split_words(value, store_, environment))
        return fault;
    for (size_t i = before; i < environment.size(); ++i) {
        const size_t equals = environment[i].find('=');
        if (equals == 0 || equals == Text::npos)
            return UnitFault::bad_environment;
    }
    return std::nullopt;
}

/// What only the whole file can tell.
Fault Parser::check() const {
    if (!has_unit_)
        return UnitFault::no_unit_section;
    const bool is_service = unit_.kind == UnitKind::service;
    if (is_service && !has_service_ && !has_install_)
        return UnitFault::no_service_or_install;
    if (unit_.description.empty())
        return UnitFault::no_description;
    if (!is_service)
        return std::nullopt;
    const ServicePart& service = unit_.service;
    if (service.command.empty())
        return UnitFault::no_exec_start;
    const bool for_ever = service.restart == RestartPolicy::always || service.restart == RestartPolicy::on_success;
    if (service.type == ServiceType::oneshot && for_ever)
        return UnitFault::oneshot_restart;
    return std::nullopt;
}

void Parser::warn(WarningKind kind, Text subject) {
    ++warnings_.total;
    static_cast<void>(warnings_.first.push(Warning(kind, line_, subject))); // when full, `total` still counts it
}

} // namespace

std::optional<UnitError> parse_unit(Text name, Text file, TextStore& store, Unit& unit, Warnings& warnings) {
    const size_t mark = store.used();
    warnings = Warnings{};
    auto error = Parser(name, file, store, unit, warnings).run();
    if (error)
        store.release(mark);
    return error;
}

} // namespace systemd
