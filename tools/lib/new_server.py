# SPDX-License-Identifier: BSD-2-Clause
"""tools/new-server: a new server from a sample of tools/templates/servers, built and tested before it says that it is there."""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import build as building
import image
import packages
import qemu
import sdk
import test_host
import test_scenarios

USAGE, FAILED = 2, 1
TEMPLATES = building.REPOSITORY / "tools" / "templates"
SDK_FOLDER = "umbra-sdk"
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
MAX_NAME = 18  # a service's name has at most 23 characters, and the test's unit adds some
# Programs of the boot archive, names of meson's own targets, of namespaces that the sources use.
TAKEN = {"abi", "all", "benchmark", "clean", "coverage", "dist", "host-tests", "init", "install", "pager", "protocol",
         "rootfs", "scan-build", "std", "sys", "test", "uninstall"}
# What C++ does not let a namespace be called.
KEYWORDS = set("""alignas alignof and asm auto bitand bitor bool break case catch char class compl concept const continue
consteval constexpr constinit decltype default delete do double else enum explicit export extern false float for friend goto if
inline int long main mutable namespace new noexcept not nullptr operator or private protected public register requires return
short signed sizeof static struct switch template this throw true try typedef typeid typename union unsigned using virtual void
volatile while xor linux unix""".split())


class UsageError(Exception):
    """Nothing has been written."""


class Failed(Exception):
    """The server is written, but not proven."""


def inside_repository() -> bool:
    """Whether this is the repository's command, not that of an installed SDK."""
    return (building.REPOSITORY / "microkernel").is_dir()


def name_problem(name: str) -> str | None:
    if not NAME.fullmatch(name):
        return "a name is made of a-z, 0-9 and single hyphens between them, and begins with a letter"
    if len(name) > MAX_NAME:
        return f"a name has at most {MAX_NAME} characters"
    if name.endswith("-test"):
        return "names that end in -test belong to the test programs of servers"
    if name in TAKEN or name in KEYWORDS or name.startswith("sample-"):
        return "this name has another meaning already"
    return None


def port_conflicts(sample: pathlib.Path, folders: list[pathlib.Path]) -> list[str]:
    """Units that have the sample's ports already: the kernel issues no port twice."""
    def ports(unit: pathlib.Path) -> range:
        found = re.search(r"^IoPorts=(\w+)(?:-(\w+))?", unit.read_text(), re.MULTILINE)
        return range(int(found[1], 0), int(found[2] or found[1], 0) + 1) if found else range(0)

    wanted = {port for unit in sample.glob("*.service") for port in ports(unit)}
    return [unit.name for folder in folders for unit in sorted(folder.glob("*/*.service")) if wanted & {*ports(unit)}]


def renamed(text: str, sample: str, name: str, outside: bool) -> str:
    """The sample's text for a server of another name; outside, the folder of servers is an include root."""
    text = text.replace(sample, name).replace(sample.replace("-", "_"), name.replace("-", "_"))
    return text.replace("<servers/", "<") if outside else text


# What a server outside builds: name of the program, its sources, and the package of the SDK that it is linked with.
SERVICE_PROGRAMS = (("sample-server", "files('main.cpp') + sources", "umbra"),
                    ("sample-server-test", "files('tests/client_program.cpp')", "umbra"))
ROOT_PROGRAMS = (("sample-server-test", "files('tests/root_task.cpp') + sources", "umbra-root"),)


def outside_build(sample: pathlib.Path) -> str:
    """meson.build of a server that is a project of its own."""
    pure = sorted(path.name for path in sample.glob("*.cpp") if path.name != "main.cpp")
    text = (TEMPLATES / "outside.meson.in").read_text()
    programs = SERVICE_PROGRAMS if (sample / "main.cpp").exists() else ROOT_PROGRAMS
    calls = [f"executable('{name}', {built}, name_suffix: 'elf', cpp_args: warnings,\n"
             f"  dependencies: dependency('{package}'), include_directories: around)" for name, built, package in programs]
    text = text.replace("@PROGRAMS@", "\n".join(calls)).replace("@SOURCES@", ", ".join(f"'{file}'" for file in pure))
    return text.replace("sample-server", sample.name)


