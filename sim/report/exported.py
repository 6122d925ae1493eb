"""Tables for other programs: CSV, Excel, Stata, SPSS. R and Python read the kept Parquet files as they are.

Only Parquet and CSV can tell infinity. In the other formats it is left missing, and the column's label, or the
sheet "columns" of a workbook, says how often.
"""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.experiments import store
from sim.experiments.sweep import read_sweep
from sim.files import whole
from sim.outcomes import INDICATORS
from sim.report.sheets import harmless, writable
from sim.report.write import write_file

FORMATS = ("csv", "xlsx", "dta", "sav")

MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
"""Of a sheet, below its heads."""

LONGEST_NAME = {"dta": 32, "sav": 64}
LONGEST_LABEL = {"dta": 80, "sav": 256}
LONGEST_TEXT = {"dta": 2045, "sav": 32_767}
"""Of a column's name (letters), its label, and a text in it (bytes)."""

RESERVED = frozenset(
    """
    aggregate all and array boolean break by byte case catch class colvector complex const continue default
    delegate delete do double else eltypedef end enum eq explicit export external float for friend function ge
    global goto gt if in inline int le local long lt ne not null or pragma protected quad rowvector short strl to
    typedef typename using virtual with
    """.split()  # noqa: SIM905 (a list of these would be a page)
)
"""Names that mean something in Stata or SPSS themselves."""

Frames = Mapping[str, Callable[[], pd.DataFrame]]


def export_folder(folder: Path, formats: Sequence[str], out: Path | None = None) -> list[Path]:
    """Write the tables of any kept answer or sweep for other programs.

    Args:
        folder: What a command kept.
        formats: Some of ``FORMATS``.
        out: Where to; ``export`` in the folder if left out.

    Returns:
        The files.

    Raises:
        InputError: No answer there, a file that has changed, an unknown format, or a table that a format
            cannot hold.
    """
    if (folder / "designs").is_dir():
        names = [name for name in ("runs", "months") if (folder / name).is_dir()]
        frames: Frames = {name: _swept(folder, name) for name in names}
    else:
        manifest = store.read_manifest(folder)
        files = manifest.get("files")
        names = [Path(name).stem for name in files] if isinstance(files, dict) else []
        if not names:
            raise InputError(str(folder), "keeps no tables", "what run, compare, sweep kept")
        frames = {name: _kept(folder, manifest, name) for name in names}
    return export_tables(frames, out or folder / "export", formats)


def _swept(folder: Path, name: str) -> Callable[[], pd.DataFrame]:
    return lambda: read_sweep(folder, name)


def _kept(folder: Path, manifest: dict[str, Any], name: str) -> Callable[[], pd.DataFrame]:
    return lambda: store.read_tables(folder, manifest, (name,))[name]


