"""Which loop leads when, as a table and in sentences; every number is counted from runs."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sim.as_text import signed, with_interval
from sim.experiments.household import WITH, WITHOUT
from sim.science import effect_table
from sim.science.attribution_table import new_table
from sim.science.loops import LOOPS, Loops

if TYPE_CHECKING:
    from rich.console import Console

WORDS: dict[str, dict[str, str]] = {
    "en": {
        WITH: "Under the policy", WITHOUT: "Without it", "month": "month {0}",
        "leads": "{run}, {when}: the loop of {loop} leads and {way} fees collected ({low} to {high} "
        "points in the mean of {seeds} runs).",
        "none": "{run}, {when}: no loop moves fees collected by a point for sure.",
        "months": "months {0} to {1}",
        "axis": "month", "points": "fees collected, points", "up": "holds up", "down": "holds down",
        "unit": "points of fees collected (with the 95% interval of the loop that leads)",
        "how": "A loop carries what becomes otherwise of fees collected where all its arrows are cut from the first "
        "month of the policy on; what loops carry does not add up.",
    },
    "zh": {
        WITH: "采取措施时", WITHOUT: "不采取措施时", "month": "第{0}个月",
        "leads": "{run}，{when}：{loop}回路起主导作用，{way}物业费收缴率（{seeds}次模拟平均{low}至{high}"
        "个百分点）。",
        "none": "{run}，{when}：没有哪个回路确实使物业费收缴率变化1个百分点以上。",
        "months": "第{0}至{1}个月",
        "axis": "月份", "points": "对物业费收缴率的作用，百分点", "up": "支撑", "down": "拉低",
        "unit": "对物业费收缴率的作用，百分点（主导回路附95%区间）",
        "how": "某一回路的作用，以自措施首月起切断其全部环节后收缴率的差别计；各回路之和不等于总变化。",
    },
}  # fmt: skip


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
        months = [
            (
                int(m),
                next(
                    iter(rows.loc[rows["leads"], ["loop", "carried"]].itertuples(index=False)), None
                ),
            )
            for m, rows in of.groupby("month")
        ]
        for key, part in groupby(
            months, key=lambda one: one[1] and (one[1].loop, one[1].carried > 0.0)
        ):
            same = list(part)
            first, final = same[0][0], same[-1][0]
            when = words["month" if first == final else "months"].format(first, final)
            ends = {"run": words[run], "when": when}
            if not key:
                lines.append(words["none"].format(**ends))
                continue
            loop, points = LOOPS[key[0]], [100.0 * one.carried for _, one in same if one]
            lines.append(words["leads"].format(
                **ends, loop=loop.zh if language == "zh" else loop.en, way=words["up" if key[1] else "down"],
                low=signed(min(points)), high=signed(max(points)), seeds=int(of["seeds"].iloc[0]),
            ))  # fmt: skip
    return [*lines, words["how"]]
