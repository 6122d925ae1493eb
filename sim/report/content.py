"""What a report is made of, apart from how it is set: sections of text, tables and figures."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from matplotlib.figure import Figure

from sim.as_text import clean


@dataclass(frozen=True)
class Number:
    """A number that pages write in a way of its own, while a spreadsheet holds the number.

    Attributes:
        value: The number.
        text: As pages write it.
    """

    value: float
    text: str


Cell = str | float | int | Number | None


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``small`` for notes."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: list[str]


@dataclass(frozen=True)
class Table:
    """A table; its cells are text as shown, or numbers for a spreadsheet.

    Attributes:
        name: Short, for a sheet or a file.
        title: What it holds.
        columns: Heads.
        rows: Cells, as many as heads; None is not known.
        shown: Whether pages show it too, or only the spreadsheet.
    """

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    shown: bool = True


@dataclass(frozen=True)
class Picture:
    """A figure with what it shows, and the same in words for those who do not see it."""

    figure: Figure
    title: str
    alternative: str


@dataclass(frozen=True)
class Code:
    """Text to be copied, such as a command or a configuration; ``long`` is folded on a page."""

    text: str
    title: str = ""
    long: bool = False


Block = Paragraph | Bullets | Table | Picture | Code


@dataclass
class Section:
    """A headed part."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Report:
    """All of a report; its texts are cleaned here, so that every form may take them as they are.

    Attributes:
        language: "en" or "zh".
        title, subtitle: At the top.
        sections: In their order.
        footer: At the foot of every page.
    """

    language: str
    title: str
    subtitle: str
    sections: list[Section]
    footer: str

    def __post_init__(self) -> None:
        self.title, self.subtitle = clean(self.title), clean(self.subtitle)
        self.sections, self.footer = _cleaned(self.sections), clean(self.footer)

    def tables(self) -> list[Table]:
        """All tables, in their order."""
        return [b for part in self.sections for b in part.blocks if isinstance(b, Table)]

    def text(self) -> str:
        """All characters that occur, for a font that holds no others."""
        parts = [self.title, self.subtitle, self.footer]
        for section in self.sections:
            parts.append(section.title)
            for block in section.blocks:
                parts.append(_text(block))
        return "".join(parts)


def _cleaned(part: Any) -> Any:
    if isinstance(part, str):
        return clean(part, lines=True)
    if isinstance(part, list):
        return [_cleaned(one) for one in part]
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{f.name: _cleaned(getattr(part, f.name)) for f in fields(part)})
    return part


def _text(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text
    if isinstance(block, Bullets):
        return "".join(block.items)
    if isinstance(block, Table):
        cells = [getattr(cell, "text", str(cell)) for row in block.rows for cell in row]
        cells = cells if block.shown else []
        return "".join([block.title, *block.columns, *cells])
    if isinstance(block, Picture):
        return block.title + block.alternative
    return block.title + block.text
