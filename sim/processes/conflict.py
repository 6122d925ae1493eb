"""Conflict: grievance grows from unsolved problems and broken promises, and a ladder shows how far one went.

Stages: 0 calm, 1 complains within the compound, 2 called the 12345 hotline, 3 petitioned (信访), 4 open
conflict. Up to 3 a stage is what the household did (see ``voices``), and it comes down by time; the last
step is collective: who has gone outside joins when the share of tied households in open conflict is at or
above its own threshold (Granovetter 1978).
"""

from __future__ import annotations

import numpy as np

from sim.processes.issues import Door
from sim.schema import Parameters, fraction, monthly, param
from sim.streams import Stream, fill
from sim.world.arrows import arrow
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Stage, Tenure
from sim.world.units import MIDDLE

_CONFLICT = int(Stream.CONFLICT)
_OUTSIDE, _HOTLINE = int(Stage.CALLS_HOTLINE), int(Door.HOTLINE)


class ConflictParameters(Parameters):
    """Sources of grievance and steps of the ladder."""

    own_issue: float = monthly(
        0.04, "Grievance from each own unsolved problem that counts", zh="自家问题不满情绪"
    )
    issues_counted: int = param(
        3, "Own unsolved problems that count at most", unit="issue", low=1, high=20, zh="自家问题计入上限",
    )  # fmt: skip
    building_issue: float = param(
        0.1, "Grievance from unsolved problems in the building, per problem and household", unit="1/month", low=0,
        high=2, zh="本楼问题不满情绪",
    )  # fmt: skip
    legacy: float = monthly(
        0.06, "Grievance from the developer's broken promises at full weight", zh="开发遗留不满情绪",
        source="unbuilt pool and sports ground: seed 004; size assumed",
    )  # fmt: skip
    discontent: float = monthly(
        0.03, "Grievance from dissatisfaction, per unit of satisfaction below one half",
        zh="对服务不满意引起的不满情绪",
    )  # fmt: skip
    forgets: float = monthly(0.1, "Share of grievance that fades", zh="不满情绪消退速度")
    fresh_start: float = fraction(
        0.35, "Share of grievance that goes when somebody else comes to serve", zh="更换物业服务企业后的不满情绪消解",
        source="anger with the old firm is not all with the next (K087, seed 004), yet old grievances are carried "
        "over (K042); share assumed",
    )  # fmt: skip
    calms: float = fraction(
        0.25, "Share of grievance that mediation takes from a household it reaches", zh="调解的不满情绪消解",
    )  # fmt: skip
    threshold_open: float = fraction(
        0.60, "Grievance below which nobody joins open conflict", zh="公开冲突的不满情绪下限"
    )
    tires: float = monthly(
        0.10, "Chance to step down in a month, however aggrieved", zh="疲惫退出概率"
    )
    settles: float = monthly(0.25, "Further chance to step down, at no grievance", zh="平息概率")


arrow(
    "problems", "grievance", "own and neighbours' unsolved problems make angry",
    neutral="none are open", zh="自家和本楼未解决的问题引起不满情绪", zh_neutral="没有未解决的问题",
)  # fmt: skip
arrow(
    "legacy", "grievance", "the developer's broken promises make angry",
    neutral="no legacy", zh="开发商失信引起不满情绪", zh_neutral="没有遗留问题",
)  # fmt: skip
arrow(
    "satisfaction", "grievance", "who is dissatisfied grows angry",
    neutral="satisfaction of one half", zh="对服务不满意滋生不满情绪", zh_neutral="满意度为一半",
)  # fmt: skip
arrow(
    "change_of_firm", "grievance", "a part of the anger goes with who served before",
    neutral="nobody else comes", zh="更换物业服务企业后，部分不满情绪随之消解", zh_neutral="不更换",
)  # fmt: skip
arrow(
    "mediation", "grievance", "mediation takes grievance away",
    neutral="nobody mediates", zh="调解消解不满情绪", zh_neutral="无人调解",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.CONFLICT, switch="conflict")
