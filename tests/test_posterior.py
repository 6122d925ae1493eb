"""The pooled fit: what is free, what it is held against, and whether what was planted is found."""

from __future__ import annotations

import hashlib
import json
import re
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sim import cli, library
from sim.compose import load
from sim.config import Config, change
from sim.errors import InputError
from sim.posterior import (
    answer_tables,
    audit,
    held,
    own,
    pooled,
    records,
    registered,
    runs,
    scores,
    space,
)
from sim.posterior.emulator import Emulator
from sim.questions import find

ROOT = Path(__file__).resolve().parents[1]
DRAWS = 256


def test_box_reaches_beyond_the_core_and_never_beyond_the_schema() -> None:
    described = {row.key: row for row in Config.describe()}
    for key, (low, high) in zip(space.KEYS, space.box(), strict=True):
        row = described[key]
        assert row.low is not None and row.high is not None
        assert row.low <= low < high <= row.high
        assert low < row.default < high


def test_half_of_the_prior_lies_below_its_middle_and_none_beyond_the_box() -> None:
    ends = space.prior_place(np.array([[0.0] * len(space.KEYS), [1.0] * len(space.KEYS)]))
    assert (ends[0] == -1).all() and (ends[1] == 1).all()
    drawn = space.prior_places(4000, 1)
    middle = space.prior_place(np.full((1, len(space.KEYS)), 0.5))[0]
    assert np.abs((drawn < middle).mean(axis=0) - 0.5).max() < 0.04


def test_a_longer_design_begins_with_the_shorter_one() -> None:
    assert np.array_equal(space.design(128), space.design(200)[:128])


def test_what_a_case_states_is_not_drawn_and_traits_lie_around_it() -> None:
    tree = held.cases()["kangqiao"].config.resolved()
    theta = space.design(4)[3]
    plain = space.settings(tree, theta, space.AS_STATED)
    assert plain["firm.diligence"] == tree["firm"]["diligence"] == 0.4
    assert plain["fees.norm_conditional"] == theta[space.KEYS.index("fees.norm_conditional")]
    better = space.settings(tree, theta, space.Traits(1.0, 0.0, 0.0))
    assert better["firm.diligence"] == pytest.approx(0.4 + np.hypot(0.10, 0.05))
    # Nobody lives there who is of two kinds.
    full = np.where([key.endswith("share") for key in space.KEYS], 0.9, theta)
    shares = space.settings(tree, full, None)
    assert shares["population.conditional_share"] + shares["population.free_rider_share"] <= 1.0


def test_every_figure_of_every_case_is_held_and_counted_as_its_definition_allows() -> None:
    figures = held.figures()
    lived = {one.id for one in library.cases() if one.run is not None}
    assert {one.case for one in figures} >= lived
    by_name = {(one.case, one.name): one for one in figures}
    # Households are told, and old debts may be in it.
    assert by_name["K036", "collection_households@+83"].counts == (
        "collection_households",
        "collection_all_money",
    )
    assert by_name["K053", "collection_rate@+24"].start == 0.95
    assert by_name["K053", "collection_rate@+0"].of == "start"
    assert not by_name["K037", "arrears_yuan@+1"].share


def test_an_emulator_says_how_far_it_may_be_trusted() -> None:
    rng = np.random.default_rng(1)
    inputs = rng.uniform(-1, 1, (600, 3))
    values = 0.5 + 0.3 * inputs[:, :1] + 0.05 * rng.standard_normal((600, 1))
    one = Emulator(inputs, np.clip(values, 0, 1))
    mean, variance = one(np.array([[0.5, 0, 0], [-0.5, 0, 0]]))
    assert mean[:, 0] == pytest.approx([0.65, 0.35], abs=0.04)
    assert np.sqrt(variance).mean() == pytest.approx(0.05, abs=0.02)
    assert one.fit[0] > 0.85


