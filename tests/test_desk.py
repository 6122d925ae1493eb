"""Behind the page: sessions, the user's own compound, shared runs, who is let in."""

from __future__ import annotations

import asyncio
import gc
import json
import operator
import os
import re
import signal
import time
import weakref
import zlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from offices import REGISTER, ledger, workbook
from offices import text as text_file

from sim.compose import load
from sim.desk import bench as bench_module
from sim.desk import charts, compound, evidence_card, finding, live, printing, step_known, why
from sim.desk.arrived import arrive, mapping_of, taken
from sim.desk.bench import Bench
from sim.desk.bits import with_unit
from sim.desk.lanes import Lanes
from sim.desk.refusals import refusal
from sim.desk.session import (
    LARGEST_FILE,
    Own,
    Plan,
    Planned,
    Session,
    Trouble,
    as_link,
    from_link,
    read,
    write,
)
from sim.desk.visit import Visit
from sim.desk.words import UNITS, WORDS
from sim.errors import InputError
from sim.experiments.run import live as live_whole
from sim.measures.catalogue import CATALOGUE
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS, column
from sim.processes.issues import COUNTS
from sim.questions import find
from sim.report import annexes
from sim.report import build as build_module
from sim.report.build import Extra
from sim.report.content import Section
from sim.report.sentences import Runs

SMALL = {"population.households": 200, "population.buildings": 4}


def own_session(**values: Any) -> Session:
    """A session of a small compound of the user's own with one policy."""
    plan = Plan(name="A", measures=[Planned(measure="member_contact", start=2)])
    given = {
        "case": "own",
        "own": Own(values=SMALL),
        "policies": [plan],
        "replications": 4,
        "months": 14,
        "within": 12,
    }
    return Session(**{**given, **values})


class Here(Lanes):
    """Lanes without processes: work is done in threads of this one, and counted."""

    def __init__(self, count: int = 2) -> None:
        self.count = count
        self.calls = 0
        self._turns = [asyncio.Lock() for _ in range(count)]

    async def call(self, lane: int, function: Callable[..., Any], *arguments: object) -> Any:
        self.calls += 1
        async with self._turns[lane % self.count]:
            return await asyncio.to_thread(function, *arguments)


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_comes_back_whole_from_file_and_link() -> None:
    """Catches a choice that a file or a link does not hold."""
    plan = Plan(
        name="甲", measures=[Planned(measure="member_contact", dose=1.5, settings={"quota": 20})]
    )
    own = Own(
        values=SMALL, troubles=[Trouble(event="broken_promise", size=0.7, month=-9)], collection=0.4
    )
    session = own_session(policies=[plan], own=own, question="<b>?</b>", language="en")
    assert read(write(session)) == session
    assert from_link(as_link(session)) == session


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"case": 3}, "session.case"),
        ({"surprise": 1}, "session.surprise"),
        (
            {"policies": [{"name": "a", "measures": [{"measure": "os.system"}]}]},
            "no measure is named",
        ),
        (
            {"policies": [{"name": "a", "measures": [{"measure": "broken_promise"}]}]},
            "no measure is named",
        ),
        (
            {"policies": [{"name": "a", "measures": [{"measure": "mediation", "dose": 9.0}]}]},
            "dose",
        ),
        ({"policies": [{"name": "a"}] * 2}, "same name"),
        ({"policies": [{"name": f"p{k}"} for k in range(7)]}, "session.policies"),
        ({"replications": 10**6}, "session.replications"),
        ({"own": {"households": "x" * (2**21 + 1)}}, "session.own.households"),
    ],
)
def test_what_is_no_session_is_refused_in_one_line(change: dict[str, Any], told: str) -> None:
    """Catches a file that would put something else than data into the desk."""
    with pytest.raises(InputError, match=told) as error:
        read(json.dumps(change))
    assert "\n" not in str(error.value)


def test_a_link_cannot_unpack_to_more_than_a_session() -> None:
    """Catches a small link that fills the memory."""
    bomb = urlsafe_b64encode(zlib.compress(b" " * (4 * LARGEST_FILE), 9)).decode()
    assert len(bomb) < 40_000
    with pytest.raises(InputError, match=r"link|session"):
        from_link(bomb)
    with pytest.raises(InputError, match="cannot be read"):
        from_link("%%%")


def test_settings_are_checked_by_the_schema() -> None:
    """Catches a slider or a file that goes beyond what the model allows."""
    planned = Planned(measure="member_contact", settings={"quota": 10**6})
    with pytest.raises(InputError, match=r"policy.measures.member_contact.quota: .*1 to 200"):
        compound.policy_of(Plan(name="a", measures=[planned]))


# --- the user's own compound --------------------------------------------------------------------


def test_the_form_lands_on_the_configuration() -> None:
    """Catches a field that is asked for and not used."""
    values = {key: compound.described()[key].default for key in compound.FORM}
    values |= {"population.elderly_share": 0.4, "firm.present": False, "committee.state": "working"}
    troubles = [Trouble(event="equipment_failure", size=0.6, month=-20)]
    config = compound.own(Own(like="old_estate", values=values, troubles=troubles, collection=0.3))
    assert config.population.elderly_share == 0.4
    assert not config.firm.present and config.committee.state == "working"
    assert not config.draws_file, "no compound that is like it is without a firm"
    event = config.scenario.entries()[0]
    assert (event.label, event.parameters.start) == ("equipment_failure", -20)
    # The event must be lived, not lie before the first month.
    assert config.scenario.history_months > 20


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            Own(values={"population.tenant_share": 2.0}),
            "population.tenant_share: 2.0 is not allowed",
        ),
        (Own(values={"population.household_file": "/etc/passwd"}), "is not asked for here"),
        (Own(values={"population.households": 50_000}), "too many for the desk"),
        (Own(like="kangqiao"), "no kind is named"),
        (Own(households="building,stair,floor\n1,1,1\n"), "households.csv: 1 households"),
        (Own(households="building,stair,floor\n" + "1,1,1\n" * 10 + "1,,1\n"), "row 12: stair: ''"),
    ],
)
def test_a_compound_that_cannot_be_is_refused(own: Own, told: str) -> None:
    """Catches a bad field or table that is taken, or told without its place."""
    with pytest.raises(InputError) as error:
        compound.own(own)
    assert told in str(error.value)
    assert "/tmp" not in str(error.value), "a path of the server is nobody's business"


def test_own_months_are_read_with_row_and_column() -> None:
    """Catches own figures that are drawn at the wrong place."""
    own = Own(months="month,collection_rate\n-1,0.4\n0,0.45\n")
    assert compound.own_months(own) == {"collection_rate": [(-1, 0.4), (0, 0.45)]}
    with pytest.raises(InputError, match=r"months.csv: row 2: collection_rate"):
        compound.own_months(Own(months="month,collection_rate\n0,450\n"))


def test_a_table_of_households_decides_fields_of_the_form() -> None:
    """Catches a field that can be set and does nothing, or shows another compound's figure."""
    head = "building,stair,floor,tenure,party_member,fee_yuan\n"
    rows = ["1,1,1,owner,1,90", "1,1,2,owner,0,90", "2,1,3,tenant,0,90", "2,1,4,vacant,0,90"] * 3
    text = head + "\n".join(rows)
    table = compound.in_table(text)
    assert table == {
        "population.households": 12,
        "population.buildings": 2,
        "population.stairs_per_building": 1,
        "population.floors": 4,
        "population.tenant_share": 0.25,
        "population.vacant_share": 0.25,
        "population.member_share": pytest.approx(1 / 3),
        "population.price_fen_per_m2": None,
    }
    assert compound.own(Own(households=text)).population.households == 12
    assert set(table) <= {*compound.FORM, *compound.FIGURES}
    assert compound.in_table("") == compound.in_table("nonsense") == {}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("building,stair\n1,1\n", "households.csv 第1行：缺少“楼层”列；允许：楼栋、单元、楼层"),
        (
            "building,stair,floor,tenur\n",
            "households.csv 第1行：不认识“tenur”这一列；允许：居住状况",
        ),
        ("building,stair,floor\n1,1,1\n", "households.csv：只有 1 户；允许：至少 10 户"),
        (
            "building,stair,floor\n" + "1,1,x\n" * 10,
            "households.csv 第2行 楼层 列：“x”不能使用；允许：-9 至 200 的整数",
        ),
        (
            "building,stair,floor\n" + "1,,1\n" * 10,
            "households.csv 第1行：缺少“单元”列",
        ),
        ('building,stair,floor\n"1,1,1\n', "households.csv：不是完整的 CSV 表格"),
    ],
)
def test_a_table_is_refused_in_the_language_of_the_page(table: str, said: str) -> None:
    """Catches a Chinese page that says in English what is wrong with a file."""
    with pytest.raises(InputError) as error:
        compound.own(Own(households=table))
    assert refusal(error.value, "zh").startswith(said)
    assert refusal(error.value, "en") == str(error.value)


