"""What compounds of one kind differ in: traits drawn once for each, by address, around what their kind states.

What people, firms and money make of these traits spreads compounds out; no outcome is drawn. A draw
belongs to (seed, trait, compound), so a compound more moves no other.
"""

from __future__ import annotations

import math
from enum import IntEnum
from functools import partial
from statistics import NormalDist
from typing import NamedTuple

from sim.schema import Parameters, fraction, param
from sim.society.population import PopulationParameters
from sim.streams import Stream, Streams

SMALLEST = 60
"""No compound drawn with ``size_spread`` is smaller than this, unless its kind is."""

FARTHEST = 2.5
"""Standard deviations beyond which no trait is drawn: what lies there is an error of the bell, not a place."""

_BOUNDS = {row.key: row for row in PopulationParameters.describe()}
_LOW = {key: row.low for key, row in _BOUNDS.items() if row.low is not None}
_HIGH = {key: row.high for key, row in _BOUNDS.items() if row.high is not None}


class Trait(IntEnum):
    """Addresses of the draws; a number once given is kept."""

    COMPANY = 0
    SIZE = 1
    CARE = 2
    MANAGER = 3
    LEGACY = 4
    PRICE = 5
    COST = 6
    REVENUE = 7
    WEAR = 8
    PLACES = 9
    TENANTS = 10
    VACANT = 11
    ELDERLY = 12
    BURDEN = 13
    CIVIC = 14


RESIDENTS = {
    "tenant_share": Trait.TENANTS, "vacant_share": Trait.VACANT, "elderly_share": Trait.ELDERLY,
    "burden_mean": Trait.BURDEN, "civic_mean": Trait.CIVIC,
}  # fmt: skip
"""Shares and means of residents that differ, in this order."""


class Spreads(Parameters):
    """How far compounds of one kind differ."""

    size_spread: float = param(
        0.0, "Spread of compound size (standard deviation of log households)", low=0, high=1.5, zh="规模差异",
    )  # fmt: skip
    care_spread: float = fraction(
        0.10, "Spread of companies' care (standard deviation of diligence between companies)", high=0.4,
        zh="物业服务企业尽责差异",
        source="one good company collects over 90 percent in all of its projects: D054; size assumed",
    )  # fmt: skip
    manager_spread: float = fraction(
        0.05, "Spread of care between the projects of one company", high=0.4, zh="项目经理尽责差异",
        source="8 of 30 projects of one company at 100 percent, all over 90: D054; size assumed",
    )  # fmt: skip
    legacy_spread: float = fraction(
        0.15, "Spread of developers' legacy (standard deviation; exponential around the kind's level)",
        zh="开发遗留差异",
        source="house defects are one of the two main reasons not to pay, in one compound that of 70 percent: D012; "
        "size assumed",
    )  # fmt: skip
    price_spread: float = fraction(
        0.15, "Spread of the fee around what is usual nearby (standard deviation of its logarithm)",
        zh="物业费单价差异",
        source="0.8 yuan for 13 years: D038; 1.6 to 2.75 yuan for alike compounds: D055, D056; size assumed",
    )  # fmt: skip
    cost_spread: float = fraction(
        0.10, "Spread of what full service costs (standard deviation of its logarithm): grounds, lifts, gates",
        zh="足额服务成本差异",
    )  # fmt: skip
    revenue_spread: float = param(
        0.6, "Spread of public revenue of a household (standard deviation of its logarithm)", low=0, high=2,
        zh="公共收益差异",
        source="some 67 yuan a household and month by one rule of thumb (D044), a tenth elsewhere; size assumed",
    )  # fmt: skip
    wear_spread: float = fraction(
        0.25, "Spread of wear of facilities by age and build (standard deviation of its logarithm)", zh="设施老化差异",
        source="age is a main reason not to pay: D012; size assumed",
    )  # fmt: skip
    places_spread: float = fraction(
        0.3, "Spread of places for cars (standard deviation of their logarithm)", zh="车位差异",
        source="67 percent say too few: D067; size assumed",
    )  # fmt: skip
    residents_spread: float = param(
        0.5, "Spread of residents' make-up: tenants, vacant units, the elderly, hardship, civic-mindedness (standard "
        "deviation of each in logits)", low=0, high=2, zh="住户构成差异",
        source="18.7 percent tenants in one compound of Chengdu (grade F); size assumed",
    )  # fmt: skip


