# SPDX-License-Identifier: BSD-2-Clause
"""What the log says about PID 1's address space, held against a walk of its page tables in the machine's memory."""
import pathlib
import re
import struct
import subprocess
import tempfile
import time

import build as building
import cases
import image
import packages
import qemu
import suites
import test_system
import verdict

GROUP = "tables: "
MEMORY_MIB = 64
DUMP_SECONDS = 30.0
PRESENT, WRITABLE, USER, LARGE, NO_EXECUTE = 1, 2, 4, 1 << 7, 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
MAPPING = re.compile(r"^PAGING: map_userland_memory\(pml4=0x([0-9a-f]+), vaddr=0x([0-9a-f]+), size=0x([0-9a-f]+)\)\n"
                     r"PAGING: Mapped (\d+) pages for userland$", re.MULTILINE)
NAMES = ["every mapping that PID 1's story tells has as many pages as its tables",
         "R3 the PML4 of the story leads through four levels to PID 1's code",
         "R17 no page of PID 1 is writable and executable",
         "R12 R15 no user page shows the kernel, and the kernel half is closed to user mode"]
ISOLATED_NAME = "with page-table isolation PID 1's tables show of the kernel how to enter it, and nothing else"
STACKS = ("double_fault", "nmi", "machine_check", "debug", "entry")


class Memory:
    """Physical memory, dumped, and the page tables in it."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def entries(self, table: int) -> list[tuple[int, int]]:
        if table + 4096 > len(self.data):
            raise ValueError(f"a table at {table:#x}, behind the end of memory")
        words = struct.unpack_from("<512Q", self.data, table)
        return [(index, word) for index, word in enumerate(words) if word & PRESENT]

    def leaves(self, pml4: int) -> dict[int, tuple[int, int]]:
        """All pages of the user half: address -> (entry, rights that all levels give, as bits of an entry)."""
        found: dict[int, tuple[int, int]] = {}
        self._walk(pml4, 39, 0, WRITABLE | USER, found)
        return found

    def kernel_leaves(self, pml4: int) -> dict[int, tuple[int, int]]:
        """The same of the kernel's half, where the addresses begin with ones."""
        found: dict[int, tuple[int, int]] = {}
        for index, entry in self.entries(pml4):
            if index >= 256:
                self._walk(entry & ADDRESS, 30, (index << 39) | 0xffff << 48, WRITABLE | USER, found)
        return found

    def _walk(self, table: int, shift: int, base: int, rights: int, found: dict[int, tuple[int, int]]) -> None:
        for index, entry in self.entries(table):
            if shift == 39 and index >= 256:
                continue
            address = base + (index << shift)
            here = (rights & entry & (WRITABLE | USER)) | ((rights | entry) & NO_EXECUTE)
            if shift == 12 or (shift < 39 and entry & LARGE):
                found[address] = (entry, here)
            else:
                self._walk(entry & ADDRESS, shift - 9, address, here, found)


def boot_and_dump(build: building.Build, scratch: pathlib.Path, append: str = "") -> tuple[str, Memory]:
    """Boots until the system is ready, stops it, and takes its memory through the monitor (Ctrl-A C)."""
    dump = scratch / "memory"
    with building.locked(build):
        image.make(image.choose(build, test_system.no_options(append=[append]), scratch), scratch / "umbra.iso")
    run = qemu.Run(qemu.Machine(scratch / "umbra.iso", f"{MEMORY_MIB}M"), scratch, interactive=False)

    def on_text(text: str) -> bool:
        if verdict.READY_LINE not in text:
            return verdict.failure_line(text) is not None
        size = MEMORY_MIB << 20
        run.type(b"\x01c" + f'stop\npmemsave 0 {size} "{dump}"\n'.encode())
        end = time.monotonic() + DUMP_SECONDS
        while time.monotonic() < end and (not dump.exists() or dump.stat().st_size < size):
            time.sleep(0.05)
        return True

    run.go(test_system.TIMEOUT_SECONDS, on_text, quiet=True)
    if not dump.exists():
        raise ValueError("no memory dump; the log:\n" + run.text[-3000:])
    return run.text, Memory(dump.read_bytes())


def page_counts(text: str, leaves: dict[int, tuple[int, int]]) -> str | None:
    told = MAPPING.findall(text)
    if len(told) < 4:
        return f"the log tells of {len(told)} mappings only"
    for _, address, size, pages in told:
        start, end = int(address, 16), int(address, 16) + int(size, 16)
        walked = sum(start <= at < end for at in leaves)
        if walked != int(pages):
            return f"{pages} pages at {start:#x} told, {walked} in the tables"
    return None


def code_page(pml4: int, memory: Memory, leaves: dict[int, tuple[int, int]], program: bytes) -> str | None:
    if 0x400000 not in leaves:
        return f"nothing at 0x400000 below the PML4 at {pml4:#x}"
    entry, rights = leaves[0x400000]
    if rights & NO_EXECUTE or rights & WRITABLE or not rights & USER:
        return f"the entry {entry:#x} is not for reading and executing by user mode"
    frame = entry & ADDRESS
    if memory.data[frame:frame + 64] not in program:
        return f"the frame at {frame:#x} does not hold PID 1's first instructions"
    return None


