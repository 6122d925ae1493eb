"""Trials: a half of the households is reached and the other is not; an effect that is known is found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.compose import load
from sim.config import Config
from sim.model import NeighborhoodModel
from sim.science import trials as t
from sim.science.halves import Halves
from sim.science.holding import HOLD, Band

SMALL: dict[str, Any] = {"population__households": 400, "months": 6, "executor__workers": 1}

SHARED = {"mechanisms": {"issues": False, "conflict": False}}
"""Switched off: problems and conflict, in which both halves live alike."""


def pair(policy: dict[str, Any], **keys: Any) -> tuple[Config, Config]:
    """The ordinary estate with a measure, and without."""
    return (
        load("ordinary_estate", policy={"measures": policy}, **SMALL, **keys),
        load("ordinary_estate", policy="none", **SMALL, **keys),
    )


def lived(config: Config, month: int) -> NeighborhoodModel:
    """A usual run."""
    model = NeighborhoodModel(config, seed=5)
    model.live_until(month)
    return model


@pytest.mark.parametrize(
    "policy",
    [
        {"moral_appeal": {"start": 2, "ramp": 1, "boost": 0.3}},
        # Without the review, which makes the firm take more care of all.
        {
            "disclosure": {
                "start": 2,
                "ramp": 1,
                "every": 1,
                "firm_hours": 0.0,
                "community_hours": 0.0,
                "review": 0.0,
            }
        },
        {"fee_suits": {"start": 2, "ramp": 1, "suits": 50.0, "suit_hours": 0.0}},
    ],
    ids=["letters", "accounts", "suits"],
)
def test_in_its_first_month_each_half_lives_as_if_all_were_like_it(policy: dict[str, Any]) -> None:
    """Catches a measure that reaches the control, and luck that is not the same for both."""
    with_it, without = pair(policy, **SHARED)
    model = Halves(with_it, seed=5)
    model.live_until(2)
    everybody, nobody = lived(with_it, 2), lived(without, 2)
    treated = model.treated
    assert 0.4 < treated.mean() < 0.6
    moved = 0
    for name in model.households.columns:
        here, all_of, none = (getattr(m.households, name) for m in (model, everybody, nobody))
        assert (here[treated] == all_of[treated]).all(), name
        assert (here[~treated] == none[~treated]).all(), name
        moved += int((all_of != none).sum())
    assert moved > 0, "the measure does something"
    assert model.touched.any() == ("fee_suits" in policy) and not model.touched[~treated].any()


def test_a_measure_that_does_nothing_leaves_the_run_as_it_is() -> None:
    """Catches state that is lived twice, or not put back as it was."""
    nothing = dict.fromkeys(("boost", "reminders", "hours_each", "yuan_each"), 0.0)
    with_it, without = pair({"moral_appeal": {"start": 2, **nothing}})
    model, usual = Halves(with_it, seed=5), lived(without, 6)
    model.live_until(3)
    model.run()
    for name in usual.households.columns:
        assert (getattr(model.households, name) == getattr(usual.households, name)).all(), name
    assert np.array_equal(model.recorder.values, usual.recorder.values, equal_nan=True)


def test_a_known_effect_is_recovered() -> None:
    """Catches an effect that is diluted, doubled, or read of the wrong month.

    Nothing but the letter moves a household here: one in two pays, and exp(0.6) to 1 of those written to.
    """
    no_push = {
        name: 0.0
        for name in (
            "base_conditional", "base_unconditional", "base_free_rider", "norm_conditional", "norm_others", "service",
            "trust", "grievance", "habit", "strike", "dunning", "burden", "free_habit", "price",
        )
    }  # fmt: skip
    monthly = {"period": 1, "own_date": 0.0, "at_once": 1.0, "last_call": 1.0, "reminded": 0.0}
    trial = t.Trial(
        "letter", "a letter", "信函", {"moral_appeal": {"start": 3, "end": 4, "boost": 0.3, "dose": 2.0,
                                                      "reminders": 0.0}},
        (3, 3), t.everybody, t.paid_this_year, t.points, "points", Band(13.0, 16.0, "known", "D014", "A"),
        # Half of the fees would not keep a firm.
        settings={"fees": no_push, "bills": monthly, "mechanisms": {"institutions": False}},
    )  # fmt: skip
    del_own_date = {key: value for key, value in t.SETTINGS.items() if "own_date" not in key}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(t, "SETTINGS", del_own_date)
        row = t.run_trials(1, workers=1, trials=(trial,)).iloc[0]
    known = 100.0 * (1.0 / (1.0 + math.exp(-0.6)) - 0.5)
    assert row["median"] == pytest.approx(known, abs=1.2)
    assert row["q05"] < known < row["q95"] and row["verdict"] == HOLD and row["seeds"] == t.PER_SEED


def test_under_doubt_each_compound_lives_a_set_of_its_own() -> None:
    """Catches trials under the posterior that live the defaults, or one set for all."""
    trial = t.TRIALS[0]
    config = trial.config(doubt="on")
    alone = [t.outcomes_of(trial, config.drawn(seed), seed) for seed in (1, 2)]
    assert t._one(trial, config, 2) == pytest.approx(trial.measured(alone[1]), nan_ok=True)
    usual = t.outcomes_of(trial, trial.config(), 2)
    assert not np.array_equal(alone[1].control_else, usual.control_else)
    assert config.doubted and not trial.config().doubted


def test_effects_are_counted_as_told() -> None:
    """Catches a lot's luck that is taken for an effect, and a share of the wrong group."""
    one = np.ones
    o = t.Outcomes(
        treated=np.array([1.0, 1, 1, 0]), control=np.array([1.0, 0, 0, 0]),
        treated_else=np.array([1.0, 1, 0, 0]), control_else=np.array([1.0, 0, 0, 0]),
        touched=np.array([True, False, False, True]),
    )  # fmt: skip
    assert t.points(o) == pytest.approx(25.0), "three against one, less the lot's two against one"
    assert t.relative(o) == pytest.approx(100.0)
    assert t.deviations(o) == pytest.approx(0.25 / o.control.std())
    assert t.share_of_touched(o) == pytest.approx(50.0)
    assert t.spilled(o) == 0.0
    others = t.Outcomes(
        one(4), one(4), np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 1, 0]), one(4) > 2
    )
    assert t.spilled(others) == pytest.approx(0.5)
    assert np.isnan(t.share_of_touched(others))
    still = t.Outcomes(one(2), np.zeros(2), one(2), np.zeros(2), one(2) > 2)
    assert np.isnan(t.relative(still)) and np.isnan(t.spilled(still))


def test_every_trial_acts_on_somebody_and_reads_when_it_says() -> None:
    """Catches subjects that are not there, and a measure that is over before or begins after its months."""
    for trial in t.TRIALS:
        first, last = trial.months
        assert 1 <= first <= last <= 12, trial.name
        for of in trial.policy.values():
            assert first <= of["start"] <= last or of["start"] <= first, trial.name
        if trial.outcome is t.paid_this_year:
            assert last == 12, "bills fall due in December"
        config = trial.config(executor={"workers": 1})
        o = t.outcomes_of(trial, config, 1)
        assert min(len(o.treated), len(o.control)) > 15, trial.name
        assert abs(trial.measured(o)) < 150.0 or np.isnan(trial.measured(o)), trial.name
