"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (0.13689705666111962, 0.06870848165249, 0.6393150371605938),
    "satisfaction": (0.1033614176538029, 0.5281390352332661, 0.6457023472848926),
    "grievance": (0.5488786342940315, 0.25620317720206864, 0.19477047189313293),
    "trust_cell": (0.43242131045015664, 0.4498119179939222, 0.48639771571279483),
    "hours_spent": (0.0, 525.7397354100372, 465.00959701682655),
    "firm_cash_yuan": (-296959.2, -251452.58, 503370.26),
}
W_COMPOUND = {
    "collection_rate": (0.9027439370678821, 0.8718560504746655, 0.8846703721480678),
    "satisfaction": (0.6235925486414307, 0.6272649426928159, 0.5759718132916436),
    "grievance": (0.06439556551077533, 0.07893838801163869, 0.08007128127676591),
    "trust_cell": (0.4835479089709928, 0.5055161391848031, 0.5256593408951556),
    "hours_spent": (0.0, 76.63692307692308, 82.36),
    "firm_cash_yuan": (42152.53, 35340.07, 42576.92),
}
ORDINARY = {
    "collection_rate": (0.9040033411230435, 0.7995294779866104, 0.9193631147329926),
    "satisfaction": (0.637672199129271, 0.7013771055005096, 0.7130472320845523),
    "grievance": (0.09001931622243299, 0.06746671050848808, 0.06748574606478233),
    "trust_cell": (0.48998538114421847, 0.5025860393110386, 0.5180938250638598),
    "hours_spent": (0.0, 57.599999999999994, 57.599999999999994),
    "firm_cash_yuan": (443077.84, 443077.84, 443077.84),
}
"""At months 0, 12 and 24; ``benchmarks/same_bytes.py`` compares whole tables between versions."""


@pytest.mark.parametrize(
    ("scenario", "policy", "seed", "golden"),
    [
        ("kangqiao", "five_level_linkage", 1, KANGQIAO),
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
