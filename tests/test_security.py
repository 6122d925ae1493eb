"""No configuration, upload or kept result runs code, reads elsewhere, or eats the machine."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import fake_model
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.compose import choices, load, load_overrides, parse_sweep, scenario_tree
from sim.config import check
from sim.errors import InputError
from sim.experiments import store
from sim.experiments.design import lay_out
from sim.experiments.run import Question, run
from sim.experiments.store import read_study
from sim.science.worlds import read_posterior
from sim.society.edges import read_edges
from sim.society.imports import read_households


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A folder that is there if code was run."""
    return tmp_path / "code-was-run"


def own(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / "own" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return tmp_path / "own"


def test_the_bomb_goes_off(mark: Path) -> None:
    """Catches a test of safety that could not fail."""
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.is_dir()


# --- configuration ---


@pytest.mark.parametrize(
    "line",
    [
        "_target_: os.mkdir",
        "firm: {_target_: os.mkdir, _args_: [MARK]}",
        "policy: {measures: {member_contact: {_target_: os.mkdir}}}",
        "summary: !!python/object/apply:os.mkdir [MARK]",
        "summary: !!python/object/new:os.mkdir [MARK]",
        "summary: !!python/name:os.mkdir",
        "summary: !!python/module:antigravity",
        "summary: ${oc.env:HOME}",
        "hydra: {launcher: {_target_: os.mkdir}}",
        "defaults: [{override /hydra/launcher: x}]",
    ],
)
def test_a_scenario_runs_no_code(tmp_path: Path, mark: Path, line: str) -> None:
    folder = own(tmp_path, "scenarios/x.yaml", line.replace("MARK", str(mark)) + "\n")
    with pytest.raises(InputError):
        load("x", config_dir=folder)
    assert not mark.exists()


def test_measures_of_a_file_are_looked_up_by_name_and_never_imported() -> None:
    for name in ("os.mkdir", "sim.measures.firm.FirmTender", "../x", "__import__('os')"):
        with pytest.raises(InputError, match="no measure is named"):
            check({"policy": {"measures": {"a": {"measure": name}}}})


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "..", "a/../../x", "x\0", "https://x.y/z"])
@pytest.mark.parametrize("group", ["scenario", "policy", "network", "experiment"])
def test_names_do_not_lead_out_of_their_folder(tmp_path: Path, group: str, name: str) -> None:
    folder = own(tmp_path, "scenarios/in.yaml", "months: 3\n")
    (tmp_path / "x.yaml").write_text("months: 4\n")
    assert name not in choices(group, folder)
    with pytest.raises(InputError) as caught:
        load_overrides([f"{group}='{name}'"], folder)
    assert caught.value.where == group


@pytest.mark.parametrize("path", ["/etc/passwd", "../x.csv", "a/../../x.csv", "~/x.csv", "C:\\x.csv",
                                  "..\\x.csv", "https://x.y/z.csv", "${scenario.title}/passwd"])  # fmt: skip
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scenarios/x.yaml", "population: {household_file: PATH}"),
        ("scenarios/x.yaml", "district: {kinds: {a: {population: {household_file: PATH}}}}"),
        ("network/x.yaml", "generator: file\nfile: PATH"),
        ("experiment/x.yaml", "design: csv\nfile: PATH"),
        ("experiment/x.yaml", "factors: {population.household_file: [PATH]}"),
    ],
)
def test_a_file_of_settings_names_files_below_only(
    tmp_path: Path, name: str, text: str, path: str
) -> None:
    folder = own(tmp_path, name, text.replace("PATH", f"'{path}'") + "\n")
    with pytest.raises(InputError, match="leads elsewhere"):
        load(config_dir=folder)


def test_a_path_of_ones_own_words_may_lead_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "h.csv")
    (tmp_path / "mine").mkdir()
    for place in ("h.csv", "mine/h.csv"):
        (tmp_path / place).write_text("building,stair,floor\n" + "1,1,1\n" * 10)
    monkeypatch.chdir(tmp_path)
    assert load(population__household_file=path).population.household_file == path
    folder = own(tmp_path, "scenarios/x.yaml", "population: {household_file: mine/h.csv}\n")
    assert load("x", config_dir=folder).population.household_file == "mine/h.csv"


