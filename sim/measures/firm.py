"""Measures that change which firm serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.assembly import trust_at_least
from sim.agents.budget import Provider
from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, scale
from sim.processes.assembly import Matter
from sim.processes.bills import settled_fen
from sim.schema import fraction, in_hours, in_months, in_yuan, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import FEN_PER_YUAN

if TYPE_CHECKING:
    from sim.agents.compound import Compound


class Preparation(MeasureParameters):
    """How a vote of all owners on the firm is prepared."""

    preparation: int = in_months(
        4, "Months from the start to the vote", low=1, high=36, zh="筹备月数"
    )
    retry: int = in_months(
        6, "Months between a failed vote and the next", low=1, high=36, zh="重试间隔"
    )
    canvass_hours: float = in_hours(
        40.0, "Hours that owners' representatives go from door to door while it is prepared", high=1000,
        zh="业主代表入户工时",
        source="owners' representatives take part all along (业主代表全过程参与): seed 004; size assumed",
    )  # fmt: skip
    community_hours: float = in_hours(
        15.0, "Community's hours while it is prepared", high=500, zh="占用社区工时"
    )


class _Contest(Measure):
    Parameters = Preparation

    class Memory:
        """How far the contest has come."""

        begun: bool = column("?", "flag", "0, 1", "preparation has begun")
        vote: int = column("i8", "month", "any", "month of the next vote")

    @rule
    def gathered(self, compound: Compound, strength: float) -> bool:
        """Live a month of preparation; whether the ballots are gathered and due to be counted."""
        p, s, contest = self.p, compound.signals, self.states[compound.index]
        if not contest.begun:
            contest.begun, contest.vote = True, compound.month + int(p.preparation)
        if compound.month < contest.vote - int(p.preparation):
            # After a failed vote others have their turn.
            return False
        compound.community.ask(compound, self.label, p.community_hours * strength)
        gathered = compound.assembly.gathered(Matter.CHOOSE_FIRM + 0, p.preparation)
        if compound.assembly.matter == Matter.CHOOSE_FIRM:
            door = p.canvass_hours * p.coverage * strength
            compound.spend(self.label, Payer.RESIDENTS, hours=door)
            door += p.community_hours * strength * compound.community.fidelity
            s.canvass_hours = add(s.canvass_hours, door)
        return gathered and compound.month >= contest.vote

    @rule
    def agreed(self, compound: Compound) -> bool:
        """Count the ballots; where the vote fails, it is tried again."""
        matter, assembly = Matter.CHOOSE_FIRM + 0, compound.assembly
        passed = assembly.count(matter, assembly.appeal(matter))
        if not passed:
            self.states[compound.index].vote = compound.month + int(self.p.retry)
        return passed


@register
class FirmTender(_Contest):
    """Owners choose the firm in an open contest; a firm led by an owner may win."""

    name = "firm_tender"
    en = "Open tender of the firm (owner-led)"
    zh = "公开选聘物业服务企业（业主领办）"
    told = "004_56d13d5bc3bde075: 业主代表全过程参与,优选小区业主为法定代表的物业公司"
    through = "a vote of all owners, then another firm: care, openness, skimming, blame for the developer's legacy"
    through_zh = "全体业主表决后更换物业服务企业：尽责、公开、侵占公共收益、为开发遗留背负的责难"

    class Parameters(Preparation):
        """The winner's nature, and what a contest costs."""

        diligence: float = fraction(0.9, "Care of the winner", zh="新物业服务企业尽责程度")
        transparency: float = fraction(0.6, "Openness of the winner", zh="新物业服务企业透明度")
        skimming: float = fraction(
            0.05, "Share of public revenue the winner keeps", zh="新物业服务企业侵占公共收益比例"
        )
        owner_led: bool = param(True, "Whether the winner is led by an owner", zh="业主领办")
        goodwill: float = fraction(
            0.4, "Trust in the new firm at its start, where owners chose it", zh="初始信任",
            source="selection by owners builds trust (建立居民与物业之间的信任): seed 004; size assumed",
        )  # fmt: skip
        yuan: float = in_yuan(20000.0, "Cost of one contest", high=1e6, zh="一次选聘费用")

    class Memory(_Contest.Memory):
        """How far the contest has come."""

        done: bool = column("?", "flag", "0, 1", "owners have chosen")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Prepare, put it to the vote, and hand over if the vote passes."""
        p, contest = self.p, self.states[compound.index]
        if contest.done or not self.gathered(compound, strength):
            return
        compound.spend(self.label, Payer.PUBLIC, yuan=p.yuan)
        if self.agreed(compound):
            contest.done = True
            compound.firm.hand_over(p.diligence, p.transparency, p.skimming, p.owner_led != 0.0)
            trust_at_least(compound, p.goodwill)


@register
class PropertyEntry(Measure):
    """A firm enters a compound that has none, on a pilot: service first, a small menu, a trial price.

    Being used to free service wears off only as households pay; a pilot that they do not pay for ends
    like any firm that loses money, and leaves arrears behind.
    """

    name = "property_entry"
    en = "Property entry pilot (three-tier menu)"
    zh = "物业入驻试点（三级菜单）"
    told = (
        "002_8c9cd9e280662931: 入駐試點工作方案; "
        "002_8c9cd9e280662931: “基礎服務+增值服務+特惠服務”三級菜單"
    )
    through = (
        "after preparation and a decision, a firm with a menu of its own scope and cost; fee felt and reminders "
        "during the trial; community's hours, public money for start and discount"
    )
    through_zh = "筹备并决定后引入物业服务企业：服务范围与成本、试用期价格与催缴；占用社区工时，公共资金承担启动与优惠"

    class Parameters(MeasureParameters):
        """Preparation, decision, menu and trial."""

        preparation: int = in_months(
            4, "Months from the start to the decision", low=1, high=36, zh="筹备月数"
        )
        vote: bool = param(
            False, "Whether owners vote on it; otherwise the community orders it", zh="业主表决",
            source="the community's party organisation leads the pilot (社区党组织牵头): seed 002",
        )  # fmt: skip
        retry: int = in_months(
            6, "Months after a failed vote, or a firm that left, until the next decision", low=1, high=60,
            zh="重试间隔",
        )  # fmt: skip
        canvass_hours: float = in_hours(
            40.0, "Hours that activists go from door to door before a vote", high=1000, zh="入户动员工时",
        )  # fmt: skip
        goodwill: float = fraction(
            0.5, "Trust in the firm at its start, where owners voted for it", zh="初始信任"
        )
        diligence: float = fraction(0.85, "Care of the firm", zh="物业服务企业尽责程度")
        transparency: float = fraction(0.4, "Openness of the firm", zh="物业服务企业透明度")
        skimming: float = fraction(
            0.1, "Share of public revenue the firm keeps", zh="侵占公共收益比例"
        )
        basic: float = param(
            0.6, "Basic menu, as a share of full service and of its cost", low=0.2, high=1, zh="基础服务占比",
            source="basic + value-added + special offers (三级菜单): seed 002; share assumed",
        )  # fmt: skip
        value_added: float = fraction(
            0.5, "Part of the rest that is ordered, and served, if everybody pays", zh="增值服务占比",
        )  # fmt: skip
        special: float = fraction(
            0.1, "Cut in the fee that special offers are worth to an elderly household", high=0.5, zh="特惠服务让利",
        )  # fmt: skip
        special_yuan: float = param(
            5.0, "Public cost of special offers for an elderly household", unit="yuan/month", low=0, high=200,
            zh="特惠服务补贴",
        )  # fmt: skip
        trial: int = in_months(
            6, "Months of the trial price, without reminders", low=0, high=36, zh="试用月数"
        )
        trial_price: float = fraction(
            0.5, "Fee during the trial, relative to the fee after it; the rest is public money", zh="试用价比例",
        )  # fmt: skip
        start_yuan: float = in_yuan(
            40.0, "Public money for the start, per household", high=2000, zh="户均启动经费"
        )
        community_hours: float = in_hours(
            15.0, "Community's hours while it is prepared", high=500, zh="占用社区工时"
        )
        trial_part: float = fraction(
            0.5, "Part of these hours that the trial takes", zh="试用期工时比例"
        )

    class Memory:
        """How far the pilot has come."""

        begun: bool = column("?", "flag", "0, 1", "preparation has begun")
        runs: bool = column("?", "flag", "0, 1", "its firm has entered")
        decision: int = column("i8", "month", "any", "month of the next decision")
        entered: int = column("i8", "month", "any", "month in which its firm entered")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Prepare and decide while there is no firm; run the pilot once it is in."""
        firm, p, month = compound.firm, self.p, compound.month
        pilot = self.states[compound.index]
        if not pilot.begun:
            pilot.begun, pilot.decision = True, month + int(p.preparation)
        if not firm.lacking:
            if pilot.runs and pilot.entered == firm.founded:
                self._run_pilot(compound, month - pilot.entered, strength)
            return
        if pilot.runs:
            pilot.runs, pilot.decision = False, month + int(p.retry)
        if month < pilot.decision - int(p.preparation):
            # After a failed vote others have their turn.
            return
        compound.community.ask(compound, self.label, p.community_hours * strength)
        by_vote, s, gathered = p.vote != 0.0, compound.signals, True
        if by_vote:
            gathered = compound.assembly.gathered(Matter.FIRST_FIRM + 0, p.preparation)
            if compound.assembly.matter == Matter.FIRST_FIRM:
                compound.spend(self.label, Payer.RESIDENTS, hours=p.canvass_hours * strength)
                s.canvass_hours = add(s.canvass_hours, p.canvass_hours * strength)
        if month < pilot.decision or not gathered:
            return
        if by_vote and not self._voted(compound):
            pilot.decision = month + int(p.retry)
            return
        self._enter(compound)
        pilot.runs, pilot.entered = True, month

    @rule
    def _voted(self, compound: Compound) -> bool:
        matter, assembly = Matter.FIRST_FIRM + 0, compound.assembly
        return assembly.count(matter, assembly.appeal(matter))

    @rule
    def _enter(self, compound: Compound) -> None:
        firm, p = compound.firm, self.p
        firm.hand_over(p.diligence, p.transparency, p.skimming, False, p.basic)
        firm.grant_fen += self._public_fen(compound, p.start_yuan * compound.households)
        if p.vote != 0.0:
            trust_at_least(compound, p.goodwill)

    @rule
    def _run_pilot(self, compound: Compound, months_in: int, strength: float) -> None:
        firm, p, s, census = compound.firm, self.p, compound.signals, compound.census
        full = min(strength, 1.0)
        share = census.elderly / max(census.occupied, 1.0)
        s.price_ratio = scale(s.price_ratio, 1.0 - p.special * share * full)
        compound.spend(self.label, Payer.PUBLIC, yuan=p.special_yuan * census.elderly * full)
        cut = (1.0 - p.trial_price) * full
        if months_in <= p.trial + 1:
            # Bills carry the whole fee; what the trial lets off of last month's is paid from public money.
            compound.spend(
                self.label, Payer.PUBLIC, yuan=cut * settled_fen(compound) / FEN_PER_YUAN
            )
        if months_in <= p.trial:
            s.price_ratio = scale(s.price_ratio, 1.0 - cut)
            s.dunning = scale(s.dunning, 1.0 - full)
            compound.community.ask(
                compound, self.label, p.trial_part * p.community_hours * strength
            )
            return
        firm.set_menu(p.basic + (1.0 - p.basic) * p.value_added * compound.collection_rate * full)

    @rule
    def _public_fen(self, compound: Compound, yuan: float) -> int:
        fen = round(FEN_PER_YUAN * yuan)
        compound.spend(self.label, Payer.PUBLIC, yuan=fen / FEN_PER_YUAN)
        return fen


