"""Reports: what they say is counted from runs, and nothing in a name can act."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.text import Text

from sim.compose import load
from sim.config import Config
from sim.desk import compound
from sim.desk.session import Session
from sim.errors import InputError
from sim.experiments import comparison_table
from sim.experiments.compare import Comparison, compare
from sim.experiments.comparison_table import policy_title
from sim.experiments.run import run
from sim.experiments.summary import unit_word
from sim.figures import attribution, comparison, district, robustness, sensitivity
from sim.outcomes import INDICATORS, column
from sim.report import page, sentences
from sim.report.build import Extra, build, read_results
from sim.report.content import Picture, Report, Section, Table
from sim.report.page import as_html
from sim.report.paper import as_pdf
from sim.report.sentences import Runs, about_policy, about_reference
from sim.report.sheets import as_csv, as_xlsx, as_zip, harmless
from sim.report.words import CANNOT, SENTENCES, SURE, WORDS
from sim.report.write import report_words

EVIL = '<script>alert(1)</script>=HYPERLINK("x")'
SMALL = (
    "population.households=120", "population.buildings=3", "scenario.history_months=3", "months=14",
    "replications=3", "executor.workers=1",
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
    return compare(["none", "building_meetings", evil], "ordinary_estate", *SMALL, out=out)


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
    assert "in 3 of 3 runs, on average by 58 percentage points" in said[2]
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
        "What gets worse by month 24: Mean grievance (42%, without measures 20%)" in t for t in told
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
        "The last measure ends in month 12. In that month collection is 40 points above no measures; "
        "12 months later it is 20 points above no measures."
    ) in said


@pytest.mark.parametrize(
    ("gains", "english", "chinese"),
    [
        ((0.1, 0.12, 0.14), "higher than without measures in 3 of 3 runs, on average by 12 percentage",
         "3次第24个月的收缴率高于无措施时,平均高12个百分点(95%区间7.0至17)"),
        ((-0.02, -0.03, -0.04), "lower than without measures in 3 of 3 runs, on average by 3.0 percentage",
         "3次第24个月的收缴率低于无措施时,平均低3.0个百分点(95%区间0.5至5.5)"),
        ((0.01, -0.005, -0.01), "cannot be told apart from that without measures: -0.2 percentage points on",
         "与无措施时无法区分:平均相差-0.2个百分点(95%区间-2.8至+2.4),3次模拟中有1次更高"),
        ((0.0, 0.0, 0.0), "cannot be told apart", "无法区分:平均相差0.0个百分点(95%区间0.0至0.0)"),
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
        "10 points below no measures; 12 months later it is not told apart from no measures "
        "(+0.7 points, 95% interval -3.1 to +4.5)." in text
        for text in english
    )
    one = about_policy(
        policy.only(np.array([0])), reference.only(np.array([0])), **args, language="zh"
    )
    assert any("当月收缴率比无措施时低10个百分点;12个月后比无措施时低1.0个百分点" in t for t in one)


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
    for words in (WORDS, SENTENCES):
        assert words["en"].keys() == words["zh"].keys()
        for key, text in words["en"].items():
            holes = set(re.findall(r"{(\w+)}", text))
            assert holes == set(re.findall(r"{(\w+)}", words["zh"][key])), key
    assert len(CANNOT["en"]) == len(CANNOT["zh"]) and len(SURE["en"]) == len(SURE["zh"])
    runs = made_up([[0.1, 0.5, 0.3, 0.3]] * 3)
    assert len(about_reference(runs, 24, "en")) == len(about_reference(runs, 24, "zh")) == 2
    assert sentences.passes(runs, 0.5, 12) == 3 and sentences.passes(runs, 0.5, 6) == 0


def test_table_figures_and_report_use_the_same_words() -> None:
    """Catches 更优概率 beside 更好的次数占比, and 第24月 beside 第24个月."""
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
     ("a\x00b", "ab")],
)  # fmt: skip
def test_no_cell_becomes_a_formula(cell: Any, kept_as: Any) -> None:
    """Catches a name that a spreadsheet would compute."""
    assert harmless(cell) == kept_as


def test_text_of_a_workbook_is_text_as_it_is() -> None:
    """Catches a difference with an apostrophe in front, and a name that a workbook computes."""
    from openpyxl import load_workbook

    texts = ["+0.3 [+0.3, +0.4]", "=1+1", "@SUM(A1)", "#N/A", "党员"]
    table = Table("t", "=t", ["=a", *"bcde"], [list(texts)])
    report = Report("zh", "", "", [Section("", [table])], "")
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
    runs = next(sheet for sheet in book if sheet.title.startswith("runs-"))
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
    assert table.rows[0] == ["无措施", "无", None, None, None, ""]
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
    assert row[4] == pytest.approx(here["collection_rate"].median())
    assert row[3] == 3


def test_the_month_asked_is_the_month_shown(kept: Comparison) -> None:
    """Catches tables of another month than the sentences tell of."""
    report = build(kept, "zh", Extra(within=7))
    assert table_of(report, "levels").columns[2:] == [f"第{m}个月" for m in (0, 7, 12, 14)]
    table = table_of(report, "effects")
    assert table.title.startswith("第7个月")
    months = kept.months[kept.months["month"] == 7].groupby(["policy", "seed"])["collection_rate"]
    means = months.mean().unstack("policy")
    rows = [row for row in table.rows if row[0] == "物业费收缴率 (百分点)"]
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
    assert "物业费收缴率" in heads and "措施支出 (元/月)" in heads
    units |= {unit_word(row.unit, "zh") for row in Config.describe() if row.unit != "1"}
    units |= {unit_word(known.unit, "zh") for known in INDICATORS.values()}
    assert not [unit for unit in units - {"name", "path"} if re.search("[A-Za-z]", str(unit))]


# --- the command --------------------------------------------------------------------------------


def test_report_of_a_comparison_and_of_a_run(xiaoqu: Any, kept: Comparison, tmp_path: Path) -> None:
    """Catches results that the command cannot tell of, or files it names and does not write."""
    code, told, _ = xiaoqu(
        "report", str(kept.folder), "lang=en", "question=Why?, 为什么?", "--out", str(tmp_path)
    )
    assert code == 0
    files = [Path(line) for line in told.splitlines()]
    assert all(file.stat().st_size for file in files)
    assert {file.suffix for file in files} == {".html", ".pdf", ".xlsx", ".csv"}
    assert "Why?, 为什么?" in files[0].read_text("utf-8")
    study = run(load("old_estate", *SMALL, policy="none"), out=tmp_path)
    report = build(read_results(study.folder), "zh")
    assert "没有模拟其他方案" in report.text()
    assert as_pdf(report).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("words", "told"),
    [
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
    once, again = (page._unlike_ids(drawn.format(*names), 2) for names in ("xy", "zw"))
    assert once == again
    assert once.count("f2-clip0") == 2 and 'id="f2-a"' in once
