"""User text is text: nasty titles and names go through every exit, in both languages."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import Command
from openpyxl import load_workbook
from test_as_text import NASTY

from sim.config import Config
from sim.experiments.compare import Comparison
from sim.figures import style
from sim.questions.compare import compare
from sim.report.build import Extra, build
from sim.report.content import Picture, Report
from sim.report.page import as_html
from sim.report.paper import as_pdf
from sim.report.sheets import as_xlsx, as_zip

LANGUAGES = ("en", "zh")
STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200f\u202e\u2066\ufdd0\ufeff\uffff]")
TITLES = {
    "[/x]": NASTY["markup"] + NASTY["escape"] + NASTY["direction"],
    "=1+1": NASTY["formula"],
    "</script>": NASTY["page"] + NASTY["no character"] + NASTY["half"],
    "龘" * 25: NASTY["long"],
    "$x$": NASTY["mathematics"] + NASTY["lines"],
    "\u202ename": NASTY["nothing"],
}
"""Titles of policies, by names as nasty."""


def titled(config: Config, **parts: dict[str, Any]) -> Config:
    """A configuration with other names and titles, which decide no number."""
    changed = {group: getattr(config, group).model_copy(update=new) for group, new in parts.items()}
    return config.model_copy(update=changed)


@pytest.fixture(scope="module")
def nasty() -> Comparison:
    """A small answer, then given the titles: what is tested are its exits."""
    done = (
        "member_contact",
        "lead_by_paying",
        "mediation",
        "greening",
        "disclosure",
        "deliberation",
    )
    policies = ["none", *done]
    answer = compare(
        "ordinary_estate", "population.households=60", "population.buildings=2", "scenario.history_months=1",
        "months=3", "replications=2", "executor=serial", policies=policies,
    )  # fmt: skip
    renamed = dict(zip(policies, ["none", *TITLES], strict=True))
    place = "../../<b>[/x]\x1b"
    here = {"title": NASTY["page"], "title_zh": NASTY["markup"] + NASTY["escape"], "name": place}
    configs = {}
    for (_, policy), config in answer.question.configs.items():
        name = renamed[policy]
        own = {"name": name, **dict.fromkeys(("title", "title_zh"), TITLES.get(name, "none"))}
        configs[place, name] = titled(config, scenario=here, policy=own)
    frames = {
        table: frame.assign(
            **{"scenario": place, "policy": frame["policy"].map(renamed)}
            if "policy" in frame else {}
        )
        for table, frame in ((table, getattr(answer, table)) for table in Comparison.TABLES)
    }  # fmt: skip
    return replace(answer, question=replace(answer.question, configs=configs), **frames)


@pytest.fixture(scope="module", params=LANGUAGES)
def report(request: pytest.FixtureRequest, nasty: Comparison) -> Report:
    """The report of it, with a nasty question, and one of its figures: they take the most time."""
    made = build(nasty, request.param, Extra(question="".join(NASTY.values())[:400]))
    figures = [b for part in made.sections for b in part.blocks if isinstance(b, Picture)]
    paper, annexes = (
        [replace(part, blocks=[b for b in part.blocks if b not in figures[1:]]) for part in parts]
        for parts in (made.paper, made.annexes)
    )
    return replace(made, paper=paper, annexes=annexes)


def test_tables_on_a_terminal(nasty: Comparison) -> None:
    """Catches markup that is obeyed, and a sign that steers the terminal."""
    for language in LANGUAGES:
        shown = nasty.table(language)
        assert not STEERS.search(shown.replace("\n", ""))
        assert "[/x] [phase two]" in " ".join(shown.split())


def test_figures(nasty: Comparison, tmp_path: Path) -> None:
    """Letters of any kind are drawn, and what is XML can be read as such."""
    figure = nasty.figure("effects", "zh")
    pdf, svg = style.save(figure, tmp_path / "x", ("pdf", "svg"), {"title": NASTY["page"]})
    assert pdf.read_bytes()[:4] == b"%PDF"
    ElementTree.parse(svg)


def test_pages(report: Report) -> None:
    """Nothing in a name becomes markup, and the drawings inside are XML."""
    text = as_html(report)
    assert not STEERS.search(text.replace("\n", "")) and text.encode()
    assert "<script" not in text and "<b>" not in text
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(drawing)


def test_paper(report: Report) -> None:
    """Catches a letter that ends the whole PDF."""
    assert as_pdf(report).startswith(b"%PDF")


def test_workbooks(report: Report) -> None:
    """Cells that look like formulas are texts, and the workbook can be read again."""
    book = load_workbook(io.BytesIO(as_xlsx(report)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr", "n"}
    assert any(str(cell.value).startswith("=HYPERLINK") and cell.quotePrefix for cell in cells)


def test_tables_as_files(report: Report) -> None:
    """No cell is a formula, and no name of a file leads out of its folder."""
    with zipfile.ZipFile(io.BytesIO(as_zip(report))) as archive:
        names = archive.namelist()
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[\w.+-]+", name) for name in names)
        files = [io.StringIO(archive.read(name).decode("utf-8-sig")) for name in names]
    cells = [cell for file in files for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)


WRITTEN = {
    "n_all": "".join(
        text for name, text in NASTY.items() if name not in ("long", "half", "nothing")
    ),
    "n_formula": NASTY["formula"],
    "n_long": NASTY["long"],
    "n_nothing": NASTY["nothing"],
}
"""Nasty texts that a file can hold, by names of files."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of somebody's own whose titles are nasty."""
    made = tmp_path_factory.mktemp("own")
    for name, text in WRITTEN.items():
        said = dict.fromkeys(("title", "title_zh", "summary"), text)
        for group, tree in (("scenarios", {"scenario": said}), ("policy", said)):
            path = made / group / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(tree))  # JSON is YAML
    return made


@pytest.mark.parametrize("kind", ["scenarios", "policies"])
def test_lists(folder: Path, xiaoqu: Command, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """A list is a line for each name, whatever its title."""
    monkeypatch.setattr("sim.compose.choices", lambda *_: list(WRITTEN))
    code, said, _ = xiaoqu("list", kind, "--config-dir", str(folder))
    assert code == 0 and not STEERS.search(said.replace("\n", ""))
    begins = [line.split()[0] for line in said.splitlines() if not line.startswith(" ")]
    assert begins == list(WRITTEN) and len(said) < 3_000


@pytest.mark.parametrize("group", ["scenario", "policy"])
def test_texts(folder: Path, xiaoqu: Command, group: str) -> None:
    """What is explained, of scenarios and policies."""
    code, said, _ = xiaoqu("explain", f"{group}=n_all", "--config-dir", str(folder))
    assert code == 0 and not STEERS.search(said.replace("\n", "")) and "[/x] [phase two]" in said


def test_refusals(xiaoqu: Command) -> None:
    """One line on the terminal, and the same to an assistant."""
    for text in (NASTY["escape"], NASTY["markup"], NASTY["direction"], NASTY["long"]):
        for words in (["run", f"scenario='{text}'"], ["explain", text], ["report", text]):
            code, _, said = xiaoqu(*words)
            assert code == 2 and said.count("\n") == 1 and not STEERS.search(said.rstrip("\n"))
            assert len(said) < 2_000