def test_other_refusals_are_chinese_where_there_are_words() -> None:
    """Catches an English line about a link, a file or a figure, and a line that gets lost."""
    refused: list[tuple[Callable[[], Any], str]] = [
        (lambda: from_link("%%%"), "链接：无法读取；允许：由本页生成的文件或链接"),
        (lambda: read("{"), "方案文件：无法读取"),
        (
            lambda: read('{"policies": [{"name": "a", "measures": '
                         '[{"measure": "mediation", "start": 5, "end": 5}]}]}'),
            "方案文件：停止月份 5 不在开始月份 5 之后",
        ),
        (lambda: arrive(Own(), b"", "months.csv"), "months.csv：文件是空的；允许：表头和数据行"),
        (lambda: arrive(Own(), b"\x81\xff", "months.csv"), "months.csv：文字编码无法识别"),
        (
            lambda: compound.own(Own(values={"population.price_fen_per_m2": 1.8})),
            "物业费单价：不能填 1.8；允许：0 至 10000 的整数",
        ),
        (
            lambda: compound.own(Own(figures={"population.price_fen_per_m2": 1.855})),
            "物业费标准（元/㎡·月）：不能填 1.855；允许：最多两位小数",
        ),
        (
            lambda: compound.own(Own(figures={"population.member_share": 5000.0})),
            "党员户（户）：不能填 5000；允许：0 至 950 的数",
        ),
        (lambda: compound.own(Own(like="x")), "小区类型：没有名为“x”的小区类型"),
        (lambda: read('{"months": 13}'), "方案文件：关注的月份 24 在最后一个月（13）之后"),
    ]  # fmt: skip
    for does, said in refused:
        with pytest.raises(InputError) as error:
            does()
        assert refusal(error.value, "zh").startswith(said)


def test_every_parameter_on_the_page_has_a_unit_in_words() -> None:
    """Catches a price that is asked for without saying in what."""
    rows = [compound.described()[key] for key in compound.FORM]
    for name in compound.measures():
        rows += CATALOGUE[name].Parameters.describe()
    for row in rows:
        assert row.unit in UNITS["zh"], f"{row.key}: {row.unit}"
    assert with_unit("物业费单价", rows[10], "zh") == "物业费单价（分/㎡·月）"
    assert with_unit("租户比例", rows[4], "zh") == "租户比例"


def test_an_office_says_flats_and_yuan_and_the_model_gets_shares() -> None:
    """Catches a number of members that is taken of another number of households than was said."""
    said = {"population.vacant_share": 50, "population.member_share": 45, "population.active_share": 9,
            "population.price_fen_per_m2": 1.85, "fund.yuan_per_m2": 180.0, "firm.public_revenue_yuan": 12.0,
            "parking.places_each": 250}  # fmt: skip
    own = Own(values={"population.households": 500, "population.buildings": 6}, figures=said)
    config = compound.own(own)
    people = config.population
    assert (people.vacant_share, people.member_share, people.active_share) == (
        0.1,
        0.1,
        pytest.approx(0.2),
    )
    assert people.price_fen_per_m2 == 185 and config.parking.places_each == 0.5
    assert config.fund.yuan_per_m2 == pytest.approx(1_800_000 / (500 * people.area_mean))
    assert config.firm.public_revenue_yuan == pytest.approx(20.0)
    for key, value in said.items():
        assert compound.figure_of(own, key)[0] == value
    fewer = own.model_copy(
        update={"values": {"population.households": 250, "population.buildings": 6}}
    )
    assert compound.own(fewer).population.member_share == pytest.approx(45 / 200)


def test_ties_come_in_by_number_or_room_and_belong_to_their_register() -> None:
    """Catches ties that are used for other households than those they were read for."""
    register = "楼栋,单元,楼层,房号\n" + "".join(f"1,1,{k},{k}01\n" for k in range(1, 13))
    own = taken(Own(), arrive(Own(), register.encode(), "清册.csv"))
    rows = "".join(f"1-1-{k}01,1-1-{k + 1}01\n" for k in range(1, 12))
    arrived = arrive(own, f"Source,Target\n{rows}".encode(), "关系.csv")
    tied = taken(own, arrived)
    config = compound.own(tied)
    assert config.network.generator == "file" and len(tied.edges.splitlines()) == 12
    assert "12 户之间 11 条关系" in compound.what_was_read(tied, "edges", "zh")[0]
    with pytest.raises(InputError, match="ties among 12 households, where there are 1000"):
        compound.own(tied.model_copy(update={"households": ""}))


def test_a_layout_confirmed_once_is_read_so_again() -> None:
    """Catches a mapping that is forgotten, kept with the month it was of, or forced upon another layout."""
    head = "房屋,地块,层,甲\n"
    rows = "".join(f"{k}01,3,{k},x\n" for k in range(1, 13))
    said = b"kind: register\ncolumns: {building: \xe5\x9c\xb0\xe5\x9d\x97}\n"
    kind, mapping = mapping_of(said, "对应.yaml")
    own = Own(mappings={kind: mapping})
    arrived = arrive(own, (head + rows).encode(), "a.csv")
    assert arrived.again and own == read(write(own_session(own=own))).own
    kept = taken(own, arrived).mappings["register"]
    assert kept["columns"]["building"] == "地块" and "zero" not in kept
    assert not arrive(own, b"building,stair,floor\n" + b"1,1,1\n" * 12, "b.csv").again


def test_what_is_known_of_a_compound_decides_its_runs() -> None:
    """Catches a figure that is asked for and not used, or one beyond the model that spoils the others."""
    months = "month,collection_rate,tickets_per_1000\n-10,0.6,1\n-5,0.55,3\n0,0.5,170\n1,0.9,2\n"
    own = Own(values=SMALL, collection=0.9, known={"satisfied_share": 0.4}, months=months)
    known = compound.given(own)
    # A table stands before what was typed, and what came after month 0 is no start.
    assert known["collection_rate@+0"] == 0.5 and known["collection_rate@-10"] == 0.6
    assert known["tickets_per_1000"] == pytest.approx(58.0) and known["satisfied_share"] == 0.4
    like = compound.likely(own)
    assert like is not None
    assert set(like["fit"]["figure"]) == set(known) - {"tickets_per_1000"}
    config = compound.own(own)
    assert config.scenario.history_months == 24 and config.doubted
    drawn = [config.drawn(seed) for seed in (1, 2)]
    rows = like["draws"]["firm.diligence"]
    assert [one.firm.diligence for one in drawn] == pytest.approx(rows.iloc[[1, 2]].tolist())
    moved = compound.likely(own.model_copy(update={"shift": 0.1}))
    assert moved is not None and moved["fit"]["given"].iloc[0] > like["fit"]["given"].iloc[0]
    with pytest.raises(InputError, match="satisfied_share: 2 is not allowed"):
        compound.own(Own(known={"satisfied_share": 2.0}))


def test_the_fit_is_told_as_lived() -> None:
    """Catches a start that is claimed: what is told is what the runs gave, with a warning where it is off."""
    seeds, months = np.arange(1, 9), np.arange(-12, 1)
    values = np.full((8, 13, len(INDICATORS)), 0.5)
    reference = Runs(seeds, months, values, np.zeros(8), np.zeros(8))
    words = WORDS["zh"]
    own = Own(collection=0.52, known={"collection_rate@-11": 0.9})
    told = step_known.notes(own, reference, words, "zh")
    assert told == ["各次模拟起点的收缴率平均为 50%，填报的是 52%。"]
    few = own.model_copy(update={"values": {"population.households": 24}})
    said = step_known.notes(few, reference, words, "zh")[1]
    assert said.startswith("本小区只有24户，一户即占收缴率约4.2个百分点，而用于查找的小区均为300户")
    rows = step_known.fits(own, reference, words, "zh")
    now, before, slope = (
        next(row for row in rows if part in row.title) for part in ("目前", "11个月前", "变化")
    )
    assert (now.given, now.runs, now.remark) == ("52%", "50%（50%）", "")
    assert before.remark == slope.remark == words["fit_off"]
    assert slope.given == "-38个百分点" and slope.runs.startswith("+0个百分点")
    far = step_known.notes(Own(collection=0.7), reference, words, "zh")
    assert far[0].endswith(words["start_off"])


