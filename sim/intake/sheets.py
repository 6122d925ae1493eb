"""A file of tables as sheets of text: workbooks and text of any usual encoding, told apart by their content.

Only values are taken: no formula is worked out, no link to another file followed, no macro run. What
would grow beyond bounds when it is unpacked is refused before it is.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from sim import files, source
from sim.errors import InputError
from sim.society.reading import Note, Notes

LARGEST_BYTES = 200 * 2**20
LARGEST_UNPACKED = 400 * 2**20
"""Bytes of a workbook's parts in all."""

ALWAYS_UNPACKED, MOST_GROWTH = 64 * 2**20, 60
"""Bytes to which any workbook may grow, and how many times its size a larger one; usual ones grow tenfold."""

MOST_LETTERS = 200_000_000
"""Letters in all cells of a sheet."""

MEMORY_APART, SECONDS_APART = 3 * 2**30, 60
"""Bytes and seconds that the reader of a binary workbook may take."""

MOST_PARTS = 5_000
MOST_CELLS = 5_000_000
"""Cells of a workbook's sheet, from its first to its last, empty ones too."""

MOST_COLUMNS = 1_000
HEAD = 40
"""Rows among which a header is looked for."""

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXTS = (".csv", ".tsv", ".txt")

_MARKS = ",;\t|，；"
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


@dataclass
class Sheet:
    """One table as it lies in its file: cells of text, rows and columns numbered from 0.

    Attributes:
        name: What the workbook calls it; empty for text.
        cells: Text (rows, columns).
        widths: Cells that each of the first ``HEAD`` rows really has; a row of text may end early.
        notes: How it was read, where that is not as anybody would expect.
        hidden: Whether its workbook hides it.
    """

    name: str
    cells: pd.DataFrame
    widths: list[int]
    notes: Notes = field(default_factory=list)
    hidden: bool = False

    def head(self) -> list[list[str]]:
        """The first rows, without surrounding spaces."""
        rows = self.cells.iloc[:HEAD].to_numpy().tolist()
        return [[cell.strip() for cell in row] for row in rows]


def read_whole(path: str) -> bytes:
    """Content of a file that is there, regular and not too large.

    Raises:
        InputError: It is none of these.
    """
    try:
        return files.read_bytes(Path(path), LARGEST_BYTES)
    except (OSError, ValueError) as problem:
        if isinstance(problem, InputError):
            raise
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InputError(path, f"cannot be read ({reason})", "a file") from problem


def read_bytes(path: str) -> bytes:
    """The same of a file that is not empty.

    Raises:
        InputError: It is empty, or none that can be read.
    """
    data = read_whole(path)
    if not data.strip():
        raise InputError(path, "the file is empty", "a header and rows")
    return data


def sheets(path: str, data: bytes | None = None) -> list[Sheet]:
    """All tables of a file, those that hold nothing left out.

    Args:
        path: What the file is called; read if ``data`` is not given.
        data: Its content.

    Raises:
        InputError: It is no file of tables, too large or damaged.
    """
    data = read_bytes(path) if data is None else data
    if not data.strip():
        raise InputError(path, "the file is empty", "a header and rows")
    if data.startswith(b"PK"):
        binary, lost = _check_archive(path, data)
        read = (_rows_apart if binary else _rows)(path, data)
        for name, _, rows in read:
            for (row, column), said in lost.get(name, {}).items():
                if row < len(rows) and column < len(rows[row]):
                    rows[row][column] = said
        return _of_workbook(path, read)
    if data.startswith(_OLD_WORKBOOK):
        return _of_workbook(path, _rows_apart(path, data))
    notes: Notes = []
    text = decode(path, data, notes)
    start = text[:2000].lstrip().lower()
    if start.startswith(("<html", "<!doctype html", "<table", "<meta", "<head")) or (
        start.startswith("<?xml") and "<table" in start and "spreadsheet" not in start
    ):
        return _of_page(path, text, notes)
    if start.startswith("<"):
        raise InputError(path, "is XML or a web page, no table", _ALLOWED)
    return [_of_text(path, text, notes)]


