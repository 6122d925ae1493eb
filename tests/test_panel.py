"""Households month by month: what a panel keeps, where it is found again, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from conftest import Command, assert_same_tables

from sim.compose import load
from sim.config import Policy
from sim.errors import InputError
from sim.experiments.run import run
from sim.experiments.store import read_study
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.world.process import Month, python

SMALL: dict[str, Any] = {
    "population": {"households": 60, "buildings": 3}, "months": 6, "executor": {"workers": 1},
}  # fmt: skip
ASKED = ("satisfaction", "paid", "arrears_fen")


def small(**keys: Any) -> Any:
    return load("kangqiao", **SMALL | keys)


def by_hand(model: NeighborhoodModel) -> pd.DataFrame:
    """What a panel should hold, read off the columns between months."""
    parts = []
    while True:
        columns = {name: getattr(model.households, name).copy() for name in ASKED}
        rows = np.arange(len(model.households))
        keys = {"month": model.month, "compound": model.households.compound, "household": rows}
        parts.append(pd.DataFrame(keys | columns))
        if model.month == model.config.months:
            return pd.concat(parts, ignore_index=True)
        model.step()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_panel_is_what_households_are_at_the_end_of_each_month(threads: int) -> None:
    """Catches a month kept before it is over, kept twice or left out, and views that go on changing."""
    config = small(district={"compounds": 2}, executor={"threads": threads})
    expected = by_hand(NeighborhoodModel(config, seed=3))
    model = NeighborhoodModel(config, seed=3)
    panel = model.panel(ASKED)
    model.run()
    pd.testing.assert_frame_equal(panel.frame(), expected, check_dtype=False)
    assert panel.frame()["paid"].dtype == np.int8 and panel.frame()["household"].dtype == np.int32


def test_a_panel_begins_where_it_is_asked_for_and_is_the_same_when_asked_again() -> None:
    """Catches months from before that were never kept shown as empty, or a second copy of each month."""
    model = NeighborhoodModel(small())
    model.live_until(2)
    panel = model.panel(["paid"])
    model.live_until(4)
    assert model.panel("paid") is panel and panel.months == [2, 3, 4]
    other = model.panel(["paid", "stage"])
    model.run()
    assert (panel.months, other.months) == ([2, 3, 4, 5, 6], [4, 5, 6])


def test_a_fork_goes_on_with_its_pasts_panel() -> None:
    """Catches a panel without the shared past, or one that two futures write into."""
    config = small(policy="member_contact")
    alone = NeighborhoodModel(config, seed=5)
    kept = alone.panel(ASKED)
    alone.run()
    past = NeighborhoodModel(config.model_copy(update={"policy": Policy()}), seed=5)
    panel = past.panel(ASKED)
    past.live_until(0)
    twin = past.fork(config)
    past.live_until(3)
    twin.run()
    pd.testing.assert_frame_equal(twin.panel(ASKED).frame(), kept.frame())
    assert panel.months[-1] == 3


class Diary(NeighborhoodModel):
    """A model of somebody's own: another month, and more at each step."""

    processes: ClassVar[Month] = MONTH.without("use_commons").after(
        "pay", python(lambda world: None, "diary")
    )

    def step(self) -> None:
        """Live a month and write it down."""
        super().step()
        self.written = [*getattr(self, "written", []), self.month]


