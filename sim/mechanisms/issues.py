"""Issues (诉求): problems arise, are found, sent to a level, handled within its hours, or rise a level.

building -> compound -> community -> street -> district. Each level solves what its hours allow; what is
overdue rises or is shelved. An issue is a record in the ``IssueBook``, not an agent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import field_validator

from sim.compiled import kernel
from sim.schema import Parameters, bounded, param
from sim.streams import BLOCK, Stream, fill, philox


class Level(IntEnum):
    """Where an issue is handled, lowest first."""

    BUILDING = 0
    COMPOUND = 1
    COMMUNITY = 2
    STREET = 3
    DISTRICT = 4


LEVELS = len(Level)


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


def _numbers(group: type[Parameters], *values: float) -> Any:
    return group(**dict(zip(group.model_fields, map(float, values), strict=True)))


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
    CategoryLevels = PerCategory
    CategoryFlags = PerCategory
    LevelChances = PerLevel
    LevelMonths = PerLevel
else:
    CategoryRates = bounded(PerCategory, "CategoryRates", 0, 1, __name__)
    CategoryLevels = bounded(PerCategory, "CategoryLevels", 0, LEVELS - 1, __name__)
    CategoryFlags = bounded(PerCategory, "CategoryFlags", 0, 1, __name__)
    LevelChances = bounded(PerLevel, "LevelChances", 0, 1, __name__)
    LevelMonths = bounded(PerLevel, "LevelMonths", 1, 60, __name__)


class IssueParameters(Parameters):
    """Arrival, finding, handling and closing of issues."""

    rate: CategoryRates = param(
        _numbers(CategoryRates, 0.030, 0.030, 0.015, 0.010, 0.020, 0.006, 0.020, 0.015, 0.010),
        "Problems per household and month at the worst state of what causes them",
        unit="1/month", zh="问题发生率",
        source="assumed; order of size from 300 small issues in under six months (seed 004)",
    )  # fmt: skip
    hours: PerCategory = param(
        _numbers(PerCategory, 2, 8, 4, 3, 4, 6, 16, 3, 40), "Hours of work to handle one issue",
        unit="hour", zh="处理工时",
    )  # fmt: skip
    first_level: CategoryLevels = param(
        _numbers(CategoryLevels, 1, 1, 1, 1, 1, 1, 2, 1, 2),
        "Level an issue is first sent to (0 building ... 4 district)", unit="level", zh="首办层级",
    )  # fmt: skip
    small: CategoryFlags = param(
        _numbers(CategoryFlags, 1, 0, 0, 1, 1, 1, 0, 0, 0),
        "1 where a building that meets can settle it itself", zh="小微问题",
        source="building matters settled in the building: seed 001 (微单元); list assumed",
    )  # fmt: skip
    deadline: LevelMonths = param(
        _numbers(LevelMonths, 1, 2, 2, 3, 4), "Months a level has before an issue is overdue", unit="month",
        zh="办理时限",
    )  # fmt: skip
    solve: LevelChances = param(
        _numbers(LevelChances, 0.6, 0.65, 0.5, 0.5, 0.6),
        "Chance that an attempt with enough hours solves the issue", zh="办结概率",
        source="assumed; a ladder in which most is solved low (seed 004: over 70% in the grid)",
    )  # fmt: skip
    rise: LevelChances = param(
        _numbers(LevelChances, 0.7, 0.3, 0.5, 0.5, 0.0),
        "Chance that an overdue issue rises a level; otherwise it is shelved", zh="升级概率",
    )  # fmt: skip
    relief: float = param(
        0.25,
        "Share of grievance the reporter loses when the issue is solved",
        low=0,
        high=1,
        zh="办结消气",
    )
    shelved: float = param(
        0.12, "Grievance the reporter gains when it is shelved", low=0, high=1, zh="搁置生怨"
    )
    solved_trust: float = param(
        0.08, "Trust in the handler gained by the reporter", low=0, high=1, zh="办结增信"
    )
    shelved_trust: float = param(
        0.08, "Trust in the handler lost by the reporter", low=0, high=1, zh="搁置失信"
    )
    heard: float = param(
        0.1, "Feeling of being heard gained by the reporter when solved, lost when shelved", low=0, high=1,
        zh="办结或搁置对效能感的影响",
    )  # fmt: skip
    meeting_finds: float = param(
        0.5, "Chance that a meeting brings a hidden problem of its building to light", low=0, high=1,
        zh="议事发现概率",
    )  # fmt: skip

    @field_validator("first_level")
    @classmethod
    def _is_a_level(cls, value: PerCategory) -> PerCategory:
        # The kernel indexes arrays by it without a check of its own.
        for name, level in value:
            if level not in range(LEVELS):
                raise ValueError(
                    f"{name} is {level:g}; allowed: a whole number from 0 to {LEVELS - 1}"
                )
        return value


LATENT, OPEN = 0, 1
NOTHING = -1
ARISE, HANDLE = int(Stream.ISSUES_ARISE), int(Stream.ISSUES_HANDLE)

COUNTS = (
    "arisen", "found", "closed_building", "closed_compound", "closed_community", "closed_street",
    "closed_district", "shelved", "days", "overdue", "calls", "open",
)  # fmt: skip
"""What the book counts each month and compound.

