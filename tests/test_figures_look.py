"""Figures look as they did: pictures are compared with those in ``tests/figures``.

After a wanted change: ``XIAOQU_REDRAW=1 pytest tests/test_figures_look.py``, and look at them.
"""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import fake_model
import numpy as np
import pandas as pd
import pytest
import recorded
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.testing.compare import compare_images
from matplotlib.text import Text

from sim.config import Config
from sim.experiments.run import run
from sim.figures import fonts, style
from sim.figures.district import compounds
from sim.figures.phase import portrait
from sim.figures.response import means, response
from sim.figures.trajectories import trajectories

KEPT = Path(__file__).parent / "figures"
TOLERANCE = 6
"""Root mean square of grey levels: letters differ by a little with the version of FreeType."""

DPI = 60


def paths() -> pd.DataFrame:
    """Starts that part at 0.5, by a rule with two resting points."""
    rows = []
    for start, x in enumerate((0.1, 0.3, 0.45, 0.55, 0.7, 0.9)):
        y = 1.0 - x
        for month in range(25):
            rows.append((start, month, x, y))
            x, y = x + 0.4 * (x - 0.1) * (x - 0.5) * (0.9 - x), y + 0.15 * (x - y)
    return pd.DataFrame(rows, columns=["start", "month", "collection_rate", "satisfied_share"])


def answers() -> pd.DataFrame:
    """Five runs at each of four places for two groups."""
    rows = [
        {"x": x, "group": group, "run": run, "rate": 0.1 * x * (group + 1) / 4 + 0.02 * (run - 2)}
        for x in (1, 2, 3, 4)
        for group in (0, 1)
        for run in range(5)
    ]
    return means(
        pd.DataFrame(rows).replace({"group": {0: "few", 1: "many"}}), ["x", "group"], ["rate"]
    )


def district() -> pd.DataFrame:
    """Ten compounds that part over 30 months."""
    index = pd.MultiIndex.from_product([range(2), range(-3, 31), range(10)])
    frame = index.to_frame(index=False, name=["run", "month", "compound"])
    frame["collection_rate"] = 0.1 + 0.08 * frame["compound"] + 0.003 * frame["month"]
    return frame


def _science(name: str, module: str, function: str, *words: str) -> Callable[[str], Figure]:
    """A figure of a recorded answer."""
    draw = getattr(importlib.import_module(f"sim.figures.{module}"), function)
    return lambda language: draw(recorded.answer(name), *words, language=language)


def _trajectories(language: str) -> Figure:
    study = run(fake_model.configuration(), model=fake_model.FakeModel)
    return trajectories(study.months, study.config, language=language)


def _response(language: str) -> Figure:
    label = {"en": ("fees collected (% of fees due)", "visits (1 a month)"),
             "zh": ("物业费收缴率（占应收的%）", "走访（次/月）")}[language]  # fmt: skip
    panels = {"rate": label[0]}
    over = {"en": "over runs", "zh": "各次运行"}[language]
    return response(
        answers(), "x", panels, label[1], "group", shares=["rate"], over=over, language=language
    )