def test_scores_are_those_of_the_book() -> None:
    assert scores.crps(np.full(10, 0.3), 0.5) == pytest.approx(0.2)
    # Of a standard bell at its middle: (sqrt 2 - 1) / sqrt pi.
    bell = np.random.default_rng(2).standard_normal(200_000)
    assert scores.crps(bell, 0.0) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), abs=0.003)
    figure = next(one for one in held.figures() if one.case == "K016" and one.of == "outcome")
    half = np.array([0.95, 0.5])
    assert scores.log_score(half, figure) == pytest.approx(np.log(2))
    assert scores.log_score(np.zeros(10), figure) == pytest.approx(-np.log(0.002))


def _planted(slope: float, told: float) -> dict[str, pd.DataFrame]:
    """Tables as of runs: in every case a figure hangs on the weight of service alone."""
    weight = space.unit(space.design(DRAWS))[:, space.KEYS.index("fees.service")]
    rng = np.random.default_rng(5)
    tables = {}
    for case in ("K016", "K072", "K089", "R2"):
        names = [name for name, _ in runs.columns(case)]
        values = told + slope * weight[:, None] + 0.02 * rng.standard_normal((DRAWS, len(names)))
        table = pd.DataFrame(np.clip(values, 0, 1), columns=names)
        tables[case] = table.assign(draw=np.arange(DRAWS), care=0.0, legacy=0.0, civic=0.0)
    return tables


def test_a_planted_number_is_found_and_the_others_are_left_as_they_were() -> None:
    # Reported are 95 to 100 percent: with a steep slope only strong weights reach that.
    found = pooled.Pooled(_planted(0.45, 0.5), DRAWS).sample(200)
    service = found.core[:, space.KEYS.index("fees.service")]
    others = np.delete(found.core, space.KEYS.index("fees.service"), axis=1)
    assert service.mean() > 0.4
    assert np.abs(others.mean(axis=0)).max() < 0.3
    assert others.std(axis=0).mean() == pytest.approx(
        space.prior_places(2000, 0).std(axis=0).mean(), abs=0.07
    )


def test_a_case_left_out_says_nothing_about_itself() -> None:
    fitted = pooled.Pooled(_planted(0.0, 0.5), DRAWS)
    found = fitted.sample(200)
    weights = found.without("K016")
    assert weights.sum() == pytest.approx(1.0)
    # Weights undo the case's likelihood: where it was likely they are small.
    likely = found.by_case[:, found.cases.index("K016")]
    assert np.corrcoef(likely, weights)[0, 1] < 0
    table = scores.predictions(fitted, found)
    assert set(table["case"]) == {"K016", "K072", "K089", "R2"}
    assert table[["crps", "crps_unchanged", "crps_headroom"]].notna().all(axis=None)


def test_a_better_firm_moves_each_row_as_it_would_alone() -> None:
    tables = _planted(0.2, 0.5)
    care = np.random.default_rng(8).standard_normal(DRAWS)
    names = [name for name, _ in runs.columns("K016")]
    lifted = np.clip(tables["K016"][names].to_numpy() + 0.15 * care[:, None], 0, 1)
    tables["K016"] = pd.DataFrame(lifted, columns=names).assign(
        draw=np.arange(DRAWS), care=care, legacy=0.0, civic=0.0
    )
    fitted = pooled.Pooled({"K016": tables["K016"]}, DRAWS)
    figure = next(one for one in fitted.figures if one.told == "success")
    core, traits = space.prior_places(4, 3), np.zeros((4, 3))
    telling = np.tile(pooled.telling_from_prior(1, 2), (4, 1))
    telling[:, 0] = [1.0, 0.0, -1.0, 0.5]
    moved = fitted.moved_by_care(figure, 0, core, traits, telling)
    alone = [
        fitted.moved_by_care(figure, 0, *(of[k : k + 1] for of in (core, traits, telling)))[0]
        for k in range(4)
    ]
    assert moved == pytest.approx(alone, abs=1e-6)
    assert moved[0] > 0.05 and moved[1] == 0.0 and moved[2] < -0.05


