"""A user's table as text: decoded, its header checked, rows and columns that hold nothing left out.

Every cell stays text until a reader asks for a number, a whole number, a code or a label. Rows keep
the number they have in the file (the header is row 1), so that a fault is named where it stands.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sim import files
from sim.errors import InputError
from sim.society.reading import Note, Notes

LARGEST_BYTES = 200 * 2**20
LONGEST_LABEL = 40

_TOTAL = re.compile(
    r"(合计|小计|总计|共计|总和|累计)\W*$|^(合计|小计|总计|共计|累计)[\W\d]|^((grand |sub-?)?totals?|sum)\W*$"
)
# One of these is in each of those words, also in letters of full width.
_OF_TOTALS = "[计和tTｔＴsSｓＳ]"
_OTHER_MARKS = ";\t，；|"
_AS_CSV = "CSV text: save the sheet as CSV (UTF-8, separated by commas)"
_HEADER_LINES = 6


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


def decode(path: str, data: bytes, notes: Notes | None = None) -> str:
    """Text of a table, UTF-8 or GB18030; of another encoding than UTF-8 a note is taken.

    Raises:
        InputError: It is neither, or a workbook.
    """
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise InputError(path, "is a workbook (xlsx, xls, ods), no text", _AS_CSV)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(path, "the text is UTF-16, which is not read", "UTF-8 or GB18030")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            if encoding == "gb18030" and notes is not None:
                notes.append(Note("encoding", {"name": "GB18030"}))
            return text
    raise InputError(path, "the text cannot be decoded", "UTF-8 or GB18030")


def read_table(
    path: str, required: Sequence[str], optional: Sequence[str] | None, notes: Notes
) -> pd.DataFrame:
    """Read a table of text.

    Args:
        path: CSV file.
        required: Columns that must be there, in lower case.
        optional: Columns that may be there; None takes any name, as it is written.
        notes: What was left out is added: blank rows, empty columns, rows of totals.

    Returns:
        Cells as text, NaN where a row ends early; the index is the row of the file.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    text = decode(path, read_bytes(path), notes)
    try:
        header = [name.strip() for name in next(csv.reader(io.StringIO(text)))]
        header = header if optional is None else [name.lower() for name in header]
        _check_header(path, text, header, required, optional)
        # Columns without a name get one that no header can hold, until they are seen to be empty.
        names = [name or f"\0{place}" for place, name in enumerate(header, 1)]
        table = pd.read_csv(
            io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False,
            header=0, names=names,
        )  # fmt: skip
    except (csv.Error, pd.errors.ParserError) as problem:
        raise InputError(path, str(problem), "CSV with as many cells as the header") from problem
    # Pandas takes the first cell of rows that are all too long for an index.
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(f"{path}: row 2", "more cells than the header", f"{len(header)} cells")
    table.index += 2
    return _without_totals(_without_blanks(path, table, notes), required, notes)


