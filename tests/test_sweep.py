"""Sweeps: every run once, the same however it is computed, read by anybody, told in time."""

from __future__ import annotations

import errno
import inspect
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fake_model
import mesa
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from conftest import Command
from rich.console import Console

from sim import source
from sim.compose import Levels, load, parse_sweep
from sim.config import Config
from sim.errors import InputError
from sim.experiments import chunks, executors, store, together
from sim.experiments import sweep as sweeps
from sim.experiments.design import lay_out
from sim.experiments.run import end_columns, run
from sim.experiments.sweep import Sweep, duration, read_sweep, run_design
from sim.experiments.sweep_table import print_sweep
from sim.experiments.tasks import side_by_side
from sim.experiments.tasks import tasks as tasks_of
from sim.measures import CATALOGUE
from sim.model import NeighborhoodModel
from sim.questions.sweep import sweep

SMALL: dict[str, Any] = {
    "months": 6, "replications": 3, "executor__workers": 1, "experiment__chunk": 5,
}  # fmt: skip


def fake(*words: str, model: type = fake_model.FakeModel, **keys: Any) -> Sweep:
    return sweep(None, *(words or ("fees.habit=0.1,0.2,0.3",)), model=model, **{**SMALL, **keys})


def place(lived: Sweep) -> Path:
    assert lived.folder is not None
    return lived.folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file but the manifest, whose times differ."""
    paths = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != store.MANIFEST]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


# --- runs ---


def test_every_run_once_and_in_order(tmp_path: Path) -> None:
    runs = fake(out=tmp_path).runs
    assert runs["run"].tolist() == list(range(9))
    assert runs["point"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert runs["seed"].tolist() == [1, 2, 3] * 3
    assert runs["fees.habit"].tolist() == [0.1] * 3 + [0.2] * 3 + [0.3] * 3
    assert set(runs["status"]) == {"ok"}


def test_a_run_of_a_sweep_is_a_run() -> None:
    keys: dict[str, Any] = {"months": 6, "replications": 2, "population": {"households": 80}}
    lived = sweep(
        None, "policy=none,member_contact", "measure.quota=4,8", executor__workers=1, **keys
    )
    alone = run(load(None, "measure.member_contact.quota=8", policy="member_contact", **keys))
    columns = ["policy", "seed", *end_columns()]
    pd.testing.assert_frame_equal(
        lived.runs.query("`measure.quota` == 8")[columns].reset_index(drop=True),
        alone.runs[columns],
        check_dtype=False,
    )


class Counted(NeighborhoodModel):
    """Counts how often a past is lived, and how often one is gone on from."""

    built = forked = 0

    def __init__(self, config: Config, *, seed: int, **more: Any) -> None:
        type(self).built += self._past is None
        super().__init__(config, seed=seed, **more)

    def fork(self, config: Config) -> NeighborhoodModel:
        type(self).forked += 1
        return super().fork(config)


@pytest.mark.parametrize("chunk", [4, 500])
def test_points_that_differ_in_policy_share_their_past(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a past that is lived for each policy, and one that is not the point's own."""
    monkeypatch.setattr(Counted, "built", 0)
    monkeypatch.setattr(Counted, "forked", 0)
    monkeypatch.setattr(sweeps, "_time_runs", lambda *_: (0.01, 1))
    # The first time a class of somebody's own is lived alone too.
    monkeypatch.setattr(together, "_PROVED", {Counted})
    keys: dict[str, Any] = {
        "population": {"households": 80}, "scenario.history_months": 4, "months": 6, "replications": 4,
    }  # fmt: skip
    lived = sweep(
        None, "policy=none,member_contact", "measure.quota=4,8", "fees.habit=1.0,1.5",
        executor__workers=1, experiment__chunk=chunk, model=Counted, **keys,
    )  # fmt: skip
    assert lived.design.pasts.tolist() == [0, 1, 0, 1, 0, 1]
    # Two pasts under four seeds, each gone on from three times.
    assert (Counted.built, Counted.forked) == (8, 24)
    for (policy, habit), rows in lived.runs.groupby(["policy", "fees.habit"]):
        for quota, own in rows.groupby("measure.quota", dropna=False):
            words = [] if policy == "none" else [f"measure.member_contact.quota={int(quota)}"]
            alone = run(load(None, f"fees.habit={habit}", *words, policy=policy, **keys)).runs
            columns = ["seed", *end_columns()]
            assert np.array_equal(own[columns], alone[columns], equal_nan=True), (policy, quota)


