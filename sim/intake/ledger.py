"""A ledger of fees (物业费收缴台账) as what was due and paid by flat and month, and the rates that follow.

Taken as read: what stands as paid under a month settled that month's bill by the day the file was
made. Payments beyond a bill are old debts or payments ahead and count in none of the rates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, layout, names, rooms
from sim.intake.figures import YEARS, of_years, refuse_new_year, with_year
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import Sheet
from sim.society import tables
from sim.society.reading import Note, Notes

YEAR = 12
"""Months of bills that a rate is of, as the model's ``collection_rate`` has it."""

_MOST = 1e9
_PENNY = 0.005
_LARGEST_AREA = 10_000
_DONE = re.compile(r"√|✓|✔|☑|是|已[缴交付收]清?|[缴交付收]清|全[缴交]|y|yes|paid")
_NOT = re.compile(r"×|✗|✘|否|未[缴交付收]|欠费?|n|no|unpaid")
_MONTHLY = re.compile(
    r"^(?P<before>应[收缴交付]|实[收缴交付]|已[收缴交付]|欠[费缴]|未[收缴交付])?(?P<when>(?:(?:19|20)?\d{2}年度?[-/.]?)?(?:\d{1,2}|[一二三四五六七八九十]{1,3})月份?|(?:19|20)\d{2}-\d{2}-\d{2}|(?:19|20)\d{2}[-/.]?(?:0[1-9]|1[0-2]|[1-9])(?!\d)月?|(?:19|20)\d{2}年度?"
    r"|(?:(?:19|20)?\d{2}年)?第?(?P<quarter>[一二三四1-4])季度?)(?P<what>.*)$"
)
_NO_BILL = re.compile(r"累计|截[至止]|日期|时间|[比率人户票]|方式|备注|说明|次数")
"""Behind a month what is no amount of that month."""

_KINDS = (("owed", r"欠|未[收缴交付]"), ("paid", r"实|已[收缴交付]|收款|缴费|到账|paid|received"), ("due", r"应|账单|due|billed|payable"))  # fmt: skip


@dataclass
class Ledger:
    """What a ledger tells.

    Attributes:
        flats: One row a flat: ``key`` (building, stair and room in one way), the label as written and in its parts,
            ``due_yuan``, ``paid_yuan``, ``arrears_yuan``, ``months_unpaid``.
        months: By year and month: ``due_yuan``, ``paid_yuan``, ``flats``, ``flats_paid``, ``rate``.
        figures: Indicator, month of the calendar and value.
    """

    flats: pd.DataFrame
    months: pd.DataFrame
    figures: list[tuple[str, cells.Month, float]]


def monthly(written: str) -> tuple[cells.Month, str] | None:
    """Month and kind (due, paid, owed; empty if it is not said) of a column of one month; None if it is none."""
    core = names.header(written)
    found = _MONTHLY.match(core.core + core.unit.replace("元", "").replace("㎡", ""))
    if not found:
        return None
    said = (found["before"] or "") + found["what"]
    kind = next((kind for kind, pattern in _KINDS if re.search(pattern, said)), "")
    if (not kind and said) or _NO_BILL.search(said):
        return None
    if found["quarter"]:
        quarter = "一二三四".find(found["quarter"]) + 1 or int(found["quarter"])
        year = re.match(r"(\d{2,4})年", found["when"])
        return (_year(year[1]) if year else 0, 3 * quarter), kind
    if year := re.fullmatch(r"(\d{4})年度?", found["when"]):
        return (int(year[1]), YEAR), kind
    when = cells.month(found["when"].replace("份", ""))
    return None if when is None else (when, kind)


def _year(text: str) -> int:
    return int(text) + (2000 if len(text) == 2 else 0)


LOOK = layout.Look(
    {**names.LEDGER, "year": YEARS}, wide=lambda written: monthly(written) is not None, strict=False,
    allowed=("room", "month", "due", "paid"), numbers=("due", "paid", "owed", "fee_yuan", "price", "area_m2"),
)  # fmt: skip


