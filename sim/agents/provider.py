"""Who serves a compound: a firm comes, stays or goes; the street, another firm or owners step in."""

from __future__ import annotations

from enum import IntEnum

from sim.agents.budget import Budget, Provider
from sim.processes.bills import end_bills
from sim.schema import Parameters, fraction, in_hours, in_months, in_yuan, monthly, param
from sim.world.arrows import arrow, through
from sim.world.costs import EMERGENCY_FIRM, SELF_RUN, Payer
from sim.world.declare import column
from sim.world.native import derived, rule
from sim.world.units import FEN_PER_YUAN, MONTHS_PER_YEAR


class Exit(IntEnum):
    """Why somebody stopped serving."""

    LOSS = 0
    CONTRACT_END = 1
    DISMISSED = 2
    TIRED = 3


UNSIGNED = -1_000_000
"""A month before any run: a contract whose end is not agreed yet."""


class ProviderParameters(Parameters):
    """When a firm goes, and what comes after it."""

    present: bool = param(
        True, "Whether a firm serves the compound at the start", zh="有物业服务企业"
    )
    loss_patience: int = in_months(
        6, "Months beyond the debt it can bear before it thinks of leaving", low=1, high=60, zh="亏损忍耐期",
    )  # fmt: skip
    leaves: float = monthly(0.2, "Chance to leave once patience is gone", zh="撤场概率")
    contract_years: int = param(
        3, "Years of a contract, which ends in December", unit="year", low=1, high=10, zh="合同年限",
        source="a three-year contract: K007; over half of exits name 31 December: D058",
    )  # fmt: skip
    renewal_loss: float = fraction(
        0.0, "Loss of the last twelve months, as a share of a year's full cost, beyond which it does not renew",
        zh="不续约亏损率", source="two thirds go by their own choice or do not renew: D057; share assumed",
    )  # fmt: skip
    expects_least: float = fraction(
        0.3, "Collection rate that whoever comes to a known place reckons with at least",
        zh="新物业服务企业最低预期收缴率",
    )  # fmt: skip
    enters: float = monthly(
        0.03, "Chance that a firm enters a place without one whose income would pay for full service",
        zh="新物业服务企业进场概率",
    )  # fmt: skip
    emergency: float = fraction(
        0.5, "Chance that the street puts in an emergency firm when a firm has left", zh="应急物业概率",
        source="some are kept (K005, K029), some are not (K009); chance assumed",
    )  # fmt: skip
    emergency_months: int = in_months(
        8, "Months for which an emergency firm is there at most", low=1, high=36, zh="应急服务月数",
        source="7 months: K005; 9 months: K029",
    )  # fmt: skip
    emergency_scope: float = param(
        0.5, "Service of an emergency firm, and its fee, as a share of the full ones", low=0.1, high=1,
        zh="应急服务范围", source="thin and cheap: K005; share assumed",
    )  # fmt: skip
    emergency_yuan: float = in_yuan(
        10.0, "Street's money to bring in an emergency firm, per household", high=500, zh="应急启动费用",
    )  # fmt: skip
    emergency_hours: float = in_hours(
        20.0, "Street's hours that an emergency firm takes", high=500, zh="应急占用街道工时"
    )
    self_runs: float = monthly(
        0.03, "Chance that owners of a small compound without a firm come to run it, if all feel heard",
        zh="自管成立概率", source="two months (K057) to two years (K061) after the firm left; chance assumed",
    )  # fmt: skip
    self_run_size: float = param(
        200.0, "Households up to which neighbours are close enough for that; beyond, the chance falls with size",
        unit="household", low=10, high=5000, zh="自管适宜户数",
        source="84, 112, 120, 129, 132, 200, 408, one 2,000: K057, K061, K063, K072, K052, K094, K085, K031",
    )  # fmt: skip
    self_run_fee: float = param(
        0.3, "Fee where owners run it, as a share of the usual one", low=0.05, high=1, zh="自管收费比例",
        source="15 to 21 yuan a household and month: K085, K057; share assumed",
    )  # fmt: skip
    self_run_service: float = param(
        0.4, "Service where owners run it, as a share of full service", low=0.05, high=1, zh="自管服务比例",
        source="the fee pays for more of it, as there is no office, no profit, and work without pay (K072, K086); "
        "share assumed",
    )  # fmt: skip
    self_run_hours: float = in_hours(
        80.0, "Unpaid hours of those who run it, while fresh", high=1000, zh="自管志愿工时"
    )
    tires: float = monthly(
        0.03, "Share of their energy that volunteers lose", high=0.5, zh="志愿者疲劳速度",
        source="worn out after a year: K072; gone after 18 months: K094; good for two terms: K086; rate assumed",
    )  # fmt: skip
    renews: float = param(
        0.5, "Chance that a year's end brings fresh volunteers, if all feel heard", unit="1/year", low=0, high=1,
        zh="志愿者换届概率", source="eight years of success: K063; chance assumed",
    )  # fmt: skip
    gives_up: float = fraction(0.25, "Energy below which volunteers give up", zh="志愿者退出阈值")
    trust_pay: float = fraction(
        0.10, "Set pay of a firm on an open account, as a share of the cost of its menu", high=0.5,
        zh="信托制酬金比例",
    )  # fmt: skip


