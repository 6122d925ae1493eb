"""Screening and indices: right on functions whose answer is known, and honest about seeds."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command, assert_version_told

from sim.compose import Interval, load
from sim.config import Config, change
from sim.errors import InputError
from sim.questions.sensitivity import sensitivity
from sim.schema import Described
from sim.science import sensitivity as module
from sim.science.factors import DOSES, WHOLE, bounds, choose, groups, numbers
from sim.science.sensitivity import Sensitivity

SMALL = ("population.households=120", "population.buildings=2", "scenario.history_months=12")
ALONE = "executor.workers=1"
KEYS = ("fees.service", "fees.trust", "fees.grievance", "fees.burden")
Formula = Callable[[np.ndarray, int], float]


def row(default: float, low: float, high: float, unit: str = "1") -> Described:
    return Described("group.key", default, unit, low, high, "assumed", "", "")


def analysed(monkeypatch: pytest.MonkeyPatch, formula: Formula, **own: Any) -> Sensitivity:
    """A formula of KEYS, each from 0 to 1, and of the seed in the model's place."""

    def point(outputs: Any, config: Config) -> np.ndarray:
        x = np.array([getattr(config.fees, key.partition(".")[2]) for key in KEYS])
        seeds = range(config.seed, config.seed + config.replications)
        return np.array([[formula(x, seed) for _ in outputs] for seed in seeds])

    monkeypatch.setattr(module, "_live_point", point)
    words = [f"{key}=interval(0,1)" for key in KEYS]
    return sensitivity("kangqiao", *words, ALONE, at=24, **own)


# --- factors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "width", "expected"),
    [
        (row(1.0, -6, 6), 0.5, (-1.5, 3.5)),  # the nearer limit decides on both sides
        (row(2.0, 0, 1000), 0.5, (1.0, 3.0)),
        (row(0.0, 0, 1), 0.5, (0.0, 0.5)),  # on a limit: inwards
        (row(1.0, 0, 1), 0.25, (0.75, 1.0)),
        (row(1.0, -6, 6), WHOLE, (-6, 6)),
        (row(6, 1, 60), 0.5, (4, 8)),  # counts: whole numbers inside 3.5 to 8.5
        (row(2, 1, 60), 0.1, (1, 3)),  # counts, and too narrow: one to each side
        (row(1.0, 0, 4, "level"), 0.5, (1 - 1, 2)),
    ],
)
def test_bounds_come_from_the_schema(
    told: Described, width: float | str, expected: tuple[float, float]
) -> None:
    """Catches a range that is off centre, leaves the schema, or is empty."""
    assert bounds(told, float(told.default), width) == pytest.approx(expected)


@pytest.mark.parametrize("width", [0.05, 0.5, 1.0, WHOLE])
def test_both_ends_of_every_factor_are_allowed(width: float | str) -> None:
    """Catches a bound that the checks of a configuration would refuse in the middle of a run."""
    config = load("kangqiao", policy="five_level_linkage")
    tree = config.resolved()
    factors = choose(config, [*groups(), DOSES], {}, width)
    assert len(factors) > 200
    assert {f.key for f in factors} >= {"fees.base_conditional", "policy.measures.firm_tender.dose"}
    for f in factors:
        assert f.low < f.high, f.key
        change(tree, {f.key: f.setting(f.low)})
        change(tree, {f.key: f.setting(f.high)})


def test_own_intervals_go_before_the_rule_and_stay_in_the_schema() -> None:
    """Catches an interval that is ignored, or let through unchecked."""
    config = load("kangqiao", policy="none")
    (factor,) = choose(config, [], {"fees.service": Interval(2, 3)}, 0.5)
    assert (factor.low, factor.high, factor.value) == (2, 3, 7.0)
    with pytest.raises(InputError, match=r"fees.service.*from 0 to 12"):
        choose(config, [], {"fees.service": Interval(2, 30)}, 0.5)


def test_a_factor_starts_from_the_scenario_not_from_the_class() -> None:
    """Catches ranges around defaults that the case does not have."""
    assert numbers(load("old_estate"))["developer.legacy"][1] == 0.0


# --- known answers --------------------------------------------------------------------------------


def test_shares_of_a_linear_formula_are_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches indices given to the wrong factor, or points and outputs out of step."""
    weights = np.array([4.0, 2.0, 1.0, 0.0])
    result = analysed(monkeypatch, lambda x, _: float(x @ weights), samples=1024)
    screened = result.screening.set_index("key")
    assert screened.loc[list(KEYS), "mu_star"].tolist() == pytest.approx(weights.tolist())
    assert screened.loc[list(KEYS), "mu"].tolist() == pytest.approx(weights.tolist())
    assert screened.loc[list(KEYS), "rank"].tolist() == [1, 2, 3, 4]
    found = result.indices.set_index("key")
    assert "fees.burden" not in found.index, "what moves nothing does not go on"
    expected = weights[:3] ** 2 / (weights**2).sum()
    for word in ("first", "total"):
        got = found.loc[list(KEYS[:3]), word].to_numpy()
        assert got == pytest.approx(expected, abs=0.03), word
        inside = (found[f"{word}_low"] < found[word]) & (found[word] < found[f"{word}_high"])
        assert inside.all()


def test_interaction_shows_in_the_total_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches first and total order exchanged: (x - 1/2)(y - 1/2) has no first order."""
    result = analysed(
        monkeypatch, lambda x, _: float((x[0] - 0.5) * (x[1] - 0.5)), samples=1024, top=2
    )
    found = result.indices
    assert found["first"].abs().max() < 0.1
    assert found["total"].to_numpy() == pytest.approx([1.0, 1.0], abs=0.15)
    assert (result.screening.set_index("key").loc[list(KEYS[:2]), "sigma"] > 0.1).all()


