# SPDX-License-Identifier: BSD-2-Clause
"""Reads the kernel's contract, microkernel/include/abi/*.hpp: calls, faults, errors, boot information, layouts.

The headers are regular enough for a line reader: an item is a `///` block and the declaration behind it. A line of the
block that begins with a keyword (`fails:`, `words:`, `reply:`) starts a part, which goes on in indented lines. What is
not as it should be is a ContractError that names the item.
"""
import dataclasses
import pathlib
import re

import build as building

FOLDER = building.REPOSITORY / "microkernel" / "include" / "abi"
NOT_THERE = "not there yet."
NOTHING = "nothing"
KEYWORDS = ("fails", "words", "reply")
ENUMERATOR = re.compile(r"(\w+)(?: = (-?\w+))?,$")
CONSTANT = re.compile(r"inline constexpr \w+ (\w+) = ([\w']+);$")
FIELD = re.compile(r"(\w+) (\w+)(?:\[(\w+)\])?;$")
SIGNATURE = re.compile(r"(?P<name>[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?)\((?:\[(?P<caps>[^\]]*)\] ?)?(?P<words>[^)]*)\)"
                       r" -> (?P<gives>.*)$")
TITLE = re.compile(r"(?P<name>[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)?): (?P<text>.*)$")
BIT_FIELD = re.compile(r"(\w+) \((\d+) bits?\): (.*)$")
NAMED_WORD = re.compile(r"(\w+(?:\.\.\w+| or \w+)?): (.+)$")
ERROR_SET = re.compile(r"error set (\w+): (.*)$")
FIELD_BYTES = {"Word": 8, "SlotRegion": 16, "UntypedDescriptor": 16, "char": 1}


class ContractError(Exception):
    """A header does not say what it has to say."""


@dataclasses.dataclass
class Declaration:
    """A declaration and the lines of the `///` block before it."""
    name: str
    value: int
    comment: list[str]


@dataclasses.dataclass(frozen=True)
class Failure:
    """An error or fault, its detail words as written, and when it comes."""
    error: str
    details: str
    when: str


@dataclasses.dataclass(frozen=True)
class NamedWord:
    name: str
    meaning: str


@dataclasses.dataclass
class Call:
    """A system call or a method. One that is not there yet has a name only."""
    name: str
    enumerator: str
    number: int
    present: bool = True
    caps: list[str] = dataclasses.field(default_factory=list)
    words: list[str] = dataclasses.field(default_factory=list)
    gives: list[str] = dataclasses.field(default_factory=list)
    meaning: str = ""
    fails: list[Failure] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Item:
    """A fault, an error, an object type, ...: a name with a meaning, and for some their words and what a reply does."""
    name: str
    enumerator: str
    number: int
    present: bool
    meaning: str
    words: list[NamedWord] = dataclasses.field(default_factory=list)
    reply: str = ""


@dataclasses.dataclass(frozen=True)
class Field:
    """A member of a structure: `count` of them from byte `offset`."""
    name: str
    type: str
    offset: int
    count: int
    meaning: str


@dataclasses.dataclass(frozen=True)
class BitField:
    name: str
    first_bit: int
    bits: int
    meaning: str


def source(name: str) -> str:
    return (FOLDER / name).read_text()