def read(
    path: str, notes: Notes, said: Said | None = None, read: list[Sheet] | None = None
) -> Ledger:
    """Read a ledger, one row a flat with columns by month, or one row a bill.

    Args:
        path: What the file is called.
        notes: What was matched, read and left out is added.
        said: What somebody says of the file.
        read: Its sheets, if they are read already.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    said = Said() if said is None else said
    table = layout.table(path, LOOK, notes, said, read)
    frame = table.frame
    if not len(frame):
        raise InputError(path, "holds no row", "a header and rows")
    wide = {
        str(name): found
        for name in frame
        if (found := monthly(str(name))) and name not in LOOK.fields
    }
    frame = table.frame = _of_service(_placed(path, frame, notes), notes)
    key = rooms.keys_of(frame)
    label = _labels(frame)
    bills = _of_columns(table, wide, key) if wide else _of_rows(table, key)
    bills = _one_a_month(path, _dated(table, bills, said), notes)
    declared = _declared(table, key)
    return _told(path, bills, declared, label, key, notes)


def _placed(path: str, frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Rows that say of which flat they are; a bill of a month belongs to the flat above it."""
    blank = rooms.nowhere(frame)
    if "month" in frame:
        blank &= frame["month"].fillna("").str.strip() == ""
    if blank.any() and not blank.all():
        rows = frame.index[blank].tolist()
        notes.append(Note("no_place", {"n": len(rows), "rows": rows}))
        frame = frame[~blank]
    frame = frame.copy()
    rooms.fill_joined(frame, notes)
    for name in ("building", "room"):
        if name in frame:
            empty = (frame[name].fillna("").str.strip() == "").to_numpy(bool)
            tables.refuse(path, frame, name, empty, "a label, as in the other rows")
    return frame


