"""What an answer is made of: edit any of it, and the answer of before is not given again."""

from __future__ import annotations

import csv
import importlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from sim import source
from sim.compose import load
from sim.config import Config, check
from sim.errors import InputError
from sim.experiments.own_code import own_code
from sim.experiments.provenance import provenance
from sim.experiments.run import end_columns, run
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters, register
from sim.questions.compare import compare
from sim.questions.sweep import sweep
from sim.schema import PATH, param

ROOT = Path(__file__).parents[1]
SMALL: dict[str, Any] = {
    "population": {"households": 40, "stairs_per_building": 2},
    "bills": {"period": 1}, "months": 3, "replications": 2, "executor": {"workers": 1},
}  # fmt: skip
WORDS = (
    "population.households=40", "population.stairs_per_building=2", "months=3", "replications=2",
    "executor.workers=1",
)  # fmt: skip

LOTTERY = """
from sim.measures import Measure, register
{imports}

@register
class Lottery(Measure):
    name = "lottery"
    en = "Lottery"

    def act(self, compound, strength):
        compound.spend(self.label, "firm", yuan={yuan})
"""

MINE = """
from sim.model import NeighborhoodModel
{imports}

class Mine(NeighborhoodModel):
    def step(self):
        super().step()
        self.households.habit[:] = {habit}
"""


def write_households(path: Path, elderly: int, count: int = 40) -> Path:
    """A register of flats of which the first so many are of the elderly."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["building", "stair", "floor", "life_stage"])
        for k in range(count):
            life = "elderly" if k < elderly else "young"
            writer.writerow([k // 20 + 1, k % 20 // 10 + 1, k % 10 + 1, life])
    return path


def write_ties(path: Path, step: int, count: int = 40) -> Path:
    """Ties between each household and the one so many rows on."""
    rows = [f"{k},{(k + step) % count}" for k in range(count)]
    path.write_text("source,target\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def catalogue() -> Iterator[None]:
    """Leave the catalogue as it was found."""
    before = dict(CATALOGUE)
    yield
    CATALOGUE.clear()
    CATALOGUE.update(before)


def xiaoqu(*words: str, cwd: Path, path: Path | None = None) -> str:
    """Run the command in a fresh process; what it printed, with its refusals."""
    environment = {**os.environ, "PYTHONPATH": str(path or ROOT)}
    command = [sys.executable, "-m", "sim", *words]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 2), done.stderr
    return done.stdout + done.stderr


def yuan_of(out: Path) -> set[float]:
    """Yuan booked a month in each run kept below a folder of results."""
    return {
        float(amount)
        for path in out.glob("run/*/costs.parquet")
        for amount in pd.read_parquet(path)["yuan"].unique()
    }


# --- what is edited between two fresh processes -------------------------------------------------


@pytest.mark.parametrize(
    "edited",
    [
        "plugin",
        pytest.param("helper", marks=pytest.mark.slow),
        pytest.param("data", marks=pytest.mark.slow),
    ],
)
def test_an_edited_plugin_is_not_answered_from_before(tmp_path: Path, edited: str) -> None:
    """A lottery's kept cost was 14,222 yuan where the file now said 185,420."""

    def write(yuan: float) -> None:
        first = yuan if edited == "plugin" else 1.0
        other = yuan if edited == "helper" else 1.0
        data = yuan if edited == "data" else 1.0
        (tmp_path / "prizes.csv").write_text(f"{data}\n", encoding="utf-8")
        (tmp_path / "prices.py").write_text(f"OTHER = {other}\n", encoding="utf-8")
        text = LOTTERY.format(
            imports="import pathlib\nimport prices\n"
            "DATA = float(pathlib.Path(__file__).with_name('prizes.csv').read_text())",
            yuan=f"{first} * prices.OTHER * DATA",
        )
        (tmp_path / "lottery.py").write_text(text, encoding="utf-8")

    words = ("run", "policy=lottery", *WORDS, "--plugin", "lottery.py", "--out", "kept")
    write(7.0)
    assert "answered before" not in xiaoqu(*words, cwd=tmp_path)
    assert "answered before" in xiaoqu(*words, cwd=tmp_path), "the same question, the same code"
    assert yuan_of(tmp_path / "kept") == {7.0}
    write(9.0)
    assert "answered before" not in xiaoqu(*words, cwd=tmp_path)
    assert yuan_of(tmp_path / "kept") == {7.0, 9.0}, "each answer lies in a folder of its own"
    write(7.0)
    assert "answered before" in xiaoqu(*words, cwd=tmp_path), "the first code again"