def writable_and_executable(leaves: dict[int, tuple[int, int]]) -> str | None:
    both = [at for at, (_, rights) in leaves.items() if rights & WRITABLE and not rights & NO_EXECUTE]
    return f"writable and executable: {both[0]:#x}" if both else None


def kernel_half(pml4: int, memory: Memory, leaves: dict[int, tuple[int, int]]) -> str | None:
    upper = [(index, entry) for index, entry in memory.entries(pml4) if index >= 256]
    if not upper:
        return "no kernel mappings in the PML4"
    for index, entry in upper:
        if entry & USER:
            return f"entry {index} of the PML4 lets user mode in: {entry:#x}"
    kernel = frames_of_kernel(memory, dict(upper)[511])
    shown = [at for at, (entry, _) in leaves.items() if entry & ADDRESS in kernel]
    return f"{shown[0]:#x} shows the kernel's image to PID 1" if shown else None


def frames_of_kernel(memory: Memory, entry: int) -> set[int]:
    """The 4 KiB frames of the kernel's image, linked at the top 2 GiB."""
    found: dict[int, tuple[int, int]] = {}
    memory._walk(entry & ADDRESS, 30, 0, WRITABLE, found)
    return {mapped & ADDRESS for mapped, _ in found.values()}


def way_into_the_kernel(build: building.Build) -> dict[int, str]:
    """Pages that the CPU and the entry stubs need, by the kernel's symbols: address -> rights."""
    lines = subprocess.run(["nm", build.kernel_elf], capture_output=True, text=True, check=True).stdout.splitlines()
    where = {name: int(address, 16) for address, _, name in (line.split(" ", 2) for line in lines)}
    parts = [("r-x", where["entry_text_start"], where["entry_text_end"]),
             ("rw-", where["entry_data_start"], where["entry_data_end"])]
    parts += [("rw-", where[f"{stack}_stack_guard"] + 4096, where[f"{stack}_stack_top"]) for stack in STACKS]
    return {page: rights for rights, start, end in parts for page in range(start, end, 4096)}


def isolation(build: building.Build, memory: Memory, pml4: int) -> str | None:
    shown = {}
    for page, (entry, rights) in memory.kernel_leaves(pml4).items():
        if rights & USER:
            return f"{page:#x} is open to user mode"
        if entry & ADDRESS != page & 0x7fff_ffff:
            return f"{page:#x} shows {entry & ADDRESS:#x}"
        shown[page] = "r" + ("w" if rights & WRITABLE else "-") + ("-" if rights & NO_EXECUTE else "x")
    expected = way_into_the_kernel(build)
    different = [page for page in shown.keys() | expected.keys() if shown.get(page) != expected.get(page)]
    return f"{different[0]:#x}: {shown.get(different[0])}, not {expected.get(different[0])}" if different else None


def pml4_told(text: str) -> int:
    created = re.search(r"^PAGING: Created new PML4 at 0x([0-9a-f]+) with kernel mappings$", text, re.MULTILINE)
    return int(created.group(1), 16) if created else 0


def isolated_job_of(compiler: str) -> cases.Job:
    build = building.Build(compiler, "debug")
    name = GROUP + ISOLATED_NAME + suites.compiler_suffix(compiler)

    def run(report: cases.Report) -> None:
        with tempfile.TemporaryDirectory(prefix="umbra-") as scratch:
            text, memory = boot_and_dump(build, pathlib.Path(scratch), "isolation=on")
        problem = isolation(build, memory, pml4_told(text))
        report.add(name, problem is None, problem or "")

    return cases.Job([name], run, [cases.Target(compiler, "debug")], packages.IMAGE + packages.QEMU)


def job_of(compiler: str) -> cases.Job:
    build = building.Build(compiler, "debug")
    names = [GROUP + name + suites.compiler_suffix(compiler) for name in NAMES]

    def run(report: cases.Report) -> None:
        with tempfile.TemporaryDirectory(prefix="umbra-") as name:
            text, memory = boot_and_dump(build, pathlib.Path(name))
        pml4 = pml4_told(text)
        leaves = memory.leaves(pml4)
        program = (build.folder / "servers" / "eclipse-systemd" / "eclipse-systemd.elf").read_bytes()
        problems = [page_counts(text, leaves), code_page(pml4, memory, leaves, program),
                    writable_and_executable(leaves), kernel_half(pml4, memory, leaves)]
        for case, problem in zip(names, problems):
            if case in job.names:
                report.add(case, problem is None, problem or "")

    job = cases.Job(list(names), run, [cases.Target(compiler, "debug")], packages.IMAGE + packages.QEMU)
    return job


def jobs(compilers: list[str]) -> list[cases.Job]:
    return [job for compiler in compilers for job in (job_of(compiler), isolated_job_of(compiler))]
