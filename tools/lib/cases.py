# SPDX-License-Identifier: BSD-2-Clause
"""What tools/test runs: cases with names, suites that know their cases, and jobs that report on some of them."""
import dataclasses
import re
import threading
from typing import Callable, Iterable


@dataclasses.dataclass(frozen=True)
class Outcome:
    passed: bool
    detail: str = ""


class Report:
    """Collects outcomes, thread by thread; the first failure of a case stays. Calls `say` for each new outcome."""

    def __init__(self, say: Callable[[str, Outcome], None] = lambda name, outcome: None) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._say = say
        self._lock = threading.Lock()

    def add(self, name: str, passed: bool, detail: str = "") -> None:
        with self._lock:
            known = self.outcomes.get(name)
            if known is not None and (not known.passed or passed):
                return
            self.outcomes[name] = Outcome(passed, detail)
            self._say(name, self.outcomes[name])

    def add_missing(self, names: Iterable[str], detail: str) -> None:
        """Fails those that nobody has reported."""
        for name in names:
            if name not in self.outcomes:
                self.add(name, False, detail)


@dataclasses.dataclass(frozen=True)
class Target:
    """Something that has to be built for a job."""
    compiler: str
    kernel: str
    names: tuple[str, ...] = ()  # further than what is built by default
    alone: bool = False          # nothing is needed but these names


def kernel_target(compiler: str, kernel: str) -> Target:
    """Only the kernel itself: user programs are the same for all kernels, and are taken from the debug kernel's build."""
    return Target(compiler, kernel, ("microkernel/umbra.elf",), alone=True)


@dataclasses.dataclass
class Job:
    """Runs some cases together: what is not reported when `run` is back, did not happen."""
    names: list[str]
    run: Callable[[Report], None]
    targets: list[Target] = dataclasses.field(default_factory=list)
    packages: list[str] = dataclasses.field(default_factory=list)


def select(names: list[str], selectors: list[str]) -> list[str]:
    """The names that any selector selects, in order; exact names first, then whole words, then parts of names."""
    if not selectors:
        return list(names)
    chosen: set[str] = set()
    for selector in selectors:
        whole_word = re.compile(rf"(?<!\w){re.escape(selector)}(?!\w)", re.IGNORECASE)
        for rule in (lambda name: name == selector, lambda name: whole_word.search(name) is not None,
                     lambda name: selector.lower() in name.lower()):
            found = [name for name in names if rule(name)]
            if found:
                chosen.update(found)
                break
    return [name for name in names if name in chosen]