@pytest.mark.parametrize("given", ["plugin", pytest.param("package", marks=pytest.mark.slow)])
def test_a_sweep_begun_with_other_measures_is_refused(tmp_path: Path, given: str) -> None:
    """Resumed after a measure had changed, a sweep put both into one table."""
    home = tmp_path / "site"
    told = home / "lotteries-1.0.dist-info"
    told.mkdir(parents=True)
    words = ["sweep", "policy=none,lottery", "months=2,3", *WORDS[:2], WORDS[4], "replications=2"]
    words += ["--out", str(tmp_path / "kept")]
    if given == "plugin":
        words += ["--plugin", str(home / "lottery.py")]
    else:
        (told / "METADATA").write_text("Metadata-Version: 2.1\nName: lotteries\nVersion: 1.0\n")
        (told / "entry_points.txt").write_text("[xiaoqu.measures]\nlottery = lottery\n")
    places = Path(os.pathsep.join([str(ROOT), str(home)]))
    for yuan in (7.0, 9.0):
        text = LOTTERY.format(imports="", yuan=yuan)
        (home / "lottery.py").write_text(text, encoding="utf-8")
        told_last = xiaoqu(*words, cwd=tmp_path, path=places)
        assert ("8 runs (0 failed)" in told_last) == (yuan == 7.0)
    assert "was begun by other code or files (lottery.py" in told_last
    assert "--force to begin anew" in told_last
    assert "8 runs (0 failed)" in xiaoqu(*words, "--force", cwd=tmp_path, path=places)


PROCESSES = """
import sys
from pathlib import Path
from sim import attribute, calibrate, optimise, robustness
from sim.cli import _load_plugins

_load_plugins([Path("lottery.py")])
small = {"population": {"households": 40, "stairs_per_building": 2}, "seed": 3}
two = {"policy": ["lottery", "member_contact"], "at": 3, "replications": 2}
for workers in (1, 2):
    here = small | {"executor": {"workers": workers}}
    parts = attribute(None, **two, **here).coalitions
    ranked = robustness(
        None, policies=["none", "lottery"], scenarios=[], networks=[], mechanisms=[], draws=2, at=3,
        replications=2, **here,
    ).runs
    sought = optimise(
        None, target="collection_rate>=0 at +3", measures=["lottery", "member_contact"],
        doses=[1.0], starts=[1], worlds=4, check=4, method="exhaustive", **here,
    ).candidates
    found = calibrate(
        None, "fees.trust=interval(1,3)", "scenario.targets=[{indicator: collection_rate, month: 2, "
        "low: 0.5, high: 1.0, fitted: true}]", policy="lottery", particles=20, simulations=440,
        draws=4, **here,
    ).posterior
    assert found["distance"].max() < float("inf")
    frames = (parts, ranked, sought, found)
    print([float(frame.sum(numeric_only=True).sum()) for frame in frames])
"""


@pytest.mark.slow
def test_a_plugin_reaches_the_processes_of_every_question(tmp_path: Path) -> None:
    """Only sweep sent measures of a plug-in to its workers; elsewhere they failed, or all was NaN."""
    text = LOTTERY.format(imports="import prices", yuan="prices.PRICE")
    (tmp_path / "lottery.py").write_text(text, encoding="utf-8")
    (tmp_path / "prices.py").write_text("PRICE = 7.0\n", encoding="utf-8")
    (tmp_path / "ask.py").write_text(PROCESSES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "ask.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    one, two = done.stdout.splitlines()
    assert one == two and "nan" not in one


def test_what_cannot_be_lived_is_told_before_a_calibration(tmp_path: Path) -> None:
    """A posterior was kept of simulations that all failed."""
    text = LOTTERY.format(imports="", yuan="1 / 0")
    (tmp_path / "lottery.py").write_text(text, encoding="utf-8")
    words = ("calibrate", "scenario=kangqiao", "policy=lottery", "parameters=[fees.trust]")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "sim", *words, "--plugin", "lottery.py"], cwd=tmp_path,
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "seed 1 failed at stage run: ZeroDivisionError: division by zero" in done.stderr
    assert not [p for p in (tmp_path / "results").rglob("*") if p.suffix in (".json", ".db")]


def copied_package(tmp_path: Path) -> Path:
    """The package with its files, in a folder of its own."""
    home = tmp_path / "site"
    ignore = shutil.ignore_patterns("__pycache__", "desk", "report")
    shutil.copytree(ROOT / "sim", home / "sim", ignore=ignore)
    for name in ("configs", "scenarios"):
        shutil.copytree(ROOT / name, home / name)
    return home


