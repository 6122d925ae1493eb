"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

KANGQIAO = {
    "collection_rate": (0.38485834396631546, 0.43798452421064094, 0.7177388975915531),
    "satisfaction": (0.4509758453624871, 0.5871445144215144, 0.703986740631145),
    "grievance": (0.5906919642635583, 0.3822793739503225, 0.2653433545867264),
    "trust_cell": (0.46116488187191046, 0.5048146379889792, 0.5457926949873536),
    "hours_spent": (0.0, 232.0, 253.2),
    "firm_cash_yuan": (432951.82, 391232.75, 479138.08),
}
W_COMPOUND = {
    "collection_rate": (0.860691486308405, 0.8529866741899907, 0.8418988088477223),
    "satisfaction": (0.6161159665006445, 0.6564917505597675, 0.6729169365642655),
    "grievance": (0.1533600487214822, 0.09113813957364228, 0.06326738572069834),
    "trust_cell": (0.4844690575157813, 0.5478326985245587, 0.6164404420070262),
    "hours_spent": (0.0, 119.03999999999999, 157.44),
    "firm_cash_yuan": (43668.64, 43668.64, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8407346318468242, 0.8475180899453214, 0.8284492317663287),
    "satisfaction": (0.6437386130174739, 0.6546454953041969, 0.651976788501362),
    "grievance": (0.17312496326050242, 0.17167213127133424, 0.17262822260471816),
    "trust_cell": (0.48966511962678105, 0.5074629837875686, 0.5226426147136054),
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
