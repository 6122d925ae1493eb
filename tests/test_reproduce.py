"""Reproducing: what differs is found and told, what is the same is left alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import recorded
import remade
import reproduce
import tables
from reproduce import ROOT
from reproduce import reproduce as make

from sim import cli
from sim.errors import InputError
from sim.science.attribution_table import measure_title
from sim.science.robustness import DRAW

TABLE = "| case | reported | model [90%] | verdict |\n| --- | --- | --- | --- |\n| a | 70% | {} | {} |\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout: a page with a table of the code, one of runs, and a figure."""
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    page = "x\n<!-- table: codes -->\nold\n<!-- end table -->\ny\n<!-- table: lived -->\n"
    text = page + TABLE.format("66%", "inside") + "<!-- end table -->\nz\n"
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    numbers = pd.DataFrame({"month": [0, 1], "median": [0.1, 1 / 3]})
    monkeypatch.setattr(reproduce, "LIVED", {"lived": lambda quick: TABLE.format("66%", "inside")})
    monkeypatch.setattr(reproduce, "FIGURES", {"figure": lambda quick, stem: numbers})
    return tmp_path


def told(checkout: Path, **words: bool) -> dict[str, str]:
    return {part.name: part.differs for part in make(root=checkout, **words)}


def test_what_differs_is_told_then_mended(checkout: Path) -> None:
    first = told(checkout)
    assert first["codes"] and first["figure"] == "is not there" and not first["lived"]
    assert "old" in (checkout / "README.md").read_text(encoding="utf-8"), "looking writes nothing"
    assert told(checkout, write=True) == first
    assert not any(told(checkout).values())
    text = (checkout / "README.md").read_text(encoding="utf-8")
    assert text.startswith("x\n<!-- table: codes -->\n| code") and "-->\ny\n<!--" in text


def test_one_number_of_a_run_that_moved_is_found(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(checkout, write=True)
    monkeypatch.setattr(reproduce, "LIVED", {"lived": lambda quick: TABLE.format("65%", "missed")})
    moved = pd.DataFrame({"month": [0, 1], "median": [0.1, 0.3334]})
    monkeypatch.setattr(reproduce, "FIGURES", {"figure": lambda quick, stem: moved})
    assert told(checkout)["lived"] == "1 lines, the first is line 3: | a | 70% | 65% | missed |"
    assert told(checkout)["figure"] == "1 numbers, such as median"
    assert not any(told(checkout, quick=True).values()), "few runs: numbers are not compared"
    gone = TABLE.format("65%", "missed").replace("70%", "80%")
    monkeypatch.setattr(reproduce, "LIVED", {"lived": lambda quick: gone})
    assert told(checkout, quick=True)["lived"], "what stands beside them is"


def test_marks_and_names_that_nothing_fills_are_refused(checkout: Path) -> None:
    with pytest.raises(InputError, match=r"no part is named 'code'.*did you mean codes"):
        list(make(["code"], root=checkout))
    with pytest.raises(InputError, match="--write"):
        list(make(quick=True, write=True, root=checkout))
    page = checkout / "docs" / "page.md"
    page.write_text("<!-- table: nothing -->\n<!-- end table -->\n", encoding="utf-8")
    with pytest.raises(InputError, match="nothing makes the table 'nothing'"):
        list(make(root=checkout))


def test_exit_code_says_whether_something_differs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = make
    monkeypatch.setattr(
        reproduce, "reproduce", lambda names, **words: given(names, root=checkout, **words)
    )
    words = (["codes"], ["codes", "--write"], ["codes"], ["code"])
    assert [reproduce.main(each) for each in words] == [1, 0, 0, 2]
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert ["differs" in lines[0], "rewritten" in lines[1], "the same" in lines[2]] == [True] * 3
    assert err.startswith("error: NAME: no part is named 'code'") and len(err.splitlines()) == 1


def test_the_command_of_old_says_where_it_has_gone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["reproduce", "validate", "--write"])
    assert ended.value.code == 2
    assert "python docs/reproduce.py" in capsys.readouterr().err


def test_tables_of_answers_say_what_the_answers_say() -> None:
    """Catches a column in the wrong place, and a row lost or doubled."""
    rows = {
        "attribute": remade.attribution_rows, "optimise": remade.optimum_rows,
        "robustness": remade.worlds_rows, "calibrate": remade.parameters_rows,
    }  # fmt: skip
    made = {name: cells(make(recorded.answer(name))) for name, make in rows.items()}
    values = recorded.answer("attribute").values.set_index("measure")
    assert [row[0] for row in made["attribute"][1:]] == [
        measure_title(recorded.answer("attribute").question.config, name, "en")
        for name in values["value"].sort_values(ascending=False).index
    ]
    assert made["attribute"][1][1].startswith(f"{100 * values['value'].max():.1f} (")
    assert len(made["optimise"]) == 1 + len(recorded.answer("optimise").frontier)
    assert made["robustness"][0] == ["world", "none", "member_contact", "five_level_linkage"]
    ranking = recorded.answer("robustness").ranking
    leads = ranking[(ranking["outcome"] == "collection_rate") & (ranking["family"] == DRAW)]
    leads = leads.set_index("policy")["first"]
    assert leads["five_level_linkage"] > leads["member_contact"] > leads["none"]
    shares = [f"{100 * leads[name]:.0f}%" for name in made["robustness"][0][1:]]
    assert made["robustness"][-1] == ["leads, of the draws", *shares]
    widths = [float(row[-1]) for row in made["calibrate"][1:]]
    assert len(widths) == len(recorded.answer("calibrate").parameters) and widths == sorted(widths)


def test_a_table_whose_rows_come_from_runs_is_held_to_its_head(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(checkout, write=True)
    monkeypatch.setattr(reproduce, "ROWS_OF_RUNS", {"lived"})
    head, line, row = TABLE.format("66%", "inside").splitlines(keepends=True)
    monkeypatch.setattr(reproduce, "LIVED", {"lived": lambda quick: head + line + row + row})
    assert not told(checkout, quick=True)["lived"] and told(checkout)["lived"]
    other = head.replace("reported", "told")
    monkeypatch.setattr(reproduce, "LIVED", {"lived": lambda quick: other + line + row})
    assert told(checkout, quick=True)["lived"]


def cells(table: str) -> list[list[str]]:
    """Cells of a Markdown table, its line left out."""
    lines = [line for line in table.splitlines() if not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_marks_of_this_checkout_are_known() -> None:
    """Catches a page that asks for a table that nothing makes, and a figure that is not kept."""
    pages = [*ROOT.glob("README*.md"), *(ROOT / "docs").rglob("*.md")]
    names = {m[1] for p in pages for m in reproduce.MARK.findall(p.read_text(encoding="utf-8"))}
    assert names == {*tables.TABLES, *reproduce.LIVED}
    for name in reproduce.FIGURES:
        for ending in (".csv", "-en.svg", "-zh.svg"):
            assert (ROOT / "docs" / "figures" / f"{name}{ending}").is_file()
