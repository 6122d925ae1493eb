"""Bills: when they come and fall due, when they are paid, what becomes of debts, and how rates are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from worlds import do, world

from sim.compose import load
from sim.errors import InputError
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

SURE = {
    "base_conditional": 6.0, "base_unconditional": 6.0, "base_free_rider": 4.0, "norm_conditional": 0.0,
    "norm_others": 0.0, "service": 0.0, "trust": 0.0, "grievance": 0.0, "company": 0.0, "strike": 0.0, "habit": 0.0,
    "dunning": 0.0, "burden": 0.0, "free_habit": 0.0, "price": 0.0,
}  # fmt: skip
NEVER = SURE | {"base_conditional": -6.0, "base_unconditional": -6.0, "base_free_rider": -8.0}
CALM = {"turnover": False, "conflict": False}


def lived(
    months: int, scenario: str = "ordinary_estate", seed: int = 1, **groups: Any
) -> NeighborhoodModel:
    """A run of a small estate."""
    people = {"households": 300, "buildings": 4} | groups.pop("population", {})
    model = NeighborhoodModel(load(scenario, population=people, months=months, **groups), seed=seed)
    model.run()
    return model


def series(model: NeighborhoodModel, name: str) -> dict[int, float]:
    """An indicator by month."""
    values = model.recorder.values[:, 0, list(INDICATORS).index(name)]
    return dict(zip(model.recorder.months.tolist(), values.tolist(), strict=True))


def test_a_year_begins_low_has_a_still_february_and_a_hump_at_its_end() -> None:
    """Anchors of cases/README.md: 20% by February, 40 to 50 in June, the rest late in the year."""
    rates = [series(lived(24, seed=seed), "collection_to_date") for seed in range(1, 6)]
    by_month = {m: float(np.mean([r[m] for r in rates])) for m in range(1, 25)}
    gains = [by_month[m] - by_month.get(m - 1, 0.0) if m % 12 != 1 else by_month[m] for m in by_month]  # fmt: skip
    for year in (0, 12):
        of_year = gains[year : year + 12]
        assert of_year[1] < 0.6 * np.mean(of_year[2:10])
        assert min(of_year[10:]) > 1.3 * np.mean(of_year[7:10])
        assert 0.1 < by_month[year + 2] < 0.3
        assert 0.3 < by_month[year + 6] < 0.6


@pytest.mark.parametrize("period", [1, 3, 6, 12])
def test_who_is_sure_to_pay_and_is_called_pays_all(period: int) -> None:
    """Whatever the calendar, nothing is lost or paid twice."""
    bills = {"period": period, "last_call": 1.0, "reminded": 0.0, "ahead": 0.0}
    model = lived(24, fees=SURE, bills=bills, mechanisms=CALM, developer={"pays_vacant": 1.0})
    assert series(model, "collection_rate")[24] > 0.985
    h = model.households
    billed = np.where(h.bill_month == 1, 36, 36 + (1 - h.bill_month) % period) * h.fee_fen
    # Every December each unit whose period ends then has paid all it was billed for, or owes it.
    assert h.arrears_fen.sum() < 0.02 * billed.sum()
    assert (h.unpaid[h.arrears_fen == 0] == 0).all()


def test_who_never_pays_owes_every_month() -> None:
    """Debts have an age: a year on, twelve months more."""
    model = lived(24, fees=NEVER, bills={"own_date": 0.0}, mechanisms=CALM, developer={"pays_vacant": 0.0},
                  firm={"leaves": 0.0, "renewal_loss": 1.0, "public_revenue_yuan": 200.0},
                  population={"paid_start": 1.0, "vacant_share": 0.0})  # fmt: skip
    h = model.households
    refused = h.arrears_months == 36
    assert refused.mean() > 0.98
    assert (h.arrears_fen[refused] == 36 * h.fee_fen[refused]).all()
    assert series(model, "collection_rate")[24] < 0.02


def test_money_received_is_money_off_the_bills() -> None:
    """To the fen: what was billed is paid, paid ahead, owed or still open."""
    model = lived(24, mechanisms=CALM, bills={"discount": 0.0, "own_date": 0.0})
    before = lived(1, mechanisms=CALM, bills={"discount": 0.0, "own_date": 0.0})
    h, b, cash = model.households, before.households, 0.0
    assert (h.bill_fen == 0).all()
    cash = series(model, "collection_all_money")
    due = model.world.compounds[0].monthly_due_fen
    received = sum(12 * due * cash[m] for m in (12, 24))
    opening = b.arrears_fen.sum()
    # January's receipts are in ``before`` already; its debts paid back lie between the two.
    january = 12 * due * series(before, "collection_all_money")[1]
    ahead = 12 * h.fee_fen[h.ahead == 1].sum()
    began_ahead = 12 * b.fee_fen.sum() - b.bill_fen.sum() - (january - b.recovered_fen.sum())
    billed = 24 * due - began_ahead
    owed = h.arrears_fen.sum() - opening - b.recovered_fen.sum()
    assert received == pytest.approx(billed - owed + ahead, abs=1.0)


def test_a_refused_bill_stays_refused_until_something_changes() -> None:
    """A flat monthly chance would bring everybody in; one reluctance a bill does not."""
    fees = SURE | {"base_conditional": 0.0, "base_unconditional": 0.0, "base_free_rider": 0.0}
    always = {
        "period": 12,
        "at_once": 1.0,
        "later": 1.0,
        "year_end": 1.0,
        "last_call": 1.0,
        "own_date": 0.0,
    }
    model = lived(12, fees=fees, bills=always, mechanisms=CALM, population={"paid_start": 1.0})
    assert series(model, "collection_to_date")[12] == pytest.approx(0.5, abs=0.08)


def test_debts_of_years_come_in_at_once_when_what_held_them_back_is_gone() -> None:
    """Jump, not drift (K001, K040): the same households, willing from one month to the next."""
    w = world(40, arrears_fen=36_000, arrears_months=36, held_back=0.6, unpaid=4095, billed=12, fee_fen=1000,
              bills={"pays_back": 1.0, "instalment": 120, "later": 1.0, "at_once": 1.0})  # fmt: skip

    w.month = 5
    w.households.willing[:] = 0.5
    w.signals[0].firm_present = 1.0
    do(w, "pay")
    assert (w.households.recovered_fen == 0).all()
    w.month = 6
    w.households.willing[:] = 0.7
    do(w, "pay")
    assert (w.households.arrears_fen == 0).all()
    assert (w.households.recovered_fen == 36_000).all()
    assert (w.households.unpaid == 0).all()


def test_part_of_a_debt_is_its_oldest_months() -> None:
    """What is left are the latest months, so the last year's rate does not rise before they are paid."""

    w = world(40, arrears_fen=18_000, arrears_months=18, held_back=0.0, unpaid=4095, billed=12, fee_fen=1000,
              bills={"pays_back": 1.0, "instalment": 12, "later": 1.0, "at_once": 1.0})  # fmt: skip
    w.month = 5
    w.households.willing[:] = 1.0
    w.signals[0].firm_present = 1.0
    do(w, "pay")
    assert (w.households.arrears_months == 6).all()
    assert (w.households.arrears_fen == 6_000).all()
    assert (w.households.unpaid == 0b111111).all()


