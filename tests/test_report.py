"""Reports: what they say is counted from runs, and nothing in a name can act."""

from __future__ import annotations

import dataclasses
import io
import re
import shutil
import zipfile
from collections.abc import Sequence
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from docx import Document
from matplotlib.text import Text
from rich.console import Console
from test_punctuation import half_width

from sim.compose import load
from sim.config import Config
from sim.desk import charts, compound
from sim.desk.bench import Asked
from sim.desk.live import Lived
from sim.desk.printing import as_comparison
from sim.desk.session import Own, Plan, Planned, Session
from sim.desk.visit import as_runs
from sim.errors import InputError
from sim.experiments import comparison_table
from sim.experiments.compare import Comparison
from sim.experiments.comparison_table import policy_title
from sim.experiments.run import run
from sim.experiments.summary import unit_word
from sim.figures import attribution, comparison, district, robustness, sensitivity
from sim.outcomes import INDICATORS, column
from sim.questions.compare import compare
from sim.report import annexes, brief, page, sentences
from sim.report.annexes import costs
from sim.report.build import build, read_results
from sim.report.case import Case, Extra
from sim.report.content import Bullets, Paragraph, Picture, Report, Section, Table, plain
from sim.report.document import as_docx, lines_of
from sim.report.page import as_html, shown
from sim.report.paper import as_pdf
from sim.report.reliability import reliability, sources
from sim.report.sentences import Runs, about_policy, about_reference, between
from sim.report.sheets import as_csv, as_xlsx, as_zip, harmless
from sim.report.slides import CELL, as_pptx
from sim.report.words import CANNOT, PAPER, SENTENCES, SURE, WORDS
from sim.report.write import report_words

EVIL = '<script>alert(1)</script>=HYPERLINK("x")'
SMALL = (
    "population.households=120", "population.buildings=3", "scenario.history_months=3", "months=14",
    "replications=3", "executor.workers=1", "firm.leaves=0", "firm.renewal_loss=1", "assembly.distrusted=0",
)  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """A small comparison of two policies, one with an evil name, in a folder."""
    evil = {
        "name": EVIL,
        "title": EVIL,
        "title_zh": EVIL,
        "measures": {"member_contact": {"end": 9}},
    }
    out = tmp_path_factory.mktemp("results")
    return compare("ordinary_estate", *SMALL, policies=["none", "building_meetings", evil], out=out)


def made_up(collection: list[list[float]], satisfied: float = 0.5) -> Runs:
    """Runs whose collection is given by seed for months 0, 12, 24, 60."""
    months = np.array([0, 12, 24, 60])
    values = np.zeros((len(collection), 4, len(INDICATORS)))
    values[:, :, column("collection_rate")] = collection
    values[:, :, column("satisfied_share")] = satisfied
    seeds = np.arange(len(collection))
    return Runs(seeds, months, values, 1200.0 * np.ones(len(seeds)), 6000.0 * np.ones(len(seeds)))


# --- sentences ----------------------------------------------------------------------------------


def test_numbers_of_sentences_are_counted_by_hand() -> None:
    """Catches a sentence whose numbers do not come from the runs."""
    policy = made_up([[0.1, 0.5, 0.75, 0.9], [0.1, 0.72, 0.6, 0.9], [0.1, 0.3, 0.69, 0.9]], 0.8)
    reference = made_up([[0.1, 0.1, 0.05, 0.0], [0.1, 0.1, 0.1, 0.0], [0.1, 0.7, 0.15, 0.0]], 0.2)
    said = about_policy(
        policy, reference, level=0.7, within=24, households=100, end=None, language="en"
    )
    assert said[0] == (
        "In 2 of 3 runs fee collection reaches 70% within 24 months; without measures in 1 of 3."
    )
    assert "the middle run collects 69% of fees" in said[1] and "without measures 10%" in said[1]
    assert "in 3 of 3 runs, on average by 58.0 percentage points" in said[2]
    assert "80% of households are satisfied" in said[3] and "without measures 20%" in said[3]
    # 1,200 hours over 60 months and 100 households are 2.4 hours a household and year.
    assert any("2.4 hours and 12.0 yuan a household and year" in text for text in said)
    assert said[-1].startswith("Only 3 runs")


def test_reaching_is_not_told_where_most_are_there_already() -> None:
    """Catches «reaches 70%» said of a compound that starts above it."""
    runs = made_up([[0.8, 0.8, 0.8, 0.8], [0.9, 0.8, 0.6, 0.8]])
    said = about_policy(runs, runs, level=0.7, within=24, households=10, end=None, language="en")
    assert said[0].startswith("In 1 of 2 runs fee collection stands at 70% or more in month 24")


def test_what_gets_worse_is_told() -> None:
    """Catches a report that keeps the adverse side to itself."""
    better, worse = made_up([[0.5] * 4] * 4), made_up([[0.5] * 4] * 4)
    worse.values[:, :, column("grievance")] = 0.4
    better.values[:, :, column("grievance")] = 0.2
    worse.values[:, 2, column("grievance")] += [0.0, 0.01, 0.02, 0.03]
    args: dict[str, Any] = {
        "level": 0.7,
        "within": 24,
        "households": 10,
        "end": None,
        "language": "en",
    }
    told = about_policy(worse, better, **args)
    assert any(
        "What gets worse by month 24 (means of runs): Mean grievance (42%, without measures 20%: "
        "+21.5 points)" in t
        for t in told
    )
    assert any("None of" in text for text in about_policy(better, worse, **args))


def test_a_gain_after_the_end_is_read_after_the_end() -> None:
    """Catches a fading that is read while measures are in force."""
    policy = made_up([[0.1, 0.5, 0.3, 0.3]] * 3)
    reference = made_up([[0.1] * 4] * 3)
    said = about_policy(
        policy, reference, level=0.7, within=24, households=10, end=12, language="en"
    )
    assert (
        "The last measure ends in month 12. In that month collection is 40.0 points above no measures; "
        "12 months later it is 20.0 points above no measures."
    ) in said


