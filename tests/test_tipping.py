"""Folds, basin and smallest push: right where the answer is known, and true to the state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from rich.console import Console

from sim.compose import load
from sim.config import Config, change
from sim.errors import InputError
from sim.model import NeighborhoodModel
from sim.questions import find
from sim.questions.tipping import PARAMETER, tipping
from sim.science import push as push_module
from sim.science.basin import painted
from sim.science.hysteresis import drive, folds, sweep_slowly
from sim.science.push import DOSE, MONTHS, Try, _held, pushed, pushes
from sim.science.tipping import Tipping, print_tipping
from sim.world.tables import Households

SMALL = ("population.households=240", "population.buildings=4")
ALONE = "executor.workers=1"


# --- rules changed under a living compound ---------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [("fees.service", 0.3), ("handling.relief", 0.3), ("service.floor", 0.3), ("perception.speed", 0.3),
     ("conflict.forgets", 0.3), ("voices.trust", 0.3), ("cell.recruits", 0.3),
     ("community.grid_hours", 0.3), ("developer.fades", 0.15), ("firm.patrol", 0.3)],
)  # fmt: skip
def test_changed_at_once_is_the_same_as_built_so(key: str, value: float) -> None:
    """Catches a parameter that some part of the model keeps a copy of."""
    plain = load("kangqiao", *SMALL, policy="member_contact", months=6)
    other = change(plain.resolved(), {key: value})
    changed, built = NeighborhoodModel(plain, seed=1), NeighborhoodModel(other, seed=1)
    changed.change_rules(other)
    changed.run(), built.run()
    # The state before the first month was recorded under the old rules.
    assert changed.recorder.values[1:].tobytes() == built.recorder.values[1:].tobytes()
    untouched = NeighborhoodModel(plain, seed=1)
    untouched.run()
    assert untouched.recorder.values.tobytes() != built.recorder.values.tobytes(), "it acts"


def test_the_state_stays_when_rules_change() -> None:
    """Catches a change of rules that begins anew."""
    config = load(None, *SMALL, months=24)
    model, twin = NeighborhoodModel(config, seed=2), NeighborhoodModel(config, seed=2)
    for _ in range(12):
        model.step(), twin.step()
    for key, value in (("fees.service", 1.0), ("firm.full_cost", 1.5), ("perception.speed", 0.9)):
        model.change_rules(change(config.resolved(), {key: value}))
        for name in Households.columns:
            assert np.array_equal(getattr(model.households, name), getattr(twin.households, name))
    model.change_rules(config)
    model.run(), twin.run()
    assert model.recorder.values.tobytes() == twin.recorder.values.tobytes(), "there and back"


def test_a_state_follows_its_parameter_only_when_that_changes() -> None:
    """Catches a legacy that a change of fees brings back, and one that cannot be moved."""
    config = load(None, *SMALL, months=12)
    model = NeighborhoodModel(config, seed=1)
    for _ in range(6):
        model.step()
    (compound,) = model.compounds
    faded = compound.developer.legacy
    assert faded < config.developer.legacy
    model.change_rules(change(config.resolved(), {"fees.service": 1.0}))
    assert compound.developer.legacy == faded
    moved = change(config.resolved(), {"developer.legacy": 0.6, "firm.full_cost": 1.56})
    cost = compound.firm.full_cost_fen
    model.change_rules(moved)
    assert compound.developer.legacy == 0.6
    assert compound.firm.full_cost_fen == pytest.approx(2 * cost, abs=1)


# --- loop ------------------------------------------------------------------------------------------


def norm_alone() -> Config:
    """Only the norm: x = logistic(b + 6 (x - 1/2)), whose folds are known."""
    off = (
        "service",
        "trust",
        "grievance",
        "company",
        "strike",
        "habit",
        "dunning",
        "burden",
        "free_habit",
    )
    return load(
        mechanisms="fees_only", months=600, executor={"workers": 1},
        fees=dict.fromkeys(off, 0.0) | {"norm_conditional": 6.0, "base_conditional": 0.0,
                                        "norm_speed": 1.0},
        population={"households": 3000, "buildings": 1, "stairs_per_building": 1,
                    "vacant_share": 0.0, "conditional_share": 1.0, "free_rider_share": 0.0,
                    "area_sd": 0.0},
        network={"generator": "stochastic_block", "sbm_within": 100.0, "sbm_between": 0.0,
                 "share_daily": 1.0, "share_weekly": 0.0, "share_rarely": 0.0},
    )  # fmt: skip


def test_folds_are_where_the_formula_has_them() -> None:
    """Catches a state lost between steps, a leg read backwards, a fold half a step or more off."""
    k = 6.0
    p = (1.0 + np.array([-1.0, 1.0]) * np.sqrt(1.0 - 4.0 / k)) / 2.0
    up, down = np.log(p / (1.0 - p)) - k * p + k / 2.0
    config = norm_alone()
    # Four years a step, since a rate is of twelve months.
    moved = drive(config, ["fees.base_conditional"], -0.8, 0.8, 33, 48)
    rates = sweep_slowly(config, moved, seed=5)
    middle = len(moved.levels) // 2
    assert rates[1, middle] < 0.12 and rates[0, middle] > 0.88, "two states at one level"
    found = folds(moved.levels, rates, 0.5)
    assert [(kind, leg) for kind, leg, _ in found] == [
        ("collapse", "down"), ("recovery", "up"), ("collapse", "down again"),
    ]  # fmt: skip
    assert [level for *_, level in found] == pytest.approx([down, up, down], abs=0.09)
    assert rates[0] == pytest.approx(rates[2], abs=0.45), "the loop closes but for the jump"


def test_folds_of_a_drawn_loop() -> None:
    """Catches a single noisy step taken for a fold, and one that never comes made up."""
    levels = np.arange(5.0)
    rates = np.array([[0, 0, 0.9, 0.9, 0.9], [0, 0, 0, 0, 0.9], [0, 0, 0, 0, 0.9]])
    assert folds(levels, rates, 0.5) == [
        ("collapse", "down", 1.5), ("recovery", "up", 3.5), ("collapse", "down again", 3.5),
    ]  # fmt: skip
    blip = np.array([[0.9, 0.9, 0.1, 0.9, 0.9], [0.9] * 5, [0.9] * 5])
    assert folds(levels, blip, 0.5) == []


def test_keys_are_moved_together_by_a_shift() -> None:
    """Catches a shift taken for a value, and bounds that leave the schema of one of the keys."""
    config = load("kangqiao", policy="none")
    moved = drive(config, PARAMETER, None, None, 3, 12)
    assert moved.settings(0.0) == {key: getattr(config.fees, key[5:]) for key in PARAMETER}
    assert (moved.low, moved.high) == pytest.approx((-3.8, 3.8)), (
        "6 is the limit, and 2.2 the value"
    )
    alone = drive(config, ["firm.full_cost"], None, None, 3, 12)
    assert alone.settings(1.1) == {"firm.full_cost": 1.1}
    assert (alone.low, alone.high) == pytest.approx((0.2, 1.36))


@pytest.mark.parametrize("key", ["population.paid_start", "network.meet", "service.start.cleaning"])
def test_what_acts_at_the_start_alone_cannot_be_moved(key: str) -> None:
    """Catches a loop over a parameter that does nothing."""
    with pytest.raises(InputError, match="cannot be moved"):
        drive(load("kangqiao"), [key], None, None, 3, 12)


# --- basin -----------------------------------------------------------------------------------------


def test_the_basin_has_two_sides() -> None:
    """Catches axes exchanged, a start that is not painted, a history that washes it out."""
    result = tipping(
        "kangqiao", *SMALL, ALONE, parts="basin", grid=2, replications=2, estate="ordinary_estate"
    )
    share = result.basin.set_index(["upkeep", "collection", "grievance"])["recovers"]
    assert len(share) == 12
    assert share[1.0, 1.0, 0.0] == 1.0
    assert share[0.2, 0.0, 1.0] == 0.0
    assert share[0.2, 1.0, 0.0] > share[0.2, 0.0, 1.0], "collection and calm help"


def test_a_painted_start_is_what_was_asked() -> None:
    """Catches a start state that is not the one on the axis."""
    config = load("ordinary_estate", *SMALL, policy="none")
    model = NeighborhoodModel(painted(config, 0.25, 0.75, 0.6), seed=1)
    assert model.month == 0
    assert model.recorder.latest("collection_rate")[0] == pytest.approx(0.25, abs=0.05)
    assert model.recorder.latest("grievance")[0] == pytest.approx(0.75, abs=0.05)
    start = np.array(list(config.service.start.model_dump().values()))
    assert model.world.compounds["condition"][0] == pytest.approx(0.6 * start)


# --- push ------------------------------------------------------------------------------------------


def test_a_push_ends_whole_and_keeps_within_the_schema() -> None:
    """Catches a measure that goes on, begins after the end, or exceeds the largest dose."""
    config = load("kangqiao", policy="none")
    bundle = load(policy="five_level_linkage")
    made = pushed(config, bundle, Try("five_level_linkage", DOSE, 1.5, 3))
    entries = {e.label: e.parameters for e in made.policy.entries()}
    assert set(entries) == {
        "interim_committee", "evening_talks", "firm_tender", "committee_drive", "member_contact", "mutual_help",
        "building_heads", "building_meetings", "mediation", "joint_enforcement",
    }  # fmt: skip
    assert {p.end for p in entries.values()} == {4} and {p.dose for p in entries.values()} == {1.5}
    assert made.months == 3 + 36
    strong = pushed(config, load(policy=["firm_tender"]), Try("x", DOSE, 2.0, 3))
    assert strong.policy.entries()[0].parameters.dose == 2.0


def search(monkeypatch: pytest.MonkeyPatch, holds: Any) -> dict[str, Any]:
    def held(configs: list[Config], threshold: float, seed: int) -> list[bool]:
        found = []
        for c in configs:
            p = c.policy.entries()[0].parameters
            found.append(bool(holds(p.dose, p.end - 1, seed)))
        return found

    monkeypatch.setattr(push_module, "_held", held)
    config = load("kangqiao", ALONE, policy="none", replications=4)
    frame, _ = pushes(config, {"disclosure": load(policy="disclosure")}, 24, 0.5)
    return {row.pop("kind"): row for row in frame.to_dict("records")}


def test_bisection_finds_the_smallest_push(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches bisection that ends on the wrong side, or counts seeds the wrong way."""
    # Half of the seeds hold from 0.7 or 13 months on, the others from 1.4 or 40.
    found = search(
        monkeypatch,
        lambda dose, months, seed: (
            dose * months >= (0.7 * 24 if seed % 2 else 1.4 * 24)
            if months == 24
            else months >= (13 if seed % 2 else 40)
        ),
    )
    assert found[DOSE]["fails"] < 0.7 <= found[DOSE]["smallest"] <= 0.75
    assert (found[MONTHS]["fails"], found[MONTHS]["smallest"]) == (12, 13)
    assert found[MONTHS]["held"] == 0.5 and found[MONTHS]["even"]


