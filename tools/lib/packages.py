# SPDX-License-Identifier: BSD-2-Clause
"""Which Debian packages each command needs, and how they get there."""
import os
import shutil
import subprocess
import sys

BUILD = ["g++", "binutils", "meson", "ninja-build", "python3"]
IMAGE = ["grub-common", "grub-pc-bin", "grub-efi-amd64-bin", "xorriso", "mtools"]
QEMU = ["qemu-system-x86", "ovmf"]
CLANG = ["clang-19", "lld-19"]
BOCHS = ["bochs", "bochsbios", "vgabios", "bochs-term"]
GDB = ["gdb"]
HOST_TESTS = ["catch2", "pkgconf"]
CHECKS = ["clang-format-19"]
REFERENCE = ["doxygen"]


class PackageError(Exception):
    """What is missing could not be installed."""


def missing(packages: list[str]) -> list[str]:
    """Those that dpkg does not call installed, in the given order; [] where there is no dpkg to ask."""
    if not shutil.which("dpkg-query"):
        return []
    query = ["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *packages]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def install_command(packages: list[str]) -> list[list[str]]:
    """The commands that install packages: a bare system has no package lists, so those come first."""
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    return [prefix + ["apt-get", "update", "-qq"],
            prefix + environment + ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]]


def ensure(packages: list[str]) -> None:
    """Installs what is missing, and says so before it does."""
    wanted = missing(packages)
    if not wanted:
        return
    print(f"installing packages: {' '.join(wanted)}", file=sys.stderr, flush=True)
    for command in install_command(wanted):
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode != 0:
            raise PackageError(f"could not install {' '.join(wanted)}: {' '.join(command)} failed")
