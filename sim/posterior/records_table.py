"""What is shown of the records that could be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.experiments.comparison_table import policy_title
from sim.experiments.tables import print_place, print_rows
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.posterior import own_tables, records

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from sim.posterior.records import Collect

WORDS = phrases("records")


def print_records(answer: Collect, console: Console, language: str = "en") -> None:
    """Print what each record adds and takes, the most worth first."""
    unit = unit_of(answer.question.indicator, answer.question.worth)
    print_rows(console, head(unit, language), cells(answer.records, unit, language))
    configs = answer.question.comparing.configs
    titles = {policy: policy_title(one, policy, language) for (_, policy), one in configs.items()}
    choices = answer.choices.assign(policy=[titles[name] for name in answer.choices["policy"]])
    for line in sentences(answer.records, choices, answer.question.hour, language):
        console.print(line, soft_wrap=True, highlight=False)
    print_place(answer, console, language)


def sentences(found: pd.DataFrame, choices: pd.DataFrame, hour: float, language: str) -> list[str]:
    """Which policy ranks first as things are, whether a record would change that, and what is assumed."""
    words = WORDS[language]
    ordered = choices.sort_values("first", ascending=False).to_dict("records")
    rows = [{str(key): value for key, value in row.items()} for row in ordered]
    told = {"en": ", ", "zh": "，"}[language].join(words["one"].format(**row) for row in rows)
    said = [words["now"].format(policies=told, **{key: rows[0][key] for key in ("runs", "of")})]
    if not (found["value"] > 0).any():
        best = max(rows, key=lambda row: float(row["outcome"]))
        said.append(words["none"].format(policy=best["policy"]))
    return [*said, words["note"].format(hour=hour)]


Unit = tuple[str, float]
"""What a value is told in, and how many of them are one of the table."""


def unit_of(indicator: str, worth: float = 0.0) -> Unit:
    """Yuan where a unit of the indicator has a worth, else points or its unit."""
    if worth:
        return "yuan", 1.0
    return ("points", 100.0) if INDICATORS[indicator].share else ("unit", 1.0)


def head(unit: Unit, language: str) -> list[str]:
    """Heads of the columns."""
    words = WORDS[language]
    return [one.format(unit=words[unit[0]]) for one in words["head"]]


def cells(found: pd.DataFrame, unit: Unit, language: str) -> list[list[str]]:
    """A row a record."""
    scale, rows = unit[1], []
    for row in found.to_dict("records"):
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
