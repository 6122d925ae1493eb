"""What a report is made of, apart from how it is set: a paper of a page or two, and its annexes."""

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
    """Running text; ``lead`` stands in front of it and apart, ``small`` is for notes."""

    text: str
    small: bool = False
    lead: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: list[str]


@dataclass(frozen=True)
class Table:
    """A table; its cells are text as shown, or numbers for a spreadsheet.

    Attributes:
        name: Short, for a file.
        title: What it holds.
        columns: Heads.
        rows: Cells, as many as heads; None is not known.
        shown: Whether pages show it too, or only the spreadsheet.
        sheet: What its sheet is called; the title if left out.
    """

    name: str
    title: str
    columns: list[str]
    rows: list[list[Cell]]
    shown: bool = True
    sheet: str = ""


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
        paper: What a leader reads, a page or two.
        annexes: What it rests on, in detail; none in the short form.
        signed: Lines to be filled in by hand below the paper: unit and date.
        footer: What made the numbers.
    """

    language: str
    title: str
    subtitle: str
    paper: list[Section]
    annexes: list[Section] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    footer: str = ""

    @property
    def sections(self) -> list[Section]:
        """The paper, then its annexes."""
        return [*self.paper, *self.annexes]

    def short(self) -> Report:
        """The paper alone."""
        return replace(self, annexes=[])

    def __post_init__(self) -> None:
        self.title, self.subtitle = clean(self.title), clean(self.subtitle)
        self.paper, self.annexes = _cleaned(self.paper), _cleaned(self.annexes)
        self.signed, self.footer = _cleaned(self.signed), clean(self.footer)

    def tables(self) -> list[Table]:
        """All tables, in their order."""
        return [b for part in self.sections for b in part.blocks if isinstance(b, Table)]

    def text(self) -> str:
        """All characters that occur, for a font that holds no others."""
        parts = [self.title, self.subtitle, *self.signed, self.footer]
        for section in self.sections:
            parts.append(section.title)
            for block in section.blocks:
                parts.append(_text(block))
        return "".join(parts)


def plain(text: str) -> str:
    """A name or question of somebody's as one line of text that no format reads anything into."""
    return " ".join(clean(text).split())


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
        return block.lead + block.text
    if isinstance(block, Bullets):
        return "".join(block.items)
    if isinstance(block, Table):
        cells = [getattr(cell, "text", str(cell)) for row in block.rows for cell in row]
        cells = cells if block.shown else []
        return "".join([block.title, *block.columns, *cells])
    if isinstance(block, Picture):
        return block.title + block.alternative
    return block.title + block.text
