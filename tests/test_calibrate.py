"""Calibration finds what is known, says what it cannot know, and gives the same bytes each time."""

from __future__ import annotations

import json
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import assert_version_told

pytest.importorskip("pyabc")

from sim.compose import Interval, load
from sim.config import Executor, Target
from sim.errors import InputError
from sim.experiments import chunks
from sim.figures import posterior as figures
from sim.outcomes import INDICATORS
from sim.questions import find
from sim.questions.calibrate import calibrate
from sim.questions.predict import predict as predicted
from sim.science import calibrate as calibration
from sim.science import predict, smc
from sim.science.cases import as_case, case_of, live
from sim.science.core import PRIORS, Prior
from sim.science.observed import MISSING, Observed, of_file, of_scenario
from sim.science.recover import Recovering
from sim.science.smc import Plan, sample

ask_words = find("calibrate").ask_words
ALONE = Executor(workers=1)
SQUARE = {"a": Prior(0.0, 1.0), "b": Prior(0.0, 1.0)}
SMALL = (
    "population.households=60", "population.buildings=3", "population.stairs_per_building=1",
    "scenario.history_months=6", "bills.period=1", "firm.leaves=0", "firm.renewal_loss=1",
    "assembly.distrusted=0",
)  # fmt: skip


def band(parameters: dict[str, float], seed: int, limit: float) -> tuple[float, np.ndarray]:
    """Met exactly where 0.9 < a + b < 1.1: then a + b is all but uniform there, and b = 1 - a."""
    total = parameters["a"] + parameters["b"]
    return max(abs(total - 1.0) - 0.1, 0.0), np.array([total])


def narrow(parameters: dict[str, float], seed: int, limit: float) -> tuple[float, np.ndarray]:
    """Met where three of the numbers, with noise, have a mean of 0.8 to 0.9: rare under the prior."""
    noise = 0.01 * np.random.default_rng(seed).normal()
    value = float(np.mean(list(parameters.values())[:3])) + noise
    return max(0.8 - value, value - 0.9, 0.0), np.array([value])


# --- the sampler --------------------------------------------------------------------------------


def test_known_posterior_is_found() -> None:
    found = sample(band, SQUARE, Plan(150, 5000, 3), ALONE)
    total = (found.parameters["a"] + found.parameters["b"]).to_numpy()
    assert found.distances.max() == 0.0
    assert np.all(np.abs(total - 1.0) <= 0.1)
    mean = float((found.weights * found.parameters["a"]).sum())
    spread = np.sqrt(float((found.weights * (found.parameters["a"] - mean) ** 2).sum()))
    # Along the band a is uniform: mean 1/2, spread sqrt(1/12).
    assert mean == pytest.approx(0.5, abs=0.08)
    assert spread == pytest.approx(np.sqrt(1 / 12), abs=0.05)
    pairs = calibration.correlated(found.parameters, found.weights)
    assert pairs["correlation"].iloc[0] < -0.9


def test_weight_does_not_gather_on_one_particle() -> None:
    # With pyabc's own proposals a few particles carry it all, and the spread comes out too small.
    priors = {f"p{k}": Prior(0.0, 1.0) for k in range(9)}
    found = sample(narrow, priors, Plan(80, 6000, 1), ALONE)
    assert found.distances.max() == 0.0
    assert calibration.effective_size(found.weights) > 35
    idle = found.parameters["p8"].to_numpy()
    mean = float((found.weights * idle).sum())
    spread = np.sqrt(float((found.weights * (idle - mean) ** 2).sum()))
    assert spread == pytest.approx(np.sqrt(1 / 12), rel=0.35)


def test_stopped_and_continued_is_the_same_and_other_seed_is_not(tmp_path: Path) -> None:
    whole = sample(narrow, SQUARE | {"c": Prior(0.0, 1.0)}, Plan(30, 3000, 5), ALONE)
    place = tmp_path / "abc.db"
    first = sample(narrow, SQUARE | {"c": Prior(0.0, 1.0)}, Plan(30, 640, 5), ALONE, place)
    again = sample(
        narrow, SQUARE | {"c": Prior(0.0, 1.0)}, Plan(30, 3000, 5, batch=7), ALONE, place
    )
    assert len(first.generations) < len(again.generations)
    pd.testing.assert_frame_equal(whole.parameters, again.parameters, check_exact=True)
    assert np.array_equal(whole.weights, again.weights)
    other = sample(narrow, SQUARE | {"c": Prior(0.0, 1.0)}, Plan(30, 3000, 6), ALONE)
    assert not np.array_equal(whole.weights, other.weights)


