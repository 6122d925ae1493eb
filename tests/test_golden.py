"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

KANGQIAO = {
    "collection_rate": (0.09538962129664166, 0.28603395497181106, 0.7544220906006887),
    "satisfaction": (0.4051871164699492, 0.516453710095929, 0.6931841963488613),
    "grievance": (0.6257469362843816, 0.4335670369192794, 0.2662855173254233),
    "trust_cell": (0.47090682142345197, 0.49662552716729363, 0.5482761279187659),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (315038.14, 124948.73, 333959.96),
}
W_COMPOUND = {
    "collection_rate": (0.8283201858358767, 0.8895595557819066, 0.9247049598979955),
    "satisfaction": (0.6153869681266375, 0.6560233736969142, 0.6749133292087741),
    "grievance": (0.1528368327147866, 0.090376629253046, 0.059133578410307974),
    "trust_cell": (0.49161625967386036, 0.5558674041452291, 0.6295014899128348),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 43668.64, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8459349211929995, 0.8385387924256893, 0.8298248184855759),
    "satisfaction": (0.6438989343496313, 0.6551171964409975, 0.6543538047508878),
    "grievance": (0.17191944977722576, 0.16873206262577276, 0.16365725878696308),
    "trust_cell": (0.4966463579440591, 0.5184078347164769, 0.5371118935387476),
    "hours_spent": (0.0, 72.6, 72.6),
    "firm_cash_yuan": (454438.8, 454438.8, 454438.8),
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
