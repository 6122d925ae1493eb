"""Measures that bring in what units and small grants can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap
from sim.schema import fraction, in_hours, in_yuan, logits, monthly, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import MONTHS_PER_YEAR, THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class JointConference(Measure):
    """Units in the area sit in a conference and claim projects from the residents' list of needs.

    A community has so many units and no more: compounds share the projects, and zeal wanes.
    """

    name = "joint_conference"
    en = "Joint conference, projects claimed by units"
    zh = "党建联席会（大党委、项目认领）"
    told = (
        "001_966095599a598409: 根据社区整理的居民需求清单认领治理项目,通过类似于“项目双向认领”的机制完成供需资源匹配; "
        "001_966095599a598409: 构建起区—街道—社区三级党建联席会"
    )
    through = (
        "condition of the line in the worst state, hours for problems at community level; "
        "units' money and hours, community's hours"
    )
    through_zh = "状况最差一线的设施条件、社区办理工时；单位资金与工时，占用社区工时"

    class Parameters(MeasureParameters):
        """Projects, what each gives, and the conference's hours."""

        projects: float = param(
            6.0, "Projects that units of one community claim in the first year", unit="1/year", low=0, high=100,
            zh="年认领项目数",
        )  # fmt: skip
        wanes: float = param(
            0.2, "Share of the projects lost from one year to the next", unit="1/year", low=0, high=1,
            zh="认领热情年衰减",
        )  # fmt: skip
        mends: float = fraction(
            0.04, "Share of what the worst line of 1,000 households lacks that one project mends", high=0.5,
            zh="单个项目改善",
        )  # fmt: skip
        unit_hours: float = param(
            30.0, "Units' hours for problems in the month of a project", unit="hour", low=0, high=500,
            zh="单位志愿工时",
        )  # fmt: skip
        yuan_each: float = in_yuan(
            15000.0, "Units' money for one project", high=1e6, zh="单个项目投入"
        )
        hours: float = in_hours(
            4.0, "Community's hours for the list of needs and the conference", high=200, zh="占用社区工时",
        )  # fmt: skip

    class Memory:
        """Projects under way."""

        due: float = column("f8", "project", "0 to 1", "part of the next project that is due")
        months: int = column("i8", "month", "0 or more", "months the conference has sat")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Hold the conference; carry out the projects that fall due in this compound."""
        p, s, reached = self.p, compound.signals, self.p.coverage * strength
        community = compound.community
        share = compound.households / community.households
        community.ask(compound, self.label, p.hours * share * reached)
        sat = self.states[compound.index]
        # As a float: a whole number would be multiplied out, which gives other last digits.
        year = (1.0 - p.wanes) ** float(sat.months // MONTHS_PER_YEAR)
        due = sat.due + p.projects / MONTHS_PER_YEAR * year * share * reached * community.fidelity
        claimed = int(due)
        sat.due, sat.months = due - claimed, sat.months + 1
        mends = min(p.mends * THOUSAND / compound.households, 1.0)
        for _ in range(claimed):
            worst = int(compound.condition.argmin())
            compound.condition[worst] = close_gap(compound.condition[worst], mends)
        hours = claimed * p.unit_hours
        s.community_hours = add(s.community_hours, hours)
        compound.spend(self.label, Payer.PUBLIC, hours=hours, yuan=claimed * p.yuan_each)


@register
class MicroGrants(Measure):
    """Small grants for groups that members lead: choirs, patrols, help for the old.

    Each group needs an active member with time; money for more groups than leaders stays unspent.
    """

    name = "micro_grants"
    en = "Micro-grants for member-led groups"
    zh = "微公益创投（党员牵头的社会组织）"
    told = (
        "001_966095599a598409: 开展微公益创投,为“微自治”链接资源; "
        "001_966095599a598409: “盯得紧”文明安全巡查队; 001_966095599a598409: 小区内的居民党员牵头成了"
    )
    through = (
        "activities that bring neighbours together, small push against misuse of common space; "
        "public money, cell's and residents' hours"
    )
    through_zh = "邻里活动、对占用公共空间的轻微劝导；公共资金，占用党支部和居民工时"

    class Parameters(MeasureParameters):
        """Groups, what they do, and what they need."""

        groups: float = param(
            4.0, "Groups per 1,000 households that money is there for", unit="group", low=0, high=50, zh="团队数",
        )  # fmt: skip
        mixing: float = monthly(
            0.02, "Share of the civic-minded that one group for 1,000 households brings together", high=0.3,
            zh="单个团队的活动面",
        )  # fmt: skip
        order: float = logits(
            0.03, "Push against misuse from one group for 1,000 households; below 0 where patrols annoy", low=-0.1,
            high=0.3, zh="单个团队的劝导作用",
            source="residents organised against irrational misuse (非理性不当行为): seed 001; size and sign assumed",
        )  # fmt: skip
        lead_hours: float = in_hours(3.0, "Cell's hours to lead one group", high=60, zh="带队工时")
        group_hours: float = in_hours(
            12.0, "Residents' hours in one group", high=500, zh="团队成员工时"
        )
        yuan_each: float = param(
            400.0, "Grant for one group", unit="yuan/month", low=0, high=20_000, zh="单个团队资助"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Fund as many groups as there are active members to lead them."""
        p, s, cell = self.p, compound.signals, compound.cell
        thousands = compound.households / THOUSAND
        groups = min(p.groups * thousands * p.coverage * strength, cell.members)
        works = groups / thousands * cell.fidelity
        cell.ask(self.label, groups * p.lead_hours, groups * p.group_hours)
        s.mixing = add(s.mixing, p.mixing * works, most=1.0)
        s.enforcement = add(s.enforcement, p.order * works)
        compound.spend(self.label, Payer.PUBLIC, yuan=groups * p.yuan_each)
