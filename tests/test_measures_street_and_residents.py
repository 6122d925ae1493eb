"""Measures of street, grid and residents: what each moves, what it costs, where it does harm, its end."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from acts import act, begin, live_measures, put_in

from sim.agents.compound import Compound
from sim.compose import load
from sim.config import Config, check
from sim.measures.catalogue import CATALOGUE, Measure
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.processes.issues import COUNTS
from sim.world.costs import Cost
from sim.world.signals import SIGNALS
from sim.world.tables import Households

MEMORIES = {"misuse_before"}
"""Columns in which households keep what a measure did, for its next act and nothing else."""
COLUMNS = [name for name in Households.columns if name not in MEMORIES]
# What a measure moves when it acts, and who pays for it.
MOVES: dict[str, tuple[set[str], set[str]]] = {
    "grid_inspection": ({"detect_grid"}, {"community"}),
    "resident_whistle": ({"asks_for_reports"}, {"community"}),
    "departments_report": ({"whistle", "lead_department", "street_hours"}, {"community", "street"}),
    "joint_enforcement": ({"enforcement", "street_hours"}, {"street"}),
    "lead_and_assist": ({"hard_case_gain", "lead_department", "street_hours"}, {"street"}),
    "joint_conference": ({"community_hours", "condition"}, {"community", "public"}),
    "micro_grants": ({"mixing", "enforcement"}, {"cell", "residents", "public"}),
    "digital_platform": ({"digital", "asks_for_reports", "platform_young", "platform_working", "platform_elderly",
                          "detect_grid", "canvass", "dunning"},
                         {"community", "public"}),
    "resident_points": ({"invitation", "enforcement", "points"}, {"community", "public"}),
    "mutual_help": ({"mixing", "building_hours"}, {"cell", "residents"}),
    "mediation": ({"mediation"}, {"cell"}),
    "greening": ({"condition"}, {"residents", "public"}),
    "building_heads": ({"building_hours", "enforcement"}, {"cell"}),
    "deliberation": ({"building_hours", "whistle", "invitation"}, {"cell", "community", "residents"}),
    "evening_talks": ({"mixing", "mediation"}, {"cell", "community", "public"}),
    "developer_remediation": ({"street_hours", "legacy", "pays_vacant"}, {"street"}),
}  # fmt: skip
# The few states outside the named values that a measure may move.
STATES = {"condition", "points", "legacy", "pays_vacant", "trust_cell"}


def made(name: str, **settings: Any) -> Measure:
    measure = CATALOGUE[name]
    return measure(name, measure.Parameters(**settings))


@cache
def composed(keys: str) -> Config:
    """Configurations are checked once, since most tests share one."""
    return load(None, **literal_eval(keys))


def ready(**keys: Any) -> NeighborhoodModel:
    """A model of month 2 in which all meet, some are in conflict, and measures may act."""
    keys.setdefault("population", {"households": 600})
    keys.setdefault("developer", {"legacy": 0.5, "pays_vacant": 0.2})
    m = NeighborhoodModel(composed(repr(keys)), seed=1)
    m.households.misuse[:60] = 1
    c = m.compounds[0].census
    c["stage_1"], c["invited"] = 200, c["occupied"]
    begin(m.compounds[0], 2)
    return m


ACTORS = ("firms", "committees", "cells", "developers", "companies", "communities", "streets")


def snapshot(m: NeighborhoodModel) -> dict[str, Any]:
    """Everything a measure could reach, by name."""
    world = m.world
    parts: dict[str, Any] = {name: m.signals[name].copy() for name in SIGNALS}
    parts |= {name: getattr(m.households, name).copy() for name in COLUMNS}
    parts["ties"] = m.ties.strength.copy()
    for table in ("compounds", "census", *ACTORS):
        prefix = "" if table in ("compounds", "developers") else f"{table}."
        # What cells and communities are asked is a cost, see below.
        names = set(world.tables[table].row.columns) - {"asked"}
        parts |= {prefix + name: world.tables[table][name].copy() for name in names}
    return parts


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    # A turnout before the first vote is no number, which equals nothing.
    return {k for k in before if not np.array_equal(before[k], after[k], equal_nan=True)}


def acted(
    name: str, strength: float = 1.0, m: NeighborhoodModel | None = None, **settings: Any
) -> Compound:
    """The compound after one act."""
    c = (m or ready()).compounds[0]
    act(made(name, **settings), c, strength)
    return c


def booked(c: Compound) -> list[Cost]:
    """Costs after hours have been shared out."""
    c.cell.settle()
    c.community.settle()
    return c.costs


# --- what they move, what they cost ---------------------------------------------------------------

PLENTY = {"joint_conference": {"projects": 30.0}}
"""So that something is due in the first month."""


@pytest.mark.parametrize("name", MOVES)
def test_a_measure_moves_what_it_names_and_nothing_else(name: str) -> None:
    """Catches an outcome written by decree, an effect through a side door, and one that is missing."""
    m = ready()
    before = snapshot(m)
    acted(name, m=m, **PLENTY.get(name, {}))
    assert changed(before, snapshot(m)) == MOVES[name][0] - (
        {"points"} if not m.households.points.any() else set()
    )


@pytest.mark.parametrize("name", MOVES)
def test_the_right_actors_pay(name: str) -> None:
    """Catches effort that nobody gives, or that somebody else pays for."""
    c = acted(name, m=ready(), **PLENTY.get(name, {}))
    assert {cost.actor for cost in booked(c)} == MOVES[name][1]
    assert {cost.measure for cost in c.costs} == {name}
    assert all(cost.hours >= 0.0 and cost.yuan >= 0.0 for cost in c.costs)


@pytest.mark.parametrize("name", MOVES)
def test_twice_the_strength_moves_more_and_costs_more(name: str) -> None:
    """Catches a dose without effect, and one that is free."""
    sizes, costs = [], []
    for strength in (0.4, 0.8):
        m = ready()
        before = snapshot(m)
        c = acted(name, strength, m, **PLENTY.get(name, {}))
        after = snapshot(m)
        moved = MOVES[name][0]
        sizes.append(
            sum(float(np.abs(np.asarray(after[k], float) - before[k]).sum()) for k in moved)
        )
        costs.append(sum(cost.hours + cost.yuan for cost in booked(c)))
    assert sizes[1] > sizes[0] > 0.0
    assert costs[1] > costs[0] > 0.0


@pytest.mark.parametrize("name", MOVES)
def test_what_it_moved_ends_with_it(name: str) -> None:
    """Catches a named value that stays when the measure is withdrawn, and costs booked after."""
    measures = {name: {"start": 1, "end": 4, "ramp": 1, **PLENTY.get(name, {})}}
    m = NeighborhoodModel(
        load(None, months=6, population={"households": 300}, policy={"measures": measures}), seed=1
    )
    m.run()
    assert {row["month"] for row in m.recorder.costs} <= {1, 2, 3}
    live_measures(m, 7)
    left = m.signals.numbers.copy()
    begin(m.compounds[0], 7)
    assert np.array_equal(left, m.signals.numbers)


@pytest.mark.parametrize("name", MOVES)
def test_only_hours_there_are_get_booked(name: str) -> None:
    """Catches a community or cell that gives more than it has."""
    measures = {name: {"ramp": 1, "dose": 2.0, **PLENTY.get(name, {})},
                "interim_committee": {"community_hours": 400.0, "cell_hours": 400.0, "ramp": 1}}  # fmt: skip
    m = NeighborhoodModel(
        load(None, months=4, population={"households": 300}, policy={"measures": measures}), seed=1
    )
    for _ in range(4):
        m.step()
        c = m.compounds[0]
        hours = {a: sum(x.hours for x in c.costs if x.actor == a) for a in ("cell", "community")}
        assert hours["cell"] <= c.cell.hours + 1e-9
        assert hours["community"] <= 0.5 * c.community.hours + 1e-9
        assert np.isfinite(m.signals.numbers).all()


# --- where they do harm, or no more good ----------------------------------------------------------


def settled(name: str, **settings: Any) -> Compound:
    """The compound after hours have been shared out."""
    m = ready()
    c = acted(name, m=m, **settings)
    booked(c)
    return c


def test_patrol_beyond_the_hours_finds_no_more_and_handles_less() -> None:
    """Catches a grid with hours without end."""
    none, some, much = (
        settled("grid_inspection", hours=h, dose=1.0).signals for h in (0.0, 12.0, 200.0)
    )
    assert some["community_hours"] < none["community_hours"]
    assert much["community_hours"] == pytest.approx(0.5 * none["community_hours"])
    tired = ready()
    tired.compounds[0].community.fidelity = 0.2
    rested = acted("grid_inspection").signals["detect_grid"]
    assert acted("grid_inspection", m=tired).signals["detect_grid"] < rested


def test_leading_and_assisting_takes_hours_from_handling() -> None:
    """Catches coordination that is free."""
    before = float(ready().signals["street_hours"][0])
    c = acted("lead_and_assist", coordination=0.25)
    assert c.signals["street_hours"] == pytest.approx(0.75 * before)
    assert [cost.hours for cost in c.costs] == pytest.approx([0.25 * before])


def test_an_enforcement_team_presses_many_less_than_few() -> None:
    """Catches a team with time for every case."""
    push = []
    for n in (3, 60, 300):
        m = ready()
        m.compounds[0].census["misuse"] = float(n)
        push.append(float(acted("joint_enforcement", m=m).signals["enforcement"]))
    assert push[0] == 1.0 > push[1] > push[2] > 0.0


def stopped(**settings: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Change of trust in the month after ten households stopped; who stopped; who shares a building."""
    m = ready(population={"households": 600, "vacant_share": 0.0})
    h, c, measure = m.households, m.compounds[0], made("joint_enforcement", **settings)
    before = h.trust_cell.copy()
    act(measure, c)
    assert np.array_equal(before, h.trust_cell), "nobody was stopped yet"
    h.misuse[:10] = 0
    h.moved[9] = 1
    act(measure, begin(c, 3))
    who = np.zeros(len(h), bool)
    who[:9] = True
    return h.trust_cell - before, who, (h.building == h.building[0]) & ~who