``days`` sums the age at closing; ``calls`` are issues that rise from the compound, by way of the hotline;
``open`` are those left in the book, found or not.
"""
_CLOSED0, _SHELVED, _DAYS, _OVERDUE, _CALLS, _LEFT = 2, 7, 8, 9, 10, 11


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


_RESIDENT, _MEETING, _GRID, _FIRM, _ATTEMPTED, _SOLVED, _ROSE, _SHELVED_NOW, _CALLED = map(
    int, Happened
)


@dataclass
class IssueBook:
    """All issues not yet closed, oldest first, as columns of equal length.

    Attributes:
        size: Number of issues held; columns may be longer.
        category, level, state: ``Category``, ``Level``, LATENT or OPEN (int8).
        reporter: Household row (int32); its building and compound follow from it.
        arose, due: Months (int32).
        happened: ``Happened`` (int16) in the last month worked, by row as before closed ones left.
        handled_at: ``Level`` (int8) at which it then was before it rose, in the same rows.
    """

    size: int
    category: np.ndarray
    level: np.ndarray
    state: np.ndarray
    reporter: np.ndarray
    arose: np.ndarray
    due: np.ndarray
    happened: np.ndarray = field(init=False)
    handled_at: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self._make_notes()

    def _make_notes(self) -> None:
        room = len(self.category)
        self.happened, self.handled_at = np.zeros(room, np.int16), np.zeros(room, np.int8)

    @classmethod
    def empty(cls, room: int = 256) -> IssueBook:
        """A book with no issue and room for some."""
        i1, i4 = np.int8, np.int32
        return cls(
            0,
            *(np.zeros(room, dtype) for dtype in (i1, i1, i1)),
            *(np.zeros(room, i4) for _ in range(3)),
        )

    @property
    def columns(self) -> tuple[np.ndarray, ...]:
        """The six columns in the order kernels take them."""
        return self.category, self.level, self.state, self.reporter, self.arose, self.due

    @property
    def notes(self) -> tuple[np.ndarray, np.ndarray]:
        """What the last month's work noted, in the order ``work`` takes it."""
        return self.happened, self.handled_at

    def copy(self) -> IssueBook:
        """The same issues in columns of their own."""
        return IssueBook(self.size, *(column.copy() for column in self.columns))

    def make_room(self, more: int) -> None:
        """Grow the columns so that ``more`` issues can be added."""
        room = len(self.category)
        if self.size + more <= room:
            return
        wanted = max(2 * room, self.size + more)
        for name in ("category", "level", "state", "reporter", "arose", "due"):
            column = getattr(self, name)
            setattr(self, name, np.resize(column, wanted))
        self._make_notes()

    def place(self, month: int, category: int, household: int) -> bool:
        """Put a hidden problem of a household into the book, after this month's arisen.

        A household has one new problem a month at most: if it has one, that takes the category.

        Returns:
            Whether the book has one problem more.
        """
        fresh = self.arose[: self.size] == month
        own = np.flatnonzero(fresh & (self.reporter[: self.size] == household))
        if len(own):
            self.category[own[0]] = category
            return False
        self.make_room(1)
        for column, value in zip(
            self.columns, (category, 0, LATENT, household, month, 0), strict=True
        ):
            column[self.size] = value
        self.size += 1
        return True


