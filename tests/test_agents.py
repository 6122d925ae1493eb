"""The actors: what each decides when it is its turn, and residents as views of their rows."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from worlds import do

from sim.agents.assembly import OwnersAssembly
from sim.agents.budget import Provider
from sim.agents.cell import PartyCell
from sim.agents.committee import Capture, OwnersCommittee, State
from sim.agents.community import Community, Street
from sim.agents.compound import Compound
from sim.agents.developer import Developer
from sim.agents.firm import Company, PropertyFirm
from sim.agents.fund import OwnersFund
from sim.agents.resident import Resident
from sim.compose import load
from sim.model import NeighborhoodModel
from sim.month import OFFERS
from sim.outcomes import INDICATORS
from sim.processes.assembly import Ballot, Matter

Draws = tuple[float, ...]
NEVER: Draws = (1.0,) * 4
"""Draws with which nothing happens by chance."""


def model(*overrides: str, seed: int = 1, **keys: Any) -> NeighborhoodModel:
    keys.setdefault("population", {"households": 300})
    m = NeighborhoodModel(load(None, *overrides, **keys), seed=seed)
    m.world.month = 1
    do(m.world, *(process.name for process in OFFERS))
    return m


def compound(*overrides: str, **keys: Any) -> Compound:
    return model(*overrides, **keys).compounds[0]


def chance(*draws: float) -> Draws:
    return (*draws, *NEVER[len(draws) :])


# --- firm -----------------------------------------------------------------------------------------

GIVES = ("firm.overhead_least_yuan=0", "firm.by_contract.facilities=0", "firm.by_contract.cleaning=0",
         "firm.by_contract.security=0", "firm.by_contract.greenery=0", "firm.by_contract.amenities=0")  # fmt: skip
"""A firm of any size whose work is all done by staff."""


def live_on(firm: PropertyFirm, share: float, months: int, draws: Draws = NEVER) -> list[float]:
    """Staff over months in which a share of fees comes in."""
    census, staff = firm.compound.census, []
    for _ in range(months):
        census["received_fen"] = round(share * firm.compound.monthly_due_fen)
        census["recovered_fen"] = 0
        firm.serve()
        firm.close_books(draws)
        firm.world.month += 1
        staff.append(firm.staff)
    return staff


def test_a_firm_gives_notice_when_income_falls_and_hires_when_it_returns() -> None:
    """Catches service that does not depend on fees: the loop of money would be cut."""
    firm = compound("firm.reserve_months=0", *GIVES).firm
    full = live_on(firm, 1.0, 12)[-1]
    falling = live_on(firm, 0.3, 18)
    assert full == 1.0
    assert all(a >= b for a, b in pairwise(falling))
    assert falling[0] > falling[-1] and falling[-1] < 0.5
    assert live_on(firm, 1.0, 24)[-1] > 0.9


def test_reserves_soften_a_fall_in_income() -> None:
    """Catches a reserve that is never used where it is owners' money, and a firm that gives its own."""
    for provider, softens in ((Provider.TRUST, True), (Provider.FIRM, False)):
        left = []
        for months in (12, 0):
            firm = compound(f"firm.reserve_months={months}", *GIVES).firm
            firm.provider = provider
            left.append(live_on(firm, 0.3, 12)[-1])
        assert (left[0] > left[1]) == softens


def test_a_newcomer_keeps_to_what_it_reckoned_with_for_a_year_as_far_as_its_money_goes() -> None:
    """Catches a firm that cuts before it has shown what it can do, and one that does so with money it has not."""

    def staff(credit: float, months: int) -> list[float]:
        firm = compound(*GIVES, f"firm.credit_months={credit}").firm
        firm.hand_over(0.9, 0.5, 0.0, False)
        return live_on(firm, 0.1, months)

    patient, short = staff(24.0, 18), staff(0.0, 18)
    assert min(patient[:11]) > 0.9
    assert patient[-1] < 0.5, "a year's income is known"
    assert short[8] < 0.5, "its own cash is gone"


