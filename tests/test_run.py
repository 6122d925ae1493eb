"""Replications: the same whatever the number of processes, and failures are told."""

from __future__ import annotations

import io
from pathlib import Path

import fake_model
import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

from sim.as_text import number_text
from sim.compose import load
from sim.errors import InputError
from sim.experiments.run import live, run
from sim.experiments.summary import summarise
from sim.experiments.summary_table import _target_cell, print_summary, spent_by_actor
from sim.outcomes import INDICATORS

CONFIG = fake_model.configuration()


def test_every_seed_is_lived_once_and_in_order() -> None:
    study = run(CONFIG, model=fake_model.FakeModel)
    assert study.runs["seed"].tolist() == [1, 2, 3, 4, 5]
    assert study.runs["run"].tolist() == [0, 1, 2, 3, 4]
    assert set(study.runs["status"]) == {"ok"}
    assert len(study.months) == 5 * (14 + fake_model.HISTORY) * fake_model.COMPOUNDS
    assert study.folder is None


def test_months_hold_what_the_model_recorded() -> None:
    study = run(CONFIG, model=fake_model.FakeModel)
    recorded = fake_model.Recorder(CONFIG, 3)
    row = study.months.query("seed == 3 and month == 7 and compound == 1").iloc[0]
    place = list(recorded.months).index(7)
    assert row[list(INDICATORS)].tolist() == recorded.values[place, 1].tolist()


def test_end_and_last_12_months_of_a_run() -> None:
    study = run(CONFIG, model=fake_model.FakeModel)
    values = fake_model.Recorder(CONFIG, 2).values[:, :, 0].mean(axis=1)
    row = study.runs.query("seed == 2").iloc[0]
    assert row["collection_rate_end"] == pytest.approx(values[-1])
    assert row["collection_rate_last12"] == pytest.approx(values[-12:].mean())


def test_mean_of_a_short_run_leaves_the_history_out() -> None:
    config = fake_model.configuration(months=3)
    study = run(config, model=fake_model.FakeModel)
    values = fake_model.Recorder(config, 1).values[:, :, 0].mean(axis=1)
    assert study.runs["collection_rate_last12"][0] == pytest.approx(values[-3:].mean())


def test_two_processes_write_the_same_bytes_as_one(tmp_path: Path) -> None:
    two = fake_model.configuration(executor={"workers": 2})
    studies = [
        run(config, tmp_path / str(number), model=fake_model.FailsOnEvenSeeds)
        for number, config in enumerate((CONFIG, two))
    ]
    for name in ("runs", "months", "costs"):
        first, second = (study.folder / f"{name}.parquet" for study in studies if study.folder)
        assert first.read_bytes() == second.read_bytes(), name


def test_failed_replication_is_a_row() -> None:
    study = run(CONFIG, model=fake_model.FailsOnEvenSeeds)
    failed = study.runs.query("status == 'failed'")
    assert failed["seed"].tolist() == [2, 4]
    assert set(failed["stage"]) == {"run"}
    assert failed["message"].iloc[0].startswith("ZeroDivisionError: no households left (fake_model")
    assert failed["collection_rate_end"].isna().all()
    assert sorted(study.months["seed"].unique()) == [1, 3, 5]


@pytest.mark.parametrize(
    ("model", "stage"), [(fake_model.NeverBuilds, "build"), (fake_model.WrongShape, "record")]
)
def test_failure_names_its_stage(model: type, stage: str) -> None:
    assert live(CONFIG, 1, model).stage == stage


def test_all_failed_raises_with_the_first_reason() -> None:
    with pytest.raises(RuntimeError, match=r"all 5 replications failed.*seed 1.*too large"):
        run(CONFIG, model=fake_model.NeverBuilds)


@pytest.mark.parametrize("workers", [1, 2])
def test_refused_input_is_said_as_it_is(workers: int) -> None:
    config = fake_model.configuration(executor={"workers": workers})
    with pytest.raises(InputError, match=r"^network.file: 'x.csv' is not there"):
        run(config, model=fake_model.Refuses)


def test_seeds_beyond_the_largest_are_refused() -> None:
    with pytest.raises(InputError, match="seed"):
        run(fake_model.configuration(seed=2**32 - 2), model=fake_model.FakeModel)


def test_interrupt_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(CONFIG, tmp_path, model=fake_model.Interrupted)
    assert [path for path in tmp_path.rglob("*") if path.name != "run"] == []


def test_progress_goes_to_standard_error_only(capfd: pytest.CaptureFixture[str]) -> None:
    run(CONFIG, progress=True, model=fake_model.FakeModel)
    out, err = capfd.readouterr()
    assert out == ""
    assert "5/5" in err


