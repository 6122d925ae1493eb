"""Trace: one problem followed through a run, told as it was, without changing it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from conftest import Command

from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.experiments import trace as tracing
from sim.experiments.trace import Followed, Story, find, follow, story, trace
from sim.experiments.trace_text import tell
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.processes.issues import (
    LATENT,
    NOTHING,
    Category,
    Door,
    Happened,
    problems_are_entered,
)
from sim.processes.voices import PerDoor
from sim.world.process import do_in_python
from sim.world.world import World

SOLVED, SHELVED, ROSE, UNSOLVED = (
    int(h) for h in (Happened.SOLVED, Happened.SHELVED, Happened.ROSE, Happened.UNSOLVED)
)
BY_RESIDENT, BY_MEETING = int(Happened.FOUND_BY_RESIDENT), int(Happened.FOUND_BY_MEETING)
FOUND = BY_RESIDENT | BY_MEETING | int(Happened.FOUND_BY_GRID) | int(Happened.FOUND_BY_FIRM)


NO_HISTORY: dict[str, Any] = {"scenario__history_months": 0}


def w_compound(**keys: Any) -> Config:
    return load("w_compound", policy="w_compound", **({"months": 12} | keys))


@cache
def followed() -> Followed:
    return follow(w_compound())


def counts(model: NeighborhoodModel, name: str) -> np.ndarray:
    """Of the months lived after month 0."""
    return model.recorder.values[model.recorder.months > 0, 0, list(INDICATORS).index(name)]


def test_watching_changes_nothing() -> None:
    """Catches a recorder that draws, orders or rounds anything itself."""
    plain, watch = NeighborhoodModel(w_compound()), tracing._Watch()
    watched = type("Watched", (NeighborhoodModel,), {"processes": watch.month()})(w_compound())
    plain.run(), watched.run()
    assert watch.pages, "somebody did watch"
    assert plain.recorder.values.tobytes() == watched.recorder.values.tobytes()
    assert plain.recorder.costs == watched.recorder.costs


def test_every_problem_of_the_counts_is_followed_once() -> None:
    """Catches problems lost that arise and end within one month, and fates told wrongly."""
    model = NeighborhoodModel(w_compound(**NO_HISTORY))
    model.run()
    months = follow(w_compound(**NO_HISTORY)).months
    happened = months["happened"]
    by = months.groupby("month")["happened"]
    assert months["problem"].nunique() == counts(model, "issues_arisen").sum()
    assert (happened & SOLVED > 0).sum() == counts(model, "issues_closed").sum()
    shelved = by.apply(lambda h: (h & SHELVED > 0).sum())
    assert shelved.tolist() == counts(model, "issues_shelved").tolist()
    still = months[(months["month"] == 12) & (happened & (SOLVED | SHELVED) == 0)]
    assert len(still) == model.issues_held


def test_a_problem_is_in_the_book_every_month_until_it_ends() -> None:
    """Catches rows of the book mixed up when closed ones leave it."""
    for _, rows in followed().months.groupby("problem"):
        assert rows["month"].tolist() == list(range(rows["arose"].iloc[0], rows["month"].max() + 1))
        assert rows["category"].nunique() == rows["household"].nunique() == 1
        found = (rows["happened"] & FOUND > 0).cumsum()
        assert found.max() <= 1 and (rows["open"] == (found.shift(fill_value=0) == 1)).all()
        rose = (rows["happened"] & ROSE > 0).shift(fill_value=False)
        known = rows["level"][found == 1]
        # Told anew, it begins where such a thing begins.
        steps, again = known.diff().iloc[1:], rows["said"][found == 1].iloc[1:] > 0
        assert ((steps > 0) <= (rose[found == 1].iloc[1:] | again)).all()
        assert ((steps < 0) <= again).all()
        ended = rows["happened"] & (SOLVED | SHELVED) > 0
        assert not ended.iloc[:-1].any()
        assert ended.iloc[-1] or rows["month"].iloc[-1] == 12


def test_a_solved_problem_relieves_and_an_answer_that_solves_nothing_angers() -> None:
    """Catches solved and shelved exchanged, and feelings taken from another household."""
    # Problems from before month 1 are not followed, so here there are none.
    months = follow(w_compound(**NO_HISTORY)).months
    alone = ~months.duplicated(["month", "household"], keep=False)
    felt = months["grievance_before"] > 0
    solved = months[alone & felt & (months["happened"] & SOLVED > 0)]
    unsolved = months[alone & (months["happened"] & UNSOLVED > 0)]
    assert len(solved) > 10 and len(unsolved) > 3
    p = w_compound().handling
    calmed = 1 - solved["grievance_after"] / solved["grievance_before"]
    assert ((calmed >= p.relief * (1 - p.doubts)) & (calmed <= p.relief + 1e-12)).all()
    firms = solved[solved["said"] == Door.FIRM]
    believed = 1 - p.doubts * (1 - firms["trust_firm_before"])
    assert len(firms) > 5
    assert calmed[firms.index].to_numpy() == pytest.approx((p.relief * believed).to_numpy())
    assert unsolved["efficacy_after"].to_numpy() == pytest.approx(
        unsolved["efficacy_before"] * (1 - p.heard)
    )
    quiet = months[alone & (months["happened"] & (SOLVED | UNSOLVED) == 0)]
    assert (quiet["grievance_before"] == quiet["grievance_after"]).all()


def test_who_found_it_is_who_could() -> None:
    """Catches a finder named who does not look."""
    nobody: dict[str, Any] = {
        "community": {"inspects": 0.0},
        "firm": {"patrol": 0.0},
    }
    bare = follow(
        load("w_compound", policy="none", months=8, population={"efficacy_start": 0.9}, **nobody)
    )
    found = bare.months["happened"] & FOUND
    assert set(found[found > 0]) == {BY_RESIDENT}
    nobody["voices"] = {"ease": dict.fromkeys(PerDoor.model_fields, -20.0)}
    met = follow(load("w_compound", policy="building_meetings", months=8, **nobody)).months
    found = met["happened"] & FOUND
    assert set(found[found > 0]) == {BY_MEETING}
    assert met["met"][found > 0].all()


def test_the_told_problem_is_there_under_every_policy() -> None:
    """Catches a placed problem that depends on what is done about it, or shifts other draws."""
    one = follow(w_compound(months=6))
    other = follow(load("w_compound", policy="none", months=6))
    (a,), (b,) = one.told["railing"], other.told["railing"]
    mine, theirs = (f.months[f.months["problem"] == n].iloc[0] for f, n in ((one, a), (other, b)))
    assert mine["arose"] == theirs["arose"] == 4
    assert mine["household"] == theirs["household"]
    assert Category(int(mine["category"])) is Category.FACILITIES
    without = follow(
        load("w_compound", "~scenario.history.railing", policy="none", months=4)
    ).months
    key = ["arose", "household", "category"]
    with_it = other.months[other.months["month"] <= 4][key].drop_duplicates()
    assert len(with_it) == len(without[key].drop_duplicates()) + 1


def test_a_household_with_a_new_problem_gets_no_second_one() -> None:
    """Catches two problems with one name, which would share their luck."""
    world = NeighborhoodModel(load(None, population={"households": 60})).world
    book, arisen = world.issues, world.worked["arisen"]
    world.households.arising[:] = NOTHING
    enter(world, 3, Category.PARKING, Category.SECURITY)
    assert world.issues_held == arisen[0] == world.households.own_open[7] == 1
    assert book.category[0] == Category.SECURITY
    enter(world, 4, Category.PARKING)
    assert world.issues_held == world.households.own_open[7] == 2 and arisen[0] == 1
    # One that is drawn takes the category of one that is told, whatever it was.
    world.households.arising[[7, 8]] = Category.NEIGHBOURS
    enter(world, 5, Category.PARKING)
    assert world.issues_held == 4 and arisen[0] == 2
    assert book.category[1] == Category.PARKING
    new = zip(book.reporter[2:4], book.category[2:4], strict=True)
    assert set(new) == {(7, Category.PARKING), (8, Category.NEIGHBOURS)}
    assert book.reporter[:2].tolist() == [7, 7] and book.arose[:4].tolist() == [3, 4, 5, 5]
    assert (book.state[:4] == LATENT).all()


def enter(world: World, month: int, *categories: Category) -> None:
    """Enter the problems of a month, those that events place at household 7 among them."""
    world.month, world.placed = month, len(categories)
    world.placing.make_room(len(categories))
    world.placing.category[: len(categories)], world.placing.household[:] = categories, 7
    do_in_python(world, problems_are_entered)


def test_stories_are_found_by_their_names() -> None:
    """Catches a name that leads to another problem."""
    f = followed()
    arose = f.months.groupby("problem")["arose"].first()
    category = f.months.groupby("problem")["category"].first()
    assert find(f, "first") == 1 and arose[1] == 1
    assert find(f, "railing") == f.told["railing"][0]
    parking = category.index[category == Category.PARKING]
    assert find(f, "parking") == parking.min()
    later = arose.index[(category == Category.PARKING) & (arose >= 6)]
    assert find(f, "parking", 6) == later.min()
    lasted = f.months["problem"].value_counts()
    assert lasted[find(f, "longest")] == lasted.max()
    assert find(f, 5) == 5
    assert story(f, f.told["railing"][0]).label == "railing"


def test_a_story_sums_up_what_its_months_hold() -> None:
    """Catches hours, measures or costs of other months or compounds."""
    f = followed()
    s: Story = story(f, find(f, "railing"))
    assert sum(s.hours().values()) == pytest.approx(s.months["hours"].sum()) and s.hours()
    lived = s.months["month"].tolist()
    assert s.in_force == {m: lived for m in w_compound().policy.measures}
    spent = f.costs[f.costs["month"].isin(lived)]
    assert s.costs["hours"].sum() == pytest.approx(spent["hours"].sum())
    assert 0.0 < s.others["solved"] + s.others["shelved"] <= 1.0


def test_the_railing_may_be_settled_by_the_building() -> None:
    """Catches the told story becoming impossible; how often it comes about is no matter of a test."""
    ends = [trace(w_compound(months=16, seed=seed), "railing") for seed in range(1, 21)]
    solved = [s for s in ends if s.end == "solved"]
    by_building = [s for s in solved if s.months["level"].iloc[-1] == 0]
    assert by_building
    assert all(0 in s.hours() for s in by_building), "with residents' hours"


def test_the_command_tells_the_railing_in_both_languages(xiaoqu: Command) -> None:
    """Catches a step or an end left out of the telling."""
    words = ("why", "scenario=w_compound", "issue=railing", "at=8", "doubt=off")
    code, english, _ = xiaoqu(*words)
    assert code == 0
    assert "policy w_compound" in english, "the scenario's own policy is the default"
    assert re.search(r"^month 4 +arises", english, re.MULTILINE)
    assert re.search(r"^Path: .*(solved|given up|still open) in month \d+", english, re.MULTILINE)
    assert "building_meetings" in english and "Hours on this problem" in english
    code, chinese, _ = xiaoqu(*words, "--lang", "zh")
    assert code == 0 and "设施维修" in chinese and "路径" in chinese
    assert not re.search(r"[a-z]{4,}", re.sub(r"\w+_\w+|railing", "", chinese))


def test_the_parking_story_of_shenhong_is_told() -> None:
    """Catches a compound without firm or committee that cannot be followed."""
    s = trace(load("shenhong", policy="shenhong", months=16), "parking", since=10)
    assert s.category is Category.PARKING and s.months["arose"].iloc[0] >= 10
    assert {"cell", "community", "residents", "public"} <= set(s.costs["actor"])
    assert "parking" in tell(s) and "停车" in tell(s, "zh")


def test_several_compounds_keep_their_places_apart() -> None:
    """Catches buildings counted over the whole district."""
    f = follow(load("tongqiao", policy="red_pilot", months=2))
    assert f.months["compound"].nunique() > 1
    assert f.months["building"].min() == 1
    most = max(c.buildings.stop - c.buildings.start for c in NeighborhoodModel(f.config).compounds)
    assert f.months["building"].max() <= most
    assert f.months["stair"].max() <= 2 and f.months["floor"].max() <= 40


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("issue=lifts",), "parking"),
        (("issue=parkng",), "did you mean parking?"),
        (("issue=100000", "at=2"), "there is no problem 100000; allowed: 1 to"),
        (("issue=0", "at=2"), "there is no problem 0"),
        (("scenario=ordinary_estate", "policy=none", "issue=developer", "at=2", "developer.legacy=0"),
         "no problem of category developer arises"),
        (("scenario=w_compound", "issue=railing", "at=2"), "railing does not arise in months 1 to 2"),
        (("issue=first", "at=2", "mechanisms.issues=false"), "no problem arises in months 1 to 2"),
        (("issue=first", "since=0"), "since: 0 is not allowed; allowed: whole number from 1 to 24"),
        (("issue=first", "by=loops"), "by: does not go with issue"),
        (("issue=first", "household=3"), "issue: does not go with household"),
        (("issue=[a,b]",), "no problem is named"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said_in_one_line(
    xiaoqu: Command, words: tuple[str, ...], said: str
) -> None:
    """Catches a traceback, or an error that does not help."""
    code, out, error = xiaoqu("why", *words)
    assert code == 2 and not out
    # What has no effect in two months is said before.
    *before, line = error.splitlines()
    assert all(": no effect of " in one for one in before)
    assert line.startswith("error: ") and said in line


def test_the_old_command_names_the_new_one(xiaoqu: Command) -> None:
    """Catches somebody's script that is told of an unknown command and no more."""
    code, _, error = xiaoqu("trace", "scenario=w_compound", "issue=railing")
    assert code == 2 and error.count("\n") == 1
    assert "trace: is no command any more; allowed: xiaoqu why issue=first" in error


def test_python_is_told_the_same() -> None:
    """Catches a check that only the command line makes."""
    with pytest.raises(InputError, match="no problem is named"):
        trace(w_compound(), "nothing")
