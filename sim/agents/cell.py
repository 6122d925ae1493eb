"""The party cell (小区党支部): members, their hours, and the tasks that share those hours."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

import mesa

from sim.schema import Parameters, param

if TYPE_CHECKING:
    from sim.society.compound import Compound


class CellParameters(Parameters):
    """What members can give."""

    hours_per_member: float = param(
        6.0,
        "Hours an active member gives in a month",
        unit="hour/month",
        low=0,
        high=60,
        zh="党员月均工时",
    )
    recruits: float = param(
        0.01, "Share of members not active who become active in a month in which the cell has tasks",
        unit="1/month", low=0, high=0.5, zh="党员动员率",
    )  # fmt: skip


class Task(NamedTuple):
    """What one measure asks of the cell in a month, and what it costs others if done in full."""

    measure: str
    hours: float
    residents_hours: float
    public_yuan: float


class PartyCell(mesa.Agent):
    """The cell of one compound; its hours are limited, so tasks beyond them are all done less well.

    Attributes:
        fidelity: Hours there were for each hour asked this month, at most 1.
    """

    STATE = ("fidelity",)

    def __init__(self, model: mesa.Model, compound: Compound, parameters: CellParameters) -> None:
        super().__init__(model)
        self.compound = compound
        self.p = parameters
        self.asked: list[Task] = []
        self.fidelity = 1.0

    @property
    def members(self) -> float:
        """Active members, as counted last month."""
        return self.compound.census["active"]

    @property
    def hours(self) -> float:
        """Hours the members have this month."""
        return self.members * self.p.hours_per_member * self.compound.signals["cell_hours"]

    def offer(self) -> None:
        """Begin a month without tasks."""
        self.asked.clear()

    def ask(
        self, measure: str, hours: float, residents_hours: float = 0.0, public_yuan: float = 0.0
    ) -> None:
        """Ask for hours this month, for a measure.

        Args:
            measure: Label under which costs are booked.
            hours: Hours the task needs.
            residents_hours: Hours residents give if it is done in full.
            public_yuan: Public money it takes if it is done in full.

        Raises:
            InputError: One of them is no number from 0 on.
        """
        self.compound.check_cost(measure, "cell", hours, residents_hours, public_yuan)
        self.asked.append(Task(measure, hours, residents_hours, public_yuan))

    def settle(self) -> None:
        """Share the hours among the tasks asked, and book them."""
        total = fsum(task.hours for task in self.asked)
        self.fidelity = min(1.0, self.hours / total) if total > 0 else 1.0
        s = self.compound.signals
        s["cell_fidelity"] = self.fidelity
        # Tasks beyond the hours are all done less well: fewer meetings, less follow-up and mediation.
        for name in ("meeting_share", "building_hours", "mediation"):
            s[name] = s[name] * self.fidelity
        spend, done = self.compound.spend, self.fidelity
        for measure, hours, residents_hours, public_yuan in self.asked:
            spend(measure, "cell", hours=hours * done)
            spend(measure, "residents", hours=residents_hours * done)
            spend(measure, "public", yuan=public_yuan * done)
