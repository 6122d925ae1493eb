"""One household's decision over the months, beside its twin, and what lay between the two.

Every function draws on axes that are given, or on a figure of its own, and gives back the figure and what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.as_text import signed
from sim.errors import known_language
from sim.experiments.decision import CAUSES, Named
from sim.experiments.household import WITH, WITHOUT
from sim.figures import style
from sim.figures.axes import month_ticks, percent_ticks, reference_line, rows

if TYPE_CHECKING:
    from sim.experiments.household import Why

_WORDS = {
    "en": {
        WITH: "with the policy", WITHOUT: "without it", "needs": "chance from which its bill is paid",
        "chance": "chance to pay, %", "month": "month", "points": "points of chance in month {month}, all: {all}",
        "solved": "problem solved", "unsolved": "answered, not solved", "visited": "member visits",
        "called_on": "staff call", "a": "a  Household {household}", "b": "b  What the policy's doing came by",
        "b_alone": "b  What moved it since month 0",
    },
    "zh": {
        WITH: "实施措施", WITHOUT: "不实施", "needs": "缴费门槛",
        "chance": "缴费意愿（%）", "month": "月份", "points": "第{month}月缴费意愿，百分点（合计{all}）",
        "solved": "诉求办结", "unsolved": "有答复、未解决", "visited": "党员上门",
        "called_on": "工作人员上门", "a": "a  {household}号住户", "b": "b  措施带来的变化由何而来",
        "b_alone": "b  自第0月以来由何而来",
    },
}  # fmt: skip

_MARKS = (("visited", "^", style.GREEN), ("called_on", "D", style.PURPLE), ("heard", "o", style.BLUE),
          ("unheard", "x", style.VERMILION))  # fmt: skip
_CALLED = {"heard": "solved", "unheard": "unsolved"}


def chance(
    why: Why, ax: Axes | None = None, colors: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw the chance to pay in both runs, what its bill asks for, and what happened to it.

    Args:
        why: What happened.
        ax: Where; a figure of its own by default.
        colors: Colours by run ("policy", "without") and "needs".
        labels: Names in the place of ours, by the same keys and by mark ("visited", "called_on", "solved", "unsolved").
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per run and month: chance, needs, and whether each mark is set.

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words = {**_WORDS[language], **(labels or {})}
    colours = {WITH: style.BLUE, WITHOUT: style.VERMILION, "needs": style.GREY, **(colors or {})}
    names = [mark for mark, _, _ in _MARKS]
    drawn = why.months[["run", "month", "status", "chance", "needs", *names]]
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 2.3)
        for run in drawn["run"].unique():
            of = drawn[drawn["run"] == run]
            # What nobody decides is not drawn: a vacant unit, and months without a firm.
            decides = ~of["status"].isin(["vacant", "not_asked"])
            ax.plot(of["month"], of["chance"].where(decides), color=colours[run], label=words[run])
        of = drawn[drawn["run"] == WITH]
        ax.step(of["month"], of["needs"], where="mid", color=colours["needs"], linewidth=0.8,
                linestyle=(0, (3, 2)), label=words["needs"])  # fmt: skip
        for mark, sign, colour in _MARKS:
            at = of[of[mark] > 0]
            if len(at):
                ax.plot(at["month"], at["chance"], sign, color=colour, markersize=4, markerfacecolor="none",
                        label=words[_CALLED.get(mark, mark)])  # fmt: skip
        ax.set(ylim=(-0.02, 1.02), xlabel=words["month"], ylabel=words["chance"])
        percent_ticks(ax.yaxis)
        month_ticks(ax, int(of["month"].max()))
        ax.legend(loc="best", fontsize="x-small")
        ax.set_title(words["a"].format(household=int(why.months["household"].iloc[0])))
    return figure, drawn


def causes(
    why: Why, ax: Axes | None = None, colors: Sequence[str] = (style.BLUE, style.VERMILION),
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw what the difference in the chance to pay came by, cause by cause; the bars add up to it.

    Args:
        why: What happened.
        ax: Where; a figure of its own by default.
        colors: Of causes that raised it and that lowered it.
        labels: Names of causes in the place of ours.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per cause drawn with its points.

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words, last = _WORDS[language], int(why.months["month"].max())
    drawn = why.causes[why.causes["points"].abs() >= 0.05]
    drawn = drawn.sort_values("points", key=abs, ascending=False).reset_index(drop=True)
    names = [
        (labels or {}).get(cause) or in_language(CAUSES[cause], language)
        for cause in drawn["cause"]
    ]
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 2.3)
        bars(ax, names, drawn["points"].to_numpy(), colors)
        ax.set_xlabel(
            words["points"].format(month=last, all=signed(float(why.causes["points"].sum())))
        )
        paired = (why.months["run"] == WITHOUT).any()
        ax.set_title(words["b" if paired else "b_alone"])
    return figure, drawn


def in_language(named: Named, language: str) -> str:
    """A term's or cause's name."""
    return named.zh if language == "zh" else named.en


def bars(
    ax: Axes, names: Sequence[str], values: np.ndarray, colors: Sequence[str],
    ends: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:  # fmt: skip
    """Bars to both sides of nothing, a row for each, with their intervals, if there are any, and their numbers."""
    low, high = (np.where(np.isfinite(one), one, values) for one in ends or (values, values))
    reference_line(ax)
    ax.barh(
        range(len(values)), values, height=0.62, color=[colors[int(value < 0)] for value in values]
    )
    ax.hlines(range(len(values)), low, high, color=style.BLACK, linewidth=0.7)
    rows(ax, names)
    for place, value in enumerate(values):
        # Behind the interval, on the bar's side.
        at = max(value, high[place]) if value >= 0 else min(value, low[place])
        ax.annotate(
            signed(float(value)), (at, place), xytext=(2 if value >= 0 else -2, 0), textcoords="offset points",
            va="center", ha="left" if value >= 0 else "right", fontsize="x-small",
        )  # fmt: skip
    ax.margins(x=0.16)
    ax.xaxis.set_major_locator(MaxNLocator(5))


def both(why: Why, language: str = "en", width: float = style.DOUBLE) -> Figure:
    """Chance over the months, and what the difference came by; below each other where there is no room."""
    with style.journal_style(language):
        figure, (left, right) = style.two_panels(width, 2.7)
        chance(why, left, language=language)
        causes(why, right, language=language)
    return figure


def figures(why: Why, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"household": partial(both, why, language)}
