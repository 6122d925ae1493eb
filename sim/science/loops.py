"""The loops of the model, and which of them holds fees up or down when: the lock without a policy, the turn under it.

Under every seed a compound is lived with all loops closed, and again for each loop with all its arrows cut from the
first month of the policy on, both under the policy and without it. What a loop carries by a month is fees collected
with it less fees collected without it: above 0 where it holds them up, below where it holds them down. Loops work
through each other, so what they carry does not add up. The one that carries most for sure leads in that month.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.config import Config
from sim.experiments import paired
from sim.experiments.answers import Answer
from sim.experiments.household import WITH, WITHOUT
from sim.experiments.kept import Asked, How, Maker
from sim.experiments.run import spread
from sim.model import Recorder
from sim.science import effect
from sim.science.chain import Cuts
from sim.science.shares import at_month

OUTCOME = "collection_rate"

LEAST = 0.01
"""Share of fees due from which a loop leads."""


class Loop(NamedTuple):
    """Arrows that close on themselves; a plus joins those that are cut together.

    A firm that keeps its staff without income runs into debt and goes, so the loop of money is cut by itself only where
    it does not go either.
    """

    en: str
    zh: str
    arrows: tuple[str, ...]

    @property
    def cut(self) -> list[str]:
        """Single arrows that are cut."""
        return [name for arrow in self.arrows for name in arrow.split("+")]


LOOPS: dict[str, Loop] = {
    "L1": Loop("money", "资金", (
        "income_to_effort+loss_to_exit", "effort_to_condition", "condition_to_satisfaction", "satisfaction_to_pay",
    )),
    "L2": Loop("norm", "规范", ("neighbours_to_norm", "norm_to_pay")),
    "L3": Loop("voice", "诉求", (
        "condition_to_problems", "problems_to_grievance", "satisfaction_to_grievance", "grievance_to_pay",
        "grievance_to_voices+grievance_to_conflict", "neighbours_to_voices+neighbours_to_conflict", "conflict_to_pay",
    )),
    "L4": Loop("supervision", "监督", (
        "supervision_to_effort", "committee_to_accounts", "satisfaction_to_trust", "trust_to_pay",
    )),
    "L5": Loop("legitimacy", "合法性", (
        "solved_to_trust", "solved_to_efficacy", "efficacy_to_attendance", "meetings_to_cell_trust", "trust_to_voices",
    )),
    "L6": Loop("commons", "公地", ("neighbours_to_misuse", "misuse_to_condition", "condition_to_misuse")),
}  # fmt: skip
"""Loops that the model is meant to have: name in two languages, arrows."""


@dataclass(frozen=True, repr=False)
class Loops(Answer):
    """Which loop holds fees up or down when.

    Attributes:
        question: What was asked.
        carried: A row per run ("policy", "without"), month and loop: what it ``carried`` of fees collected with ``low``
            and ``high``, ``seeds``, and whether it ``leads``.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("carried",)
    MAIN = "carried"
    SHOWN = "sim.science.loops_table:print_loops"
    FIGURES = "sim.figures.loops"

    question: Question
    carried: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]


@dataclass(frozen=True)
class Question(effect.Question):
    """Whose loops."""

    ANSWER = Loops

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        words = {"by": "loops", "without": self.without}
        return Asked("why", self.config, words, others=(self.other,))

    def maker(self, how: How) -> Maker:
        """What lives the runs."""
        return partial(_tables, self, how.progress)


def _live(question: Question, seed: int) -> np.ndarray:
    """What each loop carries (loops, runs, months) under one seed."""
    cuts, last = Cuts(question, seed), question.config.months
    levels = [
        [_levels(model.recorder, last) for model in cuts.lived(*cut)]
        for cut in [[], *(loop.cut for loop in LOOPS.values())]
    ]
    return np.array(levels[0]) - np.array(levels[1:])


def _levels(recorder: Recorder, last: int) -> list[float]:
    months, values = recorder.months, recorder.values
    return [float(at_month(months, values, OUTCOME, m).mean()) for m in range(1, last + 1)]


def _tables(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    # (seeds, loops, runs, months)
    lived, rows = np.array(spread(question.config, partial(_live, question), progress)), []
    for r, run in enumerate((WITH, WITHOUT)):
        for m in range(lived.shape[3]):
            given = [paired.mean(lived[:, k, r, m]) for k in range(len(LOOPS))]
            sure = [abs(one.value) if one.low > 0.0 or one.high < 0.0 else 0.0 for one in given]
            first = int(np.argmax(sure)) if max(sure) >= LEAST else -1
            rows += [
                {"run": run, "month": m + 1, "loop": name, "carried": one.value, "low": one.low, "high": one.high,
                 "seeds": len(lived), "leads": k == first}
                for k, (name, one) in enumerate(zip(LOOPS, given, strict=True))
            ]  # fmt: skip
    return {"carried": pd.DataFrame(rows)}
