"""How a value answers to another: means with 95% intervals, a panel per value, a line per group."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.errors import InputError, known_language
from sim.experiments import paired
from sim.figures import style
from sim.figures.axes import LINES, lettered, percent_ticks

MOST = len(style.PALETTE)
MARKS = "osD^vPX"
WORDS = {
    "en": "mark: mean; bar: 95% interval of the mean {over}",
    "zh": "点：均值；线：均值的95%区间（{over}）",
}


def means(frame: pd.DataFrame, by: Sequence[str], values: Sequence[str]) -> pd.DataFrame:
    """Means with 95% intervals (Student's t) of columns, by groups.

    Args:
        frame: A row per independent run.
        by: Columns that make the groups.
        values: Columns to average; NaN is left out.

    Returns:
        A row per group and value: the groups, ``value`` (the column's name), ``n``, ``mean``,
        ``low``, ``high`` (NaN where n is 1).
    """
    rows = []
    for keys, part in frame.groupby(list(by), sort=True, dropna=False):
        for name in values:
            known = part[name].dropna().to_numpy(dtype=float)
            estimate = paired.mean(known)
            said = {"value": name, "n": len(known), "mean": estimate.value}
            ends = {"low": estimate.low, "high": estimate.high}
            rows.append({**dict(zip(by, keys, strict=True)), **said, **ends})
    return pd.DataFrame(rows)


def response(
    frame: pd.DataFrame,
    x: str,
    panels: Mapping[str, str],
    x_label: str,
    group: str | None = None,
    *,
    shares: Sequence[str] = (),
    over: str = "over runs",
    language: str = "en",
) -> Figure:
    """Means of one value per panel against ``x``.

    Args:
        frame: What ``means`` makes.
        x: Column of the horizontal axis; text gives one place each.
        panels: Value to the label of its axis, unit in it; 1 to 4.
        x_label: Label of the horizontal axis, unit in it.
        group: Column whose values get a line each, up to 7.
        shares: Values that are shares, shown in percent.
        over: What the interval is over, said below the figure.
        language: "en" or "zh".

    Raises:
        InputError: A column that is missing, too many panels or groups, or another language.
    """
    _check(frame, [x, *([group] if group else [])], panels, group, language)
    names = [""] if group is None else list(dict.fromkeys(frame[group]))
    words = isinstance(frame[x].iloc[0], str)
    places = {at: k for k, at in enumerate(dict.fromkeys(frame[x]))}
    with style.journal_style(language):
        width = style.SINGLE if len(panels) == 1 else style.DOUBLE
        figure = style.new_figure(width, 2.5 if len(panels) < 3 else 4.2)
        grid = figure.subplots(*((1, len(panels)) if len(panels) < 3 else (2, 2)), squeeze=False)
        for k, axes in enumerate(grid.ravel()):
            if k >= len(panels):
                axes.set_axis_off()
                continue
            value = list(panels)[k]
            for g, name in enumerate(names):
                part = frame[
                    (frame["value"] == value) & (True if group is None else frame[group] == name)
                ]
                at = part[x].map(places).to_numpy(float) if words else part[x].to_numpy(float)
                mean, low, high = (part[c].to_numpy(float) for c in ("mean", "low", "high"))
                spread = np.nan_to_num(np.array([mean - low, high - mean]))
                axes.errorbar(
                    at + (0.12 * (g - (len(names) - 1) / 2) if words else 0), mean, yerr=spread,
                    fmt=MARKS[g] if words else f"{MARKS[g]}-", color=style.PALETTE[g], markersize=3,
                    linewidth=0.9, elinewidth=0.9, capsize=1.5, label=str(name),
                )  # fmt: skip
            if words:
                turned = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
                axes.set_xticks(range(len(places)), places, **(turned if len(places) > 3 else {}))
            else:
                axes.xaxis.set_major_locator(
                    MaxNLocator(6, integer=pd.api.types.is_integer_dtype(frame[x]))
                )
            axes.set_xlabel(_broken(x_label, 46 if language == "en" else 26), linespacing=LINES)
            label = _broken(panels[value], 34 if language == "en" else 18)
            axes.set_ylabel(label, linespacing=LINES)
            if len(panels) > 1:
                axes.set_title(lettered(k))
            if value in shares:
                percent_ticks(axes.yaxis)
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        if group is not None:
            told = grid.ravel()[0].get_legend_handles_labels()
            figure.legend(*told, loc="outside upper center", ncols=min(len(names), 4))
        note = WORDS[language].format(over=over)
        figure.supxlabel(note, fontsize="small", color=style.GREY)
    return figure


def _broken(label: str, width: int) -> str:
    """A long label in lines; its unit, in brackets, begins one where that is enough."""
    name, bracket, unit = label.partition("(")
    if len(label) > width and bracket and len(name) <= width:
        return f"{name.rstrip()}\n({unit}"
    return textwrap.fill(label, width)


def _check(
    frame: pd.DataFrame, columns: Sequence[str], panels: Mapping[str, str], group: str | None,
    language: str,
) -> None:  # fmt: skip
    known_language(language)
    for name in columns:
        if name not in frame.columns:
            raise InputError("frame", f"has no column {name}", ", ".join(frame.columns))
    if not 1 <= len(panels) <= 4:
        raise InputError("panels", f"{len(panels)} given", "1 to 4")
    unknown = [name for name in panels if name not in set(frame["value"])]
    if unknown:
        raise InputError("panels", f"no values of {unknown[0]}", ", ".join(set(frame["value"])))
    if group is not None and frame[group].nunique() > MOST:
        raise InputError(group, f"{frame[group].nunique()} lines", f"up to {MOST}")
