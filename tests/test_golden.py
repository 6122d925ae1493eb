"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (0.13887490637354472, 0.1609275166217916, 0.45809724550940867),
    "satisfaction": (0.17325116976054847, 0.43153924579855146, 0.5097285935943241),
    "grievance": (0.6934648406614985, 0.44991194024872355, 0.31885552696288816),
    "trust_cell": (0.4608234304695907, 0.48882834898970073, 0.533036372572606),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (-350572.84, -124219.32, 358632.15),
}
W_COMPOUND = {
    "collection_rate": (0.8374897867210886, 0.7941178841383656, 0.7811650649069904),
    "satisfaction": (0.5256109407401719, 0.557104609840893, 0.5168762012437044),
    "grievance": (0.19320682683454665, 0.12405090331324953, 0.10153627870348934),
    "trust_cell": (0.4848882514136805, 0.5448646106743629, 0.6154016130435492),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 38860.54, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.838811691649157, 0.8239163912735248, 0.849037989454375),
    "satisfaction": (0.6298175340995315, 0.6778725229329479, 0.7064381247656589),
    "grievance": (0.17377585029502093, 0.16021457015154073, 0.15174443687937886),
    "trust_cell": (0.4893225431813221, 0.508345936995945, 0.5229374810953676),
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