# --- runs ---------------------------------------------------------------------------------------


def test_desk_runs_are_those_of_the_command_line() -> None:
    """Catches a desk that shows other numbers than ``xiaoqu compare`` would."""
    asked = compound.configurations(own_session())["A"]
    lived = live.live([(asked.compound, asked.config)], [3])[0]
    whole = live_whole(asked.config, 3)
    kept = whole.months >= -live.BEFORE
    assert np.array_equal(lived.values, whole.values[kept, 0], equal_nan=True)
    hours = sum(row["hours"] for row in whole.costs if row["month"] >= 1)
    assert sum(cost[2] for cost in lived.costs) == pytest.approx(hours)
    closed = [k for k, name in enumerate(COUNTS) if name.startswith("closed_")]
    months = whole.months >= 1
    assert np.allclose(
        lived.flow[:, closed].sum(1), whole.values[months, 0, column("issues_closed")]
    )


def test_the_film_shows_every_household_of_the_same_run() -> None:
    """Catches a map of another run than the curve, or with households left out."""
    asked = compound.configurations(own_session())["A"]
    film = live.film(asked.compound, asked.config, 3)
    lived = live.live([(asked.compound, asked.config)], [3])[0]
    assert film.months == list(range(15))
    assert {len(state) for state in film.states} == {200}
    codes = np.frombuffer(film.states[-1].encode(), np.uint8) - 48
    occupied = codes[codes != live.VACANT]
    complaint = np.mean(occupied // live.STAGE >= 2)
    assert complaint == pytest.approx(lived.values[-1, column("complaint_share")])
    assert sum(film.problems[-1]) == lived.values[-1, column("issues_open")]


def test_what_one_asked_for_no_other_waits_for() -> None:
    """Catches runs that are lived again, and answers that differ from user to user."""

    async def both() -> None:
        bench = Bench(Here())
        visits = [Visit(bench, own_session(), lambda: None) for _ in range(2)]
        for visit in visits:
            visit.start()
            assert visit._task is not None
            await visit._task
            assert visit.progress() == (8, 8)
        calls = bench.lanes.calls
        visits[1].undo()
        visits[1].start()
        await visits[1]._task
        assert bench.lanes.calls == calls
        ours, theirs = (visit.runs("A") for visit in visits)
        assert np.array_equal(ours.values, theirs.values, equal_nan=True)

    asyncio.run(both())


def test_what_a_page_shows_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a comparison that stops half-way, as its reference made room for its own policy."""
    monkeypatch.setattr(bench_module, "MOST_RUNS", 8)

    async def slide() -> None:
        bench = Bench(Here())
        visit, other = (Visit(bench, own_session(), lambda: None) for _ in range(2))
        for number in range(4):
            visit.measure("member_contact", dose=0.5 + number / 10)
            assert visit._task is not None
            await visit._task
            assert visit.progress() == (8, 8), number
        other.start()
        assert other._task is not None
        await other._task
        assert visit.progress() == other.progress() == (8, 8)
        other.close()
        visit.measure("member_contact", dose=0.9)
        await visit._task
        assert visit.progress() == (8, 8)
        # The compound alone, the policy, and what it was before.
        assert sum(map(len, bench._runs.values())) == 12, "what nobody shows is forgotten"
        monkeypatch.setattr(bench_module, "MOST_SHOWN", 8)
        other = Visit(bench, own_session(seed=100), lambda: None)
        other.start()
        await other._task
        assert sum(map(len, bench._runs.values())) <= 8

    asyncio.run(slide())


@asynccontextmanager
async def simulated() -> AsyncIterator[Any]:
    """A browser of NiceGUI's own, with the desk's page at the root."""
    testing = pytest.importorskip("nicegui.testing")
    from nicegui import Client

    from sim.desk import page

    async with testing.user_simulation() as user:
        page.register(Bench(Here()), Here(), "en")
        try:
            yield user
        finally:
            # Of each page it knows NiceGUI unloads the module and all above: all of ``sim``.
            Client.page_routes.clear()


def test_a_closed_page_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches pages that pile up in a desk that runs for days, held by what they were shown with."""
    page_module = pytest.importorskip("sim.desk.page")
    opened: weakref.WeakSet[object] = weakref.WeakSet()

    class Noted(page_module.Page):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            opened.add(self)

    monkeypatch.setattr(page_module, "Page", Noted)

    async def visit() -> None:
        async with simulated() as user:
            client = await user.open(f"/?s={as_link(own_session())}")
            await user.should_see(WORDS["zh"]["own_data"])
            assert len(opened) == 1
            client.delete()
            user.client = client = None
            await asyncio.sleep(2 * page_module.TICK)
            gc.collect()
            assert not opened

    asyncio.run(visit())


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Pages that are opened."""
    page_module = pytest.importorskip("sim.desk.page")
    opened: list[Any] = []

    class Noted(page_module.Page):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            opened.append(self)

    monkeypatch.setattr(page_module, "Page", Noted)
    return opened


def test_a_street_and_a_committee_are_told_on_the_page(pages: list[Any]) -> None:
    """Catches a table of compounds that brings nothing, and a state of a committee that is mapped in silence."""
    from sim.desk import step_street

    table = "小区名称,户数,收缴率,联系人\n甲,200,50%,张三\n乙,220,,李四\n".encode()

    async def visit() -> None:
        async with simulated() as user:
            own = Own(values=SMALL | {"committee.state": "nominal"}, committee="expired")
            await user.open(f"/?s={as_link(own_session(own=own, replications=2))}")
            (page,) = pages
            hints = [element.props.get("hint") for element in user.client.elements.values()]
            assert WORDS["zh"]["state_expired_as"] in hints
            with user.client:
                page.show(2)
                step_street._take(page, table, "表.csv", 1000.0)
            await user.should_see("“A”在2个小区的试行结果", retries=600)
            assert set(page.street.found["compound"]) == {"甲", "乙"}
            assert "张三" not in write(page.visit.session)

    asyncio.run(visit())


def test_a_file_is_shown_before_it_is_taken(pages: list[Any], tmp_path: Path) -> None:
    """Catches a register that is used unseen, a choice that does nothing, and a month nobody was asked about."""
    from sim.desk import step_files

    register = workbook(tmp_path / "清册.xlsx", {"A": REGISTER}).read_bytes()
    bills = text_file(tmp_path / "台账2025.csv", ledger(), "gb18030").read_bytes()

    async def visit() -> None:
        async with simulated() as user:
            await user.open(f"/?s={as_link(own_session())}")
            (page,) = pages
            with user.client:
                step_files._take(page, register, "清册.xlsx")
            await user.should_see("请核对：“清册.xlsx”识别为业主清册")
            await user.should_see("读入前已删除的个人信息列：业主姓名", retries=20)
            assert not page.visit.session.own.households
            with user.client:
                step_files._choose(page, page.arrived, "area_m2", "建筑面积(㎡)", step_files.LEAVE)
            await user.should_see(
                "由模型抽取的列：居住状况、年龄段、党员、合作类型、建筑面积", retries=20
            )
            user.find("无误，采用").click()
            await user.should_not_see("请核对")
            assert page.visit.session.own.households.startswith("building,stair,floor,room\n")
            await user.should_see("略去第 27 行（“合计”，合计行）")
            with user.client:
                step_files._take(page, bills, "台账2025.csv")
            await user.should_see("政策实施前的最后一个月（作为第 0 个月）")
            with user.client:
                step_files._zero(page, page.arrived, "2025-02")
            user.find("无误，采用").click()
            await user.should_not_see("请核对")
            assert page.visit.session.own.months.splitlines()[1].startswith("1,0.66666")
            assert page.arrived is None and "业主" not in write(page.visit.session)

    asyncio.run(visit())


def test_few_runs_are_enough_to_say_where_the_start_is() -> None:
    """Catches a note that waits for runs nobody has asked for."""

    async def visit() -> None:
        async with simulated() as user:
            own = Own(values=SMALL, collection=0.4)
            await user.open(f"/?s={as_link(own_session(own=own, replications=2))}")
            await user.should_see("各次模拟起点的收缴率平均为", retries=600)

    asyncio.run(visit())


def test_undo_and_redo_walk_over_steps_and_not_over_slides() -> None:
    """Catches an undo that stops at every pixel a slider went, or loses a step."""

    async def walk() -> None:
        visit = Visit(Bench(Here()), own_session(), lambda: None)
        for dose in (0.9, 0.8, 0.7):
            visit.measure("member_contact", step=False, dose=dose)
        visit.settle()
        visit.set(threshold=0.5)
        visit.undo()
        assert (visit.session.threshold, visit.planned("member_contact").dose) == (0.7, 0.7)
        visit.undo()
        assert visit.planned("member_contact").dose == 1.0 and not visit.can_undo
        visit.undo(-1), visit.undo(-1)
        assert visit.session.threshold == 0.5 and not visit.can_redo
        visit.set(language="en")
        assert not visit.can_redo
        visit.undo()
        assert (visit.session.threshold, visit.session.language) == (0.7, "en")
        visit.undo(-1)
        visit.set(language="zh")
        with pytest.raises(InputError):
            visit.measure("member_contact", dose=7.0)
        assert visit.planned("member_contact").dose == 0.7
        visit.close()

    asyncio.run(walk())


def test_closing_gives_the_work_up_after_the_batch_under_way() -> None:
    """Catches a job that goes on when nobody looks."""

    async def leave() -> None:
        bench = Bench(Here())
        visit = Visit(bench, own_session(replications=200, months=60), lambda: None)
        visit.start()
        while not visit.progress()[0]:
            await asyncio.sleep(0.02)
        visit.close()
        await asyncio.sleep(1.0)
        calls = bench.lanes.calls
        await asyncio.sleep(0.5)
        assert bench.lanes.calls == calls and bench.working == 0
        assert 0 < visit.progress()[0] < 400
        visit.start()
        assert not visit.working

    asyncio.run(leave())


def test_twenty_users_keep_an_answering_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches work on the event loop, and users who wait until all others have ended."""

    def slowly(configs: list[Any], seeds: list[int]) -> list[live.Lived]:
        time.sleep(0.01)
        nothing = np.zeros((1, 1))
        return [live.Lived(seed, np.zeros(1, np.int32), nothing, nothing, ()) for seed in seeds]

    async def crowd() -> None:
        bench = Bench(Here())
        first: dict[int, float] = {}
        visits = []
        for number in range(20):
            plan = Plan(name="A", measures=[Planned(measure="mediation", dose=1 + number / 20)])
            own = Own(values={"population.households": 1000})
            session = own_session(policies=[plan], own=own, replications=40)
            told = partial(lambda n: first.setdefault(n, time.monotonic()), number)
            visits.append(Visit(bench, session, told))
        for visit in visits:
            visit.start()
        late = began = time.monotonic()
        worst = 0.0
        while any(visit.working for visit in visits):
            await asyncio.sleep(0.005)
            now = time.monotonic()
            worst, late = max(worst, now - late), now
        assert len(first) == 20 and {visit.progress() for visit in visits} == {(80, 80)}
        assert worst < 0.5, "the page would have frozen"
        assert max(first.values()) - began < 0.7 * (late - began), "the last user waits for all"

    monkeypatch.setattr(live, "live", slowly)
    asyncio.run(crowd())


def test_parts_of_a_bundle_are_each_lived_alone_and_left_out() -> None:
    """Catches a part that is compared with the wrong bundle."""

    async def take_apart() -> None:
        plan = Plan(
            name="A", measures=[Planned(measure="member_contact"), Planned(measure="mediation")]
        )
        visit = Visit(Bench(Here()), own_session(policies=[plan]), lambda: None)
        visit.start()
        await visit._task
        assert visit.part_table() is None
        visit.start_parts()
        await visit._parts
        rows = visit.part_table().rows
        assert {row[0].key for row in rows} == {"member_contact", "mediation"}
        alone = {row[0].key: row[1]["value"] for row in rows}
        # Left out of a bundle of two, one measure leaves the other alone.
        without = {row[0].key: row[2]["reference_value"] for row in rows}
        assert without["mediation"] == pytest.approx(alone["member_contact"])

    asyncio.run(take_apart())


def test_a_killed_worker_is_replaced() -> None:
    """Catches a page that is dead for all when one process is."""

    async def kill() -> None:
        lanes = Lanes(1)
        try:
            assert await lanes.call(0, operator.mul, 2, 2) == 4
            with pytest.raises(RuntimeError, match="again and again"):
                await lanes.call(0, os._exit, 1)
            assert await lanes.call(0, operator.mul, 2, 3) == 6
        finally:
            lanes.close()

    asyncio.run(kill())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_killed_worker_takes_no_waiting_job_with_it() -> None:
    """Catches jobs without an answer: one was given up while it waited, then the process ended."""

    async def kill() -> None:
        lanes = Lanes(1)
        try:
            assert await lanes.call(0, operator.mul, 2, 2) == 4
            (process,) = lanes._pools[0]._processes
            jobs = [asyncio.create_task(lanes.call(0, time.sleep, 0.2)) for _ in range(5)]
            await asyncio.sleep(0.05)
            jobs[3].cancel()
            await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            ended = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 30)
            assert [type(one).__name__ for one in ended if one is not None] == ["CancelledError"]
        finally:
            lanes.close()

    asyncio.run(kill())


