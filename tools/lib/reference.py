# SPDX-License-Identifier: BSD-2-Clause
"""Writes the reference of libsys from the comments in its headers, with Doxygen: docs/reference/Doxyfile says how.

An error, with file and line: a public class or structure without a comment, and whatever else Doxygen warns of. Of members, only
those have a comment whose name does not say all; how many have none is a ratchet.
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
RATCHET = building.REPOSITORY / "tools" / "reference.ratchet"
# What means the same in every class, said once.
CONVENTIONS = tuple((re.compile(rf"^(\s*)({head})"), rf"\1/** {meaning} */ \2") for head, meaning in (
    (r"struct Reply \{", "What the request is answered with."),
    (r"using Reply = ", "What the request is answered with."),
    (r"static constexpr Word label = ", "Tells the request from others: protocol and operation."),
    (r"static constexpr abi::ObjectType type = ", "What Retype makes; of frames, any size has its methods."),
    (r"using Carries = ", "The capabilities that go with it, all or none."),
    (r"using Brings = ", "What the capability is that its reply brings."),
    (r"Word request = 0;", "Another number for each request of one client, never 0: it happens once, whatever dies in between."),
    (r"explicit operator bool\(\) const", "Whether it owns something."),
    (r"(?:Cap|Slot|Made|UntypedBlock|DmaBuffer|PendingReply)\((?:Cap|Slot|Made|UntypedBlock|DmaBuffer|PendingReply)&&", "Takes over what the other owns."),
    (r"(?:\w+)& operator=\(\w+&& other\)", "Gives up what it owns for what the other does."),
))
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
    for number, line in enumerate(lines):
        if number > 0 and lines[number - 1].lstrip().startswith("///"):
            continue  # it says something of its own
        for convention, meaning in CONVENTIONS:
            line = convention.sub(meaning, line)
        lines[number] = line
    return "\n".join(lines)


def problems(output: str, tolerated: int) -> list[str]:
    """What Doxygen has to say and is not tolerated; it may say a thing more than once. `tolerated`: that many members without a
    comment, and no fewer, so that what was won is kept."""
    said = [line for line in dict.fromkeys(output.splitlines()) if line.strip()]
    bare = [line for line in said if TOLERATED.search(line)]
    found = [line for line in said if not TOLERATED.search(line)]
    if len(bare) > tolerated:
        found += [*bare, f"{len(bare)} members without a comment, {tolerated} are tolerated"]
    elif len(bare) < tolerated:
        found.append(f"{RATCHET.relative_to(building.REPOSITORY)}: only {len(bare)} members are without a comment: lower the number")
    return found


def make(folder: pathlib.Path, doxyfile: str = DOXYFILE, extra: str = "", tolerated: int | None = None) -> list[str]:
    """The pages in `folder`/html; what is wrong with the comments."""
    packages.ensure(packages.REFERENCE)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    settings = f'@INCLUDE = {doxyfile}\nOUTPUT_DIRECTORY = "{folder}"\n{extra}'
    done = subprocess.run(["doxygen", "-"], input=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          cwd=building.REPOSITORY, check=False)
    if done.returncode != 0 or not (folder / "html" / "index.html").is_file():
        raise PagesError(f"{done.stdout.rstrip()}\ndoxygen failed")
    return problems(done.stdout, int(RATCHET.read_text().split()[0]) if tolerated is None else tolerated)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/reference", description="Writes the reference of libsys as HTML pages.",
                                     epilog="status: 0 written; 1 a public class, or more members than tools/reference.ratchet says, "
                                            "have no comment, or Doxygen warns")
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
