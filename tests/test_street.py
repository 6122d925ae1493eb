"""A street's compounds: the table as offices keep it, and the order in which a plan is begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from offices import text, workbook

import sim
from sim.errors import InputError
from sim.intake import compounds
from sim.intake.compounds import Place
from sim.science import street_table
from sim.society.reading import Notes

ROWS = [
    ["全街道小区一览表", "", "", "", "", ""],
    ["小区名称", "小区类型", "户数", "收缴率（%）", "满意率", "联系人"],
    ["梧桐里", "老旧小区", 320, 45, "40%", "张三"],
    ["新城家园", "回迁安置", "", 62, "", "李四"],
    ["康乐苑", "", 900, "", "", ""],
    ["合计", "", 1220, "", "", ""],
]


def test_a_table_of_compounds_is_read_as_offices_keep_it(tmp_path: Path) -> None:
    """Catches a total that is taken for a compound, a share that is read a hundredfold, a name kept."""
    notes: Notes = []
    read = compounds.read(str(workbook(tmp_path / "小区.xlsx", {"一览": ROWS})), notes)
    assert read == [
        Place(
            "梧桐里", "old_estate", 320, (("collection_rate@+0", 0.45), ("satisfied_share", 0.4))
        ),
        Place("新城家园", "resettlement_estate", 0, (("collection_rate@+0", 0.62),)),
        Place("康乐苑", "ordinary_estate", 900, ()),
    ]
    assert "personal" in {note.kind for note in notes}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["户数"], [300]], "column 'compound' is missing"),
        ([["小区名称"], ["甲"], ["甲"]], "row 3: compound: .甲. cannot be used; allowed: each compound once"),
        ([["小区名称", "类型"], ["甲", "别墅"]], "row 2: kind: .别墅. cannot be used; allowed: 商品房"),
        ([["小区名称", "户数"], ["甲", 3]], "row 2: households: .3. cannot be used; allowed: a number from 12"),
        ([["小区名称", "收缴率"], ["甲", "140%"]], "row 2: collection_rate@.0: .140%. cannot be used"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named(rows: list[list[object]], said: str, tmp_path: Path) -> None:
    """Catches a fault that is told without its row, column, value and what is allowed."""
    with pytest.raises(InputError, match=said):
        compounds.read(str(text(tmp_path / "a.csv", rows)))


def test_compounds_are_ranked_by_what_an_hour_brings(tmp_path: Path) -> None:
    """Catches an order, hours or gain that are not those of the runs, and hours given out twice."""
    rows = [
        ["小区名称", "类型", "户数", "收缴率"],
        ["甲", "商品房", 200, "50%"],
        ["乙", "老旧", 240, ""],
    ]
    file = str(text(tmp_path / "a.csv", rows))
    asked = {"policies": "member_contact", "at": 8, "replications": 3, "out": None}
    found = sim.street(file=file, hours=1e5, **asked)
    table = found.compounds
    assert table["fees"].is_monotonic_decreasing and table["first"].sum() == pytest.approx(1.0)
    assert list(table["chosen"]) == list(table["gain"] > 0)
    size, hours = table["households"], table["hours"]
    assert np.allclose(table["fees"], 100 * table["gain"] * size / hours)
    # The compound without figures is its kind as usual: what compare gives of it under the same seeds.
    usual = table.set_index("compound").loc["乙"]
    compared = sim.compare(
        "old_estate", policies=["none", "member_contact"], months=8, replications=3,
        population__households=240, out=None,
    )  # fmt: skip
    last = compared.months[compared.months["month"] == 8].pivot(
        index="seed", columns="policy", values="collection_rate"
    )
    assert usual["gain"] == pytest.approx(float((last["member_contact"] - last["none"]).mean()))
    assert (
        usual["known"] == ""
        and table.set_index("compound").loc["甲"]["known"] == "collection_rate@+0"
    )
    few = sim.street(file=file, hours=float(hours.iloc[0]) + 0.01, **asked).compounds
    assert list(few["chosen"]) == [bool(few["gain"].iloc[0] > 0), False]
    heads, rows = street_table.cells(table, 8, "zh")
    assert len(heads) == len(rows[0]) and {row[1] for row in rows} == {"甲", "乙"}
    with pytest.raises(InputError, match=r"population\.households: cannot be set here"):
        sim.street(file=file, population__households=50, **asked)
    with pytest.raises(InputError, match="policy: has no measure"):
        sim.street(file=file, at=8, out=None)
