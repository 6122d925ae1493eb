"""The chain of a measure: which causal arrows carry its effect, each held against a run in which it is cut.

A policy's effect is lived with every arrow in place, and again with an arrow cut both under the policy and without it.
What the arrow carries is the effect with it less the effect without it (a difference of differences, under the same
seeds); 100 percent of the effect goes through an arrow whose cut leaves nothing of it. Arrows stand behind each other
and beside each other, so what they carry does not add up; the parts that come along (``sim.science.effect``) do.

Every arrow under every seed would cost a hundred comparisons. So the chain is looked for under a few seeds first,
backwards from the outcome: of the arrows that lead there, then of those that lead to the cause of the strongest, and so
on. Those that seem to carry something are then cut under all seeds, and the chain is read from these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from sim.experiments import paired
from sim.experiments.kept import Asked, How, Maker
from sim.experiments.run import spread
from sim.model import NeighborhoodModel, uncollected
from sim.outcomes import INDICATORS
from sim.science import effect
from sim.science.evidence import evidence_of
from sim.science.shares import OUTCOMES, at_month
from sim.world.arrows import ARROWS

ENDS = {
    "collection_rate": ("pay", "bills", "old_debts"),
    "satisfaction": ("satisfaction",),
    "tickets_per_1000": ("voices", "problems", "handling"),
    "open_conflict_share": ("conflict",),
}
"""What arrows that lead to an outcome act on."""

BOOKED = {
    "neighbours": ("pay", "satisfaction"), "habit": ("pay",), "income": ("pay",),
    "rate": ("pay",), "solved": ("handling",), "problems": ("handling",), "unsolved": ("handling",),
    "contact": ("visits", "calls"), "meetings": ("attendance",), "efficacy": ("solved",), "loss": ("income",),
    "discontent": ("satisfaction",), "distrust": ("trust",), "accounts": ("supervision",), "votes": ("attendance",),
    "willingness": ("pay",),
}  # fmt: skip
"""What a cause comes of by bookkeeping, without an arrow that could be cut."""

LEAST = 0.05
"""Share of the effect from which an arrow is a link of the chain."""

WORTH = 0.005
"""Effect from which its chain is looked for; ten times that for tickets a month of 1,000 households."""

STEPS, PILOTS, TRIED, MOST = 8, 2, 3, 9
"""Most links of a chain; seeds under which arrows are looked for; most arrows then cut, of a step and in all."""


@dataclass(frozen=True, repr=False)
class Chain(effect.Effect):
    """Which arrows carry a policy's effect, beside the parts of it that add up.

    Attributes:
        links: A row per outcome and arrow cut under all seeds: cause, effect, what it ``carried`` with ``low`` and
            ``high``, its ``share`` of the whole effect, ``sure`` (its interval leaves 0 out), ``agrees`` (share of
            seeds in which it carries with the same sign), ``place`` in the chain (1 for the first, 0 for none),
            ``evidence`` (assumed, size assumed, sourced) and ``source``.
    """

    TABLES = (*effect.Effect.TABLES, "links")
    MAIN = "links"
    SHOWN = "sim.science.chain_table:print_chain"
    FIGURES = "sim.figures.chain"

    links: pd.DataFrame = field(default_factory=pd.DataFrame)

    def of(self, outcome: str) -> list[dict[Any, Any]]:
        """Links of an outcome's chain, the first first."""
        rows = self.links[(self.links["outcome"] == outcome) & (self.links["place"] > 0)]
        return rows.sort_values("place").to_dict("records")

    def whole(self, outcome: str) -> dict[Any, Any]:
        """An outcome's whole effect, as ``parts`` has it."""
        rows = self.parts[
            (self.parts["outcome"] == outcome) & (self.parts["cause"] == effect.WHOLE)
        ]
        return dict(rows.iloc[0].to_dict())

    @property
    def told(self) -> str | None:
        """The outcome to tell of where one has to do: the first with a chain, else the first that moves for sure."""
        moved = list(self.links["outcome"].unique())
        return next((name for name in moved if self.of(name)), moved[0] if moved else None)

    def sentences(self, language: str = "en") -> list[str]:
        """The chain in sentences, in "en" or "zh"."""
        from sim.science.chain_table import sentences

        return sentences(self, language)


@dataclass(frozen=True)
class Question(effect.Question):
    """Whose chain.

    Attributes:
        names: Arrows that are cut under all seeds; those that seem to carry something by default.
    """

    names: tuple[str, ...] = ()

    ANSWER = Chain

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words = {"by": "arrows", "without": self.without, "names": list(self.names)}
        return Asked("why", self.config, words, others=(self.other,))

    def maker(self, how: How) -> Maker:
        """What lives the runs."""
        return partial(_tables, self, how.progress)


class Cuts:
    """Effects under one seed, with every arrow in place and with some cut; each lived when it is asked for."""

    def __init__(self, question: effect.Question, seed: int) -> None:
        self._sides = [c.drawn(seed) for c in (question.config, question.other)]
        self._past = NeighborhoodModel(self._sides[1], seed=seed)
        starts = [e.parameters.start for side in self._sides for e in side.policy.entries()]
        self._past.live_until(min([1, *starts]) - 1)
        self._known: dict[tuple[str, ...], np.ndarray] = {}

    def lived(self, *cut: str) -> Iterator[NeighborhoodModel]:
        """The two runs, under the policy and without it, some arrows cut."""
        with uncollected():
            for side in self._sides:
                going_on = self._past.fork(side)
                if cut:
                    going_on.change_rules(side.model_copy(update={"cut": [*side.cut, *cut]}))
                going_on.run()
                yield going_on

    def effect(self, *cut: str) -> np.ndarray:
        """The effect on each of ``OUTCOMES`` with some arrows cut."""
        if cut not in self._known:
            one, other = (_read(model) for model in self.lived(*cut))
            self._known[cut] = one - other
        return self._known[cut]

    def carried(self, arrow: str) -> np.ndarray:
        """What an arrow carries of the effect on each of ``OUTCOMES``."""
        return self.effect() - self.effect(arrow)


