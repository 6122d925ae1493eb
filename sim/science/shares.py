"""What carried a policy's effect in a compound: fees collected, satisfaction, tickets, conflict, by cause.

Two states are held against each other: a policy and the run without it at one month, or one run at two months.
The parts of each outcome add up to its whole difference; what no cause explains is a part too ("other").

*Fees collected* is a mean over units, weighted by what was billed. A unit whose paid share differs is shared out by
the decision that made the difference: the last month in which the side that paid more paid something. There the
unit pays if the sum of its terms (``decision.TERMS``) is above the logit of its reluctance. Which terms carried it
over is a game of yes or no, so each gets its Shapley value: what it adds, averaged over all orders in which
the terms could change from the one side's to the other's. Reluctance is one of the players ("luck"). Where the terms of
both sides would pay, the side behind had not got round to it ("calls" where staff came, else "timing"). A unit with
another household is "moves", a vacant one "developer"; what is left to different weights of bills is "bills".
Where nobody asks for fees on one side, none are collected there, and the whole is "firm".

*Satisfaction* is a filter: each month a household goes a part of the way to its judgement, which is a sum of
inputs. The difference is followed through that filter input by input, so what an input did fades as satisfaction
itself does.

*Tickets* of the last twelve months are problems in the book, new and old, times calls for each: their Shapley
values, which for a product are each change at the mean of the other factor.

*Open conflict* is joined by a household that has complained outside, is angry enough and sees enough others. One that
is in it on one side only is put down to what the other side lacked of these when it joined, in equal parts (Shapley
values of a game that takes all of them), or to its having settled where nothing was lacking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logit

from sim.experiments.decision import TERMS, Named, pushes
from sim.outcomes import INDICATORS
from sim.science.attribute import exact_game
from sim.world.process import Month, python
from sim.world.tables import Called, Stage, Tenure
from sim.world.units import THOUSAND

PAYING: dict[str, Named] = TERMS | {
    "firm": Named("a firm there to ask for fees", "有无物业服务企业收费"),
    "luck": Named("another reluctance drawn", "缴费门槛的随机变化"),
    "calls": Named("staff who called or wrote", "上门或致函催办"),
    "timing": Named("when it gets round to bills", "办理早晚"),
    "developer": Named("vacant units, the developer's", "空置房（开发商）"),
    "moves": Named("households that moved", "住户更替"),
    "bills": Named("other bills: prices, months served", "账单差异（价格、服务月数）"),
    "other": Named("all else", "其他"),
}
"""Causes of a difference in fees collected."""

JUDGING: dict[str, Named] = {
    "service": Named("how well needs are met", "服务满足需求的程度"),
    "expects": Named("what one has come to expect", "期望的变化"),
    "problems": Named("own problems unsolved", "自家诉求未解决"),
    "accounts": Named("open accounts", "账目公开"),
    "neighbours": Named("what neighbours say", "邻居的评价"),
    "bounds": Named("nothing below 0 or above 1", "满分与零分的限制"),
    "start": Named("what was under way already", "原有趋势"),
    "moves": Named("households that moved", "住户更替"),
    "other": Named("all else", "其他"),
}
"""Causes of a difference in mean satisfaction."""

TELLING: dict[str, Named] = {
    "new": Named("new problems", "新增诉求"),
    "old": Named("problems left open", "遗留诉求"),
    "calls_new": Named("calls for each new problem", "新增诉求拨打热线的倾向"),
    "calls_old": Named("calls for each problem left open", "遗留诉求拨打热线的倾向"),
    "households": Named("households living there", "入住户数"),
    "other": Named("all else", "其他"),
}
"""Causes of a difference in hotline tickets."""

JOINING: dict[str, Named] = {
    "complains": Named("having complained outside before", "此前已对外投诉"),
    "grievance": Named("grievance", "不满情绪"),
    "neighbours": Named("neighbours seen in open conflict", "看到邻居公开冲突"),
    "settled": Named("conflict settled, or tired of", "冲突平息与否"),
    "moves": Named("households that moved", "住户更替"),
    "other": Named("all else", "其他"),
}
"""Causes of a difference in open conflict."""

OUTCOMES: dict[str, dict[str, Named]] = {
    "collection_rate": PAYING, "satisfaction": JUDGING, "tickets_per_1000": TELLING,
    "open_conflict_share": JOINING,
}  # fmt: skip

_INPUTS = ("service", "expects", "problems", "accounts", "neighbours", "bounds")
_LEAST = 1e-9
YEAR = 12


class Judged(NamedTuple):
    """One month's judgement of all households.

    Attributes:
        inputs: What it is the sum of (inputs, households).
        rate: Part of the way that satisfaction goes to it, 0 where nobody lives.
        before: Satisfaction before.
        after: Satisfaction after.
    """

    inputs: np.ndarray
    rate: np.ndarray
    before: np.ndarray
    after: np.ndarray


@dataclass
class Told:
    """One month's problems and calls of a compound: [new, old] each, and households living there."""

    problems: np.ndarray
    calls: np.ndarray


