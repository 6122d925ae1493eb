"""A district: how many compounds, of which kinds, under which communities, streets and firms.

Seed 001 names the kinds that stand side by side in one community: high-end and ordinary commercial
compounds, old ones, resettlement ones; seed 002 adds compounds without any firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import model_validator

from sim.schema import Parameters, param
from sim.society.population import PopulationParameters
from sim.streams import Stream, Streams

SMALLEST = 60
"""No compound drawn with ``size_spread`` is smaller than this, unless its kind is."""

_BOUNDS = {row.key: row for row in PopulationParameters.describe()}
_LOW = {key: row.low for key, row in _BOUNDS.items() if row.low is not None}
_HIGH = {key: row.high for key, row in _BOUNDS.items() if row.high is not None}


class Kind(Parameters):
    """One kind of compound: its share of the district, and where it differs from the scenario."""

    share: float = param(
        1.0, "Share of compounds, relative to the other kinds", low=0, high=1000, zh="占比"
    )
    title: str = param("", "Name in English", zh="英文名")
    title_zh: str = param("", "Name in Chinese", zh="中文名")
    population: dict[str, Any] = param(
        {}, "Settings of group population that differ", zh="人口差异"
    )
    service: dict[str, Any] = param({}, "Settings of group service that differ", zh="服务差异")
    bills: dict[str, Any] = param({}, "Settings of group bills that differ", zh="账单差异")
    parking: dict[str, Any] = param({}, "Settings of group parking that differ", zh="停车差异")
    firm: dict[str, Any] = param({}, "Settings of group firm that differ", zh="物业差异")
    committee: dict[str, Any] = param(
        {}, "Settings of group committee that differ", zh="业委会差异"
    )
    fund: dict[str, Any] = param({}, "Settings of group fund that differ", zh="共有资金差异")
    cell: dict[str, Any] = param({}, "Settings of group cell that differ", zh="党支部差异")
    developer: dict[str, Any] = param(
        {}, "Settings of group developer that differ", zh="开发商差异"
    )


KIND_GROUPS = (
    "population", "service", "bills", "parking", "firm", "committee", "fund", "cell", "developer",
)  # fmt: skip
"""Groups in which kinds of compounds may differ."""


class DistrictParameters(Parameters):
    """The lie of the land; by default one compound with everything to itself."""

    compounds: int = param(
        1, "Compounds of the run", unit="compound", low=1, high=20_000, zh="小区数"
    )
    communities: int = param(
        1, "Communities they belong to", unit="community", low=1, high=20_000, zh="社区数"
    )
    streets: int = param(
        1, "Streets those belong to", unit="street", low=1, high=2_000, zh="街道数"
    )
    companies: int = param(
        0, "Firms that serve them; 0 gives each compound a firm of its own", unit="firm", low=0, high=20_000,
        zh="物业企业数",
    )  # fmt: skip
    size_spread: float = param(
        0.0,
        "Spread of compound size (standard deviation of log households)",
        low=0,
        high=1.5,
        zh="规模差异",
    )
    care_spread: float = param(
        0.0, "Spread of firms' care (standard deviation of diligence between firms)", low=0, high=0.4,
        zh="物业尽责差异",
    )  # fmt: skip
    legacy_spread: float = param(
        0.0,
        "Spread of developers' legacy (half width around the kind's level)",
        low=0,
        high=1,
        zh="开发遗留差异",
    )
    kinds: dict[str, Kind] = param(
        {}, "Kinds of compound by name; none makes all alike", zh="小区类型"
    )

    @model_validator(mode="after")
    def _some_share(self) -> DistrictParameters:
        if self.kinds and not sum(kind.share for kind in self.kinds.values()):
            raise ValueError("shares of all kinds are 0; allowed: at least one above 0")
        return self


class Site(NamedTuple):
    """One compound before it is built.

    Attributes:
        kind: Name of its kind, "" where all are alike.
        community, street, company: Indices.
        groups: Parameters of the groups in which kinds differ, by name.
        care_shift, legacy_shift: What its firm and developer differ by.
    """

    kind: str
    community: int
    street: int
    company: int
    groups: Mapping[str, Parameters]
    care_shift: float
    legacy_shift: float


def lay_out(
    p: DistrictParameters, groups: Mapping[str, Mapping[str, Parameters]], streams: Streams
) -> list[Site]:
    """Deal kinds, sizes, communities, streets and firms out to the compounds.

    Args:
        p: Numbers and spreads.
        groups: For each kind (or "" alone) its parameters by group name.
        streams: Set-up draws of ``Stream.DISTRICT``.

    Returns:
        One site per compound. Compounds of a community follow each other; kinds are mixed.
    """
    rng, n = streams.generator(Stream.DISTRICT), p.compounds
    names = list(groups)
    shares = np.array([p.kinds[name].share if name else 1.0 for name in names])
    ends = np.round(np.cumsum(shares) / shares.sum() * n).astype(int)
    kinds = rng.permutation(np.searchsorted(ends, np.arange(n), side="right"))
    sizes = np.exp(p.size_spread * rng.standard_normal(n))
    companies = p.companies or n
    care = p.care_spread * rng.standard_normal(companies)
    legacy = p.legacy_spread * rng.uniform(-1.0, 1.0, n)
    company = rng.permutation(np.arange(n) % companies)
    sites = []
    for k in range(n):
        chosen = dict(groups[names[kinds[k]]])
        if p.size_spread:
            chosen["population"] = _resized(chosen["population"], float(sizes[k]))
        community = k * p.communities // n
        sites.append(
            Site(
                kind=names[kinds[k]],
                community=community,
                street=community * p.streets // p.communities,
                company=int(company[k]),
                groups=chosen,
                care_shift=float(care[company[k]]),
                legacy_shift=float(legacy[k]),
            )
        )
    return sites


def _resized(population: Parameters, factor: float) -> Parameters:
    assert isinstance(population, PopulationParameters)
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
    resized = {"households": households, "buildings": int(buildings)}
    return PopulationParameters.model_validate(population.model_dump() | resized)
