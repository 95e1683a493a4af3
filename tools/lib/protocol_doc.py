# SPDX-License-Identifier: BSD-2-Clause
"""tools/protocol_doc: one page of docs/reference/protocols/ for each header of libsys/include/sys/protocol/, from its comments.

A request is a structure with a label; its comment, the fields with theirs, its Reply and the limits beside them are its entry.
A request without a comment is an error that names it, as are two requests of one protocol with the same number.
"""
import argparse
import dataclasses
import pathlib
import re
import sys

import build as building

HEADERS = building.REPOSITORY / "libsys" / "include" / "sys" / "protocol"
FOLDER = building.REPOSITORY / "docs" / "reference" / "protocols"
GENERATED = "<!-- Generated from {} by tools/protocol_doc: change the header, not this page. -->"
PLAIN = {"Statistics"}  # requests whose fields say all
NO_PROTOCOL = {"pager_startup"}  # a layout of memory, no messages
STRUCT = re.compile(r"^(?P<comment>(?:///[^\n]*\n)*)struct (?P<name>\w+) \{\n(?P<body>.*?)^\};", re.MULTILINE | re.DOTALL)
NESTED = re.compile(r"^    struct (?P<name>\w+) \{\n(?P<body>.*?)^    \};", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"^ *(?P<type>(?!static|using|struct|return|constexpr)[\w:]+) (?P<name>\w+(?:\[\w+\])?)(?: = [^;]*|\{\})?;"
                   r"(?: *///< ?(?P<comment>.*))?$", re.MULTILINE)
LIMIT = re.compile(r"static constexpr (?:unsigned|Word|size_t) (?P<name>\w+) = (?P<value>[\d']+);")
CARRIES = re.compile(r"using Carries = CapabilityList<(?P<types>[\w, ]+)>;")
BRINGS = re.compile(r"using Brings = (?P<type>\w+);")
ERRORS = re.compile(r"enum class Error : Word \{\n(?P<body>.*?)\n\};", re.DOTALL)
ERROR = re.compile(r"^ *(?P<name>\w+)(?: = [^,]*)?,(?: *///< ?(?P<comment>.*))?$", re.MULTILINE)
SENTENCE = re.compile(r"case Error::(\w+): return \"([^\"]*)\"")
OPERATION = re.compile(r"label = request_label\(Protocol::(?P<protocol>\w+), (?P<number>\d+)\)")


class HeaderError(Exception):
    """A header lacks what a page needs."""


@dataclasses.dataclass(frozen=True)
class Request:
    name: str
    protocol: str
    number: int
    comment: str
    fields: list[tuple[str, str, str]]
    reply: list[tuple[str, str, str]]
    limits: list[tuple[str, str]]
    carries: list[str]  # types of the capabilities that go with it
    brings: str  # type of the one that comes with the reply; "": none


def prose(comment: str) -> str:
    return " ".join(line.removeprefix("///").removeprefix("//").strip() for line in comment.splitlines()).strip()


def fields(body: str) -> list[tuple[str, str, str]]:
    return [(found["type"], found["name"], found["comment"] or "") for found in FIELD.finditer(body)]


def requests(text: str, header: str) -> list[Request]:
    found = []
    for struct in STRUCT.finditer(text):
        body = struct["body"]
        operation = OPERATION.search(body)
        if not operation:
            continue
        comment = prose(struct["comment"])
        if not comment and struct["name"] not in PLAIN:
            raise HeaderError(f"{header}: {struct['name']} has no comment")
        nested = {each["name"]: each["body"] for each in NESTED.finditer(body)}
        named = re.search(r"using Reply = (\w+);", body)
        reply = fields(nested.get("Reply", ""))
        if named and named[1] != "Empty":
            other = next((each["body"] for each in STRUCT.finditer(text) if each["name"] == named[1]), "")
            reply = fields(other)
        limits = [(each["name"], each["value"].replace("'", "")) for each in LIMIT.finditer(body)]
        carried, brought = CARRIES.search(body), BRINGS.search(body)
        found.append(Request(struct["name"], operation["protocol"], int(operation["number"]), comment, fields(NESTED.sub("", body)), reply, limits,
                             carried["types"].split(", ") if carried else [], brought["type"] if brought else ""))
    return found


def table(head: str, rows: list[tuple[str, str, str]]) -> list[str]:
    if not rows:
        return [f"{head}: nothing.", ""]
    lines = [f"| {head} | type | |", "|---|---|---|"]
    return lines + [f"| `{name}` | `{kind}` | {comment.replace('|', chr(92) + '|')} |" for kind, name, comment in rows] + [""]


def page(header: pathlib.Path) -> str:
    text, name = header.read_text(), header.stem
    path = header.relative_to(building.REPOSITORY).as_posix()
    top = text.split("#pragma once")[0].split("\n", 1)[1]
    lines = [GENERATED.format(path), f"# Protocol: {name.replace('_', ' ')}", "", prose(top), "",
             f"Header: [`<sys/protocol/{header.name}>`](../../../{path}).", ""]
    for request in requests(text, path):
        lines += [f"## {request.name}", "", f"Operation {request.number}. {request.comment}".rstrip(), ""]
        lines += [f"`{limit}` is {value}." for limit, value in request.limits] + ([""] if request.limits else [])
        if request.carries:
            lines += [f"Capabilities that go with it, all or none: {', '.join(f'`{kind}`' for kind in request.carries)}.", ""]
        if request.brings:
            lines += [f"The reply brings a capability: `{request.brings}`.", ""]
        lines += table("Takes", request.fields) + table("Gives", request.reply)
    errors = ERRORS.search(text)
    if errors:
        sentences = dict(SENTENCE.findall(text))
        lines += ["## Errors", "", "| error | sentence | |", "|---|---|---|"]
        lines += [f"| `{each['name']}` | {sentences.get(each['name'], '')} | {each['comment'] or ''} |"
                  for each in ERROR.finditer(errors["body"]) if each["name"] != "last"]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def headers() -> list[pathlib.Path]:
    return [path for path in sorted(HEADERS.glob("*.hpp")) if path.stem not in NO_PROTOCOL]


def check_numbers(found: list[Request]) -> None:
    """Several headers may share a protocol, and so its numbers."""
    names: dict[tuple[str, int], str] = {}
    for request in found:
        other = names.setdefault((request.protocol, request.number), request.name)
        if other != request.name:
            raise HeaderError(f"{other} and {request.name} are both operation {request.number} of {request.protocol}")


def pages() -> dict[pathlib.Path, str]:
    check_numbers([request for header in headers() for request in requests(header.read_text(), header.name)])
    return {FOLDER / f"{header.stem}.md": page(header) for header in headers()}


def stale() -> list[str]:
    wanted = pages()
    kept = {path for path in FOLDER.glob("*.md")} if FOLDER.is_dir() else set()
    return [path.name for path, text in wanted.items() if path not in kept or path.read_text() != text] + [
        f"{path.name} has no header" for path in sorted(kept - set(wanted))]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tools/protocol_doc", description="Writes one page for each protocol of libsys.")
    parser.add_argument("--check", action="store_true", help="only say which pages are stale; 1 if there are any")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            print("\n".join(stale()) or "all pages are as their headers say")
            return 1 if stale() else 0
        FOLDER.mkdir(exist_ok=True)
        for path, text in pages().items():
            path.write_text(text)
        return 0
    except HeaderError as error:
        print(f"tools/protocol_doc: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
