"""A report as a document to be edited (DOCX), set as official papers are (GB/T 9704-2012)."""

from __future__ import annotations

import io
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sim.figures.style import png
from sim.report.content import (
    Block,
    Bullets,
    Code,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
    plain,
)
from sim.report.page import is_number, shown

MARGINS = {"top_margin": 37.0, "bottom_margin": 35.0, "left_margin": 28.0, "right_margin": 26.0}
"""Millimetres around the text of an A4 page, as GB/T 9704 has them."""

ACROSS = 210 - 28 - 26
"""Millimetres of a line."""

SIZES = ((16.0, 28.0), (16.0, 26.0), (14.0, 23.0), (14.0, 21.0), (12.0, 18.0))
"""Points of a letter and from one line to the next: 三号 as usual, down to 小四 where two pages ask for it."""

PAGES = 2
"""Pages that the paper may take."""

POINTS = 72 / 25.4
"""Points of a millimetre."""

LATIN = "Times New Roman"

STAND_INS = {
    "方正小标宋简体": "小标宋;华文中宋;宋体;SimSun;Noto Serif CJK SC;Noto Serif SC",
    "仿宋_GB2312": "仿宋;FangSong;华文仿宋;STFangsong;Noto Serif CJK SC;Noto Serif SC",
    "楷体_GB2312": "楷体;KaiTi;华文楷体;STKaiti;Noto Serif CJK SC;Noto Serif SC",
    "黑体": "SimHei;微软雅黑;Noto Sans CJK SC;Noto Sans SC",
    "宋体": "SimSun;Noto Serif CJK SC;Noto Serif SC",
}
"""What a machine without a typeface shows instead, the first it has."""


@dataclass(frozen=True)
class Type:
    """A typeface and size of a style.

    Attributes:
        chinese: Family of Chinese letters.
        size: Points.
        bold: Whether letters are bold.
        latin: Family of all other letters.
    """

    chinese: str
    size: float
    bold: bool = False
    latin: str = LATIN


TYPES = {
    "Normal": Type("仿宋_GB2312", 12),
    "Body Text 2": Type("仿宋_GB2312", 16),
    "Title": Type("方正小标宋简体", 22),
    "Subtitle": Type("楷体_GB2312", 14),
    "Heading 1": Type("黑体", 16),
    "Heading 2": Type("黑体", 16),
    "Body Text": Type("仿宋_GB2312", 12),
    "List Bullet": Type("仿宋_GB2312", 12),
    "Caption": Type("黑体", 12),
    "Table Grid": Type("仿宋_GB2312", 10.5),
    "Footer": Type("宋体", 14),
}
"""Styles by the names Word gives them: 小标宋二号, 仿宋三号 (the paper's text), 黑体三号, 楷体; annexes are smaller."""

PAPER_TEXT = "Body Text 2"
"""Style of the paper's text."""

LEAD = "楷体_GB2312"
"""What stands in front of a point, （一）."""

SLACK = 14.0
"""Points by which a table may be taller than is reckoned, as programs and typefaces differ."""

SMALL = 9.0
"""Points of notes."""


