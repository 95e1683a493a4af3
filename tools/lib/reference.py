# SPDX-License-Identifier: BSD-2-Clause
"""Writes the reference of libsys from the comments in its headers, with Doxygen: docs/reference/Doxyfile says how.

An error, with file and line: a public class or structure without a comment, and whatever else Doxygen warns of. Of members, only
those have a comment whose name does not say all.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

import build as building
import packages

DOXYFILE = "docs/reference/Doxyfile"
OUTPUT = building.REPOSITORY / "build" / "reference"
REPLY = re.compile(r"^(\s*)(struct Reply \{)")
TOLERATED = re.compile(r"warning: Member .* is not documented\.$")


class PagesError(Exception):
    """The pages could not be made."""


def filtered(text: str) -> str:
    """A header as Doxygen is shown it, line for line: the comment at its head is the file's, and replies have one."""
    lines = text.split("\n")
    if lines[0].startswith("// SPDX"):
        lines[0] = "/// @file"
        for number in range(1, len(lines)):
            if not re.match(r"//( |$)", lines[number]):
                break
            lines[number] = "/" + lines[number]
    return "\n".join(REPLY.sub(r"\1/** What the request is answered with. */ \2", line) for line in lines)


def problems(output: str) -> list[str]:
    """What Doxygen has to say and is not tolerated; it may say a thing more than once."""
    return [line for line in dict.fromkeys(output.splitlines()) if line.strip() and not TOLERATED.search(line)]


def make(folder: pathlib.Path, doxyfile: str = DOXYFILE, extra: str = "") -> list[str]:
    """The pages in `folder`/html; what is wrong with the comments."""
    packages.ensure(packages.REFERENCE)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = f'@INCLUDE = {doxyfile}\nOUTPUT_DIRECTORY = "{folder}"\n{extra}'
    done = subprocess.run(["doxygen", "-"], input=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=building.REPOSITORY, check=False)
    if done.returncode != 0 or not (folder / "html" / "index.html").is_file():
        raise PagesError(f"{done.stdout.rstrip()}\ndoxygen failed")
    return problems(done.stdout)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/reference", description="Writes the reference of libsys as HTML pages.",
                                     epilog="status: 0 written; 1 a public class has no comment, or Doxygen warns")
    parser.add_argument("-o", "--output", type=pathlib.Path, default=OUTPUT, help="default: build/reference")
    parser.add_argument("--filter", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.filter:
        print(filtered(options.filter.read_text()), end="")
        return 0
    try:
        found = make(options.output.resolve())
    except (PagesError, packages.PackageError) as error:
        print(f"tools/reference: {error}")
        return 1
    print("\n".join(found) if found else f"{options.output}/html/index.html")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
