"""Going on from a shared past must be the same as living it all."""

from __future__ import annotations

import numpy as np
import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.world.declare import Columns
from sim.world.tables import Households

SMALL = ("population.households=240", "population.buildings=4", "scenario.history_months=24")


@pytest.mark.parametrize("policy", ["none", "five_level_linkage", "firm_tender"])
@pytest.mark.parametrize("seed", [1, 2])
def test_fork_is_byte_for_byte_a_run_from_the_first_month(policy: str, seed: int) -> None:
    """Catches a state that the fork leaves behind, or shares with its past."""
    past = NeighborhoodModel(load("kangqiao", *SMALL, policy="none", months=1), seed=seed)
    while past.month < 0:
        past.step()
    config = load("kangqiao", *SMALL, policy=policy, months=30)
    twin, whole = past.fork(config), NeighborhoodModel(config, seed=seed)
    twin.run(), whole.run()
    assert twin.recorder.values.tobytes() == whole.recorder.values.tobytes()
    assert twin.recorder.months.tolist() == whole.recorder.months.tolist()
    assert twin.recorder.costs == whole.recorder.costs
    for name in Households.columns:
        mine, other = getattr(twin.households, name), getattr(whole.households, name)
        assert mine.tobytes() == other.tobytes(), name
    assert twin.ties.strength.tobytes() == whole.ties.strength.tobytes()


def test_forks_do_not_touch_their_past_or_each_other() -> None:
    """Catches a column or list shared between two futures."""
    past = NeighborhoodModel(load("kangqiao", *SMALL, policy="none", months=1), seed=3)
    while past.month < 0:
        past.step()
    before = [getattr(past.households, name).copy() for name in Households.columns]
    config = load("kangqiao", *SMALL, policy="five_level_linkage", months=12)
    first, second = past.fork(config), past.fork(config)
    first.run()
    after = [getattr(past.households, name) for name in Households.columns]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    second.run()
    assert first.recorder.values.tobytes() == second.recorder.values.tobytes()


def test_a_fork_copies_every_table_of_the_world() -> None:
    """Catches a table that a fork would forget, or share with its past although it changes."""
    past = NeighborhoodModel(load("kangqiao", *SMALL, policy="none", months=1), seed=1)
    past.live_until(0)
    twin = past.fork(load("kangqiao", *SMALL, policy="five_level_linkage", months=6))
    assert twin.world.tables.keys() == past.world.tables.keys()
    for name, table in past.world.tables.items():
        own = twin.world.tables[name]
        if isinstance(table, Columns):
            for column, declared in table.columns.items():
                shared = np.shares_memory(getattr(table, column), getattr(own, column))
                assert shared == (declared.fixed and len(table) > 0), (name, column)
        else:
            arrays = (getattr(table, "array", table), getattr(own, "array", own))
            assert not np.shares_memory(*arrays), name


def test_fork_refuses_another_past() -> None:
    """Catches a fork that mixes two histories."""
    past = NeighborhoodModel(load("kangqiao", *SMALL, policy="none", months=6), seed=1)
    past.run()
    with pytest.raises(ValueError, match="policy and months only"):
        past.fork(load("kangqiao", *SMALL, "fees.service=1", policy="none", months=12))
    with pytest.raises(ValueError, match="starts at 1"):
        past.fork(load("kangqiao", *SMALL, policy="building_meetings", months=12))
