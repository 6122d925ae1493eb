"""A calibration in a page: how far the figures are met, what was learnt, and what the model gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import as_text
from sim.as_text import value_text
from sim.experiments.summary import spread_text, unit_text
from sim.outcomes import INDICATORS
from sim.science.observed import MISSING

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.calibrate import Calibration
    from sim.science.cases import Case

WORDS = {
    "en": {
        "parameter": "parameter", "prior": "prior", "median": "median", "interval": "90%",
        "width": "width / prior", "default": "in force", "figure": "figure", "allowed": "allowed",
        "before": "prior [90%]", "after": "posterior [90%]", "inside": "runs inside",
        "together": "Make up for one another (correlation)", "nothing": "nothing above 0.4",
        "note": "{simulations} simulations in {generations} generations; {particles} particles, worth "
        "{effective:.0f} of equal weight; {tolerance}.",
        "exact": "all meet every figure", "near": "tolerance {value}",
        "few": "Too few effective particles to quote an interval: use more particles.",
        "kept": "Results", "figures": "Figures",
        "missed": "missed by", "month": "month",
        "met": "All {all} figures are met by every parameter set of the posterior.",
        "met_series": (
            "The file is met within what counts as an error: off by {tolerance} at most, where 1 is 5 "
            "points of a share or a tenth of anything else, more where months differ by chance."
        ),
        "not_met": (
            "NOT ALL FIGURES ARE MET: parameter sets of the posterior miss one by up to {tolerance} half "
            "widths of what is allowed (0 would be met); the middle run meets {some} of {all}."
        ),
        "not_met_series": (
            "THE FILE IS NOT MET: parameter sets of the posterior are off by up to {tolerance} times what "
            "counts as an error (5 points of a share, a tenth of anything else, more where months differ "
            "by chance)."
        ),
        "no_value": "NOT MET: no parameter set that was tried gives every figure a value.",
        "worst": "Worst missed: {figures}.",
        "chance": "The middle run meets each of them: single parameter sets and runs do not.",
        "one": "{name}: allowed {allowed}, posterior {after}, missed by {missed}",
        "none_there": "{name}: no run has a value",
        "series": "Off by series, worst first: {series}.",
        "one_series": "{name} by {off}, most at {month:+d} ({allowed} in the file, posterior {after})",
        "few_months": "{name}: too few months in which runs have a value",
        "more": "{figures}; and {count} more",
        "then": "; ",
    },
    "zh": {
        "parameter": "参数", "prior": "先验", "median": "中位数", "interval": "90%区间",
        "width": "后验宽/先验宽", "default": "现值", "figure": "数据", "allowed": "允许范围",
        "before": "先验[90%]", "after": "后验[90%]", "inside": "落入比例",
        "together": "可互相替代的参数（相关系数）", "nothing": "无高于0.4者",
        "note": "共{simulations}次模拟，{generations}代；{particles}个粒子，等效{effective:.0f}个；{tolerance}。",
        "exact": "全部满足各项数据", "near": "容差{value}",
        "few": "等效粒子过少，区间不可引用：请增加particles。",
        "kept": "结果", "figures": "图",
        "missed": "偏离", "month": "月份",
        "met": "全部{all}项数据均被后验的每组参数满足。",
        "met_series": (
            "文件中的数据在误差范围内得到满足：最大偏离{tolerance}"
            "（1为比例指标5个百分点，或其他指标十分之一；逐月波动大的相应放宽）。"
        ),
        "not_met": (
            "并非所有数据都得到满足：后验参数组最多偏离允许范围{tolerance}个半宽（0为满足）；"
            "{all}项中有{some}项的中位数落在允许范围内。"
        ),
        "not_met_series": (
            "文件中的数据未得到满足：后验参数组最多偏离误差单位的{tolerance}倍"
            "（误差单位：比例指标5个百分点，其他指标十分之一；逐月波动大的相应放宽）。"
        ),
        "no_value": "未得到满足：所试的参数组都不能使每项数据有数值。",
        "worst": "偏离最大：{figures}。",
        "chance": "各项的中位数都落在允许范围内，但单组参数、单次模拟并非如此。",
        "one": "{name}：允许{allowed}，后验{after}，偏离{missed}",
        "none_there": "{name}：各次模拟均无数值",
        "series": "各列的偏离（由大到小）：{series}。",
        "one_series": "{name}{off}，最大在第{month}个月（文件{allowed}，后验{after}）",
        "few_months": "{name}：有数值的月份太少",
        "more": "{figures}；另有{count}项",
        "then": "；",
    },
}  # fmt: skip

FEW = 30
"""Effective particles below which intervals are not to be quoted."""

STRONG = 0.4

WORST = 5
"""Missed figures that the sentence above the tables names; the table marks each."""


def print_calibration(calibration: Calibration, console: Console, language: str = "en") -> None:
    """Print how far the figures are met, parameters, every figure, strong pairs, where it is kept.

    Args:
        calibration: What to sum up.
        console: Rich console to print on.
        language: "en" or "zh".
    """
    words = WORDS[language]
    met = fits(calibration)
    for line in misfit_lines(calibration, language):
        console.print(line, style="green" if met else "bold red")
    _print_parameters(calibration, console, words)
    _print_figures(calibration, console, words, language)
    pairs = calibration.pairs[calibration.pairs["correlation"].abs() >= STRONG].head(6)
    told = ", ".join(f"{a} ~ {b} {r:+.2f}" for a, b, r in pairs.itertuples(index=False))
    console.print(f"{words['together']}: {told or words['nothing']}")
    exact = calibration.tolerance <= 0
    tolerance = calibration.tolerance
    near = words["near"].format(
        value=as_text.MISSING if tolerance >= MISSING else f"{tolerance:.2f}"
    )
    note = words["note"].format(
        simulations=int(calibration.generations["simulations"].sum()),
        generations=len(calibration.generations) - 1,
        particles=len(calibration.posterior),
        effective=calibration.effective,
        tolerance=words["exact"] if exact else near,
    )
    console.print(note, style="dim")
    if calibration.effective < FEW:
        console.print(words["few"], style="red")
    if calibration.folder is not None:
        places = [f"{words['kept']}: {calibration.folder}"]
        drawn = sorted((calibration.folder / "figures").glob("*.png"))
        for line in places + [f"{words['figures']}: {path}" for path in drawn]:
            console.print(line, soft_wrap=True)


def _print_parameters(calibration: Calibration, console: Console, words: dict[str, str]) -> None:
    from rich import box
    from rich.table import Table

    head = [words[k] for k in ("parameter", "prior", "default", "median", "interval", "width")]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in head:
        table.add_column(title, overflow="fold")
    for row in calibration.parameters.sort_values("width").to_dict("records"):
        default = "–" if math.isnan(row["default"]) else f"{row['default']:g}"
        table.add_row(
            row["parameter"], f"{row['prior_low']:g} – {row['prior_high']:g}", default,
            f"{row['median']:.3g}", f"{row['q05']:.3g} – {row['q95']:.3g}", f"{row['width']:.2f}",
        )  # fmt: skip
    console.print(table)


def _print_figures(
    calibration: Calibration, console: Console, words: dict[str, str], language: str
) -> None:
    from rich import box
    from rich.table import Table

    table = Table(words["figure"], box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for k in ("month", "allowed", "before", "after", "inside", "missed"):
        table.add_column(words[k], justify="right", overflow="fold")
    for case in calibration.question.cases:
        before = ""
        for row in _rows_of(calibration, case):
            name = _name(row, case, language)
            name += f", {unit}" if (unit := _unit(row, language)) != "1" else ""
            table.add_row(
                "" if case.observed.series and name == before else name, f"{row['month']:+d}",
                _allowed(row, language), _spread(row, "prior_", language), _spread(row, "", language),
                f"{100 * row['share_inside']:.0f}%", _off(row["missed"]),
                style=None if row["missed"] <= _enough(case) else "red",
            )  # fmt: skip
            before = name
    console.print(table)


# --- how far the figures are met ----------------------------------------------------------------


def fits(calibration: Calibration) -> bool:
    """Whether every particle meets what it is held against: an interval, or months within an error."""
    return calibration.tolerance <= max(map(_enough, calibration.question.cases))


def misfit_lines(calibration: Calibration, language: str = "en") -> list[str]:
    """How far the figures are met, in words, with those missed worst by name."""
    words, tolerance, cases = WORDS[language], calibration.tolerance, calibration.question.cases
    told = f"{tolerance:.2g}"
    if tolerance >= MISSING:
        lines = [words["no_value"]]
    elif fits(calibration):
        key = "met_series" if any(case.observed.series for case in cases) else "met"
        return [words[key].format(tolerance=told, all=len(calibration.figures))]
    elif any(case.observed.series for case in cases):
        lines = [words["not_met_series"].format(tolerance=told)]
    else:
        every = calibration.figures["missed"]
        some = int((every <= 0).sum())
        lines = [words["not_met"].format(tolerance=told, some=some, all=len(every))]
    for case in cases:
        lines.append(
            _off_by_series(calibration, case, language)
            if case.observed.series
            else _worst(calibration, case, language)
        )
    return lines


def _worst(calibration: Calibration, case: Case, language: str) -> str:
    words = WORDS[language]
    rows = [row for row in _rows_of(calibration, case) if not row["missed"] <= 0]
    if not rows:
        return words["chance"]
    rows.sort(key=lambda row: -math.inf if math.isnan(row["missed"]) else -row["missed"])
    items = [
        words["none_there" if math.isnan(row["missed"]) else "one"].format(
            name=f"{_name(row, case, language)} ({row['month']:+d})", allowed=_allowed(row, language),
            after=_spread(row, "", language), missed=_off(row["missed"]),
        )
        for row in rows[:WORST]
    ]  # fmt: skip
    figures = words["then"].join(items)
    if len(rows) > WORST:
        figures = words["more"].format(figures=figures, count=len(rows) - WORST)
    return words["worst"].format(figures=figures)


def _off_by_series(calibration: Calibration, case: Case, language: str) -> str:
    words, rows = WORDS[language], list(_rows_of(calibration, case))
    off = case.observed.by_indicator(np.array([row["median"] for row in rows], dtype=float))
    items = []
    for name, square in sorted(off.items(), key=lambda item: (item[1] == item[1], -item[1])):
        known_as = INDICATORS[name].zh if language == "zh" else INDICATORS[name].en
        own = [row for row in rows if row["indicator"] == name and not math.isnan(row["missed"])]
        if math.isnan(square) or not own:
            items.append(words["few_months"].format(name=known_as))
            continue
        worst = max(own, key=lambda row: row["missed"])
        items.append(
            words["one_series"].format(
                name=known_as, off=_off(math.sqrt(square)), month=worst["month"],
                allowed=_allowed(worst, language), after=_spread(worst, "", language),
            )
        )  # fmt: skip
    return words["series"].format(series=words["then"].join(items))


def _enough(case: Case) -> float:
    """Distance up to which figures are met: months of a file are known to an error only."""
    return 1.0 if case.observed.series else 0.0


def _rows_of(calibration: Calibration, case: Case) -> Iterator[dict[Any, Any]]:
    frame = calibration.figures
    yield from frame[frame["case"] == case.name].to_dict("records")


def _name(row: dict[Any, Any], case: Case, language: str) -> str:
    indicator = INDICATORS[str(row["indicator"])]
    label = indicator.zh if language == "zh" else indicator.en
    return label if case.observed.series else row["label"] or label


def _unit(row: dict[Any, Any], language: str) -> str:
    if row["relative"]:
        return "%"
    known_as = INDICATORS[str(row["indicator"])]
    # A count has no unit but itself.
    return "1" if known_as.unit == "1" and not known_as.share else unit_text(known_as, language)


def _text(row: dict[Any, Any], value: float, language: str) -> str:
    if row["relative"] and not math.isnan(value):
        return f"{100 * value:+.0f}"
    return value_text(value, INDICATORS[str(row["indicator"])], language)


def _allowed(row: dict[Any, Any], language: str) -> str:
    ends = dict.fromkeys(_text(row, float(row[end]), language) for end in ("low", "high"))
    return " – ".join(ends)


def _spread(row: dict[Any, Any], source: str, language: str) -> str:
    names = [f"{source}{name}" for name in ("median", "q05", "q95")]
    return spread_text(row, names, lambda value: _text(row, value, language))


def _off(missed: float) -> str:
    if math.isnan(missed) or not missed:
        return as_text.MISSING if missed else "0"
    return f"{missed:.1f}" if missed >= 0.05 else "<0.1"
