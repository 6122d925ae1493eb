"""Participation and contact: who comes to a building meeting, who votes, whom a member visits.

P(attend) = logistic(base + civic + efficacy + grievance - time cost(life stage) + invitation + digital)

A meeting that is followed by solved issues lowers grievance and raises trust in cell and community
and the feeling that taking part is of use; one that is followed by nothing does the opposite.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiled import inlined, kernel
from sim.processes.chance import to_chances
from sim.processes.parking import has_car
from sim.schema import Parameters, fraction, logits, monthly
from sim.streams import Stream, draw, fill
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Life, Stage, Tenure

_PARTICIPATION, _CELL = int(Stream.PARTICIPATION), int(Stream.CELL)


class ParticipationParameters(Parameters):
    """Attendance, votes of all owners, and visits."""

    base: float = logits(
        -2.6, "Push to attend a meeting, all else neutral", low=-6, high=2, zh="参会基准"
    )
    civic: float = logits(1.5, "Weight of civic-mindedness", low=0, high=5, zh="公益心权重")
    efficacy: float = logits(
        1.5, "Weight of the feeling that taking part is of use", low=0, high=5, zh="效能感权重"
    )
    salience: float = logits(1.0, "Weight of own grievance", low=0, high=5, zh="切身不满情绪权重")
    time_cost_young: float = logits(
        0.8, "Cost of time, young households", low=0, high=4, zh="年轻家庭时间成本",
        source="young pay most to take part: seed 004 (年轻群体参与成本高); size assumed",
    )  # fmt: skip
    time_cost_working: float = logits(
        1.0, "Cost of time, working-age households", low=0, high=4, zh="中年家庭时间成本",
        source="working-age short of time: seed 000; size assumed",
    )  # fmt: skip
    time_cost_elderly: float = logits(
        0.2, "Cost of time, elderly households", low=0, high=4, zh="老年家庭时间成本",
        source="meetings lean to the old: seed 004 (偏老龄化); size assumed",
    )  # fmt: skip
    digital_saves: float = fraction(
        0.7, "Share of the cost of time saved where digital channels reach everybody", zh="数字渠道节省的时间成本",
    )  # fmt: skip
    vote_base: float = logits(
        -1.4, "Push to take part in a vote of all owners", low=-6, high=4, zh="业主投票基准"
    )
    vote_member: float = logits(
        0.7, "Push of households of party members to take part in such a vote", low=-1, high=3, zh="党员户投票倾向",
        source="65.1 percent of members vote, 48.4 of others (D063): 0.7 logits between persons",
    )  # fmt: skip
    absentee: float = logits(
        1.0, "Lower push for owners who let or do not live in their unit", low=0, high=5,
        zh="不住本小区业主的投票障碍", source="owners live scattered: seed 000 (居住分散难以集中投票); size assumed",
    )  # fmt: skip
    relief: float = fraction(
        0.3, "Share of grievance an attender loses if all raised issues are followed up",
        zh="议事见效后的不满情绪消解",
    )  # fmt: skip
    meeting_trust: float = fraction(
        0.15, "Trust in cell and community gained (or lost) by a meeting with full (or no) results",
        zh="议事成效对信任的影响",
    )  # fmt: skip
    expectation: float = fraction(
        0.35, "Share of raised issues followed up that attenders expect", zh="对议事结果的期待"
    )
    efficacy_speed: float = fraction(
        0.2, "Share of the gap between efficacy and seen results closed by one meeting", zh="效能感调整速度",
    )  # fmt: skip
    contact_keeps: float = monthly(
        0.9, "Share of a visit's effect left after a month", zh="走访效果月留存率",
        source="falls within months (Allcott and Rogers 2014); rate assumed",
    )  # fmt: skip
    contact_ceiling: float = logits(
        1.5, "Largest effect that repeated visits can reach", low=0, high=5, zh="走访效果上限"
    )
    visit_calms: float = fraction(
        0.15, "Share of grievance that one full visit takes away", zh="一次走访的不满情绪消解"
    )
    visit_trust: float = fraction(
        0.06, "Trust in cell and community gained by a full visit, lost by an empty one", zh="一次走访对信任的影响",
    )  # fmt: skip
    empty_visit: float = fraction(
        0.5, "Hours given to a visit, as a share of those it needs, below which it does harm", zh="走过场的工时界限",
        source="formalism wears trust: seeds 001, 004; size assumed",
    )  # fmt: skip
    while_stands: float = fraction(
        0.2, "Effect of a staff's call while the cause of the trouble stands, relative to one without",
        zh="症结未除时的走访成效", source="visits had little effect while the cause stood (K035); size assumed",
    )  # fmt: skip
    estranged: float = logits(
        0.5, "Lower push to come or vote of a household that deals with the firm alone", low=-0.5, high=3,
        zh="只认物业服务企业者的参与障碍",
        source="hard to mobilise, weak participation (社区动员难、居民参与弱): seed 001; size and sign assumed",
    )  # fmt: skip
    reacquaints: float = fraction(
        0.5,
        "Share of that estrangement that one meeting, activity, visit or problem solved by cell or community ends",
        zh="一次接触的重新联系",
    )  # fmt: skip


MET, MIXED = 1, 2
"""Flags of ``attended``: at a meeting, at an activity."""


arrow(
    "efficacy", "attendance", "who feels that taking part is of use comes and votes",
    neutral="efficacy of a newcomer (turnover.newcomer_trust)",
    zh="觉得参与有用者才来开会、投票", zh_neutral="新住户的效能感（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "grievance", "attendance", "who bears a grievance comes and votes",
    neutral="no grievance", zh="有不满情绪者更愿参会、投票", zh_neutral="没有不满情绪",
)  # fmt: skip
arrow(
    "estranged", "attendance", "who deals with the firm alone stays away",
    neutral="it deals with others as before", zh="只认物业服务企业者不来参与", zh_neutral="照常与社区往来",
)  # fmt: skip
arrow(
    "digital", "attendance", "digital channels save time of those who are busy",
    neutral="no such channels", zh="数字渠道节省时间成本", zh_neutral="没有数字渠道",
)  # fmt: skip


@kernel
def weigh(compound, first, last, base, push):  # type: ignore[no-untyped-def]
    """Every push to come or to vote added up into ``push``; ``base`` is that on all alike."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.participation
    life, civic, efficacy, grievance = h.life, h.civic, h.efficacy, h.grievance
    young, working, elderly = p.time_cost_young, p.time_cost_working, p.time_cost_elderly
    on, usual = compound.parameters.arrows, compound.parameters.turnover.newcomer_trust
    by_civic, by_efficacy, heard = p.civic, p.efficacy, on.efficacy_to_attendance
    by_salience = p.salience * on.grievance_to_attendance
    estranged, by_estranged = h.estranged, p.estranged * on.estranged_to_attendance
    # A digital channel takes away part of the cost of time, so it helps the busy most.
    costs, start = 1.0 - p.digital_saves * s.digital * on.digital_to_attendance, np.uint64(first)
    for i in rows(first, last):
        older = working if life[i] == Life.WORKING else elderly
        cost = young if life[i] == Life.YOUNG else older
        own = by_civic * civic[i] + by_efficacy * through(heard, efficacy[i], usual)
        own += by_salience * grievance[i]
        push[i - start] = base + (own - by_estranged * estranged[i] - cost * costs)


