"""Processes whose switching off was taken for a finding: what the pages may not say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import remade

from sim import load
from sim.config import Mechanisms
from sim.model import NeighborhoodModel

ROOT = Path(__file__).parents[1]


def test_without_service_what_events_broke_stays_broken() -> None:
    """Why the row was withdrawn: its households live with the damage, and nobody may mend it."""
    off = load("kangqiao", policy="none", months=1, mechanisms={"service": False},
               population={"households": 200})  # fmt: skip
    model = NeighborhoodModel(off, seed=1)
    first = model.world.compounds["condition"].copy()
    model.live_until(-11)
    broken = model.world.compounds["condition"].copy()
    model.live_until(0)
    assert (broken < first - 0.1).any(), "the events of the history break something"
    assert np.array_equal(model.world.compounds["condition"], broken)


def test_no_table_is_made_of_processes_switched_off() -> None:
    """Catches the withdrawn table when the page is written anew."""
    page = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    assert "Withdrawn: processes switched off" in page
    for mechanism in Mechanisms.model_fields:
        assert f"| `{mechanism}` |" not in page
    assert not [name for name in (*remade.LIVED, *remade.FIGURES) if "switched" in name]
