"""What the command says of files that were read, and what can be done with what it wrote."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from sim.intake import cells, door
from sim.intake.door import Read
from sim.phrases import phrases

MOST_ROWS = 36
"""Months of a table that are shown."""

WORDS = phrases("intake")


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
                words.get("tickets_n" if name == "tickets" else name, name) for name in table[0]
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