def lay_out(folder: pathlib.Path) -> None:
    """Another name makes other lines; what comes into the repository is laid out as it wants."""
    formatter = shutil.which(packages.CHECKS[0])
    files = [str(path) for path in folder.rglob("*.?pp")]
    if formatter and inside_repository():
        subprocess.run([formatter, "-i", f"--style=file:{building.REPOSITORY / '.clang-format'}", *files], check=False)


def write(sample: pathlib.Path, name: str, parent: pathlib.Path, outside: bool) -> pathlib.Path:
    """Writes the folder beside its place and moves it there when it is whole."""
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=parent) as scratch:
        whole = pathlib.Path(scratch) / name
        for path in sorted(sample.rglob("*")):
            if path.is_dir() or "__pycache__" in path.parts:
                continue
            target = whole / renamed(path.relative_to(sample).as_posix(), sample.name, name, False)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = outside_build(sample) if outside and path.name == "meson.build" else path.read_text()
            target.write_text(renamed(text, sample.name, name, outside))
        if outside:
            (whole / ".gitignore").write_text("/build/\n")
        lay_out(whole)
        os.rename(whole, parent / name)
    return parent / name


def install_sdk(place: pathlib.Path, compiler: str = "gcc") -> None:
    """meson install, into a folder beside its place that is moved there when it is whole."""
    print(f"installing the SDK ({compiler}) in {place}", file=sys.stderr, flush=True)
    build = building.Build(compiler)
    packages.ensure(sdk.PACKAGES)
    with building.locked(build), tempfile.TemporaryDirectory(prefix=".umbra-sdk-", dir=place.parent) as scratch:
        building.compile_targets(build)
        words = ["meson", "install", "-C", str(build.folder), "--no-rebuild", "--quiet", "--destdir", scratch]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        installed = [path.parents[2] for path in pathlib.Path(scratch).rglob("umbra.pc")]
        if done.returncode != 0 or len(installed) != 1:
            raise Failed(f"{done.stdout.rstrip()}\nmeson install failed")
        os.rename(installed[0], place)


def chosen_sdk(options: argparse.Namespace) -> sdk.Sdk | None:
    """The SDK to build against, if there is one yet."""
    if options.sdk:
        return sdk.Sdk(options.sdk)
    if not inside_repository():
        return sdk.own()
    place = options.dir / SDK_FOLDER
    return sdk.Sdk(place) if place.exists() else None


def test_inside(server: pathlib.Path) -> None:
    """tools/test, with the names of the new cases."""
    names = [test_host.GROUP + name for name in test_host.listed(sorted((server / "tests").glob("*_test.cpp")))]
    for path in sorted((server / "tests").glob("*.toml")):
        names += [test_scenarios.GROUP + case["name"] for case in tomllib.loads(path.read_text())["case"]]
    command = [str(building.REPOSITORY / "tools" / "test"), "--compiler", "gcc", *names]
    if subprocess.run(command, check=False).returncode != 0:
        raise Failed("its tests do not pass")


def test_outside(kit: sdk.Sdk, server: pathlib.Path) -> None:
    if not sdk.test(kit, server):
        raise Failed("its tests do not pass")


