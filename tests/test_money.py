"""Money: what is owed, paid, paid back and written off balances to the fen; so do the firm's books."""

from __future__ import annotations

import numpy as np
import pytest

from sim.agents.compound import Compound
from sim.agents.firm import PropertyFirm
from sim.compose import load
from sim.config import Config
from sim.errors import InputError
from sim.experiments.run import run
from sim.measures.catalogue import CATALOGUE, Measure
from sim.model import NeighborhoodModel
from sim.outcomes import INDICATORS

POOR = (
    "firm.credit_months=0", "firm.loss_patience=1", "firm.leaves=1", "firm.enters=1", "firm.expects_least=0.7",
    "firm.reserve_months=0", "firm.diligence=1", "firm.full_cost=1.2", "firm.emergency=0", "firm.self_runs=0",
    "fees.base_conditional=-2", "fees.base_unconditional=-2",
)  # fmt: skip

CASES: dict[str, Config] = {
    "left to itself": load("kangqiao", "firm.emergency=0", months=24),
    "bundle with a tender": load(
        "kangqiao", "firm.emergency=0", policy="five_level_linkage", months=36
    ),
    "firms come and go": load(None, *POOR, months=40, population={"households": 300}),
    "a compound in arrears": load(
        None, months=12, population={"paid_start": 0.2, "arrears_start": 24, "households": 200}
    ),
    "no firm": load(None, months=24, firm={"present": False, "enters": 1.0, "expects_least": 0.8}),
}
EVENTS = {"left to itself": set(), "bundle with a tender": {"took over"},
          "firms come and go": {"took over", "left"}, "a compound in arrears": set(),
          "no firm": {"took over"}}  # fmt: skip


def events(firm: PropertyFirm, served: bool, founded: int) -> set[str]:
    """What became of the firm in the month just lived, by whether one served before and since when."""
    if served and not firm.present:
        return {"left"}
    return {"took over"} if firm.present and (not served or firm.founded != founded) else set()


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("case", CASES)
def test_arrears_and_books_balance_to_the_fen_every_month(case: str, seed: int) -> None:
    """Catches money that appears, vanishes, is rounded, or leaves with the firm unrecorded."""
    model = NeighborhoodModel(CASES[case], seed=seed)
    firm, h = model.compounds[0].firm, model.households
    seen: set[str] = set()
    cash, wiped, returned = firm.opening_cash_fen, 0, 0
    while model.month < CASES[case].months:
        owed, open_bills = h.arrears_fen.copy(), h.bill_fen.copy()
        price = model.compounds[0].asked_price
        without, ahead, before = h.bill_months == 0, h.ahead.copy(), (firm.present, firm.founded)
        goes_on = h.bill_months - h.bill_over - 1
        model.step()
        happened = events(firm, *before)
        asks = bool(model.census[0]["due_fen"] > 0)
        fee = np.floor(h.fee_fen * price + 0.5).astype(np.int64)
        due = fee if asks else np.zeros_like(fee)
        written_off = model.written_off_fen - wiped
        wiped = model.written_off_fen
        # Month 1 need not be a January: bills come by the calendar of the place.
        calendar = (model.month - 1 + CASES[case].scenario.first_month - 1) % 12
        left = 12 - (calendar - (h.bill_month - 1)) % 12
        billed = np.where(without & asks, left * fee, 0)
        paid = h.credited_fen + h.recovered_fen
        if happened == {"left"}:
            # What was not paid is written off, but for the months of an open bill that nobody serves.
            unserved = np.where(without, left - 1, goes_on) * fee
            open_still = np.where(open_bills + billed > h.credited_fen, unserved, 0)
            assert written_off == int((owed + open_bills + billed - paid - open_still).sum()) > 0
            assert not h.arrears_fen.any() and not h.bill_fen.any()
        if not happened:
            # What was owed or open, and what was billed, is paid, or owed or open now.
            assert written_off == 0
            assert np.array_equal(h.arrears_fen + h.bill_fen, owed + open_bills + billed - paid)
            # What was paid ahead settles its bill without money.
            settled = np.where(without & (ahead == 1), billed, 0)
            newly = (h.ahead == 1) & ~((ahead == 1) & ~without)
            assert (h.received_fen >= h.credited_fen - settled)[~newly].all()
        row = model.census[0]
        assert int(row["due_fen"]) == int(due.sum())
        assert int(row["collected_fen"]) == int(h.credited_fen.sum())
        assert int(row["received_fen"]) == int(h.received_fen.sum())
        assert int(row["recovered_fen"]) == int(h.recovered_fen.sum())
        if "took over" in happened:
            cash = firm.opening_cash_fen
        # What was paid for months to come is given back by who goes.
        cash += sum(firm.last.values()) - (firm.returned_fen - returned)
        returned = firm.returned_fen
        assert firm.cash_fen == cash
        assert firm.last["fees"] == int(h.received_fen.sum())
        assert firm.last["arrears"] == int(h.recovered_fen.sum())
        seen |= happened
    assert EVENTS[case] <= seen, "the case shows what it is for"


@pytest.mark.parametrize("case", ["bundle with a tender", "firms come and go"])
def test_money_is_whole_fen_of_whole_numbers(case: str) -> None:
    """Catches a float that creeps into a book or a column of money."""
    model = NeighborhoodModel(CASES[case], seed=2)
    h, firm = model.households, model.compounds[0].firm
    while model.month < CASES[case].months:
        model.step()
        for column in (h.fee_fen, h.arrears_fen, h.recovered_fen, h.received_fen, h.bill_fen):
            assert column.dtype == np.int64
        for amount in (
            firm.cash_fen,
            firm.opening_cash_fen,
            firm.full_cost_fen,
            *firm.last.values(),
        ):
            assert type(amount) is int
        assert type(model.written_off_fen) is int


