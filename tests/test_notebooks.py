"""Every notebook runs from clean at its small size, and says what it should."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parents[1] / "notebooks"
SOURCES = sorted(HERE.glob("[0-9][0-9]_*.py"))
SAID = ("**Question.**", "**Method.**", "## What it does not show")

pytest.importorskip("nbclient")


def test_there_are_ten() -> None:
    assert [path.name[:2] for path in SOURCES] == [f"{k:02}" for k in range(1, 11)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_it_runs_and_leaves_page_figures_and_data(source: Path, tmp_path: Path) -> None:
    """Catches a notebook that the package has left behind."""
    text = source.read_text(encoding="utf-8")
    assert all(word in text for word in SAID)
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