def test_enforcement_costs_legitimacy_where_it_strikes() -> None:
    """Catches anger of everybody or nobody, and of a household that just moved in."""
    change, who, near = stopped(anger=0.4, neighbours=0.3)
    assert change[who].max() < 0.0
    assert change[near].max() < 0.0 and change[near].min() > change[who].max()
    assert not change[~who & ~near].any()
    glad = stopped(neighbours=-0.3)[0]
    assert glad[near].min() > 0.0, "neighbours may be glad of it"
    assert not stopped(anger=0.0, neighbours=0.0)[0].any()
    assert not stopped(push=0.0)[0].any(), "who stops unpressed is not angry"


def test_anger_does_not_outlive_a_break_in_enforcement() -> None:
    """Catches households angry at a team that was away."""
    m = ready()
    c, measure = m.compounds[0], made("joint_enforcement")
    act(measure, c)
    m.households.misuse[:] = 0
    before = m.households.trust_cell.copy()
    act(measure, begin(c, 20))
    assert np.array_equal(before, m.households.trust_cell)


def conference(months: int, m: NeighborhoodModel, **settings: Any) -> list[float]:
    """Money that units give in each month."""
    measure, yuan = made("joint_conference", **settings), []
    for month in range(2, 2 + months):
        begin(m.compounds[0], month)
        for c in m.compounds:
            act(measure, c)
        yuan.append(sum(cost.yuan for c in m.compounds for cost in c.costs))
    return yuan


