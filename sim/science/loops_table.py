"""Which loop leads when, as a table and in sentences; every number is counted from runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sim.as_text import signed, with_interval
from sim.experiments.household import WITH, WITHOUT
from sim.phrases import phrases
from sim.science import effect_table
from sim.science.attribution_table import new_table
from sim.science.loops import LOOPS, Loops

if TYPE_CHECKING:
    from rich.console import Console

WORDS = phrases("loops")


def print_loops(loops: Loops, console: Console, language: str = "en") -> None:
    """Print what each loop carries at the end of every half-year, and which leads when."""
    words, zh = WORDS[language], language == "zh"
    last = int(loops.carried["month"].max())
    for run in (WITH, WITHOUT):
        table = new_table(
            [
                words[run],
                *(loop.zh if zh else loop.en for loop in LOOPS.values()),
            ]
        )
        of = loops.carried[loops.carried["run"] == run]
        for month in sorted({*range(6, last + 1, 6), last}):
            rows = of[of["month"] == month].to_dict("records")
            cells = [
                with_interval(*(100.0 * row[key] for key in ("carried", "low", "high")))
                if row["leads"]
                else signed(100.0 * row["carried"])
                for row in rows
            ]
            table.add_row(words["month"].format(month), *cells)
        console.print(table)
        console.print(words["unit"], style="dim", highlight=False)
        console.print()
    effect_table.print_told(loops, sentences(loops, language), console, language)


def sentences(loops: Loops, language: str = "en") -> list[str]:
    """Which loop leads when, in "en" or "zh"."""
    words, lines = WORDS[language], []
    for run in (WITH, WITHOUT):
        of = loops.carried[loops.carried["run"] == run]
        ahead: dict[int, tuple[str, float]] = {
            int(row["month"]): (row["loop"], 100.0 * row["carried"])
            for row in of[of["leads"].astype(bool)].to_dict("records")
        }

        def leader(
            month: int, ahead: dict[int, tuple[str, float]] = ahead
        ) -> tuple[str, bool] | None:
            """The loop that leads, and whether it lifts; None where none does."""
            return (ahead[month][0], ahead[month][1] > 0.0) if month in ahead else None

        for key, part in groupby(sorted({int(month) for month in of["month"]}), key=leader):
            same = list(part)
            first, final = same[0], same[-1]
            when = words["month" if first == final else "months"].format(first, final)
            ends = {"run": words[run], "when": when}
            if not key:
                lines.append(words["none"].format(**ends))
                continue
            loop, points = LOOPS[key[0]], [ahead[month][1] for month in same]
            lines.append(words["leads"].format(
                **ends, loop=loop.zh if language == "zh" else loop.en, way=words["up" if key[1] else "down"],
                low=signed(min(points)), high=signed(max(points)), seeds=int(of["seeds"].iloc[0]),
            ))  # fmt: skip
    return [*lines, words["how"]]
