"""Commons: illegal structures, blocked corridors, vegetable plots and cars on the lawn spread or recede.

A household starts to misuse common space when it sees others do so, and stops under enforcement and
by its own civic-mindedness (seed 001: 公地悲剧).
"""

from __future__ import annotations

import numpy as np

from sim.compiled import inlined, kernel, rows
from sim.mechanisms.chance import to_chances
from sim.schema import Parameters, param


class CommonsParameters(Parameters):
    """Start and end of misuse."""

    starts: float = param(
        -5.0, "Push to start misusing common space, all else neutral", unit="logit", low=-10, high=2,
        zh="占用公共空间基准",
    )  # fmt: skip
    imitation: float = param(
        3.0, "Weight of the share of neighbours seen to misuse", unit="logit", low=0, high=12, zh="效仿权重",
        source="misuse spreads: seeds 001, 004; size assumed",
    )  # fmt: skip
    need: float = param(
        1.0, "Weight of neglect: (1 - condition of security and greenery)", unit="logit", low=0, high=5,
        zh="失管权重",
    )  # fmt: skip
    civic: float = param(
        1.5, "Weight of civic-mindedness", unit="logit", low=0, high=5, zh="公益心权重"
    )
    stops: float = param(
        -3.0, "Push to stop, all else neutral", unit="logit", low=-10, high=2, zh="停止占用基准"
    )


@kernel
def use_commons(  # type: ignore[no-untyped-def]
    first, last, u, parameters, signals, condition, compound, tenure, civic, seen_misuse, misuse
):
    """Let rows [first, last), which are of one compound, start or stop misusing common space."""
    p, c = parameters[0], compound[first]
    weight, imitation, starts, stops = p.civic, p.imitation, p.starts, p.stops
    enforced = signals[c].enforcement
    neglect = p.need * (1.0 - 0.5 * (condition[c, 2] + condition[c, 3]))
    push, start = np.empty(last - first), np.uint64(first)
    for i in rows(first, last):
        held = weight * (civic[i] - 0.5) + enforced
        begin = starts + imitation * seen_misuse[i] + neglect - held
        end = stops - imitation * (seen_misuse[i] - 0.5) + held
        push[i - start] = end if misuse[i] else begin
    to_chances(push)
    for i in rows(first, last):
        changes = (tenure[i] != 2) & (u[0, i - start] < push[i - start])
        misuse[i] = misuse[i] != changes


@kernel
def feel_stopped(  # type: ignore[no-untyped-def]
    before, made_to, anger, neighbours, building, tenure, moved, misuse, trust_cell
):
    """Let households that stopped misusing, and the building that watched, lose trust in the cell.

    Args:
        before: (rows of one compound,) whether they misused the month before.
        made_to: Share of those that stopped who were made to, 0 to 1.
        anger: Share of trust lost by a household made to stop.
        neighbours: The same for a household all of whose building is made to stop, -1 to 1.
    """
    first = 0
    while first < len(building):
        last = first + 1
        while last < len(building) and building[last] == building[first]:
            last += 1
        stopped = 0
        for i in rows(first, last):
            stopped += _stopped(before[i], misuse[i], moved[i], tenure[i])
        own, seen = anger * made_to, neighbours * (stopped / (last - first)) * made_to
        for i in rows(first, last):
            lost = own if _stopped(before[i], misuse[i], moved[i], tenure[i]) else seen
            kept = min(max(trust_cell[i] * (1.0 - lost), 0.0), 1.0)
            trust_cell[i] = kept if tenure[i] != 2 else trust_cell[i]
        first = last


@inlined
def _stopped(before, misuse, moved, tenure):  # type: ignore[no-untyped-def]
    return (before == 1) & (misuse == 0) & (moved == 0) & (tenure != 2)