def test_an_edited_rule_is_not_answered_from_before(tmp_path: Path) -> None:
    """An upgrade of the package, or a rule changed in a checkout, asks for all anew."""
    home = copied_package(tmp_path)
    code = (
        # The rules of a copy would be compiled anew; whose code it is does not hang on what is lived.
        "from fake_model import FakeModel\n"
        "from sim import load, run\n"
        "from pathlib import Path\n"
        "study = run(load(months=2, replications=1), out=Path('kept'), model=FakeModel)\n"
        "print(study.loaded, repr(float(study.months['collection_rate'].iloc[-1])))\n"
    )

    def answer() -> list[str]:
        places = os.pathsep.join([str(home), str(ROOT / "tests")])
        environment = {**os.environ, "PYTHONPATH": places}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        return done.stdout.split()

    first = answer()
    assert first[0] == "False"
    assert answer() == ["True", first[1]]
    rule = home / "sim" / "outcomes.py"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text + "\n# a word more\n", encoding="utf-8")
    assert answer() == ["False", first[1]], "an edit that changes nothing is not known to"


# --- what is edited in an open session ----------------------------------------------------------


def answers(config: Config, out: Path, **keys: Any) -> tuple[bool, float]:
    """Whether an answer was read back, and all its numbers in one."""
    study = run(config, out, **keys)
    return study.loaded, float(study.months.sum(numeric_only=True).sum())


@pytest.mark.parametrize("key", ["population.household_file", "network.file"])
def test_an_edited_table_is_not_answered_from_before(tmp_path: Path, key: str) -> None:
    path = tmp_path / "table.csv"
    write: Callable[[int], Path]
    if key == "network.file":
        keys: dict[str, Any] = {"network": {"generator": "file", "file": str(path)}}

        def write(number: int) -> Path:
            return write_ties(path, number)
    else:
        keys = {"population": {**SMALL["population"], "household_file": str(path)}}

        def write(number: int) -> Path:
            return write_households(path, number)

    write(1)
    config = load(**{**SMALL, **keys})
    prints = [config.fingerprint()]
    first = answers(config, tmp_path / "kept")
    assert answers(config, tmp_path / "kept") == (True, first[1])
    write(19)
    prints.append(config.fingerprint())
    second = answers(config, tmp_path / "kept")
    alone = answers(config, tmp_path / "alone")
    assert not second[0] and second[1] == alone[1] != first[1]
    write(1)
    assert answers(config, tmp_path / "kept") == (True, first[1])
    assert config.fingerprint() == prints[0] != prints[1]
    path.rename(tmp_path / "other.csv")
    moved = load(**{**SMALL, **_renamed(keys, str(tmp_path / "other.csv"))})
    assert moved.fingerprint() == prints[0], "by what it holds, not by its name"
    with pytest.raises(InputError, match=r"table.csv: cannot be read \(No such file"):
        run(config, tmp_path / "kept")


def _renamed(keys: dict[str, Any], path: str) -> dict[str, Any]:
    ((group, settings),) = keys.items()
    last = "file" if group == "network" else "household_file"
    return {group: {**settings, last: path}}


def test_a_sweep_over_files_counts_what_they_hold(tmp_path: Path) -> None:
    """A resumed sweep put runs of two household files into one table."""
    files = [str(write_households(tmp_path / f"{n}.csv", n)) for n in (1, 19)]

    def lived() -> Any:
        return sweep(
            None, factors={"population.household_file": files}, out=tmp_path / "kept", **SMALL
        )

    first = lived()
    assert lived().lived == 0
    write_households(Path(files[0]), 19)
    again = lived()
    assert again.folder != first.folder and again.lived == 4
    old, new = (lived.runs[end_columns()].sum(axis=1).tolist() for lived in (first, again))
    assert new[:2] == new[2:] == old[2:], "two names, one content"
    assert new[:2] != old[:2]


def test_a_later_design_with_another_file_of_one_name_is_refused(tmp_path: Path) -> None:
    path = write_households(tmp_path / "flats.csv", 1)
    keys: dict[str, Any] = {**SMALL, "population__household_file": str(path)}
    folder = sweep(None, factors={"fees.habit": [1.0, 2.0]}, out=tmp_path, **keys).folder
    assert folder is not None
    write_households(path, 19)
    with pytest.raises(InputError, match=r"was begun by other code or files \(.*flats.csv"):
        sweep(None, factors={"fees.habit": [3.0, 4.0]}, append=folder, **keys)


