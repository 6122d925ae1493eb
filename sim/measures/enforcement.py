"""Measures of departments together: joint enforcement, and one that leads where several must act."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap
from sim.processes.commons import feel_stopped, note_misuse
from sim.schema import fraction, in_hours, logits, param
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class JointEnforcement(Measure):
    """A team of four departments and others goes out against misuse of common space.

    The team is small: the more households misuse, the less it presses each. Who is made to stop
    trusts cell and community less, and so, a little, does the building that watches.
    """

    name = "joint_enforcement"
    en = "Joint enforcement 4+X"
    zh = "“4+X”综合执法"
    told = (
        "001_966095599a598409: 建立“4+X”综合执法队伍; "
        "001_966095599a598409: 面对居民的不配合,难以强制执行,甚至可能需要多次上门开展执法,耗时耗力"
    )
    through = (
        "push against misuse of common space, street's hours for what reaches it; trust in cell and "
        "community of households made to stop and of their building"
    )
    through_zh = "遏制占用公共空间的压力、街道办理工时；被制止户及同楼居民对党组织和社区的信任下降"

    class Parameters(MeasureParameters):
        """The team, its push, and anger at it."""

        push: float = logits(
            1.0, "Push against misuse where the team has time for every case", low=0, high=4, zh="执法压力",
            source="deterrence works on tax in China (anchors in docs/odd.md); size assumed",
        )  # fmt: skip
        team_hours: float = in_hours(
            40.0, "Hours of the team per 1,000 households", high=1000, zh="执法队工时"
        )
        hours_each: float = param(
            3.0, "Hours a misusing household takes in a month of full push", unit="hour", low=0.1, high=50,
            zh="每户执法工时",
        )  # fmt: skip
        for_issues: float = fraction(
            0.4, "Share of the team's hours for problems that reach the street", zh="办理诉求工时占比",
        )  # fmt: skip
        anger: float = fraction(
            0.2, "Share of trust in cell and community lost by a household made to stop", zh="被制止户失信",
        )  # fmt: skip
        neighbours: float = param(
            0.05, "The same for a household all of whose building is made to stop; below 0 if glad of it", low=-0.5,
            high=0.5, zh="同楼居民失信", source="size and sign assumed",
        )  # fmt: skip

    class Memory:
        """When the team last went out; households remember whether they misused then."""

        went: bool = column("?", "flag", "0, 1", "it has gone out")
        month: int = column("i8", "month", "any", "month in which it last went out")
        push: float = column("f8", "logit", "any", "its push then")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Press those who misuse, as far as the team has time; let last month's anger be felt."""
        p, s, last, reached = (
            self.p, compound.signals, self.states[compound.index], self.p.coverage * strength,
        )  # fmt: skip
        if last.went and last.month == compound.month - 1:
            # Some would have stopped anyway; at small chances a push multiplies the odds by exp(push).
            made_to = 1.0 - math.exp(-last.push)
            feel_stopped(compound, self.index, made_to, p.anger, p.neighbours)
        team = p.team_hours * compound.households / THOUSAND
        cases = p.hours_each * compound.census.misuse
        pressing = min(team * (1.0 - p.for_issues), cases)
        push = p.push * reached * (pressing / cases if cases > 0.0 else 1.0)
        s.enforcement = add(s.enforcement, push)
        s.street_hours = add(s.street_hours, (team - pressing) * reached)
        compound.spend(self.label, Payer.STREET, hours=team * reached)
        last.went, last.month, last.push = True, compound.month, push
        note_misuse(compound, self.index)


@register
class LeadAndAssist(Measure):
    """For a hard case one department leads and others assist, across street and district.

    It solves more of what hours allow; sitting together takes hours, so it hurts where they are short.
    """

    name = "lead_and_assist"
    en = "Lead and assist for hard cases"
    zh = "主协办"
    told = (
        "001_966095599a598409: 街道级综合执法无力解决的复杂事件,可由街道牵头启动主协办模式,由区街联动处置; "
        "001_966095599a598409: 职能部门多达30多个,缺乏强劲有力的统筹协调能力"
    )
    through = "chance that street or district solve a problem they have hours for, passing on; street's hours"
    through_zh = "街道和区级办结疑难问题的概率、减少推诿；占用街道工时"

    class Parameters(MeasureParameters):
        """What joining hands gives and takes."""

        gain: float = fraction(
            0.25, "Gain in the chance that street or district solve a problem, relative", zh="疑难办结率增幅",
        )  # fmt: skip
        leads: float = fraction(
            0.7, "Share of the passing on between departments that it ends", zh="减少推诿",
            source="one leads where duties cross (涉及职能交叉): seed 001; size assumed",
        )  # fmt: skip
        coordination: float = fraction(
            0.1, "Share of the street's hours that coordination takes", high=0.6, zh="协调占用工时",
            source="over 30 departments in one renewal: seed 001; size assumed",
        )  # fmt: skip

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Coordinate, at the price of hours."""
        p, s, reached = self.p, compound.signals, self.p.coverage * strength
        s.hard_case_gain = add(s.hard_case_gain, p.gain * reached)
        s.lead_department = close_gap(s.lead_department, min(p.leads * reached, 1.0))
        taken = min(p.coordination * reached, 1.0) * s.street_hours
        s.street_hours = add(s.street_hours, -taken)
        compound.spend(self.label, Payer.STREET, hours=taken)