def test_units_claim_a_limited_and_falling_number_of_projects() -> None:
    """Catches resources without end."""
    yuan = conference(36, ready(), projects=10.0, wanes=0.5, yuan_each=1000.0)
    assert sum(yuan[:12]) == pytest.approx(10_000, abs=1000)
    assert sum(yuan[24:]) == pytest.approx(2_500, abs=1000)


def test_compounds_share_the_projects_of_their_community() -> None:
    """Catches units that give each compound as much as one alone would get."""
    district = {"compounds": 4}
    m = ready(district=district, population={"households": 200})
    yuan = conference(12, m, projects=12.0, wanes=0.0, yuan_each=1.0)
    assert 8 <= sum(yuan) <= 12


def test_there_are_no_more_building_heads_than_members() -> None:
    """Catches heads out of nowhere, and hours that no cell gives."""
    m = ready()
    c = m.compounds[0]
    buildings = c.last_building - c.first_building
    c.census["active"] = 2.0
    few = acted("building_heads", m=m, hours_each=5.0, handles=0.4, order=0.3)
    assert few.signals["building_hours"] == pytest.approx(2 * 5.0 * 0.4)
    assert few.signals["enforcement"] == pytest.approx(0.3 * 2 / buildings)
    assert sum(cost.hours for cost in booked(few)) == pytest.approx(2 * 5.0)


