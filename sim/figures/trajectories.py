"""Indicators over the months: the runs, the measures in force, what was reported."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure, FigureBase

from sim import known
from sim.as_text import aside
from sim.errors import InputError
from sim.experiments.doubt import FEWEST_PAIRS, chance_band
from sim.experiments.summary import run_means
from sim.experiments.tables import label_name
from sim.figures import style
from sim.figures.axes import (
    band,
    lettered,
    line,
    month_ticks,
    name_of,
    panels,
    reference_line,
    rows,
    value_axis,
)
from sim.figures.district import compounds
from sim.outcomes import INDICATORS, Indicator, with_own
from sim.phrases import phrases

if TYPE_CHECKING:
    from sim.config import Config, Entry, Target
    from sim.experiments.store import Study

MAIN = (
    "collection_rate",
    "satisfied_share",
    "grievance",
    "complaints_per_1000",
    "issues_in_place_share",
    "service_condition",
)

MOST = 9
"""Panels of one figure."""

WORDS = phrases("trajectories_figure")

BANDS = ((0.05, 0.95, 0.18, "most"), (0.25, 0.75, 0.35, "half"))
"""Lower and upper quantile, opacity, and word of each band."""

_PANEL_HEIGHT, _ROW_HEIGHT, _STRIP_MARGIN, _LEGEND_HEIGHT = 1.42, 0.125, 0.72, 0.3
_NAMED_ROW_HEIGHT = 0.23
"""Of a measure whose name stands above its bar."""


def trajectories(
    months_frame: pd.DataFrame,
    config: Config,
    indicators: Sequence[str] = MAIN,
    language: str = "en",
    twins: pd.DataFrame | None = None,
) -> Figure:
    """Small multiples with the measures in force on a strip below.

    Two journal columns wide; a single panel takes one, and shares its months with the strip.

    Args:
        months_frame: Frame of run, month, compound and indicators.
        config: Names measures and targets.
        indicators: One panel each, 1 to ``MOST``.
        language: "en" or "zh".
        twins: Months of second runs under parameters that were lived already, as of a study; none without doubt.

    Returns:
        The figure. A line is the median over runs of the mean over compounds, broken where none has
        a value; bands hold the middle 50% and 90% of runs, or with doubt about parameters the middle 90% of
        chance alone and of both; error bars are what the scenario's
        targets allow, with a mark at the figure reported.

    Raises:
        InputError: An indicator that is not there, or none, or too many.
    """
    _check(months_frame, indicators)
    entries = _in_view(config, months_frame)
    shown, span = [INDICATORS[name] for name in indicators], _span(months_frame)
    with style.journal_style(language):
        if len(shown) == 1:
            return _one(months_frame, twins, config, shown[0], entries, span, language)
        across = 2 if len(shown) in (2, 4) else 3
        down = math.ceil(len(shown) / across)
        upper = down * _PANEL_HEIGHT + _LEGEND_HEIGHT
        lower = max(len(entries), 1) * _ROW_HEIGHT + _STRIP_MARGIN
        figure = style.new_figure(style.DOUBLE, upper + lower)
        # Apart, so that long names of measures do not push the panels aside.
        halves = figure.subfigures(2, 1, height_ratios=[upper, lower], squeeze=False)
        above, strip = halves.ravel()
        grid = panels(above, len(shown), across, sharex=True)
        for place, (axes, indicator) in enumerate(zip(grid, shown, strict=True)):
            _panel(axes, months_frame, twins, config, indicator, language)
            axes.set_title(lettered(place, name_of(indicator, language)))
            _months(axes, span)
            axes.xaxis.set_tick_params(labelbottom=place + across >= len(shown))
        _legend(above, grid, language, rows=1)
        below = strip.subplots()
        _strip(below, entries, span, language)
        rows(below, [_measure_name(entry, language) for entry in entries])
    return figure


def _one(
    months_frame: pd.DataFrame,
    twins: pd.DataFrame | None,
    config: Config,
    indicator: Indicator,
    entries: Sequence[Entry],
    span: tuple[int, int],
    language: str,
) -> Figure:
    """One panel above the strip, on one grid: bars stand below the months of the curve."""
    lower = max(len(entries), 1) * _NAMED_ROW_HEIGHT
    height = _PANEL_HEIGHT + _LEGEND_HEIGHT + lower + _STRIP_MARGIN
    figure = style.new_figure(style.SINGLE, height)
    axes, strip = figure.subplots(2, 1, sharex=True, height_ratios=[_PANEL_HEIGHT, lower])
    _panel(axes, months_frame, twins, config, indicator, language)
    axes.set_title(name_of(indicator, language))
    _legend(figure, [axes], language, rows=2)
    _strip(strip, entries, span, language, thick=0.26)
    rows(strip, [""] * len(entries))
    strip.set_ylim(top=-0.9)
    for row, entry in enumerate(entries):
        # At its side a long name would leave no width to the months.
        strip.annotate(
            _measure_name(entry, language), (0, row - 0.16), xycoords=("axes fraction", "data"),
            va="bottom", fontsize="small",
        )  # fmt: skip
    return figure


def figures(study: Study, language: str = "en") -> dict[str, Callable[[], Figure]]:
    """What makes each figure of the answer, by its name."""
    drawn: dict[str, Callable[[], Figure]] = {
        "trajectories": lambda: trajectories(
            study.months, study.config, with_own(MAIN)[:MOST], language, study.twins
        ),
        "compounds": lambda: compounds(study.months, study.config, language=language),
    }
    if study.config.district.compounds <= 1:
        del drawn["compounds"]
    return drawn


def _check(frame: pd.DataFrame, indicators: Sequence[str]) -> None:
    if not 1 <= len(indicators) <= MOST:
        raise InputError("indicators", f"{len(indicators)} given", f"1 to {MOST}")
    for name in indicators:
        if name not in INDICATORS or name not in frame.columns:
            raise InputError("indicators", f"{name!r} is not known", ", ".join(INDICATORS))


def _panel(
    axes: Axes,
    frame: pd.DataFrame,
    twins: pd.DataFrame | None,
    config: Config,
    indicator: Indicator,
    language: str,
) -> None:
    means = run_means(frame, indicator.name)
    top = _draw_runs(axes, means, chance_alone(means, twins, indicator.name), language)
    for target in config.scenario.targets:
        if target.indicator == indicator.name and target.month in means.columns:
            _draw_target(axes, target, language)
            top = max(top, target.high, target.reported or 0.0)
    reference_line(axes)
    value_axis(axes, indicator, top, language)


def chance_alone(
    means: pd.DataFrame, twins: pd.DataFrame | None, indicator: str
) -> np.ndarray | None:
    """The band (2, M) that chance alone would give; None where too few parameter sets were lived twice."""
    if twins is None or not len(twins):
        return None
    again = run_means(twins, indicator)
    again = again[again.index.isin(means.index)]
    if len(again) < FEWEST_PAIRS:
        return None
    at = means.index.get_indexer(again.index)
    return chance_band(means.to_numpy(), again.to_numpy(), at, BANDS[0][:2])


def _draw_runs(axes: Axes, means: pd.DataFrame, alone: np.ndarray | None, language: str) -> float:
    """Draw line and bands, broken where no run has a value; returns the highest value drawn."""
    words = WORDS[language]
    months, values = means.columns.to_numpy(), means.to_numpy()
    if np.isnan(values).all():
        return 0.0
    if len(values) > 1:
        for low, high, opacity, word in BANDS:
            edges = known.quantiles(values, [low, high], axis=0)
            if alone is not None:
                edges, word = (edges, "doubt") if word == "most" else (alone, "chance")
            band(axes, months, *edges, color=style.BLUE, alpha=opacity, label=words[word])
        label = words["median"]
    else:
        label = words["single"]
    middle = known.median(values, axis=0)
    line(axes, months, middle, color=style.BLUE, label=label)
    return float(np.nanmax(known.quantiles(values, BANDS[0][1:2], axis=0)))


def _draw_target(axes: Axes, target: Target, language: str) -> None:
    at = (target.low + target.high) / 2 if target.reported is None else target.reported
    spread = [[max(at - target.low, 0.0)], [max(target.high - at, 0.0)]]
    # Not clipped: a target of the last month would lose half its mark at the frame.
    axes.errorbar(
        [target.month], [at], yerr=spread, fmt="none" if target.reported is None else "D", markersize=3.2,
        markerfacecolor=style.VERMILION if target.fitted else "white", color=style.VERMILION, elinewidth=1.0,
        capsize=2, capthick=1.0, label=WORDS[language][target.use], zorder=4, clip_on=False,
    )  # fmt: skip


def _legend(figure: FigureBase, grid: Sequence[Axes], language: str, rows: int) -> None:
    handles: dict[str, Any] = {}
    for axes in grid:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            # An interval without a mark would stand for those that have one.
            if label not in handles or (isinstance(handle, ErrorbarContainer) and handle[0]):
                handles[label] = handle
    order = [label for label in WORDS[language].values() if label in handles]
    figure.legend(
        [handles[label] for label in order],
        order,
        loc="outside upper center",
        ncols=math.ceil(len(order) / rows),
        columnspacing=1.4,
        handlelength=1.6,
    )


def _span(frame: pd.DataFrame) -> tuple[int, int]:
    return min(int(frame["month"].min()), 0), int(frame["month"].max())


def _in_view(config: Config, frame: pd.DataFrame) -> list[Entry]:
    first, last = _span(frame)
    return [
        entry
        for entry in config.policy.entries()
        if entry.parameters.start <= last and entry.parameters.end > first
    ]


def _strip(
    axes: Axes,
    entries: Sequence[Entry],
    months: tuple[int, int],
    language: str,
    thick: float = 0.5,
) -> None:
    words = WORDS[language]
    for row, entry in enumerate(entries):
        start = max(entry.parameters.start, months[0])
        end = min(entry.parameters.end, months[1])
        axes.barh(row, max(end - start, 0.5), left=start, height=thick, color=style.GREEN)
    reference_line(axes)
    _months(axes, months)
    axes.set_xlabel(words["month"])
    axes.set_title(words["measures" if entries else "none"], fontsize="small")


def _months(axes: Axes, months: tuple[int, int]) -> None:
    axes.set_xlim(*months)
    month_ticks(axes, months[1] - months[0])


def _measure_name(entry: Entry, language: str) -> str:
    name = name_of(entry.measure, language)
    if entry.label != entry.measure.name:
        name += aside(label_name(entry.label, language), language)
    return textwrap.shorten(name, 46, placeholder=" …") if language == "en" else name
