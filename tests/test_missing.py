"""Nothing is not zero: a share or mean of nothing is missing, left out of what follows, told as a dash."""

from __future__ import annotations

import asyncio
import io
import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import recorded
from rich.console import Console

from sim.as_text import number_text, signed
from sim.compose import load
from sim.config import Config, Target
from sim.desk import charts
from sim.desk.session import Session
from sim.desk.visit import Visit
from sim.experiments import compare as comparing
from sim.experiments import paired
from sim.experiments.comparison_table import narrowing_line, print_comparison
from sim.experiments.run import end_columns, ends, run
from sim.experiments.summary import summarise, target_value
from sim.experiments.summary_table import print_summary
from sim.experiments.trace import trace
from sim.experiments.trace_text import tell
from sim.experiments.validate import _district_patterns
from sim.figures import comparison as figures
from sim.figures import district, phase, trajectories
from sim.figures.robustness import ranking as ranking_figure
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS, NOTES, column, compute
from sim.questions.attribute import attribute
from sim.questions.compare import compare
from sim.questions.optimise import optimise
from sim.questions.robustness import robustness
from sim.report import build as reports
from sim.report.content import Bullets, Paragraph, Table
from sim.report.page import as_html
from sim.report.sentences import Runs, about_policy, about_reference
from sim.science import sensitivity as screening
from sim.science.attribution_table import print_attribution
from sim.science.basin import basin
from sim.science.hysteresis import sweep_slowly
from sim.science.robustness_table import print_robustness
from sim.science.sensitivity_table import print_sensitivity

NAN = math.nan
SERIAL: dict[str, Any] = {"executor": {"workers": 1}}

OF_NOTHING = {
    "collection_rate", "collection_households", "collection_to_date", "collection_all_money",
    "satisfied_share", "satisfaction", "trust_firm", "trust_committee", "trust_cell",
    "grievance", "efficacy", "trust_street", "told_per_1000", "tickets_per_1000", "ticket_repeats",
    "tickets_responded", "tickets_solved", "tickets_satisfied", "days_to_solve", "complaints_per_1000",
    "petitions_per_1000", "voices_per_1000",
    "property_call_share", "complaint_share", "open_conflict_share", "free_rider_share", "misuse_share",
    "attendance", "contacted_share", "cell_fidelity", "issues_in_place_share", "days_to_close",
    "firm_cash_yuan", "firm_staff", "firm_result_yuan", "satisfaction_gap_age", "satisfaction_gap_tenure",
    "estranged", "satisfaction_young", "satisfaction_working", "satisfaction_elderly",
}  # fmt: skip
"""Shares and means that are missing in a compound in which nothing is noted."""


def rows(count: int, **noted: Any) -> np.ndarray:
    """Notes (count, NOTES) that are 0 but for some columns."""
    notes = np.zeros((count, len(NOTES)))
    for name, values in noted.items():
        notes[:, NOTES.index(name)] = values
    return notes


def printed(show: Any, *given: Any, width: int = 160) -> str:
    """What is printed on a console."""
    stream = io.StringIO()
    show(given[0], Console(file=stream, width=width), *given[1:])
    return stream.getvalue()


def assert_told(text: str) -> None:
    """Nobody reads a NaN."""
    assert not re.search(r"\bnan\b", text)


# --- indicators -----------------------------------------------------------------------------------


def test_of_nothing_counts_are_0_and_shares_and_means_are_missing() -> None:
    """Catches any indicator that divides by nothing and says 0."""
    values = dict(zip(INDICATORS, compute(rows(1))[0], strict=True))
    assert {name for name, value in values.items() if np.isnan(value)} == OF_NOTHING
    assert all(values[name] == 0 for name in ("issues_closed", "hotline_calls", "arrears_yuan"))
    # Without ties, and before the first vote, the model itself notes that there is nothing.
    noted = compute(rows(1, ties=NAN, turnout=NAN))[0]
    assert np.isnan(noted[[column("tie_strength"), column("vote_turnout")]]).all()