def _read(model: Any) -> np.ndarray:
    """A run's ``OUTCOMES`` at its last month, means over compounds."""
    recorder = model.recorder
    return np.array(
        [
            at_month(recorder.months, recorder.values, name, recorder.months[-1]).mean()
            for name in OUTCOMES
        ]
    )


def _tables(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    tables = effect.tables(question, progress)
    known = tables["parts"][tables["parts"]["cause"] == effect.WHOLE].set_index("outcome")
    # Shares of next to nothing would say nothing.
    sure = [
        name
        for name in OUTCOMES
        if (known["low"][name] > 0.0 or known["high"][name] < 0.0)
        and abs(known["part"][name]) >= WORTH * (1.0 if INDICATORS[name].share else 10.0)
    ]
    names = list(question.names) or looked_for(question, sure)
    lived = spread(question.config, partial(_live, question, names), progress) if names else []
    links = [
        _link(
            outcome,
            name,
            np.array([carried[j, k] for carried in lived]),
            float(known["part"][outcome]),
        )
        for k, outcome in enumerate(OUTCOMES)
        if outcome in sure
        for j, name in enumerate(names)
    ]
    for outcome in sure:
        own = [one for one in links if one["outcome"] == outcome]
        names = chain(partial(_leading, own), ENDS[outcome])
        places = {name: n for n, name in enumerate(names, 1)}
        for one in own:
            one["place"] = places.get(one["arrow"], 0)
    return {**tables, "links": pd.DataFrame(links, columns=_COLUMNS)}


_COLUMNS = (
    "outcome", "arrow", "cause", "effect", "carried", "low", "high", "share", "sure", "agrees", "seeds", "place",
    "evidence", "source",
)  # fmt: skip


def _live(question: Question, names: list[str], seed: int) -> np.ndarray:
    """What arrows carry (arrows, outcomes) under one seed."""
    cuts = Cuts(question, seed)
    return np.array([cuts.carried(name) for name in names])


def looked_for(question: Question, outcomes: list[str]) -> list[str]:
    """Arrows that seem to carry something of these outcomes' effects, under the first seeds."""
    config, tried = question.config, dict[str, float]()
    pilots = (
        [Cuts(question, config.seed + k) for k in range(min(PILOTS, config.replications))]
        if outcomes
        else []
    )
    for outcome in outcomes:
        k = list(OUTCOMES).index(outcome)
        effect_now = np.mean([one.effect()[k] for one in pilots])

        def step(
            ends: tuple[str, ...], k: int = k, whole: float = float(effect_now)
        ) -> list[dict[str, Any]]:
            names = [
                a.name for a in ARROWS.values() if a.effect in ends and a.name not in config.cut
            ]
            found: list[dict[str, Any]] = [
                {"arrow": name, "cause": ARROWS[name].cause,
                 "share": float(np.mean([one.carried(name)[k] for one in pilots])) / whole if whole else 0.0}
                for name in names
            ]  # fmt: skip
            found = sorted(
                (one for one in found if abs(one["share"]) >= LEAST),
                key=lambda one: -abs(one["share"]),
            )
            tried.update(
                {
                    one["arrow"]: max(abs(one["share"]), tried.get(one["arrow"], 0.0))
                    for one in found[:TRIED]
                }
            )
            return [one for one in found if one["share"] > 0.0]

        chain(step, ENDS[outcome])
    return sorted(tried, key=lambda name: -tried[name])[:MOST]


def _link(outcome: str, name: str, carried: np.ndarray, whole: float) -> dict[str, Any]:
    values = carried[np.isfinite(carried)]
    given, known = paired.mean(values), evidence_of(name)
    same = bool(len(values)) and values.min() == values.max() != 0.0
    return {
        "outcome": outcome, "arrow": name, "cause": ARROWS[name].cause, "effect": ARROWS[name].effect,
        "carried": given.value, "low": given.low, "high": given.high, "share": given.value / whole,
        "sure": bool(given.low > 0.0 or given.high < 0.0 or same),
        "agrees": float(np.mean(np.sign(values) == np.sign(given.value))), "seeds": len(values),
        "evidence": known.kind, "source": known.source,
    }  # fmt: skip


def _leading(links: list[dict[str, Any]], ends: tuple[str, ...]) -> list[dict[str, Any]]:
    """Links that surely carry something to one of these ends."""
    return [one for one in links if one["effect"] in ends and one["sure"] and one["share"] >= LEAST]


def chain(
    leading: Callable[[tuple[str, ...]], list[dict[str, Any]]], ends: tuple[str, ...]
) -> list[str]:
    """Arrows of the chain, first to last: backwards from the outcome, the one that carries most at each step.

    Args:
        leading: From ends to the arrows that lead to one of them and carry something, as ``Chain.links`` has them.
        ends: What the last arrow acts on, one of these.
    """
    found: list[dict[str, Any]] = []
    while len(found) < STEPS:
        met = {one["cause"] for one in found}
        known = {one["arrow"] for one in found}
        of = [one for one in leading(ends) if one["arrow"] not in known and one["cause"] not in met]
        if not of:
            break
        best = max(of, key=lambda one: float(one["share"]))
        found.append(best)
        ends = (best["cause"], *BOOKED.get(best["cause"], ()))
    return [str(one["arrow"]) for one in reversed(found)]
