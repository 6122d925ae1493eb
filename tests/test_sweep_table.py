"""What a sweep prints: every point in the units of ``run``, or every level of every key."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import fake_model
import pytest
from conftest import Command
from rich.console import Console

from sim.experiments.sweep import Sweep
from sim.experiments.sweep_table import print_sweep
from sim.questions.sweep import sweep

SMALL: dict[str, Any] = {"months": 4, "replications": 2, "executor__workers": 1}


def fake(*words: str, **keys: Any) -> Sweep:
    return sweep(None, *words, model=fake_model.FakeModel, **{**SMALL, **keys})


def shown(lived: Sweep, *most: int) -> list[list[str]]:
    """What is printed, line by line and cell by cell."""
    stream = io.StringIO()
    print_sweep(lived, Console(file=stream, width=400), *most)
    return [re.split(r"\s{2,}", line.strip()) for line in stream.getvalue().splitlines()]


def test_every_point_has_a_row_in_the_units_of_run(tmp_path: Path) -> None:
    """Catches fractions beside ``run``'s percent, and points that are hidden: those of one policy."""
    lived = fake("policy=none,member_contact", "measure.quota=range(1,15)", out=tmp_path)
    rows = shown(lived)
    head = next(row for row in rows if row[0] == "policy")
    assert head[2:4] == ["Fees collected (%)", "Satisfied residents (%)"]
    cells = [row for row in rows if row[0] in ("none", "member_contact")]
    assert [row[1] for row in cells] == ["–", *(str(k) for k in range(1, 15))]
    means = lived.runs.groupby("point")["collection_rate_last12"].mean()
    assert [row[2] for row in cells] == [f"{100 * mean:.0f}" for mean in means]


def test_of_too_many_points_no_level_of_any_key_is_hidden(tmp_path: Path) -> None:
    """Catches «... and 12 more points» over all rows of the policy asked about."""
    lived = fake("policy=none,member_contact", "months=range(1,32)", out=tmp_path)
    assert lived.design.points.num_rows == 62
    rows = shown(lived)
    first = next(place for place, row in enumerate(rows) if row[0] == "policy")
    assert [row[:2] for row in rows[first : first + 2]] == [
        ["policy", "none"],
        ["member_contact", "62"],
    ]
    for row, policy in zip(rows[first : first + 2], ("none", "member_contact"), strict=True):
        own = lived.runs[lived.runs["policy"] == policy]["collection_rate_last12"]
        assert row[-5] == f"{100 * own.mean():.0f}"
    start = next(place for place, row in enumerate(rows) if row[0] == "months")
    bands = [" ".join(row) for row in rows[start : start + 12]]
    ends = [re.search(r"(\d+) to (\d+)", band) for band in bands]
    held = [k for found in ends if found for k in range(int(found[1]), int(found[2]) + 1)]
    assert held == list(range(1, 32)), "bands hold every number once"
    assert any("--points 62 with the same command shows each point" in row[0] for row in rows)
    every = [row for row in shown(lived, 62) if row[1:2] in (["none"], ["member_contact"])]
    assert len(every) == 62


def test_runs_without_a_value_are_left_out_of_what_is_printed(tmp_path: Path) -> None:
    """Catches a point without a firm that shows nan or 0."""
    lived = sweep(
        None, "firm.present=true,false", firm__enters=0, out=tmp_path, population__households=60,
        population__buildings=2, **SMALL,
    )  # fmt: skip
    rows = shown(lived)
    found = {row[0]: row[1] for row in rows if row[0] in ("True", "False")}
    assert found["False"] == "–" and float(found["True"]) > 50
    told = " ".join(" ".join(row) for row in rows)
    assert "left out of a mean" in told and "nan" not in told


def test_what_is_appended_is_shown_and_not_what_was_there(tmp_path: Path) -> None:
    """Catches the rows of a folder's first design under the heading of the second."""
    first = fake("fees.trust=1,2", out=tmp_path)
    second = fake("fees.trust=3,4", append=first.folder)
    rows = {row[0]: row[1] for row in shown(second) if row[0] in ("1", "2", "3", "4")}
    runs = second.runs.groupby("fees.trust")["collection_rate_last12"].mean()
    assert rows == {f"{key:g}": f"{100 * runs[key]:.0f}" for key in (3.0, 4.0)}


def test_the_command_shows_as_many_points_as_are_asked_for(xiaoqu: Command, tmp_path: Path) -> None:
    words = ["sweep", "fees.trust=1,2,3", "months=1", "replications=1", "population.households=60",
             "population.buildings=2", "executor=serial", "--out", str(tmp_path)]  # fmt: skip
    few, every = xiaoqu(*words, "--points", "2"), xiaoqu(*words)
    assert few[0] == every[0] == 0
    assert "--points 3 with the same command" in few[1] and "--points" not in every[1]


@pytest.mark.parametrize("kept", [True, False])
def test_it_is_the_same_from_a_folder_and_from_memory(tmp_path: Path, kept: bool) -> None:
    lived = fake("fees.trust=1,2", out=tmp_path if kept else None)
    means = lived.runs.groupby("fees.trust")["satisfied_share_last12"].mean()
    rows = {row[0]: row[2] for row in shown(lived) if row[0] in ("1", "2")}
    assert rows == {f"{key:g}": f"{100 * mean:.0f}" for key, mean in means.items()}
