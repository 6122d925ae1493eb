"""Tables and figures for other programs: what is read back is what was kept."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat
import pytest
import recorded
from conftest import Command
from fake_model import FakeModel
from PIL import Image

from sim import sweep
from sim.compose import load
from sim.errors import InputError
from sim.experiments.chunks import SUMS
from sim.experiments.run import run
from sim.figures import flat, style
from sim.report import exported

LONG = "policy.measures.member_contact.quota_of_every_single_member"


@pytest.fixture
def frames() -> dict[str, Callable[[], pd.DataFrame]]:
    """A table of everything that may stand in one."""
    table = pd.DataFrame(
        {
            "seed": np.array([1, 2**32 - 1, 3]),
            "collection_rate_12": [0.25, np.nan, 0.1 + 0.2],
            "recovery": [np.inf, 3.0, -np.inf],
            "status": ["ok", None, "=1+1"],
            "title": ["康桥名邸", 'a "b", c', "two\nlines"],
            LONG: [1, 2, 3],
            f"{LONG}_too": [True, False, True],
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "nested": [["a", "b"], {"x": 1}, None],
        }
    )
    return {"runs": lambda: table}


def test_csv_is_read_back_as_it_was(frames: dict, tmp_path: Path) -> None:
    """Catches rounded numbers, infinities that become nothing, and a formula in a cell."""
    (path,) = exported.export_tables(frames, tmp_path, ["csv"])
    assert path.read_bytes().startswith(b"\xef\xbb\xbfseed,")
    found, given = pd.read_csv(path, encoding="utf-8-sig"), frames["runs"]()
    for name in ("seed", "collection_rate_12", "recovery", LONG, f"{LONG}_too"):
        pd.testing.assert_series_equal(found[name], given[name], check_dtype=False)
    assert found["title"].tolist() == given["title"].tolist()
    assert found["status"][2] == "'=1+1" and pd.isna(found["status"][1])
    assert found["nested"].tolist()[:2] == ['["a", "b"]', '{"x": 1}']


@pytest.mark.parametrize("kind", ["dta", "sav"])
def test_statistics_programs_get_names_labels_and_missing_values(
    frames: dict, tmp_path: Path, kind: str
) -> None:
    """Catches an infinity that became a large number, and a column lost to a long name."""
    (path,) = exported.export_tables(frames, tmp_path, [kind])
    read = pyreadstat.read_dta if kind == "dta" else pyreadstat.read_sav
    found, about = read(str(path))
    assert len(found.columns) == 9 and max(map(len, found.columns)) <= exported.LONGEST_NAME[kind]
    labels = dict(zip(about.column_names, about.column_labels, strict=True))
    assert labels["collection_rate_12"] == "Fees collected (12)"
    assert labels["recovery"].endswith("; 2 infinite, left missing")
    assert LONG in labels.values() or kind == "sav"
    assert found["recovery"].isna().tolist() == [True, False, True]
    assert found["collection_rate_12"].tolist()[::2] == [0.25, 0.1 + 0.2]
    assert found["seed"].tolist() == [1, 2**32 - 1, 3]
    assert found["title"].tolist() == frames["runs"]()["title"].tolist()
    assert found["maybe"].isna().tolist() == [False, True, False]


def test_a_workbook_has_a_sheet_for_each_table_and_no_formula(frames: dict, tmp_path: Path) -> None:
    (path,) = exported.export_tables({**frames, "other": frames["runs"]}, tmp_path, ["xlsx"])
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["columns", "runs", "other"]
    rows = list(book["runs"].iter_rows(values_only=True))
    assert rows[0][:3] == ("seed", "collection_rate_12", "recovery")
    assert [row[2] for row in rows[1:]] == [None, 3, None]
    assert rows[3][1] == pytest.approx(0.3, rel=1e-15)  # a workbook has 16 digits
    assert book["runs"]["D4"].value == "=1+1" and book["runs"]["D4"].data_type == "s"
    told = {row[1]: row[3] for row in book["columns"].iter_rows(values_only=True)}
    assert told["recovery"] == 2 and told["seed"] == 0


def test_a_table_of_what_was_not_asked_for_is_left_out(tmp_path: Path) -> None:
    """Catches a trace where one part of tipping was asked for, and the tables of the others have no column."""
    none = pd.DataFrame({"seed": np.array([], int), "leg": pd.Series([], dtype=object)})
    made = {"push": pd.DataFrame, "folds": lambda: none}
    written = exported.export_tables(made, tmp_path, exported.FORMATS)
    assert sorted(p.name for p in written) == ["folds.csv", "folds.dta", "folds.sav", "tables.xlsx"]
    assert list(pd.read_stata(tmp_path / "folds.dta").columns) == ["seed", "leg"]
    assert list(pyreadstat.read_sav(tmp_path / "folds.sav")[0].columns) == ["seed", "leg"]


def test_what_a_format_cannot_hold_is_refused(
    frames: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"formats: 'xls' is not known; allowed: csv, xlsx"):
        exported.export_tables(frames, tmp_path / "a", ["csv", "xls"])
    assert not (tmp_path / "a").exists()
    monkeypatch.setattr(exported, "MOST_ROWS", 2)
    with pytest.raises(InputError, match=r"xlsx: runs has 3 rows and 9 columns"):
        exported.export_tables(frames, tmp_path, ["xlsx"])
    long = {"runs": lambda: pd.DataFrame({"text": ["中" * 700]})}
    with pytest.raises(InputError, match=r"dta: column text holds a text of 2100 bytes"):
        exported.export_tables(long, tmp_path, ["dta"])


@pytest.mark.parametrize("name", recorded.COMMANDS)
def test_every_answer_can_be_exported(name: str, tmp_path: Path) -> None:
    answer = recorded.answer(name)
    written = answer.export(["csv", "dta"], tmp_path)
    assert {path.name for path in written} == {
        f"{t}.{kind}" for t in {*answer.TABLES, answer.MAIN} for kind in ("csv", "dta")
    }
    for table in answer.TABLES:
        assert len(pd.read_stata(tmp_path / f"{table}.dta")) == len(answer.to_pandas(table))


def test_kept_answers_and_sweeps_are_exported_by_their_folder(
    xiaoqu: Command, tmp_path: Path
) -> None:
    study = run(
        load("kangqiao", months=2, replications=2, executor="serial"), tmp_path, model=FakeModel
    )
    swept = sweep(
        "kangqiao", "fees.habit=1,2", "months=2", "replications=1", model=FakeModel, out=tmp_path
    )
    code, out, _ = xiaoqu("export", str(study.folder), "csv", "xlsx")
    assert code == 0 and {"months.csv", "costs.csv", "tables.xlsx"} <= {
        Path(p).name for p in out.split()
    }
    code, out, _ = xiaoqu("export", str(swept.folder), "dta", "--out", str(tmp_path / "mine"))
    assert code == 0 and len(pd.read_stata(tmp_path / "mine" / "runs.dta")) == 2
    assert xiaoqu("export", str(tmp_path), "csv")[0] == 2


def test_an_unfinished_sweep_says_so_when_it_is_exported(xiaoqu: Command, tmp_path: Path) -> None:
    words = ["kangqiao", "fees.habit=1,2", "months=2", "replications=2", "experiment.chunk=2"]
    folder = sweep(*words, model=FakeModel, out=tmp_path).folder
    assert xiaoqu("export", str(folder), "csv")[2] == ""
    sums = folder / SUMS
    kept = [line for line in sums.read_text().splitlines() if "-000001" not in line]
    sums.write_text("\n".join([*kept, ""]))
    code, _, err = xiaoqu("export", str(folder), "csv")
    assert code == 0 and "2 of 4 runs are there; the same sweep goes on" in err


# --- figures --------------------------------------------------------------------------------------


def test_tiff_and_eps_hold_bands_and_fonts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Catches a band drawn as if it hid what is behind it, letters as curves, and a wrong resolution."""
    with style.journal_style("zh"):
        figure = style.new_figure(2.0, 1.0)
        axes = figure.subplots()
        axes.fill_between([0, 1], 0, 1, color="#0072B2", alpha=0.2, linewidth=0)
        axes.fill_between([0, 1], 0.4, 0.6, color="#D55E00", alpha=0.2, linewidth=0)
        axes.plot([0, 1], [0, 1], color="black")
        axes.set_title("收缴率 Fees")
        axes.text(0.5, 0.5, "x", bbox={"facecolor": "white", "alpha": 0.7}, in_layout=False)
    figure.draw_without_rendering()
    # The layout settles to its last digit as it is drawn.
    style.save(figure, tmp_path / "first", ("eps",), {"seeds": [1, 2]}, dpi=200)
    before = axes.get_position().bounds
    eps, tiff = style.save(figure, tmp_path / "figure", ("eps", "tiff"), {"seeds": [1, 2]}, dpi=200)
    with Image.open(tiff) as picture:
        assert picture.mode == "RGB" and picture.info["dpi"] == (200, 200)
        assert picture.size == (400, 200) and "seeds" in picture.tag_v2[270]
    text = eps.read_bytes()
    assert text.startswith(b"%!PS-Adobe-3.0 EPSF-3.0\n") and b"CreationDate" not in text
    assert b"/FontType 42 def" in text and b"/FontType 3" not in text
    assert b'% {"seeds": [1, 2]}' in text and b"colorimage" in text
    assert "transparency" not in caplog.text
    packed = text.partition(b"false 3 colorimage\n")[2].partition(b"~>")[0]
    assert not re.search(rb"^%", packed, re.MULTILINE)
    assert len(zlib.decompress(base64.a85decode(packed))) == 400 * 200 * 3 > 10 * len(packed)
    again = style.save(figure, tmp_path / "again", ("eps",), {"seeds": [1, 2]}, dpi=200)[0]
    assert again.read_bytes() == text
    assert figure.axes == [axes] and axes.get_position().bounds == pytest.approx(before)
    # What EPS is made of looks as the figure does, also where both bands lie on each other.
    with flat._opaque(figure, 200):
        assert not any(flat._translucent(one) and one.get_visible() for one in figure.findobj())
        assert not flat._translucent(axes.texts[0].get_bbox_patch())
        opaque = style.png(figure, 200)
    with Image.open(io.BytesIO(opaque)) as shown, Image.open(tiff) as picture:
        apart = np.abs(np.asarray(shown.convert("RGB"), float) - np.asarray(picture, float))
    # Edges of a band are blurred twice; a band that hides what is behind it would be off by 50.
    assert apart.mean() < 5 and np.median(apart) == 0


