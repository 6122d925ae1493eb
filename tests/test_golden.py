"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (0.2194344310934334, float("nan"), 0.4551435423552038),
    "satisfaction": (0.3075577202896982, 0.3066569734378992, 0.5477370975576596),
    "grievance": (0.6891643053828677, 0.6208476772373754, 0.3752449895997882),
    "trust_cell": (0.44284486201871315, 0.4300332533878871, 0.4820160488573086),
    "hours_spent": (0.0, 327.0, 253.2),
    "firm_cash_yuan": (-223304.33, 126555.44, 205982.49),
}
W_COMPOUND = {
    "collection_rate": (0.8464961583415467, 0.8145261221782955, 0.8243543192551909),
    "satisfaction": (0.5575599103926644, 0.5905999394000749, 0.5779095212594555),
    "grievance": (0.13401085983615924, 0.10291492661549355, 0.06483683414458126),
    "trust_cell": (0.48349513895371193, 0.5509479758805794, 0.6310344475403584),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 38433.82, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8481457123885591, 0.8322446587250446, 0.8499340396720572),
    "satisfaction": (0.6468788783649427, 0.6870710857585796, 0.7085224531059082),
    "grievance": (0.1364918662773446, 0.1564640495698325, 0.1581828110461247),
    "trust_cell": (0.4895566917225275, 0.5044999129667288, 0.51823305884338),
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
