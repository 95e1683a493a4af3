# SPDX-License-Identifier: BSD-2-Clause
"""tools/abi_doc: writes the pages of docs/reference/ that come from the headers of microkernel/include/abi/."""
import argparse
import pathlib
import re
import sys

import abi_headers as abi
import build as building

FOLDER = building.REPOSITORY / "docs" / "reference"
GENERATED = "<!-- Generated from microkernel/include/abi/ by tools/abi_doc: change the headers, not this page. -->"
LINKS = {"abi/invocation.hpp": "invocations.md", "abi/fault.hpp": "faults.md", "abi/error.hpp": "errors.md",
         "abi/message.hpp": "messages.md", "abi/boot_info.hpp": "boot-information.md",
         "abi/paging_event.hpp": "paging-events.md", "abi/object.hpp": "objects.md",
         "abi::UserRegister": "messages.md#registers", "abi::MemoryType": "objects.md#page-attributes",
         "abi::LookupFailure": "errors.md#lookup-failures", "abi::CNodeData": "messages.md#cnode-data",
         "abi::KeeperFaultInfo": "paging.md#keeper-fault-mr2", "abi::Place": "paging.md#place",
         "abi::PageRights": "paging.md#page-rights", "abi::InspectedSlot": "paging.md#inspected-slot",
         "abi::StatusState": "paging.md#thread-states", "abi::SlotType": "paging.md#slot-types",
         "abi::MessageInfo": "messages.md#message-info", "abi::BootModule": "boot-information.md#boot-modules",
         "abi::PagingEventKind": "paging-events.md#kinds", "abi::PagingCause": "paging-events.md#causes"}
# Which page tells what a name in `fails` means.
FAULT_PAGE, ERROR_PAGE = "faults.md", "errors.md"


def linked(text: str) -> str:
    """Headers and types that a page of its own explains become links."""
    for name, page in LINKS.items():
        text = text.replace(name, f"[{name}]({page})")
    return text


def cell(text: str) -> str:
    return linked(text).replace("|", "\\|")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows] + [""]


def page(title: str, *content: list[str]) -> str:
    lines = [GENERATED, "", f"# {title}", ""]
    for part in content:
        lines += part
    return "\n".join(lines).rstrip() + "\n"


def prose(header: str) -> list[str]:
    """The top of a header; the last sentence, which names this generator, goes without saying here."""
    text = abi.describe_header(header)
    text = re.sub(r"\s*docs/reference/[^.]*?(?:\.md)? is generated from [^()]*\(tools/abi_doc\)\.", "", text)
    return [linked(re.sub("^  ", "    ", text, flags=re.MULTILINE)), ""]


def code_list(names: list[str], numbers: list[str]) -> str:
    """`a` (MR0), `b` (MR1)"""
    return ", ".join(f"`{name}` ({number})" if number else f"`{name}`" for name, number in zip(names, numbers))


def fails_table(fails: list[abi.Failure], faults: set[str]) -> list[str]:
    rows = [(f"[{failure.error}]({FAULT_PAGE if failure.error in faults else ERROR_PAGE}#{failure.error.lower()})",
             f"`{failure.details}`" if failure.details else "", cell(failure.when)) for failure in fails]
    return table(("error", "details", "when"), rows)


def fixed_words(call: abi.Call) -> int:
    """Words that the message must have: a name of several words stands for several message words."""
    return sum(" " not in word for word in call.words)


def truncation(call: abi.Call) -> list[abi.Failure]:
    words, caps = fixed_words(call), len(call.caps)
    needed = [text for count, text in ((words, f"{words} word" + "s" * (words > 1)),
                                       (caps, f"{caps} capabilit" + ("ies" if caps > 1 else "y"))) if count]
    if not needed or call.fails and call.fails[0].when == "always":
        return []
    return [abi.Failure("TruncatedMessage", "", "fewer than " + " or ".join(needed))]


def method_section(call: abi.Call) -> list[str]:
    lines = [f"### {call.name}", "", f"Label {call.number}, `abi::Invocation::{call.enumerator}`.", ""]
    if not call.present:
        return lines + ["Not there yet: IllegalOperation.", ""]
    lines += [linked(call.meaning), ""]
    takes = [code_list(call.caps, [f"capability {number}" for number in range(1, len(call.caps) + 1)]),
             code_list(call.words, [f"MR{number}" + (" and on" if " " in word else "")
                                    for number, word in enumerate(call.words)])]
    gives = code_list(call.gives, [f"MR{number}" + (" and on" if " " in word else "")
                                   for number, word in enumerate(call.gives)])
    lines += ["* Takes: " + (", ".join(filter(None, takes)) or "nothing"), "* Gives: " + (gives or "nothing"), ""]
    fails = truncation(call) + call.fails
    return lines + (fails_table(fails, set()) if fails else ["Never fails.", ""])


