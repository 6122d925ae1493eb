"""Figures as EPS and TIFF, which know no translucent colours: journals that ask for them want nothing else.

What of a figure is translucent, as bands are, becomes one image at the resolution asked for; lines and letters
before it stay lines and letters, in TrueType fonts inside the file.
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image

from sim.figures import fonts

_IMAGE = re.compile(
    rb"/DataString \d+ string def\n(?P<size>.*\n)\{\ncurrentfile DataString readhexstring pop\n\} bind "
    rb"(?P<command>.*)\n(?P<hex>[0-9a-f\n]+)"
)
"""An image as Matplotlib writes it, two letters a byte: 11 MB for a page's width at 300 dpi."""


def as_tiff(figure: Figure, dpi: int, note: str) -> bytes:
    """A figure as TIFF: RGB on white, LZW, resolution and what made it inside."""
    out = io.BytesIO()
    picture = _rendered(figure, dpi)
    # 270 is the description, 305 the software, of the TIFF standard.
    picture.save(
        out, "TIFF", compression="tiff_lzw", dpi=(dpi, dpi), tiffinfo={270: note, 305: "xiaoqu"}
    )
    return out.getvalue()


def as_eps(figure: Figure, dpi: int, note: str) -> bytes:
    """A figure as EPS, the same bytes each time, what made it in a comment."""
    out = io.BytesIO()
    with _opaque(figure, dpi), fonts.truetype(figure):
        figure.savefig(out, format="eps", dpi=dpi, metadata={"Creator": "xiaoqu"})
    head, mark, rest = out.getvalue().partition(b"%%EndComments\n")
    kept = [
        line for line in head.splitlines() if not line.startswith((b"%%CreationDate", b"%%Title"))
    ]
    # A comment's line is at most 255 letters long.
    told = note.encode("ascii", "backslashreplace")
    lines = [b"% " + told[k : k + 200] for k in range(0, len(told), 200)]
    return b"\n".join([*kept, mark.rstrip(), *lines, _IMAGE.sub(_packed, rest)])


def _packed(found: re.Match[bytes]) -> bytes:
    """An image compressed, in filters of PostScript's level 3, which Matplotlib's files ask for anyway."""
    data = zlib.compress(bytes.fromhex(found["hex"].decode()), 9)
    text = base64.a85encode(data, wrapcol=100)
    # "%%" at the start of a line would be a comment of the document's structure.
    text = re.sub(rb"^%", b" %", text, flags=re.MULTILINE)
    source = b"currentfile /ASCII85Decode filter /FlateDecode filter"
    return b"\n".join([found["size"].rstrip(), source, found["command"], text + b"~>", b""])


def _rendered(figure: Figure, dpi: int) -> Image.Image:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=dpi, facecolor="white", transparent=False)
    drawn = Image.open(out).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("RGB")


@contextmanager
def _opaque(figure: Figure, dpi: int) -> Iterator[None]:
    """Inside the block all that is translucent lies in an image behind the rest."""
    seen = [one for one in figure.findobj(_translucent) if one.get_visible()]
    with _opaque_boxes(figure), _behind(figure, seen, dpi) if seen else nullcontext():
        yield


@contextmanager
def _opaque_boxes(figure: Figure) -> Iterator[None]:
    """Inside the block the box that a text lies in is opaque: it is no artist of its own."""
    boxes = [one.get_bbox_patch() for one in figure.findobj(Text)]
    translucent = [(box, box.get_alpha()) for box in boxes if box and _translucent(box)]
    try:
        for box, _ in translucent:
            box.set_alpha(1.0)
        yield
    finally:
        for box, alpha in translucent:
            box.set_alpha(alpha)


@contextmanager
def _behind(figure: Figure, seen: list[Artist], dpi: int) -> Iterator[None]:
    figure.draw_without_rendering()
    engine, others = figure.get_layout_engine(), _drawn(figure, seen)
    figure.set_layout_engine("none")
    grounds = [(axes, axes.patch.get_visible()) for axes in figure.axes]
    try:
        for one in others:
            one.set_visible(False)
        picture = np.asarray(_rendered(figure, dpi))
        for one in others:
            one.set_visible(True)
        for one in seen:
            one.set_visible(False)
        for axes, _ in grounds:
            axes.patch.set_visible(False)
        behind = figure.add_axes((0, 0, 1, 1), zorder=-10, label="translucent")
        behind.set_axis_off()
        behind.imshow(picture, aspect="auto", interpolation="nearest")
        yield
        behind.remove()
    finally:
        for one in (*seen, *others):
            one.set_visible(True)
        for axes, visible in grounds:
            axes.patch.set_visible(visible)
        figure.set_layout_engine(engine)


def _translucent(artist: Artist) -> bool:
    """Whether something is seen through an artist."""
    alpha: Any = artist.get_alpha()
    if alpha is not None and np.any(np.asarray(alpha) < 1):
        return not isinstance(artist, Axes)
    if isinstance(artist, Patch):
        colour: Any = artist.get_facecolor()
        return bool(artist.get_fill() and 0 < colour[3] < 1)
    if isinstance(artist, Collection):
        colours = to_rgba_array(artist.get_facecolor())
        return bool(((colours[:, 3] > 0) & (colours[:, 3] < 1)).any())
    return False


def _drawn(figure: Figure, seen: list[Artist]) -> list[Artist]:
    """Every artist that is seen now, is none of these, and holds none of them."""
    kept = {id(one) for one in seen}
    return [
        one
        for one in figure.findobj()
        if one.get_visible() and not any(id(part) in kept for part in one.findobj())
    ]
