"""What every notebook begins with: how large it is, where its figures go, how they are shown.

In the package, so that a notebook copied anywhere finds it: ``pip install 'xiaoqu[notebooks]'``.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import Image, Markdown, display
from matplotlib.figure import Figure

from sim.figures import style

# A bar for notebooks wants widgets; a page has no use for either.
warnings.filterwarnings("ignore", message="IProgress not found")

SMALL = os.environ.get("XIAOQU_SIZE", "small") != "full"
"""Small enough for a test; its numbers say nothing. ``XIAOQU_SIZE=full`` gives those of a paper."""

OUT = Path(os.environ.get("XIAOQU_OUT", "results"))
"""Folder of all results, below the one the notebook is run in unless ``XIAOQU_OUT`` names another."""

LANGUAGE = os.environ.get("XIAOQU_LANGUAGE", "en")
TINY: dict[str, Any] = {
    "executor": "serial", "population__households": 120, "population__buildings": 4,
}  # fmt: skip
"""Settings that make a compound quick to live."""

DPI = 90
"""Dots per inch of a figure inside a notebook; the files beside it are made for print."""

_SMALL_TOLD = {
    "en": "*Lived small, to show how it goes: these numbers say nothing. "
    "`XIAOQU_SIZE=full` in the environment gives those of a paper.*",
    "zh": "*此处以小规模运行，仅示范步骤，数字没有意义；设环境变量`XIAOQU_SIZE=full`得到论文规模的结果。*",
}


def show(figure: Figure, name: str, provenance: Mapping[str, Any], data: pd.DataFrame) -> Image:
    """Keep a figure below ``results/notebooks/figures``, with its data, and show it.

    Args:
        figure: What was drawn.
        name: Of its files; the language is added.
        provenance: What made it, such as ``Study.provenance``.
        data: What is drawn.

    Raises:
        InputError: The place cannot be written.
    """
    stem = OUT / "notebooks" / "figures" / f"{name}-{LANGUAGE}"
    style.save(figure, stem, provenance=provenance, data=data)
    # Without what made it, which the files beside it tell: a page then changes when its picture does.
    return Image(data=style.png(figure, DPI))


if SMALL:
    display(Markdown(_SMALL_TOLD[LANGUAGE]))