def test_effort_delivered_follows_staff_and_care() -> None:
    """Catches effort without staff, and a standard or supervision that buys no care."""
    c = compound("firm.diligence=0.5", *GIVES)
    c.firm.staff = c.firm.upkeep = 1.0
    c.firm.serve()
    assert c.effort == pytest.approx(np.full(5, 0.5))
    c.signals["diligence_gain"] = 0.6
    c.firm.serve()
    assert c.effort == pytest.approx(np.full(5, 0.8))
    c.signals["supervision"] = 1.0
    c.firm.serve()
    assert c.effort[0] > 0.8
    c.firm.staff = 0.0
    c.firm.serve()
    assert not c.effort.any()


def test_short_staff_deliver_what_they_are_whatever_comes_first() -> None:
    """Catches priorities that make effort out of nothing."""
    c = compound("firm.diligence=1", *GIVES)
    cost = c.firm.p.cost_share
    for staff in (0.2, 0.5, 0.8):
        c.firm.staff = staff
        c.firm.serve()
        assert float(cost @ c.effort) / cost.sum() == pytest.approx(staff, rel=0.01)


def test_supervision_ends_skimming_and_its_absence_does_not() -> None:
    """Catches skimming that fades by itself or never."""
    watched, unwatched = compound().firm, compound().firm
    for _ in range(12):
        watched.compound.signals["supervision"] = 1.0
        watched.close_books(NEVER)
        unwatched.compound.signals["supervision"] = 0.0
        unwatched.close_books(NEVER)
    assert watched.skimming < 0.2 * watched.p.skimming
    assert unwatched.skimming == unwatched.p.skimming


BROKE = ("firm.reserve_months=0", "firm.credit_months=0", "firm.loss_patience=3", "firm.leaves=0.5",
         "firm.public_revenue_yuan=0", "firm.emergency=0")  # fmt: skip


def test_a_firm_leaves_only_after_its_patience_and_by_chance() -> None:
    """Catches a firm that bears debts for ever, or flees at the first."""
    firm = compound(*BROKE).firm
    live_on(firm, 0.0, 3, chance(1.0, 0.0))
    assert firm.present and firm.months_in_debt == 3
    live_on(firm, 0.0, 1, chance(1.0, 0.6))
    assert firm.present, "a draw above its chance to leave"
    live_on(firm, 0.0, 1, chance(1.0, 0.4))
    assert not firm.present and firm.exits_loss == firm.changes == 1


def test_a_month_out_of_debt_restores_patience() -> None:
    """Catches a count of bad months that is never reset."""
    firm = compound(*BROKE).firm
    live_on(firm, 0.0, 3, chance(1.0, 0.0))
    firm.grant_fen = -2 * firm.cash_fen
    live_on(firm, 1.0, 1, chance(1.0, 0.0))
    assert firm.present and firm.months_in_debt == 0


def test_what_is_owed_leaves_with_the_firm() -> None:
    """Catches debts that a later firm could collect, and service or dues after it left."""
    people = {"households": 300, "paid_start": 0.4, "arrears_start": 5}
    m = model(*BROKE, population=people, bills={"own_date": 0.0})
    firm, h = m.compounds[0].firm, m.households
    owed = int(h.arrears_fen.sum())
    firm.leave()
    assert owed > 0 and m.written_off_fen == owed
    assert not h.arrears_fen.any() and not h.arrears_months.any()
    m.step()
    assert m.signals["firm_present"][0] == 0.0 and m.census["due_fen"][0] == 0
    assert not m.world.compounds["effort"].any()


def test_another_firm_enters_an_abandoned_compound_by_what_it_would_pay() -> None:
    """Catches a compound that is without a firm for ever, or never, whatever it pays."""
    firm = compound(firm={"present": False, "enters": 0.3, "reckons": 0.9}).firm
    firm.close_books(chance(0.2))
    assert not firm.present, "a place that nobody knows to pay"
    firm.place_rate = 1.0
    assert firm.prospect == 1.0
    firm.close_books(chance(0.4))
    assert not firm.present
    firm.close_books(chance(0.2))
    assert firm.present and firm.cash_fen == firm.opening_cash_fen > 0


