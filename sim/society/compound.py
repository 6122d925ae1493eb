"""A compound (小区): where its rows and buildings lie, its condition, and the institutions that act on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.errors import InputError

if TYPE_CHECKING:
    from sim.agents.cell import PartyCell
    from sim.agents.committee import OwnersCommittee
    from sim.agents.community import Community
    from sim.agents.developer import Developer
    from sim.agents.firm import PropertyFirm


class Ballot(NamedTuple):
    """Result of a vote of all owners, as shares."""

    turnout_units: float
    turnout_area: float
    agreed_units: float
    agreed_area: float

    def passes(self, quorum: float, majority: float) -> bool:
        """Civil Code art. 278: enough owners and area take part, and enough of those agree."""
        return (
            min(self.turnout_units, self.turnout_area) >= quorum
            and min(self.agreed_units, self.agreed_area) > majority
        )


class Cost(NamedTuple):
    """Hours and yuan that one actor gave to one measure in one month.

    They are booked as plain tuples in this order, since a city books millions.
    """

    month: int
    compound: int
    actor: str
    measure: str
    hours: float
    yuan: float


@dataclass
class Compound:
    """One compound of the run.

    Attributes:
        index: Position in every array over compounds.
        kind: Name of its kind in a district, "" where all are alike.
        rows, buildings: Ranges of its households and buildings.
        condition, effort: Views (lines,) into the arrays over compounds.
        signals: Named values of the month: institutions and measures write, all read.
        census: What was counted at the end of last month, by the names of ``census.COUNTED``.
        column: View (rows,) of one column of its households, by name.
        assembly: Lets all owners vote, given each row's chance to agree; returns a Ballot.
        write_off: Takes all arrears off the books and returns the sum in fen.
        place_problem: Puts a hidden problem into the issue book this month, at an occupied household
            drawn by a label; takes label, category, and the place of its building from 0 to 1.
        unsolved: Issues open at the end of last month.
        booked: Costs of the month so far, each in the order of ``Cost``.
    """

    index: int
    kind: str
    rows: slice
    buildings: slice
    condition: np.ndarray
    effort: np.ndarray
    signals: dict[str, float]
    census: dict[str, float]
    households: int
    monthly_due_fen: int
    column: Callable[[str], np.ndarray]
    assembly: Callable[[np.ndarray], Ballot]
    write_off: Callable[[], int]
    place_problem: Callable[[str, int, float], None]
    firm: PropertyFirm = field(init=False)
    committee: OwnersCommittee = field(init=False)
    cell: PartyCell = field(init=False)
    community: Community = field(init=False)
    developer: Developer = field(init=False)
    month: int = 0
    unsolved: int = 0
    booked: list[tuple[int, int, str, str, float, float]] = field(default_factory=list)

    def mean(self, counted: str) -> float:
        """Mean over occupied households of a sum in last month's census."""
        return self.census[counted] / max(self.census["occupied"], 1.0)

    @property
    def collection_rate(self) -> float:
        """Share of last month's fees that was paid, 0 where none was due."""
        due = self.census["due_fen"]
        return self.census["collected_fen"] / due if due else 0.0

    @property
    def costs(self) -> list[Cost]:
        """Costs of the month so far."""
        return [Cost._make(cost) for cost in self.booked]

    def check_cost(self, measure: str, actor: str, *costs: float) -> None:
        """Refuse hours or yuan of a measure that would give some back, or are no number.

        Raises:
            InputError: Names the measure.
        """
        for cost in costs:
            if not 0.0 <= cost < inf:
                problem = f"takes {cost} (hours or yuan) of {actor} in month {self.month}"
                raise InputError(f"measure {measure}", problem, "numbers from 0 on")

    def spend(self, measure: str, actor: str, hours: float = 0.0, yuan: float = 0.0) -> None:
        """Book what a measure costs an actor this month.

        Raises:
            InputError: Hours or yuan are no number from 0 on; names the measure.
        """
        self.check_cost(measure, actor, hours, yuan)
        if hours or yuan:
            self.booked.append((self.month, self.index, actor, measure, hours, yuan))
