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
from sim.phrases import phrases
from sim.science.observed import MISSING

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.calibrate import Calibration
    from sim.science.cases import Case

WORDS = phrases("calibration_table")

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
