"""What is told of a calibration: how far its figures are met, first, and every one of them."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import recorded
from rich.console import Console

from sim.compose import load
from sim.config import Target
from sim.questions import find
from sim.science.calibrate import Calibration
from sim.science.calibration_table import print_calibration
from sim.science.cases import figure_row
from sim.science.observed import MISSING, Observed, of_file

SMALL = (
    "population.households=60", "population.buildings=3", "population.stairs_per_building=1",
    "scenario.history_months=6",
)  # fmt: skip


def told(found: Calibration, language: str = "en") -> str:
    stream = io.StringIO()
    print_calibration(found, Console(file=stream, width=220), language)
    return stream.getvalue()


def of_months(tmp_path: Path, **series: list[float]) -> Calibration:
    """A calibration against a file of months 1 on, whose runs give 0.5 in every month."""
    path = tmp_path / "months.csv"
    months = range(1, 1 + len(next(iter(series.values()))))
    pd.DataFrame({"month": months, **series}).to_csv(path, index=False)
    question = find("calibrate").ask_words([*SMALL, f"file={path}", "fees.service=interval(2,6)"])
    case = question.cases[0]
    rows = []
    for place, target in enumerate(case.observed.targets):
        row = figure_row(case, place, np.full(4, 0.5))
        row |= {f"prior_{name}": value for name, value in row.items()}
        missed = case.observed.misses(np.full(len(case.observed.targets), 0.5))[place]
        rows.append(
            {"case": case.name, "label": target.label, "indicator": target.indicator,
             "month": target.month, "relative": False, "low": target.low, "high": target.high,
             "missed": missed, **row}
        )  # fmt: skip
    off = case.observed.distance(np.full(len(case.observed.targets), 0.5))
    base = recorded.answer("calibrate")
    posterior = base.posterior.assign(distance=off)
    return replace(base, question=question, figures=pd.DataFrame(rows), posterior=posterior)


def test_every_figure_is_shown_and_misfit_is_said_first(tmp_path: Path) -> None:
    """Catches a series missed by 9.4, beyond the twelfth figure, under a table that looks well."""
    found = of_months(tmp_path, collection_rate=[0.5] * 12, satisfaction=[0.97] * 12)
    assert found.tolerance == pytest.approx(9.4 / math.sqrt(2))
    text = told(found)
    first, second = text.splitlines()[:2]
    assert first.startswith("THE FILE IS NOT MET") and "6.6 times" in first
    assert second.startswith("Off by series, worst first: Mean satisfaction by 9.4, most at +1")
    assert "Fees collected by 0" in second and "97 in the file, posterior 50 [50, 50]" in second
    months = re.findall(r"\+(\d+) +(?:50|97) ", text)
    assert [int(month) for month in months] == [*range(1, 13)] * 2, "every figure, one row each"
    chinese = told(found, "zh").splitlines()
    assert chinese[0].startswith("文件中的数据未得到满足") and "平均满意水平9.4" in "".join(
        chinese[:3]
    )


def test_a_file_that_is_met_is_said_to_be(tmp_path: Path) -> None:
    found = of_months(tmp_path, collection_rate=[0.5, 0.51, 0.49], satisfaction=[0.52] * 3)
    assert told(found).startswith("The file is met within what counts as an error: off by 0.")
    assert told(found, "zh").startswith("文件中的数据在误差范围内得到满足")


def test_missed_targets_are_named_worst_first() -> None:
    """Catches a tolerance of 1.2 that is a small grey note below the tables."""
    base = recorded.answer("calibrate")
    assert base.tolerance > 0
    lines = told(base).splitlines()
    assert lines[0].startswith("NOT ALL FIGURES ARE MET") and f"{base.tolerance:.2g}" in lines[0]
    figures = base.figures.sort_values("missed", ascending=False)
    named = [label for label in figures.loc[figures["missed"] > 0, "label"]]
    places = [lines[1].index(label) for label in named]
    assert named and places == sorted(places)
    exact = replace(base, posterior=base.posterior.assign(distance=0.0))
    assert told(exact).startswith("All 3 figures are met by every parameter set")
    nothing = base.figures.assign(median=math.nan, q05=math.nan, q95=math.nan, missed=math.nan)
    unknown = replace(base, figures=nothing, posterior=base.posterior.assign(distance=MISSING))
    text = told(unknown)
    assert text.startswith("NOT MET: no parameter set") and "no run has a value" in text
    assert not re.search(r"\bnan\b", text)


def test_months_without_a_value_are_left_out_of_the_distance(tmp_path: Path) -> None:
    """Catches days to close that count as 0, or as hopeless, in a month in which nothing was closed."""
    path = tmp_path / "months.csv"
    frame = pd.DataFrame({"month": [1, 2, 3, 4], "days_to_close": 100.0, "satisfaction": 0.6})
    frame.to_csv(path, index=False)
    observed = of_file(load(None, *SMALL), path)
    days = [t.indicator == "days_to_close" for t in observed.targets]
    values = np.where(days, 100.0, 0.6)
    assert observed.distance(values) == 0
    gap = values.copy()
    gap[np.flatnonzero(days)[:2]] = math.nan
    assert observed.distance(gap) == 0
    gap[np.flatnonzero(days)[2]] = math.nan
    assert observed.distance(gap) == MISSING, "of one month in four nothing can be said"
    gap[np.flatnonzero(days)[1:3]] = 120.0
    assert observed.distance(gap) == pytest.approx(math.sqrt((2 / 3 * 2**2) / 2))
    assert np.isnan(observed.misses(gap)).sum() == 1
    one = Observed((Target(indicator="days_to_close", month=0, low=0.0, high=90.0),))
    assert one.distance(np.array([math.nan])) == MISSING
