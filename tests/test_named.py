"""What is named acts: parking, facilities for each age, staff at the door, and other told names, at their limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from acts import act, begin, put_in
from worlds import do, world

from sim.agents.compound import Compound
from sim.compose import load
from sim.measures.catalogue import CATALOGUE, Measure
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.world.tables import Life


def lived(months: int, *, seed: int = 1, policy: Any = "none", **groups: Any) -> NeighborhoodModel:
    """A run of a small estate."""
    people = {"households": 300, "buildings": 4} | groups.pop("population", {})
    config = load("ordinary_estate", population=people, months=months, policy=policy, **groups)
    model = NeighborhoodModel(config, seed=seed)
    model.run()
    return model


def last(model: NeighborhoodModel, name: str, months: int = 12) -> float:
    """Mean of an indicator over the last months of a run."""
    return float(np.nanmean(model.recorder.values[-months:, 0, list(INDICATORS).index(name)]))


def ready(month: int = 1, **groups: Any) -> Compound:
    """A compound in which institutions have offered and measures may act."""
    people = {"households": 600} | groups.pop("population", {})
    model = NeighborhoodModel(load(None, population=people, **groups), seed=1)
    return begin(model.compounds[0], month)


def made(name: str, **settings: Any) -> Measure:
    """A measure that is in force in full from month 1."""
    measure = CATALOGUE[name]
    return measure(name, measure.Parameters(**{"start": 1, "ramp": 1} | settings))


def lived_with(c: Compound, measure: Measure, months: int) -> Compound:
    """Let a measure act for some months in which institutions only offer."""
    put_in(c.world.model, measure)
    for month in range(1, months + 1):
        begin(c, month)
        measure.act(c, 1.0)
    return c


# --- parking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cars", "places", "short"),
    [(0.6, 0.6, 0.0), (0.8, 0.2, 0.75), (0.5, 0.0, 1.0), (0.0, 0.4, 0.0)],
)
def test_cars_beyond_the_places_stand_short(cars: float, places: float, short: float) -> None:
    """Where there is a place for each car, or no car, nobody is short."""
    people = {"vacant_share": 0.0}
    c = ready(population=people, parking={"cars_each": cars, "places_each": places})
    assert c.parking_short == pytest.approx(short)


def test_quarrels_over_parking_follow_cars_without_a_place() -> None:
    """With a place for each car and nobody on the lawn there is nothing to quarrel about."""
    arisen = []
    for places in (0.7, 0.35, 0.0):
        w = world(4000, parking={"cars_each": 0.7, "places_each": places},
                  population={"vacant_share": 0.0}, issues={"rate": {"parking": 0.5}})  # fmt: skip
        w.census["occupied"][:] = 4000
        w.compounds[0].lay_places()
        do(w, "problems_arise")
        arisen.append(int((w.households.arising == 4).sum()))
    none, half, all_of_them = arisen
    assert none == 0
    assert half == pytest.approx(1000, abs=100)
    assert all_of_them == pytest.approx(2000, abs=120)


def test_where_cars_lack_places_more_misuse_common_space() -> None:
    """Scarcity pushes cars onto lanes and lawns."""
    ample, scarce = (lived(48, parking={"places_each": x}) for x in (0.7, 0.05))
    assert last(scarce, "misuse_share") > 1.3 * last(ample, "misuse_share")
    assert last(scarce, "issues_arisen") > last(ample, "issues_arisen")
    assert last(ample, "parking_short") < 0.01 < last(scarce, "parking_short")


def test_rents_are_public_revenue() -> None:
    """Twice the rent, while all places stay let, doubles the part that rents bring; nothing else moves."""
    c = ready(parking={"cars_each": 1.0, "places_each": 0.3, "of_revenue": 0.6, "dear": 0.0})
    usual = c.firm.public_revenue_fen
    act(made("parking_rents", rise=1.0), c)
    assert c.firm.public_revenue_fen == pytest.approx(1.6 * usual, abs=1)
    c = ready(parking={"cars_each": 0.3, "places_each": 0.3, "dear": 2.0})
    usual = c.firm.public_revenue_fen
    act(made("parking_rents", rise=1.0), c)
    assert c.firm.public_revenue_fen < usual and c.parking_short > 0.7


@pytest.mark.parametrize(("asked", "angers"), [(0.0, True), (1.0, False)])
def test_a_rise_without_talk_angers_households_with_a_car(asked: float, angers: bool) -> None:
    """K035: raised without talk, fees are withheld for months; talked over, nobody minds."""
    w = world(1000, parking={"cars_each": 0.5, "anger": 0.2})
    act(made("parking_rents", asked=asked), w.compounds[0])
    do(w, "resent_rents")
    angry = w.households.grievance > 0.0
    assert angry.mean() == pytest.approx(0.5 if angers else 0.0, abs=0.06)


def test_a_rise_without_talk_costs_fees_for_months() -> None:
    """And not for ever: people come to terms with it."""
    event = {"parking_rents": {"start": -8, "rise": 0.7}}
    runs = [
        [lived(24, seed=seed, scenario__history=history) for seed in (1, 2, 3)] for history in ({}, event)
    ]  # fmt: skip
    at = [
        [np.mean([r.recorder.values[m, 0, list(INDICATORS).index("grievance")] for r in group])
         for m in (7, 36)] for group in runs
    ]  # fmt: skip
    assert at[1][0] > at[0][0] + 0.1
    assert at[1][1] < at[0][1] + 0.1


def test_a_parking_council_finds_places_up_to_what_the_ground_holds() -> None:
    """K081: twelve meetings, some twenty places of 682 households, and a rule at the end."""
    cell = {"hours_per_member": 60.0}
    c = ready(population={"households": 682}, cell=cell)
    before, order = c.places, []
    council = made("parking_renewal", most=0.05, order=0.5)
    put_in(c.world.model, council)
    for month in range(1, 7):
        begin(c, month)
        council.act(c, 1.0)
        order.append(c.signals.enforcement)
    assert c.places - before in (19, 20)
    assert order == [0.0] * 5 + [0.5]
    lived_with(c, council, 60)
    assert c.places - before == int(0.05 * 682)
    idle = ready(population={"households": 682, "active_share": 0.0})
    idle.cell.fidelity = 0.0
    act(council, idle)
    assert idle.places == before


# --- facilities for each age ----------------------------------------------------------------------


def test_what_is_not_built_for_an_age_is_missed_by_that_age_alone() -> None:
    """Upkeep does not build: the old lack benches and ramps however well the rest is kept."""
    whole, without = (lived(36, service={"built": {"elderly": x}}) for x in (1.0, 0.0))
    assert last(without, "amenities_elderly") == 0.0
    assert last(without, "amenities_young") == pytest.approx(last(whole, "amenities_young"), abs=0.05)  # fmt: skip
    ages = ("young", "working", "elderly")
    lost = {a: last(whole, f"satisfaction_{a}") - last(without, f"satisfaction_{a}") for a in ages}
    assert lost["elderly"] > 0.08
    assert lost["elderly"] > 2 * max(lost["young"], lost["working"])


def test_a_broken_promise_takes_from_whom_it_was_made_to() -> None:
    """A sports ground and a pool are no loss of the old; renewal builds what each lacks."""
    c = ready()
    act(made("broken_promise", size=1.0), c)
    assert c.built.tolist() == [0.5, 0.5, 1.0]
    c.built[:] = (1.0, 0.5, 0.0)
    lived_with(c, made("all_age_renewal", months=10, builds={"young": 1, "working": 1, "elderly": 0}), 12)  # fmt: skip
    assert c.built == pytest.approx([1.0, 1.0, 0.0])
    c.condition[:] = 1.0
    c.meet_needs()
    assert c.met[Life.ELDERLY] < c.met[Life.YOUNG] == 1.0


# --- staff at the door ----------------------------------------------------------------------------


def called_on(**given: Any) -> Any:
    """Ten households, all in debt, on whom staff call this month, after the call."""
    signals = {"door_share": 1.0, "door_boost": 0.2} | given.pop("signals", {})
    columns = {
        "arrears_fen": 100,
        "grievance": 0.5,
        "trust_cell": 0.5,
        "trust_firm": 0.5,
        "rota": 0.5,
    }
    w = world(10, **(columns | given))
    for name, value in signals.items():
        setattr(w.signals[0], name, value)
    do(w, "be_called_on")
    return w.households


def test_staff_call_on_debtors_and_complainants_only() -> None:
    """Who owes nothing and says nothing is left in peace."""
    h = called_on(arrears_fen=[0, 0, 100], stage=[0, 1, 0])
    assert h.called_on[:3].tolist() == [0, 1, 1]
    assert h.grievance[0] == 0.5 > h.grievance[1]


def test_a_household_called_on_deals_with_its_bills() -> None:
    """Debts come in where people would pay and nobody had asked; who would not pay still does not."""
    for willing, comes_in in ((1.0, True), (0.0, False)):
        w = world(200, willing=willing, held_back=0.5, arrears_fen=120_000, arrears_months=12, unpaid=0xFFF,
                  billed=12, called_on=np.arange(200) % 2, bill_months=12, bill_fen=120_000, reluctance=0.5, rota=0.5,
                  bills={"at_once": 0, "later": 0, "year_end": 0, "last_call": 0, "pays_back": 1})  # fmt: skip
        w.month = 5
        w.compounds[0].firm.provider = 1
        w.signals[0].firm_present = 1.0
        do(w, "pay")
        paid = w.households.recovered_fen > 0
        lives = w.households.tenure != 2
        assert (paid == (lives & (w.households.called_on == 1) & comes_in)).all()


def test_an_empty_call_harms_and_a_full_one_helps() -> None:
    """As members' visits: without time staff only show that nobody has any."""
    full, empty = called_on(), called_on(signals={"door_full": 0.1})
    assert (full.called_on == 1).all() and (empty.called_on == 0).all()
    assert (full.trust_cell > 0.5).all() and (empty.trust_cell < 0.5).all()
    assert (full.trust_firm == 0.5).all()
    of_firm = called_on(signals={"door_firm": 1.0})
    assert (of_firm.trust_firm > 0.5).all() and (of_firm.trust_cell == 0.5).all()


