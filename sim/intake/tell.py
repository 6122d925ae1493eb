"""What the command says of files that were read, and what can be done with what it wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from sim.intake import cells, door
from sim.intake.door import Read

MOST_ROWS = 36
"""Months of a table that are shown."""

WORDS = {
    "en": {
        "register": "register of flats", "ledger": "ledger of fees", "tickets": "hotline tickets",
        "months": "monthly figures", "edges": "ties", "read": "{path}: {kind}",
        "month": "month", "due": "due (yuan)", "paid": "paid (yuan)", "rate": "rate", "flats": "flats paid",
        "property": "on property", "per_1000": "per 1,000 households", "repeats": "repeats",
        "nothing": "Nothing is written yet. If this is right: --out FOLDER; if not: --mapping FILE with columns: {{field: name}}.",
        "ask": "Months are of the calendar. Which is the last before the policy? --zero {last} if it is the last here.",
        "wrote": "wrote {path}", "use": "To use it:", "rest": "{n} more rows",
    },
    "zh": {
        "register": "业主清册", "ledger": "物业费收缴台账", "tickets": "热线工单", "months": "逐月数据", "edges": "住户关系",
        "read": "{path}：{kind}",
        "month": "月份", "due": "应收（元）", "paid": "实收（元）", "rate": "收缴率", "flats": "缴清户数",
        "property": "物业类", "per_1000": "每千户", "repeats": "重复率", "tickets_n": "工单",
        "nothing": "尚未写出任何文件。如无误，请加 --out 文件夹；如有误，请用 --mapping 文件指定 columns: {{字段: 列名}}。",
        "ask": "月份为实际年月。政策实施前的最后一个月是哪一个？若为表中最后一个月，请加 --zero {last}",
        "wrote": "已写出 {path}", "use": "使用方法：", "rest": "另有 {n} 行",
    },
}  # fmt: skip


def lines(read: Sequence[Read], language: str = "en") -> list[str]:
    """What each file is, what was read of it and what was left out."""
    words = WORDS[language]
    said = []
    for one in read:
        said.append(words["read"].format(path=one.path, kind=words[one.kind]))
        said += [f"  {line}" for line in door.told(one, language)]
        table = door.shown(one)
        if table:
            head = [
                words.get("tickets_n" if name == "tickets" and language == "zh" else name, name)
                for name in table[0]
            ]
            said += _aligned([head, *table[1 : MOST_ROWS + 1]])
            if len(table) > MOST_ROWS + 1:
                said.append("  " + words["rest"].format(n=len(table) - MOST_ROWS - 1))
    return said


def _aligned(rows: list[list[str]]) -> list[str]:
    wide = [max(_width(row[k]) for row in rows) for k in range(len(rows[0]))]
    return [
        "  "
        + "  ".join(
            cell + " " * (w - _width(cell)) for cell, w in zip(row, wide, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def after(read: Sequence[Read], written: Sequence[Path], language: str = "en") -> list[str]:
    """What was written and how to use it; or how to have it written."""
    words = WORDS[language]
    if not written:
        dated = door.calendar(read)
        asks = dated and not any(one.said.zero for one in read)
        ask = [words["ask"].format(last=cells.month_name(dated[-1]))] if asks else []
        return [*ask, words["nothing"].format()]
    said = [words["wrote"].format(path=path) for path in written]
    names = {path.name: path for path in written}
    use = []
    if "households.csv" in names:
        ties = (
            f" network.generator=file {word('network.file', names['edges.csv'])}"
            if "edges.csv" in names
            else ""
        )
        use.append(f"xiaoqu run {word('population.household_file', names['households.csv'])}{ties}")
    if "months.csv" in names:
        use.append(f"xiaoqu calibrate {word('file', names['months.csv'])}")
    return [*said, *([words["use"], *(f"  {line}" for line in use)] if use else [])]


def word(key: str, path: Path | str) -> str:
    """A word of a command line that bash, PowerShell and cmd.exe all hand on as it is."""
    text = f"{key}={path}"
    plain = re.fullmatch(r"[\w./:=\\-]+", text)
    if plain:
        return text
    # Between double quotes only bash and PowerShell change anything, and only at these.
    return f"'{text}'" if re.search(r"[$`!]", text) else f'"{text}"'