def test_greening_plants_its_share_once_and_nothing_else() -> None:
    """Catches works without end, and greenery paid for that is not planted."""
    m = ready()
    c, works = m.compounds[0], made("greening", start=2, months=3, mends=0.5, yuan_each=40.0)
    before, yuan = c.condition.copy(), 0.0
    for month in range(2, 7):
        act(works, begin(c, month))
        yuan += sum(cost.yuan for cost in c.costs)
    lacks = (1.0 - c.condition) / (1.0 - before)
    assert lacks == pytest.approx([1.0, 1.0, 1.0, 0.5, 1.0])
    assert yuan == pytest.approx(40.0 * 600)


def test_grants_beyond_leaders_stay_unspent() -> None:
    """Catches groups without members to lead them."""
    leaders = ready().compounds[0].cell.members
    c = acted("micro_grants", groups=50.0, dose=2.0, yuan_each=1.0)
    few = acted("micro_grants", groups=1.0, yuan_each=1.0)
    spent = [sum(cost.yuan for cost in x.costs) for x in (c, few)]
    assert spent == pytest.approx([min(leaders, 30.0), 0.6])


def aged(share: float, **settings: Any) -> float:
    m = ready(population={"households": 600, "elderly_share": share, "young_share": 1.0 - share})
    return told(m, {"digital_platform": settings})


def told(m: NeighborhoodModel, measures: dict[str, Any]) -> float:
    """How many new problems of a hundred are told in a month, whomever."""
    keys = m.config.resolved() | {"months": 12}
    keys["policy"] = {"measures": {name: {"ramp": 1} | p for name, p in measures.items()}}
    lived = NeighborhoodModel(check(keys), seed=1)
    lived.run()
    months = lived.recorder.values[-12:, 0]
    found, arisen = (
        months[:, list(INDICATORS).index(n)].sum() for n in ("told_per_1000", "issues_arisen")
    )
    return float(found / arisen)


def test_a_platform_reaches_the_old_less_and_may_silence_them() -> None:
    """Catches a channel that reaches everybody, and old channels that close at no loss."""
    old = {"households": 600, "elderly_share": 0.95, "young_share": 0.05}
    before = told(ready(population=old), {})
    young = {"households": 600, "elderly_share": 0.05, "young_share": 0.95}
    assert aged(0.05) - told(ready(population=young), {}) > aged(0.95) - before
    assert aged(0.95, replaces=3.0, elderly=0.0) < before, "a compound of old people is heard less"


def test_a_platform_is_set_up_once() -> None:
    """Catches set-up paid every month."""
    m, measure = ready(), made("digital_platform", setup_yuan=100.0, running_yuan=1.0)
    for strength in (0.5, 1.0, 1.0):
        act(measure, m.compounds[0], strength)
    yuan = [cost.yuan for cost in m.compounds[0].costs]
    assert yuan == pytest.approx([600 * 50.5, 600 * 51.0, 600 * 1.0])


def test_points_go_to_who_attends_and_keeps_order() -> None:
    """Catches points for everybody, for vacant units, or for months before the measure."""
    m = ready()
    c, h, measure = m.compounds[0], m.households, made("resident_points", start=2)
    h.attended[:8] = [1, 1, 2, 2, 3, 3, 0, 0]
    act(measure, c)
    assert not h.points.any(), "nothing is earned before the start"
    act(measure, begin(c, 3))
    lives = h.tenure != 2
    expected = (10.0 * (h.attended > 0) + (h.misuse == 0)) * lives
    assert np.array_equal(h.points, expected)
    assert sum(cost.yuan for cost in c.costs) == pytest.approx(0.5 * expected.sum())