class Bills(NamedTuple):
    """One month's bills of all households, as ``pay`` left them."""

    reluctance: np.ndarray
    held_back: np.ndarray
    credited: np.ndarray
    recovered: np.ndarray
    called: np.ndarray


class Climbed(NamedTuple):
    """One month's step into open conflict.

    Attributes:
        meets: Whether each household has complained outside, is angry enough, and sees enough others (3, households).
        was: Whether it was in open conflict before.
    """

    meets: np.ndarray
    was: np.ndarray


@dataclass(frozen=True)
class State:
    """Households at the end of a month.

    Attributes:
        due: Fees billed of the last twelve months, in fen, 0 where the compound's rate is missing.
        billed, unpaid: Months billed, and which of them are not paid, a bit each.
        lived_here, tenure, satisfaction, stage: Their columns.
    """

    due: np.ndarray
    billed: np.ndarray
    unpaid: np.ndarray
    lived_here: np.ndarray
    tenure: np.ndarray
    satisfaction: np.ndarray
    stage: np.ndarray

    @cached_property
    def paid(self) -> np.ndarray:
        """Share of what was billed that is paid."""
        bits = np.unpackbits(self.unpaid.astype(np.int64).view(np.uint8)).reshape(
            len(self.unpaid), -1
        )
        return np.asarray(1.0 - bits.sum(axis=1) / np.maximum(self.billed, 1))

    @property
    def fights(self) -> np.ndarray:
        """1 where somebody who lives there is in open conflict."""
        return np.asarray(self.lives & (self.stage == Stage.OPEN_CONFLICT), float)

    @property
    def lives(self) -> np.ndarray:
        """Whether somebody lives there."""
        return np.asarray(self.tenure != Tenure.VACANT)