def test_a_model_of_ones_own_keeps_it_too(tmp_path: Path) -> None:
    """Catches a panel that only our own class, or our own list of processes, can keep."""
    study = run(small(replications=2), tmp_path, model=Diary, panel=["paid"])
    model = Diary(small(), seed=2)
    panel = model.panel(["paid"])
    model.run()
    mine = study.panel.query("run == 1").drop(columns=["run", "seed"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, panel.frame())
    assert model.written[-1] == 6


# --- kept ---


def test_a_study_keeps_it_and_finds_it_again(tmp_path: Path) -> None:
    """Catches a panel that is lost, changed on the way, or lived again."""
    config = small(replications=2)
    first = run(config, tmp_path, panel=ASKED)
    assert list(first.panel.columns) == ["run", "seed", "month", "compound", "household", *ASKED]
    again = run(config, tmp_path, panel=reversed(ASKED))
    assert again.loaded and again.folder == first.folder
    pd.testing.assert_frame_equal(again.panel, first.panel)
    assert first.folder is not None
    pd.testing.assert_frame_equal(read_study(first.folder).panel, first.panel)
    owed = first.panel.groupby(["run", "month"])["arrears_fen"].sum() / 100
    assert owed.tolist() == first.months["arrears_yuan"].tolist()
    assert first.panel["seed"].unique().tolist() == [1, 2]


def test_another_panel_is_another_question(tmp_path: Path) -> None:
    """Catches an answer without the columns asked for, or one that takes another's place."""
    config = small(replications=1)
    studies = [run(config, tmp_path, panel=names) for names in ((), ["paid"], ["paid", "stage"])]
    assert len({study.folder for study in studies}) == 3
    assert not any(study.loaded for study in studies)
    with pytest.raises(InputError, match="panel: was not asked for"):
        _ = studies[0].panel
    tables = [study.months.equals(studies[0].months) for study in studies]
    assert tables == [True, True, True]


def test_a_damaged_panel_is_lived_again(tmp_path: Path) -> None:
    """Catches a file that was cut short read as an answer."""
    config = small(replications=1)
    study = run(config, tmp_path, panel=["paid"])
    assert study.folder is not None
    (study.folder / "panel.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"panel\.parquet: has changed since"):
        read_study(study.folder)
    again = run(config, tmp_path, panel=["paid"])
    assert not again.loaded and read_study(study.folder).panel.equals(again.panel)


def test_threads_and_processes_keep_the_same_bytes(tmp_path: Path) -> None:
    """Catches a panel that stays behind in a worker, or lies in the order in which runs end."""
    ways = [{"workers": 1}, {"kind": "threads", "workers": 2}, {"kind": "processes", "workers": 2}]
    folders = [
        run(small(replications=3, executor=way), tmp_path / str(k), panel=ASKED).folder
        for k, way in enumerate(ways)
    ]
    for folder in folders[1:]:
        assert_same_tables(folders[0], folder)
    assert folders[0] is not None and (folders[0] / "panel.parquet").exists()


def test_a_run_that_fails_has_no_rows() -> None:
    """Catches a failed run that spoils the panel of the others."""
    study = run(small(replications=2), model=FailsAtTwo, panel=["paid"])
    assert study.runs["status"].tolist() == ["ok", "failed"]
    assert study.panel["run"].unique().tolist() == [0]


class FailsAtTwo(NeighborhoodModel):
    """Fails under seed 2."""

    def step(self) -> None:
        """Live a month, or fail."""
        if self.streams.seed == 2:
            raise ValueError("no")
        super().step()


# --- asked on the command line ---


def test_the_command_keeps_it(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches an option that is read and forgotten."""
    words = ["months=2", "replications=1", "population.households=40", "population.buildings=2"]
    code, out, _ = xiaoqu(
        "run", *words, "-q", "--out", str(tmp_path), "--panel", "paid, arrears_fen"
    )
    kept = pd.read_parquet(Path(out.strip()) / "panel.parquet")
    assert code == 0 and list(kept.columns[-2:]) == ["paid", "arrears_fen"] and len(kept) == 120


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("payed", "did you mean paid"),
        ("collection_rate", "households have no 'collection_rate'"),
        ("month", "households have no 'month'"),
        ("paid,satisfactoin", "did you mean satisfaction"),
    ],
)
def test_a_column_that_is_none_is_refused_before_anything_is_lived(
    xiaoqu: Command, tmp_path: Path, asked: str, said: str
) -> None:
    """Catches hours spent before a typing error is told, or told in a traceback."""
    code, out, err = xiaoqu("run", "--panel", asked, "--out", str(tmp_path / "kept"))
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    assert "allowed: building" in err and not (tmp_path / "kept").exists()


def test_a_panel_of_nothing_is_refused() -> None:
    """Catches a frame without columns that looks like an answer."""
    with pytest.raises(InputError, match="panel: names no column"):
        NeighborhoodModel(small()).panel([])
