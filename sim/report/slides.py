"""The paper as three slides (PPTX): conclusions, the table with a figure, and what follows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from sim.figures.style import png
from sim.report.content import Paragraph, Picture, Report, Section, Table
from sim.report.document import lines_of, widths_of
from sim.report.page import shown

WIDE, HIGH = 13.333, 7.5
"""Inches of a slide."""

EDGE = 0.6
"""Inches around what is on it."""

FONT, LATIN = "微软雅黑", "Calibri"
BLUE, INK = (10, 79, 143), (31, 41, 51)

LEAST_FIGURE = 4.0
"""Inches across below which a figure says nothing on a wall."""

CELL = 14
"""Points of a table's text."""

SIZES = (20, 18, 16, 14, 12)
"""Points of text, the largest in which a slide holds it."""


def as_pptx(report: Report) -> bytes:
    """Three slides of the same content as the paper, with the first figure of its annexes."""
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    show.slide_width, show.slide_height = Inches(WIDE), Inches(HIGH)
    facts = show.core_properties
    facts.title, facts.author, facts.comments = report.title[:255], "xiaoqu", report.footer
    first = [part for part in report.paper if not _tables(part)]
    tables = [part for part in report.paper if _tables(part)]
    _text_slide(show, report.title, first[:2], report.language)
    drawn = [b for part in report.annexes for b in part.blocks if isinstance(b, Picture)]
    for part in tables:
        _table_slide(show, part, report.language, drawn[:1])
    _text_slide(show, report.title, first[2:], report.language)
    out = io.BytesIO()
    show.save(out)
    return out.getvalue()


def _tables(part: Section) -> list[Table]:
    return [block for block in part.blocks if isinstance(block, Table)]


def _slide(show: Any, title: str) -> Any:
    from pptx.util import Inches

    slide = show.slides.add_slide(show.slide_layouts[5])
    head = slide.shapes.title
    head.left, head.top, head.width, head.height = map(Inches, (EDGE, 0.35, WIDE - 2 * EDGE, 0.8))
    _write(head.text_frame.paragraphs[0], title, 28, BLUE, bold=True)
    return slide


def _text_slide(show: Any, title: str, parts: Iterable[Section], language: str) -> None:
    slide = _slide(show, title)
    lines: list[tuple[str, bool]] = []
    for part in parts:
        lines.append((part.title, True))
        for block in part.blocks:
            if isinstance(block, Paragraph) and not block.small:
                lines.append((block.lead + block.text, False))
    high = HIGH - 1.6
    size = next((s for s in SIZES if _needs(lines, s) <= high), SIZES[-1])
    frame = _box(slide, 1.25, high)
    for number, (text, head) in enumerate(lines):
        paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
        _write(paragraph, text, size + 2 * head, BLUE if head else INK, bold=head)


def _needs(lines: list[tuple[str, bool]], size: float) -> float:
    """Inches that lines take, a Chinese letter being as wide as its size."""
    across = (WIDE - 2 * EDGE) * 72 / size
    count = sum(
        -(-sum(1 if ord(c) > 0x2E80 else 0.55 for c in text) // across) for text, _ in lines
    )
    return (count + 0.4 * len(lines)) * size * 1.35 / 72


def _table_slide(show: Any, part: Section, language: str, drawn: list[Picture]) -> None:
    from pptx.util import Inches

    slide = _slide(show, part.title)
    top = 1.25
    for table in _tables(part):
        texts = [table.columns, *([shown(cell, language) for cell in row] for row in table.rows)]
        widths = widths_of(texts, WIDE - 2 * EDGE)
        # A little narrower than they are: programs and typefaces differ.
        lines = lines_of(texts, [0.8 * 72 * width for width in widths], CELL)
        tall = [0.1 + 1.55 * CELL * count / 72 for count in lines]
        high = sum(tall)
        frame = slide.shapes.add_table(
            len(texts), len(table.columns), *map(Inches, (EDGE, top, WIDE - 2 * EDGE, high))
        )
        for column, width in zip(frame.table.columns, widths, strict=True):
            column.width = Inches(width)
        for row, line, inches in zip(frame.table.rows, texts, tall, strict=True):
            row.height = Inches(inches)
            for cell, text in zip(row.cells, line, strict=True):
                head = line is texts[0]
                _write(cell.text_frame.paragraphs[0], text, CELL, None if head else INK, bold=head)
        top += high + 0.6
    notes = [b.text for b in part.blocks if isinstance(b, Paragraph)]
    frame = _box(slide, top - 0.35, 0.5)
    for number, text in enumerate(notes):
        paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
        _write(paragraph, text, 11, INK)
    top += 0.5
    for block in drawn:
        width, height = block.figure.get_size_inches()
        across = min(WIDE - 2 * EDGE, (HIGH - top - 0.2) * width / height)
        if across > LEAST_FIGURE:
            picture = slide.shapes.add_picture(
                io.BytesIO(png(block.figure, 200)),
                Inches((WIDE - across) / 2),
                Inches(top),
                Inches(across),
            )
            picture._element.nvPicPr.cNvPr.set("descr", f"{block.title}. {block.alternative}")


def _box(slide: Any, top: float, high: float) -> Any:
    from pptx.util import Inches

    box = slide.shapes.add_textbox(*map(Inches, (EDGE, top, WIDE - 2 * EDGE, max(high, 0.5))))
    box.text_frame.word_wrap = True
    return box.text_frame


def _write(
    paragraph: Any, text: str, size: float, colour: tuple[int, int, int] | None, bold: bool = False
) -> None:
    from pptx.dml.color import RGBColor
    from pptx.oxml.ns import qn
    from pptx.util import Pt

    paragraph.space_after = Pt(size * 0.4)
    run = paragraph.add_run()
    run.text = text
    font = run.font
    font.size, font.bold, font.name = Pt(size), bold, LATIN
    if colour:
        font.color.rgb = RGBColor(*colour)
    chinese = run._r.get_or_add_rPr().makeelement(qn("a:ea"), {"typeface": FONT})
    run._r.get_or_add_rPr().find(qn("a:latin")).addnext(chinese)
