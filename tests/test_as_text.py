"""How numbers and months are written, by hand."""

from __future__ import annotations

import io
import math
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from rich.table import Table

from sim.as_text import (
    LONGEST_TITLE,
    clean,
    exact_text,
    month_text,
    number_text,
    parameter_text,
    percent_text,
    points_text,
    signed,
    title_of,
    value_text,
    with_interval,
)
from sim.config import Config, Scenario
from sim.measures.catalogue import CATALOGUE
from sim.outcomes import INDICATORS
from sim.schema import Described
from sim.terminal import Terminal

ROWS = {row.key: row for row in Config.describe()}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.49532000000000004, "0.4953"), (100 * 0.07, "7"), (0.30000000000000004, "0.3"), (-1234.5678, "-1,235"),
     (0.0241234, "0.02412"), (1250.0, "1,250"), (0.0, "0"), (1e-7, "0.0000001"), (-3.5e-16, "0"), (math.nan, "–")],
)  # fmt: skip
def test_a_given_number_has_no_digits_of_its_storage(value: float, text: str) -> None:
    """Catches 0.49532000000000004."""
    assert exact_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "+0.0"), (-0.04, "+0.0"), (63.96, "+64.0"), (-12.34, "-12.3"), (1234.4, "+1,234"), (-25_000, "-25k"),
     (math.nan, "–")],
)  # fmt: skip
def test_a_difference_has_its_sign_and_never_an_exponent(value: float, text: str) -> None:
    """Catches -0.0, +1.23e+03 and +nan."""
    assert signed(value) == text


def test_nothing_is_written_with_a_minus() -> None:
    """Catches -0.00 in a table of differences."""
    assert number_text(-0.001) == "0.00" and number_text(-0.2) == "-0.20"
    assert points_text(-0.01) == "0.0"


def test_what_is_not_there_is_one_dash() -> None:
    """Catches nan% and nan points."""
    assert {number_text(math.nan), percent_text(math.nan), points_text(math.nan)} == {"–"}
    # The end of an interval may lie a hair below none.
    assert percent_text(-0.0001) == "0.0%"
    assert value_text(math.nan, INDICATORS["collection_rate"]) == "–"
    assert with_interval(1.0, math.nan, math.nan) == "+1.0"
    assert with_interval(1.0, -0.02, 2.0) == "+1.0 [+0.0, +2.0]"


@pytest.mark.parametrize(
    ("month", "english", "chinese"),
    [(-4, "4 months before the policy starts", "政策起点前4个月"),
     (-1, "1 month before the policy starts", "政策起点前1个月"),
     (0, "at the policy's start", "政策起点"), (4, "month 4", "第4个月")],
)  # fmt: skip
def test_a_month_before_the_policy_is_in_words(month: int, english: str, chinese: str) -> None:
    """Catches -4个月前, 第-34个月 and month -34."""
    assert (month_text(month, "en"), month_text(month, "zh")) == (english, chinese)


@pytest.mark.parametrize(
    ("key", "value", "english", "chinese"),
    [("population.tenant_share", 0.30000000000000004, "30%", "30%"), ("firm.present", False, "no", "否"),
     ("population.households", 1059, "1,059", "1,059"), ("firm.diligence", 0.49532000000000004, "49.53%", "49.53%"),
     ("committee.state", "working", "working", "working")],
)  # fmt: skip
def test_a_parameter_reads_as_on_the_sliders(
    key: str, value: Any, english: str, chinese: str
) -> None:
    """Catches a share that is 0.3 in a report and 30% on the page it was set on."""
    assert parameter_text(value, ROWS[key], "en") == english
    assert parameter_text(value, ROWS[key], "zh") == chinese


def test_a_dose_is_percent() -> None:
    """Catches a dose of 1.25 that a table rounds to 1.2."""
    rows: dict[str, Described] = {
        row.key: row for row in CATALOGUE["mediation"].Parameters.describe()
    }
    assert parameter_text(1.25, rows["dose"]) == "125%"


NASTY = {
    "markup": "[/x] [phase two] :smile: [link=file:///etc]a[/link]",
    "mark of byte order": "\ufeff小区",
    "escape": "\x1b]0;owned\x07\x1b[31mred",
    "no character": "a\uffff\ufdd0b",
    "long": "长" * 3_000,
    "formula": '=HYPERLINK("http://x","y")',
    "direction": "\u202eabc\u2066def\u200f",
    "mathematics": r"$\frac{$ a_b^c",
    "half": "a\ud800b",
    "lines": "one\r\ntwo\u2028three\x00",
    "page": '<script>alert(1)</script>&"\'--><!--',
    "nothing": "\u200b\ufeff",
}  # fmt: skip


@pytest.mark.parametrize("text", NASTY.values(), ids=list(NASTY))
def test_a_title_is_one_short_line_that_steers_nothing(text: str) -> None:
    """What is no letter is gone; what is left can be written, and stand in XML."""
    scenario = Scenario.model_construct(name="mine", title=text, title_zh=text)
    for language in ("en", "zh"):
        shown = title_of(scenario, language)
        assert shown.encode("utf-8") and len(shown) <= LONGEST_TITLE
        assert shown.isprintable() and "\ufdd0" not in shown
        ElementTree.fromstring(f"<a>{escape(shown)}</a>")


def test_clean_keeps_what_people_read() -> None:
    """Rare letters, full-width spaces and line ends that are asked for stay; a cut is shown."""
    assert clean("龘\u3000𠮷 é 1/2\n第二行", lines=True) == "龘\u3000𠮷 é 1/2\n第二行"
    assert clean("a\tb\nc") == "a b c"
    assert clean("abcdef", 4) == "abc…" and clean("abcd", 4) == "abcd"
    assert title_of(Scenario.model_construct(name="mine", title=NASTY["nothing"])) == "mine"


def test_a_terminal_shows_text_as_text() -> None:
    """Markup, colours and signs of a name are neither obeyed nor left out."""
    stream = io.StringIO()
    table = Table("[b]head[/b]", title="[/title]")
    table.add_row(NASTY["markup"], NASTY["escape"])
    Terminal(file=stream, width=200, force_terminal=True, color_system=None).print(table, "[/x]")
    shown = stream.getvalue()
    assert "\x1b" not in shown and "\x07" not in shown
    for text in (NASTY["markup"], "]0;owned[31mred", "[b]head[/b]", "[/title]"):
        assert text in shown