def test_rates_are_counted_as_their_names_say() -> None:
    """By money and by households, from the households' own columns."""
    model = lived(24)
    h = model.households
    unpaid = np.array([int(mask).bit_count() for mask in h.unpaid])
    by_money = 1.0 - (unpaid * h.fee_fen).sum() / (h.billed * h.fee_fen).sum()
    assert series(model, "collection_rate")[24] == pytest.approx(by_money, rel=1e-12)
    by_households = (h.unpaid == 0)[h.billed > 0].mean()
    assert series(model, "collection_households")[24] == pytest.approx(by_households, rel=1e-12)


@pytest.mark.parametrize("month", range(1, 13))
def test_the_calendar_follows_the_first_month(month: int) -> None:
    """A run may begin in any month of the year."""
    model = lived(
        1, scenario="new_estate", **{"scenario.first_month": month}, bills={"own_date": 0.0}
    )
    h = model.households
    # In December the bill has fallen due.
    assert (h.bill_months == (12 if month < 12 else 0)).all()
    assert (h.bill_over == month % 12).all()


def test_a_dear_fee_is_paid_less_and_a_cheap_one_hardly_more() -> None:
    """Price acts, and a cut does not restore (K053); good service excuses a high fee."""

    def rate(fen: int, **more: Any) -> float:
        people = {"price_fen_per_m2": fen} | more
        return float(np.nanmean([
            series(lived(24, seed=seed, population=people), "collection_rate")[24] for seed in range(1, 5)
        ]))  # fmt: skip

    usual, dear, cheap = rate(150), rate(300), rate(75)
    assert dear < usual - 0.08
    assert abs(cheap - usual) < 0.5 * (usual - dear)


