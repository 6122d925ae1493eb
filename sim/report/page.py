"""A report as one HTML file that needs nothing else: figures as vectors, the font inside."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import count

from matplotlib.figure import Figure

from sim.as_text import LARGE, MISSING, number_text
from sim.figures import fonts
from sim.figures.style import figure_as_svg
from sim.report.content import (
    Block,
    Bullets,
    Cell,
    Number,
    Paragraph,
    Picture,
    Report,
    Section,
    Table,
)

STYLE = """
:root{--ink:#1f2933;--soft:#52606d;--line:#d5dce4;--blue:#0a4f8f;--pale:#f3f6fa}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:var(--ink);font:17px/1.75 FONTS;}
main{max-width:920px;margin:0 auto;padding:32px 24px 64px}
header{border-bottom:3px solid var(--blue);margin-bottom:24px;padding-bottom:12px;text-align:center}
h1{font-size:1.75rem;line-height:1.35;margin:.2em 0;color:var(--blue)}
.signed{text-align:right;white-space:pre-wrap}
.annexes{border-top:3px solid var(--blue);margin-top:3em}
h2{font-size:1.3rem;margin:2em 0 .6em;padding-left:.6em;border-left:5px solid var(--blue)}
p{margin:.6em 0}.small{color:var(--soft);font-size:.88rem}
ul{padding-left:1.4em}li{margin:.35em 0}
figure{margin:1.2em 0}figcaption,caption{color:var(--soft);font-size:.9rem;text-align:left;padding:.3em 0}
svg{width:100%;height:auto;display:block}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.4em .6em;text-align:left;vertical-align:top}
thead th{background:var(--pale);border-bottom:2px solid var(--line)}
td.n{text-align:right;white-space:nowrap}
pre{background:var(--pale);border:1px solid var(--line);padding:.8em 1em}
pre{overflow-x:auto;font-size:.82rem;line-height:1.5}
details{margin:.8em 0}summary{cursor:pointer;color:var(--blue)}
footer{margin-top:3em;border-top:1px solid var(--line);padding-top:.8em;color:var(--soft);font-size:.85rem}
@media print{main{max-width:none;padding:0}.annexes{break-before:page}
h2,figure,table{break-inside:avoid}details{display:none}}
"""


def as_html(report: Report) -> str:
    """The whole page. Every text is escaped: nothing in a name can become markup."""
    number = count(1)
    paper, annexes = (
        "\n".join(_section(part, report.language, number) for part in parts)
        for parts in (report.paper, report.annexes)
    )
    signed = "".join(f'<p class="signed">{escape(line)}</p>' for line in report.signed)
    body = f"{paper}\n{signed}" + (f'\n<div class="annexes">{annexes}</div>' if annexes else "")
    lang = "zh-CN" if report.language == "zh" else "en"
    style = STYLE.replace("FONTS", "ReportSans,'Noto Sans SC','Microsoft YaHei',sans-serif")
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # A file that may load nothing and run nothing, whatever a name says.
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; font-src data:; img-src data:\">"
        f"<title>{escape(report.title)}</title>"
        f"<style>{font_face(report.text())}{style}</style></head>\n<body><main>"
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p></header>\n"
        f"{body}\n<footer>{escape(report.footer)}</footer></main></body></html>\n"
    )


def _section(section: Section, language: str, number: Iterator[int]) -> str:
    blocks = "\n".join(_block(block, language, number) for block in section.blocks)
    return f"<section><h2>{escape(section.title)}</h2>\n{blocks}</section>"


def _block(block: Block, language: str, number: Iterator[int]) -> str:
    if isinstance(block, Paragraph):
        kind = ' class="small"' if block.small else ""
        lead = f"<strong>{escape(block.lead)}</strong>" if block.lead else ""
        gap = " " if lead and language == "en" else ""
        return f"<p{kind}>{lead}{gap}{escape(block.text)}</p>"
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Table):
        return _table(block, language) if block.shown else ""
    if isinstance(block, Picture):
        label = escape(f"{block.title}. {block.alternative}", quote=True)
        drawing = unlike_ids(inline_svg(block.figure), next(number))
        drawing = drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return f"<figure>{drawing}<figcaption>{escape(block.title)}</figcaption></figure>"
    code = f"<pre>{escape(block.text)}</pre>"
    if not block.title:
        return code
    if block.long:
        return f"<details><summary>{escape(block.title)}</summary>{code}</details>"
    return f"<p>{escape(block.title)}</p>{code}"


def _table(table: Table, language: str) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    rows = "".join(
        "<tr>" + "".join(_cell(cell, language) for cell in row) + "</tr>" for row in table.rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(table.title, quote=True)}">'
        f"<table><caption>{escape(table.title)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _cell(cell: Cell, language: str) -> str:
    kind = ' class="n"' if is_number(cell) else ""
    return f"<td{kind}>{escape(shown(cell, language))}</td>"


def is_number(cell: Cell) -> bool:
    """Whether a cell is set as numbers are: to the right."""
    return not isinstance(cell, str) or cell == MISSING


def shown(cell: Cell, language: str) -> str:
    """A cell as text."""
    if cell is None:
        return MISSING
    if isinstance(cell, Number):
        return cell.text
    if isinstance(cell, int) and abs(cell) < LARGE:
        return str(cell)
    return cell if isinstance(cell, str) else number_text(float(cell), language)


def inline_svg(figure: Figure) -> str:
    """A figure as an ``svg`` element, letters as outlines, nothing before or after it."""
    text = figure_as_svg(figure)
    return text[text.index("<svg") :].strip()


def unlike_ids(text: str, number: int) -> str:
    """Ids and what points to them with a number in front, so that two figures do not share any.

    Matplotlib names a clip path by a hash of its place, whose last bit differs from one layout to
    the next; they are counted instead, so that the same report is the same bytes.
    """
    for place, name in enumerate(dict.fromkeys(re.findall(r"url\(#(\w+)\)", text))):
        text = re.sub(rf"\b{name}\b", f"clip{place}", text)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>f{number}-", text)


def font_face(text: str) -> str:
    """The rule of a style sheet that holds the font with the letters of a text, as ``ReportSans``."""
    font = base64.b64encode(font_with("".join(sorted(set(text))))).decode("ascii")
    return (
        "@font-face{font-family:ReportSans;font-display:block;"
        f"src:url(data:font/woff;base64,{font}) format('woff')}}"
    )


@lru_cache(maxsize=8)
def font_with(characters: str) -> bytes:
    """The Chinese font (WOFF) with some characters and ASCII only: tens of kB instead of 8 MB."""
    out = io.BytesIO()
    with fonts.cut(characters) as font:
        font.flavor = "woff"
        font.save(out)
    return out.getvalue()