@pytest.mark.parametrize(
    ("gains", "english", "chinese"),
    [
        ((0.1, 0.12, 0.14), "higher than without measures in 3 of 3 runs, on average by 12.0 percentage",
         "3次第24个月的收缴率高于无措施时，平均高12.0个百分点（95%区间7.0至17.0）"),
        ((-0.02, -0.03, -0.04), "lower than without measures in 3 of 3 runs, on average by 3.0 percentage",
         "3次第24个月的收缴率低于无措施时，平均低3.0个百分点（95%区间0.5至5.5）"),
        ((0.01, -0.005, -0.01), "cannot be told apart from that without measures: -0.2 percentage points on",
         "与无措施时无法区分：平均相差-0.2个百分点（95%区间-2.8至+2.4），3次模拟中有1次更高"),
        ((0.0, 0.0, 0.0), "cannot be told apart", "无法区分：平均相差0.0个百分点（95%区间0.0）"),
        ((0.05, 0.45, np.nan), "too few to tell",
         "在3次模拟中，只有2次第24个月双方都有应收物业费，收缴率与无措施时平均相差+25.0"),
    ],
)  # fmt: skip
def test_a_loss_is_no_gain_and_chance_is_neither(
    gains: tuple[float, ...], english: str, chinese: str
) -> None:
    """Catches «higher by -0.1» and a difference told where there may be none."""
    policy = made_up([[0.1, 0.5, 0.5 + gain, 0.5 + gain] for gain in gains])
    reference = made_up([[0.1, 0.5, 0.5, 0.5]] * 3)
    for language, words in (("en", english), ("zh", chinese)):
        said = about_policy(
            policy, reference, level=0.7, within=24, households=10, end=None, language=language
        )
        assert words in said[2]


def test_what_is_left_after_the_end_may_be_nothing_or_a_loss() -> None:
    """Catches a fading that is told as a gain whatever came of it."""
    policy = made_up([[0.1, 0.5, 0.09, 0.3], [0.1, 0.5, 0.12, 0.3], [0.1, 0.5, 0.11, 0.3]])
    reference = made_up([[0.1, 0.6, 0.1, 0.3]] * 3)
    args: dict[str, Any] = {"level": 0.7, "within": 24, "households": 10, "end": 12}
    english = about_policy(policy, reference, **args, language="en")
    assert any(
        "10.0 points below no measures; 12 months later it is not told apart from no measures "
        "(+0.7 points, 95% interval -3.1 to +4.5)." in text
        for text in english
    )
    one = about_policy(
        policy.only(np.array([0])), reference.only(np.array([0])), **args, language="zh"
    )
    assert any(
        "当月收缴率比无措施时低10.0个百分点；12个月后比无措施时低1.0个百分点" in t for t in one
    )


def test_a_list_that_is_cut_says_so() -> None:
    """Catches four things that got worse told as if they were all."""
    worse, better = made_up([[0.5] * 4] * 4), made_up([[0.5] * 4] * 4)
    for name in ("grievance", "open_conflict_share", "free_rider_share", "misuse_share"):
        worse.values[:, :, column(name)] = 0.4
    args: dict[str, Any] = {"level": 0.7, "within": 24, "households": 10, "end": None}
    assert not any("等4项" in t for t in about_policy(worse, better, **args, language="zh"))
    worse.values[:, :, column("satisfaction_gap_age")] = 0.4
    assert any("等5项。" in text for text in about_policy(worse, better, **args, language="zh"))
    assert any(
        "; and others (5 in all)." in text
        for text in about_policy(worse, better, **args, language="en")
    )


def test_languages_say_the_same_things() -> None:
    """Catches a text missing in one language, or one that lacks a number there."""
    for words in (WORDS, SENTENCES, PAPER):
        assert words["en"].keys() == words["zh"].keys()
        for key, text in words["en"].items():
            holes = set(re.findall(r"{(\w+)}", text))
            assert holes == set(re.findall(r"{(\w+)}", words["zh"][key])), key
    assert len(CANNOT["en"]) == len(CANNOT["zh"]) and len(SURE["en"]) == len(SURE["zh"])
    runs = made_up([[0.1, 0.5, 0.3, 0.3]] * 3)
    assert len(about_reference(runs, 24, "en")) == len(about_reference(runs, 24, "zh")) == 2
    assert sentences.passes(runs, 0.5, 12) == 3 and sentences.passes(runs, 0.5, 6) == 0


def test_table_figures_and_report_use_the_same_words() -> None:
    """Catches 更优概率 beside 优于对照的模拟占比, and 第24月 beside 第24个月."""
    assert comparison_table.WORDS["zh"]["beats"] == WORDS["zh"]["beats"] + "%"
    for module in (comparison_table, attribution, comparison, district, robustness, sensitivity):
        words = module.WORDS["zh"]
        assert not [text for text in words.values() if re.search(r"{(month|last)}月", text)]


# --- forms --------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """All elements of a page with their attributes, and all ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_needs_nothing_and_runs_nothing(kept: Comparison, language: str) -> None:
    """Catches a name that becomes markup, a file that loads something, and ids used twice."""
    text = as_html(build(kept, language, Extra(question=EVIL)))
    tags = Tags(text).tags
    assert not [tag for tag, _ in tags if tag in ("script", "iframe", "img", "link", "object")]
    assert EVIL not in text and "&lt;script&gt;" in text
    loaded = [a.get(name) for _, a in tags for name in ("src", "href", "xlink:href") if a.get(name)]
    assert all(str(target).startswith("#") for target in loaded)
    assert not re.findall(r"url\((?!#|data:font/woff)", text)
    ids = [a["id"] for _, a in tags if "id" in a]
    figures = {str(name).partition("-")[0] for name in ids}
    assert len(figures) == text.count("<svg ") == 5
    assert all(a.get("aria-label") for tag, a in tags if tag == "svg")
    assert 'lang="zh-CN"' in text if language == "zh" else 'lang="en"' in text
    for sentence in CANNOT[language]:
        assert sentence in text.replace("&#x27;", "'")


def test_the_same_results_give_the_same_page(kept: Comparison) -> None:
    """Catches a report that differs from one making to the next."""
    assert as_html(build(kept, "zh")) == as_html(build(kept, "zh"))


def test_the_pdf_has_figures_as_vectors_and_no_pictures(kept: Comparison) -> None:
    """Catches figures that blur in print, and a font that is not in the file."""
    data = as_pdf(build(kept, "zh"))
    assert data.startswith(b"%PDF-") and b"NotoSansSC" in data
    assert b"/Subtype /Image" not in data
    assert len(data) < 2_000_000


