"""A kept answer lived again: the same to the byte, or told what is not."""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import fake_model
import pandas as pd
import pytest
from conftest import Command

from sim import compare, sweep
from sim.again import rerun
from sim.compose import load
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.run import run
from sim.measures import CATALOGUE

FAKE: dict[str, Any] = {"model": fake_model.FakeModel}
SMALL: dict[str, Any] = {
    "months": 3, "replications": 2, "population__households": 40, "population__buildings": 2,
}  # fmt: skip


def kept(out: Path, **keys: Any) -> Path:
    folder = run(fake_model.configuration(), out, **FAKE, **keys).folder
    assert folder is not None
    return folder


def swept(out: Path, append: Path | None = None, values: str = "0.1,0.2,0.3") -> Path:
    folder = sweep(
        None, f"fees.habit={values}", out=out, append=append, months=3, replications=2,
        experiment__chunk=4, executor__workers=1, **FAKE,
    ).folder  # fmt: skip
    assert folder is not None
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def change(folder: Path, **parts: Any) -> None:
    """Edit the manifest by hand."""
    path = folder / store.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, **parts}), encoding="utf-8")


def test_a_study_a_comparison_and_a_sweep_come_out_the_same(tmp_path: Path) -> None:
    """Catches a kind of answer that does not keep all that it was asked, and a folder that is touched."""
    config = load("kangqiao", policy="none", **SMALL)
    study = run(config, tmp_path, panel=["paid"]).folder
    comparison = compare(
        policies=["member_contact"], out=tmp_path, withdraw=3, **SMALL, **FAKE
    ).folder
    folder = swept(tmp_path)
    assert swept(tmp_path, folder, "0.7,0.8") == folder, "a second design in the same folder"
    assert study and comparison
    for one, files, keys in ((study, 4, {}), (comparison, 6, FAKE), (folder, 5, FAKE)):
        before = content(one)
        done = rerun(one, **keys)
        assert done.same and done.files == files, done.line()
        assert done.line().startswith(f"the same: all {files} files, byte by byte")
        assert content(one) == before


@pytest.mark.parametrize("command", ["attribute", "sensitivity", "optimise"])
def test_a_question_of_science_is_put_together_from_what_is_kept(
    command: str, tmp_path: Path
) -> None:
    """Catches a part of the question that is not kept, and one that is edited."""
    pytest.importorskip({"sensitivity": "SALib", "optimise": "optuna"}.get(command, "numpy"))
    own: dict[str, dict[str, Any]] = {
        "attribute": {"policy": ["member_contact", "lead_by_paying"], "at": 3, "replications": 2},
        "sensitivity": {
            "policy": "member_contact", "over": ["bills"], "trajectories": 2, "top": 2, "samples": 4,
            "replications": 2, "months": 3, "at": 3,
        },
        "optimise": {
            "target": "collection_rate>=0.6 at +3", "measures": ["member_contact", "lead_by_paying"],
            "trials": 8, "worlds": 4, "check": 4,
        },
    }  # fmt: skip
    small = {"population__households": 40, "population__buildings": 2, "scenario__history": {}}
    ask = getattr(import_module("sim"), command)
    small |= {"scenario__history_months": 0} if command == "optimise" else {}
    folder = ask("ordinary_estate", out=tmp_path, **own[command], **small).folder
    done = rerun(folder)
    assert done.same, done.line()
    words = store.read_manifest(folder)["words"]
    change(folder, words={**words, next(iter(words)): "other"})
    assert rerun(folder).differs[0].told["key"].startswith("words.")


def test_where_it_was_lived_plays_no_part(tmp_path: Path) -> None:
    """Catches a cluster of long ago that is asked for."""
    folder = kept(tmp_path)
    manifest = store.read_manifest(folder)
    there = {"kind": "dask", "address": "tcp://nowhere:1", "workers": 3, "threads": 1}
    change(folder, configuration={**manifest["configuration"], "executor": there})
    assert rerun(folder, **FAKE).same


def test_an_edited_number_is_found_by_file_column_and_row(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    path = folder / "months.parquet"
    frame = pd.read_parquet(path)
    frame.loc[[6, 8], "collection_rate"] = 0.25
    frame.to_parquet(path)
    change(folder, files={**store.read_manifest(folder)["files"]})
    done = rerun(folder, **FAKE)
    (told,) = done.differs
    assert (told.word, told.edited) == ("cell", True)
    assert told.told["key"] == "collection_rate" and told.told["old"] == 0.25
    assert told.told["row"] == 7
    assert "row 7 (run 0, seed 1, month -2, compound 0) is 0.25 here" in done.line()
    assert (told.told["cells"], told.told["columns"]) == (2, 1)
    assert "changed since it was written" in done.line()
    assert "写入后被改动" in done.line("zh") and "\n" not in done.line("zh")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda path: path.unlink(), "gone"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "unread"),
        (lambda path: pd.read_parquet(path).iloc[1:].to_parquet(path), "rows"),
        (lambda path: pd.read_parquet(path).drop(columns="grievance").to_parquet(path), "columns"),
        (lambda path: shutil.copy(path, path.with_name("mine.parquet")), "more"),
    ],
)
def test_damage_is_named(tmp_path: Path, spoil: Any, word: str) -> None:
    folder = kept(tmp_path)
    spoil(folder / "months.parquet")
    done = rerun(folder, **FAKE)
    assert [one.word for one in done.differs] == [word]
    assert ("mine" if word == "more" else "months") in done.line()


