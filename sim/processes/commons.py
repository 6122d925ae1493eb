"""Commons: illegal structures, blocked corridors, vegetable plots and cars on the lawn spread or recede.

A household starts to misuse common space when it sees others do so, and stops under enforcement and
by its own civic-mindedness (seed 001: 公地悲剧).
"""

from __future__ import annotations

import numpy as np

from sim.compiled import inlined, kernel
from sim.processes.chance import to_chances
from sim.processes.parking import who_has_cars
from sim.processes.service import Line
from sim.schema import Parameters, logits
from sim.streams import Stream, fill
from sim.world.arrows import arrow, through
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Tenure
from sim.world.units import MIDDLE

_COMMONS = int(Stream.COMMONS)
_TEAMS = 31
"""Bits of ``misuse_before``. A policy has hardly two teams; they would share one only if this far apart."""


class CommonsParameters(Parameters):
    """Start and end of misuse."""

    starts: float = logits(
        -5.0, "Push to start misusing common space, all else neutral", low=-10, high=2, zh="占用公共空间基准",
    )  # fmt: skip
    imitation: float = logits(
        3.0, "Weight of the share of neighbours seen to misuse", low=0, high=12, zh="效仿权重",
        source="misuse spreads: seeds 001, 004; size assumed",
    )  # fmt: skip
    need: float = logits(
        1.0, "Weight of neglect: (1 - condition of security and greenery)", low=0, high=5, zh="失管权重",
    )  # fmt: skip
    civic: float = logits(1.5, "Weight of civic-mindedness", low=0, high=5, zh="公益心权重")
    stops: float = logits(
        -3.0, "Push to stop, all else neutral", low=-10, high=2, zh="停止占用基准"
    )


arrow(
    "neighbours", "misuse", "a household misuses common space where it sees others do so",
    neutral="what it sees counts for nothing", zh="看到别人占用公共空间便效仿", zh_neutral="所见不起作用",
)  # fmt: skip
arrow(
    "condition", "misuse", "neglected grounds invite misuse",
    neutral="security and greenery as at the start (service.start)",
    zh="环境失管招致占用", zh_neutral="安保与绿化同期初（service.start）",
)  # fmt: skip
arrow(
    "parking", "misuse", "cars without a place stand in lanes and on lawns",
    neutral="as many as is usual (parking.usual_short)",
    zh="无车位的车辆占道占绿", zh_neutral="通常缺口（parking.usual_short）",
)  # fmt: skip
arrow(
    "enforcement", "misuse", "enforcement holds misuse down",
    neutral="nobody enforces", zh="执法抑制占用", zh_neutral="无人执法",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.COMMONS, switch="commons")
def use_commons(compound, first, last):  # type: ignore[no-untyped-def]
    """Residents start or stop misusing common space."""
    world, h, p = compound.world, compound.world.households, compound.parameters.commons
    tenure, civic, seen_misuse, misuse = h.tenure, h.civic, h.seen_misuse, h.misuse
    on, start_state = compound.parameters.arrows, compound.p.start
    weight, starts, stops = p.civic, p.starts, p.stops
    imitation = p.imitation * on.neighbours_to_misuse
    enforced = compound.signals.enforcement * on.enforcement_to_misuse
    condition, seen = compound.condition, on.condition_to_misuse
    tidy = through(seen, condition[Line.SECURITY], start_state[Line.SECURITY])
    tidy += through(seen, condition[Line.GREENERY], start_state[Line.GREENERY])
    neglect = p.need * (1.0 - tidy / 2.0)
    u, push, start = np.empty((1, last - first)), np.empty(last - first), np.uint64(first)
    parking, car = compound.parameters.parking, np.empty(last - first, np.bool_)
    crowded = parking.crowding * (compound.parking_short - parking.usual_short)
    crowded *= on.parking_to_misuse
    who_has_cars(compound, first, last, car)
    fill(u, 1, last - first, first, world.month, world.seed, _COMMONS)
    for i in rows(first, last):
        held = weight * (civic[i] - MIDDLE) + enforced
        begin = starts + imitation * seen_misuse[i] + neglect + crowded * car[i - start] - held
        end = stops - imitation * (seen_misuse[i] - MIDDLE) + held
        push[i - start] = end if misuse[i] else begin
    to_chances(push)
    for i in rows(first, last):
        changes = (tenure[i] != Tenure.VACANT) & (u[0, i - start] < push[i - start])
        misuse[i] = misuse[i] != changes


@kernel
def note_misuse(compound, team):  # type: ignore[no-untyped-def]
    """Let households remember whether they misuse common space while a team is out, for ``feel_stopped``."""
    h, bit = compound.world.households, 1 << team % _TEAMS
    misuse, before = h.misuse, h.misuse_before
    for i in range(compound.first, compound.last):
        before[i] = before[i] | bit if misuse[i] else before[i] & ~bit


arrow(
    "force", "cell_trust", "who is made to stop, and who watches, loses trust in the cell",
    neutral="nobody minds", zh="被强制清理者和旁观者对党组织失信", zh_neutral="无人介意",
)  # fmt: skip


@kernel
def feel_stopped(compound, team, made_to, anger, neighbours):  # type: ignore[no-untyped-def]
    """Let households that stopped misusing, and the building that watched, lose trust in the cell.

    Args:
        compound: Row of it.
        team: The measure that went out last month, by its number.
        made_to: Share of those that stopped who were made to, 0 to 1.
        anger: Share of trust lost by a household made to stop.
        neighbours: The same for a household all of whose building is made to stop, -1 to 1.
    """
    world, h = compound.world, compound.world.households
    made_to *= compound.parameters.arrows.force_to_cell_trust
    tenure, trust_cell, bit = h.tenure, h.trust_cell, 1 << team % _TEAMS
    for b in range(compound.first_building, compound.last_building):
        first, last = world.buildings.start[b], world.buildings.end[b]
        stopped = 0
        for i in range(first, last):
            stopped += _stopped(h, i, bit)
        own, seen = anger * made_to, neighbours * (stopped / (last - first)) * made_to
        for i in range(first, last):
            lost = own if _stopped(h, i, bit) else seen
            kept = min(max(trust_cell[i] * (1.0 - lost), 0.0), 1.0)
            trust_cell[i] = kept if tenure[i] != Tenure.VACANT else trust_cell[i]


@inlined
def _stopped(h, i, bit):  # type: ignore[no-untyped-def]
    lived_in = h.tenure[i] != Tenure.VACANT
    return (h.misuse_before[i] & bit != 0) & (h.misuse[i] == 0) & (h.moved[i] == 0) & lived_in
