# SPDX-License-Identifier: BSD-2-Clause
"""The files of the repository, as the checks see them: what git tracks or would track."""
import pathlib
import subprocess

import build as building

CODE = (".cpp", ".hpp")


def tracked(root: pathlib.Path = building.REPOSITORY) -> list[pathlib.Path]:
    """Files that git knows, and new ones that it does not ignore; without git (a tarball): all but build folders."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        paths = [root / name for name in listing.stdout.split("\0") if name]
    else:
        paths = [path for path in root.rglob("*") if not str(path.relative_to(root)).startswith(("build", ".git/"))]
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def code(root: pathlib.Path = building.REPOSITORY) -> list[pathlib.Path]:
    return [path for path in tracked(root) if path.suffix in CODE]


def relative(path: pathlib.Path, root: pathlib.Path = building.REPOSITORY) -> str:
    return path.relative_to(root).as_posix()
