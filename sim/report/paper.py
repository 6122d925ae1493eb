"""A report as PDF, figures as vectors, with the Chinese fonts that come with xiaoqu."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from typing import Any

from pylopdf_fonts_zh_cn import sans_path, serif_path

from sim.figures.style import figure_as_svg
from sim.report.content import Block, Bullets, Code, Paragraph, Picture, Report, Section, Table
from sim.report.page import is_number, shown

INK, SOFT, BLUE, LINE, PALE = (
    (31, 41, 51),
    (82, 96, 109),
    (10, 79, 143),
    (213, 220, 228),
    (243, 246, 250),
)
MARGIN = 18.0
"""Millimetres around the text of an A4 page."""

ACROSS = 110
"""Letters of a table's size that stand beside each other between the margins."""

PADDING = 1.2
"""Millimetres beside the text of a table's cell."""

SANS, SERIF = "zh", "song"
"""Names of the two fonts: headings and annexes, and the paper's text."""

NOT_FIRST = frozenset("，。、；：？！）》”’…％%,.;:?!)")
NOT_LAST = frozenset("（《“‘(")
"""Signs that no line may begin with, or end with."""


def as_pdf(report: Report) -> bytes:
    """The whole report, A4."""
    from fpdf import FPDF

    class Paper(FPDF):
        def footer(self) -> None:
            self.set_y(-13)
            self.set_font("zh", size=8)
            self.set_text_color(*SOFT)
            self.cell(0, 5, f"{report.footer}    {self.page_no()} / {{nb}}", align="C")

    logging.getLogger("fpdf.svg").setLevel(logging.ERROR)
    paper = Paper(format="A4")
    paper.set_title(report.title)
    paper.set_lang("zh-CN" if report.language == "zh" else "en")
    paper.set_creator("xiaoqu")
    paper.add_font(SANS, fname=str(sans_path()))
    paper.add_font(SERIF, fname=str(serif_path()))
    paper.set_margins(MARGIN, MARGIN, MARGIN)
    paper.set_auto_page_break(True, margin=18)
    paper.add_page()
    _text(paper, report.title, 19, INK, after=1, font=SERIF, align="C")
    _text(paper, report.subtitle, 10.5, SOFT, after=1, font=SERIF, align="C")
    for section in report.paper:
        _section(paper, section, report.language, SERIF)
    paper.ln(4)
    for line in report.signed:
        _text(paper, line, 11, INK, after=1, font=SERIF, align="R")
    for number, section in enumerate(report.annexes):
        if not number or paper.will_page_break(30):
            paper.add_page()
        _section(paper, section, report.language, SANS)
    return bytes(paper.output())


def _section(paper: Any, section: Section, language: str, font: str) -> None:
    if paper.will_page_break(18):
        paper.add_page()
    paper.ln(2)
    paper.start_section(section.title)
    _text(paper, section.title, 13, INK if font == SERIF else BLUE, after=1)
    for block in section.blocks:
        _set(paper, block, language, font)


def _set(paper: Any, block: Block, language: str, font: str) -> None:
    if isinstance(block, Paragraph):
        size, colour = (8.5, SOFT) if block.small else (11 if font == SERIF else 10.5, INK)
        indent = "\u3000\u3000" if language == "zh" and font == SERIF and not block.small else ""
        gap = " " if language == "en" and block.lead and not block.lead.endswith(" ") else ""
        _text(paper, indent + block.lead + gap + block.text, size, colour, after=1, font=font)
    elif isinstance(block, Bullets):
        for item in block.items:
            paper.set_x(MARGIN + 1)
            paper.set_font(SANS, size=10.5)
            paper.set_text_color(*BLUE)
            paper.cell(4, 6, "•")
            _text(paper, item, 10.5, INK, after=1)
    elif isinstance(block, Table):
        if block.shown:
            _table(paper, block, language)
    elif isinstance(block, Picture):
        _picture(paper, block)
    elif isinstance(block, Code) and not block.long:
        _code(paper, block)


