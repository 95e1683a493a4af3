# SPDX-License-Identifier: BSD-2-Clause
"""Archive, image configuration, checks of sources and figures: the pure parts of the tools."""
import pathlib
import subprocess
import tempfile
import unittest

import archive
import bench
import image
import layering
import metrics
import packages
import test_checks
import test_codegen

LOG = """BENCH boot.entry 1000
BENCH ipc.call.0 130
BENCH boot.pid1 5000
COUNT ipc.call.0 1 1 0 0
"""


def graph(files: dict[str, str]) -> layering.Graph:
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return layering.Graph(root)


class ArchiveTest(unittest.TestCase):
    def sample(self) -> archive.Archive:
        made = archive.Archive()
        made.add_file("etc/eclipse/x", b"text", executable=False)
        made.add_link("sbin/init", "eclipse-systemd")
        return made

    def test_an_archive_is_read_back_as_it_was_written(self) -> None:
        made = self.sample()
        self.assertEqual(archive.Archive.from_bytes(made.to_bytes()).members, made.members)
        self.assertIn("etc/eclipse", made.members)

    def test_the_system_cpio_reads_our_archives(self) -> None:
        if subprocess.run(["which", "cpio"], capture_output=True, check=False).returncode:
            self.assertEqual(self.sample().to_bytes()[:6], b"070701")
            return
        listing = subprocess.run(["cpio", "-t"], input=self.sample().to_bytes(), capture_output=True, check=True).stdout
        self.assertEqual(listing.decode().split(), ["etc", "etc/eclipse", "etc/eclipse/x", "sbin", "sbin/init"])

    def test_what_is_no_archive_is_refused(self) -> None:
        self.assertRaises(ValueError, archive.Archive.from_bytes, b"garbage")


class ImageTest(unittest.TestCase):
    def test_command_lines_and_modules_are_quoted(self) -> None:
        config = image.grub_config(image.Content(pathlib.Path("k"), [("it's", pathlib.Path("m"))], "a=1 b;c"))
        self.assertIn("multiboot2 /boot/umbra.elf 'a=1' 'b;c'", config)
        self.assertIn("module2 /boot/module0 'it'\\''s'", config)

    def test_a_line_break_in_a_command_line_is_refused(self) -> None:
        self.assertRaises(image.ImageError, image.grub_quote, "a\nb")

    def test_missing_packages_are_found_and_installed_after_an_update(self) -> None:
        self.assertEqual(packages.missing(["surely-no-such-package"]), ["surely-no-such-package"])
        commands = packages.install_command(["x"])
        self.assertIn("update", commands[0])
        self.assertEqual(commands[1][-2:], ["--no-install-recommends", "x"])


class LayeringTest(unittest.TestCase):
    def test_an_include_upwards_is_found(self) -> None:
        found = layering.rule_problems(graph({"microkernel/cap/a.hpp": "#include <object/b.hpp>\n",
                                              "microkernel/object/b.hpp": ""}))
        self.assertEqual(found, ["microkernel/cap/a.hpp (cap) includes microkernel/object/b.hpp (object)"])

    def test_user_code_sees_the_contract_only(self) -> None:
        files = {"pager/a.cpp": "#include <abi/x.hpp>\n#include <sys/y.hpp>\n", "microkernel/include/abi/x.hpp": "",
                 "libsys/include/sys/y.hpp": ""}
        self.assertEqual(layering.rule_problems(graph(files)), [])
        files["pager/b.cpp"] = "#include <init/z.hpp>\n#include <microkernel/m.hpp>\n"
        files |= {"init/z.hpp": "", "microkernel/m.hpp": ""}
        self.assertEqual(len(layering.rule_problems(graph(files))), 2)

    def test_includes_that_are_not_rooted_are_found(self) -> None:
        self.assertEqual(len(layering.rule_problems(graph({"init/a.cpp": '#include "b.hpp"\n', "init/b.hpp": ""}))), 1)

    def test_the_specification_includes_nothing_but_itself(self) -> None:
        files = {"tests/spec/a.cpp": "#include <spec/b.hpp>\n#include <map>\n", "tests/spec/b.hpp": ""}
        self.assertEqual(layering.rule_problems(graph(files)), [])
        files["tests/spec/a.cpp"] += "#include <abi/error.hpp>\n#include <system.hpp>\n#include \"c.hpp\"\n"
        self.assertEqual(len(layering.rule_problems(graph(files))), 3)

    def test_a_cycle_is_found_once(self) -> None:
        files = {"microkernel/cap/a.hpp": "#include <cap/b.hpp>\n", "microkernel/cap/b.hpp": "#include <cap/a.hpp>\n"}
        self.assertEqual(len(layering.cycles(graph(files))), 1)


