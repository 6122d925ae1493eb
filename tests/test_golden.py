"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    # A firm went and another came in December: nothing has fallen due yet.
    "collection_rate": (0.23270305712290706, float("nan"), 0.5030472205623293),
    "satisfaction": (0.3207431611042639, 0.32575059732932904, 0.5670206190650388),
    "grievance": (0.6573167490072328, 0.5295554576445114, 0.3028853156683055),
    "trust_cell": (0.4577998640267476, 0.4700358962809933, 0.5262906318474009),
    "hours_spent": (0.0, 327.0, 253.2),
    "firm_cash_yuan": (-208294.15, 126555.44, 272449.42),
}
W_COMPOUND = {
    "collection_rate": (0.8438050433140731, 0.8068581938892533, 0.8052460530027956),
    "satisfaction": (0.5480723482959554, 0.5896498391039178, 0.5712424936394124),
    "grievance": (0.18745923904761874, 0.1124189224873779, 0.08513446691556326),
    "trust_cell": (0.4847480948390353, 0.5473111573422001, 0.6184109525322893),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 38736.56, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8369428548110643, 0.8229102624308688, 0.8546897601869173),
    "satisfaction": (0.6438569961328229, 0.6889961385389853, 0.710939559170467),
    "grievance": (0.17244296150730273, 0.15903310987355715, 0.1512745085444335),
    "trust_cell": (0.48923770125691507, 0.5080579698034656, 0.5225440172155618),
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