def test_points_that_end_may_leave_less_than_there_was() -> None:
    """Catches crowding out where none was chosen, in the wrong month, or for ever."""
    plain, crowded = (made("resident_points", end=10, ramp=1, crowding=c) for c in (0.0, 0.5))
    assert plain.strength(9) == crowded.strength(9) == 1.0
    assert plain.strength(10) == 0.0
    assert [crowded.strength(k) for k in (10, 16, 22, 100)] == [1.0, 0.5, 0.0, 0.0]
    m = ready()
    c = begin(m.compounds[0], 10)
    before = snapshot(m)
    act(crowded, c)
    assert changed(before, snapshot(m)) == {"invitation", "enforcement"}
    assert m.signals["invitation"][0] == pytest.approx(-0.1)
    assert not booked(c)


@pytest.mark.parametrize("crowding", [0.0, 0.7])
def test_a_run_has_points_end_as_they_are_told_to(crowding: float) -> None:
    """Catches compiled months in which points push for another time, or more, than Python says."""
    points = made("resident_points", start=3, end=6, ramp=4, crowding=crowding, crowding_months=5)
    m = ready()
    put_in(m, points)
    for month in range(1, 14):
        live_measures(m, month) if month > 2 else begin(m.compounds[0], month)
        assert points.strength_now == points.strength(month)
        way = -crowding if month >= 6 else 1.0
        assert m.signals["invitation"][0] == 0.2 * (points.strength(month) * way)


def test_volunteers_tire() -> None:
    """Catches zeal without end."""
    m, measure, hours = ready(), made("mutual_help", tires=0.5), []
    for month in range(2, 27):
        act(measure, begin(m.compounds[0], month))
        hours.append(float(m.signals["building_hours"][0]))
    assert hours[12] == pytest.approx(0.5 * hours[0]) and hours[24] == pytest.approx(
        0.25 * hours[0]
    )


def test_mediators_take_so_many_cases_and_no_more() -> None:
    """Catches mediation that grows with the conflict, and hours where there is none."""
    m = ready()
    shares = []
    for cases in (5, 200):
        begin(m.compounds[0], 2)
        m.compounds[0].census["stage_1"] = cases
        shares.append(float(acted("mediation", m=m).signals["mediation"]))
    assert shares == pytest.approx([1.0, 4 * 4 * 0.6 / 200])
    m.compounds[0].census["stage_1"] = 0
    begin(m.compounds[0], 2)
    assert not booked(acted("mediation", m=m))


def test_deliberation_does_little_without_building_meetings() -> None:
    """Catches decisions carried out that nobody took."""
    m = ready()
    m.compounds[0].census["invited"] = 0
    alone, with_meetings = acted("deliberation", m=m).signals, acted("deliberation").signals
    assert alone["building_hours"] == 0.0 < with_meetings["building_hours"]
    assert 0.0 < alone["whistle"] < 0.2 * with_meetings["whistle"]
    assert alone["invitation"] < 0.0, "procedure puts off all the same"


def test_each_further_evening_reaches_fewer() -> None:
    """Catches evenings that reach more than there are."""
    mixing = [float(acted("evening_talks", evenings=e).signals["mixing"]) for e in (1.0, 2.0, 30.0)]
    assert mixing[0] < mixing[1] < 2 * mixing[0]
    assert mixing[2] < 1.0


def test_who_is_at_an_activity_has_not_attended_a_meeting() -> None:
    """Catches an attendance that rises with evenings at which nothing is decided."""
    share = {}
    for measures in (["building_meetings"], ["building_meetings", "evening_talks"]):
        policy = {"measures": {name: {"start": 1} for name in measures}}
        config = load("ordinary_estate", months=1, policy=policy)
        model = NeighborhoodModel(config, seed=4)
        model.run()
        h, out = model.households, model.compounds[0].census
        met = model.buildings.meeting[h.building] == 1
        assert out["attended"] == np.count_nonzero(met & (h.attended & 1 == 1)) > 0
        assert np.any(h.attended >= 2) == ("evening_talks" in measures)
        share[len(measures)] = model.recorder.latest("attendance")[0]
    assert share[1] == share[2]


