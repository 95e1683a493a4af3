# SPDX-License-Identifier: BSD-2-Clause
"""Makes the bootable ISO: GRUB for BIOS and UEFI, the kernel, and the modules in the order they are handed over."""
import argparse
import dataclasses
import pathlib
import shutil
import subprocess
import sys
import tempfile

import build as building
import elf_programs
import manifest
import packages

TEMPLATE = building.REPOSITORY / "grub" / "grub.cfg.in"


class ImageError(Exception):
    """The image could not be made."""


@dataclasses.dataclass
class Content:
    """What goes into an image. modules: (name that the module's command line shows, file)."""
    kernel: pathlib.Path
    modules: list[tuple[str, pathlib.Path]]
    command_line: str = ""


def grub_quote(text: str) -> str:
    """One word of a grub.cfg, whatever is in it; a line break cannot be quoted there."""
    if "\n" in text:
        raise ImageError("a command line cannot hold a line break")
    return "'" + text.replace("'", "'\\''") + "'"


def grub_words(line: str) -> str:
    """The words of a command line; GRUB would escape the blanks of one that is quoted as a whole."""
    return " ".join(grub_quote(word) for word in line.split())


def grub_config(content: Content) -> str:
    def words(text: str) -> str:  # apart: GRUB would hand over what is one word in double quotes
        return " ".join(grub_quote(word) for word in text.split(" ") if word)

    modules = []
    for index, (name, _) in enumerate(content.modules):
        modules.append(f"    if module2 /boot/module{index} {grub_words(name)}; then true; else set loaded=0; fi")
    words = grub_words(content.command_line)
    return TEMPLATE.read_text().replace("@COMMAND_LINE@", words).replace("@MODULES@", "\n".join(modules))


def without_debug_information(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copies an ELF file without DWARF, which nothing on target reads; other files as they are."""
    command = ["objcopy", "--strip-debug", str(source), str(target)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        shutil.copyfile(source, target)


def lay_out(content: Content, folder: pathlib.Path) -> None:
    """Everything that an image holds, as files below the folder."""
    boot = folder / "boot"
    (boot / "grub").mkdir(parents=True)
    without_debug_information(content.kernel, boot / "umbra.elf")
    for index, (_, file) in enumerate(content.modules):
        shutil.copyfile(file, boot / f"module{index}")
    (boot / "grub" / "grub.cfg").write_text(grub_config(content))
    if servers := shown_manifest(content):
        (boot / "manifest.txt").write_text(servers)


def shown_manifest(content: Content) -> str | None:
    """None: there is no boot archive, or what stands in its place is none."""
    try:
        return manifest.of_modules(content.modules)
    except ValueError:
        return None


def make(content: Content, iso: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory(prefix="umbra-iso-") as name:
        lay_out(content, pathlib.Path(name))
        command = ["grub-mkrescue", "--locales=", "--fonts=", "--themes=", "-o", str(iso), name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise ImageError(f"{done.stdout.rstrip()}\ngrub-mkrescue failed")


def choose(build: building.Build, options: argparse.Namespace, scratch: pathlib.Path) -> Content:
    """The image that the options of a command ask for (see add_options). The caller holds the build's lock."""
    extra = [(module.name, module) for module in options.module]
    command_line = " ".join(options.append)
    if options.root:
        return Content(options.kernel_image or build.kernel_elf, [("root", options.root), *extra], command_line)
    if options.kernel_image:
        return Content(options.kernel_image, extra, command_line)
    archive = options.archive or build.archive
    for needed in (build.kernel_elf, build.init_elf, archive):
        if not needed.exists():
            raise ImageError(f"the build made no {needed.relative_to(building.REPOSITORY)}")
    init = scratch / "init"
    without_debug_information(build.init_elf, init)
    # Init hands the words behind the archive's name to PID 1: boot options that are not the kernel's.
    archive_name = f"rootfs {command_line}".strip()
    return Content(build.kernel_elf, [("init", init), (archive_name, archive), *extra], command_line)


def programs(build: building.Build, options: argparse.Namespace) -> list[elf_programs.Program]:
    """What runs on an image that the options ask for, with symbols; the kernel first."""
    kernel = options.kernel_image or build.kernel_elf
    if options.root or options.kernel_image:
        roots = [options.root] if options.root else []
        return elf_programs.shipped(kernel, roots + options.module, None, build.folder)
    return elf_programs.shipped(kernel, [build.init_elf, *options.module], options.archive or build.archive,
                                build.folder)


def build_and_make(build: building.Build, options: argparse.Namespace, scratch: pathlib.Path) -> pathlib.Path:
    """Builds, unless a foreign kernel is given, and makes the image in scratch."""
    iso = scratch / "umbra.iso"
    packages.ensure(packages.IMAGE)
    if options.kernel_image:
        make(choose(build, options, scratch), iso)
        return iso
    with building.locked(build):
        if not options.no_build:
            building.compile_targets(build)
        make(choose(build, options, scratch), iso)
    return iso


def build_and_read_manifest(build: building.Build, options: argparse.Namespace, scratch: pathlib.Path) -> str:
    with building.locked(build):
        if not options.no_build:
            building.compile_targets(build)
        found = shown_manifest(choose(build, options, scratch))
    if found is None:
        raise ImageError("this image has no boot archive, so it has no manifest")
    return found


def existing_file(text: str) -> pathlib.Path:
    path = pathlib.Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"no such file: {text}")
    return path


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options about what is built and what the image holds."""
    parser.add_argument("--compiler", choices=building.COMPILERS, default="gcc", help="default: gcc")
    parser.add_argument("--kernel", choices=building.KERNELS, default="debug", help="kernel variant, default: debug")
    parser.add_argument("--append", action="append", default=[], metavar="WORDS",
                        help="words for the kernel's command line, which PID 1 gets as its arguments; repeatable")
    parser.add_argument("--root", type=existing_file, metavar="ELF",
                        help="root task instead of init; then there is no boot archive but what --module adds, "
                             "and debug exit 0x10 means passed")
    parser.add_argument("--module", type=existing_file, action="append", default=[], metavar="FILE",
                        help="a further boot module, after the others; repeatable")
    parser.add_argument("--archive", type=existing_file, metavar="CPIO", help="boot archive instead of the built one")
    parser.add_argument("--kernel-image", type=existing_file, metavar="ELF",
                        help="another kernel than the built one, alone but for --module; nothing is built then")
    parser.add_argument("--no-build", action="store_true", help="take what was built last")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/image", description="Writes the bootable ISO image.")
    add_options(parser)
    parser.add_argument("-o", "--output", type=pathlib.Path, default=pathlib.Path("umbra.iso"))
    parser.add_argument("--manifest", action="store_true", help="no image: print which servers are in it and what each may reach, "
                        "which the image has as /boot/manifest.txt")
    options = parser.parse_args(arguments)
    build = building.Build(options.compiler, options.kernel)
    try:
        with tempfile.TemporaryDirectory(prefix="umbra-") as scratch:
            if options.manifest:
                print(build_and_read_manifest(build, options, pathlib.Path(scratch)), end="")
                return 0
            shutil.copyfile(build_and_make(build, options, pathlib.Path(scratch)), options.output)
    except (ImageError, building.BuildError, packages.PackageError) as error:
        print(f"tools/image: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
