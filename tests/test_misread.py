"""Tables and graphs that would be misread: each is read rightly and said so, or refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from sim.errors import InputError
from sim.intake.figures import read_months
from sim.intake.rooms import alike
from sim.society.edges import read_edges
from sim.society.imports import read_households
from sim.society.reading import Notes, sentences

FLATS = [(b, s, f, f * 100 + r) for b in (1, 2) for s in (1, 2) for f in (1, 2, 3) for r in (1, 2)]
PLAIN = [f"{b},{s},{f}" for b, s, f, _ in FLATS]
LARGE = [f"{row},89.5" for row in PLAIN]
INDICATORS = {"collection_rate": (0.0, 1.0), "complaints_per_1000": (0.0, 1000.0)}


def file(tmp_path: Path, header: str, rows: list[str], name: str = "t.csv") -> str:
    path = tmp_path / name
    path.write_text("\r\n".join([header, *rows]) + "\r\n", encoding="utf-8")
    return str(path)


def households(tmp_path: Path, header: str, rows: list[str]) -> tuple[Any, list[str]]:
    """Columns, and what is said of the file."""
    notes: Notes = []
    columns = read_households(file(tmp_path, header, rows), notes)
    return columns, sentences(notes)


def refused(tmp_path: Path, header: str, rows: list[str]) -> str:
    """What is said of a file of households that is not taken, without the path."""
    path = file(tmp_path, header, rows)
    with pytest.raises(InputError) as error:
        read_households(path)
    assert str(error.value).startswith(path)
    return str(error.value).removeprefix(path).lstrip(": ")


# --- households -----------------------------------------------------------------------------------


def test_what_is_in_a_file_is_said(tmp_path: Path) -> None:
    tail = ["owner,working,1,80,120.5", "tenant,young,0,70,105", "vacant,elderly,0,120,180"]
    rows = [f"{row},{tail[k % 3]}" for k, row in enumerate(PLAIN)]
    header = "building,stair,floor,tenure,life_stage,party_member,area_m2,fee_yuan"
    assert households(tmp_path, header, rows)[1] == [
        "24 households in 2 buildings and 4 stairs, floors 1 to 3; 8 owners, 8 tenants, 8 vacant; "
        "8 young, 8 working, 8 elderly; 8 with a party member; area 70 to 120 m2, 2,160 in all; "
        "fee 105 to 180 yuan a month; not in the file, so drawn: contribution_type"
    ]
    said = households(tmp_path, "building,stair,floor", PLAIN)[1]
    assert said[0].endswith(
        "so drawn: tenure, life_stage, party_member, contribution_type, area_m2"
    )


@pytest.mark.parametrize(
    "total",
    ["合计,,,2148", "合计,4个单元,24,2148", "总计：,,,2148", "1栋小计,,,1074", " 小 计 ,,,", "Total,,,2148",
     "sub-total,,,9", "Grand Total:,4,24,2148", ",合计,,2148", "合计(㎡),,24,2148"],
)  # fmt: skip
@pytest.mark.parametrize("place", [12, 24])
def test_a_row_of_totals_is_no_flat(tmp_path: Path, total: str, place: int) -> None:
    """Catches a flat of 2,148 square metres."""
    total = total.replace(" 小 计 ", "小计")
    rows = [*LARGE[:place], total, *LARGE[place:]]
    columns, said = households(tmp_path, "building,stair,floor,area_m2", rows)
    assert len(columns["floor"]) == 24 and set(columns["area"]) == {89.5}
    assert columns["file_row"].tolist() == list(range(24)), "ties are numbered by households"
    assert said[1].startswith(f"left out row {place + 2}, a total (")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("全部,全部,24,2148", "row 26: area_m2: '2148' is the sum of all others, a total"),
        ("3,1,1,2148.0001", "row 26: area_m2: '2148.0001' is the sum of all others"),
    ],
)
def test_a_total_that_does_not_say_so_is_refused(tmp_path: Path, row: str, said: str) -> None:
    line = refused(tmp_path, "building,stair,floor,area_m2", [*LARGE, row])
    assert line.startswith(said) and line.endswith("allowed: households only: delete the row")


def test_totals_of_each_building_that_do_not_say_so_are_refused(tmp_path: Path) -> None:
    rows = [*LARGE[:12], "1,x,12,1074", *LARGE[12:], "2,x,12,1074"]
    line = refused(tmp_path, "building,stair,floor,area_m2", rows)
    assert line.startswith("row 14: area_m2: '1074' is the sum of all rows above")
    late = [LARGE[12], *rows]
    assert refused(tmp_path, "building,stair,floor,area_m2", late).startswith(
        "row 15: area_m2: '1074' is the sum of all rows above in its building"
    )


def test_large_flats_and_free_ones_are_no_totals(tmp_path: Path) -> None:
    rows = [*[f"{row},0" for row in LARGE], "2,2,3,300,0"]
    columns, _ = households(tmp_path, "building,stair,floor,area_m2,fee_yuan", rows)
    assert sorted(columns["area"])[-1] == 300 and not columns["fee_fen"].any()


def people() -> list[tuple[int, int, int, int]]:
    """One row a person: one to three in a flat."""
    return [flat for k, flat in enumerate(FLATS) for _ in range(1 + k % 3)]


def test_one_row_a_person_is_joined_by_its_rooms(tmp_path: Path) -> None:
    """Catches 48 households where there are 24 flats."""
    rows = [f"{b},{s},{f},{r}" for b, s, f, r in people()]
    rows[2] = rows[2].replace("102", "0102室")
    columns, said = households(tmp_path, "building,stair,floor,room", rows)
    assert len(columns["floor"]) == 24 and columns["file_row"].max() == 23
    assert said[1] == "48 rows joined to 24 households by their room"


def test_one_row_a_person_is_refused_by_its_floors(tmp_path: Path) -> None:
    """Catches it where no column tells one flat from another."""
    rows = [f"{b},{s},{f}" for b, s, f, _ in people()]
    line = refused(tmp_path, "building,stair,floor", rows)
    assert line.startswith("3 to 5 rows a floor, as where each row is a person")
    assert line.endswith("a column room shows that it is one")


def test_rooms_show_that_uneven_floors_are_households(tmp_path: Path) -> None:
    """The way out for a list whose floors do differ, also where rooms are numbered anew on each."""
    rows = [f"{b},{s},{f},{k}" for b, s, f, _ in FLATS[::2] for k in range(1 + (f + s) % 3)]
    columns, _ = households(tmp_path, "building,stair,floor,room", rows)
    assert len(columns["floor"]) == len(rows)
    with pytest.raises(InputError, match="rows a floor"):
        households(tmp_path, "building,stair,floor", [row.rpartition(",")[0] for row in rows])


def test_floors_that_mostly_agree_are_taken(tmp_path: Path) -> None:
    """Catches a check that refuses shops on the ground floor, or flats that nobody listed."""
    rows = ["1,1,1", "1,1,1", "1,2,1", *PLAIN[:-1]]
    assert len(households(tmp_path, "building,stair,floor", rows)[0]["floor"]) == 26


WAYS = {
    "building": (["1", "01", "1栋", "1号楼", "1#", "１", "一栋", "第1幢", "1 座", "No. 1", "Building 1",
                  "1.0", "1＃楼"], "1"),
    "stair": (["2", "2单元", "二单元", "02", "Unit 2", "２单元", "2门"], "2"),
    "room": (["101", "101室", "0101", "１０１", "101#"], "101"),
}  # fmt: skip


@pytest.mark.parametrize("column", WAYS)
def test_ways_to_write_one_label_are_one(column: str) -> None:
    ways, core = WAYS[column]
    assert {alike(way, column) for way in ways} == {core}


def test_other_labels_stay_apart() -> None:
    labels = ["1", "2", "10", "11", "十二栋", "二十", "100", "东1栋", "西1栋", "一期1栋", "1-1", "1-01-2", "A",
              "B座", "北", "North", "north 2", "栋", "#", "0", "1单元", "1a"]  # fmt: skip
    assert len({alike(label, "building") for label in labels}) == len(labels)
    assert alike("十二栋", "building") == "12" and alike("二十", "building") == "20"
    assert alike("三十一号楼", "building") == "31" and alike("1-01", "building") == "1-1"


def test_one_building_written_in_many_ways(tmp_path: Path) -> None:
    """Catches six buildings where there is one."""
    ways, stairs = ["1", "01", "1栋", "1号楼", "1#", "１"], ["1", "1单元", "一单元"]
    rows = [f"{ways[i % 6]},{stairs[i % 3]},{1 + i // 8}" for i in range(24)]
    columns, said = households(tmp_path, "building,stair,floor", rows)
    assert set(columns["building"]) == set(columns["stair"]) == {0}
    assert said[1] == (
        "building 1 is written 1, 01, 1栋, 1号楼, 1#, １: taken as one; "
        "stair 1 is written 1, 1单元, 一单元: taken as one"
    )


def test_blank_rows_and_empty_columns_are_left_out_and_said(tmp_path: Path) -> None:
    rows = [f"{row},," for row in PLAIN]
    rows = [*rows[:6], ",,,,", *rows[6:], " ,,,, ", ",,,,", ""]
    columns, said = households(tmp_path, "building,stair,floor,,", rows)
    assert len(columns["floor"]) == 24 and columns["file_row"].max() == 23
    assert said[1] == "left out 4 blank rows (8, 27 to 29); left out 2 empty columns (4, 5)"


def test_a_fault_below_a_blank_row_is_named_where_it_stands(tmp_path: Path) -> None:
    """Catches row numbers that count what was left out no more."""
    rows = [*PLAIN[:6], ",,", "合计,,", *PLAIN[6:], "2,2,x"]
    assert refused(tmp_path, "building,stair,floor", rows).startswith("row 28: floor: 'x'")


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("building,stair,floor", ["1,1,1e0", *PLAIN], "row 2: floor: '1e0' cannot be used"),
        ("building,stair,floor", ["1,1,2025/1/5", *PLAIN], "row 2: floor: '2025/1/5' cannot be used"),
        ("building,stair,floor,area_m2", ["1,1,1,1,089.5", *LARGE], "row 2: more cells than the header"),
        ("building,stair,floor,area_m2", ["1,1,1,约89", *LARGE], "row 2: area_m2: '约89' cannot be used"),
        ("building,stair,floor,tenur", [f"{row},owner" for row in PLAIN], "row 1: column 'tenur' is not known"),
    ],
)  # fmt: skip
def test_other_layouts_are_refused_with_what_to_do(
    tmp_path: Path, header: str, rows: list[str], said: str
) -> None:
    assert refused(tmp_path, header, rows).startswith(said)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04" + bytes(99), "the workbook cannot be read"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), "the workbook cannot be read"),
        (b"<?xml version='1.0'?><Workbook/>", "is XML or a web page, no table"),
        (b"%PDF-1.7\n\x80\x81\xff\xff", "the text cannot be decoded"),
    ],
)
def test_other_files_under_the_name_of_a_table(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        read_households(str(path))
    assert said in str(error.value)


# --- months ---------------------------------------------------------------------------------------


def test_months_say_what_they_were_read_as(tmp_path: Path) -> None:
    """Catches 1 meant as 1% and read as 100%, which only the person can see."""
    notes: Notes = []
    rows = ["-2,1,3", "-1,,", "0,1,4.5", ",,", "合计,,7.5"]
    path = file(tmp_path, "month,collection_rate,complaints_per_1000", rows)
    cells = read_months(path, INDICATORS, (-240, 600), notes)
    assert cells == [
        ("collection_rate", -2, 1.0), ("collection_rate", 0, 1.0),
        ("complaints_per_1000", -2, 3.0), ("complaints_per_1000", 0, 4.5),
    ]  # fmt: skip
    assert sentences(notes) == [
        "3 months from -2 to 0; collection_rate 100% to 100%; complaints_per_1000 3 to 4.5",
        "left out blank row 5; left out row 6, a total (合计)",
    ]


@pytest.mark.parametrize("cell", ["0,71", "约71", "171%", "-3%"])
def test_shares_that_are_none_are_refused(tmp_path: Path, cell: str) -> None:
    path = file(tmp_path, "month,collection_rate", [f'0,"{cell}"'])
    with pytest.raises(InputError, match="row 2: collection_rate"):
        read_months(path, INDICATORS, (-240, 600))


def test_a_share_among_percents_is_refused(tmp_path: Path) -> None:
    """Catches 0.7 among 71 and 72, which is one or the other."""
    path = file(tmp_path, "month,collection_rate", ["-1,71", "0,0.7"])
    with pytest.raises(InputError, match=r"row 3: collection_rate: '0.7' .*percent in all rows"):
        read_months(path, INDICATORS, (-240, 600))


# --- ties -----------------------------------------------------------------------------------------

PAIRS = [(i, (i * 5 + 3) % 24) for i in range(24)]


def ties(tmp_path: Path, pairs: list[Any], header: str = "source,target") -> tuple[Any, list[str]]:
    """Ties of a table, and what is said."""
    notes: Notes = []
    rows = [",".join(map(str, pair)) for pair in pairs]
    return read_edges(file(tmp_path, header, rows), 24, notes), sentences(notes)


def graph(
    tmp_path: Path, edges: list[Any], nodes: Any = range(24), form: Any = nx.Graph, kind: str = "graphml"
) -> tuple[Any, list[str]]:  # fmt: skip
    """Ties of a graph file, and what is said."""
    made = form()
    made.add_nodes_from(nodes)
    made.add_edges_from(edges)
    path = tmp_path / f"g.{kind}"
    getattr(nx, f"write_{kind}")(made, path)
    notes: Notes = []
    return read_edges(str(path), 24, notes), sentences(notes)


def test_ties_say_how_many_and_how_strong(tmp_path: Path) -> None:
    rows = [(0, 3, 0.2), (1, 8, 0.7), (2, 13, 0.6), (3, 0, 0.2)]
    edges, said = ties(tmp_path, rows, "source,target,strength")
    assert len(edges.i) == 3
    assert said == [
        "3 ties among 24 households, 18 of them without a tie; strength 0.2 to 0.7, mean 0.5",
        "1 pair given twice, taken once",
    ]


def test_numbers_from_one_are_noticed_in_tables(tmp_path: Path) -> None:
    """Catches ties each of which is moved to the next household."""
    from_one = [(a + 1, b + 1) for a, b in PAIRS if 23 not in (a, b)]
    with pytest.raises(InputError, match="household 0 is not there and 1 is, as where households"):
        ties(tmp_path, from_one)
    edges, said = ties(tmp_path, [(a + 1, b + 1) for a, b in PAIRS])
    assert (edges.i.min(), edges.j.max()) == (0, 23) and "numbers 1 to 24 are households" in said[1]
    with pytest.raises(InputError, match=r"row \d+: (source|target): '2[45]'"):
        ties(tmp_path, [(a + 2, b + 2) for a, b in PAIRS])
    edges, said = ties(tmp_path, [*from_one, (0, "")])
    assert len(edges.i) == len({frozenset(pair) for pair in from_one}), "a way out, if 0 is alone"
    assert "1 of them without a tie" in said[0]


def test_numbers_from_one_are_noticed_in_graphs(tmp_path: Path) -> None:
    inner = [(a + 1, b + 1) for a, b in PAIRS if 23 not in (a, b)]
    assert "numbers 1 to 24 are households" in graph(tmp_path, inner, range(1, 25))[1][1]
    with pytest.raises(InputError, match="node: '24' is no household"):
        graph(tmp_path, inner, range(25))
    with pytest.raises(InputError, match="household 0 is not there and 1 is"):
        graph(tmp_path, inner, range(1, 24))
    assert "1 of them without a tie" in graph(tmp_path, inner, range(24))[1][0]


def test_numbers_that_do_not_begin_at_one_are_taken(tmp_path: Path) -> None:
    """Some households of a survey: nothing says that they are numbered from 1."""
    assert len(ties(tmp_path, [(5, 8), (8, 12)])[0].i) == 2


@pytest.mark.parametrize("kind", ["graphml", "gexf"])
@pytest.mark.parametrize("one", [1, 1.0])
def test_weights_of_one_say_nothing(tmp_path: Path, kind: str, one: float) -> None:
    """Catches Gephi's default, by which all neighbours would know each other as well as can be."""
    pairs = [(a, b, {"weight": one}) for a, b in PAIRS]
    edges, said = graph(tmp_path, pairs, kind=kind)
    assert np.isnan(edges.strength).all()
    assert "every weight is 1" in said[1] and "strength of" in said[0]
    named, said = graph(tmp_path, [(a, b, {"strength": 1.0}) for a, b in PAIRS], kind=kind)
    assert set(named.strength) == {1.0} and "strength 1 to 1" in said[0]
    some = [(a, b, {"weight": 1.0 if a else 0.5}) for a, b in PAIRS]
    assert set(graph(tmp_path, some, kind=kind)[0].strength) == {0.5, 1.0}


