"""The property firm (物业公司): collects fees, spends them on service, keeps books, stays or leaves."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from sim.agents.actor import Actor
from sim.processes.service import PerLine, _lines
from sim.schema import Parameters, bounded, param
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_dot, exact_sum
from sim.world.units import FEN_PER_YUAN

if TYPE_CHECKING:
    Priorities = PerLine
else:
    Priorities = bounded(PerLine, "Priorities", 0.1, 10, __name__)


class FirmParameters(Parameters):
    """What a firm is like and how it reckons."""

    present: bool = param(True, "Whether a firm serves the compound at the start", zh="有物业公司")
    full_cost: float = param(
        0.80, "Cost of full service as a share of all fees due", low=0.2, high=2,
        zh="足额服务成本占应收比",
    )  # fmt: skip
    overhead: float = param(
        0.10, "Fixed cost as a share of the cost of full service", low=0, high=0.6,
        zh="固定成本占比",
    )  # fmt: skip
    cost_share: PerLine = param(
        _lines((0.25, 0.25, 0.30, 0.15, 0.05)), "How the cost of effort is shared among lines",
        zh="各线成本占比",
    )  # fmt: skip
    priority: Priorities = param(
        Priorities(cleaning=1.2, facilities=0.8, security=1.1, greenery=0.9, amenities=0.7),
        "What a firm short of money protects first, relative to other lines", zh="缺钱时的保留顺序",
        source="lifts stop, cameras fail (电梯停摆): seed 004; sizes assumed",
    )  # fmt: skip
    diligence: float = param(
        0.75, "Share of the effort it could pay for that the firm really gives", low=0, high=1, zh="尽责程度",
        source="collects first, serves later (重收费轻服务): seed 004; size assumed",
    )  # fmt: skip
    transparency: float = param(
        0.2, "Share of its accounts residents can check", low=0, high=1, zh="账目透明度"
    )
    skimming: float = param(
        0.3, "Share of public revenue it keeps off the books", low=0, high=1, zh="侵占公共收益比例",
        source="public revenue misused: seeds 000, 001; size assumed",
    )  # fmt: skip
    public_revenue_yuan: float = param(
        6.0, "Public revenue (parking, advertising) per household at the start", unit="yuan/month", low=0, high=200,
        zh="户均公共收益",
    )  # fmt: skip
    price_ratio: float = param(
        1.0, "Fee relative to the local usual fee", low=0.2, high=3, zh="收费相对水平"
    )
    reserve_months: float = param(
        2.0, "Cash at the start, in months of full cost", unit="month", low=0, high=24,
        zh="初始储备",
    )  # fmt: skip
    reserve_cap: float = param(
        4.0, "Cash above which the firm pays itself a profit, in months of full cost", unit="month",
        low=0, high=48, zh="储备上限",
    )  # fmt: skip
    reserve_use: float = param(
        0.1, "Share of cash in hand it will spend in a month to keep service up", unit="1/month",
        low=0, high=1, zh="储备动用率",
    )  # fmt: skip
    expectation_speed: float = param(
        0.3, "Share of the gap between expected and real income closed in a month", unit="1/month",
        low=0, high=1, zh="收入预期调整速度",
    )  # fmt: skip
    credit_months: float = param(
        2.0, "Debt it can bear, in months of full cost", unit="month", low=0, high=24,
        zh="可承受负债",
    )  # fmt: skip
    loss_patience: int = param(
        6, "Months beyond that debt before it thinks of leaving", unit="month", low=1, high=60,
        zh="亏损忍耐期",
    )  # fmt: skip
    leaves: float = param(
        0.2, "Chance to leave once patience is gone", unit="1/month", low=0, high=1, zh="撤场概率"
    )
    enters: float = param(
        0.03, "Chance that another firm enters an abandoned compound", unit="1/month", low=0,
        high=1, zh="新物业进场概率",
    )  # fmt: skip
    issue_hours: float = param(
        0.25, "Hours for residents' issues per household at full effort", unit="hour/month", low=0, high=5,
        zh="户均报事工时",
    )  # fmt: skip
    patrol: float = param(
        0.25, "Chance that its own patrol finds a problem, at full effort", unit="1/month", low=0, high=1,
        zh="巡查发现率",
    )  # fmt: skip
    owner_led_blame: float = param(
        0.3, "Share of the developer's legacy laid at the door of a firm led by an owner", low=0, high=1,
        zh="业主牵头物业的归咎比例",
    )  # fmt: skip
    expects_least: float = param(
        0.3, "Collection rate that the winner of a contest reckons with at least", low=0, high=1,
        zh="新物业最低预期收缴率",
    )  # fmt: skip
    dunning: float = param(0.5, "Intensity of its reminders", low=0, high=1, zh="催缴力度")
    obstruction: float = param(
        1.5, "Push against votes for a committee by a firm that skims everything", unit="logit",
        low=0, high=5, zh="阻挠业委会",
        source="firms obstruct preparation (设障): seed 000; size assumed",
    )  # fmt: skip
    supervised_care: float = param(
        0.7, "Share of the slack in its care that full supervision removes", low=0, high=1,
        zh="监督对尽责的促进",
    )  # fmt: skip
    supervised_skimming: float = param(
        0.15, "Share of skimming that full supervision ends in a month", unit="1/month", low=0, high=1,
        zh="监督纠正侵占速度",
    )  # fmt: skip


class CompanyParameters(Parameters):
    """How the credit file of a property company moves, alike for all companies."""

    credit_start: float = param(0.6, "Standing at the start", low=0, high=1, zh="初始信用分")
    credit_speed: float = param(
        0.1, "Share of the gap to this month's mark closed in a month", unit="1/month", low=0, high=1,
        zh="信用分调整速度",
    )  # fmt: skip
    calls_weight: float = param(
        5.0, "Weight of hotline calls per household in that mark, against satisfaction", unit="month",
        low=0, high=100, zh="热线投诉扣分权重",
    )  # fmt: skip
    green_from: float = param(
        0.5, "Standing from which the light is green", low=0, high=1, zh="绿灯信用分",
        source="lights as a warning (亮燈預警): seed 002; level assumed",
    )  # fmt: skip
    yellow_from: float = param(
        0.35, "Standing from which the light is yellow; below it is red", low=0, high=1,
        zh="黄灯信用分", source="lights as a warning (亮燈預警): seed 002; level assumed",
    )  # fmt: skip


BOOK = ("fees", "arrears", "public_revenue", "grants", "overhead", "effort_cost", "profit_paid")
"""Entries of a month's book, each a column of the firm."""


