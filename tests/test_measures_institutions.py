"""Measures on cell, committee, firm, accounts and money: what each moves, what it leaves alone, what it costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from acts import ANY, act, begin

from sim.agents.cell import PartyCell
from sim.agents.committee import Capture, State
from sim.agents.community import Community
from sim.agents.compound import Compound
from sim.compose import load
from sim.measures import CATALOGUE, Measure
from sim.model import NeighborhoodModel
from sim.processes.assembly import Matter
from sim.world.signals import SIGNALS
from sim.world.tables import Households

SMALL: dict[str, Any] = {"population": {"households": 300}}
NAMES = (
    "party_organisation", "cross_appointment", "committee_party_share", "committee_training",
    "supervision_evaluation", "disclosure", "credit_file", "public_revenue", "special_funds",
    "property_entry", "moral_appeal", "cleaning_rounds", "parties_council",
)  # fmt: skip
AGENTS = ("firm", "committee", "cell", "developer", "community")


def compound(stage: State = State.NONE, **settings: Any) -> Compound:
    """A compound in month 1, after its institutions have offered what they stand for."""
    model = NeighborhoodModel(load(None, months=12, **(SMALL | settings)), seed=3)
    model.compounds[0].committee.state = stage
    model.compounds[0].committee.competence = 0.5
    return begin(model.compounds[0], 1)


def preparing() -> Compound:
    """A compound whose owners are voting on a committee."""
    c = compound(State.PREPARING)
    c.assembly.ask(Matter.ELECT)
    return c


def measure(name: str, **given: Any) -> Measure:
    kind = CATALOGUE[name]
    return kind(name, kind.Parameters(**({"ramp": 1} | given)))


def state(c: Compound) -> dict[str, Any]:
    """All that a measure could reach, copied, by name."""
    found: dict[str, Any] = {name: float(c.signals[name]) for name in SIGNALS}
    found |= {name: c.column(name).tobytes() for name in Households.columns}
    for agent in AGENTS:
        own = getattr(c, agent)
        # Told by what is asked; a turnout before the first vote is no number, and differs from itself.
        found |= {
            f"{agent}.{name}": repr(getattr(own, name)) for name in own.columns if name != "asked"
        }
    found["credit"] = c.firm.company.credit
    found["condition"], found["effort"] = c.condition.tobytes(), c.effort.tobytes()
    found["cell asked"], found["community asked"] = asked(c.cell), asked(c.community)
    found["costs"] = list(c.costs)
    return found


def asked(of: PartyCell | Community) -> list[float]:
    """Hours that each task asks of a cell or community this month."""
    tasks = of.world.cell_tasks if isinstance(of, PartyCell) else of.world.community_tasks
    hours = tasks.hours[of.first_task : of.first_task + of.asked].tolist()
    return [each for each in hours if each]


def moved(c: Compound, m: Measure, strength: float = 1.0) -> set[str]:
    before = state(c)
    act(m, c, strength)
    after = state(c)
    return {name for name in before if before[name] != after[name]}


def booked(c: Compound) -> dict[str, tuple[float, float]]:
    """Hours and yuan of the month by actor."""
    actors = {cost.actor for cost in c.costs}
    return {
        actor: (sum(x.hours for x in c.costs if x.actor == actor),
                sum(x.yuan for x in c.costs if x.actor == actor))
        for actor in actors
    }  # fmt: skip


def run(name: str | None, seed: int = 3, months: int = 12, given: Any = None, **settings: Any):
    policy = {"measures": {name: given or {}} if name else {}}
    model = NeighborhoodModel(
        load(None, months=months, policy=policy, **(SMALL | settings)), seed=seed
    )
    model.run()
    return model


EXPECTED: dict[str, tuple[Callable[[], Compound], dict[str, Any], set[str]]] = {
    "party_organisation": (compound, {}, {
        "cell_hours", "cell_recruits", "cell asked", "community asked"}),
    "cross_appointment": (lambda: compound(State.WORKING), {}, {
        "compound_hours", "committee_care", "committee_image", "cell asked"}),
    "committee_party_share": (preparing, {}, {
        "party_rule", "candidate_bar", "canvass_hours", "committee.won_over", "community asked",
        "cell asked"}),
    "committee_training": (lambda: compound(State.WORKING), {}, {
        "training", "compound_hours", "committee.competence", "costs"}),
    "supervision_evaluation": (lambda: compound(State.WORKING), {}, {
        "supervision", "committee_care", "revisit", "compound_hours", "cell asked"}),
    "disclosure": (compound, {"every": 1}, {
        "transparency", "published", "supervision", "revealed", "compound_hours", "community asked",
        "costs"}),
    "credit_file": (compound, {}, {"diligence_gain", "street_hours", "costs"}),
    "public_revenue": (compound, {}, {
        "price_ratio", "firm.skimming", "firm.grant_fen", "condition", "community asked", "costs"}),
    "special_funds": (compound, {}, {
        "firm.grant_fen", "condition", "diligence_gain", "community asked", "costs"}),
    "property_entry": (lambda: compound(firm={"present": False}), {}, {"community asked"}),
    "moral_appeal": (compound, {}, {"appeal", "dunning", "compound_hours", "costs"}),
    "cleaning_rounds": (compound, {}, {"cleaning_care", "cell asked"}),
    "parties_council": (lambda: compound(State.WORKING), {}, {
        "compound_hours", "revisit", "cell asked", "community asked", "costs"}),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_moves_its_own_mechanism_and_nothing_else(name: str) -> None:
    """Catches an effect without a mechanism, above all one on an outcome."""
    build, given, expected = EXPECTED[name]
    assert moved(build(), measure(name, **given)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_strength_scales_effect_and_cost(name: str) -> None:
    """Catches a dose that works without costing, or costs without working."""
    build, given, expected = EXPECTED[name]
    costs = []
    for strength in (0.25, 1.0):
        c = build()
        assert moved(c, measure(name, **given), strength) == expected
        hours = sum(asked(c.cell)) + sum(asked(c.community))
        costs.append(hours + sum(x.hours + x.yuan for x in c.costs))
    assert 0.0 < costs[0] < costs[1]


@pytest.mark.parametrize("name", NAMES)
def test_when_a_measure_ends_its_named_values_and_costs_end(name: str) -> None:
    """Catches an effect that outlives its measure other than in an institution."""
    build, given, _ = EXPECTED[name]
    m = measure(name, end=2, **given)
    c = build()
    before = {k: v for k, v in state(c).items() if k in SIGNALS}
    act(m, c, m.strength(1))
    assert m.strength(2) == 0.0
    begin(c, 2)
    stays = {"committee_image", "supervision", "compound_hours", "transparency"}
    stays = stays if c.committee.works else set()
    after = state(c)
    assert {k for k in before if before[k] != after[k]} <= stays
    assert not c.costs and not after["cell asked"] and not after["community asked"]


@pytest.mark.parametrize("name", NAMES)
def test_extreme_doses_and_parameters_stay_in_range(name: str) -> None:
    """Catches a prior whose end leaves the range of what it moves."""
    build, _, _ = EXPECTED[name]
    rows = list(CATALOGUE[name].Parameters.describe())
    own = set(CATALOGUE[name].Parameters.model_fields) - set(
        CATALOGUE["grievance_shock"].Parameters.model_fields
    )
    for end in ("low", "high"):
        given = {
            r.key: type(r.default)(getattr(r, end))
            for r in rows
            if r.key in own and getattr(r, end) is not None
        }
        c, m = build(), measure(name, dose=2.0, **given)
        for month in range(1, 7):
            act(m, begin(c, month), m.strength(month))
            s = c.signals
            for share in ("transparency", "published", "revealed", "dunning", "supervision",
                          "committee_care", "committee_image", "candidate_bar", "party_rule",
                          "cell_recruits"):  # fmt: skip
                assert 0.0 <= float(s[share]) <= 1.0, (share, end)
            for amount in ("compound_hours", "street_hours", "cell_hours", "price_ratio"):
                assert float(s[amount]) >= 0.0, (amount, end)
            assert float(s["revisit"]) >= -1.0
            assert 0.0 <= c.firm.skimming <= 1.0 and 0.0 <= c.committee.competence <= 1.0
            assert ((c.condition >= 0.0) & (c.condition <= 1.0)).all()
            assert isinstance(c.firm.grant_fen, int)


# --- organisation -------------------------------------------------------------------------------


def test_a_cell_that_organises_without_hours_lacks_them_for_its_tasks() -> None:
    """Catches groups that cost nothing: with few members they dilute everything else."""
    with_groups = run("party_organisation", given={"belonging": 0.0, "group_hours": 20.0}, months=2)
    assert with_groups.compounds[0].cell.fidelity < 0.5
    assert moved(compound(), measure("party_organisation", belonging=-0.3)) >= {"cell_hours"}


def test_visits_end_and_groups_stay() -> None:
    """Catches a campaign that never ends."""
    c, m = compound(), measure("party_organisation", visit_months=2)
    assert "cell_recruits" in moved(c, m)
    assert moved(begin(c, 3), m) == {"cell_hours", "cell asked"}


def test_visits_without_community_hours_find_nobody() -> None:
    """Catches visits that need nobody to make them."""
    c = compound()
    c.community.fidelity = 0.0
    assert "cell_recruits" not in moved(c, measure("party_organisation"))


def test_organisation_wins_members() -> None:
    """Catches a push of the wrong sign."""
    without, organised = run(None), run("party_organisation")
    members = [m.compounds[0].cell.members for m in (without, organised)]
    assert members[1] > 1.1 * members[0]


def test_the_secretary_in_the_chair_costs_time_and_an_independent_voice() -> None:
    """Catches cross-appointment without its price."""
    c = compound(State.WORKING)
    hours, image = float(c.signals["compound_hours"]), float(c.signals["committee_image"])
    act(measure("cross_appointment", coordination=0.0), c)
    lost = 0.15 * c.committee.p.hours * c.committee.competence
    assert float(c.signals["compound_hours"]) == pytest.approx(hours - lost)
    assert float(c.signals["committee_image"]) == pytest.approx(0.94 * image)


def test_where_there_is_nobody_to_join_nothing_is_joined() -> None:
    """Catches hours taken for an office that does not exist."""
    assert not moved(compound(firm={"present": False}), measure("cross_appointment"))
    only_firm = moved(compound(), measure("cross_appointment"))
    assert only_firm == {"compound_hours", "cell asked"}


def test_a_council_without_firm_and_committee_has_nobody_to_sit_with() -> None:
    """Catches a table at which the cell sits alone, and a chair that takes the whole gain."""
    assert not moved(compound(firm={"present": False}), measure("parties_council"))
    one, both = compound(), compound(State.WORKING)
    for c in (one, both):
        before = float(c.signals["compound_hours"])
        act(measure("parties_council", coordination=0.2, firm_hours=10.0), c)
        gain = 1.2 if c is both else 1.1
        assert float(c.signals["compound_hours"]) == pytest.approx((before - 10.0) * gain)
        assert booked(c)["firm"] == (10.0, 0.0)


def test_watched_cleaners_clean_more_and_nothing_else_is_served_better() -> None:
    """Catches care that spreads to lines nobody watches, and cleaning beyond what there are cleaners for."""
    c = compound(firm={"diligence": 0.5})
    c.firm.serve()
    before = c.effort.copy()
    act(measure("cleaning_rounds", care=0.6), c)
    c.firm.serve()
    expected = before.copy()
    expected[0] *= (0.5 + 0.5 * 0.6) / 0.5
    assert c.effort == pytest.approx(expected)
    assert expected[0] < c.firm.scope
    begin(c, 2)
    c.firm.serve()
    assert c.effort == pytest.approx(before)


@pytest.mark.parametrize(("firm_part", "hours"), [(0.5, 4.0), (0.75, 6.0), (0.0, 0.0)])
def test_the_firm_is_the_part_of_coordination_it_is_said_to_be(
    firm_part: float, hours: float
) -> None:
    """Catches a compound without a committee in which all is joined through the firm."""
    c = compound()
    act(measure("cross_appointment", firm_part=firm_part), c)
    assert sum(asked(c.cell)) == hours


def test_a_supported_committee_keeps_working_longer() -> None:
    """Catches support that does not reach the committee's own hazards."""
    weak = {"committee": {"state": "working", "idles": 0.1, "captured": 0.1}}

    def months_at_work(name: str | None, seed: int) -> int:
        policy = {"measures": {name: {"steadies": 1.0}} if name else {}}
        m = NeighborhoodModel(load(None, months=18, policy=policy, **(SMALL | weak)), seed=seed)
        worked = 0
        while m.month < 18:
            m.step()
            worked += m.compounds[0].committee.works
        return worked

    alone, joined = (
        sum(months_at_work(n, s) for s in range(4)) for n in (None, "cross_appointment")
    )
    assert joined > alone