@pytest.mark.parametrize(
    ("cell", "kept_as"),
    [("=1+1", "'=1+1"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"),
     ("\t=1", "'\t=1"), (" =1", "' =1"), ("党员", "党员"), (-2.5, -2.5), (float("nan"), None), (None, None),
     ("＝1+1", "'＝1+1")],
)  # fmt: skip
def test_no_cell_becomes_a_formula(cell: Any, kept_as: Any) -> None:
    """Catches a name that a spreadsheet would compute."""
    assert harmless(cell) == kept_as


def test_text_of_a_workbook_is_text_as_it_is() -> None:
    """Catches a difference with an apostrophe in front, and a name that a workbook computes."""
    from openpyxl import load_workbook

    texts = ["+0.3 [+0.3, +0.4]", "=1+1", "@SUM(A1)", "#N/A", "党员"]
    table = Table("t", "=t", ["=a", *"bcde"], [list(texts)])
    report = Report("zh", "", "", [Section("", [table])])
    sheet = load_workbook(io.BytesIO(as_xlsx(report))).worksheets[0]
    assert [cell.value for cell in sheet[3]] == texts
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    assert [cell.quotePrefix for cell in sheet[3]] == [True, True, True, False, False]


def test_sheets_hold_every_table_and_no_formula(kept: Comparison) -> None:
    """Catches a table left out, a formula, and Chinese that Excel cannot read."""
    from openpyxl import load_workbook

    report = build(kept, "zh")
    book = load_workbook(io.BytesIO(as_xlsx(report)))
    assert len(book.worksheets) == len(report.tables()) >= 7
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert EVIL in {cell.value for cell in cells}
    runs = next(sheet for sheet in book if sheet.title == "各次模拟")
    assert runs.max_row == 2 + 3 * 3
    with zipfile.ZipFile(io.BytesIO(as_zip(report))) as archive:
        assert len(archive.namelist()) == len(report.tables())
    text = as_csv(Table("t", "t", ["=a", "b"], [["=1", 2.5]]))
    assert text.decode("utf-8-sig") == "'=a,b\r\n'=1,2.5\r\n" and text.startswith(b"\xef\xbb\xbf")


def table_of(report: Report, name: str) -> Table:
    """The one table whose name begins so."""
    return next(table for table in report.tables() if table.name.startswith(name))


def test_every_policy_stands_among_those_compared(kept: Comparison) -> None:
    """Catches a policy left out for having no measures, and an end that is a month too late."""
    table = table_of(build(kept, "zh"), "measures")
    assert table.rows[0] == ["无措施", "无", "", "", "", ""]
    assert [row[0] for row in table.rows] == ["无措施", "楼宇会", EVIL]
    assert table.columns[3] == "最后实施月"
    assert [row[3] for row in table.rows[1:]] == ["不撤销", 8]


@pytest.mark.parametrize(("language", "name"), [("zh", "无措施"), ("en", "No measures")])
def test_the_desk_calls_its_reference_by_its_name(language: str, name: str) -> None:
    """Catches a report of the desk that compares with «none»."""
    asked = compound.configurations(Session())
    assert policy_title(asked["none"].config, "none", language) == name


def test_numbers_of_the_report_are_those_of_the_comparison(kept: Comparison) -> None:
    """Catches a table that shows another month, policy or unit than it says."""
    report = build(kept, "en")
    table = table_of(report, "all-levels")
    label = INDICATORS["collection_rate"].en
    row = next(
        r for r in table.rows if r[0] == label and r[1] == "Building meetings" and r[2] == 14
    )
    months = kept.months
    here = months[(months["policy"] == "building_meetings") & (months["month"] == 14)]
    assert row[4] == pytest.approx(100 * here["collection_rate"].median())
    assert row[3] == 3 and row[-1] == "%"


def test_the_month_asked_is_the_month_shown(kept: Comparison) -> None:
    """Catches tables of another month than the sentences tell of."""
    report = build(kept, "zh", Extra(within=7))
    assert table_of(report, "levels").columns[2:] == [
        "政策起点",
        *(f"第{m}个月" for m in (7, 12, 14)),
    ]
    table = table_of(report, "effects")
    assert table.title.startswith("第7个月")
    months = kept.months[kept.months["month"] == 7].groupby(["policy", "seed"])["collection_rate"]
    means = months.mean().unstack("policy")
    rows = [row for row in table.rows if row[0] == "物业费收缴率（百分点）"]
    assert [row[1] for row in rows] == ["楼宇会", EVIL]
    for row, policy in zip(rows, ("building_meetings", EVIL), strict=True):
        assert row[2] == pytest.approx(100 * (means[policy] - means["none"]).mean())
    drawn = [b.figure for s in report.sections for b in s.blocks if isinstance(b, Picture)]
    titles = [text.get_text() for figure in drawn for text in figure.findobj(Text)]
    assert "第7个月与“无措施”的差异" in titles


def test_units_are_in_the_language_of_the_report(kept: Comparison) -> None:
    """Catches a code of the model, such as yuan/month, in a Chinese sheet."""
    report = build(kept, "zh")
    units = {row[-1] for name in ("all-levels", "compound") for row in table_of(report, name).rows}
    assert {"", "元/月", "每千户每月", "户", "栋"} <= units
    heads = table_of(report, "runs").columns
    assert "物业费收缴率（%）" in heads and "措施支出（元/月）" in heads
    units |= {unit_word(row.unit, "zh") for row in Config.describe() if row.unit != "1"}
    units |= {unit_word(known.unit, "zh") for known in INDICATORS.values()}
    assert not [unit for unit in units - {"name", "path"} if re.search("[A-Za-z]", str(unit))]


# --- every printed number follows from others ---------------------------------------------------

MONTHS = np.arange(-12, 37)
SEEDS = tuple(range(1, 9))
STEADY = {"Much": 0.02, "Little": 0.0008, "Loss": -0.001}
"""Rise in collection a month from month 1 on, by policy; «Nothing» rises in half of the runs."""

SPENT = {
    "Much": (("cell", "m", 8_000.0, 0.0), ("public", "m", 0.0, 1.25e6), ("residents", "m", 4_431.0, 0.0)),
    "Little": (("cell", "m", 9_130.0, 0.0),),
    "Loss": (("community", "m", 885.0, 2e5),),
    "Nothing": (("community", "m", 120.0, 0.0),),
}  # fmt: skip


def future(policy: str, seed: int) -> Lived:
    """A run whose collection and costs are known."""
    after = np.clip(MONTHS, 0, None)
    rise = STEADY.get(policy, 0.0) * (1 + seed / 50)
    rise += 0.0005 * (-1) ** seed if policy == "Nothing" else 0.0
    values = np.zeros((len(MONTHS), len(INDICATORS)))
    values[:, column("collection_rate")] = 0.2 + 0.003 * seed + rise * after
    values[:, column("satisfied_share")] = 0.3 + 0.01 * seed
    values[:, column("grievance")] = 0.5 + (0.01 * seed if policy == "Loss" else 0.0)
    values[MONTHS >= 1, column("hours_spent")] = sum(cost[2] for cost in SPENT.get(policy, ())) / 36
    return Lived(seed, MONTHS, values, np.zeros((36, 8)), SPENT.get(policy, ()))


def lived(names: Sequence[str] = (*STEADY, "Nothing")) -> dict[str, list[Lived]]:
    """Runs by policy, the reference first."""
    return {name: [future(name, seed) for seed in SEEDS] for name in ("none", *names)}


def asked(names: Sequence[str], **values: Any) -> dict[str, Asked]:
    """Configurations of the desk for such runs."""
    given = {"months": 36, "replications": len(SEEDS), "case": "kangqiao", **values}
    return compound.configurations(Session(policies=[Plan(name=name) for name in names], **given))


@pytest.fixture(scope="module")
def known() -> Comparison:
    """A comparison of policies whose effects and costs are known by hand."""
    runs = lived()
    configs = {name: one.config for name, one in asked(list(runs)[1:]).items()}
    return as_comparison(configs, runs, 0.7)


NASTY = "a\u202eb\x00c\x0b<b>&amp;</b> =1+1 \ud800 是否可行？"
"""Turned text, control characters, markup, a formula, half a letter."""


@pytest.fixture(scope="module")
def reports(known: Comparison) -> dict[str, Report]:
    """Its report in both languages."""
    extra = Extra(question=NASTY, level=0.7, within=36)
    return {language: build(known, language, extra) for language in ("zh", "en")}


@pytest.fixture(scope="module")
def told(reports: dict[str, Report]) -> Report:
    """Its report in English."""
    return reports["en"]


def printed(text: str) -> tuple[float, float]:
    """The least and the greatest number that is written so."""
    number, mark = re.fullmatch(r"([+-]?[\d,]+(?:\.\d+)?)(万|k|M)?%?", text).groups()
    scale = {"万": 1e4, "k": 1e3, "M": 1e6, None: 1.0}[mark]
    slack = 0.5 * 10.0 ** -len(number.partition(".")[2])
    value = float(number.replace(",", ""))
    return (value - slack) * scale, (value + slack) * scale


def meets(text: str, low: float, high: float) -> bool:
    """Whether a printed number can be one between two others."""
    least, greatest = printed(text)
    return least <= high and low <= greatest


def rows_as_printed(report: Report, name: str) -> list[dict[str, str]]:
    """A table as pages show it, a dict for each row."""
    table = table_of(report, name)
    texts = [[shown(cell, report.language) for cell in row] for row in table.rows]
    return [dict(zip(table.columns, row, strict=True)) for row in texts]


GAIN = "mean gain in collection, months 1 to 36 (points)"


def test_cost_of_a_point_follows_from_the_table_it_stands_in(told: Report) -> None:
    """Catches 4,431 hours a point where hours and gain printed give 3,378."""
    rows = [r for r in rows_as_printed(told, "costs") if r["who"] == "all together"]
    assert [row["policy"] for row in rows] == ["No measures", "Much", "Little", "Loss", "Nothing"]
    for row in rows[1:3]:
        gain = printed(row[GAIN])
        for unit in ("hours", "yuan"):
            low, high = printed(row[unit])
            assert meets(row[f"{unit} per point"], low / gain[1], high / gain[0]), row
    # By hand: 18.5 months on average of 0.08 points a month, times the mean of 1 + seed / 50.
    assert rows[2][GAIN] == "1.61" and rows[2]["hours per point"] == "5,660"


def test_costs_of_all_together_are_the_sum_of_those_who_give_them(told: Report) -> None:
    """Catches medians that do not add up, and a point whose cost is not that of its parts."""
    rows = [row for row in rows_as_printed(told, "costs") if row["policy"] == "Much"]
    for column_ in ("hours", "yuan", "hours per point", "yuan per point"):
        parts = [printed(row[column_]) for row in rows[1:]]
        assert meets(rows[0][column_], *map(sum, zip(*parts, strict=True))), column_
    assert len(rows) == 4


def test_a_number_that_is_not_given_says_why(told: Report, known: Comparison) -> None:
    """Catches a dash that is explained as «not told from chance» where nothing was reckoned."""
    rows = {r["policy"]: r for r in rows_as_printed(told, "costs") if r["who"] == "all together"}
    assert [rows[p]["hours per point"] for p in ("No measures", "Loss", "Nothing")] == [
        "reference", "loss", "uncertain",
    ]  # fmt: skip
    assert rows["Loss"][GAIN].startswith("-") and rows["No measures"][GAIN] == "reference"
    assert not [
        cell for row in rows_as_printed(told, "costs") for cell in row.values() if cell == "–"
    ]
    one = build(only_seed(known), "zh", Extra(level=0.7, within=36))
    rows = {r["方案"]: r for r in rows_as_printed(one, "costs") if r["投入方"] == "合计"}
    assert rows["Much"]["工时/百分点"] == "仅一对"
    assert "只有一对模拟，无法给出区间" in one.text()
    assert "one pair of runs: no interval" not in told.text()


def only_seed(known: Comparison) -> Comparison:
    """The same from one run of each policy."""
    question = known.question
    runs = {name: [future(name, 1)] for name in question.policies}
    configs = {p: question.configs[question.scenarios[0], p] for p in question.policies}
    return as_comparison(configs, runs, 0.7)


def test_less_spent_is_no_better_run(told: Report) -> None:
    """Catches «share of runs that are better: 0%» said of hours and money."""
    beats = {row["indicator"]: row["better in (%)"] for row in rows_as_printed(told, "effects")}
    spent = [
        text for name, text in beats.items() if name.startswith(("Hours given", "Money given"))
    ]
    assert spent == ["–", "–"]
    assert "not given (–) for hours and money" in told.text()


def sentences_of(report: Report, policy: str) -> str:
    """What the report says of one policy."""
    blocks = next(s for s in report.annexes if "Each policy" in s.title).blocks
    place = next(k for k, b in enumerate(blocks) if getattr(b, "text", "") == policy)
    return " ".join(blocks[place + 1].items)


def test_sentences_say_what_the_tables_say(told: Report) -> None:
    """Catches a sentence of medians beside a table of means, and a rounding of its own."""
    said = sentences_of(told, "Little")
    cost = next(
        row for row in rows_as_printed(told, "costs")
        if (row["policy"], row["who"]) == ("Little", "all together")
    )  # fmt: skip
    hours, each = re.search(r"takes (\S+) hours .* \(mean of runs\), (\S+) hours", said).groups()
    assert hours == cost["hours"]
    houses = re.search(r"([\d,]+) households", told.text()).group(1)
    ends = [h / printed(houses)[0] / 3 for h in printed(hours)]
    assert meets(each, *ends)
    effect = next(
        row for row in rows_as_printed(told, "effects")
        if row["policy"] == "Little" and row["indicator"].startswith("Fees")
    )  # fmt: skip
    gain, low, high = re.search(
        r"by (\S+) percentage points \(95% interval (\S+) to (\S+)\)", said
    ).groups()
    assert [gain, low, high] == [effect[k] for k in ("difference", "95% from", "95% to")]
    count, all_ = map(int, re.search(r"without measures in (\d+) of (\d+) runs, on", said).groups())
    assert effect["better in (%)"] == f"{100 * count / all_:g}"
    level = next(
        row for row in rows_as_printed(told, "levels")
        if row["policy"] == "Little" and row["indicator"].startswith("Fees")
    )  # fmt: skip
    found = re.search(r"collects (\S+)% of fees \(90% of runs: (\S+)% to (\S+)%\)", said).groups()
    assert level["month 36"] == "{} [{}, {}]".format(*found)


def test_what_gets_worse_is_apart_by_what_the_table_says(told: Report) -> None:
    """Catches «51%, without 50%» beside a difference of 4.5 points."""
    said = sentences_of(told, "Loss")
    value, other, gap = re.search(
        r"grievance \((\S+)%, without measures (\S+)%: (\S+) points\)", said
    ).groups()
    ends = [(a - b) for a, b in zip(printed(value), reversed(printed(other)), strict=True)]
    assert meets(gap, *ends)
    rows = rows_as_printed(told, "effects")
    row = next(r for r in rows if r["policy"] == "Loss" and r["indicator"].startswith("Mean griev"))
    assert gap == f"+{row['difference']}"


def test_tables_follow_from_the_table_of_runs(told: Report) -> None:
    """Catches a sheet in fractions beside one in percent, and a number that no run has part in."""
    runs = rows_as_printed(told, "runs")
    by_policy: dict[str, dict[str, np.ndarray]] = {}
    table = table_of(told, "runs")
    for policy in dict.fromkeys(row["policy"] for row in runs):
        rows = np.array([row[1:] for row in table.rows if row[0] == policy], dtype=float)
        by_policy[policy] = dict(zip(table.columns[1:], rows.T, strict=True))
    main = "Fees collected (%)"
    for row in rows_as_printed(told, "effects"):
        if row["indicator"] == "Fees collected (percentage points)":
            ours, theirs = (by_policy[p][main] for p in (row["policy"], "No measures"))
            assert meets(row["difference"], *[float((ours - theirs).mean())] * 2)
            share = np.mean((ours > theirs) + 0.5 * (ours == theirs))
            assert row["better in (%)"] == f"{100 * share:g}"
    for row in rows_as_printed(told, "all-levels"):
        if row["indicator"] == "Fees collected" and row["month"] == "36":
            assert row["unit"] == "%"
            assert meets(row["median"], *[float(np.median(by_policy[row["policy"]][main]))] * 2)
    for row in rows_as_printed(told, "costs"):
        if row["who"] == "all together":
            assert meets(row["hours"], *[float(by_policy[row["policy"]]["hours"].mean())] * 2)


def test_the_level_asked_about_is_the_comparison_s(known: Comparison) -> None:
    """Catches sentences of 70% beside a figure whose line stands at 60%."""
    lower = dataclasses.replace(
        known, question=dataclasses.replace(known.question, threshold=0.655)
    )
    assert "fee collection reaches 65.5%" in build(lower, "en").text()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_compare_prints_the_costs_of_the_report(known: Comparison, language: str) -> None:
    """Catches a command and a report with two definitions of one number."""
    out = io.StringIO()
    comparison_table.print_comparison(known, Console(file=out, width=200), language)
    lines = [re.split(r"\s{2,}", line.strip()) for line in out.getvalue().splitlines()]
    section = costs(Case(known, known.question.scenarios[0], language, Extra()))
    report = next(block for block in section.blocks if isinstance(block, Table))
    whole = [row for row in report.rows if row[1] in ("all together", "合计")]
    for row in whole:
        wanted = [row[0], *(shown(cell, language) for cell in row[2:])]
        assert wanted in lines, wanted


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desk_shows_the_costs_of_the_report(known: Comparison, language: str) -> None:
    """Catches a page whose gain is of one month beside a report whose gain is of all."""
    session = Session(
        policies=[Plan(name=n) for n in list(lived())[1:]], months=36, language=language
    )
    runs = {name: as_runs(of) for name, of in lived().items()}
    heads, rows = charts.cost_table(session, runs)
    section = costs(Case(known, known.question.scenarios[0], language, Extra()))
    report = next(block for block in section.blocks if isinstance(block, Table))
    whole = [row for row in report.rows if row[1] in ("all together", "合计")][1:]
    for ours, theirs in zip(rows, whole, strict=True):
        gain = ours[3].partition(" ")[0]
        wanted = [shown(cell, language) for cell in (theirs[0], *theirs[2:])]
        assert [*ours[:3], gain, *ours[4:]] == wanted
    assert "36" in heads[3] and not any("{" in head for head in heads)
    assert WORDS[language]["per_hours"] == heads[4]


def test_a_report_writes_no_more_digits_than_anybody_chose() -> None:
    """Catches 0.49532000000000004 in a page, a workbook or a file."""
    own = Own(values={"population.tenant_share": 0.1 + 0.2})
    plan = Plan(name="A", measures=[Planned(measure="member_contact", dose=0.1 + 0.2)])
    session = Session(case="own", own=own, policies=[plan], months=36)
    configs = {name: one.config for name, one in compound.configurations(session).items()}
    runs = {
        name: [future("Much" if name == "A" else name, seed) for seed in SEEDS] for name in configs
    }
    report = build(as_comparison(configs, runs, 0.7), "zh")
    texts = [
        shown(cell, "zh") for t in report.tables() if t.shown for row in t.rows for cell in row
    ]
    texts += [as_csv(table).decode() for table in report.tables()]
    texts += [b.text for part in report.sections for b in part.blocks if isinstance(b, Paragraph)]
    assert not [found for text in texts for found in re.findall(r"\d\.\d{13,}", text)]
    values = {row[0]: row[1:] for row in table_of(report, "compound").rows}
    assert values["租户比例"][0] == "30%"
    assert table_of(report, "measures").rows[1][4].text == "30"


def test_events_of_the_past_are_told_in_words() -> None:
    """Catches 第-34个月, and a month that stands in the column of units."""
    one = asked([])["none"].config
    report = build(
        as_comparison({"none": one}, {"none": [future("none", s) for s in SEEDS]}, 0.7), "zh"
    )
    rows = table_of(report, "compound").rows
    events = [row for row in rows if str(row[0]).startswith("事件")]
    assert events[0] == ["事件：开发商承诺未兑现（政策起点前32个月）", "100%", "", ""]
    assert "第-" not in report.text()


# --- the paper -----------------------------------------------------------------------------------


@pytest.fixture(params=["zh", "en"])
def paper(request: pytest.FixtureRequest, reports: dict[str, Report]) -> Report:
    """The paper on policies whose effects and costs are known."""
    return reports[request.param].short()


def test_doubt_is_told_of_every_compound_by_its_name(
    known: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches counts of parameter sets of the first compound that read as those of all."""
    monkeypatch.setattr(annexes, "_doubt_lines", lambda case: ["In 3 of 4"])
    case = Case(known, known.question.scenarios[0], "en", Extra())
    for cases, said in (([case], "In 3 of 4"), ([case, case], f"{case.place}: In 3 of 4")):
        bullets = annexes._uncertainty(cases).blocks[0]
        assert isinstance(bullets, Bullets)
        assert bullets.items[-len(cases) :] == [said] * len(cases)


def docx_texts(report: Report) -> tuple[list[str], list[list[list[str]]]]:
    """Paragraphs and tables of a document, read back."""
    from docx import Document

    document = Document(io.BytesIO(as_docx(report)))
    tables = [[[cell.text for cell in row.cells] for row in t.rows] for t in document.tables]
    return [paragraph.text for paragraph in document.paragraphs], tables


def printed_rows(table: Table, language: str) -> list[list[str]]:
    """A table as pages print it, heads first."""
    return [table.columns, *([shown(cell, language) for cell in row] for row in table.rows)]


def test_the_document_says_what_the_tables_say(paper: Report) -> None:
    """Catches a form that leaves out or changes what another one says."""
    paragraphs, tables = docx_texts(paper)
    assert paragraphs[:2] == [paper.title, paper.subtitle]
    assert tables == [printed_rows(table, paper.language) for table in paper.tables()]
    said = [b.lead + b.text for s in paper.paper for b in s.blocks if isinstance(b, Paragraph)]
    flat = ["".join(text.split()) for text in paragraphs]
    assert [text for text in said if "".join(text.split()) not in flat] == []
    assert [section.title for section in paper.paper] == [
        t for t in paragraphs if re.match("[一二三四五六]、|[1-6][.] ", t)
    ][:6]
    page, pdf = as_html(paper), as_pdf(paper)
    assert all(escape(text.strip()) in page for s in paper.paper for text in (s.title,))
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) <= 2


def test_slides_hold_the_paper(paper: Report) -> None:
    """Catches a slide whose table differs from the document's, and a fourth slide."""
    from pptx import Presentation

    show = Presentation(io.BytesIO(as_pptx(paper)))
    shapes = [shape for slide in show.slides for shape in slide.shapes]
    assert len(show.slides) == 3
    tables = [s.table for s in shapes if s.has_table]
    read = [[[cell.text for cell in row.cells] for row in t.rows] for t in tables]
    assert read == [printed_rows(table, paper.language) for table in paper.tables()]
    text = "\n".join(s.text_frame.text for s in shapes if s.has_text_frame)
    for section in paper.paper:
        assert section.title in text
        assert all(b.text in text for b in section.blocks if isinstance(b, Paragraph) and b.lead)


def test_names_cannot_break_a_document(paper: Report) -> None:
    """Catches a file Word refuses, text that runs backwards, and a name that becomes markup or a formula."""
    kept = "abc <b>&amp;</b> =1+1 是否可行？"
    paragraphs, _ = docx_texts(paper)
    assert any(text.endswith(kept) for text in paragraphs)
    long = dataclasses.replace(
        paper, title="长" * 3000, paper=[Section("=1+1", [Table("t", "@x", ["=a"], [["+1"]])])]
    )
    assert docx_texts(long)[1] == [[["=a"], ["+1"]]]
    assert as_pptx(long) and as_pdf(long) and as_xlsx(long)
    with zipfile.ZipFile(io.BytesIO(as_docx(paper))) as archive:
        assert not [name for name in archive.namelist() if "vba" in name.lower()]


def row_of(report: Report, policy: str) -> list[str]:
    """What the paper's table says of a policy."""
    return next(
        row for row in printed_rows(report.tables()[0], report.language) if row[0] == policy
    )


def test_numbers_of_the_paper_follow_from_each_other(paper: Report) -> None:
    """Catches a gain that is not the difference of two printed levels, and a total that its parts do not make."""
    none = row_of(paper, paper.tables()[0].rows[-1][0])
    level = [re.match(r"[\d.]+", row[1])[0] for row in (row_of(paper, "Much"), none)]
    gain = row_of(paper, "Much")[2]
    assert abs(float(level[0]) - float(level[1]) - float(gain)) < 0.11
    said = paper.paper[1].blocks[0].text
    assert level[0] in said and gain.lstrip("+") in said
    given = next(b.text for b in paper.paper[3].blocks if "Much" in b.lead)
    hours = sum(float(n) for n in re.findall(r"([\d.]+) ?(?:工时|hours)", given))
    assert meets(row_of(paper, "Much")[5], hours - 0.6, hours + 0.6)
    # 12,431 hours in 36 months by the cell and residents, against 9,130 of «Little».
    beside = next(b.text for b in paper.paper[1].blocks if "Little" in b.text and "Much" in b.text)
    assert "73%" in beside and f"{9130 / 12431:.0%}" == "73%"


def test_the_paper_tells_nobody_to_type_a_command(told: Report, paper: Report) -> None:
    """Catches «xiaoqu explain» in what a leader reads."""
    for report in (told, paper):
        assert not re.search(r"xiaoqu [a-z]+ ", report.text())


def test_chinese_reports_have_full_width_signs(
    reports: dict[str, Report], kept: Comparison
) -> None:
    """Catches a sentence put together from pieces with a half-width comma between them."""
    for report in (reports["zh"], build(kept, "zh")):
        blocks = [b for s in report.sections for b in s.blocks]
        texts = [report.title, report.subtitle, *(section.title for section in report.sections)]
        texts += [b.lead + b.text for b in blocks if isinstance(b, Paragraph)]
        texts += [item for b in blocks if isinstance(b, Bullets) for item in b.items]
        texts += [b.title + b.alternative for b in blocks if isinstance(b, Picture)]
        texts += [cell for t in report.tables() for row in printed_rows(t, "zh") for cell in row]
        assert not [
            text for text in texts if half_width(text.replace(EVIL, "").replace(plain(NASTY), ""))
        ]


def test_sheets_have_names_in_the_language(reports: dict[str, Report]) -> None:
    """Catches «levels-kangqiao» as a sheet of a Chinese workbook, and numbers kept as text."""
    from openpyxl import load_workbook

    report = reports["zh"]
    book = load_workbook(io.BytesIO(as_xlsx(report)))
    assert book.sheetnames[:4] == ["方案对比", "方案内容", "方案之间比较", "主要指标"]
    assert not [name for name in book.sheetnames if re.search("[A-Za-z]", name)]
    sheet, table = book["方案对比"], report.tables()[0]
    assert sheet.cell(3, 6).value == pytest.approx(table.rows[0][5])


def test_how_far_an_answer_may_be_trusted(known: Comparison) -> None:
    """Catches a grade without its reasons, and one that nothing can lower."""
    case = Case(known, known.question.scenarios[0], "zh", Extra(level=0.7, within=36))
    found = reliability(case)
    assert found.grade == "low" and "8次" in found.reasons[0]
    assert "已按此数设定" in "".join(found.reasons)
    of = sources()
    assert 0 < of.sized < of.sourced < of.all
    assert f"{of.all}个参数中{of.sourced}个" in found.reasons[-1]


@pytest.mark.parametrize(
    ("hours", "collected", "said"),
    [
        ((10.0, 900.0), (0.5, 0.7), "工时为其1/90，"),
        ((300.0, 900.0), (0.7, 0.7), "工时为其33%，"),
        ((900.0, 900.0), (0.72, 0.7), "工时相当，"),
        ((2070.0, 900.0), (0.72, 0.7), "工时为其2.3倍，"),
        ((0.0, 900.0), (0.72, 0.7), "不占用工时，"),
    ],
)
def test_policies_are_held_against_each_other(
    hours: tuple[float, float], collected: tuple[float, float], said: str
) -> None:
    """Catches a ratio turned round, and two policies told apart that are alike."""
    one, other = (
        dataclasses.replace(made_up([[0.1, 0.1, c, c]] * 4), hours=np.full(4, h), yuan=np.zeros(4))
        for h, c in zip(hours, collected, strict=True)
    )
    told = between(one, other, one, ("甲", "乙"), level=0.7, within=24, language="zh")
    gap = 100 * (collected[0] - collected[1])
    word = f"低{-gap:.1f}" if gap < 0 else f"高{gap:.1f}" if gap else "相差0.0"
    assert told.startswith(f"与乙相比，甲{said[:-1]}；第24个月收缴率{word}个百分点")
    assert ("两者每次模拟都达到70%（4次中分别为4次和4次）" in told) == (collected[0] >= 0.7)


def test_an_interval_of_one_number_is_no_interval() -> None:
    """Catches 13% to 13%."""
    runs = made_up([[0.13] * 4] * 4)
    assert "起点的收缴率中位数为13%（九成模拟：13%）。" in about_reference(runs, 24, "zh")


# --- the command --------------------------------------------------------------------------------


def test_report_of_a_comparison_and_of_a_run(xiaoqu: Any, kept: Comparison, tmp_path: Path) -> None:
    """Catches results that the command cannot tell of, or files it names and does not write."""
    code, told, _ = xiaoqu(
        "report", str(kept.folder), "lang=en", "question=Why?, 为什么?", "--out", str(tmp_path)
    )
    assert code == 0
    files = [Path(line) for line in told.splitlines()]
    assert all(file.stat().st_size for file in files)
    assert {file.suffix for file in files} == {".docx", ".pptx", ".html", ".pdf", ".xlsx", ".csv"}
    page_file = next(file for file in files if file.suffix == ".html")
    assert "Why?, 为什么?" in page_file.read_text("utf-8")
    study = run(load("old_estate", *SMALL, policy="none"), out=tmp_path)
    report = build(read_results(study.folder), "zh")
    assert "没有模拟其他方案" in report.text()
    assert as_pdf(report).startswith(b"%PDF-")


@pytest.mark.slow
def test_a_report_says_why_where_that_was_asked(
    xiaoqu: Any, kept: Comparison, tmp_path: Path
) -> None:
    """Catches a section of guesses, parts that are not those of ``xiaoqu why``, and an answer nobody asked for."""
    folder = tmp_path / "compare" / "one"
    shutil.copytree(kept.folder, folder)
    code, told, error = xiaoqu("report", str(folder), "lang=en", "form=short")
    assert code == 0 and "why-" not in told, error
    assert xiaoqu("report", str(folder), "why=true")[0] == 0
    (found,) = (tmp_path / "why").iterdir()
    assert xiaoqu("report", str(folder), "lang=en")[0] == 0, "found without being asked for again"
    rows = pd.read_csv(folder / "report" / "tables-en" / "why-ordinary_estate.csv")
    assert len(rows) == len(pd.read_parquet(found / "parts.parquet"))
    for _, of in rows.groupby("indicator"):
        whole = of["cause"] == "all"
        assert of.loc[~whole, "part"].sum() == pytest.approx(of.loc[whole, "part"].item(), abs=1e-6)
    for language, title in (("zh", "为什么"), ("en", "Why")):
        paper = Document(folder / "report" / f"report-{language}.docx")
        lines = [p.text for p in paper.paragraphs]
        start = next(
            k for k, line in enumerate(lines) if re.search(rf"\d\W*{title}$", line.strip())
        )
        said = [line for line in lines[start + 1 : start + 6] if re.search(r"[.。]$", line)]
        assert 1 <= len(said) <= 5 and all(re.search(r"\d", line) for line in said)
        assert language == "en" or not any(re.search("[A-Za-z,;]", line) for line in said)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("why=perhaps",), "why: 'perhaps' is not known"),
        (("lang=fr",), "lang: 'fr' is not known"),
        (("months=3",), "months: is not asked for here"),
        ((f"question={'x' * 500}",), "question: 500 characters"),
    ],
)
def test_what_the_command_refuses(xiaoqu: Any, kept: Comparison, words: Any, told: str) -> None:
    """Catches a word that is taken and not used."""
    code, _, error = xiaoqu("report", str(kept.folder), *words)
    assert code == 2 and told in error and error.count("\n") == 1


