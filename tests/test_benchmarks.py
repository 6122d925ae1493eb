"""The cores of the benchmark live the same month as the engine; the check would see it if not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import flat_memory
from core_table import disagreement, load, trajectories
from peers import numpy_core, rules, world
from peers.c_core import bandwidth, compiler, library
from whole_table import growth

SEEDS, HOUSEHOLDS, MONTHS = range(1, 17), 1000, 36
needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C compiler is installed")


@pytest.fixture(scope="module")
def ours() -> np.ndarray:
    """Trajectories of the engine."""
    return trajectories(load("engine"), HOUSEHOLDS, SEEDS, MONTHS)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("numpy", marks=pytest.mark.slow),
        "numba",
        pytest.param("c", marks=[needs_compiler, pytest.mark.slow]),
        pytest.param("c-blocks", marks=needs_compiler),
    ],
)
def test_a_core_gives_the_engines_indicators(name: str, ours: np.ndarray) -> None:
    p, where = disagreement(ours, trajectories(load(name), HOUSEHOLDS, SEEDS, MONTHS))
    assert p > 0.001, where


def test_plain_mesa_gives_the_engines_indicators(ours: np.ndarray) -> None:
    p, where = disagreement(ours[:4, :12], trajectories(load("mesa"), HOUSEHOLDS, SEEDS[:4], 12))
    assert p > 0.001, where


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        ("HABIT", 2.5),
        ("HABIT_KEEPS", 0.85),
        ("EFFORT", 0.4),
        ("GRIEVANCE", 2.7),
        ("DISCONTENT", 0.2),
        ("DUNNING", 0.0),
    ],
)
def test_the_check_sees_a_wrong_number(
    number: str, wrong: float, ours: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, number, wrong)
    p, _ = disagreement(ours, trajectories(numpy_core.Core, HOUSEHOLDS, SEEDS, MONTHS))
    assert p < 0.001


@needs_compiler
def test_c_in_blocks_draws_and_does_what_plain_c_does() -> None:
    # 700 households end in the middle of a block.
    start = world.draw(700, 5)
    plain, blocks = (load(name)(start, 5) for name in ("c", "c-blocks"))
    assert np.allclose(plain.run(48), blocks.run(48), rtol=1e-9)
    assert np.array_equal(plain.arrays["owed_months"], blocks.arrays["owed_months"])
    assert np.array_equal(plain.arrays["owed_fen"], blocks.arrays["owed_fen"])


@needs_compiler
def test_bandwidth_is_a_rate() -> None:
    assert 0.5 < bandwidth(24, 2) < 2000


def test_without_a_compiler_a_word_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    library.cache_clear()
    with pytest.raises(RuntimeError, match="no C compiler"):
        load("c")
    library.cache_clear()


def test_growth_is_the_exponent_of_a_power() -> None:
    sizes = {
        str(n): [{"households": n, "ns": 5.0 * n**0.1 * (1 + 0.01 * k)} for k in (-1, 1)]
        for n in (1_000, 10_000, 100_000)
    }
    fit = growth(sizes)
    assert fit["exponent"] == pytest.approx(1.1, abs=1e-3)
    assert fit["low"] < 1.1 < fit["high"]


@pytest.mark.parametrize(("slope", "grows"), [(0.0, False), (0.5, True)])
def test_growth_of_a_day_is_a_slope_with_its_interval(slope: float, grows: bool) -> None:
    """Catches a slope that the warm hours pull up, and an interval that misses the truth."""
    noise = np.random.default_rng(1).normal(0, 0.3, 24)
    hours = 200 + noise + slope * np.arange(24) - np.linspace(80, 0, 24) * (np.arange(24) < 8)
    found, low, high = flat_memory.growth(hours, 8)
    assert low < found < high and low < slope < high
    assert (low > 0.0) == grows