@pytest.mark.parametrize(
    "header",
    ["# @package hydra", " # @package hydra", "\n\n#@package\thydra", "# @packagex hydra.launcher",
     "# @package a b", "# @ package hydra", "# @package", "# @package\tfirm"],
)  # fmt: skip
def test_a_header_is_read_as_hydra_reads_it(tmp_path: Path, header: str) -> None:
    folder = own(tmp_path, "policy/x.yaml", f"{header}\nname: a\n")
    with pytest.raises(InputError, match=r"x\.yaml: "):
        load(config_dir=folder)


def test_a_header_that_hydra_reads_half_of_is_refused(tmp_path: Path) -> None:
    folder = own(tmp_path, "policy/x.yaml", "\n" * 504 + "# @package firm\nname: a\n")
    with pytest.raises(InputError, match="header"):
        load(policy="x", config_dir=folder)


@pytest.mark.parametrize(
    "defaults",
    ["5", "null", "{a: b}", "'???'", "[null]", "[[a]]", "[1]", "[{}]", "[{1: 2}]", '[{"": a}]', "[{a: [b, 1]}]",
     "[{/policy: 5}]", "['???']", "[{a: b, c: d}]", "[/../outside/evil@_global_]", "[../outside/evil]",
     "[{/../outside@_global_: evil}]", "[{/policy: ../outside/evil}]", "[//outside/evil]", "['C:\\evil']",
     "['${months}']", "[{'/policy@${months}': none}]", "[none@]"],
)  # fmt: skip
def test_defaults_that_lead_out_or_make_no_sense_are_refused(tmp_path: Path, defaults: str) -> None:
    own(tmp_path, "../outside/evil.yaml", "months: 3\n")
    folder = own(tmp_path, "policy/x.yaml", f"defaults: {defaults}\n")
    with pytest.raises(InputError, match=r"x\.yaml: defaults: ") as caught:
        load(config_dir=folder)
    assert "\n" not in str(caught.value)


def test_defaults_that_lead_round_name_what_was_chosen(tmp_path: Path) -> None:
    folder = own(tmp_path, "policy/x.yaml", "defaults: [x]\n")
    with pytest.raises(InputError, match="policy=x: its list of defaults leads back to itself"):
        load(policy="x", config_dir=folder)


def test_defaults_inside_the_folder_are_taken(tmp_path: Path) -> None:
    own(tmp_path, "policy/方案（二）.yaml", "measures: {member_contact: {quota: 4}}\n")
    text = "defaults: [方案（二）, {optional /firm@here: nowhere}, {/firm: null}, _self_]\nname: mine\n"
    folder = own(tmp_path, "policy/x.yaml", text)
    policy = load(policy="x", config_dir=folder).policy
    assert (policy.name, [entry.label for entry in policy.entries()]) == (
        "mine",
        ["member_contact"],
    )