# --- what is shown ------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    """Catches a text that is missing in one language, or lacks a number there."""
    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for key, text in WORDS["en"].items():
        holes = sorted(part.partition("}")[0] for part in text.split("{")[1:])
        other = sorted(part.partition("}")[0] for part in WORDS["zh"][key].split("{")[1:])
        assert holes == other, key


def test_the_page_says_no_english_and_no_narrow_mark_in_chinese() -> None:
    """Catches a text that was written in a hurry."""
    allowed = {"English", "PDF", "Ctrl", "B", "xiaoqu", "desk", "households", "csv", "Python",
               "Chrome", "Edge", "Firefox", "Safari"}  # fmt: skip
    said = {key: re.sub(r"\{\w+\}", "", text) for key, text in WORDS["zh"].items()}
    names = [CATALOGUE[name].zh + CATALOGUE[name].through_zh for name in compound.measures()]
    said |= {f"measure {k}": text for k, text in enumerate(names)}
    said |= {f"indicator {name}": known.zh for name, known in INDICATORS.items()}
    said |= {key: row.zh for key, row in compound.described().items() if key in compound.FORM}
    for key, text in said.items():
        assert not set(re.findall(r"[A-Za-z]{2,}", text)) - allowed, f"{key}: {text}"
        assert not re.search(r"[\u4e00-\u9fff”）%] ?[,;:?!(]|[,;:?!)] ?[\u4e00-\u9fff“（]", text), (
            f"{key}: {text}"
        )


def test_measures_stand_in_groups_and_are_found_by_everyday_words() -> None:
    """Catches a measure that nobody can come by, and a word that finds nothing."""
    listed = [name for _, names in finding.groups("zh") for name in names]
    assert sorted(listed) == sorted(compound.measures())
    for names in finding.SYNONYMS.values():
        assert set(names) <= set(CATALOGUE)
    found = [name for name in listed if finding.fits("电梯", finding.words_of(name))]
    assert "all_age_renewal" in found and "mediation" not in found
    for wanted in ("停车", "12345", "诉讼", "lift", "换届 选举"):
        assert any(finding.fits(wanted, finding.words_of(name)) for name in listed), wanted


def test_the_card_of_a_measure_tells_what_stands_behind_it() -> None:
    """Catches a card that tells a trial of another measure, or is silent where nothing is known."""
    for language, trial in (("zh", "起诉"), ("en", "A suit")):
        card = dict(evidence_card.lines("fee_suits", language))
        assert any(trial in said for said in card[WORDS[language]["card_trials"]])
        for name in compound.measures():
            assert all(said and all(said) for _, said in evidence_card.lines(name, language)), name


def test_every_trouble_and_measure_can_be_chosen() -> None:
    """Catches a measure that the page offers and the session refuses."""
    names = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
    assert compound.measures() == names
    for name in names:
        Planned(measure=name)
    for plan in ("five_level_linkage", "red_pilot", "shenhong", "star_property", "w_compound"):
        made, given = compound.policy_of(compound.named_policy(plan, "x")), load(policy=plan).policy
        assert [(e.label, e.parameters) for e in made.entries()] == [
            (e.label, e.parameters) for e in given.entries()
        ]


