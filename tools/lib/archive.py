# SPDX-License-Identifier: BSD-2-Clause
"""Makes the boot archive: a cpio in the "newc" format, reproducible (no times, no owners, sorted names)."""
import argparse
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

import symbol_table

TRAILER = "TRAILER!!!"
UNITS = "etc/eclipse/systemd/system"  # where PID 1 looks for units
SYMBOLS = "usr/lib/symbols"  # where init looks for the functions of a program, by its path


def pad4(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


def record(name: str, mode: int, data: bytes, inode: int) -> bytes:
    """One member: header of 8-digit hexadecimal fields, name with its NUL, data; name and data padded to 4 bytes."""
    raw_name = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = [inode, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(raw_name), 0]
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return pad4(header + raw_name) + pad4(data)


class Archive:
    """Members by path without a leading slash: (mode, content); directories appear by themselves."""

    def __init__(self) -> None:
        self.members: dict[str, tuple[int, bytes]] = {}

    def _make_parents(self, path: str) -> None:
        for parent in pathlib.PurePosixPath(path).parents:
            if str(parent) != ".":
                self.members.setdefault(str(parent), (stat.S_IFDIR | 0o755, b""))

    def add_file(self, path: str, data: bytes, executable: bool = False) -> None:
        self._make_parents(path)
        self.members[path] = (stat.S_IFREG | (0o755 if executable else 0o644), data)

    def add_program(self, path: str, program: pathlib.Path) -> None:
        """Without its symbols, but for the names of its functions in a file of their own."""
        self.add_file(path, stripped(program), executable=True)
        self.add_file(f"{SYMBOLS}/{path}", functions_of(program))

    def add_link(self, path: str, target: str) -> None:
        self._make_parents(path)
        self.members[path] = (stat.S_IFLNK | 0o777, target.encode())

    def add_tree(self, root: pathlib.Path) -> list[pathlib.Path]:
        """Adds all below root, links as links; names starting with a dot and meson files stay out. Returns what it read."""
        read = []
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if any(part.startswith(".") for part in path.relative_to(root).parts) or path.name == "meson.build":
                continue
            if path.is_symlink():
                self.add_link(name, os.readlink(path))
            elif path.is_file():
                self.add_file(name, path.read_bytes(), os.access(path, os.X_OK))
                read.append(path)
            elif path.is_dir():
                self._make_parents(name + "/x")
                read.append(path)
        return read

    def remove(self, path: str) -> None:
        del self.members[path]

    def to_bytes(self) -> bytes:
        out = bytearray()
        for inode, (name, (mode, data)) in enumerate(sorted(self.members.items()), 1):
            out += record(name, mode, data, inode)
        out += record(TRAILER, 0, b"", 0)
        return bytes(out) + b"\0" * (-len(out) % 512)

    @staticmethod
    def from_bytes(raw: bytes) -> "Archive":
        """Reads an archive that to_bytes wrote; ValueError if it is anything else."""
        archive, offset = Archive(), 0
        while True:
            if raw[offset:offset + 6] != b"070701":
                raise ValueError(f"no cpio header at offset {offset}")
            fields = [int(raw[offset + 6 + 8 * i:offset + 14 + 8 * i], 16) for i in range(13)]
            name_at = offset + 110
            name = raw[name_at:name_at + fields[11] - 1].decode()
            data_at = (name_at + fields[11] + 3) & ~3
            if name == TRAILER:
                return archive
            archive.members[name] = (fields[1], raw[data_at:data_at + fields[6]])
            offset = (data_at + fields[6] + 3) & ~3


def stripped(program: pathlib.Path) -> bytes:
    """The program without symbols and debug information, which nothing on target reads."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "--strip-all", "-o", out.name, str(program)], check=True)
        return pathlib.Path(out.name).read_bytes()


def functions_of(program: pathlib.Path) -> bytes:
    """A line for each, ascending: 16 hexadecimal digits, a space, the name."""
    return "".join(f"{address:016x} {name}\n" for address, name in symbol_table.functions("nm", program)).encode()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--root", type=pathlib.Path, help="folder whose content goes in as it is")
    parser.add_argument("--depfile", type=pathlib.Path)
    parser.add_argument("--unit", action="append", default=[], type=pathlib.Path, help="a unit file of a server")
    parser.add_argument("--file", action="append", default=[], help="path in the archive of the next program")
    parser.add_argument("programs", nargs="*", type=pathlib.Path)
    options = parser.parse_args(arguments)
    if len(options.file) != len(options.programs):
        parser.error(f"{len(options.file)} paths for {len(options.programs)} programs")
    archive, read = Archive(), []
    if options.root and options.root.is_dir():
        read = archive.add_tree(options.root) + [options.root]
    for unit in options.unit:
        archive.add_file(f"{UNITS}/{unit.name}", unit.read_bytes())
    for path, program in zip(options.file, options.programs):
        archive.add_program(path, program)
    options.output.write_bytes(archive.to_bytes())
    if options.depfile:
        options.depfile.write_text(f"{options.output}: {' '.join(str(path.resolve()) for path in read)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
