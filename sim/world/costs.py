"""Who gives hours and money to measures."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, NamedTuple

from sim.errors import InputError


class Payer(IntEnum):
    """Who gives hours or money to a measure."""

    CELL = 0
    RESIDENTS = 1
    PUBLIC = 2
    COMMUNITY = 3
    STREET = 4
    FIRM = 5
    COMMITTEE = 6


BOOKED_BY_ACTORS = ("emergency_firm", "self_run", "owners_vote")
"""Labels under which actors book what nobody's measure took; they stand behind those of the measures."""

EMERGENCY_FIRM, SELF_RUN, OWNERS_VOTE = range(len(BOOKED_BY_ACTORS))
"""Their places there."""


class Cost(NamedTuple):
    """Hours and yuan that one actor gave to one measure in one month."""

    month: int
    compound: int
    actor: str
    measure: str
    hours: float
    yuan: float


class CostRefused(ValueError):
    """A cost below 0 or that is no number, raised in a rule: label and payer by their numbers, and what it is."""

    def named(self, world: Any) -> InputError:
        """The same for people, who know labels by name."""
        label, payer, cost = self.args
        by = Payer(payer).name.lower()
        problem = f"takes {cost} (hours or yuan) of {by} in month {world.month}"
        return InputError(f"measure {world.labels[label]}", problem, "numbers from 0 on")
