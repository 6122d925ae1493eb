"""A Dask cluster of real processes: the same bytes as one process, workers and schedulers killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import fake_model
import pandas as pd
import pytest
from test_provenance import MINE, write_households
from test_resume import noted, wait_for
from test_sweep import bytes_of, fake, place

from sim import source
from sim.compose import load
from sim.errors import InputError
from sim.experiments import provenance
from sim.experiments.run import run
from sim.experiments.sweep import Sweep
from sim.questions.attribute import attribute
from sim.questions.compare import compare

pytest.importorskip("distributed")

TESTS = Path(__file__).resolve().parent
HERE = ("--host", "127.0.0.1", "--no-dashboard")


class Cluster(NamedTuple):
    """Address of a scheduler, its process and those of its workers."""

    address: str
    processes: list[subprocess.Popen[bytes]]


def _address(file: Path) -> str:
    """What the scheduler says in its file, once it is written whole."""
    end = time.monotonic() + 60
    while True:
        try:
            return str(json.loads(file.read_text())["address"])
        except (FileNotFoundError, json.JSONDecodeError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and two workers on this machine; a run of seed 3 ends its own if armed."""
    file, kills = tmp_path / "scheduler.json", tmp_path / "kills"
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    steered = {"FAKE_KILLS": str(kills), "FAKE_MAIN": str(os.getpid()), "FAKE_SECONDS": "0.01"}
    environment = {**os.environ, **steered, "PYTHONPATH": path}

    def start(what: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *HERE, *words]
        return subprocess.Popen(
            command, cwd=tmp_path, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    at = ("--scheduler-file", str(file))
    processes = [start("scheduler", "--port", "0", *at)]
    one_thread = ("--nthreads", "1", "--no-nanny")
    processes += [start("worker", *at, *one_thread) for _ in range(2)]
    try:
        yield Cluster(_address(file), processes)
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def lived(out: Path, address: str = "") -> Sweep:
    """A sweep of 60 runs in 12 files, here or on a cluster."""
    words = ("fees.habit=0.1,0.2,0.3", "policy=none,member_contact")
    keys: dict[str, Any] = {"replications": 10, "model": fake_model.Steered}
    if address:
        keys |= {"executor__kind": "dask", "executor__address": address}
    return fake(*words, out=out, **keys)


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    cluster: Cluster, tmp_path: Path
) -> None:
    fake_model.arm(tmp_path / "kills", 1)
    on_cluster, alone = lived(tmp_path / "cluster", cluster.address), lived(tmp_path / "alone")
    assert fake_model.armed(tmp_path / "kills") == 0, "a worker was ended"
    assert bytes_of(place(on_cluster)) == bytes_of(place(alone))
    study = run(
        load(months=6, replications=8, executor={"kind": "dask", "address": cluster.address}),
        model=fake_model.FakeModel,
    )
    assert study.runs["seed"].tolist() == list(range(1, 9))


@pytest.mark.parametrize("gone", ["scheduler", pytest.param("all", marks=pytest.mark.slow)])
def test_a_cluster_that_goes_away_is_told_and_the_sweep_goes_on_without_it(
    cluster: Cluster, tmp_path: Path, gone: str
) -> None:
    """Catches a wait without end, and finished files that are lost with the cluster."""

    def go_away() -> None:
        wait_for(cluster.processes[1], tmp_path, files=3)
        for process in cluster.processes[: 1 if gone == "scheduler" else None]:
            process.kill()

    killer = threading.Thread(target=go_away)
    killer.start()
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match=f"the Dask cluster at {cluster.address} was lost"):
        lived(tmp_path, cluster.address)
    assert time.monotonic() - begun < 30
    killer.join()
    there = noted(tmp_path)
    assert 3 <= there < 12
    again = lived(tmp_path)
    assert again.lived == 60 - 5 * there, "what was finished is kept"
    assert bytes_of(place(again)) == bytes_of(place(lived(tmp_path / "alone")))


def test_a_cluster_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.experiments.executors.CONNECT_SECONDS", 1)
    for address, said in (
        ("", "is not given"),
        ("tcp://127.0.0.1:9", "127.0.0.1:9"),
        ("nonsense", "nonsense"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            fake(executor__kind="dask", executor__address=address)
        assert caught.value.where == "executor.address"


# --- a worker with other code or files ----------------------------------------------------------


def asked_of(cluster: Cluster, question: str, **keys: Any) -> Any:
    """One of the questions, lived by the workers of a cluster."""
    given: dict[str, Any] = {
        "executor": {"kind": "dask", "address": cluster.address}, "months": 3, "replications": 2,
        "population": {"households": 40, "stairs_per_building": 2}, "bills": {"period": 1}, **keys,
    }  # fmt: skip
    if question == "run":
        model = given.pop("model", None)
        return run(load(**given), model=model).months
    if question == "compare":
        return compare(policies=["none", "member_contact"], **given).months
    del given["months"]
    return attribute(None, policy=["member_contact", "disclosure"], at=3, **given).coalitions


QUESTIONS = ("run", "compare", "attribute")


def test_a_worker_with_other_code_is_refused_by_every_question(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only sweep refused; run gave 0.46 for 0.80, and kept it."""
    for question in QUESTIONS:
        with monkeypatch.context() as patch:
            patch.setattr(source, "digest", lambda: "0" * 16)
            with pytest.raises(RuntimeError, match="a worker has other code or parameter sets of"):
                asked_of(cluster, question)
        with monkeypatch.context() as patch:
            patch.setattr(provenance, "version_of", lambda name: "0.0")
            with pytest.raises(RuntimeError, match=r"a worker has \w+ [\d.]+, not 0.0"):
                asked_of(cluster, question)


@pytest.mark.slow
def test_files_and_models_travel_by_content(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's own file of the same name, and its own module, were used in silence."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))
    # The workers' own folder is the one above.
    write_households(tmp_path / "flats.csv", 39)
    write_households(here / "flats.csv", 1)
    (tmp_path / "traveller.py").write_text("raise SystemError", encoding="utf-8")
    (here / "traveller.py").write_text(MINE.format(imports="", habit="1.5"), encoding="utf-8")
    import traveller  # type: ignore[import-not-found]

    try:
        keys: dict[str, Any] = {
            "population": {"households": 40, "stairs_per_building": 2, "household_file": "flats.csv"},
            "model": traveller.Mine,
        }  # fmt: skip
        for question in QUESTIONS:
            far = asked_of(cluster, question, **keys)
            alone = asked_of(cluster, question, **keys, executor={"workers": 1})
            pd.testing.assert_frame_equal(far, alone)
    finally:
        del sys.modules["traveller"]
