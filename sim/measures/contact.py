"""Who comes to the door: members who keep contact and pay first, staff; and letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, scale
from sim.processes.participation import count_troubled
from sim.schema import fraction, in_hours, in_months, logits, monthly, param
from sim.world.costs import Payer
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class MemberContact(Measure):
    """Each active member keeps contact with a number of households and visits them in turn."""

    name = "member_contact"
    en = "Member contact quota"
    zh = "党员包联"
    told = "004_56d13d5bc3bde075: 每名党员包联10户居民,定期走访慰问"
    through = "visits (fading push to pay, grievance, trust in the cell), mediation, cell's hours"
    through_zh = "走访（会消退的缴费推动、不满情绪、对党支部的信任）、调解；占用党支部工时"

    class Parameters(MeasureParameters):
        """Quota, rhythm and hours."""

        quota: int = param(
            10, "Households for each active member", unit="household", low=1, high=200, zh="每名党员包联户数",
            source="004: 每名党员包联10户居民",
        )  # fmt: skip
        every: int = in_months(
            3, "Months between two visits to a household", low=1, high=24, zh="走访间隔月数"
        )
        hours_each: float = param(
            1.0, "Cell's hours for one visit", unit="hour", low=0.1, high=10, zh="每次走访工时"
        )
        boost: float = logits(
            0.35, "Push to pay from one full visit", low=-0.5, high=2, zh="一次走访的缴费推动",
            source="+7 to +9 points at the door (US turnout), near zero in Europe (anchors in docs/odd.md)",
        )  # fmt: skip
        mediates: float = monthly(
            0.3, "Chance that a contact member mediates for an assigned household in conflict", zh="调解概率",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Assign households to members, and ask for the hours the visits need."""
        p, s, cell, occupied = self.p, compound.signals, compound.cell, compound.census.occupied
        assigned = min(p.quota * cell.members * p.coverage * strength, occupied)
        share = assigned / max(occupied, 1.0)
        s.visit_share = add(s.visit_share, share, most=1.0)
        s.visit_every = p.every
        s.visit_boost = p.boost
        s.mediation = add(s.mediation, p.mediates * share, most=1.0)
        cell.ask(self.label, assigned / p.every * p.hours_each)


