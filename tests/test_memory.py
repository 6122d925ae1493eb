"""Thousands of runs in one process: no model may outlive its run."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial

import pytest

from sim.compose import load
from sim.experiments import validate
from sim.experiments.run import live
from sim.experiments.together import live_together
from sim.model import NeighborhoodModel
from sim.science import basin, hysteresis, push

SMALL = ("population.households=60", "population.buildings=2", "scenario.history_months=6")
BARE = load("kangqiao", *SMALL, policy="none", months=3)
BUNDLE = load("kangqiao", *SMALL, policy="five_level_linkage", months=3)
ESTATE = load("ordinary_estate", *SMALL[:2], policy="none", months=3)


def _slow_sweep(seed: int) -> object:
    moved = hysteresis.Drive(("fees.service",), (0.0,), 3.0, 5.0, 2, 1)
    return hysteresis.sweep_slowly(BARE, moved, seed)


def _living() -> set[NeighborhoodModel]:
    gc.collect()
    return {o for o in gc.get_objects() if type(o) is NeighborhoodModel}


@pytest.mark.parametrize(
    "experiment",
    [
        partial(live, BUNDLE),
        partial(live_together, [BARE, BUNDLE]),
        partial(validate.both_futures, BARE, BUNDLE),
        partial(push._held, [BUNDLE], 0.5),
        partial(basin._ends, ESTATE, 2),
        _slow_sweep,
    ],
    ids=["run", "compare", "validate", "push", "basin", "loop"],
)
def test_no_model_outlives_its_run(experiment: Callable[[int], object]) -> None:
    """Catches a model left in mesa's table of agents, about 0.8 MB each."""
    before = _living()
    experiment(1)
    assert not _living() - before
