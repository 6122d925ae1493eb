"""A calibration in a page: what was learnt about each parameter, and what the model then gives."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.as_text import value_text
from sim.outcomes import INDICATORS

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.calibrate import Calibration

WORDS = {
    "en": {
        "parameter": "parameter", "prior": "prior", "median": "median", "interval": "90%",
        "width": "width / prior", "default": "in force", "figure": "figure", "allowed": "allowed",
        "before": "prior [90%]", "after": "posterior [90%]", "inside": "runs inside",
        "together": "Make up for one another (correlation)", "nothing": "nothing above 0.4",
        "note": "{simulations} simulations in {generations} generations; {particles} particles, worth "
        "{effective:.0f} of equal weight; {tolerance}.",
        "exact": "all meet every figure", "near": "tolerance {value:.2f}",
        "few": "Too few effective particles to quote an interval: use more particles.",
        "kept": "Results", "figures": "Figures",
    },
    "zh": {
        "parameter": "参数", "prior": "先验", "median": "中位数", "interval": "90%区间",
        "width": "后验宽/先验宽", "default": "现值", "figure": "数据", "allowed": "允许范围",
        "before": "先验[90%]", "after": "后验[90%]", "inside": "落入比例",
        "together": "可互相替代的参数(相关系数)", "nothing": "无高于0.4者",
        "note": "共{simulations}次模拟,{generations}代;{particles}个粒子,等效{effective:.0f}个;{tolerance}。",
        "exact": "全部满足各项数据", "near": "容差{value:.2f}",
        "few": "等效粒子过少,区间不可引用:请增加particles。",
        "kept": "结果", "figures": "图",
    },
}  # fmt: skip

FEW = 30
"""Effective particles below which intervals are not to be quoted."""

STRONG = 0.4
MOST_FIGURES = 12


def print_calibration(calibration: Calibration, console: Console, language: str = "en") -> None:
    """Print parameters, figures, the strongest pairs, and where it is kept.

    Args:
        calibration: What to sum up.
        console: Rich console to print on.
        language: "en" or "zh".
    """
    words = WORDS[language]
    _print_parameters(calibration, console, words)
    _print_figures(calibration, console, words, language)
    pairs = calibration.pairs[calibration.pairs["correlation"].abs() >= STRONG].head(6)
    told = ", ".join(f"{a} ~ {b} {r:+.2f}" for a, b, r in pairs.itertuples(index=False))
    console.print(f"{words['together']}: {told or words['nothing']}", highlight=False)
    exact = calibration.tolerance <= 0
    near = words["near"].format(value=calibration.tolerance)
    note = words["note"].format(
        simulations=int(calibration.generations["simulations"].sum()),
        generations=len(calibration.generations) - 1,
        particles=len(calibration.posterior),
        effective=calibration.effective,
        tolerance=words["exact"] if exact else near,
    )
    console.print(note, style="dim", highlight=False)
    if calibration.effective < FEW:
        console.print(words["few"], style="red", highlight=False)
    if calibration.folder is not None:
        places = [f"{words['kept']}: {calibration.folder}"]
        drawn = sorted((calibration.folder / "figures").glob("*.png"))
        for line in places + [f"{words['figures']}: {path}" for path in drawn]:
            console.print(line, soft_wrap=True, highlight=False, markup=False)


def _print_parameters(calibration: Calibration, console: Console, words: dict[str, str]) -> None:
    from rich import box
    from rich.table import Table

    head = [words[k] for k in ("parameter", "prior", "default", "median", "interval", "width")]
    table = Table(*head, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
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

    head = [words[k] for k in ("figure", "allowed", "before", "after", "inside")]
    table = Table(*head, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in calibration.figures.head(MOST_FIGURES).to_dict("records"):
        indicator = INDICATORS[str(row["indicator"])]

        def text(name: str, row: dict = row, indicator=indicator) -> str:  # type: ignore[no-untyped-def]
            return value_text(float(row[name]), indicator, language)

        allowed = text("low") if row["low"] == row["high"] else f"{text('low')} – {text('high')}"
        table.add_row(
            f"{row['label'] or row['indicator']} ({row['month']:+d})", allowed,
            f"{text('prior_median')} [{text('prior_q05')}, {text('prior_q95')}]",
            f"{text('median')} [{text('q05')}, {text('q95')}]",
            f"{100 * row['share_inside']:.0f}%",
        )  # fmt: skip
    console.print(table)
