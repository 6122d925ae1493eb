"""The pages by reader: their examples run, and what they say of files and commands is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest

from sim import NeighborhoodModel, load

DOCS = Path(__file__).parents[1] / "docs"


def examples(page: str) -> dict[str, str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    marked = re.findall(r"<!-- example: ([^\n]+) -->\n```python\n(.*?)```", text, re.DOTALL)
    assert len(marked) == text.count("```python\n")
    return dict(marked)


@pytest.mark.parametrize("name", examples("panel_network.md"))
def test_panel_and_network_data_come_out_as_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # A district takes longer to be lived, and has the same columns.
    code = examples("panel_network.md")[name].replace("ordinary_district", "ordinary_estate")
    got: dict[str, Any] = {}
    exec(compile(code, name, "exec"), got)
    if name == "compounds":
        assert got["panel"].index.names == ["run", "compound", "month"]
        assert got["panel"].index.is_unique and Path("months.csv").exists()
    elif name == "policies":
        assert len(got["effect"]) == len(got["wide"]) / 2 and got["effect"][:0].eq(0).all()
    elif name == "households":
        keys = ["run", "month", "household"]
        assert not got["households"].duplicated(keys).any()
        assert {"seed", "compound", "paid", "moved"} <= set(got["households"])
    elif name == "network out":
        assert set(got["edges"]) == {"source", "target", "strength", "latent", "layer"}
        assert got["nodes"].index.tolist() == list(range(len(got["model"].households)))
        assert len(networkx.read_graphml("ties.graphml")) == len(got["nodes"])
    else:
        assert got["ties"]["month"].unique().tolist() == [0, 3, 6]


def test_a_graph_that_came_out_goes_in_again(tmp_path: Path) -> None:
    small = {"households": 60, "buildings": 2}
    first = NeighborhoodModel(load(policy="none", months=1, population=small), seed=1)
    path = tmp_path / "ties.graphml"
    networkx.write_graphml(first.to_networkx([]), path)
    network = {"generator": "file", "file": str(path)}
    config = load(policy="none", months=1, population=small, network=network)
    second = NeighborhoodModel(config, seed=1)
    ours, theirs = first.to_networkx([]), second.to_networkx([])
    assert set(map(frozenset, ours.edges)) == set(map(frozenset, theirs.edges))
    strengths = [[g.edges[e]["strength"] for e in sorted(ours.edges)] for g in (ours, theirs)]
    np.testing.assert_allclose(*strengths)


def test_the_example_of_a_rerun_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "rerun.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(code, "rerun.md", "exec"), {})
    assert capsys.readouterr().out.startswith("True the same: all 3 files, byte by byte")
