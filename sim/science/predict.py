"""Fit some cases, predict the others: what parameters that fit here say about there.

Only figures that the cases themselves report are looked at. Quick cases are fitted by
``calibrate``. A case of many compounds takes seconds a run, so it is fitted by a second step: a few
draws of the quick cases' posterior live it, and those that meet its figures (or the nearest
quarter) go on. Tables say how many draws stand behind each number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import as_text, known
from sim.compose import choices, load
from sim.config import Executor
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.summary import markdown, spread_text, verdict
from sim.experiments.tables import print_rows
from sim.outcomes import INDICATORS
from sim.science import calibrate as calibration
from sim.science import cases as cases_of
from sim.science.calibrate import Calibration, Question
from sim.science.cases import FRESH, Case, case_of
from sim.science.core import Prior
from sim.science.observed import MISSING

if TYPE_CHECKING:
    from rich.console import Console

ONE_OUT = "one_out"
"""``fit=one_out`` leaves each case out in turn."""

KEPT_SHARE = 0.25
"""Share of draws that go on where fewer meet the figures of a heavy case."""


@dataclass(frozen=True, repr=False)
class Prediction(Answer):
    """Predictions of every fit.

    Attributes:
        question: What was asked.
        predictions: A row per fit, case and figure: fitted (the cases, joined by "+"), use
            ("fitted", "held out" for a figure of a fitted case that was not used, "predicted"),
            draws, allowed low and high, ``default_median`` (parameters as set by hand), median,
            q05, q95, share_inside and ``runs`` with a value under the prior (prior_*) and after the
            fit, verdict.
        fits: A row per fit: tolerance and simulations of the quick cases, tolerance of the heavy
            ones, draws that went on.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("predictions", "fits")
    MAIN = "predictions"
    SHOWN = "sim.science.predict:print_prediction"
    BILINGUAL = False
    WIDTH = 200

    question: Task
    predictions: pd.DataFrame
    fits: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Task(Kept):
    """What is fitted to what, and predicted.

    Attributes:
        fits: Names of cases fitted together, one tuple per fit.
        cases: Names of all cases; those that a fit leaves out are predicted from it.
        particles, simulations: Of each calibration of quick cases; by default those of
            ``calibrate``, so that its posterior of a case is read back.
        draws: Runs of a quick case that is predicted.
        heavy_draws: Runs of a case of many compounds.
        priors: Of each parameter.
        seed: Seed of everything drawn.
        executor: Where it is computed.
    """

    fits: tuple[tuple[str, ...], ...]
    cases: tuple[str, ...]
    priors: dict[str, Prior]
    particles: int
    simulations: int
    draws: int
    heavy_draws: int
    seed: int
    executor: Executor

    ANSWER = Prediction

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        configs = [_case(name, self, "all").config for name in self.cases]
        own = {
            "fits": [list(names) for names in self.fits],
            "cases": [config.fingerprint() for config in configs],
            "targets": [[t.model_dump() for t in c.scenario.targets] for c in configs],
            "priors": {key: list(bounds) for key, bounds in self.priors.items()},
            "numbers": [self.particles, self.simulations, self.draws, self.heavy_draws],
        }
        return Asked("predict", configs[0], own, calibration.LIBRARIES, tuple(configs[1:]))

    def maker(self, how: How) -> Maker:
        """What fits and predicts; calibrations are kept as those of ``calibrate``."""
        return partial(_tables, self, how)


def cases_with_targets() -> list[str]:
    """Scenarios that have targets."""
    return [name for name in choices("scenario") if load(name).scenario.targets]


# --- answering ----------------------------------------------------------------------------------


def _tables(task: Task, how: How) -> dict[str, pd.DataFrame]:
    bench = _Bench(task, how)
    made = [bench.fit(names) for names in task.fits]
    return {
        "predictions": pd.DataFrame([row for rows, _ in made for row in rows]),
        "fits": pd.DataFrame([fit for _, fit in made]),
    }


