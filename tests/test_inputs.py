"""What the doors say before anything is lived: files read, measures that never act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Command

from sim import compare, load, sweep
from sim import inputs as said_once
from sim.desk import compound
from sim.desk.arrived import arrive
from sim.desk.refusals import refusal
from sim.desk.session import Own, Plan, Planned, Session
from sim.desk.session import read as read_session
from sim.desk.session import write as write_session
from sim.errors import InputError
from sim.files import read_json
from sim.inputs import units
from sim.report.case import Case, Extra
from sim.science.observed import of_file

ROWS = [f"{1 + k // 12},{1 + k // 6 % 2},{1 + k // 2 % 3}" for k in range(24)]
SMALL = ("months=2", "replications=1", "executor.workers=1")


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Lines are said once a process."""
    said_once._said.clear()
    yield


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A list of households with a blank row and a total, and a file of ties."""
    list_, ties = tmp_path / "住户.csv", tmp_path / "ties.csv"
    rows = [*ROWS[:4], ",,", *ROWS[4:], "合计,,"]
    list_.write_text("building,stair,floor\n" + "\n".join(rows) + "\n", encoding="utf-8")
    ties.write_text("source,target,strength\n0,1,0.5\n1,2,1\n", encoding="utf-8")
    return list_, ties


def told(files: tuple[Path, Path]) -> list[str]:
    list_, ties = files
    return [
        f"read {list_}: 24 households in 2 buildings and 4 stairs, floors 1 to 3; not in the file, "
        "so drawn: tenure, life_stage, party_member, contribution_type, area_m2",
        f"read {list_}: left out blank row 6; left out row 27, a total (合计)",
        f"read {ties}: 2 ties among 24 households, 21 of them without a tie; "
        "strength 0.5 to 1, mean 0.75",
    ]


def test_a_report_has_as_many_units_as_were_lived(files: tuple[Path, Path]) -> None:
    """Catches a paper that tells of a register of 24 flats by the schema's default of 1,000."""
    own = load("ordinary_estate", population__household_file=str(files[0]))
    made_of: dict[str, Any] = {}
    question = SimpleNamespace(reference="none", configs={("own", "none"): own})
    comparison: Any = SimpleNamespace(made_of=made_of, question=question)
    assert Case(comparison, "own", "en", Extra()).households == 24
    made_of["units"] = {"own": 7}
    assert Case(comparison, "own", "en", Extra()).households == 7, (
        "kept with the answer, whose file may go"
    )
    kinds = {name: {"population": {"households": n}} for name, n in (("a", 100), ("b", 60))}
    assert units(load("ordinary_estate", district__compounds=2, district__kinds=kinds)) == 160


def words(files: tuple[Path, Path]) -> tuple[str, ...]:
    list_, ties = files
    return (
        f"population.household_file='{list_}'", "network.generator=file", f"network.file='{ties}'"
    )  # fmt: skip


def read_lines(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("read ")]


@pytest.mark.parametrize(
    "command",
    [
        ["run", "policy=none"],
        ["run", "policy=none", "--quiet"],
        ["compare", "policies=[none,member_contact]", "--quiet"],
        ["sweep", "fees.habit=0.1,0.2", "policy=none", "--quiet"],
        ["why", "policy=none", "issue=1", "at=2"],
    ],
)
def test_every_command_says_what_it_read(
    xiaoqu: Command, tmp_path: Path, files: tuple[Path, Path], command: list[str]
) -> None:
    """Catches a command that reads a file of households or ties without a word, or twice over."""
    small = (*SMALL[command[0] == "why" :], "--out", str(tmp_path / "out"))
    code, out, err = xiaoqu(*command, *words(files), *small)
    assert read_lines(err) == told(files), (code, out)
    assert code == 0 or command[0] == "why"
    assert not read_lines(out)


def test_python_says_it_too(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    list_, ties = files
    keys = {"population": {"household_file": str(list_)},
            "network": {"generator": "file", "file": str(ties)}}  # fmt: skip
    load(None, policy="none", **keys)
    assert read_lines(capsys.readouterr().err) == told(files)
    load(None, policy="none", **keys)
    assert capsys.readouterr().err == "", "once is enough"


@pytest.mark.parametrize(
    "module", ["sensitivity", "tipping", "attribute", "robustness", "calibrate"]
)
def test_the_questions_of_science_say_it(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str], module: str
) -> None:
    from sim.questions import find

    own = {"attribute": ["at=24"], "calibrate": ["scenario=kangqiao"]}.get(module, [])
    if module == "calibrate":
        pytest.importorskip("pyabc")
    find(module).ask_words([*own, *words(files)])
    assert read_lines(capsys.readouterr().err) == told(files)