def test_files_of_one_point_each_are_lived_side_by_side() -> None:
    """Catches runs left out or lived twice, and more files open than a kill may cost."""
    asked = lay_out([
        ("policy", Levels(("none", "member_contact"))), ("measure.quota", Levels((1, 2, 3, 4, 5))),
        ("replications", 8), ("experiment.chunk", 4),
    ])  # fmt: skip
    chunks_of = list(side_by_side(asked, [0, *range(2, 12)]))
    assert chunks_of == [[0, 2, 4, 6], [8, 10], [3, 5, 7, 9], [11]]
    tasks = list(tasks_of(asked, [0, *range(2, 12)], 3))
    assert all(sum(map(len, task)) <= 3 for task in tasks)
    runs = [run for task in tasks for group in task for run in group]
    assert sorted(runs) == [*range(4), *range(8, 48)]


def test_memory_processes_and_pieces_give_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"experiment__keep_months": True, "replications": 7}
    one = fake(out=tmp_path / "1", **keys)
    two = fake(out=tmp_path / "2", executor__workers=2, **keys)
    monkeypatch.setattr(sweeps, "MOST_RUNS_PER_TASK", 2)
    three = fake(**keys)
    assert bytes_of(place(one)) == bytes_of(place(two))
    pd.testing.assert_frame_equal(one.runs, three.runs)
    pd.testing.assert_frame_equal(one.months, three.months)


def test_months_are_those_the_model_recorded(tmp_path: Path) -> None:
    lived = fake(out=tmp_path, experiment__keep_months=True)
    months = lived.months
    assert len(months) == 9 * (6 + fake_model.HISTORY) * fake_model.COMPOUNDS
    recorded = fake_model.Recorder(load(months=6), 2)
    row = months.query("run == 4 and month == 3 and compound == 1").iloc[0]
    assert row["collection_rate"] == recorded.values[list(recorded.months).index(3), 1, 0]
    run_4 = lived.runs.iloc[4]
    last = months.query("run == 4 and month == 6")["collection_rate"].mean()
    assert run_4["collection_rate_end"] == pytest.approx(last)


def test_failed_runs_are_rows_and_are_told(tmp_path: Path) -> None:
    lived = fake(out=tmp_path, model=fake_model.FailsOnEvenSeeds, experiment__keep_months=True)
    failed = lived.runs.query("status == 'failed'")
    assert (lived.failed, failed["run"].tolist()) == (3, [1, 4, 7])
    assert failed["message"].iloc[0].startswith("ZeroDivisionError: no households left")
    assert failed["collection_rate_end"].isna().all()
    assert lived.failures["run"].tolist() == [1, 4, 7]
    assert sorted(lived.months["run"].unique()) == [0, 2, 3, 5, 6, 8]


def test_the_first_failures_are_told_and_all_counted(tmp_path: Path) -> None:
    """Catches failures lost between files, or told in another order than lived."""
    model = fake_model.FailsOnEvenSeeds
    lived = fake("fees.habit=range(0.1,0.5,0.05)", out=tmp_path, model=model, replications=4)
    assert (lived.design.runs, lived.failed) == (32, 16)
    assert lived.failures["run"].tolist() == list(range(1, 20, 2))


def test_a_point_that_is_not_allowed_is_a_row(tmp_path: Path) -> None:
    """Found before the start where a value alone is bad, kept as a row where only the pair is."""
    words = ("population.tenant_share=0.1,0.6", "population.vacant_share=0.1,0.6")
    lived = fake(*words, out=tmp_path)
    failed = lived.runs.query("status == 'failed'")
    assert failed["point"].tolist() == [3, 3, 3]
    assert set(failed["stage"]) == {"configuration"}
    assert failed["seed"].tolist() == [1, 2, 3]


def test_all_failed_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"all 9 runs failed.*seed 1.*too large"):
        fake(out=tmp_path, model=fake_model.NeverBuilds)


@pytest.mark.parametrize("factors", [5, "fees.trust", ["fees.trust"], lambda: 1])
def test_factors_that_are_none_are_refused(factors: Any) -> None:
    with pytest.raises(InputError, match=r"^factors: \w+ is not allowed; allowed: values by key"):
        sweep("kangqiao", factors=factors)


