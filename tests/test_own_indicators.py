"""Indicators of somebody's own, from one file: noted, kept, shown, fitted and told apart as ours are."""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import assert_same_tables
from rich.console import Console

from sim import cache
from sim.compose import load
from sim.config import Policy
from sim.errors import InputError
from sim.experiments.comparison_table import print_comparison
from sim.experiments.run import run
from sim.experiments.store import read_study
from sim.experiments.summary_table import print_summary
from sim.experiments.sweep_table import print_sweep
from sim.experiments.together import live_together
from sim.figures import comparison as comparison_figures
from sim.model import NeighborhoodModel
from sim.outcomes import BUILT_IN, INDICATORS, OWN, column, give_indicator
from sim.plugins import load_plugins
from sim.questions.compare import compare
from sim.questions.sweep import sweep
from sim.report.build import build, read_results

COMPILED = (Path(__file__).parents[1] / "docs/own/arrears_gini.py").read_text(encoding="utf-8")

PLAIN = '''
"""In plain Python."""
from sim.outcomes import give_indicator

def longest(compound):
    """Longest arrears of a household."""
    return compound.column("arrears_months").max()

give_indicator(
    "longest_arrears", longest, en="Longest arrears", unit="month", low=0, formula="most months owed",
)
'''

SMALL: dict[str, Any] = {
    "population": {"households": 120, "buildings": 3}, "months": 6, "executor": {"workers": 1},
}  # fmt: skip


@pytest.fixture
def both(tmp_path: Path) -> list[Path]:
    """Two files, one compiled and one in Python, that are loaded."""
    paths = [tmp_path / "gini.py", tmp_path / "longest.py"]
    for path, text in zip(paths, (COMPILED, PLAIN), strict=True):
        path.write_text(text, encoding="utf-8")
    load_plugins(paths)
    return paths


def gini(owed: np.ndarray) -> float:
    """The coefficient as numpy reckons it."""
    n, owed = len(owed), np.sort(owed)
    if not owed.sum():
        return np.nan
    return float(2 * (np.arange(1, n + 1) * owed).sum() / (n * owed.sum()) - (n + 1) / n)


def told(write: Any, answer: Any, *more: Any) -> str:
    """What is printed of an answer."""
    console = Console(file=io.StringIO(), width=200)
    write(answer, console, *more)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# --- what is noted ---


def test_each_month_is_noted_as_households_stand_then(both: list[Path]) -> None:
    """Catches a month noted too early or late, the state before the first left out, one compound for all."""
    few = {**SMALL, "population": {**SMALL["population"], "paid_start": 1.0}}
    m = NeighborhoodModel(load("kangqiao", district={"compounds": 2}, **few), seed=4)
    expected = []
    while True:
        columns = [c.column("arrears_fen") for c in m.compounds]
        longest = [float(c.column("arrears_months").max()) for c in m.compounds]
        expected.append(list(zip(map(gini, columns), longest, strict=True)))
        if m.month == m.config.months:
            break
        m.step()
    assert np.allclose(m.recorder.values[:, :, -2:], expected, rtol=1e-12, equal_nan=True)
    assert np.isnan(expected[0][0][0]), "before the first month nobody owes anything"
    apart = [abs(one[0] - other[0]) for one, other in expected]
    assert np.nanmax(apart) > 0.0
    assert m.datacollector.get_model_vars_dataframe()["longest_arrears"].max() > 0


def test_ours_stay_what_they_are(tmp_path: Path) -> None:
    """Catches an own number that takes the place of one of ours, or draws from a stream."""
    config = load("kangqiao", policy="member_contact", **SMALL)
    before = NeighborhoodModel(config, seed=4)
    before.run()
    (tmp_path / "gini.py").write_text(COMPILED, encoding="utf-8")
    load_plugins([tmp_path / "gini.py"])
    after = NeighborhoodModel(config, seed=4)
    after.run()
    values = after.recorder.values[:, :, : len(BUILT_IN)]
    assert values.tobytes() == before.recorder.values[:, :, : len(BUILT_IN)].tobytes()
    # A model of before has no value of what came later.
    assert np.isnan(before.recorder.values[:, :, -1]).all()
    assert np.isnan(before.recorder.latest("arrears_gini")).all()