arrow(
    "loss", "exit", "a firm that loses money leaves, or does not renew its contract",
    neutral="it never goes at a loss", zh="亏损的物业服务企业撤场或不再续约", zh_neutral="从不因亏损撤场",
)  # fmt: skip
arrow(
    "rate", "entry", "firms come where the known collection rate would pay for service",
    neutral="the rate a firm reckons with (firm.reckons)",
    zh="已知收缴率够支付服务时，新物业服务企业才进场", zh_neutral="预期收缴率（firm.reckons）",
)  # fmt: skip
arrow(
    "exit", "emergency", "the street puts in an emergency firm when a firm has left",
    neutral="it puts in none", zh="物业服务企业撤场后街道引入应急物业", zh_neutral="不引入",
)  # fmt: skip
arrow(
    "efficacy", "self_running",
    "owners who feel heard come to run their compound themselves, and find fresh volunteers",
    neutral="efficacy of a newcomer (turnover.newcomer_trust)",
    zh="业主有效能感，才会自管并换上新的志愿者", zh_neutral="新住户的效能感（turnover.newcomer_trust）",
)  # fmt: skip
arrow(
    "self_running", "tiring", "who run their compound themselves tire",
    neutral="their energy stays", zh="自管者日渐疲惫", zh_neutral="精力不减",
)  # fmt: skip