def test_telling_lifts_what_is_told_as_a_success_and_lowers_trouble() -> None:
    telling = np.array([[0.0, 0.0, 0.5, 0.5, 0.1]])
    mean = np.array([[0.6]])
    by_told = {one.told: one for one in held.figures() if one.of == "outcome" and one.share}
    assert pooled.Pooled.as_told(by_told["success"], mean, telling)[0, 0] == pytest.approx(0.8)
    assert pooled.Pooled.as_told(by_told["trouble"], mean, telling)[0, 0] == pytest.approx(0.3)
    assert pooled.Pooled.as_told(by_told["ordinary"], mean, telling)[0, 0] == pytest.approx(0.6)


def test_a_success_is_audited_against_the_best_that_did_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    figures = [one for one in held.figures() if one.case == "K016"]
    monkeypatch.setattr(held, "figures", lambda: tuple(figures))

    def one(case: str, theta: np.ndarray, draw: int, seed: int, *, done: bool) -> list[float]:
        reached = draw % audit.ALIKE == 0 if not done else True
        return [0.0, 0.0, 0.0, *([0.99 if reached else 0.5] * len(runs.columns(case)))]

    monkeypatch.setattr(runs, "one", one)
    posterior = pd.DataFrame(space.design(3), columns=list(space.KEYS))
    executor = Config().executor.model_copy(update={"workers": 1})
    ways = [name for name, _ in runs.columns("K016")]
    # Four designed runs: one reaches it as it is counted, one as it may have been, one not, one has no firm.
    values = np.full((4, len(ways)), 0.5)
    values[0], values[1, -1], values[3] = 0.99, 0.99, np.nan
    designed = {"K016": pd.DataFrame(values, columns=ways)}
    row = audit.audit(posterior, 3, designed, executor).iloc[0]
    assert row["designed"] == 0.5
    assert row["done"] == 1.0 and row["undone"] == pytest.approx(0.1)
    assert row["best_undone"] == 1.0


def test_a_figure_is_out_of_reach_only_where_nothing_reaches_it() -> None:
    names = ["case", "figure", "told", "reported", "designed", "done"]
    audited = pd.DataFrame(
        [["a", "x", "success", 0.9, 0.5, 0.3], ["b", "x", "success", 0.9, 0.2, 0.0],
         ["c", "x", "success", 0.9, 0.0, 0.0], ["d", "x", "success", 0.9, 0.0, 0.0]], columns=names
    )  # fmt: skip
    foreseen = pd.DataFrame({"case": list("abcd"), "figure": "x", "inside": [0, 0, 1, 0]})
    head, rows = answer_tables.able(SimpleNamespace(audit=audited, predictions=foreseen))
    assert len(head) == len(rows[0])
    said = ["yes", "with other numbers than all say together", "only as it is told", "no"]
    assert [row[-1] for row in rows] == said


def test_the_question_takes_seed_and_executor_only() -> None:
    with pytest.raises(InputError, match="cannot be set here"):
        find("pool").ask_words(["months=12"])
    with pytest.raises(InputError, match="draws"):
        find("pool").ask_words(["draws=3"])


def test_what_travels_in_the_package_lies_in_the_box_and_is_the_one_that_the_documents_name() -> (
    None
):
    path = ROOT / "sim" / "data" / "posterior.csv"
    draws = pd.read_csv(path)
    assert tuple(draws) == space.KEYS
    assert len(draws) == 200
    low, high = space.box().T
    assert ((draws.to_numpy() >= low) & (draws.to_numpy() <= high)).all()
    page = (ROOT / "docs" / "science" / "pooled.md").read_text(encoding="utf-8")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in page


# --- a compound of one's own ----------------------------------------------------------------------


def test_intervals_of_a_compound_hold_numbers_that_are_known() -> None:
    """90% intervals over compounds of the table that are kept out as they are asked for."""
    known = ["collection_rate@+0", "satisfied_share", "tickets_per_1000"]
    found = own.coverage(range(0, 1500, 25), known).set_index("parameter")
    assert 0.84 < found["covered"].mean() < 0.94
    assert found.loc["standing", "width"] < 0.6 and found.loc["care", "width"] < 0.75


