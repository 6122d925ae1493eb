"""A file of tables as sheets of text: workbooks and text of any usual encoding, told apart by their content.

Only values are taken: no formula is worked out, no link to another file followed, no macro run. What
would grow beyond bounds when it is unpacked is refused before it is.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from sim import files
from sim.errors import InputError
from sim.society.reading import Note, Notes

LARGEST_BYTES = 200 * 2**20
LARGEST_UNPACKED = 400 * 2**20
"""Bytes of a workbook's parts in all."""

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
    """

    name: str
    cells: pd.DataFrame
    widths: list[int]
    notes: Notes = field(default_factory=list)

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
        _check_archive(path, data)
        return _of_workbook(path, data)
    if data.startswith(_OLD_WORKBOOK):
        return _of_workbook(path, data)
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

    def __init__(self) -> None:
        super().__init__()
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
            self.tables[-1][-1] += [text, *[""] * (self._span - 1)]
            self._cell = None


def _of_page(path: str, text: str, notes: Notes) -> list[Sheet]:
    page = _Page()
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


def _of_workbook(path: str, data: bytes) -> list[Sheet]:
    import python_calamine as calamine  # Needed by few.

    try:
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            found = []
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
                if any(cell for row in rows for cell in row):
                    hidden = known.visible != calamine.SheetVisibleEnum.Visible
                    notes = [Note("hidden", {"sheet": known.name})] if hidden else []
                    found.append(_sheet(path, known.name, rows, notes))
    except calamine.PasswordError as problem:
        raise InputError(path, "is protected by a password", "a file without one") from problem
    except (InputError, KeyboardInterrupt):
        raise
    # The reader is Rust's: a panic in it, at a damaged workbook, is no ``Exception``.
    except BaseException as problem:
        said = " ".join(str(problem).split())[:120]
        raise InputError(path, f"the workbook cannot be read ({said})", _ALLOWED) from None
    if not found:
        raise InputError(path, "the workbook holds no value", "a header and rows")
    return found


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
_PLACE = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,4})(\d{1,8})"')


def _check_archive(path: str, data: bytes) -> None:
    """Refuse an archive that unpacks to more than it may, before anything is built from it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise InputError(path, f"{len(parts)} parts", f"at most {MOST_PARTS}")
            left = LARGEST_UNPACKED
            names = {part.filename for part in parts}
            if not names & {"content.xml", "xl/workbook.xml", "xl/workbook.bin"}:
                raise InputError(path, "is an archive, no workbook", _ALLOWED)
            for part in parts:
                # What an archive says of its sizes may be untrue, so that it is unpacked to be counted.
                content = _unpacked(archive, part, left, path)
                left -= len(content)
                if part.filename.endswith((".xml", ".rels")):
                    if _DECLARED.search(content):
                        problem = f"{part.filename} declares a document type or entities"
                        raise InputError(path, problem, "a workbook without them")
                    if "worksheets/" in part.filename:
                        _check_places(path, part.filename, content)
                    elif part.filename == "content.xml":
                        _check_repeats(path, content)
    except (
        zipfile.BadZipFile,
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


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int, path: str) -> bytes:
    import zlib

    try:
        with archive.open(part) as stream:
            content = stream.read(left + 1)
    except zlib.error as problem:
        raise InputError(path, "the workbook is damaged", _ALLOWED) from problem
    if len(content) > left:
        allowed = f"at most {LARGEST_UNPACKED // 2**20} MB when unpacked"
        raise InputError(path, "the workbook grows too large when it is unpacked", allowed)
    return content


def _check_places(path: str, name: str, content: bytes) -> None:
    """One cell at the far end would let a table of the whole sheet be laid out."""
    rows = columns = 0
    for letters, row in _PLACE.findall(content):
        column = 0
        for letter in letters:
            column = 26 * column + letter - 64
        rows, columns = max(rows, int(row)), max(columns, column)
    if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
        allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
        raise InputError(path, f"{name} reaches to row {rows} and column {columns}", allowed)


def _check_repeats(path: str, content: bytes) -> None:
    """Cells that an OpenDocument sheet says are repeated count as often as they are."""
    row = last = widest = in_row = waiting = 0
    rows, filled = 1, False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal in_row, waiting, rows, filled
        if name == "table:table-row":
            rows, in_row, waiting = _times(attributes, "table:number-rows-repeated"), 0, 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            waiting += _times(attributes, "table:number-columns-repeated")
            filled = any(key.startswith("office:") for key in attributes)
            if filled:
                in_row, waiting = in_row + waiting, 0
        elif name == "text:p" and not filled:
            in_row, waiting, filled = in_row + waiting, 0, True

    def end(name: str) -> None:
        nonlocal row, last, widest
        if name == "table:table":
            row = last = widest = 0
        elif name == "table:table-row":
            row += rows
            if in_row:
                last, widest = row, max(widest, in_row)
            if last * widest > MOST_CELLS or widest > MOST_COLUMNS:
                allowed = f"at most {MOST_COLUMNS} columns and {MOST_CELLS} cells"
                raise InputError(path, f"reaches to row {last} and column {widest}", allowed)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    try:
        parser.Parse(content, True)
    except expat.ExpatError as problem:
        raise InputError(path, f"the workbook cannot be read ({problem})", _ALLOWED) from problem


def _times(attributes: dict[str, str], name: str) -> int:
    said = attributes.get(name, "1")
    return int(said) if said.isdecimal() and len(said) < 10 else 10**9
