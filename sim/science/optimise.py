"""The cheapest policy that reaches a target with a given probability, and the frontier around it.

A policy is a choice, for each candidate measure, of off or one of the doses and starts on offer. All
policies are tried in the same worlds (a seed, and where a posterior is given a draw of it), so that
chance does not decide between two of them; ``search`` looks for those that are cheap and likely to
succeed. What is on the frontier is tried once more in worlds that the search has not seen, since the
luckiest of many policies looks better than it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sim.compose import Setting
from sim.errors import InputError
from sim.experiments.run import check_seeds
from sim.explain import show, unknown_name
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.science import kept, words, worlds
from sim.science.goal import WORDS, Goal, Question
from sim.science.search import Search, need_optuna
from sim.science.worlds import World

TABLES = ("frontier", "policies", "candidates")

MOST_POLICIES = 20_000
"""Most policies that are all tried."""

_GOAL = re.compile(r"(\w+)\s*(>=|<=)\s*([-+.\deE]+?)\s*(%?)\s*(?:at\s*\+?\s*(\d+))?")


@dataclass(frozen=True)
class Optimum:
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
        folder: Where it is kept, None if it is not.
    """

    question: Question
    frontier: pd.DataFrame = field(repr=False)
    policies: pd.DataFrame = field(repr=False)
    candidates: pd.DataFrame = field(repr=False)
    folder: Path | None = None

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


# --- asking -------------------------------------------------------------------------------------


def optimise(
    scenario: str = "kangqiao",
    *overrides: str,
    out: Path | None = None,
    progress: bool = False,
    config_dir: Path | None = None,
    force: bool = False,
    model: Callable[..., Any] | None = None,
    **own: Any,
) -> Optimum:
    """Seek the cheapest policy that reaches a target with a given probability.

    Args:
        scenario: Name of a scenario; the measures of its own policy are the candidates unless
            others are set.
        *overrides: Settings as on the command line.
        out: Folder of all results; None keeps nothing.
        progress: Show a bar on standard error.
        config_dir: Folder with configuration groups of your own.
        force: Search again even if the answer is there.
        model: Class with the interface of ``NeighborhoodModel`` to live instead of it.
        **own: ``target``; ``probability``; ``measures`` (names, or "all") instead of a policy;
            ``doses``; ``starts``; ``hour_yuan``, yuan that an hour counts for; ``hours_most``,
            ``yuan_most``; ``posterior``, a Parquet file of draws; ``trials``; ``worlds``;
            ``check``; ``method``; other keys are settings as ``load`` takes them.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    given, settings = words.of_call(scenario, overrides, own, WORDS)
    return answer(ask(given, settings, config_dir), out, progress, force=force, model=model)


def ask_words(overrides: Sequence[str], config_dir: Path | None = None) -> Question:
    """Put a question together from the words of a command line.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    # A target has signs that Hydra's grammar does not let stand in a value.
    targets = [text for text in overrides if text.startswith("target=")]
    if len(targets) > 1:
        raise InputError("target", "is given twice", "conditions joined by and")
    own, settings = words.split([text for text in overrides if text not in targets], WORDS)
    if targets:
        own["target"] = targets[0].partition("=")[2].strip("\"' ")
    return ask(own, settings, config_dir)


def ask(
    own: dict[str, Any], settings: Sequence[Setting], config_dir: Path | None = None
) -> Question:
    """Check what is asked; ``optimise`` says what is taken.

    Raises:
        InputError: If anything named does not exist or a value is not allowed.
    """
    goals = parse_target(own.get("target", ""))
    keys = {key for key, _ in settings}
    if "months" in keys:
        raise InputError("months", "is the target's month here", '"collection_rate>=0.7 at +24"')
    if "measures" in own:
        if "policy" in keys:
            raise InputError("measures", "policy is given too", "one of the two")
        settings = [*settings, ("policy", _candidates(own["measures"]))]
    last = max(goal.month for goal in goals)
    config = words.case([*settings, ("months", last)], {}, config_dir)
    if not config.policy.entries():
        allowed = "measures=[a,b], measures=all, or policy=NAME for the measures of a bundle"
        raise InputError("measures", "no candidates are named", allowed)
    method = own.get("method", "nsga2")
    if method not in ("nsga2", "exhaustive"):
        raise InputError("method", f"{show(method)} is not known", "nsga2, exhaustive")
    counts = {
        key: words.whole(key, own.get(key, getattr(Question, key)), 4, 100_000)
        for key in ("trials", "worlds", "check")
    }
    limits: dict[str, Any] = {
        key: words.number(key, own[key], 0, 1e15)
        for key in ("hours_most", "yuan_most")
        if own.get(key) is not None
    }
    usual = [start for start in Question.starts if start <= last]
    question = Question(
        config,
        goals,
        probability=words.number("probability", own.get("probability", 0.9), 0.01, 1),
        doses=_levels("doses", own.get("doses", Question.doses), words.number, 0.01, 2),
        starts=_levels("starts", own.get("starts", usual), words.whole, 1, last),
        hour_yuan=words.number("hour_yuan", own.get("hour_yuan", Question.hour_yuan), 0, 1e6),
        posterior=str(own.get("posterior") or ""),
        method=method,
        **counts,
        **limits,
    )
    check_seeds(config, question.worlds + question.check)
    size = question.choices ** len(question.labels)
    if method == "exhaustive" and size > MOST_POLICIES:
        raise InputError(
            "method", f"exhaustive would try {size} policies", f"up to {MOST_POLICIES}"
        )
    return question


def _candidates(given: Any) -> list[str]:
    known = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
    if given == "all":
        return known
    names = words.listed("measures", given)
    for name in names:
        if name not in known:
            raise unknown_name("measures", f"no measure is named {show(name)}", str(name), known)
    return names


def _levels(key: str, value: Any, check: Callable[..., Any], low: float, high: float) -> Any:
    return tuple(sorted(check(key, one, low, high) for one in words.listed(key, value)))


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
        words.indicators("target", name)
        try:
            bound = float(number) / (100 if percent else 1)
        except ValueError:
            raise InputError("target", f"{show(number)} is no number", allowed) from None
        indicator = INDICATORS[name]
        if not indicator.low <= bound <= indicator.high:
            span = f"{indicator.low:g} to {indicator.high:g}"
            raise InputError("target", f"{name} never is {bound:g}", span)
        at = int(month or 24)
        words.whole("target", at, 1, 600)
        goals.append(Goal(name, 1 if sign == ">=" else -1, bound, at))
    return tuple(goals)


def answer(
    question: Question,
    out: Path | None = None,
    progress: bool = False,
    *,
    force: bool = False,
    model: Callable[..., Any] | None = None,
) -> Optimum:
    """Search for what a question seeks, or read its answer back.

    Raises:
        InputError: An unusable ``out`` or posterior, or the extra ``science`` is not installed.
    """
    if question.method == "nsga2":
        need_optuna()
    asked = replace(question.asked, model=model)
    with asked.made.held():
        # Read before anything is lived, so that a wrong file costs nothing.
        tried = _worlds(question)

    def make() -> dict[str, pd.DataFrame]:
        return Search(question, tried, progress, model).tables()

    tables, folder = kept.answered(asked, TABLES, make, out, progress, force)
    return Optimum(question, **tables, folder=folder)


def _worlds(question: Question) -> list[World]:
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
