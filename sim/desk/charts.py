"""What the page draws, as options of Apache ECharts, and the same in tables for those who read.

Colours are those of the figures (Okabe and Ito), told apart by the colour-blind; lines differ in
dashes and marks differ in shape too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any
from unicodedata import east_asian_width

import numpy as np

from sim import known
from sim.as_text import (
    LARGE,
    exact_text,
    month_text,
    number_text,
    signed,
    value_text,
    with_interval,
)
from sim.desk.compound import REFERENCE
from sim.desk.session import TO_THE_END, Plan, Planned, Session
from sim.desk.words import WORDS, bracketed
from sim.experiments import tables
from sim.experiments.comparison_table import GAIN_DIGITS, cost_cells
from sim.experiments.paired import Gain, difference, mean, ratio, reason
from sim.experiments.summary import HIGH, LOW, spread_text, unit_text
from sim.figures.style import GREY, PALETTE
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS, Indicator
from sim.processes.issues import COUNTS, PerLevel
from sim.report.sentences import MAIN, Runs, spread, together

Options = dict[str, Any]
Rows = list[list[str]]

FONT = "DeskSans, sans-serif"
LETTERS = {"fontFamily": FONT, "fontSize": 13}
DASHES = ("solid", "dashed", "dotted", [8, 3, 2, 3], [12, 4], [3, 6])
MARKS = ("circle", "rect", "diamond", "triangle", "pin", "arrow")
TABLE_MONTHS = (0, 12, 24, 36, 48, 60)
BELOW: Options = {"nameLocation": "middle", "nameGap": 26}
"""Where the name of an axis across stands."""

NARROWEST = 300
"""Pixels across that a legend has on a phone."""

LONGEST = 230
"""Pixels of a name in a legend; longer ones are shortened."""

MARK = 41
"""Pixels of its mark and of the gap to the next."""

LEGEND_ROW = 24
"""Pixels from one row of a legend to the next."""

CURVES = 200
"""Pixels down of the curves: they and the sliders beside them fit on a screen of 625."""

ROW = 26
"""Pixels of a measure on the strip below the curves."""


def colour(place: int) -> str:
    """Colour of a policy by its place; the compound without measures is grey."""
    return GREY if place < 0 else PALETTE[place % len(PALETTE)]


def label(indicator: Indicator, language: str) -> str:
    """An indicator's name."""
    return indicator.zh if language == "zh" else indicator.en


def measure_label(name: str, language: str) -> str:
    """A measure's name."""
    return CATALOGUE[name].zh if language == "zh" else CATALOGUE[name].en


def planned_label(planned: Planned, language: str) -> str:
    """Its measure's name, and what the plan calls it where that is something else."""
    name = measure_label(planned.measure, language)
    if not planned.label:
        return name
    told = tables.WORDS[language].get(f"label_of_{planned.label}", planned.label)
    return bracketed(name, told, language)


def policy_label(name: str, language: str) -> str:
    """A policy's name."""
    return WORDS[language]["none"] if name == REFERENCE else name


def _pixels(name: str) -> int:
    """How wide a name is drawn, about: Chinese letters are twice as wide as others."""
    return sum(13 if east_asian_width(letter) in "WF" else 7 for letter in name)


def _short(name: str, most: int) -> str:
    """A name that fits: both ends are kept, since names made by copying differ in the last letter."""
    if _pixels(name) <= most:
        return name
    half = next(k for k in range(len(name), 0, -1) if _pixels(name[:k] + name[-k:]) <= most - 13)
    return f"{name[:half]}…{name[-half:]}"


def _legend(names: Sequence[str]) -> tuple[Options, int]:
    """A legend that shows every name, and the pixels down that it takes on a phone."""
    rows, left = 0, 0
    for name in names:
        size = _pixels(name) + MARK
        if size > left:
            rows, left = rows + 1, NARROWEST
        left -= size
    legend = {"top": 4, "type": "plain", "itemWidth": 26, "data": list(names)}
    return legend, LEGEND_ROW * rows