_ALLOWED = "a table: xlsx, xls, ods, or text (csv) as UTF-8, GB18030 or UTF-16"


# --- text -----------------------------------------------------------------------------------------


def decode(path: str, data: bytes, notes: Notes | None = None) -> str:
    """Text in UTF-8, GB18030 or UTF-16; of another encoding than UTF-8 a note is taken.

    Raises:
        InputError: It is none of them, or a workbook.
    """
    if data.startswith((b"PK\x03\x04", _OLD_WORKBOOK)):
        raise InputError(path, "is a workbook (xlsx, xls, ods), no text", "text (csv)")
    marked = next((name for mark, name in _ENCODINGS.items() if data.startswith(mark)), None)
    tried = [marked] if marked else ["utf-8", "gb18030"]
    zeros = [data[half:4000:2].count(0) for half in (0, 1)]
    if marked is None and min(zeros) == 0 and max(zeros) > 1 and len(data) % 2 == 0:
        # Without a mark, the zeros of plain letters tell which half comes first.
        tried = ["utf-16-le" if zeros[1] else "utf-16-be"]
    for encoding in tried:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and not re.search("[\ud800-\udfff\ufffe\uffff]", text):
            if not encoding.startswith("utf-8") and notes is not None:
                name = "GB18030" if encoding == "gb18030" else "UTF-16"
                notes.append(Note("encoding", {"name": name}))
            return text
    raise InputError(path, "the text cannot be decoded", "UTF-8, GB18030 or UTF-16")