def test_a_hand_over_opens_new_books_and_brings_another_nature() -> None:
    """Catches old debts, old expectations or old habits in the new firm's books."""
    m = model(population={"households": 300, "paid_start": 0.4, "arrears_start": 5})
    firm = m.compounds[0].firm
    live_on(firm, 0.0, 8)
    assert firm.cash_fen < 0
    firm.hand_over(0.95, 0.7, 0.02, True)
    assert (firm.diligence, firm.transparency, firm.skimming) == (0.95, 0.7, 0.02)
    assert (
        firm.cash_fen == firm.opening_cash_fen == round(firm.p.reserve_months * firm.full_cost_fen)
    )
    assert firm.months_in_debt == 0 and firm.owner_led
    assert firm.exits_dismissed == firm.changes == 1
    assert not m.households.arrears_fen.any() and m.written_off_fen > 0
    reckoned = firm.p.reckons * m.compounds[0].monthly_due_fen + 0.98 * firm.public_revenue_fen
    assert firm.receipts == pytest.approx(np.full(12, reckoned), abs=1)
    assert not firm.results.any()
    firm.offer()
    assert m.compounds[0].signals["blame"] < 1.0, "owners do not blame their own firm"


# --- committee ------------------------------------------------------------------------------------

WILLING = {"candidates": 50.0}


def let_vote(committee: OwnersCommittee, share: float) -> None:
    """Let a share of the owners come to any vote, all units being alike, and most of them agree."""
    c, h = committee.compound, committee.world.households
    h.area[:] = 100.0
    # Far beyond what civic-mindedness can be, so that no draw decides who comes.
    h.civic[:] = np.where(np.arange(c.households) < round(share * c.households), 1e3, -1e3)
    h.trust_committee[:] = 0.9
    c.world.p_assembly["stays_away"] = 0.0


def in_state(
    state: State, capture: Capture = Capture.REPRESENTATIVE, **settings: Any
) -> OwnersCommittee:
    committee = compound(committee=WILLING | settings).committee
    committee.state, committee.capture = state, capture
    return committee


def test_owners_start_preparing_when_discontent_moves_them() -> None:
    """Catches an election that comes without any cause, or never."""
    committee = in_state(State.NONE)
    committee.decide(NEVER)
    assert committee.state == State.NONE
    committee.decide(chance(0.0))
    assert committee.state == State.PREPARING and committee.months_in_state == 0


def test_support_makes_a_start_likelier() -> None:
    """Catches care for committees that does nothing, and support that makes owners ask who would not."""
    for care, share in ((0.0, 0.25), (0.4, 0.55), (1.0, 1.0)):
        for luck, expected in ((0.99, State.PREPARING), (1.01, State.NONE)):
            committee = in_state(State.NONE, attempts=0.2, attempts_content=1.0, convenes=0.25)
            committee.compound.signals["committee_care"] = care
            committee.decide(chance(luck * share * 0.2))
            assert committee.state == expected


def test_nobody_asks_for_an_election_without_people_to_lead_it() -> None:
    """Catches elections begun by nobody, and a supply of candidates that is another at each try (人选难)."""
    lacking = in_state(State.NONE, candidates=6.0)
    lacking.leaders = 0.0
    lacking.decide(chance(0.0))
    assert lacking.lacks_candidates and lacking.state == State.NONE
    lacking.won_over = 9.0
    lacking.decide(chance(0.0))
    assert not lacking.lacks_candidates and lacking.state == State.PREPARING


def test_who_leads_is_there_for_years_and_not_everywhere() -> None:
    """Catches leaders drawn anew by the month, and compounds that are all alike."""
    district = {"compounds": 40, "communities": 4}
    m = NeighborhoodModel(
        load(None, months=2, district=district, population={"households": 30}), seed=1
    )
    before = m.committees["leaders"].copy()
    m.run()
    assert np.array_equal(m.committees["leaders"], before)
    assert before.min() < 0.3 and before.max() > 1.7 and abs(before.mean() - 1.0) < 0.3