@register
class LeadByPaying(Measure):
    """Party members pay first and are seen to."""

    name = "lead_by_paying"
    en = "Members lead by paying"
    zh = "党员带头缴费"
    told = "002_8c9cd9e280662931: 一人帶動一戶、一戶帶動一片"
    through = "members' own payment, weight of a member's payment in the norm neighbours perceive"
    through_zh = "党员自身缴费、党员缴费在邻里规范感知中的权重"

    class Parameters(MeasureParameters):
        """Visibility and push."""

        visibility: float = param(
            2.0, "Extra weight of a member household's payment in what neighbours see", low=0, high=20,
            zh="党员缴费可见度",
        )  # fmt: skip
        pledge: float = logits(
            3.0, "Push on active members to pay", low=0, high=8, zh="党员承诺作用"
        )
        hours_each: float = in_hours(
            0.2, "Cell's hours per active member to organise and show it", high=10, zh="人均组织工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Make members' payment certain and visible."""
        p, s = self.p, compound.signals
        s.lead = add(s.lead, p.visibility * p.coverage * strength)
        s.pledge = add(s.pledge, p.pledge * p.coverage * strength)
        compound.cell.ask(self.label, compound.cell.members * p.hours_each * strength)


@register
class StaffVisits(Measure):
    """Community workers, grid workers and the firm's stewards call on households in debt or complaint.

    A household called on deals with its bills that month, and is heard. A call without time does harm; one
    while the cause of the trouble stands does little (K035).
    """

    name = "staff_visits"
    en = "Staff at the door (community workers, grid workers, stewards)"
    zh = "社区工作者、网格员与物业管家上门走访"
    told = (
        "001_966095599a598409: 街道社区所有人员对口下沉到小区,组建红色家访小组; 002_8c9cd9e280662931: 入戶走訪; "
        "004_56d13d5bc3bde075: 入户征求居民意见"
    )
    through = (
        "households in debt or complaint that deal with their bills in the month of a call, effect on paying, "
        "grievance, trust in who called, hidden problems told; community's hours, firm's hours lost for issues"
    )
    through_zh = (
        "欠费户和投诉户在走访当月办理账单、走访对缴费的推动、不满情绪、对走访方的信任、未报问题的发现；"
        "占用社区工时和物业服务企业诉求工时"
    )

    class Parameters(MeasureParameters):
        """Rhythm, hours, and whose staff."""

        every: float = in_months(
            3.0, "Months between two calls on a household in debt or complaint", low=1, high=24, zh="走访间隔月数",
        )  # fmt: skip
        hours_each: float = param(
            0.75, "Hours of one call", unit="hour", low=0.1, high=10, zh="每次走访工时",
            source="59 people served 336 of 452 in one evening (K045); assumed",
        )  # fmt: skip
        firm_share: float = fraction(
            0.5, "Share of calls made by the firm's staff; the rest by the community's", zh="物业服务企业走访占比",
        )  # fmt: skip
        boost: float = logits(
            0.2, "Push to pay from one full call", low=-0.3, high=1, zh="一次走访的缴费推动",
            source="+7 to +9 points at the door (US turnout), near zero in Europe (anchors in docs/odd.md)",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Call as far as there are hours; where there is no firm, the community's staff go alone."""
        p, s = self.p, compound.signals
        share = min(p.coverage * strength / p.every, 1.0)
        hours = share * count_troubled(compound) * p.hours_each
        by_firm = p.firm_share if compound.firm.present else 0.0
        compound.community.ask(compound, self.label, hours * (1.0 - by_firm))
        given = min(hours * by_firm, s.compound_hours)
        s.compound_hours = add(s.compound_hours, -given)
        compound.spend(self.label, Payer.FIRM, hours=given)
        of_firm = given / (hours * by_firm) if hours * by_firm > 0.0 else 1.0
        full = by_firm * of_firm + (1.0 - by_firm) * compound.community.fidelity
        # Of several rounds of calls each counts as far as it goes.
        part = share / max(s.door_share + share, 1e-9)
        s.door_full += part * (full - s.door_full)
        s.door_boost += part * (p.boost - s.door_boost)
        s.door_firm += part * (by_firm - s.door_firm)
        s.door_share = add(s.door_share, share, most=1.0)


@register
class MoralAppeal(Measure):
    """Letters appeal to duty, and reminders come more often.

    Appeals may do nothing or annoy, and wear off; reminders reach only those who owe something.
    """

    name = "moral_appeal"
    en = "Letters and reminders"
    zh = "倡议书与缴费提醒"
    told = (
        "000_a762daf79c5ee800: 引导居民树立正确观念; "
        "002_8c9cd9e280662931: 催繳缺乏有效手段,全靠鄰里情面和個人自覺"
    )
    through = (
        "push to pay from appeals (small, may be negative, fading), intensity of reminders; "
        "firm's hours, public money"
    )
    through_zh = "倡议对缴费的推动（小、可为负、会消退）、催缴力度；占用物业服务企业工时和公共资金"

    class Parameters(MeasureParameters):
        """Appeal and reminders."""

        boost: float = logits(
            0.05, "Push to pay from a first letter that appeals to duty", low=-0.3, high=0.3, zh="倡议的缴费推动",
            source="moral appeals not significant in China (doi 10.1016/j.jebo.2024.106779)",
        )  # fmt: skip
        fades: float = monthly(
            0.15, "Share of that push lost with each month of letters", zh="倡议消退速度",
            source="effects short-lived (doi 10.1016/j.jebo.2024.106779); rate assumed",
        )  # fmt: skip
        reminders: float = fraction(
            0.4, "Rise in the intensity of reminders to households in arrears, relative", zh="催缴力度增幅",
            source="weekly reminders about +40% over one-off ones for overdue property tax (anchors in docs/odd.md)",
        )  # fmt: skip
        hours_each: float = in_hours(
            0.02, "Firm's hours for the reminders of one household, lost for issues", high=1, zh="户均催缴工时",
        )  # fmt: skip
        yuan_each: float = param(
            0.3, "Cost of letters per household", unit="yuan/month", low=0, high=20, zh="户均印发费用",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Write and remind; where nobody asks for a fee, do nothing."""
        p, s = self.p, compound.signals
        if not compound.firm.present:
            return
        reached = p.coverage * strength
        heard = (1.0 - p.fades) ** (compound.month - p.start)
        s.appeal = add(s.appeal, p.boost * reached * heard)
        s.dunning = min(scale(s.dunning, 1.0 + p.reminders * reached), 1.0)
        hours = min(p.hours_each * compound.households * reached, s.compound_hours)
        s.compound_hours = add(s.compound_hours, -hours)
        compound.spend(self.label, Payer.FIRM, hours=hours)
        compound.spend(self.label, Payer.PUBLIC, yuan=p.yuan_each * compound.households * reached)
