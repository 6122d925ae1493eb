"""Robustness: worlds are what they say, flips beyond chance are found, boxes say where."""

from __future__ import annotations

import io
import re
from dataclasses import replace
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
from sim.questions.robustness import robustness
from sim.science.robustness import Robustness
from sim.science.robustness_table import print_robustness

GIVEN: dict[str, Any] = {
    "policies": ["none", "member_contact", "building_meetings"],
    "scenarios": ["ordinary_estate"],
    "networks": ["watts_strogatz"],
    "mechanisms": ["ties", "conflict"],
    "over": ["fees.service", "fees.trust", "conflict.legacy"],
    "draws": 120,
    "at": 3,
    "replications": 4,
    "executor": {"workers": 1},
}


class Known:
    """Contact leads but for low weights of service, and where conflict is switched off."""

    def __init__(self, config: Config, *, seed: int) -> None:
        self.config, self.seed = config, seed

    def run(self) -> None:
        """Live at once."""
        config, here = self.config, set(self.config.policy.measures)
        noise = np.random.default_rng([self.seed, len(here)]).normal(0, 0.001)
        value = 0.3 + 0.3 * ("member_contact" in here) + noise
        turned = config.fees.service < 6.0 or not config.mechanisms.conflict
        value += 0.2 * ("building_meetings" in here) * (2 if turned else 1)
        if config.network.generator == "watts_strogatz":
            value = 0.5
        self.months = np.arange(0, config.months + 1)
        self.values = np.full((len(self.months), 1, len(INDICATORS)), value)
        self.costs: list[dict[str, Any]] = []
        self.recorder = self


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Robustness:
    return robustness("kangqiao", out=tmp_path_factory.mktemp("out"), **GIVEN, model=Known)


def test_every_world_is_lived_as_it_says(known: Robustness) -> None:
    """Catches a mechanism left on, a scenario not loaded, a world left out."""
    ranking = known.ranking.set_index(["world", "policy"])["value"]
    assert ranking["kangqiao", "member_contact"] == pytest.approx(0.6, abs=0.01)
    assert ranking["conflict", "building_meetings"] == pytest.approx(0.7, abs=0.01)
    assert ranking["watts_strogatz", "none"] == 0.5
    assert len(known.draws) == 120
    counts = known.runs.groupby(["family", "world"], sort=False).size()
    assert len(counts) == 5 + 120 and counts["base", "kangqiao"] == 4 * 3


def test_flips_are_those_beyond_chance(known: Robustness) -> None:
    """Catches a flip where all do alike, and one missed."""
    flips = known.flips.set_index("world")
    assert flips["flipped"].to_dict() == {
        "kangqiao": False, "ordinary_estate": False, "watts_strogatz": False, "ties": False,
        "conflict": True,
    }  # fmt: skip
    assert flips.at["conflict", "best"] == "building_meetings"
    assert flips.at["conflict", "tau"] < flips.at["ties", "tau"] == 1


def test_ranks_and_regret_are_right(known: Robustness) -> None:
    """Catches ranks upside down."""
    base = known.ranking[known.ranking["family"] == "base"].set_index("policy")
    assert base["rank"].to_dict() == {"none": 3, "member_contact": 1, "building_meetings": 2}
    assert base.at["none", "regret"] == pytest.approx(0.3, abs=0.01)
    assert base["first"].to_dict() == {"none": 0, "member_contact": 1, "building_meetings": 0}
    tied = known.ranking[known.ranking["world"] == "watts_strogatz"]
    assert tied["rank"].eq(1).all() and tied["first"].to_numpy() == pytest.approx(1 / 3)


def test_boxes_say_where_the_order_turns(known: Robustness) -> None:
    """Catches a tree over the wrong columns, and a cut in the wrong place."""
    boxes = known.boxes[known.boxes["role"] == "leading"]
    top = boxes.iloc[0]
    assert (top["first"], top["second"]) == ("member_contact", "building_meetings")
    assert top["parameters"].startswith("fees.service") and top["reason"] == ""
    assert top["rule"].startswith("fees.service <= ")
    assert float(top["rule"].split()[2]) == pytest.approx(6.0, abs=0.15)
    assert top["turned"] > 0.9 and boxes.loc[boxes["turned"] > 0.5, "coverage"].sum() > 0.95
    assert top["accuracy"] > 0.95
    assert boxes["draws"].sum() == 120


