"""Owners decide: votes of all owners, what they need and who brings them about, committees, common money."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from acts import act, begin

from sim.agents.committee import Capture, State
from sim.agents.compound import Compound
from sim.compose import load
from sim.measures import CATALOGUE
from sim.model import NeighborhoodModel
from sim.processes.assembly import Ballot, Matter, passes, special

NEVER, ALWAYS = (1.0,) * 4, (0.0,) * 4
ALL = {"quorum": 0.0, "majority": 0.0}
"""A law under which any vote passes in which somebody agrees."""


def compound(households: int = 300, **settings: Any) -> Compound:
    """A compound in month 1 whose institutions have offered what they stand for."""
    people = {"households": households} | settings.pop("population", {})
    config = load(None, months=12, population=people, **settings)
    c = NeighborhoodModel(config, seed=2).compounds[0]
    c.world.p_assembly["app_reaches"] = 0.0
    return begin(c, 1)


def working(capture: Capture = Capture.REPRESENTATIVE, **settings: Any) -> Compound:
    c = compound(**settings)
    c.committee.state, c.committee.capture, c.committee.competence = State.WORKING, capture, 1.0
    return begin(c, 1)


def cast(c: Compound, agrees: float, visits: float = 0.0) -> Ballot:
    """Let owners vote who all agree with one chance, after so many visits at each door."""
    hours = visits * c.households * c.assembly.p.visit_hours
    ballot: Ballot = c.assembly.ballot(np.full(c.households, agrees), hours)
    return ballot


def settle(c: Compound, matter: Matter) -> None:
    """Put a matter on the agenda, and count it."""
    a = c.assembly
    a.matter, a.on_agenda, a.months, a.rests = int(matter), True, int(a.p.collects), 0
    a.decide(NEVER)


# --- votes ----------------------------------------------------------------------------------------


def test_few_come_by_themselves_and_all_who_are_fetched() -> None:
    """Catches a quorum that is met without anybody's work, or never."""
    c = compound()
    c.world.p_assembly["visit_brings_absent"] = 0.35
    turnouts = [cast(c, 1.0, visits).turnout_units for visits in (0, 1, 3, 100)]
    assert turnouts == sorted(turnouts)
    assert 0.15 < turnouts[0] < 0.5 < 2 / 3 < turnouts[2] < turnouts[3] == 1.0
    assert not cast(c, 1.0).passes(2 / 3, 0.5) and cast(c, 1.0, 100).passes(2 / 3, 0.5)


def test_nobody_who_trusts_makes_no_quorum() -> None:
    """Catches a vote that passes where nobody believes in it."""
    c = compound(committee={"agrees": 0.0, "agrees_trust": 1.0}, assembly={"stays_away": 1.0})
    c.column("trust_committee")[:] = 0.0
    ballot = c.assembly.ballot(c.assembly.appeal(Matter.ELECT), 1e6)
    assert ballot.turnout_units == 0.0 and not ballot.passes(2 / 3, 0.5)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_opponents_who_stay_away_fail_a_vote_on_its_quorum(share: float) -> None:
    """Catches staying away that makes no difference (K026)."""
    c = compound(assembly={"stays_away": share, "visit_brings_absent": 1.0})
    ballot = cast(c, 0.0, 100)
    assert ballot.turnout_units == pytest.approx(1.0 - share, abs=0.08)
    assert ballot.agreed_units == 0.0


def test_nobody_stays_away_where_the_others_make_the_quorum_alone() -> None:
    """Catches opponents who leave a vote to those in favour for nothing."""
    c = compound(assembly={"stays_away": 1.0, "visit_brings_absent": 1.0})
    assert cast(c, 0.8, 100).turnout_units == 1.0
    assert cast(c, 0.6, 100).turnout_units < 0.9


def test_special_matters_need_three_quarters() -> None:
    """Catches a fund that is as hard to use as to raise: art. 278 items 5 to 8."""
    assert [m for m in Matter if special(m)] == [Matter.RAISE_FUND, Matter.LET_COMMON]
    ballot = Ballot(0.8, 0.8, 0.7, 0.7)
    assert passes(ballot, 2 / 3, 0.5) and not passes(ballot, 2 / 3, 0.75)


def test_an_app_helps_owners_who_live_elsewhere() -> None:
    """Catches a channel that changes nothing."""
    c = compound(population={"tenant_share": 0.9})
    without = cast(c, 1.0).turnout_units
    c.world.p_assembly["app_reaches"], c.world.p_participation["digital_saves"] = 1.0, 0.0
    c.signals.digital = 1.0
    assert cast(c, 1.0).turnout_units > without


