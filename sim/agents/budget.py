"""The budget of whoever serves a compound: what comes in, what it costs, and what a shortfall cuts.

Fees come in lumps, so nobody plans by one month: the plan is a twelfth of the last twelve months' income.
Wages come first, then energy, then contracts (lift upkeep, repair). A shortfall means fewer staff, at the
pace of notice and hiring, and unpaid contracts; care itself is never cut.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.actor import Actor
from sim.processes.bills import month_of_year
from sim.processes.service import PerLine
from sim.schema import Parameters, bounded, fraction, in_months, in_order, monthly, param
from sim.world.arrows import arrow
from sim.world.declare import column, link
from sim.world.native import derived, rule
from sim.world.units import FEN_PER_YUAN, MONTHS_PER_YEAR

if TYPE_CHECKING:
    Priorities = PerLine
else:
    Priorities = bounded(PerLine, "Priorities", 0.1, 10, __name__)


class Provider(IntEnum):
    """Who serves a compound."""

    NONE = 0
    FIRM = 1
    """A firm for a lump sum (包干制): what is left is its own."""
    EMERGENCY = 2
    """A firm that the street puts in after an exit (应急物业)."""
    SELF_RUN = 3
    """Owners themselves (自管)."""
    TRUST = 4
    """A firm for a set pay; fees are the owners' money on an open account (信托制)."""


class BudgetParameters(Parameters):
    """What service costs, and how a firm reckons."""

    full_cost: float = param(
        0.78, "Cost of full service as a share of all fees due", low=0.2, high=2, zh="足额服务成本占应收比",
        source="below 80% collected a firm cannot keep going, says an office: D010 (grade C)",
    )  # fmt: skip
    overhead: float = fraction(
        0.10, "Fixed cost as a share of the cost of full service", high=0.6, zh="固定成本占比"
    )
    overhead_least_yuan: float = param(
        5000.0, "Fixed cost at least, however small the compound: a manager's place, an office", unit="yuan/month",
        low=0, high=50_000, zh="最低固定成本", source="small compounds cannot carry a firm: K010, K095; size assumed",
    )  # fmt: skip
    energy: float = fraction(
        0.13, "Energy as a share of the cost that is not fixed", high=0.4, zh="能耗占比"
    )
    contracts: float = fraction(
        0.22, "Lift upkeep, repair and other contracts as a share of the cost that is not fixed; the rest is wages",
        high=0.5, zh="外包维保占比",
    )  # fmt: skip
    cost_share: PerLine = param(
        in_order(PerLine, 0.25, 0.25, 0.30, 0.15, 0.05), "How staff are shared among lines", zh="各线人员占比",
    )  # fmt: skip
    by_contract: PerLine = param(
        in_order(PerLine, 0.1, 0.8, 0.1, 0.2, 0.5), "Part of a line's work that contracts do, not staff",
        zh="各线外包比例",
    )  # fmt: skip
    priority: Priorities = param(
        Priorities(cleaning=1.2, facilities=0.8, security=1.1, greenery=0.9, amenities=0.7),
        "Which lines short staff go to first, relative to other lines", zh="缺人时的保留顺序",
    )  # fmt: skip
    least_staff: float = fraction(
        0.2, "Share of full staff below which nobody can serve (guards at the gate, a cleaner)", zh="最低人员比例",
        source="two guards and a cleaner for 129 households: K072; share assumed",
    )  # fmt: skip
    notice: float = monthly(
        0.35, "Share of staff too many that goes in a month", zh="减员速度",
        source="thirty days' notice (Labour Contract Law art. 40); pace assumed",
    )  # fmt: skip
    hiring: float = monthly(0.25, "Share of staff lacking that is hired in a month", zh="补员速度")
    reckons: float = fraction(
        0.8, "Collection rate that a firm reckons with when it comes by a contest or before it knows a place",
        zh="预期收缴率", source="the rate at which it breaks even: D010",
    )  # fmt: skip
    public_revenue_yuan: float = param(
        6.0, "Public revenue (parking, advertising) per household", unit="yuan/month", low=0, high=200,
        zh="户均公共收益",
    )  # fmt: skip
    margin: float = fraction(
        0.06, "Part of its income that a firm for a lump sum keeps as profit before it spends on service", high=0.5,
        zh="预期利润率", source="profit below expectation, so service is cut (利润未达预期): seed 004; size assumed",
    )  # fmt: skip
    reserve_months: float = in_months(
        2.0, "Cash at the start, in months of full cost", low=0, high=24, zh="初始储备"
    )
    reserve_cap: float = in_months(
        4.0, "Cash above which the firm pays itself a year's profit, in months of full cost", low=0, high=48,
        zh="储备上限",
    )  # fmt: skip
    reserve_use: float = monthly(
        0.1, "Share of the last year's reserve that owners' own money gives in a month to keep service up",
        zh="储备动用率",
    )  # fmt: skip
    credit_months: float = in_months(
        2.0, "Debt it can bear, in months of full cost", low=0, high=24, zh="可承受负债"
    )


