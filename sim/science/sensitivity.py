"""Which parameters an outcome hangs on: Morris screening of many, then Sobol indices of the top ones.

Every point of a design is lived under the same seeds and averaged over them; what the seeds alone
can still do to each number stands beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config, change
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.experiments.run import live
from sim.outcomes import INDICATORS
from sim.science.factors import Factor, problem, settings
from sim.science.libraries import need
from sim.science.worlds import spread_worlds

LEVELS = 4
"""Levels of Morris's grid, as SALib has it by default."""

DELTA = LEVELS / (2 * (LEVELS - 1))
"""Step of a trajectory, in ranges of a factor."""

RESAMPLES = 1000
SAMPLING_SEED = 1
"""Of designs and bootstraps; not 0, which SALib takes for none."""

MORRIS, SOBOL = "morris", "sobol"

Output = tuple[str, int]
"""An indicator and the month at which it is read."""


@dataclass(frozen=True, repr=False)
class Sensitivity(Answer):
    """A question and its answer, in tidy frames.

    Attributes:
        question: What was asked.
        screening: Morris: a row per output (indicator, month) and factor: key, en, zh, value, low,
            high; ``mu`` and ``mu_star``, mean and mean absolute change of the output over the
            factor's range; ``mu_star_low``, ``mu_star_high``, 95% by bootstrap; ``sigma``, their
            spread, from interaction or curvature; ``noise``, the mu_star that seeds alone would
            show, the seeds being common; ``noise_apart``, the same had they not been; ``above``,
            whether the interval lies above the noise; ``effects``, of how many all this is: those of
            two points with a value under every seed.
        indices: Sobol: a row per output and factor: ``first`` and ``total`` share of the variance,
            their 95% intervals by bootstrap (``first_low`` ...), and ``noise``, the total share
            that seeds alone would show.
        noise: A row per stage and output: ``points`` that count, those ``missing``, in which some run
            has no value (of Sobol's matrices the whole row of such a one); mean, least and greatest,
            variance between points, within points between seeds, and the share of the first that
            comes from seeds. Indices are of the points that count.
        points: A row per stage and point: what was set, and each output's mean and spread over
            seeds (``<indicator>_<month>`` and ``<indicator>_<month>_sd``), missing where one has none.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("screening", "indices", "noise", "points")
    MAIN = "screening"
    SHOWN = "sim.science.sensitivity_table:print_sensitivity"
    BILINGUAL = False
    WIDTH = 160
    FIGURES = "sim.figures.sensitivity"

    question: Question
    screening: pd.DataFrame
    indices: pd.DataFrame
    noise: pd.DataFrame
    points: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Question(Kept):
    """What is asked.

    Attributes:
        config: What is lived where nothing is varied.
        factors: What is varied.
        outputs: What is looked at, the first first.
        trajectories: Of Morris's screening.
        top: How many factors go on to Sobol's indices; 0 for none.
        samples: Rows of Sobol's two matrices.
    """

    config: Config
    factors: tuple[Factor, ...] = field(repr=False)
    outputs: tuple[Output, ...]
    trajectories: int
    top: int
    samples: int

    ANSWER = Sensitivity

    @property
    def asked(self) -> Asked:
        """All that decides the answer."""
        said = {
            "factors": [[f.key, f.low, f.high] for f in self.factors],
            "outputs": [list(output) for output in self.outputs],
            "trajectories": self.trajectories,
            "top": self.top,
            "samples": self.samples,
        }
        return Asked("sensitivity", self.config, said, ("SALib", "scipy"))

    def maker(self, how: How) -> Maker:
        """What lives the points of both designs."""
        need("SALib", "sensitivity", "SALib is not installed")
        return partial(_analyse, self, how.progress)


# --- living points ------------------------------------------------------------------------------


def _live_point(outputs: tuple[Output, ...], config: Config) -> np.ndarray:
    """Outputs (seeds, outputs) of one point: means over compounds that have a value."""
    names, rows = list(INDICATORS), []
    for seed in range(config.seed, config.seed + config.replications):
        lived = live(config, seed)
        if lived.stage:
            raise RuntimeError(f"seed {seed} failed at stage {lived.stage}: {lived.message}")
        month = {int(m): place for place, m in enumerate(lived.months)}
        rows.append(
            [known.mean(lived.values[month[m], :, names.index(name)]) for name, m in outputs]
        )
    return np.array(rows)


def live_points(
    question: Question, factors: Sequence[Factor], sample: np.ndarray, progress: bool, what: str
) -> np.ndarray:
    """Outputs (points, seeds, outputs) of sampled points (points, factors), under common seeds.

    Raises:
        InputError: A point is not allowed.
        RuntimeError: A run failed.
    """
    tree = question.config.resolved()
    # Checked before the first run, so that a forbidden point costs nothing.
    configs = [change(tree, settings(factors, row)) for row in sample]
    each = partial(_live_point, question.outputs)
    return np.array(spread_worlds(question.config, each, configs, progress, what))


def complete(values: np.ndarray, size: int) -> np.ndarray:
    """Which points (points,) stand in a part of the design that has a value at every point and seed.

    Indices compare the points of a row under common seeds, so that a row with a gap says nothing.

    Args:
        values: One output (points, seeds), NaN where it has no value.
        size: Points of a part: 1 of a trajectory, all that stand in one row of Sobol's matrices.
    """
    gap = np.isnan(values).any(axis=1).reshape(-1, size).any(axis=1)
    return np.repeat(~gap, size)


# --- analysis -----------------------------------------------------------------------------------


def _analyse(question: Question, progress: bool) -> dict[str, pd.DataFrame]:
    from SALib.sample import morris, sobol

    factors = list(question.factors)
    sample = morris.sample(
        problem(factors), question.trajectories, num_levels=LEVELS, seed=SAMPLING_SEED
    )
    values = live_points(question, factors, sample, progress, "screening, points")
    screening = _screen(question, sample, values)
    stages = [(MORRIS, factors, sample, values)]
    top = top_factors(question, screening)
    if len(top) > 1:
        sample = sobol.sample(
            problem(top), question.samples, calc_second_order=False, seed=SAMPLING_SEED
        )
        values = live_points(question, top, sample, progress, "Sobol, points")
        stages.append((SOBOL, top, sample, values))
    return {
        "screening": screening,
        "indices": _share(question, top, values if len(top) > 1 else None),
        "noise": pd.concat(
            [
                _noise(question, stage, v, len(f) + 2 if stage == SOBOL else 1)
                for stage, f, _, v in stages
            ]
        ),
        "points": pd.concat([_points(question, *stage) for stage in stages], ignore_index=True),
    }


def _screen(question: Question, sample: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    factors, rows = question.factors, []
    for k, (name, month) in enumerate(question.outputs):
        found = _effects(factors, sample, values[..., k])
        for j, factor in enumerate(factors):
            middle, half = float(found["mu_star"][j]), float(found["mu_star_conf"][j])
            rows.append(
                {"indicator": name, "month": month, **_about(factor)}
                | {"mu": float(found["mu"][j]), "mu_star": middle}
                | {"mu_star_low": np.maximum(middle - half, 0.0), "mu_star_high": middle + half}
                | {"sigma": float(found["sigma"][j])}
                | {"noise": found["noise"][j], "noise_apart": found["noise_apart"][j]}
                | {"above": bool(middle - half > found["noise"][j])}
                | {"effects": int(found["effects"][j])}
            )
    frame = pd.DataFrame(rows)
    order = frame.groupby(["indicator", "month"])["mu_star"]
    ranks = order.rank(ascending=False, method="first", na_option="bottom")
    frame.insert(2, "rank", ranks.astype("int64"))
    return frame


def _effects(
    factors: Sequence[Factor], sample: np.ndarray, values: np.ndarray
) -> dict[str, np.ndarray]:
    """What Morris's screening says of each factor (factors,) for one output (points, seeds).

    An effect compares two points of a trajectory under common seeds: where a run of either has no
    value, the factor that moved between them has one effect less, and the others have theirs.
    """
    from SALib.analyze import morris

    count = len(factors)
    there = ~np.isnan(values).any(axis=1).reshape(-1, count + 1)
    moved = np.abs(np.diff(sample.reshape(-1, count + 1, count), axis=1)).argmax(axis=2)
    known_effects = np.empty((len(there), count), bool)
    np.put_along_axis(known_effects, moved, there[:, :-1] & there[:, 1:], axis=1)
    names = ("mu", "mu_star", "mu_star_conf", "sigma", "noise", "noise_apart")
    found = {name: np.full(count, np.nan) for name in names}
    # Of other effects of these trajectories nothing is read: their gaps may hold any number.
    filled = np.nan_to_num(values)
    patterns, of_factor = np.unique(known_effects.T, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        mine = of_factor.ravel() == number
        if pattern.sum() < 2:
            continue
        points = np.repeat(pattern, count + 1)
        own = morris.analyze(
            problem(factors), sample[points], filled[points].mean(axis=1), num_levels=LEVELS,
            num_resamples=RESAMPLES, seed=SAMPLING_SEED,
        )  # fmt: skip
        noise = effect_noise(factors, sample[points], filled[points][..., None])
        for name, column in (
            *((n, own[n]) for n in names[:4]),
            *zip(names[4:], noise, strict=True),
        ):
            found[name][mine] = np.asarray(column, dtype=float).ravel()[mine]
    return {**found, "effects": known_effects.sum(axis=0)}


def effect_noise(
    factors: Sequence[Factor], sample: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The mu_star that seeds alone would show.

    An elementary effect is a difference of two means over seeds. If nothing but seeds moved it, it
    were Normal around 0 with the standard error of that difference, and its mean absolute value
    sqrt(2 / pi) of it. Of few seeds the standard deviation comes out too small; that is made up for.

    Args:
        factors: Of the columns of ``sample``.
        sample: Trajectories (T * (F + 1), F).
        values: Outputs (points, seeds, outputs).

    Returns:
        Two arrays (factors, outputs): with the standard error of paired differences, as lived, and
        as if every point had had seeds of its own.
    """
    count, replications = len(factors), values.shape[1]
    shape = (-1, count + 1)
    steps = np.abs(np.diff(sample.reshape(*shape, count), axis=1)) > 0
    whole = values.reshape(*shape, replications, values.shape[2])
    if replications < 2:
        nothing = np.full((count, values.shape[2]), np.nan)
        return nothing, nothing
    paired = np.diff(whole, axis=1).var(axis=2, ddof=1)
    apart = whole.var(axis=2, ddof=1)
    apart = apart[:, 1:] + apart[:, :-1]
    scale = math.sqrt(2 / math.pi / replications) / DELTA

    def by_factor(variance: np.ndarray, freedom: int) -> np.ndarray:
        # (trajectories, steps, factors) picks for each factor the step that moved it.
        spread = np.sqrt(variance) / _shrinkage(freedom)
        return scale * np.einsum("tsf,tso->fo", steps, spread) / len(steps)

    return by_factor(paired, replications - 1), by_factor(apart, 2 * (replications - 1))