def body(text: str, opening: str) -> list[str]:
    """The lines between `opening` (an enum's, struct's or namespace's first line) and the closing brace."""
    found = re.search(rf"^{re.escape(opening)}[^\n]*\{{\n(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    if not found:
        raise ContractError(f"no {opening}")
    return found.group(1).splitlines()


def blocks(lines: list[str]) -> list[tuple[list[str], str]]:
    """(lines of the `///` block, declaration behind it) of each declaration."""
    found, comment = [], []
    for line in lines:
        stripped = line.strip()
        if stripped.startswith("///"):
            comment.append(stripped[3:].removeprefix(" "))
        elif stripped and not stripped.startswith("//"):
            found.append((comment, stripped))
            comment = []
    return found


def declarations(lines: list[str], pattern: re.Pattern[str]) -> list[Declaration]:
    """Enumerators or constants with their values; an enumerator without a value counts on."""
    found: list[Declaration] = []
    for comment, line in blocks(lines):
        match = pattern.match(line)
        if match:
            written = (match.group(2) or str(found[-1].value + 1 if found else 0)).replace("'", "")
            found.append(Declaration(match.group(1), int(written, 0), comment))
    return found


def parts(comment: list[str]) -> dict[str, str]:
    """The parts of a block by keyword; "" is what stands before the first."""
    found: dict[str, list[str]] = {"": []}
    part = ""
    for line in comment:
        word = line.split(":")[0]
        if word in KEYWORDS:
            part = word
            found[part] = [line[len(word) + 1:].strip()]
        else:
            found[part].append(line.strip())
    return {key: " ".join(lines).strip() for key, lines in found.items()}


def required(found: dict[str, str], keyword: str, name: str) -> str:
    if not found.get(keyword):
        raise ContractError(f"{name} lacks its part `{keyword}:`")
    return found[keyword]


def comma_list(text: str | None) -> list[str]:
    return [] if text in (None, "", NOTHING) else [item.strip() for item in text.split(",")]


def semicolons(text: str) -> list[str]:
    """Items between semicolons; not those inside brackets."""
    return [item.strip() for item in re.split(r";(?![^()]*\))", text)]


def error_sets(text: str) -> dict[str, list[str]]:
    """The named sets of errors of invocation.hpp, each as its written items."""
    comment = next(comment for comment, line in blocks(text.splitlines()) if line.startswith("enum class Invocation"))
    joined: list[str] = []
    for line in comment:
        if line.startswith("error set"):
            joined.append(line)
        else:
            joined[-1] += " " + line.strip()
    matches = [ERROR_SET.match(line) for line in joined]
    return {match.group(1): semicolons(match.group(2)) for match in matches if match}


def failures(items: list[str], sets: dict[str, list[str]], known: set[str], name: str) -> list[Failure]:
    """The failures that are written as `Error details: when`, or as the name of a set."""
    found: list[Failure] = []
    for item in items:
        if item in sets:
            found += [dataclasses.replace(failure, when=f"{item}: {failure.when.rpartition(': ')[2]}")
                      for failure in failures(sets[item], sets, known, name)]
            continue
        head, colon, when = item.partition(": ")
        error, _, details = head.partition(" ")
        if not colon or error not in known:
            raise ContractError(f"{name}: no error, fault or error set: {item}")
        found.append(Failure(error, details, when))
    return found


def call_of(declared: Declaration, sets: dict[str, list[str]], known: set[str]) -> Call:
    text = " ".join(line.strip() for line in declared.comment)
    title = TITLE.match(text)
    if title and title.group("text") == NOT_THERE:
        return Call(title.group("name"), declared.name, declared.value, present=False)
    lines = list(declared.comment)
    head = lines.pop(0) if lines else ""
    while lines and lines[0].startswith("  "):
        head += " " + lines.pop(0).strip()
    signature = SIGNATURE.match(head)
    if not signature:
        raise ContractError(f"{declared.name} lacks its signature: Name([capabilities] words) -> words, or nothing")
    found, name = parts(lines), signature.group("name")
    fails = required(found, "fails", name)
    return Call(name, declared.name, declared.value, True, comma_list(signature.group("caps")),
                comma_list(signature.group("words")), comma_list(signature.group("gives")),
                required(found, "", name), [] if fails == "never" else failures(semicolons(fails), sets, known, name))


def item_of(declared: Declaration, needed: tuple[str, ...] = ()) -> Item:
    found = parts(declared.comment)
    title = TITLE.match(found[""])
    if not title:
        raise ContractError(f"{declared.name} lacks its block `Name: meaning`")
    name = title.group("name")
    item = Item(name, declared.name, declared.value, title.group("text") != NOT_THERE, title.group("text"))
    if not item.present or declared.name == "none":
        return item
    if "words" in needed:
        written = required(found, "words", name)
        for word in [] if written == NOTHING else semicolons(written):
            match = NAMED_WORD.match(word)
            if not match:
                raise ContractError(f"{name}: no `name: meaning` of a word: {word}")
            item.words.append(NamedWord(match.group(1), match.group(2)))
    if "reply" in needed:
        item.reply = required(found, "reply", name)
    return item


def enumeration(header: str, name: str, needed: tuple[str, ...] = ()) -> list[Item]:
    return [item_of(declared, needed) for declared in declarations(body(source(header), f"enum class {name}"),
                                                                   ENUMERATOR)]


def errors() -> list[Item]:
    return enumeration("error.hpp", "Error", ("words",))


def lookup_failures() -> list[Item]:
    return enumeration("error.hpp", "LookupFailure", ("words",))


def faults() -> list[Item]:
    return enumeration("fault.hpp", "Fault", ("words", "reply"))


def known_failures() -> set[str]:
    return {item.name for item in errors() + faults()}


def methods(text: str | None = None) -> list[Call]:
    text = source("invocation.hpp") if text is None else text
    sets, known = error_sets(text), known_failures()
    return [call_of(declared, sets, known)
            for declared in declarations(body(text, "enum class Invocation"), ENUMERATOR)]


def system_calls(text: str | None = None) -> list[Call]:
    text = source("syscall.hpp") if text is None else text
    known = known_failures()
    return [call_of(declared, {}, known) for declared in declarations(body(text, "enum class Syscall"), ENUMERATOR)]


def constants(header: str, namespace: str) -> list[Item]:
    """The constants of a namespace that are declared one by one, each with a block."""
    found = []
    for declared in declarations(body(source(header), f"namespace {namespace}"), CONSTANT):
        if not declared.comment:
            raise ContractError(f"{namespace}::{declared.name} lacks its block")
        found.append(Item(declared.name, declared.name, declared.value, True, parts(declared.comment)[""]))
    return found


def indices(header: str, namespace: str) -> dict[str, int]:
    """The constants of a namespace that are declared in one statement."""
    text = " ".join(body(source(header), f"namespace {namespace}"))
    return {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", text)}


def number_of(name: str) -> int:
    """The value of a constant that is used as an array size."""
    if name.isdigit():
        return int(name)
    for path in sorted(FOLDER.glob("*.hpp")):
        found = re.search(rf"constexpr \w+ {name} = (\d+);", path.read_text())
        if found:
            return int(found.group(1))
    raise ContractError(f"no constant {name}")


def fields(header: str, structure: str) -> list[Field]:
    """The members of a structure without padding between them, in order."""
    found, offset = [], 0
    for comment, line in blocks(body(source(header), f"struct {structure}")):
        match = FIELD.match(line)
        if not match:
            continue
        if not comment:
            raise ContractError(f"{structure}.{match.group(2)} lacks its block")
        count = number_of(match.group(3)) if match.group(3) else 1
        found.append(Field(match.group(2), match.group(1), offset, count, parts(comment)[""]))
        offset += FIELD_BYTES[match.group(1)] * count
    return found


def comment_before(header: str, declaration: str) -> list[str]:
    found = next((comment for comment, line in blocks(source(header).splitlines()) if line.startswith(declaration)), [])
    if not found:
        raise ContractError(f"{header}: {declaration} lacks its block")
    return found


def bit_fields(header: str, name: str) -> list[BitField]:
    """The fields of a word, from its most significant one: the indented lines of the block before class `name`."""
    matches = [match for line in comment_before(header, f"class {name}") if (match := BIT_FIELD.match(line.strip()))]
    found, end = [], sum(int(match.group(2)) for match in matches)
    for match in matches:
        end -= int(match.group(2))
        found.append(BitField(match.group(1), end, int(match.group(2)), match.group(3)))
    return found


def object_sizes() -> dict[str, str]:
    """What object_bits() answers, by enumerator: a number, or an expression of size_bits."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    text = source("object.hpp")
    for line in body(text, "constexpr unsigned object_bits"):
        match = re.match(r"\s*case ObjectType::(\w+):(?: return (.*);)?$", line)
        if not match:
            continue
        waiting.append(match.group(1))
        if match.group(2):
            size = re.sub(r"\b(?!size_bits)[a-z]\w+", lambda name: str(number_of(name.group(0))), match.group(2))
            found |= {name: size for name in waiting}
            waiting = []
    return found


def user_registers() -> list[str]:
    lines = body(source("fault.hpp"), "enum class UserRegister")
    return [declared.name for declared in declarations(lines, ENUMERATOR)]


def describe_header(header: str) -> str:
    """The prose at the top of a header, as Markdown paragraphs; tables stay tables."""
    lines = []
    for line in source(header).splitlines()[1:]:
        if not line.startswith("//"):
            break
        lines.append(line[2:].removeprefix(" "))
    return "\n".join(lines)