# --- committee ----------------------------------------------------------------------------------


def elected(c: Compound) -> bool:
    """Hold an election, by a law that any vote is enough for."""
    c.committee._hold_election((0.5,) * 4)
    return c.committee.state == State.ELECTED


@pytest.mark.parametrize(("vetted", "passes"), [(0.0, True), (0.25, False)])
def test_vetting_raises_accountability_and_fails_elections_for_want_of_candidates(
    vetted: float, passes: bool
) -> None:
    """Catches a rule that costs no candidates."""
    c = compound(State.PREPARING)
    willing = (0.5 + c.mean("efficacy")) * c.households / 1000.0
    # As many people here lead as anywhere: how many there are differs from compound to compound.
    few = {"candidates": 3.3 / willing, "size_power": 1.0, "candidates_spread": 0.0}
    c = compound(State.PREPARING, committee=few | ANY)
    act(measure("committee_party_share", turned_away=vetted, talks=0.0), c)
    assert elected(c) is passes
    assert c.committee.party_share == (0.5 if passes else c.committee.p.party_share)


def test_the_rule_binds_only_committees_elected_under_it() -> None:
    """Catches a rule that reaches back to committees in office."""
    c = compound(State.WORKING)
    assert moved(c, measure("committee_party_share")) == {"party_rule", "candidate_bar"}


