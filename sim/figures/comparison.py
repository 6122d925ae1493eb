"""Policies side by side: differences with their intervals, trajectories, cost against effect."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim import as_text, known
from sim.as_text import clean, signed
from sim.errors import InputError
from sim.experiments import paired
from sim.experiments.comparison_table import effects_at, policy_title, shown_month
from sim.experiments.summary import run_means, unit_text
from sim.figures import style
from sim.figures.axes import (
    band,
    lettered,
    line,
    month_ticks,
    name_of,
    number_ticks,
    panels,
    reference_line,
    two_lines,
    value_axis,
)
from sim.figures.axes import rows as rows_of
from sim.figures.trajectories import BANDS, chance_alone
from sim.outcomes import INDICATORS, OWN, Indicator, with_own
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.experiments.compare import Comparison

MAIN = ("collection_rate", "satisfied_share", "complaints_per_1000", "issues_in_place_share")

WORDS = phrases("comparison_figure")

MARKS = ("o", "s", "D", "^", "v", "P", "X")
DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1.5, 1.5, 1.5)))
MOST = 14
"""Policies that one figure can show."""

_BEFORE = 12
"""Months of the common past that are shown."""


def effects(comparison: Comparison, scenario: str, language: str = "en", month: int = 24) -> Figure:
    """Differences of every policy to the reference, four main indicators and one's own, two columns wide.

    Args:
        comparison: What to draw.
        scenario: Which of its scenarios.
        language: "en" or "zh".
        month: In which month; the last if fewer were lived.

    Returns:
        A panel per indicator: a mark is the mean over seeds of paired differences, a line its
        95% interval; the arrow points to the better side.

    Raises:
        InputError: No such scenario, or too many policies.
    """
    policies = _policies(comparison, scenario)
    words, month = WORDS[language], shown_month(comparison, scenario, month)
    frame = effects_at(comparison, scenario, month)
    with style.journal_style(language):
        shown = with_own(MAIN)
        down = math.ceil(len(shown) / 2)
        figure = style.new_figure(style.DOUBLE, 1.0 + down * (0.45 + 0.27 * len(policies)))
        grid = panels(figure, len(shown), 2, sharey=True)
        names = [two_lines(_name(comparison, scenario, p, language, 60)) for p in policies]
        for place, (axes, name) in enumerate(zip(grid, shown, strict=True)):
            indicator = INDICATORS[name]
            rows = frame[frame["indicator"] == name].set_index("policy").reindex(policies)
            _forest(axes, rows, indicator, language)
            axes.set_title(lettered(place, name_of(indicator, language)))
            rows_of(axes, names)
        reference = _name(comparison, scenario, comparison.question.reference, language, 60)
        figure.suptitle(
            words["title"].format(month=month, reference=reference), x=0.01, ha="left", fontsize=8
        )
        note = _pairs_note(frame[frame["indicator"].isin(shown)]["pairs"], words)
        figure.supxlabel(note, fontsize="small", color=style.GREY)
    return figure


def _pairs_note(pairs: pd.Series, words: dict[str, str]) -> str:
    """Of how many seeds the differences are, and that some are of fewer."""
    most, least = int(pairs.max()), int(pairs.min())
    if most < 2:
        return words["hidden"]
    note = words["interval"].format(runs=most)
    return note if least == most else f"{note}; {words['fewer'].format(runs=least)}"


def trajectories(
    comparison: Comparison, scenario: str, indicator: str = paired.MAIN, language: str = "en"
) -> Figure:
    """One indicator over the months by policy: median runs and the middle 90% of runs, with doubt that of chance too.

    Args:
        comparison: What to draw.
        scenario: Which of its scenarios.
        indicator: Which indicator.
        language: "en" or "zh".

    Raises:
        InputError: No such scenario or indicator, or too many policies.
    """
    policies = _policies(comparison, scenario, reference=True)
    if indicator not in INDICATORS:
        raise InputError("indicator", f"{indicator!r} is not known", ", ".join(INDICATORS))
    words, shown = WORDS[language], INDICATORS[indicator]
    months = comparison.months
    months = months[(months["scenario"] == scenario) & (months["month"] >= -_BEFORE)]
    twins = comparison.twins
    if len(twins):
        twins = twins[(twins["scenario"] == scenario) & (twins["month"] >= -_BEFORE)]
    with style.journal_style(language):
        rows = math.ceil(len(policies) / 4)
        figure = style.new_figure(style.DOUBLE, 2.7 + 0.14 * rows)
        axes = figure.subplots()
        top, note, gaps = 0.0, words["bands"], False
        for policy in policies:
            means = run_means(months[months["policy"] == policy], indicator)
            again = twins[twins["policy"] == policy] if len(twins) else twins
            alone = chance_alone(means, again, indicator)
            note = note if alone is None else words["doubt"]
            gaps |= bool(means.isna().any(axis=None))
            edges = known.quantiles(means.to_numpy(), BANDS[0][:2], axis=0)
            colour, dash = _look(comparison, policy)
            if len(means) > 1:
                band(axes, means.columns.to_numpy(), *edges, color=colour, alpha=0.16)
            if alone is not None:
                band(axes, means.columns.to_numpy(), *alone, color=colour, alpha=0.25)
            label = _name(comparison, scenario, policy, language, 40)
            middle = known.median(means.to_numpy(), axis=0)
            line(axes, means.columns.to_numpy(), middle, color=colour, linestyle=dash, label=label)
            top = float(np.fmax.reduce(edges, axis=None, initial=top))
        _time_axis(axes, comparison, scenario, months, language)
        if indicator == paired.MAIN:
            top = max(top, comparison.question.threshold)
        value_axis(axes, shown, top, language)
        if indicator == paired.MAIN:
            _threshold(axes, comparison.question.threshold, words)
        axes.set_title(name_of(shown, language))
        figure.legend(loc="outside upper center", ncols=min(4, len(policies)), handlelength=2.4)
        if int(comparison.runs["run"].max()) > 0:
            note = words["gaps"].format(bands=note) if gaps else note
            axes.text(
                1.0, 1.02, note, transform=axes.transAxes, ha="right", va="bottom",
                fontsize="small", color=style.GREY,
            )  # fmt: skip
    return figure


def cost_effect(comparison: Comparison, scenario: str, language: str = "en") -> Figure:
    """Hours and yuan beyond the reference against the gain in collection, with 95% intervals.

    Args:
        comparison: What to draw.
        scenario: Which of its scenarios.
        language: "en" or "zh".

    Raises:
        InputError: No such scenario, or too many policies.
    """
    policies = _policies(comparison, scenario)
    words = WORDS[language]
    last = comparison.question.configs[scenario, policies[0]].months
    costs = comparison.costs
    costs = costs[(costs["scenario"] == scenario) & (costs["actor"] == paired.ALL)]
    costs = costs.set_index("policy").loc[policies]
    with style.journal_style(language):
        rows = math.ceil(len(policies) / 4)
        figure = style.new_figure(style.DOUBLE, 2.5 + 0.14 * rows)
        both = figure.subplots(1, 2, sharey=True)
        for place, (axes, unit) in enumerate(zip(both, ("hours", "yuan"), strict=True)):
            for policy in policies:
                _cross(axes, costs, unit, comparison, scenario, policy, language)
            axes.axhline(0, color=style.GREY, linewidth=0.6, zorder=1)
            axes.axvline(0, color=style.GREY, linewidth=0.6, zorder=1)
            axes.set_title(lettered(place))
            axes.set_xlabel(words[unit].format(last=last))
            number_ticks(axes.xaxis, language)
            axes.margins(0.08)
        both[0].set_ylabel(words["gain"].format(last=last))
        shown = both[0].get_legend_handles_labels()
        figure.legend(*shown, loc="outside upper center", ncols=min(4, len(policies)))
        if len(comparison.runs) > len(comparison.question.configs):
            figure.supxlabel(words["crosses"], fontsize="small", color=style.GREY)
    return figure


def figures(comparison: Comparison, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    question = comparison.question
    if len(question.policies) > MOST:
        return {}
    drawn: dict[str, Callable[[], Figure]] = {}
    kinds: dict[str, Callable[..., Figure]]
    kinds = {"cost_effect": cost_effect, "effects": effects, "trajectories": trajectories}
    for scenario in question.scenarios:
        for kind, make in kinds.items():
            name = kind if len(question.scenarios) == 1 else f"{kind}-{scenario}"
            drawn[name] = partial(make, comparison, scenario, language=language)
        for own in OWN:
            name = f"{own}-{scenario}" if len(question.scenarios) > 1 else own
            drawn[f"trajectories-{name}"] = partial(
                trajectories, comparison, scenario, own, language=language
            )
    return drawn


def _policies(comparison: Comparison, scenario: str, reference: bool = False) -> list[str]:
    question = comparison.question
    if scenario not in question.scenarios:
        raise InputError("scenario", f"{scenario!r} is not compared", ", ".join(question.scenarios))
    if len(question.policies) > MOST:
        raise InputError("policies", f"{len(question.policies)} in one figure", f"up to {MOST}")
    return [p for p in question.policies if reference or p != question.reference]


def _name(comparison: Comparison, scenario: str, policy: str, language: str, width: int) -> str:
    name = policy_title(comparison.question.configs[scenario, policy], policy, language)
    # Chinese letters are nearly twice as wide.
    return clean(name, width if name.isascii() else 3 * width // 5)


def _look(comparison: Comparison, policy: str) -> tuple[str, Any]:
    """Colour and dashes of a policy, the same in every figure; the reference is grey."""
    if policy == comparison.question.reference:
        return style.GREY, "-"
    others = [p for p in comparison.question.policies if p != comparison.question.reference]
    place = others.index(policy)
    return style.PALETTE[place % len(style.PALETTE)], DASHES[place % len(DASHES)]


def _mark(comparison: Comparison, policy: str) -> str:
    others = [p for p in comparison.question.policies if p != comparison.question.reference]
    return MARKS[others.index(policy) % len(MARKS)]


def _forest(axes: Axes, rows: pd.DataFrame, indicator: Indicator, language: str) -> None:
    words, scale = WORDS[language], 100 if indicator.share else 1
    values, low, high = (scale * rows[name].to_numpy() for name in ("difference", "low", "high"))
    ends = ~np.isnan(low)
    places = np.arange(len(rows))
    axes.hlines(places[ends], low[ends], high[ends], color=style.BLUE, linewidth=1.2)
    axes.plot(values, places, "o", color=style.BLUE, markersize=3.5, clip_on=False)
    reference_line(axes)
    axes.margins(x=0.08)
    _numbers(axes, np.stack([values, low, high], axis=1))
    number_ticks(axes.xaxis, language, most=6)
    axes.set_xlabel(words["points"] if indicator.share else unit_text(indicator, language))
    if indicator.better:
        arrow = f"{words['good']} →" if indicator.better > 0 else f"← {words['good']}"
        axes.text(
            1.0, 1.02, arrow, transform=axes.transAxes, ha="right", va="bottom",
            fontsize="small", color=style.GREEN,
        )  # fmt: skip


def _numbers(axes: Axes, rows: np.ndarray) -> None:
    """Write each difference above its mark: beside a large one a small one cannot be read off."""
    left, right = axes.get_xlim()
    for place, (value, low, high) in enumerate(rows):
        if math.isnan(value):
            axes.annotate(
                as_text.MISSING, (0.0, place), xytext=(3, 0), textcoords="offset points", va="center",
                fontsize=5.5, color=style.GREY,
            )  # fmt: skip
            continue
        written = [signed(v) for v in (value, low, high)]
        text = written[0] if math.isnan(low) else f"{written[0]} [{written[1]}, {written[2]}]"
        beyond = value > (left + right) / 2
        axes.annotate(
            text, (value, place), xytext=(-3 if beyond else 3, 3), textcoords="offset points",
            ha="right" if beyond else "left", va="bottom", fontsize=5.5, color=style.GREY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3, "alpha": 0.85},
        )  # fmt: skip


def _time_axis(
    axes: Axes, comparison: Comparison, scenario: str, months: pd.DataFrame, language: str
) -> None:
    words = WORDS[language]
    first, last = int(months["month"].min()), int(months["month"].max())
    axes.set_xlim(min(first, 0), last)
    month_ticks(axes, last - first)
    axes.set_xlabel(words["month"])
    lines = [(0, words["past"], "right")] if first < 0 else []
    lines += [(end, words["withdrawn"], "left") for end in _ends(comparison, scenario, last)]
    for month, word, side in lines:
        reference_line(axes, month)
        axes.annotate(
            word, (month, 1.0), xycoords=("data", "axes fraction"), ha=side, va="top",
            xytext=(-3 if side == "right" else 3, -2), textcoords="offset points",
            fontsize="small", color=style.GREY,
        )  # fmt: skip


def _ends(comparison: Comparison, scenario: str, last: int) -> Sequence[int]:
    """The month at whose beginning measures end, if it is one for all policies."""
    ends = {
        entry.parameters.end
        for (here, _), config in comparison.question.configs.items()
        if here == scenario
        for entry in config.policy.entries()
    }
    return [end for end in ends if end < last] if len(ends) == 1 else []


def _threshold(axes: Axes, threshold: float, words: dict[str, str]) -> None:
    axes.axhline(threshold, color=style.GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=1)
    axes.annotate(
        words["threshold"].format(threshold=f"{100 * threshold:g}%"),
        (1.0, threshold), xycoords=("axes fraction", "data"), ha="right", va="bottom",
        xytext=(0, 1), textcoords="offset points", fontsize="small", color=style.GREY,
    )  # fmt: skip


def _cross(
    axes: Axes,
    costs: pd.DataFrame,
    unit: str,
    comparison: Comparison,
    scenario: str,
    policy: str,
    language: str,
) -> None:
    row = costs.to_dict("index")[policy]
    x, y = row[f"extra_{unit}"], row["gain"]
    colour, _ = _look(comparison, policy)
    if not math.isnan(row["gain_low"]):
        axes.hlines(y, row[f"extra_{unit}_low"], row[f"extra_{unit}_high"], color=colour)
        axes.vlines(x, row["gain_low"], row["gain_high"], color=colour)
    label = _name(comparison, scenario, policy, language, 40)
    mark = _mark(comparison, policy)
    axes.plot(x, y, mark, color=colour, markersize=4, label=label, linestyle="none")