def test_one_vote_is_collected_at_a_time_and_none_for_nobody() -> None:
    """Catches two votes with the same canvassers' hours, and one that blocks all others though nobody wants it."""
    c = compound()
    a = c.assembly
    a.ask(Matter.ELECT)
    assert a.matter == Matter.ELECT and not a.gathered(Matter.CHOOSE_FIRM, 9)
    c.signals.canvass_hours = 7.0
    a.collect()
    assert (a.months, a.hours) == (1, 7.0) and a.own_hours == a.volunteers * a.p.volunteer_hours
    a.ask(Matter.ELECT)
    a.decide(NEVER)
    assert a.matter == Matter.ELECT and a.months == 2
    a.ask(Matter.CHOOSE_FIRM)
    a.decide(NEVER)
    assert a.matter == Matter.CHOOSE_FIRM and a.hours == 0.0, (
        "nobody asks for the election any more"
    )
    a.decide(NEVER)
    assert a.matter == Matter.NONE and not a.waits.any()


def test_what_has_waited_longest_comes_next() -> None:
    """Catches a tender that is tried again before an election that waits has its turn."""
    c = compound(committee=ALL)
    a = c.assembly
    for _ in range(4):
        ready = a.gathered(Matter.CHOOSE_FIRM, 4)
        a.ask(Matter.ELECT)
        a.decide(NEVER)
    assert ready and a.matter == Matter.CHOOSE_FIRM and a.waits[Matter.ELECT] == 4
    assert a.gathered(Matter.CHOOSE_FIRM, 4)
    a.count(Matter.CHOOSE_FIRM, a.appeal(Matter.CHOOSE_FIRM))
    a.ask(Matter.CHOOSE_FIRM)
    assert a.matter == Matter.NONE, "it goes to the end"
    a.ask(Matter.ELECT)
    assert a.matter == Matter.ELECT and not a.gathered(Matter.ELECT, 9)


def test_a_matter_that_fails_hides_no_other() -> None:
    """Catches an agenda whose first matter is put up again and again, and others never."""
    c = working(
        committee={"majority": 1.0}, assembly={"moves": 1.0, "rests": 0}, fund={"idle_months": 0.0}
    )
    a, seen = c.assembly, []
    c.condition[1], c.fund.pool_fen, c.fund.pool_in_fen = 0.3, 10**9, 10**9
    for _ in range(20):
        a.decide(ALWAYS)
        seen.append(a.matter)
    assert {Matter.USE_FUND, Matter.LET_COMMON, Matter.USE_REVENUE} <= set(seen)


def test_hours_for_a_vote_are_somebodys() -> None:
    """Catches canvassers whose hours nobody gives."""
    c = working()
    c.assembly.ask(Matter.ELECT)
    before = len(c.costs)
    c.assembly.collect()
    booked = [(cost.actor, cost.measure, cost.hours) for cost in c.costs[before:]]
    own = c.assembly.volunteers * c.assembly.p.volunteer_hours
    hours = c.assembly.p.committee_hours * c.committee.competence
    assert booked == [("residents", "owners_vote", own), ("committee", "owners_vote", hours)]
    assert c.assembly.own_hours == own + hours


def test_a_small_compound_has_fewer_volunteers_but_more_for_each_door() -> None:
    """Catches candidates and canvassers in proportion to households (K057, K061, K072, K088)."""
    small, large = compound(100), compound(1000)
    assert small.assembly.volunteers < large.assembly.volunteers
    assert small.assembly.volunteers / 100 > 2 * large.assembly.volunteers / 1000
    small.committee.leaders = large.committee.leaders = 1.0
    willing = [c.committee._willing() for c in (small, large)]
    assert willing[0] > 0.3 * willing[1]


# --- what owners decide ---------------------------------------------------------------------------