class Providing(Budget):
    """Who serves one compound, since when, and what became of those before."""

    usual_diligence: float = column("f8", "1", "0 to 1", "care of an ordinary firm here")
    just_left: bool = column("?", "flag", "0, 1", "a firm under contract left since the last books")
    owner_led: bool = column(
        "?", "flag", "0, 1", "won a contest, led by an owner (自己的小区自己管)"
    )
    founded: int = column("i8", "month", "any", "month it came, 0 if it was there from the start")
    contract_end: int = column("i8", "month", "any", "December in which its contract ends")
    diligence: float = column("f8", "1", "0 to 1", "care with which its staff work")
    transparency: float = column("f8", "1", "0 to 1", "share of its accounts residents can check")
    fee_level: float = column("f8", "1", "0 or more", "fee it asks, relative to the usual one")
    volunteers: float = column("f8", "1", "0 to 1", "energy left to owners who run it")
    owners_fen: int = column("i8", "fen", "0 or more", "owners' own money that nobody spends")
    unpaid_fen: int = column(
        "i8", "fen", "0 or more", "debts left unpaid so far by open accounts and owners who ended"
    )
    returned_fen: int = column(
        "i8", "fen", "0 or more", "paid for months to come to who then left, and given back so far"
    )
    lost_fen: int = column(
        "i8", "fen", "0 or more", "paid for months to come to who then left, and lost so far"
    )
    place_rate: float = column("f8", "1", "0 or more", "collection rate that firms know it by")
    months_in_debt: int = column("i8", "month", "0 or more", "months beyond the debt it can bear")
    exits_loss: int = column("i8", "1", "0 or more", "firms gone so far: at a loss")
    exits_contract: int = column("i8", "1", "0 or more", "firms gone so far: contract not renewed")
    exits_dismissed: int = column("i8", "1", "0 or more", "firms gone so far: dismissed, replaced")
    exits_tired: int = column("i8", "1", "0 or more", "times owners have given up running it")

    @derived
    def is_new(self) -> bool:
        """Whether it came within the last month: households have not judged it yet."""
        return self.present and self.months <= 1 and self.founded == self.world.month - 1

    @derived
    def is_successor(self) -> bool:
        """Whether it is new, and somebody served under contract, or owners did, before it."""
        return self.is_new and self.changes + self.exits_tired > 0

    @derived
    def present(self) -> bool:
        """Whether somebody serves the compound and asks for fees."""
        return self.provider != Provider.NONE

    @derived
    def contracted(self) -> bool:
        """Whether a firm under contract serves: no emergency firm, no volunteers."""
        return self.provider == Provider.FIRM or self.provider == Provider.TRUST

    @derived
    def lacking(self) -> bool:
        """Whether a firm is wanted: nobody serves, or an emergency firm does for a time."""
        return self.provider == Provider.NONE or self.provider == Provider.EMERGENCY

    @derived
    def changes(self) -> int:
        """Firms under contract that are gone so far."""
        return self.exits_loss + self.exits_contract + self.exits_dismissed

    @derived
    def closeness(self) -> float:
        """How close neighbours are, by their number, to run the compound themselves, 0 to 1."""
        return min(self.p.self_run_size / self.compound.households, 1.0)

    @derived
    def watched(self) -> float:
        """How closely neighbours who run the compound see who pays, 0 to 1: few, and not yet tired."""
        return self.volunteers * self.closeness

    # --- coming -------------------------------------------------------------------------------------

    @rule
    def _take_over(
        self, provider: int, diligence: float, transparency: float, skimming: float, rate: float, scope: float
    ) -> None:  # fmt: skip
        """Begin to serve: ``rate`` is the collection that the newcomer reckons with, ``scope`` its menu.

        What was disputed at the developer's handover is written into a new contract, and grants of this month are for
        the compound, whoever serves it.
        """
        p = self.p
        self.provider, self.disputed = provider, 0.0
        self.diligence, self.transparency, self.skimming = diligence, transparency, skimming
        self.owner_led, self.sharing = False, 0
        self.months_in_debt = 0
        self.founded, self.months, self.just_left = self.world.month, 0, False
        self._sign()
        self.fee_level = 1.0
        if provider == Provider.SELF_RUN:
            self.fee_level = p.self_run_fee
        elif provider == Provider.EMERGENCY:
            self.fee_level = p.emergency_scope
        self.volunteers = 1.0 if provider == Provider.SELF_RUN else 0.0
        self._open_books(scope, rate)

    @rule
    def _open_books(self, scope: float, rate: float) -> None:
        """Open the books of a menu, with the cash it takes and the staff that ``rate`` pays for."""
        self.set_menu(scope)
        self.cash_fen = 0
        if self.provider == Provider.FIRM:
            self.cash_fen = round(self.p.reserve_months * self.full_cost_fen)
        elif self.provider == Provider.TRUST or self.provider == Provider.SELF_RUN:
            self.cash_fen, self.owners_fen = self.owners_fen, 0
        self.opening_cash_fen = self.cash_fen
        self._clear_book()
        if self.present:
            self._reckon(rate)
        else:
            self.staff = self.upkeep = self.power = 0.0

    @rule
    def _sign(self) -> None:
        """Sign for some years, to the December nearest to their end."""
        rest, years = MONTHS_PER_YEAR - self.month_of_year, int(self.p.contract_years)
        if rest >= MONTHS_PER_YEAR // 2:
            years -= 1
        self.contract_end = self.world.month + rest + MONTHS_PER_YEAR * years

    @rule
    def _was_there_before(self, lot: float) -> None:
        """Know the place that it served before the run; its contract ends in any of the coming Decembers."""
        rest, years = MONTHS_PER_YEAR - self.month_of_year, int(self.p.contract_years)
        self.contract_end = self.world.month + rest + MONTHS_PER_YEAR * int(lot * years)
        self._reckon(self._known_rate())

    @derived
    def _rate_is_known(self) -> bool:
        """Whether a firm under contract serves, and bills of its time fell due."""
        return self.contracted and self.compound.census.billed_fen > 0.0

    @rule
    def _known_rate(self) -> float:
        """Collection rate that whoever comes here reckons with."""
        known = self.compound.collection_rate if self._rate_is_known else self.place_rate
        return max(known, self.p.expects_least)

    @rule
    def hand_over(
        self, diligence: float, transparency: float, skimming: float, owner_led: bool, scope: float = 1.0
    ) -> None:  # fmt: skip
        """Replace whoever serves by a firm, with new books.

        Having promised all of its menu it begins with that, and cuts what a year's income does not pay (K056).

        Args:
            diligence: Care of the new firm, 0 to 1.
            transparency: Share of its accounts residents can check, 0 to 1.
            skimming: Share of public revenue it keeps, 0 to 1.
            owner_led: Whether its legal representative is an owner.
            scope: Its menu, as a share of full service.
        """
        if self.present:
            self._settle(Exit.DISMISSED, True)
        self._take_over(Provider.FIRM, diligence, transparency, skimming, self.p.reckons, scope)
        self.owner_led = owner_led

    @rule
    def entrust(self, diligence: float) -> None:
        """Replace whoever serves by a firm for a set pay, on an open account of the owners."""
        if self.present:
            self._settle(Exit.DISMISSED, True)
        self._take_over(Provider.TRUST, diligence, 1.0, 0.0, self.p.reckons, 1.0)

    @rule
    def share_firm(self, diligence: float, transparency: float, scope: float) -> None:
        """Come under one firm for many compounds of the street, which carry its fixed cost together."""
        if self.present:
            self._settle(Exit.DISMISSED, True)
        self._take_over(Provider.FIRM, diligence, transparency, 0.0, self.p.reckons, scope)
        self.sharing = 1
        # Once more, now that its fixed cost is shared.
        self._open_books(scope, self.p.reckons)

    @rule
    def _enter(self) -> None:
        """An ordinary firm comes, and takes over from an emergency firm.

        Having promised full service it begins with that: good at first (K042, K055).
        """
        p, rate = self.p, max(self._known_rate(), self.p.reckons)
        if self.present:
            self._settle(Exit.CONTRACT_END, True)
        self._take_over(Provider.FIRM, self.usual_diligence, p.transparency, p.skimming, rate, 1.0)

    @rule
    def _run_themselves(self) -> None:
        """Owners take it over: what a firm reckons with, they do; all accounts are posted."""
        self._take_over(Provider.SELF_RUN, 1.0, 1.0, 0.0, self.p.reckons, self.p.self_run_service)

    @rule
    def _bring_emergency_firm(self) -> None:
        """The street puts in a firm and pays for its start."""
        p, compound = self.p, self.compound
        self._take_over(
            Provider.EMERGENCY, self.usual_diligence, p.transparency, 0.0, self.place_rate, p.emergency_scope
        )  # fmt: skip
        self.contract_end = self.world.month + int(p.emergency_months)
        fen = round(FEN_PER_YUAN * p.emergency_yuan * compound.households)
        label = self.world.number_of_measures + EMERGENCY_FIRM
        compound.spend(label, Payer.STREET, 0.0, fen / FEN_PER_YUAN)
        self.grant_fen += fen

    @rule
    def take_street_hours(self) -> None:
        """An emergency firm takes hours of the street, of those it has."""
        label = self.world.number_of_measures + EMERGENCY_FIRM
        self.compound.take_street_hours(label, self.p.emergency_hours)

    @rule
    def _book_volunteers(self) -> None:
        hours = self.p.self_run_hours * self.volunteers
        label = self.world.number_of_measures + SELF_RUN
        self.compound.spend(label, Payer.RESIDENTS, hours, 0.0)

    # --- going --------------------------------------------------------------------------------------

    @rule
    def leave(self) -> None:
        """Walk away at a loss: what is owed to this firm leaves the compound's books with it.

        What it was paid for months to come is given back as far as it has cash.
        """
        self._go(Exit.LOSS)

    @rule
    def end_contract(self) -> None:
        """Do not renew."""
        self._go(Exit.CONTRACT_END)

    @rule
    def dismiss(self) -> None:
        """Be dismissed, by owners or street; whoever calls sees to a successor."""
        if self.present:
            self._go(Exit.DISMISSED)

    @rule
    def _go(self, why: int) -> None:
        self.just_left = self.contracted
        self._settle(why, False)
        self.provider, self.owner_led = Provider.NONE + 0, False
        self.sharing = 0
        self.staff = self.upkeep = self.power = self.volunteers = 0.0
        self.compound.signals.firm_present = 0.0

    @rule
    def _settle(self, why: int, successor: bool) -> None:
        """Count the exit, write off what is owed, settle what was paid ahead; owners' money stays theirs."""
        if self.contracted:
            if why == Exit.LOSS:
                self.exits_loss += 1
            elif why == Exit.CONTRACT_END:
                self.exits_contract += 1
            else:
                self.exits_dismissed += 1
        elif why == Exit.TIRED:
            self.exits_tired += 1
        if self._rate_is_known:
            self.place_rate = self.compound.collection_rate
        on_bills, ahead = end_bills(self.compound, successor)
        settled = min(on_bills + ahead, max(self.cash_fen, 0))
        self.cash_fen -= settled
        if successor:
            # The successor serves who has paid, with as much of the money as there still is.
            self.handed_fen += settled
        else:
            self.returned_fen += settled
            self.lost_fen += on_bills + ahead - settled
            self.compound.take_back(on_bills, settled)
        if self.provider == Provider.TRUST or self.provider == Provider.SELF_RUN:
            self.owners_fen += max(self.cash_fen, 0)
            # Owners owe no more than they have: whoever was not paid bears it.
            self.unpaid_fen += max(-self.cash_fen, 0)
            self.cash_fen = 0
        # Costs of its own, such as suits, go with it; grants are for the compound.
        self.grant_fen = max(self.grant_fen, 0)
        self.compound.write_off()

    # --- every month --------------------------------------------------------------------------------

    @derived
    def prospect(self) -> float:
        """How far the income that a firm expects here goes beyond what it could not save, 0 to 1."""
        p, full = self.p, self.full_service_fen
        fees = self.compound.monthly_due_fen * self.compound.price
        fixed = max(p.overhead * full, FEN_PER_YUAN * p.overhead_least_yuan)
        running = (1.0 - p.overhead) * full
        wages = running * (1.0 - p.energy - p.contracts)
        least = fixed + p.energy * running + p.least_staff * wages
        rate = through(self.parameters.arrows.rate_to_entry, self.place_rate, p.reckons)
        income = max(rate, p.expects_least) * fees + self.public_revenue_fen
        return min(max((income - least) / max(fixed + running - least, 1.0), 0.0), 1.0)

    @rule
    def _find_somebody(self, chance: tuple[float, ...]) -> None:
        """The street steps in, another firm comes by what the place would pay, or owners run it themselves."""
        p, compound = self.p, self.compound
        on = self.parameters.arrows
        if self.just_left and chance[3] < p.emergency * on.exit_to_emergency:
            self._bring_emergency_firm()
            return
        self.just_left = False
        if chance[0] < p.enters * self.prospect:
            self._enter()
            return
        heard = compound.per_household(compound.census.efficacy)
        usual = self.parameters.turnover.newcomer_trust
        heard = through(on.efficacy_to_self_running, heard, usual)
        if chance[1] < p.self_runs * heard * self.closeness:
            self._run_themselves()

    @rule
    def _stay_or_go(self, chance: tuple[float, ...]) -> None:
        p = self.p
        bears = self.parameters.arrows.loss_to_exit == 0.0
        self.months_in_debt = self.months_in_debt + 1 if self.in_debt and not bears else 0
        fed_up = self.months_in_debt > p.loss_patience and chance[1] < p.leaves
        if self.provider == Provider.SELF_RUN:
            self._tire(fed_up, chance)
            return
        ends = self.world.month >= self.contract_end
        if self.provider == Provider.EMERGENCY:
            if chance[0] < p.enters * self.prospect:
                self._enter()
            elif ends or fed_up:
                self._go(Exit.CONTRACT_END)
            return
        loses = self.year_result_fen < -p.renewal_loss * MONTHS_PER_YEAR * self.full_cost_fen
        if fed_up or (ends and loses and not bears):
            self._go(Exit.LOSS if fed_up else Exit.CONTRACT_END)
        elif ends:
            self.contract_end += MONTHS_PER_YEAR * int(p.contract_years)

    @rule
    def _tire(self, broke: bool, chance: tuple[float, ...]) -> None:
        """Volunteers tire; a year's end may bring fresh ones, if people feel heard."""
        p, compound = self.p, self.compound
        on, usual = self.parameters.arrows, self.parameters.turnover.newcomer_trust
        self.volunteers *= 1.0 - p.tires * on.self_running_to_tiring
        self.diligence = self.volunteers
        heard = compound.per_household(compound.census.efficacy)
        heard = through(on.efficacy_to_self_running, heard, usual)
        if self.month_of_year == MONTHS_PER_YEAR and chance[2] < p.renews * heard:
            self.renew_volunteers()
        if broke or self.volunteers < p.gives_up:
            self._go(Exit.TIRED)

    @rule
    def renew_volunteers(self) -> None:
        """Bring fresh volunteers to a compound that owners run themselves."""
        if self.provider == Provider.SELF_RUN:
            self.volunteers = self.diligence = 1.0
