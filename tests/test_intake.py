"""Files as offices keep them: read whatever their layout, what was left out said, nothing of persons kept."""

from __future__ import annotations

import os
import re
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command
from offices import FLATS, REGISTER, ledger, old_workbook, open_document, text, tickets, workbook

from sim.compose import load_overrides, parse
from sim.desk.arrived import arrive, columns_offered, needs_a_look, taken
from sim.desk.session import Own
from sim.errors import InputError
from sim.experiments.design import lay_out
from sim.intake import cells, door, mapping, names, register, rooms, sheets, templates
from sim.intake.door import read_files
from sim.intake.figures import read_months
from sim.intake.mapping import Mapping
from sim.intake.tell import word
from sim.society.edges import read_edges
from sim.society.imports import read_households
from sim.society.reading import Notes, sentences

HEADER = ["building", "stair", "floor"]
PLAIN = [[b, s, f] for b, s, f, _ in FLATS]


def read(path: Path | str) -> tuple[Any, str]:
    """Columns of a register, and all that is said of it."""
    notes: Notes = []
    return read_households(str(path), notes), "; ".join(sentences(notes))


# --- every form of a file -------------------------------------------------------------------------


def test_a_register_is_read_in_every_form(tmp_path: Path) -> None:
    """Catches a form whose rows, numbers or Chinese come out otherwise than of another form."""
    files = [
        workbook(tmp_path / "a.xlsx", {"业主清册": REGISTER}, ["A1:G1"]),
        workbook(tmp_path / "xlsx under another name.csv", {"业主清册": REGISTER}),
        open_document(tmp_path / "b.ods", REGISTER),
        text(tmp_path / "c.csv", REGISTER, "gb18030"),
        text(tmp_path / "d.txt", REGISTER, "utf-16", "\t"),
        text(tmp_path / "e.csv", REGISTER, "utf-8-sig", ";"),
        text(tmp_path / "f.csv", REGISTER, "utf-16-le", "，"),
    ]
    page = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in REGISTER)
    (tmp_path / "g.xls").write_text(f"<html><table>{page}</table></html>", encoding="utf-8")
    for path in [*files, tmp_path / "g.xls"]:
        columns, said = read(path)
        assert len(columns["floor"]) == 24 and set(columns["area"]) == {89.5}, path
        assert columns["stair"].max() == 3
        for told in ("left out row 1, above the header", "楼栋 → building", "persons: 业主姓名",
                     "without a use left out: 备注", "left out row 27, a total (合计)"):  # fmt: skip
            assert told in said, path


def test_a_workbook_of_excel_97_is_read(tmp_path: Path) -> None:
    columns, said = read(old_workbook(tmp_path / "old.xls"))
    assert len(columns["floor"]) == 12 and "persons: 电话" in said


def test_a_sheet_for_each_building_is_one_register(tmp_path: Path) -> None:
    """Catches a register of its first building alone."""
    both = {
        f"{b}号楼": [["单元", "房号"], *([s, r] for bb, s, _, r in FLATS if bb == b)]
        for b in (1, 2)
    }
    columns, said = read(workbook(tmp_path / "a.xlsx", both | {"说明": [["由物业填报"]]}))
    assert len(columns["floor"]) == 24 and columns["building"].max() == 1
    assert "2 sheets read as one table" in said and "left out: 说明" in said
    bad = {**both, "2号楼": [["单元", "房号"], [1, "顶楼"], *both["2号楼"][1:]]}
    with pytest.raises(InputError, match=r"row 2号楼!2: floor: "):
        read(workbook(tmp_path / "b.xlsx", bad))


def test_formulas_are_values_and_nothing_is_worked_out(tmp_path: Path) -> None:
    """Catches a formula, or a link to another file, that is followed or kept as a text."""
    rows = [[*HEADER, "area_m2"], *([*row, "=[other.xlsx]A!B1"] for row in PLAIN)]
    with pytest.raises(InputError, match="row 2: area_m2: 'a formula without a value'"):
        read(workbook(tmp_path / "a.xlsx", {"A": rows}))


# --- wrong numbers that would look right ------------------------------------------------------------

ROOMS = [f"{b}-{s}-{r}" for b, s, _, r in FLATS]
BILL = ["房号", "月份", "应收", "实收"]
PAID = [[room, "2025-01", 100, 100] for room in ROOMS]
HALF = [[room, 100, 100 * (k % 2)] for k, room in enumerate(ROOMS)]
RATE = "month_rate"


def figures_of(path: Path, **more: object) -> dict[tuple[str, object], float]:
    """Figures of a file by name and month; what is due by name alone."""
    one = read_files([str(path)], [], **more)[0]
    found: dict[tuple[str, object], float] = {(n, when): v for n, when, v in one.figures}
    if one.months is not None and "due_yuan" in one.months:
        found["due", ""] = float(one.months["due_yuan"].sum())
    return found


