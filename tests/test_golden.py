"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

KANGQIAO = {
    "collection_rate": (0.09538962129664166, 0.2815552460368001, 0.7523279969732316),
    "satisfaction": (0.4048849627873759, 0.5121984142814241, 0.6883527367494177),
    "grievance": (0.6259482437814968, 0.4409648126855726, 0.2695738814186952),
    "trust_cell": (0.47090682142345197, 0.4942550516122445, 0.5451751832376839),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (311682.11, 120395.91, 316976.12),
}
W_COMPOUND = {
    "collection_rate": (0.8283201858358767, 0.8895595557819066, 0.9247049598979955),
    "satisfaction": (0.6153869681266375, 0.6560233736969141, 0.6749133292087741),
    "grievance": (0.1528368327147866, 0.090376629253046, 0.059133578410307974),
    "trust_cell": (0.49161625967386047, 0.555867404145229, 0.6295014899128348),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 43668.64, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8459349211929995, 0.8672853509062923, 0.8693143325151168),
    "satisfaction": (0.6438989343496314, 0.6958031571358338, 0.7126569327878323),
    "grievance": (0.17191944977722576, 0.15545817105536675, 0.14818714370509103),
    "trust_cell": (0.4966463579440591, 0.5213631856175044, 0.5354486182139754),
    "hours_spent": (0.0, 57.599999999999994, 57.599999999999994),
    "firm_cash_yuan": (454438.8, 445213.87, 454438.8),
}
"""At months 0, 12 and 24; ``benchmarks/same_bytes.py`` compares whole tables between versions."""


@pytest.mark.parametrize(
    ("scenario", "policy", "seed", "golden"),
    [
        ("kangqiao", "five_level_linkage", 3, KANGQIAO),
        ("w_compound", "w_compound", 5, W_COMPOUND),
        ("ordinary_estate", ["building_meetings", "firm_tender"], 8, ORDINARY),
    ],
)
def test_trajectory_is_the_recorded_one(
    scenario: str,
    policy: str | list[str],
    seed: int,
    golden: dict[str, tuple[float, ...]],
) -> None:
    """Catches a change of results by accident, or by a version of Python or of a library."""
    model = NeighborhoodModel(load(scenario, policy=policy, months=24), seed=seed)
    model.run()
    months = model.recorder.months.tolist()
    for name, expected in golden.items():
        column = model.recorder.values[:, 0, list(INDICATORS).index(name)]
        lived = [column[months.index(month)] for month in (0, 12, 24)]
        assert lived == pytest.approx(expected, rel=1e-12), name