class Light(IntEnum):
    """Warning light of a company's credit file."""

    GREEN = 0
    YELLOW = 1
    RED = 2


@register_row
class PropertyFirm(Actor, table="firms", parameters="firm"):
    """The firm that serves one compound: a company's branch there."""

    of_company: int = column(
        "i8", "index", "0 or more", "the company it is a branch of", fixed=True
    )
    care_shift: float = column(
        "f8", "1", "any", "what its company's care differs by from others", fixed=True
    )
    usual_diligence: float = column("f8", "1", "0 to 1", "care of an ordinary firm here")
    present: bool = column("?", "flag", "0, 1", "a firm serves the compound")
    owner_led: bool = column(
        "?", "flag", "0, 1", "won a contest, led by an owner (自己的小区自己管)"
    )
    founded: int = column("i8", "month", "any", "month it came by a contest or pilot, 0 before")
    diligence: float = column("f8", "1", "0 to 1", "share of affordable effort it really gives")
    transparency: float = column("f8", "1", "0 to 1", "share of its accounts residents can check")
    skimming: float = column("f8", "1", "0 to 1", "share of public revenue it keeps off the books")
    scope: float = column("f8", "1", "0 to 1", "share of full service that its menu holds")
    full_cost_fen: int = column("i8", "fen/month", "0 or more", "cost of its menu in full")
    cash_fen: int = column("i8", "fen", "any", "cash: opening cash and all booked entries")
    opening_cash_fen: int = column("i8", "fen", "0 or more", "cash it began with")
    expected_fen: float = column("f8", "fen/month", "any", "income it expects")
    level: float = column("f8", "1", "0 to 1", "share of full effort it can pay for this month")
    months_in_debt: int = column("i8", "month", "0 or more", "months beyond the debt it can bear")
    grant_fen: int = column("i8", "fen", "any", "grants since the last books")
    fees: int = column("i8", "fen", "0 or more", "booked this month: fees")
    arrears: int = column("i8", "fen", "0 or more", "booked this month: old fees")
    public_revenue: int = column("i8", "fen", "0 or more", "booked this month: public revenue")
    grants: int = column("i8", "fen", "any", "booked this month: grants")
    overhead: int = column("i8", "fen", "0 or less", "booked this month: fixed cost")
    effort_cost: int = column("i8", "fen", "0 or less", "booked this month: effort")
    profit_paid: int = column("i8", "fen", "0 or less", "booked this month: profit paid out")

    compound = link("compounds")
    company = link("companies", "of_company")

    @rule
    def begin(self) -> None:
        """Begin as the parameters say."""
        p = self.p
        self.usual_diligence = min(max(p.diligence + self.care_shift, 0.0), 1.0)
        self._take_over(p.present != 0.0, self.usual_diligence, p.transparency, p.skimming)

    @rule
    def _take_over(
        self, present: bool, diligence: float, transparency: float, skimming: float
    ) -> None:
        p = self.p
        self.present = present
        self.diligence = diligence
        self.transparency = transparency
        self.skimming = skimming
        self.set_menu(1.0)
        self.cash_fen = round(p.reserve_months * self.full_cost_fen) if present else 0
        self.opening_cash_fen = self.cash_fen
        self.expected_fen = float(self.full_cost_fen)
        self.level = 1.0 if present else 0.0
        self.months_in_debt = 0
        self.grant_fen = 0
        self._clear_book()

    @rule
    def set_menu(self, scope: float) -> None:
        """Agree on a menu that holds ``scope`` of full service, at that share of its cost."""
        self.scope = scope
        self.full_cost_fen = round(scope * self.p.full_cost * self.compound.monthly_due_fen)

    @derived
    def public_revenue_fen(self) -> int:
        """Public revenue of the compound in a month, before anything is kept."""
        of_all = self.p.public_revenue_yuan * self.compound.households
        return round(FEN_PER_YUAN * of_all * self.compound.public_revenue_ratio)

    @rule
    def offer(self) -> None:
        """Set the named values that the firm stands for, before measures act."""
        p, s = self.p, self.compound.signals
        s.firm_present = 1.0 if self.present else 0.0
        if not self.present:
            s.blame = 0.0
            return
        s.transparency = self.transparency
        s.price_ratio = p.price_ratio
        s.dunning = p.dunning
        s.detect_firm = p.patrol * self.level * self.diligence
        hours = p.issue_hours * self.compound.households
        s.compound_hours = hours * self.level * self.scope
        s.blame = p.owner_led_blame if self.owner_led else 1.0

    @derived
    def care(self) -> float:
        """Share of affordable effort really given, with standards and supervision counted in."""
        s = self.compound.signals
        slack = (1.0 - self.diligence) * (1.0 - s.diligence_gain)
        given = 1.0 - slack * (1.0 - self.p.supervised_care * s.supervision)
        # A firm that gives nothing and is paid all the same (special funds) cannot give less.
        return max(given, 0.0)

    @rule
    def serve(self) -> None:
        """Deliver this month's effort; the less money, the more the order of priorities shows."""
        p, effort = self.p, self.compound.effort
        if not self.present:
            effort[:] = 0.0
            return
        weight = np.empty(len(effort))
        for line in range(len(effort)):
            weight[line] = p.priority[line] ** (1.0 - self.level)
        # Weights move effort between lines and leave its total cost as it is.
        weighted = exact_dot(p.cost_share, weight)
        affordable = self.level * exact_sum(p.cost_share) / max(weighted, 1e-9)
        given = self.scope * self.care
        for line in range(len(effort)):
            effort[line] = min(affordable * weight[line], 1.0) * given

    @rule
    def close_books(self, chance: tuple[float, ...]) -> None:
        """Book the month, then decide on effort, skimming and whether to stay.

        Args:
            chance: 4 draws of the firm's own stream.
        """
        p, census = self.p, self.compound.census
        if not self.present:
            self._clear_book()
            if chance[0] < p.enters:
                self._take_over(True, self.usual_diligence, p.transparency, p.skimming)
            return
        overhead = round(p.overhead * self.full_cost_fen)
        delivered = exact_dot(p.cost_share, self.compound.effort)
        delivered /= max(exact_sum(p.cost_share), 1e-9)
        effort = round((self.full_cost_fen - overhead) * delivered / max(self.scope, 1e-9))
        revenue = self.public_revenue_fen
        self.fees = int(census.received_fen)
        self.arrears = int(census.recovered_fen)
        self.public_revenue = revenue - round(self.skimming * revenue)
        self.grants = self.grant_fen
        self.overhead = -overhead
        self.effort_cost = -effort
        income = self.fees + self.arrears + self.public_revenue
        cash = self.cash_fen + income + self.grants - overhead - effort
        self.profit_paid = -max(cash - round(p.reserve_cap * self.full_cost_fen), 0)
        self.cash_fen = cash + self.profit_paid
        self.grant_fen = 0
        # Money comes in lumps, so the firm reckons with a month's share of what was billed.
        usual = (
            round(self.compound.collection_rate * census.due_fen)
            if census.billed_fen > 0.0
            else self.fees
        )
        self._decide(usual + self.arrears + self.public_revenue, overhead, chance)

    @rule
    def _decide(self, income: int, overhead: int, chance: tuple[float, ...]) -> None:
        p = self.p
        self.expected_fen += p.expectation_speed * (income - self.expected_fen)
        spendable = self.expected_fen + p.reserve_use * max(self.cash_fen, 0)
        full = max(self.full_cost_fen - overhead, 1)
        self.level = min(max((spendable - overhead) / full, 0.0), 1.0)
        self.skimming *= 1.0 - p.supervised_skimming * self.compound.signals.supervision
        in_debt = self.cash_fen < -p.credit_months * self.full_cost_fen
        self.months_in_debt = self.months_in_debt + 1 if in_debt else 0
        if self.months_in_debt > p.loss_patience and chance[1] < p.leaves:
            self.leave()

    @rule
    def _clear_book(self) -> None:
        self.fees = self.arrears = self.public_revenue = self.grants = 0
        self.overhead = self.effort_cost = self.profit_paid = 0

    @rule
    def leave(self) -> None:
        """Walk away: what is owed to this firm leaves the compound's books with it."""
        self.compound.write_off()
        self.present = False
        self.owner_led = False
        self.level = 0.0

    @rule
    def hand_over(
        self, diligence: float, transparency: float, skimming: float, owner_led: bool
    ) -> None:
        """Replace this firm by the winner of a contest, with new books.

        Args:
            diligence: Care of the new firm, 0 to 1.
            transparency: Share of its accounts residents can check, 0 to 1.
            skimming: Share of public revenue it keeps, 0 to 1.
            owner_led: Whether its legal representative is an owner.
        """
        if self.present:
            self.compound.write_off()
        self._take_over(True, diligence, transparency, skimming)
        self.owner_led = owner_led
        self.founded = self.world.month
        # A new firm starts from what the compound pays today, not from what it could pay.
        usual = max(self.compound.collection_rate, self.p.expects_least)
        self.expected_fen = usual * self.compound.monthly_due_fen

    @property
    def last(self) -> dict[str, int]:
        """This month's book entries in fen, by name; each is 0 where nobody served."""
        return {name: getattr(self, name) for name in BOOK}


