"""Chinese is set with full-width signs, in every text of the program and in what it makes of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import sim
from sim.config import Config
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.phrases import phrases

HOME = Path(sim.__file__).parent

HALF = re.compile(
    r"[\u3400-\u9fff”》）][,;:!?]|[,;:!?][\u3400-\u9fff“《（]|[\u3400-\u9fff]\(|\([\u3400-\u9fff]|[\u3400-\u9fff]\)"
)
"""A sign of another width beside a Chinese letter."""

NOT_SAID = ("told", "source", "quote", "note", "unmapped", "why")
"""Keywords whose texts quote a source in its own signs, or are English with a Chinese word in them."""

ELSEWHERE = ("desk", "intake")
"""Parts with files of patterns that Chinese is read by, or with tests of their own."""


def half_width(text: str) -> list[str]:
    """Half-width signs in what is written in Chinese; English may have a Chinese word in brackets."""
    chinese = len(re.findall(r"[\u3400-\u9fff]", text))
    words = len(re.findall(r"[A-Za-z]{2,}", re.sub(r"{[^}]*}", "", text)))
    return HALF.findall(text) if chinese > 2 * words else []


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts of a file but for docstrings and quotations, f-strings piece by piece."""
    quoted: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in NOT_SAID:
            quoted |= {id(part) for part in ast.walk(node.value)}
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in NOT_SAID:
            quoted |= {id(part) for part in ast.walk(node.value)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quoted.add(id(node.value))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in quoted
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("收缴率提高,满意度下降", ["高,"]),
        ("合计(元)", ["计(", "元)"]),
        ("第{month}个月:收缴率", ["月:"]),
        ("收缴率提高，1,059户，10:30", []),
        ("the committee (业委会) has fallen apart", []),
    ],
)
def test_what_counts_as_half_width(text: str, wrong: list[str]) -> None:
    """Catches a test that finds nothing, or finds thousands and English."""
    assert [found for found in half_width(text) if found in wrong] == wrong
    assert bool(half_width(text)) == bool(wrong)


def test_no_text_of_the_program_has_half_width_signs() -> None:
    """Catches «收缴率,» in any sentence, name or table of the source."""
    wrong = [
        f"{file.relative_to(HOME)}:{line} {text[:60]}"
        for file in HOME.rglob("*.py")
        if file.relative_to(HOME).parts[0] not in ELSEWHERE
        for line, text in texts(ast.parse(file.read_text(encoding="utf-8")))
        if half_width(text)
    ]
    assert not wrong


def test_phrases_fill_in_the_same_in_both_languages_and_chinese_has_its_own_signs() -> None:
    """Catches a sentence that loses a number on its way into Chinese, and one in one language only."""
    tree = yaml.safe_load((HOME / "data" / "phrases.yaml").read_text(encoding="utf-8"))
    pairs = list(_pairs(tree))
    assert len(pairs) > 250
    assert not [pair["zh"] for pair in pairs if "zh" in pair and half_width(pair["zh"])]
    missing = {text for pair in pairs if len(pair) == 1 for text in pair.values()}
    missing -= set(phrases("replaced")["en"].values())
    assert missing <= {*phrases("units")["zh"].values(), *phrases("actors")["zh"].values()}
    holes = [
        [{*_FILLED.findall(pair[language])} for language in ("en", "zh")]
        for pair in pairs
        if len(pair) == 2
    ]
    # A signed number is told as a word and a size in Chinese.
    apart = [
        en - zh
        for en, zh in holes
        if en - zh and not (en - zh == {"whole"} and {"moved", "size"} <= zh)
    ]
    assert apart == []


_FILLED = re.compile(r"{(\w+)[^}]*}")


def _pairs(node: Any) -> Iterator[dict[str, str]]:
    if isinstance(node, dict) and node.keys() <= {"en", "zh"}:
        yield node
        return
    for part in node.values() if isinstance(node, dict) else node:
        yield from _pairs(part)


def test_no_name_or_document_in_chinese_has_half_width_signs() -> None:
    """Catches a name of a parameter, measure or indicator, and a line of the Chinese README."""
    names = [row.zh for row in Config.describe()]
    names += [measure.zh for measure in CATALOGUE.values()]
    names += [known.zh for known in INDICATORS.values()]
    readme = HOME.parent / "README.zh-CN.md"
    lines = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", readme.read_text("utf-8"), flags=re.S)
    assert not [text for text in (*names, *lines.splitlines()) if half_width(text)]