def test_norm_and_habit_count_from_the_first_bill_on() -> None:
    """Who was never asked for a fee has no norm; one fact is not counted three times."""

    w = world(10, asked=np.array([0, 0, 0, 1, 1]), norm=np.array([0, 1, 0.5, 0, 1]), satisfaction=0.5,
              trust_firm=0.5, habit=0.5)  # fmt: skip
    w.signals[0].price_ratio = 1.0
    do(w, "would_pay")
    chance = w.households.willing[:5]
    assert chance[0] == chance[1] == chance[2]
    assert chance[3] < chance[2] < chance[4]


def test_newcomers_see_what_they_meet() -> None:
    """In a run-down place they are as dissatisfied as the others within months: moving in is no cure."""
    worn = {
        "start": {
            line: 0.1 for line in ("cleaning", "facilities", "security", "greenery", "amenities")
        }
    }
    model = lived(
        24, firm={"present": False, "enters": 0.0}, service=worn, turnover={"tenant_moves": 0.2}
    )
    h = model.households
    let = (h.tenure == 1) & (h.lived_here >= 3) & (h.lived_here < 12)
    stayed = (h.tenure == 0) & (h.lived_here > 30)
    assert let.sum() > 10
    assert h.satisfaction[let].mean() == pytest.approx(h.satisfaction[stayed].mean(), abs=0.1)


def test_a_firm_that_goes_takes_its_open_bills_with_it() -> None:
    """Nobody is billed without a firm, and a new firm begins with a bill for the rest of the year."""
    model = lived(5, bills={"own_date": 0.0})
    compound = model.world.compounds[0]
    compound.firm.leave()
    assert (model.households.bill_fen == 0).all()
    model.step()
    assert (model.households.billed == 0).all()
    assert np.isnan(series(model, "collection_rate")[6])


def begun(**groups: Any) -> NeighborhoodModel:
    """A small estate before its first month."""
    people = {"households": 300, "buildings": 4} | groups.pop("population", {})
    return NeighborhoodModel(
        load("ordinary_estate", population=people, months=36, **groups), seed=1
    )


@pytest.mark.parametrize("period", [3, 12])
def test_bills_are_in_their_phase_at_the_start(period: int) -> None:
    """Catches a first year in which units of an own date are billed for more than twelve months."""
    model = begun(mechanisms=CALM, bills={"own_date": 1.0, "period": period, "ahead": 0.0})
    h, billed = model.households, np.zeros(300, np.int64)
    over = (12 - h.bill_month) % period + 1
    assert np.array_equal(h.bill_over, np.where(over < period, over, 0))
    assert np.array_equal(h.bill_months, np.where(over < period, period, 0))
    # Who is behind has refused, and of the others some have not got round to it yet.
    going = h.bill_months > 0
    assert (h.bill_fen[going & (h.paid == 0)] > 0).all()
    assert 0.05 < (h.bill_fen[going & (h.paid == 1)] == 0).mean() < 0.95
    for _ in range(12):
        comes = h.bill_months == 0
        model.step()
        billed += np.where(comes, period * h.bill_fee_fen, 0)
    assert np.array_equal(billed, 12 * h.fee_fen)