def export_tables(frames: Frames, folder: Path, formats: Sequence[str]) -> list[Path]:
    """Write tables: a file each, but one workbook for all.

    Args:
        frames: What gives each table, by its name.
        folder: Where to.
        formats: Some of ``FORMATS``.

    Raises:
        InputError: An unknown format, a table that a format cannot hold, a library that is missing, or a
            place that cannot be written.
    """
    for kind in formats:
        if kind not in FORMATS:
            raise InputError("formats", f"{kind!r} is not known", ", ".join(FORMATS))
    written: list[Path] = []
    with store.told_as_input_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        made = {name: _flat(make()) for name, make in frames.items()}
        # A table of what was not asked for has no columns, which Stata and SPSS cannot hold, and tells nothing.
        tables = {name: table for name, table in made.items() if len(table.columns)}
        for kind in dict.fromkeys(formats):
            if kind == "xlsx":
                written.append(_workbook(tables, folder / "tables.xlsx"))
                continue
            for name, table in tables.items():
                path = folder / f"{name}.{kind}"
                _WRITERS[kind](table, path)
                written.append(path)
    return written


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """A table of numbers, truths and texts only: what is more in a cell is told as JSON."""
    made = table.reset_index(drop=True)
    for name in made.columns:
        column = made[name]
        if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype == object:
            made[name] = column.map(_as_text, na_action="ignore").astype("str")
    return made


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _is_text(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


# --- text and workbook --------------------------------------------------------------------------


def _as_csv(table: pd.DataFrame, path: Path) -> None:
    # A mark at the beginning, so that Excel reads Chinese; R: read.csv(fileEncoding = "UTF-8-BOM").
    shown = {
        name: column.map(harmless, na_action="ignore")
        if _is_text(column)
        else _told_infinite(column)
        for name, column in table.items()
    }
    text = pd.DataFrame(shown).to_csv(
        index=False, na_rep="", lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL
    )
    write_file(path, text.encode("utf-8-sig"))


def _told_infinite(column: pd.Series) -> pd.Series:
    """The same with infinity as R and Python read it."""
    if not _infinite(column):
        return column
    return column.astype(object).where(
        ~np.isinf(column), np.sign(column).map({1.0: "Inf", -1.0: "-Inf"})
    )


def _workbook(tables: Mapping[str, pd.DataFrame], path: Path) -> Path:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    for name, table in tables.items():
        if len(table) > MOST_ROWS or len(table.columns) > MOST_COLUMNS:
            problem = f"{name} has {len(table)} rows and {len(table.columns)} columns"
            allowed = f"{MOST_ROWS} rows, {MOST_COLUMNS} columns; csv has no limit"
            raise InputError("xlsx", problem, allowed)
    book = Workbook(write_only=True)
    about = book.create_sheet("columns")
    about.append(["table", "column", "label", "infinite, left empty"])
    for name, table in tables.items():
        for column in table.columns:
            about.append([name, str(column), label(str(column)), _infinite(table[column])])
        sheet = book.create_sheet(name[:31])
        sheet.freeze_panes = "A2"
        sheet.append([str(column) for column in table.columns])
        for row in table.itertuples(index=False):
            cells = []
            for value in row:
                cell = WriteOnlyCell(sheet, _cell(value))
                if isinstance(value, str):
                    # Typed, as openpyxl takes a text that begins with = for a formula.
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
    # In memory first: where the disk is full its writer would show traces of its own.
    data = io.BytesIO()
    book.save(data)
    write_file(path, data.getvalue())
    return path


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if value is None or value is pd.NA or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value


# --- statistics programs ------------------------------------------------------------------------


def label(column: str) -> str:
    """What a column holds in words: its indicator's title, else its name."""
    stems = [stem for stem in INDICATORS if column == stem or column.startswith(f"{stem}_")]
    if not stems:
        return column
    stem = max(stems, key=len)
    rest = column.removeprefix(stem).strip("_")
    known = INDICATORS[stem]
    unit = "" if known.unit == "1" else f", {known.unit}"
    return f"{known.en}{unit}" + (f" ({rest})" if rest else "")


def _infinite(column: pd.Series) -> int:
    return 0 if _is_text(column) else int(np.isinf(column.to_numpy(float, na_value=np.nan)).sum())


def _named(columns: Sequence[Any], longest: int) -> dict[Any, str]:
    """Names that statistics programs take, each once: letters, digits and _, not too long."""
    names: dict[Any, str] = {}
    for column in columns:
        name = re.sub(r"\W", "_", str(column), flags=re.ASCII)
        name = name if name[:1].isalpha() else f"v{name}"
        name += "_" * (name.lower() in RESERVED)
        short, number = name[:longest], 2
        while short.lower() in {one.lower() for one in names.values()}:
            short, number = f"{name[: longest - len(str(number)) - 1]}_{number}", number + 1
        names[column] = short
    return names


def _told(table: pd.DataFrame, kind: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table as such a program takes it, and labels by its new names."""
    names, labels = _named(list(table.columns), LONGEST_NAME[kind]), {}
    made = {}
    for column, name in names.items():
        values, count = table[column], _infinite(table[column])
        note = f"; {count} infinite, left missing" if count else ""
        text = label(str(column))
        if text == str(column) and name == text:
            text = ""
        labels[name] = text[: LONGEST_LABEL[kind] - len(note)] + note
        if _is_text(values):
            text_column = values.astype(object).where(values.notna(), "")
            made[name] = _short_enough(text_column, str(column), kind)
        elif pd.api.types.is_bool_dtype(values):
            made[name] = values.astype("float64" if values.isna().any() else "int8")
        elif pd.api.types.is_integer_dtype(values) and not values.isna().any():
            made[name] = values.astype("int32" if values.abs().max() < 2**31 - 101 else "float64")
        else:
            numbers = values.to_numpy(float, na_value=np.nan)
            made[name] = pd.Series(np.where(np.isinf(numbers), np.nan, numbers))
    return pd.DataFrame(made), labels


def _short_enough(values: pd.Series, column: str, kind: str) -> pd.Series:
    longest = max((len(text.encode()) for text in values), default=0)
    if longest > LONGEST_TEXT[kind]:
        problem = f"column {column} holds a text of {longest} bytes"
        raise InputError(kind, problem, f"up to {LONGEST_TEXT[kind]}; csv has no limit")
    return values


def _as_stata(table: pd.DataFrame, path: Path) -> None:
    made, labels = _told(table, "dta")
    with whole(path) as part:
        # 118: Stata 14 and later, which read Chinese; SPSS and R (haven) read it too.
        made.to_stata(part, write_index=False, version=118, variable_labels=labels)


def _as_spss(table: pd.DataFrame, path: Path) -> None:
    try:
        import pyreadstat
    except ModuleNotFoundError:
        raise InputError(
            "sav", "pyreadstat is not installed", "pip install 'xiaoqu[export]'"
        ) from None
    made, labels = _told(table, "sav")
    with whole(path) as part:
        pyreadstat.write_sav(made, str(part), column_labels=labels)
        # It says nothing where the disk is full, and leaves a file that is cut or empty.
        try:
            whole_there = len(pyreadstat.read_sav(str(part))[0]) == len(made)
        except pyreadstat.ReadstatError:
            whole_there = False
        if not whole_there:
            raise OSError(
                errno.ENOSPC, "was not written whole, perhaps for want of space", str(path)
            )


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": _as_csv, "dta": _as_stata, "sav": _as_spss,
}  # fmt: skip
