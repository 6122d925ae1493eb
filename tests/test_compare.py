"""Comparison: paired statistics by hand, one past for all policies, costs, what lasts, the command."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import fake_model
import numpy as np
import pandas as pd
import pytest
from conftest import Command
from matplotlib.text import Text
from rich.cells import cell_len
from rich.console import Console

from sim.errors import InputError
from sim.experiments import paired
from sim.experiments import run as runs_of
from sim.experiments.compare import Comparison, read_comparison
from sim.experiments.comparison_table import print_comparison
from sim.experiments.paired import Gain, difference, mean, months_to_recovery, ratio
from sim.experiments.together import live_together
from sim.figures import comparison as figures
from sim.figures import style
from sim.outcomes import INDICATORS
from sim.questions import find
from sim.questions.compare import compare
from sim.world.runner import Runner

ask, ask_words = find("compare").ask_call, find("compare").ask_words
SMALL = ("population.households=240", "population.buildings=4", "executor.workers=1")
STAYS = (
    "firm.leaves=0", "firm.renewal_loss=1", "assembly.distrusted=0", "assembly.community_calls=0",
    "committee.attempts=0",
)  # fmt: skip
"""The firm neither goes nor is dismissed, and owners vote on nothing: all runs have a collection rate, and neither an
emergency firm nor a vote costs hours."""


@pytest.fixture(scope="module")
def kangqiao(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Three policies on a small Kangqiao, measures withdrawn early, kept in a folder."""
    return compare(
        "kangqiao",
        *SMALL,
        *STAYS,
        policies=["none", "idle", "member_contact+lead_by_paying"],
        config_dir=idle_policy(tmp_path_factory.mktemp("own")),
        withdraw=13,
        months=36,
        replications=6,
        threshold=0.05,
        out=tmp_path_factory.mktemp("results"),
    )


def idle_policy(folder: Path) -> Path:
    """A configuration folder with a policy that does nothing."""
    (folder / "policy").mkdir(exist_ok=True)
    (folder / "policy" / "idle.yaml").write_text("title: Idle\nmeasures: {}\n", encoding="utf-8")
    return folder


# --- statistics by hand ---


def test_paired_difference_by_hand() -> None:
    gain = Gain(np.array([3.0, 5.0, 4.0, 8.0]), np.array([1.0, 4.0, 4.0, 3.0]))
    row = difference(gain, better=1)
    # Differences 2, 1, 0, 5: mean 2, variance 14/3; Student's quantile for 3 degrees is 3.18245.
    half = 3.182446 * math.sqrt(14 / 3 / 4)
    assert row["difference"] == 2
    assert [row["low"], row["high"]] == pytest.approx([2 - half, 2 + half])
    assert (row["pairs"], row["value"], row["reference_value"]) == (4, 5.0, 3.0)
    assert row["beats"] == 3.5 / 4, "a tie counts half"
    # Variances 14/3 and 2: Welch's degrees of freedom are 5.1724.
    freedom = (14 / 3 + 2) ** 2 / (((14 / 3) ** 2 + 4) / 3)
    from scipy import stats

    width = 2 * stats.t.ppf(0.975, freedom) * math.sqrt((14 / 3 + 2) / 4)
    assert row["independent_width"] == pytest.approx(width)
    assert row["narrowing"] == pytest.approx(width / (2 * half))


def test_interval_agrees_with_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(1).normal(3, 2, 17)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean(values)[1:] == pytest.approx(tuple(expected))


def test_independent_width_agrees_with_scipy() -> None:
    from scipy import stats

    rng = np.random.default_rng(2)
    gain = Gain(rng.normal(3, 2, 12), rng.normal(1, 5, 12))
    low, high = stats.ttest_ind(*gain, equal_var=False).confidence_interval(0.95)
    assert difference(gain, 1)["independent_width"] == pytest.approx(high - low)


@pytest.mark.parametrize(("better", "share"), [(1, 0.75), (-1, 0.25)])
def test_beating_follows_the_good_direction(better: int, share: float) -> None:
    gain = Gain(np.array([2.0, 2.0, 2.0, 0.0]), np.ones(4))
    assert difference(gain, better)["beats"] == share
    assert math.isnan(difference(gain, 0)["beats"])