def test_what_a_killed_report_left_is_cleared(kept: Comparison, tmp_path: Path) -> None:
    """Catches halves of files that pile up beside the report."""
    assert kept.folder is not None
    gone, alive = tmp_path / ".report-en.html.99999999.part", tmp_path / ".report-en.html.1.part"
    gone.write_bytes(b"half"), alive.write_bytes(b"half")
    report_words(kept.folder, ["lang=en"], tmp_path)
    assert [path.name for path in tmp_path.rglob("*.part")] == [alive.name]


def test_a_folder_without_results_is_refused(xiaoqu: Any, tmp_path: Path) -> None:
    """Catches a trace where a line would do."""
    code, _, error = xiaoqu("report", str(tmp_path))
    assert code == 2 and error.startswith("error:") and error.count("\n") == 1
    with pytest.raises(InputError):
        read_results(tmp_path)


def test_a_clip_path_is_named_by_its_order() -> None:
    """Catches a report of other bytes each time: matplotlib's names hash the last bit of a place."""
    drawn = '<g clip-path="url(#p{0})"/><g clip-path="url(#p{1})"/><clipPath id="p{0}"/><g id="a"/>'
    once, again = (page.unlike_ids(drawn.format(*names), 2) for names in ("xy", "zw"))
    assert once == again
    assert once.count("f2-clip0") == 2 and 'id="f2-a"' in once