def test_a_call_does_little_while_the_cause_stands() -> None:
    """K035: the firm's staff came evening after evening, and the price stood."""
    free, stuck = called_on(), called_on(own_open=1)
    assert stuck.contact == pytest.approx(0.2 * free.contact)
    assert (stuck.grievance > free.grievance).all() and (stuck.called_on == 1).all()


def test_calls_come_in_turn_and_take_hours() -> None:
    """Every third month each, by community and firm alike; without debts nobody goes."""
    c = ready()
    c.column("arrears_fen")[:] = 100
    act(made("staff_visits", every=3, hours_each=0.6, firm_share=0.5), c)
    assert c.signals.door_share == pytest.approx(1 / 3)
    troubled = int((c.column("tenure") != 2).sum())
    asked = c.world.community_tasks.hours[c.community.first_task]
    assert asked == pytest.approx(troubled / 3 * 0.6 / 2)
    times = np.zeros(c.households)
    for month in range(1, 7):
        c.world.month = month
        do(c.world, "be_called_on")
        times += c.column("called_on")
    assert set(times[c.column("tenure") != 2]) == {2.0}
    c = ready()
    c.column("arrears_fen")[:] = 0
    act(made("staff_visits"), c)
    assert not c.world.community_tasks.hours.any()


def test_two_rounds_of_calls_each_count_as_far_as_they_go() -> None:
    """Catches a second entry that overwrites the first."""
    c = ready()
    c.column("arrears_fen")[:] = 100
    act(made("staff_visits", every=2, boost=0.4, firm_share=0.0), c)
    act(made("staff_visits", every=4, boost=0.1, firm_share=0.0), c)
    assert c.signals.door_share == pytest.approx(0.75)
    assert c.signals.door_boost == pytest.approx((0.5 * 0.4 + 0.25 * 0.1) / 0.75)


