"""A user's own households: a register in any usual layout as arrays, checked cell by cell.

Files are data and nothing else: no value is ever evaluated. What would be misread is refused by row
and column; what was read, and what was left out, goes into the notes that a reader is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

import sim.world.tables as world
from sim.errors import InputError
from sim.intake import cells, register
from sim.intake.mapping import Mapping as Said
from sim.intake.register import ROOM
from sim.intake.rooms import alike, keys_of
from sim.intake.sheets import read_bytes, sheets
from sim.society import tables
from sim.society.reading import Note, Notes
from sim.world.declare import Column

FEWEST_HOUSEHOLDS = 10

HouseholdColumns = Mapping[str, np.ndarray]

REQUIRED = register.PLACE
CODES: dict[str, dict[str, int]] = {
    "tenure": {"owner": 0, "tenant": 1, "vacant": 2, "业主": 0, "租户": 1, "空置": 2},
    "life_stage": {"young": 0, "working": 1, "elderly": 2, "青年": 0, "中年": 1, "老年": 2},
    "party_member": {"0": 0, "1": 1, "no": 0, "yes": 1, "否": 0, "是": 1},
    "contribution_type": {"conditional": 0, "unconditional": 1, "free_rider": 2,
                          "条件合作": 0, "无条件合作": 1, "搭便车": 2},
}  # fmt: skip
NUMBERS = {"area_m2": (1.0, 10_000.0), "fee_yuan": (0.0, 1_000_000.0)}
FLOORS = (-9, 200)

UNKNOWN = -1
"""Code of a cell that says nothing: what is drawn for everybody is then drawn for this household."""

FOUND_OUT = ("asked", "called_on", "estranged", "expects", "summoned")
"""What the start finds out whatever a file says (whether somebody asks for fees, who has long dealt with the firm
alone, what people are used to), or each month anew."""

UNEVEN, FEWEST_LANDINGS = 0.5, 6
"""Share of floors, and fewest of them, whose rows differ in number within a stair as those of people do."""

_TARGETS = {"tenure": "tenure", "life_stage": "life", "party_member": "member",
            "contribution_type": "kind"}  # fmt: skip

_MOST_KEPT = 8
_kept: dict[tuple[str, ...], tuple[HouseholdColumns, Notes, pd.DataFrame]] = {}
"""Registers read of late, by path, content and what may be in them: each run of a study reads its own."""


def read_households(
    path: str, notes: Notes | None = None, said: Said | None = None
) -> HouseholdColumns:
    """Read households from a register: a workbook or text, in any layout that ``sim.intake`` knows.

    Args:
        path: File that tells building, stair and floor of each flat, in columns or in the label of its room, and
            optionally tenure, life stage, party members, area, fee and any of ``traits``. One row a flat, or
            several that are joined by their room.
        notes: What was read and what was left out is added.
        said: What somebody says of the file.

    Returns:
        Arrays (n,) ordered by building, stair and floor: ``building`` and ``stair`` numbered from
        0 in the order the file first names them, ``floor``, ``file_row`` (place among the
        households of the file from 0), and ``tenure``, ``life``, ``member``, ``area`` (m2),
        ``fee_fen`` (fen), ``kind`` and other traits where the file has them; ``UNKNOWN`` (area: NaN) in cells
        of the first six that are empty.

    Raises:
        InputError: Names file, row (the first is row 1), column, value and what is allowed.
    """
    columns, told, _ = _read(path, said)
    if notes is not None:
        notes += told
    return columns


def clean(path: str, said: Said | None = None, notes: Notes | None = None) -> pd.DataFrame:
    """The register of ``read_households`` as a table of model's names and words, and nothing else of the file."""
    _, told, frame = _read(path, said)
    if notes is not None:
        notes += told
    return frame


def read_rooms(path: str, said: Said | None = None) -> list[str] | None:
    """Building, stair and room of each household, written in one way, in the order of the file; None without rooms."""
    frame = _read(path, said)[2]
    return keys_of(frame).tolist() if ROOM in frame else None


def _read(path: str, said: Said | None) -> tuple[HouseholdColumns, Notes, pd.DataFrame]:
    data = read_bytes(path)
    named = (ROOM, *CODES, *NUMBERS, *traits())
    asked = (path, hashlib.sha256(data).hexdigest(), repr(said), *named)
    if asked not in _kept:
        aside: Notes = []
        table = register.read(path, (*REQUIRED, *named), aside, said, sheets(path, data))
        found = _checked(path, table.frame, aside)
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[asked] = (found, [*_described(found), *aside], table.frame)
    return _kept[asked]