def _drawn(session: Session) -> dict[str, str]:
    """Names of policies as they are drawn: short, and each its own, or two would share a mark."""
    names = {REFERENCE: policy_label(REFERENCE, session.language)}
    for number, plan in enumerate(session.policies, start=1):
        short = _short(plan.name, LONGEST)
        again = short in names.values()
        names[plan.name] = bracketed(short, str(number), session.language) if again else short
    return names


def _curve_legend(session: Session) -> tuple[Options, int]:
    return _legend(list(_drawn(session).values()))


def _cost_legend(session: Session) -> tuple[Options, int]:
    return _legend(list(_drawn(session).values())[1:])


def curves(
    session: Session,
    runs: dict[str, Runs | None],
    indicator: str,
    observed: Sequence[tuple[int, float]] = (),
    strip: bool = True,
    chance: Mapping[str, np.ndarray] | None = None,
) -> Options:
    """One indicator over the months: middle run and middle 90% of runs by policy, measures below.

    Args:
        session: Names policies and measures.
        runs: By policy, the reference first.
        indicator: Which.
        observed: Figures of the user's own: month and value.
        strip: Whether the chosen policy's measures are drawn below.
        chance: By policy, the band of chance alone (2, months), which is drawn darker.
    """
    shown, language = INDICATORS[indicator], session.language
    scale = 100 if shown.share else 1
    names = _drawn(session)
    series: list[Options] = []
    for place, (name, one) in enumerate(runs.items(), start=-1):
        if one is not None:
            edges = known.quantiles(one.of(indicator), [LOW, 0.5, HIGH], axis=0) * scale
            alone = (chance or {}).get(name)
            inner = None if alone is None else alone * scale
            series += _band(one.months.tolist(), edges, inner, names.get(name, name), place)
    if observed:
        points = [[month, round(scale * value, 4)] for month, value in observed]
        series.append(_points(WORDS[language]["observed"], points))
    plan = (
        session.policies[min(session.chosen, len(session.policies) - 1)]
        if session.policies
        else None
    )
    rows = plan.measures if plan and strip else []
    below = ROW * len(rows)
    if rows and plan:
        # Last in the list, so that lines of policies keep their order and colours.
        series += _strip(plan, session, language)
        _mark_changes(series[0] if series else {}, plan, session)
    months = [-12, session.months]
    axis = {
        "type": "value",
        "min": months[0],
        "max": months[1],
        "interval": 12,
        "axisLabel": {"color": "#52606d"},
        "axisLine": {"onZero": False},
    }
    legend, room = _curve_legend(session)
    top = 28 + room
    grids: list[Options] = [{"left": 56, "right": 18, "top": top, "height": CURVES}]
    x_axes: list[Options] = [
        {
            **axis,
            "gridIndex": 0,
            "name": WORDS[language]["month_axis"],
            "nameLocation": "middle",
            "nameGap": 24,
        }
    ]
    y_axes: list[Options] = [_value_axis(shown, language)]
    if rows:
        grids.append({"left": 56, "right": 18, "top": top + CURVES + 46, "height": below})
        x_axes.append(
            {**axis, "gridIndex": 1, "axisLabel": {"show": False}, "axisTick": {"show": False}}
        )
        y_axes.append(
            {
                "type": "category",
                "gridIndex": 1,
                "inverse": True,
                "axisLine": {"show": False, "onZero": False},
                "axisLabel": {"show": False},
                "axisTick": {"show": False},
                "data": [planned.key for planned in rows],
            }
        )
    return {
        "animation": False,
        "textStyle": LETTERS,
        "legend": {**legend, "icon": "roundRect", "itemHeight": 6},
        "tooltip": {"show": False},
        "grid": grids,
        "xAxis": x_axes,
        "yAxis": y_axes,
        "series": series,
    }