def _shrinkage(freedom: int) -> float:
    """Expected standard deviation of Normal draws relative to the true one (c4 of control charts)."""
    half = freedom / 2
    return math.sqrt(1 / half) * math.exp(math.lgamma(half + 0.5) - math.lgamma(half))


def top_factors(question: Question, screening: pd.DataFrame) -> list[Factor]:
    """The factors of which the outputs changed most, each output measured by its greatest."""
    greatest = screening.groupby(["indicator", "month"])["mu_star"].transform("max")
    score = (screening["mu_star"] / greatest.where(greatest > 0)).fillna(0.0)
    best = score.groupby(screening["key"]).max().sort_values(ascending=False, kind="stable")
    chosen = set(best.index[: question.top][best.to_numpy()[: question.top] > 0])
    return [factor for factor in question.factors if factor.key in chosen]


def _share(question: Question, top: list[Factor], values: np.ndarray | None) -> pd.DataFrame:
    from SALib.analyze import sobol

    rows: list[dict[str, Any]] = []
    for k, (name, month) in enumerate(question.outputs if values is not None else ()):
        assert values is not None
        own = values[complete(values[..., k], len(top) + 2)][..., k]
        means, noise = own.mean(axis=1), total_noise(own, len(top))
        lasting = len(own) > len(top) + 2 and np.ptp(means) > 0
        found = (
            sobol.analyze(
                problem(top), means, calc_second_order=False, num_resamples=RESAMPLES,
                seed=SAMPLING_SEED,
            ) if lasting else dict.fromkeys(("S1", "S1_conf", "ST", "ST_conf"), np.full(len(top), np.nan))
        )  # fmt: skip
        for j, factor in enumerate(top):
            row: dict[str, Any] = {"indicator": name, "month": month, **_about(factor)}
            for word, index in (("first", "S1"), ("total", "ST")):
                middle, half = float(found[index][j]), float(found[f"{index}_conf"][j])
                row |= {word: middle, f"{word}_low": middle - half, f"{word}_high": middle + half}
            rows.append(row | {"noise": noise[j]})
    columns = ["indicator", "month", *_about(question.factors[0]), "first", "total", "noise"]
    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns)