# --- folder ---


@pytest.mark.parametrize("how", ["changed", "gone", "a column less", "no list"])
def test_a_chunk_that_is_not_what_was_written_is_not_read(tmp_path: Path, how: str) -> None:
    """Catches numbers changed by hand, and runs that were lost, in what is read and exported."""
    folder = place(fake("policy=none,member_contact", "measure.quota=2,4", out=tmp_path))
    path, sums = folder / "runs/000-000001.parquet", folder / "SHA256SUMS"
    table, before = pq.read_table(path), store.sha256(path)
    if how == "gone":
        path.unlink()
    elif how == "no list":
        sums.unlink()
    elif how == "changed":
        pq.write_table(table.slice(1), path)
    else:
        pq.write_table(table.drop_columns(["seed"]), path)
        text = sums.read_text(encoding="utf-8").replace(before, store.sha256(path))
        sums.write_text(text, encoding="utf-8")
    said = {"a column less": "column seed is missing", "no list": "SHA256SUMS: names no runs"}
    with pytest.raises(
        InputError, match=said.get(how, r"000-000001.parquet: is not there, or has")
    ):
        read_sweep(folder)


def test_folder_is_read_by_anybody_and_says_what_made_it(tmp_path: Path) -> None:
    folder = place(fake("policy=none,member_contact", "measure.quota=2,4", out=tmp_path))
    assert sorted(path.name for path in folder.iterdir()) == [
        ".lock", "SHA256SUMS", "designs", "manifest.json", "runs",
    ]  # fmt: skip
    frame = pd.read_parquet(folder / "runs")
    pd.testing.assert_frame_equal(frame, read_sweep(folder))
    told = json.loads((folder / "designs/000.json").read_text(encoding="utf-8"))
    assert (told["runs"], told["points"], told["chunk"]) == (9, 3, 5)
    assert "member_contact" in told["bases"][1]["configuration"]["policy"]["measures"]
    assert pq.read_table(folder / "designs/000.parquet").num_rows == 3
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["runs"], manifest["failed"]) == (9, 0)
    assert manifest["started"] <= manifest["ended"]
    assert set(manifest["versions"]) >= {"python", "numpy", "numba"}


def test_hashes_are_those_sha256sum_checks(tmp_path: Path) -> None:
    folder = place(fake(out=tmp_path))
    sums = chunks.read_sums(folder)
    assert sums == {
        f"runs/000-{n:06d}.parquet": store.sha256(folder / f"runs/000-{n:06d}.parquet")
        for n in (0, 1)
    }


def test_same_question_is_not_lived_again(tmp_path: Path) -> None:
    first = fake(out=tmp_path)
    before = bytes_of(place(first))
    again = fake(out=tmp_path, model=fake_model.FakeModel)
    assert (first.lived, again.lived) == (9, 0)
    assert bytes_of(place(again)) == before


def test_other_code_does_not_go_on_unless_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place(fake(out=tmp_path))
    monkeypatch.setattr(source, "digest", lambda: "0" * 16)
    with pytest.raises(InputError, match="begun by other code"):
        fake(out=tmp_path)
    assert fake(out=tmp_path, force=True).lived == 9
    assert place(fake(out=tmp_path)) == folder


def test_a_later_design_is_added(tmp_path: Path) -> None:
    folder = place(fake("policy=none,member_contact", "fees.habit=0.1,0.2", out=tmp_path))
    words = ("policy=lead_by_paying", "fees.habit=0.3,0.4")
    lived = fake(*words, append=folder)
    assert fake(*words, append=folder).lived == 0
    runs = lived.runs
    assert runs["run"].tolist() == list(range(18))
    assert runs["point"].tolist() == [p for p in range(6) for _ in range(3)]
    assert runs["policy"].tolist()[12:] == ["lead_by_paying"] * 6
    assert runs["fees.habit"].tolist()[12:] == [0.3] * 3 + [0.4] * 3
    with pytest.raises(InputError, match=r"varies months.*allowed: policy.*fees.habit"):
        fake("months=3,4", append=folder)
    with pytest.raises(InputError, match="holds no sweep"):
        fake(append=tmp_path)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only file system")]
)
def test_a_disk_that_takes_no_more_is_told_and_what_was_kept_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    write, written = store.write_table, []

    def full(table: Any, path: Path, note: str) -> None:
        if written:
            path.write_bytes(b"half")
            raise OSError(number, os.strerror(number))
        written.append(path)
        write(table, path, note)

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_table", full)
        with pytest.raises(InputError, match=said):
            fake(out=tmp_path)
    lived = fake(out=tmp_path)
    assert lived.lived == 4, "the first file of five runs was kept"
    assert not (place(lived) / chunks.DRAFTS).exists()


