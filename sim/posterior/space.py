"""What is free in the pooled fit: the core, one value for all cases, and a few traits of each case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import pandas as pd

from sim.config import Config
from sim.science.core import CORE
from sim.science.factors import value_at
from sim.society.traits import FARTHEST, Spreads

KEYS = tuple(one.key for one in CORE)
"""Keys of the core, in the order of columns."""

WIDER = 0.25
"""Part of a prior's width by which it reaches further on either side here, falling to nothing: no source gives an
end so sharply that nothing can lie beyond (assumed)."""

SEED = 7
"""Of the design, a scrambled Sobol sequence: draw number k is its point k."""

_DESCRIBED = {row.key: row for row in Config.describe()}


@cache
def box() -> np.ndarray:
    """Ends of each number of the core here (keys, 2), inside what the schema allows."""
    ends = []
    for one in CORE:
        wide, row = one.high - one.low, _DESCRIBED[one.key]
        low, high = one.low - WIDER * wide, one.high + WIDER * wide
        assert row.low is not None and row.high is not None
        ends.append((max(low, row.low), min(high, row.high)))
    return np.array(ends)


def unit(theta: np.ndarray) -> np.ndarray:
    """Numbers of the core (draws, keys) on the box's scale, -1 to 1."""
    low, high = box().T
    return np.asarray(2.0 * (theta - low) / (high - low) - 1.0)


def from_unit(place: np.ndarray) -> np.ndarray:
    """The numbers themselves, see ``unit``."""
    low, high = box().T
    return np.asarray(low + (place + 1.0) / 2.0 * (high - low))


def prior_place(level: np.ndarray, *, even: bool = False) -> np.ndarray:
    """Places on the box's scale below which shares ``level`` (draws, keys) of the prior lie.

    The prior is even between the core's ends and falls to nothing at the box's; ``even``: even over the whole box, as
    the design is.
    """
    if even:
        return np.asarray(2.0 * level - 1.0)
    core = unit(np.array([[one.low for one in CORE], [one.high for one in CORE]])).T
    places = [
        np.interp(column, *_cumulated(float(low), float(high)))
        for column, (low, high) in zip(level.T, core, strict=True)
    ]
    return np.column_stack(places)


@cache
def _cumulated(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Share of a prior below places, and these places."""
    at = np.linspace(-1.0, 1.0, 2001)
    # Where the schema itself ends, so does the prior, and there is nothing to fall over.
    below = (at + 1.0) / (low + 1.0) if low > -1.0 + 1e-9 else np.ones_like(at)
    above = (1.0 - at) / (1.0 - high) if high < 1.0 - 1e-9 else np.ones_like(at)
    density = np.clip(np.minimum(below, above), 0.0, 1.0)
    share = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2.0)])
    return share / share[-1], at


def prior_places(count: int, seed: int, *, even: bool = False) -> np.ndarray:
    """Draws from the prior, on the box's scale (count, keys)."""
    level = np.random.default_rng([SEED, seed, 1]).random((count, len(KEYS)))
    return prior_place(level, even=even)


def design(count: int) -> np.ndarray:
    """Numbers of the core (count, keys) of the first draws, evenly over the box."""
    from scipy.stats import qmc

    points = qmc.Sobol(len(KEYS), rng=np.random.default_rng(SEED))
    return from_unit(2.0 * points.random_base2(max(count - 1, 1).bit_length())[:count] - 1.0)


def widths(found: np.ndarray, prior: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """What was learnt of some numbers.

    Args:
        found: Draws afterwards (draws, numbers).
        prior: Draws before (draws, numbers).
        names: Of the numbers.

    Returns:
        A row a number: ``parameter``, ``prior_low`` and ``prior_high`` (middle 90%), ``q05``, ``median``, ``q95``, and
        ``width``, that of the middle 90% afterwards over before.
    """
    at = [0.05, 0.5, 0.95]
    before, after = np.quantile(prior, at, axis=0), np.quantile(found, at, axis=0)
    return pd.DataFrame({
        "parameter": names, "prior_low": before[0], "prior_high": before[2],
        "q05": after[0], "median": after[1], "q95": after[2],
        "width": (after[2] - after[0]) / (before[2] - before[0]),
    })  # fmt: skip


# --- traits of a case ---------------------------------------------------------------------------


class Traits(NamedTuple):
    """Where a compound stands among those of its kind, each about 0 with spread 1.

    Attributes:
        care: Of its firm.
        legacy: What its developer left behind: most left little, a few much (exponential, less its mean).
        civic: Civic-mindedness of who lives there.
    """

    care: float
    legacy: float
    civic: float


AS_STATED = Traits(0.0, 0.0, 0.0)


def traits_of(shares: np.ndarray) -> Traits:
    """Traits from three shares between 0 and 1."""
    bell = NormalDist().inv_cdf
    care, civic = (
        float(np.clip(bell(float(share)), -FARTHEST, FARTHEST)) for share in (shares[0], shares[2])
    )
    return Traits(care, -math.log(1.0 - float(shares[1])) - 1.0, civic)


def drawn_traits(draw: int, case: str) -> Traits:
    """Traits of a case under one draw: an address, so that a case more moves no other."""
    shares = np.random.default_rng([SEED, draw, crc32(case.encode())]).random(3)
    return traits_of(np.clip(shares, 1e-6, 1.0 - 1e-6))


def settings(tree: dict[str, Any], theta: np.ndarray, traits: Traits | None) -> dict[str, float]:
    """What a draw sets on a case's configuration.

    A number that the case states stays as stated. Traits lie around what is stated, as far as compounds of one kind
    differ in a district (``sim.society.traits``).

    Args:
        tree: Its configuration.
        theta: Numbers of the core (keys,).
        traits: None where compounds are spread by the case itself, or where none is spread.
    """
    stated = {key: _at(tree, key) for key in KEYS}
    given = {
        key: float(value) if stated[key] == _DESCRIBED[key].default else stated[key]
        for key, value in zip(KEYS, theta, strict=True)
    }
    kinds = ("population.conditional_share", "population.free_rider_share")
    if (both := sum(given[key] for key in kinds)) > 1.0:
        given |= {key: given[key] / both for key in kinds}
    if traits is not None:
        spread = Spreads()
        care = math.hypot(spread.care_spread, spread.manager_spread) * traits.care
        given["firm.diligence"] = _bounded("firm.diligence", given["firm.diligence"] + care)
        legacy = _at(tree, "developer.legacy") + spread.legacy_spread * traits.legacy
        given["developer.legacy"] = _bounded("developer.legacy", legacy)
        civic = _at(tree, "population.civic_mean")
        odds = civic / (1.0 - civic) * math.exp(spread.residents_spread * traits.civic)
        given["population.civic_mean"] = odds / (1.0 + odds)
    return given


def _bounded(key: str, value: float) -> float:
    row = _DESCRIBED[key]
    assert row.low is not None and row.high is not None
    return float(min(max(value, row.low), row.high))


def _at(tree: dict[str, Any], key: str) -> float:
    value = value_at(tree, key)
    assert value is not None, key
    return float(value)