@dataclass
class Record:
    """Keeps of a run what sharing out needs, without changing it.

    Args:
        since: First month kept.
    """

    since: int
    terms: dict[int, np.ndarray] = field(default_factory=dict)
    judged: dict[int, Judged] = field(default_factory=dict)
    bills: dict[int, Bills] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
    told: dict[int, list[Told]] = field(default_factory=dict)
    climbed: dict[int, Climbed] = field(default_factory=dict)
    world: Any = None

    def month(self, month: Month) -> Month:
        """A month with looks around telling, judging, deciding and paying."""
        for when, name, look in (
            ("before", "residents_speak", self._before_telling), ("after", "residents_speak", self._after_telling),
            ("before", "perceive", self._before_judging), ("after", "perceive", self._after_judging),
            ("before", "would_pay", self._deciding), ("before", "pay", self._before_paying),
            ("after", "pay", self._after_paying), ("before", "climb", self._before_climbing),
            ("after", "note", self._end),
        ):  # fmt: skip
            month = getattr(month, when)(name, python(self._since(look), f"{when}.{name}"))
        return month

    def _since(self, look: Any) -> Any:
        def kept(world: Any) -> None:
            if world.month >= self.since:
                look(world)

        return kept

    def _before_telling(self, world: Any) -> None:
        self._tickets = world.issues.tickets[: world.issues_held].copy()

    def _after_telling(self, world: Any) -> None:
        n, book = world.issues_held, world.issues
        new = book.arose[:n] == world.month
        calls = book.tickets[:n] - self._tickets
        at = world.households.compound[book.reporter[:n]]
        self.told[world.month] = [
            Told(
                np.array([(new & (at == c.index)).sum(), (~new & (at == c.index)).sum()], float),
                np.array(
                    [calls[new & (at == c.index)].sum(), calls[~new & (at == c.index)].sum()], float
                ),
            )
            for c in world.compounds
        ]

    def _before_judging(self, world: Any) -> None:
        parts = [_inputs(c, slice(c.first, c.last)) for c in world.compounds]
        self._inputs = np.concatenate([one for one, _ in parts], axis=1)
        self._rate = np.concatenate([rate for _, rate in parts])
        self._satisfied = world.households.satisfaction.copy()

    def _after_judging(self, world: Any) -> None:
        after = world.households.satisfaction.copy()
        self.judged[world.month] = Judged(self._inputs, self._rate, self._satisfied, after)

    def _deciding(self, world: Any) -> None:
        self.terms[world.month] = pushes(world)

    def _before_paying(self, world: Any) -> None:
        h = world.households
        self._called = (h.called_on == 1) | (h.summoned != Called.NOT)

    def _after_paying(self, world: Any) -> None:
        h = world.households
        self.bills[world.month] = Bills(
            h.reluctance.copy(), h.held_back.copy(), h.credited_fen.copy(), h.recovered_fen.copy(), self._called
        )  # fmt: skip

    def _end(self, world: Any) -> None:
        self.world, h = world, world.households
        due = h.billed * h.bill_fee_fen.astype(float)
        asked = np.array([c.census.due_fen > 0 for c in world.compounds])[h.compound]
        kept = (h.billed, h.unpaid, h.lived_here, h.tenure, h.satisfaction, h.stage)
        self.states[world.month] = State(due * asked, *(column.copy() for column in kept))

    def _before_climbing(self, world: Any) -> None:
        h, parts = world.households, []
        for c in world.compounds:
            at, on = slice(c.first, c.last), c.parameters.arrows
            angry = (
                on.grievance_to_conflict * h.grievance[at] >= c.parameters.conflict.threshold_open
            )
            near = on.neighbours_to_conflict * h.seen_open[at] >= h.threshold[at]
            parts.append([h.stage[at] >= Stage.CALLS_HOTLINE, angry, near])
        meets = np.concatenate([np.array(part) for part in parts], axis=1)
        self.climbed[world.month] = Climbed(meets, h.stage == Stage.OPEN_CONFLICT)


def _inputs(c: Any, at: slice) -> tuple[np.ndarray, np.ndarray]:
    h, s, p, on = c.world.households, c.signals, c.parameters.perception, c.parameters.arrows
    hearsay = p.hearsay * on.neighbours_to_satisfaction
    met, expects = c.met[h.life[at]], h.expects[at]
    seen = s.transparency if on.accounts_to_satisfaction > 0.0 else c.parameters.firm.transparency
    counted = np.minimum(h.own_open[at], int(p.issues_counted))
    parts = np.array(
        [
            (1.0 + p.contrast) * met + h.taste[at],
            -p.contrast * expects,
            -p.own_issue * on.problems_to_satisfaction * counted,
            np.full(len(met), -p.opacity * (1.0 - seen)),
        ]
    )
    own = parts.sum(axis=0)
    bounds = np.clip(own, 0.0, 1.0) - own
    heard = hearsay * h.seen_satisfaction[at]
    inputs = np.concatenate([(1.0 - hearsay) * parts, [heard], [(1.0 - hearsay) * bounds]])
    rate = np.maximum(p.speed, on.first_months_to_newcomers / (2.0 + h.lived_here[at]))
    return inputs, np.where(h.tenure[at] != Tenure.VACANT, rate, 0.0)


