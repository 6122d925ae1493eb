"""Which parameters could have given the figures: a posterior by approximate Bayesian computation.

An answer is kept under ``calibrate/<scenario>-<hash>``, with pyabc's database beside the folder. What the
figures cannot tell apart is a result too: ``parameters`` holds posterior against prior width, ``pairs``
the parameters that make up for one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sim import known
from sim.compose import Interval
from sim.config import Config, Executor, change
from sim.errors import InputError
from sim.experiments import chunks, kept
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept
from sim.experiments.progress import announce_compiling
from sim.explain import unknown_name
from sim.outcomes import INDICATORS
from sim.science.cases import (
    FRESH,
    Case,
    Simulator,
    check_lives,
    figure_row,
    of_runs,
    predictive,
    prior_draws,
)
from sim.science.core import PRIORS, Prior
from sim.science.factors import value_at
from sim.science.libraries import need

if TYPE_CHECKING:
    from sim.science.smc import Sampled

LIBRARIES = ("pyabc", "scipy")
"""Of the sampler."""


@dataclass(frozen=True, repr=False)
class Calibration(Answer):
    """A question and its answer, in tidy frames.

    Attributes:
        question: What was asked.
        posterior: A row per particle: a column per parameter, weight, distance.
        generations: A row per generation: tolerance, simulations, accepted. Tolerance 0 means that
            every particle met every figure.
        parameters: A row per parameter: prior_low, prior_high, default, q05, median, q95, ``width``
            (posterior over prior width of the middle 90%; 1 means nothing was learnt), shift
            (of the median, in prior widths of that 90%).
        pairs: A row per two parameters: their weighted correlation, strongest first.
        figures: A row per case and figure: allowed interval, and median, q05, q95 and share_inside
            of fresh runs, with how many ``runs`` have a value, under the prior (prior_*) and the
            posterior; ``missed``, how far the posterior's median is from it, in the units of the
            tolerance: 0 is met, and nothing stands there where no run has a value.
        predictive: A row per case, source ("prior" or "posterior"), draw, indicator and month.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("posterior", "generations", "parameters", "pairs", "figures", "predictive")
    MAIN = "parameters"
    SHOWN = "sim.science.calibration_table:print_calibration"
    FIGURES = "sim.figures.posterior"

    question: Question
    posterior: pd.DataFrame
    generations: pd.DataFrame
    parameters: pd.DataFrame
    pairs: pd.DataFrame
    figures: pd.DataFrame
    predictive: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def tolerance(self) -> float:
        """Largest distance among the particles."""
        return float(self.posterior["distance"].max())

    @property
    def effective(self) -> float:
        """Effective number of particles: how many equal weights the weights are worth."""
        return effective_size(self.posterior["weight"].to_numpy())

    def draw(self, count: int, seed: int = 0) -> pd.DataFrame:
        """Parameter sets of equal weight, drawn from the posterior with replacement."""
        rng = np.random.default_rng([self.question.seed, seed])
        weights = self.posterior["weight"].to_numpy()
        rows = rng.choice(len(weights), size=count, p=weights / weights.sum())
        return self.posterior.iloc[rows][list(self.question.priors)].reset_index(drop=True)


