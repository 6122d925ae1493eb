"""What carried a policy's effect, whom it moved, who gains and who loses.

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

from sim.as_text import signed
from sim.errors import InputError, known_language
from sim.experiments.tables import unit_of
from sim.figures import style
from sim.figures.axes import name_of, reference_line, rows, two_lines
from sim.figures.household import bars
from sim.outcomes import INDICATORS
from sim.science.effect import WHOLE
from sim.science.effect_table import against, cause_name, group_name
from sim.science.shares import OUTCOMES

if TYPE_CHECKING:
    from sim.science.effect import Effect

_WORDS = {
    "en": {"axis": "{unit} (all: {whole})", "more": "pay more", "less": "pay less",
           "flows": "households that pay more or less, by what moved them most", "households": "households of a run",
           "groups": "Who gains and who loses", "none": "no part of 0.05 or more",
           "satisfaction": "satisfaction", "paid": "share of bills paid",
           "points": "points"},
    "zh": {"axis": "{unit}（合计{whole}）", "more": "缴费增多", "less": "缴费减少",
           "flows": "缴费增多与减少的户数，按首要原因", "households": "每次模拟户数",
           "groups": "各类住户的变化", "none": "各项均不足0.05",
           "satisfaction": "满意水平", "paid": "账单已缴比例", "points": "百分点"},
}  # fmt: skip

_SIGNS = (style.BLUE, style.VERMILION)
_MOST = 9


def parts(
    effect: Effect, outcome: str = "collection_rate", ax: Axes | None = None, colors: Sequence[str] = _SIGNS,
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw what each cause carried of one outcome's difference; the bars, with those too small to be drawn, add up.

    Args:
        effect: What was shared out.
        outcome: Which of its outcomes.
        ax: Where; a figure of its own by default.
        colors: Of causes that raised it and that lowered it.
        labels: Names of causes in the place of ours.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per cause drawn: part, low, high; those not drawn as one row, cause "".

    Raises:
        InputError: No such outcome, or another language.
    """
    known_language(language)
    if outcome not in OUTCOMES:
        raise InputError("outcome", f"{outcome!r} is not there", ", ".join(OUTCOMES))
    scale, unit = unit_of(outcome, language)
    found = effect.parts[effect.parts["outcome"] == outcome]
    whole = float(found.loc[found["cause"] == WHOLE, "part"].iloc[0])
    drawn = _drawn(effect, outcome)
    names = [(labels or {}).get(c) or cause_name(outcome, c, language) for c in drawn["cause"]]
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 0.9 + 0.2 * len(drawn))
        values, low, high = (scale * drawn[k].to_numpy(float) for k in ("part", "low", "high"))
        bars(ax, [two_lines(name) for name in names], values, colors, (low, high))
        ax.set_xlabel(_WORDS[language]["axis"].format(unit=unit, whole=signed(scale * whole)))
        ax.set_title(name_of(INDICATORS[outcome], language))
        if drawn.empty:
            ax.text(
                0.5,
                0.5,
                _WORDS[language]["none"],
                transform=ax.transAxes,
                ha="center",
                color=style.GREY,
            )
    rest = {"outcome": outcome, "cause": "", "part": whole - float(drawn["part"].sum())}
    return figure, pd.concat([drawn, pd.DataFrame([rest])], ignore_index=True)


def flows(
    effect: Effect, ax: Axes | None = None, colors: Sequence[str] = _SIGNS,
    labels: Mapping[str, str] | None = None, language: str = "en", width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw how many households pay more, to the right, and less, to the left, by the cause that moved them most.

    Args:
        effect: What was shared out.
        ax: Where; a figure of its own by default.
        colors: Of those who pay more and of those who pay less.
        labels: Names of causes in the place of ours.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per cause drawn.

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words = _WORDS[language]
    drawn = effect.flows[(effect.flows["more"] >= 0.5) | (effect.flows["less"] >= 0.5)]
    drawn = drawn.sort_values("more", ascending=False)[:_MOST].reset_index(drop=True)
    names = [
        (labels or {}).get(c) or cause_name("collection_rate", c, language) for c in drawn["cause"]
    ]
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 0.9 + 0.2 * len(drawn))
        reference_line(ax)
        ax.barh(range(len(drawn)), drawn["more"], height=0.62, color=colors[0], label=words["more"])
        ax.barh(
            range(len(drawn)), -drawn["less"], height=0.62, color=colors[1], label=words["less"]
        )
        rows(ax, [two_lines(name) for name in names])
        ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
        ax.set_xlabel(words["households"])
        ax.set_title(words["flows"])
        if len(drawn):
            ax.legend(loc="lower right", fontsize="x-small")
    return figure, drawn


