"""Processes whose switching off was taken for a finding: what the pages may not say of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim import load, remade
from sim.config import Mechanisms
from sim.model import NeighborhoodModel

ROOT = Path(__file__).parents[1]


def test_without_service_what_events_broke_stays_broken() -> None:
    """Why the row was withdrawn: its households live with the damage, and nobody may mend it."""
    off = load("kangqiao", policy="none", months=1, mechanisms={"service": False},
               population={"households": 200})  # fmt: skip
    model = NeighborhoodModel(off, seed=1)
    first = model.world.compounds["condition"].copy()
    model.live_until(-21)
    broken = model.world.compounds["condition"].copy()
    model.live_until(0)
    assert (broken < first - 0.1).any(), "the events of the history break something"
    assert np.array_equal(model.world.compounds["condition"], broken)


def test_no_table_is_made_of_service_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches the withdrawn row when the table is made anew."""
    lived: list[Mechanisms] = []

    def load(_: str, **keys: Any) -> Mechanisms:
        off = {k.removeprefix("mechanisms__"): v for k, v in keys.items() if "__" in k}
        return Mechanisms(**off)

    def run(mechanisms: Mechanisms) -> SimpleNamespace:
        lived.append(mechanisms)
        months = pd.DataFrame({"run": [0, 0], "month": [0, 24], "collection_rate": [0.1, 0.2]})
        return SimpleNamespace(months=months)

    monkeypatch.setattr("sim.compose.load", load)
    monkeypatch.setattr("sim.experiments.run.run", run)
    remade._without.cache_clear()
    table = remade.switched_off(quick=True)
    remade._without.cache_clear()
    assert len(lived) > 10 and all(on.service for on in lived)
    assert "`service`" not in table and "`conflict`" in table
    pages = (ROOT / "docs" / "trace.md").read_text(encoding="utf-8")
    assert "`service` |" not in pages and "Withdrawn: service switched off" in pages
