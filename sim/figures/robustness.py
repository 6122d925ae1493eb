"""How policies rank in other worlds, and under which parameters two of them turn around."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sim.as_text import value_text
from sim.errors import InputError
from sim.figures import style
from sim.figures.axes import lettered, name_of, no_frame, parameter_names
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.science.discovery import TOLD, turned_around
from sim.science.robustness import DRAW
from sim.science.robustness_table import place_title, title_of_policy

if TYPE_CHECKING:
    import pandas as pd

    from sim.science.robustness import Robustness

WORDS = phrases("robustness_figure")


def ranking(robustness: Robustness, outcome: str, language: str = "en") -> Figure:
    """A row per world, a column per policy: values, coloured by rank.

    Args:
        robustness: What to draw.
        outcome: Which of its indicators.
        language: "en" or "zh".

    Raises:
        InputError: No such indicator.
    """
    question, words = _checked(robustness, outcome), WORDS[language]
    rows = robustness.ranking[robustness.ranking["outcome"] == outcome]
    places = list(dict.fromkeys(zip(rows["family"], rows["world"], strict=True)))
    policies = list(question.policies)
    turned = robustness.flips[
        (robustness.flips["outcome"] == outcome) & robustness.flips["flipped"]
    ]
    flipped = {(r["family"], r["world"]): r["best"] for r in turned.to_dict("records")}
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 1.1 + 0.19 * len(places))
        axes = figure.subplots()
        ranks = np.full((len(places), len(policies)), np.nan)
        for row in rows.to_dict("records"):
            y = places.index((row["family"], row["world"]))
            x = policies.index(row["policy"])
            ranks[y, x] = row["rank"]
            draw = row["family"] == DRAW
            text = value_text(row["value"], INDICATORS[outcome], language)
            if draw and not np.isnan(row["first"]):
                text = f"{100 * row['first']:.0f}%"
            colour = "white" if row["rank"] <= 2 else style.BLACK
            axes.text(x, y, text, ha="center", va="center", fontsize=6, color=colour)
            if flipped.get((row["family"], row["world"])) == row["policy"]:
                box = Rectangle(
                    (x - 0.48, y - 0.46), 0.96, 0.92, fill=False, edgecolor=style.VERMILION
                )
                axes.add_patch(box)
        axes.imshow(-ranks, cmap="Blues", vmin=-len(policies) - 1, vmax=-0.6, aspect="auto")
        axes.set_yticks(range(len(places)), [place_title(robustness, *p, language) for p in places])
        names = [_title(robustness, name, language, 18) for name in policies]
        axes.set_xticks(range(len(policies)), names)
        axes.xaxis.tick_top()
        for before, (family, _) in enumerate(places[1:]):
            if family != places[before][0]:
                axes.axhline(before + 0.5, color="white", linewidth=2.5)
        no_frame(axes)
        known = INDICATORS[outcome]
        name = name_of(known, language)
        unit = ", %" if known.share else ""
        title = words["ranking"].format(outcome=name + unit, month=question.config.months)
        figure.suptitle(title, x=0.01, ha="left", fontsize=8)
        figure.supxlabel(words["note"], fontsize="small", color=style.GREY)
    return figure


def flips(robustness: Robustness, outcome: str, language: str = "en") -> Figure:
    """Draws over the two parameters that tell most, by which of two policies does better.

    Args:
        robustness: What to draw.
        outcome: Which of its indicators.
        language: "en" or "zh".

    Raises:
        InputError: No such indicator, or no draws.
    """
    _checked(robustness, outcome)
    boxes = robustness.boxes[robustness.boxes["outcome"] == outcome]
    if not len(robustness.draws):
        raise InputError("draws", "there are none", "draws=200")
    roles = list(dict.fromkeys(boxes["role"]))
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 3.0)
        panels = figure.subplots(1, len(roles), squeeze=False)[0]
        for place, (axes, role) in enumerate(zip(panels, roles, strict=True)):
            mine = boxes[boxes["role"] == role]
            _panel(axes, robustness, mine, language)
            axes.set_title(lettered(place, _head(robustness, mine, language)))
    return figure


def figures(robustness: Robustness, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    kinds = {"ranking": ranking} | ({"flips": flips} if len(robustness.draws) else {})
    return {
        f"{kind}-{outcome}": partial(make, robustness, outcome, language)
        for outcome in robustness.question.outcomes
        for kind, make in kinds.items()
    }


def _checked(robustness: Robustness, outcome: str):  # type: ignore[no-untyped-def]
    question = robustness.question
    if outcome not in question.outcomes:
        raise InputError("outcome", f"{outcome!r} is not there", ", ".join(question.outcomes))
    return question


def _title(robustness: Robustness, name: str, language: str, width: int) -> str:
    title = title_of_policy(robustness, name, language)
    return "\n".join(textwrap.wrap(title, width if title.isascii() else width // 2))


def _head(robustness: Robustness, boxes: pd.DataFrame, language: str) -> str:
    row, words = boxes.iloc[0], WORDS[language]
    turned = turned_around(robustness.draws, row["outcome"], row["first"], row["second"])
    draws = len(turned)
    if np.isnan(row["accuracy"]):
        text = words["few"].format(turned=int(turned.sum()), draws=draws)
    else:
        key = "told" if row["accuracy"] >= TOLD else "not_told"
        numbers = {"share": 100 * turned.mean(), "accuracy": 100 * row["accuracy"]}
        text = words[key].format(draws=draws, **numbers)
        hidden = str(row["parameters"]).split("; ")[2:]
        framed = " ".join(boxes.loc[boxes["turned"] > 0.5, "rule"])
        hidden = [name for name in hidden if name in framed]
        if key == "told" and hidden:
            text += words["also"].format(names=", ".join(parameter_names(hidden, language)))
    return "\n    ".join(textwrap.wrap(text, 56 if language == "en" else 30))


def _panel(axes: Axes, robustness: Robustness, boxes: pd.DataFrame, language: str) -> None:
    row, words, draws = boxes.iloc[0], WORDS[language], robustness.draws
    turned = turned_around(draws, row["outcome"], row["first"], row["second"])
    keys = [key for key in str(row["parameters"]).split("; ") if key]
    keys += [key for key in draws.columns if "." in key and ":" not in key and key not in keys]
    x, y = keys[0], keys[1 % len(keys)]
    known = draws.loc[turned.index]
    names = {k: _title(robustness, row[k], language, 60) for k in ("first", "second")}
    looks = ((False, "kept", style.BLUE, "o"), (True, "turned", style.VERMILION, "^"))
    handles = []
    for value, key, colour, mark in looks:
        part = known[turned == value]
        axes.plot(part[x], part[y], mark, color=colour, markersize=3, alpha=0.75, linestyle="none")
        label = words[key].format(**names)
        handles.append(
            Line2D([], [], marker=mark, color=colour, linestyle="none", label=label, markersize=4)
        )
    if row["accuracy"] >= TOLD:
        _rectangles(axes, boxes, x, y, known)
    across, upright = parameter_names([x, y], language)
    axes.set(xlabel=across, ylabel=upright)
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)


def _rectangles(axes: Axes, boxes: pd.DataFrame, x: str, y: str, draws: pd.DataFrame) -> None:
    """Frame the boxes in which most draws turn, as far as the two parameters bound them."""
    for box in boxes[boxes["turned"] > 0.5].to_dict("records"):
        sides = [_side(box["rule"], key, draws[key]) for key in (x, y)]
        (left, right), (low, high) = sides
        frame = (left, low), right - left, high - low
        axes.add_patch(Rectangle(*frame, facecolor=style.VERMILION, alpha=0.08))
        axes.add_patch(Rectangle(*frame, fill=False, edgecolor=style.VERMILION))


def _side(rule: str, key: str, values: pd.Series) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    for part in rule.split(" and "):
        words = part.split()
        if key not in words:
            continue
        if words[0] == key:
            low, high = (low, float(words[2])) if words[1] == "<=" else (float(words[2]), high)
        else:
            low, high = float(words[0]), float(words[4])
    return low, high