def test_a_swept_file_is_read_before_the_sweep_begins(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a bad second file that becomes failed runs."""
    bad = tmp_path / "people.csv"
    bad.write_text("building,stair,floor,room\n" + "1,1,1,101\n" * 20, encoding="utf-8")
    key = "population.household_file"
    with pytest.raises(InputError, match=r"people.csv: 1 households; allowed: at least 10"):
        sweep(None, factors={key: [str(files[0]), str(bad)]}, policy="none", months=1)
    assert read_lines(capsys.readouterr().err) == told(files)[:2]


def test_names_can_be_listed_where_a_file_is_not_there(xiaoqu: Command, tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    text = "scenario: {title: Mine}\npopulation: {household_file: nowhere.csv}\n"
    (tmp_path / "scenarios" / "mine.yaml").write_text(text)
    own = ("--config-dir", str(tmp_path))
    assert xiaoqu("list", "scenarios", *own)[0] == 0
    assert xiaoqu("explain", "scenario=mine", *own)[0] == 0
    code, _, err = xiaoqu("run", "scenario=mine", *own)
    assert code == 2 and "nowhere.csv: cannot be read (No such file" in err


def test_months_of_a_calibration_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "months.csv"
    path.write_text("month,collection_rate,\n0,0.71,\n1,0.7,\n", encoding="utf-8")
    assert len(of_file(load(None, policy="none"), path).targets) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"read {path}: 2 months from 0 to 1; collection_rate 70% to 71%",
        f"read {path}: left out empty column 3",
    ]


# --- the desk -------------------------------------------------------------------------------------


def test_the_desk_says_what_it_read_in_its_language() -> None:
    text = "building,stair,floor\n" + "\n".join([*ROWS, "合计,,"]) + "\n"
    own = Own(households=text, months="month,collection_rate\n-1,1\n0,1\n,\n")
    assert compound.what_was_read(own, "households", "zh") == [
        "24 户，2 栋楼，4 个单元，楼层 1 至 3；表中没有、由模型抽取的列："
        "居住状况、年龄段、党员、合作类型、建筑面积",
        "略去第 26 行（“合计”，合计行）",
    ]
    assert compound.what_was_read(own, "months", "en") == [
        "2 months from -1 to 0; collection_rate 100% to 100%", "left out blank row 4",
    ]  # fmt: skip
    assert compound.what_was_read(Own(households="nonsense"), "households", "en") == []


@pytest.mark.parametrize(
    ("table", "chinese"),
    [
        ("building,floor,room\n" + "1,1,101\n" * 12, "“101”与第2行重复"),
        ("building,stair,floor\n" + "".join(f"1,1,{f}\n" * (1 + f % 3) for f in range(1, 13)),
         "同一单元每层 1 至 3 行，像是一人一行"),
        ("building;stair;floor\n1;1;1\n", "只有 1 户"),
        ("清册,,\nbuilding,stair,floor\n", "只有 0 户"),
        ("building,stair,floor,area_m2\n" + "1,1,1,10\n" * 11 + "2,1,1,110\n", "“110”恰为其他各行之和，是合计行"),
    ],
)  # fmt: skip
def test_the_desk_refuses_in_chinese(table: str, chinese: str) -> None:
    with pytest.raises(InputError) as error:
        compound.own(Own(households=table))
    line = refusal(error.value, "zh")
    assert chinese in line and "allowed" not in line
    assert not any("a" <= c <= "z" for c in line.partition("允许")[2].replace("room", ""))


def test_the_desk_refuses_broken_workbooks_in_chinese() -> None:
    for data, chinese in (
        (b"PK\x03\x04xx", "工作簿已损坏"),
        (b"\xd0\xcf\x11\xe0xx", "工作簿已损坏"),
        (b"\x81\xff\xff", "文字编码无法识别"),
        (b"<svg/>", "是网页或 XML 文件"),
    ):
        with pytest.raises(InputError) as error:
            arrive(Own(), data, "清册.xlsx")
        assert chinese in refusal(error.value, "zh"), error.value


def test_a_session_or_other_json_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    """Catches a file of which the last value is taken, and the first forgotten."""
    said = write_session(Session(case="kangqiao"))
    with pytest.raises(InputError, match="session: has the key months twice; allowed: each key"):
        read_session(said.replace("{", '{"months": 5, ', 1))
    (tmp_path / "manifest.json").write_text('{"a": {"b": 1, "b": 2}}', encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest.json: has the key b twice"):
        read_json(tmp_path / "manifest.json", "")


def test_a_session_has_no_measure_after_its_last_month() -> None:
    """Catches a slider that shows the last month for a start beyond it."""
    plan = Plan(name="A", measures=[Planned(measure="mediation", start=13)])
    assert Session(policies=[plan], months=13, within=12)
    with pytest.raises(ValueError, match="start 13 of mediation is after the last month, 12"):
        Session(policies=[plan], months=12, within=12)


# --- measures that never act ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["policy", "history"])
def test_an_end_must_lie_after_the_start(kind: str) -> None:
    """Catches a measure that is in force in no month at all."""
    name = "mediation" if kind == "policy" else "broken_promise"
    for end in (5, 4, 6):
        text = f"{{measure: {name}, start: 5, end: {end}}}"
        word = {"policy": f"policy.measures.a={text}", "history": f"scenario.history.a={text}"}[
            kind
        ]
        if end == 6:
            assert load(None, word, policy="none")
            continue
        with pytest.raises(InputError, match=rf"a: end {end} is not after start 5.* an end from 6"):
            load(None, word, policy="none")


def test_a_policy_after_the_last_month_is_refused(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches a run that bears a policy's name and is the run without it."""
    late = "policy.measures.member_contact.start=13"
    out = ("--out", str(tmp_path))
    line = ("policy.measures.member_contact.start: 13 is after the last month lived: the policy has no "
            "effect; allowed: up to 12, or more months")  # fmt: skip
    for command in (
        ["run", "policy=member_contact"],
        ["compare", "policies=[none,member_contact]"],
    ):
        code, _, err = xiaoqu(*command, late, "months=12", "replications=1", *out)
        assert (code, err.strip()) == (2, f"error: {line}")
    with pytest.raises(InputError, match="starts within the months lived"):
        sweep(None, "fees.habit=0.1,0.2", late, policy="member_contact", months=12)
    with pytest.raises(InputError, match="13 is after the last month lived"):
        compare(None, late, policies=["none", "member_contact"], months=12)


def test_what_of_a_bundle_comes_too_late_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A short run of a bundle that comes in step by step may be wished for."""
    load(None, policy="shenhong", months=8)
    assert capsys.readouterr().err.splitlines() == [
        "policy shenhong: no effect of digital_platform (month 9), resident_points (month 9), "
        "revisits (month 9), credit_file (month 9), as months 1 to 8 are lived"
    ]
    load(None, policy="shenhong", months=9)
    load("kangqiao", policy="none")
    assert capsys.readouterr().err == ""


def test_events_before_the_history_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a shortened history in which nothing happens any more."""
    load("kangqiao", policy="none", scenario__history_months=24)
    line = capsys.readouterr().err
    assert line.startswith("scenario kangqiao: no effect of broken_promise (month -32), ")
    assert "equipment_failure" not in line and "as months -23 to 60 are lived" in line
    load("kangqiao", "policy.measures.member_contact.start=-40", policy="member_contact")
    assert capsys.readouterr().err == "", "a measure may have been in force for long"


def test_kinds_that_are_not_there_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"kinds: no kind of compound is named 'old'; .*none, as all"
    ):
        load(None, "policy.measures.member_contact.kinds=[old]", policy="member_contact")
    with pytest.raises(
        InputError, match=r"no kind of compound is named 'old'; allowed: .*kangqiao"
    ):
        load("tongqiao", "policy.measures.member_contact.kinds=[old]", policy="member_contact")


def test_a_withdrawal_after_the_last_month_is_refused() -> None:
    """Catches a comparison that is asked what lasts and withdraws nothing."""
    from sim.questions import find

    ask = find("compare").ask_call

    with pytest.raises(InputError, match=r"withdraw: 13 is after the last month lived"):
        ask(policies=["none", "member_contact"], withdraw=13, months=12)
    asked = ask(policies=["none", "member_contact"], withdraw=12, months=12)
    (entry,) = asked.configs["default", "member_contact"].policy.entries()
    assert entry.parameters.end == 12


def test_a_spread_of_sizes_that_files_decide_is_said(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    district = {"compounds": 2, "size_spread": 0.5}
    load(None, policy="none", district=district, population={"household_file": str(files[0])})
    assert "district.size_spread: no effect on compounds" in capsys.readouterr().err