def test_chance_is_not_explained() -> None:
    """Catches a tree that finds boxes in noise."""

    class Noise(Known):
        def run(self) -> None:
            super().run()
            random = np.random.default_rng([self.seed, len("".join(self.config.policy.measures))])
            self.values[:] = random.random()

    done = robustness("kangqiao", **GIVEN, model=Noise)
    assert (done.boxes["reason"] == "not_told").all()
    assert done.boxes["accuracy"].between(0.35, 0.6).all()


def test_draws_may_come_from_a_posterior(tmp_path: Path) -> None:
    """Catches a posterior that is named and not used."""
    path = tmp_path / "posterior.parquet"
    pd.DataFrame({"fees.service": [1.0, 1.2], "weight": [0.5, 0.5]}).to_parquet(path)
    done = robustness("kangqiao", **GIVEN | {"draws": 20, "posterior": path}, model=Known)
    assert set(done.draws["fees.service"]) == {1.0, 1.2}
    draws = done.ranking[done.ranking["family"] == "draw"].set_index("policy")
    assert draws.at["building_meetings", "first"] == 1
    assert (done.boxes["reason"] == "too_few_turned").all()


def test_one_or_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    """Catches an answer that depends on where it was made, with the model itself."""
    given = GIVEN | {"replications": 1, "draws": 2, "mechanisms": []}
    given["population"] = {"households": 120, "buildings": 2, "floors": 8}
    folders = []
    for workers in (1, 2):
        executor = {"workers": workers}
        done = robustness("kangqiao", out=tmp_path / str(workers), **given | {"executor": executor})
        folders.append(done.folder)
    assert_same_tables(*folders)
    assert_version_told(folders[0], "scikit-learn")


def test_figures_are_drawn(known: Robustness, tmp_path: Path) -> None:
    """Catches figures that break."""
    files = replace(known, folder=tmp_path).keep_figures("zh")
    assert len(files) == 6 and all(file.exists() for file in files)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["policies=[none]"], "at least two"),
        (["policies=[none,nothing]"], "no policy is named"),
        (["policy=shenhong"], "policies="),
        (["months=12"], "at=24"),
        (["indicator=attendance"], "neither more nor less"),
        (["networks=[ring]"], "'ring' is not known"),
        (["mechanisms=[money]"], "'money' is not known"),
        (["over=[nothing]"], "over: 'nothing'"),
        (["width=2"], "width: 2"),
        (["draws=-1"], "draws: -1"),
    ],
)
def test_bad_words_are_told_in_a_line(words: list[str], told: str) -> None:
    """Catches a word that is taken without a check."""
    with pytest.raises(InputError, match=told):
        find("robustness").ask_words(words)


class Drawn(Apart, Known):
    """What contact adds hangs on a parameter that is drawn, or on the seed."""

    def run(self) -> None:
        super().run()
        there = "member_contact" in self.config.policy.measures
        self.values = np.full_like(self.values, 0.3 + there * (0.3 + 0.01 * self.apart))


class Lucky(Drawn):
    by_seed = True


@pytest.mark.usefixtures("as_shipped")
def test_chance_in_the_difference_of_the_best_two_is_told_from_doubt() -> None:
    """Catches second runs that live other parameters, and first and second runs of different ones."""
    given = GIVEN | {"replications": 24, "draws": 0, "networks": [], "mechanisms": []}
    given |= {"indicator": ["collection_rate"]}
    doubted, lucky = (
        robustness("kangqiao", **given, model=m).split.iloc[0] for m in (Drawn, Lucky)
    )
    assert doubted["pairs"] == lucky["pairs"] == 8
    assert doubted["first"] == lucky["first"] == "member_contact"
    assert doubted["chance"] == pytest.approx(0.0, abs=1e-12)
    assert lucky["chance_high"] == 1.0 and lucky["chance"] > 0.3
    told = io.StringIO()
    answer = robustness("kangqiao", **given, model=Lucky)
    print_robustness(answer, Console(file=told, width=300), "en")
    assert "of the difference between Member contact quota and" in told.getvalue()
    assert "from 8 sets lived twice" in told.getvalue()
    chinese = io.StringIO()
    print_robustness(answer, Console(file=chinese, width=300), "zh")
    assert "党员包联" in chinese.getvalue() and "（基准）" in chinese.getvalue()
    assert not re.search("[a-z]{3,}_|base|none", chinese.getvalue()), "names of a configuration"


def test_without_doubt_nothing_is_split(known: Robustness) -> None:
    assert known.split["chance"].isna().all() and (known.split["pairs"] == 0).all()
    assert list(known.split["outcome"]) == list(known.question.outcomes)
