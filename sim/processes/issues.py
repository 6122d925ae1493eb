"""Issues (诉求): what problems there are, and how they arise.

Whom households tell stands in ``voices``, what is done about it in ``handling``. An issue is a record in
the book (``world.issues``), not an agent.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING

import numpy as np

from sim.compiled import kernel
from sim.schema import Parameters, bounded, fraction, in_order, monthly, param
from sim.streams import Stream, draw, fill
from sim.world.arrows import arrow, through
from sim.world.declare import SealedRow, column
from sim.world.native import register_row, rows
from sim.world.process import How, process
from sim.world.tables import Tenure
from sim.world.units import DAYS_PER_MONTH


class Level(IntEnum):
    """Where an issue is handled, lowest first."""

    BUILDING = 0
    COMPOUND = 1
    COMMUNITY = 2
    STREET = 3
    DISTRICT = 4


LEVELS = len(Level)
_BUILDING = int(Level.BUILDING)


class Category(IntEnum):
    """What an issue is about."""

    CLEANING = 0
    FACILITIES = 1
    SECURITY = 2
    GREENERY = 3
    PARKING = 4
    NEIGHBOURS = 5
    COMMON_SPACE = 6
    ACCOUNTS = 7
    DEVELOPER = 8


CATEGORIES = len(Category)
_OF_LINES = int(Category.PARKING)
# The categories before it are each of one service line, in the order of the lines.


class PerCategory(Parameters):
    """One number for each category of issue."""

    cleaning: float = param(0.0, "Cleaning and environment", low=0, high=1000, zh="保洁环境")
    facilities: float = param(
        0.0, "Facility repair and lifts", low=0, high=1000, zh="设施维修与电梯"
    )
    security: float = param(0.0, "Security and fire lanes", low=0, high=1000, zh="安全与消防通道")
    greenery: float = param(0.0, "Greenery", low=0, high=1000, zh="绿化")
    parking: float = param(0.0, "Parking", low=0, high=1000, zh="停车")
    neighbours: float = param(0.0, "Dispute between neighbours", low=0, high=1000, zh="邻里纠纷")
    common_space: float = param(
        0.0, "Illegal structure, common space", low=0, high=1000, zh="违建与公共空间"
    )
    accounts: float = param(0.0, "Fees and accounts", low=0, high=1000, zh="收费与账目")
    developer: float = param(0.0, "Developer's legacy", low=0, high=1000, zh="开发遗留")


class PerLevel(Parameters):
    """One number for each level."""

    building: float = param(0.0, "Building", low=0, high=1000, zh="楼栋")
    compound: float = param(0.0, "Compound", low=0, high=1000, zh="小区")
    community: float = param(0.0, "Community", low=0, high=1000, zh="社区")
    street: float = param(0.0, "Street", low=0, high=1000, zh="街道")
    district: float = param(0.0, "District", low=0, high=1000, zh="区")


# Chances, levels and months have bounds of their own; to a type checker they are the same keys.
if TYPE_CHECKING:
    CategoryRates = PerCategory
    CategoryShares = PerCategory
    CategoryLevels = PerCategory
    CategoryFlags = PerCategory
    LevelChances = PerLevel
else:
    CategoryRates = bounded(PerCategory, "CategoryRates", 0, 1, __name__)
    CategoryShares = bounded(PerCategory, "CategoryShares", 0, 1, __name__)
    CategoryLevels = bounded(PerCategory, "CategoryLevels", 0, LEVELS - 1, __name__)
    CategoryFlags = bounded(PerCategory, "CategoryFlags", 0, 1, __name__)
    LevelChances = bounded(PerLevel, "LevelChances", 0, 1, __name__)


class Urgency(IntEnum):
    """How soon an issue is due, by the limits of the hotline."""

    EMERGENCY = 0
    URGENT = 1
    ORDINARY = 2
    COMPLEX = 3


URGENCIES = len(Urgency)
_EMERGENCY, _URGENT, _ORDINARY, _COMPLEX = map(int, Urgency)


class PerUrgency(Parameters):
    """One number for each urgency."""

    emergency: float = param(0.0, "Emergency", low=0, high=365, zh="突发紧急")
    urgent: float = param(0.0, "Water, power, heat, lift", low=0, high=365, zh="水电气热电梯")
    ordinary: float = param(0.0, "Ordinary", low=0, high=365, zh="一般")
    complex: float = param(0.0, "Complex", low=0, high=365, zh="复杂疑难")


class IssueParameters(Parameters):
    """What issues there are: how they arise, how urgent and dear they are, and how they are lived with."""

    rate: CategoryRates = param(
        in_order(CategoryRates, 0.030, 0.030, 0.015, 0.010, 0.020, 0.006, 0.020, 0.015, 0.010),
        "Problems per household and month at the worst state of what causes them", unit="1/month", zh="问题发生率",
        source="assumed; order of size from 300 small issues in under six months (seed 004)",
    )  # fmt: skip
    emergency: CategoryShares = param(
        in_order(CategoryShares, 0, 0.03, 0.02, 0, 0, 0, 0, 0, 0), "Share that is an emergency", zh="突发紧急占比",
    )  # fmt: skip
    urgent: CategoryShares = param(
        in_order(CategoryShares, 0, 0.25, 0.05, 0, 0, 0, 0, 0, 0),
        "Share that is urgent: water, power, heat, a lift that stands", zh="水电气热电梯类占比",
    )  # fmt: skip
    complex: CategoryFlags = param(
        in_order(CategoryFlags, 0, 0, 0, 0, 0, 0, 1, 0, 1), "1 where it is complex, needing more than one department",
        zh="复杂疑难类",
        source="illegal structures and the developer's legacy involve many departments (多达30多个): seed 001; list "
        "assumed",
    )  # fmt: skip
    shared: CategoryFlags = param(
        in_order(CategoryFlags, 1, 1, 1, 1, 1, 0, 1, 0, 1), "1 where others of the building have it too",
        zh="共有问题",
    )  # fmt: skip
    costly: CategoryShares = param(
        in_order(CategoryShares, 0, 0.15, 0.05, 0.05, 0, 0, 0, 0, 0),
        "Share that the compound cannot solve without money", zh="需出资维修占比",
        source="renewal waits for money (资金): seeds 002, 004; share assumed",
    )  # fmt: skip
    gives_up: float = monthly(
        0.20, "Chance that a problem nobody is working on is given up, or got used to", zh="放弃概率",
    )  # fmt: skip
    lately_keeps: float = monthly(
        0.6, "Share of what was closed so far that residents still count a month later", zh="办结印象月留存率",
    )  # fmt: skip
    meeting_finds: float = fraction(
        0.5, "Chance that a meeting brings a hidden problem of its building to light", zh="议事发现概率",
    )  # fmt: skip


class Status(IntEnum):
    """Who knows of an issue."""

    LATENT = 0
    """Its household alone."""
    OPEN = 1
    """Somebody works on it, or has it on the desk."""
    ANSWERED = 2
    """It was answered and is not solved; nobody works on it."""


LATENT, OPEN, ANSWERED = map(int, Status)
NOTHING = -1
ARISE, DAYS = int(Stream.ISSUES_ARISE), int(Stream.ISSUES_DAYS)


class Door(IntEnum):
    """Whom a household tells, nearest first."""

    NONE = 0
    FIRM = 1
    CELL = 2
    COMMITTEE = 3
    GRID = 4
    PLATFORM = 5
    HOTLINE = 6
    PETITION = 7


DOORS = len(Door)

_COUNTED = {
    "arisen": "problems that arose", "found": "problems found",
    **{f"closed_{level.name.lower()}": f"solved at the level of the {level.name.lower()}" for level in Level},
    "shelved": "given up unsolved", "days": "sum of the ages at solving",
    "overdue": "problems past their limit at the end of the month",
    "open": "left in the book, found or not",
    "waiting": "costly repairs that wait for money", "passed": "times one was passed on to somebody else",
    **{f"told_{door.name.lower()}": f"told to: {door.name.lower()}" for door in Door if door},
    "complaints": "calls to the hotline about what had been told before",
    "repeats": "calls to the hotline about what it had been called about before",
    "answered": "problems answered, solved or not", "answer_days": "sum of days from telling to answer",
    "tickets_closed": "calls to the hotline that were answered",
    "tickets_timely": "of these, those whose household was rung back within the limit",
    "tickets_solved": "of these, those whose problem was solved",
    "tickets_asked": "of these, those whose caller was asked", "tickets_content": "callers asked that were content",
}  # fmt: skip
COUNTS = tuple(_COUNTED)
"""What the book counts each month and compound."""
_ARISEN = COUNTS.index("arisen")


class Happened(IntFlag):
    """What happened to an issue in one month; found by the first of these who would have."""

    FOUND_BY_RESIDENT = 1
    FOUND_BY_MEETING = 2
    FOUND_BY_GRID = 4
    FOUND_BY_FIRM = 8
    ATTEMPTED = 16
    SOLVED = 32
    ROSE = 64
    SHELVED = 128
    CALLED = 256
    UNSOLVED = 512
    PASSED = 1024
    NO_MONEY = 2048


@register_row
class Worked(SealedRow, table="worked"):
    """What was counted of the problems of one compound this month, see ``COUNTS``."""

    for _name, _doc in _COUNTED.items():
        locals()[_name] = column("f8", "day" if "days" in _name else "issue", "0 or more", _doc)
    del _name, _doc


@process(How.BLOCK, stream=Stream.ISSUES_ARISE, switch="issues")
def problems_arise(compound, first, last):  # type: ignore[no-untyped-def]
    """Problems arise at households, each by what causes it."""
    world, h = compound.world, compound.world.households
    tenure, arising = h.tenure, h.arising
    chance, u, start = _chances(compound), np.empty((1, last - first)), np.uint64(first)
    fill(u, 1, last - first, first, world.month, world.seed, ARISE)
    for i in rows(first, last):
        arising[i] = NOTHING
        drawn = u[0, i - start]
        if drawn < chance[CATEGORIES - 1] and tenure[i] != Tenure.VACANT:
            category = 0
            while drawn >= chance[category]:
                category += 1
            arising[i] = category


arrow(
    "condition", "problems", "what is run down breaks and is dirty",
    neutral="the state of the first month (service.start)",
    zh="失修失管产生问题", zh_neutral="首月状况（service.start）",
)  # fmt: skip
arrow(
    "parking", "problems", "cars without a place lead to quarrels",
    neutral="as many as is usual (parking.usual_short), and no misuse",
    zh="车位不足引起纠纷", zh_neutral="通常缺口（parking.usual_short），无占用",
)  # fmt: skip
arrow(
    "misuse", "problems", "misused common space is a problem to others",
    neutral="nobody misuses it", zh="占用公共空间给他人造成问题", zh_neutral="无人占用",
)  # fmt: skip
arrow(
    "accounts", "problems", "closed accounts lead to questions",
    neutral="accounts as open as an ordinary firm's (firm.transparency)",
    zh="账目不公开引起质疑", zh_neutral="普通物业服务企业的公开程度（firm.transparency）",
)  # fmt: skip
arrow(
    "legacy", "problems", "what the developer left undone is a problem",
    neutral="no legacy", zh="开发遗留产生问题", zh_neutral="没有遗留",
)  # fmt: skip


@kernel
def _chances(compound):  # type: ignore[no-untyped-def]
    """The chance that a household has a new problem (categories,), summed up over categories.

    Each category has a cause, bad from 0 to 1: the state of its service line, cars without a place,
    misuse of common space, closed accounts, broken promises; neighbours quarrel anyway.
    """
    s, condition, census = compound.signals, compound.condition, compound.census
    p, out, total = compound.parameters.issues, np.empty(CATEGORIES), 0.0
    rate = p.rate
    on, first = compound.parameters.arrows, compound.p.start
    misuse = census.misuse / max(census.occupied, 1.0) * on.misuse_to_problems
    for k in range(_OF_LINES):
        total += rate[k] * (1.0 - through(on.condition_to_problems, condition[k], first[k]))
        out[k] = total
    short, usual = compound.parking_short, compound.parameters.parking.usual_short
    parking = through(on.parking_to_problems, short + (1.0 - short) * misuse, usual)
    usual = compound.parameters.firm.transparency
    closed = 1.0 - through(on.accounts_to_problems, s.transparency, usual)
    others = (parking, 1.0, misuse, closed, s.legacy * on.legacy_to_problems)
    for k in range(CATEGORIES - _OF_LINES):
        total += rate[_OF_LINES + k] * others[k]
        out[_OF_LINES + k] = total
    return out


@process(How.WORLD, stream=Stream.ISSUES_DAYS, switch="issues")
def problems_are_entered(world):  # type: ignore[no-untyped-def]
    """New problems, still hidden, are entered by the day on which they arose."""
    h, counts = world.households, world.worked.numbers
    for c in range(len(counts)):
        counts[c] = 0.0
    for j in range(world.issues_held):
        world.issues.happened[j] = world.issues.said[j] = 0
    new = 0
    for i in range(len(h.arising)):
        h.complained[i] = 0
        new += h.arising[i] != NOTHING
    who, day, at = np.empty(new, np.int64), np.empty(new), 0
    for i in range(len(h.arising)):
        if h.arising[i] != NOTHING:
            who[at], day[at] = i, draw(i, world.month, world.seed, DAYS)[0]
            at += 1
    for n in np.argsort(day):
        _enter(world, h.arising[who[n]], who[n])
    # Problems that events place come after those drawn, so that they shift no draw.
    for j in range(world.placed):
        _place(world, world.placing.category[j], world.placing.household[j])
    world.placed = 0


@kernel
def _enter(world, category, i):  # type: ignore[no-untyped-def]
    # The draws hang on household and month, so a household has one new problem a month at most.
    k, h, at = world.issues, world.households, world.issues_held
    p = world.compounds[h.compound[i]].parameters.issues
    day, urgency, cost, _ = draw(i, world.month, world.seed, DAYS)
    k.reporter[at], k.arose[at] = i, world.month
    k.since[at] = DAYS_PER_MONTH * (world.month + day)
    k.category[at], k.level[at], k.state[at], k.door[at] = category, _BUILDING, LATENT, 0
    k.urgency[at] = _COMPLEX if p.complex[category] > 0.0 else _ORDINARY
    if urgency < p.emergency[category]:
        k.urgency[at] = _EMERGENCY
    elif urgency < p.emergency[category] + p.urgent[category]:
        k.urgency[at] = _URGENT
    k.costly[at] = cost < p.costly[category]
    k.told[at] = k.ready[at] = k.due[at] = k.since[at]
    k.done[at], k.tickets[at], k.called_before[at], k.rung[at] = 0.0, 0, 0, 0
    k.happened[at], k.said[at], k.spent[at] = 0, 0, 0.0
    h.own_open[i] += 1
    world.worked.numbers[h.compound[i], _ARISEN] += 1
    world.issues_held = at + 1


@kernel
def _place(world, category, household):  # type: ignore[no-untyped-def]
    # A household has one new problem a month at most: if it has one, that takes the category.
    k = world.issues
    for j in range(world.issues_held):
        if k.arose[j] == world.month and k.reporter[j] == household:
            k.category[j] = category
            return
    _enter(world, category, household)