def test_days_to_close_are_those_of_months_in_which_something_was_closed() -> None:
    """79 days, had months without a closing counted as 0; those with one mean 131."""
    closed = np.array([1, 0, 2, 0, 0, 1, 1, 0, 1, 1, 0, 1.0])
    days = closed * np.array([120, 0, 125, 0, 0, 140, 130, 0, 135, 137, 0, 130.0])
    values = compute(
        rows(12, issues_closed_building=closed, issues_answered=closed, issues_answer_days=days)
    )
    found = dict(zip(end_columns(), ends(np.arange(1, 13), values[:, None, :]), strict=True))
    assert found["days_to_close_last12"] == pytest.approx(
        (120 + 125 + 140 + 130 + 135 + 137 + 130) / 7
    )
    assert found["days_to_close_end"] == 130
    assert math.isnan(found["attendance_last12"]), "nobody met all year"
    assert found["issues_closed_last12"] == pytest.approx(8 / 12), "a count of nothing is 0"


def test_gaps_need_two_sides() -> None:
    """Catches a gap of a group to itself, which is 0, and one to a group that is not there."""
    young = {"occupied": 4.0, "young": 4.0, "young_satisfaction": 2.0, "satisfaction": 2.0}
    two = {
        **young,
        "occupied": 6.0,
        "elderly": 2.0,
        "elderly_satisfaction": 1.6,
        "satisfaction": 3.6,
    }
    let = {**two, "tenants": 2.0, "tenant_satisfaction": 0.4}
    age, tenure = column("satisfaction_gap_age"), column("satisfaction_gap_tenure")
    alone, both, rented = (compute(rows(1, **noted))[0] for noted in (young, two, let))
    assert np.isnan([alone[age], alone[tenure], both[tenure]]).all()
    assert both[age] == pytest.approx(0.8 - 0.5)
    assert rented[tenure] == pytest.approx(3.2 / 4 - 0.2)


def test_an_empty_compound_has_no_opinion(xiaoqu: Any, tmp_path: Path) -> None:
    """Catches a satisfaction of 0 where all flats are vacant, in the record and in print."""
    keys = {
        "population": {"vacant_share": 1.0, "tenant_share": 0.0},
        "mechanisms": {"turnover": False},
    }
    config = load(None, months=2, replications=2, policy="none", **keys, **SERIAL)
    study = run(config)
    names = [name for name in OF_NOTHING if not name.startswith(("collection_", "firm_"))]
    assert study.months[names].isna().all(axis=None)
    assert study.months["collection_rate"].notna().all(), "owners of empty flats still owe"
    row = study.summary.query("indicator == 'satisfied_share' and month == 2").iloc[0]
    assert row["runs"] == 0 and math.isnan(row["median"])
    for language in ("en", "zh"):
        text = printed(print_summary, study, language)
        assert_told(text)
        line = next(
            line
            for line in text.splitlines()
            if ("Satisfied", "居民满意度")[language == "zh"] in line
        )
        assert line.count("–") == 2 and "0" not in line, line
    assert trajectories.trajectories(study.months, config).axes


def test_a_dash_stands_where_a_number_is_missing() -> None:
    assert number_text(NAN) == number_text(NAN, "zh") == signed(NAN) == "–"


def test_mesas_collector_leaves_out_compounds_without_a_value() -> None:
    """Catches a district whose collection halves since one compound has no firm to pay."""
    model = NeighborhoodModel(load(None, months=3, district={"compounds": 2}), seed=1)
    model.step()
    model.compounds[1].firm.leave()
    model.world.p_firm["enters"] = 0.0
    model.step()
    first, second = model.recorder.latest("collection_rate")
    assert first > 0.5 and np.isnan(second)
    shown = model.datacollector.get_model_vars_dataframe()
    assert shown["collection_rate"].iloc[-1] == first
    assert math.isnan(shown["attendance"].iloc[-1])


# --- targets and summaries ------------------------------------------------------------------------


def record(**values: Any) -> tuple[np.ndarray, np.ndarray]:
    """Months and a record (M, C, K) of 0 but for some indicators (M, C)."""
    shape = np.shape(next(iter(values.values())))
    kept = np.zeros((*shape, len(INDICATORS)))
    for name, given in values.items():
        kept[:, :, column(name)] = given
    return np.arange(1 - shape[0], 1), kept


def test_a_target_is_the_mean_of_months_and_compounds_that_have_a_value() -> None:
    days = np.array([[NAN, NAN], [60.0, NAN], [30.0, 90.0]])
    window = Target(indicator="days_to_close", month=0, window=3, low=0, high=90)
    assert target_value(window, *record(days_to_close=days)) == pytest.approx(60)
    assert math.isnan(target_value(window, *record(days_to_close=np.full((3, 2), NAN))))


