"""Attribution: values sum to the bundle's effect, known games give known values, nothing is lost."""

from __future__ import annotations

import io
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import assert_same_tables
from rich.console import Console

from sim.config import Config
from sim.errors import InputError
from sim.outcomes import INDICATORS
from sim.questions import find
from sim.questions.attribute import attribute
from sim.science.attribute import (
    Attribution,
    exact_game,
    sampled_game,
)
from sim.science.attribution_table import print_attribution
from sim.science.worlds import World, live_in

SMALL: dict[str, Any] = {
    "policy": ["member_contact", "lead_by_paying", "building_meetings"],
    "population": {"households": 120, "buildings": 2, "stairs_per_building": 2, "floors": 8},
    "replications": 3,
    "at": 12,
    "indicator": ["collection_rate", "complaints_per_1000"],
    "executor": {"workers": 1},
}


class Table:
    """A model whose collection rate is a known function of the measures and the seed."""

    def __init__(self, config: Config, *, seed: int) -> None:
        self.config, self.seed = config, seed

    def run(self) -> None:
        """Live at once."""
        here = set(self.config.policy.measures)
        value = 0.1 + 0.2 * ("member_contact" in here) + 0.01 * self.seed * bool(here)
        value += 0.3 * ({"member_contact", "lead_by_paying"} <= here)
        self.months = np.arange(0, self.config.months + 1)
        self.values = np.full((len(self.months), 1, len(INDICATORS)), value)
        hours = 10.0 * ("member_contact" in here) + 5.0 * ("building_meetings" in here)
        row = {"month": 1, "compound": 0, "actor": "cell", "measure": "x", "yuan": 0.0}
        self.costs = [row | {"hours": hours}]
        self.recorder = self


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Attribution:
    return attribute("ordinary_estate", out=tmp_path_factory.mktemp("out"), **SMALL)


def test_values_sum_to_the_bundles_effect(small: Attribution) -> None:
    """Catches a wrong weight, a coalition missed, a seed used in one place only."""
    effect = small.bundle.set_index("outcome")["effect"]
    sums = small.values.groupby("outcome")[["value", "share", "hours", "yuan"]].sum()
    for outcome in small.question.outcomes:
        assert sums.at[outcome, "value"] == pytest.approx(effect[outcome], rel=1e-12, abs=1e-14)
        assert sums.at[outcome, "hours"] == pytest.approx(effect["hours"], rel=1e-12)
        assert sums.at[outcome, "yuan"] == pytest.approx(effect["yuan"], rel=1e-12)
    assert abs(effect["collection_rate"]) > 1e-4, "the test would pass with nothing to share out"


def test_the_ends_are_what_run_gives(small: Attribution) -> None:
    """Catches coalitions lived from a past that is not theirs, or another month read."""
    from sim.experiments.run import run

    study = run(small.question.config)
    whole = small.coalitions[small.coalitions["size"] == 3].set_index("seed")["collection_rate"]
    alone = study.runs.set_index("seed")["collection_rate_end"]
    # Where the firm has left, both have no value.
    pd.testing.assert_series_equal(whole, alone, check_exact=True, check_names=False)
    assert whole.notna().any()


def test_a_known_game_gives_its_known_values() -> None:
    """Catches a formula that only happens to sum: values, pairs, costs and seeds by hand."""
    done = attribute("kangqiao", **{**SMALL, "indicator": "collection_rate"}, model=Table)
    values = done.values.set_index("measure")
    # Seeds 1 to 3 add 0.02 on average to any coalition: a third of it each.
    each = 0.02 / 3
    assert values.at["member_contact", "value"] == pytest.approx(0.2 + 0.15 + each)
    assert values.at["lead_by_paying", "value"] == pytest.approx(0.15 + each)
    assert values.at["building_meetings", "value"] == pytest.approx(each)
    assert values.at["member_contact", "alone"] == pytest.approx(0.22)
    assert values.at["member_contact", "left_out"] == pytest.approx(0.5)
    assert values.at["member_contact", "hours"] == pytest.approx(10)
    assert values.at["member_contact", "per_hour"] == pytest.approx((0.35 + each) / 10)
    assert values.at["lead_by_paying", "reason_hours"] == "no_cost"
    pairs = done.interactions.set_index(["first", "second"])["value"]
    # Each pair: minus half of 0.02, for in half of the cases nobody came before.
    assert pairs["member_contact", "lead_by_paying"] == pytest.approx(0.3 - 0.01)
    assert pairs["member_contact", "building_meetings"] == pytest.approx(-0.01)
    low, high = values.loc["building_meetings", ["low", "high"]]
    assert 0.01 / 3 <= low < each < high <= 0.03 / 3


def _brute(game: np.ndarray, n: int) -> np.ndarray:
    total, orders = np.zeros(n), list(permutations(range(n)))
    for order in orders:
        before = 0
        for i in order:
            total[i] += game[before | 1 << i] - game[before]
            before |= 1 << i
    return total / len(orders)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_exact_weights_are_the_mean_over_all_orders(n: int) -> None:
    """Catches binomials off by one."""
    game = np.random.default_rng(n).random(1 << n)
    assert exact_game(n).values @ game == pytest.approx(_brute(game, n))