def test_a_pair_with_a_failed_run_is_left_out() -> None:
    row = difference(Gain(np.array([1.0, np.nan, 3.0]), np.array([0.0, 9.0, 1.0])), 1)
    assert (row["pairs"], row["difference"]) == (2, 1.5)


def test_one_pair_has_no_interval() -> None:
    row = difference(Gain(np.array([1.0]), np.array([0.0])), 1)
    assert row["difference"] == 1
    assert all(math.isnan(row[name]) for name in ("low", "high", "narrowing"))


def test_ratio_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(2000):
        below = rng.normal(5, 2, 10)
        given = ratio(2 * below + rng.normal(0, 1, 10), below)
        inside += given.low <= 2 <= given.high
    assert 0.93 < inside / 2000 < 0.97


def test_ratio_to_a_mean_not_told_from_zero_is_not_given() -> None:
    assert math.isnan(ratio(np.ones(3), np.array([-1.0, 0.0, 2.0])).value)


# --- recovery and persistence on crafted series ---


def test_recovery_is_the_first_of_three_months_that_hold() -> None:
    months = np.arange(-2, 8)
    values = np.array(
        [
            [0.9, 0.9, 0.1, 0.6, 0.7, 0.5, 0.6, 0.6, 0.6, 0.6],  # holds from month 4
            [0.1, 0.1, 0.7, 0.7, 0.7, 0.1, 0.1, 0.1, 0.1, 0.1],  # was there at month 0
            [0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.9],  # two months are too few
        ]
    )
    assert months_to_recovery(months, values, 0.6).tolist() == [4, 0, math.inf]
    assert months_to_recovery(months[:4], values[:, :4], 0.6).tolist() == [math.inf] * 3


def test_runs_that_never_recover_count_as_the_latest() -> None:
    runs = pd.DataFrame({"scenario": "a", "policy": "b", "recovery": [4.0, 9.0, *[math.inf] * 3]})
    (row,) = paired.recovery(runs, 0.6, {"a": 30}).to_dict("records")
    assert (row["recovered"], row["censored"], row["runs"]) == (0.4, 3, 5)
    assert (row["low"], row["median"], row["observed_to"]) == (4.0, math.inf, 28)
    # Wilson's interval of 2 in 5.
    assert [row["recovered_low"], row["recovered_high"]] == pytest.approx(
        [0.1176, 0.7693], abs=1e-4
    )


def crafted(gains: dict[int, list[float]]) -> pd.DataFrame:
    """Two policies whose difference in every indicator is given by month and seed."""
    rows = [
        {"scenario": "a", "policy": policy, "seed": seed, "month": month}
        | dict.fromkeys(INDICATORS, value if policy == "new" else 0.0)
        for month, values in gains.items()
        for seed, value in enumerate(values)
        for policy in ("none", "new")
    ]
    return pd.DataFrame(rows).set_index(["scenario", "policy", "seed", "month"]).sort_index()


def left(gains: dict[int, list[float]], end: int | None) -> list[dict[Any, Any]]:
    frame = paired.persistence(crafted(gains), "none", {("a", "new"): end, ("a", "none"): None})
    return frame[frame["indicator"] == "collection_rate"].to_dict("records")


def test_share_of_the_gain_that_is_kept() -> None:
    first, second = left({5: [0.5, 0.625, 0.375], 17: [0.25, 0.3125, 0.1875], 29: [0.0] * 3}, end=5)
    assert (first["month"], first["at_end"], first["kept"]) == (17, 0.5, 0.5)
    assert (first["kept_low"], first["kept_high"]) == (0.5, 0.5), "half in every seed: no doubt"
    assert (second["month"], second["kept"], second["difference"]) == (29, 0, 0)


@pytest.mark.parametrize(
    ("end", "last", "reason"),
    [(None, 40, "no_measures"), (1199, 40, "no_end"), (39, 40, "too_short"), (16, 40, "")],
)
def test_why_nothing_kept_can_be_given(end: int | None, last: int, reason: str) -> None:
    gains = {month: [0.5, 0.5, 0.6] for month in range(last + 1)}
    rows = left(gains, end)
    assert [row["reason"] for row in rows] == [reason] * 2
    assert all(math.isnan(row["kept"]) == bool(reason) for row in rows)


