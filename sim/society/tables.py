"""Cells of a table as numbers, whole numbers, codes and labels; each fault is named by row and column.

Every cell is text until a reader asks for what it should be. Rows keep the number they have in the
file. Which column is which, ``sim.intake`` finds out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells
from sim.intake.layout import LONGEST_LABEL
from sim.intake.sheets import sheets
from sim.society.reading import Note, Notes


def read_table(path: str, notes: Notes) -> pd.DataFrame:
    """Read a table whose columns may have any name: those of its first row that is not blank.

    Args:
        path: A workbook, or text.
        notes: What was left out is added: blank rows, empty columns.

    Returns:
        Cells as text, NaN where a row ends early; the index is the row of the file, the first being 1.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    sheet = sheets(path)[0]
    notes += sheet.notes
    table = sheet.cells.copy()
    table.index = table.index + 1
    filled = pd.DataFrame({k: filled_cells(table[k]) for k in table}, index=table.index)
    blank = table.index[~filled.any(axis=1).to_numpy()]
    table, filled = table.drop(index=blank), filled.drop(index=blank)
    if table.empty:
        raise InputError(path, "the file is empty", "a header and rows")
    row = int(table.index[0])
    header = table.iloc[0].str.strip()
    width = max(sheet.widths[row - 1 : row], default=table.shape[1])
    below = filled.iloc[1:]
    empty = [k + 1 for k in range(width) if not header[k]]
    for k in range(table.shape[1]):
        holding = below.index[below[k].to_numpy(bool)]
        if header[k] or not len(holding):
            continue
        if k >= width:
            raise InputError(
                f"{path}: row {holding[0]}", "more cells than the header", f"{width} cells"
            )
        problem = f"column {k + 1} has no name and holds {_shown(table[k][holding[0]])}"
        raise InputError(f"{path}: row {holding[0]}", problem, f"a name in row {row}, or no values")
    names = {k: header[k] for k in range(table.shape[1]) if header[k]}
    for name in names.values():
        if list(names.values()).count(name) > 1:
            raise InputError(f"{path}: row {row}", f"column {name!r} stands there twice", "once")
    if empty:
        notes.append(Note("empty_columns", {"n": len(empty), "columns": empty}))
    inner = [k for k in blank.tolist() if k > row]
    if inner:
        notes.append(Note("blank_rows", {"n": len(inner), "rows": inner}))
    return table.iloc[1:][list(names)].rename(columns=names)


def filled_cells(column: pd.Series) -> np.ndarray:
    """Whether each cell holds more than spaces (rows,)."""
    return (column.fillna("").str.strip() != "").to_numpy(dtype=bool)


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


def codes(
    path: str, table: pd.DataFrame, name: str, known: Mapping[str, int], blank: int | None = None
) -> np.ndarray:
    """Words of a list as their codes, int8 (rows,); an empty cell is ``blank``, or refused without."""
    text = table[name].fillna("").str.strip().str.lower()
    code = text.map(known)
    if blank is not None:
        code = code.mask(text == "", blank)
    refuse(path, table, name, code.isna().to_numpy(), ", ".join(known))
    return code.to_numpy(dtype=np.int8)


def numbers(
    path: str, table: pd.DataFrame, name: str, low: float, high: float, blank: bool = False
) -> np.ndarray:
    """Numbers within bounds, with or without their units, float64 (rows,); NaN for an empty cell if ``blank``."""
    number = cells.of_column(table[name])
    empty = ~filled_cells(table[name]) if blank else np.zeros(len(table), dtype=bool)
    with np.errstate(invalid="ignore"):
        wrong = ~empty & ~((number >= low) & (number <= high) & np.isfinite(number))
    ends = {"from": low, "to": high}
    told = "".join(f" {word} {end:g}" for word, end in ends.items() if np.isfinite(end))
    refuse(path, table, name, wrong, f"a number{told}")
    return np.where(empty, np.nan, number)


def whole(
    path: str, table: pd.DataFrame, name: str, low: int, high: int,
    read: Callable[[str], float] | None = None,
) -> np.ndarray:  # fmt: skip
    """Whole numbers within bounds, int64 (rows,); ``read`` takes cells with more than digits."""
    number = cells.of_column(table[name], read)
    # Programs write long numbers as 1.2E+05, whose last digits are lost.
    short = table[name].str.contains(r"\de", case=False).fillna(False).to_numpy(bool)
    with np.errstate(invalid="ignore"):
        wrong = short | ~((number >= low) & (number <= high) & (number == np.floor(number)))
    refuse(path, table, name, wrong, f"a whole number from {low} to {high}")
    return number.astype(np.int64)


def optional_numbers(
    path: str, table: pd.DataFrame, name: str, low: float, high: float, scale: float = 1.0
) -> np.ndarray:
    """Numbers within bounds, times ``scale`` unless they have a percent sign; NaN where a cell is empty."""
    empty = table[name].fillna("").map(cells.nothing).to_numpy(bool)
    signed = cells.of_column(
        table[name].where(table[name].fillna("").str.contains("[%％]"), ""), cells.percent
    )
    number = np.where(np.isnan(signed), np.round(cells.of_column(table[name]) * scale, 12), signed)
    with np.errstate(invalid="ignore"):
        wrong = ~empty & ~((number >= low) & (number <= high) & np.isfinite(number))
    refuse(path, table, name, wrong, f"a number from {low:g} to {high:g}, or nothing")
    return np.where(empty, np.nan, number)