def test_a_weighted_target_leaves_missing_shares_and_missing_weights_out() -> None:
    """Catches a share of a whole that is lost to one compound without calls."""
    share = np.array([[0.5, NAN], [0.25, 0.75], [NAN, NAN]])
    calls = np.array([[10.0, 0.0], [20.0, 10.0], [0.0, 0.0]])
    target = Target(indicator="property_call_share", weight="hotline_calls", month=0, window=3)
    found = target_value(target, *record(property_call_share=share, hotline_calls=calls))
    assert found == pytest.approx((5 + 5 + 7.5) / 40)
    calls[1, 1] = NAN
    found = target_value(target, *record(property_call_share=share, hotline_calls=calls))
    assert found == pytest.approx((5 + 5) / 30)
    nothing = record(property_call_share=share[2:], hotline_calls=calls[2:])
    assert math.isnan(target_value(target.model_copy(update={"window": 1}), *nothing))


def test_a_target_of_which_no_run_has_a_value_is_not_missed() -> None:
    """Catches a verdict on nothing."""
    target = Target(indicator="attendance", month=1, low=0.1, high=1.0, label="met", source="x")
    config = load(None, months=1, policy="none")
    config = config.model_copy(
        update={"scenario": config.scenario.model_copy(update={"targets": [target]})}
    )
    study = run(config.model_copy(update={"replications": 2}))
    row = summarise(config, study.months).query("verdict != ''").iloc[0]
    assert row["verdict"] == "no value" and math.isnan(row["share_inside"])
    assert "no value" in printed(print_summary, study) and "无数值" in printed(
        print_summary, study, "zh"
    )


def test_compounds_without_fees_are_in_neither_hump() -> None:
    """Catches a compound without a firm that counts as one that collects nothing, or as one half."""
    months = np.arange(-11, 1)
    bare = np.zeros((12, 4, len(INDICATORS)))
    bare[:, :, column("collection_rate")] = [0.5, 0.9, NAN, NAN]
    bare[:, :, column("property_call_share")] = [0.5, 0.5, 0.5, NAN]
    bare[:, :, column("hotline_calls")] = [10, 2, 2, 0]
    worst, humps = _district_patterns("x", [(months, bare, bare)])
    assert humps["median"] == 0.5
    assert worst["median"] == pytest.approx(5 / 7)


# --- pairs ----------------------------------------------------------------------------------------


def means_of(**by_policy: list[float]) -> pd.DataFrame:
    """Means by scenario, policy, seed and month 1, all indicators alike."""
    keys, values = [], []
    for policy, given in by_policy.items():
        for seed, value in enumerate(given, 1):
            keys.append(("case", policy, seed, 1))
            values.append([value] * len(INDICATORS))
    index = pd.MultiIndex.from_tuples(keys, names=["scenario", "policy", "seed", "month"])
    return pd.DataFrame(values, index=index, columns=list(INDICATORS))


def test_differences_are_of_seeds_in_which_both_have_a_value() -> None:
    found = paired.effects(means_of(none=[0.2, NAN, 0.4, 0.3], a=[0.5, 0.9, NAN, 0.4]), "none")
    row = found.query("indicator == 'collection_rate'").iloc[0]
    assert row["pairs"] == 2 and row["difference"] == pytest.approx((0.3 + 0.1) / 2)
    assert row["value"] == pytest.approx(0.45) and row["beats"] == 1
    nothing = paired.effects(means_of(none=[NAN, NAN], a=[0.5, 0.6]), "none").iloc[0]
    assert nothing["pairs"] == 0 and nothing[["difference", "low", "high", "beats"]].isna().all()


def test_costs_are_known_where_there_is_no_collection() -> None:
    """Catches hours that go missing since the reference, without a firm, collects nothing."""
    means = means_of(none=[NAN, NAN, NAN], a=[0.5, 0.6, 0.7])
    keys = [("case", p, seed, "all") for p in ("none", "a") for seed in (1, 2, 3)]
    index = pd.MultiIndex.from_tuples(keys, names=["scenario", "policy", "seed", "actor"])
    spent = pd.DataFrame({"hours": [1.0, 1, 1, 5, 6, 7], "yuan": 0.0}, index=index)
    row = paired.costs(spent, means, "none").query("policy == 'a'").iloc[0]
    assert row["extra_hours"] == pytest.approx(5) and row["extra_hours_low"] < 5
    assert math.isnan(row["gain"]) and math.isnan(row["hours_per_point"])
    assert row["reason"] == paired.FEW