def test_no_share_is_kept_of_a_gain_not_told_from_zero() -> None:
    first, _ = left({5: [-0.4, 0.6], 17: [0.2, 0.3], 29: [0.0, 0.0]}, end=5)
    assert (first["reason"], first["difference"]) == ("gain_uncertain", 0.25)
    assert math.isnan(first["kept"])


def test_costs_by_hand() -> None:
    means = crafted({0: [0.9, 0.9], 1: [0.1, 0.2], 2: [0.3, 0.4]})
    keys = [("a", p, s, "all") for p in ("none", "new") for s in (0, 1)]
    index = pd.MultiIndex.from_tuples(keys, names=["scenario", "policy", "seed", "actor"])
    spent = pd.DataFrame({"hours": [1.0, 1, 41, 61], "yuan": [0.0] * 4}, index=index).sort_index()
    rows = {row["policy"]: row for row in paired.costs(spent, means, "none").to_dict("records")}
    new = rows["new"]
    # Month 0 is before the policy: gains are 20 and 30 points, hours beyond the reference 40 and 60.
    assert new["gain"] == pytest.approx(25)
    assert (new["hours"], new["extra_hours"]) == (51, 50)
    # Two seeds whose gain is 25 with a standard error of 5 tell nothing at 95%.
    assert (new["reason"], math.isnan(new["hours_per_point"])) == ("gain_uncertain", True)
    assert rows["none"]["reason"] == "reference"
    means = crafted({1: [0.2, 0.2002]})
    row = paired.costs(spent, means, "none").query("policy == 'new'").iloc[0]
    assert row["hours_per_point"] == pytest.approx(50 / 20.01)
    assert row["hours_per_point_low"] < 50 / 20.01 < row["hours_per_point_high"]
    loss = paired.costs(spent, -means, "none").query("policy == 'new'").iloc[0]
    assert (loss["reason"], math.isnan(loss["hours_per_point"])) == ("loss", True)


# --- the model ---


@pytest.mark.parametrize("start", [1, 13, -40])
def test_policies_from_one_past_are_byte_for_byte_runs_of_their_own(start: int) -> None:
    """Catches a past that goes on too long, and states that leak from policy to policy."""
    policies = ["none", "member_contact", "five_level_linkage"]
    settings = (*SMALL, f"policy.measures.member_contact.start={start}")
    question = ask("kangqiao", *settings, policies=policies, months=20, scenario__history_months=24)
    configs = list(question.configs.values())
    for alone, together in zip(
        [runs_of.live(config, 5) for config in configs], live_together(configs, 5), strict=True
    ):
        assert not alone.stage
        assert together.months.tolist() == alone.months.tolist()
        assert together.values.tobytes() == alone.values.tobytes()
        assert together.costs == alone.costs


def test_the_common_past_is_lived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    months = 0
    live_until = Runner.live_until

    def counted(runner: Runner, month: int) -> None:
        nonlocal months
        months += month - runner.world.month
        live_until(runner, month)

    monkeypatch.setattr(Runner, "live_until", counted)
    question = ask(
        "kangqiao",
        *SMALL,
        "policy.measures.member_contact.start=4",
        "policy.measures.building_meetings.start=7",
        policies=["none", "member_contact", "building_meetings"],
        months=10,
    )
    live_together(list(question.configs.values()), 1)
    # The state before the first month is one more.
    assert months == 1 + 48 + 3 + 3 * 7


def test_nothing_against_nothing_is_exactly_zero(kangqiao: Comparison) -> None:
    rows = kangqiao.effects.query("policy == 'idle'")
    known = rows[rows["pairs"] > 0]
    assert (known[["difference", "low", "high"]] == 0).all(axis=None)
    unheld = {"attendance", "cell_fidelity", "vote_turnout"}
    assert set(INDICATORS) - set(known["indicator"]) == unheld, "nobody met, voted or gave hours"
    assert set(rows.loc[rows["indicator"] == "collection_rate", "beats"]) == {0.5}


def test_pairing_narrows_the_interval(kangqiao: Comparison) -> None:
    row = kangqiao.effects.query(
        "policy != 'idle' and indicator == 'collection_rate' and month == 12"
    ).iloc[0]
    assert row["pairs"] == 6
    assert row["narrowing"] > 1.2
    assert row["narrowing"] == row["independent_width"] / (row["high"] - row["low"])


