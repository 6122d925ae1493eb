"""Measures that move residents to act for the compound: points, and teams that help each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add
from sim.processes.participation import earn_points
from sim.schema import in_hours, in_months, in_yuan, logits, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import MONTHS_PER_YEAR, THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class ResidentPoints(Measure):
    """Residents earn points and honours for taking part and keeping order.

    Points push by what they are worth: points for nothing push nobody. Who was paid may do less than before when
    they end (``crowding``, off by default).
    """

    name = "resident_points"
    en = "Resident points and honours"
    zh = "居民积分与荣誉"
    told = (
        "001_966095599a598409: 实行小区居民积分管理; 002_8c9cd9e280662931: 精神激勵; "
        "004_56d13d5bc3bde075: 持续完善居民参与激励机制"
    )
    through = (
        "push to attend meetings, push against misuse of common space, points of households; public money, "
        "community's hours; afterwards, if chosen, motivation below what it was"
    )
    through_zh = "参会激励、遏制占用公共空间、居民积分；公共资金，占用社区工时；取消后可设动机挤出"

    class Parameters(MeasureParameters):
        """Pushes, points, money, and what is left when they end."""

        invitation: float = logits(
            0.2, "Push to attend a meeting, by points of the usual worth", low=-0.5, high=1.5, zh="参会激励",
            source="public rewards may also lower contributions (O'Garra and Alfredo 2019); size and sign assumed",
        )  # fmt: skip
        order: float = logits(
            0.15, "Push against misuse of common space, by points of the usual worth", low=-0.5, high=1.5,
            zh="守序激励", source="size and sign assumed",
        )  # fmt: skip
        for_attending: float = param(
            10.0, "Points for attending a meeting or activity", unit="point", low=0, high=1000, zh="参会积分",
        )  # fmt: skip
        for_order: float = param(
            1.0, "Points for a month without misuse of common space", unit="point", low=0, high=100, zh="守序积分",
        )  # fmt: skip
        point_yuan: float = in_yuan(
            0.5, "Cost of what a point is exchanged for", high=100, zh="每分兑换成本"
        )
        hours: float = in_hours(
            3.0, "Community's hours per 1,000 households to keep the accounts", high=200, zh="积分管理工时",
        )  # fmt: skip
        attending_worth: float = param(
            5.0, "Usual worth of the points for attending once; worth more, they push more, at most twice",
            unit="yuan", low=0.01, high=1000, zh="参会积分通常价值",
        )  # fmt: skip
        order_worth: float = param(
            0.5, "Usual worth of the points for a month in order", unit="yuan", low=0.01, high=1000,
            zh="守序积分通常价值",
        )  # fmt: skip
        crowding: float = param(
            0.0, "Fall of both pushes below what they were before, when points end, relative", low=0, high=2,
            zh="动机挤出", source="an option; size assumed",
        )  # fmt: skip
        crowding_months: int = in_months(
            12, "Months until that fall has worn off", low=1, high=60, zh="挤出持续月数"
        )

    @classmethod
    def months_fading(cls, parameters: Any) -> int:
        """Months until the fall that points leave behind has worn off."""
        return int(parameters.crowding_months) if parameters.crowding != 0.0 else 0

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Give points for last month, and let the prospect of more push; or let motivation sag."""
        p, s = self.p, compound.signals
        push = p.coverage * strength
        if compound.month >= self.end:
            push *= -p.crowding
        else:
            self._give(compound, push)
        attending = min(p.for_attending * p.point_yuan / p.attending_worth, 2.0)
        order = min(p.for_order * p.point_yuan / p.order_worth, 2.0)
        s.invitation = add(s.invitation, p.invitation * attending * push)
        s.enforcement = add(s.enforcement, p.order * order * push)

    @rule
    def _give(self, compound: Compound, reached: float) -> None:
        p = self.p
        hours = p.hours * compound.households / THOUSAND * reached
        compound.community.ask(compound, self.label, hours)
        if compound.month == p.start:
            return
        given = earn_points(compound, reached, p.for_attending, p.for_order)
        compound.spend(self.label, Payer.PUBLIC, yuan=p.point_yuan * given)


@register
class MutualHelp(Measure):
    """Neighbours in teams of ten households help each other and settle what is small.

    Volunteers tire. Problems of a building go to its people first, so teams too few to handle them
    delay them.
    """

    name = "mutual_help"
    en = "Volunteer and mutual-help teams"
    zh = "邻里互助队与志愿服务"
    told = (
        "004_56d13d5bc3bde075: 小区党委组织党员骨干成立“邻里互助”队伍; "
        "001_966095599a598409: 带动更多居民的社区参与,有效增强了居民间的互动"
    )
    through = (
        "activities that bring neighbours together, residents' hours for small problems of the building; "
        "cell's hours"
    )
    through_zh = "邻里活动、居民办理楼内小微问题的工时；占用党支部工时"

    class Parameters(MeasureParameters):
        """Teams, their hours, and how they tire."""

        team: int = param(
            10, "Households in a team", unit="household", low=2, high=100, zh="每队户数",
            source="004: 每名党员包联10户居民",
        )  # fmt: skip
        team_hours: float = in_hours(
            1.0, "Residents' hours of one team for small problems", high=40, zh="每队工时"
        )
        mixing: float = monthly(
            0.08, "Share of the civic-minded whom the teams' activities bring together", high=0.6, zh="活动参与面",
        )  # fmt: skip
        tires: float = param(
            0.15, "Share of that which is lost from one year to the next", unit="1/year", low=0, high=1,
            zh="志愿热情年衰减",
        )  # fmt: skip
        keep_hours: float = in_hours(
            0.3, "Cell's hours to keep one team going", high=10, zh="每队组织工时"
        )

    class Memory:
        """How long the teams have been at it."""

        months: int = column("i8", "month", "0 or more", "months the teams have worked")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Let teams work and meet, as far as the cell keeps them going."""
        p, s, cell = self.p, compound.signals, compound.cell
        reached = min(p.coverage * strength, 1.0)
        so_far = self.states[compound.index]
        zeal = reached * (1.0 - p.tires) ** (so_far.months / MONTHS_PER_YEAR)
        so_far.months += 1
        teams = compound.census.occupied / p.team
        hours = teams * zeal * p.team_hours
        cell.ask(self.label, teams * reached * p.keep_hours, hours)
        s.building_hours = add(s.building_hours, hours)
        s.mixing = add(s.mixing, p.mixing * zeal * cell.fidelity, most=1.0)
