"""What members do: contact households, pay first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import param

if TYPE_CHECKING:
    from sim.society.compound import Compound


@register
class MemberContact(Measure):
    """Each active member keeps contact with a number of households and visits them in turn."""

    name = "member_contact"
    en = "Member contact quota"
    zh = "党员包联"
    told = "004_56d13d5bc3bde075: 每名党员包联10户居民,定期走访慰问"
    through = "visits (fading push to pay, grievance, trust in the cell), mediation, cell's hours"

    class Parameters(MeasureParameters):
        """Quota, rhythm and hours."""

        quota: int = param(
            10, "Households for each active member", unit="household", low=1, high=200, zh="每名党员包联户数",
            source="004: 每名党员包联10户居民",
        )  # fmt: skip
        every: int = param(
            3,
            "Months between two visits to a household",
            unit="month",
            low=1,
            high=24,
            zh="走访间隔月数",
        )
        hours_each: float = param(
            1.0, "Cell's hours for one visit", unit="hour", low=0.1, high=10, zh="每次走访工时"
        )
        boost: float = param(
            0.35, "Push to pay from one full visit", unit="logit", low=-0.5, high=2, zh="一次走访的缴费推动",
            source="+7 to +9 points at the door (US turnout), near zero in Europe (EVIDENCE)",
        )  # fmt: skip
        mediates: float = param(
            0.3, "Chance that a contact member mediates for an assigned household in conflict",
            unit="1/month", low=0, high=1, zh="调解概率",
        )  # fmt: skip

    def act(self, compound: Compound, strength: float) -> None:
        """Assign households to members, and ask for the hours the visits need."""
        p, s, cell = self.p, compound.signals, compound.cell
        assigned = min(p.quota * cell.members * p.coverage * strength, compound.census["occupied"])
        share = float(assigned) / max(float(compound.census["occupied"]), 1.0)
        s["visit_share"] = min(float(s["visit_share"]) + share, 1.0)
        s["visit_every"] = p.every
        s["visit_boost"] = p.boost
        s["mediation"] = min(float(s["mediation"]) + p.mediates * share, 1.0)
        cell.ask(self.label, float(assigned) / p.every * p.hours_each)


@register
class LeadByPaying(Measure):
    """Party members pay first and are seen to."""

    name = "lead_by_paying"
    en = "Members lead by paying"
    zh = "党员带头缴费"
    told = "002_8c9cd9e280662931: 一人帶動一戶、一戶帶動一片"
    through = "members' own payment, weight of a member's payment in the norm neighbours perceive"

    class Parameters(MeasureParameters):
        """Visibility and push."""

        visibility: float = param(
            2.0, "Extra weight of a member household's payment in what neighbours see", low=0, high=20,
            zh="党员缴费可见度",
        )  # fmt: skip
        pledge: float = param(
            3.0, "Push on active members to pay", unit="logit", low=0, high=8, zh="党员承诺作用"
        )
        hours_each: float = param(
            0.2, "Cell's hours per active member to organise and show it", unit="hour/month", low=0, high=10,
            zh="人均组织工时",
        )  # fmt: skip

    def act(self, compound: Compound, strength: float) -> None:
        """Make members' payment certain and visible."""
        p, s = self.p, compound.signals
        s["lead"] = float(s["lead"]) + p.visibility * p.coverage * strength
        s["pledge"] = float(s["pledge"]) + p.pledge * p.coverage * strength
        compound.cell.ask(self.label, compound.cell.members * p.hours_each * strength)