@dataclass(frozen=True)
class Question(Kept):
    """What is calibrated against what.

    Attributes:
        cases: Held against together, the quickest first.
        priors: Of each parameter.
        particles: Parameter sets in a generation.
        simulations: Simulations in all.
        draws: Runs of the posterior predictive, and of the prior's.
        seed: Seed of everything drawn.
        executor: Where it is computed.
    """

    cases: tuple[Case, ...]
    priors: dict[str, Prior]
    particles: int
    simulations: int
    draws: int
    seed: int
    executor: Executor

    ANSWER = Calibration

    @property
    def asked(self) -> Asked:
        """The question as it is kept: how long it may take is told apart, see ``identity``."""
        figures = [
            [case.config.fingerprint(), [t.model_dump() for t in case.observed.targets]]
            for case in self.cases
        ]
        own = {
            "figures": figures,
            "series": [case.observed.series for case in self.cases],
            "priors": {key: list(bounds) for key, bounds in self.priors.items()},
            "particles": self.particles,
        }
        first, *others = (case.config for case in self.cases)
        return Asked("calibrate", first, own, LIBRARIES, tuple(others))

    def answer(self, out: Path | None = None, progress: bool = False, **how: Any) -> Calibration:
        """Live the question, go on where it was stopped, or read its answer back.

        Raises:
            InputError: An unusable ``out``, another process at the same question, or no pyabc.
            RuntimeError: Not even one generation could be finished.
        """
        need("pyabc", "calibrate", "pyabc is not installed")
        from sim.science import smc

        asked, force = self.asked, How(**how).force
        with asked.made.held():
            if out is None:
                return _assemble(self, _sampled(self, None, progress))
            folder = asked.folder(out)
            # Named like the folder, by all that decides a simulation: nothing else goes on from it. Added
            # to the whole name, since a dot in that would end it, and with it the hash.
            database = folder.with_name(f"{folder.name}.db")
            smc.check_place(database)
            found = kept.find(asked, out, (*Calibration.TABLES, "effort"))
            if found is not None and not force:
                effort = found.pop("effort").iloc[0]
                if (effort["simulations"], effort["draws"]) == (self.simulations, self.draws):
                    return Calibration(self, **found, folder=folder, loaded=True)
            # Two processes would both go on with the one database.
            with chunks.locked(folder.parent, f".{folder.name}.lock"):
                if force or asked.made.own.uncertain:
                    database.unlink(missing_ok=True)
                started = datetime.now(UTC)
                calibration = _assemble(self, _sampled(self, database, progress))
                tables = {name: getattr(calibration, name) for name in Calibration.TABLES}
                tables["effort"] = pd.DataFrame(
                    {"simulations": [self.simulations], "draws": [self.draws]}
                )
                return replace(calibration, folder=kept.keep(asked, out, tables, started))


def priors(
    named: Sequence[str] | None, intervals: dict[str, Interval], config: Config
) -> dict[str, Prior]:
    """Priors: those of the core, else uniform between bounds of the schema, or in an interval of the user's own.

    Raises:
        InputError: A key that is no continuous parameter, or bounds that are not allowed.
    """
    keys = list(PRIORS) if named is None and not intervals else []
    keys += [] if named is None else [str(key) for key in named]
    described = {row.key: row for row in Config.describe()}
    found: dict[str, Prior] = {}
    for key in keys:
        row = described.get(key)
        if row is None:
            raise unknown_name("parameters", f"{key} is no parameter", key, list(described))
        if not isinstance(row.default, float) or row.low is None or row.high is None:
            problem = f"{key} is not a number between two bounds"
            raise InputError("parameters", problem, f"{key}=interval(low,high), or another")
        found[key] = PRIORS.get(key) or Prior(float(row.low), float(row.high))
    found |= {key: Prior(interval.low, interval.high) for key, interval in intervals.items()}
    for key, prior in found.items():
        if not prior.low < prior.high:
            raise InputError(key, f"interval({prior.low:g},{prior.high:g})", "low below high")
    tree = config.resolved()
    for end in (0, 1):
        change(tree, {key: prior[end] for key, prior in found.items()})
    return found


# --- answering ---------------------------------------------------------------------------------


def _sampled(question: Question, database: Path | None, progress: bool) -> Sampled:
    from sim.science import smc

    if progress:
        announce_compiling()
    for case in question.cases:
        # What cannot be lived at all, such as a plug-in that breaks, would be but infinitely far away.
        check_lives(case.config, question.seed)
    plan = smc.Plan(question.particles, question.simulations, question.seed)
    simulator = Simulator(question.cases)
    return smc.sample(simulator, question.priors, plan, question.executor, database, progress)


# --- tables -------------------------------------------------------------------------------------