def test_distrust_for_months_leads_to_a_dismissal_and_then_to_a_choice() -> None:
    """Catches a working committee that cannot dismiss the firm, and one that dismisses a good one."""
    c = working(committee=ALL, assembly={"patience": 3, "moves": 1.0}, fund={"lets": 0.0})
    a, h = c.assembly, c.world.households
    c.census.trust_firm = 0.2 * c.census.occupied
    for _ in range(3):
        assert c.firm.present and a.matter == Matter.NONE
        a.decide(ALWAYS)
    assert a.matter == Matter.DISMISS_FIRM
    for _ in range(int(a.p.collects)):
        a.decide(ALWAYS)
    assert not c.firm.present and a.dismissals == 1 and h.arrears_fen.sum() == 0
    for _ in range(int(a.p.collects) + 1):
        a.decide(ALWAYS)
    assert c.firm.present and c.firm.diligence > c.firm.usual_diligence
    assert h.trust_firm[c.first : c.last].min() >= a.p.goodwill


def test_a_trusted_firm_stays() -> None:
    """Catches a dismissal without cause."""
    c = working(committee=ALL)
    c.census.trust_firm = 0.6 * c.census.occupied
    for _ in range(24):
        c.assembly.decide(ALWAYS)
    assert c.firm.present and c.assembly.dismissals == 0


def test_without_a_committee_only_the_community_calls_and_seldom() -> None:
    """Catches owners who meet though nobody calls them."""
    c = compound()
    c.census.grievance = c.census.occupied
    assert c.assembly._calls() == pytest.approx(c.assembly.p.community_calls)
    c.committee.set_up_interim()
    begin(c, 2)
    assert c.assembly._calls() == pytest.approx(c.assembly.p.interim_moves)


def test_a_higher_fee_is_asked_of_all_and_expected_of_those_who_agreed() -> None:
    """Catches consent that pays by itself (K007), and a fee that is not in whole fen."""
    c = working(committee=ALL, assembly={"price_step": 0.1})
    due, cost, paid = c.monthly_due_fen, c.firm.full_cost_fen, c.column("paid").copy()
    settle(c, Matter.RAISE_PRICE)
    assert c.monthly_due_fen == c.column("fee_fen").sum() == due, (
        "the first price, from which all are told"
    )
    assert c.asked_price == c.price == pytest.approx(1.1)
    assert c.assembly.agreed > 0.0
    c.firm.set_menu(1.0)
    assert c.firm.full_cost_fen == pytest.approx(cost, rel=1e-3)
    assert np.array_equal(c.column("paid"), paid)
    assert begin(c, 2).signals.price_ratio == 1.0, "it is felt once, with the bill"


def test_the_fund_mends_what_is_due_and_no_more() -> None:
    """Catches a repair for nothing, and money spent on what is in order."""
    c = working(committee=ALL)
    c.condition[1] = 0.3
    due, before = c.fund.repair_cost_fen, c.fund.fund_fen
    assert 0 < due < before
    settle(c, Matter.USE_FUND)
    assert c.condition[1] == pytest.approx(c.fund.p.repair_to, abs=1e-6)
    assert c.fund.out_fen == due == before - c.fund.fund_fen
    settle(c, Matter.USE_FUND)
    assert c.fund.out_fen == due


def test_owners_top_up_a_fund_that_cannot_pay_as_they_pay_bills() -> None:
    """Catches money that consent brings by itself, and a repair that nobody paid for."""
    for willing, came in ((1.0, True), (0.0, False)):
        c = working(committee=ALL, fund={"yuan_per_m2": 0.1}, assembly={"special": 0.0})
        c.condition[1], c.column("willing")[:], c.signals.developer_pays = 0.3, willing, willing
        fund, lacks = c.fund, c.fund.repair_cost_fen - c.fund.fund_fen
        assert fund.repair_due and lacks > 0
        assert a_due(c) == {Matter.RAISE_FUND, Matter.LET_COMMON}
        settle(c, Matter.RAISE_FUND)
        assert (fund.topped_up_fen > 0) == came and fund.out_fen <= fund.opening_fen + fund.in_fen
        assert fund.topped_up_fen == pytest.approx(lacks * came, abs=c.households)
        assert (c.condition[1] == pytest.approx(fund.p.repair_to, abs=1e-3)) == came


def test_common_parts_are_let_once_owners_agree() -> None:
    """Catches revenue that needs no vote, and a matter that is put up again and again."""
    c = working(committee=ALL, assembly={"special": 0.0}, fund={"lets": 0.2})
    revenue = c.firm.public_revenue_fen
    settle(c, Matter.LET_COMMON)
    assert c.firm.public_revenue_fen == pytest.approx(1.2 * revenue, abs=1)
    assert Matter.LET_COMMON not in a_due(c)