DRAWN: dict[str, Callable[[str], Figure]] = {
    "trajectories": _trajectories,
    "portrait": lambda language: portrait(paths(), language=language),
    "response": _response,
    "district": lambda language: compounds(district(), Config(), language=language),
    "effects": _science("compare", "comparison", "effects", "kangqiao"),
    "policies": _science("compare", "comparison", "trajectories", "kangqiao"),
    "cost_effect": _science("compare", "comparison", "cost_effect", "kangqiao"),
    "attribution": _science("attribute", "attribution", "parts", "collection_rate"),
    "frontier": _science("optimise", "frontier", "frontier"),
    "loop": _science("tipping", "tipping", "loop"),
    "basin": _science("tipping", "tipping", "basin"),
    "push": _science("tipping", "tipping", "push"),
    "sensitivity": _science("sensitivity", "sensitivity", "effects"),
    "posterior": _science("calibrate", "posterior", "posterior"),
    "predictive": _science("calibrate", "posterior", "predictive"),
    "ranking": _science("robustness", "robustness", "ranking", "collection_rate"),
    "flips": _science("robustness", "robustness", "flips", "collection_rate"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", DRAWN)
def test_it_looks_as_it_did(name: str, language: str, tmp_path: Path) -> None:
    """Catches labels that run into each other, lost bands, other colours or letters."""
    kept, new = KEPT / f"{name}-{language}.png", tmp_path / f"{name}-{language}.png"
    figure = DRAWN[name](language)
    with style.journal_style(language):
        figure.savefig(new, dpi=DPI, metadata={"Software": "xiaoqu"})
    if os.environ.get("XIAOQU_REDRAW"):
        KEPT.mkdir(exist_ok=True)
        kept.write_bytes(new.read_bytes())
    told = compare_images(str(kept), str(new), tol=TOLERANCE)
    assert told is None, told


def test_another_picture_is_told_apart(tmp_path: Path) -> None:
    """Catches a comparison that lets everything pass: one line fewer."""
    new = tmp_path / "portrait.png"
    figure = portrait(paths().query("start > 1"))
    with style.journal_style("en"):
        figure.savefig(new, dpi=DPI)
    assert compare_images(str(KEPT / "portrait-en.png"), str(new), tol=TOLERANCE) is not None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_letters_are_in_the_pdf_and_outlines_in_the_svg(language: str, tmp_path: Path) -> None:
    """Catches a font that a journal's press would have to have, and Type 3, which it refuses."""
    figure = DRAWN["portrait"](language)
    figure.axes[0].set_title("小区 compound é、→")
    before = [text.get_fontfamily() for text in figure.findobj(Text)]
    pdf, svg = style.save(figure, tmp_path / "f", ["pdf", "svg"])
    raw = pdf.read_bytes()
    kinds = re.findall(rb"/Subtype /(Type3|Type0|TrueType|CIDFontType[02]|Type1)\b", raw)
    assert set(kinds) == {b"Type0", b"CIDFontType2"}
    assert raw.count(b"/FontFile2") == kinds.count(b"CIDFontType2"), "whole outlines inside"
    assert b"NotoSansSC" in raw and b"/FontFile3" not in raw
    assert "<text" not in svg.read_text(encoding="utf-8")
    assert [text.get_fontfamily() for text in figure.findobj(Text)] == before
    assert not [font.name for font in fontManager.ttflist if font.name.startswith("Noto Sans SC ")]


def test_redrawn_letters_are_the_letters() -> None:
    """Catches outlines that lose a stroke, turn inside out or move: pixels of both are compared."""
    from matplotlib.ft2font import FT2Font, LoadFlags
    from pylopdf_fonts_zh_cn import sans_path

    letters = "小区党员收缴率%g"
    with tempfile.TemporaryDirectory() as folder:
        name = fonts._redrawn(letters, Path(folder))
        drawn = [FT2Font(path) for path in (str(sans_path()), f"{folder}/{name}.ttf")]
        for letter in letters:
            pixels = []
            for font in drawn:
                font.set_size(96, 72)
                font.set_text(letter, flags=LoadFlags.NO_HINTING)
                font.draw_glyphs_to_bitmap(antialiased=True)
                pixels.append(np.asarray(font.get_image(), dtype=float))
            assert pixels[0].shape == pixels[1].shape
            assert np.abs(pixels[0] - pixels[1]).mean() < 1.0, letter
    fontManager.ttflist = [font for font in fontManager.ttflist if font.name != name]


def test_widths_are_those_of_columns() -> None:
    assert _response("en").get_figwidth() * 25.4 == pytest.approx(89)
    assert _trajectories("en").get_figwidth() * 25.4 == pytest.approx(183)


def test_data_go_along_with_what_made_them(tmp_path: Path) -> None:
    """Catches a figure whose numbers cannot be found again."""
    import json

    from sim.experiments import store

    data = paths()
    files = style.save(portrait(data), tmp_path / "f", ["png"], {"scenario": "toy"}, data=data)
    assert [path.name for path in files] == ["f.png", "f.parquet", "f.json"]
    pd.testing.assert_frame_equal(pd.read_parquet(files[1]), data)
    said = json.loads(files[2].read_text(encoding="utf-8"))
    assert said["provenance"] == {"scenario": "toy"} and "matplotlib" in said["versions"]
    assert said["files"] == {path.name: store.sha256(path) for path in files[:2]}


def test_means_are_those_by_hand() -> None:
    frame = pd.DataFrame({"g": ["a", "a", "b"], "v": [1.0, 3.0, 5.0]})
    first, second = means(frame, ["g"], ["v"]).to_dict("records")
    # Student's t at 95% with 1 degree of freedom is 12.7062, the standard error is 1.
    assert (first["mean"], first["n"]) == (2.0, 2)
    assert first["high"] == pytest.approx(2 + 12.7062, abs=1e-3)
    assert second["mean"] == 5.0 and np.isnan(second["low"])
