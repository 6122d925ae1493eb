"""A district: how many compounds, of which kinds, under which communities, streets and firms.

Seed 001 names the kinds that stand side by side in one community: high-end and ordinary commercial
compounds, old ones, resettlement ones; seed 002 adds compounds without any firm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import model_validator

from sim.schema import Parameters, param
from sim.society.population import PopulationParameters
from sim.society.traits import (
    AS_STATED,
    Spreads,
    Trait,
    Traits,
    residents_of,
    traits_of,
    uniform,
)
from sim.streams import Streams


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
    firm: dict[str, Any] = param({}, "Settings of group firm that differ", zh="物业服务企业差异")
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


class DistrictParameters(Spreads):
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
        zh="物业服务企业数",
    )  # fmt: skip
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
        traits: What it differs by from its kind.
    """

    kind: str
    community: int
    street: int
    company: int
    groups: Mapping[str, Parameters]
    traits: Traits


def lay_out(
    p: DistrictParameters, groups: Mapping[str, Mapping[str, Parameters]], streams: Streams
) -> list[Site]:
    """Deal kinds, traits, communities, streets and firms out to the compounds.

    Args:
        p: Numbers and spreads.
        groups: For each kind (or "" alone) its parameters by group name.
        streams: Set-up draws of ``Stream.DISTRICT``.

    Returns:
        One site per compound. Compounds of a community follow each other; kinds are mixed. A compound
        alone is as its kind states it.
    """
    names, n = list(groups), p.compounds
    kinds = dealt([p.kinds[name].share if name else 1.0 for name in names], n)
    return [_site(p, names[kind], groups[names[kind]], streams, k) for k, kind in enumerate(kinds)]


def dealt(shares: Sequence[float], n: int) -> list[int]:
    """Which kind each of ``n`` compounds is: always the one that lags most behind its share.

    So any first part of the list has the shares too, and a compound more changes none before it.
    """
    whole, had, kinds = sum(shares), [0] * len(shares), []
    for k in range(n):
        lags = [share / whole * (k + 1) - so_far for share, so_far in zip(shares, had, strict=True)]
        kind = lags.index(max(lags))
        had[kind] += 1
        kinds.append(kind)
    return kinds


def _site(
    p: DistrictParameters, kind: str, stated: Mapping[str, Parameters], streams: Streams, k: int
) -> Site:
    community, company = k * p.communities // p.compounds, k
    traits, groups = AS_STATED, dict(stated)
    if p.companies:
        company = int(uniform(streams, Trait.COMPANY, k) * p.companies)
    if p.compounds > 1:
        traits = traits_of(p, streams, k, company)
        population = groups["population"]
        assert isinstance(population, PopulationParameters)
        groups["population"] = residents_of(p, population, streams, k)
    street = community * p.streets // p.communities
    return Site(kind, community, street, company, groups, traits)
