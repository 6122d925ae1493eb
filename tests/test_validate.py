"""Verdicts on cases: what is missed must be called missed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.config import Target
from sim.experiments import validate as v
from sim.experiments.summary import target_values


def means(*rows: list[float], first: int) -> pd.DataFrame:
    """Runs in rows, months in columns from ``first`` on."""
    return pd.DataFrame(rows, columns=range(first, first + len(rows[0])))


def test_a_level_is_averaged_over_its_window() -> None:
    """Catches a window that is off by a month."""
    target = Target(indicator="collection_rate", month=3, window=2)
    assert target_values(target, means([0, 0, 1.0, 2.0, 5.0], first=0)) == pytest.approx([1.5])


def test_a_relative_target_compares_with_the_window_to_month_0() -> None:
    """Catches a change held against the wrong year."""
    target = Target(indicator="voices_per_1000", month=4, window=2, relative=True)
    rows = means([9, 2, 4, 1, 1, 1.0, 2.0], [9, 0, 0, 1, 1, 1.0, 2.0], first=-2)
    change = target_values(target, rows)
    assert change[0] == pytest.approx(1.5 / 3 - 1)
    assert np.isnan(change[1]), "no base, no change"


def test_a_month_that_was_not_lived_gives_nothing() -> None:
    """Catches a target that is met by a month nobody simulated."""
    target = Target(indicator="collection_rate", month=40)
    assert np.isnan(target_values(target, means([0.5, 0.5], first=0))).all()


def test_shenhong_is_held_with_and_without_its_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches columns mixed up: only with the policy does a firm enter."""
    monkeypatch.setattr(v, "cases", lambda: ["shenhong"])
    result = v.validate(replications=2, workers=1)
    row = result.cases.set_index("target").loc["a firm has entered"]
    assert (row["median"], row["none_median"], row["verdict"]) == (1.0, 0.0, "inside")
    assert row["none_share_inside"] == 0.0
    assert set(result.cases["use"]) == {"predicted"}
    text = v.as_markdown(result)
    assert "| shenhong | a firm has entered | +12 |" in text
    assert result.patterns["median"].notna().all()


def test_a_median_outside_is_missed() -> None:
    """Catches a verdict that is kinder than the interval."""
    pattern = v.Pattern("p", (0.3, 0.6), "s", (0.61, 0.2, 0.9))
    assert pattern.verdict == "missed"
    assert v.Pattern("p", (0.3, 0.6), "s", (0.6, 0.2, 0.9)).verdict == "inside"


def test_every_case_has_a_policy_and_a_target_that_can_be_missed() -> None:
    """Catches a case without its policy, and targets no run could miss."""
    from sim.compose import load

    for name in v.cases():
        scenario = load(name).scenario
        assert scenario.policy != "none", name
        for target in scenario.targets:
            assert (target.low, target.high) != (0.0, 1.0), target.label