@register_row
class Company(Actor, table="companies", parameters="company"):
    """A property company with its branches in compounds and one credit file for all of them."""

    credit: float = column(
        "f8", "1", "0 to 1", "standing: follows satisfaction and calls over all branches"
    )
    first_branch: int = column(
        "i8", "index", "0 or more", "its first place in the list of branches", fixed=True
    )
    last_branch: int = column("i8", "index", "0 or more", "place after its last", fixed=True)

    @rule
    def decide(self) -> None:
        """Bring the credit file up to date with this month's residents."""
        p, n = self.p, self.last_branch - self.first_branch
        marks, households, served = np.zeros(n), 0, 0
        for k in range(n):
            c = self.world.branches[self.first_branch + k]
            firm, census = self.world.firms[c], self.world.census[c]
            if not firm.present:
                continue
            size = self.world.compounds[c].households
            occupied = max(census.occupied, 1.0)
            calls = p.calls_weight * (census.calls / occupied)
            mark = census.satisfaction / occupied / (1.0 + calls)
            marks[served] = mark * size
            households += size
            served += 1
        if served:
            mark = exact_sum(marks[:served]) / households
            self.credit += p.credit_speed * (mark - self.credit)

    @rule
    def begin(self) -> None:
        """Begin with an ordinary standing."""
        self.credit = self.p.credit_start

    @derived
    def light(self) -> int:
        """Warning light of the credit file, see ``Light``."""
        if self.credit >= self.p.green_from:
            return Light.GREEN + 0
        return Light.YELLOW + 0 if self.credit >= self.p.yellow_from else Light.RED + 0