def test_a_raised_price_is_due_from_the_next_bill_on() -> None:
    """Catches fees due at a price that no bill has asked yet."""
    model = begun(mechanisms=CALM)
    model.step()
    compound, h = model.world.compounds[0], model.households
    before = compound.census.due_fen
    compound.raise_fees(0.1)
    model.step()
    dear = (h.bill_months > 0) & (h.bill_over == 1)
    asked = np.where(dear, np.floor(1.1 * h.fee_fen + 0.5), h.fee_fen)
    assert 0 < dear.sum() < 100 and compound.census.due_fen == asked.sum() > before
    for _ in range(11):
        model.step()
    assert compound.census.due_fen == np.floor(1.1 * h.fee_fen + 0.5).sum()


def test_a_bill_from_a_firm_in_mid_period_is_a_new_one() -> None:
    """Catches households that treat a bill just come as one that has lain there for months."""
    chances = {"at_once": 1.0, "later": 0.0, "own_date": 0.0}
    model = begun(mechanisms=CALM, fees=SURE, bills=chances, firm={"present": False, "enters": 0.0})
    for _ in range(5):
        model.step()
    model.compounds[0].firm.hand_over(0.8, 0.5, 0.0, False)
    model.step()
    h = model.households
    assert (h.bill_months == 7).all() and (h.bill_fen[h.tenure != 2] == 0).mean() > 0.98


@pytest.mark.parametrize("cash", [0, 10**9])
def test_a_successor_serves_who_has_paid_and_bills_the_others(cash: int) -> None:
    """Catches fees for the same months paid twice, and months served by the first firm that nobody owes it."""
    model = begun(mechanisms=CALM, bills={"own_date": 0.5})
    for _ in range(5):
        model.step()
    compound, h = model.compounds[0], model.households
    firm, owed, billed = compound.firm, int(h.arrears_fen.sum()), h.billed.copy()
    paid, over = (h.bill_fen == 0) & (h.bill_months > 0), h.bill_over.copy()
    served_unpaid = int((over * h.bill_fee_fen)[h.bill_fen > 0].sum())
    to_come = int(((h.bill_months - over) * h.bill_fee_fen)[paid].sum())
    firm.cash_fen = cash
    firm.hand_over(0.8, 0.5, 0.0, False)
    assert 0 < served_unpaid == model.written_off_fen - owed
    assert firm.handed_fen == min(cash, to_come)
    assert np.array_equal(h.billed, np.minimum(billed + over, 12))
    assert (h.bill_fen == 0).all() and np.array_equal(h.bill_months > 0, paid)
    settled = int(h.bill_months[paid][0])
    model.step()
    assert (h.bill_fen[paid] == 0).all() and (h.received_fen[paid & (h.bill_over != 0)] == 0).all()
    assert h.bill_months[paid][0] == settled, "nothing is billed twice"
    assert firm.last["handed_over"] == min(cash, to_come)
    assert firm.cash_fen == firm.opening_cash_fen + sum(firm.last.values())


@pytest.mark.parametrize("cash", [0, 10**9])
def test_who_leaves_gives_back_what_was_paid_ahead_as_far_as_there_is_cash(cash: int) -> None:
    """Catches payments ahead, in December too, that vanish without a trace."""
    model = begun(mechanisms=CALM, bills={"ahead": 1.0})
    for _ in range(12):
        model.step()
    compound, h = model.compounds[0], model.households
    price = 12 * h.fee_fen
    ahead = int(np.floor(0.92 * price).astype(int)[h.ahead == 1].sum())
    going = (h.bill_fen == 0) & (h.bill_months > 0)
    to_come = int(((h.bill_months - h.bill_over) * h.bill_fee_fen)[going].sum())
    assert ahead > 0 and to_come > 0
    compound.firm.cash_fen = cash
    compound.firm.end_contract()
    assert compound.firm.returned_fen + compound.firm.lost_fen == ahead + to_come
    assert compound.firm.returned_fen == min(cash, ahead + to_come)
    assert not h.ahead.any() and not h.bill_months.any()


