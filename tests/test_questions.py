"""Questions are declared once: commands, Python functions and help come from the declaration."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import fake_model
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import recorded
from conftest import Command
from matplotlib.figure import Figure
from rich.console import Console

import sim
from sim import cli, questions
from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.questions import find, names
from sim.questions.base import QUESTIONS

ROOT = Path(__file__).resolve().parents[1]

TOY = '''
"""Somebody's own question, in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pandas as pd

from sim.experiments.answers import Answer
from sim.experiments.kept import Asked, Kept
from sim.questions.base import Given, question
from sim.questions.words import Whole


@dataclass(frozen=True, repr=False)
class Counted(Answer):
    TABLES = ("counts",)
    MAIN = "counts"
    SHOWN = "sim.questions.toy:show"
    BILINGUAL = False

    question: Counting
    counts: pd.DataFrame
    folder: Path | None = None
    loaded: bool = False


@dataclass(frozen=True)
class Counting(Kept):
    config: object
    times: int

    ANSWER = Counted

    @property
    def asked(self):
        return Asked("toy", self.config, {"times": self.times})

    def maker(self, how):
        count = self.config.population.households
        return lambda: {"counts": pd.DataFrame({"households": [count] * self.times})}


def show(answer, console):
    console.print(f"{answer.counts['households'].sum()} counted")