@pytest.mark.parametrize(
    ("share", "expected"), [(0.9, State.ELECTED), (0.67, State.ELECTED), (0.6, State.NONE)]
)
def test_a_vote_needs_its_quorum(share: float, expected: State) -> None:
    """Catches an election without the two thirds of the Civil Code, and one that is never held."""
    committee = in_state(State.PREPARING)
    committee.leaders = 0.0
    let_vote(committee, share)
    trust = committee.model.households.trust_committee
    before = trust.mean()
    for _ in range(int(committee.p.preparing_months) - 1):
        committee.decide(chance(0.5, 0.5, 0.5))
        committee.compound.assembly.collect()
        assert committee.state == State.PREPARING, "not before the months of preparation"
    committee.decide(chance(0.5, 0.5, 0.5))
    assert committee.state == expected and committee.turnout == share
    failed = expected == State.NONE
    assert committee.failed_votes == failed
    assert (trust.mean() < before) == failed


def test_a_vote_needs_candidates() -> None:
    """Catches a committee of nobody: few are willing (seed 000)."""
    committee = in_state(State.PREPARING, candidates=0.1)
    committee.months_in_state = committee.p.preparing_months
    assembly = committee.compound.assembly
    assembly.ask(Matter.ELECT)
    assembly.months = assembly.p.collects
    let_vote(committee, 1.0)
    committee.decide(chance(0.5, 0.5, 0.5))
    assert committee.state == State.NONE and committee.failed_votes == 1


def test_a_failed_vote_discourages_for_some_months() -> None:
    """Catches owners who try again at once."""
    committee = in_state(State.NONE, discouraged_months=6)
    committee.failed_votes = 1
    for _ in range(5):
        committee.decide(chance(0.0))
        assert committee.state == State.NONE
    committee.decide(chance(0.0))
    assert committee.state == State.PREPARING


def test_an_elected_committee_works_once_it_is_registered() -> None:
    """Catches work before filing (备案难), and filing that never succeeds."""
    committee = in_state(State.ELECTED, registers=0.3)
    committee.decide(chance(0.4))
    assert committee.state == State.ELECTED and not committee.works
    committee.decide(chance(0.2))
    assert committee.state == State.WORKING and committee.works


@pytest.mark.parametrize(
    ("draw", "expected"),
    [(0.1, State.NOMINAL), (0.5, State.LOST_CONTACT), (0.99, State.WALKED_OFF)],
)
def test_an_unsupported_committee_idles_in_one_of_three_ways(draw: float, expected: State) -> None:
    """Catches an ending that cannot be reached."""
    committee = in_state(State.WORKING)
    committee.decide(chance(0.0, draw))
    assert committee.state == expected and not committee.works


@pytest.mark.parametrize(
    ("draw", "expected"),
    [(0.0, Capture.COLLUDING), (0.5, Capture.CONFRONTATIONAL), (0.99, Capture.SELF_SERVING)],
)
def test_an_unsupported_committee_is_captured_in_one_of_three_ways(
    draw: float, expected: Capture
) -> None:
    """Catches an interest that nobody can capture it for."""
    committee = in_state(State.WORKING)
    committee.compound.census["grievance"] = 0.3 * committee.compound.census["occupied"]
    committee.decide(chance(1.0, 1.0, 0.0, draw))
    assert committee.state == State.WORKING and committee.capture == expected
    assert not committee.works


def test_without_a_firm_that_skims_nobody_colludes() -> None:
    """Catches collusion with a firm that has nothing to offer."""
    committee = compound(committee=WILLING, firm={"skimming": 0.0}).committee
    committee.state = State.WORKING
    committee.decide(chance(1.0, 1.0, 0.0, 0.0))
    assert committee.capture in (Capture.CONFRONTATIONAL, Capture.SELF_SERVING)


