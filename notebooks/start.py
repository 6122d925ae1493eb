"""What every notebook begins with: how large it is, where its figures go, how they are shown."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import Image
from matplotlib.figure import Figure

# A bar for notebooks wants widgets; a page has no use for either.
warnings.filterwarnings("ignore", message="IProgress not found")

from sim.figures import style

SMALL = os.environ.get("XIAOQU_SIZE", "small") != "full"
"""Small enough for a test; its numbers say nothing. ``XIAOQU_SIZE=full`` gives those of a paper."""

OUT = Path(os.environ.get("XIAOQU_OUT", Path(__file__).resolve().parent.parent / "results"))
LANGUAGE = os.environ.get("XIAOQU_LANGUAGE", "en")
TINY: dict[str, Any] = {
    "executor": "serial", "population__households": 120, "population__buildings": 4,
}  # fmt: skip
"""Settings that make a compound quick to live."""


def show(figure: Figure, name: str, provenance: Mapping[str, Any], data: pd.DataFrame) -> Image:
    """Keep a figure below ``results/notebooks/figures``, with its data, and show it."""
    stem = OUT / "notebooks" / "figures" / f"{name}-{LANGUAGE}"
    files = style.save(figure, stem, provenance=provenance, data=data)
    return Image(filename=files[0], width=round(figure.get_figwidth() * 110))