def at_month(months: np.ndarray, values: np.ndarray, outcome: str, month: int) -> np.ndarray:
    """An outcome as it is shared out, of every compound, from indicators as a run recorded them.

    Args:
        months: Months (months,).
        values: Indicators (months, compounds, indicators).
        outcome: One of ``OUTCOMES``.
        month: Which month is read; tickets are the mean of the twelve up to it.

    Returns:
        (compounds,): fees collected count as 0 where nobody asks for any.
    """
    first = month - YEAR + 1 if outcome == "tickets_per_1000" else month
    of = values[(months >= first) & (months <= month), :, list(INDICATORS).index(outcome)]
    found: np.ndarray = of.mean(axis=0)
    return np.nan_to_num(found) if outcome == "collection_rate" else found


# --- what is held against what ----------------------------------------------------------------------


class Side(NamedTuple):
    """A run at the month that is read."""

    record: Record
    month: int

    @property
    def state(self) -> State:
        """Its households then."""
        return self.record.states[self.month]


class Shared(NamedTuple):
    """One outcome of one compound shared out.

    Attributes:
        whole: Its difference between the two sides; NaN where one has no value.
        parts: What each cause carried, adding up to it.
        units: By household of the compound, its own difference.
        causes: By cause and household, its parts.
    """

    whole: float
    parts: dict[str, float]
    units: np.ndarray
    causes: np.ndarray


def shared(one: Side, other: Side) -> Iterator[tuple[str, int, Shared]]:
    """Share out the difference between two sides, outcome by outcome and compound by compound.

    Args:
        one: The side whose gain is told, as a run under a policy.
        other: What it is held against, kept over the same months; or the same run at an earlier month.

    Yields:
        Name of the outcome, compound, and its parts.
    """
    judged, joined = _judging(one, other), joining(one, other)
    for c in one.record.world.compounds:
        at = slice(int(c.first), int(c.last))
        yield "collection_rate", int(c.index), _paying(one, other, at)
        satisfied = (one.state.satisfaction[at], other.state.satisfaction[at])
        fights = (one.state.fights[at], other.state.fights[at])
        yield (
            "satisfaction",
            int(c.index),
            _weighted(JUDGING, one, other, at, satisfied, judged[:, at]),
        )
        yield "tickets_per_1000", int(c.index), _telling(one, other, int(c.index), at)
        yield (
            "open_conflict_share",
            int(c.index),
            _weighted(JOINING, one, other, at, fights, joined[:, at]),
        )


def _paying(one: Side, other: Side, at: slice) -> Shared:
    names = list(PAYING)
    a, b = one.state, other.state
    due = [side.due[at].sum() for side in (a, b)]
    found = np.zeros((len(names), at.stop - at.start))
    gap = a.paid[at] * (a.due[at] > 0) - b.paid[at] * (b.due[at] > 0)
    if not min(due) > 0.0:
        each = [
            (s.due[at] * s.paid[at]) / max(total, 1.0) for s, total in zip((a, b), due, strict=True)
        ]
        found[names.index("firm")] = each[0] - each[1]
        return _added_up(names, found, float(found.sum()), gap)
    weights = [side.due[at] / total for side, total in zip((a, b), due, strict=True)]
    gap, weight = a.paid[at] - b.paid[at], (weights[0] + weights[1]) / 2.0
    for i in np.flatnonzero(gap):
        found[:, i] = gap[i] * weight[i] * _decided(one, other, at.start + int(i), gap[i] > 0)
    # A difference of a product of two: each factor's change at the mean of the other.
    found[names.index("bills")] += (weights[0] - weights[1]) * (a.paid[at] + b.paid[at]) / 2.0
    whole = float((weights[0] * a.paid[at]).sum() - (weights[1] * b.paid[at]).sum())
    return _added_up(names, found, whole, gap)


def _added_up(names: list[str], found: np.ndarray, whole: float, units: np.ndarray) -> Shared:
    # What is left is told by itself; rounding is all that it is where every cause is known.
    found[names.index("other"), 0] += whole - found.sum()
    return Shared(whole, dict(zip(names, found.sum(axis=1).tolist(), strict=True)), units, found)


