"""Participation and contact: who comes to a building meeting, who votes, whom a member visits.

P(attend) = logistic(base + civic + efficacy + grievance - time cost(life stage) + invitation + digital)

A meeting that is followed by solved issues lowers grievance and raises trust in cell and community
and the feeling that taking part is of use; one that is followed by nothing does the opposite.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiled import kernel, rows
from sim.mechanisms.chance import to_chances
from sim.schema import Parameters, param
from sim.streams import Stream, draw

_CELL = int(Stream.CELL)


class ParticipationParameters(Parameters):
    """Attendance, votes of all owners, and visits."""

    base: float = param(
        -2.6,
        "Push to attend a meeting, all else neutral",
        unit="logit",
        low=-6,
        high=2,
        zh="参会基准",
    )
    civic: float = param(
        1.5, "Weight of civic-mindedness", unit="logit", low=0, high=5, zh="公益心权重"
    )
    efficacy: float = param(
        1.5,
        "Weight of the feeling that taking part is of use",
        unit="logit",
        low=0,
        high=5,
        zh="效能感权重",
    )
    salience: float = param(
        1.0, "Weight of own grievance", unit="logit", low=0, high=5, zh="切身怨气权重"
    )
    time_cost_young: float = param(
        0.8, "Cost of time, young households", unit="logit", low=0, high=4, zh="年轻家庭时间成本",
        source="young pay most to take part: seed 004 (年轻群体参与成本高); size assumed",
    )  # fmt: skip
    time_cost_working: float = param(
        1.0, "Cost of time, working-age households", unit="logit", low=0, high=4, zh="中年家庭时间成本",
        source="working-age short of time: seed 000; size assumed",
    )  # fmt: skip
    time_cost_elderly: float = param(
        0.2, "Cost of time, elderly households", unit="logit", low=0, high=4, zh="老年家庭时间成本",
        source="meetings lean to the old: seed 004 (偏老龄化); size assumed",
    )  # fmt: skip
    vote_base: float = param(
        -1.4,
        "Push to take part in a vote of all owners",
        unit="logit",
        low=-6,
        high=4,
        zh="业主投票基准",
    )
    absentee: float = param(
        1.0, "Lower push for owners who let or do not live in their unit", unit="logit",
        low=0, high=5, zh="不住本小区业主的投票障碍",
        source="owners live scattered: seed 000 (居住分散难以集中投票); size assumed",
    )  # fmt: skip
    relief: float = param(
        0.3, "Share of grievance an attender loses if all raised issues are followed up",
        low=0, high=1, zh="议事见效后的怨气消解",
    )  # fmt: skip
    meeting_trust: float = param(
        0.15, "Trust in cell and community gained (or lost) by a meeting with full (or no) results",
        low=0, high=1, zh="议事成效对信任的影响",
    )  # fmt: skip
    expectation: float = param(
        0.35,
        "Share of raised issues followed up that attenders expect",
        low=0,
        high=1,
        zh="对议事结果的期待",
    )
    efficacy_speed: float = param(
        0.2, "Share of the gap between efficacy and seen results closed by one meeting",
        low=0, high=1, zh="效能感调整速度",
    )  # fmt: skip
    contact_keeps: float = param(
        0.9, "Share of a visit's effect left after a month", unit="1/month", low=0, high=1,
        zh="走访效果月留存率",
        source="falls within months (Allcott and Rogers 2014); rate assumed",
    )  # fmt: skip
    contact_ceiling: float = param(
        1.5,
        "Largest effect that repeated visits can reach",
        unit="logit",
        low=0,
        high=5,
        zh="走访效果上限",
    )
    visit_calms: float = param(
        0.15,
        "Share of grievance that one full visit takes away",
        low=0,
        high=1,
        zh="一次走访的怨气消解",
    )
    visit_trust: float = param(
        0.06, "Trust in cell and community gained by a full visit, lost by an empty one",
        low=0, high=1, zh="一次走访对信任的影响",
    )  # fmt: skip
    empty_visit: float = param(
        0.5, "Hours given to a visit, as a share of those it needs, below which it does harm",
        low=0, high=1, zh="走过场的工时界限",
        source="formalism wears trust: seeds 001, 004; size assumed",
    )  # fmt: skip


@kernel
def _weigh(first, last, p, s, base, life, civic, efficacy, grievance, push):  # type: ignore[no-untyped-def]
    # Every push to come or to vote added up; ``base`` is that on all alike.
    young, working, elderly = p.time_cost_young, p.time_cost_working, p.time_cost_elderly
    by_civic, by_efficacy, by_salience = p.civic, p.efficacy, p.salience
    # A digital channel takes away part of the cost of time, so it helps the busy most.
    costs, start = 1.0 - 0.7 * s.digital, np.uint64(first)
    for i in rows(first, last):
        cost = young if life[i] == 0 else working if life[i] == 1 else elderly
        own = by_civic * civic[i] + by_efficacy * efficacy[i] + by_salience * grievance[i]
        push[i - start] = base + (own - cost * costs)


@kernel
def call_meetings(signals, month, building_start, meeting):  # type: ignore[no-untyped-def]
    """Set ``meeting`` (buildings,) to 1 where one is held this month, else 0.

    A compound's buildings take turns: the b-th meets whenever month * share + b / buildings passes a
    whole number. ``building_start`` (compounds + 1,) is where each compound's buildings start.
    """
    for c in range(len(signals)):
        share, first = signals[c].meeting_share, building_start[c]
        number = building_start[c + 1] - first
        for b in range(number):
            turn = b / number
            now, before = turn + share * month, turn + share * (month - 1)
            meeting[first + b] = math.floor(now) > math.floor(before)


@kernel
def attend(  # type: ignore[no-untyped-def]
    first, last, u, parameters, signals, compound, building, building_end, meeting, followed, tenure,
    life, civic, efficacy, grievance, trust_cell, attended,
):  # fmt: skip
    """Decide who attends the meeting of their building, or an activity, and what the meeting does.

    Rows [first, last) are of one compound. ``u`` is (2, rows): for the meeting, for the activity. An
    activity brings households together and does nothing else. ``attended`` says both: 1 at the meeting,
    2 at an activity, 3 at both.

    ``meeting`` (buildings,) is 1 where one is held; ``followed`` (buildings,) is the share of
    raised issues followed up, or -1 where there was nothing to follow up.
    """
    p, s = parameters[0], signals[compound[first]]
    mixing, start = s.mixing, np.uint64(first)
    for i in rows(first, last):
        attended[i] = ((tenure[i] != 2) & (u[1, i - start] < mixing * civic[i])) << 1
    b = first
    while b < last:
        a, at = b, building[b]
        b = min(building_end[at], last)
        if meeting[at] == 1:
            _meet(
                a, b, u[0, a - first :], p, s, followed[at], tenure, life, civic, efficacy, grievance,
                trust_cell, attended,
            )  # fmt: skip


@kernel
def _meet(  # type: ignore[no-untyped-def]
    first, last, u, p, s, result, tenure, life, civic, efficacy, grievance, trust_cell, attended
):
    # The meeting of rows first to last - 1; ``result`` is what came of the building's problems.
    start, push = np.uint64(first), np.empty(last - first)
    _weigh(first, last, p, s, p.base + s.invitation, life, civic, efficacy, grievance, push)
    to_chances(push)
    calms, speed = 1.0 - p.relief * result, p.efficacy_speed
    step = p.meeting_trust * (result - p.expectation)
    for i in rows(first, last):
        comes = (tenure[i] != 2) & (u[i - start] < push[i - start])
        attended[i] |= comes
        if not comes or result < 0.0:
            continue
        grievance[i] *= calms
        efficacy[i] += speed * (result - efficacy[i])
        trust_cell[i] += step * (1.0 - trust_cell[i] if step > 0.0 else trust_cell[i])


@kernel
def vote(  # type: ignore[no-untyped-def]
    first, last, u, parameters, signals, tenure, life, civic, efficacy, grievance, area, appeal,
    took_part, agreed,
):  # fmt: skip
    """Let the owners of rows [first, last) vote on one proposal.

    Args:
        signals: (1,) record of their compound.
        appeal: (rows,) chance that an owner who takes part agrees.
        took_part: (rows,) set to the area of owners who take part, else 0.
        agreed: (rows,) set to the area of those who take part and agree, else 0.
    """
    p, s, start = parameters[0], signals[0], np.uint64(first)
    absentee = p.absentee
    push = np.empty(last - first)
    _weigh(first, last, p, s, p.vote_base + s.canvass, life, civic, efficacy, grievance, push)
    for i in rows(first, last):
        push[i - start] -= absentee * (tenure[i] != 0)
    to_chances(push)
    for i in rows(first, last):
        took_part[i] = area[i] if u[0, i - start] < push[i - start] else 0.0
        agreed[i] = took_part[i] if u[1, i - start] < appeal[i] else 0.0


@kernel
def visit(  # type: ignore[no-untyped-def]
    first, last, month, parameters, signals, compound, tenure, rota, contact, grievance, trust_cell
):
    """Visit households of rows [first, last), of one compound, in turn; earlier visits fade."""
    p, s = parameters[0], signals[compound[first]]
    keeps, full = p.contact_keeps, s.cell_fidelity
    for i in rows(first, last):
        contact[i] *= keeps
    every = max(int(s.visit_every), 1)
    for i in range(first + -(first + month) % every, last, every):
        if tenure[i] == 2 or rota[i] >= s.visit_share:
            continue
        contact[i] = min(contact[i] + s.visit_boost * full, p.contact_ceiling)
        grievance[i] *= 1.0 - p.visit_calms * full
        if full >= p.empty_visit:
            trust_cell[i] += p.visit_trust * full * (1.0 - trust_cell[i])
        else:
            trust_cell[i] -= p.visit_trust * (1.0 - full / p.empty_visit) * trust_cell[i]


@kernel
def join_in(first, last, month, seed, recruits, compound, tenure, member, active):  # type: ignore[no-untyped-def]
    """Let members of rows [first, last) who so far stood by become active.

    ``recruits`` (compounds,) is the chance for each of them.
    """
    for i in range(first, last):
        if member[i] == 1 and active[i] == 0 and tenure[i] != 2:
            u, _, _, _ = draw(i, month, seed, _CELL)
            active[i] = u < recruits[compound[i]]


@kernel
def earn_points(  # type: ignore[no-untyped-def]
    reached, for_attending, for_order, rota, tenure, attended, misuse, points
):
    """Give households of one compound points for last month, if they are enrolled.

    Args:
        reached: Share of households enrolled, 0 to 1.
        for_attending: Points for a meeting or activity attended.
        for_order: Points for keeping common space free.

    Returns:
        Points given in all.
    """
    given = 0.0
    for i in range(len(rota)):
        if tenure[i] != 2 and rota[i] < reached:
            earned = for_attending * (attended[i] != 0) + for_order * (misuse[i] == 0)
            points[i] += earned
            given += earned
    return given
