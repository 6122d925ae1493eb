"""The party cell (小区党支部): members, their hours, and the tasks that share those hours."""

from __future__ import annotations

from sim.agents.actor import Actor
from sim.schema import Parameters, in_hours, monthly
from sim.world.costs import Payer
from sim.world.declare import column, link
from sim.world.native import derived, register_row, rule
from sim.world.numbers import exact_sum


class CellParameters(Parameters):
    """What members can give."""

    hours_per_member: float = in_hours(
        6.0, "Hours an active member gives in a month", high=60, zh="党员月均工时"
    )
    recruits: float = monthly(
        0.01, "Share of members not active who become active in a month in which the cell has tasks", high=0.5,
        zh="党员动员率",
    )  # fmt: skip


@register_row
class PartyCell(Actor, table="cells", parameters="cell"):
    """The cell of one compound; its hours are limited, so tasks beyond them are all done less well."""

    fidelity: float = column("f8", "1", "0 to 1", "hours there were for each hour asked this month")
    asked: int = column("i8", "task", "0 or more", "tasks asked this month")

    compound = link("compounds")

    @rule
    def begin(self) -> None:
        """Begin with hours for whatever is asked."""
        self.fidelity = 1.0

    @derived
    def members(self) -> float:
        """Active members, as counted last month."""
        return self.compound.census.active

    @derived
    def hours(self) -> float:
        """Hours the members have this month."""
        return self.members * self.p.hours_per_member * self.compound.signals.cell_hours

    @derived
    def first_task(self) -> int:
        """Where its tasks begin in the table of tasks."""
        return self.index * self.world.task_room

    @derived
    def hours_asked(self) -> float:
        """Hours asked so far this month, for all tasks together."""
        first = self.first_task
        return exact_sum(self.world.cell_tasks.hours[first : first + self.asked])

    @rule
    def offer(self) -> None:
        """Begin a month without tasks."""
        self.asked = 0

    @rule
    def ask(
        self, label: int, hours: float, residents_hours: float = 0.0, public_yuan: float = 0.0
    ) -> None:
        """Ask for hours this month, for a measure, and for what others give if it is done in full."""
        self.compound.check_cost(label, Payer.CELL, hours)
        self.compound.check_cost(label, Payer.CELL, residents_hours)
        self.compound.check_cost(label, Payer.CELL, public_yuan)
        if self.asked >= self.world.task_room:
            raise IndexError("a cell is asked more than there is room for")
        tasks, at = self.world.cell_tasks, self.first_task + self.asked
        tasks.label[at], tasks.hours[at] = label, hours
        tasks.residents_hours[at], tasks.public_yuan[at] = residents_hours, public_yuan
        self.asked += 1

    @rule
    def settle(self) -> None:
        """Share the hours among the tasks asked, and book them."""
        tasks, first, compound = self.world.cell_tasks, self.first_task, self.compound
        total = self.hours_asked
        done = min(1.0, self.hours / total) if total > 0.0 else 1.0
        self.fidelity = done
        s = compound.signals
        s.cell_fidelity = done
        # Tasks beyond the hours are all done less well: fewer meetings, less follow-up and mediation.
        s.meeting_share = s.meeting_share * done
        s.building_hours = s.building_hours * done
        s.mediation = s.mediation * done
        for at in range(first, first + self.asked):
            label = tasks.label[at]
            compound.spend(label, Payer.CELL, tasks.hours[at] * done, 0.0)
            compound.spend(label, Payer.RESIDENTS, tasks.residents_hours[at] * done, 0.0)
            compound.spend(label, Payer.PUBLIC, 0.0, tasks.public_yuan[at] * done)
