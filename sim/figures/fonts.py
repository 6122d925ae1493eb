"""The Chinese font, cut down to the letters that are used, and made fit for a journal's PDF.

The font at hand (Noto Sans SC, SIL Open Font Licence 1.1) draws its letters in cubic curves (CFF). A PDF
can hold letters as text only from TrueType, whose curves are quadratic; otherwise they become
Type 3, which journals refuse. So a PDF's own letters are redrawn, to a thousandth of their height.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.text import Text
from pylopdf_fonts_zh_cn import sans_path

NEAR = 1.0
"""Largest distance between the curves, in units of which a letter's height has 1000."""


@cache
def chinese() -> str:
    """Name of the family that holds Chinese letters, known to matplotlib from now on."""
    path = sans_path()
    fontManager.addfont(path)
    return FontProperties(fname=path).get_name()


@contextmanager
def cut(characters: str) -> Iterator[Any]:
    """The font (fontTools ``TTFont``) with some characters and ASCII only.

    ASCII always: page numbers and such are written by browsers themselves.
    """
    from fontTools import subset

    options = subset.Options(hinting=False, notdef_outline=True)
    chooser = subset.Subsetter(options)
    chooser.populate(text=characters + "".join(map(chr, range(32, 127))))
    with subset.load_font(str(sans_path()), options) as font:
        chooser.subset(font)
        yield font


@contextmanager
def truetype(figure: Figure) -> Iterator[None]:
    """Inside the block Chinese letters of a figure come from TrueType outlines.

    Settings of matplotlib are in use, so one figure at a time.
    """
    # Ticks are made when a figure is drawn, and theirs are texts too.
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_text()]
    letters = "".join(sorted({letter for text in texts for letter in text.get_text()}))
    # Latin letters stand in DejaVu Sans, which is TrueType, unless the Chinese font comes first.
    if all(t.get_fontfamily()[0] != chinese() for t in texts) and letters.isascii():
        yield
        return
    usual = {text: text.get_fontfamily() for text in texts}
    with tempfile.TemporaryDirectory(prefix="xiaoqu-font-") as folder:
        name = _redrawn(letters, Path(folder))
        try:
            for text, families in usual.items():
                text.set_fontfamily([name if f == chinese() else f for f in families])
            yield
        finally:
            for text, families in usual.items():
                text.set_fontfamily(families)
            fontManager.ttflist = [f for f in fontManager.ttflist if f.name != name]


def _redrawn(letters: str, folder: Path) -> str:
    """Write a TrueType font with some letters, make it known, and return its family's name."""
    name = f"{chinese()} {hashlib.sha256(letters.encode()).hexdigest()[:12]}"
    path = folder / f"{name}.ttf"
    with cut(letters) as font:
        _as_truetype(font)
        for record in font["name"].names:
            if record.nameID in (1, 4, 16):
                record.string = name
        font.recalcTimestamp = False
        font.save(path)
    fontManager.addfont(path)
    return name


def _as_truetype(font: Any) -> None:
    """Redraw cubic outlines as quadratic ones, as fontTools' own example ``otf2ttf`` does."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    glyphs, drawn = font.getGlyphSet(), {}
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, NEAR, reverse_direction=True))
        drawn[name] = pen.glyph()
    for cubic in ("CFF ", "VORG"):
        if cubic in font:
            del font[cubic]
    font.sfntVersion = "\000\001\000\000"
    table = FontBuilder(font=font)
    table.isTTF = True
    table.setupGlyf(drawn)
    table.setupHorizontalMetrics(
        {name: (font["hmtx"][name][0], getattr(drawn[name], "xMin", 0)) for name in drawn}
    )
    table.setupMaxp()
    table.setupPost()