@question("scenario=kangqiao times=2", lang="")
def toy(given: Given, times: Annotated[int, Whole(1, 9)] = 3) -> Counting:
    """Count the households of a compound several times.

    Args:
        times: how often they are counted
    """
    return Counting(given.config(), times)
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A question that is one file more in the folder of questions, taken back after the test."""
    folder = tmp_path / "questions"
    folder.mkdir()
    (folder / "toy.py").write_text(TOY, encoding="utf-8")
    monkeypatch.setattr(questions, "__path__", [*questions.__path__, str(folder)])
    yield
    QUESTIONS.pop("toy", None)
    sys.modules.pop("sim.questions.toy", None)
    vars(questions).pop("toy", None)
    cli.app.registered_commands = [c for c in cli.app.registered_commands if c.name != "toy"]


def test_a_question_in_one_file_is_a_command_with_help(
    toy: None, xiaoqu: Command, tmp_path: Path
) -> None:
    """Catches a question that has to be named in a second place before it can be asked."""
    code, out, _ = xiaoqu("--help")
    assert code == 0 and "toy" in out
    code, out, _ = xiaoqu("toy", "--help")
    assert code == 0 and "xiaoqu toy scenario=kangqiao times=2" in out
    assert "how often they are counted, 1 to 9; usually 3" in " ".join(out.split())
    words = ["toy", "population.households=40", "times=2", "--out", str(tmp_path / "out")]
    code, out, err = xiaoqu(*words)
    assert (code, out) == (0, "80 counted\n")
    (folder,) = (tmp_path / "out" / "toy").iterdir()
    assert {"counts.parquet", "manifest.json"} <= {path.name for path in folder.iterdir()}
    code, out, err = xiaoqu(*words)
    assert (code, out, err) == (0, "80 counted\n", f"answered before, read from {folder}\n")
    assert xiaoqu(*words, "--quiet")[1] == f"{folder}\n"


def test_a_question_in_one_file_is_a_function_with_help(toy: None, tmp_path: Path) -> None:
    import xiaoqu as package

    found = sim.toy(None, "population.households=40", times=np.int64(2), out=str(tmp_path))
    assert found.to_pandas()["households"].tolist() == [40, 40]
    assert package.toy is sim.toy
    names = [
        "scenario",
        "overrides",
        "policies",
        "times",
        "out",
        "progress",
        "config_dir",
        "force",
        "keys",
    ]
    assert list(inspect.signature(sim.toy).parameters) == names
    assert inspect.signature(sim.toy).parameters["times"].annotation is int
    assert "times: how often they are counted" in (sim.toy.__doc__ or "")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("times=12", "error: times: 12 is not allowed; allowed: whole number from 1 to 9\n"),
        ("tmes=2", "did you mean times"),
        ("times=1,2", "several values are given"),
        ("population.househlds=40", "did you mean households"),
    ],
)
def test_what_a_question_does_not_take_is_refused_in_a_line(
    toy: None, xiaoqu: Command, tmp_path: Path, word: str, said: str
) -> None:
    code, out, err = xiaoqu("toy", word, "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


# --- one convention -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_every_question_is_called_alike_and_tells_all_its_words(name: str) -> None:
    """Catches a function with an order of its own, and a word that no help tells of."""
    spec, taken = find(name), inspect.signature(getattr(sim, name)).parameters
    assert list(taken)[:3] == ["scenario", "overrides", "policies"]
    assert list(taken)[-1] == "keys"
    assert set(spec.words) <= set(taken)
    doc = getattr(sim, name).__doc__
    assert spec.summary.endswith((".", "?")) and all(f"    {one}: " in doc for one in spec.words)
    assert all(f"{word} (" in spec.help for word in spec.spoken)


def test_no_function_is_left_out_of_the_package() -> None:
    assert set(names()) <= set(sim.__all__)


def test_a_configuration_stands_for_a_scenario() -> None:
    """Catches settings of a configuration that are lost, or are stronger than those given with it."""
    whole = load("kangqiao", months=7, policy="member_contact", fees={"norm_conditional": 5})
    assert (
        load(whole).resolved() == whole.resolved()
        and load(whole).fingerprint() == whole.fingerprint()
    )
    changed = load(
        whole, "fees.habit=0.4", policy=["disclosure", "member_contact"], network="watts_strogatz"
    )
    assert (changed.months, changed.fees.habit, changed.fees.norm_conditional) == (7, 0.4, 5.0)
    assert [e.label for e in changed.policy.entries()] == ["member_contact", "disclosure"]
    assert changed.network.generator == "watts_strogatz" != whole.network.generator
    with pytest.raises(InputError, match="scenario: a configuration is given already"):
        load(whole, "scenario=shenhong")


@pytest.mark.parametrize(
    "name", ["attribute", "robustness", "tipping", "sensitivity", "run", "compare"]
)
def test_a_question_of_a_configuration_is_that_of_its_name(name: str) -> None:
    """Catches a default of the command that is laid over what a configuration says."""
    given: dict[str, Any] = {
        "attribute": {"at": 3},
        "robustness": {"at": 3, "policies": ["none", "member_contact"], "scenarios": []},
        "tipping": {"parts": ["loop"]},
        "sensitivity": {"over": ["cell"]},
        "compare": {"policies": ["member_contact"]},
    }.get(name, {})
    ask = find(name).ask_call
    config = load("kangqiao", policy=["member_contact", "disclosure"], replications=4, months=30)
    of_config, of_name = ask(config, **given), {"replications": 4, "months": 30}
    if name in ("attribute", "robustness", "tipping"):
        del of_name["months"]
    if name in ("attribute", "sensitivity", "run"):
        given["policies"] = "member_contact+disclosure"
    asked = ask("kangqiao", **given, **of_name)
    if name != "tipping":  # whose months here are the configuration's
        assert of_config.asked.fingerprint() == asked.asked.fingerprint()
    else:
        assert of_config.config.replications == 4 and not of_config.config.policy.entries()


def test_policies_mean_the_same_everywhere() -> None:
    one = find("run").ask_call("kangqiao", policies="member_contact+disclosure").config
    assert one.resolved() == load("kangqiao", policy=["member_contact", "disclosure"]).resolved()
    assert find("run").ask_call("kangqiao", policies=["none"]).config.policy.name == "none"
    with pytest.raises(InputError, match=r"policies: 2 are given; allowed: one policy, as a\+b"):
        find("run").ask_call("kangqiao", policies=["none", "disclosure"])
    with pytest.raises(InputError, match=r"policy: is one policy; allowed: policies=\[a,b\]"):
        find("compare").ask_call("kangqiao", policies=["none"], policy="disclosure")


def test_the_former_order_is_refused_with_the_new_one() -> None:
    with pytest.raises(InputError, match=r'scenario: is a list; allowed: compare\("kangqiao", pol'):
        sim.compare(["none", "member_contact"], "kangqiao")
    with pytest.raises(InputError, match=r"predict: list as argument without a name"):
        sim.predict("kangqiao", ["kangqiao", "tongqiao"])
    with pytest.raises(InputError, match="cannot be set here"):
        sim.predict("kangqiao")


# --- answers --------------------------------------------------------------------------------------


def _compared() -> Any:
    """A whole comparison: of the recorded one only what some figures show is there."""
    return sim.compare(
        "kangqiao", policies=["none", "member_contact"], model=fake_model.FakeModel, months=24,
        replications=2, executor="serial",
    )  # fmt: skip


@pytest.mark.parametrize("name", recorded.COMMANDS)
def test_every_answer_can_be_looked_at(name: str) -> None:
    """Catches a wall of frames in a notebook, and a table or figure that is another than the command's."""
    answer = _compared() if name == "compare" else recorded.answer(name)
    told = repr(answer)
    assert "\n" not in told and len(told) < 400 and "kangqiao" in told and "not kept" in told
    assert answer._repr_html_().count("<table") == 1
    stream = StringIO()
    answer.show(Console(file=stream, width=answer.WIDTH or 120), "zh")
    assert answer.table("zh") == stream.getvalue() != ""
    assert "<pre>" in answer.table()._repr_html_()
    assert isinstance(answer.figure(), Figure)
    for table in answer.TABLES:
        assert answer.to_pandas(table) is getattr(answer, table)
    assert answer.to_pandas() is getattr(answer, answer.MAIN)
    assert answer.keep_figures() == [], "it is not kept"
    for refused in (answer.to_pandas, answer.figure):
        with pytest.raises(InputError, match="'nothing' is no"):
            refused("nothing")
    with pytest.raises(InputError, match="language: 'fr' is not known"):
        answer.table("fr")


# --- what Python gives ----------------------------------------------------------------------------


