"""Ways to a posterior on the same designed runs: coverage, sharpness, processor time, and what has to be installed.

``python benchmarks/posterior_methods.py results/pool_runs`` after ``xiaoqu pool``. Truths are draws whose runs were
kept out of training, told as a report would tell them, by the very code that tests the fit of ``xiaoqu pool``; their
figures in order are what every way sees. Three ways are amortised, and need a moment for another truth: a random
forest for each number, whose leaves weigh the draws (ABC with random forests, Raynal and others 2019), networks that
give mean and spread of each number (a neural posterior of independent bells), and, with ``bayesflow`` installed
(``KERAS_BACKEND=jax``), a coupling flow of all numbers together. The fourth is the fit of ``xiaoqu pool``: emulators
and tempered particles, anew for each truth. Amortised ways are trained on the runs, each told many times, and on as
many draws from the emulators of that fit.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from sim.posterior import coverage, held, pooled, runs, space
from sim.posterior.emulator import STRONG

LEVELS = np.linspace(0.025, 0.975, 39)
"""Shares at which a posterior is read; the ends of its 90% interval are among them."""

TREES = 30
"""Of each forest."""

NONE = -0.5
"""What stands for a figure that was not told."""

NAMES = [*space.KEYS, *pooled.TELLING]
Bounds = Mapping[held.Figure, tuple[float, float]]


class Told(NamedTuple):
    """Figures as reported (rows, figures), the numbers behind them (rows, numbers), and how often each run is told."""

    seen: np.ndarray
    numbers: np.ndarray
    times: int

    @property
    def groups(self) -> np.ndarray:
        """Which run each row is of (rows,): what is tried on rows kept out must not have seen their runs."""
        return np.arange(len(self.seen)) % (len(self.seen) // self.times)


class Asked(NamedTuple):
    """What is to be found: figures (rows, figures), the same as bounds, and the emulators of the fit."""

    seen: np.ndarray
    bounds: list[Bounds]
    fitted: pooled.Pooled


Found = tuple[np.ndarray, float, float]
"""Quantiles at ``LEVELS`` (rows, levels, numbers), CPU seconds of training, and of one row that is asked."""


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Designed runs by part, as ``xiaoqu pool`` keeps them."""
    found = {}
    for manifest in sorted(folder.glob("*/manifest.json")):
        words = json.loads(manifest.read_text(encoding="utf-8"))["words"]
        found[words["part"]] = pd.read_parquet(manifest.parent / "runs.parquet")
    return found


# --- what is told -------------------------------------------------------------------------------


def from_runs(
    fitted: pooled.Pooled, lived: Mapping[str, pd.DataFrame], draws: np.ndarray, times: int
) -> Told:
    """Runs of these draws, each told so many times with numbers of telling of their own."""
    rng = np.random.default_rng([space.SEED, 6])
    draws = np.tile(draws, times)
    core = space.unit(space.design(int(draws.max()) + 1))[draws]
    telling = pooled._telling(rng.random((len(draws), len(pooled.TELLING))))
    columns = []
    for figure in fitted.figures:
        rows = lived[figure.case].set_index("draw").reindex(draws)
        traits = rows[list(space.Traits._fields)].fillna(0.0).to_numpy()
        way_of = rng.integers(len(figure.counts), size=len(draws))
        value = np.empty(len(draws))
        for way, name in enumerate(figure.counts):
            mine = way_of == way
            moved = fitted.moved_by_care(figure, way, core[mine], traits[mine], telling[mine])
            value[mine] = rows[f"{figure.name}|{name}"].to_numpy()[mine] + moved
        columns.append(_reported(figure, value, telling, rng))
    return Told(np.column_stack(columns), np.column_stack([core, telling]), times)


