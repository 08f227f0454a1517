"""Reads and rewrites *.test files. The format is described in README.md; parse.go is its twin in Go."""

import re
from dataclasses import dataclass, field

HEADER = "# recorded: Spark "
DIRECTIVES = {"ordered", "types", "azud", "differs", "zone", "pending", "args"}


class FormatError(Exception):
    """A script that does not follow the format; the message starts with file:line."""


@dataclass
class Block:
    """One block of a script: the lines between two blank lines."""

    kind: str  # "comment", "table", "stream", "input" or "sql"
    line: int  # 1-based line of the first line that is neither comment nor directive
    lines: list[str]  # all lines of the block, as in the file
    directives: dict[str, str] = field(default_factory=dict)
    head: list[str] = field(default_factory=list)  # the lines before the first ----
    expect: tuple[int, int] | None = None  # lines[a:b] is the section after the first ----

    def rewrite(self, result: list[str]) -> None:
        """Replaces the recorded section, or adds it when there is none yet."""
        if self.expect is None:
            self.lines += ["----"] + result
        else:
            a, b = self.expect
            self.lines[a:b] = result


class Script:
    """A parsed file. blocks keep their text, so that write gives back all that was not rewritten."""

    def __init__(self, path: str):
        self.path = path
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.blocks: list[Block] = []
        current: list[str] = []
        start = 1
        for number, line in enumerate(text.split("\n") + [""], 1):
            if line.strip():
                if not current:
                    start = number
                current.append(line)
            elif current:
                self.blocks.append(self._block(current, start))
                current = []

    def _block(self, lines: list[str], start: int) -> Block:
        b = Block("comment", start, list(lines))
        i = 0
        while i < len(lines) and lines[i][0] in "#@":
            if lines[i][0] == "@":
                name, _, rest = lines[i][1:].partition(" ")
                if name not in DIRECTIVES:
                    raise FormatError(f"{self.path}:{start + i}: unknown directive @{name}")
                b.directives[name] = rest.strip()
            i += 1
        b.line = start + i
        if i == len(lines):
            return b
        marks = [k for k in range(i, len(lines)) if re.fullmatch(r"----( azud)?", lines[k])]
        main = [k for k in marks if lines[k] == "----"]
        if len(main) > 1 or (marks and main and marks[0] != main[0]):
            raise FormatError(f"{self.path}:{start + i}: one ---- section, then at most one ---- azud section")
        b.head = lines[i : marks[0] if marks else len(lines)]
        if main:
            after = [k for k in marks if k > main[0]]
            b.expect = (main[0] + 1, after[0] if after else len(lines))
        word = b.head[0].split(" ", 1)[0] if b.head else ""
        b.kind = word if word in ("table", "stream", "input") else "sql"
        return b

    def write(self, version: str) -> None:
        """Writes the file back with the header line of the Spark that recorded it."""
        first = self.blocks[0].lines
        if first[0].startswith(HEADER):
            first[0] = HEADER + version
        else:
            first.insert(0, HEADER + version)
        text = "\n\n".join("\n".join(b.lines) for b in self.blocks) + "\n"
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)


def parse_table(line: str) -> tuple[str, str]:
    """table NAME (COLUMNS) -> (NAME, COLUMNS)."""
    m = re.fullmatch(r"table (\w+) \((.*)\)", line)
    if not m:
        raise FormatError(f"not 'table NAME (COLUMNS)': {line}")
    return m[1], m[2]


@dataclass
class Stream:
    """The head of a stream block."""

    title: str
    tables: list[tuple[str, str]]
    mode: str
    body: str


def parse_stream(head: list[str]) -> Stream:
    """stream TITLE, table lines, mode MODE, then the SQL body."""
    tables, mode, i = [], "", 1
    while i < len(head):
        if head[i].startswith("table "):
            tables.append(parse_table(head[i]))
        elif head[i].startswith("mode "):
            mode = head[i][5:].strip()
        else:
            break
        i += 1
    if mode not in ("append", "update", "complete") or i == len(head):
        raise FormatError(f"stream '{head[0][7:]}': needs mode append, update or complete, then a body")
    return Stream(head[0][7:].strip(), tables, mode, "\n".join(head[i:]))


Inputs = list[tuple[str, list[str]]]


def parse_inputs(head: list[str]) -> list[Inputs]:
    """input T, its JSON lines, input U, its JSON lines, next, input T, … -> the inputs of each epoch."""
    epochs: list[Inputs] = [[]]
    for line in head:
        if line == "next":
            epochs.append([])
        elif line.startswith("input "):
            epochs[-1].append((line[6:].strip(), []))
        else:
            epochs[-1][-1][1].append(line)
    return epochs