@pytest.mark.parametrize("left", ["half a file", "tables", "a version"])
def test_a_database_that_a_kill_left_at_its_start_is_begun_anew(tmp_path: Path, left: str) -> None:
    """Catches a calibration that can never go on, since its first row was not yet written."""
    place = tmp_path / "abc.db"
    if left == "half a file":
        place.write_bytes(b"SQLite format 3\0half")
    else:
        assert smc.pyabc.History(f"sqlite:///{place}").id is None
    if left == "tables":
        with sqlite3.connect(place) as connection:
            connection.execute("DELETE FROM version")
        connection.close()
    found = sample(band, SQUARE, Plan(20, 600, 5), ALONE, place)
    whole = sample(band, SQUARE, Plan(20, 600, 5), ALONE)
    pd.testing.assert_frame_equal(found.parameters, whole.parameters, check_exact=True)


def test_sampling_leaves_the_callers_random_numbers_alone() -> None:
    np.random.seed(4)
    expected = np.random.random(2)
    np.random.seed(4)
    first = np.random.random()
    smc._live_numbered(lambda: np.random.random(9), 1, 0, range(2))
    assert [first, np.random.random()] == list(expected)


def test_too_few_simulations_are_told() -> None:
    with pytest.raises(RuntimeError, match="too few for one generation of 20"):
        sample(band, SQUARE, Plan(20, 60, 1), ALONE)


# --- figures ------------------------------------------------------------------------------------


def test_distance_of_reported_figures() -> None:
    targets = (
        Target(indicator="collection_rate", month=0, low=0.0, high=0.1),
        Target(indicator="collection_rate", month=24, low=0.6, high=0.8),
    )
    observed = Observed(targets)
    assert observed.distance(np.array([0.1, 0.6])) == 0.0
    assert observed.distance(np.array([0.1, 0.5])) == pytest.approx(1.0)
    assert observed.distance(np.array([0.2, 0.5])) == pytest.approx(2.0)
    assert observed.distance(np.array([np.nan, 0.7])) == MISSING


def test_chance_of_single_months_is_not_held_against_a_run() -> None:
    """Catches rare complaints that no parameters could meet, and a rise taken for chance."""

    def months(values: list[float]) -> Observed:
        return Observed(
            tuple(
                Target(indicator="complaints_per_1000", month=m, low=v, high=v)
                for m, v in enumerate(values)
            ),
            series=True,
        )

    noisy = np.random.default_rng(1).poisson(2.0, 60).astype(float)
    other = np.random.default_rng(2).poisson(2.0, 60).astype(float)
    assert months(list(noisy)).distance(other) == pytest.approx(np.sqrt(2), rel=0.2)
    assert months(list(noisy)).distance(3 * other) > 2
    rising = np.arange(60.0)
    assert months(list(rising)).distance(rising + 2.95) == pytest.approx(1.0)


def test_distance_of_months_is_a_root_mean_square() -> None:
    def cell(name: str, month: int, value: float) -> Target:
        return Target(indicator=name, month=month, low=value, high=value)

    observed = Observed(
        (
            cell("collection_rate", 1, 0.5),
            cell("collection_rate", 2, 0.5),
            cell("complaints_per_1000", 1, 10.0),
        ),
        series=True,
    )
    assert observed.distance(np.array([0.5, 0.5, 10.0])) == 0.0
    # 5 points off in one of two months, a tenth off in the only one: (1/2 + 1) / 2.
    assert observed.distance(np.array([0.55, 0.5, 11.0])) == pytest.approx(np.sqrt(0.75))