def test_support_keeps_a_committee_at_work_and_revives_an_idle_one() -> None:
    """Catches supervision of committees without effect on drift, capture and idleness."""
    draws = chance(0.02, 0.5, 0.01)
    for care, state in ((0.0, State.LOST_CONTACT), (1.0, State.WORKING)):
        committee = in_state(State.WORKING)
        committee.compound.signals["committee_care"] = care
        committee.decide(draws)
        assert (committee.state, committee.capture) == (state, Capture.REPRESENTATIVE)
    for care, state in ((0.0, State.NOMINAL), (1.0, State.WORKING)):
        committee = in_state(State.NOMINAL)
        committee.compound.signals["committee_care"] = care
        committee.decide(chance(1.0, 1.0, 0.1))
        assert committee.state == state


@pytest.mark.parametrize(
    ("capture", "draw", "expected"),
    [
        (Capture.REPRESENTATIVE, 0.0, State.PREPARING),
        (Capture.SELF_SERVING, 0.99, State.PREPARING),
        (Capture.SELF_SERVING, 0.0, State.REFUSES_HANDOVER),
    ],
)
def test_a_term_ends_in_an_election_or_in_a_refusal(
    capture: Capture, draw: float, expected: State
) -> None:
    """Catches office for life, and an honest committee that will not go."""
    committee = in_state(State.WORKING, capture, term=12)
    for _ in range(11):
        committee.decide(chance(1.0, draw))
        assert committee.state == State.WORKING
    committee.decide(chance(1.0, draw))
    assert committee.state == expected
    if expected == State.REFUSES_HANDOVER:
        for _ in range(6):
            committee.decide(chance(1.0, 0.99))
        assert committee.state == State.PREPARING, "even a refusal ends"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("capture", Capture)
def test_only_a_working_representative_committee_supervises_in_full(
    state: State, capture: Capture
) -> None:
    """Catches supervision and hours from a committee that exists on paper or serves others."""
    committee = in_state(state, capture)
    committee.competence = 0.8
    s = committee.compound.signals
    hours, s["supervision"] = float(s["compound_hours"]), 0.0
    committee.offer()
    works = state == State.WORKING and capture == Capture.REPRESENTATIVE
    assert committee.works == works
    assert (float(s["supervision"]) >= 0.5) == works
    assert (float(s["compound_hours"]) > hours) == works
    assert 0.0 <= float(s["committee_image"]) <= 1.0


@pytest.mark.parametrize(
    ("votes", "passes"),
    [
        ((0.70, 0.70, 0.60, 0.60), True),
        ((2 / 3, 2 / 3, 0.51, 0.51), True),
        ((0.70, 0.60, 0.60, 0.60), False),
        ((0.60, 0.70, 0.60, 0.60), False),
        ((0.70, 0.70, 0.50, 0.60), False),
        ((0.70, 0.70, 0.60, 0.50), False),
    ],
)
def test_quorum_and_majority_count_both_owners_and_area(
    votes: tuple[float, float, float, float], passes: bool
) -> None:
    """Catches a vote carried by heads or by square metres alone, or by exactly half."""
    assert Ballot(*votes).passes(2 / 3, 0.5) == passes


def test_an_assembly_weighs_area_apart_from_heads() -> None:
    """Catches a turnout by area that is the turnout by heads."""
    m = model(participation={"vote_base": 3.5, "absentee": 5.0, "time_cost_working": 0.0})
    h, rows = m.households, m.compounds[0].rows
    h.area[h.tenure != 0] *= 50.0
    cast = m.compounds[0].assembly.ballot(np.full(rows.stop - rows.start, 0.7), 0.0)
    assert cast.turnout_units > 2 / 3 > cast.turnout_area > 0.0
    assert not cast.passes(2 / 3, 0.5), "flats of absent owners weigh"
    assert cast.agreed_units == pytest.approx(0.7, abs=0.1)


# --- cell, community, street ----------------------------------------------------------------------


def test_a_cell_with_hours_enough_does_its_tasks_in_full() -> None:
    """Catches dilution without need."""
    cell = compound().cell
    cell.ask("one", 0.4 * cell.hours)
    cell.ask("two", 0.6 * cell.hours)
    cell.settle()
    assert cell.fidelity == pytest.approx(1.0)
    assert [c.hours for c in cell.compound.costs] == pytest.approx(
        [0.4 * cell.hours, 0.6 * cell.hours]
    )


