"""Which part of a bundle does the work: each measure's part, and what pairs do together."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.as_text import signed
from sim.errors import InputError
from sim.figures import style
from sim.figures.axes import name_of, no_frame, reference_line, two_lines
from sim.figures.axes import rows as rows_of
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.science.attribution_table import measure_title, unit_of

if TYPE_CHECKING:
    import pandas as pd

    from sim.science.attribute import Attribution

WORDS = phrases("attribution_figure")


# Blue to vermilion through white: signs told apart by the colour-blind.
DIVERGING = LinearSegmentedColormap.from_list("signs", [style.VERMILION, "white", style.BLUE])


def parts(attribution: Attribution, outcome: str, language: str = "en") -> Figure:
    """Shapley values with alone and left-out effects beside them, and a map of interactions.

    Args:
        attribution: What to draw.
        outcome: Which of its outcomes.
        language: "en" or "zh".

    Raises:
        InputError: No such outcome.
    """
    question = attribution.question
    if outcome not in question.outcomes:
        raise InputError("outcome", f"{outcome!r} is not there", ", ".join(question.outcomes))
    words, (scale, unit) = WORDS[language], unit_of(outcome, language)
    rows = attribution.values[attribution.values["outcome"] == outcome]
    rows = rows.sort_values("value", key=abs, ascending=False).reset_index(drop=True)
    bundle: dict[Hashable, Any] = attribution.bundle.set_index("outcome").loc[outcome].to_dict()
    names = [
        two_lines(measure_title(question.config, label, language)) for label in rows["measure"]
    ]
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 1.2 + 0.27 * len(rows))
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
        _forest(left, rows, scale, language)
        rows_of(left, names)
        left.set_xlabel(words["unit"].format(unit=unit, effect=signed(scale * bundle["effect"])))
        name = name_of(INDICATORS[outcome], language)
        name = name.lower() if language == "en" else name
        left.set_title(words["parts"].format(outcome=name, month=question.config.months))
        _map(figure, right, attribution, list(rows["measure"]), outcome, language)
        right.set_title(words["pairs"])
        figure.legend(*left.get_legend_handles_labels(), loc="outside upper left", ncols=3)
        note = words["note"].format(seeds=bundle["seeds"])
        figure.supxlabel(note, fontsize="small", color=style.GREY)
    return figure


def figures(attribution: Attribution, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {
        f"attribution-{outcome}": partial(parts, attribution, outcome, language)
        for outcome in attribution.question.outcomes
    }


def _forest(axes: Axes, rows: pd.DataFrame, scale: float, language: str) -> None:
    words, places = WORDS[language], np.arange(len(rows))
    values, low, high = (scale * rows[name].to_numpy() for name in ("value", "low", "high"))
    reference_line(axes)
    axes.hlines(places, low, high, color=style.BLUE, linewidth=1.4)
    axes.plot(values, places, "o", color=style.BLUE, markersize=4, label=words["value"])
    marks = (("alone", "D", style.GREEN), ("left_out", "s", style.VERMILION))
    for name, mark, colour in marks:
        axes.plot(
            scale * rows[name], places, mark, markerfacecolor="none", markeredgecolor=colour,
            markersize=3.6, linestyle="none", label=words[name],
        )  # fmt: skip
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(6))


def _map(
    figure: Figure,
    axes: Axes,
    attribution: Attribution,
    order: list[str],
    outcome: str,
    language: str,
) -> None:
    scale, unit = unit_of(outcome, language)
    frame = attribution.interactions
    frame = frame[frame["outcome"] == outcome]
    size = len(order)
    values, certain = np.full((size, size), np.nan), np.zeros((size, size), bool)
    for row in frame.to_dict("records"):
        i, j = sorted((order.index(row["first"]), order.index(row["second"])))
        values[j, i] = scale * row["value"]
        certain[j, i] = row["low"] > 0 or row["high"] < 0
    top = max(float(np.nanmax(np.abs(values))), 1e-12) if np.isfinite(values).any() else 1.0
    image = axes.imshow(values, cmap=DIVERGING, vmin=-top, vmax=top, aspect="auto")
    small, digits = 5.5 if size <= 8 else 4.2, 1 if top >= 1 else 2
    for j, i in zip(*np.nonzero(np.isfinite(values)), strict=True):
        dark = abs(values[j, i]) > 0.65 * top
        colour = "white" if dark else style.BLACK if certain[j, i] else "#999999"
        text = f"{round(float(values[j, i]), digits) + 0.0:.{digits}f}"
        axes.text(i, j, text, ha="center", va="center", fontsize=small, color=colour)
    names = [
        textwrap.shorten(
            measure_title(attribution.question.config, k, language), 26, placeholder=" …"
        )
        for k in order
    ]
    axes.set_xticks(range(size - 1), names[:-1], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.5, size - 1.5)
    no_frame(axes)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=18, pad=0.02)
    bar.set_label(WORDS[language]["scale"].format(unit=unit), fontsize="small")
    bar.outline.set_visible(False)
