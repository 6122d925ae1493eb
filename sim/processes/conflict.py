"""Conflict: grievance grows from unsolved problems and broken promises, and climbs a ladder.

Stages: 0 calm, 1 tells the firm, 2 calls the 12345 hotline, 3 petitions (信访), 4 open conflict.
P(up) = logistic(steepness * (grievance - threshold of the stage) + neighbours in conflict - legitimacy);
the last step is collective: it needs a share of tied households above one's own threshold
(Granovetter 1978).
"""

from __future__ import annotations

import numpy as np

from sim.processes.chance import to_chances
from sim.schema import Parameters, param
from sim.streams import Stream, fill
from sim.world.arrows import arrow
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Stage, Tenure
from sim.world.units import MIDDLE

_CONFLICT, _HOTLINE = int(Stream.CONFLICT), int(Stream.HOTLINE)


class ConflictParameters(Parameters):
    """Sources of grievance and steps of the ladder."""

    own_issue: float = param(
        0.06, "Grievance from each own unsolved problem that counts", unit="1/month", low=0, high=1,
        zh="自家问题怨气",
    )  # fmt: skip
    issues_counted: int = param(
        3, "Own unsolved problems that count at most", unit="issue", low=1, high=20,
        zh="自家问题计入上限",
    )  # fmt: skip
    building_issue: float = param(
        0.15, "Grievance from unsolved problems in the building, per problem and household",
        unit="1/month", low=0, high=2, zh="本楼问题怨气",
    )  # fmt: skip
    legacy: float = param(
        0.06, "Grievance from the developer's broken promises at full weight", unit="1/month",
        low=0, high=1, zh="开发遗留怨气",
        source="unbuilt pool and sports ground: seed 004; size assumed",
    )  # fmt: skip
    discontent: float = param(
        0.16, "Grievance from dissatisfaction, per unit of satisfaction below one half", unit="1/month",
        low=0, high=1, zh="不满怨气",
    )  # fmt: skip
    forgets: float = param(
        0.06, "Share of grievance that fades", unit="1/month", low=0, high=1, zh="怨气消退速度"
    )
    calms: float = param(
        0.25, "Share of grievance that mediation takes from a household it reaches", low=0, high=1,
        zh="调解的怨气消解",
    )  # fmt: skip
    steepness: float = param(
        5.0, "Steepness of each step up in grievance", unit="logit", low=0, high=30, zh="升级陡度"
    )
    threshold_firm: float = param(0.30, "Grievance at the middle of the step to telling the firm (see patience)",
        low=0, high=1, zh="找物业的怨气阈值")  # fmt: skip
    threshold_hotline: float = param(0.55, "Grievance at the middle of the step to calling the hotline",
        low=0, high=1, zh="打热线的怨气阈值")  # fmt: skip
    threshold_petition: float = param(0.80, "Grievance at the middle of the step to petitioning",
        low=0, high=1.5, zh="信访的怨气阈值")  # fmt: skip
    threshold_open: float = param(0.60, "Grievance below which nobody joins open conflict",
        low=0, high=1, zh="公开冲突的怨气下限")  # fmt: skip
    patience: float = param(
        3.5, "Push against each step up, all else at its threshold", unit="logit", low=0, high=6,
        zh="忍耐",
    )  # fmt: skip
    contagion: float = param(
        2.0, "Weight of the share of neighbours in complaint", unit="logit", low=0, high=10,
        zh="冲突传染权重",
    )  # fmt: skip
    legitimacy: float = param(
        3.0, "Weight of trust in cell and community", unit="logit", low=0, high=10, zh="合法性权重"
    )
    tires: float = param(
        0.10, "Chance to step down in a month, however aggrieved", unit="1/month", low=0, high=1,
        zh="疲惫退出概率",
    )  # fmt: skip
    settles: float = param(
        0.25, "Further chance to step down, at no grievance", unit="1/month", low=0, high=1,
        zh="平息概率",
    )  # fmt: skip
    call_rate: float = param(
        0.04, "Calls to the hotline by a household at stage 2 or above", unit="1/month", low=0, high=1,
        zh="热线拨打概率",
    )  # fmt: skip
    petition_rate: float = param(
        0.03, "Petitions by a household at stage 3 or above", unit="1/month", low=0, high=1,
        zh="信访概率",
    )  # fmt: skip


