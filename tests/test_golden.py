"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (NAN, 0.0981688785829755, 0.23836375518305705),
    "satisfaction": (0.33397334261411443, 0.4279738902965941, 0.4628146006015663),
    "grievance": (0.6752994434849452, 0.4810619144906086, 0.3720473965270391),
    "trust_cell": (0.46438835543273105, 0.47997351951902956, 0.5116869681554553),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (NAN, -94837.12, -133372.18),
}
W_COMPOUND = {
    "collection_rate": (0.8008580986263827, 0.8511854731450303, 0.9153032473646993),
    "satisfaction": (0.5905420819756303, 0.624362349402162, 0.6499325354809452),
    "grievance": (0.16548569949543654, 0.0982281122137365, 0.06054102756226072),
    "trust_cell": (0.49161625967386047, 0.5576745895953866, 0.630943098245262),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (7340.81, 5455.82, 4291.81),
}
ORDINARY = {
    "collection_rate": (0.8459349211929995, 0.8385387924256893, 0.8298248184855759),
    "satisfaction": (0.6438989343496314, 0.6551171964409974, 0.6543538047508877),
    "grievance": (0.17191944977722576, 0.16873206262577273, 0.16365725878696308),
    "trust_cell": (0.4966463579440591, 0.518407834716477, 0.5371118935387477),
    "hours_spent": (0.0, 72.6, 72.6),
    "firm_cash_yuan": (453926.56, 454438.8, 454438.8),
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
