"""A user's files: what is accepted, and that each fault is named with its row and column."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim.errors import InputError
from sim.intake import sheets
from sim.society.edges import read_edges
from sim.society.imports import read_households

HEADER = "building,stair,floor,tenure,life_stage,party_member,area_m2,fee_yuan,contribution_type"
ROWS = [f"B{k % 2},1,{k // 2 + 1},owner,young,0,90.5,120.35,conditional" for k in range(12)]


def write(tmp_path: Path, text: str | bytes, name: str = "file.csv") -> str:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def table(rows: list[str] | None = None, header: str = HEADER) -> str:
    return "\n".join([header, *(ROWS if rows is None else rows)]) + "\n"


def with_cell(row: int, column: str, value: str) -> str:
    """The good table with one cell of file row ``row`` (header is 1) replaced."""
    rows = [r.split(",") for r in ROWS]
    rows[row - 2][HEADER.split(",").index(column)] = value
    return table([",".join(r) for r in rows])


def test_rows_are_ordered_by_building_stair_and_floor(tmp_path: Path) -> None:
    """Catches rows out of order, and a way back to the user's rows that is lost."""
    columns = read_households(write(tmp_path, table()))
    assert columns["building"].tolist() == [0] * 6 + [1] * 6
    assert columns["stair"].tolist() == [0] * 6 + [1] * 6
    assert columns["floor"].tolist() == [1, 2, 3, 4, 5, 6] * 2
    assert columns["file_row"].tolist() == [0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11]
    assert set(columns["fee_fen"].tolist()) == {12035}
    assert set(columns["area"].tolist()) == {90.5}


def test_a_stair_label_counts_within_its_building(tmp_path: Path) -> None:
    """Catches stair 1 of two buildings taken for one stair."""
    rows = [f"{b},{s},{f}" for f in (1, 2, 3) for b in ("east", "west") for s in (1, 2)]
    columns = read_households(write(tmp_path, table(rows, "building,stair,floor")))
    assert columns["stair"].tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3
    assert set(columns) == {"building", "stair", "floor", "file_row"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_chinese_values_in_usual_encodings(tmp_path: Path, encoding: str, line_end: str) -> None:
    """Catches a table as Chinese office programs save it that is refused or misread."""
    kinds = ["业主", "租户", "空置"]
    rows = [f"{k % 3}栋,一单元,{k + 1},{kinds[k % 3]}" for k in range(12)]
    text = table(rows, "building,stair,floor,tenure").replace("\n", line_end)
    columns = read_households(write(tmp_path, text.encode(encoding)))
    assert columns["tenure"].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_quoted_cells_spaces_and_blank_lines_at_the_end(tmp_path: Path) -> None:
    """Catches a table as people type it that is refused."""
    rows = [f'"B,1", 1 , {k}' for k in range(10)]
    columns = read_households(write(tmp_path, table([*rows, "", ""], "Building, stair ,FLOOR")))
    assert columns["floor"].tolist() == list(range(10))


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("tenure", "landlord", "owner"),
        ("life_stage", "teen", "elderly"),
        ("party_member", "2", "yes"),
        ("contribution_type", "saint", "free_rider"),
        ("floor", "-10", "-9 to 200"),
        ("floor", "2.5", "whole number"),
        ("floor", "17A", "whole number"),
        ("area_m2", "nan", "1 to 10000"),
        ("area_m2", "inf", "1 to 10000"),
        ("area_m2", "0", "1 to 10000"),
        ("fee_yuan", "-3", "0 to"),
        ("fee_yuan", "__import__('os')", "0 to"),
        ("building", " ", "label"),
        ("stair", "x" * 41, "label"),
    ],
)
def test_a_bad_cell_is_named(tmp_path: Path, column: str, value: str, allowed: str) -> None:
    """Catches a wrong cell taken, or a message without row and column."""
    path = write(tmp_path, with_cell(7, column, value))
    with pytest.raises(InputError) as caught:
        read_households(path)
    assert caught.value.where == f"{path}: row 7: {column}"
    assert value.strip()[:40] in caught.value.problem
    assert allowed in caught.value.allowed


