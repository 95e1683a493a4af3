# SPDX-License-Identifier: BSD-2-Clause
"""The checks of the linked kernel notice what they are there for: small pieces of code, assembled and taken apart."""
import pathlib
import re
import subprocess
import tempfile
import unittest

import build as building
import kernel_elf
import stack_depth

SKELETON = """
    .section .boot, "ax"
long_mode:
    mov $higher_half, %rax
    jmp *%rax
higher_half:
    mov $kernel_stack_top, %rsp
    call kernel_main
    ud2
boot_gdt:
    .section .entry, "ax"
syscall_stub:
    mov $kernel_stack_top, %rsp
    call syscall_entry
user_interrupt: cld
clac_place_1: mov $kernel_stack_top, %rsp
    call interrupt_entry
    iretq
user_exception: cld
clac_place_2: mov $kernel_stack_top, %rsp
    call interrupt_entry
    iretq
interrupt_in_kernel: iretq
fatal_exception: call kernel_exception
    ud2
nmi_stub: iretq
debug_stub: iretq
isolated_interrupt: iretq
isolated_exception: iretq
double_fault_stub: ud2
machine_check_stub: ud2
    .text
kernel_main: mov $0x47700, %eax
    wrmsr
interrupt_entry: ret
kernel_exception: hlt
    jmp kernel_exception
    .bss
    .balign 4096
"""
STACKS = "".join(f"{name}_guard: .skip 4096 + 16384\n{name}_top:\n" for name in
                 ("kernel_stack", "nmi_stack", "double_fault_stack", "machine_check_stack", "debug_stack", "entry_stack"))


def assemble(folder: str, text: str) -> pathlib.Path:
    elf = pathlib.Path(folder) / "kernel.elf"
    # Global symbols: no branch needs a relocation when all is linked.
    labels = "".join(f".globl {label}\n" for label in re.findall(r"^([a-z_]\w*):", text, re.MULTILINE))
    subprocess.run(["as", "-o", f"{elf}.o", "-"], input=labels + text, text=True, check=True)
    subprocess.run(["ld", "-e", "syscall_stub", "-o", elf, f"{elf}.o", "-Ttext-segment=0x100000"], check=True,
                   stderr=subprocess.DEVNULL)
    return elf


def kernel(body: str) -> kernel_elf.Kernel:
    """A kernel whose system call entry is `body`."""
    with tempfile.TemporaryDirectory() as folder:
        return kernel_elf.Kernel(assemble(folder, SKELETON + STACKS + "    .text\nsyscall_entry:\n" + body))


