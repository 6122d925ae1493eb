"""Measures: when they are in force, what they move and leave alone, what they cost, who may register."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from acts import ANY, NO, act, begin, live_measures, put_in

from sim.agents.compound import Compound
from sim.compose import load
from sim.errors import InputError
from sim.measures import catalogue
from sim.measures.catalogue import CATALOGUE, Measure, MeasureParameters, register
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS
from sim.processes.service import Line
from sim.world.costs import Payer
from sim.world.native import rule
from sim.world.signals import SIGNALS
from sim.world.tables import Households, Life

COLUMNS = list(Households.columns)
MEASURES = [name for name, measure in CATALOGUE.items() if measure.kind == "measure"]
EVENTS = [name for name, measure in CATALOGUE.items() if measure.kind == "event"]
# Signals that a measure moves in its first month, and who pays for it.
MOVES: dict[str, tuple[set[str], set[str]]] = {
    "building_meetings": ({"meeting_share", "invitation", "building_hours"},
                          {"cell", "residents", "public"}),
    "member_contact": ({"visit_share", "visit_every", "visit_boost", "mediation"}, {"cell"}),
    "lead_by_paying": ({"lead", "pledge"}, {"cell"}),
    "interim_committee": ({"committee_care", "supervision", "committee_image", "compound_hours"},
                          {"cell", "community", "residents"}),
    "firm_tender": ({"canvass_hours"}, {"community", "public", "residents"}),
    "service_standard": ({"diligence_gain", "compound_hours", "transparency"}, {"public"}),
    "all_age_renewal": (set(), {"public"}),
}  # fmt: skip


def made(name: str, **settings: Any) -> Measure:
    measure = CATALOGUE[name]
    return measure(name, measure.Parameters(**settings))


def model(*overrides: str, **keys: Any) -> NeighborhoodModel:
    keys.setdefault("population", {"households": 600})
    return NeighborhoodModel(load(None, *overrides, **keys), seed=1)


def ready(month: int = 1, **keys: Any) -> NeighborhoodModel:
    """A model in which institutions have offered and measures may act."""
    m = model(**keys)
    begin(m.compounds[0], month)
    return m


# What households carry for measures, which no other rule reads.
MEMORIES = {"misuse_before", "summoned"}


def columns(m: NeighborhoodModel) -> dict[str, np.ndarray]:
    return {name: getattr(m.households, name).copy() for name in COLUMNS}


def changed(m: NeighborhoodModel, before: dict[str, np.ndarray]) -> set[str]:
    return {n for n in COLUMNS if not np.array_equal(before[n], getattr(m.households, n))}


# --- when -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CATALOGUE)
def test_strength_rises_over_the_ramp_and_ends(name: str) -> None:
    """Catches a measure that starts a month early, jumps, never reaches its dose, or never ends."""
    m = made(name, start=10, end=20, ramp=4, dose=0.8)
    assert m.strength(9) == 0.0
    assert [m.strength(k) for k in (10, 11, 12, 13, 14, 19)] == pytest.approx(
        [0.2, 0.4, 0.6, 0.8, 0.8, 0.8]
    )
    assert m.strength(20) == m.strength(500) == 0.0


def test_a_ramp_of_one_month_is_full_at_once() -> None:
    """Catches a ramp counted from the month after."""
    assert made("member_contact", start=3, ramp=1, dose=1.5).strength(3) == 1.5


# --- what it moves --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MOVES)
def test_a_measure_moves_the_signals_it_names_and_no_other(name: str) -> None:
    """Catches an effect through a side door, and a named value that is not moved."""
    m = ready()
    before = m.signals.array.copy()
    act(made(name), m.compounds[0])
    moved = {s for s in SIGNALS if before[s][0] != m.signals[s][0]}
    assert moved == MOVES[name][0]


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_touches_no_column_of_households(name: str) -> None:
    """Catches a measure that writes its own success: satisfaction, payment, grievance, stage."""
    m = ready()
    before = columns(m)
    act(made(name), m.compounds[0])
    assert changed(m, before) <= MEMORIES


@pytest.mark.parametrize("name", [name for name in MOVES if name != "all_age_renewal"])
def test_a_measure_touches_no_facility(name: str) -> None:
    """Catches service that improves by decree; only renewal builds."""
    m = ready()
    before, legacy = m.world.compounds["condition"].copy(), m.compounds[0].developer.legacy
    act(made(name), m.compounds[0])
    assert (
        np.array_equal(m.world.compounds["condition"], before)
        and m.compounds[0].developer.legacy == legacy
    )


@pytest.mark.parametrize("name", sorted(set(MOVES) - {"firm_tender"}))
def test_twice_the_strength_moves_more(name: str) -> None:
    """Catches a dose without effect."""
    sizes = []
    for strength in (0.4, 0.8):
        m = ready()
        before = np.append(m.signals.numbers, m.world.compounds["condition"])
        act(made(name), m.compounds[0], strength)
        after = np.append(m.signals.numbers, m.world.compounds["condition"])
        sizes.append(np.abs(after - before).sum())
    assert sizes[1] > sizes[0] > 0.0


def test_an_interim_committee_stands_aside_for_a_working_one() -> None:
    """Catches double supervision where owners have a committee of their own."""
    m = ready(committee={"state": "working"})
    compound = m.compounds[0]
    before = float(compound.signals["supervision"])
    act(made("interim_committee"), compound)
    assert compound.committee.interim == 0.0
    assert float(compound.signals["supervision"]) == before > 0.0
    assert float(compound.signals["committee_care"]) > 0.0, "and supports it"


def test_a_service_standard_needs_a_firm() -> None:
    """Catches a standard that serves where nobody does."""
    m = ready(firm={"present": False, "enters": 0.0})
    before = m.signals.array.copy()
    act(made("service_standard"), m.compounds[0])
    assert np.array_equal(m.signals.array, before) and not m.compounds[0].costs


def test_renewal_leaves_the_stated_share_of_what_was_lacking() -> None:
    """Catches steps that add up to more or less than the works promise, and works without end."""
    m = ready(developer={"legacy": 0.5}, service={"start": {"facilities": 0.2, "cleaning": 0.3}})
    works, compound = (
        made("all_age_renewal", months=6, facilities=0.6, promises=0.5),
        m.compounds[0],
    )
    for m.world.month in range(1, 7):
        act(works, compound)
    assert compound.condition[1] == pytest.approx(1.0 - 0.4 * 0.8)
    assert compound.condition[0] == 0.3, "cleaning is not built"
    assert compound.developer.legacy == pytest.approx(0.25)
    assert sum(row["yuan"] for row in m.recorder.costs) == pytest.approx(1500.0 * 600)
    m.world.month = 7
    act(works, compound)
    assert compound.developer.legacy == pytest.approx(0.25)
    assert not compound.costs


@pytest.mark.parametrize(("facilities", "renewed"), [(0.3, True), (0.6, False)])
def test_works_for_the_worn_leave_the_others_alone(facilities: float, renewed: bool) -> None:
    """Catches money for the old that goes to the new, and works that stop once they show."""
    m = ready(service={"start": {"facilities": facilities}})
    works, compound = made("all_age_renewal", months=4, worn_below=0.5), m.compounds[0]
    for m.world.month in range(1, 5):
        act(works, compound)
    assert (compound.condition[Line.FACILITIES] > facilities) == renewed
    left = 1.0 - 0.6 * renewed
    assert 1.0 - compound.condition[Line.FACILITIES] == pytest.approx(left * (1.0 - facilities))
    assert bool(compound.costs) == renewed


def test_two_teams_in_one_compound_both_remember_whom_they_found() -> None:
    """Catches a team that takes what another has just noted for what it saw itself last month."""
    m = ready(population={"households": 600, "vacant_share": 0.0})
    c, h, stopped = m.compounds[0], m.households, slice(10)
    kind, before = CATALOGUE["joint_enforcement"], h.trust_cell.copy()
    teams = [kind(label, kind.Parameters(anger=0.5, neighbours=0.0)) for label in ("a", "b")]
    for month, misuse in ((1, 1), (2, 0)):
        h.misuse[stopped] = misuse
        begin(c, month)
        for team in teams:
            act(team, c)
    made_to = 1.0 - np.exp(-1.0)
    assert h.trust_cell[stopped] == pytest.approx(before[stopped] * (1.0 - 0.5 * made_to) ** 2)


IN_JANUARY = {"own_date": 0.0}
"""All bills begin in January: none is open before month 1."""
OWING = {"households": 600, "paid_start": 0.5, "arrears_start": 6}


def tender(law: dict[str, float], **settings: Any) -> tuple[NeighborhoodModel, list[int]]:
    """A tender lived for a year, with the months whose vote was paid for."""
    m = model(firm={"skimming": 0.5}, population=OWING, committee=law, bills=IN_JANUARY)
    put_in(m, made("firm_tender", start=1, **settings))
    live_measures(m, 12)
    return m, [row["month"] for row in m.recorder.costs if row["yuan"]]


def test_a_tender_won_hands_over_once_to_the_winner() -> None:
    """Catches a hand-over before the vote, a second one, and a winner of another nature."""
    m, votes = tender(ANY, preparation=4, diligence=0.95, skimming=0.05)
    firm, owed = (
        m.compounds[0].firm,
        ready(population=OWING, bills=IN_JANUARY).households.arrears_fen.sum(),
    )
    assert votes == [5] and firm.founded == 5
    assert (firm.diligence, firm.skimming, firm.owner_led) == (0.95, 0.05, True)
    assert not m.households.arrears_fen.any(), "old debts leave with the old firm"
    assert m.written_off_fen == owed > 0


def test_a_tender_lost_changes_no_firm_and_is_tried_again() -> None:
    """Catches a hand-over that needs no majority, and owners who are asked every month."""
    m, votes = tender(NO, preparation=4, retry=4)
    firm = m.compounds[0].firm
    assert votes == [5, 9]
    assert m.written_off_fen == 0 < m.households.arrears_fen.sum()
    assert (firm.skimming, firm.owner_led) == (0.5, False)


def test_the_only_column_a_hand_over_sets_is_trust_in_the_new_firm() -> None:
    """Catches a tender that sets satisfaction or payment; newly chosen firms start with goodwill."""
    m = ready(committee=ANY)
    before = columns(m)
    contest = made("firm_tender", preparation=1, goodwill=0.55)
    for m.world.month in (1, 2):
        act(contest, m.compounds[0])
        m.compounds[0].assembly.collect()
    books = {"arrears_fen", "arrears_months", "bill_fen", "bill_months", "bill_over", "ahead"}
    books |= {"billed", "unpaid", "paid"}
    assert changed(m, before) - books == {"trust_firm"}
    assert np.array_equal(m.households.trust_firm, np.maximum(before["trust_firm"], 0.55))


# --- events ---------------------------------------------------------------------------------------

STRIKES = {
    "broken_promise": {"legacy", "built"}, "handover_dispute": {"disputed", "pays_vacant"},
    "developer_default": {"pays_vacant"}, "equipment_failure": {"condition"},
    "illegal_building": {"misuse"}, "grievance_shock": {"grievance"},
}  # fmt: skip


def struck(m: NeighborhoodModel) -> dict[str, Any]:
    compound = m.compounds[0]
    return columns(m) | {
        "legacy": compound.developer.legacy, "pays_vacant": compound.developer.pays_vacant,
        "diligence": compound.firm.diligence, "disputed": compound.firm.disputed, "grant": compound.firm.grant_fen,
        "condition": m.world.compounds["condition"].copy(),
        "built": m.world.compounds["built"].copy(), "signals": m.signals.array.copy(),
    }  # fmt: skip


@pytest.mark.parametrize("name", STRIKES)
def test_an_event_strikes_once_in_its_month_where_it_says(name: str) -> None:
    """Catches an event that strikes every month, in the wrong month, or something else as well."""
    m = ready(month=3)
    put_in(m, made(name, start=5, size=0.5))
    for month, expected in ((4, set()), (5, STRIKES[name]), (6, set())):
        before = struck(m)
        live_measures(m, month, offers=False)
        after = struck(m)
        assert {k for k in before if not np.array_equal(before[k], after[k])} == expected, month
    assert not m.recorder.costs, "an event is nobody's expense"


class Knock(Measure):
    """Something in Python that happens once, and is counted."""

    en = "A knock"
    once = True

    def act(self, compound: Compound, strength: float) -> None:
        self.state[compound.month] = self.state.get(compound.month, 0) + 1


@pytest.mark.parametrize("threads", [1, 2])
def test_what_happens_once_in_python_happens_once_on_any_number_of_threads(threads: int) -> None:
    """Catches an event that strikes every month where months are lived process by process."""
    m, knock = ready(month=3), Knock("knock", MeasureParameters(start=5))
    put_in(m, knock)
    live_measures(m, 8, threads=threads)
    assert knock.state == {5: 1}


@pytest.mark.parametrize("name", sorted(STRIKES))
def test_an_event_of_size_0_does_nothing_and_a_bigger_one_does_more(name: str) -> None:
    """Catches an event whose size is ignored."""
    sizes = []
    for size in (0.0, 0.3, 0.9):
        m = ready()
        before = struck(m)
        act(made(name, start=1, size=size), m.compounds[0])
        after = struck(m)
        sizes.append(sum(
            float(np.abs(np.asarray(after[k], float) - np.asarray(before[k], float)).sum())
            for k in STRIKES[name]
        ))  # fmt: skip
    assert sizes[0] == 0.0 < sizes[1] < sizes[2]


@pytest.mark.parametrize("loses", [0.0, 0.5, 1.0])
def test_an_event_takes_as_much_of_a_line_as_it_says(loses: float) -> None:
    """Catches a share that no configuration reaches."""
    missing = dict.fromkeys(("young", "working", "elderly"), loses)
    for name, setting, column, place in (
        ("broken_promise", {"missing": missing}, "built", Life.ELDERLY),
        ("equipment_failure", {"security": loses}, "condition", Line.SECURITY),
    ):
        m = ready()
        before = m.world.compounds[column][0].copy()
        act(made(name, start=1, size=0.8, **setting), m.compounds[0])
        left = m.world.compounds[column][0][place] / before[place]
        assert left == pytest.approx(1.0 - 0.8 * loses), name


def test_a_shock_leaves_households_with_the_grievance_it_says() -> None:
    """Catches a shock that strikes as hard whatever is asked."""
    m = ready()
    struck = m.households.rota < 0.4
    act(made("grievance_shock", start=1, size=0.4, level=0.7), m.compounds[0])
    assert set(m.households.grievance[struck]) == {0.7}
    assert struck.any() and not struck.all() and (m.households.grievance[~struck] != 0.7).all()


# --- what it costs --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MOVES)
def test_the_ledger_names_who_gave_what_in_the_months_in_force_only(name: str) -> None:
    """Catches effort that nobody gives, and costs booked before the start or after the end."""
    settings: dict[str, Any] = {"start": 3, "end": 10}
    if name == "firm_tender":
        settings["preparation"] = 2
    m = model(months=14, policy={"measures": {name: settings}})
    m.run()
    costs = m.recorder.costs
    assert {row["measure"] for row in costs} - {"owners_vote"} == {name}
    own = [row for row in costs if row["measure"] == name]
    assert {row["actor"] for row in own} == MOVES[name][1]
    # What owners spend on votes of their own is no measure's, and goes on when it has ended.
    months = sorted({row["month"] for row in own})
    assert months[0] == 3 and months[-1] <= 9
    assert all(row["hours"] >= 0.0 and row["yuan"] >= 0.0 for row in costs)
    assert all(row["hours"] + row["yuan"] > 0.0 for row in costs)
    for unit in ("hours", "yuan"):
        shown = m.recorder.values[:, 0, list(INDICATORS).index(f"{unit}_spent")]
        assert shown.sum() == pytest.approx(sum(row[unit] for row in costs))


class Refund(Measure):
    """A compiled measure that gives money back."""

    en = "A refund"

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        compound.spend(self.label, Payer.PUBLIC, yuan=-5.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_compiled_measure_that_gives_money_back_is_named(threads: int) -> None:
    """Catches a refusal from within the month that names numbers, not measure and payer."""
    m = model()
    put_in(m, Refund("refund", MeasureParameters(start=2)))
    with pytest.raises(InputError, match=r"measure refund: takes -5.0 .* of public in month 2"):
        live_measures(m, 3, threads=threads)


def test_hours_booked_never_exceed_hours_there_are() -> None:
    """Catches a cell or community that gives more than it has."""
    wants = {"member_contact": {"quota": 200, "hours_each": 5.0, "ramp": 1},
             "building_meetings": {"every": 1, "ramp": 1},
             "interim_committee": {"community_hours": 400.0, "ramp": 1}}  # fmt: skip
    m = model(months=6, policy={"measures": wants})
    for _ in range(6):
        m.step()
        compound = m.compounds[0]
        given = {
            actor: sum(c.hours for c in compound.costs if c.actor == actor)
            for actor in ("cell", "community")
        }
        # Who became active this month gives hours from the next on.
        assert given["cell"] <= compound.cell.hours + 1e-9
        assert compound.cell.fidelity < 1.0
        assert 0.0 < given["community"] <= 0.5 * compound.community.hours + 1e-9


# --- hours are limited ----------------------------------------------------------------------------

CALM = {name: False for name in ("turnover", "issues", "service", "perception", "fees", "commons",
                                 "conflict", "institutions")}  # fmt: skip


def visited(quota: int, hours_each: float = 3.0, **more: Any) -> NeighborhoodModel:
    measures = {"member_contact": {"quota": quota, "hours_each": hours_each, "ramp": 1}, **more}
    m = model(months=12, mechanisms=CALM, policy={"measures": measures})
    m.run()
    return m


def test_a_quota_beyond_the_cells_hours_lowers_fidelity() -> None:
    """Catches members with hours without end."""
    fidelity = [visited(quota).compounds[0].cell.fidelity for quota in (2, 6, 12, 24)]
    assert fidelity[:2] == [1.0, 1.0], "6 visits of 3 hours in 3 months are 6 hours a month"
    assert fidelity[2:] == pytest.approx([0.5, 0.25], rel=0.02)


def test_a_quota_has_an_optimum() -> None:
    """Catches more is better: beyond the hours the push to pay stops growing and trust is lost."""
    runs = {quota: visited(quota) for quota in (2, 6, 24)}
    push = {quota: m.households.contact.sum() for quota, m in runs.items()}
    assert push[6] > 2 * push[2]
    assert push[24] < 1.1 * push[6], "four times the quota, the same hours"
    trust = {quota: m.households.trust_cell.mean() for quota, m in runs.items()}
    start = model().households.trust_cell.mean()
    assert trust[6] > trust[2] > start
    assert trust[24] < start, "visits without time do harm"


def test_too_many_visits_take_hours_from_meetings() -> None:
    """Catches tasks that do not share the cell's hours."""
    m1 = visited(2, building_meetings={"every": 1, "ramp": 1})
    m2 = visited(24, building_meetings={"every": 1, "ramp": 1})
    held = [float(m.signals["meeting_share"][0]) for m in (m1, m2)]
    assert held[1] < 0.5 * held[0]


