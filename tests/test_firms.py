"""Firms that can fail: budgets, staff, exits, and who serves after them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from acts import ANY, NO, act, begin
from worlds import do, world

from sim.agents.budget import BOOK, Provider
from sim.agents.firm import PropertyFirm
from sim.compose import load
from sim.experiments.books import books, tell_books
from sim.measures.catalogue import CATALOGUE
from sim.measures.operators import close_gap
from sim.model import NeighborhoodModel
from sim.month import MONTH
from sim.outcomes import INDICATORS
from sim.world.process import python
from sim.world.units import MONTHS_PER_YEAR

LARGE: dict[str, Any] = {
    "population": {"households": 400, "buildings": 5},
    "assembly": {"moves": 0.0, "interim_moves": 0.0, "community_calls": 0.0},
}
"""A compound whose owners neither dismiss nor choose a firm by themselves."""
LINES = ("cleaning", "facilities", "security", "greenery", "amenities")
NOBODY: dict[str, Any] = {"present": False, "enters": 0.0, "self_runs": 0.0}


def share_of_fees(share: float) -> Any:
    """A process that lets a share of what is due come in, whatever people paid."""

    def let_in(world: Any) -> None:
        census = world.census
        for c in range(world.number_of_compounds):
            firm = world.firms[c]
            due = firm.fee_level * world.compounds[c].monthly_due_fen
            census["received_fen"][c] = round(share * due) if firm.present else 0
            census["recovered_fen"][c] = 0

    return python(let_in)


class Fixed(NeighborhoodModel):
    """A model in which households' payments reach the firm as a set share of what is due."""

    share = 1.0

    @property
    def processes(self) -> Any:
        """The usual month, with what comes in written over what was paid."""
        return MONTH.after("take_census", share_of_fees(self.share))


class Nothing(Fixed):
    """Nobody pays."""

    share = 0.0


class Little(Fixed):
    """One in twenty pays."""

    share = 0.05


def live(kind: type[NeighborhoodModel], months: int, seed: int = 1, **settings: Any) -> Any:
    model = kind(load(None, months=months, **(LARGE | settings)), seed=seed)
    seen = []
    while model.month < months:
        model.step()
        firm = model.compounds[0].firm
        seen.append((firm.provider, firm.staff, firm.upkeep, firm.cash_fen))
    return model, seen


def serving(model: NeighborhoodModel) -> PropertyFirm:
    found: PropertyFirm = model.compounds[0].firm
    return found


# --- budget -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Nothing, Little])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_fees_staff_falls_to_the_least_and_the_firm_goes_within_two_years(
    kind: type[NeighborhoodModel], seed: int
) -> None:
    """Catches a firm that lives on nothing, or at 5% for years, whatever it saves."""
    model, seen = live(kind, 24, seed, firm={"emergency": 0.0, **NOBODY, "present": True})
    provider = [row[0] for row in seen]
    assert provider[0] == Provider.FIRM and provider[-1] == Provider.NONE
    last = provider.index(Provider.NONE) - 1
    least = serving(model).p.least_staff
    assert seen[last][1] == pytest.approx(least, abs=0.15)
    assert seen[last][2] == 0.0, "contracts went first"
    staff = [row[1] for row in seen[: last + 1]]
    assert all(a >= b for a, b in pairwise(staff))
    assert serving(model).changes == 1


@pytest.mark.parametrize("seed", [1, 2])
def test_with_all_fees_staff_is_full_and_nobody_goes_in_five_years(seed: int) -> None:
    """Catches firms that leave places that pay."""
    model, seen = live(Fixed, 60, seed)
    assert {row[0] for row in seen} == {Provider.FIRM}
    assert all(row[1] == row[2] == 1.0 for row in seen)
    assert serving(model).changes == 0 and serving(model).year_result_fen > 0


def test_a_lump_once_a_year_is_as_good_as_the_same_money_month_by_month() -> None:
    """Catches plans made by the last month: fees are billed for a year, and come when they come."""
    staff = []
    for lump in (False, True):
        firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
        due = firm.compound.monthly_due_fen
        firm.world.month = 1
        for month in range(1, 49):
            year_end = month % MONTHS_PER_YEAR == 0
            comes = 0.85 * due * (MONTHS_PER_YEAR * year_end if lump else 1)
            firm.compound.census["received_fen"] = round(comes)
            firm.compound.census["recovered_fen"] = 0
            firm.close_books((1.0,) * 4)
            firm.world.month += 1
        assert firm.present
        staff.append(firm.staff)
    assert staff[1] == pytest.approx(staff[0], abs=0.02)