def height(session: Session, strip: bool = True) -> int:
    """Pixels that ``curves`` needs."""
    plan = (
        session.policies[min(session.chosen, len(session.policies) - 1)]
        if session.policies
        else None
    )
    room = _curve_legend(session)[1]
    return (
        CURVES
        + 71
        + room
        + (ROW * len(plan.measures) + 12 if plan and strip and plan.measures else 0)
    )


def _band(
    months: list[int], edges: np.ndarray, inner: np.ndarray | None, name: str, place: int
) -> list[Options]:
    """Middle line and band of ``edges`` (3, months), and a darker band inside it."""
    paint = colour(place)

    def pairs(values: np.ndarray) -> list[Any]:
        # A line breaks where there is no value; what stands alone between two gaps is a dot.
        gap = np.isnan(np.concatenate([[np.nan], values, [np.nan]]))
        alone = ~gap[1:-1] & gap[:-2] & gap[2:]
        points = [[m, _rounded(v, 3)] for m, v in zip(months, values, strict=True)]
        return [
            {"value": point, "symbol": "circle", "symbolSize": 6} if dot else point
            for point, dot in zip(points, alone, strict=True)
        ]

    def area(ends: tuple[str, str], low: np.ndarray, high: np.ndarray) -> list[Options]:
        base: Options = {
            "type": "line",
            "symbol": "none",
            "silent": True,
            "stack": f"band{place} {ends[1]}",
            "stackStrategy": "all",
            "lineStyle": {"opacity": 0},
            "xAxisIndex": 0,
            "yAxisIndex": 0,
        }
        shade = {"color": paint, "opacity": 0.2}
        return [
            {**base, "name": f"{name} {ends[0]}", "data": pairs(low)},
            {**base, "name": f"{name} {ends[1]}", "data": pairs(high - low), "areaStyle": shade},
        ]

    return [
        {
            "type": "line",
            "name": name,
            "symbol": "none",
            "showAllSymbol": True,
            "data": pairs(edges[1]),
            "z": 4,
            "lineStyle": {
                "color": paint,
                "width": 2.5,
                "type": DASHES[max(place, 0) % len(DASHES)],
            },
            "itemStyle": {"color": paint},
            "xAxisIndex": 0,
            "yAxisIndex": 0,
        },
        *area(("5%", "95%"), edges[0], edges[2]),
        *([] if inner is None else area(("low", "high"), inner[0], inner[1])),
    ]


def _points(name: str, points: list[list[float]]) -> Options:
    return {
        "type": "scatter",
        "name": name,
        "data": points,
        "symbolSize": 8,
        "itemStyle": {"color": "#000", "borderColor": "#fff"},
        "z": 6,
    }


def _value_axis(shown: Indicator, language: str) -> Options:
    axis: Options = {
        "type": "value",
        "gridIndex": 0,
        "scale": False,
        "axisLine": {"onZero": False},
        "axisLabel": {"color": "#52606d"},
        "name": unit_text(shown, language),
        "nameTextStyle": {"align": "left"},
        "splitLine": {"lineStyle": {"color": "#e4e9ef"}},
    }
    return {**axis, "min": 0, "max": 100} if shown.name in (MAIN, "satisfied_share") else axis


def _strip(plan: Plan, session: Session, language: str) -> list[Options]:
    bars = []
    for planned in plan.measures:
        end = min(planned.end, session.months)
        bars.append(
            {
                "type": "line",
                "name": f"strip {planned.key}",
                "xAxisIndex": 1,
                "yAxisIndex": 1,
                "silent": True,
                "symbol": "none",
                "data": [
                    [planned.start, planned.key],
                    [max(end, planned.start + 1), planned.key],
                ],
                "lineStyle": {
                    "width": 18,
                    "color": "#bcd4e6",
                    "cap": "butt",
                    "opacity": min(1.0, 0.4 + 0.6 * planned.dose / 2),
                },
                "markPoint": {
                    "silent": True,
                    "symbol": "rect",
                    "symbolSize": 0.1,
                    "data": [{"coord": [planned.start, planned.key]}],
                    "label": {
                        "show": True,
                        "position": "right",
                        "color": "#1f2933",
                        "fontFamily": FONT,
                        "fontSize": 13,
                        "formatter": planned_label(planned, language),
                    },
                },
            }
        )
    return bars


