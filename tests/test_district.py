"""Districts: compounds of different size are what is drawn, and every one can be built."""

from __future__ import annotations

import numpy as np
import pytest

from sim.society.district import SMALLEST, DistrictParameters, lay_out
from sim.society.population import PopulationParameters
from sim.streams import Stream, Streams

COUNT, SPREAD = 40, 0.5


def drawn(seed: int, spread: float = SPREAD, **population: int) -> list[PopulationParameters]:
    """Populations of a district's compounds."""
    groups = {"": {"population": PopulationParameters(**population)}}
    p = DistrictParameters(compounds=COUNT, size_spread=spread)
    found = [site.groups["population"] for site in lay_out(p, groups, Streams(seed))]
    assert all(isinstance(one, PopulationParameters) for one in found)
    return found  # type: ignore[return-value]


def factors(seed: int) -> np.ndarray:
    """Sizes relative to the usual one, as the district draws them after its kinds (COUNT,)."""
    rng = Streams(seed).generator(Stream.DISTRICT)
    rng.permutation(COUNT)
    return np.exp(SPREAD * rng.standard_normal(COUNT))


@pytest.mark.parametrize(
    ("households", "buildings", "stairs"),
    [(100, 20, 5), (60, 30, 2), (1059, 37, 2), (240, 6, 40), (1000, 12, 2), (300_000, 100_000, 3)],
)
def test_every_size_drawn_can_be_built(households: int, buildings: int, stairs: int) -> None:
    """Catches stairs rounded up beyond the households of a shrunken compound."""
    shape = {"households": households, "buildings": buildings, "stairs_per_building": stairs}
    for seed in range(1, 21):
        sizes = [p.households for p in drawn(seed, **shape)]
        expected = [max(round(households * factor), SMALLEST) for factor in factors(seed)]
        assert sizes == expected, "none is left out, and none made another size than drawn"


def test_sizes_stay_within_what_a_compound_may_have() -> None:
    """Catches the other end: compounds that grow beyond the schema."""
    largest = {"households": 2_000_000, "buildings": 100_000, "stairs_per_building": 2}
    found = drawn(1, **largest)
    assert max(p.households for p in found) == 2_000_000
    assert max(p.buildings for p in found) == 100_000


def test_small_compounds_are_spread_around_their_own_size() -> None:
    """Catches kinds below the smallest size, of which all became that size."""
    sizes = np.array([p.households for p in drawn(1, households=40, buildings=2)])
    expected = [max(round(40 * factor), 10) for factor in factors(1)]
    assert sizes.tolist() == expected
    assert sizes.min() < 40 < sizes.max()


@pytest.mark.parametrize("factor_seed", range(1, 6))
def test_buildings_keep_the_usual_households_each(factor_seed: int) -> None:
    """Catches a change for compounds that could be built before."""
    for p in drawn(factor_seed, households=1000, buildings=12, stairs_per_building=2):
        assert p.buildings == max(round(p.households / (1000 / 24) / 2), 1)
