"""A report's tables as a workbook (XLSX) and as CSV files; no cell can become a formula."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from sim.as_text import clean
from sim.report.content import Cell, Number, Report, Table, plain

DIGITS = 12
"""Digits of a number in a file: all but those that binary fractions leave behind."""

LONGEST_SHEET = 31
"""Characters of a sheet's name that Excel takes."""

_STARTS_FORMULA = tuple("=+-@\t\r\n|%＝＋－＠")
"""The full-width ones too, which a spreadsheet set to Chinese or Japanese takes for the others."""

_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def harmless(cell: Cell) -> str | float | int | None:
    """A cell of CSV that a spreadsheet shows and never computes.

    Text that begins like a formula gets an apostrophe in front, as OWASP advises; numbers stay
    numbers, and what is not known or infinite is left empty.
    """
    kept = writable(cell)
    return f"'{kept}" if _like_formula(kept) else kept


def writable(cell: Cell) -> str | float | int | None:
    """A cell as files take it: text without what XML forbids, numbers with the digits that count."""
    if isinstance(cell, str):
        return clean(cell, lines=True)
    value = cell.value if isinstance(cell, Number) else cell
    if not isinstance(value, float):
        return value
    # Fewer digits than a double has: 0.49532 and not 0.49532000000000004.
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _like_formula(cell: object) -> bool:
    return isinstance(cell, str) and cell.lstrip(" \u3000").startswith(_STARTS_FORMULA)


def as_csv(table: Table) -> bytes:
    """One table in UTF-8 with a mark at its beginning, so that Excel reads Chinese."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in table.columns])
    for row in table.rows:
        writer.writerow(["" if cell is None else cell for cell in map(harmless, row)])
    return out.getvalue().encode("utf-8-sig")


def as_zip(report: Report) -> bytes:
    """All tables as CSV files in one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in report.tables():
            # A fixed date: the same report gives the same bytes.
            entry = zipfile.ZipInfo(f"{table.name}.csv", (2020, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, as_csv(table))
    return out.getvalue()


def as_xlsx(report: Report) -> bytes:
    """All tables as sheets of one workbook."""
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    book.remove(book.worksheets[0])
    for title, table in _sheet_names(report.tables()):
        sheet = book.create_sheet(title)
        rows: list[Sequence[Cell]] = [[table.title], table.columns, *table.rows]
        for number, row in enumerate(rows, 1):
            _fill(sheet, number, row)
        for cell in sheet[1]:
            cell.font = Font(bold=True, size=13)
        for cell in sheet[2]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for place, head in enumerate(table.columns):
            letter = sheet.cell(2, place + 1).column_letter
            sheet.column_dimensions[letter].width = _width([head, *(r[place] for r in table.rows)])
        sheet.freeze_panes = "B3"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Any, number: int, row: Sequence[Cell]) -> None:
    for place, value in enumerate(map(writable, row), 1):
        cell = sheet.cell(number, place, value)
        if isinstance(value, str):
            # Typed, as openpyxl takes a text that begins with = for a formula; and marked, as a
            # spreadsheet would when somebody goes into the cell and out again.
            cell.data_type = "s"
            cell.quotePrefix = _like_formula(value)


def _sheet_names(tables: list[Table]) -> Iterator[tuple[str, Table]]:
    taken: set[str] = set()
    for table in tables:
        # Excel takes 31 characters, without an apostrophe at either end, and tells no case apart.
        title = _NO_SHEET_NAME.sub(" ", plain(table.sheet or table.title))
        name = title[:LONGEST_SHEET].strip(" '") or table.name[:LONGEST_SHEET]
        while name.lower() in taken:
            name = f"{name[: LONGEST_SHEET - 4]} {len(taken)}"
        taken.add(name.lower())
        yield name, table


def _width(cells: list[Cell]) -> float:
    # Chinese characters are twice as wide.
    texts = [str(writable(cell)) for cell in cells[:200]]
    widths = [sum(2 if ord(c) > 0x2E80 else 1 for c in text) for text in texts]
    return float(min(max(*widths, 8), 60)) + 2