def test_a_cell_shares_too_few_hours_alike_and_all_its_tasks_suffer() -> None:
    """Catches hours from nowhere, and a favourite among the tasks."""
    cell = compound().cell
    s = cell.compound.signals
    s["meeting_share"], s["building_hours"], s["mediation"] = 0.8, 40.0, 0.4
    cell.ask("one", cell.hours)
    cell.ask("two", 3.0 * cell.hours)
    cell.settle()
    assert cell.fidelity == pytest.approx(0.25)
    values = [
        float(s[k]) for k in ("cell_fidelity", "meeting_share", "building_hours", "mediation")
    ]
    assert values == pytest.approx([0.25, 0.2, 10.0, 0.1])
    assert [c.hours / cell.hours for c in cell.compound.costs] == pytest.approx([0.25, 0.75])


def test_a_cell_without_members_has_no_hours_and_does_nothing_well() -> None:
    """Catches a division by zero, and tasks that do themselves."""
    cell = compound(population={"households": 300, "active_share": 0.0}).cell
    assert cell.hours == 0.0
    cell.settle()
    assert cell.fidelity == 1.0, "nothing asked, nothing missing"
    cell.ask("one", 5.0)
    cell.settle()
    assert cell.fidelity == 0.0 and not cell.compound.costs


def test_a_new_month_begins_without_tasks() -> None:
    """Catches tasks that pile up from month to month."""
    c = compound()
    c.cell.ask("one", 1e6)
    c.community.ask(c, "one", 1e6)
    c.cell.offer()
    c.community.offer()
    assert not c.cell.asked and not c.community.asked


def test_a_community_keeps_its_daily_duties_and_pays_measures_with_the_rest() -> None:
    """Catches measures that take all hours, and hours that are given twice."""
    c = compound(community={"daily_duties": 0.5})
    community = c.community
    found = float(c.signals["detect_grid"])
    community.ask(c, "one", 2.0 * community.hours)
    community.settle()
    assert community.fidelity == pytest.approx(0.25)
    given = sum(cost.hours for cost in c.costs)
    assert given == pytest.approx(0.5 * community.hours)
    assert float(c.signals["community_hours"]) == pytest.approx(community.hours - given)
    assert float(c.signals["detect_grid"]) == pytest.approx(0.5 * found), "who sits does not patrol"


def district() -> NeighborhoodModel:
    return model(district={"compounds": 3, "communities": 2, "streets": 1})


def test_compounds_of_a_community_share_one_budget_of_hours() -> None:
    """Catches a second compound that gets its own hours instead of a part."""
    m = district()
    for community in m.communities:
        community.settle()
    together = sum(float(s) for s in m.signals["community_hours"])
    assert together == pytest.approx(sum(c.hours for c in m.communities))
    assert len({id(c.community) for c in m.compounds}) == len(m.communities) == 2


def test_attention_follows_what_is_unsolved() -> None:
    """Catches a street that gives a quiet compound as much as a troubled one."""
    m = district()
    calm = m.signals["street_hours"].copy()
    assert calm == pytest.approx(np.full(3, calm.mean()))
    m.compounds[1].unsolved = 50
    for street in m.streets:
        street.offer()
    assert m.signals["street_hours"][1] > 2 * m.signals["street_hours"][0] > 0.0
    assert m.signals["street_hours"].sum() == pytest.approx(calm.sum())


# --- developer ------------------------------------------------------------------------------------


def test_a_legacy_fades_slowly_and_is_mended_only_under_pressure() -> None:
    """Catches a legacy that vanishes or grows by itself, and a developer who moves unasked."""
    for petitions, draw, mended in ((0.0, 0.0, False), (0.1, 0.9, False), (0.1, 0.0, True)):
        developer = compound(developer={"legacy": 0.8}).developer
        developer.compound.census["petitions"] = petitions * developer.compound.census["occupied"]
        developer.decide(chance(draw))
        left = 0.8 * (1.0 - developer.p.fades)
        if mended:
            left *= 1.0 - developer.p.remedy_share
        assert developer.legacy == pytest.approx(left)