def test_a_question_writes_further_files_when_asked(xiaoqu: Command, tmp_path: Path) -> None:
    words = [
        "months=1",
        "replications=1",
        "population.households=40",
        "population.buildings=1",
        "executor=serial",
    ]
    code, _, err = xiaoqu(
        "run", *words, "--out", str(tmp_path), "--quiet", "--export", "xlsx,eps", "--dpi", "100"
    )
    assert code == 0, err
    (folder,) = (tmp_path / "run").iterdir()
    assert zipfile.is_zipfile(folder / "export" / "tables.xlsx")
    assert {path.suffix for path in (folder / "figures").iterdir()} == {
        ".png",
        ".pdf",
        ".svg",
        ".eps",
    }
    code, _, err = xiaoqu("run", *words, "--out", str(tmp_path), "--export", "docx")
    assert (
        code == 2 and "export: 'docx' is not known; allowed: csv, xlsx, dta, sav, eps, tiff" in err
    )


@pytest.mark.parametrize("left", [0, 100])
def test_a_file_of_spss_that_was_cut_is_not_taken_for_whole(
    frames: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """Catches the writer's silence where the disk is full."""
    write = pyreadstat.write_sav

    def full(table: pd.DataFrame, path: str, **more: object) -> None:
        write(table, path, **more)
        Path(path).write_bytes(Path(path).read_bytes()[:-100] if left else b"")

    monkeypatch.setattr(pyreadstat, "write_sav", full)
    with pytest.raises(InputError, match="was not written whole, perhaps for want of space"):
        exported.export_tables(frames, tmp_path, ["sav"])
    assert list(tmp_path.iterdir()) == []