def _text(
    paper: Any,
    text: str,
    size: float,
    colour: tuple[int, int, int],
    after: float,
    font: str = SANS,
    align: str = "L",
) -> None:
    paper.set_font(font, size=size)
    paper.set_text_color(*colour)
    if any(ord(c) > 0x2E80 for c in text):
        # fpdf2 breaks Chinese at any character, also before a full stop.
        wide = paper.w - paper.r_margin - paper.x - 2 * paper.c_margin
        text = "\n".join(lines_of(text, paper.get_string_width, wide))
    paper.multi_cell(0, size * 0.58, text, align=align, new_x="LMARGIN", new_y="NEXT")
    paper.ln(after)


def lines_of(text: str, width_of: Callable[[str], float], wide: float) -> list[str]:
    """A text in lines, broken as Chinese is: anywhere but inside words and numbers, and around some signs.

    Args:
        text: Without breaks of its own.
        width_of: How wide a text is.
        wide: How wide a line may be.
    """
    lines, line = list[str](), ""
    for piece in re.findall(r"[!-~]+ ?|.", text):
        while piece and width_of(line + piece.rstrip()) > wide and line:
            cut = len(line)
            while cut > 1 and (([*line, piece[0]][cut] in NOT_FIRST) or line[cut - 1] in NOT_LAST):
                cut -= 1
            lines.append(line[:cut])
            line = line[cut:].lstrip(" ")
            if cut == 1:
                break
        line += piece
    return [*lines, line] if line else lines


def _table(paper: Any, table: Table, language: str) -> None:
    from fpdf.fonts import FontFace

    if paper.will_page_break(28):
        paper.add_page()
    _text(paper, table.title, 9, SOFT, after=0.5)
    paper.set_font(SANS, size=8.5)
    paper.set_text_color(*INK)
    paper.set_draw_color(*LINE)
    paper.set_line_width(0.2)
    rows = [[shown(cell, language) for cell in row] for row in table.rows]
    widths = _widths(table.columns, rows)
    if sum(widths) > ACROSS:
        # A number that is broken over two lines would be read as another.
        rows = [[cell.replace(" [", "\n[") for cell in row] for row in rows]
        widths = _widths(table.columns, rows)
    align = tuple(
        "RIGHT" if all(is_number(row[k]) for row in table.rows) else "LEFT"
        for k in range(len(table.columns))
    )
    wide = [(210 - 2 * MARGIN) * width / sum(widths) - 3 * PADDING for width in widths]
    with paper.table(
        col_widths=widths, text_align=align, line_height=5, padding=(0.6, PADDING), borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis=None, fill_color=PALE),
    ) as laid:  # fmt: skip
        for row in [table.columns, *rows]:
            line = laid.row()
            for cell, most in zip(row, wide, strict=True):
                parts = (lines_of(part, paper.get_string_width, most) for part in cell.split("\n"))
                line.cell("\n".join("\n".join(part) for part in parts))
    paper.ln(3)


def _widths(columns: list[str], rows: list[list[str]]) -> list[int]:
    """How wide each column is asked to be, in letters."""
    return [
        min(max(*(_width(cell) for cell in column), 9), 40) + 2
        for column in zip(columns, *rows, strict=True)
    ]


def _width(text: str) -> int:
    return max(sum(2 if ord(c) > 0x2E80 else 1 for c in line) for line in text.split("\n"))


def _picture(paper: Any, block: Picture) -> None:
    width, height = block.figure.get_size_inches()
    across = 210 - 2 * MARGIN
    if paper.will_page_break(across * height / width + 8):
        paper.add_page()
    drawing = io.BytesIO(figure_as_svg(block.figure).encode("utf-8"))
    paper.image(drawing, w=across, alt_text=f"{block.title}. {block.alternative}")
    _text(paper, block.title, 9, SOFT, after=2)


def _code(paper: Any, block: Code) -> None:
    if block.title:
        _text(paper, block.title, 9, SOFT, after=0.5)
    paper.set_font(SANS, size=8)
    paper.set_text_color(*INK)
    paper.set_fill_color(*PALE)
    paper.multi_cell(
        0, 4.2, block.text, fill=True, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR"
    )
    paper.ln(2)