def test_an_edited_setting_is_named_and_nothing_is_lived(tmp_path: Path) -> None:
    folder = kept(tmp_path)
    change(folder, configuration={**store.read_manifest(folder)["configuration"], "months": 5})
    done = rerun(folder, **FAKE)
    assert not done.same and done.files == 0
    said = "manifest.json: configuration.months is 5, its tables were made with 14"
    assert done.line() == f"differs: {said}"
    assert done.line("zh") == "不同：manifest.json：configuration.months为5，而其表由14算出"


def test_an_edited_design_is_named(tmp_path: Path) -> None:
    folder = swept(tmp_path)
    path = folder / "designs" / "000.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["bases"][0]["configuration"]["months"] = 9
    path.write_text(json.dumps(told), encoding="utf-8")
    assert rerun(folder, **FAKE).line() == "differs: designs/000: changed since it was written"


def test_another_version_is_named_beside_numbers_that_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches numbers of another version that are called different because a note in the file is."""
    with monkeypatch.context() as then:
        then.setattr("sim.experiments.provenance.version_of", lambda name: "0.9")
        folder = kept(tmp_path)
    done = rerun(folder, **FAKE)
    assert {one.word for one in done.differs} == {"notes"}
    assert "versions.numpy" in [one.told["key"] for one in done.made]
    assert "every number of 3 files is the same" in done.line()
    assert "numpy 0.9 then, " in done.line() and "versions.numpy当时为0.9" in done.line("zh")


def test_a_file_that_has_changed_or_gone_is_named(tmp_path: Path) -> None:
    table = tmp_path / "households.csv"
    rows = [f"{building},1,{floor}" for building in (1, 2) for floor in range(1, 13)]
    table.write_text("\n".join(["building,stair,floor", *rows]), encoding="utf-8")
    config = load(policy="none", months=2, replications=1, population__household_file=str(table))
    folder = run(config, tmp_path).folder
    assert folder is not None
    table.write_text("\n".join(["building,stair,floor", *rows, "2,1,13"]), encoding="utf-8")
    done = rerun(folder)
    assert not done.same
    assert [one.told["key"] for one in done.made] == [f"read.{table}"]
    table.unlink()
    with pytest.raises(InputError, match=r"households\.csv"):
        rerun(folder)


MEASURE = """
from sim.measures import Measure, register

@register
class Lanterns(Measure):
    '''Lamps in the yard.'''
    name, en, zh = "lanterns", "Lanterns", "灯笼"

    def act(self, compound, strength):
        compound.spend(self.label, "residents", hours=HOURS)
"""


def test_the_command_says_it_in_one_line_with_its_code(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches an answer of own code that is called the same without it, or with other code."""
    file, out = tmp_path / "mine.py", tmp_path / "results"
    file.write_text(MEASURE.replace("HOURS", "2.0"), encoding="utf-8")
    plugin = ["--plugin", str(file)]
    words = ["policy=lanterns", "months=2", "replications=1", "population.households=40"]
    try:
        code, told, _ = xiaoqu("run", *words, "-q", "--out", str(out), *plugin)
        folder = told.strip()
        assert code == 0
        code, told, _ = xiaoqu("rerun", folder, "-q", *plugin)
        assert (code, told.count("\n")) == (0, 1) and told.startswith("the same: all 3 files")
        CATALOGUE.pop("lanterns")
        code, told, err = xiaoqu("rerun", folder, "-q")
        assert (code, told) == (2, "")
        assert "was made with code that is not given: mine.py; allowed: --plugin FILE" in err
        file.write_text(MEASURE.replace("HOURS", "5.0"), encoding="utf-8")
        code, told, _ = xiaoqu("rerun", folder, "-q", "--lang", "zh", *plugin)
        assert (code, told.count("\n")) == (1, 1)
        assert "costs.parquet：第1行 (run 0, seed 1, month 1" in told
        assert "的hours现存为2.0，重算为5.0" in told and "own_code.mine.py" in told
    finally:
        CATALOGUE.pop("lanterns", None)


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("manifest.json", {"files": {"../../elsewhere.parquet": "0"}}),
        ("manifest.json", {"files": []}),
        ("manifest.json", {"command": ["x"]}),
        ("manifest.json", {"own_code": None}),
        ("manifest.json", None),
        ("designs/000.json", {"read": None}),
        ("designs/000.json", {"design": "x"}),
        ("designs/000.json", {"bases": [1]}),
        ("designs/000.json", {"bases": None}),
    ],
)
def test_a_folder_that_makes_no_sense_is_refused_in_a_line(
    file: str, parts: Any, tmp_path: Path
) -> None:
    """Catches a traceback, and a folder of somebody else's that leads out of itself."""
    folder = swept(tmp_path) if file.startswith("designs") else kept(tmp_path)
    path = folder / file
    told = {**json.loads(path.read_text(encoding="utf-8")), **parts} if parts else []
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        rerun(folder, **FAKE)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_lived_again_is_refused(xiaoqu: Command, tmp_path: Path) -> None:
    folder = kept(tmp_path)
    with pytest.raises(
        InputError, match=r"lived by the model fake_model\.FakeModel; allowed: from Py"
    ):
        rerun(folder)
    change(folder, model=None)
    with pytest.raises(InputError, match="does not say what made it"):
        rerun(folder)
    change(folder, command="tipping")
    with pytest.raises(InputError, match="an answer of tipping, which keeps its tables and not"):
        rerun(folder)
    code, out, err = xiaoqu("rerun", str(tmp_path))
    assert (code, out) == (2, "") and err.count("\n") == 1 and "manifest.json" in err