def test_wages_come_first_then_energy_then_contracts() -> None:
    """Catches lifts kept up while wages are unpaid, and power cut while contracts are paid."""
    firm = serving(NeighborhoodModel(load(None, "firm.margin=0", months=1, **LARGE), seed=1))
    firm.cash_fen = firm.reserve_fen = 0
    enough = firm.overhead_fen + firm.wages_fen + firm.energy_fen + firm.contracts_fen
    found = []
    for income in (
        enough,
        enough - firm.contracts_fen,
        enough - firm.contracts_fen - firm.energy_fen,
    ):
        firm.receipts[:] = income
        firm._share_out()
        found.append((round(firm.power, 2), round(firm.upkeep, 2)))
    assert found == [(1.0, 1.0), (1.0, 0.0), (1.0, 0.0)], "energy is owed before it is cut"
    firm.cash_fen, firm.results[:] = -10 * firm.full_cost_fen, -1
    firm._share_out()
    assert (firm.power, firm.upkeep) == (pytest.approx(0.0, abs=0.01), 0.0)


def test_lifts_break_where_contracts_are_not_paid_and_cleaning_falls_with_staff() -> None:
    """Catches a chain from fees to lifts that is cut somewhere: fees, staff, contracts, condition."""
    model, _ = live(Little, 14, firm={"leaves": 0.0, "renewal_loss": 1.0})
    poor = model.world.compounds["condition"][0]
    rich = live(Fixed, 14)[0].world.compounds["condition"][0]
    assert (poor[:4] < rich[:4] - 0.1).all()
    c, firm = model.compounds[0], serving(model)
    firm.upkeep, firm.staff, firm.power = 0.0, 1.0, 1.0
    firm.serve()
    by_staff = c.effort[1] / c.effort[0]
    assert by_staff == pytest.approx(0.2 / 0.9), "staff alone keep up a fifth of facilities"
    firm.power = 0.0
    firm.serve()
    assert c.effort[1] == 0.0 < c.effort[0], "no power, no lift"


def test_a_dispute_at_handover_takes_income_and_no_care() -> None:
    """Catches an event that lowers service by decree."""
    c = NeighborhoodModel(load(None, months=1, **LARGE), seed=1).compounds[0]
    care, revenue, pays = c.firm.diligence, c.firm.public_revenue_fen, c.developer.pays_vacant
    kind = CATALOGUE["handover_dispute"]
    act(kind("handover_dispute", kind.Parameters(start=1, size=0.8)), c)
    assert c.firm.diligence == care
    assert c.firm.disputed == close_gap(0.0, 0.8)
    assert c.firm.public_revenue_fen == pytest.approx(0.2 * revenue, abs=1)
    assert c.developer.pays_vacant == pytest.approx((1.0 - 0.5 * 0.8) * pays)


RUN_DOWN: dict[str, Any] = {
    "population": {"households": 400, "buildings": 5, "paid_start": 0.0, "satisfaction_start": 0.1,
                   "grievance_start": 0.7, "habit_start": 0.0, "trust_start": 0.1},
    "firm": {"reserve_months": 0.0, "leaves": 0.0, "renewal_loss": 1.0, "overhead_least_yuan": 0.0},
    "service": {"start": dict.fromkeys(LINES, 0.15)},
}  # fmt: skip


def fed(world: Any) -> None:
    """The arrow from fees to the budget is cut: the firm gets what it reckoned with, whoever paid."""
    for c in range(world.number_of_compounds):
        firm, census = world.firms[c], world.census[c]
        reckoned = firm.p.reckons * world.compounds[c].monthly_due_fen
        firm.grant_fen += round(reckoned) - int(census.received_fen) - int(census.recovered_fen)


class Fed(NeighborhoodModel):
    """A model whose firms live on something else than fees."""

    processes = MONTH.before("firms.close_books", python(fed))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_down_place_is_locked_by_the_arrow_from_fees_to_budget_alone(seed: int) -> None:
    """Catches a lock of something else: with that one arrow cut, the same place comes back."""
    name = list(INDICATORS).index("collection_rate")
    rates = []
    for kind in (NeighborhoodModel, Fed):
        # Bills come once a year, so coming back takes years.
        model = kind(load(None, months=96, **RUN_DOWN), seed=seed)
        model.run()
        rates.append(float(np.nanmean(model.recorder.values[-24:, 0, name])))
    assert rates[0] < 0.25 < rates[1] - 0.2


