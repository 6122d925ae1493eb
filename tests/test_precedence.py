"""A folder of one's own: its file of a name stands in place of ours, whatever the group, and it is said."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Command

from sim import inputs
from sim.compose import folder, load, load_overrides, parse_sweep
from sim.config import Config
from sim.errors import InputError
from sim.experiments.design import lay_out

SHIPPED = [
    *((path.parent.name, path.stem) for path in sorted(folder("configs").glob("*/*.yaml"))),
    *(("scenario", path.stem) for path in sorted(folder("scenarios").glob("*.yaml"))),
]
OWN: dict[str, tuple[str, Any]] = {
    "scenario": ("population.households", 71), "policy": ("policy.title", "own"),
    "experiment": ("experiment.samples", 7), "executor": ("executor.threads", 3),
    "mechanisms": ("mechanisms.turnover", False), "network": ("network.forget", 0.77),
    "population": ("population.households", 72), "firm": ("firm.diligence", 0.11),
    "committee": ("committee.term", 17), "cell": ("cell.hours_per_member", 3.25),
    "community": ("community.daily_duties", 0.777), "developer": ("developer.legacy", 0.77),
}  # fmt: skip
"""For each group that comes along a key of it, and a value that none of our files has."""


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Lines are said once a process."""
    inputs._said.clear()
    yield


def write(path: Path, tree: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tree if isinstance(tree, str) else yaml.safe_dump(tree), encoding="utf-8")
    return path


def value(config: Config, key: str) -> Any:
    found: Any = config
    for part in key.split("."):
        found = getattr(found, part)
    return found


def own_file(root: Path, group: str, name: str, said: Any = None) -> Path:
    """A file that says one thing, as files of the group do."""
    key, usual = OWN[group]
    said = usual if said is None else said
    place = root / ("scenarios" if group == "scenario" else group) / f"{name}.yaml"
    above, _, last = key.rpartition(".")
    return write(place, {above: {last: said}} if group == "scenario" else {last: said})


def main_file(root: Path, **changes: str) -> Path:
    """Our own config.yaml with some lines changed."""
    text = (folder("configs") / "config.yaml").read_text(encoding="utf-8")
    for name, line in changes.items():
        text, count = re.subn(rf"(?m)^(\s*-?\s*){name}: .*$", rf"\g<1>{name}: {line}", text)
        assert count == 1, name
    return write(root / "config.yaml", text)


def test_every_group_that_comes_along_is_tried() -> None:
    assert {group for group, _ in SHIPPED} == set(OWN)


@pytest.mark.parametrize(("group", "name"), SHIPPED)
def test_an_own_file_stands_in_place_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], group: str, name: str
) -> None:
    """Catches a group in which ours wins without a word."""
    key, said = OWN[group]
    ours = value(load_overrides([f"{group}={name}"]), key)
    said = not ours if group == "mechanisms" else said
    assert ours != said
    capsys.readouterr()
    path = own_file(tmp_path, group, name, said)
    assert value(load_overrides([f"{group}={name}"], tmp_path), key) == said
    place = path.relative_to(tmp_path).as_posix()
    assert capsys.readouterr().err == (
        f"{tmp_path}: {place} in place of what xiaoqu has under that name\n"
    )


def test_it_stands_whole_and_not_merged(tmp_path: Path) -> None:
    write(tmp_path / "firm" / "extractive.yaml", {"diligence": 0.11})
    firm = load(None, "firm=extractive", config_dir=tmp_path).firm
    usual = load().firm
    assert load(None, "firm=extractive").firm.skimming != usual.skimming
    assert (firm.diligence, firm.skimming) == (0.11, usual.skimming)


def test_a_policy_named_like_a_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path / "policy" / "member_contact.yaml", {"measures": {"member_contact": {"quota": 3}}}
    )
    for policy in ("member_contact", ["member_contact", "lead_by_paying"]):
        found = load(None, policy=policy, config_dir=tmp_path).policy
        assert found.measures["member_contact"] == {"quota": 3}
    assert "policy/member_contact.yaml in place of" in capsys.readouterr().err