def a_due(c: Compound) -> set[Matter]:
    """Matters that call for a vote."""
    return {matter for matter in Matter if matter and c.assembly._is_due(matter)}


# --- committees and interim committees ------------------------------------------------------------


def test_without_candidates_there_is_no_committee() -> None:
    """Catches a committee of nobody, however many come to the vote."""
    c = compound(committee={"candidates": 0.0} | ALL)
    c.committee.state = State.PREPARING
    c.committee._hold_election((0.5,) * 4)
    assert c.committee.state == State.NONE
    c.committee.state, c.committee.won_over = State.PREPARING, 9.0
    c.committee._hold_election((0.5,) * 4)
    assert c.committee.state == State.ELECTED and c.committee.won_over == 0.0


def drive(**settings: Any) -> Any:
    kind = CATALOGUE["committee_drive"]
    return kind("committee_drive", kind.Parameters(ramp=1, **settings))


def test_a_drive_sets_up_an_interim_committee_for_a_term() -> None:
    """Catches an interim committee without a drive, for ever, or as good as an elected one."""
    c = compound(committee={"attempts": 0.0, "interim_term": 5})
    for month in range(1, 5):
        begin(c, month)
        c.committee.decide(NEVER)
    assert c.committee.state == State.NONE
    act(drive(interim=1.0), begin(c, 5))
    assert c.committee.state == State.INTERIM
    s = begin(c, 6).signals
    assert c.committee.interim == 1.0 and s.supervision == c.committee.p.interim_supervision
    known = c.committee.p.interim_known
    assert s.committee_image == pytest.approx((1 - known) * 0.45 + known * 0.5)
    for _ in range(6):
        c.committee.decide(NEVER)
    assert c.committee.state == State.NONE and not c.committee.stands_in


def test_a_drive_finds_people_to_lead_and_sets_up_a_committee_whatever_is_under_way() -> None:
    """Catches a drive that waits for elections, and one that brings none where nobody would lead."""
    c = compound(committee={"candidates": 0.1})
    assert c.committee.lacks_candidates
    act(drive(interim=0.0), c)
    assert c.committee.won_over == pytest.approx(4.0 * 0.53)
    c = compound()
    c.committee.state = State.PREPARING
    act(drive(interim=1.0), c)
    assert c.committee.stands_in and c.committee.state == State.PREPARING


def test_interim_committees_of_street_and_measure_are_one() -> None:
    """Catches hours of a body that is counted twice."""
    c = compound()
    c.committee.set_up_interim()
    alone = begin(c, 2).signals.compound_hours
    of_street = c.committee.interim_gives
    kind = CATALOGUE["interim_committee"]
    for label in ("a", "b"):
        act(kind(label, kind.Parameters(ramp=1, issue_hours=30.0)), c)
    assert of_street == c.committee.p.interim_hours < 30.0
    assert c.signals.compound_hours == pytest.approx(alone - of_street + 30.0)


def test_a_drive_costs_the_streets_hours_and_works_only_as_far_as_they_go() -> None:
    """Catches committees by decree."""
    c = compound(community={"street_hours": 0.0})
    act(drive(interim=1.0), c)
    assert c.committee.state == State.NONE and c.signals.committee_care == 0.0
    c = compound(community={"street_hours": 400.0})
    before = c.signals.street_hours
    act(drive(), c)
    assert before - c.signals.street_hours == 12.0
    assert [(cost.actor, cost.hours) for cost in c.costs] == [("street", 12.0)]


def formed(policy: str) -> float:
    district = {"compounds": 12, "communities": 3, "streets": 1, "size_spread": 0.4}
    c = load(None, policy=policy, months=12, district=district, population={"households": 200})
    m = NeighborhoodModel(c, seed=5)
    m.run()
    return float(np.mean([k.formed or k.stands_in for k in m.world.committees]))


def test_with_the_drive_off_few_committees_come_and_with_it_most() -> None:
    """Catches a rate of formation that does not hang on the street's appraisal (K077, D091, K097, K101)."""
    assert formed("none") < 0.35 < 0.5 < formed("committee_drive")


def test_a_working_committee_supervises_and_discloses() -> None:
    """Catches a committee that owners elect for nothing (K071)."""
    none, c = compound(), working(committee={"discloses": 0.5})
    assert c.signals.supervision == 1.0 > none.signals.supervision
    closed = 1.0 - none.signals.transparency
    assert c.signals.transparency == pytest.approx(1.0 - 0.5 * closed)


