"""What checks of level and of trials say in a page: the band beside what the model gives, and the verdict."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.as_text import MISSING, aside, number_text
from sim.experiments.summary import markdown, spread_text
from sim.experiments.tables import print_rows
from sim.phrases import phrases
from sim.science.holding import ABSENT, HOLD, MISS, NEARLY_ANY, UNTOLD
from sim.science.trials import SCENARIO
from sim.science.untouched import POPULATIONS

if TYPE_CHECKING:
    from rich.console import Console

LEVELS, TRIALS = "levels", "trials"

WORDS = phrases("levels_table")


def as_markdown(frame: pd.DataFrame, part: str, language: str = "en") -> str:
    """All that is known of each check, as a table for documents."""
    words = WORDS[language]
    shown = (
        "check",
        "whom",
        "counted",
        "allowed",
        "set",
        "source",
        f"{part}_model",
        "met",
        "verdict",
    )
    head = [words[key] for key in shown]
    rows = [
        [
            row[language], _whom(row, language), row["definition"], _allowed(row, words),
            row["band" if language == "en" else "band_zh"], f"{row['source']} ({row['grade']})", _model(row, words),
            _met(row), _verdict(row, language),
        ]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return markdown(head, rows)


def print_checks(frame: pd.DataFrame, part: str, console: Console, language: str = "en") -> None:
    """Print what was allowed, what came, and how many hold."""
    words = WORDS[language]
    shown = ("check", "whom", "allowed", f"{part}_model", "met", "verdict", "source")
    head = [words[key] for key in shown]
    rows = [
        [row[language], _whom(row, language), _allowed(row, words), _model(row, words), _met(row),
         _verdict(row, language), f"{row['source']} ({row['grade']})"]
        for row in frame.to_dict("records")
    ]  # fmt: skip
    print_rows(console, head, rows, title=words[part])
    console.print(told(frame, language))


def told(frame: pd.DataFrame, language: str = "en") -> str:
    """How many hold, in a sentence."""
    counts = frame["verdict"].value_counts()
    number = {
        key: int(counts.get(name, 0))
        for key, name in (("hold", HOLD), ("miss", MISS), ("untold", UNTOLD), ("absent", ABSENT))
    }
    empty = int((frame["no_test"] & (frame["verdict"] == HOLD)).sum())
    return WORDS[language]["told"].format(**number, no_test=empty, nearly=NEARLY_ANY)


def _whom(row: dict[Any, Any], language: str) -> str:
    name = "ordinary" if row["population"] == SCENARIO else row["population"]
    population = POPULATIONS[name]
    return population.zh if language == "zh" else population.en


def _number(value: float, unit: str) -> str:
    if unit == "1":
        return f"{100 * value:.1f}%"
    # One decimal would hide what a ratio is about.
    return f"{value:.2f}" if unit == "ratio" else number_text(value)


def _allowed(row: dict[Any, Any], words: dict[str, str]) -> str:
    low, high = (_number(row[end], row["unit"]) for end in ("low", "high"))
    return words["to"].format(low=low, high=high) + words[row["unit"]]


def _model(row: dict[Any, Any], words: dict[str, str]) -> str:
    return spread_text(row, ("median", "q05", "q95"), lambda value: _number(value, row["unit"]))


def _met(row: dict[Any, Any]) -> str:
    return MISSING if math.isnan(row["met"]) else f"{100 * row['met']:.0f}%"


def _verdict(row: dict[Any, Any], language: str) -> str:
    words, (comma, stop) = WORDS[language], ("，；" if language == "zh" else (", ", "; "))
    use = words[row["use"]] + aside(row["parameter"], language)
    empty = stop + words["no_test"] if row["no_test"] else ""
    return words[row["verdict"]] + comma + use + empty