def test_nothing_of_ours_is_compiled_again(both: list[Path]) -> None:
    """Catches a number more in the notes that changes what our rules were compiled for."""

    def kept() -> dict[Path, int]:
        found = (p for p in cache.folder().rglob("*.nbc") if "own" not in str(p))
        return {path: path.stat().st_mtime_ns for path in found}

    config, given = load("kangqiao", **SMALL), {name: OWN.pop(name) for name in list(OWN)}
    indicators = {name: INDICATORS.pop(name) for name in given}
    NeighborhoodModel(config).run()
    before = kept()
    OWN.update(given), INDICATORS.update(indicators)
    m = NeighborhoodModel(config)
    m.run()
    assert kept() == before and m.recorder.values.shape[-1] == len(BUILT_IN) + 2


def test_a_fork_goes_on_noting(both: list[Path]) -> None:
    """Catches a shared past without what was noted in it, or a future that stops noting."""
    configs = [load("kangqiao", policy=name, **SMALL) for name in ("none", "member_contact")]
    for config, lived in zip(configs, live_together(configs, 3), strict=True):
        alone = NeighborhoodModel(config, seed=3)
        alone.run()
        assert lived.values.tobytes() == alone.recorder.values.tobytes()


def test_a_past_without_it_has_no_value_in_a_fork() -> None:
    """Catches a fork that cannot be made, or shows 0, where an indicator was given after the past was lived."""
    config = load("kangqiao", policy="member_contact", **SMALL)
    past = NeighborhoodModel(config.model_copy(update={"policy": Policy()}), seed=3)
    past.live_until(0)
    give_indicator("late", lambda compound: 1.0, en="Late", formula="1")
    twin = past.fork(config)
    twin.run()
    late = twin.recorder.values[:, 0, column("late")]
    assert np.isnan(late[:-6]).all() and (late[-6:] == 1.0).all()


@pytest.mark.parametrize("given", [3, np.float32(0.5), True])
def test_any_number_will_do(given: Any) -> None:
    """Catches a whole number read as the bits of a fraction."""
    from sim.compiled import kernel

    number = kernel(lambda compound: given)
    give_indicator("compiled", number, en="Compiled", formula="a number")
    give_indicator("plain", lambda compound: given, en="Plain", formula="a number")
    m = NeighborhoodModel(load(**SMALL))
    m.run()
    assert (m.recorder.values[:, 0, -2:] == float(given)).all()


def test_what_is_no_number_fails_and_says_where() -> None:
    """Catches text taken for a number, or a failure that does not lead to the file."""
    give_indicator("worded", lambda compound: "many", en="Worded", formula="a word")
    with pytest.raises(RuntimeError, match=r"could not convert string to float: 'many'"):
        run(load(**SMALL, replications=1))


@pytest.mark.slow
def test_interpreted_it_is_the_same(both: list[Path]) -> None:
    """Catches an indicator that can only be lived compiled: nobody could step through a run that has one."""
    code = f"""
from pathlib import Path
from sim.plugins import load_plugins
load_plugins([Path({str(both[0])!r}), Path({str(both[1])!r})])
from sim.compose import load
from sim.model import NeighborhoodModel
m = NeighborhoodModel(load(months=3, population={{"households": 40, "buildings": 2}}))
m.run()
print(m.recorder.values[:, 0, -2:].tolist())
"""
    ways = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "XIAOQU_INTERPRETED": way},
        ).stdout
        for way in ("0", "1")
    ]  # fmt: skip
    assert ways[0] == ways[1] and ways[0].count("[") == 5


