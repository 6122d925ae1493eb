"""What was read from a user's file, said in a line or two: what is in it, and what was left out.

Readers collect ``Note``s; the command says them in English on standard error, the desk in the
language of its page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

MOST_NAMED = 6
"""Rows, spellings or names that a line tells before it only counts them."""


class Note(NamedTuple):
    """One thing to say about a file; ``kind`` is a key of ``WORDS``."""

    kind: str
    values: dict[str, Any]


Notes = list[Note]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "households": "{n} households in {buildings} and {stairs}, floors {low} to {high}",
        "buildings": "{n} buildings",
        "buildings_1": "1 building",
        "stairs": "{n} stairs",
        "stairs_1": "1 stair",
        "tenure": "{owner} owners, {tenant} tenants, {vacant} vacant",
        "members": "{n} with a party member",
        "life": "{young} young, {working} working, {elderly} elderly",
        "area": "area {low:g} to {high:g} m2, {total:,.0f} in all",
        "fee": "fee {low:g} to {high:g} yuan a month",
        "trait": "{name} {low:.4g} to {high:.4g}, mean {mean:.3g}",
        "drawn": "not in the file, so drawn: {names}",
        "ties": "{n} ties among {households} households, {alone} of them without a tie",
        "strength": "strength {low:g} to {high:g}, mean {mean:.3g}",
        "ties_1": "1 tie among {households} households, {alone} of them without a tie",
        "unsaid_1": "strength of 1 tie drawn, as the file does not say it",
        "twice_1": "1 pair given twice, taken once",
        "unsaid": "strength of {n} ties drawn, as the file does not say it",
        "ones": "every weight is 1, as programs write where none was given, so strengths are drawn; "
        "name it strength if 1 is meant",
        "direction": "directions are not used",
        "twice": "{n} pairs given twice, taken once",
        "months": "{n} months from {first} to {last}",
        "months_1": "1 month, {first}",
        "figure": "{name} {low} to {high}",
        "points": "{n} points of {names}",
        "points_1": "1 point of {names}",
        "points_twice": "{n} points that stand twice taken once",
        "encoding": "read as {name}",
        "blank_rows": "left out {n} blank rows ({rows})",
        "blank_rows_1": "left out blank row {rows}",
        "empty_columns": "left out {n} empty columns ({columns})",
        "empty_columns_1": "left out empty column {columns}",
        "total": "left out row {row}, a total ({word})",
        "spelling": "{column} {label} is written {ways}: taken as one",
        "more": "and {n} more",
        "to": "{first} to {last}",
        "mark": "; ",
        "comma": ", ",
    },
    "zh": {
        "households": "{n} 户，{buildings}，{stairs}，楼层 {low} 至 {high}",
        "buildings": "{n} 栋楼",
        "buildings_1": "1 栋楼",
        "stairs": "{n} 个单元",
        "stairs_1": "1 个单元",
        "tenure": "业主 {owner} 户、租户 {tenant} 户、空置 {vacant} 户",
        "members": "党员户 {n} 户",
        "life": "青年 {young} 户、中年 {working} 户、老年 {elderly} 户",
        "area": "面积 {low:g} 至 {high:g} ㎡，合计 {total:,.0f} ㎡",
        "fee": "每月物业费 {low:g} 至 {high:g} 元",
        "trait": "{name} {low:.4g} 至 {high:.4g}，平均 {mean:.3g}",
        "drawn": "表中没有、由模型抽取的列：{names}",
        "ties": "{households} 户之间 {n} 条关系，其中 {alone} 户没有任何关系",
        "strength": "关系强度 {low:g} 至 {high:g}，平均 {mean:.3g}",
        "unsaid": "{n} 条关系未写强度，由模型抽取",
        "ones": "所有 weight 均为 1（软件的默认值），强度由模型抽取；如确指强度为 1，请将该属性改名为 strength",
        "direction": "不使用关系的方向",
        "twice": "{n} 对住户重复出现，只取一次",
        "months": "{n} 个月，第 {first} 至第 {last} 个月",
        "months_1": "1 个月，第 {first} 个月",
        "figure": "{name} {low} 至 {high}",
        "points": "{n} 个设计点：{names}",
        "points_1": "1 个设计点：{names}",
        "points_twice": "{n} 个重复的设计点只取一次",
        "encoding": "按 {name} 编码读取",
        "blank_rows": "略去 {n} 个空行（{rows}）",
        "blank_rows_1": "略去空行 {rows}",
        "empty_columns": "略去 {n} 个空列（{columns}）",
        "empty_columns_1": "略去空列 {columns}",
        "total": "略去第 {row} 行（“{word}”，合计行）",
        "spelling": "{column} {label} 有多种写法：{ways}，视为同一个",
        "more": "等，另有 {n} 个",
        "to": "{first} 至 {last}",
        "mark": "；",
        "comma": "、",
    },
}
"""What is said, by language and kind; a kind with ``_1`` is that of a single one."""

_ASIDE = ("blank_rows", "empty_columns", "total", "spelling", "ones", "twice", "points_twice")
"""Kinds that tell of what was not taken as it stands: a line of their own."""


def rows_told(rows: Sequence[int], language: str) -> str:
    """Row numbers in order, neighbours drawn together: "3, 7 to 9"."""
    words = WORDS[language]
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    told = [
        str(first) if first == last else words["to"].format(first=first, last=last)
        for first, last in runs
    ]
    return some(told, language)


def some(names: Sequence[str], language: str) -> str:
    """The first few names, and how many more there are."""
    words = WORDS[language]
    told = words["comma"].join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return told if more <= 0 else f"{told} {words['more'].format(n=more)}"


def sentences(notes: Sequence[Note], language: str = "en") -> list[str]:
    """One line of what is in the file; another, if need be, of what was not taken as it stands."""
    lines = []
    for aside in (False, True):
        told = [_told(note, language) for note in notes if (note.kind in _ASIDE) == aside]
        if told:
            lines.append(WORDS[language]["mark"].join(told))
    return lines


def _told(note: Note, language: str) -> str:
    words, values = WORDS[language], dict(note.values)
    for name, value in values.items():
        if isinstance(value, Note):
            values[name] = _told(value, language)
        elif name == "rows":
            values[name] = rows_told(value, language)
        elif isinstance(value, list):
            values[name] = some([str(one) for one in value], language)
    kind = note.kind
    if values.get("n") == 1 and f"{kind}_1" in words:
        kind += "_1"
    return words[kind].format(**values)