def test_summary_against_quantiles_by_hand() -> None:
    study = run(CONFIG, model=fake_model.FakeModel)
    values = [fake_model.Recorder(CONFIG, seed).values[-3, :, 0].mean() for seed in range(1, 6)]
    row = study.summary.query("indicator == 'collection_rate' and month == 12").iloc[0]
    expected = np.quantile(values, [0.05, 0.5, 0.95])
    assert row[["low", "median", "high"]].astype(float).tolist() == pytest.approx(expected)
    assert row["runs"] == 5


def test_summary_beside_targets() -> None:
    summary = run(CONFIG, model=fake_model.FakeModel).summary
    fees = summary.query("target == 'fees'").iloc[0]
    assert (fees["verdict"], fees["use"], fees["share_inside"]) == ("inside", "fitted", 1.0)
    assert (fees["reported"], fees["source"]) == (0.7, "004")
    joy = summary.query("target == 'joy'").iloc[0]
    assert (joy["verdict"], joy["use"], joy["share_inside"]) == ("missed", "predicted", 0.0)
    assert np.isnan(joy["reported"])
    assert not len(summary.query("target == 'beyond the run'"))
    assert sorted(summary["month"].unique()) == [0, 12, 14]
    assert fees["counted"] == fees["median"]


def test_a_verdict_stands_beside_the_figure_that_it_is_about() -> None:
    """Catches «26%, 33 to 60: inside», where the target is of a year and the table of a month."""
    row = {
        "verdict": "inside", "use": "predicted", "month": 0, "median": 0.26, "counted": 0.35,
        "target_low": 0.33, "target_high": 0.6,
    }  # fmt: skip
    share = INDICATORS["property_call_share"]
    said = _target_cell(pd.DataFrame([row]), share, "en").plain
    assert said == "33 to 60 at +0\ncounted so: 35\ninside, predicted"
    said = _target_cell(pd.DataFrame([row | {"counted": 0.26}]), share, "en").plain
    assert said == "33 to 60 at +0\ninside, predicted"


def test_summary_leaves_missing_values_out() -> None:
    months = run(CONFIG, model=fake_model.FakeModel).months
    months.loc[months["run"] == 0, "collection_rate"] = np.nan
    months["grievance"] = np.nan
    summary = summarise(CONFIG, months, at=(14,))
    rows = summary[summary["month"] == 14].set_index("indicator")
    assert rows.loc["collection_rate", "runs"] == 4
    assert rows.loc["grievance", "runs"] == 0
    assert np.isnan(rows.loc["grievance", "median"])


def test_spent_by_actor_counts_from_month_1() -> None:
    spent = spent_by_actor(run(CONFIG, model=fake_model.FakeModel))
    assert spent.loc["cell"].to_dict() == {"hours": 14 * 3.0, "yuan": 140.0}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 140])
def test_printed_summary_fits_the_terminal(tmp_path: Path, language: str, width: int) -> None:
    study = run(CONFIG, tmp_path, model=fake_model.FailsOnEvenSeeds)
    stream = io.StringIO()
    print_summary(study, Console(file=stream, width=width), language)
    text = stream.getvalue()
    table = [line for line in text.splitlines() if str(tmp_path) not in line]
    assert max(cell_len(line) for line in table) <= width
    assert "…" not in text
    for word in {"en": ("inside", "fitted", "predicted"), "zh": ("达到", "已按此数设定")}[language]:
        assert word in text
    assert str(study.folder) in text


@pytest.mark.parametrize(("policy", "told"), [("none", True), ("tongqiao", False)])
def test_targets_of_another_policy_are_told_as_such(policy: str, told: bool) -> None:
    """Catches a verdict on runs without the measures that a figure was told of."""
    config = load("tongqiao", policy=policy, months=24, replications=2, executor="serial")
    stream = io.StringIO()
    print_summary(run(config, model=fake_model.FakeModel), Console(file=stream, width=200), "zh")
    assert ("policy=tongqiao下报道" in stream.getvalue()) is told


@pytest.mark.parametrize(
    ("value", "en", "zh"),
    [(0, "0", "0"), (0.25, "0.25", "0.25"), (91539, "91.5k", "9.15万"), (2.5e6, "2.5M", "250万")],
)
def test_numbers_are_short(value: float, en: str, zh: str) -> None:
    assert number_text(value) == en
    assert number_text(value, "zh") == zh


def test_costs_have_types_even_without_rows() -> None:
    study = run(CONFIG, model=NoCosts)
    assert list(study.costs.columns)[:3] == ["run", "seed", "month"]
    assert pd.api.types.is_float_dtype(study.costs["hours"])


class NoCosts(fake_model.FakeModel):
    """Lives without spending."""

    def run(self) -> None:
        """Live."""
        super().run()
        self.recorder.costs = []
