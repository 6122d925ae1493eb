"""What a worker process of the desk does: live futures of compounds whose pasts it remembers.

A past (the months before any measure) is lived once for each compound and seed and kept, so that a
moved slider costs the months after it only. ``NeighborhoodModel.fork`` makes the future byte for
byte what a run from the first month gives.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from sim.config import Config, Policy
from sim.model import NeighborhoodModel, uncollected
from sim.outcomes import column
from sim.processes.issues import Category
from sim.world.costs import Payer
from sim.world.tables import Tenure

BEFORE = 12
"""Months of the past that are shown."""

MOST_REMEMBERED = 200_000
"""Households of all pasts that one process remembers, about 0.8 kB each."""

PAID, AGGRIEVED, STAGE, VACANT = 1, 2, 4, 63
"""How a household's month is coded: flags, the stage of conflict times ``STAGE``, or vacant."""

AGGRIEVED_FROM = 0.5
"""Grievance from which a household is drawn as aggrieved: the middle of its range."""


@dataclass(frozen=True)
class Lived:
    """One future of one compound.

    Attributes:
        seed: Its seed.
        months: Months kept (M,), from ``BEFORE`` months before the policy on.
        values: Indicators (M, K) in the order of ``INDICATORS``.
        flow: What the issue book counted in months 1 to the last (L, counts).
        costs: Actor, measure, hours and yuan from month 1 on, summed.
    """

    seed: int
    months: np.ndarray
    values: np.ndarray
    flow: np.ndarray
    costs: tuple[tuple[str, str, float, float], ...]

    def spent(self, measure: str = "") -> tuple[float, float]:
        """Hours and yuan from month 1 on, for one measure if it is named."""
        mine = [cost for cost in self.costs if measure in ("", cost[1])]
        return sum((cost[2] for cost in mine), 0.0), sum((cost[3] for cost in mine), 0.0)


@dataclass(frozen=True)
class Film:
    """One run of a compound, household by household, for the map.

    Attributes:
        seed: Its seed.
        building, stair, floor: Place of each household (n,); stairs are counted in their building.
        months: Months filmed.
        states: A text a month, one character a household: ``chr(48 + code)``.
        problems: Problems still open in each building at the end of each month (months, buildings).
        collected: Share of fees collected, by month, as the curves have it: of money, not of heads.
    """

    seed: int
    building: list[int]
    stair: list[int]
    floor: list[int]
    months: list[int]
    states: list[str]
    problems: list[list[int]]
    collected: list[float]


_pasts: OrderedDict[tuple[str, int], NeighborhoodModel] = OrderedDict()


def live(configs: list[tuple[str, Config]], seeds: list[int]) -> list[Lived]:
    """Live one future for each pair of configuration and seed.

    Args:
        configs: Fingerprint of the compound without measures, and the configuration.
        seeds: As many.

    Raises:
        InputError: Input that the model refuses.
    """
    with uncollected():
        return [
            _live(compound, config, seed)
            for (compound, config), seed in zip(configs, seeds, strict=True)
        ]


def _live(compound: str, config: Config, seed: int) -> Lived:
    model = _future(compound, config, seed)
    flow = []
    while model.month < config.months:
        model.step()
        flow.append(model.world.worked.numbers[0].copy())
    months = model.recorder.months
    shown = months >= -BEFORE
    values = model.recorder.values[shown, 0]
    return Lived(seed, months[shown].astype(np.int32), values, np.array(flow), _spent(model))


def _spent(model: NeighborhoodModel) -> tuple[tuple[str, str, float, float], ...]:
    # Summed as arrays: a run books over a thousand rows, and nobody waits longer than for a moved slider.
    world, ledger = model.world, model.world.ledger
    rows = np.flatnonzero(ledger.month[: world.booked] >= 1)
    cell = ledger.payer[rows].astype(np.int64) * len(world.labels) + ledger.label[rows]
    hours, yuan = np.bincount(cell, ledger.hours[rows]), np.bincount(cell, ledger.yuan[rows])
    found = [(*divmod(int(k), len(world.labels)), k) for k in np.unique(cell)]
    return tuple(
        sorted(
            (Payer(payer).name.lower(), world.labels[label], float(hours[k]), float(yuan[k]))
            for payer, label, k in found
        )
    )


def film(compound: str, config: Config, seed: int) -> Film:
    """Live one future and write down every household's month.

    Args:
        compound: Fingerprint of the compound without measures.
        config: What is lived.
        seed: Under which seed.
    """
    model = _future(compound, config, seed)
    h = model.households
    months, states, problems = [0], [_states(model)], [_problems(model)]
    while model.month < config.months:
        model.step()
        months.append(model.month)
        states.append(_states(model))
        problems.append(_problems(model))
    first = np.full(int(h.building.max()) + 1, np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(first, h.building, h.stair)
    stair = h.stair - first[h.building]
    lived = model.recorder.months >= 0
    collected = model.recorder.values[lived, 0, column("collection_rate")].tolist()
    return Film(
        seed, h.building.tolist(), stair.tolist(), h.floor.tolist(), months, states, problems,
        collected,
    )  # fmt: skip


def _states(model: NeighborhoodModel) -> str:
    h = model.households
    code = (
        (h.paid == 1) * PAID
        + (h.grievance >= AGGRIEVED_FROM) * AGGRIEVED
        + h.stage.astype(np.int64) * STAGE
    )
    code = np.where(h.tenure == Tenure.VACANT, VACANT, code)
    return bytes((48 + code).astype(np.uint8)).decode("ascii")


def _problems(model: NeighborhoodModel) -> list[int]:
    h, world = model.households, model.world
    reporters = h.building[world.issues.reporter[: world.issues_held]]
    return np.bincount(reporters, minlength=model.buildings.number_of_buildings).tolist()


def warm() -> int:
    """Compile or load every kernel by living a tiny compound; number of categories of problems."""
    from sim.compose import load

    small = load(
        "ordinary_estate", "population.households=60", "population.buildings=2",
        "scenario.history_months=2", policy="five_level_linkage", months=20,
    )  # fmt: skip
    NeighborhoodModel(small, seed=1).run()
    # What has been imported and compiled stays: looking through it again and again would hold up a slider.
    gc.freeze()
    return len(Category)


def _future(compound: str, config: Config, seed: int) -> NeighborhoodModel:
    key, config = (compound, seed), config.drawn(seed)
    past = _pasts.get(key)
    if past is None:
        past = _pasts[key] = _past(config, seed)
        while len(_pasts) > 1 and sum(len(p.households) for p in _pasts.values()) > MOST_REMEMBERED:
            _pasts.popitem(last=False)
    _pasts.move_to_end(key)
    # A compound that was given another name since, or another visit's of another name, has the same past.
    return past.fork(config.model_copy(update={"scenario": past.config.scenario}))


def _past(config: Config, seed: int) -> NeighborhoodModel:
    past = NeighborhoodModel(config.model_copy(update={"policy": Policy()}), seed=seed)
    past.live_until(0)
    return past
