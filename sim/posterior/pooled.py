"""The pooled fit: shared numbers of the core, traits of each case, how figures are told, and what the model misses.

For a case *c* with traits *z* under numbers *t* of the core, the model gives a figure with mean *m(t, z)* and spread
*s*, by its emulator. What is reported of it is taken as

    reported = m + g (1 - m) + e     told because it went well
    reported = m - g m + e           told because it went badly
    reported = m + e                 a survey, or what was there at the start

with e of spread sqrt(s^2 + d^2). *g* is what telling adds (old debts, a good month, those who were asked); *d* is what
the model itself misses (discrepancy). Firms of cases that are told because they went well may be better than others of
their kind: their care is shifted by *shift*. All five are found with the core. Where a figure may have been counted in
several ways, all are as likely. Three in a hundred figures may be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, qmc, truncnorm

from sim.posterior import held, space
from sim.posterior.emulator import LEAST, STRONG, Emulator
from sim.science import levels as levels_of

TELLING = ("shift_success", "shift_trouble", "told_success", "told_trouble", "discrepancy")
"""Numbers of the report: shifts of care in standard deviations, parts of what is left to one end, and a spread."""

_WIDTH = {"shift_success": (0.5, 0.5), "shift_trouble": (-0.5, 0.5), "told_success": (0.2, 0.15),
          "told_trouble": (0.1, 0.15), "discrepancy": (0.12, 0.08)}  # fmt: skip
_ENDS = {"told_success": (0.0, 0.9), "told_trouble": (0.0, 0.9), "discrepancy": (0.02, 0.5)}
"""Prior of each: normal with middle and spread, between ends (all assumed)."""

ANYTHING = 0.03
"""Share of figures that may be anything (assumed): one misprint must not move the rest."""

NODES = 8
"""Points over which the traits of a case are averaged."""

SLACK = 0.25
"""How far beyond its band a level may lie, in widths of the band: a discrepancy of levels (assumed)."""

STRUCTURE = 0.95
"""Share of the prior that a level rules out from which it is the structure that misses it, and not the numbers."""

FINEST = 0.02
"""No figure is known more finely than this."""


@dataclass(frozen=True)
class Particles:
    """Draws from a distribution over the core and the numbers of telling.

    Attributes:
        core: Places on the box's scale (particles, keys).
        telling: Numbers of ``TELLING`` (particles, 5).
        by_case: Logarithm of the likelihood of each case (particles, cases).
        cases: Their names.
    """

    core: np.ndarray
    telling: np.ndarray
    by_case: np.ndarray
    cases: tuple[str, ...]

    def without(self, case: str) -> np.ndarray:
        """Weights (particles,) that leave a case out, those of single particles held down (Ionides 2008)."""
        weight = -self.by_case[:, self.cases.index(case)]
        raw = np.exp(weight - weight.max())
        held_down = np.minimum(raw, raw.mean() * np.sqrt(len(raw)))
        return np.asarray(held_down / held_down.sum())


class Pooled:
    """Emulators of all figures and levels, and what they are held against."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], draws: int) -> None:
        """Train on designed runs.

        Args:
            tables: Of ``runs.live``, by part.
            draws: Of the design.
        """
        inputs = space.unit(space.design(draws))
        self.fits: dict[str, float] = {}
        self._figures: dict[held.Figure, list[Emulator]] = {}
        for figure in held.figures():
            if figure.share and figure.case in tables:
                table = tables[figure.case]
                ways = [
                    self._train(inputs, table, f"{figure.name}|{way}", figure.case, traits=True)
                    for way in figure.counts
                ]
                if found := [way for way in ways if way is not None]:
                    self._figures[figure] = found
        self._levels: list[tuple[levels_of.Level, Emulator]] = []
        for level in levels_of.LEVELS:
            if level.population in tables:
                one = self._train(
                    inputs,
                    tables[level.population],
                    level.name,
                    level.population,
                    share=level.unit == "1",
                )
                if one is not None:
                    self._levels.append((level, one))
        self.cases = tuple(dict.fromkeys(figure.case for figure in self._figures))
        self._bounds = {figure: held.bounds(figure) for figure in self._figures}
        shares = np.clip(
            qmc.Sobol(3, rng=np.random.default_rng(space.SEED)).random(NODES), 1e-3, 1 - 1e-3
        )
        self._nodes = np.array([space.traits_of(row) for row in shares])

    def _train(
        self, inputs: np.ndarray, table: pd.DataFrame, column: str, part: str,
        *, traits: bool = False, share: bool = True,
    ) -> Emulator | None:  # fmt: skip
        values = np.array(table[column], dtype=float)
        there = np.isfinite(values)
        if there.sum() < LEAST:
            return None
        at = inputs[np.array(table["draw"])[there]]
        if traits:
            at = np.column_stack([at, np.array(table[list(space.Traits._fields)])[there] / STRONG])
        # Means of rates with old debts may pass one; a reported rate does not.
        clipped = np.clip(values[there], 0.0, 1.0) if share else values[there]
        one = Emulator(at, clipped[:, None], share=share)
        self.fits[f"{part}: {column}"] = float(one.fit[0])
        return one

    @property
    def figures(self) -> tuple[held.Figure, ...]:
        """Figures that are held."""
        return tuple(self._figures)

    def told_otherwise(self, bounds: Mapping[held.Figure, tuple[float, float]]) -> Pooled:
        """The same, as if figures had been reported between other bounds."""
        other = copy(self)
        other._bounds = dict(bounds)
        return other

    # --- likelihood -------------------------------------------------------------------------------

    def log_likelihood(self, core: np.ndarray, telling: np.ndarray) -> np.ndarray:
        """Of each case (particles, cases), averaged over its traits."""
        found = []
        for case in self.cases:
            mine = [figure for figure in self._figures if figure.case == case]
            weights = self._node_weights(mine[0].told, telling)
            near = sum(self._log_of(figure, core, telling) for figure in mine)
            top = near.max(axis=1, keepdims=True)  # type: ignore[union-attr]
            found.append(np.log((weights * np.exp(near - top)).sum(axis=1)) + top[:, 0])
        return np.column_stack(found)

    def _log_of(self, figure: held.Figure, core: np.ndarray, telling: np.ndarray) -> np.ndarray:
        """Logarithm of a figure's likelihood (particles, nodes)."""
        low, high = self._bounds[figure]
        wide = max(figure.target.high - figure.target.low, FINEST)
        if np.isinf(low) and np.isinf(high):
            return np.zeros((len(core), NODES))
        likely = np.zeros((len(core), NODES))
        for mean, variance in self._moments(figure, core):
            at = self.as_told(figure, mean, telling)
            spread = np.sqrt(variance + telling[:, 4:5] ** 2)
            likely += norm.cdf((high - at) / spread) - norm.cdf((low - at) / spread)
        likely /= wide * len(self._figures[figure])
        return np.log((1.0 - ANYTHING) * likely + ANYTHING)

    def _moments(
        self, figure: held.Figure, core: np.ndarray
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Mean and variance (particles, nodes) for each way of counting."""
        at = np.concatenate(
            [np.repeat(core, NODES, axis=0), np.tile(self._nodes / STRONG, (len(core), 1))], axis=1
        ).astype(np.float32)
        return [
            tuple(part.reshape(len(core), NODES) for part in one(at))  # type: ignore[misc]
            for one in self._figures[figure]
        ]

    @staticmethod
    def as_told(figure: held.Figure, mean: np.ndarray, telling: np.ndarray) -> np.ndarray:
        """What would be reported where the model gives ``mean`` (particles, nodes)."""
        if figure.of == "outcome" and figure.told == "success":
            return mean + telling[:, 2:3] * (1.0 - mean)
        if figure.of == "outcome" and figure.told == "trouble":
            return mean - telling[:, 3:4] * mean
        return mean

    def _node_weights(self, told: str, telling: np.ndarray) -> np.ndarray:
        place = {"success": 0, "trouble": 1}.get(told)
        shift = np.zeros(len(telling)) if place is None else telling[:, place]
        tilted = np.exp(shift[:, None] * self._nodes[None, :, 0])
        return np.asarray(tilted / tilted.sum(axis=1, keepdims=True))

    def moved_by_care(
        self,
        figure: held.Figure,
        way: int,
        core: np.ndarray,
        traits: np.ndarray,
        telling: np.ndarray,
    ) -> np.ndarray:
        """How much a figure would have moved with a firm as good as telling says (rows,), see ``shift_success``.

        Args:
            figure: Of ``figures``.
            way: Number of the way of counting.
            core: Places (rows, keys).
            traits: Of the case as it was lived (rows, 3).
            telling: Numbers of ``TELLING`` (rows, 5).
        """
        place = {"success": 0, "trouble": 1}.get(figure.told)
        if place is None:
            return np.zeros(len(core))
        better = traits + telling[:, place, None] * np.array([1.0, 0.0, 0.0])
        one = self._figures[figure][min(way, len(self._figures[figure]) - 1)]
        after, before = (
            one(np.column_stack([core, at / STRONG]))[0][:, 0] for at in (better, traits)
        )
        return np.asarray(after - before)

    def log_levels(self, core: np.ndarray) -> np.ndarray:
        """Logarithm of how well levels hold (particles,): which numbers no ordinary city looks like."""
        found = np.zeros(len(core))
        for level, one in self._levels:
            mean, variance = (part[:, 0] for part in one(core))
            low, high = level.band.low, level.band.high
            spread = np.sqrt(variance + (SLACK * (high - low)) ** 2)
            inside = norm.cdf((high - mean) / spread) - norm.cdf((low - mean) / spread)
            found += np.log(np.maximum(inside, 1e-6))
        return found

    def ruled_out(self, count: int = 20_000, seed: int = 0) -> pd.DataFrame:
        """History matching (Craig and others 1997): which of the prior no level leaves standing.

        A set of numbers is ruled out by a level if its mean lies further beyond the band than the slack and three
        standard deviations of its emulator.

        Returns:
            A row a level, the one that rules out most first: ``out``, the share that it rules out alone, and ``left``,
            the share that is left after it and all before. What hardly any numbers meet (``STRUCTURE``) is missed by
            the model's structure and rules out none: its ``left`` is NaN.
        """
        core = space.prior_places(count, seed)
        out = {}
        for level, one in self._levels:
            mean, variance = (part[:, 0] for part in one(core))
            low, high = level.band.low, level.band.high
            beyond = np.maximum(np.maximum(low - mean, mean - high), 0.0)
            out[level.name] = beyond > SLACK * (high - low) + 3.0 * np.sqrt(variance)
        left, rows = np.ones(count, dtype=bool), []
        for name in sorted(out, key=lambda name: -out[name].mean()):
            alone = float(out[name].mean())
            left &= ~out[name] | (alone > STRUCTURE)
            share = np.nan if alone > STRUCTURE else float(left.mean())
            rows.append({"level": name, "out": alone, "left": share})
        return pd.DataFrame(rows, columns=["level", "out", "left"])

    def levels_held(self, core: np.ndarray) -> pd.DataFrame:
        """Share of particles whose mean meets each level's band."""
        rows = []
        for level, one in self._levels:
            mean = one(core)[0][:, 0]
            rows.append(
                {
                    "level": level.name,
                    "met": float(level.band.holds(mean).mean()),
                    "median": np.median(mean),
                }
            )
        return pd.DataFrame(rows)

    # --- sampling ---------------------------------------------------------------------------------

    def sample(
        self, particles: int, seed: int = 0, *, levels: bool = True,
        even: bool = False, tell: Callable[[str], None] | None = None,
    ) -> Particles:  # fmt: skip
        """Particles of the posterior, by tempering from the prior (Del Moral, Doucet and Jasra 2006).

        Args:
            particles: How many.
            seed: Of all that is drawn.
            levels: Whether levels count.
            even: Whether the prior is even over the box, as the design is.
            tell: Is told of each step.
        """
        rng = np.random.default_rng([space.SEED, seed])

        def judged(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            core, telling = _from_bell(at, even)
            by_case = self.log_likelihood(core, telling)
            return by_case, by_case.sum(axis=1) + (self.log_levels(core) if levels else 0.0)

        # On a scale where the prior is a bell of spread 1 in every number.
        at = rng.standard_normal((particles, len(space.KEYS) + len(TELLING)))
        by_case, likely = judged(at)
        heat, step = 0.0, 0.7
        while heat < 1.0:
            heat, weights = _next_heat(heat, likely)
            chosen = rng.choice(particles, particles, p=weights)
            at, by_case, likely = at[chosen], by_case[chosen], likely[chosen]
            cloud, taken = _Cloud(at), []
            for _ in range(_MOVES):
                tried = cloud.moved(at, step, rng)
                fresh, found = judged(tried)
                gain = heat * (found - likely) + _log_bell(tried) - _log_bell(at)
                gain += cloud.log_density(at) - cloud.log_density(tried)
                go = np.log(rng.random(particles)) < gain
                at = np.where(go[:, None], tried, at)
                by_case, likely = np.where(go[:, None], fresh, by_case), np.where(go, found, likely)
                taken.append(go.mean())
                # Steps as long as a third of them are still taken.
                step = float(np.clip(step * np.exp(0.5 * (go.mean() - 0.33)), 0.1, 0.95))
            if tell is not None:
                tell(
                    f"heat {heat:.3f}, {np.mean(taken):.0%} of moves taken, log likelihood {likely.mean():.1f}"
                )
        return Particles(*_from_bell(at, even), by_case, self.cases)

    def predict(
        self, figure: held.Figure, particles: Particles, weights: np.ndarray | None, count: int, seed: int = 1,
        *, as_told: bool = True,
    ) -> np.ndarray:  # fmt: skip
        """What is foreseen of a figure (count,).

        Args:
            figure: Of ``figures``.
            particles: Of a posterior.
            weights: Of the particles, None for equal ones.
            count: How many draws.
            seed: Of what is drawn.
            as_told: As it would be reported, with what the model misses; else what a run would give.
        """
        rng = np.random.default_rng([space.SEED, seed])
        chosen = rng.choice(len(particles.core), count, p=weights)
        telling = particles.telling[chosen]
        ways = self._moments(figure, particles.core[chosen])
        node_of = (
            self._node_weights(figure.told, telling)
            if as_told
            else np.full((count, NODES), 1 / NODES)
        )
        node = (node_of.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
        way = rng.integers(0, len(ways), count) if as_told else np.zeros(count, dtype=int)
        mean, variance = (
            np.array([ways[w][k][i, n] for i, (w, n) in enumerate(zip(way, node, strict=True))])
            for k in (0, 1)
        )
        if as_told:
            mean = self.as_told(figure, mean[:, None], telling)[:, 0]
            variance = variance + telling[:, 4] ** 2
        return np.clip(mean + np.sqrt(variance) * rng.standard_normal(count), 0.0, 1.0)


_MOVES = 6
"""Moves of every particle at each heat."""


class _Cloud:
    """Where particles lie, as a bell: moves that leave it as it is (Neal 1998) are mostly taken."""

    def __init__(self, at: np.ndarray) -> None:
        self._middle = at.mean(axis=0)
        # Of few particles the spread between numbers is mostly chance: drawn half-way to none.
        spread = np.cov(at.T)
        spread = 0.5 * spread + 0.5 * np.diag(np.diag(spread)) + 1e-3 * np.eye(len(spread))
        self._shape = np.linalg.cholesky(spread)

    def moved(self, at: np.ndarray, step: float, rng: np.random.Generator) -> np.ndarray:
        stirred = rng.standard_normal(at.shape) @ self._shape.T
        return np.asarray(
            self._middle + np.sqrt(1.0 - step**2) * (at - self._middle) + step * stirred
        )

    def log_density(self, at: np.ndarray) -> np.ndarray:
        return _log_bell(np.linalg.solve(self._shape, (at - self._middle).T).T)


def _log_bell(at: np.ndarray) -> np.ndarray:
    return np.asarray(-0.5 * (at**2).sum(axis=1))


def _from_bell(at: np.ndarray, even: bool) -> tuple[np.ndarray, np.ndarray]:
    """Places of the core and numbers of telling."""
    core, telling = np.split(norm.cdf(at), [len(space.KEYS)], axis=1)
    return space.prior_place(core, even=even), _telling(telling)


def _next_heat(heat: float, likely: np.ndarray) -> tuple[float, np.ndarray]:
    """The next heat, at which half of the particles still count, and their weights."""
    low, high = heat, 1.0
    if _worth(1.0 - heat, likely) >= 0.5:
        low = 1.0
    else:
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if _worth(middle - heat, likely) >= 0.5 else (low, middle)
    weights = np.exp((low - heat) * (likely - likely.max()))
    return low, np.asarray(weights / weights.sum())


def _worth(step: float, likely: np.ndarray) -> float:
    weights = np.exp(step * (likely - likely.max()))
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights))


def telling_from_prior(count: int, seed: int) -> np.ndarray:
    """Numbers of ``TELLING`` from their prior (count, 5)."""
    return _telling(np.random.default_rng([space.SEED, seed, 2]).random((count, len(TELLING))))


def _telling(level: np.ndarray) -> np.ndarray:
    """Values below which shares of their priors lie."""
    columns = []
    for k, name in enumerate(TELLING):
        middle, spread = _WIDTH[name]
        ends = (np.array(_ENDS.get(name, (-np.inf, np.inf))) - middle) / spread
        columns.append(truncnorm.ppf(level[:, k], *ends, loc=middle, scale=spread))
    return np.column_stack(columns)