def groups(
    effect: Effect, traits: Sequence[str] = ("all", "tenure", "life", "kind", "floor"), ax: Axes | None = None,
    colors: Sequence[str] = (style.GREEN, style.BLUE), labels: Mapping[str, str] | None = None, language: str = "en",
    width: float = style.SINGLE,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw the change of satisfaction and of the share of bills paid for each group of households.

    Args:
        effect: What was shared out.
        traits: Some of all, tenure, life, kind, floor, building.
        ax: Where; a figure of its own by default.
        colors: Of satisfaction and of the share paid.
        labels: Names of groups in the place of ours.
        language: "en" or "zh".
        width: Inches, of a figure of its own.

    Returns:
        The figure, and a row per group drawn.

    Raises:
        InputError: Another language.
    """
    known_language(language)
    words = _WORDS[language]
    drawn = effect.groups[effect.groups["trait"].isin(traits)].reset_index(drop=True)
    names = [
        (labels or {}).get(row["group"]) or group_name(row["trait"], row["group"], language)
        for row in drawn.to_dict("records")
    ]
    with style.journal_style(language):
        figure, ax = style.place(ax, width, 0.9 + 0.17 * len(drawn))
        reference_line(ax)
        for name, mark, colour in (("satisfaction", "o", colors[0]), ("paid", "D", colors[1])):
            ax.plot(
                100.0 * drawn[name],
                np.arange(len(drawn)),
                mark,
                color=colour,
                markersize=3.5,
                label=words[name],
            )
        rows(ax, names)
        ax.set_xlabel(words["points"])
        ax.set_title(words["groups"])
        # In a row of its own: marks may lie in any other.
        ax.set_ylim(len(drawn) + 0.9, -0.6)
        ax.legend(loc="lower right", ncols=2, fontsize="x-small")
    return figure, drawn


def whole(effect: Effect, language: str = "en") -> Figure:
    """What each outcome that moved came by, whom it moved, and who gains."""
    moved = _moved(effect)
    with style.journal_style(language):
        lines = (len(moved) + 3) // 2
        figure = style.new_figure(style.DOUBLE, 2.6 * lines)
        places = figure.subplots(lines, 2).ravel()
        for outcome, place in zip(moved, places, strict=False):
            parts(effect, outcome, place, language=language)
        flows(effect, places[len(moved)], language=language)
        groups(effect, ax=places[len(moved) + 1], language=language)
        for place in places[len(moved) + 2 :]:
            place.set_axis_off()
        figure.supxlabel(against(effect, language), fontsize="small", color=style.GREY)
    return figure


def _moved(effect: Effect) -> list[str]:
    """Outcomes that differ as printed; all if none does."""
    of = effect.parts[effect.parts["cause"] == WHOLE].set_index("outcome")["part"]
    return [name for name in OUTCOMES if abs(unit_of(name)[0] * of[name]) >= 0.05] or list(OUTCOMES)


def _drawn(effect: Effect, outcome: str) -> pd.DataFrame:
    """Causes of an outcome that a figure has bars for, largest first."""
    scale, _ = unit_of(outcome)
    found = effect.parts[(effect.parts["outcome"] == outcome) & (effect.parts["cause"] != WHOLE)]
    drawn = found[scale * found["part"].abs() >= 0.05]
    return drawn.sort_values("part", key=abs, ascending=False)[:_MOST].reset_index(drop=True)


def short(effect: Effect, language: str = "en", width: float = style.DOUBLE) -> Figure:
    """For a page that has room for one figure: what an outcome came by, and who gains.

    It is the first outcome that moved by several causes: of a single one the sentences say all.

    Args:
        effect: What was shared out.
        language: "en" or "zh".
        width: Inches; the two stand below each other where they have no room side by side.
    """
    moved = _moved(effect)
    outcome = next((one for one in moved if len(_drawn(effect, one)) > 1), moved[0])
    with style.journal_style(language):
        figure, (left, right) = style.two_panels(width, 2.9)
        parts(effect, outcome, left, language=language)
        groups(effect, ax=right, language=language)
        figure.supxlabel(against(effect, language), fontsize="small", color=style.GREY)
    return figure


def figures(effect: Effect, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    return {"effect": partial(whole, effect, language)}