def _without_blanks(path: str, table: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    unnamed = [name for name in table if str(name).startswith("\0")]
    for name in unnamed:
        filled = table.index[_filled(table[name])]
        if len(filled):
            row, place = filled[0], str(name)[1:]
            problem = f"column {place} has no name and holds {_shown(table[name][row])}"
            raise InputError(f"{path}: row {row}", problem, "a name in row 1, or no values")
    if unnamed:
        columns = [int(str(name)[1:]) for name in unnamed]
        notes.append(Note("empty_columns", {"n": len(columns), "columns": columns}))
    # Only rows found blank so far are looked at again: of a million ties hardly any.
    blank = table.index
    for name in table:
        blank = blank[~_filled(table[name].loc[blank])]
    if len(blank):
        notes.append(Note("blank_rows", {"n": len(blank), "rows": blank.tolist()}))
    return table.drop(columns=unnamed, index=blank)


def _filled(cells: pd.Series) -> np.ndarray:
    return (cells.fillna("").str.strip() != "").to_numpy(dtype=bool)


def _without_totals(table: pd.DataFrame, required: Sequence[str], notes: Notes) -> pd.DataFrame:
    """Rows that say of themselves that they add up others; a total is no household and no month."""
    found: dict[int, str] = {}
    for name in required:
        cells = table[name].dropna()
        cells = cells[cells.str.contains(_OF_TOTALS, regex=True)]
        words = [
            word for word in cells.unique()
            if len(word) <= LONGEST_LABEL and _TOTAL.search(plain(word))
        ]  # fmt: skip
        for row, word in cells[cells.isin(words)].items():
            found.setdefault(int(str(row)), word.strip())
    for row, word in sorted(found.items()):
        notes.append(Note("total", {"row": row, "word": word}))
    return table.drop(index=list(found))


def plain(text: str) -> str:
    """A label without what keyboards and programs add: full width, spaces, capitals."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()


def _check_header(
    path: str, text: str, header: list[str], required: Sequence[str], optional: Sequence[str] | None
) -> None:
    allowed = ", ".join((*required, *(optional or ())))
    where = f"{path}: row 1"
    if not required or not set(required) <= set(header):
        _check_place(path, text, required)
        _check_marks(where, header)
    for name in header:
        if name and header.count(name) > 1:
            raise InputError(where, f"column {name!r} stands there twice", "once")
        # A misspelt optional column would otherwise be drawn at random without a word.
        if name and optional is not None and name not in required and name not in optional:
            raise InputError(where, f"column {name!r} is not known", allowed)
    for name in required:
        if name not in header:
            raise InputError(where, f"column {name!r} is missing", allowed)


def _check_marks(where: str, header: list[str]) -> None:
    """Refuse cells that another mark than a comma parts: the whole row would be one name."""
    named = [name for name in header if name]
    for mark in _OTHER_MARKS:
        if len(named) == 1 and mark in named[0]:
            raise InputError(where, f"cells are separated by {mark!r}", "commas")


def _check_place(path: str, text: str, required: Sequence[str]) -> None:
    """Say so where the header stands below a title."""
    rows = csv.reader(io.StringIO(text))
    for number, row in zip(range(1, _HEADER_LINES), rows, strict=False):
        if required and number > 1 and set(required) <= {cell.strip().lower() for cell in row}:
            problem = f"is no header, which stands in row {number}"
            raise InputError(f"{path}: row 1", problem, "the header in row 1, no title above it")


# --- cells ----------------------------------------------------------------------------------------


def refuse(path: str, table: pd.DataFrame, name: str, wrong: np.ndarray, allowed: str) -> None:
    """Raise for the first row that is wrong, if any."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        where = f"{path}: row {table.index[rows[0]]}: {name}"
        raise InputError(where, f"{_shown(table[name].iloc[rows[0]])} cannot be used", allowed)


def _shown(value: object) -> str:
    return f"{value[:LONGEST_LABEL]!r}" if isinstance(value, str) else "no value"


def labels(path: str, table: pd.DataFrame, name: str) -> pd.Series:
    """Texts of 1 to ``LONGEST_LABEL`` characters."""
    text = table[name].fillna("").str.strip()
    length = text.str.len().to_numpy()
    wrong = (length == 0) | (length > LONGEST_LABEL)
    refuse(path, table, name, wrong, f"a label of 1 to {LONGEST_LABEL} characters")
    return text


def codes(path: str, table: pd.DataFrame, name: str, known: Mapping[str, int]) -> np.ndarray:
    """Words of a list as their codes, int8 (rows,)."""
    code = table[name].str.strip().str.lower().map(known)
    refuse(path, table, name, code.isna().to_numpy(), ", ".join(known))
    return code.to_numpy(dtype=np.int8)


def numbers(path: str, table: pd.DataFrame, name: str, low: float, high: float) -> np.ndarray:
    """Numbers within bounds, float64 (rows,)."""
    number = _parsed(table[name])
    with np.errstate(invalid="ignore"):
        wrong = ~((number >= low) & (number <= high) & np.isfinite(number))
    ends = {"from": low, "to": high}
    told = "".join(f" {word} {end:g}" for word, end in ends.items() if np.isfinite(end))
    refuse(path, table, name, wrong, f"a number{told}")
    return number


def whole(path: str, table: pd.DataFrame, name: str, low: int, high: int) -> np.ndarray:
    """Whole numbers within bounds, int64 (rows,)."""
    number = _parsed(table[name])
    # Programs write long numbers as 1.2E+05, whose last digits are lost.
    short = table[name].str.contains("e", case=False, regex=False).fillna(False).to_numpy(bool)
    with np.errstate(invalid="ignore"):
        wrong = short | ~((number >= low) & (number <= high) & (number == np.floor(number)))
    refuse(path, table, name, wrong, f"a whole number from {low} to {high}")
    return number.astype(np.int64)


def _parsed(cells: pd.Series) -> np.ndarray:
    number = pd.to_numeric(cells.str.strip(), errors="coerce")
    return np.asarray(number.to_numpy(dtype=np.float64))


def optional_numbers(
    path: str, table: pd.DataFrame, name: str, low: float, high: float
) -> np.ndarray:
    """As ``numbers``, with NaN where a cell is empty."""
    number = _parsed(table[name])
    filled = _filled(table[name])
    with np.errstate(invalid="ignore"):
        wrong = filled & ~((number >= low) & (number <= high) & np.isfinite(number))
    refuse(path, table, name, wrong, f"a number from {low:g} to {high:g}, or nothing")
    return np.where(filled, number, np.nan)
