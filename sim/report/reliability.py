"""How far an answer may be trusted: high, middle or low, and why, from what can be counted.

An answer is no better than the least of three: whether its difference is more than chance, whether
figures of the same compound that the model was not set by lie where the model says, and how many of the
model's parameters have a source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

from sim import known
from sim.as_text import value_text
from sim.config import Config, Target
from sim.experiments.paired import Gain, difference
from sim.experiments.summary import records_of, target_value, verdict
from sim.outcomes import INDICATORS
from sim.report.case import Case
from sim.report.sentences import FEW, MAIN, span, together
from sim.report.words import PAPER
from sim.schema import ASSUMED

Grade = Literal["high", "middle", "low"]

MANY = 50
"""Runs from which an answer can be of high reliability."""

OF_A_RUN = ("scenario", "policy", "experiment", "executor", "seed", "months", "replications", "doubt", "held",
            "cut")  # fmt: skip
"""Groups of a configuration that say what is asked, and are no parameters of the model."""


@dataclass(frozen=True)
class Sources:
    """How many parameters of the model rest on something.

    Attributes:
        all: How many there are.
        sourced: How many have a source.
        sized: How many of these have one for their size too, and not only for what they stand for.
    """

    all: int
    sourced: int
    sized: int


@dataclass(frozen=True)
class Reliability:
    """A grade with its reasons.

    Attributes:
        grade: "high", "middle" or "low".
        use: What may be done with it, in a sentence.
        reasons: Why, each a part of a sentence.
    """

    grade: Grade
    use: str
    reasons: list[str] = field(default_factory=list)


@cache
def sources() -> Sources:
    """How many parameters of the model have a source."""
    rows = [row for row in Config.describe() if row.key.partition(".")[0] not in OF_A_RUN]
    sourced = [row for row in rows if not row.source.startswith(ASSUMED)]
    sized = [row for row in sourced if ASSUMED not in row.source]
    return Sources(len(rows), len(sourced), len(sized))


@dataclass(frozen=True)
class Reported:
    """A reported figure beside the model's.

    Attributes:
        target: The figure.
        values: What each run has in its place (S,), NaN where it has none.
    """

    target: Target
    values: np.ndarray

    @property
    def verdict(self) -> str:
        """Whether the middle run meets it, as ``summary.verdict`` says."""
        return verdict(self.target.low, self.target.high, float(known.median(self.values)))

    def text(self, case: Case) -> str:
        """The figure as it was reported, or the interval it was told by."""
        t = self.target
        return self.written((t.low, t.high) if t.reported is None else (t.reported,) * 2, case)

    def written(self, ends: tuple[float, float], case: Case) -> str:
        """Two values of its kind as one text."""
        shown = INDICATORS[self.target.indicator]
        if self.target.relative:
            low, high = (f"{100 * value:+.0f}%" for value in ends)
        else:
            unit = "%" if shown.share else ""
            low, high = (value_text(value, shown, case.language) + unit for value in ends)
        return span(low, high, case.language)


def reported(case: Case) -> list[Reported]:
    """Reported figures of a compound beside the model's.

    Figures from month 1 on were told under the case's own policy, and are held against no other.
    """
    scenario = case.config(case.reference).scenario
    own = [p for p in case.policies if case.config(p).policy.name == scenario.policy]
    months = case.comparison.months
    policy = own[0] if own else case.reference
    months = months[(months["scenario"] == case.scenario) & (months["policy"] == policy)]
    lived = months["month"].unique()
    asked = [t for t in scenario.targets if t.month in lived and (own or t.month <= 0)]
    records = list(records_of(months.assign(run=months["seed"]))) if asked else []
    return [Reported(t, np.array([target_value(t, *record) for record in records])) for t in asked]


def reliability(case: Case) -> Reliability:
    """Grade an answer about one compound."""
    words = PAPER[case.language]
    certain, count, why = _certain(case)
    held, figures = _held(case)
    rest = sources()
    reasons = [why, *figures]
    reasons.append(
        words["why_sources"].format(
            sourced=rest.sourced, all=rest.all, sized=rest.sized, share=f"{rest.sourced / rest.all:.0%}"
        )
    )  # fmt: skip
    grade: Grade = "low"
    if certain and count >= FEW and held >= 0.5:
        best = count >= MANY and held == 1 and 2 * rest.sized >= rest.all
        grade = "high" if best else "middle"
    return Reliability(grade, words[f"use_{grade}"], reasons)


def leading(case: Case) -> list[tuple[str, dict[str, float]]]:
    """Policies and what ``difference`` says of their collection in the month asked, the most first.

    Policies that cannot be compared with the reference come last.
    """
    found = []
    for policy in case.tried:
        ours, theirs = together(case.runs[policy], case.runs[case.reference])
        found.append(
            (policy, difference(Gain(ours.at(MAIN, case.month), theirs.at(MAIN, case.month)), 1))
        )
    return sorted(found, key=lambda one: -np.nan_to_num(one[1]["difference"], nan=-np.inf))


def _certain(case: Case) -> tuple[bool, int, str]:
    """Whether the best policy's lead is more than chance, in how many pairs, and how that is said."""
    words = PAPER[case.language]
    if not case.tried:
        return False, 0, words["why_alone"]
    best, gain = leading(case)[0]
    pairs = int(gain["pairs"])
    if pairs < FEW:
        return False, pairs, words["why_runs"].format(runs=pairs)
    key = "why_certain" if gain["low"] > 0 else "why_unsure"
    names = {"name": case.called[best], "reference": case.called[case.reference]}
    return bool(gain["low"] > 0), pairs, words[key].format(**names, runs=pairs)


def _held(case: Case) -> tuple[float, list[str]]:
    """Share of figures the model was not set to that it meets, and how that is said."""
    words, figures = PAPER[case.language], reported(case)
    free = [figure for figure in figures if figure.target.use == "predicted"]
    hit = sum(figure.verdict == "inside" for figure in free)
    told = [words["why_held"].format(hit=hit, count=len(free)) if free else words["why_unheld"]]
    set_to = [figure for figure in figures if figure.target.use == "fitted"]
    if set_to:
        names = words["and"].join(_named(figure, case) for figure in set_to)
        told.append(words["why_fitted"].format(count=len(set_to), names=names))
    return hit / len(free) if free else 0.0, told


def _named(figure: Reported, case: Case) -> str:
    name = case.of(INDICATORS[figure.target.indicator])
    return PAPER[case.language]["figure"].format(
        name=name, month=figure.target.month, value=figure.text(case)
    )
