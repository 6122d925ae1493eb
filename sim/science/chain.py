"""The chain of a measure: which causal arrows carry its effect, each held against a run in which it is cut.

A policy's effect is lived with every arrow in place, and once more for each arrow that is cut both under the policy and
without it. What the arrow carries is the effect with it less the effect without it (a difference of differences, under
the same seeds); 100 percent of the effect goes through an arrow whose cut leaves nothing of it. Arrows stand behind
each other and beside each other, so what they carry does not add up; ``sim.science.shares`` has the parts that do.

The chain is read backwards from the outcome: at each step the arrow that carries most for sure, until there is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim.config import Config
from sim.experiments import paired
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.run import spread
from sim.model import NeighborhoodModel, uncollected
from sim.science.carried import OUTCOMES, outcomes_of
from sim.science.evidence import evidence_of
from sim.world.arrows import ARROWS

ENDS = {
    "collection": ("pay", "bills", "old_debts"),
    "satisfaction": ("satisfaction",),
    "voices": ("voices",),
}
"""What arrows that lead to an outcome act on."""

BOOKED = {
    "neighbours": ("pay", "satisfaction"), "habit": ("pay",), "income": ("pay",),
    "rate": ("pay",), "solved": ("handling",), "problems": ("handling",), "unsolved": ("handling",),
    "contact": ("visits", "calls"), "meetings": ("attendance",), "efficacy": ("solved",), "loss": ("income",),
    "discontent": ("satisfaction",), "distrust": ("trust",), "accounts": ("supervision",), "votes": ("attendance",),
}  # fmt: skip
"""What a cause comes of by bookkeeping, without an arrow that could be cut."""

LEAST = 0.05
"""Share of the effect from which an arrow is a link of the chain."""

STEPS = 8
"""Most links of a chain."""


@dataclass(frozen=True, repr=False)
class Chain(Answer):
    """Which arrows carry a policy's effect.

    Attributes:
        question: What was asked.
        whole: A row per outcome: ``effect`` with ``low`` and ``high``, all arrows in place, and ``seeds``.
        links: A row per outcome and arrow: cause, effect, what it ``carried`` with ``low`` and ``high``, its ``share``
            of the whole effect, ``sure`` (its interval leaves 0 out), ``place`` in the chain (1 for the first, 0 for
            none), ``evidence`` (assumed, size assumed, sourced) and ``source``.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("whole", "links")
    MAIN = "links"
    SHOWN = "sim.science.chain_table:print_chain"
    FIGURES = "sim.figures.chain"

    question: Question
    whole: pd.DataFrame
    links: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    def of(self, outcome: str) -> list[dict[Any, Any]]:
        """Links of an outcome's chain, the first first."""
        rows = self.links[(self.links["outcome"] == outcome) & (self.links["place"] > 0)]
        return rows.sort_values("place").to_dict("records")

    def sentences(self, language: str = "en") -> list[str]:
        """The chain in sentences, in "en" or "zh"."""
        from sim.science.chain_table import sentences

        return sentences(self, language)


@dataclass(frozen=True)
class Question(Kept):
    """Whose chain.

    Attributes:
        config: The policy, lived to the month read.
        other: The same without it, or without one of its measures.
        without: Measure that the other run lacks, "" for the whole policy.
        names: Arrows that are cut; all by default.
    """

    config: Config
    other: Config
    without: str = ""
    names: tuple[str, ...] = ()

    ANSWER = Chain

    @property
    def cut(self) -> list[str]:
        """Arrows that are cut, without those that the configuration cuts anyway."""
        return [n for n in self.names or sorted(ARROWS) if n not in self.config.cut]

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words = {"by": "arrows", "without": self.without, "names": list(self.names)}
        return Asked("why", self.config, words, others=(self.other,))

    def maker(self, how: How) -> Maker:
        """What lives the runs."""
        return partial(_tables, self, how.progress)


def _live(question: Question, seed: int) -> np.ndarray:
    """Effects (nothing cut and each cut, outcomes) under one seed."""
    sides = question.config, question.other
    past = NeighborhoodModel(question.other, seed=seed)
    starts = [e.parameters.start for side in sides for e in side.policy.entries()]
    past.live_until(min([1, *starts]) - 1)
    found = np.empty((1 + len(question.cut), len(OUTCOMES)))
    with uncollected():
        for k, cut in enumerate([[], *([name] for name in question.cut)]):
            ends = []
            for side in sides:
                going_on = past.fork(side)
                if cut:
                    going_on.change_rules(side.model_copy(update={"cut": [*side.cut, *cut]}))
                going_on.run()
                ends.append(outcomes_of(going_on))
            found[k] = np.array(ends[0]) - np.array(ends[1])
    return found


def _tables(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    effects = np.array(spread(question.config, partial(_live, question), progress))
    whole, links = [], []
    for k, outcome in enumerate(OUTCOMES):
        lived = np.isfinite(effects[:, :, k]).all(axis=1)
        of = effects[lived, :, k]
        given = paired.mean(of[:, 0])
        whole.append({"outcome": outcome, "effect": given.value, "low": given.low, "high": given.high,
                      "seeds": int(lived.sum())})  # fmt: skip
        rows = [
            _link(name, of[:, 0] - of[:, j], given.value) for j, name in enumerate(question.cut, 1)
        ]
        places = {name: n for n, name in enumerate(chain(rows, ENDS[outcome]), 1)}
        links += [{"outcome": outcome, **row, "place": places.get(row["arrow"], 0)} for row in rows]
    return {"whole": pd.DataFrame(whole), "links": pd.DataFrame(links)}


def _link(name: str, carried: np.ndarray, effect: float) -> dict[str, Any]:
    given, known = paired.mean(carried), evidence_of(name)
    same = bool(len(carried)) and carried.min() == carried.max() != 0.0
    return {
        "arrow": name, "cause": ARROWS[name].cause, "effect": ARROWS[name].effect, "carried": given.value,
        "low": given.low, "high": given.high, "share": given.value / effect if effect else np.nan,
        "sure": bool(given.low > 0.0 or given.high < 0.0 or same), "evidence": known.kind, "source": known.source,
    }  # fmt: skip


def chain(links: list[dict[str, Any]], ends: tuple[str, ...]) -> list[str]:
    """Arrows of the chain, first to last: backwards from the outcome, the one that carries most at each step.

    Args:
        links: As ``Chain.links`` has them, of one outcome.
        ends: What the last arrow acts on, one of these.
    """
    strong = [one for one in links if one["sure"] and one["share"] >= LEAST]
    found: list[dict[str, Any]] = []
    while len(found) < STEPS:
        met = {one["cause"] for one in found}
        leading = [
            one
            for one in strong
            if one["effect"] in ends and one not in found and one["cause"] not in met
        ]
        if not leading:
            break
        best = max(leading, key=lambda one: one["share"])
        found.append(best)
        ends = (best["cause"], *BOOKED.get(best["cause"], ()))
    return [str(one["arrow"]) for one in reversed(found)]
