"""Why: terms and causes that add up to what the rules did, and measures found by the arrow they act through."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import Command
from matplotlib.figure import Figure
from scipy.special import expit, logit
from worlds import do, world

from sim import why
from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.experiments.decision import CAUSES, TERMS, Moves, pushes
from sim.experiments.household import WITH, WITHOUT, Why, checked
from sim.experiments.household import Question as Household
from sim.figures import chain as chain_figures
from sim.figures import effect as effect_figures
from sim.figures import household as household_figures
from sim.figures.loops import EDGES, both
from sim.model import NeighborhoodModel
from sim.own import usual_month
from sim.questions import find
from sim.science import effect_table
from sim.science.chain import Chain, looked_for
from sim.science.chain import Question as ChainQuestion
from sim.science.effect import WHOLE, Effect, watched
from sim.science.effect import Question as EffectQuestion
from sim.science.evidence import ASSUMED, SIZE_ASSUMED, SOURCED, STRENGTHS, evidence_of
from sim.science.loops import LOOPS
from sim.science.loops import Question as LoopsQuestion
from sim.science.shares import (
    JOINING,
    OUTCOMES,
    Climbed,
    Record,
    Side,
    State,
    at_month,
    carried_over,
    joining,
    shared,
)  # fmt: skip
from sim.world.arrows import ARROWS
from sim.world.tables import Stage

SMALL: dict[str, Any] = {
    "population": {"households": 150, "buildings": 3, "stairs_per_building": 2, "floors": 9},
    "scenario__history_months": 12,
}  # fmt: skip


def small(scenario: str = "kangqiao", policy: Any = "five_level_linkage", **keys: Any) -> Config:
    return load(scenario, policy=policy, **{"months": 18, "replications": 4} | SMALL | keys)


# --- terms of the decision --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_terms_add_up_to_what_the_rule_of_paying_decided_by(seed: int) -> None:
    """Catches a term that the compiled rule has and the reading lacks, weights otherwise, or cuts otherwise."""
    draw, n = np.random.default_rng(seed), 40
    shares = ("satisfaction", "trust_firm", "grievance", "norm", "habit", "free_habit", "burden")
    columns: dict[str, Any] = {name: draw.random(n) for name in shares}
    columns |= {
        "kind": draw.integers(0, 3, n),
        "stage": draw.integers(0, 5, n),
        "active": draw.integers(0, 2, n),
    }
    columns |= {"asked": draw.integers(0, 2, n), "arrears_months": draw.integers(0, 3, n)}
    columns |= {"contact": draw.normal(size=n), "dear": draw.normal(scale=0.5, size=n)}
    weights = (
        "service",
        "norm_conditional",
        "company",
        "price",
        "worth",
        "price_cut",
        "strike",
        "dunning",
        "common_purse",
    )
    fees = {name: float(draw.random()) for name in weights}
    cut = [name for name in ARROWS if name.endswith("_to_pay") and draw.random() < 0.2]
    made = world(n, **columns, fees=fees, cut=cut)
    for name, value in (("dunning", 0.7), ("pledge", 0.9), ("appeal", -0.2), ("price_ratio", 1.3)):
        setattr(made.signals[0], name, value)
    made.firms["volunteers"][:] = 0.6
    terms = pushes(made)
    do(made, "would_pay")
    assert terms.shape == (len(TERMS), n)
    assert expit(terms.sum(axis=0)) == pytest.approx(made.households.willing, abs=1e-12)


def test_what_moved_the_terms_adds_up_and_watching_changes_nothing() -> None:
    """Catches a process whose change is lost or counted twice, and a stop that is not taken back."""
    config, moves = small(months=8), Moves(0, 3)
    plain = NeighborhoodModel(config)
    watch = type("Watched", (NeighborhoodModel,), {"processes": moves.month(usual_month())})(config)
    plain.run(), watch.run()
    assert plain.recorder.values.tobytes() == watch.recorder.values.tobytes()
    first = moves.terms[0]
    for month, terms in moves.terms.items():
        change = (terms - first).sum(axis=0)
        assert moves.moved[month].sum(axis=0) == pytest.approx(change, abs=1e-9)
        if month:
            own = terms[:, 3] - moves.terms[month - 1][:, 3]
            assert moves.moved_terms[month].sum(axis=0) == pytest.approx(own, abs=1e-9)
    moved = np.abs(moves.moved[8]).sum(axis=1)
    named = {cause for cause, size in zip(CAUSES, moved, strict=True) if size > 0.0}
    assert {"visits", "service", "hearsay", "neighbours", "troubles", "bills"} <= named
    assert "other" not in named


# --- one household ----------------------------------------------------------------------------------


@cache
def household() -> Why:
    config = small(replications=1)
    return Household(config, checked(config, ""), "changed").answer()


def test_a_household_is_told_beside_its_twin() -> None:
    """Catches runs exchanged, another household's terms, and parts that do not make the difference in chance."""
    found = household()
    months = found.months.set_index(["run", "month"])
    last = months.loc[[(WITH, 18), (WITHOUT, 18)], "intends"].tolist()
    assert last == [1, 0], "it pays under the policy and not without it"
    pushed = found.terms.groupby(["run", "month"])["push"].sum()
    assert pushed.to_numpy() == pytest.approx(
        logit(months.loc[pushed.index, "chance"].to_numpy(float)), abs=1e-9
    )
    gap = months.loc[(WITH, 18), "chance"] - months.loc[(WITHOUT, 18), "chance"]
    assert found.causes["points"].sum() == pytest.approx(100.0 * float(gap), abs=1e-6)
    by = found.moves[found.moves["run"] == WITH].groupby("month")["change"].sum()
    steps = pushed[WITH].diff().dropna()
    assert by.reindex(steps.index, fill_value=0.0).to_numpy() == pytest.approx(
        steps.to_numpy(), abs=1e-9
    )