@pytest.mark.parametrize("period", [0, 2, 5, 13])
def test_a_period_that_does_not_divide_the_year_is_refused(period: int) -> None:
    """One line that says what is allowed."""
    with pytest.raises(InputError, match=r"bills.period"):
        load("ordinary_estate", bills={"period": period})


def test_suits_bring_debts_in_and_cost_trust() -> None:
    """Nine of ten suits end with payment (D074); what is owed falls, trust of the sued falls, and it is booked."""
    owing = {
        "population": {"paid_start": 0.5, "arrears_start": 24},
        "turnover": {"owner_moves": 0.0},
    }
    suits = {"policy": {"measures": {"fee_suits": {"suits": 20.0, "start": 1}}}}
    without, sued = lived(6, **owing), lived(6, **owing, **suits)
    old = [float((m.households.arrears_months >= 12).mean()) for m in (without, sued)]
    assert old[1] < 0.75 * old[0]
    cash = [series(m, "collection_all_money")[6] for m in (without, sued)]
    assert cash[1] > cash[0] + 0.2
    assert series(sued, "trust_firm")[6] < series(without, "trust_firm")[6]
    costs = [c for c in sued.recorder.costs if c["measure"] == "fee_suits"]
    assert costs and all(c["actor"] == "firm" for c in costs)
    assert sum(c["yuan"] for c in costs) > 0


def test_suits_without_debts_do_nothing() -> None:
    """Nobody is written to who owes nothing long enough."""
    paid = {"population": {"paid_start": 1.0}, "fees": SURE, "mechanisms": CALM,
            "developer": {"pays_vacant": 1.0}, "bills": {"last_call": 1.0, "reminded": 0.0}}  # fmt: skip
    measure = {"policy": {"measures": {"fee_suits": {"start": 1, "overdue": 24}}}}
    model = lived(6, **paid, **measure)
    assert not [c for c in model.recorder.costs if c["measure"] == "fee_suits"]


def test_monthly_bills_are_refused_by_the_same_households_all_year() -> None:
    """Catches a new mind for every bill: with monthly ones everybody would refuse one of twelve."""
    model = lived(24, fees=SURE | {"base_conditional": 1.0, "base_unconditional": 1.0, "base_free_rider": 1.0},
                  bills={"period": 1, "last_call": 1.0, "reminded": 0.0, "own_date": 0.0}, mechanisms=CALM,
                  population={"vacant_share": 0.0})  # fmt: skip
    h = model.households
    # Three Januaries, at each of which it makes up its mind.
    assert (h.arrears_months == 0).mean() == pytest.approx((1 / (1 + np.exp(-1))) ** 3, abs=0.1)


def test_anger_refuses_in_company_only() -> None:
    """Limits: nothing without a grievance, or where all others are believed to pay; most where nobody is."""

    def chance(company: float, grievance: float, norm: float) -> np.ndarray:
        w = world(norm=norm, grievance=grievance, asked=1, fees={"company": company})
        do(w, "would_pay")
        return w.households.willing.copy()

    assert (chance(5.0, 0.0, 0.2) == chance(0.0, 0.0, 0.2)).all()
    assert (chance(5.0, 0.6, 1.0) == chance(0.0, 0.6, 1.0)).all()
    alone, joined = chance(0.0, 0.6, 0.2), chance(5.0, 0.6, 0.2)
    odds = np.log(joined / (1 - joined)) - np.log(alone / (1 - alone))
    assert odds == pytest.approx(np.full(len(odds), -5.0 * 0.6 * 0.8))


def test_some_anger_goes_with_the_firm() -> None:
    """A successor finds a part of the grievance gone, once; a first firm does not."""
    w = world(10, grievance=0.5)
    w.month = 5
    w.firms[0].founded, w.firms[0].months, w.firms[0].exits_loss = 4, 1, 1
    do(w, "resent")
    renewed = w.households.grievance.copy()
    w = world(10, grievance=0.5)
    w.month = 5
    w.firms[0].founded, w.firms[0].months = 4, 1
    do(w, "resent")
    kept = 1.0 - w.compounds[0].parameters.conflict.fresh_start
    assert renewed == pytest.approx(kept * w.households.grievance)
