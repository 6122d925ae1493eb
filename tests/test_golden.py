"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

KANGQIAO = {
    "collection_rate": (0.0963514150242452, 0.28533323003673594, 0.755568148538726),
    "satisfaction": (0.40847973635970397, 0.516205800706661, 0.6924946904493349),
    "grievance": (0.6249414002293187, 0.4386570891552481, 0.2660355516936529),
    "trust_cell": (0.47087321093501416, 0.4945564368441783, 0.5465672011776543),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (312211.69, 121191.85, 324745.0),
}
W_COMPOUND = {
    "collection_rate": (0.8432742581403955, 0.8939211296710866, 0.9247049598979955),
    "satisfaction": (0.6208778578758646, 0.6619340761419898, 0.6790339032133715),
    "grievance": (0.15133387926977476, 0.08848104527627135, 0.05721716553726095),
    "trust_cell": (0.49161625967386047, 0.5566932730770139, 0.6298585896668059),
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
