"""Ways to a posterior on the same designed runs: coverage, sharpness, processor time, and what has to be installed.

``python benchmarks/posterior_methods.py results/pool_runs`` after ``xiaoqu pool``. Truths are draws whose runs were
kept out of training, told as a report would tell them; their figures in order are what every method sees. Two ways are
amortised, and need a moment for another truth: a random forest for each number, whose leaves weigh the draws (ABC with
random forests, Raynal and others 2019), and a network that gives mean and spread of each number (a neural posterior of
independent bells). With ``bayesflow`` installed (``pip install bayesflow jax``), a flow too. The shift of care by
telling is left at 0 here, since it needs the emulators of ``xiaoqu pool``, whose own coverage stands in
docs/science/pooled.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from sim.posterior import held, pooled, space

LEVELS = np.linspace(0.025, 0.975, 39)
"""Shares at which a posterior is read; the ends of its 90% interval are among them."""

TOLD = 4
"""Times that each run is told, with other numbers of telling and another error."""

NONE = -0.5
"""What stands for a figure that has no value in a run."""

NAMES = [*space.KEYS, *pooled.TELLING[2:]]
Quantiles = np.ndarray
Method = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[Quantiles, float, float]]


def tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Designed runs by part, as ``xiaoqu pool`` keeps them."""
    found = {}
    for manifest in sorted(folder.glob("*/manifest.json")):
        words = json.loads(manifest.read_text(encoding="utf-8"))["words"]
        found[words["part"]] = pd.read_parquet(manifest.parent / "runs.parquet")
    return found