@kernel
def chances(parameters, signals, condition, census):  # type: ignore[no-untyped-def]
    """Reckon the chance that a household has a new problem, summed up over categories.

    Each category has a cause, bad from 0 to 1: the state of its service line, misuse of common
    space, closed accounts, broken promises; neighbours quarrel anyway.

    Args:
        condition: (compounds, lines).
        census: Records (compounds,) of last month.

    Returns:
        (compounds, categories), ends at the chance of any problem.
    """
    rate = parameters[0].rate
    out = np.empty((len(condition), CATEGORIES))
    for c in range(condition.shape[0]):
        misuse = census[c].misuse / max(census[c].occupied, 1.0)
        total = 0.0
        for k in range(4):
            total += rate[k] * (1.0 - condition[c, k])
            out[c, k] = total
        others = (0.3 + 0.7 * misuse, 1.0, misuse, 1.0 - signals[c].transparency, signals[c].legacy)
        for k in range(5):
            total += rate[4 + k] * others[k]
            out[c, 4 + k] = total
    return out


@kernel
def arise(first, last, month, seed, chance, compound, tenure, arising):  # type: ignore[no-untyped-def]
    """Find out at which of rows [first, last) new problems arise this month.

    Args:
        chance: (compounds, categories) from ``chances``.
        arising: (households,) set to the category of a row's new problem, or to NOTHING.

    Returns:
        How many arise.
    """
    u = np.empty((1, BLOCK))
    found = 0
    for start in range(first, last, BLOCK):
        n = min(BLOCK, last - start)
        fill(u, 1, n, start, month, seed, ARISE)
        for k in range(n):
            i = start + k
            c = compound[i]
            arising[i] = NOTHING
            if u[0, k] < chance[c, CATEGORIES - 1] and tenure[i] != 2:
                category = 0
                while u[0, k] >= chance[c, category]:
                    category += 1
                arising[i] = category
                found += 1
    return found


@kernel
def enter(  # type: ignore[no-untyped-def]
    month, arising, size, category, level, state, reporter, arose, due, compound, own_open, counts
):
    """Append this month's new problems, still hidden, to a book that has room for them.

    Args:
        arising: (households,) from ``arise``.
        counts: (compounds, COUNTS) this month's counts, added to.

    Returns:
        New size of the book.
    """
    for i in range(len(arising)):
        if arising[i] != NOTHING:
            category[size], level[size], state[size] = arising[i], 0, LATENT
            reporter[size], arose[size], due[size] = i, month, 0
            own_open[i] += 1
            counts[compound[i], 0] += 1
            size += 1
    return size


@kernel
def _found_by(draw, untold, unmet, unseen):  # type: ignore[no-untyped-def]
    # One draw decides for all who look; whoever's chance it already passes alone has found it.
    if draw >= untold:
        return _RESIDENT
    if draw >= unmet:
        return _MEETING
    return _GRID if draw >= unseen else _FIRM


@kernel
def _deal(first, n, month, seed, reporter, arose, u):  # type: ignore[no-untyped-def]
    # Draws of issues first to first + n - 1 into u (3, n): to be found, to be solved, to rise. They
    # hang on who has the issue and since when, so its place in the book does not matter.
    m, zero, k0, k1 = np.uint64(np.uint32(month)), np.uint64(0), np.uint64(seed), np.uint64(HANDLE)
    for i in range(n):
        r, since = np.uint64(reporter[first + i]), np.uint64(np.uint32(arose[first + i]))
        a, b, c, _ = philox(r, m, since, zero, k0, k1)
        u[0, i] = np.float64(np.int64(a)) * 2.0**-32
        u[1, i] = np.float64(np.int64(b)) * 2.0**-32
        u[2, i] = np.float64(np.int64(c)) * 2.0**-32