def test_figures_are_read_off_a_run_at_their_months() -> None:
    config = load("kangqiao", policy="none")
    observed = of_scenario(config, "fitted")
    assert [t.month for t in observed.targets] == [0, 24, 24]
    assert len(of_scenario(config, "all").targets) == len(config.scenario.targets)
    months = np.arange(-36, 25)
    record = np.zeros((61, 2, len(INDICATORS)))
    record[:, :, list(INDICATORS).index("collection_rate")] = months[:, None] / 100
    assert observed.values(months, record) == pytest.approx([0.0, 0.24, 0.0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "month,collection_rate\n0,0.5\n1,1.5\n",
            "row 2: collection_rate: '0.5' cannot be used; allowed: percent in all rows",
        ),
        ("month,collection_rate\n0,half\n", "row 2: collection_rate: 'half'"),
        ("month,colection_rate\n0,0.5\n", "row 1: column 'colection_rate' is not known"),
        ("month,collection_rate\n0,0.5\n0,0.6\n", "row 3: month: '0' cannot be used"),
        ("month,collection_rate\nx,0.5\n", "row 2: month: 'x'"),
        ("month,collection_rate\n0,\n", "no cell holds a value"),
        ("collection_rate\n0.5\n", "row 1: column 'month' is missing"),
        ("month,collection_rate\n-11,0.5\n", "scenario.history_months=11 or more"),
    ],
)
def test_mistakes_in_a_file_of_months_name_row_and_column(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "months.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        of_file(load(None, *SMALL), path)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_empty_cells_are_left_out_and_the_shipped_template_has_only_such(tmp_path: Path) -> None:
    path = tmp_path / "months.csv"
    path.write_text("month,collection_rate,satisfied_share\n-1,,0.4\n0,0.5,\n3,,\n", "utf-8")
    observed = of_file(load(None, *SMALL), path)
    cells = [(t.indicator, t.month, t.low) for t in observed.targets]
    assert cells == [("collection_rate", 0, 0.5), ("satisfied_share", -1, 0.4)]
    template = Path(__file__).parents[1] / "scenarios/my_compound/months.csv"
    with pytest.raises(InputError, match="no cell holds a value"):
        of_file(load("my_compound"), template)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["scenario=kangqiao", "parameters=[fees.serivce]"], "fees.service"),
        (["scenario=kangqiao", "parameters=[fees.response]"], "not a number between two bounds"),
        (["scenario=kangqiao", "fees.service=interval(2,99)"], "fees.service"),
        (["scenario=kangqiao", "fees.service=interval(3,3)"], "low below high"),
        (["scenario=kangqiao", "targets=some"], "fitted, all"),
        (["scenario=kangqiao", "particles=3"], "20"),
        (["scenario=kangqiao", "partcles=30"], "particles"),
        (["scenario=ordinary_estate"], "has no targets"),
    ],
)
def test_questions_that_cannot_be_asked(given: list[str], words: str) -> None:
    with pytest.raises(InputError) as error:
        ask_words(given)
    assert words in str(error.value)


def test_priors_come_from_the_core_or_the_schema_and_the_policy_from_the_scenario() -> None:
    question = ask_words(["scenario=kangqiao"])
    assert question.priors == PRIORS
    assert question.priors["fees.service"] == (3.0, 10.0, 7.0)
    named = ask_words(["scenario=kangqiao", "parameters=[fees.service,fees.burden]"])
    assert named.priors == {"fees.service": PRIORS["fees.service"], "fees.burden": (0.0, 5.0, None)}
    assert question.cases[0].config.policy.name == "five_level_linkage"
    assert question.cases[0].config.months == 24
    narrowed = ask_words(["scenario=kangqiao", "policy=none", "fees.service=interval(2,6)"])
    assert narrowed.priors == {"fees.service": (2.0, 6.0, None)}
    assert narrowed.cases[0].config.policy.name == "none"


# --- the whole, on a small compound -------------------------------------------------------------


def months_of(tmp_path: Path, base: float) -> Path:
    """A compound's own months, made by the model with a known parameter."""
    config = load(None, *SMALL, f"fees.base_conditional={base}", policy="none", months=6)
    record = live(config.resolved(), {}, seed=77)
    assert record is not None
    k = list(INDICATORS).index("collection_rate")
    frame = pd.DataFrame({"month": record[0], "collection_rate": record[1][:, 0, k]})
    path = tmp_path / "months.csv"
    frame.to_csv(path, index=False)
    return path


