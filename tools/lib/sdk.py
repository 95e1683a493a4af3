# SPDX-License-Identifier: BSD-2-Clause
"""The commands of an installed SDK: umbra-run, umbra-test, umbra-image, umbra-new-server.

A server is a folder with a meson.build and tests. The boot archive is the SDK's, and what lies beside each
other is booted together, as in servers/ of the repository: the programs and units of all servers in the folder around.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import archive
import build as building
import cases
import image
import manifest
import packages
import qemu
import run as command
import test_host
import test_scenarios
import verdict

PACKAGES = packages.BUILD + packages.HOST_TESTS + packages.IMAGE + packages.QEMU
PROGRAM = re.compile(r"^ExecStart=/(\S+)", re.MULTILINE)


class SdkError(Exception):
    """Something that the user can put right: the text says what."""


class Sdk:
    """An installed SDK by its prefix."""

    def __init__(self, prefix: pathlib.Path) -> None:
        self.prefix = prefix.resolve()
        if not (self.prefix / "lib" / "pkgconfig" / "umbra.pc").is_file():
            raise SdkError(f"{prefix} is no Umbra SDK: it has no lib/pkgconfig/umbra.pc")
        self.built = self.prefix / "lib" / "umbra"
        found = re.search(r"^compiler=(\w+)$", (self.prefix / "lib/pkgconfig/umbra.pc").read_text(), re.MULTILINE)
        if found is None or found[1] not in building.COMPILERS:
            raise SdkError(f"{prefix}: lib/pkgconfig/umbra.pc does not say which compiler it is of")
        self.compiler = found[1]

    def meson_options(self) -> list[str]:
        path = self.prefix / "lib" / "pkgconfig"
        return ["--cross-file", str(self.prefix / f"share/umbra/tools/cross/{self.compiler}.ini"),
                f"-Dpkg_config_path={path}", f"-Dbuild.pkg_config_path={path}"]


def own() -> Sdk:
    """The SDK that this file is installed in: PREFIX/share/umbra/tools/lib."""
    return Sdk(pathlib.Path(__file__).resolve().parents[4])


def is_server(folder: pathlib.Path) -> bool:
    return (folder / "meson.build").is_file() and (folder / "tests").is_dir()


def servers_around(folder: pathlib.Path) -> list[pathlib.Path]:
    """The servers in a folder; or, if it is a server itself, in the folder around it."""
    place = folder.resolve()
    found = sorted(path for path in (place.parent if is_server(place) else place).iterdir() if is_server(path))
    if not found:
        raise SdkError(f"there is no server in {folder}: a server is a folder with a meson.build and tests")
    return found


def build(sdk: Sdk, server: pathlib.Path, targets: tuple[str, ...] = ()) -> None:
    """With the compiler that the SDK is of; targets: all, by default."""
    packages.ensure(building.Build(sdk.compiler).packages())
    print(f"building {server.name} ({sdk.compiler})", file=sys.stderr, flush=True)
    folder = server / "build"
    commands, known = [["ninja", "-C", str(folder), *targets]], folder / "umbra-sdk"
    if not known.is_file() or known.read_text() != str(sdk.prefix):  # the first time, or with another SDK
        wipe = ["--wipe"] if (folder / "build.ninja").is_file() else []
        commands.insert(0, ["meson", "setup", *wipe, str(folder), str(server), *sdk.meson_options()])
    for words in commands:
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            raise SdkError(f"{done.stdout.rstrip()}\n{words[0]} failed for {server.name}")
    known.write_text(str(sdk.prefix))


def boot_archive(sdk: Sdk, servers: list[pathlib.Path], scratch: pathlib.Path) -> pathlib.Path:
    """The SDK's archive with the units of the servers, and the programs that those start."""
    root = archive.Archive.from_bytes((sdk.built / "rootfs.cpio").read_bytes())
    for server in servers:
        for unit in sorted(server.glob("*.service")):
            root.add_file(f"{archive.UNITS}/{unit.name}", unit.read_bytes())
            found = PROGRAM.search(unit.read_text())
            built = server / "build" / f"{pathlib.PurePosixPath(found.group(1)).name}.elf" if found else None
            if built and built.is_file():
                root.add_program(found.group(1), built)
    out = scratch / "servers.cpio"
    out.write_bytes(root.to_bytes())
    return out


def make_iso(sdk: Sdk, modules: list[tuple[str, pathlib.Path]], words: str, scratch: pathlib.Path) -> pathlib.Path:
    image.make(image.Content(sdk.built / "umbra.elf", modules, words), scratch / "umbra.iso")
    return scratch / "umbra.iso"


def make_image(sdk: Sdk, rootfs: pathlib.Path, scratch: pathlib.Path, append: list[str] = ()) -> pathlib.Path:
    words = " ".join(append)
    return make_iso(sdk, [("init", sdk.built / "init.elf"), (f"rootfs {words}".strip(), rootfs)], words, scratch)


