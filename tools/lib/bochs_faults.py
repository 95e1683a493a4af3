# SPDX-License-Identifier: BSD-2-Clause
"""tools/bochs --faults, --batch and --trace: stops at each page fault, tells it from Bochs' own state, and goes on."""
import argparse
import dataclasses
import pathlib
import sys
import time
from typing import Callable, Iterator, TextIO

import bochs_debugger
import elf_programs
import fault_record
import kernel_layout
import page_walk
import paging_events
import verdict

EVENTS = 20  # that `events` shows
PAGE_MASK = ~0xFFF
HELP = """c or an empty line: on to the next; walk ADDR: the way to an address in this space; events [N]: what the kernel remembers of paging; quit; all else goes to Bochs"""


def number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a number: {text}") from None


def positive(text: str) -> int:
    value = number(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"not a positive number: {text}")
    return value


def add_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("page faults", "stop at page faults and tell each from the state of the machine")
    group.add_argument("--faults", action="store_true", help="at each, wait for a command: " + HELP)
    group.add_argument("--batch", type=positive, metavar="N",
                       help="wait for nobody: end with 0 after N faults, with 1 if fewer came")
    group.add_argument("--trace", type=pathlib.Path, metavar="FILE",
                       help="write all faults up to the end of the boot, or of the run, into FILE")
    group.add_argument("--exceptions", action="store_true",
                       help="also stop at stack faults and general protection: what an address leads to that is not canonical")
    group.add_argument("--nth", type=positive, default=1, metavar="N", help="begin with the n-th of those wanted")
    group.add_argument("--at", type=number, metavar="ADDR", help="only faults in the page of ADDR")
    group.add_argument("--process", metavar="NAME", help="only faults of this program or thread")
    group.add_argument("--keeper", type=number, metavar="K", help="only where keeper K is in force; 0: none")


def asked_for(options: argparse.Namespace) -> bool:
    return options.faults or options.batch is not None or options.trace is not None


def misuse(options: argparse.Namespace) -> str | None:
    """What is wrong with the options, if anything."""
    narrowed = options.nth != 1 or options.at is not None or options.process or options.keeper is not None or options.exceptions
    if narrowed and not asked_for(options):
        return "--nth, --at, --process, --keeper and --exceptions are for --faults, --batch or --trace"
    if options.trace is not None and (options.faults or options.batch is not None):
        return "--trace goes without --faults and --batch"
    return None


def is_wanted(record: fault_record.Record, options: argparse.Namespace) -> bool:
    if options.at is not None and (record.trap.vector != kernel_layout.PAGE_FAULT or
                                   (record.trap.address ^ options.at) & PAGE_MASK):
        return False
    if options.process and options.process not in (record.process, record.thread.strip('"')):
        return False
    return options.keeper is None or record.keeper == options.keeper