def invocations() -> str:
    methods = abi.methods()
    objects = list(dict.fromkeys(call.name.split(".")[0] for call in methods))
    contents = table(("object", "methods"), [
        (f"[{name}](#{name.lower()})", ", ".join(call.name.split(".")[1] for call in methods
                                                 if call.name.startswith(name + "."))) for name in objects])
    sections: list[str] = []
    for name in objects:
        sections += [f"## {name}", ""]
        for call in methods:
            if call.name.startswith(name + "."):
                sections += method_section(call)
    return page("Methods of kernel objects", prose("invocation.hpp"), contents, sections)


def system_call_section(call: abi.Call, faults: set[str]) -> list[str]:
    lines = [f"## {call.name}", "", f"Number {call.number}, `abi::Syscall::{call.enumerator}`.", ""]
    if not call.present:
        return lines + ["Not there yet: an unknown system call.", ""]
    lines += [linked(call.meaning), "",
              "* Takes: " + (", ".join(f"`{word}`" for word in call.words) or "nothing"),
              "* Gives: " + (", ".join(f"`{word}`" for word in call.gives) or "nothing"), ""]
    return lines + (fails_table(call.fails, faults) if call.fails else ["Never fails.", ""])


def system_calls() -> str:
    faults = {item.name for item in abi.faults()}
    calls = abi.system_calls()
    contents = table(("number", "call"), [(str(call.number), f"[{call.name}](#{call.name.lower()})") for call in calls])
    sections = [line for call in calls for line in system_call_section(call, faults)]
    return page("System calls", prose("syscall.hpp"), contents, sections)


def words_table(words: list[abi.NamedWord]) -> list[str]:
    rows, number = [], 0
    for word in words:
        span = re.match(r"r(\d+)\.\.r(\d+)$", word.name)
        count = int(span.group(2)) - int(span.group(1)) + 1 if span else 1
        last = f"..MR{number + count - 1}" if span else ""
        rows.append((f"MR{number}{last}", f"`{word.name}`", cell(word.meaning)))
        number += count
    return table(("word", "name", "meaning"), rows)


def faults() -> str:
    sections: list[str] = []
    for fault in abi.faults():
        if fault.enumerator == "none":
            continue
        sections += [f"## {fault.name}", "", f"Label {fault.number}, `abi::Fault::{fault.enumerator}`.", ""]
        if not fault.present:
            sections += ["Not there yet: no thread has such a fault.", ""]
            continue
        sections += [sentence(fault.meaning), "", *words_table(fault.words), f"Reply: {fault.reply}.", ""]
    return page("Faults", prose("fault.hpp"), sections)


def sentence(text: str) -> str:
    return linked(text[0].upper() + text[1:])


def error_sections(items: list[abi.Item], kind: str, level: str) -> list[str]:
    sections: list[str] = []
    for item in items:
        if item.enumerator == "none":
            continue
        sections += [f"{level} {item.name}", "", f"{kind} {item.number}, `{item.enumerator}`.", ""]
        if not item.present:
            sections += ["Not there yet.", ""]
            continue
        sections += [sentence(item.meaning), ""]
        sections += table(("word", "meaning"), [(f"`{word.name}`", cell(word.meaning)) for word in item.words]) \
            if item.words else []
    return sections


def errors() -> str:
    return page("Errors", prose("error.hpp"),
                ["The label of an answer is one of these, or 0; the words are its message registers from MR0 on.", ""],
                error_sections(abi.errors(), "Error", "##"),
                ["## Lookup failures", "",
                 "In a FailedLookup from MR1 on, in a CapFault from MR3 on: this number, then its words.", ""],
                error_sections(abi.lookup_failures(), "Lookup failure", "###"))


def objects() -> str:
    sizes = abi.object_sizes()
    rows = [(str(item.number), item.name, f"2^{size}" if (size := sizes[item.enumerator]).isdigit() else f"2^({size})",
             cell(item.meaning)) for item in abi.enumeration("object.hpp", "ObjectType")]
    attributes = [(str(item.number), item.name, cell(item.meaning))
                  for item in abi.enumeration("object.hpp", "MemoryType")]
    return page("Objects", prose("object.hpp"),
                ["`size_bits` counts for the types whose size depends on it; others ignore it, but it must be below 64.",
                 ""],
                table(("type", "object", "bytes", "meaning"), rows), ["## Page attributes", ""],
                [linked(" ".join(abi.comment_before("object.hpp", "enum class MemoryType"))), ""],
                table(("value", "memory type", "meaning"), attributes))


def field_rows(fields: list[abi.Field]) -> list[tuple[str, ...]]:
    return [(str(field.offset), f"`{field.name}`", field.type + (f" × {field.count}" if field.count > 1 else ""),
             cell(field.meaning)) for field in fields]


