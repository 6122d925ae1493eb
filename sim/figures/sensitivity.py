"""What an outcome hangs on: Morris's effects and Sobol's shares with their intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.errors import known_language
from sim.experiments.summary import unit_text
from sim.figures import style
from sim.figures.axes import LINES, lettered, name_of, reference_line, rows
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.science.sensitivity import Sensitivity

WORDS = phrases("sensitivity_figure")

SHOWN = 12
"""Parameters in the screening's panel."""

MOST = 4
"""Outputs in one figure."""


def effects(result: Sensitivity, language: str = "en") -> Figure:
    """Screening on the left, indices on the right, a row for each output, two columns wide.

    Args:
        result: What to draw; its first outputs, four at most.
        language: "en" or "zh".

    Raises:
        InputError: Another language was asked for.
    """
    known_language(language)
    outputs = result.question.outputs[:MOST]
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 0.35 + 2.45 * len(outputs))
        grid = figure.subplots(len(outputs), 2, squeeze=False)
        for row, (name, month) in enumerate(outputs):
            _screening(grid[row, 0], _of(result.screening, name, month), name, language)
            _indices(grid[row, 1], _of(result.indices, name, month), language)
            shown = name_of(INDICATORS[name], language)
            title = WORDS[language]["title"].format(name=shown, month=month)
            grid[row, 0].set_title(lettered(2 * row, title))
            grid[row, 1].set_title(lettered(2 * row + 1))
        handles = {
            label: handle
            for axes in grid.ravel()
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=3)
    return figure


def figures(result: Sensitivity, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"sensitivity": partial(effects, result, language)}


def _of(frame: pd.DataFrame, name: str, month: int) -> pd.DataFrame:
    return frame[(frame["indicator"] == name) & (frame["month"] == month)]


def _screening(axes: Axes, part: pd.DataFrame, name: str, language: str) -> None:
    words, indicator = WORDS[language], INDICATORS[name]
    part = part.sort_values("rank").head(SHOWN)
    scale = 100 if indicator.share else 1
    places = np.arange(len(part))
    low, middle, high = (
        scale * part[c].to_numpy() for c in ("mu_star_low", "mu_star", "mu_star_high")
    )
    axes.hlines(places, low, high, color=style.BLUE, linewidth=1.2)
    axes.plot(middle, places, "o", color=style.BLUE, markersize=3.5)
    noise = scale * part["noise"].to_numpy()
    axes.plot(noise, places, "|", color=style.VERMILION, markersize=6, label=words["noise"])
    unit = words["points"] if indicator.share else unit_text(indicator, language)
    axes.set_xlabel(words["mu"].format(unit=unit), linespacing=LINES)
    _rows(axes, part, language)


def _indices(axes: Axes, part: pd.DataFrame, language: str) -> None:
    words = WORDS[language]
    if not len(part):
        axes.text(0.5, 0.5, words["none"], ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    part = part.sort_values("total", ascending=False)
    places = np.arange(len(part))
    for word, shift, colour, mark in (
        ("total", -0.16, style.BLUE, "o"),
        ("first", 0.16, style.ORANGE, "s"),
    ):
        low, middle, high = (part[f"{word}{end}"].to_numpy() for end in ("_low", "", "_high"))
        axes.hlines(places + shift, low, high, color=colour, linewidth=1.2)
        axes.plot(middle, places + shift, mark, color=colour, markersize=3.2, label=words[word])
    axes.plot(part["noise"], places - 0.16, "|", color=style.VERMILION, markersize=6)
    reference_line(axes)
    axes.set_xlabel(words["share"])
    _rows(axes, part, language)


def _rows(axes: Axes, part: pd.DataFrame, language: str) -> None:
    names = [
        _label(key, zh if language == "zh" else "")
        for key, zh in zip(part["key"], part["zh"], strict=True)
    ]
    rows(axes, names)


def _label(key: str, chinese: str) -> str:
    short = key.removeprefix("policy.measures.")
    # A dose is called so in every measure: its key says whose it is.
    own = not key.startswith("policy.measures.")
    return chinese if chinese and own else textwrap.shorten(short, 40, placeholder="…")