def _mark_changes(series: Options, plan: Plan, session: Session) -> None:
    starts = {planned.start for planned in plan.measures}
    ends = {planned.end for planned in plan.measures if planned.end <= session.months}
    words = WORDS[session.language]
    lines = [
        {"xAxis": m, "name": words["starts"], "lineStyle": {"color": "#009E73"}}
        for m in sorted(starts)
    ]
    lines += [
        {"xAxis": m, "name": words["ends"], "lineStyle": {"color": "#D55E00"}} for m in sorted(ends)
    ]
    series["markLine"] = {
        "silent": True,
        "symbol": ["none", "none"],
        "data": lines,
        "label": {"show": False},
        "lineStyle": {"type": [3, 3], "width": 1},
    }


def curve_table(
    session: Session, runs: dict[str, Runs | None], indicator: str
) -> tuple[list[str], Rows]:
    """The same in numbers: heads, and a row per policy."""
    shown, language = INDICATORS[indicator], session.language
    words = WORDS[language]
    months = [m for m in TABLE_MONTHS if m <= session.months]
    rows = []
    for name, one in runs.items():
        if one is not None:
            cells = []
            for month in months:
                found = dict(zip(_ENDS, spread(one.at(indicator, month)), strict=True))
                cell = spread_text(found, _ENDS, lambda v: value_text(v, shown, language))
                there = int(np.count_nonzero(~np.isnan(one.at(indicator, month))))
                few = 0 < there < len(one.seeds)
                cells.append(f"{cell} ({there}/{len(one.seeds)})" if few else cell)
            rows.append([policy_label(name, language), str(len(one.seeds)), *cells])
    heads = [month_text(month, language) for month in months]
    return [
        bracketed(label(shown, language), unit_text(shown, language), language),
        words["runs"],
        *heads,
    ], rows


def breaks_off(runs: dict[str, Runs | None], indicator: str) -> bool:
    """Whether in some month some run has no value, so that a line stops or is of fewer runs."""
    return any(one is not None and bool(np.isnan(one.of(indicator)).any()) for one in runs.values())


_ENDS = ("middle", "low", "high")


def _rounded(value: float, digits: int) -> float | None:
    """A number as the browser takes it; what is missing is null, since NaN is no JSON."""
    return None if math.isnan(value) else round(float(value), digits)


# --- cost against effect --------------------------------------------------------------------------


def cost_rows(runs: dict[str, Runs | None]) -> list[tuple[str, dict[str, Any]]]:
    """By policy what it takes and brings, as ``paired.costs`` reckons it for reports.

    Returns:
        Name, and: ``hours`` and ``yuan`` beyond the compound without measures, with intervals;
        ``mean_gain`` in collection, points, over months 1 to the last, with its interval;
        ``gain``, ``hours_per_point``, ``yuan_per_point`` and ``reason``, as the tables read them.
    """
    reference = runs.get(REFERENCE)
    rows = []
    for name, one in runs.items():
        if name == REFERENCE or one is None or reference is None:
            continue
        ours, theirs = together(one, reference)
        if len(ours.seeds) < 2:
            continue
        gain = 100 * (_mean_level(ours) - _mean_level(theirs))
        # A pair of which one has no collection in any month tells nothing of the gain.
        there = ~np.isnan(gain)
        gain = gain[there]
        why, row = reason(gain), dict[str, Any](mean_gain=mean(gain))
        for unit in ("hours", "yuan"):
            extra = getattr(ours, unit) - getattr(theirs, unit)
            row |= {
                unit: mean(extra),
                f"{unit}_per_point": math.nan if why else ratio(extra[there], gain)[0],
            }
        rows.append((name, row | {"gain": row["mean_gain"].value, "reason": why}))
    return rows