def test_a_gain_is_of_months_in_which_both_have_a_rate() -> None:
    """Catches the good year before a firm left held against all years of a policy that kept it."""
    reference, policy = [[0.9, 0.8, NAN, NAN], [0.9, 0.6, NAN, NAN]], [[0.9, 0.9, 0.4, 0.4]] * 2
    keys = [("case", p, seed, m) for p in ("none", "a") for seed in (1, 2) for m in range(1, 5)]
    index = pd.MultiIndex.from_tuples(keys, names=["scenario", "policy", "seed", "month"])
    rates = np.ravel([reference, policy])
    means = pd.DataFrame({name: rates for name in INDICATORS}, index=index)
    spent = pd.DataFrame(
        {"hours": 1.0, "yuan": 0.0},
        index=pd.MultiIndex.from_tuples(
            [("case", p, seed, "all") for p in ("none", "a") for seed in (1, 2)],
            names=["scenario", "policy", "seed", "actor"],
        ),
    )
    row = paired.costs(spent, means, "none").query("policy == 'a'").iloc[0]
    assert row["gain"] == pytest.approx(100 * (0.05 + 0.15) / 2)


def test_a_month_without_a_rate_is_no_month_of_recovery() -> None:
    values = np.array([[0.7, NAN, 0.7, 0.7], [NAN, 0.7, 0.7, 0.7], [NAN, NAN, NAN, NAN]])
    when = paired.months_to_recovery(np.arange(4), values, 0.6)
    assert when.tolist() == [np.inf, 1, np.inf]


# --- a compound without a firm, from end to end ---------------------------------------------------

TINY = {
    "population": {"households": 90, "buildings": 2},
    "firm": {"present": False, "enters": 0.0, "self_runs": 0.0},
    "assembly": {"moves": 0.0, "interim_moves": 0.0, "community_calls": 0.0},
}
"""A compound without a firm, whose owners bring none in either."""


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> comparing.Comparison:
    """A firm enters where none served: nothing was due before."""
    pilot = {"name": "pilot", "measures": {"property_entry": {"preparation": 1}}}
    done = compare(
        "ordinary_estate", policies=[pilot], months=14, replications=3, out=tmp_path_factory.mktemp("out"),
        **TINY, **SERIAL,
    )  # fmt: skip
    assert done.months.query("policy == 'none'")["collection_rate"].isna().all()
    assert done.months.query("policy == 'pilot' and month == 14")["collection_rate"].notna().all()
    return done


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be_compared_is_told_in_words(
    entry: comparing.Comparison, language: str
) -> None:
    """Catches 0% against 40%, a nan in a table, and a warning from a figure without numbers."""
    text = printed(print_comparison, entry, language)
    assert_told(text)
    flat = "".join(text.split())
    assert (
        "nodifferenceto«Nomeasures»canbegivenat+14" if language == "en" else "差异无法给出"
    ) in flat
    assert narrowing_line(entry, "ordinary_estate", language) == ""
    for make in (figures.trajectories, figures.effects, figures.cost_effect):
        assert make(entry, "ordinary_estate", language=language).axes
    report = reports.build(entry, language)
    said = [b for s in report.sections for b in s.blocks if isinstance(b, Bullets | Paragraph)]
    told = " ".join(" ".join(b.items) if isinstance(b, Bullets) else b.text for b in said)
    assert_told(told)
    reference = "no firm serves the compound" if language == "en" else "小区无物业服务企业"
    assert reference in told
    effects = next(t for t in report.tables() if t.name.startswith("effects"))
    assert all(math.isnan(row[2]) for row in effects.rows[:1])
    assert not re.search(r">[^<]*\bnan\b[^<]*<", as_html(report))
    levels = next(t for t in report.tables() if t.name.startswith("levels"))
    assert isinstance(levels, Table) and levels.rows[0][2:] == ["–", "–", "–"]


def few(value: float, missing: int, seeds: int = 25) -> Runs:
    """Runs of 25 seeds over months 0 to 12, all indicators alike, some without a value."""
    values = np.full((seeds, 13, len(INDICATORS)), value) + np.arange(seeds)[:, None, None] / 1e4
    values[:missing] = NAN
    nothing = np.zeros(seeds)
    return Runs(np.arange(seeds), np.arange(13), values, nothing, nothing)