# --- the catalogue --------------------------------------------------------------------------------


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, type[Measure]]]:
    copy = dict(CATALOGUE)
    monkeypatch.setattr(catalogue, "CATALOGUE", copy)
    yield copy


def new(title: str = "Something new", **attributes: Any) -> type[Measure]:
    return type("Novelty", (Measure,), {"en": title, **attributes})


def test_a_measure_of_ones_own_is_found_by_name(shelf: dict[str, type[Measure]]) -> None:
    """Catches a decorator that registers nothing or returns nothing."""
    measure = new(name="novelty")
    assert register(measure) is measure
    assert shelf["novelty"] is measure
    assert register(measure) is measure, "the same class may come twice"


@pytest.mark.parametrize("name", ["", "two words", "1st", "a-b", "a.b"])
def test_a_name_that_is_no_identifier_is_refused(
    name: str, shelf: dict[str, type[Measure]]
) -> None:
    """Catches a name that configuration could not spell."""
    with pytest.raises(ValueError, match="identifier"):
        register(new(name=name))


@pytest.mark.parametrize(
    ("attributes", "told"), [({"kind": "wish"}, "kind"), ({"en": ""}, "title")]
)
def test_a_measure_without_title_or_of_another_kind_is_refused(
    attributes: dict[str, Any], told: str, shelf: dict[str, type[Measure]]
) -> None:
    """Catches a measure that tables and messages could not show."""
    with pytest.raises(ValueError, match=told):
        register(new(name="novelty", **attributes))


