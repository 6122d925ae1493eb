"""What is shown of a street's compounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.as_text import MISSING, aside, number_text, percent_text
from sim.experiments.tables import print_place, print_rows
from sim.phrases import phrases

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.street import Street

WORDS = phrases("street")

OFF = 0.05
"""Distance of the lived start from the share that was given which is told."""


def cells(table: pd.DataFrame, month: int, language: str) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of texts, in their order."""
    words = WORDS[language]
    heads = [head.format(month=month) for head in words["head"]]
    rows = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        start = percent_text(row["start"])
        given = not math.isnan(row["said"])
        now = percent_text(row["said"]) + aside(start, language) if given else start
        off = abs(row["said"] - row["start"]) > OFF
        key = "usual" if not row["known"] else "off" if off else ""
        now += {"zh": "；", "en": "; "}[language] + words[key] if key else ""
        gain, fees = (_interval(row, *of, language) for of in (("gain", 100.0), ("fees", 1.0)))
        hours, first = number_text(row["hours"], language), percent_text(row["first"])
        chosen = words["yes" if row["chosen"] else "no"]
        rows.append([str(number), str(row["compound"]), now, gain, hours, fees, first, chosen])
    return heads, rows


def note(draws: int, language: str) -> str:
    """How it was done and what it does not say."""
    return str(WORDS[language]["note"].format(draws=draws))


def _interval(row: dict[Any, Any], name: str, scale: float, language: str) -> str:
    middle, *ends = (scale * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    if not math.isfinite(middle):
        return MISSING
    said = [f"{value:.1f}" if abs(value) < 10 else number_text(value, language) for value in ends]
    mark = "，" if language == "zh" else ", "
    first = f"{middle:.1f}" if abs(middle) < 10 else number_text(middle, language)
    return first if math.isnan(ends[0]) else f"{first} [{mark.join(said)}]"


def print_street(answer: Street, console: Console, language: str = "en") -> None:
    """Print the compounds in their order."""
    print_rows(console, *cells(answer.compounds, answer.question.config.months, language))
    console.print(note(answer.question.config.replications, language), soft_wrap=True)
    print_place(answer, console, language)
