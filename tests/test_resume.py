"""A sweep that is killed, stopped, damaged or started twice loses nothing and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import fake_model
import pytest
from test_sweep import bytes_of, fake, place

from sim.compose import load
from sim.errors import InputError
from sim.experiments import chunks, store
from sim.experiments.run import run
from sim.experiments.sweep import Sweep

TESTS = Path(__file__).resolve().parent
# The interrupt is heard also where the tests run in the background, with that signal shut off.
SCRIPT = """import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from test_resume import lived
lived(sys.argv[1], int(sys.argv[2]))
"""


def lived(out: Path | str, workers: int = 1) -> Sweep:
    """A sweep of 60 runs in 12 files."""
    words = ("fees.habit=0.1,0.2,0.3,0.4", "policy=none,member_contact,lead_by_paying")
    model, keys = fake_model.Steered, {"replications": 5, "executor__workers": workers}
    return fake(*words, out=out, model=model, **keys)


@pytest.fixture
def kills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder that says how many workers end themselves."""
    from joblib.externals.loky import get_reusable_executor

    # Workers of an earlier test have its environment.
    get_reusable_executor().shutdown(kill_workers=True)
    path = tmp_path / "kills"
    monkeypatch.setenv("FAKE_KILLS", str(path))
    monkeypatch.setenv("FAKE_MAIN", str(os.getpid()))
    return path


