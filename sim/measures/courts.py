"""Lawyers' letters and suits for old debts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import fraction, in_months, in_yuan, monthly, param
from sim.streams import Stream, draw
from sim.world.costs import Payer
from sim.world.native import rule
from sim.world.tables import Called, Tenure
from sim.world.units import FEN_PER_YUAN, THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound

_COURTS = int(Stream.COURTS)


@register
class FeeSuits(Measure):
    """The firm writes to those long in arrears by a lawyer, and sues some of them.

    Nearly all who are sued pay or settle, and trust the firm less for it; a letter brings the debt to mind and
    no more. What made people withhold the fee is as it was.
    """

    name = "fee_suits"
    en = "Lawyers' letters and suits"
    zh = "律师函与诉讼追缴"
    told = "002_8c9cd9e280662931: 催繳缺乏有效手段"
    through = (
        "letters: old debts and bills are dealt with this month; suits: old debts are paid or settled; trust in the "
        "firm and grievance of who is sued; firm's hours and money"
    )
    through_zh = (
        "律师函：促使当月处理欠费；诉讼：清偿或和解旧欠；被诉户对物业服务企业的信任与不满情绪；"
        "占用物业服务企业工时与费用"
    )

    class Parameters(MeasureParameters):
        """Who is written to, who is sued, and how that ends."""

        overdue: int = in_months(
            12, "Months overdue from which a household is written to or sued", low=1, high=120, zh="起诉欠费月数",
        )  # fmt: skip
        letters: float = monthly(
            0.2, "Share of these households written to in a month", zh="每月发函比例"
        )
        suits: float = param(
            3.0, "Suits in a month for 1,000 households", unit="1/month", low=0, high=100, zh="每千户月起诉数",
            source="some 20 a compound in 7 months (D075); 107 to 666 a year in one zone (D076)",
        )  # fmt: skip
        paid: float = fraction(
            0.9, "Share of suits that end with payment", zh="诉讼清偿比例",
            source="withdrawn, mostly after payment, 52.6, settled 41.6, judged 5.8 percent (D074); 98 percent (K043)",
        )  # fmt: skip
        distrust: float = param(
            0.3, "Share of trust in the firm lost by who is sued", low=-0.2, high=1, zh="被诉户失信",
            source="a threat hardens refusal (K073); size and sign assumed",
        )  # fmt: skip
        anger: float = param(
            0.1, "Grievance gained by who is sued, of what is missing to the most", low=-0.2, high=1,
            zh="被诉户不满情绪", source="size and sign assumed",
        )  # fmt: skip
        suit_yuan: float = in_yuan(
            200.0, "Firm's cost of a suit", high=10_000, zh="每案费用",
            source="25 yuan of court fees (D077); lawyer assumed",
        )  # fmt: skip
        suit_hours: float = param(
            6.0, "Firm's hours for a suit, lost for issues", unit="hour", low=0, high=100, zh="每案工时",
        )  # fmt: skip
        letter_yuan: float = in_yuan(20.0, "Firm's cost of a letter", high=1000, zh="每函费用")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Write to some of those long in arrears, and sue as many as there is time for."""
        p, s, world = self.p, compound.signals, compound.world
        if not compound.firm.present:
            return
        h, reached = world.households, min(p.coverage * strength, 1.0)
        long_owing = 0
        for i in range(compound.first, compound.last):
            long_owing += (h.arrears_months[i] >= p.overdue) & (h.tenure[i] != Tenure.VACANT)
        if long_owing == 0:
            return
        sued_share = min(p.suits * compound.households / THOUSAND / long_owing, 1.0) * reached
        letters = suits = 0
        for i in range(compound.first, compound.last):
            if h.arrears_months[i] < p.overdue or h.tenure[i] == Tenure.VACANT:
                continue
            luck = draw(i, world.month, world.seed, _COURTS)
            if luck[0] < sued_share:
                suits += 1
                h.trust_firm[i] *= 1.0 - p.distrust
                h.grievance[i] += p.anger * (1.0 - h.grievance[i])
                if luck[1] < p.paid:
                    h.summoned[i] = Called.SETTLES
            elif luck[2] < p.letters * reached:
                letters += 1
                if h.summoned[i] == Called.NOT:
                    h.summoned[i] = Called.REMINDED
        hours = min(p.suit_hours * suits, s.compound_hours)
        s.compound_hours -= hours
        compound.firm.grant_fen -= round(
            FEN_PER_YUAN * (p.suit_yuan * suits + p.letter_yuan * letters)
        )
        compound.spend(
            self.label, Payer.FIRM, hours=hours, yuan=p.suit_yuan * suits + p.letter_yuan * letters
        )