def test_a_known_parameter_is_recovered_from_months_kept_and_read_back(tmp_path: Path) -> None:
    path = months_of(tmp_path, -3.0)
    words = (*SMALL, "policy=none", "fees.base_conditional=interval(-6,6)", "executor.workers=1")
    asked = {"file": path, "particles": 20, "simulations": 600, "draws": 3}
    found = calibrate(None, *words, out=tmp_path / "out", **asked)
    row = found.parameters.iloc[0]
    # Twenty particles tell it no finer than by some hundredths.
    assert row["q05"] - 0.05 <= -3.0 <= row["q95"] + 0.05
    assert row["width"] < 0.4
    assert (found.figures["share_inside"] > found.figures["prior_share_inside"]).mean() > 0.5
    assert found.posterior["weight"].sum() == pytest.approx(1.0)
    assert found.folder is not None and len(list(found.folder.parent.glob("*.db"))) == 1
    assert set(found.predictive["source"]) == {"prior", "posterior"}
    assert_version_told(found.folder, "pyabc")
    again = calibrate(None, *words, out=tmp_path / "out", **asked)
    assert again.loaded
    pd.testing.assert_frame_equal(found.posterior, again.posterior)
    for make in (figures.posterior, figures.predictive):
        assert make(found, "zh").axes  # in Chinese too


def test_a_second_process_at_the_same_question_says_so_and_stops(tmp_path: Path) -> None:
    """Catches two samplers that write their generations into one database."""
    question = ask_words([*SMALL, f"file={months_of(tmp_path, 0.0)}", "parameters=[fees.service]"])
    folder = question.asked.folder(tmp_path)
    with (
        chunks.locked(folder.parent, f".{folder.name}.lock"),
        pytest.raises(InputError, match="another process"),
    ):
        question.answer(tmp_path)
    assert not list(folder.parent.glob("*.db"))


@pytest.mark.slow
def test_questions_of_one_name_have_a_database_each(tmp_path: Path) -> None:
    """Catches a name with a dot that takes the hash of the question with it."""
    months, out = months_of(tmp_path, -3.0), tmp_path / "out"
    words = (*SMALL, "scenario.name='v1.2'", "policy=none", "executor.workers=1")
    first, second = (
        calibrate(
            None, *words, f"fees.base_conditional=interval({low},{high})", file=months, out=out,
            particles=20, simulations=600, draws=2,
        )
        for low, high in ((-6, -2), (-4, 6))
    )  # fmt: skip
    assert not first.posterior.equals(second.posterior)
    assert {path.name for path in (out / "calibrate").glob("*.db")} == {
        f"{found.folder.name}.db" for found in (first, second) if found.folder
    }