# --- a firm that does everything ------------------------------------------------------------------


def test_a_perfect_firm_estranges_residents_from_cell_and_community() -> None:
    """Seed 001: good service, few conflicts, and an identification with the community that fades."""
    w = world(100, satisfaction=1.0, seen_satisfaction=1.0, trust_cell=0.45, taste=1.0)
    w.signals[0].firm_present, w.signals[0].transparency = 1.0, 1.0
    w.compounds[0].met[:] = 1.0
    before = 0.45
    for _ in range(120):
        do(w, "perceive")
        now = float(w.households.trust_cell[0])
        assert before - 0.01 < now < before
        before = now
    assert now < 0.37 and w.households.estranged[0] > 0.95


def test_without_a_firm_nobody_turns_from_the_cell() -> None:
    """There is nobody else to turn to."""
    w = world(100, satisfaction=1.0, seen_satisfaction=1.0, trust_cell=0.45, taste=1.0)
    w.signals[0].firm_present = 0.0
    w.compounds[0].met[:] = 1.0
    for _ in range(24):
        do(w, "perceive")
    assert (w.households.estranged == 0.0).all()
    assert w.households.trust_cell == pytest.approx(0.45)


def test_who_deals_with_the_firm_alone_comes_and_votes_less_and_comes_back_by_contact() -> None:
    """And a full visit, or a meeting, renews the acquaintance."""
    came = {}
    for apart in (0.0, 1.0):
        w = world(
            4000, estranged=apart, civic=1.0, participation={"estranged": 1.0, "reacquaints": 0.5}
        )
        w.buildings.meeting[:] = 1
        w.buildings.followed[:] = -1.0
        do(w, "attend")
        came[apart] = w.households.attended == 1
        if apart:
            assert (w.households.estranged[came[apart]] == 0.5).all()
            assert (w.households.estranged[~came[apart]] == 1.0).all()
    assert came[1.0].mean() < 0.6 * came[0.0].mean()
    votes = [
        world(2000, estranged=x, civic=1.0)
        .compounds[0]
        .assembly.ballot(np.ones(2000), 0.0)
        .turnout_units
        for x in (0.0, 1.0)
    ]
    assert votes[1] < votes[0]
    w = world(10, estranged=1.0)
    w.signals[0].visit_share, w.signals[0].visit_every = 1.0, 1.0
    do(w, "be_visited")
    assert (w.households.estranged == 0.5).all()


