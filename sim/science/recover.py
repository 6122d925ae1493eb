"""Can the method find parameters that are known? Simulation-based calibration of a calibration.

Parameters are drawn from the prior and lived once: a bank. Some of its rows then play the truth in
turn: their figures are what is observed, with the case's own intervals laid around them, and the
posterior is made of all other rows that meet them (rejection, the limit that the sequential sampler
goes for). If the method is sound, an interval of 90% holds the truth in 90% of turns; how wide the
intervals are says what such figures can teach.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim.experiments import executors
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.progress import bar
from sim.experiments.tables import print_rows
from sim.science.calibrate import Question
from sim.science.cases import Simulator, prior_draws

if TYPE_CHECKING:
    from rich.console import Console

LEAST = 20
"""Rows that a posterior is made of at least: the nearest, where fewer meet the figures."""


@dataclass(frozen=True, repr=False)
class Recovery(Answer):
    """Known parameters against what was found.

    Attributes:
        question: What was tested.
        turns: A row per turn and parameter: turn, parameter, truth, rank (share of the posterior
            below the truth), width (of the middle 90%, over the prior's), rows (in the posterior),
            tolerance (0: all of them meet the figures).
        coverage: A row per parameter: turns, inside_50 and inside_90 (share of truths inside the
            middle 50% and 90%), error_90 (two standard errors of a true 0.9), width (median),
            rank_distance (Kolmogorov-Smirnov, of the ranks from uniform).
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("turns", "coverage")
    MAIN = "coverage"
    SHOWN = "sim.science.recover:print_recovery"
    BILINGUAL = False

    question: Recovering
    turns: pd.DataFrame
    coverage: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Recovering(Kept):
    """A calibration that is tested on synthetic data.

    Attributes:
        question: What would be calibrated; ``simulations`` are the rows of the bank.
        turns: How many rows play the truth.
    """

    question: Question
    turns: int

    ANSWER = Recovery

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        asked = self.question.asked
        own = {**asked.words, "turns": self.turns, "bank": self.question.simulations}
        return replace(asked, command="recover", words=own)

    def maker(self, how: How) -> Maker:
        """What lives the bank, and lets its rows play the truth.

        Raises:
            RuntimeError: No simulation has a value of every figure.
        """
        return partial(_tables, self.question, self.turns, how.progress)


def _tables(question: Question, turns: int, progress: bool) -> dict[str, pd.DataFrame]:
    parameters, values = _bank(question, progress)
    rng = np.random.default_rng([question.seed, 3])
    lived = np.flatnonzero(~np.isnan(values).any(axis=1))
    if not len(lived):
        raise RuntimeError("no simulation has a value of every figure: none can play the truth")
    truths = rng.choice(lived, size=min(turns, len(lived)), replace=False)
    rows = [
        row for turn, truth in enumerate(truths)
        for row in _turn(question, parameters, values, int(turn), int(truth), rng)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    return {"turns": frame, "coverage": _coverage(frame)}


def _bank(question: Question, progress: bool) -> tuple[pd.DataFrame, np.ndarray]:
    parameters = prior_draws(question.priors, question.simulations, question.seed)
    rows = [{str(k): float(v) for k, v in row.items()} for row in parameters.to_dict("records")]
    size = 4
    tasks = [(first, rows[first : first + size]) for first in range(0, len(rows), size)]
    each = partial(_live_rows, Simulator(question.cases), question.seed)
    with bar(len(rows), progress, "simulations") as advance:
        lived = executors.gathered(question.executor, each, tasks, lambda part: advance(len(part)))
    return parameters, np.array([one for part in lived for one in part])


def _live_rows(
    simulate: Simulator, seed: int, task: tuple[int, list[dict[str, float]]]
) -> list[np.ndarray]:
    first, rows = task
    return [simulate(row, seed + first + k, np.inf)[1] for k, row in enumerate(rows)]


def _turn(
    question: Question, parameters: pd.DataFrame, values: np.ndarray, turn: int, truth: int,
    rng: np.random.Generator,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    distance, start = np.zeros(len(values)), 0
    for case in question.cases:
        part = slice(start, start := start + len(case.observed.targets))
        seen = case.observed.synthetic(values[truth, part], rng)
        distance = np.maximum(distance, [seen.distance(one) for one in values[:, part]])
    distance[truth] = np.inf
    count = max(int((distance <= 0).sum()), LEAST)
    rows = np.argsort(distance, kind="stable")[:count]
    for key, prior in question.priors.items():
        least, most = prior.quantile(np.array([0.05, 0.95]))
        found, known = parameters[key].to_numpy()[rows], float(parameters[key].iloc[truth])
        q05, q95 = np.quantile(found, [0.05, 0.95])
        yield {
            "turn": turn, "parameter": key, "truth": known,
            "rank": (float((found < known).sum()) + 0.5) / (count + 1),
            "width": float(q95 - q05) / float(most - least), "rows": count,
            "tolerance": float(distance[rows].max()),
        }  # fmt: skip


def _coverage(turns: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for key, group in turns.groupby("parameter", sort=False):
        away = (group["rank"] - 0.5).abs()
        ranks = np.sort(group["rank"].to_numpy())
        steps = np.arange(1, len(ranks) + 1) / len(ranks)
        apart = np.maximum(steps - ranks, ranks - steps + 1 / len(ranks)).max()
        rows.append(
            {
                "parameter": key, "turns": len(group), "inside_50": float((away <= 0.25).mean()),
                "inside_90": float((away <= 0.45).mean()),
                "error_90": 2 * float(np.sqrt(0.09 / len(group))),
                "width": float(group["width"].median()), "rank_distance": float(apart),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def print_recovery(recovery: Recovery, console: Console) -> None:
    """Print the table of coverage and where it is kept."""
    head = ("parameter", "truth inside 50%", "truth inside 90%", "width of 90% / prior")
    numbers = ("inside_50", "inside_90", "width")
    rows = recovery.coverage.to_dict("records")
    cells = ([row["parameter"], *(f"{row[name]:.2f}" for name in numbers)] for row in rows)
    print_rows(console, head, cells)
    turns = recovery.turns.drop_duplicates("turn")
    met = int((turns["tolerance"] <= 0).sum())
    error = float(recovery.coverage["error_90"].iloc[0])
    console.print(
        f"{len(turns)} known truths; 0.90 would be 0.90 within {error:.2f} by chance. "
        f"All figures met by {LEAST} rows or more in {met} turns.",
        style="dim",
    )  # fmt: skip
    if recovery.folder is not None:
        console.print(f"Results: {recovery.folder}", soft_wrap=True)
