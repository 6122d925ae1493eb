"""What several figures' axes share: names and units of indicators, ticks, reference lines, rows."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import FigureBase
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator, PercentFormatter

from sim.as_text import LARGE, number_text
from sim.config import Config
from sim.experiments.summary import unit_text
from sim.figures import style
from sim.measures.catalogue import Measure
from sim.outcomes import Indicator

SHARE_OF = {
    "collection_rate": ("fees due", "应收物业费"),
    "satisfied_share": ("households", "住户"),
    "complaint_share": ("households", "住户"),
    "open_conflict_share": ("households", "住户"),
    "free_rider_share": ("households", "住户"),
    "misuse_share": ("households", "住户"),
    "issues_in_place_share": ("problems ended", "已结束问题"),
    "attendance": ("invited households", "受邀住户"),
    "grievance": ("the most possible", "最大值"),
    "service_condition": ("as good as new", "完好状态"),
}
"""What a percent axis is a percent of, where it is a share of something that can be named."""


LINES = 1.45
"""Distance of lines in labels of several: the Chinese font's own is too small."""


def name_of(named: Indicator | type[Measure], language: str) -> str:
    """Name of an indicator or a measure in a language."""
    return named.zh if language == "zh" else named.en


def unit_label(indicator: Indicator, language: str) -> str:
    """Label of an axis: the unit, and of what a percent is a percent."""
    unit = unit_text(indicator, language)
    whole = SHARE_OF.get(indicator.name)
    if whole is not None:
        return f"占{whole[1]}的{unit}" if language == "zh" else f"{unit} of {whole[0]}"
    return textwrap.fill(unit, 20) if language == "en" else unit


def value_axis(axes: Axes, indicator: Indicator, top: float, language: str) -> None:
    """Range, ticks and label of an indicator's own axis, upright.

    Args:
        axes: Where.
        indicator: What is drawn.
        top: Highest value drawn.
        language: "en" or "zh".
    """
    axes.set_ylabel(unit_label(indicator, language))
    if indicator.share:
        # Rare things, such as open conflict, would be a flat line on the full scale.
        axes.set_ylim(0, 1.0 if 0.4 < top <= 1 else max(1.15 * top, 0.01))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        percent_ticks(axes.yaxis)
        return
    if indicator.low >= 0:
        axes.set_ylim(0, max(1.15 * top, 0.1))
    number_ticks(axes.yaxis, language)


def percent_ticks(axis: Axis) -> None:
    """Shares in percent, the sign left to the label; a decimal where the axis is short."""
    low, high = axis.get_view_interval()
    digits = 0 if high - low > 0.08 else 1
    axis.set_major_formatter(PercentFormatter(1.0, decimals=digits, symbol=""))


def number_ticks(axis: Axis, language: str, most: int = 5) -> None:
    """A few ticks, large numbers in words of the language."""
    axis.set_major_locator(MaxNLocator(most))

    def text(value: float, _: int) -> str:
        # All in one way: 5k beside 10k, and not 5000.
        words = max(map(abs, axis.get_view_interval())) >= LARGE
        return _in_words(value, language) if words else f"{value:g}"

    axis.set_major_formatter(FuncFormatter(text))


def month_ticks(axes: Axes, span: int) -> None:
    """Ticks at whole years or handy parts of one, seldom more than eight."""
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60) if span <= 7 * s), 120)
    axes.xaxis.set_major_locator(MultipleLocator(step))


def line(axes: Axes, x: np.ndarray, y: np.ndarray, **look: Any) -> None:
    """A line that breaks where a value is missing, with a dot where one stands alone."""
    (drawn,) = axes.plot(x, y, **look)
    alone = _alone(y)
    axes.plot(x[alone], y[alone], ".", color=drawn.get_color(), markersize=2.5)


def band(axes: Axes, x: np.ndarray, low: np.ndarray, high: np.ndarray, **look: Any) -> None:
    """A band between two lines that breaks where they are missing, a bar where they stand alone."""
    axes.fill_between(x, low, high, linewidth=0, **look)
    alone = _alone(low)
    look.pop("label", None)
    axes.vlines(x[alone], low[alone], high[alone], linewidth=2.0, **look)


def _alone(values: np.ndarray) -> np.ndarray:
    missing = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
    return ~missing[1:-1] & missing[:-2] & missing[2:]


def reference_line(axes: Axes, at: float = 0.0) -> None:
    """A thin dashed line at what the rest is read against: nothing, or the policy's beginning."""
    axes.axvline(at, color=style.GREY, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)


def parameter_names(keys: Sequence[str], language: str) -> list[str]:
    """Parameters as a figure calls them: the key in English, the short name in Chinese."""
    if language == "en":
        return list(keys)
    known = {row.key: row.zh for row in Config.describe()}
    return [known.get(key) or key for key in keys]


def two_lines(name: str) -> str:
    """A name broken into two lines at most, for the side of a row."""
    if not name.isascii() and len(name) > 13 and "(" in name:
        return name.replace("(", "\n(", 1)
    width = 26 if name.isascii() else 13
    return "\n".join(textwrap.wrap(name, max(width, math.ceil(len(name) / 2) + 6)))


def panels(figure: FigureBase, count: int, across: int, **shared: Any) -> list[Axes]:
    """So many panels, ``across`` of them side by side; places left over stay empty."""
    grid = figure.subplots(-(-count // across), across, squeeze=False, **shared).ravel()
    for axes in grid[count:]:
        axes.set_axis_off()
    return list(grid[:count])


def lettered(place: int, title: str = "") -> str:
    """The letter of a panel, a for the first, before its title."""
    return f"{chr(ord('a') + place)}  {title}".rstrip()


def rows(axes: Axes, names: Sequence[str]) -> None:
    """A row for each name, first at the top, without the frame's left side."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def no_frame(axes: Axes) -> None:
    """Neither frame nor tick marks, as around a map of cells."""
    axes.tick_params(axis="both", length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _in_words(value: float, language: str) -> str:
    if language == "en" and 1 <= abs(value) / 1000 < LARGE / 1000:
        return f"{value / 1000:g}k"
    return number_text(value, language) if abs(value) >= LARGE else f"{value:g}"