def test_a_rule_of_members_lowers_the_hazards_of_capture() -> None:
    """Catches a share that the committee's drift does not read."""
    kept = []
    for share in (0.24, 1.0):
        c = compound(State.WORKING, committee={"captured": 0.6, "idles": 0.0})
        c.committee.party_share = share
        c.committee._serve_term((0.45,) * 4)
        kept.append(c.committee.capture == Capture.REPRESENTATIVE)
    assert kept == [False, True]


def test_training_teaches_up_to_a_ceiling_and_takes_time() -> None:
    """Catches courses without end, or for a committee that knows it all, or for nobody."""
    c, m = compound(State.WORKING), measure("committee_training", learns=0.3)
    levels = []
    for month in range(1, 40):
        act(m, begin(c, month))
        levels.append(c.committee.competence)
    steps = np.diff(levels)
    assert (steps > 0).all() and steps[-1] < steps[0] and levels[-1] <= 0.7
    assert booked(c)["committee"][0] == pytest.approx(6.0) and booked(c)["public"][1] == 400.0
    c.committee.competence = 0.9
    act(m, begin(c, 41))
    assert c.committee.competence == 0.9
    assert moved(compound(), measure("committee_training")) == {"training"}


@pytest.mark.parametrize("gain", [-0.05, 0.0, 0.3])
def test_trained_candidates_make_a_committee_that_is_better_or_worse(gain: float) -> None:
    """Catches training that elections ignore."""
    c = compound(State.PREPARING, committee={"candidates": 50.0} | ANY)
    act(measure("committee_training", gain=gain), c)
    assert elected(c)
    assert c.committee.competence == pytest.approx(c.committee.p.competence + gain)