@pytest.mark.parametrize("name", ["q?x", "q%41x#b", "?"])
def test_a_folder_that_no_address_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    question = ask_words([*SMALL, f"file={months_of(tmp_path, 0.0)}", "parameters=[fees.service]"])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"^out: .*without \? and % in its name") as caught:
        question.answer(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_may_lie_below_other_signs(tmp_path: Path) -> None:
    database = tmp_path / "a #b&c=1;:@é.db"
    sample(band, SQUARE, Plan(20, 600, 3), ALONE, database)
    assert list(tmp_path.iterdir()) == [database]
    again = sample(band, SQUARE, Plan(20, 1200, 3), ALONE, database)
    alone = sample(band, SQUARE, Plan(20, 1200, 3), ALONE)
    pd.testing.assert_frame_equal(again.parameters, alone.parameters)


@pytest.mark.parametrize("force", [False, True])
def test_a_database_that_is_no_file_is_told(tmp_path: Path, force: bool) -> None:
    question = ask_words([*SMALL, f"file={months_of(tmp_path, 0.0)}", "parameters=[fees.service]"])
    folder = question.asked.folder(tmp_path)
    folder.with_name(f"{folder.name}.db").mkdir(parents=True)
    with pytest.raises(InputError, match=r"^out: .*\.db: is no file"):
        question.answer(tmp_path, force=force)


def test_coverage_of_known_truths(tmp_path: Path) -> None:
    """Short version of ``xiaoqu calibrate --recover``: intervals hold the truth as often as said."""
    config = load(None, *SMALL, "executor.workers=1", policy="none")
    target = Target(indicator="collection_rate", month=3, window=3, low=0.4, high=0.5)
    case = as_case(config, Observed((target,)))
    priors = calibration.priors(
        None, {"fees.base_conditional": Interval(-6, 6), "fees.matching": Interval(0, 1)}, config
    )
    question = calibration.Question((case,), priors, 150, 300, 100, 1, ALONE)
    tested = Recovering(question, 60).answer()
    coverage = tested.coverage.set_index("parameter")
    assert coverage["inside_90"].between(0.80, 0.99).all()
    assert coverage["inside_50"].between(0.33, 0.67).all()
    # The first decides what is paid; the second is not used by the logit form of the rule.
    assert coverage.loc["fees.base_conditional", "width"] < 0.6
    assert coverage.loc["fees.matching", "width"] > 0.85


@pytest.mark.parametrize("kind", ["local", "threads"])
def test_processes_change_nothing(kind: str) -> None:
    """Catches threads that draw from each other's numbers: one run in four was another with four threads."""
    one = sample(band, SQUARE, Plan(20, 900, 2), ALONE)
    for _ in range(8 if kind == "threads" else 1):
        two = sample(band, SQUARE, Plan(20, 900, 2), Executor(kind=kind, workers=4))  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(one.parameters, two.parameters, check_exact=True)
        assert np.array_equal(one.values, two.values)
        assert np.array_equal(one.weights, two.weights)


# --- prediction ---------------------------------------------------------------------------------


def test_nearest_quarter_goes_on_where_few_meet_the_figures() -> None:
    assert predict._nearest(np.array([3.0, 0.0, 2.0, 1.0, 9.0, 9.0, 9.0, 9.0])).tolist() == [1, 3]
    assert predict._nearest(np.array([0.0, 1.0, 0.0, 0.0])).tolist() == [0, 2, 3]


def test_tasks_of_prediction() -> None:
    task = find("predict").ask_words(["fit=one_out", "seed=4", "executor.workers=1"])
    assert task.seed == 4
    assert len(task.fits) == len(task.cases) >= 5
    assert all(len(fit) == len(task.cases) - 1 for fit in task.fits)
    one = find("predict").ask_words(["fit=kangqiao"])
    assert one.fits == (("kangqiao",),)
    for words in (["fit=nowhere"], ["fees.service=3"], ["fit=kangqiao", "cases=[kangqiao]"]):
        with pytest.raises(InputError):
            find("predict").ask_words(words)


def test_one_case_is_fitted_and_another_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches figures of the case left out that reach the fit, and a table told wrongly."""
    small = {"households": 60, "buildings": 3, "stairs_per_building": 1}
    monkeypatch.setattr(predict, "case_of", partial(case_of, population=small))
    monkeypatch.setattr(smc, "FIRST_SAMPLE", 2)
    monkeypatch.setattr(smc, "FIRST_QUANTILE", 0.5)
    given: dict[str, Any] = {
        "particles": 20, "simulations": 160, "draws": 10, "parameters": ["fees.base_conditional"], "out": tmp_path,
    }  # fmt: skip
    found = predicted(
        None, "executor.workers=1", fit="shenhong", cases=["shenhong", "kangqiao"], **given
    )
    rows = found.predictions
    used = {case: set(rows.loc[rows["case"] == case, "use"]) for case in ("shenhong", "kangqiao")}
    assert used == {"shenhong": {"fitted"}, "kangqiao": {"predicted"}}
    inside = (rows["low"] <= rows["median"]) & (rows["median"] <= rows["high"])
    assert (rows["verdict"] == np.where(inside, "inside", "missed")).all()
    assert {"inside", "missed"} <= set(rows["verdict"])
    assert "fitted to shenhong: " in predict._fit_line(
        found.question, found.fits.to_dict("records")[0]
    )
    assert "| shenhong | kangqiao | collection 70% (+24) |" in predict.as_markdown(found)
    (kept,) = (tmp_path / "calibrate").glob("*/manifest.json")
    ((_, targets),) = json.loads(kept.read_text(encoding="utf-8"))["words"]["figures"]
    figures = [t.label for t in load("shenhong").scenario.targets if not t.in_words]
    assert [t["label"] for t in targets] == figures
    again = predicted(
        None, "executor.workers=1", fit="shenhong", cases=["shenhong", "kangqiao"], **given
    )
    assert again.loaded and again.predictions.equals(rows)


def test_only_what_cases_report_is_predicted() -> None:
    for name in predict.cases_with_targets():
        for target in load(name).scenario.targets:
            assert target.source.endswith(".txt"), f"{name}: {target.label}"


def test_without_pyabc_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    question = find("calibrate").ask_words(["scenario=kangqiao"])
    monkeypatch.setitem(sys.modules, "pyabc", None)
    with pytest.raises(InputError, match=r"pyabc is not installed.*xiaoqu\[science\]"):
        question.answer()
