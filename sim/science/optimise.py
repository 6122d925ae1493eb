"""The cheapest policy that reaches a target with a given probability, and the frontier around it.

A policy is a choice, for each candidate measure, of off or one of the doses and starts on offer. All
policies are tried in the same worlds (a seed, and where a posterior is given a draw of it), so that
chance does not decide between two of them; ``search`` looks for those that are cheap and likely to
succeed. What is on the frontier is tried once more in worlds that the search has not seen, since the
luckiest of many policies looks better than it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sim.config import Config
from sim.errors import InputError
from sim.experiments.answers import Answer
from sim.experiments.kept import How, Kept, Maker
from sim.explain import show
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.questions import words
from sim.science import worlds
from sim.science.goal import Goal, Question
from sim.science.search import Search, need_optuna
from sim.science.worlds import World
from sim.world.costs import Payer

_GOAL = re.compile(r"(\w+)\s*(>=|<=)\s*([-+.\deE]+?)\s*(%?)\s*(?:at\s*\+?\s*(\d+))?")


@dataclass(frozen=True, repr=False)
class Optimum(Answer):
    """The frontier of cost against probability.

    Attributes:
        question: What was sought.
        frontier: A row per policy that none of those tried beats in both cost and probability,
            cheapest first: ``policy`` (number), ``cost`` in yuan, hours turned into yuan; ``hours``,
            ``yuan``, means beyond those without measures; ``searched``, share of the search's worlds
            in which the target was reached; ``probability``, the same share in the worlds of the
            check, with Wilson's interval ``low`` to ``high``; the mean of every indicator of the
            target; ``within``, whether it keeps the limits; ``chosen``.
        policies: A row per policy of the frontier and measure: dose and start.
        candidates: A row per policy tried: cost, share of worlds, how many worlds, its choices.
        split: A row per indicator of the target, of the policy chosen: share of ``chance`` in the spread of what it
            adds, with its 90% interval, from ``pairs`` parameter sets lived twice; no rows without doubt.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("frontier", "policies", "candidates", "split")
    MAIN = "frontier"
    SHOWN = "sim.science.optimum_table:print_optimum"
    FIGURES = "sim.figures.frontier"

    question: Question
    frontier: pd.DataFrame
    policies: pd.DataFrame
    candidates: pd.DataFrame
    split: pd.DataFrame = field(default_factory=pd.DataFrame)
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]

    @property
    def chosen(self) -> pd.Series | None:
        """Row of the cheapest policy that is likely enough in the check; None if there is none."""
        rows = self.frontier[self.frontier["chosen"]]
        return rows.iloc[0] if len(rows) else None

    def settings(self, policy: int) -> list[str]:
        """Words for ``xiaoqu run`` or ``compare`` that stand for a policy of the frontier."""
        rows = self.policies[self.policies["policy"] == policy].to_dict("records")
        if not rows:
            return ["policy=none"]
        told = [f"policy=[{','.join(row['measure'] for row in rows)}]"]
        for row in rows:
            place = f"policy.measures.{row['measure']}"
            given = self.question.config.policy.measures[row["measure"]]
            own = {key: value for key, value in given.items() if key not in ("dose", "start")}
            own |= {"dose": row["dose"], "start": row["start"]}
            told += [f"{place}.{key}={value}" for key, value in own.items()]
        return told


@dataclass(frozen=True)
class Sought(Question, Kept):
    """What is sought, and how the answer is made."""

    ANSWER = Optimum

    def maker(self, how: How) -> Maker:
        """What searches; a wrong file of draws is refused before anything is lived."""
        if self.method == "nsga2":
            need_optuna()
        return Search(self, worlds_of(self), how.progress, how.model).tables


# --- what is sought -----------------------------------------------------------------------------


def candidates(given: Any) -> list[str]:
    """Names of the measures on offer, all of them for "all".

    Raises:
        InputError: One of them is not known.
    """
    known = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
    if given == "all":
        return known
    return words.Listed(words.OneOf(known, "measure"))("measures", given)


def parse_target(text: str) -> tuple[Goal, ...]:
    """Read ``INDICATOR>=NUMBER at +MONTH``, several joined by ``and``.

    Raises:
        InputError: It is not written so, or names no indicator.
    """
    allowed = '"collection_rate>=0.7 at +24", several joined by "and"'
    if not isinstance(text, str) or not text.strip():
        raise InputError("target", "is missing", allowed)
    goals = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = _GOAL.fullmatch(part.strip())
        if found is None:
            raise InputError("target", f"{show(part)} cannot be read", allowed)
        name, sign, number, percent, month = found.groups()
        words.INDICATORS("target", name)
        try:
            bound = float(number) / (100 if percent else 1)
        except ValueError:
            raise InputError("target", f"{show(number)} is no number", allowed) from None
        indicator = INDICATORS[name]
        if not indicator.low <= bound <= indicator.high:
            span = f"{indicator.low:g} to {indicator.high:g}"
            raise InputError("target", f"{name} never is {bound:g}", span)
        at = int(month or 24)
        words.Whole(1, 600)("target", at)
        goals.append(Goal(name, 1 if sign == ">=" else -1, bound, at))
    return tuple(goals)


def parse_hours(text: str) -> tuple[tuple[str, float], ...]:
    """Read ``PAYER<=NUMBER``, hours a month, several joined by ``and``; nothing for no limit.

    Raises:
        InputError: It is not written so, names nobody who gives hours, or names somebody twice.
    """
    allowed = '"cell<=40 and community<=60", hours a month'
    limits: dict[str, float] = {}
    for part in re.split(r"\s+and\s+", text.strip()) if text.strip() else ():
        found = re.fullmatch(r"(\w+)\s*<=\s*(\d+(?:\.\d+)?)", part.strip())
        if found is None or found[1] in limits:
            raise InputError("hours_of", f"{show(part)} cannot be read", allowed)
        words.OneOf([payer.name.lower() for payer in Payer])("hours_of", found[1])
        limits[found[1]] = float(found[2])
    return tuple(limits.items())


def worlds_of(question: Question) -> list[World]:
    """Worlds of the search, then those of the check."""
    config, sizes = question.config, (question.worlds, question.check)
    firsts = (config.seed, config.seed + question.worlds)
    if not question.posterior:
        return worlds.seed_worlds(sum(sizes), firsts[0])
    draws = worlds.read_posterior(question.posterior)
    # Two samples of their own: each by itself is spread as the weights say.
    return [
        world
        for size, first in zip(sizes, firsts, strict=True)
        for world in worlds.posterior_worlds(config, draws, size, first)
    ]
