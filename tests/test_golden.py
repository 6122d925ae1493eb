"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

GOLDEN = {
    "collection_rate": (0.09538962129664166, 0.28603395497181106, 0.7544220906006887),
    "satisfaction": (0.4051871164699492, 0.516453710095929, 0.6931841963488613),
    "grievance": (0.6257469362843816, 0.4335670369192794, 0.2662855173254233),
    "trust_cell": (0.47090682142345197, 0.49662552716729363, 0.5482761279187659),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (315038.14, 124948.73, 333959.96),
}
"""Kangqiao under the five-level linkage, seed 3, at months 0, 12 and 24; the same on Python 3.11
with mesa 3.3 and numpy 2.4 as on Python 3.12 with mesa 3.5 and numpy 2.5."""


def test_trajectory_is_the_recorded_one() -> None:
    """Catches a change of results by accident, or by a version of Python or of a library."""
    model = NeighborhoodModel(load("kangqiao", policy="five_level_linkage", months=24), seed=3)
    model.run()
    months = model.recorder.months.tolist()
    for name, expected in GOLDEN.items():
        column = model.recorder.values[:, 0, list(INDICATORS).index(name)]
        lived = [column[months.index(month)] for month in (0, 12, 24)]
        assert lived == pytest.approx(expected, rel=1e-12), name