# --- captured committees and common money ---------------------------------------------------------


def month_of_money(capture: Capture) -> Compound:
    c = working(capture, fund={"takes": 0.5, "colludes": 0.1}, firm={"skimming": 0.2})
    c.fund.pool_fen = c.fund.pool_in_fen = 1000
    c.fund.close_month()
    return c


def test_kinds_of_capture_differ_by_money_and_acts() -> None:
    """Catches captures that are names only (hostile reading 7)."""
    honest, colluding, serving, angry = (
        month_of_money(capture)
        for capture in (
            Capture.REPRESENTATIVE, Capture.COLLUDING, Capture.SELF_SERVING, Capture.CONFRONTATIONAL,
        )
    )  # fmt: skip
    taken = [c.fund.taken_fen for c in (honest, colluding, serving, angry)]
    assert taken == [0, 500, 500, 0]
    skimmed = [c.firm.skimming for c in (honest, colluding, serving, angry)]
    assert skimmed == pytest.approx([0.2, 0.28, 0.2, 0.2])
    before = [c.column("grievance").mean() for c in (honest, angry)]
    for c in (honest, angry):
        c.committee.decide(NEVER)
    after = [c.column("grievance").mean() for c in (honest, angry)]
    assert after[0] == before[0] and after[1] > before[1]


def test_a_committee_claims_revenue_to_the_fen() -> None:
    """Catches public revenue that is booked twice, or by nobody."""
    c = working(fund={"claims": 0.5}, firm={"skimming": 0.25})
    revenue = c.firm.public_revenue_fen
    c.firm.serve()
    c.firm.close_books(NEVER)
    opened = revenue - round(0.25 * revenue)
    assert c.fund.pool_fen == round(0.5 * opened) > 0
    assert c.firm.public_revenue + c.fund.pool_fen == opened


def test_a_dividend_is_alike_for_all_and_what_is_left_stays() -> None:
    """Catches a fen that is lost in sharing out."""
    c = working(committee=ALL)
    c.fund.pool_fen = c.fund.pool_in_fen = 1_000_001
    settle(c, Matter.USE_REVENUE)
    assert c.fund.dividends_fen == 1_000_001 // 300 * 300
    assert c.fund.pool_fen == 1_000_001 - c.fund.dividends_fen


def test_residents_put_money_together_only_where_no_fund_pays() -> None:
    """Catches gifts though the fund would pay, without a meeting, or that mend nothing (seed 000)."""
    given = []
    for yuan, meets in ((0.0, True), (0.0, False), (60.0, True)):
        c = compound(fund={"yuan_per_m2": yuan})
        b, here = c.world.buildings, c.buildings
        c.condition[1] = 0.2
        b.meeting[here], b.open[here] = meets, 1.0
        c.column("attended")[:], c.column("civic")[:] = 1, 1.0
        c.fund.close_month()
        given.append(c.fund.gifts_fen)
        assert (c.condition[1] > 0.2) == (c.fund.gifts_fen > 0)
    assert given[0] > 0 and given[0] % 10_000 == 0 and given[1:] == [0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_common_money_balances_to_the_fen_under_random_policies(seed: int) -> None:
    """Catches money that appears or vanishes, and a fund below 0."""
    rng = np.random.default_rng(seed)
    names = sorted(name for name, m in CATALOGUE.items() if m.kind == "measure")
    policy = [str(name) for name in rng.choice(names, 5, replace=False)]
    district = {"compounds": 5, "communities": 2, "size_spread": 0.5}
    chances = {"attempts": 0.6, "candidates": 40.0, "captured": 0.2, "state": "working"}
    easy = {"visit_brings": 0.9, "moves": 1.0, "rests": 0, "patience": 2, "distrusted": 0.6}
    c = load(None, policy=policy, months=36, district=district, committee=chances, assembly=easy,
             population={"households": 120}, service={"start": {"facilities": 0.3}})  # fmt: skip
    m = NeighborhoodModel(c, seed=seed)
    spent = 0
    while m.month < c.months:
        m.step()
        for f in m.world.funds:
            assert f.fund_fen == f.opening_fen + f.in_fen - f.out_fen >= 0
            out = f.taken_fen + f.repairs_fen + f.dividends_fen
            assert f.pool_fen == f.pool_in_fen - out >= 0
            spent += out + f.out_fen
        for of in m.compounds:
            assert of.monthly_due_fen == of.column("fee_fen").sum()
    assert spent > 0