def _of_service(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Bills of the service only, where a ledger has parking, water and others too."""
    if "item" not in frame:
        return frame
    ours = frame["item"].str.contains("物业|管理费|服务费|service|management", case=False)
    if ours.all() or not ours.any():
        return frame
    others = [
        (str(word), int(n)) for word, n in frame["item"][~ours].str.strip().value_counts().items()
    ]
    notes.append(Note("not_service", {"n": int((~ours).sum()), "kinds": others}))
    return frame[ours].copy()


def _labels(frame: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in ("building", "stair", "floor", "room") if name in frame]
    return frame[kept].fillna("").astype(str)


def _money(table: layout.Table, name: str) -> np.ndarray:
    """Yuan of a column, NaN where a cell is empty or says that nothing is known."""
    return tables.optional_numbers(table.path, table.frame, name, -_MOST, _MOST) * table.yuan(name)


def _of_columns(
    table: layout.Table, wide: dict[str, tuple[cells.Month, str]], key: pd.Series
) -> pd.DataFrame:
    frame, parts = table.frame, []
    fee = _fee(table)
    refuse_new_year(
        f"{table.path}: row {table.header}", list(dict.fromkeys(when for when, _ in wide.values()))
    )
    for name in np.array(list(wide), dtype=object)[cells.lost_zero(wide)]:
        where = f"{table.path}: row {table.header}"
        raise InputError(where, f"{name!r} heads a column", cells.MAY_BE_OCTOBER)
    by_month: dict[cells.Month, dict[str, str]] = {}
    for name, (when, kind) in wide.items():
        there = by_month.setdefault(when, {})
        if (kind or "paid") in there:
            problem = f"{there[kind or 'paid']!r} and {name!r} are of the same month"
            where = f"{table.path}: row {table.header}"
            raise InputError(
                where, problem, "one of them; leave_out in a mapping says which is not"
            )
        there[kind or "paid"] = name
    for when, columns in sorted(by_month.items()):
        due = _money(table, columns["due"]) if "due" in columns else fee
        if due is None and "owed" not in columns:
            where = f"{table.path}: row {table.header}"
            problem = f"{columns['paid']!r} has no column of what was due"
            raise InputError(
                where, problem, "a column of each month's 应收, or of the monthly fee (月应收)"
            )
        paid = _paid(table, columns["paid"], due) if "paid" in columns else None
        owed = _money(table, columns["owed"]) if "owed" in columns else None
        if due is None:
            due = _or_none(paid) + _or_none(owed) if paid is not None else _or_none(owed)
        if paid is None:
            paid = due - _or_none(owed) if owed is not None else np.full(len(frame), np.nan)
        parts.append(_bills(frame.index, key, when, due, paid))
    return pd.concat(parts, ignore_index=True)


def _fee(table: layout.Table) -> np.ndarray | None:
    """Yuan due each month by flat, where the table says it once for all months."""
    for name in ("fee_yuan", "price"):
        if name not in table.frame:
            continue
        fee = _money(table, name) / table.months(name)
        if not table.of_area(name):
            return fee
        if "area_m2" in table.frame:
            return fee * tables.optional_numbers(
                table.path, table.frame, "area_m2", 0, _LARGEST_AREA
            )
    return None


def _paid(table: layout.Table, name: str, due: np.ndarray | None) -> np.ndarray:
    """Yuan paid; a tick is all of what was due."""
    text = table.frame[name].fillna("").map(cells.plain)
    done, undone = text.str.fullmatch(_DONE), text.str.fullmatch(_NOT)
    if not (done | undone).any():
        return _money(table, name)
    if due is None:
        raise InputError(
            f"{table.path}: row {table.header}",
            f"{name!r} has ticks and nothing says what was due",
            "amounts",
        )
    rest = layout.Table(
        table.path,
        table.frame.assign(**{name: table.frame[name].mask(done | undone, "")}),
        table.written,
        table.units,
    )
    return np.where(done, due, np.where(undone, 0.0, _money(rest, name)))


def _of_rows(table: layout.Table, key: pd.Series) -> pd.DataFrame:
    """Bills that stand one a row, or one row a flat for the whole time."""
    frame = table.frame
    where = f"{table.path}: row {table.header}"
    of_sheets = "sheet" in frame and all(cells.month(name) for name in frame["sheet"].unique())
    # What is due each month is not what was due in all, where no month is told.
    fee = _fee(table) if "month" in frame or of_sheets else None
    if "due" not in frame and fee is None and "owed" not in frame:
        raise InputError(
            where, "column 'due' is missing", "应收 (due), or 实收 (paid) and 欠费 (owed)"
        )
    paid = _money(table, "paid") if "paid" in frame else None
    owed = _money(table, "owed") if "owed" in frame else None
    if paid is None and owed is None:
        raise InputError(where, "column 'paid' is missing", "实收 (paid) or 欠费 (owed)")
    due = _money(table, "due") if "due" in frame else fee
    if due is None:
        due = _or_none(paid) + _or_none(owed)
    if paid is None:
        paid = due - _or_none(owed)
    if "month" in frame:
        told = [_first(text) for text in frame["month"].fillna("").astype(str)]
        when = of_years(frame, [cells.month(text) or cells.month(f"{text}月") for text in told])
        wrong = np.array([one is None for one in when], dtype=bool)
        tables.refuse(table.path, frame, "month", wrong, "a month, as 2025-01 or 2025年1月")
        tables.refuse(table.path, frame, "month", cells.lost_zero(told), cells.MAY_BE_OCTOBER)
    elif of_sheets:
        when = [cells.month(name) for name in frame["sheet"]]
    else:
        when = [None] * len(frame)
    bills = _bills(frame.index, key, (0, 0), due, paid)
    bills["when"] = pd.Series([one or (0, 0) for one in when], dtype=object)
    return bills


def _or_none(yuan: np.ndarray | None) -> Any:
    """Amounts, with 0 where a cell or the whole column says nothing."""
    return 0.0 if yuan is None else np.nan_to_num(yuan)


def _first(text: str) -> str:
    """Of a period (2025-01-01至2025-01-31) its first day."""
    return re.split(r"\s*(?:至|到|~|～|—|--| - )\s*", text.strip())[0]


def _bills(
    index: pd.Index, key: pd.Series, when: cells.Month, due: np.ndarray, paid: np.ndarray
) -> pd.DataFrame:
    made = pd.DataFrame(
        {
            "row": index,
            "key": key.to_numpy(),
            "due": np.nan_to_num(due),
            "paid": _or_none(paid),
        }
    )
    made["when"] = pd.Series([when] * len(made), dtype=object)
    return made


def _dated(table: layout.Table, bills: pd.DataFrame, said: Said) -> pd.DataFrame:
    """Months that do not tell their year have that of the title, the sheet or the file's name."""
    year = said.year
    if year is None:
        for text in (table.title, table.sheet, table.path.replace("\\", "/").rpartition("/")[2]):
            if found := re.search(r"(?<!\d)(20\d{2})(?!\d)", text):
                year = int(found[1])
                break
    asked = said.model_copy(update={"year": year})
    dated = with_year(list(bills["when"]), asked)
    bills["when"] = pd.Series([one if one[1] else (0, 0) for one in dated], dtype=object)
    return bills


def _one_a_month(path: str, bills: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Rows of one flat and month as one bill, so that what was paid in parts or given back counts as that.

    Raises:
        InputError: The same amount due stands beside each of several parts paid: one bill, or several?
    """
    dated = bills["when"].map(lambda when: when[1] > 0).to_numpy(bool)
    again = bills.duplicated(["key", "when"], keep=False).to_numpy(bool) & dated
    if not again.any():
        return bills
    rows = bills[again].assign(some=bills["paid"] > _PENNY)
    group = rows.groupby(["key", "when"], sort=False)
    parts = (group["some"].transform("sum") > 1) & (group["due"].transform("nunique") == 1)
    parts &= (rows["due"] > _PENNY) & (group["paid"].transform("sum") <= rows["due"] + _PENNY)
    if parts.any():
        first = rows[parts].iloc[0]
        problem = f"{first['due']:,.2f} due stands beside each of several payments of {cells.month_name(first['when'])}"
        allowed = "what was due once, with all that was paid of it"
        raise InputError(f"{path}: row {first['row']}: due", problem, allowed)
    notes.append(Note("one_a_month", {"n": group.ngroups, "rows_n": len(rows)}))
    added = group.agg(row=("row", "first"), due=("due", "sum"), paid=("paid", "sum"))
    # In the order of the file.
    added = added.reset_index().set_index(rows.index[~rows.duplicated(["key", "when"])])
    return pd.concat([bills[~again], added]).sort_index()


def _declared(table: layout.Table, key: pd.Series) -> pd.Series | None:
    """What the table itself says is owed by flat, over all time; None if it says nothing."""
    if "owed" not in table.frame or "month" in table.frame:
        return None
    owed = pd.Series(np.nan_to_num(_money(table, "owed")), index=key.to_numpy())
    owed = owed.groupby(level=0, sort=False).sum()
    return owed


def _told(
    path: str,
    bills: pd.DataFrame,
    declared: pd.Series | None,
    label: pd.DataFrame,
    key: pd.Series,
    notes: Notes,
) -> Ledger:
    settled = np.minimum(bills["paid"].clip(lower=0), bills["due"].clip(lower=0))
    bills = bills.assign(settled=settled, unpaid=(bills["due"] - settled).clip(lower=0))
    beyond = float((bills["paid"] - bills["settled"]).clip(lower=0).sum())
    due = bills[bills["due"] > 0]
    if due.empty:
        raise InputError(path, "nothing is due in it", "amounts due (应收) above 0")
    by_flat = bills.groupby("key", sort=False)
    flats = pd.DataFrame({
        "due_yuan": by_flat["due"].sum(), "paid_yuan": by_flat["settled"].sum(),
        "arrears_yuan": by_flat["unpaid"].sum(),
        "months_unpaid": (bills["unpaid"] > _PENNY).groupby(bills["key"], sort=False).sum(),
    }).round(2)  # fmt: skip
    if not bills["when"].map(lambda when: when[1] > 0).any():
        del flats["months_unpaid"]  # Rows are no months.
    counted = float(flats["arrears_yuan"].sum())
    by_flats = len(label.columns) > 0
    sums = {
        "n": len(flats),
        "due": float(flats["due_yuan"].sum()),
        "paid": float(flats["paid_yuan"].sum()),
        "owed": counted,
    }
    notes.append(Note("ledger" if by_flats else "ledger_sums", sums))
    if declared is not None and not (declared > _PENNY).any():
        # A column that nobody filled is no statement that all have paid.
        if counted > 1:
            notes.append(Note("owed_unused", {"counted": counted}))
    elif declared is not None:
        flats["arrears_yuan"] = declared.reindex(flats.index).fillna(0.0).round(2)
        if abs(counted - float(declared.sum())) > 1:
            values = {"said": float(declared.sum()), "counted": counted}
            notes.append(Note("owed_differs", values))
    if beyond > 1:
        notes.append(Note("paid_beyond", {"yuan": beyond}))
    first = label[~key.duplicated().to_numpy()].set_index(key[~key.duplicated()].to_numpy())
    flats = first.join(flats, how="right") if len(first.columns) else flats
    flats.index.name = "key"
    months = _by_month(bills)
    figures = _figures(bills, months, float(flats["arrears_yuan"].sum()), notes)
    return Ledger(flats.reset_index(), months, figures)


def _by_month(bills: pd.DataFrame) -> pd.DataFrame:
    due = bills[(bills["due"] > 0) & bills["when"].map(lambda when: when[1] > 0)]
    group = due.groupby("when", sort=True)
    months = pd.DataFrame({
        "due_yuan": group["due"].sum(), "paid_yuan": group["settled"].sum(), "flats": group["key"].nunique(),
        "flats_paid": due[due["unpaid"] <= _PENNY].groupby("when")["key"].nunique(),
    })  # fmt: skip
    months["flats_paid"] = months["flats_paid"].fillna(0).astype(int)
    months["rate"] = months["paid_yuan"] / months["due_yuan"]
    return months


def _figures(
    bills: pd.DataFrame, months: pd.DataFrame, owed: float, notes: Notes
) -> list[tuple[str, cells.Month, float]]:
    """Rates by the model's definitions, where the ledger reaches back far enough for them."""
    when: Sequence[cells.Month] = list(months.index)
    if not when:
        notes.append(Note("no_months", {}))
        return []
    figures = [
        ("month_rate", month, rate)
        for month, rate in zip(when, months["rate"].tolist(), strict=True)
    ]
    last = max(when)
    dated = bills[(bills["due"] > 0) & bills["when"].map(lambda one: one[1] > 0)]
    full = [
        month
        for month in when
        if sum(1 for one in when if 0 <= cells.months_between(one, month) < YEAR) >= YEAR
    ]
    if not full:
        notes.append(Note("short_ledger", {"n": len(when)}))
    for month in full or [last]:
        inside = dated[
            dated["when"].map(lambda one, month=month: 0 <= cells.months_between(one, month) < YEAR)
        ]
        figures.append(
            ("collection_rate", month, float(inside["settled"].sum() / inside["due"].sum()))
        )
        unpaid = inside.groupby("key")["unpaid"].sum() <= _PENNY
        if len(unpaid) > 1:
            figures.append(("collection_households", month, float(unpaid.mean())))
    figures.append(("arrears_yuan", last, owed))
    return figures