def _mean_level(runs: Runs) -> np.ndarray:
    level: np.ndarray = known.mean(runs.of(MAIN)[:, runs.months >= 1], axis=1)
    return level


def cost_table(session: Session, runs: dict[str, Runs | None]) -> tuple[list[str], Rows]:
    """The same in numbers: heads, and a row per policy."""
    language = session.language
    words = WORDS[language]
    heads = [words[k] for k in ("policy", "hours", "yuan", "gain", "per_hours", "per_yuan")]
    rows = []
    for name, row in cost_rows(runs):
        gain, *per = cost_cells(row, language)
        low, high = (exact_text(end, GAIN_DIGITS) for end in row["mean_gain"][1:])
        spent = [number_text(row[unit].value, language) for unit in ("hours", "yuan")]
        rows.append([name, *spent, f"{gain} [{low}, {high}]", *per])
    return [head.format(last=session.months) for head in heads], rows


COST_HEIGHT = 190
"""Pixels of the field with the crosses."""


def cost_effect(session: Session, runs: dict[str, Runs | None], unit: str) -> Options:
    """Hours or yuan against the gain in collection, a cross for each policy.

    Args:
        session: Names policies.
        runs: By policy.
        unit: "hours" or "yuan".
    """
    language = session.language
    words = WORDS[language]
    series: list[Options] = []
    names = _drawn(session)
    places = {name: k for k, name in enumerate(runs, start=-1)}
    for name, row in cost_rows(runs):
        place, spent, gain = places[name], row[unit], row["mean_gain"]
        if math.isnan(gain.value):
            continue
        paint = colour(place)
        x, y = round(spent.value, 2), round(gain.value, 3)
        line = {
            "type": "line",
            "symbol": "none",
            "silent": True,
            "lineStyle": {"color": paint, "width": 2},
        }
        series += [
            {
                "type": "scatter",
                "name": names.get(name, name),
                "data": [[x, y]],
                "symbolSize": 13,
                "symbol": MARKS[place % len(MARKS)],
                "itemStyle": {"color": paint},
            },
            {**line, "data": [[x, _rounded(end, 3)] for end in (gain.low, gain.high)]},
            {**line, "data": [[round(spent.low, 2), y], [round(spent.high, 2), y]]},
        ]
    legend, room = _cost_legend(session)
    return {
        "animation": False,
        "textStyle": LETTERS,
        "legend": legend,
        "grid": {"left": 60, "right": 30, "top": 34 + room, "height": COST_HEIGHT},
        "xAxis": {
            "type": "value",
            "name": words[f"axis_{unit}"].format(last=session.months),
            "nameLocation": "middle",
            "nameGap": 30,
            "min": 0,
            ":axisLabel": f"({{formatter: (v) => v >= {LARGE} ? "
            + ("(v/10000)+'万'" if language == "zh" else "(v/1000)+'k'")
            + " : v})",
        },
        "yAxis": {
            "type": "value",
            "name": words["axis_mean_gain"].format(last=session.months),
            "nameTextStyle": {"align": "left"},
            "splitLine": {"lineStyle": {"color": "#e4e9ef"}},
        },
        "series": series,
    }


def cost_height(session: Session) -> int:
    """Pixels that ``cost_effect`` needs."""
    return 86 + COST_HEIGHT + _cost_legend(session)[1]


# --- where problems are solved --------------------------------------------------------------------

LEVELS = tuple(name.removeprefix("closed_") for name in COUNTS if name.startswith("closed_"))
LEVEL_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7", "#999999")


