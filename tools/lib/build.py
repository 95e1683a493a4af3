# SPDX-License-Identifier: BSD-2-Clause
"""Configures and builds with meson and ninja, one build folder per compiler and kernel variant, locked while in use."""
import contextlib
import dataclasses
import fcntl
import pathlib
import subprocess
import sys
from typing import Iterator

import packages
import servers

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMPILERS = ("gcc", "clang")
KERNELS = ("debug", "release", "counting")


class BuildError(Exception):
    """The build failed; the text is what the tool said."""


@dataclasses.dataclass(frozen=True)
class Build:
    compiler: str = "gcc"
    kernel: str = "debug"

    @property
    def folder(self) -> pathlib.Path:
        return REPOSITORY / "build" / f"{self.compiler}-{self.kernel}"

    @property
    def kernel_elf(self) -> pathlib.Path:
        return self.folder / "microkernel" / "umbra.elf"

    @property
    def init_elf(self) -> pathlib.Path:
        return self.folder / "init" / "init.elf"

    @property
    def archive(self) -> pathlib.Path:
        return self.folder / "grub" / "rootfs.cpio"

    @property
    def shipped_pager_tests(self) -> pathlib.Path:
        return self.folder / "tests" / "shipped-pager-tests"

    @property
    def server_tests(self) -> pathlib.Path:
        return self.folder / "tests" / "server-tests"

    @property
    def host_tests(self) -> pathlib.Path:
        return self.folder / "tests" / "umbra-tests"

    def packages(self) -> list[str]:
        return packages.BUILD + (packages.CLANG if self.compiler == "clang" else [])


@contextlib.contextmanager
def locked(build: Build) -> Iterator[None]:
    """Only one process at a time builds in, or copies from, a build folder."""
    build.folder.parent.mkdir(exist_ok=True)
    with open(build.folder.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise BuildError(f"{done.stdout.rstrip()}\n{what} failed")


def configure(build: Build, again: bool = False) -> None:
    """Sets up the build folder if there is none, or servers have come or gone; again: looks for new test files too.
    The caller holds the lock."""
    configured = (build.folder / "build.ninja").exists()
    known, inventory = build.folder / "servers.list", servers.inventory()
    unchanged = known.exists() and known.read_text() == inventory
    if configured and unchanged and not again:
        return
    command = ["meson", "setup", str(build.folder), "--cross-file", f"tools/cross/{build.compiler}.ini",
               f"-Dkernel={build.kernel}"]
    _run(command + (["--reconfigure"] if configured else []), "meson setup")
    known.write_text(inventory)


def compile_targets(build: Build, targets: list[str] | None = None, again: bool = False) -> None:
    """Builds targets (default: all that is built by default). The caller holds the lock."""
    packages.ensure(build.packages())
    print(f"building ({build.compiler}, {build.kernel} kernel)", file=sys.stderr, flush=True)
    configure(build, again)
    _run(["ninja", "-C", str(build.folder), *(targets or [])], "ninja")