def test_sampled_orders_sum_exactly_and_come_close() -> None:
    """Catches orders that do not telescope, pairs with a wrong sign, a seed without effect."""
    n = 6
    worth = np.random.default_rng(0).random(1 << n)
    exact, games = exact_game(n), [sampled_game(n, 8, seed) for seed in range(400)]
    for game in games[:20]:
        total = float((game.values @ worth[game.coalitions]).sum())
        assert total == pytest.approx(worth[-1] - worth[0], abs=1e-12)
    mean = np.mean([game.values @ worth[game.coalitions] for game in games], axis=0)
    assert mean == pytest.approx(exact.values @ worth, abs=0.02)
    sums = np.sum([game.pairs @ worth[game.coalitions] for game in games], axis=0)
    counts = np.sum([game.counts for game in games], axis=0)
    assert sums / counts == pytest.approx(exact.pairs @ worth, abs=0.08)
    assert any(set(games[0].coalitions) != set(game.coalitions) for game in games[1:3])


def test_more_measures_than_ten_are_sampled() -> None:
    """Catches 2^11 runs a seed, and a sum that sampling breaks."""
    done = attribute(
        "shenhong", policy="shenhong", at=10, replications=2, permutations=2,
        indicator="collection_rate", model=Table, executor={"workers": 1},
    )  # fmt: skip
    assert not done.question.exact
    assert done.coalitions.groupby("seed").size().max() < 100
    effect = done.bundle.set_index("outcome").at["collection_rate", "effect"]
    assert done.values["value"].sum() == pytest.approx(effect, abs=1e-12)


def test_one_or_two_processes_give_the_same_bytes(small: Attribution, tmp_path: Path) -> None:
    """Catches an answer that depends on where it was made, and a folder not found again."""
    two = attribute("ordinary_estate", out=tmp_path, **SMALL | {"executor": {"workers": 2}})
    assert_same_tables(small.folder, two.folder)


def test_figures_are_drawn_once(small: Attribution) -> None:
    """Catches a figure that breaks, and one drawn again each time."""
    files = small.keep_figures("zh")
    assert len(files) == 3 * len(small.question.outcomes) and all(f.exists() for f in files)
    times = [file.stat().st_mtime_ns for file in files]
    assert [file.stat().st_mtime_ns for file in small.keep_figures("zh")] == times


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_said_why_other_columns_do_not_add_up(small: Attribution, language: str) -> None:
    """Catches losses that add up to more than the bundle, printed beside it without a word."""
    out = io.StringIO()
    print_attribution(small, Console(file=out, width=200), language)
    for outcome in small.question.outcomes:
        rows = small.values[small.values["outcome"] == outcome]
        scale = 100 if INDICATORS[outcome].share else 1
        sums = [sum(round(scale * x, 1) for x in rows[k]) for k in ("alone", "left_out")]
        alone, lost = (f"{total + 0.0:+.1f}" for total in sums)
        told = {
            "en": f"Alone they add up to {alone}, left out to {lost}, and the bundle does ",
            "zh": f"单独实施相加为{alone}，缺少各项时少提高的相加为{lost}，组合为",
        }
        assert told[language] in out.getvalue()


def test_a_narrow_chinese_table_cuts_no_name(small: Attribution) -> None:
    """Catches two measures that are both called «党员 …» on a page of 80 columns."""
    out = io.StringIO()
    print_attribution(small, Console(file=out, width=80), "zh")
    assert "…" not in out.getvalue()


class Drawn(Table):
    """One whose effect hangs on a parameter that is drawn, or on the seed."""

    by_seed = False

    def __init__(self, config: Config, *, seed: int) -> None:
        super().__init__(config, seed=seed)
        luck = np.random.default_rng(seed).normal()
        self.seed = luck if self.by_seed else float(config.at("fees.trust"))  # type: ignore[assignment]


class Lucky(Drawn):
    by_seed = True


@pytest.mark.usefixtures("as_shipped")
def test_chance_in_the_bundles_effect_is_told_from_doubt() -> None:
    """Catches second runs that live other parameters, and first and second runs of different ones."""
    keys = {**SMALL, "replications": 24, "at": 2, "indicator": ["collection_rate"]}
    doubted, lucky = (
        attribute("ordinary_estate", model=model, **keys).bundle.iloc[0] for model in (Drawn, Lucky)
    )
    assert doubted["pairs"] == lucky["pairs"] == 8
    assert doubted["chance"] == pytest.approx(0.0, abs=1e-12)
    assert lucky["chance_low"] < 1.0 and lucky["chance_high"] == 1.0 and lucky["chance"] > 0.3
    told = io.StringIO()
    answer = attribute("ordinary_estate", model=Drawn, **keys)
    print_attribution(answer, Console(file=told, width=300), "zh")
    assert "0%为偶然波动，100%来自参数的不确定性" in told.getvalue()


def test_a_failed_run_is_missing_and_not_zero() -> None:
    """Catches a failed coalition that counts as 0."""

    class Breaks(Table):
        def run(self) -> None:
            raise ZeroDivisionError

    from sim.compose import load
    from sim.config import Policy
    from sim.science.worlds import Reading

    read = live_in(
        load("kangqiao", months=2).resolved(),
        [Policy()],
        [Reading("grievance", 2)],
        Breaks,
        World(1),
    )
    assert np.isnan(read).all()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["policy=none"], "policy: none has 0 measures"),
        (["policy=member_contact"], "at least two"),
        (["months=12"], "at=24"),
        (["at=0"], "at: 0"),
        (["at=3"], "is after month 3"),
        (["indicator=fees"], "indicator: 'fees'"),
        (["permutations=1.5"], "permutations: 1.5"),
        (["outcome=x"], "outcome: unknown key"),
    ],
)
def test_bad_words_are_told_in_a_line(words: list[str], told: str) -> None:
    """Catches a word that is taken without a check."""
    with pytest.raises(InputError, match=told.replace("'", ".")):
        find("attribute").ask_words(words)