# --- exits ------------------------------------------------------------------------------------------


def test_contracts_end_in_december() -> None:
    """Catches firms that do not renew in any month: 31 December bunches."""
    gone = []
    for seed in range(1, 9):
        model = Little(
            load(
                None, months=36, **LARGE, firm={"leaves": 0.0, "emergency": 0.0} | {"enters": 0.0}
            ),
            seed=seed,
        )
        while model.month < 36:
            before = serving(model).exits_contract
            model.step()
            gone += [model.month] * (serving(model).exits_contract - before)
    assert len(gone) >= 8 and {month % MONTHS_PER_YEAR for month in gone} == {0}
    assert len(set(gone)) > 1, "of different years"


def test_a_small_menu_begins_with_the_cash_it_takes() -> None:
    """Catches a firm of a small menu that brings the reserve of a full one."""
    firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
    full = firm.full_cost_fen
    firm.hand_over(0.8, 0.5, 0.0, False, 0.6)
    assert firm.full_cost_fen == pytest.approx(0.6 * full, abs=1)
    assert firm.opening_cash_fen == round(firm.p.reserve_months * firm.full_cost_fen)


def test_grants_are_for_the_compound_and_costs_for_the_firm_that_has_them() -> None:
    """Catches public money that a change of firm swallows, and a successor that pays for others' suits."""
    for granted, left in ((70_000, 70_000), (-70_000, 0)):
        firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
        firm.grant_fen = granted
        firm.hand_over(0.8, 0.5, 0.0, False)
        assert firm.grant_fen == left


def test_a_dispute_at_handover_ends_with_the_contract_it_was_about() -> None:
    """Catches a dispute that a firm which knows what it takes over inherits for ever."""
    firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
    firm.disputed = 0.8
    firm.hand_over(0.8, 0.5, 0.0, False)
    assert firm.disputed == 0.0


def test_a_dismissed_firm_is_counted_and_gone() -> None:
    """Catches owners' decision that changes nothing, or counts where nobody served."""
    firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
    firm.dismiss()
    assert (firm.present, firm.provider, firm.exits_dismissed) == (False, Provider.NONE, 1)
    firm.dismiss()
    assert firm.changes == 1


def test_the_street_pays_for_an_emergency_firm_for_a_time() -> None:
    """Catches a stop-gap that is free, for ever, or as good as a firm."""
    settings = {"emergency": 1.0, "enters": 0.0, "self_runs": 0.0, "emergency_months": 6}
    model, seen = live(Nothing, 40, firm=settings)
    provider = [row[0] for row in seen]
    assert provider.count(Provider.EMERGENCY) == 6
    firm, costs = serving(model), [row for row in model.recorder.costs]
    costs = [row for row in costs if row["measure"] != "owners_vote"]
    paid = {(row["measure"], row["actor"]) for row in costs}
    assert paid == {("emergency_firm", "street")}
    assert sum(row["yuan"] for row in costs) == 400 * firm.p.emergency_yuan
    assert sum(row["hours"] for row in costs) > 0
    assert provider[-1] == Provider.NONE


def test_a_small_place_finds_no_firm_unless_many_share_one() -> None:
    """Catches a fixed part that is as small as the compound, and sharing that spares nothing."""
    small = {"population": {"households": 60, "buildings": 2, "price_fen_per_m2": 60}}
    firm = serving(NeighborhoodModel(load(None, months=1, **small), seed=1))
    assert firm.prospect == 0.0
    alone = firm.overhead_fen
    firm.share_firm(0.8, 0.5, 0.6)
    firm.sharing = 20
    assert firm.overhead_fen < alone / 10


# --- after the firm ---------------------------------------------------------------------------------


def self_run(months: int, seed: int = 1, **more: Any) -> Any:
    firm = NOBODY | {"self_runs": 1.0, "self_run_size": 5000.0} | more
    return live(NeighborhoodModel, months, seed, firm=firm)