def started(out: Path, workers: int = 1) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(out), str(workers)],
        env={**os.environ, "PYTHONPATH": path, "FAKE_SECONDS": "0.02"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def noted(out: Path) -> int:
    """Files noted as written so far."""
    return sum(len(chunks.read_sums(folder)) for folder in out.glob("sweep/*"))


def wait_for(process: subprocess.Popen[str], out: Path, files: int) -> None:
    end = time.monotonic() + 60
    while noted(out) < files and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of the sweep when nothing went wrong."""
    return bytes_of(place(lived(tmp_path_factory.mktemp("whole"))))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_again_and_again_it_ends_with_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], workers: int
) -> None:
    luck, kills = random.Random(workers), 0
    for files in (1, 4, 8):
        process = started(tmp_path, workers)
        wait_for(process, tmp_path, files)
        time.sleep(luck.random() * 0.15)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        process.communicate()
    assert kills >= 2, "it was killed while it worked"
    before = noted(tmp_path)
    again = lived(tmp_path)
    assert bytes_of(place(again)) == whole
    assert again.lived == 60 - 5 * before, "what was there is not lived again"
    assert again.runs["run"].tolist() == list(range(60))


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_stopped_by_the_user_it_goes_on(
    tmp_path: Path, whole: dict[str, bytes], workers: int
) -> None:
    process = started(tmp_path, workers)
    wait_for(process, tmp_path, 3)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == -signal.SIGINT
    assert told.rstrip().endswith("KeyboardInterrupt")
    assert 3 <= noted(tmp_path) < 12
    assert bytes_of(place(lived(tmp_path))) == whole


def test_a_second_process_says_so_and_stops(tmp_path: Path, whole: dict[str, bytes]) -> None:
    process = started(tmp_path)
    wait_for(process, tmp_path, 1)
    # Held, so that it is not done before the second has begun.
    process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(InputError, match=rf"another process \(number {process.pid}\)"):
            lived(tmp_path)
    finally:
        process.send_signal(signal.SIGCONT)
    assert process.wait(60) == 0
    process.communicate()
    assert bytes_of(place(lived(tmp_path))) == whole


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    process = started(tmp_path)
    wait_for(process, tmp_path, 1)
    process.kill()
    process.communicate()
    (folder,) = (tmp_path / "sweep").iterdir()
    assert (folder / chunks.LOCK).read_text() == str(process.pid)
    with chunks.locked(folder):
        pass


@pytest.mark.parametrize("harm", ["cut", "bit", "gone", "unnoted", "half a note", "draft"])
def test_a_damaged_file_is_found_named_and_lived_again(
    tmp_path: Path, whole: dict[str, bytes], harm: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = place(lived(tmp_path))
    name = "runs/000-000003.parquet"
    path, sums = folder / name, folder / chunks.SUMS
    content = path.read_bytes()
    if harm == "cut":
        path.write_bytes(content[:-7])
    elif harm == "bit":
        path.write_bytes(content[:99] + bytes([content[99] ^ 1]) + content[100:])
    elif harm == "gone":
        path.unlink()
    elif harm == "unnoted":
        sums.write_text("".join(x for x in sums.read_text().splitlines(True) if name not in x))
    elif harm == "half a note":
        sums.write_text(sums.read_text()[:-9])
    else:
        (folder / chunks.DRAFTS).mkdir()
        (folder / chunks.DRAFTS / "000-000003.parquet").write_bytes(b"half")
    capsys.readouterr()
    again = lived(tmp_path)
    assert again.lived == (0 if harm == "draft" else 5)
    named = harm in ("cut", "bit", "gone")
    assert (f"{name}: damaged" in capsys.readouterr().err) == named
    assert bytes_of(folder) == whole


@pytest.mark.parametrize("step", ["write_table", "sha256", "sync"])
def test_stopped_at_any_step_of_writing(
    tmp_path: Path, whole: dict[str, bytes], step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = getattr(store, step), []

    def stops(*words: object) -> object:
        calls.append(words)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return real(*words)

    with monkeypatch.context() as patch:
        patch.setattr(store, step, stops)
        with pytest.raises(KeyboardInterrupt):
            lived(tmp_path)
    assert bytes_of(place(lived(tmp_path))) == whole


def test_a_lost_worker_loses_no_run(tmp_path: Path, whole: dict[str, bytes], kills: Path) -> None:
    fake_model.arm(kills, 2)
    again = lived(tmp_path, 2)
    assert fake_model.armed(kills) == 0, "workers were ended"
    assert again.failed == 0
    assert bytes_of(place(again)) == whole


@pytest.mark.slow
def test_a_run_that_always_ends_its_worker_ends_the_sweep(
    tmp_path: Path, whole: dict[str, bytes], kills: Path
) -> None:
    fake_model.arm(kills, 200)
    with pytest.raises(RuntimeError, match=r"ended from outside.*executor.workers below 2"):
        lived(tmp_path, 2)
    assert 200 - fake_model.armed(kills) < 50, "it is not tried for ever"
    fake_model.arm(kills, 0)
    assert bytes_of(place(lived(tmp_path))) == whole


@pytest.mark.slow
def test_replications_survive_a_lost_worker(kills: Path) -> None:
    """The same executor serves run."""
    fake_model.arm(kills, 1)
    config = load(months=6, replications=12, executor={"workers": 2})
    assert run(config, model=fake_model.Steered).runs["seed"].tolist() == list(range(1, 13))
    assert fake_model.armed(kills) == 0


@pytest.mark.parametrize("jump", [3e8, -3e8])
def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, whole: dict[str, bytes], jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches work that takes the time of day for a measure of anything."""
    real, calls = time.time, []

    def jumps() -> float:
        calls.append(1)
        return real() + jump * (len(calls) % 2)

    monkeypatch.setattr(store.time, "time", jumps)
    assert bytes_of(place(lived(tmp_path))) == whole
    config = load(months=6, replications=3, executor={"workers": 1})
    for _ in range(2):
        study = run(config, out=tmp_path, model=fake_model.FakeModel)
        assert study.folder is not None and store.read_study(study.folder).folder is not None
    assert study.loaded


def test_files_from_the_future_change_nothing(tmp_path: Path, whole: dict[str, bytes]) -> None:
    """Catches an age taken from a clock that was set back since."""
    folder = place(lived(tmp_path))
    (folder / "runs/000-000003.parquet").write_bytes(b"half")
    config = load(months=6, replications=3, executor={"workers": 1})
    study = run(config, out=tmp_path, model=fake_model.FakeModel)
    assert study.folder is not None
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    parts = (store.DRAFT, store._machine(), str(gone.pid), "0", "0", study.folder.name)
    draft = study.folder.parent / "~".join(parts)
    draft.mkdir()
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() + 3e8,) * 2)
    assert lived(tmp_path).lived == 5
    assert bytes_of(folder) == whole
    assert run(config, out=tmp_path, model=fake_model.FakeModel).loaded
    assert not draft.exists(), "what a dead process left is taken away"
