"""Designs: what a sweep's words mean, and that no bad point waits for hours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.compose import Interval, Levels, choices, load, parse_sweep
from sim.config import change
from sim.errors import InputError
from sim.experiments.design import Design, lay_out, read_factor


def design(*words: str, config_dir: Path | None = None) -> Design:
    return lay_out([parse_sweep(word, config_dir) for word in words], config_dir)


def rows(asked: Design) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "base"} for row in asked.points.to_pylist()]


def refusal(*words: str) -> str:
    with pytest.raises(InputError) as caught:
        design(*words)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- words ---


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("months=3", 3),
        ("months=3,6", Levels((3, 6))),
        ("months=range(2,8,2)", Levels((2, 4, 6))),
        ("months=range(8,2,-3)", Levels((8, 5))),
        ("fees.habit=range(0,0.4,0.1)", Levels((0.0, 0.1, 0.2, 0.3))),
        ("fees.habit=interval(0,2)", Interval(0.0, 2.0)),
        ("policy=none,[a,b]", Levels(("none", ["a", "b"]))),
        ("policy=choice(none,'a b')", Levels(("none", "a b"))),
        ("network=glob(w*)", Levels(("watts_strogatz",))),
        ("executor.workers=null", None),
    ],
)
def test_hydras_sweep_grammar(word: str, value: Any) -> None:
    assert parse_sweep(word)[1] == value


def test_measure_is_short_for_the_policys_measures() -> None:
    assert (
        parse_sweep("measure.member_contact.quota=5")[0] == "policy.measures.member_contact.quota"
    )
    short = load("kangqiao", "measure.member_contact.quota=5", policy="member_contact")
    assert short.policy.measures["member_contact"]["quota"] == 5


@pytest.mark.parametrize(
    "word", ["months=range(2,2)", "months=range(1,9,0)", "months=range(0,1e9)"]
)
def test_a_range_of_nothing_or_of_too_much_is_refused(word: str) -> None:
    assert refusal(word).startswith("months: ")


# --- points ---


def test_a_grid_is_every_combination_first_key_slowest() -> None:
    asked = design("months=6,12", "fees.habit=0.1,0.2,0.3", "replications=4")
    assert rows(asked)[:4] == [
        {"months": 6, "fees.habit": 0.1},
        {"months": 6, "fees.habit": 0.2},
        {"months": 6, "fees.habit": 0.3},
        {"months": 12, "fees.habit": 0.1},
    ]
    assert (asked.runs, asked.types) == (24, {"months": "whole", "fees.habit": "number"})


def test_a_point_is_what_load_gives() -> None:
    asked = design(
        "scenario=kangqiao", "policy=member_contact", "measure.quota=7,9", "network=watts_strogatz",
        "fees.norm_conditional=3,4", "months=12",
    )  # fmt: skip
    base, settings = asked.settings([3])[0]
    expected = load(
        "kangqiao", "measure.member_contact.quota=9", "network=watts_strogatz", months=12,
        policy="member_contact", fees={"norm_conditional": 4},
    )  # fmt: skip
    assert change(asked.bases[base].tree, settings).fingerprint() == expected.fingerprint()


def test_no_policy_is_one_point_whatever_a_measure_takes() -> None:
    asked = design("policy=none,member_contact", "measure.quota=2,4,6", "fees.habit=0.1,0.2")
    assert [row["measure.quota"] for row in rows(asked)] == [None, None, 2, 2, 4, 4, 6, 6]
    assert [base.keys["measure.quota"] for base in asked.bases] == [
        None, "policy.measures.member_contact.quota",
    ]  # fmt: skip


def test_a_fixed_key_of_a_measure_does_not_add_it_to_no_policy() -> None:
    asked = design("policy=none,member_contact", "measure.quota=3", "fees.habit=0.1,0.2")
    none, contact = (base.tree["policy"]["measures"] for base in asked.bases)
    assert none == {}
    assert contact["member_contact"]["quota"] == 3


def test_a_bundle_is_one_value_of_policy() -> None:
    asked = design("policy=[member_contact,lead_by_paying],none", "months=6,7")
    assert rows(asked)[0] == {"policy": "member_contact+lead_by_paying", "months": 6}
    assert len(asked.bases[0].tree["policy"]["measures"]) == 2


@pytest.mark.parametrize("kind", ["lhs", "sobol"])
def test_samples_fill_their_bounds_and_are_the_same_each_time(kind: str) -> None:
    words = [
        "policy=member_contact", "fees.norm_conditional=interval(1,5)", "measure.quota=interval(2,9)",
        f"experiment.design={kind}", "experiment.samples=64", "months=6,12",
    ]  # fmt: skip
    asked = design(*words)
    norm = np.array([row["fees.norm_conditional"] for row in rows(asked)])
    quota = np.array([row["measure.quota"] for row in rows(asked)])
    assert asked.points.num_rows == 128
    assert norm[:64].tolist() == norm[64:].tolist(), "each level meets the same sample"
    # One sample in each of 64 slices, and every whole number about as often.
    assert sorted(np.floor((norm[:64] - 1) / 4 * 64)) == list(range(64))
    assert np.unique(quota[:64], return_counts=True)[1].tolist() == [8] * 8
    assert design(*words).fingerprint() == asked.fingerprint()
    assert design(*words, "experiment.sampling_seed=2").fingerprint() != asked.fingerprint()


def test_a_list_is_crossed_with_levels() -> None:
    points = [{"fees.habit": 0.1, "months": 6}, {"fees.habit": 0.2, "months": 7}]
    given = [("experiment.design", "list"), ("experiment.points", points)]
    asked = lay_out([*given, ("policy", Levels(("none", "member_contact")))])
    assert [(r["policy"], r["months"]) for r in rows(asked)] == [
        ("none", 6), ("none", 7), ("member_contact", 6), ("member_contact", 7),
    ]  # fmt: skip


def test_points_of_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("policy,measure.quota,fees.habit\nnone,,0.1\n", encoding="utf-8")
    words = ["experiment.design=csv", f"experiment.file={path}"]
    assert refusal(*words).startswith(f"{path}: row 2: measure.quota")
    path.write_text("policy,months,fees.habit\nnone,6,0.1\nmember_contact,7,0.2\n", "utf-8")
    assert rows(design(*words)) == [
        {"policy": "none", "months": 6, "fees.habit": 0.1},
        {"policy": "member_contact", "months": 7, "fees.habit": 0.2},
    ]
    assert refusal("experiment.design=csv", "experiment.file=nowhere.csv").startswith(
        "nowhere.csv: cannot be read (No such file"
    )


def test_a_csv_with_what_no_computer_holds_is_refused(tmp_path: Path) -> None:
    """Catches numbers beyond 64 bits, and a key too long to be looked for as a file."""
    path = tmp_path / "points.csv"
    words = ["experiment.design=csv", f"experiment.file={path}"]
    for others in ("3", "3.5"):
        path.write_text(f"months\n{others}\n{'9' * 400}\n", "utf-8")
        assert refusal(*words).startswith("months: 999"), others
    path.write_text(f"D{'9' * 400},months\n0.1,3\n", "utf-8")
    assert refusal(*words).startswith("D999")


@pytest.mark.parametrize("key", ["measure.start", "months"])
def test_a_word_among_numbers_is_refused_by_its_key(tmp_path: Path, key: str) -> None:
    """Catches a start that is compared with months before anybody asked whether it is a number."""
    (tmp_path / "experiment").mkdir()
    text = f"factors: {{policy: [none, member_contact], {key}: [1, 7, 25< 37]}}\n"
    (tmp_path / "experiment" / "own.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError, match=key.rpartition(".")[2]):
        design("experiment=own", config_dir=tmp_path)


def test_words_stand_over_the_experiments_file(tmp_path: Path) -> None:
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "own.yaml").write_text(
        "factors: {months: [6, 12], fees.habit: '0.1,0.2', policy: none, replications: 3}\n",
        "utf-8",
    )
    asked = design("experiment=own", "months=7", config_dir=tmp_path)
    assert (asked.name, asked.replications) == ("own", 3)
    assert rows(asked) == [{"fees.habit": 0.1}, {"fees.habit": 0.2}]
    assert asked.bases[0].tree["months"] == 7


@pytest.mark.parametrize("name", choices("experiment"))
def test_every_recipe_lays_out(name: str) -> None:
    asked = design(f"experiment={name}")
    assert asked.name == name
    assert 100 < asked.runs < 5000
    assert asked.experiment.title and asked.experiment.title_zh and asked.experiment.summary


def test_values_from_python() -> None:
    assert read_factor("months", range(2, 6, 2)) == ("months", Levels((2, 4)))
    assert read_factor("months", np.array([2, 4])) == ("months", Levels((2, 4)))
    assert read_factor("fees.habit", {"low": 0, "high": 1}) == ("fees.habit", Interval(0.0, 1.0))
    assert read_factor("months", "2,4") == ("months", Levels((2, 4)))


def test_lists_come_back_as_they_were() -> None:
    kinds = Levels(([], ["bayue"]))
    case = ("scenario", "tongqiao")
    asked = lay_out([case, ("policy", "member_contact"), ("measure.kinds", kinds)])
    assert asked.types == {"measure.kinds": "json"}
    found = [given["policy.measures.member_contact.kinds"] for _, given in asked.settings([0, 1])]
    assert found == [[], ["bayue"]]


def test_null_chooses_no_file() -> None:
    asked = design("firm=null,open", "months=12")
    assert rows(asked) == [{"firm": "null"}, {"firm": "open"}]
    assert load("kangqiao", "firm=null", "policy=null") == load("kangqiao")


# --- the same question ---


def test_fingerprint_is_of_what_is_kept_not_of_where_it_is_computed() -> None:
    asked = design("months=6,12")
    same = ("executor.workers=2", "experiment.budget=5", "experiment=null")
    assert all(design("months=6,12", word).fingerprint() == asked.fingerprint() for word in same)
    other = (
        "replications=31",
        "experiment.chunk=7",
        "experiment.keep_months=true",
        "fees.habit=0.5",
    )
    assert all(design("months=6,12", word).fingerprint() != asked.fingerprint() for word in other)


def test_large_runs_are_kept_in_smaller_files() -> None:
    small, large = design("months=6,12"), design("months=60,61", "population.households=100000")
    assert small.chunk > large.chunk >= 1


@pytest.mark.parametrize(
    ("replications", "chunk"), [(30, 480), (400, 400), (5000, 500), (997, 500)]
)
def test_files_begin_with_a_point_where_they_can(replications: int, chunk: int) -> None:
    """Catches files that cut points apart, whose runs then live their pasts alone."""
    asked = design("months=6,12", "population.households=60", f"replications={replications}")
    assert asked.chunk == chunk


# --- refused ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["months=12"], "no key takes several values"),
        (["fees.habbit=1,2"], "did you mean"),
        (["fees.norm_conditional=1,2,99"], "99 is not allowed"),
        (["policy=none,member_contcat"], "did you mean member_contact"),
        (["policy=none", "measure.quota=2,3"], "no policy of the sweep has a measure"),
        (["policy=lead_by_paying", "measure.member_contact.quota=2,3"], "has no measure member_contact"),
        (["policy=lead_by_paying,member_contact", "measure.quota=2,3"], "have the key quota"),
        (["policy=[lead_by_paying,member_contact]", "measure.start=2,3"], "measure.member_contact.start"),
        (["replications=2,3"], "does not vary"),
        (["executor.workers=1,2"], "does not vary"),
        (["experiment.samples=1,2"], "does not vary"),
        (["fees.habit=interval(0,1)"], "experiment.design=lhs"),
        (["months=1,2", "experiment.design=lhs"], "no key has an interval"),
        (["fees.habit=interval(1,0)", "experiment.design=lhs"], "above high"),
        (["fees.habit=interval(0,1)", "experiment.design=sobol", "experiment.samples=100"], "64, 128"),
        (["months=1,2", "experiment.design=list"], "holds no point"),
        (["months=1,2", "seed=4294967290", "replications=9"], "last seed"),
        (["seed=range(0,900000)", "months=range(1,60)"], "points"),
    ],
    ids=lambda value: value[0][:40] if isinstance(value, list) else "",
)  # fmt: skip
def test_refused(words: list[str], said: str) -> None:
    assert said in refusal(*words)


def test_a_key_to_which_others_refer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    text = "name: own\nmeasures: {member_contact: {end: '${months}'}}\n"
    (tmp_path / "policy/own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"months: another key refers to it"):
        design("policy=own", "months=6,12", config_dir=tmp_path)
    assert design("policy=own", "fees.habit=0.1,0.2", config_dir=tmp_path).runs == 60


def test_points_with_different_keys_are_refused() -> None:
    points = [{"months": 6}, {"month": 7}]
    with pytest.raises(InputError, match="point 1 has the keys"):
        lay_out([("experiment.design", "list"), ("experiment.points", points)])


# --- what would be lived twice, or for nothing ---


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seed=1,2,3", "replications=3"], "seed: 2 is among the 3 replications from 1 (1 to 3)"),
        (["seed=1,2,3", "months=6,9", "replications=2"], "seed: 2 is among the 2"),
        (["seed=7,4", "policy=none,member_contact", "replications=5"], "seed: 7 is among the 5"),
    ],
)
def test_copies_of_seeds_are_refused(words: list[str], said: str) -> None:
    line = refusal(*words)
    assert line.startswith(said)
    assert "replications=1" in line and "apart" in line


def test_seeds_apart_are_laid_out() -> None:
    for words in (["seed=1,2,3", "replications=1"], ["seed=1,4,7", "replications=3"]):
        assert [row["seed"] for row in rows(design(*words))] == [
            int(x) for x in words[0][5:].split(",")
        ]
    # The same seeds under other settings are what makes a comparison fair.
    points = [{"seed": 1, "fees.habit": 0.1}, {"seed": 2, "fees.habit": 0.2}]
    given = [("experiment.design", "list"), ("experiment.points", points), ("replications", 3)]
    assert lay_out(given).runs == 6
    points[1]["fees.habit"] = 0.1
    with pytest.raises(InputError, match="seed: 2 is among"):
        lay_out(given)


@pytest.mark.parametrize(
    "words",
    [
        ["policy=member_contact", "measure.start=1,18", "months=12,24"],
        ["policy=none,member_contact", "measure.start=13", "months=12,24"],
    ],
)
def test_points_without_any_measure_in_force_are_refused(words: list[str]) -> None:
    """Catches points that look like a policy and live none."""
    assert "no measure of policy member_contact starts within the months lived" in refusal(*words)


def test_what_is_given_twice_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design("fees.habit=0.11,0.12,0.11")
    assert "fees.habit takes 1 of its values twice" in capsys.readouterr().err
    path = tmp_path / "points.csv"
    path.write_text("fees.habit,months,\n0.1,6,\n0.2,6,\n,,\n0.1,6,\n", "utf-8")
    asked = design("experiment.design=csv", f"experiment.file={path}")
    assert rows(asked) == [{"fees.habit": 0.1, "months": 6}, {"fees.habit": 0.2, "months": 6}]
    assert capsys.readouterr().err.splitlines() == [
        f"read {path}: 3 points of fees.habit, months",
        f"read {path}: left out empty column 3; left out blank row 4",
        "sweep: 1 of 3 points are given twice; each is lived once",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fees.habit,months\n0.1,6,9\n", "row 2: more cells than the header"),
        ("fees.habit,fees.habit\n0.1,0.2\n", "row 1: column 'fees.habit' stands there twice"),
        ("fees.habit;months\n0.1;6;9\n", "row 2: more cells than the header"),
        ("fees.habit,\n0.1,7\n", "row 2: column 2 has no name and holds '7'"),
        ("fees.habit,months\n0.1\n", "row 2: months: is empty"),
    ],
)
def test_points_that_would_be_misread_are_refused(tmp_path: Path, text: str, said: str) -> None:
    """Catches a first column that is taken for names of rows, so that the others move on by one."""
    path = tmp_path / "points.csv"
    path.write_text(text, "utf-8")
    assert refusal("experiment.design=csv", f"experiment.file={path}").startswith(f"{path}: {said}")


def test_points_parted_by_semicolons_are_read_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a sheet of another country's program that is taken for one column."""
    path = tmp_path / "points.csv"
    path.write_text("fees.habit;months\n0.1;6\n", "utf-8")
    asked = design("experiment.design=csv", f"experiment.file={path}")
    assert rows(asked) == [{"fees.habit": 0.1, "months": 6}]
    assert f"read {path}: cells parted by ';'" in capsys.readouterr().err


def test_points_in_gb18030_are_read_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes("fees.habit,scenario.title_zh\n0.1,一期\n".encode("gb18030"))
    asked = design("experiment.design=csv", f"experiment.file={path}")
    assert rows(asked) == [{"fees.habit": 0.1, "scenario.title_zh": "一期"}]
    assert "read as GB18030" in capsys.readouterr().err
