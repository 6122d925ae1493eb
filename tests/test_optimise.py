"""Optimise: the target is read right, the search finds what trying everything finds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import assert_same_tables, assert_version_told
from fake_model import Apart
from rich.console import Console

from sim.config import Config
from sim.errors import InputError
from sim.outcomes import INDICATORS
from sim.questions import find
from sim.questions.optimise import optimise
from sim.science.goal import Goal
from sim.science.optimise import parse_target, worlds_of
from sim.science.optimum_table import print_optimum
from sim.science.search import Search
from sim.science.worlds import posterior_worlds, read_posterior

MEASURES = ["member_contact", "lead_by_paying", "building_meetings", "disclosure"]

SMALL: dict[str, Any] = {
    "target": "collection_rate>=0.5 at +6",
    "measures": MEASURES,
    "doses": [0.5, 1.0],
    "starts": [1, 4],
    "worlds": 12,
    "check": 24,
    "executor": {"workers": 1},
}


class Known:
    """Collection and cost are known functions of measures, doses, starts and luck.

    Contact needs paying first beside it; meetings do a little at a high price; accounts do nothing.
    """

    def __init__(self, config: Config, *, seed: int) -> None:
        self.config, self.seed = config, seed

    def run(self) -> None:
        """Live at once."""
        given = self.config.policy.measures
        luck = np.random.default_rng(self.seed).normal(0.0, 0.06)

        def dose(name: str) -> float:
            if name not in given:
                return 0.0
            return float(given[name]["dose"]) * (1.0 if given[name]["start"] == 1 else 0.8)

        contact, paying = dose("member_contact"), dose("lead_by_paying")
        value = 0.1 + 0.1 * contact + 0.4 * contact * paying + 0.15 * dose("building_meetings")
        value += (self.config.fees.service - 2.0) * 0.01 + luck
        self.months = np.arange(0, self.config.months + 1)
        self.values = np.full((len(self.months), 1, len(INDICATORS)), np.clip(value, 0, 1))
        price = {"member_contact": 20, "lead_by_paying": 10, "building_meetings": 50}
        hours = sum(
            price.get(name, 5) * entry["dose"] * (7 - entry["start"])
            for name, entry in given.items()
        )
        row = {"month": 1, "compound": 0, "actor": "cell", "measure": "x", "yuan": 3.0 * len(given)}
        self.costs = [row | {"hours": float(hours)}]
        self.recorder = self


def cheapest(frontier: pd.DataFrame, probability: float) -> float:
    """Least cost of a policy that was likely enough in the search."""
    return float(frontier.loc[frontier["searched"] >= probability, "cost"].min())


@pytest.mark.parametrize("seed", [1, 900])
def test_the_search_finds_what_trying_everything_finds(seed: int) -> None:
    """Catches racing that drops the best policy, and a search that stops short of it."""
    given = SMALL | {"seed": seed, "worlds": 8, "check": 4, "model": Known}
    every = optimise("kangqiao", **given, method="exhaustive")
    assert len(every.candidates) == 5**4
    for probability in (0.5, 0.9):
        sought = optimise("kangqiao", **given, trials=150, probability=probability)
        assert len(sought.candidates) < 0.5 * 5**4, "the search tried nearly everything"
        assert np.isfinite(cheapest(every.frontier, probability))
        assert cheapest(sought.frontier, probability) == cheapest(every.frontier, probability)


def test_the_model_itself_agrees_with_trying_everything() -> None:
    """Catches a search that works on a smooth toy only."""
    given = {
        "target": "satisfied_share>=0.85 at +8", "measures": MEASURES[:3], "doses": [1.0],
        "starts": [1, 4], "worlds": 8, "check": 4, "probability": 0.6, "executor": {"workers": 1},
        "population": {"households": 120, "buildings": 2, "stairs_per_building": 2, "floors": 8},
    }  # fmt: skip
    every = optimise("ordinary_estate", **given, method="exhaustive")
    bound = float(every.frontier["satisfied_share_8"].median())
    given["target"] = f"satisfied_share>={bound:.3f} at +8"
    every = optimise("ordinary_estate", **given, method="exhaustive")
    sought = optimise("ordinary_estate", **given, trials=20)
    assert len(every.candidates) == 27 > len(sought.candidates)
    best = every.frontier["searched"].max()
    assert best > 0
    assert cheapest(sought.frontier, best) == cheapest(every.frontier, best)


def test_hours_are_limited_by_who_gives_them() -> None:
    """Catches a limit on one giver's hours that is held against another's, or against the sum of all months."""
    free = optimise("kangqiao", **SMALL, trials=60, model=Known)
    assert free.chosen is not None and free.chosen["hours"] > 6 * 20
    bound = optimise("kangqiao", **SMALL, trials=60, model=Known, hours_of="cell<=20")
    assert (bound.frontier["hours_cell"] <= 6 * 20).all() and len(bound.frontier) > 1
    assert bound.frontier["hours_cell"].equals(bound.frontier["hours"])
    other = optimise("kangqiao", **SMALL, trials=60, model=Known, hours_of="firm<=0 and cell<=1000")
    assert (other.frontier["hours_firm"] == 0).all()
    assert other.frontier["hours"].max() == free.frontier["hours"].max()
    for wrong in ("cell<20", "cells<=3", "cell<=1 and cell<=2"):
        with pytest.raises(InputError, match="hours_of"):
            optimise("kangqiao", **SMALL, hours_of=wrong)


def test_the_best_are_the_likeliest_within_the_limits_or_the_nearest() -> None:
    """Catches a best plan beyond the limits, and none where none reaches the target."""
    for target, reached in (
        ("collection_rate>=0.5 at +6", True),
        ("collection_rate>=0.99 at +6", False),
    ):
        given = SMALL | {"target": target, "probability": 1.0, "hours_of": "cell<=25", "trials": 40}
        question = find("optimise").ask_call("kangqiao", **given)
        search = Search(question, worlds_of(question), False, Known)
        search.seek()
        best = search.best(3)
        judged = [search.judge(genome) for genome in best]
        assert len(best) == 3 and all(map(search.within, judged))
        scores = [one.score for one in judged]
        assert scores == sorted(scores, reverse=True) and (judged[0].share > 0) == reached
        every = [search.judge(g) for g in search.read if g != search.nothing]
        assert scores[0] == max(
            one.score for one in every if search.within(one) and one.worlds == 12
        )


def test_the_frontier_rises_and_the_choice_is_its_cheapest_that_will_do() -> None:
    """Catches a policy on the frontier that another beats, and a wrong choice."""
    done = optimise("kangqiao", **SMALL, trials=60, model=Known)
    frontier = done.frontier
    assert frontier["searched"].is_monotonic_increasing and frontier["searched"].is_unique
    chosen = done.chosen
    assert chosen is not None and chosen["probability"] >= 0.9
    likely = frontier[frontier["probability"] >= 0.9]
    assert chosen["cost"] == likely["cost"].min()
    assert chosen["cost"] == pytest.approx(30 * chosen["hours"] + chosen["yuan"])
    names = set(done.policies.loc[done.policies["policy"] == chosen["policy"], "measure"])
    assert {"member_contact", "lead_by_paying"} <= names and "disclosure" not in names
    assert done.settings(int(chosen["policy"]))[0].startswith("policy=[member_contact,")


def test_the_check_uses_worlds_that_the_search_has_not_seen() -> None:
    """Catches a probability that flatters: the same luck that chose a policy judging it."""
    done = optimise("kangqiao", **SMALL | {"check": 100}, trials=60, model=Known)
    middle = done.frontier[done.frontier["searched"].between(0.3, 0.95)]
    assert len(middle) and (middle["probability"] != middle["searched"]).all()


def test_limits_are_kept() -> None:
    """Catches a limit that is only printed."""
    free = optimise("kangqiao", **SMALL, trials=60, model=Known).chosen
    assert free is not None
    done = optimise("kangqiao", **SMALL, trials=60, hours_most=free["hours"] - 1, model=Known)
    assert (done.frontier["hours"] <= free["hours"] - 1).all()
    assert done.chosen is None


def test_the_price_of_an_hour_is_the_users() -> None:
    """Catches a price typed somewhere else."""
    done = optimise("kangqiao", **SMALL, hour_yuan=0, trials=60, model=Known)
    assert done.frontier["cost"].tolist() == pytest.approx(done.frontier["yuan"].tolist())


def test_a_posterior_counts_by_its_weights(tmp_path: Path) -> None:
    """Catches weights left out, and draws that never reach the model."""
    path = tmp_path / "posterior.parquet"
    draws = pd.DataFrame({"fees.service": [2.0, 3.0], "weight": [3.0, 1.0], "distance": [0.1, 0.2]})
    draws.to_parquet(path)
    read = read_posterior(path)
    assert read.columns.tolist() == ["fees.service", "weight"]
    question = find("optimise").ask_words(
        ["target=collection_rate>=0.5 at +6", f"posterior={path}"]
    )
    drawn = [w.settings["fees.service"] for w in posterior_worlds(question.config, read, 40, 1)]
    assert drawn.count(2.0) == 30 and drawn.count(3.0) == 10
    draws.assign(**{"fees.service": [0.0, 0.0]}).to_parquet(path)
    low = optimise("kangqiao", **SMALL, posterior=path, trials=40, model=Known)
    draws.assign(**{"fees.service": [8.0, 8.0]}).to_parquet(path)
    high = optimise("kangqiao", **SMALL, posterior=path, trials=40, model=Known)
    assert high.frontier["collection_rate_6"].iloc[0] > low.frontier["collection_rate_6"].iloc[0]


def test_one_or_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    """Catches an answer that depends on where it was made, and figures that break."""
    folders = []
    for workers in (1, 2):
        given = SMALL | {"executor": {"workers": workers}, "worlds": 8, "check": 8}
        done = optimise("kangqiao", out=tmp_path / str(workers), **given, trials=40)
        folders.append(done.folder)
    assert_same_tables(*folders)
    assert_version_told(folders[0], "optuna")
    assert all(file.exists() for file in done.keep_figures("zh"))


def test_targets_are_read() -> None:
    """Catches a month, a sign or a percent misread."""
    assert parse_target("collection_rate>=0.7 at +24") == (Goal("collection_rate", 1, 0.7, 24),)
    assert parse_target("collection_rate >= 70% and grievance<=0.2 at 12") == (
        Goal("collection_rate", 1, 0.7, 24),
        Goal("grievance", -1, 0.2, 12),
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "target: is missing"),
        (["target=collection_rate=0.7"], "cannot be read"),
        (["target=collection>=0.7"], "did you mean collection_rate"),
        (["target=collection_rate>=7"], "never is 7"),
        (["target=collection_rate>=0.7 at +0"], "target: 0 is not allowed"),
        (["target=collection_rate>=0.7", "probability=1.5"], "probability: 1.5"),
        (["target=collection_rate>=0.7", "policy=none"], "no candidates"),
        (["target=collection_rate>=0.7", "measures=[nothing]"], "no measure is named"),
        (["target=collection_rate>=0.7", "policy=shenhong", "measures=all"], "policy is given"),
        (["target=collection_rate>=0.7", "doses=[0.5,3]"], "doses: 3"),
        (["target=collection_rate>=0.7", "starts=[1,1]"], "each once"),
        (["target=collection_rate>=0.7", "starts=[30]"], "starts: 30"),
        (["target=collection_rate>=0.7", "method=luck"], "nsga2, exhaustive"),
        (["target=collection_rate>=0.7", "method=exhaustive"], r"would try \d{5,}"),
        (["target=collection_rate>=0.7", "months=12"], "months: is the target"),
    ],
)
def test_bad_words_are_told_in_a_line(words: list[str], told: str) -> None:
    """Catches a word that is taken without a check."""
    with pytest.raises(InputError, match=told):
        find("optimise").ask_words(words)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ({"weight": [1.0]}, "no draws"),
        ({"fees.nothing": [1.0]}, "no parameter"),
        ({"fees.service": [1.0], "weight": [-1.0]}, "unusable weights"),
        ({"fees.service": ["much"]}, "else than numbers"),
    ],
)
def test_a_wrong_posterior_is_told_in_a_line(
    frame: dict[str, list[Any]], told: str, tmp_path: Path
) -> None:
    """Catches a file that is believed whatever it holds."""
    path = tmp_path / "posterior.parquet"
    pd.DataFrame(frame).to_parquet(path)
    with pytest.raises(InputError, match=told):
        read_posterior(path)
    path.write_text("no parquet", encoding="utf-8")
    with pytest.raises(InputError, match=r"posterior\.parquet"):
        read_posterior(path)


class Drawn(Apart, Known):
    """Contact does what a drawn parameter says, or what the seed does."""

    def run(self) -> None:
        super().run()
        there = "member_contact" in self.config.policy.measures
        self.values = np.full_like(self.values, 0.1 + there * (0.6 + 0.01 * self.apart))


class Lucky(Drawn):
    by_seed = True


@pytest.mark.usefixtures("as_shipped")
def test_chance_in_what_the_chosen_policy_adds_is_told_from_doubt() -> None:
    """Catches second runs that live other parameters, and first and second runs of different ones."""
    given = SMALL | {"measures": ["member_contact", "disclosure"], "method": "exhaustive"}
    doubted, lucky = (optimise("kangqiao", **given, model=m).split.iloc[0] for m in (Drawn, Lucky))
    assert doubted["pairs"] == lucky["pairs"] == 8
    assert (doubted["outcome"], doubted["month"]) == ("collection_rate", 6)
    assert doubted["chance"] == pytest.approx(0.0, abs=1e-12)
    assert lucky["chance_high"] == 1.0 and lucky["chance"] > 0.3
    told = io.StringIO()
    print_optimum(optimise("kangqiao", **given, model=Drawn), Console(file=told, width=300), "zh")
    assert "0%为偶然波动，100%来自参数的不确定性" in told.getvalue()


def test_without_doubt_nothing_is_split() -> None:
    given = SMALL | {"measures": ["member_contact", "lead_by_paying"], "method": "exhaustive"}
    assert not len(optimise("kangqiao", **given, model=Known).split)