def test_a_push_that_never_holds_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches the greatest push reported as the smallest."""
    found = search(monkeypatch, lambda dose, months, seed: seed == 1)
    assert np.isnan(found[DOSE]["smallest"]) and np.isnan(found[MONTHS]["smallest"])
    assert found[DOSE]["held"] == 0.25


def test_a_push_that_does_harm_when_larger_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches bisection trusted where more is not always better."""
    found = search(monkeypatch, lambda dose, months, seed: not 20 < months < 50)
    assert not found[MONTHS]["even"]


def test_kangqiao_is_pushed_back_by_the_bundle_if_it_lasts() -> None:
    """Catches criterion or withdrawal in the wrong months: two years hold, half a year does not."""
    config = load("kangqiao", policy="none", replications=2)
    bundle = load(policy="five_level_linkage")
    tries = [Try("five_level_linkage", MONTHS, 1.0, months) for months in (6, 30)]
    configs = [pushed(config, bundle, one) for one in tries]
    assert [_held(configs, 0.5, seed) for seed in (1, 2)] == [[False, True]] * 2


# --- command ---------------------------------------------------------------------------------------


def test_the_command_keeps_draws_and_is_the_same_on_two_processes(
    xiaoqu: Command, tmp_path: Path
) -> None:
    """Catches tables that depend on processes, parts mixed up, figures missing."""
    words = [
        "tipping", *SMALL, "steps=4", "hold=3", "grid=2", "replications=2", "duration=2",
        "policies=[disclosure]", "estate=new_estate",
    ]  # fmt: skip
    code, said, error = xiaoqu(*words, ALONE, "--out", str(tmp_path), "--lang", "zh", "--quiet")
    assert code == 0, error
    folder = Path(said.strip())
    for name in ("loop", "basin", "push"):
        assert (folder / "figures" / f"{name}-zh.png").stat().st_size > 10_000
    ask = find("tipping").ask_words
    again = ask([*words[1:], "executor.workers=2"]).answer()
    for name in Tipping.TABLES:
        assert getattr(again, name).equals(pd.read_parquet(folder / f"{name}.parquet")), name
    found = ask([*words[1:], "executor.workers=2"]).answer(tmp_path)
    assert found.folder == folder, "the executor is no part of the question"
    print_tipping(found, Console(width=200))


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("parts=[loops]", "loop"),
        ("parameter=fees.base_conditionl", "fees.base_conditional"),
        ("parameter=population.paid_start", "cannot be moved"),
        ("low=9", "from -7.6 to 3.8"),
        ("steps=2", "from 3"),
        ("policies=[five_level]", "five_level_linkage"),
        ("policy=none", "policies="),
        ("estate=nowhere", "ordinary_estate"),
        ("threshold=2", "from 0 to 1"),
        ("hould=3", "hold"),
    ],
)
def test_a_wrong_word_is_refused_in_one_line(xiaoqu: Command, word: str, told: str) -> None:
    """Catches a traceback, a silent default, or a message that does not help."""
    code, _, error = xiaoqu("tipping", word)
    assert code == 2 and told in error and error.count("\n") == 1, error