def _of_text(path: str, text: str, notes: Notes) -> Sheet:
    mark = _mark(path, text)
    if mark not in ",\t":
        notes.append(Note("mark_used", {"mark_read": mark}))
    try:
        first = list(islice(csv.reader(io.StringIO(text), delimiter=mark), HEAD))
        width = max(map(len, first), default=0)
        if width > MOST_COLUMNS:
            raise InputError(path, f"{width} columns", f"at most {MOST_COLUMNS}")
        cells = pd.read_csv(
            io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False, sep=mark,
            header=None, names=range(width), index_col=False, engine="c" if mark.isascii() else "python",
        )  # fmt: skip
    except (csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        said = " ".join(str(problem).split())
        raise InputError(path, said, "rows with as many cells as the header") from problem
    return Sheet("", cells.fillna("").astype(object), [len(row) for row in first], notes)


def _mark(path: str, text: str) -> str:
    """What parts the cells: the mark by which most of the first rows have the same number of cells."""
    best, most = ",", (0, 0)
    for mark in _MARKS:
        try:
            rows = list(islice(csv.reader(io.StringIO(text), delimiter=mark), HEAD))
        except csv.Error as problem:
            raise InputError(path, str(problem), "rows with as many cells as the header") from None
        sizes = Counter(len(row) for row in rows if len(row) > 1)
        if sizes:
            size, rows_alike = max(sizes.items(), key=lambda item: (item[1], item[0]))
            if (rows_alike, size) > most:
                best, most = mark, (rows_alike, size)
    return best


class _Page(HTMLParser):
    """Rows of the tables of a web page, which many programs write under the name .xls."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path, self._count = path, 0
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), MOST_COLUMNS) if span.isdecimal() else 1

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None and self.tables[-1]:
            text = " ".join("".join(self._cell).split())
            row = self.tables[-1][-1]
            row += [text, *[""] * (self._span - 1)]
            self._count += self._span
            if len(row) > MOST_COLUMNS or self._count > MOST_CELLS:
                allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
                raise InputError(self._path, f"{len(row)} columns, {self._count} cells", allowed)
            self._cell = None


def _of_page(path: str, text: str, notes: Notes) -> list[Sheet]:
    page = _Page(path)
    page.feed(text)
    found = [_sheet(path, "", rows, list(notes)) for rows in page.tables if any(rows)]
    if not found:
        raise InputError(path, "is a web page without a table", _ALLOWED)
    return found


def _sheet(path: str, name: str, rows: list[list[str]], notes: Notes) -> Sheet:
    width = max(map(len, rows), default=0)
    if width > MOST_COLUMNS or width * len(rows) > MOST_CELLS:
        allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
        raise InputError(path, f"{len(rows)} rows and {width} columns", allowed)
    full = [[*row, *[""] * (width - len(row))] for row in rows]
    cells = pd.DataFrame(full, columns=range(width), dtype=object)
    return Sheet(name, cells, [width] * min(len(rows), HEAD), notes)


# --- workbooks ------------------------------------------------------------------------------------


Read = list[tuple[str, bool, list[list[str]]]]
"""Name, whether hidden, and rows of each sheet."""


def _of_workbook(path: str, read: Read) -> list[Sheet]:
    found = []
    for name, hidden, rows in read:
        if any(cell for row in rows for cell in row):
            notes = [Note("hidden", {"sheet": name})] if hidden else []
            found.append(replace(_sheet(path, name, rows, notes), hidden=hidden))
    if not found:
        raise InputError(path, "the workbook holds no value", "a header and rows")
    return found


def _rows(path: str, data: bytes) -> Read:
    import python_calamine as calamine  # Needed by few.

    found: Read = []
    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            for known in book.sheets_metadata:
                if known.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(known.name)
                if (
                    sheet.total_height * sheet.total_width > MOST_CELLS
                    or sheet.total_width > MOST_COLUMNS
                ):
                    problem = f"sheet {known.name!r} has {sheet.total_height} rows and {sheet.total_width} columns"
                    allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
                    raise InputError(path, problem, allowed)
                rows = [
                    [_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)
                ]
                hidden = known.visible != calamine.SheetVisibleEnum.Visible
                found.append((known.name, hidden, rows))
    except calamine.PasswordError as problem:
        raise InputError(path, "is protected by a password", "a file without one") from problem
    except (InputError, KeyboardInterrupt):
        raise
    # The reader is Rust's: a panic in it, at a damaged workbook, is no ``Exception``.
    except BaseException as problem:
        said = " ".join(str(problem).split())[:120]
        raise InputError(path, f"the workbook cannot be read ({said})", _ALLOWED) from None
    return found


def _rows_apart(path: str, data: bytes) -> Read:
    """The same in a process of its own, with bounds.

    Nobody can say beforehand how large what a binary workbook (xls, xlsb) describes is; its reader may ask for
    all memory, and end its process when it does not get it.
    """
    command = [
        sys.executable,
        "-P",
        "-c",
        "from sim.intake.sheets import answer_apart; answer_apart()",
    ]
    place = os.pathsep.join(
        filter(None, [str(source.PACKAGE.parent), os.environ.get("PYTHONPATH")])
    )
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=SECONDS_APART, env={**os.environ, "PYTHONPATH": place},
        )  # fmt: skip
        read, refused = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        problem = "the workbook cannot be read (it is damaged, or describes too much)"
        raise InputError(path, problem, _ALLOWED) from None
    if refused is not None:
        raise InputError(path, *refused)
    return [(name, hidden, rows) for name, hidden, rows in read]


def answer_apart() -> None:
    """Read a workbook from standard input and write what is in it to standard output, as JSON."""
    with suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_APART, MEMORY_APART))
    try:
        told: Any = (_rows("", sys.stdin.buffer.read()), None)
    except InputError as error:
        told = (None, [error.problem, error.allowed])
    sys.stdout.write(json.dumps(told))


def _text(value: Any) -> str:
    """A cell as a person sees it: whole numbers without a point, days without a time."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        at_midnight = value.time() == datetime.time()
        return value.date().isoformat() if at_midnight else value.isoformat(" ", "seconds")
    return str(value).strip()


_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


NO_VALUE = "a formula without a value"
"""What is read of a formula whose value was not kept, as by programs that write workbooks; Excel and WPS keep it."""

Lost = dict[str, dict[tuple[int, int], str]]
"""By sheet, row and column what its reader would take for an empty cell: errors (#REF!), formulas without a value."""


def _sheet_names(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of the sheet that lies in each part."""
    from xml.etree import ElementTree  # What is read was looked through before.

    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = {link.get("Id"): link.get("Target", "").rpartition("/")[2] for link in links}
    found = {}
    for sheet in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():
        if sheet.tag.endswith("}sheet"):
            link = next((said for key, said in sheet.attrib.items() if key.endswith("}id")), None)
            found[target.get(link, "")] = sheet.get("name", "")
    return found


def _check_archive(path: str, data: bytes) -> tuple[bool, Lost]:
    """Refuse an archive that unpacks to more than it may, before anything is built from it.

    Returns:
        Whether its sheets are binary, so that nobody can say what they describe; and what would be lost.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise InputError(path, f"{len(parts)} parts", f"at most {MOST_PARTS}")
            left = min(LARGEST_UNPACKED, max(ALWAYS_UNPACKED, MOST_GROWTH * len(data)))
            lengths: list[int] = []
            lost: Lost = {}
            names = {part.filename for part in parts}
            if not names & {"content.xml", "xl/workbook.xml", "xl/workbook.bin"}:
                raise InputError(path, "is an archive, no workbook", _ALLOWED)
            # Texts that are shared come first, to be counted where they are named.
            for part in sorted(parts, key=lambda part: not _shared(part)):
                # What an archive says of its sizes may be untrue, so that it is unpacked to be counted.
                content = _unpacked(archive, part, left, path)
                left -= len(content)
                if part.filename.endswith((".xml", ".rels")):
                    if _DECLARED.search(content):
                        problem = f"{part.filename} declares a document type or entities"
                        raise InputError(path, problem, "a workbook without them")
                    if "worksheets/" in part.filename:
                        if cells := _check_places(path, content, lengths):
                            lost[part.filename.rpartition("/")[2]] = cells
                    elif _shared(part):
                        lengths = _lengths(path, content)
                    elif part.filename == "content.xml":
                        _check_repeats(path, content)
            if lost:
                known = _sheet_names(archive)
                lost = {known.get(part, ""): cells for part, cells in lost.items()}
            return "xl/workbook.bin" in names, lost
    except (
        zipfile.BadZipFile,
        KeyError,
        SyntaxError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as problem:
        if isinstance(problem, InputError):
            raise
        said = " ".join(str(problem).split())[:120]
        raise InputError(path, f"the workbook cannot be read ({said})", _ALLOWED) from problem


def _shared(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower() == "xl/sharedstrings.xml"


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, path: str) -> bytes:
    import zlib

    try:
        with archive.open(part) as stream:
            content = stream.read(left + 1)
    except zlib.error as problem:
        raise InputError(path, "the workbook is damaged", _ALLOWED) from problem
    if len(content) > left:
        allowed = f"at most {MOST_GROWTH} times its size, and {LARGEST_UNPACKED // 2**20} MB"
        raise InputError(path, "the workbook grows too large when it is unpacked", allowed)
    return content


class _Counted:
    """What a sheet would be once it is laid out, counted from its XML before anything lays it out.

    Args:
        path: What the file is called.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.row = self.column = self.rows = self.columns = self.letters = 0

    def reach(self) -> None:
        """The cell at hand is there: a far one lets a table of the whole sheet be laid out."""
        self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)
        if self.columns > MOST_COLUMNS or self.rows * self.columns > MOST_CELLS:
            allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
            problem = f"reaches to row {self.rows} and column {self.columns}"
            raise InputError(self.path, problem, allowed)

    def write(self, letters: int) -> None:
        """Letters stand in cells, those of one that is named many times as often."""
        self.letters += letters
        if self.letters > MOST_LETTERS:
            allowed = f"at most {MOST_LETTERS:,} letters in all cells"
            raise InputError(self.path, "the workbook grows too large when it is unpacked", allowed)

    def parse(self, content: bytes, **handlers: Any) -> None:
        """Go through the XML, which may declare nothing."""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def declared(*_: Any) -> None:
            problem = "declares a document type or entities"
            raise InputError(self.path, problem, "a workbook without them")

        for name, handler in {**handlers, "StartDoctypeDecl": declared}.items():
            setattr(parser, f"{name}Handler", handler)
        try:
            parser.Parse(content, True)
        except expat.ExpatError as problem:
            said = f"the workbook cannot be read ({problem})"
            raise InputError(self.path, said, _ALLOWED) from problem


def _lengths(path: str, content: bytes) -> list[int]:
    """Letters of each text that cells of a workbook share."""
    lengths: list[int] = []

    def start(name: str, _: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "si":
            lengths.append(0)

    def letters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    _Counted(path).parse(content, StartElement=start, CharacterData=letters)
    return lengths


_CELL = re.compile(r"([A-Za-z]{1,7})(\d{1,9})")


def _check_places(path: str, content: bytes, lengths: list[int]) -> dict[tuple[int, int], str]:
    """Cells stand where they say, or beside the one before; those with a number name a shared text.

    Returns:
        What its reader would take for empty cells, by row and column from 0.
    """
    sheet, inside = _Counted(path), list[str]()
    kind, formula, value = "", False, ""
    lost: dict[tuple[int, int], str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal kind, formula, value
        name, said = tag.rpartition(":")[2], attributes.get("r", "")
        if name == "row":
            sheet.row = int(said) if said.isdecimal() and len(said) < 10 else sheet.row + 1
            sheet.column = 0
        elif name == "c":
            place, kind = _CELL.fullmatch(said), attributes.get("t", "")
            formula, value = False, ""
            sheet.column += 1
            if place:
                sheet.row, sheet.column = int(place[2]), 0
                for letter in place[1].upper():
                    sheet.column = 26 * sheet.column + ord(letter) - 64
            sheet.reach()
        elif name == "f":
            formula = True
        inside.clear()

    def end(tag: str) -> None:
        nonlocal value
        name = tag.rpartition(":")[2]
        if name == "v":
            value = "".join(inside).strip()
            if kind == "s":
                known = value.isdecimal() and len(value) < 10 and int(value) < len(lengths)
                sheet.write(lengths[int(value)] if known else 0)
        elif name == "c" and (kind == "e" or (formula and not value and kind != "str")):
            lost[sheet.row - 1, sheet.column - 1] = value or NO_VALUE

    sheet.parse(content, StartElement=start, EndElement=end, CharacterData=inside.append)
    return lost


def _check_repeats(path: str, content: bytes) -> None:
    """Cells that an OpenDocument sheet says are repeated count as often as they are."""
    sheet = _Counted(path)
    rows, times, waiting, filled = 1, 1, 0, False

    def fill() -> None:
        nonlocal waiting, filled
        if not filled:
            # Empty cells count if something stands behind them.
            sheet.column, waiting, filled = sheet.column + waiting, 0, True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal rows, times, waiting, filled
        if name == "table:table":
            sheet.row = sheet.rows = sheet.columns = 0
        elif name == "table:table-row":
            rows, waiting = _times(attributes, "table:number-rows-repeated"), 0
            sheet.column = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            times = _times(attributes, "table:number-columns-repeated")
            waiting, filled = waiting + times, False
            if any(key.startswith("office:") for key in attributes):
                fill()
        elif name == "text:p":
            fill()

    def letters(text: str) -> None:
        if filled:
            sheet.write(len(text) * times * rows)

    def end(name: str) -> None:
        nonlocal filled
        if name in ("table:table-cell", "table:covered-table-cell"):
            filled = False
        elif name == "table:table-row":
            sheet.row += rows
            if sheet.column:
                sheet.reach()

    sheet.parse(content, StartElement=start, EndElement=end, CharacterData=letters)


def _times(attributes: dict[str, str], name: str) -> int:
    said = attributes.get(name, "1")
    return int(said) if said.isdecimal() and len(said) < 10 else 10**9