def test_part_of_the_legacy_is_beyond_a_developer() -> None:
    """Catches a street with power it does not have, and one that presses without hours."""
    m = ready()
    c = m.compounds[0]
    put_in(m, made("developer_remediation", beyond=0.4, can_pay=0.7, ramp=1))
    live_measures(m, 402)
    assert c.developer.legacy == pytest.approx(0.2, abs=1e-3)
    assert c.developer.pays_vacant == pytest.approx(0.7, abs=1e-3)
    idle = ready()
    idle.compounds[0].signals["street_hours"] = 0.0
    idle_c = acted("developer_remediation", m=idle)
    assert idle_c.developer.legacy == 0.5 and not idle_c.costs


# --- which way they work --------------------------------------------------------------------------


def issues(*names: str) -> Callable[[NeighborhoodModel], float]:
    return lambda m: float(m.tally[[COUNTS.index(name) for name in names]].sum())


def late(indicator: str) -> Callable[[NeighborhoodModel], float]:
    return lambda m: float(m.recorder.values[-6:, 0, list(INDICATORS).index(indicator)].mean())


def young_at_meetings(m: NeighborhoodModel) -> float:
    return float(m.young)


MEET = {"building_meetings": {"every": 1, "ramp": 1}}
# Further hours can only show where those of the meetings are short.
UNDONE = {"building_meetings": {"every": 1, "ramp": 1, "carried_out": 0.1}}
ROUGH: dict[str, Any] = {"service": {"start": {"facilities": 0.3, "security": 0.3}}}
WAYS: dict[str, tuple[Callable[[NeighborhoodModel], float], int, dict[str, Any]]] = {
    "grid_inspection": (issues("found"), 1, {}),
    "resident_whistle": (issues("found"), 1, {}),
    "departments_report": (issues("closed_street"), 1, {}),
    "joint_enforcement": (late("misuse_share"), -1, {}),
    "lead_and_assist": (issues("closed_street", "closed_district"), 1, {}),
    "joint_conference": (lambda m: float(m.world.compounds["condition"].min()), 1, {}),
    "micro_grants": (late("tie_strength"), 1, {}),
    "digital_platform": (young_at_meetings, 1, MEET),
    "resident_points": (late("attendance"), 1, MEET),
    "mutual_help": (late("tie_strength"), 1, {}),
    "mediation": (late("grievance"), -1, {}),
    "deliberation": (issues("closed_building"), 1, UNDONE),
    "evening_talks": (late("tie_strength"), 1, {}),
    "developer_remediation": (lambda m: m.compounds[0].developer.legacy, -1, {}),
}


def lived(measures: dict[str, Any]) -> NeighborhoodModel:
    config = load(
        None, months=12, population={"households": 500, "grievance_start": 0.4}, policy={"measures": measures},
        developer={"legacy": 0.6, "pays_vacant": 0.2}, community={"street_hours": 400.0}, **ROUGH,
    )  # fmt: skip
    m = NeighborhoodModel(config, seed=3)
    m.households.misuse[m.households.rota < 0.2] = 1
    m.tally, m.young = np.zeros(len(COUNTS)), 0
    for _ in range(12):
        m.step()
        m.tally += m.worked.numbers[0]
        m.young += int(
            np.count_nonzero((m.households.life == 0) & (m.households.attended & 1 == 1))
        )
    return m


@pytest.mark.parametrize("name", WAYS)
def test_a_measure_works_the_way_it_says(name: str) -> None:
    """Catches a named value that no mechanism reads, or reads with the wrong sign."""
    value, sign, others = WAYS[name]
    without, with_it = (value(lived({**others, **more})) for more in ({}, {name: {"ramp": 1}}))
    assert sign * (with_it - without) > 0.0, (without, with_it)