@register
class TrustProperty(_Contest):
    """Fees become the owners' own money on an open account; a firm serves for a set pay (信托制物业).

    Every item of the account can be looked up, nothing can be kept off it, and service reaches as far
    as the money there. The firm loses the profit of a lump sum, and the account has no credit.
    """

    name = "trust_property"
    en = "Trust-type property (open account, set pay)"
    zh = "信托制物业（开放账户、固定酬金）"
    told = (
        "case K013: trust-type property: open account, service pay tied to appraisal; "
        "case K085: trust-type property after self-rule had decayed; case K090: accounts in app"
    )
    through = (
        "a vote of all owners, then a firm for a set pay: accounts wholly open, no skimming, no profit, no credit; "
        "community's hours, public money to set it up"
    )
    through_zh = "全体业主表决后改为固定酬金：账目全公开、无侵占公共收益、无利润、无垫资；占用社区工时与公共启动资金"

    class Parameters(Preparation):
        """The firm, and what an account costs."""

        diligence: float = fraction(
            0.85, "Care of the firm", zh="物业服务企业尽责程度", source="pay tied to appraisal: K013; size assumed",
        )  # fmt: skip
        yuan_each: float = in_yuan(
            10.0, "Public money for account and app, per household, once", high=500, zh="户均启动费用",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Prepare and vote wherever no account is open, anew if its firm is gone."""
        p = self.p
        if compound.firm.provider == Provider.TRUST:
            self.states[compound.index].begun = False
            return
        if not self.gathered(compound, strength) or not self.agreed(compound):
            return
        compound.firm.entrust(p.diligence)
        fen = round(FEN_PER_YUAN * p.yuan_each * compound.households)
        compound.spend(self.label, Payer.PUBLIC, yuan=fen / FEN_PER_YUAN)


@register
class SharedProperty(Measure):
    """One firm of the street or district serves all compounds that have none, on one office (大物业).

    Each of them is too small, or pays too little, to carry a manager and an office of its own.
    """

    name = "shared_property"
    en = "One firm for many old compounds"
    zh = "大物业（片区统管）"
    told = (
        "case K034: state firm, serve first and charge later, lowest price; "
        "case K044: repairs first, charges from August; "
        "case K078: district state firms take 177 compounds without service"
    )
    through = (
        "a firm with a small menu where nobody or an emergency firm serves; its fixed cost is shared by the "
        "compounds of the street that it serves; street's hours, public money for the start"
    )
    through_zh = (
        "在无物业服务企业或应急物业的小区引入片区物业服务企业：固定成本由街道内各小区分担；"
        "占用街道工时与公共启动资金"
    )

    class Parameters(MeasureParameters):
        """When it comes, and what it does."""

        preparation: int = in_months(
            6, "Months without a firm, from the start on, until it comes", low=1, high=60, zh="筹备月数",
            source="251 compounds in eleven months: K034",
        )  # fmt: skip
        scope: float = param(
            0.6, "Its menu, as a share of full service and of its cost", low=0.2, high=1, zh="服务范围",
        )  # fmt: skip
        diligence: float = fraction(0.8, "Care of the firm", zh="物业服务企业尽责程度")
        transparency: float = fraction(0.5, "Openness of the firm", zh="物业服务企业透明度")
        free_months: int = in_months(
            4, "Months of service before it asks for fees", low=0, high=24, zh="先服务后收费月数",
            source="repairs first, charges four months later: K044; serve first: K034",
        )  # fmt: skip
        start_yuan: float = in_yuan(
            80.0, "Public money for the start, per household", high=2000, zh="户均启动经费"
        )
        street_hours: float = in_hours(
            10.0, "Street's hours while it is prepared", high=200, zh="占用街道工时"
        )

    class Memory:
        """How far it has come."""

        waited: int = column("i8", "month", "0 or more", "months that nobody has served")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Wait while nobody serves, then come; remind nobody in the free months."""
        p, s, firm = self.p, compound.signals, compound.firm
        wait = self.states[compound.index]
        if firm.sharing > 0 and compound.month - firm.founded < p.free_months:
            s.dunning = scale(s.dunning, 0.0)
        if not firm.lacking:
            wait.waited = 0
            return
        wait.waited += 1
        compound.take_street_hours(self.label, p.street_hours * strength)
        if wait.waited <= p.preparation:
            return
        firm.share_firm(p.diligence, p.transparency, p.scope)
        fen = round(FEN_PER_YUAN * p.start_yuan * compound.households)
        compound.spend(self.label, Payer.PUBLIC, yuan=fen / FEN_PER_YUAN)
        firm.grant_fen += fen