def test_a_file_that_says_the_same_as_ours_is_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches thirty names where somebody copied all and changed one."""
    shutil.copytree(folder("configs"), tmp_path, dirs_exist_ok=True)
    write(tmp_path / "firm" / "open.yaml", {"diligence": 0.11})
    load(None, "firm=open", config_dir=tmp_path)
    assert capsys.readouterr().err.startswith(f"{tmp_path}: firm/open.yaml in place of")


def test_config_yaml_stands_in_place_of_ours_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a months: 7 that is passed over."""
    main_file(tmp_path, months="7", scenario="kangqiao", policy="shenhong", firm="own")
    write(tmp_path / "firm" / "own.yaml", {"diligence": 0.11})
    config = load_overrides(["replications=2"], tmp_path)
    assert (config.months, config.replications, config.firm.diligence) == (7, 2, 0.11)
    assert (config.scenario.name, config.policy.name) == ("kangqiao", "shenhong")
    assert "config.yaml in place of" in capsys.readouterr().err
    other = load_overrides(
        ["months=8", "policy=none", "scenario=w_compound", "firm=null"], tmp_path
    )
    assert other == load_overrides(["months=8", "policy=none", "scenario=w_compound"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("months: 7\n", "config.yaml: defaults: lacks _self_, scenario, policy"),
        ("defaults: [_self_]\nmonths: 7\n", "config.yaml: defaults: lacks scenario, policy"),
        ("again", "config.yaml: defaults: has other groups, or another order"),
        ("unknown", "policy: no policy is named 'nobody'"),
    ],
)
def test_a_config_yaml_that_loses_the_groups_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    if text == "unknown":
        main_file(tmp_path, policy="nobody")
    elif text == "again":
        path = main_file(tmp_path)
        ours = path.read_text(encoding="utf-8").replace("  - _self_\n", "")
        write(path, ours.replace("  - executor: null\n", "  - executor: null\n  - _self_\n"))
    else:
        write(tmp_path / "config.yaml", text)
    with pytest.raises(InputError) as error:
        load_overrides(["months=3"], tmp_path)
    assert str(error.value).startswith(said)


def test_sweeps_and_the_command_keep_the_rule(xiaoqu: Command, tmp_path: Path) -> None:
    main_file(tmp_path, months="7")
    own_file(tmp_path, "firm", "open")
    asked = lay_out([parse_sweep("firm=open,null", tmp_path)], tmp_path)
    assert asked.bases[0].tree["firm"]["diligence"] == 0.11
    assert {base.tree["months"] for base in asked.bases} == {7}
    inputs._said.clear()
    code, out, err = xiaoqu("run", "firm=open", "--config-dir", str(tmp_path), "--cfg", "job")
    assert code == 0 and "diligence: 0.11\n" in out and "months: 7\n" in out
    assert "config.yaml, firm/open.yaml in place of what xiaoqu has" in err


def test_hydras_own_application_keeps_the_rule(tmp_path: Path) -> None:
    """Catches a shown configuration that is not the one lived."""
    main_file(tmp_path, months="7")
    own_file(tmp_path, "firm", "open")
    own_file(tmp_path, "policy", "none")
    words = ["firm=open", "population.households=61", "--config-dir", str(tmp_path), "--cfg", "job"]
    done = subprocess.run(
        [sys.executable, "-m", "sim.hydra_app", *words], cwd=tmp_path, check=False, text=True,
        capture_output=True, env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    shown = yaml.safe_load(done.stdout)
    assert (shown["months"], shown["firm"]["diligence"], shown["policy"]["title"]) == (
        7,
        0.11,
        "own",
    )
    assert shown["population"]["households"] == 61


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("scenario/kangqiao.yaml", "scenarios/kangqiao.yaml"),
        ("policies/none.yaml", "policy/none.yaml"),
        ("firms/open.yaml", "firm/open.yaml"),
        ("policy/none.yml", "policy/none.yaml"),
        ("scenarios/kangqiao.YAML", "scenarios/kangqiao.yaml"),
    ],
)
def test_files_that_would_be_passed_over_are_refused(
    tmp_path: Path, place: str, allowed: str
) -> None:
    write(tmp_path / place, "{}\n")
    with pytest.raises(InputError) as error:
        load("kangqiao", config_dir=tmp_path)
    assert str(error.value) == f"{place}: is not looked for under this name; allowed: {allowed}"


def test_other_files_beside_the_groups_are_nobodys_business(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in (".github/ci.yml", "notes/plan.yaml", "policy/readme.txt"):
        write(tmp_path / place, "{}\n")
    load("kangqiao", config_dir=tmp_path)
    assert capsys.readouterr().err == ""