# --- plan ---


def test_budget_names_what_would_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SECONDS", "0.02")
    words = ("seed=range(0,30000,3)",)
    with pytest.raises(InputError, match=r"30,000 runs would take about .* would fit into 6.0 s"):
        fake(*words, model=fake_model.Steered, experiment__budget=0.1, out=tmp_path)
    assert not list(tmp_path.rglob("*.parquet")) or not list(tmp_path.rglob("runs/*.parquet"))


def test_plan_leaves_nothing(
    xiaoqu: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = ("population.households=60", "months=3", "replications=2", "executor.workers=1")
    code, out, err = xiaoqu("sweep", "fees.habit=0.1,0.2", *small, "--plan")
    assert (code, out) == (0, "")
    assert "4 runs in 1 files; estimate: " in err
    assert list(tmp_path.iterdir()) == []


def planned(out: Path, **keys: Any) -> None:
    """Plan what ``fake`` lives."""
    given = [parse_sweep("fees.habit=0.1,0.2,0.3")]
    given += [(key.replace("__", "."), value) for key, value in SMALL.items()]
    run_design(
        lay_out(given), out, only_plan=True, progress=True, model=fake_model.FakeModel, **keys
    )


def test_plan_says_what_the_sweep_would_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a plan that counts what the sweep would not take, or plans what it would refuse."""
    folder = place(fake(out=tmp_path))

    def told(**keys: Any) -> str:
        capsys.readouterr()
        planned(tmp_path, **keys)
        return capsys.readouterr().err

    assert "0 runs (9 are there already) in 0 files" in told()
    assert "9 runs in 2 files" in told(force=True)
    with (folder / chunks.SUMS).open("a") as sums:
        sums.write(f"{'0' * 64}  runs/000-x00000.parquet\n")
        sums.write(f"{'0' * 64}  runs/000-000009.parquet\n")
    assert "0 runs (9 are there already) in 0 files" in told()
    (folder / "runs/000-000001.parquet").unlink()
    assert "4 runs (5 are there already) in 1 files" in told()
    assert fake(out=tmp_path).lived == 4
    monkeypatch.setattr(source, "digest", lambda: "0" * 16)
    with pytest.raises(InputError, match="begun by other code"):
        planned(tmp_path)
    with pytest.raises(InputError, match=r"varies months.*allowed: fees.habit"):
        monkeypatch.undo()
        run_design(
            lay_out([parse_sweep("months=3,4"), ("replications", 2)]), append=folder,
            only_plan=True, model=fake_model.FakeModel,
        )  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_list_of_hashes_that_is_no_file_is_told(tmp_path: Path, kind: str) -> None:
    sums = place(fake(out=tmp_path)) / chunks.SUMS
    sums.unlink()
    sums.mkdir() if kind == "folder" else os.mkfifo(sums)
    for ask in (planned, lambda out: fake(out=out)):
        with pytest.raises(InputError, match=r"SHA256SUMS: (Is a directory|is a pipe)") as caught:
            ask(tmp_path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("junk", [b"junk", b"", None])
def test_a_file_of_junk_whose_hash_is_right_is_named(tmp_path: Path, junk: bytes | None) -> None:
    folder = place(fake(out=tmp_path))
    path = folder / "runs/000-000001.parquet"
    noted = store.sha256(path)
    if junk is None:
        pd.DataFrame({"status": [1], "run": ["x"]}).to_parquet(path)
    else:
        path.write_bytes(junk)
    sums = folder / chunks.SUMS
    sums.write_text(sums.read_text().replace(noted, store.sha256(path)))
    with pytest.raises(InputError, match=r"000-000001.parquet: is no table of runs") as caught:
        fake(out=tmp_path)
    assert "\n" not in str(caught.value)
    path.unlink()
    assert fake(out=tmp_path).lived == 4


@pytest.mark.parametrize("text", ["[" * 100_000, '{"name": "\\ud800"}', None])
def test_a_design_nobody_froze_is_told(tmp_path: Path, text: str | None) -> None:
    path = place(fake(out=tmp_path)) / "designs/000.json"
    path.unlink()
    os.mkfifo(path) if text is None else path.write_text(text)
    for ask in (planned, lambda out: fake(out=out)):
        with pytest.raises(InputError, match=r"designs/000.json: ") as caught:
            ask(tmp_path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0.4 s"), (42, "42 s"), (125, "2 min 5 s"), (90061, "25 h 1 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


# --- command ---


def test_command_prints_means_rate_and_folder(xiaoqu: Command, tmp_path: Path) -> None:
    small = ("population.households=60", "months=3", "replications=2", "executor.workers=1")
    words = ("policy=none,member_contact", "measure.quota=2,4", *small, "--out", str(tmp_path))
    code, out, err = xiaoqu("sweep", *words)
    assert code == 0, err
    assert "6 runs (0 failed)" in out
    assert "runs/s" in out
    (folder,) = (tmp_path / "sweep").iterdir()
    assert str(folder) in out
    assert "estimate" in err
    code, out, err = xiaoqu("sweep", *words, "-q")
    assert (code, out, err) == (0, f"{folder}\n", "")


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_cfg_job_prints_the_configuration(xiaoqu: Command, command: str) -> None:
    code, out, _ = xiaoqu(
        command, "scenario=kangqiao", "months=6,7"[: 8 if command == "run" else 10], "--cfg", "job"
    )
    tree = yaml.safe_load(out)
    assert code == 0
    if command == "sweep":
        assert tree["runs"] == 60
        tree = tree["bases"][0]["configuration"]
    assert tree["population"]["households"] == 1059


def test_bad_words_are_one_line(
    xiaoqu: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["months=12"], ["months=1,2", "experiment.budget=-1"], ["experiment=nothing"]):
        code, out, err = xiaoqu("sweep", *words)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_experiments_are_listed_and_explained(xiaoqu: Command) -> None:
    assert "contact_quota" in xiaoqu("list", "experiments")[1]
    assert "population.active_share" in xiaoqu("explain", "contact_quota")[1]


# --- Python and mesa ---


def test_points_of_ones_own(tmp_path: Path) -> None:
    points = pd.DataFrame({"fees.habit": [0.1, 0.2], "months": [5, 6]})
    lived = sweep(
        None, points=points, factors={"policy": ["none", "member_contact"]}, replications=1,
        executor__workers=1, model=fake_model.FakeModel,
    )  # fmt: skip
    assert lived.runs["months"].tolist() == [5, 6, 5, 6]
    assert lived.folder is None


def test_measures_of_a_plugin_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A measure of a test module is unknown to workers unless it comes with the batch."""
    from sim.measures import Measure, MeasureParameters

    class Lamps(Measure):
        name, en, zh = "lamps", "Lamps", "灯"

        class Parameters(MeasureParameters):
            pass

    import cloudpickle

    monkeypatch.setitem(CATALOGUE, "lamps", Lamps)
    cloudpickle.register_pickle_by_value(__import__(__name__))
    try:
        lived = fake("policy=none,lamps", "measure.start=1,2", executor__workers=2, replications=8)
    finally:
        cloudpickle.unregister_pickle_by_value(__import__(__name__))
    assert lived.failed == 0
    assert set(lived.runs["policy"]) == {"none", "lamps"}


def test_mesas_batch_run_and_collector_work() -> None:
    keys = {"policy": ["none", "member_contact"], "months": 3, "population__households": 60}
    # Mesa 3.5 names seeds; 3.3 counts repetitions, which 3.5 warns of.
    newer = "rng" in inspect.signature(mesa.batch_run).parameters
    repeated: dict[str, Any] = {"rng": [7]} if newer else {"iterations": 1}
    rows = mesa.batch_run(
        NeighborhoodModel,
        keys,
        max_steps=2,
        number_processes=1,
        display_progress=False,
        **repeated,
    )
    assert {row["policy"] for row in rows} == {"none", "member_contact"}
    assert all(0 <= row["collection_rate"] <= 1 for row in rows)


def test_models_are_let_go() -> None:
    """Catches memory that grows with every run."""
    import gc
    import weakref

    from sim.experiments.run import live

    alive: list[weakref.ref[Any]] = []

    class Watched(NeighborhoodModel):
        def __init__(self, *words: Any, **keys: Any) -> None:
            super().__init__(*words, **keys)
            alive.append(weakref.ref(self))

    for seed in range(2):
        assert not live(load(months=1, population={"households": 60}), seed, Watched).stage
    gc.collect()
    assert [one() for one in alive] == [None, None]


def test_executor_answers_are_numbered() -> None:
    config = load(executor={"workers": 2})
    answers = dict(executors.spread(config.executor, abs, [-1, -2, -3, -4, -5], 5))
    assert answers == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}
    assert np.sum(list(answers.values())) == 15