# --- who may be called what ---


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "collection_rate"}, "the name is taken"),
        ({"name": "month"}, "the name is taken"),
        ({"name": "arrears gini"}, "is no name of a column"),
        ({"of": 3}, "has no function"),
        ({"en": ""}, "is not told"),
        ({"better": 2}, "better is 2; allowed: -1, 0, 1"),
        ({"low": 2.0, "high": 1.0}, "low 2.0 is not below high 1.0"),
        ({"share": True, "high": 2.0}, "is a share with bounds"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(changed: dict[str, Any], said: str) -> None:
    """Catches an own indicator that hides one of ours, or breaks a table later."""
    words: dict[str, Any] = {"name": "mine", "of": len, "en": "Mine", "formula": "mine"} | changed
    with pytest.raises(InputError) as refused:
        give_indicator(words.pop("name"), words.pop("of"), **words)
    assert said in str(refused.value) and "\n" not in str(refused.value)
    assert not OWN and list(INDICATORS) == list(BUILT_IN)


@pytest.mark.parametrize("given", [7.0, -1.0, float("inf")])
def test_a_number_beyond_its_own_bounds_is_refused(given: float) -> None:
    """Catches a share of 700% that tables and figures show as they show any other."""
    give_indicator("beyond", lambda compound: given, en="B", formula="b", share=True)
    lived = NeighborhoodModel(load(months=1, population={"households": 40, "buildings": 2}))
    lived.run()
    with pytest.raises(InputError, match=r"indicator beyond: is .* allowed: 0 to 1"):
        _ = lived.recorder.values


def test_a_file_loaded_again_takes_its_own_place_and_another_is_refused(both: list[Path]) -> None:
    """Catches two columns of one name, and a second file that takes over what the first gave."""
    first = OWN["arrears_gini"]
    load_plugins(both[:1])
    assert OWN["arrears_gini"] is not first and list(OWN) == ["arrears_gini", "longest_arrears"]
    # A script may import a file that the command line was given too.
    sys.path.insert(0, str(both[0].parent))
    try:
        importlib.import_module("gini")
    finally:
        del sys.modules["gini"], sys.path[0]
    assert list(OWN) == ["arrears_gini", "longest_arrears"]
    NeighborhoodModel(load(**SMALL)).run()
    other = both[0].with_name("other.py")
    other.write_text(COMPILED, encoding="utf-8")
    with pytest.raises(InputError, match="indicator arrears_gini: the name is taken"):
        load_plugins([other])


# --- where it is seen ---


def test_tables_and_figures_of_a_run_have_it(both: list[Path], tmp_path: Path) -> None:
    """Catches a table, print or figure made of a list of indicators from before the file was loaded."""
    study = run(load("kangqiao", **SMALL, replications=2), tmp_path / "kept")
    assert {"arrears_gini_end", "longest_arrears_last12"} <= set(study.runs)
    assert set(OWN) <= set(study.months) and set(OWN) <= set(study.summary["indicator"])
    assert "Gini of arrears (%)" in told(print_summary, study)
    assert "欠费基尼系数（%）" in told(print_summary, study, "zh")
    titles = [axes.get_title("left") for axes in study.figure("trajectories").axes]
    assert "g  Gini of arrears" in titles and "h  Longest arrears" in titles
    again = run(study.config, tmp_path / "kept")
    assert again.loaded and again.months.equals(study.months)


def test_comparisons_sweeps_and_reports_have_it(both: list[Path], tmp_path: Path) -> None:
    """Catches a question that forgets it, in a table, a print, a figure or a report."""
    keys = SMALL | {"replications": 2}
    compared = compare("kangqiao", policies=["none", "member_contact"], out=tmp_path, **keys)
    assert {"arrears_gini"} <= set(compared.effects["indicator"])
    assert "Gini of arrears (%)" in told(print_comparison, compared)
    figure = comparison_figures.effects(compared, "kangqiao", month=6)
    assert [axes.get_title("left") for axes in figure.axes][-2:] == [
        "e  Gini of arrears",
        "f  Longest arrears",
    ]
    comparison_figures.trajectories(compared, "kangqiao", "arrears_gini")
    swept = sweep("kangqiao", policy=["none", "member_contact"], **keys)
    assert "arrears_gini_last12" in swept.runs and "Gini of arrears" in told(print_sweep, swept)
    assert compared.folder is not None
    tables = {table.name: table for table in build(read_results(compared.folder), "en").tables()}
    assert any("Gini of arrears" in str(row[0]) for row in tables["levels-kangqiao"].rows)
    assert any("Gini of arrears" in str(row[0]) for row in tables["effects-kangqiao"].rows)


def test_a_study_kept_without_it_can_be_read_and_reported(tmp_path: Path) -> None:
    """Catches results of before that cannot be read any more once a file is given."""
    study = run(load("kangqiao", **SMALL, replications=2), tmp_path)
    assert study.folder is not None
    give_indicator("mine", lambda compound: 1.0, en="Mine", formula="1")
    read = read_study(study.folder)
    assert read.months["mine"].isna().all() and "mine" not in study.months
    assert "Mine" in told(print_summary, read)
    assert build(read_results(study.folder), "en").tables()
    assert not run(study.config, tmp_path).loaded, (
        "and it is no answer to a question that asks for more"
    )


@pytest.mark.slow
def test_a_target_and_a_calibration_may_ask_for_it(tmp_path: Path) -> None:
    """Catches an own indicator that no target, table of figures or posterior can name."""
    from sim.questions.calibrate import calibrate

    (tmp_path / "gini.py").write_text(COMPILED, encoding="utf-8")
    load_plugins([tmp_path / "gini.py"])
    target = {"indicator": "arrears_gini", "month": 6, "low": 0.0, "high": 1.0, "label": "Gini"}
    study = run(load("kangqiao", **SMALL, replications=2, scenario__targets=[target]))
    row = study.summary.query("target == 'Gini'").iloc[0]
    assert (row["indicator"], row["verdict"]) == ("arrears_gini", "inside")
    (tmp_path / "months.csv").write_text("month,arrears_gini\n0,0.28\n6,0.23\n", encoding="utf-8")
    fitted = calibrate(
        "kangqiao", "fees.service=interval(2,6)", file=str(tmp_path / "months.csv"), particles=20,
        simulations=600, draws=4, **SMALL,
    )  # fmt: skip
    assert "arrears_gini" in set(fitted.figures["indicator"])


def test_the_desks_processes_have_it(both: list[Path]) -> None:
    """Catches a page that offers an indicator of which its processes know nothing."""
    from sim.desk import live, session
    from sim.desk.lanes import Lanes

    lanes = Lanes(1, both)
    try:
        config = load("kangqiao", **SMALL)
        (lived,) = asyncio.run(lanes.call(0, live.live, [("kangqiao", config)], [3]))
    finally:
        lanes.close()
    alone = NeighborhoodModel(config, seed=3)
    alone.run()
    assert np.array_equal(lived.values[-1], alone.recorder.values[-1, 0], equal_nan=True)
    assert session.Session(indicator="arrears_gini").indicator == "arrears_gini"


# --- what an answer is made of ---


def test_threads_processes_and_one_give_the_same_bytes(both: list[Path], tmp_path: Path) -> None:
    """Catches workers without the file, or with its indicators in another order."""
    ways: list[dict[str, Any]] = [
        {"workers": 1}, {"kind": "threads", "workers": 2}, {"kind": "processes", "workers": 2},
    ]  # fmt: skip
    folders = []
    for number, way in enumerate(ways):
        config = load("kangqiao", **SMALL | {"replications": 3, "executor": way})
        folders.append(run(config, tmp_path / str(number)).folder)
    for folder in folders[1:]:
        assert_same_tables(folders[0], folder)
    assert folders[0] is not None
    months = pd.read_parquet(folders[0] / "months.parquet")
    assert list(months.columns[-2:]) == list(OWN) and months["longest_arrears"].max() > 1


ASK = """
from pathlib import Path
from sim.plugins import load_plugins
load_plugins([Path("gini.py")])
from sim import load, run
small = {"population": {"households": 60, "buildings": 2}, "executor": {"workers": 1}}
study = run(load("kangqiao", months=3, replications=2, **small), out=Path("kept"))
print(study.folder, study.loaded)
"""


@pytest.mark.slow
def test_an_edited_file_is_another_question(tmp_path: Path) -> None:
    """Catches an answer of before given for a rule, a label or a bound that was changed since."""

    def asked(text: str) -> list[str]:
        (tmp_path / "gini.py").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", ASK], text=True, capture_output=True, check=True, cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        return done.stdout.split()

    first, loaded = asked(COMPILED)
    assert loaded == "False" and asked(COMPILED) == [first, "True"]
    changed = [COMPILED.replace("(k + 1)", "(k + 2)"), COMPILED.replace("better=-1", "better=1")]
    assert len({first, *(asked(text)[0] for text in changed)}) == 3


def test_what_is_said_in_a_call_counts_too(tmp_path: Path) -> None:
    """Catches two indicators of one function, one label for another, taken for the same answer."""
    config = load("kangqiao", **SMALL, replications=1)
    studies = []
    for label in ("One", "Two"):
        give_indicator("mine", _one, en=label, formula="1")
        studies.append(run(config, tmp_path))
    assert studies[0].folder != studies[1].folder and not studies[1].loaded
    assert run(config, tmp_path).loaded


def _one(compound: Any) -> float:
    return 1.0