def test_a_taken_name_is_refused_even_from_a_class_of_the_same_name(
    shelf: dict[str, type[Measure]],
) -> None:
    """Catches a plugin that replaces a measure in silence by calling its class alike."""
    with pytest.raises(ValueError, match="twice"):
        register(new(name="firm_tender"))
    alike = type("FirmTender", (Measure,), {"name": "firm_tender", "en": "Mine"})
    with pytest.raises(ValueError, match="twice"):
        register(alike)
    assert shelf["firm_tender"] is CATALOGUE["firm_tender"]


@pytest.mark.parametrize("name", sorted({*CATALOGUE} - {"reported_problem"}))
def test_a_built_in_measure_is_compiled(name: str) -> None:
    """Catches a measure that became Python again, at 20 microseconds a month and compound."""
    assert made(name).compiled is not None


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_entry_says_what_it_is(name: str) -> None:
    """Catches an entry without Chinese title, source, mechanism or parameters of its own."""
    measure = CATALOGUE[name]
    assert measure.en and measure.zh and measure.told and measure.through
    assert issubclass(measure.Parameters, MeasureParameters)


def test_the_seven_measures_and_six_events_are_there() -> None:
    """Catches a family that is no longer imported."""
    assert set(MOVES) <= set(MEASURES) and set(STRIKES) <= set(EVENTS)


@pytest.mark.parametrize("key", ["coverage", "dose"])
def test_measures_that_reach_nobody_are_none(key: str) -> None:
    """Catches hours, yuan or members' zeal that come of a measure of no coverage or dose."""
    names = [name for name in MEASURES if not CATALOGUE[name].once]
    nobody = {name: {key: 0.0} for name in names}
    lived = []
    for measures in ({}, nobody):
        config = load("ordinary_estate", policy={"measures": measures}, months=14,
                      population={"households": 150}, doubt="off")  # fmt: skip
        model = NeighborhoodModel(config, seed=1)
        model.run()
        lived.append(
            (model.recorder.values, sum(row["yuan"] + row["hours"] for row in model.recorder.costs))
        )
    assert np.array_equal(*(values for values, _ in lived), equal_nan=True)
    assert lived[0][1] == lived[1][1]
