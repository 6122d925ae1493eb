"""Building meetings (楼宇会、楼道议事会), and halls to hold them in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add
from sim.schema import fraction, in_hours, in_months, in_yuan, logits, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import THOUSAND

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
    through_zh = "召开的会议、楼内小微问题工时；占用党支部和居民工时"

    class Parameters(MeasureParameters):
        """Rhythm, follow-up and hours."""

        every: int = in_months(
            2, "Months between two meetings of a building", low=1, high=24, zh="间隔月数"
        )
        carried_out: float = fraction(
            0.7, "Share of what meetings decide that somebody is made to carry out", zh="决议落实率"
        )
        hours_each: float = param(
            4.0, "Cell's hours to call and hold one meeting", unit="hour", low=0, high=40, zh="每次会议工时",
        )  # fmt: skip
        follow_hours: float = param(
            8.0, "Residents' hours of divided work that follow one meeting if all is carried out", unit="hour", low=0,
            high=100, zh="会后分工工时",
        )  # fmt: skip
        invitation: float = logits(
            0.8, "Push of a personal invitation to attend", low=0, high=4, zh="邀请作用"
        )
        yuan_each: float = in_yuan(50.0, "Cost of one meeting", high=5000, zh="每次会议费用")

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


@register
class MeetingHall(Measure):
    """Idle space becomes a place to meet: neighbours come together there, and to a meeting more easily.

    A hall holds no meeting and solves nothing: without meetings it is a room.
    """

    name = "meeting_hall"
    en = "Halls to meet in (council hall, neighbours' parlour)"
    zh = "议事厅、邻里会客厅与楼栋公共客厅"
    told = (
        "001_966095599a598409: 在楼栋层面打造公共大厅,形成楼栋“公共客厅”; 002_8c9cd9e280662931: 鄰里會客廳; "
        "002_8c9cd9e280662931: “紅色議事廳”"
    )
    through = (
        "push to attend meetings that are held, activities that bring neighbours together; public money, "
        "community's hours"
    )
    through_zh = "参会便利、邻里活动；公共资金，占用社区工时"

    class Parameters(MeasureParameters):
        """What a place is worth, and what it costs."""

        place: float = logits(
            0.2, "Push to attend a meeting, where there is a place for it", low=-0.2, high=1, zh="场地对参会的推动",
            source="halls for deliberation, exchange and activities: seed 001; size and sign assumed",
        )  # fmt: skip
        mixing: float = monthly(
            0.03, "Part of the civic-minded whom a hall brings together", high=0.5, zh="场地活动参与面",
        )  # fmt: skip
        hours: float = in_hours(
            6.0, "Community's hours per 1,000 households to keep it open", high=300, zh="值守工时"
        )
        start_yuan: float = in_yuan(
            60.0, "Public money to fit it out, per household", high=5000, zh="户均改造费用"
        )
        yuan_each: float = param(
            0.5, "Public money to run it, per household", unit="yuan/month", low=0, high=50, zh="户均运行费用",
        )  # fmt: skip

    class Memory:
        """Whether it stands."""

        stands: bool = column("?", "flag", "0, 1", "it has been fitted out")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Keep the hall open as far as the community has hours for it."""
        p, s, hall = self.p, compound.signals, self.states[compound.index]
        reached = p.coverage * strength
        if not hall.stands:
            hall.stands = True
            yuan = p.start_yuan * compound.households * p.coverage * p.dose
            compound.spend(self.label, Payer.PUBLIC, yuan=yuan)
        compound.community.ask(
            compound, self.label, p.hours * compound.households / THOUSAND * reached
        )
        compound.spend(self.label, Payer.PUBLIC, yuan=p.yuan_each * compound.households * reached)
        is_open = reached * compound.community.fidelity
        s.invitation = add(s.invitation, p.place * is_open)
        s.mixing = add(s.mixing, p.mixing * is_open, most=1.0)