def test_the_books_show_costs_as_costs() -> None:
    """Catches a sign: overhead, effort and profit leave, public revenue comes in less the skimmed."""
    model = NeighborhoodModel(CASES["left to itself"], seed=1)
    model.step()
    firm = model.compounds[0].firm
    book, p = firm.last, firm.p
    assert book["overhead"] == -round(p.overhead * firm.full_cost_fen) < 0
    assert book["wages"] == -firm.wages_fen < 0 and book["contracts"] == -firm.contracts_fen < 0
    assert book["energy"] == -firm.energy_fen < 0 and book["profit_paid"] <= 0
    running = firm.full_cost_fen + book["overhead"]
    assert running == firm.wages_fen + firm.energy_fen + firm.contracts_fen
    assert book["public_revenue"] == firm.public_revenue_fen - round(
        p.skimming * firm.public_revenue_fen
    )


def test_profit_is_paid_out_in_december_above_the_reserve_cap() -> None:
    """Catches a firm that hoards without limit, pays out below its cap, or pays out within the year."""
    c = load(None, months=24, firm={"reserve_months": 1.0, "reserve_cap": 1.0, "full_cost": 0.5})
    model, paid = NeighborhoodModel(c, seed=1), []
    firm = model.compounds[0].firm
    while model.month < c.months:
        model.step()
        paid.append(firm.last["profit_paid"])
    assert [month for month, fen in enumerate(paid, 1) if fen] == [12, 24]
    assert firm.cash_fen == firm.full_cost_fen


def test_nothing_is_owed_where_nobody_serves() -> None:
    """Catches fees that accrue without a firm, and a rate of nothing that is told as 0%."""
    model = NeighborhoodModel(load(None, months=6, firm={"present": False, "enters": 0.0}), seed=1)
    model.run()
    assert not model.households.arrears_fen.any() and not model.households.paid.any()
    rates = model.recorder.values[1:, 0, list(INDICATORS).index("collection_rate")]
    assert np.isnan(rates).all()


def test_months_owed_and_money_owed_end_together() -> None:
    """Catches a household in arrears by months that owes nothing, or the reverse."""
    model = NeighborhoodModel(CASES["a compound in arrears"], seed=1)
    h = model.households
    model.run()
    assert h.arrears_fen.any()
    priced = h.fee_fen > 0
    assert np.array_equal((h.arrears_fen > 0)[priced], (h.arrears_months > 0)[priced])
    assert np.array_equal(h.arrears_fen, h.arrears_months * h.fee_fen)


def test_each_compound_of_a_district_balances_on_its_own() -> None:
    """Catches money that crosses from one compound's books into another's."""
    district = {"compounds": 4, "communities": 2, "companies": 2, "size_spread": 0.4}
    c = load(None, *POOR, months=24, population={"households": 150}, district=district)
    model = NeighborhoodModel(c, seed=1)
    h, firms = model.households, [compound.firm for compound in model.compounds]

    def per_compound(column: np.ndarray) -> np.ndarray:
        return np.array([int(column[compound.rows].sum()) for compound in model.compounds])

    while model.month < c.months:
        owed, served = per_compound(h.arrears_fen), [firm.present for firm in firms]
        bills, without = per_compound(h.bill_fen), h.bill_months == 0
        cash = [firm.cash_fen for firm in firms]
        model.step()
        left = 12 - ((model.month - 1) % 12 - (h.bill_month - 1)) % 12
        billed = per_compound(np.where(without, left * h.fee_fen, 0)) * np.array(served)
        expected = owed + bills + billed - per_compound(h.credited_fen + h.recovered_fen)
        for k, firm in enumerate(firms):
            if served[k] and firm.present:
                assert per_compound(h.arrears_fen + h.bill_fen)[k] == expected[k]
                assert firm.cash_fen == cash[k] + sum(firm.last.values())
            elif served[k]:
                assert per_compound(h.arrears_fen)[k] == 0, "written off with the firm that left"
    assert model.written_off_fen > 0, "the case shows what it is for"


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf"), -float("inf"), np.float64(-2)])
def test_a_measure_cannot_book_what_is_no_cost(cost: float) -> None:
    """Catches a plug-in that gives money back, or none that can be added up."""
    model = NeighborhoodModel(load(None, months=1, population={"households": 60}))
    compound = model.compounds[0]
    for spend in (
        lambda: compound.spend("own", "public", yuan=cost),
        lambda: compound.spend("own", "residents", hours=cost),
        lambda: compound.cell.ask("own", cost),
        lambda: compound.cell.ask("own", 1.0, residents_hours=cost),
        lambda: compound.cell.ask("own", 1.0, public_yuan=cost),
        lambda: compound.community.ask(compound, "own", cost),
    ):
        with pytest.raises(InputError, match=r"measure own: takes .* of \w+ in month 0"):
            spend()
    assert not model.world.booked and not compound.cell.asked and not compound.community.asked
    compound.spend("own", "public", yuan=3.0)
    assert [tuple(cost) for cost in compound.costs] == [(0, 0, "public", "own", 0.0, 3.0)]


def test_a_run_with_such_a_measure_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a run that goes on, or fails without a name."""

    class Refund(Measure):
        name, en, zh = "refund", "Refund", "退款"

        def act(self, compound: Compound, strength: float) -> None:
            compound.spend(self.label, "public", yuan=-5.0)

    monkeypatch.setitem(CATALOGUE, "refund", Refund)
    config = load(None, months=2, replications=2, population={"households": 60},
                  policy={"name": "own", "measures": {"refund": {"start": 2}}})  # fmt: skip
    with pytest.raises(InputError, match=r"measure refund: takes -5.0 .* of public in month 2"):
        run(config)