def test_sentences_count_the_runs_that_have_a_value() -> None:
    """Catches «in 25 of 25 runs» where five have no fees due, and a median of nan."""
    asked = {"level": 0.4, "within": 12, "households": 100, "end": 6}
    said = about_policy(few(0.5, 5), few(0.3, 0), **asked, language="en")
    assert "is higher than without measures in 20 of 20 runs" in said[2]
    assert said[2].endswith("in which fees are due on both sides, 20 of 25.")
    assert "In 20 of 25 runs" in said[0], "what has no value has not reached it"
    for language in ("en", "zh"):
        nothing = about_policy(few(0.5, 0), few(0.5, 25), **asked, language=language)
        nothing += about_policy(few(0.5, 25), few(0.5, 0), **asked, language=language)
        nothing += about_reference(few(0.5, 25), 12, language)
        for sentence in nothing:
            assert_told(sentence)
            assert "– " not in sentence.replace("– (", "") or language == "zh", sentence


def test_curves_of_the_desk_break_and_their_tables_have_a_dash() -> None:
    """Catches a NaN, which is no JSON, and a line drawn at 0 or across a gap."""
    runs = few(0.5, 0)
    runs.values[:, [1, 3, 4]] = NAN
    session = Session(case="kangqiao", months=12, within=12)
    options = charts.curves(session, {"none": runs}, "days_to_close", strip=False)
    text = json.dumps(options, allow_nan=False)
    points = options["series"][0]["data"]
    assert points[1] == [1, None] and points[3] == [3, None] and "null" in text
    assert points[0]["symbol"] == points[2]["symbol"] == "circle", "a dot between two gaps"
    assert points[5] == [5, pytest.approx(0.501, abs=1e-3)]
    runs.values[:, 0] = NAN
    _, rows_shown = charts.curve_table(session, {"none": runs}, "days_to_close")
    assert rows_shown[0][2] == "–"
    some = few(0.5, 5)
    _, rows_shown = charts.curve_table(session, {"none": some}, "collection_rate")
    assert rows_shown[0][2] == "50 [50, 50] (20/25)"
    plan = {"none": few(0.5, 25), "A": few(0.5, 0)}
    ((_, row),) = charts.cost_rows(plan)
    assert math.isnan(row["gain"]) and row["reason"] and not math.isnan(row["hours"].value)
    json.dumps(charts.cost_effect(session, plan, "hours"), allow_nan=False)


