"""A calibration drawn: what was learnt about each parameter, and what the model then gives."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import known
from sim.as_text import title_of
from sim.figures import style
from sim.figures.axes import (
    band,
    lettered,
    line,
    month_ticks,
    name_of,
    panels,
    parameter_names,
    reference_line,
    value_axis,
)
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.science.calibrate import Calibration
    from sim.science.cases import Case

WORDS = phrases("posterior_figure")

_ROW, _HEAD, _PANEL = 0.2, 0.95, 1.65

_ROOM = 16
"""Parameters up to which a correlation's cell has room for its sign and both digits; beyond, colour is the sign."""


def posterior(calibration: Calibration, language: str = "en") -> Figure:
    """Each parameter's posterior inside its prior, and the correlation of every two.

    Args:
        calibration: What to draw.
        language: "en" or "zh".

    Returns:
        A figure two columns wide, parameters with the most learnt at the top.
    """
    words = WORDS[language]
    rows = calibration.parameters.sort_values("width", ignore_index=True)
    names = parameter_names(rows["parameter"].tolist(), language)
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, max(len(rows), 4) * _ROW + _HEAD)
        left, right = figure.subplots(1, 2, width_ratios=[1.35, 1])
        _intervals(left, rows, names, words)
        _matrix(right, calibration, rows["parameter"].tolist(), names, words)
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def predictive(calibration: Calibration, language: str = "en") -> Figure:
    """What fresh runs give under the prior and under the posterior, beside the figures.

    Args:
        calibration: What to draw.
        language: "en" or "zh".

    Returns:
        A figure with a panel per case and indicator: bands hold the middle 90% of runs, the line is
        the posterior's median.
    """
    words, frame = WORDS[language], calibration.predictive
    cases = {case.name: case for case in calibration.question.cases}
    shown = list(frame[["case", "indicator"]].drop_duplicates().itertuples(index=False, name=None))
    across = min(len(shown), 3)
    down = math.ceil(len(shown) / across)
    width = style.SINGLE if across == 1 else style.DOUBLE
    with style.journal_style(language):
        figure = style.new_figure(width, down * _PANEL + 0.55)
        grid = panels(figure, len(shown), across)
        for place, (name, indicator) in enumerate(shown):
            one = frame[(frame["case"] == name) & (frame["indicator"] == indicator)]
            _panel(grid[place], one, cases[name], indicator, language)
            title = lettered(place, name_of(INDICATORS[indicator], language))
            if len(cases) > 1:
                title += f" · {title_of(cases[name].config.scenario, language)}"
            grid[place].set_title(title)
        figure.supxlabel(words["month"], fontsize="medium")
        told = grid[0].get_legend_handles_labels()
        figure.legend(*told, loc="outside upper center", ncols=4 if across > 1 else 2)
    return figure


def figures(calibration: Calibration, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {
        "posterior": partial(posterior, calibration, language),
        "predictive": partial(predictive, calibration, language),
    }


def _intervals(axes: Axes, rows: pd.DataFrame, names: list[str], words: dict[str, str]) -> None:
    low, wide = rows["prior_low"], rows["prior_high"] - rows["prior_low"]
    at = np.arange(len(rows))

    def inside(column: str) -> pd.Series:
        return (rows[column] - low) / wide

    axes.hlines(at, 0.05, 0.95, color="#D9D9D9", linewidth=5, label=words["prior"])
    axes.hlines(
        at, inside("q05"), inside("q95"), color=style.BLUE, linewidth=2, label=words["posterior"]
    )
    axes.plot(inside("median"), at, "o", color=style.BLUE, markersize=3.2, label=words["median"])
    axes.plot(
        inside("default"), at, "|", color=style.VERMILION, markersize=7, markeredgewidth=1.2,
        label=words["default"],
    )  # fmt: skip
    for place, width in zip(at, rows["width"], strict=True):
        axes.text(
            1.03, float(place), f"{width:.2f}", va="center", fontsize="small", color=style.GREY
        )
    axes.set_yticks(at, names)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(words["range"])
    axes.set_title(f"a  {words['learnt']}")
    axes.tick_params(axis="y", length=0)


def _matrix(
    axes: Axes, calibration: Calibration, keys: list[str], names: list[str], words: dict[str, str]
) -> None:
    size = len(keys)
    values = np.full((size, size), np.nan)
    place = {key: k for k, key in enumerate(keys)}
    for row in calibration.pairs.itertuples():
        i, j = place[str(row.first)], place[str(row.second)]
        values[max(i, j), min(i, j)] = row.correlation
    axes.imshow(values, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    for i, j in zip(*np.nonzero(np.abs(np.nan_to_num(values)) >= 0.2), strict=True):
        strong = abs(values[i, j]) > 0.6
        told = f"{values[i, j]:+.1f}"
        if size > _ROOM:
            told = f"{abs(values[i, j]):.1f}".removeprefix("0")
        axes.text(
            j, i, told, ha="center", va="center",
            fontsize=5, color="white" if strong else "black",
        )  # fmt: skip
    axes.set_yticks(range(size), [])
    axes.set_ylim(size - 0.5, -0.5)
    axes.set_xticks(range(max(size - 1, 1)), names[: max(size - 1, 1)], rotation=90)
    axes.set_xlim(-0.5, max(size - 1.5, 0.5))
    axes.tick_params(length=0, labelsize=5.5)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_title(f"b  {words['together']}")


def _panel(axes: Axes, frame: pd.DataFrame, case: Case, indicator: str, language: str) -> None:
    words, top = WORDS[language], 0.0
    for source, colour, opacity in (("prior", style.GREY, 0.2), ("posterior", style.BLUE, 0.35)):
        values = frame[frame["source"] == source].pivot(
            index="draw", columns="month", values="value"
        )
        if values.empty:
            continue
        months = values.columns.to_numpy()
        low, middle, high = known.quantiles(values.to_numpy(), [0.05, 0.5, 0.95], axis=0)
        band(axes, months, low, high, color=colour, alpha=opacity, label=words[source])
        if source == "posterior":
            line(axes, months, middle, color=style.BLUE, label=words["median"])
        axes.set_xlim(months[0], months[-1])
        month_ticks(axes, int(months[-1] - months[0]))
        top = float(np.fmax.reduce(high, initial=top))
    top = max(top, _observed(axes, case, indicator, words["reported"]))
    reference_line(axes)
    value_axis(axes, INDICATORS[indicator], top, language)


def _observed(axes: Axes, case: Case, indicator: str, label: str) -> float:
    # A change is no level: it has no place on this axis.
    held = [t for t in case.observed.targets if t.indicator == indicator and not t.relative]
    if not held:
        return 0.0
    low, high = np.array([t.low for t in held]), np.array([t.high for t in held])
    middle = (low + high) / 2
    series = case.observed.series
    axes.errorbar(
        [t.month for t in held], middle, yerr=None if series else (high - low) / 2,
        fmt="o" if series else "none", markersize=2.2, color=style.VERMILION, elinewidth=1.0,
        capsize=2, capthick=1.0, label=label, zorder=4, clip_on=False,
    )  # fmt: skip
    return float(high.max())