def told(
    lived: dict[str, pd.DataFrame], draws: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Figures as they would be reported (draws, figures), and the numbers behind them (draws, numbers)."""
    rng = np.random.default_rng([space.SEED, seed, 6])
    telling = pooled._telling(rng.random((len(draws), len(pooled.TELLING))))
    columns = []
    for figure in held.figures():
        if not figure.share or figure.case not in lived:
            continue
        table = lived[figure.case].set_index("draw").reindex(draws)
        ways = [table.get(f"{figure.name}|{way}") for way in figure.counts]
        values = np.column_stack([np.full(len(draws), np.nan) if w is None else w for w in ways])
        value = values[np.arange(len(draws)), rng.integers(len(ways), size=len(draws))]
        said = pooled.Pooled.as_told(figure, np.clip(value, 0.0, 1.0)[:, None], telling)[:, 0]
        said = np.clip(said + telling[:, 4] * rng.standard_normal(len(draws)), 0.0, 1.0)
        half = max(figure.target.high - figure.target.low, pooled.FINEST) / 2
        columns.append(np.nan_to_num(said + rng.uniform(-half, half, len(draws)), nan=NONE))
    core = space.unit(space.design(int(draws.max()) + 1))[draws]
    return np.column_stack(columns), np.column_stack([core, telling[:, 2:]])


# --- methods ------------------------------------------------------------------------------------


def forests(
    seen: np.ndarray, numbers: np.ndarray, asked: np.ndarray
) -> tuple[Quantiles, float, float]:
    """A forest for each number; the weights of training rows are how often they share a leaf with what is asked."""
    from sklearn.ensemble import RandomForestRegressor

    found = np.empty((len(asked), len(LEVELS), numbers.shape[1]))
    trained = looked = 0.0
    for k, target in enumerate(numbers.T):
        begun = time.process_time()
        forest = RandomForestRegressor(100, min_samples_leaf=5, max_features=1 / 3, random_state=k)
        leaves = forest.fit(seen, target).apply(seen)
        trained, begun = trained + time.process_time() - begun, time.process_time()
        order = np.argsort(target)
        for row, mine in enumerate(forest.apply(asked)):
            shared = leaves == mine
            weight = (shared / shared.sum(axis=0)).mean(axis=1)[order].cumsum()
            found[row, :, k] = target[order][
                np.searchsorted(weight, LEVELS).clip(max=len(order) - 1)
            ]
        looked += time.process_time() - begun
    return found, trained, looked / len(asked)


def bells(
    seen: np.ndarray, numbers: np.ndarray, asked: np.ndarray
) -> tuple[Quantiles, float, float]:
    """A network for the means on a scale without ends, another for the logarithm of what it misses on rows kept out."""
    from scipy.stats import norm, rankdata
    from sklearn.neural_network import MLPRegressor

    begun = time.process_time()
    scale = [np.sort(column) for column in numbers.T]
    odds = norm.ppf((np.column_stack([rankdata(c) for c in numbers.T]) - 0.5) / len(numbers))
    middle, size = seen.mean(axis=0), seen.std(axis=0) + 1e-9
    at, there = (seen - middle) / size, (asked - middle) / size
    # Rows of one run are told several times: they stay on one side.
    side = (np.arange(len(seen)) % (len(seen) // TOLD)) % 2 == 0
    make = lambda: MLPRegressor(  # noqa: E731
        hidden_layer_sizes=(64,),
        activation="tanh",
        alpha=1.0,
        early_stopping=True,
        max_iter=200,
        random_state=1,
    )
    means = [make().fit(at[part], odds[part]) for part in (side, ~side)]
    missed = np.where(side[:, None], means[1].predict(at), means[0].predict(at)) - odds
    spread = make().fit(at, np.log(missed**2 + 1e-4))
    # The mean of a logarithm is lower than that of the square: one factor for each number makes up for it.
    factor = (missed**2 / np.exp(spread.predict(at))).mean(axis=0)
    trained, begun = time.process_time() - begun, time.process_time()
    centre = (means[0].predict(there) + means[1].predict(there)) / 2
    wide = np.sqrt(np.exp(spread.predict(there)) * factor)
    share = norm.cdf(centre[:, None, :] + wide[:, None, :] * norm.ppf(LEVELS)[None, :, None])
    grid = (np.arange(len(numbers)) + 0.5) / len(numbers)
    found = np.stack([np.interp(share[:, :, k], grid, scale[k]) for k in range(len(scale))], axis=2)
    return found, trained, (time.process_time() - begun) / len(asked)


def flow(
    seen: np.ndarray, numbers: np.ndarray, asked: np.ndarray
) -> tuple[Quantiles, float, float]:
    """BayesFlow's coupling flow on JAX, conditioned on all figures."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import bayesflow as bf

    begun = time.process_time()
    data = {"numbers": numbers.astype("float32"), "seen": seen.astype("float32")}
    adapter = (
        bf.Adapter().rename("numbers", "inference_variables").rename("seen", "inference_conditions")
    )
    work = bf.BasicWorkflow(
        adapter=adapter, inference_network=bf.networks.CouplingFlow(depth=4), standardize="all"
    )  # fmt: skip
    work.fit_offline(data, epochs=40, batch_size=128, verbose=0)
    trained, begun = time.process_time() - begun, time.process_time()
    drawn = work.sample(conditions={"seen": asked.astype("float32")}, num_samples=400)["numbers"]
    found = np.quantile(np.asarray(drawn), LEVELS, axis=1).transpose(1, 0, 2)
    return found, trained, (time.process_time() - begun) / len(asked)


def prior(
    seen: np.ndarray, numbers: np.ndarray, asked: np.ndarray
) -> tuple[Quantiles, float, float]:
    """What is known without any figure."""
    return np.repeat(np.quantile(numbers, LEVELS, axis=0)[None], len(asked), axis=0), 0.0, 0.0


METHODS: dict[str, tuple[Method, str]] = {
    "prior": (prior, "none"),
    "ABC with random forests": (forests, "scikit-learn"),
    "neural posterior of independent bells": (bells, "scikit-learn"),
    "neural posterior, coupling flow (BayesFlow)": (flow, "bayesflow, keras, jax"),
}


def scored(found: Quantiles, truth: np.ndarray, usual: np.ndarray) -> list[float]:
    """Coverage of 90% intervals, its least and largest over numbers, width over the prior's, and CRPS by number."""
    low, high = found[:, 1], found[:, -2]
    inside = ((low <= truth) & (truth <= high)).mean(axis=0)
    apart = truth[:, None, :] - found
    level = LEVELS[None, :, None]
    crps = 2 * np.where(apart >= 0, level * apart, (level - 1) * apart).mean(axis=(0, 1))
    width = ((high - low) / usual).mean()
    return [inside.mean(), inside.min(), inside.max(), width, crps]


def main() -> None:
    """Read the words, try every method that is installed, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, help="folder pool_runs of xiaoqu pool")
    parser.add_argument("--truths", type=int, default=300)
    parser.add_argument("--only", nargs="*", default=list(METHODS))
    given = parser.parse_args()
    lived = tables(given.runs)
    draws = 1 + max(int(table["draw"].max()) for table in lived.values())
    kept = np.arange(given.truths, draws)
    parts = [told(lived, kept, seed) for seed in range(TOLD)]
    seen, numbers = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    asked, truth = told(lived, np.arange(given.truths), TOLD)
    usual = np.ptp(np.quantile(numbers, [0.05, 0.95], axis=0), axis=0)
    plain, sharpest = scored(*prior(seen, numbers, asked)[:1], truth, usual)[4], list(NAMES)
    print(
        f"{len(kept)} runs told {TOLD} times, {asked.shape[1]} figures, {len(NAMES)} numbers, {given.truths} truths\n"
    )
    print(
        "| method | inside its 90% | least, most of a number | width / prior | CRPS / prior | training, CPU s "
        "| a truth, CPU s | needs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in given.only:
        method, needs = METHODS[name]
        try:
            found, trained, each = method(seen, numbers, asked)
        except ImportError as error:
            print(f"| {name} | not installed ({error.name}) | | | | | | {needs} |")
            continue
        inside, least, most, width, crps = scored(found, truth, usual)
        gain = (crps / plain).mean()
        print(
            f"| {name} | {inside:.0%} | {least:.0%}, {most:.0%} | {width:.2f} | {gain:.2f} "
            f"| {trained:.0f} | {each:.3f} | {needs} |", flush=True
        )  # fmt: skip
        told_most = np.argsort((found[:, -2] - found[:, 1]).mean(axis=0) / usual)[:3]
        print(f"<!-- {name}: most is told of {', '.join(sharpest[k] for k in told_most)} -->")


if __name__ == "__main__":
    main()
