"""Notebooks run from clean at their small size, and say what they should; `python notebooks/run.py` runs all eleven."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

HERE = Path(__file__).parents[1] / "notebooks"
SOURCES = sorted(HERE.glob("[0-9][0-9]_*.py"))
SLOW = {"03", "09"}
RUN = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if path.name[:2] in SLOW else [])
    for path in SOURCES if path.name[:2] in {"01", *SLOW}
]  # fmt: skip
"""Those that are run here: a case, a comparison, an own compound."""
SAID = ("**Question.**", "**Method.**", "## What it does not show")

pytest.importorskip("nbclient")

MOST_BYTES = 6_000_000
"""Of all executed notebooks together, so that a clone stays quick."""


def written() -> list[tuple[Path, dict[str, Any]]]:
    """The executed notebooks that are kept."""
    paths = sorted(HERE.glob("*.ipynb"))
    return [(path, json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def test_executed_notebooks_have_the_cells_of_their_sources(monkeypatch: Any) -> None:
    """Catches a source that was changed without ``python notebooks/run.py --write``, or the other way round."""
    monkeypatch.syspath_prepend(str(HERE))
    import run

    for path, kept in written():
        source = run.read(path.with_suffix(".py"))
        for now, then in zip(source.cells, kept["cells"], strict=True):
            assert (now["cell_type"], now["id"]) == (then["cell_type"], then["id"]), path.name
            assert now["source"] == "".join(then["source"]), f"{path.name}: run.py --write"
    assert [path.stem for path, _ in written()] == [path.stem for path in SOURCES]


def test_executed_notebooks_show_figures_and_nothing_of_a_machine() -> None:
    """Catches one that was kept half run, a path, an address in memory, a time, and pictures for print."""
    for path, kept in written():
        code = [cell for cell in kept["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
        outputs = [output for cell in code for output in cell["outputs"]]
        assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
        assert any("image/png" in output.get("data", {}) for output in outputs), path.name
        for output in outputs:
            shown = {k: v for k, v in output.get("data", {}).items() if k != "image/png"}
            text = json.dumps([shown, output.get("text")])
            found = re.search(r"/tmp/|/home/|/Users/|\\\\Users|0x[0-9a-f]{6,}|\d\d:\d\d:\d\d", text)
            assert not found, f"{path.name}: {found}"
        assert kept["metadata"].keys() == {"kernelspec", "language_info"}
        assert not any(cell["metadata"] for cell in kept["cells"])
    assert sum(path.stat().st_size for path, _ in written()) < MOST_BYTES


def test_there_are_eleven() -> None:
    assert [path.name[:2] for path in SOURCES] == [f"{k:02}" for k in range(1, 12)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_it_says_what_it_asks_and_what_it_does_not_show(source: Path) -> None:
    """Catches a notebook whose reader cannot tell what it is for."""
    text = source.read_text(encoding="utf-8")
    assert all(word in text for word in SAID)


@pytest.mark.parametrize("source", RUN)
def test_it_runs_and_leaves_page_figures_and_data(source: Path, tmp_path: Path) -> None:
    """Catches a notebook that the package has left behind."""
    text = source.read_text(encoding="utf-8")
    command = [sys.executable, str(HERE / "run.py"), source.name[:2], "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    place = tmp_path / "notebooks"
    executed = json.loads((place / f"{source.stem}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    assert (place / f"{source.stem}.html").stat().st_size > 50_000
    drawn = sorted((place / "figures").glob("*.png"))
    assert len(drawn) >= len(set(re.findall(r'"(\d\d-[a-z-]+)"', text))) > 0
    for path in drawn:
        assert path.with_suffix(".pdf").exists() and path.with_suffix(".svg").exists()
        assert len(pd.read_parquet(path.with_suffix(".parquet")))
        assert (
            path.name in json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["files"]
        )
