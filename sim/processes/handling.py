"""Handling (办理): who works on an issue, for how many days, and how it is answered.

building -> compound -> community -> street -> district. Each level works off what it has, oldest first and
what is urgent at once, as fast as its hours of the month go; what it does not solve rises a level, or is
answered as it is (答复), and then its household may speak again. Where nobody's duty is clear, each may
pass it on (推诿); a costly repair of a compound waits for money.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import field_validator

from sim.compiled import kernel
from sim.processes.issues import (
    ANSWERED,
    COUNTS,
    LATENT,
    LEVELS,
    OPEN,
    CategoryFlags,
    CategoryLevels,
    CategoryShares,
    Door,
    Happened,
    Level,
    LevelChances,
    PerCategory,
    PerUrgency,
    Urgency,
)
from sim.schema import Parameters, fraction, in_order, monthly, param
from sim.streams import Stream, draw_apart
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Tenure
from sim.world.units import DAYS_PER_MONTH

_BUILDING, _COMPOUND, _COMMUNITY, _STREET, _DISTRICT = map(int, Level)
_NO_DOOR, _TO_FIRM, _, _TO_COMMITTEE, _, _, _TO_HOTLINE, _ = map(int, Door)
_RESIDENT, _MEETING, _GRID, _FIRM, _ATTEMPTED, _SOLVED, _ROSE, _GIVEN_UP, _, _UNSOLVED, _PASSED, _NO_MONEY = map(
    int, Happened
)  # fmt: skip
_GONE = _SOLVED | _GIVEN_UP
_URGENT = int(Urgency.URGENT)
_CLOSED0 = COUNTS.index("closed_building")
NOT_DONE = -1e9
"""A day before all others."""
_HANDLE = int(Stream.ISSUES_HANDLE)


class HandlingParameters(Parameters):
    """Where issues go, how long they take, what comes of them, and what residents make of it."""

    hours: PerCategory = param(
        in_order(PerCategory, 1.5, 5, 3, 2, 3, 5, 12, 2, 30), "Hours of work to handle one issue", unit="hour",
        zh="处理工时", source="assumed; with what firms and officials have for it, answers come in 3 to 15 days",
    )  # fmt: skip
    first_level: CategoryLevels = param(
        in_order(CategoryLevels, 1, 1, 1, 1, 1, 1, 2, 1, 2),
        "Level an issue is first sent to (0 building ... 4 district)", unit="level", zh="首办层级",
    )  # fmt: skip
    small: CategoryFlags = param(
        in_order(CategoryFlags, 1, 0, 0, 1, 1, 1, 0, 0, 0), "1 where a building that meets can settle it itself",
        zh="小微问题", source="building matters settled in the building: seed 001 (微单元); list assumed",
    )  # fmt: skip
    limit: PerUrgency = param(
        in_order(PerUrgency, 2 / 24, 1, 7, 15), "Limit for an answer", unit="day", zh="办理时限",
        source="2 hours, 24 hours, 7 and 15 days: D081",
    )  # fmt: skip
    forwards: float = param(
        1.5, "Days a call to the hotline takes to reach who is to handle it", unit="day", low=0, high=30,
        zh="热线派单天数",
        source="12345 to the district's platform, to the street once a day, next day to the firm: D069",
    )  # fmt: skip
    solve: LevelChances = param(
        in_order(LevelChances, 0.6, 0.65, 0.5, 0.5, 0.6), "Chance that work done in full solves the issue",
        zh="办结概率", source="assumed; a ladder in which most is solved low (seed 004: over 70% in the grid)",
    )  # fmt: skip
    solve_most: float = fraction(
        0.95, "Largest chance to solve that special effort of street or district can reach", zh="难题办结概率上限",
    )  # fmt: skip
    rise: LevelChances = param(
        in_order(LevelChances, 0.7, 0.3, 0.5, 0.5, 0.0),
        "Chance that a level sends up what it has not solved or not come to", zh="升级概率",
    )  # fmt: skip
    follows_up: float = fraction(
        0.3, "Chance that the street takes on what it was called about and the compound has not solved",
        zh="热线工单督办",
    )  # fmt: skip
    unclear: CategoryShares = param(
        in_order(CategoryShares, 0, 0.15, 0.1, 0, 0.2, 0, 0.3, 0, 0.5),
        "Chance that whoever it reaches passes it on as not its own", zh="推诿概率",
        source="responsibilities unclear, each passing it on (相互推诿): seeds 000, 001; sizes assumed",
    )  # fmt: skip
    pass_days: float = param(
        5.0, "Days lost each time one is passed on", unit="day", low=0, high=60, zh="每次推诿延误天数",
    )  # fmt: skip
    relief: float = fraction(
        0.25, "Share of grievance the household loses when the issue is solved", zh="办结消气"
    )
    unsolved: float = fraction(
        0.06, "Grievance it gains from an answer that solves nothing", zh="未解决生怨"
    )
    solved_trust: float = fraction(
        0.08, "Trust it gains in whom it asked when solved", zh="办结增信"
    )
    unsolved_trust: float = fraction(
        0.08, "Trust it loses in whom it asked when not", zh="未解决失信"
    )
    heard: float = fraction(
        0.1, "Feeling of being heard gained when solved, lost when not", zh="办理结果对效能感的影响"
    )
    doubts: float = fraction(
        0.5, "Share of a solution's effect lost on a household without trust in whom it asked", zh="不信任的折扣",
    )  # fmt: skip
    asks: float = fraction(
        0.58, "Share of callers that are asked afterwards", zh="回访抽查比例", source="670 of 1,153: D003",
    )  # fmt: skip
    content_solved: float = fraction(
        0.95, "Share of callers satisfied whose issue was solved", zh="已解决满意率",
        source="94.7 percent satisfied where 99 percent is solved: D003",
    )  # fmt: skip
    content_unsolved: float = fraction(
        0.31, "Share of callers satisfied whose issue was not solved", zh="未解决满意率",
        source="65 percent satisfied where 53 percent was solved (K046), less the former",
    )  # fmt: skip
    street_neutral: float = fraction(
        0.5, "Trust in street and hotline where nobody has heard how calls end", zh="对街道和热线的基准信任",
    )  # fmt: skip
    street_prior: float = param(
        4.0, "Calls of the compound answered lately that weigh as much as that", unit="issue", low=0.1, high=1000,
        zh="基准信任的分量",
    )  # fmt: skip
    hears: float = monthly(
        0.05, "Share of the gap to what is heard of the hotline that trust in it closes", zh="对热线信任的调整速度",
    )  # fmt: skip

    @field_validator("first_level")
    @classmethod
    def _is_a_level(cls, value: Any) -> Any:
        # The kernel indexes arrays by it without a check of its own.
        for name, level in value:
            if level not in range(LEVELS):
                raise ValueError(
                    f"{name} is {level:g}; allowed: a whole number from 0 to {LEVELS - 1}"
                )
        return value


# --- where it goes --------------------------------------------------------------------------------


@kernel
def take_up(compound, j, day, delay, chance):  # type: ignore[no-untyped-def]
    """Problem j is told or found: it goes to the level that is to handle it first.

    Args:
        compound: Where.
        j: Its place in the book.
        day: Day it is told.
        delay: Days before it reaches anybody.
        chance: Draw that decides how often it is passed on.
    """
    s, p, k = compound.signals, compound.parameters.handling, compound.world.issues
    kind = k.category[j]
    at = int(p.first_level[kind])
    if s.building_hours > 0.0 and p.small[kind] > 0.0:
        at = _BUILDING
    elif at == _COMPOUND and s.compound_hours <= 0.0:
        at = _COMMUNITY
    if k.state[j] == LATENT:
        compound.worked.found += 1
    k.state[j], k.told[j] = OPEN, day
    # The limit runs from the day on which it is received.
    k.due[j] = day + delay + p.limit[k.urgency[j]]
    send(compound, j, at, day + delay, chance)
    # Who takes it on rings back at once, whenever there are hands for the work.
    k.rung[j] = k.ready[j] <= k.due[j]


arrow(
    "duty", "handling", "where nobody's duty is clear each passes a problem on",
    neutral="the first whom it reaches takes it", zh="职责不清则相互推诿", zh_neutral="首个接手者办理",
)  # fmt: skip


@kernel
def send(compound, j, at, day, chance):  # type: ignore[no-untyped-def]
    """Problem j goes to a level from a day on; where no duty is clear it is passed around first."""
    s, p, k = compound.signals, compound.parameters.handling, compound.world.issues
    passes, left = p.unclear[k.category[j]] * (1.0 - s.lead_department), chance
    passes *= compound.parameters.arrows.duty_to_handling
    # As many may say that it is not theirs as there are levels; then it stays with the last.
    for _ in range(LEVELS):
        if left >= passes:
            break
        day += p.pass_days
        compound.worked.passed += 1
        k.happened[j] |= _PASSED
        left /= passes
    k.level[j], k.ready[j], k.done[j] = at, day, 0.0


# --- the month ------------------------------------------------------------------------------------


@process(How.WORLD, stream=Stream.ISSUES_HANDLE, switch="issues")
def problems_are_handled(world):  # type: ignore[no-untyped-def]
    """Problems are found, worked on day by day, answered, sent up or given up; solved ones leave the book."""
    h, k, b = world.households, world.issues, world.buildings
    for j in range(len(b.open)):
        b.open[j] = b.closed[j] = 0.0
    hours, paid, kept = _hours(world), _paid(world), 0
    used = np.zeros(hours.shape)
    for j in range(world.issues_held):
        r = k.reporter[j]
        c = h.compound[r]
        compound = world.compounds[c]
        found, ends, chance, _ = draw_apart(r, world.month, k.arose[j], 0, world.seed, _HANDLE)
        k.spent[j], k.handled_at[j] = 0.0, k.level[j]
        if k.state[j] == LATENT:
            _find(compound, j, found, chance)
            k.handled_at[j] = k.level[j]
        if k.state[j] == OPEN:
            _handle(compound, j, hours[c], used[c], paid[c])
        k.left_at[j] = k.level[j]
        gone = k.happened[j] & _SOLVED > 0
        if not gone and k.state[j] != OPEN and ends < compound.parameters.issues.gives_up:
            k.happened[j] |= _GIVEN_UP
            compound.worked.shelved += 1
        if k.happened[j] & _GONE:
            h.own_open[r] -= 1
            continue
        b.open[h.building[r]] += 1.0
        compound.worked.open += 1
        if kept != j:
            _move(k, j, kept)
        kept += 1
    world.issues_held = kept


@kernel
def _hours(world):  # type: ignore[no-untyped-def]
    # Hours of this month (compounds, levels).
    hours = np.empty((world.number_of_compounds, LEVELS))
    for c in range(len(hours)):
        s = world.signals[c]
        hours[c, _BUILDING], hours[c, _COMPOUND] = s.building_hours, s.compound_hours
        hours[c, _COMMUNITY], hours[c, _STREET] = s.community_hours, s.street_hours
        hours[c, _DISTRICT] = s.district_hours
    return hours


arrow(
    "money", "handling", "a costly repair waits for money of the firm or the owners",
    neutral="it is there", zh="大修须等物业服务企业或业主出钱", zh_neutral="资金到位",
)  # fmt: skip


@kernel
def _paid(world):  # type: ignore[no-untyped-def]
    # Whether a compound (compounds,) can pay for a repair: by a firm not in debt, or with what owners have
    # voted or put together last month.
    paid = np.empty(world.number_of_compounds, np.bool_)
    for c in range(len(paid)):
        compound = world.compounds[c]
        firm, fund = compound.firm, compound.fund
        spent = fund.out_fen + fund.repairs_fen + fund.gifts_fen
        solvent = firm.present and firm.cash_fen >= 0
        free = compound.parameters.arrows.money_to_handling == 0.0
        paid[c] = solvent or free or spent > compound.repairs_known_fen
        compound.repairs_known_fen = spent
    return paid


@kernel
def _find(compound, j, found, chance):  # type: ignore[no-untyped-def]
    # One draw decides for all who look; whoever's chance it already passes alone has found it.
    world, s, p = compound.world, compound.signals, compound.parameters.issues
    unmet = 1.0
    if world.buildings.meeting[world.households.building[world.issues.reporter[j]]] == 1:
        unmet = 1.0 - p.meeting_finds
    unseen = unmet * (1.0 - s.detect_grid)
    if found < unseen * (1.0 - s.detect_firm):
        return
    by = _FIRM
    if found >= unmet:
        by = _MEETING
    elif found >= unseen:
        by = _GRID
    world.issues.happened[j] |= by
    # It is found on the day that the same draw says, if it has arisen by then.
    day = max(world.issues.since[j], DAYS_PER_MONTH * (world.month + chance))
    take_up(compound, j, day, 0.0, chance)


@kernel
def _handle(compound, j, hours, used, paid):  # type: ignore[no-untyped-def]
    # Work on problem j within this month, level by level, and see to what is past its limit at its end.
    world, k, counts = compound.world, compound.world.issues, compound.worked
    p, first = compound.parameters.handling, DAYS_PER_MONTH * world.month
    end = first + DAYS_PER_MONTH
    while True:
        at = k.level[j]
        _, solving, rising, passing = draw_apart(
            k.reporter[j], world.month, k.arose[j], at + 1, world.seed, _HANDLE
        )
        if at == _COMPOUND and k.costly[j] == 1 and not paid:
            k.happened[j] |= _NO_MONEY
            counts.waiting += 1
            break
        day = _work(k, j, p.hours[k.category[j]], hours[at], used, first)
        if day == NOT_DONE:
            break
        k.happened[j] |= _ATTEMPTED
        chance = p.solve[at]
        if at >= _STREET:
            chance = min(chance * (1.0 + compound.signals.hard_case_gain), p.solve_most)
        if solving < chance:
            _solve(compound, j, day)
            return
        if at == _DISTRICT or rising >= _rises(compound, j):
            _leave(compound, j, day)
            return
        k.happened[j] |= _ROSE
        send(compound, j, at + 1, day, passing)
    if k.due[j] > end:
        return
    counts.overdue += 1
    if at == _DISTRICT or rising >= _rises(compound, j):
        _leave(compound, j, end)
        return
    k.happened[j] |= _ROSE
    k.due[j] = end + p.limit[k.urgency[j]]
    send(compound, j, at + 1, end, passing)


@kernel
def _work(k, j, need, hours, used, first):  # type: ignore[no-untyped-def]
    """Work on problem j at its level as far as this month's hours go.

    Hours come evenly over the month, and what the level has done before stands in the way of what is not
    urgent.

    Args:
        k: The book.
        j: Its place in it.
        need: Hours it takes in all.
        hours: Hours of its level this month.
        used: Of these, hours used so far (levels,).
        first: Day on which the month begins.

    Returns:
        Day on which it is done, ``NOT_DONE`` if it is not.
    """
    at, rate = k.level[j], hours / DAYS_PER_MONTH
    if rate <= 0.0:
        return NOT_DONE
    begin = max(k.ready[j], first)
    if k.urgency[j] > _URGENT:
        begin = max(begin, first + used[at] / rate)
    room = min((first + DAYS_PER_MONTH - begin) * rate, hours - used[at])
    if room <= 0.0:
        return NOT_DONE
    given = min(need - k.done[j], room)
    used[at] += given
    k.spent[j] += given
    k.done[j] += given
    return begin + given / rate if given < room or k.done[j] >= need else NOT_DONE


@kernel
def _rises(compound, j):  # type: ignore[no-untyped-def]
    # Chance that its level sends problem j up.
    s, p, k = compound.signals, compound.parameters.handling, compound.world.issues
    stays = (1.0 - p.rise[k.level[j]]) * (1.0 - s.whistle)
    if k.tickets[j] > 0:
        stays *= 1.0 - p.follows_up
    return 1.0 - stays


# --- what comes of it -----------------------------------------------------------------------------


@kernel
def trust_in(h, door, at):  # type: ignore[no-untyped-def]
    """The trust (households,) that is at stake: in whom a household asked, or in who came by himself.

    Args:
        h: Households.
        door: ``Door`` it went to, 0 for none.
        at: ``Level`` that handles it.
    """
    if door == _TO_FIRM or (door == _NO_DOOR and at == _COMPOUND):
        return h.trust_firm
    if door == _TO_COMMITTEE:
        return h.trust_committee
    if door >= _TO_HOTLINE or (door == _NO_DOOR and at >= _STREET):
        return h.trust_street
    return h.trust_cell


arrow(
    "solved", "trust", "a problem solved wins trust in who was asked, one left unsolved costs it",
    neutral="trust stays", zh="办结增信，未办结失信", zh_neutral="信任不变",
)  # fmt: skip
arrow(
    "solved", "grievance", "a problem solved takes grievance away, one left unsolved adds to it",
    neutral="grievance stays", zh="办结消气，未办结生怨", zh_neutral="不满情绪不变",
)  # fmt: skip
arrow(
    "solved", "efficacy", "a problem solved gives the feeling of being heard, one left unsolved takes it",
    neutral="efficacy stays", zh="办结增强效能感，未办结削弱效能感", zh_neutral="效能感不变",
)  # fmt: skip


@kernel
def _solve(compound, j, day):  # type: ignore[no-untyped-def]
    world, h, k = compound.world, compound.world.households, compound.world.issues
    p, r, at = compound.parameters.handling, k.reporter[j], k.level[j]
    k.happened[j] |= _SOLVED
    world.worked.numbers[compound.index, _CLOSED0 + at] += 1
    compound.worked.days += day - k.since[j]
    world.buildings.closed[h.building[r]] += 1.0
    _answer(compound, j, day, True)
    trust = trust_in(h, k.door[j], at)
    believed = 1.0 - p.doubts * (1.0 - trust[r])
    on = compound.parameters.arrows
    h.efficacy[r] += believed * p.heard * on.solved_to_efficacy * (1.0 - h.efficacy[r])
    h.grievance[r] *= 1.0 - believed * p.relief * on.solved_to_grievance
    gain = min(p.solved_trust * (1.0 + compound.signals.revisit), 1.0) * on.solved_to_trust
    trust[r] += believed * gain * (1.0 - trust[r])
    if k.door[j] != _TO_FIRM and (k.door[j] != _NO_DOOR or at != _COMPOUND):
        again = compound.parameters.participation.reacquaints
        h.estranged[r] *= 1.0 - again * on.contacts_to_estranged


@kernel
def _leave(compound, j, day):  # type: ignore[no-untyped-def]
    # Problem j is answered, and not solved.
    h, p, k = compound.world.households, compound.parameters.handling, compound.world.issues
    r = k.reporter[j]
    k.happened[j] |= _UNSOLVED
    _answer(compound, j, day, False)
    trust = trust_in(h, k.door[j], k.level[j])
    on = compound.parameters.arrows
    h.efficacy[r] *= 1.0 - p.heard * on.solved_to_efficacy
    h.grievance[r] += p.unsolved * on.solved_to_grievance * (1.0 - h.grievance[r])
    trust[r] *= 1.0 - p.unsolved_trust * on.solved_to_trust
    k.state[j] = ANSWERED


@kernel
def _answer(compound, j, day, solved):  # type: ignore[no-untyped-def]
    # The answer is counted, and the hotline's callers are told, and some of them asked.
    world, k = compound.world, compound.world.issues
    counts, p = compound.worked, compound.parameters.handling
    counts.answered += 1
    counts.answer_days += day - k.told[j]
    content = p.content_solved if solved else p.content_unsolved
    for n in range(k.tickets[j]):
        counts.tickets_closed += 1
        counts.tickets_timely += k.rung[j]
        counts.tickets_solved += solved
        # Behind the draws of finding and of each level.
        place = LEVELS + 1 + n
        asked, says, _, _ = draw_apart(
            k.reporter[j], world.month, k.arose[j], place, world.seed, _HANDLE
        )
        counts.tickets_asked += asked < p.asks
        counts.tickets_content += asked < p.asks and says < content
    k.tickets[j] = 0


@kernel
def _move(k, j, to):  # type: ignore[no-untyped-def]
    # Problem j to another place in the book; what happened to it stays where the month's reader looks.
    k.category[to], k.urgency[to], k.costly[to] = k.category[j], k.urgency[j], k.costly[j]
    k.level[to], k.state[to], k.reporter[to] = k.level[j], k.state[j], k.reporter[j]
    k.arose[to], k.since[to], k.told[to] = k.arose[j], k.since[j], k.told[j]
    k.ready[to], k.rung[to], k.due[to], k.done[to] = k.ready[j], k.rung[j], k.due[j], k.done[j]
    k.door[to], k.tickets[to], k.called_before[to] = k.door[j], k.tickets[j], k.called_before[j]


@process(How.WORLD, switch="issues")
def buildings_follow_up(world):  # type: ignore[no-untyped-def]
    """Buildings see what came of their problems, compounds of their calls, the latest months counting most."""
    b = world.buildings
    for j in range(len(b.followed)):
        b.open_per_household[j] = b.open[j] / max(b.end[j] - b.start[j], 1)
        keeps = world.compounds[b.compound[j]].parameters.issues.lately_keeps
        b.closed_lately[j] = keeps * b.closed_lately[j] + b.closed[j]
        due = b.closed_lately[j] + b.open[j]
        b.followed[j] = b.closed_lately[j] / max(due, 1.0) if due > 0.0 else -1.0
    for c in range(world.number_of_compounds):
        compound = world.compounds[c]
        keeps, counts = compound.parameters.issues.lately_keeps, compound.worked
        compound.calls_lately = keeps * compound.calls_lately + counts.tickets_closed
        compound.calls_solved = keeps * compound.calls_solved + counts.tickets_solved


arrow(
    "calls", "street_trust", "how calls from the compound end decides how far people trust street and hotline",
    neutral="as is usual in the city (handling.street_neutral)",
    zh="本小区来电的办理结果决定居民对街道和热线的信任", zh_neutral="全市通常水平（handling.street_neutral）",
)  # fmt: skip


@process(How.BLOCK, switch="issues")
def hear_of_calls(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents hear how calls from their compound end, and come to trust street and hotline or not."""
    h, p = compound.world.households, compound.parameters.handling
    tenure, trust_street, hears = h.tenure, h.trust_street, p.hears
    known = p.street_prior * p.street_neutral + compound.calls_solved
    known /= p.street_prior + compound.calls_lately
    known = through(compound.parameters.arrows.calls_to_street_trust, known, p.street_neutral)
    for i in rows(first, last):
        gap = known - trust_street[i]
        trust_street[i] += hears * gap if tenure[i] != Tenure.VACANT else 0.0
