"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (0.223680255178215, float("nan"), 0.5050111309239065),
    "satisfaction": (0.31027297575982765, 0.3227062832579662, 0.5663257487010801),
    "grievance": (0.659335713217979, 0.5343207882853109, 0.3045648712997126),
    "trust_cell": (0.45999726233956445, 0.46883931545124646, 0.5245078219938223),
    "hours_spent": (0.0, 327.0, 253.2),
    "firm_cash_yuan": (-219556.45, 126555.44, 266124.43),
}
W_COMPOUND = {
    "collection_rate": (0.838796231498546, 0.8068581938892533, 0.8178925654657438),
    "satisfaction": (0.5525139079668235, 0.5826042114454544, 0.5700886087427771),
    "grievance": (0.18404547013629513, 0.11634291912003257, 0.0866548572646325),
    "trust_cell": (0.4847355992171593, 0.5438004845706004, 0.6154060551369103),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 40178.88, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8421161159496258, 0.8276716925518968, 0.8538246932380589),
    "satisfaction": (0.6432753239628862, 0.687116020139308, 0.709151781377986),
    "grievance": (0.1722581387519399, 0.15891920435727075, 0.1511420846565476),
    "trust_cell": (0.4892409924952988, 0.5079622747014018, 0.5224934978316146),
    "hours_spent": (0.0, 57.599999999999994, 57.599999999999994),
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
        assert lived == pytest.approx(expected, rel=1e-12, nan_ok=True), name
