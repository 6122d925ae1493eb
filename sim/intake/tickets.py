"""Hotline tickets (12345 工单), one a row, as calls by month and kind, repeats, and how they ended.

What a caller said and who it was is looked at to tell the kind of problem and whether it was reported
before, and is not kept.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.intake import cells, layout, names
from sim.intake.figures import with_year
from sim.intake.mapping import Mapping as Said
from sim.intake.sheets import Sheet
from sim.society import tables
from sim.society.reading import Note, Notes

LOOK = layout.Look(
    names.TICKETS, required=("day",), strict=False, allowed=("day", "kind", "text", "compound")
)

CATEGORIES: tuple[tuple[str, str], ...] = (
    ("parking", r"停车|车位|车库|充电桩|乱停|挪车|僵尸车|地锁|parking"),
    ("neighbours", r"噪[音声]|扰民|邻里|邻居|宠物|养[狗犬猫]|犬|狗|高空抛物|广场舞|楼上|neighbou?r|noise"),
    ("common_space", r"楼道堆|堆物|堆放|杂物|占用|侵占|私搭|乱搭|搭建|违[建章]|毁绿|种菜|圈占|公共区域|common space"),
    ("security", r"安保|保安|门禁|治安|消防|飞线|监控|偷|盗|通道|安全|巡逻|security|fire"),
    ("facilities", r"电梯|设[施备]|维修|漏水|渗水|水管|停水|停电|路灯|照明|管[道网]|屋面|外墙|供[暖热水电]|下水|水泵|脱落|破损|井盖|加装|lift|elevator|repair|facilit"),
    ("cleaning", r"保洁|卫生|垃圾|清[运扫洁]|脏|异味|臭|厕所|蚊|鼠|积水|clean|refuse|garbage"),
    ("greenery", r"绿化|树|草坪|花坛|修剪|green"),
    ("accounts", r"收费|物业费|费用|账[目务]|帐目|公共收益|维修[资基]金|业委会|业主大会|公示|财务|选举|物管会|account|fee|committee"),
    ("developer", r"开发商|遗留|房产证|不动产证|产权证|交[房付]|质保|保修|房屋质量|配套未|烂尾|developer"),
)  # fmt: skip
"""Kinds of problem as the model has them, told by words; the first that fits."""

_MOST = 1_000_000
"""Tickets of one file."""

OTHER, OF_PROPERTY = "other", "property"
_PROPERTY = re.compile(r"物业|住宅小区|业委会|property")
_YES = re.compile(
    r"是|y|yes|true|1|√|✓|重复|已?解决|满意|非常满意|较满意|比较满意|基本满意|很满意|已?响应|已?办结|已?办成|按[时期].*|及时"
)
_NO = re.compile(
    r"否|n|no|false|0|×|不满意|非常不满意|不太满意|较不满意|未.*|没有?.*|逾期.*|超[时期].*|非?首次"
)


@dataclass
class Tickets:
    """What an export of tickets tells.

    Attributes:
        months: By year and month: ``tickets`` and, where the export tells them, ``repeats`` and others.
        kinds: ``month``, ``kind`` and ``tickets``.
        figures: Indicator, month of the calendar and value.
        compounds: Tickets of each compound in the file.
    """

    months: pd.DataFrame
    kinds: pd.DataFrame
    figures: list[tuple[str, cells.Month, float]]
    compounds: dict[str, int]


def read(
    path: str, notes: Notes, said: Said | None = None, read: list[Sheet] | None = None
) -> Tickets:
    """Read tickets.

    Args:
        path: What the file is called.
        notes: What was matched, read and left out is added.
        said: What somebody says of the file: which ``compound`` of several, how many ``households`` it has.
        read: Its sheets, if they are read already.

    Raises:
        InputError: Names file, row, column and what is allowed.
    """
    said = Said() if said is None else said
    table = layout.table(path, LOOK, notes, said, read)
    frame = table.frame
    if not len(frame):
        raise InputError(path, "holds no ticket", "a header and rows")
    frame = _once(table, frame, notes)
    frame, compounds = _of_compound(table, frame, said, notes)
    days = frame["day"].fillna("").astype(str).tolist()
    when = [cells.month(text) for text in days]
    wrong = np.array([one is None for one in when], dtype=bool)
    tables.refuse(path, frame, "day", wrong, "a day or month, as 2025-01-15 or 2025年1月")
    tables.refuse(path, frame, "day", cells.lost_zero(days), cells.MAY_BE_OCTOBER)
    dated = with_year([one for one in when if one is not None], said)
    rows = pd.DataFrame({"when": pd.Series(dated, index=frame.index, dtype=object)})
    rows["kind"] = _kinds(frame)
    rows["again"] = _again(frame, rows["kind"], notes)
    for name in ("solved", "satisfied", "responded"):
        rows[name] = _answers(frame, name)
    rows["days"] = _days(frame)
    if "count" in frame and "number" not in frame:
        rows = _counted(path, frame, rows, notes)
    dropped = [table.written[name] for name in ("phone", "caller", "text", "room") if name in frame]
    if dropped:
        notes.append(Note("looked_at", {"columns": dropped}))
    months = _by_month(rows)
    kinds = rows.groupby(["when", "kind"]).size().rename("tickets").reset_index()
    kinds = kinds.rename(columns={"when": "month"})
    count = rows["kind"].value_counts()
    told = [(str(kind), int(n)) for kind, n in count.items()]
    notes.append(
        Note(
            "tickets",
            {"n": len(rows), "months": Note("of_months", {"n": len(months)}), "kinds": told},
        )
    )
    return Tickets(months, kinds, _figures(rows, months, said, notes), compounds)


def _counted(path: str, frame: pd.DataFrame, rows: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Rows that say how many tickets they are; which of those are repeats cannot be told."""
    times = tables.whole(path, frame, "count", 0, 100_000)
    if not 0 < times.sum() <= _MOST:
        raise InputError(path, f"{times.sum()} tickets in all", f"1 to {_MOST}")
    notes.append(Note("counted", {"rows_n": len(rows), "n": int(times.sum())}))
    return rows.assign(again=np.nan).loc[np.repeat(rows.index, times)].reset_index(drop=True)


