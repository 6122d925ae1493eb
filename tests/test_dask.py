"""A Dask cluster of real processes: the same bytes as one process, a worker killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import fake_model
import pytest
from test_sweep import bytes_of, fake, place

from sim.compose import load
from sim.errors import InputError
from sim.experiments.run import run

pytest.importorskip("distributed")

TESTS = Path(__file__).resolve().parent
HERE = ("--host", "127.0.0.1", "--no-dashboard")


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A scheduler and two workers on this machine; one run ends its own."""
    file, kills = tmp_path / "scheduler.json", tmp_path / "kills"
    fake_model.arm(kills, 1)
    monkeypatch.setenv("FAKE_KILLS", str(kills))
    monkeypatch.setenv("FAKE_MAIN", str(os.getpid()))
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    environment = {**os.environ, "PYTHONPATH": path}

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
        end = time.monotonic() + 60
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(address: str, tmp_path: Path) -> None:
    words = ("fees.habit=0.1,0.2,0.3", "policy=none,member_contact")
    keys = {"replications": 10, "model": fake_model.Steered}
    alone = fake(*words, out=tmp_path / "alone", **keys)
    cluster = {"executor__kind": "dask", "executor__address": address}
    lived = fake(*words, out=tmp_path / "cluster", **keys, **cluster)
    assert fake_model.armed(tmp_path / "kills") == 0, "a worker was ended"
    assert bytes_of(place(lived)) == bytes_of(place(alone))
    study = run(
        load(months=6, replications=8, executor={"kind": "dask", "address": address}),
        model=fake_model.FakeModel,
    )
    assert study.runs["seed"].tolist() == list(range(1, 9))


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
