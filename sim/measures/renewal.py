"""Renewal of facilities for every age, promises kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import close_gap
from sim.processes.service import Line, PerAge
from sim.schema import fraction, in_hours, in_months, in_yuan, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class AllAgeRenewal(Measure):
    """Public money mends lifts, walls and cameras and builds what the old and the young lack."""

    name = "all_age_renewal"
    en = "All-age renewal, promises kept"
    zh = "全龄友好改造（承诺必为）"
    told = "004_56d13d5bc3bde075: 整改公共过道墙砖脱落问题3200平方米,维修更换监控设备22个,更换电梯轿厢底板9个"
    through = (
        "condition of facilities, security and amenities; amenities that there are for each life stage; "
        "the developer's legacy; public money"
    )
    through_zh = "设施、安防和全龄设施状况，各年龄段设施配置，开发遗留程度；公共资金"

    class Parameters(MeasureParameters):
        """Pace, reach and money."""

        months: int = in_months(18, "Months the works last", low=1, high=120, zh="工期")
        facilities: float = fraction(
            0.6, "Share of what facilities lack that the works mend", zh="设施改善"
        )
        security: float = fraction(
            0.4, "Share of what security lacks that the works mend", zh="安防改善"
        )
        amenities: float = fraction(
            0.7, "Share of the upkeep that amenities lack that the works make up", zh="全龄设施改善"
        )
        builds: PerAge = param(
            PerAge(young=0.7, working=0.7, elderly=0.7),
            "Share of the amenities each life stage lacks that the works build", zh="各年龄段设施新建比例",
            source="ramps and rails for the old, a garden with fitness gear for the young: seed 004; sizes assumed",
        )  # fmt: skip
        promises: float = fraction(
            0.6, "Share of the developer's legacy that is made good", zh="兑现承诺"
        )
        yuan_each: float = in_yuan(
            1500.0, "Public money per household over the whole works", high=100_000, zh="户均投入"
        )
        worn_below: float = fraction(
            1.0, "Works are for compounds whose facilities are below this state when they begin; 1 for all",
            zh="仅限设施状况低于",
            source="facilities of old compounds renewed (老旧小区基础设施升级): seed 000; the state is assumed",
        )  # fmt: skip

    class Memory:
        """Whether the compound is one of those the works are for."""

        seen: bool = column("?", "flag", "0, 1", "its facilities have been looked at")
        chosen: bool = column("?", "flag", "0, 1", "the works are for it")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Do one month of the works, where they are done."""
        p, works = self.p, self.states[compound.index]
        if compound.month >= p.start + p.months:
            return
        if not works.seen:
            facilities = compound.condition[Line.FACILITIES]
            works.seen, works.chosen = True, p.worn_below >= 1.0 or facilities < p.worn_below
        if not works.chosen:
            return
        shares = (0.0, p.facilities, p.security, 0.0, p.amenities)
        for line, share in enumerate(shares):
            # n equal steps of this size leave (1 - share) of what was lacking.
            step = 1.0 - (1.0 - share * p.coverage) ** (strength / p.months)
            compound.condition[line] = close_gap(compound.condition[line], step)
        for life in range(len(compound.built)):
            step = 1.0 - (1.0 - p.builds[life] * p.coverage) ** (strength / p.months)
            compound.built[life] = close_gap(compound.built[life], step)
        kept = 1.0 - (1.0 - p.promises * p.coverage) ** (strength / p.months)
        compound.developer.legacy *= 1.0 - kept
        yuan = p.yuan_each * compound.households * p.coverage * strength / p.months
        compound.spend(self.label, Payer.PUBLIC, yuan=yuan)