def test_effects_hold_every_indicator_at_12_24_and_the_end(kangqiao: Comparison) -> None:
    assert len(kangqiao.effects) == 2 * 3 * len(INDICATORS)
    assert sorted(kangqiao.effects["month"].unique()) == [12, 24, 36]


def test_runs_hold_what_the_months_say(kangqiao: Comparison) -> None:
    row = kangqiao.runs.query("policy == 'member_contact+lead_by_paying' and seed == 3").iloc[0]
    months = kangqiao.months.query("policy == 'member_contact+lead_by_paying' and seed == 3")
    by_month = months.set_index("month")
    for suffix, month in (("12", 12), ("24", 24), ("end", 36)):
        assert row[f"grievance_{suffix}"] == by_month.loc[month, "grievance"]
    assert row["hours"] == pytest.approx(by_month.loc[1:, "hours_spent"].sum())
    assert row["yuan"] == pytest.approx(by_month.loc[1:, "yuan_spent"].sum())
    series = by_month["collection_rate"]
    assert (
        row["recovery"]
        == months_to_recovery(series.index.to_numpy(), series.to_numpy()[None], 0.05).item()
    )


def test_costs_add_up_over_actors(kangqiao: Comparison) -> None:
    costs = kangqiao.costs.query("policy == 'member_contact+lead_by_paying'").set_index("actor")
    actors = costs.drop(index="all")
    assert costs.loc["all", "hours"] > 0
    assert actors["hours"].sum() == pytest.approx(costs.loc["all", "hours"])
    idle = kangqiao.costs.query("policy == 'idle' and actor == 'all'").iloc[0]
    assert (idle["hours"], idle["reason"]) == (0, "gain_uncertain")


def test_withdrawn_measures_cost_nothing_any_more(kangqiao: Comparison) -> None:
    months = kangqiao.months.query("policy == 'member_contact+lead_by_paying'")
    spent = months.groupby("month")["hours_spent"].sum()
    assert (spent.loc[1:12] > 0).all()
    assert (spent.loc[13:] == 0).all()
    row = kangqiao.persistence.query("policy == 'member_contact+lead_by_paying'").iloc[0]
    assert (row["ended"], row["month"]) == (12, 24)


def test_two_processes_keep_the_same_bytes_as_one(kangqiao: Comparison, tmp_path: Path) -> None:
    again = compare(
        "kangqiao",
        *SMALL[:2],
        *STAYS,
        "executor.workers=2",
        policies=["none", "idle", "member_contact+lead_by_paying"],
        config_dir=idle_policy(tmp_path),
        withdraw=13,
        months=36,
        replications=6,
        threshold=0.05,
        out=tmp_path,
    )
    assert again.folder and kangqiao.folder
    assert again.folder.name == kangqiao.folder.name
    for table in ("runs", "months", "effects", "costs", "recovery", "persistence"):
        first, second = (folder / f"{table}.parquet" for folder in (again.folder, kangqiao.folder))
        assert first.read_bytes() == second.read_bytes(), table


def test_an_answer_is_read_back(kangqiao: Comparison) -> None:
    assert kangqiao.folder
    back = read_comparison(kangqiao.folder)
    assert back.loaded
    assert back.question.fingerprint() == kangqiao.question.fingerprint()
    pd.testing.assert_frame_equal(back.effects, kangqiao.effects)
    (kangqiao.folder / "figures" / "note.txt").write_text("mine", encoding="utf-8")
    asked = {
        "withdraw": 13, "months": 36, "replications": 6, "threshold": 0.05,
        "out": kangqiao.folder.parents[1], "model": fake_model.NeverBuilds,
    }  # fmt: skip
    # Another model is another question, and its answer does not take the place of this one unseen.
    with pytest.raises(RuntimeError, match=r"policy none: all 6 replications failed"):
        compare("kangqiao", *SMALL, policies=["none", "member_contact+lead_by_paying"], **asked)
    assert read_comparison(kangqiao.folder).loaded


def test_failed_runs_are_rows_and_break_only_their_pairs() -> None:
    given = compare(
        None, "executor.workers=1", policies=["member_contact"], months=14, replications=5,
        model=fake_model.FailsOnEvenSeeds,
    )  # fmt: skip
    assert given.runs["status"].tolist() == ["ok", "failed"] * 2 + ["ok"] + ["ok", "failed"] * 2 + [
        "ok"
    ]
    assert set(given.effects["pairs"]) == {3}
    assert given.runs["recovery"].isna().sum() == 4


