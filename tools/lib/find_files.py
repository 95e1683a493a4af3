# SPDX-License-Identifier: BSD-2-Clause
"""Lists files for meson.build: arguments are pairs of folder and name pattern; sorted, one a line, each once."""
import pathlib
import sys


def find(pairs: list[tuple[str, str]]) -> list[str]:
    found = {str(path) for folder, pattern in pairs for path in pathlib.Path(folder).rglob(pattern) if path.is_file()}
    return sorted(found)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    for line in find(list(zip(arguments[::2], arguments[1::2]))):
        print(line)