def _decided(one: Side, other: Side, i: int, gains: bool) -> np.ndarray:
    """Shares (causes,) of one unit's difference, adding up to 1."""
    names, out = list(PAYING), np.zeros(len(PAYING))
    ahead, behind = (one, other) if gains else (other, one)
    kind = _not_decided(one, other, i)
    months = (
        [m for m in ahead.record.bills if m <= ahead.month and m in ahead.record.terms]
        if not kind
        else []
    )
    paid = [m for m in months if _pays(ahead.record.bills[m], i)]
    if kind or not paid:
        out[names.index(kind or "other")] = 1.0
        return out
    m = paid[-1]
    # One run at two months: what was decided then is held against what is decided now.
    n = behind.month if one.record is other.record else min(m, behind.month)
    bills, others = ahead.record.bills[m], behind.record.bills[n]
    old = bills.credited[i] == 0
    needs = [_needs(one, i, old) for one in (bills, others)]
    terms = ahead.record.terms[m][:, i], behind.record.terms[n][:, i]
    before = float(terms[1].sum() - needs[1])
    changes = np.append(terms[0] - terms[1], needs[1] - needs[0])
    if before + changes.sum() <= 0.0:
        out[names.index("calls" if bills.called[i] else "other")] = 1.0
    elif before > 0.0:
        out[names.index("calls" if bills.called[i] else "timing")] = 1.0
    else:
        out[: len(TERMS) + 1] = carried_over(before, changes)
    return out


def _not_decided(one: Side, other: Side, i: int) -> str:
    a, b = one.state, other.state
    if Tenure.VACANT in (a.tenure[i], b.tenure[i]):
        return "developer"
    passed = one.month - other.month if one.record is other.record else 0
    stayed = a.lived_here[i] - b.lived_here[i] == passed
    return "" if stayed else "moves"


def _pays(bills: Bills, i: int) -> bool:
    return bool(bills.credited[i] > 0 or bills.recovered[i] > 0)


def _needs(bills: Bills, i: int, old: bool) -> float:
    needs = bills.held_back[i] if old else bills.reluctance[i]
    return float(logit(np.clip(needs, _LEAST, 1.0 - _LEAST)))


@cache
def _weights(players: int) -> np.ndarray:
    return exact_game(players).values if players > 1 else np.array([[-1.0, 1.0]])


def carried_over(before: float, changes: np.ndarray) -> np.ndarray:
    """Shapley values of changes that together lift a sum from nothing or below to above nothing.

    Args:
        before: The sum before any of them, 0 or less.
        changes: Changes (players,); with all of them the sum is above 0.

    Returns:
        (players,), adding up to 1; 0 for who changes nothing.
    """
    active = np.flatnonzero(changes)
    sums = np.array([before])
    for change in changes[active]:
        sums = np.concatenate([sums, sums + change])
    # With all of them it is above nothing, whatever rounding says of the order in which they were added.
    over = sums > 0.0
    over[-1] = True
    out = np.zeros(len(changes))
    out[active] = _weights(len(active)) @ over
    return out


def _judging(one: Side, other: Side) -> np.ndarray:
    """Causes (causes, households) of the difference in satisfaction."""
    names, same = list(JUDGING), one.record is other.record
    parts = np.zeros((len(names), len(one.state.satisfaction)))
    moves, start = names.index("moves"), names.index("start")
    first = other.month if same else min(one.record.judged) - 1
    gap = np.zeros(parts.shape[1])
    still = other.record.judged.get(other.month)
    for month in range(first + 1, one.month + 1):
        a, b = one.record.judged[month], still if same else other.record.judged[month]
        assert b is not None
        there = b.after if same else b.before
        parts[moves] += a.before - there - gap
        rate = a.rate if same else (a.rate + b.rate) / 2.0
        parts *= 1.0 - rate
        parts[: len(_INPUTS)] += rate * (a.inputs - b.inputs)
        if same:
            parts[start] += rate * (b.inputs.sum(axis=0) - b.after)
        else:
            judged = (a.inputs.sum(axis=0) + b.inputs.sum(axis=0)) / 2.0
            parts[moves] += (a.rate - b.rate) * (judged - (a.before + b.before) / 2.0)
        gap = a.after - b.after
        parts[names.index("other")] += gap - parts.sum(axis=0)
    return parts