# --- supervision --------------------------------------------------------------------------------


def test_supervision_without_hours_is_a_formality_that_harms() -> None:
    """Catches oversight and surveys that work by decree."""
    c = compound(State.WORKING)
    c.cell.fidelity = 0.0
    watched, care = float(c.signals["supervision"]), float(c.signals["committee_care"])
    act(measure("supervision_evaluation"), c)
    assert float(c.signals["revisit"]) == pytest.approx(-0.3)
    assert float(c.signals["supervision"]) == watched
    assert float(c.signals["committee_care"]) == care


@pytest.mark.parametrize(
    ("formality", "fidelity", "trust"),
    [(0.5, 0.75, 0.15), (0.8, 1.0, 0.3), (0.8, 0.8, 0.0), (0.0, 0.5, 0.15), (0.5, 0.25, -0.15)],
)
def test_asking_residents_turns_into_a_formality_where_it_is_said_to(
    formality: float, fidelity: float, trust: float
) -> None:
    """Catches a turn at another share of the hours needed, or a full gain without all of them."""
    c = compound(State.WORKING)
    c.cell.fidelity = fidelity
    act(measure("supervision_evaluation", formality=formality), c)
    assert float(c.signals["revisit"]) == pytest.approx(trust)


def test_supervision_reaches_what_there_is() -> None:
    """Catches supervision of a firm or committee that does not exist."""
    nobody = compound(firm={"present": False})
    assert moved(nobody, measure("supervision_evaluation")) == {"revisit", "cell asked"}
    hours = []
    for committee in (State.NONE, State.WORKING):
        c = compound(committee)
        act(measure("supervision_evaluation"), c)
        hours.append(sum(asked(c.cell)))
    assert hours == [20.0, 32.0]