def written_module(folder: Path, name: str, text: str) -> ModuleType:
    """A module in a folder that can be imported from, loaded as its file now is."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    importlib.invalidate_caches()
    known = sys.modules.get(name)
    if known is None:
        return importlib.import_module(name)
    # A file written within the same second looks unchanged to the cache of compiled files.
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)
    return importlib.reload(known)


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules, forgotten at the end."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", "") or "").startswith(str(folder)):
            del sys.modules[name]


@pytest.mark.parametrize("question", ["run", "compare", "sweep"])
def test_an_edited_model_is_not_answered_from_before(
    modules: Path, tmp_path: Path, question: str
) -> None:
    def ask(model: Any) -> float:
        if question == "run":
            study = run(load(**SMALL), tmp_path / "kept", model=model)
            return float(study.months["collection_rate"].iloc[-1])
        if question == "compare":
            found = compare(
                policies=["none", "member_contact"], out=tmp_path / "kept", model=model, **SMALL
            )
            return float(found.months["collection_rate"].iloc[-1])
        factors = {"fees.trust": [1.0, 2.0]}
        lived = sweep(None, factors=factors, out=tmp_path / "kept", model=model, **SMALL)
        return float(lived.runs["collection_rate_end"].iloc[-1])

    first = ask(written_module(modules, "mine", MINE.format(imports="", habit="0.0")).Mine)
    text = MINE.format(imports="", habit="5.0")
    (modules / "mine.py").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine.py: has changed since it was imported"):
        ask(sys.modules["mine"].Mine)
    reloaded = written_module(modules, "mine", text).Mine
    if question == "sweep":
        with pytest.raises(InputError, match="was begun by other code"):
            ask(reloaded)
        return
    second = ask(reloaded)
    assert second != first
    assert second == ask(reloaded)


def test_a_value_changed_in_the_session_is_another_question(modules: Path, tmp_path: Path) -> None:
    text = "HABIT = 0.0\n" + MINE.format(imports="", habit="HABIT + self.more") + "    more = 0.0\n"
    mine = written_module(modules, "mine", text)
    found = []
    for module_value, class_value in ((0.0, 0.0), (4.0, 0.0), (0.0, 4.0)):
        mine.HABIT, mine.Mine.more = module_value, class_value
        found.append(answers(load(**SMALL), tmp_path, model=mine.Mine))
    assert [loaded for loaded, _ in found] == [False, False, False]
    assert found[1][1] == found[2][1] != found[0][1]
    mine.Mine.more = 0.0
    assert answers(load(**SMALL), tmp_path, model=mine.Mine) == (True, found[0][1])


def test_code_that_cannot_be_told_is_lived_each_time(tmp_path: Path) -> None:
    from sim.model import NeighborhoodModel

    notebook = ModuleType("__main__")
    made = type("Mine", (NeighborhoodModel,), {"__module__": "typed_in_a_notebook"})
    sys.modules["typed_in_a_notebook"] = notebook
    try:
        assert "has no file" in own_code([made]).uncertain
        for _ in range(2):
            assert not answers(load(**SMALL), tmp_path, model=made)[0]
    finally:
        del sys.modules["typed_in_a_notebook"]


def test_source_edited_in_an_open_session_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of the old code were kept under the digest of the new."""
    home = tmp_path / "sim"
    home.mkdir()
    for name in ("errors.py", "source.py", "__init__.py"):
        shutil.copy(ROOT / "sim" / name, home / name)
    shutil.copytree(ROOT / "sim" / "data", home / "data")
    code = """
        import os
        from pathlib import Path
        import sim
        from sim.errors import InputError
        before = (sim.source.digest(), sim.source.check_unchanged())
        path = Path("sim/errors.py")
        text = path.read_text()
        path.write_text(text + "# more\\n")
        try:
            sim.source.check_unchanged()
        except InputError as error:
            print(error)
        assert sim.source.digest() == before[0]
        path.write_text(text)
        sim.source.check_unchanged()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path, capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert "xiaoqu: its source files have changed since this Python began" in done.stdout
    monkeypatch.setattr(source, "_AT_IMPORT", {})
    monkeypatch.setattr(source, "_DIGEST", "0" * 16)
    with pytest.raises(InputError, match="have changed since this Python began"):
        run(load(**SMALL))


# --- what is told -------------------------------------------------------------------------------


def test_a_manifest_lists_each_part_with_its_hash(modules: Path, tmp_path: Path) -> None:
    path = write_households(tmp_path / "flats.csv", 1)
    written_module(modules, "helper_of_mine", "X = 1\n")
    mine = written_module(modules, "mine", MINE.format(imports="import helper_of_mine", habit=1))
    config = load(**{**SMALL, "population": {**SMALL["population"], "household_file": str(path)}})
    study = run(config, tmp_path, model=mine.Mine)
    assert study.folder is not None
    manifest = json.loads((study.folder / "manifest.json").read_text(encoding="utf-8"))
    made = provenance([config], mine.Mine)
    assert manifest["source"] == source.digest()
    assert manifest["read"] == made.file_hashes and set(made.file_hashes) == {str(path)}
    assert set(manifest["own_code"]) >= {"mine.py", "helper_of_mine.py", "value of mine.Mine"}
    assert {"python", "numpy", "numba", "scipy", "mesa"} <= set(manifest["versions"])


# --- the schema: what counts and what does not --------------------------------------------------

NOT_COUNTED = {
    "scenario.title", "scenario.title_zh", "scenario.summary", "scenario.evidence",
    "policy.title", "policy.title_zh", "policy.summary",
}  # fmt: skip
"""Words for people; and all of executor and experiment, which say where and how runs are kept."""


def _other(row: Any, value: Any) -> Any:
    """Another allowed value of a key."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        low, high = row.low, row.high
        step = 1 if isinstance(value, int) else 0.125
        other = value + step if high is None or value + step <= high else value - step
        return other if low is None or other >= low else value + step / 1000
    return None


