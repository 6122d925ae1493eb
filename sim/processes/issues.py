"""Issues (诉求): problems arise, are found, sent to a level, handled within its hours, or rise a level.

building -> compound -> community -> street -> district. Each level solves what its hours allow; what is
overdue rises or is shelved. An issue is a record in the ``IssueBook``, not an agent.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import field_validator

from sim.compiled import kernel
from sim.schema import Parameters, bounded, param
from sim.streams import BLOCK, Stream, fill, philox
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
_BUILDING, _COMPOUND, _COMMUNITY, _STREET, _DISTRICT = map(int, Level)


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
    reports_unheard: float = param(
        0.4, "Chance to report of residents who feel not heard at all, relative to those who do", low=0,
        high=1, zh="无效能感居民报事意愿",
    )  # fmt: skip
    solve_most: float = param(
        0.95, "Largest chance to solve that special effort of street or district can reach", low=0, high=1,
        zh="难题办结概率上限",
    )  # fmt: skip
    lately_keeps: float = param(
        0.6, "Share of the problems closed so far that residents still count a month later",
        unit="1/month", low=0, high=1, zh="办结印象月留存率",
    )  # fmt: skip
    relief: float = param(
        0.25, "Share of grievance the reporter loses when the issue is solved", low=0, high=1,
        zh="办结消气",
    )  # fmt: skip
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

    call_finds: float = param(
        0.5, "Chance that a call by staff brings a hidden problem of the household to light", low=0, high=1,
        zh="入户走访发现概率",
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

_COUNTED = {
    "arisen": "problems that arose", "found": "problems found",
    **{f"closed_{level.name.lower()}": f"closed at the level of the {level.name.lower()}" for level in Level},
    "shelved": "shelved: overdue and not raised", "days": "sum of the ages at closing",
    "overdue": "problems that were overdue", "calls": "raised from the compound, by way of the hotline",
    "open": "left in the book, found or not",
}  # fmt: skip
COUNTS = tuple(_COUNTED)
"""What the book counts each month and compound."""
_ARISEN, _CLOSED0 = COUNTS.index("arisen"), COUNTS.index("closed_building")


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
_GONE = _SOLVED | _SHELVED_NOW


@register_row
class Worked(SealedRow, table="worked"):
    """What was counted of the problems of one compound this month, see ``COUNTS``."""

    for _name, _doc in _COUNTED.items():
        locals()[_name] = column("f8", "day" if _name == "days" else "issue", "0 or more", _doc)
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
    zh="失修失管产生问题",
    zh_neutral="首月状况（service.start）",
)  # fmt: skip
arrow(
    "parking", "problems", "cars without a place lead to quarrels",
    neutral="as many as is usual (parking.usual_short), and no misuse",
    zh="车位不足引起纠纷",
    zh_neutral="通常缺口（parking.usual_short），无占用",
)  # fmt: skip
arrow(
    "misuse", "problems", "misused common space is a problem to others",
    neutral="nobody misuses it",
    zh="占用公共空间给他人造成问题",
    zh_neutral="无人占用",
)  # fmt: skip
arrow(
    "accounts", "problems", "closed accounts lead to questions",
    neutral="accounts as open as an ordinary firm's (firm.transparency)",
    zh="账目不公开引起质疑",
    zh_neutral="普通物业的公开程度（firm.transparency）",
)  # fmt: skip
arrow(
    "legacy", "problems", "what the developer left undone is a problem",
    neutral="no legacy",
    zh="开发遗留产生问题",
    zh_neutral="没有遗留",
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


@process(How.WORLD, switch="issues")
def problems_are_entered(world):  # type: ignore[no-untyped-def]
    """New problems, still hidden, are entered in the order of households."""
    h, k, held = world.households, world.issues, world.issues_held
    counts = world.worked.numbers
    for c in range(len(counts)):
        counts[c] = 0.0
    for i in range(len(h.arising)):
        if h.arising[i] != NOTHING:
            k.category[held], k.level[held], k.state[held] = h.arising[i], _BUILDING, LATENT
            k.reporter[held], k.arose[held], k.due[held] = i, world.month, 0
            h.own_open[i] += 1
            counts[h.compound[i], _ARISEN] += 1
            held += 1
    world.issues_held = held
    # Problems that events place come after those drawn, so that they shift no draw.
    for j in range(world.placed):
        _place(world, world.placing.category[j], world.placing.household[j])
    world.placed = 0


@kernel
def _place(world, category, household):  # type: ignore[no-untyped-def]
    # A household has one new problem a month at most: if it has one, that takes the category.
    k, h, held = world.issues, world.households, world.issues_held
    for j in range(held):
        if k.arose[j] == world.month and k.reporter[j] == household:
            k.category[j] = category
            return
    k.category[held], k.level[held], k.state[held] = category, _BUILDING, LATENT
    k.reporter[held], k.arose[held], k.due[held] = household, world.month, 0
    world.issues_held = held + 1
    h.own_open[household] += 1
    world.worked.numbers[h.compound[household], _ARISEN] += 1


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


@process(How.WORLD, stream=Stream.ISSUES_HANDLE, switch="issues")
def problems_are_handled(world):  # type: ignore[no-untyped-def]
    """Problems are found, handled within hours, raised or shelved; closed ones leave the book."""
    h, k, b = world.households, world.issues, world.buildings
    for j in range(len(b.open)):
        b.open[j] = b.closed[j] = 0.0
    hours, u, kept = _hours(world), np.empty((3, BLOCK)), 0
    for j in range(world.issues_held):
        if j % BLOCK == 0:
            n = min(BLOCK, world.issues_held - j)
            _deal(j, n, world.month, world.seed, k.reporter, k.arose, u)
        finding, solving, rising = u[0, j % BLOCK], u[1, j % BLOCK], u[2, j % BLOCK]
        r = k.reporter[j]
        compound = world.compounds[h.compound[r]]
        note = _find(compound, j, finding) if k.state[j] == LATENT else 0
        k.handled_at[j] = k.level[j]
        if k.state[j] == OPEN:
            note |= _handle(compound, j, hours[h.compound[r]], solving, rising)
        k.happened[j] = note
        if note & _GONE:
            h.own_open[r] -= 1
            continue
        b.open[h.building[r]] += 1.0
        compound.worked.open += 1
        k.category[kept], k.level[kept], k.state[kept] = k.category[j], k.level[j], k.state[j]
        k.reporter[kept], k.arose[kept], k.due[kept] = r, k.arose[j], k.due[j]
        kept += 1
    world.issues_held = kept


@kernel
def _hours(world):  # type: ignore[no-untyped-def]
    # Hours left this month (compounds, levels), used up by one issue after the other.
    hours = np.empty((world.number_of_compounds, LEVELS))
    for c in range(len(hours)):
        s = world.signals[c]
        hours[c, _BUILDING], hours[c, _COMPOUND] = s.building_hours, s.compound_hours
        hours[c, _COMMUNITY], hours[c, _STREET] = s.community_hours, s.street_hours
        hours[c, _DISTRICT] = s.district_hours
    return hours


arrow(
    "efficacy", "reports", "who feels heard reports problems",
    neutral="efficacy of a newcomer (turnover.newcomer_trust)",
    zh="有效能感者愿意报事",
    zh_neutral="新住户的效能感（turnover.newcomer_trust）",
)  # fmt: skip


@kernel
def _find(compound, j, finding):  # type: ignore[no-untyped-def]
    # What happens to hidden problem j: somebody may find it, and then it is sent to a level.
    world, s, p = compound.world, compound.signals, compound.parameters.issues
    k, r, kind = world.issues, world.issues.reporter[j], world.issues.category[j]
    usual = compound.parameters.turnover.newcomer_trust
    feels = through(
        compound.parameters.arrows.efficacy_to_reports, world.households.efficacy[r], usual
    )
    heard = p.reports_unheard + (1.0 - p.reports_unheard) * feels
    untold = 1.0 - s.detect_resident * heard
    if world.households.called_on[r] == 1:
        untold *= 1.0 - p.call_finds
    unmet = untold
    if world.buildings.meeting[world.households.building[r]] == 1:
        unmet *= 1.0 - p.meeting_finds
    hidden = unmet * ((1.0 - s.detect_grid) * (1.0 - s.detect_firm))
    if finding < hidden:
        return 0
    k.state[j] = OPEN
    at = int(p.first_level[kind])
    if s.building_hours > 0.0 and p.small[kind] > 0.0:
        at = _BUILDING
    elif at == _COMPOUND and s.compound_hours <= 0.0:
        at = _COMMUNITY
    k.level[j] = at
    k.due[j] = world.month + int(p.deadline[at]) - 1
    compound.worked.found += 1
    return _found_by(finding, untold, unmet, unmet * (1.0 - s.detect_grid))


@kernel
def _handle(compound, j, hours, solving, rising):  # type: ignore[no-untyped-def]
    # What happens to found problem j: solved within this level's hours, or once overdue raised or shelved.
    world, s, p = compound.world, compound.signals, compound.parameters.issues
    k, counts, note = world.issues, compound.worked, 0
    at, need = k.level[j], p.hours[k.category[j]]
    if hours[at] >= need:
        note |= _ATTEMPTED
        hours[at] -= need
        chance = p.solve[at]
        if at >= _STREET:
            chance = min(chance * (1.0 + s.hard_case_gain), p.solve_most)
        if solving < chance:
            # It arose in the middle of a month, on the mean, and is closed at the end of one.
            counts.days += DAYS_PER_MONTH * (world.month - k.arose[j]) + DAYS_PER_MONTH / 2.0
            _solved(compound, k.reporter[j], at)
            return note | _SOLVED
    if world.month < k.due[j]:
        return note
    counts.overdue += 1
    rises = p.rise[at] + (1.0 - p.rise[at]) * s.whistle
    if at < _DISTRICT and rising < rises:
        k.level[j] = at + 1
        k.due[j] = world.month + int(p.deadline[at + 1])
        # What the whistle carries up, else shelved, is no resident's call to the hotline.
        if at == _COMPOUND and rising < p.rise[at]:
            counts.calls += 1
            note |= _CALLED
        return note | _ROSE
    counts.shelved += 1
    _shelved(compound, k.reporter[j], at)
    return note | _SHELVED_NOW


arrow(
    "solved", "trust", "a problem solved wins trust in who handled it, one shelved costs it",
    neutral="trust stays",
    zh="办结增信，搁置失信",
    zh_neutral="信任不变",
)  # fmt: skip
arrow(
    "solved", "grievance", "a problem solved takes grievance away, one shelved adds to it",
    neutral="grievance stays",
    zh="办结消气，搁置生怨",
    zh_neutral="怨气不变",
)  # fmt: skip
arrow(
    "solved", "efficacy", "a problem solved gives the feeling of being heard, one shelved takes it",
    neutral="efficacy stays",
    zh="办结增强效能感，搁置削弱效能感",
    zh_neutral="效能感不变",
)  # fmt: skip


@kernel
def _solved(compound, r, at):  # type: ignore[no-untyped-def]
    world, h, p = compound.world, compound.world.households, compound.parameters.issues
    world.worked.numbers[compound.index, _CLOSED0 + at] += 1
    world.buildings.closed[h.building[r]] += 1.0
    on = compound.parameters.arrows
    h.efficacy[r] += p.heard * on.solved_to_efficacy * (1.0 - h.efficacy[r])
    h.grievance[r] *= 1.0 - p.relief * on.solved_to_grievance
    gain = min(p.solved_trust * (1.0 + compound.signals.revisit), 1.0) * on.solved_to_trust
    if at == _COMPOUND:
        h.trust_firm[r] += gain * (1.0 - h.trust_firm[r])
    else:
        again = compound.parameters.participation.reacquaints
        h.estranged[r] *= 1.0 - again * on.contacts_to_estranged
        h.trust_cell[r] += gain * (1.0 - h.trust_cell[r])


@kernel
def _shelved(compound, r, at):  # type: ignore[no-untyped-def]
    h, p, on = compound.world.households, compound.parameters.issues, compound.parameters.arrows
    h.efficacy[r] *= 1.0 - p.heard * on.solved_to_efficacy
    h.grievance[r] += p.shelved * on.solved_to_grievance * (1.0 - h.grievance[r])
    lost = p.shelved_trust * on.solved_to_trust
    if at == _COMPOUND:
        h.trust_firm[r] *= 1.0 - lost
    else:
        h.trust_cell[r] *= 1.0 - lost


@process(How.WORLD, switch="issues")
def buildings_follow_up(world):  # type: ignore[no-untyped-def]
    """Buildings see what came of their problems, the latest months counting most."""
    b = world.buildings
    for j in range(len(b.followed)):
        b.open_per_household[j] = b.open[j] / max(b.end[j] - b.start[j], 1)
        keeps = world.compounds[b.compound[j]].parameters.issues.lately_keeps
        b.closed_lately[j] = keeps * b.closed_lately[j] + b.closed[j]
        due = b.closed_lately[j] + b.open[j]
        b.followed[j] = b.closed_lately[j] / max(due, 1.0) if due > 0.0 else -1.0
