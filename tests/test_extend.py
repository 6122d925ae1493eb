"""The guide to extending: every example is whole and does what it says."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from sim import NeighborhoodModel, load, own
from sim.measures import CATALOGUE
from sim.outcomes import INDICATORS
from sim.plugins import load_plugins

GUIDE = (Path(__file__).parents[1] / "docs" / "extend.md").read_text(encoding="utf-8")
SMALL: dict[str, Any] = {"months": 3, "population": {"households": 60, "buildings": 2}}


def example(name: str) -> str:
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", GUIDE, re.DOTALL)
    assert found, name
    return found[1]


def given(*names: str) -> None:
    """Write files of the guide and load them; at the same place each time, so that they are kept compiled."""
    files = []
    for name in names:
        text = example(name)
        folder = Path(tempfile.gettempdir()) / f"xiaoqu-{md5(text.encode()).hexdigest()}"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        files.append(folder / name)
    load_plugins(files)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    path = sys.path[:]
    yield
    sys.path[:] = path
    CATALOGUE.pop("letters", None)


def test_rule_attribute_indicator_actor_and_measure_are_lived_together() -> None:
    """Catches an example that a newcomer copies and that does nothing."""
    before = NeighborhoodModel(load(policy="none", **SMALL), seed=1)
    before.run()
    given("talk.py", "income.py", "longest.py", "steward.py", "letters.py")
    model = NeighborhoodModel(load(policy="letters", **SMALL), seed=1)
    model.run()
    incomes = set(model.households.income.tolist())  # type: ignore[attr-defined]
    assert incomes <= set(range(1, 11)) and len(incomes) > 5
    assert "talk" in [process.name for process in own.usual_month()]
    assert 0 < model.world.stewards[0].rounds <= 3
    owed = model.recorder.values[-1, 0, list(INDICATORS).index("longest_arrears")]
    assert owed == model.households.arrears_months.max()
    letters = [c for c in model.recorder.costs if c["measure"] == "letters"]
    assert [c["month"] for c in letters] == [1, 2, 3] and all(c["hours"] > 0 for c in letters)
    assert (model.households.satisfaction != before.households.satisfaction).any()


@pytest.mark.parametrize("name", ["network", "population"])
def test_a_network_and_a_population_are_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = example(name)
    small = text.replace("months=12,\n    replications=5", "months=1,\n    replications=1")
    assert small != text
    scope: dict[str, Any] = {}
    exec(compile(small, name, "exec"), scope)
    assert "collection_rate" in capsys.readouterr().out
    model = NeighborhoodModel(scope["config"], seed=1)
    assert len(model.households) == 48
    if name == "network":
        ours = model.to_networkx([])
        assert {frozenset(e) for e in ours.edges} == {
            frozenset((int(a), int(b))) for a, b in scope["graph"].edges
        }
    else:
        assert (model.households.tenure == 1).sum() == 6


def test_every_kind_has_an_example() -> None:
    kinds = ("Rule", "Attribute", "Indicator", "Actor", "Measure", "Network", "Population")
    for kind in kinds:
        part = re.search(rf"^## {kind}\n(.*?)^## ", GUIDE, re.DOTALL | re.MULTILINE)
        assert part and part[1].count("<!-- example: ") == 1, kind
