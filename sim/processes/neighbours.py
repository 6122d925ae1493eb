"""Neighbours: what households show, how ties grow and fade, and what is seen through them.

Seen satisfaction is the neighbours' mean (DeGroot 1974); a member household that pays in the open counts
``1 + lead`` times in the share seen paying; all is weighted by ties. A household without ties of any
strength sees its own satisfaction, its own norm, and nothing else.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel
from sim.world.arrows import arrow
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Stage, Tenure

PAID, MISUSES, COMPLAINS, IN_OPEN, MEMBER, ATTENDED, NEW, VACANT = range(8)
"""What a household shows its neighbours, a bit each (of its bill, that it has paid or says it will, D017):
all in one byte, since it is read once per tie."""

_SHOWS = np.array([[byte >> bit & 1 for bit in range(8)] for byte in range(256)], dtype=np.float64)
# What a byte holds as numbers to multiply by, which is quicker than eight branches.

_DOES_NOT_DRIFT = (1 << NEW) + (1 << VACANT)

_WIDE = 16

_ROWS = 128
# Rows that look around at a time: what is fetched from neighbours all over the compound, many at once,
# is then still in the processor's cache when it is weighed.


@process(How.SPAN)
def show(world, first, last):  # type: ignore[no-untyped-def]
    """Households show their neighbours what they did."""
    h, tied = world.households, world.buildings.tied
    intends, misuse, stage, member, attended = h.intends, h.misuse, h.stage, h.member, h.attended
    moved, tenure, shown = h.moved, h.tenure, h.shown
    for i in rows(first, last):
        shown[i] = (
            (intends[i] << PAID) + (misuse[i] << MISUSES)
            + ((stage[i] >= Stage.CALLS_HOTLINE) << COMPLAINS)
            + ((stage[i] == Stage.OPEN_CONFLICT) << IN_OPEN) + (member[i] << MEMBER)
            + ((attended[i] != 0) << ATTENDED) + (moved[i] << NEW)
            + ((tenure[i] == Tenure.VACANT) << VACANT)
        )  # fmt: skip
    for b in range(h.building[first], h.building[last - 1] + 1):
        tied[b] = 0.0


@process(How.SPAN)
def look_around(world, first, last):  # type: ignore[no-untyped-def]
    """Ties grow or fade, both directions alike; everybody sees what tied neighbours did last month."""
    h, indptr, strength = world.households, world.ties.indptr, world.ties.strength
    compound, building, tied = h.compound, h.building, world.buildings.tied
    satisfaction, norm = h.satisfaction, h.norm
    seen_satisfaction, seen_paid = h.seen_satisfaction, h.seen_paid
    seen_misuse, seen_conflict, seen_open = h.seen_misuse, h.seen_conflict, h.seen_open
    signals, most = world.signals.array, 0
    for a in range(first, last, _ROWS):
        most = max(most, indptr[min(a + _ROWS, last)] - indptr[a])
    owns = np.empty(most + _WIDE, np.uint8)
    others, content = np.empty(most, np.uint8), np.empty(most)
    counts, counts_if_paid, push = np.ones(256), _SHOWS[:, PAID].copy(), 0.0
    for a in range(first, last, _ROWS):
        b = min(a + _ROWS, last)
        begin = np.uint64(indptr[a])
        _fetch(world, a, b, others, content)
        if world.ties_change:
            _repeat(world, a, b, owns)
            _move_on(world, a, b, owns, others)
        for i in rows(a, b):
            lead = signals[compound[i]].lead
            if lead != push:
                push = lead
                for byte in range(256):
                    counts[byte] = 1.0 + push * _SHOWS[byte, MEMBER]
                    counts_if_paid[byte] = counts[byte] * _SHOWS[byte, PAID]
            total = happy = seen = paying = misusing = conflict = in_open = 0.0
            for e in rows(indptr[i], indptr[i + np.uint64(1)]):
                w, other = strength[e], np.uint64(others[e - begin])
                total += w
                happy += w * content[e - begin]
                seen += w * counts[other]
                paying += w * counts_if_paid[other]
                misusing += w * _SHOWS[other, MISUSES]
                conflict += w * _SHOWS[other, COMPLAINS]
                in_open += w * _SHOWS[other, IN_OPEN]
            tied[building[i]] += total
            if total > 0.0:
                # Rounding may leave a mean of ones a bit above 1.
                seen_satisfaction[i] = min(happy / total, 1.0)
                seen_paid[i] = min(paying / seen, 1.0)
                seen_misuse[i] = min(misusing / total, 1.0)
                seen_conflict[i] = min(conflict / total, 1.0)
                seen_open[i] = min(in_open / total, 1.0)
            else:
                seen_satisfaction[i] = satisfaction[i]
                seen_paid[i] = norm[i]
                seen_misuse[i] = seen_conflict[i] = seen_open[i] = 0.0


@kernel
def _fetch(world, a, b, others, content):  # type: ignore[no-untyped-def]
    # What the other end of the ties of rows a to b - 1 shows, and how satisfied it is.
    neighbour, shown = world.ties.neighbour, world.households.shown
    satisfaction, indptr = world.households.satisfaction, world.ties.indptr
    begin, end = np.uint64(indptr[a]), np.uint64(indptr[b])
    for e in rows(begin, end):
        j = np.uint64(neighbour[e])
        others[e - begin] = shown[j]
        content[e - begin] = satisfaction[j]


@kernel
def _repeat(world, a, b, owns):  # type: ignore[no-untyped-def]
    # What rows a to b - 1 show themselves, once for each of their ties. A store of fixed width takes a
    # third of the time of one as long as a row; what it writes too much, the next row overwrites.
    indptr, shown = world.ties.indptr, world.households.shown
    begin, wide = np.uint64(indptr[a]), np.uint64(_WIDE)
    for i in rows(a, b):
        own, at = shown[i], np.uint64(indptr[i]) - begin
        stop = np.uint64(indptr[i + np.uint64(1)]) - begin
        while at < stop:
            for k in range(wide):
                owns[at + k] = own
            at += wide


arrow(
    "meetings", "ties", "who meets comes to know each other",
    neutral="ties drift as without meetings", zh="共同参会或活动使邻里熟悉", zh_neutral="邻里关系不因会议变化",
)  # fmt: skip


@kernel
def _move_on(world, a, b, owns, others):  # type: ignore[no-untyped-def]
    # A tie of a vacant unit is 0, one of a new household ``newcomer``; any other drifts toward its
    # latent strength and grows when both households attended a meeting or activity.
    p, strength, latent = world.p_network[0], world.ties.strength, world.ties.latent
    begin, end = np.uint64(world.ties.indptr[a]), np.uint64(world.ties.indptr[b])
    newcomer, forget = p.newcomer, p.forget
    meet = p.meet * world.p_arrows[0].meetings_to_ties
    for e in rows(begin, end):
        own, other, w = owns[e - begin], others[e - begin], strength[e]
        met = 1.0 if own & other & (1 << ATTENDED) else 0.0
        drifted = min(max(w + (forget * (latent[e] - w) + meet * met * (1.0 - w)), 0.0), 1.0)
        fixed = 0.0 if (own | other) & (1 << VACANT) else newcomer
        strength[e] = fixed if (own | other) & _DOES_NOT_DRIFT else drifted