def as_docx(report: Report) -> bytes:
    """The whole document."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN

    document = Document()
    size, line = next((one for one in SIZES if _pages(report, *one) <= PAGES), SIZES[-1])
    _set_up(document, report, size, line)
    document.add_paragraph(report.title, "Title")
    document.add_paragraph(report.subtitle, "Subtitle")
    for section in report.paper:
        _section(document, section, report.language, "Heading 1", PAPER_TEXT)
    if report.annexes:
        _list_of_annexes(document, report)
    for number, text in enumerate(report.signed):
        paragraph = document.add_paragraph(text, PAPER_TEXT)
        paragraph.alignment = ALIGN.RIGHT
        paragraph.paragraph_format.right_indent = _points(2 * size)
        paragraph.paragraph_format.keep_with_next = True
        if not number:
            paragraph.paragraph_format.space_before = _points(line / 2)
    for number, section in enumerate(report.annexes):
        heading = _section(document, section, report.language, "Heading 2", "Body Text")
        heading.paragraph_format.page_break_before = number == 0
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _pages(report: Report, size: float, line: float) -> float:
    """About how many pages the paper takes, for the choice of its size."""
    high = (297 - MARGINS["top_margin"] - MARGINS["bottom_margin"]) * POINTS
    down = 33 + 22 + line * (1.5 + len(report.signed)) + 28 * bool(report.annexes)
    for section in report.paper:
        down += line
        for place, block in enumerate(section.blocks):
            if isinstance(block, Paragraph):
                letter, step = (SMALL, 1.5 * SMALL) if block.small else (size, line)
                letters = _letters(block.lead + block.text) / 2 + 2.5
                down += step * math.ceil(1.02 * letters * letter / (ACROSS * POINTS))
            elif isinstance(block, Table):
                tall = 20 + _tall(block, report.language)
                # A table stands whole on one page, with its heading where it is the first of its section; what is
                # close to fitting is taken not to fit.
                above = line if place == 0 else 0
                begun = (down - above) % high
                down += high - begun if begun + above + tall + SLACK > high else 0
                down += tall
    return down / high


def _tall(table: Table, language: str) -> float:
    """About how many points a table takes."""
    size = TYPES["Table Grid"].size
    texts = [table.columns, *([shown(cell, language) for cell in row] for row in table.rows)]
    widths = [width * POINTS for width in widths_of(texts, ACROSS)]
    return 1.3 * size * sum(lines_of(texts, widths, size))


def lines_of(texts: list[list[str]], widths: list[float], size: float) -> list[int]:
    """About how many lines each row of a table takes.

    Args:
        texts: Cells by row.
        widths: Of the columns, in points.
        size: Of a letter, in points.
    """
    held = [width * 2 / size - 2.5 for width in widths]
    return [
        max(math.ceil(_letters(text) / most) for text, most in zip(row, held, strict=True))
        for row in texts
    ]


# --- the document -------------------------------------------------------------------------------


def _set_up(document: Any, report: Report, size: float, line: float) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Mm

    facts = document.core_properties
    # Word takes no more of a property.
    facts.title, facts.author, facts.comments = report.title[:255], "xiaoqu", report.footer
    facts.language = "zh-CN" if report.language == "zh" else "en"
    facts.created = facts.modified = datetime.now(UTC)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    for name, margin in MARGINS.items():
        setattr(page, name, Mm(margin))
    _stand_ins(document)
    for name, kind in TYPES.items():
        style = document.styles[name]
        _set_type(style, kind)
        if name != "Table Grid":
            style.paragraph_format.space_before = style.paragraph_format.space_after = _points(0)
    for name in (PAPER_TEXT, "Heading 1"):
        style = document.styles[name]
        style.font.size = _points(size)
        style.paragraph_format.line_spacing = _points(line)
        if report.language == "zh":
            style.paragraph_format.first_line_indent = _points(2 * size)
        elif name != PAPER_TEXT:
            # Chinese headings are told by 黑体 alone.
            style.font.bold = True
    for name, spacing in (("Title", 33), ("Body Text", 19), ("List Bullet", 19), ("Caption", 19)):
        document.styles[name].paragraph_format.line_spacing = _points(spacing)
    for name in ("Title", "Subtitle"):
        document.styles[name].paragraph_format.alignment = ALIGN.CENTER
        _without_border(document.styles[name])
    document.styles["Subtitle"].paragraph_format.space_after = _points(8)
    document.styles["Heading 2"].paragraph_format.space_before = _points(14)
    document.styles["Caption"].paragraph_format.keep_with_next = True
    _foot(page, report.footer)


def _set_type(style: Any, kind: Type) -> None:
    """A style's typeface, whatever the template's theme says."""
    from docx.oxml.ns import qn
    from docx.shared import RGBColor

    font = style.font
    font.name, font.size, font.bold, font.italic = kind.latin, _points(kind.size), kind.bold, False
    font.color.rgb = RGBColor(0, 0, 0)
    names = style.element.rPr.rFonts
    for key in [key for key in names.attrib if key.endswith("Theme")]:
        del names.attrib[key]
    for key in ("w:eastAsia", "w:cs"):
        names.set(qn(key), kind.chinese if key == "w:eastAsia" else kind.latin)


def _without_border(style: Any) -> None:
    from docx.oxml.ns import qn

    for border in style.element.pPr.findall(qn("w:pBdr")):
        style.element.pPr.remove(border)


def _stand_ins(document: Any) -> None:
    """Name what is shown where a typeface is missing: few machines have all of an office's."""
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml import OxmlElement, parse_xml
    from docx.oxml.ns import qn
    from lxml import etree

    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    table = parse_xml(part.blob)
    for name, others in STAND_INS.items():
        font, other = OxmlElement("w:font"), OxmlElement("w:altName")
        font.set(qn("w:name"), name)
        other.set(qn("w:val"), others)
        font.append(other)
        table.append(font)
    part._blob = etree.tostring(table, xml_declaration=True, encoding="UTF-8", standalone=True)