def households(count: int = 12) -> pd.DataFrame:
    rooms = [(1, 1, 1 + k // 2, 101 + k) for k in range(count)]
    return pd.DataFrame(rooms, columns=["building", "stair", "floor", "room"])


def test_numbers_of_numpy_and_paths_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    households().to_csv(path, index=False)
    given = load(
        None, months=np.int64(5), fees={"habit": np.float32(0.5)}, population__household_file=path,
        cut=np.array(["grievance_to_pay"]),
    )  # fmt: skip
    assert (given.months, given.fees.habit, list(given.cut)) == (5, 0.5, ["grievance_to_pay"])
    assert given.population.household_file == str(path)


def test_a_frame_of_households_counts_by_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a table that is another question each time, and one that is none when it differs."""
    monkeypatch.chdir(tmp_path)
    one, again, other = (
        load(None, population={"household_file": households(count)}) for count in (12, 12, 14)
    )
    assert one.fingerprint() == again.fingerprint() != other.fingerprint()
    written = sorted(path.name for path in (tmp_path / "results" / "inputs").iterdir())
    assert len(written) == 2 and all(re.fullmatch(r"households-\w{12}\.csv", n) for n in written)
    file = tmp_path / "mine.csv"
    households().to_csv(file, index=False)
    assert load(None, population__household_file=file).fingerprint() == one.fingerprint()
    with pytest.raises(InputError, match=r"fees.habit: is a table; allowed: population.household_"):
        load(None, fees={"habit": households()})


def test_a_graph_is_the_ties_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches edges, weights or lonely households that are lost, and an order that makes another question."""
    monkeypatch.chdir(tmp_path)
    graph = nx.Graph([(0, 1, {"strength": 0.5}), (1, 2), (2, 3)])
    graph.add_nodes_from(range(12))
    turned = nx.Graph()
    turned.add_nodes_from(reversed(range(12)))
    turned.add_edges_from([(3, 2, {}), (2, 1, {}), (1, 0, {"strength": 0.5})])
    size = {"population": {"households": 12, "buildings": 1}}
    one, two = (load(None, network=g, **size) for g in (graph, turned))
    assert one.network.generator == "file" and one.fingerprint() == two.fingerprint()
    lines = Path(one.network.file).read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["source,target,strength", "0,1,0.5"] and "11,," in lines
    with pytest.raises(InputError, match=r"fees: is a graph; allowed: network, network.file"):
        load(None, fees=graph)


def test_frames_and_graphs_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {
        "population.household_file": [households(12), households(14)],
        "months": np.arange(1, 3),
    }
    design = find("sweep").ask_call(None, factors=given).what
    assert design.points.num_rows == 4
    assert len(set(design.points["population.household_file"].to_pylist())) == 2
    assert len(design.files) == 2


# --- its own name ---------------------------------------------------------------------------------


def python(code: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120,
        check=False, env={**os.environ, "PYTHONPATH": path, **env},
    )  # fmt: skip


def own_sim(folder: Path, regular: bool) -> None:
    (folder / "sim").mkdir()
    if regular:
        (folder / "sim" / "__init__.py").write_text("MINE = True\n", encoding="utf-8")


@pytest.mark.parametrize("regular", [False, True])
def test_a_folder_sim_of_ones_own_is_no_hindrance(tmp_path: Path, regular: bool) -> None:
    """Catches a working folder whose ``sim`` takes the place of ours, here or in a worker process."""
    own_sim(tmp_path, regular)
    code = (
        "from xiaoqu import load\n"
        "import joblib, xiaoqu\n"
        "def name():\n    import sim\n    return sim.__version__\n"
        "assert load('kangqiao', months=3).months == 3\n"
        "print(xiaoqu.__version__, *joblib.Parallel(2)([joblib.delayed(name)()]))\n"
    )
    done = python(code, tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{sim.__version__} {sim.__version__}\n"), (
        done.stderr
    )


def test_another_sim_imported_before_is_told_in_a_line(tmp_path: Path) -> None:
    own_sim(tmp_path, True)
    done = python("import sim; assert sim.MINE; import xiaoqu", tmp_path)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: xiaoqu: another package named sim was imported before")
    assert str(tmp_path / "sim") in last and last.endswith("or give it another name")


def test_the_module_is_the_command(tmp_path: Path) -> None:
    own_sim(tmp_path, True)
    code = "import runpy, sys; sys.argv = ['xiaoqu', '--version']; runpy.run_module('xiaoqu', run_name='__main__')"
    done = python(code, tmp_path)
    assert (done.returncode, done.stdout) == (0, f"xiaoqu {sim.__version__}\n")


def test_both_names_give_the_same_things() -> None:
    import xiaoqu as package

    assert set(package.__all__) == set(sim.__all__)
    assert package.load is load and package.run is sim.run
    assert isinstance(package.load("kangqiao"), Config)


@pytest.mark.parametrize(
    ("keys", "said"),
    [({"out": 5}, "out: 5 is not allowed"), ({"out": b"a"}, "out: b'a'"), ({"self": 1}, "self: unknown key")],
)  # fmt: skip
def test_what_no_call_takes_is_refused_in_a_line(keys: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        sim.run("ordinary_estate", months=1, **keys)
