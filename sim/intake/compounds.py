"""A table of a street's compounds, one a row: how large each is, of which kind, and what is known of it."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, figures, layout
from sim.intake.sheets import Sheet
from sim.outcomes import INDICATORS
from sim.society import tables
from sim.society.reading import Notes

MOST = 200
"""Compounds of a table."""

FEWEST_HOUSEHOLDS, MOST_HOUSEHOLDS = 12, 20_000

KINDS: dict[str, str] = {
    "resettlement_estate": r"回迁|安置|拆迁|resettle",
    "old_estate": r"老旧|老小区|旧小区|房改|单位房|老$|^old",
    "new_estate": r"新建|新小区|次新|新$|^new",
    "ordinary_estate": r"商品|一般|普通|常规|ordinary",
}
"""Kinds of compound by the words of their cells, the first that fits; none said is an ordinary one."""

_BEFORE = r"(?:去年|上年度?|上一年度?|一年前|前一年)(?:物业费?)?(?:收缴|收费|缴费|收取)(?:比?率|比例)|ratebefore"

FIELDS: dict[str, tuple[str, ...]] = {
    "compound": (r"(?:所[属在])?(?:小区|楼盘|住宅小区|项目)(?:名称?)?|名称|compound|estate|name",),
    "kind": (r"(?:小区|房屋|住宅)?(?:类[型别]|种类|性质)|kind|type",),
    "households": (r"(?:总|住宅|房屋|规划)?(?:户数|套数|总户数)|households|units|flats",),
    "collection_rate@-11": (_BEFORE,),
    "collection_rate@+0": (figures.SYNONYMS["collection_rate"], "rate"),
    **{
        name + ("@+0" if name.startswith("collection") else ""): (
            *([figures.SYNONYMS[name]] if name in figures.SYNONYMS else []),
            name.replace("_", ""),
        )
        for name in ("collection_households", "satisfied_share", "tickets_per_1000", "days_to_close")
    },
}  # fmt: skip
"""What is looked for; figures are called as ``sim.posterior.estates.names`` calls them."""


class Place(NamedTuple):
    """One compound: what it is called, its kind, households (0 where not said), and figures by name."""

    name: str
    kind: str
    households: int
    known: tuple[tuple[str, float], ...]


def read(path: str, notes: Notes | None = None, sheets: list[Sheet] | None = None) -> list[Place]:
    """Read a street's compounds.

    Args:
        path: A workbook or text; a column of names is needed, all others may be missing or have gaps.
        notes: What was left out is added.
        sheets: The file's sheets, if they are read already.

    Raises:
        InputError: Names file, row, column, value and what is allowed.
    """
    notes = [] if notes is None else notes
    table = layout.table(
        path, layout.Look(FIELDS, required=("compound",), strict=False), notes, read=sheets
    )
    frame = table.frame
    for note in notes:
        if note.kind == "columns":
            note.values["titles"] = {field: _zh(field) for field in FIELDS}
    if not 0 < len(frame) <= MOST:
        raise InputError(path, f"{len(frame)} rows", f"1 to {MOST} compounds")
    name = tables.labels(path, frame, "compound")
    tables.refuse(path, frame, "compound", name.duplicated().to_numpy(), "each compound once")
    known = {
        field: _figure(path, table, field, notes)
        for field in FIELDS
        if field in frame and field not in ("compound", "kind", "households")
    }
    households, kinds = _households(path, frame), _kinds(path, frame)
    return [
        Place(
            name.iloc[row], kinds[row], int(households[row]),
            tuple((field, round(float(v[row]), 6)) for field, v in known.items() if not np.isnan(v[row])),
        )
        for row in range(len(frame))
    ]  # fmt: skip


def _zh(field: str) -> str:
    """What a field is called in Chinese."""
    of = {
        "compound": "小区",
        "kind": "类型",
        "households": "户数",
        "collection_rate@-11": "去年收缴率",
    }
    return of.get(field) or INDICATORS[field.partition("@")[0]].zh


def _figure(path: str, table: layout.Table, field: str, notes: Notes) -> np.ndarray:
    of = INDICATORS[field.partition("@")[0]]
    bounds = (of.low, 1.0 if of.share else min(of.high, 1_000.0))
    return figures.values_of(path, table, field, of.zh, bounds, notes)


def _households(path: str, frame: pd.DataFrame) -> np.ndarray:
    if "households" not in frame:
        return np.zeros(len(frame))
    ends = (FEWEST_HOUSEHOLDS, MOST_HOUSEHOLDS)
    number = tables.optional_numbers(path, frame, "households", *ends)
    broken = ~np.isnan(number) & (number != np.floor(number))
    allowed = f"a whole number from {ends[0]} to {ends[1]}"
    tables.refuse(path, frame, "households", broken, allowed)
    return np.nan_to_num(number)


def _kinds(path: str, frame: pd.DataFrame) -> list[str]:
    if "kind" not in frame:
        return ["ordinary_estate"] * len(frame)
    found = []
    for text in frame["kind"].fillna("").map(cells.plain):
        fits = (kind for kind, words in KINDS.items() if text == kind or re.search(words, text))
        found.append("ordinary_estate" if cells.nothing(text) else next(fits, ""))
    allowed = "商品房 (ordinary), 新建 (new), 老旧 (old), 回迁安置 (resettlement)"
    tables.refuse(path, frame, "kind", np.array([not kind for kind in found]), allowed)
    return found
