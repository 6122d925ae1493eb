"""How every figure looks and how it is saved: journal sizes, safe colours, Chinese letters.

Figures are built directly, never through pyplot, so they need no screen and leave no state behind.
"""

from __future__ import annotations

import io
import json
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

from sim.as_text import clean
from sim.errors import InputError, known_language
from sim.experiments import store
from sim.experiments.provenance import versions
from sim.figures import flat, fonts
from sim.files import whole

SINGLE, DOUBLE = 89 / 25.4, 183 / 25.4
"""Width in inches of one journal column (89 mm) and of two (183 mm)."""

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
PALETTE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
"""Colours of Okabe and Ito, told apart by the colour-blind; yellow is too light for lines."""

GREY = "#666666"
FORMATS = ("png", "pdf", "svg")
MORE = ("eps", "tiff")
"""Formats that are written where somebody asks for them."""

DPI = 300
"""Dots in an inch of what consists of dots."""

DESCRIBED = 4_000
"""Letters at the beginning of an SVG file beside its description, and more."""

# Settings are global to matplotlib, so one figure at a time may have them changed.
_LOCK = threading.RLock()


@contextmanager
def journal_style(language: str = "en") -> Iterator[None]:
    """Put the style in force inside the block and leave matplotlib's settings as they were.

    Args:
        language: "en" or "zh"; decides which font comes first, both can show both.

    Raises:
        InputError: Another language was asked for.
    """
    known_language(language)
    with _LOCK, mpl.rc_context({**_USUAL, **_settings(language)}):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure with its own canvas and a layout that keeps labels apart.

    Args:
        width: Inches, ``SINGLE`` or ``DOUBLE`` for a journal.
        height: Inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def two_panels(width: float, height: float) -> tuple[Figure, Sequence[Axes]]:
    """A new figure with two panels, side by side where it is as wide as a page, else below each other.

    Args:
        width: Inches.
        height: Inches of a panel.
    """
    rows = 1 if width >= DOUBLE else 2
    figure = new_figure(width, rows * height)
    return figure, list(figure.subplots(rows, 3 - rows))