@dataclasses.dataclass
class Session:
    """A machine that stops at its page faults."""
    debugger: bochs_debugger.Debugger
    explainer: fault_record.Explainer
    scratch: pathlib.Path
    deadline: float
    stubs: dict[int, int]  # where it stops, and the vector there
    symbols: dict[str, set[int]] = dataclasses.field(default_factory=dict)  # by program: spaces that have its symbols

    def begin(self, kernel: elf_programs.Program) -> None:
        self.debugger.until_prompt(self.deadline)
        self.load_symbols(kernel, "global ")
        for stub in self.stubs:
            self.debugger.ask(f"lb {stub:#x}")

    def load_symbols(self, program: elf_programs.Program, scope: str = "") -> None:
        """Without a scope: for the address space that is loaded now."""
        file = self.scratch / f"{program.name}.symbols"
        file.write_text("".join(f"{address:x} {name}\n" for name, address in program.symbols.items()))
        self.debugger.ask(f'ldsym {scope}"{file}"')

    def learn(self, record: fault_record.Record) -> None:
        """The commands of Bochs know the running program's symbols from now on."""
        spaces = self.symbols.setdefault(record.process, set())
        space = record.trap.cr3 & page_walk.ADDRESS_MASK
        if record.program and record.trap.ring == 3 and space not in spaces:
            spaces.add(space)
            self.load_symbols(record.program)

    def faults(self) -> Iterator[fault_record.Record]:
        while True:
            self.debugger.ask("c", self.deadline)
            registers = self.debugger.registers()
            if (vector := self.stubs.get(registers["rip"])) is None:
                continue  # a breakpoint of the user's
            trap = fault_record.trap_on_stack(self.debugger.read, registers["cr2"], registers["cr3"], registers["rsp"],
                                              vector, registers)
            if trap is not None:
                yield self.explainer.record(trap, self.debugger.read)

    def outcome(self, record: fault_record.Record) -> str:
        """The end of a record that was told, at the next stop: what came of it, if that is known."""
        then = self.explainer.outcome(record, self.debugger.read)
        return f"{then}\n" if then else ""

    def wait_for_user(self, record: fault_record.Record) -> bool:
        """Commands until the user goes on; False: leaves."""
        self.learn(record)
        while True:
            print("(faults) ", end="", flush=True)
            line = sys.stdin.readline()
            if not sys.stdin.isatty():
                print(line.strip())  # so that the answers can be told apart
            words = line.split()
            if not line or words[:1] in (["quit"], ["q"]):
                return False
            if not words or words in (["c"], ["continue"]):
                return True
            if words[0] == "walk" and len(words) == 2:
                self.walk(record, words[1])
            elif words[0] == "events" and len(words) <= 2 and all(word.isdecimal() for word in words[1:]):
                wanted = int(words[1]) if len(words) == 2 else EVENTS
                print(paging_events.listing(self.explainer.events(self.debugger.read, wanted)))
            elif words[0] == "help":
                print(HELP)
            else:
                print(self.debugger.ask(line.strip(), self.deadline).rstrip())

    def walk(self, record: fault_record.Record, text: str) -> None:
        try:
            print(fault_record.walk_text(page_walk.walk(self.debugger.read, record.trap.cr3, int(text, 0))))
        except ValueError:
            print(f"not a number: {text}")


def tell(session: Session, options: argparse.Namespace, out: TextIO) -> int | None:
    """Tells the faults wanted until there are enough, or the user leaves: None. Says how many, if the run ends first."""
    matched = told = 0
    last = None
    try:
        for record in session.faults():
            if last:  # the record is complete only now
                print(session.outcome(last), file=out, flush=True)
            last = None
            matched += is_wanted(record, options)
            if not is_wanted(record, options) or matched < options.nth:
                continue
            told += 1
            print(f"fault {matched}: {record.text()}", file=out, flush=True)
            last = record
            if told == options.batch or (options.faults and options.batch is None and
                                         not session.wait_for_user(record)):
                return None
    except (bochs_debugger.Ended, bochs_debugger.TimeOver, bochs_debugger.Stopped):
        pass
    return told


def outcome_of(options: argparse.Namespace, told: int | None, failure: str | None) -> verdict.Verdict:
    """told: as `tell` answers; failure: the line of the log that says that the system failed."""
    if options.batch is not None:
        if told is None:
            return verdict.Verdict(verdict.PASSED, f"{options.batch} faults told")
        return verdict.Verdict(verdict.FAILED, f"{told} faults came, not {options.batch}")
    if told is None:
        return verdict.Verdict(verdict.PASSED, "left by the user")
    return verdict.Verdict(verdict.FAILED if failure else verdict.PASSED, failure or f"{told} faults told")


def run(configuration: pathlib.Path, programs: list[elf_programs.Program], options: argparse.Namespace,
        timeout: float, wanted: Callable[[], bool]) -> int | None:
    """programs: the kernel first. Answers as `tell` does."""
    kernel, *others = programs
    layout = kernel_layout.of(kernel.path)
    debugger = bochs_debugger.Debugger(configuration, wanted)
    vectors = [kernel_layout.PAGE_FAULT] + (list(fault_record.VECTORS) if options.exceptions else [])
    session = Session(debugger, fault_record.Explainer(kernel, others, layout), configuration.parent,
                      float("inf") if options.faults and options.batch is None else time.monotonic() + timeout,
                      layout.stubs_of(vectors))
    try:
        session.begin(kernel)
        if options.trace is None:
            return tell(session, options, sys.stdout)
        with open(options.trace, "w", encoding="utf-8") as out:
            return tell(session, options, out)
    finally:
        debugger.close()