def test_weights_that_are_counts_are_parts_of_the_largest(tmp_path: Path) -> None:
    pairs = [(a, b, {"weight": 1 + a % 7}) for a, b in PAIRS]
    edges, said = graph(tmp_path, pairs)
    assert edges.strength.max() == 1 and edges.strength.min() == pytest.approx(1 / 7)
    assert "weights are counts, divided by the largest, 7" in said[1]


def test_strength_stands_before_weight(tmp_path: Path) -> None:
    """Catches weights that fill in where strength is not said."""
    edges, said = graph(tmp_path, [(0, 1, {"strength": 0.4, "weight": 9}), (1, 2, {"weight": 0.9})])
    assert edges.strength.tolist()[0] == 0.4 and np.isnan(edges.strength[1])
    assert "strength of 1 tie drawn" in said[0]


def test_directions_are_said_and_must_agree(tmp_path: Path) -> None:
    both = [(a, b, {"strength": 0.5}) for a, b in PAIRS] + [
        (b, a, {"strength": 0.5}) for a, b in PAIRS
    ]
    edges, said = graph(tmp_path, both, form=nx.DiGraph)
    assert "directions are not used" in said[0] and "given twice, taken once" in said[1]
    assert len(edges.i) == len({frozenset(pair) for pair in PAIRS})
    both[-1] = (*both[-1][:2], {"strength": 0.6})
    edges, said = graph(tmp_path, both, form=nx.DiGraph)
    assert sorted(edges.strength)[-1] == pytest.approx(0.55)
    assert "1 pair given in both directions with different strengths: the mean taken" in said[1]
    with pytest.raises(InputError, match="are tied twice with different values"):
        ties(tmp_path, [(0, 1, 0.5), (0, 1, 0.6)], "source,target,strength")


