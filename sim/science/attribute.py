"""Which part of a bundle does the work: Shapley values over its measures, under paired seeds.

Every seed lives the coalitions of the bundle's measures from one shared past. The Shapley value of a
measure is what it adds to the coalition it joins, averaged over all orders in which the measures
could join (Shapley 1953); the values of all measures sum to the effect of the bundle. The Shapley
interaction of two measures is what they do together beyond what they do apart, averaged the same way
(Grabisch and Roubens 1999, doi 10.1007/s001820050125): positive where they need each other, negative
where one replaces the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sim import known
from sim.config import Config, Policy
from sim.experiments import doubt
from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, How, Kept, Maker
from sim.science.worlds import COSTS, Reading, World, live_in, spread_worlds

EXACT = 10
"""Measures up to which every coalition is lived: 2^10 runs a seed."""

RESAMPLES, LEVEL = 2000, 0.95
"""Bootstrap resamples of the seeds, and the level of their intervals."""

NO_COST, COST_UNCERTAIN, EFFECT_UNCERTAIN = "no_cost", "cost_uncertain", "effect_uncertain"
"""Reasons why a ratio is not given."""

YUAN_UNIT = 10_000
"""Yuan for which an effect is stated."""

_SAMPLING = 20_251
"""First word of the generator's seed, so that orders share nothing with other draws."""


@dataclass(frozen=True, repr=False)
class Attribution(Answer):
    """What each measure of a bundle does.

    Intervals are 95% bootstrap intervals over seeds: they hold chance, doubt about the drawn parameters unless
    ``doubt="off"`` (each seed lives a set of its own) and, with sampled orders, the sampling; nothing of how uncertain
    measures and rules are.

    Attributes:
        question: What was asked.
        values: A row per outcome and measure: Shapley ``value`` with ``low`` and ``high``; ``share``
            of the bundle's effect; ``alone``, effect as the only measure; ``left_out``, what the
            bundle loses without it; its ``hours`` and ``yuan``, Shapley values too; ``per_hour``,
            value by hours, and ``per_10000_yuan``, NaN with a reason where the cost is not told
            from zero. Each with ``_low`` and ``_high``.
        interactions: A row per outcome and pair: Shapley interaction with ``low`` and ``high``.
        bundle: A row per outcome, hours and yuan: mean ``without`` and ``with_bundle``, ``effect``
            with ``low`` and ``high``; ``seeds`` that it is of, ``missing`` ones that lack a value
            under some coalition, as of fees collected without a firm, and ``failed`` ones; how
            orders were taken; and under doubt the share of ``chance`` in the effect's spread over seeds
            (``chance_low``, ``chance_high``), told by ``pairs`` of seeds that live one parameter set.
        coalitions: A row per seed and coalition lived: what was read, hours and yuan.
        folder: Where it is kept, None if it is not.
        loaded: Whether it was read back rather than lived now.
    """

    TABLES = ("values", "interactions", "bundle", "coalitions")
    MAIN = "values"
    SHOWN = "sim.science.attribution_table:print_attribution"
    FIGURES = "sim.figures.attribution"

    question: Question
    values: pd.DataFrame
    interactions: pd.DataFrame
    bundle: pd.DataFrame
    coalitions: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False

    @property
    def configs(self) -> list[Config]:
        """What was lived."""
        return [self.question.config]


@dataclass(frozen=True)
class Question(Kept):
    """What is attributed.

    Attributes:
        config: The bundle; it is lived to the month read and no further.
        outcomes: Indicators whose change is shared out.
        permutations: Orders sampled for each seed where there are too many measures for all.
    """

    config: Config
    outcomes: tuple[str, ...]
    permutations: int = 8

    ANSWER = Attribution

    @property
    def labels(self) -> list[str]:
        """Measures of the bundle in the catalogue's order."""
        return [entry.label for entry in self.config.policy.entries()]

    @property
    def exact(self) -> bool:
        """Whether every coalition is lived."""
        return len(self.labels) <= EXACT

    @property
    def asked(self) -> Asked:
        """What decides the answer."""
        own = {"indicator": list(self.outcomes), "permutations": self.permutations}
        return Asked("attribute", self.config, own)

    def maker(self, how: How) -> Maker:
        """What lives the coalitions."""
        return partial(_tables, self, how.progress, how.model)


# --- coalitions and orders ----------------------------------------------------------------------


