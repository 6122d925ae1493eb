"""Measures that bring money: public revenue made orderly, funds from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.agents.fund import ALL, mend
from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add
from sim.processes.service import Line
from sim.schema import fraction, in_hours, in_months, in_yuan, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import FEN_PER_YUAN

if TYPE_CHECKING:
    from sim.agents.compound import Compound


BUILT = int(Line.FACILITIES), int(Line.AMENITIES)
GREEN = int(Line.GREENERY), int(Line.AMENITIES)
"""Lines that money outside the firm's books may go to."""


@register
class PublicRevenue(Measure):
    """Parking, advertising and premises are let in the open, into one pool.

    Less is kept off the books and more comes in, also from residents, who pay for what was free.
    Without a firm the pool is the compound's own fund and pays for repairs.
    """

    name = "public_revenue"
    en = "Public revenue pooled and opened"
    zh = "公共收益规范管理（资源共享、收益共用）"
    told = (
        "002_8c9cd9e280662931: 閑置用房、公共廣告位、停車位等資源; "
        "002_8c9cd9e280662931: “資源共享、收益共用”原則"
    )
    through = (
        "firm's skimming, money to the firm's budget and to repairs, what residents pay for common space; "
        "community's hours, public money to set it up"
    )
    through_zh = (
        "物业服务企业侵占公共收益比例、预算与维修资金、居民使用公共空间的支出；"
        "占用社区工时和公共启动资金"
    )

    class Parameters(MeasureParameters):
        """Skimming, yield, use and cost."""

        opened: float = monthly(
            0.08, "Share of skimming that the pool ends", high=0.5, zh="纠正侵占公共收益速度"
        )
        gain: float = param(
            0.25, "Further revenue from orderly letting, relative; below 0 where letting costs more than it brings",
            low=-0.1, high=1, zh="经营增收",
        )  # fmt: skip
        without_firm: float = fraction(
            0.5, "Share of usual public revenue that a compound without a firm can raise itself",
            zh="无物业服务企业时的收益比例",
        )  # fmt: skip
        to_firm: float = fraction(
            0.6, "Share of the further revenue that goes to the firm's budget; the rest to repairs",
            zh="补充物业费比例",
        )  # fmt: skip
        mends: float = fraction(
            0.2, "Share of what is lacking that a month's cost of full service mends", zh="维修成效"
        )
        spends: float = monthly(
            0.3, "Share of the compound's fund that is spent on repairs", zh="维修资金动用率"
        )
        charge: float = fraction(
            0.02, "What residents newly pay for common space, as a share of the fee", high=0.3, zh="居民新增支出",
        )  # fmt: skip
        community_hours: float = in_hours(
            4.0, "Community's hours to keep the pool in order", high=200, zh="占用社区工时"
        )
        yuan_each: float = in_yuan(
            5.0, "Public cost to set it up, per household", high=500, zh="户均启动费用"
        )

    class Memory:
        """The pool."""

        set_up: bool = column("?", "flag", "0, 1", "the pool has been set up")
        fund_fen: int = column("i8", "fen", "any", "the compound's own fund")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Let, collect, and pass on a month's revenue."""
        p, s, firm, full = self.p, compound.signals, compound.firm, min(strength, 1.0)
        pool = self.states[compound.index]
        if not pool.set_up:
            pool.set_up = True
            yuan = p.yuan_each * compound.households * p.dose
            compound.spend(self.label, Payer.PUBLIC, yuan=yuan)
        compound.community.ask(compound, self.label, p.community_hours * strength)
        works = full * compound.community.fidelity
        s.price_ratio = add(s.price_ratio, p.charge * full)
        if firm.present:
            firm.skimming *= 1.0 - p.opened * works
            more = round(p.gain * works * firm.public_revenue_fen)
            to_firm = round(p.to_firm * more)
            firm.grant_fen += to_firm
            pool.fund_fen += more - to_firm
        else:
            pool.fund_fen += round(p.without_firm * works * firm.public_revenue_fen)
        spent = round(p.spends * max(pool.fund_fen, 0))
        mend(compound, spent, p.mends, ALL)
        pool.fund_fen -= spent


@register
class SpecialFunds(Measure):
    """Government funds, donations by firms and shops, and micro-grants for residents' own projects.

    Donors tire, the programme ends, and a firm that lives on grants depends less on residents.
    """

    name = "special_funds"
    en = "Special funds, donations and micro-grants"
    zh = "专项经费、公益捐赠与微公益创投"
    told = (
        "002_8c9cd9e280662931: 改造等專項經; 002_8c9cd9e280662931: 項目冠名等方式進行公益捐贈; "
        "001_966095599a598409: 开展微公益创投"
    )
    through = (
        "grants to the firm's budget, condition of facilities, greenery and amenities, a little of the firm's care; "
        "public money, community's and residents' hours"
    )
    through_zh = "对物业服务企业的补助、设施绿化与全龄设施状况、物业服务企业尽责（略降）；公共资金、占用社区和居民工时"

    class Parameters(MeasureParameters):
        """Sums, use and side effects."""

        months: int = in_months(
            24, "Months the government programme lasts", low=1, high=240, zh="专项持续月数"
        )
        government_yuan: float = param(
            4.0, "Government funds per household", unit="yuan/month", low=0, high=500, zh="户均专项经费",
        )  # fmt: skip
        donation_yuan: float = param(
            1500.0, "Donations at the start", unit="yuan/month", low=0, high=100_000, zh="初始捐赠"
        )
        tires: float = monthly(0.04, "Share by which donations fall", zh="捐赠衰减")
        micro_yuan: float = param(
            600.0, "Micro-grants to residents' projects", unit="yuan/month", low=0, high=50_000, zh="微创投经费",
        )  # fmt: skip
        micro_hours: float = in_hours(
            20.0, "Residents' hours in those projects", high=500, zh="居民项目工时"
        )
        to_firm: float = fraction(
            0.4, "Share of funds and donations that pays for daily service; the rest mends facilities",
            zh="补助日常服务比例",
        )  # fmt: skip
        mends: float = fraction(
            0.2, "Share of what is lacking that a month's cost of full service mends", zh="维修成效"
        )
        dependence: float = param(
            0.04, "Part of its care that a firm lets go as grants replace fees", low=-0.1, high=0.4, zh="补助依赖",
            source="size and sign assumed",
        )  # fmt: skip
        community_hours: float = in_hours(
            6.0, "Community's hours to apply and account for the money", high=200, zh="占用社区工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Apply for and spend one month's money."""
        p, firm = self.p, compound.firm
        compound.community.ask(compound, self.label, p.community_hours * strength)
        won = strength * compound.community.fidelity
        months_in = compound.month - p.start
        funds = p.government_yuan * compound.households if months_in < p.months else 0.0
        fen = round(FEN_PER_YUAN * won * (funds + p.donation_yuan * (1.0 - p.tires) ** months_in))
        micro = round(FEN_PER_YUAN * won * p.micro_yuan)
        compound.spend(self.label, Payer.PUBLIC, yuan=(fen + micro) / FEN_PER_YUAN)
        compound.spend(self.label, Payer.RESIDENTS, hours=p.micro_hours * won)
        mend(compound, micro, p.mends, GREEN)
        to_firm = round(p.to_firm * fen) if firm.present else 0
        firm.grant_fen += to_firm
        mend(compound, fen - to_firm, p.mends, BUILT)
        if to_firm != 0:
            s = compound.signals
            s.diligence_gain = add(s.diligence_gain, -(p.dependence * min(strength, 1.0)))