def level_label(level: str, language: str) -> str:
    """A level's name, as the schema has it; "shelved" is none."""
    if level == "shelved":
        return WORDS[language]["shelved"]
    row = next(row for row in PerLevel.describe() if row.key == level)
    return row.zh if language == "zh" else row.en


def flow(lived: list[np.ndarray]) -> dict[str, float]:
    """Problems a run that were solved at each level or shelved: means of runs.

    Args:
        lived: Counts of the issue book by month (L, counts), one array a run.
    """
    total = np.mean([one.sum(axis=0) for one in lived], axis=0)
    names = list(COUNTS)
    return {
        level: float(total[names.index(level if level == "shelved" else f"closed_{level}")])
        for level in (*LEVELS, "shelved")
    }


AXIS_NAME = 116
"""Pixels across of a policy's name at its bar: two lines of it have room."""


def _level_legend(language: str) -> tuple[Options, int]:
    return _legend([level_label(level, language) for level in (*LEVELS, "shelved")])


def flow_height(session: Session) -> int:
    """Pixels that ``flows`` needs."""
    bars = max(36 * (len(session.policies) + 1), 180)
    return 58 + bars + _level_legend(session.language)[1]


def flows(session: Session, by_policy: dict[str, dict[str, float]]) -> Options:
    """A bar for each policy: how many problems were solved where."""
    language = session.language
    names = [_short(policy_label(name, language), 2 * AXIS_NAME - 26) for name in by_policy]
    legend, room = _level_legend(language)
    series = [
        {
            "type": "bar",
            "stack": "all",
            "name": level_label(level, language),
            "itemStyle": {"color": LEVEL_COLOURS[k], "borderColor": "#fff", "borderWidth": 1},
            "data": [round(found[level], 1) for found in by_policy.values()],
        }
        for k, level in enumerate((*LEVELS, "shelved"))
    ]
    return {
        "animation": False,
        "textStyle": LETTERS,
        "aria": {"enabled": True, "decal": {"show": True}},
        "legend": legend,
        "grid": {"left": AXIS_NAME + 14, "right": 24, "top": 14 + room, "bottom": 44},
        "xAxis": {
            "type": "value",
            "name": WORDS[language]["axis_problems"].format(last=session.months),
            "axisLabel": {"hideOverlap": True},
            **BELOW,
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisLabel": {"width": AXIS_NAME, "overflow": "break"},
        },
        "series": series,
    }


