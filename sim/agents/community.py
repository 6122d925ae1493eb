"""Communities and streets (社区、街道、网格、部门): inspect, handle what rises, support compounds.

Their hours are one budget for all compounds they serve: more goes to where more is unsolved, and
what one compound's measures take the others lack.
"""

from __future__ import annotations

import numpy as np

from sim.agents.actor import Actor
from sim.agents.budget import Provider
from sim.agents.compound import Compound
from sim.compiled import kernel
from sim.schema import Parameters, fraction, in_hours, monthly, param
from sim.world.arrows import arrow
from sim.world.costs import Payer
from sim.world.declare import column
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum
from sim.world.units import THOUSAND


class CommunityParameters(Parameters):
    """Hours and reach of grid workers and departments."""

    grid_hours: float = in_hours(
        60.0, "Hours of grid workers per 1,000 households", high=2000, zh="网格工时"
    )
    street_hours: float = in_hours(
        40.0, "Hours of street departments per 1,000 households", high=2000, zh="街道部门工时"
    )
    district_hours: float = in_hours(
        30.0, "Hours of district departments per 1,000 households", high=2000, zh="区级部门工时"
    )
    daily_duties: float = fraction(
        0.5, "Share of the grid's hours that measures can never have", zh="日常工作占用",
        source="community staff absorbed by administrative duties: seed 001; size assumed",
    )  # fmt: skip
    inspects: float = monthly(
        0.08, "Chance that a grid worker finds a problem", zh="网格巡查发现率",
        source="relies on manual patrol (人工走访): seed 004; size assumed",
    )  # fmt: skip
    digital: float = fraction(0.1, "Reach of digital channels at the start", zh="数字渠道覆盖")
    attention_need: float = fraction(
        0.5, "Share of attention that goes where problems are unsolved; the rest goes by households",
        zh="按问题分配关注的比例",
    )  # fmt: skip
    other_calls: float = param(
        2.5, "Hotline calls per 1,000 households on matters other than property", unit="1/month", low=0, high=100,
        zh="非物业热线",
        source="14 valid complaints per compound and year (Shanghai 2018, anchors in docs/odd.md); split assumed",
    )  # fmt: skip


arrow(
    "problems", "attention", "community and street turn to compounds where more is unsolved",
    neutral="hours by households alone", zh="社区和街道关注问题较多的小区", zh_neutral="只按户数分配",
)  # fmt: skip


@kernel
def attention(compounds, size, need):  # type: ignore[no-untyped-def]
    """Shares of compounds, of ``size`` households together: ``need`` of it follows what is unsolved."""
    unsolved = 0
    for c in range(len(compounds)):
        unsolved += compounds[c].unsolved
    shares = np.empty(len(compounds))
    for c in range(len(compounds)):
        by_size = compounds[c].households / size
        by_need = compounds[c].unsolved / unsolved if unsolved else by_size
        shares[c] = (1.0 - need) * compounds[c].households / size + need * by_need
    return shares


@register_row
class Community(Actor, table="communities", parameters="community"):
    """The grid workers of one community and the compounds they serve."""

    first: int = column("i8", "index", "0 or more", "its first compound", fixed=True)
    last: int = column("i8", "index", "0 or more", "compound after its last", fixed=True)
    households: int = column(
        "i8", "household", "1 or more", "households of its compounds", fixed=True
    )
    fidelity: float = column("f8", "1", "0 to 1", "hours there were for each hour measures asked")
    asked: int = column("i8", "task", "0 or more", "tasks asked this month")

    @property
    def compounds(self) -> list[Compound]:
        """Its compounds."""
        return [self.world.compounds[c] for c in range(self.first, self.last)]

    @rule
    def begin(self) -> None:
        """Begin with hours for whatever is asked."""
        self.fidelity = 1.0

    @derived
    def hours(self) -> float:
        """Hours of grid workers this month."""
        return self.p.grid_hours * self.households / THOUSAND

    @derived
    def first_task(self) -> int:
        """Where its tasks begin in the table of tasks: each of its compounds gives it room."""
        return self.first * self.world.task_room

    @rule
    def offer(self) -> None:
        """Set the named values that the community stands for."""
        self.asked = 0
        p = self.p
        for c in range(self.first, self.last):
            s = self.world.signals[c]
            s.detect_grid = p.inspects
            s.digital = p.digital

    @rule
    def ask(self, compound: Compound, label: int, hours: float) -> None:
        """Ask for hours this month, for a measure in one compound."""
        compound.check_cost(label, Payer.COMMUNITY, hours)
        if self.asked >= (self.last - self.first) * self.world.task_room:
            raise IndexError("a community is asked more than there is room for")
        tasks, at = self.world.community_tasks, self.first_task + self.asked
        tasks.compound[at], tasks.label[at], tasks.hours[at] = compound.index, label, hours
        self.asked += 1

    @rule
    def settle(self) -> None:
        """Give the measures their hours; what they take, inspection and issues lack."""
        world, p, tasks, have = self.world, self.p, self.world.community_tasks, self.hours
        first, last = self.first_task, self.first_task + self.asked
        total = exact_sum(tasks.hours[first:last])
        free = (1.0 - p.daily_duties) * have
        self.fidelity = min(1.0, free / total) if total > 0.0 else 1.0
        left = have - total * self.fidelity
        compounds = world.compounds.array[self.first : self.last]
        need = p.attention_need * self.parameters.arrows.problems_to_attention
        shares = attention(compounds, self.households, need)
        for c in range(self.first, self.last):
            s, share = world.signals[c], shares[c - self.first]
            s.community_hours = s.community_hours + left * share
            if have > 0.0:
                s.detect_grid = s.detect_grid * left / have
        for at in range(first, last):
            compound = world.compounds[tasks.compound[at]]
            compound.spend(tasks.label[at], Payer.COMMUNITY, tasks.hours[at] * self.fidelity, 0.0)


@register_row
class Street(Actor, table="streets", parameters="community"):
    """The street and its departments, one attention budget for all its compounds."""

    first: int = column("i8", "index", "0 or more", "its first compound", fixed=True)
    last: int = column("i8", "index", "0 or more", "compound after its last", fixed=True)
    households: int = column(
        "i8", "household", "1 or more", "households of its compounds", fixed=True
    )

    @rule
    def offer(self) -> None:
        """Share the departments' hours among the compounds, and see which of them have one firm together."""
        p, thousands = self.p, self.households / THOUSAND
        compounds = self.world.compounds.array[self.first : self.last]
        need = p.attention_need * self.parameters.arrows.problems_to_attention
        shares = attention(compounds, self.households, need)
        sharing = 0
        for c in range(self.first, self.last):
            sharing += self.world.firms[c].sharing > 0
        for c in range(self.first, self.last):
            s, share = self.world.signals[c], shares[c - self.first]
            s.street_hours = p.street_hours * thousands * share
            s.district_hours = p.district_hours * thousands * share
            firm = self.world.firms[c]
            if firm.provider == Provider.EMERGENCY:
                firm.take_street_hours()
            if firm.sharing > 0:
                firm.sharing = sharing
