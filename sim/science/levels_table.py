"""What checks of level and of trials say in a page: the band beside what the model gives, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
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


ALL = ("check", "whom", "counted", "allowed", "set", "source", "model", "met", "verdict")
"""Columns of a table for documents."""


def as_markdown(
    frame: pd.DataFrame, part: str, language: str = "en", columns: tuple[str, ...] = ALL
) -> str:
    """What is known of each check, as a table for documents."""
    return markdown(*_cells(frame, part, language, columns))


def print_checks(frame: pd.DataFrame, part: str, console: Console, language: str = "en") -> None:
    """Print what was allowed, what came, and how many hold."""
    columns = ("check", "whom", "allowed", "model", "met", "verdict", "source")
    head, rows = _cells(frame, part, language, columns)
    print_rows(console, head, rows, title=WORDS[language][part])
    console.print(told(frame, language))


def _cells(
    frame: pd.DataFrame, part: str, language: str, columns: tuple[str, ...]
) -> tuple[list[str], list[list[str]]]:
    words = WORDS[language]
    cell: dict[str, Callable[[dict[Any, Any]], str]] = {
        "check": lambda row: row[language],
        "whom": lambda row: _whom(row, language),
        "counted": lambda row: row["definition"],
        "allowed": lambda row: _allowed(row, words),
        "set": lambda row: row["band" if language == "en" else "band_zh"],
        "source": lambda row: f"{row['source']} ({row['grade']})",
        "model": lambda row: spread_text(
            row, ("median", "q05", "q95"), lambda value: _number(value, row["unit"])
        ),
        "met": lambda row: MISSING if math.isnan(row["met"]) else f"{100 * row['met']:.0f}%",
        "verdict": lambda row: _verdict(row, language),
    }
    head = [words[f"{part}_model" if name == "model" else name] for name in columns]
    return head, [[cell[name](row) for name in columns] for row in frame.to_dict("records")]


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


def _verdict(row: dict[Any, Any], language: str) -> str:
    words, (comma, stop) = WORDS[language], ("，；" if language == "zh" else (", ", "; "))
    use = words[row["use"]] + aside(row["parameter"], language)
    empty = stop + words["no_test"] if row["no_test"] else ""
    return words[row["verdict"]] + comma + use + empty