@dataclass(frozen=True)
class Game:
    """Which coalitions are lived, and what they weigh in every value.

    Coalitions are numbers whose bit i says whether measure i is in.

    Attributes:
        coalitions: Coalitions lived (M,), rising.
        values: Weights of coalitions in Shapley values (n, M).
        pairs: Weights in sums of interactions (n (n - 1) / 2, M), pairs as ``combinations`` has them.
        counts: How many samples each of those sums has (n (n - 1) / 2,).
    """

    coalitions: np.ndarray
    values: np.ndarray
    pairs: np.ndarray
    counts: np.ndarray


def exact_game(n: int) -> Game:
    """All 2^n coalitions."""
    masks = np.arange(1 << n)
    size = np.bitwise_count(masks).astype(int)
    joining = np.array([1.0 / (n * comb(n - 1, s)) for s in range(n)])
    values = np.empty((n, len(masks)))
    for i in range(n):
        inside = masks >> i & 1 == 1
        values[i, inside] = joining[size[inside] - 1]
        values[i, ~inside] = -joining[size[~inside]]
    together = np.array([1.0 / ((n - 1) * comb(n - 2, s)) for s in range(n - 1)])
    pairs = np.empty((comb(n, 2), len(masks)))
    for row, (i, j) in enumerate(combinations(range(n), 2)):
        both = (masks >> i & 1) + (masks >> j & 1)
        pairs[row] = np.where(both == 1, -1.0, 1.0) * together[size - both]
    return Game(masks, values, pairs, np.ones(len(pairs)))


