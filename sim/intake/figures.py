"""A compound's own figures by month, in months of the calendar or counted from the policy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, layout, names
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import Sheet
from sim.society import tables
from sim.society.reading import Note, Notes

Figures = list[tuple[str, int | cells.Month, float]]
"""Indicator, month and value; months as their file has them."""

MONTH = (*names.LEDGER["month"], r"时间|日期|年月|报告期|所在月|月|date|time|yearmonth")
YEARS = (r"(?:会计|统计)?(?:年份|年度)|年|year",)
SYNONYMS: dict[str, str] = {
    "collection_rate": r"(?:物业费?|综合|当[期月年]|本[期月年])?(?:收缴|收费|缴费|收取|缴交)(?:比?率|比例)|collectionrate",
    "collection_households": r"(?:按?户数?|户均|缴费户)(?:收缴|缴费)?(?:比?率|比例|占比)",
    "collection_to_date": r"(?:当年|本年|年度|年内)?累计(?:收缴|收费|缴费)(?:比?率|比例)",
    "satisfied_share": r"(?:居民|业主|住户|群众)?满意(?:比?率|度|比例|户比例)",
    "complaints_per_1000": r"(?:每|千)?千户(?:物业)?(?:类)?(?:热线)?投诉(?:量|数|件数)?|(?:物业类?)?(?:热线)?投诉率",
    "tickets_per_1000": r"(?:每|千)?千户(?:物业)?(?:类)?(?:热线)?(?:诉求|来电|工单)(?:量|数|件数)?",
    "ticket_repeats": r"重复(?:工单|诉求|投诉|来电)(?:比?率|比例|占比)",
    "hotline_calls": r"(?:12345)?(?:热线)?(?:来电|电话)(?:量|数|总数|总量)",
    "attendance": r"(?:楼宇会|议事会|会议)?(?:到会|参会|出席)(?:比?率|比例)",
    "days_to_close": r"平均(?:办结|处理|办理|处置)(?:天数|时长|周期)",
    "arrears_yuan": r"(?:物业费?)?(?:累计|总)?欠费(?:总额|金额|合计|余额)?",
    "vote_turnout": r"(?:投票|表决)(?:参与|参会)?(?:比?率|比例)|投票率",
    "firm_staff": r"(?:物业)?人员(?:到岗|配备)(?:比?率|比例)",
}  # fmt: skip
"""How people call indicators, besides their labels in the model."""


BEST_SCORE = 10
"""Up to which satisfaction without a sign may be a score of 5 or 10, and not percent."""


def look(indicators: Sequence[str], titles: Mapping[str, Sequence[str]]) -> layout.Look:
    """What is looked for in a file of months."""
    fields: dict[str, tuple[str, ...]] = {"month": MONTH, "year": YEARS}
    for name in indicators:
        patterns = [re.escape(names.header(title).core) for title in titles.get(name, ())]
        fields[name] = (
            *patterns,
            name.replace("_", ""),
            *([SYNONYMS[name]] if name in SYNONYMS else []),
        )
    return layout.Look(fields, required=("month",), numbers=tuple(indicators), spare=True)


def read_months(
    path: str,
    indicators: Mapping[str, tuple[float, float]],
    months: tuple[int, int],
    notes: Notes | None = None,
    *,
    titles: Mapping[str, Sequence[str]] | None = None,
    said: Said | None = None,
    read: list[Sheet] | None = None,
) -> list[tuple[str, int, float]]:
    """Read a compound's own figures by month, counted from the last before the policy, which is 0.

    Args:
        path: File with a column of months (each once) and columns that are indicators by name or title; empty
            cells are left out, as are blank rows and rows of totals.
        indicators: Smallest and largest value of each.
        months: Smallest and largest month.
        notes: What was read and what was left out is added.
        titles: Further names of indicators.
        said: What somebody says of the file; ``zero`` says which month of the calendar is 0.
        read: The file's sheets, if they are read already.

    Returns:
        Indicator, month and value of every filled cell.

    Raises:
        InputError: Names file, row (the first is row 1), column, value and what is allowed; or asks which month
            of the calendar is 0.
    """
    notes = [] if notes is None else notes
    said = Said() if said is None else said
    found = read_figures(path, indicators, months, notes, titles=titles, said=said, read=read)
    dated = [when for _, when, _ in found if not isinstance(when, int)]
    if not dated:
        return [(name, when, value) for name, when, value in found if isinstance(when, int)]
    zero = said.zero_month
    if zero is None:
        first, last = cells.month_name(min(dated)), cells.month_name(max(dated))
        problem = (
            f"{first} to {last} are of the calendar: which month is the last before the policy?"
        )
        way_out = f"xiaoqu import FILE --zero {last} --out FOLDER, or a column month with 0 for it"
        raise InputError(f"{path}: month", problem, way_out)
    counted = []
    for name, when, value in found:
        number = when if isinstance(when, int) else cells.months_between(zero, when)
        if not months[0] <= number <= months[1]:
            where = f"{path}: month"
            raise InputError(where, f"{number} from month 0", f"{months[0]} to {months[1]}")
        counted.append((name, number, value))
    notes.append(Note("zero", {"month": cells.month_name(zero)}))
    return counted


def read_figures(
    path: str,
    indicators: Mapping[str, tuple[float, float]],
    months: tuple[int, int],
    notes: Notes,
    *,
    titles: Mapping[str, Sequence[str]] | None = None,
    said: Said | None = None,
    read: list[Sheet] | None = None,
) -> Figures:
    """The same with months as the file has them: numbers, or years and months of the calendar."""
    said = Said() if said is None else said
    aside: Notes = []
    table = layout.table(path, look(list(indicators), titles or {}), aside, said, read)
    frame = table.frame
    zh_of = {name: next(iter(both), name) for name, both in (titles or {}).items()}
    for note in aside:
        if note.kind == "columns":
            note.values["titles"] = zh_of
    month = _months(path, table, months, said)
    again = pd.Series(month, dtype=object).duplicated().to_numpy()
    tables.refuse(path, frame, "month", again, "each month once")
    found: Figures = []
    told: Notes = []
    for name in [str(name) for name in frame if name in indicators]:
        zh = zh_of.get(name, name)
        number = values_of(path, table, name, zh, indicators[name], aside)
        filled = np.flatnonzero(~np.isnan(number))
        found += [(name, month[row], float(number[row])) for row in filled]
        if len(filled):
            share = indicators[name] == (0.0, 1.0)
            low, high = (_figure(number[filled].min(), share), _figure(number[filled].max(), share))
            told.append(Note("figure", {"name": name, "zh": zh, "low": low, "high": high}))
    if not found:
        empty = any(note.kind == "empty_columns" for note in aside)
        if not empty and not any(name in indicators for name in frame):
            allowed = ", ".join(indicators)
            raise InputError(f"{path}: row {table.header}", "no column is an indicator", allowed)
        raise InputError(path, "no cell holds a value", "at least one figure in one month")
    first, last = (
        end if isinstance(end, int) else cells.month_name(end) for end in (min(month), max(month))
    )
    notes += [Note("months", {"n": len(month), "first": first, "last": last}), *told, *aside]
    return found


def _figure(value: float, share: bool) -> str:
    # A column of 1 is then seen to be read as 100%, where somebody may have meant 1%.
    return f"{100 * value:.3g}%" if share else f"{value:.4g}"


def values_of(
    path: str, table: layout.Table, name: str, zh: str, bounds: tuple[float, float], notes: Notes
) -> np.ndarray:
    """Numbers of an indicator; the column tells whether shares are meant in percent."""
    if bounds != (0.0, 1.0):
        in_yuan = table.yuan(name) if name.endswith("_yuan") else 1.0
        return tables.optional_numbers(path, table.frame, name, *bounds, scale=in_yuan)
    text = table.frame[name].fillna("")
    signed = text.str.contains("[%％]")
    unsigned = cells.of_column(text.where(~signed, ""))
    plain = unsigned[~np.isnan(unsigned)]
    said_so = bool(re.search(r"[%％]", table.units.get(name, "")))
    # A workbook holds 71% as 0.71 even under a heading that says %.
    in_percent = len(plain) > 0 and (plain.max() > 1.0)
    if in_percent:
        small = (unsigned <= 1.0) & (unsigned > 0.0)
        if not said_so:
            tables.refuse(path, table.frame, name, small, "percent in all rows, or shares in all")
            if "satisf" in name and plain.max() <= BEST_SCORE:
                allowed = "percent with its sign, or shares: this may be a score"
                tables.refuse(path, table.frame, name, unsigned > 1.0, allowed)
        notes.append(Note("percent", {"name": name, "zh": zh}))
    return tables.optional_numbers(
        path, table.frame, name, *bounds, scale=0.01 if in_percent else 1.0
    )


def _months(path: str, table: layout.Table, allowed: tuple[int, int], said: Said) -> list[Any]:
    """Months of all rows: numbers from 0, or years and months."""
    frame = table.frame
    counted = cells.of_column(frame["month"], lambda _: np.nan)
    within = (counted >= allowed[0]) & (counted <= allowed[1])
    own_name = table.written.get("month", "month").strip().lower() == "month"
    # Under 月份 the numbers 1 to 12 are January to December.
    of_year = (
        (not own_name or "year" in frame)
        and within.all()
        and counted.min() >= 1
        and counted.max() <= 12
    )
    texts = frame["month"].fillna("").astype(str).tolist()
    when = [cells.month(text) for text in texts]
    if of_year:
        when = [(0, int(value)) for value in counted]
    elif within.all() or not any(when):
        return [int(k) for k in tables.whole(path, frame, "month", *allowed)]
    wrong = np.array([one is None for one in when], dtype=bool)
    tables.refuse(path, frame, "month", wrong, "a month in all rows, as 2025-01 or 2025年1月")
    tables.refuse(path, frame, "month", cells.lost_zero(texts), cells.MAY_BE_OCTOBER)
    dated = [one for one in of_years(frame, when) if one is not None]
    refuse_new_year(f"{path}: month", dated)
    return with_year(dated, said)


def refuse_new_year(where: str, when: Sequence[cells.Month]) -> None:
    """Months without a year that go past its end, as 11月, 12月, 1月, would be put into one year.

    Raises:
        InputError: They do.
    """
    for one, other in pairwise(when):
        if not one[0] and not other[0] and {one[1], other[1]} == {1, 12}:
            said = f"{cells.month_name(one)} stands beside {cells.month_name(other)} without a year"
            raise InputError(where, said, "a year with each month, as 2024-12 or 2024年12月")


def of_years(frame: pd.DataFrame, when: Sequence[cells.Month | None]) -> list[cells.Month | None]:
    """Months with the year that stands in a column of its own, also where its cells are joined."""
    if "year" not in frame:
        return list(when)
    told = frame["year"].fillna("").map(cells.plain).str.extract(r"((?:19|20)\d{2})")[0].ffill()
    return [
        one if one is None or one[0] or not isinstance(year, str) else (int(year), one[1])
        for one, year in zip(when, told, strict=True)
    ]


def with_year(
    when: Sequence[cells.Month], said: Said, others: Sequence[cells.Month] = ()
) -> list[cells.Month]:
    """Months with the year that somebody says, or others have, where they have none themselves."""
    zero = said.zero_month
    year = (
        said.year or (zero[0] if zero and zero[0] else 0) or max((y for y, _ in others), default=0)
    )
    return [(y or year, m) for y, m in when]