@process(How.WORLD)
def call_meetings(world):  # type: ignore[no-untyped-def]
    """Buildings meet in turn.

    The b-th of a compound's buildings meets whenever month * share + b / buildings passes a whole number.
    """
    meeting, month = world.buildings.meeting, world.month
    for c in range(world.number_of_compounds):
        compound = world.compounds[c]
        share, first = compound.signals.meeting_share, compound.first_building
        number = compound.last_building - first
        for b in range(number):
            turn = b / number
            now, before = turn + share * month, turn + share * (month - 1)
            meeting[first + b] = math.floor(now) > math.floor(before)


arrow(
    "contacts", "estranged", "a meeting, activity or visit acquaints a household again with cell and community",
    neutral="it stays estranged", zh="会议、活动或走访使住户与社区重新往来", zh_neutral="疏远依旧",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.PARTICIPATION, switch="participation")
def attend(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents attend the meeting of their building, or an activity; a meeting has effects.

    An activity brings households together and does nothing else.
    """
    world, h, b = compound.world, compound.world.households, compound.world.buildings
    u, mixing, start = np.empty((2, last - first)), compound.signals.mixing, np.uint64(first)
    fill(u, 2, last - first, first, world.month, world.seed, _PARTICIPATION)
    tenure, civic, attended, estranged = h.tenure, h.civic, h.attended, h.estranged
    ends = compound.parameters.participation.reacquaints
    ends *= compound.parameters.arrows.contacts_to_estranged
    for i in rows(first, last):
        mixes = (tenure[i] != Tenure.VACANT) & (u[1, i - start] < mixing * civic[i])
        attended[i] = MIXED * mixes
        estranged[i] *= 1.0 - ends * mixes
    at = first
    while at < last:
        a, building = at, h.building[at]
        at = min(b.end[building], last)
        if b.meeting[building] == 1:
            _meet(compound, a, at, u[0, a - first :], b.followed[building])


arrow(
    "meetings", "grievance", "a meeting with results takes grievance away",
    neutral="it takes none away", zh="议事见效，不满情绪消解", zh_neutral="不满情绪不变",
)  # fmt: skip
arrow(
    "meetings", "efficacy", "what comes of a meeting teaches whether taking part is of use",
    neutral="efficacy stays", zh="议事结果改变效能感", zh_neutral="效能感不变",
)  # fmt: skip
arrow(
    "meetings", "cell_trust", "a meeting with results wins trust in cell and community, one without costs it",
    neutral="trust stays", zh="议事有无结果决定对党组织和社区的信任", zh_neutral="信任不变",
)  # fmt: skip


@kernel
def _meet(compound, first, last, u, result):  # type: ignore[no-untyped-def]
    # The meeting of rows first to last - 1; ``result`` is what came of the building's problems.
    h, p = compound.world.households, compound.parameters.participation
    tenure, attended, grievance = h.tenure, h.attended, h.grievance
    efficacy, trust_cell = h.efficacy, h.trust_cell
    start, push = np.uint64(first), np.empty(last - first)
    weigh(compound, first, last, p.base + compound.signals.invitation, push)
    to_chances(push)
    on = compound.parameters.arrows
    calms = 1.0 - p.relief * result * on.meetings_to_grievance
    speed = p.efficacy_speed * on.meetings_to_efficacy
    step = p.meeting_trust * (result - p.expectation) * on.meetings_to_cell_trust
    ends = p.reacquaints * on.contacts_to_estranged
    for i in rows(first, last):
        comes = (tenure[i] != Tenure.VACANT) & (u[i - start] < push[i - start])
        attended[i] |= MET * comes
        h.estranged[i] *= 1.0 - ends * comes
        if not comes or result < 0.0:
            continue
        grievance[i] *= calms
        efficacy[i] += speed * (result - efficacy[i])
        trust_cell[i] += step * (1.0 - trust_cell[i] if step > 0.0 else trust_cell[i])


arrow(
    "visits", "grievance", "a visit calms",
    neutral="nobody is calmed", zh="走访消解不满情绪", zh_neutral="不满情绪不变",
)  # fmt: skip
arrow(
    "visits", "trust", "a visit with time wins trust, an empty one costs it",
    neutral="trust stays", zh="走访有实效则增信，走过场则失信", zh_neutral="信任不变",
)  # fmt: skip


@process(How.BLOCK, switch="participation")
def be_visited(compound, first, last):  # type: ignore[no-untyped-def]
    """Members visit the households assigned to them in turn; earlier visits fade."""
    h, s, p = compound.world.households, compound.signals, compound.parameters.participation
    tenure, rota, contact = h.tenure, h.rota, h.contact
    grievance, trust_cell = h.grievance, h.trust_cell
    keeps, full, on = p.contact_keeps, s.cell_fidelity, compound.parameters.arrows
    calms, wins = p.visit_calms * on.visits_to_grievance, p.visit_trust * on.visits_to_trust
    ends = p.reacquaints * on.contacts_to_estranged
    for i in rows(first, last):
        contact[i] *= keeps
    every = max(int(s.visit_every), 1)
    for i in range(first + -(first + compound.world.month) % every, last, every):
        if tenure[i] == Tenure.VACANT or rota[i] >= s.visit_share:
            continue
        contact[i] = min(contact[i] + s.visit_boost * full, p.contact_ceiling)
        grievance[i] *= 1.0 - calms * full
        if full >= p.empty_visit:
            trust_cell[i] += wins * full * (1.0 - trust_cell[i])
            h.estranged[i] *= 1.0 - ends
        else:
            trust_cell[i] -= wins * (1.0 - full / p.empty_visit) * trust_cell[i]


@inlined
def troubled(h, i):  # type: ignore[no-untyped-def]
    """Whether staff have a reason to call on a household: debts, or complaint."""
    lives = h.tenure[i] != Tenure.VACANT
    return lives & ((h.arrears_fen[i] > 0) | (h.stage[i] >= Stage.TELLS_FIRM))


@kernel
def count_troubled(compound):  # type: ignore[no-untyped-def]
    """Households of a compound that staff have a reason to call on."""
    found, h = 0, compound.world.households
    for i in range(compound.first, compound.last):
        found += troubled(h, i)
    return found


arrow(
    "causes", "calls", "a call does little good while the cause of the trouble stands",
    neutral="no cause stands", zh="症结未除，走访收效甚微", zh_neutral="没有症结",
)  # fmt: skip


@process(How.BLOCK, switch="participation")
def be_called_on(compound, first, last):  # type: ignore[no-untyped-def]
    """Staff call on households in debt or complaint; calls do harm without time, little good while a cause stands."""
    world, h, s = compound.world, compound.world.households, compound.signals
    p, share, full = compound.parameters.participation, s.door_share, s.door_full
    for i in rows(first, last):
        h.called_on[i] = 0
    if share <= 0.0:
        return
    real, on = full >= p.empty_visit, compound.parameters.arrows
    calms, wins = p.visit_calms * on.visits_to_grievance, p.visit_trust * on.visits_to_trust
    ends = p.reacquaints * on.contacts_to_estranged
    unheard, cars = compound.parking_unheard, compound.parameters.parking.cars_each
    for i in range(first, last):
        if not troubled(h, i) or (h.rota[i] - share * world.month) % 1.0 >= share:
            continue
        stands = 1.0 if h.own_open[i] > 0 else 0.0
        if stands == 0.0 and unheard > 0.0 and has_car(world, i, cars):
            stands = unheard
        works = full * (1.0 - (1.0 - p.while_stands) * stands * on.causes_to_calls)
        h.called_on[i] = real
        h.contact[i] = min(h.contact[i] + s.door_boost * works, p.contact_ceiling)
        h.grievance[i] *= 1.0 - calms * works
        if real:
            step = wins * works
            h.trust_firm[i] += s.door_firm * step * (1.0 - h.trust_firm[i])
            h.trust_cell[i] += (1.0 - s.door_firm) * step * (1.0 - h.trust_cell[i])
            h.estranged[i] *= 1.0 - ends * (1.0 - s.door_firm)
        else:
            step = wins * (1.0 - full / p.empty_visit)
            h.trust_firm[i] *= 1.0 - s.door_firm * step
            h.trust_cell[i] *= 1.0 - (1.0 - s.door_firm) * step


arrow(
    "tasks", "members", "a cell with tasks wins over members who so far stood by",
    neutral="nobody is won over", zh="党支部有任务，旁观的党员被动员起来", zh_neutral="无人被动员",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.CELL, switch="institutions")
def join_in(compound, first, last):  # type: ignore[no-untyped-def]
    """A cell with tasks wins over members who so far only stood by (从“隐身者”变为“领跑者”, seed 001)."""
    world, h, cell = compound.world, compound.world.households, compound.cell
    if cell.asked == 0:
        return
    tenure, member, active = h.tenure, h.member, h.active
    wins = cell.p.recruits + compound.signals.cell_recruits
    wins *= compound.parameters.arrows.tasks_to_members
    for i in range(first, last):
        if member[i] == 1 and active[i] == 0 and tenure[i] != Tenure.VACANT:
            u, _, _, _ = draw(i, world.month, world.seed, _CELL)
            active[i] = u < wins


@kernel
def earn_points(compound, reached, for_attending, for_order):  # type: ignore[no-untyped-def]
    """Give households of one compound points for last month, if they are enrolled.

    Args:
        compound: Row of it.
        reached: Share of households enrolled, 0 to 1.
        for_attending: Points for a meeting or activity attended.
        for_order: Points for keeping common space free.

    Returns:
        Points given in all.
    """
    h, given = compound.world.households, 0.0
    tenure, rota, attended, misuse, points = h.tenure, h.rota, h.attended, h.misuse, h.points
    for i in range(compound.first, compound.last):
        if tenure[i] != Tenure.VACANT and rota[i] < reached:
            earned = for_attending * (attended[i] != 0) + for_order * (misuse[i] == 0)
            points[i] += earned
            given += earned
    return given