@pytest.mark.parametrize(
    ("sheets", "expected"),
    [
        # a hidden copy, a backup and a sum of the other sheets are no further months
        ({"1月": [BILL, *PAID], "汇总": [BILL, *PAID], "备份": [BILL, *PAID]}, {("due", ""): 2400}),
        # ten thousands of yuan, said above the header or over a group of columns, or at an indicator
        ({"A": [["收费情况表", "", "单位：万元"], ["月份", "应收", "实收"], ["2025年1月", 10.8, 8.1]]}, {("due", ""): 108_000, (RATE, (2025, 1)): 0.75}),
        ({"A": [["月份", "金额（万元）", ""], ["", "应收", "实收"], ["2025年1月", 10.8, 8.1]]}, {("due", ""): 108_000}),
        ({"A": [["月份", "欠费总额（万元）"], ["2025-01", 13.5], ["2025-02", 14]]}, {("arrears_yuan", (2025, 1)): 135_000}),
        # running sums, rates and days behind a month are no amounts of that month
        ({"A": [["房号", "2025年1月应收", "2025年1月实收", "2025年1月累计实收", "2025年1月缴费率", "2025年1月缴费日期"],
                *[[*row, 900, "90%", "2025-01-05"] for row in HALF]]}, {(RATE, (2025, 1)): 0.5}),
        # months as numbers, and as texts that have kept their zeros
        ({"A": [["月份", "收缴率"], [2024.12, 0.5], [2025.1, 0.6], [2025.2, 0.7]]}, {("collection_rate", (2025, 1)): 0.6}),
        ({"A": [["月份", "收缴率"], ["2025.1", 0.6], ["2025.10", 0.7]]}, {("collection_rate", (2025, 1)): 0.6, ("collection_rate", (2025, 10)): 0.7}),
        # ten thousands without the word yuan; a price a year for each square metre, with a year beside it
        ({"A": [["月份", "欠费总额(万)"], ["2025-01", 13.5]]}, {("arrears_yuan", (2025, 1)): 135_000}),
        ({"A": [["房号", "面积", "收费标准(元/㎡·年)", "2025年1月"], *[[room, 100, 24, 200] for room in ROOMS]]}, {("due", ""): 4800}),
        ({"A": [["房号", "月物业费(2025年)", "2025年1月"], *[[room, 100, 100] for room in ROOMS]]}, {("due", ""): 2400}),
        # days as a spreadsheet heads months
        ({"A": [["房号", "月物业费", "2025-01-01"], *HALF]}, {(RATE, (2025, 1)): 0.5}),
        # one bill paid in parts, and one given back
        ({"A": [BILL, *PAID[1:], [ROOMS[0], "2025-01", 100, 40], [ROOMS[0], "2025-01", 0, 60]]}, {(RATE, (2025, 1)): 1.0}),
        ({"A": [BILL, *PAID, [ROOMS[0], "2025-01", 0, -100]]}, {(RATE, (2025, 1)): 23 / 24}),
        # cells joined over the bills of a flat, and over the flats of a building
        ({"A": [["楼栋", "房号", "月份", "应收", "实收"], *[row for k, room in enumerate(ROOMS) for row in (
            [f"{k // 12 + 1}栋" if k % 12 == 0 else "", room[2:], "2025-01", 100, 100], ["", "", "2025-02", 100, 0])]]},
         {("due", ""): 4800, (RATE, (2025, 1)): 1.0, (RATE, (2025, 2)): 0.0, ("collection_households", (2025, 2)): 0.0}),
        # the year in a column of its own
        ({"A": [["年度", "月份", "房号", "应收", "实收"], *[[y, "1月", room, 100, 100 * (y - 2024)] for y in (2024, 2025) for room in ROOMS]]},
         {(RATE, (2024, 1)): 0.0, (RATE, (2025, 1)): 1.0}),
        ({"A": [["年份", "月份", "收缴率"], *[[f"{y}年" if m == 1 else "", m, 0.5 + m / 100] for y in (2023, 2024) for m in range(1, 13)]]},
         {("collection_rate", (2023, 12)): 0.62, ("collection_rate", (2024, 1)): 0.51}),
        # a total without a word, and one with a space in its word
        ({"A": [["房号", "2025年1月应收", "2025年1月实收"], *HALF, ["合　计", 2400, 2400], ["", 2400, 2400]]}, {("due", ""): 2400, (RATE, (2025, 1)): 0.5}),
        # counts of tickets
        ({"A": [["月份", "诉求类别", "件数"], ["2025年1月", "停车管理", 12], ["2025年1月", "公交", 3]]}, {("tickets_per_1000", (2025, 1)): 12}),
    ],
)  # fmt: skip
def test_no_number_is_wrong_and_looks_right(
    tmp_path: Path, sheets: dict[str, Any], expected: dict[tuple[str, object], float]
) -> None:
    found = figures_of(workbook(tmp_path / "a.xlsx", sheets), households=1000)
    assert {key: found.get(key) for key in expected} == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([BILL, *PAID, ["1-1-101", "2025-01", 100, "#REF!"]], "row 26: paid: '#REF!'"),
        ([BILL, *PAID[1:], *[[ROOMS[0], "2025-01", 100, part] for part in (60, 40)]], "row 25: due: 100.00 due stands beside"),
        ([["房号", "2025年1月应收", "2025年1月实收", "2025年1月实收"], *[[*row, 0] for row in HALF]], "stands there twice"),
        ([["月份", "收缴率"], ["11月", 0.5], ["12月", 0.6], ["1月", 0.7]], "12月 stands beside 1月 without a year"),
        # what a spreadsheet makes of 2025.10
        ([["月份", "收缴率"], [2025.7, 0.5], [2025.9, 0.6], [2025.1, 0.7], [2025.11, 0.7]], "row 4: month: '2025.1'"),
        ([["月份", "收缴率"], [2025.08, 0.5], [2025.1, 0.7]], "row 3: month: '2025.1'"),
        ([BILL, *[[room, month, 100, 100] for room in ROOMS for month in (2025.9, 2025.1)]], "row 3: month: '2025.1'"),
        ([["房号", "月物业费", 2025.9, 2025.1], *[[*row, 0] for row in HALF]], "'2025.1' heads a column"),
        ([["受理时间", "诉求类别"], [2025.9, "停车管理"], [2025.1, "停车管理"]], "row 3: day: '2025.1'"),
        # units in which the same digits are other numbers
        ([["月份", "收缴率(‰)"], ["2025-01", 71]], "'收缴率\\(‰\\)' is in a unit"),
        ([["月份", "满意度（5分制）"], ["2025-01", 4.2]], "is in a unit"),
        ([["月份", "满意度"], ["2025-01", 4.2], ["2025-02", 4.4]], "row 2: satisfied_share: '4.2'.*may be a score"),
        ([["月份", "平均办结时长(小时)"], ["2025-01", 36]], "is in a unit"),
        ([["月份", "投诉率(每万户)"], ["2025-01", 36]], "is in a unit"),
        ([["月份", "欠费(万元)"], ["2025-01", "13.5万"]], "row 2: arrears_yuan: '13.5万' has a unit"),
        ([["房号", "面积(亩)"], *[[room, 0.1] for room in ROOMS]], "is in a unit"),
        ([["房号", "年龄"], *[[room, 1960] for room in ROOMS]], "row 2: age: '1960'"),
        ([["楼栋", *BILL], *[["" if k % 5 == 3 else "1栋", *row] for k, row in enumerate(PAID)]], "row 5: building: ''"),
    ],
)  # fmt: skip
def test_what_could_mean_two_things_is_refused_by_its_row(
    tmp_path: Path, rows: list[list[object]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        figures_of(workbook(tmp_path / "a.xlsx", {"A": rows}))


def test_a_register_of_persons_with_joined_cells_and_groups_of_columns(tmp_path: Path) -> None:
    """Catches a person who becomes a household, a group's name that hides a column, a fee of a quarter."""
    head = [
        ["房屋信息", "", "", "住户信息", "", "费用"],
        ["楼栋", "单元", "房号", "姓名", "是否党员", "物业费（元/季度）"],
    ]
    body = [row for k, (b, s, _, r) in enumerate(FLATS) for row in (
        [f"{b}栋" if k % 12 == 0 else "", s if k % 6 == 0 else "", f"{r}室", "甲", "否", 360], ["", "", "", "乙", "是" if k % 2 else "否", ""])]  # fmt: skip
    columns, said = read(workbook(tmp_path / "a.xlsx", {"A": [*head, *body]}))
    assert len(columns["floor"]) == 24 and columns["building"].max() == 1
    assert columns["member"].sum() == 12 and set(columns["fee_fen"]) == {12_000}
    assert "48 rows joined to 24 households" in said and "persons: 姓名" in said


# --- what would harm ------------------------------------------------------------------------------


def archive(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return path


def changed(tmp_path: Path, part: str, old: bytes, new: bytes) -> Path:
    """A good workbook with one of its parts changed."""
    good = workbook(tmp_path / "good.xlsx", {"A": [HEADER, *PLAIN]})
    with zipfile.ZipFile(good) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    assert old in parts[part]
    parts[part] = parts[part].replace(old, new, 1)
    return archive(tmp_path / f"bad{len(new)}.xlsx", parts)


def test_workbooks_that_would_grow_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches entities, archives that unpack without end, and a cell at the far end of a sheet."""
    sheet, begin = "xl/worksheets/sheet1.xml", b"<worksheet"
    entity = b'<!DOCTYPE a [<!ENTITY b "cc">]><worksheet'
    far = b'<sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    # The same as other programs may write it: other quotes, spaces, and cells that do not say where they are.
    other = b"<sheetData><row r = '1048576' ><c s=\">\" r='XFD1048576'><v>1</v></c></row>"
    unsaid = b'<sheetData><row r="1048570">' + b"<c><v>1</v></c>" * 30 + b"</row>"
    wide = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "cc">]><a>&b;</a>'
    for path, said in (
        (changed(tmp_path, sheet, begin, entity), "declares a document type or entities"),
        (changed(tmp_path, sheet, b"<sheetData>", far), "reaches to row 1048576 and column 16384"),
        (changed(tmp_path, sheet, b"<sheetData>", other), "reaches to row 1048576 and column 16384"),
        (changed(tmp_path, sheet, b"<sheetData>", unsaid), "reaches to row 1048570 and column 5"),
        (archive(tmp_path / "e.ods", {"content.xml": wide.encode("utf-16")}), "declares a document type or entities"),
        (archive(tmp_path / "z.xlsx", {"a.txt": b"x"}), "is an archive, no workbook"),
        (
            open_document(tmp_path / "r.ods", [HEADER], '<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
                          'table:number-columns-repeated="900" office:value-type="float" office:value="1"/></table:table-row>'),
            "reaches to row 1000001 and column 900",
        ),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said) as error:
            read(path)
        assert str(error.value).count("\n") == 0
    monkeypatch.setattr(sheets, "ALWAYS_UNPACKED", 100_000)
    bomb = archive(tmp_path / "bomb.xlsx", {"xl/workbook.xml": b"<a>" + b" " * 5_000_000})
    assert bomb.stat().st_size < 20_000
    with pytest.raises(InputError, match="grows too large when it is unpacked"):
        read(bomb)


def test_a_text_that_many_cells_name_counts_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a small workbook, or web page, whose cells fill the memory."""
    monkeypatch.setattr(sheets, "MOST_LETTERS", 50_000)
    strings = b"<sst><si><t>a</t></si><si><r><t>" + b"b" * 1_000 + b"</t></r></si></sst>"
    cells = b"".join(b'<row><c t="s"><v>%d</v></c></row>' % (k > 9) for k in range(100))
    parts = {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"<a>" + cells + b"</a>", "xl/sharedStrings.xml": strings}  # fmt: skip
    repeated = '<table:table-row table:number-rows-repeated="100"><table:table-cell office:value-type="string"><text:p>' + "b" * 1_000 + "</text:p></table:table-cell></table:table-row>"  # fmt: skip
    for path in (
        archive(tmp_path / "a.xlsx", parts),
        open_document(tmp_path / "a.ods", [HEADER], repeated),
    ):
        with pytest.raises(InputError, match="grows too large"):
            read(path)
    page = tmp_path / "a.xls"
    page.write_text("<table><tr>" + "<td colspan=900>x</td>" * 50_000)
    with pytest.raises(InputError, match="1800 columns"):
        read(page)


def test_a_binary_workbook_is_read_in_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches one whose reader takes all memory and the process with it, or never ends."""
    path = old_workbook(tmp_path / "old.xls")
    cell = path.read_bytes()
    place = cell.index(b"\xfd\x00\x0a\x00") + 4  # a cell with a shared text: row, column
    path.write_bytes(cell[:place] + b"\xff" * 4 + cell[place + 4 :])
    with pytest.raises(InputError, match="the workbook cannot be read"):
        read(path)
    monkeypatch.setattr(sheets, "SECONDS_APART", 0.01)
    with pytest.raises(InputError, match="the workbook cannot be read"):
        read(old_workbook(tmp_path / "slow.xls"))


def test_damaged_workbooks_are_refused_in_a_line(tmp_path: Path) -> None:
    """Catches a traceback or a panic of the reader."""
    good = workbook(tmp_path / "good.xlsx", {"A": [HEADER, *PLAIN]}).read_bytes()
    old = old_workbook(tmp_path / "old.xls").read_bytes()
    rng = np.random.default_rng(7)
    for data in (good, old):
        for _ in range(15):
            broken = bytearray(data)
            for place in rng.integers(8, len(data), 30):
                broken[place] = int(rng.integers(256))
            path = tmp_path / "broken.bin"
            path.write_bytes(bytes(broken[: int(rng.integers(200, len(data)))]))
            try:
                # Not in a process of its own each time, which takes a second.
                sheets._rows("old", path.read_bytes()) if data is old else read(path)
            except InputError as error:
                assert "\n" not in str(error)


# --- layouts --------------------------------------------------------------------------------------


def test_a_room_that_names_its_building_and_stair_is_enough(tmp_path: Path) -> None:
    """Catches an address that is taken for a label without parts."""
    head = [
        "序号",
        "房屋地址",
        "业主",
        "联系电话",
        "建筑面积（平方米）",
        "房屋用途",
        "入住情况",
        "户主年龄",
        "政治面貌",
    ]
    rows = [[k, f"梧桐里小区{b}号楼{s}单元{r}室", f"王{k}", "13800000000", "1,089.50", "商铺" if k in (0, 8) else "住宅",
             ["自住", "出租", "空置"][k % 3], 30 + 2 * k, ["群众", "中共党员", ""][k % 3]]
            for k, (b, s, _, r) in enumerate(FLATS)]  # fmt: skip
    columns, said = read(workbook(tmp_path / "a.xlsx", {"A": [head, *rows]}))
    assert len(columns["floor"]) == 22 and (columns["building"].max(), columns["stair"].max()) == (
        1,
        3,
    )
    assert set(columns["floor"]) == {1, 2, 3} and set(columns["tenure"]) == {0, 1, 2}
    assert set(columns["life"]) == {0, 1, 2} and columns["member"].sum() > 3
    for told in ("left out 2 rows that are no homes (商铺 2)", "persons: 业主, 联系电话",
                 "building, stair, floor taken from 房屋地址", "young up to 35, elderly from 60"):  # fmt: skip
        assert told in said
    assert "13800000000" not in said and "王" not in said


@pytest.mark.parametrize(
    ("label", "parts"),
    [
        ("2-1-301", "2-1-301"), ("2栋1单元301室", "2-1-301"), ("02#01-0301", "2-1-301"), ("２号楼１单元３０１", "2-1-301"),
        ("2幢一单元301号", "2-1-301"), ("梧桐路8弄2号301室", "2-301"), ("B座-1202", "b-1202"), ("2-1-3-301", "2-1-301"),
        ("1单元301", "1-301"), ("二号楼2门102", "2-2-102"), ("2/1/301", "2-1-301"),
    ],
)  # fmt: skip
def test_labels_of_rooms_are_taken_apart(label: str, parts: str) -> None:
    found = rooms.split(label)
    assert found is not None and found._replace(before="").key == parts
    assert rooms.split("301") is None and rooms.split("301室") is None


def test_a_stair_before_the_room_is_no_building(tmp_path: Path) -> None:
    """Catches two stairs taken for one, where rooms are 1-301 and the building has a column."""
    rows = [["楼号", "房号"], *([f"{b}幢", f"{s}-{r}"] for b, s, _, r in FLATS)]
    assert read(text(tmp_path / "a.csv", rows))[0]["stair"].max() == 3


def test_cells_that_were_joined_are_filled(tmp_path: Path) -> None:
    rows = [
        [f"{b}号楼" if (s, r) == (1, 101) else "", f"{s}单元" if r == 101 else "", f"{f}F", r]
        for b, s, f, r in FLATS
    ]
    columns, said = read(text(tmp_path / "a.csv", [["楼栋", "单元", "楼层", "户号"], *rows]))
    assert columns["stair"].max() == 3 and "22 empty cells of building filled from above" in said
    forgotten = [[b, s, f, r] for b, s, f, r in FLATS]
    forgotten[5][0] = ""
    with pytest.raises(InputError, match="row 7: building: '' cannot be used"):
        read(text(tmp_path / "b.csv", [["楼栋", "单元", "楼层", "户号"], *forgotten]))


def test_empty_cells_are_drawn_one_by_one(tmp_path: Path) -> None:
    """Catches a flat without an area that takes its row, or the whole column, out of the file."""
    from sim.society.population import PopulationParameters, populate
    from sim.streams import Streams

    rows = [
        [*row, "owner" if k else "", 80.0 if k % 2 else "", "vacant" if k == 3 else "elderly"]
        for k, row in enumerate(PLAIN)
    ]
    for row in rows:
        row[3], row[5] = ("vacant", "") if row[5] == "vacant" else (row[3], row[5])
    path = text(tmp_path / "a.csv", [[*HEADER, "tenure", "area_m2", "life_stage"], *rows])
    columns, said = read(path)
    assert (columns["tenure"] == -1).sum() == 1 and np.isnan(columns["area"]).sum() == 12
    assert (
        "12 empty cells of area_m2 drawn" in said and "empty cell of tenure drawn (row 2)" in said
    )
    assert "life_stage drawn" not in said, "an empty flat needs none"
    h, _ = populate([PopulationParameters(household_file=str(path))], Streams(1))
    assert (
        not np.isnan(h.area).any() and set(h.tenure) <= {0, 1, 2} and (h.area == 80.0).sum() == 12
    )
    assert set(h.life) <= {0, 1, 2} and (h.fee_fen > 0).all()


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("tenure", {"自住": 0, "自有": 0, "业主自住": 0, "出租": 1, "已出租": 1, "租户": 1, "空关": 2, "空置": 2, "未入住": 2,
                    "已入住": 0, "Owner-occupied": 0, "Rented": 1}),
        ("party_member", {"中共党员": 1, "群众": 0, "团员": 0, "√": 1, "": 0, "预备党员": 1, "是": 1, "无": 0, "民盟盟员": 0}),
        ("life_stage", {"青年": 0, "中年": 1, "老年人": 2, "18-35": 0, "60岁以上": 2, "36至59岁": 1}),
    ],
)  # fmt: skip
def test_words_of_registers_are_understood(
    tmp_path: Path, column: str, words: dict[str, int]
) -> None:
    target = {"tenure": "tenure", "party_member": "member", "life_stage": "life"}[column]
    cells_ = [*words, *[next(iter(words))] * (24 - len(words))]
    rows = [[*row, word] for row, word in zip(PLAIN, cells_, strict=True)]
    columns, _ = read(text(tmp_path / "a.csv", [[*HEADER, column], *rows]))
    found = columns[target][np.argsort(columns["file_row"])][: len(words)]
    assert found.tolist() == list(words.values())
    rows[3][-1] = "怪"
    with pytest.raises(InputError, match=f"row 5: {column}: '怪' cannot be used"):
        read(text(tmp_path / "b.csv", [[*HEADER, column], *rows]))


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("89.5㎡", 89.5), ("８９．５", 89.5), ("1,089.5", 1089.5), (" 89.5 ", 89.5), ("¥89.5", 89.5), ("1.5元/㎡·月", 1.5),
        ("89.5平方米", 89.5), ("1.2万元", 12_000), ("-3", -3), ("约89", None), ("89-90", None), ("1,08", None), ("８９，５", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(said: str, value: float | None) -> None:
    number = cells.number(said)
    assert np.isnan(number) if value is None else number == value


@pytest.mark.parametrize(
    ("said", "month"),
    [
        ("2025年1月", (2025, 1)), ("2025-01", (2025, 1)), ("202501", (2025, 1)), ("2025/1/15 09:30", (2025, 1)),
        ("20250115", (2025, 1)), ("2025.1", (2025, 1)), ("25年1月", (2025, 1)), ("2025年01月份", (2025, 1)), ("Jan 2025", (2025, 1)),
        ("2025-01-15T09:30:00", (2025, 1)), ("1月", (0, 1)), ("十二月", (0, 12)), ("45672", (2025, 1)), ("2025", None),
        ("13月", None), ("2025-13", None), ("201", None), ("平均", None),
    ],
)  # fmt: skip
def test_months_as_people_write_them(said: str, month: tuple[int, int] | None) -> None:
    assert cells.month(said) == month


@pytest.mark.parametrize(
    ("head", "value", "fee"),
    [
        ("物业费(元/㎡·年)", 24, "200.00"), ("收费标准（元/平方米/季）", 6, "200.00"), ("收费标准(元/户·月)", 120, "120"),
        ("物业费(元/年)", 1440, "120.00"), ("月物业费(万元)", 0.012, "120.00"), ("收费标准(元/㎡·月)", 1.5, "150.00"),
        ("物业费(2025年)", 120, "120"),
    ],
)  # fmt: skip
def test_a_fee_is_a_months_in_yuan(tmp_path: Path, head: str, value: float, fee: str) -> None:
    rows = [["房号", "面积", head], *[[room, 100, value] for room in ROOMS]]
    path = workbook(tmp_path / "a.xlsx", {"A": rows})
    table = register.read(str(path), ["area_m2", "fee_yuan"], [])
    assert set(table.frame["fee_yuan"]) == {fee}


@pytest.mark.parametrize("said", ["5", "５", "5层", "五楼", "5F", "第5层", "5.0"])
def test_floors_as_people_write_them(said: str) -> None:
    assert cells.floor(said) == 5
    assert [cells.floor(word) for word in ("B1", "-1", "地下一层", "负1楼")] == [-1] * 4
    assert all(np.isnan(cells.floor(word)) for word in ("17A", "2025/1/5", "1e0", "顶层", "5.5"))


@pytest.mark.parametrize(
    "name",
    [
        "业主姓名",
        "业主",
        "联系电话",
        "手机号",
        "身份证号码",
        "户主",
        "Owner Name",
        "E-mail",
        "车牌号",
        "紧急联系人",
        "出生日期",
    ],
)
def test_columns_that_tell_of_persons_are_known(name: str) -> None:
    assert names.personal(name)
    assert not any(names.personal(other) for other in ("业主类型", "房号", "建筑面积", "户型"))
    assert names.personal("其他", ["13800000000", "13912345678", ""])
    assert names.personal("编码", ["110101199003070011", "11010119900307001X"])


# --- months ---------------------------------------------------------------------------------------

BOUNDS = {
    "collection_rate": (0.0, 1.0),
    "satisfied_share": (0.0, 1.0),
    "arrears_yuan": (0.0, np.inf),
}


@pytest.mark.parametrize("written", [["2025年1月", "2025年2月", "2025年3月"], ["2025-01", "2025-02", "2025-03"],
                                     ["202501", "202502", "202503"], ["1月", "2月", "3月"]])  # fmt: skip
@pytest.mark.parametrize(
    "values",
    [
        ["71%", "72%", "70%"],
        ["71", "72", "70"],
        ["0.71", "0.72", "0.70"],
        ["７１％", "0.72", "70%"],
    ],
)
def test_real_months_and_percents(tmp_path: Path, written: list[str], values: list[str]) -> None:
    path = str(text(tmp_path / "m.csv", [["月份", "收缴率"], *zip(written, values, strict=True)]))
    with pytest.raises(InputError, match="which month is the last before the policy"):
        read_months(path, BOUNDS, (-240, 600))
    found = read_months(path, BOUNDS, (-240, 600), said=Mapping(zero="2025年2月", year=2025))
    assert [month for _, month, _ in found] == [-1, 0, 1]
    assert [value for _, _, value in found] == pytest.approx([0.71, 0.72, 0.70])


# --- ledgers and tickets --------------------------------------------------------------------------


def test_a_ledger_tells_rates_by_month_and_arrears_by_flat(tmp_path: Path) -> None:
    """Catches a rate of another definition, and a total taken for a flat."""
    (one,) = read_files([str(text(tmp_path / "台账2025.csv", ledger(), "gb18030"))])
    assert one.kind == "ledger" and one.flats is not None and one.months is not None
    assert one.months["rate"].tolist() == pytest.approx([2 / 3] * 3)
    assert list(one.months.index) == [(2025, 1), (2025, 2), (2025, 3)]
    assert len(one.flats) == 24 and one.flats["arrears_yuan"].sum() == pytest.approx(24 * 134.25)
    figures = {(name, when): value for name, when, value in one.figures}
    assert figures["collection_rate", (2025, 3)] == pytest.approx(2 / 3)
    assert ("collection_rate", (2025, 2)) not in figures, (
        "a rate is of twelve months, or of all there are"
    )
    said = "; ".join(door.told(one))
    assert "of the 3 months there are" in said and "its own column of arrears says 0" in said
    assert (
        "业主姓名" in said
        and "业主3" not in door.clean_files(read_files([one.path], zero="3月"))["arrears.csv"]
    )


def test_a_ledger_of_bills_and_one_of_ticks(tmp_path: Path) -> None:
    """Catches bills of parking in the rate, and a tick that is no payment."""
    head = ["房产编号", "收费项目", "费用期间", "应收金额(元)", "实收金额(元)"]
    rows = [[f"{b}栋{s}单元{r}", item, f"2025-0{m}-01至2025-0{m}-28", "120.00", "120.00" if (k + m) % 4 else 0]
            for k, (b, s, _, r) in enumerate(FLATS) for m in (1, 2) for item in ("物业费", "停车费")]  # fmt: skip
    (one,) = read_files([str(workbook(tmp_path / "a.xlsx", {"A": [head, *rows]}))])
    assert one.months is not None and one.months["due_yuan"].tolist() == [2880, 2880]
    assert one.months["rate"].tolist() == [0.75, 0.75] and "停车费 48" in "".join(door.told(one))
    head = ["房号", "姓名", "月物业费", "2024年11月", "2024年12月", "2025年1月"]
    rows = [
        [f"{b}#{s}-{r}", "某", 120, "√" if k % 3 else "", "已缴", "未缴"]
        for k, (b, s, _, r) in enumerate(FLATS)
    ]
    (one,) = read_files([str(text(tmp_path / "b.csv", [head, *rows]))])
    assert one.months is not None and one.months["rate"].tolist() == pytest.approx([2 / 3, 1, 0])


def test_a_header_of_two_rows(tmp_path: Path) -> None:
    top = ["楼号", "房号", "业主", "2024年1月", "", "2024年2月", ""]
    rows = [
        [f"{b}幢", f"{s}-{r}", "李", 100, 100 if k % 2 else 0, 100, 100]
        for k, (b, s, _, r) in enumerate(FLATS)
    ]
    low = ["", "", "", "应收", "实收", "应收", "实收"]
    (one,) = read_files(
        [
            str(
                workbook(
                    tmp_path / "a.xlsx",
                    {"A": [top, low, *rows, ["制表人：李四"]]},
                    ["D1:E1", "F1:G1"],
                )
            )
        ]
    )
    assert one.months is not None and one.months["rate"].tolist() == [0.5, 1.0]
    assert one.flats is not None and len(one.flats) == 24
    assert "李四" not in "".join(door.told(one)) and "a remark" in "".join(door.told(one))


def test_twelve_months_make_the_models_rate(tmp_path: Path) -> None:
    rows = [[f"2024-{m:02d}", 1000, 500 + 10 * m] for m in range(1, 13)] + [["2025-01", 1000, 1000]]
    (one,) = read_files([str(text(tmp_path / "a.csv", [["月份", "应收金额", "实收金额"], *rows]))])
    rates = {when: value for name, when, value in one.figures if name == "collection_rate"}
    assert rates == {
        (2024, 12): pytest.approx(0.565),
        (2025, 1): pytest.approx((6780 - 510 + 1000) / 12000),
    }
    assert one.flats is None, "sums of a compound are of no flat"


def test_tickets_by_month_kind_and_repeats(tmp_path: Path) -> None:
    """Catches calls on other matters in the rate, and a caller's number that is kept."""
    path = str(text(tmp_path / "t.csv", tickets(), "gb18030"))
    (one,) = read_files([path], households=200)
    assert one.kind == "tickets" and one.months is not None and one.kinds is not None
    assert one.months["tickets"].tolist() == [4, 4, 4] and one.months["property"].tolist() == [
        4,
        4,
        0,
    ]
    figures = {(name, when): value for name, when, value in one.figures}
    assert (
        figures["tickets_per_1000", (2025, 1)] == 20 and figures["days_to_close", (2025, 1)] == 10
    )
    assert (
        figures["tickets_satisfied", (2025, 1)] == 0
        and figures["tickets_satisfied", (2025, 2)] == 1
    )
    again = dict(zip(one.months.index, one.months["repeats"], strict=True))
    for when in ((2025, 1), (2025, 2)):
        told = figures["tickets_per_1000", when] * again[when]
        assert figures["complaints_per_1000", when] == told < figures["tickets_per_1000", when]
    assert set(one.kinds["kind"]) == {"facilities", "cleaning", "other"}
    said = "; ".join(door.told(one))
    assert "repeats by the same number" in said and "not kept: 来电号码, 主要内容" in said
    for content in door.clean_files(read_files([path], households=200, zero="2025-03")).values():
        assert "1380000" not in content and "电梯久修" not in content
    again = [[*row, ""] for row in tickets()]
    again[0][-1], again[3][-1] = "是否重复", "是"
    (one,) = read_files([str(text(tmp_path / "u.csv", again))])
    assert one.months is not None and one.months["repeats"].iloc[:2].tolist() == [0, 0]


def test_tickets_of_several_compounds_ask_which(tmp_path: Path) -> None:
    path = str(text(tmp_path / "t.csv", tickets(("梧桐里", "桂花苑"))))
    with pytest.raises(InputError, match=r"tickets of 2 compounds: which is meant\?.*梧桐里 \(6\)"):
        read_files([path])
    (one,) = read_files([path], compound="桂花苑")
    assert one.months is not None and one.months["tickets"].sum() == 6


# --- the door -------------------------------------------------------------------------------------


def test_the_command_shows_then_writes(xiaoqu: Command, tmp_path: Path) -> None:
    """Catches a file written before it was asked for, a name that is kept, and output that cannot be read again."""
    files = [
        workbook(tmp_path / "业主 清册(1).xlsx", {"A": REGISTER}), text(tmp_path / "台账.csv", ledger()),
        text(tmp_path / "工单.csv", tickets(), "gb18030"),
        text(tmp_path / "关系.csv", [["户1", "户2", "次数"], ["1-1-101", "1-1-102", 4], ["1-1-102", "1-1-101", 2], ["2号楼2单元302", "1-1-101", 1]]),
    ]  # fmt: skip
    given, out = [str(path) for path in files], tmp_path / "出 来"
    code, told, err = xiaoqu("import", *given)
    assert (code, err) == (0, "") and not out.exists()
    assert "register of flats" in told and "--zero 2025-03" in told and "24 of its 24 flats" in told
    code, _, err = xiaoqu("import", *given, "--out", str(out))
    assert code == 2 and "which month is the last before the policy" in err
    code, told, err = xiaoqu(
        "import", *given, "--zero", "2025-03", "--out", str(out), "--lang", "zh"
    )
    assert (
        (code, err) == (0, "")
        and f'"population.household_file={out}' in told
        and "业主姓名" in told
    )
    for path in out.iterdir():
        assert "业主1" not in path.read_text(encoding="utf-8-sig")
    config = load_overrides(
        [
            f"population.household_file={out}/households.csv",
            "network.generator=file",
            f"network.file={out}/edges.csv",
        ]
    )
    assert config.population.household_file == f"{out}/households.csv"
    edges = read_edges(f"{out}/edges.csv", 24)
    assert sorted(zip(edges.i, edges.j, edges.strength, strict=True)) == [
        (0, 1, 0.75),
        (0, 23, 0.25),
    ]
    from sim.outcomes import INDICATORS

    bounds = {name: (known.low, known.high) for name, known in INDICATORS.items()}
    months = read_months(f"{out}/months.csv", bounds, (-240, 600))
    assert ("collection_rate", 0, pytest.approx(2 / 3)) in months
    code, _, err = xiaoqu("import", f"{out}/households.csv", "--out", str(out))
    assert code == 2 and "is a file that was read" in err


def test_a_mapping_is_kept_and_used_again(xiaoqu: Command, tmp_path: Path) -> None:
    rows = [
        ["甲", "乙", "丙", "丁"],
        *([b, s, f, "自用" if f > 1 else "周转"] for b, s, f, _ in FLATS),
    ]
    path = str(text(tmp_path / "a.csv", rows))
    assert xiaoqu("import", path)[0] == 2
    said = tmp_path / "m.yaml"
    said.write_text(
        "kind: register\ncolumns: {building: 甲, stair: 乙, floor: 丙, tenure: 丁}\n"
        "values: {tenure: {自用: owner, 周转: tenant}}\n", encoding="utf-8",
    )  # fmt: skip
    code, told, _ = xiaoqu("import", path, "--mapping", str(said), "--out", str(tmp_path / "o"))
    assert code == 0 and "16 owners, 8 tenants" in told
    kept = mapping.read(tmp_path / "o" / "mapping-register.yaml")
    assert kept.columns == {"building": "甲", "stair": "乙", "floor": "丙", "tenure": "丁"}
    assert read_files([path], [kept])[0].households is not None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind: folk\n", "kind: "), ("colums: {}\n", "colums: is no key of a mapping; allowed: kind, sheet"),
        ("zero: soon\n", "zero: 'soon' is no month; allowed: 2025-03"), ("- a\n", "is no mapping"),
        ("households: 0500\n", "0500 is a number of base 8"),
        ("zero: 2025.10\n", "zero: 2025.1 is a number; allowed: 2023-01 or 2023-10"),
        ("a: !!python/object/apply:os.system ['x']\n", "cannot be read"), ("a: &x [1]\nb: *x\n", "holds an alias"),
        ("columns: {building: 没有}\n", "column '没有' is not there"), ("columns: {huilding: building}\n", "columns.huilding: is no field"),
        ("kind: register\nkind: ledger\n", "m.yaml:2:1: has the key kind twice; allowed: each key once"),
        ("sheet: 别的\n", "no sheet is named '别的'"), ("\x00", "cannot be read"),
    ],
)  # fmt: skip
def test_a_bad_mapping_is_refused(xiaoqu: Command, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "m.yaml").write_text(content, encoding="utf-8")
    path = str(text(tmp_path / "a.csv", [HEADER, *PLAIN]))
    code, _, err = xiaoqu("import", path, "--mapping", str(tmp_path / "m.yaml"))
    assert code == 2 and said in err and err.count("\n") == 1


def test_what_is_of_no_kind_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of no kind that is known; its first row: 菜名, 价格"):
        read_files([str(text(tmp_path / "a.csv", [["菜名", "价格"], ["鱼", 3]]))])
    with pytest.raises(InputError, match="the register beside it, or --households"):
        read_files([str(text(tmp_path / "b.csv", [["source", "target"], [0, 1]]))])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_templates_are_read_as_what_they_are(tmp_path: Path, language: str) -> None:
    """Catches a template whose columns our own reader does not know."""
    for path in templates.write(tmp_path, language):
        kind = next(k for k, name in templates.NAMES[language].items() if name == path.name)
        (sheet,) = sheets.sheets(str(path))
        assert door.kind_of(str(path), [sheet]) == kind
        place = door.layout.place(sheet, door.looks()[kind], Mapping())
        assert len(place.found) == len(templates.COLUMNS[language][kind]), (kind, place.found)


# --- names of files -------------------------------------------------------------------------------

ODD = ["住户 表.csv", "住户表(1).csv", "住户表（终稿）.csv", "1栋,2栋.csv", "版本=2.csv", "50%名册#1.csv", "a&b@c.csv", "~住户.csv",
       "业主[新].csv", "it's.csv", "${x}.csv", "住户表：终.csv", "{a}.csv", "小区数据/住户表.csv", '双"引号.csv', "null"]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Catches a name that a grammar reads as a list, a sweep or nothing at all."""
    if os.name == "nt" and set(name) & set('":'):
        pytest.skip("no such name there")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    text(tmp_path / name, [HEADER, *PLAIN])
    monkeypatch.chdir(tmp_path)
    path = f"./{name}" if name == "null" else name
    key = "population.household_file"
    assert load_overrides([f"{key}={path}"]).population.household_file == path
    points = [{key: path, "months": 3}, {key: path, "months": 4}]
    assert parse(f"{key}={path}") == (key, path)
    import pandas as pd

    pd.DataFrame(points).to_csv("points.csv", index=False)
    design = lay_out([("experiment.design", "csv"), ("experiment.file", "points.csv")])
    assert design.points["months"].to_pylist() == [3, 4]
    assert [path] in (design.files, [c.population.household_file for c in design.configs])


def test_advice_on_quotes_works_in_every_shell() -> None:
    """Single quotes around a word are none in cmd.exe, and bare ones inside are gone in bash."""
    with pytest.raises(InputError) as error:
        parse("scenario.title=a, b(")
    assert "\"key='a, b'\"" in str(error.value)
    assert word("file", "a b.csv") == '"file=a b.csv"' and word("file", "a/b.csv") == "file=a/b.csv"
    assert word("file", "$a.csv") == "'file=$a.csv'"


def test_points_as_programs_write_them(tmp_path: Path) -> None:
    """Catches 12.0 months, and marks of other programs."""
    rows = [["fees.habit", "months", ""], ["0.2", "12.0", ""], ["0.3", "12.0", ""]]
    for encoding, mark in (("utf-8-sig", ","), ("gb18030", ";"), ("utf-16", "\t")):
        path = text(tmp_path / "p.csv", rows, encoding, mark)
        design = lay_out([("experiment.design", "csv"), ("experiment.file", str(path))])
        assert design.types.get("months", "whole") == "whole" and {
            c.months for c in design.configs
        } <= {12, 60}


# --- the desk -------------------------------------------------------------------------------------


def test_the_desk_takes_what_the_command_takes(tmp_path: Path) -> None:
    """Catches a file that is used without a look, and a session that holds more than the clean table."""
    own = Own(name="梧桐里")
    sent = [
        (workbook(tmp_path / "清册.xlsx", {"A": REGISTER}), "register"),
        (text(tmp_path / "台账.csv", ledger(), "gb18030"), "ledger"),
        (text(tmp_path / "工单.csv", tickets(("梧桐里", "桂花苑")), "gb18030"), "tickets"),
    ]
    for path, kind in sent:
        arrived = arrive(own, path.read_bytes(), f"C:\\某某\\{path.name}")
        assert arrived.name == path.name and arrived.read.kind == kind
        assert needs_a_look(arrived.read)
        assert not any(names.personal(name) for name in columns_offered(arrived))
        own = taken(own, arrived)
    assert own.households.startswith("building,stair,floor,room,area_m2\n1栋,1,1,101,89.5\n")
    assert own.months.startswith("month,collection_rate,")
    assert own.months.splitlines()[-1].startswith("0,0.6666666667,")
    assert "业主" not in own.model_dump_json() and "1380000" not in own.model_dump_json()
    plain = ("\n".join(",".join(map(str, row)) for row in [HEADER, *PLAIN])).encode()
    assert not needs_a_look(arrive(own, plain, "a.csv").read)


def test_what_is_said_in_chinese_has_no_english(tmp_path: Path) -> None:
    """Catches a field's English name in a Chinese sentence."""
    register = workbook(tmp_path / "清册.xlsx", {"A": REGISTER})
    for one in read_files(
        [
            str(register),
            str(text(tmp_path / "台账.csv", ledger())),
            str(text(tmp_path / "工单.csv", tickets())),
        ]
    ):
        for line in door.told(one, "zh"):
            assert not any("a" <= letter.lower() <= "z" for letter in line), line
            assert "," not in line.replace(",0", "").replace(",1", "") or any(
                c.isdigit() for c in line
            )


# --- graphs ---------------------------------------------------------------------------------------

PAIRS = [(k, (k * 5 + 3) % 24) for k in range(24)]
ROOMS = [f"{b}-{s}-{r}" for b, s, _, r in FLATS]


def graph(tmp_path: Path, name: str, content: str) -> tuple[Any, str]:
    (tmp_path / name).write_text(content, encoding="utf-8")
    notes: Notes = []
    edges = read_edges(str(tmp_path / name), 24, notes, lambda: ROOMS)
    return edges, "; ".join(sentences(notes))


def gexf(space: str, node: Any, weight: str = "") -> str:
    nodes = "".join(node(k) for k in range(24))
    ids = [node(k).split('id="')[1].split('"')[0] for k in range(24)]
    edges = "".join(
        f'<edge id="{k}" source="{ids[a]}" target="{ids[b]}"{weight}/>'
        for k, (a, b) in enumerate(PAIRS)
    )
    return (f'<?xml version="1.0"?><gexf xmlns="{space}" version="1.3"><graph defaultedgetype="undirected">'
            f"<nodes>{nodes}</nodes><edges>{edges}</edges></graph></gexf>")  # fmt: skip


@pytest.mark.parametrize(
    "space",
    [
        "http://www.gexf.net/1.3",
        "http://gexf.net/1.3",
        "http://www.gexf.net/1.2draft",
        "http://www.gexf.net/1.1draft",
    ],
)
def test_gexf_of_every_dialect(tmp_path: Path, space: str) -> None:
    """Catches ids of a program (1 to n) taken where the user's are the labels, as rgexf writes them."""
    right = sorted((min(pair), max(pair)) for pair in PAIRS)
    for node, told in (
        (lambda k: f'<node id="{k}" label="{k}户"/>', ""),
        (lambda k: f'<node id="{k + 1}" label="{k}"/>', "households are the labels"),
        (
            lambda k: f'<node id="{k + 1}" label="{ROOMS[k]}"/>',
            "24 households named by their rooms",
        ),
        (lambda k: f'<node id="n{k}"/>', ""),
    ):
        edges, said = graph(tmp_path, "g.gexf", gexf(space, node, ' weight="1.0"'))
        assert sorted(zip(edges.i, edges.j, strict=True)) == right and told in said
        assert "every weight is 1" in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.net", b"*Vertices 2000000\n" * 40, "line 2: 2000000 vertices"),
        ("a.net", b"*Vertices " + b"9" * 5000, "vertices; allowed: one list"),
        ("a.graphml", b"<graphml>" + b"<graph>" * 20_000 + b"</graph>" * 20_000 + b"</graphml>", "a.graphml"),
        ("a.graphml", b"<graphml>" + b"<graph/>" * 20_000 + b"</graphml>", "20000 graphs"),
    ],
)  # fmt: skip
def test_a_graph_that_says_it_is_large_takes_no_time(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """Catches lists made as often as they are named, and a search in each graph for each graph."""
    (tmp_path / name).write_bytes(content)
    begun = time.process_time()
    try:
        read_edges(str(tmp_path / name), 24, [])
    except InputError as error:
        assert re.search(said, str(error)), error
    assert time.process_time() - begun < 10


def test_long_labels_and_names_are_read_in_time() -> None:
    """Catches digits beyond what Python makes a number of, and brackets that are gone through again and again."""
    assert cells.chinese("一" * 20_000) is None
    begun = time.process_time()
    names.header("(" * 100_000)
    assert time.process_time() - begun < 2


def test_pajek_and_its_lists(tmp_path: Path) -> None:
    nodes = "*Vertices 24\n" + "".join(f'{k + 1} "{ROOMS[k]}" 0.5 0.5\n' for k in range(24))
    lists = "*Edgeslist\n1 2 3\n"
    edges, said = graph(tmp_path, "a.net", nodes + "*Arcs\n1 2 3\n2 1 1\n*Edges\n4 5 2\n")
    assert sorted(zip(edges.i, edges.j, edges.strength, strict=True)) == [
        (0, 1, pytest.approx(2 / 3)),
        (3, 4, pytest.approx(2 / 3)),
    ]
    assert (
        "named by their rooms" in said
        and "both directions" in said
        and "directions are not used" in said
    )
    edges, _ = graph(tmp_path, "b.net", nodes + lists)
    assert sorted(zip(edges.i, edges.j, strict=True)) == [(0, 1), (0, 2)]
    for content in ("", "*Edges\n1 2\n", "*Vertices 99999999999\n", nodes + "*Edges\nx y\n"):
        with pytest.raises(InputError):
            graph(tmp_path, "c.net", content)


def test_labels_that_are_no_rooms_are_named(tmp_path: Path) -> None:
    path = str(text(tmp_path / "a.csv", [["source", "target"], ["1-1-101", "9-9-999"]]))
    with pytest.raises(
        InputError, match=r"row 2: source: '1-1-101' cannot be used; allowed: 0 to 23, .*rooms"
    ):
        read_edges(path, 24, rooms_of=lambda: ROOMS)


def test_a_rule_for_two_directions(tmp_path: Path) -> None:
    path = str(
        text(tmp_path / "a.csv", [["source", "target", "strength"], [0, 1, 0.2], [1, 0, 0.6]])
    )
    for rule, strength in ((None, 0.4), ("mean", 0.4), ("largest", 0.6), ("smallest", 0.2)):
        assert read_edges(path, 24, said=Mapping(twice=rule)).strength.tolist() == pytest.approx(
            [strength]
        )
    with pytest.raises(InputError, match="tied twice with different values"):
        read_edges(path, 24, said=Mapping(twice="refuse"))
    one = str(text(tmp_path / "b.csv", [["source", "target"], [1, 2], [2, 23]]))
    assert read_edges(one, 24, said=Mapping(first=1)).i.tolist() == [0, 1]


def test_nothing_of_a_file_is_kept_in_memory_of_another(tmp_path: Path) -> None:
    """Catches a register that is remembered by its name after it has been changed."""
    path = text(tmp_path / "a.csv", [HEADER, *PLAIN])
    assert len(read(path)[0]["floor"]) == 24
    text(path, [HEADER, *PLAIN[:12]])
    assert len(read(path)[0]["floor"]) == 12


def test_tickets_and_complaints_of_a_month_are_told_apart(tmp_path: Path) -> None:
    """Catches a monthly figure of all tickets that is read as one of complaints."""
    for head, name in (
        ("每千户工单", "tickets"),
        ("千户诉求量", "tickets"),
        ("千户投诉量", "complaints"),
    ):
        path = text(tmp_path / "m.csv", [["月份", head], ["2025-01", "20"], ["2025-02", "18"]])
        (one,) = read_files([str(path)], households=200)
        assert {figure for figure, _, _ in one.figures} == {f"{name}_per_1000"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_files_of_a_reading_are_written_all_or_none(
    xiaoqu: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a disk that is full, or a kill, which leaves half of a file in the place of a whole one."""
    path, out = text(tmp_path / "a.csv", [BILL, *PAID]), tmp_path / "out"
    assert xiaoqu("import", str(path), "--zero", "2025-01", "--out", str(out))[0] == 0
    before = {file: file.read_bytes() for file in out.iterdir()}
    write, left = Path.write_text, [2]

    def full(self: Path, *said: Any, **more: Any) -> int:
        left[0] -= 1
        return write(self if left[0] else Path("/dev/full"), *said, **more)

    monkeypatch.setattr(Path, "write_text", full)
    code, _, err = xiaoqu("import", str(path), "--zero", "2025-02", "--out", str(out))
    assert code == 2 and err.startswith(f"error: {out}: No space left on device; allowed: a folder")
    assert {file: file.read_bytes() for file in out.iterdir()} == before


def test_what_cannot_be_read_is_left_out_and_said_where_enough_is_left(tmp_path: Path) -> None:
    """Catches a whole file refused for one column or one cell, and one of them taken as something else."""
    path = workbook(
        tmp_path / "m.xlsx",
        {
            "A": [
                ["月份", "收缴率", "满意度（5分制）"],
                ["2025-01", "71%", 4.2],
                ["2025-02", "72%", 4.3],
            ]
        },
    )
    (one,) = door.read_files([str(path)])
    assert {name for name, *_ in one.figures} == {"collection_rate"}
    said = "; ".join(door.told(one))
    assert "left out, as their units are not reckoned with: 满意度（5分制）" in said
    assert "satisfied_share" not in said
    ages = [[f"{k}-1-101", 40] for k in range(1, 21)] + [["21-1-101", "约六十"]]
    path = workbook(tmp_path / "r.xlsx", {"A": [["房号", "年龄"], *ages]})
    (one,) = door.read_files([str(path)])
    assert "1 ages that cannot be read (22), drawn" in "; ".join(door.told(one))