BOOK = (
    "fees", "arrears", "handed_over", "public_revenue", "grants", "overhead", "wages", "energy", "contracts",
    "profit_paid",
)  # fmt: skip
"""Entries of a month's book, each a column of the firm."""


arrow(
    "income", "effort", "a firm with less income keeps fewer staff and pays for fewer contracts and less energy",
    neutral="the income it reckons with when it comes (firm.reckons)",
    zh="收入减少，物业服务企业减员、停付外包和能耗", zh_neutral="进场时预期的收入（firm.reckons）",
)  # fmt: skip


class Budget(Actor):
    """The money of the firm that serves one compound."""

    provider: int = column("i8", "code", "Provider", "who serves")
    scope: float = column("f8", "1", "0 to 1", "share of full service that its menu holds")
    full_cost_fen: int = column("i8", "fen/month", "0 or more", "cost of its menu in full")
    cash_fen: int = column("i8", "fen", "any", "cash: opening cash and all booked entries")
    opening_cash_fen: int = column("i8", "fen", "0 or more", "cash it began with")
    reserve_fen: int = column("i8", "fen", "any", "cash at the end of last year")
    receipts: np.ndarray = column(
        "i8", "fen/month", "any", "income of the last twelve months, by month of the year", shape=(MONTHS_PER_YEAR,)
    )  # fmt: skip
    results: np.ndarray = column(
        "i8",
        "fen/month",
        "any",
        "income less cost of the last twelve months",
        shape=(MONTHS_PER_YEAR,),
    )
    reckoned_fen: int = column(
        "i8", "fen/month", "0 or more", "income it reckoned with when it came"
    )
    months: int = column(
        "i8", "month", "0 or more", "months it has served, a year at the start of a run"
    )
    staff: float = column("f8", "1", "0 to 1", "staff, of full staff")
    upkeep: float = column("f8", "1", "0 to 1", "share of contracts it pays for")
    power: float = column("f8", "1", "0 to 1", "share of energy it pays for")
    sharing: int = column("i8", "compound", "0 or more", "compounds whose one firm it is part of")
    disputed: float = column(
        "f8", "1", "0 to 1", "share of public revenue (garages, shops) that does not come"
    )
    skimming: float = column("f8", "1", "0 to 1", "share of public revenue it keeps off the books")
    grant_fen: int = column("i8", "fen", "any", "grants since the last books")
    handed_fen: int = column(
        "i8",
        "fen",
        "0 or more",
        "fees for months to come, from who served before, since the last books",
    )
    fees: int = column("i8", "fen", "0 or more", "booked this month: fees")
    arrears: int = column("i8", "fen", "0 or more", "booked this month: old fees")
    handed_over: int = column(
        "i8", "fen", "0 or more", "booked this month: fees for months to come that who served before had been paid"
    )  # fmt: skip
    public_revenue: int = column("i8", "fen", "0 or more", "booked this month: public revenue")
    grants: int = column("i8", "fen", "any", "booked this month: grants")
    overhead: int = column("i8", "fen", "0 or less", "booked this month: fixed cost")
    wages: int = column("i8", "fen", "0 or less", "booked this month: wages")
    energy: int = column("i8", "fen", "0 or less", "booked this month: energy")
    contracts: int = column("i8", "fen", "0 or less", "booked this month: lift upkeep and repair")
    profit_paid: int = column("i8", "fen", "0 or less", "booked this month: profit paid out")

    compound = link("compounds")

    @rule
    def set_menu(self, scope: float) -> None:
        """Agree on a menu that holds ``scope`` of full service, at that share of its cost."""
        self.scope = scope
        self.full_cost_fen = round(scope * self.full_service_fen)

    @derived
    def full_service_fen(self) -> float:
        """Cost of full service in a month, whatever the menu."""
        return self.p.full_cost * self.compound.cost_here * self.compound.monthly_due_fen

    @derived
    def month_of_year(self) -> int:
        """1 for January to 12 for December."""
        return month_of_year(self.world)

    @derived
    def public_revenue_fen(self) -> int:
        """Public revenue of the compound in a month, before anything is kept."""
        comes = self.p.public_revenue_yuan * self.compound.revenue_here * (1.0 - self.disputed)
        comes *= self.compound.public_revenue_ratio
        if self.compound.fund.lets:
            comes *= 1.0 + self.compound.fund.p.lets
        return round(FEN_PER_YUAN * comes * self.compound.households)

    @derived
    def overhead_fen(self) -> int:
        """Fixed cost in a month: none where owners run it, the set pay on an open account."""
        p = self.p
        if self.provider == Provider.SELF_RUN:
            return 0
        if self.provider == Provider.TRUST:
            return round(p.trust_pay * self.full_cost_fen)
        least = FEN_PER_YUAN * p.overhead_least_yuan / max(self.sharing, 1)
        return round(max(p.overhead * self.full_cost_fen, least))

    @derived
    def running_fen(self) -> int:
        """Cost of full service in a month without what is fixed."""
        return self.full_cost_fen - round(self.p.overhead * self.full_cost_fen)

    @derived
    def energy_fen(self) -> int:
        """Energy in a month."""
        return round(self.p.energy * self.running_fen)

    @derived
    def contracts_fen(self) -> int:
        """All contracts in a month."""
        return round(self.p.contracts * self.running_fen)

    @derived
    def wages_fen(self) -> int:
        """Wages of full staff in a month."""
        return self.running_fen - self.energy_fen - self.contracts_fen

    @derived
    def plan_fen(self) -> float:
        """What it plans to spend in a month: a twelfth of the year's income.

        A firm for a lump sum keeps its profit first, and a reserve is its own; owners' money serves them.
        """
        total = 0
        for income in self.receipts:
            total += income
        if self.parameters.arrows.income_to_effort == 0.0:
            total = MONTHS_PER_YEAR * self._expected_fen(self.p.reckons)
        elif self._keeps_its_word:
            total = max(total, MONTHS_PER_YEAR * self.reckoned_fen)
        if self.provider == Provider.FIRM:
            return (1.0 - self.p.margin) * total / MONTHS_PER_YEAR
        return total / MONTHS_PER_YEAR + self.p.reserve_use * max(
            min(self.cash_fen, self.reserve_fen), 0
        )

    @derived
    def year_result_fen(self) -> int:
        """Surplus or loss of the last twelve months, before profit is paid out."""
        total = 0
        for result in self.results:
            total += result
        return total

    @derived
    def in_debt(self) -> bool:
        """Whether it lost money over a year, and owes more than it can bear.

        A lull between bills is no debt, nor is a first year.
        """
        bears = self.p.credit_months if self.provider == Provider.FIRM else 0.0
        lost = self.months >= MONTHS_PER_YEAR and self.year_result_fen < 0
        return lost and self.cash_fen < -bears * self.full_cost_fen

    @derived
    def _keeps_its_word(self) -> bool:
        """Whether it still serves by what it reckoned with when it came.

        A newcomer shows what it can do before it asks (先尝后买, R2), and cuts what a year's income does not pay
        (K056), or what its cash and the debt it can bear do not.
        """
        bears = self.p.credit_months if self.contracted else 0.0
        return self.months < MONTHS_PER_YEAR and self.cash_fen > -bears * self.full_cost_fen

    @rule
    def _expected_fen(self, rate: float) -> int:
        """Income of a month in which ``rate`` of the fees is collected."""
        fees = rate * self.compound.asked_price * self.compound.monthly_due_fen
        return round(fees + (1.0 - self.skimming) * self.public_revenue_fen)

    @rule
    def _reckon(self, rate: float) -> None:
        """Fill the year with what it reckons with, and staff the place by that."""
        expected = self._expected_fen(rate)
        self.reckoned_fen = expected
        for month in range(MONTHS_PER_YEAR):
            self.receipts[month] = expected
            self.results[month] = 0
        self.reserve_fen = self.cash_fen
        self.power = 1.0
        self.staff = self._staff_aim()
        self._share_out()

    @rule
    def _book(self) -> None:
        """Book the month; in December profit is paid out."""
        census, revenue = self.compound.census, self.public_revenue_fen
        self.fees = int(census.received_fen)
        self.arrears = int(census.recovered_fen)
        opened = revenue - round(self.skimming * revenue)
        self.public_revenue = opened - self.compound.fund.claim(opened)
        self.grants, self.handed_over = self.grant_fen, self.handed_fen
        self.grant_fen = self.handed_fen = 0
        self.overhead = -self.overhead_fen
        self.wages = -round(self.staff * self.wages_fen)
        self.energy = -round(self.power * self.energy_fen)
        self.contracts = -round(self.upkeep * self.contracts_fen)
        came = self.fees + self.arrears + self.handed_over + self.public_revenue + self.grants
        self.months += 1
        left = came + self.overhead + self.wages + self.energy + self.contracts
        at = self.month_of_year - 1
        self.receipts[at], self.results[at] = came, left
        self.cash_fen += left
        self.profit_paid = 0
        if self.month_of_year == MONTHS_PER_YEAR:
            if self.provider == Provider.FIRM:
                above = self.cash_fen - round(self.p.reserve_cap * self.full_cost_fen)
                self.profit_paid = -max(min(above, self.year_result_fen), 0)
                self.cash_fen += self.profit_paid
            self.reserve_fen = self.cash_fen

    @rule
    def _staff_aim(self) -> float:
        """Staff that the plan pays for, with contracts in the same measure."""
        room = self.plan_fen - self.overhead_fen - self.energy_fen
        aim = room / max(self.wages_fen + self.contracts_fen, 1)
        return min(max(aim, self.p.least_staff), 1.0)

    @rule
    def _plan(self) -> None:
        """Give notice or hire, and see what energy and contracts the rest pays for."""
        aim = self._staff_aim()
        pace = self.p.notice if aim < self.staff else self.p.hiring
        self.staff += pace * (aim - self.staff)
        self._share_out()

    @rule
    def _share_out(self) -> None:
        """Wages first, then energy, which is cut off only in debt, then contracts."""
        left = self.plan_fen - self.overhead_fen - self.staff * self.wages_fen
        paid = min(max(left / max(self.energy_fen, 1), 0.0), 1.0)
        self.power = paid if self.in_debt else 1.0
        left -= self.power * self.energy_fen
        self.upkeep = min(max(left / max(self.contracts_fen, 1), 0.0), 1.0)

    @rule
    def _clear_book(self) -> None:
        self.fees = self.arrears = self.handed_over = self.public_revenue = self.grants = 0
        self.overhead = self.wages = self.energy = self.contracts = self.profit_paid = 0

    @property
    def last(self) -> dict[str, int]:
        """This month's book entries in fen, by name; each is 0 where nobody served."""
        return {name: getattr(self, name) for name in BOOK}