def test_the_story_tells_numbers_that_are_in_the_tables() -> None:
    """Catches a sentence without its count, a word left out, and half-width signs in Chinese."""
    found = household()
    for language, end in (("en", "without the policy"), ("zh", "在不采取措施的同条件模拟中")):
        story = found.story(language)
        assert any(end in line for line in story) and not re.search(r"[{}]|nan", " ".join(story))
        numbers = [float(n) for n in re.findall(r"[+-]\d+\.\d", next(s for s in story if end in s))]
        assert sum(numbers[1:]) == pytest.approx(numbers[0], abs=0.051)
    assert not re.search(r"[一-鿿][,;:]", " ".join(found.story("zh")))
    for draw in (household_figures.chance, household_figures.causes):
        figure, data = draw(found, language="zh")
        assert isinstance(figure, Figure) and len(data)


@pytest.mark.parametrize(("points", "told"), [(2.0, True), (0.4, False)])
def test_a_cause_of_less_than_a_point_is_not_said_to_weigh_most(points: float, told: bool) -> None:
    """Catches "(+0.0 points) weighs most"."""
    found = household()
    path = found.path.tail(1).assign(points=points)
    story = " ".join(replace(found, path=path).story("en"))
    assert ("weighs most" in story) == told


def test_a_household_that_is_none_and_words_that_do_not_go_together_are_refused(
    xiaoqu: Command,
) -> None:
    for words, said in (
        (["household=999999", "population.households=60"], "there is no household 999999"),
        (["household=-1"], "household"), (["household=3", "by=arrows"], "does not go with household"),
        (["policy=none"], "does nothing"), (["before=24"], "before"), (["without=visits"], "has no measure"),
        (["fees.response=match"], "fees.response"), (["by=paths"], "by"), (["months=3"], "at=24"),
    ):  # fmt: skip
        code, _, err = xiaoqu("why", "scenario=kangqiao", *words)
        assert code == 2 and said in err and err.count("\n") == 1, words


# --- a compound -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_shapley_values_of_crossing_nothing_are_those_of_all_orders(seed: int) -> None:
    draw = np.random.default_rng(seed)
    changes = draw.normal(size=int(draw.integers(1, 6))) * (draw.random() < 0.9)
    before = -float(draw.random())
    if before + changes.sum() <= 0.0:
        changes[0] += 1.0 - before - changes.sum()
    expected = np.zeros(len(changes))
    orders = list(permutations(range(len(changes))))
    for order in orders:
        at = before
        for player in order:
            after = at + changes[player]
            expected[player] += (float(after > 0.0) - float(at > 0.0)) / len(orders)
            at = after
    found = carried_over(before, changes)
    assert found == pytest.approx(expected, abs=1e-9)
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("scenario", "policy", "before"),
    [
        ("ordinary_estate", "member_contact", None),
        ("kangqiao", "five_level_linkage", 3),
        ("kangqiao", "none", 2),
    ],
)
def test_parts_add_up_to_the_change_of_the_indicator(
    scenario: str, policy: str, before: int | None
) -> None:
    """Catches a part lost, an input of the judgement left out, and a difference that is not the indicator's."""
    config = small(scenario, policy, scenario__history_months=36)
    record = watched(config, 5, -24)
    one, other = Side(record, 18), Side(record, before or 0)
    if before is None:
        other = Side(watched(checked(config, ""), 5, -24), 18)
    for outcome, c, given in shared(one, other):
        assert sum(given.parts.values()) == pytest.approx(given.whole, abs=1e-9)
        values = [_read(side, outcome, c) for side in (one, other)]
        if np.isfinite(values).all():
            # A year's tickets are those of all its months over its households, which move a little.
            near = 0.02 * max(values) if outcome == "tickets_per_1000" else 1e-9
            assert given.whole == pytest.approx(values[0] - values[1], abs=near)
        left = abs(given.parts["other"])
        assert left <= (0.05 if outcome == "collection_rate" else 1e-9), outcome


