"""Parking (停车): cars against places, what a place costs, and anger at a price nobody was asked about.

A car without a place stands in lanes and on lawns: quarrels over parking (``issues``) and misuse of common space
(``commons``) grow with the share of cars that have none. Rents are a part of the firm's public revenue.
"""

from __future__ import annotations

import numpy as np

from sim.compiled import kernel
from sim.schema import Parameters, fraction, logits, monthly, param
from sim.streams import Stream, draw, fill
from sim.world.arrows import arrow
from sim.world.native import rows
from sim.world.process import How, process
from sim.world.tables import Tenure

_PARKING = int(Stream.PARKING)


class ParkingParameters(Parameters):
    """Cars, places and their price at the start, and what scarcity does."""

    cars_each: float = param(
        0.6, "Cars per household that lives here", unit="car", low=0, high=1, zh="户均机动车", source="assumed",
    )  # fmt: skip
    places_each: float = param(
        0.4, "Places per unit at the start", unit="place", low=0, high=3, zh="户均车位",
        source="too few spaces: seed 001 (停车位不足), 67 percent of those asked (D067); size assumed",
    )  # fmt: skip
    price_yuan: float = param(
        150.0, "Rent of a place at the start", unit="yuan/month", low=0, high=3000, zh="车位月租",
        source="100 a month (K031), 280 (K035); assumed",
    )  # fmt: skip
    usual_price_yuan: float = param(
        150.0, "Rent of a place that is usual nearby", unit="yuan/month", low=1, high=3000, zh="周边通常车位月租",
    )  # fmt: skip
    dear: float = param(
        0.5, "How far a rent above what is usual keeps cars out of places: their share falls by this power of it",
        low=0, high=3, zh="高租金弃租系数",
        source="rents too high: seed 001 (车位租金价格高), 33 percent of those asked (D067); size assumed",
    )  # fmt: skip
    of_revenue: float = fraction(
        0.6, "Part of public revenue that rents of places bring at the start", zh="停车占公共收益比例",
        source="300 places carry the costs of a compound (K031); assumed",
    )  # fmt: skip
    crowding: float = logits(
        1.0, "Push on households with a car to misuse common space, for each share of cars without a place beyond "
        "what is usual", low=0, high=5, zh="无位占道权重",
        source="parking anyhow as misuse of common space: seed 001 (车辆乱停放); size assumed",
    )  # fmt: skip
    usual_short: float = fraction(
        0.3, "Share of cars without a place that is usual: misuse at its base holds it already", zh="通常车位缺口",
    )  # fmt: skip
    anger: float = monthly(
        0.1, "Grievance of a household with a car at a rise of rents nobody was asked about", zh="未商涨租不满情绪",
        source="owners withhold fees for months (K035); raised at will: seed 000 (随意提价); size assumed",
    )  # fmt: skip
    resigned: float = monthly(
        0.1, "Share of that rise which people have come to terms with a month later", zh="涨租接受速度",
        source="a strike of some six months (K035); assumed",
    )  # fmt: skip


@kernel
def has_car(world, i, cars_each):  # type: ignore[no-untyped-def]
    """Whether the household of unit ``i`` has a car: drawn once for a unit, in month 0, for ever."""
    return draw(i, 0, world.seed, _PARKING)[0] < cars_each


@kernel
def who_has_cars(compound, first, last, has):  # type: ignore[no-untyped-def]
    """Write into ``has`` whether households ``first`` to ``last - 1`` have a car, see ``has_car``."""
    u, start = np.empty((1, last - first)), np.uint64(first)
    cars = compound.parameters.parking.cars_each
    fill(u, 1, last - first, first, 0, compound.world.seed, _PARKING)
    for i in rows(first, last):
        has[i - start] = u[0, i - start] < cars


arrow(
    "rents", "grievance", "a rise of parking rents that nobody was asked about makes angry",
    neutral="nobody minds", zh="未经商议上涨车位租金引起不满情绪", zh_neutral="无人介意",
)  # fmt: skip


@process(How.BLOCK, stream=Stream.PARKING, switch="conflict")
def resent_rents(compound, first, last):  # type: ignore[no-untyped-def]
    """Households with a car resent a rise of rents that nobody asked them about."""
    if compound.parking_unheard <= 0.0:
        return
    h, p = compound.world.households, compound.parameters.parking
    tenure, grievance, start = h.tenure, h.grievance, np.uint64(first)
    car, anger = np.empty(last - first, np.bool_), p.anger * compound.parking_unheard
    anger *= compound.parameters.arrows.rents_to_grievance
    who_has_cars(compound, first, last, car)
    for i in rows(first, last):
        resents = (tenure[i] != Tenure.VACANT) & car[i - start]
        grievance[i] += anger * (1.0 - grievance[i]) * resents


@process(How.ROWS, switch="conflict")
def accept_rents(compound):  # type: ignore[no-untyped-def]
    """A rise of rents that nobody asked about is slowly accepted."""
    compound.parking_unheard *= 1.0 - compound.parameters.parking.resigned
