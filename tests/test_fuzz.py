"""Some hundreds of bad inputs, the same ones each time; ``python tests/fuzz.py`` tries thousands."""

from __future__ import annotations

import json
from pathlib import Path

import fake_model
import fuzz
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.compose import load
from sim.config import check
from sim.errors import InputError
from sim.experiments import chunks
from sim.questions.sweep import sweep
from sim.science.worlds import read_posterior

CASES = {
    "trees": 120, "words": 25, "files": 15, "tables": 40, "graphs": 60, "draws": 30, "kept results": 6,
    "sessions": 6, "command lines": 12,
}  # fmt: skip


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_bad_input_is_taken_or_refused_in_a_line(kind: str) -> None:
    ended, broken = fuzz.search(kind, CASES[kind], seed=3)
    assert not broken
    assert ended["refused"] > CASES[kind] / 10, "the cases are bad indeed"


def test_the_search_sees_what_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a search that passes everything."""

    def breaks(_: object) -> str:
        raise KeyError("x")

    def murmurs(_: object) -> str:
        return fuzz.tried(lambda: (_ for _ in ()).throw(InputError("x", "")))

    for trial, said in ((breaks, "KeyError"), (murmurs, "names no place")):
        monkeypatch.setitem(fuzz.KINDS, "graphs", (fuzz.graphs(), trial, 1.0))
        ended, broken = fuzz.search("graphs", 5, seed=1)
        assert ended["broken"] == ended.total()
        assert said in next(iter(broken))


# --- what it found ---


def test_a_key_of_any_length_is_named_in_a_line() -> None:
    with pytest.raises(InputError, match="unknown key") as caught:
        check({"policy": {"measures": {"member_contact": {"a" * 5000: 1}}}})
    assert len(str(caught.value)) < fuzz.LONGEST_LINE
    assert len(caught.value.where) > 5000, "cut in the line only"


def test_a_key_without_a_letter_is_named_too() -> None:
    with pytest.raises(InputError, match="' ': unknown key"):
        check({" ": 1})


@pytest.mark.parametrize("text", ["scenario: [{name: odd}]", "scenario: 5", "experiment: x"])
def test_a_group_that_is_no_group_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios/odd.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is no group of keys") as caught:
        load("odd", config_dir=tmp_path)
    assert caught.value.where == text.partition(":")[0]


def test_draws_whose_file_says_nonsense_of_pandas(tmp_path: Path) -> None:
    table = pa.table({"fees.service": [3.0]}).replace_schema_metadata({b"pandas": b"{}"})
    pq.write_table(table, tmp_path / "p.parquet")
    assert read_posterior(tmp_path / "p.parquet")["weight"].tolist() == [1.0]


def test_draws_with_weights_in_words_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"fees.service": [3.0], "weight": ["a"]}), tmp_path / "p.parquet")
    with pytest.raises(InputError, match="unusable weights"):
        read_posterior(tmp_path / "p.parquet")


def swept(out: Path) -> Path:
    keys = {"months": 3, "replications": 2, "executor__workers": 1}
    done = sweep(None, "fees.habit=0.1,0.2", out=out, model=fake_model.FakeModel, **keys)
    assert done.folder is not None
    return done.folder


def test_a_list_of_hashes_that_is_no_text_has_its_runs_lived_again(tmp_path: Path) -> None:
    folder = swept(tmp_path)
    kept = (folder / chunks.SUMS).read_text()
    (folder / chunks.SUMS).write_bytes(kept.encode("utf-16"))
    swept(tmp_path)
    assert (folder / chunks.SUMS).read_text() == kept


@pytest.mark.parametrize(("key", "value"), [("number", {}), ("runs", "4"), ("code", None)])
def test_a_frozen_design_that_makes_no_sense_is_named(
    tmp_path: Path, key: str, value: object
) -> None:
    path = swept(tmp_path) / "designs" / "000.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(InputError, match=rf"000\.json: has no usable entry '{key}'"):
        swept(tmp_path)