def test_self_run_lives_on_a_low_fee_and_tires() -> None:
    """Catches volunteers who never tire, and a fee that is the firm's."""
    model, seen = self_run(80, renews=0.0)
    provider = [row[0] for row in seen]
    assert Provider.SELF_RUN in provider and serving(model).exits_tired >= 1
    first = provider.index(Provider.SELF_RUN)
    length = provider[first:].index(Provider.NONE)
    assert 36 <= length <= 60, "a quarter of their energy is left after 45 months"
    model, _ = self_run(12, renews=0.0)
    h, firm = model.households, serving(model)
    asked = np.floor(0.3 * h.fee_fen + 0.5).astype(int)
    assert int(model.world.census["due_fen"][0]) == asked.sum()
    assert firm.overhead_fen == 0 and 0.6 < firm.volunteers < 1.0
    assert firm.diligence == firm.volunteers, "care tires with them"
    hours = [row for row in model.recorder.costs if row["measure"] == "self_run"]
    assert hours and {row["actor"] for row in hours} == {"residents"}


def test_fresh_volunteers_keep_self_run_alive() -> None:
    """Catches a term that always ends the same way."""
    model, seen = self_run(96, renews=1.0, tires=0.05)
    tired, _ = self_run(96, renews=0.0, tires=0.05)
    assert serving(model).exits_tired < serving(tired).exits_tired
    assert seen[-1][0] == Provider.SELF_RUN


@pytest.mark.parametrize(
    ("households", "energy", "push"),
    [(100, 1.0, 2.5), (100, 0.4, 1.0), (400, 1.0, 1.25), (100, 0.0, 0.0)],
    ids=["fresh", "tired", "many", "a firm"],
)
def test_few_neighbours_who_run_their_place_and_are_not_tired_see_who_pays(
    households: int, energy: float, push: float
) -> None:
    """Catches a push that grows with size, outlives the volunteers, or works for a firm."""
    willing = {}
    for run_by in (0.0, energy):
        w = world(households, firm={"self_run_size": 200.0}, fees={"common_purse": 2.5})
        w.firms["volunteers"][:] = run_by
        do(w, "would_pay")
        willing[run_by] = np.log(w.households.willing / (1.0 - w.households.willing))
    np.testing.assert_allclose(willing[energy] - willing[0.0], push, atol=1e-9)


def test_a_firm_asks_for_the_usual_fee_again_after_self_run() -> None:
    """Catches a compound that keeps the volunteers' fee for ever."""
    model, _ = self_run(6, renews=1.0)
    serving(model).hand_over(0.8, 0.5, 0.0, False)
    assert model.compounds[0].asked_price == 1.0 and not model.households.arrears_fen.any()


POLICIES: dict[str, Any] = {
    "trust": ({"trust_property": {"preparation": 1, "canvass_hours": 400.0}}, {}),
    "shared": ({"shared_property": {"preparation": 1}}, NOBODY),
    "self-run": ({}, NOBODY | {"self_runs": 1.0, "self_run_size": 5000.0, "tires": 0.1}),
    "emergency": ({}, {"emergency": 1.0, "enters": 0.5, "full_cost": 1.4, "loss_patience": 1}),
    "nobody": ({}, NOBODY),
}
LIVED = {"trust": Provider.TRUST, "shared": Provider.FIRM, "self-run": Provider.SELF_RUN,
         "emergency": Provider.EMERGENCY, "nobody": Provider.NONE}  # fmt: skip


@pytest.mark.parametrize("case", POLICIES)
def test_money_balances_to_the_fen_whoever_serves(case: str) -> None:
    """Catches money lost when one kind of provider follows another, or booked where nobody serves."""
    measures, firm = POLICIES[case]
    config = load(None, months=60, **LARGE, policy={"name": "x", "measures": measures}, firm=firm)
    model = NeighborhoodModel(config, seed=1)
    h, one, seen = model.households, serving(model), set()
    cash, wiped = one.cash_fen, 0
    while model.month < 60:
        owed, founded, served = int(h.arrears_fen.sum()), one.founded, one.present
        open_bills, comes = h.bill_fen.copy(), h.bill_months == 0
        model.step()
        written_off, wiped = model.written_off_fen - wiped, model.written_off_fen
        if one.founded == founded and one.present and served:
            left = 12 - ((model.month - 1) % 12 - (h.bill_month - 1)) % 12
            fee = np.floor(h.fee_fen * model.compounds[0].asked_price + 0.5).astype(int)
            billed = int(np.where(comes, left * fee, 0).sum() + open_bills.sum())
            paid = int(h.credited_fen.sum() + h.recovered_fen.sum())
            assert int(h.arrears_fen.sum() + h.bill_fen.sum()) == owed + billed - paid
            assert written_off == 0
        if one.founded != founded:
            cash = one.opening_cash_fen
        cash += sum(one.last.values())
        if one.present:
            assert one.cash_fen == cash
        if not served and not one.present:
            assert not any(one.last.values()), "nobody serves, nothing is booked"
        seen.add(Provider(one.provider))
    assert LIVED[case] in seen, "the case shows what it is for"