def test_supervision_makes_a_firm_skim_less() -> None:
    """Catches supervision that the firm does not feel."""
    assert run("supervision_evaluation").compounds[0].firm.skimming < (
        0.9 * run(None).compounds[0].firm.skimming
    )


def test_accounts_come_out_each_quarter_and_stay_known() -> None:
    """Catches accounts that speak every month, or are forgotten in between."""
    c, m = compound(), measure("disclosure")
    for month in range(1, 8):
        changed = moved(begin(c, month), m)
        known = {"transparency", "published", "supervision"} if month >= 3 else set()
        out = (
            {"revealed", "compound_hours", "community asked", "costs"} if month % 3 == 0 else set()
        )
        assert changed == known | out, month
    firm_hours = booked(begin(c, 8))
    assert not firm_hours


def test_accounts_of_a_firm_that_left_are_no_accounts_of_the_next() -> None:
    """Catches openness that a new firm inherits."""
    c, m = compound(), measure("disclosure", every=2)
    moved(begin(c, 2), m)
    c.firm.hand_over(0.8, 0.2, 0.3, owner_led=False)
    c.firm.founded = 2
    assert not moved(begin(c, 3), m)
    c.firm.leave()
    assert not moved(begin(c, 4), m)


@pytest.mark.parametrize("skimming", [0.0, 0.8])
def test_accounts_help_where_they_are_clean_and_hurt_where_they_are_not(skimming: float) -> None:
    """Catches disclosure that is good by definition."""
    firm = {"firm": {"skimming": skimming}}
    without = run(None, months=9, **firm)
    given = {"review": 0.0, "published": 0.0, "openness": 0.1, "checks": 1.0}
    disclosed = run("disclosure", months=9, given=given, **firm)
    trust = [m.compounds[0].mean("trust_firm") for m in (without, disclosed)]
    assert trust[1] > trust[0] if skimming == 0.0 else trust[1] < trust[0]


def test_reading_the_accounts_may_raise_doubts() -> None:
    """Catches a prior without its negative end."""
    c = compound()
    before = float(c.signals["transparency"])
    act(measure("disclosure", every=1, openness=-0.3), c)
    assert float(c.signals["transparency"]) == pytest.approx(0.7 * before)


@pytest.mark.parametrize(
    ("credit", "push"), [(0.6, 0.05), (0.4, 0.15), (0.2, 0.25)], ids=["green", "yellow", "red"]
)
def test_the_light_of_the_file_sets_the_push(credit: float, push: float) -> None:
    """Catches a file that nobody reads."""
    c = compound()
    c.firm.company.credit = credit
    act(measure("credit_file"), c)
    assert float(c.signals["diligence_gain"]) == pytest.approx(push)
    assert booked(c)["street"][0] == (1.0 if credit == 0.6 else 7.0)


def test_a_firm_that_gives_up_under_summons_cares_less() -> None:
    """Catches a threat that can only help."""
    c = compound()
    c.firm.company.credit = 0.2
    care = c.firm.care
    act(measure("credit_file", summoned=-0.2), c)
    assert c.firm.care < care


