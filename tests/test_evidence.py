"""Evidence: every quote stands in its text, and nothing of the model is without its row."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from sim.compose import choices, load
from sim.config import Config
from sim.measures import CATALOGUE, MeasureParameters
from sim.outcomes import INDICATORS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
SEEDS = ROOT.parent / "shared" / "seeds"
SECTIONS = dict(
    re.findall(r"^## Seed (\d{3})\b[^\n]*\n(.*?)(?=^## )", PAGE, re.DOTALL | re.MULTILINE)
)
POLICIES = [name for name in choices("policy") if name not in CATALOGUE]
SCENARIOS = choices("scenario")
needs_seeds = pytest.mark.skipif(
    not SEEDS.is_dir(), reason="the texts are not beside the repository"
)


def rows(text: str) -> list[list[str]]:
    """Cells of the tables' rows, without heads and rules."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "passage"]


def plain(text: str) -> str:
    """Without breaks and the pronunciation in brackets that one copy carries."""
    return re.sub(r"\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)", "", re.sub(r"\s+", "", text))


@cache
def seed(number: str) -> str:
    (path,) = SEEDS.glob(f"{number}_*.txt")
    return plain(path.read_text(encoding="utf-8"))


def told(name: str) -> list[tuple[str, str]]:
    """Number of the text and quote, for every part of what tells a measure; reported cases left out."""
    return passages(CATALOGUE[name].told)


def passages(said: str) -> list[tuple[str, str]]:
    """The same of what is said of anything that a text tells."""
    parts = [p for p in said.split("; ") if not re.match(r"case K\d{3}: ", p)]
    found = [re.fullmatch(r"(\d{3})_[0-9a-f]{16}: (.+)", p) for p in parts]
    assert all(found), f"each part of told names its text: {said}"
    return [(m[1], m[2]) for m in found if m]


def table(name: str) -> str:
    match = re.search(rf"<!-- table: {name} -->\n(.*?)<!-- end table -->", PAGE, re.DOTALL)
    assert match
    return match[1]


def names(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


@needs_seeds
@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_what_tells_a_measure_stands_in_the_text(name: str) -> None:
    """Catches a quote joined from pieces, shortened, or given to the wrong text."""
    assert not [(n, quote) for n, quote in told(name) if plain(quote) not in seed(n)]


@needs_seeds
@pytest.mark.parametrize("name", POLICIES)
def test_what_tells_a_bundle_stands_in_the_text(name: str) -> None:
    """Catches a part that nobody tells of, one of another system, and a passage that nobody wrote."""
    policy = load(policy=name).policy
    assert set(policy.told) == set(policy.measures)
    found = [part for said in policy.told.values() for part in passages(said)]
    assert not [(n, quote) for n, quote in found if plain(quote) not in seed(n)]
    assert len({n for n, _ in found}) <= 1, "one text tells of one system"


@needs_seeds
@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_scenario_rests_on_stands_in_the_text(name: str) -> None:
    """Catches a passage that nobody wrote."""
    scenario = load(name).scenario
    assert not [e.quote for e in scenario.evidence if plain(e.quote) not in seed(e.source[:3])]
    assert all((SEEDS / e.source).is_file() for e in [*scenario.evidence, *scenario.targets])


@needs_seeds
@pytest.mark.parametrize("number", sorted(SECTIONS))
def test_every_passage_of_the_page_stands_in_the_text(number: str) -> None:
    """Catches a page that quotes from memory."""
    passages = [q for row in rows(SECTIONS[number]) for q in row[0].split("<br>")]
    assert len(passages) > 20
    assert not [q for q in passages if plain(q) not in seed(number)]


@needs_seeds
def test_a_changed_quote_is_found() -> None:
    """Catches a comparison that any quote passes."""
    assert plain("物业费收缴率不足10%") in seed("004")
    assert plain("物业费收缴率不足11%") not in seed("004")


def test_every_text_has_a_section() -> None:
    """Catches a text left out; 003 is a copy of 000."""
    assert set(SECTIONS) == {"000", "001", "002", "004"}


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_measure_is_found_both_ways(name: str) -> None:
    """Catches a measure missing under a text that tells it, or in the table backwards."""
    missing = [n for n, _ in told(name) if name not in names(SECTIONS[n])]
    assert not missing
    assert f"| `{name}` |" in table("evidence_measures")
    assert CATALOGUE[name].through_zh


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_target_is_found_both_ways(name: str) -> None:
    """Catches a reported figure that the page is silent about."""
    scenario = load(name).scenario
    for target in scenario.targets:
        section = names(SECTIONS[target.source[:3]])
        assert f"{name}.{target.indicator}" in section
        line = f"| {scenario.name} | {target.label} | `{target.indicator}` | {target.month:+d} |"
        (row,) = [r for r in table("evidence_targets").splitlines() if r.startswith(line)]
        assert f"| {target.use} |" in row
    for item in scenario.evidence:
        assert f"| {scenario.name} | {item.quote} |" in table("evidence_passages")


def test_every_group_of_parameters_has_its_row() -> None:
    """Catches a mechanism whose numbers nobody accounts for."""
    groups = {row.key.partition(".")[0] for row in Config.describe() if "." in row.key}
    assert groups - {"scenario", "policy"} == names_of_rows(table("evidence_groups"))


def names_of_rows(text: str) -> set[str]:
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def test_every_group_that_moves_the_model_is_used_by_some_passage() -> None:
    """Catches a mechanism that no text speaks of and that the page does not own up to."""
    told_groups = {n.partition(".")[0] for section in SECTIONS.values() for n in names(section)}
    groups = names_of_rows(table("evidence_groups")) - {"mechanisms", "experiment", "executor"}
    assert groups <= told_groups


def test_every_name_on_the_page_exists() -> None:
    """Catches a parameter, file, measure or target renamed without the page."""
    keys = {row.key for row in Config.describe()}
    for name, measure in CATALOGUE.items():
        own = {row.key for row in measure.Parameters.describe(f"{name}.")}
        keys |= {key for key in own if key.partition(".")[2] not in MeasureParameters.model_fields}
    whole = {key.rpartition(".")[0] for key in keys}
    cases = {
        f"{s.scenario.name}.{t.indicator}" for s in map(load, SCENARIOS) for t in s.scenario.targets
    }
    known = keys | whole | cases | set(CATALOGUE) | set(INDICATORS) | set(choices("scenario"))
    written = PAGE.partition("## Backwards")[0]
    unknown = {
        name
        for name in names(written)
        if name not in known and not (ROOT / "sim" / name).is_file() and "xiaoqu " not in name
    }
    assert unknown == {"sim/", "validate"}, "of other things only the folder and the command"
