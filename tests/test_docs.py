"""The documents say what the code does: tables, order of the month, sources, the example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tables
from reference import API, reference
from remade import LIVED

from sim.cli import _load_plugins
from sim.compose import load
from sim.config import Config
from sim.measures import CATALOGUE, MeasureParameters
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.schema import Described

DOCS = Path(__file__).parents[1] / "docs"
ODD = (DOCS / "odd.md").read_text(encoding="utf-8")


def parameters() -> Iterator[Described]:
    for row in Config.describe():
        # A scenario's and a policy's own texts are no numbers of the model.
        if not row.key.startswith(("scenario.", "policy.")):
            yield row
    for name, measure in CATALOGUE.items():
        yield from measure.Parameters.describe(f"{name}.")


@pytest.mark.usefixtures("as_shipped")
def test_tables_are_as_the_code_makes_them() -> None:
    """Catches a column, parameter, indicator or measure changed without the documents."""
    assert tables.main(["--check"]) == 0, "run python docs/tables.py"


def test_all_that_sim_offers_is_in_the_reference_as_its_docstring_says() -> None:
    """Catches a function given from the package that no page tells, and a section of a docstring lost on the way."""
    import sim

    listed = {name.rpartition(".")[2] for part in API.values() for name in part}
    assert set(sim.__all__) - {"__version__"} <= listed
    told = reference("configuration")
    assert "load(\n    scenario: str | Config | None = None,\n    *overrides: str," in told
    assert (
        "- `**keys`: Settings as keywords; a dict or a double underscore goes a level down" in told
    )
    assert "\n\nGives: The checked configuration.\n\nRaises:\n\n- `InputError`: If anything" in told
    assert not re.search(r"^(Args|Returns|Attributes):", told, re.MULTILINE)
    assert " at 0x" not in "".join(map(reference, API))


def test_a_stale_table_is_found_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a check that always passes, and a rewriting that touches other text."""
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- table: codes -->\nold\n<!-- end table -->\nb\n", encoding="utf-8")
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    assert tables.main(["--check"]) == 1
    assert "old" in page.read_text(encoding="utf-8"), "a check writes nothing"
    assert tables.main([]) == 0
    text = page.read_text(encoding="utf-8")
    assert text == f"a\n<!-- table: codes -->\n{tables.codes()}<!-- end table -->\nb\n"
    assert tables.main(["--check"]) == 0


def test_every_table_that_can_be_made_is_shown() -> None:
    """Catches a new group of parameters that no document shows, and a marker left open."""
    paths = [*DOCS.rglob("*.md"), DOCS.parent / "README.md"]
    pages = "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))
    known = sorted([*tables.TABLES, *LIVED])
    assert sorted(re.findall(r"<!-- table: (\S+) -->", pages)) == known
    assert pages.count("<!-- end table -->") == len(known)


def test_every_parameter_is_in_the_tables() -> None:
    """Catches a table that leaves rows out."""
    common = tuple(f".{key}" for key in MeasureParameters.model_fields)
    for row in parameters():
        of_all = row.key.partition(".")[0] in CATALOGUE and row.key.endswith(common)
        assert f"| `{row.key.partition('.')[2] if of_all else row.key}` |" in ODD, row.key


def test_every_parameter_of_the_model_stands_in_a_rule() -> None:
    """Catches a rule of the code that the text of the model does not tell."""
    rules = ODD[ODD.index("## 5. Init") : ODD.index("## Appendix A")]
    outside = ("scenario", "policy", "experiment", "executor", "district")
    missing = [
        row.key
        for row in Config.describe()
        if "." in row.key and row.key.partition(".")[0] not in outside
        # Of a list, such as one number for each service line, the list's name is enough.
        if not re.search(rf"\b{row.key.split('.')[1]}\b", rules)
    ]
    assert not missing


def test_every_design_concept_is_answered() -> None:
    """Catches an element or a concept of the protocol (Grimm et al. 2020) that was left out."""
    elements = re.findall(r"^## \d\. (.+)$", ODD, re.MULTILINE)
    assert elements == [
        "Purpose and patterns", "Entities, state variables and scales",
        "Process overview and scheduling", "Design concepts", "Initialisation", "Input data",
        "Submodels",
    ]  # fmt: skip
    part = ODD[ODD.index("## 4. Design concepts") : ODD.index("## 5. Init")]
    answers = dict(re.findall(r"^\*\*([\w ]+)\.\*\* ((?:.+\n)+)", part, re.MULTILINE))
    assert list(answers) == [
        "Basic principles", "Emergence", "Adaptation", "Objectives", "Learning", "Prediction",
        "Sensing", "Interaction", "Stochasticity", "Collectives", "Observation",
    ]  # fmt: skip
    assert min(len(text.split()) for text in answers.values()) > 15


def test_every_parameter_says_what_it_is_in_which_unit_and_from_where() -> None:
    """Catches a number that nobody can read, convert or trace."""
    bare = [
        row.key
        for row in parameters()
        if not (row.en.strip() and row.unit.strip() and row.source.strip() and row.zh.strip())
    ]
    assert not bare


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_measure_names_the_text_that_tells_it_or_says_that_none_does(name: str) -> None:
    """Catches a measure that comes from nowhere."""
    measure = CATALOGUE[name]
    assert measure.zh and measure.through and measure.__doc__
    named = re.match(r"\d{3}_[0-9a-f]{16}: .*[\u4e00-\u9fff]{4}|case K\d{3}: ", measure.told)
    assert named or "no seed tells it" in measure.told, measure.told
    if measure.kind == "measure":
        assert named, "a measure of the product rests on a text or a reported case"


def test_the_month_is_described_in_the_order_it_is_lived() -> None:
    """Catches a phase moved, added or taken out without the schedule in the document."""
    block = re.search(r"```text\neach month t:\n(.*?)```", ODD, re.DOTALL)
    assert block
    described = re.findall(r"^ {2}(\S+)", block[1], re.MULTILINE)
    assert described == [process.name for process in MONTH]


def example(path: Path, *, plain: bool) -> None:
    """Write the guide's measure to a file, with ``act`` as a rule or in plain Python."""
    guide = (DOCS / "contributing.md").read_text(encoding="utf-8")
    code, act = re.findall(r"<!-- example: [^\n]+ -->\n```python\n(.*?)```", guide, re.DOTALL)
    if plain:
        code = code[: code.index("    @rule")] + act
    path.parent.mkdir()
    path.write_text(code, encoding="utf-8")


def test_the_example_measure_runs_and_its_costs_are_booked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches an example that a newcomer copies and that does not work, or not alike in both forms."""
    for name, measure in list(CATALOGUE.items()):
        monkeypatch.setitem(CATALOGUE, name, measure)
    lived = []
    for plain in (False, True):
        file = tmp_path / f"{plain}" / "clean_up_day.py"
        example(file, plain=plain)
        _load_plugins([file])
        try:
            model = NeighborhoodModel(load(policy="clean_up_day", months=7), seed=1)
            model.run()
        finally:
            CATALOGUE.pop("clean_up_day", None)
        assert (model.measures[-1].compiled is None) is plain
        lived.append(model.recorder)
    compiled, plain_python = lived
    assert compiled.costs == plain_python.costs
    assert compiled.values.tobytes() == plain_python.values.tobytes()
    costs = [c for c in compiled.costs if c["measure"] == "clean_up_day"]
    assert [c["month"] for c in costs] == [1, 4, 7]
    assert all(c["actor"] == "residents" and c["hours"] > 0 for c in costs)