# --- parts of a bundle ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """What each measure of a bundle does, in points of collection, under the same seeds.

    Attributes:
        rows: By measure: it, what it does alone, and what the bundle loses without it.
        whole: What the whole bundle does.
        complete: Whether every measure of the bundle has its row.
    """

    rows: list[tuple[Planned, dict[str, Any], dict[str, Any]]]
    whole: dict[str, Any]
    complete: bool

    @property
    def runs(self) -> int:
        """Runs under the same seeds that all of it is counted from."""
        return int(self.whole["pairs"])

    def sums(self) -> tuple[float, float]:
        """All gains when alone and all losses when left out, added up as the table shows them."""
        alone = sum(round(one["difference"], 1) for _, one, _ in self.rows)
        return alone, sum(round(two["difference"], 1) for _, _, two in self.rows)


def parts_of(
    plan: Plan, within: int, whole: Runs, reference: Runs, part: dict[str, Runs | None]
) -> Parts | None:
    """What each measure does alone, and what the bundle loses without it, in points.

    Args:
        plan: The bundle.
        within: Month that is read.
        whole: Runs of the bundle.
        reference: Runs without measures.
        part: Runs of each part: ``+measure`` alone, ``-measure`` the bundle without it.

    Returns:
        None until two runs of the whole and of some measure's parts are there.
    """
    there = [
        planned for planned in plan.measures
        if part.get(f"+{planned.key}") is not None and part.get(f"-{planned.key}") is not None
    ]  # fmt: skip
    names = [sign + planned.key for planned in there for sign in "+-"]
    lived = {name: one for name in names if (one := part[name])}
    seeds = reduce(np.intersect1d, [one.seeds for one in (whole, reference, *lived.values())])
    if not there or len(seeds) < 2:
        return None

    def gain(runs: Runs, other: Runs) -> dict[str, Any]:
        ends = (100 * one.only(seeds).at(MAIN, within) for one in (runs, other))
        return difference(Gain(*ends), 1)

    rows = [
        (p, gain(lived[f"+{p.key}"], reference), gain(whole, lived[f"-{p.key}"])) for p in there
    ]
    # What has no value comes last.
    rows.sort(key=lambda row: -np.nan_to_num(row[2]["difference"], nan=-np.inf))
    return Parts(rows, gain(whole, reference), len(rows) == len(plan.measures))


def parts_table(parts: Parts, language: str) -> tuple[list[str], Rows]:
    """The same in numbers: a row for each measure, their sums, and the whole bundle."""
    words = WORDS[language]
    heads = [words["measure"], words["alone"], words["left_out"]]
    rows = [
        [planned_label(p, language), interval(one), interval(two)] for p, one, two in parts.rows
    ]
    if parts.complete:
        rows.append([words["parts_added"], *(signed(total) for total in parts.sums())])
    return heads, [*rows, [words["parts_whole"], *[interval(parts.whole)] * 2]]


def parts_words(parts: Parts, language: str) -> str:
    """Why the parts do not add up to the bundle, in the parts' own numbers."""
    if not parts.complete:
        return ""
    alone, lost = (signed(total) for total in parts.sums())
    return WORDS[language]["parts_sum"].format(
        runs=parts.runs, alone=alone, lost=lost, whole=signed(parts.whole["difference"])
    )


def parts(session: Session, found: Parts) -> Options:
    """Two bars for each measure: alone, and lost without it, with 95% intervals as lines."""
    language = session.language
    words, rows = WORDS[language], found.rows
    names = [planned_label(planned, language) for planned, _, _ in rows]
    series: list[Options] = []
    looks = (("alone", "#56B4E9", -9), ("left_out", "#0072B2", 9))
    columns = ([row[1] for row in rows], [row[2] for row in rows])
    for (word, paint, shift), gains in zip(looks, columns, strict=True):
        series.append(
            {
                "type": "bar",
                "name": words[word],
                "barWidth": 14,
                "barGap": "30%",
                "itemStyle": {"color": paint},
                "data": [_rounded(f["difference"], 2) for f in gains],
            }
        )
        for name, f in zip(names, gains, strict=True):
            series.append(
                {
                    "type": "line",
                    "silent": True,
                    "symbol": "rect",
                    "symbolSize": [1.5, 8],
                    "symbolOffset": [0, shift],
                    "data": [[_rounded(f[end], 2), name] for end in ("low", "high")],
                    "itemStyle": {"color": "#1f2933"},
                    "lineStyle": {"opacity": 0},
                }
            )
    return {
        "animation": False,
        "textStyle": LETTERS,
        "legend": {"top": 0, "data": [words["alone"], words["left_out"]]},
        "grid": {"left": 190, "right": 30, "top": 40, "bottom": 44},
        "xAxis": {
            "type": "value",
            "name": words["axis_gain"].format(month=session.within),
            **BELOW,
        },
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": names,
            "axisLine": {"onZero": False},
            "axisLabel": {"width": 176, "overflow": "break"},
        },
        "series": series,
    }


def interval(found: dict[str, Any]) -> str:
    """A difference in points with its interval, as text."""
    return with_interval(*(found[name] for name in ("difference", "low", "high")))


def until(end: int, months: int) -> int:
    """Where a measure's end stands on the page: beyond the last month where it is not withdrawn."""
    return months + 1 if end >= TO_THE_END or end > months else end
