"""Measures on the owners' committee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.measures.catalogue import Measure, MeasureParameters, register
from sim.schema import param

if TYPE_CHECKING:
    from sim.society.compound import Compound


@register
class InterimCommittee(Measure):
    """A temporary committee stands in where owners have none, and prepares a real election."""

    name = "interim_committee"
    en = "Temporary (interim) committee"
    zh = "临时业委会(物管会)"
    told = "004_56d13d5bc3bde075: 组建临时业委会、召开恳谈会; 001_966095599a598409: 物业管理委员会承担监督物业管理"
    through = "supervision of the firm, hours for issues, canvass before votes, community's and cell's hours"

    class Parameters(MeasureParameters):
        """Strength and hours."""

        supervision: float = param(
            0.6, "Supervision of the firm it gives", low=0, high=1, zh="监督力度"
        )
        image: float = param(0.55, "What owners see of it", low=0, high=1, zh="业主观感")
        canvass: float = param(
            1.0, "Push to take part in votes, from door to door", unit="logit", low=0, high=4, zh="入户动员作用",
            source="004: 入户征求居民意见; size assumed",
        )  # fmt: skip
        issue_hours: float = param(
            30.0, "Hours it has for issues", unit="hour/month", low=0, high=1000, zh="处理诉求工时"
        )
        community_hours: float = param(
            6.0, "Community's hours it takes", unit="hour/month", low=0, high=500, zh="占用社区工时"
        )
        cell_hours: float = param(
            20.0, "Cell's hours it takes", unit="hour/month", low=0, high=500, zh="占用党支部工时"
        )

    def act(self, compound: Compound, strength: float) -> None:
        """Stand in for a committee that does not work; support one that is being formed."""
        p, s, committee = self.p, compound.signals, compound.committee
        compound.community.ask(compound, self.label, p.community_hours * strength)
        compound.cell.ask(self.label, p.cell_hours * strength)
        works = compound.community.fidelity * strength
        s["committee_care"] = max(float(s["committee_care"]), min(works, 1.0))
        s["canvass"] = float(s["canvass"]) + p.canvass * works
        if committee.works:
            return
        committee.interim = min(works, 1.0)
        s["supervision"] = max(float(s["supervision"]), p.supervision * committee.interim)
        s["committee_image"] = max(float(s["committee_image"]), p.image * committee.interim)
        s["compound_hours"] = float(s["compound_hours"]) + p.issue_hours * works
