"""Small worlds whose state a test names, and processes of the month one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.world.process import do_in_python
from sim.world.tables import Households, Ties
from sim.world.world import World

PLACE = ("compound", "building", "stair", "floor", "file_row", "area", "fee_fen", "usual_fee_fen")
"""Columns of a household that say where it lives and what it owes for that."""


def world(
    households: int = 10, *, ties: np.ndarray | None = None, seed: int = 1, **given: Any
) -> World:
    """A compound of one building in which nobody knows anybody and nothing has happened.

    Every named value is neutral, and every column of households is 0 but for their place.

    Args:
        households: How many, from 10 on.
        ties: Strengths of the ties of the first of them, a symmetric matrix.
        seed: Seed of the run.
        **given: Columns of households, a number for all or one for each of the first; and groups of
            the configuration.
    """
    columns = {name: given.pop(name) for name in Households.columns if name in given}
    people = {"households": households, "buildings": 1, "stairs_per_building": 1}
    people |= given.pop("population", {})
    network = {"stair_degree": 0.0, "building_degree": 0.0, "interest_degree": 0.0}
    network |= given.pop("network", {})
    config = load(
        "ordinary_estate", "scenario.history_months=0", policy="none", population=people,
        network=network, **given,
    )  # fmt: skip
    made = NeighborhoodModel(config, seed=seed).world
    for name in Households.columns:
        column, value = getattr(made.households, name), columns.get(name)
        if name not in PLACE:
            column[:] = 0
        if value is not None:
            column[: np.size(value) if np.ndim(value) else None] = value
    if ties is not None:
        made.put("ties", ties_of(ties, households))
    do(made, "begin_month")
    return made


def ties_of(weights: np.ndarray, households: int) -> Ties:
    """Ties of a symmetric matrix of strengths, of so many households of which it names the first."""
    row, column = np.nonzero(weights)
    ties = Ties(0)
    ties.indptr = np.searchsorted(row, np.arange(households + 1))
    ties.neighbour, ties.layer = column, np.zeros(len(row))
    ties.strength, ties.latent = weights[row, column], weights[row, column]
    return ties


def do(world: World, *names: str) -> None:
    """Let some processes of the month happen, by name, whatever the configuration switches off."""
    for name in names:
        do_in_python(world, MONTH.processes[MONTH.at(name)])
