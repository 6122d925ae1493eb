"""A changed number must be a change that somebody meant: record it in the CHANGELOG and here."""

from __future__ import annotations

import pytest

from sim.compose import load
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

NAN = float("nan")
"""Where nobody serves, no fees are due."""

KANGQIAO = {
    "collection_rate": (0.5832692905560752, 0.2688780709449491, 0.35042545842595796),
    "satisfaction": (0.39228357056476015, 0.4773725457433294, 0.46280726417125057),
    "grievance": (0.5932035123615992, 0.4951672203189525, 0.4401925890267519),
    "trust_cell": (0.46011613136697677, 0.4797148292806271, 0.5143096745878412),
    "hours_spent": (97.665239874977, 412.26752916299785, 505.63325446679994),
    "firm_cash_yuan": (94765.07, -126700.7, -66997.18),
}
W_COMPOUND = {
    "collection_rate": (0.8537854167200993, 0.7742035474427416, 0.7492820477120423),
    "satisfaction": (0.5533880948537909, 0.5527721595036974, 0.4877365180750393),
    "grievance": (0.13513824039098868, 0.18922830262286458, 0.1937095904429919),
    "trust_cell": (0.4838935046088483, 0.5005834278123688, 0.5239032781192323),
    "hours_spent": (77.56545475277588, 76.63692307692308, 82.36),
    "firm_cash_yuan": (43668.64, 35506.21, 43668.64),
}
ORDINARY = {
    "collection_rate": (0.8533736519549422, 0.7193492497201941, 0.8240359467884891),
    "satisfaction": (0.628844936899727, 0.6890557580000399, 0.6967674527185238),
    "grievance": (0.13676994574198417, 0.15611045711577523, 0.15854246139880224),
    "trust_cell": (0.49003388507940565, 0.5053979890154824, 0.5183970159950256),
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
