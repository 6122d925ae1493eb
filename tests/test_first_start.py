"""The first start shared out over processes: who compiles what, and who waits."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim import first_start

ROOT = Path(__file__).parents[1]


class Rule:
    """A process of a month whose code is "compiled" by writing its file."""

    compiled = True

    def __init__(self, place: Path, order: list[str]) -> None:
        self.place, self.order = place, order
        self.run = SimpleNamespace(overloads={}, place=place)

    def address(self) -> int:
        self.order.append(f"{self.place.name}{'' if not self.place.exists() else ' read'}")
        self.place.touch()
        return 1


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], list[str]]:
    monkeypatch.setattr(first_start, "kept_at", lambda run: run.place)
    order: list[str] = []
    return [Rule(tmp_path / name, order) for name in "abc"], order


def claim(rule: Any) -> Path:
    return Path(f"{rule.place}.claim")


def test_each_is_compiled_in_its_turn_and_no_claim_is_left(rules: Any) -> None:
    processes, order = rules
    first_start.compile_all(processes)
    assert order == ["a", "b", "c"]
    assert not any(claim(p).exists() for p in processes)


def test_what_another_compiles_is_left_to_the_end_and_read(
    rules: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes, order = rules
    claim(processes[0]).touch()

    def other_ends(_seconds: float) -> None:
        processes[0].place.touch()
        claim(processes[0]).unlink()

    monkeypatch.setattr(time, "sleep", other_ends)
    first_start.compile_all(processes)
    assert order == ["b", "c", "a read"]


def test_a_claim_of_one_who_was_ended_is_void(rules: Any) -> None:
    processes, order = rules
    old = time.time() - first_start.CLAIM_SECONDS - 1
    claim(processes[0]).touch()
    os.utime(claim(processes[0]), (old, old))
    first_start.compile_all(processes)
    assert order == ["a", "b", "c"]


def test_one_who_lets_go_leaves_it_to_others(rules: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    processes, order = rules
    claim(processes[0]).touch()
    monkeypatch.setattr(time, "sleep", lambda _seconds: claim(processes[0]).unlink())
    first_start.compile_all(processes)
    assert order == ["b", "c", "a"]


@pytest.mark.slow
def test_two_starts_at_once_compile_less_than_twice_and_give_the_same(tmp_path: Path) -> None:
    code = (
        "from sim import load, run; "
        "study = run(load('ordinary_estate', months=2, replications=1)); "
        "print(study.months.to_csv())"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": str(tmp_path)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    one, two = (process.communicate()[0] for process in both)
    assert one == two and "collection_rate" in one
    again = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert again.stdout == one
    assert not list(tmp_path.rglob("*.nbi.claim"))