def test_workers_that_leave_as_work_comes_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a warning that, turned into an error, ends the thread that keeps the workers."""
    monkeypatch.setattr(executors, "IDLE_SECONDS", 0.2)

    def slowly() -> Iterator[int]:
        for number in range(40):
            time.sleep(0.18 + 0.01 * (number % 5))
            yield number

    config = load(executor={"workers": 2})
    answers: list[tuple[int, int]] = []
    ask = threading.Thread(
        target=lambda: answers.extend(executors.spread(config.executor, abs, slowly())), daemon=True
    )
    ask.start()
    ask.join(60)
    assert sorted(answers) == [(number, number) for number in range(40)]


# --- Hydra ---


def test_hydras_multirun_lives_a_study_per_job(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "experiment").mkdir(parents=True)
    (own / "experiment/two.yaml").write_text("factors: {fees.habit: '0.1,0.2'}\n", encoding="utf-8")
    words = [
        "--config-dir", str(own), "--multirun", "scenario=kangqiao", "policy=lead_by_paying,member_contact",
        "experiment=two", "population.households=60", "months=2", "replications=2",
        "executor.workers=1", "measure.member_contact.quota=4",
    ]  # fmt: skip
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "sim.hydra_app", *words], cwd=tmp_path, check=False, text=True,
        capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folders = sorted((tmp_path / "results/sweep").iterdir())
    assert [len(read_sweep(folder)) for folder in folders] == [4, 4]
    assert {read_sweep(folder)["policy"][0] for folder in folders} == {
        "lead_by_paying",
        "member_contact",
    }


class Drawn(fake_model.Apart, fake_model.FakeModel):
    """What comes of it hangs on a parameter that is drawn, on the point, or on the seed."""

    def run(self) -> None:
        super().run()
        level = self.config.fees.habit + 0.01 * self.apart
        self.recorder.values = np.full_like(self.recorder.values, level)


class Lucky(Drawn):
    by_seed = True


@pytest.mark.usefixtures("as_shipped")
def test_chance_within_a_point_is_told_from_doubt(tmp_path: Path) -> None:
    """Catches second runs of other parameters, first runs of other points, and points counted as spread."""
    given: dict[str, Any] = {
        "fees.habit": [0.1, 0.2, 0.3], "replications": 30, "months": 12, "executor": {"workers": 1},
    }  # fmt: skip
    found = [sweep("ordinary_estate", model=model, **given) for model in (Drawn, Lucky)]
    doubted, lucky = (one.split.set_index("indicator").loc["collection_rate"] for one in found)
    assert doubted["points"] == lucky["points"] == 3 and doubted["pairs"] == lucky["pairs"] == 24
    assert doubted["chance"] == pytest.approx(0.0, abs=1e-12)
    assert lucky["chance"] == pytest.approx(1.0, abs=0.4) and lucky["chance_high"] == 1.0
    kept = sweep("ordinary_estate", model=Lucky, out=tmp_path, **given)
    again = sweep("ordinary_estate", model=Lucky, out=tmp_path, **given)
    assert again.lived == 0
    pd.testing.assert_frame_equal(kept.split, again.split, check_dtype=False)
    pd.testing.assert_frame_equal(kept.split, found[1].split)
    told = io.StringIO()
    print_sweep(again, Console(file=told, width=300))
    assert (
        "is chance and" in told.getvalue()
        and "from 24 sets lived twice at 3 points" in told.getvalue()
    )


def test_without_doubt_no_spread_is_parted() -> None:
    given = {"fees.habit": [0.1, 0.2], "replications": 9, "months": 3, "executor": {"workers": 1}}
    assert not len(sweep("ordinary_estate", model=fake_model.FakeModel, **given).split)