def test_common_seeds_cancel_what_all_points_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches points lived under seeds of their own."""

    def formula(x: np.ndarray, seed: int) -> float:
        return float(x[0] + 10.0 * np.random.default_rng(seed).standard_normal())

    result = analysed(monkeypatch, formula, replications=3, samples=64)
    screened = result.screening.set_index("key")
    assert screened.loc["fees.service", "mu_star"] == pytest.approx(1.0)
    assert screened["noise"].max() == pytest.approx(0.0, abs=1e-9)
    assert screened["noise_apart"].min() > 1.0, "what it would have been"


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "close"), [(2, 0.08), (4, 0.04)])
def test_the_noise_floor_is_what_a_parameter_without_effect_shows(
    monkeypatch: pytest.MonkeyPatch, seeds: int, close: float
) -> None:
    """Catches a floor off by the number of seeds, the step or the mean of an absolute Normal."""

    def formula(x: np.ndarray, seed: int) -> float:
        place = [seed, *(int(1e6 * v) for v in x)]
        return float(np.random.default_rng(place).standard_normal())

    result = analysed(
        monkeypatch, formula, replications=seeds, trajectories=400, samples=1024, top=4
    )
    screened = result.screening
    # Var of a difference of two means, over the step of 2/3, times sqrt(2 / pi).
    expected = math.sqrt(2 / seeds) * math.sqrt(2 / math.pi) * 1.5
    assert screened["mu_star"].mean() == pytest.approx(expected, rel=0.06)
    for floor in ("noise", "noise_apart"):
        # Few levels: many points are the same, and so are their draws.
        assert screened[floor].mean() == pytest.approx(expected, rel=close), floor
    assert not screened["above"].all()
    assert result.indices["total"].mean() == pytest.approx(1.0, abs=0.1)
    assert result.indices["noise"].mean() == pytest.approx(1.0, abs=0.1)
    assert result.noise["seed_share"].to_numpy() == pytest.approx([1.0, 1.0], abs=0.15)


# --- the model ------------------------------------------------------------------------------------


def test_doses_matter_after_the_policy_began_and_never_before() -> None:
    """Catches outputs read at the wrong month, and points that do not share their seeds."""
    own: dict[str, Any] = {"over": "doses", "trajectories": 2, "top": 0, "replications": 2}
    result = sensitivity("kangqiao", *SMALL, ALONE, at=[18, 0], **own)
    by_month = result.screening.groupby("month")["mu_star"].max()
    assert by_month[0] == 0.0
    assert by_month[18] > 0.01
    again = sensitivity("kangqiao", *SMALL, "executor.workers=2", at=[18, 0], **own)
    for name in ("screening", "noise", "points"):
        assert getattr(again, name).equals(getattr(result, name)), name


def test_the_command_keeps_draws_and_reads_back(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches an answer lived twice, a figure missing, a table that cannot be read."""
    words = [
        "sensitivity", *SMALL, ALONE, "over=[fees.service,fees.trust]", "at=6", "trajectories=2",
        "samples=4", "replications=2", "--out", str(tmp_path),
    ]  # fmt: skip
    code, said, _ = xiaoqu(*words)
    assert code == 0, said
    assert "fees.service" in said and "common seeds" in said
    code, folder, _ = xiaoqu(*words, "--quiet", "--lang", "zh")
    place = Path(folder.strip())
    assert code == 0 and place.parent == tmp_path / "sensitivity"
    assert_version_told(place, "SALib")
    names = {p.name for p in place.rglob("*") if p.is_file()}
    assert {"screening.parquet", "indices.parquet", "manifest.json"} <= names
    assert {"sensitivity-en.png", "sensitivity-zh.svg"} <= names
    assert "answered before" in xiaoqu(*words)[2]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("over=[fee]", "fees"),
        ("indicator=collection", "collection_rate"),
        ("at=900", "600"),
        ("samples=100", "64, 128"),
        ("width=2", "from 0.001 to 1"),
        ("trajectories=1", "from 2"),
        ("over=[fees.service]", "at least 2"),
        ("tops=3", "top"),
        ("fees.service=1,2", "one value"),
        ("fees.service=interval(0,99)", "from 0 to 12"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(xiaoqu: Command, word: str, told: str) -> None:
    """Catches a traceback, a silent default, or a message that does not help."""
    code, _, error = xiaoqu("sensitivity", word)
    assert code == 2 and told in error and error.count("\n") == 1, error
