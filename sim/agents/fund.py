"""Owners' common money: maintenance fund (住宅专项维修资金), public revenue they claim, money residents put together.

All in whole fen. Fund: opening + in - out = fund. Pool: in - taken - repairs - dividends = pool. What
residents of a building put together is spent at once.
"""

from __future__ import annotations

from sim.agents.actor import Actor
from sim.agents.budget import Provider
from sim.agents.committee import Capture, State
from sim.compiled import kernel
from sim.processes.participation import MET
from sim.processes.service import LINES, Line
from sim.schema import Parameters, fraction, in_months, in_yuan, monthly, param
from sim.streams import Stream, draw
from sim.world.arrows import arrow
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.tables import Tenure
from sim.world.units import FEN_PER_YUAN, MONTHS_PER_YEAR

_GIFTS = int(Stream.GIFTS)
FACILITIES = (int(Line.FACILITIES),)
ALL = tuple(range(LINES))


class FundParameters(Parameters):
    """What is there at the start, what comes in, what is taken."""

    yuan_per_m2: float = param(
        60.0, "Maintenance fund at the start, per floor area", unit="yuan/m2", low=0, high=300, zh="维修资金初始余额",
        source="first deposit 5 to 8 percent of building cost (decree 165 of 2007, art. 7), some 50 to 120 yuan/m2; "
        "what is left at the start assumed",
    )  # fmt: skip
    interest: float = param(
        0.015, "Interest on the fund", unit="1/year", low=0, high=0.1, zh="维修资金年利率"
    )
    claims: float = fraction(
        0.5, "Share of open public revenue that a fully competent committee claims for the owners",
        zh="公共收益归业主比例",
        source="income from common parts belongs to owners: Civil Code art. 282; committee regained it: K038; size "
        "assumed",
    )  # fmt: skip
    takes: float = monthly(
        0.15, "Share of the owners' pool that a self-serving committee takes, or a colluding one leaves to the firm",
        zh="公共收益被侵占比例",
        source="misuse long undetected (损害业主利益的行为却长期未被发现): seed 000; size assumed",
    )  # fmt: skip
    colludes: float = monthly(
        0.05, "Share of what the firm does not yet skim that a colluding committee lets it",
        zh="合谋放任侵占公共收益速度",
    )  # fmt: skip
    repair_below: float = fraction(
        0.5, "Condition of facilities below which a repair is due", zh="维修触发状况"
    )
    repair_to: float = fraction(
        0.8, "Condition of facilities that a repair aims at", zh="维修目标状况"
    )
    mends: float = fraction(
        0.2, "Share of what is lacking that a month's cost of full service mends", zh="维修成效"
    )
    lets: float = fraction(
        0.1, "Further public revenue from idle premises and advertising places that owners agree to let, relative",
        zh="共有部分出租增收",
        source="idle premises and places for advertising let (閑置用房、公共廣告位): seed 002; size assumed",
    )  # fmt: skip
    idle_months: float = in_months(
        1.0, "Owners' pool from which its use is put to the vote, in months of public revenue", low=0, high=120,
        zh="公共收益动用起点",
    )  # fmt: skip
    gives: float = fraction(
        0.6, "Chance that a fully civic-minded household at a meeting gives money for a repair", zh="居民凑钱意愿",
        source="residents agreed to put money together for a railing (居民自愿凑钱加装护栏): seed 000; size assumed",
    )  # fmt: skip
    gift_yuan: float = in_yuan(100.0, "What such a household gives", high=10_000, zh="户均凑钱")


@kernel
def mend(compound, fen, mends, lines):  # type: ignore[no-untyped-def]
    """Spend money outside the firm's books on the condition of some lines.

    Args:
        compound: Where.
        fen: Money spent.
        mends: Share of what is lacking that a month's cost of full service mends.
        lines: Numbers of the lines it goes to, in equal parts.
    """
    full = compound.firm.full_service_fen
    step = min(mends * fen / max(full, 1.0) * LINES / len(lines), 1.0)
    for line in lines:
        compound.condition[line] += step * (1.0 - compound.condition[line])


arrow(
    "committee", "revenue", "a working committee claims public revenue for the owners",
    neutral="it claims nothing", zh="正常履职的业委会为业主争取公共收益", zh_neutral="不争取",
)  # fmt: skip
arrow(
    "capture", "revenue", "a captured committee takes from the owners' pool, or lets the firm skim",
    neutral="it takes nothing",
    zh="被少数人把持的业委会侵占业主共有资金，或放任物业服务企业侵占公共收益", zh_neutral="分文不取",
)  # fmt: skip
arrow(
    "fund", "repair", "owners' common money pays for repairs that are due",
    neutral="none is spent on repairs", zh="业主共有资金用于到期维修", zh_neutral="不用于维修",
)  # fmt: skip
arrow(
    "meetings", "repair", "who meets puts money together for a repair that no fund can pay",
    neutral="nobody gives", zh="参会者为维修资金不足的修缮凑钱", zh_neutral="无人凑钱",
)  # fmt: skip


