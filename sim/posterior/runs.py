"""The designed runs: every case and every kind of untouched compound, each under many draws of the core."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd

from sim.config import Executor, Policy, change
from sim.errors import InputError
from sim.experiments import executors
from sim.experiments.summary import target_value
from sim.posterior import held, space
from sim.science import cases as cases_of
from sim.science import levels as levels_of
from sim.science.untouched import POPULATIONS, live_untouched

HEAVY_SHARE = 8
"""Of a case or kind of many compounds one in so many draws is lived: its runs take seconds."""

PER_TASK = 8

CARES = {"good_firm": 0.92}
"""Care of the firm where a kind is told by it, which no draw changes."""


def parts() -> list[str]:
    """Names of what is lived: cases that report a share, and kinds of untouched compounds."""
    named = dict.fromkeys(figure.case for figure in held.figures() if figure.share)
    return [*named, *POPULATIONS]


def columns(part: str) -> list[tuple[str, str]]:
    """Names of what is read of a part, and the indicator or check it is."""
    if part in POPULATIONS:
        return [(one.name, one.name) for one in levels_of.LEVELS if one.population == part]
    mine = [one for one in held.figures() if one.case == part]
    return [(f"{one.name}|{way}", way) for one in mine for way in one.counts]


def draws_of(part: str, draws: int) -> range:
    """Numbers of the draws under which a part is lived."""
    # The last ones: draws of a Sobol sequence that follow one another lie evenly, every eighth of them in one corner.
    # The first are those that the check of coverage keeps out of training.
    return range(draws + draws // -HEAVY_SHARE if heavy(part) else 0, draws)


def heavy(part: str) -> bool:
    """Whether a run takes seconds."""
    return part == levels_of.DISTRICT if part in POPULATIONS else held.cases()[part].heavy


def live(part: str, draws: int, executor: Executor) -> pd.DataFrame:
    """Live a part under the first draws of the design.

    Args:
        part: Of ``parts``.
        draws: How many.
        executor: Where; changes no result.

    Returns:
        A row a draw: ``draw``, its traits, and a column for each of ``columns``; NaN where a run has no value.
    """
    numbers = draws_of(part, draws)
    tasks = [numbers[k : k + PER_TASK] for k in range(0, len(numbers), PER_TASK)]
    theta = space.design(draws)
    lived = executors.gathered(executor, partial(_live_task, part, theta), tasks)
    names = ["draw", *space.Traits._fields, *(name for name, _ in columns(part))]
    rows = [row for task in lived for row in task]
    return pd.DataFrame(rows, columns=names).astype({"draw": int})


def _live_task(part: str, theta: np.ndarray, numbers: range) -> list[list[float]]:
    return [[float(draw), *one(part, theta[draw], draw)] for draw in numbers]


def one(
    part: str,
    theta: np.ndarray,
    draw: int,
    seed: int | None = None,
    *,
    done: bool = True,
) -> list[float]:
    """One run of a part: its traits, then what is read of it.

    Args:
        part: Of ``parts``.
        theta: Numbers of the core (keys,).
        draw: Number of the draw, which decides traits.
        seed: Of the run; by default one more than the draw's number.
        done: Whether what was done is done.
    """
    lived = draw + 1 if seed is None else seed
    if part in POPULATIONS:
        return [*space.AS_STATED, *_levels(part, theta, lived)]
    traits = None if heavy(part) else space.drawn_traits(draw, part)
    return [*(traits or space.AS_STATED), *_figures(part, theta, traits, lived, done)]


def _figures(
    part: str, theta: np.ndarray, traits: space.Traits | None, seed: int, done: bool
) -> Iterator[float]:
    tree = _tree(part) if done else {**_tree(part), "policy": Policy().model_dump()}
    record = cases_of.live(tree, space.settings(tree, theta, traits), seed)
    for figure in (one for one in held.figures() if one.case == part):
        for way in figure.counts:
            counted = figure.target.model_copy(update={"indicator": way})
            yield np.nan if record is None else target_value(counted, *record)


def _levels(part: str, theta: np.ndarray, seed: int) -> list[float]:
    tree = _tree(part)
    checks = [one for one in levels_of.LEVELS if one.population == part]
    given = space.settings(tree, theta, None)
    if part in CARES:
        given["firm.diligence"] = CARES[part]
    try:
        lived = live_untouched(change(tree, given), seed)
    except (InputError, ArithmeticError, ValueError):
        return [np.nan] * len(checks)
    return [float(one.value(lived)) for one in checks]


@cache
def _tree(part: str) -> dict[str, Any]:
    """Every value of a part's configuration: to compose it takes longer than to live it."""
    config = POPULATIONS[part].config() if part in POPULATIONS else held.cases()[part].config
    return config.resolved()