def boot_information() -> str:
    slots = [(str(item.number), f"`{item.name}`", cell(item.meaning))
             for item in abi.constants("boot_info.hpp", "root_slot")]
    chunks = [(f"{item.number:#x}" if item.number > 255 else str(item.number), f"`{item.name}`", cell(item.meaning))
              for item in abi.constants("boot_info.hpp", "boot_chunk")]
    columns = ("byte", "field", "type", "meaning")
    return page("Boot information", prose("boot_info.hpp"),
                ["## Capabilities", ""], table(("slot", "name", "what"), slots),
                ["## Boot-information page", "",
                 "A SlotRegion is two words, the first slot and the one behind the last; 0, 0 if there are none.", ""],
                table(columns, field_rows(abi.fields("boot_info.hpp", "BootInfo"))),
                ["An UntypedDescriptor is 16 bytes: physical address (8), log2 of the size (1), 1 for device memory (1), "
                 "padding. " + " ".join(abi.comment_before("boot_info.hpp", "struct UntypedDescriptor")), ""],
                ["## Extra chunks", "",
                 "Each begins with two words, its number and its length with these two; the next follows at once.", ""],
                table(("number", "chunk", "content"), chunks),
                ["## Boot modules", "", " ".join(abi.comment_before("boot_info.hpp", "struct BootModule")), ""],
                table(columns, field_rows(abi.fields("boot_info.hpp", "BootModule"))))


def bit_rows(header: str, name: str) -> list[str]:
    return table(("bits", "field", "meaning"), [
        (str(field.first_bit) if field.bits == 1 else f"{field.first_bit}-{field.first_bit + field.bits - 1}",
         f"`{field.name}`", cell(field.meaning)) for field in abi.bit_fields(header, name)])


def first_paragraph(header: str, declaration: str) -> list[str]:
    return [linked(" ".join(line for line in abi.comment_before(header, declaration) if not line.startswith("  "))), ""]


def messages() -> str:
    registers = [(str(number), f"`{name}`") for number, name in enumerate(abi.user_registers())]
    fields = [(f"{field.offset // 8}" + (f"-{field.offset // 8 + field.count - 1}" if field.count > 1 else ""),
               f"`{field.name}`", cell(field.meaning)) for field in abi.fields("message.hpp", "IpcBuffer")]
    return page("Messages and registers", ["## Message info", ""], first_paragraph("types.hpp", "class MessageInfo"),
                bit_rows("types.hpp", "MessageInfo"), ["## IPC buffer", ""], prose("message.hpp"),
                table(("word", "name", "meaning"), fields),
                ["## CNode data", ""], first_paragraph("types.hpp", "class CNodeData"),
                bit_rows("types.hpp", "CNodeData"),
                ["## Rights", ""], first_paragraph("rights.hpp", "class Rights"), bit_rows("rights.hpp", "Rights"),
                ["## Registers", ""], first_paragraph("fault.hpp", "enum class UserRegister"),
                table(("number", "register"), registers))


def enumeration(header: str, name: str) -> list[str]:
    rows = [(str(item.value), f"`{item.name}`", cell(" ".join(item.comment)))
            for item in abi.declarations(abi.body(abi.source(header), f"enum class {name}"), abi.ENUMERATOR)]
    return table(("value", "name", "meaning"), rows)


def paging() -> str:
    words = [("Keeper fault: MR2", "KeeperFaultInfo"), ("Place", "Place"), ("Page rights", "PageRights"),
             ("Inspected slot", "InspectedSlot")]
    sections: list[str] = []
    for title, name in words:
        sections += [f"## {title}", "", *first_paragraph("paging.hpp", f"class {name}"), *bit_rows("paging.hpp", name)]
    lists = [("Answers", "PagerAnswer"), ("Why the supervisor", "WhySupervisor"), ("Slot types", "SlotType"),
             ("Thread states", "StatusState")]
    for title, name in lists:
        sections += [f"## {title}", "", *first_paragraph("paging.hpp", f"enum class {name}"),
                     *enumeration("paging.hpp", name)]
    return page("The paging extension", prose("paging.hpp"), sections)


def paging_events() -> str:
    header = "paging_event.hpp"
    lists = [("Kinds", "PagingEventKind"), ("Causes", "PagingCause")]
    return page("The record of paging events", prose(header), ["## Event", ""],
                table(("byte", "field", "type", "meaning"), field_rows(abi.fields(header, "PagingEvent"))),
                *[[f"## {title}", "", *first_paragraph(header, f"enum class {name}"), *enumeration(header, name)]
                  for title, name in lists])


PAGES = {"system-calls.md": system_calls, "invocations.md": invocations, "faults.md": faults, "errors.md": errors,
         "objects.md": objects, "boot-information.md": boot_information, "messages.md": messages, "paging.md": paging,
         "paging-events.md": paging_events}


def stale(folder: pathlib.Path = FOLDER) -> list[str]:
    """The pages that are not what the headers say."""
    return [name for name, render in PAGES.items()
            if not (folder / name).exists() or (folder / name).read_text() != render()]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/abi_doc", description="Writes the pages of docs/reference/ that the kernel's contract generates.",
        epilog="status: 0 written (with --check: up to date), 1 a header lacks something or a page is stale, 2 usage")
    parser.add_argument("--check", action="store_true", help="write nothing; say which pages are stale")
    options = parser.parse_args(arguments)
    try:
        old = stale()
        for name in [] if options.check else old:
            (FOLDER / name).write_text(PAGES[name]())
    except abi.ContractError as error:
        print(f"tools/abi_doc: {error}", file=sys.stderr)
        return 1
    for name in old:
        print(f"docs/reference/{name}: {'stale' if options.check else 'written'}")
    return 1 if options.check and old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
