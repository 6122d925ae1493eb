"""A user's own households and ties: read from tables and graph files, checked cell by cell.

Files are data and nothing else: no value is ever evaluated, and XML that declares entities or a
document type is refused before it is parsed as a graph.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.parsers import expat

import numpy as np
import pandas as pd

from sim import files
from sim.errors import InputError

LARGEST_BYTES = 200 * 2**20
FEWEST_HOUSEHOLDS = 10
LONGEST_LABEL = 40

HouseholdColumns = Mapping[str, np.ndarray]

_REQUIRED = ("building", "stair", "floor")
_CODES: dict[str, dict[str, int]] = {
    "tenure": {"owner": 0, "tenant": 1, "vacant": 2, "业主": 0, "租户": 1, "空置": 2},
    "life_stage": {"young": 0, "working": 1, "elderly": 2, "青年": 0, "中年": 1, "老年": 2},
    "party_member": {"0": 0, "1": 1, "no": 0, "yes": 1, "否": 0, "是": 1},
    "contribution_type": {"conditional": 0, "unconditional": 1, "free_rider": 2,
                          "条件合作": 0, "无条件合作": 1, "搭便车": 2},
}  # fmt: skip
_NUMBERS = {"area_m2": (1.0, 10_000.0), "fee_yuan": (0.0, 1_000_000.0)}
_LAYERS = {"stair": 0, "building": 1, "interest": 2, "across": 3}


class Edges(NamedTuple):
    """Ties read from a file, each pair once; arrays (m,)."""

    i: np.ndarray
    """int64: household, numbered from 0 as in the household file."""
    j: np.ndarray
    """int64: the other household."""
    strength: np.ndarray
    """float64 in [0, 1], NaN where the file says nothing."""
    layer: np.ndarray
    """int8, as ``ties.Layer``, -1 where the file says nothing."""


def read_households(path: str) -> HouseholdColumns:
    """Read households from a CSV file (UTF-8 or GB18030), one row each, with a header.

    Args:
        path: File with the columns building and stair (any label), floor (whole number), and
            optionally tenure, life_stage, party_member, area_m2, fee_yuan, contribution_type.

    Returns:
        Arrays (n,) ordered by building, stair and floor: ``building`` and ``stair`` numbered from
        0 in the order the file first names them, ``floor``, ``file_row`` (place in the file from
        0), and ``tenure``, ``life``, ``member``, ``area`` (m2), ``fee_fen`` (fen), ``kind`` where
        the file has them.

    Raises:
        InputError: Names file, row (the header is row 1), column, value and what is allowed.
    """
    table = _read_table(path, _REQUIRED, (*_CODES, *_NUMBERS))
    if len(table) < FEWEST_HOUSEHOLDS:
        raise InputError(path, f"{len(table)} households", f"at least {FEWEST_HOUSEHOLDS}")
    building = pd.factorize(_labels(path, table, "building"))[0]
    entrance = _labels(path, table, "stair")
    floor = _whole(path, table, "floor", 0, 200)
    by_label = pd.factorize(entrance)[0]
    order = np.lexsort((floor, by_label, building))
    pair = building.astype(np.int64) * (by_label.max() + 1) + by_label
    columns: dict[str, np.ndarray] = {
        "building": building[order],
        # Numbers follow the rows, since pairs are contiguous after sorting.
        "stair": np.concatenate(([0], np.cumsum(np.diff(pair[order]) != 0))),
        "floor": floor[order],
        "file_row": order.astype(np.int64),
    }
    for name, values in _optional(path, table).items():
        columns[name] = values[order]
    return columns


def _optional(path: str, table: pd.DataFrame) -> dict[str, np.ndarray]:
    names = {
        "tenure": "tenure",
        "life_stage": "life",
        "party_member": "member",
        "contribution_type": "kind",
    }
    found = {
        target: _codes(path, table, name, _CODES[name])
        for name, target in names.items()
        if name in table
    }
    if "tenure" in found and "member" in found:
        wrong = (found["tenure"] == _CODES["tenure"]["vacant"]) & (found["member"] == 1)
        _refuse(path, table, "party_member", wrong, "0 where tenure is vacant")
    if "area_m2" in table:
        found["area"] = _numbers(path, table, "area_m2", *_NUMBERS["area_m2"])
    if "fee_yuan" in table:
        yuan = _numbers(path, table, "fee_yuan", *_NUMBERS["fee_yuan"])
        found["fee_fen"] = np.rint(yuan * 100.0).astype(np.int64)
    return found


def read_months(
    path: str, indicators: Mapping[str, tuple[float, float]], months: tuple[int, int]
) -> list[tuple[str, int, float]]:
    """Read a compound's own figures by month from a CSV file (UTF-8 or GB18030).

    Args:
        path: File with the column month (each once) and columns named after indicators; empty
            cells are left out.
        indicators: Smallest and largest value of each.
        months: Smallest and largest month.

    Returns:
        Indicator, month and value of every filled cell.

    Raises:
        InputError: Names file, row (the header is row 1), column, value and what is allowed.
    """
    table = _read_table(path, ("month",), tuple(indicators))
    month = _whole(path, table, "month", *months)
    _refuse(path, table, "month", pd.Series(month).duplicated().to_numpy(), "each month once")
    cells: list[tuple[str, int, float]] = []
    for name in [name for name in table if name != "month"]:
        filled = (table[name].fillna("").str.strip() != "").to_numpy()
        low, high = indicators[str(name)]
        number = pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=np.float64)
        with np.errstate(invalid="ignore"):
            wrong = filled & ~((number >= low) & (number <= high) & np.isfinite(number))
        _refuse(path, table, str(name), wrong, f"a number from {low:g} to {high:g}, or nothing")
        cells += [
            (str(name), int(month[row]), float(number[row])) for row in np.flatnonzero(filled)
        ]
    if not cells:
        raise InputError(path, "no cell holds a value", "at least one figure in one month")
    return cells


def read_edges(path: str, n: int) -> Edges:
    """Read ties between households from .csv, .graphml or .gexf.

    Args:
        path: CSV with the columns source, target and optionally strength and layer; or a graph
            whose node ids are household numbers and whose edges may carry ``strength`` (or
            ``weight``) and ``layer``. Households are numbered from 0 in the order of the
            household file. Direction is ignored; a pair given twice must say the same twice.
        n: Number of households.

    Returns:
        The ties.

    Raises:
        InputError: Names file, row or edge, column, value and what is allowed.
    """
    readers: dict[str, Callable[[str, int], Edges]] = {
        ".csv": _edges_of_table,
        ".graphml": _edges_of_graph,
        ".gexf": _edges_of_graph,
    }
    suffix = Path(path).suffix.lower()
    if suffix not in readers:
        raise InputError(path, f"file type {suffix!r} is not known", ", ".join(readers))
    return readers[suffix](path, n)


def _edges_of_table(path: str, n: int) -> Edges:
    table = _read_table(path, ("source", "target"), ("strength", "layer"))
    i, j = (_whole(path, table, name, 0, n - 1) for name in ("source", "target"))
    m = len(table)
    strength = _numbers(path, table, "strength", 0.0, 1.0) if "strength" in table else None
    layer = _codes(path, table, "layer", _LAYERS) if "layer" in table else None
    return _pairs(
        i,
        j,
        np.full(m, np.nan) if strength is None else strength,
        np.full(m, -1, dtype=np.int8) if layer is None else layer,
        lambda e: f"{path}: row {e + 2}",
    )


def _edges_of_graph(path: str, n: int) -> Edges:
    import networkx as nx  # Slow to import, and needed by few.

    data = _read_bytes(path)
    _refuse_entities(path, data)
    read = nx.read_gexf if path.lower().endswith(".gexf") else nx.read_graphml
    try:
        graph = read(io.BytesIO(data))
    except Exception as problem:  # networkx raises many types on a malformed graph
        raise InputError(path, f"not a readable graph ({problem})", "GraphML or GEXF") from problem
    edges = list(graph.edges(data=True))
    names = [f"{path}: edge {a} - {b}" for a, b, _ in edges]
    i = np.array(
        [_node(w, a, n) for w, (a, _, _) in zip(names, edges, strict=True)], dtype=np.int64
    )
    j = np.array(
        [_node(w, b, n) for w, (_, b, _) in zip(names, edges, strict=True)], dtype=np.int64
    )
    strength = np.array([_edge_strength(w, e[2]) for w, e in zip(names, edges, strict=True)])
    layer = np.array(
        [_edge_layer(w, e[2]) for w, e in zip(names, edges, strict=True)], dtype=np.int8
    )
    return _pairs(i, j, strength.astype(np.float64), layer, lambda e: names[e])


def _node(where: str, name: Any, n: int) -> int:
    text = str(name)
    if not (text.isascii() and text.isdigit() and len(text) < 12 and int(text) < n):
        raise InputError(where, f"node {text[:LONGEST_LABEL]!r} is no household", f"0 to {n - 1}")
    return int(text)


def _edge_strength(where: str, data: Mapping[str, Any]) -> float:
    value = data.get("strength", data.get("weight"))
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= 1.0:
        raise InputError(f"{where}: strength", f"{value!r} cannot be used", "0 to 1")
    return float(value)


def _edge_layer(where: str, data: Mapping[str, Any]) -> int:
    value = data.get("layer")
    if value is None:
        return -1
    if not isinstance(value, str) or value not in _LAYERS:
        raise InputError(f"{where}: layer", f"{value!r} is not known", ", ".join(_LAYERS))
    return _LAYERS[value]


def _pairs(
    i: np.ndarray,
    j: np.ndarray,
    strength: np.ndarray,
    layer: np.ndarray,
    where: Callable[[int], str],
) -> Edges:
    own = np.flatnonzero(i == j)
    if len(own):
        raise InputError(where(int(own[0])), f"household {i[own[0]]} tied to itself", "two others")
    low, high = np.minimum(i, j), np.maximum(i, j)
    order = np.lexsort((high, low))
    low, high, strength, layer = low[order], high[order], strength[order], layer[order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    differs = np.zeros(len(order), dtype=bool)
    same_strength = (strength[1:] == strength[:-1]) | (
        np.isnan(strength[1:]) & np.isnan(strength[:-1])
    )
    differs[1:] = again[1:] & ~(same_strength & (layer[1:] == layer[:-1]))
    if differs.any():
        at = int(np.flatnonzero(differs)[0])
        raise InputError(
            where(int(order[at])),
            f"households {low[at]} and {high[at]} are tied twice with different values",
            "each pair once, or the same values",
        )
    return Edges(low[~again], high[~again], strength[~again], layer[~again])


def _refuse_entities(path: str, data: bytes) -> None:
    # Entities can blow up memory and read other files; the same guard as the defusedxml package.
    def refuse(*_: Any) -> None:
        raise InputError(path, "declares a document type or entities", "XML without <!DOCTYPE>")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise InputError(f"{path}: line {problem.lineno}", f"not XML ({problem})") from problem


def _read_bytes(path: str) -> bytes:
    try:
        data = files.read_bytes(Path(path), LARGEST_BYTES)
    except (OSError, ValueError) as problem:
        if isinstance(problem, InputError):
            raise
        reason = getattr(problem, "strerror", None) or str(problem)
        raise InputError(path, f"cannot be read ({reason})", "a file") from problem
    if not data.strip():
        raise InputError(path, "the file is empty", "a header and rows")
    return data


def _read_table(path: str, required: Sequence[str], optional: Sequence[str]) -> pd.DataFrame:
    """Table of text; every cell a string, or NaN where a row ends early."""
    text = _decode(path, _read_bytes(path))
    try:
        header = [name.strip().lower() for name in next(csv.reader(io.StringIO(text)))]
        _check_header(path, header, required, optional)
        table = pd.read_csv(
            io.StringIO(text), dtype=str, keep_default_na=False, skip_blank_lines=False,
            header=0, names=header,
        )  # fmt: skip
    except (csv.Error, pd.errors.ParserError) as problem:
        raise InputError(path, str(problem), "CSV with as many cells as the header") from problem
    # Pandas takes the first cell of rows that are all too long for an index.
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(f"{path}: row 2", "more cells than the header", f"{len(header)} cells")
    blank = (table.isna() | (table == "")).all(axis=1).to_numpy()
    filled = np.flatnonzero(~blank)
    return table.iloc[: int(filled[-1]) + 1 if len(filled) else 0]


def _decode(path: str, data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(path, "the text cannot be decoded", "UTF-8 or GB18030")


def _check_header(
    path: str, header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> None:
    allowed = ", ".join((*required, *optional))
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{path}: row 1", f"column {name!r} stands there twice", "once")
        # A misspelt optional column would otherwise be drawn at random without a word.
        if name not in required and name not in optional:
            raise InputError(f"{path}: row 1", f"column {name!r} is not known", allowed)
    for name in required:
        if name not in header:
            raise InputError(f"{path}: row 1", f"column {name!r} is missing", allowed)


def _refuse(path: str, table: pd.DataFrame, name: str, wrong: np.ndarray, allowed: str) -> None:
    """Raise for the first row that is wrong, if any."""
    rows = np.flatnonzero(wrong)
    if len(rows):
        value = table[name].iloc[rows[0]]
        said = "no value" if not isinstance(value, str) else f"{value[:LONGEST_LABEL]!r}"
        where = f"{path}: row {rows[0] + 2}: {name}"
        raise InputError(where, f"{said} cannot be used", allowed)


def _labels(path: str, table: pd.DataFrame, name: str) -> pd.Series:
    text = table[name].fillna("").str.strip()
    length = text.str.len().to_numpy()
    wrong = (length == 0) | (length > LONGEST_LABEL)
    _refuse(path, table, name, wrong, f"a label of 1 to {LONGEST_LABEL} characters")
    return text


def _codes(path: str, table: pd.DataFrame, name: str, codes: Mapping[str, int]) -> np.ndarray:
    code = table[name].str.strip().str.lower().map(codes)
    _refuse(path, table, name, code.isna().to_numpy(), ", ".join(codes))
    return code.to_numpy(dtype=np.int8)


def _numbers(path: str, table: pd.DataFrame, name: str, low: float, high: float) -> np.ndarray:
    number = pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~((number >= low) & (number <= high))
    _refuse(path, table, name, wrong, f"a number from {low:g} to {high:g}")
    return number


def _whole(path: str, table: pd.DataFrame, name: str, low: int, high: int) -> np.ndarray:
    number = pd.to_numeric(table[name].str.strip(), errors="coerce").to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        wrong = ~((number >= low) & (number <= high) & (number == np.floor(number)))
    _refuse(path, table, name, wrong, f"a whole number from {low} to {high}")
    return number.astype(np.int64)