arrow(
    "problems", "grievance", "own and neighbours' unsolved problems make angry",
    neutral="none are open",
    zh="自家和本楼未解决的问题引起怨气",
    zh_neutral="没有未解决的问题",
)  # fmt: skip
arrow(
    "legacy", "grievance", "the developer's broken promises make angry",
    neutral="no legacy",
    zh="开发商失信引起怨气",
    zh_neutral="没有遗留问题",
)  # fmt: skip
arrow(
    "satisfaction", "grievance", "who is dissatisfied grows angry",
    neutral="satisfaction of one half",
    zh="不满滋生怨气",
    zh_neutral="满意度为一半",
)  # fmt: skip
arrow(
    "mediation", "grievance", "mediation takes grievance away",
    neutral="nobody mediates",
    zh="调解消解怨气",
    zh_neutral="无人调解",
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
    discontent, calms = (
        p.discontent * on.satisfaction_to_grievance,
        p.calms * on.mediation_to_grievance,
    )
    legacy, mediation = p.legacy * s.legacy * on.legacy_to_grievance, s.mediation
    counted = np.int64(p.issues_counted)
    for i in rows(first, last):
        nearby = building_issue * open_per_household[np.uint64(building[i])]
        inflow = own_issue * min(own_open[i], counted) + nearby
        inflow += legacy + discontent * max(MIDDLE - satisfaction[i], 0.0)
        g = grievance[i] + min(inflow, 1.0) * (1.0 - grievance[i]) - forgets * grievance[i]
        mediated = (stage[i] >= Stage.TELLS_FIRM) & (u[0, i - start] < mediation)
        g *= 1.0 - calms * mediated
        grievance[i] = min(max(g, 0.0), 1.0) if tenure[i] != Tenure.VACANT else grievance[i]


arrow(
    "grievance", "conflict", "who bears a grievance climbs the ladder of complaint",
    neutral="no grievance",
    zh="怨气推动矛盾升级",
    zh_neutral="没有怨气",
)  # fmt: skip
arrow(
    "neighbours", "conflict", "who sees neighbours complain joins them",
    neutral="nobody is seen to",
    zh="看到邻居投诉便跟进",
    zh_neutral="看不到别人投诉",
)  # fmt: skip
arrow(
    "cell_trust", "conflict", "trust in cell and community keeps people from complaining in the open",
    neutral="trust of one half",
    zh="对党组织和社区的信任抑制矛盾升级",
    zh_neutral="信任为一半",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.CONFLICT, switch="conflict")
def climb(compound, first, last):  # type: ignore[no-untyped-def]
    """Households climb or leave the ladder of conflict; the last step they take with others."""
    world, h, p = compound.world, compound.world.households, compound.parameters.conflict
    u, push, start = np.empty((3, last - first)), np.empty(last - first), np.uint64(first)
    # Lane 0 is of mediation; lanes 1 and 2 of a step up and a step down.
    fill(u, 3, last - first, first, world.month, world.seed, _CONFLICT)
    tenure, grievance, trust_cell, stage = h.tenure, h.grievance, h.trust_cell, h.stage
    seen_conflict, seen_open, threshold = h.seen_conflict, h.seen_open, h.threshold
    to_firm, to_hotline, to_petition = p.threshold_firm, p.threshold_hotline, p.threshold_petition
    on, steepness, patience = compound.parameters.arrows, p.steepness, p.patience
    angry, joins = on.grievance_to_conflict, on.neighbours_to_conflict
    contagion, legitimacy = p.contagion * joins, p.legitimacy * on.cell_trust_to_conflict
    to_open, tires, settles = p.threshold_open, p.tires, p.settles
    for i in rows(first, last):
        # From stage 3 on another rule holds, and this push is not used.
        higher = to_hotline if stage[i] == Stage.TELLS_FIRM else to_petition
        bar = to_firm if stage[i] == Stage.CALM else higher
        x = steepness * (angry * grievance[i] - bar) - patience + contagion * seen_conflict[i]
        push[i - start] = x - legitimacy * (trust_cell[i] - MIDDLE)
    to_chances(push)
    for i in rows(first, last):
        g, at = angry * grievance[i], stage[i]
        alone = (at < Stage.PETITIONS) & (u[1, i - start] < push[i - start])
        with_others = (
            (at == Stage.PETITIONS) & (g >= to_open) & (joins * seen_open[i] >= threshold[i])
        )
        lived_in = tenure[i] != Tenure.VACANT
        up = lived_in & (alone | with_others)
        tired = lived_in & (u[2, i - start] < tires + settles * (1.0 - g))
        stage[i] = at + up - (tired & (at > Stage.CALM) & (not up))


@process(How.BLOCK, stream=Stream.HOTLINE, switch="conflict")
def speak(compound, first, last):  # type: ignore[no-untyped-def]
    """Households in complaint call the hotline and petition."""
    world, h, p = compound.world, compound.world.households, compound.parameters.conflict
    u, start = np.empty((2, last - first)), np.uint64(first)
    fill(u, 2, last - first, first, world.month, world.seed, _HOTLINE)
    stage, called, petitioned = h.stage, h.called, h.petitioned
    call_rate, petition_rate = p.call_rate, p.petition_rate
    for i in rows(first, last):
        called[i] = (stage[i] >= Stage.CALLS_HOTLINE) & (u[0, i - start] < call_rate)
        petitioned[i] = (stage[i] >= Stage.PETITIONS) & (u[1, i - start] < petition_rate)