def shown(path: pathlib.Path) -> str:
    """A path as the user would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def say_next_steps(server: pathlib.Path, kit: sdk.Sdk | None) -> None:
    name, place = server.name, shown(server)
    run, test = ("tools/run", f"tools/test {name}")
    if kit:
        run, test = (f"{shown(kit.prefix)}/bin/umbra-{what} {place}" for what in ("run", "test"))
    is_service = (server / "main.cpp").exists()
    steps = [(run, f"boots the system: {name} runs in it")] if is_service else []
    steps.append((test, "runs its tests again"))
    if is_service:
        steps.append((f"{place}/protocol.hpp, service.cpp, {name}.service",
                      "say what it understands, what it does, and what it may reach"))
    else:
        steps.append((f"{place}/service.cpp, tests/root_task.cpp", "say what it decides, and how threads get it as their pager"))
    print(f"\n{place} is there, and its tests pass. Next:")
    for what, why in steps:
        print(f"  {what}\n      {why}")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/new-server" if inside_repository() else "umbra-new-server",
        description="Writes a new server, with unit, protocol, client, host tests and system test, builds it and runs its tests.",
        epilog="status: 0 it is there and its tests pass; 1 something failed, what was written stays; 2 wrong usage, nothing "
               "is written")
    parser.add_argument("name", metavar="NAME", help="a-z, 0-9 and hyphens; the folder, the program and the unit are called so")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--pager", action="store_const", dest="sample", const="sample-pager", help="a pager of threads, tried by a root task of its own")
    kind.add_argument("--driver", action="store_const", dest="sample", const="sample-driver",
                      help="a driver with I/O ports and an interrupt")
    parser.add_argument("--dir", type=pathlib.Path, metavar="DIR", help="write DIR/NAME, outside the repository, instead of "
                        "servers/NAME; DIR is made if it is missing")
    parser.add_argument("--compiler", choices=building.COMPILERS, help="with --dir: the compiler that the SDK is of: that of the "
                        "SDK there is, or, if it is installed now, gcc by default")
    parser.add_argument("--sdk", type=pathlib.Path, metavar="PREFIX", help="with --dir: the installed SDK to build against; "
                        f"default: DIR/{SDK_FOLDER}, installed there if it is missing")
    options = parser.parse_args(arguments)
    options.sample = TEMPLATES / "servers" / (options.sample or "sample-server")
    if options.sdk and not options.dir:
        parser.error("--sdk needs --dir")
    if options.compiler and not options.dir and inside_repository():
        parser.error("--compiler needs --dir")
    if not options.dir and not inside_repository():
        options.dir = pathlib.Path()
    return options


def check(options: argparse.Namespace) -> tuple[pathlib.Path, sdk.Sdk | None]:
    """Everything that can be known before anything is written: the folder, and the SDK as far as there is one."""
    problem = name_problem(options.name)
    if problem:
        raise UsageError(f"{options.name!r}: {problem}")
    folder = options.dir.resolve() if options.dir else building.REPOSITORY / "servers"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{options.dir} is not a folder")
    place = folder / options.name
    if place.exists() or place.is_symlink():
        raise UsageError(f"{shown(place)} exists already")
    try:
        kit = chosen_sdk(options) if options.dir else None
    except sdk.SdkError as error:
        raise UsageError(str(error)) from None
    if kit and options.compiler and kit.compiler != options.compiler:
        raise UsageError(f"{shown(kit.prefix)} is of {kit.compiler}, not of {options.compiler}")
    conflicts = port_conflicts(options.sample, [folder] if folder.is_dir() else [])
    if conflicts:
        raise UsageError(f"{', '.join(conflicts)} has the ports of the new driver's device: give it those of its own first")
    return folder, kit


def create(options: argparse.Namespace, folder: pathlib.Path, kit: sdk.Sdk | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if options.dir and kit is None:
        install_sdk(folder / SDK_FOLDER, options.compiler or building.COMPILERS[0])
        kit = sdk.Sdk(folder / SDK_FOLDER)
    server = write(options.sample, options.name, folder, bool(options.dir))
    print(f"{shown(server)} is written", file=sys.stderr, flush=True)
    if options.dir:
        test_outside(kit, server)
    else:
        test_inside(server)
    say_next_steps(server, kit)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    try:
        create(options, *check(options))
        return 0
    except UsageError as error:
        print(f"new-server: {error}; nothing was written", file=sys.stderr)
        return USAGE
    except (Failed, OSError, sdk.SdkError, building.BuildError, image.ImageError, packages.PackageError,
            qemu.QemuError) as error:
        print(f"new-server: {error}\nnew-server: what was written is left as it is", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("new-server: interrupted; what was written is left as it is", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
