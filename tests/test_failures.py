"""A failure that may pass is no answer for good; and what the program did not write it does not delete."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fake_model
import pytest

from sim.compose import load
from sim.experiments.run import run
from sim.questions.attribute import attribute
from sim.questions.compare import compare
from sim.questions.sweep import sweep
from sim.science.worlds import Reading, World, live_in

KEYS: dict[str, Any] = {"months": 3, "replications": 3, "executor": {"workers": 1}}


@pytest.fixture
def hungry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file is there, one run has too little memory."""
    path = tmp_path / "hungry"
    path.touch()
    monkeypatch.setenv("FAKE_STARVED", str(path))
    return path


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Holds a letter for each run that was asked to live."""
    path = tmp_path / "asked"
    path.touch()
    monkeypatch.setenv("FAKE_ASKED", str(path))
    return path


def failed(kind: str, out: Path, model: Any, **more: Any) -> list[str]:
    """Status of the runs of a question."""
    if kind == "run":
        runs = run(load(**KEYS), out, model=model, **more).runs
    elif kind == "compare":
        runs = compare(
            policies=["none", "member_contact"], out=out, model=model, **KEYS, **more
        ).runs
    else:
        given = {"fees.habit": [1.0, 2.0]}
        runs = sweep(None, factors=given, out=out, model=model, **KEYS, **more).runs
    return runs["status"].tolist()


@pytest.mark.parametrize("kind", ["run", "compare", "sweep"])
def test_a_failure_that_may_pass_is_tried_again(kind: str, tmp_path: Path, hungry: Path) -> None:
    """Want of memory was kept as a failed row, and never tried again."""
    assert failed(kind, tmp_path, fake_model.Starved).count("failed") == (1 if kind == "run" else 2)
    hungry.unlink()
    whole = failed(kind, tmp_path, fake_model.Starved)
    assert set(whole) == {"ok"}
    hungry.touch()
    assert failed(kind, tmp_path, fake_model.Starved) == whole, "what was lived is there for good"


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_a_refusal_is_not_tried_again(kind: str, tmp_path: Path, asked: Path) -> None:
    """Input that is refused will be refused again; nothing is lived anew for it."""
    first = failed(kind, tmp_path, fake_model.RefusesEven)
    assert "failed" in first and "ok" in first
    before = asked.read_text()
    assert failed(kind, tmp_path, fake_model.RefusesEven) == first
    assert asked.read_text() == before


def test_an_answer_with_a_passing_failure_is_not_final(tmp_path: Path, hungry: Path) -> None:
    """The questions of science leave such runs out, but do not keep it so."""
    given: dict[str, Any] = {
        "policy": ["member_contact", "disclosure"], "at": 3, "replications": 3, "out": tmp_path,
        "indicator": "collection_rate", "executor": {"workers": 1}, "model": fake_model.Starved,
    }  # fmt: skip
    assert attribute(None, **given).bundle["failed"].tolist() == [1, 1, 1]
    hungry.unlink()
    assert attribute(None, **given).bundle["failed"].tolist() == [0, 0, 0]


def test_a_failed_world_is_missing(hungry: Path) -> None:
    from sim.config import Policy

    tree = load(**KEYS).resolved()
    read = live_in(tree, [Policy()], [Reading("grievance", 2)], fake_model.Starved, World(2))
    assert (read != read).all()


# --- what is not ours ---------------------------------------------------------------------------


def mine(folder: Path | None) -> list[Path]:
    """Files of a user's own in a folder of results."""
    assert folder is not None
    places = [folder / "notes.docx", folder / "report" / "r.pdf", folder / "figures" / "own.png"]
    for path in places:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    return places


def test_a_repeat_leaves_other_files_of_the_folder_alone(tmp_path: Path) -> None:
    """A repeat replaced the folder whole, with the user's own files and reports in it."""
    config = load(**KEYS)
    study = run(config, tmp_path, model=fake_model.FakeModel)
    places = mine(study.folder)
    again = run(config, tmp_path, model=fake_model.FakeModel, force=True)
    assert again.folder == study.folder and not again.loaded
    assert [path.read_text() for path in places] == ["mine"] * 3
    assert run(config, tmp_path, model=fake_model.FakeModel).loaded


def test_a_sweep_begun_anew_leaves_other_files_alone(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "factors": {"fees.habit": [1.0, 2.0]}, "out": tmp_path, "model": fake_model.FakeModel, **KEYS,
    }  # fmt: skip
    first = sweep(None, **given)
    places = mine(first.folder)
    assert first.folder is not None
    places.append(first.folder / "runs" / "my.parquet.bak")
    places[-1].write_text("mine")
    assert sweep(None, **given, force=True).lived == 6
    assert [path.read_text() for path in places] == ["mine"] * 4