def _checked(path: str, table: pd.DataFrame, aside: Notes) -> HouseholdColumns:
    if len(table) < FEWEST_HOUSEHOLDS:
        raise InputError(path, f"{len(table)} households", f"at least {FEWEST_HOUSEHOLDS}")
    building = _numbered(path, table, "building", aside)
    entrance = _numbered(path, table, "stair", aside)
    floor = tables.whole(path, table, "floor", *FLOORS, read=cells.floor)
    order = np.lexsort((floor, entrance, building))
    pair = building * (entrance.max() + 1) + entrance
    _refuse_people(path, table, pair, floor)
    columns: dict[str, np.ndarray] = {
        "building": building[order],
        # Numbers follow the rows, since pairs are contiguous after sorting.
        "stair": np.concatenate(([0], np.cumsum(np.diff(pair[order]) != 0))),
        "floor": floor[order],
        "file_row": order.astype(np.int64),
    }
    for name, values in _optional(path, table, aside).items():
        columns[name] = values[order]
    for values in columns.values():
        values.flags.writeable = False
    return columns


def traits() -> dict[str, Column]:
    """Columns that a file may give by their own name: what is the household's, and all of somebody's own."""
    columns = world.Households.columns.items()
    of_household = {n: c for n, c in columns if c.newcomer is not None or c.drawn is not None}
    return {n: c for n, c in of_household.items() if not c.shape and n not in FOUND_OUT}


def _optional(path: str, table: pd.DataFrame, notes: Notes) -> dict[str, np.ndarray]:
    found = {
        target: tables.codes(path, table, name, CODES[name], blank=UNKNOWN)
        for name, target in _TARGETS.items()
        if name in table
    }
    vacant = found["tenure"] == CODES["tenure"]["vacant"] if "tenure" in found else None
    if vacant is not None and "member" in found:
        wrong = vacant & (found["member"] == 1)
        tables.refuse(path, table, "party_member", wrong, "0 where tenure is vacant")
    for name, bounds in NUMBERS.items():
        if name in table:
            values = tables.numbers(path, table, name, *bounds, blank=True)
            _refuse_sum(path, table, name, np.nan_to_num(values))
            fen = np.where(np.isnan(values), UNKNOWN, np.rint(np.nan_to_num(values) * 100.0))
            found["area" if name == "area_m2" else "fee_fen"] = (
                values if name == "area_m2" else fen.astype(np.int64)
            )
    for name in (*_TARGETS, *NUMBERS):
        if name in table:
            empty = ~tables.filled_cells(table[name])
            if name == "life_stage" and vacant is not None:
                empty &= ~vacant
            if empty.any():
                rows = table.index[empty].tolist()
                notes.append(Note("blank_cells", {"n": len(rows), "column": name, "rows": rows}))
    for name, declared in traits().items():
        if name not in table:
            continue
        if name in found:
            other = next(word for word, target in _TARGETS.items() if target == name)
            raise InputError(f"{path}", f"columns {name!r} and {other!r} are the same", "one")
        found[name] = _trait(path, table, name, declared)
    if "active" in found:
        wrong = found["active"] > found.get("member", np.zeros_like(found["active"]))
        tables.refuse(path, table, "active", wrong, "0 where party_member is not 1")
    return found


def _trait(path: str, table: pd.DataFrame, name: str, declared: Column) -> np.ndarray:
    """A column by its own name: words or numbers, within the range it is declared with."""
    known = next((CODES[word] for word, target in _TARGETS.items() if target == name), None)
    if known is None and hasattr(world, declared.allowed):
        known = {kind.name.lower(): int(kind) for kind in getattr(world, declared.allowed)}
    if known is None and declared.allowed == "0, 1":
        known = CODES["party_member"]
    if known is not None:
        return tables.codes(path, table, name, known)
    low, high = declared.bounds
    if np.dtype(declared.dtype).kind == "f":
        return tables.numbers(path, table, name, low, high)
    held = np.iinfo(declared.dtype)
    return tables.whole(path, table, name, int(max(low, held.min)), int(min(high, held.max)))


# --- labels -----------------------------------------------------------------------------------------


def _numbered(path: str, table: pd.DataFrame, name: str, notes: Notes) -> np.ndarray:
    """Labels as numbers in the order they first come, ways to write one label taken as one."""
    written = tables.labels(path, table, name)
    ways = pd.Series(written.unique())
    cores = ways.map(lambda label: alike(label, name))
    for core, spellings in ways.groupby(cores, sort=False):
        if len(spellings) > 1:
            values = {"column": name, "label": core, "ways": spellings.tolist()}
            notes.append(Note("spelling", values))
    code = pd.factorize(cores)[0]
    return np.asarray(code[pd.factorize(written)[0]], dtype=np.int64)


