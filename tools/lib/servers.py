# SPDX-License-Identifier: BSD-2-Clause
"""The servers of the repository: a folder of servers/ with a meson.build is one, and all of it lies in that folder.

  NAME/meson.build        builds it; included by servers/meson.build
  NAME/*.service          its units: into the boot archive as they are
  NAME/tests/*_test.cpp   host tests, in the program tests/server-tests
  NAME/tests/*.toml       scenarios (test_scenarios.py)

The samples of tools/templates/servers are built and tested in the same way, but are not in the archive. Run as a script
it tells meson what there is: `servers.py folders|units|samples|tests`, one a line.
"""
import pathlib
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = "tools/templates/servers"


def _found(pattern: str) -> list[pathlib.Path]:
    return sorted(path for path in REPOSITORY.glob(pattern) if path.is_file())


def folders(parent: str = "servers") -> list[str]:
    return [path.parent.name for path in _found(f"{parent}/*/meson.build")]


def units() -> list[pathlib.Path]:
    return _found("servers/*/*.service")


def host_tests() -> list[pathlib.Path]:
    return _found("servers/*/tests/*_test.cpp") + _found(f"{SAMPLES}/*/tests/*_test.cpp")


def scenarios() -> list[pathlib.Path]:
    return _found("servers/*/tests/*.toml") + _found(f"{SAMPLES}/*/tests/*.toml")


def inventory() -> str:
    """Everything that meson asks for when it configures: if this changes, it has to do so again."""
    return "\n".join([*folders(), *folders(SAMPLES), *map(str, units()), *map(str, host_tests())])


def main(arguments: list[str]) -> int:
    lists = {"folders": folders, "samples": lambda: folders(SAMPLES), "units": units, "tests": host_tests}
    print("\n".join(map(str, lists[arguments[0]]())))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