def from_emulators(fitted: pooled.Pooled, lived: Mapping[str, pd.DataFrame], count: int) -> Told:
    """Draws from the emulators; as often as in the runs a figure is not there."""
    rng = np.random.default_rng([space.SEED, 7])
    core = 2.0 * rng.random((count, len(space.KEYS))) - 1.0
    telling = pooled._telling(rng.random((count, len(pooled.TELLING))))
    lighter = rng.random(count) >= 1 / runs.HEAVY_SHARE
    traits_of, columns = {}, []
    for figure in fitted.figures:
        if figure.case not in traits_of:
            shares = np.clip(rng.random((count, 3)), 1e-6, 1 - 1e-6)
            traits = np.array([space.traits_of(row) for row in shares])
            place = {"success": 0, "trouble": 1}.get(figure.told)
            traits[:, 0] += 0.0 if place is None else telling[:, place]
            traits_of[figure.case] = traits
        ways = fitted._figures[figure]
        at = np.column_stack([core, traits_of[figure.case] / STRONG])
        way_of, value = rng.integers(len(ways), size=count), np.empty(count)
        for way, one in enumerate(ways):
            mine = way_of == way
            mean, variance = (part[:, 0] for part in one(at[mine]))
            value[mine] = mean + np.sqrt(variance) * rng.standard_normal(mine.sum())
        missing = lived[figure.case][f"{figure.name}|{figure.counts[0]}"].isna().mean()
        gone = lighter if runs.heavy(figure.case) else rng.random(count) < missing
        columns.append(_reported(figure, np.where(gone, np.nan, value), telling, rng))
    return Told(np.column_stack(columns), np.column_stack([core, telling]), 1)