def place(axes: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """Axes that were given with their figure, or those of a new one.

    Args:
        axes: Given ones, or None.
        width: Inches of a new figure.
        height: Inches of a new figure.
    """
    if axes is None:
        figure = new_figure(width, height)
        return figure, figure.subplots()
    return axes.get_figure(root=True), axes  # type: ignore[return-value]


def save(
    figure: Figure,
    stem: Path,
    formats: Sequence[str] = FORMATS,
    provenance: Mapping[str, Any] | None = None,
    data: pd.DataFrame | None = None,
    dpi: int = DPI,
) -> list[Path]:
    """Save a figure, the same bytes each time, with what made it in the file's metadata.

    A figure in the folder of an answer lies beside its tables and manifest; one that goes elsewhere
    takes them along as ``data``.

    Args:
        figure: What to save.
        stem: Path without ending; its folder is made if it is not there.
        formats: Some of "png", "pdf", "svg", "eps", "tiff".
        provenance: Written as JSON into the file's description, such as ``Study.provenance``.
        data: What is drawn. Written beside the figure as ``<stem>.parquet``, with ``<stem>.json``:
            provenance, versions, and hash of every file.
        dpi: Dots in an inch, of what consists of dots.

    Returns:
        The files written, in the order of ``formats``; then those of the data.

    Raises:
        InputError: Unknown format, or the place cannot be written.
    """
    for kind in formats:
        if kind not in FORMATS + MORE:
            raise InputError("formats", f"{kind!r} is not known", ", ".join(FORMATS + MORE))
    note = json.dumps(dict(provenance or {}), sort_keys=True)
    with _saving(figure):
        try:
            Path(stem).parent.mkdir(parents=True, exist_ok=True)
            files = [_save_one(figure, Path(f"{stem}.{kind}"), kind, note, dpi) for kind in formats]
            return files + ([] if data is None else _save_data(data, stem, files, note))
        except OSError as error:
            raise InputError(str(stem), error.strerror or str(error), "a writable place") from error


def keep(
    folder: Path | None,
    figures: Mapping[str, Callable[[], Figure]],
    language: str,
    provenance: Mapping[str, Any],
    more: Sequence[str] = (),
    dpi: int = DPI,
) -> list[Path]:
    """Draw figures into the ``figures`` of an answer's folder, but for those drawn of it already.

    A file there counts where its description names the same answer: provenance and tables.

    Args:
        folder: The answer's; one that was not kept has none, and nothing is drawn.
        figures: What makes each figure, by its name.
        language: Second part of the files' names.
        provenance: What made the answer.
        more: Formats beside the usual, some of "eps", "tiff"; always drawn anew.
        dpi: Dots in an inch of these.

    Returns:
        The files, PNG, PDF and SVG of each figure, then those of the other formats.

    Raises:
        InputError: The place cannot be written.
    """
    if folder is None:
        return []
    files: list[Path] = []
    whole = {**provenance, "tables": _tables_in(folder)}
    for name, make in figures.items():
        # Some are named after a scenario, whose name may be anything.
        plain = "-".join(map(store.plain, name.split("-")))
        stem = folder / "figures" / f"{plain}-{language}"
        here = [Path(f"{stem}.{kind}") for kind in FORMATS]
        drawn = all(file.exists() for file in here) and _drawn_of(here[-1], whole)
        if more or not drawn:
            figure = make()
            if not drawn:
                save(figure, stem, provenance=whole)
            if more:
                here += save(figure, stem, more, whole, dpi=dpi)
        files += here
    return files


def _tables_in(folder: Path) -> Any:
    """Hashes of an answer's tables, as its manifest has them; None where it has none."""
    try:
        manifest = json.loads((folder / store.MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest.get("files") if isinstance(manifest, dict) else None


def _drawn_of(svg: Path, provenance: Mapping[str, Any]) -> bool:
    """Whether the last written of a figure's files says that it was drawn of this answer."""
    note = escape(json.dumps(dict(provenance), sort_keys=True))
    try:
        with svg.open(encoding="utf-8") as text:
            return note in text.read(len(note) + DESCRIBED)
    except (OSError, UnicodeDecodeError):
        return False


def figure_as_svg(figure: Figure) -> str:
    """A figure as the text of an SVG file, the same each time, letters as outlines."""
    out = io.StringIO()
    with _saving(figure):
        figure.savefig(out, format="svg", metadata={"Creator": "xiaoqu", "Date": None})
    return out.getvalue()


def png(figure: Figure, dpi: int) -> bytes:
    """A figure as a PNG file for a page, the same each time, without what made it."""
    out = io.BytesIO()
    with _saving(figure):
        figure.savefig(out, format="png", dpi=dpi, metadata={"Software": "xiaoqu"})
    return out.getvalue()


@contextmanager
def _saving(figure: Figure) -> Iterator[None]:
    """The settings of writing; somebody's own names in the figure become text that can be written."""
    for text in figure.findobj(Text):
        text.set_text(clean(text.get_text(), lines=True))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            ticks = axis.get_major_formatter()
            if isinstance(ticks, FixedFormatter):
                ticks.seq = [clean(str(label), lines=True) for label in ticks.seq]
    with _LOCK, mpl.rc_context({**_USUAL, **_SAVING}), warnings.catch_warnings():
        # A letter that no font has is drawn as an empty box; nobody needs to be told twice.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        yield


def _save_one(figure: Figure, path: Path, kind: str, note: str, dpi: int) -> Path:
    facts: dict[str, dict[str, str | None]] = {
        "png": {"Software": "xiaoqu", "Description": note},
        "pdf": {"Creator": "xiaoqu", "Subject": note, "CreationDate": None},
        "svg": {"Creator": "xiaoqu", "Description": note, "Date": None},
    }
    with whole(path) as part:
        if kind in MORE:
            made = flat.as_eps if kind == "eps" else flat.as_tiff
            part.write_bytes(made(figure, dpi, note))
        else:
            with fonts.truetype(figure) if kind == "pdf" else nullcontext():
                figure.savefig(part, format=kind, dpi=dpi, metadata=facts[kind])
    return path


def _save_data(data: pd.DataFrame, stem: Path, files: list[Path], note: str) -> list[Path]:
    table, manifest = Path(f"{stem}.parquet"), Path(f"{stem}.json")
    store.write_table(data, table, note)
    sums = {path.name: store.sha256(path) for path in (*files, table)}
    said = {"provenance": json.loads(note), "versions": versions(["matplotlib"])}
    text = json.dumps({**said, "files": sums}, indent=2, ensure_ascii=False) + "\n"
    manifest.write_text(text, encoding="utf-8")
    return [table, manifest]


# A ``matplotlibrc`` of the working folder or of the user is for figures of his own.
_WINDOWS = (
    "backend",
    "date.epoch",
    "figure.raise_window",
    "interactive",
    "tk.",
    "toolbar",
    "webagg.",
)
_USUAL: Any = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith(_WINDOWS)}

# Read when a file is written, long after the figure's own block has ended. Font type 42 is TrueType.
_SAVING: Any = {
    "svg.hashsalt": "xiaoqu",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "axes.unicode_minus": False,
    "text.parse_math": False,
}


def _settings(language: str) -> Any:
    chinese = fonts.chinese()
    families = ["DejaVu Sans", chinese] if language == "en" else [chinese, "DejaVu Sans"]
    return {
        # Families by name and not "sans-serif": a text keeps them when it is drawn later.
        "font.family": families,
        "font.size": 7 if language == "en" else 7.5,
        "axes.titlesize": "medium",
        "axes.titlelocation": "left",
        "axes.labelsize": "medium",
        "axes.labelcolor": "#222222",
        "axes.linewidth": 0.6,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": False,
        # A dollar in a name is no formula.
        "text.parse_math": False,
        "axes.edgecolor": GREY,
        "xtick.labelsize": "small",
        "ytick.labelsize": "small",
        "xtick.color": GREY,
        "ytick.color": GREY,
        "xtick.labelcolor": "#222222",
        "ytick.labelcolor": "#222222",
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "legend.frameon": False,
        "legend.fontsize": "small",
        "lines.linewidth": 1.2,
        "figure.dpi": 150,
        "savefig.dpi": 300,
    }
