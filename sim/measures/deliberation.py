"""Measures of talk: mediation, deliberation that ends in deeds, evenings out of doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.measures.operators import add, close_gap
from sim.schema import fraction, in_hours, in_yuan, logits, param
from sim.world.native import rule
from sim.world.units import THOUSAND

if TYPE_CHECKING:
    from sim.agents.compound import Compound


@register
class Mediation(Measure):
    """Mediators go to households in conflict, so many cases a month and no more."""

    name = "mediation"
    en = "Mediation"
    zh = "矛盾调解"
    told = "001_966095599a598409: 调解员、监督员等组成的“两长多员”队伍建设; 004_56d13d5bc3bde075: 开展矛盾纠纷协调处置"
    through = "share of households in conflict that a mediator reaches; cell's hours"
    through_zh = "调解员触达矛盾户的比例；占用党支部工时"

    class Parameters(MeasureParameters):
        """Mediators and their cases."""

        mediators: float = param(
            4.0, "Mediators per 1,000 households", unit="person", low=0, high=100, zh="调解员人数"
        )
        cases: float = param(
            4.0, "Cases one mediator takes in a month", unit="1/month", low=0, high=50, zh="每人月调解件数",
        )  # fmt: skip
        hours_each: float = param(
            2.5, "Cell's hours for one case", unit="hour", low=0.1, high=40, zh="每件调解工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Take as many cases as there are, or as mediators can."""
        p, s, census = self.p, compound.signals, compound.census
        conflict = census.stage_1 + census.stage_2 + census.stage_3 + census.stage_4
        capacity = p.mediators * p.cases * compound.households / THOUSAND
        taken = min(capacity * p.coverage * strength, conflict)
        if taken == 0.0:
            return
        s.mediation = close_gap(s.mediation, taken / conflict)
        compound.cell.ask(self.label, taken * p.hours_each)


@register
class Deliberation(Measure):
    """Five steps from a plan to its execution, and an agenda that says which level decides what.

    What buildings decide is carried out, what is beyond them goes up. It lives on building meetings:
    without them there is little to carry out. More steps are more talk, and fewer come.
    """

    name = "deliberation"
    en = "Five-step deliberation, three-level agenda"
    zh = "协商五步法与三级议事"
    told = (
        "002_8c9cd9e280662931: 三級議事決策清單; 002_8c9cd9e280662931: 落地全過程參與,形成治理閉; "
        "001_966095599a598409: 楼栋内部问题,由楼栋党小组召集开展协商议事会; "
        "001_966095599a598409: 对于协商有结果却无力解决的问题,通过社区、街道层面的党建联席会等议事协商机制解决"
    )
    through = (
        "residents' hours that carry out what last month's meetings decided, share of overdue problems that rise "
        "instead of being left unsolved, push to attend (longer procedure); cell's and community's hours"
    )
    through_zh = (
        "落实上月楼宇会决议的居民工时、逾期问题上升比例、程序变长对参会的影响；占用党支部和社区工时"
    )

    class Parameters(MeasureParameters):
        """Follow-up, agenda and the price of procedure."""

        follow_hours: float = param(
            5.0, "Further residents' hours of divided work after one meeting", unit="hour", low=0, high=100,
            zh="决议落实工时",
        )  # fmt: skip
        raises: float = fraction(
            0.4, "Share of problems, otherwise left unsolved, that rise if all buildings met", zh="上交议题比例",
        )  # fmt: skip
        council: float = fraction(
            0.1, "Part of that which the compound's council does without building meetings", zh="小区议事会单独作用",
        )  # fmt: skip
        procedure: float = logits(
            0.1, "Push to attend lost to the longer procedure; below 0 where it attracts", low=-0.3, high=1,
            zh="程序负担", source="size and sign assumed",
        )  # fmt: skip
        meeting_hours: float = param(
            2.0, "Cell's hours to see one meeting's decisions through", unit="hour", low=0, high=40, zh="跟进工时",
        )  # fmt: skip
        council_hours: float = in_hours(
            8.0, "Cell's hours for the compound's council", high=200, zh="议事会工时"
        )
        community_hours: float = in_hours(
            2.0, "Community's hours for lists and minutes", high=100, zh="占用社区工时"
        )

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Carry out what last month's meetings decided, pass on what they could not."""
        p, s, cell = self.p, compound.signals, compound.cell
        reached = p.coverage * strength
        met = min(compound.per_household(compound.census.invited), 1.0)
        meetings = met * (compound.last_building - compound.first_building)
        compound.community.ask(compound, self.label, p.community_hours * reached)
        follow = meetings * p.follow_hours * reached
        cell.ask(self.label, (meetings * p.meeting_hours + p.council_hours) * reached, follow)
        s.building_hours = add(s.building_hours, follow)
        agenda = (p.council + (1.0 - p.council) * met) * reached * cell.fidelity
        s.whistle = close_gap(s.whistle, min(p.raises * agenda, 1.0))
        s.invitation = add(s.invitation, -(p.procedure * reached))


@register
class EveningTalks(Measure):
    """Talks out of doors, round a table, at which neighbours meet and small grievances are heard."""

    name = "evening_talks"
    en = "Evening talks"
    zh = "户外纳凉会、围桌夜话、恳谈会"
    told = "002_8c9cd9e280662931: 圍桌夜話; 002_8c9cd9e280662931: 與居民面對面拉家常; 004_56d13d5bc3bde075: 召开恳谈会"
    through = (
        "activities that bring neighbours together, share of households in conflict that are heard; "
        "cell's and community's hours, public money"
    )
    through_zh = "邻里活动、被倾听的矛盾户比例；占用党支部和社区工时、公共资金"

    class Parameters(MeasureParameters):
        """Evenings, whom they reach, and what they cost."""

        evenings: float = param(
            2.0, "Evenings per 1,000 households", unit="1/month", low=0, high=30, zh="月场次"
        )
        mixing: float = fraction(
            0.04, "Part of the civic-minded one evening for 1,000 households brings together", high=0.5,
            zh="每场参与面",
        )  # fmt: skip
        hears: float = fraction(
            0.01, "Part of the households in conflict one evening for 1,000 households hears out", high=0.3,
            zh="每场倾听面",
        )  # fmt: skip
        cell_hours: float = param(
            6.0, "Cell's hours for one evening", unit="hour", low=0, high=60, zh="每场党支部工时"
        )
        community_hours: float = param(
            2.0, "Community's hours for one evening", unit="hour", low=0, high=60, zh="每场社区工时"
        )
        yuan_each: float = in_yuan(200.0, "Cost of one evening", high=10_000, zh="每场费用")

    @rule
    def act(self, compound: Compound, strength: float) -> None:
        """Hold the evenings; each further one reaches fewer who were not there yet."""
        p, s, cell = self.p, compound.signals, compound.cell
        evenings = p.evenings * p.coverage * strength
        held = evenings * compound.households / THOUSAND
        cell.ask(self.label, held * p.cell_hours, public_yuan=held * p.yuan_each)
        compound.community.ask(compound, self.label, held * p.community_hours)
        gathered = (1.0 - (1.0 - p.mixing) ** evenings) * cell.fidelity
        s.mixing = add(s.mixing, gathered, most=1.0)
        s.mediation = close_gap(s.mediation, 1.0 - (1.0 - p.hears) ** evenings)