def _case(name: str, task: Task, which: str) -> Case:
    # As long as its latest target, used or not, so that one run serves both.
    whole = case_of(name, "all", seed=task.seed)
    if which == "all":
        return whole
    return replace(whole, observed=case_of(name, which, seed=task.seed).observed)


class _Bench:
    """What fits share: calibrations of the same quick cases, runs of prior and default parameters."""

    def __init__(self, task: Task, how: How) -> None:
        self._task, self._how = task, how
        self._cases = {name: _case(name, task, "all") for name in task.cases}
        self._before: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._calibrated: dict[tuple[str, ...], Calibration] = {}

    def fit(self, names: tuple[str, ...]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Rows of predictions of one fit, and what the fit came to."""
        task = self._task
        quick = [_case(name, task, "fitted") for name in names if not self._cases[name].heavy]
        heavy = [_case(name, task, "fitted") for name in names if self._cases[name].heavy]
        fitted = self._calibrate(quick) if quick else None
        rows = max(task.draws, task.heavy_draws)
        draws = (
            cases_of.prior_draws(task.priors, rows, task.seed + 2)
            if fitted is None
            else fitted.draw(rows, seed=len(names))
        )
        lived: dict[str, list[Any]] = {}
        distance = np.zeros(task.heavy_draws)
        for case in heavy:
            lived[case.name] = self._live(case, draws[: task.heavy_draws])
            found = cases_of.of_runs(case, lived[case.name])
            distance = np.maximum(distance, [case.observed.distance(one) for one in found])
        chosen = _nearest(distance) if heavy else np.arange(rows)
        told = {
            "fitted": "+".join(names),
            "tolerance": math.nan if fitted is None else fitted.tolerance,
            "simulations": 0 if fitted is None else int(fitted.generations["simulations"].sum()),
            "effective": math.nan if fitted is None else fitted.effective,
            "heavy_tolerance": float(distance[chosen].max()) if heavy else math.nan,
            "draws": len(chosen),
            "out_of": task.heavy_draws if heavy else rows,
        }
        return list(self._rows(names, draws, chosen, lived)), told

    def _calibrate(self, cases: list[Case]) -> Calibration:
        task, names = self._task, tuple(case.name for case in cases)
        if names not in self._calibrated:
            question = Question(
                tuple(cases), task.priors, task.particles, task.simulations, task.draws, task.seed,
                task.executor,
            )  # fmt: skip
            self._calibrated[names] = question.answer(*self._how[:2], force=self._how.force)
        return self._calibrated[names]

    def _rows(
        self, names: tuple[str, ...], draws: pd.DataFrame, chosen: np.ndarray, lived: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        for name, case in self._cases.items():
            if name in lived:
                runs = [lived[name][k] for k in chosen]
            else:
                limit = self._task.heavy_draws if case.heavy else self._task.draws
                runs = self._live(case, draws.iloc[chosen[:limit]])
            after = cases_of.of_runs(case, runs)
            before, default = self._before_of(case)
            for place, target in enumerate(case.observed.targets):
                row = cases_of.figure_row(case, place, after[:, place])
                use = "predicted"
                if name in names:
                    whole = not any(t.fitted for t in case.observed.targets)
                    use = "fitted" if target.fitted or whole else "held out"
                yield {
                    "fitted": "+".join(names), "case": name, "label": target.label,
                    "indicator": target.indicator, "month": target.month,
                    "relative": target.relative, "low": target.low, "high": target.high,
                    "use": use, "draws": len(runs),
                    "default_median": float(known.median(default[:, place])),
                    **cases_of.figure_row(case, place, before[:, place], "prior_"), **row,
                    "verdict": verdict(target.low, target.high, row["median"]),
                }  # fmt: skip

    def _before_of(self, case: Case) -> tuple[np.ndarray, np.ndarray]:
        """What prior and default parameters give, lived once for all fits."""
        if case.name not in self._before:
            count = self._task.heavy_draws if case.heavy else self._task.draws
            blind = cases_of.prior_draws(self._task.priors, count, self._task.seed)
            default = pd.DataFrame(index=range(min(count, 10)))
            self._before[case.name] = (
                cases_of.of_runs(case, self._live(case, blind)),
                cases_of.of_runs(case, self._live(case, default)),
            )
        return self._before[case.name]

    def _live(self, case: Case, draws: pd.DataFrame) -> list[Any]:
        return cases_of.predictive(case, draws, FRESH, self._task.executor)


def _nearest(distance: np.ndarray) -> np.ndarray:
    """Places of the draws that meet every figure, at least the nearest quarter."""
    count = max(int((distance <= 0).sum()), math.ceil(KEPT_SHARE * len(distance)))
    return np.sort(np.argsort(distance, kind="stable")[:count])


# --- words --------------------------------------------------------------------------------------


def as_markdown(prediction: Prediction) -> str:
    """The table as Markdown, for documents."""
    return markdown(*cells(prediction))


def print_prediction(prediction: Prediction, console: Console) -> None:
    """Print the table and where it is kept."""
    print_rows(console, *cells(prediction))
    for fit in prediction.fits.to_dict("records"):
        console.print(_fit_line(prediction.question, fit), soft_wrap=True)
    if prediction.folder is not None:
        console.print(f"Results: {prediction.folder}", soft_wrap=True)


def cells(prediction: Prediction) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the table of predictions."""
    head = [
        "fitted to", "case", "figure", "allowed", "set by hand", "prior [90%]", "after fit [90%]",
        "runs inside", "draws", "verdict",
    ]  # fmt: skip
    rows = []
    for row in prediction.predictions.to_dict("records"):
        share = INDICATORS[str(row["indicator"])].share
        text = partial(_text, share, bool(row["relative"]))
        before, after = (
            spread_text(row, [f"{of}{name}" for name in ("median", "q05", "q95")], text)
            for of in ("prior_", "")
        )
        rows.append(
            [
                _fitted_to(prediction.question, row["fitted"]), row["case"], f"{row['label']} ({row['month']:+d})",
                f"{text(row['low'])} to {text(row['high'])}", text(row["default_median"]), before, after,
                f"{100 * row['share_inside']:.0f}% (prior {100 * row['prior_share_inside']:.0f}%)",
                f"{row['draws']}", f"{row['verdict']}, {row['use']}",
            ]
        )  # fmt: skip
    return head, rows


def _fitted_to(task: Task, fitted: str) -> str:
    """Cases of a fit in words, short where all but one are fitted."""
    left_out = [name for name in task.cases if name not in fitted.split("+")]
    return f"all but {left_out[0]}" if len(left_out) == 1 < len(task.cases) - 1 else fitted


def _fit_line(task: Task, row: dict[Any, Any]) -> str:
    """How well a fit went: what stands behind its rows."""
    parts = [f"fitted to {_fitted_to(task, str(row['fitted']))}:"]
    if not math.isnan(row["tolerance"]):
        parts.append(
            f"{row['simulations']} simulations, tolerance {_tolerance(row['tolerance'])}, particles worth "
            f"{row['effective']:.0f};"
        )
    if not math.isnan(row["heavy_tolerance"]):
        missed = _tolerance(row["heavy_tolerance"])
        parts.append(f"cases of many compounds missed by up to {missed};")
    return " ".join([*parts, f"{row['draws']} of {row['out_of']} draws went on"])


def _tolerance(distance: float) -> str:
    return (
        f"{as_text.MISSING} (a figure has no value)" if distance >= MISSING else f"{distance:.2g}"
    )


def _text(share: bool, relative: bool, value: float) -> str:
    if math.isnan(value):
        return as_text.MISSING
    if relative:
        return f"{100 * value:+.0f}%"
    return f"{100 * value:.0f}%" if share else f"{value:.3g}"
