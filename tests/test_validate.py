"""Verdicts on cases: what is missed must be called missed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.compose import load
from sim.config import Executor, Target
from sim.errors import InputError
from sim.experiments import validate as v
from sim.experiments.run import run
from sim.experiments.summary import summarise, target_value
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS, column
from sim.science.cases import case_of, of_runs, predictive
from sim.science.cases import live as live_case
from sim.science.observed import of_scenario


def recorded(first: int, **indicators: list[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Months (M,) from ``first`` on and indicators (M, C, K), those not given 0."""
    given = {name: np.array(values, float) for name, values in indicators.items()}
    given = {name: v[:, None] if v.ndim == 1 else v for name, v in given.items()}
    shape = next(iter(given.values())).shape
    record = np.zeros((*shape, len(INDICATORS)))
    for name, values in given.items():
        record[:, :, column(name)] = values
    return np.arange(first, first + shape[0]), record


def test_a_level_is_averaged_over_its_window() -> None:
    """Catches a window that is off by a month."""
    target = Target(indicator="collection_rate", month=3, window=2)
    run = recorded(0, collection_rate=[0, 0, 1.0, 2.0, 5.0])
    assert target_value(target, *run) == pytest.approx(1.5)


def test_a_relative_target_compares_with_the_window_to_month_0() -> None:
    """Catches a change held against the wrong year."""
    target = Target(indicator="voices_per_1000", month=4, window=2, relative=True)
    run = recorded(-2, voices_per_1000=[9, 2, 4, 1, 1, 1.0, 2.0])
    assert target_value(target, *run) == pytest.approx(1.5 / 3 - 1)
    run = recorded(-2, voices_per_1000=[9, 0, 0, 1, 1, 1.0, 2.0])
    assert np.isnan(target_value(target, *run)), "no base, no change"


def test_a_share_of_a_whole_is_no_mean_of_shares() -> None:
    """Catches a large compound that counts like a small one, and a loud month like a quiet one."""
    target = Target(
        indicator="property_call_share", weight="hotline_calls", month=1, window=2
    )  # fmt: skip
    calls = np.array([[90.0, 10.0], [10.0, 0.0]])
    of_property = np.array([[81.0, 1.0], [2.0, 0.0]])
    share = np.divide(of_property, calls, out=np.zeros((2, 2)), where=calls > 0)
    run = recorded(0, property_call_share=share, hotline_calls=calls)
    assert target_value(target, *run) == pytest.approx(84 / 110)
    alike = target.model_copy(update={"weight": ""})
    assert target_value(alike, *run) == pytest.approx(share.mean())


def test_a_study_and_a_run_give_the_same_for_a_target() -> None:
    """Catches a frame whose compounds or months are taken in another order."""
    keys: dict[str, Any] = {"months": 2, "replications": 2, "executor__workers": 1}
    few = (
        "district.compounds=3",
        "district.communities=1",
        "district.streets=1",
        "district.companies=2",
    )
    config = load("baohe", *few, "scenario.history_months=14", policy="none", **keys)
    target = config.scenario.targets[0]
    assert target.weight == "hotline_calls"
    study = run(config)
    row = study.summary.query("target == @target.label").iloc[0]
    values = []
    for seed in (1, 2):
        model = NeighborhoodModel(config, seed=seed)
        model.run()
        values.append(target_value(target, model.recorder.months, model.recorder.values))
    inside = np.mean([target.low <= value <= target.high for value in values])
    assert row["share_inside"] == inside
    shuffled = summarise(config, study.months.sample(frac=1.0, random_state=1))
    pd.testing.assert_frame_equal(study.summary, shuffled, rtol=1e-12)


def test_a_share_of_a_whole_is_one_in_predictions_too() -> None:
    """Catches runs that keep plain means over compounds only."""
    few = {"compounds": 3, "communities": 1, "streets": 1, "companies": 2}
    case = case_of("baohe", "all", months=1, district=few)
    draws = pd.DataFrame({"fees.habit": [0.5, 1.0]})
    found = of_runs(case, predictive(case, draws, 7, Executor(workers=1)))
    for row, (seed, habit) in zip(found, ((7, 0.5), (8, 1.0)), strict=True):
        record = live_case(case.config.resolved(), {"fees.habit": habit}, seed)
        assert record is not None
        expected = target_value(case.observed.targets[0], *record)
        assert row[0] == pytest.approx(expected, rel=1e-12)
        plain = case.observed.targets[0].model_copy(update={"weight": ""})
        assert abs(target_value(plain, *record) - expected) > 0.001


def test_an_indicator_that_is_none_is_refused() -> None:
    """Catches a figure that is never held against anything."""
    for key in ("indicator", "weight"):
        word = f"scenario.targets=[{{indicator: satisfaction, {key}: satisfacton}}]"
        with pytest.raises(
            InputError, match=rf"scenario.targets.0.{key}: no indicator satisfacton"
        ):
            load("kangqiao", word.replace("indicator: satisfaction, indicator", "indicator"))


def test_what_is_told_in_words_has_no_figure() -> None:
    """Catches a reported or fitted figure that is let off as words, and words that are fitted to."""
    assert Target(in_words=True).use == "told in words"
    for key in ("reported: 0.5", "fitted: true"):
        with pytest.raises(InputError, match="in_words is said of a target"):
            load(None, f"scenario.targets=[{{indicator: legacy, in_words: true, {key}}}]")
    targets = [
        {"indicator": "legacy", "in_words": True, "label": "words"},
        {"indicator": "legacy", "high": 0.5, "label": "figure"},
    ]
    both = load(None, scenario__targets=targets)
    assert [t.label for t in of_scenario(both, "all").targets] == ["figure"]
    words = load(None, scenario__targets=targets[:1])
    assert [t.label for t in of_scenario(words, "all").targets] == ["words"]


def test_a_month_that_was_not_lived_gives_nothing() -> None:
    """Catches a target that is met by a month nobody simulated."""
    target = Target(indicator="collection_rate", month=40)
    assert np.isnan(target_value(target, *recorded(0, collection_rate=[0.5, 0.5])))
    target = Target(indicator="collection_rate", month=1, window=3)
    assert np.isnan(target_value(target, *recorded(0, collection_rate=[0.5, 0.5])))


def test_shenhong_is_held_with_and_without_its_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches columns mixed up: only with the policy does a firm enter."""
    monkeypatch.setattr(v, "cases", lambda: ["shenhong"])
    result = v.validate(replications=2, workers=1)
    row = result.cases.set_index("target").loc["a firm has entered"]
    assert (row["median"], row["none_median"], row["verdict"]) == (1.0, 0.0, "inside")
    assert row["none_share_inside"] == 0.0
    assert result.cases["use"].tolist() == ["predicted", *["told in words"] * 3]
    text = v.as_markdown(result)
    assert "| shenhong | a firm has entered | +12 |" in text
    assert result.patterns["median"].notna().all()


def test_a_median_outside_is_missed() -> None:
    """Catches a verdict that is kinder than the interval."""
    verdicts = [
        v._pattern("p", (0.3, 0.6), "s", [0.2, median, 0.9])["verdict"] for median in (0.61, 0.6)
    ]
    assert verdicts == ["missed", "inside"]


def test_every_case_has_a_policy_and_a_target_that_can_be_missed() -> None:
    """Catches a case without its policy, and targets no run could miss."""
    for name in v.cases():
        scenario = load(name).scenario
        assert scenario.policy != "none", name
        for target in scenario.targets:
            assert (target.low, target.high) != (0.0, 1.0), target.label
