"""How far an emulator is from runs that it has not seen: its line against their mean, a panel per indicator."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sim.figures import style
from sim.figures.axes import name_of, panels
from sim.outcomes import INDICATORS
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.science.explore import Explorer

WORDS = phrases("emulated_figure")
MOST = 6


def emulated(explorer: Explorer, language: str = "en") -> Figure:
    """Lived against emulated at the last month.

    Args:
        explorer: What to draw; its first six indicators.
        language: "en" or "zh".
    """
    question, words, last = explorer.question, WORDS[language], explorer.question.months[-1]
    names = question.indicators[:MOST]
    with style.journal_style(language):
        across = min(3, len(names))
        figure = style.new_figure(style.DOUBLE, 0.4 + 2.0 * -(-len(names) // across))
        for axes, name in zip(panels(figure, len(names), across), names, strict=True):
            known = INDICATORS[name]
            scale = 100.0 if known.share else 1.0
            rows = explorer.lived.query("month == @last and output == @name and setting >= 0")
            line = scale * explorer.lines()[:, -1, question.outputs.index(name)]
            mean, low, high = (scale * rows[c].to_numpy() for c in ("mean", "low_90", "high_90"))
            axes.vlines(line, low, high, color=style.SKY, linewidth=0.7)
            axes.plot(line, mean, "o", color=style.BLUE, markersize=2.4)
            off = explorer.errors.query("month == @last and indicator == @name")["within"]
            ends = np.array([np.nanmin([line, low]), np.nanmax([line, high])])
            axes.plot(ends, ends, color=style.GREY, linewidth=0.7)
            for sign in (-1, 1):
                shifted = ends + sign * scale * float(off.iloc[0])
                axes.plot(ends, shifted, color=style.GREY, linewidth=0.6, linestyle=(0, (3, 2)))
            title = name_of(known, language) + (", %" if known.share else "")
            axes.set_title(textwrap.fill(title, 34))
            axes.set_xlabel(words["x"].format(month=last))
            axes.set_ylabel(words["y"].format(repeats=question.repeats))
        figure.supxlabel(words["note"], fontsize="small", color=style.GREY)
    return figure


def figures(explorer: Explorer, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"emulated": partial(emulated, explorer, language)}