@register_row
class OwnersFund(Actor, table="funds", parameters="fund"):
    """The common money of the owners of one compound."""

    fund_fen: int = column("i8", "fen", "0 or more", "maintenance fund")
    opening_fen: int = column("i8", "fen", "0 or more", "maintenance fund it began with")
    in_fen: int = column(
        "i8", "fen", "0 or more", "come into the fund so far: interest, owners' own"
    )
    topped_up_fen: int = column("i8", "fen", "0 or more", "of this, put in by owners after a vote")
    lets: bool = column("?", "flag", "0, 1", "owners have agreed to let common parts")
    out_fen: int = column("i8", "fen", "0 or more", "spent from the fund so far")
    pool_fen: int = column("i8", "fen", "0 or more", "public revenue in the owners' hands")
    pool_in_fen: int = column("i8", "fen", "0 or more", "come into the pool so far")
    taken_fen: int = column(
        "i8", "fen", "0 or more", "taken from the pool by captured committees so far"
    )
    repairs_fen: int = column("i8", "fen", "0 or more", "spent from the pool on repairs so far")
    dividends_fen: int = column("i8", "fen", "0 or more", "paid from the pool to owners so far")
    gifts_fen: int = column(
        "i8", "fen", "0 or more", "put together by residents for repairs so far, and spent"
    )

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin with what first owners deposited."""
        area, total = self.world.households.area, 0.0
        for i in range(self.compound.first, self.compound.last):
            total += area[i]
        self.opening_fen = round(FEN_PER_YUAN * self.p.yuan_per_m2 * total)
        self.fund_fen = self.opening_fen

    @rule
    def claim(self, revenue_fen: int) -> int:
        """Owners' part of a month's public revenue, which goes into the pool."""
        committee = self.compound.committee
        if committee.state != State.WORKING:
            return 0
        able = committee.competence * self.parameters.arrows.committee_to_revenue
        claimed = round(self.p.claims * able * revenue_fen)
        self.pool_fen += claimed
        self.pool_in_fen += claimed
        return claimed

    @rule
    def close_month(self) -> None:
        """Interest comes in, a captured committee takes, and buildings that met put money together."""
        p = self.p
        interest = int(p.interest / MONTHS_PER_YEAR * self.fund_fen)
        self.fund_fen += interest
        self.in_fen += interest
        self._be_robbed()
        give = self.parameters.arrows.meetings_to_repair > 0.0
        if give and self.repair_due and self.repair_cost_fen > self.fund_fen:
            self._put_together()

    @rule
    def _be_robbed(self) -> None:
        committee, firm, p = self.compound.committee, self.compound.firm, self.p
        cut = self.parameters.arrows.capture_to_revenue == 0.0
        if committee.state != State.WORKING or cut:
            return
        colluding = committee.capture == Capture.COLLUDING
        if colluding and firm.provider == Provider.FIRM:
            firm.skimming += p.colludes * (1.0 - firm.skimming)
        if colluding or committee.capture == Capture.SELF_SERVING:
            taken = round(p.takes * self.pool_fen)
            self.pool_fen -= taken
            self.taken_fen += taken

    @derived
    def repair_due(self) -> bool:
        """Whether facilities are run down so far that a repair is due."""
        return self.compound.condition[Line.FACILITIES] < self.p.repair_below

    @derived
    def repair_cost_fen(self) -> int:
        """Cost of bringing facilities up to what a repair aims at."""
        p, compound = self.p, self.compound
        state = compound.condition[Line.FACILITIES]
        part = max(p.repair_to - state, 0.0) / max(1.0 - state, 1e-9)
        return round(part * compound.firm.full_service_fen / max(p.mends * LINES, 1e-9))

    @rule
    def repair_from_fund(self) -> None:
        """Repair facilities from the maintenance fund, as far as it goes."""
        fen = min(self.repair_cost_fen, self.fund_fen)
        if self.parameters.arrows.fund_to_repair == 0.0:
            fen = 0
        self.fund_fen -= fen
        self.out_fen += fen
        mend(self.compound, fen, self.p.mends, FACILITIES)

    @rule
    def top_up(self) -> None:
        """Let owners put in by floor area what a repair lacks, and repair as far as the money goes.

        Consent is not payment: a household pays its part as it would pay a bill.
        """
        world, compound, h = self.world, self.compound, self.world.households
        lacks, area, came = self.repair_cost_fen - self.fund_fen, 0.0, 0
        for i in range(compound.first, compound.last):
            area += h.area[i]
        for i in range(compound.first, compound.last):
            _, u, _, _ = draw(i, world.month, world.seed, _GIFTS)
            vacant = h.tenure[i] == Tenure.VACANT
            if u < (compound.signals.developer_pays if vacant else h.willing[i]):
                came += round(lacks * h.area[i] / area)
        self.fund_fen += came
        self.in_fen += came
        self.topped_up_fen += came
        self.repair_from_fund()

    @rule
    def use_pool(self) -> None:
        """Use the pool: for repairs where they are due, the rest is a dividend, the same for every unit."""
        due = self.repair_due and self.parameters.arrows.fund_to_repair > 0.0
        fen = min(self.repair_cost_fen, self.pool_fen) if due else 0
        self.repairs_fen += fen
        mend(self.compound, fen, self.p.mends, FACILITIES)
        each = (self.pool_fen - fen) // self.compound.households
        self.dividends_fen += each * self.compound.households
        self.pool_fen -= fen + each * self.compound.households

    @rule
    def _put_together(self) -> None:
        # Where no fund can pay, those at a building's meeting may pay themselves.
        world, p, compound = self.world, self.p, self.compound
        h, b, total = world.households, world.buildings, 0
        for building in range(compound.first_building, compound.last_building):
            if b.meeting[building] != 1 or b.open[building] == 0.0:
                continue
            for i in range(b.start[building], b.end[building]):
                if h.attended[i] & MET == MET:
                    u = draw(i, world.month, world.seed, _GIFTS)
                    total += u[0] < p.gives * h.civic[i] * (1.0 - h.burden[i])
        fen = total * round(FEN_PER_YUAN * p.gift_yuan)
        self.gifts_fen += fen
        mend(compound, fen, p.mends, FACILITIES)