def problems(body: str) -> dict[str, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        made = kernel_elf.Kernel(assemble(folder, SKELETON + STACKS + "    .text\nsyscall_entry:\n" + body))
        return {check.__name__: found for check in kernel_elf.CHECKS.values() if (found := check(made))}


class KernelElfTest(unittest.TestCase):
    def test_sound_code_has_no_problem(self) -> None:
        self.assertEqual(problems("push %rbx\ncall leaf\npop %rbx\nret\nleaf: jmp leaf2\nleaf2: ret\n"), {})

    def test_an_indirect_jump_call_and_a_far_return_are_reported(self) -> None:
        for code in ("jmp *%rdx\n", "call *8(%rdi)\nret\n", "lretq\n"):
            self.assertEqual(list(problems(code)), ["branch_problems"], code)

    def test_recursion_is_reported_over_any_number_of_functions(self) -> None:
        for code in ("call syscall_entry\nret\n", "call a\nret\na: call b\nret\nb: call syscall_entry\nret\n"):
            self.assertEqual(list(problems(code)), ["recursion_problems"], code)

    def test_a_tail_call_is_no_recursion(self) -> None:
        self.assertEqual(problems("test %eax, %eax\njz syscall_entry\nret\n"), {})

    def test_depths_add_up_along_calls(self) -> None:
        made = kernel("push %rbx\nsub $0x20, %rsp\ncall a\nadd $0x20, %rsp\npop %rbx\nret\n"
                      "a: push %rbp\nmov %rsp, %rbp\nand $-16, %rsp\nsub $0x40, %rsp\ncall b\nleave\nret\nb: ret\n")
        # return address, push, 32; return address, push, up to 15 for the alignment, 64; return address
        self.assertEqual(made.depth("syscall_stub")[0], 8 + 8 + 32 + 8 + 8 + 15 + 64 + 8)

    def test_a_stack_that_is_half_full_is_reported(self) -> None:
        code = "sub $0x{0:x}, %rsp\nadd $0x{0:x}, %rsp\nret\n"
        self.assertIn("stack_problems", problems(code.format(8192)))
        self.assertNotIn("stack_problems", problems(code.format(8000)))

    def test_a_large_frame_is_reported(self) -> None:
        code = "sub $0x{0:x}, %rsp\nadd $0x{0:x}, %rsp\nret\n"
        self.assertEqual(list(problems(code.format(512))), ["frame_problems"])
        self.assertEqual(problems(code.format(504)), {})

    def test_a_panic_does_not_count_as_what_a_call_needs(self) -> None:
        made = kernel("call panic\npanic: sub $0x1000, %rsp\ncall kernel_exception\n")
        self.assertEqual(made.depth("syscall_stub")[0], 8)
        self.assertGreater(made.depth("syscall_stub", panics=True)[0], 4096)

    def test_what_comes_behind_a_call_that_never_returns_is_not_followed(self) -> None:
        self.assertEqual(problems("push %rbx\ncall kernel_exception\nother: ret\n"), {})

    def test_a_path_that_loses_count_is_an_error(self) -> None:
        for code in ("test %eax, %eax\njz 1f\npush %rax\n1: ret\n", "sub %rax, %rsp\nret\n"):
            self.assertRaises(stack_depth.StackError, kernel, code)

    def test_vector_and_x87_instructions_are_reported_but_not_their_saving(self) -> None:
        for code in ("movaps %xmm0, (%rdi)\n", "fldz\n", "ldmxcsr (%rdi)\n", "pxor %mm0, %mm1\n"):
            self.assertEqual(list(problems(code + "ret\n")), ["vector_problems"], code)
        self.assertEqual(problems("fxsave64 (%rdi)\nxrstor64 (%rdi)\nret\n"), {})

    def test_flags_that_are_not_cleared_are_reported(self) -> None:
        for old, new in (("0x47700", "0x7700"), ("interrupt: cld", "interrupt: nop"), ("clac_place_2:", "")):
            with tempfile.TemporaryDirectory() as folder:
                text = SKELETON.replace(old, new) + STACKS + "    .text\nsyscall_entry: ret\n"
                self.assertEqual(len(kernel_elf.flag_problems(kernel_elf.Kernel(assemble(folder, text)))), 1)

    def test_landing_pads_are_reported(self) -> None:
        self.assertEqual(list(problems("endbr64\nret\n")), ["landing_pad_problems"])

    def test_checks_of_invariants_are_reported(self) -> None:
        self.assertEqual(kernel_elf.invariant_problems(kernel("ret\n")), [])
        made = kernel("ret\n_ZN6kernel16broken_invariantEv: ret\n_ZN6kernel11watch_entryEv: ret\n")
        self.assertEqual(kernel_elf.invariant_problems(made), ["broken_invariant is there", "watch_entry is there"])

    def test_writable_code_and_constructors_are_reported(self) -> None:
        for section in ('.section .odd, "awx"\nnop\n', '.section .init_array, "aw"\n.quad syscall_entry\n'):
            self.assertEqual(list(problems("ret\n" + section)), ["segment_problems"], section)

    def test_names_are_read_from_mangled_symbols(self) -> None:
        self.assertEqual(kernel_elf.short("_ZN6kernel12_GLOBAL__N_17recurseEmm.constprop.0"), "recurse")
        self.assertEqual(kernel_elf.short("syscall_entry.cold"), "syscall_entry")

    def test_every_exception_is_explained(self) -> None:
        page = (building.REPOSITORY / "docs" / "kernel-image.md").read_text()
        for name in {place for place, _ in kernel_elf.ALLOWED_BRANCHES} | kernel_elf.ALLOWED_RECURSION:
            self.assertIn(f"| `{name}` |", page)


if __name__ == "__main__":
    unittest.main()