def _once(table: layout.Table, frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """A ticket that is listed once for each office it went to is one."""
    if "number" not in frame:
        return frame
    number = frame["number"].fillna("").str.strip()
    again = number.duplicated() & (number != "")
    if again.any():
        rows = frame.index[again].tolist()
        notes.append(Note("ticket_twice", {"n": len(rows), "rows": rows}))
        frame = frame[~again]
    return frame.copy()


def _of_compound(
    table: layout.Table, frame: pd.DataFrame, said: Said, notes: Notes
) -> tuple[pd.DataFrame, dict[str, int]]:
    if "compound" not in frame:
        return frame, {}
    name = frame["compound"].fillna("").str.strip()
    counts = {str(k): int(v) for k, v in name.value_counts().items()}
    if said.compound is not None:
        mine = name.map(lambda text: said.compound in text if text else False)
        if not mine.any():
            known = ", ".join(f"{k} ({v})" for k, v in list(counts.items())[:12])
            raise InputError(table.path, f"no ticket is of the compound {said.compound!r}", known)
        if not mine.all():
            notes.append(Note("other_compounds", {"n": int((~mine).sum())}))
        return frame[mine].copy(), counts
    named = [k for k in counts if k]
    if len(named) > 1:
        known = ", ".join(f"{k or '-'} ({v})" for k, v in list(counts.items())[:12])
        problem = f"tickets of {len(named)} compounds: which is meant?"
        raise InputError(table.path, problem, f"compound: one of {known}")
    return frame, counts


def _kinds(frame: pd.DataFrame) -> list[str]:
    """Kind of problem by the words of its class, else of what was said; property where only that is told."""
    classes = frame["kind"].fillna("").map(cells.plain) if "kind" in frame else [""] * len(frame)
    words = frame["text"].fillna("").map(cells.plain) if "text" in frame else [""] * len(frame)
    found = []
    for of_class, said in zip(classes, words, strict=True):
        kind = next(
            (k for text in (of_class, said) for k, p in CATEGORIES if re.search(p, text)), ""
        )
        other = OF_PROPERTY if _PROPERTY.search(of_class + said) else OTHER
        found.append(kind or other)
    return found


def _again(frame: pd.DataFrame, kind: pd.Series, notes: Notes) -> np.ndarray:
    """Whether the same was reported before: as the export says, else by caller, place or words; NaN if it cannot be told."""
    n = len(frame)
    for name in ("again", "times", "of"):
        if name not in frame:
            continue
        text = frame[name].fillna("").map(cells.plain)
        if name == "again":
            said = np.array([bool(_YES.fullmatch(word)) for word in text], dtype=float)
        elif name == "times":
            said = (np.nan_to_num(cells.of_column(frame[name])) > 1).astype(float)
        else:
            said = (~frame[name].fillna("").map(cells.nothing)).to_numpy(float)
        notes.append(Note("repeats_by", {"by": Note(f"by_{name}", {})}))
        return said
    order = np.argsort(np.array([_sortable(t) for t in frame["day"].fillna("")]), kind="stable")
    for by in (("phone",), ("caller",), ("room",), ("text",)):
        if not set(by) <= set(frame):
            continue
        secret = [hashlib.blake2b(cells.plain(t).encode(), digest_size=12).hexdigest() if t.strip() else ""
                  for t in frame[by[0]].fillna("")]  # fmt: skip
        seen: set[tuple[str, str]] = set()
        said = np.zeros(n)
        for row in order:
            who = (secret[row], kind.iloc[row])
            said[row] = float(bool(secret[row]) and who in seen)
            seen.add(who)
        notes.append(Note("repeats_by", {"by": Note(f"by_{by[0]}", {})}))
        return said
    notes.append(Note("repeats_unknown", {}))
    return np.full(n, np.nan)


def _sortable(text: str) -> str:
    """Days in order of time, as far as numbers tell it."""
    return ".".join(part.zfill(6) for part in re.findall(r"\d+", text))


def _answers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """1 for yes, 0 for no, NaN where nothing is said: only of those asked is a share taken."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    text = frame[name].fillna("").map(cells.plain)
    return np.array(
        [1.0 if _YES.fullmatch(t) else 0.0 if _NO.fullmatch(t) else np.nan for t in text]
    )


def _days(frame: pd.DataFrame) -> np.ndarray:
    if "closed" not in frame:
        return np.full(len(frame), np.nan)
    begun, ended = ([_moment(t) for t in frame[name].fillna("")] for name in ("day", "closed"))
    days = [
        (e - b).total_seconds() / 86400 if b and e else np.nan
        for b, e in zip(begun, ended, strict=True)
    ]
    return np.array([d if d >= 0 else np.nan for d in days])


def _moment(text: str) -> datetime | None:
    numbers = [int(part) for part in re.findall(r"\d+", cells.plain(text))][:6]
    if len(numbers) == 1 and len(str(numbers[0])) == 8:
        numbers = [numbers[0] // 10_000, numbers[0] // 100 % 100, numbers[0] % 100]
    try:
        return datetime(*numbers) if len(numbers) >= 3 else None  # type: ignore[arg-type]
    except ValueError:
        return None


def _by_month(rows: pd.DataFrame) -> pd.DataFrame:
    """Every month from the first to the last, those without a ticket too."""
    of_property = rows[rows["kind"] != OTHER]
    group = rows.groupby("when", sort=True)
    months = pd.DataFrame({"tickets": group.size()})
    first, last = min(months.index), max(months.index)
    every = [_later(first, k) for k in range(cells.months_between(first, last) + 1)]
    months = months.reindex(pd.Index(every, tupleize_cols=False), fill_value=0)
    months["property"] = (
        of_property.groupby("when").size().reindex(months.index).fillna(0).astype(int)
    )
    for name, column in (
        ("repeats", "again"),
        ("solved", "solved"),
        ("satisfied", "satisfied"),
        ("responded", "responded"),
        ("days", "days"),
    ):
        months[name] = of_property.groupby("when")[column].mean().reindex(months.index)
    return months


def _later(when: cells.Month, k: int) -> cells.Month:
    month = when[0] * 12 + when[1] - 1 + k
    return month // 12, month % 12 + 1


def _figures(
    rows: pd.DataFrame, months: pd.DataFrame, said: Said, notes: Notes
) -> list[tuple[str, cells.Month, float]]:
    """Figures of property tickets by the names that the model's indicators have."""
    figures: list[tuple[str, cells.Month, float]] = []
    others = int((rows["kind"] == OTHER).sum())
    if others:
        notes.append(Note("not_property", {"n": others}))
    if said.households is None:
        notes.append(Note("no_households", {}))
    names_ = {"repeats": "ticket_repeats", "solved": "tickets_solved", "satisfied": "tickets_satisfied",
              "responded": "tickets_responded", "days": "days_to_close"}  # fmt: skip
    calls = dict(zip(months.index, months["property"].tolist(), strict=True))
    told = {
        column: dict(zip(months.index, months[column].tolist(), strict=True)) for column in names_
    }
    for when in months.index:
        if said.households is not None:
            rate = 1000.0 * calls[when] / said.households
            figures.append(("tickets_per_1000", when, rate))
            # Complaints are calls about what had been told before: where nothing tells that, they are not known.
            if not np.isnan(again := told["repeats"][when]):
                figures.append(("complaints_per_1000", when, rate * again))
        for column, name in names_.items():
            value = told[column][when]
            if not np.isnan(value):
                figures.append((name, when, value))
    return figures
