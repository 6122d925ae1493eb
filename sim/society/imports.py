"""A user's own households and monthly figures: read from tables, checked cell by cell.

Files are data and nothing else: no value is ever evaluated. What would be misread is refused by row
and column; what was read, and what was left out, goes into the notes that a reader is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

import sim.world.tables as world
from sim.errors import InputError
from sim.society import tables
from sim.society.reading import Note, Notes
from sim.world.declare import Column

FEWEST_HOUSEHOLDS = 10

HouseholdColumns = Mapping[str, np.ndarray]

REQUIRED = ("building", "stair", "floor")
ROOM = "room"
CODES: dict[str, dict[str, int]] = {
    "tenure": {"owner": 0, "tenant": 1, "vacant": 2, "业主": 0, "租户": 1, "空置": 2},
    "life_stage": {"young": 0, "working": 1, "elderly": 2, "青年": 0, "中年": 1, "老年": 2},
    "party_member": {"0": 0, "1": 1, "no": 0, "yes": 1, "否": 0, "是": 1},
    "contribution_type": {"conditional": 0, "unconditional": 1, "free_rider": 2,
                          "条件合作": 0, "无条件合作": 1, "搭便车": 2},
}  # fmt: skip
NUMBERS = {"area_m2": (1.0, 10_000.0), "fee_yuan": (0.0, 1_000_000.0)}

FOUND_OUT = ("asked", "called_on", "estranged", "expects", "summoned")
"""What the start finds out whatever a file says (whether somebody asks for fees, who has long dealt with the firm
alone, what people are used to), or each month anew."""

UNEVEN, FEWEST_LANDINGS = 0.5, 6
"""Share of floors, and fewest of them, whose rows differ in number within a stair as those of people do."""

_TARGETS = {"tenure": "tenure", "life_stage": "life", "party_member": "member",
            "contribution_type": "kind"}  # fmt: skip
_CHINESE = "〇一二三四五六七八九十"
_AROUND = {
    "building": re.compile(
        r"^(?:第|no\.? ?(?=\d)|building |bldg\.? ?|block )?(.+?)(?: ?(?:栋|幢|座|楼|号|#))*$"
    ),
    "stair": re.compile(
        r"^(?:第|no\.? ?(?=\d)|stair |unit |entrance )?(.+?)(?: ?(?:单元|梯|门|号|#))*$"
    ),
    "room": re.compile(r"^(?:no\.? ?(?=\d))?(.+?)(?: ?(?:室|房|号|户|#))*$"),
}


def read_households(path: str, notes: Notes | None = None) -> HouseholdColumns:
    """Read households from a CSV file (UTF-8 or GB18030), one row each, with a header.

    Args:
        path: File with the columns building and stair (any label), floor (whole number), and
            optionally room (any label, once in a floor of a stair), tenure, life_stage, party_member,
            area_m2, fee_yuan, contribution_type, and any of ``traits``. Blank rows and rows of totals
            are left out.
        notes: What was read and what was left out is added.

    Returns:
        Arrays (n,) ordered by building, stair and floor: ``building`` and ``stair`` numbered from
        0 in the order the file first names them, ``floor``, ``file_row`` (place among the
        households of the file from 0), and ``tenure``, ``life``, ``member``, ``area`` (m2),
        ``fee_fen`` (fen), ``kind`` and other traits where the file has them.

    Raises:
        InputError: Names file, row (the header is row 1), column, value and what is allowed.
    """
    notes = [] if notes is None else notes
    aside: Notes = []
    table = tables.read_table(path, REQUIRED, (ROOM, *CODES, *NUMBERS, *traits()), aside)
    if len(table) < FEWEST_HOUSEHOLDS:
        raise InputError(path, f"{len(table)} households", f"at least {FEWEST_HOUSEHOLDS}")
    building = _numbered(path, table, "building", aside)
    entrance = _numbered(path, table, "stair", aside)
    floor = tables.whole(path, table, "floor", 0, 200)
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
    for name, values in _optional(path, table).items():
        columns[name] = values[order]
    notes += [*_described(columns), *aside]
    return columns


def traits() -> dict[str, Column]:
    """Columns that a file may give by their own name: what is the household's, and all of somebody's own."""
    columns = world.Households.columns.items()
    of_household = {n: c for n, c in columns if c.newcomer is not None or c.drawn is not None}
    return {n: c for n, c in of_household.items() if not c.shape and n not in FOUND_OUT}


def _optional(path: str, table: pd.DataFrame) -> dict[str, np.ndarray]:
    found = {
        target: tables.codes(path, table, name, CODES[name])
        for name, target in _TARGETS.items()
        if name in table
    }
    if "tenure" in found and "member" in found:
        wrong = (found["tenure"] == CODES["tenure"]["vacant"]) & (found["member"] == 1)
        tables.refuse(path, table, "party_member", wrong, "0 where tenure is vacant")
    for name, bounds in NUMBERS.items():
        if name in table:
            values = tables.numbers(path, table, name, *bounds)
            _refuse_sum(path, table, name, values)
            is_area = name == "area_m2"
            found["area" if is_area else "fee_fen"] = (
                values if is_area else np.rint(values * 100.0).astype(np.int64)
            )
    for name, declared in traits().items():
        if name not in table:
            continue
        if name in found:
            other = next(word for word, target in _TARGETS.items() if target == name)
            raise InputError(
                f"{path}: row 1", f"columns {name!r} and {other!r} are the same", "one"
            )
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


# --- labels that are written in several ways ------------------------------------------------------


def alike(label: str, column: str) -> str:
    """A label without what people put around its number: 1, 01, 1栋, 1号楼, 1# and １ are one.

    Args:
        label: As the file has it.
        column: building, stair or room.
    """
    text = tables.plain(label)
    found = _AROUND[column].match(text)
    core = found[1] if found else text
    if re.fullmatch(f"[{_CHINESE}]+", core):
        core = str(_chinese_number(core))
    # Programs that hold a label for a number write 1.0.
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"^(\d+)\.0+$", r"\1", core))


def _chinese_number(text: str) -> int | str:
    """Number up to 99 as Chinese writes it: 十二, 二十, 三."""
    tens, ten, ones = text.rpartition("十")
    digits = [_CHINESE.index(one) for one in (tens or "一") + (ones or "〇")]
    if not ten:
        return int("".join(str(_CHINESE.index(one)) for one in text))
    return 10 * digits[0] + digits[1] if len(digits) == 2 else text


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
            counts = np.bincount(columns[target], minlength=3).tolist()
            notes.append(Note(kind, dict(zip(words, counts, strict=True))))
    if "member" in columns:
        notes.append(Note("members", {"n": int(columns["member"].sum())}))
    if "area" in columns:
        area = columns["area"]
        values = {"low": area.min(), "high": area.max(), "total": area.sum()}
        notes.append(Note("area", values))
    if "fee_fen" in columns:
        fee = columns["fee_fen"] / 100
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


# --- monthly figures ------------------------------------------------------------------------------


def read_months(
    path: str,
    indicators: Mapping[str, tuple[float, float]],
    months: tuple[int, int],
    notes: Notes | None = None,
) -> list[tuple[str, int, float]]:
    """Read a compound's own figures by month from a CSV file (UTF-8 or GB18030).

    Args:
        path: File with the column month (each once) and columns named after indicators; empty
            cells are left out, as are blank rows and rows of totals.
        indicators: Smallest and largest value of each.
        months: Smallest and largest month.
        notes: What was read and what was left out is added.

    Returns:
        Indicator, month and value of every filled cell.

    Raises:
        InputError: Names file, row (the header is row 1), column, value and what is allowed.
    """
    notes = [] if notes is None else notes
    aside: Notes = []
    table = tables.read_table(path, ("month",), tuple(indicators), aside)
    month = tables.whole(path, table, "month", *months)
    again = pd.Series(month).duplicated().to_numpy()
    tables.refuse(path, table, "month", again, "each month once")
    cells: list[tuple[str, int, float]] = []
    figures: Notes = []
    for name in [str(name) for name in table if name != "month"]:
        number = tables.optional_numbers(path, table, name, *indicators[name])
        filled = np.flatnonzero(~np.isnan(number))
        cells += [(name, int(month[row]), float(number[row])) for row in filled]
        if len(filled):
            share = indicators[name] == (0.0, 1.0)
            low, high = (_figure(number[filled].min(), share), _figure(number[filled].max(), share))
            figures.append(Note("figure", {"name": name, "low": low, "high": high}))
    if not cells:
        raise InputError(path, "no cell holds a value", "at least one figure in one month")
    span = {"n": len(month), "first": int(month.min()), "last": int(month.max())}
    notes += [Note("months", span), *figures, *aside]
    return cells


def _figure(value: float, share: bool) -> str:
    # A column of 1 is then seen to be read as 100%, where somebody may have meant 1%.
    return f"{100 * value:.3g}%" if share else f"{value:.4g}"