def test_the_map_shows_a_run_where_none_has_fees_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches the nearest run to a middle that is not there."""
    lived = [
        type("One", (), {"seed": seed, "values": np.full((1, len(INDICATORS)), value)})()
        for seed, value in ((4, NAN), (5, 0.2), (6, 0.6), (7, 0.5))
    ]
    asked: list[int] = []

    class Bench:
        async def film(self, one: Any, seed: int) -> None:
            asked.append(seed)

    visit = Visit.__new__(Visit)
    visit.bench, visit.session = Bench(), Session(case="kangqiao")  # type: ignore[assignment]
    visit.asked = {"none": None}  # type: ignore[dict-item]
    for some in (lived, lived[:1]):
        monkeypatch.setattr(visit, "lived", lambda _, some=some: some, raising=False)
        asyncio.run(visit.film("none"))
    assert asked == [7, 4]


# --- figures --------------------------------------------------------------------------------------


def test_district_figures_leave_compounds_without_a_value_out() -> None:
    """Catches bands that one compound without a firm takes away, or pulls down to 0."""
    frame = pd.DataFrame(
        {"run": 0, "month": np.repeat([0, 1, 24], 3), "compound": [0, 1, 2] * 3,
         "collection_rate": [0.4, 0.6, NAN, NAN, NAN, NAN, 0.5, NAN, NAN]}
    )  # fmt: skip
    over, order = district.compounds(frame, load(None)).axes
    middle = over.lines[0].get_ydata()
    assert middle[0] == pytest.approx(0.5) and np.isnan(middle[1]) and middle[2] == 0.5
    assert order.lines[0].get_ydata().tolist() == [0.4, 0.6]


def test_a_path_that_its_firm_leaves_ends_low() -> None:
    rates = [0.9, 0.8, NAN]
    paths = pd.DataFrame(
        {"start": 1, "month": [0, 1, 2], "collection_rate": rates, "satisfied_share": 0.5}
    )
    line = phase.portrait(paths).axes[0].lines[0]
    assert line.get_label().startswith("ends below") and line.get_xdata().tolist() == [0.9, 0.8]


# --- questions of science -------------------------------------------------------------------------


class Gaps:
    """A model without fees due under some policies: no rate, but costs and satisfaction all the same."""

    def __init__(self, config: Config, *, seed: int) -> None:
        self.config, self.seed = config, seed

    def run(self) -> None:
        """Live at once."""
        here = set(self.config.policy.measures)
        self.months = np.arange(self.config.months + 1)
        self.values = np.full((len(self.months), 1, len(INDICATORS)), 0.3)
        self.values += 0.2 * ("member_contact" in here) + 0.01 * self.seed
        if self.lacks(here):
            self.values[:, :, column("collection_rate")] = NAN
        row = {"month": 1, "compound": 0, "actor": "cell", "measure": "x", "yuan": 0.0}
        self.costs = [row | {"hours": 10.0 * len(here)}]
        self.recorder = self

    def lacks(self, here: set[str]) -> bool:
        """Whether no fees are due."""
        return not here


class OnlySeedTwo(Gaps):
    """No fees are due without measures under seed 2."""

    def lacks(self, here: set[str]) -> bool:
        """Whether no fees are due."""
        return self.seed == 2 and not here


WORLDS: dict[str, Any] = {
    "policies": ["none", "member_contact", "building_meetings"], "scenarios": [], "networks": [],
    "mechanisms": [], "draws": 12, "at": 3, "replications": 3, "over": ["fees.service"], **SERIAL,
}  # fmt: skip


def test_policies_without_a_value_are_not_ranked_and_take_none_along() -> None:
    """Catches a world that is lost, or a policy that comes last, where it has nothing to rank."""
    done = robustness("kangqiao", **WORLDS, model=Gaps)
    base = done.ranking[done.ranking["family"] == "base"].set_index("policy")
    assert math.isnan(base.at["none", "value"]) and math.isnan(base.at["none", "rank"])
    assert base.at["none", "seeds"] == 0 and base.at["member_contact", "seeds"] == 3
    assert base.at["member_contact", "rank"] == 1 and base.at["building_meetings", "rank"] == 2
    assert base.at["member_contact", "first"] == 1
    pairs = done.pairs.set_index(["first", "second"])
    assert pairs.at[("member_contact", "none"), "draws"] == 0
    assert math.isnan(pairs.at[("member_contact", "none"), "better"])
    assert pairs.at[("member_contact", "building_meetings"), "better"] == 1
    text = printed(print_robustness, done)
    assert_told(text)
    assert "–: no value in this world" in text
    assert ranking_figure(done, "collection_rate").axes


def test_a_part_is_of_seeds_in_which_every_coalition_has_a_value() -> None:
    """Catches a game in which one missing value spoils all seeds, or counts as 0."""
    keys = {"policy": ["member_contact", "building_meetings"], "at": 3, "replications": 3, **SERIAL}
    keys["indicator"] = ["collection_rate", "satisfied_share"]
    done = attribute("kangqiao", **keys, model=OnlySeedTwo)
    bundle = done.bundle.set_index("outcome")
    assert (
        bundle.at["collection_rate", "seeds"] == 2 and bundle.at["collection_rate", "missing"] == 1
    )
    assert bundle.at["satisfied_share", "seeds"] == 3
    parts = done.values.set_index(["outcome", "measure"])["value"]
    assert parts["collection_rate", "member_contact"] == pytest.approx(0.2)
    assert parts["satisfied_share", "member_contact"] == pytest.approx(0.2)
    text = printed(print_attribution, done)
    assert_told(text)
    assert "1 of 3 seeds have no value" in text
    nothing = attribute("kangqiao", **keys, model=Gaps)
    own = nothing.values[nothing.values["outcome"] == "collection_rate"]
    assert own[["value", "low", "high", "alone", "left_out", "per_hour"]].isna().all(axis=None)
    assert own["hours"].tolist() == [10, 10], "costs are known"
    assert_told(printed(print_attribution, nothing))


def test_what_has_no_value_has_not_reached_its_target() -> None:
    """Catches a warning where no world of a policy has one."""
    keys = {
        "measures": ["member_contact", "building_meetings"],
        "trials": 4,
        "worlds": 4,
        "check": 4,
    }
    given = {**keys, "doses": [1.0], "starts": [1], "method": "exhaustive", **SERIAL}
    target = {"target": "collection_rate>=0.2 at +3"}
    done = optimise("kangqiao", **target, **given, model=Gaps)
    bare = done.candidates.query("member_contact == 0 and building_meetings == 0").iloc[0]
    assert bare["share"] == 0
    first = done.frontier.iloc[0]
    assert first["measures"] == 0 and math.isnan(first["collection_rate_3"])
    assert done.chosen is not None and done.chosen["measures"] == 1


def test_effects_without_a_value_are_left_out_of_the_screening() -> None:
    """Catches an analysis that refuses, one that takes nothing for 0, and one that drops too much."""
    question = recorded.answer("sensitivity").question
    count = len(question.factors) + 1
    from SALib.sample import morris

    sample = morris.sample(screening.problem(question.factors), 5, num_levels=4, seed=1)
    values = np.random.default_rng(3).random((len(sample), 2, len(question.outputs)))
    gaps = values.copy()
    # One seed of the first point of the second trajectory, in the first output.
    gaps[count, 1, 0] = NAN
    moved = question.factors[int(np.abs(sample[count + 1] - sample[count]).argmax())].key
    found: dict[str, pd.DataFrame] = {}
    (name, month), left = question.outputs[0], np.r_[0:count, 2 * count : len(sample)]
    for what, some, at in (
        ("gap", gaps, sample),
        ("whole", values, sample),
        ("cut", values[left], sample[left]),
    ):
        frame = screening._screen(question, at, some)
        first = (frame["indicator"] == name) & (frame["month"] == month)
        found[what] = frame[first].set_index("key").drop(columns="rank")
        found[f"other {what}"] = frame[~first]
    assert found["gap"].at[moved, "effects"] == 4 and found["cut"].at[moved, "effects"] == 4
    pd.testing.assert_series_equal(found["gap"].loc[moved], found["cut"].loc[moved])
    pd.testing.assert_frame_equal(found["gap"].drop(moved), found["whole"].drop(moved))
    pd.testing.assert_frame_equal(found["other gap"], found["other whole"])
    nothing = screening._screen(question, sample, np.full_like(values, NAN))
    assert nothing[["mu_star", "noise"]].isna().all(axis=None) and not nothing["above"].any()
    assert screening.top_factors(question, nothing) == []
    told = replace(recorded.answer("sensitivity"), screening=nothing)
    assert_told(printed(print_sensitivity, told))


def test_rows_of_sobols_matrices_with_a_gap_are_left_out() -> None:
    question = recorded.answer("sensitivity").question
    top = list(question.factors[:2])
    from SALib.sample import sobol

    sample = sobol.sample(screening.problem(top), 8, calc_second_order=False, seed=1)
    weights = np.random.default_rng(3).random((len(sample), 2, len(question.outputs))) / 10
    values = sample[:, 0, None, None] + weights
    gaps = values.copy()
    gaps[5, 0, 0] = NAN  # In the second of eight rows of four points.
    found, cut = (
        screening._share(question, top, some)
        for some in (gaps, np.delete(values, np.s_[4:8], axis=0))
    )
    size = len(top)
    pd.testing.assert_frame_equal(found[:size], cut[:size])
    row = screening._noise(question, "sobol", gaps, 4).iloc[0]
    assert (row["points"], row["missing"]) == (28, 4)
    empty = screening._share(question, top, np.full_like(values, NAN))
    assert empty[["first", "total", "noise"]].isna().all(axis=None)


def test_a_state_without_fees_is_not_the_high_one() -> None:
    """Catches a mean that an abandoned compound pulls to 0, and one that is lost to it."""
    config = load(None, months=2, replications=2, policy="none", **TINY, **SERIAL)
    frame = basin(config, 2, 0.5)
    assert frame["end"].isna().all() and (frame["recovers"] == 0).all()
    from sim.science.hysteresis import drive, folds

    moved = drive(config, ["fees.base_conditional"], -1.0, 1.0, 3, 2)
    rates = sweep_slowly(config, moved, 1)
    assert np.isnan(rates).all() and folds(moved.levels, rates, 0.5) == []


def test_problems_of_which_none_has_ended_have_no_median() -> None:
    """Catches «0 months in the median» where all are still open."""
    story = trace(load(None, policy="none", months=1), "first")
    assert story.end == "open" and math.isnan(story.others["median_months"])
    assert "none has ended." in tell(story) and "尚无一件结束。" in tell(story, "zh")
