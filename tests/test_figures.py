"""Figures: right numbers, both languages, the same bytes, no trace in matplotlib."""

from __future__ import annotations

import json
import re
import threading
import warnings
from pathlib import Path

import fake_model
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from sim.errors import InputError
from sim.experiments.run import run
from sim.figures import fonts, style
from sim.figures.trajectories import MAIN, WORDS, trajectories
from sim.outcomes import INDICATORS

CONFIG = fake_model.configuration()
STUDY = run(CONFIG, model=fake_model.FakeModel)


def texts(figure: Figure) -> list[str]:
    """All text of a figure."""
    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_letter_has_a_glyph(tmp_path: Path, language: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = trajectories(STUDY.months, CONFIG, language=language)
        paths = style.save(figure, tmp_path / "new" / "t", provenance=STUDY.provenance)
    assert [path.suffix for path in paths] == [".png", ".pdf", ".svg"]
    assert all(path.stat().st_size > 5_000 for path in paths)
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


def test_chinese_letters_come_from_the_bundled_font() -> None:
    figure = trajectories(STUDY.months, CONFIG, language="zh")
    title = next(t for t in figure.findobj(Text) if "物业费收缴率" in t.get_text())
    assert isinstance(title, Text)
    assert title.get_fontfamily()[0] == fonts.chinese()
    assert "政策开始后的月份" in texts(figure)


def test_labels_name_bands_units_and_measures() -> None:
    shown = texts(trajectories(STUDY.months, CONFIG))
    words = WORDS["en"]
    for word in (words["half"], words["most"], words["median"], words["month"]):
        assert word in shown
    assert "% of fees due" in shown
    assert CONFIG.policy.entries()[0].measure.en in shown


def test_line_is_the_median_and_bands_are_quantiles() -> None:
    figure = trajectories(STUDY.months, CONFIG, ["collection_rate"])
    axes = figure.axes[0]
    means = STUDY.months.groupby(["run", "month"])["collection_rate"].mean().unstack()
    line = next(line for line in axes.lines if line.get_label() == WORDS["en"]["median"])
    assert np.asarray(line.get_ydata()) == pytest.approx(np.median(means, axis=0))
    band = next(c for c in axes.collections if c.get_label() == WORDS["en"]["most"])
    edges = band.get_paths()[0].vertices
    at_month_5 = edges[edges[:, 0] == 5, 1]
    expected = np.quantile(means[5], [0.05, 0.95])
    assert [at_month_5.min(), at_month_5.max()] == pytest.approx(expected)


def test_measure_bar_runs_from_start_to_end() -> None:
    strip = trajectories(STUDY.months, CONFIG).axes[-1]
    bar = strip.patches[0].get_bbox()
    assert (bar.x0, bar.x1) == (2, 12)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bars_stand_below_the_months_of_a_single_panel(language: str) -> None:
    """Catches bars that cannot be read against the curve, and a letter that tells nothing apart."""
    figure = trajectories(STUDY.months, CONFIG, ["collection_rate"], language)
    figure.canvas.draw()
    panel, strip = figure.axes
    for month in (0, 12):
        places = [axes.transData.transform((month, 0))[0] for axes in (panel, strip)]
        assert places[0] == pytest.approx(places[1])
    known = INDICATORS["collection_rate"]
    assert panel.get_title(loc="left") == (known.zh if language == "zh" else known.en)
    names = [
        entry.measure.zh if language == "zh" else entry.measure.en
        for entry in CONFIG.policy.entries()
    ]
    assert set(names) <= set(texts(figure))


def test_target_stands_at_its_month() -> None:
    axes = trajectories(STUDY.months, CONFIG, ["collection_rate"]).axes[0]
    mark = next(line for line in axes.lines if line.get_marker() == "D")
    assert list(mark.get_xdata()) == [12]
    assert list(mark.get_ydata()) == [0.7]


def test_single_run_has_a_line_and_no_band() -> None:
    months = STUDY.months[STUDY.months["run"] == 0]
    figure = trajectories(months, CONFIG, ["collection_rate"])
    assert WORDS["en"]["single"] in texts(figure)
    assert WORDS["en"]["most"] not in texts(figure)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", style.FORMATS)
def test_same_study_same_bytes(tmp_path: Path, kind: str, language: str) -> None:
    files = [
        style.save(trajectories(STUDY.months, CONFIG, MAIN[:2], language), tmp_path / name, [kind])[
            0
        ]
        for name in ("first", "second")
    ]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_provenance_is_in_the_file(tmp_path: Path) -> None:
    figure = trajectories(STUDY.months, CONFIG, MAIN[:1])
    for path in style.save(figure, tmp_path / "t", provenance=STUDY.provenance):
        assert CONFIG.fingerprint().encode() in path.read_bytes(), path


def test_settings_of_matplotlib_stay_untouched(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    style.save(trajectories(STUDY.months, CONFIG, language="zh"), tmp_path / "t")
    assert dict(mpl.rcParams) == before


def test_threads_do_not_mix_languages() -> None:
    made: dict[int, list[str]] = {}

    def draw(number: int) -> None:
        language = ("en", "zh")[number % 2]
        made[number] = texts(trajectories(STUDY.months, CONFIG, MAIN[:1], language))

    before = dict(mpl.rcParams)
    threads = [threading.Thread(target=draw, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dict(mpl.rcParams) == before
    for number, shown in made.items():
        assert WORDS[("en", "zh")[number % 2]]["month"] in shown


@pytest.mark.parametrize("names", [["collection_rat"], [], list(INDICATORS)[:10]])
def test_bad_indicators_are_refused(names: list[str]) -> None:
    with pytest.raises(InputError, match="indicators"):
        trajectories(STUDY.months, CONFIG, names)


def test_bad_language_and_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="language"):
        trajectories(STUDY.months, CONFIG, language="fr")
    with pytest.raises(InputError, match="formats"):
        style.save(Figure(), tmp_path / "t", ["gif"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_compounds_in_order_hold_every_compound_once(language: str) -> None:
    """Catches a pooled rank that loses or doubles compounds."""
    from sim.config import Config
    from sim.figures.district import compounds

    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(2), range(-3, 31), range(5)])
    frame = index.to_frame(index=False, name=["run", "month", "compound"])
    frame["collection_rate"] = rng.uniform(size=len(frame))
    _, order = compounds(frame, Config(), language=language).axes
    lines = order.get_lines()
    assert [len(line.get_xdata()) for line in lines] == [10, 10, 10]
    assert all((np.diff(line.get_ydata()) >= 0).all() for line in lines)


@pytest.mark.parametrize("changed", ["tables", "source", "half"])
def test_a_figure_is_of_the_answer_it_lies_beside(tmp_path: Path, changed: str) -> None:
    """Catches the figure of an old answer beside the tables of a new one of the same name."""
    manifest = {"files": {"months.parquet": "ab12"}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    drawn = []

    def make() -> Figure:
        drawn.append(1)
        return style.new_figure(1, 1)

    given = {"source": "f00", "policies": ["a & <b>", "党员"]}
    files = style.keep(tmp_path, {"x": make}, "zh", given)
    assert style.keep(tmp_path, {"x": make}, "zh", given) == files and len(drawn) == 1
    if changed == "tables":
        manifest["files"]["months.parquet"] = "cd34"
        (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    elif changed == "source":
        given = {**given, "source": "ba2"}
    else:
        files[1].unlink()
    style.keep(tmp_path, {"x": make}, "zh", given)
    assert len(drawn) == 2 and files[1].exists()
    style.keep(tmp_path, {"x": make}, "zh", given)
    assert len(drawn) == 2


def test_no_chinese_figure_names_a_measure_by_its_key() -> None:
    """Catches a bundle's word for a measure that it has twice, as its file has it, on a Chinese figure."""
    from sim import load
    from sim.compose import choices
    from sim.experiments.tables import measure_title
    from sim.figures.trajectories import _measure_name

    for name in choices("policy"):
        config = load("kangqiao", policy=name)
        for entry in config.policy.entries():
            for said in (_measure_name(entry, "zh"), measure_title(config, entry.label, "zh")):
                assert not re.search(r"[A-Za-z]{2,}|_", said), (name, said)