def _assemble(question: Question, sampled: Sampled) -> Calibration:
    posterior = sampled.parameters.assign(weight=sampled.weights, distance=sampled.distances)
    none = pd.DataFrame()
    bare = Calibration(question, posterior, sampled.generations, none, none, none, none)
    sources = {
        "prior": prior_draws(question.priors, question.draws, question.seed),
        "posterior": bare.draw(question.draws),
    }
    figures, paths = [], []
    for case in question.cases:
        lived = {
            name: predictive(case, draws, FRESH + k * question.draws, question.executor)
            for k, (name, draws) in enumerate(sources.items())
        }
        figures += list(_figures(case, lived))
        paths += [_paths(case, name, runs) for name, runs in lived.items()]
    keys = list(question.priors)
    return replace(
        bare,
        parameters=identified(sampled.parameters, sampled.weights, question),
        pairs=correlated(sampled.parameters[keys], sampled.weights),
        figures=pd.DataFrame(figures),
        predictive=pd.concat(paths, ignore_index=True),
    )


def identified(parameters: pd.DataFrame, weights: np.ndarray, question: Question) -> pd.DataFrame:
    """Posterior against prior, a row per parameter; see ``Calibration.parameters``."""
    tree = question.cases[0].config.resolved()
    rows = []
    for key, prior in question.priors.items():
        q05, median, q95 = weighted_quantiles(
            parameters[key].to_numpy(), weights, (0.05, 0.5, 0.95)
        )
        default = value_at(tree, key)
        before = prior.quantile(np.array([0.05, 0.5, 0.95]))
        wide = float(before[2] - before[0])
        rows.append(
            {
                "parameter": key, "prior_low": prior.low, "prior_high": prior.high,
                "default": math.nan if default is None else float(default),
                "q05": q05, "median": median, "q95": q95, "width": (q95 - q05) / wide,
                "shift": (median - float(before[1])) / wide,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def correlated(parameters: pd.DataFrame, weights: np.ndarray) -> pd.DataFrame:
    """Weighted correlation of every two parameters, strongest first."""
    keys = list(parameters)
    spread = np.cov(parameters.to_numpy().T, aweights=weights).reshape(len(keys), len(keys))
    size = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    rows = [
        {"first": a, "second": b, "correlation": float(spread[i, j] / (size[i] * size[j]))}
        for i, a in enumerate(keys)
        for j, b in enumerate(keys)
        if i < j
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "correlation"])
    return frame.sort_values("correlation", key=abs, ascending=False, ignore_index=True)


def _figures(case: Case, lived: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    before, after = of_runs(case, lived["prior"]), of_runs(case, lived["posterior"])
    missed = case.observed.misses(known.median(after, axis=0))
    for place, target in enumerate(case.observed.targets):
        yield {
            "case": case.name, "label": target.label, "indicator": target.indicator,
            "month": target.month, "relative": target.relative, "low": target.low,
            "high": target.high, **figure_row(case, place, before[:, place], "prior_"),
            **figure_row(case, place, after[:, place]), "missed": missed[place],
        }  # fmt: skip


def _paths(case: Case, source: str, runs: list[Any]) -> pd.DataFrame:
    names = list(INDICATORS)
    shown = list(dict.fromkeys(target.indicator for target in case.observed.targets))
    parts = [
        pd.DataFrame(
            {
                "case": case.name, "source": source, "draw": np.int32(number),
                "indicator": indicator, "month": run[0].astype(np.int32),
                "value": run[1][:, names.index(indicator)],
            }
        )
        for number, run in enumerate(runs) if run is not None for indicator in shown
    ]  # fmt: skip
    return pd.concat(parts or [_no_paths()], ignore_index=True)


def _no_paths() -> pd.DataFrame:
    words, numbers = ("case", "source", "indicator"), ("draw", "month", "value")
    kinds = {**dict.fromkeys(words, "str"), **dict.fromkeys(numbers, "float64")}
    return pd.DataFrame(columns=list(kinds)).astype(kinds)


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, at: Sequence[float]
) -> tuple[float, ...]:
    """Quantiles of weighted values: between neighbours, at the middle of each one's weight."""
    order = np.argsort(values, kind="stable")
    values, weights = values[order], weights[order] / weights.sum()
    return tuple(float(q) for q in np.interp(at, np.cumsum(weights) - weights / 2, values))


def effective_size(weights: np.ndarray) -> float:
    """How many equal weights some weights are worth."""
    return float(weights.sum() ** 2 / (weights**2).sum())
