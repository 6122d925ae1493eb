"""Frozen cases: no file changes without a line that says so, and what counts as a hit is what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import frozen
import pandas as pd
import pytest

from sim.compose import load
from sim.errors import InputError

PAGE = (Path(__file__).parents[1] / "docs" / "evidence.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## Frozen\n")[2]
SHA = r"`([0-9a-f]{64})`"
FROZEN = dict(re.findall(rf"^\| (\w+) \| \w+ \| {SHA} \| 2026-11-29 \|$", SECTION, re.MULTILINE))
CHANGES = re.findall(
    rf"^\| (\d{{4}}-\d\d-\d\d) \| (\w+) \| {SHA} \| {SHA} \| (.*?) \| (.*?) \| (.*?) \|$",
    SECTION,
    re.MULTILINE,
)
NUMBER = re.compile(r"\d")


def in_force(changes: list[tuple[str, ...]], case: str) -> str:
    """Hash that a case should have, after every change that the page lists."""
    now = FROZEN[case]
    for _, name, before, after, why, figures_before, figures_after in changes:
        if name == case:
            assert before == now, f"a change of {case} does not go on from the one before"
            assert why and NUMBER.search(figures_before) and NUMBER.search(figures_after)
            now = after
    return now


@pytest.mark.parametrize("case", frozen.CASES)
def test_a_frozen_file_says_what_was_frozen(case: str) -> None:
    """Catches a bundle, history or target that is changed without a line in the list of changes."""
    assert frozen.sha256_of(case) == in_force(CHANGES, case), (
        f"{case} says something else than was frozen: docs/evidence.md, Changes after freezing, needs a line with "
        "both hashes, the reason, and the figures before and after"
    )


def test_a_change_needs_its_reason_and_figures() -> None:
    """Catches a line that changes a case and says nothing, and one that skips another."""
    first, later = FROZEN["xingqu"], "0" * 64
    line = ("2026-12-01", "xingqu", first, later, "a kind was left out", "-8%", "-9%")
    assert in_force([line], "xingqu") == later
    assert in_force([line], "baohe") == FROZEN["baohe"]
    for bad in ((*line[:4], "", "-8%", "-9%"), (*line[:5], "none", "-9%")):
        with pytest.raises(AssertionError):
            in_force([bad], "xingqu")
    with pytest.raises(AssertionError, match="go on from"):
        in_force([line, line], "xingqu")


def test_the_hash_is_of_what_is_said(tmp_path: Path) -> None:
    """Catches a hash that a comment changes, and one that a dose does not."""

    def sha(text: str) -> str:
        file = tmp_path / "p.yaml"
        file.write_text(text, encoding="utf-8")
        return frozen.sha256_of_files([file])

    first = sha("name: p\nmeasures: {a: {start: 1}, b: {dose: 0.5}}\n")
    assert sha("# more\nmeasures:\n  b: {dose: 0.5}\n  a: {start: 1}\nname: p\n") == first
    assert sha("name: p\nmeasures: {a: {start: 2}, b: {dose: 0.5}}\n") != first
    assert sha("name: p\nmeasures: {a: {start: 1}, b: {dose: 0.6}}\n") != first


def test_a_policy_is_frozen_with_what_it_builds_on() -> None:
    """Catches a part of Kangqiao's bundle that may change unseen."""
    names = [file.name for file in frozen.files_of("kangqiao")]
    assert names == ["kangqiao.yaml", "five_level_linkage.yaml", "tongqiao.yaml"]
    for case in frozen.CASES:
        own = {file.stem for file in frozen.files_of(case)[1:]}
        assert load(case).scenario.policy in own
    with pytest.raises(InputError, match="no frozen case is named 'kangqio'"):
        frozen.files_of("kangqio")


def test_the_page_names_every_target_with_its_band() -> None:
    """Catches a band on the page that is not the one that is held."""
    for case in frozen.CASES:
        for t in load(case).scenario.targets:
            low, high = (f"{100 * x:+.0f}%" if t.relative else f"{x:g}" for x in (t.low, t.high))
            start = rf"\| {case} \| {re.escape(t.label)} \| \{t.month:+d} \| `{t.indicator}`, "
            found = re.search(rf"{start}(.*) \| (.*) to (.*) \| {t.use} \|", SECTION)
            assert found and found.groups()[1:] == (low, high), (case, t.label)
            assert (f"{t.window} months" in found[1]) == (t.window > 1)
            assert ("change" in found[1]) == t.relative


def toy(policy: str) -> Any:
    """A compound of 60 households with a target it meets, one it misses, one without a value."""
    targets = [
        {"indicator": "firm_present", "month": 1, "low": 1.0, "high": 1.0, "label": "served"},
        {"indicator": "legacy", "month": 2, "low": 0.9, "high": 1.0, "label": "all promises broken"},
        {"indicator": "attendance", "month": 0, "low": 0.0, "high": 0.9, "label": "who met", "in_words": True},
        {"indicator": "contacted_share", "month": 2, "low": 0.01, "high": 1.0, "label": "visited"},
    ]  # fmt: skip
    return load(
        None, policy=policy, months=2, replications=2, population={"households": 60, "buildings": 2},
        scenario__name="toy", scenario__history_months=1, scenario__targets=targets, executor={"workers": 1},
    )  # fmt: skip


@pytest.fixture(scope="module")
def held() -> pd.DataFrame:
    return frozen.hold(toy("member_contact"), toy("none"))


def test_a_case_is_held_against_its_targets(held: pd.DataFrame) -> None:
    """Catches a miss that is called a hit, futures mixed up, and a target without value that counts."""
    rows = held.set_index("target")
    assert rows["verdict"].to_dict() == {
        "served": "hit", "all promises broken": "miss", "who met": "no value, a miss",
        "visited": "hit",
    }  # fmt: skip
    assert rows.loc["visited", "median"] > 0.0 == rows.loc["visited", "none_median"]
    assert rows.loc["all promises broken", "q05"] <= rows.loc["all promises broken", "median"]
    assert rows.loc["who met", "use"] == "told in words"
    assert set(rows["settings"]) == {toy("member_contact").fingerprint()}


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.3, "hit"), (0.6, "hit"), (0.61, "miss"), (float("nan"), "no value, a miss")]
)  # fmt: skip
def test_the_ends_of_a_band_are_in_it(value: float, verdict: str) -> None:
    """Catches a rule other than the page's."""
    assert frozen._verdict(0.3, 0.6, value) == verdict


def test_results_are_written_once(held: pd.DataFrame) -> None:
    """Catches a second run that takes the place of the first, and a count that is wrong."""
    table = frozen.as_markdown(held)
    assert "| toy | served | +1 | 100% to 100% | 100% [100%, 100%] |" in table
    assert "told in words: 0 of 1 hit" in table and "predicted: " in table
    empty = f"a\n<!-- frozen results -->\n{frozen.NOT_RUN}\n<!-- end frozen results -->\nb\n"
    page = frozen.put(empty, table)
    assert page.startswith("a\n") and page.endswith("b\n") and table in page
    with pytest.raises(InputError, match="results stand there already"):
        frozen.put(page, table)


def test_the_page_has_a_place_for_results() -> None:
    """Catches a page on which the one run finds no place, after which it is lost."""
    found = frozen.RESULTS.search(PAGE)
    assert found and found[2].startswith("| " + " | ".join(frozen.HEAD) + " |")


def test_unknown_words_are_refused() -> None:
    """Catches a mistyped word that starts the one run."""
    with pytest.raises(SystemExit, match="rum: not understood; allowed: nothing, run, run write"):
        frozen.main(["rum"])