def run_scenario(sdk: Sdk, path: pathlib.Path, rootfs: pathlib.Path, report: cases.Report) -> None:
    scenario = tomllib.loads(path.read_text())
    server = path.parent.parent
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        place = test_scenarios.Place(server, server / "build")
        edited = test_scenarios.edited_archive(rootfs, scenario.get("archive", {}), place, scratch)
        boot = scenario.get("boot", {})
        if "root" in boot:
            iso = make_iso(sdk, [("root", place.built / boot["root"])], boot.get("append", ""), scratch)
        else:
            iso = make_image(sdk, edited, scratch, [boot.get("append", "")])
        text, outcome = test_scenarios.boot_in_qemu(scenario, iso, scratch)
    problem = test_scenarios.ending_problem(boot, outcome)
    for case in scenario["case"]:
        result = cases.Outcome(False, problem) if problem else test_scenarios.case_outcome(case, text)
        report.add(test_scenarios.GROUP + case["name"], result.passed,
                   result.detail + ("" if result.passed else f"\n{text[-4000:]}"))


def test(sdk: Sdk, server: pathlib.Path) -> bool:
    """Builds the server and those around it, and runs its tests; says how each went. False if one failed, or none ran."""
    def say(name: str, outcome: cases.Outcome) -> None:
        print(f"{'ok  ' if outcome.passed else 'FAIL'} {name}", flush=True)
        if not outcome.passed:
            print("     " + outcome.detail.strip().replace("\n", "\n     "), flush=True)

    packages.ensure(PACKAGES)
    around = servers_around(server)
    for each in around:
        build(sdk, each)
    report = cases.Report(say)
    names = test_host.listed(sorted((server / "tests").glob("*_test.cpp")))
    test_host.run_all(server / "build" / "host-tests", names, report)
    with tempfile.TemporaryDirectory(prefix="umbra-") as scratch:
        rootfs = boot_archive(sdk, around, pathlib.Path(scratch))
        for path in sorted((server / "tests").glob("*.toml")):
            run_scenario(sdk, path, rootfs, report)
    failed = sum(not outcome.passed for outcome in report.outcomes.values())
    print(f"{len(report.outcomes) - failed} passed, {failed} failed", flush=True)
    return failed == 0 and bool(report.outcomes)


def folder_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=pathlib.Path, default=pathlib.Path(),
                        help="a server, or a folder with servers; default: this one")


def run_main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="umbra-run", description="Builds the servers beside each other in a folder and "
                                     "boots them with the rest of the system in QEMU.", epilog=command.EPILOG)
    folder_argument(parser)
    command.add_machine_options(parser, "max")
    parser.add_argument("--append", action="append", default=[], metavar="WORDS", help="boot options; repeatable")
    options = parser.parse_args(arguments)
    options.root = options.kernel_image = None
    packages.ensure(PACKAGES)
    sdk, found = own(), servers_around(options.folder)
    for server in found:
        build(sdk, server)
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        iso = make_image(sdk, boot_archive(sdk, found, scratch), scratch, options.append)
        return command.finish("umbra-run", command.boot(qemu.Machine(iso, options.memory, options.cpu), scratch, options))


def test_main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="umbra-test", description="Builds a server and runs its tests: on the host, and "
                                     "booted in QEMU.", epilog="status: 0 all passed, 1 some failed, 2 wrong usage")
    folder_argument(parser)
    server = parser.parse_args(arguments).folder.resolve()
    chosen = [server] if is_server(server) else servers_around(server)
    return 0 if all([test(own(), each) for each in chosen]) else 1


def image_main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="umbra-image", description="Writes the bootable ISO image with the servers.")
    folder_argument(parser)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("umbra.iso"))
    parser.add_argument("--manifest", action="store_true", help="no image: print which servers are in it, and what each may reach")
    options = parser.parse_args(arguments)
    packages.ensure(PACKAGES)
    sdk, found = own(), servers_around(options.folder)
    for server in found:
        build(sdk, server)
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        rootfs = boot_archive(sdk, found, scratch)
        if options.manifest:
            print(manifest.of_modules([("rootfs", rootfs)]), end="")
            return 0
        shutil.copyfile(make_image(sdk, rootfs, scratch), options.output)
    return 0


def main(arguments: list[str]) -> int:
    import new_server  # it uses this module
    commands = {"run": run_main, "test": test_main, "image": image_main, "new-server": new_server.main}
    name, rest = arguments[0], arguments[1:]
    try:
        return commands[name](rest)
    except (SdkError, packages.PackageError, image.ImageError, qemu.QemuError) as error:
        print(f"umbra-{name}: {error}")
        return verdict.FAILED
    except KeyboardInterrupt:
        return verdict.FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
