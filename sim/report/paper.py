"""A report as PDF, figures as vectors, with the Chinese font that comes with xiaoqu."""

from __future__ import annotations

import io
import logging
from typing import Any

from pylopdf_fonts_zh_cn import sans_path

from sim.figures.style import figure_as_svg
from sim.report.content import Block, Bullets, Code, Paragraph, Picture, Report, Table
from sim.report.page import shown

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
    paper.add_font("zh", fname=str(sans_path()))
    paper.set_margins(MARGIN, MARGIN, MARGIN)
    paper.set_auto_page_break(True, margin=18)
    paper.add_page()
    _text(paper, report.title, 19, BLUE, after=1)
    _text(paper, report.subtitle, 10.5, SOFT, after=2)
    paper.set_draw_color(*BLUE)
    paper.set_line_width(0.6)
    paper.line(MARGIN, paper.get_y(), 210 - MARGIN, paper.get_y())
    paper.ln(3)
    for section in report.sections:
        if paper.will_page_break(30):
            paper.add_page()
        paper.ln(3)
        paper.start_section(section.title)
        _text(paper, section.title, 14, BLUE, after=1.5)
        for block in section.blocks:
            _set(paper, block, report.language)
    return bytes(paper.output())


def _set(paper: Any, block: Block, language: str) -> None:
    if isinstance(block, Paragraph):
        _text(
            paper, block.text, 9 if block.small else 10.5, SOFT if block.small else INK, after=1.5
        )
    elif isinstance(block, Bullets):
        for item in block.items:
            paper.set_x(MARGIN + 1)
            paper.set_font("zh", size=10.5)
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


def _text(paper: Any, text: str, size: float, colour: tuple[int, int, int], after: float) -> None:
    paper.set_font("zh", size=size)
    paper.set_text_color(*colour)
    # Chinese has no spaces to break a line at: any character may end one.
    wrap = "CHAR" if any(ord(c) > 0x2E80 for c in text) else "WORD"
    paper.multi_cell(0, size * 0.58, text, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode=wrap)
    paper.ln(after)


def _table(paper: Any, table: Table, language: str) -> None:
    from fpdf.fonts import FontFace

    if paper.will_page_break(28):
        paper.add_page()
    _text(paper, table.title, 9, SOFT, after=0.5)
    paper.set_font("zh", size=8.5)
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
        "LEFT" if all(isinstance(row[k], str) for row in table.rows) else "RIGHT"
        for k in range(len(table.columns))
    )
    with paper.table(
        col_widths=widths, text_align=align, line_height=5, padding=(0.6, 1.2), borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis=None, fill_color=PALE), wrapmode="CHAR" if language == "zh" else "WORD",
    ) as laid:  # fmt: skip
        for row in [table.columns, *rows]:
            line = laid.row()
            for cell in row:
                line.cell(cell)
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
    paper.set_font("zh", size=8)
    paper.set_text_color(*INK)
    paper.set_fill_color(*PALE)
    paper.multi_cell(
        0, 4.2, block.text, fill=True, align="L", new_x="LMARGIN", new_y="NEXT", wrapmode="CHAR"
    )
    paper.ln(2)