# --- the rest of the names ------------------------------------------------------------------------


def test_a_hall_without_meetings_brings_nobody_to_one() -> None:
    """It is a room; with meetings more come to them, and it costs money and hours either way."""
    measures: dict[str, Any] = {"meeting_hall": {"start": 1, "place": 1.0, "mixing": 0.0}}
    quiet = lived(12, policy={"measures": measures})
    assert np.isnan(quiet.recorder.values[1:, 0, list(INDICATORS).index("attendance")]).all()
    assert last(quiet, "hours_spent") > 0.0 and last(quiet, "yuan_spent") > 0.0
    meetings = {"building_meetings": {"every": 1, "start": 1}}
    plain, hall = (
        np.mean([last(lived(12, seed=s, policy={"measures": meetings | more}), "attendance") for s in (1, 2, 3)])
        for more in ({}, measures)
    )  # fmt: skip
    assert hall > plain + 0.02


def test_points_worth_nothing_push_nobody() -> None:
    """At their usual worth the push is as given; at ten times that, twice."""
    pushes = []
    for yuan in (0.0, 0.5, 5.0):
        c = ready(month=3)
        act(made("resident_points", point_yuan=yuan, invitation=0.2, order=0.15), c)
        pushes.append((c.signals.invitation, c.signals.enforcement))
    assert pushes == [pytest.approx(push) for push in ((0.0, 0.0), (0.2, 0.15), (0.4, 0.3))]


def test_the_firms_branch_works_no_further_than_the_cell_sits_with_it() -> None:
    """Beside the cell (两张皮) it takes time and gives none; without a firm there is none."""
    for fidelity, gains in ((1.0, True), (0.0, False)):
        c = ready(firm={"diligence": 0.5})
        hours = c.signals.compound_hours
        c.cell.fidelity = fidelity
        act(made("firm_party_branch", duty_hours=100.0), c)
        assert (c.signals.diligence_gain > 0.0) == gains
        assert (c.signals.compound_hours > hours) == gains
    c = ready(firm={"present": False, "enters": 0.0})
    act(made("firm_party_branch"), c)
    assert c.signals.diligence_gain == 0.0 and c.costs == []


def test_delegates_without_answers_do_harm() -> None:
    """Overdue problems are taken up again as far as the street answers."""
    for hours, sign in ((1000.0, 1), (0.0, -1)):
        c = ready()
        c.signals.street_hours = hours
        act(made("delegates_lookback", raises=0.3, revisit=0.2), c)
        assert np.sign(c.signals.revisit) == sign
        assert c.signals.whistle == pytest.approx(0.3 if hours else 0.0)
    c = ready()
    act(made("delegates_lookback", delegates=0.0), c)
    assert c.signals.revisit == c.signals.whistle == 0.0


def test_a_manager_long_under_red_light_must_go_and_takes_the_file_along() -> None:
    """The firm stays, the next manager is another: better or worse."""
    care = set()
    for seed in range(1, 6):
        people = {"households": 600, "satisfaction_start": 0.05}
        model = NeighborhoodModel(load(None, population=people, firm={"diligence": 0.5}), seed=seed)
        c = begin(model.compounds[0], 1)
        file = made("credit_file", manager_months=3, red_months=120, managers_differ=0.2)
        put_in(model, file)
        marks = []
        for month in range(1, 30):
            begin(c, month)
            file.act(c, 1.0)
            marks.append(float(file.states[0]["manager"]))
        falls = np.diff(marks)
        assert (falls < 0.01).sum() > 20 and (falls > 0.2).any()
        assert c.firm.present
        care.add(c.firm.diligence)
    assert len(care) == 5 and min(care) < 0.5 < max(care) and max(abs(x - 0.5) for x in care) < 0.61