def test_a_name_is_not_written_downwards_in_a_table() -> None:
    """Catches a column of short names that is squeezed to a letter beside columns of long figures."""
    pytest.importorskip("docx")
    from sim.report.document import ACROSS, POINTS, TYPES, widths_of

    figure = "34 [4.6, 99]（100次中的25次）"
    texts = [
        ["指标", "方案", *"abcd"],
        ["物业费收缴率（%）", "无措施", figure, figure, figure, figure],
    ]
    widths = widths_of(texts, ACROSS)
    assert sum(widths) == pytest.approx(ACROSS)
    # Three characters and Word's own margins of a cell, 1.9 mm on either side.
    assert widths[1] >= 3 * TYPES["Table Grid"].size / POINTS + 3.8


@pytest.mark.parametrize(
    ("gains", "said"),
    [
        ({"a": 0.4, "b": 0.2}, "consider b, which takes less and still gains 20.0 points"),
        ({"a": 0.4, "b": 0.01}, "the others gain too little to stand in for it"),
        ({"a": 0.4}, "a may be considered first."),
        ({"a": -0.1}, "support none of the policies"),
    ],
)
def test_no_plan_of_next_to_nothing_is_a_way_out(
    gains: dict[str, float], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(_: object) -> list[tuple[str, dict[str, float]]]:
        return [(name, {"difference": gain, "low": gain}) for name, gain in gains.items()]

    for name, does in (
        ("leading", told), ("_takes_less", lambda *_: True), ("_behind", lambda *_: True),
    ):  # fmt: skip
        monkeypatch.setattr(brief, name, does)
    spent = SimpleNamespace(hours=np.array([600.0]), yuan=np.array([1200.0]))
    case = SimpleNamespace(
        language="en", tried=list(gains), month=24, last=60, called={name: name for name in gains},
        runs=dict.fromkeys(gains, spent),
    )  # fmt: skip
    assert said in brief._choice(cast(Case, case))


def test_what_stands_below_a_table_of_a_slide_does_not_lie_on_it(paper: Report) -> None:
    """Catches rows that take more lines than one: a note was printed over them."""
    from pptx import Presentation

    shapes = list(Presentation(io.BytesIO(as_pptx(paper))).slides[1].shapes)
    table = next(one for one in shapes if one.has_table)
    rows = [[cell.text for cell in row.cells] for row in table.table.rows]
    widths = [column.width / 12700 for column in table.table.columns]
    for row, count in zip(table.table.rows, lines_of(rows, widths, CELL), strict=True):
        assert row.height / 12700 >= 1.2 * CELL * count
    bottom = table.top + sum(row.height for row in table.table.rows)
    below = [one for one in shapes if one.top > table.top]
    assert below and all(one.top >= bottom for one in below)