def _read(side: Side, outcome: str, compound: int) -> float:
    recorder = side.record.world.model.recorder
    return float(at_month(recorder.months, recorder.values, outcome, side.month)[compound])


def test_open_conflict_is_put_down_to_what_the_other_side_lacked() -> None:
    """Four households in conflict on one side only: one lacked all but its complaint, one nothing, one moved."""
    nobody, lives = np.zeros(4), np.array([30, 30, 30, 2])

    def side(stage: int, meets: list[list[bool]], lived_here: np.ndarray) -> Side:
        state = State(nobody, nobody, nobody, lived_here, np.zeros(4), nobody, np.full(4, stage))
        step = Climbed(np.array(meets).T, np.zeros(4, bool))
        return Side(Record(1, states={3: state}, climbed={2: step}), 3)

    every = [[True] * 3] * 4
    ahead = side(int(Stage.OPEN_CONFLICT), every, lives)
    lacked = [[True, False, False], [True, True, False], [True, True, True], [True, False, False]]
    behind = side(int(Stage.CALM), lacked, np.array([30, 30, 30, 40]))
    names = list(JOINING)
    found = {name: row.tolist() for name, row in zip(names, joining(ahead, behind), strict=True)}
    assert found["complains"] == [0, 0, 0, 0] and found["grievance"] == [0.5, 0, 0, 0]
    assert found["neighbours"] == [0.5, 1, 0, 0] and found["settled"] == [0, 0, 1, 0]
    assert found["moves"] == [0, 0, 0, 1]
    assert joining(behind, ahead) == pytest.approx(-joining(ahead, behind))


@cache
def effect() -> Effect:
    config = small()
    return EffectQuestion(config, checked(config, "")).answer()


def test_an_effect_over_seeds_adds_up_and_is_told() -> None:
    found = effect()
    for outcome in OUTCOMES:
        rows = found.parts[found.parts["outcome"] == outcome].set_index("cause")["part"]
        assert rows.drop(WHOLE).sum() == pytest.approx(rows[WHOLE], abs=1e-9)
    every = found.groups[found.groups["trait"] == "all"].iloc[0]
    flows = found.flows[["more", "less"]].sum()
    assert flows["more"] == pytest.approx(every["more"]) and every["more"] > 0.0
    assert flows["less"] == pytest.approx(every["less"])
    for trait in ("tenure", "life", "kind", "floor", "building"):
        of = found.groups[found.groups["trait"] == trait]
        assert of["households"].sum() == pytest.approx(every["households"])
    for language in ("en", "zh"):
        told = " ".join(found.sentences(language))
        assert not re.search(r"[{}]|nan", told)
        assert f"{every['gain']:.0f}" in told
        few = effect_table.few(found, language)
        assert len(few) <= effect_table.FEW and f"{every['gain']:.0f}" in few[-1]
        for draw in (effect_figures.parts, effect_figures.flows, effect_figures.groups):
            figure, data = draw(found, language=language)
            assert isinstance(figure, Figure) and isinstance(data, pd.DataFrame)


def test_the_bars_of_a_figure_and_what_is_not_drawn_add_up() -> None:
    _, drawn = effect_figures.parts(effect(), "satisfaction")
    whole = effect().parts.set_index(["outcome", "cause"]).loc[("satisfaction", WHOLE), "part"]
    assert drawn["part"].sum() == pytest.approx(float(whole))
    with pytest.raises(InputError, match="outcome"):
        effect_figures.parts(effect(), "happiness")


# --- arrows -----------------------------------------------------------------------------------------

LETTERS = {
    "moral_appeal": {
        "boost": 0.3,
        "fades": 0.0,
        "reminders": 0.0,
        "hours_each": 0.0,
        "dose": 2.0,
        "ramp": 1,
    }
}
"""Letters that do nothing but appeal: they act through one arrow only."""


TRIES = 20