class MetricsTest(unittest.TestCase):
    def test_functions_are_found_with_their_length(self) -> None:
        text = "namespace a {\nstruct B {\n    int f() const { return 1; }\n};\nint g(int x) {\n    if (x) {\n" \
               "        return 1;\n    }\n    return 0; // }\n}\n}\n"
        self.assertEqual(metrics.functions(text), [("int f() const", 3, 1), ("int g(int x)", 5, 6)])

    def test_the_ratchet_only_goes_down(self) -> None:
        self.assertEqual(metrics.problems({"a.cpp": 450}, {"a.cpp": 450}), [])
        self.assertEqual(len(metrics.problems({"a.cpp": 451}, {"a.cpp": 450})), 1)
        self.assertEqual(len(metrics.problems({"a.cpp": 440}, {"a.cpp": 450})), 1)
        self.assertEqual(len(metrics.problems({"a.cpp": 401}, {})), 1)


class BenchTest(unittest.TestCase):
    def test_figures_are_read_from_logs(self) -> None:
        rows = bench.combine(bench.instructions(LOG), bench.counts(LOG), {"kernel.lines": 7})
        self.assertEqual(rows, [
            {"name": "ipc.call.0", "instructions": 130, "entries": 1, "cr3_loads": 1, "invalidations": 0,
             "fpu_saves": 0},
            {"name": "boot.pid1", "instructions": 4000, "entries": None, "cr3_loads": None, "invalidations": None,
             "fpu_saves": None},
            {"name": "kernel.lines", "value": 7}])

    def test_a_boot_without_a_reading_at_the_entry_is_refused(self) -> None:
        self.assertRaises(bench.BenchError, bench.instructions, "BENCH boot.pid1 5000\n")

    def test_what_was_counted_but_not_measured_is_refused(self) -> None:
        self.assertRaises(bench.BenchError, bench.combine, {}, bench.counts(LOG), {})

    def test_the_table_marks_what_is_over_its_limit(self) -> None:
        lines = bench.table([{"name": "ipc.call.0", "instructions": 188}, {"name": "ipc.call.10", "instructions": 399}])
        self.assertIn("188 !", lines)
        self.assertNotIn("399 !", lines)

    def test_lines_count_without_comments_and_blanks(self) -> None:
        text = 'int a; // one\n\n/* two\n three */\nconst char* b = "// no comment";\n// four\n'
        self.assertEqual(sum(bool(line.strip()) for line in bench.without_comments(text).splitlines()), 2)


class RawUseTest(unittest.TestCase):
    def test_raw_calls_and_hand_packed_messages_in_servers_are_found(self):
        for text in ("sys::raw::enter(x, y);", 'asm volatile("syscall");', "abi::MessageInfo(1, 2)", "message.mr2 = 1;",
                     "*sys::raw::ipc_buffer()", "abi::Syscall::call"):
            self.assertTrue(test_checks.raw_uses(text), text)

    def test_the_clock_and_comments_are_no_raw_call(self):
        self.assertFalse(test_checks.raw_uses("sys::raw::read_time_stamp(); // asm, MessageInfo"))


class CodegenTest(unittest.TestCase):
    def test_a_wrapper_that_costs_more_is_found(self):
        listing = ("0 <wrapped_x>:\n 0:\tjne 3 <wrapped_x+0x3>\n 1:\tmov\n 2:\tret\n 3:\tret\n 4:\tnop\n\n"
                   "5 <raw_x>:\n 5:\tmov\n 6:\tret\n\n")
        self.assertIn("3 instructions instead of 2", test_codegen.problem(test_codegen.instructions(listing), "x"))

    def test_a_wrapper_that_is_not_inlined_is_found(self):
        listing = "0 <wrapped_x>:\n 0:\tcall 0\n\n4 <raw_x>:\n 4:\tmov\n 5:\tret\n\n"
        self.assertIn("calls", test_codegen.problem(test_codegen.instructions(listing), "x"))
        self.assertIn("not in", test_codegen.problem({}, "x"))