def test_a_better_rate_is_a_better_firm_and_start() -> None:
    low, high = (
        own.find("ordinary_estate", {"collection_rate@+0": rate})["parameters"].set_index(
            "parameter"
        )["median"]
        for rate in (0.3, 0.85)
    )
    assert low["care"] < high["care"] and low["standing"] < high["standing"]


def test_what_no_compound_of_a_kind_shows_is_said() -> None:
    fit = own.find("old_estate", {"collection_rate@+0": 0.98, "satisfied_share": 0.95})["fit"]
    assert not fit["can"].any()
    assert own.find("ordinary_estate", {"collection_rate@+0": 0.7})["fit"]["can"].all()


def test_draws_of_a_compound_are_settings_that_can_be_lived() -> None:
    draws = own.find("resettlement_estate", {"collection_rate@+0": 0.5})["draws"]
    assert (
        len(draws) == own.DRAWS and "firm.diligence" in draws and "population.paid_start" in draws
    )
    config = load("resettlement_estate", policy="none")
    for row in draws.iloc[:5].to_dict("records"):
        change(config.resolved(), {str(key): float(value) for key, value in row.items()})


def test_what_is_known_of_a_compound_is_checked_by_name() -> None:
    ask = find("compound").ask_words
    assert ask(["scenario=old_estate", "to_date=0.5", "month=6"]).given == {
        "collection_to_date@-6": 0.5
    }
    for words, told in (
        (["rate=1.4"], "rate"),
        (["scenario=kangqiao", "rate=0.5"], "no generic kind"),
        ([], "compound: nothing is known of it"),
        (["before=0.6"], "no rate is given"),
        (["rate=0.5", "months=24"], "cannot be set here"),
        (["rate=0.5", "month=6"], "month: is that of to_date, which is not given"),
        (
            ["tickets=2", "complaints=4"],
            "complaints: 4 is more than the 2 tickets that they are a part of",
        ),
    ):
        with pytest.raises(InputError, match=told):
            ask(words)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        # Whoever types a figure and names a file that has another must hear of it, not get the file's.
        ("collection_rate\n0,0.30", "has collection_rate@\\+0, which is given by itself too"),
        ("collection_all_money\n0,95", "a number from 0 to 5"),
    ],
)
def test_a_file_of_a_compound_neither_outvotes_words_nor_passes_their_limits(
    column: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "months.csv"
    path.write_text(f"month,{column}\n", encoding="utf-8")
    with pytest.raises(InputError, match=told):
        find("compound").ask_words(["rate=0.62", f"file={path}"])


def test_a_compound_is_looked_up_anew_in_another_table(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = find("compound").ask_words(["rate=0.62"]).asked
    before = asked.fingerprint()
    monkeypatch.setattr(own.estates, "sha256", lambda: "another")
    assert find("compound").ask_words(["rate=0.62"]).asked.fingerprint() != before


def test_months_of_a_compound_are_read(tmp_path: Path) -> None:
    path = tmp_path / "months.csv"
    path.write_text(
        "month,collection_rate,tickets_per_1000\n-11,60%,1\n0,62%,3\n", encoding="utf-8"
    )
    given = find("compound").ask_words([f"file={path}"]).given
    assert given == {
        "collection_rate@-11": 0.6,
        "collection_rate@+0": 0.62,
        "tickets_per_1000": 2.0,
    }


def test_a_compound_is_told_in_both_languages() -> None:
    answer = find("compound").ask_words(["rate=0.99", "satisfied=0.4"]).answer()
    assert "cannot be reached" in answer.table("en")
    assert "无法复现" in answer.table("zh")


# --- predictions that are written down ------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registered") / "prediction.json"
    words = [
        "scenario=ordinary_estate",
        "policy=none",
        "population.households=60",
        "population.buildings=1",
    ]
    asked = find("predict").ask_words(
        [*words, "indicator=[collection_rate,satisfied_share]", "at=3", "replications=12"],
        register=path,
    )
    asked.answer()
    return path


def test_a_prediction_is_held_against_what_came(written: Path) -> None:
    middle = registered.verify(written, {"collection_rate@+3": 0.5})["median"][0]
    rows = registered.verify(written, {"collection_rate@+3": middle, "satisfied_share@+3": 0.0})
    assert rows["inside"].tolist()[0] and rows["crps"][0] < 0.05
    assert rows["below"][1] == 0.0
    assert "came" in registered.lines(rows, "en")[0]
    assert re.search(r"CRPS [\d.]+ points", registered.lines(rows, "en")[0]), "a distance, no share"
    assert "实际" in registered.lines(rows, "zh")[0]
    assert "（第3个月）" in registered.lines(rows, "zh")[0], "a month as everywhere else"
    found = registered.read(written)
    assert all(found.told["sha256"] in found.written(language) for language in ("en", "zh"))


def test_what_is_not_lived_is_not_foreseen_and_nothing_comes_twice(tmp_path: Path) -> None:
    words = ["scenario=ordinary_estate", "months=6", "at=[3,12]"]
    with pytest.raises(InputError, match="at: 12 is after the last month lived"):
        find("predict").ask_words(words, register=tmp_path / "p.json")
    with pytest.raises(InputError, match="collection_rate@\\+3: came twice"):
        cli.verify(tmp_path / "p.json", ["collection_rate@+3=0.5", "collection_rate@+3=0.9"])


def test_a_prediction_is_not_written_over_nor_believed_once_changed(
    written: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is not written over"):
        find("predict").ask_words(["scenario=ordinary_estate"], register=written).answer()
    other = tmp_path / "p.json"
    other.write_text(
        written.read_text(encoding="utf-8").replace('"runs": 12', '"runs": 1200'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="was changed"):
        registered.verify(other, {"collection_rate@+3": 0.5})
    for said in ({"collection_rate@+4": 0.5}, {"collection_rate@+3": 1.5}, {}):
        with pytest.raises(InputError):
            registered.verify(written, said)


def test_the_command_writes_a_prediction_and_says_at_once_what_cannot_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["predict", "scenario=ordinary_estate", "policy=none", "population.households=60",
             "population.buildings=1", "at=2", "replications=4", "--register"]  # fmt: skip
    for more, wrong in (
        ([str(tmp_path / "nowhere" / "p.json")], "--register: "),
        (
            [str(tmp_path / "p.json"), "--export", "csv"],
            "--export: 'csv': this answer has no folder",
        ),
    ):
        with pytest.raises(SystemExit) as end:
            cli.main([*words, *more])
        told = capsys.readouterr().err
        assert end.value.code == 2 and told.count("\n") == 1 and wrong in told
    with pytest.raises(SystemExit) as end:
        cli.main([*words, str(tmp_path / "p.json")])
    assert end.value.code == 0 and "hand on this hash" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]
    assert registered.read(tmp_path / "p.json").told["figures"][0]["month"] == 2


def test_a_prediction_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(InputError, match="No space left"):
        registered._put(tmp_path / "p.json", "{}")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    registered._put(tmp_path / "p.json", "{}")
    with pytest.raises(InputError, match="is not written over"):
        registered._put(tmp_path / "p.json", "[]")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["{}"]


def test_a_made_up_prediction_with_a_right_hash_is_read_as_data(
    written: Path, tmp_path: Path
) -> None:
    whole = registered.read(written).told
    first = whole["figures"][0]
    at = first["quantiles"]
    bad: list[Any] = [None, [], "figures", [None], [{}]]
    bad += [
        [{**first, **change}]
        for change in (
            {"quantiles": [0.5]}, {"quantiles": ["x"] * 99}, {"quantiles": at[::-1] if at != at[::-1] else [1e9] * 99},
            {"quantiles": [1e308] * 99}, {"quantiles": [True] * 99}, {"month": "3"}, {"month": 3.5}, {"runs": "12"},
            {"start": "0"}, {"indicator": ["x"]}, {"indicator": "of_a_plugin"},
        )
    ]  # fmt: skip
    bad.append([{key: value for key, value in first.items() if key != "start"}])
    other = tmp_path / "p.json"
    for figures in bad:
        told = {
            **{key: value for key, value in whole.items() if key != "sha256"},
            "figures": figures,
        }
        other.write_text(json.dumps({**told, "sha256": registered._digest(told)}), encoding="utf-8")
        with pytest.raises(InputError, match=r"figures cannot be read|no indicator is named"):
            registered.verify(other, {"collection_rate@+3": 0.5})
    for text in (
        "[" * 100_000,
        '{"format": "xiaoqu prediction 1", "a": "\\ud800"}',
        "9" * 5000,
        "",
    ):
        other.write_text(text, encoding="utf-8")
        with pytest.raises(InputError):
            registered.read(other)


# --- which record to keep -------------------------------------------------------------------------


def test_a_record_is_worth_what_a_book_says() -> None:
    """Two options, a bell in between: the unit normal loss integral (Raiffa and Schlaifer 1961, table 5.3)."""
    rng = np.random.default_rng(3)
    middle, spread, error, count = -0.3, 1.0, 0.7, 4000
    apart = middle + spread * rng.standard_normal(count)
    record = apart + error * rng.standard_normal(count)
    utility = np.column_stack([np.zeros(count), apart]) + rng.standard_normal((count, 1))
    known = spread**2 / np.hypot(spread, error)
    at = abs(middle) / known
    exact = known * (norm.pdf(at) - at * norm.cdf(-at))
    found = records.value(utility, record[:, None])
    assert found.low < exact < found.high
    assert found.value == pytest.approx(exact, rel=0.08)
    nothing = records.value(utility, rng.standard_normal((count, 1)))
    assert nothing.value < 0.05 * exact
    # Of few runs and records that tell nothing hardly any is taken for one that does.
    few = [records.value(utility[:200], rng.standard_normal((200, 5))).value for _ in range(40)]
    assert np.count_nonzero(few) <= 6
    # Of several records together the best one is what counts.
    both = np.column_stack([rng.standard_normal(count), record])
    assert records.value(utility, both).value == pytest.approx(exact, rel=0.08)
    # A choice that no record can turn is worth nothing to look at.
    assert records.value(utility + np.array([100.0, 0.0]), record[:, None]).value == 0.0


@pytest.mark.usefixtures("as_shipped")
def test_records_of_a_compound_are_weighed(tmp_path: Path) -> None:
    mine = find("compound").call("ordinary_estate", rate=0.62, out=tmp_path)
    ask = partial(find("collect").call, out=tmp_path, compound=mine, policies=["member_contact"], at=3,
                  replications=80, population={"households": 300, "buildings": 4})  # fmt: skip
    answer = ask()
    assert set(answer.records["figure"]) == {*records.RECORDS, records.ALL}
    assert (answer.records["low"] <= answer.records["value"]).all()
    assert answer.choices["first"].sum() == pytest.approx(1.0)
    told = answer.records.set_index("figure")
    assert told.loc["satisfied_share", "price"] == 40 * 40 + 600
    free, dear = answer.choices, ask(worth=0.001).choices
    # Against hours and yuan a measure that is hardly worth anything comes last.
    assert free["first"][1] > 0.5 > dear["first"][1]
    assert "样本信息" in answer.table("zh") and "sample" in answer.table("en")
    refused = [
        ({"months": 3}, "at=24"),
        ({"scenario.history_months": 3}, "year"),
        ({"replications": 59}, "60 or more"),
    ]
    for words, message in refused:
        with pytest.raises(InputError, match=message):
            ask(**words)


def test_parts_of_many_compounds_are_lived_all_over_the_design() -> None:
    """Catches a share of the draws that lies in one corner, so that the emulators are asked for what they never saw."""
    part = next(part for part in runs.parts() if runs.heavy(part))
    places = space.unit(space.design(1536)[list(runs.draws_of(part, 1536))])
    assert len(places) == 192
    assert (places.min(axis=0) < -0.95).all() and (places.max(axis=0) > 0.95).all()
    assert (abs(places.mean(axis=0)) < 0.05).all()