def _foot(page: Any, footer: str) -> None:
    """Page numbers as official papers have them, and what made the numbers."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = page.footer.paragraphs[0]
    paragraph.alignment = ALIGN.CENTER
    paragraph.add_run("— ")
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
    paragraph.add_run(" —")
    made = page.footer.add_paragraph(footer)
    made.alignment = ALIGN.CENTER
    _small(made)


def _points(size: float) -> Any:
    from docx.shared import Pt

    return Pt(size)


# --- sections -----------------------------------------------------------------------------------


def _section(document: Any, section: Section, language: str, heading: str, body: str) -> Any:
    title = document.add_paragraph(section.title, heading)
    for block in section.blocks:
        _block(document, block, language, body)
    return title


def _block(document: Any, block: Block, language: str, body: str) -> None:
    if isinstance(block, Paragraph):
        _paragraph(document, block, language, body)
    elif isinstance(block, Bullets):
        for item in block.items:
            document.add_paragraph(item, "List Bullet")
    elif isinstance(block, Table):
        if block.shown:
            _table(document, block, language)
    elif isinstance(block, Picture):
        _picture(document, block)
    elif isinstance(block, Code) and not block.long:
        if block.title:
            document.add_paragraph(block.title, body)
        document.add_paragraph(plain(block.text), body)


def _paragraph(document: Any, block: Paragraph, language: str, body: str) -> None:
    from docx.oxml.ns import qn

    paragraph = document.add_paragraph(style=body)
    if block.lead:
        gap = " " if language == "en" and not block.lead.endswith(" ") else ""
        run = paragraph.add_run(block.lead + gap)
        run.bold = language == "en"
        run.font.name = LATIN
        run._r.rPr.rFonts.set(qn("w:eastAsia"), LEAD)
    paragraph.add_run(block.text)
    if block.small:
        _small(paragraph)
    elif language == "en":
        paragraph.paragraph_format.space_after = _points(3)


def _small(paragraph: Any) -> None:
    paragraph.paragraph_format.first_line_indent = _points(0)
    paragraph.paragraph_format.line_spacing = _points(SMALL * 1.5)
    for run in paragraph.runs:
        run.font.size = _points(SMALL)


def _list_of_annexes(document: Any, report: Report) -> None:
    """The annexes by name, as official papers list them above who signs."""
    from sim.report.words import PAPER

    words = PAPER[report.language]
    names = [
        f"{n}. {section.title.removeprefix(words['annex'].format(n=n, title=''))}"
        for n, section in enumerate(report.annexes, 1)
    ]
    told = words["semicolon"].join(names)
    paragraph = document.add_paragraph(f"{words['annexes']}{words['colon']}{told}")
    _small(paragraph)
    paragraph.paragraph_format.space_before = _points(6)


MOST_KEPT = 12
"""Rows up to which a table stands whole on one page."""


def _table(document: Any, table: Table, language: str) -> None:
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    caption = document.add_paragraph(table.title, "Caption")
    caption.alignment = ALIGN.CENTER
    texts = [table.columns, *([shown(cell, language) for cell in row] for row in table.rows)]
    laid = document.add_table(len(texts), len(table.columns), "Table Grid")
    whole = len(texts) <= MOST_KEPT
    laid.alignment, laid.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = widths_of(texts, ACROSS)
    for place, width in enumerate(widths):
        laid.columns[place].width = Mm(width)
    numbers = [all(is_number(row[k]) for row in table.rows) for k in range(len(table.columns))]
    # By row: asking a table for its cells one by one takes time that grows with their square.
    for place, (row, line) in enumerate(zip(laid.rows, texts, strict=True)):
        never_split = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(never_split)
        for k, (cell, text) in enumerate(zip(row.cells, line, strict=True)):
            cell.width = Mm(widths[k])
            paragraph = cell.paragraphs[0]
            paragraph.add_run(text).bold = place == 0
            paragraph.paragraph_format.line_spacing = 1.0
            paragraph.paragraph_format.keep_with_next = whole and place < len(texts) - 1
            if place == 0 or numbers[k]:
                paragraph.alignment = ALIGN.CENTER
    laid.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def widths_of(texts: list[list[str]], across: float) -> list[float]:
    """Widths of columns, in proportion to what they hold.

    Args:
        texts: Cells by row.
        across: What the columns share.
    """
    columns = list(zip(*texts, strict=True))
    least = [
        3
        + max(max(map(_letters, re.findall(r"[!-~]+|.{1,4}", text)), default=0) for text in column)
        for column in columns
    ]
    wished = [min(max(map(_letters, column)), 32) + 2 for column in columns]
    more = [max(wish - need, 0) + 1 for wish, need in zip(wished, least, strict=True)]
    # Words stay whole as far as that goes; what is left is shared by what a column holds beyond.
    room = across * POINTS * 2 / TYPES["Table Grid"].size
    spare = max(min(sum(wished), room) - sum(least), 0)
    widths = [need + spare * part / sum(more) for need, part in zip(least, more, strict=True)]
    return [across * width / sum(widths) for width in widths]


def _letters(text: str) -> int:
    """How wide a text is, in Latin letters."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def _picture(document: Any, block: Picture) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.shared import Mm

    width, height = block.figure.get_size_inches()
    across = min(ACROSS, 210 * width / height)
    paragraph = document.add_paragraph()
    paragraph.alignment = ALIGN.CENTER
    paragraph.paragraph_format.line_spacing = 1.0
    paragraph.paragraph_format.keep_with_next = True
    drawn = paragraph.add_run().add_picture(io.BytesIO(png(block.figure, 200)), Mm(across))
    drawn._inline.docPr.set("descr", f"{block.title}. {block.alternative}")
    document.add_paragraph(block.title, "Caption").alignment = ALIGN.CENTER