def sampled_game(n: int, permutations: int, seed: int) -> Game:
    """Coalitions along random orders, each order taken backwards too.

    An order and its reverse together vary less than two orders apart (antithetic sampling). Two
    neighbours in an order give one sample of their interaction: who came before them is, over all
    orders, weighted as the interaction index weights it. Every single measure and every bundle
    without one are lived as well.
    """
    generator = np.random.default_rng([_SAMPLING, seed])
    forward = [generator.permutation(n) for _ in range((permutations + 1) // 2)]
    orders = [order for one in forward for order in (one, one[::-1])][:permutations]
    full = (1 << n) - 1
    place_of = {pair: row for row, pair in enumerate(combinations(range(n), 2))}
    value_terms: list[tuple[int, int, float]] = []
    pair_terms: list[tuple[int, int, float]] = []
    counts = np.zeros(len(place_of))
    for order in orders:
        before = 0
        members = [int(i) for i in order]
        for place, i in enumerate(members):
            value_terms += [(i, before | 1 << i, 1.0), (i, before, -1.0)]
            if place + 1 < n:
                j = members[place + 1]
                row = place_of[min(i, j), max(i, j)]
                counts[row] += 1
                pair_terms += [(row, before, 1.0), (row, before | 1 << i | 1 << j, 1.0)]
                pair_terms += [(row, before | 1 << i, -1.0), (row, before | 1 << j, -1.0)]
            before |= 1 << i
    lived = {mask for terms in (value_terms, pair_terms) for _, mask, _ in terms} | {0, full}
    lived |= {1 << i for i in range(n)} | {full & ~(1 << i) for i in range(n)}
    masks = np.array(sorted(lived))
    at = {int(mask): column for column, mask in enumerate(masks)}
    values, pairs = np.zeros((n, len(masks))), np.zeros((len(place_of), len(masks)))
    for i, mask, sign in value_terms:
        values[i, at[mask]] += sign / len(orders)
    for row, mask, sign in pair_terms:
        pairs[row, at[mask]] += sign
    return Game(masks, values, pairs, counts)


def _game(question: Question, seed: int) -> Game:
    n = len(question.labels)
    return exact_game(n) if question.exact else sampled_game(n, question.permutations, seed)


def _live_seed(question: Question, model: Callable[..., Any] | None, world: World) -> np.ndarray:
    """What was read in each coalition of a seed's game (M, outcomes + 2)."""
    measures = {
        entry.label: question.config.policy.measures[entry.label]
        for entry in question.config.policy.entries()
    }
    labels = list(measures)
    policies = [
        Policy(measures={k: measures[k] for i, k in enumerate(labels) if mask >> i & 1})
        for mask in _game(question, world.seed).coalitions.tolist()
    ]
    return _live(question, policies, model, world)


def _live_ends(question: Question, model: Callable[..., Any] | None, world: World) -> np.ndarray:
    """What was read without measures and with all (2, outcomes + 2)."""
    return _live(question, [Policy(), question.config.policy], model, world)


def _live(
    question: Question, policies: Sequence[Policy], model: Callable[..., Any] | None, world: World
) -> np.ndarray:
    readings = [Reading(name, question.config.months) for name in question.outcomes]
    return live_in(question.config.resolved(), policies, readings, model, world)


# --- the answer ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sums:
    """By seed (S, ...), for each thing read (K): what is averaged over seeds."""

    value: np.ndarray
    alone: np.ndarray
    left_out: np.ndarray
    pair: np.ndarray
    count: np.ndarray
    ends: np.ndarray

    def of(self, k: int) -> _Sums:
        """The seeds that have a value of one thing read under every coalition."""
        there = ~np.isnan(self.value[:, 0, k])
        return _Sums(*(getattr(self, one.name)[there] for one in fields(self)))

    def draws(self, question: Question) -> np.ndarray:
        """Places of seeds (resamples, S), drawn with replacement."""
        count = len(self.ends)
        generator = np.random.default_rng([_SAMPLING, question.config.seed])
        return generator.integers(0, max(count, 1), (RESAMPLES, count))


def _tables(
    question: Question, progress: bool, model: Callable[..., Any] | None
) -> dict[str, pd.DataFrame]:
    config = question.config
    seeds = range(config.seed, config.seed + config.replications)
    worlds = [World(seed) for seed in seeds]
    lived = spread_worlds(
        config, partial(_live_seed, question, model), worlds, progress, "seeds, all coalitions"
    )
    whole = [
        (w.seed, read)
        for w, read in zip(worlds, lived, strict=True)
        if not np.isnan(read[:, -2:]).any()
    ]
    if not whole:
        raise RuntimeError("no seed could be lived under every coalition; try xiaoqu run")
    sums = _sums(question, whole)
    again = spread_worlds(
        config, partial(_live_ends, question, model),
        [World(seed) for seed in doubt.twice(config, len(seeds))], progress, "parameter sets a second time",
    )  # fmt: skip
    # The bundle is the last coalition of a game, nothing the first.
    effects = {seed: read[-1] - read[0] for seed, read in whole}
    shares = doubt.shares(effects, [ends[1] - ends[0] for ends in again], config.seed)
    return {
        "values": _values(question, sums),
        "interactions": _interactions(question, sums),
        "bundle": _bundle(question, sums, shares, len(lived) - len(whole)),
        "coalitions": _coalitions(question, whole),
    }


def _sums(question: Question, whole: list[tuple[int, np.ndarray]]) -> _Sums:
    n, parts = len(question.labels), []
    full = (1 << n) - 1
    for seed, read in whole:
        game = _game(question, seed)
        # A game that lacks one coalition's value cannot be shared out: the seed has none at all.
        read = np.where(np.isnan(read).any(axis=0), np.nan, read)
        row = {int(mask): read[place] for place, mask in enumerate(game.coalitions)}
        parts.append(
            (
                game.values @ read,
                np.array([row[1 << i] - row[0] for i in range(n)]),
                np.array([row[full] - row[full & ~(1 << i)] for i in range(n)]),
                game.pairs @ read,
                game.counts,
                np.array([row[0], row[full]]),
            )
        )
    return _Sums(*(np.array(part) for part in zip(*parts, strict=True)))


def _resampled(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Means of resampled seeds: (S, ...) to (resamples, ...)."""
    count = values.shape[0]
    weights = np.array([np.bincount(row, minlength=count) for row in draws]) / count
    return np.tensordot(weights, values, axes=1)


def _interval(resampled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the interval (resamples, ...); NaN for a single seed, whose resamples are alike."""
    low, high = known.quantiles(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _ends(values: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (...) of values by seed (S, ...) and its interval; NaN where there are too few seeds."""
    middle = known.mean(values, axis=0)
    if len(values) < 2:
        return middle, np.full(middle.shape, np.nan), np.full(middle.shape, np.nan)
    return middle, *_interval(_resampled(values, draws))


def _values(question: Question, sums: _Sums) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    hours, yuan = (len(question.outcomes) + place for place in range(len(COSTS)))
    spent = _ends(sums.value, sums.draws(question))
    every = known.mean(sums.ends[:, 1] - sums.ends[:, 0], axis=0)
    for k, outcome in enumerate(question.outcomes):
        own = sums.of(k)
        draws = own.draws(question)
        parts = {name: _ends(getattr(own, name), draws) for name in ("value", "alone", "left_out")}
        effect = own.ends[:, 1] - own.ends[:, 0]
        whole, *ends = _ends(effect, draws)
        certain = bool(ends[0][k] > 0 or ends[1][k] < 0)
        means = _resampled(own.value, draws) if len(draws[0]) else None
        for i, label in enumerate(question.labels):
            row: dict[str, Any] = {"outcome": outcome, "measure": label}
            for name, part in parts.items():
                row |= _named(name, *(float(one[i, k]) for one in part))
            row["low"], row["high"] = row.pop("value_low"), row.pop("value_high")
            share = None
            if certain and means is not None:
                share = means[:, i, k] / _resampled(effect, draws)[:, k]
            row |= _ratio("share", row["value"], float(whole[k]), share)
            row["reason_share"] = "" if certain else EFFECT_UNCERTAIN
            for name, place, unit in (("hours", hours, 1), ("yuan", yuan, YUAN_UNIT)):
                # What sums to nothing but for rounding is nothing.
                least = 1e-9 * max(1.0, abs(float(every[place])))
                cost = [
                    0.0 if abs(float(one[i, place])) < least else float(one[i, place])
                    for one in spent
                ]
                row |= _named(name, *cost)
                sure = cost[1] > 0
                per = None
                if sure and means is not None:
                    per = means[:, i, k] / (means[:, i, place] / unit)
                title = "per_hour" if name == "hours" else "per_10000_yuan"
                below = float(parts["value"][0][i, place]) / unit
                row |= _ratio(title, row["value"], below, per)
                free = not any(cost)
                row[f"reason_{name}"] = "" if sure else NO_COST if free else COST_UNCERTAIN
            rows.append(row)
    return pd.DataFrame(rows)


def _named(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _ratio(name: str, above: float, below: float, resampled: np.ndarray | None) -> dict[str, float]:
    if resampled is None:
        return _named(name, np.nan, np.nan, np.nan)
    low, high = _interval(resampled)
    return _named(name, above / below, float(low), float(high))


def _interactions(question: Question, sums: _Sums) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for k, outcome in enumerate(question.outcomes):
        own = sums.of(k)
        pair, count = own.pair[:, :, k], own.count
        total = count.sum(axis=0)
        middle = np.divide(
            pair.sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0
        )
        low = high = np.full(len(total), np.nan)
        if len(pair) > 1:
            draws = own.draws(question)
            with np.errstate(invalid="ignore", divide="ignore"):
                again = _resampled(pair, draws) / _resampled(count, draws)
            low, high = _interval(again)
        for p, (first, second) in enumerate(combinations(question.labels, 2)):
            row: dict[str, Any] = {"outcome": outcome, "first": first, "second": second}
            row |= {"value": middle[p], "low": low[p], "high": high[p], "samples": int(total[p])}
            rows.append(row)
    return pd.DataFrame(rows)


def _bundle(
    question: Question, sums: _Sums, shares: list[doubt.Share], failed: int
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for k, name in enumerate([*question.outcomes, *COSTS]):
        own = sums.of(k)
        ends = own.ends[:, :, k]
        without, with_bundle = known.mean(ends, axis=0)
        effect, low, high = _ends(ends[:, 1] - ends[:, 0], own.draws(question))
        row: dict[str, Any] = {"outcome": name, "without": without, "with_bundle": with_bundle}
        row |= {"effect": float(effect), "low": float(low), "high": float(high)}
        row |= doubt.named(shares[k])
        rows.append(row | {"seeds": len(ends), "missing": len(sums.ends) - len(ends)})
    return pd.DataFrame(rows).assign(
        failed=failed,
        month=question.config.months,
        orders="all" if question.exact else f"{question.permutations} a seed",
    )


def _coalitions(question: Question, whole: list[tuple[int, np.ndarray]]) -> pd.DataFrame:
    labels = question.labels
    parts = []
    for seed, read in whole:
        masks = _game(question, seed).coalitions.tolist()
        names = ["+".join(k for i, k in enumerate(labels) if m >> i & 1) for m in masks]
        frame = pd.DataFrame(
            {"seed": seed, "coalition": names, "size": [m.bit_count() for m in masks]}
        )
        parts.append(frame.join(pd.DataFrame(read, columns=[*question.outcomes, *COSTS])))
    return pd.concat(parts, ignore_index=True)
