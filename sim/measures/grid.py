"""Measures that find problems and bring departments to them: patrol, residents' and community's whistle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap
from sim.schema import fraction, in_hours, logits, monthly, param
from sim.world.costs import Payer
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class GridInspection(Measure):
    """Grid workers patrol every day and write down what they find.

    Patrol takes hours from handling: what is found and then not handled stays unsolved all the same.
    """

    name = "grid_inspection"
    en = "Grid inspection"
    zh = "网格巡查"
    told = "000_a762daf79c5ee800: 网格员日常巡查记录小区环境卫生、设施设备、安全隐患等问题"
    through = "chance that a grid worker finds a problem; community's hours, which handling lacks"
    through_zh = "网格员发现问题的概率；占用社区工时，办理工时相应减少"

    class Parameters(MeasureParameters):
        """Reach and hours of the patrol."""

        finds: float = monthly(
            0.15, "Part of the problems a grid worker misses that daily patrol finds in a month", high=0.8,
            zh="巡查增加的发现率",
        )  # fmt: skip
        hours: float = in_hours(
            12.0, "Community's hours per 1,000 households", high=500, zh="巡查工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Patrol as far as the community has hours for it."""
        p, s, reached = self.p, compound.signals, self.p.coverage * strength
        compound.community.ask(
            compound, self.label, p.hours * compound.households / THOUSAND * reached
        )
        gain = min(p.finds * reached * compound.community.fidelity, 1.0)
        s.detect_grid = close_gap(s.detect_grid, gain)


@register
class ResidentWhistle(Measure):
    """Residents are asked to whistle: there is somebody who takes their reports.

    It finds problems and gives no hours to solve them.
    """

    name = "resident_whistle"
    en = "Residents' whistle"
    zh = "居民吹哨"
    told = "000_a762daf79c5ee800: 建立“居民吹哨”机制鼓励居民参与"
    through = "push to tell the grid worker; community's hours, which handling lacks"
    through_zh = "居民向网格员报事的意愿；占用社区工时，办理工时相应减少"

    class Parameters(MeasureParameters):
        """Encouragement and hours."""

        reports: float = logits(
            0.8, "Push to tell the grid worker of a problem", low=0, high=5, zh="报事推动"
        )
        hours: float = in_hours(
            4.0, "Community's hours per 1,000 households to take and sort reports", high=200, zh="受理工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Take reports as far as the community has hours for it."""
        p, s, reached = self.p, compound.signals, self.p.coverage * strength
        compound.community.ask(
            compound, self.label, p.hours * compound.households / THOUSAND * reached
        )
        gain = p.reports * reached * compound.community.fidelity
        s.asks_for_reports = add(s.asks_for_reports, gain)


@register
class DepartmentsReport(Measure):
    """The community whistles for what it cannot solve, and the street's departments come.

    Departments give a limited number of hours more; whistles beyond them end at a busy desk.
    """

    name = "departments_report"
    en = "Community whistles, departments report"
    zh = "社区吹哨、部门报到"
    told = "000_a762daf79c5ee800: 采用“社区吹哨,部门报到”机制,社区依问题性质向职能部门“吹哨”,职能部门迅速响应处理"
    through = (
        "share of problems that rise instead of being left unsolved, passing on, hours of street departments; "
        "community's hours"
    )
    through_zh = "未解决问题上升办理的比例、减少推诿、街道部门工时；占用社区工时"

    class Parameters(MeasureParameters):
        """Whistles and the departments' answer."""

        whistle: float = fraction(
            0.4, "Share of problems, otherwise left unsolved, that the community whistles for", zh="吹哨比例",
        )  # fmt: skip
        leads: float = fraction(
            0.4, "Share of the passing on between departments that it ends", zh="减少推诿",
            source="the community names whose matter it is (依问题性质): seed 000; size assumed",
        )  # fmt: skip
        response: float = param(
            0.3, "Extra hours of street departments, relative to what they give anyway", low=0, high=3,
            zh="部门报到工时增幅",
        )  # fmt: skip
        hours: float = in_hours(
            4.0, "Community's hours per 1,000 households to whistle and follow up", high=200, zh="吹哨跟办工时",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Whistle, and bring departments' hours to the compound."""
        p, s, reached = self.p, compound.signals, self.p.coverage * strength
        compound.community.ask(
            compound, self.label, p.hours * compound.households / THOUSAND * reached
        )
        works = reached * compound.community.fidelity
        s.whistle = close_gap(s.whistle, min(p.whistle * works, 1.0))
        s.lead_department = close_gap(s.lead_department, min(p.leads * works, 1.0))
        # What the street gives a compound already follows its share of the street's attention.
        extra = p.response * works * s.street_hours
        s.street_hours = add(s.street_hours, extra)
        compound.spend(self.label, Payer.STREET, hours=extra)