@pytest.mark.parametrize("successor", [True, False])
def test_a_firm_long_under_red_light_goes(successor: bool) -> None:
    """Catches exit without a limit, a cost, or with the successor judged by the old file."""
    c, m = (
        compound(population={"households": 300, "arrears_start": 5, "paid_start": 0.2}),
        measure("credit_file", red_months=3, grace=6, successor=successor),
    )
    c.firm.company.credit = 0.1
    gone = []
    for month in range(1, 13):
        changed = moved(begin(c, month), m)
        if "arrears_fen" in changed:
            gone.append(month)
            assert booked(c)["public"][1] == 20_000.0
            assert not c.column("arrears_fen").any(), "what was owed to it leaves with it"
    assert gone == [4]
    assert c.firm.present is successor


# --- money --------------------------------------------------------------------------------------


def test_grants_are_whole_fen_and_equal_what_is_booked() -> None:
    """Catches money from nowhere."""
    c = compound()
    act(measure("special_funds", to_firm=1.0, micro_yuan=0.0), c)
    assert isinstance(c.firm.grant_fen, int)
    assert c.firm.grant_fen == round(100 * booked(c)["public"][1]) == 100 * (300 * 4 + 1500)


def test_programmes_end_donors_tire_and_grants_make_dependent() -> None:
    """Catches money that lasts for ever and spoils nobody."""
    c, m = compound(), measure("special_funds", months=2)
    yuan = []
    for month in range(1, 5):
        act(m, begin(c, month))
        yuan.append(booked(c)["public"][1])
    assert yuan[1] < yuan[0] and yuan[2] < 0.8 * yuan[1] and yuan[3] < yuan[2]
    assert float(c.signals["diligence_gain"]) < 0.0


def test_pooled_revenue_ends_skimming_and_charges_residents() -> None:
    """Catches a pool that costs nobody, or that helps a clean firm by less skimming."""
    c, m = compound(), measure("public_revenue")
    for month in range(1, 13):
        act(m, begin(c, month))
    assert c.firm.skimming == pytest.approx(c.firm.p.skimming * 0.92**12)
    assert float(c.signals["price_ratio"]) == pytest.approx(1.02)
    clean = compound(firm={"skimming": 0.0})
    assert "firm.skimming" not in moved(clean, m)
    loses = compound()
    act(measure("public_revenue", gain=-0.1), loses)
    assert loses.firm.grant_fen < 0, "letting may cost more than it brings"


def test_without_a_firm_the_pool_is_a_fund_that_mends() -> None:
    """Catches money lost where nobody keeps books."""
    c, m = compound(firm={"present": False}), measure("public_revenue", spends=0.5)
    c.condition[:] = 0.2
    fund = 0
    for month in range(1, 4):
        changed = moved(begin(c, month), m)
        assert "condition" in changed and "firm.grant_fen" not in changed
        income = round(0.5 * c.firm.public_revenue_fen)
        fund = fund + income - round(0.5 * (fund + income))
        assert m.states[0].fund_fen == fund


def test_books_balance_under_measures_that_bring_money() -> None:
    """Catches a grant that the firm's books do not show."""
    policy = {"measures": {"public_revenue": {}, "special_funds": {}}}
    model = NeighborhoodModel(load(None, months=6, policy=policy, **SMALL), seed=2)
    firm = model.compounds[0].firm
    cash, granted = firm.opening_cash_fen, 0
    while model.month < 6:
        model.step()
        cash += sum(firm.last.values())
        granted += firm.last["grants"]
        assert firm.cash_fen == cash
    assert granted > 0


# --- a firm enters ------------------------------------------------------------------------------

# Nor is there a committee, which would let owners vote on a first firm of their own.
EMPTY: dict[str, Any] = {
    "firm": {"present": False, "enters": 0.0, "leaves": 0.0, "self_runs": 0.0},
    "committee": {"attempts": 0.0},
    "population": {"households": 300, "free_habit_start": 0.8, "paid_start": 0.0},
}


def test_a_pilot_prepares_then_enters_with_a_small_menu() -> None:
    """Catches entry without preparation, or full service at the cost of a small menu."""
    c = compound(**EMPTY)
    m = measure("property_entry", preparation=3)
    for month in (1, 2, 3):
        assert moved(begin(c, month), m) == {"community asked"}
    changed = moved(begin(c, 4), m)
    assert {"firm.provider", "firm.scope", "firm.full_cost_fen", "costs"} <= changed
    assert {n for n in changed if not n.startswith("firm.")} == {"costs", "community asked"}
    full = round(c.firm.p.full_cost * c.monthly_due_fen)
    assert c.firm.scope == 0.6 and c.firm.full_cost_fen == round(0.6 * full)
    c.firm.serve()
    assert c.effort.max() <= 0.6
    assert moved(begin(c, 5), m) == {"price_ratio", "dunning", "community asked", "costs"}
    c.firm.leave()
    # The next decision is six months off (retry), and others have their turn until it is prepared.
    for month in (6, 7, 8):
        assert not moved(begin(c, month), m), month
    assert moved(begin(c, 9), m) == {"community asked"}, "a pilot that failed is prepared anew"


