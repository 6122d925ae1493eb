"""Results folders: whole or not there, found again, and honest about what made them."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fake_model
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.errors import InputError
from sim.experiments import store
from sim.experiments.compare import kept_trees, read_comparison
from sim.experiments.provenance import LIBRARIES, provenance
from sim.experiments.run import Question, run
from sim.experiments.store import Study, read_study
from sim.questions.compare import compare
from sim.report.exported import export_folder

CONFIG = fake_model.configuration()
TABLES = ("runs", "months", "costs")


def answer(out: Path, **keys: Any) -> Study:
    """Run the fake and keep it."""
    return run(CONFIG, out, model=fake_model.FakeModel, **keys)


def place(study: Study) -> Path:
    """The folder of a study that has one."""
    assert study.folder is not None
    return study.folder


def names(out: Path) -> list[str]:
    """What lies beside the study."""
    return sorted(path.name for path in (out / "run").iterdir())


def test_folder_is_named_after_the_question(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    made = provenance([CONFIG], fake_model.FakeModel)
    assert folder.parent == tmp_path / "run"
    assert folder.name == store.place_name("测试_case-visits", CONFIG.fingerprint(), made)
    assert sorted(path.name for path in folder.iterdir()) == [
        "costs.parquet",
        "figures",
        "manifest.json",
        "months.parquet",
        "runs.parquet",
    ]


def test_same_question_finds_its_answer(tmp_path: Path, capsys: Any) -> None:
    first = answer(tmp_path)
    again = answer(tmp_path, progress=True)
    assert not first.loaded
    assert again.loaded
    assert "answered before" in capsys.readouterr().err
    for name in (*TABLES, "summary"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))


def test_force_lives_again_to_the_same_bytes(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    before = {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}
    assert not answer(tmp_path, force=True).loaded
    assert before == {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}
    assert names(tmp_path) == [folder.name]


@pytest.mark.parametrize("key", ["xiaoqu", "source", "model", "fingerprint"])
def test_answer_of_other_code_is_not_taken(tmp_path: Path, key: str) -> None:
    path = place(answer(tmp_path)) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, key: "other"}), encoding="utf-8")
    assert not answer(tmp_path).loaded


def test_damaged_answer_is_lived_again(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    whole = (folder / "months.parquet").read_bytes()
    (folder / "months.parquet").write_bytes(whole[:-20])
    with pytest.raises(InputError, match=r"months.parquet: has changed"):
        read_study(folder)
    assert not answer(tmp_path).loaded
    assert (folder / "months.parquet").read_bytes() == whole


@pytest.mark.parametrize("text", ["", "[]", "{}", None])
def test_unreadable_manifest_is_said_in_a_line(tmp_path: Path, text: str | None) -> None:
    folder = place(answer(tmp_path))
    if text is None:
        (folder / "manifest.json").unlink()
    else:
        (folder / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"manifest.json") as caught:
        read_study(folder)
    assert "\n" not in str(caught.value)
    assert not answer(tmp_path).loaded


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("configuration", []),
        ("configuration", {**CONFIG.resolved(), "months": 5}),
        ("configuration", {**CONFIG.resolved(), "scenario": {}}),
        ("configuration", None),
        ("seeds", [1, 2]),
        ("fingerprint", "0" * 12),
    ],
)
def test_a_manifest_that_its_tables_deny_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    """Catches a setting changed by hand that is reported as what was lived."""
    path = place(answer(tmp_path)) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, key: value}), encoding="utf-8")
    with pytest.raises(InputError, match=rf"manifest.json: {key} is not what the tables") as caught:
        read_study(path.parent)
    assert "\n" not in str(caught.value)
    assert not answer(tmp_path).loaded


@pytest.mark.parametrize("change", [{"fees": {"trust": 9}}, {"months": 1}, {"title": "x"}, None])
def test_a_comparison_that_its_tables_deny_is_refused(tmp_path: Path, change: Any) -> None:
    kept = compare(
        policies=["none", "member_contact"], out=tmp_path, model=fake_model.FakeModel,
        months=3, replications=2, executor__workers=1,
    )  # fmt: skip
    assert kept.folder is not None
    assert read_comparison(kept.folder).loaded
    path = kept.folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    (trees,) = manifest["configurations"].values()
    trees["none"] = change and {**trees["none"], **change}
    for wrong in (manifest["configurations"], [1], {"a": 1}):
        path.write_text(json.dumps({**manifest, "configurations": wrong}), encoding="utf-8")
        with pytest.raises(InputError, match=r"manifest.json: configurations is not what"):
            read_comparison(kept.folder)


@pytest.mark.parametrize("wrong", [None, [], [1], "x", {"a": 1}, {"a": None}])
def test_configurations_of_another_form_are_refused_whatever_tables_say(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"manifest.json: configurations cannot be read"):
        kept_trees(Path("kept"), {"configurations": wrong})


@pytest.mark.parametrize("files", [[], None, 5])
def test_a_manifest_without_hashes_is_lived_again(tmp_path: Path, files: Any) -> None:
    path = place(answer(tmp_path)) / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**manifest, "files": files}), encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest.json: names no files"):
        read_study(path.parent)
    assert not answer(tmp_path).loaded


def test_a_table_of_another_study_is_refused(tmp_path: Path) -> None:
    """Catches a table and its hash put in the place of others."""
    folder = place(answer(tmp_path))
    frame = pd.read_parquet(folder / "runs.parquet").iloc[:2]
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for note in ('{"seeds": [1, 2]}', "[1]", "{"):
        store.write_table(frame, folder / "runs.parquet", note)
        manifest["files"]["runs.parquet"] = store.sha256(folder / "runs.parquet")
        path.write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(InputError, match=r"is no table|seeds is not what the tables"):
            read_study(folder)


def hashed_anew(folder: Path, name: str, table: pa.Table) -> None:
    """Put another table in the place of one, with its notes, and note its hash by hand."""
    path = folder / f"{name}.parquet"
    notes = pq.read_schema(path).metadata
    pq.write_table(table.replace_schema_metadata(notes), path)
    manifest = store.read_manifest(folder)
    manifest["files"][path.name] = store.sha256(path)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_a_column_is_refused_by_it(tmp_path: Path, name: str) -> None:
    """Catches a KeyError of whoever needs the column, and an export that says nothing."""
    folder = place(answer(tmp_path))
    table = pq.read_table(folder / f"{name}.parquet")
    hashed_anew(folder, name, table.drop_columns(["seed"]))
    for reader in (read_study, lambda path: export_folder(path, ["csv"])):
        with pytest.raises(InputError, match=rf"{name}.parquet: column seed is missing, and was"):
            reader(folder)
    assert not answer(tmp_path).loaded


def test_a_column_of_another_type_or_further_is_refused_by_it(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    table = pq.read_table(folder / "costs.parquet")
    place_of = table.schema.get_field_index("seed")
    texts = table.set_column(place_of, "seed", pa.array(["1"] * len(table)))
    hashed_anew(folder, "costs", texts)
    with pytest.raises(InputError, match=r"costs.parquet: column seed is string, and was int64"):
        read_study(folder)
    hashed_anew(folder, "costs", table.append_column("mine", pa.array([1] * len(table))))
    with pytest.raises(InputError, match=r"column mine is int64, and was not there"):
        read_study(folder)


@pytest.mark.parametrize("gone", ["costs", "runs"])
def test_a_table_taken_off_the_list_is_missed(tmp_path: Path, gone: str) -> None:
    """Catches an export, or an answer, of fewer tables than the run wrote."""
    folder = place(answer(tmp_path))
    manifest = store.read_manifest(folder)
    for key in ("files", "tables"):
        kept = manifest[key]
        left = [name for name in kept if name.partition(".")[0] != gone]
        manifest[key] = {n: kept[n] for n in left} if key == "files" else left
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        for reader in (read_study, lambda path: export_folder(path, ["csv"])):
            with pytest.raises(InputError, match=r"manifest.json: (files|tables|has no entry)"):
                reader(folder)


@pytest.mark.parametrize("files", [None, [5], "runs.parquet", 7, {}])
def test_an_export_of_a_folder_that_lists_no_files_is_refused(tmp_path: Path, files: Any) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    with pytest.raises(InputError, match="keeps no tables"):
        export_folder(tmp_path, ["csv"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "is not JSON"),
        ('{"title": "\\ud800"}', "surrogate"),
        ('{"\\udfff": 1}', "surrogate"),
        (None, "pipe"),
    ],
)
def test_a_manifest_nobody_wrote_is_named(tmp_path: Path, text: str | None, said: str) -> None:
    if text is None:
        os.mkfifo(tmp_path / "manifest.json")
    else:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=rf"manifest.json: .*{said}") as caught:
        read_study(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_pipe_in_the_place_of_a_table_is_refused(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    (folder / "runs.parquet").unlink()
    os.mkfifo(folder / "runs.parquet")
    with pytest.raises(InputError, match=r"runs.parquet: is a pipe"):
        read_study(folder)
    assert not answer(tmp_path).loaded


def test_a_folder_that_is_no_text_is_refused_before_running(tmp_path: Path) -> None:
    out = tmp_path / "\udce4\udcb8"
    with pytest.raises(InputError, match=r"^out: .*udce4.udcb8.* cannot be a name here"):
        run(CONFIG, out, model=fake_model.NeverBuilds)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_the_system_has_no_letters_for_is_refused(tmp_path: Path) -> None:
    write = "import sys; from pathlib import Path; from sim.experiments import store; "
    write += "store.make_ready(Path(sys.argv[1], chr(0x4E2D)), Path(sys.argv[1]))"
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-c", write, str(tmp_path)]
    done = subprocess.run(
        command, cwd=store.PACKAGE.parent, env={**os.environ, **plain}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert "InputError: out: " in done.stderr and "cannot be a name here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_study_is_read_back_from_its_folder_alone(tmp_path: Path) -> None:
    study = answer(tmp_path)
    back = read_study(place(study))
    assert back.config.fingerprint() == CONFIG.fingerprint()
    pd.testing.assert_frame_equal(back.summary, study.summary)


def test_manifest_says_what_made_it(tmp_path: Path) -> None:
    manifest = json.loads((place(answer(tmp_path)) / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["configuration"] == CONFIG.resolved()
    assert manifest["seeds"] == [1, 2, 3, 4, 5]
    assert set(manifest["versions"]) == {"python", *LIBRARIES}
    assert manifest["own_code"]["fake_model.py"] == store.sha256(Path(fake_model.__file__))
    assert os.uname().nodename not in json.dumps(manifest["platform"])
    assert manifest["started"] <= manifest["ended"]
    assert manifest["ended"].endswith("+00:00")
    assert set(manifest["files"]) == {f"{name}.parquet" for name in TABLES}


def test_tables_carry_provenance_without_time_or_machine(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    for name in TABLES:
        note = json.loads(pq.read_schema(folder / f"{name}.parquet").metadata[b"xiaoqu"])
        assert note["fingerprint"] == CONFIG.fingerprint()
        assert not {"started", "ended", "platform"} & set(note)
        assert "executor" not in note["configuration"]


@pytest.mark.parametrize("broken", ["write_table", "sha256", "sync", "_put_in_place"])
def test_crash_at_any_step_leaves_the_old_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    folder = place(answer(tmp_path))

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, broken, crash)
        with pytest.raises(KeyboardInterrupt):
            answer(tmp_path, force=True)
    assert names(tmp_path) == [folder.name]
    assert answer(tmp_path).loaded


def test_failed_exchange_brings_the_old_answer_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(answer(tmp_path))
    rename = Path.rename

    def fail_for_drafts(self: Path, target: Path) -> Path:
        if self.name.startswith(store.DRAFT):
            raise OSError(errno.EIO, "input/output error")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", fail_for_drafts)
        with pytest.raises(InputError, match="input/output error"):
            answer(tmp_path, force=True)
    assert names(tmp_path) == [folder.name]
    assert answer(tmp_path).loaded


def leftover(folder: Path, kind: str, life: str = "dead0000") -> Path:
    """A temporary folder as a process with our number left it."""
    return folder.parent / f"{kind}~{store._machine()}~{os.getpid()}~{life}~00~{folder.name}"


def test_drafts_of_dead_runs_are_cleared_and_of_living_ones_kept(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    dead, living = leftover(folder, store.DRAFT), leftover(folder, store.DRAFT, store._LIFE)
    for path in (dead, living):
        path.mkdir()
        (path / "months.parquet").write_bytes(b"half")
    answer(tmp_path)
    assert not dead.exists()
    assert living.exists()


def test_draft_of_a_killed_process_is_cleared(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    kill_self = (
        "import os, pathlib, signal, sys; from sim.experiments import store; "
        "pathlib.Path(sys.argv[1], store._temporary('x')).mkdir(); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", kill_self, str(folder.parent)]
    subprocess.run(command, cwd=store.PACKAGE.parent, check=False)
    assert len(names(tmp_path)) == 2
    answer(tmp_path)
    assert names(tmp_path) == [folder.name]


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    (folder.parent / ".draft~notes").mkdir()
    (folder.parent / "mine.txt").write_text("mine")
    answer(tmp_path, force=True)
    assert {".draft~notes", "mine.txt"} <= set(names(tmp_path))


def test_target_that_is_a_file_is_refused_before_running(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(InputError, match=r"^out: ") as caught:
        run(CONFIG, tmp_path / "results", model=fake_model.NeverBuilds)
    assert "\n" not in str(caught.value)


def test_final_place_taken_by_a_file_is_refused(tmp_path: Path) -> None:
    folder = place(answer(tmp_path))
    shutil.rmtree(folder)
    folder.write_text("a file")
    with pytest.raises(InputError, match="not a folder"):
        answer(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_target_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="out"):
        answer(tmp_path)


def test_full_disk_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store, "write_table", full)
    with pytest.raises(InputError, match="No space left"):
        answer(tmp_path)
    assert names(tmp_path) == []


def test_missing_git_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert store.revision() is None


def test_hostile_names_stay_inside_the_results(tmp_path: Path) -> None:
    scenario = CONFIG.scenario.model_copy(update={"name": "../../" + "长" * 300})
    config = CONFIG.model_copy(update={"scenario": scenario})
    folder = Question(config).asked.folder(tmp_path)
    assert folder.parent == tmp_path / "run"
    assert len(folder.name.encode()) < 200
