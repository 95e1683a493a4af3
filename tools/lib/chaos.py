# SPDX-License-Identifier: BSD-2-Clause
"""tools/chaos: one boot under the deterministic clock, in which init kills the pager at random instructions, or at each of its
steps, while clients page.

The clients and the verdict are tests/system/process/chaos.cpp and load.cpp; the killer is init/pager_guardian.cpp, and
pager_steps.cpp knows the steps."""
import argparse
import pathlib
import re
import secrets
import sys
import tempfile

import build as building
import image
import packages
import qemu
import run as command
import test_scenarios
import test_system
import verdict

PROGRAMS = {"sbin/eclipse-systemd": "tests/system/process/chaos.elf", "sbin/load": "tests/system/process/load.elf"}
SHOWN = re.compile(r"^(PASS|FAIL|CHAOS|SWEEP|client|INIT: (the pager|of )|TESTS DONE|\[SWAP)")


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/chaos", description="Kills the pager under load, again and again, in one boot.",
        epilog="status: 0 no fault lost, no byte wrong, no page lost, and each client got work done; 1 otherwise; "
               "2 wrong usage; 124 time over")
    parser.add_argument("--kills", type=int, default=1000, metavar="N", help="how often (1000)")
    parser.add_argument("--seed", type=lambda text: int(text, 0), default=secrets.randbits(31), metavar="S",
                        help="the same seed, the same run; default: any")
    parser.add_argument("--clients", type=int, default=8, metavar="N", help="clients that page, up to 16 (8)")
    parser.add_argument("--pages", type=int, default=64, metavar="N", help="pages that each keeps (64)")
    parser.add_argument("--swap", type=int, default=4, metavar="MIB", help="swap in RAM, 0: none (4)")
    parser.add_argument("--steps", action="store_true",
                        help="not at random: the n-th instance dies at its n-th step, before or after a system call")
    parser.add_argument("--sweep", action="store_true",
                        help="no kills: clients go through all their pages, which are to be more than the machine has")
    parser.add_argument("--memory", type=command.memory_size, default="64M", metavar="SIZE", help="of the machine (64M)")
    parser.add_argument("--compiler", choices=building.COMPILERS, default="gcc")
    parser.add_argument("--kernel", choices=building.KERNELS, default="release", help="default: release")
    parser.add_argument("--timeout", type=command.seconds, default=3600.0, metavar="SECONDS")
    parser.add_argument("--log", type=pathlib.Path, metavar="FILE", help="write the serial log to FILE")
    options = parser.parse_args(arguments)
    if options.kills < 0 or options.seed < 0 or not 1 <= options.clients <= 16 or options.pages < 1 or options.swap < 0:
        parser.error("a count is out of range")
    return options


def boot_words(options: argparse.Namespace) -> str:
    """Addresses at random would come of when GRUB was done: with them no seed would repeat a run."""
    words = ["aslr=off", f"clients={options.clients}", f"pages={options.pages}", f"kills={options.kills}",
             f"swap={options.swap}"]
    if options.sweep:
        return " ".join(words + ["sweep=1"])
    if options.steps:
        words.append("steps=1")
    way = "steps" if options.steps else str(options.seed)
    return " ".join(words + ([f"pager.kill={way}:{options.kills}"] if options.kills else []))


def boot(options: argparse.Namespace) -> tuple[str, verdict.Verdict]:
    """The serial log and how the run ended."""
    packages.ensure(packages.QEMU + packages.IMAGE)
    build = building.Build(options.compiler, options.kernel)
    with tempfile.TemporaryDirectory(prefix="umbra-") as name:
        scratch = pathlib.Path(name)
        with building.locked(build):
            building.compile_targets(build)
            rootfs = test_scenarios.edited_archive(build.archive, {"program": PROGRAMS},
                                                   test_scenarios.Place(building.REPOSITORY, build.folder), scratch)
            image.make(image.choose(build, test_system.no_options(archive=rootfs, append=[boot_words(options)]), scratch),
                       scratch / "umbra.iso")
        machine = qemu.Machine(scratch / "umbra.iso", options.memory, "max", False, True)
        run = qemu.Run(machine, scratch, interactive=False)
        ending = run.go(options.timeout, lambda text: False, quiet=True)
        if options.log:
            options.log.write_text(run.text)
        return run.text, verdict.judge(run.text, ending, False)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    print(f"seed {options.seed:#x}", flush=True)
    try:
        text, outcome = boot(options)
    except (building.BuildError, image.ImageError, packages.PackageError, qemu.QemuError) as error:
        print(f"tools/chaos: {error}")
        return 1
    print("\n".join(line for line in text.splitlines() if SHOWN.match(line)))
    done = re.search(r"^TESTS DONE (\d+) passed 0 failed$", text, re.MULTILINE)
    if outcome.status == verdict.PASSED and done:
        print("tools/chaos: nobody lost anything")
        return 0
    print(f"tools/chaos: {outcome.reason if not done else 'something was lost'}")
    return outcome.status or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