def test_a_trial_is_paid_for_month_by_month() -> None:
    """Catches public money for a whole year's bill where half of some months' fee was let off."""
    given = {"preparation": 1, "trial": 4, "trial_price": 0.5, "special": 0.0, "special_yuan": 0.0}
    m = run("property_entry", months=16, given=given, **EMPTY)
    c, fees = m.compounds[0], m.households.fee_fen.sum() / 100
    paid = [row for row in m.recorder.costs if row["actor"] == "public"]
    by_month = {row["month"]: row["yuan"] for row in paid if row["month"] > 2}
    entered = c.firm.founded
    # Bills come a month after the firm, and each month's part is paid in the next.
    assert set(by_month) == set(range(entered + 2, entered + 6))
    assert 0.0 < max(by_month.values()) <= 0.5 * fees


def test_a_pilot_leaves_a_compound_with_a_firm_alone() -> None:
    """Catches a pilot that pushes out the firm that is there."""
    assert not moved(compound(), measure("property_entry", preparation=1))


def test_owners_used_to_free_service_may_vote_a_pilot_down() -> None:
    """Catches a vote that always passes."""
    entered = []
    for hours, habit in ((1000.0, 0.0), (1000.0, 1.0), (0.0, 0.0)):
        c = compound(firm={"present": False})
        c.column("free_habit")[:] = habit
        m = measure("property_entry", preparation=1, vote=True, canvass_hours=hours)
        act(m, begin(c, 1))
        c.assembly.collect()
        c.assembly.hours = 3.0 * c.signals.canvass_hours
        act(m, begin(c, 2))
        entered.append(c.firm.present)
    assert entered == [True, False, False]


def test_free_habit_falls_only_through_paying() -> None:
    """Catches a pilot that talks households out of their habit."""
    empty, pilot = (run(name, months=30, given={}, **EMPTY) for name in (None, "property_entry"))
    assert not empty.compounds[0].firm.present and pilot.compounds[0].firm.present
    habit = [m.households.free_habit for m in (empty, pilot)]
    assert habit[1].mean() < habit[0].mean()
    paying = pilot.households.habit
    resident = pilot.households.tenure != 2
    low, high = (habit[1][resident & mask].mean() for mask in (paying < 0.2, paying > 0.5))
    assert high < low
    assert pilot.households.arrears_fen.sum() > 0, "who does not pay now owes"


# --- appeals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("boost", [-0.3, 0.0, 0.3])
def test_appeals_move_payment_either_way(boost: float) -> None:
    """Catches an appeal that the payment rule does not read, or that can only help."""
    given = {"boost": boost, "fades": 0.0, "reminders": 0.0, "ramp": 1, "hours_each": 0.0}
    paid = [
        np.mean(
            [m.recorder.values[-6:, 0, 0].mean() for m in (run(n, s, 6, given) for s in range(3))]
        )
        for n in (None, "moral_appeal")
    ]
    assert np.sign(round(paid[1] - paid[0], 9)) == np.sign(boost)


def test_appeals_wear_off_and_reminders_do_not() -> None:
    """Catches a letter as strong the tenth time as the first."""
    c, m = compound(), measure("moral_appeal", boost=0.2)
    appeals, dunning = [], []
    for month in range(1, 4):
        act(m, begin(c, month))
        appeals.append(float(c.signals["appeal"]))
        dunning.append(float(c.signals["dunning"]))
    assert appeals == pytest.approx([0.2, 0.17, 0.1445])
    assert dunning == pytest.approx([0.7] * 3)


def test_where_nobody_asks_for_a_fee_nobody_reminds() -> None:
    """Catches letters without a sender."""
    assert not moved(compound(firm={"present": False}), measure("moral_appeal"))