@register
class Greening(Measure):
    """Green belts are cleared and planted anew, as neighbours wished; without upkeep they go back."""

    name = "greening"
    en = "Greening, green belts restored"
    zh = "绿化改造与绿化带复垦"
    told = (
        "000_a762daf79c5ee800: 居民通过“楼宇会”参与,物业公司实施,小区绿化面积大增; "
        "004_56d13d5bc3bde075: 绿化带复垦"
    )
    through = "condition of greenery; residents' hours, public money"
    through_zh = "绿化状况；居民工时和公共资金"

    class Parameters(MeasureParameters):
        """Pace, reach and what it costs."""

        months: int = in_months(6, "Months the works last", low=1, high=60, zh="工期")
        mends: float = fraction(
            0.5, "Share of what greenery lacks that the works make up", zh="绿化改善",
            source="green area grew much (绿化面积大增): seed 000; size assumed",
        )  # fmt: skip
        hours: float = in_hours(
            20.0, "Residents' hours per 1,000 households to choose and plant", high=1000, zh="居民参与工时",
        )  # fmt: skip
        yuan_each: float = in_yuan(
            100.0, "Public money per household over the whole works", high=10_000, zh="户均投入"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Do one month of the works."""
        p, condition, reached = self.p, compound.condition, self.p.coverage * strength
        if compound.month >= p.start + p.months:
            return
        step = 1.0 - (1.0 - p.mends * p.coverage) ** (strength / p.months)
        condition[Line.GREENERY] = close_gap(condition[Line.GREENERY], step)
        hours = p.hours * compound.households / THOUSAND * reached
        compound.spend(self.label, Payer.RESIDENTS, hours=hours)
        yuan = p.yuan_each * compound.households * reached / p.months
        compound.spend(self.label, Payer.PUBLIC, yuan=yuan)


@register
class DeveloperRemediation(Measure):
    """The street presses the developer to pay for vacant units and to build what it promised.

    It has no power but to press, and the hours it presses with are lacking elsewhere; part of the
    legacy is beyond what a developer can be brought to.
    """

    name = "developer_remediation"
    en = "Developer remediation"
    zh = "开发遗留整改（空置房欠费、承诺设施）"
    told = (
        "004_56d13d5bc3bde075: 开发商未及时支付空置房物业费; "
        "004_56d13d5bc3bde075: 有效调和开发商、物业公司和业主之间的矛盾; "
        "004_56d13d5bc3bde075: 仅能通过协调、督促等柔性手段介入; 001_966095599a598409: 房屋质量等开发遗留问题"
    )
    through = (
        "chance that the fee of a vacant unit is paid, the developer's legacy and the amenities it left unbuilt; "
        "street's hours"
    )
    through_zh = "空置房物业费由开发商缴纳的概率、开发遗留程度及未建设施；占用街道工时"

    class Parameters(MeasureParameters):
        """Pace, what is out of reach, and hours."""

        arrears: float = monthly(
            0.06, "Part of the distance to what the developer can be brought to pay, closed in a month", high=0.5,
            zh="空置房缴费改善速度",
        )  # fmt: skip
        can_pay: float = monthly(
            0.8, "Chance to pay for a vacant unit that it can be brought to", zh="可达缴费概率"
        )
        facilities: float = monthly(
            0.03, "Part of the legacy within reach that is made good in a month", high=0.5, zh="遗留整改速度",
        )  # fmt: skip
        beyond: float = fraction(
            0.4, "Share of the legacy found at the start that is beyond reach", zh="无法整改比例",
            source="the street has only soft means: seed 004 (柔性手段); size assumed",
        )  # fmt: skip
        hours: float = in_hours(
            8.0, "Street's hours to press for a compound of 1,000 households", high=500, zh="占用街道工时",
        )  # fmt: skip

    class Memory:
        """The legacy found at the start."""

        met: bool = column("?", "flag", "0, 1", "the developer has been pressed before")
        beyond: float = column("f8", "1", "0 to 1", "part of the legacy that is beyond reach")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Press as far as the street has hours."""
        p, developer = self.p, compound.developer
        wanted = p.hours * compound.households / THOUSAND * p.coverage * strength
        taken = compound.take_street_hours(self.label, wanted)
        works = p.coverage * strength * (taken / wanted if wanted != 0.0 else 1.0)
        found = self.states[compound.index]
        if not found.met:
            found.met, found.beyond = True, p.beyond * developer.legacy
        short = max(p.can_pay - developer.pays_vacant, 0.0)
        developer.pays_vacant += min(p.arrears * works, 1.0) * short
        reach = max(developer.legacy - found.beyond, 0.0)
        mended = min(p.facilities * works, 1.0) * reach
        if developer.legacy > 0.0:
            # What was promised and is built at last is there for those it was promised to.
            for life in range(len(compound.built)):
                compound.built[life] = close_gap(compound.built[life], mended / developer.legacy)
        developer.legacy -= mended
