"""A command that is stopped says one line, shows no trace, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sim import leaving, source
from sim.experiments import executors
from sim.posterior import emulator as trained
from sim.science import emulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals")

WORK = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would not be heard
sys.argv[1:] = ["list", "groups"]
import sim.cli

def work(*_):
    from sim.compose import load
    from sim.experiments import executors
    config = load(executor={"kind": "processes", "workers": 2})
    for _ in executors.spread(config.executor, len, iter(lambda: "a", 0)):
        print("at work", flush=True)

sim.cli._table = work
sim.cli.main()
"""


def stopped(number: signal.Signals, tmp_path: Path) -> tuple[int, str, float, list[str]]:
    """Exit code, last words, seconds, and shared memory left of a command ended in the middle of its work."""
    env = {**os.environ, "PYTHONPATH": str(source.PACKAGE.parent), "TMPDIR": str(tmp_path)}
    command = subprocess.Popen(
        [sys.executable, "-c", WORK], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert command.stdout is not None and command.stderr is not None
    assert command.stdout.readline() == "at work\n"
    began = time.monotonic()
    # As a terminal does: to all processes of it.
    os.killpg(command.pid, number)
    said = command.communicate(timeout=60)[1]
    code, took = command.wait(60), time.monotonic() - began
    shared = Path("/dev/shm")
    end = time.monotonic() + 5
    while (left := [p.name for p in shared.glob(f"*-{command.pid}-*")]) and time.monotonic() < end:
        time.sleep(0.1)
    return code, said, took, left + [p.name for p in tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP"])
def test_processes_are_left_without_a_trace(name: str, tmp_path: Path) -> None:
    """Catches traces of workers, semaphores and files of a command that was stopped, and a long goodbye."""
    number = signal.Signals[name]
    code, said, took, left = stopped(number, tmp_path)
    assert said == "interrupted\n" and not left
    assert code in (128 + number, -signal.SIGINT) and took < 10


def test_it_is_said_what_a_stopped_command_waits_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Ctrl-C while rules are compiled takes as long as that does; nobody need think that it was not heard."""
    monkeypatch.setattr(executors, "PATIENCE_SECONDS", 0.05)
    for finished, said in ((True, ""), (False, f"{executors.STOPPING}\n")):
        threads = executors._Threads(1)
        threads.submit(time.sleep, 0.4)
        time.sleep(0.1)
        threads.close(finished)
        assert capsys.readouterr().err == said


def test_what_is_cut_in_the_middle_shows_no_trace() -> None:
    """Catches the complaints of a workbook that was being written, after the line that says all."""
    cut = (
        "import os, signal; from sim import leaving; leaving.listen()\n"
        "def written():\n    try:\n        yield\n    finally:\n        raise ValueError('cut')\n"
        "sheet = written(); next(sheet)\n"
        "try:\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "except KeyboardInterrupt:\n    del sheet\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", cut], cwd=source.PACKAGE.parent, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_signal_shut_off_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nohup started goes on when the terminal is closed."""
    usual = {number: signal.getsignal(number) for number in leaving._STOPS}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        leaving.listen()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is leaving._leave
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert leaving.code() == 143
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("whose", ["explore", "posterior"])
def test_a_stop_ends_a_fit_of_networks(whose: str) -> None:
    """Catches a fit cut short by Ctrl-C whose half-learned network is kept as an answer."""
    pytest.importorskip(
        "sklearn.neural_network"
    )  # now: the stop is to meet the fit, not the import
    rows = np.random.default_rng(1).normal(size=(20_000, 6))

    def fit() -> None:
        if whose == "explore":
            emulator._fitted([0, 1], rows, rows[:, :2], seed=1)
        else:
            trained._Net(rows, rows[:, :2], seed=1)

    usual = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            fit()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual)
