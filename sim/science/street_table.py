"""What is shown of a street's compounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.as_text import MISSING, number_text, percent_text

if TYPE_CHECKING:
    from rich.console import Console

    from sim.science.street import Street

_WORDS = {
    "en": {
        "head": ["", "compound", "share of fees now (model)", "gain by month {month}, points [90%]", "hours a month",
                 "households' fees for 100 hours a month [90%]", "first in", "within the hours"],
        "yes": "yes", "no": "", "usual": "as usual for its kind", "off": "model cannot start there",
        "note": "The plan was tried {draws} times in each compound, with and without it under the same conditions; "
        "nothing is said of a firm, a committee or a person. Where intervals overlap widely the order is open. "
        "«First in»: share of trials in which an hour brings most there. Hours are assumed.",
        "kept": "Results:",
    },
    "zh": {
        "head": ["", "小区", "目前收缴率（模型起点）", "第{month}个月提高（百分点，90%）", "每月工时",
                 "每百工时多收缴的户数（90%）", "排第一的比例", "可安排"],
        "yes": "是", "no": "", "usual": "无数据，按同类小区的一般情况", "off": "模型达不到该起点",
        "note": "方案在每个小区各试{draws}次，采取与不采取措施在相同随机条件下比较；不评价任何企业、业委会或个人。"
        "区间大量重叠时，先后次序不能确定。“排第一的比例”指该小区单位工时效果居首的模拟所占比例。工时为假定值。",
        "kept": "结果：",
    },
}  # fmt: skip

OFF = 0.05
"""Distance of the lived start from the share that was given which is told."""


def cells(table: pd.DataFrame, month: int, language: str) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of texts, in their order."""
    words: dict[str, Any] = _WORDS[language]
    heads = [str(head).format(month=month) for head in words["head"]]
    rows = []
    for number, row in enumerate(table.to_dict("records"), start=1):
        start = percent_text(row["start"])
        now = f"{percent_text(row['said'])} ({start})" if not math.isnan(row["said"]) else start
        now = now.replace(" (", "（").replace(")", "）") if language == "zh" else now
        off = abs(row["said"] - row["start"]) > OFF
        key = "usual" if not row["known"] else "off" if off else ""
        now += {"zh": "；", "en": "; "}[language] + str(words[key]) if key else ""
        gain, fees = (_interval(row, *of, language) for of in (("gain", 100.0), ("fees", 1.0)))
        hours, first = number_text(row["hours"], language), percent_text(row["first"])
        chosen = str(words["yes" if row["chosen"] else "no"])
        rows.append([str(number), str(row["compound"]), now, gain, hours, fees, first, chosen])
    return heads, rows


def note(draws: int, language: str) -> str:
    """How it was done and what it does not say."""
    return str(_WORDS[language]["note"]).format(draws=draws)


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
    from rich import box
    from rich.table import Table

    heads, rows = cells(answer.compounds, answer.question.config.months, language)
    table = Table(*heads, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(note(answer.question.config.replications, language), soft_wrap=True)
    if answer.folder is not None:
        kept = f"{_WORDS[language]['kept']} {answer.folder}"
        console.print(kept, soft_wrap=True, highlight=False)
