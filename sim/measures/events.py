"""Events of a compound's past: what happened to it before, or while, anybody governed it better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import close_gap, scale
from sim.processes.issues import Category
from sim.processes.service import Line, PerAge
from sim.schema import fraction, param
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound


class Once(MeasureParameters):
    """An event that strikes in its first month."""

    size: float = fraction(0.5, "Size of the event", zh="程度")


class _Event(Measure):
    kind = "event"
    once = True
    Parameters = Once

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Strike, whatever the ramp."""
        p = self.p
        self.strike(compound, min(p.size * p.dose * p.coverage, 1.0))

    def strike(self, compound: Compound, size: float) -> None:
        """What the event does."""
        raise NotImplementedError


@register
class BrokenPromise(_Event):
    """Facilities the developer promised are not built."""

    name = "broken_promise"
    en = "Developer's broken promise"
    zh = "开发商承诺未兑现"
    told = "004_56d13d5bc3bde075: 开发商承诺修建的运动场和游泳池未修建"
    through = "developer's legacy, amenities that there are for each life stage"
    through_zh = "开发遗留程度、各年龄段设施配置"

    class Parameters(Once):
        """Who misses what was promised."""

        missing: PerAge = param(
            PerAge(young=0.5, working=0.5, elderly=0.0),
            "Share of each life stage's amenities that a broken promise of full size leaves unbuilt",
            zh="各年龄段缺建比例", source="sports ground and pool (运动场和游泳池): seed 004; sizes assumed",
        )  # fmt: skip

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Add to the legacy and take from what there is for each life stage."""
        p, developer, built = self.p, compound.developer, compound.built
        developer.legacy = close_gap(developer.legacy, size)
        for life in range(len(built)):
            built[life] = scale(built[life], 1.0 - p.missing[life] * size)


class Handover(Once):
    """What a firm had reckoned with and does not get."""

    vacant: float = fraction(
        0.5, "Part of the dispute that is about fees of vacant units; garages and shops are disputed in full",
        zh="空置房费用争议比例",
    )  # fmt: skip


@register
class HandoverDispute(_Event):
    """What the firm had reckoned with (garages, shops, fees of vacant units) does not come."""

    name = "handover_dispute"
    en = "Dispute at handover"
    zh = "物业交接纠纷"
    told = "004_56d13d5bc3bde075: 对地下车库、商业门市等物业管理权缺乏全面了解,致使利润未达预期,从而降低服务品质"
    through = "public revenue that comes in, chance that the fee of a vacant unit is paid; no more than income"
    through_zh = "到账的公共收益、空置房物业费被缴纳的概率；只影响收入"
    Parameters = Handover

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Take from the firm's income; what that does to service is its budget's business."""
        firm, developer = compound.firm, compound.developer
        firm.disputed = close_gap(firm.disputed, size)
        developer.pays_vacant = scale(developer.pays_vacant, 1.0 - self.p.vacant * size)


@register
class DeveloperDefault(_Event):
    """The developer stops paying the fees of vacant units."""

    name = "developer_default"
    en = "Developer stops paying for vacant units"
    zh = "开发商拖欠空置房物业费"
    told = "004_56d13d5bc3bde075: 开发商未及时支付空置房物业费,致使物业公司收支不平衡"
    through = "chance that the fee of a vacant unit is paid"
    through_zh = "空置房物业费被缴纳的概率"

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Lower what the developer pays."""
        developer = compound.developer
        developer.pays_vacant = scale(developer.pays_vacant, 1.0 - size)


@register
class EquipmentFailure(_Event):
    """Lifts stop, cameras fail."""

    name = "equipment_failure"
    en = "Equipment fails"
    zh = "电梯等设备长期停用"
    told = "004_56d13d5bc3bde075: 电梯停摆; 004_56d13d5bc3bde075: 监控设施形同虚设"
    through = "condition of facilities and security"
    through_zh = "设施与安防状况"

    class Parameters(Once):
        """What fails beside the facilities, of which the size itself is lost."""

        security: float = fraction(
            0.5, "Share of the condition of security lost at full size", zh="安防损失比例"
        )

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Take from facilities and security."""
        condition = compound.condition
        condition[Line.FACILITIES] = scale(condition[Line.FACILITIES], 1.0 - size)
        condition[Line.SECURITY] = scale(condition[Line.SECURITY], 1.0 - self.p.security * size)


@register
class IllegalBuilding(_Event):
    """A share of households builds or plants on common ground and nobody stops them."""

    name = "illegal_building"
    en = "Illegal building on common ground"
    zh = "违章搭建"
    told = "004_56d13d5bc3bde075: 违章建筑未解决; 004_56d13d5bc3bde075: 公共区域私搭乱建、毁绿种菜"
    through = "misuse of common space by a share of households"
    through_zh = "部分住户占用公共空间"

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Let a share of households misuse common space."""
        h = compound.world.households
        rota, misuse = h.rota, h.misuse
        for i in range(compound.first, compound.last):
            if rota[i] < size:
                misuse[i] = 1


@register
class GrievanceShock(_Event):
    """Something strikes a share of households at once: a shock for experiments on tipping."""

    name = "grievance_shock"
    en = "Grievance shock"
    zh = "突发群体性不满事件"
    told = "004_56d13d5bc3bde075: 业主与物业冲突频发"
    through = "grievance of a share of households"
    through_zh = "部分住户的不满情绪"

    class Parameters(Once):
        """How hard it strikes."""

        level: float = fraction(
            0.9, "Grievance of the households it strikes", zh="受影响住户的不满情绪"
        )

    @rule
    def strike(self, compound: Compound, size: float) -> None:
        """Set the grievance of a share of households."""
        h = compound.world.households
        rota, grievance, level = h.rota, h.grievance, self.p.level
        for i in range(compound.first, compound.last):
            if rota[i] < size:
                grievance[i] = level


class OneProblem(MeasureParameters):
    """Which problem, and where."""

    category: Literal[
        "cleaning", "facilities", "security", "greenery", "parking", "neighbours", "common_space",
        "accounts", "developer",
    ] = param("facilities", "What the problem is about", unit="name", zh="问题类别")  # fmt: skip
    building: float = fraction(
        0.5, "Place of its building among the compound's, from 0 first to 1 last", zh="楼栋位置"
    )


@register
class ReportedProblem(Measure):
    """One problem that a text tells of arises at one household, to be followed by ``trace``.

    Who finds it, when, and who solves it or not is left to the rules, like any other problem's fate.
    """

    name = "reported_problem"
    en = "A problem the texts tell of"
    zh = "文本所述的一个问题"
    kind = "event"
    told = (
        "000_a762daf79c5ee800: 以长青街道甘子冲社区W小区解决楼梯无栏杆问题为例,居民反馈问题后; "
        "002_8c9cd9e280662931: 從“停車難”這一問題出發"
    )
    through = "one hidden problem in the issue book, at one household of one building"
    through_zh = "问题台账中增加某楼某户的一个未被发现的问题"
    once = True
    Parameters = OneProblem

    # Python: its household is drawn by the letters of its label.
    def act(self, compound: Compound, strength: float) -> None:
        """Let it arise."""
        category = Category[self.p.category.upper()]
        compound.place_problem(self.label, int(category), self.p.building)
