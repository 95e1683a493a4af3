# SPDX-License-Identifier: BSD-2-Clause
"""The boot manifest: which servers are in an image, and what each may reach. Read from the units of the boot archive, so that it
says what is booted; a further server is a further unit file. In the image it is /boot/manifest.txt; tools/image --manifest
prints it.
"""
import pathlib

import archive

HEAD = ("server", "program", "started by", "may reach, beyond messages")
# Those that no unit starts: init makes them, with what stands in init/.
BY_INIT = (("init", "the root task", "the kernel", "everything"),
           ("pager", "/sbin/pager", "init", "memory"),
           ("console", "/sbin/console", "init", "IoPorts=0x3f8-0x3ff Interrupt=4"),
           ("eclipse-systemd", "/sbin/init", "init", "the right to start and end processes"))
NOTHING = "nothing"


def read_unit(text: str) -> dict[str, list[tuple[str, str]]]:
    """The lines `Key=Value` of each section. PID 1 says what is wrong with a unit; this only shows it."""
    sections: dict[str, list[tuple[str, str]]] = {}
    section = ""
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            sections.setdefault(section, []).append((key.strip(), value.strip()))
    return sections


def row(name: str, text: str, programs: set[str]) -> tuple[str, ...]:
    unit = read_unit(text)
    words = [value.split() for key, value in unit.get("Service", []) if key == "ExecStart"]
    program = words[-1][0] if words and words[-1] else "?"
    if program.lstrip("/") not in programs:
        program += " (missing)"
    wanted = [value for key, value in unit.get("Install", []) if key in ("WantedBy", "RequiredBy")]
    reach = " ".join(f"{key}={value}" for key, value in unit.get("Capabilities", []))
    return name.removesuffix(".service"), program, " ".join(wanted) or "who names it", reach or NOTHING


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEAD))]
    return "".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() + "\n" for line in rows)


def of_archive(boot: archive.Archive) -> str:
    folder = archive.UNITS + "/"
    units = [(name.removeprefix(folder), data.decode()) for name, (_, data) in sorted(boot.members.items())
             if name.startswith(folder) and name.endswith(".service")]
    programs = set(boot.members)
    return table([HEAD, *BY_INIT, *(row(name, text, programs) for name, text in units)])


def of_modules(modules: list[tuple[str, pathlib.Path]]) -> str | None:
    """Of the boot archive among an image's modules; none: a root task of its own."""
    for name, path in modules:
        if name.split(" ")[0] == "rootfs":
            return of_archive(archive.Archive.from_bytes(path.read_bytes()))
    return None
