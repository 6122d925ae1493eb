"""What an explorer says in a terminal: how far its lines are from runs that it has not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.as_text import value_text
from sim.outcomes import INDICATORS
from sim.phrases import phrases
from sim.science.attribution_table import measure_title, new_table, print_place

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.explore import Explorer

WORDS = phrases("explore_table")


def print_explorer(explorer: Explorer, console: Console, language: str = "en") -> None:
    """Print the error of each indicator at some months, and where the page is."""
    words, question = WORDS[language], explorer.question
    titles = [measure_title(question.config, one.label, language) for one in question.levers]
    joined = ("、" if language == "zh" else ", ").join(titles)
    counts = {"unseen": question.unseen, "repeats": question.repeats}
    console.print(words["head"].format(measures=joined, runs=len(explorer.design), **counts))
    table = new_table([words[k] for k in ("indicator", "month", "within", "runs", "held")])
    months = question.months
    shown = sorted({months[len(months) // 4], months[len(months) // 2], months[-1]})
    rows = explorer.errors[explorer.errors["month"].isin(shown)].to_dict("records")
    for row in rows:
        indicator = INDICATORS.get(row["indicator"])
        if indicator is not None:
            name = indicator.zh if language == "zh" else indicator.en
            off, runs = (value_text(row[k], indicator, language) for k in ("within", "runs"))
            held = f"{100 * row['held_50']:.0f}, {100 * row['held_90']:.0f}"
            table.add_row(name, str(row["month"]), off, runs, held)
    console.print(table)
    if explorer.folder is not None:
        console.print(words["page"].format(file=explorer.folder / "explorer.html"))
    print_place(explorer, console, language)