def resent(compound, first, last):  # type: ignore[no-untyped-def]
    """Grievance grows from what is unsolved, broken or bad, fades, and is mediated."""
    world, h, s = compound.world, compound.world.households, compound.signals
    p, u, start = compound.parameters.conflict, np.empty((1, last - first)), np.uint64(first)
    fill(u, 1, last - first, first, world.month, world.seed, _CONFLICT)
    building, open_per_household = h.building, world.buildings.open_per_household
    tenure, own_open, stage = h.tenure, h.own_open, h.stage
    satisfaction, grievance = h.satisfaction, h.grievance
    on, forgets = compound.parameters.arrows, p.forgets
    own_issue = p.own_issue * on.problems_to_grievance
    building_issue = p.building_issue * on.problems_to_grievance
    discontent = p.discontent * on.satisfaction_to_grievance
    calms = p.calms * on.mediation_to_grievance
    # What the developer broke is held against who serves, as far as it is laid at its door.
    blamed = s.blame if s.firm_present > 0.0 else 1.0
    legacy, mediation = p.legacy * s.legacy * blamed * on.legacy_to_grievance, s.mediation
    counted = np.int64(p.issues_counted)
    gone = p.fresh_start * on.change_of_firm_to_grievance if compound.firm.is_successor else 0.0
    for i in rows(first, last):
        nearby = building_issue * open_per_household[np.uint64(building[i])]
        inflow = own_issue * min(own_open[i], counted) + nearby
        inflow += legacy + discontent * max(MIDDLE - satisfaction[i], 0.0)
        g = grievance[i] + min(inflow, 1.0) * (1.0 - grievance[i]) - forgets * grievance[i]
        mediated = (stage[i] >= Stage.TELLS_FIRM) & (u[0, i - start] < mediation)
        g *= (1.0 - calms * mediated) * (1.0 - gone)
        grievance[i] = min(max(g, 0.0), 1.0) if tenure[i] != Tenure.VACANT else grievance[i]


arrow(
    "grievance", "conflict", "who complains outside and bears a grievance joins an open conflict",
    neutral="no grievance", zh="对外诉求者带着不满情绪加入公开冲突", zh_neutral="没有不满情绪",
)  # fmt: skip
arrow(
    "neighbours", "conflict", "who sees neighbours in open conflict joins them",
    neutral="nobody is seen to", zh="看到邻居公开冲突便加入", zh_neutral="看不到别人冲突",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.CONFLICT, switch="conflict")
def climb(compound, first, last):  # type: ignore[no-untyped-def]
    """Households climb the ladder of conflict by what they did, or leave it; the last step they take with others."""
    world, h, p = compound.world, compound.world.households, compound.parameters.conflict
    u, start = np.empty((3, last - first)), np.uint64(first)
    # Lane 0 is of mediation, lane 2 of a step down.
    fill(u, 3, last - first, first, world.month, world.seed, _CONFLICT)
    tenure, grievance, stage, complained = h.tenure, h.grievance, h.stage, h.complained
    seen_open, threshold = h.seen_open, h.threshold
    to_open, tires, settles = p.threshold_open, p.tires, p.settles
    on = compound.parameters.arrows
    angry, heeds = on.grievance_to_conflict, on.neighbours_to_conflict
    for i in rows(first, last):
        g, at, to = angry * grievance[i], stage[i], complained[i]
        near = np.int64(to > 0)
        outdoors = to - _HOTLINE + _OUTSIDE
        did = outdoors if to >= _HOTLINE else near
        outside = (at >= _OUTSIDE) & (at < Stage.OPEN_CONFLICT)
        joins = outside & (g >= to_open) & (heeds * seen_open[i] >= threshold[i])
        lived_in = tenure[i] != Tenure.VACANT
        tired = lived_in & (at > Stage.CALM) & (u[2, i - start] < tires + settles * (1.0 - g))
        stays = max(at - (tired & (did < at) & (not joins)), did)
        stage[i] = Stage.OPEN_CONFLICT if lived_in & joins else stays