def question_of_letters(seed: int = 1) -> ChainQuestion:
    policy = {"name": "letters", "measures": LETTERS}
    # A firm that goes would be chance, and more than letters can do.
    config = small(
        "ordinary_estate",
        policy,
        months=18,
        seed=seed,
        replications=6,
        population={"households": 500},
        firm={"leaves": 0.0, "renewal_loss": 1.0},
    )
    return ChainQuestion(config, checked(config, ""))


@cache
def planted() -> Chain:
    return question_of_letters().answer()


@pytest.mark.slow
def test_a_planted_cause_is_found_in_19_of_20_tries() -> None:
    """Nothing is said of which arrow it is; every try has seeds, and so parameters, of its own."""
    tries = [looked_for(question_of_letters(1 + 2 * n), ["collection_rate"]) for n in range(TRIES)]
    assert sum("appeal_to_pay" in names for names in tries) >= 0.95 * TRIES


def test_a_planted_cause_is_the_whole_chain() -> None:
    """A measure that acts through one arrow only: its cut leaves nothing, and no other arrow is named in its place."""
    found = planted()
    assert found.whole("collection_rate")["low"] > 0.0, "the letters do something"
    links = found.links[found.links["outcome"] == "collection_rate"].set_index("arrow")
    assert links["share"]["appeal_to_pay"] == pytest.approx(1.0) and links["sure"]["appeal_to_pay"]
    chain = [one["arrow"] for one in found.of("collection_rate")]
    # Who has become willing by them pays old debts too.
    assert chain[0] == "appeal_to_pay" and set(chain[1:]) <= {"willingness_to_old_debts"}


def test_a_chain_is_told_with_the_evidence_of_its_links() -> None:
    found = planted()
    for language, word in (("en", "sourced"), ("zh", "有依据")):
        told = " ".join(found.sentences(language))
        assert "100%" in told and word in told and not re.search(r"[{}]|nan", told)
        figure, data = chain_figures.links(found, language=language)
        assert isinstance(figure, Figure) and data["arrow"].iloc[0] == "appeal_to_pay"


def test_loops_are_those_of_the_model_and_add_nothing_where_all_is_cut_anyway() -> None:
    """Catches an arrow that is none, a loop without its drawing, and runs or loops exchanged."""
    assert {name for loop in LOOPS.values() for name in loop.cut} <= set(ARROWS)
    assert {edge.arrow for edge in EDGES} == {
        name for loop in LOOPS.values() for name in loop.arrows
    }
    config = small(months=6, replications=2, cut=LOOPS["L2"].cut)
    found = LoopsQuestion(config, checked(config, "")).answer()
    norm = found.carried[found.carried["loop"] == "L2"]
    assert (norm["carried"] == 0.0).all() and not norm["leads"].any()
    assert (found.carried[found.carried["loop"] != "L2"]["carried"] != 0.0).any()
    for language in ("en", "zh"):
        assert not re.search(r"[{}]|nan", " ".join(found.table(language).split()))
        assert isinstance(both(found, language), Figure)


PLAIN = ["种子", "推演", "搭便车", "物业公司", "怨气"]


def test_chinese_words_are_those_of_an_office() -> None:
    named = [one.zh for causes in (*OUTCOMES.values(), CAUSES) for one in causes.values()]
    told = [*named, *planted().sentences("zh"), *effect().sentences("zh"), *household().story("zh")]
    assert not [line for line in told if any(word in line for word in PLAIN)]


def test_every_arrow_has_its_evidence() -> None:
    """Catches an arrow of the model that nothing is said of, and a parameter that is none any more."""
    assert set(STRENGTHS) == set(ARROWS)
    assert all(
        evidence_of(name).parameters == tuple(text.split()) for name, text in STRENGTHS.items()
    )
    # What a measure alone gives is known as well as the measure's own parameter.
    assert evidence_of("suits_to_pay").kind == SOURCED
    # The slope on price has a source, what service is worth has none for its size: the weaker counts.
    assert evidence_of("price_to_pay").kind == SIZE_ASSUMED
    assert evidence_of("trust_to_pay").kind == ASSUMED


def test_from_python_and_kept(tmp_path: Any) -> None:
    words = [
        "population.households=60",
        "population.buildings=2",
        "scenario.history_months=6",
        "replications=1",
    ]
    first = why("ordinary_estate", *words, policies="member_contact", at=3, out=tmp_path)
    again = why("ordinary_estate", *words, policies="member_contact", at=3, out=tmp_path)
    assert again.loaded and not first.loaded
    assert first.parts.equals(again.parts)
    assert "why" in find("why").help