@pytest.mark.parametrize("key", ["label", "name"])
def test_a_node_with_another_number_for_its_name_is_refused(tmp_path: Path, key: str) -> None:
    """Catches ids that a program gave, where the user's number is the name."""
    nodes = [(k, {key: str(k)}) for k in range(24)]
    assert len(graph(tmp_path, PAIRS, nodes)[0].i) > 10
    nodes[3] = (3, {key: "7"})
    with pytest.raises(InputError, match="node 3 is called '7'"):
        graph(tmp_path, PAIRS, nodes)


def test_long_numbers_that_a_program_cut_short_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'1E1' cannot be used"):
        ties(tmp_path, [(0, "1E1")])


# --- languages ------------------------------------------------------------------------------------


def test_the_same_is_said_in_chinese(tmp_path: Path) -> None:
    notes: Notes = []
    rows = [*LARGE[:3], ",,,", "01栋,1,2,89.5", *LARGE[3:], "合计,,,2148"]
    read_households(file(tmp_path, "building,stair,floor,area_m2", rows), notes)
    assert sentences(notes, "zh") == [
        "25 户，2 栋楼，4 个单元，楼层 1 至 3；面积 89.5 至 89.5 ㎡，合计 2,238 ㎡；"
        "表中没有、由模型抽取的列：居住状况、年龄段、党员、合作类型",
        "略去空行 5；略去第 28 行（“合计”，合计行）；楼栋 1 有多种写法：1、01栋，视为同一个",
    ]