def test_every_key_counts_if_it_can_change_a_result() -> None:
    """Walks the schema; Catches a key that is left out of the hash, or words that are in it."""
    base = load("kangqiao", policy="member_contact")
    print_of = base.fingerprint()
    seen = 0
    for row in Config.describe():
        group = row.key.split(".")[0]
        value: Any = base
        for name in row.key.split("."):
            value = getattr(value, name)
        other = "on" if row.key == "doubt" else _other(row, value)
        if other is None and isinstance(value, str) and row.unit != PATH:
            other = f"{value}x"
        if other is None:
            continue
        changed = _with(base, row.key, other)
        counts = group not in ("executor", "experiment") and row.key not in NOT_COUNTED
        assert (changed.fingerprint() != print_of) == counts, row.key
        seen += 1
    assert seen > 250


def _with(config: Config, key: str, value: Any) -> Config:
    """A configuration with one key set, unchecked: whether two keys go together is no matter here."""
    place, _, last = key.rpartition(".")
    if not place:
        return config.model_copy(update={last: value})
    group: Any = config
    for name in place.split("."):
        group = getattr(group, name)
    return _with(config, place, group.model_copy(update={last: value}))


def test_every_file_counts_to_the_byte(tmp_path: Path, catalogue: None) -> None:
    """One byte of any file that a key names, also of a kind's or a measure's, is another question."""

    @register
    class Reads(Measure):
        name, en, zh = "reads_a_file", "Reads a file", "读取文件"

        class Parameters(MeasureParameters):
            table: str = param("", "A table", unit=PATH, zh="表")

    path = tmp_path / "a.csv"
    households = {"population": {"household_file": str(path)}}
    kinds = {"old": {"population": {"household_file": str(path)}}, "new": {}}
    reads = {"policy": {"name": "p", "measures": {"reads_a_file": {"table": str(path)}}}}
    found = {row.key for row in Config.describe() if row.unit == PATH}
    assert found == {"population.household_file", "network.file", "experiment.file", "draws_file"}
    for keys in (
        households,
        {"network": {"generator": "file", "file": str(path)}},
        {"district": {"compounds": 4, "kinds": kinds}},
        reads,
        {"scenario": {"history_months": 3, "history": {"a": {"measure": "reads_a_file", "start": -2,
                                                            "end": 0, "table": str(path)}}}},
    ):  # fmt: skip
        path.write_bytes(b"a,b\n1,2\n")
        config = check(keys)
        before = config.fingerprint()
        path.write_bytes(b"a,b\n1,3\n")
        assert config.fingerprint() != before, keys
        path.write_bytes(b"a,b\n1,2\n")
        assert config.fingerprint() == before, keys
        assert [named for _, named in config.named_files()] == [str(path)], keys


def test_plugins_may_be_given_in_any_order(catalogue: None) -> None:
    """Measures act in an order that no order of loading changes."""
    classes = [
        type(f"M{n}", (Measure,), {"name": f"measure_{n}", "en": n, "__module__": "theirs"})
        for n in "ab"
    ]
    found = []
    for order in (classes, classes[::-1]):
        for measure in classes:
            CATALOGUE.pop(measure.name, None)
        for measure in order:
            register(measure)
        policy = {"name": "p", "measures": {"measure_a": {}, "measure_b": {}, "disclosure": {}}}
        found.append([entry.label for entry in load(policy=policy).policy.entries()])
    assert found[0] == found[1] == ["disclosure", "measure_a", "measure_b"]
