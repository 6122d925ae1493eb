"""Building meetings (楼宇会、楼道议事会)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add
from sim.schema import param
from sim.world.native import rule

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class BuildingMeetings(Measure):
    """Neighbours meet by building, raise problems, and settle the small ones themselves."""

    name = "building_meetings"
    en = "Building meetings"
    zh = "楼宇会"
    told = "000_a762daf79c5ee800: 社区组织“楼宇会”商定居民自愿凑钱加装护栏方案"
    through = "meetings held, hours for small issues in the building, cell's and residents' hours"
    through_zh = "召开的会议、楼内小微问题工时;占用党支部和居民工时"

    class Parameters(MeasureParameters):
        """Rhythm, follow-up and hours."""

        every: int = param(
            2,
            "Months between two meetings of a building",
            unit="month",
            low=1,
            high=24,
            zh="间隔月数",
        )
        carried_out: float = param(
            0.7,
            "Share of what meetings decide that somebody is made to carry out",
            low=0,
            high=1,
            zh="决议落实率",
        )
        hours_each: float = param(
            4.0,
            "Cell's hours to call and hold one meeting",
            unit="hour",
            low=0,
            high=40,
            zh="每次会议工时",
        )
        follow_hours: float = param(
            8.0, "Residents' hours of divided work that follow one meeting if all is carried out",
            unit="hour", low=0, high=100, zh="会后分工工时",
        )  # fmt: skip
        invitation: float = param(
            0.8,
            "Push of a personal invitation to attend",
            unit="logit",
            low=0,
            high=4,
            zh="邀请作用",
        )
        yuan_each: float = param(
            50.0, "Cost of one meeting", unit="yuan", low=0, high=5000, zh="每次会议费用"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Hold meetings in a share of the buildings."""
        p, s = self.p, compound.signals
        share = min(p.coverage * strength / p.every, 1.0)
        held = share * (compound.last_building - compound.first_building)
        s.meeting_share = add(s.meeting_share, share, most=1.0)
        s.invitation = add(s.invitation, p.invitation)
        follow = held * p.follow_hours * p.carried_out
        s.building_hours = add(s.building_hours, follow)
        compound.cell.ask(self.label, held * p.hours_each, follow, held * p.yuan_each)