def test_several_scenarios_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a reference taken from another scenario."""
    own = tmp_path / "scenarios"
    own.mkdir()
    for name in ("small", "large"):
        (own / f"{name}.yaml").write_text(f"scenario: {{name: {name}}}\n", encoding="utf-8")
    given = compare(
        None, "executor.workers=1", policies=["member_contact"], scenarios=["small", "large"],
        config_dir=tmp_path, months=3, replications=2, model=fake_model.FakeModel, out=tmp_path,
    )  # fmt: skip
    assert given.effects["scenario"].unique().tolist() == ["small", "large"]
    assert set(given.effects["month"]) == {3}
    assert given.folder and given.folder.name.startswith("small+large-")
    drawn: list[str] = []
    monkeypatch.setattr(style, "save", lambda figure, stem, *_, **__: drawn.append(stem.name) or [])
    given.keep_figures()
    kinds = ("cost_effect", "effects", "trajectories")
    assert drawn == [f"{kind}-{name}-en" for name in ("small", "large") for kind in kinds]


# --- the question ---


def test_a_setting_of_a_measure_changes_the_policies_that_have_it() -> None:
    words = ["policies=[none,member_contact,building_meetings]", "months=9"]
    question = ask_words([*words, "policy.measures.member_contact.quota=20"])
    quotas = {
        policy: {e.label: getattr(e.parameters, "quota", None) for e in config.policy.entries()}
        for (_, policy), config in question.configs.items()
    }
    assert quotas == {
        "none": {}, "member_contact": {"member_contact": 20},
        "building_meetings": {"building_meetings": None},
    }  # fmt: skip
    assert question.configs["default", "none"].months == 9


def test_a_measure_can_be_taken_out_of_the_bundle_that_has_it() -> None:
    words = ["policies=[five_level_linkage,member_contact]", "~policy.measures.firm_tender"]
    labels = {p: set(c.policy.measures) for (_, p), c in ask_words(words).configs.items()}
    assert "firm_tender" not in labels["five_level_linkage"]
    assert labels["member_contact"] == {"member_contact"}


def test_the_reference_is_added_in_front_and_can_be_chosen() -> None:
    assert ask_words(["policies=member_contact"]).policies == ["none", "member_contact"]
    question = ask_words(["policies=[none,member_contact]", "reference=member_contact"])
    assert (question.policies, question.reference) == (["none", "member_contact"], "member_contact")


def test_withdrawing_ends_what_is_in_force_and_prolongs_nothing() -> None:
    words = ["policies=[member_contact+lead_by_paying]", "withdraw=20"]
    question = ask_words([*words, "policy.measures.lead_by_paying.end=9"])
    config = question.configs["default", "member_contact+lead_by_paying"]
    assert {e.label: e.parameters.end for e in config.policy.entries()} == {
        "member_contact": 20, "lead_by_paying": 9,
    }  # fmt: skip


def test_policies_from_python_may_be_dicts() -> None:
    tens, twenties = (
        {"name": f"quota {n}", "measures": {"member_contact": {"quota": n}}} for n in (10, 20)
    )
    question = ask(policies=[tens, twenties])
    assert question.policies == ["none", "quota 10", "quota 20"]


BAD = [
    (["scenario=kangqiao"], "policies: is missing"),
    (["policies=[none]"], "only the reference"),
    (["policies=[]"], "is empty"),
    (["policies=[none,member_contcat]"], "did you mean member_contact"),
    (["policies=[none,member_contact+lead_by_payng]"], "did you mean lead_by_paying"),
    (["policies=[member_contact,member_contact]"], "named twice"),
    (["policies=[none,{a:1}]"], "not allowed"),
    (["polices=[none,member_contact]"], "did you mean policies"),
    (["policy=member_contact"], "policies=[a,b]"),
    (["policies=member_contact", "policy.name=x"], "cannot be set"),
    (["policies=member_contact", "policy.measures.lead_by_payng.end=3"], "no policy compared"),
    (["policies=member_contact", "policy.measures.member_contact.quotta=3"], "quota"),
    (["policies=member_contact", "reference=nothing"], "no policy is named 'nothing'"),
    (["policies=member_contact", "reference=[none]"], "name of a policy"),
    (["policies=member_contact", "withdraw=1"], "month of at least 2"),
    (["policies=member_contact", "withdraw=soon"], "whole number"),
    (["policies=member_contact", "threshold=2"], "number from 0 to 1"),
    (["policies=member_contact", "scenario=kangqio"], "kangqiao"),
    (["policies=member_contact", "scenarios=[kangqiao,kangqiao]"], "named twice"),
    (["policies=member_contact", "scenario=[kangqiao]"], "scenarios=[a,b]"),
    (["policies=member_contact", "scenario=kangqiao", "scenarios=[kangqiao]"], "one of the two"),
    (["policies=none,member_contact"], "[a,b]"),
    (["policies=member_contact", "monts=3"], "did you mean months"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=lambda value: str(value)[:50])
def test_bad_input_is_one_line_exit_2_and_leaves_nothing(
    xiaoqu: Command, words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = xiaoqu("compare", *words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err
    assert list(tmp_path.iterdir()) == []


def test_the_command_keeps_draws_and_tells(xiaoqu: Command, tmp_path: Path) -> None:
    words = ["policies=[none,member_contact]", "months=15", "replications=3", *SMALL]
    code, out, err = xiaoqu("compare", *words, "--out", str(tmp_path))
    assert code == 0, err
    for word in ("Member contact quota", "reference", "Pairing by seed", "withdraw="):
        assert word in out
    (folder,) = (tmp_path / "compare").iterdir()
    assert {path.name for path in folder.iterdir()} >= {"manifest.json", "effects.parquet"}
    assert len(list((folder / "figures").iterdir())) == 9
    code, out, err = xiaoqu("compare", *words, "--out", str(tmp_path), "--quiet", "--lang", "zh")
    assert (code, out) == (0, f"{folder}\n")
    assert len(list((folder / "figures").iterdir())) == 18


# --- what is shown ---


@pytest.mark.parametrize("width", [80, 140])
@pytest.mark.parametrize(("language", "word"), [("en", "Idle"), ("zh", "党员包联")])
def test_the_table_fits_and_says_it_all(
    kangqiao: Comparison, width: int, language: str, word: str
) -> None:
    console = Console(file=io.StringIO(), width=width)
    print_comparison(kangqiao, console, language)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert word in text
    assert "–" in text
    lines = [line for line in text.splitlines() if str(kangqiao.folder) not in line]
    assert max(cell_len(line) for line in lines) <= width
    assert "…" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_show_the_numbers_and_name_their_bands(kangqiao: Comparison, language: str) -> None:
    figure = figures.effects(kangqiao, "kangqiao", language)
    row = kangqiao.effects.query(
        "policy == 'member_contact+lead_by_paying' and indicator == 'collection_rate' and month == 24"
    ).iloc[0]
    marks = np.asarray(figure.axes[0].lines[0].get_xdata(), dtype=float)
    assert marks.tolist() == pytest.approx([0, 100 * row["difference"]])
    shown = [t.get_text() for t in figure.findobj(Text) if isinstance(t, Text)]
    assert any("95%" in text for text in shown)
    lines = figures.trajectories(kangqiao, "kangqiao", language=language)
    shown = [t.get_text() for t in lines.findobj(Text) if isinstance(t, Text)]
    assert figures.WORDS[language]["bands"] in shown
    assert figures.WORDS[language]["withdrawn"] in shown
    figures.cost_effect(kangqiao, "kangqiao", language)
    with pytest.raises(InputError, match="scenario"):
        figures.effects(kangqiao, "elsewhere", language)


def test_every_letter_has_a_glyph_and_files_repeat(kangqiao: Comparison, tmp_path: Path) -> None:
    for draw in (figures.effects, figures.trajectories, figures.cost_effect):
        first, second = (
            style.save(draw(kangqiao, "kangqiao", language="zh"), tmp_path / name, ["svg"])[0]
            for name in ("first", "second")
        )
        assert first.read_bytes() == second.read_bytes()


def test_directions_are_said_where_a_better_side_is_plain() -> None:
    assert {i.better for i in INDICATORS.values()} == {-1, 0, 1}
    sides = {
        name: INDICATORS[name].better for name in ("collection_rate", "grievance", "attendance")
    }
    assert sides == {"collection_rate": 1, "grievance": -1, "attendance": 0}
