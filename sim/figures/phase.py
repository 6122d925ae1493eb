"""Where a compound goes from many starts: fees collected against another state, month by month."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.as_text import aside
from sim.errors import InputError, known_language
from sim.figures import style
from sim.figures.axes import name_of, unit_label
from sim.outcomes import INDICATORS
from sim.phrases import phrases

X = "collection_rate"
"""What lies across."""

WORDS = phrases("phase_figure")


def portrait(
    paths: pd.DataFrame,
    y: str = "satisfied_share",
    threshold: float = 0.5,
    language: str = "en",
) -> Figure:
    """Paths in the plane of fees collected and another share; one journal column and a half.

    Args:
        paths: A row per path and month: ``start`` (any label, one per path), ``month``,
            ``collection_rate`` and the other share. A mean over seeds that part is no path.
        y: The indicator upright.
        threshold: Share of fees that parts the two ends.
        language: "en" or "zh".

    Returns:
        A line per path, an open mark where it begins and a full one where it ends; colour and
        line style say on which side of the threshold. Months without a value are left out, and
        where the last is one of them, as in a compound that its firm has left, the end is no high one.

    Raises:
        InputError: A column that is missing, or another language.
    """
    known_language(language)
    for name in ("start", "month", X, y):
        if name not in paths.columns:
            raise InputError("paths", f"has no column {name}", "start, month and two shares")
    words, last = WORDS[language], int(paths["month"].max())
    with style.journal_style(language):
        figure = style.new_figure(1.45 * style.SINGLE, 3.4)
        axes = figure.subplots()
        for _, path in paths.sort_values("month").groupby("start", sort=True):
            up = bool(path[X].iloc[-1] > threshold)
            path = path.dropna(subset=[X, y])
            if path.empty:
                continue
            across, upright = path[X].to_numpy(), path[y].to_numpy()
            colour = style.BLUE if up else style.VERMILION
            name = words["high" if up else "low"].format(at=threshold)
            dash = "-" if up else "--"
            axes.plot(across, upright, color=colour, linewidth=0.8, linestyle=dash, label=name)
            begin, end = (across[0], upright[0]), (across[-1], upright[-1])
            axes.plot(*begin, "o", color=colour, markerfacecolor="white", markersize=3)
            axes.plot(*end, "o", color=colour, markersize=4, zorder=4)
            _arrow(axes, across, upright, colour)
        axes.axvline(threshold, color=style.GREY, linewidth=0.5, linestyle=":")
        axes.plot([], [], "o", color=style.GREY, markerfacecolor="white", label=words["start"])
        axes.plot([], [], "o", color=style.GREY, label=words["end"].format(month=last))
        labels = [
            name_of(INDICATORS[k], language) + aside(unit_label(INDICATORS[k], language), language)
            for k in (X, y)
        ]
        axes.set(xlabel=labels[0], ylabel=labels[1], xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, symbol=""))
        handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=2)
    return figure


def _arrow(axes: Axes, x: np.ndarray, y: np.ndarray, colour: str) -> None:
    """An arrow head where a path is first half as far from its start as it ever gets."""
    # Not half of the steps: those are mostly the wavering about the end.
    away = np.hypot(x - x[0], y - y[0])
    if len(x) < 2 or away.max() < 0.05:
        return
    k = max(int(np.argmax(away >= away.max() / 2)), 1)
    look = {"arrowstyle": "-|>", "color": colour, "linewidth": 0, "mutation_scale": 7}
    axes.annotate("", (x[k], y[k]), (x[k - 1], y[k - 1]), arrowprops=look)
