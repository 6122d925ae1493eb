"""Events of a compound's past: what happened to it before, or while, anybody governed it better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import param

if TYPE_CHECKING:
    from sim.society.compound import Compound


class Once(MeasureParameters):
    """An event that strikes in its first month."""

    size: float = param(0.5, "Size of the event", low=0, high=1, zh="程度")


class _Event(Measure):
    kind = "event"
    Parameters = Once

    def act(self, compound: Compound, strength: float) -> None:
        """Strike once, in the first month."""
        if compound.month == self.p.start:
            self.strike(compound, min(self.p.size * self.p.dose * self.p.coverage, 1.0))

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
    through = "developer's legacy, condition of amenities"

    def strike(self, compound: Compound, size: float) -> None:
        """Add to the legacy and take from amenities."""
        compound.developer.legacy += size * (1.0 - compound.developer.legacy)
        compound.condition[4] *= 1.0 - 0.5 * size


@register
class HandoverDispute(_Event):
    """The firm finds it does not get garages and shops, earns less, and saves on service."""

    name = "handover_dispute"
    en = "Dispute at handover"
    zh = "物业交接纠纷"
    told = "004_56d13d5bc3bde075: 对地下车库、商业门市等物业管理权缺乏全面了解,致使利润未达预期,从而降低服务品质"
    through = "firm's care and cash"

    def strike(self, compound: Compound, size: float) -> None:
        """Lower the firm's care and use up part of its reserve."""
        firm = compound.firm
        firm.diligence *= 1.0 - 0.6 * size
        lost = round(size * max(firm.cash_fen, 0))
        firm.grant_fen -= lost


@register
class DeveloperDefault(_Event):
    """The developer stops paying the fees of vacant units."""

    name = "developer_default"
    en = "Developer stops paying for vacant units"
    zh = "开发商拖欠空置房物业费"
    told = "004_56d13d5bc3bde075: 开发商未及时支付空置房物业费,致使物业公司收支不平衡"
    through = "chance that the fee of a vacant unit is paid"

    def strike(self, compound: Compound, size: float) -> None:
        """Lower what the developer pays."""
        compound.developer.pays_vacant *= 1.0 - size


@register
class EquipmentFailure(_Event):
    """Lifts stop, cameras fail."""

    name = "equipment_failure"
    en = "Equipment fails"
    zh = "设备故障停摆"
    told = "004_56d13d5bc3bde075: 电梯停摆、…监控设施形同虚设"
    through = "condition of facilities and security"

    def strike(self, compound: Compound, size: float) -> None:
        """Take from facilities and security."""
        compound.condition[1] *= 1.0 - size
        compound.condition[2] *= 1.0 - 0.5 * size


@register
class IllegalBuilding(_Event):
    """A share of households builds or plants on common ground and nobody stops them."""

    name = "illegal_building"
    en = "Illegal building on common ground"
    zh = "违章搭建"
    told = "004_56d13d5bc3bde075: 违章建筑未解决; 公共区域私搭乱建、毁绿种菜"
    through = "misuse of common space by a share of households"

    def strike(self, compound: Compound, size: float) -> None:
        """Let a share of households misuse common space."""
        compound.column("misuse")[compound.column("rota") < size] = 1


@register
class GrievanceShock(_Event):
    """Something strikes a share of households at once: a shock for experiments on tipping."""

    name = "grievance_shock"
    en = "Grievance shock"
    zh = "突发性怨气冲击"
    told = "004_56d13d5bc3bde075: 业主与物业冲突频发"
    through = "grievance of a share of households"

    def strike(self, compound: Compound, size: float) -> None:
        """Set the grievance of a share of households to 0.9."""
        struck = compound.column("rota") < size
        compound.column("grievance")[struck] = 0.9