class Traits(NamedTuple):
    """What one compound differs by; as given here it is as its kind states.

    Attributes:
        care: Added to the care of its firm.
        legacy: Added to its developer's legacy.
        cost: Cost of full service, relative.
        revenue: Public revenue of a household, relative.
        wear: Wear of facilities and amenities, relative.
        places: Places for cars, relative.
    """

    care: float = 0.0
    legacy: float = 0.0
    cost: float = 1.0
    revenue: float = 1.0
    wear: float = 1.0
    places: float = 1.0


AS_STATED = Traits()


def uniform(streams: Streams, trait: Trait, row: int) -> float:
    """The draw between 0 and 1 of one trait of one compound, or of one company."""
    return float(streams.single(Stream.DISTRICT, trait, row)[0])


def normal(streams: Streams, trait: Trait, row: int) -> float:
    """The same, standard normal, cut at ``FARTHEST``."""
    drawn = NormalDist().inv_cdf(uniform(streams, trait, row))
    return min(max(drawn, -FARTHEST), FARTHEST)


def traits_of(p: Spreads, streams: Streams, compound: int, company: int) -> Traits:
    """Draw the traits of one compound.

    Args:
        p: Spreads.
        streams: Of the run.
        compound: Number of it.
        company: Number of the company that serves it, whose branches are alike in care.
    """
    z = partial(normal, streams, row=compound)
    care = p.care_spread * normal(streams, Trait.CARE, company)
    # Most developers leave little behind and a few leave much: exponential, around the kind's level.
    legacy = -math.log(uniform(streams, Trait.LEGACY, compound)) - 1.0
    return Traits(
        care=care + p.manager_spread * z(Trait.MANAGER),
        legacy=p.legacy_spread * legacy,
        # A fee that is high for its kind pays more easily for the same service.
        cost=math.exp(p.cost_spread * z(Trait.COST)) / price_factor(p, streams, compound),
        revenue=math.exp(p.revenue_spread * z(Trait.REVENUE)),
        wear=math.exp(p.wear_spread * z(Trait.WEAR)),
        places=math.exp(p.places_spread * z(Trait.PLACES)),
    )


def price_factor(p: Spreads, streams: Streams, compound: int) -> float:
    """Fee of a compound relative to its kind's, while what is usual nearby stays the kind's."""
    return math.exp(p.price_spread * normal(streams, Trait.PRICE, compound))


def residents_of(
    p: Spreads, kind: PopulationParameters, streams: Streams, compound: int
) -> PopulationParameters:
    """Population of one compound: size, price and make-up drawn around those of its kind."""
    drawn: dict[str, float] = {}
    if p.size_spread:
        drawn |= _size(kind, math.exp(p.size_spread * normal(streams, Trait.SIZE, compound)))
    if p.price_spread:
        price = round(kind.price_fen_per_m2 * price_factor(p, streams, compound))
        drawn["price_fen_per_m2"] = int(min(price, _HIGH["price_fen_per_m2"]))
    if p.residents_spread:
        for name, trait in RESIDENTS.items():
            shift = p.residents_spread * normal(streams, trait, compound)
            drawn[name] = _moved(getattr(kind, name), shift)
        for first, second in (("tenant_share", "vacant_share"), ("elderly_share", "young_share")):
            # The share that is drawn gives way: somebody has to live there, and the young are as stated.
            rest = 1.0 - drawn.get(second, getattr(kind, second))
            drawn[first] = min(drawn[first], rest)
    if not drawn:
        return kind
    return PopulationParameters.model_validate(kind.model_dump() | drawn)


def _moved(share: float, shift: float) -> float:
    # In logits, so that it stays a share; one that is stated to be none or all stays so.
    if not 0.0 < share < 1.0:
        return share
    return 1.0 / (1.0 + (1.0 - share) / share * math.exp(-shift))


def _size(population: PopulationParameters, factor: float) -> dict[str, int]:
    stairs = population.stairs_per_building
    # A kind of smaller compounds than the smallest is not made larger by being spread.
    smallest = SMALLEST if population.households >= SMALLEST else max(_LOW["households"], stairs)
    drawn = max(round(population.households * factor), smallest)
    households = int(min(drawn, _HIGH["households"]))
    per_stair = population.households / (population.buildings * stairs)
    # Rounded up, a shrunken compound could have more stairs than households.
    buildings = min(
        max(round(households / per_stair / stairs), 1), households // stairs, _HIGH["buildings"]
    )
    return {"households": households, "buildings": int(buildings)}
