"""Inertia with a threshold as a theory of paying: households do what they did, until reasons are strong.

xiaoqu run fees.response=inertia inertia.limit=0.1 --plugin docs/own/inertia.py
"""

from __future__ import annotations

from sim.own import (
    How,
    Parameters,
    column,
    give_column,
    give_parameters,
    give_theory,
    param,
    process,
    rows,
)


class Inertia(Parameters):
    """How fast habits hold."""

    stays: float = param(
        0.97, "Chance to do again what was done, where nothing speaks against it", low=0.5, high=1
    )
    limit: float = param(
        0.15, "Mean strength of reasons that makes a household change", low=0, high=1
    )
    spread: float = param(0.05, "Spread of that strength between households", low=0, high=1)


give_parameters("inertia", Inertia)
give_column(
    "households", "limit",
    column("f8", "1", "0 to 1", "strength of reasons that makes it change", newcomer="donor"),
    drawn=lambda rng, households, parameters: rng.normal(
        parameters.inertia.limit, parameters.inertia.spread, len(households)
    ).clip(0, 1),
)  # fmt: skip


@process(How.BLOCK)
def inertia(compound, first, last):
    """The chance to pay: as last month, unless reasons for the contrary pass the household's limit."""
    h, p = compound.world.households, compound.parameters.inertia
    willing, paid, limit, stays = h.willing, h.paid, h.limit, p.stays
    satisfaction, trust, believed, burden = h.satisfaction, h.trust_firm, h.norm, h.burden
    for i in rows(first, last):
        reasons = (satisfaction[i] + trust[i] + believed[i]) / 3.0 - 0.5 * burden[i] - 0.4
        pays = reasons > -limit[i] if paid[i] else reasons > limit[i]
        willing[i] = stays if pays else 1.0 - stays


give_theory("inertia", inertia)