def test_an_open_account_has_no_skimming_profit_or_credit_and_keeps_what_is_left() -> None:
    """Catches a trust-type firm that is a lump-sum firm by another name."""
    firm = serving(NeighborhoodModel(load(None, months=1, **LARGE), seed=1))
    firm.world.month = 1
    firm.entrust(0.85)
    assert (firm.transparency, firm.skimming, firm.cash_fen) == (1.0, 0.0, 0)
    assert firm.exits_dismissed == 1 and firm.contracted
    due = firm.compound.monthly_due_fen
    for _ in range(24):
        firm.compound.census["received_fen"] = due
        firm.close_books((1.0,) * 4)
        firm.world.month += 1
        assert firm.last["profit_paid"] == 0
    assert firm.last["overhead"] == -round(firm.p.trust_pay * firm.full_cost_fen)
    left = firm.cash_fen
    firm.end_contract()
    # What was paid for months to come is given back first.
    assert firm.owners_fen == left - firm.returned_fen > 0
    left = firm.owners_fen
    firm.entrust(0.85)
    assert firm.opening_cash_fen == left and firm.owners_fen == 0


def test_the_books_of_a_run_can_be_read() -> None:
    """Catches a chain that can only be guessed at: staff, result and changes are indicators."""
    model, _ = live(Little, 24, firm={"emergency": 0.0, "enters": 0.0})
    values = {n: model.recorder.values[:, 0, k] for k, n in enumerate(INDICATORS)}
    served = values["firm_present"] > 0
    assert np.nanmin(values["firm_staff"]) < 0.5 and values["firm_changes"][-1] == 1
    assert np.nanmin(values["firm_result_yuan"]) < 0
    assert np.isnan(values["firm_staff"][~served]).all() and not served[-1]
    assert set(values["firm_provider"]) == {0.0, 1.0}


def test_books_are_told_month_by_month() -> None:
    """Catches a table that does not add up, or a month that is left out."""
    config = load("kangqiao", policy="none", months=6)
    rows = books(config)
    assert rows["month"].tolist() == list(range(-47, 7))
    served = rows["who"] == Provider.FIRM
    moved = rows["cash"].diff()[served & served.shift(fill_value=False)]
    assert np.allclose(moved, rows[list(BOOK)].sum(axis=1)[moved.index])
    for language in ("en", "zh"):
        assert len(tell_books(rows, language).splitlines()) == 1 + len(rows)


def test_a_shared_firm_comes_where_nobody_serves_and_the_public_pays_its_start() -> None:
    """Catches a firm that comes at once, for nothing, or pushes out the one that is there."""
    model = NeighborhoodModel(load(None, months=1, **LARGE, firm=NOBODY), seed=1)
    c, kind = model.compounds[0], CATALOGUE["shared_property"]
    measure = kind("shared_property", kind.Parameters(preparation=1, ramp=1))
    act(measure, begin(c, 1))
    assert not c.firm.present and [cost.actor for cost in c.costs] == ["street"]
    act(measure, begin(c, 2))
    assert c.firm.provider == Provider.FIRM and c.firm.scope == 0.6 and c.firm.sharing == 1
    (paid,) = [cost.yuan for cost in c.costs if cost.actor == "public"]
    assert paid == 400 * 80.0 and c.firm.grant_fen == round(100 * paid)
    act(measure, begin(c, 3))
    assert c.signals["dunning"] == 0.0 and not c.costs, "serve first, charge later"


def test_owners_decide_on_an_open_account() -> None:
    """Catches an account opened without a vote, or against one."""
    for law, provider in ((ANY, Provider.TRUST), (NO, Provider.FIRM)):
        model = NeighborhoodModel(load(None, months=1, **LARGE, committee=law), seed=1)
        c, kind = model.compounds[0], CATALOGUE["trust_property"]
        measure = kind("trust_property", kind.Parameters(preparation=1, ramp=1))
        act(measure, begin(c, 1))
        assert c.firm.provider == Provider.FIRM
        c.assembly.collect()
        act(measure, begin(c, 2))
        assert c.firm.provider == provider
        public = [cost for cost in c.costs if cost.actor == "public"]
        assert bool(public) == (provider == Provider.TRUST)
