"""Voices (发声): a household with a problem waits, or chooses whom to tell of it.

Doors: the firm; the cell or building head; the committee; the grid worker (residents' committee); a
platform; the 12345 hotline; a petition (信访). The choice is a multinomial logit (McFadden 1974): waiting
has push 0, each door that is there

  ease + urgency + efficacy + time open + trust * (trust in that door - 1/2) - cost of time at a window
       - tried, if it was asked last about this problem and did not solve it

and hotline and petition also grievance, an unanswered telling, and neighbours in complaint; the hotline
once more what it has been called about before. Nobody is sent
anywhere: a better door below draws voices from the hotline and from waiting alike, a better hotline draws
them from all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sim.compiled import kernel
from sim.processes.chance import exponential
from sim.processes.handling import send, take_up
from sim.processes.issues import (
    COUNTS,
    DOORS,
    LATENT,
    OPEN,
    Door,
    Happened,
    Level,
    Urgency,
)
from sim.schema import Parameters, bounded, in_order, logits, monthly, param
from sim.streams import Stream, draw_apart
from sim.world.arrows import arrow, through
from sim.world.process import How, process
from sim.world.tables import Life, Tenure
from sim.world.units import DAYS_PER_MONTH, MIDDLE

_NONE, _FIRM, _CELL, _COMMITTEE, _GRID, _PLATFORM, _HOTLINE, _PETITION = map(int, Door)
_ORDINARY, _STREET = int(Urgency.ORDINARY), int(Level.STREET)
_BY_RESIDENT, _CALLED = int(Happened.FOUND_BY_RESIDENT), int(Happened.CALLED)
_TOLD0 = COUNTS.index("told_firm") - _FIRM
_VOICES = int(Stream.VOICES)


class PerDoor(Parameters):
    """One number for each door."""

    firm: float = param(0.0, "Firm", low=-1000, high=1000, zh="物业服务企业")
    cell: float = param(0.0, "Cell or building head", low=-1000, high=1000, zh="党支部或楼栋长")
    committee: float = param(0.0, "Committee", low=-1000, high=1000, zh="业委会")
    grid: float = param(
        0.0, "Grid worker or residents' committee", low=-1000, high=1000, zh="网格员或居委会"
    )
    platform: float = param(0.0, "Platform", low=-1000, high=1000, zh="线上平台")
    hotline: float = param(0.0, "12345 hotline", low=-1000, high=1000, zh="12345热线")
    petition: float = param(0.0, "Petition", low=-1000, high=1000, zh="信访")


if TYPE_CHECKING:
    DoorPushes = PerDoor
else:
    DoorPushes = bounded(PerDoor, "DoorPushes", -20, 5, __name__)


class VoiceParameters(Parameters):
    """What moves a household with a problem to tell somebody of it, and whom."""

    ease: DoorPushes = param(
        in_order(DoorPushes, -0.1, -1.0, -1.5, -0.6, -0.6, -5.35, -7.7),
        "Push to go to a door rather than wait, all else neutral", unit="logit", zh="各渠道便利度",
        source="doors below from whom people turn to in a dispute (76, 41, 31 percent of 83: D073, as a prior), the "
        "firm nearer for daily repairs; hotline and petition from their levels: 10 to 14 tickets a year in an "
        "ordinary compound (D006, D037), petitions rare",
    )  # fmt: skip
    trust: float = logits(
        2.5, "Weight of trust in the door", low=0, high=10, zh="渠道信任权重",
        source="who has lost trust in the committee turns elsewhere (转而寻求其他途径): seed 000; size assumed",
    )  # fmt: skip
    urgency: float = logits(
        2.0, "Push of an emergency to tell somebody", low=0, high=10, zh="紧急程度权重"
    )
    waiting: float = logits(
        0.5, "Push of a problem that has long been there, half of it after a month", low=-5, high=5, zh="久拖作用",
    )  # fmt: skip
    efficacy: float = logits(
        1.5, "Weight of the feeling that taking part has results", low=0, high=5, zh="效能感权重"
    )
    grievance: float = logits(
        1.3, "Weight of grievance in going beyond the compound", low=0, high=10, zh="不满情绪对外诉权重",
    )  # fmt: skip
    unanswered: float = logits(
        0.7, "Push to go beyond the compound once telling has not helped", low=-2, high=5, zh="反映无果的外诉作用",
    )  # fmt: skip
    seen: float = logits(
        1.0, "Weight of the share of neighbours in complaint in going beyond the compound", low=0, high=10,
        zh="邻里外诉传染权重",
    )  # fmt: skip
    tried: float = logits(
        1.0, "Push away from the door below that was asked last and did not solve it", low=-2, high=10,
        zh="转求其他渠道",
    )  # fmt: skip
    again: float = logits(
        3.0, "Push to call the hotline again about what it has been called about", low=-2, high=8, zh="重复来电倾向",
        source="11 percent of tickets are sent out a second time (D034); set so that this level comes in",
    )  # fmt: skip
    time: float = param(
        0.5, "Weight of the cost of time at committee, grid worker and petition office, see participation", low=0,
        high=3, zh="到场时间成本系数",
    )  # fmt: skip
    called_on: float = logits(
        2.0, "Push to tell staff who call", low=-1, high=6, zh="上门走访的询问作用"
    )
    estranged: float = logits(
        0.5, "Push away from cell and grid of a household that deals with the firm alone", low=-1, high=5,
        zh="只认物业服务企业者的疏离",
        source="some deal with the firm alone (只与物业服务企业打交道): seed 001; size assumed",
    )  # fmt: skip
    sharers: int = param(
        2, "Others of the building who may take up a shared problem in a month", unit="household", low=0, high=50,
        zh="同楼附议户数",
    )  # fmt: skip
    joins: float = monthly(
        0.1, "Chance that one of them takes the problem for its own this month", zh="附议概率",
        source="48 percent of complaints repeat a matter of the same compound (D084); size assumed",
    )  # fmt: skip


@process(How.WORLD, stream=Stream.VOICES, switch="issues")
def residents_speak(world):  # type: ignore[no-untyped-def]
    """Households with a problem wait, or choose whom to tell; others of the building may join in."""
    h, k, weights = world.households, world.issues, np.empty(DOORS)
    for j in range(world.issues_held):
        if k.state[j] == OPEN:
            continue
        i = k.reporter[j]
        compound, new = world.compounds[h.compound[i]], k.arose[j] == world.month
        u, passing, day, _ = draw_apart(i, world.month, k.arose[j], 0, world.seed, _VOICES)
        when = k.since[j] if new else DAYS_PER_MONTH * (world.month + day)
        _weigh(compound, j, i, weights)
        k.said[j] = _choose(weights, u)
        p = compound.parameters
        others = int(p.voices.sharers) if p.issues.shared[k.category[j]] > 0.0 else 0
        if k.said[j] != _NONE:
            _tell(compound, j, i, k.said[j], when, passing)
        for n in range(others):
            who, u, passing, day = draw_apart(
                i, world.month, k.arose[j], n + 1, world.seed, _VOICES
            )
            if u >= p.voices.joins:
                continue
            b = h.building[i]
            other = world.buildings.start[b]
            other += int(who * (world.buildings.end[b] - other))
            if other == i or h.tenure[other] == Tenure.VACANT:
                continue
            _weigh(compound, j, other, weights)
            door = _choose(weights, u / p.voices.joins)
            if door != _NONE:
                later = k.since[j] + day * (DAYS_PER_MONTH * (world.month + 1) - k.since[j])
                _tell(compound, j, other, door, later if new else when, passing)


arrow(
    "efficacy", "voices", "who feels heard tells of problems",
    neutral="efficacy of a newcomer (turnover.newcomer_trust)",
    zh="有效能感者愿意反映问题", zh_neutral="新住户的效能感（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "trust", "voices", "people tell whom they trust, and turn elsewhere where trust is gone",
    neutral="trust of one half in every door",
    zh="居民向信任的渠道反映，失去信任便转求他处", zh_neutral="对各渠道的信任均为一半",
)  # fmt: skip
arrow(
    "grievance", "voices", "who bears a grievance goes beyond the compound",
    neutral="no grievance", zh="不满情绪使居民向小区之外反映", zh_neutral="没有不满情绪",
)  # fmt: skip
arrow(
    "neighbours", "voices", "who sees neighbours complain outside does so too",
    neutral="nobody is seen to", zh="看到邻居对外反映便跟进", zh_neutral="看不到别人对外反映",
)  # fmt: skip
arrow(
    "unsolved", "voices", "who has told of a problem in vain goes beyond the compound, and not to that door again",
    neutral="as if it had not been told yet", zh="反映无果便转向小区之外", zh_neutral="如同初次反映",
)  # fmt: skip


@kernel
def _weigh(compound, j, i, weights):  # type: ignore[no-untyped-def]
    """Write how strongly each door draws household i with problem j, relative to waiting (doors,)."""
    world, s, h = compound.world, compound.signals, compound.world.households
    k, p, q = world.issues, compound.parameters.voices, compound.parameters.participation
    later = q.time_cost_working if h.life[i] == Life.WORKING else q.time_cost_elderly
    window = p.time * (q.time_cost_young if h.life[i] == Life.YOUNG else later)
    phone = s.platform_working if h.life[i] == Life.WORKING else s.platform_elderly
    online = s.platform_young if h.life[i] == Life.YOUNG else phone
    months = float(world.month - k.arose[j])
    on, usual = compound.parameters.arrows, compound.parameters.turnover.newcomer_trust
    heard = through(on.efficacy_to_voices, h.efficacy[i], usual)
    x = p.urgency * MIDDLE * max(_ORDINARY - k.urgency[j], 0)
    x += p.waiting * months / (1.0 + months) + p.efficacy * (heard - MIDDLE)
    told = k.state[j] != LATENT and on.unsolved_to_voices > 0.0
    far = x + p.grievance * h.grievance[i] * on.grievance_to_voices + p.unanswered * told
    far += p.seen * h.seen_conflict[i] * on.neighbours_to_voices
    trusts = p.trust * on.trust_to_voices
    asked, by_firm = p.called_on * h.called_on[i], s.door_firm
    firm, committee = h.trust_firm[i] - MIDDLE, h.trust_committee[i] - MIDDLE
    cell, street = h.trust_cell[i] - MIDDLE, h.trust_street[i] - MIDDLE
    near = x - p.estranged * h.estranged[i]
    ease = p.ease
    weights[_NONE] = 1.0
    weights[_FIRM] = s.firm_present * exponential(ease[0] + x + trusts * firm + asked * by_firm)
    there = s.building_hours > 0.0 or compound.cell.asked > 0
    weights[_CELL] = there * exponential(ease[1] + near + trusts * cell)
    there = compound.committee.works or compound.committee.interim > 0.0
    weights[_COMMITTEE] = there * exponential(ease[2] + x + trusts * committee - window)
    open_to = near + trusts * cell + s.asks_for_reports + asked * (1.0 - by_firm)
    weights[_GRID] = (s.community_hours > 0.0) * exponential(ease[3] + open_to - window)
    weights[_PLATFORM] = online * exponential(ease[4] + x + trusts * cell)
    weights[_HOTLINE] = exponential(ease[5] + far + trusts * street)
    weights[_PETITION] = exponential(ease[6] + far - window)
    if k.called_before[j] == 1:
        weights[_HOTLINE] *= exponential(p.again)
    if told and _NONE < k.door[j] < _HOTLINE:
        weights[k.door[j]] *= exponential(-p.tried)


@kernel
def _choose(weights, u):  # type: ignore[no-untyped-def]
    """The door (``Door``) that a draw falls on."""
    total = weights[_NONE]
    for door in range(_FIRM, DOORS):
        total += weights[door]
    left = u * total - weights[_NONE]
    for door in range(_FIRM, DOORS):
        if left < 0.0:
            return door - 1
        left -= weights[door]
    return _PETITION if left < 0.0 or weights[_PETITION] > 0.0 else _NONE


@kernel
def _tell(compound, j, i, door, day, chance):  # type: ignore[no-untyped-def]
    """Household i tells of problem j at a door, on a day; ``chance`` decides how often it is passed on."""
    world, k, h = compound.world, compound.world.issues, compound.world.households
    told_before, p = k.state[j] != LATENT, compound.parameters.handling
    world.worked.numbers[compound.index, _TOLD0 + door] += 1
    if told_before or door >= _HOTLINE:
        h.complained[i] = max(h.complained[i], door)
    if door == _HOTLINE:
        k.tickets[j] += 1
        k.happened[j] |= _CALLED
        compound.worked.complaints += told_before
        compound.worked.repeats += k.called_before[j]
        k.called_before[j] = 1
    if k.state[j] == OPEN:
        # Somebody of the building was there before; a petition takes it out of the compound's hands.
        if door == _PETITION and k.level[j] < _STREET:
            send(compound, j, _STREET, max(day, k.ready[j]), chance)
        return
    if not told_before:
        k.happened[j] |= _BY_RESIDENT
    k.door[j] = door
    take_up(compound, j, day, p.forwards if door == _HOTLINE else 0.0, chance)
    if door == _PETITION:
        send(compound, j, _STREET, day + p.forwards, chance)
