"""What is shown of the records that could be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.experiments.tables import print_place, print_rows
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.posterior import own_tables, records

if TYPE_CHECKING:
    from rich.console import Console

    from sim.posterior.records import Collect

WORDS = phrases("records")


def print_records(answer: Collect, console: Console, language: str = "en") -> None:
    """Print what each record adds and takes, the most worth first."""
    words = WORDS[language]
    print_rows(console, head(answer, language), cells(answer, language))
    ordered = answer.choices.sort_values("first", ascending=False).to_dict("records")
    choices = [{str(key): value for key, value in row.items()} for row in ordered]
    told = {"en": ", ", "zh": "，"}[language].join(words["one"].format(**row) for row in choices)
    console.print(
        words["now"].format(policies=told, **{key: choices[0][key] for key in ("runs", "of")}),
        soft_wrap=True,
        highlight=False,
    )
    if not (answer.records["value"] > 0).any():
        best = max(choices, key=lambda row: float(row["outcome"]))
        console.print(words["none"].format(policy=best["policy"]), soft_wrap=True, highlight=False)
    note = words["note"].format(hour=answer.question.hour)
    console.print(note, soft_wrap=True, highlight=False)
    print_place(answer, console, language)


def _unit(answer: Collect) -> tuple[str, float]:
    """What the value is told in, and how many of them are one of the table."""
    if answer.question.worth:
        return "yuan", 1.0
    return ("points", 100.0) if INDICATORS[answer.question.indicator].share else ("unit", 1.0)


def head(answer: Collect, language: str) -> list[str]:
    """Heads of the columns."""
    words = WORDS[language]
    unit = words[_unit(answer)[0]]
    return [one.format(unit=unit) for one in words["head"]]


def cells(answer: Collect, language: str) -> list[list[str]]:
    """A row a record."""
    scale, rows = _unit(answer)[1], []
    for row in answer.records.to_dict("records"):
        whole = row["figure"] == records.ALL
        title = WORDS[language]["all"] if whole else own_tables.title(row["figure"], language)
        gain, low, high = (scale * row[name] for name in ("value", "low", "high"))
        rows.append([
            title, f"{gain:.3g} [{low:.3g}, {high:.3g}]", f"{row['right']:.0%} → {row['right_with']:.0%}",
            _takes(row, language),
            f"{1000 * gain / row['price']:.3g}" if row["price"] else "",
        ])  # fmt: skip
    return rows


def _takes(row: Mapping[Any, Any], language: str) -> str:
    """Hours and, where there are any, yuan, with their range."""
    parts = [
        f"{row[part]:g} {WORDS[language][part]} ({row[f'{part}_low']:g}–{row[f'{part}_high']:g})"
        for part in ("hours", "yuan")
        if row[part]
    ]
    return {"en": ", ", "zh": "，"}[language].join(parts)
