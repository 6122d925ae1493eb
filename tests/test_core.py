"""The core of behaviour: few numbers, each with an informative prior, and nothing else free without being told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.compose import load
from sim.config import Config, change
from sim.model import NeighborhoodModel
from sim.questions import find
from sim.schema import ASSUMED as UNSOURCED
from sim.science.cases import prior_draws
from sim.science.core import ASSUMED, CORE, LEVEL, MOST, PRIORS, SOURCE, Core, Prior
from sim.science.factors import choose, groups, numbers


def test_the_core_is_small() -> None:
    """Catches a core that grows with every mechanism."""
    assert len({one.key for one in CORE}) == len(CORE) <= MOST == 25


@pytest.mark.parametrize("one", CORE, ids=[one.key for one in CORE])
def test_each_has_a_prior_around_its_default_that_says_what_it_rests_on(one: Core) -> None:
    """Catches a default outside of its own prior, one as wide as the schema, and a guess sold as a source."""
    row = one.described
    assert isinstance(row.default, float) and row.low is not None and row.high is not None
    assert row.low <= one.low < row.default < one.high <= row.high
    assert one.high - one.low <= 0.67 * (row.high - row.low), "no news beside the schema's range"
    assert one.by in (SOURCE, LEVEL, ASSUMED)
    if one.by == ASSUMED:
        assert "assumed" in one.source, "it says so"
    else:
        assert one.source and not one.source.startswith("assumed")


def test_what_is_not_of_the_core_has_a_source_or_a_range() -> None:
    """Catches a number that anything could stand for."""
    bare = []
    for row in Config.describe():
        counts = isinstance(row.default, int | float) and not isinstance(row.default, bool)
        ranged = row.low is not None and row.high is not None
        if counts and row.key not in PRIORS and row.source == UNSOURCED and not ranged:
            bare.append(row.key)
    assert not bare


def test_what_is_varied_by_default_is_the_core() -> None:
    """Catches an analysis with a list of its own."""
    assert find("calibrate").ask_words(["scenario=kangqiao"]).priors == PRIORS
    for question in (
        find("sensitivity").ask_words(["scenario=ordinary_estate", "policy=none"]).factors,
        find("robustness").ask_words(["scenarios=[]", "networks=[]", "mechanisms=[]"]).varied,
    ):
        assert {f.key: (f.low, f.high) for f in question} == {
            key: (prior.low, prior.high) for key, prior in PRIORS.items()
        }


def test_a_number_of_the_core_named_by_itself_has_the_width_asked_for() -> None:
    """Catches priors that cannot be left."""
    config = load("ordinary_estate")
    by_name = choose(config, ["fees.service", "fees.trust"], {}, 0.5)
    assert [(f.low, f.high) for f in by_name] == [(4.5, 9.5), (0.75, 2.25)]
    assert set(groups()) >= {key.split(".")[0] for key in PRIORS} - {"population"}
    assert PRIORS.keys() <= numbers(config).keys()


def test_a_prior_is_a_pert_beta_or_uniform() -> None:
    """Mean (low + 4 likely + high) / 6, densest at the likely value (Malcolm et al. 1959)."""
    prior = Prior(1.0, 5.0, 2.0)
    shares = (np.arange(4000) + 0.5) / 4000
    assert prior.quantile(shares).mean() == pytest.approx((1 + 8 + 5) / 6, abs=1e-3)
    name, shape, low, wide = prior.law
    at = np.linspace(1.01, 4.99, 399)
    assert at[getattr(stats, name).pdf(at, *shape, low, wide).argmax()] == pytest.approx(
        2.0, abs=0.02
    )
    assert prior.quantile(0.0) == 1.0 and prior.quantile(1.0) == 5.0
    flat = Prior(2.0, 6.0)
    assert flat.law == ("uniform", (), 2.0, 4.0) and flat.quantile(0.25) == 3.0


def test_the_prior_is_not_absurd_in_an_ordinary_estate() -> None:
    """Of the bounds of the schema 46% of draws collected under a tenth, and 14% between 71 and 90."""
    config = load("ordinary_estate", policy="none", months=24)
    tree, rates = config.resolved(), []
    for seed, row in enumerate(prior_draws(PRIORS, 24, 1).to_dict("records"), 1):
        model = NeighborhoodModel(change(tree, row), seed=seed)
        model.run()
        rates.append(float(np.nan_to_num(model.recorder.latest("collection_rate")[0])))
    found = np.array(rates)
    assert (found < 0.1).mean() <= 0.1
    assert ((found > 0.7) & (found < 0.9)).mean() >= 0.5
    assert found.max() - found.min() > 0.1, "and it leaves something open"