def joining(one: Side, other: Side) -> np.ndarray:
    """Causes (causes, households) of the difference in being in open conflict."""
    gap = one.state.fights - other.state.fights
    parts = np.zeros((len(JOINING), len(gap)))
    for i in np.flatnonzero(gap):
        parts[:, i] = gap[i] * _joined(one, other, int(i), gap[i] > 0)
    return parts


def _joined(one: Side, other: Side, i: int, more: bool) -> np.ndarray:
    """Shares (causes,) of one household's being in conflict on one side only, adding up to 1."""
    names, out = list(JOINING), np.zeros(len(JOINING))
    ahead, behind = (one, other) if more else (other, one)
    if _not_decided(one, other, i):
        out[names.index("moves")] = 1.0
        return out
    steps = ahead.record.climbed
    joined = [
        m for m, s in steps.items() if m <= ahead.month and s.meets[:, i].all() and not s.was[i]
    ]
    if not joined:
        out[names.index("other")] = 1.0
        return out
    n = behind.month if one.record is other.record else min(joined[-1], behind.month)
    then = behind.record.climbed[n]
    lacking = ~then.meets[:, i] & ~then.was[i]
    if lacking.any():
        out[: len(lacking)] = lacking / lacking.sum()
    else:
        out[names.index("settled")] = 1.0
    return out


def _weighted(
    named: dict[str, Named], one: Side, other: Side, at: slice, values: tuple[np.ndarray, np.ndarray],
    causes: np.ndarray,
) -> Shared:  # fmt: skip
    """A mean over households living there, from each household's own causes (causes, households)."""
    names = list(named)
    a, b = one.state, other.state
    lives = [side.lives[at].astype(float) for side in (a, b)]
    if not min(one.sum() for one in lives) > 0.0:
        return Shared(np.nan, dict.fromkeys(names, np.nan), causes[0] * 0.0, causes * 0.0)
    weights = [one / one.sum() for one in lives]
    found = causes * (weights[0] + weights[1]) / 2.0
    found[names.index("moves")] += (weights[0] - weights[1]) * (values[0] + values[1]) / 2.0
    whole = float((weights[0] * values[0]).sum() - (weights[1] * values[1]).sum())
    return _added_up(names, found, whole, (values[0] - values[1]) * lives[0] * lives[1])


def _telling(one: Side, other: Side, c: int, at: slice) -> Shared:
    names, found = list(TELLING), np.zeros((len(TELLING), at.stop - at.start))
    wholes, per = [], []
    for side in (one, other):
        months = [m for m in side.record.told if side.month - YEAR < m <= side.month]
        told = [side.record.told[m][c] for m in months]
        lived = [side.record.states[m].lives[at].sum() for m in months]
        problems, calls = (
            np.sum([getattr(t, k) for t in told], axis=0) for k in ("problems", "calls")
        )
        households = max(float(np.sum(lived)), 1.0) / THOUSAND
        wholes.append(calls.sum() / households)
        per.append(
            (problems, np.divide(calls, problems, where=problems > 0, out=np.zeros(2)), households)
        )
    (n, r, h), (m, q, g) = per
    at_mean = (1.0 / h + 1.0 / g) / 2.0
    found[names.index("new") : names.index("old") + 1, 0] = (n - m) * (r + q) / 2.0 * at_mean
    found[names.index("calls_new") : names.index("calls_old") + 1, 0] = (
        (r - q) * (n + m) / 2.0 * at_mean
    )
    found[names.index("households"), 0] = (
        ((n * r).sum() + (m * q).sum()) / 2.0 * (1.0 / h - 1.0 / g)
    )
    return _added_up(names, found, float(wholes[0] - wholes[1]), np.zeros(found.shape[1]))
