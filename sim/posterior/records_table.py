"""What is shown of the records that could be kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.outcomes import INDICATORS
from sim.posterior import own_tables, records

if TYPE_CHECKING:
    from rich.console import Console

    from sim.posterior.records import Collect

_WORDS = {
    "en": {
        "head": ["record", "adds {unit} [90%]", "right choice", "takes", "per 1,000 yuan"],
        "hours": "h",
        "points": "points", "yuan": "yuan", "unit": "in its unit", "all": "all of them together",
        "now": "Without any more records: {policies}. Right is the policy that ranks first in a run; {runs} of {of} "
        "runs have an outcome under every policy.",
        "one": "{policy} first in {first:.0%} of runs",
        "none": "No record would change the choice: {policy} stays first.",
        "note": "Hours and yuan are assumed, with their range; an hour counts {hour:g} yuan. Adds: expected value of "
        "sample information (Strong et al. 2015).",
        "kept": "Results:",
    },
    "zh": {
        "head": ["数据", "增益（{unit}，90%）", "选对的概率", "所需工时和费用", "每千元增益"],
        "hours": "工时",
        "points": "百分点", "yuan": "元", "unit": "按原单位", "all": "以上全部",
        "now": "不再补充数据时：{policies}。“选对”指所选方案在该次模拟中排名第一；"
        "{of}次模拟中有{runs}次各方案均有结果。",
        "one": "{policy}在{first:.0%}的模拟中排第一",
        "none": "任何一项数据都不会改变选择：仍选{policy}。",
        "note": "工时和费用为假定值，附范围；每工时按{hour:g}元计。增益为样本信息期望价值（Strong等，2015）。",
        "kept": "结果：",
    },
}  # fmt: skip


def print_records(answer: Collect, console: Console, language: str = "en") -> None:
    """Print what each record adds and takes, the most worth first."""
    from rich import box
    from rich.table import Table

    words = {key: value for key, value in _WORDS[language].items() if isinstance(value, str)}
    table = Table(*head(answer, language), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in cells(answer, language):
        table.add_row(*row)
    console.print(table)
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
    if answer.folder is not None:
        console.print(f"{words['kept']} {answer.folder}", soft_wrap=True, highlight=False)


def _unit(answer: Collect) -> tuple[str, float]:
    """What the value is told in, and how many of them are one of the table."""
    if answer.question.worth:
        return "yuan", 1.0
    return ("points", 100.0) if INDICATORS[answer.question.indicator].share else ("unit", 1.0)


def head(answer: Collect, language: str) -> list[str]:
    """Heads of the columns."""
    words = _WORDS[language]
    unit = words[_unit(answer)[0]]
    return [one.format(unit=unit) for one in words["head"]]


def cells(answer: Collect, language: str) -> list[list[str]]:
    """A row a record."""
    scale, rows = _unit(answer)[1], []
    for row in answer.records.to_dict("records"):
        whole = row["figure"] == records.ALL
        title = str(_WORDS[language]["all"]) if whole else own_tables.title(row["figure"], language)
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
        f"{row[part]:g} {_WORDS[language][part]} ({row[f'{part}_low']:g}–{row[f'{part}_high']:g})"
        for part in ("hours", "yuan")
        if row[part]
    ]
    return {"en": ", ", "zh": "，"}[language].join(parts)