def test_the_curve_is_the_quantiles_of_the_runs() -> None:
    """Catches a band that is drawn elsewhere than the runs are."""
    session = own_session()
    asked = compound.configurations(session)
    lived = {n: live.live([(a.compound, a.config)] * 4, [1, 2, 3, 4]) for n, a in asked.items()}
    from sim.desk.visit import as_runs

    runs = {name: as_runs(of) for name, of in lived.items()}
    series = charts.curves(session, runs, "collection_rate")["series"]
    values = np.array([one.values[-1, column("collection_rate")] for one in lived["A"]])
    low, middle, high = 100 * np.quantile(values, [0.05, 0.5, 0.95])
    line, floor, band = series[3:6]
    assert line["data"][-1][1] == pytest.approx(middle, abs=1e-3)
    assert floor["data"][-1][1] == pytest.approx(low, abs=1e-3)
    assert floor["data"][-1][1] + band["data"][-1][1] == pytest.approx(high, abs=2e-3)


def test_every_policy_has_a_name_of_its_own_at_its_mark() -> None:
    """Catches marks without a name, as in a legend of pages, and two policies under one name."""
    long = [f"{'同' * 15}{k}{'样' * 24}" for k in range(4)]
    plans = [Plan(name=name) for name in (*long, "短", WORDS["zh"]["none"])]
    session = own_session(policies=plans)
    asked = compound.configurations(session)
    one = live.live([(asked["none"].compound, asked["none"].config)] * 2, [1, 2])
    from sim.desk.visit import as_runs

    runs = dict.fromkeys(asked, as_runs(one))
    for options, count in (
        (charts.curves(session, runs, "collection_rate"), 7),
        (charts.cost_effect(session, runs, "hours"), 6),
    ):
        legend = options["legend"]
        assert legend["type"] == "plain" and len(set(legend["data"])) == count
        assert set(legend["data"]) <= {series.get("name") for series in options["series"]}
        assert max(map(len, legend["data"])) < 30 and "短" in legend["data"]
        first = options["grid"][0] if isinstance(options["grid"], list) else options["grid"]
        assert first["top"] > count // 2 * charts.LEGEND_ROW
    assert charts.height(session) > charts.height(own_session())


# --- no wrong answer ----------------------------------------------------------------------------


def made_up(seed: int, level: float = 0.5) -> live.Lived:
    """A run without a simulation."""
    months = np.arange(-12, 15)
    values = np.full((len(months), len(INDICATORS)), level + seed / 1000)
    return live.Lived(seed, months, values, np.full((14, len(COUNTS)), 1.0 * seed), ())


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without their figures and large tables, which take a second."""
    for name in ("results", "costs"):
        monkeypatch.setattr(annexes, name, lambda case: Section("", []))


def as_csv_text(session: Session, extra: Extra | None = None) -> str:
    """The tables and configurations that a visitor with made-up runs takes away."""
    asked = compound.configurations(session)
    lived = {name: [made_up(seed) for seed in session.seeds] for name in asked}
    extra = extra or Extra(level=session.threshold, within=session.within)
    printing.make("csv", asked, lived, {}, session.language, extra)
    assert printing._last is not None
    return printing._last[1].text()


@pytest.mark.parametrize(
    ("change", "told", "not_told"),
    [
        ({"own": Own(values=SMALL, name="乙小区")}, "乙小区", "甲小区"),
        ({"seed": 41}, "随机编号41至44", "随机编号1至4"),
        ({"replications": 3}, "同条件模拟3次", "同条件模拟4次"),
        ({"language": "en"}, "paired runs", "同条件模拟"),
        ({"policies": [Plan(name="乙方案", measures=[Planned(measure="member_contact", start=2)])]},
         "乙方案", "方案甲"),
        ({"policies": [Plan(name="方案甲", measures=[Planned(measure="member_contact", start=3)])]}, None, None),
        ({"own": Own(values={**SMALL, "population.floors": 7}, name="甲小区")}, None, None),
        ({"months": 13}, "模拟13个月", "模拟14个月"),
        ({"threshold": 0.35}, "35%", None),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("undrawn")
def test_a_report_is_of_its_own_session(
    change: dict[str, Any], told: str | None, not_told: str | None
) -> None:
    """Catches a visitor's report that carries the name, seeds or compound of the one before."""
    plan = Plan(name="方案甲", measures=[Planned(measure="member_contact", start=2)])
    first = own_session(own=Own(values=SMALL, name="甲小区"), policies=[plan])
    before = as_csv_text(first)
    assert "甲小区" in before and "随机编号1至4" in before
    second = first.model_copy(update=change)
    text = as_csv_text(second)
    assert text != before
    assert told is None or told in text
    assert not_told is None or not_told not in text
    printing._last = None
    assert as_csv_text(second) == text, "as if nobody had asked before"


