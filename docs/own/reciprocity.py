"""Reciprocity as a theory of paying: households give back the service they remember, bad service threefold.

xiaoqu run fees.response=reciprocity reciprocity.months=12 --plugin docs/own/reciprocity.py
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
    to_chances,
)  # fmt: skip

give_column(
    "households", "served",
    column("f8", "1", "0 to 1", "service of past months as it remembers it", newcomer=0.5),
    drawn=lambda rng, households, parameters: households.satisfaction,
)  # fmt: skip


class Reciprocity(Parameters):
    """What is given back, and how long service is remembered."""

    base: float = param(
        1.5, "Push to pay where service is as expected", unit="logit", low=-6, high=6
    )
    months: int = param(6, "Months that service is remembered", unit="month", low=1, high=60)
    gives_back: float = param(
        3.0, "Weight of service better than expected", unit="logit", low=0, high=10
    )
    pays_back: float = param(
        9.0, "Weight of service worse than expected", unit="logit", low=0, high=30
    )
    expects: float = param(0.5, "Satisfaction that is taken for granted", low=0, high=1)


give_parameters("reciprocity", Reciprocity)


@process(How.BLOCK)
def reciprocity(compound, first, last):
    """The chance to pay: what is remembered of service is given back; then this month is remembered too."""
    h, p = compound.world.households, compound.parameters.reciprocity
    willing, served, satisfaction = h.willing, h.served, h.satisfaction
    base, gives, pays, expects, fades = p.base, p.gives_back, p.pays_back, p.expects, 1.0 / p.months
    for i in rows(first, last):
        gift = served[i] - expects
        willing[i] = base + (gives if gift > 0.0 else pays) * gift
        served[i] += fades * (satisfaction[i] - served[i])
    to_chances(willing[first:last])


give_theory("reciprocity", reciprocity)