@kernel
def work(  # type: ignore[no-untyped-def]
    month, seed, parameters, signals, size, category, level, state, reporter, arose, due,
    happened, handled_at, compound, building, meeting, efficacy, own_open, grievance, trust_firm, trust_cell,
    building_open, building_closed, counts,
):  # fmt: skip
    """Find, handle, raise or shelve every issue in the book; closed ones leave it.

    Args:
        happened, handled_at: What is noted of every row, see ``IssueBook``.
        meeting: (buildings,) 1 where the building meets this month.
        building_open, building_closed: (buildings,) counts, set by this call.
        counts: (compounds, COUNTS) added to.

    Returns:
        New size of the book.
    """
    p = parameters[0]
    building_open[:] = 0.0
    building_closed[:] = 0.0
    # Hours left this month, used up by one issue after the other.
    hours = np.empty((len(signals), LEVELS))
    for c in range(len(signals)):
        s = signals[c]
        hours[c, 0], hours[c, 1] = s.building_hours, s.compound_hours
        hours[c, 2], hours[c, 3] = s.community_hours, s.street_hours
        hours[c, 4] = s.district_hours
    u = np.empty((3, BLOCK))
    kept = 0
    for k in range(size):
        if k % BLOCK == 0:
            _deal(k, min(BLOCK, size - k), month, seed, reporter, arose, u)
        finding, solving, rising = u[0, k % BLOCK], u[1, k % BLOCK], u[2, k % BLOCK]
        r = reporter[k]
        c, b = compound[r], building[r]
        s = signals[c]
        kind = category[k]
        note = 0
        if state[k] == 0:
            untold = 1.0 - s.detect_resident * (0.4 + 0.6 * efficacy[r])
            unmet = untold
            if meeting[b] == 1:
                unmet *= 1.0 - p.meeting_finds
            hidden = unmet * ((1.0 - s.detect_grid) * (1.0 - s.detect_firm))
            if finding >= hidden:
                state[k] = 1
                note = _found_by(finding, untold, unmet, unmet * (1.0 - s.detect_grid))
                at = int(p.first_level[kind])
                if s.building_hours > 0.0 and p.small[kind] > 0.0:
                    at = 0
                elif at == 1 and s.compound_hours <= 0.0:
                    at = 2
                level[k] = at
                due[k] = month + int(p.deadline[at]) - 1
                counts[c, 1] += 1
        gone = False
        handled_at[k] = level[k]
        if state[k] == 1:
            at = level[k]
            need = p.hours[kind]
            if hours[c, at] >= need:
                note |= _ATTEMPTED
                hours[c, at] -= need
                chance = p.solve[at]
                if at >= 3:
                    chance = min(chance * (1.0 + s.hard_case_gain), 0.95)
                gone = solving < chance
            if gone:
                note |= _SOLVED
                efficacy[r] += p.heard * (1.0 - efficacy[r])
                counts[c, _CLOSED0 + at] += 1
                counts[c, _DAYS] += 30.0 * (month - arose[k]) + 15.0
                building_closed[b] += 1.0
                grievance[r] *= 1.0 - p.relief
                gain = min(p.solved_trust * (1.0 + s.revisit), 1.0)
                if at == 1:
                    trust_firm[r] += gain * (1.0 - trust_firm[r])
                else:
                    trust_cell[r] += gain * (1.0 - trust_cell[r])
            elif month >= due[k]:
                counts[c, _OVERDUE] += 1
                rises = p.rise[at] + (1.0 - p.rise[at]) * s.whistle
                if at < 4 and rising < rises:
                    note |= _ROSE
                    level[k] = at + 1
                    # What the whistle carries up, else shelved, is no resident's call to the hotline.
                    if at == 1 and rising < p.rise[at]:
                        note |= _CALLED
                        counts[c, _CALLS] += 1
                    due[k] = month + int(p.deadline[at + 1])
                else:
                    gone = True
                    note |= _SHELVED_NOW
                    counts[c, _SHELVED] += 1
                    efficacy[r] *= 1.0 - p.heard
                    grievance[r] += p.shelved * (1.0 - grievance[r])
                    if at == 1:
                        trust_firm[r] *= 1.0 - p.shelved_trust
                    else:
                        trust_cell[r] *= 1.0 - p.shelved_trust
        happened[k] = note
        if gone:
            own_open[r] -= 1
            continue
        building_open[b] += 1.0
        counts[c, _LEFT] += 1
        category[kept], level[kept], state[kept] = kind, level[k], state[k]
        reporter[kept], arose[kept], due[kept] = r, arose[k], due[k]
        kept += 1
    return kept


@kernel
def follow_up(  # type: ignore[no-untyped-def]
    building_open, building_closed, building_size, closed_lately, followed, open_per_household
):
    """Reckon what came of each building's problems, the latest months counting most.

    Args:
        closed_lately: (buildings,) fading count of closed ones, moved on by a month.
        followed: (buildings,) set to the closed share of closed and open ones, -1 where there are none.
        open_per_household: (buildings,) set.
    """
    for b in range(len(followed)):
        open_per_household[b] = building_open[b] / building_size[b]
        closed_lately[b] = 0.6 * closed_lately[b] + building_closed[b]
        due = closed_lately[b] + building_open[b]
        followed[b] = closed_lately[b] / max(due, 1.0) if due > 0.0 else -1.0
