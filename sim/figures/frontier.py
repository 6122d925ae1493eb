"""What a target costs: probability against cost, and which measures the frontier is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.figures import style
from sim.figures.axes import LINES, no_frame, number_ticks
from sim.phrases import phrases
from sim.science.attribution_table import measure_title
from sim.science.optimum_table import target_text

if TYPE_CHECKING:
    from sim.science.optimise import Optimum

WORDS = phrases("frontier_figure")


def frontier(optimum: Optimum, language: str = "en") -> Figure:
    """Cost against probability with intervals of the check, and the policies' measures.

    Args:
        optimum: What to draw.
        language: "en" or "zh".
    """
    question, words = optimum.question, WORDS[language]
    with style.journal_style(language):
        height = 1.6 + 0.22 * len(question.labels)
        figure = style.new_figure(style.DOUBLE, max(2.6, height))
        left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
        _scatter(left, optimum, language)
        left.set_title(words["frontier"].format(target=target_text(question.goals, language)))
        _made_of(right, optimum, language)
        right.set_title(words["parts"])
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower left", ncols=3)
    return figure


def figures(optimum: Optimum, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"frontier": partial(frontier, optimum, language)}


def _scatter(axes: Axes, optimum: Optimum, language: str) -> None:
    question, words, rows = optimum.question, WORDS[language], optimum.frontier
    tried = optimum.candidates
    tried = tried[tried["worlds"] == tried["worlds"].max()]
    label = words["tried"].format(worlds=question.worlds)
    axes.plot(
        tried["cost"], 100 * tried["share"], "o", color="#BBBBBB", markersize=2.2, label=label
    )
    low, high = 100 * rows["low"], 100 * rows["high"]
    axes.vlines(rows["cost"], low, high, color=style.BLUE, linewidth=1.0)
    label = words["checked"].format(check=question.check)
    axes.plot(
        rows["cost"], 100 * rows["probability"], "o", color=style.BLUE, markersize=3.6, label=label
    )
    chosen = optimum.chosen
    if chosen is not None:
        axes.plot(
            chosen["cost"], 100 * chosen["probability"], "o", markerfacecolor="none",
            markeredgecolor=style.VERMILION, markersize=8, label=words["chosen"],
        )  # fmt: skip
    # To the right and left in turn: neighbours on the frontier are often close together.
    for row in rows.to_dict("records"):
        right = int(row["policy"]) % 2 == 0
        axes.annotate(
            str(row["policy"]), (row["cost"], 100 * row["probability"]), color=style.BLUE,
            xytext=(4 if right else -4, -6), ha="left" if right else "right",
            textcoords="offset points", fontsize=5.5,
        )  # fmt: skip
    asked = 100 * question.probability
    axes.axhline(asked, color=style.GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    axes.annotate(
        words["asked"].format(probability=asked), (0.0, asked), xycoords=("axes fraction", "data"),
        xytext=(2, 1), textcoords="offset points", fontsize="small", color=style.GREY,
    )  # fmt: skip
    axes.set_ylim(-4, 106)
    axes.margins(x=0.05)
    number_ticks(axes.xaxis, language)
    axes.set_xlabel(words["cost"].format(hour=question.hour_yuan))
    axes.set_ylabel(words["probability"])


def _made_of(axes: Axes, optimum: Optimum, language: str) -> None:
    question, rows = optimum.question, optimum.frontier
    labels, numbers = question.labels, rows["policy"].tolist()
    doses = np.full((len(labels), len(numbers)), np.nan)
    for part in optimum.policies.to_dict("records"):
        place = labels.index(part["measure"]), numbers.index(part["policy"])
        doses[place] = part["dose"] / max(question.doses)
        dark = doses[place] > 0.7
        axes.text(
            place[1], place[0], str(part["start"]), ha="center", va="center", fontsize=5.5,
            color="white" if dark else style.BLACK,
        )  # fmt: skip
    axes.imshow(doses, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    names = [measure_title(question.config, label, language) for label in labels]
    axes.set_yticks(range(len(labels)), names)
    axes.set_xticks(range(len(numbers)), [str(number) for number in numbers])
    axes.set_xlabel(f"{WORDS[language]['policy']}\n{WORDS[language]['cell']}", linespacing=LINES)
    no_frame(axes)
    if optimum.chosen is not None:
        tick = axes.get_xticklabels()[numbers.index(int(optimum.chosen["policy"]))]
        tick.set_color(style.VERMILION)