@pytest.mark.parametrize(
    ("pays", "low", "high"), [(0.0, 0.0, 0.0), (0.6, 0.4, 0.7), (1.0, 0.75, 1.0)]
)
def test_fees_of_vacant_units_are_paid_as_the_developer_pays(
    pays: float, low: float, high: float
) -> None:
    """Catches vacant units that decide for themselves."""
    m = model(developer={"pays_vacant": pays},
              population={"households": 1000, "vacant_share": 0.5})  # fmt: skip
    for _ in range(12):
        m.step()
    vacant = (m.households.tenure == 2) & (m.households.bill_month == 1)
    assert vacant.sum() > 300
    assert low <= m.households.paid[vacant].mean() <= high


# --- mesa -----------------------------------------------------------------------------------------


def test_a_resident_reads_and_writes_its_row() -> None:
    """Catches a view that copies, or writes to the agent instead of the column."""
    m = model()
    resident = m.agents_by_type[Resident][7]
    assert (resident.row, resident.satisfaction) == (7, m.households.satisfaction[7])
    resident.satisfaction = 0.125
    assert m.households.satisfaction[7] == 0.125
    m.households.grievance[7] = 0.5
    assert resident.grievance == 0.5
    assert isinstance(resident.satisfaction, float) and isinstance(resident.stage, int)
    resident.note = "kept on the agent"
    assert resident.note == "kept on the agent"
    with pytest.raises(AttributeError):
        _ = resident.no_such_attribute


def test_residents_are_made_when_asked_for_and_once() -> None:
    """Catches a thousand agents made in vain, or twice."""
    m = model()
    kinds = {PropertyFirm, Company, OwnersCommittee, PartyCell, Community, Street, Developer}
    kinds |= {OwnersAssembly, OwnersFund}
    assert set(m.agents_by_type) == kinds
    residents = m.agents_by_type[Resident]
    assert len(residents) == len(m.households) == len(m.residents)
    assert [r.row for r in residents] == list(range(len(m.households)))
    assert len(m.agents_by_type[Resident]) == len(m.households)
    assert len({a.unique_id for a in m.agents}) == len(m.agents)
    for kind in kinds:
        assert len(m.agents_by_type[kind]) == 1


def test_asking_for_residents_changes_no_result() -> None:
    """Catches views that draw random numbers or touch columns."""
    plain, looked = (NeighborhoodModel(load(None, months=4), seed=2) for _ in range(2))
    assert len(looked.residents) > 0
    plain.run()
    looked.run()
    assert plain.recorder.values.tobytes() == looked.recorder.values.tobytes()


def test_mesas_own_tools_work_on_the_model_without_a_warning() -> None:
    """Catches use of what mesa drops, and names of mesa's that the model hides."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m = NeighborhoodModel(load(None, months=3, population={"households": 100}), seed=1)
        m.step()
        happy = m.agents_by_type[Resident].select(lambda r: r.satisfaction > 0.5)
        assert len(happy) == int(np.sum(m.households.satisfaction > 0.5))
        fees = m.agents_by_type[Resident].get("fee_fen")
        assert fees == m.households.fee_fen.tolist()
        m.agents_by_type[Resident].set("grievance", 0.25)
        assert np.all(m.households.grievance == 0.25)
        assert len(m.agents_by_type[Resident].agg("fee_fen", lambda x: [sum(x)])) == 1
        m.run_model()
    assert m.month == 3 and m.running is False


def test_keys_alone_make_a_model() -> None:
    """Catches a constructor that mesa's batch_run could not call."""
    m = NeighborhoodModel(scenario="kangqiao", policy="five_level_linkage", months=1, seed=3)
    assert m.config.scenario.name == "kangqiao" and m.streams.seed == 3
    assert m.recorder.values.shape[2] == len(INDICATORS)