@pytest.mark.usefixtures("undrawn")
def test_a_report_is_of_the_day_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches yesterday's report, with yesterday's date, from a desk that runs for days."""

    class Tomorrow(date):
        @classmethod
        def today(cls) -> date:
            return date(2031, 2, 3)

    before = as_csv_text(own_session())
    for module in (printing, build_module):
        monkeypatch.setattr(module, "date", Tomorrow)
    assert "2031年2月3日" not in before and "2031年2月3日" in as_csv_text(own_session())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_policy_there_is_a_report_of_the_compound(language: str) -> None:
    """Catches a report that ends in KeyError once all policies are deleted."""
    text = as_csv_text(own_session(policies=[], language=language))
    assert ("没有模拟其他方案" if language == "zh" else "No other policy was run") in text


def test_without_a_policy_every_step_says_what_to_do() -> None:
    """Catches a page that waits for ever for runs nobody has asked for."""

    async def visit() -> None:
        async with simulated() as user:
            await user.open(f"/?s={as_link(own_session(policies=[]))}")
            words = WORDS["zh"]
            for step, said in (
                ("step2", "no_policies"),
                ("step3", "only_reference"),
                ("step4", "only_reference"),
            ):
                user.find(words[step]).click()
                await user.should_see(words[said], retries=100)
            user.find(words["step2"]).click()
            await user.should_not_see(words["waiting"], retries=100)

    asyncio.run(visit())


def test_stopped_before_the_first_run_is_not_waiting() -> None:
    """Catches «waiting for the first runs» where none will come."""
    page_module = pytest.importorskip("sim.desk.page")

    async def stop() -> None:
        page = page_module.Page(Bench(Here()), Here(), own_session())
        page.visit.start()
        assert page.waiting() == WORDS["zh"]["waiting"]
        page.visit.stop()
        assert page.waiting() == WORDS["zh"]["nothing_yet"]
        page.visit.problem = "不行"
        assert page.waiting() == "不行"

    asyncio.run(stop())


def test_another_compound_is_not_shown_by_the_old_ones_curve() -> None:
    """Catches the runs of one compound under the name of another, for ever where they are stopped."""
    page_module = pytest.importorskip("sim.desk.page")

    async def look() -> None:
        page = page_module.Page(Bench(Here()), Here(), own_session())
        page._say = lambda *given: None
        page.visit.start()
        await page.visit._task
        page._tick()
        first = page.shown["A"]
        assert first is not None
        page._news, page._drawn = True, 0.0
        page.visit.measure("member_contact", dose=0.5)
        page._tick()
        assert page.shown["A"] is first, (
            "of the same compound the old curve stays until new runs come"
        )
        page._news = True
        page.visit.stop()
        page._tick()
        assert page.shown["A"] is None
        page.visit.measure("member_contact", dose=1.0)
        await page.visit._task
        page._news = True
        page._tick()
        page._news, page._drawn = True, 0.0
        page.visit.set(own=Own(values={**SMALL, "population.floors": 7}))
        page._tick()
        assert page.shown == {"none": None, "A": None}
        page.visit.close()

    asyncio.run(look())


def test_parts_are_those_of_the_policy_as_it_is_now() -> None:
    """Catches the parts of a dose, compound or policy that has been left, beside the new whole."""

    async def take_apart() -> None:
        two = [Planned(measure="member_contact"), Planned(measure="mediation")]
        half = [two[0], two[1].model_copy(update={"dose": 0.5})]
        plans = [Plan(name="A", measures=two), Plan(name="B", measures=half)]
        visit = Visit(Bench(Here()), own_session(policies=plans, months=13), lambda: None)
        visit.start()
        await visit._task
        visit.start_parts()
        await visit._parts
        parts = visit.part_table()
        assert parts is not None and parts.runs == 4
        visit.set(chosen=1)
        await visit._task
        assert visit.part_table() is None, "the same measures, in another dose"
        visit.set(chosen=0)
        await visit._task
        assert visit.part_table() is not None
        visit.set(own=Own(values={**SMALL, "population.floors": 7}))
        await visit._task
        assert visit.part_table() is None, "another compound"
        visit.close()

    asyncio.run(take_apart())


def test_parts_are_added_up_and_it_is_said_why_they_are_not_the_bundle() -> None:
    """Catches losses of 149 points for a bundle of 63 without a word."""
    gains = {"whole": 0.63, "+a": 0.02, "+b": 0.011, "-a": 0.03, "-b": 0.13}
    months, names = np.arange(-12, 25), ("member_contact", "mediation")

    def runs(gain: float, seeds: Sequence[int] = (1, 2, 3)) -> Runs:
        values = np.zeros((len(seeds), len(months), len(INDICATORS)))
        values[:, :, column("collection_rate")] = gain + np.array(seeds)[:, None] / 1000
        return Runs(np.array(seeds), months, values, np.zeros(len(seeds)), np.zeros(len(seeds)))

    part = {f"{k[0]}{names[k[1] == 'b']}": runs(g) for k, g in gains.items() if k != "whole"}
    plan = Plan(name="A", measures=[Planned(measure=name) for name in names])
    # The whole was lived under more seeds: none that the parts lack may count.
    parts = charts.parts_of(plan, 24, runs(0.63, (1, 2, 3, 9)), runs(0.0, (1, 2, 3, 8)), part)
    assert parts is not None and parts.complete and parts.runs == 3
    for language, added, whole in (
        ("zh", "各项相加", "整套方案"),
        ("en", "added up", "the whole bundle"),
    ):
        _, rows = charts.parts_table(parts, language)
        assert [row[0] for row in rows[2:]] == [added, whole]
        for k in (1, 2):
            column_ = [float(row[k].split(" ")[0]) for row in rows]
            assert column_[2] == pytest.approx(sum(column_[:2]), abs=1e-9)
            assert column_[3] == 63.0
        said = charts.parts_words(parts, language)
        assert all(number in said for number in ("+3.1", "+110.0", "+63.0", "3"))
    del part["+mediation"]
    half = charts.parts_of(plan, 24, runs(0.63), runs(0.0), part)
    assert half is not None and not half.complete and charts.parts_words(half, "zh") == ""


def test_the_map_says_the_share_that_the_curve_shows() -> None:
    """Catches 95% on the map, of heads, beside 91% on the curve, of money."""
    asked = compound.configurations(own_session())["A"]
    film = live.film(asked.compound, asked.config, 3)
    lived = live.live([(asked.compound, asked.config)], [3])[0]
    assert film.collected == lived.values[lived.months >= 0, column("collection_rate")].tolist()
    codes = np.frombuffer(film.states[-1].encode(), np.uint8) - 48
    heads = np.mean((codes[codes != live.VACANT] & live.PAID) > 0)
    assert abs(heads - film.collected[-1]) > 0.01, "or the test would show nothing"
    for language in ("zh", "en"):
        assert WORDS[language]["map_say"].index("{share}") < WORDS[language]["map_say"].index(
            "{paid}"
        )


def test_months_before_the_policy_are_in_words_on_every_case() -> None:
    """Catches -4个月前 for an event that comes after the policy has begun."""
    from sim.desk import step_compound

    said = {}
    for name in compound.cases():
        scenario = compound.base(name).scenario
        for language in ("zh", "en"):
            events = [step_compound._event_words(e, language) for e in scenario.entries()]
            targets = [
                step_compound._target_words(t, WORDS[language], language)
                for t in scenario.targets if t.reported is not None
            ]  # fmt: skip
            said[name, language] = events + targets
    told = [text for texts in said.values() for text in texts]
    assert not [text for text in told if re.search(r"-\d+ ?(?:个月|month)|[hn] -\d", text)]
    assert said["w_compound", "zh"] == ["第4个月：文本所述的一个问题"]
    assert said["kangqiao", "en"][0].startswith("32 months before the policy starts: ")


@pytest.mark.usefixtures("undrawn")
def test_a_report_cites_only_what_it_holds() -> None:
    """Catches a session file «saved with the report» that nobody saved, and a path of the server."""
    step = pytest.importorskip("sim.desk.step_report")
    page_module = pytest.importorskip("sim.desk.page")
    table = "building,stair,floor\n" + "".join(f"{k},1,{k}\n" for k in range(1, 13))

    async def cite() -> None:
        for own, linked in ((Own(values=SMALL), True), (Own(households=table), True),
                            (Own(households=table + noise()), False)):  # fmt: skip
            page = page_module.Page(Bench(Here()), Here(), own_session(own=own))
            page.visit.start()
            lived = {name: [made_up(seed) for seed in (1, 2)] for name in page.visit.asked}
            extra = step.extra(page, lived)
            page.visit.close()
            text = as_csv_text(page.visit.session, extra)
            assert "随报告保存" not in text and "xiaoqu-desk-" not in text and "/tmp" not in text
            link = re.search(r"/\?s=(\S+)", extra.link)
            assert bool(link) is linked
            if link:
                assert from_link(link.group(1)) == page.visit.session and extra.link in text
            else:
                assert "报告中没有保存" in text and "保存到文件" in text

    asyncio.run(cite())


def noise() -> str:
    """Rows of a table that cannot be packed into a link."""
    rng = np.random.default_rng(1)
    places = rng.integers(1, 200, (4_000, 2))
    return "".join(f"{building},{stair % 30 + 1},1\n" for building, stair in places)


def test_what_stands_side_by_side_is_of_the_same_seeds() -> None:
    """Catches problems of 50 runs beside those of 30, while runs come in."""
    step = pytest.importorskip("sim.desk.step_report")
    page_module = pytest.importorskip("sim.desk.page")

    async def report() -> None:
        page = page_module.Page(Bench(Here()), Here(), own_session())
        page.visit.start()
        page.visit.stop()
        for name, seeds in (("none", (1, 2, 3)), ("A", (2, 3, 4))):
            for seed in seeds:
                page.visit.bench._keep(page.visit.asked[name].key, made_up(seed))
        lived = page.visit.common()
        assert {n: [one.seed for one in of] for n, of in lived.items()} == {
            "none": [2, 3],
            "A": [2, 3],
        }
        rows = step._flow(page, lived)[2].rows
        assert rows[0][1:] == rows[1][1:] == [14 * 2.5] * 6
        page.visit.close()

    asyncio.run(report())


# --- why, and what was before ---------------------------------------------------------------------


def said_on(user: Any, name: str) -> str:
    """What stands in an element of the page, without its tags."""
    held = [e for e in user.client.elements.values() if e.props.get("data-name") == name]
    return re.sub(r"<svg.*?</svg>|<[^>]+>", " ", held[-1].content, flags=re.DOTALL)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(600):
        if done():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come")


def test_the_desk_says_why(pages: list[Any]) -> None:
    """Catches an answer that is not that of ``xiaoqu why``, stale or in English, and a refusal away from its field."""
    from sim.desk import step_report, step_why

    table = "building,stair,floor,room\n" + "".join(
        f"{b},1,{f},{b}-1-{f}01\n" for b in (1, 2, 3) for f in range(1, 31)
    )

    async def visit() -> None:
        async with simulated() as user:
            session = own_session(own=Own(households=table))
            await user.open(f"/?s={as_link(session)}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (8, 8))
            with user.client:
                page.show(2)
                step_why._ask_effect(page)
            await until(lambda: not page.why["effect"].working)
            found, asked = page.why["effect"].found, page.visit.asked["A"]
            alone = why.effect_of(page.visit.session, asked).answer()
            pd.testing.assert_frame_equal(found.parts, alone.parts)
            await until(lambda: "12个月" in said_on(user, "why-effect"))
            with user.client:
                for home, row in (("2-1-701", 36), ("5", 5)):
                    page.home.set_value(home)
                    step_why._ask_household(page)
                    await until(lambda: not page.why["household"].working)
                    assert page.why["household"].found.about["household"] == row
                await until(lambda: "5号住户" in said_on(user, "why-household"))
                for home, told in (
                    ("9999", "没有第 9999 号住户；允许：0 至 89"),
                    ("9-9-9", "没有“9-9-9”这一户"),
                ):
                    page.home.set_value(home)
                    step_why._ask_household(page)
                    await until(lambda: told in (page.home.error or ""))  # noqa: B023
            for name in ("why-effect", "why-household"):
                said = said_on(user, name)
                assert not re.search("[A-Za-z,;]{2,}|[\u4e00-\u9fff],", said), said
            extra = step_report.extra(page, page.visit.common())
            assert extra.why == {"own": found}
            with user.client:
                page.visit.measure("member_contact", dose=0.5)
                page.show(2)
            await user.should_see(WORDS["zh"]["why_old"], retries=100)
            assert step_why.found(page) is None, "it is of another plan"
            with user.client:
                page.change(lambda: page.visit.plan(0, Plan(name="A")))
                page.show(2)
            await user.should_see(WORDS["zh"]["why_empty"].format(plan="A"))

    asyncio.run(visit())


def test_the_desk_reads_the_records_that_the_command_reads() -> None:
    """Catches another year, another month of outcome or other errors than those of ``xiaoqu collect``."""
    from sim.desk import step_records
    from sim.posterior import records

    found = find("compare").call(
        "ordinary_estate", policies=["member_contact"], months=3, replications=3,
        population={"households": 200, "buildings": 4}, **{"scenario.history_months": 24},
    )  # fmt: skip
    names = list(INDICATORS)
    runs = {}
    for policy in found.question.policies:
        mine = found.months[found.months["policy"] == policy].sort_values(["run", "month"])
        months, seeds = mine["month"].unique(), mine["run"].unique()
        values = mine[names].to_numpy().reshape(len(seeds), len(months), len(names))
        runs[policy] = Runs(seeds, months, values, np.zeros(len(seeds)), np.zeros(len(seeds)))
    outcome, shown = step_records.matrices(runs, 3)
    np.testing.assert_allclose(shown, records.seen(found))
    ends = found.runs.pivot(index="run", columns="policy", values="collection_rate_end")
    np.testing.assert_allclose(outcome, ends[list(runs)].to_numpy())
    assert step_records.enough(runs, 3) == 3
    late = lambda r: Runs(r.seeds, r.months[20:], r.values[:, 20:], r.hours, r.yuan)  # noqa: E731
    short = {name: late(of) for name, of in runs.items()}
    assert step_records.enough(short, 3) == 0, "no year of records before the plans"


def test_the_desk_weighs_records(pages: list[Any]) -> None:
    """Catches a table of another choice, one in English, and one that stands on after the plan was changed."""

    async def visit() -> None:
        async with simulated() as user:
            session = own_session(replications=60, months=12, within=6)
            await user.open(f"/?s={as_link(session)}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (120, 120))
            with user.client:
                page.show(2)
            user.find("比较各项数据").click()
            await until(lambda: "样本信息" in said_on(user, "records-found"))
            said = said_on(user, "records-found")
            assert "满意" in said and "40 工时" in said
            assert not re.search("[A-Za-z,;]{2,}|[\u4e00-\u9fff],", said.replace("Strong", "")), (
                said
            )
            with user.client:
                page.visit.measure("member_contact", dose=0.5)
                page.change(lambda: None)
            await until(lambda: "样本信息" not in said_on(user, "records-found"))


def test_why_by_arrows_by_loops_and_of_two_plans(pages: list[Any]) -> None:
    """Catches a chain or loops that are not those of ``xiaoqu why``, and a plan held against none for another."""
    from sim.desk import step_report, step_why

    async def visit() -> None:
        async with simulated() as user:
            plans = [
                Plan(name="甲", measures=[Planned(measure="service_standard")]),
                Plan(name="乙", measures=[Planned(measure="disclosure")]),
            ]
            session = own_session(policies=plans, replications=2, months=12, within=6)
            await user.open(f"/?s={as_link(session)}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (6, 6))
            page.against = "乙"
            for by in ("effect", "arrows", "loops"):
                with user.client:
                    page.show(2)
                    step_why._ask_effect(page, by)
                await until(lambda: not page.why[by].working)  # noqa: B023
                assert not page.why[by].problem
            one, two = (page.visit.asked[name] for name in ("甲", "乙"))
            for by, against in (("arrows", two), ("loops", None)):
                alone = why.effect_of(page.visit.session, one, against, by).answer()
                for name in alone.TABLES:
                    found = getattr(page.why[by].found, name)
                    pd.testing.assert_frame_equal(found, getattr(alone, name))
            effect = page.why["effect"].found
            lived = {
                name: np.mean(
                    [
                        run.values[run.months == 6, column("satisfaction")]
                        for run in page.visit.lived(name)
                    ]
                )
                for name in ("甲", "乙")
            }
            whole = effect.parts.query("outcome == 'satisfaction' and cause == 'whole'")[
                "part"
            ].item()
            assert whole == pytest.approx(lived["甲"] - lived["乙"], abs=1e-9)
            await until(lambda: "与“乙”相比" in said_on(user, "why-effect"))
            assert step_why.found(page) is None, "a report tells of plans against no measures"
            assert not step_report.extra(page, page.visit.common()).why
            await until(lambda: "回路" in said_on(user, "why-loops"))
            for by in ("effect", "arrows", "loops"):
                said = said_on(user, f"why-{by}")
                assert not re.search("[A-Za-z,;]{2,}|[\u4e00-\u9fff],", said), said
            page.against = compound.REFERENCE
            assert step_why._said(page, "effect") == WORDS["zh"]["why_old"]
            assert step_why._said(page, "loops") == "", "loops are told against no measures anyway"

    asyncio.run(visit())


def test_a_link_is_somebody_s_session(pages: list[Any]) -> None:
    """Catches a page that is getting ready for ever though its link was lived long ago."""

    async def visit(query: str) -> str:
        async with simulated() as user:
            await user.open(f"/{query}")
            page = pages[-1]
            await until(lambda: not page.visit.working and page.visit.progress()[0] > 0)
            await until(lambda: "正在" not in page._status.text)
            return str(page._status.text)

    linked = asyncio.run(visit(f"?s={as_link(own_session())}"))
    assert linked.startswith("已完成 8 次模拟（无措施和每个方案各 4 次）")


def test_a_line_that_breaks_off_is_explained() -> None:
    """Catches a curve that ends without a word, and a word where none is missing."""
    values = np.full((2, 3, len(INDICATORS)), 0.5)
    whole = Runs(np.arange(2), np.arange(3), values, np.zeros(2), np.zeros(2))
    gone = values.copy()
    gone[1, 2, column("collection_rate")] = np.nan
    broken = Runs(np.arange(2), np.arange(3), gone, np.zeros(2), np.zeros(2))
    assert not charts.breaks_off({"A": whole, "B": None}, "collection_rate")
    assert charts.breaks_off({"A": whole, "B": broken}, "collection_rate")
    assert not charts.breaks_off({"A": whole, "B": broken}, "satisfied_share")


def test_before_and_after_the_last_change() -> None:
    """Catches a slide counted from its last step, a forgotten answer, and settings told the wrong way round."""
    page_module = pytest.importorskip("sim.desk.page")
    from sim.desk import step_replay

    async def slide() -> None:
        page = page_module.Page(Bench(Here()), Here(), own_session())
        visit = page.visit
        visit.start()
        await visit._task
        assert step_replay.table(page) == ([], 0)
        for dose in (0.8, 0.6):
            visit.measure("member_contact", False, dose=dose)
        visit.settle()
        await visit._task
        rows, runs = step_replay.table(page)
        assert rows[0][1:3] == ["实施强度100%", "实施强度60%"] and runs == 4
        was, now = visit.before("A")[1], visit.runs("A")
        for row, name in zip(rows[1:], annexes.DRAWN, strict=False):
            scale = 100 if INDICATORS[name].share else 1
            told = [float(np.mean(scale * one.at(name, 12))) for one in (was, now)]
            assert [float(cell) for cell in row[1:3]] == pytest.approx(told, abs=0.051)
        more = visit.chosen.model_copy(
            update={"measures": [*visit.chosen.measures, Planned(measure="building_meetings")]}
        )
        visit.plan(0, more)
        assert step_replay.table(page)[0][0][1] == "未采用"
        visit.undo()
        assert step_replay.table(page)[0] == [], "nothing differs from the last answer"
        visit.close()

    asyncio.run(slide())


def test_no_measure_of_a_bundle_bears_a_key_on_the_chinese_page() -> None:
    """Catches a measure that a bundle has twice, told apart by a word of its file."""
    for name in compound.bundles():
        for planned in compound.named_policy(name, "A").measures:
            title = charts.planned_label(planned, "zh")
            assert not re.search(r"[A-Za-z]{2,}|_", title), (name, title)


def test_plans_are_found_within_hours_and_money(
    pages: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a button under which nothing is ever found, as when the answer has a table more than is read."""
    from sim.desk import budget, step_budget

    monkeypatch.setattr(budget, "STAGES", (4,))
    monkeypatch.setattr(budget, "SEARCHED", 2)
    monkeypatch.setattr(budget, "CHECKED", 4)

    async def visit() -> None:
        async with simulated() as user:
            session = own_session(
                candidates=["member_contact", "mediation"], budget={"cell": 40.0, "yuan": 3000.0}
            )
            await user.open(f"/?s={as_link(session)}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (8, 8))
            with user.client:
                step_budget.start(page)
            await until(lambda: not page.seeking.working)
            assert page.seeking.problem == ""
            for found in page.seeking.found:
                assert found.worlds == 4 and 0 <= found.low <= found.reached / 4 <= found.high <= 1
                assert dict(found.given)["cell"] <= 40 and found.yuan <= 3000
            said = page.seeking.said(page.words, None)
            assert said.startswith("已比较4种组合")
            first = page.seeking.found[0]
            assert f"不采取措施时，4次检验中有{first.bare}次达到目标。" in said
            assert ("不比不采取措施" in said) == (first.reached <= first.bare)

    asyncio.run(visit())


def test_a_plan_without_a_measure_is_no_plan_of_a_report(pages: list[Any]) -> None:
    """Catches a paper that compares nothing with nothing, and an empty plan beside one that was found."""
    from sim.desk import step_measures

    async def visit() -> None:
        async with simulated() as user:
            empty = own_session(policies=[Plan(name="甲"), Plan(name="乙")])
            await user.open(f"/?s={as_link(empty)}")
            (page,) = pages
            await until(lambda: page.visit.progress()[1] > 0)
            assert list(page.visit.told_of) == [compound.REFERENCE]
            found = Plan(name="丙", measures=[Planned(measure="mediation")])
            for chosen in (0, 1, 2):
                with user.client:
                    page.show(1)
                    step_measures.fill(page, found)
                assert page.visit.session.chosen == chosen
            assert [plan.name for plan in page.visit.session.policies] == ["甲", "乙", "丙"]
            assert list(page.visit.told_of) == [compound.REFERENCE, "甲", "乙", "丙"]

    asyncio.run(visit())


def test_a_compound_of_another_name_has_the_same_past() -> None:
    """Catches runs that fail once a compound is named, or is another visit's of another name."""
    lived = []
    for name in ("", "梧桐里", "Wutong Lane"):
        session = own_session(own=Own(values=SMALL, name=name))
        asked = compound.configurations(session)["A"]
        lived += live.live([(asked.compound, asked.config)], [1])
    assert np.array_equal(lived[0].values, lived[1].values, equal_nan=True)
    assert np.array_equal(lived[0].values, lived[2].values, equal_nan=True)


def test_a_fault_of_the_program_is_said_where_its_answer_was_to_be(
    pages: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Catches a button that does nothing, without a word, where its work failed."""
    from sim.desk import refusals, step_budget, step_why

    async def visit() -> None:
        async with simulated() as user:
            await user.open(f"/?s={as_link(own_session())}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (8, 8))

            async def failed(*_: Any) -> None:
                raise KeyError("split")

            page.printer.call = page.visit.bench.lanes.call = failed
            with user.client:
                step_budget.start(page)
            await until(lambda: not page.seeking.working)
            said = page.seeking.said(page.words, None)
            assert said.startswith("本工具运行出错") and "split" in said
            with user.client:
                page.show(2)
                step_why._ask_effect(page, "loops")
            await until(lambda: not page.why["loops"].working)
            assert page.why["loops"].problem.startswith("本工具运行出错")

    asyncio.run(visit())
    assert "KeyError" in caplog.text, "whoever keeps the desk hears of it in full"
    ended = RuntimeError("a worker process was ended from outside, again and again")
    assert not re.search("[A-Za-z]", refusals.broken(ended, "zh"))


def test_a_search_that_is_refused_says_so(pages: list[Any]) -> None:
    """Catches a search for plans that waits for ever because what it asks was refused."""
    from sim.desk import step_budget

    async def visit() -> None:
        async with simulated() as user:
            await user.open(f"/?s={as_link(own_session())}")
            (page,) = pages
            await until(lambda: page.visit.progress() == (8, 8))

            async def refused(*_: Any) -> None:
                raise InputError("xiaoqu", "its source files have changed", "to start it anew")

            page.printer.call = refused
            with user.client:
                step_budget.start(page)
            await until(lambda: not page.seeking.working)
            assert "changed" in page.seeking.said(page.words, None)

    asyncio.run(visit())


def test_what_a_run_spent_is_what_its_ledger_holds() -> None:
    """Catches rows left out, or labels and payers mixed up, where a run's costs are summed as arrays."""
    config = load(
        "ordinary_estate", "population.households=80", "population.buildings=2", "scenario.history_months=2",
        "doubt=off", policy="five_level_linkage", months=20,
    )  # fmt: skip
    lived = live.live([("spent", config)], [3])[0]
    model = NeighborhoodModel(config, seed=3)
    model.run()
    told: dict[tuple[str, str], tuple[float, float]] = {}
    for row in model.recorder.costs:
        if row["month"] >= 1:
            hours, yuan = told.get((row["actor"], row["measure"]), (0.0, 0.0))
            told[row["actor"], row["measure"]] = (hours + row["hours"], yuan + row["yuan"])
    assert len(told) > 10
    assert {cost[:2]: cost[2:] for cost in lived.costs} == told
    assert lived.spent("member_contact")[0] == sum(
        hours for (_, measure), (hours, _) in sorted(told.items()) if measure == "member_contact"
    )


@pytest.mark.usefixtures("as_shipped")
def test_chance_is_told_apart_from_doubt() -> None:
    """Catches second runs of other parameters, a dark band outside the light one, and reports without either."""
    page_module = pytest.importorskip("sim.desk.page")
    from sim.desk import curve_view

    # Other tests have asked for compounds of one set.
    compound.base.cache_clear()

    async def look() -> None:
        page = page_module.Page(Bench(Here(1)), Here(1), own_session(replications=24))
        page._say = lambda *given: None
        page.visit.start()
        await page.visit._task
        assert page.visit.again("A") == []
        assert page.visit._again is not None
        assert not page.visit.working, "nobody waits for second runs"
        await page.visit._again
        page._tick()
        visit, config = page.visit, page.visit.asked["A"].config
        again, first = visit.again("A"), visit.lived("A")
        assert len(again) == 8
        assert [config.drawn(one.seed).fees for one in again] == [
            config.drawn(one.seed).fees for one in first[:8]
        ]
        assert all(
            not np.array_equal(a.values, b.values, equal_nan=True)
            for a, b in zip(again, first, strict=False)
        )
        low, high = curve_view.chance_bands(page)["A"]
        wide_low, wide_high = np.nanquantile(
            page.shown["A"].of("collection_rate"), (0.05, 0.95), axis=0
        )
        assert (low >= wide_low - 1e-12).all()
        assert (high <= wide_high + 1e-12).all()
        assert (high - low).sum() < 0.999 * (wide_high - wide_low).sum()
        drawn = charts.curves(
            visit.session, page.shown, "collection_rate", chance={"A": np.array([low, high])}
        )
        named = [one["name"] for one in drawn["series"]]
        assert named[-2:] != named[:2]
        assert "A high" in named
        said = curve_view._said(page, only_chosen=False)
        assert "两次的参数" in said
        asked = visit.told_of
        lived = visit.common()
        comparison = printing.as_comparison(
            {name: one.config for name, one in asked.items()}, lived, 0.7, {n: visit.again(n) for n in lived}
        )  # fmt: skip
        assert comparison.twins["seed"].nunique() == 8
        assert comparison.differences("own", "A")[2].shape[0] == 8
        visit.close()

    try:
        asyncio.run(look())
    finally:
        compound.base.cache_clear()