def total_noise(values: np.ndarray, count: int) -> np.ndarray:
    """The total index (factors,) that seeds alone would show, from values (points, seeds)."""
    points, replications = values.shape
    if replications < 2 or not points:
        return np.full(count, np.nan)
    blocks = values.reshape(points // (count + 2), count + 2, replications)
    paired = (blocks[:, 1:-1] - blocks[:, :1]).var(axis=2, ddof=1).mean(axis=0) / replications
    ends = blocks[:, [0, -1]].mean(axis=2)
    return np.asarray(0.5 * paired / ends.var()) if ends.var() > 0 else np.zeros(count)


def _noise(question: Question, stage: str, values: np.ndarray, size: int) -> pd.DataFrame:
    rows = []
    for k, (name, month) in enumerate(question.outputs):
        own = values[complete(values[..., k], size)][..., k]
        means, replications = own.mean(axis=1), values.shape[1]
        between = float(means.var(ddof=1)) if len(own) else math.nan
        within = math.nan
        if len(own) and replications > 1:
            within = float(own.var(axis=1, ddof=1).mean())
        rows.append(
            {"stage": stage, "indicator": name, "month": month}
            | {"points": len(own), "missing": len(values) - len(own), "seeds": replications}
            | {"mean": float(known.mean(means))}
            | {"least": float(np.fmin.reduce(means, initial=np.nan))}
            | {"greatest": float(np.fmax.reduce(means, initial=np.nan))}
            | {"variance": between, "seed_variance": within}
            | {"seed_share": within / replications / between if between > 0 else math.nan}
        )
    return pd.DataFrame(rows)


def _points(
    question: Question, stage: str, factors: list[Factor], sample: np.ndarray, values: np.ndarray
) -> pd.DataFrame:
    columns: dict[str, Any] = {"stage": stage, "point": np.arange(len(sample))}
    for j, factor in enumerate(factors):
        columns[factor.key] = [float(factor.setting(float(x))) for x in sample[:, j]]
    for k, (name, month) in enumerate(question.outputs):
        # Of all seeds or none: they are common to the points.
        columns[f"{name}_{month}"] = values[..., k].mean(axis=1)
        columns[f"{name}_{month}_sd"] = values[..., k].std(axis=1, ddof=min(1, values.shape[1] - 1))
    return pd.DataFrame(columns)


def _about(factor: Factor) -> dict[str, Any]:
    return {
        "key": factor.key, "en": factor.en, "zh": factor.zh, "value": factor.value,
        "low": factor.low, "high": factor.high,
    }  # fmt: skip
