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
from sim.world.arrows import ARROWS

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


def shown() -> Iterator[str]:
    """Every Chinese name, sentence and title that somebody is shown."""
    tree = yaml.safe_load((HOME / "data" / "phrases.yaml").read_text(encoding="utf-8"))
    yield from (pair["zh"] for pair in _pairs(tree) if "zh" in pair)
    yield from (row.zh for row in Config.describe())
    for measure in CATALOGUE.values():
        yield from (measure.zh, getattr(measure, "through_zh", ""))
        yield from (row.zh for row in measure.Parameters.describe())
    yield from (known.zh for known in INDICATORS.values())
    for arrow in ARROWS.values():
        yield from (arrow.zh, arrow.zh_neutral)
    root = HOME.parent
    for folder in (root / "configs", root / "scenarios", HOME / "data"):
        for file in folder.rglob("*.yaml"):
            yield from _ZH.findall(file.read_text(encoding="utf-8"))
    readme = (root / "README.zh-CN.md").read_text("utf-8")
    yield from re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", readme, flags=re.S).splitlines()
    for picture in root.glob("docs/figures/*-zh.svg"):
        # Letters are drawn as paths; what they spell stands beside them.
        yield from re.findall(r"<!-- (.*?) -->", picture.read_text(encoding="utf-8"))


_ZH = re.compile(r"\b\w+_zh: *[\"']?([^\n{}]*)")


def test_nothing_that_is_shown_in_chinese_has_half_width_signs() -> None:
    """Catches a name of a parameter, measure, arrow or case, a figure, and a line of the Chinese README."""
    texts = list(shown())
    assert len(texts) > 2000
    assert not [text for text in texts if half_width(re.sub(r", \w+:.*", "", text))]


OLD = (
    "政策台", "会话", "爬坡", "对数几率", "种子", "配对模拟", "搭便车", "怨气", "积怨", "设备故障停摆", "俘获", "空转",
    "物业公司", "流选", "工时满足率", "运气", "去掉它的损失", "变差的方面", "住户表", "可用的列", "搁置",
    "不能这样设置", "小区地图", "缴费概率：",
)  # fmt: skip
"""Words that offices do not use, each of which has another in its place (docs/glossary.md)."""


def test_words_of_offices_stand_for_ours_everywhere() -> None:
    """Catches one thing under two names, and a word of modellers on the page of an office."""
    texts = list(shown())
    wrong = [text for text in texts if any(word in text for word in OLD)]
    # The firm is 物业服务企业: 物业 alone is the trade, the fee, or the flat.
    alone = re.compile(r"(?<![应急非与聘])物业(?![服费管类维区务])(?:公司|企业|离|进|自)")
    assert not wrong + [text for text in texts if alone.search(text)]