def test_a_vacant_unit_has_no_party_member(tmp_path: Path) -> None:
    """Catches two cells that are each right and together wrong."""
    text = with_cell(4, "party_member", "1").replace("B0,1,2,owner", "B0,1,2,vacant")
    with pytest.raises(InputError, match="row 4: party_member"):
        read_households(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        (table(ROWS[:9]), "9 households"),
        (table([]), "0 households"),
        (table(["1,1"] * 10, "building,stair"), "'floor' is missing"),
        (table(["1,1,1,2"] * 10, "building,stair,floor,floor"), "'floor' stands there twice"),
        (table(["1,1,1,2"] * 10, "building,stair,floor,tenur"), "'tenur' is not known"),
        (table(["1,1,1"] * 9 + ["1,1"], "building,stair,floor"), "row 11: floor"),
        (table(["1,1,1"] * 9 + ["1,1,1,9"], "building,stair,floor"), "row 11|line 11"),
        (table(["1,1,1,9"] * 10, "building,stair,floor"), "row 2|line 2"),
        (table() + "x" * 100_000, "label"),
        ("x" * 200_000 + table(), "field larger"),
        (b"\xff\xfe\x00\xd8\x00u", "decoded"),
        (b"\x81\x00", "decoded"),
        (table().replace("B0", "B\0"), "decoded"),
        (table() + '"open', "EOF inside string"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    """Catches a file misread in silence, or a traceback."""
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=said) as caught:
        read_households(path)
    assert caught.value.where.startswith(path)
    assert "\n" not in str(caught.value)


def test_missing_files_folders_and_huge_files_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a file read until no memory is left."""
    for path in (str(tmp_path / "none.csv"), str(tmp_path), "bad\0name.csv"):
        with pytest.raises(InputError, match="cannot be read"):
            read_households(path)
    monkeypatch.setattr(sheets, "LARGEST_BYTES", 50)
    with pytest.raises(InputError, match="at most 50"):
        read_households(write(tmp_path, table()))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=300))
def test_no_bytes_raise_anything_but_input_errors(tmp_path: Path, data: bytes) -> None:
    """Catches a traceback for whatever somebody uploads."""
    for name, read in (
        ("a.csv", read_households),
        ("b.csv", lambda p: read_edges(p, 5)),
        ("c.graphml", lambda p: read_edges(p, 5)),
        ("d.gexf", lambda p: read_edges(p, 5)),
    ):
        for content in (data, b"building,stair,floor\n" + data, b"source,target\n" + data):
            with contextlib.suppress(InputError):
                read(write(tmp_path, content, name))


def test_edges_from_a_table(tmp_path: Path) -> None:
    """Catches pairs in another order than sorted, low row first, and strengths left behind in sorting."""
    text = "source,target,strength,layer\n3,1,0.5,stair\n0,2,1,across\n1,3,0.5,stair\n"
    edges = read_edges(write(tmp_path, text), 4)
    assert (edges.i.tolist(), edges.j.tolist()) == ([0, 1], [2, 3])
    assert edges.strength.tolist() == [1.0, 0.5]
    assert edges.layer.tolist() == [3, 0]


def test_edges_without_strength_and_layer(tmp_path: Path) -> None:
    """Catches a strength or layer made up where the file tells none."""
    edges = read_edges(write(tmp_path, "source,target\n0,1\n1,2\n"), 3)
    assert np.isnan(edges.strength).all()
    assert edges.layer.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("0,0,1", "row 3"),
        ("0,9,1", "row 3: target"),
        ("-1,2,1", "row 3: source"),
        ("0,b,1", "row 3: target"),
        ("0,2,1.5", "row 3: strength"),
        ("0,2,nan", "row 3: strength"),
        ("0,1,0.2", "row 3"),
    ],
)
def test_a_bad_edge_is_named(tmp_path: Path, line: str, where: str) -> None:
    """Catches a wrong pair taken, or a message without its row."""
    path = write(tmp_path, f"source,target,strength\n0,1,0.5\n{line}\n")
    with pytest.raises(InputError) as caught:
        read_edges(path, 9)
    assert caught.value.where == f"{path}: {where}"


@pytest.mark.parametrize("suffix", ["graphml", "gexf"])
def test_edges_from_graph_files(tmp_path: Path, suffix: str) -> None:
    """Catches a graph file read otherwise than the same ties in a table."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edge(3, 1, strength=0.25, layer="building")
    graph.add_edge(0, 2, strength=0.5, layer="stair")
    path = tmp_path / f"g.{suffix}"
    getattr(nx, f"write_{suffix}")(graph, path)
    edges = read_edges(str(path), 4)
    assert (edges.i.tolist(), edges.j.tolist()) == ([0, 1], [2, 3])
    assert edges.strength.tolist() == [0.5, 0.25]
    assert edges.layer.tolist() == [0, 1]
    with pytest.raises(InputError, match="node: '3' is no household"):
        read_edges(str(path), 3)


@pytest.mark.parametrize(
    "attributes", [{"strength": 1.5}, {"strength": "strong"}, {"layer": "sky"}, {"weight": -1.0}]
)
def test_bad_edge_values_of_a_graph_are_named(tmp_path: Path, attributes: dict) -> None:  # type: ignore[type-arg]
    """Catches a wrong attribute taken, or a message without its edge."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_edge(0, 1, **attributes)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    with pytest.raises(InputError, match=f"edge 0 - 1: {next(iter(attributes))}"):
        read_edges(str(tmp_path / "g.graphml"), 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration",
    ["<!DOCTYPE graphml>", '<!DOCTYPE g [<!ENTITY a "aaaa">]>', '<!DOCTYPE g SYSTEM "other.dtd">'],
)
def test_document_types_and_entities_are_refused(
    tmp_path: Path, declaration: str, encoding: str
) -> None:
    """Catches a graph file that reads other files or grows without bound."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}<graphml></graphml>'
    for name in ("a.graphml", "a.gexf"):
        with pytest.raises(InputError, match="document type"):
            read_edges(write(tmp_path, text.encode(encoding), name), 3)


@pytest.mark.parametrize("text", ["<graphml>", "not xml", "<svg></svg>", "<graphml></graphml>"])
def test_files_that_are_no_graph_are_refused(tmp_path: Path, text: str) -> None:
    """Catches any XML taken for a graph without ties."""
    for name in ("a.graphml", "a.gexf"):
        with pytest.raises(InputError):
            read_edges(write(tmp_path, text, name), 3)


def test_unknown_file_types_are_refused(tmp_path: Path) -> None:
    """Catches a file that is unpickled, or guessed at."""
    for name in ("ties.pkl", "ties.npy", "ties", "ties.gml"):
        with pytest.raises(InputError, match="graphml"):
            read_edges(write(tmp_path, "0,1", name), 2)


def test_the_list_that_comes_along_can_be_used() -> None:
    """Catches an example that a newcomer copies and that is refused."""
    from sim.society.imports import read_households

    path = Path(__file__).parents[1] / "scenarios" / "my_compound" / "households.csv"
    columns = read_households(str(path))
    assert len(columns["building"]) == len(path.read_text(encoding="utf-8").splitlines()) - 1