# --- tables that are of something else ------------------------------------------------------------


def _refuse_people(path: str, table: pd.DataFrame, stair: np.ndarray, floor: np.ndarray) -> None:
    """One row a person would multiply the households: rooms tell, or else floors of uneven size."""
    landing = pd.DataFrame({"stair": stair, "floor": floor}, index=table.index)
    if ROOM in table:
        landing[ROOM] = tables.labels(path, table, ROOM).map(lambda label: alike(label, ROOM))
        again = landing.duplicated().to_numpy()
        if again.any():
            row = table.index[again][0]
            first = landing.index[(landing == landing.loc[row]).all(axis=1)][0]
            problem = f"{table[ROOM][row].strip()!r} stands in row {first} too"
            raise InputError(
                f"{path}: row {row}: {ROOM}", problem, "one row a household, not one a person"
            )
        return
    sizes, odd = _landings(landing)
    if len(sizes) >= FEWEST_LANDINGS and odd.mean() > UNEVEN:
        problem = f"{sizes.min()} to {sizes.max()} rows a floor, as where each row is a person"
        allowed = f"one row a household; a column {ROOM} shows that it is one"
        raise InputError(path, problem, allowed)


def _landings(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Rows on each floor of the taller stairs, and whether most floors of its stair have another number."""
    sizes = rows.groupby(["stair", "floor"], sort=False).size().rename("rows").reset_index()
    sizes = sizes[sizes.groupby("stair")["floor"].transform("size") > 2]
    often = sizes.groupby(["stair", "rows"]).size().rename("times").reset_index()
    usual = often.sort_values("times", kind="stable").groupby("stair")["rows"].last()
    count = sizes["rows"].to_numpy()
    return count, count != sizes["stair"].map(usual).to_numpy()


def _refuse_sum(path: str, table: pd.DataFrame, name: str, values: np.ndarray) -> None:
    """No flat is as large as all others together, or as all rows above it in its building."""
    group = table["building"].to_numpy()
    amounts = pd.Series(values)
    within = amounts.groupby(group)
    rows = np.arange(len(amounts))
    for total, count, what in (
        (amounts.sum() - amounts, np.full_like(rows, len(rows) - 1), "others"),
        (amounts.cumsum() - amounts, rows, "rows above"),
        (within.cumsum() - amounts, within.cumcount(), "rows above in its building"),
    ):
        equal = np.isclose(total, amounts, rtol=1e-6)
        sums = np.flatnonzero((count >= FEWEST_HOUSEHOLDS) & (values > 0.0) & equal)
        if len(sums):
            cell = table[name].iloc[sums[0]].strip()
            problem = f"{cell!r} is the sum of all {what}, a total"
            where = f"{path}: row {table.index[sums[0]]}: {name}"
            raise InputError(where, problem, "households only: delete the row")


def _described(columns: HouseholdColumns) -> Notes:
    buildings, stairs = (int(columns[name].max()) + 1 for name in ("building", "stair"))
    floors = columns["floor"]
    notes = [
        Note(
            "households",
            {
                "n": len(floors),
                "buildings": Note("buildings", {"n": buildings}),
                "stairs": Note("stairs", {"n": stairs}),
                "low": int(floors.min()),
                "high": int(floors.max()),
            },
        )
    ]
    for kind, target, words in (
        ("tenure", "tenure", ("owner", "tenant", "vacant")),
        ("life", "life", ("young", "working", "elderly")),
    ):
        if target in columns:
            counts = np.bincount(columns[target][columns[target] >= 0], minlength=3).tolist()
            notes.append(Note(kind, dict(zip(words, counts, strict=True))))
    if "member" in columns:
        notes.append(Note("members", {"n": int((columns["member"] == 1).sum())}))
    if "area" in columns:
        area = columns["area"][~np.isnan(columns["area"])]
        values = {"low": area.min(), "high": area.max(), "total": area.sum()}
        notes.append(Note("area", values))
    if "fee_fen" in columns:
        fee = columns["fee_fen"][columns["fee_fen"] >= 0] / 100
        notes.append(Note("fee", {"low": fee.min(), "high": fee.max()}))
    for name in traits():
        if name in columns and name not in _TARGETS.values():
            of = columns[name].astype(float)
            values = {"name": name, "low": of.min(), "high": of.max(), "mean": of.mean()}
            notes.append(Note("trait", values))
    # The fee follows from area and price.
    had = {**_TARGETS, "area_m2": "area"}
    had |= {name: name for name, declared in traits().items() if declared.drawn is not None}
    lacking = [name for name, key in had.items() if key not in columns]
    return [*notes, *([Note("drawn", {"names": lacking})] if lacking else [])]