def _reported(
    figure: held.Figure, value: np.ndarray, telling: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A figure as it would be reported (rows,), see ``coverage._told``."""
    said = pooled.Pooled.as_told(figure, np.clip(value, 0.0, 1.0)[:, None], telling)[:, 0]
    said = np.clip(said + telling[:, 4] * rng.standard_normal(len(said)), 0.0, 1.0)
    return np.nan_to_num(said + rng.uniform(-1, 1, len(said)) * _half(figure), nan=NONE)


def _half(figure: held.Figure) -> float:
    return max(figure.target.high - figure.target.low, pooled.FINEST) / 2


def truths(
    fitted: pooled.Pooled, lived: dict[str, pd.DataFrame], count: int
) -> tuple[Asked, np.ndarray]:
    """Draws kept out, as ``xiaoqu pool truths=`` tells them, the reported figures as the last row, and the numbers."""
    core = space.unit(space.design(1 + max(int(table["draw"].max()) for table in lived.values())))
    telling = pooled.telling_from_prior(count, space.SEED)
    bounds = [coverage._told(fitted, lived, k, core[k : k + 1], telling[k]) for k in range(count)]
    seen = [[_middle(figure, *one[figure]) for figure in fitted.figures] for one in bounds]
    bounds.append({figure: held.bounds(figure) for figure in fitted.figures})
    seen.append([figure.reported for figure in fitted.figures])
    return Asked(np.array(seen), bounds, fitted), np.column_stack([core[:count], telling])


def _middle(figure: held.Figure, low: float, high: float) -> float:
    if np.isinf(low) and np.isinf(high):
        return NONE
    if np.isinf(low):
        return high - _half(figure)
    return low + _half(figure) if np.isinf(high) else (low + high) / 2


# --- ways ---------------------------------------------------------------------------------------


def prior(told: Told, asked: Asked) -> Found:
    """What is known without any figure."""
    usual = np.quantile(told.numbers, LEVELS, axis=0)
    return np.repeat(usual[None], len(asked.seen), axis=0), 0.0, 0.0


def forests(told: Told, asked: Asked) -> Found:
    """A forest for each number; the weights of training rows are how often they share a leaf with what is asked."""
    from scipy.sparse import csr_matrix
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.preprocessing import OneHotEncoder

    found = np.empty((len(asked.seen), len(LEVELS), told.numbers.shape[1]))
    trained = looked = 0.0
    for k, target in enumerate(told.numbers.T):
        begun = time.process_time()
        # A leaf of few rows may be one run told several times.
        least = max(5 * told.times, 20)
        forest = RandomForestRegressor(
            TREES, min_samples_leaf=least, max_features=1 / 3, random_state=k
        ).fit(told.seen, target)
        order = np.argsort(target)
        places = OneHotEncoder(dtype=np.float32).fit(forest.apply(told.seen))
        leaves = places.transform(forest.apply(told.seen[order]))
        each = csr_matrix(1.0 / leaves.sum(axis=0) / TREES)
        trained, begun = trained + time.process_time() - begun, time.process_time()
        there = places.transform(forest.apply(asked.seen)).multiply(each).tocsr()
        for row in range(len(asked.seen)):
            weight = (leaves @ there[row].T).toarray().ravel().cumsum()
            at = np.searchsorted(weight, LEVELS).clip(max=len(order) - 1)
            found[row, :, k] = target[order][at]
        looked += time.process_time() - begun
    return found, trained, looked / len(asked.seen)


def bells(told: Told, asked: Asked) -> Found:
    """A network for the means on a scale without ends, another for the logarithm of what it misses on runs kept out."""
    from sklearn.neural_network import MLPRegressor

    begun = time.process_time()
    odds = _without_ends(told.numbers)
    middle, size = told.seen.mean(axis=0), told.seen.std(axis=0) + 1e-9
    at, there = (told.seen - middle) / size, (asked.seen - middle) / size
    side = told.groups % 2 == 0
    make = lambda: MLPRegressor(  # noqa: E731
        hidden_layer_sizes=(64,), activation="tanh", alpha=1.0, early_stopping=True, max_iter=200, random_state=1
    )  # fmt: skip
    means = [make().fit(at[part], odds[part]) for part in (side, ~side)]
    missed = np.where(side[:, None], means[1].predict(at), means[0].predict(at)) - odds
    spread = make().fit(at, np.log(missed**2 + 1e-4))
    # The mean of a logarithm is lower than that of the square: one factor for each number makes up for it.
    factor = (missed**2 / np.exp(spread.predict(at))).mean(axis=0)
    trained, begun = time.process_time() - begun, time.process_time()
    centre = (means[0].predict(there) + means[1].predict(there)) / 2
    wide = np.sqrt(np.exp(spread.predict(there)) * factor)
    at_levels = centre[:, None, :] + wide[:, None, :] * norm.ppf(LEVELS)[None, :, None]
    found = _with_ends(at_levels, told.numbers)
    return found, trained, (time.process_time() - begun) / len(asked.seen)


def flow(told: Told, asked: Asked) -> Found:
    """BayesFlow's coupling flow of all numbers together, stopped where runs kept out are told no better."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import bayesflow as bf
    import keras

    begun = time.process_time()
    keras.utils.set_random_seed(1)
    late = told.groups >= 0.9 * (len(told.seen) // told.times)
    data = {
        "numbers": _without_ends(told.numbers).astype("float32"),
        "seen": told.seen.astype("float32"),
    }
    early, kept_out = ({name: of[part] for name, of in data.items()} for part in (~late, late))
    adapter = (
        bf.Adapter().rename("numbers", "inference_variables").rename("seen", "inference_conditions")
    )
    work = bf.BasicWorkflow(
        adapter=adapter, inference_network=bf.networks.CouplingFlow(depth=4), standardize="all"
    )  # fmt: skip
    stop = keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)
    done = work.fit_offline(
        early, epochs=40, batch_size=256, validation_data=kept_out, callbacks=[stop], verbose=0
    )
    lost = done.history["val_loss"]
    print(f"<!-- flow: best after {1 + int(np.argmin(lost))} of {len(lost)} epochs -->")
    trained, begun = time.process_time() - begun, time.process_time()
    drawn = np.concatenate([
        np.asarray(work.sample(conditions={"seen": part.astype("float32")}, num_samples=1000, seed=k)["numbers"])
        for k, part in enumerate(np.array_split(asked.seen, 10))
    ])  # fmt: skip
    found = _with_ends(np.quantile(drawn, LEVELS, axis=1).transpose(1, 0, 2), told.numbers)
    return found, trained, (time.process_time() - begun) / len(asked.seen)


def particles(told: Told, asked: Asked) -> Found:
    """The fit of ``xiaoqu pool`` without levels, as it is tested: emulators and tempered particles."""
    begun, rows = time.process_time(), []
    for k, bounds in enumerate(asked.bounds):
        fitted = asked.fitted.told_otherwise(bounds)
        one = fitted.sample(coverage.PARTICLES, k, levels=False, even=True)
        rows.append(np.quantile(np.column_stack([one.core, one.telling]), LEVELS, axis=0))
    return np.array(rows), 0.0, (time.process_time() - begun) / len(asked.bounds)


def _without_ends(numbers: np.ndarray) -> np.ndarray:
    """Numbers on the scale on which each is a bell, by its rank."""
    ranks = np.column_stack([rankdata(column) for column in numbers.T])
    return np.asarray(norm.ppf((ranks - 0.5) / len(numbers)))


def _with_ends(bell: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Back from there (..., numbers)."""
    grid = (np.arange(len(numbers)) + 0.5) / len(numbers)
    share, scale = norm.cdf(bell), np.sort(numbers, axis=0)
    columns = [np.interp(share[..., k], grid, scale[:, k]) for k in range(scale.shape[1])]
    return np.stack(columns, axis=-1)


Way = Callable[[Told, Asked], Found]
WAYS: dict[str, tuple[Way, str]] = {
    "prior": (prior, "nothing"),
    "forests": (forests, "scikit-learn"),
    "bells": (bells, "scikit-learn"),
    "flow": (flow, "bayesflow, keras, jax"),
    "particles": (particles, "scikit-learn"),
}


def scored(
    found: np.ndarray, truth: np.ndarray, usual: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each number: share of truths in the 90% interval, its width over the prior's, and CRPS."""
    low, high = found[:, 1], found[:, -2]
    apart, level = truth[:, None, :] - found, LEVELS[None, :, None]
    crps = 2 * np.where(apart >= 0, level * apart, (level - 1) * apart).mean(axis=(0, 1))
    inside = ((low <= truth) & (truth <= high)).mean(axis=0)
    return inside, ((high - low) / usual).mean(axis=0), crps


def main() -> None:
    """Read the words, try every way that is installed, print a table of ways and one of numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, help="folder pool_runs of xiaoqu pool")
    parser.add_argument("--truths", type=int, default=300)
    parser.add_argument("--times", type=int, default=25, help="how often each run is told")
    parser.add_argument("--draws", type=int, default=30_000, help="of the emulators")
    parser.add_argument(
        "--trained-on", nargs="*", default=["runs", "emulators"], choices=["runs", "emulators"]
    )
    parser.add_argument("--only", nargs="*", default=list(WAYS), choices=list(WAYS))
    given = parser.parse_args()
    lived = tables(given.runs)
    draws = 1 + max(int(table["draw"].max()) for table in lived.values())
    kept = np.arange(given.truths, draws)
    begun = time.process_time()
    trained = {part: table[table["draw"] >= given.truths] for part, table in lived.items()}
    fitted = pooled.Pooled(trained, draws)
    emulators = time.process_time() - begun
    asked, truth = truths(fitted, lived, given.truths)
    told = from_runs(fitted, lived, kept, given.times)
    usual = np.ptp(np.quantile(told.numbers, [0.05, 0.95], axis=0), axis=0)
    plain = scored(prior(told, asked)[0][:-1], truth, usual)[2]
    print(
        f"{len(kept)} runs, {asked.seen.shape[1]} figures, {len(NAMES)} numbers, {given.truths} truths; "
        f"emulators {emulators:.0f} s\n"
    )
    print(
        "| way | trained on | inside its 90% | least, most of a number | width / prior | CRPS / prior "
        "| training, CPU s | a truth, CPU s | needs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    sources = {}
    if "runs" in given.trained_on:
        sources[f"{len(told.seen):,} tellings of runs"] = told
    if "emulators" in given.trained_on:
        sources[f"{given.draws:,} draws of emulators"] = from_emulators(fitted, lived, given.draws)
    learnt = {}
    for name in given.only:
        way, needs = WAYS[name]
        for number, (source, rows) in enumerate(sources.items()):
            if way in (prior, particles) and number:
                continue
            try:
                found, seconds, each = way(rows, asked)
            except ImportError as error:
                print(f"| {name} | not installed ({error.name}) | | | | | | | {needs} |")
                break
            seconds, source = (emulators, "emulators") if way is particles else (seconds, source)
            inside, width, crps = scored(found[:-1], truth, usual)
            print(
                f"| {name} | {source} | {inside.mean():.0%} | {inside.min():.0%}, {inside.max():.0%} "
                f"| {width.mean():.2f} | {(crps / plain).mean():.2f} | {seconds:.0f} | {each:.3f} | {needs} |",
                flush=True,
            )
            learnt[f"{name}, {source}"] = ((found[-1, -2] - found[-1, 1]) / usual, crps / plain)
    print("\nOf the reported figures: width / prior (CRPS / prior over truths)\n")
    print(f"| number | {' | '.join(learnt)} |\n|{' --- |' * (1 + len(learnt))}")
    for k, number in enumerate(NAMES):
        print(
            f"| {number} | {' | '.join(f'{w[k]:.2f} ({c[k]:.2f})' for w, c in learnt.values())} |"
        )


if __name__ == "__main__":
    main()