@pytest.mark.parametrize("linked", ["scenarios", "scenarios/x.yaml", "policy/deep/more"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, linked: str) -> None:
    """Catches a check that does not go down where Hydra does."""
    text = "population: {household_file: /etc/passwd}\n"
    elsewhere = own(tmp_path, "../elsewhere/x.yaml", text).parent / "elsewhere"
    folder = own(tmp_path, "policy/deep/y.yaml", "name: a\n")
    (folder / linked).parent.mkdir(exist_ok=True)
    (folder / linked).symlink_to(elsewhere / "x.yaml" if "." in linked else elsewhere)
    with pytest.raises(InputError, match=f"{linked}: is a link out of the folder"):
        load("x", config_dir=folder)


def test_links_inside_the_folder_and_to_it_work_and_what_they_lead_to_is_checked(
    tmp_path: Path,
) -> None:
    folder = own(tmp_path, "mine/x.yaml", "months: 3\n")
    (folder / "scenarios").symlink_to("mine")
    (tmp_path / "link").symlink_to(folder)
    assert load("x", config_dir=tmp_path / "link").months == 3
    own(tmp_path, "mine/x.txt", "population: {household_file: /etc/passwd}\n")
    (folder / "mine/y.yaml").symlink_to("x.txt")
    with pytest.raises(InputError, match="leads elsewhere"):
        load("x", config_dir=folder)
    (folder / "mine/y.yaml").unlink()
    (folder / "round").symlink_to("round")
    with pytest.raises(InputError, match="round: is a link"):
        load("x", config_dir=folder)


@pytest.mark.parametrize("name", ["hydra/launcher/x.yaml", "hydra.launcher/x.yaml", "Hydra.yaml"])
def test_a_folder_brings_no_group_of_hydras(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="sets Hydra's own keys"):
        load(config_dir=own(tmp_path, name, "_target_: os.mkdir\n"))


def hydra_app(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parents[1])
    return subprocess.run(
        [sys.executable, "-m", "sim.hydra_app", *words], cwd=tmp_path, check=False, text=True,
        capture_output=True, timeout=300, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--config-dir", "own", "scenario=evil"], "evil.yaml: sets Hydra's own keys"),
        (["-cd=own", "scenario=kangqiao"], "evil.yaml: sets Hydra's own keys"),
        (["--config-path", "own"], "--config-path: "),
        (["--experimental-rerun", "own/x.pickle"], "--experimental-rerun: "),
        (["+hydra.searchpath=[file://own]"], "hydra.searchpath: "),
    ],
)
def test_hydras_own_command_checks_the_folder_before_it_reads_it(
    tmp_path: Path, mark: Path, words: list[str], said: str
) -> None:
    """Catches callbacks of a scenario's file that run before anyone has looked at it."""
    callback = f"{{_target_: os.mkdir, path: '{mark}'}}"
    own(tmp_path, "scenarios/evil.yaml", f"hydra: {{callbacks: {{x: {callback}}}}}\n")
    done = hydra_app(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {said}") and done.stderr.count("\n") == 1
    assert not mark.exists()


def test_the_tree_of_a_scenario_holds_no_key_of_hydras(tmp_path: Path) -> None:
    folder = own(tmp_path, "scenarios/x.yaml", "hydra: {job: {chdir: true}}\n")
    with pytest.raises(InputError, match=r"x\.yaml: sets Hydra's own keys"):
        scenario_tree("x", folder)


@pytest.mark.parametrize(
    "text",
    [
        "a0: &a0 [1,1,1,1,1,1,1,1,1]\n"
        + "".join(f"a{i + 1}: &a{i + 1} [{','.join([f'*a{i}'] * 9)}]\n" for i in range(9)),
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
    ],
)
def test_aliases_do_not_blow_up(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"x\.yaml.*(aliases|recursi)"):
        load("x", config_dir=own(tmp_path, "scenarios/x.yaml", text))


def test_configuration_files_have_a_size(tmp_path: Path) -> None:
    folder = own(tmp_path, "scenarios/x.yaml", "# " + "x" * 5 * 2**20 + "\nmonths: 3\n")
    with pytest.raises(InputError, match="at most"):
        load("x", config_dir=folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    folder = own(tmp_path, "scenarios/x.yaml", "months: 3\n")
    os.mkfifo(folder / "scenarios/pipe.yaml")
    for read in (lambda: load("x", config_dir=folder), lambda: scenario_tree("pipe", folder)):
        with pytest.raises(InputError, match=r"pipe\.yaml: is no ordinary file"):
            read()


def test_deep_files_are_refused(tmp_path: Path) -> None:
    folder = own(tmp_path, "scenarios/x.yaml", "a: " + "[" * 3000 + "]" * 3000 + "\n")
    with pytest.raises(InputError):
        load("x", config_dir=folder)


# --- results and names ---


def test_names_of_results_stay_in_the_results(tmp_path: Path) -> None:
    for name in ("../../x", "/tmp/x", "..", "a\0b", "x" * 3000, "<script>alert(1)</script>", "CON"):
        config = fake_model.configuration()
        scenario = config.scenario.model_copy(update={"name": name})
        renamed = config.model_copy(update={"scenario": scenario})
        folder = Question(renamed).asked.folder(tmp_path)
        assert folder.parent == tmp_path / "run"
        assert folder.resolve().parent == (tmp_path / "run").resolve()
        assert len(folder.name.encode()) <= 255 and "<" not in folder.name


def test_pickles_are_no_uploads(tmp_path: Path, mark: Path) -> None:
    bytes_ = pickle.dumps(Bomb(mark))
    for name in ("x.csv", "x.graphml", "x.gexf", "x.pkl", "x.parquet", "x.npz"):
        path = tmp_path / name
        path.write_bytes(bytes_)
        for read in (read_households, lambda p: read_edges(p, 5), read_posterior):
            with pytest.raises(InputError):
                read(str(path))
    assert not mark.exists()


def hostile(path: Path, mark: Path, columns: dict[str, Any]) -> None:
    """A Parquet file whose metadata and cells carry pickles."""
    bomb = pickle.dumps(Bomb(mark))
    kind = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": bomb}
    fields = [pa.field(name, pa.array(v).type, metadata=kind) for name, v in columns.items()]
    schema = pa.schema([*fields, pa.field("cell", pa.binary())], metadata={b"pandas": b"{}"})
    cells = pa.array([bomb] * len(next(iter(columns.values()))))
    pq.write_table(pa.table([*map(pa.array, columns.values()), cells], schema=schema), path)


def test_parquet_of_draws_runs_no_code(tmp_path: Path, mark: Path) -> None:
    hostile(tmp_path / "p.parquet", mark, {"fees.service": [3.0, 4.0]})
    assert read_posterior(tmp_path / "p.parquet")["fees.service"].tolist() == [3.0, 4.0]
    assert not mark.exists()


def test_a_folder_of_results_runs_no_code(tmp_path: Path, mark: Path) -> None:
    study = run(fake_model.configuration(), out=tmp_path, model=fake_model.FakeModel)
    assert study.folder is not None
    hostile(study.folder / "costs.parquet", mark, {"run": [0], "hours": [1.0]})
    manifest = store.read_manifest(study.folder)
    manifest["files"]["costs.parquet"] = store.sha256(study.folder / "costs.parquet")
    manifest["configuration"]["policy"]["_target_"] = "os.mkdir"
    (study.folder / store.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="configuration is not"):
        read_study(study.folder)
    del manifest["configuration"]["policy"]["_target_"]
    (study.folder / store.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="is no table"):
        read_study(study.folder)
    assert not mark.exists()


def test_files_named_by_a_manifest_are_its_own(tmp_path: Path) -> None:
    study = run(fake_model.configuration(), out=tmp_path, model=fake_model.FakeModel)
    assert study.folder is not None
    manifest = store.read_manifest(study.folder)
    manifest["files"] = {"../../secret.parquet": "0" * 64}
    (study.folder / store.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"no entry|cannot be read"):
        read_study(study.folder)


# --- bombs ---


def test_archives_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("x.csv.gz", "x.gz", "x.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(b"fees.habit\n" + b"0.1\n" * 100))
        with pytest.raises(InputError):
            lay_out([parse_sweep("experiment.design=csv"), ("experiment.file", str(path))])
        with pytest.raises(InputError):
            read_households(str(path))
    monkeypatch.setattr("sim.intake.sheets.LARGEST_BYTES", 10)
    (tmp_path / "y.csv").write_text("fees.habit\n0.1\n0.2\n")
    with pytest.raises(InputError, match="at most 10"):
        lay_out(
            [parse_sweep("experiment.design=csv"), ("experiment.file", str(tmp_path / "y.csv"))]
        )


@pytest.mark.parametrize("ending", ["graphml", "gexf"])
def test_xml_entities_are_refused_before_they_grow(tmp_path: Path, ending: str) -> None:
    (tmp_path / "secret").write_text("0")
    laughs = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(12))
    for inside in (
        f'<!DOCTYPE g [<!ENTITY l0 "ha">{laughs}]><graphml>&l12;</graphml>',
        f'<!DOCTYPE g [<!ENTITY x SYSTEM "file://{tmp_path}/secret">]><graphml>&x;</graphml>',
        f'<!DOCTYPE g [<!ENTITY % x SYSTEM "file://{tmp_path}/secret">%x;]><graphml/>',
        f'<!DOCTYPE g SYSTEM "file://{tmp_path}/secret"><graphml/>',
    ):
        path = tmp_path / f"g.{ending}"
        path.write_text(inside)
        with pytest.raises(InputError, match="document type"):
            read_edges(str(path), 3)


def test_a_small_parquet_of_one_value_a_million_times(tmp_path: Path) -> None:
    """Catches draws that are unpacked whole before anyone asks how many there are."""
    frame = pd.DataFrame({"fees.service": np.full(3_000_000, 3.0)})
    frame.to_parquet(tmp_path / "p.parquet")
    assert (tmp_path / "p.parquet").stat().st_size < 100_000
    with pytest.raises(InputError, match="at most"):
        read_posterior(tmp_path / "p.parquet")
