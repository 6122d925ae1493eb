"""Two states of one compound: the loop between them, the starts that lead to each, the push back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim import known
from sim.errors import InputError, known_language
from sim.experiments.comparison_table import policy_title
from sim.figures import style
from sim.figures.axes import LINES, lettered, line, parameter_names, reference_line, rows
from sim.phrases import phrases
from sim.science.basin import UPKEEP
from sim.science.hysteresis import COLLAPSE, LEGS, RECOVERY
from sim.science.push import DOSE, LONGEST, MONTHS, most_dose

if TYPE_CHECKING:
    from sim.science.tipping import Tipping

WORDS = phrases("tipping_figure")

COLOURS = {"down": style.VERMILION, "up": style.BLUE, "down again": style.ORANGE}


def loop(result: Tipping, language: str = "en") -> Figure:
    """Fees collected against the parameter, there and back, with both folds; one column and a half.

    Raises:
        InputError: The loop was not asked for, or another language.
    """
    words = _words(result.loop, "loop", language)
    moved = result.question.moved
    with style.journal_style(language):
        figure = style.new_figure(1.45 * style.SINGLE, 2.8)
        axes = figure.subplots()
        for leg in LEGS:
            lines = result.loop[result.loop["leg"] == leg]
            lines = lines.pivot(index="seed", columns="level", values="collection_rate")
            levels = lines.columns.to_numpy()
            for one in lines.to_numpy():
                axes.plot(levels, one, color=COLOURS[leg], linewidth=0.4, alpha=0.35)
            middle = known.median(lines.to_numpy(), axis=0)
            line(axes, levels, middle, color=COLOURS[leg], label=words[leg], linewidth=1.6)
        _mark_folds(axes, result.folds, words)
        now = 0.0 if len(moved.keys) > 1 else _present(result)
        reference_line(axes, now)
        axes.annotate(
            words["today"], (now, 1.17), xytext=(3, 0), textcoords="offset points",
            color=style.GREY, fontsize="small", va="bottom",
        )  # fmt: skip
        axes.set_ylim(-0.02, 1.24)
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))
        axes.set_xlabel(_moved(result, language))
        axes.set_ylabel(words["rate"])
        figure.legend(loc="outside upper center", ncols=3)
        figure.supxlabel(words["legend"], fontsize="small", color=style.GREY)
    return figure


def basin(result: Tipping, language: str = "en") -> Figure:
    """Share of runs that end high by collection and grievance at the start, two columns wide.

    Raises:
        InputError: The basin was not asked for, or another language.
    """
    words = _words(result.basin, "basin", language)
    with style.journal_style(language):
        figure = style.new_figure(style.DOUBLE, 2.5)
        panels = figure.subplots(1, len(UPKEEP), sharey=True)
        for place, (axes, upkeep) in enumerate(zip(panels, UPKEEP, strict=True)):
            part = result.basin[result.basin["upkeep"] == upkeep]
            cells = part.pivot_table(index="collection", columns="grievance", values="recovers")
            marks = cells.columns.to_numpy()
            shown = axes.pcolormesh(
                marks, 100 * cells.index.to_numpy(), 100 * cells.to_numpy(), cmap="cividis",
                vmin=0, vmax=100, shading="nearest", edgecolor="white", linewidth=0.3,
            )  # fmt: skip
            axes.set_title(lettered(place, words["upkeep"].format(upkeep=upkeep)))
            axes.set_xlabel(words["grievance"])
            # Cells are centred on their start, so half of the outer ones lies beyond 0 and 100.
            axes.set_yticks(np.linspace(0, 100, 5))
            axes.set_xticks(np.linspace(0, 1, 5))
        panels[0].set_ylabel(words["collection"])
        bar = figure.colorbar(shown, ax=panels, fraction=0.03, pad=0.01)
        bar.set_label(words["recovers"])
    return figure


def push(result: Tipping, language: str = "en") -> Figure:
    """Smallest dose and fewest months that tip the compound back, by policy, two columns wide.

    Raises:
        InputError: Pushes were not asked for, or another language.
    """
    words = _words(result.push, "push", language)
    q, frame = result.question, result.push
    held = frame.groupby("policy")["smallest"].max().dropna().index
    names = [policy for policy in q.policies if policy in held]
    never = [policy for policy in q.policies if policy not in held]
    with style.journal_style(language):
        lines = _wrapped([policy_title(q.policies[p], p, language) for p in never], language)
        figure = style.new_figure(
            style.DOUBLE, 1.05 + 0.24 * max(len(names), 1) + 0.13 * len(lines)
        )
        panels = figure.subplots(1, 2, sharey=True)
        for place, (axes, kind) in enumerate(zip(panels, (DOSE, MONTHS), strict=True)):
            found = {row["policy"]: row for row in frame.to_dict("records") if row["kind"] == kind}
            greatest = float(found[next(iter(q.policies))]["greatest"])
            for y, policy in enumerate(names):
                _one_push(axes, y, found[policy], words)
            axes.set_xlim(0, 1.02 * greatest)
            axes.set_xlabel(words[kind].format(months=q.duration))
            axes.set_title(lettered(place))
            rows(axes, [policy_title(q.policies[p], p, language) for p in names])
        if never:
            text = words["never"].format(dose=most_dose(), months=LONGEST, names="\n".join(lines))
            look = {"fontsize": "small", "color": style.GREY, "linespacing": LINES}
            figure.supxlabel(text, x=0.01, ha="left", **look)
    return figure


def figures(result: Tipping, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    kinds = {"loop": loop, "basin": basin, "push": push}
    return {name: partial(kinds[name], result, language) for name in result.question.parts}


def _words(frame: pd.DataFrame, part: str, language: str) -> dict[str, str]:
    known_language(language)
    if not len(frame):
        raise InputError("parts", f"{part} was not asked for", f"parts=[{part}]")
    return WORDS[language]


def _mark_folds(axes: Axes, met: pd.DataFrame, words: dict[str, str]) -> None:
    for place, leg in enumerate(LEGS):
        for fold in (COLLAPSE, RECOVERY):
            here = met[(met["leg"] == leg) & (met["fold"] == fold)]
            levels = here.groupby("seed")["level"].first().to_numpy()
            if not len(levels):
                continue
            low, middle, high = (float(x) for x in np.quantile(levels, [0, 0.5, 1]))
            axes.axvspan(low - 1e-9, high + 1e-9, color=COLOURS[leg], alpha=0.15, linewidth=0.8)
            axes.annotate(
                f"{words[fold]} {_signed(middle)}", (middle, 1.01 + 0.055 * place), ha="center",
                va="bottom", fontsize="small", color=COLOURS[leg],
            )  # fmt: skip


def _signed(number: float) -> str:
    return f"{number:+.2g}" if abs(number) >= 0.005 else "0"


def _present(result: Tipping) -> float:
    from sim.science.factors import one

    return one(result.question.config, "parameter", result.question.moved.keys[0])[1]


def _moved(result: Tipping, language: str) -> str:
    from sim.questions.tipping import PARAMETER

    words = WORDS[language]
    keys = result.question.moved.keys
    if keys == PARAMETER:
        return words["shift"]
    names = parameter_names(keys, language)
    return names[0] if len(keys) == 1 else words["moved"].format(keys=", ".join(names))


def _one_push(axes: Axes, y: int, row: Any, words: dict[str, str]) -> None:
    smallest, greatest = float(row["smallest"]), float(row["greatest"])
    if np.isnan(smallest):
        text = words["none"].format(greatest=greatest)
        axes.text(greatest, y, text, ha="right", va="center", fontsize="small", color=style.GREY)
        return
    axes.hlines(y, smallest, greatest, color=style.GREEN, linewidth=1.2)
    axes.plot(smallest, y, "o", color=style.GREEN, markersize=4)
    axes.annotate(
        f"{smallest:.3g}", (smallest, y), xytext=(-4, 0), textcoords="offset points", ha="right",
        va="center", fontsize="small",
    )  # fmt: skip


def _wrapped(names: list[str], language: str) -> list[str]:
    import textwrap

    if language == "en":
        return textwrap.wrap(", ".join(names), 125)
    return textwrap.wrap("、".join(names), 66)
